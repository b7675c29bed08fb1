#include "check_state.h"

#include "check_history.h"
#include "check_tables.h"

#include <inttypes.h>
#include <string.h>

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

static const char *const applications[] = {
    [ORDERS] = "orders", [STOCK] = "stock", [PAYMENTS] = "payments", [REVIEWS] = "reviews",
    [MODERATION] = "moderation", [QUERY] = "query",
};

/* As the end tells it. */
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

static bool must_react(struct checker *checker, const struct model_node *node, struct model_batch *const *tips,
    const struct model_event *event);
static struct model_event *newest(struct checker *checker, struct model_batch *const *tips,
    const struct model_event *like, const char *stream, const enum type *wanted);
static int check_missing(struct checker *checker);
static int check_reactions(struct checker *checker, const struct model_node *node, struct model_batch *const *final);
static int check_losses(struct checker *checker, const struct model_node *node);
static int check_open(struct checker *checker, const struct model_node *node, struct model_batch *const *final);

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

enum application
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
            || check_losses(checker, node) != 0 || tables_check(checker, node) != 0)
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
