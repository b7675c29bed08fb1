//  trace.mjs BUILD [--products N] [--reviews N] [--keep FILE]: scrolls, filters and types in a shop with 10,000 products
//  and 1,000 reviews of one of them, records what the page's main thread does, and prints its longest tasks. Fails when
//  one took more than 50 ms. Ends with `N passed, N failed`.
//
//  What counts is the time for which the thread had a processor, which is the same beside other work; how long it took by
//  the clock is printed, too.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { launch, settled } from "./browser.mjs";
import { many, MUCH_SAID } from "./many.mjs";
import { Shop } from "./shop.mjs";

const TASK_MS_MAX = 50;
const SHOWN = 5;
const KEY_MS = 70; // between two keys, as somebody types who can
const PAGES = 20;
const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute"];

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        products: { type: "string", default: "10000" },
        reviews: { type: "string", default: "1000" },
        keep: { type: "string" },
    },
});
const build = resolve(positionals[0] ?? "build");

//  A wheel that is turned until the end is there, one frame after the other.
async function scroll(page, steps, by) {
    for (let i = 0; i < steps; i++) {
        await page.mouse.wheel(0, by);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    }
}

async function more(page, name, times) {
    for (let i = 0; i < times; i++) {
        const button = page.getByRole("button", { name, exact: true });
        if ((await button.count()) === 0) return;
        await button.click();
        await page.waitForFunction(() => document.querySelector("main [aria-busy=true]") === null);
        await scroll(page, 3, 700);
    }
}

const isThere = (page, text) => page.getByText(text).first().waitFor();

const scenes = {
    async "catalogue, scrolled"(page) {
        await page.goto("/shop");
        await settled(page);
        return async () => {
            await scroll(page, 10, 500);
            await more(page, "Show more", PAGES);
            await scroll(page, 40, -1200);
        };
    },

    async "catalogue, filtered"(page) {
        await page.goto("/shop");
        await settled(page);
        return async () => {
            const red = page.getByRole("checkbox", { name: /^red/i });
            await red.check();
            await page.waitForURL(/is=colour/);
            await settled(page);
            await page.getByLabel("Order").selectOption("cheapest");
            await page.waitForURL(/sort=cheapest/);
            await settled(page);
            await page.getByRole("checkbox", { name: "In stock only" }).check();
            await settled(page);
            await red.uncheck();
            await settled(page);
            await page.getByRole("navigation", { name: "Categories" }).getByRole("link", { name: /^Lanterns/ }).click();
            await page.getByRole("heading", { level: 1, name: "Lanterns" }).waitFor();
            await settled(page);
        };
    },

    async "catalogue, searched"(page) {
        await page.goto("/shop");
        await settled(page);
        return async () => {
            const field = page.getByRole("searchbox");
            await field.pressSequentially("lanterns of fez", { delay: KEY_MS });
            await page.waitForURL(/q=lanterns/);
            await settled(page);
            for (let i = 0; i < 7; i++) await field.press("Backspace", { delay: KEY_MS });
            await settled(page);
        };
    },

    async "product, with all that is said of it"(page) {
        await page.goto(`/p/${MUCH_SAID}`);
        await settled(page);
        await isThere(page, "What I think");
        return async () => {
            await scroll(page, 15, 500);
            await more(page, "More reviews", Math.ceil(Number(values.reviews) / 10));
            await scroll(page, 60, -2500);
            await page.getByLabel("Order of reviews").selectOption("helpful");
            await page.waitForFunction(() => document.querySelector("main [aria-busy=true]") === null);
            await page.getByRole("button", { name: "Put in the cart" }).click();
            await page.getByRole("dialog").getByText("Total").waitFor();
            await page.keyboard.press("Escape");
        };
    },
};

//  The tasks of the thread that the page's scripts run on, in ms.
function tasksOf(events) {
    const mains = new Set(
        events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const isOfPage = ({ pid, tid }) => mains.has(`${pid} ${tid}`);
    const tasks = events.filter((event) => event.name === "RunTask" && event.ph === "X" && isOfPage(event));
    const inside = (task) => {
        const within = events.filter(
            (one) => one.pid === task.pid && one.tid === task.tid && one.ph === "X" && one !== task && one.dur > 5000 &&
                one.ts >= task.ts && one.ts + one.dur <= task.ts + task.dur + 1,
        );
        return within.sort((a, b) => b.dur - a.dur).slice(0, 4).map(({ name, dur }) => `${name} ${Math.round(dur / 1000)}`).join(", ");
    };
    return tasks
        .map((task) => ({ task, cpu: (task.tdur ?? task.dur) / 1000, clock: task.dur / 1000, inside: () => inside(task) }))
        .sort((a, b) => b.cpu - a.cpu);
}

const shop = new Shop(build);
let browser,
    passed = 0,
    failed = 0;
try {
    const script = [...many(Number(values.products), Number(values.reviews))].join("");
    const made = spawnSync(join(build, "services/shop/year"), [join(shop.directory, "data")], { input: script });
    if (made.status !== 0) throw new Error(`no goods: ${made.stderr}`);
    await shop.open({ isStocked: true });
    browser = await launch(build);
    for (const [name, scene] of Object.entries(scenes)) {
        const context = await browser.newContext({ baseURL: shop.url, viewport: { width: 1280, height: 900 } });
        const page = await context.newPage();
        page.setDefaultTimeout(60_000);
        const act = await scene(page);
        await browser.startTracing(page, { categories: CATEGORIES });
        await act();
        const trace = await browser.stopTracing();
        if (values.keep !== undefined) writeFileSync(`${values.keep}-${passed + failed + 1}.json`, trace);
        const tasks = tasksOf(JSON.parse(trace.toString()).traceEvents);
        const isGood = tasks.length > 0 && tasks[0].cpu <= TASK_MS_MAX;
        if (isGood) passed++;
        else failed++;
        console.log(`${isGood ? "ok" : "not ok"} ${passed + failed} - ${name}: ${tasks.length} tasks, the longest ${tasks[0]?.cpu.toFixed(1)} ms`);
        for (const { cpu, clock, inside } of tasks.slice(0, SHOWN))
            console.log(`    ${cpu.toFixed(1)} ms (${clock.toFixed(1)} by the clock): ${inside()}`);
        await context.close();
    }
} finally {
    await browser?.close();
    await shop.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
