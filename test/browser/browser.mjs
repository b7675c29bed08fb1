//  The system's Chromium, driven by the playwright-core that the pages were built with.
import { createRequire } from "node:module";
import { join } from "node:path";
import { PASSWORD } from "./shop.mjs";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

export async function launch(build) {
    const { chromium } = createRequire(join(build, "spa/work/package.json"))("playwright-core");
    const { existsSync } = await import("node:fs");
    const executablePath = places.find((path) => existsSync(path));
    if (executablePath === undefined) throw new Error("Chromium is not here: apt-get install chromium");
    return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
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
