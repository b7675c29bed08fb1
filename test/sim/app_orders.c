/*
 * orders - one order from placed to paid, cancelled or expired; asks payments
 * for money once stock is held, and gives it back when it came too late.
 */
#include "app_messages.h"

#define ORDERS "orders"
#define ADDRESSES "addresses"
#define ORDER_FIELDS 8
#define ADDRESS_FIELDS 3
#define EXPIRY "expiry"

enum { STATE, SKU, UNITS, PRICE, REFUND, LINES, COMPENSATIONS };
enum { ADDRESS, NOTES };

static const char *const tables_by_number[] = { ORDERS, ADDRESSES };

static bool is_open(const struct app_row *row);
static int close_row(struct souk_tables *tables, uint64_t order, uint64_t state);

/* ---- commands ------------------------------------------------------- */

static int
decide_place(const struct souk_view *view, const struct order_place *command, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    uint64_t line;
    int rc;

    if ((rc = app_trouble("orders", command->order)) != 0)
        return rc;
    if (command->units == 0 || command->units > 9)
        return souk_refuse(decision, "bad_units");
    if (command->lines > 3)
        return souk_refuse(decision, "bad_lines");
    rc = app_row_get(view, ORDERS, app_key(&key, command->order), &row);
    if (rc == 0)
        return souk_refuse(decision, "exists");
    if (rc != -SOUK_ENOTFOUND)
        return rc;

    /* Two streams by turns: one commit, several batches of each. */
    rc = souk_emit(decision, &order_placed_type, &(struct order_placed){
        .order = command->order,
        .sku = command->sku,
        .units = command->units,
        .price = command->price,
    });
    if (rc == 0)
        rc = souk_emit(decision, &order_addressed_type, &(struct order_addressed){
            .order = command->order,
            .address = command->order * 1000 + command->sku,
        });
    for (line = 1; rc == 0 && line <= command->lines; line++) {
        rc = souk_emit(decision, &order_lined_type, &(struct order_lined){ command->order, line });
        if (rc == 0)
            rc = souk_emit(decision, &order_noted_type, &(struct order_noted){ command->order, line });
    }
    return rc;
}

static int
decide_cancel(const struct souk_view *view, const struct order_cancel *command, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    rc = app_row_get(view, ORDERS, app_key(&key, command->order), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, "unknown") : rc;
    if (row.fields[STATE] == ORDER_CANCELLED)
        return souk_accept(decision);
    if (!is_open(&row))
        return souk_refuse(decision, "closed");
    return souk_emit(decision, &order_cancelled_type,
        &(struct order_cancelled){ command->order, ORDER_ASKED_FOR });
}

/* ---- reactions ------------------------------------------------------ */

static int
react_stock_reserved(const struct souk_view *view, const struct stock_reserved *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    if ((rc = app_trouble("orders", event->order)) != 0)
        return rc;
    rc = app_row_get(view, ORDERS, app_key(&key, event->order), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;      /* an order of a lost tail */
    if (row.fields[STATE] != ORDER_PLACED)
        return 0;
    return souk_emit(decision, &order_reserved_type,
        &(struct order_reserved){ event->order, row.fields[PRICE] });
}

static int
react_stock_short(const struct souk_view *view, const struct stock_short *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    rc = app_row_get(view, ORDERS, app_key(&key, event->order), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (row.fields[STATE] != ORDER_PLACED)
        return 0;
    return souk_emit(decision, &order_cancelled_type, &(struct order_cancelled){ event->order, ORDER_NO_STOCK });
}

static int
react_payment_refunded(const struct souk_view *view, const struct payment_refunded *event,
    struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    rc = app_row_get(view, ORDERS, app_key(&key, event->order), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (row.fields[REFUND] != ORDER_REFUND_DUE)
        return 0;
    return souk_emit(decision, &order_refunded_type, &(struct order_refunded){ event->order });
}

/* The request is over with the first event, so each way out says one. */
static int
react_charge(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    uint64_t order = app_key_id(outcome->key);
    struct app_row row;
    int rc;

    if ((rc = app_row_get(view, ORDERS, outcome->key, &row)) != 0)
        return rc;
    if (row.fields[STATE] == ORDER_RESERVED && outcome->accepted)
        return souk_emit(decision, &order_paid_type, &(struct order_paid){ order });
    if (row.fields[STATE] == ORDER_RESERVED)
        return souk_emit(decision, &order_cancelled_type, &(struct order_cancelled){ order, ORDER_DECLINED });
    if (outcome->accepted && row.fields[REFUND] == 0)
        return souk_emit(decision, &order_refund_due_type, &(struct order_refund_due){ order });
    return souk_emit(decision, &order_compensated_type,
        &(struct order_compensated){ order, outcome->asked_by.epoch_counter, outcome->asked_by.number });
}

static int
react_expiry(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    (void)view;
    return souk_emit(decision, &order_expired_type, &(struct order_expired){ app_key_id(timer->key) });
}

static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    (void)view;
    return souk_emit(decision, &order_compensated_type, &(struct order_compensated){
        .order = app_key_id(rewound->key),
        .epoch_counter = rewound->lost.epoch_counter,
        .number = rewound->lost.number,
    });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_placed(struct souk_tables *tables, const struct order_placed *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->order);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, ORDERS, key, ORDER_FIELDS, &row)) != 0)
        return rc;
    row.fields[STATE] = ORDER_PLACED;
    row.fields[SKU] = event->sku;
    row.fields[UNITS] = event->units;
    row.fields[PRICE] = event->price;
    if ((rc = app_row_put(tables, ORDERS, key, &row)) != 0)
        return rc;
    return souk_timer_set(tables, EXPIRY, key, souk_tables_time_ms(tables) + app_expiry_ms());
}

static int
apply_lined(struct souk_tables *tables, const struct order_lined *event)
{
    return app_row_add(tables, ORDERS, event->order, ORDER_FIELDS, LINES, 1);
}

static int
apply_reserved(struct souk_tables *tables, const struct order_reserved *event)
{
    int rc;

    if ((rc = app_row_set(tables, ORDERS, event->order, ORDER_FIELDS, STATE, ORDER_RESERVED)) != 0)
        return rc;
    return souk_request(tables, "payments", &payments_charge_type,
        &(struct payments_charge){ event->order, event->price });
}

static int
apply_paid(struct souk_tables *tables, const struct order_paid *event)
{
    return close_row(tables, event->order, ORDER_PAID);
}

static int
apply_cancelled(struct souk_tables *tables, const struct order_cancelled *event)
{
    return close_row(tables, event->order, ORDER_CANCELLED);
}

static int
apply_expired(struct souk_tables *tables, const struct order_expired *event)
{
    return close_row(tables, event->order, ORDER_EXPIRED);
}

static int
apply_refund_due(struct souk_tables *tables, const struct order_refund_due *event)
{
    return app_row_set(tables, ORDERS, event->order, ORDER_FIELDS, REFUND, ORDER_REFUND_DUE);
}

static int
apply_refunded(struct souk_tables *tables, const struct order_refunded *event)
{
    return app_row_set(tables, ORDERS, event->order, ORDER_FIELDS, REFUND, ORDER_REFUNDED);
}

static int
apply_compensated(struct souk_tables *tables, const struct order_compensated *event)
{
    return app_row_add(tables, ORDERS, event->order, ORDER_FIELDS, COMPENSATIONS, 1);
}

static int
apply_addressed(struct souk_tables *tables, const struct order_addressed *event)
{
    return app_row_set(tables, ADDRESSES, event->order, ADDRESS_FIELDS, ADDRESS, event->address);
}

static int
apply_noted(struct souk_tables *tables, const struct order_noted *event)
{
    return app_row_add(tables, ADDRESSES, event->order, ADDRESS_FIELDS, NOTES, 1);
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

static bool
is_open(const struct app_row *row)
{
    return row->fields[STATE] == ORDER_PLACED || row->fields[STATE] == ORDER_RESERVED;
}

static int
close_row(struct souk_tables *tables, uint64_t order, uint64_t state)
{
    struct app_key key;
    int rc;

    if ((rc = app_row_set(tables, ORDERS, order, ORDER_FIELDS, STATE, state)) != 0)
        return rc;
    return souk_timer_clear(tables, EXPIRY, app_key(&key, order));
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(order_place, decide_place),
    SOUK_DECIDE(order_cancel, decide_cancel),
    SOUK_REACT(stock_reserved, react_stock_reserved),
    SOUK_REACT(stock_short, react_stock_short),
    SOUK_REACT(payment_refunded, react_payment_refunded),
    SOUK_REACT_OUTCOME("payments.charge", react_charge),
    SOUK_REACT_TIMER(EXPIRY, react_expiry),
    SOUK_REACT_REWOUND("stock", react_rewound),
    SOUK_REACT_REWOUND("payments", react_rewound),
    SOUK_APPLY(order_placed, apply_placed),
    SOUK_APPLY(order_lined, apply_lined),
    SOUK_APPLY(order_reserved, apply_reserved),
    SOUK_APPLY(order_paid, apply_paid),
    SOUK_APPLY(order_cancelled, apply_cancelled),
    SOUK_APPLY(order_expired, apply_expired),
    SOUK_APPLY(order_refund_due, apply_refund_due),
    SOUK_APPLY(order_refunded, apply_refunded),
    SOUK_APPLY(order_compensated, apply_compensated),
    SOUK_APPLY(order_addressed, apply_addressed),
    SOUK_APPLY(order_noted, apply_noted),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { ORDERS, "orders" },
    { ADDRESSES, "orders.private" },
    { 0 },
};

const struct souk_service app_orders[2] = {
    { .name = "orders", .version = 1, .handlers = handlers, .tables = tables_fed },
    { .name = "orders", .version = 2, .handlers = handlers, .tables = tables_fed },
};
