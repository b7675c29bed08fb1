import { Go } from "./go";
import { Mark } from "./star";

export function Footer() {
    return (
        <footer className="mt-24">
            <div className="zellige" aria-hidden="true" />
            <div className="bg-sunk">
                <div className="wrap grid gap-10 py-14 md:grid-cols-[2fr_1fr_1fr]">
                    <div className="max-w-md">
                        <p className="flex items-center gap-2.5">
                            <Mark className="size-7" />
                            <span className="display text-2xl/none">souk</span>
                        </p>
                        <p className="mt-4 text-ink-soft">
                            A shop to show what its services can do. The goods are drawn, the cards are a sandbox’s, and
                            nobody will ever ring your bell; everything else is real.
                        </p>
                    </div>
                    <nav aria-label="Shop">
                        <p className="eyebrow mb-2">The shop</p>
                        <ul>
                            <li>
                                <Go href="/shop" className="textlink tap">
                                    Everything
                                </Go>
                            </li>
                            <li>
                                <Go href="/shop?sort=newest" className="textlink tap">
                                    What is new
                                </Go>
                            </li>
                            <li>
                                <Go href="/cart" className="textlink tap">
                                    Your cart
                                </Go>
                            </li>
                        </ul>
                    </nav>
                    <nav aria-label="You">
                        <p className="eyebrow mb-2">You</p>
                        <ul>
                            <li>
                                <Go href="/orders" className="textlink tap">
                                    Your orders
                                </Go>
                            </li>
                            <li>
                                <Go href="/account" className="textlink tap">
                                    Your account
                                </Go>
                            </li>
                            <li>
                                <a href="/api/reference" className="textlink tap">
                                    For programs: the API
                                </a>
                            </li>
                        </ul>
                    </nav>
                </div>
            </div>
        </footer>
    );
}
