/*
 * query_deeds - who of the staff did what. Five streams say so, each in a table
 * of its own; one list of all, and one of each person's, lead to them.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>

#include "people.h"

#define DEEDS_MAX 50                    /* as described */
#define NUMBER_BYTES 8
#define ENTITY_BYTES (1 + NUMBER_BYTES) /* which stream, and the event's number in it */
#define ORDER_NUMBER_BYTES 12

static const struct souk_id everybody = { { 0 } };      /* whose deeds are in the list of all */

/* ---- what was done -------------------------------------------------- */

static int
put_line(struct souk_tables *tables, enum query_told_by told_by, uint64_t number, struct deed_line line)
{
    switch (told_by) {
    case QUERY_TOLD_BY_CATALOG:
        return catalog_deed_put(tables, &(struct catalog_deed){ number, line });
    case QUERY_TOLD_BY_INVENTORY:
        return stock_deed_put(tables, &(struct stock_deed){ number, line });
    case QUERY_TOLD_BY_ORDERS:
        return order_deed_put(tables, &(struct order_deed){ number, line });
    case QUERY_TOLD_BY_ACCOUNTS:
        return people_deed_put(tables, &(struct people_deed){ number, line });
    case QUERY_TOLD_BY_MODERATION:
        return moderation_deed_put(tables, &(struct moderation_deed){ number, line });
    }
    return -SOUK_EINVAL;
}

static int
get_line(const struct souk_view *view, enum query_told_by told_by, uint64_t number, struct deed_line *line_out)
{
    struct catalog_deed catalog;
    struct stock_deed stock;
    struct order_deed order;
    struct people_deed people;
    struct moderation_deed moderation;
    int rc = -SOUK_EINVAL;

    switch (told_by) {
    case QUERY_TOLD_BY_CATALOG:
        if ((rc = catalog_deed_get(view, number, &catalog)) == 0)
            *line_out = catalog.line;
        break;
    case QUERY_TOLD_BY_INVENTORY:
        if ((rc = stock_deed_get(view, number, &stock)) == 0)
            *line_out = stock.line;
        break;
    case QUERY_TOLD_BY_ORDERS:
        if ((rc = order_deed_get(view, number, &order)) == 0)
            *line_out = order.line;
        break;
    case QUERY_TOLD_BY_ACCOUNTS:
        if ((rc = people_deed_get(view, number, &people)) == 0)
            *line_out = people.line;
        break;
    case QUERY_TOLD_BY_MODERATION:
        if ((rc = moderation_deed_get(view, number, &moderation)) == 0)
            *line_out = moderation.line;
        break;
    }
    return rc;
}

static struct souk_slice
or_nothing(struct souk_slice text)
{
    return text.base != NULL ? text : souk_slice_of("");
}

int
query_put_deed(struct souk_tables *tables, enum query_told_by told_by, bool has_by, struct souk_id by,
    struct deed_line deed)
{
    const uint64_t number = souk_tables_event(tables).number;
    uint8_t entity[ENTITY_BYTES] = { (uint8_t)told_by };
    int rc;

    if (!has_by)
        return 0;
    deed.at_ms = souk_tables_time_ms(tables);
    deed.by = by;
    deed.by_name = deed.about = souk_slice_of("");
    deed.key = or_nothing(deed.key);
    deed.note = or_nothing(deed.note);
    if ((rc = put_line(tables, told_by, number, deed)) != 0)
        return rc;
    for (unsigned i = 0; i < NUMBER_BYTES; i++)
        entity[1 + i] = (uint8_t)(number >> 8 * (NUMBER_BYTES - 1 - i));
    return souk_touch(tables, DEED_LIST_TABLE, (struct souk_slice){ entity, sizeof entity });
}

int
query_index_deed_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    const uint8_t *bytes = entity.base;
    struct deed_list row = { .who = everybody };
    struct deed_line line;
    uint64_t number = 0;
    int rc;

    if (entity.size_bytes != ENTITY_BYTES)
        return -SOUK_EINVAL;
    row.stream = bytes[0];
    for (unsigned i = 0; i < NUMBER_BYTES; i++)
        number = number << 8 | bytes[1 + i];
    if ((rc = get_line(view, (enum query_told_by)row.stream, number, &line)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    row.before = UINT64_MAX - number;
    row.before_ms = SOUK_TIME_MS_MAX - line.at_ms;
    if ((rc = deed_list_index(rows, &row)) != 0)
        return rc;
    row.who = line.by;
    return deed_list_index(rows, &row);
}

int
query_apply_appointed(struct souk_tables *tables, const struct accounts_appointed *event)
{
    return query_put_deed(tables, QUERY_TOLD_BY_ACCOUNTS, event->has_by, event->by, (struct deed_line){
        .deed = DEED_APPOINTED, .has_about_id = true, .about_id = event->person_id, .is_staff = event->is_staff,
        .is_admin = event->is_admin });
}

int
query_apply_forbidden(struct souk_tables *tables, const struct moderation_forbidden *event)
{
    return query_put_deed(tables, QUERY_TOLD_BY_MODERATION, event->has_by, event->by, (struct deed_line){
        .deed = DEED_WORD_FORBIDDEN, .key = event->word });
}

int
query_apply_allowed(struct souk_tables *tables, const struct moderation_allowed *event)
{
    return query_put_deed(tables, QUERY_TOLD_BY_MODERATION, event->has_by, event->by, (struct deed_line){
        .deed = DEED_WORD_ALLOWED, .key = event->word });
}

/* ---- names ---------------------------------------------------------- */

int
query_name_person(const struct souk_view *view, struct souk_id person, struct souk_slice *name_out)
{
    struct author_name name = { .name = souk_slice_of("") };
    int rc = author_name_get(view, person, &name);

    *name_out = name.name;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_name_product(const struct souk_view *view, struct souk_id product_id, struct souk_slice *slug_out,
    struct souk_slice *title_out)
{
    struct product_page page = { .slug = souk_slice_of(""), .title = souk_slice_of("") };
    int rc = product_page_get(view, product_id, &page);

    *slug_out = page.slug;
    *title_out = page.title;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
name_order(const struct souk_view *view, struct souk_id order_id, struct souk_slice *name_out)
{
    char *digits = souk_arena_alloc(souk_view_arena(view), ORDER_NUMBER_BYTES);
    struct order_page page;
    int rc = order_page_get(view, order_id, &page);

    if (digits == NULL)
        return -SOUK_ENOMEM;
    if (rc != 0)
        return rc;
    (void)snprintf(digits, ORDER_NUMBER_BYTES, "%" PRIu32, page.number);
    *name_out = souk_slice_of(digits);
    return 0;
}

/* What it was about, as it is called today. */
static int
name_deed(const struct souk_view *view, struct deed_line *line)
{
    struct own_review review;
    struct page_sku owner;
    struct souk_slice slug;
    int rc = query_name_person(view, line->by, &line->by_name);

    if (rc != 0)
        return rc;
    switch (line->deed) {
    case DEED_WRITTEN:
    case DEED_PRICED:
    case DEED_PUBLISHED:
    case DEED_WITHDRAWN:
        return query_name_product(view, line->about_id, &slug, &line->about);
    case DEED_RECEIVED:
    case DEED_COUNTED:
    case DEED_DAMAGED:
        if ((rc = page_sku_get(view, line->key, &owner)) != 0)
            return rc == -SOUK_ENOTFOUND ? 0 : rc;
        line->has_about_id = true;
        line->about_id = owner.product_id;
        return query_name_product(view, owner.product_id, &slug, &line->about);
    case DEED_CANCELLED:
    case DEED_REFUND_DECIDED:
        return name_order(view, line->about_id, &line->about);
    case DEED_APPOINTED:
        return query_name_person(view, line->about_id, &line->about);
    case DEED_REVIEW_APPROVED:
    case DEED_REVIEW_REFUSED:
        if ((rc = own_review_get(view, line->about_id, &review)) != 0)
            return rc == -SOUK_ENOTFOUND ? 0 : rc;
        return query_name_product(view, review.product_id, &slug, &line->about);
    case DEED_CATEGORY_PUT:
    case DEED_WORD_FORBIDDEN:
    case DEED_WORD_ALLOWED:
        return 0;
    }
    return 0;
}

/* ---- the list ------------------------------------------------------- */

int
query_answer_deeds(const struct souk_view *view, const struct query_deeds *query, struct souk_answer *answer)
{
    struct deed_line deeds[DEEDS_MAX];
    struct query_deeds_reply reply = { .deeds = deeds };
    struct deed_list row = { .who = query->has_by ? query->by : everybody };
    struct query_deed_place place;
    char next[QUERY_FROM_BYTES];
    struct souk_rows *rows;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    query_read_deed_place(query->has_from, query->from, &place);
    if ((rc = deed_list_scan_by_who_from(view, row.who, place.before_ms, place.stream, place.before, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = deed_list_next(view, rows, &row)) == 0) {
        if ((reply.has_next = reply.deeds_count == DEEDS_MAX)) {
            place = (struct query_deed_place){ row.before_ms, row.stream, row.before };
            reply.next = query_write_deed_place(&place, next);
        } else if ((rc = get_line(view, (enum query_told_by)row.stream, UINT64_MAX - row.before,
                &deeds[reply.deeds_count])) != 0
            || (rc = name_deed(view, &deeds[reply.deeds_count++])) != 0) {
            break;
        }
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_deeds(answer, &reply);
}
