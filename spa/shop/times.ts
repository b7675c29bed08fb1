//  Made when the first one is written out: making one takes a phone tens of milliseconds, and few pages have a time in front.
function formOf(options: Intl.DateTimeFormatOptions): (ms: number) => string {
    let form: Intl.DateTimeFormat | undefined;
    return (ms) => (form ??= new Intl.DateTimeFormat("en-GB", options)).format(ms);
}

export const dayOf = formOf({ day: "numeric", month: "long", year: "numeric" });
export const momentOf = formOf({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
export const clockOf = formOf({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
