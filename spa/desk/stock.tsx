"use client";

import { useState } from "react";
import { api, take } from "@/api/client";
import { Go } from "@/ui/go";
import { useParameter } from "./address";
import { Frame } from "./frame";
import { CELL, NothingFound, Pages, Plain, ROW, ROW_LINK, SearchField, Table, usePages, useSettled } from "./list";
import { Article } from "./stock-article";

export function Stock() {
    const sku = useParameter("sku");
    return (
        <Frame
            title={sku === null ? "Stock" : <Plain>{sku}</Plain>}
            room="/admin/stock"
            back={
                sku !== null && (
                    <Go href="/admin/stock" className="textlink tap">
                        All articles
                    </Go>
                )
            }
        >
            {sku === null ? <Shelves /> : <Article key={sku} sku={sku} />}
        </Frame>
    );
}

const FEW = 5; // as query counts what runs low

function Shelves() {
    const [text, setText] = useState("");
    const wanted = useSettled(text);
    const stock = usePages(["stock", wanted], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/stock", {
                signal,
                params: {
                    query: {
                        ...(wanted === "" ? {} : { begins: wanted.slice(0, 32) }),
                        ...(from === undefined ? {} : { from }),
                    },
                },
            }),
        ),
    );
    const list = stock.data?.pages.flatMap((page) => page.articles) ?? [];
    return (
        <>
            <div className="mb-5">
                <SearchField
                    label="Find an article"
                    hint="How its number begins …"
                    value={text}
                    onChange={setText}
                />
            </div>
            <Pages of={stock} count={list.length} empty={<NothingFound text={wanted} />}>
                <Table
                    label="Articles by number"
                    head={[
                        ["Article"],
                        ["Product"],
                        ["On the shelf", "text-right"],
                        ["Held", "hidden text-right sm:table-cell"],
                        ["To sell", "text-right"],
                    ]}
                >
                    {list.map((article) => {
                        const free = article.on_hand - article.held;
                        return (
                            <tr key={article.sku} className={ROW}>
                                <td className={`${CELL} whitespace-nowrap`}>
                                    <Go href={`/admin/stock?sku=${encodeURIComponent(article.sku)}`} className={ROW_LINK}>
                                        {article.sku}
                                    </Go>
                                </td>
                                <td className={CELL}>
                                    {article.title}
                                    {article.name !== "" && <span className="text-ink-soft">, {article.name}</span>}
                                </td>
                                <td className={`${CELL} text-right`}>{article.on_hand}</td>
                                <td className={`${CELL} hidden text-right text-ink-soft sm:table-cell`}>{article.held === 0 ? "" : article.held}</td>
                                <td className={`${CELL} text-right font-semibold ${free === 0 ? "text-madder" : ""}`}>
                                    {free <= FEW && (
                                        <span
                                            className={`mr-2 inline-block size-2.5 rounded-full ${free === 0 ? "bg-madder" : "bg-saffron"}`}
                                            role="img"
                                            aria-label={free === 0 ? "sold out" : "running low"}
                                        />
                                    )}
                                    {free}
                                </td>
                            </tr>
                        );
                    })}
                </Table>
            </Pages>
        </>
    );
}
