/*
 * souk_cli_event - events as lines, and what people type to say which ones they mean.
 */
#ifndef SOUK_CLI_EVENT_H
#define SOUK_CLI_EVENT_H

#include <jansson.h>

#include "souk_cli.h"
#include "souk_seen.h"
#include "souk_shown.h"

/* Where an event is, as people name it. */
struct souk_cli_place {
    struct souk_name stream;
    uint32_t counter;                           /* of the epoch; 0: whatever it was */
    uint64_t number;
};

/* One line: time, stream/epoch/number, type, key, what it says. */
void souk_cli_event_line(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_shown_event *event);

/* The same of what is at hand; `data` NULL: it is not shown. */
void souk_cli_line_of(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_cli_place *place, uint64_t time_ms, struct souk_slice type, struct souk_slice key,
    const json_t *data);

/* 2026-11-22, 2026-11-22T10:00:00[.123][Z], "10m" ago (s, m, h, d), or ms since 1970. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_cli_time_parse(const char *text, uint64_t now_ms, uint64_t *time_ms_out);
/* STREAM/NUMBER, STREAM/COUNTER/NUMBER or STREAM/COUNTER.BITS/NUMBER; counter 0: none was given. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_cli_place_parse(const char *text, struct souk_cli_place *place_out);

#endif
