"use client";

import { Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";

type Theme = "light" | "dark";

//  public/theme.js has written it there before anything was drawn.
const theme = (): Theme => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");

function subscribe(listener: () => void) {
    const watch = new MutationObserver(listener);
    watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => watch.disconnect();
}

//  Which colours are shown.
export function useTheme(): Theme {
    return useSyncExternalStore(subscribe, theme, () => "light" as Theme);
}

export function ThemeButton() {
    const now = useTheme();
    const other = now === "light" ? "dark" : "light";
    const choose = () => {
        document.documentElement.dataset.theme = other;
        localStorage.setItem("souk.theme", other);
    };
    return (
        <button type="button" className="icon-button" onClick={choose} aria-label={`Switch to ${other} colours`}>
            {now === "light" ? (
                <Moon className="size-5" aria-hidden="true" />
            ) : (
                <Sun className="size-5" aria-hidden="true" />
            )}
        </button>
    );
}
