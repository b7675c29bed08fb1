import createClient from "openapi-fetch";
import { mergeCursors } from "@/shop/news";
import { Problem, problemOf } from "./problems";
import type { paths } from "./schema";

//  How the pages speak to the bridge: what was written is seen (Souk-Cursors), what got no answer is asked again with
//  the same key, and everything that is not an answer is a Problem.

const CURSORS = "souk.cursors";
const TRIES_MAX = 5;
const WAIT_MS_MAX = 2000;

export function cursors(): string | null {
    return typeof sessionStorage === "undefined" ? null : sessionStorage.getItem(CURSORS);
}

function keepCursors(text: string | null) {
    if (text !== null && text !== "") sessionStorage.setItem(CURSORS, text);
}

//  What was told of: the next answer shows it.
export function sawCursors(text: string) {
    keepCursors(mergeCursors(cursors() ?? "", text));
}

export function forgetCursors() {
    sessionStorage.removeItem(CURSORS);
}

function pause(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms));
}

//  A wait before the next try: what the answer asks for, or longer each time.
function waitOf(response: Response | null, tries: number): number {
    const asked = Number(response?.headers.get("Retry-After") ?? "0") * 1000;
    return Math.min(WAIT_MS_MAX, Math.max(asked, 120 * 2 ** tries));
}

//  What public/ask.js has asked already, by path; later than this a page asks by itself.
const ASKED_MS = 10_000;

declare global {
    var soukAsked: Map<string, Promise<Response>> | undefined;
}

function askedAlready({ url, method }: Request): Promise<Response> | undefined {
    if (method !== "GET" || performance.now() > ASKED_MS) return undefined;
    const { pathname, search } = new URL(url);
    const answer = globalThis.soukAsked?.get(pathname + search);
    globalThis.soukAsked?.delete(pathname + search);
    return answer;
}

async function send(first: Request): Promise<Response> {
    const isQuery = first.method === "GET" || first.method === "HEAD";
    const key = first.headers.get("Idempotency-Key") ?? crypto.randomUUID();
    const asked = askedAlready(first);
    for (let tries = 0; ; tries++) {
        const request = first.clone();
        const seen = cursors();
        if (!isQuery) request.headers.set("Idempotency-Key", key);
        if (seen !== null) request.headers.set("Souk-Cursors", seen);
        let response: Response | null = null;
        try {
            response = await (tries === 0 && asked !== undefined ? asked : fetch(request));
        } catch (error) {
            if (first.signal.aborted) throw error;
            if (tries + 1 >= TRIES_MAX)
                throw new Problem({ status: 0, code: "offline", detail: "The shop does not answer.", correlation: "" });
        }
        if (response !== null) {
            keepCursors(response.headers.get("Souk-Cursors"));
            if (response.status !== 202 && response.status !== 503 && response.status !== 409) return response;
            if (response.status === 409) {
                const problem = await problemOf(response.clone());
                if (problem.code !== "lost" || tries > 0) return response;
                forgetCursors();
            } else if (tries + 1 >= TRIES_MAX) {
                if (response.status === 503) return response;
                throw new Problem({ status: 202, code: "pending", detail: "", correlation: "" });
            }
        }
        await pause(waitOf(response, tries));
    }
}

export const api = createClient<paths>({
    baseUrl: "/",
    fetch: send,
    querySerializer: { array: { style: "form", explode: true } },
});

//  What an answer holds; a Problem is thrown.
export async function take<T>(
    call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, { pending: true }>> {
    const { data, error, response } = await call;
    if (!response.ok || error !== undefined) throw Problem.from(error, response.status);
    return data as Exclude<T, { pending: true }>;
}
