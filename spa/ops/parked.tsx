"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";

type Event = components["schemas"]["ops_parked_event"];

//  What a service could not handle; those behind one go with it.
export function Parked({ service }: { service: string }) {
    const parked = useQuery({
        queryKey: ["ops", "parked", service],
        refetchInterval: 3000,
        queryFn: ({ signal }) => take(api.GET("/api/ops/parked/{service}", { signal, params: { path: { service } } })),
    });
    if (parked.data === undefined) return <Waiting of={parked} className="h-24" />;
    return (
        <section aria-label="Parked" className="space-y-3 border-t border-line pt-4">
            <h3 className="font-semibold">Parked: {String(parked.data.parked)}</h3>
            {parked.data.events
                .filter((event) => Number(event.behind) === 0)
                .map((event) => (
                    <One key={event.id} event={event} />
                ))}
        </section>
    );
}

function One({ event }: { event: Event }) {
    const queries = useQueryClient();
    const [why, setWhy] = useState<string | null>(null);
    const path = { service: event.service, sequence: String(event.sequence) as never };
    const check = { stream: event.stream, number: event.number };
    const onSettled = () => queries.invalidateQueries({ queryKey: ["ops"] });
    const retry = useMutation({
        onSettled,
        mutationFn: () => take(api.POST("/api/ops/parked/{service}/{sequence}/retry", { params: { path }, body: check })),
    });
    const discard = useMutation({
        onSettled,
        mutationFn: () =>
            take(api.POST("/api/ops/parked/{service}/{sequence}/discard", { params: { path }, body: { ...check, why: why ?? "" } })),
    });
    return (
        <div className="space-y-2 border-l-4 border-saffron bg-saffron-wash px-3 py-2 text-[0.9375rem]">
            <p>
                <Go href={`/ops/log?event=${event.stream}/${event.number}`} className="textlink font-semibold">
                    {event.type}
                </Go>{" "}
                {event.subject}
            </p>
            <p className="text-sm">
                {event.why}
                {event.waiting > 0 && ` ${event.waiting} more wait behind it.`}
            </p>
            {(retry.error ?? discard.error) !== null && <Trouble error={retry.error ?? discard.error} />}
            {why !== null && (
                <Field label="Why it is given up" value={why} maxLength={200} onChange={({ target }) => setWhy(target.value)} />
            )}
            <div className="flex flex-wrap gap-2">
                <Button look="quiet" busy={retry.isPending} busyText="Running it" onClick={() => retry.mutate()}>
                    Run it again
                </Button>
                <Button
                    look="quiet"
                    busy={discard.isPending}
                    disabled={why !== null && why.trim() === ""}
                    onClick={() => (why === null ? setWhy("") : discard.mutate())}
                >
                    {why === null ? "Give it up" : "Give it up for good"}
                </Button>
            </div>
        </div>
    );
}
