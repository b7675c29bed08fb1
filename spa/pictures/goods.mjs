//  What the shop sells, as scenes: one function for each kind of goods, which takes a source of random numbers and
//  the number of the piece, and gives what light.mjs renders.
import { ceramics, glasses, oils, soap, spices, tiles } from "./goods_clay.mjs";
import { brass, lanterns, wood } from "./goods_metal.mjs";
import { baskets, poufs, rugs, textiles } from "./goods_woven.mjs";
import { random } from "./light.mjs";

export const goods = {
    tiles,
    rugs,
    lanterns,
    ceramics,
    spices,
    glasses,
    textiles,
    soap,
    baskets,
    brass,
    poufs,
    wood,
    oils,
};
export const pieces = 6; // of each kind

//  A piece of a kind, always the same.
export function piece(kind, n) {
    return goods[kind](random(n * 7919 + kind.length * 104729 + 1), n);
}
