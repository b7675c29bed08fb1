"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { OrderGoods } from "@/shop/order-goods";
import { mayCancel } from "@/shop/order-words";
import type { Order } from "@/shop/orders";
import { momentOf } from "@/shop/times";
import { Button } from "@/ui/button";
import { Go } from "@/ui/go";
import { Nothing, Trouble } from "@/ui/notice";
import { Waiting } from "@/ui/waiting";
import { useParameter } from "./address";
import { Standing } from "./dots";
import { Frame } from "./frame";
import { Plain } from "./list";
import { Refund } from "./refund";
import { Timeline } from "./timeline";

const LOOK_MS = 3000;                   // others act on it, too

export function OfficeOrder() {
    const id = useParameter("id");
    const order = useQuery({
        queryKey: ["admin", "order", id],
        notifyOnChangeProps: "all",     //  the frame may show why there is none later than it comes
        enabled: id !== null,
        refetchInterval: LOOK_MS,
        queryFn: ({ signal }) =>
            take(api.GET("/api/orders/{order_id}", { signal, params: { path: { order_id: id ?? "" } } })),
    });
    return (
        <Frame
            title={order.data === undefined ? "An order" : <>Order <Plain>{order.data.number}</Plain></>}
            room="/admin/orders"
            back={
                <Go href="/admin/orders" className="textlink tap">
                    All orders
                </Go>
            }
            action={order.data !== undefined && <State order={order.data} />}
        >
            {order.data === undefined ? <Waiting of={order} /> : <Detail order={order.data} />}
        </Frame>
    );
}

function State({ order }: { order: Order }) {
    return (
        <p className="flex items-center gap-4" role="status">
            <span className="text-lg font-semibold">
                <Standing state={order.state} />
            </span>
            <span className="figures text-ink-soft">{momentOf(order.placed_ms)}</span>
        </p>
    );
}

function Detail({ order }: { order: Order }) {
    return (
        <div className="grid gap-x-14 gap-y-12 lg:grid-cols-[1fr_26rem]">
            <div className="min-w-0 space-y-10">
                <Goods order={order} />
                <Destination order={order} />
                {mayCancel(order.state) && <Cancel id={order.order_id} />}
                {order.state === "confirmed" && <Refund order={order} />}
            </div>
            <section aria-labelledby="timeline">
                <h2 id="timeline" className="display mb-4 text-head">
                    What happened
                </h2>
                <Timeline id={order.order_id} />
            </section>
        </div>
    );
}

function Goods({ order }: { order: Order }) {
    return (
        <section aria-labelledby="goods">
            <h2 id="goods" className="display text-head">
                What is in it
            </h2>
            <div className="mt-3">
                <OrderGoods order={order} isOffice />
            </div>
        </section>
    );
}

//  Of whoever was forgotten nothing is left but the order.
function Destination({ order }: { order: Order }) {
    const where = useQuery({
        queryKey: ["admin", "destination", order.order_id],
        queryFn: ({ signal }) =>
            take(
                api.GET("/api/orders/{order_id}/destination", {
                    signal,
                    params: { path: { order_id: order.order_id } },
                }),
            ),
    });
    return (
        <section aria-labelledby="where">
            <h2 id="where" className="display text-head">
                Where it goes
            </h2>
            <div className="mt-3">
                {where.data === undefined ? (
                    <Waiting of={where} className="h-28" />
                ) : where.data.address === undefined ? (
                    <Nothing title="Forgotten">
                        <p>Whoever ordered this has left the shop, and the address went with them.</p>
                    </Nothing>
                ) : (
                    <address className="not-italic leading-relaxed">
                        <strong className="font-semibold">{where.data.address.name}</strong>
                        <br />
                        {where.data.address.street}
                        <br />
                        {where.data.address.postcode} {where.data.address.city}, {where.data.address.country}
                        <br />
                        {where.data.email !== undefined && (
                            <a href={`mailto:${where.data.email}`} className="textlink">
                                {where.data.email}
                            </a>
                        )}
                        {where.data.address.phone !== "" && <span className="figures">, {where.data.address.phone}</span>}
                    </address>
                )}
            </div>
            <p className="mt-3">
                <Go href={`/admin/customer?id=${order.owner}`} className="textlink tap font-semibold">
                    The customer, with other orders
                </Go>
            </p>
        </section>
    );
}

function Cancel({ id }: { id: string }) {
    const queries = useQueryClient();
    const cancel = useMutation({
        mutationFn: () => take(api.POST("/api/orders/{order_id}/cancel", { params: { path: { order_id: id } } })),
        onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
    });
    return (
        <section aria-labelledby="cancel" className="max-w-md space-y-3 border-t border-line pt-8">
            <h2 id="cancel" className="display text-head">
                Call it off
            </h2>
            <p className="text-ink-soft">
                Its goods go back to the shelf and its money is let go, as long as nothing has been taken yet.
            </p>
            {cancel.error !== null && <Trouble error={cancel.error} />}
            <Button
                look="quiet"
                busy={cancel.isPending || cancel.isSuccess}
                busyText="Cancelling"
                onClick={() => cancel.mutate()}
            >
                Cancel this order
            </Button>
        </section>
    );
}
