/*
 * souk_clock - does somebody set the wall clock? It is held against the steady
 * one, which nobody sets.
 */
#ifndef SOUK_CLOCK_H
#define SOUK_CLOCK_H

#include <souk.h>
#include "souk_wiring.h"

#define SOUK_CLOCK_STEP_MS 250          /* between two looks; a clock that is slewed moves by less than 1 ms in a second */

/* Begins as zero. */
struct souk_clock_watch {
    bool has_looked;
    int64_t apart_ms;                   /* wall less steady, when last looked */
    uint64_t steps;
};

/* True when it was set since the last look, by `moved_ms_out`. */
bool souk_clock_look(struct souk_clock_watch *watch, struct souk_time now, int64_t *moved_ms_out);

#endif
