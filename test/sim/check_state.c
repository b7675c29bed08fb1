#include "check_state.h"

#include "app.h"
#include "check_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MAX 48
#define ROW_FIELDS_MAX 8

enum type {
    NONE,
    ORDER_PLACED, ORDER_LINED, ORDER_RESERVED, ORDER_PAID, ORDER_CANCELLED, ORDER_EXPIRED, ORDER_REFUND_DUE,
    ORDER_REFUNDED, ORDER_COMPENSATED, ORDER_ADDRESSED, ORDER_NOTED,
    STOCK_RECEIVED, STOCK_RESERVED, STOCK_SHORT, STOCK_RELEASED, STOCK_SHIPPED, STOCK_COMPENSATED,
    PAYMENT_CHARGED, PAYMENT_REFUNDED, PAYMENT_COMPENSATED,
    REVIEW_SUBMITTED, REVIEW_EDITED, REVIEW_PUBLISHED, REVIEW_HIDDEN, REVIEW_COMPENSATED, REVIEW_UPDATED,
    VERDICT_APPROVED, VERDICT_REJECTED, VERDICT_WITHDRAWN,
    TYPES
};

static const struct {
    const char *name, *stream;
    int field_count;
} types[TYPES] = {
    [ORDER_PLACED] = { "order.placed", "orders", 4 },
    [ORDER_LINED] = { "order.lined", "orders", 2 },
    [ORDER_RESERVED] = { "order.reserved", "orders", 2 },
    [ORDER_PAID] = { "order.paid", "orders", 1 },
    [ORDER_CANCELLED] = { "order.cancelled", "orders", 2 },
    [ORDER_EXPIRED] = { "order.expired", "orders", 1 },
    [ORDER_REFUND_DUE] = { "order.refund-due", "orders", 1 },
    [ORDER_REFUNDED] = { "order.refunded", "orders", 1 },
    [ORDER_COMPENSATED] = { "order.compensated", "orders", 3 },
    [ORDER_ADDRESSED] = { "order.addressed", "orders.private", 2 },
    [ORDER_NOTED] = { "order.noted", "orders.private", 2 },
    [STOCK_RECEIVED] = { "stock.received", "stock", 2 },
    [STOCK_RESERVED] = { "stock.reserved", "stock", 3 },
    [STOCK_SHORT] = { "stock.short", "stock", 3 },
    [STOCK_RELEASED] = { "stock.released", "stock", 3 },
    [STOCK_SHIPPED] = { "stock.shipped", "stock", 3 },
    [STOCK_COMPENSATED] = { "stock.compensated", "stock", 3 },
    [PAYMENT_CHARGED] = { "payment.charged", "payments", 2 },
    [PAYMENT_REFUNDED] = { "payment.refunded", "payments", 2 },
    [PAYMENT_COMPENSATED] = { "payment.compensated", "payments", 3 },
    [REVIEW_SUBMITTED] = { "review.submitted", "reviews.internal", 3 },
    [REVIEW_EDITED] = { "review.edited", "reviews.internal", 2 },
    [REVIEW_PUBLISHED] = { "review.published", "reviews.internal", 1 },
    [REVIEW_HIDDEN] = { "review.hidden", "reviews.internal", 1 },
    [REVIEW_COMPENSATED] = { "review.compensated", "reviews.internal", 3 },
    [REVIEW_UPDATED] = { "review.updated", "reviews", 4 },
    [VERDICT_APPROVED] = { "verdict.approved", "moderation", 1 },
    [VERDICT_REJECTED] = { "verdict.rejected", "moderation", 1 },
    [VERDICT_WITHDRAWN] = { "verdict.withdrawn", "moderation", 3 },
};

enum application { NO_APPLICATION, ORDERS, STOCK, PAYMENTS, REVIEWS, MODERATION, QUERY };

static const char *const applications[] = {
    [ORDERS] = "orders", [STOCK] = "stock", [PAYMENTS] = "payments", [REVIEWS] = "reviews",
    [MODERATION] = "moderation", [QUERY] = "query",
};

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

/* As the end tells it. */
struct state_row {
    const char *table;
    struct check_bytes key, value;
    struct state_row *next;
};

struct state_open {
    const struct model_event *event;
    bool is_request;
    struct state_open *next;
};

/* An event that a service passed without the reaction that it asks for. */
struct state_missing {
    const struct model_node *node;
    const struct model_event *event;
    uint64_t now_ms;
    struct state_missing *older;
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

static enum application application_of(const struct model_node *node);
static bool must_react(struct checker *checker, const struct model_node *node, struct model_batch *const *tips,
    const struct model_event *event);
static struct model_event *newest(struct checker *checker, struct model_batch *const *tips,
    const struct model_event *like, const char *stream, const enum type *wanted);
static int check_missing(struct checker *checker);
static int check_reactions(struct checker *checker, const struct model_node *node, struct model_batch *const *final);
static int check_losses(struct checker *checker, const struct model_node *node);
static int check_open(struct checker *checker, const struct model_node *node, struct model_batch *const *final);
static int check_tables(struct checker *checker, const struct model_node *node);
static void apply(struct expectation *expectation, enum application application, const struct model_event *event);
static void apply_order(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void apply_stock(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void apply_review(struct expectation *expectation, enum application application,
    const struct model_event *event);
static void fill_indexes(struct expectation *expectation);
static uint64_t *row_of(struct expectation *expectation, enum table table, uint64_t id, uint64_t second);

/* ---- events ------------------------------------------------------------- */

void
state_index(struct checker *checker, struct model_event *event)
{
    const struct check_form *form = &event->batch->form;
    struct check_bytes name = form->names[event->form->type];
    struct model_event **list;
    uint8_t parts[1 + CHECK_KEY_BYTES_MAX], key[32], id_input[CHECK_STREAM_BYTES_MAX + 1 + 4 + 8 + 8 + 4] = { 0 };
    unsigned type;
    size_t i, length;

    for (type = NONE + 1; type < TYPES; type++)
        if (check_bytes_equal(name, model_text(types[type].name)))
            break;
    if (event->batch->stream->owner->application == NULL || type == TYPES
        || !check_bytes_equal(form->stream, model_text(types[type].stream))
        || check_decode_numbers(event->form->payload, event->fields, MODEL_FIELDS_MAX) != types[type].field_count)
        return;
    event->type = type;

    parts[0] = (uint8_t)event->batch->stream->index;
    memcpy(parts + 1, event->form->key.base, event->form->key.size_bytes);
    check_map_key(key, parts, 1 + event->form->key.size_bytes);
    if ((list = check_map_find(&checker->by_key, key)) == NULL) {
        list = check_arena_take(&checker->arena, sizeof *list);
        check_map_add(&checker->arena, &checker->by_key, key, list);
    }
    event->next_of_key = *list;
    *list = event;

    if (type != ORDER_RESERVED)
        return;
    /* The id of the request that it makes, its first. */
    length = form->stream.size_bytes;
    memcpy(id_input, form->stream.base, length);
    length++;
    for (i = 0; i < 4; i++)
        id_input[length++] = (uint8_t)(form->epoch_counter >> (24 - 8 * i));
    memcpy(id_input + length, form->epoch_bits, CHECK_EPOCH_BITS_BYTES);
    length += CHECK_EPOCH_BITS_BYTES;
    for (i = 0; i < 8; i++)
        id_input[length++] = (uint8_t)(event->number >> (56 - 8 * i));
    length += 4;
    check_hash(key, sizeof key, (struct check_bytes){ id_input, length }, (struct check_bytes){ 0 });
    memset(key + CHECK_ID_BYTES, 0, sizeof key - CHECK_ID_BYTES);
    if (check_map_find(&checker->requests, key) == NULL)
        check_map_add(&checker->arena, &checker->requests, key, event);
}

/*
 * The event of this number in the process's own history. A number is given anew when its batch had not left and the
 * disk went back to before it, which the witness names (13.2): then two events give their requests one id.
 */
static const struct model_event *
find_own(const struct checker *checker, const struct model_process *process, const struct model_event *event)
{
    const struct model_batch *batch = model_find_in(checker, process->disk->holds.tips[event->batch->stream->index],
        event->batch->epoch, event->number);

    if (batch == NULL || event->number < batch->form.first)
        return NULL;
    event = &batch->events[event->number - batch->form.first];
    return event->type == ORDER_RESERVED ? event : NULL;
}

int
state_check_request(struct checker *checker, const struct model_process *process,
    const struct check_message *message)
{
    const struct model_event *event;
    const uint8_t *correlation;
    uint8_t key[32] = { 0 };
    uint64_t fields[2];

    if (process->node->application == NULL)
        return 0;
    memcpy(key, message->id, CHECK_ID_BYTES);
    event = check_map_find(&checker->requests, key);
    if (event == NULL || (event = find_own(checker, process, event)) == NULL)
        return model_fail(checker, "request: %s asks for %.*s with an id that no event of its own gives",
            model_process_name(checker, process), (int)message->name.size_bytes, (const char *)message->name.base);
    correlation = event->form->correlation != NULL ? event->form->correlation : event->form->command_id;
    if (!check_bytes_equal(message->name, model_text("payments.charge"))
        || check_decode_numbers(message->payload, fields, 2) != 2 || fields[0] != event->fields[0]
        || fields[1] != event->fields[1])
        return model_fail(checker, "request: %s asks for something else than %s did",
            model_process_name(checker, process), model_event_name(checker, event));
    if (message->correlation == NULL || memcmp(message->correlation, correlation, CHECK_ID_BYTES) != 0)
        return model_fail(checker, "correlation: that of the request is not that of %s",
            model_event_name(checker, event));
    return 0;
}

static enum application
application_of(const struct model_node *node)
{
    size_t i;

    if (node->application == NULL)
        return NO_APPLICATION;
    for (i = 1; i < sizeof applications / sizeof applications[0]; i++)
        if (strcmp(node->application, applications[i]) == 0)
            return (enum application)i;
    return NO_APPLICATION;
}

/* The newest event in the history of `tips` with the key of `like` and one of the wanted types (up to NONE). */
static struct model_event *
newest(struct checker *checker, struct model_batch *const *tips, const struct model_event *like,
    const char *stream_name, const enum type *wanted)
{
    const struct model_stream *stream = model_find_stream(checker, model_text(stream_name));
    struct model_event **list, *event;
    uint8_t parts[1 + CHECK_KEY_BYTES_MAX], key[32];
    size_t i;

    if (stream == NULL)
        return NULL;
    parts[0] = (uint8_t)stream->index;
    memcpy(parts + 1, like->form->key.base, like->form->key.size_bytes);
    check_map_key(key, parts, 1 + like->form->key.size_bytes);
    list = check_map_find(&checker->by_key, key);
    for (event = list == NULL ? NULL : *list; event != NULL; event = event->next_of_key) {
        if (!model_is_in(event->batch, tips[stream->index]))
            continue;
        for (i = 0; wanted[i] != NONE; i++)
            if (event->type == wanted[i])
                return event;
    }
    return NULL;
}

static enum type
newest_type(struct checker *checker, struct model_batch *const *tips, const struct model_event *like,
    const char *stream, const enum type *wanted)
{
    const struct model_event *event = newest(checker, tips, like, stream, wanted);

    return event == NULL ? NONE : (enum type)event->type;
}

static const enum type order_states[] = {
    ORDER_PLACED, ORDER_RESERVED, ORDER_PAID, ORDER_CANCELLED, ORDER_EXPIRED, NONE,
};
static const enum type refund_states[] = { ORDER_REFUND_DUE, ORDER_REFUNDED, NONE };
static const enum type hold_states[] = { STOCK_RESERVED, STOCK_SHORT, STOCK_RELEASED, STOCK_SHIPPED, NONE };
static const enum type charge_states[] = { PAYMENT_CHARGED, PAYMENT_REFUNDED, NONE };
static const enum type submitted[] = { REVIEW_SUBMITTED, NONE };

/* Must a service with these own tips react to the event? */
static bool
must_react(struct checker *checker, const struct model_node *node, struct model_batch *const *tips,
    const struct model_event *event)
{
    enum application application = application_of(node);

    switch ((enum type)event->type) {
    case REVIEW_SUBMITTED:
    case REVIEW_EDITED:
        return application == MODERATION;
    case VERDICT_APPROVED:
    case VERDICT_REJECTED:
        return application == REVIEWS && newest(checker, tips, event, "reviews.internal", submitted) != NULL;
    case ORDER_PLACED:
        return application == STOCK && newest_type(checker, tips, event, "stock", hold_states) != STOCK_RESERVED;
    case ORDER_PAID:
    case ORDER_CANCELLED:
    case ORDER_EXPIRED:
        return application == STOCK && newest_type(checker, tips, event, "stock", hold_states) == STOCK_RESERVED;
    case ORDER_REFUND_DUE:
        return application == PAYMENTS
            && newest_type(checker, tips, event, "payments", charge_states) == PAYMENT_CHARGED;
    case STOCK_RESERVED:
    case STOCK_SHORT:
        return application == ORDERS && newest_type(checker, tips, event, "orders", order_states) == ORDER_PLACED;
    case PAYMENT_REFUNDED:
        return application == ORDERS && newest_type(checker, tips, event, "orders", refund_states) == ORDER_REFUND_DUE;
    default:
        return false;
    }
}

/* ---- reactions in the transaction that moves the cursor ------------------- */

/* Does it write at the end of its history? A service that fills its store again doesn't, nor does an old clone. */
static bool
is_live(const struct model_node *node, struct model_batch *const *before, const struct model_commit *commit)
{
    const struct model_batch *child;
    size_t i;

    for (i = 0; i < node->stream_count; i++) {
        const struct model_stream *stream = node->streams[i];
        const struct model_batch *tip = before[stream->index];

        for (child = tip == NULL ? stream->roots : tip->children; child != NULL; child = child->next_sibling)
            if (child->commit != commit)
                return false;
    }
    return true;
}

static bool
has_reaction(struct checker *checker, const struct model_node *node, const struct model_event *event,
    bool only_final)
{
    const struct model_event *reaction;

    reaction = history_by_cause(checker, node, CHECK_CAUSE_EVENT, event->batch->stream, event->batch->epoch,
        event->number, 0);
    for (; reaction != NULL; reaction = reaction->next_of_cause)
        if (!only_final || reaction->batch->is_final)
            return true;
    return false;
}

/* Has this very commit written about the key? Then it isn't known which came first. */
static bool
wrote_about(const struct model_commit *commit, const struct model_event *like)
{
    const struct model_batch *batch;
    size_t i;
    uint32_t j;

    for (i = 0; commit != NULL && i < commit->batch_count; i++) {
        batch = commit->batches[i];
        for (j = 0; j < batch->form.count; j++)
            if (check_bytes_equal(batch->events[j].form->key, like->form->key))
                return true;
    }
    return false;
}

/* Does the history up to `own` name a cause in the stream that has the event in its own lineage? */
static bool
has_named(struct checker *checker, const struct model_batch *own, const struct model_stream *stream, uint32_t epoch,
    uint64_t number)
{
    const struct model_event *named;
    struct model_known known = own == NULL ? (struct model_known){ 0 } : own->known[stream->index];

    if (known.epoch == epoch)
        return known.number >= number;
    if (model_counter(checker, known.epoch) < model_counter(checker, epoch))
        return false;
    named = model_find_event(checker, stream, known.epoch, known.number);
    return named == NULL || model_find_in(checker, named->batch, epoch, number) != NULL;
}

int
state_commit(struct checker *checker, struct model_process *process, struct model_batch *const *before,
    const struct model_commit *commit)
{
    const struct model_node *node = process->node;
    struct model_batch *const *tips = process->disk->holds.tips;
    struct model_batch *batch, *common;
    struct state_missing *missing;
    size_t i, k;
    uint32_t j;

    if (node->application == NULL || node->stream_count == 0 || !is_live(node, before, commit))
        return 0;
    for (i = 0; i < checker->stream_count; i++) {
        if (tips[i] == before[i] || !node->follows[i])
            continue;
        common = model_common(before[i], tips[i]);
        for (batch = tips[i]; batch != common; batch = batch->parent)
            for (j = 0; j < batch->form.count; j++) {
                const struct model_event *event = &batch->events[j];
                bool is_covered = model_find_in(checker, before[i], batch->epoch, event->number) != NULL;

                for (k = 0; k < node->stream_count && !is_covered; k++)
                    is_covered = has_named(checker, before[node->streams[k]->index], &checker->streams[i], batch->epoch,
                        event->number);
                if (is_covered || !must_react(checker, node, before, event)
                    || has_reaction(checker, node, event, false) || wrote_about(commit, event))
                    continue;
                missing = check_arena_take(&checker->arena, sizeof *missing);
                *missing = (struct state_missing){ node, event, checker->now_ms, checker->missing };
                checker->missing = missing;
            }
    }
    return 0;
}

/* ---- the end ------------------------------------------------------------ */

void
state_end_row(struct checker *checker, struct model_process *process, const char *table, struct check_bytes key,
    struct check_bytes value)
{
    struct state_row *row = check_arena_take(&checker->arena, sizeof *row);

    row->table = check_arena_copy(&checker->arena, table, strlen(table) + 1);
    row->key = (struct check_bytes){ check_arena_copy(&checker->arena, key.base, key.size_bytes), key.size_bytes };
    row->value = (struct check_bytes){
        check_arena_copy(&checker->arena, value.base, value.size_bytes), value.size_bytes,
    };
    row->next = process->rows;
    process->rows = row;
}

int
state_end_open(struct checker *checker, struct model_process *process, const struct check_event *event,
    bool is_request)
{
    const struct model_stream *stream = model_find_stream(checker, model_text(event->stream));
    struct state_open *open = check_arena_take(&checker->arena, sizeof *open);

    if (stream != NULL)
        open->event = model_find_event(checker, stream, model_epoch(checker, event->epoch_counter, event->epoch_bits),
            event->number);
    if (open->event == NULL)
        return model_fail(checker, "request: %s has a timer or a request of %s %" PRIu32 ".%" PRIu64 ", which is no "
            "event", model_process_name(checker, process), event->stream, event->epoch_counter, event->number);
    open->is_request = is_request;
    open->next = process->open;
    process->open = open;
    return 0;
}

int
state_finish(struct checker *checker)
{
    struct model_batch **final;
    size_t i;

    final = check_arena_take(&checker->arena, checker->stream_count * sizeof *final);
    for (i = 0; i < checker->stream_count; i++)
        final[i] = checker->streams[i].final;
    if (check_missing(checker) != 0)
        return -1;
    for (i = 0; i < checker->node_count; i++) {
        const struct model_node *node = &checker->nodes[i];

        if (application_of(node) == NO_APPLICATION)
            continue;
        if (check_open(checker, node, final) != 0 || check_reactions(checker, node, final) != 0
            || check_losses(checker, node) != 0 || check_tables(checker, node) != 0)
            return -1;
    }
    return 0;
}

/* Is an event with this key parked, discarded or retried late there? */
static bool
is_parked(const struct model_node *node, const struct model_event *like)
{
    size_t i;

    for (i = 0; i < node->end->parked_count; i++)
        if (check_bytes_equal(node->end->parked[i]->form->key, like->form->key))
            return true;
    return false;
}

static int
fail_missing(struct checker *checker, const struct model_node *node, const struct model_event *event)
{
    return model_fail(checker, "reaction missing: %.*s has none to %s", (int)node->name.size_bytes,
        (const char *)node->name.base, model_event_name(checker, event));
}

static int
check_missing(struct checker *checker)
{
    const struct state_missing *missing;

    for (missing = checker->missing; missing != NULL; missing = missing->older)
        if (missing->event->batch->is_final && !is_parked(missing->node, missing->event)
            && !has_reaction(checker, missing->node, missing->event, false)) {
            checker->now_ms = missing->now_ms;
            return fail_missing(checker, missing->node, missing->event);
        }
    return 0;
}

/* The event that caused this one, if it is in a final history. */
static const struct model_event *
final_cause(struct checker *checker, const struct model_event *event)
{
    const struct model_event *cause;

    if (event->form->kind != CHECK_CAUSE_EVENT)
        return NULL;
    cause = model_find_event(checker, history_cause_stream(checker, event), history_cause_epoch(checker, event),
        event->form->number);
    return cause != NULL && cause->batch->is_final ? cause : NULL;
}

/* What must hold however the events came: each rule asks for something that nothing but a reaction can have made so. */
static int
check_reaction(struct checker *checker, const struct model_node *node, struct model_batch *const *final,
    const struct model_event *event)
{
    const struct model_event *other;
    bool is_due = false;

    switch ((enum type)event->type) {
    case REVIEW_SUBMITTED:
    case REVIEW_EDITED:
        is_due = application_of(node) == MODERATION;
        break;
    case VERDICT_APPROVED:
    case VERDICT_REJECTED:
        is_due = application_of(node) == REVIEWS && final_cause(checker, event) != NULL;
        break;
    case ORDER_PLACED:
        /* A hold that an earlier, lost order of this number had got may have stood in its way. */
        other = newest(checker, final, event, "stock", (const enum type[]){ STOCK_RESERVED, NONE });
        is_due = application_of(node) == STOCK && other == NULL;
        break;
    case ORDER_PAID:
    case ORDER_CANCELLED:
    case ORDER_EXPIRED:
        if (application_of(node) == STOCK
            && newest_type(checker, final, event, "stock", hold_states) == STOCK_RESERVED)
            return fail_missing(checker, node, event);
        break;
    case ORDER_REFUND_DUE:
        other = newest(checker, final, event, "payments", charge_states);
        if (application_of(node) == PAYMENTS && other != NULL && other->type == PAYMENT_CHARGED
            && !model_covers(checker, other->batch->known[event->batch->stream->index],
                (struct model_known){ event->batch->epoch, event->number }, false))
            return fail_missing(checker, node, event);
        break;
    case STOCK_RESERVED:
    case STOCK_SHORT:
        if (application_of(node) == ORDERS && final_cause(checker, event) != NULL
            && newest_type(checker, final, event, "orders", order_states) == ORDER_PLACED)
            return fail_missing(checker, node, event);
        break;
    case PAYMENT_REFUNDED:
        if (application_of(node) == ORDERS && final_cause(checker, event) != NULL
            && newest_type(checker, final, event, "orders", refund_states) == ORDER_REFUND_DUE)
            return fail_missing(checker, node, event);
        break;
    case ORDER_RESERVED:
        if (application_of(node) != ORDERS)
            break;
        other = history_by_cause(checker, node, CHECK_CAUSE_ANSWER, event->batch->stream, event->batch->epoch,
            event->number, 0);
        while (other != NULL && !other->batch->is_final)
            other = other->next_of_cause;
        if (other == NULL)
            return model_fail(checker, "reaction missing: %.*s has none to the answer that %s asked for",
                (int)node->name.size_bytes, (const char *)node->name.base, model_event_name(checker, event));
        break;
    default:
        break;
    }
    return is_due && !has_reaction(checker, node, event, true) ? fail_missing(checker, node, event) : 0;
}

static int
check_reactions(struct checker *checker, const struct model_node *node, struct model_batch *const *final)
{
    const struct model_batch *batch;
    size_t i;
    uint32_t j;

    for (i = 0; i < checker->stream_count; i++) {
        if (!node->follows[i] && checker->streams[i].owner != node)
            continue;
        for (batch = final[i]; batch != NULL; batch = batch->parent)
            for (j = 0; j < batch->form.count; j++)
                if (!is_parked(node, &batch->events[j])
                    && check_reaction(checker, node, final, &batch->events[j]) != 0)
                    return -1;
    }
    return 0;
}

static bool
is_compensation(const struct model_event *event)
{
    return event->type == ORDER_COMPENSATED || event->type == STOCK_COMPENSATED || event->type == PAYMENT_COMPENSATED
        || event->type == REVIEW_COMPENSATED || event->type == VERDICT_WITHDRAWN;
}

/* Each own event that was caused by a lost one has been offered to react once, and every react here compensates. */
static int
check_losses(struct checker *checker, const struct model_node *node)
{
    const struct model_batch *batch;
    const struct model_event *event, *other;
    struct model_stream *stream;
    unsigned caused_count, compensated_count;
    uint32_t epoch, j;
    size_t i;

    for (i = 0; i < node->stream_count; i++)
        for (batch = node->streams[i]->final; batch != NULL; batch = batch->parent)
            for (j = 0; j < batch->form.count; j++) {
                event = &batch->events[j];
                if (event->form->kind != CHECK_CAUSE_EVENT || final_cause(checker, event) != NULL
                    || is_parked(node, event))
                    continue;
                stream = history_cause_stream(checker, event);
                epoch = history_cause_epoch(checker, event);
                caused_count = compensated_count = 0;
                other = history_by_cause(checker, node, CHECK_CAUSE_EVENT, stream, epoch, event->form->number, 0);
                for (; other != NULL; other = other->next_of_cause)
                    caused_count += other->batch->is_final;
                other = history_by_cause(checker, node, CHECK_CAUSE_LOSS, stream, epoch, event->form->number, 0);
                for (; other != NULL; other = other->next_of_cause)
                    compensated_count += other->batch->is_final && is_compensation(other);
                if (compensated_count != caused_count)
                    return model_fail(checker, "reaction missing: the cause of %s is lost, and %.*s has noted that %u "
                        "times for %u events", model_event_name(checker, event), (int)node->name.size_bytes,
                        (const char *)node->name.base, compensated_count, caused_count);
            }
    return 0;
}

/* No request waits any more, and a timer stands for each order that is open. */
static int
check_open(struct checker *checker, const struct model_node *node, struct model_batch *const *final)
{
    const struct state_open *open;
    const struct model_batch *batch;
    const struct model_stream *stream;
    enum type state;
    uint32_t j;

    for (open = node->end->open; open != NULL; open = open->next) {
        if (is_parked(node, open->event))
            continue;
        if (open->is_request)
            return model_fail(checker, "caught up: the request of %s still waits",
                model_event_name(checker, open->event));
        state = newest_type(checker, final, open->event, "orders", order_states);
        if (!open->event->batch->is_final || (state != ORDER_PLACED && state != ORDER_RESERVED))
            return model_fail(checker, "timers: that of %s is set, and its order is closed",
                model_event_name(checker, open->event));
    }
    if (application_of(node) != ORDERS || (stream = model_find_stream(checker, model_text("orders"))) == NULL)
        return 0;
    for (batch = final[stream->index]; batch != NULL; batch = batch->parent)
        for (j = 0; j < batch->form.count; j++) {
            if (batch->events[j].type != ORDER_PLACED)
                continue;
            state = newest_type(checker, final, &batch->events[j], "orders", order_states);
            for (open = node->end->open; open != NULL && open->event != &batch->events[j]; open = open->next)
                ;
            if (open == NULL && (state == ORDER_PLACED || state == ORDER_RESERVED))
                return model_fail(checker, "timers: that of %s is gone, and its order is open",
                    model_event_name(checker, &batch->events[j]));
        }
    return 0;
}

/* ---- tables ------------------------------------------------------------- */

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

static int
check_tables(struct checker *checker, const struct model_node *node)
{
    struct expectation expectation = { .checker = checker, .node = node };
    const struct model_batch **chain, *batch;
    const struct state_row *row;
    const struct expected *expected;
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
                apply(&expectation, application_of(node), &chain[k]->events[j]);
    }
    if (application_of(node) == QUERY)
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
