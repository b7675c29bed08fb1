#include "souk_run_parts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "souk_core.h"
#include "souk_cursor.h"
#include "souk_log.h"

#define WAITING_MAX 16                          /* digests that are asked for and not made yet */
#define WITNESS_MS 1                            /* from a commit until the witness names it, about */
#define DIGEST_REPLY "souk.digest_reply"
#define NO_STREAM "souk.no_stream"
#define REPLY_BYTES_MAX 4096

/* Who wants the digest of which stream. */
struct asked {
    struct souk_id id;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    uint64_t deadline_ms;                       /* steady */
    struct souk_name stream;                    /* empty: of the index tables */
    bool is_valid;
};

struct run_digest {
    struct run *run;
    struct souk_wiring wiring;                  /* its own: the writer's changes under its feet */
    pthread_t thread;
    bool started;
    atomic_bool ends;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    struct asked waiting[WAITING_MAX];          /* under the mutex, like what follows; a ring */
    uint32_t first, count;
    struct asked made;                          /* what the thread is at, or was */
    bool is_making;
    struct souk_outbox answers;
};

static bool is_known(const struct run_digest *digest, const struct asked *asked);
static void *work_for_ever(void *arg);
static void make(struct run_digest *digest, const struct asked *asked);
static int digest_of(struct run_digest *digest, const struct souk_name *stream, struct souk_pack *pack);
static bool goes_on(void *arg);
static int cursor_of(const struct souk_wiring *wiring, struct souk_txn *txn, const struct souk_name *stream,
    struct souk_position *position_out);
static void answer(struct run_digest *digest, const struct asked *asked, const struct souk_wire_reply *reply);

int
run_digest_open(struct run *run, struct run_digest **digest_out, struct souk_error *err)
{
    struct run_digest *digest = calloc(1, sizeof *digest);
    int rc;

    if (digest == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its digests", run->wiring.self.text);
    digest->run = run;
    digest->wiring = run->wiring;
    souk_outbox_init(&digest->answers);
    (void)pthread_mutex_init(&digest->mutex, NULL);
    (void)pthread_cond_init(&digest->cond, NULL);
    if ((rc = pthread_create(&digest->thread, NULL, work_for_ever, digest)) != 0) {
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no thread for its digests: %s", run->wiring.self.text, strerror(rc));
        run_digest_close(&digest);
        return rc;
    }
    digest->started = true;
    *digest_out = digest;
    return 0;
}

void
run_digest_close(struct run_digest **digest_p)
{
    struct run_digest *digest = *digest_p;

    if (digest == NULL)
        return;
    if (digest->started) {
        atomic_store(&digest->ends, true);
        (void)pthread_mutex_lock(&digest->mutex);
        (void)pthread_cond_signal(&digest->cond);
        (void)pthread_mutex_unlock(&digest->mutex);
        (void)pthread_join(digest->thread, NULL);
    }
    souk_outbox_done(&digest->answers);
    (void)pthread_cond_destroy(&digest->cond);
    (void)pthread_mutex_destroy(&digest->mutex);
    free(digest);
    *digest_p = NULL;
}

/* ---- between the threads -------------------------------------------- */

bool
run_digest_read(struct souk_slice payload, struct souk_name *stream_out)
{
    struct souk_slice name;
    struct souk_unpack in;

    *stream_out = (struct souk_name){ .text = "" };
    souk_unpack_init(&in, payload);
    souk_unpack_array_exact(&in, 1);
    name = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
    return souk_unpack_end(&in) == 0 && (name.size_bytes == 0 || souk_name_set(stream_out, name) == 0);
}

bool
run_digest_hear(struct run_digest *digest, const struct souk_socket_message *message,
    const struct souk_wire_request *request)
{
    struct asked asked = { .id = request->id, .route_bytes = message->route_bytes,
        .deadline_ms = run_time().steady_ms + souk_wire_deadline_ms(request) };
    bool has_room;

    memcpy(asked.route, message->route, message->route_bytes);
    asked.is_valid = run_digest_read(request->payload, &asked.stream);
    (void)pthread_mutex_lock(&digest->mutex);
    has_room = digest->count < WAITING_MAX || is_known(digest, &asked);
    if (has_room && !is_known(digest, &asked))
        digest->waiting[(digest->first + digest->count++) % WAITING_MAX] = asked;
    (void)pthread_cond_signal(&digest->cond);
    (void)pthread_mutex_unlock(&digest->mutex);
    return has_room;
}

/* A caller that waits for long sends its query again, under the same id. */
static bool
is_known(const struct run_digest *digest, const struct asked *asked)
{
    const struct asked *other = &digest->made;

    for (uint32_t i = 0; i <= digest->count; i++) {
        if ((i > 0 || digest->is_making) && memcmp(other->id.bytes, asked->id.bytes, sizeof asked->id.bytes) == 0
            && other->route_bytes == asked->route_bytes && memcmp(other->route, asked->route, asked->route_bytes) == 0)
            return true;
        other = &digest->waiting[(digest->first + i) % WAITING_MAX];
    }
    return false;
}

struct souk_out *
run_digest_take(struct run_digest *digest)
{
    struct souk_out *out;

    (void)pthread_mutex_lock(&digest->mutex);
    out = souk_outbox_take(&digest->answers);
    (void)pthread_mutex_unlock(&digest->mutex);
    return out;
}

/* ---- its thread ----------------------------------------------------- */

static void *
work_for_ever(void *arg)
{
    struct run_digest *digest = arg;
    for (;;) {
        (void)pthread_mutex_lock(&digest->mutex);
        digest->is_making = false;
        while (digest->count == 0 && !atomic_load(&digest->ends))
            (void)pthread_cond_wait(&digest->cond, &digest->mutex);
        if (!atomic_load(&digest->ends)) {
            digest->made = digest->waiting[digest->first];
            digest->is_making = true;
            digest->first = (digest->first + 1) % WAITING_MAX;
            digest->count--;
        }
        (void)pthread_mutex_unlock(&digest->mutex);
        if (atomic_load(&digest->ends))
            return NULL;
        make(digest, &digest->made);
    }
}

static void
make(struct run_digest *digest, const struct asked *asked)
{
    struct souk_wire_entry entry = { .name = souk_slice_of(DIGEST_REPLY), .version = 1 };
    struct souk_pack payload, body;
    struct souk_wire_reply reply;
    int rc;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&body, REPLY_BYTES_MAX);
    souk_wire_reply_init(&reply, &asked->id, SOUK_STATUS_OK);
    if (!asked->is_valid) {
        reply.status = SOUK_STATUS_INVALID;
        reply.code = souk_slice_of("invalid");
        reply.text = souk_slice_of("its payload is not an array of one stream's name");
    } else if (run_time().steady_ms >= asked->deadline_ms) {
        reply.status = SOUK_STATUS_EXPIRED;
        reply.code = souk_slice_of("expired");
        reply.text = souk_slice_of("others were before it until its deadline");
    } else if ((rc = digest_of(digest, &asked->stream, &payload)) == -SOUK_ENOTFOUND) {
        reply.status = SOUK_STATUS_REFUSED;
        reply.code = souk_slice_of(NO_STREAM);
    } else if (rc != 0) {
        reply.status = SOUK_STATUS_INTERNAL;
        reply.code = souk_slice_of("internal");
        reply.text = souk_slice_of(rc == -SOUK_EBUSY ? "it stops" : "its tables cannot be read");
    } else {
        entry.payload = souk_pack_slice(&payload);
        souk_wire_entry_put(&body, &entry);
        reply.body = souk_pack_slice(&body);
        reply.body_count = 1;
    }
    if (payload.rc == 0 && body.rc == 0)
        answer(digest, asked, &reply);
    souk_pack_done(&payload);
    souk_pack_done(&body);
}

/* Cursor and digest of one snapshot: [stream, counter, bits, number, hash, digest]. */
static int
digest_of(struct run_digest *digest, const struct souk_name *stream, struct souk_pack *pack)
{
    const char *name = stream->text[0] == '\0' ? NULL : stream->text;
    struct souk_position position = { .number = 0 };
    struct souk_txn *txn = NULL;
    struct souk_hash hash;
    int rc;

    rc = run_begin_witnessed(digest->run, &txn);
    if (rc == 0 && name != NULL)
        rc = cursor_of(&digest->wiring, txn, stream, &position);
    if (rc == 0)
        rc = souk_tables_digest_while(txn, digest->run->config->service, name, goes_on, digest, &hash);
    souk_txn_abort(&txn);
    if (rc != 0)
        return rc;
    souk_pack_array(pack, 6);
    souk_pack_str(pack, souk_slice_of(stream->text));
    souk_pack_uint(pack, position.epoch.counter);
    souk_pack_bin(pack, (struct souk_slice){ position.epoch.bits, sizeof position.epoch.bits });
    souk_pack_uint(pack, position.number);
    souk_pack_bin(pack, (struct souk_slice){ position.hash.bytes, sizeof position.hash.bytes });
    souk_pack_bin(pack, (struct souk_slice){ hash.bytes, sizeof hash.bytes });
    return pack->rc;
}

/* The witness follows each commit at once, so this hardly ever goes round. */
int
run_begin_witnessed(struct run *run, struct souk_txn **txn_out)
{
    uint64_t commit;
    int rc;

    while ((rc = souk_txn_begin(run->store, SOUK_TXN_READ, txn_out)) == 0
        && (rc = souk_reader_commit(*txn_out, &commit)) == 0
        && commit > atomic_load(&run->shared.commit_witnessed)) {
        souk_txn_abort(txn_out);
        if (atomic_load(&run->shared.stops))
            return -SOUK_EBUSY;
        (void)poll(NULL, 0, WITNESS_MS);
    }
    return rc;
}

static bool
goes_on(void *arg)
{
    const struct run_digest *digest = arg;

    return !atomic_load(&digest->ends) && !atomic_load(&digest->run->shared.stops);
}

static int
cursor_of(const struct souk_wiring *wiring, struct souk_txn *txn, const struct souk_name *stream,
    struct souk_position *position_out)
{
    struct souk_cursor cursor;
    struct souk_log log;
    int rc;

    for (size_t i = 0; i < wiring->stream_count; i++) {
        const struct souk_wired_stream *wired = &wiring->streams[i];

        if (strcmp(wired->name.text, stream->text) != 0)
            continue;
        if (strcmp(wired->origin.text, wiring->self.text) == 0) {
            if ((rc = souk_log_open(txn, stream, &log)) != 0)
                return rc;
            return souk_log_head(txn, &log, position_out, NULL);
        }
        if ((rc = souk_cursor_get(txn, stream, &cursor)) == 0)
            *position_out = cursor.position;
        return rc;
    }
    return -SOUK_ENOTFOUND;
}

static void
answer(struct run_digest *digest, const struct asked *asked, const struct souk_wire_reply *reply)
{
    const uint64_t one = 1;
    struct souk_slice frame;
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, REPLY_BYTES_MAX);
    souk_wire_reply_put(&pack, reply);
    frame = souk_pack_slice(&pack);
    (void)pthread_mutex_lock(&digest->mutex);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&digest->answers, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL,
        (struct souk_slice){ asked->route, asked->route_bytes }, &frame, 1);
    souk_outbox_release(&digest->answers);
    (void)pthread_mutex_unlock(&digest->mutex);
    if (rc != 0)
        atomic_fetch_add(&digest->run->shared.replies_dropped, 1);
    (void)!write(digest->run->shared.wake_fd, &one, sizeof one);
    souk_pack_done(&pack);
}
