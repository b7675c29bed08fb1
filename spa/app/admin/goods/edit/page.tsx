import type { Metadata } from "next";
import { Edit } from "@/desk/edit";

export const metadata: Metadata = { title: "A product" };

export default function Page() {
    return <Edit />;
}
