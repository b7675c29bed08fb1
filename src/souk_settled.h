/*
 * souk_settled - what became of parked events that the operator has seen to:
 * retried in the end, or given up, by whom, when and why.
 *
 * A store with such rows may differ from what the log alone would give, so
 * they are kept; beyond SOUK_SETTLED_MAX the oldest one is forgotten. A row
 * also answers a command that is sent again.
 */
#ifndef SOUK_SETTLED_H
#define SOUK_SETTLED_H

#include "souk_parked.h"

#define SOUK_SETTLED_MAX 4096
#define SOUK_SETTLED_WHO_BYTES_MAX 64

enum souk_settled_how { SOUK_SETTLED_RETRIED, SOUK_SETTLED_DISCARDED };

/* Slices are borrowed: from the transaction when read. */
struct souk_settled {
    uint64_t sequence;                          /* that it was parked under */
    enum souk_settled_how how;
    enum souk_parked_kind kind;
    struct souk_name stream;
    struct souk_point point;
    struct souk_slice type, key;
    uint64_t since_ms, at_ms;                   /* wall: parked, settled */
    struct souk_id command_id;                  /* of the order */
    struct souk_slice who, why;
};

/* How `parked` is settled; its slices are borrowed. */
struct souk_settled souk_settled_of(const struct souk_parked *parked, enum souk_settled_how how);
SOUK_MUST_CHECK int souk_settled_put(struct souk_txn *txn, const struct souk_settled *settled);
/* 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_settled_get(struct souk_txn *txn, uint64_t sequence, struct souk_settled *settled_out);
/* The latest one before `sequence`; 0: of all. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_settled_before(struct souk_txn *txn, uint64_t sequence, struct souk_settled *settled_out);
/* The highest sequence that is in here; 0: none. */
SOUK_MUST_CHECK int souk_settled_last(struct souk_txn *txn, uint64_t *sequence_out);

#endif
