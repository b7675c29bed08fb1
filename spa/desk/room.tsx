"use client";

import type { ReactNode } from "react";
import { Go, useAddress } from "@/ui/go";
import { Nothing } from "@/ui/notice";

interface ClosedProps {
    name: string;
    title: string;
    children: ReactNode;
}

//  What somebody sees who may not come in.
export function Closed({ name, title, children }: ClosedProps) {
    const address = useAddress();
    return (
        <div className="wrap pt-14">
            <h1 className="sr-only">{name}</h1>
            <Nothing title={title}>
                <p>{children}</p>
                <Go href={`/sign-in?then=${encodeURIComponent(address)}`} className="button button-main mt-5">
                    Sign in
                </Go>
            </Nothing>
        </div>
    );
}

interface Props {
    name: string;
    rooms: readonly (readonly [href: string, text: string])[];
    room: string;
    aside?: readonly [href: string, text: string] | undefined;
    title: ReactNode;
    back?: ReactNode;
    action?: ReactNode;
    children: ReactNode;
}

//  One of several rooms behind the counter, with a way to the others, and to those of somebody else.
export function Room({ name, rooms, room, aside, title, back, action, children }: Props) {
    return (
        <>
            <nav aria-label={name} className="border-b border-line bg-sunk">
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
                    {aside !== undefined && (
                        <Go
                            href={aside[0]}
                            className="ml-auto shrink-0 px-3 py-1.5 text-[0.9375rem] font-semibold text-ink-soft
                                hover:text-ink"
                        >
                            {aside[1]}
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
