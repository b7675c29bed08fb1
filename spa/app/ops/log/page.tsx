import type { Metadata } from "next";
import { Log } from "@/ops/log";

export const metadata: Metadata = { title: "Operator" };

export default function Page() {
    return <Log />;
}
