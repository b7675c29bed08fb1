import { describe, expect, test } from "vitest";
import { once } from "@/api/once";
import { Problem, wordsOf } from "@/api/problems";
import { changeOf, daysOf, scaleOf } from "@/desk/days";
import { saidOf } from "@/desk/deed-words";
import { newsOf, serviceOf } from "@/desk/order-news";
import { bodyOf, product as productForm, seenOf, valuesOf } from "@/desk/product-form";
import { nameIn, shellOf } from "@/shop/address";
import { type Cart, withUnits } from "@/shop/cart";
import { foldOf, healthOf, lookOf, type Node, rateOf, type System, type Told, waysOf } from "@/ops/system";
import { expiryOf, isCardNumber } from "@/shop/cards";
import { checkout, registration } from "@/shop/forms";
import { amountOf, minorOf, price, sameMoney, times } from "@/shop/money";
import { mergeCursors, oldAfter } from "@/shop/news";
import { kindOf, kinds, pictureOf } from "@/shop/pictures";
import { hrefOf, isNarrow, queryOf, wishIn } from "@/shop/wish";

const eur = (minor: number) => ({ minor, currency: "EUR" });

describe("a wish", () => {
    test("is what its address says", () => {
        const href = "/shop/rugs?sort=rated&q=wool&is=colour%3Ared&is=colour%3Ablue&in=stock&from=12&upto=90";
        expect(hrefOf("rugs", wishIn(href))).toBe(href);
        expect(queryOf(wishIn(href))).toEqual({
            sort: "rated",
            text: "wool",
            traits: ["colour:red", "colour:blue"],
            only_available: true,
            price_min: 1200,
            price_max: 9000,
        });
    });
    test("leaves out what no shop takes", () => {
        const href = "/shop?sort=worst&is=red&from=-1&upto=1e9&in=dreams";
        expect(hrefOf(null, wishIn(href))).toBe("/shop");
        expect(isNarrow(wishIn(href))).toBe(false);
    });
});

describe("pages of a list", () => {
    const page = (...rows: [string, number][]) => ({ rows: rows.map(([id, stars]) => ({ id, stars })) });
    const shown = (...pages: ReturnType<typeof page>[]) =>
        once(
            pages,
            (one) => one.rows,
            (one) => one.id,
        ).map(({ id, stars }) => `${id}${stars}`);

    test("follow each other", () => {
        expect(shown(page(["a", 3], ["b", 2]), page(["c", 1]))).toEqual(["a3", "b2", "c1"]);
    });
    test("show what comes again once, as it is now", () => {
        expect(shown(page(["a", 3], ["b", 2]), page(["a", 1], ["c", 0]))).toEqual(["a1", "b2", "c0"]);
    });
    test("are nothing as long as there are none", () => {
        expect(once(undefined, () => [], String)).toEqual([]);
    });
});

describe("money", () => {
    test("has as many digits as its currency", () => {
        expect(price(eur(123456))).toBe("€1,234.56");
        expect(price({ minor: 500, currency: "JPY" })).toBe("JP¥500");
    });
    test("is compared by value, also where the shop writes it as text", () => {
        expect(sameMoney({ minor: "100", currency: "EUR" }, eur(100))).toBe(true);
        expect(sameMoney({ minor: 100, currency: "CHF" }, eur(100))).toBe(false);
        expect(times(eur(19), 3)).toEqual(eur(57));
    });
});

describe("addresses", () => {
    test("with a name in them have a shell, others are their own", () => {
        expect(shellOf("/p/tea-glass")).toBe("/p?to=%2Fp%2Ftea-glass");
        expect(shellOf("/orders/7?x=1")).toBe("/order?to=%2Forders%2F7%3Fx%3D1");
        expect(shellOf("/shop?sort=title")).toBe("/shop?sort=title");
    });
    test("give their name", () => {
        expect(nameIn("/shop/rugs")).toBe("rugs");
        expect(nameIn("/shop")).toBeNull();
        expect(nameIn("/p/a/b")).toBeNull();
    });
});

describe("pictures", () => {
    test("a product has its own", () => expect(pictureOf("tiles-6", "x", "rugs")).toBe("tiles-6"));
    test("or always the same of its kind, also when it names one that nobody drew", () => {
        const one = pictureOf(undefined, "blue-lantern", "lanterns");
        expect(one).toMatch(/^lanterns-[1-6]$/);
        expect(pictureOf("photo-1", "blue-lantern", "lanterns")).toBe(one);
        expect(pictureOf("tiles-7", "blue-lantern", "lanterns")).toBe(one);
    });
    test("textiles are no tiles, and anything has a kind", () => {
        expect(kindOf("textiles")).toBe("textiles");
        expect(kinds).toContain(kindOf("something else"));
    });
});

describe("the payment form", () => {
    const good = {
        email: "ann@example.org",
        name: "Ann",
        street: "1 High Street",
        postcode: "53111",
        city: "Bonn",
        country: "DE",
        phone: "",
        number: "4242 4242 4242 4242",
        expiry: "12/30",
        code: "123",
    };
    test("knows a number that was mistyped", () => {
        expect(isCardNumber("4242 4242 4242 4242")).toBe(true);
        expect(isCardNumber("4242 4242 4242 4243")).toBe(false);
        expect(isCardNumber("4242")).toBe(false);
    });
    test("reads when a card ends", () => {
        expect(expiryOf("12/30")).toEqual({ month: 12, year: 2030 });
        expect(expiryOf("1 / 2031")).toEqual({ month: 1, year: 2031 });
        expect(expiryOf("13/30")).toBeNull();
    });
    test("says of each field what to do", () => {
        expect(checkout.safeParse(good).success).toBe(true);
        const wrong = checkout.safeParse({ ...good, street: " ", code: "12" });
        expect(wrong.error?.issues.map((issue) => issue.message)).toEqual([
            "Write street and number.",
            "Write the 3 or 4 digits on its back.",
        ]);
    });
    test("a password has ten characters", () => {
        const form = { name: "Ann", email: "ann@example.org" };
        expect(registration.safeParse({ ...form, password: "123456789" }).success).toBe(false);
        expect(registration.safeParse({ ...form, password: "1234567890" }).success).toBe(true);
    });
});

describe("a cart, before the shop has answered", () => {
    const line = (sku: string, units: number, minor: number, state: Cart["lines"][number]["state"] = "available") => ({
        sku,
        product_id: "",
        slug: sku,
        title: sku,
        name: "",
        units,
        price_then: eur(minor),
        price: eur(minor),
        available: 9,
        state,
    });
    const cart: Cart = {
        cart_version: 3,
        lines: [line("a", 1, 100), line("b", 2, 50)],
        units: 3,
        total: eur(200),
        can_order: true,
    };
    test("shows the new total", () =>
        expect(withUnits(cart, "b", 5)).toMatchObject({ units: 6, total: eur(350), can_order: true }));
    test("leaves out what is taken out", () =>
        expect(withUnits(cart, "a", 0).lines.map((one) => one.sku)).toEqual(["b"]));
    test("is empty without a total", () => {
        const empty = withUnits(withUnits(cart, "a", 0), "b", 0);
        expect(empty).toMatchObject({ units: 0, can_order: false });
        expect(empty.total).toBeUndefined();
    });
    test("does not count what is not for sale", () =>
        expect(
            withUnits({ ...cart, lines: [line("a", 1, 100), line("b", 2, 50, "not_for_sale")] }, "a", 2).total,
        ).toEqual(eur(200)));
});

describe("problems", () => {
    test("say what and what next", () => {
        const problem = Problem.from(
            { type: "urn:souk:problem:refused", code: "inventory.sold_out", detail: "x", correlation: "c" },
            409,
        );
        expect(wordsOf(problem).what).toBe("Sold out in the meantime.");
    });
    test("without a code are known by their type", () =>
        expect(Problem.from({ type: "urn:souk:problem:too-many" }, 429).code).toBe("too-many"));
    test("that nobody knows say what the service said", () =>
        expect(wordsOf(Problem.from({ code: "new.thing", detail: "the moon is full" }, 409)).what).toBe(
            "The moon is full.",
        ));
    test("that are no problems are ours", () =>
        expect(wordsOf(new Error("x")).what).toBe("Something broke on our side."));
});

describe("news", () => {
    const news = (type: string, subject: string, data = {}) => oldAfter({ type, subject, data }).map((key) => key.join(" "));
    test("of an order make that order old, and no other one", () => {
        expect(news("orders.paid", "7")).toContain("order 7");
        expect(news("orders.paid", "7")).not.toContain("order");
    });
    test("of stock make what is sold old", () => expect(news("inventory.changed", "sku")).toEqual(["products", "product", "cart", "admin"]));
    test("that nobody knows make nothing old", () => expect(news("weather.changed", "x")).toEqual([]));
    test("cursors of both are kept, the later one of a stream", () => {
        expect(mergeCursors("a=1.0:5,b=1.0:9", "a=1.0:7,b=1.0:2")).toBe("b=1.0:9,a=1.0:7");
        expect(mergeCursors("a=1.0:5", "a=2.9:1")).toBe("a=2.9:1");
        expect(mergeCursors("", "a=1.0:5")).toBe("a=1.0:5");
    });
    test("at most 32 cursors are sent", () => {
        const many = Array.from({ length: 40 }, (_, i) => `s${i}=1.0:1`).join(",");
        expect(mergeCursors(many, "").split(",")).toHaveLength(32);
    });
});

describe("the back office", () => {
    const day = (n: number, minor: number) => ({ day_ms: n * 86_400_000, orders: 1, units: 2, sold: eur(minor), returned: 0 });
    test("has a value for each day, also for those without a sale", () =>
        expect(daysOf([day(9, 500), day(7, 300), day(1, 100)], "sold", "EUR", 4, 9.5 * 86_400_000)).toEqual({
            at: [6, 7, 8, 9].map((n) => n * 86_400),
            values: [0, 300, 0, 500],
        }));
    test("says how much more or less, where there is something to hold it against", () => {
        expect(changeOf(112, 100)).toEqual({ text: "+12 %", isMore: true });
        expect(changeOf(0, 100)).toEqual({ text: "−100 %", isMore: false });
        expect(changeOf(5, 0)).toBeNull();
    });
    test("has scales without cents", () => expect(scaleOf("EUR")(1_500_000)).toBe("€15,000"));
    test("says who said so, and what of", () => {
        const deed = { at_ms: 0, by: "b", by_name: "Ada", key: "", units: 0, is_staff: true, is_admin: false, note: "" };
        expect(saidOf({ ...deed, deed: "cancelled", about_id: "7", about: "10001" })).toEqual({
            before: "cancelled order ",
            about: "10001",
            href: "/admin/order?id=7",
            after: "",
        });
        expect(saidOf({ ...deed, deed: "appointed", about: "" })).toMatchObject({ href: null, after: " staff" });
    });
    test("knows who tells what of an order, and in which words", () => {
        const event = { at_ms: 0, state: "paid", is_decided: false, note: "", number: 1, units: 0 } as const;
        expect(serviceOf("goods_held")).toBe("inventory");
        expect(serviceOf("captured")).toBe("payments");
        expect(newsOf({ ...event, what: "goods_held", units: 2 })).toEqual({
            text: "Held on the shelf",
            more: "2 things",
            isSmall: false,
        });
        expect(newsOf({ ...event, what: "stepped", step: "goods_taken" })).toMatchObject({ isSmall: true });
    });
    test("takes a product as somebody typed it, with the version that they saw", () => {
        const form = { ...valuesOf(null), title: "Pot", articles: [{ sku: "p", name: "", price: "12,5" }] };
        expect(bodyOf(form, null)).toMatchObject({ articles: [{ sku: "p", name: "", price: eur(1250) }] });
        expect(seenOf(4)).toEqual({ header: { "If-Match": '"4"' } });
        expect(seenOf(null)).toEqual({});
        expect(productForm.safeParse({ ...form, slug: "Pot", category: "" }).error?.issues.map((one) => one.message)).toEqual([
            "Take small letters, digits and single dashes.",
            "Choose a category.",
        ]);
    });
});

describe("amounts that staff types", () => {
    test("are read with a point or a comma, and no finer than the currency", () => {
        expect(minorOf("12.50", "EUR")).toBe(1250);
        expect(minorOf("€12,5", "EUR")).toBe(1250);
        expect(minorOf("12.505", "EUR")).toBeNull();
        expect(minorOf("twelve", "EUR")).toBeNull();
        expect(minorOf("500", "JPY")).toBe(500);
    });
    test("are shown as they are typed", () => expect(amountOf(eur(1205))).toBe("12.05"));
});

describe("the operator's pages", () => {
    const node = (name: string, number: number, started_ms = 5): Node => ({
        name,
        is_event_store: false,
        host: "local",
        calls: [],
        follows: name === "b" ? ["a", "a.more"] : [],
        writes: name === "a" ? ["a", "a.more"] : [],
        state: "live",
        problems: [],
        since_ms: 0,
        started_ms,
        streams: [{ name: "a", origin: "a", epoch: 1, number, time_ms: 0, behind_events: 0, behind_ms: 0, queued_bytes: 0 }],
        counters: [],
    });
    test("have rates between two looks, and none across a restart", () => {
        const before = lookOf(node("a", 10), 100);
        expect(rateOf(before, lookOf(node("a", 16), 102), (look) => look.out)).toBe(3);
        expect(rateOf(before, lookOf(node("a", 16, 6), 102), (look) => look.out)).toBe(0);
        expect(rateOf(undefined, before, (look) => look.out)).toBe(0);
    });
    test("draw one line for all streams between two, and one for requests", () => {
        const client = { name: "web", is_self: true, follows: [], calls: [{ callee: "a", is_query: true }, { callee: "a", is_query: false }] };
        const system = { system: "s", now_ms: 0, can_end: false, nodes: [node("a", 1), node("b", 1)], clients: [client] } as System;
        expect(waysOf(system)).toEqual([
            { from: "a", to: "b", streams: ["a", "a.more"] },
            { from: "web", to: "a", streams: [] },
        ]);
    });
    test("say who is down and who is behind", () => {
        expect(healthOf(node("a", 1))).toBe("good");
        expect(healthOf({ ...node("a", 1), parked: 2 })).toBe("behind");
        expect(healthOf({ ...node("a", 1), state: "unreachable" })).toBe("down");
    });
    test("show what was said last of each field, by stream, up to an event", () => {
        const told = (stream: string, number: number, data: unknown) => ({ stream, number, data }) as unknown as Told;
        const events = [told("o", 1, { state: "new", n: 1 }), told("p", 1, { n: 7 }), told("o", 2, { state: "paid" })];
        const values = (upTo: number) => foldOf(events, upTo).map(({ stream, field, value }) => `${stream} ${field} ${String(value)}`);
        expect(values(0)).toEqual(["o state new", "o n 1"]);
        expect(values(2)).toEqual(["o state paid", "o n 1", "p n 7"]);
    });
    test("know since when a field is what it is, though later events say the same", () => {
        const told = (number: number, data: unknown) => ({ stream: "o", number, data }) as unknown as Told;
        const events = [told(1, { id: "a", lines: [{ units: 2 }] }), told(2, { id: "a", lines: [{ units: 2 }], state: "paid" })];
        const since = foldOf(events, 1).map(({ field, by, isNew }) => [field, by.number, isNew]);
        expect(since).toEqual([["id", 1, false], ["lines", 1, false], ["state", 2, true]]);
    });
});
