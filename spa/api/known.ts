//  Whom the shop knows this browser as: a cookie that no script can read says it to the shop, and this is what pages
//  remember of it. What can only be refused is not asked then.

export type Known = "nobody" | "guest" | "customer";

const listeners = new Set<() => void>();
const KNOWN = "souk.known"; // public/ask.js reads it, too

//  Where nothing may be stored, anybody may have come: then everything is asked.
export function known(): Known {
    try {
        const said = localStorage.getItem(KNOWN);
        return said === "guest" || said === "customer" ? said : "nobody";
    } catch {
        return "customer";
    }
}

export function knowAs(whom: Known) {
    try {
        if (whom === known()) return;
        if (whom === "nobody") localStorage.removeItem(KNOWN);
        else localStorage.setItem(KNOWN, whom);
        for (const listener of listeners) listener();
    } catch {
        //  Then it is asked each time.
    }
}

//  Told when it changes, also by another tab.
export function onKnown(listener: () => void): () => void {
    listeners.add(listener);
    window.addEventListener("storage", listener);
    return () => {
        listeners.delete(listener);
        window.removeEventListener("storage", listener);
    };
}
