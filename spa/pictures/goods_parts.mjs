//  What all kinds of goods share: backdrops, and ways to say what something is made of.
import { colour } from "./light.mjs";

const walls = {
    plaster: ["#dcd0ba", "#cfc1a8"],
    rose: ["#cf9a86", "#c48a74"],
    clay: ["#b5674a", "#a3573c"],
    sage: ["#8fa08a", "#83947d"],
    teal: ["#3f7273", "#386566"],
    cobalt: ["#31479c", "#2b3f8d"],
    night: ["#1c2740", "#192238"],
    mustard: ["#cf9b3d", "#c18c31"],
    aubergine: ["#46293b", "#3d2333"],
    mint: ["#a9c3ae", "#9bb7a1"],
    chalk: ["#e3ddd0", "#d8d0c0"],
    brick: ["#8e3b2e", "#7f3327"],
    sky: ["#8fb0c4", "#82a4b9"],
    olive: ["#75753f", "#696936"],
};

export function place(name) {
    return { wall: colour(walls[name][0]), floor: colour(walls[name][1]) };
}

export const pick = (list, n) => list[n % list.length];
export const set = (m, c, scale = 1) => {
    m.r = c[0] * scale;
    m.g = c[1] * scale;
    m.b = c[2] * scale;
};
export const glazed = (m, rough = 0.1) => {
    m.gloss = 1;
    m.rough = rough;
};
export const dyes = (...names) => names.map(colour);
