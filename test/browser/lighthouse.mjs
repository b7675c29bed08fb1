//  lighthouse.mjs BUILD [--scores] [--shop URL] [PATH...]: what Lighthouse finds on the pages that people come by, as a
//  phone on a slow net would load them (Lighthouse's own presets). Ends with `N passed, N failed`.
//
//  Accessibility has to be 100, best practices 95, and what does not depend on how busy this machine is has to hold:
//  how many bytes and requests a page begins with, and which picture goes first. With --scores each page is loaded five
//  times, things must not move, and the median of its performance has to be 95; that is for a machine that has nothing else to
//  do. A shop with a few goods is opened for it; --shop takes one that is open, like that of ./demo.
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { lighthouseOf } from "./browser.mjs";
import { Shop } from "./shop.mjs";

const MINIMA = { accessibility: 100, "best-practices": 95 };
const PERFORMANCE_MIN = 95;
const ROUNDS = 5;
const TRIES_MAX = 12; // Lighthouse loses the beginning of a load now and then, and says so; mostly in a browser that was used
const FIRST_BYTES_MAX = 330_000; // what is there before anybody scrolls: page, style, script, fonts, first pictures
const REQUESTS_MAX = 55;
const SHIFT_MAX = 0.1;
const PICTURES_IN_FRONT = { "": 1, shop: 1, p: 1, checkout: 0 };

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scores: { type: "boolean" }, shop: { type: "string" } },
});
const build = resolve(positionals[0] ?? "build");

//  One that is open is asked like any browser would.
async function putInCart(tools, url) {
    const browser = await tools.open();
    const page = await browser.newPage();
    await page.goto(url);
    const slug = await page.evaluate(async () => {
        const read = async (path) => (await fetch(path)).json();
        const { products } = await read("/api/products?sort=newest");
        for (const { slug } of products) {
            const { articles } = await read(`/api/products/${slug}`);
            const article = articles.find(({ available }) => available > 0);
            if (article === undefined) continue;
            const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
            const body = JSON.stringify({ sku: article.sku, units: 1 });
            const answer = await fetch("/api/cart/lines", { method: "POST", headers, body });
            if (!answer.ok) throw new Error(`nothing can be put in the cart: ${answer.status} ${await answer.text()}`);
            return slug;
        }
        throw new Error("there is nothing in the shop that could be put in the cart");
    });
    const cookies = await browser.cookies();
    await browser.close();
    return { slug, cookies };
}

const percent = (category) => Math.round((category?.score ?? 0) * 100);
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

//  In a browser of its own, of somebody who has been here if there are cookies.
async function load({ open, lighthouse }, url, cookies) {
    const onlyCategories = [...(values.scores ? ["performance"] : []), ...Object.keys(MINIMA)];
    const onlyAudits = ["network-requests"];
    for (let tries = 1; ; tries++) {
        const browser = await open();
        const page = await browser.newPage();
        if (cookies.length > 0) {
            await browser.setCookie(...cookies);
            await page.goto(new URL("/theme.js", url).href);
            await page.evaluate(() => localStorage.setItem("souk.known", "guest"));
        }
        const { lhr } = await lighthouse(url, { logLevel: "silent", onlyCategories, onlyAudits }, undefined, page);
        lhr.inFront = await page.evaluate(() => document.querySelectorAll("img[fetchpriority=high]").length);
        await browser.close();
        if (lhr.runtimeError === undefined) return lhr;
        if (tries === TRIES_MAX) throw new Error(`${url}: ${lhr.runtimeError.code}: ${lhr.runtimeError.message}`);
    }
}

//  What an audit of a category that is not perfect has to say.
function complaintsOf(lhr, category) {
    return lhr.categories[category].auditRefs
        .map(({ id, weight }) => ({ weight, ...lhr.audits[id] }))
        .filter(({ weight, score }) => weight > 0 && score !== null && score < 1)
        .map(({ title, details }) => `${title} ${JSON.stringify(details?.items?.slice(0, 2) ?? []).slice(0, 400)}`);
}

//  What a load is made of, whichever machine it was on.
function factsOf(lhr, path) {
    const requests = lhr.audits["network-requests"].details.items.filter(({ resourceType }) => resourceType !== "EventSource");
    const first = requests.filter(({ priority, resourceType }) => resourceType !== "Image" || priority !== "Low");
    const bytes = first.reduce((sum, { transferSize }) => sum + transferSize, 0);
    return [
        [`${(bytes / 1000).toFixed(0)} kB come first`, bytes <= FIRST_BYTES_MAX],
        [`${requests.length} requests`, requests.length <= REQUESTS_MAX],
        [`${lhr.inFront} pictures go before all others`, lhr.inFront === PICTURES_IN_FRONT[path.split("/")[1]]],
    ];
}

let passed = 0,
    failed = 0;
function tell(what, isGood, why = []) {
    if (isGood) passed++;
    else failed++;
    console.log(`${isGood ? "ok" : "not ok"} ${passed + failed} - ${what}`);
    if (!isGood) for (const line of why) console.log(`    ${line}`);
}

async function visit(tools, url, path, cookies) {
    const rounds = [];
    for (let i = 0; i < (values.scores ? ROUNDS : 1); i++) rounds.push(await load(tools, url + path, cookies));
    const [lhr] = rounds;
    for (const [category, least] of Object.entries(MINIMA)) {
        const score = percent(lhr.categories[category]);
        tell(`${path}: ${category} ${score}`, score >= least, complaintsOf(lhr, category));
    }
    for (const [fact, isSo] of factsOf(lhr, path)) tell(`${path}: ${fact}`, isSo);
    if (!values.scores) return;
    const shift = Math.max(...rounds.map((one) => one.audits["cumulative-layout-shift"].numericValue));
    tell(`${path}: things move by ${shift.toFixed(3)}`, shift <= SHIFT_MAX);
    const scores = rounds.map((one) => percent(one.categories.performance));
    const times = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time"]
        .map((id) => `${id} ${median(rounds.map((one) => Math.round(one.audits[id].numericValue)))} ms`)
        .join(", ");
    tell(`${path}: performance ${median(scores)} (${scores.join(", ")}): ${times}`, median(scores) >= PERFORMANCE_MIN);
}

const tools = await lighthouseOf(build);
const shop = values.shop === undefined ? new Shop(build) : null;
try {
    await shop?.open();
    const url = shop?.url ?? values.shop;
    const wanted = positionals.slice(1);
    const isWanted = (path) => wanted.length === 0 || wanted.includes(path);
    for (const path of ["/", "/shop"]) if (isWanted(path)) await visit(tools, url, path, []);
    const { slug, cookies } = await putInCart(tools, url);
    for (const path of [`/p/${slug}`, "/checkout"]) if (isWanted(path)) await visit(tools, url, path, cookies);
} finally {
    await shop?.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
