import { api, take } from "@/api/client";
import type { Me } from "./account";

//  Asked piece by piece, as the pages ask: there is nothing of somebody's in it that they could not see.

async function all<P extends { next?: string }>(page: (from: { from?: string }) => Promise<P>): Promise<P[]> {
    const pages: P[] = [];
    for (let next: string | undefined, i = 0; i === 0 || next !== undefined; i++) {
        const one = await page(next === undefined ? {} : { from: next });
        pages.push(one);
        next = one.next;
    }
    return pages;
}

async function orderOf(order_id: string) {
    const path = { params: { path: { order_id } } };
    const order = await take(api.GET("/api/orders/{order_id}", path));
    return { ...order, destination: await take(api.GET("/api/orders/{order_id}/destination", path)) };
}

export async function everythingOf(me: Me) {
    const listed = await all((query) => take(api.GET("/api/orders", { params: { query } })));
    const reviews = await all((query) => take(api.GET("/api/reviews", { params: { query } })));
    const orders = [];
    for (const { order_id } of listed.flatMap((page) => page.orders)) orders.push(await orderOf(order_id));
    return { account: me, orders, reviews: reviews.flatMap((page) => page.reviews) };
}
