/*
 * souk_lineage - the epochs of the history of a stream, each with the number
 * that its record stands behind.
 *
 * One table of the store; `generation` tells the tables of a followed stream
 * that is being filled beside from those that readers see (0 for own and
 * recorded streams). doc/protocol.md 4.
 */
#ifndef SOUK_LINEAGE_H
#define SOUK_LINEAGE_H

#include "souk_position.h"
#include "souk_store.h"

/* The epoch `epoch` follows on `base_number`. 0 or of the store. */
SOUK_MUST_CHECK int souk_lineage_put(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    struct souk_epoch epoch, uint64_t base_number);
/*
 * Is `point` in the history that has reached `head`? *in_out: yes when its
 * epoch is there and its number is not above the last one of that epoch. The zero point is in every history.
 */
SOUK_MUST_CHECK int souk_lineage_has(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    struct souk_point point, struct souk_point head, bool *in_out);
/* The last point of the history up to `head` whose epoch counter is at most `counter`; zero when there is none. */
SOUK_MUST_CHECK int souk_lineage_last(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    uint32_t counter, struct souk_point head, struct souk_point *point_out);
/* Forget the epochs above `counter`. */
SOUK_MUST_CHECK int souk_lineage_cut(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    uint32_t counter);

#endif
