"use client";

import { useFieldArray, useFormContext } from "react-hook-form";
import { useCategories } from "@/shop/catalogue";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import type { ProductForm } from "./product-form";

const VARIANTS_MAX = 24;
const TRAITS_MAX = 12;
const ALSO_IN_MAX = 4;

interface LinesProps<Name extends "articles" | "traits"> {
    name: Name;
    legend: string;
    columns: readonly { key: keyof ProductForm[Name][number] & string; label: string; max?: number; isPrice?: boolean }[];
    look: string;
    blank: ProductForm[Name][number];
    least: number;
    most: number;
    one: string; //  what each of them is called
}

//  As many rows of fields as there are of something.
function Lines<Name extends "articles" | "traits">(props: LinesProps<Name>) {
    const { name, legend, columns, look, blank, least, most, one } = props;
    const { register, control, formState } = useFormContext<ProductForm>();
    const lines = useFieldArray({ control, name: name as "articles" });
    const errors = formState.errors[name] as Record<number, Record<string, { message?: string }>> | undefined;
    return (
        <fieldset>
            <legend className="display mb-3 text-head">{legend}</legend>
            <ul className="divide-y divide-line border-y border-line [&:empty]:hidden">
                {lines.fields.map((field, i) => (
                    <li key={field.id} className={`grid gap-3 py-4 ${look}`}>
                        {columns.map(({ key, label, max, isPrice }) => (
                            <Field
                                key={key}
                                label={label}
                                {...(max === undefined ? {} : { maxLength: max })}
                                {...(isPrice === true ? { inputMode: "decimal" } : {})}
                                {...register(`${name}.${i}.${key}` as "articles.0.sku")}
                                error={errors?.[i]?.[key]?.message}
                            />
                        ))}
                        <button
                            type="button"
                            className="textlink tap mt-8 justify-self-start text-sm disabled:invisible max-sm:mt-0"
                            disabled={lines.fields.length <= least}
                            onClick={() => lines.remove(i)}
                        >
                            Remove
                            <span className="sr-only">
                                {" "}
                                {one} {i + 1}
                            </span>
                        </button>
                    </li>
                ))}
            </ul>
            <Button
                look="quiet"
                className="mt-3"
                disabled={lines.fields.length >= most}
                onClick={() => lines.append(blank as ProductForm["articles"][number])}
            >
                One more {one}
            </Button>
        </fieldset>
    );
}

export function Variants() {
    return (
        <Lines
            name="articles"
            legend="Variants"
            one="variant"
            columns={[
                { key: "sku", label: "Article number", max: 32 },
                { key: "name", label: "Its size, its colour", max: 60 },
                { key: "price", label: "Price, €", isPrice: true },
            ]}
            look="sm:grid-cols-[1fr_1fr_7rem_4rem]"
            blank={{ sku: "", name: "", price: "" }}
            least={1}
            most={VARIANTS_MAX}
        />
    );
}

//  What shoppers filter by: material clay, origin Fez.
export function Traits() {
    return (
        <Lines
            name="traits"
            legend="What it is like"
            one="line"
            columns={[
                { key: "name", label: "What", max: 32 },
                { key: "value", label: "Is", max: 60 },
            ]}
            look="grid-cols-2 sm:grid-cols-[1fr_1fr_4rem]"
            blank={{ name: "", value: "" }}
            least={0}
            most={TRAITS_MAX}
        />
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
