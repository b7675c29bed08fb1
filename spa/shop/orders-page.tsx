"use client";

import { ChevronRight } from "lucide-react";
import { Problem } from "@/api/problems";
import { price } from "./money";
import { useOrders } from "./orders";
import { isMoving, states } from "./order-words";
import { momentOf } from "./times";
import { Button } from "@/ui/button";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";

export function Orders() {
    const orders = useOrders();
    const list = orders.data?.pages.flatMap((page) => page.orders) ?? [];
    const isNobody = orders.error instanceof Problem && orders.error.status === 401;
    return (
        <div className="wrap max-w-4xl! pt-10 lg:pt-14">
            <h1 className="display mb-8 text-title">Your orders</h1>
            {orders.isPending && (
                <div className="space-y-4" aria-busy="true">
                    <div className="skeleton h-20" />
                    <div className="skeleton h-20" />
                </div>
            )}
            {orders.error !== null && !isNobody && list.length === 0 && (
                <Trouble error={orders.error} again={() => orders.refetch()} />
            )}
            {(isNobody || (orders.isSuccess && list.length === 0)) && (
                <Nothing title="No orders yet">
                    <p>Orders that you make in this browser stand here, and with an account all that you ever made.</p>
                    <div className="mt-5 flex flex-wrap justify-center gap-3">
                        <Go href="/shop" className="button button-main">
                            Look around
                        </Go>
                        {isNobody && (
                            <Go href="/sign-in?then=/orders" className="button button-quiet">
                                Sign in
                            </Go>
                        )}
                    </div>
                </Nothing>
            )}
            <ul className="divide-y divide-line border-line [&:not(:empty)]:border-y">
                {list.map((order) => (
                    <li key={order.order_id}>
                        <Go
                            href={`/orders/${order.order_id}`}
                            className="group grid grid-cols-[1fr_auto_1.25rem] items-center gap-x-5 py-5"
                        >
                            <span>
                                <span className="flex items-center gap-2.5 text-lg font-semibold">
                                    <span
                                        className={`size-2.5 rounded-full ${isMoving(order.state) ? "animate-pulse bg-saffron" : order.state === "confirmed" ? "bg-glaze" : "bg-line-strong"}`}
                                        aria-hidden="true"
                                    />
                                    {states[order.state].name}
                                </span>
                                <span className="figures text-ink-soft">
                                    {order.number}, {momentOf(order.placed_ms)},{" "}
                                    {order.units === 1 ? "1 thing" : `${order.units} things`}
                                </span>
                            </span>
                            <span className="figures text-lg font-semibold">{price(order.total)}</span>
                            <ChevronRight
                                className="size-5 text-ink-soft transition-transform group-hover:translate-x-1"
                                aria-hidden="true"
                            />
                        </Go>
                    </li>
                ))}
            </ul>
            {orders.hasNextPage && (
                <Button
                    look="quiet"
                    className="mt-8"
                    busy={orders.isFetchingNextPage}
                    busyText="Fetching"
                    onClick={() => orders.fetchNextPage()}
                >
                    Older ones
                </Button>
            )}
        </div>
    );
}
