import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Problem, wordsOf } from "@/api/problems";
import { STAR } from "./star";

//  What went wrong, why, and what to do.
export function Trouble({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
    const { what, next } = wordsOf(error);
    const correlation = error instanceof Problem && error.status >= 500 ? error.correlation : "";
    return (
        <div role="alert" className="flex gap-3 border-l-4 border-madder bg-madder-wash px-4 py-3">
            <CircleAlert className="mt-0.5 size-5 shrink-0 text-madder" aria-hidden="true" />
            <div>
                <p>
                    <strong className="font-semibold">{what}</strong> {next}
                </p>
                {correlation !== "" && <p className="mt-1 text-sm">If you write to us, name {correlation}.</p>}
                {again !== undefined && (
                    <button type="button" onClick={again} className="textlink mt-2 font-semibold">
                        Try again
                    </button>
                )}
            </div>
        </div>
    );
}

//  A tile that nobody has painted yet.
function EmptyStar() {
    return (
        <svg viewBox="-2 -2 28 28" className="size-16" fill="none" strokeWidth="0.8" aria-hidden="true">
            <path d={STAR} stroke="var(--line-strong)" />
            <path d={STAR} stroke="var(--line-strong)" transform="translate(12 12) scale(.68) translate(-12 -12)" />
            <path d={STAR} fill="var(--saffron)" transform="translate(12 12) scale(.34) translate(-12 -12)" />
        </svg>
    );
}

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
    return (
        <div className="flex flex-col items-center gap-4 border-y border-line px-6 py-14 text-center">
            <EmptyStar />
            <p className="display text-head">{title}</p>
            <div className="max-w-md text-ink-soft">{children}</div>
        </div>
    );
}
