"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, take } from "@/api/client";
import type { Product } from "@/shop/catalogue";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Trouble } from "@/ui/notice";

const MANY = 100;                       // more than that are not told apart

export function Stock({ product }: { product: Product }) {
    return (
        <section aria-labelledby="stock">
            <h2 id="stock" className="display text-head">
                On the shelf
            </h2>
            <ul className="mt-3 divide-y divide-line border-y border-line">
                {product.articles.map((article) => (
                    <li key={article.sku} className="py-5">
                        <p className="flex justify-between gap-4">
                            <span className="font-semibold">{article.name === "" ? article.sku : article.name}</span>
                            <span className="figures">
                                {article.available >= MANY ? `${MANY} or more` : article.available} to sell
                            </span>
                        </p>
                        <Change sku={article.sku} slug={product.slug} />
                    </li>
                ))}
            </ul>
        </section>
    );
}

type How = "receive" | "count" | "damaged";

//  Why the stock is another one now: each change is an event with a reason.
function Change({ sku, slug }: { sku: string; slug: string }) {
    const queries = useQueryClient();
    const id = useId();
    const [how, setHow] = useState<How>("receive");
    const [units, setUnits] = useState("");
    const [note, setNote] = useState("");
    const path = { path: { sku } };
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
        onSettled: () => queries.invalidateQueries({ queryKey: ["product", slug] }),
    });
    const n = /^\d{1,6}$/.test(units) ? Number(units) : null;
    const isWrong = n === null || (how === "receive" && n === 0);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (n !== null && !isWrong) change.mutate(n);
    };
    return (
        <form onSubmit={submit} className="mt-3 space-y-3">
            <div className="grid grid-cols-[1fr_6rem] gap-3">
                <div>
                    <label htmlFor={id} className="mb-1.5 block font-semibold">
                        What happened
                    </label>
                    <select id={id} className="field" value={how} onChange={(event) => setHow(event.target.value as How)}>
                        <option value="receive">So many have come in</option>
                        <option value="count">So many were counted</option>
                        <option value="damaged">So many are left, others are damaged</option>
                    </select>
                </div>
                <Field
                    label="Units"
                    inputMode="numeric"
                    value={units}
                    onChange={(event) => setUnits(event.target.value)}
                />
            </div>
            <Field label="Why" maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />
            {change.error !== null && <Trouble error={change.error} />}
            <Button type="submit" look="quiet" busy={change.isPending} busyText="Writing it down" disabled={isWrong}>
                Write it down
            </Button>
        </form>
    );
}
