"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import { price } from "@/shop/money";
import { isMoving, type State, states } from "@/shop/order-words";
import { momentOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Frame } from "./frame";

const LOOK_MS = 5000;

function useAllOrders() {
    return useInfiniteQuery({
        queryKey: ["admin-orders"],
        initialPageParam: undefined as string | undefined,
        refetchInterval: LOOK_MS,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/admin/orders", {
                    signal,
                    params: { query: pageParam === undefined ? {} : { from: pageParam } },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
}

const dots: Partial<Record<State, string>> = { confirmed: "bg-glaze", cancelled: "bg-line-strong", refunded: "bg-madder" };

const wanted: [string, (state: State) => boolean][] = [
    ["All", () => true],
    ["On their way", isMoving],
    ["Done", (state) => state === "confirmed"],
    ["Cancelled", (state) => state === "cancelled"],
    ["Refunded", (state) => state === "refunded"],
];

export function Today() {
    return (
        <Frame title="Orders">
            <Orders />
        </Frame>
    );
}

function Orders() {
    const orders = useAllOrders();
    const [which, setWhich] = useState(0);
    const all = orders.data?.pages.flatMap((page) => page.orders) ?? [];
    const list = all.filter((order) => wanted[which]?.[1](order.state));
    if (orders.error !== null && all.length === 0) return <Trouble error={orders.error} again={() => orders.refetch()} />;
    return (
        <>
            <div role="group" aria-label="Which orders" className="mb-5 flex flex-wrap gap-2">
                {wanted.map(([text, matches], i) => (
                    <button
                        key={text}
                        type="button"
                        aria-pressed={i === which}
                        onClick={() => setWhich(i)}
                        className="rounded-full border border-line-strong px-3.5 py-1 font-medium aria-pressed:border-ink
                            aria-pressed:bg-ink aria-pressed:text-ground"
                    >
                        {text} <span className="figures">{all.filter((order) => matches(order.state)).length}</span>
                    </button>
                ))}
            </div>
            {orders.isPending && <div className="skeleton h-64" aria-busy="true" />}
            {orders.isSuccess && list.length === 0 && <Nothing title="None of these" />}
            {list.length > 0 && (
                <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Orders, the latest first">
                    <table className="w-full border-y border-line text-left">
                        <thead className="text-sm text-ink-soft">
                            <tr>
                                <th className="py-2.5 pr-4 font-medium">Order</th>
                                <th className="py-2.5 pr-4 font-medium">State</th>
                                <th className="py-2.5 pr-4 font-medium">Placed</th>
                                <th className="py-2.5 pr-4 text-right font-medium">Things</th>
                                <th className="py-2.5 text-right font-medium">Total</th>
                            </tr>
                        </thead>
                        <tbody className="figures divide-y divide-line">
                            {list.map((order) => (
                                <tr key={order.order_id} className="relative hover:bg-surface">
                                    <td className="py-3 pr-4 font-semibold">
                                        <Go href={`/orders/${order.order_id}`} className="after:absolute after:inset-0">
                                            {order.order_id.slice(0, 8)}
                                        </Go>
                                    </td>
                                    <td className="py-3 pr-4">
                                        <span className="inline-flex items-center gap-2.5 whitespace-nowrap">
                                            <span
                                                className={`size-2.5 rounded-full ${dots[order.state] ?? "bg-saffron"}`}
                                                aria-hidden="true"
                                            />
                                            {states[order.state].name}
                                        </span>
                                    </td>
                                    <td className="whitespace-nowrap py-3 pr-4">{momentOf(order.placed_ms)}</td>
                                    <td className="py-3 pr-4 text-right">{order.units}</td>
                                    <td className="py-3 text-right font-semibold">{price(order.total)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {orders.hasNextPage && (
                <Button
                    look="quiet"
                    className="mt-6"
                    busy={orders.isFetchingNextPage}
                    busyText="Fetching"
                    onClick={() => orders.fetchNextPage()}
                >
                    Older ones
                </Button>
            )}
        </>
    );
}
