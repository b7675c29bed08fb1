import { useEffect } from "react";
import type { FieldValues, Path, Resolver, UseFormReturn } from "react-hook-form";

//  What a form accepts, fetched once the form is there: those who only look need none of it. When it can't be had,
//  what was typed goes as it is, and the services say what is wrong with it.
export function useRules<Form extends FieldValues>(fetch: () => Promise<Resolver<Form>>): Resolver<Form> {
    useEffect(() => void fetch().catch(() => undefined), [fetch]);
    return async (values, context, options) => {
        const check = await fetch().catch(() => null);
        return check === null ? { values, errors: {} } : check(values, context, options);
    };
}

//  What a field of a form needs: what it is called there, and what is wrong with it.
export function entryOf<Form extends FieldValues>({ register, formState }: UseFormReturn<Form>) {
    const { errors } = formState;
    return (name: Path<Form>) => ({ ...register(name), error: errors[name]?.message as string | undefined });
}
