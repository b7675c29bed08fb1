import type { Metadata } from "next";
import { Customer } from "@/desk/customer";

export const metadata: Metadata = { title: "Customer" };

export default function Page() {
    return <Customer />;
}
