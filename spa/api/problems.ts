//  What went wrong, in words of the shop: what, why, and what to do next.

interface Facts {
    status: number;
    code: string;
    detail: string;
    correlation: string;
}

export class Problem extends Error {
    readonly status: number;
    readonly code: string;
    readonly correlation: string;

    constructor(facts: Facts) {
        super(facts.detail);
        this.name = "Problem";
        this.status = facts.status;
        this.code = facts.code;
        this.correlation = facts.correlation;
    }

    //  From the body of an answer by RFC 9457, or what came instead of one.
    static from(body: unknown, status: number): Problem {
        const facts = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
        const type = String(facts.type ?? "").replace("urn:souk:problem:", "");
        return new Problem({
            status,
            code: String(facts.code ?? type) || "internal",
            detail: String(facts.detail ?? facts.title ?? ""),
            correlation: String(facts.correlation ?? ""),
        });
    }
}

export async function problemOf(response: Response): Promise<Problem> {
    return Problem.from(await response.json().catch(() => null), response.status);
}

export interface Words {
    what: string;
    next: string;
}

const words: Record<string, Words> = {
    offline: { what: "The shop does not answer.", next: "Look at your connection; we keep trying." },
    unanswered: { what: "That took too long, so we do not know yet.", next: "Try again: it cannot happen twice." },
    pending: { what: "What you did is still on its way to this page.", next: "Try again in a moment." },
    busy: { what: "The shop is crowded right now.", next: "Try again in a moment." },
    full: { what: "The shop has no room for that right now.", next: "Try again later." },
    stopping: { what: "The shop is just starting again.", next: "Try again in a moment." },
    internal: { what: "Something broke on our side.", next: "Nothing was changed. Try again, or come back later." },
    mismatch: { what: "The shop is being renewed.", next: "Load this page again in a minute." },
    "too-many": { what: "That was too often in a short time.", next: "Wait a minute, then try again." },
    "sign-in": { what: "This needs you to be signed in.", next: "Sign in, then come back here." },
    "shop.not_signed_in": { what: "You are not signed in any more.", next: "Sign in, then try again." },
    "shop.staff_only": { what: "Only the shop's staff may do that.", next: "Sign in as somebody of the staff." },
    "accounts.bad_email": { what: "This is no e-mail address.", next: "Write one like ann@example.org." },
    "accounts.email_taken": { what: "Somebody is registered with this address.", next: "Sign in instead." },
    "accounts.weak_password": { what: "The password is too short.", next: "Take at least 10 characters." },
    "accounts.wrong": { what: "Address or password is wrong.", next: "Look at both again." },
    "accounts.last_admin": { what: "You are the last admin.", next: "Appoint somebody else first." },
    "role-missing": { what: "Your account may not do that.", next: "Sign in as somebody who may." },
    "accounts.too_many_tries": { what: "Too many tries.", next: "Wait a quarter of an hour, then try again." },
    "accounts.too_many_addresses": { what: "You have 20 addresses already.", next: "Remove one first." },
    "query.unknown_product": {
        what: "There is no such product.",
        next: "Perhaps it was withdrawn; look at the others.",
    },
    "query.unknown_order": { what: "There is no such order here.", next: "Sign in as the one who ordered." },
    "inventory.sold_out": {
        what: "Sold out in the meantime.",
        next: "Take fewer, or something else. Nothing was charged.",
    },
    "orders.price_changed": {
        what: "A price has changed since you looked.",
        next: "See the new total, then order again. Nothing was charged.",
    },
    "orders.cart_changed": {
        what: "Your cart has changed since you looked, perhaps in another tab.",
        next: "See what is in it now, then order again. Nothing was charged.",
    },
    "orders.cart_ordered": { what: "This cart has been ordered already.", next: "You find it among your orders." },
    "orders.nothing_ordered": { what: "There is nothing in your cart.", next: "Put something in first." },
    "orders.unknown_article": {
        what: "Something in your cart is not for sale any more.",
        next: "Remove it, then order.",
    },
    "orders.too_late": { what: "This order has gone too far for that.", next: "Its goods have left the shelf." },
    "carts.unknown_article": { what: "This is not for sale any more.", next: "Look at the others." },
    "carts.too_many": { what: "That is more than a cart holds of one thing.", next: "Take 1000 at most." },
    "carts.too_many_lines": { what: "A cart holds 50 different things.", next: "Order these first." },
    "carts.currencies": { what: "This is priced in another currency than your cart.", next: "Order it by itself." },
    "reviews.reviewed_already": { what: "You have reviewed this already.", next: "Edit the review that you wrote." },
    "reviews.nothing_said": { what: "A review needs some words.", next: "Say what you think in a sentence." },
    "reviews.own_review": { what: "Everybody finds their own review helpful.", next: "Mark somebody else's." },
    "cards.too_late": { what: "The bank does not wait for this code any more.", next: "See where the order stands." },
};

//  Every problem has words; one that we do not know says what the service said.
export function wordsOf(error: unknown): Words {
    if (!(error instanceof Problem)) return words.internal as Words;
    const known = words[error.code];
    if (known !== undefined) return known;
    if (error.status >= 500) return words.internal as Words;
    const detail = error.message === "" ? "That did not work" : error.message;
    return {
        what: `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`.replace("..", "."),
        next: "Change it and try again.",
    };
}
