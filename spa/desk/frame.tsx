"use client";

import { type ReactNode, useEffect } from "react";
import { useMe } from "@/shop/account";
import { WaitingPage } from "@/ui/waiting";
import { Closed, Room } from "./room";

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
    useSlash();
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null || !(me.data.is_staff || me.data.is_admin))
        return (
            <Closed name="Back office" title="Behind the counter">
                This is where the shop’s own people work. Sign in as one of them.
            </Closed>
        );
    return (
        <Room
            name="Back office"
            rooms={rooms}
            room={room}
            aside={me.data.is_admin ? ["/ops", "The system"] : undefined}
            title={title}
            back={back}
            action={action}
        >
            {children}
        </Room>
    );
}
