import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes } from "react";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
    look?: "main" | "quiet" | "saffron";
    busy?: boolean;
    busyText?: string;
};

//  While busy it says so, and cannot be pressed again.
export function Button({
    look = "main",
    busy = false,
    busyText,
    className = "",
    children,
    disabled,
    type = "button",
    ...rest
}: Props) {
    return (
        <button
            {...rest}
            type={type}
            disabled={disabled || busy}
            aria-busy={busy}
            className={`button button-${look} ${className}`}
        >
            {busy && <LoaderCircle className="size-5 animate-spin" aria-hidden="true" />}
            {busy && busyText !== undefined ? busyText : children}
        </button>
    );
}
