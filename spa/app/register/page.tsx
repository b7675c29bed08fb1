import type { Metadata } from "next";
import { Register } from "@/shop/sign-in";

export const metadata: Metadata = { title: "Become a customer" };

export default function Page() {
    return <Register />;
}
