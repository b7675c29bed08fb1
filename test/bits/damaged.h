/*
 * damaged - what comes out of a store in which one bit is another.
 *
 * Whoever has a hash must notice: no batch that is not the one which was once
 * written may be served, recorded or applied, whole or in part. That something
 * is missing, or that the store is refused, is how it should be. Rows that have
 * no hash (a service's tables, its cursors, which command ids it knows) may
 * lead a service to decide again what it had decided; that is counted.
 */
#ifndef DAMAGED_H
#define DAMAGED_H

#include "history.h"

#define DAMAGED_WHY_BYTES (SOUK_ERROR_TEXT_BYTES_MAX + 64)

enum verdict {
    SERVED_WHOLE,                               /* everything, as it was */
    SERVED_LESS,                                /* a part of it, as it was */
    REFUSED,                                    /* it does not open, or its machine does not */
    DECIDED_AGAIN,                              /* a command's id was forgotten or led astray */
    WRONG,
    VERDICTS,
};

/* What was noticed, of one or many bits. */
struct damaged_seen {
    uint64_t by_hash_alone;                     /* batches of the right form, but for their hash */
    uint64_t faults;                            /* machines that stopped with an error */
    uint64_t restless;                          /* machines that never have nothing to do */
};

/*
 * Flip bit `bit` in the data file of node `at` (NODE_ORDERS or NODE_ARCHIVE) and try everything, below the
 * directory `root`, which is empty before and afterwards. Where the store alone gives out everything as it was, its
 * machine is not started unless `always`. `why_out` says what was wrong. It may well end the process.
 */
enum verdict damaged_try(const struct history *history, const char *root, uint32_t at, uint64_t bit, bool always,
    struct damaged_seen *seen, char why_out[DAMAGED_WHY_BYTES]);

/* Throw away what a process that ended within damaged_try() left below `root`. */
void damaged_clear(const char *root);

#endif
