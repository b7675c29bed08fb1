//  A shop of its own for a test: real daemons in a new directory, on a free port, with a few goods, an admin and a
//  customer. Nothing waits for a time: for an answer, a line of the log or the end of a process, each with a bound.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const WAIT_MS = 60_000; // a machine under load is slow
const LOOK_MS = 50;
export const PASSWORD = "correct horse battery";
export const ADMIN = "admin@example.org";

const goods = [
    ["tiles", "Tiles", "Cut, glazed and fired by hand."],
    ["rugs", "Rugs", "Knotted and woven wool."],
    ["lanterns", "Lanterns", "Pierced metal that throws more shadow than light."],
    ["ceramics", "Ceramics", "Thrown, painted, fired."],
    ["spices", "Spices", "By the heap."],
    ["glasses", "Tea glasses", "For tea that is poured from high up."],
    ["textiles", "Textiles", "Blankets and cloth."],
    ["soap", "Soap", "Olive oil, laurel, patience."],
    ["baskets", "Baskets", "Coiled palm leaf."],
    ["brass", "Brass", "Beaten, not poured."],
    ["poufs", "Poufs", "Leather, stitched by hand."],
    ["wood", "Wood", "Thuya and walnut."],
    ["oils", "Oils", "Pressed in autumn."],
];
const names = ["of Fez", "from the Atlas", "of the harbour", "of the old town", "from Essaouira", "of the north"];
export const LAST_ONE = "spices-5"; // the slug of a product of which there is one

export async function until(what, look, ms = WAIT_MS) {
    const end = Date.now() + ms;
    for (;;) {
        const found = await look();
        if (found) return found;
        if (Date.now() > end) throw new Error(`waited ${ms} ms for: ${what}`);
        await new Promise((done) => setTimeout(done, LOOK_MS));
    }
}

//  Somebody who speaks to the bridge without a browser.
class Person {
    constructor(url) {
        this.url = url;
        this.cookie = "";
        this.cursors = "";
    }

    async ask(method, path, body, headers = {}) {
        const answer = await fetch(this.url + path, {
            method,
            headers: {
                "Content-Type": "application/json",
                Origin: this.url,
                "Idempotency-Key": crypto.randomUUID(),
                ...(this.cookie === "" ? {} : { Cookie: this.cookie }),
                ...(this.cursors === "" ? {} : { "Souk-Cursors": this.cursors }),
                ...headers,
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const cookie = answer.headers.get("Set-Cookie");
        if (cookie !== null) this.cookie = cookie.split(";")[0];
        this.cursors = answer.headers.get("Souk-Cursors") ?? this.cursors;
        const said = await answer.text();
        if (!answer.ok || answer.status === 202) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
        return said === "" ? null : JSON.parse(said);
    }
}

export class Shop {
    constructor(build) {
        this.build = build;
        this.directory = mkdtempSync(join(build, "browser-"));
        this.topology = join(this.directory, "shop.zpl");
        this.log = "";
    }

    //  With a few goods, or with those that lie in its directory already.
    async open({ isStocked = false } = {}) {
        const text = readFileSync(join(this.build, "spa/shop.zpl"), "utf8");
        writeFileSync(this.topology, text.replace(/listen = .*/, "listen = 127.0.0.1:0"));
        const begin = isStocked ? ["--data", join(this.directory, "data")] : ["--new"];
        this.daemons = spawn(join(this.build, "souk"), ["up", "--control", "--programs", this.build, ...begin, this.topology], {
            stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [this.daemons.stdout, this.daemons.stderr])
            stream.on("data", (bytes) => {
                this.log += bytes;
            });
        const listening = /event=listening address=(127\.0\.0\.1:\d+)/;
        await until("the bridge to listen", () => listening.test(this.log) || this.daemons.exitCode !== null);
        if (!listening.test(this.log)) throw new Error(`the shop does not start:\n${this.log.slice(-3000)}`);
        this.url = `http://${listening.exec(this.log)[1]}`;
        await until("all daemons to live", () => /is up: (\d+) of \1 are live/.test(this.log));
        if (!isStocked) await this.stock();
        return this;
    }

    async call(service, message, fields) {
        await promisify(execFile)(join(this.build, "souk"), [
            "call",
            "-t",
            this.topology,
            service,
            message,
            JSON.stringify(fields),
        ]);
    }

    //  A daemon that stands still, until what is done meanwhile is done.
    async whileStopped(name, work) {
        const asked = await promisify(execFile)(join(this.build, "souk"), ["status", "--json", "-t", this.topology, name]);
        const { pid } = JSON.parse(asked.stdout).nodes[0];
        process.kill(pid, "SIGSTOP");
        try {
            await work();
        } finally {
            process.kill(pid, "SIGCONT");
        }
    }

    person() {
        return new Person(this.url);
    }

    async register(email, name) {
        const person = this.person();
        await person.ask("POST", "/api/people", { person_id: crypto.randomUUID(), email, name, password: PASSWORD });
        await person.ask("POST", "/api/session", { email, password: PASSWORD });
        return person;
    }

    async stock() {
        const admin = await this.register(ADMIN, "Ada");
        await this.call("accounts", "accounts.appoint_first", { email: ADMIN });
        let place = 0;
        for (const [category, title, text] of goods) {
            await admin.ask("PUT", `/api/admin/categories/${category}`, { title, text, place: place++ });
            for (let n = 0; n < names.length; n++) await this.put(admin, category, title, n, place);
        }
        this.admin = admin;
    }

    async put(admin, category, title, n, place) {
        const id = crypto.randomUUID(),
            slug = `${category}-${n + 1}`;
        const price = (of) => ({ minor: 900 + ((place * 731 + n * 397 + of * 1300) % 14000), currency: "EUR" });
        const articles = (n % 2 === 0 ? ["small", "large"] : [""]).map((name, of) => ({
            sku: `${slug}-${of}`,
            name,
            price: price(of),
        }));
        await admin.ask("PUT", `/api/admin/products/${id}`, {
            slug,
            title: `${title} ${names[n]}`,
            category,
            articles,
            traits: [{ name: "colour", value: ["red", "green", "blue"][n % 3] }],
            summary: "Made by hand by people whose names we know, and no two of them are the same.",
            text: "Made as it was before shops had windows.\n\nWipe it with a soft cloth, and it stays.",
            pictures: [
                { name: slug, alt: `${title} ${names[n]}` },
                { name: `${category}-${((n + 2) % 6) + 1}`, alt: "Another one" },
            ],
        });
        await admin.ask("POST", `/api/admin/products/${id}/publish`);
        for (const [of, { sku }] of articles.entries()) {
            const units = slug === LAST_ONE ? (of === 0 ? 1 : 0) : n === 3 ? 3 : 40;
            if (units > 0) await admin.ask("POST", `/api/admin/stock/${sku}/receive`, { units, note: "" });
        }
    }

    //  An order of three things, until it stands there.
    async buy(person, number = "4242 4242 4242 4242", wanted = "confirmed") {
        const { products } = await person.ask("GET", "/api/products?sort=newest");
        let lines = 0;
        for (const { slug } of products) {
            const { articles } = await person.ask("GET", `/api/products/${slug}`);
            const article = articles.find((one) => one.available > 20); // others buy at the same time
            if (article === undefined) continue;
            await person.ask("POST", "/api/cart/lines", { sku: article.sku, units: 2 });
            if (++lines === 3) break;
        }
        const { cart_version, total } = await person.ask("GET", "/api/cart");
        const card = crypto.randomUUID();
        const order_id = crypto.randomUUID();
        const address = { name: "Ann", street: "1 High Street", city: "Bonn", postcode: "53111", country: "DE", phone: "" };
        await person.ask("POST", "/api/cards", { card, number, code: "123", month: 12, year: 2030 });
        const email = "ann@example.org";
        await person.ask("POST", "/api/orders", { order_id, cart_version, total, card, email, address });
        let order;
        const look = async () => (order = await person.ask("GET", `/api/orders/${order_id}`)).state === wanted;
        await until(`the order to be ${wanted}`, look).catch((error) => {
            throw new Error(`${error.message}; it is ${JSON.stringify(order)}`);
        });
        return order_id;
    }

    //  The pages of the back office, with something on each of them.
    async office(order_id) {
        const { products } = await this.admin.ask("GET", "/api/admin/products?text=ceramics-1");
        const { owner } = await this.admin.ask("GET", `/api/orders/${order_id}`);
        return [
            "/admin",
            "/admin/orders",
            `/admin/order?id=${order_id}`,
            "/admin/goods",
            `/admin/goods/edit?id=${products[0].product_id}`,
            "/admin/stock",
            "/admin/stock?sku=ceramics-1-0",
            "/admin/reviews",
            "/admin/reviews?which=words",
            "/admin/customers",
            `/admin/customer?id=${owner}`,
            "/admin/deeds",
        ];
    }

    //  What keeps the back office busy: a price, a count, a refund, a word, somebody new behind the counter.
    async work(order_id) {
        const { products } = await this.admin.ask("GET", "/api/admin/products?text=ceramics-1");
        const path = `/api/admin/products/${products[0].product_id}`;
        const { slug, title, summary, text, category, pictures, articles } = await this.admin.ask("GET", path);
        const dearer = articles.map(({ sku, name, price }) => ({ sku, name, price: { ...price, minor: price.minor + 300 } }));
        const traits = [{ name: "material", value: "clay" }];
        await this.admin.ask("PUT", path, { slug, title, summary, text, category, pictures, traits, articles: dearer });
        await this.admin.ask("PUT", "/api/admin/stock/ceramics-1-0", { on_hand: 37, damaged: true, note: "a shelf came down" });
        await this.admin.ask("PUT", "/api/admin/words/scam", { is_refused: true });
        await this.admin.ask("PUT", "/api/admin/words/cheap", { is_refused: false });
        const refund = { refund_id: crypto.randomUUID(), minor: 500, goods_return: false, note: "chipped, as she said" };
        await this.admin.ask("POST", `/api/admin/orders/${order_id}/refunds`, refund);
        const bob = await this.register("bob@example.org", "Bob");
        const { person_id } = await bob.ask("GET", "/api/account");
        await this.admin.ask("PUT", `/api/admin/people/${person_id}/roles`, { is_staff: true, is_admin: false });
    }

    //  Something that moderation wants somebody to look at.
    async reviewThatWaits(person, slug) {
        const { product_id } = await person.ask("GET", `/api/products/${slug}`);
        const words = { stars: 2, title: "Cheaper elsewhere", text: "I found it for less at www.example.com, so there." };
        const review_id = crypto.randomUUID();
        await person.ask("POST", `/api/products/${product_id}/reviews`, { review_id, ...words });
    }

    async close() {
        if (this.daemons?.exitCode === null) {
            const ended = new Promise((done) => this.daemons.once("exit", done));
            this.daemons.kill("SIGTERM");
            await ended;
        }
        rmSync(this.directory, { recursive: true, force: true });
    }
}
