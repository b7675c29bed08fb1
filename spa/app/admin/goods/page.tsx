import type { Metadata } from "next";
import { Goods } from "@/desk/goods";

export const metadata: Metadata = { title: "Goods" };

export default function Page() {
    return <Goods />;
}
