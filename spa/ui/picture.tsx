export const WIDTHS = [320, 640, 960];
//  How wide it is on a card and on a product's page: public/ask.js shows those ahead.
export const CARD_SIZES = "(min-width: 1200px) 300px, (min-width: 760px) 31vw, 44vw";
export const PAGE_SIZES = "(min-width: 1024px) 46vw, 100vw";

interface Props {
    name: string;
    alt: string;
    sizes: string;
    load?: "first" | "now" | "seen"; //  the page's largest one, which is first; at once; when it is nearly seen
    className?: string;
}

export function Picture({ name, alt, sizes, load = "seen", className = "" }: Props) {
    const set = (type: string) => WIDTHS.map((width) => `/pictures/${name}-${width}.${type} ${width}w`).join(", ");
    return (
        <picture>
            <source type="image/avif" srcSet={set("avif")} sizes={sizes} />
            <img
                src={`/pictures/${name}-640.webp`}
                srcSet={set("webp")}
                sizes={sizes}
                width={640}
                height={800}
                alt={alt}
                loading={load === "seen" ? "lazy" : "eager"}
                fetchPriority={load === "first" ? "high" : "auto"}
                decoding={load === "first" ? "sync" : "async"} // it stands where public/ask.js has shown it already
                className={`bg-sunk object-cover ${className}`}
            />
        </picture>
    );
}
