"use client";

import { type Sort, useCategories, useProducts } from "./catalogue";
import { Button } from "@/ui/button";
import { Go, useAddress, useGo, useName } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { ProductGrid } from "@/ui/product-card";

const sorts: [Sort, string][] = [
    ["newest", "Newest first"],
    ["cheapest", "Cheapest first"],
    ["dearest", "Dearest first"],
    ["title", "By name"],
];

function sortIn(address: string): Sort {
    const wanted = new URLSearchParams(address.split("?")[1] ?? "").get("sort");
    return sorts.find(([sort]) => sort === wanted)?.[0] ?? "newest";
}

export function Catalogue() {
    const address = useAddress();
    const go = useGo();
    const category = useName();
    const sort = sortIn(address);
    const categories = useCategories();
    const products = useProducts(category, sort);
    const here = categories.data?.categories.find((one) => one.category === category);
    const list = products.data?.pages.flatMap((page) => page.products) ?? [];
    const path = category === null ? "/shop" : `/shop/${category}`;
    const chip =
        "block whitespace-nowrap rounded-[3px] px-3 py-1.5 font-medium transition-colors hover:bg-sunk aria-[current=page]:bg-ink aria-[current=page]:text-ground";
    return (
        <div className="wrap pt-10 lg:pt-14">
            <title>{`${here?.title ?? "Everything"} · souk`}</title>
            <h1 className="display text-title">{category === null ? "Everything" : (here?.title ?? " ")}</h1>
            <p className="mt-3 min-h-[1.6em] max-w-2xl text-lg text-ink-soft">
                {category === null ? "All that the stalls have put out today." : here?.text}
            </p>
            <div className="mt-8 gap-10 lg:grid lg:grid-cols-[13rem_1fr]">
                <nav
                    aria-label="Categories"
                    className="-mx-[clamp(1.1rem,4vw,3rem)] overflow-x-auto px-[clamp(1.1rem,4vw,3rem)] pb-3 lg:mx-0
                        lg:overflow-visible lg:px-0"
                >
                    <ul className="flex gap-1 lg:sticky lg:top-24 lg:-ml-3 lg:flex-col">
                        <li>
                            <Go
                                href={`/shop?sort=${sort}`}
                                aria-current={category === null ? "page" : undefined}
                                className={chip}
                            >
                                Everything
                            </Go>
                        </li>
                        {categories.data?.categories.map((one) => (
                            <li key={one.category}>
                                <Go
                                    href={`/shop/${one.category}?sort=${sort}`}
                                    aria-current={category === one.category ? "page" : undefined}
                                    className={chip}
                                >
                                    {one.title}
                                </Go>
                            </li>
                        ))}
                    </ul>
                </nav>
                <section aria-label="Products" className="min-w-0">
                    <div className="mb-6 mt-4 flex items-center justify-between gap-4 lg:mt-0">
                        <p className="text-ink-soft" aria-live="polite">
                            {products.isPending
                                ? "Looking…"
                                : `${list.length}${products.hasNextPage ? " and more" : ""} ${list.length === 1 ? "thing" : "things"}`}
                        </p>
                        <label className="flex items-center gap-2.5">
                            <span className="sr-only">Order</span>
                            <select
                                className="field w-auto! cursor-pointer py-2 pr-8"
                                value={sort}
                                onChange={(event) => go(`${path}?sort=${event.target.value}`)}
                            >
                                {sorts.map(([value, text]) => (
                                    <option key={value} value={value}>
                                        {text}
                                    </option>
                                ))}
                            </select>
                        </label>
                    </div>
                    {products.error !== null && list.length === 0 ? (
                        <Trouble error={products.error} again={() => products.refetch()} />
                    ) : products.isSuccess && list.length === 0 ? (
                        <Nothing title="This lane is empty today">
                            <p>
                                Look around in{" "}
                                <Go href="/shop" className="textlink">
                                    the other ones
                                </Go>
                                .
                            </p>
                        </Nothing>
                    ) : (
                        <ProductGrid
                            products={list}
                            waiting={products.isPending || products.isFetchingNextPage ? 8 : 0}
                        />
                    )}
                    {products.hasNextPage && (
                        <div className="mt-12 text-center">
                            <Button
                                look="quiet"
                                busy={products.isFetchingNextPage}
                                busyText="Fetching"
                                onClick={() => products.fetchNextPage()}
                            >
                                Show more
                            </Button>
                        </div>
                    )}
                </section>
            </div>
        </div>
    );
}
