//  budget.mjs BUILD: how much JavaScript each exported page loads first, compressed by Brotli. Fails when a page of the
//  shop's, one that somebody may come by, loads more than the budget. Ends with `N passed, N failed`.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET_BYTES = 170_000;
const QUALITY = 11;
const site = join(resolve(process.argv[2] ?? "build"), "spa/site");
const compressed = new Map();

function sizeOf(script) {
    let size = compressed.get(script);
    if (size === undefined) {
        const bytes = readFileSync(join(site, script));
        size = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }).length;
        compressed.set(script, size);
    }
    return size;
}

//  What the page names: scripts, but for those of browsers that know no modules, and what is fetched ahead.
function scriptsOf(html) {
    const found = new Set();
    for (const [tag] of html.matchAll(/<(?:script|link)\b[^>]*>/g)) {
        const isAhead = /\brel="(?:modulepreload|preload)"/.test(tag) && /\.js"/.test(tag);
        const name = /\b(?:src|href)="(\/[^"?]+\.js)/.exec(tag)?.[1];
        if (name === undefined || /\bnomodule\b/i.test(tag) || (tag.startsWith("<link") && !isAhead)) continue;
        found.add(name);
    }
    return [...found];
}

//  Behind the counter people stay: what they load first may be more.
const isInside = (page) => /^(?:admin|ops)(?:[./]|$)/.test(page);

let passed = 0,
    failed = 0;
const pages = readdirSync(site, { recursive: true }).filter((path) => path.endsWith(".html"));
for (const page of pages.sort()) {
    const scripts = scriptsOf(readFileSync(join(site, page), "utf8"));
    const bytes = scripts.reduce((sum, script) => sum + sizeOf(script), 0);
    const isGood = scripts.length > 0 && (bytes <= BUDGET_BYTES || isInside(page));
    if (isGood) passed++;
    else failed++;
    console.log(`${isGood ? "ok" : "not ok"} ${passed + failed} - ${page}: ${(bytes / 1000).toFixed(1)} kB of script`);
    if (!isGood) for (const script of scripts) console.log(`    ${(sizeOf(script) / 1000).toFixed(1)} kB ${script}`);
}
for (const page of ["index.html", "shop.html", "p.html", "checkout.html"])
    if (!pages.includes(page)) {
        failed++;
        console.log(`not ok ${passed + failed} - ${page} is not there`);
    }
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
