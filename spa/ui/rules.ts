import { useEffect } from "react";
import type { FieldValues, Resolver } from "react-hook-form";

//  What a form accepts, fetched once the form is there: those who only look need none of it. When it can't be had,
//  what was typed goes as it is, and the services say what is wrong with it.
export function useRules<Form extends FieldValues>(fetch: () => Promise<Resolver<Form>>): Resolver<Form> {
    useEffect(() => void fetch().catch(() => undefined), [fetch]);
    return async (values, context, options) => {
        const check = await fetch().catch(() => null);
        return check === null ? { values, errors: {} } : check(values, context, options);
    };
}
