"use client";

import type { ReactNode } from "react";
import { useMe } from "@/shop/account";
import { Go, useAddress } from "@/ui/go";
import { Nothing } from "@/ui/notice";
import { WaitingPage } from "@/ui/waiting";

const rooms = [
    ["/ops", "The system"],
    ["/ops/log", "What happened"],
    ["/ops/then", "As it was"],
] as const;

interface Props {
    title: ReactNode;
    room: (typeof rooms)[number][0];
    children: ReactNode;
}

//  The operator's room. It only hides what the bridge refuses anyhow.
export function Frame({ title, room, children }: Props) {
    const me = useMe();
    const address = useAddress();
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null || !me.data.is_admin)
        return (
            <div className="wrap pt-14">
                <h1 className="sr-only">Operator</h1>
                <Nothing title="The engine room">
                    <p>This is where the shop’s services are watched over. Sign in as an admin.</p>
                    <Go href={`/sign-in?then=${encodeURIComponent(address)}`} className="button button-main mt-5">
                        Sign in
                    </Go>
                </Nothing>
            </div>
        );
    return (
        <>
            <nav aria-label="Operator" className="border-b border-line bg-sunk">
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
                    <Go
                        href="/admin"
                        className="ml-auto shrink-0 px-3 py-1.5 text-[0.9375rem] font-semibold text-ink-soft
                            hover:text-ink"
                    >
                        Back office
                    </Go>
                </div>
            </nav>
            <div className="wrap pt-8">
                <h1 className="display mb-6 text-[clamp(1.75rem,1.4rem+1.2vw,2.4rem)]/tight">{title}</h1>
                {children}
            </div>
        </>
    );
}
