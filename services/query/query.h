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

/* The same for what the staff did: time, stream and number, as they stand in the key. All zero: from the beginning. */
struct query_deed_place {
    uint64_t before_ms;
    uint8_t stream;
    uint64_t before;
};

struct souk_slice query_write_deed_place(const struct query_deed_place *place, char out[QUERY_FROM_BYTES]);
void query_read_deed_place(bool has_from, struct souk_slice from, struct query_deed_place *place_out);

/* ---- who of the staff did what: query_deeds.c ------------------------ */

/* Which stream says so; the numbers stand in keys. */
enum query_told_by {
    QUERY_TOLD_BY_CATALOG,
    QUERY_TOLD_BY_INVENTORY,
    QUERY_TOLD_BY_ORDERS,
    QUERY_TOLD_BY_ACCOUNTS,
    QUERY_TOLD_BY_MODERATION,
};

/* `deed` without its time and names, from an apply of that stream's. Nothing when nobody of the staff did it. */
SOUK_MUST_CHECK int query_put_deed(struct souk_tables *tables, enum query_told_by told_by, bool has_by,
    struct souk_id by, struct deed_line deed);
/* Whom accounts has forgotten, or not told of yet, is nobody by name. */
SOUK_MUST_CHECK int query_name_person(const struct souk_view *view, struct souk_id person, struct souk_slice *name_out);
/* A product that this service has not heard of yet has no name. */
SOUK_MUST_CHECK int query_name_product(const struct souk_view *view, struct souk_id product_id,
    struct souk_slice *slug_out, struct souk_slice *title_out);

int query_index_deed_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
int query_apply_appointed(struct souk_tables *tables, const struct accounts_appointed *event);
int query_apply_forbidden(struct souk_tables *tables, const struct moderation_forbidden *event);
int query_apply_allowed(struct souk_tables *tables, const struct moderation_allowed *event);
int query_answer_deeds(const struct souk_view *view, const struct query_deeds *query, struct souk_answer *answer);

/* ---- lists that change while one leafs through them: query_lists.c ---- */

#define QUERY_LIST_BYTES 41             /* of a name, as described, and its end */
#define QUERY_PLACE_BYTES (QUERY_PLACE_BYTES_MAX + 1)

/* What is listed. The letters stand in keys. */
enum query_kind { QUERY_PRODUCT = 'p', QUERY_REVIEW = 'r', QUERY_CUSTOMER = 'c' };

struct query_list {
    enum query_kind kind;
    unsigned sort;                      /* a sort_order, review_order or customer_order */
    char name[QUERY_LIST_BYTES];
};

/* `of` tells lists of one sort order apart; 37 bytes at most. */
void query_name_list(struct query_list *list, enum query_kind kind, unsigned sort, struct souk_slice of);
/* Numbers that sort as text does. The slice is of `out`. */
struct souk_slice query_write_place(uint64_t place, char out[QUERY_PLACE_BYTES]);
/* What it is in lists has to be made anew: query_index_product() and its like are called for it. */
SOUK_MUST_CHECK int query_touch_lists(struct souk_tables *tables, enum query_kind kind, struct souk_id id);
/* From these: it stands there. */
SOUK_MUST_CHECK int query_index_entry(struct souk_index_rows *rows, const struct query_list *list, const char *place,
    struct souk_id id);
int query_index_lists(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
/*
 * From an apply that moves it, or takes it out of all lists for now: where it
 * stood before. Only the stream that decides of the order may say so.
 */
SOUK_MUST_CHECK int query_note_move(struct souk_tables *tables, enum query_kind kind, unsigned sort, struct souk_id id,
    struct souk_slice place);

/* A list from a page on, as it stood when its first page was made. */
struct query_walk {
    const struct souk_view *view;
    struct query_list list;
    uint64_t as_of;                     /* the move after which it stands so */
    bool is_anew;                       /* that was too long ago: it stands as it does now */
    struct move *moved;                 /* since, by id */
    size_t moved_count;
    struct move *returning;             /* of these, those that are yet to come, in their order */
    size_t returning_count, returning_at;
    struct souk_rows *rows;
    struct list_entry ahead, at;
    bool has_ahead, is_over;
};

#define QUERY_WALK_FROM_BYTES (16 + 1 + QUERY_FROM_BYTES)

/* Ends with query_walk_end() when this gives 0. */
SOUK_MUST_CHECK int query_walk_begin(const struct souk_view *view, const struct query_list *list, bool has_from,
    struct souk_slice from, struct query_walk *walk);
/* -SOUK_ENOTFOUND at the end. */
SOUK_MUST_CHECK int query_walk_next(struct query_walk *walk, struct souk_id *id_out);
void query_walk_end(struct query_walk *walk);
/* What a page says when the next one begins with what query_walk_next() gave last. The slice is of `out`. */
struct souk_slice query_walk_from(const struct query_walk *walk, char out[QUERY_WALK_FROM_BYTES]);

/* ---- products in order: query_shelf.c -------------------------------- */

/* All that are for sale, or those of a category. */
void query_name_shelf(struct query_list *list, enum sort_order sort, struct souk_slice category);
/* All by title, or those of a state. */
void query_name_office_shelf(struct query_list *list, bool has_state, enum product_state state);
/* Where a product stands that so much of was sold, or that so many think so well of. The slice is of `out`. */
struct souk_slice query_place_of_rank(uint64_t rank, char out[QUERY_PLACE_BYTES]);
struct souk_slice query_place_of_stars(uint16_t average, uint32_t reviews, char out[QUERY_PLACE_BYTES]);
/* Where it stands now. -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int query_place_product(const struct souk_view *view, enum sort_order sort, struct souk_id product_id,
    char out[QUERY_PLACE_BYTES]);
/* All moves that catalog decides of. */
SOUK_MUST_CHECK int query_note_written(struct souk_tables *tables, const struct product_page *before,
    const struct product_page *after);
int query_index_product(const struct souk_view *view, struct souk_id product_id, struct souk_index_rows *rows);
int query_index_shelf_card(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);

/* ---- products: query_products.c ------------------------------------- */

/* The rows of a product in lists have to be made anew. */
SOUK_MUST_CHECK int query_touch_product(struct souk_tables *tables, struct souk_id product_id);
/* What there is of an article; nothing of one that nobody has counted. */
SOUK_MUST_CHECK int query_stock(const struct souk_view *view, struct souk_slice sku, struct stock *stock_out);
int query_apply_category_put(struct souk_tables *tables, const struct catalog_category_put *event);
int query_apply_written(struct souk_tables *tables, const struct catalog_written *event);
int query_apply_published(struct souk_tables *tables, const struct catalog_published *event);
int query_apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event);
int query_answer_home(const struct souk_view *view, const struct query_home *query, struct souk_answer *answer);
int query_answer_categories(const struct souk_view *view, const struct query_categories *query,
    struct souk_answer *answer);
int query_answer_products(const struct souk_view *view, const struct query_products *query,
    struct souk_answer *answer);
int query_answer_product(const struct souk_view *view, const struct query_product *query, struct souk_answer *answer);

/* ---- orders: query_orders.c ----------------------------------------- */

/* The more was sold of late, the greater. 0: nothing ever. */
SOUK_MUST_CHECK int query_popularity(const struct souk_view *view, struct souk_id product_id, uint64_t *rank_out);

int query_apply_placed(struct souk_tables *tables, const struct orders_placed *event);
int query_apply_adopted(struct souk_tables *tables, const struct orders_adopted *event);
int query_apply_reserved(struct souk_tables *tables, const struct orders_reserved *event);
int query_apply_step_needed(struct souk_tables *tables, const struct orders_step_needed *event);
int query_apply_paid(struct souk_tables *tables, const struct orders_paid *event);
int query_apply_stepped(struct souk_tables *tables, const struct orders_stepped *event);
int query_apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event);
int query_apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event);
int query_apply_refund_decided(struct souk_tables *tables, const struct orders_refund_decided *event);
int query_apply_refunded(struct souk_tables *tables, const struct orders_refunded *event);
int query_index_order_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
int query_answer_my_orders(const struct souk_view *view, const struct query_my_orders *query,
    struct souk_answer *answer);
int query_answer_orders(const struct souk_view *view, const struct query_orders *query, struct souk_answer *answer);
int query_answer_order(const struct souk_view *view, const struct query_order *query, struct souk_answer *answer);

/* ---- all that happened to an order: query_order_log.c ---------------- */

/* From an apply of orders'; the time and the number are the event's. */
SOUK_MUST_CHECK int query_put_order_log(struct souk_tables *tables, struct souk_id order_id, struct order_event event);

int query_apply_held(struct souk_tables *tables, const struct inventory_held *event);
int query_apply_released(struct souk_tables *tables, const struct inventory_released *event);
int query_apply_taken(struct souk_tables *tables, const struct inventory_taken *event);
int query_apply_taken_back(struct souk_tables *tables, const struct inventory_taken_back *event);
int query_apply_payment_asked(struct souk_tables *tables, const struct payments_asked *event);
int query_apply_payment_asking(struct souk_tables *tables, const struct payments_asking *event);
int query_apply_payment_step_needed(struct souk_tables *tables, const struct payments_step_needed *event);
int query_apply_payment_authorised(struct souk_tables *tables, const struct payments_authorised *event);
int query_apply_payment_declined(struct souk_tables *tables, const struct payments_declined *event);
int query_apply_payment_capture_asked(struct souk_tables *tables, const struct payments_capture_asked *event);
int query_apply_payment_captured(struct souk_tables *tables, const struct payments_captured *event);
int query_apply_payment_voided(struct souk_tables *tables, const struct payments_voided *event);
int query_apply_payment_void_done(struct souk_tables *tables, const struct payments_void_done *event);
int query_apply_payment_refund_asked(struct souk_tables *tables, const struct payments_refund_asked *event);
int query_apply_payment_refunded(struct souk_tables *tables, const struct payments_refunded *event);
int query_answer_order_log(const struct souk_view *view, const struct query_order_log *query,
    struct souk_answer *answer);

/* ---- the day at a glance: query_today.c ------------------------------ */

int query_index_low_stock(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
int query_answer_today(const struct souk_view *view, const struct query_today *query, struct souk_answer *answer);

/* ---- the rest of the back office: query_office.c --------------------------------- */

int query_apply_priced(struct souk_tables *tables, const struct catalog_priced *event);
int query_apply_changed(struct souk_tables *tables, const struct inventory_changed *event);
/* Units that are little. */
#define QUERY_LOW_STOCK_MAX 5
/* What the variant of this article is called. */
struct souk_slice query_name_article(const struct product_page *page, struct souk_slice sku);
/* Where somebody stands now. -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int query_place_customer(const struct souk_view *view, enum customer_order sort,
    struct souk_id person_id, char out[QUERY_PLACE_BYTES]);
/* Somebody has spent more, or gets something back. */
SOUK_MUST_CHECK int query_note_spent(struct souk_tables *tables, const struct buyer *before);
int query_index_customer(const struct souk_view *view, struct souk_id person_id, struct souk_index_rows *rows);
int query_answer_office_products(const struct souk_view *view, const struct query_office_products *query,
    struct souk_answer *answer);
int query_answer_office_product(const struct souk_view *view, const struct query_office_product *query,
    struct souk_answer *answer);
int query_answer_stock(const struct souk_view *view, const struct query_stock *query, struct souk_answer *answer);
int query_answer_stock_history(const struct souk_view *view, const struct query_stock_history *query,
    struct souk_answer *answer);
int query_answer_customers(const struct souk_view *view, const struct query_customers *query,
    struct souk_answer *answer);
int query_answer_customer(const struct souk_view *view, const struct query_customer *query,
    struct souk_answer *answer);

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
/* Where it stands now. -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int query_place_review(const struct souk_view *view, enum review_order sort, struct souk_id review_id,
    char out[QUERY_PLACE_BYTES]);
int query_index_review(const struct souk_view *view, struct souk_id review_id, struct souk_index_rows *rows);
int query_answer_reviews(const struct souk_view *view, const struct query_reviews *query,
    struct souk_answer *answer);
int query_answer_my_review(const struct souk_view *view, const struct query_my_review *query,
    struct souk_answer *answer);
int query_answer_my_reviews(const struct souk_view *view, const struct query_my_reviews *query,
    struct souk_answer *answer);
int query_answer_moderation(const struct souk_view *view, const struct query_moderation *query,
    struct souk_answer *answer);
int query_answer_customer_reviews(const struct souk_view *view, const struct query_customer_reviews *query,
    struct souk_answer *answer);
int query_answer_review_log(const struct souk_view *view, const struct query_review_log *query,
    struct souk_answer *answer);

#endif
