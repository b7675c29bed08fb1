/*
 * query - owns no stream; follows all public ones and joins them for readers.
 */
#include "app_messages.h"

#define ORDERS "orders"
#define LEVELS "levels"
#define HOLDS "holds"
#define CHARGES "charges"
#define REVIEWS "reviews"
#define VERDICTS "verdicts"
#define TALLY "tally"
#define VIEW "view"
#define SHELF "shelf"
#define ORDER_FIELDS 6
#define LEVEL_FIELDS 4
#define HOLD_FIELDS 2
#define CHARGE_FIELDS 3
#define REVIEW_FIELDS 3
#define VERDICT_FIELDS 2
#define TALLY_FIELDS 2
#define VIEW_FIELDS 4
#define SHELF_FIELDS 4

enum { STATE, SKU, UNITS, PRICE, REFUND };
enum { ON_HAND, HELD, SHIPPED };

static const char *const tables_by_number[] = {
    ORDERS, LEVELS, HOLDS, CHARGES, REVIEWS, VERDICTS, TALLY, VIEW, SHELF,
};

static int apply_order(struct souk_tables *tables, uint64_t order, uint32_t field, uint64_t value,
    enum app_order_code code);
static int tally(struct souk_tables *tables, uint64_t order, enum app_order_code code);
static int touch(struct souk_tables *tables, const char *index, uint64_t id);
static int apply_level(struct souk_tables *tables, uint64_t sku, uint64_t on_hand, uint64_t held, uint64_t shipped);
static int apply_hold(struct souk_tables *tables, uint64_t order, uint64_t state);
static int apply_verdict(struct souk_tables *tables, uint64_t review, uint64_t verdict);

/* ---- orders --------------------------------------------------------- */

static int
apply_placed(struct souk_tables *tables, const struct order_placed *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->order);
    struct app_row row;
    int rc;

    if ((rc = app_trouble("query", event->order)) != 0)
        return rc;
    if ((rc = app_row_begin(tables, ORDERS, key, ORDER_FIELDS, &row)) != 0)
        return rc;
    row.fields[STATE] = ORDER_PLACED;
    row.fields[SKU] = event->sku;
    row.fields[UNITS] = event->units;
    row.fields[PRICE] = event->price;
    if ((rc = app_row_put(tables, ORDERS, key, &row)) != 0)
        return rc;
    return tally(tables, event->order, APP_ORDER_PLACED);
}

static int
apply_reserved(struct souk_tables *tables, const struct order_reserved *event)
{
    return apply_order(tables, event->order, STATE, ORDER_RESERVED, APP_ORDER_RESERVED);
}

static int
apply_paid(struct souk_tables *tables, const struct order_paid *event)
{
    return apply_order(tables, event->order, STATE, ORDER_PAID, APP_ORDER_PAID);
}

static int
apply_cancelled(struct souk_tables *tables, const struct order_cancelled *event)
{
    return apply_order(tables, event->order, STATE, ORDER_CANCELLED, APP_ORDER_CANCELLED);
}

static int
apply_expired(struct souk_tables *tables, const struct order_expired *event)
{
    return apply_order(tables, event->order, STATE, ORDER_EXPIRED, APP_ORDER_EXPIRED);
}

static int
apply_refund_due(struct souk_tables *tables, const struct order_refund_due *event)
{
    return apply_order(tables, event->order, REFUND, ORDER_REFUND_DUE, APP_ORDER_REFUND_DUE);
}

static int
apply_refunded(struct souk_tables *tables, const struct order_refunded *event)
{
    return apply_order(tables, event->order, REFUND, ORDER_REFUNDED, APP_ORDER_REFUNDED);
}

/* ---- stock ---------------------------------------------------------- */

static int
apply_stock_received(struct souk_tables *tables, const struct stock_received *event)
{
    return apply_level(tables, event->sku, event->units, 0, 0);
}

static int
apply_stock_reserved(struct souk_tables *tables, const struct stock_reserved *event)
{
    int rc = apply_level(tables, event->sku, 0, event->units, 0);

    return rc != 0 ? rc : apply_hold(tables, event->order, HOLD_HELD);
}

static int
apply_stock_short(struct souk_tables *tables, const struct stock_short *event)
{
    return apply_hold(tables, event->order, HOLD_SHORT);
}

static int
apply_stock_released(struct souk_tables *tables, const struct stock_released *event)
{
    int rc = apply_level(tables, event->sku, 0, -event->units, 0);

    return rc != 0 ? rc : apply_hold(tables, event->order, HOLD_RELEASED);
}

static int
apply_stock_shipped(struct souk_tables *tables, const struct stock_shipped *event)
{
    int rc = apply_level(tables, event->sku, -event->units, -event->units, event->units);

    return rc != 0 ? rc : apply_hold(tables, event->order, HOLD_SHIPPED);
}

/* ---- payments, reviews, moderation ---------------------------------- */

static int
apply_charged(struct souk_tables *tables, const struct payment_charged *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->order);
    struct app_row row;
    int rc;

    if ((rc = app_trouble("query", event->order)) != 0)
        return rc;
    if ((rc = app_row_begin(tables, CHARGES, key, CHARGE_FIELDS, &row)) != 0)
        return rc;
    row.fields[0] = event->amount;
    row.fields[1] = CHARGE_CHARGED;
    if ((rc = app_row_put(tables, CHARGES, key, &row)) != 0)
        return rc;
    return touch(tables, VIEW, event->order);
}

static int
apply_refunded_payment(struct souk_tables *tables, const struct payment_refunded *event)
{
    int rc = app_row_set(tables, CHARGES, event->order, CHARGE_FIELDS, 1, CHARGE_REFUNDED);

    return rc != 0 ? rc : touch(tables, VIEW, event->order);
}

static int
apply_review(struct souk_tables *tables, const struct review_updated *event)
{
    struct app_key text;
    struct souk_slice key = app_key_pair(&text, event->sku, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, REVIEWS, key, REVIEW_FIELDS, &row)) != 0)
        return rc;
    row.fields[0] = event->stars;
    row.fields[1] = event->state;
    if ((rc = app_row_put(tables, REVIEWS, key, &row)) != 0)
        return rc;
    return touch(tables, SHELF, event->sku);
}

static int
apply_approved(struct souk_tables *tables, const struct verdict_approved *event)
{
    return apply_verdict(tables, event->review, VERDICT_APPROVED);
}

static int
apply_rejected(struct souk_tables *tables, const struct verdict_rejected *event)
{
    return apply_verdict(tables, event->review, VERDICT_REJECTED);
}

/* ---- indexes -------------------------------------------------------- */

static int
rows_of_view(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    uint64_t fields[VIEW_FIELDS] = { 0 };
    struct app_row row;
    bool any = false;
    int rc;

    rc = app_row_get(view, ORDERS, entity, &row);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    any = any || rc == 0;
    fields[0] = row.fields[STATE];
    rc = app_row_get(view, HOLDS, entity, &row);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    any = any || rc == 0;
    fields[1] = row.fields[0];
    rc = app_row_get(view, CHARGES, entity, &row);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    any = any || rc == 0;
    fields[2] = row.fields[1];
    fields[3] = row.fields[0];
    return any ? app_index_row(rows, entity, fields, VIEW_FIELDS) : 0;
}

static int
rows_of_shelf(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    uint64_t fields[SHELF_FIELDS] = { 0 };
    uint64_t sku = app_key_id(entity);
    struct souk_rows *reviews = NULL;
    struct souk_slice key, value;
    struct app_row row;
    struct app_key text;
    bool any = false;
    int rc;

    rc = app_row_get(view, LEVELS, entity, &row);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    any = rc == 0;
    fields[0] = row.fields[ON_HAND];
    fields[1] = row.fields[HELD];

    /* "7/" begins the reviews of sku 7 and of no other. */
    key = app_key(&text, sku);
    text.text[key.size_bytes] = '/';
    key.size_bytes++;
    if ((rc = souk_rows_open(view, REVIEWS, key, &reviews)) != 0)
        return rc;
    while ((rc = souk_rows_next(reviews, &key, &value)) == 0) {
        if ((rc = app_row_unpack(value, &row)) != 0)
            break;
        any = true;
        if (row.fields[1] == REVIEW_PUBLISHED) {
            fields[2]++;
            fields[3] += row.fields[0];
        }
    }
    souk_rows_close(&reviews);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return any ? app_index_row(rows, entity, fields, SHELF_FIELDS) : 0;
}

/* ---- queries -------------------------------------------------------- */

static int
answer_get(const struct souk_view *view, const struct rows_get *query, struct souk_answer *answer)
{
    return app_answer_get(view, tables_by_number, sizeof tables_by_number / sizeof tables_by_number[0], query, answer);
}

static int
answer_dump(const struct souk_view *view, const struct rows_dump *query, struct souk_answer *answer)
{
    return app_answer_dump(view, tables_by_number, sizeof tables_by_number / sizeof tables_by_number[0], query, answer);
}

/* ---- file-local ----------------------------------------------------- */

static int
apply_order(struct souk_tables *tables, uint64_t order, uint32_t field, uint64_t value, enum app_order_code code)
{
    int rc;

    if ((rc = app_trouble("query", order)) != 0)
        return rc;
    if ((rc = app_row_set(tables, ORDERS, order, ORDER_FIELDS, field, value)) != 0)
        return rc;
    return tally(tables, order, code);
}

static int
tally(struct souk_tables *tables, uint64_t order, enum app_order_code code)
{
    struct souk_slice key = souk_slice_of("0");
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, TALLY, key, TALLY_FIELDS, &row)) != 0)
        return rc;
    row.fields[0] = (row.fields[0] * 31 + order * 7 + code) & UINT32_MAX;
    if ((rc = app_row_put(tables, TALLY, key, &row)) != 0)
        return rc;
    return touch(tables, VIEW, order);
}

static int
touch(struct souk_tables *tables, const char *index, uint64_t id)
{
    struct app_key key;

    return souk_touch(tables, index, app_key(&key, id));
}

static int
apply_level(struct souk_tables *tables, uint64_t sku, uint64_t on_hand, uint64_t held, uint64_t shipped)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, sku);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, LEVELS, key, LEVEL_FIELDS, &row)) != 0)
        return rc;
    row.fields[ON_HAND] += on_hand;
    row.fields[HELD] += held;
    row.fields[SHIPPED] += shipped;
    if ((rc = app_row_put(tables, LEVELS, key, &row)) != 0)
        return rc;
    return touch(tables, SHELF, sku);
}

static int
apply_hold(struct souk_tables *tables, uint64_t order, uint64_t state)
{
    int rc = app_row_set(tables, HOLDS, order, HOLD_FIELDS, 0, state);

    return rc != 0 ? rc : touch(tables, VIEW, order);
}

static int
apply_verdict(struct souk_tables *tables, uint64_t review, uint64_t verdict)
{
    return app_row_set(tables, VERDICTS, review, VERDICT_FIELDS, 0, verdict);
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_APPLY(order_placed, apply_placed),
    SOUK_APPLY(order_reserved, apply_reserved),
    SOUK_APPLY(order_paid, apply_paid),
    SOUK_APPLY(order_cancelled, apply_cancelled),
    SOUK_APPLY(order_expired, apply_expired),
    SOUK_APPLY(order_refund_due, apply_refund_due),
    SOUK_APPLY(order_refunded, apply_refunded),
    SOUK_APPLY(stock_received, apply_stock_received),
    SOUK_APPLY(stock_reserved, apply_stock_reserved),
    SOUK_APPLY(stock_short, apply_stock_short),
    SOUK_APPLY(stock_released, apply_stock_released),
    SOUK_APPLY(stock_shipped, apply_stock_shipped),
    SOUK_APPLY(payment_charged, apply_charged),
    SOUK_APPLY(payment_refunded, apply_refunded_payment),
    SOUK_APPLY(review_updated, apply_review),
    SOUK_APPLY(verdict_approved, apply_approved),
    SOUK_APPLY(verdict_rejected, apply_rejected),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { ORDERS, "orders" },
    { LEVELS, "stock" },
    { HOLDS, "stock" },
    { CHARGES, "payments" },
    { REVIEWS, "reviews" },
    { VERDICTS, "moderation" },
    { TALLY, "orders" },
    { 0 },
};

static const struct souk_index_def indexes[] = {
    { VIEW, rows_of_view },
    { SHELF, rows_of_shelf },
    { 0 },
};

const struct souk_service app_query[2] = {
    { .name = "query", .version = 1, .handlers = handlers, .tables = tables_fed, .indexes = indexes },
    { .name = "query", .version = 2, .handlers = handlers, .tables = tables_fed, .indexes = indexes },
};
