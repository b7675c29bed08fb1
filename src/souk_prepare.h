/*
 * souk_prepare - running a service's `prepare` handlers outside of the writer's
 * transaction: one of these for each thread that does.
 */
#ifndef SOUK_PREPARE_H
#define SOUK_PREPARE_H

#include <souk.h>
#include "souk_core.h"
#include "souk_store.h"

/* What a prepare handler hands to decide. */
struct souk_prepared {
    struct souk_arena *arena;
    struct souk_slice bytes;
};

struct souk_preparer;

/* Has the service anything to prepare? */
bool souk_prepares(const struct souk_service *service);

/* `service` and `wiring` are borrowed for life. 0, -SOUK_ENOMEM, -SOUK_EINVAL (its tables). */
SOUK_MUST_CHECK int souk_preparer_open(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_preparer **preparer_out, struct souk_error *err);
void souk_preparer_close(struct souk_preparer **preparer_p);

/*
 * Run the handler for `preparation` over what `txn`, a read transaction, shows.
 * *bytes_out is what it handed over, good until the next run. A payload that
 * does not decode gives nothing: decide says what is wrong with it. 0 or what
 * the handler failed with.
 */
SOUK_MUST_CHECK int souk_preparer_run(struct souk_preparer *preparer, struct souk_txn *txn,
    const struct souk_preparation *preparation, struct souk_slice *bytes_out);

#endif
