/*
 * souk_forgotten - the persons whom own events have forgotten: whose keys are
 * destroyed, now or as soon as this is committed, and again whenever an old copy
 * of the keyring or an emptied store has come back.
 */
#ifndef SOUK_FORGOTTEN_H
#define SOUK_FORGOTTEN_H

#include "souk_store.h"

/* 0 or of the store; a person who is in it already is fine. */
SOUK_MUST_CHECK int souk_forgotten_put(struct souk_txn *txn, const struct souk_id *person);
/* Call `each` for everybody. 0, what `each` gave, or of the store. */
SOUK_MUST_CHECK int souk_forgotten_each(struct souk_txn *txn, int (*each)(void *arg, const struct souk_id *person),
    void *arg);

#endif
