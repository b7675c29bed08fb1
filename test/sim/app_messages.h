/*
 * app_messages - the simulated application's messages as C structs, and the
 * few helpers that its handlers share. What they mean is in app.h.
 *
 * Every message is a struct of uint64_t in the order of its packed form, so
 * one encoder and one decoder serve them all; only the two replies differ.
 */
#ifndef APP_MESSAGES_H
#define APP_MESSAGES_H

#include <souk.h>
#include <souk-message.h>
#include "app.h"

#define APP_ROW_FIELDS_MAX 8

/* ---- orders --------------------------------------------------------- */

struct order_place { uint64_t order, sku, units, price, lines; };
struct order_cancel { uint64_t order; };
struct order_placed { uint64_t order, sku, units, price; };
struct order_lined { uint64_t order, line; };
struct order_reserved { uint64_t order, price; };
struct order_paid { uint64_t order; };
struct order_cancelled { uint64_t order, reason; };
struct order_expired { uint64_t order; };
struct order_refund_due { uint64_t order; };
struct order_refunded { uint64_t order; };
struct order_compensated { uint64_t order, epoch_counter, number; };
struct order_addressed { uint64_t order, address; };
struct order_noted { uint64_t order, line; };

enum order_state { ORDER_PLACED = 1, ORDER_RESERVED, ORDER_PAID, ORDER_CANCELLED, ORDER_EXPIRED };
enum order_reason { ORDER_ASKED_FOR = 1, ORDER_NO_STOCK, ORDER_DECLINED };
enum order_refund { ORDER_REFUND_DUE = 1, ORDER_REFUNDED };

extern const struct souk_message_type order_place_type, order_cancel_type, order_placed_type, order_lined_type,
    order_reserved_type, order_paid_type, order_cancelled_type, order_expired_type, order_refund_due_type,
    order_refunded_type, order_compensated_type, order_addressed_type, order_noted_type;

/* ---- stock ---------------------------------------------------------- */

struct stock_receive { uint64_t sku, units; };
struct stock_received { uint64_t sku, units; };
struct stock_reserved { uint64_t order, sku, units; };
struct stock_short { uint64_t order, sku, units; };
struct stock_released { uint64_t order, sku, units; };
struct stock_shipped { uint64_t order, sku, units; };
struct stock_compensated { uint64_t order, epoch_counter, number; };

enum hold_state { HOLD_HELD = 1, HOLD_RELEASED, HOLD_SHIPPED, HOLD_SHORT };

extern const struct souk_message_type stock_receive_type, stock_received_type, stock_reserved_type, stock_short_type,
    stock_released_type, stock_shipped_type, stock_compensated_type;

/* ---- payments ------------------------------------------------------- */

struct payments_charge { uint64_t order, amount; };
struct payment_charged { uint64_t order, amount; };
struct payment_refunded { uint64_t order, amount; };
struct payment_compensated { uint64_t order, epoch_counter, number; };

enum charge_state { CHARGE_CHARGED = 1, CHARGE_REFUNDED };

extern const struct souk_message_type payments_charge_type, payment_charged_type, payment_refunded_type,
    payment_compensated_type;

/* ---- reviews and moderation ----------------------------------------- */

struct review_submit { uint64_t review, sku, stars; };
struct review_edit { uint64_t review, stars; };
struct review_submitted { uint64_t review, sku, stars; };
struct review_edited { uint64_t review, stars; };
struct review_published { uint64_t review; };
struct review_hidden { uint64_t review; };
struct review_compensated { uint64_t review, epoch_counter, number; };
struct review_updated { uint64_t review, sku, stars, state; };
struct verdict_approved { uint64_t review; };
struct verdict_rejected { uint64_t review; };
struct verdict_withdrawn { uint64_t review, epoch_counter, number; };

enum review_state { REVIEW_SUBMITTED, REVIEW_PUBLISHED, REVIEW_HIDDEN };
enum verdict { VERDICT_APPROVED = 1, VERDICT_REJECTED };

extern const struct souk_message_type review_submit_type, review_edit_type, review_submitted_type, review_edited_type,
    review_published_type, review_hidden_type, review_compensated_type, review_updated_type, verdict_approved_type,
    verdict_rejected_type, verdict_withdrawn_type;

/* ---- queries of every service --------------------------------------- */

struct rows_get { uint64_t table, key; };
struct rows_got { uint64_t found; uint32_t count; uint64_t fields[APP_ROW_FIELDS_MAX]; };
struct rows_dump { uint64_t table, skip; };
struct rows_dumped { uint32_t count; struct { struct souk_slice key, row; } rows[APP_DUMP_ROWS_MAX]; };

extern const struct souk_message_type rows_get_type, rows_got_type, rows_dump_type, rows_dumped_type;

/* ---- services ------------------------------------------------------- */

enum { APP_ORDERS, APP_STOCK, APP_PAYMENTS, APP_REVIEWS, APP_MODERATION, APP_QUERY, APP_SERVICES };

/* [0] as it is; [1] the same with a higher version of its tables, so that a store of [0] has to be filled again. */
extern const struct souk_service app_orders[2], app_stock[2], app_payments[2], app_reviews[2], app_moderation[2],
    app_query[2];

/* ---- handlers that fail --------------------------------------------- */

/*
 * From now on handlers of `service` that meet `key` in a followed event or a
 * command fail, until app_repair(). Handlers are given nothing but the view,
 * so what disturbs them is the one thing that the simulator keeps in a global.
 */
void app_disturb(const char *service, uint64_t key);
void app_repair(const char *service, uint64_t key);
void app_repair_all(void);
/* From now on orders expire after so many times APP_EXPIRY_MS. At first: one. */
void app_stretch(uint32_t times);
uint64_t app_expiry_ms(void);
/* What such a handler begins with: 0 or -SOUK_EHANDLER. */
SOUK_MUST_CHECK int app_trouble(const char *service, uint64_t key);

/* ---- rows ----------------------------------------------------------- */

struct app_row {
    uint32_t count;                         /* fields, `events` being the last */
    uint64_t fields[APP_ROW_FIELDS_MAX];
};

/* A key as text; borrowed until the next call with the same buffer. */
struct app_key {
    char text[48];
};
struct souk_slice app_key(struct app_key *key, uint64_t id);
struct souk_slice app_key_pair(struct app_key *key, uint64_t id, uint64_t second);
/* The number that a key begins with. */
uint64_t app_key_id(struct souk_slice key);
/* The number behind the stroke. */
uint64_t app_key_second(struct souk_slice key);

/* 0, -SOUK_ENOTFOUND (row_out is then all 0), -SOUK_EDAMAGED or of the view. */
SOUK_MUST_CHECK int app_row_get(const struct souk_view *view, const char *table, struct souk_slice key,
    struct app_row *row_out);
SOUK_MUST_CHECK int app_row_unpack(struct souk_slice packed, struct app_row *row_out);
/* Read the row that an apply is about to change, all 0 with `count` fields if absent. Counts the event. */
SOUK_MUST_CHECK int app_row_begin(struct souk_tables *tables, const char *table, struct souk_slice key, uint32_t count,
    struct app_row *row_out);
SOUK_MUST_CHECK int app_row_put(struct souk_tables *tables, const char *table, struct souk_slice key,
    const struct app_row *row);
/* The most common apply: field `field` of the row of `id` becomes `value`. */
SOUK_MUST_CHECK int app_row_set(struct souk_tables *tables, const char *table, uint64_t id, uint32_t count,
    uint32_t field, uint64_t value);
/* The same, adding `value`. */
SOUK_MUST_CHECK int app_row_add(struct souk_tables *tables, const char *table, uint64_t id, uint32_t count,
    uint32_t field, uint64_t value);
SOUK_MUST_CHECK int app_index_row(struct souk_index_rows *rows, struct souk_slice key, const uint64_t *fields,
    uint32_t count);

/* The two queries, over the tables of one service in the order of their numbers. */
SOUK_MUST_CHECK int app_answer_get(const struct souk_view *view, const char *const *tables, size_t table_count,
    const struct rows_get *query, struct souk_answer *answer);
SOUK_MUST_CHECK int app_answer_dump(const struct souk_view *view, const char *const *tables, size_t table_count,
    const struct rows_dump *query, struct souk_answer *answer);

#endif
