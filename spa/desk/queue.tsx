"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { momentOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Stars } from "@/ui/star";
import { useWhich } from "./address";
import { Frame } from "./frame";
import { Chips, chipsOf, Pages, usePages } from "./list";
import { Past } from "./review-past";
import { findings } from "./review-words";
import { Words } from "./words";

type Queued = components["schemas"]["queued_review"];
type Which = "waiting" | "words";

const texts: Record<Which, string> = { waiting: "Waiting", words: "Words not wanted" };

export function Queue() {
    const [which, choose] = useWhich<Which>("/admin/reviews", ["waiting", "words"]);
    return (
        <Frame title="Reviews" room="/admin/reviews">
            <div className="mb-6">
                <Chips label="What is shown" chosen={which} chips={chipsOf(texts)} onChoose={choose} />
            </div>
            {which === "words" ? <Words /> : <Waits />}
        </Frame>
    );
}

function Waits() {
    const queue = usePages(["moderation"], (from: string | undefined, signal) =>
        take(
            api.GET("/api/admin/moderation", {
                signal,
                params: { query: from === undefined ? {} : { from } },
            }),
        ),
    );
    const list = queue.data?.pages.flatMap((page) => page.reviews) ?? [];
    return (
        <Pages
            of={queue}
            count={list.length}
            empty={
                <Nothing title="Nothing waits">
                    <p>Reviews come here when something in them strikes moderation; all others are shown at once.</p>
                </Nothing>
            }
        >
            <ul className="grid items-start gap-5 lg:grid-cols-2">
                {list.map((review) => (
                    <li key={`${review.review_id}-${review.revision}`} className="bg-surface p-5">
                        <Review review={review} />
                    </li>
                ))}
            </ul>
        </Pages>
    );
}

function Review({ review }: { review: Queued }) {
    return (
        <article aria-label={`About ${review.product_title}, by ${review.author_name}`}>
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <Stars value={review.words.stars} />
                <strong className="text-lg font-semibold">{review.words.title}</strong>
            </p>
            <p className="mt-2 whitespace-pre-line">{review.words.text}</p>
            <p className="mt-3 text-sm text-ink-soft">
                <Go href={`/admin/customer?id=${review.author}`} className="textlink">
                    {review.author_name === "" ? "Somebody" : review.author_name}
                </Go>
                , about{" "}
                <Go href={`/p/${review.product_slug}`} className="textlink">
                    {review.product_title}
                </Go>
                ; waits since {momentOf(review.queued_ms)}
            </p>
            <ul className="mt-3 flex flex-wrap gap-2 text-sm">
                <li className="bg-saffron-wash px-2.5 py-1">
                    What struck: {findings[review.finding]}
                    {review.word === "" ? "" : `, “${review.word}”`}.
                </li>
                <li className={`px-2.5 py-1 ${review.is_verified ? "bg-glaze-wash" : "bg-sunk"}`}>
                    {review.is_verified ? "Bought here" : "Did not buy it here"}
                </li>
                {review.revision > 1 && <li className="bg-sunk px-2.5 py-1">Written anew {review.revision === 2 ? "once" : `${review.revision - 1} times`}</li>}
            </ul>
            <Past id={review.review_id} isShown={review.is_shown} />
            <Verdict review={review} />
        </article>
    );
}

function Verdict({ review }: { review: Queued }) {
    const queries = useQueryClient();
    const [reason, setReason] = useState<string | null>(null);
    const [note, setNote] = useState("");
    const path = { path: { review_id: review.review_id } };
    const judge = useMutation({
        mutationFn: (why: string | null) =>
            why === null
                ? take(
                      api.POST("/api/admin/moderation/{review_id}/approve", {
                          params: path,
                          body: { revision: review.revision, note },
                      }),
                  )
                : take(
                      api.POST("/api/admin/moderation/{review_id}/refuse", {
                          params: path,
                          body: { revision: review.revision, reason: why, note },
                      }),
                  ),
        onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
    });
    const isBusy = judge.isPending || judge.isSuccess;
    return (
        <div className="mt-4 space-y-3">
            {judge.error !== null && <Trouble error={judge.error} />}
            {reason !== null && (
                <Field
                    label="Why; its author reads it"
                    maxLength={200}
                    autoFocus
                    value={reason}
                    onChange={(event) => setReason(event.target.value)}
                />
            )}
            <Field
                label="A note for the others behind the counter"
                maxLength={200}
                value={note}
                onChange={(event) => setNote(event.target.value)}
            />
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
    );
}
