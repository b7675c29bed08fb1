//  The system's Chromium, and what drives it: playwright-core, axe-core and Lighthouse, each in the version that the
//  lock file beside this says. They are installed into the build directory when they are first wanted.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PASSWORD } from "./shop.mjs";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const switches = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
const lists = ["package.json", "package-lock.json"];

//  What require() finds the tools by.
export function toolsOf(build) {
    const place = join(build, "browser-tools");
    const isSame = (name) =>
        existsSync(join(place, name)) && readFileSync(join(place, name)).equals(readFileSync(join(import.meta.dirname, name)));
    if (!lists.every(isSame)) {
        const next = `${place}.${process.pid}`;
        mkdirSync(next, { recursive: true });
        for (const name of lists) copyFileSync(join(import.meta.dirname, name), join(next, name));
        execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: next, stdio: ["ignore", "ignore", "inherit"] });
        rmSync(place, { recursive: true, force: true });
        renameSync(next, place);
    }
    return createRequire(join(place, "package.json"));
}

export function chromiumPath() {
    const path = places.find((one) => existsSync(one));
    if (path === undefined) throw new Error("Chromium is not here: apt-get install chromium");
    return path;
}

export function launch(build, more = []) {
    const { chromium } = toolsOf(build)("playwright-core");
    return chromium.launch({ executablePath: chromiumPath(), args: [...switches, ...more] });
}

//  Everything that a page waited for is there.
export async function settled(page) {
    await page.waitForFunction(
        () => document.querySelector("main h1, main .display") !== null && document.querySelector("[aria-busy=true]") === null,
    );
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

export async function signIn(page, email) {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/account");
}

//  Lighthouse drives Chromium by a library of its own.
export async function lighthouseOf(build) {
    const tools = toolsOf(build);
    const { default: lighthouse } = await import(tools.resolve("lighthouse"));
    const puppeteer = createRequire(tools.resolve("lighthouse"))("puppeteer-core");
    return { lighthouse, open: () => puppeteer.launch({ executablePath: chromiumPath(), pipe: true, args: switches }) };
}
