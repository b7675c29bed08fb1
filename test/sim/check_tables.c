#include "check_tables.h"

#include "app.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MAX 48
#define ROW_FIELDS_MAX 8

enum table {
    ORDERS_ORDERS, ORDERS_ADDRESSES, STOCK_LEVELS, STOCK_HOLDS, STOCK_WANTED, PAYMENTS_CHARGES, PAYMENTS_DUES,
    REVIEWS_INTERNAL, REVIEWS_GENERIC, REVIEWS_VERDICTS, MODERATION_VERDICTS, MODERATION_SUBJECTS,
    QUERY_ORDERS, QUERY_LEVELS, QUERY_HOLDS, QUERY_CHARGES, QUERY_REVIEWS, QUERY_VERDICTS, QUERY_TALLY,
    QUERY_VIEW, QUERY_SHELF,
    TABLES
};

static const struct {
    enum application application;
    const char *name, *stream;          /* an index table is fed by none */
    uint32_t field_count;
} tables[TABLES] = {
    [ORDERS_ORDERS] = { ORDERS, "orders", "orders", 8 },
    [ORDERS_ADDRESSES] = { ORDERS, "addresses", "orders.private", 3 },
    [STOCK_LEVELS] = { STOCK, "levels", "stock", 4 },
    [STOCK_HOLDS] = { STOCK, "holds", "stock", 5 },
    [STOCK_WANTED] = { STOCK, "wanted", "orders", 2 },
    [PAYMENTS_CHARGES] = { PAYMENTS, "charges", "payments", 4 },
    [PAYMENTS_DUES] = { PAYMENTS, "dues", "orders", 2 },
    [REVIEWS_INTERNAL] = { REVIEWS, "internal", "reviews.internal", 6 },
    [REVIEWS_GENERIC] = { REVIEWS, "generic", "reviews", 4 },
    [REVIEWS_VERDICTS] = { REVIEWS, "verdicts", "moderation", 2 },
    [MODERATION_VERDICTS] = { MODERATION, "verdicts", "moderation", 3 },
    [MODERATION_SUBJECTS] = { MODERATION, "subjects", "reviews.internal", 4 },
    [QUERY_ORDERS] = { QUERY, "orders", "orders", 6 },
    [QUERY_LEVELS] = { QUERY, "levels", "stock", 4 },
    [QUERY_HOLDS] = { QUERY, "holds", "stock", 2 },
    [QUERY_CHARGES] = { QUERY, "charges", "payments", 3 },
    [QUERY_REVIEWS] = { QUERY, "reviews", "reviews", 3 },
    [QUERY_VERDICTS] = { QUERY, "verdicts", "moderation", 2 },
    [QUERY_TALLY] = { QUERY, "tally", "orders", 2 },
    [QUERY_VIEW] = { QUERY, "view", NULL, 4 },
    [QUERY_SHELF] = { QUERY, "shelf", NULL, 4 },
};

/* A row as it should be. */
struct expected {
    enum table table;
    char key[KEY_BYTES_MAX];
    uint64_t fields[ROW_FIELDS_MAX];
    bool is_told;
    struct expected *next;
};

struct expectation {
    struct checker *checker;
    const struct model_node *node;
    struct check_map by_key;
    struct expected *all;
};

static void expected_key(uint8_t key_out[32], enum table table, const char *key);
static bool is_excused(const struct model_node *node, enum table table);
static int check_row(struct checker *checker, const struct expectation *expectation, const struct state_row *row);
static void apply(struct expectation *expectation, enum application application, const struct model_event *event);
static void apply_order(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void apply_stock(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void apply_review(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void fill_indexes(struct expectation *expectation);
static uint64_t *row_of(struct expectation *expectation, enum table table, uint64_t id, uint64_t second);

int
tables_check(struct checker *checker, const struct model_node *node)
{
    struct expectation expectation = { .checker = checker, .node = node };
    const struct model_batch **chain, *batch;
    const struct state_row *row;
    const struct expected *expected;
    const enum application application = application_of(node);
    size_t i, count, k;
    uint32_t j;

    for (i = 0; i < checker->stream_count; i++) {
        if (!node->follows[i] && checker->streams[i].owner != node)
            continue;
        count = checker->streams[i].final == NULL ? 0 : checker->streams[i].final->ordinal;
        chain = check_arena_take(&checker->scratch, count * sizeof *chain);
        for (batch = checker->streams[i].final; batch != NULL; batch = batch->parent)
            chain[batch->ordinal - 1] = batch;
        for (k = 0; k < count; k++)
            for (j = 0; j < chain[k]->form.count; j++)
                apply(&expectation, application, &chain[k]->events[j]);
    }
    if (application == QUERY)
        fill_indexes(&expectation);
    for (row = node->end->rows; row != NULL; row = row->next)
        if (check_row(checker, &expectation, row) != 0)
            return -1;
    for (expected = expectation.all; expected != NULL; expected = expected->next)
        if (!expected->is_told && !is_excused(node, expected->table))
            return model_fail(checker, "tables: %s has no row %s in %s", model_process_name(checker, node->end),
                expected->key, tables[expected->table].name);
    return 0;
}

/* ---- file-local ----------------------------------------------------- */

static void
expected_key(uint8_t key_out[32], enum table table, const char *key)
{
    uint8_t parts[1 + KEY_BYTES_MAX] = { (uint8_t)table };
    size_t length = strlen(key);

    memcpy(parts + 1, key, length);
    check_map_key(key_out, parts, 1 + length);
}

/* Is the table, or what an index reads, without what a parked event would have done? */
static bool
is_excused(const struct model_node *node, enum table table)
{
    size_t i;

    for (i = 0; i < node->end->parked_count; i++)
        if (tables[table].stream == NULL
            || check_bytes_equal(node->end->parked[i]->batch->stream->name, model_text(tables[table].stream)))
            return true;
    return false;
}

static int
check_row(struct checker *checker, const struct expectation *expectation, const struct state_row *row)
{
    enum application application = application_of(expectation->node);
    uint64_t fields[ROW_FIELDS_MAX];
    struct expected *expected;
    char text[KEY_BYTES_MAX] = "";
    uint8_t key[32];
    unsigned table;
    uint32_t i;
    int count;

    for (table = 0; table < TABLES; table++)
        if (tables[table].application == application && strcmp(tables[table].name, row->table) == 0)
            break;
    if (table == TABLES || row->key.size_bytes >= sizeof text)
        return model_fail(checker, "tables: %s has a row in %s, which is no table of its",
            model_process_name(checker, expectation->node->end), row->table);
    if (is_excused(expectation->node, (enum table)table))
        return 0;
    memcpy(text, row->key.base, row->key.size_bytes);
    expected_key(key, (enum table)table, text);
    if ((expected = check_map_find(&expectation->by_key, key)) == NULL)
        return model_fail(checker, "tables: %s has row %s in %s, and should not",
            model_process_name(checker, expectation->node->end), text, row->table);
    if (expected->is_told)
        return model_fail(checker, "tables: %s has row %s in %s twice",
            model_process_name(checker, expectation->node->end), text, row->table);
    expected->is_told = true;
    count = check_decode_numbers(row->value, fields, ROW_FIELDS_MAX);
    if (count != (int)tables[table].field_count)
        return model_fail(checker, "tables: row %s in %s of %s has %d fields", text, row->table,
            model_process_name(checker, expectation->node->end), count);
    for (i = 0; i < tables[table].field_count; i++)
        if (fields[i] != expected->fields[i])
            return model_fail(checker, "tables: row %s in %s of %s has %" PRIu64 " in field %" PRIu32 ", and should "
                "have %" PRIu64, text, row->table, model_process_name(checker, expectation->node->end), fields[i], i,
                expected->fields[i]);
    return 0;
}

/* The text of a number, with a zero byte behind it; its length without that. */
static size_t
put_digits(char *text_out, uint64_t number)
{
    uint64_t rest;
    size_t length = 1, at;

    for (rest = number; rest > 9; rest /= 10)
        length++;
    text_out[at = length] = '\0';
    while (at-- > 0) {
        text_out[at] = (char)('0' + number % 10);
        number /= 10;
    }
    return length;
}

/* The row, made if there is none. */
static uint64_t *
row_of(struct expectation *expectation, enum table table, uint64_t id, uint64_t second)
{
    struct expected *expected;
    char text[KEY_BYTES_MAX] = "";
    uint8_t key[32];
    size_t length;

    length = put_digits(text, id);
    if (table == QUERY_REVIEWS) {
        text[length++] = '/';
        (void)put_digits(text + length, second);
    }
    expected_key(key, table, text);
    if ((expected = check_map_find(&expectation->by_key, key)) == NULL) {
        expected = check_arena_take(&expectation->checker->arena, sizeof *expected);
        expected->table = table;
        memcpy(expected->key, text, sizeof text);
        expected->next = expectation->all;
        expectation->all = expected;
        check_map_add(&expectation->checker->arena, &expectation->by_key, key, expected);
    }
    return expected->fields;
}

/* The same for an event that changes the row: its last field counts them. */
static uint64_t *
changed(struct expectation *expectation, enum table table, uint64_t id)
{
    uint64_t *fields = row_of(expectation, table, id, 0);

    fields[tables[table].field_count - 1]++;
    return fields;
}

static void
apply(struct expectation *expectation, enum application application, const struct model_event *event)
{
    const uint64_t *with = event->fields;
    uint64_t *fields;
    bool is_query = application == QUERY;

    switch ((enum type)event->type) {
    case ORDER_ADDRESSED:
        if (application == ORDERS)
            changed(expectation, ORDERS_ADDRESSES, with[0])[0] = with[1];
        break;
    case ORDER_NOTED:
        if (application == ORDERS)
            changed(expectation, ORDERS_ADDRESSES, with[0])[1]++;
        break;
    case STOCK_RECEIVED:
    case STOCK_RESERVED:
    case STOCK_SHORT:
    case STOCK_RELEASED:
    case STOCK_SHIPPED:
    case STOCK_COMPENSATED:
        if (application == STOCK || is_query)
            apply_stock(expectation, application, event);
        break;
    case PAYMENT_CHARGED:
        if (application == PAYMENTS || is_query) {
            fields = changed(expectation, is_query ? QUERY_CHARGES : PAYMENTS_CHARGES, with[0]);
            fields[0] = with[1];
            fields[1] = 1;
        }
        break;
    case PAYMENT_REFUNDED:
        if (application == PAYMENTS || is_query)
            changed(expectation, is_query ? QUERY_CHARGES : PAYMENTS_CHARGES, with[0])[1] = 2;
        break;
    case PAYMENT_COMPENSATED:
        if (application == PAYMENTS)
            changed(expectation, PAYMENTS_CHARGES, with[0])[2]++;
        break;
    case REVIEW_SUBMITTED:
    case REVIEW_EDITED:
    case REVIEW_PUBLISHED:
    case REVIEW_HIDDEN:
    case REVIEW_COMPENSATED:
    case REVIEW_UPDATED:
        apply_review(expectation, application, event);
        break;
    case VERDICT_APPROVED:
    case VERDICT_REJECTED:
        if (application == REVIEWS || application == MODERATION || is_query)
            changed(expectation, is_query ? QUERY_VERDICTS : application == REVIEWS ? REVIEWS_VERDICTS
                : MODERATION_VERDICTS, with[0])[0] = event->type == VERDICT_APPROVED ? 1 : 2;
        break;
    case VERDICT_WITHDRAWN:
        if (application == MODERATION)
            changed(expectation, MODERATION_VERDICTS, with[0])[1]++;
        break;
    case NONE:
    case TYPES:
        break;
    default:
        apply_order(expectation, application, event);
        break;
    }
}

/* State and refund, wherever a table has them. */
static void
apply_order(struct expectation *expectation, enum application application, const struct model_event *event)
{
    static const struct {
        unsigned state, refund, code;
    } effects[TYPES] = {
        [ORDER_PLACED] = { 1, 0, APP_ORDER_PLACED }, [ORDER_RESERVED] = { 2, 0, APP_ORDER_RESERVED },
        [ORDER_PAID] = { 3, 0, APP_ORDER_PAID }, [ORDER_CANCELLED] = { 4, 0, APP_ORDER_CANCELLED },
        [ORDER_EXPIRED] = { 5, 0, APP_ORDER_EXPIRED }, [ORDER_REFUND_DUE] = { 0, 1, APP_ORDER_REFUND_DUE },
        [ORDER_REFUNDED] = { 0, 2, APP_ORDER_REFUNDED },
    };
    unsigned state = effects[event->type].state, refund = effects[event->type].refund;
    uint64_t order = event->fields[0], *fields;

    switch (application) {
    case ORDERS:
    case QUERY:
        if (application == QUERY && effects[event->type].code == 0)
            return;                     /* lined, compensated */
        fields = changed(expectation, application == ORDERS ? ORDERS_ORDERS : QUERY_ORDERS, order);
        if (state != 0)
            fields[0] = state;
        if (event->type == ORDER_PLACED)
            memcpy(fields + 1, event->fields + 1, 3 * sizeof fields[0]);
        if (refund != 0)
            fields[4] = refund;
        if (event->type == ORDER_LINED)
            fields[5]++;
        if (event->type == ORDER_COMPENSATED)
            fields[6]++;
        if (application == ORDERS)
            return;
        fields = changed(expectation, QUERY_TALLY, 0);
        fields[0] = (fields[0] * 31 + order * 7 + effects[event->type].code) & UINT32_MAX;
        return;
    case STOCK:
        if (state != 0)
            changed(expectation, STOCK_WANTED, order)[0] = state;
        return;
    case PAYMENTS:
        if (state != 0)
            changed(expectation, PAYMENTS_DUES, order)[0] = state;
        else if (event->type == ORDER_REFUND_DUE)
            changed(expectation, PAYMENTS_DUES, order);
        return;
    default:
        return;
    }
}

static void
apply_stock(struct expectation *expectation, enum application application, const struct model_event *event)
{
    bool is_query = application == QUERY;
    enum table levels = is_query ? QUERY_LEVELS : STOCK_LEVELS, holds = is_query ? QUERY_HOLDS : STOCK_HOLDS;
    uint64_t order = event->fields[0], sku = event->fields[1], units = event->fields[2], *fields;
    unsigned state = event->type == STOCK_RESERVED ? 1 : event->type == STOCK_RELEASED ? 2
        : event->type == STOCK_SHIPPED ? 3 : 4;

    if (event->type == STOCK_RECEIVED) {
        changed(expectation, levels, event->fields[0])[0] += event->fields[1];
        return;
    }
    if (event->type == STOCK_COMPENSATED) {
        if (!is_query)
            changed(expectation, holds, order)[3]++;
        return;
    }
    if (event->type != STOCK_SHORT) {
        fields = changed(expectation, levels, sku);
        fields[1] += event->type == STOCK_RESERVED ? units : -units;
        if (event->type == STOCK_SHIPPED) {
            fields[0] -= units;
            fields[2] += units;
        }
    }
    fields = changed(expectation, holds, order);
    if (is_query) {
        fields[0] = state;
        return;
    }
    if (event->type == STOCK_RESERVED || event->type == STOCK_SHORT) {
        fields[0] = sku;
        fields[1] = units;
    }
    fields[2] = state;
}

static void
apply_review(struct expectation *expectation, enum application application, const struct model_event *event)
{
    const uint64_t *with = event->fields;
    uint64_t *fields;

    if (event->type == REVIEW_UPDATED) {
        if (application == REVIEWS) {
            memcpy(changed(expectation, REVIEWS_GENERIC, with[0]), with + 1, 3 * sizeof with[0]);
        } else if (application == QUERY) {
            fields = row_of(expectation, QUERY_REVIEWS, with[1], with[0]);
            fields[0] = with[2];
            fields[1] = with[3];
            fields[2]++;
        }
        return;
    }
    if (application == REVIEWS) {
        fields = changed(expectation, REVIEWS_INTERNAL, with[0]);
        if (event->type == REVIEW_SUBMITTED) {
            fields[0] = with[1];
            fields[1] = with[2];
            fields[3] = 0;
        } else if (event->type == REVIEW_EDITED) {
            fields[1] = with[1];
            fields[2]++;
            fields[3] = 0;
        } else if (event->type == REVIEW_COMPENSATED) {
            fields[4]++;
        } else {
            fields[3] = event->type == REVIEW_PUBLISHED ? 1 : 2;
        }
    } else if (application == MODERATION && event->type != REVIEW_COMPENSATED) {
        fields = changed(expectation, MODERATION_SUBJECTS, with[0]);
        if (event->type == REVIEW_SUBMITTED) {
            fields[0] = with[1];
            fields[1] = with[2];
            fields[2] = 0;
        } else if (event->type == REVIEW_EDITED) {
            fields[1] = with[1];
            fields[2] = 0;
        } else {
            fields[2] = event->type == REVIEW_PUBLISHED ? 1 : 2;
        }
    }
}

/* Rows of an index are a function of the rows that it reads. */
static void
fill_indexes(struct expectation *expectation)
{
    const struct expected *expected;
    uint64_t id, *fields;

    /* New rows come in front of the list, so they are not met here. */
    for (expected = expectation->all; expected != NULL; expected = expected->next) {
        if (sscanf(expected->key, "%" SCNu64, &id) != 1)
            continue;
        switch (expected->table) {
        case QUERY_ORDERS:
            row_of(expectation, QUERY_VIEW, id, 0)[0] = expected->fields[0];
            break;
        case QUERY_HOLDS:
            row_of(expectation, QUERY_VIEW, id, 0)[1] = expected->fields[0];
            break;
        case QUERY_CHARGES:
            fields = row_of(expectation, QUERY_VIEW, id, 0);
            fields[2] = expected->fields[1];
            fields[3] = expected->fields[0];
            break;
        case QUERY_LEVELS:
            fields = row_of(expectation, QUERY_SHELF, id, 0);
            fields[0] = expected->fields[0];
            fields[1] = expected->fields[1];
            break;
        case QUERY_REVIEWS:
            fields = row_of(expectation, QUERY_SHELF, id, 0);
            if (expected->fields[1] == 1) {
                fields[2]++;
                fields[3] += expected->fields[0];
            }
            break;
        default:
            break;
        }
    }
}
