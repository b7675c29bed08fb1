#include "souk_parked_answer.h"
#include "souk_settled.h"

#include <assert.h>
#include <string.h>

#include "parking.h"

#define LIST_MAX 100                            /* as described */
#define PAYLOAD_SHOWN_BYTES_MAX 60000           /* as described */

static_assert((int)PARKED_KIND_EVENT == (int)SOUK_PARKED_EVENT && (int)PARKED_KIND_LOSS == (int)SOUK_PARKED_LOSS
    && (int)PARKED_KIND_REACTION == (int)SOUK_PARKED_REACTION, "kinds are said as they are stored");
static_assert((int)SETTLED_HOW_RETRIED == (int)SOUK_SETTLED_RETRIED
    && (int)SETTLED_HOW_DISCARDED == (int)SOUK_SETTLED_DISCARDED, "so is what became of them");

/* What a query lives in. Rows are borrowed from the transaction, names in them are copied. */
struct answering {
    struct souk_txn *txn;
    const struct souk_wiring *wiring;
    struct souk_arena arena;
    struct souk_pack *pack;
    const char **reply_out;
};

static int list(struct answering *answering, const struct souk_parked_list *query);
static int show(struct answering *answering, const struct souk_parked_event *query);
static int list_settled(struct answering *answering, const struct souk_parked_settled *query);
static bool is_private(const struct souk_wiring *wiring, const struct souk_name *stream);
static int describe(struct answering *answering, const struct souk_parked *parked, struct parked_event *out);
static int describe_settled(struct answering *answering, const struct souk_settled *settled,
    struct settled_event *out);
static int copy_names(struct answering *answering, const struct souk_name *stream, const struct souk_epoch *epoch,
    struct souk_slice *stream_out, struct souk_slice *bits_out);

static const struct souk_message_type *const queries[] = { &souk_parked_list_type, &souk_parked_event_type,
    &souk_parked_settled_type };

bool
souk_parked_is_query(struct souk_slice name)
{
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (souk_slice_equal(name, souk_slice_of(queries[i]->name)))
            return true;
    return false;
}

int
souk_parked_answer(struct souk_txn *txn, const struct souk_wiring *wiring, const struct souk_wire_request *request,
    struct souk_pack *pack, const char **reply_out)
{
    struct answering answering = { .txn = txn, .wiring = wiring, .pack = pack, .reply_out = reply_out };
    const struct souk_message_type *type = NULL;
    union {
        struct souk_parked_list list;
        struct souk_parked_event event;
        struct souk_parked_settled settled;
    } query;
    int rc;

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (souk_slice_equal(request->name, souk_slice_of(queries[i]->name)))
            type = queries[i];
    assert(type != NULL);
    souk_arena_init(&answering.arena, 0);
    rc = souk_message_decode(type, request->version, request->payload, &answering.arena, &query);
    if (rc != 0)
        rc = rc == -SOUK_ENOMEM ? rc : -SOUK_EINVAL;
    else if (type == &souk_parked_list_type)
        rc = list(&answering, &query.list);
    else if (type == &souk_parked_event_type)
        rc = show(&answering, &query.event);
    else
        rc = list_settled(&answering, &query.settled);
    souk_arena_done(&answering.arena);
    return rc;
}

/* ---- parked --------------------------------------------------------- */

static int
list(struct answering *answering, const struct souk_parked_list *query)
{
    struct parked_event *events = souk_arena_alloc(&answering->arena, LIST_MAX * sizeof *events);
    struct souk_parked_list_reply reply = { .events = events };
    uint64_t at = query->after;
    struct souk_parked parked;
    uint32_t looked = 0;
    int rc;

    if (events == NULL)
        return -SOUK_ENOMEM;
    while ((rc = souk_parked_after(answering->txn, at, &parked)) == 0) {
        struct parked_event *event = &events[reply.events_count];

        if (reply.events_count == LIST_MAX || looked++ == SOUK_PARKED_LOOK_MAX) {
            reply.next = at;
            break;
        }
        at = parked.sequence;
        if ((query->has_stream && !souk_slice_equal(query->stream, souk_name_slice(&parked.stream)))
            || (query->number != 0 && query->number != parked.event.number)
            || (query->epoch != 0 && query->epoch != parked.epoch.counter))
            continue;
        if ((rc = describe(answering, &parked, event)) != 0)
            return rc;
        if (!query->firsts_only || event->behind == event->sequence)
            reply.events_count++;
    }
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = souk_parked_count(answering->txn, &reply.parked)) != 0)
        return rc;
    *answering->reply_out = souk_parked_list_reply_type.name;
    return souk_parked_list_reply_encode(&reply, answering->pack);
}

static int
show(struct answering *answering, const struct souk_parked_event *query)
{
    struct souk_parked_event_reply reply = { .has_payload = false };
    struct souk_parked parked;
    int rc = souk_parked_get(answering->txn, query->sequence, &parked);

    if (rc == -SOUK_ENOTFOUND) {
        *answering->reply_out = SOUK_NOT_PARKED;
        return 1;
    }
    if (rc != 0 || (rc = describe(answering, &parked, &reply.event)) != 0)
        return rc;
    reply.has_payload = parked.event.payload.size_bytes <= PAYLOAD_SHOWN_BYTES_MAX
        && !is_private(answering->wiring, parked.kind == SOUK_PARKED_LOSS ? &parked.caused_stream : &parked.stream);
    reply.payload = parked.event.payload;
    *answering->reply_out = souk_parked_event_reply_type.name;
    return souk_parked_event_reply_encode(&reply, answering->pack);
}

static bool
is_private(const struct souk_wiring *wiring, const struct souk_name *stream)
{
    for (size_t i = 0; i < wiring->stream_count; i++)
        if (strcmp(wiring->streams[i].name.text, stream->text) == 0)
            return wiring->streams[i].is_private;
    return false;
}

static int
describe(struct answering *answering, const struct souk_parked *parked, struct parked_event *out)
{
    uint32_t count;
    int rc;

    *out = (struct parked_event){ .sequence = parked->sequence, .kind = (enum parked_kind)parked->kind,
        .epoch = parked->epoch.counter, .number = parked->event.number, .type = parked->event.type,
        .version = parked->event.version, .key = parked->event.key, .time_ms = parked->event.time_ms,
        .since_ms = parked->since_ms, .tries = parked->tries, .why = parked->text,
        .correlation_id = parked->event.correlation, .depth = (uint8_t)parked->event.depth };
    rc = souk_parked_queue(answering->txn, parked->event.key, 1, &out->behind, &count);
    if (rc == 0 && out->behind == out->sequence)        /* of the others it would be counted again and again */
        rc = souk_parked_queue(answering->txn, parked->event.key, SOUK_PARKED_WAITING_MAX + 1, &out->behind, &count);
    out->waiting = count == 0 ? 0 : count - 1;
    return rc != 0 ? rc : copy_names(answering, &parked->stream, &parked->epoch, &out->stream, &out->epoch_bits);
}

static int
copy_names(struct answering *answering, const struct souk_name *stream, const struct souk_epoch *epoch,
    struct souk_slice *stream_out, struct souk_slice *bits_out)
{
    *stream_out = souk_arena_copy(&answering->arena, souk_name_slice(stream));
    *bits_out = souk_arena_copy(&answering->arena, (struct souk_slice){ epoch->bits, sizeof epoch->bits });
    return stream_out->base == NULL || bits_out->base == NULL ? -SOUK_ENOMEM : 0;
}

/* ---- settled -------------------------------------------------------- */

static int
list_settled(struct answering *answering, const struct souk_parked_settled *query)
{
    struct settled_event *events = souk_arena_alloc(&answering->arena, LIST_MAX * sizeof *events);
    struct souk_parked_settled_reply reply = { .events = events };
    uint64_t at = query->before;
    struct souk_settled settled;
    int rc;

    if (events == NULL)
        return -SOUK_ENOMEM;
    while ((rc = souk_settled_before(answering->txn, at, &settled)) == 0) {
        if (reply.events_count == LIST_MAX) {
            reply.next = at;
            break;
        }
        at = settled.sequence;
        if (query->discarded_only && settled.how != SOUK_SETTLED_DISCARDED)
            continue;
        if ((rc = describe_settled(answering, &settled, &events[reply.events_count++])) != 0)
            return rc;
    }
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    *answering->reply_out = souk_parked_settled_reply_type.name;
    return souk_parked_settled_reply_encode(&reply, answering->pack);
}

static int
describe_settled(struct answering *answering, const struct souk_settled *settled, struct settled_event *out)
{
    *out = (struct settled_event){ .sequence = settled->sequence, .how = (enum settled_how)settled->how,
        .kind = (enum parked_kind)settled->kind, .epoch = settled->point.epoch.counter,
        .number = settled->point.number, .type = settled->type, .key = settled->key, .since_ms = settled->since_ms,
        .at_ms = settled->at_ms, .who = settled->who, .why = settled->why };
    return copy_names(answering, &settled->stream, &settled->point.epoch, &out->stream, &out->epoch_bits);
}
