/*
 * souk_cli_where - where a replay begins or ends, as people say it: a time, a
 * log position, an event, or cursors.
 *
 * What streams are pulled from is a vector of cursors; an event store says
 * which one such a place stands for.
 */
#ifndef SOUK_CLI_WHERE_H
#define SOUK_CLI_WHERE_H

#include "souk_cli_store.h"
#include "souk_log_position.h"
#include "souk_seen.h"

enum souk_cli_where_kind {
    SOUK_CLI_AT_TIME,                           /* what happened before it is over */
    SOUK_CLI_AT_LOG_POSITION,                   /* what stands before it in that log is */
    SOUK_CLI_AT_EVENT,                          /* what was recorded before it is */
    SOUK_CLI_AT_CURSORS,                        /* they are what has been reached; of other streams they say nothing */
};

struct souk_cli_where {
    enum souk_cli_where_kind kind;
    uint64_t time_ms;
    struct souk_log_position position;
    struct souk_cli_place event;
    struct souk_seen cursors;
};

/* What is over of one stream. */
struct souk_cli_reached {
    struct souk_name stream;
    struct souk_position position;              /* whole batches */
    uint64_t number;                            /* the last event; of the next batch, when it is above the position's */
};

struct souk_cli_vector {
    size_t count;
    struct souk_cli_reached streams[SOUK_STREAMS_MAX];
};

/* 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_cli_where_parse(const char *text, uint64_t now_ms, struct souk_cli_where *where_out);
/*
 * The vector that `where` stands for; a stream of which nothing is over is not
 * in it. 0, or an exit status, and what is wrong has been said.
 */
int souk_cli_where_ask(struct souk_cli_store *store, const struct souk_cli_where *where,
    struct souk_cli_vector *vector_out);
const struct souk_cli_reached *souk_cli_vector_find(const struct souk_cli_vector *vector,
    const struct souk_name *stream);
/*
 * Ask no other event store from now on than the one that `position` names, and
 * tell its incarnation. 0, or an exit status: the position means nothing there.
 */
int souk_cli_where_log(struct souk_cli_store *store, const struct souk_log_position *position,
    uint8_t incarnation_out[SOUK_INCARNATION_BYTES]);

#endif
