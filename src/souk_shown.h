/*
 * souk_shown - events, messages and keys as people and programs read them: JSON
 * with the names of CloudEvents, and what souk knows beside them. What the
 * descriptions do not know is shown as it is, in hexadecimal digits.
 */
#ifndef SOUK_SHOWN_H
#define SOUK_SHOWN_H

#include <jansson.h>

#include "souk_batch.h"
#include "souk_catalogue.h"
#include "souk_wire.h"

#define SOUK_SHOWN_TIME_BYTES 25                /* "2026-11-22T10:00:00.123Z" and a NUL */
#define SOUK_SHOWN_KEY_BYTES 140                /* of any key as text, with its NUL */

/* One event of one stream; slices are borrowed. */
struct souk_shown_event {
    struct souk_name stream;
    struct souk_epoch epoch;
    struct souk_event event;
};

/* An object; NULL without memory. */
json_t *souk_shown_event_json(const struct souk_catalogue *catalogue, const struct souk_shown_event *event);
/* What a packed message says, by its description; without one a string of hexadecimal digits. NULL without memory. */
json_t *souk_shown_message_json(const struct souk_catalogue *catalogue, struct souk_slice name, uint16_t version,
    struct souk_slice packed);
/* The key of an event of type `type`: an id, text, or hexadecimal digits. */
void souk_shown_key(const struct souk_catalogue *catalogue, struct souk_slice type, struct souk_slice key,
    char text_out[SOUK_SHOWN_KEY_BYTES]);
/* ms since 1970, UTC. */
void souk_shown_time(uint64_t time_ms, char text_out[SOUK_SHOWN_TIME_BYTES]);

#endif
