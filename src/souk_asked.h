/*
 * souk_asked - the requests to other services that own events have asked for,
 * as rows, until an own event follows from their outcome.
 */
#ifndef SOUK_ASKED_H
#define SOUK_ASKED_H

#include "souk_batch.h"
#include "souk_store.h"

/* Slices are borrowed from the transaction. */
struct souk_asked {
    struct souk_because because;                /* SOUK_BY_OUTCOME: the own event that asked, and the how-manieth */
    struct souk_name service;
    struct souk_slice command;
    uint16_t version;
    struct souk_slice payload;
    struct souk_slice key;                      /* of the own event */
    struct souk_id correlation;
    uint32_t depth;
};

/* The request that an own event is the answer to is over. 0 or of the store. */
SOUK_MUST_CHECK int souk_asked_answered(struct souk_txn *txn, const struct souk_because *because);
/* 0, -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_asked_get(struct souk_txn *txn, const struct souk_because *because,
    struct souk_asked *asked_out);
/* Call `each` for every one until it returns non-zero, which is then returned. */
SOUK_MUST_CHECK int souk_asked_each(struct souk_txn *txn, int (*each)(const struct souk_asked *asked, void *arg),
    void *arg);

#endif
