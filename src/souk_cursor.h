/*
 * souk_cursor - how far a service has followed each stream, as rows of its store.
 *
 * A row goes with the tables that the stream fills: `generation` names those
 * that readers see, `beside` those that are being filled anew because the
 * cursor was void (doc/protocol.md 12.5).
 */
#ifndef SOUK_CURSOR_H
#define SOUK_CURSOR_H

#include "souk_position.h"
#include "souk_store.h"

struct souk_cursor {
    struct souk_position position;
    uint32_t generation;
    uint32_t generation_beside;                 /* 0: none is being filled */
    struct souk_position beside;
    struct souk_point reacted;                  /* events that it covers are not reacted to (again) */
    struct souk_point joining;                  /* added late: others wait until it is there; zero: not */
    bool owes_reactions;                        /* souk_owed has batches of it */
    bool owes_losses;                           /* a record was passed: own events on what it voided have to be told */
};

/* All zero when the stream has no row yet. 0 or of the store. */
SOUK_MUST_CHECK int souk_cursor_get(struct souk_txn *txn, const struct souk_name *stream,
    struct souk_cursor *cursor_out);
SOUK_MUST_CHECK int souk_cursor_put(struct souk_txn *txn, const struct souk_name *stream,
    const struct souk_cursor *cursor);

#endif
