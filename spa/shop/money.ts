export interface Money {
    minor: number | string;
    currency: string;
}

const forms = new Map<string, { form: Intl.NumberFormat; digits: number }>();

function formOf(currency: string) {
    let found = forms.get(currency);
    if (found === undefined) {
        const form = new Intl.NumberFormat("en-IE", { style: "currency", currency });
        found = { form, digits: form.resolvedOptions().maximumFractionDigits ?? 2 };
        forms.set(currency, found);
    }
    return found;
}

export function price(money: Money): string {
    const { form, digits } = formOf(money.currency);
    return form.format(Number(money.minor) / 10 ** digits);
}

export function times(money: Money, units: number): Money {
    return { minor: Number(money.minor) * units, currency: money.currency };
}

export function sameMoney(a: Money, b: Money): boolean {
    return Number(a.minor) === Number(b.minor) && a.currency === b.currency;
}

//  "12.50" to 1250, of a currency with two digits; null when it is no amount.
export function minorOf(text: string, currency: string): number | null {
    const { digits } = formOf(currency);
    const found = /^(\d{1,9})(?:[.,](\d+))?$/.exec(text.trim().replace(/^[^\d]+/, ""));
    const part = found?.[2] ?? "";
    if (found === null || part.length > digits) return null;
    return Number(found[1]) * 10 ** digits + Number(part.padEnd(digits, "0") || "0");
}

//  1250 to "12.50", as people type it.
export function amountOf(money: Money): string {
    const { digits } = formOf(money.currency);
    return (Number(money.minor) / 10 ** digits).toFixed(digits);
}
