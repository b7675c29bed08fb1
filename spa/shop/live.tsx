"use client";

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { cursors, sawCursors } from "@/api/client";
import { known, onKnown } from "@/api/known";
import { useMe } from "./account";
import { type Key, type News, oldAfter } from "./news";

//  What happens in the shop is told to every tab by one stream of events: HTTP/1.1 has about six connections for all
//  tabs of a browser. The tab that holds the lock has the stream and passes on what it hears; when it is closed,
//  another one gets the lock.

const EVENTS = "/api/events";
const NAME = "souk.live";
const GATHER_MS = 150;                  // one look after a burst
const AGAIN_MS = 30_000;                // when the bridge has no room for one more stream: all is looked at that often

type Word = { news: News; cursors: string } | { reset: true };

//  What has been read already need not be told.
function afterWhat(): string {
    const seen = cursors();
    return seen === null ? "" : `?after=${encodeURIComponent(seen)}`;
}

//  Listen until told to stop; resolves then.
function listen(tell: (word: Word) => void, signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
        if (signal.aborted) return done(); //  told so before the lock was there
        let source: EventSource | null = null;
        let again: ReturnType<typeof setTimeout> | undefined;
        const open = () => {
            source = new EventSource(`${EVENTS}${afterWhat()}`);
            source.addEventListener("reset", () => tell({ reset: true }));
            source.addEventListener("message", (message) =>
                tell({ news: JSON.parse(message.data) as News, cursors: message.lastEventId }),
            );
            source.addEventListener("error", () => {
                if (source?.readyState !== EventSource.CLOSED) return;
                again = setTimeout(() => {
                    tell({ reset: true });
                    open();
                }, AGAIN_MS);
            });
        };
        signal.addEventListener("abort", () => {
            clearTimeout(again);
            source?.close();
            done();
        });
        open();
    });
}

//  Look again. A first look that is under way may have been answered before: there is another one after it.
function outdate(queries: QueryClient, queryKey: Key) {
    for (const query of queries.getQueryCache().findAll({ queryKey }))
        if (query.state.data === undefined)
            void query.promise
                ?.catch(() => undefined)
                .then(() => queries.invalidateQueries({ queryKey: query.queryKey, exact: true }));
    void queries.invalidateQueries({ queryKey });
}

export function Live() {
    const queries = useQueryClient();
    const person = useMe().data?.person_id;
    const whom = useSyncExternalStore(onKnown, known, () => "nobody" as const);
    useEffect(() => {
        const old = new Map<string, Key>();
        let gathering: ReturnType<typeof setTimeout> | undefined;
        const look = () => {
            gathering = undefined;
            for (const key of old.values()) outdate(queries, key.filter(Boolean));
            old.clear();
        };
        const hear = (word: Word) => {
            if ("reset" in word) void queries.invalidateQueries();
            else {
                sawCursors(word.cursors);
                for (const key of oldAfter(word.news)) old.set(key.join(" "), key);
                gathering ??= setTimeout(look, GATHER_MS);
            }
        };
        const channel = new BroadcastChannel(NAME);
        const stop = new AbortController();
        channel.addEventListener("message", (message) => hear(message.data as Word));
        const tell = (word: Word) => {
            hear(word);
            channel.postMessage(word);
        };
        navigator.locks
            .request(NAME, { signal: stop.signal }, () => listen(tell, stop.signal))
            .catch((error: unknown) => {
                if (!stop.signal.aborted) throw error;
            });
        return () => {
            stop.abort();
            clearTimeout(gathering);
            channel.close();
        };
        //  Somebody else is told something else: then the stream begins anew.
    }, [queries, person, whom]);
    return null;
}
