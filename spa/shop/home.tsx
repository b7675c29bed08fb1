"use client";

import { ArrowRight } from "lucide-react";
import { useCategories, useProducts } from "./catalogue";
import { kindOf } from "./pictures";
import { anything } from "./wish";
import { Go } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { ProductGrid } from "@/ui/product-card";
import { Star } from "@/ui/star";

export function Home() {
    return (
        <>
            <Welcome />
            <Stalls />
            <Newest />
            <Promise />
        </>
    );
}

function Welcome() {
    return (
        <section className="wrap grid items-end gap-x-10 gap-y-10 pt-10 lg:grid-cols-12 lg:pt-16">
            <div className="lg:col-span-6 lg:pb-10">
                <h1 className="display text-mega">
                    Get lost.
                    <br />
                    Find something.
                </h1>
                <p className="mt-7 max-w-lg text-lg text-ink-soft sm:text-xl/relaxed">
                    Tiles from Fez, wool from the Atlas, brass that was beaten and not poured: sixty stalls under one
                    roof, and nobody calls after you.
                </p>
                <div className="mt-9 flex flex-wrap items-center gap-4">
                    <Go href="/shop" className="button button-main">
                        Walk in <ArrowRight className="size-5" aria-hidden="true" />
                    </Go>
                    <a href="#new" className="button button-quiet">
                        What is new
                    </a>
                </div>
            </div>
            <div className="grid grid-cols-12 items-end gap-3 sm:gap-4 lg:col-span-6">
                <div className="col-span-7">
                    <Picture
                        name="lanterns-3"
                        alt="A pierced brass lantern throws stars of light on a green wall"
                        sizes="(min-width: 1024px) 26vw, 56vw"
                        load="first"
                        className="aspect-[3/4.4] w-full rounded-t-[999px] rounded-b-[3px]"
                    />
                </div>
                <div className="col-span-5 grid gap-3 sm:gap-4">
                    <Picture
                        name="ceramics-1"
                        alt="A white vase with blue stars before a yellow wall"
                        sizes="(min-width: 1024px) 19vw, 40vw"
                        load="now"
                        className="aspect-square w-full rounded-[3px]"
                    />
                    <Picture
                        name="rugs-3"
                        alt="A red woven rug with a border of diamonds"
                        sizes="(min-width: 1024px) 19vw, 40vw"
                        load="now"
                        className="aspect-4/5 w-full rounded-[3px]"
                    />
                </div>
            </div>
        </section>
    );
}

//  On a phone two rows that go sideways, or what is new would be five windows further down.
const LANES =
    "mt-8 grid gap-3 sm:gap-4 lg:grid-cols-7 max-lg:-mx-[clamp(1.1rem,4vw,3rem)] max-lg:auto-cols-[36%] " +
    "max-lg:snap-x max-lg:scroll-px-[clamp(1.1rem,4vw,3rem)] max-lg:grid-flow-col max-lg:grid-rows-2 " +
    "max-lg:overflow-x-auto max-lg:px-[clamp(1.1rem,4vw,3rem)] max-lg:pb-2 max-lg:[scrollbar-width:none] " +
    "sm:max-lg:auto-cols-[22%]";

function Stalls() {
    const categories = useCategories();
    if (categories.error !== null && categories.data === undefined)
        return (
            <section className="wrap mt-24">
                <Trouble error={categories.error} again={() => categories.refetch()} />
            </section>
        );
    return (
        <section className="wrap mt-24 lg:mt-32" aria-labelledby="stalls">
            <h2 id="stalls" className="display text-title">
                The lanes
            </h2>
            <ul className={LANES} aria-busy={categories.isPending}>
                {categories.data?.categories.map(({ category, title }) => (
                    <li key={category} className="snap-start">
                        <Go href={`/shop/${category}`} className="group block">
                            <div className="overflow-hidden rounded-[3px]">
                                <Picture
                                    name={`${kindOf(category)}-1`}
                                    alt=""
                                    sizes="(min-width: 1024px) 13vw, 38vw"
                                    className="aspect-square w-full transition-transform duration-700 ease-out
                                        group-hover:scale-105"
                                />
                            </div>
                            <span className="mt-2 flex items-center justify-between font-semibold">
                                {title}
                                <ArrowRight
                                    className="size-4 -translate-x-2 opacity-0 transition group-hover:translate-x-0
                                        group-hover:opacity-100"
                                    aria-hidden="true"
                                />
                            </span>
                        </Go>
                    </li>
                ))}
                {categories.isPending &&
                    Array.from({ length: 14 }, (_, i) => <li key={i} className="skeleton mb-9 aspect-square" />)}
                {categories.isSuccess && (
                    <li className="snap-start">
                        <Go href="/shop" className="group block">
                            <span className="grid aspect-square place-items-center rounded-[3px] bg-deep text-saffron">
                                <Star
                                    className="size-1/3 transition-transform duration-700 ease-out
                                        group-hover:rotate-45"
                                />
                            </span>
                            <span className="mt-2 block font-semibold">Everything</span>
                        </Go>
                    </li>
                )}
            </ul>
        </section>
    );
}

function Newest() {
    const products = useProducts(null, anything);
    const first = products.data?.products.slice(0, 8) ?? [];
    return (
        <section id="new" className="wrap mt-24 lg:mt-32" aria-labelledby="newest">
            <div className="mb-8 flex flex-wrap items-baseline justify-between gap-4">
                <h2 id="newest" className="display text-title">
                    Unpacked this week
                </h2>
                <Go href="/shop?sort=newest" className="textlink tap font-semibold">
                    All of it, newest first
                </Go>
            </div>
            {products.error !== null && first.length === 0 ? (
                <Trouble error={products.error} again={() => products.refetch()} />
            ) : (
                <ProductGrid products={first} waiting={products.isPending ? 8 : 0} />
            )}
        </section>
    );
}

const vows = [
    [
        "The shelf does not lie",
        "The number that you see is what is there and nobody else’s. When the last one goes, every window knows.",
    ],
    [
        "First the goods, then the money",
        "When you order, your things are set aside for you. Only then is your card asked, and only for what is yours.",
    ],
    [
        "Every step is written down",
        "An order keeps its own diary, from the click to the receipt. You read the same pages that we do.",
    ],
] as const;

function Promise() {
    return (
        <section className="mt-24 bg-deep text-on-deep lg:mt-32" aria-labelledby="promise">
            <div className="wrap grid gap-12 py-16 lg:grid-cols-12 lg:py-24">
                <div className="lg:col-span-5">
                    <h2 id="promise" className="display text-title">
                        Haggling is over.
                        <br />
                        Here is our word.
                    </h2>
                    <Picture
                        name="glasses-4"
                        alt="Three tea glasses, full, with golden crosses"
                        sizes="(min-width: 1024px) 30vw, 90vw"
                        className="mt-10 aspect-[5/4] w-full max-w-md rounded-[3px]"
                    />
                </div>
                <ul className="grid gap-10 lg:col-span-6 lg:col-start-7 lg:content-center">
                    {vows.map(([title, text]) => (
                        <li key={title} className="grid grid-cols-[2rem_1fr] gap-5">
                            <Star className="mt-1 size-6 text-saffron" />
                            <div>
                                <h3 className="text-xl font-semibold">{title}</h3>
                                <p className="mt-2 max-w-md opacity-90">{text}</p>
                            </div>
                        </li>
                    ))}
                </ul>
            </div>
        </section>
    );
}
