import type { components } from "@/api/schema";

type Step = components["schemas"]["history_step"];
export type State = Step["state"];

//  What each state is called, and what it means for the shopper.
export const states: Record<State, { name: string; text: string }> = {
    placed: { name: "Ordered", text: "We have your order. Your things are being set aside." },
    reserved: { name: "Set aside", text: "Your things are set aside for you. Now your card is asked." },
    awaiting_step: {
        name: "Your bank asks",
        text: "Your bank wants to know that it is you. Nothing is charged before that.",
    },
    paid: { name: "Paid", text: "The money is held, and your things are being taken from the shelf." },
    confirmed: { name: "Yours", text: "Paid, taken from the shelf, yours." },
    cancelled: { name: "Cancelled", text: "This order does not come about, and nothing is charged." },
    refunded: { name: "Refunded", text: "Your money is on its way back to your card." },
};

//  Whom a state waits for.
export const slow: Partial<Record<State, string>> = {
    placed: "The stock room",
    reserved: "The payment desk",
    paid: "The stock room or the payment desk",
};

export const road: State[] = ["placed", "reserved", "paid", "confirmed"];

const reasons: Record<NonNullable<Step["reason"]>, string> = {
    shopper: "You took it back.",
    sold_out: "Somebody else was faster: not enough was left. Nothing was charged.",
    declined: "The card was declined.",
    too_late: "It was not paid in time.",
    shopkeeper: "The shop had to cancel it.",
};

const declines: Record<NonNullable<Step["decline"]>, string> = {
    declined: "Its bank says no more than that; another card may do.",
    insufficient_funds: "There is not enough on it.",
    expired_card: "It has expired.",
    wrong_code: "The code on its back was another one.",
    step_failed: "The code from the bank was not right.",
    unknown_card: "No bank knows this number.",
    no_answer: "Its bank did not answer in time. Nothing was charged.",
};

export function isMoving(state: State): boolean {
    return state === "placed" || state === "reserved" || state === "awaiting_step" || state === "paid";
}

//  Until its goods have left the shelf.
export function mayCancel(state: State): boolean {
    return isMoving(state);
}

export function whyOf(step: Step): string | null {
    const said = [];
    if (step.reason !== undefined) said.push(reasons[step.reason]);
    if (step.decline !== undefined) said.push(declines[step.decline]);
    return said.length === 0 ? null : said.join(" ");
}
