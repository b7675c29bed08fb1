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

/*
 * Own events, one after the other, of which those of one command are noted
 * together: begun before the first, ended after the last. What it was given is
 * borrowed until the end.
 */
struct souk_trail_run {
    bool is_open;
    struct souk_event first;
    struct souk_name stream;
    struct souk_epoch epoch;
    uint64_t last;
    struct souk_trail_command command;          /* as it was noted last */
};
void souk_trail_begin(struct souk_trail_run *run);
/* Note an own event: its command's id, or its cause. 0 or of the store. */
SOUK_MUST_CHECK int souk_trail_note(struct souk_txn *txn, struct souk_trail_run *run, const struct souk_name *stream,
    struct souk_epoch epoch, const struct souk_event *event);
SOUK_MUST_CHECK int souk_trail_end(struct souk_txn *txn, struct souk_trail_run *run);
/* 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_trail_command(struct souk_txn *txn, struct souk_slice caller, const struct souk_id *id,
    struct souk_trail_command *command_out);
/* An own event that stands on an event of another stream. Slices are borrowed from the transaction. */
struct souk_trail_caused {
    struct souk_point cause;
    struct souk_name own;
    struct souk_point point;                    /* of the own event */
    struct souk_slice type, key;
    struct souk_id correlation;
    uint32_t depth;
    uint16_t version;
};
/* Call `each` for everything that stands on `stream`, until it returns non-zero, which is then returned. */
SOUK_MUST_CHECK int souk_trail_each(struct souk_txn *txn, const struct souk_name *stream,
    int (*each)(const struct souk_trail_caused *caused, void *arg), void *arg);
/* Does an own event stand on `cause`, an event of `stream`? Then that was reacted to. */
SOUK_MUST_CHECK int souk_trail_stands(struct souk_txn *txn, const struct souk_name *stream, struct souk_point cause,
    bool *stands_out);
/* The loss of `cause`, an event of `stream`, has been told to what stood on it. */
SOUK_MUST_CHECK int souk_trail_told(struct souk_txn *txn, const struct souk_name *stream, struct souk_point cause);
/* Forget the ids of own events before `ids_before_ms`, and what stood on others before `caused_before_ms`, at most `rows_max` rows of each. *ids_out: how many ids. */
SOUK_MUST_CHECK int souk_trail_age(struct souk_txn *txn, uint64_t ids_before_ms, uint64_t caused_before_ms,
    uint32_t rows_max, uint32_t *ids_out);

#endif
