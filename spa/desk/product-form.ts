import * as z from "zod/mini";
import type { operations } from "@/api/schema";
import { amountOf, minorOf } from "@/shop/money";

//  What the editor of a product accepts, and how that becomes what the shop takes.

export type OfficeProduct = operations["query.office_product"]["responses"][200]["content"]["application/json"];

const CURRENCY = "EUR";
const atMost = (max: number) => z.maxLength(max, `At most ${max} characters.`);
const line = (what: string, max: number) => z.string().check(z.trim(), z.minLength(1, what), atMost(max));

export const product = z.object({
    slug: z
        .string()
        .check(z.trim(), atMost(60), z.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "Take small letters, digits and single dashes.")),
    title: line("Write what it is called.", 100),
    summary: z.string().check(z.trim(), atMost(300)),
    text: z.string().check(atMost(8000)),
    category: z.string().check(z.minLength(1, "Choose a category.")),
    also_in: z.array(z.string()).check(z.maxLength(4, "Four others at most.")),
    articles: z
        .array(
            z.object({
                sku: line("Write its number.", 32),
                name: z.string().check(z.trim(), atMost(60)),
                price: z
                    .string()
                    .check(z.refine((text) => (minorOf(text, CURRENCY) ?? 0) > 0, "Write a price like 12.50.")),
            }),
        )
        .check(z.minLength(1), z.maxLength(24)),
    pictures: z
        .array(z.object({ name: z.string(), alt: line("Say what it shows.", 160) }))
        .check(z.maxLength(12)),
    traits: z
        .array(z.object({ name: line("Like material.", 32), value: line("Like clay.", 60) }))
        .check(z.maxLength(12)),
});

export type ProductForm = z.infer<typeof product>;

export function valuesOf(known: OfficeProduct | null): ProductForm {
    return {
        slug: known?.slug ?? "",
        title: known?.title ?? "",
        summary: known?.summary ?? "",
        text: known?.text ?? "",
        category: known?.category ?? "",
        also_in: known?.also_in ?? [],
        articles: known?.articles.map(({ sku, name, price }) => ({ sku, name, price: amountOf(price) })) ?? [
            { sku: "", name: "", price: "" },
        ],
        pictures: known?.pictures ?? [],
        traits: known?.traits ?? [],
    };
}

//  The version that somebody saw, as the shop holds it against what there is.
export function seenOf(version: number | string | null) {
    return version === null ? {} : { header: { "If-Match": `"${version}"` } };
}

export function bodyOf(form: ProductForm, known: OfficeProduct | null) {
    const currency = known?.articles[0]?.price.currency ?? CURRENCY;
    return {
        ...form,
        articles: form.articles.map(({ sku, name, price }) => ({
            sku,
            name,
            price: { minor: minorOf(price, currency) ?? 0, currency },
        })),
    };
}
