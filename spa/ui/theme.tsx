"use client";

import { Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";

type Theme = "light" | "dark";

const listeners = new Set<() => void>();

function theme(): Theme {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "light" || chosen === "dark") return chosen;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function subscribe(listener: () => void) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    listeners.add(listener);
    system.addEventListener("change", listener);
    return () => {
        listeners.delete(listener);
        system.removeEventListener("change", listener);
    };
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
        for (const listener of listeners) listener();
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
