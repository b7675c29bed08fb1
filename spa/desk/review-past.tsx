"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import { momentOf } from "@/shop/times";
import { Stars } from "@/ui/star";
import { Waiting } from "@/ui/waiting";
import { stepOf } from "./review-words";

//  What moderation did with a review so far, and what everybody reads of it now. Asked for when somebody wants to know.
export function Past({ id, isShown }: { id: string; isShown: boolean }) {
    const [isOpen, setOpen] = useState(false);
    return (
        <details className="mt-3" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary className="tap w-fit font-semibold">
                What happened before{isShown ? "; older words of it are read by everybody" : ""}
            </summary>
            {isOpen && <Steps id={id} />}
        </details>
    );
}

function Steps({ id }: { id: string }) {
    const past = useQuery({
        queryKey: ["admin", "review", id],
        queryFn: ({ signal }) =>
            take(api.GET("/api/admin/moderation/{review_id}/log", { signal, params: { path: { review_id: id } } })),
    });
    if (past.data === undefined) return <Waiting of={past} className="mt-3 h-20" />;
    const { shown, steps } = past.data;
    return (
        <div className="mt-3 space-y-3 border-l-2 border-line pl-4">
            {shown !== undefined && (
                <blockquote className="bg-sunk px-3 py-2 text-[0.9375rem]">
                    <p className="flex flex-wrap items-center gap-x-3">
                        <Stars value={shown.stars} className="h-3.5" />
                        <strong className="font-semibold">{shown.title}</strong>
                    </p>
                    <p className="whitespace-pre-line">{shown.text}</p>
                    <p className="mt-1 text-sm text-ink-soft">What everybody reads now</p>
                </blockquote>
            )}
            <ol className="space-y-2 text-[0.9375rem]">
                {steps.map((step, i) => (
                    <li key={`${step.at_ms}-${i}`}>
                        {stepOf(step)}
                        {step.note !== "" && <span className="block text-ink-soft">“{step.note}”</span>}
                        <span className="figures block text-sm text-ink-soft">
                            {momentOf(step.at_ms)}
                            {step.revision > 0 && `, version ${step.revision}`},{" "}
                            {step.by === undefined ? (step.turn === "dropped" ? "by its author" : "by rule") : `by ${step.by_name}`}
                        </span>
                    </li>
                ))}
            </ol>
        </div>
    );
}
