import type { Metadata } from "next";
import { People } from "@/desk/people";

export const metadata: Metadata = { title: "People" };

export default function Page() {
    return <People />;
}
