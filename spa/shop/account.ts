"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, forgetCursors, take } from "@/api/client";
import { knowAs, known } from "@/api/known";
import { Problem } from "@/api/problems";
import type { operations } from "@/api/schema";

export type Me = operations["accounts.me"]["responses"][200]["content"]["application/json"];

//  Who is signed in: null when nobody is, undefined while it is not known yet.
export function useMe() {
    return useQuery({
        queryKey: ["me"],
        staleTime: 30_000,
        queryFn: async ({ signal }): Promise<Me | null> => {
            if (known() !== "customer") return null;
            try {
                return await take(api.GET("/api/account", { signal }));
            } catch (error) {
                if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
                    knowAs(error.status === 401 ? "nobody" : "guest");
                    return null;
                }
                throw error;
            }
        },
    });
}

export interface Credentials {
    email: string;
    password: string;
}

export function useSignIn() {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: (body: Credentials) => take(api.POST("/api/session", { body })),
        onSuccess: () => {
            knowAs("customer");
            return queries.invalidateQueries();
        },
    });
}

export function useRegister() {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: async ({ name, email, password }: Credentials & { name: string }) => {
            await take(api.POST("/api/people", { body: { person_id: crypto.randomUUID(), name, email, password } }));
            return take(api.POST("/api/session", { body: { email, password } }));
        },
        onSuccess: () => {
            knowAs("customer");
            return queries.invalidateQueries();
        },
    });
}

export function useSignOut() {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: () => take(api.DELETE("/api/session")),
        onSuccess: () => {
            knowAs("nobody");
            forgetCursors();
            queries.clear();
        },
    });
}

export function useLeave() {
    const queries = useQueryClient();
    return useMutation({
        mutationFn: async (body: { person_id: string; password: string }) => {
            await take(api.POST("/api/account/leave", { body }));
            await take(api.DELETE("/api/session")).catch(() => undefined);      //  it is over in any case
        },
        onSuccess: () => {
            knowAs("nobody");
            forgetCursors();
            queries.clear();
        },
    });
}
