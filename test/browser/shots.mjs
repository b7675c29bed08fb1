//  shots.mjs BUILD DIRECTORY [WORD...]: a screenshot of each page, or of those whose names have a word in them; phone
//  and desktop, light and dark.
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, settled, signIn } from "./browser.mjs";
import { ADMIN, Shop, until } from "./shop.mjs";

const [build, directory, ...words] = [resolve(process.argv[2]), resolve(process.argv[3]), ...process.argv.slice(4)];
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };

async function review(shop, slug) {
    const said = [
        [5, "Better than in the picture", "The glaze is alive. It sits on the window sill and the neighbours ask."],
        [4, "Good, and heavy", "Came well packed. A little smaller than I thought, which was my own fault."],
        [5, "Again", "The second one. The first one is my sister’s now."],
    ];
    for (const [i, [stars, title, text]] of said.entries()) {
        const person = await shop.register(`reader${i}@example.org`, ["Mina", "Jonas", "Aïcha"][i]);
        const { product_id } = await person.ask("GET", `/api/products/${slug}`);
        await person.ask("POST", `/api/products/${product_id}/reviews`, {
            review_id: crypto.randomUUID(),
            stars,
            title,
            text,
        });
        await until(
            "the review to be shown",
            async () => (await person.ask("GET", `/api/products/${product_id}/reviews`)).stars.reviews > i,
        );
    }
}

//  What is done on a page before it is shot, where coming there does not show it.
const acts = {
    drawer: async (page) => {
        await page.getByRole("button", { name: "Put in the cart" }).click();
        await page.getByRole("dialog").getByText("Total").waitFor();
    },
    menu: async (page) => {
        await page.getByRole("button", { name: "Menu" }).click();
        await page.getByRole("dialog").getByRole("link", { name: "Your orders" }).waitFor();
    },
    narrow: (page) => page.getByRole("button", { name: "Narrow it down" }).click(),
    "product-write": (page) => page.getByRole("button", { name: "Write a review" }).click(),
    "checkout-wrong": async (page) => {
        await page.getByText("Cards to try").click();
        await page.getByLabel("Card number").fill("4242 4242 4242 4241");
        await page.getByRole("button", { name: /Order and pay/ }).click();
        await page.locator("[aria-invalid=true]").first().waitFor();
    },
    "sign-in-wrong": async (page) => {
        await page.getByLabel("E-mail").fill("ann@example.org");
        await page.getByLabel("Password").fill("not this one");
        await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
        await page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
    },
    ops: async (page) => {
        await page.locator(".react-flow__node").first().waitFor();
    },
    "ops-one": async (page) => {
        await page.locator(".react-flow__node").first().waitFor();
        await page.getByRole("button", { name: "orders", exact: true }).click();
    },
};
//  Shot as a window, not as a whole page: something lies over it.
const windows = ["drawer", "menu"];
const onPhones = ["menu", "narrow"];
//  What the shop's services answer there: nothing yet, or that they are away.
const silent = { busy: "**/api/products*", trouble: "**/api/products*" };

const shop = new Shop(build);
const browser = await launch(build);
try {
    await shop.open();
    const ann = await shop.register("ann@example.org", "Ann");
    await review(shop, "ceramics-1");
    const order = await shop.buy(ann);
    const asked = await shop.buy(ann, "4000 0027 6000 3184", "awaiting_step");
    const declined = await shop.buy(ann, "4000 0000 0000 9995", "cancelled");
    await ann.ask("POST", "/api/cart/lines", { sku: "lanterns-1-0", units: 1 });
    await shop.reviewThatWaits(ann, "brass-1");
    const strange = {
        empty: "/cart",
        "checkout-none": "/checkout",
        "orders-none": "/orders",
        "account-none": "/account",
        "sign-in": "/sign-in",
        "sign-in-wrong": "/sign-in",
        register: "/register",
        "admin-closed": "/admin",
        "ops-closed": "/ops",
    };
    const pages = {
        home: "/",
        everything: "/shop",
        category: "/shop/lanterns",
        narrow: "/shop/oils",
        nothing: "/shop?q=submarine",
        busy: "/shop/rugs",
        trouble: "/shop/rugs",
        menu: "/",
        product: "/p/ceramics-1",
        "product-few": "/p/rugs-4",
        "product-write": "/p/tiles-1",
        "product-waits": "/p/brass-1",
        soldout: "/p/spices-5",
        drawer: "/p/ceramics-1",
        cart: "/cart",
        checkout: "/checkout",
        "checkout-wrong": "/checkout",
        order: `/orders/${order}`,
        "order-bank": `/orders/${asked}`,
        "order-declined": `/orders/${declined}`,
        orders: "/orders",
        account: "/account",
        missing: "/p/nothing-here",
        nowhere: "/nowhere/at/all",
    };
    await shop.work(order);
    const names = ["today", "orders", "order", "goods", "product", "stock", "article", "reviews", "words", "customers"];
    const office = Object.fromEntries(
        (await shop.office(order)).map((href, i) => [`admin-${[...names, "customer", "deeds"][i]}`, href]),
    );
    office["admin-order-bank"] = `/admin/order?id=${asked}`;
    office["admin-new"] = "/admin/goods/edit";
    const { events } = await shop.admin.ask("GET", `/api/ops/log?key=${order}&type=orders.placed`);
    Object.assign(office, {
        ops: "/ops",
        "ops-one": "/ops",
        "ops-log": `/ops/log?key=${order}&event=orders/${events[0].number}`,
        "ops-then": `/ops/then?key=${order}`,
    });
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    for (const [size, viewport] of Object.entries(sizes))
        for (const colorScheme of ["light", "dark"]) {
            const context = await browser.newContext({
                viewport,
                colorScheme,
                baseURL: shop.url,
                reducedMotion: "reduce",
            });
            const page = await context.newPage();
            page.on("console", (said) => {
                if (said.type() === "error" && !/status of 40[14]|ERR_FAILED/.test(said.text()))
                    console.log(`${page.url()}: ${said.text()}`);
            });
            page.on("pageerror", (error) => console.log(`${page.url()}: ${error.message}`));
            const shoot = async (name, href) => {
                if (words.length > 0 && !words.some((word) => name.includes(word))) return;
                if (onPhones.includes(name) && size !== "phone") return;
                if (name in silent) await page.route(silent[name], (one) => (name === "trouble" ? one.abort() : undefined));
                await page.goto(href);
                if (name === "busy") await page.locator("main [aria-busy=true]").first().waitFor();
                else await settled(page);
                if (name === "trouble") await page.getByRole("button", { name: "Try again" }).waitFor();
                if (name in acts) {
                    await acts[name](page);
                    await settled(page);
                    await page.evaluate(() => window.scrollTo(0, 0));
                }
                await page.evaluate(async () => {
                    const whole = new CSSStyleSheet(); // what is drawn only when it is scrolled to, too
                    whole.replaceSync("* { content-visibility: visible !important }");
                    document.adoptedStyleSheets.push(whole);
                    for (const image of document.images) image.loading = "eager";
                    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
                });
                await page.screenshot({
                    path: join(directory, `${name}-${size}-${colorScheme}.png`),
                    fullPage: !windows.includes(name),
                });
                await page.unrouteAll({ behavior: "ignoreErrors" });
            };
            const shootAll = async (wanted) => {
                for (const [name, href] of Object.entries(wanted)) await shoot(name, href);
            };
            await shootAll(strange);
            await signIn(page, "ann@example.org");
            await shootAll(pages);
            await signIn(page, ADMIN);
            await shootAll(office);
            await context.close();
        }
} finally {
    await browser.close();
    await shop.close();
}
