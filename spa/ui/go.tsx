"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { type AnchorHTMLAttributes, type MouseEvent, useCallback, useEffect, useSyncExternalStore } from "react";
import { nameIn, shellOf } from "@/shop/address";

const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

//  The address as the browser shows it, or will in a moment; "" while the page is being exported.
export function useAddress(): string {
    usePathname();
    return useSyncExternalStore(
        subscribe,
        () => new URLSearchParams(location.search).get("to") ?? location.pathname + location.search,
        () => "",
    );
}

//  The name in the address: of a product, a category, an order.
export function useName(): string | null {
    return nameIn(useAddress().split("?")[0] as string);
}

export function useGo(): (href: string) => void {
    const router = useRouter();
    return useCallback((href: string) => router.push(shellOf(href)), [router]);
}

//  Writes what a page shows into its address: as a step that one can take back, or in the place of the last one.
export function write(href: string, isStep: boolean) {
    if (isStep) history.pushState(null, "", href);
    else history.replaceState(null, "", href);
    for (const listener of listeners) listener();
}

//  A page that was reached by its shell gets the address that people may copy.
export function Readdress() {
    const pathname = usePathname();
    const parameters = useSearchParams();
    useEffect(() => {
        const to = new URLSearchParams(location.search).get("to");
        if (to?.startsWith("/") && !to.startsWith("//")) history.replaceState(null, "", to);
        for (const listener of listeners) listener();
    }, [pathname, parameters]);
    useEffect(() => {
        window.scrollTo(0, 0);
    }, [pathname]);
    return null;
}

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

export function Go({ href, onClick, ...rest }: Props) {
    const go = useGo();
    const follow = (event: MouseEvent<HTMLAnchorElement>) => {
        onClick?.(event);
        if (
            event.defaultPrevented ||
            event.button !== 0 ||
            event.metaKey ||
            event.ctrlKey ||
            event.shiftKey ||
            event.altKey
        )
            return;
        event.preventDefault();
        go(href);
    };
    return <a {...rest} href={href} onClick={follow} />;
}
