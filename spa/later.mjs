//  later.mjs DIRECTORY: of each exported page there, the scripts are fetched at once but wait until public/ask.js has shown
//  what there is to see. Those of browsers that know no modules stay as they are.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [directory] = process.argv.slice(2);
const SCRIPT = /<script src="(\/_next\/[^"]+\.js)"(?: id="[^"]*")? async=""><\/script>/g;

for (const page of readdirSync(directory, { recursive: true })) {
    if (!page.endsWith(".html")) continue;
    const path = join(directory, page);
    const html = readFileSync(path, "utf8");
    const later = html.replace(SCRIPT, '<link rel="preload" as="script" fetchPriority="low" href="$1" data-later=""/>');
    if (later === html || /<script src="\/_next\/[^>]*async/.test(later)) throw new Error(`${path}: its scripts are not as they were`);
    writeFileSync(path, later);
}
