"use client";

import type { ReactNode } from "react";
import { useMe } from "@/shop/account";
import { Go, useAddress } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { WaitingPage } from "@/ui/waiting";

const rooms = [
    ["/admin", "Orders"],
    ["/admin/goods", "Goods"],
    ["/admin/reviews", "Reviews"],
    ["/admin/people", "People"],
] as const;

//  The back office. It only hides what the services refuse anyhow.
export function Frame({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
    const me = useMe();
    const path = useAddress().split("?")[0] as string;
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null || !(me.data.is_staff || me.data.is_admin))
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Back office</h1>
                <Nothing title="Behind the counter">
                    <p>This is where the shop’s own people work. Sign in as one of them.</p>
                    <Go href={`/sign-in?then=${path}`} className="button button-main mt-5">
                        Sign in
                    </Go>
                </Nothing>
            </div>
        );
    return (
        <div className="wrap pt-8">
            <nav aria-label="Back office" className="-mx-3 flex gap-1 overflow-x-auto">
                {rooms.map(([href, text]) => (
                    <Go
                        key={href}
                        href={href}
                        aria-current={path === href || (href !== "/admin" && path.startsWith(href)) ? "page" : undefined}
                        className="rounded-[3px] px-3 py-1.5 font-semibold hover:bg-sunk aria-[current=page]:bg-ink
                            aria-[current=page]:text-ground"
                    >
                        {text}
                    </Go>
                ))}
            </nav>
            <div className="mb-8 mt-8 flex flex-wrap items-end justify-between gap-4">
                <h1 className="display text-title">{title}</h1>
                {action}
            </div>
            {children}
        </div>
    );
}
