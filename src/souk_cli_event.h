/*
 * souk_cli_event - events, cursors and keys as people and programs read them.
 *
 * JSON has the names of CloudEvents, and what souk knows beside them. What the
 * descriptions do not know is shown as it is, in hexadecimal digits.
 */
#ifndef SOUK_CLI_EVENT_H
#define SOUK_CLI_EVENT_H

#include <jansson.h>

#include "souk_batch.h"
#include "souk_catalogue.h"
#include "souk_cli.h"
#include "souk_wire.h"

#define SOUK_CLI_TIME_BYTES 25                  /* "2026-11-22T10:00:00.123Z" and a NUL */
#define SOUK_CLI_KEY_BYTES 140                  /* of any key as text, with its NUL */
#define SOUK_CLI_CURSOR_BYTES 96                /* "comments=2.00c0ffee00c0ffee:17" and a NUL */

/* One event of one stream; slices are borrowed. */
struct souk_cli_event {
    struct souk_name stream;
    struct souk_epoch epoch;
    struct souk_event event;
};

/* Where an event is, as people name it. */
struct souk_cli_place {
    struct souk_name stream;
    uint32_t counter;                           /* of the epoch; 0: whatever it was */
    uint64_t number;
};

/* An object; NULL without memory. */
json_t *souk_cli_event_json(const struct souk_catalogue *catalogue, const struct souk_cli_event *event);
/* One line: time, stream/epoch/number, type, key, what it says. */
void souk_cli_event_line(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_cli_event *event);

/* The same of what is at hand; `data` NULL: it is not shown. */
void souk_cli_line_of(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_cli_place *place, uint64_t time_ms, struct souk_slice type, struct souk_slice key,
    const json_t *data);

/* What a packed message says, by its description; without one a string of hexadecimal digits. NULL without memory. */
json_t *souk_cli_message_json(const struct souk_catalogue *catalogue, struct souk_slice name, uint16_t version,
    struct souk_slice packed);
/* The key of an event of type `type`: an id, text, or hexadecimal digits. */
void souk_cli_key(const struct souk_catalogue *catalogue, struct souk_slice type, struct souk_slice key,
    char text_out[SOUK_CLI_KEY_BYTES]);
/* ms since 1970, UTC. */
void souk_cli_time(uint64_t time_ms, char text_out[SOUK_CLI_TIME_BYTES]);
/* 2026-11-22, 2026-11-22T10:00:00[.123][Z], "10m" ago (s, m, h, d), or ms since 1970. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_cli_time_parse(const char *text, uint64_t now_ms, uint64_t *time_ms_out);
/* A cursor as --seen takes it. */
void souk_cli_cursor(const struct souk_cause *cursor, char text_out[SOUK_CLI_CURSOR_BYTES]);
/*
 * Cursors with commas between them are added to `cursors`, which has room for
 * SOUK_WIRE_SEEN_MAX. 0, -SOUK_EINVAL or -SOUK_ETOOBIG.
 */
SOUK_MUST_CHECK int souk_cli_cursors_parse(const char *text, struct souk_cause *cursors, uint32_t *count_p);
/* STREAM/NUMBER, STREAM/COUNTER/NUMBER or STREAM/COUNTER.BITS/NUMBER; counter 0: none was given. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_cli_place_parse(const char *text, struct souk_cli_place *place_out);


#endif
