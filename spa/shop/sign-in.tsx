"use client";

import type { ReactNode } from "react";
import { useForm } from "react-hook-form";
import { useRegister, useSignIn } from "./account";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Go, useAddress, useGo } from "@/ui/go";
import { Trouble } from "@/ui/notice";
import { Picture } from "@/ui/picture";
import { entryOf, useRules } from "@/ui/rules";

const credentials = () => import("./forms").then((forms) => forms.credentialsRules);
const registration = () => import("./forms").then((forms) => forms.registrationRules);

//  Where somebody came from; only an address of this shop.
function useThen(): string {
    const then = new URLSearchParams(useAddress().split("?")[1] ?? "").get("then");
    return then !== null && /^\/(?!\/)/.test(then) ? then : "/account";
}

function Desk({ title, picture, children }: { title: string; picture: string; children: ReactNode }) {
    return (
        <div className="wrap grid items-center gap-x-16 pt-10 lg:grid-cols-2 lg:pt-14">
            <div className="w-full max-w-md justify-self-center">
                <h1 className="display mb-8 text-title">{title}</h1>
                {children}
            </div>
            <Picture
                name={picture}
                alt=""
                sizes="46vw"
                className="hidden aspect-[4/4.4] w-full rounded-t-[999px] rounded-b-[3px] lg:block"
            />
        </div>
    );
}

export function SignIn() {
    const then = useThen();
    const go = useGo();
    const signIn = useSignIn();
    const form = useForm({ resolver: useRules(credentials), defaultValues: { email: "", password: "" } });
    const entry = entryOf(form);
    return (
        <Desk title="Welcome back" picture="lanterns-5">
            <form
                noValidate
                className="space-y-5"
                onSubmit={form.handleSubmit((body) => signIn.mutate(body, { onSuccess: () => go(then) }))}
            >
                <Field
                    label="E-mail"
                    type="email"
                    autoComplete="username"
                    {...entry("email")}
                />
                <Field
                    label="Password"
                    type="password"
                    autoComplete="current-password"
                    {...entry("password")}
                />
                {signIn.error !== null && <Trouble error={signIn.error} />}
                <Button type="submit" className="w-full" busy={signIn.isPending} busyText="Looking you up">
                    Sign in
                </Button>
                <p className="text-center text-ink-soft">
                    New here?{" "}
                    <Go href={`/register?then=${encodeURIComponent(then)}`} className="textlink font-semibold text-ink">
                        Become a customer
                    </Go>
                </p>
            </form>
        </Desk>
    );
}

export function Register() {
    const then = useThen();
    const go = useGo();
    const join = useRegister();
    const form = useForm({ resolver: useRules(registration), defaultValues: { name: "", email: "", password: "" } });
    const entry = entryOf(form);
    return (
        <Desk title="Become a customer" picture="lanterns-2">
            <form
                noValidate
                className="space-y-5"
                onSubmit={form.handleSubmit((body) => join.mutate(body, { onSuccess: () => go(then) }))}
            >
                <Field
                    label="Name"
                    autoComplete="nickname"
                    hint="Others see it beside your reviews."
                    {...entry("name")}
                />
                <Field
                    label="E-mail"
                    type="email"
                    autoComplete="username"
                    {...entry("email")}
                />
                <Field
                    label="Password"
                    type="password"
                    autoComplete="new-password"
                    hint="At least 10 characters; a sentence is easier to keep in mind."
                    {...entry("password")}
                />
                {join.error !== null && <Trouble error={join.error} />}
                <Button type="submit" className="w-full" busy={join.isPending} busyText="Writing you down">
                    Become a customer
                </Button>
                <p className="text-center text-ink-soft">
                    Been here before?{" "}
                    <Go href={`/sign-in?then=${encodeURIComponent(then)}`} className="textlink font-semibold text-ink">
                        Sign in
                    </Go>
                </p>
            </form>
        </Desk>
    );
}
