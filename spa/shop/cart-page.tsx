"use client";

import { CartLines } from "@/ui/cart-lines";

export function CartPage() {
    return (
        <div className="wrap pt-10 lg:pt-14">
            <h1 className="display mb-6 text-title">Your cart</h1>
            <CartLines />
        </div>
    );
}
