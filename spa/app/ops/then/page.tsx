import type { Metadata } from "next";
import { Then } from "@/ops/then";

export const metadata: Metadata = { title: "Operator" };

export default function Page() {
    return <Then />;
}
