//  Distances to shapes, and the patterns that are painted, woven and cut into them.
import { noise } from "./light.mjs";

const GRID = 0.0125; // of the table of a turned shape

//  A shape as from a potter's wheel. `outline` is [radius, height] from the foot's middle up and, for a vessel,
//  down again inside; corners are rounded by Catmull-Rom unless they have a third member.
export function turned(outline) {
    const line = [];
    for (let i = 0; i < outline.length - 1; i++) {
        const p1 = outline[i],
            p2 = outline[i + 1];
        const p0 = p1[2] ? p1 : outline[Math.max(0, i - 1)];
        const p3 = p2[2] ? p2 : outline[Math.min(outline.length - 1, i + 2)];
        for (let k = 0; k < 12; k++) {
            const t = k / 12;
            line.push(
                [0, 1].map(
                    (c) =>
                        0.5 *
                        (2 * p1[c] +
                            (p2[c] - p0[c]) * t +
                            (2 * p0[c] - 5 * p1[c] + 4 * p2[c] - p3[c]) * t * t +
                            (3 * p1[c] - p0[c] - 3 * p2[c] + p3[c]) * t * t * t),
                ),
            );
        }
    }
    line.push(outline[outline.length - 1]);
    for (const point of line) point[0] = Math.max(0, point[0]);
    const wide = Math.max(...line.map((p) => p[0])) + 0.15;
    const low = Math.min(...line.map((p) => p[1])) - 0.15,
        high = Math.max(...line.map((p) => p[1])) + 0.15;
    const columns = Math.ceil(wide / GRID) + 2,
        rows = Math.ceil((high - low) / GRID) + 2;
    const table = new Float32Array(columns * rows);
    for (let j = 0; j < rows; j++)
        for (let i = 0; i < columns; i++) {
            const r = i * GRID,
                y = low + j * GRID;
            let best = 1e9,
                inside = false;
            for (let k = 0; k < line.length - 1; k++) {
                const [ax, ay] = line[k],
                    [bx, by] = line[k + 1];
                const ex = bx - ax,
                    ey = by - ay;
                const t = Math.min(1, Math.max(0, ((r - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey || 1)));
                best = Math.min(best, (r - ax - ex * t) ** 2 + (y - ay - ey * t) ** 2);
                if (ay > y !== by > y && r < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
            }
            const closing = line[line.length - 1]; // back to the first along the axis
            if (closing[1] > y !== line[0][1] > y && r < 0) inside = !inside;
            table[j * columns + i] = (inside ? -1 : 1) * Math.sqrt(best);
        }
    return (x, y, z) => {
        const r = Math.sqrt(x * x + z * z);
        const cr = Math.min(r, wide),
            cy = Math.min(high, Math.max(low, y));
        const u = cr / GRID,
            v = (cy - low) / GRID;
        const i = Math.min(columns - 2, u | 0),
            j = Math.min(rows - 2, v | 0);
        const fu = u - i,
            fv = v - j;
        const k = j * columns + i;
        const d =
            (table[k] * (1 - fu) + table[k + 1] * fu) * (1 - fv) +
            (table[k + columns] * (1 - fu) + table[k + columns + 1] * fu) * fv;
        const away = r - cr,
            over = y - cy;
        return away > 0 || over !== 0 ? Math.max(0.05, Math.sqrt(away * away + over * over)) + Math.max(0, d) * 0.5 : d;
    };
}

export function box(x, y, z, w, h, d, round) {
    const qx = Math.abs(x) - w + round,
        qy = Math.abs(y) - h + round,
        qz = Math.abs(z) - d + round;
    return Math.hypot(Math.max(qx, 0), Math.max(qy, 0), Math.max(qz, 0)) + Math.min(Math.max(qx, qy, qz), 0) - round;
}

//  A ring that stands upright, its hole towards the viewer.
export function ring(x, y, z, radius, thick) {
    return Math.hypot(Math.hypot(x, y) - radius, z) - thick;
}

//  A stick from a to b, of another thickness at each end.
export function stick(x, y, z, a, b, ra, rb) {
    const ex = b[0] - a[0],
        ey = b[1] - a[1],
        ez = b[2] - a[2];
    const t = Math.min(
        1,
        Math.max(0, ((x - a[0]) * ex + (y - a[1]) * ey + (z - a[2]) * ez) / (ex * ex + ey * ey + ez * ez)),
    );
    return Math.hypot(x - a[0] - ex * t, y - a[1] - ey * t, z - a[2] - ez * t) - (ra + (rb - ra) * t);
}

export function blend(a, b, k) {
    const h = Math.max(k - Math.abs(a - b), 0) / k;
    return Math.min(a, b) - h * h * k * 0.25;
}

//  Two squares, one turned: below zero inside the eight-pointed star of this size about the origin.
export function star(x, y, size) {
    const a = Math.abs(x),
        b = Math.abs(y);
    return Math.min(Math.max(a, b), (a + b) * Math.SQRT1_2) - size;
}

function fold(v) {
    return v - 2 * Math.floor((v + 1) / 2); // to -1..1
}

//  Patterns for a plane whose units are about a motif; each gives the number of a colour, 0 is the ground.
export const patterns = {
    stars(u, v) {
        const x = fold(u),
            y = fold(v);
        const d = star(x, y, 0.62);
        if (Math.abs(d) < 0.035) return 0;
        if (d < 0) return star(x, y, 0.3) < 0 ? (Math.abs(star(x, y, 0.3)) < 0.03 ? 0 : 3) : 1;
        return 2;
    },
    scales(u, v) {
        const row = Math.floor(v);
        const x = fold(u + (row & 1)),
            y = v - row;
        const d = Math.hypot(x, y - 1.0);
        const under = Math.hypot(Math.abs(x) - 1, y);
        if (Math.abs(d - 1.0) < 0.06) return 0;
        const inside = d < 1.0 ? d : under;
        return inside < 0.42 ? 3 : inside < 0.72 ? 1 : 2;
    },
    diamonds(u, v) {
        const d = Math.abs(fold(u)) + Math.abs(fold(v));
        if (Math.abs(d - 1) < 0.07) return 0;
        const inner = d < 1 ? d : 2 - d;
        return inner < 0.28 ? 3 : inner < 0.55 ? (d < 1 ? 2 : 1) : d < 1 ? 1 : 2;
    },
    checks(u, v) {
        const x = fold(u),
            y = fold(v);
        if (Math.abs(x) < 0.045 || Math.abs(y) < 0.045 || Math.abs(x) > 0.955 || Math.abs(y) > 0.955) return 0;
        return x > 0 === y > 0 ? 1 : 2;
    },
    crosses(u, v) {
        const x = Math.abs(fold(u)),
            y = Math.abs(fold(v));
        const arm = Math.min(Math.max(x - 0.72, y - 0.24), Math.max(y - 0.72, x - 0.24));
        if (Math.abs(arm) < 0.05) return 0;
        if (arm < 0) return Math.max(x, y) < 0.2 ? 3 : 1;
        return x + y > 1.55 ? 3 : 2;
    },
    waves(u, v) {
        const d = fold(v * 1.4 + Math.abs(fold(u * 1.3)) * 1.1);
        if (Math.abs(Math.abs(d) - 0.5) < 0.07) return 0;
        return Math.abs(d) < 0.5 ? 1 : d > 0 ? 2 : 3;
    },
    petals(u, v) {
        const x = fold(u),
            y = fold(v);
        const turn = Math.atan2(y, x),
            r = Math.hypot(x, y);
        const petal = 0.5 + 0.34 * Math.cos(turn * 8);
        if (r < 0.17) return 3;
        if (Math.abs(r - petal) < 0.05 || Math.abs(r - 0.93) < 0.03) return 0;
        return r < petal ? 1 : r < 0.93 ? 2 : 3;
    },
};

//  A knot of a rug, a stitch of a cloth: where on the grid, and how it stands out.
export function knot(u, v, fineness) {
    const x = u * fineness,
        y = v * fineness;
    const i = Math.floor(x),
        j = Math.floor(y);
    return {
        u: (i + 0.5) / fineness,
        v: (j + 0.5) / fineness,
        odd: noise(i * 7.13, j * 3.71, 2),
        high: Math.sin((x - i) * Math.PI) * Math.sin((y - j) * Math.PI),
    };
}
