"use client";

import { BaseEdge, type Edge, type EdgeProps, getBezierPath, Handle, type Node as FlowNode, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useMemo, useState } from "react";
import { behindMsOf, behindOf, healthOf, type Look, lengthOf, type Node, rateOf, rateText, type System, waysOf } from "./system";

const WIDTH = 168;
const HEIGHT = 72;
const NARROW = 640; // then it is drawn from above
const FLOW_SECONDS_MAX = 3.2;

type Shown = { name: string; node: Node | null; out: number; isChosen: boolean; isDown: boolean };
type Flowing = { rate: number; isAsked: boolean; isStore: boolean; isQuiet: boolean };

const dots = { good: "bg-glaze", behind: "bg-saffron", down: "bg-madder" };

function Station({ data }: NodeProps<FlowNode<Shown>>) {
    const { name, node, out, isChosen, isDown } = data;
    const health = node === null ? "good" : healthOf(node);
    const behind = node === null ? 0 : behindOf(node);
    return (
        <div
            className={`flex h-[72px] w-[168px] flex-col justify-center rounded-[4px] border-2 bg-surface px-3 text-left ${
                health === "down" ? "border-madder" : isChosen ? "border-cobalt" : "border-line-strong"
            }`}
        >
            <Handle type="target" position={isDown ? Position.Top : Position.Left} isConnectable={false} className="opacity-0" />
            <Handle type="source" position={isDown ? Position.Bottom : Position.Right} isConnectable={false} className="opacity-0" />
            <span className="flex items-center gap-2 font-semibold">
                <span className={`size-2.5 shrink-0 rounded-full ${dots[health]}`} aria-hidden="true" />
                <span className="truncate">{name}</span>
            </span>
            <span className="figures truncate text-sm text-ink-soft">
                {node === null
                    ? "over HTTP"
                    : health === "down"
                      ? node.state
                      : behind > 0
                        ? `${behind} behind, ${lengthOf(behindMsOf(node))}`
                        : `${rateText(out)} events/s`}
            </span>
        </div>
    );
}

function Flow({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data }: EdgeProps<Edge<Flowing>>) {
    const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
    const rate = data?.rate ?? 0;
    const seconds = Math.max(0.5, FLOW_SECONDS_MAX / (1 + rate));
    return (
        <>
            <BaseEdge
                path={path}
                style={{
                    stroke: data?.isAsked ? "var(--cobalt)" : rate > 0 ? "var(--glaze)" : "var(--line-strong)",
                    strokeWidth: rate > 0 ? 2.5 : 1.25,
                    opacity: data?.isQuiet ? 0.2 : data?.isStore && rate === 0 ? 0.45 : 0.9,
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

const kinds = { station: Station };
const flows = { flow: Flow };

//  Where everybody stands: computed once for each topology, not for each look.
function usePlaces(system: System, isDown: boolean) {
    const shape = [...system.clients.filter(({ is_self }) => is_self), ...system.nodes].map(({ name }) => name).join(" ");
    const [places, setPlaces] = useState<Map<string, { x: number; y: number }> | null>(null);
    useEffect(() => {
        let isOver = false;
        void import("elkjs/lib/elk.bundled.js").then(async ({ default: Elk }) => {
            const graph = await new Elk().layout({
                id: "system",
                layoutOptions: {
                    "elk.algorithm": "layered",
                    "elk.direction": isDown ? "DOWN" : "RIGHT",
                    "elk.spacing.nodeNode": isDown ? "16" : "34",
                    "elk.layered.spacing.nodeNodeBetweenLayers": isDown ? "56" : "84",
                },
                children: shape.split(" ").map((id) => ({ id, width: WIDTH, height: HEIGHT })),
                edges: waysOf(system)
                    .filter(({ from, to }) => shape.split(" ").includes(from) && shape.split(" ").includes(to))
                    .map(({ from, to, streams }) => ({ id: `${from}-${to}-${streams.length}`, sources: [from], targets: [to] })),
            });
            if (!isOver) setPlaces(new Map(graph.children?.map(({ id, x, y }) => [id, { x: x ?? 0, y: y ?? 0 }])));
        });
        return () => {
            isOver = true;
        };
        //  What is between them is the topology's, and changes with its names only.
    }, [shape, isDown]);
    return places;
}

interface Props {
    system: System;
    looks: Map<string, Look[]>;
    chosen: string | null;
    onChoose: (name: string) => void;
}

export default function SystemMap({ system, looks, chosen, onChoose }: Props) {
    const [isDown] = useState(() => window.innerWidth < NARROW);
    const places = usePlaces(system, isDown);
    const rate = (name: string, of: (look: Look) => number) => {
        const kept = looks.get(name) ?? [];
        return rateOf(kept.at(-4) ?? kept[0], kept.at(-1), of);
    };
    const stores = useMemo(() => new Set(system.nodes.filter((node) => node.is_event_store).map(({ name }) => name)), [system]);
    if (places === null) return <div className="skeleton size-full" aria-busy="true" />;
    const nodes: FlowNode<Shown>[] = [...places].map(([name, position]) => ({
        id: name,
        type: "station",
        position,
        data: {
            name,
            node: system.nodes.find((node) => node.name === name) ?? null,
            out: rate(name, (look) => look.out),
            isChosen: name === chosen,
            isDown,
        },
        draggable: false,
        connectable: false,
        focusable: false,
        deletable: false,
    }));
    const edges: Edge<Flowing>[] = waysOf(system)
        .filter(({ from, to }) => places.has(from) && places.has(to))
        .map(({ from, to, streams }) => ({
            id: `${from}-${to}-${streams.length > 0}`,
            source: from,
            target: to,
            type: "flow",
            focusable: false,
            data: {
                rate: rate(to, (look) => streams.reduce((sum, stream) => sum + (look.streams.get(stream) ?? 0), 0)),
                isAsked: streams.length === 0,
                isStore: stores.has(to),
                isQuiet: chosen !== null && from !== chosen && to !== chosen,
            },
        }));
    return (
        <ReactFlow
            nodes={nodes}
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
