"use client";

import { useState } from "react";
import type { Facet } from "./catalogue";
import { type Wish, wholeOf, withTrait } from "./wish";

const FEW = 6;

function groupsOf(facets: Facet[]): [string, Facet[]][] {
    const groups = new Map<string, Facet[]>();
    for (const facet of facets)
        if (facet.name !== "category") groups.set(facet.name, [...(groups.get(facet.name) ?? []), facet]);
    return [...groups];
}

interface Props {
    wish: Wish;
    facets: Facet[];
    onChange: (wish: Wish) => void;
}

//  What the list may be narrowed down by, and how much that would leave.
export function Facets({ wish, facets, onChange }: Props) {
    return (
        <div className="space-y-7">
            {groupsOf(facets).map(([name, values]) => (
                <Group key={name} name={name} values={values} wish={wish} onChange={onChange} />
            ))}
            <fieldset>
                <legend className="mb-2 font-semibold">Price, €</legend>
                <div className="flex items-center gap-2">
                    <Price
                        key={`from-${wish.lowest}`}
                        label="Price from"
                        value={wish.lowest}
                        onChange={(lowest) => onChange({ ...wish, lowest })}
                    />
                    <span aria-hidden="true">to</span>
                    <Price
                        key={`to-${wish.highest}`}
                        label="Price to"
                        value={wish.highest}
                        onChange={(highest) => onChange({ ...wish, highest })}
                    />
                </div>
            </fieldset>
            <label className="flex min-h-11 lg:min-h-9 cursor-pointer items-center gap-2.5">
                <input
                    type="checkbox"
                    className="size-4.5 accent-glaze"
                    checked={wish.isAvailable}
                    onChange={() => onChange({ ...wish, isAvailable: !wish.isAvailable })}
                />
                In stock only
            </label>
        </div>
    );
}

function Group({ name, values, wish, onChange }: { name: string; values: Facet[] } & Omit<Props, "facets">) {
    const [isAll, setAll] = useState(false);
    const shown = isAll ? values : values.filter((one, i) => i < FEW || one.is_chosen);
    return (
        <fieldset>
            <legend className="mb-1.5 font-semibold first-letter:uppercase">{name}</legend>
            {shown.map(({ value, products }) => {
                const trait = `${name}:${value}`;
                return (
                    <label key={value} className="flex min-h-11 lg:min-h-9 cursor-pointer items-center gap-2.5">
                        <input
                            type="checkbox"
                            className="size-4.5 shrink-0 accent-glaze"
                            checked={wish.traits.includes(trait)}
                            onChange={() => onChange(withTrait(wish, trait))}
                        />
                        <span className="min-w-0 flex-1 first-letter:uppercase">{value}</span>
                        <span className="figures text-sm text-ink-soft">{products}</span>
                    </label>
                );
            })}
            {shown.length < values.length && (
                <button type="button" className="textlink tap text-sm" onClick={() => setAll(true)}>
                    All {values.length}
                </button>
            )}
        </fieldset>
    );
}

//  Taken when the fingers leave it: a price half typed would empty the list.
function Price({
    label,
    value,
    onChange,
}: {
    label: string;
    value: number | null;
    onChange: (value: number | null) => void;
}) {
    const [typed, setTyped] = useState(value === null ? "" : String(value));
    const take = () => {
        const taken = wholeOf(typed);
        if (taken === null) setTyped("");
        if (taken !== value) onChange(taken);
    };
    return (
        <input
            className="field min-w-0 flex-1 py-2!"
            aria-label={label}
            inputMode="numeric"
            maxLength={9}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={take}
            onKeyDown={(event) => event.key === "Enter" && take()}
        />
    );
}
