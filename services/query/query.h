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

/* ---- reviews: query_reviews.c --------------------------------------- */

/* What people think of a product: hundredths of a star, and how many they are. Both 0 without reviews. */
SOUK_MUST_CHECK int query_stars(const struct souk_view *view, struct souk_id product_id, uint16_t *average_out,
    uint32_t *reviews_out);

int query_apply_registered(struct souk_tables *tables, const struct accounts_registered *event);
int query_apply_left(struct souk_tables *tables, const struct accounts_left *event);
int query_apply_renamed(struct souk_tables *tables, const struct accounts_renamed *event);
int query_apply_review_updated(struct souk_tables *tables, const struct review_updated *event);
int query_apply_review_kept(struct souk_tables *tables, const struct review_kept *event);
int query_apply_moderation_queued(struct souk_tables *tables, const struct moderation_queued *event);
int query_apply_moderation_judged(struct souk_tables *tables, const struct moderation_judged *event);
int query_apply_moderation_dropped(struct souk_tables *tables, const struct moderation_dropped *event);
int query_index_review_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
int query_answer_reviews(const struct souk_view *view, const struct query_reviews *query,
    struct souk_answer *answer);
int query_answer_my_review(const struct souk_view *view, const struct query_my_review *query,
    struct souk_answer *answer);
int query_answer_my_reviews(const struct souk_view *view, const struct query_my_reviews *query,
    struct souk_answer *answer);
int query_answer_moderation(const struct souk_view *view, const struct query_moderation *query,
    struct souk_answer *answer);

#endif
