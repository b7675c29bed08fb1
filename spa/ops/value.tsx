//  What a field of an event says, for people: lists of like things as tables, small things in a line, the rest as JSON.

type Thing = Record<string, unknown>;

const isThing = (value: unknown): value is Thing => typeof value === "object" && value !== null && !Array.isArray(value);
const isPlain = (value: unknown) => typeof value !== "object" || value === null;
const isSmall = (value: unknown): value is Thing => isThing(value) && Object.values(value).every(isPlain);

export function Value({ value }: { value: unknown }) {
    if (isPlain(value)) return String(value);
    if (Array.isArray(value) && value.length === 0) return <span className="text-ink-soft">none</span>;
    if (Array.isArray(value) && value.every(isPlain)) return value.join(", ");
    if (isSmall(value)) return <Small thing={value} />;
    if (Array.isArray(value) && value.every(isThing)) return <Things things={value} />;
    return <pre className="payload">{JSON.stringify(value, null, 1)}</pre>;
}

function Small({ thing }: { thing: Thing }) {
    return (
        <span className="flex flex-wrap gap-x-4">
            {Object.entries(thing).map(([name, value]) => (
                <span key={name}>
                    <span className="text-ink-soft">{name}</span> {String(value)}
                </span>
            ))}
        </span>
    );
}

function Things({ things }: { things: Thing[] }) {
    const names = [...new Set(things.flatMap(Object.keys))];
    return (
        <ul className="divide-y divide-line">
            {things.map((thing, i) => (
                <li key={i} className="flex flex-wrap gap-x-4 py-1 first:pt-0 last:pb-0">
                    {names.map((name) =>
                        thing[name] === undefined ? null : (
                            <span key={name} className="flex gap-x-1.5">
                                <span className="text-ink-soft">{name}</span> <Value value={thing[name]} />
                            </span>
                        ),
                    )}
                </li>
            ))}
        </ul>
    );
}
