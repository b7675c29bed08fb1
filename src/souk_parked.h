/*
 * souk_parked - followed events that a handler failed on, and what has to wait
 * behind them because it has the same key.
 *
 * Parking counts as applied for cursors and causes. The operator retries or
 * gives up (souk_settled.h); until then later events of the key are parked too,
 * in order. Sequences are not given twice while anything is parked or settled.
 */
#ifndef SOUK_PARKED_H
#define SOUK_PARKED_H

#include "souk_batch.h"
#include "souk_lineage.h"
#include "souk_store.h"

#define SOUK_PARKED_TEXT_BYTES_MAX 200

/* An event to be applied and, perhaps, reacted to; a loss to be told; an event that was applied and is to be reacted to. */
enum souk_parked_kind { SOUK_PARKED_EVENT, SOUK_PARKED_LOSS, SOUK_PARKED_REACTION };

/* Slices are borrowed: from the transaction when read. */
struct souk_parked {
    uint64_t sequence;                          /* given by souk_parked_add() */
    enum souk_parked_kind kind;
    struct souk_name stream;                    /* of the event; of the loss the stream that was rewound */
    struct souk_epoch epoch;                    /* of the event; of the loss the lost point's */
    struct souk_event event;                    /* of a loss: the own event that stands on it, `number` the lost one's */
    struct souk_name caused_stream;             /* of a loss: where the own event is */
    struct souk_point caused;
    bool reacts;                                /* a reaction to it is due when it is run */
    struct souk_slice text;                     /* why */
    uint64_t since_ms;                          /* wall: when it was parked */
    uint32_t tries;                             /* times that its handler has failed; 0: it waits behind another one */
};

SOUK_MUST_CHECK int souk_parked_add(struct souk_txn *txn, const struct souk_parked *parked);
/* Does anything with this key wait? */
SOUK_MUST_CHECK int souk_parked_has(struct souk_txn *txn, struct souk_slice key, bool *has_out);
/* The first one with this key, in the order of parking. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_parked_first(struct souk_txn *txn, struct souk_slice key, struct souk_parked *parked_out);
SOUK_MUST_CHECK int souk_parked_get(struct souk_txn *txn, uint64_t sequence, struct souk_parked *parked_out);
/* The next one behind `sequence`. 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_parked_after(struct souk_txn *txn, uint64_t sequence, struct souk_parked *parked_out);
/* The first one with this key, and how many there are, counted up to `count_max`; 0: none. */
SOUK_MUST_CHECK int souk_parked_queue(struct souk_txn *txn, struct souk_slice key, uint32_t count_max,
    uint64_t *first_out, uint32_t *count_out);
/* It was run again and stays: put down how often, and why. `parked` is not of a row that is still borrowed. */
SOUK_MUST_CHECK int souk_parked_note(struct souk_txn *txn, const struct souk_parked *parked);
SOUK_MUST_CHECK int souk_parked_remove(struct souk_txn *txn, const struct souk_parked *parked);
/* The tables of `stream` are about to be filled anew, parked events and all; reactions that are due stay parked. */
SOUK_MUST_CHECK int souk_parked_refill(struct souk_txn *txn, const struct souk_name *stream);
/* They are full: nobody reacts any more to what is not in the history that has reached `head`. */
SOUK_MUST_CHECK int souk_parked_refilled(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    struct souk_point head);
SOUK_MUST_CHECK int souk_parked_count(struct souk_txn *txn, uint64_t *count_out);
SOUK_MUST_CHECK int souk_parked_each(struct souk_txn *txn,
    int (*each)(const struct souk_parked *parked, void *arg), void *arg);

#endif
