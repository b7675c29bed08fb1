"use client";

import { BaseEdge, type Edge, type EdgeProps, Handle, MarkerType, type Node as FlowNode, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import type { ElkNode } from "elkjs/lib/elk-api";
import { useEffect, useMemo, useState } from "react";
import { behindMsOf, behindOf, healthOf, type Look, lengthOf, type Node, rateOf, rateText, type System, type Way, waysOf } from "./system";

const NARROW = 640; // then it is drawn from above
const FLOW_SECONDS_MAX = 3.2;
const TURN = 10; // how round a way turns
const GROUND_GAP = 44;

interface Form {
    width: number;
    height: number;
    isDown: boolean;
}

const forms: Record<"wide" | "narrow", Form> = {
    wide: { width: 168, height: 68, isDown: false },
    narrow: { width: 190, height: 68, isDown: true }, // it is shown about half as large
};

type Shown = { name: string; node: Node | null; out: number; isChosen: boolean; form: Form; groundWidth: number | null };
type Flowing = { rate: number; isAsked: boolean; isQuiet: boolean; path: string };

const dots = { good: "bg-glaze", behind: "bg-saffron", down: "bg-madder" };

function saidOf(node: Node | null, out: number, isGround: boolean): string {
    if (node === null) return "over HTTP";
    if (healthOf(node) === "down") return node.state;
    const behind = behindOf(node);
    if (behind > 0) return `${behind} behind, ${lengthOf(behindMsOf(node))}`;
    return isGround ? `records ${node.follows.length} streams` : `${rateText(out)} events/s`;
}

function Station({ data }: NodeProps<FlowNode<Shown>>) {
    const { name, node, out, isChosen, form, groundWidth } = data;
    const health = node === null ? "good" : healthOf(node);
    const isGround = groundWidth !== null;
    return (
        <div
            style={{ width: groundWidth ?? form.width, height: isGround ? form.height * 0.75 : form.height }}
            className={`flex rounded-[4px] border-2 bg-surface ${form.isDown ? "px-2 text-[1.625rem]/[1.3]" : "px-3"} ${
                isGround ? "items-center justify-center gap-3" : "flex-col justify-center text-left"
            } ${health === "down" ? "border-madder" : isChosen ? "border-cobalt" : "border-line-strong"}`}
        >
            <Handle type="target" position={form.isDown ? Position.Top : Position.Left} isConnectable={false} className="opacity-0" />
            <Handle type="source" position={form.isDown ? Position.Bottom : Position.Right} isConnectable={false} className="opacity-0" />
            <span className={`flex items-center font-semibold ${form.isDown ? "gap-1.5" : "gap-2"}`}>
                <span
                    className={`shrink-0 rounded-full ${form.isDown ? "size-4" : "size-2.5"} ${dots[health]}`}
                    aria-hidden="true"
                />
                <span className="truncate">{name}</span>
            </span>
            {(isGround || !form.isDown) && (
                <span className={`figures truncate text-ink-soft ${form.isDown ? "text-2xl" : "text-sm"}`}>{saidOf(node, out, isGround)}</span>
            )}
        </div>
    );
}

function Flow({ data, markerEnd }: EdgeProps<Edge<Flowing>>) {
    const rate = data?.rate ?? 0;
    const path = data?.path ?? "";
    const seconds = Math.max(0.5, FLOW_SECONDS_MAX / (1 + rate));
    return (
        <>
            <BaseEdge
                path={path}
                {...(markerEnd === undefined ? {} : { markerEnd })}
                style={{
                    stroke: data?.isAsked ? "var(--cobalt)" : rate > 0 ? "var(--glaze)" : "var(--line-strong)",
                    strokeWidth: rate > 0 ? 2.5 : 1.5,
                    opacity: data?.isQuiet ? 0.15 : 0.9,
                    ...(data?.isAsked ? { strokeDasharray: "3 5" } : {}),
                }}
            />
            {rate > 0 && !data?.isQuiet && (
                <circle r={4} fill="var(--saffron)" className="motion-reduce:hidden">
                    <animateMotion dur={`${seconds}s`} repeatCount="indefinite" path={path} />
                </circle>
            )}
        </>
    );
}

type Point = { x: number; y: number };

//  A way through these points, round where it turns.
function pathOf(points: readonly Point[]): string {
    return points
        .map((at, i) => {
            const [before, after] = [points[i - 1], points[i + 1]];
            if (before === undefined) return `M${at.x},${at.y}`;
            if (after === undefined) return `L${at.x},${at.y}`;
            const near = (to: Point) => {
                const length = Math.hypot(to.x - at.x, to.y - at.y);
                const part = length === 0 ? 0 : Math.min(TURN, length / 2) / length;
                return `${at.x + (to.x - at.x) * part},${at.y + (to.y - at.y) * part}`;
            };
            return `L${near(before)}Q${at.x},${at.y} ${near(after)}`;
        })
        .join("");
}

//  As large as all of it, ways included, so that they come into view with those who stand there.
function Whole({ data }: NodeProps<FlowNode<Plan & Record<string, unknown>>>) {
    return <div style={{ width: data.width, height: data.height }} />;
}

const kinds = { station: Station, whole: Whole };
const flows = { flow: Flow };

const idOf = ({ from, to, streams }: Way) => `${from}-${to}-${streams.length > 0}`;

interface Plan {
    places: Map<string, Point>;
    paths: Map<string, string>;
    width: number;
    height: number;
}

//  Where everybody stands, and the ways between them: computed once for each topology, not for each look. Event
//  stores follow everybody; they are the ground that the others stand on, and no ways lead there.
function usePlan(system: System, stores: ReadonlySet<string>, form: Form): Plan | null {
    const names = [...system.clients.filter(({ is_self }) => is_self), ...system.nodes]
        .map(({ name }) => name)
        .filter((name) => !stores.has(name));
    const shape = names.join(" ");
    const [plan, setPlan] = useState<Plan | null>(null);
    useEffect(() => {
        let isOver = false;
        void import("elkjs/lib/elk.bundled.js").then(async ({ default: Elk }) => {
            const asked: ElkNode = {
                id: "system",
                layoutOptions: {
                    "elk.algorithm": "layered",
                    "elk.direction": form.isDown ? "DOWN" : "RIGHT",
                    ...(form.isDown
                        ? {
                              "elk.layered.layering.strategy": "COFFMAN_GRAHAM",
                              "elk.layered.layering.coffmanGraham.layerBound": "2",
                          }
                        : {}),
                    "elk.edgeRouting": "ORTHOGONAL",
                    "elk.layered.mergeEdges": "true",
                    "elk.layered.nodePlacement.strategy": form.isDown ? "NETWORK_SIMPLEX" : "BRANDES_KOEPF",
                    "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
                    "elk.spacing.nodeNode": form.isDown ? "14" : "30",
                    "elk.spacing.edgeEdge": form.isDown ? "7" : "9",
                    "elk.spacing.edgeNode": "12",
                    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
                    "elk.layered.spacing.nodeNodeBetweenLayers": form.isDown ? "30" : "44",
                },
                children: names.map((id) => ({ id, width: form.width, height: form.height })),
                edges: waysOf(system)
                    .filter(({ from, to }) => names.includes(from) && names.includes(to))
                    .map((way) => ({ id: idOf(way), sources: [way.from], targets: [way.to] })),
            };
            const graph = await new Elk().layout(asked);
            if (isOver) return;
            setPlan({
                places: new Map(graph.children?.map(({ id, x, y }) => [id, { x: x ?? 0, y: y ?? 0 }])),
                paths: new Map(
                    graph.edges?.map(({ id, sections }) => [
                        id,
                        (sections ?? [])
                            .map(({ startPoint, bendPoints, endPoint }) =>
                                pathOf([startPoint, ...(bendPoints ?? []), endPoint]),
                            )
                            .join(""),
                    ]),
                ),
                width: graph.width ?? 0,
                height: graph.height ?? 0,
            });
        });
        return () => {
            isOver = true;
        };
        //  What is between them is the topology's, and changes with its names only.
    }, [shape, form]);
    return plan;
}

interface Props {
    system: System;
    looks: Map<string, Look[]>;
    chosen: string | null;
    onChoose: (name: string) => void;
}

export default function SystemMap({ system, looks, chosen, onChoose }: Props) {
    const [form] = useState(() => (window.innerWidth < NARROW ? forms.narrow : forms.wide));
    const stores = useMemo(() => new Set(system.nodes.filter((node) => node.is_event_store).map(({ name }) => name)), [system]);
    const plan = usePlan(system, stores, form);
    const rate = (name: string, of: (look: Look) => number) => {
        const kept = looks.get(name) ?? [];
        return rateOf(kept.at(-4) ?? kept[0], kept.at(-1), of);
    };
    if (plan === null) return <div className="skeleton size-full" aria-busy="true" />;
    const grounds = [...stores].map((name, i): [string, Point] => [
        name,
        { x: 0, y: plan.height + GROUND_GAP + i * form.height },
    ]);
    const nodes: FlowNode<Shown>[] = [...plan.places, ...grounds].map(([name, position]) => ({
        id: name,
        type: "station",
        position,
        data: {
            name,
            node: system.nodes.find((node) => node.name === name) ?? null,
            out: rate(name, (look) => look.out),
            isChosen: name === chosen,
            form,
            groundWidth: stores.has(name) ? plan.width : null,
        },
        draggable: false,
        connectable: false,
        focusable: false,
        deletable: false,
    }));
    const whole: FlowNode = {
        id: "whole of it",
        type: "whole",
        position: { x: 0, y: 0 },
        data: { ...plan },
        draggable: false,
        selectable: false,
        focusable: false,
        style: { pointerEvents: "none" },
    };
    const edges: Edge<Flowing>[] = waysOf(system)
        .filter((way) => plan.paths.has(idOf(way)))
        .map((way) => {
            const { from, to, streams } = way;
            const isAsked = streams.length === 0;
            const flowing = rate(to, (look) => streams.reduce((sum, stream) => sum + (look.streams.get(stream) ?? 0), 0));
            const colour = isAsked ? "var(--cobalt)" : flowing > 0 ? "var(--glaze)" : "var(--line-strong)";
            const isQuiet = chosen !== null && from !== chosen && to !== chosen;
            return {
                id: idOf(way),
                source: from,
                target: to,
                type: "flow",
                focusable: false,
                zIndex: isQuiet ? 0 : 1,
                ...(isQuiet ? {} : { markerEnd: { type: MarkerType.Arrow, color: colour, width: 14, height: 14, strokeWidth: 1.5 } }),
                data: { rate: flowing, isAsked, isQuiet, path: plan.paths.get(idOf(way)) ?? "" },
            };
        });
    return (
        <ReactFlow
            nodes={[whole, ...nodes]}
            edges={edges}
            nodeTypes={kinds}
            edgeTypes={flows}
            fitView
            fitViewOptions={{ padding: 0.04, maxZoom: 1 }}
            minZoom={0.2}
            maxZoom={1.5}
            nodesConnectable={false}
            edgesFocusable={false}
            nodesFocusable={false}
            zoomOnScroll={false}
            preventScrolling={false}
            onNodeClick={(_event, node) => onChoose(node.id)}
            proOptions={{ hideAttribution: true }}
        />
    );
}
