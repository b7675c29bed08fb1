"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { api, take } from "@/api/client";
import { Problem } from "@/api/problems";
import { useCategories } from "@/shop/catalogue";
import { kindOf } from "@/shop/pictures";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useGo } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { entryOf } from "@/ui/rules";
import { Waiting } from "@/ui/waiting";
import { useParameter } from "./address";
import { Pictures } from "./edit-pictures";
import { AlsoIn, Traits, Variants } from "./edit-variants";
import { Frame } from "./frame";
import { Prices } from "./prices";
import { bodyOf, type OfficeProduct, product as schema, type ProductForm, seenOf, valuesOf } from "./product-form";

export function Edit() {
    const id = useParameter("id");
    const product = useQuery({
        queryKey: ["admin", "product", id],
        notifyOnChangeProps: "all",     //  the frame may show why there is none later than it comes
        enabled: id !== null,
        queryFn: ({ signal }) =>
            take(api.GET("/api/admin/products/{product_id}", { signal, params: { path: { product_id: id ?? "" } } })),
    });
    return (
        <Frame
            title={id === null ? "New product" : (product.data?.title ?? "A product")}
            room="/admin/goods"
            back={
                <Go href="/admin/goods" className="textlink tap">
                    All goods
                </Go>
            }
        >
            {id === null ? (
                <Form product={null} />
            ) : product.data === undefined ? (
                <Waiting of={product} className="h-96" />
            ) : (
                <div className="grid gap-x-14 gap-y-12 xl:grid-cols-[1fr_25rem]">
                    <Form key={id} product={product.data} />
                    <div className="space-y-10">
                        <Shown product={product.data} />
                        <Shelf product={product.data} />
                        <Prices product={product.data} />
                    </div>
                </div>
            )}
        </Frame>
    );
}

const states = {
    draft: "A draft: nobody sees it but the shop’s own people.",
    published: "In the shop: everybody sees it.",
    withdrawn: "Withdrawn: nobody sees it any more; orders of it go on.",
};

function Shown({ product }: { product: OfficeProduct }) {
    const queries = useQueryClient();
    const path = { params: { path: { product_id: product.product_id }, ...seenOf(product.version) } };
    const move = useMutation({
        mutationFn: (isPublished: boolean) =>
            isPublished
                ? take(api.POST("/api/admin/products/{product_id}/publish", path))
                : take(api.POST("/api/admin/products/{product_id}/withdraw", path)),
        onSettled: () => queries.invalidateQueries(),
    });
    const isPublished = product.state === "published";
    return (
        <section aria-labelledby="shown" className="bg-sunk p-5">
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

function Shelf({ product }: { product: OfficeProduct }) {
    return (
        <section aria-labelledby="shelf">
            <h2 id="shelf" className="display text-head">
                On the shelf
            </h2>
            <ul className="figures mt-3 divide-y divide-line border-y border-line">
                {product.articles.map((article) => (
                    <li key={article.sku} className="relative flex justify-between gap-4 py-2.5 hover:bg-surface">
                        <Go
                            href={`/admin/stock?sku=${encodeURIComponent(article.sku)}`}
                            className="textlink min-w-0 truncate after:absolute after:inset-0"
                        >
                            {article.name === "" ? article.sku : article.name}
                        </Go>
                        <span className="shrink-0">
                            {article.on_hand}
                            {article.held > 0 && <span className="text-ink-soft">, {article.held} held</span>}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

//  A choice that is made already can be shown before there is a list to choose from.
function unnamed(product: OfficeProduct | null) {
    return product === null ? [] : [{ category: product.category, title: product.category }];
}

//  What is written names the version that was seen: nobody overwrites what somebody else has just changed.
function Form({ product }: { product: OfficeProduct | null }) {
    const queries = useQueryClient();
    const go = useGo();
    const id = useId();
    const categories = useCategories();
    const [productId] = useState(() => product?.product_id ?? crypto.randomUUID());
    const [seen, setSeen] = useState(product?.version ?? null);
    const form = useForm<ProductForm>({ resolver: zodResolver(schema), defaultValues: valuesOf(product) });
    const { register, handleSubmit, watch, reset, formState } = form;
    const { errors, isDirty } = formState;
    const entry = entryOf(form);
    const isOld = product !== null && product.version !== seen;
    useEffect(() => {
        if (product === null || !isOld || isDirty) return;
        reset(valuesOf(product));
        setSeen(product.version);
    }, [product, isOld, isDirty, reset]);
    const write = useMutation({
        mutationFn: async ({ values, isShown }: { values: ProductForm; isShown: boolean }) => {
            const path = { product_id: productId };
            await take(
                api.PUT("/api/admin/products/{product_id}", {
                    params: { path, ...seenOf(seen) },
                    body: bodyOf(values, product),
                }),
            );
            if (isShown) await take(api.POST("/api/admin/products/{product_id}/publish", { params: { path } }));
        },
        onSuccess: async (_answer, { values }) => {
            reset(values);
            await queries.invalidateQueries();
            if (product === null) go(`/admin/goods/edit?id=${productId}`);
        },
        onError: () => queries.invalidateQueries({ queryKey: ["admin", "product", productId] }),
    });
    const isTaken = write.error instanceof Problem && write.error.code === "catalog.changed";
    const send = (isShown: boolean) => handleSubmit((values) => write.mutate({ values, isShown }));
    return (
        <FormProvider {...form}>
            <form noValidate onSubmit={send(product === null)} className="max-w-3xl space-y-6 **:scroll-mb-28">
                {isOld && isDirty && product !== null && (
                    <Overtaken
                        onTheirs={() => {
                            reset(valuesOf(product));
                            setSeen(product.version);
                            write.reset();
                        }}
                        onMine={() => {
                            setSeen(product.version);
                            write.reset();
                        }}
                    />
                )}
                <Field label="Title" maxLength={100} {...entry("title")} />
                <div className="grid gap-6 sm:grid-cols-2">
                    <Field
                        label="Its name in addresses"
                        maxLength={60}
                        hint="Small letters, digits, single dashes."
                        {...entry("slug")}
                    />
                    <div>
                        <label htmlFor={`${id}-category`} className="mb-1.5 block font-semibold">
                            Category
                        </label>
                        <select
                            id={`${id}-category`}
                            className="field"
                            aria-invalid={errors.category !== undefined}
                            {...register("category")}
                        >
                            <option value="">Choose one</option>
                            {(categories.data?.categories ?? unnamed(product)).map((one) => (
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
                <AlsoIn />
                <Field label="In a sentence" maxLength={300} {...entry("summary")} />
                <div>
                    <label htmlFor={`${id}-text`} className="mb-1.5 block font-semibold">
                        In full
                    </label>
                    <textarea id={`${id}-text`} rows={6} maxLength={8000} className="field" {...register("text")} />
                </div>
                <Variants />
                <Pictures kind={kindOf(watch("category"), watch("slug"))} />
                <Traits />
                {write.error !== null && !isTaken && <Trouble error={write.error} />}
                <div
                    className={`-mx-2 flex flex-wrap items-center gap-3 border-t border-line bg-ground px-2 py-4 ${
                        isDirty ? "sticky bottom-0 z-10" : ""
                    }`}
                >
                    <Button type="submit" busy={write.isPending} busyText="Keeping it" disabled={product !== null && !isDirty}>
                        {product === null ? "Put it in the shop" : "Keep it"}
                    </Button>
                    {product === null && (
                        <Button look="quiet" disabled={write.isPending} onClick={send(false)}>
                            Keep it as a draft
                        </Button>
                    )}
                    {product !== null && (
                        <p className="text-sm text-ink-soft" role="status">
                            {write.isPending ? "" : isDirty ? "Not kept yet." : write.isSuccess ? "Kept." : ""}
                        </p>
                    )}
                </div>
            </form>
        </FormProvider>
    );
}

function Overtaken({ onTheirs, onMine }: { onTheirs: () => void; onMine: () => void }) {
    return (
        <div role="alert" className="border-l-4 border-saffron bg-saffron-wash px-4 py-3">
            <p>
                <strong className="font-semibold">Somebody else has changed this product meanwhile.</strong> What you
                typed is still here, and nothing of it is kept yet.
            </p>
            <div className="mt-3 flex flex-wrap gap-3">
                <Button look="quiet" onClick={onTheirs}>
                    Take theirs
                </Button>
                <Button look="quiet" onClick={onMine}>
                    Go on with mine
                </Button>
            </div>
        </div>
    );
}
