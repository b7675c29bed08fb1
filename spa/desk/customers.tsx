"use client";

import { useState } from "react";
import { api, take } from "@/api/client";
import { once } from "@/api/once";
import type { components } from "@/api/schema";
import { price } from "@/shop/money";
import { dayOf, momentOf } from "@/shop/times";
import { Go } from "@/ui/go";
import { useWhich } from "./address";
import { Frame } from "./frame";
import { CELL, Chips, chipsOf, NothingFound, Pages, ROW, ROW_LINK, SearchField, Table, usePages, useSettled } from "./list";

type Which = "newest" | "spent" | "staff";
type Person = components["schemas"]["person_line"];

const texts: Record<Which, string> = { newest: "Newest first", spent: "Best first", staff: "The shop’s own people" };

export function Customers() {
    return (
        <Frame title="Customers" room="/admin/customers">
            <List />
        </Frame>
    );
}

function List() {
    const [which, choose] = useWhich<Which>("/admin/customers", ["newest", "spent", "staff"]);
    const [text, setText] = useState("");
    const wanted = useSettled(text);
    return (
        <>
            <div className="mb-5 flex flex-wrap items-center gap-x-6 gap-y-3">
                <SearchField label="Find a customer" hint="Name, or the whole e-mail …" value={text} onChange={setText} />
                {wanted === "" && (
                    <Chips label="Which customers" chosen={which} chips={chipsOf(texts)} onChoose={choose} />
                )}
            </div>
            {wanted !== "" ? (
                <People text={wanted} query={{ text: wanted }} />
            ) : which === "staff" ? (
                <People text="" query={{ is_staff: true }} />
            ) : (
                <Buyers sort={which} />
            )}
        </>
    );
}

export const nameOf = (name: string) => (name === "" ? "A guest" : name);

function Buyers({ sort }: { sort: "newest" | "spent" }) {
    const customers = usePages(["customers", sort], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/customers", {
                signal,
                params: { query: { sort, ...(from === undefined ? {} : { from }) } },
            }),
        ),
    );
    const list = once(
        customers.data?.pages,
        (page) => page.customers,
        (one) => one.person_id,
    );
    return (
        <Pages of={customers} count={list.length} empty={<NothingFound text="" />}>
            <Table
                label="Customers"
                head={[
                    ["Name"],
                    ["Since", "hidden sm:table-cell"],
                    ["Orders", "text-right"],
                    ["Spent", "text-right"],
                    ["Last order", "hidden text-right md:table-cell"],
                ]}
            >
                {list.map((one) => (
                    <tr key={one.person_id} className={ROW}>
                        <td className={CELL}>
                            <Go href={`/admin/customer?id=${one.person_id}`} className={ROW_LINK}>
                                <span className={one.name === "" ? "font-normal text-ink-soft" : ""}>{nameOf(one.name)}</span>
                            </Go>
                        </td>
                        <td className={`${CELL} hidden whitespace-nowrap sm:table-cell`}>{dayOf(one.since_ms)}</td>
                        <td className={`${CELL} text-right`}>{one.orders}</td>
                        <td className={`${CELL} text-right font-semibold`}>
                            {one.spent === undefined ? "–" : price(one.spent)}
                        </td>
                        <td className={`${CELL} hidden whitespace-nowrap text-right text-ink-soft md:table-cell`}>
                            {one.last_order_ms === undefined ? "" : momentOf(one.last_order_ms)}
                        </td>
                    </tr>
                ))}
            </Table>
        </Pages>
    );
}

export function roleOf({ is_staff, is_admin }: Pick<Person, "is_staff" | "is_admin">): string {
    return is_admin ? "Admin" : is_staff ? "Staff" : "";
}

//  Names and addresses are with accounts, which says them to staff alone.
function People({ text, query }: { text: string; query: { text?: string; is_staff?: boolean } }) {
    const people = usePages(["people", query], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/people", {
                signal,
                params: { query: { ...query, ...(from === undefined ? {} : { from }) } },
            }),
        ),
    );
    const list = people.data?.pages.flatMap((page) => page.people) ?? [];
    return (
        <Pages of={people} count={list.length} empty={<NothingFound text={text} />}>
            <Table
                label="People"
                head={[["Name"], ["E-mail"], ["Role", "hidden sm:table-cell"], ["Since", "hidden text-right sm:table-cell"]]}
            >
                {list.map((person) => (
                    <tr key={person.person_id} className={ROW}>
                        <td className={CELL}>
                            <Go href={`/admin/customer?id=${person.person_id}`} className={ROW_LINK}>
                                {person.name}
                            </Go>
                        </td>
                        <td className={`${CELL} break-all`}>{person.email}</td>
                        <td className={`${CELL} hidden sm:table-cell`}>{roleOf(person)}</td>
                        <td className={`${CELL} hidden whitespace-nowrap text-right sm:table-cell`}>
                            {dayOf(person.since_ms)}
                        </td>
                    </tr>
                ))}
            </Table>
        </Pages>
    );
}
