"use client";

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { once } from "@/api/once";
import type { components, operations } from "@/api/schema";
import { queryOf, type Wish } from "./wish";

export type ProductCard = components["schemas"]["product_card"];
export type Product = operations["query.product"]["responses"][200]["content"]["application/json"];
export type Facet = components["schemas"]["facet"];

export function useCategories() {
    return useQuery({
        queryKey: ["categories"],
        queryFn: ({ signal }) => take(api.GET("/api/categories", { signal })),
        staleTime: 60_000,
    });
}

//  `wish` narrows the list down.
export function useProducts(category: string | null, wish: Wish) {
    return useInfiniteQuery({
        queryKey: ["products", category, wish],
        initialPageParam: undefined as string | undefined,
        placeholderData: keepPreviousData,
        queryFn: ({ pageParam, signal }) =>
            take(
                api.GET("/api/products", {
                    signal,
                    params: {
                        query: {
                            ...queryOf(wish),
                            ...(category === null ? {} : { category }),
                            ...(pageParam === undefined ? {} : { from: pageParam }),
                        },
                    },
                }),
            ),
        getNextPageParam: (page) => page.next,
        select: ({ pages }) => ({
            first: pages[0],
            products: once(
                pages,
                (page) => page.products,
                (one) => one.product_id,
            ),
        }),
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
