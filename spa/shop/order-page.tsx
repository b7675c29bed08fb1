"use client";

import { Check } from "lucide-react";
import { useEffect, useState } from "react";
import { useMe } from "./account";
import { countries } from "./cards";
import { type Order, useCancel, useDestination, useOrder, useTakeStep } from "./orders";
import { isMoving, mayCancel, road, slow, states, whyOf } from "./order-words";
import { price } from "./money";
import { OrderGoods } from "./order-goods";
import { clockOf, dayOf } from "./times";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useName } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Star } from "@/ui/star";

export function OrderPage() {
    const id = useName();
    const order = useOrder(id);
    if (order.data === undefined)
        return (
            <div className="wrap pt-14">
                {order.error === null ? (
                    <div className="skeleton h-64" aria-busy="true" />
                ) : (
                    <Trouble error={order.error} again={() => order.refetch()} />
                )}
            </div>
        );
    return <Detail order={order.data} />;
}

function Detail({ order }: { order: Order }) {
    const last = order.history[order.history.length - 1];
    const why = last === undefined ? null : whyOf(last);
    const words = states[order.state];
    const me = useMe();
    return (
        <div className="wrap pt-10 lg:pt-14">
            <p className="eyebrow figures">Order {order.number}</p>
            <div role="status" aria-live="polite">
                <h1 className="display mt-2 text-title">{words.name}</h1>
                <p className="mt-3 max-w-2xl text-lg text-ink-soft">{why ?? words.text}</p>
                <Slow key={order.history.length} order={order} />
            </div>
            <Road order={order} />
            {order.state === "awaiting_step" && <BankStep id={order.order_id} />}
            <div className="mt-14 grid gap-x-16 gap-y-14 lg:grid-cols-[1fr_24rem]">
                <section aria-labelledby="goods">
                    <h2 id="goods" className="display text-head">
                        What you ordered
                    </h2>
                    <div className="mt-4">
                        <OrderGoods order={order} />
                    </div>
                    <Destination id={order.order_id} />
                    {mayCancel(order.state) && <Cancel id={order.order_id} />}
                    {(me.data?.is_staff || me.data?.is_admin) && (
                        <Go href={`/admin/order?id=${order.order_id}`} className="textlink mt-8 inline-block font-semibold">
                            Behind the counter
                        </Go>
                    )}
                    {order.state === "cancelled" && (
                        <Go href="/shop" className="button button-main mt-8">
                            Back to the lanes
                        </Go>
                    )}
                </section>
                <section aria-labelledby="diary">
                    <h2 id="diary" className="display text-head">
                        Its diary
                    </h2>
                    <Diary order={order} />
                </section>
            </div>
        </div>
    );
}

const SLOW_MS = 6000;

//  A step that takes long is said to; what has to happen happens without this page.
function Slow({ order }: { order: Order }) {
    const since = order.history[order.history.length - 1]?.at_ms ?? 0;
    const [isSlow, setSlow] = useState(false);
    useEffect(() => {
        const left = SLOW_MS - Math.max(0, Date.now() - since);
        const waiting = setTimeout(() => setSlow(true), left);
        return () => clearTimeout(waiting);
    }, [since]);
    const who = slow[order.state];
    if (!isSlow || who === undefined) return null;
    return (
        <p className="mt-5 max-w-2xl border-l-4 border-saffron bg-saffron-wash px-4 py-3">
            {who} does not answer just now. Your order is kept, nothing is charged twice, and it goes on by itself as soon
            as there is an answer; you may close this page.
        </p>
    );
}

function Destination({ id }: { id: string }) {
    const destination = useDestination(id);
    const to = destination.data?.address;
    return (
        <section className="mt-10" aria-labelledby="where">
            <h2 id="where" className="display text-head">
                Where it goes
            </h2>
            {destination.error !== null && destination.data === undefined ? (
                <div className="mt-3">
                    <Trouble error={destination.error} again={() => destination.refetch()} />
                </div>
            ) : destination.data === undefined ? (
                <div className="skeleton mt-3 h-24" aria-busy="true" />
            ) : to === undefined ? (
                <p className="mt-3 text-ink-soft">Forgotten, with whoever ordered it.</p>
            ) : (
                <address className="mt-3 not-italic">
                    {to.name}
                    <br />
                    {to.street}
                    <br />
                    {to.postcode} {to.city}, {countries.find(([code]) => code === to.country)?.[1] ?? to.country}
                    {destination.data.email !== undefined && (
                        <span className="mt-2 block text-ink-soft">We write to {destination.data.email}.</span>
                    )}
                </address>
            )}
        </section>
    );
}

function Road({ order }: { order: Order }) {
    const isOff = order.state === "cancelled" || order.state === "refunded";
    const reached = isOff ? -1 : road.indexOf(order.state === "awaiting_step" ? "reserved" : order.state);
    if (isOff) return null;
    return (
        <ol className="mt-10 grid grid-cols-4">
            {road.map((state, i) => {
                const isDone = i <= reached;
                const isNext = i === reached + 1 && isMoving(order.state);
                return (
                    <li key={state} className="relative" aria-current={i === reached ? "step" : undefined}>
                        <span
                            className={`absolute left-0 right-0 top-[1.1rem] h-[3px] -translate-y-1/2 transition-colors duration-500 ${i === road.length - 1 ? "hidden" : i < reached ? "bg-glaze" : "bg-line"}`}
                            aria-hidden="true"
                        />
                        <span className="relative grid size-9 place-items-center">
                            <Star
                                className={`size-9 transition-colors duration-500 ${isDone ? "text-glaze" : isNext ? "animate-pulse text-saffron" : "text-line"}`}
                            />
                            {isDone && (
                                <Check className="absolute size-4 text-on-glaze" strokeWidth={3} aria-hidden="true" />
                            )}
                        </span>
                        <span
                            className={`mt-2 block pr-2 text-sm sm:text-base ${isDone ? "font-semibold" : "text-ink-soft"}`}
                        >
                            {states[state].name}
                        </span>
                    </li>
                );
            })}
        </ol>
    );
}

function BankStep({ id }: { id: string }) {
    const [code, setCode] = useState("");
    const step = useTakeStep(id);
    return (
        <form
            className="mt-10 max-w-md space-y-4 border-l-4 border-saffron bg-saffron-wash p-6"
            onSubmit={(event) => {
                event.preventDefault();
                step.mutate(code);
            }}
        >
            <h2 className="text-lg font-semibold">A code from your bank</h2>
            <Field
                label="Code"
                inputMode="numeric"
                autoComplete="one-time-code"
                maxLength={8}
                required
                value={code}
                onChange={(event) => setCode(event.target.value)}
                hint="This is a sandbox’s bank: 1234 is right, anything else is wrong."
            />
            {step.error !== null && <Trouble error={step.error} />}
            <Button type="submit" busy={step.isPending || step.isSuccess} busyText="The bank is looking">
                It is me
            </Button>
        </form>
    );
}

function Cancel({ id }: { id: string }) {
    const cancel = useCancel(id);
    return (
        <div className="mt-8 space-y-4">
            <Button
                look="quiet"
                busy={cancel.isPending || cancel.isSuccess}
                busyText="Cancelling"
                onClick={() => cancel.mutate()}
            >
                Cancel this order
            </Button>
            {cancel.error !== null && <Trouble error={cancel.error} />}
        </div>
    );
}

function Diary({ order }: { order: Order }) {
    return (
        <ol className="mt-4 border-l-2 border-line">
            {order.history.map((step, i) => {
                const why = whyOf(step);
                return (
                    <li
                        key={`${step.at_ms}-${i}`}
                        className="relative animate-[rise_400ms_var(--ease-out)] pb-6 pl-7 last:pb-0"
                    >
                        <Star className="absolute -left-[9px] top-1 size-4 text-glaze" />
                        <p className="font-semibold">
                            {step.amount === undefined ? states[step.state].name : `${price(step.amount)} given back`}
                        </p>
                        {why !== null && <p>{why}</p>}
                        <p className="figures text-sm text-ink-soft">
                            <time dateTime={new Date(step.at_ms).toISOString()}>
                                {dayOf(step.at_ms)}, {clockOf(step.at_ms)}
                            </time>
                        </p>
                    </li>
                );
            })}
        </ol>
    );
}
