/*
 * souk_parked_answer - what a service answers about its parked events:
 * souk.parked.list, souk.parked.event and souk.parked.settled, described in
 * src/parking.messages.zpl.
 */
#ifndef SOUK_PARKED_ANSWER_H
#define SOUK_PARKED_ANSWER_H

#include "souk_parked.h"
#include "souk_wire.h"
#include "souk_wiring.h"

#define SOUK_PARKED_LOOK_MAX 2000               /* rows that one query looks at; `next` goes on */
#define SOUK_PARKED_WAITING_MAX 10000           /* of one key, counted */

/* Is it one of these queries? */
bool souk_parked_is_query(struct souk_slice name);
/*
 * What events of private streams of `wiring` say is not shown.
 * Put the reply's payload into `pack` and its name into `reply_out`. 0; 1: refused, with the code in `reply_out`;
 * -SOUK_EINVAL (not what its description says), -SOUK_ENOMEM or of the store.
 */
SOUK_MUST_CHECK int souk_parked_answer(struct souk_txn *txn, const struct souk_wiring *wiring,
    const struct souk_wire_request *request, struct souk_pack *pack, const char **reply_out);

#endif
