import type { Metadata } from "next";
import { Overview } from "@/ops/overview";

export const metadata: Metadata = { title: "Operator" };

export default function Page() {
    return <Overview />;
}
