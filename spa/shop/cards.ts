//  What stands on a card, and which ones the sandbox knows; where the shop sends to.

//  The last digit of a card's number says whether the others were typed right.
export function isCardNumber(text: string): boolean {
    const digits = text.replace(/ /g, "");
    if (!/^\d{12,19}$/.test(digits)) return false;
    let sum = 0;
    for (let i = 0; i < digits.length; i++) {
        let d = Number(digits[digits.length - 1 - i]);
        if (i % 2 === 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 === 0;
}

//  "12/30" to month and year; null when it is none.
export function expiryOf(text: string): { month: number; year: number } | null {
    const found = /^\s*(\d{1,2})\s*\/\s*(\d{2}|\d{4})\s*$/.exec(text);
    if (found === null) return null;
    const month = Number(found[1]),
        year = Number(found[2]);
    return month >= 1 && month <= 12 ? { month, year: year < 100 ? 2000 + year : year } : null;
}

//  Cards of the sandbox, and what each does.
export const testCards = [
    ["4242 4242 4242 4242", "pays"],
    ["4000 0027 6000 3184", "asks for a code from the bank"],
    ["4000 0000 0000 0259", "pays after eight seconds"],
    ["4000 0000 0000 0002", "is declined"],
    ["4000 0000 0000 9995", "has not enough on it"],
    ["4000 0000 0000 0119", "never answers"],
] as const;

export const countries = [
    ["AT", "Austria"],
    ["BE", "Belgium"],
    ["DK", "Denmark"],
    ["FR", "France"],
    ["DE", "Germany"],
    ["IE", "Ireland"],
    ["IT", "Italy"],
    ["LU", "Luxembourg"],
    ["MA", "Morocco"],
    ["NL", "Netherlands"],
    ["PL", "Poland"],
    ["PT", "Portugal"],
    ["ES", "Spain"],
    ["SE", "Sweden"],
    ["CH", "Switzerland"],
    ["GB", "United Kingdom"],
    ["US", "United States"],
] as const;
