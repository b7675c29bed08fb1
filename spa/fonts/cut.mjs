//  cut.mjs DIRECTORY: the letters that the shop's own words are made of, as fonts there, a third of what all Latin ones
//  weigh. Other letters come from the whole fonts when a page has one: app/theme.css says which are where.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import subset from "subset-font";

const letters = [
    ...Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)),
    ..."\u00a0·×–—‘’“”…€→",
].join("");

const fonts = {
    "young-serif": ["@fontsource/young-serif/files/young-serif-latin-400-normal.woff2", { noLayoutClosure: true }],
    "hanken-grotesk": [
        "@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2",
        { variationAxes: { wght: { min: 400, max: 700 } } },
    ],
};

const [directory] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
for (const [name, [file, options]] of Object.entries(fonts)) {
    const whole = readFileSync(join("node_modules", file));
    const cut = await subset(whole, letters, { targetFormat: "woff2", ...options });
    writeFileSync(join(directory, `${name}.woff2`), cut);
}
