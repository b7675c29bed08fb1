import type { Metadata } from "next";
import { Catalogue } from "@/shop/catalogue-page";

export const metadata: Metadata = { title: "Everything" };

export default function Page() {
    return <Catalogue />;
}
