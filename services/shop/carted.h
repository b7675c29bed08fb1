/*
 * carted - what is in whose cart: tables that carts fills from its own stream,
 * and orders from the same one, so that both know one cart.
 */
#ifndef SHOP_CARTED_H
#define SHOP_CARTED_H

#include "shop.h"

#define CART_LINES_MAX 50               /* as described, and so is the next one */
#define CART_UNITS_MAX 1000             /* of one article */

/* The lines of a cart, by sku; borrowed as rows are. */
SOUK_MUST_CHECK int carted_lines(const struct souk_view *view, struct souk_id owner,
    struct in_cart lines_out[CART_LINES_MAX], size_t *count_out);

int carted_apply_filled(struct souk_tables *tables, const struct carts_filled *event);
int carted_apply_removed(struct souk_tables *tables, const struct carts_removed *event);
int carted_apply_ordered(struct souk_tables *tables, const struct carts_ordered *event);
int carted_apply_merged(struct souk_tables *tables, const struct carts_merged *event);
int carted_apply_expired(struct souk_tables *tables, const struct carts_expired *event);

#define CARTED_HANDLERS \
    SOUK_APPLY(carts_removed, carted_apply_removed), \
    SOUK_APPLY(carts_ordered, carted_apply_ordered), \
    SOUK_APPLY(carts_merged, carted_apply_merged), \
    SOUK_APPLY(carts_expired, carted_apply_expired)

#define CARTED_TABLES { CART_TABLE, STREAM_CARTS }, { IN_CART_TABLE, STREAM_CARTS }

#endif
