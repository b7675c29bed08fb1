"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, take } from "@/api/client";
import type { components, operations } from "@/api/schema";
import { price } from "@/shop/money";
import { pictureOf } from "@/shop/pictures";
import { Chart } from "@/ui/chart";
import { Go } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { Waiting } from "@/ui/waiting";
import { changeOf, daysOf, type Measure, scaleOf } from "./days";
import { Frame } from "./frame";
import { Chips } from "./list";

type Day = operations["query.today"]["responses"][200]["content"]["application/json"];
type Sales = components["schemas"]["sales"];

const LOOK_MS = 15_000;
const CHART_DAYS = 91;

function useToday() {
    return useQuery({
        queryKey: ["admin", "today"],
        refetchInterval: LOOK_MS,
        queryFn: ({ signal }) => take(api.GET("/api/admin/today", { signal })),
    });
}

export function Today() {
    return (
        <Frame title="Today" room="/admin">
            <Glance />
        </Frame>
    );
}

function Glance() {
    const today = useToday();
    if (today.data === undefined) return <Waiting of={today} className="h-96" />;
    const day = today.data;
    return (
        <div className="space-y-12">
            <Figures day={day} />
            <PerDay day={day} />
            <div className="grid gap-x-14 gap-y-12 lg:grid-cols-2">
                <Best day={day} />
                <Low day={day} />
            </div>
        </div>
    );
}

function Figures({ day }: { day: Day }) {
    return (
        <section aria-label="The shop at a glance">
            <dl className="grid grid-cols-2 gap-px border border-line bg-line lg:grid-cols-4">
                <Sold name="Today" sales={day.today} before={day.day_before} when="yesterday, all day" />
                <Sold name="Seven days" sales={day.week} before={day.week_before} when="the seven before" />
                <Count
                    name="Orders on their way"
                    count={day.orders_waiting}
                    href="/admin/orders?which=open"
                    note={day.orders_stepping > 0 ? `${day.orders_stepping} wait for a bank’s code` : "none waits for a bank"}
                />
                <Count
                    name="Reviews waiting"
                    count={day.reviews_waiting}
                    href="/admin/reviews"
                    note={day.reviews_waiting > 0 ? "to be looked at" : "nothing to look at"}
                />
            </dl>
        </section>
    );
}

const cell = "relative bg-ground px-4 py-4 sm:px-5";
const figure = "figures mt-1 text-[clamp(1.35rem,1rem+1.4vw,2rem)]/tight font-bold tracking-tight";

interface SoldProps {
    name: string;
    sales: Sales | undefined;
    before: Sales | undefined;
    when: string;
}

function Sold({ name, sales, before, when }: SoldProps) {
    const change = changeOf(Number(sales?.sold.minor ?? 0), Number(before?.sold.minor ?? 0));
    const returned = Number(sales?.returned ?? 0);
    return (
        <div className={cell}>
            <dt className="eyebrow">{name}</dt>
            <dd>
                <p className={figure}>{sales === undefined ? "–" : price(sales.sold)}</p>
                <p className="figures text-sm text-ink-soft">
                    {sales === undefined ? "nothing sold yet" : `${sales.orders} ${sales.orders === 1 ? "order" : "orders"}`}
                    {sales !== undefined && returned > 0 &&
                        `, ${price({ minor: returned, currency: sales.sold.currency })} given back`}
                </p>
                {before !== undefined && (
                    <p className="figures mt-1.5 text-sm text-ink-soft">
                        {change !== null && (
                            <strong className={change.isMore ? "text-glaze" : "text-madder"}>{change.text} </strong>
                        )}
                        {when} {price(before.sold)}
                    </p>
                )}
            </dd>
        </div>
    );
}

function Count({ name, count, href, note }: { name: string; count: number; href: string; note: string }) {
    return (
        <div className={`${cell} hover:bg-surface`}>
            <dt className="eyebrow">{name}</dt>
            <dd>
                <p className={figure}>
                    <Go href={href} aria-label={`${name}: ${count}`} className="after:absolute after:inset-0">
                        {count}
                    </Go>
                </p>
                <p className="text-sm text-ink-soft">{note}</p>
            </dd>
        </div>
    );
}

const measures: readonly { name: Measure; text: string }[] = [
    { name: "sold", text: "Sold" },
    { name: "orders", text: "Orders" },
    { name: "units", text: "Things" },
];

const dayName = (at: number) =>
    new Date(at * 1000).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });

function PerDay({ day }: { day: Day }) {
    const [measure, setMeasure] = useState<Measure>("sold");
    const currency = day.today?.sold.currency ?? "EUR";
    const { at, values } = useMemo(
        () => daysOf(day.days, measure, currency, CHART_DAYS, Date.now()),
        [day.days, measure, currency],
    );
    const say = (value: number) => (measure === "sold" ? price({ minor: value, currency }) : String(Math.round(value)));
    const lines = useMemo(
        () => [{ label: measures.find((one) => one.name === measure)?.text ?? "", values, colour: "glaze" as const, bars: true }],
        [measure, values],
    );
    return (
        <section aria-labelledby="per-day">
            <div className="mb-2 flex flex-wrap items-center justify-between gap-3">
                <h2 id="per-day" className="display text-head">
                    Day by day
                </h2>
                <Chips label="What is counted" chosen={measure} chips={measures} onChoose={setMeasure} />
            </div>
            <Chart
                label={`${CHART_DAYS} days, one bar each: ${measure === "sold" ? "what was sold" : measure}. The highest is ${say(Math.max(0, ...values))}.`}
                at={at}
                lines={lines}
                height={220}
                say={say}
                scale={measure === "sold" ? scaleOf(currency) : say}
                day={dayName}
                idle={`${say(values.reduce((sum, value) => sum + value, 0))} in ${CHART_DAYS} days`}
            />
        </section>
    );
}

function Best({ day }: { day: Day }) {
    const most = day.best_sellers[0]?.units ?? 1;
    return (
        <section aria-labelledby="best">
            <h2 id="best" className="display text-head">
                What sells
            </h2>
            <p className="mb-3 text-sm text-ink-soft">The last 28 days</p>
            {day.best_sellers.length === 0 ? (
                <Nothing title="Nothing sold yet" />
            ) : (
                <ol className="divide-y divide-line border-y border-line">
                    {day.best_sellers.map((product) => (
                        <li key={product.product_id} className="relative grid grid-cols-[2.5rem_1fr_auto] items-center gap-x-3 py-2 hover:bg-surface">
                            <Picture
                                name={pictureOf(product.picture?.name, product.slug, product.category)}
                                alt=""
                                sizes="40px"
                                className="aspect-square w-full rounded-[3px]"
                            />
                            <div className="min-w-0">
                                <Go
                                    href={`/admin/goods/edit?id=${product.product_id}`}
                                    className="block truncate font-semibold after:absolute after:inset-0"
                                >
                                    {product.title}
                                </Go>
                                <svg viewBox="0 0 100 4" preserveAspectRatio="none" className="mt-1 h-1 w-full" aria-hidden="true">
                                    <rect width={Math.max(2, (product.units / most) * 100)} height="4" fill="var(--glaze)" />
                                </svg>
                            </div>
                            <p className="figures text-right text-sm">
                                <span className="block font-semibold">{product.units} sold</span>
                                <span className="text-ink-soft">{price(product.sold)}</span>
                            </p>
                        </li>
                    ))}
                </ol>
            )}
        </section>
    );
}

function Low({ day }: { day: Day }) {
    return (
        <section aria-labelledby="low">
            <h2 id="low" className="display text-head">
                Running low
            </h2>
            <p className="mb-3 text-sm text-ink-soft">Five or fewer to sell, of what is in the shop</p>
            {day.low_stock.length === 0 ? (
                <Nothing title="Shelves are full" />
            ) : (
                <ul className="divide-y divide-line border-y border-line">
                    {day.low_stock.map((line) => (
                        <li key={line.sku} className="relative flex items-baseline justify-between gap-4 py-2 hover:bg-surface">
                            <Go
                                href={`/admin/stock?sku=${encodeURIComponent(line.sku)}`}
                                className="min-w-0 truncate font-semibold after:absolute after:inset-0"
                            >
                                {line.title}
                                {line.name !== "" && <span className="font-normal text-ink-soft">, {line.name}</span>}
                            </Go>
                            <span
                                className={`figures shrink-0 font-semibold ${line.available === 0 ? "text-madder" : ""}`}
                            >
                                {line.available === 0 ? "Sold out" : `${line.available} left`}
                            </span>
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}
