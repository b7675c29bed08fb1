import { type State, states } from "@/shop/order-words";

const dots: Partial<Record<State, string>> = {
    confirmed: "bg-glaze",
    cancelled: "bg-line-strong",
    refunded: "bg-madder",
};

//  What an order's state is called behind the counter, where nothing is "yours".
export function nameOf(state: State): string {
    return state === "confirmed" ? "Done" : state === "awaiting_step" ? "Bank asks" : states[state].name;
}

export function Standing({ state }: { state: State }) {
    return (
        <span className="inline-flex items-center gap-2 whitespace-nowrap">
            <span className={`size-2.5 rounded-full ${dots[state] ?? "bg-saffron"}`} aria-hidden="true" />
            {nameOf(state)}
        </span>
    );
}
