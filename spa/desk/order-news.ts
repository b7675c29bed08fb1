import type { components } from "@/api/schema";
import { price } from "@/shop/money";

//  What each event of an order means, in words of the shop's own people.

type Event = components["schemas"]["order_event"];
type What = Event["what"];
export type Service = "orders" | "inventory" | "payments";

const words: Record<What, string> = {
    placed: "Ordered",
    adopted: "The guest has signed in; it is theirs now",
    reserved: "Its goods are set aside",
    step_needed: "Waits for the bank’s code",
    paid: "Paid",
    stepped: "Noted",
    confirmed: "Done",
    cancelled: "Cancelled",
    refund_decided: "Money is to go back",
    refunded: "Money has gone back",
    goods_held: "Held on the shelf",
    goods_released: "Free again on the shelf",
    goods_taken: "Taken from the shelf",
    goods_back: "Back on the shelf",
    payment_asked: "The card is asked",
    payment_stepping: "The bank wants a code",
    payment_authorised: "The card holds the money",
    payment_declined: "The card does not pay",
    capture_asked: "The money is asked for",
    captured: "The money is here",
    voided: "The card is let go",
    void_done: "The card holds nothing",
    refund_asked: "Money is sent back",
    payment_refunded: "The card has it back",
    processor_heard: "The processor has heard it",
};

const steps: Record<NonNullable<Event["step"]>, string> = {
    payment_asked: "Payments knows of it",
    goods_taken: "Noted: the goods are taken",
    goods_released: "Noted: nothing is held any more",
    money_released: "Noted: no money is held any more",
    refund_asked: "Payments knows of the refund",
    goods_back: "Noted: the goods are back",
    hold_too_late: "The goods were held too late",
    capture_asked: "Payments knows that the money is to be taken",
};

const reasons: Record<NonNullable<Event["reason"]>, string> = {
    shopper: "Its owner took it back.",
    sold_out: "Not enough was left.",
    declined: "The card was declined.",
    too_late: "It was not paid in time.",
    shopkeeper: "The shop called it off.",
};

const declines: Record<NonNullable<Event["decline"]>, string> = {
    declined: "The bank says no more than that.",
    insufficient_funds: "There was not enough on it.",
    expired_card: "It has expired.",
    wrong_code: "The code on its back was wrong.",
    step_failed: "The bank’s code was wrong, or did not come.",
    unknown_card: "No bank knows this number.",
    no_answer: "The processor did not answer in time.",
};

const stock: What[] = ["goods_held", "goods_released", "goods_taken", "goods_back"];
const own: What[] = [
    "placed", "adopted", "reserved", "step_needed", "paid", "stepped", "confirmed", "cancelled", "refund_decided", "refunded",
];

export function serviceOf(what: What): Service {
    return stock.includes(what) ? "inventory" : own.includes(what) ? "orders" : "payments";
}

//  What it is called, what there is to say about it, and whether it is a note between services.
export function newsOf(event: Event): { text: string; more: string | null; isSmall: boolean } {
    const what = event.what;
    const isSmall = what === "stepped" || what === "processor_heard";
    const text = event.step !== undefined ? steps[event.step] : words[what];
    const more = [];
    if (event.amount !== undefined) more.push(price(event.amount));
    if (event.units > 0) more.push(event.units === 1 ? "1 thing" : `${event.units} things`);
    const said = [more.join(", ")];
    if (event.reason !== undefined) said.push(reasons[event.reason]);
    if (event.decline !== undefined) said.push(declines[event.decline]);
    if (event.release === "expired") said.push("It was not paid in time.");
    const all = said.filter((one) => one !== "").join(" ");
    return { text, more: all === "" ? null : all, isSmall };
}
