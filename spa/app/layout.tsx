import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { Shell } from "@/ui/shell";
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
        <html lang="en" suppressHydrationWarning>
            <head>
                <script src="/theme.js" />
            </head>
            <body>
                <Shell>{children}</Shell>
            </body>
        </html>
    );
}
