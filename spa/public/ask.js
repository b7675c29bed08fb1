//  Before the pages' own scripts have come: what they will ask the shop first is asked now, and the pictures that they
//  begin with are shown as soon as their names are known. api/client.ts takes the answers from here.
{
    const SHOWN_MS_MAX = 500; // then the page's scripts begin in any case
    const { kinds, widths, cardSizes, pageSizes } = document.currentScript.dataset;
    const asked = new Map();
    globalThis.soukAsked = asked;

    let seen = null,
        isKnown = true;
    try {
        seen = sessionStorage.getItem("souk.cursors");
        isKnown = localStorage.getItem("souk.known") !== null;
    } catch {
        //  Storage is forbidden: nothing has been seen, and anybody may have come.
    }

    let isFirstDrawn = null;
    const ask = (path) => {
        const answer = fetch(path, seen === null ? {} : { headers: { "Souk-Cursors": seen } });
        asked.set(path, answer);
        return answer.then((response) => (response.status === 200 ? response.clone().json() : {})).catch(() => ({}));
    };

    const isRead =
        document.readyState !== "loading" ||
        new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));

    //  In the shadow of what stands for pictures, where the page's own scripts neither look nor mind.
    const showAhead = async (pictures, sizes) => {
        await isRead;
        const places = document.querySelectorAll("main [data-ahead]");
        pictures.slice(0, places.length).forEach((picture, i) => {
            const [, kind] = /^([a-z]+)-[1-6]$/.exec(picture?.name ?? "") ?? [];
            if (kind === undefined || !kinds.split(" ").includes(kind)) return;
            const set = (type) => widths.split(" ").map((width) => `/pictures/${picture.name}-${width}.${type} ${width}w`).join(", ");
            const source = Object.assign(document.createElement("source"), { type: "image/avif", sizes, srcset: set("avif") });
            const image = Object.assign(document.createElement("img"), {
                alt: picture.alt,
                loading: i === 0 ? "eager" : "lazy",
                fetchPriority: i === 0 ? "high" : "auto",
                sizes,
                srcset: set("webp"),
            });
            image.part = "ahead";
            const whole = document.createElement("picture");
            whole.append(source, image);
            places[i].attachShadow({ mode: "open" }).append(whole);
        });
        return first();
    };

    //  The picture that goes before all others, once it can be drawn.
    const first = () =>
        (document.querySelector("main [data-ahead]")?.shadowRoot ?? document)
            .querySelector("img[fetchpriority=high]")
            ?.decode()
            .catch(() => undefined);

    //  Then the scripts that later.mjs has kept back.
    const begin = () => {
        for (const { href } of document.querySelectorAll("link[data-later]"))
            if (document.querySelector(`script[src="${new URL(href).pathname}"]`) === null) {
                const script = document.createElement("script");
                script.setAttribute("async", "");
                script.setAttribute("src", new URL(href).pathname);
                document.head.append(script);
            }
    };

    const { pathname, search } = location;
    const [, place, name] = /^\/(p|shop)(?:\/([a-z0-9-]+))?$/.exec(pathname) ?? [];
    if (place === "p" && name !== undefined)
        isFirstDrawn = ask(`/api/products/${name}`).then(({ pictures }) => showAhead(pictures?.slice(0, 1) ?? [], pageSizes));
    if (place === "shop" && search === "")
        isFirstDrawn = ask(`/api/products?sort=newest${name === undefined ? "" : `&category=${name}`}`).then(({ products }) =>
            showAhead(products?.map(({ picture }) => picture) ?? [], cardSizes),
        );
    if (!pathname.startsWith("/admin") && !pathname.startsWith("/ops")) {
        if (isKnown) ask("/api/cart");
        ask("/api/categories");
    }

    //  The scripts of a page keep a phone's processor for a while: what there is to see is drawn before, if it comes soon.
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const wait = new Promise((done) => setTimeout(done, SHOWN_MS_MAX));
    const isShown = Promise.resolve(isRead)
        .then(() => isFirstDrawn ?? first())
        .then(frame)
        .then(frame)
        .then(frame)
        .catch(() => undefined);
    Promise.all([isRead, Promise.race([isShown, wait])]).then(begin);
}
