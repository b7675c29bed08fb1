/*
 * orders - what its files share: where orders go to, and how they are found by that.
 */
#ifndef SHOP_ORDERS_H
#define SHOP_ORDERS_H

#include "shop.h"

int orders_apply_addressed(struct souk_tables *tables, const struct orders_addressed *event);
int orders_apply_erased(struct souk_tables *tables, const struct orders_erased *event);
int orders_answer_destination(const struct souk_view *view, const struct orders_destination *query,
    struct souk_answer *answer);
int orders_answer_search(const struct souk_view *view, const struct orders_search *query,
    struct souk_answer *answer);

#define ORDERS_DESTINATION_HANDLERS \
    SOUK_APPLY(orders_addressed, orders_apply_addressed), \
    SOUK_APPLY(orders_erased, orders_apply_erased), \
    SOUK_ANSWER(orders_destination, orders_answer_destination), \
    SOUK_ANSWER(orders_search, orders_answer_search)

#define ORDERS_DESTINATION_TABLES { DESTINATION_TABLE, STREAM_ORDERS_PRIVATE }, \
    { DESTINATION_OF_TABLE, STREAM_ORDERS_PRIVATE }, \
    { DESTINATION_TIME_TABLE, STREAM_ORDERS_PRIVATE }

#endif
