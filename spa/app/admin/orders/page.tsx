import type { Metadata } from "next";
import { Orders } from "@/desk/orders";

export const metadata: Metadata = { title: "Orders" };

export default function Page() {
    return <Orders />;
}
