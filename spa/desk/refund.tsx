"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useState } from "react";
import { api, take } from "@/api/client";
import { minorOf, price } from "@/shop/money";
import type { Order } from "@/shop/orders";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Trouble } from "@/ui/notice";

const LOOK_MS = 1000;

//  Give money back, all of what was paid or some.
export function Refund({ order }: { order: Order }) {
    const queries = useQueryClient();
    const id = useId();
    const left = { minor: Number(order.total.minor) - Number(order.returned), currency: order.total.currency };
    const [refundId, setRefundId] = useState(() => crypto.randomUUID());
    const [amount, setAmount] = useState("");
    const [isReturned, setReturned] = useState(true);
    const [note, setNote] = useState("");
    const [goingBack, setGoingBack] = useState(0);
    const minor = amount.trim() === "" ? left.minor : minorOf(amount, left.currency);
    const refund = useMutation({
        mutationFn: (wanted: number) =>
            take(
                api.POST("/api/admin/orders/{order_id}/refunds", {
                    params: { path: { order_id: order.order_id } },
                    body: { refund_id: refundId, minor: wanted, goods_return: isReturned, note },
                }),
            ),
        onSuccess: (_answer, wanted) => {
            setGoingBack(Number(order.returned) + wanted);
            setRefundId(crypto.randomUUID());
            setAmount("");
            setNote("");
        },
        onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
    });
    //  The processor answers later; until then the page looks now and then.
    useEffect(() => {
        if (Number(order.returned) >= goingBack) return;
        const looking = setInterval(() => queries.invalidateQueries({ queryKey: ["admin"] }), LOOK_MS);
        return () => clearInterval(looking);
    }, [queries, order.order_id, order.returned, goingBack]);
    const isWrong = minor === null || minor <= 0 || minor > left.minor;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (minor !== null && !isWrong) refund.mutate(minor);
    };
    if (left.minor <= 0) return null;
    return (
        <form onSubmit={submit} className="max-w-md space-y-4 border-t border-line pt-8">
            <h2 className="display text-head">Give money back</h2>
            <Field
                label="How much"
                inputMode="decimal"
                placeholder={price(left)}
                value={amount}
                onChange={(event) => setAmount(event.target.value)}
                hint={`Nothing written: all of what is left, ${price(left)}.`}
                error={isWrong ? `Write an amount up to ${price(left)}.` : undefined}
            />
            <Field label="Why" maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />
            <p className="flex items-center gap-3">
                <input
                    id={id}
                    type="checkbox"
                    className="size-5 accent-[var(--glaze)]"
                    checked={isReturned}
                    onChange={(event) => setReturned(event.target.checked)}
                />
                <label htmlFor={id}>The goods go back to the shelf</label>
            </p>
            {refund.error !== null && <Trouble error={refund.error} />}
            {refund.isSuccess && <p role="status">It is on its way back to the card.</p>}
            <Button type="submit" look="quiet" busy={refund.isPending} busyText="Giving it back" disabled={isWrong}>
                Give {price({ minor: isWrong || minor === null ? left.minor : minor, currency: left.currency })} back
            </Button>
        </form>
    );
}
