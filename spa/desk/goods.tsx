"use client";

import { useCategories, useProducts } from "@/shop/catalogue";
import { price } from "@/shop/money";
import { pictureOf } from "@/shop/pictures";
import { useState } from "react";
import { Button } from "@/ui/button";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { Frame } from "./frame";

export function Goods() {
    return (
        <Frame
            title="Goods"
            action={
                <Go href="/admin/goods/edit" className="button button-main">
                    New product
                </Go>
            }
        >
            <List />
        </Frame>
    );
}

function List() {
    const categories = useCategories();
    const [category, setCategory] = useState("");
    const products = useProducts(category === "" ? null : category, "title");
    const list = products.data?.pages.flatMap((page) => page.products) ?? [];
    return (
        <>
            <select
                aria-label="Category"
                className="field mb-5 w-auto!"
                value={category}
                onChange={(event) => setCategory(event.target.value)}
            >
                <option value="">All categories</option>
                {categories.data?.categories.map((one) => (
                    <option key={one.category} value={one.category}>
                        {one.title}
                    </option>
                ))}
            </select>
            {products.error !== null && list.length === 0 && (
                <Trouble error={products.error} again={() => products.refetch()} />
            )}
            {products.isPending && <div className="skeleton h-64" aria-busy="true" />}
            {products.isSuccess && list.length === 0 && <Nothing title="Nothing here yet" />}
            <ul className="divide-y divide-line border-line [&:not(:empty)]:border-y">
                {list.map((product) => (
                    <li key={product.product_id}>
                        <Go
                            href={`/admin/goods/edit?slug=${product.slug}`}
                            className="grid grid-cols-[3.5rem_1fr_auto] items-center gap-4 py-3 hover:bg-surface"
                        >
                            <Picture
                                name={pictureOf(product.picture?.name, product.slug, product.category)}
                                alt=""
                                sizes="56px"
                                className="aspect-square w-full rounded-[3px]"
                            />
                            <span>
                                <span className="font-semibold">{product.title}</span>
                                <span className="block text-sm text-ink-soft">
                                    {product.slug}
                                    {product.available ? "" : ", sold out"}
                                </span>
                            </span>
                            <span className="figures font-medium">
                                {product.is_from && "from "}
                                {price(product.price)}
                            </span>
                        </Go>
                    </li>
                ))}
            </ul>
            {products.hasNextPage && (
                <Button
                    look="quiet"
                    className="mt-6"
                    busy={products.isFetchingNextPage}
                    busyText="Fetching"
                    onClick={() => products.fetchNextPage()}
                >
                    More of them
                </Button>
            )}
        </>
    );
}
