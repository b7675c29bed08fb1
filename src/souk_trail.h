/*
 * souk_trail - what own events were decided on: which command ids have been
 * used, and which own events stand on which event of another stream.
 *
 * Both are filled from own events like any table, so a rebuilt store has them
 * again, and both forget what is older than a window of event time.
 */
#ifndef SOUK_TRAIL_H
#define SOUK_TRAIL_H

#include "souk_batch.h"
#include "souk_store.h"

/* Where the events of one command are: one span for each own stream it wrote. */
struct souk_trail_span {
    struct souk_name stream;
    struct souk_epoch epoch;
    uint64_t first, last;
};

#define SOUK_TRAIL_SPANS_MAX SOUK_OWN_STREAMS_MAX

struct souk_trail_command {
    uint8_t hash[SOUK_COMMAND_HASH_BYTES];
    uint32_t span_count;
    struct souk_trail_span spans[SOUK_TRAIL_SPANS_MAX];
};

/* Note an own event: its command's id, or its cause. 0 or of the store. */
SOUK_MUST_CHECK int souk_trail_note(struct souk_txn *txn, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event);
/* 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_trail_command(struct souk_txn *txn, struct souk_slice caller, const struct souk_id *id,
    struct souk_trail_command *command_out);
/* Call `each` for every own event that stands on an event of `stream`, in the order of that, until it returns non-zero. */
SOUK_MUST_CHECK int souk_trail_caused(struct souk_txn *txn, const struct souk_name *stream,
    int (*each)(struct souk_point cause, const struct souk_name *own, struct souk_point caused, void *arg), void *arg);
/* The loss of `cause`, an event of `stream`, has been told to what stood on it. */
SOUK_MUST_CHECK int souk_trail_told(struct souk_txn *txn, const struct souk_name *stream, struct souk_point cause);
/* Forget what own events before `before_ms` left, at most `rows_max` rows. *rows_out: how many. */
SOUK_MUST_CHECK int souk_trail_age(struct souk_txn *txn, uint64_t before_ms, uint32_t rows_max, uint32_t *rows_out);

#endif
