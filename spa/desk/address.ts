"use client";

import { useAddress, useGo } from "@/ui/go";

//  What stands in the address after "?", by its name; null when it does not.
export function useParameter(name: string): string | null {
    return new URLSearchParams(useAddress().split("?")[1] ?? "").get(name);
}

//  Which way a list is looked at stands in the address, so that one can go back to it; the first one needs no word.
export function useWhich<Name extends string>(
    path: string,
    names: readonly [Name, ...Name[]],
): [which: Name, choose: (name: Name) => void] {
    const go = useGo();
    const named = useParameter("which");
    const which = names.find((name) => name === named) ?? names[0];
    return [which, (name) => go(name === names[0] ? path : `${path}?which=${name}`)];
}
