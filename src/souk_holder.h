/*
 * souk_holder - answering pulls from the logs of a store: doc/protocol.md 8.
 */
#ifndef SOUK_HOLDER_H
#define SOUK_HOLDER_H

#include "souk_log.h"
#include "souk_outbox.h"
#include "souk_wire.h"
#include "souk_wiring.h"

#define SOUK_HOLDER_ASKED_MAX 1024              /* places for marks of what was asked for */

/*
 * Whoever pulls checks every hash, so what is sent is not hashed here, too. Whoever got a batch that is not what it was
 * drops it and asks again from where it stands; and what a peer asks for once more is looked at before it is sent. So
 * damage is noticed, is sent once at most to each peer, and who asks again is told to ask somebody else. All zero: it
 * may begin.
 */
struct souk_holder {
    const struct souk_wiring *wiring;           /* borrowed */
    bool is_store;                              /* an event store: it answers for every stream */
    uint8_t incarnation[8];
    uint32_t foreign;                           /* the highest epoch counter of a place in own streams that it does not know */
    uint64_t damaged;                           /* batches that were not served because their hash was wrong */
    uint64_t asked[SOUK_HOLDER_ASKED_MAX];      /* who asked for what, each where it follows from that */
};

/* Put the answer to `pull` into `outbox` for `route`. 0, -SOUK_ENOMEM, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_holder_answer(struct souk_holder *holder, struct souk_txn *txn,
    const struct souk_wire_pull *pull, struct souk_slice route, struct souk_outbox *outbox);

#endif
