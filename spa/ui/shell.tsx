"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Menu, ShoppingBasket, Store, UserRound } from "lucide-react";
import { usePathname } from "next/navigation";
import { createContext, lazy, type ReactNode, Suspense, useContext, useEffect, useMemo, useState } from "react";
import { Problem } from "@/api/problems";
import { useCart } from "@/shop/cart";
import { useCategories } from "@/shop/catalogue";
import { Live } from "@/shop/live";
import { Footer } from "./footer";
import { Go, Readdress, useAddress } from "./go";
import type { Sheet } from "./sheets";
import { Mark } from "./star";
import { ThemeButton } from "./theme";

interface Sheets {
    openCart: () => void;
}

const SheetsContext = createContext<Sheets>({ openCart: () => undefined });
export const useSheets = () => useContext(SheetsContext);

function isWorthAnotherTry(count: number, error: unknown): boolean {
    return count < 2 && error instanceof Problem && (error.status === 0 || error.status === 202);
}

export function Shell({ children }: { children: ReactNode }) {
    const [queries] = useState(
        () =>
            new QueryClient({
                defaultOptions: {
                    queries: { retry: isWorthAnotherTry, staleTime: 10_000, refetchOnWindowFocus: true },
                },
            }),
    );
    return (
        <QueryClientProvider client={queries}>
            <Live />
            <Frame>{children}</Frame>
        </QueryClientProvider>
    );
}

//  Whether the page has come and the browser has nothing to do.
function useQuiet(): boolean {
    const [isQuiet, setQuiet] = useState(false);
    useEffect(() => {
        if (!("requestIdleCallback" in window)) {
            setQuiet(true);
            return;
        }
        const id = requestIdleCallback(() => setQuiet(true));
        return () => cancelIdleCallback(id);
    }, []);
    return isQuiet;
}

//  Behind the counter nobody sells anything to those who work there.
const INSIDE = /^\/(?:admin|ops)(?:\/|$)/;

const LazySheets = lazy(() => import("./sheets"));

function Frame({ children }: { children: ReactNode }) {
    const [sheet, setSheet] = useState<Sheet>(null);
    const isQuiet = useQuiet();
    const address = useAddress();
    const isInside = INSIDE.test(usePathname());
    const sheets = useMemo(() => ({ openCart: () => setSheet("cart") }), []);
    useEffect(() => setSheet(null), [address]);
    return (
        <SheetsContext value={sheets}>
            <Suspense fallback={null}>
                <Readdress />
            </Suspense>
            <a
                href="#content"
                className="button button-main absolute left-4 top-3 z-50 -translate-y-24 focus:translate-y-0"
            >
                Skip to the content
            </a>
            {isInside ? (
                <InsideHeader />
            ) : (
                <Header address={address} openCart={() => setSheet("cart")} openMenu={() => setSheet("menu")} />
            )}
            <main id="content" tabIndex={-1} className={`flex-1 outline-none ${isInside ? "pb-20" : ""}`}>
                {children}
            </main>
            {!isInside && <Footer />}
            {(isQuiet || sheet !== null) && (
                <Suspense fallback={null}>
                    <LazySheets open={sheet} onChange={setSheet} />
                </Suspense>
            )}
        </SheetsContext>
    );
}

function Brand() {
    return (
        <Go href="/" className="flex min-h-11 items-center gap-2.5" aria-label="souk, home">
            <Mark className="size-8" />
            <span className="display translate-y-[-0.08em] text-[1.75rem]/none">souk</span>
        </Go>
    );
}

function YourAccount() {
    return (
        <Go href="/account" className="icon-button" aria-label="Your account">
            <UserRound className="size-5" aria-hidden="true" />
        </Go>
    );
}

function InsideHeader() {
    return (
        <header className="sticky top-0 z-30 border-b border-line bg-ground/95 backdrop-blur-sm">
            <div className="wrap flex h-14 items-center gap-1">
                <Brand />
                <Go href="/shop" className="ml-auto mr-2 inline-flex min-h-11 items-center gap-2 font-semibold">
                    <Store className="size-5" aria-hidden="true" />
                    The shop
                </Go>
                <ThemeButton />
                <YourAccount />
            </div>
        </header>
    );
}

const nav =
    "relative py-2 font-semibold after:absolute after:inset-x-0 after:bottom-1 after:h-0.5 after:origin-left after:scale-x-0 after:bg-saffron after:transition-transform after:duration-200 hover:after:scale-x-100 aria-[current=page]:after:scale-x-100";

function Header({ address, openCart, openMenu }: { address: string; openCart: () => void; openMenu: () => void }) {
    const categories = useCategories();
    const cart = useCart();
    const units = cart.data?.units ?? 0;
    const current = (href: string) => (address.split("?")[0] === href ? "page" : undefined);
    return (
        <header className="sticky top-0 z-30 border-b border-line bg-ground/95 backdrop-blur-sm">
            <div className="wrap flex h-18 items-center gap-3 lg:gap-8">
                <button type="button" className="icon-button -ml-2.5 lg:hidden" onClick={openMenu} aria-label="Menu">
                    <Menu className="size-6" aria-hidden="true" />
                </button>
                <Brand />
                <nav aria-label="Goods" className="ml-2 hidden flex-1 items-center gap-7 lg:flex">
                    <Go href="/shop" aria-current={current("/shop")} className={nav}>
                        Everything
                    </Go>
                    {categories.data?.categories.slice(0, 6).map(({ category, title }) => (
                        <Go
                            key={category}
                            href={`/shop/${category}`}
                            aria-current={current(`/shop/${category}`)}
                            className={`${nav} hidden first:block xl:block [&:nth-child(-n+5)]:block`}
                        >
                            {title}
                        </Go>
                    ))}
                </nav>
                <div className="ml-auto flex items-center gap-0.5">
                    <ThemeButton />
                    <YourAccount />
                    <button
                        type="button"
                        onClick={openCart}
                        className="icon-button relative -mr-2.5"
                        aria-label={`Cart, ${units === 1 ? "1 thing" : `${units} things`}`}
                    >
                        <ShoppingBasket className="size-6" aria-hidden="true" />
                        {units > 0 && (
                            <span
                                key={units}
                                className="figures absolute right-0 top-0.5 grid h-5 min-w-5
                                    animate-[rise_240ms_var(--ease-out)] place-items-center rounded-full bg-saffron px-1 text-xs font-bold text-on-saffron"
                            >
                                {units}
                            </span>
                        )}
                    </button>
                </div>
            </div>
        </header>
    );
}
