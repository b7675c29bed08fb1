//  What an event of the shop means for what a page shows.

export interface News {
    type: string;
    subject: string;
    data: Record<string, unknown>;
}

export type Key = readonly (string | undefined)[];

const goods: Key[] = [["products"], ["product"], ["cart"], ["admin"]];

//  Which answers are old after it; by the stream's name, so that an event nobody knew of is not missed.
export function oldAfter({ type, subject, data }: News): Key[] {
    const of = typeof data.product_id === "string" ? data.product_id : undefined;
    switch (type.split(".")[0]) {
        case "catalog":
            return [...goods, ["categories"]];
        case "inventory":
            return goods;
        case "orders":
            return [["order", subject], ["orders"], ["admin"], ["cart"]];
        case "carts":
            return [["cart"]];
        case "review":
        case "reviews":
            return [["reviews", of], ["my-review", of], ["products"], ["admin"]];
        case "accounts":
            return [["me"], ["admin"]];
        default:
            return [];
    }
}

//  Two texts of Souk-Cursors, `stream=counter.bits:number` with commas between, as one that has seen what both have.
export function mergeCursors(before: string, after: string): string {
    const seen = new Map<string, string>();
    for (const cursor of `${before},${after}`.split(",")) {
        const [stream, place] = cursor.trim().split("=");
        if (stream === undefined || stream === "" || place === undefined) continue;
        const known = seen.get(stream);
        const [epoch, number] = place.split(":");
        const [knownEpoch, knownNumber] = known?.split(":") ?? [];
        if (epoch !== knownEpoch || Number(number) >= Number(knownNumber)) {
            seen.delete(stream);
            seen.set(stream, place);
        }
    }
    return [...seen]
        .slice(-32)
        .map(([stream, place]) => `${stream}=${place}`)
        .join(",");
}
