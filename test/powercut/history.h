/*
 * The log of one stream, as a service writes it: epoch records and batches of
 * events in the transaction that caused them, each with a log position, as an
 * event store gives them.
 */
#ifndef POWERCUT_HISTORY_H
#define POWERCUT_HISTORY_H

#include <souk_store.h>

/* Append one batch of `events` events; before the first of all, and where `new_epoch`, an epoch record. */
SOUK_MUST_CHECK int history_append(struct souk_txn *txn, uint64_t commit, unsigned events, bool new_epoch);

/*
 * Walk the whole log: every batch has its hash, every event its form, each
 * batch extends the one before it, and the last belongs to commit `commit`.
 * 0, or -SOUK_EDAMAGED and the like.
 */
SOUK_MUST_CHECK int history_check(struct souk_store *store, uint64_t commit);

#endif
