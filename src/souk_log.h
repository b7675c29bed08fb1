/*
 * souk_log - the batches of one stream, as its origin or an event store keeps them.
 *
 * A table a stream; a row a batch: its bytes, under its last number and epoch
 * counter (12 bytes, big-endian). An epoch record ends where its parent does,
 * in a higher epoch, so it has its place, and the batch that holds number n is
 * the first row not below n. Batches that leave the process are read with
 * their hash (souk_batch_read()); LMDB has no checksums.
 */
#ifndef SOUK_LOG_H
#define SOUK_LOG_H

#include "souk_batch.h"
#include "souk_lineage.h"
#include "souk_store.h"
#include "souk_wire.h"

struct souk_log {
    struct souk_name stream;
    struct souk_table table;
    bool exists;                        /* a reader may look before the first batch is there */
};

/* 0, -SOUK_EFULL or -SOUK_EIO. In a read transaction an absent log is an empty one. */
SOUK_MUST_CHECK int souk_log_open(struct souk_txn *txn, const struct souk_name *stream, struct souk_log *log_out);
/* Position after the last batch; the base when there is none, zero at the very start. *commit_out (may be NULL): its commit number. */
SOUK_MUST_CHECK int souk_log_head(struct souk_txn *txn, const struct souk_log *log, struct souk_position *head_out,
    uint64_t *commit_out);
/* When the last batch was made; 0: none is there. */
SOUK_MUST_CHECK int souk_log_time(struct souk_txn *txn, const struct souk_log *log, uint64_t *time_ms_out);
/* Position after the last batch that was trimmed; zero when none was. */
SOUK_MUST_CHECK int souk_log_base(struct souk_txn *txn, const struct souk_log *log, struct souk_position *base_out);

/* Append a batch that extends the head; an epoch record enters the lineage. 0, -SOUK_EFULL, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_log_append(struct souk_txn *txn, const struct souk_log *log,
    const struct souk_batch_header *header, struct souk_slice batch);

/* The batch that ends exactly at `point`. 0, -SOUK_ENOTFOUND. The hash is not computed again. */
SOUK_MUST_CHECK int souk_log_at(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    struct souk_slice *batch_out);
/* The first batch behind `point`. 0, -SOUK_ENOTFOUND (it is the head). */
SOUK_MUST_CHECK int souk_log_after(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    struct souk_slice *batch_out);
/* The batch that holds event `number` of this history. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_log_holding(struct souk_txn *txn, const struct souk_log *log, uint64_t number,
    struct souk_slice *batch_out);
/* The last batch that ends before `point`. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_log_before(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    struct souk_slice *batch_out);

/* doc/protocol.md 8: what to say to somebody who stands at `asked`. */
SOUK_MUST_CHECK int souk_log_judge(struct souk_txn *txn, const struct souk_log *log,
    const struct souk_position *asked, enum souk_verdict *verdict_out, struct souk_position *head_out,
    struct souk_point *common_out);

/*
 * An empty log begins behind `begin`, and what was before that is given up for good: accepted at `now_ms`. Whoever
 * stands before it is told `trimmed`, since nothing here knows the epochs that the hole has.
 */
SOUK_MUST_CHECK int souk_log_begin(struct souk_txn *txn, const struct souk_log *log, const struct souk_position *begin,
    uint64_t now_ms);
/* When what is before the log was given up; 0: it was not. */
SOUK_MUST_CHECK int souk_log_hole(struct souk_txn *txn, const struct souk_log *log, uint64_t *accepted_ms_out);

/* Delete whole batches whose last number is at most `number` (of records: below it) and whose time is before `before_ms`, at most `rows_max` of them, never the last one. *rows_out: how many. */
SOUK_MUST_CHECK int souk_log_trim(struct souk_txn *txn, const struct souk_log *log, uint64_t number,
    uint64_t before_ms, uint32_t rows_max, uint32_t *rows_out);

/*
 * Move every batch behind `point` to the table `souk.aside`, and its epochs out of the lineage. *rows_out: how many. A
 * log that began behind `point` begins at the start again.
 */
SOUK_MUST_CHECK int souk_log_set_aside(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    uint64_t *rows_out);

#endif
