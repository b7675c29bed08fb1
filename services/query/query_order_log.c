/*
 * query_order_log - all that has happened to an order. Orders, inventory and
 * payments each say their part, in a table of its own; the answer puts them in
 * the order of time.
 */
#include "query.h"

#include "people.h"

#define LOG_ROWS_MAX 200                /* as described, and so is the next one */
#define PEOPLE_MAX 24

/* ---- what happens --------------------------------------------------- */

static struct order_event
finish(struct souk_tables *tables, struct order_event event)
{
    event.at_ms = souk_tables_time_ms(tables);
    event.number = souk_tables_event(tables).number;
    event.note = event.note.base != NULL ? event.note : souk_slice_of("");
    return event;
}

int
query_put_order_log(struct souk_tables *tables, struct souk_id order_id, struct order_event event)
{
    return order_log_put(tables, &(struct order_log){ order_id, souk_tables_event(tables).number,
        finish(tables, event) });
}

static int
put_stock(struct souk_tables *tables, struct souk_id order_id, struct order_event event)
{
    return order_stock_log_put(tables, &(struct order_stock_log){ order_id, souk_tables_event(tables).number,
        finish(tables, event) });
}

static int
put_money(struct souk_tables *tables, struct souk_id order_id, struct order_event event)
{
    return order_money_log_put(tables, &(struct order_money_log){ order_id, souk_tables_event(tables).number,
        finish(tables, event) });
}

int
query_apply_held(struct souk_tables *tables, const struct inventory_held *event)
{
    uint32_t units = 0;

    for (size_t i = 0; i < event->lines_count; i++)
        units += event->lines[i].units;
    return put_stock(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_GOODS_HELD, .units = units });
}

int
query_apply_released(struct souk_tables *tables, const struct inventory_released *event)
{
    return put_stock(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_GOODS_RELEASED,
        .has_release = true, .release = event->reason });
}

int
query_apply_taken(struct souk_tables *tables, const struct inventory_taken *event)
{
    return put_stock(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_GOODS_TAKEN });
}

int
query_apply_taken_back(struct souk_tables *tables, const struct inventory_taken_back *event)
{
    return put_stock(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_GOODS_BACK });
}

int
query_apply_payment_asked(struct souk_tables *tables, const struct payments_asked *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PAYMENT_ASKED,
        .has_amount = true, .amount = event->amount });
}

int
query_apply_payment_asking(struct souk_tables *tables, const struct payments_asking *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PROCESSOR_HEARD });
}

int
query_apply_payment_step_needed(struct souk_tables *tables, const struct payments_step_needed *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PAYMENT_STEPPING });
}

int
query_apply_payment_authorised(struct souk_tables *tables, const struct payments_authorised *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PAYMENT_AUTHORISED });
}

int
query_apply_payment_declined(struct souk_tables *tables, const struct payments_declined *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PAYMENT_DECLINED,
        .has_decline = true, .decline = event->reason });
}

int
query_apply_payment_capture_asked(struct souk_tables *tables, const struct payments_capture_asked *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_CAPTURE_ASKED });
}

int
query_apply_payment_captured(struct souk_tables *tables, const struct payments_captured *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_CAPTURED });
}

int
query_apply_payment_voided(struct souk_tables *tables, const struct payments_voided *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_VOIDED });
}

int
query_apply_payment_void_done(struct souk_tables *tables, const struct payments_void_done *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_VOID_DONE });
}

int
query_apply_payment_refund_asked(struct souk_tables *tables, const struct payments_refund_asked *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_REFUND_ASKED,
        .has_amount = true, .amount = event->amount });
}

int
query_apply_payment_refunded(struct souk_tables *tables, const struct payments_refunded *event)
{
    return put_money(tables, event->order_id, (struct order_event){ .what = ORDER_NEWS_PAYMENT_REFUNDED,
        .has_amount = true, .amount = event->amount });
}

/* ---- all of it, in the order of time -------------------------------- */

/* What one service has said. */
struct told {
    struct order_event *events;
    uint32_t count, at;
};

static int
get_orders(const struct souk_view *view, struct souk_id order_id, struct told *told)
{
    struct order_log row;
    struct souk_rows *rows;
    int rc;

    if ((rc = order_log_scan_by_order_id(view, order_id, &rows)) != 0)
        return rc;
    while (told->count < LOG_ROWS_MAX && (rc = order_log_next(view, rows, &row)) == 0)
        told->events[told->count++] = row.event;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
get_stock(const struct souk_view *view, struct souk_id order_id, struct told *told)
{
    struct order_stock_log row;
    struct souk_rows *rows;
    int rc;

    if ((rc = order_stock_log_scan_by_order_id(view, order_id, &rows)) != 0)
        return rc;
    while (told->count < LOG_ROWS_MAX && (rc = order_stock_log_next(view, rows, &row)) == 0)
        told->events[told->count++] = row.event;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
get_money(const struct souk_view *view, struct souk_id order_id, struct told *told)
{
    struct order_money_log row;
    struct souk_rows *rows;
    int rc;

    if ((rc = order_money_log_scan_by_order_id(view, order_id, &rows)) != 0)
        return rc;
    while (told->count < LOG_ROWS_MAX && (rc = order_money_log_next(view, rows, &row)) == 0)
        told->events[told->count++] = row.event;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/*
 * Events of one millisecond come in the order of an order's life: what orders
 * noted of another service's step right after that step. Each stream keeps its
 * own order, whatever this says.
 */
static unsigned
rank(const struct order_event *event)
{
    static const enum order_news life[] = { ORDER_NEWS_PROCESSOR_HEARD, ORDER_NEWS_PLACED, ORDER_NEWS_GOODS_HELD,
        ORDER_NEWS_RESERVED, ORDER_NEWS_PAYMENT_ASKED, ORDER_NEWS_PAYMENT_STEPPING, ORDER_NEWS_STEP_NEEDED,
        ORDER_NEWS_PAYMENT_AUTHORISED, ORDER_NEWS_PAID, ORDER_NEWS_GOODS_TAKEN, ORDER_NEWS_CAPTURE_ASKED,
        ORDER_NEWS_CAPTURED, ORDER_NEWS_CONFIRMED, ORDER_NEWS_PAYMENT_DECLINED, ORDER_NEWS_CANCELLED,
        ORDER_NEWS_GOODS_RELEASED, ORDER_NEWS_VOIDED, ORDER_NEWS_VOID_DONE, ORDER_NEWS_ADOPTED,
        ORDER_NEWS_REFUND_DECIDED, ORDER_NEWS_REFUND_ASKED, ORDER_NEWS_GOODS_BACK, ORDER_NEWS_PAYMENT_REFUNDED,
        ORDER_NEWS_REFUNDED };
    static const enum order_news noted[] = {
        [ORDER_STEP_PAYMENT_ASKED] = ORDER_NEWS_PAYMENT_ASKED, [ORDER_STEP_GOODS_TAKEN] = ORDER_NEWS_GOODS_TAKEN,
        [ORDER_STEP_GOODS_RELEASED] = ORDER_NEWS_GOODS_RELEASED, [ORDER_STEP_MONEY_RELEASED] = ORDER_NEWS_VOIDED,
        [ORDER_STEP_REFUND_ASKED] = ORDER_NEWS_REFUND_ASKED, [ORDER_STEP_GOODS_BACK] = ORDER_NEWS_GOODS_BACK,
        [ORDER_STEP_HOLD_TOO_LATE] = ORDER_NEWS_GOODS_RELEASED,
        [ORDER_STEP_CAPTURE_ASKED] = ORDER_NEWS_CAPTURE_ASKED };
    const bool is_note = event->what == ORDER_NEWS_STEPPED;
    const enum order_news what = is_note ? noted[event->step] : event->what;
    unsigned place = 0;

    while (place < sizeof life / sizeof life[0] && life[place] != what)
        place++;
    return 2 * place + is_note;
}

static struct told *
find_first(struct told told[3])
{
    struct told *first = NULL;

    for (struct told *one = told; one < told + 3; one++) {
        const struct order_event *event = &one->events[one->at], *earliest;

        if (one->at == one->count)
            continue;
        earliest = first != NULL ? &first->events[first->at] : NULL;
        if (earliest == NULL || event->at_ms < earliest->at_ms
            || (event->at_ms == earliest->at_ms && rank(event) < rank(earliest)))
            first = one;
    }
    return first;
}

static int
add_person(const struct souk_view *view, const struct order_event *event, struct person_name *people, uint32_t *count)
{
    if (!event->has_by || *count == PEOPLE_MAX)
        return 0;
    for (uint32_t i = 0; i < *count; i++)
        if (souk_id_equal(people[i].person_id, event->by))
            return 0;
    people[*count].person_id = event->by;
    return query_name_person(view, event->by, &people[(*count)++].name);
}

/* Where the order stood when others did something for it is where its own last step has left it. */
int
query_answer_order_log(const struct souk_view *view, const struct query_order_log *query,
    struct souk_answer *answer)
{
    struct order_event *events = souk_arena_alloc(souk_view_arena(view), 4 * LOG_ROWS_MAX * sizeof *events);
    struct told told[3] = { { .events = events + LOG_ROWS_MAX }, { .events = events + 2 * LOG_ROWS_MAX },
        { .events = events + 3 * LOG_ROWS_MAX } }, *next;
    struct person_name people[PEOPLE_MAX];
    struct query_order_log_reply reply = { .events = events, .people = people };
    enum order_state state = ORDER_STATE_PLACED;
    int rc;

    if (events == NULL)
        return -SOUK_ENOMEM;
    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = get_orders(view, query->order_id, &told[0])) != 0
        || (rc = get_stock(view, query->order_id, &told[1])) != 0
        || (rc = get_money(view, query->order_id, &told[2])) != 0)
        return rc;
    if (told[0].count == 0)
        return souk_answer_refuse(answer, QUERY_UNKNOWN_ORDER);
    while (reply.events_count < LOG_ROWS_MAX && (next = find_first(told)) != NULL) {
        struct order_event *event = &events[reply.events_count++];

        *event = next->events[next->at++];
        if (next != &told[0])
            event->state = state;
        state = event->state;
        if ((rc = add_person(view, event, people, &reply.people_count)) != 0)
            return rc;
    }
    return answer_query_order_log(answer, &reply);
}
