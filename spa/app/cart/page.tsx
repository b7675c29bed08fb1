import type { Metadata } from "next";
import { CartPage } from "@/shop/cart-page";

export const metadata: Metadata = { title: "Your cart" };

export default function Page() {
    return <CartPage />;
}
