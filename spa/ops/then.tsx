"use client";

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, Fragment, useState } from "react";
import { api, take } from "@/api/client";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useAddress, useGo } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";
import { Frame } from "./frame";
import { foldOf, type Told } from "./system";
import { Value } from "./value";

const EVENTS_MAX = 500;

export function Then() {
    const address = useAddress();
    const go = useGo();
    const key = new URLSearchParams(address.split("?")[1] ?? "").get("key") ?? "";
    const find = (event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        const wanted = String(new FormData(event.currentTarget).get("key") ?? "").trim();
        go(wanted === "" ? "/ops/then" : `/ops/then?key=${encodeURIComponent(wanted)}`);
    };
    return (
        <Frame title="As it was" room="/ops/then">
            <form key={key} onSubmit={find} className="mb-8 flex max-w-2xl flex-wrap items-end gap-3">
                <Field
                    name="key"
                    label="An order, a product, a cart, an article"
                    placeholder="its id"
                    defaultValue={key}
                    maxLength={64}
                    className="min-w-0 flex-1 basis-64"
                />
                <Button type="submit">Show it</Button>
            </form>
            {key === "" ? (
                <Nothing title="Everything that ever was">
                    <p>Each of them is the sum of its events. Name one, and move through its time.</p>
                </Nothing>
            ) : (
                <Life key={key} subject={key} />
            )}
        </Frame>
    );
}

//  All events about it, the first one first.
async function eventsOf(key: string, signal: AbortSignal): Promise<Told[]> {
    const events: Told[] = [];
    let next: string | undefined;
    do {
        const query = { key, oldest_first: true, with_data: true, limit: 100, ...(next === undefined ? {} : { next }) };
        const page = await take(api.GET("/api/ops/log", { signal, params: { query } }));
        events.push(...page.events);
        next = page.next;
    } while (next !== undefined && events.length < EVENTS_MAX);
    return events;
}

function Life({ subject }: { subject: string }) {
    const asked = useQuery({ queryKey: ["ops", "then", subject], queryFn: ({ signal }) => eventsOf(subject, signal) });
    const [moved, setMoved] = useState<number | null>(null);
    if (asked.data === undefined) return <Waiting of={asked} className="h-96" />;
    const events = asked.data;
    if (events.length === 0) return <Nothing title="Nothing has happened about that" />;
    const at = Math.min(moved ?? events.length - 1, events.length - 1);
    const event = events[at] as Told;
    return (
        <div className="space-y-6">
            <div className="border border-line bg-surface p-5">
                <label htmlFor="then" className="mb-2 flex flex-wrap justify-between gap-x-6 font-semibold">
                    <span>
                        After event {at + 1} of {events.length}: {event.type}
                    </span>
                    <span className="figures font-normal text-ink-soft">{event.time.replace("T", " ").replace("Z", "")}</span>
                </label>
                <input
                    id="then"
                    type="range"
                    min={0}
                    max={events.length - 1}
                    value={at}
                    aria-valuetext={`${event.type}, ${event.time}`}
                    onChange={({ target }) => setMoved(Number(target.value))}
                    className="h-11 w-full accent-glaze lg:h-6"
                />
                {events.length >= EVENTS_MAX && <p className="text-sm text-ink-soft">These are its first {events.length} events.</p>}
            </div>
            <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="What was known of it then">
                <table className="w-full border-y border-line text-left text-[0.9375rem]">
                    <thead className="text-sm text-ink-soft">
                        <tr>
                            <th scope="col" className="py-2 pr-4 font-medium">
                                What
                            </th>
                            <th scope="col" className="py-2 pr-4 font-medium">
                                As it was
                            </th>
                            <th scope="col" className="hidden py-2 font-medium sm:table-cell">
                                Since
                            </th>
                        </tr>
                    </thead>
                    <tbody className="figures divide-y divide-line align-top">
                        {foldOf(events, at).map(({ stream, field, value, by, isNew }, i, all) => (
                            <Fragment key={`${stream} ${field}`}>
                            {all[i - 1]?.stream !== stream && (
                                <tr>
                                    <th scope="colgroup" colSpan={3} className="pb-1 pt-5 text-lg font-bold">
                                        {stream}
                                    </th>
                                </tr>
                            )}
                            <tr className={isNew ? "bg-saffron-wash" : ""}>
                                <th scope="row" className="py-2 pl-2 pr-4 font-semibold">
                                    {field}
                                </th>
                                <td className="py-2 pr-4 [overflow-wrap:anywhere]">
                                    <Value value={value} />
                                </td>
                                <td className="hidden py-2 pr-2 sm:table-cell">
                                    <Go href={`/ops/log?event=${by.stream}/${by.number}`} className="textlink text-sm">
                                        {by.type}
                                    </Go>
                                </td>
                            </tr>
                            </Fragment>
                        ))}
                    </tbody>
                </table>
            </div>
        </div>
    );
}
