import { memo } from "react";
import type { ProductCard as Card } from "@/shop/catalogue";
import { price } from "@/shop/money";
import { pictureOf } from "@/shop/pictures";
import { Go } from "./go";
import { CARD_SIZES, Picture } from "./picture";
import { Stars } from "./star";

interface Props {
    product: Card;
    load: "first" | "seen";
}

//  Lists grow and are shown again with each answer: a card is drawn again when it is about something else.
export const ProductCard = memo(function ProductCard({ product, load }: Props) {
    return (
        <article className="group relative">
            <div className="overflow-hidden rounded-[3px]">
                <Picture
                    name={pictureOf(product.picture?.name, product.slug, product.category)}
                    alt={product.picture?.alt ?? ""}
                    sizes={CARD_SIZES}
                    load={load}
                    className={`aspect-4/5 w-full transition-transform duration-700 ease-out group-hover:scale-[1.035] ${product.available ? "" : "opacity-60 saturate-50"}`}
                />
            </div>
            {!product.available && (
                <span className="absolute left-3 top-3 bg-ground px-2.5 py-1 text-sm font-semibold">Sold out</span>
            )}
            <h3 className="mt-3 font-semibold leading-snug">
                <Go
                    href={`/p/${product.slug}`}
                    className="after:absolute after:inset-0 focus-visible:after:outline-2
                        focus-visible:after:outline-offset-4 focus-visible:after:outline-cobalt"
                >
                    {product.title}
                </Go>
            </h3>
            <p className="figures mt-0.5 text-ink-soft">
                {product.is_from && "from "}
                {price(product.price)}
            </p>
            {product.reviews > 0 && (
                <p className="mt-1.5 flex items-center gap-2 text-sm text-ink-soft">
                    <Stars value={product.average / 100} className="h-3.5" />
                    <span className="figures">{product.reviews}</span>
                    <span className="sr-only">{product.reviews === 1 ? "review" : "reviews"}</span>
                </p>
            )}
        </article>
    );
});

export function CardSkeleton() {
    return (
        <div aria-hidden="true">
            <div className="skeleton aspect-4/5 w-full rounded-[3px]" data-ahead="" />
            <div className="skeleton mt-3 h-5 w-3/4" />
            <div className="skeleton mt-2 h-4 w-1/4" />
        </div>
    );
}

const GRID = "grid grid-cols-2 gap-x-4 gap-y-9 sm:gap-x-6 md:grid-cols-3 xl:grid-cols-4 xl:gap-x-8 xl:gap-y-12";

interface GridProps {
    products: Card[];
    waiting?: number;
    isFirst?: boolean; //  what the page begins with
}

export const ProductGrid = memo(function ProductGrid({ products, waiting = 0, isFirst = false }: GridProps) {
    return (
        <ul className={GRID} aria-busy={waiting > 0}>
            {products.map((product, i) => (
                <li key={product.product_id} className="piece">
                    <ProductCard product={product} load={isFirst && i === 0 ? "first" : "seen"} />
                </li>
            ))}
            {Array.from({ length: waiting }, (_, i) => (
                <li key={`waiting-${i}`} className="piece">
                    <CardSkeleton />
                </li>
            ))}
        </ul>
    );
});
