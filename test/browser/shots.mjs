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

const shop = new Shop(build);
const browser = await launch(build);
try {
    await shop.open();
    const ann = await shop.register("ann@example.org", "Ann");
    await review(shop, "ceramics-1");
    const order = await shop.buy(ann);
    await shop.reviewThatWaits(ann, "brass-1");
    const pages = {
        home: "/",
        everything: "/shop",
        category: "/shop/lanterns",
        product: "/p/ceramics-1",
        "product-few": "/p/rugs-4",
        soldout: "/p/spices-5",
        drawer: "/p/ceramics-1",
        cart: "/cart",
        checkout: "/checkout",
        order: `/orders/${order}`,
        orders: "/orders",
        "sign-in": "/sign-in",
        register: "/register",
        account: "/account",
        missing: "/p/nothing-here",
    };
    await shop.work(order);
    const names = ["today", "orders", "order", "goods", "product", "stock", "article", "reviews", "words", "customers"];
    const office = Object.fromEntries(
        (await shop.office(order)).map((href, i) => [`admin-${[...names, "customer", "deeds"][i]}`, href]),
    );
    office["admin-new"] = "/admin/goods/edit";
    const { events } = await shop.admin.ask("GET", `/api/ops/log?key=${order}&type=orders.placed`);
    Object.assign(office, {
        ops: "/ops",
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
                if (said.type() === "error") console.log(`${page.url()}: ${said.text()}`);
            });
            page.on("pageerror", (error) => console.log(`${page.url()}: ${error.message}`));
            const shoot = async (name, href) => {
                if (words.length > 0 && !words.some((word) => name.includes(word))) return;
                await page.goto(href);
                await settled(page);
                if (name === "drawer") {
                    await page.getByRole("button", { name: "Put in the cart" }).click();
                    await page.getByRole("dialog").getByText("Total").waitFor();
                }
                if (name === "ops") {
                    await page.locator(".react-flow__node").first().waitFor();
                    await page.getByRole("button", { name: "orders", exact: true }).click();
                    await page.evaluate(() => window.scrollTo(0, 0));
                }
                await page.evaluate(async () => {
                    for (const image of document.images) image.loading = "eager";
                    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
                });
                await page.screenshot({
                    path: join(directory, `${name}-${size}-${colorScheme}.png`),
                    fullPage: name !== "drawer",
                });
            };
            await shoot("empty", "/cart");
            await signIn(page, "ann@example.org");
            for (const [name, href] of Object.entries(pages)) await shoot(name, href);
            await signIn(page, ADMIN);
            for (const [name, href] of Object.entries(office)) await shoot(name, href);
            await context.close();
        }
} finally {
    await browser.close();
    await shop.close();
}
