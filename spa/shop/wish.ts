import type { operations } from "@/api/schema";

//  What somebody looks for in the catalogue, as it stands in the address: /shop/rugs?sort=rated&q=wool&is=colour:red.

type Query = NonNullable<operations["query.products"]["parameters"]["query"]>;
export type Sort = NonNullable<Query["sort"]>;

export interface Wish {
    sort: Sort;
    text: string;
    traits: string[]; // name:value
    isAvailable: boolean;
    lowest: number | null; // whole units of money
    highest: number | null;
}

export const sorts: [Sort, string][] = [
    ["newest", "Newest first"],
    ["popular", "Most bought first"],
    ["rated", "Best liked first"],
    ["cheapest", "Cheapest first"],
    ["dearest", "Dearest first"],
    ["title", "By name"],
];

const TRAITS_MAX = 8; // as the shop takes them
const TEXT_MAX = 60;
const PRICE_MAX = 1_000_000_000;

export const anything: Wish = {
    sort: "newest",
    text: "",
    traits: [],
    isAvailable: false,
    lowest: null,
    highest: null,
};

//  "12" to 12; null when it is no whole number of money.
export function wholeOf(text: string | null): number | null {
    return text !== null && /^\d{1,9}$/.test(text.trim()) && Number(text) <= PRICE_MAX ? Number(text) : null;
}

export function wishIn(address: string): Wish {
    const asked = new URLSearchParams(address.split("?")[1] ?? "");
    return {
        sort: sorts.find(([sort]) => sort === asked.get("sort"))?.[0] ?? "newest",
        text: (asked.get("q") ?? "").trim().slice(0, TEXT_MAX),
        traits: asked
            .getAll("is")
            .filter((one) => one.includes(":"))
            .slice(0, TRAITS_MAX),
        isAvailable: asked.get("in") === "stock",
        lowest: wholeOf(asked.get("from")),
        highest: wholeOf(asked.get("upto")),
    };
}

export function hrefOf(category: string | null, wish: Wish): string {
    const said = new URLSearchParams();
    if (wish.sort !== "newest") said.set("sort", wish.sort);
    if (wish.text !== "") said.set("q", wish.text);
    for (const trait of wish.traits) said.append("is", trait);
    if (wish.isAvailable) said.set("in", "stock");
    if (wish.lowest !== null) said.set("from", String(wish.lowest));
    if (wish.highest !== null) said.set("upto", String(wish.highest));
    const path = category === null ? "/shop" : `/shop/${encodeURIComponent(category)}`;
    return said.size === 0 ? path : `${path}?${said}`;
}

export function queryOf(wish: Wish): Query {
    return {
        sort: wish.sort,
        ...(wish.text === "" ? {} : { text: wish.text }),
        ...(wish.traits.length === 0 ? {} : { traits: wish.traits }),
        ...(wish.isAvailable ? { only_available: true } : {}),
        ...(wish.lowest === null ? {} : { price_min: wish.lowest * 100 }),
        ...(wish.highest === null ? {} : { price_max: wish.highest * 100 }),
    };
}

export function isNarrow(wish: Wish): boolean {
    return hrefOf(null, { ...wish, sort: "newest" }) !== "/shop";
}

export function withTrait(wish: Wish, trait: string): Wish {
    const others = wish.traits.filter((one) => one !== trait);
    return { ...wish, traits: others.length < wish.traits.length ? others : [...others, trait].slice(-TRAITS_MAX) };
}
