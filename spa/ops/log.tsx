"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent } from "react";
import { api, take } from "@/api/client";
import { Pages } from "@/desk/list";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useAddress, useGo } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";
import { Frame } from "./frame";
import { lengthOf, type Told } from "./system";

const filters = ["stream", "type", "key", "correlation", "from", "to"] as const;
type Filter = (typeof filters)[number];
const words: Record<Filter, [label: string, hint: string]> = {
    stream: ["Stream", "orders"],
    type: ["Type", "orders.placed"],
    key: ["About", "an id, or a word"],
    correlation: ["Undertaking", "an id"],
    from: ["From", "2026-11-22 10:00"],
    to: ["To", "2026-11-22 11:00"],
};
const PLACE = /^([a-z][a-z0-9.-]*)\/(?:\d+\/)?(\d+)$/;

const momentMs = (text: string) => Date.parse(`${text.trim().replace(" ", "T")}${/\d:\d/.test(text) ? "Z" : ""}`);
const timeOf = (event: Told) => event.time.replace("T", " ").replace("Z", "");

export function Log() {
    return (
        <Frame title="What happened" room="/ops/log">
            <Browser />
        </Frame>
    );
}

function Browser() {
    const address = useAddress();
    const go = useGo();
    const asked = new URLSearchParams(address.split("?")[1] ?? "");
    const open = (changes: Record<string, string | null>) => {
        const next = new URLSearchParams(asked);
        for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === "") next.delete(name);
            else next.set(name, value);
        }
        go(`/ops/log${next.size > 0 ? `?${next}` : ""}`);
    };
    const find = (event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        open({ ...Object.fromEntries(filters.map((name) => [name, String(form.get(name) ?? "").trim()])), event: null });
    };
    const event = PLACE.exec(asked.get("event") ?? "");
    return (
        <div className="grid gap-8 xl:grid-cols-[minmax(0,1fr)_30rem]">
            <div className="min-w-0">
                <form key={address} onSubmit={find} className="mb-6 grid grid-cols-2 items-end gap-3 sm:grid-cols-3">
                    {filters.map((name) => (
                        <Field
                            key={name}
                            name={name}
                            label={words[name][0]}
                            placeholder={words[name][1]}
                            defaultValue={asked.get(name) ?? ""}
                            maxLength={64}
                        />
                    ))}
                    <Button type="submit">Find</Button>
                </form>
                <List asked={asked} hrefOf={(told) => hrefOf(asked, told)} />
            </div>
            <section aria-label="One event" className={`min-w-0 ${event === null ? "" : "max-xl:order-first"}`}>
                {event === null ? (
                    <p className="border border-dashed border-line-strong p-6 text-ink-soft">
                        Choose an event to see what it says, what led to it and what it has led to.
                    </p>
                ) : (
                    <One stream={event[1] as string} number={event[2] as string} hrefOf={(told) => hrefOf(asked, told)} />
                )}
            </section>
        </div>
    );
}

function hrefOf(asked: URLSearchParams, told: Told): string {
    const next = new URLSearchParams(asked);
    next.set("event", `${told.stream}/${told.number}`);
    return `/ops/log?${next}`;
}

function List({ asked, hrefOf }: { asked: URLSearchParams; hrefOf: (told: Told) => string }) {
    const text = (name: Filter) => asked.get(name) ?? "";
    const time = (name: Filter) => (Number.isNaN(momentMs(text(name))) ? undefined : momentMs(text(name)));
    const [from_ms, to_ms] = [time("from"), time("to")];
    const query = {
        ...(text("stream") === "" ? {} : { stream: text("stream") }),
        ...(text("type") === "" ? {} : { type: text("type") }),
        ...(text("key") === "" ? {} : { key: text("key") }),
        ...(text("correlation") === "" ? {} : { correlation: text("correlation") }),
        ...(from_ms === undefined ? {} : { from_ms }),
        ...(to_ms === undefined ? {} : { to_ms }),
    };
    const log = useInfiniteQuery({
        queryKey: ["ops", "log", query],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(api.GET("/api/ops/log", { signal, params: { query: { ...query, ...(pageParam === undefined ? {} : { next: pageParam }) } } })),
        getNextPageParam: (page) => page.next,
    });
    const events = log.data?.pages.flatMap((page) => page.events) ?? [];
    return (
        <Pages of={log} count={events.length} more="Earlier ones" empty={<Nothing title="Nothing of that kind has happened" />}>
            <ol aria-label="Events, the latest first" className="figures divide-y divide-line border-y border-line text-[0.9375rem]">
                {events.map((told) => (
                    <li key={told.id}>
                        <Go href={hrefOf(told)} className="grid gap-x-4 py-2 hover:bg-surface sm:grid-cols-[11rem_1fr_auto]">
                            <span className="text-ink-soft">{timeOf(told)}</span>
                            <span className="min-w-0">
                                <span className="font-semibold">{told.type}</span>{" "}
                                <span className="block truncate text-sm text-ink-soft">{told.subject}</span>
                            </span>
                            <span className="text-sm text-ink-soft">
                                {told.stream}/{String(told.number)}
                            </span>
                        </Go>
                    </li>
                ))}
            </ol>
        </Pages>
    );
}

interface OneProps {
    stream: string;
    number: string;
    hrefOf: (told: Told) => string;
}

function One({ stream, number, hrefOf }: OneProps) {
    const path = { stream, number: number as never };
    const event = useQuery({
        queryKey: ["ops", "event", stream, number],
        queryFn: ({ signal }) => take(api.GET("/api/ops/log/{stream}/{number}", { signal, params: { path } })),
    });
    const why = useQuery({
        queryKey: ["ops", "why", stream, number],
        queryFn: ({ signal }) => take(api.GET("/api/ops/log/{stream}/{number}/why", { signal, params: { path } })),
    });
    if (event.data === undefined) return <Waiting of={event} className="h-80" />;
    const told: Told = event.data.event;
    return (
        <div className="space-y-6 border border-line bg-surface p-5">
            <div>
                <h2 className="text-xl font-bold">{told.type}</h2>
                <p className="figures text-sm text-ink-soft">
                    {told.id}, {timeOf(told)}
                </p>
                <p className="mt-1 flex flex-wrap gap-x-4 text-sm">
                    <Go href={`/ops/log?key=${encodeURIComponent(told.subject)}`} className="textlink">
                        All about {told.subject.slice(0, 18)}
                    </Go>
                    <Go href={`/ops/then?key=${encodeURIComponent(told.subject)}`} className="textlink">
                        As it was
                    </Go>
                    <Go href={`/ops/log?correlation=${told.correlationid}`} className="textlink">
                        The whole undertaking
                    </Go>
                </p>
            </div>
            {told.private ? (
                <p className="text-ink-soft">What it says is sealed: it is of a private stream.</p>
            ) : (
                <pre tabIndex={0} aria-label="What it says" className="payload max-h-96 overflow-auto bg-sunk p-3">
                    {JSON.stringify(told.data ?? null, null, 2)}
                </pre>
            )}
            <section aria-label="Causes and effects">
                <h3 className="mb-2 font-semibold">Why, and what then</h3>
                {why.data === undefined ? (
                    <Waiting of={why} className="h-40" />
                ) : (
                    <Tree causes={why.data.causes} event={why.data.event} effects={why.data.effects} hrefOf={hrefOf} />
                )}
            </section>
        </div>
    );
}

interface TreeProps {
    causes: Told[];
    event: Told;
    effects: Told[];
    hrefOf: (told: Told) => string;
}

const STEPS = ["pl-0", "pl-3", "pl-6", "pl-9", "pl-12", "pl-15", "pl-18", "pl-20"];

function Tree({ causes, event, effects, hrefOf }: TreeProps) {
    const begun = Date.parse((causes[0] ?? event).time);
    const rows = [
        ...causes.map((told, i) => ({ told, level: i, isIt: false })),
        { told: event, level: causes.length, isIt: true },
        ...effects.map((told) => ({ told, level: causes.length + (told.level ?? 1), isIt: false })),
    ];
    const first = rows[0]?.told.cause;
    return (
        <ol className="figures text-sm">
            {first?.kind === "command" && <li className="py-1 text-ink-soft">A command of {first.caller ?? "somebody"}</li>}
            {rows.map(({ told, level, isIt }) => (
                <li key={told.id} className={STEPS[Math.min(level, STEPS.length - 1)]}>
                    <Go
                        href={hrefOf(told)}
                        aria-current={isIt ? "true" : undefined}
                        className="flex justify-between gap-3 border-l-2 border-line-strong py-1 pl-3 hover:bg-sunk
                            aria-[current]:border-cobalt aria-[current]:font-bold"
                    >
                        <span className="min-w-0 truncate">{told.type}</span>
                        <span className="shrink-0 text-ink-soft">+{lengthOf(Date.parse(told.time) - begun)}</span>
                    </Go>
                </li>
            ))}
        </ol>
    );
}
