"use client";

//  What happens elsewhere is told to this page.
export function Live() {
    return null;
}
