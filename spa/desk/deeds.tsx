"use client";

import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { clockOf, dayOf } from "@/shop/times";
import { Go } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { useParameter } from "./address";
import { type Said, saidOf } from "./deed-words";
import { Frame } from "./frame";
import { Pages, usePages } from "./list";

type Deed = components["schemas"]["deed_line"];

export function Deeds() {
    const by = useParameter("by");
    return (
        <Frame
            title="Who did what"
            room="/admin/deeds"
            back={
                by !== null && (
                    <Go href="/admin/deeds" className="textlink">
                        Everybody
                    </Go>
                )
            }
        >
            <List by={by} />
        </Frame>
    );
}

function List({ by }: { by: string | null }) {
    const deeds = usePages(["deeds", by], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/deeds", {
                signal,
                params: { query: { ...(by === null ? {} : { by }), ...(from === undefined ? {} : { from }) } },
            }),
        ),
    );
    const list = deeds.data?.pages.flatMap((page) => page.deeds) ?? [];
    const days = new Map<string, Deed[]>();
    for (const deed of list) days.set(dayOf(deed.at_ms), [...(days.get(dayOf(deed.at_ms)) ?? []), deed]);
    return (
        <Pages of={deeds} count={list.length} empty={<Nothing title="Nobody did anything yet" />} more="Further back">
            <div className="max-w-4xl space-y-8">
                {[...days].map(([day, those]) => (
                    <section key={day} aria-label={day}>
                        <h2 className="eyebrow border-b border-line pb-1.5">{day}</h2>
                        <ol className="divide-y divide-line">
                            {those.map((deed, i) => (
                                <Line key={`${deed.at_ms}-${deed.deed}-${deed.about_id ?? deed.key}-${i}`} deed={deed} />
                            ))}
                        </ol>
                    </section>
                ))}
            </div>
        </Pages>
    );
}

function Line({ deed }: { deed: Deed }) {
    const said = saidOf(deed);
    return (
        <li className="figures grid grid-cols-[4.75rem_1fr] gap-x-4 py-2 sm:grid-cols-[4.75rem_9rem_1fr]">
            <time dateTime={new Date(deed.at_ms).toISOString()} className="text-sm leading-6 text-ink-soft">
                {clockOf(deed.at_ms)}
            </time>
            <Go href={`/admin/deeds?by=${deed.by}`} className="truncate font-semibold hover:underline">
                {deed.by_name === "" ? "Somebody who left" : deed.by_name}
            </Go>
            <p className="col-start-2 min-w-0 sm:col-start-3">
                <About said={said} />
                {deed.note !== "" && <span className="block text-[0.9375rem] text-ink-soft">“{deed.note}”</span>}
            </p>
        </li>
    );
}

function About({ said }: { said: Said }) {
    return (
        <>
            {said.before}
            {said.href === null ? (
                said.about
            ) : (
                <Go href={said.href} className="textlink">
                    {said.about}
                </Go>
            )}
            {said.after}
        </>
    );
}
