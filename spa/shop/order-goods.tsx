import { price, times } from "./money";
import type { Order } from "./orders";
import { Go } from "@/ui/go";

//  What is in an order and what it came to; behind the counter with the ways to its goods.
export function OrderGoods({ order, isOffice = false }: { order: Order; isOffice?: boolean }) {
    return (
        <>
            <ul className="divide-y divide-line border-y border-line">
                {order.lines.map((line) => (
                    <li key={line.sku} className={`flex justify-between gap-6 ${isOffice ? "py-2.5" : "py-4"}`}>
                        <span className="min-w-0">
                            <span className="figures text-ink-soft">{line.units} × </span>
                            {isOffice ? (
                                <Go href={`/admin/goods/edit?id=${line.product_id}`} className="textlink">
                                    {line.title}
                                </Go>
                            ) : (
                                line.title
                            )}
                            {isOffice && <span className="block text-sm text-ink-soft">{line.sku}</span>}
                        </span>
                        <span className="figures text-right font-medium">
                            {price(times(line.price, line.units))}
                            {line.units > 1 && (
                                <span className="block text-sm font-normal text-ink-soft">{price(line.price)} each</span>
                            )}
                        </span>
                    </li>
                ))}
            </ul>
            <p className="mt-4 flex justify-between text-lg font-semibold">
                <span>Total</span>
                <span className="figures">{price(order.total)}</span>
            </p>
            {Number(order.returned) > 0 && (
                <p className="mt-1 flex justify-between text-ink-soft">
                    <span>Given back</span>
                    <span className="figures">−{price({ minor: order.returned, currency: order.total.currency })}</span>
                </p>
            )}
        </>
    );
}
