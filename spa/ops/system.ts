import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { api, take } from "@/api/client";
import type { components, operations } from "@/api/schema";

export type System = operations["ops.system"]["responses"][200]["content"]["application/json"];
export type Node = components["schemas"]["ops_node"];
export type Told = components["schemas"]["ops_told"] & { data?: unknown };

const LOOK_MS = 1000;
const KEPT = 120; // looks: two minutes

export function useSystem() {
    return useQuery({
        queryKey: ["ops", "system"],
        refetchInterval: LOOK_MS,
        refetchIntervalInBackground: false,
        staleTime: 0,
        queryFn: ({ signal }) => take(api.GET("/api/ops/system", { signal })),
    });
}

//  What one look has to say of a node, for the next one to be held against.
export interface Look {
    at: number; // seconds since 1970
    commands: number;
    out: number;
    behind: number;
    streams: ReadonlyMap<string, number>;
    started: number;
}

export const commandsOf = (node: Node) => Number(node.counters.find(({ name }) => name === "commands")?.value ?? 0);
export const behindOf = (node: Node) => node.streams.reduce((sum, stream) => sum + Number(stream.behind_events), 0);
export const behindMsOf = (node: Node) => Math.max(0, ...node.streams.map((stream) => Number(stream.behind_ms)));

export function lookOf(node: Node, at: number): Look {
    const own = node.streams.filter((stream) => stream.origin === node.name);
    return {
        at,
        commands: commandsOf(node),
        out: own.reduce((sum, stream) => sum + Number(stream.number), 0),
        behind: behindOf(node),
        streams: new Map(node.streams.map((stream) => [stream.name, Number(stream.number)])),
        started: Number(node.started_ms ?? 0),
    };
}

//  In a second, between two looks; none across a restart, or when nobody answered.
export function rateOf(before: Look | undefined, after: Look | undefined, of: (look: Look) => number): number {
    if (before === undefined || after === undefined || before.started !== after.started || after.started === 0) return 0;
    const seconds = after.at - before.at;
    return seconds <= 0 ? 0 : Math.max(0, (of(after) - of(before)) / seconds);
}

//  The last looks at each node.
export function useLooks(system: System | undefined): Map<string, Look[]> {
    const kept = useRef(new Map<string, Look[]>());
    const seen = useRef<System | undefined>(undefined);
    if (system !== undefined && system !== seen.current) {
        seen.current = system;
        const next = new Map<string, Look[]>();
        for (const node of system.nodes) {
            const looks = kept.current.get(node.name) ?? [];
            next.set(node.name, [...looks, lookOf(node, Number(system.now_ms) / 1000)].slice(-KEPT));
        }
        kept.current = next;
    }
    return kept.current;
}

export interface Way {
    from: string;
    to: string;
    streams: string[]; // none: it sends requests
}

//  Who gets events from whom, and who asks whom. Event stores get all of it, which is drawn as one line each.
export function waysOf(system: System): Way[] {
    const writers = new Map(system.nodes.flatMap((node) => node.writes.map((stream) => [stream, node.name] as const)));
    const ways = new Map<string, Way>();
    const follow = (to: string, follows: readonly string[]) => {
        for (const stream of follows) {
            const from = writers.get(stream);
            if (from === undefined) continue;
            const way = ways.get(`${from}>${to}`) ?? { from, to, streams: [] };
            way.streams.push(stream);
            ways.set(`${from}>${to}`, way);
        }
    };
    const ask = (from: string, calls: readonly { callee: string }[]) => {
        for (const { callee } of calls) ways.set(`${from}?${callee}`, { from, to: callee, streams: [] });
    };
    for (const node of system.nodes) {
        follow(node.name, node.follows);
        ask(node.name, node.calls);
    }
    for (const client of system.clients) ask(client.name, client.calls);
    return [...ways.values()];
}

export type Health = "good" | "behind" | "down";

export function healthOf(node: Node): Health {
    if (node.state !== "live") return "down";
    return node.problems.length > 0 || behindOf(node) > 0 || Number(node.parked ?? 0) > 0 ? "behind" : "good";
}

export function lengthOf(ms: number): string {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
    if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
    return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

export const rateText = (rate: number) => (rate === 0 ? "0" : rate < 10 ? rate.toFixed(1) : String(Math.round(rate)));
export const bytesText = (bytes: number) =>
    bytes < 1 << 20 ? `${Math.round(bytes / 1024)} KiB` : bytes < 1 << 30 ? `${(bytes / (1 << 20)).toFixed(1)} MiB` : `${(bytes / (1 << 30)).toFixed(1)} GiB`;

//  What an object was, by its events up to one of them: of each field what was said last, and by which event. Each
//  stream has words of its own, so nobody's say is taken for another's.
export interface Said {
    stream: string;
    field: string;
    value: unknown;
    by: Told;
    isNew: boolean;
}

export function foldOf(events: readonly Told[], upTo: number): Said[] {
    const said = new Map<string, Said>();
    for (const [i, event] of events.slice(0, upTo + 1).entries()) {
        if (typeof event.data !== "object" || event.data === null) continue;
        for (const [field, value] of Object.entries(event.data)) {
            const before = said.get(`${event.stream} ${field}`);
            if (before !== undefined && JSON.stringify(before.value) === JSON.stringify(value)) continue;
            said.set(`${event.stream} ${field}`, { stream: event.stream, field, value, by: event, isNew: i === upTo });
        }
    }
    const streams = [...new Set([...said.values()].map(({ stream }) => stream))];
    return [...said.values()].sort((a, b) => streams.indexOf(a.stream) - streams.indexOf(b.stream));
}
