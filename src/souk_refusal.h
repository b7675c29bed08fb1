/*
 * souk_refusal - an answer for whoever wrote a request that cannot be taken:
 * malformed, of another version of the protocol, or brought to the wrong door.
 */
#ifndef SOUK_REFUSAL_H
#define SOUK_REFUSAL_H

#include "souk_outbox.h"

/*
 * Put the answer to `frame`, which came to `door` and is not taken, into
 * `outbox` for `route`. Nothing when the frame is no request, or its id cannot
 * be read, or there is no memory.
 */
void souk_refusal_put(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route,
    struct souk_slice frame);
/* What is missing to most who are forbidden something. */
#define SOUK_REFUSAL_NO_RIGHT "the topology gives this key no right to that"
/* As that: the answer to a request whose sender has no right to it, with what is missing, a sentence without a full stop. */
void souk_refusal_forbid(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route,
    struct souk_slice frame, const char *text);
/* As that: the pass that came with it is no good, and why. */
void souk_refusal_pass(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route,
    struct souk_slice frame, const char *why_not);

#endif
