import { price } from "@/shop/money";
import { momentOf } from "@/shop/times";
import type { OfficeProduct } from "./product-form";

const WIDTH = 100;
const HEIGHT = 28;

type Step = OfficeProduct["prices"][number];

//  What each article cost from when on, and who said so.
export function Prices({ product }: { product: OfficeProduct }) {
    const articles = product.articles
        .map(({ sku, name }) => ({ sku, name, steps: product.prices.filter((step) => step.sku === sku) }))
        .filter(({ steps }) => steps.length > 0);
    return (
        <section aria-labelledby="prices">
            <h2 id="prices" className="display text-head">
                What it cost
            </h2>
            <div className="mt-3 space-y-5">
                {articles.map(({ sku, name, steps }) => (
                    <div key={sku} className="border-t border-line pt-3">
                        <div className="flex items-center justify-between gap-4">
                            <h3 className="font-semibold">{name === "" ? sku : name}</h3>
                            {steps.length > 1 && <Stairs steps={steps} />}
                        </div>
                        <ol className="figures mt-1 text-[0.9375rem]">
                            {steps.map((step) => (
                                <li key={`${step.at_ms}-${step.price.minor}`} className="flex justify-between gap-4 py-0.5">
                                    <span className="text-ink-soft">
                                        {momentOf(step.at_ms)}
                                        {step.by_name !== "" && `, ${step.by_name}`}
                                    </span>
                                    <span>
                                        {step.was !== undefined && (
                                            <s className="mr-2 text-ink-soft">
                                                <span className="sr-only">before: </span>
                                                {price(step.was)}
                                            </s>
                                        )}
                                        {price(step.price)}
                                    </span>
                                </li>
                            ))}
                        </ol>
                    </div>
                ))}
            </div>
        </section>
    );
}

function Stairs({ steps }: { steps: Step[] }) {
    const prices = [...steps].reverse().map((step) => Number(step.price.minor));
    const [low, high] = [Math.min(...prices), Math.max(...prices)];
    const height = (minor: number) => HEIGHT - 2 - ((minor - low) / Math.max(1, high - low)) * (HEIGHT - 4);
    const width = WIDTH / prices.length;
    const path = prices.map((minor, i) => `${i === 0 ? "M" : "L"}${i * width} ${height(minor)}H${(i + 1) * width}`);
    return (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-7 w-24" aria-hidden="true">
            <path d={path.join("")} fill="none" stroke="var(--glaze)" strokeWidth="2" />
        </svg>
    );
}
