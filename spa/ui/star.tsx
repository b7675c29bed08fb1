//  Two squares, one turned: the star that the whole shop is built on.

export const STAR =
    "M12 0l3.515 3.515h4.97v4.97L24 12l-3.515 3.515v4.97h-4.97L12 24l-3.515-3.515h-4.97v-4.97" +
    "L0 12l3.515-3.515v-4.97h4.97z";

export function Star({ className }: { className?: string }) {
    return (
        <svg viewBox="0 0 24 24" className={className} fill="currentColor" aria-hidden="true">
            <path d={STAR} />
        </svg>
    );
}

export function Mark({ className }: { className?: string }) {
    return (
        <svg viewBox="0 0 24 24" className={className} aria-hidden="true">
            <path d={STAR} fill="var(--glaze)" />
            <path d={STAR} fill="var(--ground)" transform="translate(12 12) scale(.62) translate(-12 -12)" />
            <path d={STAR} fill="var(--saffron)" transform="translate(12 12) scale(.4) translate(-12 -12)" />
        </svg>
    );
}

const places = [0, 1, 2, 3, 4];

//  So many of five, by halves.
export function Stars({ value, className = "h-4" }: { value: number; className?: string }) {
    const halves = Math.round(value * 2);
    return (
        <span
            role="img"
            aria-label={`${Math.round(value * 10) / 10} of 5 stars`}
            className="inline-flex gap-1 text-saffron"
        >
            {places.map((place) => (
                <svg key={place} viewBox="0 0 24 24" className={className} aria-hidden="true">
                    <path d={STAR} fill="none" stroke="currentColor" strokeWidth="1.6" />
                    {halves >= place * 2 + 2 && <path d={STAR} fill="currentColor" />}
                    {halves === place * 2 + 1 && (
                        <path d="M12 0v24l-3.515-3.515h-4.97v-4.97L0 12l3.515-3.515v-4.97h4.97z" fill="currentColor" />
                    )}
                </svg>
            ))}
        </span>
    );
}
