import type { Metadata } from "next";
import { Orders } from "@/shop/orders-page";

export const metadata: Metadata = { title: "Your orders" };

export default function Page() {
    return <Orders />;
}
