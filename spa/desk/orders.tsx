"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import type { components, operations } from "@/api/schema";
import { price } from "@/shop/money";
import type { State } from "@/shop/order-words";
import { momentOf } from "@/shop/times";
import { Go } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";
import { useWhich } from "./address";
import { nameOf, Standing } from "./dots";
import { Frame } from "./frame";
import { CELL, Chips, NothingFound, Pages, ROW, ROW_LINK, SearchField, Table, usePages, useSettled } from "./list";

type Card = components["schemas"]["order_card"];
type Found = components["schemas"]["found_order"];
type Listing = operations["query.orders"]["responses"][200]["content"]["application/json"];
type Which = "all" | "open" | State;

const LOOK_MS = 10_000;
const order: State[] = ["placed", "reserved", "awaiting_step", "paid", "confirmed", "cancelled", "refunded"];
const shown = ["all", "open", "confirmed", "cancelled", "refunded"] as const satisfies readonly Which[];

export function Orders() {
    return (
        <Frame title="Orders" room="/admin/orders">
            <Ledger />
        </Frame>
    );
}

function queryOf(which: Which) {
    return which === "all" ? {} : which === "open" ? { is_open: true } : { state: which };
}

function useOrders(which: Which, isWanted: boolean) {
    return usePages(
        ["orders", which],
        (from: string | undefined, signal) =>
            take(
                api.GET("/api/admin/orders", {
                    signal,
                    params: { query: { ...queryOf(which), ...(from === undefined ? {} : { from }) } },
                }),
            ),
        isWanted,
    );
}

function countedOf(listing: Listing | undefined) {
    const counts = new Map(order.map((state, i) => [state, listing?.standing[i] ?? 0]));
    const sum = (states: State[]) => states.reduce((all, state) => all + (counts.get(state) ?? 0), 0);
    const count = (which: Which) =>
        which === "all" ? sum(order) : which === "open" ? sum(order.slice(0, 4)) : (counts.get(which) ?? 0);
    return shown.map((name) => ({
        name,
        text: name === "all" ? "All" : name === "open" ? "On their way" : nameOf(name),
        ...(listing === undefined ? {} : { count: count(name) }),
    }));
}

function Ledger() {
    const [which, choose] = useWhich<Which>("/admin/orders", [...shown]);
    const [text, setText] = useState("");
    const wanted = useSettled(text);
    const orders = useOrders(which, wanted === "");
    return (
        <>
            <div className="mb-5 flex flex-wrap items-center gap-x-6 gap-y-3">
                <SearchField
                    label="Find an order"
                    hint="Number, name, e-mail, town …"
                    value={text}
                    onChange={setText}
                />
                {wanted === "" && (
                    <Chips
                        label="Which orders"
                        chosen={which}
                        chips={countedOf(orders.data?.pages[0])}
                        onChoose={choose}
                    />
                )}
            </div>
            {wanted === "" ? <List orders={orders} /> : <Search text={wanted} />}
        </>
    );
}

function List({ orders }: { orders: ReturnType<typeof useOrders> }) {
    const list = orders.data?.pages.flatMap((page) => page.orders) ?? [];
    return (
        <Pages of={orders} count={list.length} empty={<Nothing title="None of these" />} more="Older ones">
            <OrderTable list={list} />
        </Pages>
    );
}

export function OrderTable({ list }: { list: Card[] }) {
    return (
        <Table
            label="Orders, the latest first"
            head={[["Order"], ["State"], ["Placed"], ["Things", "hidden text-right sm:table-cell"], ["Total", "text-right"]]}
        >
            {list.map((one) => (
                <tr key={one.order_id} className={ROW}>
                    <td className={CELL}>
                        <Go href={`/admin/order?id=${one.order_id}`} className={ROW_LINK}>
                            {one.number}
                        </Go>
                    </td>
                    <td className={CELL}>
                        <Standing state={one.state} />
                    </td>
                    <td className={`${CELL} whitespace-nowrap`}>{momentOf(one.placed_ms)}</td>
                    <td className={`${CELL} hidden text-right sm:table-cell`}>{one.units}</td>
                    <td className={`${CELL} text-right font-semibold`}>{price(one.total)}</td>
                </tr>
            ))}
        </Table>
    );
}

//  By number in what query knows; by everything else where the address is known, in orders.
function Search({ text }: { text: string }) {
    return /^\d{5,9}$/.test(text) ? <ByNumber number={Number(text)} /> : <ByWords text={text} />;
}

function ByNumber({ number }: { number: number }) {
    const found = useQuery({
        queryKey: ["admin", "orders", "number", number],
        refetchInterval: LOOK_MS,
        queryFn: ({ signal }) => take(api.GET("/api/admin/orders", { signal, params: { query: { number } } })),
    });
    if (found.data === undefined) return <Waiting of={found} className="h-24" />;
    if (found.data.orders.length > 0) return <OrderTable list={found.data.orders} />;
    return <ByWords text={String(number)} />;   //  a postcode looks like a number, too
}

function ByWords({ text }: { text: string }) {
    const found = usePages(["orders", "words", text], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/destinations", {
                signal,
                params: { query: { text, ...(from === undefined ? {} : { from }) } },
            }),
        ),
    );
    const all = found.data?.pages.flatMap((page) => page.orders) ?? [];
    return (
        <Pages of={found} count={all.length} empty={<NothingFound text={text} />}>
            <Table
                label={`Orders that go to ${text}`}
                head={[["Order"], ["State", "hidden sm:table-cell"], ["Goes to"], ["Placed", "hidden md:table-cell"], ["Total", "text-right"]]}
            >
                {all.map((one) => (
                    <FoundRow key={one.order_id} one={one} />
                ))}
            </Table>
        </Pages>
    );
}

function FoundRow({ one }: { one: Found }) {
    return (
        <tr className={ROW}>
            <td className={CELL}>
                <Go href={`/admin/order?id=${one.order_id}`} className={ROW_LINK}>
                    {one.number}
                </Go>
            </td>
            <td className={`${CELL} hidden sm:table-cell`}>
                <Standing state={one.state} />
            </td>
            <td className={CELL}>
                {one.address.name}, {one.address.city}
                <span className="block break-all text-sm text-ink-soft">{one.email}</span>
            </td>
            <td className={`${CELL} hidden whitespace-nowrap md:table-cell`}>{momentOf(one.placed_ms)}</td>
            <td className={`${CELL} text-right font-semibold`}>{one.total === undefined ? "" : price(one.total)}</td>
        </tr>
    );
}
