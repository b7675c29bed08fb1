//  draw.mjs DIRECTORY [quick]: render every piece of every kind of goods there, as NAME-WIDTH.avif and .webp.
//
//  What is there already and was drawn by the same code stays. `quick` is for tests: small, blurred, and
//  the same in all sizes.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { goods, piece, pieces } from "./goods.mjs";
import { render } from "./light.mjs";

const WIDTHS = [320, 640, 960];
const here = import.meta.dirname;

async function draw(directory, name, isQuick) {
    const [kind, n] = name.split("-");
    const width = isQuick ? 96 : 800,
        height = (width * 5) / 4;
    const bytes = render(piece(kind, Number(n) - 1), width, height);
    for (const size of isQuick ? WIDTHS.slice(0, 1) : WIDTHS) {
        const picture = sharp(bytes, { raw: { width, height, channels: 3 } }).resize(size);
        await picture
            .clone()
            .avif({ quality: 58, effort: isQuick ? 0 : 3 })
            .toFile(join(directory, `${name}-${size}.avif`));
        await picture
            .clone()
            .webp({ quality: 80, effort: isQuick ? 0 : 4 })
            .toFile(join(directory, `${name}-${size}.webp`));
    }
    for (const size of isQuick ? WIDTHS.slice(1) : [])
        for (const type of ["avif", "webp"])
            copyFileSync(join(directory, `${name}-${WIDTHS[0]}.${type}`), join(directory, `${name}-${size}.${type}`));
}

if (isMainThread) {
    const [directory, mode] = process.argv.slice(2);
    const code = readdirSync(here)
        .sort()
        .map((file) => readFileSync(join(here, file)));
    const stamp = createHash("sha256")
        .update(Buffer.concat(code))
        .update(mode ?? "full")
        .digest("hex");
    const note = join(directory, ".drawn");
    const names = Object.keys(goods).flatMap((kind) => Array.from({ length: pieces }, (_, n) => `${kind}-${n + 1}`));
    if (existsSync(note) && readFileSync(note, "utf8") === stamp) process.exit(0);
    mkdirSync(directory, { recursive: true });
    const begun = Date.now(),
        count = names.length;
    await Promise.all(
        Array.from(
            { length: Math.max(1, availableParallelism()) },
            () =>
                new Promise((done, fail) => {
                    const worker = new Worker(new URL(import.meta.url), {
                        workerData: { directory, isQuick: mode === "quick" },
                    });
                    const next = () =>
                        names.length > 0 ? worker.postMessage(names.shift()) : worker.terminate().then(done);
                    worker.on("message", next);
                    worker.on("error", fail);
                    next();
                }),
        ),
    );
    writeFileSync(note, stamp);
    console.log(`${count} pictures in ${Math.round((Date.now() - begun) / 1000)} s`);
} else
    parentPort.on("message", async (name) => {
        await draw(workerData.directory, name, workerData.isQuick);
        parentPort.postMessage("drawn");
    });
