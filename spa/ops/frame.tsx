"use client";

import type { ReactNode } from "react";
import { Closed, Room } from "@/desk/room";
import { useMe } from "@/shop/account";
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
    if (me.data === undefined) return <WaitingPage of={me} />;
    if (me.data === null || !me.data.is_admin)
        return (
            <Closed name="Operator" title="The engine room">
                This is where the shop’s services are watched over. Sign in as an admin.
            </Closed>
        );
    return (
        <Room name="Operator" rooms={rooms} room={room} aside={["/admin", "Back office"]} title={title}>
            {children}
        </Room>
    );
}
