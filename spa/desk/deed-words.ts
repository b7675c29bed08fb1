import type { components } from "@/api/schema";
import { price } from "@/shop/money";

//  What somebody of the staff did, as a sentence with a way to what it was about.

type Deed = components["schemas"]["deed_line"];

export interface Said {
    before: string;
    about: string;
    href: string | null;
    after: string;
}

const things = (units: number) => (units === 1 ? "1 thing" : `${units} things`);

function rolesOf({ is_staff, is_admin }: Deed): string {
    return is_admin ? "an admin" : is_staff ? "staff" : "a customer like any other";
}

export function saidOf(deed: Deed): Said {
    const { about, about_id: id, key, units, amount, was } = deed;
    const product = id === undefined ? null : `/admin/goods/edit?id=${id}`;
    const order = id === undefined ? null : `/admin/order?id=${id}`;
    const stock = `/admin/stock?sku=${encodeURIComponent(key)}`;
    const say = (before: string, what: string, href: string | null, after = "") => ({ before, about: what, href, after });
    switch (deed.deed) {
        case "category_put":
            return say("wrote the category ", key, `/shop/${key}`);
        case "written":
            return say("wrote ", about, product);
        case "priced":
            return say(
                "set the price of ",
                about,
                product,
                ` (${key}) from ${was === undefined ? "nothing" : price(was)} to ${amount === undefined ? "nothing" : price(amount)}`,
            );
        case "published":
            return say("published ", about, product);
        case "withdrawn":
            return say("withdrew ", about, product);
        case "received":
            return say(`took in ${things(units)} of `, key, stock, about === "" ? "" : `, ${about}`);
        case "counted":
            return say(`counted ${things(units)} of `, key, stock, about === "" ? "" : `, ${about}`);
        case "damaged":
            return say(`found only ${things(units)} left of `, key, stock, about === "" ? "" : `, ${about}`);
        case "cancelled":
            return say("cancelled order ", about, order);
        case "refund_decided":
            return say(`gave ${amount === undefined ? "money" : price(amount)} back for order `, about, order);
        case "appointed":
            return say(
                "made ",
                about === "" ? "somebody who left" : about,
                id === undefined ? null : `/admin/customer?id=${id}`,
                ` ${rolesOf(deed)}`,
            );
        case "review_approved":
            return say("let everybody read a review of ", about === "" ? "a product" : about, null);
        case "review_refused":
            return say("refused a review of ", about === "" ? "a product" : about, null);
        case "word_forbidden":
            return say("does not want the word ", `“${key}”`, "/admin/reviews?which=words");
        case "word_allowed":
            return say("allows the word ", `“${key}”`, "/admin/reviews?which=words", " again");
    }
}
