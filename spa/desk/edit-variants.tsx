"use client";

import { useFieldArray, useFormContext } from "react-hook-form";
import { useCategories } from "@/shop/catalogue";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import type { ProductForm } from "./product-form";

const VARIANTS_MAX = 24;
const TRAITS_MAX = 12;
const ALSO_IN_MAX = 4;

const remove = "textlink self-end pb-3 text-sm disabled:invisible";

export function Variants() {
    const { register, control, formState } = useFormContext<ProductForm>();
    const articles = useFieldArray({ control, name: "articles" });
    const { errors } = formState;
    return (
        <fieldset>
            <legend className="display mb-3 text-head">Variants</legend>
            <ul className="space-y-3">
                {articles.fields.map((field, i) => (
                    <li key={field.id} className="grid gap-3 border border-line p-4 sm:grid-cols-[1fr_1fr_7rem_auto]">
                        <Field
                            label="Article number"
                            maxLength={32}
                            {...register(`articles.${i}.sku`)}
                            error={errors.articles?.[i]?.sku?.message}
                        />
                        <Field
                            label="Its size, its colour"
                            maxLength={60}
                            {...register(`articles.${i}.name`)}
                            error={errors.articles?.[i]?.name?.message}
                        />
                        <Field
                            label="Price, €"
                            inputMode="decimal"
                            {...register(`articles.${i}.price`)}
                            error={errors.articles?.[i]?.price?.message}
                        />
                        <button
                            type="button"
                            className={remove}
                            disabled={articles.fields.length === 1}
                            onClick={() => articles.remove(i)}
                        >
                            Remove<span className="sr-only"> variant {i + 1}</span>
                        </button>
                    </li>
                ))}
            </ul>
            <Button
                look="quiet"
                className="mt-3"
                disabled={articles.fields.length >= VARIANTS_MAX}
                onClick={() => articles.append({ sku: "", name: "", price: "" })}
            >
                One more variant
            </Button>
        </fieldset>
    );
}

//  What shoppers filter by: material clay, origin Fez.
export function Traits() {
    const { register, control, formState } = useFormContext<ProductForm>();
    const traits = useFieldArray({ control, name: "traits" });
    const { errors } = formState;
    return (
        <fieldset>
            <legend className="display mb-3 text-head">What it is like</legend>
            <ul className="space-y-3">
                {traits.fields.map((field, i) => (
                    <li key={field.id} className="grid grid-cols-[1fr_1fr_auto] gap-3">
                        <Field
                            label="What"
                            maxLength={32}
                            {...register(`traits.${i}.name`)}
                            error={errors.traits?.[i]?.name?.message}
                        />
                        <Field
                            label="Is"
                            maxLength={60}
                            {...register(`traits.${i}.value`)}
                            error={errors.traits?.[i]?.value?.message}
                        />
                        <button type="button" className={remove} onClick={() => traits.remove(i)}>
                            Remove<span className="sr-only"> line {i + 1}</span>
                        </button>
                    </li>
                ))}
            </ul>
            <Button
                look="quiet"
                className="mt-3"
                disabled={traits.fields.length >= TRAITS_MAX}
                onClick={() => traits.append({ name: "", value: "" })}
            >
                One more line
            </Button>
        </fieldset>
    );
}

export function AlsoIn() {
    const { watch, setValue, formState } = useFormContext<ProductForm>();
    const categories = useCategories();
    const own = watch("category");
    const chosen = watch("also_in");
    const others = categories.data?.categories.filter(({ category }) => category !== own) ?? [];
    const toggle = (category: string, isIn: boolean) =>
        setValue("also_in", isIn ? [...chosen, category] : chosen.filter((one) => one !== category), {
            shouldDirty: true,
        });
    if (others.length === 0) return null;
    return (
        <fieldset>
            <legend className="mb-1.5 font-semibold">Shown in these, too</legend>
            <div className="flex flex-wrap gap-x-5 gap-y-2">
                {others.map(({ category, title }) => (
                    <label key={category} className="flex items-center gap-2">
                        <input
                            type="checkbox"
                            className="size-4.5 accent-[var(--glaze)]"
                            checked={chosen.includes(category)}
                            disabled={!chosen.includes(category) && chosen.length >= ALSO_IN_MAX}
                            onChange={(event) => toggle(category, event.target.checked)}
                        />
                        {title}
                    </label>
                ))}
            </div>
            {formState.errors.also_in !== undefined && (
                <p className="mt-1.5 text-sm font-medium text-madder">{formState.errors.also_in.message}</p>
            )}
        </fieldset>
    );
}
