"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { knowAs, known } from "@/api/known";
import { Problem } from "@/api/problems";
import type { components, operations } from "@/api/schema";
import { times } from "./money";

export type CartLine = components["schemas"]["cart_line"];

export type Cart = operations["carts.cart"]["responses"][200]["content"]["application/json"];

const empty: Cart = { cart_version: 0, lines: [], units: 0, can_order: false };

//  Whoever is nobody yet has an empty cart; a guest's pass comes with the first thing that is put in.
export function useCart() {
    return useQuery({
        queryKey: ["cart"],
        queryFn: async ({ signal }): Promise<Cart> => {
            if (known() === "nobody") return empty;
            try {
                return await take(api.GET("/api/cart", { signal }));
            } catch (error) {
                if (error instanceof Problem && error.status === 401) return empty;
                throw error;
            }
        },
    });
}

//  What the cart will look like, as far as the page can tell; the answer of the shop replaces it.
export function withUnits(cart: Cart, sku: string, units: number): Cart {
    const lines = cart.lines
        .map((line) => (line.sku === sku ? { ...line, units } : line))
        .filter((line) => line.units > 0);
    const priced = lines.filter((line) => line.state !== "not_for_sale");
    const sum = priced.reduce((minor, line) => minor + Number(times(line.price, line.units).minor), 0);
    const total = priced[0] === undefined ? undefined : { minor: sum, currency: priced[0].price.currency };
    const { total: _, ...rest } = cart;
    return {
        ...rest,
        lines,
        units: lines.reduce((all, line) => all + line.units, 0),
        ...(total === undefined ? {} : { total }),
        can_order: lines.length > 0 && cart.can_order,
    };
}

export function useAddToCart() {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: (body: { sku: string; units: number }) => take(api.POST("/api/cart/lines", { body })),
        onSuccess: () => known() === "nobody" && knowAs("guest"),
        onSettled: () => queries.invalidateQueries({ queryKey: ["cart"] }),
    });
}

//  Units of a line; 0 takes it out. Shown at once, and taken back when the shop says no.
export function useSetUnits() {
    const queries = useQueryClient();
    return useMutation({
        scope: { id: "cart" },
        mutationFn: ({ sku, units }: { sku: string; units: number }) =>
            units === 0
                ? take(api.DELETE("/api/cart/lines/{sku}", { params: { path: { sku } } }))
                : take(api.PUT("/api/cart/lines/{sku}", { params: { path: { sku } }, body: { units } })),
        onMutate: async ({ sku, units }) => {
            await queries.cancelQueries({ queryKey: ["cart"] });
            const before = queries.getQueryData<Cart>(["cart"]);
            if (before !== undefined) queries.setQueryData(["cart"], withUnits(before, sku, units));
            return { before };
        },
        onError: (_error, _wanted, kept) => {
            if (kept?.before !== undefined) queries.setQueryData(["cart"], kept.before);
        },
        onSettled: () => queries.invalidateQueries({ queryKey: ["cart"] }),
    });
}
