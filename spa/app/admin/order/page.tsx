import type { Metadata } from "next";
import { OfficeOrder } from "@/desk/order";

export const metadata: Metadata = { title: "Order" };

export default function Page() {
    return <OfficeOrder />;
}
