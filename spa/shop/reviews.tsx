"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BadgeCheck, ThumbsUp } from "lucide-react";
import { lazy, memo, Suspense, useDeferredValue, useMemo, useState } from "react";
import { api, take } from "@/api/client";
import { once } from "@/api/once";
import type { components, operations } from "@/api/schema";
import { useMe } from "./account";
import type { Product } from "./catalogue";
import { dayOf } from "./times";
import { Button } from "@/ui/button";
import { Go } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Stars } from "@/ui/star";

//  Few of those who read write one.
const Write = lazy(() => import("./review-form"));

type Shown = components["schemas"]["shown_review"];
export type Own = components["schemas"]["own_review_card"];
type Order = NonNullable<NonNullable<operations["query.reviews"]["parameters"]["query"]>["sort"]>;

const orders: [Order, string][] = [
    ["newest", "Newest first"],
    ["helpful", "Most helpful first"],
];

function useReviews(productId: string, sort: Order) {
    return useInfiniteQuery({
        queryKey: ["reviews", productId, sort],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/products/{product_id}/reviews", {
                    signal,
                    params: {
                        path: { product_id: productId },
                        query: { sort, ...(pageParam === undefined ? {} : { from: pageParam }) },
                    },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
}

function useOwn(productId: string, isSignedIn: boolean) {
    return useQuery({
        queryKey: ["my-review", productId],
        enabled: isSignedIn,
        queryFn: ({ signal }) =>
            take(
                api.GET("/api/products/{product_id}/reviews/mine", {
                    signal,
                    params: { path: { product_id: productId } },
                }),
            ),
    });
}

//  Beside the price: how many stars, of how many people.
export function Verdict({ productId }: { productId: string }) {
    const reviews = useReviews(productId, "newest");
    const stars = reviews.data?.pages[0]?.stars;
    return (
        <p className="mt-4 flex min-h-7 flex-wrap items-center gap-3">
            {stars !== undefined && stars.reviews > 0 && (
                <>
                    <Stars value={stars.average / 100} className="h-[1.05rem]" />
                    <a href="#reviews" className="textlink tap">
                        {stars.reviews === 1 ? "1 review" : `${stars.reviews} reviews`}
                    </a>
                </>
            )}
            {stars !== undefined && stars.reviews === 0 && (
                <a href="#reviews" className="textlink tap text-ink-soft">
                    No reviews yet
                </a>
            )}
        </p>
    );
}

export function Reviews({ product }: { product: Product }) {
    const [sort, setSort] = useState<Order>("newest");
    const reviews = useReviews(product.product_id, sort);
    const me = useMe();
    const mine = useOwn(product.product_id, me.data != null);
    const stars = reviews.data?.pages[0]?.stars;
    //  Drawn piece by piece, while keys and clicks are answered in between.
    const said = useDeferredValue(reviews.data);
    const list = useMemo(
        () =>
            once(
                said?.pages,
                (page) => page.reviews,
                (one) => one.review_id,
            ),
        [said],
    );
    return (
        <section id="reviews" className="wrap mt-24" aria-labelledby="said">
            <h2 id="said" className="display text-title">
                What people say
            </h2>
            <div className="mt-8 grid gap-x-16 gap-y-12 lg:grid-cols-[20rem_1fr]">
                <div className="space-y-8">
                    {stars !== undefined && stars.reviews > 0 && (
                        <Breakdown average={stars.average / 100} counts={stars.counts} total={stars.reviews} />
                    )}
                    {me.data == null ? (
                        <p>
                            <Go href={`/sign-in?then=/p/${product.slug}`} className="textlink font-semibold">
                                Sign in
                            </Go>{" "}
                            to say what you think.
                        </p>
                    ) : (
                        <OwnReview
                            key={mine.data?.review?.review_id ?? "none"}
                            productId={product.product_id}
                            own={mine.data?.review}
                        />
                    )}
                </div>
                <div className="min-w-0">
                    {reviews.error !== null && list.length === 0 && (
                        <Trouble error={reviews.error} again={() => reviews.refetch()} />
                    )}
                    {said !== undefined && list.length === 0 && (
                        <p className="border-t border-line py-8 text-ink-soft">
                            Nobody has said anything yet. Somebody has to be first.
                        </p>
                    )}
                    {list.length > 1 && (
                        <select
                            aria-label="Order of reviews"
                            className="field mb-2 w-auto! py-2"
                            value={sort}
                            onChange={(event) => setSort(event.target.value as Order)}
                        >
                            {orders.map(([value, text]) => (
                                <option key={value} value={value}>
                                    {text}
                                </option>
                            ))}
                        </select>
                    )}
                    <ul className="divide-y divide-line">
                        {list.map((review) => (
                            <Review
                                key={review.review_id}
                                review={review}
                                productId={product.product_id}
                                canMark={me.data != null}
                            />
                        ))}
                    </ul>
                    {reviews.hasNextPage && (
                        <Button
                            look="quiet"
                            className="mt-4"
                            busy={reviews.isFetchingNextPage}
                            busyText="Fetching"
                            onClick={() => reviews.fetchNextPage()}
                        >
                            More reviews
                        </Button>
                    )}
                </div>
            </div>
        </section>
    );
}

function Breakdown({ average, counts, total }: { average: number; counts: number[]; total: number }) {
    return (
        <div>
            <p className="flex items-end gap-4">
                <span className="display figures text-[3.5rem]/none">{average.toFixed(1)}</span>
                <span className="pb-1">
                    <Stars value={average} className="h-5" />
                    <span className="block text-sm text-ink-soft">
                        of {total === 1 ? "1 review" : `${total} reviews`}
                    </span>
                </span>
            </p>
            <dl className="mt-5 space-y-2">
                {[5, 4, 3, 2, 1].map((stars) => {
                    const count = counts[stars - 1] ?? 0;
                    return (
                        <div key={stars} className="grid grid-cols-[3.75rem_1fr_2.5rem] items-center gap-3 text-sm">
                            <dt>{stars === 1 ? "1 star" : `${stars} stars`}</dt>
                            <dd className="col-span-2 grid grid-cols-[1fr_2.5rem] items-center gap-3">
                                <meter className="sr-only" min={0} max={total} value={count}>
                                    {count}
                                </meter>
                                <svg
                                    className="h-2.5 w-full bg-sunk"
                                    preserveAspectRatio="none"
                                    viewBox="0 0 100 1"
                                    aria-hidden="true"
                                >
                                    <rect
                                        width={total === 0 ? 0 : (count * 100) / total}
                                        height="1"
                                        fill="var(--saffron)"
                                    />
                                </svg>
                                <span className="figures text-right text-ink-soft" aria-hidden="true">
                                    {count}
                                </span>
                            </dd>
                        </div>
                    );
                })}
            </dl>
        </div>
    );
}

interface ReviewProps {
    review: Shown;
    productId: string;
    canMark: boolean;
}

const Review = memo(function Review({ review, productId, canMark }: ReviewProps) {
    const queries = useQueryClient();
    const [isHelpful, setHelpful] = useState(false);
    const mark = useMutation({
        mutationFn: (helpful: boolean) =>
            take(
                api.PUT("/api/reviews/{review_id}/mark", {
                    params: { path: { review_id: review.review_id } },
                    body: { is_helpful: helpful },
                }),
            ),
        onMutate: setHelpful,
        onError: (_error, wanted) => setHelpful(!wanted),
        onSettled: () => queries.invalidateQueries({ queryKey: ["reviews", productId] }),
    });
    return (
        <li className="piece-low py-7">
            <p className="flex flex-wrap items-center gap-x-4 gap-y-1">
                <Stars value={review.words.stars} />
                <strong className="text-lg font-semibold">{review.words.title}</strong>
            </p>
            <p className="mt-2.5 max-w-prose whitespace-pre-line">{review.words.text}</p>
            <p className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm text-ink-soft">
                <span className="font-semibold text-ink">
                    {review.author_name === "" ? "Somebody" : review.author_name}
                </span>
                <time dateTime={new Date(review.written_ms).toISOString()}>{dayOf(review.written_ms)}</time>
                {review.is_verified && (
                    <span className="inline-flex items-center gap-1.5 text-glaze">
                        <BadgeCheck className="size-4" aria-hidden="true" />
                        Bought it here
                    </span>
                )}
                {canMark && (
                    <button
                        type="button"
                        aria-pressed={isHelpful}
                        onClick={() => mark.mutate(!isHelpful)}
                        className="tap gap-1.5 hover:text-ink aria-pressed:text-glaze"
                    >
                        <ThumbsUp className="size-4" aria-hidden="true" />
                        Helpful
                    </button>
                )}
                {review.helpful > 0 && (
                    <span>{review.helpful === 1 ? "Helped 1 person" : `Helped ${review.helpful} people`}</span>
                )}
            </p>
            {mark.error !== null && (
                <div className="mt-3">
                    <Trouble error={mark.error} />
                </div>
            )}
        </li>
    );
});

const states: Record<Own["state"], string> = {
    waiting: "In moderation: everybody will read it once somebody of the shop has looked at it.",
    approved: "Everybody reads it.",
    refused: "Moderation does not show it.",
    removed: "You have taken it back.",
};

function OwnReview({ productId, own }: { productId: string; own: Own | undefined }) {
    const [isWriting, setWriting] = useState(false);
    if (isWriting)
        return (
            <Suspense fallback={<div className="skeleton h-96" aria-busy="true" />}>
                <Write productId={productId} own={own} done={() => setWriting(false)} />
            </Suspense>
        );
    if (own === undefined || own.state === "removed")
        return (
            <Button look="quiet" className="w-full" onClick={() => setWriting(true)}>
                Write a review
            </Button>
        );
    return (
        <div className="bg-sunk p-5">
            <h3 className="font-semibold">Your review</h3>
            <p className="mt-2">
                <Stars value={own.words.stars} />
            </p>
            <p className="mt-2 font-medium">{own.words.title}</p>
            <p className="mt-2 text-sm text-ink-soft" role="status">
                {states[own.state]}
                {own.state === "refused" && own.reason !== ""
                    ? ` “${own.reason}” Say it in other words and it is looked at again.`
                    : ""}
                {own.state === "waiting" && own.is_shown ? " Until then they read what you wrote before." : ""}
            </p>
            <Button look="quiet" className="mt-4" onClick={() => setWriting(true)}>
                Edit it
            </Button>
        </div>
    );
}
