//  Clay, glass and what is kept in it, as scenes for light.mjs.
import { dyes, glazed, pick, place, set } from "./goods_parts.mjs";
import { clouds, colour, mix, noise, smooth } from "./light.mjs";
import { blend, box, patterns, ring, star, turned } from "./shapes.mjs";

export function tiles(random, n) {
    const [wall, pattern, scale, ...paint] = pick(
        [
            ["plaster", "stars", 2, "#efe6d2", "#1c4f8c", "#e9dfc6", "#c9892c"],
            ["clay", "scales", 3, "#f0e7d3", "#1f7a63", "#0f5547", "#e7ddc5"],
            ["mint", "diamonds", 2, "#f2ead9", "#a5372b", "#ece1cb", "#d9a03a"],
            ["cobalt", "crosses", 2, "#efe6d4", "#d99b2d", "#efe4cc", "#14605a"],
            ["rose", "petals", 2, "#f1e8d6", "#23428f", "#efe5cf", "#b8402f"],
            ["sage", "checks", 2, "#e5dcc7", "#17251f", "#f0e9da", "#17251f"],
        ],
        n,
    );
    const colours = dyes(...paint);
    const draw = patterns[pattern];
    const lean = 0.16,
        c = Math.cos(lean),
        s = Math.sin(lean);
    const offset = random() * 9;
    const local = (x, y, z) => [x, y * c - (z + 0.35) * s, y * s + (z + 0.35) * c];
    const piece = 0.5; // four by four of them
    const slab = (x, y, z) => {
        const [lx, ly, lz] = local(x, y, z);
        return box(lx, ly - 1.0, lz, 1.0, 1.0, 0.055, 0.025);
    };
    const loose = (x, y, z) => {
        const a = 0.5,
            rx = (x - 0.86) * Math.cos(a) - (z - 0.85) * Math.sin(a);
        const rz = (x - 0.86) * Math.sin(a) + (z - 0.85) * Math.cos(a);
        return box(rx, y - 0.045, rz, 0.25, 0.045, 0.25, 0.02);
    };
    const joints = (u, v) => {
        const x = Math.abs(((((u / piece) % 1) + 1) % 1) - 0.5),
            y = Math.abs(((((v / piece) % 1) + 1) % 1) - 0.5);
        return Math.max(x, y);
    };
    return {
        ...place(wall),
        bound: [0, 1.0, 0.1, 1.85],
        camera: { eye: [1.9, 1.7, 6.1], at: [0.1, 0.94, 0], zoom: 2.45 },
        distance: (x, y, z) => Math.min(slab(x, y, z), loose(x, y, z)),
        fine(x, y, z) {
            const d = slab(x, y, z),
                e = loose(x, y, z);
            if (e < d) return e + 0.003 * noise(x * 9, y * 9, z * 9);
            const [lx, ly] = local(x, y, z);
            const i = Math.floor(lx / piece),
                j = Math.floor(ly / piece);
            const tilt =
                (noise(i * 5.1, j * 3.3, offset) - 0.5) * 0.07 * (lx - i * piece) +
                (noise(i * 2.7, j * 8.9, offset) - 0.5) * 0.07 * (ly - j * piece);
            return d + smooth(0.466, 0.5, joints(lx, ly)) * 0.026 + tilt + 0.006 * clouds(lx * 5, ly * 5, offset, 3);
        },
        paint(x, y, z, normal, m) {
            glazed(m, 0.07);
            if (loose(x, y, z) < slab(x, y, z)) {
                set(m, normal[1] > 0.5 ? colours[1] : colour("#b4714f"), 0.9 + 0.2 * clouds(x * 9, z * 9));
                if (normal[1] < 0.5) m.gloss = 0;
                return;
            }
            const [lx, ly, lz] = local(x, y, z);
            if (lz < 0.03) {
                set(m, colour("#b4714f"), 0.85 + 0.3 * noise(lx * 14, ly * 14, lz * 40));
                m.gloss = 0;
                return;
            }
            const i = Math.floor(lx / piece),
                j = Math.floor(ly / piece);
            if (joints(lx, ly) > 0.485) {
                set(m, colour("#a2937a"), 0.8 + 0.4 * noise(lx * 40, ly * 40));
                m.gloss = 0;
                return;
            }
            const which = draw(
                (((lx / piece) * scale) / 2) * 2 * 0.5 + (pattern === "checks" ? 0 : 0.5),
                (((ly / piece) * scale) / 2) * 2 * 0.5 + (pattern === "checks" ? 0 : 0.5),
            );
            const fired = 0.62 + 0.3 * noise(i * 3.7, j * 5.9, offset) + 0.3 * (clouds(lx * 4, ly * 4, offset) - 0.5);
            set(m, colours[which], fired);
        },
    };
}

const vessels = [
    //  a round vase, a tall bottle, a bowl, a jug, a tagine, a wide jar
    [
        [0, 0],
        [0.34, 0, 1],
        [0.36, 0.04],
        [0.62, 0.42],
        [0.68, 0.82],
        [0.48, 1.2],
        [0.24, 1.42],
        [0.23, 1.6],
        [0.33, 1.74, 1],
        [0.3, 1.745, 1],
        [0.19, 1.6],
        [0.2, 1.42],
        [0.4, 1.15],
        [0, 1.0],
    ],
    [
        [0, 0],
        [0.36, 0, 1],
        [0.38, 0.04],
        [0.5, 0.5],
        [0.42, 0.95],
        [0.17, 1.3],
        [0.13, 1.75],
        [0.2, 1.98, 1],
        [0.17, 1.985, 1],
        [0.1, 1.75],
        [0.1, 1.5],
        [0, 1.4],
    ],
    [
        [0, 0.0],
        [0.3, 0, 1],
        [0.3, 0.1, 1],
        [0.26, 0.12],
        [0.6, 0.26],
        [0.9, 0.58],
        [1.0, 0.86, 1],
        [0.95, 0.87, 1],
        [0.84, 0.6],
        [0.5, 0.32],
        [0, 0.24],
    ],
    [
        [0, 0],
        [0.36, 0, 1],
        [0.38, 0.04],
        [0.56, 0.5],
        [0.52, 0.92],
        [0.33, 1.22],
        [0.32, 1.45],
        [0.42, 1.66, 1],
        [0.38, 1.665, 1],
        [0.28, 1.45],
        [0.29, 1.22],
        [0.4, 1.0],
        [0, 0.9],
    ],
    [
        [0, 0],
        [0.62, 0, 1],
        [0.66, 0.06],
        [0.9, 0.3],
        [0.94, 0.4, 1],
        [0.9, 0.42, 1],
        [0.86, 0.47],
        [0.62, 0.75],
        [0.36, 1.22],
        [0.18, 1.46],
        [0.15, 1.52],
        [0.2, 1.6],
        [0.17, 1.7],
        [0, 1.73],
    ],
    [
        [0, 0],
        [0.46, 0, 1],
        [0.48, 0.04],
        [0.72, 0.4],
        [0.76, 0.78],
        [0.62, 1.1],
        [0.5, 1.2, 1],
        [0.56, 1.27, 1],
        [0.5, 1.275, 1],
        [0.44, 1.18],
        [0.55, 1.05],
        [0, 0.9],
    ],
];

export function ceramics(random, n) {
    const [wall, shape, ground, ink, second, pattern] = pick(
        [
            ["mustard", 0, "#efe8d8", "#1d3f8a", "#1d3f8a", "stars"],
            ["cobalt", 4, "#c4862f", "#f0e4c8", "#6b2b1d", "diamonds"],
            ["rose", 2, "#ece4d2", "#15664f", "#c8902f", "petals"],
            ["sage", 3, "#b9432d", "#efe0c2", "#2a1d18", "waves"],
            ["clay", 1, "#1b6b63", "#e8dcc2", "#0e3d3a", "scales"],
            ["sky", 5, "#f0ead9", "#a63426", "#24418c", "crosses"],
        ],
        n,
    );
    const outline = vessels[shape];
    const body = turned(outline);
    const high = Math.max(...outline.map((p) => p[1]));
    const wide = Math.max(...outline.map((p) => p[0]));
    const handle = shape === 3 ? (x, y, z) => ring((x - 0.55) * 0.95, (y - 1.08) * 0.78, z, 0.32, 0.055) : () => 9;
    const all = (x, y, z) => blend(body(x, y, z), handle(x, y, z), 0.06);
    const [a, b, c] = dyes(ground, ink, second);
    const seed = random() * 20;
    const zones = { 0: [0.36, 1.12], 1: [0.2, 0.92], 2: [0.3, 0.8], 3: [0.28, 1.0], 4: [0.5, 1.2], 5: [0.26, 1.02] }[
        shape
    ];
    const tall = zones[1] - zones[0];
    const times = shape === 2 ? 9 : 7;
    const cell = (wide * Math.PI) / times; // half a motif high as it is wide
    const rows = Math.max(1, Math.round(tall / (cell * 2)));
    return {
        ...place(wall),
        bound: [0, high / 2, 0, Math.hypot(high / 2, wide + (shape === 3 ? 0.35 : 0)) + 0.08],
        camera:
            shape === 2
                ? { eye: [0, 2.6, 5.9], at: [0, 0.42, 0], zoom: 2.5 }
                : { eye: [0, 1.9, 6.4], at: [0, high * 0.47, 0], zoom: high > 1.6 ? 2.55 : 2.8 },
        distance: all,
        fine: (x, y, z) =>
            all(x, y, z) +
            0.0035 * clouds(Math.atan2(z, x) * 2, y * 12, seed, 2) +
            0.002 * Math.sin(y * 70 + Math.sin(Math.atan2(z, x) * 2)),
        paint(x, y, z, normal, m) {
            glazed(m, 0.11);
            const angle = Math.atan2(z, x) + seed + 0.02 * (noise(x * 4, y * 4, z * 4) - 0.5);
            const r = Math.hypot(x, z);
            const tone = 0.88 + 0.22 * clouds(angle * 2, y * 4, seed);
            if (y < 0.045) {
                set(m, colour("#b06a45"));
                m.gloss = 0;
                return;
            }
            const inner = shape === 2 && normal[0] * x + normal[2] * z < 0;
            const wobble = 0.012 * (noise(angle * 5, y * 3, 4) - 0.5);
            const h = y + wobble;
            let which = 0;
            if (inner) {
                const t = r / wide;
                if (t > 0.9) which = Math.floor((angle / Math.PI) * 24) & 1 ? 1 : 0;
                else if (t > 0.86 || (t > 0.5 && t < 0.53)) which = 1;
                else if (t <= 0.86 && t > 0.53)
                    which = patterns[pattern]((angle / Math.PI) * times, ((t - 0.53) / 0.33) * 2 - 1) % 4;
                else which = star(x * 1.5, z * 1.5, 0.34) < 0 ? (star(x * 1.5, z * 1.5, 0.2) < 0 ? 2 : 1) : 0;
                if (which === 2 && t > 0.53) which = 0;
                if (which === 3) which = 2;
            } else if (h > zones[0] && h < zones[1] && handle(x, y, z) > body(x, y, z)) {
                which = patterns[pattern]((angle / Math.PI) * times, ((h - zones[0]) / tall) * 2 * rows - 1);
                which = which === 2 ? 0 : which === 3 ? 2 : which;
            } else {
                const low = zones[0] - h,
                    over = h - zones[1];
                if ((low > 0.03 && low < 0.055) || (over > 0.03 && over < 0.06) || (over > 0.1 && over < 0.115))
                    which = 1;
                else if (over > 0.16 && over < 0.24) which = Math.floor((angle / Math.PI) * 16) & 1 ? 2 : 0;
                else if (h > high - 0.05) which = 1;
            }
            const brush = 0.86 + 0.28 * clouds(angle * 12, y * 16, 9, 2);
            set(m, which === 0 ? a : which === 1 ? b : c, which === 0 ? tone : tone * brush);
        },
    };
}

export function spices(random, n) {
    const [wall, ...heaps] = pick(
        [
            ["rose", "#d98a16", "#9e2b1a", "#6d4a25"],
            ["teal", "#c2571b", "#dba51f", "#7a2f1c"],
            ["plaster", "#a8341c", "#5d6a2c", "#d99a1d"],
            ["cobalt", "#e0a21a", "#b8491e", "#87602f"],
            ["aubergine", "#cf7a1a", "#d8b13a", "#8e2720"],
            ["mint", "#8c3b1d", "#d18f1e", "#4f5a2a"],
        ],
        n,
    );
    const colours = dyes(...heaps);
    const bowl = turned([
        [0, 0],
        [0.2, 0, 1],
        [0.22, 0.04],
        [0.42, 0.18],
        [0.56, 0.4],
        [0.58, 0.46, 1],
        [0.545, 0.46, 1],
        [0.5, 0.38],
        [0, 0.3],
    ]);
    const spots = [
        [-0.62, 0, 0.42],
        [0.64, 0, 0.3],
        [0.04, 0, -0.62],
    ];
    const seed = random() * 30;
    const heap = (x, y, z) => {
        const r = Math.hypot(x, z);
        return (y - (1.0 - r * 1.12) - 0.05 * Math.exp(-r * r * 30) * -1) * 0.66;
    };
    const near = (x, z) => {
        let best = 0,
            least = 9;
        spots.forEach(([sx, , sz], i) => {
            const d = Math.hypot(x - sx, z - sz);
            if (d < least) {
                least = d;
                best = i;
            }
        });
        return best;
    };
    const parts = (x, y, z) => {
        const i = near(x, z),
            [sx, , sz] = spots[i];
        const lx = x - sx,
            lz = z - sz;
        return { i, dish: bowl(lx, y, lz), pile: Math.max(heap(lx, y, lz), 0.36 - y), lx, lz };
    };
    const safe = (x, y, z) => {
        let d = 9;
        for (const [sx, , sz] of spots) {
            const lx = x - sx,
                lz = z - sz;
            d = Math.min(d, bowl(lx, y, lz), Math.max(heap(lx, y, lz), 0.36 - y, Math.hypot(lx, lz) - 0.54));
        }
        return d;
    };
    const bowls = dyes("#e2d7bf", "#2b6a6b", "#c9b48c");
    const bands = dyes("#23468a", "#e6dcc4", "#7d3524");
    return {
        ...place(wall),
        bound: [0, 0.5, -0.05, 1.5],
        camera: { eye: [0, 2.35, 6.0], at: [0.02, 0.42, -0.05], zoom: 2.55 },
        distance: safe,
        fine(x, y, z) {
            const p = parts(x, y, z);
            return p.pile < p.dish
                ? safe(x, y, z) -
                      0.02 * clouds(x * 14, y * 14, z * 14 + seed, 3) -
                      0.008 * noise(x * 90, y * 90, z * 90)
                : safe(x, y, z) + 0.006 * noise(Math.atan2(p.lz, p.lx) * 9, y * 30, p.i);
        },
        paint(x, y, z, normal, m) {
            const p = parts(x, y, z);
            const r = Math.hypot(p.lx, p.lz);
            if (p.pile < p.dish && (y > 0.43 || r < 0.5)) {
                set(
                    m,
                    colours[p.i],
                    0.78 + 0.35 * noise(x * 70, y * 70, z * 70) + 0.2 * (clouds(x * 6, y * 6, z * 6) - 0.5),
                );
                m.thin = 0.2;
                return;
            }
            const isBand = (y > 0.33 && y < 0.36) || (y > 0.2 && y < 0.3 && Math.sin(Math.atan2(p.lz, p.lx) * 14) > 0.1) || r > 0.565;
            glazed(m, 0.14);
            set(m, isBand ? bands[p.i] : bowls[p.i], 0.82 + 0.3 * clouds(p.lx * 5, y * 5, p.lz * 5 + seed));
        },
    };
}

export function glasses(random, n) {
    const [wall, tint, gold, cut, tea] = pick(
        [
            ["mint", "#5fae8a", "#c9962f", "stars", "#a3571a"],
            ["rose", "#c2476a", "#d2a03a", "petals", "#b06a1e"],
            ["chalk", "#3f5fc0", "#c9962f", "diamonds", "#a55a1c"],
            ["mustard", "#a24fb0", "#e0b860", "crosses", "#8f4a16"],
            ["teal", "#dfc27a", "#d9ab48", "scales", "#a8601f"],
            ["sky", "#e8efe9", "#c08d2b", "stars", "#96500f"],
        ],
        n,
    );
    const shape = turned([
        [0, 0],
        [0.25, 0, 1],
        [0.27, 0.05],
        [0.24, 0.12],
        [0.26, 0.3],
        [0.31, 0.66],
        [0.37, 0.92, 1],
        [0.365, 0.93, 1],
        [0.36, 0.93, 1],
        [0, 0.93],
    ]);
    const spots = [
        [-0.6, 0.3],
        [0.02, -0.35],
        [0.62, 0.34],
    ];
    const dye = colour(tint),
        metal = colour(gold),
        drink = colour(tea);
    const fill = 0.66;
    const strongest = Math.max(...drink);
    const steeped = drink.map((part) => (part / strongest) ** 0.72); // what a glass full lets through
    const motif = (angle, y) => {
        if (y > 0.84 || (y > 0.15 && y < 0.165) || (y > 0.775 && y < 0.79)) return y < 0.9;
        if (y < 0.47 || y > 0.75) return false;
        const which = patterns[cut]((angle / Math.PI) * 6, ((y - 0.47) / 0.28) * 2 - 1);
        return which === 1 || which === 3;
    };
    const which = (x, z) => {
        let best = 0,
            least = 9;
        spots.forEach(([sx, sz], i) => {
            const d = Math.hypot(x - sx, z - sz);
            if (d < least) {
                least = d;
                best = i;
            }
        });
        return best;
    };
    const all = (x, y, z) => Math.min(...spots.map(([sx, sz]) => shape(x - sx, y, z - sz)));
    const seed = random() * 6;
    const scene = {
        ...place(wall),
        bound: [0, 0.48, 0.05, 1.2],
        camera: { eye: [0, 1.55, 6.0], at: [0, 0.5, 0.05], zoom: 3.0 },
        distance: all,
        paint: () => {},
        through(eye, dx, dy, dz, tools) {
            const t = tools.march(eye[0], eye[1], eye[2], dx, dy, dz, 30);
            if (t < 0) return false;
            const { n, m, out } = tools;
            const x = eye[0] + dx * t,
                y = eye[1] + dy * t,
                z = eye[2] + dz * t;
            const e = 0.002,
                i = which(x, z),
                [sx, sz] = spots[i];
            let nx = all(x + e, y, z) - all(x - e, y, z),
                ny = all(x, y + e, z) - all(x, y - e, z),
                nz = all(x, y, z + e) - all(x, y, z - e);
            const l = Math.hypot(nx, ny, nz) || 1;
            nx /= l;
            ny /= l;
            nz /= l;
            const facing = Math.max(0.02, -(dx * nx + dy * ny + dz * nz));
            const angle = Math.atan2(z - sz, x - sx) + seed + i;
            const top = ny > 0.7;
            if (!top && motif(angle, y)) {
                n[0] = nx;
                n[1] = ny;
                n[2] = nz;
                set(m, metal, 1.15);
                m.metal = 0.75;
                m.rough = 0.35;
                m.gloss = 0;
                m.er = m.eg = m.eb = 0;
                m.thin = 0;
                tools.shade(x, y, z, dx, dy, dz, true);
                return true;
            }
            if (top) {
                // into the glass: onto the tea, or the far wall
                const down = (fill - y) / dy;
                const tx = x + dx * down - sx,
                    tz = z + dz * down - sz,
                    r = Math.hypot(tx, tz);
                const rim = Math.hypot(x - sx, z - sz) > 0.345;
                const onTea = r < 0.305;
                const gild = !onTea && !rim && motif(Math.atan2(tz, tx) + seed + i, fill + 0.1 + (r - 0.305)) ? 0.3 : 0;
                tools.backdrop(x, y, z, dx, Math.min(dy, -0.05), dz);
                for (let k = 0; k < 3; k++) {
                    const glass = out[k] * (0.35 + 0.6 * dye[k]) * (1 - gild) + metal[k] * gild;
                    const sky = onTea ? 0.16 * smooth(-0.05, 0.2, -tx - tz * 0.3) : 0;
                    out[k] = rim ? metal[k] * 1.3 : onTea ? drink[k] * (0.55 + 0.2 * smooth(0.2, 0.3, r)) + sky : glass;
                }
                return true;
            }
            const bend = 0.28;
            let bx = dx - nx * bend * (1 - facing),
                by = dy - ny * bend * (1 - facing) * 0.3,
                bz = dz;
            const bl = Math.hypot(bx, by, bz);
            bx /= bl;
            by /= bl;
            bz /= bl;
            tools.backdrop(x + dx * 0.4, y, z + dz * 0.5, bx, Math.min(by, -0.05), bz);
            const back = [out[0], out[1], out[2]];
            const across = 0.62 * facing; // to the far wall
            const px = x + dx * across,
                py = y + dy * across,
                pz = z + dz * across;
            const gilt = motif(Math.atan2(pz - sz, px - sx) + seed + i, py) ? 0.45 : 0;
            const depth = 0.16 / (facing + 0.18);
            const wet = y < fill && y > 0.07;
            const seen = [0, 0, 0];
            tools.surroundings(scene, dx + 2 * facing * nx, dy + 2 * facing * ny, dz + 2 * facing * nz, 0.05, seen);
            const mirror = 0.05 + 0.85 * (1 - facing) ** 4;
            for (let k = 0; k < 3; k++) {
                let c = back[k] * (1 - gilt) + metal[k] * 0.5 * gilt;
                c = c * 1.04 * Math.pow(dye[k] * 0.55 + 0.45, 0.3 + depth * 1.6);
                //  Light comes in from the left and lies where it leaves, at the lower right.
                const caught = smooth(-0.2, 0.9, nx) * smooth(fill, 0.1, y);
                if (wet) c = c * steeped[k] ** (0.4 + 1.25 * facing) + steeped[k] * drink[k] * (0.25 + 1.5 * caught);
                if (wet && y > fill - 0.014) c += steeped[k] * 0.22;
                if (y < 0.12) c = c * 0.85 + 0.1 * smooth(0.12, 0.02, y);
                out[k] = c + seen[k] * mirror;
            }
            return true;
        },
    };
    return scene;
}

export function soap(random, n) {
    const [wall, ...paint] = pick(
        [
            ["sage", "#6f7d3c", "#8f9a57", "#e9e3cf"],
            ["rose", "#e6c4b4", "#d49a8c", "#f2e6da"],
            ["chalk", "#3f3a36", "#6a625a", "#d9d2c4"],
            ["sky", "#e9dcb6", "#d2b16a", "#f4ecd8"],
            ["clay", "#a9b894", "#7f946c", "#ece6d3"],
            ["mustard", "#b05a34", "#d58a5a", "#f0dcc4"],
        ],
        n,
    );
    const colours = dyes(...paint);
    const seed = random() * 60;
    const bars = [
        { at: [-0.1, 0.2, 0.05], turn: 0.1, k: 0 },
        { at: [0.1, 0.6, 0], turn: -0.22, k: 1 },
        { at: [-0.02, 1.0, 0.03], turn: 0.34, k: 0 },
    ];
    const lying = { at: [0.78, 0.52, 0.82], turn: 0.0, k: 1 };
    const local = (b, x, y, z) => {
        const c = Math.cos(b.turn),
            s = Math.sin(b.turn),
            px = x - b.at[0],
            pz = z - b.at[2];
        return [px * c - pz * s, y - b.at[1], px * s + pz * c];
    };
    const leaning = (x, y, z) => {
        const a = 1.12,
            px = x - lying.at[0],
            py = y - lying.at[1];
        return [px * Math.cos(a) + py * Math.sin(a), -px * Math.sin(a) + py * Math.cos(a), z - lying.at[2] + 0.3];
    };
    const bar = (p) => box(p[0], p[1], p[2], 0.62, 0.2, 0.42, 0.09);
    const find = (x, y, z) => {
        let best = null,
            least = 9;
        for (const b of bars) {
            const p = local(b, x, y, z),
                d = bar(p);
            if (d < least) {
                least = d;
                best = { p, d, b };
            }
        }
        const p = leaning(x, y, z),
            d = bar(p);
        return d < least ? { p, d, b: lying } : best;
    };
    const stamp = (p) => {
        const d = star(p[0], p[2], 0.2);
        return p[1] > 0.1 ? (Math.abs(d) < 0.022 || star(p[0], p[2], 0.09) < 0 ? 1 : 0) : 0;
    };
    return {
        ...place(wall),
        bound: [0.2, 0.62, 0.1, 1.55],
        camera: { eye: [0.35, 2.5, 6.0], at: [0.14, 0.58, 0.05], zoom: 2.75 },
        distance: (x, y, z) => find(x, y, z).d * 0.95,
        fine(x, y, z) {
            const f = find(x, y, z);
            return f.d + 0.014 * stamp(f.p) + 0.008 * clouds(f.p[0] * 6, f.p[1] * 6, f.p[2] * 6 + seed, 3);
        },
        paint(x, y, z, normal, m) {
            const { p, b } = find(x, y, z);
            const swirl = clouds(
                p[0] * 1.6 + 2 * clouds(p[0] * 2, p[1] * 2, p[2] * 2 + seed),
                p[1] * 3.4,
                p[2] * 1.6 + seed + b.k * 9,
                4,
            );
            const vein = smooth(0.44, 0.5, swirl) * (1 - smooth(0.52, 0.58, swirl));
            set(
                m,
                mix(mix(colours[b.k], colours[1 - b.k], smooth(0.3, 0.6, swirl) * 0.7), colours[2], vein * 0.75),
                0.95 + 0.1 * noise(p[0] * 60, p[1] * 60, p[2] * 60),
            );
            if (p[1] > 0.1 && noise(p[0] * 26, p[2] * 26, seed) > 0.9) set(m, colour("#7d6a3a"));
            m.gloss = 0.6;
            m.rough = 0.42;
            m.thin = 0.4;
        },
    };
}

export function oils(random, n) {
    const [wall, glass, paper, mark] = pick(
        [
            ["chalk", "#5a2c0d", "#efe6d2", "#0d5a46"],
            ["mustard", "#14392c", "#f0e7d4", "#a63426"],
            ["rose", "#2a1a10", "#e9dcc2", "#24418c"],
            ["sage", "#6a350e", "#f2ead8", "#7a2942"],
            ["teal", "#4a2109", "#efe2c6", "#b8742a"],
            ["plaster", "#1d2f4f", "#f0e8d6", "#a5372b"],
        ],
        n,
    );
    const bottle = turned([
        [0, 0],
        [0.42, 0, 1],
        [0.46, 0.04, 1],
        [0.46, 1.0],
        [0.42, 1.12],
        [0.2, 1.28],
        [0.16, 1.36],
        [0.16, 1.52, 1],
        [0.2, 1.53, 1],
        [0.2, 1.6, 1],
        [0.14, 1.6, 1],
        [0.14, 1.72, 1],
        [0.12, 1.74],
        [0, 1.74],
    ]);
    const small = turned([
        [0, 0],
        [0.27, 0, 1],
        [0.3, 0.03, 1],
        [0.3, 0.56],
        [0.26, 0.64],
        [0.13, 0.7],
        [0.13, 0.78, 1],
        [0.16, 0.79, 1],
        [0.16, 0.95, 1],
        [0, 0.96],
    ]);
    const big = [-0.22, 0, -0.05],
        little = [0.56, 0, 0.42];
    const pair = (x, y, z) => Math.min(bottle(x - big[0], y, z - big[2]), small(x - little[0], y, z - little[2]));
    const [body, label, ink] = dyes(glass, paper, mark);
    return {
        ...place(wall),
        bound: [0.1, 0.88, 0.1, 1.25],
        gleam: 1.2,
        camera: { eye: [0, 1.75, 6.3], at: [0.1, 0.84, 0], zoom: 2.75 },
        distance: pair,
        fine: (x, y, z) => pair(x, y, z) + 0.0016 * noise(x * 9, y * 9, z * 9),
        paint(x, y, z, normal, m) {
            const isBig = bottle(x - big[0], y, z - big[2]) < small(x - little[0], y, z - little[2]);
            const cx = isBig ? big[0] : little[0],
                cz = isBig ? big[2] : little[2];
            const a = Math.atan2(x - cx, z - cz);
            const [low, high, reach, cap, r] = isBig ? [0.22, 0.86, 1.15, 1.54, 0.46] : [0.12, 0.48, 1.2, 0.79, 0.3];
            if (y > cap) {
                set(m, colour(isBig ? "#b68a5a" : "#1d1814"), isBig ? 0.8 + 0.4 * noise(x * 40, y * 40, z * 40) : 1);
                m.gloss = isBig ? 0 : 0.7;
                m.rough = 0.35;
                return;
            }
            if (y > low && y < high && Math.abs(a) < reach && Math.hypot(x - cx, z - cz) > r * 0.9) {
                const u = a * r,
                    v = y - (low + high) / 2,
                    k = isBig ? 1 : 0.58;
                const edge = Math.min((reach - Math.abs(a)) * r, (high - low) / 2 - Math.abs(v));
                const s = star(u, v - 0.1 * k, 0.115 * k);
                const lines = [-0.14, -0.185, -0.225].some(
                    (h, i) => Math.abs(v - h * k) < 0.009 * k && Math.abs(u) < (0.16 - i * 0.035) * k,
                );
                const isInk =
                    (edge > 0.02 * k && edge < 0.032 * k) || (s < 0 && star(u, v - 0.1 * k, 0.06 * k) > 0) || lines;
                set(m, isInk ? ink : label, 0.95 + 0.06 * noise(u * 90, v * 90));
                return;
            }
            glazed(m, 0.05);
            const facing = Math.max(0, normal[2]);
            //  Glass: dark where one looks through all of the oil, alight where the light leaves it, a window at its side.
            const level = isBig ? 1.08 : 0.6;
            const full = smooth(level + 0.012, level - 0.012, y);
            set(m, body, 0.16 + 0.2 * (1 - full));
            const leaves = smooth(0.15, 0.95, normal[0]) * smooth(0, 0.5, y);
            const lit = 0.1 + 0.5 * leaves + 0.45 * (1 - full) + 0.5 * smooth(0.5, 1, 1 - facing) * full;
            const pane = Math.exp(-(((a + 0.82) / 0.1) ** 2)) * smooth(0.05, 0.12, y) * smooth(cap * 0.74, cap * 0.68, y);
            const bar = 1 - 0.8 * Math.exp(-(((y - cap * 0.36) / 0.02) ** 2));
            m.er = body[0] * lit * 1.6 + 0.55 * pane * bar;
            m.eg = body[1] * lit * 1.6 + 0.56 * pane * bar;
            m.eb = body[2] * lit * 1.6 + 0.56 * pane * bar;
        },
    };
}
