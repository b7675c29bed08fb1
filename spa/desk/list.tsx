"use client";

import { type UseInfiniteQueryResult, useInfiniteQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { type ReactNode, useEffect, useId, useState } from "react";
import { Button } from "@/ui/button";
import { Nothing } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";

//  What all lists of the back office have in common: pages that say where the next one begins, a search, tables.

type Page<From> = { next?: From };

//  `key` begins with "admin": then what happens in the shop makes it old.
export function usePages<From extends string | number, P extends Page<From>>(
    key: readonly unknown[],
    fetch: (from: From | undefined, signal: AbortSignal) => Promise<P>,
    isWanted = true,
) {
    return useInfiniteQuery({
        queryKey: ["admin", ...key],
        enabled: isWanted,
        initialPageParam: undefined as From | undefined,
        queryFn: ({ pageParam, signal }) => fetch(pageParam as From | undefined, signal),
        getNextPageParam: (page) => page.next,
    });
}

interface PagesProps {
    of: Pick<
        UseInfiniteQueryResult<unknown>,
        "data" | "error" | "refetch" | "hasNextPage" | "isFetchingNextPage" | "fetchNextPage"
    >;
    count: number;
    empty: ReactNode;
    more?: string;
    children: ReactNode;
}

//  A list, or why there is none, or that there is nothing in it; and the way to the rest.
export function Pages({ of, count, empty, more = "More of them", children }: PagesProps) {
    if (of.data === undefined) return <Waiting of={of} />;
    return (
        <>
            {count === 0 && !of.hasNextPage ? empty : children}
            {of.hasNextPage && (
                <Button
                    look="quiet"
                    className="mt-5"
                    busy={of.isFetchingNextPage}
                    busyText="Fetching"
                    onClick={() => of.fetchNextPage()}
                >
                    {count === 0 ? "Look further" : more}
                </Button>
            )}
        </>
    );
}

const SETTLE_MS = 200;

//  What is typed, once the fingers rest.
export function useSettled(text: string): string {
    const [settled, setSettled] = useState(text);
    useEffect(() => {
        const settling = setTimeout(() => setSettled(text.trim()), SETTLE_MS);
        return () => clearTimeout(settling);
    }, [text]);
    return settled;
}

interface SearchFieldProps {
    label: string;
    hint: string;
    value: string;
    onChange: (text: string) => void;
}

export function SearchField({ label, hint, value, onChange }: SearchFieldProps) {
    const id = useId();
    return (
        <div className="relative min-w-0 max-w-md flex-1 basis-64">
            <label htmlFor={id} className="sr-only">
                {label}
            </label>
            <Search className="pointer-events-none absolute left-3 top-3 size-5 text-ink-soft" aria-hidden="true" />
            <input
                id={id}
                type="search"
                className="field min-h-11! py-2! pl-10!"
                placeholder={hint}
                maxLength={100}
                value={value}
                aria-keyshortcuts="/"
                onChange={(event) => onChange(event.target.value)}
            />
        </div>
    );
}

interface ChipsProps<Name extends string> {
    label: string;
    chosen: Name;
    chips: readonly { name: Name; text: string; count?: number }[];
    onChoose: (name: Name) => void;
}

export function chipsOf<Name extends string>(texts: Record<Name, string>): { name: Name; text: string }[] {
    return (Object.keys(texts) as Name[]).map((name) => ({ name, text: texts[name] }));
}

//  One of a few ways to look at a list.
export function Chips<Name extends string>({ label, chosen, chips, onChoose }: ChipsProps<Name>) {
    return (
        <div role="group" aria-label={label} className="flex flex-wrap gap-1.5">
            {chips.map(({ name, text, count }) => (
                <button
                    key={name}
                    type="button"
                    aria-pressed={name === chosen}
                    onClick={() => onChoose(name)}
                    className="tap rounded-full border border-line-strong px-3 text-[0.9375rem] font-medium
                        hover:border-ink aria-pressed:border-ink aria-pressed:bg-ink aria-pressed:text-ground"
                >
                    {text}
                    {count !== undefined && <span className="figures ml-1.5 opacity-75">{count}</span>}
                </button>
            ))}
        </div>
    );
}

interface TableProps {
    label: string;
    head: readonly [text: string, look?: string][];
    children: ReactNode;
}

export function Table({ label, head, children }: TableProps) {
    return (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
            <table className="w-full border-y border-line text-left text-[0.9375rem]">
                <thead className="text-sm text-ink-soft">
                    <tr>
                        {head.map(([text, look]) => (
                            <th key={text} scope="col" className={`px-2 py-2 font-medium first:pl-0 last:pr-0 ${look ?? ""}`}>
                                {text}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody className="figures divide-y divide-line">{children}</tbody>
            </table>
        </div>
    );
}

//  A row that is one link: its first cell has it, and the rest of the row belongs to it.
export const ROW = "relative hover:bg-surface focus-within:bg-surface";
export const CELL = "px-2 py-2.5 align-middle first:pl-0 last:pr-0";
export const ROW_LINK = "font-semibold after:absolute after:inset-0 focus-visible:outline-none " +
    "focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-cobalt";

//  Numbers in a heading: the display face has those of a letter, where 1 is an I.
export function Plain({ children }: { children: ReactNode }) {
    return <span className="figures font-sans font-bold tracking-tight">{children}</span>;
}

export function NothingFound({ text }: { text: string }) {
    return <Nothing title={text === "" ? "Nothing here yet" : `Nothing for “${text}”`} />;
}
