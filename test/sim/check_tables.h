/*
 * check_tables - the tables of a service as its events make them, computed anew
 * and held against the rows that it has at the end.
 *
 * Also here: the events and the services of the simulated application, as
 * check_state.c and check_tables.c both know them.
 */
#ifndef SIM_CHECK_TABLES_H
#define SIM_CHECK_TABLES_H

#include "check_model.h"

enum type {
    NONE,
    ORDER_PLACED, ORDER_LINED, ORDER_RESERVED, ORDER_PAID, ORDER_CANCELLED, ORDER_EXPIRED, ORDER_REFUND_DUE,
    ORDER_REFUNDED, ORDER_COMPENSATED, ORDER_ADDRESSED, ORDER_NOTED,
    STOCK_RECEIVED, STOCK_RESERVED, STOCK_SHORT, STOCK_RELEASED, STOCK_SHIPPED, STOCK_COMPENSATED,
    PAYMENT_CHARGED, PAYMENT_REFUNDED, PAYMENT_COMPENSATED,
    REVIEW_SUBMITTED, REVIEW_EDITED, REVIEW_PUBLISHED, REVIEW_HIDDEN, REVIEW_COMPENSATED, REVIEW_UPDATED,
    VERDICT_APPROVED, VERDICT_REJECTED, VERDICT_WITHDRAWN,
    TYPES
};

enum application { NO_APPLICATION, ORDERS, STOCK, PAYMENTS, REVIEWS, MODERATION, QUERY };

/* As the end tells it. */
struct state_row {
    const char *table;
    struct check_bytes key, value;
    struct state_row *next;
};

/* Of check_state. */
enum application application_of(const struct model_node *node);

/* Once the final heads are known: 0, or -1 after model_fail(). */
int tables_check(struct checker *checker, const struct model_node *node);

#endif
