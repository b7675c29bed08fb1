//  shots.mjs BUILD DIRECTORY [WORD...]: a screenshot of each page, or of those whose names have a word in them; phone
//  and desktop, light and dark.
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch } from "./browser.mjs";
import { PASSWORD, Shop, until } from "./shop.mjs";

const [build, directory, ...words] = [resolve(process.argv[2]), resolve(process.argv[3]), ...process.argv.slice(4)];
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };

async function buy(shop, person) {
    const { products } = await person.ask("GET", "/api/products?sort=newest");
    for (const { slug } of products.slice(0, 3)) {
        const { articles } = await person.ask("GET", `/api/products/${slug}`);
        const article = articles.find((one) => one.available > 0);
        if (article !== undefined) await person.ask("POST", "/api/cart/lines", { sku: article.sku, units: 2 });
    }
    const cart = await person.ask("GET", "/api/cart");
    const card = crypto.randomUUID(),
        order_id = crypto.randomUUID();
    await person.ask("POST", "/api/cards", { card, number: "4242 4242 4242 4242", code: "123", month: 12, year: 2030 });
    await person.ask("POST", "/api/orders", {
        order_id,
        cart_version: cart.cart_version,
        total: cart.total,
        card,
        email: "ann@example.org",
        address: { name: "Ann", street: "1 High Street", city: "Bonn", postcode: "53111", country: "DE", phone: "" },
    });
    await until(
        "the order to be confirmed",
        async () => (await person.ask("GET", `/api/orders/${order_id}`)).state === "confirmed",
    );
    return order_id;
}

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
    const order = await buy(shop, ann);
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
        empty: "/cart",
    };
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
                await page.goto(href, { waitUntil: "networkidle" });
                if (name === "drawer") {
                    await page.getByRole("button", { name: "Put in the cart" }).click();
                    await page.getByRole("dialog").getByText("Total").waitFor();
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
            await page.goto("/sign-in");
            await page.getByLabel("E-mail").fill("ann@example.org");
            await page.getByLabel("Password").fill(PASSWORD);
            await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
            await page.waitForURL("**/account");
            for (const [name, href] of Object.entries(pages)) if (name !== "empty") await shoot(name, href);
            await context.close();
        }
} finally {
    await browser.close();
    await shop.close();
}
