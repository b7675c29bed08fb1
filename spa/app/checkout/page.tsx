import type { Metadata } from "next";
import { Checkout } from "@/shop/checkout";

export const metadata: Metadata = { title: "Check out" };

export default function Page() {
    return <Checkout />;
}
