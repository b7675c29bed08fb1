"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { useMe } from "@/shop/account";
import { price } from "@/shop/money";
import { dayOf, momentOf } from "@/shop/times";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Stars } from "@/ui/star";
import { Waiting } from "@/ui/waiting";
import { useParameter } from "./address";
import { nameOf } from "./customers";
import { Frame } from "./frame";
import { Pages, usePages } from "./list";
import { OrderTable } from "./orders";

type Card = components["schemas"]["customer_card"];
type Person = components["schemas"]["person_line"];
type Review = components["schemas"]["own_review_card"];

export function Customer() {
    const id = useParameter("id");
    const customer = useQuery({
        queryKey: ["admin", "customer", id],
        notifyOnChangeProps: "all",     //  the frame may show why there is none later than it comes
        enabled: id !== null,
        queryFn: ({ signal }) =>
            take(
                api.GET("/api/admin/customers/{person_id}", { signal, params: { path: { person_id: id ?? "" } } }),
            ),
    });
    return (
        <Frame
            title={customer.data === undefined ? "A customer" : nameOf(customer.data.customer.name)}
            room="/admin/customers"
            back={
                <Go href="/admin/customers" className="textlink tap">
                    All customers
                </Go>
            }
        >
            {id === null || customer.data === undefined ? (
                <Waiting of={customer} />
            ) : (
                <Detail card={customer.data.customer} />
            )}
        </Frame>
    );
}

function Detail({ card }: { card: Card }) {
    return (
        <div className="space-y-12">
            <Figures card={card} />
            <div className="grid gap-x-14 gap-y-12 lg:grid-cols-[1fr_24rem]">
                <div className="min-w-0 space-y-12">
                    <Orders id={card.person_id} />
                    <Reviews id={card.person_id} />
                </div>
                <Account id={card.person_id} />
            </div>
        </div>
    );
}

function Figures({ card }: { card: Card }) {
    const figures = [
        ["Since", dayOf(card.since_ms)],
        ["Orders", String(card.orders)],
        ["Spent, and not given back", card.spent === undefined ? "–" : price(card.spent)],
        ["Last order", card.last_order_ms === undefined ? "–" : momentOf(card.last_order_ms)],
    ];
    return (
        <dl className="figures grid grid-cols-2 gap-px border border-line bg-line lg:grid-cols-4">
            {figures.map(([name, text]) => (
                <div key={name} className="bg-ground px-4 py-3 sm:px-5">
                    <dt className="eyebrow">{name}</dt>
                    <dd className="mt-0.5 text-lg font-semibold">{text}</dd>
                </div>
            ))}
        </dl>
    );
}

function Orders({ id }: { id: string }) {
    const orders = usePages(["orders", "owner", id], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/orders", {
                signal,
                params: { query: { owner: id, ...(from === undefined ? {} : { from }) } },
            }),
        ),
    );
    const list = orders.data?.pages.flatMap((page) => page.orders) ?? [];
    return (
        <section aria-labelledby="orders">
            <h2 id="orders" className="display mb-3 text-head">
                Orders
            </h2>
            <Pages of={orders} count={list.length} empty={<Nothing title="Nothing ordered yet" />} more="Older ones">
                <OrderTable list={list} />
            </Pages>
        </section>
    );
}

const states: Record<Review["state"], [text: string, look: string]> = {
    waiting: ["Waits for somebody to look at it", "bg-saffron-wash"],
    approved: ["Everybody reads it", "bg-glaze-wash"],
    refused: ["Refused", "bg-madder-wash"],
    removed: ["Taken back", "bg-sunk"],
};

function Reviews({ id }: { id: string }) {
    const reviews = usePages(["customer-reviews", id], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/customers/{person_id}/reviews", {
                signal,
                params: { path: { person_id: id }, query: from === undefined ? {} : { from } },
            }),
        ),
    );
    const list = reviews.data?.pages.flatMap((page) => page.reviews) ?? [];
    return (
        <section aria-labelledby="reviews">
            <h2 id="reviews" className="display mb-3 text-head">
                Reviews
            </h2>
            <Pages of={reviews} count={list.length} empty={<Nothing title="Nothing said yet" />}>
                <ul className="divide-y divide-line border-y border-line">
                    {list.map((review) => (
                        <li key={review.review_id} className="py-4">
                            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                                <Stars value={review.words.stars} />
                                <strong className="font-semibold">{review.words.title}</strong>
                                <span className={`rounded-full px-2.5 text-sm ${states[review.state][1]}`}>
                                    {states[review.state][0]}
                                </span>
                            </p>
                            <p className="mt-1 line-clamp-3 whitespace-pre-line">{review.words.text}</p>
                            {review.reason !== "" && <p className="mt-1 text-sm">Why: {review.reason}</p>}
                            <p className="mt-1 text-sm text-ink-soft">
                                {dayOf(review.written_ms)}, about{" "}
                                <Go href={`/p/${review.product_slug}`} className="textlink">
                                    {review.product_title}
                                </Go>
                                {review.is_verified ? ", bought here" : ""}
                            </p>
                        </li>
                    ))}
                </ul>
            </Pages>
        </section>
    );
}

//  What accounts says: an address, and what somebody may do. Guests and those who left have neither.
function Account({ id }: { id: string }) {
    const people = useQuery({
        queryKey: ["admin", "people", "one", id],
        queryFn: ({ signal }) =>
            take(api.GET("/api/admin/people", { signal, params: { query: { person_id: id } } })),
    });
    const person = people.data?.people[0];
    return (
        <section aria-labelledby="account" className="self-start bg-sunk p-5">
            <h2 id="account" className="display text-head">
                Account
            </h2>
            <div className="mt-3">
                {people.data === undefined ? (
                    <Waiting of={people} className="h-24" />
                ) : person === undefined ? (
                    <p className="text-ink-soft">None: a guest, or somebody who has left.</p>
                ) : (
                    <Roles person={person} />
                )}
            </div>
        </section>
    );
}

const roles = [
    ["is_staff", "Staff", "sells, ships and moderates"],
    ["is_admin", "Admin", "makes staff of others"],
] as const;

function Roles({ person }: { person: Person }) {
    const queries = useQueryClient();
    const me = useMe();
    const mayAppoint = me.data?.is_admin === true;
    const appoint = useMutation({
        mutationFn: ({ person_id, is_staff, is_admin }: Person) =>
            take(
                api.PUT("/api/admin/people/{person_id}/roles", {
                    params: { path: { person_id } },
                    body: { is_staff, is_admin },
                }),
            ),
        onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
    });
    return (
        <div className="space-y-4">
            <a href={`mailto:${person.email}`} className="textlink break-all">
                {person.email}
            </a>
            <fieldset disabled={!mayAppoint || appoint.isPending} aria-busy={appoint.isPending}>
                <legend className="mb-1.5 font-semibold">May do</legend>
                {roles.map(([role, name, about]) => (
                    <label key={role} className="flex items-baseline gap-2.5 py-0.5">
                        <input
                            type="checkbox"
                            className="size-4.5 translate-y-0.5 accent-[var(--glaze)]"
                            checked={person[role]}
                            onChange={(event) => appoint.mutate({ ...person, [role]: event.target.checked })}
                        />
                        <span>
                            {name} <span className="text-sm text-ink-soft">{about}</span>
                        </span>
                    </label>
                ))}
            </fieldset>
            {!mayAppoint && <p className="text-sm text-ink-soft">Only an admin changes that.</p>}
            {appoint.error !== null && <Trouble error={appoint.error} />}
            {(person.is_staff || person.is_admin) && (
                <p>
                    <Go href={`/admin/deeds?by=${person.person_id}`} className="textlink font-semibold">
                        What {person.name} did
                    </Go>
                </p>
            )}
        </div>
    );
}
