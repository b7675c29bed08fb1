/*
 * query_lists - products in the order of each list, and how a list goes on that
 * has changed since its first page was shown.
 *
 * A page names the event at which its list stands: the last one that had moved
 * something when the first page was made. What has moved since is written
 * down, with where it stood before, in a table of the stream whose event moved
 * it. So the pages that follow put it back where it was: nothing is skipped,
 * and nothing shown twice.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SORTS 6
#define LIST_BYTES 40
#define OFFICE_LIST "o"                 /* of all products, for the shopkeeper; behind it the state, or nothing */
#define MOVES_KEPT 4096                 /* events of a stream, at which a list can stand; as described */
#define FORGOTTEN_AT_ONCE 100           /* more than one event can move */
#define NUMBER_DIGITS 16

/* Where a product stood before the event of that number moved it. */
struct move {
    enum sort_order sort;
    uint64_t number;
    struct souk_id product_id;
    struct souk_slice place;
};

/* ---- lists ---------------------------------------------------------- */

static struct souk_slice
name_list(enum sort_order sort, struct souk_slice category, char out[LIST_BYTES])
{
    (void)snprintf(out, LIST_BYTES, "%u%.*s", (unsigned)sort, (int)category.size_bytes, (const char *)category.base);
    return souk_slice_of(out);
}

static struct souk_slice
name_office_list(bool has_state, enum product_state state, char out[LIST_BYTES])
{
    (void)snprintf(out, LIST_BYTES, has_state ? OFFICE_LIST "%u" : OFFICE_LIST, (unsigned)state);
    return souk_slice_of(out);
}

/* Small letters; a cut in a letter of several bytes would be no text. */
static struct souk_slice
name_title(struct souk_slice title, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    const char *at = title.base;
    size_t count = 0;

    for (size_t i = 0; i < title.size_bytes && count < QUERY_PLACE_BYTES_MAX; i++)
        if (((unsigned char)at[i] & 0x80) == 0)
            out[count++] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];
    out[count] = '\0';
    return souk_slice_of(out);
}

/* Numbers sort as text does. */
static struct souk_slice
write_place(uint64_t place, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    (void)snprintf(out, QUERY_PLACE_BYTES_MAX + 1, "%016" PRIu64, place);
    return souk_slice_of(out);
}

struct souk_slice
query_place_of_rank(uint64_t rank, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    return write_place(SOUK_TIME_MS_MAX - rank, out);
}

struct souk_slice
query_place_of_stars(uint16_t average, uint32_t reviews, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    return write_place(SOUK_TIME_MS_MAX - (((uint64_t)average << 32) + reviews), out);
}

/* In an order that what catalog says alone decides. */
static struct souk_slice
name_catalog_place(enum sort_order sort, const struct product_page *page, char out[QUERY_PLACE_BYTES_MAX + 1])
{
    uint64_t price = (uint64_t)page->articles[0].price.minor;

    for (size_t i = 1; i < page->articles_count; i++)
        price = (uint64_t)page->articles[i].price.minor < price ? (uint64_t)page->articles[i].price.minor : price;
    return sort == SORT_ORDER_TITLE ? name_title(page->title, out)
        : write_place(sort == SORT_ORDER_NEWEST ? SOUK_TIME_MS_MAX - page->since_ms
            : sort == SORT_ORDER_CHEAPEST ? price : SOUK_TIME_MS_MAX - price, out);
}

static int
name_place(const struct souk_view *view, enum sort_order sort, const struct product_page *page,
    char out[QUERY_PLACE_BYTES_MAX + 1])
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

static int
get_page(const struct souk_view *view, struct souk_slice entity, struct product_page *page_out)
{
    struct souk_id product_id;
    int rc = souk_id_of(entity, &product_id);

    return rc != 0 ? rc : product_page_get(view, product_id, page_out);
}

int
query_index_shelf_card(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct product_page page;
    struct shelf_card row;
    int rc;

    if ((rc = get_page(view, entity, &page)) != 0)
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
    char list[LIST_BYTES], place[QUERY_PLACE_BYTES_MAX + 1];
    int rc = 0;

    for (unsigned sort = 0; sort < SORTS && rc == 0; sort++) {
        rc = name_place(view, (enum sort_order)sort, page, place);
        for (size_t i = 0; i < 2 + (size_t)page->also_in_count && rc == 0; i++)
            rc = shelf_index(rows, &(struct shelf){ name_list((enum sort_order)sort, i == 0 ? souk_slice_of("")
                : i == 1 ? page->category : page->also_in[i - 2], list), souk_slice_of(place), page->product_id });
    }
    return rc;
}

int
query_index_shelf(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    char list[LIST_BYTES], title[QUERY_PLACE_BYTES_MAX + 1];
    struct product_page page;
    int rc;

    if ((rc = get_page(view, entity, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    for (unsigned i = 0; i < 2 && rc == 0; i++)
        rc = shelf_index(rows, &(struct shelf){ name_office_list(i == 1, page.state, list),
            name_title(page.title, title), page.product_id });
    return rc != 0 || page.state != PRODUCT_STATE_PUBLISHED ? rc : index_orders(view, &page, rows);
}

int
query_open_office_shelf(const struct souk_view *view, const struct query_office_products *query,
    struct souk_rows **rows_out)
{
    struct souk_slice place = souk_slice_of("");
    struct souk_id id = { { 0 } };
    char list[LIST_BYTES];

    if (query->has_from)
        query_read_from(query->from, &id, &place);
    return shelf_scan_by_list_from(view, name_office_list(query->has_state, query->state, list), place, id, rows_out);
}

int
query_open_shelf(const struct souk_view *view, enum sort_order sort, struct souk_rows **rows_out)
{
    char list[LIST_BYTES];

    return shelf_scan_by_list(view, name_list(sort, souk_slice_of(""), list), rows_out);
}

/* ---- what has moved -------------------------------------------------- */

/* The latest come first. */
static uint64_t
count_down(uint64_t number)
{
    return UINT64_MAX - number;
}

static int
put_move(struct souk_tables *tables, const struct move *move)
{
    const uint64_t before = count_down(move->number);

    switch (move->sort) {
    case SORT_ORDER_POPULAR:
        return moved_popular_put(tables, &(struct moved_popular){ before, move->product_id, move->place });
    case SORT_ORDER_RATED:
        return moved_rated_put(tables, &(struct moved_rated){ before, move->product_id, move->place });
    default:
        return moved_listed_put(tables, &(struct moved_listed){ (uint8_t)move->sort, before, move->product_id,
            move->place });
    }
}

static int
delete_move(struct souk_tables *tables, const struct move *move)
{
    const uint64_t before = count_down(move->number);

    switch (move->sort) {
    case SORT_ORDER_POPULAR:
        return moved_popular_delete(tables, before, move->product_id);
    case SORT_ORDER_RATED:
        return moved_rated_delete(tables, before, move->product_id);
    default:
        return moved_listed_delete(tables, (uint8_t)move->sort, before, move->product_id);
    }
}

/* From the event `number` on, back in time. */
static int
open_moves(const struct souk_view *view, enum sort_order sort, uint64_t number, struct souk_rows **rows_out)
{
    const struct souk_id first = { { 0 } };

    switch (sort) {
    case SORT_ORDER_POPULAR:
        return moved_popular_scan_from(view, count_down(number), first, rows_out);
    case SORT_ORDER_RATED:
        return moved_rated_scan_from(view, count_down(number), first, rows_out);
    default:
        return moved_listed_scan_by_sort_from(view, (uint8_t)sort, count_down(number), first, rows_out);
    }
}

static int
next_move(const struct souk_view *view, enum sort_order sort, struct souk_rows *rows, struct move *out)
{
    struct moved_popular popular;
    struct moved_rated rated;
    struct moved_listed listed;
    int rc;

    switch (sort) {
    case SORT_ORDER_POPULAR:
        if ((rc = moved_popular_next(view, rows, &popular)) == 0)
            *out = (struct move){ sort, count_down(popular.before), popular.product_id, popular.place };
        return rc;
    case SORT_ORDER_RATED:
        if ((rc = moved_rated_next(view, rows, &rated)) == 0)
            *out = (struct move){ sort, count_down(rated.before), rated.product_id, rated.place };
        return rc;
    default:
        if ((rc = moved_listed_next(view, rows, &listed)) == 0)
            *out = (struct move){ sort, count_down(listed.before), listed.product_id, listed.place };
        return rc;
    }
}

/* What is older than any list that goes on. */
static int
forget_moves(struct souk_tables *tables, enum sort_order sort, uint64_t number)
{
    struct move old[FORGOTTEN_AT_ONCE];
    struct souk_rows *rows;
    size_t count = 0;
    int rc;

    if (number <= MOVES_KEPT)
        return 0;
    if ((rc = open_moves(souk_tables_view(tables), sort, number - MOVES_KEPT, &rows)) != 0)
        return rc;
    while (count < FORGOTTEN_AT_ONCE && (rc = next_move(souk_tables_view(tables), sort, rows, &old[count])) == 0)
        count++;
    souk_rows_close(&rows);
    for (rc = rc == -SOUK_ENOTFOUND ? 0 : rc; count > 0 && rc == 0; count--)
        rc = delete_move(tables, &old[count - 1]);
    return rc;
}

/* An order of two articles moves their product twice: what counts is where it stood before both. */
int
query_note_move(struct souk_tables *tables, enum sort_order sort, struct souk_id product_id, struct souk_slice place)
{
    const uint64_t number = souk_tables_event(tables).number;
    struct moved_popular noted;
    int rc = sort != SORT_ORDER_POPULAR ? -SOUK_ENOTFOUND
        : moved_popular_get(souk_tables_view(tables), count_down(number), product_id, &noted);

    if (rc != -SOUK_ENOTFOUND)
        return rc;
    rc = put_move(tables, &(struct move){ sort, number, product_id, place });
    return rc != 0 ? rc : forget_moves(tables, sort, number);
}

int
query_note_written(struct souk_tables *tables, const struct product_page *before, const struct product_page *after)
{
    static const enum sort_order sorts[] = { SORT_ORDER_CHEAPEST, SORT_ORDER_DEAREST, SORT_ORDER_TITLE };
    char was[QUERY_PLACE_BYTES_MAX + 1], is[QUERY_PLACE_BYTES_MAX + 1];
    int rc = 0;

    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0] && rc == 0; i++) {
        const struct souk_slice place = name_catalog_place(sorts[i], before, was);

        if (!souk_slice_equal(place, name_catalog_place(sorts[i], after, is)))
            rc = query_note_move(tables, sorts[i], before->product_id, place);
    }
    return rc;
}

/* ---- a list as it stood ---------------------------------------------- */

static int
compare_by_product(const void *a, const void *b)
{
    const struct move *left = a, *right = b;
    const int ids = memcmp(left->product_id.bytes, right->product_id.bytes, sizeof left->product_id.bytes);

    return ids != 0 ? ids : left->number < right->number ? -1 : left->number > right->number;
}

static int
compare_places(struct souk_slice place, struct souk_id id, struct souk_slice other_place, struct souk_id other_id)
{
    const int places = souk_slice_compare(place, other_place);

    return places != 0 ? places : memcmp(id.bytes, other_id.bytes, sizeof id.bytes);
}

static int
compare_by_place(const void *a, const void *b)
{
    const struct move *left = a, *right = b;

    return compare_places(left->place, left->product_id, right->place, right->product_id);
}

static bool
has_moved(const struct query_walk *walk, struct souk_id product_id)
{
    size_t low = 0, high = walk->moved_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(product_id.bytes, walk->moved[middle].product_id.bytes, sizeof product_id.bytes);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Every move after the event at which the list stands, the latest first. Counts only while `out` is NULL. */
static int
read_moves(const struct souk_view *view, const struct query_walk *walk, struct move *out, size_t *count_out)
{
    struct souk_rows *rows;
    struct move move;
    int rc = open_moves(view, walk->sort, UINT64_MAX, &rows);

    if (rc != 0)
        return rc;
    *count_out = 0;
    while ((rc = next_move(view, walk->sort, rows, &move)) == 0 && move.number > walk->as_of) {
        if (out != NULL)
            out[*count_out] = move;
        (*count_out)++;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Of each product that has moved, its first move: before that it stood where the list has it. */
static int
gather_moved(const struct souk_view *view, struct query_walk *walk)
{
    struct move *moves;
    size_t count;
    int rc;

    if ((rc = read_moves(view, walk, NULL, &count)) != 0 || count == 0)
        return rc;
    if ((moves = souk_arena_alloc(souk_view_arena(view), count * sizeof *moves)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = read_moves(view, walk, moves, &count)) != 0)
        return rc;
    qsort(moves, count, sizeof moves[0], compare_by_product);
    walk->moved = moves;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !souk_id_equal(moves[i].product_id, walk->moved[walk->moved_count - 1].product_id))
            walk->moved[walk->moved_count++] = moves[i];
    return 0;
}

static bool
is_in_category(const struct shelf_card *row, struct souk_slice category)
{
    bool is_in = souk_slice_equal(row->card.category, category);

    for (size_t i = 0; i < row->also_in_count; i++)
        is_in |= souk_slice_equal(row->also_in[i], category);
    return is_in;
}

/* Those that are yet to come, in their order. */
static int
gather_returning(const struct souk_view *view, const struct query_products *query, struct souk_slice place,
    struct souk_id id, struct query_walk *walk)
{
    struct shelf_card row;
    int rc;

    if (walk->moved_count == 0)
        return 0;
    walk->returning = souk_arena_alloc(souk_view_arena(view), walk->moved_count * sizeof *walk->returning);
    if (walk->returning == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < walk->moved_count; i++) {
        const struct move *move = &walk->moved[i];

        if (compare_places(move->place, move->product_id, place, id) < 0)
            continue;
        if ((rc = shelf_card_get(view, move->product_id, &row)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        if (rc == 0 && (!query->has_category || is_in_category(&row, query->category)))
            walk->returning[walk->returning_count++] = *move;
    }
    qsort(walk->returning, walk->returning_count, sizeof walk->returning[0], compare_by_place);
    return 0;
}

/* The last event that has moved something in that order. */
static int
find_latest(const struct souk_view *view, enum sort_order sort, uint64_t *number_out)
{
    struct souk_rows *rows;
    struct move move;
    int rc = open_moves(view, sort, UINT64_MAX, &rows);

    *number_out = 0;
    if (rc != 0)
        return rc;
    if ((rc = next_move(view, sort, rows, &move)) == 0)
        *number_out = move.number;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* NUMBER, a colon, and what query_read_from() reads; anything else means from the beginning. */
static bool
read_from(struct souk_slice from, uint64_t *number_out, struct souk_slice *place_out, struct souk_id *id_out)
{
    const char *at = from.base;

    if (from.size_bytes <= NUMBER_DIGITS || at[NUMBER_DIGITS] != ':')
        return false;
    *number_out = 0;
    for (size_t i = 0; i < NUMBER_DIGITS; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *number_out = *number_out * 10 + (uint64_t)(at[i] - '0');
    }
    *place_out = (struct souk_slice){ NULL, 0 };
    query_read_from((struct souk_slice){ at + NUMBER_DIGITS + 1, from.size_bytes - NUMBER_DIGITS - 1 }, id_out,
        place_out);
    return place_out->base != NULL;
}

int
query_walk_begin(const struct souk_view *view, const struct query_products *query, struct query_walk *walk)
{
    struct souk_slice place = souk_slice_of("");
    struct souk_id id = { { 0 } };
    char list[LIST_BYTES];
    uint64_t latest;
    int rc;

    *walk = (struct query_walk){ .view = view, .sort = query->sort };
    if ((rc = find_latest(view, query->sort, &latest)) != 0)
        return rc;
    if (!query->has_from || !read_from(query->from, &walk->as_of, &place, &id)) {
        place = souk_slice_of("");
        walk->as_of = latest;
    }
    if (latest > MOVES_KEPT && walk->as_of < latest - MOVES_KEPT)
        walk->as_of = latest;                   /* nobody knows any more how it stood */
    if ((rc = gather_moved(view, walk)) != 0 || (rc = gather_returning(view, query, place, id, walk)) != 0)
        return rc;
    return shelf_scan_by_list_from(view, name_list(query->sort, query->has_category ? query->category
        : souk_slice_of(""), list), place, id, &walk->rows);
}

int
query_walk_next(struct query_walk *walk, struct shelf *shelf_out)
{
    const struct move *back = walk->returning_at < walk->returning_count ? &walk->returning[walk->returning_at] : NULL;
    int rc = 0;

    while (!walk->has_ahead && !walk->is_over) {
        if ((rc = shelf_next(walk->view, walk->rows, &walk->ahead)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        walk->is_over = rc != 0;
        walk->has_ahead = rc == 0 && !has_moved(walk, walk->ahead.product_id);
    }
    if (back == NULL && !walk->has_ahead)
        return -SOUK_ENOTFOUND;
    if (back == NULL || (walk->has_ahead && compare_places(walk->ahead.place, walk->ahead.product_id, back->place,
            back->product_id) < 0)) {
        *shelf_out = walk->ahead;
        walk->has_ahead = false;
    } else {
        *shelf_out = (struct shelf){ .place = back->place, .product_id = back->product_id };
        walk->returning_at++;
    }
    return 0;
}

void
query_walk_end(struct query_walk *walk)
{
    souk_rows_close(&walk->rows);
}

struct souk_slice
query_walk_from(const struct query_walk *walk, const struct shelf *shelf, char out[QUERY_WALK_FROM_BYTES])
{
    struct souk_slice from;

    (void)snprintf(out, NUMBER_DIGITS + 2, "%016" PRIu64 ":", walk->as_of);
    from = query_write_from(shelf->product_id, shelf->place, out + NUMBER_DIGITS + 1);
    return (struct souk_slice){ out, NUMBER_DIGITS + 1 + from.size_bytes };
}
