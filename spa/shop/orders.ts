"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { operations } from "@/api/schema";

export type Order = operations["query.order"]["responses"][200]["content"]["application/json"];

//  Each of its steps is told (live.tsx), and it is looked at then.
export function useOrder(id: string | null) {
    return useQuery({
        queryKey: ["order", id],
        enabled: id !== null,
        queryFn: ({ signal }) =>
            take(api.GET("/api/orders/{order_id}", { signal, params: { path: { order_id: id ?? "" } } })),
    });
}

export function useDestination(id: string) {
    return useQuery({
        queryKey: ["destination", id],
        queryFn: ({ signal }) =>
            take(api.GET("/api/orders/{order_id}/destination", { signal, params: { path: { order_id: id } } })),
    });
}

export function useOrders() {
    return useInfiniteQuery({
        queryKey: ["orders"],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/orders", {
                    signal,
                    params: { query: pageParam === undefined ? {} : { from: pageParam } },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
}

export function useCancel(id: string) {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: () => take(api.POST("/api/orders/{order_id}/cancel", { params: { path: { order_id: id } } })),
        onSettled: () =>
            Promise.all([
                queries.invalidateQueries({ queryKey: ["order", id] }),
                queries.invalidateQueries({ queryKey: ["orders"] }),
            ]),
    });
}

export function useTakeStep(id: string) {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: (code: string) =>
            take(api.POST("/api/charges/{charge_id}/step", { params: { path: { charge_id: id } }, body: { code } })),
        onSettled: () => queries.invalidateQueries({ queryKey: ["order", id] }),
    });
}
