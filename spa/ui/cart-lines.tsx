"use client";

import { type CartLine, useCart, useSetUnits } from "@/shop/cart";
import { price, sameMoney, times } from "@/shop/money";
import { pictureOf } from "@/shop/pictures";
import { Go } from "./go";
import { Nothing, Trouble } from "./notice";
import { Picture } from "./picture";
import { Units } from "./units";

//  The cart, in the drawer or as a page: what is in it, and what has changed since it was put there.
export function CartLines({ inDrawer = false }: { inDrawer?: boolean }) {
    const cart = useCart();
    const set = useSetUnits();
    const pad = inDrawer ? "px-6" : "";
    if (cart.error !== null && cart.data === undefined)
        return (
            <div className={`py-6 ${pad}`}>
                <Trouble error={cart.error} again={() => cart.refetch()} />
            </div>
        );
    if (cart.data === undefined)
        return (
            <div className={`space-y-5 py-6 ${pad}`} aria-busy="true">
                <div className="skeleton h-28" />
                <div className="skeleton h-28" />
            </div>
        );
    const { lines, total, can_order } = cart.data;
    if (lines.length === 0)
        return (
            <div className={`py-6 ${pad}`}>
                <Nothing title="Nothing in it yet">
                    <p>
                        What you put in stays here for 90 days, and you see at once when a price or the stock changes.
                    </p>
                    <Go href="/shop" className="button button-main mt-5">
                        Look around
                    </Go>
                </Nothing>
            </div>
        );
    return (
        <div className={inDrawer ? "flex min-h-0 flex-1 flex-col" : "grid gap-12 lg:grid-cols-[1fr_22rem]"}>
            <div className={inDrawer ? "min-h-0 flex-1 overflow-y-auto px-6" : ""}>
                {set.error !== null && (
                    <div className="pt-5">
                        <Trouble error={set.error} />
                    </div>
                )}
                <ul className="divide-y divide-line">
                    {lines.map((line) => (
                        <Line key={line.sku} line={line} onUnits={(units) => set.mutate({ sku: line.sku, units })} />
                    ))}
                </ul>
            </div>
            <div className={inDrawer ? "border-t border-line px-6 py-5" : "self-start bg-sunk p-6 lg:sticky lg:top-24"}>
                {total !== undefined && (
                    <p className="flex items-baseline justify-between text-lg">
                        <span>Total</span>
                        <strong className="figures text-xl font-bold">{price(total)}</strong>
                    </p>
                )}
                <p className="mb-4 mt-1 text-sm text-ink-soft">Tax is in it, and so is the way to you.</p>
                {can_order ? (
                    <Go href="/checkout" className="button button-main w-full">
                        Check out
                    </Go>
                ) : (
                    <p className="border-l-4 border-saffron bg-saffron-wash px-4 py-3" role="status">
                        Not all of this can be had. Change what is marked, then check out.
                    </p>
                )}
                {inDrawer && (
                    <Go href="/cart" className="textlink tap mt-2 w-full justify-center font-semibold">
                        See the whole cart
                    </Go>
                )}
            </div>
        </div>
    );
}

function Line({ line, onUnits }: { line: CartLine; onUnits: (units: number) => void }) {
    const name = line.name === "" ? line.title : `${line.title}, ${line.name}`;
    const isGone = line.state === "not_for_sale" || line.state === "sold_out";
    return (
        <li className="grid grid-cols-[5rem_1fr] gap-4 py-5 sm:grid-cols-[6rem_1fr]">
            <Picture
                name={pictureOf(line.picture?.name, line.slug, "")}
                alt=""
                sizes="96px"
                className={`aspect-4/5 w-full rounded-[3px] ${isGone ? "opacity-60 saturate-50" : ""}`}
            />
            <div className="flex min-w-0 flex-col gap-2">
                <div className="flex justify-between gap-3">
                    <p className="min-w-0 leading-snug">
                        <Go href={`/p/${line.slug}`} className="font-semibold hover:underline">
                            {line.title}
                        </Go>
                        {line.name !== "" && <span className="block text-sm text-ink-soft">{line.name}</span>}
                    </p>
                    <p className="figures shrink-0 font-semibold">{price(times(line.price, line.units))}</p>
                </div>
                <Changes line={line} />
                <div className="mt-auto flex items-center justify-between gap-3">
                    {isGone ? (
                        <span />
                    ) : (
                        <Units
                            value={line.units}
                            max={Math.max(line.units, Math.min(1000, line.available))}
                            label={name}
                            onChange={onUnits}
                        />
                    )}
                    <button
                        type="button"
                        className="textlink tap text-sm"
                        onClick={() => onUnits(0)}
                        aria-label={`Remove ${name}`}
                    >
                        Remove
                    </button>
                </div>
            </div>
        </li>
    );
}

//  Said at once, before any money moves.
function Changes({ line }: { line: CartLine }) {
    const said = [];
    if (line.state === "not_for_sale") said.push("Not for sale any more.");
    if (line.state === "sold_out") said.push("Sold out in the meantime.");
    if (line.state === "too_few") said.push(`Only ${line.available} left.`);
    if (!sameMoney(line.price, line.price_then))
        said.push(`It was ${price(line.price_then)} when you put it in; now it is ${price(line.price)}.`);
    if (said.length === 0) return null;
    return (
        <p className="bg-saffron-wash px-2.5 py-1.5 text-sm" role="status">
            {said.join(" ")}
        </p>
    );
}
