"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, take } from "@/api/client";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Nothing, Trouble } from "@/ui/notice";
import { Pages, usePages } from "./list";

//  Words that make somebody look at a review, or refuse it at once.
export function Words() {
    const queries = useQueryClient();
    const words = usePages(["words"], (from: string | undefined, signal) =>
        take(api.GET("/api/admin/words", { signal, params: { query: from === undefined ? {} : { from } } })),
    );
    const settle = () => queries.invalidateQueries({ queryKey: ["admin"] });
    const forbid = useMutation({
        mutationFn: ({ word, is_refused }: { word: string; is_refused: boolean }) =>
            take(api.PUT("/api/admin/words/{word}", { params: { path: { word } }, body: { is_refused } })),
        onSettled: settle,
    });
    const allow = useMutation({
        mutationFn: (word: string) => take(api.DELETE("/api/admin/words/{word}", { params: { path: { word } } })),
        onSettled: settle,
    });
    const list = words.data?.pages.flatMap((page) => page.words) ?? [];
    const trouble = forbid.error ?? allow.error;
    return (
        <div className="grid items-start gap-x-14 gap-y-8 lg:grid-cols-[1fr_22rem]">
            <div>
                <Pages
                    of={words}
                    count={list.length}
                    empty={
                        <Nothing title="Every word is welcome">
                            <p>A word that is not wanted makes somebody look at a review, or refuses it at once.</p>
                        </Nothing>
                    }
                >
                    <ul className="divide-y divide-line border-y border-line">
                        {list.map(({ word, is_refused }) => (
                            <li key={word} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 py-2.5">
                                <strong className="font-semibold">{word}</strong>
                                <span className="flex items-center gap-5">
                                    <span className="text-ink-soft">
                                        {is_refused ? "refused at once" : "somebody looks at it"}
                                    </span>
                                    <button
                                        type="button"
                                        className="textlink tap"
                                        disabled={allow.isPending}
                                        onClick={() => allow.mutate(word)}
                                    >
                                        Allow<span className="sr-only"> {word}</span>
                                    </button>
                                </span>
                            </li>
                        ))}
                    </ul>
                </Pages>
            </div>
            <NewWord
                isBusy={forbid.isPending}
                trouble={trouble}
                onForbid={(word, is_refused) => forbid.mutate({ word, is_refused })}
            />
        </div>
    );
}

interface NewWordProps {
    isBusy: boolean;
    trouble: Error | null;
    onForbid: (word: string, isRefused: boolean) => void;
}

function NewWord({ isBusy, trouble, onForbid }: NewWordProps) {
    const [word, setWord] = useState("");
    const [isRefused, setRefused] = useState(false);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        onForbid(word.trim(), isRefused);
        setWord("");
    };
    return (
        <form onSubmit={submit} className="space-y-4 bg-sunk p-5">
            <h2 className="display text-head">One more word</h2>
            <Field label="Word" maxLength={40} value={word} onChange={(event) => setWord(event.target.value)} />
            <label className="flex items-baseline gap-2.5">
                <input
                    type="checkbox"
                    className="size-4.5 translate-y-0.5 accent-[var(--glaze)]"
                    checked={isRefused}
                    onChange={(event) => setRefused(event.target.checked)}
                />
                Refuse reviews with it at once
            </label>
            {trouble !== null && <Trouble error={trouble} />}
            <Button type="submit" busy={isBusy} busyText="Writing it down" disabled={word.trim() === ""}>
                Write it down
            </Button>
        </form>
    );
}
