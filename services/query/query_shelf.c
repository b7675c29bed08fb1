/*
 * query_shelf - products in the order of each list: all that are for sale,
 * those of a category, and those that the shopkeeper sees, by title.
 */
#include "query.h"

#define SORTS 6
#define OFFICE_LETTER 'o'               /* of lists that only the shopkeeper sees */

/* ---- lists ---------------------------------------------------------- */

void
query_name_shelf(struct query_list *list, enum sort_order sort, struct souk_slice category)
{
    query_name_list(list, QUERY_PRODUCT, (unsigned)sort, category);
}

/* A category may be called as a state is numbered: the letter is another one. */
void
query_name_office_shelf(struct query_list *list, bool has_state, enum product_state state)
{
    char of[] = { (char)('0' + (unsigned)state), '\0' };

    query_name_list(list, QUERY_PRODUCT, SORT_ORDER_TITLE, souk_slice_of(has_state ? of : ""));
    list->name[0] = OFFICE_LETTER;
}

/* ---- places --------------------------------------------------------- */

/* Small letters; a cut in a letter of several bytes would be no text. */
static struct souk_slice
name_title(struct souk_slice title, char out[QUERY_PLACE_BYTES])
{
    const char *at = title.base;
    size_t count = 0;

    for (size_t i = 0; i < title.size_bytes && count < QUERY_PLACE_BYTES_MAX; i++)
        if (((unsigned char)at[i] & 0x80) == 0)
            out[count++] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];
    out[count] = '\0';
    return souk_slice_of(out);
}

struct souk_slice
query_place_of_rank(uint64_t rank, char out[QUERY_PLACE_BYTES])
{
    return query_write_place(SOUK_TIME_MS_MAX - rank, out);
}

struct souk_slice
query_place_of_stars(uint16_t average, uint32_t reviews, char out[QUERY_PLACE_BYTES])
{
    return query_write_place(SOUK_TIME_MS_MAX - (((uint64_t)average << 32) + reviews), out);
}

/* In an order that what catalog says alone decides. */
static struct souk_slice
name_catalog_place(enum sort_order sort, const struct product_page *page, char out[QUERY_PLACE_BYTES])
{
    uint64_t price = (uint64_t)page->articles[0].price.minor;

    for (size_t i = 1; i < page->articles_count; i++)
        price = (uint64_t)page->articles[i].price.minor < price ? (uint64_t)page->articles[i].price.minor : price;
    return sort == SORT_ORDER_TITLE ? name_title(page->title, out)
        : query_write_place(sort == SORT_ORDER_NEWEST ? SOUK_TIME_MS_MAX - page->since_ms
            : sort == SORT_ORDER_CHEAPEST ? price : SOUK_TIME_MS_MAX - price, out);
}

static int
name_place(const struct souk_view *view, enum sort_order sort, const struct product_page *page,
    char out[QUERY_PLACE_BYTES])
{
    uint32_t reviews;
    uint16_t average;
    uint64_t rank;
    int rc = 0;

    if (sort == SORT_ORDER_POPULAR && (rc = query_popularity(view, page->product_id, &rank)) == 0)
        (void)query_place_of_rank(rank, out);
    else if (sort == SORT_ORDER_RATED && (rc = query_stars(view, page->product_id, &average, &reviews)) == 0)
        (void)query_place_of_stars(average, reviews, out);
    else if (sort != SORT_ORDER_POPULAR && sort != SORT_ORDER_RATED)
        (void)name_catalog_place(sort, page, out);
    return rc;
}

int
query_place_product(const struct souk_view *view, enum sort_order sort, struct souk_id product_id,
    char out[QUERY_PLACE_BYTES])
{
    struct product_page page;
    int rc = product_page_get(view, product_id, &page);

    return rc != 0 ? rc : name_place(view, sort, &page, out);
}

int
query_note_written(struct souk_tables *tables, const struct product_page *before, const struct product_page *after)
{
    static const enum sort_order sorts[] = { SORT_ORDER_CHEAPEST, SORT_ORDER_DEAREST, SORT_ORDER_TITLE };
    char was[QUERY_PLACE_BYTES], is[QUERY_PLACE_BYTES];
    int rc = 0;

    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0] && rc == 0; i++) {
        const struct souk_slice place = name_catalog_place(sorts[i], before, was);

        if (!souk_slice_equal(place, name_catalog_place(sorts[i], after, is)))
            rc = query_note_move(tables, QUERY_PRODUCT, (unsigned)sorts[i], before->product_id, place);
    }
    return rc;
}

/* ---- rows ----------------------------------------------------------- */

static int
make_card(const struct souk_view *view, const struct product_page *page, struct product_card *card_out)
{
    struct stock stock;
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
        if ((rc = query_stock(view, article->sku, &stock)) != 0)
            return rc;
        card_out->available |= stock.on_hand > stock.held;
    }
    return query_stars(view, page->product_id, &card_out->average, &card_out->reviews);
}

int
query_index_shelf_card(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct product_page page;
    struct souk_id product_id;
    struct shelf_card row;
    int rc;

    if ((rc = souk_id_of(entity, &product_id)) != 0 || (rc = product_page_get(view, product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (page.state != PRODUCT_STATE_PUBLISHED)
        return 0;
    row = (struct shelf_card){ .product_id = page.product_id, .also_in = page.also_in,
        .also_in_count = page.also_in_count, .traits = page.traits, .traits_count = page.traits_count };
    rc = make_card(view, &page, &row.card);
    return rc != 0 ? rc : shelf_card_index(rows, &row);
}

/* In each order, a published product has a place among all, and among those of each of its categories. */
static int
index_orders(const struct souk_view *view, const struct product_page *page, struct souk_index_rows *rows)
{
    char place[QUERY_PLACE_BYTES];
    struct query_list list;
    int rc = 0;

    for (unsigned sort = 0; sort < SORTS && rc == 0; sort++) {
        rc = name_place(view, (enum sort_order)sort, page, place);
        for (size_t i = 0; i < 2 + (size_t)page->also_in_count && rc == 0; i++) {
            query_name_shelf(&list, (enum sort_order)sort, i == 0 ? souk_slice_of("") : i == 1 ? page->category
                : page->also_in[i - 2]);
            rc = query_index_entry(rows, &list, place, page->product_id);
        }
    }
    return rc;
}

int
query_index_product(const struct souk_view *view, struct souk_id product_id, struct souk_index_rows *rows)
{
    char title[QUERY_PLACE_BYTES];
    struct product_page page;
    struct query_list list;
    int rc;

    if ((rc = product_page_get(view, product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    (void)name_title(page.title, title);
    for (unsigned i = 0; i < 2 && rc == 0; i++) {
        query_name_office_shelf(&list, i == 1, page.state);
        rc = query_index_entry(rows, &list, title, product_id);
    }
    return rc != 0 || page.state != PRODUCT_STATE_PUBLISHED ? rc : index_orders(view, &page, rows);
}
