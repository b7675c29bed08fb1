import type { Metadata } from "next";
import { Today } from "@/desk/today";

export const metadata: Metadata = { title: "Back office" };

export default function Page() {
    return <Today />;
}
