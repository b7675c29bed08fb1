import type { NextConfig } from "next";

//  Static files for the bridge: no server, no inline styles, nothing from elsewhere.
const config: NextConfig = {
    output: "export",
    poweredByHeader: false,
    reactStrictMode: true,
    devIndicators: false,
    //  What is below /_next/static never changes under its path: with other sources it is another one.
    generateBuildId: () => process.env.SPA_BUILD_ID ?? "souk",
    images: { unoptimized: true },
    turbopack: { root: import.meta.dirname },
};

export default config;
