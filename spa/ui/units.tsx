"use client";

import { Minus, Plus } from "lucide-react";

interface Props {
    value: number;
    max: number;
    min?: number;
    label: string;
    onChange: (units: number) => void;
}

//  How many: two buttons, and the number between them is read out when it changes.
export function Units({ value, max, min = 1, label, onChange }: Props) {
    const button =
        "grid h-full w-11 place-items-center text-ink disabled:text-line-strong disabled:hover:bg-transparent hover:bg-sunk transition-colors";
    return (
        <div
            role="group"
            aria-label={label}
            className="inline-flex h-12 items-stretch rounded-[3px] border-[1.5px] border-line-strong"
        >
            <button
                type="button"
                className={button}
                disabled={value <= min}
                onClick={() => onChange(value - 1)}
                aria-label={`One less of ${label}`}
            >
                <Minus className="size-4" aria-hidden="true" />
            </button>
            <span className="figures grid min-w-9 place-items-center font-semibold" aria-live="polite">
                {value}
            </span>
            <button
                type="button"
                className={button}
                disabled={value >= max}
                onClick={() => onChange(value + 1)}
                aria-label={`One more of ${label}`}
            >
                <Plus className="size-4" aria-hidden="true" />
            </button>
        </div>
    );
}
