"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import { useMe } from "@/shop/account";
import { dayOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Trouble } from "@/ui/notice";
import { Frame } from "./frame";

type Person = components["schemas"]["person_line"];

export function People() {
    return (
        <Frame title="People">
            <List />
        </Frame>
    );
}

function List() {
    const queries = useQueryClient();
    const me = useMe();
    const people = useInfiniteQuery({
        queryKey: ["people"],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/admin/people", {
                    signal,
                    params: { query: pageParam === undefined ? {} : { from: pageParam } },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
    const appoint = useMutation({
        mutationFn: ({ person_id, is_staff, is_admin }: Pick<Person, "person_id" | "is_staff" | "is_admin">) =>
            take(
                api.PUT("/api/admin/people/{person_id}/roles", {
                    params: { path: { person_id } },
                    body: { is_staff, is_admin },
                }),
            ),
        onSettled: () => queries.invalidateQueries({ queryKey: ["people"] }),
    });
    const list = people.data?.pages.flatMap((page) => page.people) ?? [];
    if (people.error !== null && list.length === 0) return <Trouble error={people.error} again={() => people.refetch()} />;
    return (
        <>
            {appoint.error !== null && (
                <div className="mb-5">
                    <Trouble error={appoint.error} />
                </div>
            )}
            {people.isPending && <div className="skeleton h-64" aria-busy="true" />}
            <ul className="divide-y divide-line border-line [&:not(:empty)]:border-y">
                {list.map((person) => (
                    <li key={person.person_id} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 py-4">
                        <p>
                            <strong className="font-semibold">{person.name}</strong>{" "}
                            <span className="text-ink-soft">{person.email}</span>
                            <span className="block text-sm text-ink-soft">since {dayOf(person.since_ms)}</span>
                        </p>
                        <div className="flex gap-5">
                            {(["is_staff", "is_admin"] as const).map((role) => (
                                <label key={role} className="flex items-center gap-2">
                                    <input
                                        type="checkbox"
                                        className="size-5 accent-[var(--glaze)]"
                                        checked={person[role]}
                                        disabled={me.data?.is_admin !== true || appoint.isPending}
                                        onChange={(event) => appoint.mutate({ ...person, [role]: event.target.checked })}
                                    />
                                    {role === "is_staff" ? "Staff" : "Admin"}
                                    <span className="sr-only">: {person.name}</span>
                                </label>
                            ))}
                        </div>
                    </li>
                ))}
            </ul>
            {people.hasNextPage && (
                <Button
                    look="quiet"
                    className="mt-6"
                    busy={people.isFetchingNextPage}
                    busyText="Fetching"
                    onClick={() => people.fetchNextPage()}
                >
                    More of them
                </Button>
            )}
        </>
    );
}
