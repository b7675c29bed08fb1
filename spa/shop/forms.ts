import { zodResolver } from "@hookform/resolvers/zod";
import * as z from "zod/mini";
import { expiryOf, isCardNumber } from "./cards";

//  What forms accept; each sentence says what to do. Pages fetch this by `useRules`, after their first load.

const text = (max: number) => z.string().check(z.trim(), z.maxLength(max, `At most ${max} characters.`));
const line = (what: string, max: number) =>
    z.string().check(z.trim(), z.minLength(1, what), z.maxLength(max, `At most ${max} characters.`));
const email = text(254).check(z.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Write an address like ann@example.org."));
const password = (bytes: number, what: string) =>
    z.string().check(z.minLength(bytes, what), z.maxLength(200, "At most 200 characters."));

export const credentials = z.object({ email, password: password(1, "Write your password.") });

export const registration = z.object({
    name: line("Write how you want to be called.", 60),
    email,
    password: password(10, "Take at least 10 characters."),
});

export const checkout = z.object({
    name: line("Write the name on the door.", 100),
    street: line("Write street and number.", 160),
    postcode: line("Write the postcode.", 20),
    city: line("Write the town.", 100),
    country: z.string().check(z.regex(/^[A-Z]{2}$/, "Choose the country.")),
    phone: text(30),
    email,
    number: z.string().check(z.trim(), z.refine(isCardNumber, "This is no card number; look at the digits again.")),
    expiry: z.string().check(z.refine((typed) => expiryOf(typed) !== null, "Write month and year, like 12/30.")),
    code: z.string().check(z.trim(), z.regex(/^\d{3,4}$/, "Write the 3 or 4 digits on its back.")),
});

export type CheckoutForm = z.infer<typeof checkout>;

export const credentialsRules = zodResolver(credentials);
export const registrationRules = zodResolver(registration);
export const checkoutRules = zodResolver(checkout);
