"use client";

import { type ReactNode, useRef } from "react";
import { Go, useAddress } from "@/ui/go";
import { useInView } from "@/ui/in-view";
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

const LINK =
    "flex min-h-11 shrink-0 items-center rounded-[3px] px-3 text-[0.9375rem] font-semibold text-ink-soft " +
    "hover:text-ink aria-[current=page]:bg-ink aria-[current=page]:text-ground lg:min-h-9";

//  One of several rooms behind the counter, with a way to the others, in one row however narrow it is, and to those of
//  somebody else.
export function Room({ name, rooms, room, aside, title, back, action, children }: Props) {
    const row = useRef<HTMLElement>(null);
    useInView(row, room);
    return (
        <>
            <nav ref={row} aria-label={name} className="row-that-scrolls border-b border-line bg-sunk">
                <div className="wrap flex min-w-max gap-x-1 py-1">
                    {rooms.map(([href, text]) => (
                        <Go key={href} href={href} aria-current={href === room ? "page" : undefined} className={LINK}>
                            {text}
                        </Go>
                    ))}
                    {aside !== undefined && (
                        <Go href={aside[0]} className={`${LINK} ml-auto`}>
                            {aside[1]}
                        </Go>
                    )}
                </div>
            </nav>
            <div className="wrap pt-8">
                {back !== undefined && <p className="text-sm max-lg:-mt-3 lg:mb-1">{back}</p>}
                <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
                    <h1 className="display text-[clamp(1.75rem,1.4rem+1.2vw,2.4rem)]/tight">{title}</h1>
                    {action}
                </div>
                {children}
            </div>
        </>
    );
}
