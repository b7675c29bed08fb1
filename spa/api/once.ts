//  What pages have, each thing once: a list that has changed too much to go on where it was says `is_anew`, and may then
//  show again what was there before. It is shown where it was first, as the last page has it.
export function once<Page, One>(
    pages: readonly Page[] | undefined,
    of: (page: Page) => readonly One[],
    id: (one: One) => unknown,
): One[] {
    return [...new Map(pages?.flatMap(of).map((one) => [id(one), one])).values()];
}
