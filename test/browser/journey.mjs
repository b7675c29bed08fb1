//  journey.mjs BUILD [WORD...]: people use the shop in a real browser, against real daemons. Ends with `N passed, N failed`.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { launch, settled, signIn, toolsOf } from "./browser.mjs";
import { ADMIN, LAST_ONE, Shop, until } from "./shop.mjs";

const build = resolve(process.argv[2] ?? "build");
const axe = readFileSync(toolsOf(build).resolve("axe-core/axe.min.js"), "utf8");
const WAIT_MS = 30_000;
const TABS_MAX = 120; // more, and somebody with a keyboard has given up

const expect = (what, isTrue) => {
    if (!isTrue) throw new Error(what);
};

//  A window of somebody's own; what a page complains of fails the test.
async function visitor(shop, browser, options = {}) {
    const context = await browser.newContext({
        baseURL: shop.url,
        viewport: { width: 1280, height: 900 },
        reducedMotion: "reduce",
        ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.complaints = [];
    page.on("pageerror", (error) => page.complaints.push(error.message));
    page.on("console", (said) => {
        if (said.type() === "error" && !/status of 40[134]/.test(said.text())) page.complaints.push(said.text());
    });
    return page;
}

async function leave(page) {
    const { complaints } = page;
    await page.context().close();
    expect(`the pages complained: ${complaints.join("; ")}`, complaints.length === 0);
}

//  Tab until something of this role and name has the focus.
async function tabTo(page, role, name) {
    const wanted = page.getByRole(role, { name }).first();
    await wanted.waitFor();
    for (let i = 0; i < TABS_MAX; i++) {
        if (await wanted.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press("Tab");
    }
    throw new Error(`no way to the ${role} "${name}" by keyboard`);
}

async function fill(page, values) {
    for (const [label, value] of Object.entries(values)) {
        await tabTo(page, "textbox", label);
        await page.keyboard.press("Control+A");
        await page.keyboard.type(value);
    }
}

const home = {
    "E-mail": "ann@example.org",
    Name: "Ann",
    "Street and number": "1 High Street",
    Postcode: "53111",
    Town: "Bonn",
};
const card = { "Card number": "4242 4242 4242 4242", "Valid until": "12/30", "Code on its back": "123" };

//  Put it in the cart and check out, with the mouse.
async function checkOut(page, slug, number = card["Card number"]) {
    await page.goto(`/p/${slug}`);
    await page.getByRole("button", { name: "Put in the cart" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Check out" }).click();
    for (const [label, value] of Object.entries({ ...home, ...card, "Card number": number }))
        await page.getByRole("textbox", { name: label, exact: true }).fill(value);
    await page.getByRole("button", { name: /Order and pay/ }).click();
}

const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

const tests = {
    async "a guest buys, by keyboard alone"(shop, browser) {
        const page = await visitor(shop, browser);
        await page.goto("/");
        await page.keyboard.press("Tab");
        expect(
            "the first stop is the way to the content",
            await page.evaluate(() => document.activeElement.textContent.includes("Skip to the content")),
        );
        await tabTo(page, "link", "Walk in");
        await page.keyboard.press("Enter");
        await heading(page, "Everything");
        await tabTo(page, "link", "Oils of Fez");
        await page.keyboard.press("Enter");
        await heading(page, "Oils of Fez");
        expect("the address is the product's", new URL(page.url()).pathname === "/p/oils-1");
        await tabTo(page, "button", "Put in the cart");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").getByText("Oils of Fez").waitFor();
        await tabTo(page, "link", "Check out");
        await page.keyboard.press("Enter");
        await heading(page, "Check out");
        await fill(page, { ...home, ...card });
        await tabTo(page, "button", /Order and pay/);
        await page.keyboard.press("Enter");
        await page.waitForURL("**/orders/*");
        await heading(page, "Yours");
        expect(
            "its diary has all steps",
            (await page
                .getByRole("listitem")
                .filter({ has: page.locator("time") })
                .count()) >= 3,
        );
        await page.reload();
        await heading(page, "Yours");
        await leave(page);
    },

    async "somebody becomes a customer, reviews, and finds the order again"(shop, browser) {
        const page = await visitor(shop, browser);
        await page.goto("/register?then=/p/ceramics-1");
        await page.getByLabel("Name").fill("Mina");
        await page.getByLabel("E-mail").fill("mina@example.org");
        await page.getByLabel("Password").fill("short");
        await page.getByRole("main").getByRole("button", { name: "Become a customer" }).click();
        await page.getByText("Take at least 10 characters.").waitFor();
        await page.getByLabel("Password").fill("a long sentence");
        await page.getByRole("main").getByRole("button", { name: "Become a customer" }).click();
        await heading(page, "Ceramics of Fez");
        await page.getByRole("button", { name: "Write a review" }).click();
        await page.getByRole("radio", { name: "4 stars" }).check({ force: true });
        await page.getByLabel("In a few words").fill("It pours");
        await page.getByLabel("In more words").fill("And it looks at me from the shelf.");
        await page.getByRole("button", { name: "Send it" }).click();
        await page.getByRole("heading", { name: "Your review" }).waitFor();
        await until("everybody to read it", async () => {
            await page.reload();
            await page.getByRole("heading", { name: "Your review" }).waitFor();
            return (await page.getByText("And it looks at me from the shelf.").count()) > 0;
        });
        await checkOut(page, "ceramics-1");
        await page.waitForURL("**/orders/*");
        await heading(page, "Yours");
        await page.goto("/orders");
        await page.getByRole("main").getByRole("link", { name: /Yours/ }).click();
        await page.getByText("We write to").waitFor();
        await page.goto("/account");
        const coming = page.waitForEvent("download");
        await page.getByRole("button", { name: "Download my data" }).click();
        const known = JSON.parse(readFileSync(await (await coming).path(), "utf8"));
        expect(
            "all of it is in the file",
            known.account.name === "Mina" &&
                known.orders.length === 1 &&
                known.orders[0].destination.address.street !== "" &&
                known.reviews[0].words.title === "It pours",
        );
        await leave(page);
    },

    async "the catalogue is narrowed down while one types, and its address keeps how"(shop, browser) {
        const page = await visitor(shop, browser);
        const isLeft = (what) => page.getByText(what, { exact: true }).waitFor();
        const fez = page.getByRole("heading", { name: "Rugs of Fez" });
        await page.goto("/shop/rugs");
        await page.getByRole("checkbox", { name: /^red/ }).check();
        await isLeft("2 things");
        await page.getByRole("searchbox").fill("fez");
        await isLeft("1 thing");
        await page.getByLabel("Order").selectOption("popular");
        await page.waitForURL(/sort=popular.*q=fez.*is=colour/);
        await page.reload();
        await isLeft("1 thing");
        await fez.waitFor();
        expect("what was chosen is so still", await page.getByRole("checkbox", { name: /^red/ }).isChecked());
        expect("and so is what was typed", (await page.getByRole("searchbox").inputValue()) === "fez");
        await page.goBack();
        await page.waitForURL(/\?q=fez/);
        await page.getByRole("searchbox").fill("a submarine");
        await page.getByText("Nothing here is like that").waitFor();
        await page.getByRole("button", { name: "Show all there is" }).click();
        await isLeft("6 things");
        await fez.waitFor();
        await leave(page);
    },

    async "a card is declined, another one asks for a code"(shop, browser) {
        const page = await visitor(shop, browser);
        await checkOut(page, "brass-1", "4000 0000 0000 9995");
        await heading(page, "Cancelled");
        await page.getByText("There is not enough on it.").first().waitFor();
        await page.evaluate(() => sessionStorage.clear());
        await page.goto("/cart");
        await page.getByRole("main").getByText("Brass of Fez").waitFor(); //  it has come back to the cart
        await page
            .getByRole("main")
            .getByRole("button", { name: /^Remove/ })
            .click();
        await page.getByText("Nothing in it yet").waitFor();
        await checkOut(page, "brass-1", "4000 0027 6000 3184");
        await heading(page, "Your bank asks");
        await page.getByLabel("Code").fill("1234");
        await page.getByRole("button", { name: "It is me" }).click();
        await heading(page, "Yours");
        await leave(page);
    },

    async "the last one goes to one of two, and the other is told before any money moves"(shop, browser) {
        const [one, other] = await Promise.all([visitor(shop, browser), visitor(shop, browser)]);
        await other.goto(`/p/${LAST_ONE}`);
        await other.getByText("Only 1 left").waitFor();
        await other.getByRole("button", { name: "Put in the cart" }).click();
        await other.getByRole("dialog").getByText("Total").waitFor();
        await checkOut(one, LAST_ONE);
        await heading(one, "Yours");
        await until("the other to be told", async () => {
            await other.goto("/cart");
            await other.getByRole("main").getByText("Spices").first().waitFor();
            return (await other.getByText("Sold out in the meantime.").count()) > 0;
        });
        expect(
            "nothing can be ordered",
            (await other.getByRole("main").getByRole("link", { name: "Check out" }).count()) === 0,
        );
        await leave(one);
        await leave(other);
    },

    async "a second tab follows the first one, though nobody reloads it"(shop, browser) {
        const page = await visitor(shop, browser);
        await checkOut(page, "glasses-1", "4000 0027 6000 3184");
        await heading(page, "Your bank asks");
        const other = await page.context().newPage();
        await other.goto(page.url());
        await heading(other, "Your bank asks");
        await page.getByLabel("Code").fill("1234");
        await page.getByRole("button", { name: "It is me" }).click();
        await Promise.all([heading(page, "Yours"), heading(other, "Yours")]);
        await page.goto("/p/glasses-3");
        await page.getByRole("button", { name: "Put in the cart" }).click();
        await other.getByRole("button", { name: "Cart, 1 thing" }).waitFor();
        await leave(page);
    },

    async "while payments stands still the shopper is told, and then the order goes on by itself"(shop, browser) {
        const page = await visitor(shop, browser);
        await shop.whileStopped("payments", async () => {
            await checkOut(page, "textiles-1");
            await heading(page, "Set aside");
            await page.getByText("The payment desk does not answer just now.").waitFor();
        });
        await heading(page, "Yours");
        await leave(page);
    },

    async "staff look at a review, give money back, and sell something new"(shop, browser) {
        const ann = await shop.register("ann@example.org", "Ann");
        const order = await shop.buy(ann);
        await shop.reviewThatWaits(ann, "brass-1");
        const page = await visitor(shop, browser);
        await page.goto("/admin");
        await page.getByText("Behind the counter").waitFor();
        await signIn(page, ADMIN);
        await page.goto("/admin/reviews");
        await page.getByText("What struck: a link.").waitFor();
        await page.getByRole("button", { name: "Let everybody read it" }).click();
        await page.getByText("Nothing waits").waitFor();
        const { number } = await ann.ask("GET", `/api/orders/${order}`);
        await page.goto("/admin/orders");
        await page.keyboard.press("/");
        await page.keyboard.type("ann@example.org");
        await page.getByRole("link", { name: String(number) }).click();
        await page.getByText("The money is here").waitFor();
        await page.getByLabel("How much").fill("1");
        await page.getByLabel("Why").fill("chipped");
        await page.getByRole("button", { name: "Give €1.00 back" }).click();
        await page.getByText("Money has gone back").waitFor();
        await page.getByText("by Ada").waitFor();
        await page.goto("/admin/goods/edit");
        await page.getByLabel("Title").fill("A bell for a goat");
        await page.getByLabel("Its name in addresses").fill("goat-bell");
        await page.getByLabel("Category").selectOption("brass");
        await page.getByLabel("Article number").fill("goat-bell");
        await page.getByLabel("Price, €").fill("12,50");
        await page.getByRole("button", { name: "Picture brass-3" }).click();
        await page.getByRole("button", { name: "Put it in the shop" }).click();
        await page.getByText("In the shop: everybody sees it.").waitFor();
        const product = page.url();
        await page.getByRole("link", { name: "goat-bell" }).click();
        await page.getByLabel("How many came").fill("7");
        await page.getByLabel("Why").fill("from Ouarzazate");
        await page.getByRole("button", { name: "Write it down" }).click();
        await page.getByText("“from Ouarzazate”").waitFor();
        await page.goto("/admin/deeds");
        await page.getByText("took in 7 things of goat-bell, A bell for a goat").waitFor();
        await page.getByText("gave €1.00 back for order").first().waitFor();
        await page.goto(product);
        await page.getByRole("link", { name: "See its page" }).click();
        await heading(page, "A bell for a goat");
        await page.getByText("In stock").waitFor();
        await leave(page);
    },

    async "an order that waits for its bank is called off behind the counter"(shop, browser) {
        const order = await shop.buy(await shop.register("bea@example.org", "Bea"), "4000 0027 6000 3184", "awaiting_step");
        const page = await visitor(shop, browser);
        await signIn(page, ADMIN);
        await page.goto("/admin");
        await page.getByRole("link", { name: /Orders on their way: [1-9]/ }).click();
        await page.locator(`a[href="/admin/order?id=${order}"]`).click();
        await page.getByText("The bank wants a code").waitFor();
        await page.getByRole("button", { name: "Cancel this order" }).click();
        await page.getByText("The shop called it off.").waitFor();
        await page.getByText("Free again on the shelf").waitFor();
        await page.getByText("by Ada").waitFor();
        await leave(page);
    },

    async "two of the staff write the same product, and neither overwrites the other unseen"(shop, browser) {
        const { products } = await shop.admin.ask("GET", "/api/admin/products?text=wood-2");
        const id = products[0].product_id;
        const write = async (title, headers) => {
            const { version, articles, since_ms, state, prices, product_id, ...known } = await shop.admin.ask(
                "GET",
                `/api/admin/products/${id}`,
            );
            const priced = articles.map(({ sku, name, price }) => ({ sku, name, price }));
            await shop.admin.ask("PUT", `/api/admin/products/${id}`, { ...known, title, articles: priced }, headers);
        };
        const page = await visitor(shop, browser);
        await signIn(page, ADMIN);
        await page.goto(`/admin/goods/edit?id=${id}`);
        await page.getByLabel("In a sentence").fill("What I typed.");
        await write("Wood that somebody renamed");
        await page.getByText("Somebody else has changed this product meanwhile.").waitFor();
        const late = await write("Wood that comes late", { "If-Match": '"1"' }).catch((error) => error.message);
        expect(`what was not seen is not overwritten: ${late}`, / 412 .*catalog.changed/.test(late));
        await page.getByRole("button", { name: "Take theirs" }).click();
        await until(
            "the other's title to be there",
            async () => (await page.getByLabel("Title").inputValue()) === "Wood that somebody renamed",
        );
        await page.getByLabel("In a sentence").fill("What I typed then.");
        await page.getByRole("button", { name: "Keep it" }).click();
        await page.getByText("Kept.").waitFor();
        await leave(page);
    },

    async "an operator kills a service, sees it go and come back, and finds out what happened to an order"(shop, browser) {
        const order = await shop.buy(await shop.register("olga@example.org", "Olga"));
        const page = await visitor(shop, browser);
        await page.goto("/ops");
        await page.getByText("The engine room").waitFor();
        await signIn(page, ADMIN);
        await page.goto("/ops");
        await page.locator(".react-flow__node").first().waitFor();
        const row = page.getByRole("row", { name: /^reviews/ });
        await row.getByText("live").waitFor();
        await row.getByRole("button", { name: "reviews" }).click();
        await page.getByRole("button", { name: "Kill it, and watch" }).click();
        await page.getByRole("button", { name: "Kill reviews" }).click();
        await page.getByText("reviews does not answer; the others go on.").waitFor();
        await row.getByText("unreachable").waitFor();
        await row.getByText("live").waitFor();
        await page.goto("/ops/log");
        await page.getByLabel("About").fill(order);
        await page.getByRole("button", { name: "Find" }).click();
        await page.waitForURL("**key=**");
        await page.getByRole("link", { name: /orders\.confirmed/ }).first().click();
        await page.getByRole("region", { name: "Causes and effects" }).getByRole("link", { name: /orders\./ }).first().waitFor();
        await page.getByRole("link", { name: "As it was" }).last().click();
        const slider = page.getByRole("slider");
        await slider.waitFor();
        await page.getByText("orders.confirmed").first().waitFor();
        await slider.focus();
        await page.keyboard.press("Home");
        //  They are of several streams, which the event store records as they come: which one it has first is chance.
        await page.getByText(/After event 1 of \d+: [a-z.]+/).waitFor();
        await leave(page);
    },

};

//  Nothing that these look at is changed by the others, so they go beside them.
const looks = {};
for (const colorScheme of ["light", "dark"])
    looks[`axe finds nothing serious on any page, ${colorScheme}`] = async (shop, browser) => {
        const wrong = [];
        const order = await shop.buy(await shop.register(`${colorScheme}@example.org`, "Axel"));
        const page = await visitor(shop, browser, { colorScheme, bypassCSP: true });
        await page.goto("/p/wood-1");
        await page.getByRole("button", { name: "Put in the cart" }).click();
        await page.getByRole("dialog").getByText("Total").waitFor();
        const look = async (name) => {
            await page.evaluate(axe);
            const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
            for (const { id, impact, nodes } of violations)
                if (impact === "serious" || impact === "critical")
                    wrong.push(
                        `${name}, ${colorScheme}: ${id} at ${nodes
                            .map((node) => node.target.join(" "))
                            .slice(0, 3)
                            .join(", ")}`,
                    );
        };
        await look("drawer");
        const visit = async (paths) => {
            for (const path of paths) {
                await page.goto(path);
                await settled(page);
                await look(path);
            }
        };
        await visit(["/", "/shop", "/shop/tiles", "/p/ceramics-1", "/p/nothing", "/cart", "/checkout", "/orders"]);
        await visit(["/sign-in", "/register", "/account", "/admin"]);
        await signIn(page, ADMIN);
        await visit(["/account", ...(await shop.office(order))]);
        await visit(["/ops", "/ops/log?type=orders.placed", `/ops/then?key=${order}`]);
        await page.context().close();
        expect(wrong.join("\n"), wrong.length === 0);
    };

let failed = 0,
    passed = 0;
const shop = new Shop(build);
const browser = await launch(build);
try {
    await shop.open();
    const words = process.argv.slice(3);
    const isWanted = (name) => words.length === 0 || words.some((word) => name.includes(word));
    const run = async ([name, test]) => {
        if (!isWanted(name)) return;
        const begun = Date.now();
        try {
            await test(shop, browser);
            passed++;
            console.log(`ok ${passed + failed} - ${name} (${Date.now() - begun} ms)`);
        } catch (error) {
            failed++;
            console.log(`not ok ${passed + failed} - ${name}\n${String(error.stack ?? error).replace(/^/gm, "    ")}`);
        }
    };
    const one = async (some) => {
        for (const each of Object.entries(some)) await run(each);
    };
    await Promise.all([one(tests), one(looks)]);
    if (failed > 0) console.log(shop.log.slice(-4000));
} finally {
    await browser.close();
    await shop.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
