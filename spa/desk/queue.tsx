"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { momentOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Stars } from "@/ui/star";
import { Frame } from "./frame";

type Queued = components["schemas"]["queued_review"];

const findings: Record<Queued["finding"], string> = {
    word: "a word that is not wanted",
    link: "a link",
    shouting: "it is written in capitals",
    repeats: "the same letter or word over and over",
    said_before: "its author has said the same of another product",
};

export function Queue() {
    return (
        <Frame title="Reviews that wait">
            <Waiting />
        </Frame>
    );
}

function Waiting() {
    const queue = useInfiniteQuery({
        queryKey: ["moderation"],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/admin/moderation", {
                    signal,
                    params: { query: pageParam === undefined ? {} : { from: pageParam } },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
    const list = queue.data?.pages.flatMap((page) => page.reviews) ?? [];
    if (queue.error !== null && list.length === 0) return <Trouble error={queue.error} again={() => queue.refetch()} />;
    if (queue.isPending) return <div className="skeleton h-64" aria-busy="true" />;
    if (list.length === 0)
        return (
            <Nothing title="Nothing waits">
                <p>Reviews come here when something in them strikes moderation; all others are shown at once.</p>
            </Nothing>
        );
    return (
        <>
            <ul className="grid gap-6 lg:grid-cols-2">
                {list.map((review) => (
                    <li key={`${review.review_id}-${review.revision}`} className="flex flex-col bg-surface p-6">
                        <Review review={review} />
                    </li>
                ))}
            </ul>
            {queue.hasNextPage && (
                <Button look="quiet" className="mt-6" onClick={() => queue.fetchNextPage()}>
                    More of them
                </Button>
            )}
        </>
    );
}

function Review({ review }: { review: Queued }) {
    const queries = useQueryClient();
    const [reason, setReason] = useState<string | null>(null);
    const path = { path: { review_id: review.review_id } };
    const judge = useMutation({
        mutationFn: (why: string | null) =>
            why === null
                ? take(api.POST("/api/admin/moderation/{review_id}/approve", { params: path, body: { revision: review.revision } }))
                : take(
                      api.POST("/api/admin/moderation/{review_id}/refuse", {
                          params: path,
                          body: { revision: review.revision, reason: why },
                      }),
                  ),
        onSettled: () => queries.invalidateQueries({ queryKey: ["moderation"] }),
    });
    const isBusy = judge.isPending || judge.isSuccess;
    return (
        <>
            <p className="flex flex-wrap items-center gap-x-4 gap-y-1">
                <Stars value={review.words.stars} />
                <strong className="text-lg font-semibold">{review.words.title}</strong>
            </p>
            <p className="mt-2 whitespace-pre-line">{review.words.text}</p>
            <p className="mt-4 bg-saffron-wash px-3 py-2 text-sm">
                What struck: {findings[review.finding]}
                {review.word === "" ? "" : `, “${review.word}”`}.
            </p>
            <p className="mb-5 mt-3 text-sm text-ink-soft">
                {review.author_name === "" ? "Somebody" : review.author_name}, {momentOf(review.queued_ms)}, about{" "}
                <Go href={`/p/${review.product_slug}`} className="textlink">
                    {review.product_title}
                </Go>
                {review.is_verified ? ", bought here" : ""}
            </p>
            {judge.error !== null && (
                <div className="mb-4">
                    <Trouble error={judge.error} />
                </div>
            )}
            <div className="mt-auto space-y-4">
                {reason !== null && (
                    <Field
                        label="Why; its author reads it"
                        maxLength={200}
                        value={reason}
                        onChange={(event) => setReason(event.target.value)}
                    />
                )}
                <div className="flex flex-wrap gap-3">
                    {reason === null ? (
                        <>
                            <Button busy={isBusy} busyText="Letting it in" onClick={() => judge.mutate(null)}>
                                Let everybody read it
                            </Button>
                            <Button look="quiet" disabled={isBusy} onClick={() => setReason("")}>
                                Refuse it
                            </Button>
                        </>
                    ) : (
                        <>
                            <Button
                                busy={isBusy}
                                busyText="Refusing it"
                                disabled={reason.trim() === ""}
                                onClick={() => judge.mutate(reason.trim())}
                            >
                                Refuse it
                            </Button>
                            <Button look="quiet" disabled={isBusy} onClick={() => setReason(null)}>
                                Back
                            </Button>
                        </>
                    )}
                </div>
            </div>
        </>
    );
}
