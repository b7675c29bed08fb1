"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { LockKeyhole } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { useForm } from "react-hook-form";
import { api, take } from "@/api/client";
import { useMe } from "./account";
import { type Cart, useCart } from "./cart";
import { countries, expiryOf, testCards } from "./cards";
import type { CheckoutForm } from "./forms";
import { price, times } from "./money";
import { pictureOf } from "./pictures";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useGo } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { entryOf, useRules } from "@/ui/rules";

const rules = () => import("./forms").then((forms) => forms.checkoutRules);

const blank: CheckoutForm = {
    email: "",
    name: "",
    street: "",
    postcode: "",
    city: "",
    country: "DE",
    phone: "",
    number: "",
    expiry: "",
    code: "",
};

export function Checkout() {
    const cart = useCart();
    if (cart.data === undefined)
        return (
            <div className="wrap pt-10 lg:pt-14">
                <Heading />
                {cart.error === null ? (
                    <div className="skeleton mt-10 h-96" aria-busy="true" />
                ) : (
                    <Trouble error={cart.error} again={() => cart.refetch()} />
                )}
            </div>
        );
    if (cart.data.lines.length === 0)
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Check out</h1>
                <Nothing title="There is nothing to pay for">
                    <p>
                        Your cart is empty. If you have just ordered, you find it among{" "}
                        <Go href="/orders" className="textlink">
                            your orders
                        </Go>
                        .
                    </p>
                </Nothing>
            </div>
        );
    return <Desk cart={cart.data} />;
}

//  It is in the exported page, so that there is something to read at once.
function Heading() {
    return (
        <>
            <h1 className="display text-title">Check out</h1>
            <p className="mt-3 max-w-2xl text-lg text-ink-soft">
                Your things are set aside for you first; only then is your card asked, and only for what is yours.
            </p>
        </>
    );
}

//  The same order until the cart is another one: however often it is sent, it is ordered once.
function usePlace(cart: Cart) {
    const queries = useQueryClient();
    const [ids, setIds] = useState(() => ({ cart: cart.cart_version, order: crypto.randomUUID() }));
    useEffect(() => {
        if (ids.cart !== cart.cart_version) setIds({ cart: cart.cart_version, order: crypto.randomUUID() });
    }, [ids.cart, cart.cart_version]);
    return useMutation({
        mutationFn: async (form: CheckoutForm) => {
            const { number, code, expiry, email, ...address } = form;
            const until = expiryOf(expiry);
            if (until === null || cart.total === undefined) throw new Error("Write month and year of the card, like 12/30.");
            const card = crypto.randomUUID();
            await take(api.POST("/api/cards", { body: { card, number, code, ...until } }));
            await take(
                api.POST("/api/orders", {
                    params: { header: { "Idempotency-Key": ids.order } },
                    body: {
                        order_id: ids.order,
                        cart_version: cart.cart_version,
                        total: cart.total,
                        card,
                        email,
                        address,
                    },
                }),
            );
            return ids.order;
        },
        onSettled: () =>
            Promise.all([
                queries.invalidateQueries({ queryKey: ["cart"] }),
                queries.invalidateQueries({ queryKey: ["orders"] }),
            ]),
    });
}

function Desk({ cart }: { cart: Cart }) {
    const me = useMe();
    const go = useGo();
    const country = useId();
    const place = usePlace(cart);
    const form = useForm<CheckoutForm>({ resolver: useRules(rules), defaultValues: blank });
    const { register, handleSubmit, reset, setValue } = form;
    const { isDirty } = form.formState;
    const entry = entryOf(form);
    const kept = me.data?.addresses[0]?.address;
    useEffect(() => {
        if (me.data != null && !isDirty) reset({ ...blank, email: me.data.email, name: me.data.name, ...kept });
    }, [me.data, kept, isDirty, reset]);
    const submit = handleSubmit((typed) => place.mutate(typed, { onSuccess: (id) => go(`/orders/${id}`) }));
    const isBusy = place.isPending || place.isSuccess;
    return (
        <div className="wrap pt-10 lg:pt-14">
            <Heading />
            {me.data === null && (
                <p className="mt-3 text-ink-soft">
                    You need no account.{" "}
                    <Go href="/sign-in?then=/checkout" className="textlink font-semibold text-ink">
                        Sign in
                    </Go>{" "}
                    if you have one.
                </p>
            )}
            <form noValidate onSubmit={submit} className="mt-10 grid gap-x-16 gap-y-12 lg:grid-cols-[1fr_24rem]">
                <div className="max-w-2xl space-y-12">
                    <fieldset className="grid gap-5 sm:grid-cols-6">
                        <legend className="display mb-5 text-head">Where it goes</legend>
                        <Field
                            className="sm:col-span-6"
                            label="E-mail"
                            type="email"
                            autoComplete="email"
                            hint="We write once, when it is yours."
                            {...entry("email")}
                        />
                        <Field
                            className="sm:col-span-6"
                            label="Name"
                            autoComplete="name"
                            {...entry("name")}
                        />
                        <Field
                            className="sm:col-span-6"
                            label="Street and number"
                            autoComplete="street-address"
                            {...entry("street")}
                        />
                        <Field
                            className="sm:col-span-2"
                            label="Postcode"
                            autoComplete="postal-code"
                            {...entry("postcode")}
                        />
                        <Field
                            className="sm:col-span-4"
                            label="Town"
                            autoComplete="address-level2"
                            {...entry("city")}
                        />
                        <div className="sm:col-span-3">
                            <label htmlFor={country} className="mb-1.5 block font-semibold">
                                Country
                            </label>
                            <select id={country} className="field" autoComplete="country" {...register("country")}>
                                {countries.map(([code, name]) => (
                                    <option key={code} value={code}>
                                        {name}
                                    </option>
                                ))}
                            </select>
                        </div>
                        <Field
                            className="sm:col-span-3"
                            label="Phone, if you like"
                            type="tel"
                            autoComplete="tel"
                            {...entry("phone")}
                        />
                    </fieldset>
                    <fieldset className="grid gap-5 sm:grid-cols-6">
                        <legend className="display mb-5 text-head">How you pay</legend>
                        <Field
                            className="sm:col-span-6"
                            label="Card number"
                            inputMode="numeric"
                            autoComplete="cc-number"
                            maxLength={23}
                            {...entry("number")}
                        />
                        <Field
                            className="sm:col-span-3"
                            label="Valid until"
                            placeholder="12/30"
                            autoComplete="cc-exp"
                            maxLength={7}
                            {...entry("expiry")}
                        />
                        <Field
                            className="sm:col-span-3"
                            label="Code on its back"
                            inputMode="numeric"
                            autoComplete="cc-csc"
                            maxLength={4}
                            {...entry("code")}
                        />
                        <details className="border border-line bg-surface sm:col-span-6">
                            <summary className="justify-between px-4 py-3 font-semibold">
                                Cards to try: no real one is ever charged
                            </summary>
                            <ul className="border-t border-line p-2">
                                {testCards.map(([number, does]) => (
                                    <li key={number}>
                                        <button
                                            type="button"
                                            className="flex w-full flex-wrap justify-between gap-x-4 rounded-[3px]
                                                px-2 py-2 text-left hover:bg-sunk"
                                            onClick={() => {
                                                setValue("number", number, { shouldDirty: true, shouldValidate: true });
                                                setValue("expiry", "12/30", {
                                                    shouldDirty: true,
                                                    shouldValidate: true,
                                                });
                                                setValue("code", "123", { shouldDirty: true, shouldValidate: true });
                                            }}
                                        >
                                            <span className="figures font-medium">{number}</span>
                                            <span className="text-ink-soft">{does}</span>
                                        </button>
                                    </li>
                                ))}
                            </ul>
                        </details>
                    </fieldset>
                </div>
                <aside className="self-start bg-sunk p-6 lg:sticky lg:top-24" aria-label="What you order">
                    <ul className="space-y-4">
                        {cart.lines.map((line) => (
                            <li key={line.sku} className="grid grid-cols-[3.5rem_1fr_auto] items-center gap-3">
                                <Picture
                                    name={pictureOf(line.picture?.name, line.slug, "")}
                                    alt=""
                                    sizes="56px"
                                    className="aspect-square w-full rounded-[3px]"
                                />
                                <span className="min-w-0 leading-snug">
                                    {line.title}
                                    <span className="figures block text-sm text-ink-soft">
                                        {line.units} × {price(line.price)}
                                        {line.name === "" ? "" : `, ${line.name}`}
                                    </span>
                                </span>
                                <span className="figures font-medium">{price(times(line.price, line.units))}</span>
                            </li>
                        ))}
                    </ul>
                    {cart.total !== undefined && (
                        <p className="mt-6 flex items-baseline justify-between border-t border-line pt-5 text-lg">
                            <span>Total, with tax and delivery</span>
                            <strong className="figures text-xl font-bold">{price(cart.total)}</strong>
                        </p>
                    )}
                    {!cart.can_order && (
                        <p className="mt-5 border-l-4 border-saffron bg-saffron-wash px-4 py-3" role="status">
                            Something in your cart has changed.{" "}
                            <Go href="/cart" className="textlink font-semibold">
                                Look at it
                            </Go>{" "}
                            first; nothing is charged.
                        </p>
                    )}
                    {place.error !== null && (
                        <div className="mt-5">
                            <Trouble error={place.error} />
                        </div>
                    )}
                    <Button
                        type="submit"
                        look="saffron"
                        className="mt-5 w-full"
                        busy={isBusy}
                        busyText="Setting it aside for you"
                        disabled={!cart.can_order}
                    >
                        <LockKeyhole className="size-4" aria-hidden="true" />
                        {cart.total === undefined ? "Order" : `Order and pay ${price(cart.total)}`}
                    </Button>
                </aside>
            </form>
        </div>
    );
}
