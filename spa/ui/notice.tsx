import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Problem, wordsOf } from "@/api/problems";
import { Star } from "./star";

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

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
    return (
        <div className="flex flex-col items-center gap-4 border border-dashed border-line-strong px-6 py-16
            text-center">
            <Star className="size-9 text-line-strong" />
            <p className="display text-head">{title}</p>
            <div className="max-w-md text-ink-soft">{children}</div>
        </div>
    );
}
