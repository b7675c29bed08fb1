#include "souk_run_parts.h"
#include "souk_parked_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_wire.h"

#define HEAR_MAX 256                    /* messages before a round: the socket takes from each peer in turn */
#define SLEEP_MAX_MS 1000
#define LATE_MAX 1024                   /* replies that a peer's queue had no room for; one more is dropped */
#define LATE_BYTES_MAX (4 * 1024 * 1024)    /* and their bytes */
#define LATE_MS 1000                    /* then the peer does not read */
#define LATE_RETRY_MS 1
#define FULL_MAX 1024                   /* peers without room for batches, by a hash; of two with one hash, the latest */
#define FULL_MS 500                     /* or limits.pull_timeout_ms, when that is less: a follower asks again then */
#define DIGEST_QUERY "souk.digest"
#define STATUS_REPLY "souk.status_reply"
#define DIGEST_BUSY_MS 1000
#define PACKED_BYTES_MAX (SOUK_WIRE_BYTES_MAX + 64 * 1024)

/* A reply that its peer has no room for yet. */
struct late {
    struct late *next;
    struct souk_out *out;
    uint64_t due_ms;                    /* steady: then it is dropped */
};

/* A peer that did not take the last batches. */
struct full {
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    uint64_t until_ms;                  /* steady */
};

struct run_reader {
    struct run *run;
    struct souk_wiring wiring;          /* its own: the writer's changes under its feet */
    struct souk_reader *reader;
    struct souk_outbox outbox;          /* answers that the runtime itself gives */
    void *queries;
    struct souk_access *access;         /* as the shared one when this round began */
    struct souk_pass_cache passes;      /* that came with what a role is needed for */
    struct souk_pack pull;              /* one that was cut down to what its asker may have */
    struct souk_socket_message message;
    struct souk_node_status status;     /* a copy to pack from */
    struct late *late, **late_end;      /* oldest first */
    uint32_t late_count;
    size_t late_bytes;
    struct full full[FULL_MAX];
    uint64_t left;                      /* pulls of such */
};

static struct run_rules rules_of(struct run_reader *reader);
static void hear(struct run_reader *reader, struct souk_time now);
static bool hear_own(struct run_reader *reader);
static void answer_status(struct run_reader *reader, const struct souk_wire_request *request);
static void answer_parked(struct run_reader *reader, const struct souk_wire_request *request);
static void reply(struct run_reader *reader, const struct souk_wire_reply *reply);
static bool work(struct run_reader *reader, struct souk_time now);
static void send_all(struct run_reader *reader, struct souk_outbox *outbox, struct souk_time now);
static void send_found(struct run_reader *reader, struct souk_time now);
static void send_one(struct run_reader *reader, struct souk_out *out, struct souk_time now);
static bool keep_late(struct run_reader *reader, struct souk_out *out, struct souk_time now);
static void send_late(struct run_reader *reader, struct souk_time now);
static void leave(struct run_reader *reader, const struct souk_out *out, struct souk_time now);
static bool is_full(const struct run_reader *reader, struct souk_slice route, struct souk_time now);
static uint32_t place_of(struct souk_slice route);
static void forget_late(struct run_reader *reader, struct late **at);
static void end(struct run_reader *reader, int rc, const char *what);

int
run_reader_open(struct run *run, struct run_reader **reader_out, struct souk_error *err)
{
    struct run_reader *reader = calloc(1, sizeof *reader);
    const struct souk_socket_keys keys = run_door_keys(run);
    int rc;

    if (reader == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its reader", run->wiring.self.text);
    reader->run = run;
    reader->wiring = run->wiring;
    reader->late_end = &reader->late;
    reader->access = run->access == NULL ? NULL : souk_access_hold(run->access);
    souk_pack_init(&reader->pull, SOUK_WIRE_BYTES_MAX);
    souk_outbox_init(&reader->outbox);
    if ((rc = souk_socket_message_init(&reader->message)) != 0)
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no memory for its messages", run->wiring.self.text);
    if (rc == 0)
        rc = souk_reader_open(run->config->service, &reader->wiring, &reader->reader, err);
    if (rc == 0)
        rc = souk_socket_open(run->context, SOUK_SOCKET_QUERIES, run->config->node->queries, &keys, &reader->queries,
            err);
    if (rc != 0) {
        run_reader_close(&reader);
        return rc;
    }
    *reader_out = reader;
    return 0;
}

void *
run_reader_door(const struct run_reader *reader)
{
    return reader->queries;
}

void
run_reader_close(struct run_reader **reader_p)
{
    struct run_reader *reader = *reader_p;

    if (reader == NULL)
        return;
    while (reader->late != NULL)
        forget_late(reader, &reader->late);
    souk_reader_close(&reader->reader);
    souk_socket_close(&reader->queries);
    souk_outbox_done(&reader->outbox);
    souk_socket_message_done(&reader->message);
    souk_pack_done(&reader->pull);
    souk_access_release(&reader->access);
    souk_pass_cache_done(&reader->passes);
    free(reader);
    *reader_p = NULL;
}

void *
run_reader(void *arg)
{
    struct run_reader *reader = arg;
    struct run_shared *shared = &reader->run->shared;
    const uint64_t watchdog_ms = reader->run->watchdog_ms;
    /* The writer says that both loops turn only while this one does, idle or not. */
    const uint32_t sleep_max_ms = watchdog_ms != 0 && watchdog_ms / 2 < SLEEP_MAX_MS ? (uint32_t)(watchdog_ms / 2)
        : SLEEP_MAX_MS;
    bool stops = false, blocked = false;

    while (!stops && atomic_load(&shared->reader_status) == 0) {
        struct souk_time now = run_time();
        struct souk_socket_waited queries = { .socket = reader->queries }, wake = { .fd = shared->wake_fd };
        struct souk_socket_waited *const items[] = { &queries, &wake };
        bool at_once = !blocked && souk_reader_wants_work(reader->reader, now);
        uint64_t wakes;

        if (souk_socket_wait(items, 2, at_once ? 0 : run_timeout_ms(souk_reader_due_ms(reader->reader), now.steady_ms,
            reader->late != NULL ? LATE_RETRY_MS : sleep_max_ms)) != 0) {
            end(reader, -SOUK_EIO, "its door cannot be waited for");
            break;
        }
        stops = atomic_load(&shared->stops);    /* then what has come is answered once more */
        now = run_time();
        atomic_store(&shared->reader_turn_ms, now.steady_ms);
        if (wake.has_input && read(shared->wake_fd, &wakes, sizeof wakes) == sizeof wakes)
            souk_reader_signal(reader->reader);
        (void)pthread_mutex_lock(&shared->mutex);
        reader->wiring.limits = shared->limits;
        reader->wiring.pass_keys = shared->pass_keys;
        (void)pthread_mutex_unlock(&shared->mutex);
        if (run_access_renew(reader->run, &reader->access))
            souk_reader_recheck(reader->reader, run_access_may,
                &(struct run_judge){ reader->run, rules_of(reader), SOUK_DOOR_QUERIES });
        hear(reader, now);
        atomic_store(&shared->pulls_refused, souk_reader_refused_busy(reader->reader) + reader->left);
        blocked = souk_reader_wants_work(reader->reader, now) && !work(reader, now);
        send_late(reader, now);
        send_all(reader, &reader->outbox, now);
        send_all(reader, souk_reader_outbox(reader->reader), now);  /* it refuses some while it hears */
        send_found(reader, now);
    }
    return NULL;
}

/* ---- hearing -------------------------------------------------------- */

static struct run_rules
rules_of(struct run_reader *reader)
{
    return (struct run_rules){ reader->access, &reader->wiring.pass_keys, &reader->passes };
}

static void
hear(struct run_reader *reader, struct souk_time now)
{
    struct souk_socket_message *message = &reader->message;
    const struct run_rules rules = rules_of(reader);
    struct souk_slice identity, route;
    int rc = 0;

    for (int i = 0; i < HEAR_MAX && rc != -SOUK_ENOTFOUND && rc != -SOUK_EIO; i++) {
        rc = souk_socket_receive(reader->queries, SOUK_SOCKET_QUERIES, message);
        if (rc == -SOUK_EMALFORMED)
            atomic_fetch_add(&reader->run->shared.malformed, 1);
        if (rc != 0 || !run_access_admits(reader->run, &rules, SOUK_DOOR_QUERIES, reader->queries, message,
            &reader->pull, &identity) || hear_own(reader))
            continue;
        route = (struct souk_slice){ message->route, message->route_bytes };
        if (souk_wire_kind(message->frames[0]) == SOUK_WIRE_PULL) {
            if (is_full(reader, route, now)) {
                reader->left++;
                continue;
            }
            atomic_fetch_add(&reader->run->shared.pulls, 1);
        }
        souk_reader_heed(reader->reader, reader->access == NULL || souk_access_is_node(
            souk_access_peer(reader->access, message->key)));
        souk_reader_hear(reader->reader, route, message->key, message->frames, message->frame_count, now);
    }
    if (rc == -SOUK_EIO)
        end(reader, rc, "nothing can be received from its door");
}

/* Was it a query that the runtime answers for every daemon? */
static bool
hear_own(struct run_reader *reader)
{
    struct souk_wire_request request;
    struct souk_wire_reply busy;

    if (souk_wire_kind(reader->message.frames[0]) != SOUK_WIRE_REQUEST)
        return false;
    atomic_fetch_add(&reader->run->shared.queries, 1);
    if (souk_wire_request_get(reader->message.frames[0], &request) != 0 || !request.query)
        return false;
    if (souk_slice_equal(request.name, souk_slice_of(SOUK_STATUS_QUERY))) {
        answer_status(reader, &request);
        return true;
    }
    if (souk_slice_equal(request.name, souk_slice_of(DIGEST_QUERY)) && reader->run->config->service != NULL) {
        if (!run_digest_hear(reader->run->digest, &reader->message, &request)) {
            souk_wire_reply_init(&busy, &request.id, SOUK_STATUS_BUSY);
            busy.code = souk_slice_of("busy");
            busy.text = souk_slice_of("other digests are being made");
            busy.retry_after_ms = DIGEST_BUSY_MS;
            reply(reader, &busy);
        }
        return true;
    }
    if (reader->run->config->service != NULL && souk_parked_is_query(request.name)) {
        answer_parked(reader, &request);
        return true;
    }
    return reader->run->finder != NULL && run_finder_hear(reader->run->finder, &reader->message);
}

static void
answer_status(struct run_reader *reader, const struct souk_wire_request *request)
{
    struct souk_wire_reply answer = { .id = request->id, .status = SOUK_STATUS_OK, .body_count = 1 };
    struct souk_wire_entry entry = { .name = souk_slice_of(STATUS_REPLY), .version = 1 };
    struct souk_pack payload, body;

    (void)pthread_mutex_lock(&reader->run->shared.mutex);
    reader->status = reader->run->shared.status;
    (void)pthread_mutex_unlock(&reader->run->shared.mutex);
    reader->status.now_ms = run_time().wall_ms;         /* clocks are compared by it: the writer's may be a second old */
    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    souk_node_status_put(&payload, &reader->status);
    entry.payload = souk_pack_slice(&payload);
    souk_wire_entry_put(&body, &entry);
    answer.body = souk_pack_slice(&body);
    if (payload.rc == 0 && body.rc == 0)
        reply(reader, &answer);
    souk_pack_done(&payload);
    souk_pack_done(&body);
}

static void
answer_parked(struct run_reader *reader, const struct souk_wire_request *request)
{
    struct souk_wire_reply answer = { .id = request->id, .status = SOUK_STATUS_OK, .body_count = 1 };
    struct souk_wire_entry entry = { .version = 1 };
    struct souk_pack payload, body;
    struct souk_txn *txn = NULL;
    const char *name = "";
    int rc;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    if ((rc = run_begin_witnessed(reader->run, &txn)) == 0)
        rc = souk_parked_answer(txn, &reader->wiring, request, &payload, &name);
    if (rc == 0) {
        entry.name = souk_slice_of(name);
        entry.payload = souk_pack_slice(&payload);
        souk_wire_entry_put(&body, &entry);
        answer.body = souk_pack_slice(&body);
    } else {
        answer = (struct souk_wire_reply){ .id = request->id, .status = rc == 1 ? SOUK_STATUS_REFUSED
            : rc == -SOUK_EINVAL ? SOUK_STATUS_INVALID : SOUK_STATUS_INTERNAL,
            .code = souk_slice_of(rc == 1 ? name : souk_error_name(rc)),
            .text = souk_slice_of(rc == 1 ? "no such event is parked, or not any more"
                : rc == -SOUK_EINVAL ? "its payload is not what its description says"
                : "its parked events cannot be read") };
    }
    if (body.rc == 0)
        reply(reader, &answer);
    souk_txn_abort(&txn);
    souk_pack_done(&payload);
    souk_pack_done(&body);
}

/* ---- answering ------------------------------------------------------ */

static void
reply(struct run_reader *reader, const struct souk_wire_reply *answer)
{
    const struct souk_slice route = { reader->message.route, reader->message.route_bytes };
    struct souk_slice frame;
    struct souk_pack pack;

    souk_pack_init(&pack, PACKED_BYTES_MAX);
    souk_wire_reply_put(&pack, answer);
    frame = souk_pack_slice(&pack);
    if (pack.rc != 0
        || souk_outbox_put(&reader->outbox, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL, route, &frame, 1) != 0)
        atomic_fetch_add(&reader->run->shared.replies_dropped, 1);
    souk_pack_done(&pack);
    souk_outbox_release(&reader->outbox);
}

/*
 * One round, in one read transaction. False: wait for the writer's signal.
 * `waits` is set before the witnessed commit is looked at, and the writer looks
 * at it after it has named a commit: so a signal is never missed.
 */
static bool
work(struct run_reader *reader, struct souk_time now)
{
    struct run_shared *shared = &reader->run->shared;
    struct souk_txn *txn = NULL;
    uint32_t foreign;
    int rc;

    atomic_store(&shared->waits, true);
    if ((rc = souk_txn_begin(reader->run->store, SOUK_TXN_READ, &txn)) == 0)
        rc = souk_reader_work(reader->reader, txn, atomic_load(&shared->commit_witnessed),
            atomic_load(&shared->answers_pulls), now);
    souk_txn_abort(&txn);
    if ((foreign = souk_reader_foreign(reader->reader)) != 0)
        atomic_store(&shared->foreign, foreign);
    send_all(reader, souk_reader_outbox(reader->reader), now);
    if (souk_reader_due_ms(reader->reader) == UINT64_MAX && !souk_reader_wants_work(reader->reader, now))
        atomic_store(&shared->waits, false);
    if (rc == 0)
        return true;
    if (rc != -SOUK_EBUSY && rc != -SOUK_ENOMEM)
        end(reader, rc, "its queries cannot be answered");
    return false;
}

static void
send_all(struct run_reader *reader, struct souk_outbox *outbox, struct souk_time now)
{
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL)
        send_one(reader, out, now);
}

/* What was answered in other threads. */
static void
send_found(struct run_reader *reader, struct souk_time now)
{
    struct souk_out *out;

    while (reader->run->digest != NULL && (out = run_digest_take(reader->run->digest)) != NULL)
        send_one(reader, out, now);
    while (reader->run->finder != NULL && (out = run_finder_take(reader->run->finder)) != NULL)
        send_one(reader, out, now);
}

static void
send_one(struct run_reader *reader, struct souk_out *out, struct souk_time now)
{
    int rc = souk_socket_send(reader->queries, out);

    if (rc == -SOUK_EBUSY && keep_late(reader, out, now))
        return;
    if (rc == -SOUK_EBUSY && out->frame_count > 1)
        leave(reader, out, now);
    if (rc != 0)
        atomic_fetch_add(&reader->run->shared.replies_dropped, 1);
    souk_out_free(&out);
}

/*
 * The queue of a peer is short, because answers to pulls are long. A burst of
 * small replies runs over it for as long as the I/O thread needs to get at them.
 */
static bool
keep_late(struct run_reader *reader, struct souk_out *out, struct souk_time now)
{
    struct late *late;

    if (out->frame_count > 1 || reader->late_count == LATE_MAX
        || reader->late_bytes + out->frames[0].size_bytes > LATE_BYTES_MAX || (late = malloc(sizeof *late)) == NULL)
        return false;
    *late = (struct late){ .out = out, .due_ms = now.steady_ms + LATE_MS };
    *reader->late_end = late;
    reader->late_end = &late->next;
    reader->late_count++;
    reader->late_bytes += out->frames[0].size_bytes;
    return true;
}

/*
 * To read and to pack batches costs much, and who asks and does not read what he gets could keep this thread at it. A
 * follower asks again when his answer does not come.
 */
static void
leave(struct run_reader *reader, const struct souk_out *out, struct souk_time now)
{
    const struct souk_slice route = { out->route, out->route_bytes };
    const uint32_t timeout_ms = reader->wiring.limits.pull_timeout_ms;
    struct full *full = &reader->full[place_of(route)];

    memcpy(full->route, out->route, out->route_bytes);
    full->route_bytes = out->route_bytes;
    full->until_ms = now.steady_ms + (timeout_ms < FULL_MS ? timeout_ms : FULL_MS);
    souk_reader_leave(reader->reader, route);
}

static bool
is_full(const struct run_reader *reader, struct souk_slice route, struct souk_time now)
{
    const struct full *full = &reader->full[place_of(route)];

    return now.steady_ms < full->until_ms
        && souk_slice_equal(route, (struct souk_slice){ full->route, full->route_bytes });
}

/* FNV-1a. Who finds routes with one hash only makes others forgotten, who then get one more answer. */
static uint32_t
place_of(struct souk_slice route)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < route.size_bytes; i++)
        hash = (hash ^ ((const uint8_t *)route.base)[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash % FULL_MAX);
}

/* In turn; who has no room for one has none for the next. */
static void
send_late(struct run_reader *reader, struct souk_time now)
{
    struct late **at = &reader->late;
    const struct souk_out *stuck = NULL;

    while (*at != NULL) {
        struct souk_out *out = (*at)->out;
        int rc = stuck != NULL && out->route_bytes == stuck->route_bytes
            && memcmp(out->route, stuck->route, out->route_bytes) == 0 ? -SOUK_EBUSY
            : souk_socket_send(reader->queries, out);

        if (rc == -SOUK_EBUSY && now.steady_ms < (*at)->due_ms) {
            stuck = out;
            at = &(*at)->next;
            continue;
        }
        if (rc != 0)
            atomic_fetch_add(&reader->run->shared.replies_dropped, 1);
        forget_late(reader, at);
    }
}

/* The one at `at`. */
static void
forget_late(struct run_reader *reader, struct late **at)
{
    struct late *late = *at;

    if ((*at = late->next) == NULL)
        reader->late_end = at;
    reader->late_count--;
    reader->late_bytes -= late->out->frames[0].size_bytes;
    souk_out_free(&late->out);
    free(late);
}

static void
end(struct run_reader *reader, int rc, const char *what)
{
    struct souk_line line;

    souk_line_begin(&line, reader->run->report, SOUK_LEVEL_ERROR, "failed");
    souk_line_text(&line, "error", souk_error_name(rc));
    souk_line_format(&line, "text", "%s; it stops, and goes on from what is on disk when started again", what);
    souk_line_end(&line);
    atomic_store(&reader->run->shared.reader_status, run_exit_status(rc));
}
