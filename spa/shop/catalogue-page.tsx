"use client";

import { Search, SlidersHorizontal } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { type Facet, type ProductCard, useCategories, useProducts } from "./catalogue";
import { Facets } from "./facets";
import { anything, hrefOf, isNarrow, type Sort, sorts, type Wish, wishIn, withTrait } from "./wish";
import { Button } from "@/ui/button";
import { Go, useAddress, useName, write } from "@/ui/go";
import { useInView } from "@/ui/in-view";
import { Nothing, Trouble } from "@/ui/notice";
import { ProductGrid } from "@/ui/product-card";

const SETTLE_MS = 200;
const none: ProductCard[] = [];

export function Catalogue() {
    const address = useAddress();
    const category = useName();
    const wish = useMemo(() => wishIn(address), [address]);
    const categories = useCategories();
    const products = useProducts(category, wish);
    const here = categories.data?.categories.find((one) => one.category === category);
    //  What comes is drawn piece by piece, while keys and clicks are answered in between.
    const found = useDeferredValue(products.data);
    const list = found?.products ?? none;
    const facets = found?.first?.facets ?? [];
    const change = (wanted: Wish) => write(hrefOf(category, wanted), true);
    const [isNarrowing, setNarrowing] = useState(false);
    return (
        <div className="wrap pt-10 lg:pt-14">
            <title>{`${here?.title ?? "Everything"} · souk`}</title>
            <h1 className="display text-title">{category === null ? "Everything" : (here?.title ?? " ")}</h1>
            <p className="mt-3 min-h-[1.6em] max-w-2xl text-lg text-ink-soft">
                {category === null ? "All that the stalls have put out today." : here?.text}
            </p>
            <div className="mt-8 gap-10 lg:grid lg:grid-cols-[14rem_1fr]">
                <div className="min-w-0">
                    <Lanes category={category} wish={wish} facets={category === null ? facets : []} />
                    <div className="mt-8 hidden lg:block">
                        <Facets wish={wish} facets={facets} onChange={change} />
                    </div>
                </div>
                <section aria-labelledby="found" className="min-w-0">
                    <h2 id="found" className="sr-only">
                        Products
                    </h2>
                    <div className="mb-5 mt-4 flex flex-wrap items-center gap-3 lg:mt-0 lg:gap-x-6">
                        <SearchField category={category} wish={wish} />
                        <label className="min-w-0 max-sm:flex-1">
                            <span className="sr-only">Order</span>
                            <select
                                className="field py-2! sm:w-auto!"
                                value={wish.sort}
                                onChange={(event) => change({ ...wish, sort: event.target.value as Sort })}
                            >
                                {sorts.map(([value, text]) => (
                                    <option key={value} value={value}>
                                        {text}
                                    </option>
                                ))}
                            </select>
                        </label>
                        <button
                            type="button"
                            aria-expanded={isNarrowing}
                            aria-controls="narrow"
                            onClick={() => setNarrowing(!isNarrowing)}
                            className="button button-quiet px-4! max-sm:flex-1 lg:hidden"
                        >
                            <SlidersHorizontal className="size-4" aria-hidden="true" />
                            Narrow it down
                        </button>
                    </div>
                    <div id="narrow" hidden={!isNarrowing} className="mb-5 border border-line bg-surface p-4 lg:hidden">
                        {isNarrowing && <Facets wish={wish} facets={facets} onChange={change} />}
                    </div>
                    <div className="mb-6 flex flex-wrap items-center gap-2.5">
                        <p className="mr-2 text-ink-soft" aria-live="polite">
                            {found === undefined
                                ? products.error === null && "Looking…"
                                : foundText(found.first?.found ?? list.length, list.length)}
                        </p>
                        <Chosen wish={wish} onChange={change} />
                    </div>
                    {products.error !== null && list.length === 0 ? (
                        <Trouble error={products.error} again={() => products.refetch()} />
                    ) : found !== undefined && list.length === 0 && !products.hasNextPage ? (
                        <Empty wish={wish} onChange={change} />
                    ) : (
                        <div className={products.isPlaceholderData ? "opacity-60" : ""}>
                            <ProductGrid
                                products={list}
                                waiting={found === undefined || products.isFetchingNextPage ? 8 : 0}
                                isFirst
                            />
                        </div>
                    )}
                    {products.error !== null && list.length > 0 && (
                        <div className="mt-8">
                            <Trouble error={products.error} again={() => products.fetchNextPage()} />
                        </div>
                    )}
                    {products.hasNextPage && (
                        <div className="mt-12 text-center">
                            <Button
                                look="quiet"
                                busy={products.isFetchingNextPage}
                                busyText="Fetching"
                                onClick={() => products.fetchNextPage()}
                            >
                                {list.length === 0 ? "Look further" : "Show more"}
                            </Button>
                        </div>
                    )}
                </section>
            </div>
        </div>
    );
}

//  How many there are is counted among the first 2000.
function foundText(found: number, shown: number): string {
    const count = Math.max(found, shown);
    return `${count}${count > found ? " and more" : ""} ${count === 1 ? "thing" : "things"}`;
}

//  Another category keeps what was looked for, but not what only the one before could be told apart by.
function Lanes({ category, wish, facets }: { category: string | null; wish: Wish; facets: Facet[] }) {
    const categories = useCategories();
    const chip =
        "flex items-center justify-between gap-3 whitespace-nowrap rounded-[3px] px-3 py-1.5 max-lg:min-h-11 font-medium transition-colors hover:bg-sunk aria-[current=page]:bg-ink aria-[current=page]:text-ground";
    const kept = { ...wish, traits: [] };
    const row = useRef<HTMLElement>(null);
    useInView(row, `${category} ${categories.isSuccess}`);
    return (
        <nav
            ref={row}
            aria-label="Categories"
            className="row-that-scrolls -mx-[clamp(1.1rem,4vw,3rem)] px-[clamp(1.1rem,4vw,3rem)] pb-1 lg:mx-0
                lg:overflow-visible lg:px-0"
        >
            <ul className="flex gap-1 max-lg:w-max lg:-ml-3 lg:flex-col">
                <li>
                    <Go href={hrefOf(null, kept)} aria-current={category === null ? "page" : undefined} className={chip}>
                        Everything
                    </Go>
                </li>
                {categories.data?.categories.map((one) => {
                    const count = facets.find(({ name, value }) => name === "category" && value === one.category);
                    return (
                        <li key={one.category}>
                            <Go
                                href={hrefOf(one.category, kept)}
                                aria-current={category === one.category ? "page" : undefined}
                                className={chip}
                            >
                                {one.title}
                                {count !== undefined && (
                                    <span className="figures hidden text-sm font-normal text-ink-soft lg:inline">
                                        {count.products}
                                    </span>
                                )}
                            </Go>
                        </li>
                    );
                })}
            </ul>
        </nav>
    );
}

//  Looks while somebody types, and leaves one step to go back by.
function SearchField({ category, wish }: { category: string | null; wish: Wish }) {
    const [typed, setTyped] = useState("");
    const written = useRef("");
    useEffect(() => {
        if (wish.text === written.current) return;
        written.current = wish.text;
        setTyped(wish.text);
    }, [wish.text]);
    const look = (text: string) => {
        const wanted = text.trim();
        if (wanted === written.current) return;
        const isFirst = written.current === "";
        written.current = wanted;
        write(hrefOf(category, { ...wish, text: wanted }), isFirst);
    };
    const latest = useRef(look);
    latest.current = look;
    useEffect(() => {
        const settling = setTimeout(() => latest.current(typed), SETTLE_MS);
        return () => clearTimeout(settling);
    }, [typed]);
    return (
        <form role="search" className="relative min-w-48 flex-1 max-sm:basis-full" onSubmit={(event) => event.preventDefault()}>
            <Search className="absolute left-3 top-1/2 size-5 -translate-y-1/2 text-ink-soft" aria-hidden="true" />
            <input
                type="search"
                aria-label="Search the goods"
                placeholder="What are you looking for?"
                className="field py-2! pl-10!"
                maxLength={60}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
            />
        </form>
    );
}

function Chosen({ wish, onChange }: { wish: Wish; onChange: (wish: Wish) => void }) {
    if (wish.traits.length === 0 && !wish.isAvailable && wish.lowest === null && wish.highest === null) return null;
    const pill = "tap rounded-full border border-line-strong px-3 py-1 text-sm font-medium hover:border-ink";
    return (
        <>
            {wish.traits.map((trait) => (
                <button
                    key={trait}
                    type="button"
                    className={pill}
                    aria-label={`Take off ${trait.replace(":", " ")}`}
                    onClick={() => onChange(withTrait(wish, trait))}
                >
                    {trait.slice(trait.indexOf(":") + 1)} ×
                </button>
            ))}
            <button
                type="button"
                className="textlink tap text-sm font-semibold"
                onClick={() => onChange({ ...anything, sort: wish.sort, text: wish.text })}
            >
                Take all filters off
            </button>
        </>
    );
}

function Empty({ wish, onChange }: { wish: Wish; onChange: (wish: Wish) => void }) {
    return isNarrow(wish) ? (
        <Nothing title="Nothing here is like that">
            <p>{wish.text === "" ? "Fewer filters find more." : `No stall has anything with “${wish.text}” on its sign.`}</p>
            <Button look="quiet" className="mt-5" onClick={() => onChange({ ...anything, sort: wish.sort })}>
                Show all there is
            </Button>
        </Nothing>
    ) : (
        <Nothing title="This lane is empty today">
            <p>
                Look around in{" "}
                <Go href="/shop" className="textlink">
                    the other ones
                </Go>
                .
            </p>
        </Nothing>
    );
}
