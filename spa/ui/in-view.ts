"use client";

import { type RefObject, useEffect } from "react";

//  Of a row that is wider than the window, what is current comes into the middle; the page itself does not move.
export function useInView(row: RefObject<HTMLElement | null>, current: unknown) {
    useEffect(() => {
        const element = row.current;
        const one = element?.querySelector<HTMLElement>("[aria-current=page]");
        if (element == null || one == null) return;
        const [outer, inner] = [element.getBoundingClientRect(), one.getBoundingClientRect()];
        element.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    }, [row, current]);
}
