import type { Metadata } from "next";
import { Customers } from "@/desk/customers";

export const metadata: Metadata = { title: "Customers" };

export default function Page() {
    return <Customers />;
}
