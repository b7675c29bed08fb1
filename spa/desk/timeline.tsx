"use client";

import { useQuery } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { dayOf } from "@/shop/times";
import { Waiting } from "@/ui/waiting";
import { newsOf, type Service, serviceOf } from "./order-news";

type Event = components["schemas"]["order_event"];

const LOOK_MS = 3000;
const services: Record<Service, { name: string; dot: string }> = {
    orders: { name: "Orders", dot: "bg-glaze" },
    inventory: { name: "Inventory", dot: "bg-saffron" },
    payments: { name: "Payments", dot: "bg-cobalt" },
};

const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
});

//  All that three services did for an order, in the order of time.
export function Timeline({ id }: { id: string }) {
    const log = useQuery({
        queryKey: ["admin", "order-log", id],
        refetchInterval: LOOK_MS,
        queryFn: ({ signal }) =>
            take(api.GET("/api/admin/orders/{order_id}/log", { signal, params: { path: { order_id: id } } })),
    });
    if (log.data === undefined) return <Waiting of={log} />;
    const names = new Map(log.data.people.map((person) => [person.person_id, person.name]));
    return (
        <>
            <p className="mb-4 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink-soft" aria-hidden="true">
                {Object.values(services).map(({ name, dot }) => (
                    <span key={name} className="flex items-center gap-2">
                        <span className={`size-2.5 rounded-full ${dot}`} />
                        {name}
                    </span>
                ))}
            </p>
            <ol className="border-l-2 border-line">
                {log.data.events.map((event, i) => (
                    <Moment
                        key={`${event.what}-${event.number}`}
                        event={event}
                        before={log.data.events[i - 1]}
                        by={event.by === undefined ? null : (names.get(event.by) ?? "")}
                    />
                ))}
            </ol>
        </>
    );
}

function Moment({ event, before, by }: { event: Event; before: Event | undefined; by: string | null }) {
    const service = services[serviceOf(event.what)];
    const { text, more, isSmall } = newsOf(event);
    const day = dayOf(event.at_ms);
    return (
        <li className={`relative pl-5 ${isSmall ? "pb-2" : "pb-3"} last:pb-0`}>
            {(before === undefined || dayOf(before.at_ms) !== day) && (
                <p className="eyebrow pb-2">{day}</p>
            )}
            <div className="relative">
                <span
                    className={`absolute rounded-full ring-4 ring-ground ${service.dot} ${
                        isSmall ? "-left-[1.5rem] top-[0.45rem] size-1.5" : "-left-[1.625rem] top-[0.4rem] size-2.5"
                    }`}
                    aria-hidden="true"
                />
                <div className="flex justify-between gap-4">
                    <p className={isSmall ? "text-sm text-ink-soft" : "font-semibold leading-snug"}>
                        <span className="sr-only">{service.name}: </span>
                        {text}
                    </p>
                    <time
                        dateTime={new Date(event.at_ms).toISOString()}
                        className="figures shrink-0 text-sm text-ink-soft"
                        title={`${service.name.toLowerCase()} ${event.number}`}
                    >
                        {clock.format(event.at_ms)}
                    </time>
                </div>
                {more !== null && <p className="text-[0.9375rem] leading-snug">{more}</p>}
                {by !== null && (
                    <p className="text-sm text-ink-soft">by {by === "" ? "somebody who has left" : by}</p>
                )}
                {event.note !== "" && <p className="mt-1 border-l-2 border-line-strong pl-2.5 text-sm">{event.note}</p>}
            </div>
        </li>
    );
}
