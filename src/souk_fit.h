/*
 * souk_fit - do a topology and the descriptions of its messages speak of the
 * same system?
 *
 * A topology that was read has one writer for each stream and no loop of
 * requests; a description that was read has no circle of event types without a
 * guard. What is looked at here needs both.
 */
#ifndef SOUK_FIT_H
#define SOUK_FIT_H

#include "souk_catalogue.h"
#include "souk_topology.h"

enum souk_fit_grade {
    SOUK_FIT_WRONG,                     /* something would not work */
    SOUK_FIT_NOTE,                      /* something is left over */
};

/*
 * Call `say` with a sentence for each thing that does not fit; `where` is the
 * line of the topology's entry that it is about, 0: of none. Gives the number of wrong ones.
 */
size_t souk_fit_check(const struct souk_topology *topology, const struct souk_catalogue *catalogue,
    void (*say)(void *arg, enum souk_fit_grade grade, unsigned where, const char *sentence), void *arg);

/*
 * What an upgrade from `before` to `after` would break: messages that cannot be
 * read any more, streams that change their writer or stop being private, another
 * name of the system. Calls `say` with a sentence for each. Gives their number.
 */
size_t souk_fit_breaks(const struct souk_topology *before, const struct souk_catalogue *catalogue_before,
    const struct souk_topology *after, const struct souk_catalogue *catalogue_after,
    void (*say)(void *arg, const char *sentence), void *arg);

#endif
