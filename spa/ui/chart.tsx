"use client";

import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import { useTheme } from "./theme";
import "uplot/dist/uPlot.min.css";

export type Colour = "glaze" | "saffron" | "madder" | "cobalt" | "ink-soft";

export interface Line {
    label: string;
    values: (number | null)[];
    colour: Colour;
    bars?: boolean;
}

interface Props {
    label: string;                      //  what it shows, for those who do not see it
    at: number[];                       //  seconds since 1970, ascending
    lines: Line[];
    height: number;
    small?: boolean;                    //  a line between words: no axes, nothing to point at
    say?: (value: number) => string;    //  a value, as the pointer says it, and axes when they have nothing shorter
    scale?: (value: number) => string;
    day?: (at: number) => string;       //  a time, as the pointer says it
    idle?: string;                      //  what is said while nothing is pointed at
}

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);

//  Values over time. What draws it comes when it is first needed, and no sooner.
export function Chart({ label, at, lines, height, small = false, say = String, scale, day = String, idle = "" }: Props) {
    const place = useRef<HTMLDivElement>(null);
    const said = useRef<HTMLParagraphElement>(null);
    const plot = useRef<uPlot | null>(null);
    const theme = useTheme();
    const shape = JSON.stringify([lines.map((line) => [line.label, line.colour, line.bars]), height, small]);
    const latest = useRef({ at, lines, say, scale, day, idle });
    latest.current = { at, lines, say, scale, day, idle };
    useEffect(() => {
        const element = place.current;
        if (element === null) return;
        let isOver = false;
        const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
        void import("uplot").then(({ default: UPlot }) => {
            if (isOver) return;
            plot.current = new UPlot(
                optionsOf(UPlot, element, said.current, height, small, latest),
                [latest.current.at, ...latest.current.lines.map((line) => line.values)],
                element,
            );
            watch.observe(element);
        });
        return () => {
            isOver = true;
            watch.disconnect();
            plot.current?.destroy();
            plot.current = null;
        };
    }, [theme, shape]);
    useEffect(() => {
        plot.current?.setData([at, ...lines.map((line) => line.values)]);
        if (said.current !== null && plot.current?.cursor.idx == null) said.current.textContent = idle;
    }, [at, lines, idle]);
    return (
        <figure aria-label={label} role="img" className="min-w-0">
            {!small && (
                <p ref={said} className="figures h-6 text-sm text-ink-soft" aria-hidden="true" />
            )}
            <div ref={place} className="chart" />
        </figure>
    );
}

type Latest = { current: Pick<Props, "at" | "lines" | "scale"> & Required<Pick<Props, "say" | "day" | "idle">> };

function optionsOf(
    UPlot: typeof uPlot,
    element: HTMLElement,
    said: HTMLElement | null,
    height: number,
    small: boolean,
    latest: Latest,
): uPlot.Options {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const axis = {
        stroke: colour("ink-soft"),
        font: `12px ${getComputedStyle(element).fontFamily}`,
        grid: { stroke: colour("line"), width: 1 },
        ticks: { show: false },
    };
    const isBars = latest.current.lines.some((line) => line.bars === true);
    //  Half a step at each side, so that the first and the last bar are whole.
    const widen = (chart: uPlot, low: number, high: number): [number, number] => {
        const half = (high - low) / Math.max(1, (chart.data[0].length - 1) * 2);
        return [low - half, high + half];
    };
    const tell = (chart: uPlot) => {
        if (said === null) return;
        const { at, lines, say, day, idle } = latest.current;
        const i = chart.cursor.idx ?? null;
        const time = i === null ? undefined : at[i];
        said.textContent =
            i === null || time === undefined
                ? idle
                : [day(time), ...lines.map(({ values, label }) => `${label} ${say(values[i] ?? 0)}`)].join(" · ");
    };
    return {
        width: Math.max(element.clientWidth, 40),
        height,
        padding: small ? [2, 0, 2, 0] : [8, 8, 0, 0],
        legend: { show: false },
        cursor: small ? { show: false } : { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: {
            x: { range: (chart, low, high) => (isBars ? widen(chart, low, high) : [low, high]) },
            y: { range: (_chart, _low, high) => [0, high === null || high <= 0 ? 1 : high * 1.06] },
        },
        axes: small
            ? [{ show: false }, { show: false }]
            : [
                  {
                      ...axis,
                      grid: { show: false },
                      values: (_chart, splits) =>
                          splits.map((split) => {
                              const date = new Date(split * 1000);
                              return date.getUTCHours() === 0
                                  ? `${date.getUTCDate()} ${date.toLocaleString("en-GB", { month: "short", timeZone: "UTC" })}`
                                  : `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
                          }),
                  },
                  { ...axis, size: 64, values: (_chart, splits) => splits.map((split) => (latest.current.scale ?? latest.current.say)(split)) },
              ],
        series: [
            {},
            ...latest.current.lines.map((line) => ({
                label: line.label,
                stroke: colour(line.colour),
                width: small ? 1.5 : 2,
                points: { show: false },
                ...(line.bars === true && UPlot.paths.bars !== undefined
                    ? { fill: colour(line.colour), width: 0, paths: UPlot.paths.bars({ size: [0.72, 32] }) }
                    : {}),
            })),
        ],
        tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        hooks: { setCursor: [tell] },
    };
}
