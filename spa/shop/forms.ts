import * as z from "zod";

//  What forms accept; each sentence says what to do.

const email = z
    .string()
    .trim()
    .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Write an address like ann@example.org.")
    .max(254);
const line = (what: string, max: number) => z.string().trim().min(1, what).max(max, `At most ${max} characters.`);

export const credentials = z.object({ email, password: z.string().min(1, "Write your password.").max(200) });

export const registration = z.object({
    name: line("Write how you want to be called.", 60),
    email,
    password: z.string().min(10, "Take at least 10 characters.").max(200, "At most 200 characters."),
});

export const address = z.object({
    name: line("Write the name on the door.", 100),
    street: line("Write street and number.", 160),
    postcode: line("Write the postcode.", 20),
    city: line("Write the town.", 100),
    country: z.string().regex(/^[A-Z]{2}$/, "Choose the country."),
    phone: z.string().trim().max(30, "At most 30 characters."),
});

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

export const checkout = address.extend({
    email,
    number: z.string().trim().refine(isCardNumber, "This is no card number; look at the digits again."),
    expiry: z.string().refine((text) => expiryOf(text) !== null, "Write month and year, like 12/30."),
    code: z
        .string()
        .trim()
        .regex(/^\d{3,4}$/, "Write the 3 or 4 digits on its back."),
});

export type CheckoutForm = z.infer<typeof checkout>;

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
