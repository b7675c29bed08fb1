//  A small ray marcher: one object of signed distances on a curved backdrop, in the light of a window.
//
//  A scene is { distance(x, y, z), paint(x, y, z, n, m), bound: [x, y, z, r], wall, floor, camera, ... }; paint fills
//  the material m: r g b (linear), rough 0..1, metal 0..1, gloss 0..1, er eg eb (light of its own). Everything is in
//  units of about a hand; the floor is y = 0, the viewer looks towards -z.

const LIGHT = unit(-0.62, 0.72, 0.5);
const LIGHT_U = unit(0.63, 0, 0.78); // across the light, for the window's shape
const LIGHT_V = cross(LIGHT, LIGHT_U);
const KEY = [2.75, 2.5, 2.16];
const SKY = [0.5, 0.56, 0.66];
const WALL_Z = -2.6;
const CURVE = 1.1; // radius where floor becomes wall
const EDGE = 0.05; // contrast from which a pixel is looked at again

//  What film makes of light, by steps: rolled off where it is bright, then as a screen wants it.
const FILM_STEPS = 1024;
const FILM = Float32Array.from({ length: 8 * FILM_STEPS }, (_, i) => {
    const x = (i + 0.5) / FILM_STEPS;
    const c = Math.min(1, (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14));
    return c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055;
});

function unit(x, y, z) {
    const l = Math.hypot(x, y, z);
    return [x / l, y / l, z / l];
}

function cross(a, b) {
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function smooth(from, to, x) {
    const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
    return t * t * (3 - 2 * t);
}

//  "#rrggbb" to linear light.
export function colour(text) {
    const part = (at) => {
        const v = parseInt(text.slice(at, at + 2), 16) / 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    };
    return [part(1), part(3), part(5)];
}

export function mix(a, b, t) {
    return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function lattice(x, y, z) {
    let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(z, 2147483647 ^ 1274126177);
    h = Math.imul(h ^ (h >>> 13), 1274126177);
    return ((h ^ (h >>> 16)) >>> 0) / 4294967295;
}

//  Value noise, 0..1.
export function noise(x, y, z = 0) {
    const xi = Math.floor(x),
        yi = Math.floor(y),
        zi = Math.floor(z);
    let fx = x - xi,
        fy = y - yi,
        fz = z - zi;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    fz = fz * fz * (3 - 2 * fz);
    const a = lattice(xi, yi, zi) * (1 - fx) + lattice(xi + 1, yi, zi) * fx;
    const b = lattice(xi, yi + 1, zi) * (1 - fx) + lattice(xi + 1, yi + 1, zi) * fx;
    const c = lattice(xi, yi, zi + 1) * (1 - fx) + lattice(xi + 1, yi, zi + 1) * fx;
    const d = lattice(xi, yi + 1, zi + 1) * (1 - fx) + lattice(xi + 1, yi + 1, zi + 1) * fx;
    return (a * (1 - fy) + b * fy) * (1 - fz) + (c * (1 - fy) + d * fy) * fz;
}

export function clouds(x, y, z = 0, octaves = 4) {
    let sum = 0,
        part = 0.5,
        scale = 1;
    for (let i = 0; i < octaves; i++) {
        sum += part * noise(x * scale + i * 17.3, y * scale + i * 9.1, z * scale);
        part *= 0.5;
        scale *= 2.03;
    }
    return sum;
}

//  A seeded source of numbers 0..1.
export function random(seed) {
    let s = seed >>> 0;
    return () => {
        s = (s + 0x6d2b79f5) >>> 0;
        let t = Math.imul(s ^ (s >>> 15), 1 | s);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

//  What the window lets through towards a point: two panes, soft at the edges, and a bar between them.
function window(scene, x, y, z) {
    const u = x * LIGHT_U[0] + y * LIGHT_U[1] + z * LIGHT_U[2] - scene.windowX;
    const v = x * LIGHT_V[0] + y * LIGHT_V[1] + z * LIGHT_V[2] - scene.windowY;
    const soft = scene.windowSoft;
    const arch = v > 0.7 ? Math.hypot(u, v - 0.7) - 1.9 : Math.max(Math.abs(u) - 1.9, -v - 2.6);
    const inside = 1 - smooth(-soft, soft, arch);
    const bar = 1 - 0.55 * (1 - smooth(0.02, 0.16, Math.abs(u - 0.95)));
    const sash = 1 - 0.5 * (1 - smooth(0.02, 0.16, Math.abs(v - 1.45)));
    return scene.windowDim + (1 - scene.windowDim) * inside * bar * sash;
}

//  What a mirror sees that way: a soft box of light, the wall, the floor.
function surroundings(scene, x, y, z, rough, out) {
    const up = smooth(-0.15 - rough, 0.35 + rough, y);
    const wall = scene.wall,
        floor = scene.floor;
    const shade = 0.34 + 0.3 * smooth(-1, 1, -x);
    for (let i = 0; i < 3; i++) out[i] = floor[i] * 0.62 * (1 - up) + (wall[i] * shade + SKY[i] * 0.1) * up;
    const soft = 0.06 + rough * 0.8;
    const toLight = x * LIGHT[0] + y * LIGHT[1] + z * LIGHT[2];
    if (toLight > 0) {
        const u = (x * LIGHT_U[0] + y * LIGHT_U[1] + z * LIGHT_U[2]) / toLight;
        const v = (x * LIGHT_V[0] + y * LIGHT_V[1] + z * LIGHT_V[2]) / toLight;
        const box =
            (1 - smooth(0.34 - soft * 0.5, 0.34 + soft, Math.abs(u))) *
            (1 - smooth(0.5 - soft * 0.5, 0.5 + soft, Math.abs(v)));
        const bars = 1 - 0.6 * (1 - rough) * (1 - smooth(0.015, 0.05 + soft * 0.5, Math.abs(u)));
        const power = (6.5 / (1 + rough * 9)) * box * bars * (scene.gleam ?? 1);
        out[0] += power * 1.0;
        out[1] += power * 0.95;
        out[2] += power * 0.86;
    }
    const card = smooth(0.05, 0.75, -x) * smooth(-0.5, 0.2, y) * 0.55 * (scene.gleam ?? 1) + 0.09;
    out[0] += card;
    out[1] += card * 0.97;
    out[2] += card * 0.92;
    const rim = smooth(0.55, 0.95, x) * (1 - smooth(0.1, 0.7, Math.abs(y - 0.1))) * 0.7 * (scene.gleam ?? 1);
    out[0] += rim * 0.75;
    out[1] += rim * 0.85;
    out[2] += rim;
}

export function render(scene, width, height) {
    scene.windowX ??= -0.75;
    scene.windowY ??= 0.75;
    scene.windowSoft ??= 0.2;
    scene.windowDim ??= 0.42;
    const eye = scene.camera?.eye ?? [0, 1.75, 6.4];
    const at = scene.camera?.at ?? [0, 0.88, 0];
    const zoom = (scene.camera?.zoom ?? 2.35) * 1.42;
    const forward = unit(at[0] - eye[0], at[1] - eye[1], at[2] - eye[2]);
    const right = unit(-forward[2], 0, forward[0]);
    const up = cross(right, forward);
    const [bx, by, bz, br] = scene.bound;
    const distance = scene.distance;
    const fine = scene.fine ?? distance;
    const sun = scene.sun ?? 1;
    const n = [0, 1, 0];
    const m = { r: 0, g: 0, b: 0, rough: 1, metal: 0, gloss: 0, er: 0, eg: 0, eb: 0, thin: 0 };
    const seen = [0, 0, 0];
    const out = [0, 0, 0];

    //  Along a ray, the distance to the object, or -1.
    const march = (ox, oy, oz, dx, dy, dz, far) => {
        const cx = ox - bx,
            cy = oy - by,
            cz = oz - bz;
        const b = cx * dx + cy * dy + cz * dz;
        const c = cx * cx + cy * cy + cz * cz - br * br;
        const disc = b * b - c;
        if (disc <= 0) return -1;
        const root = Math.sqrt(disc);
        let t = Math.max(0, -b - root);
        const end = Math.min(far, -b + root);
        for (let i = 0; i < 140 && t < end; i++) {
            const d = distance(ox + dx * t, oy + dy * t, oz + dz * t);
            if (d < 0.0009) return t;
            t += d * 0.9;
        }
        return -1;
    };

    //  How much of the light reaches a point past the object, with a soft edge.
    const shadow = (ox, oy, oz) => {
        const [dx, dy, dz] = LIGHT;
        const cx = ox - bx,
            cy = oy - by,
            cz = oz - bz;
        const b = cx * dx + cy * dy + cz * dz;
        const reach = br * 1.25;
        const disc = b * b - (cx * cx + cy * cy + cz * cz - reach * reach);
        if (disc <= 0) return 1;
        const root = Math.sqrt(disc);
        const end = -b + root;
        if (end <= 0) return 1;
        let t = Math.max(0.02, -b - root),
            lit = 1;
        for (let i = 0; i < 48 && t < end; i++) {
            const d = distance(ox + dx * t, oy + dy * t, oz + dz * t);
            lit = Math.min(lit, 0.5 + (0.5 * d) / (0.09 * t));
            if (lit <= 0) return 0;
            t += Math.max(0.015, Math.min(0.25, Math.abs(d)));
        }
        return lit * lit * (3 - 2 * lit);
    };

    const hidden = (x, y, z, nx, ny, nz) => {
        const far = Math.hypot(x - bx, y - by, z - bz) - br;
        if (far > 0.9) return 1;
        let sum = 0,
            weight = 1;
        for (let i = 1; i <= 5; i++) {
            const h = 0.035 + 0.11 * (i - 1) + 0.02 * i * i;
            const d = Math.min(distance(x + nx * h, y + ny * h, z + nz * h), y + ny * h);
            sum += ((weight * Math.max(0, h - d)) / h) * 0.34;
            weight *= 0.74;
        }
        return Math.max(0, 1 - sum);
    };

    const shade = (x, y, z, dx, dy, dz, isObject) => {
        let lit = n[0] * LIGHT[0] + n[1] * LIGHT[1] + n[2] * LIGHT[2];
        const soft = m.thin;
        lit = Math.max(0, (lit + soft) / (1 + soft));
        if (lit > 0) lit *= shadow(x + n[0] * 0.012, y + n[1] * 0.012, z + n[2] * 0.012) * window(scene, x, y, z) * sun;
        const open = hidden(x, y, z, n[0], n[1], n[2]);
        const above = 0.5 + 0.5 * n[1];
        const fill = (0.62 + 0.38 * (-n[0] * 0.5 + 0.5)) * open * (scene.fill ?? 1);
        const floor = scene.floor;
        const diffuse = 1 - m.metal;
        for (let i = 0; i < 3; i++) {
            const own = i === 0 ? m.r : i === 1 ? m.g : m.b;
            const bounce = floor[i] * (1 - above) * 0.75 * open * (scene.fill ?? 1);
            out[i] = own * diffuse * (KEY[i] * lit + SKY[i] * fill * (0.55 + 0.45 * above) + bounce);
        }
        const gloss = m.gloss + m.metal;
        if (gloss > 0) {
            const facing = -(dx * n[0] + dy * n[1] + dz * n[2]);
            const rx = dx + 2 * facing * n[0],
                ry = dy + 2 * facing * n[1],
                rz = dz + 2 * facing * n[2];
            surroundings(scene, rx, ry, rz, m.rough, seen);
            const fresnel = (1 - Math.max(0, facing)) ** 5;
            const veil = 0.35 + 0.65 * open;
            const mirror = isObject && ry < 0 ? 0.75 : 1;
            for (let i = 0; i < 3; i++) {
                const own = i === 0 ? m.r : i === 1 ? m.g : m.b;
                const base =
                    m.metal > 0 ? own + (1 - own) * fresnel * 0.6 : 0.04 + 0.9 * fresnel * (1 - m.rough * 0.75);
                out[i] += seen[i] * base * Math.min(1, gloss) * veil * mirror * (0.35 + 0.65 * sun);
            }
        }
        out[0] += m.er;
        out[1] += m.eg;
        out[2] += m.eb;
    };

    const backdrop = (ox, oy, oz, dx, dy, dz) => {
        let t = dy < 0 ? -oy / dy : 1e9;
        n[0] = 0;
        n[1] = 1;
        n[2] = 0;
        let z = oz + dz * t;
        if (z < WALL_Z + CURVE || t > 1e8) {
            t = (WALL_Z - oz) / dz;
            n[1] = 0;
            n[2] = 1;
            if (oy + dy * t < CURVE) {
                const cy = oy - CURVE,
                    cz = oz - (WALL_Z + CURVE);
                const a = dy * dy + dz * dz,
                    b = cy * dy + cz * dz,
                    c = cy * cy + cz * cz - CURVE * CURVE;
                t = (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a;
                n[1] = -(cy + dy * t) / CURVE;
                n[2] = -(cz + dz * t) / CURVE;
            }
        }
        const x = ox + dx * t,
            y = oy + dy * t;
        z = oz + dz * t;
        const high = smooth(0, CURVE, y);
        const grain = 0.94 + 0.1 * clouds(x * 2.1 + 5, y * 2.1 + z * 2.1, 3, 4) + 0.035 * noise(x * 40, (y - z) * 40);
        m.r = (scene.floor[0] * (1 - high) + scene.wall[0] * high) * grain;
        m.g = (scene.floor[1] * (1 - high) + scene.wall[1] * high) * grain;
        m.b = (scene.floor[2] * (1 - high) + scene.wall[2] * high) * grain;
        m.rough = 1;
        m.metal = 0;
        m.gloss = 0;
        m.er = m.eg = m.eb = 0;
        m.thin = 0;
        shade(x, y, z, dx, dy, dz, false);
        if (scene.glow !== undefined) scene.glow(x, y, z, m, out);
    };

    const look = (px, py) => {
        const sx = ((px - width / 2) / (width / 2) / zoom) * (width / height) * 1.25;
        const sy = (-(py - height / 2) / (height / 2) / zoom) * 1.25;
        let dx = forward[0] + right[0] * sx + up[0] * sy;
        let dy = forward[1] + right[1] * sx + up[1] * sy;
        let dz = forward[2] + right[2] * sx + up[2] * sy;
        const l = Math.hypot(dx, dy, dz);
        dx /= l;
        dy /= l;
        dz /= l;
        if (
            scene.through !== undefined &&
            scene.through(eye, dx, dy, dz, { march, backdrop, shade, surroundings, n, m, out })
        )
            return;
        const t = march(eye[0], eye[1], eye[2], dx, dy, dz, 30);
        if (t < 0) {
            backdrop(eye[0], eye[1], eye[2], dx, dy, dz);
            return;
        }
        const x = eye[0] + dx * t,
            y = eye[1] + dy * t,
            z = eye[2] + dz * t;
        const e = 0.0016;
        const a = fine(x + e, y - e, z - e),
            b = fine(x - e, y - e, z + e);
        const c = fine(x - e, y + e, z - e),
            d = fine(x + e, y + e, z + e);
        const nx = a - b - c + d,
            ny = -a - b + c + d,
            nz = -a + b - c + d;
        const nl = Math.hypot(nx, ny, nz) || 1;
        n[0] = nx / nl;
        n[1] = ny / nl;
        n[2] = nz / nl;
        m.rough = 1;
        m.metal = 0;
        m.gloss = 0;
        m.er = m.eg = m.eb = 0;
        m.thin = 0;
        scene.paint(x, y, z, n, m);
        shade(x, y, z, dx, dy, dz, true);
    };

    const exposure = (scene.exposure ?? 0.86) * FILM_STEPS;
    const film = (v) => FILM[Math.min(FILM.length - 1, (Math.max(0, v) * exposure) | 0)];

    //  A film's colours: a little paler than the light's, most where it is bright.
    const develop = () => {
        const grey = out[0] * 0.3 + out[1] * 0.55 + out[2] * 0.15;
        const pale = 0.05 + 0.08 * Math.min(1, grey);
        for (let k = 0; k < 3; k++) out[k] = film(out[k] + (grey - out[k]) * pale);
    };

    const image = new Float32Array(width * height * 3);
    for (let y = 0, i = 0; y < height; y++)
        for (let x = 0; x < width; x++, i += 3) {
            look(x + 0.5, y + 0.5);
            develop();
            image[i] = out[0];
            image[i + 1] = out[1];
            image[i + 2] = out[2];
        }
    const once = image.slice();
    const row = width * 3;
    const spots = [
        [-0.3, 0.2],
        [0.25, -0.3],
        [0.2, 0.3],
    ];
    for (let y = 1; y < height - 1; y++)
        for (let x = 1; x < width - 1; x++) {
            const i = y * row + x * 3 + 1;
            const here = once[i];
            if (
                Math.abs(here - once[i - 3]) + Math.abs(here - once[i - row]) < EDGE &&
                Math.abs(here - once[i + 3]) + Math.abs(here - once[i + row]) < EDGE &&
                Math.abs(once[i - 1] - once[i + 2]) < EDGE
            )
                continue;
            let r = 0,
                g = 0,
                b = 0;
            for (const [sx, sy] of spots) {
                look(x + 0.5 + sx, y + 0.5 + sy);
                develop();
                r += out[0];
                g += out[1];
                b += out[2];
            }
            image[i - 1] = (once[i - 1] + r) / 4;
            image[i] = (once[i] + g) / 4;
            image[i + 1] = (once[i + 1] + b) / 4;
        }

    const bytes = Buffer.alloc(width * height * 3);
    for (let y = 0, i = 0; y < height; y++)
        for (let x = 0; x < width; x++, i += 3) {
            const edge = Math.hypot((x / width - 0.5) * 1.1, y / height - 0.48);
            const fall = 1 - 0.2 * smooth(0.32, 0.82, edge);
            const grain = (lattice(x, y, 7) - 0.5) * 0.012;
            for (let k = 0; k < 3; k++)
                bytes[i + k] = Math.max(0, Math.min(255, Math.round((image[i + k] * fall + grain) * 255)));
        }
    return bytes;
}
