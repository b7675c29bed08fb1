/*
 * offers - what is for sale and for how much: tables that a service which has
 * to know fills from what catalog says.
 */
#ifndef SHOP_OFFERS_H
#define SHOP_OFFERS_H

#include "shop.h"

/* 0; -SOUK_ENOTFOUND: it is not for sale, or not any more. */
SOUK_MUST_CHECK int offers_find(const struct souk_view *view, struct souk_slice sku, struct offer *offer_out);

/* For the service's table of handlers. */
int offers_apply_written(struct souk_tables *tables, const struct catalog_written *event);
int offers_apply_published(struct souk_tables *tables, const struct catalog_published *event);
int offers_apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event);

#define OFFERS_HANDLERS \
    SOUK_APPLY(catalog_written, offers_apply_written), \
    SOUK_APPLY(catalog_published, offers_apply_published), \
    SOUK_APPLY(catalog_withdrawn, offers_apply_withdrawn)

#define OFFERS_TABLES { OFFER_TABLE, STREAM_CATALOG }, { OFFERED_PRODUCT_TABLE, STREAM_CATALOG }

#endif
