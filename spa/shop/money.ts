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
