/*
 * souk_holder - answering pulls from the logs of a store: doc/protocol.md 8.
 */
#ifndef SOUK_HOLDER_H
#define SOUK_HOLDER_H

#include "souk_log.h"
#include "souk_outbox.h"
#include "souk_wire.h"
#include "souk_wiring.h"

struct souk_holder {
    const struct souk_wiring *wiring;           /* borrowed */
    bool is_store;                              /* an event store: it answers for every stream */
    uint8_t incarnation[8];
    uint32_t foreign;                           /* the highest epoch counter of a place in own streams that it does not know */
    uint64_t damaged;                           /* batches that were not served because their hash was wrong */
};

/* Put the answer to `pull` into `outbox` for `route`. 0, -SOUK_ENOMEM, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_holder_answer(struct souk_holder *holder, struct souk_txn *txn,
    const struct souk_wire_pull *pull, struct souk_slice route, struct souk_outbox *outbox);

#endif
