import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { kinds } from "@/shop/pictures";
import { CARD_SIZES, PAGE_SIZES, WIDTHS } from "@/ui/picture";
import { Shell } from "@/ui/shell";
import { fonts } from "./fonts";
import "./theme.css";

export const metadata: Metadata = {
    title: { default: "souk: get lost, find something", template: "%s · souk" },
    description: "Tiles, wool, brass, glass and spices from sixty stalls under one roof.",
    icons: { icon: "/icon.svg" },
};

export const viewport: Viewport = {
    themeColor: [
        { media: "(prefers-color-scheme: light)", color: "#f2f0e8" },
        { media: "(prefers-color-scheme: dark)", color: "#0f1716" },
    ],
};

export default function Layout({ children }: { children: ReactNode }) {
    return (
        <html lang="en" className={fonts} suppressHydrationWarning>
            <head>
                <script src="/theme.js" />
                <script
                    async
                    src="/ask.js"
                    fetchPriority="high"
                    data-kinds={kinds.join(" ")}
                    data-widths={WIDTHS.join(" ")}
                    data-card-sizes={CARD_SIZES}
                    data-page-sizes={PAGE_SIZES}
                />
            </head>
            <body>
                <Shell>{children}</Shell>
            </body>
        </html>
    );
}
