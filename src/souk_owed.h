/*
 * souk_owed - batches of followed streams that were applied while it was not
 * known whether they had been reacted to, and what is known of that.
 *
 * A store that is filled again applies a history before it knows which part of
 * it the service had reacted to: own batches name how far it was, epoch by
 * epoch, and only a later record shows which of these epochs are in the history.
 * Such batches wait here and are reacted to, or not, once the service is live.
 * doc/protocol.md 12.5 and 12.7.
 */
#ifndef SOUK_OWED_H
#define SOUK_OWED_H

#include "souk_batch.h"
#include "souk_store.h"

/* An own batch names `point` of `stream` as a cause: so far it was reacted to, in that epoch. */
SOUK_MUST_CHECK int souk_owed_name(struct souk_txn *txn, const struct souk_name *stream, struct souk_point point);
/* Is `point` covered by what was named in its own epoch? */
SOUK_MUST_CHECK int souk_owed_named(struct souk_txn *txn, const struct souk_name *stream, struct souk_point point,
    bool *named_out);
/*
 * The furthest point named that is in the history of `generation` up to
 * `head`: everything before it was reacted to. Zero when none is.
 */
SOUK_MUST_CHECK int souk_owed_frontier(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    struct souk_point head, struct souk_point *frontier_out);

/* Keep `batch` until it is decided; of its events those from number `from` on. 0, -SOUK_ENOMEM or of the store. */
SOUK_MUST_CHECK int souk_owed_put(struct souk_txn *txn, const struct souk_name *stream, uint64_t from,
    struct souk_slice batch);
/* The oldest batch kept, and from which event on; borrowed. *key_out for the next two. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_owed_first(struct souk_txn *txn, const struct souk_name *stream, uint64_t *key_out,
    uint64_t *from_out, struct souk_slice *batch_out);
/* Of `batch`, which is what was kept at `key`, only the events from `from` on are owed still. */
SOUK_MUST_CHECK int souk_owed_shorten(struct souk_txn *txn, const struct souk_name *stream, uint64_t key,
    uint64_t from, struct souk_slice batch);
SOUK_MUST_CHECK int souk_owed_remove(struct souk_txn *txn, const struct souk_name *stream, uint64_t key);

#endif
