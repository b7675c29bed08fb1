"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useForm } from "react-hook-form";
import { api, take } from "@/api/client";
import type { Own } from "./reviews";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Trouble } from "@/ui/notice";
import { STAR } from "@/ui/star";

interface Words {
    title: string;
    text: string;
}

export default function Write({ productId, own, done }: { productId: string; own: Own | undefined; done: () => void }) {
    const id = useId();
    const queries = useQueryClient();
    const [stars, setStars] = useState(own?.words.stars ?? 0);
    const { register, handleSubmit, formState } = useForm<Words>({
        defaultValues: { title: own?.words.title ?? "", text: own?.words.text ?? "" },
    });
    const changed = () =>
        Promise.all([
            queries.invalidateQueries({ queryKey: ["my-review", productId] }),
            queries.invalidateQueries({ queryKey: ["reviews", productId] }),
        ]);
    const write = useMutation({
        mutationFn: (words: Words) =>
            own === undefined || own.state === "removed"
                ? take(
                      api.POST("/api/products/{product_id}/reviews", {
                          params: { path: { product_id: productId } },
                          body: { review_id: crypto.randomUUID(), stars, ...words },
                      }),
                  )
                : take(
                      api.PUT("/api/reviews/{review_id}", {
                          params: { path: { review_id: own.review_id } },
                          body: { stars, ...words },
                      }),
                  ),
        onSuccess: async () => {
            await changed();
            done();
        },
    });
    const isRefusedStars = formState.isSubmitted && stars === 0;
    return (
        <form
            className="space-y-5 bg-sunk p-5"
            onSubmit={handleSubmit((words) => {
                if (stars > 0) write.mutate(words);
            })}
            noValidate
        >
            <fieldset>
                <legend className="mb-2 font-semibold">How many stars</legend>
                <div className="flex gap-1.5">
                    {[1, 2, 3, 4, 5].map((value) => (
                        <label
                            key={value}
                            className={`cursor-pointer rounded-[3px] p-1 has-focus-visible:outline-2 has-focus-visible:outline-cobalt ${value <= stars ? "text-saffron" : "text-line-strong"}`}
                        >
                            <input
                                type="radio"
                                name={`${id}-stars`}
                                value={value}
                                checked={value === stars}
                                onChange={() => setStars(value)}
                                className="sr-only"
                            />
                            <span className="sr-only">{value === 1 ? "1 star" : `${value} stars`}</span>
                            <svg viewBox="0 0 24 24" className="size-7" aria-hidden="true">
                                <path
                                    d={STAR}
                                    fill={value <= stars ? "currentColor" : "none"}
                                    stroke="currentColor"
                                    strokeWidth="1.4"
                                />
                            </svg>
                        </label>
                    ))}
                </div>
                {isRefusedStars && <p className="mt-1.5 text-sm font-medium text-madder">Choose one to five stars.</p>}
            </fieldset>
            <Field label="In a few words" maxLength={120} {...register("title")} />
            <div>
                <label htmlFor={`${id}-text`} className="mb-1.5 block font-semibold">
                    In more words
                </label>
                <textarea
                    id={`${id}-text`}
                    rows={5}
                    maxLength={4000}
                    className="field"
                    aria-invalid={formState.errors.text !== undefined}
                    {...register("text", { required: "Say what you think in a sentence." })}
                />
                {formState.errors.text !== undefined && (
                    <p className="mt-1.5 text-sm font-medium text-madder">{formState.errors.text.message}</p>
                )}
            </div>
            {write.error !== null && <Trouble error={write.error} />}
            <div className="flex gap-3">
                <Button type="submit" busy={write.isPending} busyText="Sending">
                    Send it
                </Button>
                <Button look="quiet" onClick={done}>
                    Not now
                </Button>
            </div>
        </form>
    );
}
