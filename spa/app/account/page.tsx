import type { Metadata } from "next";
import { Account } from "@/shop/account-page";

export const metadata: Metadata = { title: "Your account" };

export default function Page() {
    return <Account />;
}
