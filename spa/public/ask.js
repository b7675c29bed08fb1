//  Before the pages' own scripts have come: what they will ask the shop first is asked now, and the largest picture is
//  fetched as soon as its name is known. api/client.ts takes the answers from here.
{
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

    const ask = (path) => {
        const answer = fetch(path, seen === null ? {} : { headers: { "Souk-Cursors": seen } });
        asked.set(path, answer);
        return answer.then((response) => (response.status === 200 ? response.clone().json() : {})).catch(() => ({}));
    };

    const fetchAhead = (picture, sizes) => {
        const [, kind] = /^([a-z]+)-[1-6]$/.exec(picture?.name ?? "") ?? [];
        if (kind === undefined || !kinds.split(" ").includes(kind)) return;
        const link = document.createElement("link");
        link.rel = "preload";
        link.as = "image";
        link.type = "image/avif";
        link.fetchPriority = "high";
        link.imageSrcset = widths
            .split(" ")
            .map((width) => `/pictures/${picture.name}-${width}.avif ${width}w`)
            .join(", ");
        link.imageSizes = sizes;
        document.head.append(link);
    };

    const { pathname, search } = location;
    const [, place, name] = /^\/(p|shop)(?:\/([a-z0-9-]+))?$/.exec(pathname) ?? [];
    if (place === "p" && name !== undefined)
        ask(`/api/products/${name}`).then(({ pictures }) => fetchAhead(pictures?.[0], pageSizes));
    if (place === "shop" && search === "")
        ask(`/api/products?sort=newest${name === undefined ? "" : `&category=${name}`}`).then(({ products }) =>
            fetchAhead(products?.[0]?.picture, cardSizes),
        );
    if (!pathname.startsWith("/admin") && !pathname.startsWith("/ops")) {
        if (isKnown) ask("/api/cart");
        ask("/api/categories");
    }
}
