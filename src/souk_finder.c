#include "souk_finder_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "souk_refusal.h"

#define QUERIES "eventstore."
#define ARENA_BYTES_MAX (8 * 1024 * 1024)
#define BUSY_RETRY_MS 200
#define FULL_PAUSE_MS 1000
#define REPLY_BYTES_MAX (SOUK_PAYLOAD_BYTES_MAX + 64 * 1024)
#define STATUS "status.3"               /* a store that has another one was filled otherwise: it is emptied */
#define NUMBERS 5                       /* rows of the table of numbers */

enum seen { SEEN_REACHED, SEEN_WAITS, SEEN_LOST };

static int load(struct souk_finder *finder);
static void take_out(struct souk_finder *finder, struct finder_ask **at);
static int answer_all(struct souk_finder *finder, struct souk_time now);
static int answer(struct souk_finder *finder, struct finder_look *look, const struct finder_ask *ask,
    struct souk_time now, bool *done_out);
static int see(struct finder_look *look, const struct souk_wire_request *request, enum seen *seen_out);
static int run(struct souk_finder *finder, struct finder_look *look, const struct finder_ask *ask,
    const struct souk_wire_request *request);
static int add_cursor(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream,
    void *arg);
static int send_status(struct souk_finder *finder, const struct finder_ask *ask, const struct souk_id *id,
    enum souk_status status, const char *code, const char *text, uint64_t retry_after_ms);
static int send(struct souk_finder *finder, const struct finder_ask *ask, const struct souk_wire_reply *reply);
static void forget(struct finder_ask *ask);

/* ---- life ----------------------------------------------------------- */

int
souk_finder_open(const struct souk_finder_config *config, struct souk_finder **finder_out, struct souk_error *err)
{
    const struct souk_store_config store = { .path = config->path, .bytes_max = config->bytes_max,
        .simulated = config->simulated };
    struct souk_finder *finder = calloc(1, sizeof *finder);
    int rc;

    if (finder == NULL)
        return souk_fail(err, SOUK_ENOMEM, "event store %s: no memory for its finder", config->wiring->self.text);
    finder->wiring = config->wiring;
    finder->log = config->log;
    finder->end = &finder->first;
    finder->dirty = true;
    souk_outbox_init(&finder->outbox);
    souk_arena_init(&finder->arena, ARENA_BYTES_MAX);
    if ((rc = souk_store_open(&store, &finder->index, err)) != 0) {
        souk_finder_close(&finder);
        return rc;
    }
    if ((rc = load(finder)) != 0) {
        rc = souk_fail(err, (enum souk_error_code)-rc, "event store %s: its finder's store cannot be read: %s;"
            " remove %s, and it is filled again", config->wiring->self.text, souk_error_name(rc), config->path);
        souk_finder_close(&finder);
        return rc;
    }
    *finder_out = finder;
    return 0;
}

void
souk_finder_close(struct souk_finder **finder_p)
{
    struct souk_finder *finder = *finder_p;

    if (finder == NULL)
        return;
    for (struct finder_ask *at = finder->first, *next; at != NULL; at = next) {
        next = at->next;
        forget(at);
    }
    souk_store_close(&finder->index);
    souk_outbox_done(&finder->outbox);
    souk_arena_done(&finder->arena);
    finder_rows_done(&finder->rows);
    free(finder->batches.batches);
    free(finder);
    *finder_p = NULL;
}

static void
forget(struct finder_ask *ask)
{
    free((void *)(uintptr_t)ask->frame.base);
    free(ask);
}

/* In the order of `load` and `finder_save`. */
static uint64_t *
number_of(struct souk_finder_status *status, size_t i)
{
    uint64_t *const numbers[NUMBERS] = { &status->log_position, &status->batches, &status->events, &status->damaged,
        &status->fillings };

    return numbers[i];
}

static int
load(struct souk_finder *finder)
{
    struct souk_txn *txn = NULL;
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if ((rc = souk_txn_begin(finder->index, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    if ((rc = souk_txn_table(txn, FINDER_META, &table)) == 0
        && (rc = souk_txn_get(txn, table, souk_slice_of(STATUS), &value)) == 0) {
        const uint8_t *bytes = value.base;

        if (value.size_bytes == sizeof finder->status.incarnation + 8 * NUMBERS) {
            memcpy(finder->status.incarnation, bytes, sizeof finder->status.incarnation);
            for (size_t i = 0; i < NUMBERS; i++)
                *number_of(&finder->status, i) = souk_get_u64(bytes + sizeof finder->status.incarnation + 8 * i);
        } else {
            rc = -SOUK_EDAMAGED;
        }
    }
    souk_txn_abort(&txn);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
finder_save(struct souk_finder *finder, struct souk_txn *txn)
{
    uint8_t bytes[sizeof finder->status.incarnation + 8 * NUMBERS];
    struct souk_table table;
    int rc;

    memcpy(bytes, finder->status.incarnation, sizeof finder->status.incarnation);
    for (size_t i = 0; i < NUMBERS; i++)
        souk_put_u64(bytes + sizeof finder->status.incarnation + 8 * i, *number_of(&finder->status, i));
    if ((rc = souk_txn_table(txn, FINDER_META, &table)) != 0)
        return rc;
    return souk_txn_put(txn, table, souk_slice_of(STATUS), (struct souk_slice){ bytes, sizeof bytes });
}

/* ---- hearing -------------------------------------------------------- */

bool
souk_finder_takes(struct souk_slice frame)
{
    struct souk_wire_request request;

    return souk_wire_kind(frame) == SOUK_WIRE_REQUEST && souk_wire_request_get(frame, &request) == 0 && request.query
        && request.name.size_bytes >= strlen(QUERIES) && memcmp(request.name.base, QUERIES, strlen(QUERIES)) == 0;
}

void
souk_finder_hear(struct souk_finder *finder, struct souk_slice route, const char *key, struct souk_slice frame,
    struct souk_time now)
{
    struct souk_wire_request request;
    struct finder_ask *ask;
    void *copy;

    assert(strlen(key) < sizeof ask->key);
    if (route.size_bytes > SOUK_ROUTE_BYTES_MAX || !souk_finder_takes(frame)
        || souk_wire_request_get(frame, &request) != 0)
        return;
    ask = calloc(1, sizeof *ask);
    copy = malloc(frame.size_bytes);
    if (ask == NULL || copy == NULL) {
        free(ask);
        free(copy);
        return;                                 /* like a message that was lost: it is asked again */
    }
    memcpy(copy, frame.base, frame.size_bytes);
    ask->frame = (struct souk_slice){ copy, frame.size_bytes };
    if (route.size_bytes != 0)
        memcpy(ask->route, route.base, route.size_bytes);
    ask->route_bytes = route.size_bytes;
    memcpy(ask->key, key, strlen(key));
    ask->deadline_ms = now.steady_ms + souk_wire_deadline_ms(&request);
    finder->dirty = true;
    if (finder->waiting >= SOUK_FINDER_WAITING_MAX) {
        (void)send_status(finder, ask, &request.id, SOUK_STATUS_BUSY, "busy", "too many queries are waiting",
            BUSY_RETRY_MS);
        souk_outbox_release(&finder->outbox);
        finder->status.refused_busy++;
        forget(ask);
        return;
    }
    *finder->end = ask;
    finder->end = &ask->next;
    finder->waiting++;
}

void
souk_finder_recheck(struct souk_finder *finder, bool (*may)(void *may_arg, const char *key, struct souk_slice frame),
    void *may_arg)
{
    struct finder_ask **at = &finder->first;

    while (*at != NULL) {
        struct finder_ask *ask = *at;

        if (may(may_arg, ask->key, ask->frame)) {
            at = &ask->next;
            continue;
        }
        souk_refusal_forbid(&finder->outbox, SOUK_DOOR_QUERIES, (struct souk_slice){ ask->route, ask->route_bytes },
            ask->frame, SOUK_REFUSAL_NO_RIGHT);
        souk_outbox_release(&finder->outbox);
        finder->dirty = true;                   /* its answer is to be fetched */
        take_out(finder, at);
    }
}

void
souk_finder_signal(struct souk_finder *finder)
{
    if (finder->waiting != 0)
        finder->dirty = true;                   /* they may wait for what has come */
    else if (finder->fill_due_ms == UINT64_MAX)
        finder->fill_due_ms = 0;
}

bool
souk_finder_wants_work(const struct souk_finder *finder, struct souk_time now)
{
    return finder->dirty || now.steady_ms >= souk_finder_due_ms(finder);
}

uint64_t
souk_finder_due_ms(const struct souk_finder *finder)
{
    uint64_t due_ms = finder->fill_due_ms;

    if (due_ms < finder->full_until_ms)
        due_ms = finder->full_until_ms;
    for (const struct finder_ask *ask = finder->first; ask != NULL; ask = ask->next)
        if (ask->deadline_ms < due_ms)
            due_ms = ask->deadline_ms;
    return due_ms;
}

int
souk_finder_work(struct souk_finder *finder, struct souk_time now)
{
    int filled, rc;

    finder->dirty = false;
    filled = now.steady_ms < finder->full_until_ms ? 0 : finder_fill(finder, now);
    if (filled == -SOUK_EFULL)
        finder->full_until_ms = now.steady_ms + FULL_PAUSE_MS;
    else if (filled != 0)
        return filled;
    rc = answer_all(finder, now);
    return rc != 0 ? rc : filled;
}

struct souk_outbox *
souk_finder_outbox(struct souk_finder *finder)
{
    return &finder->outbox;
}

void
souk_finder_let_go(struct souk_finder *finder)
{
    souk_store_let_go(finder->index);
}

void
souk_finder_status(const struct souk_finder *finder, struct souk_finder_status *status_out)
{
    *status_out = finder->status;
}

/* ---- answering ------------------------------------------------------ */

static int
answer_all(struct souk_finder *finder, struct souk_time now)
{
    struct finder_ask **at = &finder->first;
    struct finder_look look;
    int rc;

    if (finder->first == NULL)
        return 0;
    if ((rc = finder_look_begin(finder, &look)) != 0)
        return rc;
    while (*at != NULL && rc == 0) {
        struct finder_ask *ask = *at;
        bool done = true;

        look.left = SOUK_FINDER_LOOKED_MAX;
        rc = answer(finder, &look, ask, now, &done);
        souk_arena_reset(&finder->arena);
        if (rc != 0 || !done) {
            at = &ask->next;
            continue;
        }
        finder->status.answers++;
        take_out(finder, at);
    }
    finder_look_end(&look);
    souk_outbox_release(&finder->outbox);
    return rc;
}

/* Forget the one at `at`. */
static void
take_out(struct souk_finder *finder, struct finder_ask **at)
{
    struct finder_ask *ask = *at;

    if ((*at = ask->next) == NULL)
        finder->end = at;
    finder->waiting--;
    forget(ask);
}

static int
answer(struct souk_finder *finder, struct finder_look *look, const struct finder_ask *ask, struct souk_time now,
    bool *done_out)
{
    struct souk_wire_request request;
    enum seen seen;
    int rc;

    if (souk_wire_request_get(ask->frame, &request) != 0)
        return 0;                               /* it was read when it came */
    if ((rc = see(look, &request, &seen)) != 0)
        return rc;
    if (seen == SEEN_LOST)
        return send_status(finder, ask, &request.id, SOUK_STATUS_LOST, "lost",
            "what the caller has seen is not in the history any more", 0);
    if (seen == SEEN_WAITS && now.steady_ms >= ask->deadline_ms)
        return send_status(finder, ask, &request.id, SOUK_STATUS_PENDING, "pending",
            "what the caller has seen cannot be found yet", BUSY_RETRY_MS);
    if (now.steady_ms > ask->deadline_ms)
        return send_status(finder, ask, &request.id, SOUK_STATUS_EXPIRED, "expired",
            "its deadline passed before it was looked at", 0);
    if (seen == SEEN_REACHED)
        return run(finder, look, ask, &request);
    *done_out = false;
    return 0;
}

/* doc/protocol.md 11, with how far a stream can be found as the cursor. */
static int
see(struct finder_look *look, const struct souk_wire_request *request, enum seen *seen_out)
{
    *seen_out = SEEN_REACHED;
    for (uint32_t i = 0; i < request->seen_count; i++) {
        const struct souk_cause *seen = &request->seen[i];
        struct finder_stream stream = { .batches = 0 };
        bool in = true;
        int rc;

        if (!finder_is_wired(look->finder, &seen->stream))
            continue;
        if ((rc = finder_stream_get(look, &seen->stream, &stream)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        if (stream.point.epoch.counter > seen->point.epoch.counter
            && (rc = souk_lineage_has(look->log, &seen->stream, 0, seen->point, stream.point, &in)) != 0)
            return rc;
        if (!in)
            *seen_out = SEEN_LOST;
        else if (!souk_point_satisfied(seen->point, stream.point) && *seen_out == SEEN_REACHED)
            *seen_out = SEEN_WAITS;
    }
    return 0;
}

static int
run(struct souk_finder *finder, struct finder_look *look, const struct finder_ask *ask,
    const struct souk_wire_request *request)
{
    static const struct {
        const struct souk_message_type *type;
        int (*answer)(struct finder_look *look, const void *query, struct finder_said *said);
    } answers[] = {
        { &eventstore_find_type, finder_answer_find },
        { &eventstore_event_type, finder_answer_event },
        { &eventstore_why_type, finder_answer_why },
        { &eventstore_place_type, finder_answer_place },
        { &eventstore_verify_type, finder_answer_verify },
        { &eventstore_statistics_type, finder_answer_statistics },
    };
    struct souk_wire_reply reply = { .id = request->id, .status = SOUK_STATUS_OK, .body_count = 1 };
    struct finder_said said = { .refusal = NULL };
    struct souk_pack body;
    void *query;
    size_t i = 0;
    int rc;

    while (i < sizeof answers / sizeof answers[0]
        && !souk_slice_equal(request->name, souk_slice_of(answers[i].type->name)))
        i++;
    if (i == sizeof answers / sizeof answers[0])
        return send_status(finder, ask, &request->id, SOUK_STATUS_UNKNOWN, "unknown",
            "an event store answers no such query", 0);
    if ((query = souk_arena_alloc(&finder->arena, answers[i].type->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    rc = souk_message_decode(answers[i].type, request->version, request->payload, &finder->arena, query);
    if (rc == -SOUK_ENOMEM)
        return rc;
    if (rc != 0)
        return send_status(finder, ask, &request->id, SOUK_STATUS_INVALID, souk_error_name(rc),
            "the query's payload is not what its description says", 0);
    souk_pack_init(&said.payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    rc = answers[i].answer(look, query, &said);
    if (rc == 0 && said.refusal != NULL) {
        rc = send_status(finder, ask, &request->id, SOUK_STATUS_REFUSED, said.refusal, "", 0);
    } else if (rc == 0) {
        souk_wire_entry_put(&body, &(struct souk_wire_entry){ .name = souk_slice_of(said.reply->name),
            .version = said.reply->version, .payload = souk_pack_slice(&said.payload) });
        reply.body = souk_pack_slice(&body);
        if ((rc = body.rc) == 0 && (rc = finder_streams_each(look, add_cursor, &reply)) == 0)
            rc = send(finder, ask, &reply);
    }
    souk_pack_done(&said.payload);
    souk_pack_done(&body);
    if (rc == -SOUK_ENOMEM || rc == -SOUK_ETOOBIG || rc == -SOUK_EINVAL)
        return send_status(finder, ask, &request->id, SOUK_STATUS_INTERNAL, "internal", souk_error_name(rc), 0);
    return rc;
}

static int
add_cursor(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg)
{
    struct souk_wire_reply *reply = arg;

    if (reply->cursor_count < SOUK_STREAMS_MAX)
        reply->cursors[reply->cursor_count++] = (struct souk_cause){ *name, stream->point };
    return 0;
}

static int
send_status(struct souk_finder *finder, const struct finder_ask *ask, const struct souk_id *id,
    enum souk_status status, const char *code, const char *text, uint64_t retry_after_ms)
{
    const struct souk_wire_reply reply = { .id = *id, .status = status, .code = souk_slice_of(code),
        .text = souk_slice_of(text), .retry_after_ms = retry_after_ms };

    return send(finder, ask, &reply);
}

static int
send(struct souk_finder *finder, const struct finder_ask *ask, const struct souk_wire_reply *reply)
{
    struct souk_slice frame;
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, REPLY_BYTES_MAX);
    souk_wire_reply_put(&pack, reply);
    frame = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&finder->outbox, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL,
        (struct souk_slice){ ask->route, ask->route_bytes }, &frame, 1);
    souk_pack_done(&pack);
    return rc;
}
