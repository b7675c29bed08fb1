import type { Metadata } from "next";
import { Queue } from "@/desk/queue";

export const metadata: Metadata = { title: "Reviews" };

export default function Page() {
    return <Queue />;
}
