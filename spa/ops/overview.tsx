"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { CELL, Table } from "@/desk/list";
import { Chart } from "@/ui/chart";
import { Waiting } from "@/ui/waiting";
import { Go } from "@/ui/go";
import { End } from "./end";
import { Frame } from "./frame";
import { Parked } from "./parked";
import { behindMsOf, behindOf, bytesText, healthOf, lengthOf, type Look, type Node, rateOf, rateText, type System, useLooks, useSystem } from "./system";

const SystemMap = dynamic(() => import("./map"), { ssr: false, loading: () => <div className="skeleton size-full" aria-busy="true" /> });

const looksOf = { good: ["text-glaze", "bg-glaze"], behind: ["text-ink", "bg-saffron"], down: ["text-madder", "bg-madder"] } as const;

export function Overview() {
    return (
        <Frame title="The system" room="/ops">
            <Now />
        </Frame>
    );
}

function Now() {
    const asked = useSystem();
    const looks = useLooks(asked.data);
    const [chosen, setChosen] = useState<string | null>(null);
    if (asked.data === undefined) return <Waiting of={asked} className="h-[30rem]" />;
    const system = asked.data;
    const node = system.nodes.find(({ name }) => name === chosen) ?? null;
    return (
        <div className="space-y-8">
            <Sum system={system} looks={looks} />
            <div className="h-[28rem] border border-line bg-sunk sm:h-[26rem] xl:h-[32rem]" aria-hidden="true">
                <SystemMap system={system} looks={looks} chosen={chosen} onChoose={setChosen} />
            </div>
            <div className="grid items-start gap-x-10 gap-y-6 lg:grid-cols-[minmax(0,1fr)_24rem]">
                <All system={system} looks={looks} onChoose={setChosen} chosen={chosen} />
                <section aria-label="One of them" aria-live="off" className="min-w-0">
                    {node === null ? (
                        <p className="border border-dashed border-line-strong p-6 text-ink-soft">
                            Choose a service, in the picture or in the list, to see its numbers. Points that move are events;
                            dashed lines are requests.
                        </p>
                    ) : (
                        <One key={node.name} node={node} looks={looks.get(node.name) ?? []} canEnd={system.can_end} />
                    )}
                </section>
            </div>
        </div>
    );
}

function last(looks: readonly Look[], of: (look: Look) => number): number {
    return rateOf(looks.at(-4) ?? looks[0], looks.at(-1), of);
}

function Sum({ system, looks }: { system: System; looks: Map<string, Look[]> }) {
    const down = system.nodes.filter((node) => healthOf(node) === "down");
    const total = (of: (look: Look) => number) =>
        system.nodes.reduce((sum, node) => sum + last(looks.get(node.name) ?? [], of), 0);
    const parked = system.nodes.reduce((sum, node) => sum + Number(node.parked ?? 0), 0);
    const worst = [...system.nodes].sort((a, b) => behindOf(b) - behindOf(a))[0];
    const figures: [string, string][] = [
        ["Live", `${system.nodes.length - down.length} of ${system.nodes.length}`],
        ["Events a second", rateText(total((look) => look.out))],
        ["Furthest behind", worst === undefined || behindOf(worst) === 0 ? "nobody" : `${worst.name}, ${behindOf(worst)}`],
        ["Parked", String(parked)],
    ];
    return (
        <section aria-label="At a glance">
            <dl className="grid grid-cols-2 gap-px border border-line bg-line lg:grid-cols-4">
                {figures.map(([name, value]) => (
                    <div key={name} className="bg-surface px-4 py-3">
                        <dt className="text-sm text-ink-soft">{name}</dt>
                        <dd className="figures text-xl font-bold">{value}</dd>
                    </div>
                ))}
            </dl>
            <p role="status" className="-mb-6 mt-2 min-h-6 text-[0.9375rem] text-madder">
                {down.length > 0 && `${down.map(({ name }) => name).join(", ")} ${down.length === 1 ? "does" : "do"} not answer; the others go on.`}
            </p>
        </section>
    );
}

function One({ node, looks, canEnd }: { node: Node; looks: Look[]; canEnd: boolean }) {
    const at = looks.map((look) => look.at);
    const rates = looks.map((look, i) => rateOf(looks[i - 1], look, (one) => one.out));
    const commands = looks.map((look, i) => rateOf(looks[i - 1], look, (one) => one.commands));
    const lines = [
        ["Events a second", rates, "glaze"],
        ["Commands a second", commands, "cobalt"],
        ["Events behind", looks.map(({ behind }) => behind), "madder"],
    ] as const;
    const health = healthOf(node);
    return (
        <div className="space-y-4 border border-line bg-surface p-5">
            <div>
                <h2 className="display text-head">{node.name}</h2>
                <p className={`font-semibold ${looksOf[health][0]}`}>{node.state}</p>
                {node.about !== undefined && <p className="text-[0.9375rem] text-ink-soft">{node.about}</p>}
            </div>
            {node.problems.map((problem) => (
                <p key={problem} className="border-l-4 border-madder bg-madder-wash px-3 py-1.5 text-[0.9375rem]">
                    {problem}
                </p>
            ))}
            {lines.map(([label, values, colour]) => (
                <div key={label} className="grid grid-cols-[9rem_1fr_3.5rem] items-center gap-3 text-sm">
                    <span className="text-ink-soft">{label}</span>
                    <Chart label={`${label}, the last two minutes`} at={at} lines={[{ label, values: [...values], colour }]} height={28} small />
                    <span className="figures text-right font-semibold">{rateText(values.at(-1) ?? 0)}</span>
                </div>
            ))}
            {node.commit !== undefined && (
                <dl className="figures grid grid-cols-[9rem_1fr] gap-y-1 text-sm">
                    <dt className="text-ink-soft">Commits</dt>
                    <dd>{Number(node.commit).toLocaleString("en-GB")}</dd>
                    <dt className="text-ink-soft">Memory</dt>
                    <dd>{bytesText(Number(node.memory_bytes))}</dd>
                    <dt className="text-ink-soft">Store</dt>
                    <dd>{bytesText(Number(node.store_bytes_used))}</dd>
                    <dt className="text-ink-soft">Up for</dt>
                    <dd>{lengthOf(Number(node.now_ms) - Number(node.started_ms))}</dd>
                </dl>
            )}
            {node.streams.length > 0 && (
                <details>
                    <summary className="tap text-sm font-semibold">Streams</summary>
                    <ul className="figures mt-2 space-y-1 text-sm">
                        {node.streams.map((stream) => (
                            <li key={stream.name} className="flex justify-between gap-3">
                                <Go href={`/ops/log?stream=${stream.name}`} className="textlink">
                                    {stream.name}
                                </Go>
                                <span className={Number(stream.behind_events) > 0 ? "text-madder" : "text-ink-soft"}>
                                    {Number(stream.number).toLocaleString("en-GB")}
                                    {Number(stream.behind_events) > 0 &&
                                        `, ${stream.behind_events} behind, ${lengthOf(Number(stream.behind_ms))}`}
                                </span>
                            </li>
                        ))}
                    </ul>
                </details>
            )}
            {Number(node.parked ?? 0) > 0 && <Parked service={node.name} />}
            {canEnd && <End node={node} />}
        </div>
    );
}

interface AllProps {
    system: System;
    looks: Map<string, Look[]>;
    chosen: string | null;
    onChoose: (name: string) => void;
}

function All({ system, looks, chosen, onChoose }: AllProps) {
    return (
        <Table
            label="All nodes"
            head={[["Name"], ["State"], ["Events/s", "text-right"], ["Behind", "text-right"], ["Parked", "text-right"]]}
        >
            {system.nodes.map((node) => {
                const health = healthOf(node);
                const behind = behindOf(node);
                return (
                    <tr key={node.name} className="hover:bg-surface">
                        <td className={CELL}>
                            <button
                                type="button"
                                aria-pressed={node.name === chosen}
                                onClick={() => onChoose(node.name)}
                                className="textlink tap font-semibold"
                            >
                                {node.name}
                            </button>
                        </td>
                        <td className={CELL}>
                            <span className="inline-flex items-center gap-2">
                                <span className={`size-2.5 rounded-full ${looksOf[health][1]}`} aria-hidden="true" />
                                {node.state}
                            </span>
                        </td>
                        <td className={`${CELL} text-right`}>{rateText(last(looks.get(node.name) ?? [], (look) => look.out))}</td>
                        <td className={`${CELL} whitespace-nowrap text-right`}>
                            {behind === 0 ? "0" : `${behind}, ${lengthOf(behindMsOf(node))}`}
                        </td>
                        <td className={`${CELL} text-right`}>{String(node.parked ?? 0)}</td>
                    </tr>
                );
            })}
        </Table>
    );
}
