"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { components, operations } from "@/api/schema";

export type ProductCard = components["schemas"]["product_card"];
export type Product = operations["query.product"]["responses"][200]["content"]["application/json"];
export type Sort = NonNullable<NonNullable<operations["query.products"]["parameters"]["query"]>["sort"]>;

export function useCategories() {
    return useQuery({
        queryKey: ["categories"],
        queryFn: ({ signal }) => take(api.GET("/api/categories", { signal })),
        staleTime: 60_000,
    });
}

export function useProducts(category: string | null, sort: Sort) {
    return useInfiniteQuery({
        queryKey: ["products", category, sort],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/products", {
                    signal,
                    params: {
                        query: {
                            sort,
                            ...(category === null ? {} : { category }),
                            ...(pageParam === undefined ? {} : { from: pageParam }),
                        },
                    },
                }),
            ),
        getNextPageParam: (page) => page.next,
    });
}

export function useProduct(slug: string | null) {
    return useQuery({
        queryKey: ["product", slug],
        enabled: slug !== null,
        queryFn: ({ signal }) =>
            take(api.GET("/api/products/{slug}", { signal, params: { path: { slug: slug ?? "" } } })),
    });
}
