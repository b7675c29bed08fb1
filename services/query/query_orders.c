/*
 * query_orders - what is shown of orders: a page with its history, lists, and
 * what orders add up to for the shopkeeper: sales, customers, what is popular.
 */
#include "query.h"

#include <string.h>

#include "money.h"
#include "people.h"

#define PAGE_ROWS_MAX 24                /* as described, and so is the next one */
#define HISTORY_MAX 40
#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define HALF_LIFE_DAYS 14               /* of what was sold, for what is popular */
#define SCORE_ONE 65536
#define STATES 7
#define EVERY_STATE 0                   /* of the filter of a list; a state's is its number and 1 */
#define OPEN_STATES 255                 /* those of orders that are on their way */

static const struct souk_id everybody = { { 0 } };  /* whose orders are in the list of all */

/* ---- what is popular ------------------------------------------------ */

/* Half of it is left after each half-life. */
static uint64_t
decay(uint64_t score, uint32_t days)
{
    static const uint32_t parts[HALF_LIFE_DAYS] = { 65536, 62370, 59357, 56490, 53761, 51164, 48693, 46341, 44102,
        41972, 39944, 38015, 36179, 34431 };    /* of 65536, after so many days */

    return days / HALF_LIFE_DAYS > 40 ? 0 : (score >> days / HALF_LIFE_DAYS) * parts[days % HALF_LIFE_DAYS] / SCORE_ONE;
}

/* The binary logarithm in 1/1024, without floating point: hosts have to agree. */
static uint64_t
log_of(uint64_t score)
{
    unsigned whole = 0;
    uint64_t part = 0, x;

    if (score == 0)
        return 0;
    while (score >> whole > 1)
        whole++;
    x = whole > 31 ? score >> (whole - 31) : score << (31 - whole);
    for (unsigned bit = 512; bit != 0; bit /= 2) {
        x = x * x >> 31;
        if (x >> 32 != 0) {
            x >>= 1;
            part += bit;
        }
    }
    return whole * 1024 + part;
}

/* Scores of different days compare by what each will be on one day to come: a day is worth 1/14 of a halving. */
int
query_popularity(const struct souk_view *view, struct souk_id product_id, uint64_t *rank_out)
{
    struct popularity row = { .score = 0 };
    int rc = popularity_get(view, product_id, &row);

    *rank_out = row.score == 0 ? 0 : (uint64_t)row.day * 1024 / HALF_LIFE_DAYS + log_of(row.score);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Amounts of another currency than the day began with are not added; a shop has one. */
static int
count_product(struct souk_tables *tables, const struct order_line *line)
{
    struct product_sales day = { .product_id = line->product_id,
        .before_day = UINT32_MAX - (uint32_t)(souk_tables_time_ms(tables) / DAY_MS), .sold = line->price };
    int rc;

    day.sold.minor = 0;
    rc = product_sales_get(souk_tables_view(tables), day.product_id, day.before_day, &day);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    day.units += line->units;
    if (money_is_same_currency(day.sold, line->price))
        day.sold.minor += line->price.minor * line->units;
    return product_sales_put(tables, &day);
}

static int
count_popular(struct souk_tables *tables, const struct order_line *line)
{
    struct popularity row = { .product_id = line->product_id };
    const uint32_t day = (uint32_t)(souk_tables_time_ms(tables) / DAY_MS);
    char place[QUERY_PLACE_BYTES];
    uint64_t rank;
    int rc = count_product(tables, line);

    if (rc != 0 || (rc = query_popularity(souk_tables_view(tables), line->product_id, &rank)) != 0
        || (rc = query_note_move(tables, QUERY_PRODUCT, SORT_ORDER_POPULAR, line->product_id,
            query_place_of_rank(rank, place))) != 0)
        return rc;
    if ((rc = popularity_get(souk_tables_view(tables), line->product_id, &row)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    row.score = decay(row.score, day > row.day ? day - row.day : 0) + (uint64_t)line->units * SCORE_ONE;
    row.day = day;
    rc = popularity_put(tables, &row);
    return rc != 0 ? rc : query_touch_product(tables, line->product_id);
}

/* ---- what orders add up to ------------------------------------------ */

static int
count_standing(struct souk_tables *tables, enum order_state state, int32_t orders)
{
    struct orders_standing row = { .state = (uint8_t)state };
    int rc = orders_standing_get(souk_tables_view(tables), (uint8_t)state, &row);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    row.orders += (uint32_t)orders;
    return orders_standing_put(tables, &row);
}

static int
count_day(struct souk_tables *tables, const struct order_page *page, uint64_t sold, uint64_t returned)
{
    const uint32_t before_day = UINT32_MAX - (uint32_t)(souk_tables_time_ms(tables) / DAY_MS);
    const struct souk_slice currency = souk_slice_of(page->total.currency);
    struct sales_day day = { .before_day = before_day, .currency = currency };
    int rc = sales_day_get(souk_tables_view(tables), before_day, currency, &day);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    day.minor += sold;
    day.returned += returned;
    day.orders += sold > 0;
    for (size_t i = 0; i < page->lines_count && sold > 0; i++)
        day.units += page->lines[i].units;
    return sales_day_put(tables, &day);
}

/* What somebody has spent is counted in the currency that they began with; a shop has one. */
static int
count_buyer(struct souk_tables *tables, struct souk_id person, const struct order_page *page, int32_t orders,
    int64_t minor)
{
    struct buyer buyer = { .person_id = person, .since_ms = page->placed_ms, .spent = page->total };
    int rc;

    buyer.spent.minor = 0;
    if ((rc = buyer_get(souk_tables_view(tables), person, &buyer)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (minor != 0 && (rc = query_note_spent(tables, &buyer)) != 0)
        return rc;
    buyer.orders += (uint32_t)orders;
    if (money_is_same_currency(buyer.spent, page->total))
        buyer.spent.minor += minor;
    if (orders > 0)
        buyer.last_ms = souk_tables_time_ms(tables);
    rc = buyer_put(tables, &buyer);
    return rc != 0 ? rc : query_touch_lists(tables, QUERY_CUSTOMER, person);
}

/* Nobody is a customer for what turned out to be somebody else's. */
static int
forget_buyer(struct souk_tables *tables, struct souk_id person)
{
    struct buyer buyer;
    int rc;

    if ((rc = buyer_get(souk_tables_view(tables), person, &buyer)) != 0 || buyer.orders > 0)
        return rc;
    return buyer_delete(tables, person);
}

/* ---- what happens to an order --------------------------------------- */

static int
put_page(struct souk_tables *tables, const struct order_page *page)
{
    int rc = order_page_put(tables, page);

    return rc != 0 ? rc : souk_touch(tables, ORDER_LIST_TABLE, souk_slice_of_id(&page->order_id));
}

int
query_apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    const struct history_step first = { .at_ms = souk_tables_time_ms(tables), .state = ORDER_STATE_PLACED };
    const struct order_page page = { .order_id = event->order_id, .owner = event->owner,
        .state = ORDER_STATE_PLACED, .lines = event->lines, .lines_count = event->lines_count,
        .total = event->total, .placed_ms = first.at_ms, .changed_ms = first.at_ms, .history = &first,
        .history_count = 1, .number = event->number };
    uint32_t units = 0;
    int rc = put_page(tables, &page);

    for (size_t i = 0; i < event->lines_count; i++)
        units += event->lines[i].units;
    if (rc == 0)
        rc = query_put_order_log(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_PLACED,
            .what = ORDER_NEWS_PLACED, .has_amount = true, .amount = event->total, .units = units });
    if (rc == 0)
        rc = order_number_put(tables, &(struct order_number){ event->number, event->order_id });
    if (rc == 0)
        rc = count_standing(tables, ORDER_STATE_PLACED, 1);
    return rc != 0 ? rc : count_buyer(tables, event->owner, &page, 0, 0);
}

/* A step that its owner reads. The last one stays free for the end of an order that is given back in many pieces. */
static int
add_step(struct souk_tables *tables, struct souk_id order_id, struct order_event event, struct order_page *page_out)
{
    struct history_step history[HISTORY_MAX];
    struct order_page page;
    int rc;

    if ((rc = order_page_get(souk_tables_view(tables), order_id, &page)) != 0
        || (rc = count_standing(tables, page.state, -1)) != 0 || (rc = count_standing(tables, event.state, 1)) != 0
        || (rc = query_put_order_log(tables, order_id, event)) != 0)
        return rc;
    if (page.history_count == HISTORY_MAX)
        page.history_count--;
    memcpy(history, page.history, page.history_count * sizeof history[0]);
    history[page.history_count++] = (struct history_step){ .at_ms = souk_tables_time_ms(tables),
        .state = event.state, .has_reason = event.has_reason, .reason = event.reason,
        .has_decline = event.has_decline, .decline = event.decline, .has_amount = event.has_amount,
        .amount = event.amount };
    page.history = history;
    page.state = event.state;
    page.changed_ms = souk_tables_time_ms(tables);
    page.was_confirmed |= event.state == ORDER_STATE_CONFIRMED;
    page.returned += event.has_amount ? (uint64_t)event.amount.minor : 0;
    if (page_out != NULL)
        *page_out = page;
    return put_page(tables, &page);
}

/* A step that the shopkeeper reads. */
static int
add_log(struct souk_tables *tables, struct souk_id order_id, struct order_event event)
{
    struct order_page page;
    int rc;

    if ((rc = order_page_get(souk_tables_view(tables), order_id, &page)) != 0)
        return rc;
    event.state = page.state;
    return query_put_order_log(tables, order_id, event);
}

int
query_apply_reserved(struct souk_tables *tables, const struct orders_reserved *event)
{
    return add_step(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_RESERVED,
        .what = ORDER_NEWS_RESERVED }, NULL);
}

int
query_apply_step_needed(struct souk_tables *tables, const struct orders_step_needed *event)
{
    return add_step(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_AWAITING_STEP,
        .what = ORDER_NEWS_STEP_NEEDED }, NULL);
}

int
query_apply_paid(struct souk_tables *tables, const struct orders_paid *event)
{
    return add_step(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_PAID,
        .what = ORDER_NEWS_PAID }, NULL);
}

int
query_apply_stepped(struct souk_tables *tables, const struct orders_stepped *event)
{
    return add_log(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_STEPPED,
        .has_step = true, .step = event->step });
}

int
query_apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    struct order_page page;
    int rc = add_step(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_CONFIRMED,
        .what = ORDER_NEWS_CONFIRMED }, &page);

    if (rc == 0)
        rc = count_day(tables, &page, (uint64_t)page.total.minor, 0);
    if (rc == 0)
        rc = count_buyer(tables, page.owner, &page, 1, page.total.minor);
    for (size_t i = 0; rc == 0 && i < page.lines_count; i++)
        rc = count_popular(tables, &page.lines[i]);
    return rc;
}

int
query_apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    int rc = add_step(tables, event->order_id, (struct order_event){ .state = ORDER_STATE_CANCELLED,
        .what = ORDER_NEWS_CANCELLED, .has_reason = true, .reason = event->reason,
        .has_decline = event->has_decline, .decline = event->decline, .has_by = event->has_by, .by = event->by }, NULL);

    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_ORDERS, event->has_by, event->by, (struct deed_line){
        .deed = DEED_CANCELLED, .has_about_id = true, .about_id = event->order_id });
}

int
query_apply_refund_decided(struct souk_tables *tables, const struct orders_refund_decided *event)
{
    int rc = add_log(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_REFUND_DECIDED,
        .has_amount = true, .amount = event->amount, .is_decided = true, .has_by = true, .by = event->by,
        .note = event->note });

    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_ORDERS, true, event->by, (struct deed_line){
        .deed = DEED_REFUND_DECIDED, .has_about_id = true, .about_id = event->order_id, .has_amount = true,
        .amount = event->amount, .note = event->note });
}

/* Money that an order gives back that was never a sale is none that a day loses. */
int
query_apply_refunded(struct souk_tables *tables, const struct orders_refunded *event)
{
    struct order_page page;
    int rc = add_step(tables, event->order_id, (struct order_event){
        .state = event->is_all ? ORDER_STATE_REFUNDED : ORDER_STATE_CONFIRMED, .what = ORDER_NEWS_REFUNDED,
        .has_amount = true,
        .amount = event->amount }, &page);

    if (rc != 0 || !page.was_confirmed)
        return rc;
    rc = count_day(tables, &page, 0, (uint64_t)event->amount.minor);
    return rc != 0 ? rc : count_buyer(tables, page.owner, &page, 0, -event->amount.minor);
}

int
query_apply_adopted(struct souk_tables *tables, const struct orders_adopted *event)
{
    struct order_page page;
    int64_t spent;
    int rc;

    if ((rc = order_page_get(souk_tables_view(tables), event->order_id, &page)) != 0)
        return rc;
    spent = page.was_confirmed ? page.total.minor - (int64_t)page.returned : 0;
    if ((rc = count_buyer(tables, page.owner, &page, page.was_confirmed ? -1 : 0, -spent)) != 0
        || (rc = count_buyer(tables, event->owner, &page, page.was_confirmed ? 1 : 0, spent)) != 0)
        return rc;
    if ((rc = forget_buyer(tables, page.owner)) != 0)
        return rc;
    page.owner = event->owner;
    if ((rc = put_page(tables, &page)) != 0)
        return rc;
    return query_put_order_log(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_ADOPTED,
        .state = page.state });
}

/* ---- lists ---------------------------------------------------------- */

static bool
is_open(enum order_state state)
{
    return state <= ORDER_STATE_PAID;
}

/* Each order stands in its owner's list, and in everybody's: of all, of its state, and of those on their way. */
int
query_index_order_list(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct order_page page;
    struct order_list row;
    struct souk_id order_id;
    int rc;

    if ((rc = souk_id_of(entity, &order_id)) != 0 || (rc = order_page_get(view, order_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    row = (struct order_list){ .owner = page.owner, .filter = EVERY_STATE,
        .before_ms = SOUK_TIME_MS_MAX - page.placed_ms, .order_id = order_id };
    if ((rc = order_list_index(rows, &row)) != 0)
        return rc;
    row.owner = everybody;
    if ((rc = order_list_index(rows, &row)) != 0)
        return rc;
    row.filter = (uint8_t)(page.state + 1);
    if ((rc = order_list_index(rows, &row)) != 0 || !is_open(page.state))
        return rc;
    row.filter = OPEN_STATES;
    return order_list_index(rows, &row);
}

static int
make_card(const struct souk_view *view, struct souk_id order_id, struct order_card *card_out)
{
    struct order_page page;
    int rc;

    if ((rc = order_page_get(view, order_id, &page)) != 0)
        return rc;
    *card_out = (struct order_card){ .order_id = order_id, .number = page.number, .owner = page.owner,
        .state = page.state, .total = page.total, .placed_ms = page.placed_ms, .changed_ms = page.changed_ms };
    for (size_t i = 0; i < page.lines_count; i++)
        card_out->units += page.lines[i].units;
    return 0;
}

/* A page of `owner`'s orders, or of everybody's. */
struct orders_found {
    struct order_card orders[PAGE_ROWS_MAX];
    uint32_t count;
    bool has_next;
    struct souk_slice next;
    char next_bytes[QUERY_FROM_BYTES];
};

static int
find_orders(const struct souk_view *view, struct souk_id owner, uint8_t filter, bool has_from,
    struct souk_slice from, struct orders_found *found)
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
    if ((rc = order_list_scan_by_owner_filter_from(view, owner, filter, before_ms, order_id, &rows)) != 0)
        return rc;
    while (!found->has_next && (rc = order_list_next(view, rows, &row)) == 0) {
        if ((found->has_next = found->count == PAGE_ROWS_MAX))
            found->next = query_write_time_from(row.order_id, row.before_ms, found->next_bytes);
        else if ((rc = make_card(view, row.order_id, &found->orders[found->count++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_answer_my_orders(const struct souk_view *view, const struct query_my_orders *query,
    struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct orders_found found;
    int rc;

    if (pass == NULL)
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    if ((rc = find_orders(view, pass->person, EVERY_STATE, query->has_from, query->from, &found)) != 0)
        return rc;
    return answer_query_my_orders(answer, &(struct query_my_orders_reply){ .orders = found.orders,
        .orders_count = found.count, .has_next = found.has_next, .next = found.next });
}

/* The one of a number; the others of `found` are as nothing was found. */
static int
find_number(const struct souk_view *view, uint32_t number, struct orders_found *found)
{
    struct order_number row;
    int rc;

    found->count = 0;
    found->has_next = false;
    if ((rc = order_number_get(view, number, &row)) == 0 && (rc = make_card(view, row.order_id, found->orders)) == 0)
        found->count = 1;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
get_standing(const struct souk_view *view, uint32_t standing_out[STATES])
{
    struct orders_standing row;
    int rc;

    for (uint8_t state = 0; state < STATES; state++) {
        row.orders = 0;
        if ((rc = orders_standing_get(view, state, &row)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        standing_out[state] = row.orders;
    }
    return 0;
}

int
query_answer_orders(const struct souk_view *view, const struct query_orders *query, struct souk_answer *answer)
{
    uint32_t standing[STATES];
    struct orders_found found;
    uint8_t filter = EVERY_STATE;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if (!query->has_owner && query->has_state)
        filter = (uint8_t)(query->state + 1);
    else if (!query->has_owner && query->is_open)
        filter = OPEN_STATES;
    rc = query->has_number ? find_number(view, query->number, &found)
        : find_orders(view, query->has_owner ? query->owner : everybody, filter, query->has_from, query->from, &found);
    if (rc == 0)
        rc = get_standing(view, standing);
    return rc != 0 ? rc : answer_query_orders(answer, &(struct query_orders_reply){ .orders = found.orders,
        .orders_count = found.count, .has_next = found.has_next, .next = found.next, .standing = standing,
        .standing_count = STATES });
}

/* ---- one order ------------------------------------------------------ */

/* Somebody else's order is as unknown as one that there is not. */
int
query_answer_order(const struct souk_view *view, const struct query_order *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct order_page page;
    int rc;

    if ((rc = order_page_get(view, query->order_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_ORDER) : rc;
    if (pass == NULL || (!souk_id_equal(page.owner, pass->person) && !people_is_staff(pass)))
        return souk_answer_refuse(answer, QUERY_UNKNOWN_ORDER);
    return answer_query_order(answer, &(struct query_order_reply){ .order_id = page.order_id, .owner = page.owner,
        .state = page.state, .lines = page.lines, .lines_count = page.lines_count, .total = page.total,
        .returned = page.returned, .history = page.history, .history_count = page.history_count,
        .number = page.number, .placed_ms = page.placed_ms });
}
