/*
 * query - what its files share: places between pages, and who answers what.
 */
#ifndef SHOP_QUERY_H
#define SHOP_QUERY_H

#include <souk.h>

#include "shop.h"

/* ---- places between pages: query_from.c ----------------------------- */

#define QUERY_PLACE_BYTES_MAX 64        /* as described */
#define QUERY_FROM_BYTES (32 + 1 + QUERY_PLACE_BYTES_MAX + 1)

/* What a page says of where the next one begins: an id, and what is before it in the key. The slice is of `out`. */
struct souk_slice query_write_from(struct souk_id id, struct souk_slice place, char out[QUERY_FROM_BYTES]);
/* Anything else than what was written means: from the beginning, and leaves both as they are. */
void query_read_from(struct souk_slice from, struct souk_id *id_out, struct souk_slice *place_out);
/* The same for lists whose key has a time before the id. Zero both: from the beginning. */
struct souk_slice query_write_time_from(struct souk_id id, uint64_t time_ms, char out[QUERY_FROM_BYTES]);
void query_read_time_from(bool has_from, struct souk_slice from, uint64_t *time_ms_out, struct souk_id *id_out);

#endif
