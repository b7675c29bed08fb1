/*
 * recommendations - which products are bought together, by the orders that were
 * confirmed. Nobody thought of it when the shop opened: it has its messages to
 * itself, follows what others say anyway, and reads all that they ever said.
 */
#include <souk.h>

#include "shop.h"
#include "suggestions.h"

#define PRODUCTS_MAX 50                 /* as described, and so is the next one */
#define SUGGESTIONS_MAX 8

/* ---- what is suggested ---------------------------------------------- */

static int
apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    struct suggestion suggestion = { .product_id = event->product_id, .slug = event->slug, .title = event->title,
        .price = event->articles[0].price, .picture_name = souk_slice_of(""), .picture_alt = souk_slice_of("") };

    for (size_t i = 1; i < event->articles_count; i++)
        if (event->articles[i].price.minor < suggestion.price.minor)
            suggestion.price = event->articles[i].price;
    if (event->pictures_count > 0) {
        suggestion.picture_name = event->pictures[0].name;
        suggestion.picture_alt = event->pictures[0].alt;
    }
    return suggested_product_put(tables, &(struct suggested_product){ .product_id = event->product_id,
        .is_published = event->state == PRODUCT_STATE_PUBLISHED, .suggestion = suggestion });
}

static int
set_published(struct souk_tables *tables, struct souk_id product_id, bool is_published)
{
    struct suggested_product product;
    int rc;

    if ((rc = suggested_product_get(souk_tables_view(tables), product_id, &product)) != 0)
        return rc;
    product.is_published = is_published;
    return suggested_product_put(tables, &product);
}

static int
apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    return set_published(tables, event->product_id, true);
}

static int
apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event)
{
    return set_published(tables, event->product_id, false);
}

/* ---- what was bought ------------------------------------------------ */

/* Each product once, in however many variants. */
static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    struct souk_id products[PRODUCTS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < event->lines_count; i++) {
        size_t k = 0;

        while (k < count && !souk_id_equal(products[k], event->lines[i].product_id))
            k++;
        if (k == count)
            products[count++] = event->lines[i].product_id;
    }
    return open_order_put(tables, &(struct open_order){ .order_id = event->order_id, .products = products,
        .products_count = count });
}

static int
count_pair(struct souk_tables *tables, struct souk_id product_id, struct souk_id other_id)
{
    struct pair pair = { .product_id = product_id, .other_id = other_id };
    int rc = pair_get(souk_tables_view(tables), product_id, other_id, &pair);

    if (rc == 0)
        rc = ranked_pair_delete(tables, product_id, UINT32_MAX - pair.orders, other_id);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    pair.orders++;
    if ((rc = pair_put(tables, &pair)) != 0)
        return rc;
    return ranked_pair_put(tables, &(struct ranked_pair){ product_id, UINT32_MAX - pair.orders, other_id });
}

static int
apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    struct open_order order;
    int rc;

    if ((rc = open_order_get(souk_tables_view(tables), event->order_id, &order)) != 0)
        return rc;
    for (size_t i = 0; i < order.products_count && rc == 0; i++)
        for (size_t k = 0; k < order.products_count && rc == 0; k++)
            if (i != k)
                rc = count_pair(tables, order.products[i], order.products[k]);
    return rc != 0 ? rc : open_order_delete(tables, event->order_id);
}

static int
apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    return open_order_delete(tables, event->order_id);
}

/* ---- the answer ----------------------------------------------------- */

/* What is not sold any more is not suggested, whatever it was bought with. */
static int
answer_together(const struct souk_view *view, const struct recommendations_together *query,
    struct souk_answer *answer)
{
    struct suggestion products[SUGGESTIONS_MAX];
    struct recommendations_together_reply reply = { .products = products };
    struct suggested_product product;
    struct ranked_pair row;
    struct souk_rows *rows;
    int rc;

    if ((rc = ranked_pair_scan_by_product_id(view, query->product_id, &rows)) != 0)
        return rc;
    while (reply.products_count < SUGGESTIONS_MAX && (rc = ranked_pair_next(view, rows, &row)) == 0) {
        if ((rc = suggested_product_get(view, row.other_id, &product)) != 0 && rc != -SOUK_ENOTFOUND)
            break;
        if (rc != 0 || !product.is_published)
            continue;
        products[reply.products_count] = product.suggestion;
        products[reply.products_count++].orders = UINT32_MAX - row.rank;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_recommendations_together(answer, &reply);
}

static const struct souk_handler handlers[] = {
    SOUK_APPLY(catalog_written, apply_written),
    SOUK_APPLY(catalog_published, apply_published),
    SOUK_APPLY(catalog_withdrawn, apply_withdrawn),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    SOUK_ANSWER(recommendations_together, answer_together),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { SUGGESTED_PRODUCT_TABLE, STREAM_CATALOG },
    { OPEN_ORDER_TABLE, STREAM_ORDERS },
    { PAIR_TABLE, STREAM_ORDERS },
    { RANKED_PAIR_TABLE, STREAM_ORDERS },
    { 0 },
};

const struct souk_service recommendations_service = { .name = "recommendations", .version = 1,
    .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&recommendations_service, argc, argv);
}
