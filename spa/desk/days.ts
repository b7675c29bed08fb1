import type { components } from "@/api/schema";

type Day = components["schemas"]["day_sales"];
export type Measure = "sold" | "orders" | "units";

const DAY_MS = 86_400_000;

//  One value for each of so many days until today; days without a sale are not told, and have none.
export function daysOf(days: Day[], measure: Measure, currency: string, count: number, nowMs: number) {
    const today = Math.floor(nowMs / DAY_MS);
    const values = new Array<number>(count).fill(0);
    for (const day of days) {
        const place = count - 1 - (today - Math.floor(day.day_ms / DAY_MS));
        if (day.sold.currency !== currency || place < 0 || place >= count) continue;
        values[place] = (values[place] ?? 0) + (measure === "sold" ? Number(day.sold.minor) : day[measure]);
    }
    return { at: values.map((_value, i) => ((today - count + 1 + i) * DAY_MS) / 1000), values };
}

//  How much more or less, in words; null when there is nothing to hold it against.
export function changeOf(now: number, before: number): { text: string; isMore: boolean } | null {
    if (before <= 0) return null;
    const percent = Math.round((now / before - 1) * 100);
    return { text: `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`, isMore: percent >= 0 };
}

//  An amount as a scale says it: without cents.
export function scaleOf(currency: string): (minor: number) => string {
    const all = new Intl.NumberFormat("en-IE", { style: "currency", currency });
    const whole = new Intl.NumberFormat("en-IE", { style: "currency", currency, maximumFractionDigits: 0 });
    const one = 10 ** (all.resolvedOptions().maximumFractionDigits ?? 2);
    return (minor) => whole.format(minor / one);
}
