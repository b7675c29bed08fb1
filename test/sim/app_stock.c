/*
 * stock - counts units and holds them for orders; lets go of what is not
 * wanted any more, or was held for an order that turned out to be lost.
 */
#include "app_messages.h"

#include <string.h>

#define LEVELS "levels"
#define HOLDS "holds"
#define WANTED "wanted"
#define LEVEL_FIELDS 4
#define HOLD_FIELDS 5
#define WANTED_FIELDS 2

enum { ON_HAND, HELD, SHIPPED };
enum { SKU, UNITS, STATE, COMPENSATIONS };

static const char *const tables_by_number[] = { LEVELS, HOLDS, WANTED };

static int let_go(const struct souk_view *view, uint64_t order, struct souk_decision *decision);
static int apply_hold(struct souk_tables *tables, const uint64_t *event, uint64_t state);
static int apply_wanted(struct souk_tables *tables, uint64_t order, uint64_t state);

/* ---- commands ------------------------------------------------------- */

static int
decide_receive(const struct souk_view *view, const struct stock_receive *command, struct souk_decision *decision)
{
    int rc;

    (void)view;
    if ((rc = app_trouble("stock", command->sku)) != 0)
        return rc;
    if (command->units == 0)
        return souk_refuse(decision, "bad_units");
    return souk_emit(decision, &stock_received_type, &(struct stock_received){ command->sku, command->units });
}

/* ---- reactions ------------------------------------------------------ */

static int
react_placed(const struct souk_view *view, const struct order_placed *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row hold, level;
    int rc;

    if ((rc = app_trouble("stock", event->order)) != 0)
        return rc;
    rc = app_row_get(view, HOLDS, app_key(&key, event->order), &hold);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (rc == 0 && hold.fields[STATE] == HOLD_HELD)
        return 0;
    rc = app_row_get(view, LEVELS, app_key(&key, event->sku), &level);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (level.fields[ON_HAND] - level.fields[HELD] < event->units)
        return souk_emit(decision, &stock_short_type,
            &(struct stock_short){ event->order, event->sku, event->units });
    return souk_emit(decision, &stock_reserved_type,
        &(struct stock_reserved){ event->order, event->sku, event->units });
}

static int
react_paid(const struct souk_view *view, const struct order_paid *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row hold;
    int rc;

    rc = app_row_get(view, HOLDS, app_key(&key, event->order), &hold);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (hold.fields[STATE] != HOLD_HELD)
        return 0;
    return souk_emit(decision, &stock_shipped_type,
        &(struct stock_shipped){ event->order, hold.fields[SKU], hold.fields[UNITS] });
}

static int
react_cancelled(const struct souk_view *view, const struct order_cancelled *event, struct souk_decision *decision)
{
    return let_go(view, event->order, decision);
}

static int
react_expired(const struct souk_view *view, const struct order_expired *event, struct souk_decision *decision)
{
    return let_go(view, event->order, decision);
}

/* What was held for a lost order goes back; what has left the house is noted. */
static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    uint64_t order = app_key_id(rewound->key);
    struct app_row hold;
    int rc;

    rc = souk_emit(decision, &stock_compensated_type,
        &(struct stock_compensated){ order, rewound->lost.epoch_counter, rewound->lost.number });
    if (rc != 0)
        return rc;
    if (!souk_slice_equal(rewound->type, souk_slice_of("stock.reserved")))
        return 0;
    if ((rc = app_row_get(view, HOLDS, rewound->key, &hold)) != 0)
        return rc;
    if (hold.fields[STATE] != HOLD_HELD)
        return 0;
    return souk_emit(decision, &stock_released_type,
        &(struct stock_released){ order, hold.fields[SKU], hold.fields[UNITS] });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_received(struct souk_tables *tables, const struct stock_received *event)
{
    return app_row_add(tables, LEVELS, event->sku, LEVEL_FIELDS, ON_HAND, event->units);
}

static int
apply_reserved(struct souk_tables *tables, const struct stock_reserved *event)
{
    int rc = app_row_add(tables, LEVELS, event->sku, LEVEL_FIELDS, HELD, event->units);

    return rc != 0 ? rc : apply_hold(tables, &event->order, HOLD_HELD);
}

static int
apply_short(struct souk_tables *tables, const struct stock_short *event)
{
    return apply_hold(tables, &event->order, HOLD_SHORT);
}

static int
apply_released(struct souk_tables *tables, const struct stock_released *event)
{
    int rc = app_row_add(tables, LEVELS, event->sku, LEVEL_FIELDS, HELD, -event->units);

    return rc != 0 ? rc : apply_hold(tables, &event->order, HOLD_RELEASED);
}

static int
apply_shipped(struct souk_tables *tables, const struct stock_shipped *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->sku);
    struct app_row level;
    int rc;

    if ((rc = app_row_begin(tables, LEVELS, key, LEVEL_FIELDS, &level)) != 0)
        return rc;
    level.fields[ON_HAND] -= event->units;
    level.fields[HELD] -= event->units;
    level.fields[SHIPPED] += event->units;
    if ((rc = app_row_put(tables, LEVELS, key, &level)) != 0)
        return rc;
    return apply_hold(tables, &event->order, HOLD_SHIPPED);
}

static int
apply_compensated(struct souk_tables *tables, const struct stock_compensated *event)
{
    return app_row_add(tables, HOLDS, event->order, HOLD_FIELDS, COMPENSATIONS, 1);
}

static int
apply_order_placed(struct souk_tables *tables, const struct order_placed *event)
{
    return apply_wanted(tables, event->order, ORDER_PLACED);
}

static int
apply_order_reserved(struct souk_tables *tables, const struct order_reserved *event)
{
    return apply_wanted(tables, event->order, ORDER_RESERVED);
}

static int
apply_order_paid(struct souk_tables *tables, const struct order_paid *event)
{
    return apply_wanted(tables, event->order, ORDER_PAID);
}

static int
apply_order_cancelled(struct souk_tables *tables, const struct order_cancelled *event)
{
    return apply_wanted(tables, event->order, ORDER_CANCELLED);
}

static int
apply_order_expired(struct souk_tables *tables, const struct order_expired *event)
{
    return apply_wanted(tables, event->order, ORDER_EXPIRED);
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
let_go(const struct souk_view *view, uint64_t order, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row hold;
    int rc;

    rc = app_row_get(view, HOLDS, app_key(&key, order), &hold);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (hold.fields[STATE] != HOLD_HELD)
        return 0;
    return souk_emit(decision, &stock_released_type,
        &(struct stock_released){ order, hold.fields[SKU], hold.fields[UNITS] });
}

/* `event` is order, sku, units: the four events of a hold begin alike. */
static int
apply_hold(struct souk_tables *tables, const uint64_t *event, uint64_t state)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event[0]);
    struct app_row hold;
    int rc;

    if ((rc = app_row_begin(tables, HOLDS, key, HOLD_FIELDS, &hold)) != 0)
        return rc;
    if (state == HOLD_HELD || state == HOLD_SHORT) {
        hold.fields[SKU] = event[1];
        hold.fields[UNITS] = event[2];
    }
    hold.fields[STATE] = state;
    return app_row_put(tables, HOLDS, key, &hold);
}

static int
apply_wanted(struct souk_tables *tables, uint64_t order, uint64_t state)
{
    int rc;

    if ((rc = app_trouble("stock", order)) != 0)
        return rc;
    return app_row_set(tables, WANTED, order, WANTED_FIELDS, 0, state);
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(stock_receive, decide_receive),
    SOUK_REACT(order_placed, react_placed),
    SOUK_REACT(order_paid, react_paid),
    SOUK_REACT(order_cancelled, react_cancelled),
    SOUK_REACT(order_expired, react_expired),
    SOUK_REACT_REWOUND("orders", react_rewound),
    SOUK_APPLY(stock_received, apply_received),
    SOUK_APPLY(stock_reserved, apply_reserved),
    SOUK_APPLY(stock_short, apply_short),
    SOUK_APPLY(stock_released, apply_released),
    SOUK_APPLY(stock_shipped, apply_shipped),
    SOUK_APPLY(stock_compensated, apply_compensated),
    SOUK_APPLY(order_placed, apply_order_placed),
    SOUK_APPLY(order_reserved, apply_order_reserved),
    SOUK_APPLY(order_paid, apply_order_paid),
    SOUK_APPLY(order_cancelled, apply_order_cancelled),
    SOUK_APPLY(order_expired, apply_order_expired),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { LEVELS, "stock" },
    { HOLDS, "stock" },
    { WANTED, "orders" },
    { 0 },
};

const struct souk_service app_stock[2] = {
    { .name = "stock", .version = 1, .handlers = handlers, .tables = tables_fed },
    { .name = "stock", .version = 2, .handlers = handlers, .tables = tables_fed },
};
