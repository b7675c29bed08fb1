"use client";

import { type ReactNode, useEffect } from "react";
import { useMe } from "@/shop/account";
import { Go, useAddress } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { WaitingPage } from "@/ui/waiting";

const rooms = [
    ["/admin", "Today"],
    ["/admin/orders", "Orders"],
    ["/admin/goods", "Goods"],
    ["/admin/stock", "Stock"],
    ["/admin/reviews", "Reviews"],
    ["/admin/customers", "Customers"],
    ["/admin/deeds", "Who did what"],
] as const;

//  "/" leads to what a page is searched by, as in many places where people work all day.
function useSlash() {
    useEffect(() => {
        const find = (event: KeyboardEvent) => {
            const at = event.target as HTMLElement;
            if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
            if (at.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName)) return;
            const search = document.querySelector<HTMLInputElement>("main input[type=search]");
            if (search === null) return;
            event.preventDefault();
            search.focus();
        };
        document.addEventListener("keydown", find);
        return () => document.removeEventListener("keydown", find);
    }, []);
}

interface Props {
    title: ReactNode;
    room: (typeof rooms)[number][0];
    back?: ReactNode;
    action?: ReactNode;
    children: ReactNode;
}

//  The back office. It only hides what the services refuse anyhow.
export function Frame({ title, room, back, action, children }: Props) {
    const me = useMe();
    const address = useAddress();
    useSlash();
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null || !(me.data.is_staff || me.data.is_admin))
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Back office</h1>
                <Nothing title="Behind the counter">
                    <p>This is where the shop’s own people work. Sign in as one of them.</p>
                    <Go
                        href={`/sign-in?then=${encodeURIComponent(address)}`}
                        className="button button-main mt-5"
                    >
                        Sign in
                    </Go>
                </Nothing>
            </div>
        );
    return (
        <>
            <nav aria-label="Back office" className="border-b border-line bg-sunk">
                <div className="wrap flex flex-wrap gap-x-1 py-1.5">
                    {rooms.map(([href, text]) => (
                        <Go
                            key={href}
                            href={href}
                            aria-current={href === room ? "page" : undefined}
                            className="shrink-0 rounded-[3px] px-3 py-1.5 text-[0.9375rem] font-semibold text-ink-soft
                                hover:text-ink aria-[current=page]:bg-ink aria-[current=page]:text-ground"
                        >
                            {text}
                        </Go>
                    ))}
                    {me.data.is_admin && (
                        <Go
                            href="/ops"
                            className="ml-auto shrink-0 px-3 py-1.5 text-[0.9375rem] font-semibold text-ink-soft
                                hover:text-ink"
                        >
                            The system
                        </Go>
                    )}
                </div>
            </nav>
            <div className="wrap pt-8">
                {back !== undefined && <p className="mb-2 text-sm">{back}</p>}
                <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
                    <h1 className="display text-[clamp(1.75rem,1.4rem+1.2vw,2.4rem)]/tight">{title}</h1>
                    {action}
                </div>
                {children}
            </div>
        </>
    );
}
