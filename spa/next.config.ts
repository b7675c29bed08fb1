import type { NextConfig } from "next";

//  Static files for the bridge: no server, no inline styles, nothing from elsewhere.
const config: NextConfig = {
    output: "export",
    poweredByHeader: false,
    reactStrictMode: true,
    devIndicators: false,
    generateBuildId: () => "souk",
    images: { unoptimized: true },
    turbopack: { root: import.meta.dirname },
};

export default config;
