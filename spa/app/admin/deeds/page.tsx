import type { Metadata } from "next";
import { Deeds } from "@/desk/deeds";

export const metadata: Metadata = { title: "Who did what" };

export default function Page() {
    return <Deeds />;
}
