const WIDTHS = [320, 640, 960];

interface Props {
    name: string;
    alt: string;
    sizes: string;
    eager?: boolean;
    className?: string;
}

export function Picture({ name, alt, sizes, eager = false, className = "" }: Props) {
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
                loading={eager ? "eager" : "lazy"}
                fetchPriority={eager ? "high" : "auto"}
                decoding="async"
                className={`bg-sunk object-cover ${className}`}
            />
        </picture>
    );
}
