//  The system's Chromium, driven by the playwright-core that the pages were built with.
import { createRequire } from "node:module";
import { join } from "node:path";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

export async function launch(build) {
    const { chromium } = createRequire(join(build, "spa/work/package.json"))("playwright-core");
    const { existsSync } = await import("node:fs");
    const executablePath = places.find((path) => existsSync(path));
    if (executablePath === undefined) throw new Error("Chromium is not here: apt-get install chromium");
    return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
}
