"use client";

import { useState } from "react";
import { api, take } from "@/api/client";
import { once } from "@/api/once";
import type { components } from "@/api/schema";
import { useCategories } from "@/shop/catalogue";
import { price } from "@/shop/money";
import { pictureOf } from "@/shop/pictures";
import { momentOf } from "@/shop/times";
import { Go } from "@/ui/go";
import { Picture } from "@/ui/picture";
import { useWhich } from "./address";
import { Frame } from "./frame";
import { CELL, Chips, chipsOf, NothingFound, Pages, ROW, ROW_LINK, SearchField, Table, usePages, useSettled } from "./list";

type Card = components["schemas"]["office_card"];
type Which = "all" | Card["state"];

const texts: Record<Which, string> = {
    all: "All",
    published: "In the shop",
    draft: "Drafts",
    withdrawn: "Withdrawn",
};
const looks: Record<Card["state"], [text: string, dot: string]> = {
    published: ["In the shop", "bg-glaze"],
    draft: ["Draft", "bg-saffron"],
    withdrawn: ["Withdrawn", "bg-line-strong"],
};

export function Goods() {
    return (
        <Frame
            title="Goods"
            room="/admin/goods"
            action={
                <Go href="/admin/goods/edit" className="button button-main min-h-11!">
                    New product
                </Go>
            }
        >
            <List />
        </Frame>
    );
}

function List() {
    const [which, choose] = useWhich<Which>("/admin/goods", ["all", "published", "draft", "withdrawn"]);
    const [text, setText] = useState("");
    const wanted = useSettled(text);
    const products = usePages(["goods", which, wanted], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/products", {
                signal,
                params: {
                    query: {
                        ...(which === "all" ? {} : { state: which }),
                        ...(wanted === "" ? {} : { text: wanted.slice(0, 60) }),
                        ...(from === undefined ? {} : { from }),
                    },
                },
            }),
        ),
    );
    const categories = useCategories();
    const list = once(
        products.data?.pages,
        (page) => page.products,
        (one) => one.product_id,
    );
    return (
        <>
            <div className="mb-5 flex flex-wrap items-center gap-x-6 gap-y-3">
                <SearchField label="Find a product" hint="Title, address, article …" value={text} onChange={setText} />
                <Chips
                    label="Which products"
                    chosen={which}
                    chips={chipsOf(texts)}
                    onChoose={choose}
                />
            </div>
            <Pages of={products} count={list.length} empty={<NothingFound text={wanted} />}>
                <Table
                    label="Products by title"
                    head={[
                        ["Product"],
                        ["Category", "hidden md:table-cell"],
                        ["State", "hidden sm:table-cell"],
                        ["On the shelf", "text-right"],
                        ["Price", "text-right"],
                        ["Changed", "hidden text-right lg:table-cell"],
                    ]}
                >
                    {list.map((product) => (
                        <Row
                            key={product.product_id}
                            product={product}
                            category={categories.data?.categories.find((one) => one.category === product.category)?.title ?? product.category}
                        />
                    ))}
                </Table>
            </Pages>
        </>
    );
}

function Row({ product, category }: { product: Card; category: string }) {
    const [state, dot] = looks[product.state];
    const free = product.on_hand - product.held;
    return (
        <tr className={ROW}>
            <td className={CELL}>
                <span className="flex items-center gap-3">
                    <span className="size-10 shrink-0">
                        <Picture
                            name={pictureOf(product.picture?.name, product.slug, product.category)}
                            alt=""
                            sizes="40px"
                            className="size-10 rounded-[3px]"
                        />
                    </span>
                    <span className="min-w-0">
                        <Go href={`/admin/goods/edit?id=${product.product_id}`} className={ROW_LINK}>
                            {product.title}
                        </Go>
                        <span className="block text-sm text-ink-soft">
                            {product.articles === 1 ? product.slug : `${product.articles} variants`}
                        </span>
                    </span>
                </span>
            </td>
            <td className={`${CELL} hidden md:table-cell`}>{category}</td>
            <td className={`${CELL} hidden sm:table-cell`}>
                <span className="inline-flex items-center gap-2 whitespace-nowrap">
                    <span className={`size-2.5 rounded-full ${dot}`} aria-hidden="true" />
                    {state}
                </span>
            </td>
            <td className={`${CELL} text-right ${free === 0 ? "text-madder" : ""}`}>
                {product.on_hand}
                {product.held > 0 && <span className="block text-sm text-ink-soft">{product.held} held</span>}
            </td>
            <td className={`${CELL} whitespace-nowrap text-right font-semibold`}>
                {product.articles > 1 && <span className="text-sm font-normal text-ink-soft">from </span>}
                {price(product.price)}
            </td>
            <td className={`${CELL} hidden whitespace-nowrap text-right text-ink-soft lg:table-cell`}>
                {momentOf(product.changed_ms)}
            </td>
        </tr>
    );
}
