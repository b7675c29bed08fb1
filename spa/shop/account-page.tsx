"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, take } from "@/api/client";
import { type Me, useLeave, useMe, useSignOut } from "./account";
import { everythingOf } from "./take-along";
import { dayOf, momentOf } from "./times";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useGo } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { WaitingPage } from "@/ui/waiting";

export function Account() {
    const me = useMe();
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null)
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Your account</h1>
                <Nothing title="You are not signed in">
                    <p>
                        You can buy without an account. With one you keep your orders and addresses, and may review what
                        you bought.
                    </p>
                    <div className="mt-5 flex flex-wrap justify-center gap-3">
                        <Go href="/sign-in" className="button button-main">
                            Sign in
                        </Go>
                        <Go href="/register" className="button button-quiet">
                            Become a customer
                        </Go>
                    </div>
                </Nothing>
            </div>
        );
    return <Mine me={me.data} />;
}

function Mine({ me }: { me: Me }) {
    const signOut = useSignOut();
    const go = useGo();
    return (
        <div className="wrap max-w-4xl! space-y-14 pt-10 lg:pt-14">
            <header className="flex flex-wrap items-end justify-between gap-5">
                <div>
                    <h1 className="display text-title">Hello, {me.name}</h1>
                    <p className="mt-2 text-ink-soft">
                        {me.email}, a customer since {dayOf(me.since_ms)}
                    </p>
                </div>
                <Button
                    look="quiet"
                    busy={signOut.isPending}
                    busyText="Signing out"
                    onClick={() => signOut.mutate(undefined, { onSuccess: () => go("/") })}
                >
                    Sign out
                </Button>
            </header>
            {signOut.error !== null && <Trouble error={signOut.error} />}
            <section aria-labelledby="bought">
                <h2 id="bought" className="display text-head">
                    What you bought
                </h2>
                <p className="mt-3">
                    <Go href="/orders" className="textlink tap font-semibold">
                        Your orders, with their diaries
                    </Go>
                </p>
            </section>
            {(me.is_staff || me.is_admin) && (
                <section aria-labelledby="office">
                    <h2 id="office" className="display text-head">
                        Behind the counter
                    </h2>
                    <p className="mt-3">
                        <Go href="/admin" className="textlink tap font-semibold">
                            The back office
                        </Go>
                    </p>
                </section>
            )}
            <Addresses me={me} />
            <Name me={me} />
            <Password me={me} />
            <section aria-labelledby="places">
                <h2 id="places" className="display text-head">
                    Where you are signed in
                </h2>
                <ul className="mt-3 divide-y divide-line border-y border-line">
                    {placesOf(me.sessions).map(({ client, times, last_ms }) => (
                        <li key={client} className="figures flex flex-wrap justify-between gap-x-4 py-3">
                            <span>
                                {client}
                                {times > 1 && <span className="text-ink-soft">, {times} times</span>}
                            </span>
                            <span className="text-ink-soft">
                                {times > 1 ? "the last one since" : "since"} {momentOf(last_ms)}
                            </span>
                        </li>
                    ))}
                </ul>
            </section>
            <TakeAlong me={me} />
            <Leave me={me} />
        </div>
    );
}

//  Browsers come and go; where they are is what somebody may want to know.
function placesOf(sessions: Me["sessions"]) {
    const places = new Map<string, { client: string; times: number; last_ms: number }>();
    for (const { client, since_ms } of sessions) {
        const place = places.get(client) ?? { client, times: 0, last_ms: 0 };
        places.set(client, { client, times: place.times + 1, last_ms: Math.max(place.last_ms, since_ms) });
    }
    return [...places.values()].sort((a, b) => b.last_ms - a.last_ms);
}

//  All that the shop knows of somebody, as a file.
function TakeAlong({ me }: { me: Me }) {
    const collect = useMutation({
        mutationFn: async () => {
            const text = JSON.stringify(await everythingOf(me), null, 2);
            const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
            const link = document.createElement("a");
            link.href = address;
            link.download = "souk-and-me.json";
            link.click();
            URL.revokeObjectURL(address);
        },
    });
    return (
        <section aria-labelledby="known" className="max-w-md space-y-4">
            <h2 id="known" className="display text-head">
                What we know of you
            </h2>
            <p className="text-ink-soft">
                Your account, your addresses, your orders with their diaries and where they went, and your reviews, in a
                file that people and programs can read.
            </p>
            {collect.error !== null && <Trouble error={collect.error} />}
            <Button look="quiet" busy={collect.isPending} busyText="Collecting it" onClick={() => collect.mutate()}>
                Download my data
            </Button>
        </section>
    );
}

//  Asked for once more, because nothing brings it back.
function Leave({ me }: { me: Me }) {
    const leave = useLeave();
    const go = useGo();
    const [password, setPassword] = useState<string | null>(null);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (password !== null)
            leave.mutate({ person_id: me.person_id, password }, { onSuccess: () => go("/") });
    };
    return (
        <form onSubmit={submit} className="max-w-md space-y-4 border-t border-line pt-10">
            <h2 className="display text-head">Leave the shop</h2>
            <p className="text-ink-soft">
                Your name, your addresses and what you sign in with are forgotten, and nothing brings them back. Your
                orders stay in the books, without you.
            </p>
            {password !== null && (
                <Field
                    label="Your password, once more"
                    type="password"
                    autoComplete="current-password"
                    required
                    value={password}
                    onChange={(event) => setPassword(event.target.value)}
                />
            )}
            {leave.error !== null && <Trouble error={leave.error} />}
            {password === null ? (
                <Button look="quiet" onClick={() => setPassword("")}>
                    Forget me
                </Button>
            ) : (
                <div className="flex flex-wrap gap-3">
                    <Button type="submit" busy={leave.isPending} busyText="Forgetting you" disabled={password === ""}>
                        Forget me for good
                    </Button>
                    <Button look="quiet" onClick={() => setPassword(null)}>
                        I stay
                    </Button>
                </div>
            )}
        </form>
    );
}

function useChange<T>(change: (wanted: T) => Promise<unknown>) {
    const queries = useQueryClient();
    return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: ["me"] }) });
}

function Addresses({ me }: { me: Me }) {
    const drop = useChange((id: string) =>
        take(api.DELETE("/api/account/addresses/{address_id}", { params: { path: { address_id: id } } })),
    );
    return (
        <section aria-labelledby="addresses">
            <h2 id="addresses" className="display text-head">
                Your addresses
            </h2>
            {me.addresses.length === 0 && <p className="mt-3 text-ink-soft">None yet. The next order asks for one.</p>}
            <ul className="mt-3 grid gap-4 sm:grid-cols-2">
                {me.addresses.map(({ address_id, address }) => (
                    <li key={address_id} className="border border-line bg-surface p-5">
                        <address className="not-italic">
                            {address.name}
                            <br />
                            {address.street}
                            <br />
                            {address.postcode} {address.city}, {address.country}
                        </address>
                        <button
                            type="button"
                            className="textlink tap mt-1 text-sm"
                            onClick={() => drop.mutate(address_id)}
                            disabled={drop.isPending}
                            aria-label={`Forget ${address.street}`}
                        >
                            Forget it
                        </button>
                    </li>
                ))}
            </ul>
            {drop.error !== null && (
                <div className="mt-4">
                    <Trouble error={drop.error} />
                </div>
            )}
        </section>
    );
}

function Name({ me }: { me: Me }) {
    const [name, setName] = useState(me.name);
    const rename = useChange((wanted: string) => take(api.PUT("/api/account/name", { body: { name: wanted } })));
    const submit = (event: FormEvent) => {
        event.preventDefault();
        rename.mutate(name.trim());
    };
    return (
        <form onSubmit={submit} className="max-w-md space-y-4">
            <h2 className="display text-head">What you are called</h2>
            <Field
                label="Name"
                autoComplete="nickname"
                required
                maxLength={60}
                value={name}
                onChange={(event) => setName(event.target.value)}
                hint="Others see it beside your reviews."
            />
            {rename.error !== null && <Trouble error={rename.error} />}
            <Button
                type="submit"
                look="quiet"
                busy={rename.isPending}
                busyText="Keeping it"
                disabled={name.trim() === "" || name.trim() === me.name}
            >
                Keep this name
            </Button>
        </form>
    );
}

function Password({ me }: { me: Me }) {
    const [before, setBefore] = useState("");
    const [after, setAfter] = useState("");
    const change = useChange((body: { old_password: string; new_password: string }) =>
        take(api.PUT("/api/account/password", { body: { person_id: me.person_id, ...body } })),
    );
    const submit = (event: FormEvent) => {
        event.preventDefault();
        change.mutate(
            { old_password: before, new_password: after },
            {
                onSuccess: () => {
                    setBefore("");
                    setAfter("");
                },
            },
        );
    };
    const isShort = after !== "" && after.length < 10;
    return (
        <form onSubmit={submit} className="max-w-md space-y-4">
            <h2 className="display text-head">Another password</h2>
            <Field
                label="The one you have"
                type="password"
                autoComplete="current-password"
                required
                value={before}
                onChange={(event) => setBefore(event.target.value)}
            />
            <Field
                label="The new one"
                type="password"
                autoComplete="new-password"
                required
                maxLength={200}
                value={after}
                onChange={(event) => setAfter(event.target.value)}
                hint="At least 10 characters. You stay signed in here, and nowhere else."
                error={isShort ? "Take at least 10 characters." : undefined}
            />
            {change.error !== null && <Trouble error={change.error} />}
            {change.isSuccess && (
                <p role="status" className="border-l-4 border-glaze bg-glaze-wash px-4 py-3">
                    You have another password now.
                </p>
            )}
            <Button
                type="submit"
                look="quiet"
                busy={change.isPending}
                busyText="Changing it"
                disabled={before === "" || after.length < 10}
            >
                Change it
            </Button>
        </form>
    );
}
