//  Wool, straw and leather, as scenes for light.mjs.
import { dyes, pick, place, set } from "./goods_parts.mjs";
import { clouds, colour, mix, noise, smooth } from "./light.mjs";
import { box, knot, patterns, ring, star, stick, turned } from "./shapes.mjs";

export function rugs(random, n) {
    const [wall, style, ...paint] = pick(
        [
            ["teal", "lattice", "#e9dfcb", "#2b2622", "#e9dfcb", "#b8452f"],
            ["mustard", "bands", "#8f2c24", "#e7d9bd", "#1f3e63", "#d9952f"],
            ["sage", "medallion", "#9c2f2a", "#ecdcc0", "#23395b", "#d59a3c"],
            ["chalk", "patches", "#d8562f", "#e4a93c", "#2b5a7d", "#7d2340"],
            ["rose", "lattice", "#2d4a57", "#e8dcc3", "#2d4a57", "#dd9a3b"],
            ["olive", "bands", "#ead9b9", "#a23b2a", "#34302c", "#5f7f6c"],
        ],
        n,
    );
    const colours = dyes(...paint);
    const seed = random() * 50;
    const width = 0.92,
        height = 1.36,
        middle = 1.52;
    const wave = (x, y) => 0.045 * Math.sin(x * 4.2 + seed) * (1 - smooth(-1.4, 1.4, y - middle)) * 1.6;
    const depth = -0.9;
    const cloth = (x, y, z) => box(x, y - middle, z - depth - wave(x, y), width, height, 0.035, 0.03);
    const rod = (x, y, z) =>
        stick(x, y, z, [-1.12, middle + height, depth + 0.03], [1.12, middle + height, depth + 0.03], 0.04, 0.04);
    const fringe = (x, y, z) => {
        const i = Math.round(x / 0.062);
        if (Math.abs(i) > 14) return 9;
        const cx = i * 0.062,
            sway = (noise(i * 3.3, seed) - 0.5) * 0.05;
        const long = 0.16 + 0.06 * noise(i * 7.7, seed);
        return (
            stick(
                x,
                y,
                z,
                [cx, middle - height, depth + wave(cx, middle - height)],
                [cx + sway, middle - height - long, depth + wave(cx, middle - height) + 0.01],
                0.016,
                0.022,
            ) * 0.8
        );
    };
    const motif = (u, v) => {
        if (style === "bands") {
            const band = Math.floor((v + 20 + 0.02 * Math.sin(u * 9)) / 0.23);
            const kind = Math.floor(noise(band * 3.77, seed) * 4.99);
            const w = (v + 20) / 0.23 - band;
            if (kind === 1) return Math.abs(((((u * 6) % 1) + 1) % 1) - 0.5) * 2 < Math.abs(w - 0.5) * 2 ? 1 : 2;
            if (kind === 2) return patterns.diamonds(u * 8, w * 2 - 1) % 4;
            if (kind === 3) return w < 0.18 || w > 0.82 ? 3 : (Math.floor(u * 24) & 1) === 0 ? 1 : 0;
            return band % 2 === 0 ? 0 : w > 0.4 && w < 0.6 ? 3 : band % 3 === 0 ? 2 : 0;
        }
        if (style === "medallion") {
            const edge = Math.max(Math.abs(u) - 0.62, Math.abs(v) - 1.06);
            if (edge > 0.17) return 2;
            if (edge > 0.13) return 1;
            if (edge > 0) return patterns.diamonds(u * 7, v * 7) === 1 ? 3 : 2;
            if (edge > -0.05) return 1;
            for (const c of [-0.62, 0, 0.62]) {
                const d = Math.abs(u) * 1.15 + Math.abs(v - c);
                if (d < 0.07) return 2;
                if (d < 0.13) return 1;
                if (d < 0.22) return 3;
                if (d < 0.29) return 2;
                if (d < 0.33) return 1;
            }
            return star(((((u * 6) % 1) + 1) % 1) - 0.5, ((((v * 6) % 1) + 1) % 1) - 0.5, 0.1) < 0 ? 3 : 0;
        }
        if (style === "patches") {
            const bend = 0.12 * (clouds(u * 2.4, v * 2.4, seed) - 0.5);
            const row = Math.floor((v + bend + 9) / 0.3);
            const cell = Math.floor((u + bend * 2 + 9 + (row % 2) * 0.17) / 0.36);
            const x = (((u + bend * 2 + 9 + (row % 2) * 0.17) / 0.36) % 1) - 0.5,
                y = (((v + bend + 9) / 0.3) % 1) - 0.5;
            const own = Math.floor(noise(row * 5.1, cell * 7.7, seed) * 3.99);
            return Math.abs(x) + Math.abs(y) < 0.3 ? (own + 1 + (cell & 1)) % 4 : own;
        }
        const bend = 0.05 * (clouds(u * 3, v * 3, seed) - 0.5);
        const d =
            Math.abs((((((u + bend) / 0.46) % 1) + 1) % 1) - 0.5) +
            Math.abs((((((v + bend) / 0.56) % 1) + 1) % 1) - 0.5);
        if (Math.abs(d - 0.5) < 0.045) return 1;
        return d < 0.09 ? 3 : d > 0.92 ? 1 : 0;
    };
    return {
        ...place(wall),
        bound: [0, 1.5, -0.85, 1.95],
        windowX: -0.2,
        windowY: 0.9,
        camera: { eye: [0.15, 1.6, 6.4], at: [0, 1.48, -0.9], zoom: 2.42 },
        distance: (x, y, z) => Math.min(cloth(x, y, z) * 0.85, rod(x, y, z), fringe(x, y, z)),
        fine(x, y, z) {
            const d = cloth(x, y, z),
                e = Math.min(rod(x, y, z), fringe(x, y, z));
            if (e < d) return e;
            const k = knot(x, y, 46);
            return d - 0.006 * k.high - 0.004 * k.odd;
        },
        paint(x, y, z, normal, m) {
            if (rod(x, y, z) < cloth(x, y, z) - 0.004) {
                set(m, colour("#6b4428"), 0.8 + 0.5 * noise(x * 3, y * 40));
                m.gloss = 0.5;
                m.rough = 0.4;
                return;
            }
            if (fringe(x, y, z) < cloth(x, y, z) - 0.002) {
                set(m, colour("#e4d7bd"), 0.85 + 0.2 * noise(x * 60, y * 12));
                return;
            }
            const k = knot(x, y - middle, 46);
            const which = motif(k.u + (k.odd - 0.5) * 0.008, k.v);
            const faded = 0.82 + 0.16 * k.odd + 0.14 * k.high + 0.16 * (noise(3, Math.floor((y + 9) * 11), seed) - 0.5);
            set(m, colours[which] ?? colours[0], faded);
            m.thin = 0.15;
        },
    };
}

export function textiles(random, n) {
    const [wall, ...paint] = pick(
        [
            ["clay", "#ece2cc", "#274a66", "#e0a33a"],
            ["sage", "#b4432f", "#efe3c9", "#2f2a26"],
            ["cobalt", "#e8b23c", "#f0e6d2", "#a83a2a"],
            ["plaster", "#2f6a5c", "#e9ddc4", "#b5522f"],
            ["mustard", "#efe6d3", "#7a2942", "#2a4a5a"],
            ["rose", "#31507f", "#efe5d0", "#c9832c"],
        ],
        n,
    );
    const colours = dyes(...paint);
    const folds = [];
    let y = 0;
    for (let i = 0; i < 5; i++) {
        const h = 0.13 + random() * 0.045;
        folds.push({
            y: y + h,
            h,
            x: (random() - 0.5) * 0.09,
            w: 0.96 - i * 0.02 + (random() - 0.5) * 0.06,
            turn: (random() - 0.5) * 0.09,
            i,
        });
        y += 2 * h - 0.012;
    }
    const high = y;
    const seed = random() * 40;
    const one = (f, x, py, z) => {
        const lx = x - f.x - z * f.turn,
            lz = (x - f.x) * f.turn + z;
        const sag = 0.6 * (0.03 * Math.sin(x * 3) + 0.02 * Math.sin(z * 5));
        return { d: box(lx, py - f.y - sag, lz, f.w, f.h, 0.66, f.h * 0.92), lx, lz, ly: py - f.y - sag, f };
    };
    const nearest = (x, py, z) => {
        let best,
            least = 9;
        for (const f of folds) {
            if (Math.abs(py - f.y) - f.h - 0.05 > least) continue;
            const p = one(f, x, py, z);
            if (p.d < least) {
                least = p.d;
                best = p;
            }
        }
        return best;
    };
    return {
        ...place(wall),
        bound: [0, high / 2, 0, 1.45],
        camera: { eye: [0.5, 2.0, 6.2], at: [0, high * 0.46, 0], zoom: 2.75 },
        distance(x, py, z) {
            const sag = 0.6 * (0.03 * Math.sin(x * 3) + 0.02 * Math.sin(z * 5));
            let d = 9;
            for (const f of folds) {
                if (Math.abs(py - f.y) - f.h - 0.05 > d) continue;
                const lx = x - f.x - z * f.turn,
                    lz = (x - f.x) * f.turn + z;
                d = Math.min(d, box(lx, py - f.y - sag, lz, f.w, f.h, 0.66, f.h * 0.92));
            }
            return d * 0.92;
        },
        fine(x, py, z) {
            const p = nearest(x, py, z);
            const layers =
                Math.abs(p.lx) < p.f.w - 0.02
                    ? 0.014 *
                      smooth(0.75, 1, Math.cos((p.ly / p.f.h) * Math.PI * 2)) *
                      smooth(0.5, 0.64, Math.abs(p.lz))
                    : 0;
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
                const d =
                    Math.abs(((((p.lx * 5) % 1) + 1) % 1) - 0.5) +
                    Math.abs((((((p.lz - p.ly) * 5) % 1) + 1) % 1) - 0.5);
                if (d < 0.2 || Math.abs(d - 0.42) < 0.05) which = order[1];
            }
            const thread =
                0.84 +
                0.2 * noise(p.lx * 90, (p.lz + p.ly) * 26, p.f.i) +
                0.1 * Math.sin(p.lx * 170) * Math.sin((p.lz + p.ly) * 170);
            set(m, colours[which], thread);
            m.thin = 0.2;
        },
    };
}

export function baskets(random, n) {
    const [wall, shape, straw, dye, dye2] = pick(
        [
            ["cobalt", 0, "#c99b57", "#8e2f25", "#efe2c4"],
            ["clay", 1, "#d3ae70", "#2b4b5c", "#d3ae70"],
            ["teal", 2, "#c79f62", "#c2542e", "#2e2a28"],
            ["mustard", 1, "#b98a4c", "#3a2c23", "#efe2c4"],
            ["sage", 0, "#cfa868", "#6b2f4a", "#d9952f"],
            ["rose", 2, "#c39a5c", "#1f6455", "#efe2c4"],
        ],
        n,
    );
    const outline = [
        [
            [0, 0],
            [0.56, 0, 1],
            [0.6, 0.05],
            [0.76, 0.5],
            [0.82, 0.98],
            [0.83, 1.08, 1],
            [0.76, 1.08, 1],
            [0.74, 0.95],
            [0.68, 0.5],
            [0, 0.12],
        ],
        [
            [0, 0],
            [0.5, 0, 1],
            [0.55, 0.05],
            [0.82, 0.42],
            [0.82, 0.74],
            [0.62, 1.06],
            [0.5, 1.2],
            [0.53, 1.32, 1],
            [0.47, 1.32, 1],
            [0.44, 1.2],
            [0.55, 1.0],
            [0, 0.7],
        ],
        [
            [0, 0],
            [0.66, 0, 1],
            [0.7, 0.05],
            [0.78, 0.3],
            [0.76, 0.62, 1],
            [0.8, 0.64, 1],
            [0.8, 0.72, 1],
            [0.66, 0.86],
            [0.42, 1.2],
            [0.2, 1.48],
            [0.09, 1.55],
            [0.13, 1.64],
            [0.08, 1.72],
            [0, 1.74],
        ],
    ][shape];
    const body = turned(outline);
    const high = Math.max(...outline.map((p) => p[1]));
    const handles =
        shape === 0
            ? (x, y, z) => Math.min(ring(z, y - 1.06, x - 0.79, 0.25, 0.04), ring(z, y - 1.06, x + 0.79, 0.25, 0.04))
            : () => 9;
    const rows = 0.085,
        strands = 34;
    const weave = (x, y, z) => {
        const along = Math.hypot(x, z) < 0.45 && shape === 2 ? y * 1.0 : y;
        const row = Math.floor(along / rows),
            v = along / rows - row;
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * strands + (row & 1) * 0.5;
        const u = a - Math.floor(a);
        return { row, cell: Math.floor(a), high: Math.sin(v * Math.PI) * (0.55 + 0.45 * Math.sin(u * Math.PI)), u, v };
    };
    const [a, b, c] = dyes(straw, dye, dye2);
    const seed = random() * 30;
    return {
        ...place(wall),
        bound: [0, high / 2 + 0.05, 0, Math.hypot(high / 2 + 0.15, 1.1)],
        camera: { eye: [0.2, shape === 0 ? 2.5 : 2.0, 6.3], at: [0, high * 0.46, 0], zoom: 2.7 },
        distance: (x, y, z) => Math.min(body(x, y, z), handles(x, y, z)) * 0.92,
        fine(x, y, z) {
            const d = body(x, y, z),
                h = handles(x, y, z);
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
                const zig = Math.abs(((((half * 8.5) % 1) + 1) % 1) - 0.5) * 2;
                const band = w.row - (shape === 1 ? 5 : 3);
                if (band === 0 || band === 7) tone = b;
                else if (band > 0 && band < 7 && Math.abs(zig * 5 + 0.5 - (band - 1)) < 1.05) tone = b;
                else if (band > 0 && band < 7 && zig * 5 + 1.6 < band - 1) tone = c;
            }
            set(
                m,
                tone,
                (0.55 + 0.5 * w.high) *
                    (0.8 + 0.35 * noise(w.cell * 3.3, w.row * 5.7, seed)) *
                    (0.86 + 0.24 * noise(x * 70, y * 160, z * 70)),
            );
            m.gloss = 0.35;
            m.rough = 0.55;
            m.thin = 0.1;
        },
    };
}

export function poufs(random, n) {
    const [wall, leather, thread] = pick(
        [
            ["mustard", "#7a3420", "#e9d6b0"],
            ["sage", "#b87a3c", "#f0e2c4"],
            ["plaster", "#1f4a48", "#e0b45c"],
            ["sky", "#9c3a2e", "#f0dcbc"],
            ["aubergine", "#d2a368", "#7a3420"],
            ["clay", "#efe2c8", "#a8633c"],
        ],
        n,
    );
    const skin = colour(leather),
        stitch = colour(thread);
    const body = turned([
        [0, 0],
        [0.6, 0, 1],
        [0.72, 0.04],
        [0.96, 0.3],
        [0.98, 0.56],
        [0.82, 0.84],
        [0.5, 0.97],
        [0, 1.0],
    ]);
    const sides = 8;
    const spin = random();
    const seams = (x, y, z) => {
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * sides + spin;
        return (Math.abs(a - Math.round(a)) / sides) * 2 * Math.PI * Math.max(0.2, Math.hypot(x, z));
    };
    const panel = (x, y, z) => {
        const a = (Math.atan2(z, x) / (2 * Math.PI)) * sides + spin;
        return a - Math.floor(a) - 0.5;
    };
    const motif = (x, y, z) => {
        if (normal0(x, y, z)) {
            const c = Math.cos(spin * 0.78),
                s = Math.sin(spin * 0.78);
            const u = x * c - z * s,
                v = x * s + z * c;
            return [0.2, 0.32, 0.46].some((r) => Math.abs(star(u, v, r)) < 0.012);
        }
        const p = ((panel(x, y, z) * 2 * Math.PI) / sides) * 0.95,
            v = y - 0.46;
        return [0.1, 0.18, 0.24].some((r) => Math.abs(Math.abs(p) + Math.abs(v) * 0.9 - r) < 0.01);
    };
    const normal0 = (x, y, z) => Math.hypot(x, z) < 0.66 && y > 0.7;
    return {
        ...place(wall),
        bound: [0, 0.5, 0, 1.2],
        camera: { eye: [0, 2.7, 5.9], at: [0, 0.44, 0], zoom: 2.7 },
        distance: (x, y, z) => body(x, y, z) * 0.95,
        fine: (x, y, z) =>
            body(x, y, z) +
            0.045 * Math.exp(-((seams(x, y, z) / 0.05) ** 2)) -
            0.006 * (motif(x, y, z) ? 1 : 0) +
            0.014 * clouds(x * 3, y * 3, z * 3 + spin, 3) +
            0.004 * noise(x * 45, y * 45, z * 45),
        paint(x, y, z, normal, m) {
            const s = seams(x, y, z);
            const dash = Math.abs(s - 0.045) < 0.008 && Math.sin(y * 90 + Math.hypot(x, z) * 60) > -0.2;
            if (dash || (motif(x, y, z) && Math.sin((x + y + z) * 120) > -0.6)) {
                set(m, stitch);
                return;
            }
            set(m, skin, (0.8 + 0.35 * clouds(x * 4, y * 4, z * 4)) * (s < 0.02 ? 0.65 : 1));
            m.gloss = 0.75;
            m.rough = 0.36;
        },
    };
}
