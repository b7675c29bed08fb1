/*
 * payments - charges an order once, declines some, and gives money back.
 */
#include "app_messages.h"

#define CHARGES "charges"
#define DUES "dues"
#define CHARGE_FIELDS 4
#define DUE_FIELDS 2

enum { AMOUNT, STATE, COMPENSATIONS };

static const char *const tables_by_number[] = { CHARGES, DUES };

static int apply_due(struct souk_tables *tables, uint64_t order, uint64_t state);

/* ---- commands ------------------------------------------------------- */

static int
decide_charge(const struct souk_view *view, const struct payments_charge *command, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row charge;
    int rc;

    if ((rc = app_trouble("payments", command->order)) != 0)
        return rc;
    if (command->amount % APP_PRICE_DECLINED == 0)
        return souk_refuse(decision, "declined");
    rc = app_row_get(view, CHARGES, app_key(&key, command->order), &charge);
    if (rc == 0)
        return souk_accept(decision);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_emit(decision, &payment_charged_type, &(struct payment_charged){ command->order, command->amount });
}

/* ---- reactions ------------------------------------------------------ */

static int
react_refund_due(const struct souk_view *view, const struct order_refund_due *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row charge;
    int rc;

    if ((rc = app_trouble("payments", event->order)) != 0)
        return rc;
    rc = app_row_get(view, CHARGES, app_key(&key, event->order), &charge);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (charge.fields[STATE] != CHARGE_CHARGED)
        return 0;
    return souk_emit(decision, &payment_refunded_type,
        &(struct payment_refunded){ event->order, charge.fields[AMOUNT] });
}

static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    (void)view;
    return souk_emit(decision, &payment_compensated_type, &(struct payment_compensated){
        .order = app_key_id(rewound->key),
        .epoch_counter = rewound->lost.epoch_counter,
        .number = rewound->lost.number,
    });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_charged(struct souk_tables *tables, const struct payment_charged *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->order);
    struct app_row charge;
    int rc;

    if ((rc = app_row_begin(tables, CHARGES, key, CHARGE_FIELDS, &charge)) != 0)
        return rc;
    charge.fields[AMOUNT] = event->amount;
    charge.fields[STATE] = CHARGE_CHARGED;
    return app_row_put(tables, CHARGES, key, &charge);
}

static int
apply_refunded(struct souk_tables *tables, const struct payment_refunded *event)
{
    return app_row_set(tables, CHARGES, event->order, CHARGE_FIELDS, STATE, CHARGE_REFUNDED);
}

static int
apply_compensated(struct souk_tables *tables, const struct payment_compensated *event)
{
    return app_row_add(tables, CHARGES, event->order, CHARGE_FIELDS, COMPENSATIONS, 1);
}

static int
apply_order_placed(struct souk_tables *tables, const struct order_placed *event)
{
    return apply_due(tables, event->order, ORDER_PLACED);
}

static int
apply_order_reserved(struct souk_tables *tables, const struct order_reserved *event)
{
    return apply_due(tables, event->order, ORDER_RESERVED);
}

static int
apply_order_paid(struct souk_tables *tables, const struct order_paid *event)
{
    return apply_due(tables, event->order, ORDER_PAID);
}

static int
apply_order_cancelled(struct souk_tables *tables, const struct order_cancelled *event)
{
    return apply_due(tables, event->order, ORDER_CANCELLED);
}

static int
apply_order_expired(struct souk_tables *tables, const struct order_expired *event)
{
    return apply_due(tables, event->order, ORDER_EXPIRED);
}

static int
apply_order_refund_due(struct souk_tables *tables, const struct order_refund_due *event)
{
    return app_row_add(tables, DUES, event->order, DUE_FIELDS, 0, 0);
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
apply_due(struct souk_tables *tables, uint64_t order, uint64_t state)
{
    int rc;

    if ((rc = app_trouble("payments", order)) != 0)
        return rc;
    return app_row_set(tables, DUES, order, DUE_FIELDS, 0, state);
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(payments_charge, decide_charge),
    SOUK_REACT(order_refund_due, react_refund_due),
    SOUK_REACT_REWOUND("orders", react_rewound),
    SOUK_APPLY(payment_charged, apply_charged),
    SOUK_APPLY(payment_refunded, apply_refunded),
    SOUK_APPLY(payment_compensated, apply_compensated),
    SOUK_APPLY(order_placed, apply_order_placed),
    SOUK_APPLY(order_reserved, apply_order_reserved),
    SOUK_APPLY(order_paid, apply_order_paid),
    SOUK_APPLY(order_cancelled, apply_order_cancelled),
    SOUK_APPLY(order_expired, apply_order_expired),
    SOUK_APPLY(order_refund_due, apply_order_refund_due),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { CHARGES, "payments" },
    { DUES, "orders" },
    { 0 },
};

const struct souk_service app_payments[2] = {
    { .name = "payments", .version = 1, .handlers = handlers, .tables = tables_fed },
    { .name = "payments", .version = 2, .handlers = handlers, .tables = tables_fed },
};
