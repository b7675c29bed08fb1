"use client";

import { useDeferredValue, useState } from "react";
import { Problem } from "@/api/problems";
import { useAddToCart } from "./cart";
import { type Product, useCategories, useProduct, useProducts } from "./catalogue";
import { price } from "./money";
import { pictureOf } from "./pictures";
import { Reviews, Verdict } from "./reviews";
import { anything } from "./wish";
import { Button } from "@/ui/button";
import { Go, useName } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { PAGE_SIZES, Picture } from "@/ui/picture";
import { ProductGrid } from "@/ui/product-card";
import { useSheets } from "@/ui/shell";
import { Units } from "@/ui/units";

export function ProductPage() {
    const slug = useName();
    const product = useProduct(slug);
    //  What comes is drawn piece by piece, while keys and clicks are answered in between.
    const shown = useDeferredValue(product.data);
    if (product.error instanceof Problem && product.error.status === 404)
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Not here</h1>
                <Nothing title="There is no such thing here">
                    <p>It may have been withdrawn. The lanes have plenty of others.</p>
                    <Go href="/shop" className="button button-main mt-5">
                        Look around
                    </Go>
                </Nothing>
            </div>
        );
    if (product.error !== null && product.data === undefined)
        return (
            <div className="wrap pt-14">
                <Trouble error={product.error} again={() => product.refetch()} />
            </div>
        );
    if (product.data === undefined || shown === undefined) return <Waiting />;
    return <Detail key={shown.product_id} product={shown} />;
}

//  Of the large picture, and of what stands for it.
const SHAPE = "aspect-square w-full rounded-[3px] sm:aspect-4/5";

function Waiting() {
    return (
        <div className="wrap grid gap-x-16 gap-y-8 pt-6 lg:grid-cols-[1.1fr_1fr] lg:pt-8" aria-busy="true">
            <div className={`skeleton ${SHAPE}`} data-ahead="" />
            <div className="space-y-5 lg:pt-10">
                <div className="skeleton h-12 w-4/5" />
                <div className="skeleton h-6 w-1/3" />
                <div className="skeleton h-32" />
            </div>
        </div>
    );
}

const FEW = 5;

function stockText(available: number): [string, string] {
    if (available === 0) return ["Sold out", "bg-madder"];
    if (available <= FEW) return [`Only ${available} left`, "bg-saffron"];
    return ["In stock", "bg-glaze"];
}

function Detail({ product }: { product: Product }) {
    const { articles, pictures, slug, category } = product;
    //  Further down than anybody sees at first: after what is in front has been drawn.
    const isRestDrawn = useDeferredValue(true, false);
    const [sku, setSku] = useState(() => (articles.find((one) => one.available > 0) ?? articles[0])?.sku);
    const [units, setUnits] = useState(1);
    const [shown, setShown] = useState(0);
    const categories = useCategories();
    const add = useAddToCart();
    const { openCart } = useSheets();
    const article = articles.find((one) => one.sku === sku);
    const available = article?.available ?? 0;
    const wanted = Math.max(1, Math.min(units, available));
    const [stock, dot] = stockText(available);
    const lane = categories.data?.categories.find((one) => one.category === category);
    const names = pictures.length === 0 ? [{ name: "", alt: product.title }] : pictures;
    const picture = names[Math.min(shown, names.length - 1)] ?? { name: "", alt: product.title };
    return (
        <>
            <title>{`${product.title} · souk`}</title>
            <div className="wrap grid gap-x-16 gap-y-8 pt-6 lg:grid-cols-[1.1fr_1fr] lg:pt-8">
                <div>
                    <Picture
                        name={pictureOf(picture.name || undefined, slug, category)}
                        alt={picture.alt}
                        sizes={PAGE_SIZES}
                        load="first"
                        className={SHAPE}
                    />
                    {names.length > 1 && (
                        <ul className="mt-3 grid grid-cols-5 gap-3">
                            {names.map((one, i) => (
                                <li key={one.name}>
                                    <button
                                        type="button"
                                        aria-label={`Picture ${i + 1}: ${one.alt}`}
                                        aria-current={i === shown}
                                        onClick={() => setShown(i)}
                                        className="block w-full rounded-[3px] outline-2 outline-offset-2
                                            outline-transparent aria-[current=true]:outline-ink"
                                    >
                                        <Picture
                                            name={pictureOf(one.name, slug, category)}
                                            alt=""
                                            sizes="100px"
                                            className="aspect-square w-full rounded-[3px]"
                                        />
                                    </button>
                                </li>
                            ))}
                        </ul>
                    )}
                </div>
                <div className="lg:sticky lg:top-24 lg:self-start lg:pt-6">
                    <nav aria-label="Where this stands" className="text-ink-soft">
                        <Go href={`/shop/${category}`} className="textlink tap">
                            {lane?.title ?? category}
                        </Go>
                    </nav>
                    <h1 className="display text-title lg:mt-2">{product.title}</h1>
                    <Verdict productId={product.product_id} />
                    {article !== undefined && (
                        <p className="figures mt-4 text-2xl font-semibold">{price(article.price)}</p>
                    )}
                    <p className="mt-4 max-w-prose text-lg text-ink-soft">{product.summary}</p>

                    {articles.length > 1 && (
                        <fieldset className="mt-8">
                            <legend className="mb-3 font-semibold">Which one</legend>
                            <div className="flex flex-wrap gap-2.5">
                                {articles.map((one) => (
                                    <label
                                        key={one.sku}
                                        className={`relative flex min-h-12 cursor-pointer items-center rounded-[3px] border-[1.5px] px-4 font-medium transition-colors has-checked:border-ink has-checked:bg-ink has-checked:text-ground has-focus-visible:outline-2 has-focus-visible:outline-offset-3 has-focus-visible:outline-cobalt ${one.available === 0 ? "border-dashed border-line-strong text-ink-soft" : "border-line-strong hover:border-ink"}`}
                                    >
                                        <input
                                            type="radio"
                                            name="article"
                                            className="sr-only"
                                            checked={one.sku === sku}
                                            onChange={() => setSku(one.sku)}
                                        />
                                        {one.name === "" ? "one" : one.name}
                                        {one.available === 0 && <span className="ml-2 text-sm">sold out</span>}
                                    </label>
                                ))}
                            </div>
                        </fieldset>
                    )}

                    <p className="mt-7 flex items-center gap-2.5 font-medium" aria-live="polite">
                        <span className={`size-2.5 rounded-full ${dot}`} aria-hidden="true" />
                        {stock}
                    </p>
                    <div className="mt-4 flex flex-wrap gap-3">
                        <Units value={wanted} max={Math.max(1, available)} label={product.title} onChange={setUnits} />
                        <Button
                            className="min-w-44 flex-1"
                            disabled={available === 0 || article === undefined}
                            busy={add.isPending}
                            busyText="Putting it in"
                            onClick={() =>
                                article !== undefined &&
                                add.mutate({ sku: article.sku, units: wanted }, { onSuccess: openCart })
                            }
                        >
                            {available === 0 ? "Sold out" : "Put in the cart"}
                        </Button>
                    </div>
                    {add.error !== null && (
                        <div className="mt-4">
                            <Trouble error={add.error} />
                        </div>
                    )}
                    {product.text !== "" && (
                        <div className="mt-10 max-w-prose space-y-4 border-t border-line pt-8">
                            {product.text.split(/\n{2,}/).map((paragraph) => (
                                <p key={paragraph.slice(0, 60)}>{paragraph}</p>
                            ))}
                        </div>
                    )}
                </div>
            </div>
            {isRestDrawn && (
                <>
                    <Reviews product={product} />
                    <Neighbours product={product} />
                </>
            )}
        </>
    );
}

function Neighbours({ product }: { product: Product }) {
    const list = useProducts(product.category, anything);
    const found = useDeferredValue(list.data);
    const others =
        found?.products.filter((one) => one.product_id !== product.product_id).slice(0, 4) ?? [];
    if (others.length === 0) return null;
    return (
        <section className="wrap mt-24" aria-labelledby="neighbours">
            <h2 id="neighbours" className="display mb-8 text-title">
                On the next shelf
            </h2>
            <ProductGrid products={others} />
        </section>
    );
}
