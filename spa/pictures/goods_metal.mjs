//  Metal and wood, as scenes for light.mjs.
import { dyes, pick, place, set } from "./goods_parts.mjs";
import { clouds, colour, mix, noise, smooth } from "./light.mjs";
import { blend, box, patterns, ring, star, stick, turned } from "./shapes.mjs";

export function lanterns(random, n) {
    const [wall, metal, light, cut, shape] = pick(
        [
            ["night", "#b5893f", "#ffb65a", "stars", 0],
            ["aubergine", "#a8763c", "#ff9c4a", "diamonds", 1],
            ["teal", "#8c8f8a", "#ffc877", "petals", 2],
            ["brick", "#b7863c", "#ffb14f", "crosses", 0],
            ["night", "#93602f", "#ff8f4a", "scales", 2],
            ["olive", "#c19a4e", "#ffcb73", "stars", 1],
        ],
        n,
    );
    const outline = [
        [
            [0, 0],
            [0.34, 0, 1],
            [0.36, 0.06, 1],
            [0.28, 0.1, 1],
            [0.3, 0.16],
            [0.58, 0.5],
            [0.66, 0.86],
            [0.55, 1.2],
            [0.3, 1.4, 1],
            [0.32, 1.46, 1],
            [0.26, 1.5, 1],
            [0.22, 1.66],
            [0.08, 1.8],
            [0.05, 1.88],
            [0, 1.9],
        ],
        [
            [0, 0],
            [0.46, 0, 1],
            [0.48, 0.08, 1],
            [0.42, 0.12, 1],
            [0.44, 0.16, 1],
            [0.47, 1.08, 1],
            [0.52, 1.12, 1],
            [0.5, 1.2, 1],
            [0.4, 1.3],
            [0.3, 1.52],
            [0.1, 1.72],
            [0.06, 1.84],
            [0, 1.86],
        ],
        [
            [0, 0],
            [0.24, 0, 1],
            [0.27, 0.05, 1],
            [0.18, 0.1, 1],
            [0.22, 0.16],
            [0.6, 0.42],
            [0.74, 0.72],
            [0.6, 1.02],
            [0.22, 1.26, 1],
            [0.25, 1.32, 1],
            [0.18, 1.38],
            [0.07, 1.6],
            [0.05, 1.74],
            [0, 1.76],
        ],
    ][shape];
    const top = outline[outline.length - 1][1];
    const body = turned(outline);
    const warm = colour(light),
        tone = colour(metal);
    const around = shape === 1 ? 10 : 12;
    const low = [0.2, 0.2, 0.24][shape],
        high = [1.34, 1.04, 1.18][shape];
    const holes = (angle, y) => {
        if (y < low || y > high) return 0;
        const u = (angle / Math.PI) * around,
            v = ((y - low) / 0.21) * 1.0;
        const which = patterns[cut](u, v * 1.15);
        return which === 1 || which === 3 ? 1 : 0;
    };
    const spin = random() * 3;
    return {
        ...place(wall),
        sun: 0.34,
        fill: 0.5,
        exposure: 1.0,
        windowDim: 0.25,
        bound: [0, top / 2 + 0.1, 0, 1.35],
        camera: { eye: [0, 1.6, 6.4], at: [0, 1.0, 0], zoom: 2.45 },
        distance: (x, y, z) => Math.min(body(x, y, z), ring(x, y - top - 0.13, z, 0.14, 0.028)),
        fine(x, y, z) {
            const d = body(x, y, z);
            return d + 0.004 * noise(Math.atan2(z, x) * 14, y * 26) + (holes(Math.atan2(z, x) + spin, y) ? 0.012 : 0);
        },
        paint(x, y, z, normal, m) {
            const angle = Math.atan2(z, x) + spin;
            if (body(x, y, z) < 0.01 && holes(angle, y)) {
                const centre = 1 - Math.min(1, (Math.abs(y - (low + high) / 2) / (high - low)) * 1.2);
                const glow = 1.2 + 2.6 * centre * Math.max(0.2, normal[2]);
                m.er = warm[0] * glow;
                m.eg = warm[1] * glow;
                m.eb = warm[2] * glow;
                set(m, warm, 0.3);
                return;
            }
            set(m, tone, 0.85 + 0.25 * clouds(angle * 4, y * 6));
            m.metal = 1;
            m.rough = 0.28;
            const lit = 0.05 + 0.05 * Math.max(0, normal[1]);
            m.er = warm[0] * lit;
            m.eg = warm[1] * lit;
            m.eb = warm[2] * lit;
        },
        glow(x, y, z, m, out) {
            const cy = (low + high) / 2;
            const dx = x,
                dy = y - cy,
                dz = z;
            const r2 = dx * dx + dy * dy + dz * dz;
            const a = Math.atan2(dz, dx) + spin;
            const flat = Math.hypot(dx, dz);
            const e = Math.max(low + 0.03, Math.min(high - 0.03, cy + (dy / flat) * 0.55));
            let spot = 0;
            for (let i = -2; i <= 2; i++) for (let j = -1; j <= 1; j++) spot += holes(a + i * 0.014, e + j * 0.014);
            spot = spot / 15;
            const power = ((0.35 + 1.9 * spot * smooth(0.5, 1.3, r2)) * 1.5) / (0.6 + r2);
            out[0] += m.r * warm[0] * power * 1.6;
            out[1] += m.g * warm[1] * power * 1.6;
            out[2] += m.b * warm[2] * power * 1.6;
        },
    };
}

export function brass(random, n) {
    const [wall, shape, metal, cut] = pick(
        [
            ["aubergine", 0, "#d2a03f", "stars"],
            ["cobalt", 1, "#c98f3c", "petals"],
            ["brick", 2, "#d6aa52", "diamonds"],
            ["teal", 3, "#c98a3a", "scales"],
            ["rose", 0, "#b06a3c", "crosses"],
            ["sage", 3, "#cfa24a", "stars"],
        ],
        n,
    );
    const tone = colour(metal);
    const seed = random() * 10;
    const pot = turned([
        [0, 0],
        [0.4, 0, 1],
        [0.42, 0.06, 1],
        [0.34, 0.12, 1],
        [0.36, 0.16],
        [0.62, 0.42],
        [0.66, 0.7],
        [0.46, 1.0],
        [0.3, 1.1, 1],
        [0.33, 1.15, 1],
        [0.3, 1.2],
        [0.22, 1.38],
        [0.08, 1.5],
        [0.05, 1.56],
        [0.1, 1.64],
        [0.05, 1.73],
        [0, 1.74],
    ]);
    const mortar = turned([
        [0, 0],
        [0.46, 0, 1],
        [0.48, 0.08, 1],
        [0.3, 0.18],
        [0.34, 0.3],
        [0.54, 0.6],
        [0.64, 0.98, 1],
        [0.7, 1.02, 1],
        [0.68, 1.06, 1],
        [0.58, 1.04, 1],
        [0.46, 0.6],
        [0, 0.4],
    ]);
    const candle = turned([
        [0, 0],
        [0.56, 0, 1],
        [0.58, 0.05, 1],
        [0.4, 0.14],
        [0.14, 0.26],
        [0.09, 0.4],
        [0.16, 0.52],
        [0.07, 0.62],
        [0.06, 0.95],
        [0.14, 1.06],
        [0.07, 1.16],
        [0.09, 1.26],
        [0.3, 1.36, 1],
        [0.3, 1.4, 1],
        [0.12, 1.4, 1],
        [0.12, 1.52, 1],
        [0.09, 1.52, 1],
        [0.09, 2.0, 1],
        [0, 2.02],
    ]);
    //  The tray leans against nothing one sees, turned to the window.
    const [lean, turn] = [0.2, 0.42];
    const onTray = (x, y, z) => {
        const tx = x * Math.cos(turn) + (z + 0.2) * Math.sin(turn),
            tz = (z + 0.2) * Math.cos(turn) - x * Math.sin(turn);
        return [
            tx,
            (y - 0.03) * Math.cos(lean) - (tz + 0.2) * Math.sin(lean) - 1.02,
            (y - 0.03) * Math.sin(lean) + (tz + 0.2) * Math.cos(lean),
        ];
    };
    const parts = [
        (x, y, z) => {
            const handle = Math.max(ring((x - 0.62) * 0.9, (y - 0.78) * 0.8, z, 0.36, 0.045), 0.5 - x);
            const spout = Math.min(
                stick(x, y, z, [-0.5, 0.42, 0], [-0.82, 0.82, 0], 0.13, 0.075),
                stick(x, y, z, [-0.82, 0.82, 0], [-1.0, 1.16, 0], 0.075, 0.05),
            );
            return blend(pot(x, y, z), Math.min(handle, spout), 0.07);
        },
        (x, y, z) => {
            const [lx, ly, lz] = onTray(x, y, z);
            const r = Math.hypot(lx, ly);
            const dish = Math.max(Math.abs(lz - 0.1 * smooth(0.8, 1.02, r)) - 0.02, r - 1.02);
            return dish * 0.8;
        },
        (x, y, z) =>
            Math.min(
                mortar(x, y, z),
                stick(x, y, z, [0.05, 0.7, 0.0], [0.62, 1.62, 0.1], 0.1, 0.06),
                Math.hypot(x - 0.65, y - 1.67, z - 0.1) - 0.11,
            ),
        candle,
    ];
    const all = parts[shape];
    const high = [1.75, 2.05, 1.75, 2.02][shape];
    const engraved = (x, y, z) => {
        if (shape === 1) {
            const [lx, ly] = onTray(x, y, z);
            const r = Math.hypot(lx, ly),
                a = Math.atan2(ly, lx);
            if (Math.abs(r - 0.8) < 0.012 || Math.abs(r - 0.5) < 0.01 || Math.abs(r - 0.76) < 0.006) return 1;
            if (r < 0.5)
                return Math.abs(star(lx, ly, 0.33)) < 0.014 ||
                    Math.abs(star(lx, ly, 0.19)) < 0.01 ||
                    Math.abs(r - 0.45) < 0.008
                    ? 1
                    : 0;
            if (r < 0.76) return patterns[cut]((a / Math.PI) * 10, ((r - 0.5) / 0.26) * 2 - 1) === 1 ? 0.7 : 0;
            return Math.abs(Math.sin(a * 40)) < 0.2 && r > 0.82 && r < 0.95 ? 0.8 : 0;
        }
        const a = Math.atan2(z, x) + seed;
        const [low, top] = [
            [0.34, 0.84],
            [0, 0],
            [0.56, 0.94],
            [1.37, 1.39],
        ][shape];
        if (y < low || y > top) return Math.abs(y - low + 0.04) < 0.01 || Math.abs(y - top - 0.04) < 0.01 ? 1 : 0;
        return patterns[cut]((a / Math.PI) * 8, ((y - low) / (top - low)) * 2 - 1) === 1 ? 0.7 : 0;
    };
    return {
        ...place(wall),
        bound: [0, high / 2, 0, 1.5],
        gleam: 1.15,
        camera: { eye: [0, 1.9, 6.3], at: [-0.04, high * 0.47, 0], zoom: shape === 1 ? 2.5 : 2.6 },
        distance: all,
        fine: (x, y, z) => all(x, y, z) + 0.007 * engraved(x, y, z) + 0.0022 * noise(x * 16, y * 16, z * 16),
        paint(x, y, z, normal, m) {
            if (shape === 3 && y > 1.5) {
                set(m, colour("#efe3c8"));
                m.thin = 0.5;
                m.gloss = 0.3;
                m.rough = 0.5;
                return;
            }
            const worn = clouds(x * 5, y * 5, z * 5 + seed);
            set(m, tone, (0.82 + 0.3 * worn) * (1 - 0.42 * engraved(x, y, z)));
            m.metal = 1;
            m.rough = 0.13 + 0.16 * worn;
        },
    };
}

export function wood(random, n) {
    const [wall, shape, dark, light] = pick(
        [
            ["teal", 0, "#5a2f18", "#a3683a"],
            ["rose", 1, "#6e3a1c", "#b97c46"],
            ["chalk", 2, "#4a2a17", "#8f5a32"],
            ["cobalt", 1, "#7d4a26", "#c89459"],
            ["mint", 0, "#6a3a20", "#b07444"],
            ["mustard", 2, "#3d2415", "#7d4c2a"],
        ],
        n,
    );
    const seed = random() * 30;
    const bowl = turned([
        [0, 0],
        [0.4, 0, 1],
        [0.44, 0.05],
        [0.82, 0.32],
        [0.98, 0.66, 1],
        [0.93, 0.67, 1],
        [0.78, 0.42],
        [0.4, 0.18],
        [0, 0.14],
    ]);
    const mill = turned([
        [0, 0],
        [0.36, 0, 1],
        [0.37, 0.1, 1],
        [0.3, 0.16],
        [0.26, 0.5],
        [0.32, 0.86],
        [0.22, 1.06, 1],
        [0.3, 1.12, 1],
        [0.33, 1.3],
        [0.24, 1.5],
        [0.1, 1.58],
        [0.12, 1.68],
        [0.06, 1.77],
        [0, 1.78],
    ]);
    const chest = (x, y, z) =>
        Math.min(box(x, y - 0.36, z, 0.95, 0.36, 0.6, 0.04), box(x, y - 0.84, z, 0.98, 0.11, 0.63, 0.05));
    const turnBox = 0.42;
    const turnedBox = (x, y, z) =>
        chest(x * Math.cos(turnBox) - z * Math.sin(turnBox), y, x * Math.sin(turnBox) + z * Math.cos(turnBox));
    const all = [turnedBox, bowl, mill][shape];
    const [d, l] = dyes(dark, light);
    const inlay = colour("#ead9b4"),
        ebony = colour("#20150f");
    const high = [0.95, 0.68, 1.78][shape];
    return {
        ...place(wall),
        bound: [0, high / 2, 0, shape === 0 ? 1.35 : Math.hypot(high / 2, 1.02)],
        camera: { eye: [0, [2.2, 2.7, 1.9][shape], 6.1], at: [0, high * 0.45, 0], zoom: [2.75, 2.75, 2.7][shape] },
        distance: (x, y, z) => all(x, y, z) * 0.95,
        fine: (x, y, z) => all(x, y, z) + 0.0016 * noise(x * 60, y * 60, z * 12),
        paint(x, y, z, normal, m) {
            m.gloss = 0.8;
            m.rough = 0.3;
            let px = x,
                pz = z;
            if (shape === 0) {
                px = x * Math.cos(turnBox) - z * Math.sin(turnBox);
                pz = x * Math.sin(turnBox) + z * Math.cos(turnBox);
                const nz = normal[0] * Math.sin(turnBox) + normal[2] * Math.cos(turnBox);
                const onTop = normal[1] > 0.7,
                    front = nz > 0.7;
                const u = px,
                    v = onTop ? pz : y - 0.4;
                if (onTop || front) {
                    const edge = onTop
                        ? Math.min(0.94 - Math.abs(u), 0.6 - Math.abs(v))
                        : Math.min(0.92 - Math.abs(u), 0.3 - Math.abs(v + 0.02));
                    if (edge > 0.04 && edge < 0.1) {
                        set(m, Math.floor((Math.abs(u) + Math.abs(v)) * 22) & 1 ? inlay : ebony, 0.9);
                        return;
                    }
                    const r = onTop ? 0.3 : 0.15;
                    const s = star(u, v, r);
                    if (edge > 0.1 && s < 0) {
                        const t = star(u, v, r * 0.52);
                        set(m, Math.abs(s) < 0.014 || Math.abs(t) < 0.01 ? ebony : t < 0 ? l : inlay, 0.95);
                        return;
                    }
                }
                if (y > 0.71 && y < 0.74) {
                    set(m, ebony);
                    return;
                }
            }
            const rings =
                Math.hypot(px * 1.1 + seed * 0.04 + 0.5, y * 1.4 - 0.4) * 7 +
                clouds(px * 1.3, y * 1.3, pz * 0.6 + seed) * 3.2;
            const band = rings - Math.floor(rings);
            const grain = smooth(0, 0.75, band) * (1 - smooth(0.82, 1, band));
            const burl = clouds(px * 5, y * 5, pz * 3 + seed, 4);
            set(m, mix(d, l, 0.2 + 0.6 * grain * burl * 1.7), 0.86 + 0.28 * noise(px * 90, y * 90, pz * 7));
        },
    };
}
