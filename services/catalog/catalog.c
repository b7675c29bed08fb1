/*
 * catalog - what is for sale: products with their articles (what is counted,
 * priced and sold), pictures and categories. Staff writes it. A product is a
 * draft until it is published; withdrawn, it is not sold any more, and orders
 * of it go on.
 */
#include "services.h"

#include "money.h"
#include "people.h"
#include "shop.h"

/* ---- what may stand in an address ----------------------------------- */

/* Small letters, digits and single dashes, as in red-tea-glass. */
static bool
is_slug(struct souk_slice text)
{
    const char *at = text.base;
    char before = '-';

    for (size_t i = 0; i < text.size_bytes; i++) {
        const bool is_word = (at[i] >= 'a' && at[i] <= 'z') || (at[i] >= '0' && at[i] <= '9');

        if (!is_word && (at[i] != '-' || before == '-'))
            return false;
        before = at[i];
    }
    return before != '-';
}

/* ---- categories ----------------------------------------------------- */

static int
decide_put_category(const struct souk_view *view, const struct catalog_put_category *command,
    struct souk_decision *decision)
{
    struct souk_id by;
    int rc = people_staff(decision, &by);

    (void)view;
    if (rc != 0)
        return rc;
    if (!is_slug(command->category))
        return souk_refuse(decision, CATALOG_BAD_SLUG);
    return emit_catalog_category_put(decision, &(struct catalog_category_put){ .category = command->category,
        .title = command->title, .text = command->text, .place = command->place, .has_by = true, .by = by });
}

static int
apply_category_put(struct souk_tables *tables, const struct catalog_category_put *event)
{
    return category_put(tables, &(struct category){ .category = event->category, .title = event->title,
        .text = event->text, .place = event->place });
}

/* ---- products ------------------------------------------------------- */

/* One currency, prices above zero, each article once, and none that is another product's. */
static int
check_articles(const struct souk_view *view, const struct catalog_write *command, struct souk_decision *decision)
{
    const struct article *articles = command->articles;
    struct sku_owner owner;
    int rc;

    if (command->articles_count == 0)
        return souk_refuse(decision, CATALOG_NOT_SELLABLE);
    for (size_t i = 0; i < command->articles_count; i++) {
        if (articles[i].sku.size_bytes == 0 || articles[i].price.minor <= 0
            || !money_is_same_currency(articles[i].price, articles[0].price))
            return souk_refuse(decision, CATALOG_NOT_SELLABLE);
        for (size_t k = 0; k < i; k++)
            if (souk_slice_equal(articles[i].sku, articles[k].sku))
                return souk_refuse(decision, CATALOG_SKU_TAKEN);
        if ((rc = sku_owner_get(view, articles[i].sku, &owner)) == 0) {
            if (!souk_id_equal(owner.product_id, command->product_id))
                return souk_refuse(decision, CATALOG_SKU_TAKEN);
        } else if (rc != -SOUK_ENOTFOUND) {
            return rc;
        }
    }
    return 0;
}

static int
check_places(const struct souk_view *view, const struct catalog_write *command, struct souk_decision *decision)
{
    struct category category;
    struct slug slug;
    int rc;

    if (!is_slug(command->slug))
        return souk_refuse(decision, CATALOG_BAD_SLUG);
    if ((rc = slug_get(view, command->slug, &slug)) == 0) {
        if (!souk_id_equal(slug.product_id, command->product_id))
            return souk_refuse(decision, CATALOG_SLUG_TAKEN);
    } else if (rc != -SOUK_ENOTFOUND) {
        return rc;
    }
    rc = category_get(view, command->category, &category);
    for (size_t i = 0; i < command->also_in_count && rc == 0; i++) {
        rc = category_get(view, command->also_in[i], &category);
        for (size_t k = 0; k < i && rc == 0; k++)
            if (souk_slice_equal(command->also_in[i], command->also_in[k]))
                return souk_refuse(decision, CATALOG_CATEGORY_TWICE);
        if (rc == 0 && souk_slice_equal(command->also_in[i], command->category))
            return souk_refuse(decision, CATALOG_CATEGORY_TWICE);
    }
    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, CATALOG_UNKNOWN_CATEGORY) : rc;
}

static const struct article *
find_article(const struct product *product, struct souk_slice sku)
{
    for (size_t i = 0; i < product->articles_count; i++)
        if (souk_slice_equal(product->articles[i].sku, sku))
            return &product->articles[i];
    return NULL;
}

/* A price is a fact of its own: whoever keeps a history of prices need not compare products. */
static int
tell_prices(const struct product *before, const struct catalog_write *command, struct souk_id by,
    struct souk_decision *decision)
{
    const struct article *now, *was;
    int rc = 0;

    for (size_t i = 0; i < command->articles_count && rc == 0; i++) {
        now = &command->articles[i];
        was = find_article(before, now->sku);
        if (was != NULL && money_is_equal(was->price, now->price))
            continue;
        rc = emit_catalog_priced(decision, &(struct catalog_priced){ .product_id = command->product_id,
            .sku = now->sku, .price = now->price, .has_was = was != NULL,
            .was = was != NULL ? was->price : (struct souk_money){ 0 }, .has_by = true, .by = by });
    }
    return rc;
}

static int
decide_write(const struct souk_view *view, const struct catalog_write *command, struct souk_decision *decision)
{
    struct product before = { .state = PRODUCT_STATE_DRAFT };
    struct souk_id by;
    int rc = people_staff(decision, &by);

    if (rc != 0 || (rc = check_places(view, command, decision)) != 0
        || (rc = check_articles(view, command, decision)) != 0)
        return rc;
    if ((rc = product_get(view, command->product_id, &before)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (command->has_seen_version && command->seen_version != before.version)
        return souk_refuse(decision, CATALOG_CHANGED);
    rc = emit_catalog_written(decision, &(struct catalog_written){ .product_id = command->product_id,
        .slug = command->slug, .title = command->title, .summary = command->summary, .text = command->text,
        .category = command->category, .articles = command->articles, .articles_count = command->articles_count,
        .pictures = command->pictures, .pictures_count = command->pictures_count, .state = before.state,
        .also_in = command->also_in, .also_in_count = command->also_in_count, .traits = command->traits,
        .traits_count = command->traits_count, .has_by = true, .by = by });
    return rc != 0 ? rc : tell_prices(&before, command, by, decision);
}

static int
get_product(const struct souk_view *view, struct souk_id product_id, struct souk_decision *decision,
    struct product *product_out, struct souk_id *by_out)
{
    int rc = people_staff(decision, by_out);

    if (rc != 0)
        return rc;
    rc = product_get(view, product_id, product_out);
    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, CATALOG_UNKNOWN_PRODUCT) : rc;
}

static int
decide_publish(const struct souk_view *view, const struct catalog_publish *command, struct souk_decision *decision)
{
    struct product product;
    struct souk_id by;
    int rc;

    if ((rc = get_product(view, command->product_id, decision, &product, &by)) != 0)
        return rc;
    if (product.state == PRODUCT_STATE_PUBLISHED)
        return souk_accept(decision);
    if (command->has_seen_version && command->seen_version != product.version)
        return souk_refuse(decision, CATALOG_CHANGED);
    return emit_catalog_published(decision, &(struct catalog_published){ product.product_id, true, by });
}

static int
decide_withdraw(const struct souk_view *view, const struct catalog_withdraw *command, struct souk_decision *decision)
{
    struct product product;
    struct souk_id by;
    int rc;

    if ((rc = get_product(view, command->product_id, decision, &product, &by)) != 0)
        return rc;
    if (product.state == PRODUCT_STATE_WITHDRAWN)
        return souk_accept(decision);
    if (command->has_seen_version && command->seen_version != product.version)
        return souk_refuse(decision, CATALOG_CHANGED);
    return emit_catalog_withdrawn(decision, &(struct catalog_withdrawn){ product.product_id, true, by });
}

/* What it was called and made of before is free for others. */
static int
forget_places(struct souk_tables *tables, const struct product *product)
{
    int rc = slug_delete(tables, product->slug);

    for (size_t i = 0; i < product->articles_count && rc == 0; i++)
        rc = sku_owner_delete(tables, product->articles[i].sku);
    return rc;
}

static int
apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    struct product before;
    int rc;

    if ((rc = product_get(souk_tables_view(tables), event->product_id, &before)) == 0)
        rc = forget_places(tables, &before);
    else if (rc == -SOUK_ENOTFOUND)
        rc = 0;
    if (rc == 0)
        rc = slug_put(tables, &(struct slug){ event->slug, event->product_id });
    for (size_t i = 0; i < event->articles_count && rc == 0; i++)
        rc = sku_owner_put(tables, &(struct sku_owner){ event->articles[i].sku, event->product_id });
    return rc != 0 ? rc : product_put(tables, &(struct product){ .product_id = event->product_id,
        .slug = event->slug, .state = event->state, .articles = event->articles,
        .articles_count = event->articles_count, .version = souk_tables_event(tables).number });
}

static int
set_state(struct souk_tables *tables, struct souk_id product_id, enum product_state state)
{
    struct product product;
    int rc;

    if ((rc = product_get(souk_tables_view(tables), product_id, &product)) != 0)
        return rc;
    product.state = state;
    product.version = souk_tables_event(tables).number;
    return product_put(tables, &product);
}

static int
apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    return set_state(tables, event->product_id, PRODUCT_STATE_PUBLISHED);
}

static int
apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event)
{
    return set_state(tables, event->product_id, PRODUCT_STATE_WITHDRAWN);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(catalog_put_category, decide_put_category),
    SOUK_DECIDE(catalog_write, decide_write),
    SOUK_DECIDE(catalog_publish, decide_publish),
    SOUK_DECIDE(catalog_withdraw, decide_withdraw),
    SOUK_APPLY(catalog_category_put, apply_category_put),
    SOUK_APPLY(catalog_written, apply_written),
    SOUK_APPLY(catalog_published, apply_published),
    SOUK_APPLY(catalog_withdrawn, apply_withdrawn),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { CATEGORY_TABLE, STREAM_CATALOG },
    { PRODUCT_TABLE, STREAM_CATALOG },
    { SLUG_TABLE, STREAM_CATALOG },
    { SKU_OWNER_TABLE, STREAM_CATALOG },
    { 0 },
};

const struct souk_service catalog_service = { .name = "catalog", .version = 2, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&catalog_service, argc, argv);
}
