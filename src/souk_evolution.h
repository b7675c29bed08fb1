/*
 * souk_evolution - what a changed description breaks.
 *
 * Services are upgraded one by one and events are kept for ever, so a new
 * description has to read what an older one wrote. The rules are in
 * souk.messages(5), under Evolution.
 */
#ifndef SOUK_EVOLUTION_H
#define SOUK_EVOLUTION_H

#include <souk-message.h>

/* Call `say` with a sentence for each break that lies between `before` and `after`. Gives their number. */
size_t souk_evolution_breaks(const struct souk_messages *before, const struct souk_messages *after,
    void (*say)(void *arg, const char *sentence), void *arg);

#endif
