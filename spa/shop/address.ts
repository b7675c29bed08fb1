//  Addresses that have a name in them are rewritten by the bridge to one exported page; this is which.

const shells: [RegExp, string][] = [
    [/^\/p\/([^/]+)$/, "/p"],
    [/^\/shop\/([^/]+)$/, "/shop"],
    [/^\/orders\/([^/]+)$/, "/order"],
];

//  The exported page of an address, and where it is told what it is to become.
export function shellOf(href: string): string {
    const path = href.split(/[?#]/)[0] as string;
    for (const [pattern, shell] of shells) if (pattern.test(path)) return `${shell}?to=${encodeURIComponent(href)}`;
    return href;
}

//  The last piece of an address, when it is one that has a name in it.
export function nameIn(path: string): string | null {
    for (const [pattern] of shells) {
        const found = pattern.exec(path);
        if (found !== null) return decodeURIComponent(found[1] as string);
    }
    return null;
}
