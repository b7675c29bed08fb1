import type { Metadata } from "next";
import { Stock } from "@/desk/stock";

export const metadata: Metadata = { title: "Stock" };

export default function Page() {
    return <Stock />;
}
