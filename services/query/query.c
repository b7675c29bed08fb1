/*
 * query - what the pages of the shop show: lists of products, a product, orders, reviews.
 * It decides nothing and publishes nothing; thrown away, it fills itself again
 * from what it follows.
 */
#include "services.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "people.h"
#include "query.h"
#include "shop.h"

#define PAGE_ROWS_MAX 24                /* as described, and so are the next three */
#define CATEGORIES_MAX 100
#define ARTICLES_MAX 24
#define HISTORY_MAX 40
#define FREE_SHOWN_MAX 100
#define SORTS 4

static const struct souk_id everybody = { { 0 } };  /* whose orders are in the list of all */

/* ---- products ------------------------------------------------------- */

static int
forget_places(struct souk_tables *tables, struct souk_id product_id, struct product_page *before)
{
    int rc = product_page_get(souk_tables_view(tables), product_id, before);

    if (rc != 0)
        return rc;
    rc = page_slug_delete(tables, before->slug);
    for (size_t i = 0; i < before->articles_count && rc == 0; i++)
        rc = page_sku_delete(tables, before->articles[i].sku);
    return rc;
}

static int
apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    struct product_page before = { .since_ms = souk_tables_time_ms(tables) };
    int rc = forget_places(tables, event->product_id, &before);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    rc = product_page_put(tables, &(struct product_page){ .product_id = event->product_id, .slug = event->slug,
        .title = event->title, .summary = event->summary, .text = event->text, .category = event->category,
        .state = event->state, .since_ms = before.since_ms, .articles = event->articles,
        .articles_count = event->articles_count, .pictures = event->pictures,
        .pictures_count = event->pictures_count });
    if (rc == 0)
        rc = page_slug_put(tables, &(struct page_slug){ event->slug, event->product_id });
    for (size_t i = 0; i < event->articles_count && rc == 0; i++)
        rc = page_sku_put(tables, &(struct page_sku){ event->articles[i].sku, event->product_id });
    return rc != 0 ? rc : souk_touch(tables, SHELF_TABLE, souk_slice_of_id(&event->product_id));
}

static int
set_state(struct souk_tables *tables, struct souk_id product_id, enum product_state state)
{
    struct product_page page;
    int rc;

    if ((rc = product_page_get(souk_tables_view(tables), product_id, &page)) != 0)
        return rc;
    page.state = state;
    rc = product_page_put(tables, &page);
    return rc != 0 ? rc : souk_touch(tables, SHELF_TABLE, souk_slice_of_id(&product_id));
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

static int
apply_category_put(struct souk_tables *tables, const struct catalog_category_put *event)
{
    struct category_place before;
    int rc = category_place_get(souk_tables_view(tables), event->category, &before);

    if (rc == 0)
        rc = page_category_delete(tables, before.place, event->category);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    rc = category_place_put(tables, &(struct category_place){ event->category, event->place });
    return rc != 0 ? rc : page_category_put(tables, &(struct page_category){ event->category, event->title,
        event->text, event->place });
}

/* Its product's place in the lists may be another one now: sold out is said there, too. */
static int
apply_changed(struct souk_tables *tables, const struct inventory_changed *event)
{
    struct page_sku page;
    int rc = shelf_stock_put(tables, &(struct shelf_stock){ event->sku, event->on_hand - event->held });

    if (rc != 0)
        return rc;
    if ((rc = page_sku_get(souk_tables_view(tables), event->sku, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return souk_touch(tables, SHELF_TABLE, souk_slice_of_id(&page.product_id));
}

static int
get_free(const struct souk_view *view, struct souk_slice sku, uint32_t *free_out)
{
    struct shelf_stock stock = { .free = 0 };
    int rc = shelf_stock_get(view, sku, &stock);

    *free_out = stock.free;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* A list's name: how it is sorted, and of which category, or of all. */
static struct souk_slice
name_list(enum sort_order sort, struct souk_slice category, char out[40])
{
    (void)snprintf(out, 40, "%u%.*s", (unsigned)sort, (int)category.size_bytes, (const char *)category.base);
    return souk_slice_of(out);
}

static struct souk_slice
name_place(enum sort_order sort, const struct product_page *page, int64_t price, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    const char *title = page->title.base;
    size_t count = 0;

    switch (sort) {
    case SORT_ORDER_NEWEST:
        (void)snprintf(out, QUERY_PLACE_BYTES_MAX + 1, "%016" PRIu64, SOUK_TIME_MS_MAX - page->since_ms);
        break;
    case SORT_ORDER_CHEAPEST:
        (void)snprintf(out, QUERY_PLACE_BYTES_MAX + 1, "%016" PRIu64, (uint64_t)price);
        break;
    case SORT_ORDER_DEAREST:
        (void)snprintf(out, QUERY_PLACE_BYTES_MAX + 1, "%016" PRIu64, SOUK_TIME_MS_MAX - (uint64_t)price);
        break;
    case SORT_ORDER_TITLE:                      /* small letters; a cut in a letter of several bytes would be no text */
        for (size_t i = 0; i < page->title.size_bytes && count < QUERY_PLACE_BYTES_MAX; i++)
            if (((unsigned char)title[i] & 0x80) == 0)
                out[count++] = title[i] >= 'A' && title[i] <= 'Z' ? (char)(title[i] - 'A' + 'a') : title[i];
        out[count] = '\0';
        break;
    }
    return souk_slice_of(out);
}

static int
make_card(const struct souk_view *view, const struct product_page *page, struct product_card *card_out)
{
    uint32_t units;
    int rc;

    *card_out = (struct product_card){ .product_id = page->product_id, .slug = page->slug, .title = page->title,
        .summary = page->summary, .category = page->category, .price = page->articles[0].price,
        .has_picture = page->pictures_count > 0 };
    if (page->pictures_count > 0)
        card_out->picture = page->pictures[0];
    for (size_t i = 0; i < page->articles_count; i++) {
        const struct article *article = &page->articles[i];

        card_out->is_from |= article->price.minor != card_out->price.minor;
        if (article->price.minor < card_out->price.minor)
            card_out->price = article->price;
        if ((rc = get_free(view, article->sku, &units)) != 0)
            return rc;
        card_out->available |= units > 0;
    }
    return query_stars(view, page->product_id, &card_out->average, &card_out->reviews);
}

/* A published product has a place in each list of all products, and in each of its category. */
static int
index_shelf(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct product_page page;
    struct souk_id product_id;
    struct shelf shelf;
    char list[40], place[QUERY_PLACE_BYTES_MAX + 1];
    int rc;

    if ((rc = souk_id_of(entity, &product_id)) != 0 || (rc = product_page_get(view, product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (page.state != PRODUCT_STATE_PUBLISHED)
        return 0;
    shelf.product_id = product_id;
    if ((rc = make_card(view, &page, &shelf.card)) != 0)
        return rc;
    for (unsigned i = 0; i < 2 * SORTS && rc == 0; i++) {
        shelf.place = name_place((enum sort_order)(i / 2), &page, shelf.card.price.minor, place);
        shelf.list = name_list((enum sort_order)(i / 2), i % 2 == 0 ? souk_slice_of("") : page.category, list);
        rc = shelf_index(rows, &shelf);
    }
    return rc;
}

/* ---- orders --------------------------------------------------------- */

static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    const struct history_step first = { .at_ms = souk_tables_time_ms(tables), .state = ORDER_STATE_PLACED };
    int rc = order_page_put(tables, &(struct order_page){ .order_id = event->order_id, .owner = event->owner,
        .state = ORDER_STATE_PLACED, .lines = event->lines, .lines_count = event->lines_count,
        .total = event->total, .placed_ms = first.at_ms, .changed_ms = first.at_ms, .history = &first,
        .history_count = 1 });

    return rc != 0 ? rc : souk_touch(tables, ORDER_LIST_TABLE, souk_slice_of_id(&event->order_id));
}

/* The last step stays free for the end of an order that is given back in many pieces. */
static int
add_step(struct souk_tables *tables, struct souk_id order_id, struct history_step step, uint64_t returned)
{
    struct history_step history[HISTORY_MAX];
    struct order_page page;
    int rc;

    if ((rc = order_page_get(souk_tables_view(tables), order_id, &page)) != 0)
        return rc;
    step.at_ms = souk_tables_time_ms(tables);
    if (page.history_count == HISTORY_MAX)
        page.history_count--;
    memcpy(history, page.history, page.history_count * sizeof history[0]);
    history[page.history_count++] = step;
    page.history = history;
    page.state = step.state;
    page.changed_ms = step.at_ms;
    page.returned += returned;
    rc = order_page_put(tables, &page);
    return rc != 0 ? rc : souk_touch(tables, ORDER_LIST_TABLE, souk_slice_of_id(&order_id));
}

static int
apply_adopted(struct souk_tables *tables, const struct orders_adopted *event)
{
    struct order_page page;
    int rc;

    if ((rc = order_page_get(souk_tables_view(tables), event->order_id, &page)) != 0)
        return rc;
    page.owner = event->owner;
    rc = order_page_put(tables, &page);
    return rc != 0 ? rc : souk_touch(tables, ORDER_LIST_TABLE, souk_slice_of_id(&event->order_id));
}

static int
apply_reserved(struct souk_tables *tables, const struct orders_reserved *event)
{
    return add_step(tables, event->order_id, (struct history_step){ .state = ORDER_STATE_RESERVED }, 0);
}

static int
apply_step_needed(struct souk_tables *tables, const struct orders_step_needed *event)
{
    return add_step(tables, event->order_id, (struct history_step){ .state = ORDER_STATE_AWAITING_STEP }, 0);
}

static int
apply_paid(struct souk_tables *tables, const struct orders_paid *event)
{
    return add_step(tables, event->order_id, (struct history_step){ .state = ORDER_STATE_PAID }, 0);
}

static int
apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    return add_step(tables, event->order_id, (struct history_step){ .state = ORDER_STATE_CONFIRMED }, 0);
}

static int
apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    return add_step(tables, event->order_id, (struct history_step){ .state = ORDER_STATE_CANCELLED,
        .has_reason = true, .reason = event->reason, .has_decline = event->has_decline,
        .decline = event->decline }, 0);
}

static int
apply_refunded(struct souk_tables *tables, const struct orders_refunded *event)
{
    return add_step(tables, event->order_id, (struct history_step){
        .state = event->is_all ? ORDER_STATE_REFUNDED : ORDER_STATE_CONFIRMED, .has_amount = true,
        .amount = event->amount }, (uint64_t)event->amount.minor);
}

/* Each order stands in its owner's list, and in everybody's. */
static int
index_order_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct order_page page;
    struct order_list row;
    struct souk_id order_id;
    int rc;

    if ((rc = souk_id_of(entity, &order_id)) != 0 || (rc = order_page_get(view, order_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    row = (struct order_list){ .owner = page.owner, .before_ms = SOUK_TIME_MS_MAX - page.placed_ms,
        .order_id = order_id, .card = { .order_id = order_id, .state = page.state, .total = page.total,
        .placed_ms = page.placed_ms, .changed_ms = page.changed_ms } };
    for (size_t i = 0; i < page.lines_count; i++)
        row.card.units += page.lines[i].units;
    if ((rc = order_list_index(rows, &row)) != 0)
        return rc;
    row.owner = everybody;
    return order_list_index(rows, &row);
}

/* ---- answers -------------------------------------------------------- */

static int
answer_categories(const struct souk_view *view, const struct query_categories *query, struct souk_answer *answer)
{
    struct category_card categories[CATEGORIES_MAX];
    struct query_categories_reply reply = { .categories = categories };
    struct page_category category;
    struct souk_rows *rows;
    int rc;

    (void)query;
    if ((rc = page_category_scan(view, &rows)) != 0)
        return rc;
    while (reply.categories_count < CATEGORIES_MAX && (rc = page_category_next(view, rows, &category)) == 0)
        categories[reply.categories_count++] = (struct category_card){ category.category, category.title,
            category.text };
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_categories(answer, &reply);
}

static int
answer_products(const struct souk_view *view, const struct query_products *query, struct souk_answer *answer)
{
    struct product_card products[PAGE_ROWS_MAX];
    struct query_products_reply reply = { .products = products };
    struct souk_slice list, place = souk_slice_of("");
    struct souk_id from = { { 0 } };
    struct souk_rows *rows;
    struct shelf shelf;
    char name[40], next[QUERY_FROM_BYTES];
    int rc;

    list = name_list(query->sort, query->has_category ? query->category : souk_slice_of(""), name);
    if (query->has_from)
        query_read_from(query->from, &from, &place);
    if ((rc = shelf_scan_by_list_from(view, list, place, from, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = shelf_next(view, rows, &shelf)) == 0) {
        if ((reply.has_next = reply.products_count == PAGE_ROWS_MAX))
            reply.next = query_write_from(shelf.product_id, shelf.place, next);
        else
            products[reply.products_count++] = shelf.card;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_products(answer, &reply);
}

/* A withdrawn product has its page still, for those who have ordered it; a draft has it for staff. */
static int
answer_product(const struct souk_view *view, const struct query_product *query, struct souk_answer *answer)
{
    struct article_state articles[ARTICLES_MAX];
    struct query_product_reply reply = { .articles = articles };
    struct product_page page;
    struct page_slug slug;
    int rc;

    if ((rc = page_slug_get(view, query->slug, &slug)) != 0
        || (rc = product_page_get(view, slug.product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT) : rc;
    if (page.state == PRODUCT_STATE_DRAFT && !souk_pass_has_role(souk_answer_pass(answer), ROLE_STAFF))
        return souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT);
    reply.product_id = page.product_id;
    reply.slug = page.slug;
    reply.title = page.title;
    reply.summary = page.summary;
    reply.text = page.text;
    reply.category = page.category;
    reply.state = page.state;
    reply.pictures = page.pictures;
    reply.pictures_count = page.pictures_count;
    for (; reply.articles_count < page.articles_count; reply.articles_count++) {
        const struct article *article = &page.articles[reply.articles_count];
        struct article_state *state = &articles[reply.articles_count];

        *state = (struct article_state){ .sku = article->sku, .name = article->name, .price = article->price };
        if ((rc = get_free(view, article->sku, &state->available)) != 0)
            return rc;
        if (state->available > FREE_SHOWN_MAX)
            state->available = FREE_SHOWN_MAX;
    }
    return answer_query_product(answer, &reply);
}

/* A page of `owner`'s orders, or of everybody's. */
struct orders_found {
    struct order_card orders[PAGE_ROWS_MAX];
    size_t count;
    bool has_next;
    struct souk_slice next;
    char next_bytes[QUERY_FROM_BYTES];
};

static int
find_orders(const struct souk_view *view, struct souk_id owner, bool has_from, struct souk_slice from,
    struct orders_found *found)
{
    struct souk_rows *rows;
    struct order_list row;
    struct souk_id order_id;
    uint64_t before_ms;
    int rc;

    found->count = 0;
    found->has_next = false;
    found->next = souk_slice_of("");
    query_read_time_from(has_from, from, &before_ms, &order_id);
    if ((rc = order_list_scan_by_owner_from(view, owner, before_ms, order_id, &rows)) != 0)
        return rc;
    while (!found->has_next && (rc = order_list_next(view, rows, &row)) == 0) {
        if ((found->has_next = found->count == PAGE_ROWS_MAX))
            found->next = query_write_time_from(row.order_id, row.before_ms, found->next_bytes);
        else
            found->orders[found->count++] = row.card;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
answer_my_orders(const struct souk_view *view, const struct query_my_orders *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct orders_found found;
    int rc;

    if (pass == NULL)
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    if ((rc = find_orders(view, pass->person, query->has_from, query->from, &found)) != 0)
        return rc;
    return answer_query_my_orders(answer, &(struct query_my_orders_reply){ .orders = found.orders,
        .orders_count = found.count, .has_next = found.has_next, .next = found.next });
}

static int
answer_orders(const struct souk_view *view, const struct query_orders *query, struct souk_answer *answer)
{
    struct orders_found found;
    int rc;

    if (!souk_pass_has_role(souk_answer_pass(answer), ROLE_STAFF))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = find_orders(view, everybody, query->has_from, query->from, &found)) != 0)
        return rc;
    return answer_query_orders(answer, &(struct query_orders_reply){ .orders = found.orders,
        .orders_count = found.count, .has_next = found.has_next, .next = found.next });
}

/* Somebody else's order is as unknown as one that there is not. */
static int
answer_order(const struct souk_view *view, const struct query_order *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct order_page page;
    int rc;

    if ((rc = order_page_get(view, query->order_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_ORDER) : rc;
    if (pass == NULL || (!souk_id_equal(page.owner, pass->person)
        && !souk_pass_has_role(pass, ROLE_STAFF)))
        return souk_answer_refuse(answer, QUERY_UNKNOWN_ORDER);
    return answer_query_order(answer, &(struct query_order_reply){ .order_id = page.order_id, .owner = page.owner,
        .state = page.state, .lines = page.lines, .lines_count = page.lines_count, .total = page.total,
        .returned = page.returned, .history = page.history, .history_count = page.history_count });
}

static const struct souk_handler handlers[] = {
    SOUK_APPLY(catalog_category_put, apply_category_put),
    SOUK_APPLY(catalog_written, apply_written),
    SOUK_APPLY(catalog_published, apply_published),
    SOUK_APPLY(catalog_withdrawn, apply_withdrawn),
    SOUK_APPLY(inventory_changed, apply_changed),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_adopted, apply_adopted),
    SOUK_APPLY(orders_reserved, apply_reserved),
    SOUK_APPLY(orders_step_needed, apply_step_needed),
    SOUK_APPLY(orders_paid, apply_paid),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    SOUK_APPLY(orders_refunded, apply_refunded),
    SOUK_APPLY(accounts_registered, query_apply_registered),
    SOUK_APPLY(accounts_renamed, query_apply_renamed),
    SOUK_APPLY(accounts_left, query_apply_left),
    SOUK_APPLY(review_updated, query_apply_review_updated),
    SOUK_APPLY(review_kept, query_apply_review_kept),
    SOUK_APPLY(moderation_queued, query_apply_moderation_queued),
    SOUK_APPLY(moderation_judged, query_apply_moderation_judged),
    SOUK_APPLY(moderation_dropped, query_apply_moderation_dropped),
    SOUK_ANSWER(query_categories, answer_categories),
    SOUK_ANSWER(query_products, answer_products),
    SOUK_ANSWER(query_product, answer_product),
    SOUK_ANSWER(query_my_orders, answer_my_orders),
    SOUK_ANSWER(query_orders, answer_orders),
    SOUK_ANSWER(query_order, answer_order),
    SOUK_ANSWER(query_reviews, query_answer_reviews),
    SOUK_ANSWER(query_my_review, query_answer_my_review),
    SOUK_ANSWER(query_my_reviews, query_answer_my_reviews),
    SOUK_ANSWER(query_moderation, query_answer_moderation),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { PRODUCT_PAGE_TABLE, STREAM_CATALOG },
    { PAGE_SLUG_TABLE, STREAM_CATALOG },
    { PAGE_SKU_TABLE, STREAM_CATALOG },
    { PAGE_CATEGORY_TABLE, STREAM_CATALOG },
    { CATEGORY_PLACE_TABLE, STREAM_CATALOG },
    { SHELF_STOCK_TABLE, STREAM_INVENTORY },
    { ORDER_PAGE_TABLE, STREAM_ORDERS },
    { AUTHOR_NAME_TABLE, STREAM_ACCOUNTS },
    { PAGE_REVIEW_TABLE, STREAM_REVIEWS },
    { STAR_COUNT_TABLE, STREAM_REVIEWS },
    { OWN_REVIEW_TABLE, STREAM_REVIEWS_OWN },
    { OWN_REVIEW_OF_TABLE, STREAM_REVIEWS_OWN },
    { OWN_REVIEW_LIST_TABLE, STREAM_REVIEWS_OWN },
    { WAITING_REVIEW_TABLE, STREAM_MODERATION },
    { WAITING_SINCE_TABLE, STREAM_MODERATION },
    { 0 },
};

static const struct souk_index_def indexes[] = {
    { SHELF_TABLE, index_shelf },
    { ORDER_LIST_TABLE, index_order_list },
    { REVIEW_LIST_TABLE, query_index_review_list },
    { 0 },
};

const struct souk_service query_service = { .name = "query", .version = 3, .handlers = handlers, .tables = tables,
    .indexes = indexes };

int
main(int argc, char **argv)
{
    return souk_service_main(&query_service, argc, argv);
}
