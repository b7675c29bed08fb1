/*
 * same - do the two readings of doc/protocol.md agree on every value?
 *
 * The library's decoders and the simulator's (test/sim/check_decode.h) share no
 * code. Each function compares what both have read from the same bytes, and
 * returns NULL or the name of the first value that differs.
 */
#ifndef SAME_H
#define SAME_H

#include "souk_batch.h"
#include "souk_wire.h"

#include "../sim/check_decode.h"

/* `header` of a batch that passed souk_batch_check(). */
const char *same_batch(const struct souk_batch_header *header, const struct check_form *form);

const char *same_heads(const struct souk_wire_heads *heads, const struct check_message *message);
const char *same_pull(const struct souk_wire_pull *pull, const struct check_message *message);
const char *same_pulled(const struct souk_wire_pulled *pulled, const struct check_message *message);
const char *same_ack(const struct souk_wire_ack *ack, const struct check_message *message);
const char *same_seal(const struct souk_wire_seal *seal, const struct check_message *message);
const char *same_sealed(const struct souk_wire_sealed *sealed, const struct check_message *message);
const char *same_busy(const struct souk_wire_busy *busy, const struct check_message *message);
const char *same_fenced(const struct souk_wire_fenced *fenced, const struct check_message *message);
const char *same_request(const struct souk_wire_request *request, const struct check_message *message);
/* With the entries of the body. */
const char *same_reply(const struct souk_wire_reply *reply, const struct check_message *message);

#endif
