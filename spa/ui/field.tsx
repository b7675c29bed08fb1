import { type InputHTMLAttributes, useId } from "react";

type Props = InputHTMLAttributes<HTMLInputElement> & {
    label: string;
    hint?: string | undefined;
    error?: string | undefined;
};

//  A labelled input; what is wrong with it stands below, and is read out with it.
export function Field({ label, hint, error, className = "", ...rest }: Props) {
    const id = useId();
    const note = error ?? hint;
    return (
        <div className={className}>
            <label htmlFor={id} className="mb-1.5 block font-semibold">
                {label}
            </label>
            <input
                {...rest}
                id={id}
                className="field"
                aria-invalid={error !== undefined}
                aria-describedby={note === undefined ? undefined : `${id}-note`}
            />
            {note !== undefined && (
                <p
                    id={`${id}-note`}
                    className={`mt-1.5 text-sm ${error === undefined ? "text-ink-soft" : "font-medium text-madder"}`}
                >
                    {note}
                </p>
            )}
        </div>
    );
}
