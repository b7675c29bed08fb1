#include "offers.h"

int
offers_find(const struct souk_view *view, struct souk_slice sku, struct offer *offer_out)
{
    int rc = offer_get(view, sku, offer_out);

    return rc == 0 && !offer_out->is_sold ? -SOUK_ENOTFOUND : rc;
}

/* What a product has been keeps its name and price, for carts that still have it. */
static int
set_sold(struct souk_tables *tables, struct souk_id product_id, bool is_sold)
{
    struct offered_product product;
    struct offer offer;
    int rc = offered_product_get(souk_tables_view(tables), product_id, &product);

    for (size_t i = 0; rc == 0 && i < product.articles_count; i++) {
        rc = offer_get(souk_tables_view(tables), product.articles[i].sku, &offer);
        if (rc == 0 && souk_id_equal(offer.product_id, product_id)) {
            offer.is_sold = is_sold;
            rc = offer_put(tables, &offer);
        }
    }
    return rc;
}

int
offers_apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    struct offer offer = { .product_id = event->product_id, .slug = event->slug, .title = event->title,
        .has_picture = event->pictures_count > 0, .is_sold = event->state == PRODUCT_STATE_PUBLISHED };
    int rc = set_sold(tables, event->product_id, false);

    if (rc == -SOUK_ENOTFOUND)
        rc = 0;
    if (event->pictures_count > 0)
        offer.picture = event->pictures[0];
    for (size_t i = 0; i < event->articles_count && rc == 0; i++) {
        offer.sku = event->articles[i].sku;
        offer.name = event->articles[i].name;
        offer.price = event->articles[i].price;
        rc = offer_put(tables, &offer);
    }
    return rc != 0 ? rc : offered_product_put(tables, &(struct offered_product){ .product_id = event->product_id,
        .articles = event->articles, .articles_count = event->articles_count });
}

int
offers_apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    return set_sold(tables, event->product_id, true);
}

int
offers_apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event)
{
    return set_sold(tables, event->product_id, false);
}
