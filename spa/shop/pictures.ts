//  Which picture shows a product: its own, or one of its kind that is always the same.

const PIECES = 6;
export const kinds = [
    "tiles",
    "rugs",
    "lanterns",
    "ceramics",
    "spices",
    "glasses",
    "textiles",
    "soap",
    "baskets",
    "brass",
    "poufs",
    "wood",
    "oils",
] as const;
export type Kind = (typeof kinds)[number];

const hints: [RegExp, Kind][] = [
    [/tile|zellige/, "tiles"],
    [/rug|carpet|kilim/, "rugs"],
    [/lantern|light|lamp/, "lanterns"],
    [/glass|tea/, "glasses"],
    [/spice|herb|saffron/, "spices"],
    [/textile|blanket|cloth|throw|linen|wool/, "textiles"],
    [/soap|hammam|bath/, "soap"],
    [/basket|straw|palm/, "baskets"],
    [/brass|metal|copper/, "brass"],
    [/pouf|leather|slipper/, "poufs"],
    [/wood|thuya|cedar|box/, "wood"],
    [/oil|argan|perfume/, "oils"],
    [/ceramic|pot|bowl|plate|vase|tagine/, "ceramics"],
];

export function hash(text: string): number {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return h >>> 0;
}

export function kindOf(...texts: string[]): Kind {
    for (const text of texts) {
        if (kinds.includes(text as Kind)) return text as Kind;
        for (const [pattern, kind] of hints) if (pattern.test(text)) return kind;
    }
    return kinds[hash(texts.join()) % kinds.length] as Kind;
}

//  The name of the file without its size and kind.
export function pictureOf(name: string | undefined, slug: string, category: string): string {
    if (name !== undefined) {
        const [kind, piece] = name.split("-");
        const n = Number(piece);
        if (kinds.includes(kind as Kind) && Number.isInteger(n) && n >= 1 && n <= PIECES) return name;
    }
    return `${kindOf(category, slug)}-${(hash(slug) % PIECES) + 1}`;
}
