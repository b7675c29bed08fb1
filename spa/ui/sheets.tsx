"use client";

import { CSPProvider } from "@base-ui/react/csp-provider";
import { useCategories } from "@/shop/catalogue";
import { CartLines } from "./cart-lines";
import { Drawer } from "./drawer";
import { Go } from "./go";

export type Sheet = "cart" | "menu" | null;

//  What comes in from the sides. Nobody has opened one when a page comes, so this is fetched after it.
export default function Sheets({ open, onChange }: { open: Sheet; onChange: (sheet: Sheet) => void }) {
    return (
        <CSPProvider disableStyleElements>
            <Drawer open={open === "cart"} onOpenChange={(is) => onChange(is ? "cart" : null)} title="Your cart">
                <CartLines inDrawer />
            </Drawer>
            <Drawer open={open === "menu"} onOpenChange={(is) => onChange(is ? "menu" : null)} title="souk" side="left">
                <MenuLinks />
            </Drawer>
        </CSPProvider>
    );
}

function MenuLinks() {
    const categories = useCategories();
    const link = "block border-b border-line px-6 py-3.5 text-lg font-semibold";
    return (
        <nav aria-label="Menu" className="overflow-y-auto">
            <Go href="/shop" className={link}>
                Everything
            </Go>
            {categories.data?.categories.map(({ category, title }) => (
                <Go key={category} href={`/shop/${category}`} className={link}>
                    {title}
                </Go>
            ))}
            <Go href="/orders" className={link}>
                Your orders
            </Go>
            <Go href="/account" className={link}>
                Your account
            </Go>
        </nav>
    );
}
