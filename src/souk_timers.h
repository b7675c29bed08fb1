/*
 * souk_timers - what a service wants to be reminded of, as rows that own events
 * set and clear.
 *
 * A timer is over with the first own event whose cause it is; setting it again
 * moves it. A reaction that emitted nothing is remembered by the process only,
 * so a timer that nobody answers comes again after a restart.
 */
#ifndef SOUK_TIMERS_H
#define SOUK_TIMERS_H

#include "souk_batch.h"
#include "souk_store.h"

#define SOUK_TIMER_KIND_BYTES_MAX SOUK_NAME_BYTES_MAX

/* One that is set, and by which own event. Slices are borrowed from the transaction or from the arena given. */
struct souk_timer_row {
    char kind[SOUK_TIMER_KIND_BYTES_MAX + 1];
    struct souk_slice key;
    uint64_t due_ms;
    struct souk_because because;                /* SOUK_BY_TIMER: the own event that set it, and the how-manieth */
    struct souk_id correlation;
    uint32_t depth;
};

/* The timers that an own event is the answer to are over. 0 or of the store. */
SOUK_MUST_CHECK int souk_timers_answered(struct souk_txn *txn, const struct souk_because *because);
/* The first timer that is due at or before `now_ms` and not below (due, setter) of `after`, NULL: from the first. -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_timers_due(struct souk_txn *txn, uint64_t now_ms, const struct souk_timer_row *after,
    struct souk_arena *arena, struct souk_timer_row *row_out);
/* When the next one is due; UINT64_MAX: never. */
SOUK_MUST_CHECK int souk_timers_next_ms(struct souk_txn *txn, uint64_t *due_ms_out);

#endif
