/*
 * query_lists - products, reviews and customers in the order of each list, and
 * how a list goes on that has changed since its first page was shown.
 *
 * What can move is counted: the moves of all lists of one sort order together,
 * in a table of the stream whose events move it, each with the place before
 * it. A page names the last move that there was when the first page was made.
 * The pages that follow put what has moved since back where it stood: nothing
 * is skipped, and nothing shown twice.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOVES_KEPT 4096                 /* of a sort order; as described */
#define NUMBER_DIGITS 16
#define ENTITY_BYTES (1 + sizeof(struct souk_id))   /* what is listed, and its id */

/* Where something stood before it moved. */
struct move {
    uint64_t number;
    struct souk_id id;
    struct souk_slice place;
};

static int name_place(const struct souk_view *view, enum query_kind kind, unsigned sort, struct souk_id id,
    char out[QUERY_PLACE_BYTES]);

/* ---- lists ---------------------------------------------------------- */

void
query_name_list(struct query_list *list, enum query_kind kind, unsigned sort, struct souk_slice of)
{
    list->kind = kind;
    list->sort = sort;
    (void)snprintf(list->name, sizeof list->name, "%c%u%.*s", (char)kind, sort, (int)of.size_bytes,
        (const char *)of.base);
}

struct souk_slice
query_write_place(uint64_t place, char out[QUERY_PLACE_BYTES])
{
    (void)snprintf(out, QUERY_PLACE_BYTES, "%016" PRIu64, place);
    return souk_slice_of(out);
}

int
query_touch_lists(struct souk_tables *tables, enum query_kind kind, struct souk_id id)
{
    char entity[ENTITY_BYTES];

    entity[0] = (char)kind;
    memcpy(entity + 1, id.bytes, sizeof id.bytes);
    return souk_touch(tables, LIST_ENTRY_TABLE, (struct souk_slice){ entity, sizeof entity });
}

int
query_index_entry(struct souk_index_rows *rows, const struct query_list *list, const char *place, struct souk_id id)
{
    return list_entry_index(rows, &(struct list_entry){ souk_slice_of(list->name), souk_slice_of(place), id });
}

int
query_index_lists(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    const char *const at = entity.base;
    struct souk_id id;
    int rc = souk_id_of((struct souk_slice){ at + 1, entity.size_bytes - 1 }, &id);

    if (rc != 0)
        return rc;
    switch ((enum query_kind)at[0]) {
    case QUERY_PRODUCT:
        return query_index_product(view, id, rows);
    case QUERY_REVIEW:
        return query_index_review(view, id, rows);
    case QUERY_CUSTOMER:
        return query_index_customer(view, id, rows);
    }
    return 0;
}

/* Where it stands now. -SOUK_ENOTFOUND. */
static int
name_place(const struct souk_view *view, enum query_kind kind, unsigned sort, struct souk_id id,
    char out[QUERY_PLACE_BYTES])
{
    switch (kind) {
    case QUERY_PRODUCT:
        return query_place_product(view, (enum sort_order)sort, id, out);
    case QUERY_REVIEW:
        return query_place_review(view, (enum review_order)sort, id, out);
    case QUERY_CUSTOMER:
        return query_place_customer(view, (enum customer_order)sort, id, out);
    }
    return -SOUK_ENOTFOUND;
}

/* ---- what has moved -------------------------------------------------- */

/* Who moves it. */
enum mover { BY_CATALOG, BY_ORDERS, BY_REVIEWS };

static enum mover
find_mover(enum query_kind kind, unsigned sort)
{
    if (kind == QUERY_REVIEW || (kind == QUERY_PRODUCT && sort == SORT_ORDER_RATED))
        return BY_REVIEWS;
    return kind == QUERY_CUSTOMER || sort == SORT_ORDER_POPULAR ? BY_ORDERS : BY_CATALOG;
}

/* The latest come first. */
static uint64_t
count_down(uint64_t number)
{
    return UINT64_MAX - number;
}

static int
put_move(struct souk_tables *tables, enum query_kind kind, unsigned sort, const struct move *move)
{
    const uint64_t before = count_down(move->number);

    switch (find_mover(kind, sort)) {
    case BY_CATALOG:
        return moved_by_catalog_put(tables, &(struct moved_by_catalog){ (uint8_t)kind, (uint8_t)sort, before, move->id,
            move->place });
    case BY_ORDERS:
        return moved_by_orders_put(tables, &(struct moved_by_orders){ (uint8_t)kind, (uint8_t)sort, before, move->id,
            move->place });
    case BY_REVIEWS:
        return moved_by_reviews_put(tables, &(struct moved_by_reviews){ (uint8_t)kind, (uint8_t)sort, before, move->id,
            move->place });
    }
    return -SOUK_EINVAL;
}

static int
delete_move(struct souk_tables *tables, enum query_kind kind, unsigned sort, uint64_t number)
{
    const uint64_t before = count_down(number);

    switch (find_mover(kind, sort)) {
    case BY_CATALOG:
        return moved_by_catalog_delete(tables, (uint8_t)kind, (uint8_t)sort, before);
    case BY_ORDERS:
        return moved_by_orders_delete(tables, (uint8_t)kind, (uint8_t)sort, before);
    case BY_REVIEWS:
        return moved_by_reviews_delete(tables, (uint8_t)kind, (uint8_t)sort, before);
    }
    return -SOUK_EINVAL;
}

/* From the last one back in time. */
static int
open_moves(const struct souk_view *view, enum query_kind kind, unsigned sort, struct souk_rows **rows_out)
{
    switch (find_mover(kind, sort)) {
    case BY_CATALOG:
        return moved_by_catalog_scan_by_kind_sort(view, (uint8_t)kind, (uint8_t)sort, rows_out);
    case BY_ORDERS:
        return moved_by_orders_scan_by_kind_sort(view, (uint8_t)kind, (uint8_t)sort, rows_out);
    case BY_REVIEWS:
        return moved_by_reviews_scan_by_kind_sort(view, (uint8_t)kind, (uint8_t)sort, rows_out);
    }
    return -SOUK_EINVAL;
}

static int
next_move(const struct souk_view *view, enum query_kind kind, unsigned sort, struct souk_rows *rows,
    struct move *out)
{
    struct moved_by_catalog catalog;
    struct moved_by_orders orders;
    struct moved_by_reviews reviews;
    int rc = -SOUK_EINVAL;

    switch (find_mover(kind, sort)) {
    case BY_CATALOG:
        if ((rc = moved_by_catalog_next(view, rows, &catalog)) == 0)
            *out = (struct move){ count_down(catalog.before), catalog.id, catalog.place };
        break;
    case BY_ORDERS:
        if ((rc = moved_by_orders_next(view, rows, &orders)) == 0)
            *out = (struct move){ count_down(orders.before), orders.id, orders.place };
        break;
    case BY_REVIEWS:
        if ((rc = moved_by_reviews_next(view, rows, &reviews)) == 0)
            *out = (struct move){ count_down(reviews.before), reviews.id, reviews.place };
        break;
    }
    return rc;
}

/* The number of the last move, 0 when nothing has moved yet. */
static int
find_latest(const struct souk_view *view, enum query_kind kind, unsigned sort, uint64_t *number_out)
{
    struct move move = { .number = 0 };
    struct souk_rows *rows;
    int rc = open_moves(view, kind, sort, &rows);

    if (rc != 0)
        return rc;
    rc = next_move(view, kind, sort, rows, &move);
    souk_rows_close(&rows);
    *number_out = move.number;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_note_move(struct souk_tables *tables, enum query_kind kind, unsigned sort, struct souk_id id,
    struct souk_slice place)
{
    uint64_t number;
    int rc = find_latest(souk_tables_view(tables), kind, sort, &number);

    if (rc == 0)
        rc = put_move(tables, kind, sort, &(struct move){ ++number, id, place });
    return rc != 0 || number <= MOVES_KEPT ? rc : delete_move(tables, kind, sort, number - MOVES_KEPT);
}

/* ---- a list as it stood ---------------------------------------------- */

static int
compare_by_id(const void *a, const void *b)
{
    const struct move *left = a, *right = b;
    const int ids = memcmp(left->id.bytes, right->id.bytes, sizeof left->id.bytes);

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

    return compare_places(left->place, left->id, right->place, right->id);
}

static bool
has_moved(const struct query_walk *walk, struct souk_id id)
{
    size_t low = 0, high = walk->moved_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(id.bytes, walk->moved[middle].id.bytes, sizeof id.bytes);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Every move after the one at which the list stands, the latest first. Counts only while `out` is NULL. */
static int
read_moves(const struct query_walk *walk, struct move *out, size_t *count_out)
{
    struct souk_rows *rows;
    struct move move;
    int rc = open_moves(walk->view, walk->list.kind, walk->list.sort, &rows);

    if (rc != 0)
        return rc;
    *count_out = 0;
    while ((rc = next_move(walk->view, walk->list.kind, walk->list.sort, rows, &move)) == 0
        && move.number > walk->as_of) {
        if (out != NULL)
            out[*count_out] = move;
        (*count_out)++;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Of all that has moved, its first move: before that it stood where the list has it. */
static int
gather_moved(struct query_walk *walk)
{
    struct move *moves;
    size_t count;
    int rc;

    if ((rc = read_moves(walk, NULL, &count)) != 0 || count == 0)
        return rc;
    if ((moves = souk_arena_alloc(souk_view_arena(walk->view), count * sizeof *moves)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = read_moves(walk, moves, &count)) != 0)
        return rc;
    qsort(moves, count, sizeof moves[0], compare_by_id);
    walk->moved = moves;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !souk_id_equal(moves[i].id, walk->moved[walk->moved_count - 1].id))
            walk->moved[walk->moved_count++] = moves[i];
    return 0;
}

/* Whether it stands in the list at all by now, wherever. -SOUK_ENOTFOUND. */
static int
look_for(const struct query_walk *walk, struct souk_id id)
{
    char place[QUERY_PLACE_BYTES];
    struct list_entry entry;
    int rc = name_place(walk->view, walk->list.kind, walk->list.sort, id, place);

    return rc != 0 ? rc : list_entry_get(walk->view, souk_slice_of(walk->list.name), souk_slice_of(place), id, &entry);
}

/* Those that are yet to come, in their order. */
static int
gather_returning(struct query_walk *walk, struct souk_slice place, struct souk_id id)
{
    int rc;

    if (walk->moved_count == 0)
        return 0;
    walk->returning = souk_arena_alloc(souk_view_arena(walk->view), walk->moved_count * sizeof *walk->returning);
    if (walk->returning == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < walk->moved_count; i++) {
        const struct move *move = &walk->moved[i];

        if (compare_places(move->place, move->id, place, id) < 0)
            continue;
        if ((rc = look_for(walk, move->id)) == 0)
            walk->returning[walk->returning_count++] = *move;
        else if (rc != -SOUK_ENOTFOUND)
            return rc;
    }
    qsort(walk->returning, walk->returning_count, sizeof walk->returning[0], compare_by_place);
    return 0;
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
query_walk_begin(const struct souk_view *view, const struct query_list *list, bool has_from, struct souk_slice from,
    struct query_walk *walk)
{
    struct souk_slice place = souk_slice_of("");
    struct souk_id id = { { 0 } };
    uint64_t latest;
    int rc;

    *walk = (struct query_walk){ .view = view, .list = *list };
    if ((rc = find_latest(view, list->kind, list->sort, &latest)) != 0)
        return rc;
    if (!has_from || !read_from(from, &walk->as_of, &place, &id)) {
        place = souk_slice_of("");
        walk->as_of = latest;
    }
    if (walk->as_of > latest || latest - walk->as_of > MOVES_KEPT) {    /* nobody here knows how it stood */
        walk->as_of = latest;
        walk->is_anew = true;
    }
    if ((rc = gather_moved(walk)) != 0 || (rc = gather_returning(walk, place, id)) != 0)
        return rc;
    return list_entry_scan_by_list_from(view, souk_slice_of(walk->list.name), place, id, &walk->rows);
}

int
query_walk_next(struct query_walk *walk, struct souk_id *id_out)
{
    const struct move *back = walk->returning_at < walk->returning_count ? &walk->returning[walk->returning_at] : NULL;
    int rc = 0;

    while (!walk->has_ahead && !walk->is_over) {
        if ((rc = list_entry_next(walk->view, walk->rows, &walk->ahead)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        walk->is_over = rc != 0;
        walk->has_ahead = rc == 0 && !has_moved(walk, walk->ahead.id);
    }
    if (back == NULL && !walk->has_ahead)
        return -SOUK_ENOTFOUND;
    if (back == NULL || (walk->has_ahead && compare_places(walk->ahead.place, walk->ahead.id, back->place,
            back->id) < 0)) {
        walk->at = walk->ahead;
        walk->has_ahead = false;
    } else {
        walk->at = (struct list_entry){ .place = back->place, .id = back->id };
        walk->returning_at++;
    }
    *id_out = walk->at.id;
    return 0;
}

void
query_walk_end(struct query_walk *walk)
{
    souk_rows_close(&walk->rows);
}

struct souk_slice
query_walk_from(const struct query_walk *walk, char out[QUERY_WALK_FROM_BYTES])
{
    struct souk_slice from;

    (void)snprintf(out, NUMBER_DIGITS + 2, "%016" PRIu64 ":", walk->as_of);
    from = query_write_from(walk->at.id, walk->at.place, out + NUMBER_DIGITS + 1);
    return (struct souk_slice){ out, NUMBER_DIGITS + 1 + from.size_bytes };
}
