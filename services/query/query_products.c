/*
 * query_products - what the shop shows of its products: its front page, lists
 * in six orders with filters, a product's page.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "people.h"
#include "within.h"

#define PAGE_ROWS_MAX 24                /* as described, and so are the next five */
#define HOME_ROWS_MAX 8
#define CATEGORIES_MAX 100
#define ARTICLES_MAX 24
#define FACETS_MAX 100
#define FACETS_COUNTED_MAX 500          /* of which those are shown that leave most */
#define FILTERS_MAX 8                   /* of traits */
#define FREE_SHOWN_MAX 100
#define SCAN_ROWS_MAX 2000              /* products that one answer looks at, as described */

/* ---- from catalog --------------------------------------------------- */

int
query_touch_product(struct souk_tables *tables, struct souk_id product_id)
{
    int rc = query_touch_lists(tables, QUERY_PRODUCT, product_id);

    return rc != 0 ? rc : souk_touch(tables, SHELF_CARD_TABLE, souk_slice_of_id(&product_id));
}

/* Its lists, and whether little of it is news. */
static int
touch_page(struct souk_tables *tables, const struct product_page *page)
{
    int rc = query_touch_product(tables, page->product_id);

    for (size_t i = 0; i < page->articles_count && rc == 0; i++)
        rc = souk_touch(tables, LOW_STOCK_TABLE, page->articles[i].sku);
    return rc;
}

static int
forget_places(struct souk_tables *tables, struct souk_id product_id, struct product_page *before)
{
    int rc = product_page_get(souk_tables_view(tables), product_id, before);

    if (rc != 0)
        return rc;
    rc = page_slug_delete(tables, before->slug);
    for (size_t i = 0; i < before->articles_count && rc == 0; i++)
        rc = page_sku_delete(tables, before->articles[i].sku);
    return rc != 0 ? rc : touch_page(tables, before);
}

int
query_apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    const uint64_t now_ms = souk_tables_time_ms(tables);
    struct product_page before = { .since_ms = now_ms };
    struct product_page page = { .product_id = event->product_id, .slug = event->slug, .title = event->title,
        .summary = event->summary, .text = event->text, .category = event->category, .state = event->state,
        .articles = event->articles, .articles_count = event->articles_count, .pictures = event->pictures,
        .pictures_count = event->pictures_count, .also_in = event->also_in, .also_in_count = event->also_in_count,
        .traits = event->traits, .traits_count = event->traits_count,
        .version = souk_tables_event(tables).number, .changed_ms = now_ms };
    int rc = forget_places(tables, event->product_id, &before);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    page.since_ms = before.since_ms;
    rc = rc == 0 ? query_note_written(tables, &before, &page) : 0;
    if (rc == 0 && (rc = product_page_put(tables, &page)) == 0)
        rc = page_slug_put(tables, &(struct page_slug){ event->slug, event->product_id });
    for (size_t i = 0; i < event->articles_count && rc == 0; i++)
        rc = page_sku_put(tables, &(struct page_sku){ event->articles[i].sku, event->product_id });
    if (rc == 0)
        rc = touch_page(tables, &page);
    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_CATALOG, event->has_by, event->by, (struct deed_line){
        .deed = DEED_WRITTEN, .has_about_id = true, .about_id = event->product_id });
}

static int
set_state(struct souk_tables *tables, struct souk_id product_id, enum product_state state)
{
    struct product_page page;
    int rc;

    if ((rc = product_page_get(souk_tables_view(tables), product_id, &page)) != 0)
        return rc;
    page.state = state;
    page.version = souk_tables_event(tables).number;
    page.changed_ms = souk_tables_time_ms(tables);
    rc = product_page_put(tables, &page);
    return rc != 0 ? rc : touch_page(tables, &page);
}

int
query_apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    int rc = set_state(tables, event->product_id, PRODUCT_STATE_PUBLISHED);

    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_CATALOG, event->has_by, event->by, (struct deed_line){
        .deed = DEED_PUBLISHED, .has_about_id = true, .about_id = event->product_id });
}

int
query_apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event)
{
    int rc = set_state(tables, event->product_id, PRODUCT_STATE_WITHDRAWN);

    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_CATALOG, event->has_by, event->by, (struct deed_line){
        .deed = DEED_WITHDRAWN, .has_about_id = true, .about_id = event->product_id });
}

int
query_apply_category_put(struct souk_tables *tables, const struct catalog_category_put *event)
{
    struct category_place before;
    int rc = category_place_get(souk_tables_view(tables), event->category, &before);

    if (rc == 0)
        rc = page_category_delete(tables, before.place, event->category);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    rc = category_place_put(tables, &(struct category_place){ event->category, event->place });
    if (rc == 0)
        rc = page_category_put(tables, &(struct page_category){ event->category, event->title, event->text,
            event->place });
    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_CATALOG, event->has_by, event->by, (struct deed_line){
        .deed = DEED_CATEGORY_PUT, .key = event->category });
}

int
query_stock(const struct souk_view *view, struct souk_slice sku, struct stock *stock_out)
{
    int rc;

    *stock_out = (struct stock){ .sku = sku };
    rc = stock_get(view, sku, stock_out);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- filters and facets --------------------------------------------- */

/* What a shopper wants to see, and what a further wish would leave. */
struct search {
    const struct query_products *query;
    struct trait wanted[FILTERS_MAX];
    size_t wanted_count;
    struct facet facets[FACETS_COUNTED_MAX];
    size_t facets_count;
    uint32_t found;
    bool has_price;
    uint64_t lowest, highest;
};

/* Which filter a product fails at, when it is one alone. */
struct failing {
    unsigned count;
    bool is_price;
    struct souk_slice trait;            /* its name, else empty */
};

static bool
has_trait(const struct shelf_card *row, const struct trait *wanted)
{
    for (size_t i = 0; i < row->traits_count; i++)
        if (souk_slice_equal(row->traits[i].name, wanted->name)
            && souk_slice_equal(row->traits[i].value, wanted->value))
            return true;
    return false;
}

/* Wishes of one name are alternatives: the first of a name speaks for all of them. */
static void
try_traits(const struct search *search, const struct shelf_card *row, struct failing *failing)
{
    for (size_t i = 0; i < search->wanted_count; i++) {
        const struct souk_slice name = search->wanted[i].name;
        bool is_first = true, is_met = false;

        for (size_t k = 0; k < search->wanted_count; k++) {
            if (!souk_slice_equal(search->wanted[k].name, name))
                continue;
            is_first &= k >= i;
            is_met |= has_trait(row, &search->wanted[k]);
        }
        if (is_first && !is_met) {
            failing->count++;
            failing->trait = name;
        }
    }
}

static struct failing
try_filters(const struct search *search, const struct shelf_card *row)
{
    const struct query_products *query = search->query;
    const uint64_t price = (uint64_t)row->card.price.minor;
    struct failing failing = { .trait = souk_slice_of("") };

    if ((query->has_price_min && price < query->price_min) || (query->has_price_max && price > query->price_max)) {
        failing.count++;
        failing.is_price = true;
    }
    failing.count += query->only_available && !row->card.available;
    failing.count += query->has_text && !within(query->text, row->card.title)
        && !within(query->text, row->card.summary);
    try_traits(search, row, &failing);
    return failing;
}

static void
count_facet(struct search *search, struct souk_slice name, struct souk_slice value, uint32_t products, bool is_chosen)
{
    struct facet *facet;

    for (size_t i = 0; i < search->facets_count; i++) {
        facet = &search->facets[i];
        if (souk_slice_equal(facet->name, name) && souk_slice_equal(facet->value, value)) {
            facet->products += products;
            return;
        }
    }
    if (search->facets_count < FACETS_COUNTED_MAX)
        search->facets[search->facets_count++] = (struct facet){ name, value, products, is_chosen };
}

static void
count_product(struct search *search, const struct shelf_card *row, const struct failing *failing)
{
    const uint64_t price = (uint64_t)row->card.price.minor;

    if (failing->count > 1)
        return;
    search->found += failing->count == 0;
    if (failing->count == 0 || failing->is_price) {
        search->lowest = search->has_price && search->lowest < price ? search->lowest : price;
        search->highest = search->highest > price ? search->highest : price;
        search->has_price = true;
    }
    for (size_t i = 0; i < row->traits_count; i++)
        if (failing->count == 0 || souk_slice_equal(failing->trait, row->traits[i].name))
            count_facet(search, row->traits[i].name, row->traits[i].value, 1, false);
    if (search->query->has_category || failing->count > 0)
        return;
    count_facet(search, souk_slice_of("category"), row->card.category, 1, false);
    for (size_t i = 0; i < row->also_in_count; i++)
        count_facet(search, souk_slice_of("category"), row->also_in[i], 1, false);
}

/* What is chosen goes before what leaves most. */
static int
compare_worth(const void *a, const void *b)
{
    const struct facet *left = a, *right = b;

    if (left->is_chosen != right->is_chosen)
        return left->is_chosen ? -1 : 1;
    return left->products != right->products ? left->products > right->products ? -1 : 1
        : souk_slice_compare(left->value, right->value);
}

static int
compare_facets(const void *a, const void *b)
{
    const struct facet *left = a, *right = b;
    const int names = souk_slice_compare(left->name, right->name);

    if (names != 0)
        return names;
    if (left->products != right->products)
        return left->products > right->products ? -1 : 1;
    return souk_slice_compare(left->value, right->value);
}

/* What is chosen stands among the facets though nothing is left of it: else nobody could choose it no more. */
static void
begin_search(const struct query_products *query, struct search *search)
{
    search->query = query;
    for (size_t i = 0; i < query->traits_count; i++) {
        const struct souk_slice text = query->traits[i];
        const char *const base = text.base;
        size_t at = 0;

        while (at < text.size_bytes && base[at] != ':')
            at++;
        if (at == text.size_bytes || at > 32 || text.size_bytes - at - 1 > 60)
            continue;                           /* no trait can be called so */
        search->wanted[search->wanted_count] = (struct trait){ { base, at },
            { base + at + 1, text.size_bytes - at - 1 } };
        count_facet(search, search->wanted[search->wanted_count].name, search->wanted[search->wanted_count].value, 0,
            true);
        search->wanted_count++;
    }
}

/* ---- answers -------------------------------------------------------- */

static int
get_categories(const struct souk_view *view, struct category_card out[CATEGORIES_MAX], uint32_t *count_out)
{
    struct page_category category;
    struct souk_rows *rows;
    int rc;

    if ((rc = page_category_scan(view, &rows)) != 0)
        return rc;
    while (*count_out < CATEGORIES_MAX && (rc = page_category_next(view, rows, &category)) == 0)
        out[(*count_out)++] = (struct category_card){ category.category, category.title, category.text };
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_answer_categories(const struct souk_view *view, const struct query_categories *query,
    struct souk_answer *answer)
{
    struct category_card categories[CATEGORIES_MAX];
    struct query_categories_reply reply = { .categories = categories };
    int rc;

    (void)query;
    rc = get_categories(view, categories, &reply.categories_count);
    return rc != 0 ? rc : answer_query_categories(answer, &reply);
}

/* The first of a list. */
static int
get_first(const struct souk_view *view, enum sort_order sort, struct product_card out[HOME_ROWS_MAX],
    uint32_t *count_out)
{
    struct souk_id product_id;
    struct query_list list;
    struct query_walk walk;
    struct shelf_card row;
    int rc;

    query_name_shelf(&list, sort, souk_slice_of(""));
    if ((rc = query_walk_begin(view, &list, false, souk_slice_of(""), &walk)) != 0)
        return rc;
    while (*count_out < HOME_ROWS_MAX && (rc = query_walk_next(&walk, &product_id)) == 0) {
        if ((rc = shelf_card_get(view, product_id, &row)) != 0)
            break;
        out[(*count_out)++] = row.card;
    }
    query_walk_end(&walk);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_answer_home(const struct souk_view *view, const struct query_home *query, struct souk_answer *answer)
{
    struct product_card newest[HOME_ROWS_MAX], popular[HOME_ROWS_MAX];
    struct category_card categories[CATEGORIES_MAX];
    struct query_home_reply reply = { .newest = newest, .popular = popular, .categories = categories };
    int rc;

    (void)query;
    if ((rc = get_first(view, SORT_ORDER_NEWEST, newest, &reply.newest_count)) != 0
        || (rc = get_first(view, SORT_ORDER_POPULAR, popular, &reply.popular_count)) != 0
        || (rc = get_categories(view, categories, &reply.categories_count)) != 0)
        return rc;
    return answer_query_home(answer, &reply);
}

int
query_answer_products(const struct souk_view *view, const struct query_products *query, struct souk_answer *answer)
{
    struct search *search = souk_arena_alloc(souk_view_arena(view), sizeof *search);
    struct product_card products[PAGE_ROWS_MAX];
    struct query_products_reply reply = { .products = products };
    char next[QUERY_WALK_FROM_BYTES];
    struct souk_id product_id;
    struct failing failing;
    struct query_list list;
    struct query_walk walk;
    struct shelf_card row;
    int rc;

    if (search == NULL)
        return -SOUK_ENOMEM;
    begin_search(query, search);
    query_name_shelf(&list, query->sort, query->has_category ? query->category : souk_slice_of(""));
    if ((rc = query_walk_begin(view, &list, query->has_from, query->from, &walk)) != 0)
        return rc;
    reply.has_is_anew = reply.is_anew = walk.is_anew;
    for (unsigned i = 0; (rc = query_walk_next(&walk, &product_id)) == 0; i++) {
        const bool is_enough = i == SCAN_ROWS_MAX;

        if ((rc = shelf_card_get(view, product_id, &row)) != 0)
            break;
        failing = try_filters(search, &row);
        if (!query->has_from && !is_enough)
            count_product(search, &row, &failing);
        if (!reply.has_next && ((failing.count == 0 && reply.products_count == PAGE_ROWS_MAX) || is_enough)) {
            reply.next = query_walk_from(&walk, next);
            reply.has_next = true;
        } else if (failing.count == 0 && !reply.has_next) {
            products[reply.products_count++] = row.card;
        }
        if (is_enough || (query->has_from && reply.has_next))
            break;
    }
    query_walk_end(&walk);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (!query->has_from) {
        qsort(search->facets, search->facets_count, sizeof search->facets[0], compare_worth);
        if (search->facets_count > FACETS_MAX)
            search->facets_count = FACETS_MAX;
        qsort(search->facets, search->facets_count, sizeof search->facets[0], compare_facets);
        reply.facets = search->facets;
        reply.facets_count = (uint32_t)search->facets_count;
        reply.has_found = true;
        reply.found = search->found;
        reply.has_lowest = reply.has_highest = search->has_price;
        reply.lowest = search->lowest;
        reply.highest = search->highest;
    }
    return answer_query_products(answer, &reply);
}

/* A withdrawn product has its page still, for those who have ordered it; a draft has it for staff. */
int
query_answer_product(const struct souk_view *view, const struct query_product *query, struct souk_answer *answer)
{
    struct article_state articles[ARTICLES_MAX];
    struct query_product_reply reply = { .articles = articles };
    struct product_page page;
    struct page_slug slug;
    struct stock stock;
    int rc;

    if ((rc = page_slug_get(view, query->slug, &slug)) != 0
        || (rc = product_page_get(view, slug.product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT) : rc;
    if (page.state == PRODUCT_STATE_DRAFT && !people_is_staff(souk_answer_pass(answer)))
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
    reply.also_in = page.also_in;
    reply.also_in_count = page.also_in_count;
    reply.traits = page.traits;
    reply.traits_count = page.traits_count;
    for (; reply.articles_count < page.articles_count; reply.articles_count++) {
        const struct article *article = &page.articles[reply.articles_count];
        struct article_state *state = &articles[reply.articles_count];

        if ((rc = query_stock(view, article->sku, &stock)) != 0)
            return rc;
        *state = (struct article_state){ .sku = article->sku, .name = article->name, .price = article->price,
            .available = stock.on_hand - stock.held };
        if (state->available > FREE_SHOWN_MAX)
            state->available = FREE_SHOWN_MAX;
    }
    return answer_query_product(answer, &reply);
}
