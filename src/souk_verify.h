/*
 * souk_verify - is every batch of a store's logs what it was, and does each
 * follow on the one before? In parts of bounded size.
 */
#ifndef SOUK_VERIFY_H
#define SOUK_VERIFY_H

#include "souk_log.h"

#define SOUK_VERIFY_TEXT_BYTES_MAX 200

struct souk_verify {
    struct souk_name stream;                    /* empty: it has not begun, or has ended */
    struct souk_position position;              /* behind the last batch that was verified; zero: before all */
    uint64_t batches, events, bytes;            /* verified so far */
    char fault[SOUK_VERIFY_TEXT_BYTES_MAX + 1]; /* what is wrong behind `position`; empty: nothing */
};

/*
 * Verify the log of `verify->stream` behind `verify->position`, until its end,
 * a fault, or the batch with which verify->bytes reaches `bytes_max`. *more_out:
 * there are batches left. 0 or of the store; a fault is no error.
 */
SOUK_MUST_CHECK int souk_verify_stream(struct souk_txn *txn, struct souk_verify *verify, uint64_t bytes_max,
    bool *more_out);
/* Go on to the beginning of the next stream by name, the first one when it is empty; empty when there is none. */
SOUK_MUST_CHECK int souk_verify_next_stream(struct souk_txn *txn, struct souk_verify *verify);

#endif
