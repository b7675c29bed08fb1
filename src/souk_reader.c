#include "souk_reader.h"

#include <souk-message.h>

#include "souk_cursor.h"
#include "souk_holder.h"
#include "souk_key.h"
#include "souk_plant.h"
#include "souk_refusal.h"
#include "souk_space.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define READER_ARENA_BYTES_MAX (16 * 1024 * 1024)
#define BUSY_RETRY_MS 200
#define BUSY_STEP_MS 37                 /* between what two askers of pulls are told: no divisor of the spread */
#define BUSY_BYTES_MAX 64

struct asked {
    struct asked *next;
    struct souk_slice frame;            /* owned */
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    char key[SOUK_KEY_TEXT_BYTES];      /* that whoever asks has shown; "": none */
    bool is_pull, is_unheeded;
    bool had_turn;                      /* another pull of this peer was answered in this round */
    uint32_t rank;                      /* of a pull: how many of its peer came before it and wait */
    uint64_t request;                   /* of a pull */
    uint64_t deadline_ms;               /* steady; of a pull: when its asker has given it up */
    uint64_t unreached_at;              /* of a query: the commit that does not have what it waits for; 0: not known */
};

struct souk_reader {
    const struct souk_service *service;         /* NULL: an event store's */
    const struct souk_wiring *wiring;
    struct souk_space space;
    bool space_loaded;                  /* in this round: pulls need no tables */
    struct souk_holder holder;
    struct souk_outbox outbox;
    struct souk_arena arena;
    struct asked *first, **end;
    struct souk_pass_cache passes;
    uint32_t query_count, pull_count;
    uint64_t refused_busy;
    bool dirty, is_unheeded;
};

struct souk_answer {
    struct souk_reader *reader;
    struct souk_pack *body;
    const struct souk_pass *pass;               /* NULL: none */
    uint64_t now_ms;
    uint32_t count;
    const char *refusal;
};

enum seen { SEEN_REACHED, SEEN_WAITS, SEEN_LOST };

static struct asked *take_out(struct souk_reader *reader, struct asked **at);
static bool take_pull(struct souk_reader *reader, struct asked *asked);
static void refuse_busy(struct souk_reader *reader, const struct asked *asked);
static void leave_rank(struct souk_reader *reader, const struct asked *answered);
static bool same_peer(const struct asked *a, const struct asked *b);
static void give_turns(struct souk_reader *reader);
static int answer_pull(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked);
static int answer_query(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked, bool may_wait,
    struct souk_time now, bool *done_out);
static int run_query(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked,
    const struct souk_wire_request *request, const struct souk_pass *pass, uint64_t now_ms);
static int see(struct souk_reader *reader, struct souk_txn *txn, const struct souk_wire_request *request,
    enum seen *seen_out);
static int cursor_of(struct souk_reader *reader, struct souk_txn *txn, const struct souk_wired_stream *stream,
    struct souk_position *position_out, uint32_t *generation_out);
static int reply_status(struct souk_reader *reader, const struct asked *asked, const struct souk_id *id,
    enum souk_status status, const char *code, const char *text, uint64_t retry_after_ms);
static int send_reply(struct souk_reader *reader, const struct asked *asked, const struct souk_wire_reply *reply);
static void forget(struct asked *asked);

int
souk_reader_open(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_reader **reader_out, struct souk_error *err)
{
    struct souk_reader *reader = calloc(1, sizeof *reader);
    int rc;

    if (reader == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its reader", wiring->self.text);
    reader->service = service;
    reader->wiring = wiring;
    reader->holder.wiring = wiring;
    reader->holder.is_store = service == NULL;
    reader->end = &reader->first;
    souk_outbox_init(&reader->outbox);
    souk_arena_init(&reader->arena, READER_ARENA_BYTES_MAX);
    if (service != NULL && (rc = souk_space_init(&reader->space, service, err)) != 0) {
        souk_reader_close(&reader);
        return rc;
    }
    reader->space.wiring = wiring;
    *reader_out = reader;
    return 0;
}

void
souk_reader_close(struct souk_reader **reader_p)
{
    struct souk_reader *reader = *reader_p;

    if (reader == NULL)
        return;
    for (struct asked *at = reader->first, *next; at != NULL; at = next) {
        next = at->next;
        forget(at);
    }
    souk_outbox_done(&reader->outbox);
    souk_arena_done(&reader->arena);
    souk_pass_cache_done(&reader->passes);
    free(reader);
    *reader_p = NULL;
}

static void
forget(struct asked *asked)
{
    free((void *)(uintptr_t)asked->frame.base);
    free(asked);
}

void
souk_reader_hear(struct souk_reader *reader, struct souk_slice route, const char *key,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    const enum souk_wire_kind kind = souk_wire_kind(frames[0]);
    struct souk_wire_request request;
    struct souk_wire_pull pull;
    struct asked *asked;
    void *copy;

    assert(strlen(key) < sizeof asked->key);
    reader->dirty = true;
    if (route.size_bytes > SOUK_ROUTE_BYTES_MAX)
        return;
    if (kind != SOUK_WIRE_PULL
        && (kind != SOUK_WIRE_REQUEST || souk_wire_request_get(frames[0], &request) != 0 || !request.query)) {
        souk_refusal_put(&reader->outbox, SOUK_DOOR_QUERIES, route, frames[0]);
        souk_outbox_release(&reader->outbox);
        return;
    }
    if (kind == SOUK_WIRE_PULL && souk_wire_pull_get(frames[0], &pull) != 0)
        return;
    asked = calloc(1, sizeof *asked);
    copy = malloc(frames[0].size_bytes);
    if (asked == NULL || copy == NULL) {
        free(asked);
        free(copy);
        return;
    }
    memcpy(copy, frames[0].base, frames[0].size_bytes);
    asked->frame = (struct souk_slice){ copy, frames[0].size_bytes };
    memcpy(asked->route, route.base, route.size_bytes);
    asked->route_bytes = route.size_bytes;
    memcpy(asked->key, key, strlen(key));
    asked->is_pull = kind == SOUK_WIRE_PULL;
    asked->is_unheeded = reader->is_unheeded;
    asked->request = asked->is_pull ? pull.request : 0;
    asked->deadline_ms = now.steady_ms + (asked->is_pull ? reader->wiring->limits.pull_timeout_ms
        : souk_wire_deadline_ms(&request));
    if (!asked->is_pull && reader->query_count >= reader->wiring->limits.waiting_max) {
        (void)reply_status(reader, asked, &request.id, request.seen_count != 0 ? SOUK_STATUS_PENDING
            : SOUK_STATUS_BUSY, "busy", "too many queries are waiting", BUSY_RETRY_MS);
        souk_outbox_release(&reader->outbox);
        forget(asked);
        return;
    }
    if (asked->is_pull && !take_pull(reader, asked)) {
        refuse_busy(reader, asked);
        forget(asked);
        return;
    }
    *reader->end = asked;
    reader->end = &asked->next;
    if (asked->is_pull)
        reader->pull_count++;
    else
        reader->query_count++;
}

/* False: there is no room for it. Whoever has the most pulls here has to make room for one who has fewer. */
static bool
take_pull(struct souk_reader *reader, struct asked *asked)
{
    struct asked **at, **most = NULL, *refused;

    for (at = &reader->first; *at != NULL; at = &(*at)->next) {
        if (!(*at)->is_pull)
            continue;
        asked->rank += same_peer(*at, asked);
        if (most == NULL || (*at)->rank > (*most)->rank)
            most = at;
    }
    if (asked->rank >= SOUK_READER_PULLS_OF_PEER_MAX)
        return false;
    if (reader->pull_count < reader->wiring->limits.pulls_max)
        return true;
    if (most == NULL || (*most)->rank <= asked->rank)
        return false;
    refused = take_out(reader, most);
    refuse_busy(reader, refused);
    forget(refused);
    return true;
}

/* Without memory it is as if the answer were lost on the way. */
static void
refuse_busy(struct souk_reader *reader, const struct asked *asked)
{
    const struct souk_wire_busy busy = { .request = asked->request, .holder = reader->wiring->self,
        .retry_after_ms = SOUK_READER_BUSY_MS
            + (uint32_t)(reader->refused_busy * BUSY_STEP_MS % SOUK_READER_BUSY_SPREAD_MS) };
    struct souk_slice frame;
    struct souk_pack pack;

    souk_pack_init(&pack, BUSY_BYTES_MAX);
    souk_wire_busy_put(&pack, &busy);
    frame = souk_pack_slice(&pack);
    if (pack.rc == 0 && souk_outbox_put(&reader->outbox, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL,
        (struct souk_slice){ asked->route, asked->route_bytes }, &frame, 1) == 0)
        souk_outbox_release(&reader->outbox);
    souk_pack_done(&pack);
    reader->refused_busy++;
}

static bool
same_peer(const struct asked *a, const struct asked *b)
{
    return a->route_bytes == b->route_bytes && memcmp(a->route, b->route, a->route_bytes) == 0;
}

void
souk_reader_leave(struct souk_reader *reader, struct souk_slice route)
{
    struct asked **at = &reader->first;

    while (*at != NULL) {
        struct asked *asked = *at;

        if (!asked->is_pull || !souk_slice_equal((struct souk_slice){ asked->route, asked->route_bytes }, route)) {
            at = &asked->next;
            continue;
        }
        forget(take_out(reader, at));
    }
}

void
souk_reader_recheck(struct souk_reader *reader, bool (*may)(void *may_arg, const char *key, struct souk_slice frame),
    void *may_arg)
{
    struct asked **at = &reader->first;

    while (*at != NULL) {
        struct asked *asked = *at;

        if (may(may_arg, asked->key, asked->frame)) {
            at = &asked->next;
            continue;
        }
        (void)take_out(reader, at);
        if (asked->is_pull)
            leave_rank(reader, asked);
        else
            souk_refusal_forbid(&reader->outbox, SOUK_DOOR_QUERIES,
                (struct souk_slice){ asked->route, asked->route_bytes }, asked->frame,
                SOUK_REFUSAL_NO_RIGHT);
        souk_outbox_release(&reader->outbox);
        forget(asked);
    }
}

/* The one at `at`, which is the caller's then. */
static struct asked *
take_out(struct souk_reader *reader, struct asked **at)
{
    struct asked *asked = *at;

    if ((*at = asked->next) == NULL)
        reader->end = at;
    if (asked->is_pull)
        reader->pull_count--;
    else
        reader->query_count--;
    return asked;
}

void
souk_reader_heed(struct souk_reader *reader, bool is_heeded)
{
    reader->is_unheeded = !is_heeded;
}

bool
souk_reader_wants_work(const struct souk_reader *reader, struct souk_time now)
{
    return reader->first != NULL && (reader->dirty || now.steady_ms >= souk_reader_due_ms(reader));
}

uint64_t
souk_reader_due_ms(const struct souk_reader *reader)
{
    uint64_t due_ms = UINT64_MAX;

    for (const struct asked *asked = reader->first; asked != NULL; asked = asked->next)
        if (asked->deadline_ms < due_ms)
            due_ms = asked->deadline_ms;
    return due_ms;
}

void
souk_reader_signal(struct souk_reader *reader)
{
    reader->dirty = true;
}

uint32_t
souk_reader_foreign(struct souk_reader *reader)
{
    uint32_t foreign = reader->holder.foreign;

    reader->holder.foreign = 0;
    return foreign;
}

uint64_t
souk_reader_refused_busy(const struct souk_reader *reader)
{
    return reader->refused_busy;
}

struct souk_outbox *
souk_reader_outbox(struct souk_reader *reader)
{
    return &reader->outbox;
}

int
souk_reader_work(struct souk_reader *reader, struct souk_txn *txn, uint64_t commit_witnessed, bool answers_pulls,
    struct souk_time now)
{
    const uint64_t bytes_max = reader->outbox.bytes_put + SOUK_READER_ROUND_BYTES;
    struct asked **at = &reader->first;
    uint32_t unreached_count = 0;
    uint64_t commit;
    int rc;

    if ((rc = souk_reader_commit(txn, &commit)) != 0)
        return rc;
    if (commit > commit_witnessed)
        return -SOUK_EBUSY;
    reader->dirty = false;
    reader->space_loaded = false;
    while (*at != NULL) {
        struct asked *asked = *at;
        bool done = true;

        rc = 0;
        if (asked->unreached_at == commit && commit != 0 && now.steady_ms < asked->deadline_ms)
            done = false;
        else if (!asked->is_pull)
            rc = answer_query(reader, txn, asked,
                unreached_count < souk_limits_unreached_max(&reader->wiring->limits), now, &done);
        else if (!answers_pulls)
            done = now.steady_ms >= asked->deadline_ms; /* a service that is about to be live answers then */
        else if (asked->had_turn || reader->outbox.bytes_put >= bytes_max)
            done = false;
        else
            rc = answer_pull(reader, txn, asked);
        if (rc != 0) {
            souk_outbox_drop(&reader->outbox);
            reader->dirty = true;
            return rc;
        }
        if (done) {
            (void)take_out(reader, at);
            if (asked->is_pull)
                leave_rank(reader, asked);
            forget(asked);
            souk_outbox_release(&reader->outbox);
        } else {
            unreached_count += !asked->is_pull;
            asked->unreached_at = asked->is_pull ? 0 : commit;
            at = &asked->next;
        }
        souk_arena_reset(&reader->arena);
    }
    if (reader->pull_count != 0 && answers_pulls)
        give_turns(reader);
    return 0;
}

/* A pull was answered: others of its peer have one less before them, and no turn in this round. */
static void
leave_rank(struct souk_reader *reader, const struct asked *answered)
{
    for (struct asked *other = reader->first; other != NULL; other = other->next) {
        if (other == answered || !other->is_pull || !same_peer(other, answered))
            continue;
        other->had_turn = true;
        other->rank -= other->rank > answered->rank;
    }
}

/* Who has had a turn goes behind all others. */
static void
give_turns(struct souk_reader *reader)
{
    struct asked *behind = NULL, **behind_end = &behind, **at = &reader->first;

    reader->dirty = true;
    while (*at != NULL) {
        struct asked *asked = *at;

        if (!asked->had_turn) {
            at = &asked->next;
            continue;
        }
        *at = asked->next;
        asked->next = NULL;
        asked->had_turn = false;
        *behind_end = asked;
        behind_end = &asked->next;
    }
    *at = behind;
    reader->end = behind == NULL ? at : behind_end;
}

int
souk_reader_commit(struct souk_txn *txn, uint64_t *commit_out)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    *commit_out = 0;
    if ((rc = souk_txn_table(txn, "souk.meta", &table)) == 0)
        rc = souk_txn_get(txn, table, souk_slice_of("commit"), &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    *commit_out = souk_get_u64(value.base);
    return 0;
}

static int
answer_pull(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked)
{
    const uint32_t foreign = reader->holder.foreign;
    struct souk_wire_pull pull;
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if (souk_wire_pull_get(asked->frame, &pull) != 0)
        return 0;
    if (reader->service == NULL && souk_txn_table(txn, "souk.meta", &table) == 0
        && souk_txn_get(txn, table, souk_slice_of("incarnation"), &value) == 0
        && value.size_bytes == sizeof reader->holder.incarnation)
        memcpy(reader->holder.incarnation, value.base, value.size_bytes);
    if (pull.credit_bytes > SOUK_READER_CREDIT_MAX)
        pull.credit_bytes = SOUK_READER_CREDIT_MAX;
    rc = souk_holder_answer(&reader->holder, txn, &pull, (struct souk_slice){ asked->route, asked->route_bytes },
        &reader->outbox);
    if (asked->is_unheeded)
        reader->holder.foreign = foreign;
    return rc;
}

/* ---- queries -------------------------------------------------------- */

static int
answer_query(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked, bool may_wait,
    struct souk_time now, bool *done_out)
{
    struct souk_wire_request request;
    struct souk_pass pass;
    const char *why_not;
    enum seen seen;
    int rc;

    *done_out = true;
    if ((rc = souk_wire_request_get(asked->frame, &request)) != 0)
        return 0;
    if (reader->service == NULL)
        return reply_status(reader, asked, &request.id, SOUK_STATUS_UNKNOWN, "unknown", "an event store answers no"
            " queries here", 0);
    if (request.pass.size_bytes != 0
        && (why_not = souk_pass_check_cached(&reader->passes, request.pass, &reader->wiring->pass_keys, now.wall_ms,
            &pass)) != NULL)
        return reply_status(reader, asked, &request.id, SOUK_STATUS_REFUSED, SOUK_WIRE_CODE_PASS, why_not, 0);
    if ((rc = see(reader, txn, &request, &seen)) != 0)
        return rc;
    if (seen == SEEN_LOST)
        return reply_status(reader, asked, &request.id, SOUK_STATUS_LOST, "lost",
            "what was seen is not in the history any more", 0);
    if (seen == SEEN_WAITS && !SOUK_PLANTED_BUG(SEEN_IGNORED)) {
        if (now.steady_ms >= asked->deadline_ms || !may_wait)
            return reply_status(reader, asked, &request.id, SOUK_STATUS_PENDING, "pending",
                "this service has not caught up with what was seen", BUSY_RETRY_MS);
        *done_out = false;
        return 0;
    }
    return run_query(reader, txn, asked, &request, request.pass.size_bytes == 0 ? NULL : &pass, now.wall_ms);
}

static int
run_query(struct souk_reader *reader, struct souk_txn *txn, const struct asked *asked,
    const struct souk_wire_request *request, const struct souk_pass *pass, uint64_t now_ms)
{
    const struct souk_view view = { .space = &reader->space, .txn = txn, .arena = &reader->arena };
    struct souk_wire_reply reply;
    const struct souk_handler *handler = NULL;
    struct souk_answer answer = { .reader = reader, .pass = pass, .now_ms = now_ms };
    struct souk_pack body;
    uint32_t generation;
    void *message;
    int rc;

    if (!reader->space_loaded && (rc = souk_space_load(&reader->space, txn)) != 0)
        return rc;
    reader->space_loaded = true;
    souk_wire_reply_init(&reply, &request->id, SOUK_STATUS_OK);
    for (const struct souk_handler *at = reader->service->handlers; at->kind != 0; at++)
        if (at->kind == SOUK_HANDLER_ANSWER && souk_slice_equal(souk_slice_of(at->type->name), request->name))
            handler = at;
    if (handler == NULL)
        return reply_status(reader, asked, &request->id, SOUK_STATUS_UNKNOWN, "unknown",
            "this service has no such query", 0);
    if ((message = souk_arena_alloc(&reader->arena, handler->type->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    rc = souk_message_decode(handler->type, request->version, request->payload, &reader->arena, message);
    if (rc != 0)
        return rc == -SOUK_ENOMEM ? rc : reply_status(reader, asked, &request->id, SOUK_STATUS_INVALID,
            souk_error_name(rc), "the query's payload is not what its description says", 0);

    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    answer.body = &body;
    rc = handler->type->call_answer(handler->handler, &view, message, &answer);
    if (rc == SOUK_REFUSED && answer.refusal != NULL)
        rc = 0;
    if (rc == -SOUK_EIO || rc == -SOUK_EDAMAGED) {
        souk_pack_done(&body);
        return rc;
    }
    if (rc != 0 || body.rc != 0) {
        souk_pack_done(&body);
        return reply_status(reader, asked, &request->id, SOUK_STATUS_INTERNAL, "internal", "the query's handler failed",
            0);
    }
    if (answer.refusal != NULL) {
        reply.status = SOUK_STATUS_REFUSED;
        reply.code = souk_slice_of(answer.refusal);
    } else {
        reply.body = souk_pack_slice(&body);
        reply.body_count = answer.count;
    }
    for (size_t i = 0; i < reader->wiring->stream_count && rc == 0; i++) {
        struct souk_position position;

        rc = cursor_of(reader, txn, &reader->wiring->streams[i], &position, &generation);
        if (rc == 0 && !souk_position_is_zero(&position)) {
            reply.cursors[reply.cursor_count].stream = reader->wiring->streams[i].name;
            reply.cursors[reply.cursor_count++].point = souk_point_of(&position);
        }
    }
    if (rc == 0)
        rc = send_reply(reader, asked, &reply);
    souk_pack_done(&body);
    return rc;
}

int
souk_answer_with(struct souk_answer *answer, const struct souk_message_type *reply, const void *message)
{
    struct souk_wire_entry entry = { .name = souk_slice_of(reply->name), .version = reply->version };
    struct souk_pack payload;
    int rc;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = reply->encode(message, &payload)) == 0 && (rc = payload.rc) == 0) {
        entry.payload = souk_pack_slice(&payload);
        souk_pack_reset(answer->body);
        souk_wire_entry_put(answer->body, &entry);
        answer->count = 1;
        rc = answer->body->rc;
    }
    souk_pack_done(&payload);
    return rc;
}

const struct souk_pass *
souk_answer_pass(const struct souk_answer *answer)
{
    return answer->pass;
}

uint64_t
souk_answer_now_ms(const struct souk_answer *answer)
{
    return answer->now_ms;
}

int
souk_answer_sign_pass(struct souk_answer *answer, const struct souk_pass *pass, struct souk_slice *bytes_out)
{
    struct souk_pass issued = *pass;

    if (answer->reader->wiring->pass_secret == NULL)
        return -SOUK_EINVAL;
    issued.issued_ms = answer->now_ms;
    return souk_pass_sign(&issued, answer->reader->wiring->pass_secret, bytes_out, &answer->reader->arena);
}

int
souk_answer_refuse(struct souk_answer *answer, const char *code)
{
    answer->refusal = code;
    return SOUK_REFUSED;
}

static int
see(struct souk_reader *reader, struct souk_txn *txn, const struct souk_wire_request *request, enum seen *seen_out)
{
    *seen_out = SEEN_REACHED;
    for (uint32_t i = 0; i < request->seen_count; i++) {
        const struct souk_cause *seen = &request->seen[i];

        for (size_t k = 0; k < reader->wiring->stream_count; k++) {
            const struct souk_wired_stream *stream = &reader->wiring->streams[k];
            struct souk_position position;
            uint32_t generation;
            bool in;
            int rc;

            if (!souk_text_equal(stream->name.text, seen->stream.text))
                continue;
            if ((rc = cursor_of(reader, txn, stream, &position, &generation)) != 0)
                return rc;
            if (position.epoch.counter <= seen->point.epoch.counter) {
                if (!souk_point_satisfied(seen->point, souk_point_of(&position)))
                    *seen_out = SEEN_WAITS;
                continue;
            }
            rc = souk_lineage_has(txn, &stream->name, generation, seen->point, souk_point_of(&position), &in);
            if (rc != 0)
                return rc;
            if (!in && !SOUK_PLANTED_BUG(LOST_NOT_SAID)) {
                *seen_out = SEEN_LOST;
                return 0;
            }
        }
    }
    return 0;
}

static int
cursor_of(struct souk_reader *reader, struct souk_txn *txn, const struct souk_wired_stream *stream,
    struct souk_position *position_out, uint32_t *generation_out)
{
    struct souk_cursor cursor;
    struct souk_log log;
    int rc;

    if (souk_text_equal(stream->origin.text, reader->wiring->self.text)) {
        *generation_out = 0;
        if ((rc = souk_log_open(txn, &stream->name, &log)) != 0)
            return rc;
        return souk_log_head(txn, &log, position_out, NULL);
    }
    if ((rc = souk_cursor_get(txn, &stream->name, &cursor)) != 0)
        return rc;
    *position_out = cursor.position;
    *generation_out = cursor.generation;
    return 0;
}

/* ---- replies -------------------------------------------------------- */

static int
reply_status(struct souk_reader *reader, const struct asked *asked, const struct souk_id *id, enum souk_status status,
    const char *code, const char *text, uint64_t retry_after_ms)
{
    struct souk_wire_reply reply;

    souk_wire_reply_init(&reply, id, status);
    reply.code = souk_slice_of(code);
    reply.text = souk_slice_of(text);
    reply.retry_after_ms = retry_after_ms;
    return send_reply(reader, asked, &reply);
}

static int
send_reply(struct souk_reader *reader, const struct asked *asked, const struct souk_wire_reply *reply)
{
    struct souk_slice frame;
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX + 64 * 1024);
    souk_wire_reply_put(&pack, reply);
    frame = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&reader->outbox, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL,
        (struct souk_slice){ asked->route, asked->route_bytes }, &frame, 1);
    souk_pack_done(&pack);
    return rc;
}
