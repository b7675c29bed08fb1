"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useFieldArray, useForm } from "react-hook-form";
import { api, take } from "@/api/client";
import { type Product, useCategories, useProduct } from "@/shop/catalogue";
import { type ProductForm, product as productForm } from "@/shop/forms";
import { amountOf, minorOf } from "@/shop/money";
import { type Kind, kindOf, kinds } from "@/shop/pictures";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useAddress, useGo } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { Frame } from "./frame";
import { Stock } from "./stock";

const CURRENCY = "EUR";
const PIECES = [1, 2, 3, 4, 5, 6];

export function Edit() {
    const slug = new URLSearchParams(useAddress().split("?")[1] ?? "").get("slug");
    return (
        <Frame title={slug === null ? "New product" : "A product"}>
            {slug === null ? <Form product={null} /> : <Existing slug={slug} />}
        </Frame>
    );
}

function Existing({ slug }: { slug: string }) {
    const product = useProduct(slug);
    if (product.data === undefined)
        return product.error === null ? (
            <div className="skeleton h-96" aria-busy="true" />
        ) : (
            <Trouble error={product.error} again={() => product.refetch()} />
        );
    return (
        <div className="grid gap-x-16 gap-y-12 xl:grid-cols-[1fr_26rem]">
            <Form key={product.data.product_id} product={product.data} />
            <div className="space-y-10">
                <Shown product={product.data} />
                <Stock product={product.data} />
            </div>
        </div>
    );
}

const states = {
    draft: "A draft: nobody sees it but the shop’s own people.",
    published: "In the shop: everybody sees it.",
    withdrawn: "Withdrawn: nobody sees it any more; orders of it go on.",
};

function Shown({ product }: { product: Product }) {
    const queries = useQueryClient();
    const path = { params: { path: { product_id: product.product_id } } };
    const move = useMutation({
        mutationFn: (isPublished: boolean) =>
            isPublished
                ? take(api.POST("/api/admin/products/{product_id}/publish", path))
                : take(api.POST("/api/admin/products/{product_id}/withdraw", path)),
        onSettled: () => queries.invalidateQueries(),
    });
    const isPublished = product.state === "published";
    return (
        <section aria-labelledby="shown" className="bg-sunk p-6">
            <h2 id="shown" className="display text-head">
                Who sees it
            </h2>
            <p className="mb-4 mt-2" role="status">
                {states[product.state]}
            </p>
            {move.error !== null && <Trouble error={move.error} />}
            <div className="flex flex-wrap gap-3">
                <Button
                    look={isPublished ? "quiet" : "main"}
                    busy={move.isPending}
                    busyText={isPublished ? "Withdrawing" : "Publishing"}
                    onClick={() => move.mutate(!isPublished)}
                >
                    {isPublished ? "Withdraw it" : "Publish it"}
                </Button>
                {isPublished && (
                    <Go href={`/p/${product.slug}`} className="button button-quiet">
                        See its page
                    </Go>
                )}
            </div>
        </section>
    );
}

function valuesOf(product: Product | null): ProductForm {
    return {
        slug: product?.slug ?? "",
        title: product?.title ?? "",
        summary: product?.summary ?? "",
        text: product?.text ?? "",
        category: product?.category ?? "",
        articles: product?.articles.map(({ sku, name, price }) => ({ sku, name, price: amountOf(price) })) ?? [
            { sku: "", name: "", price: "" },
        ],
        pictures: product?.pictures ?? [],
    };
}

function Form({ product }: { product: Product | null }) {
    const queries = useQueryClient();
    const go = useGo();
    const id = useId();
    const categories = useCategories();
    const [productId] = useState(() => product?.product_id ?? crypto.randomUUID());
    const { register, control, handleSubmit, watch, setValue, formState } = useForm<ProductForm>({
        resolver: zodResolver(productForm),
        values: valuesOf(product),
    });
    const { errors } = formState;
    const articles = useFieldArray({ control, name: "articles" });
    const write = useMutation({
        mutationFn: async (form: ProductForm) => {
            const currency = product?.articles[0]?.price.currency ?? CURRENCY;
            const priced = form.articles.map(({ sku, name, price }) => ({
                sku,
                name,
                price: { minor: minorOf(price, currency) ?? 0, currency },
            }));
            const params = { path: { product_id: productId } };
            await take(
                api.PUT("/api/admin/products/{product_id}", {
                    params,
                    body: { ...form, articles: priced, traits: product?.traits ?? [] },
                }),
            );
            if (product === null) await take(api.POST("/api/admin/products/{product_id}/publish", { params }));
        },
        onSuccess: async (_answer, form) => {
            await queries.invalidateQueries();
            go(`/admin/goods/edit?slug=${form.slug}`);
        },
    });
    return (
        <form noValidate onSubmit={handleSubmit((form) => write.mutate(form))} className="max-w-3xl space-y-6">
            <Field label="Title" maxLength={100} {...register("title")} error={errors.title?.message} />
            <div className="grid gap-6 sm:grid-cols-2">
                <Field
                    label="Its name in addresses"
                    maxLength={60}
                    hint="Small letters, digits, single dashes."
                    {...register("slug")}
                    error={errors.slug?.message}
                />
                <div>
                    <label htmlFor={`${id}-category`} className="mb-1.5 block font-semibold">
                        Category
                    </label>
                    <select id={`${id}-category`} className="field" {...register("category")}>
                        <option value="">Choose one</option>
                        {categories.data?.categories.map((one) => (
                            <option key={one.category} value={one.category}>
                                {one.title}
                            </option>
                        ))}
                    </select>
                    {errors.category !== undefined && (
                        <p className="mt-1.5 text-sm font-medium text-madder">{errors.category.message}</p>
                    )}
                </div>
            </div>
            <Field label="In a sentence" maxLength={300} {...register("summary")} error={errors.summary?.message} />
            <div>
                <label htmlFor={`${id}-text`} className="mb-1.5 block font-semibold">
                    In full
                </label>
                <textarea id={`${id}-text`} rows={7} maxLength={8000} className="field" {...register("text")} />
            </div>
            <fieldset>
                <legend className="display mb-3 text-head">Variants</legend>
                <ul className="space-y-4">
                    {articles.fields.map((field, i) => (
                        <li key={field.id} className="grid gap-3 border border-line p-4 sm:grid-cols-[1fr_1fr_8rem_auto]">
                            <Field
                                label="Article number"
                                maxLength={32}
                                {...register(`articles.${i}.sku`)}
                                error={errors.articles?.[i]?.sku?.message}
                            />
                            <Field label="Its size, its colour" maxLength={60} {...register(`articles.${i}.name`)} />
                            <Field
                                label="Price, €"
                                inputMode="decimal"
                                {...register(`articles.${i}.price`)}
                                error={errors.articles?.[i]?.price?.message}
                            />
                            <button
                                type="button"
                                className="textlink self-end pb-3 text-sm disabled:invisible"
                                disabled={articles.fields.length === 1}
                                onClick={() => articles.remove(i)}
                            >
                                Remove<span className="sr-only"> variant {i + 1}</span>
                            </button>
                        </li>
                    ))}
                </ul>
                <Button look="quiet" className="mt-4" onClick={() => articles.append({ sku: "", name: "", price: "" })}>
                    One more variant
                </Button>
            </fieldset>
            <Pictures
                chosen={watch("pictures")}
                kind={kindOf(watch("category"), watch("slug"))}
                onChange={(pictures) => setValue("pictures", pictures, { shouldDirty: true })}
                title={watch("title")}
            />
            {write.error !== null && <Trouble error={write.error} />}
            <Button type="submit" busy={write.isPending} busyText="Keeping it">
                {product === null ? "Put it in the shop" : "Keep it"}
            </Button>
        </form>
    );
}

interface PicturesProps {
    chosen: ProductForm["pictures"];
    kind: Kind;
    title: string;
    onChange: (pictures: ProductForm["pictures"]) => void;
}

//  Press one to have it, once more to leave it; the first one stands in lists.
function Pictures({ chosen, kind, title, onChange }: PicturesProps) {
    const [shown, setShown] = useState<Kind | null>(null);
    const toggle = (name: string) =>
        onChange(
            chosen.some((one) => one.name === name)
                ? chosen.filter((one) => one.name !== name)
                : [...chosen, { name, alt: title }],
        );
    return (
        <fieldset>
            <legend className="display mb-3 text-head">Pictures</legend>
            <select
                aria-label="Kind of goods"
                className="field mb-3 w-auto! py-2"
                value={shown ?? kind}
                onChange={(event) => setShown(event.target.value as Kind)}
            >
                {kinds.map((one) => (
                    <option key={one}>{one}</option>
                ))}
            </select>
            <ul className="grid grid-cols-3 gap-3 sm:grid-cols-6">
                {PIECES.map((n) => {
                    const name = `${shown ?? kind}-${n}`;
                    const place = chosen.findIndex((one) => one.name === name);
                    return (
                        <li key={name}>
                            <button
                                type="button"
                                aria-pressed={place >= 0}
                                aria-label={place < 0 ? `Picture ${name}` : `Picture ${name}, number ${place + 1}`}
                                onClick={() => toggle(name)}
                                className="relative block w-full rounded-[3px] outline-2 outline-offset-2
                                    outline-transparent focus-visible:outline-cobalt aria-pressed:outline-ink"
                            >
                                <Picture name={name} alt="" sizes="110px" className="aspect-4/5 w-full rounded-[3px]" />
                                {place >= 0 && (
                                    <span className="figures absolute left-1.5 top-1.5 grid size-6 place-items-center bg-ink text-sm font-bold text-ground">
                                        {place + 1}
                                    </span>
                                )}
                            </button>
                        </li>
                    );
                })}
            </ul>
        </fieldset>
    );
}
