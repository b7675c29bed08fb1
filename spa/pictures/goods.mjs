//  What the shop sells, as scenes: one function for each kind of goods, which takes a source of random numbers and
//  the number of the piece, and gives what light.mjs renders.
import { clouds, colour, mix, noise, random, smooth } from "./light.mjs";
import { blend, box, knot, patterns, ring, star, stick, turned } from "./shapes.mjs";

const walls = {
    plaster: ["#dcd0ba", "#cfc1a8"], rose: ["#cf9a86", "#c48a74"], clay: ["#b5674a", "#a3573c"],
    sage: ["#8fa08a", "#83947d"], teal: ["#3f7273", "#386566"], cobalt: ["#31479c", "#2b3f8d"],
    night: ["#1c2740", "#192238"], mustard: ["#cf9b3d", "#c18c31"], aubergine: ["#46293b", "#3d2333"],
    mint: ["#a9c3ae", "#9bb7a1"], chalk: ["#e3ddd0", "#d8d0c0"], brick: ["#8e3b2e", "#7f3327"],
    sky: ["#8fb0c4", "#82a4b9"], olive: ["#75753f", "#696936"],
};

function place(name) {
    return { wall: colour(walls[name][0]), floor: colour(walls[name][1]) };
}

const pick = (list, n) => list[n % list.length];
const set = (m, c, scale = 1) => { m.r = c[0] * scale; m.g = c[1] * scale; m.b = c[2] * scale; };
const glazed = (m, rough = 0.1) => { m.gloss = 1; m.rough = rough; };
const dyes = (...names) => names.map(colour);

function tiles(random, n) {
    const [wall, pattern, scale, ...paint] = pick([
        ["plaster", "stars", 2, "#efe6d2", "#1c4f8c", "#e9dfc6", "#c9892c"],
        ["clay", "scales", 3, "#f0e7d3", "#1f7a63", "#0f5547", "#e7ddc5"],
        ["mint", "diamonds", 2, "#f2ead9", "#a5372b", "#ece1cb", "#d9a03a"],
        ["cobalt", "crosses", 2, "#efe6d4", "#d99b2d", "#efe4cc", "#14605a"],
        ["rose", "petals", 2, "#f1e8d6", "#23428f", "#efe5cf", "#b8402f"],
        ["sage", "checks", 2, "#e5dcc7", "#17251f", "#f0e9da", "#17251f"],
    ], n);
    const colours = dyes(...paint);
    const draw = patterns[pattern];
    const lean = 0.16, c = Math.cos(lean), s = Math.sin(lean);
    const offset = random() * 9;
    const local = (x, y, z) => [x, (y - 0.02) * c - (z + 0.35) * s, (y - 0.02) * s + (z + 0.35) * c];
    const piece = 0.5;                                  // four by four of them
    const slab = (x, y, z) => {
        const [lx, ly, lz] = local(x, y, z);
        return box(lx, ly - 1.0, lz, 1.0, 1.0, 0.055, 0.025);
    };
    const loose = (x, y, z) => {
        const a = 0.5, rx = (x - 0.86) * Math.cos(a) - (z - 0.85) * Math.sin(a);
        const rz = (x - 0.86) * Math.sin(a) + (z - 0.85) * Math.cos(a);
        return box(rx, y - 0.045, rz, 0.25, 0.045, 0.25, 0.02);
    };
    const joints = (u, v) => {
        const x = Math.abs(((u / piece) % 1 + 1) % 1 - 0.5), y = Math.abs(((v / piece) % 1 + 1) % 1 - 0.5);
        return Math.max(x, y);
    };
    return {
        ...place(wall), bound: [0, 1.0, 0.1, 1.85], camera: { eye: [0.3, 1.55, 6.4], at: [0.02, 0.98, 0], zoom: 2.5 },
        distance: (x, y, z) => Math.min(slab(x, y, z), loose(x, y, z)),
        fine(x, y, z) {
            const d = slab(x, y, z), e = loose(x, y, z);
            if (e < d) return e + 0.003 * noise(x * 9, y * 9, z * 9);
            const [lx, ly] = local(x, y, z);
            const i = Math.floor(lx / piece), j = Math.floor(ly / piece);
            const tilt = (noise(i * 5.1, j * 3.3, offset) - 0.5) * 0.02 * (lx - i * piece)
                + (noise(i * 2.7, j * 8.9, offset) - 0.5) * 0.02 * (ly - j * piece);
            return d + smooth(0.472, 0.5, joints(lx, ly)) * 0.02 + tilt + 0.004 * clouds(lx * 6, ly * 6, offset, 3);
        },
        paint(x, y, z, normal, m) {
            glazed(m, 0.07);
            if (loose(x, y, z) < slab(x, y, z)) {
                set(m, normal[1] > 0.5 ? colours[1] : colour("#b4714f"), 0.9 + 0.2 * clouds(x * 9, z * 9));
                if (normal[1] < 0.5) m.gloss = 0;
                return;
            }
            const [lx, ly, lz] = local(x, y, z);
            if (lz < 0.03 && Math.abs(lx) > 0.97) { set(m, colour("#b4714f")); m.gloss = 0; return; }
            const i = Math.floor(lx / piece), j = Math.floor(ly / piece);
            if (joints(lx, ly) > 0.485) { set(m, colour("#cbbfa8")); m.gloss = 0; return; }
            const which = draw((lx / piece) * scale / 2 * 2 * 0.5 + (pattern === "checks" ? 0 : 0.5),
                (ly / piece) * scale / 2 * 2 * 0.5 + (pattern === "checks" ? 0 : 0.5));
            const fired = 0.84 + 0.22 * noise(i * 3.7, j * 5.9, offset) + 0.16 * (clouds(lx * 5, ly * 5, offset) - 0.5);
            set(m, colours[which], fired);
        },
    };
}

function rugs(random, n) {
    const [wall, style, ...paint] = pick([
        ["teal", "lattice", "#e9dfcb", "#2b2622", "#e9dfcb", "#b8452f"],
        ["mustard", "bands", "#8f2c24", "#e7d9bd", "#1f3e63", "#d9952f"],
        ["sage", "medallion", "#9c2f2a", "#ecdcc0", "#23395b", "#d59a3c"],
        ["chalk", "patches", "#d8562f", "#e4a93c", "#2b5a7d", "#7d2340"],
        ["rose", "lattice", "#2d4a57", "#e8dcc3", "#2d4a57", "#dd9a3b"],
        ["olive", "bands", "#ead9b9", "#a23b2a", "#34302c", "#5f7f6c"],
    ], n);
    const colours = dyes(...paint);
    const seed = random() * 50;
    const width = 0.92, height = 1.36, middle = 1.52;
    const wave = (x, y) => 0.045 * Math.sin(x * 4.2 + seed) * (1 - smooth(-1.4, 1.4, y - middle)) * 1.6;
    const depth = -0.9;
    const cloth = (x, y, z) => box(x, y - middle, z - depth - wave(x, y), width, height, 0.035, 0.03);
    const rod = (x, y, z) => stick(x, y, z, [-1.12, middle + height, depth + 0.03], [1.12, middle + height, depth + 0.03], 0.04, 0.04);
    const fringe = (x, y, z) => {
        const i = Math.round(x / 0.062);
        if (Math.abs(i) > 14) return 9;
        const cx = i * 0.062, sway = (noise(i * 3.3, seed) - 0.5) * 0.05;
        const long = 0.16 + 0.06 * noise(i * 7.7, seed);
        return stick(x, y, z, [cx, middle - height, depth + wave(cx, middle - height)],
            [cx + sway, middle - height - long, depth + wave(cx, middle - height) + 0.01], 0.016, 0.022) * 0.8;
    };
    const motif = (u, v) => {
        if (style === "bands") {
            const band = Math.floor((v + 20 + 0.02 * Math.sin(u * 9)) / 0.23);
            const kind = Math.floor(noise(band * 3.77, seed) * 4.99);
            const w = ((v + 20) / 0.23 - band);
            if (kind === 1) return Math.abs(((u * 6) % 1 + 1) % 1 - 0.5) * 2 < Math.abs(w - 0.5) * 2 ? 1 : 2;
            if (kind === 2) return patterns.diamonds(u * 8, w * 2 - 1) % 4;
            if (kind === 3) return w < 0.18 || w > 0.82 ? 3 : ((Math.floor(u * 24) & 1) === 0 ? 1 : 0);
            return band % 2 === 0 ? 0 : w > 0.4 && w < 0.6 ? 3 : band % 3 === 0 ? 2 : 0;
        }
        if (style === "medallion") {
            const edge = Math.max(Math.abs(u) - 0.62, Math.abs(v) - 1.06);
            if (edge > 0.17) return 2;
            if (edge > 0.13) return 1;
            if (edge > 0) return (patterns.diamonds(u * 7, v * 7) === 1) ? 3 : 2;
            if (edge > -0.05) return 1;
            for (const c of [-0.62, 0, 0.62]) {
                const d = Math.abs(u) * 1.15 + Math.abs(v - c);
                if (d < 0.07) return 2;
                if (d < 0.13) return 1;
                if (d < 0.22) return 3;
                if (d < 0.29) return 2;
                if (d < 0.33) return 1;
            }
            return star(((u * 6) % 1 + 1) % 1 - 0.5, ((v * 6) % 1 + 1) % 1 - 0.5, 0.1) < 0 ? 3 : 0;
        }
        if (style === "patches") {
            const bend = 0.12 * (clouds(u * 2.4, v * 2.4, seed) - 0.5);
            const row = Math.floor((v + bend + 9) / 0.3);
            const cell = Math.floor((u + bend * 2 + 9 + (row % 2) * 0.17) / 0.36);
            const x = ((u + bend * 2 + 9 + (row % 2) * 0.17) / 0.36) % 1 - 0.5, y = ((v + bend + 9) / 0.3) % 1 - 0.5;
            const own = Math.floor(noise(row * 5.1, cell * 7.7, seed) * 3.99);
            return Math.abs(x) + Math.abs(y) < 0.3 ? (own + 1 + (cell & 1)) % 4 : own;
        }
        const bend = 0.05 * (clouds(u * 3, v * 3, seed) - 0.5);
        const d = Math.abs((((u + bend) / 0.46) % 1 + 1) % 1 - 0.5) + Math.abs((((v + bend) / 0.56) % 1 + 1) % 1 - 0.5);
        if (Math.abs(d - 0.5) < 0.045) return 1;
        return d < 0.09 ? 3 : d > 0.92 ? 1 : 0;
    };
    return {
        ...place(wall), bound: [0, 1.5, -0.85, 1.95], windowX: -0.2, windowY: 0.9,
        camera: { eye: [0.15, 1.6, 6.4], at: [0, 1.48, -0.9], zoom: 2.42 },
        distance: (x, y, z) => Math.min(cloth(x, y, z) * 0.85, rod(x, y, z), fringe(x, y, z)),
        fine(x, y, z) {
            const d = cloth(x, y, z), e = Math.min(rod(x, y, z), fringe(x, y, z));
            if (e < d) return e;
            const k = knot(x, y, 46);
            return d - 0.006 * k.high - 0.004 * k.odd;
        },
        paint(x, y, z, normal, m) {
            if (rod(x, y, z) < cloth(x, y, z) - 0.004) { set(m, colour("#6b4428"), 0.8 + 0.5 * noise(x * 3, y * 40)); m.gloss = 0.5; m.rough = 0.4; return; }
            if (fringe(x, y, z) < cloth(x, y, z) - 0.002) { set(m, colour("#e4d7bd"), 0.85 + 0.2 * noise(x * 60, y * 12)); return; }
            const k = knot(x, y - middle, 46);
            const which = motif(k.u + (k.odd - 0.5) * 0.008, k.v);
            const faded = 0.82 + 0.16 * k.odd + 0.14 * k.high + 0.16 * (noise(3, Math.floor((y + 9) * 11), seed) - 0.5);
            set(m, colours[which] ?? colours[0], faded);
            m.thin = 0.15;
        },
    };
}

function lanterns(random, n) {
    const [wall, metal, light, cut, shape] = pick([
        ["night", "#b5893f", "#ffb65a", "stars", 0], ["aubergine", "#a8763c", "#ff9c4a", "diamonds", 1],
        ["teal", "#8c8f8a", "#ffc877", "petals", 2], ["brick", "#b7863c", "#ffb14f", "crosses", 0],
        ["night", "#93602f", "#ff8f4a", "scales", 2], ["olive", "#c19a4e", "#ffcb73", "stars", 1],
    ], n);
    const outline = [
        [[0, 0], [0.34, 0, 1], [0.36, 0.06, 1], [0.28, 0.1, 1], [0.3, 0.16], [0.58, 0.5], [0.66, 0.86], [0.55, 1.2], [0.3, 1.4, 1],
            [0.32, 1.46, 1], [0.26, 1.5, 1], [0.22, 1.66], [0.08, 1.8], [0.05, 1.88], [0, 1.9]],
        [[0, 0], [0.46, 0, 1], [0.48, 0.08, 1], [0.42, 0.12, 1], [0.44, 0.16, 1], [0.47, 1.08, 1], [0.52, 1.12, 1], [0.5, 1.2, 1], [0.4, 1.3],
            [0.3, 1.52], [0.1, 1.72], [0.06, 1.84], [0, 1.86]],
        [[0, 0], [0.24, 0, 1], [0.27, 0.05, 1], [0.18, 0.1, 1], [0.22, 0.16], [0.6, 0.42], [0.74, 0.72], [0.6, 1.02], [0.22, 1.26, 1],
            [0.25, 1.32, 1], [0.18, 1.38], [0.07, 1.6], [0.05, 1.74], [0, 1.76]],
    ][shape];
    const top = outline[outline.length - 1][1];
    const body = turned(outline);
    const warm = colour(light), tone = colour(metal);
    const around = shape === 1 ? 10 : 12;
    const low = [0.2, 0.2, 0.24][shape], high = [1.34, 1.04, 1.18][shape];
    const holes = (angle, y) => {
        if (y < low || y > high) return 0;
        const u = angle / Math.PI * around, v = (y - low) / 0.21 * 1.0;
        const which = patterns[cut](u, v * 1.15);
        return which === 1 || which === 3 ? 1 : 0;
    };
    const spin = random() * 3;
    return {
        ...place(wall), sun: 0.34, fill: 0.5, exposure: 1.0, windowDim: 0.25, bound: [0, top / 2 + 0.1, 0, 1.35],
        camera: { eye: [0, 1.6, 6.4], at: [0, 1.0, 0], zoom: 2.45 },
        distance: (x, y, z) => Math.min(body(x, y, z), ring(x, y - top - 0.13, z, 0.14, 0.028)),
        fine(x, y, z) {
            const d = body(x, y, z);
            return d + 0.004 * noise(Math.atan2(z, x) * 14, y * 26) + (holes(Math.atan2(z, x) + spin, y) ? 0.012 : 0);
        },
        paint(x, y, z, normal, m) {
            const angle = Math.atan2(z, x) + spin;
            if (body(x, y, z) < 0.01 && holes(angle, y)) {
                const centre = 1 - Math.min(1, Math.abs(y - (low + high) / 2) / (high - low) * 1.2);
                const glow = 1.2 + 2.6 * centre * Math.max(0.2, normal[2]);
                m.er = warm[0] * glow; m.eg = warm[1] * glow; m.eb = warm[2] * glow;
                set(m, warm, 0.3);
                return;
            }
            set(m, tone, 0.85 + 0.25 * clouds(angle * 4, y * 6));
            m.metal = 1;
            m.rough = 0.28;
            const lit = 0.05 + 0.05 * Math.max(0, normal[1]);
            m.er = warm[0] * lit; m.eg = warm[1] * lit; m.eb = warm[2] * lit;
        },
        glow(x, y, z, m, out) {
            const cy = (low + high) / 2;
            const dx = x, dy = y - cy, dz = z;
            const r2 = dx * dx + dy * dy + dz * dz;
            const a = Math.atan2(dz, dx) + spin;
            const flat = Math.hypot(dx, dz);
            const e = Math.max(low + 0.03, Math.min(high - 0.03, cy + dy / flat * 0.55));
            let spot = 0;
            for (let i = -2; i <= 2; i++)
                for (let j = -1; j <= 1; j++) spot += holes(a + i * 0.014, e + j * 0.014);
            spot = spot / 15;
            const power = (0.35 + 1.9 * spot * smooth(0.5, 1.3, r2)) * 1.5 / (0.6 + r2);
            out[0] += m.r * warm[0] * power * 1.6;
            out[1] += m.g * warm[1] * power * 1.6;
            out[2] += m.b * warm[2] * power * 1.6;
        },
    };
}

const vessels = [
    //  a round vase, a tall bottle, a bowl, a jug, a tagine, a wide jar
    [[0, 0], [0.34, 0, 1], [0.36, 0.04], [0.62, 0.42], [0.68, 0.82], [0.48, 1.2], [0.24, 1.42], [0.23, 1.6], [0.33, 1.74, 1], [0.3, 1.745, 1],
        [0.19, 1.6], [0.2, 1.42], [0.4, 1.15], [0, 1.0]],
    [[0, 0], [0.36, 0, 1], [0.38, 0.04], [0.5, 0.5], [0.42, 0.95], [0.17, 1.3], [0.13, 1.75], [0.2, 1.98, 1], [0.17, 1.985, 1], [0.1, 1.75], [0.1, 1.5], [0, 1.4]],
    [[0, 0.0], [0.3, 0, 1], [0.3, 0.1, 1], [0.26, 0.12], [0.6, 0.26], [0.9, 0.58], [1.0, 0.86, 1], [0.95, 0.87, 1], [0.84, 0.6], [0.5, 0.32], [0, 0.24]],
    [[0, 0], [0.36, 0, 1], [0.38, 0.04], [0.56, 0.5], [0.52, 0.92], [0.33, 1.22], [0.32, 1.45], [0.42, 1.66, 1], [0.38, 1.665, 1], [0.28, 1.45], [0.29, 1.22], [0.4, 1.0], [0, 0.9]],
    [[0, 0], [0.62, 0, 1], [0.66, 0.06], [0.9, 0.3], [0.94, 0.4, 1], [0.9, 0.42, 1], [0.86, 0.47], [0.62, 0.75], [0.36, 1.22], [0.18, 1.46], [0.15, 1.52], [0.2, 1.6], [0.17, 1.7], [0, 1.73]],
    [[0, 0], [0.46, 0, 1], [0.48, 0.04], [0.72, 0.4], [0.76, 0.78], [0.62, 1.1], [0.5, 1.2, 1], [0.56, 1.27, 1], [0.5, 1.275, 1], [0.44, 1.18], [0.55, 1.05], [0, 0.9]],
];

function ceramics(random, n) {
    const [wall, shape, ground, ink, second, pattern] = pick([
        ["mustard", 0, "#efe8d8", "#1d3f8a", "#1d3f8a", "stars"], ["cobalt", 4, "#c4862f", "#f0e4c8", "#6b2b1d", "diamonds"],
        ["rose", 2, "#ece4d2", "#15664f", "#c8902f", "petals"], ["sage", 3, "#b9432d", "#efe0c2", "#2a1d18", "waves"],
        ["clay", 1, "#1b6b63", "#e8dcc2", "#0e3d3a", "scales"], ["sky", 5, "#f0ead9", "#a63426", "#24418c", "crosses"],
    ], n);
    const outline = vessels[shape];
    const body = turned(outline);
    const high = Math.max(...outline.map((p) => p[1]));
    const wide = Math.max(...outline.map((p) => p[0]));
    const handle = shape === 3
        ? (x, y, z) => ring((x - 0.55) * 0.95, (y - 1.08) * 0.78, z, 0.32, 0.055)
        : () => 9;
    const all = (x, y, z) => blend(body(x, y, z), handle(x, y, z), 0.06);
    const [a, b, c] = dyes(ground, ink, second);
    const seed = random() * 20;
    const zones = { 0: [0.36, 1.12], 1: [0.2, 0.92], 2: [0.3, 0.8], 3: [0.28, 1.0], 4: [0.5, 1.2], 5: [0.26, 1.02] }[shape];
    const tall = zones[1] - zones[0];
    const times = shape === 2 ? 9 : 7;
    const cell = (wide * Math.PI) / times;              // half a motif high as it is wide
    const rows = Math.max(1, Math.round(tall / (cell * 2)));
    return {
        ...place(wall), bound: [0, high / 2, 0, Math.hypot(high / 2, wide + (shape === 3 ? 0.35 : 0)) + 0.08],
        camera: shape === 2 ? { eye: [0, 2.6, 5.9], at: [0, 0.42, 0], zoom: 2.5 }
            : { eye: [0, 1.9, 6.4], at: [0, high * 0.47, 0], zoom: high > 1.6 ? 2.55 : 2.8 },
        distance: all,
        fine: (x, y, z) => all(x, y, z) + 0.0035 * clouds(Math.atan2(z, x) * 2, y * 12, seed, 2)
            + 0.002 * Math.sin(y * 70 + Math.sin(Math.atan2(z, x) * 2)),
        paint(x, y, z, normal, m) {
            glazed(m, 0.11);
            const angle = Math.atan2(z, x) + seed + 0.02 * (noise(x * 4, y * 4, z * 4) - 0.5);
            const r = Math.hypot(x, z);
            const tone = 0.88 + 0.22 * clouds(angle * 2, y * 4, seed);
            if (y < 0.045) { set(m, colour("#b06a45")); m.gloss = 0; return; }
            const inner = shape === 2 && normal[0] * x + normal[2] * z < 0;
            const wobble = 0.012 * (noise(angle * 5, y * 3, 4) - 0.5);
            const h = y + wobble;
            let which = 0;
            if (inner) {
                const t = r / wide;
                if (t > 0.9) which = Math.floor(angle / Math.PI * 24) & 1 ? 1 : 0;
                else if (t > 0.86 || (t > 0.5 && t < 0.53)) which = 1;
                else if (t <= 0.86 && t > 0.53) which = patterns[pattern](angle / Math.PI * times, (t - 0.53) / 0.33 * 2 - 1) % 4;
                else which = star(x * 1.5, z * 1.5, 0.34) < 0 ? (star(x * 1.5, z * 1.5, 0.2) < 0 ? 2 : 1) : 0;
                if (which === 2 && t > 0.53) which = 0;
                if (which === 3) which = 2;
            } else if (h > zones[0] && h < zones[1] && handle(x, y, z) > body(x, y, z)) {
                which = patterns[pattern](angle / Math.PI * times, (h - zones[0]) / tall * 2 * rows - 1);
                which = which === 2 ? 0 : which === 3 ? 2 : which;
            } else {
                const low = zones[0] - h, over = h - zones[1];
                if ((low > 0.03 && low < 0.055) || (over > 0.03 && over < 0.06) || (over > 0.1 && over < 0.115)) which = 1;
                else if (over > 0.16 && over < 0.24) which = Math.floor(angle / Math.PI * 16) & 1 ? 2 : 0;
                else if (h > high - 0.05) which = 1;
            }
            const brush = 0.86 + 0.28 * clouds(angle * 12, y * 16, 9, 2);
            set(m, which === 0 ? a : which === 1 ? b : c, which === 0 ? tone : tone * brush);
        },
    };
}

function spices(random, n) {
    const [wall, ...heaps] = pick([
        ["rose", "#d98a16", "#9e2b1a", "#6d4a25"], ["teal", "#c2571b", "#dba51f", "#7a2f1c"], ["plaster", "#a8341c", "#5d6a2c", "#d99a1d"],
        ["cobalt", "#e0a21a", "#b8491e", "#87602f"], ["aubergine", "#cf7a1a", "#d8b13a", "#8e2720"], ["mint", "#8c3b1d", "#d18f1e", "#4f5a2a"],
    ], n);
    const colours = dyes(...heaps);
    const bowl = turned([[0, 0], [0.2, 0, 1], [0.22, 0.04], [0.42, 0.18], [0.56, 0.4], [0.58, 0.46, 1], [0.545, 0.46, 1], [0.5, 0.38], [0, 0.3]]);
    const spots = [[-0.62, 0, 0.42], [0.64, 0, 0.3], [0.04, 0, -0.62]];
    const seed = random() * 30;
    const heap = (x, y, z) => {
        const r = Math.hypot(x, z);
        return (y - (1.0 - r * 1.12) - 0.05 * Math.exp(-r * r * 30) * -1) * 0.66;
    };
    const near = (x, z) => {
        let best = 0, least = 9;
        spots.forEach(([sx, , sz], i) => {
            const d = Math.hypot(x - sx, z - sz);
            if (d < least) { least = d; best = i; }
        });
        return best;
    };
    const parts = (x, y, z) => {
        const i = near(x, z), [sx, , sz] = spots[i];
        const lx = x - sx, lz = z - sz;
        return { i, dish: bowl(lx, y, lz), pile: Math.max(heap(lx, y, lz), 0.36 - y), lx, lz };
    };
    const safe = (x, y, z) => {
        let d = 9;
        for (const [sx, , sz] of spots) {
            const lx = x - sx, lz = z - sz;
            d = Math.min(d, bowl(lx, y, lz), Math.max(heap(lx, y, lz), 0.36 - y, Math.hypot(lx, lz) - 0.54));
        }
        return d;
    };
    const bowls = dyes("#a97b3a", "#b88a45", "#96672d");
    return {
        ...place(wall), bound: [0, 0.5, -0.05, 1.5], camera: { eye: [0, 2.35, 6.0], at: [0.02, 0.42, -0.05], zoom: 2.55 },
        distance: safe,
        fine(x, y, z) {
            const p = parts(x, y, z);
            return p.pile < p.dish ? safe(x, y, z) - 0.02 * clouds(x * 14, y * 14, z * 14 + seed, 3) - 0.008 * noise(x * 90, y * 90, z * 90)
                : safe(x, y, z) + 0.006 * noise(Math.atan2(p.lz, p.lx) * 9, y * 30, p.i);
        },
        paint(x, y, z, normal, m) {
            const p = parts(x, y, z);
            if (p.pile < p.dish) {
                set(m, colours[p.i], 0.78 + 0.35 * noise(x * 70, y * 70, z * 70) + 0.2 * (clouds(x * 6, y * 6, z * 6) - 0.5));
                m.thin = 0.2;
                return;
            }
            set(m, bowls[p.i]);
            m.metal = 1;
            m.rough = 0.22;
        },
    };
}

function glasses(random, n) {
    const [wall, tint, gold, cut, tea] = pick([
        ["mint", "#5fae8a", "#c9962f", "stars", "#a3571a"], ["rose", "#c2476a", "#d2a03a", "petals", "#b06a1e"],
        ["chalk", "#3f5fc0", "#c9962f", "diamonds", "#a55a1c"], ["mustard", "#a24fb0", "#e0b860", "crosses", "#8f4a16"],
        ["teal", "#dfc27a", "#d9ab48", "scales", "#a8601f"], ["sky", "#e8efe9", "#c08d2b", "stars", "#96500f"],
    ], n);
    const shape = turned([[0, 0], [0.25, 0, 1], [0.27, 0.05], [0.24, 0.12], [0.26, 0.3], [0.31, 0.66], [0.37, 0.92, 1], [0.365, 0.93, 1], [0.36, 0.93, 1], [0, 0.93]]);
    const spots = [[-0.6, 0.3], [0.02, -0.35], [0.62, 0.34]];
    const dye = colour(tint), metal = colour(gold), drink = colour(tea);
    const fill = 0.66;
    const motif = (angle, y) => {
        if (y > 0.84 || (y > 0.15 && y < 0.165) || (y > 0.775 && y < 0.79)) return y < 0.9;
        if (y < 0.2 || y > 0.75) return false;
        const which = patterns[cut](angle / Math.PI * 6, (y - 0.2) / 0.55 * 3 - 1);
        return which === 1 || which === 3;
    };
    const which = (x, z) => {
        let best = 0, least = 9;
        spots.forEach(([sx, sz], i) => {
            const d = Math.hypot(x - sx, z - sz);
            if (d < least) { least = d; best = i; }
        });
        return best;
    };
    const all = (x, y, z) => Math.min(...spots.map(([sx, sz]) => shape(x - sx, y, z - sz)));
    const seed = random() * 6;
    const scene = {
        ...place(wall), bound: [0, 0.48, 0.05, 1.2], camera: { eye: [0, 1.55, 6.0], at: [0, 0.5, 0.05], zoom: 3.0 },
        distance: all, paint: () => {},
        through(eye, dx, dy, dz, tools) {
            const t = tools.march(eye[0], eye[1], eye[2], dx, dy, dz, 30);
            if (t < 0) return false;
            const { n, m, out } = tools;
            const x = eye[0] + dx * t, y = eye[1] + dy * t, z = eye[2] + dz * t;
            const e = 0.002, i = which(x, z), [sx, sz] = spots[i];
            let nx = all(x + e, y, z) - all(x - e, y, z), ny = all(x, y + e, z) - all(x, y - e, z), nz = all(x, y, z + e) - all(x, y, z - e);
            const l = Math.hypot(nx, ny, nz) || 1;
            nx /= l; ny /= l; nz /= l;
            const facing = Math.max(0.02, -(dx * nx + dy * ny + dz * nz));
            const angle = Math.atan2(z - sz, x - sx) + seed + i;
            const top = ny > 0.7;
            if (!top && motif(angle, y)) {
                n[0] = nx; n[1] = ny; n[2] = nz;
                set(m, metal, 1.15); m.metal = 0.75; m.rough = 0.35; m.gloss = 0; m.er = m.eg = m.eb = 0; m.thin = 0;
                tools.shade(x, y, z, dx, dy, dz, true);
                return true;
            }
            if (top) {                                      // into the glass: onto the tea, or the far wall
                const down = (fill - y) / dy;
                const tx = x + dx * down - sx, tz = z + dz * down - sz, r = Math.hypot(tx, tz);
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
            let bx = dx - nx * bend * (1 - facing), by = dy - ny * bend * (1 - facing) * 0.3, bz = dz;
            const bl = Math.hypot(bx, by, bz);
            bx /= bl; by /= bl; bz /= bl;
            tools.backdrop(x + dx * 0.4, y, z + dz * 0.5, bx, Math.min(by, -0.05), bz);
            const back = [out[0], out[1], out[2]];
            const across = 0.62 * facing;                   // to the far wall
            const px = x + dx * across, py = y + dy * across, pz = z + dz * across;
            const gilt = motif(Math.atan2(pz - sz, px - sx) + seed + i, py) ? 0.45 : 0;
            const depth = 0.16 / (facing + 0.18);
            const wet = y < fill && y > 0.07;
            const seen = [0, 0, 0];
            tools.surroundings(scene, dx + 2 * facing * nx, dy + 2 * facing * ny, dz + 2 * facing * nz, 0.05, seen);
            const mirror = 0.05 + 0.85 * (1 - facing) ** 4;
            for (let k = 0; k < 3; k++) {
                let c = back[k] * (1 - gilt) + metal[k] * 0.5 * gilt;
                c = c * 1.05 * Math.pow(dye[k] * 0.7 + 0.3, 0.5 + depth * 2.4);
                if (wet) c = c * 0.3 + drink[k] * (0.5 + 0.55 * Math.max(0, nx + 0.3)) * (0.35 + 0.65 * dye[k]) * Math.exp(-depth * 0.8);
                if (wet && y > fill - 0.02) c += drink[k] * 0.5;
                if (y < 0.07) c = c * 0.8 + 0.08;
                out[k] = c + seen[k] * mirror;
            }
            return true;
        },
    };
    return scene;
}

function textiles(random, n) {
    const [wall, ...paint] = pick([
        ["clay", "#ece2cc", "#274a66", "#e0a33a"], ["sage", "#b4432f", "#efe3c9", "#2f2a26"], ["cobalt", "#e8b23c", "#f0e6d2", "#a83a2a"],
        ["plaster", "#2f6a5c", "#e9ddc4", "#b5522f"], ["mustard", "#efe6d3", "#7a2942", "#2a4a5a"], ["rose", "#31507f", "#efe5d0", "#c9832c"],
    ], n);
    const colours = dyes(...paint);
    const folds = [];
    let y = 0;
    for (let i = 0; i < 5; i++) {
        const h = 0.13 + random() * 0.045;
        folds.push({ y: y + h, h, x: (random() - 0.5) * 0.09, w: 0.96 - i * 0.02 + (random() - 0.5) * 0.06, turn: (random() - 0.5) * 0.09, i });
        y += 2 * h - 0.012;
    }
    const high = y;
    const seed = random() * 40;
    const one = (f, x, py, z) => {
        const lx = (x - f.x) - z * f.turn, lz = (x - f.x) * f.turn + z;
        const sag = 0.6 * (0.03 * Math.sin(x * 3) + 0.02 * Math.sin(z * 5));
        return { d: box(lx, py - f.y - sag, lz, f.w, f.h, 0.66, f.h * 0.92), lx, lz, ly: py - f.y - sag, f };
    };
    const nearest = (x, py, z) => {
        let best, least = 9;
        for (const f of folds) {
            if (Math.abs(py - f.y) - f.h - 0.05 > least) continue;
            const p = one(f, x, py, z);
            if (p.d < least) { least = p.d; best = p; }
        }
        return best;
    };
    return {
        ...place(wall), bound: [0, high / 2, 0, 1.45], camera: { eye: [0.5, 2.0, 6.2], at: [0, high * 0.46, 0], zoom: 2.75 },
        distance(x, py, z) {
            const sag = 0.6 * (0.03 * Math.sin(x * 3) + 0.02 * Math.sin(z * 5));
            let d = 9;
            for (const f of folds) {
                if (Math.abs(py - f.y) - f.h - 0.05 > d) continue;
                const lx = (x - f.x) - z * f.turn, lz = (x - f.x) * f.turn + z;
                d = Math.min(d, box(lx, py - f.y - sag, lz, f.w, f.h, 0.66, f.h * 0.92));
            }
            return d * 0.92;
        },
        fine(x, py, z) {
            const p = nearest(x, py, z);
            const layers = Math.abs(p.lx) < p.f.w - 0.02 ? 0.014 * smooth(0.75, 1, Math.cos((p.ly / p.f.h) * Math.PI * 2)) * smooth(0.5, 0.64, Math.abs(p.lz)) : 0;
            const weave = 0.0028 * Math.sin(p.lx * 170) * Math.sin((p.lz + p.ly) * 170);
            return p.d + layers + weave + 0.012 * clouds(p.lx * 3, p.ly * 8, p.lz * 3 + seed, 2);
        },
        paint(x, py, z, normal, m) {
            const p = nearest(x, py, z);
            const order = [p.f.i % 3, (p.f.i + 1) % 3, (p.f.i + 2) % 3];
            const t = (p.lx + 2 + p.f.i * 0.37) * 3.1;
            const s = t - Math.floor(t);
            let which = order[0];
            const style = (p.f.i + n) % 4;
            if (style === 0 && (s < 0.12 || (s > 0.18 && s < 0.22))) which = order[1];
            if (style === 1 && s < 0.5) which = s < 0.06 || s > 0.44 ? order[2] : order[1];
            if (style === 2 && Math.abs(p.lx) > p.f.w - 0.3 && (Math.floor(p.lx * 26) & 1) === 0) which = order[2];
            if (style === 3) {
                const d = Math.abs(((p.lx * 5) % 1 + 1) % 1 - 0.5) + Math.abs((((p.lz - p.ly) * 5) % 1 + 1) % 1 - 0.5);
                if (d < 0.2 || Math.abs(d - 0.42) < 0.05) which = order[1];
            }
            const thread = 0.84 + 0.2 * noise(p.lx * 90, (p.lz + p.ly) * 26, p.f.i) + 0.1 * Math.sin(p.lx * 170) * Math.sin((p.lz + p.ly) * 170);
            set(m, colours[which], thread);
            m.thin = 0.2;
        },
    };
}

function soap(random, n) {
    const [wall, ...paint] = pick([
        ["sage", "#6f7d3c", "#8f9a57", "#e9e3cf"], ["rose", "#e6c4b4", "#d49a8c", "#f2e6da"], ["chalk", "#3f3a36", "#6a625a", "#d9d2c4"],
        ["sky", "#e9dcb6", "#d2b16a", "#f4ecd8"], ["clay", "#a9b894", "#7f946c", "#ece6d3"], ["mustard", "#b05a34", "#d58a5a", "#f0dcc4"],
    ], n);
    const colours = dyes(...paint);
    const seed = random() * 60;
    const bars = [
        { at: [-0.1, 0.2, 0.05], turn: 0.1, k: 0 }, { at: [0.1, 0.6, 0], turn: -0.22, k: 1 }, { at: [-0.02, 1.0, 0.03], turn: 0.34, k: 0 },
    ];
    const lying = { at: [0.78, 0.52, 0.82], turn: 0.0, k: 1 };
    const local = (b, x, y, z) => {
        const c = Math.cos(b.turn), s = Math.sin(b.turn), px = x - b.at[0], pz = z - b.at[2];
        return [px * c - pz * s, y - b.at[1], px * s + pz * c];
    };
    const leaning = (x, y, z) => {
        const a = 1.12, px = x - lying.at[0], py = y - lying.at[1];
        return [px * Math.cos(a) + py * Math.sin(a), -px * Math.sin(a) + py * Math.cos(a), z - lying.at[2] + 0.3];
    };
    const bar = (p) => box(p[0], p[1], p[2], 0.62, 0.2, 0.42, 0.09);
    const find = (x, y, z) => {
        let best = null, least = 9;
        for (const b of bars) {
            const p = local(b, x, y, z), d = bar(p);
            if (d < least) { least = d; best = { p, d, b }; }
        }
        const p = leaning(x, y, z), d = bar(p);
        return d < least ? { p, d, b: lying } : best;
    };
    const stamp = (p) => {
        const d = star(p[0], p[2], 0.2);
        return p[1] > 0.1 ? (Math.abs(d) < 0.022 || star(p[0], p[2], 0.09) < 0 ? 1 : 0) : 0;
    };
    return {
        ...place(wall), bound: [0.2, 0.62, 0.1, 1.55], camera: { eye: [0.35, 2.5, 6.0], at: [0.14, 0.58, 0.05], zoom: 2.75 },
        distance: (x, y, z) => find(x, y, z).d * 0.95,
        fine(x, y, z) {
            const f = find(x, y, z);
            return f.d + 0.014 * stamp(f.p) + 0.008 * clouds(f.p[0] * 6, f.p[1] * 6, f.p[2] * 6 + seed, 3);
        },
        paint(x, y, z, normal, m) {
            const { p, b } = find(x, y, z);
            const swirl = clouds(p[0] * 1.6 + 2 * clouds(p[0] * 2, p[1] * 2, p[2] * 2 + seed), p[1] * 3.4, p[2] * 1.6 + seed + b.k * 9, 4);
            const vein = smooth(0.44, 0.5, swirl) * (1 - smooth(0.52, 0.58, swirl));
            set(m, mix(mix(colours[b.k], colours[1 - b.k], smooth(0.3, 0.6, swirl) * 0.7), colours[2], vein * 0.75), 0.95 + 0.1 * noise(p[0] * 60, p[1] * 60, p[2] * 60));
            if (p[1] > 0.1 && noise(p[0] * 26, p[2] * 26, seed) > 0.9) set(m, colour("#7d6a3a"));
            m.gloss = 0.6;
            m.rough = 0.42;
            m.thin = 0.4;
        },
    };
}

function baskets(random, n) {
    const [wall, shape, straw, dye, dye2] = pick([
        ["cobalt", 0, "#c99b57", "#8e2f25", "#efe2c4"], ["clay", 1, "#d3ae70", "#2b4b5c", "#d3ae70"], ["teal", 2, "#c79f62", "#c2542e", "#2e2a28"],
        ["mustard", 1, "#b98a4c", "#3a2c23", "#efe2c4"], ["sage", 0, "#cfa868", "#6b2f4a", "#d9952f"], ["rose", 2, "#c39a5c", "#1f6455", "#efe2c4"],
    ], n);
    const outline = [
        [[0, 0], [0.56, 0, 1], [0.6, 0.05], [0.76, 0.5], [0.82, 0.98], [0.83, 1.08, 1], [0.76, 1.08, 1], [0.74, 0.95], [0.68, 0.5], [0, 0.12]],
        [[0, 0], [0.5, 0, 1], [0.55, 0.05], [0.82, 0.42], [0.82, 0.74], [0.62, 1.06], [0.5, 1.2], [0.53, 1.32, 1], [0.47, 1.32, 1], [0.44, 1.2], [0.55, 1.0], [0, 0.7]],
        [[0, 0], [0.66, 0, 1], [0.7, 0.05], [0.78, 0.3], [0.76, 0.62, 1], [0.8, 0.64, 1], [0.8, 0.72, 1], [0.66, 0.86], [0.42, 1.2], [0.2, 1.48], [0.09, 1.55], [0.13, 1.64], [0.08, 1.72], [0, 1.74]],
    ][shape];
    const body = turned(outline);
    const high = Math.max(...outline.map((p) => p[1]));
    const handles = shape === 0 ? (x, y, z) => Math.min(ring(z, y - 1.06, x - 0.79, 0.25, 0.04), ring(z, y - 1.06, x + 0.79, 0.25, 0.04)) : () => 9;
    const rows = 0.085, strands = 34;
    const weave = (x, y, z) => {
        const along = Math.hypot(x, z) < 0.45 && shape === 2 ? y * 1.0 : y;
        const row = Math.floor(along / rows), v = along / rows - row;
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * strands + (row & 1) * 0.5;
        const u = a - Math.floor(a);
        return { row, cell: Math.floor(a), high: Math.sin(v * Math.PI) * (0.55 + 0.45 * Math.sin(u * Math.PI)), u, v };
    };
    const [a, b, c] = dyes(straw, dye, dye2);
    const seed = random() * 30;
    return {
        ...place(wall), bound: [0, high / 2 + 0.05, 0, Math.hypot(high / 2 + 0.15, 1.1)],
        camera: { eye: [0.2, shape === 0 ? 2.5 : 2.0, 6.3], at: [0, high * 0.46, 0], zoom: 2.7 },
        distance: (x, y, z) => Math.min(body(x, y, z), handles(x, y, z)) * 0.92,
        fine(x, y, z) {
            const d = body(x, y, z), h = handles(x, y, z);
            if (h < d) return h - 0.008 * Math.sin((y * 4 + z * 3) * 24);
            const w = weave(x, y, z);
            return d - 0.03 * w.high + 0.003 * noise(x * 40, y * 90, z * 40);
        },
        paint(x, y, z, normal, m) {
            const w = weave(x, y, z);
            let tone = a;
            if (handles(x, y, z) < body(x, y, z)) tone = mix(a, b, 0.65);
            else if (normal[0] * x + normal[2] * z > -0.1) {
                const half = (w.cell + (w.row & 1) * 0.5) / strands;
                const zig = Math.abs(((half * 8.5) % 1 + 1) % 1 - 0.5) * 2;
                const band = w.row - (shape === 1 ? 5 : 3);
                if (band === 0 || band === 7) tone = b;
                else if (band > 0 && band < 7 && Math.abs(zig * 5 + 0.5 - (band - 1)) < 1.05) tone = b;
                else if (band > 0 && band < 7 && zig * 5 + 1.6 < band - 1) tone = c;
            }
            set(m, tone, (0.55 + 0.5 * w.high) * (0.8 + 0.35 * noise(w.cell * 3.3, w.row * 5.7, seed)) * (0.86 + 0.24 * noise(x * 70, y * 160, z * 70)));
            m.gloss = 0.35;
            m.rough = 0.55;
            m.thin = 0.1;
        },
    };
}

function brass(random, n) {
    const [wall, shape, metal, cut] = pick([
        ["aubergine", 0, "#d2a03f", "stars"], ["cobalt", 1, "#c98f3c", "petals"], ["brick", 2, "#d6aa52", "diamonds"],
        ["teal", 3, "#c98a3a", "scales"], ["rose", 0, "#b06a3c", "crosses"], ["sage", 3, "#cfa24a", "stars"],
    ], n);
    const tone = colour(metal);
    const seed = random() * 10;
    const pot = turned([[0, 0], [0.4, 0, 1], [0.42, 0.06, 1], [0.34, 0.12, 1], [0.36, 0.16], [0.62, 0.42], [0.66, 0.7], [0.46, 1.0], [0.3, 1.1, 1], [0.33, 1.15, 1], [0.3, 1.2],
        [0.22, 1.38], [0.08, 1.5], [0.05, 1.56], [0.1, 1.64], [0.05, 1.73], [0, 1.74]]);
    const mortar = turned([[0, 0], [0.46, 0, 1], [0.48, 0.08, 1], [0.3, 0.18], [0.34, 0.3], [0.54, 0.6], [0.64, 0.98, 1], [0.7, 1.02, 1], [0.68, 1.06, 1], [0.58, 1.04, 1], [0.46, 0.6], [0, 0.4]]);
    const candle = turned([[0, 0], [0.56, 0, 1], [0.58, 0.05, 1], [0.4, 0.14], [0.14, 0.26], [0.09, 0.4], [0.16, 0.52], [0.07, 0.62], [0.06, 0.95], [0.14, 1.06], [0.07, 1.16], [0.09, 1.26],
        [0.3, 1.36, 1], [0.3, 1.4, 1], [0.12, 1.4, 1], [0.12, 1.52, 1], [0.09, 1.52, 1], [0.09, 2.0, 1], [0, 2.02]]);
    const parts = [
        (x, y, z) => {
            const handle = Math.max(ring((x - 0.62) * 0.9, (y - 0.78) * 0.8, z, 0.36, 0.045), 0.5 - x);
            const spout = Math.min(stick(x, y, z, [-0.5, 0.42, 0], [-0.82, 0.82, 0], 0.13, 0.075), stick(x, y, z, [-0.82, 0.82, 0], [-1.0, 1.16, 0], 0.075, 0.05));
            return blend(pot(x, y, z), Math.min(handle, spout), 0.07);
        },
        (x, y, z) => {
            const lean = 0.2, c = Math.cos(lean), s = Math.sin(lean);
            const ly = (y - 0.03) * c - (z + 0.4) * s, lz = (y - 0.03) * s + (z + 0.4) * c;
            const r = Math.hypot(x, ly - 1.02);
            const dish = Math.max(Math.abs(lz - 0.1 * smooth(0.8, 1.02, r)) - 0.02, r - 1.02);
            return dish * 0.8;
        },
        (x, y, z) => Math.min(mortar(x, y, z), stick(x, y, z, [0.05, 0.7, 0.0], [0.62, 1.62, 0.1], 0.1, 0.06), Math.hypot(x - 0.65, y - 1.67, z - 0.1) - 0.11),
        candle,
    ];
    const all = parts[shape];
    const high = [1.75, 2.05, 1.75, 2.02][shape];
    const engraved = (x, y, z) => {
        if (shape === 1) {
            const lean = 0.2;
            const ly = (y - 0.03) * Math.cos(lean) - (z + 0.4) * Math.sin(lean) - 1.02;
            const r = Math.hypot(x, ly), a = Math.atan2(ly, x);
            if (Math.abs(r - 0.8) < 0.012 || Math.abs(r - 0.5) < 0.01 || Math.abs(r - 0.76) < 0.006) return 1;
            if (r < 0.5) return Math.abs(star(x, ly, 0.33)) < 0.014 || Math.abs(star(x, ly, 0.19)) < 0.01 || Math.abs(Math.hypot(x, ly) - 0.45) < 0.008 ? 1 : 0;
            if (r < 0.76) return patterns[cut](a / Math.PI * 10, (r - 0.5) / 0.26 * 2 - 1) === 1 ? 0.7 : 0;
            return Math.abs(Math.sin(a * 40)) < 0.2 && r > 0.82 && r < 0.95 ? 0.8 : 0;
        }
        const a = Math.atan2(z, x) + seed;
        const [low, top] = [[0.34, 0.84], [0, 0], [0.56, 0.94], [1.37, 1.39]][shape];
        if (y < low || y > top) return Math.abs(y - low + 0.04) < 0.01 || Math.abs(y - top - 0.04) < 0.01 ? 1 : 0;
        return patterns[cut](a / Math.PI * 8, (y - low) / (top - low) * 2 - 1) === 1 ? 0.7 : 0;
    };
    return {
        ...place(wall), bound: [0, high / 2, 0, 1.5], gleam: 1.15, camera: { eye: [0, 1.9, 6.3], at: [-0.04, high * 0.47, 0], zoom: shape === 1 ? 2.5 : 2.6 },
        distance: all,
        fine: (x, y, z) => all(x, y, z) + 0.007 * engraved(x, y, z) + 0.0022 * noise(x * 16, y * 16, z * 16),
        paint(x, y, z, normal, m) {
            if (shape === 3 && y > 1.5) { set(m, colour("#efe3c8")); m.thin = 0.5; m.gloss = 0.3; m.rough = 0.5; return; }
            const worn = clouds(x * 5, y * 5, z * 5 + seed);
            set(m, tone, (0.82 + 0.3 * worn) * (1 - 0.42 * engraved(x, y, z)));
            m.metal = 1;
            m.rough = 0.13 + 0.16 * worn;
        },
    };
}

function poufs(random, n) {
    const [wall, leather, thread] = pick([
        ["mustard", "#7a3420", "#e9d6b0"], ["sage", "#b87a3c", "#f0e2c4"], ["plaster", "#1f4a48", "#e0b45c"], ["sky", "#9c3a2e", "#f0dcbc"],
        ["aubergine", "#d2a368", "#7a3420"], ["clay", "#efe2c8", "#a8633c"],
    ], n);
    const skin = colour(leather), stitch = colour(thread);
    const body = turned([[0, 0], [0.6, 0, 1], [0.72, 0.04], [0.96, 0.3], [0.98, 0.56], [0.82, 0.84], [0.5, 0.97], [0, 1.0]]);
    const sides = 8;
    const spin = random();
    const seams = (x, y, z) => {
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * sides + spin;
        return Math.abs(a - Math.round(a)) / sides * 2 * Math.PI * Math.max(0.2, Math.hypot(x, z));
    };
    const panel = (x, y, z) => {
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * sides + spin;
        return a - Math.floor(a) - 0.5;
    };
    const motif = (x, y, z) => {
        if (normal0(x, y, z)) {
            const c = Math.cos(spin * 0.78), s = Math.sin(spin * 0.78);
            const u = x * c - z * s, v = x * s + z * c;
            return [0.2, 0.32, 0.46].some((r) => Math.abs(star(u, v, r)) < 0.012);
        }
        const p = panel(x, y, z) * 2 * Math.PI / sides * 0.95, v = y - 0.46;
        return [0.1, 0.18, 0.24].some((r) => Math.abs(Math.abs(p) + Math.abs(v) * 0.9 - r) < 0.01);
    };
    const normal0 = (x, y, z) => Math.hypot(x, z) < 0.66 && y > 0.7;
    return {
        ...place(wall), bound: [0, 0.5, 0, 1.2], camera: { eye: [0, 2.7, 5.9], at: [0, 0.44, 0], zoom: 2.7 },
        distance: (x, y, z) => body(x, y, z) * 0.95,
        fine: (x, y, z) => body(x, y, z) + 0.045 * Math.exp(-((seams(x, y, z) / 0.05) ** 2)) - 0.006 * (motif(x, y, z) ? 1 : 0)
            + 0.014 * clouds(x * 3, y * 3, z * 3 + spin, 3) + 0.004 * noise(x * 45, y * 45, z * 45),
        paint(x, y, z, normal, m) {
            const s = seams(x, y, z);
            const dash = Math.abs(s - 0.045) < 0.008 && Math.sin(y * 90 + Math.hypot(x, z) * 60) > -0.2;
            if (dash || (motif(x, y, z) && Math.sin((x + y + z) * 120) > -0.6)) { set(m, stitch); return; }
            set(m, skin, (0.8 + 0.35 * clouds(x * 4, y * 4, z * 4)) * (s < 0.02 ? 0.65 : 1));
            m.gloss = 0.75;
            m.rough = 0.36;
        },
    };
}

function wood(random, n) {
    const [wall, shape, dark, light] = pick([
        ["teal", 0, "#5a2f18", "#a3683a"], ["rose", 1, "#6e3a1c", "#b97c46"], ["chalk", 2, "#4a2a17", "#8f5a32"], ["cobalt", 1, "#7d4a26", "#c89459"],
        ["mint", 0, "#6a3a20", "#b07444"], ["mustard", 2, "#3d2415", "#7d4c2a"],
    ], n);
    const seed = random() * 30;
    const bowl = turned([[0, 0], [0.4, 0, 1], [0.44, 0.05], [0.82, 0.32], [0.98, 0.66, 1], [0.93, 0.67, 1], [0.78, 0.42], [0.4, 0.18], [0, 0.14]]);
    const mill = turned([[0, 0], [0.36, 0, 1], [0.37, 0.1, 1], [0.3, 0.16], [0.26, 0.5], [0.32, 0.86], [0.22, 1.06, 1], [0.3, 1.12, 1], [0.33, 1.3], [0.24, 1.5], [0.1, 1.58], [0.12, 1.68], [0.06, 1.77], [0, 1.78]]);
    const chest = (x, y, z) => Math.min(box(x, y - 0.36, z, 0.95, 0.36, 0.6, 0.04), box(x, y - 0.84, z, 0.98, 0.11, 0.63, 0.05));
    const turnBox = 0.42;
    const turnedBox = (x, y, z) => chest(x * Math.cos(turnBox) - z * Math.sin(turnBox), y, x * Math.sin(turnBox) + z * Math.cos(turnBox));
    const all = [turnedBox, bowl, mill][shape];
    const [d, l] = dyes(dark, light);
    const inlay = colour("#ead9b4"), ebony = colour("#20150f");
    const high = [0.95, 0.68, 1.78][shape];
    return {
        ...place(wall), bound: [0, high / 2, 0, shape === 0 ? 1.35 : Math.hypot(high / 2, 1.02)],
        camera: { eye: [0, [2.2, 2.7, 1.9][shape], 6.1], at: [0, high * 0.45, 0], zoom: [2.75, 2.75, 2.7][shape] },
        distance: (x, y, z) => all(x, y, z) * 0.95,
        fine: (x, y, z) => all(x, y, z) + 0.0016 * noise(x * 60, y * 60, z * 12),
        paint(x, y, z, normal, m) {
            m.gloss = 0.8;
            m.rough = 0.3;
            let px = x, pz = z;
            if (shape === 0) {
                px = x * Math.cos(turnBox) - z * Math.sin(turnBox);
                pz = x * Math.sin(turnBox) + z * Math.cos(turnBox);
                const nz = normal[0] * Math.sin(turnBox) + normal[2] * Math.cos(turnBox);
                const onTop = normal[1] > 0.7, front = nz > 0.7;
                const u = px, v = onTop ? pz : y - 0.4;
                if (onTop || front) {
                    const edge = onTop ? Math.min(0.94 - Math.abs(u), 0.6 - Math.abs(v)) : Math.min(0.92 - Math.abs(u), 0.3 - Math.abs(v + 0.02));
                    if (edge > 0.04 && edge < 0.1) { set(m, (Math.floor((Math.abs(u) + Math.abs(v)) * 22) & 1) ? inlay : ebony, 0.9); return; }
                    const r = onTop ? 0.3 : 0.15;
                    const s = star(u, v, r);
                    if (edge > 0.1 && s < 0) {
                        const t = star(u, v, r * 0.52);
                        set(m, Math.abs(s) < 0.014 || Math.abs(t) < 0.01 ? ebony : t < 0 ? l : inlay, 0.95);
                        return;
                    }
                }
                if (y > 0.71 && y < 0.74) { set(m, ebony); return; }
            }
            const rings = Math.hypot(px * 1.1 + seed * 0.04 + 0.5, y * 1.4 - 0.4) * 7 + clouds(px * 1.3, y * 1.3, pz * 0.6 + seed) * 3.2;
            const band = rings - Math.floor(rings);
            const grain = smooth(0, 0.75, band) * (1 - smooth(0.82, 1, band));
            const burl = clouds(px * 5, y * 5, pz * 3 + seed, 4);
            set(m, mix(d, l, 0.2 + 0.6 * grain * burl * 1.7), 0.86 + 0.28 * noise(px * 90, y * 90, pz * 7));
        },
    };
}

function oils(random, n) {
    const [wall, glass, paper, mark] = pick([
        ["chalk", "#5a2c0d", "#efe6d2", "#0d5a46"], ["mustard", "#14392c", "#f0e7d4", "#a63426"], ["rose", "#2a1a10", "#e9dcc2", "#24418c"],
        ["sage", "#6a350e", "#f2ead8", "#7a2942"], ["teal", "#4a2109", "#efe2c6", "#b8742a"], ["plaster", "#1d2f4f", "#f0e8d6", "#a5372b"],
    ], n);
    const bottle = turned([[0, 0], [0.42, 0, 1], [0.46, 0.04, 1], [0.46, 1.0], [0.42, 1.12], [0.2, 1.28], [0.16, 1.36], [0.16, 1.52, 1], [0.2, 1.53, 1], [0.2, 1.6, 1], [0.14, 1.6, 1], [0.14, 1.72, 1], [0.12, 1.74], [0, 1.74]]);
    const small = turned([[0, 0], [0.27, 0, 1], [0.3, 0.03, 1], [0.3, 0.56], [0.26, 0.64], [0.13, 0.7], [0.13, 0.78, 1], [0.16, 0.79, 1], [0.16, 0.95, 1], [0, 0.96]]);
    const big = [-0.22, 0, -0.05], little = [0.56, 0, 0.42];
    const pair = (x, y, z) => Math.min(bottle(x - big[0], y, z - big[2]), small(x - little[0], y, z - little[2]));
    const [body, label, ink] = dyes(glass, paper, mark);
    return {
        ...place(wall), bound: [0.1, 0.88, 0.1, 1.25], gleam: 1.2, camera: { eye: [0, 1.75, 6.3], at: [0.1, 0.84, 0], zoom: 2.75 },
        distance: pair,
        fine: (x, y, z) => pair(x, y, z) + 0.0016 * noise(x * 9, y * 9, z * 9),
        paint(x, y, z, normal, m) {
            const isBig = bottle(x - big[0], y, z - big[2]) < small(x - little[0], y, z - little[2]);
            const cx = isBig ? big[0] : little[0], cz = isBig ? big[2] : little[2];
            const a = Math.atan2(x - cx, z - cz);
            const [low, high, reach, cap, r] = isBig ? [0.22, 0.86, 1.15, 1.54, 0.46] : [0.12, 0.48, 1.2, 0.79, 0.3];
            if (y > cap) { set(m, colour(isBig ? "#b68a5a" : "#1d1814"), isBig ? 0.8 + 0.4 * noise(x * 40, y * 40, z * 40) : 1); m.gloss = isBig ? 0 : 0.7; m.rough = 0.35; return; }
            if (y > low && y < high && Math.abs(a) < reach && Math.hypot(x - cx, z - cz) > r * 0.9) {
                const u = a * r, v = y - (low + high) / 2, k = isBig ? 1 : 0.58;
                const edge = Math.min((reach - Math.abs(a)) * r, (high - low) / 2 - Math.abs(v));
                const s = star(u, v - 0.1 * k, 0.115 * k);
                const lines = [-0.14, -0.185, -0.225].some((h, i) => Math.abs(v - h * k) < 0.009 * k && Math.abs(u) < (0.16 - i * 0.035) * k);
                const isInk = (edge > 0.02 * k && edge < 0.032 * k) || (s < 0 && star(u, v - 0.1 * k, 0.06 * k) > 0) || lines;
                set(m, isInk ? ink : label, 0.95 + 0.06 * noise(u * 90, v * 90));
                return;
            }
            glazed(m, 0.05);
            const facing = Math.max(0, normal[2]);
            set(m, body, 0.35 + 0.4 * facing);
            const lit = 0.05 * (1 - facing) + 0.09 * smooth(0.2, 0.9, normal[0]);
            m.er = body[0] * lit * 2; m.eg = body[1] * lit * 2; m.eb = body[2] * lit * 2;
        },
    };
}

export const goods = { tiles, rugs, lanterns, ceramics, spices, glasses, textiles, soap, baskets, brass, poufs, wood, oils };
export const pieces = 6;                                // of each kind

//  A piece of a kind, always the same.
export function piece(kind, n) {
    return goods[kind](random(n * 7919 + kind.length * 104729 + 1), n);
}
