/*
 * souk_told - what event stores and services tell of events, as JSON: an event
 * that was found, what has led to it and what it has led to, one that is parked.
 *
 * The names are those of souk_shown_event_json(), and a few more. Objects are NULL without memory.
 */
#ifndef SOUK_TOLD_H
#define SOUK_TOLD_H

#include <jansson.h>

#include "eventstore.h"
#include "parking.h"
#include "souk_seen.h"
#include "souk_shown.h"

/* An event without what it says, and where it is in the log of `store`, of that incarnation. */
json_t *souk_told_found_json(const struct souk_catalogue *catalogue, const struct souk_name *store,
    struct souk_slice incarnation, const struct found_event *found);
/* The same with `data`, unless it is private or too long to be told. */
json_t *souk_told_event_json(const struct souk_catalogue *catalogue, const struct souk_name *store,
    const struct eventstore_event_reply *reply);
/* `causes`, `event`, `effects`, each of these with its `level`, and `more`. */
json_t *souk_told_why_json(const struct souk_catalogue *catalogue, const struct souk_name *store,
    const struct eventstore_why_reply *reply);
/* An event that `service` has parked, without what it says. */
json_t *souk_told_parked_json(const struct souk_catalogue *catalogue, const struct souk_name *service,
    const struct parked_event *event);

/* Which event: "comments/1/17", its stream, the counter of its epoch, its number. */
void souk_told_place(struct souk_slice stream, uint32_t epoch, uint64_t number, char text_out[SOUK_SEEN_CURSOR_BYTES]);

/* What it was decided on, in a few words: "command of web", "comments/1/17", "timer of comments/1/17". */
void souk_told_cause(const struct found_event *found, char text_out[SOUK_SEEN_CURSOR_BYTES]);
/* A key as people type it: a UUID becomes its 16 bytes, other text stays as it is; they lie in `id` or `text`. */
struct souk_slice souk_told_key_parse(const char *text, struct souk_id *id);

#endif
