"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { momentOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";
import { Pages, usePages } from "./list";

type Card = components["schemas"]["stock_card"];
type Step = components["schemas"]["stock_step"];

//  One article: what there is, what has happened to it, and what happens next.
export function Article({ sku }: { sku: string }) {
    const stock = useQuery({
        queryKey: ["admin", "stock", "one", sku],
        queryFn: async ({ signal }) => {
            const page = await take(api.GET("/api/admin/stock", { signal, params: { query: { begins: sku } } }));
            return page.articles.find((one) => one.sku === sku) ?? null;
        },
    });
    if (stock.data === undefined) return <Waiting of={stock} />;
    if (stock.data === null)
        return (
            <Nothing title="Nobody sells such an article">
                <p>Its product may have another number for it by now.</p>
            </Nothing>
        );
    return (
        <div className="grid gap-x-14 gap-y-10 lg:grid-cols-[1fr_22rem]">
            <div className="order-2 lg:order-1">
                <History sku={sku} />
            </div>
            <div className="order-1 space-y-8 lg:order-2">
                <Now card={stock.data} />
                <Change card={stock.data} />
            </div>
        </div>
    );
}

function Now({ card }: { card: Card }) {
    return (
        <section aria-label="What there is">
            <p>
                <Go href={`/admin/goods/edit?id=${card.product_id}`} className="textlink font-semibold">
                    {card.title}
                </Go>
                {card.name !== "" && <span className="text-ink-soft">, {card.name}</span>}
            </p>
            <dl className="figures mt-3 grid grid-cols-3 gap-px border border-line bg-line text-center">
                {(
                    [
                        ["On the shelf", card.on_hand],
                        ["Held", card.held],
                        ["To sell", card.on_hand - card.held],
                    ] as const
                ).map(([name, units]) => (
                    <div key={name} className="flex flex-col-reverse bg-ground py-3">
                        <dt className="text-sm text-ink-soft">{name}</dt>
                        <dd className="text-2xl font-bold">{units}</dd>
                    </div>
                ))}
            </dl>
        </section>
    );
}

type How = "receive" | "count" | "damaged";

const hows: Record<How, [choice: string, units: string]> = {
    receive: ["Goods have come in", "How many came"],
    count: ["Somebody has counted", "How many are there"],
    damaged: ["Some are damaged or gone", "How many are left"],
};

//  Why the stock is another one now: each change is an event with a reason.
function Change({ card }: { card: Card }) {
    const queries = useQueryClient();
    const id = useId();
    const [how, setHow] = useState<How>("receive");
    const [units, setUnits] = useState("");
    const [note, setNote] = useState("");
    const path = { path: { sku: card.sku } };
    const change = useMutation({
        mutationFn: (n: number) =>
            how === "receive"
                ? take(api.POST("/api/admin/stock/{sku}/receive", { params: path, body: { units: n, note } }))
                : take(
                      api.PUT("/api/admin/stock/{sku}", {
                          params: path,
                          body: { on_hand: n, damaged: how === "damaged", note },
                      }),
                  ),
        onSuccess: () => {
            setUnits("");
            setNote("");
        },
        onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
    });
    const n = /^\d{1,6}$/.test(units) ? Number(units) : null;
    const isTooFew = n !== null && how !== "receive" && n < card.held;
    const isWrong = n === null || isTooFew || (how === "receive" && n === 0);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (n !== null && !isWrong) change.mutate(n);
    };
    return (
        <section aria-labelledby={`${id}-head`} className="bg-sunk p-5">
            <h2 id={`${id}-head`} className="display text-head">
                Something happened
            </h2>
            <form onSubmit={submit} className="mt-3 space-y-4">
                <fieldset>
                    <legend className="sr-only">What happened</legend>
                    <div className="space-y-1.5">
                        {(Object.keys(hows) as How[]).map((one) => (
                            <label key={one} className="flex items-center gap-2.5">
                                <input
                                    type="radio"
                                    name={id}
                                    className="size-4.5 accent-[var(--glaze)]"
                                    checked={how === one}
                                    onChange={() => setHow(one)}
                                />
                                {hows[one][0]}
                            </label>
                        ))}
                    </div>
                </fieldset>
                <Field
                    label={hows[how][1]}
                    inputMode="numeric"
                    autoComplete="off"
                    value={units}
                    onChange={(event) => setUnits(event.target.value)}
                    error={isTooFew ? `${card.held} are held for orders; there cannot be fewer.` : undefined}
                />
                <Field label="Why" maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />
                {change.error !== null && <Trouble error={change.error} />}
                <Button type="submit" busy={change.isPending} busyText="Writing it down" disabled={isWrong}>
                    Write it down
                </Button>
            </form>
        </section>
    );
}

const reasons: Record<Step["reason"], string> = {
    received: "Came in",
    counted: "Counted",
    damaged: "Damaged or gone",
    held: "Held for an order",
    released: "Not held any more",
    taken: "Left with an order",
    returned: "Came back",
};

//  What the step did to what is on the shelf; a count says how many there are.
function differenceOf({ reason, units }: Step): string {
    if (reason === "received" || reason === "returned") return `+${units}`;
    if (reason === "taken" || reason === "damaged") return `−${units}`;
    return reason === "held" || reason === "released" ? `(${units})` : `±${units}`;
}

function History({ sku }: { sku: string }) {
    const steps = usePages(["stock", "history", sku], (from: number | string | undefined, signal) =>
        take(
            api.GET("/api/admin/stock/{sku}/history", {
                signal,
                params: { path: { sku }, query: from === undefined ? {} : { from } },
            }),
        ),
    );
    const list = steps.data?.pages.flatMap((page) => page.steps) ?? [];
    return (
        <section aria-labelledby="history">
            <h2 id="history" className="display mb-3 text-head">
                What happened so far
            </h2>
            <Pages of={steps} count={list.length} empty={<Nothing title="Nobody has counted yet" />} more="Further back">
                <ol className="figures divide-y divide-line border-y border-line text-[0.9375rem]">
                    {list.map((step, i) => (
                        <li
                            key={`${step.at_ms}-${i}`}
                            className="grid grid-cols-[3rem_1fr_auto] gap-x-3 py-1.5 sm:grid-cols-[3rem_1fr_auto_7.5rem]"
                        >
                            <span
                                className={`font-semibold ${
                                    step.reason === "held" || step.reason === "released" ? "font-normal text-ink-soft" : ""
                                }`}
                            >
                                {differenceOf(step)}
                            </span>
                            <span className="min-w-0">
                                {step.order_id === undefined ? (
                                    reasons[step.reason]
                                ) : (
                                    <Go href={`/admin/order?id=${step.order_id}`} className="textlink">
                                        {reasons[step.reason]}
                                    </Go>
                                )}
                                {step.by_name !== "" && (
                                    <span className="text-ink-soft">, {step.by_name}</span>
                                )}
                                {step.note !== "" && <span className="block text-ink-soft">“{step.note}”</span>}
                            </span>
                            <span className="text-right">
                                {step.on_hand}
                                {step.held > 0 && <span className="text-ink-soft">, {step.held} held</span>}
                            </span>
                            <span className="col-start-2 text-sm text-ink-soft sm:col-start-4 sm:text-right">
                                {momentOf(step.at_ms)}
                            </span>
                        </li>
                    ))}
                </ol>
            </Pages>
        </section>
    );
}
