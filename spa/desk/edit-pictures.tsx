"use client";

import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useState } from "react";
import { useFieldArray, useFormContext } from "react-hook-form";
import { type Kind, kinds } from "@/shop/pictures";
import { Field } from "@/ui/field";
import { Picture } from "@/ui/picture";
import type { ProductForm } from "./product-form";

const PIECES = [1, 2, 3, 4, 5, 6];
const PICTURES_MAX = 12;

//  Those that are chosen, in their order, with words for those who do not see them; below, what there is to choose.
export function Pictures({ kind }: { kind: Kind }) {
    const { control, register, watch, formState } = useFormContext<ProductForm>();
    const pictures = useFieldArray({ control, name: "pictures" });
    const title = watch("title");
    const last = pictures.fields.length - 1;
    return (
        <fieldset>
            <legend className="display mb-1 text-head">Pictures</legend>
            <p className="mb-3 text-sm text-ink-soft">The first one stands in lists. Without any, the shop takes one of its kind.</p>
            <ol className="space-y-3">
                {pictures.fields.map((field, i) => (
                    <li key={field.id} className="grid grid-cols-[4rem_1fr] items-start gap-x-4 sm:grid-cols-[4rem_1fr_auto]">
                        <Picture name={field.name} alt="" sizes="64px" className="aspect-4/5 w-full rounded-[3px]" />
                        <Field
                            label={`What picture ${i + 1} shows`}
                            maxLength={160}
                            {...register(`pictures.${i}.alt`)}
                            error={formState.errors.pictures?.[i]?.alt?.message}
                        />
                        <span className="flex max-sm:col-start-2 max-sm:-ml-3 sm:pt-8">
                            <Move label={`Picture ${i + 1} earlier`} isOff={i === 0} onClick={() => pictures.move(i, i - 1)}>
                                <ArrowUp className="size-5" aria-hidden="true" />
                            </Move>
                            <Move label={`Picture ${i + 1} later`} isOff={i === last} onClick={() => pictures.move(i, i + 1)}>
                                <ArrowDown className="size-5" aria-hidden="true" />
                            </Move>
                            <Move label={`Leave picture ${i + 1} out`} onClick={() => pictures.remove(i)}>
                                <X className="size-5" aria-hidden="true" />
                            </Move>
                        </span>
                    </li>
                ))}
            </ol>
            {pictures.fields.length < PICTURES_MAX && (
                <Choice
                    kind={kind}
                    taken={pictures.fields.map((field) => field.name)}
                    onChoose={(name) => pictures.append({ name, alt: title })}
                />
            )}
        </fieldset>
    );
}

interface MoveProps {
    label: string;
    isOff?: boolean;
    onClick: () => void;
    children: React.ReactNode;
}

function Move({ label, isOff = false, onClick, children }: MoveProps) {
    return (
        <button
            type="button"
            aria-label={label}
            disabled={isOff}
            onClick={onClick}
            className="icon-button disabled:opacity-30"
        >
            {children}
        </button>
    );
}

interface ChoiceProps {
    kind: Kind;
    taken: string[];
    onChoose: (name: string) => void;
}

function Choice({ kind, taken, onChoose }: ChoiceProps) {
    const [shown, setShown] = useState<Kind | null>(null);
    return (
        <div className="mt-5 bg-sunk p-4">
            <div className="mb-3 flex items-center gap-3">
                <span className="font-semibold">Choose from</span>
                <select
                    aria-label="Kind of goods"
                    className="field min-h-10! w-auto! py-1.5!"
                    value={shown ?? kind}
                    onChange={(event) => setShown(event.target.value as Kind)}
                >
                    {kinds.map((one) => (
                        <option key={one} value={one}>
                            {`${one.charAt(0).toUpperCase()}${one.slice(1)}`}
                        </option>
                    ))}
                </select>
            </div>
            <ul className="grid grid-cols-3 gap-3 sm:grid-cols-6">
                {PIECES.map((n) => {
                    const name = `${shown ?? kind}-${n}`;
                    return (
                        <li key={name}>
                            <button
                                type="button"
                                aria-label={`Picture ${name}`}
                                disabled={taken.includes(name)}
                                onClick={() => onChoose(name)}
                                className="block w-full rounded-[3px] disabled:opacity-35"
                            >
                                <Picture name={name} alt="" sizes="110px" className="aspect-4/5 w-full rounded-[3px]" />
                            </button>
                        </li>
                    );
                })}
            </ul>
        </div>
    );
}
