import type { Metadata } from "next";
import { OrderPage } from "@/shop/order-page";

export const metadata: Metadata = { title: "Your order" };

export default function Page() {
    return <OrderPage />;
}
