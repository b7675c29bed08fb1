import font from "next/font/local";

//  What fonts/cut.mjs cuts out of the fonts: a page asks for it before it knows that it is wanted. theme.css says where
//  other letters come from, and what stands there meanwhile. Next reads these calls without running them, so both name
//  their letters.
const youngSerif = font({
    src: "../fonts/young-serif.woff2",
    weight: "400",
    display: "swap",
    variable: "--cut-display",
    adjustFontFallback: false,
    declarations: [{ prop: "unicode-range", value: "U+20-7E, U+A0, U+B7, U+D7, U+2013-2014, U+2018-2019, U+201C-201D, U+2026, U+20AC, U+2192" }],
});

const hankenGrotesk = font({
    src: "../fonts/hanken-grotesk.woff2",
    weight: "400 700",
    display: "swap",
    variable: "--cut-sans",
    adjustFontFallback: false,
    declarations: [{ prop: "unicode-range", value: "U+20-7E, U+A0, U+B7, U+D7, U+2013-2014, U+2018-2019, U+201C-201D, U+2026, U+20AC, U+2192" }],
});

export const fonts = `${youngSerif.variable} ${hankenGrotesk.variable}`;
