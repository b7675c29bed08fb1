#include "souk_recorder.h"

#include "souk_feed.h"
#include "souk_log.h"
#include "souk_plant.h"
#include "souk_refusal.h"
#include "souk_positions.h"
#include "souk_wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_META "souk.meta"                  /* commit, incarnation, position, aside */
#define TABLE_SEALS "souk.seals"                /* service -> epoch counter, instance */
#define TABLE_ORDERED "souk.ordered"            /* stream -> point up to which its batches have a log position */
#define TABLE_BACKED_UP "souk.backed-up"        /* stream -> number */
#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)
#define WITNESS_FIELDS 2
#define ROUND_BATCHES_MAX 1024
#define FENCES_PER_HEAD 2
#define SEALS_WAITING_MAX 256           /* while there is no room on the disk; more are asked again */
#define FULL_PAUSE_MS 1000
#define HOLE_TRIES 3                    /* so often the origin has said `trimmed`, and others were asked in between */

struct kept {
    struct souk_name name;
    struct souk_feed_stream *feed;
    struct souk_log log;
    struct souk_position head;
    uint64_t time_ms, commit;                   /* of the batch that it ends; 0: none was recorded */
    struct souk_point base;                     /* behind it the log begins */
    uint64_t hole_ms;                           /* when what is before was given up; 0: nothing is */
    struct souk_point ordered;
    uint64_t backed_up;
    bool probing;                               /* its history is void: looking for where it left the origin's */
    struct souk_position agreed;                /* while probing: so far the two are the same */
    const struct kept *held_by;                 /* the next batch has no log position: this stream is not as far as */
    struct souk_cause lacks;                    /* ... this cause. NULL: not known */
};

struct origin {
    struct souk_feed *feed;
    uint32_t sealed;
    uint8_t instance[8];
    bool accepts_hole;                          /* as long as this process has recorded nothing of it */
    bool ack_due;
    bool fence_due;
    uint64_t fence_not_before_ms;
};

struct seal_request {
    struct seal_request *next;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    struct souk_wire_seal seal;
};

struct souk_recorder {
    const struct souk_wiring *wiring;
    struct souk_feeds feeds;
    struct souk_outbox outbox;
    uint32_t kept_count;
    struct kept *kept;
    uint32_t origin_count;
    struct origin *origins;
    struct seal_request *seals, **seals_end;
    uint32_t seal_count;
    uint64_t commit;
    uint8_t incarnation[8];
    uint64_t log_position;
    uint64_t set_aside;
    struct souk_txn *txn;
    struct souk_time now;
    bool changed, dirty, again, heads_due, witness_changed, backed_up_changed;
    uint64_t head_due_ms, full_until_ms;
    struct souk_pack witness;
    struct souk_recorder_status status;
};

static int take_wiring(struct souk_recorder *recorder, struct souk_error *err);
static int load(struct souk_recorder *recorder);
static int load_number(struct souk_recorder *recorder, const char *name, uint64_t *number_out);
static int save_number(struct souk_recorder *recorder, const char *name, uint64_t number);
static int load_kept(struct souk_recorder *recorder, struct kept *kept);
static int load_base(struct souk_recorder *recorder, struct kept *kept);
static int load_seal(struct souk_recorder *recorder, struct origin *origin);
static bool witness_fits(struct souk_recorder *recorder, struct souk_slice witness);
static int new_incarnation(struct souk_recorder *recorder);
static struct origin *origin_of(struct souk_recorder *recorder, const char *service);
static struct kept *kept_of(struct souk_recorder *recorder, const char *stream);
static struct kept *kept_in(struct souk_recorder *recorder, const struct souk_feed_stream *stream);
static uint32_t highest(struct souk_recorder *recorder, const struct origin *origin);
static bool is_probing(struct souk_recorder *recorder, const struct souk_feed *feed);
static int grant_seals(struct souk_recorder *recorder);
static int grant_seal(struct souk_recorder *recorder, const struct seal_request *request);
static int go_back(struct souk_recorder *recorder);
static int find_void(struct souk_recorder *recorder, const struct kept *kept, uint64_t *commit_out);
static int stand_before(struct souk_recorder *recorder, struct kept *kept, uint64_t commit);
static int is_kept(struct souk_recorder *recorder, const struct kept *kept, const struct souk_batch_header *header,
    bool *kept_out);
static int accept_holes(struct souk_recorder *recorder);
static int accept_hole(struct souk_recorder *recorder, struct origin *origin);
static int record(struct souk_recorder *recorder);
static bool rises(struct souk_recorder *recorder, struct souk_feed_batch *const *batches, uint32_t count);
static int record_batch(struct souk_recorder *recorder, struct souk_feed_batch *batch);
static int set_aside(struct souk_recorder *recorder, struct kept *kept);
static int forget_order(struct souk_recorder *recorder);
static int order(struct souk_recorder *recorder);
static int order_next(struct souk_recorder *recorder, struct kept *kept, bool stuck, bool *moved_out);
static int is_ordered(struct souk_recorder *recorder, struct kept *waits, const struct souk_batch_header *header,
    bool stuck, bool *ordered_out);
static int acknowledge(struct souk_recorder *recorder);
static int fence(struct souk_recorder *recorder);
static int publish_heads(struct souk_recorder *recorder);
static int save_backed_up(struct souk_recorder *recorder);
static int send_frame(struct souk_recorder *recorder, const struct souk_name *to, const struct souk_pack *pack);

/* ---- life ----------------------------------------------------------- */

int
souk_recorder_open(const struct souk_wiring *wiring, struct souk_txn *txn, struct souk_slice witness,
    struct souk_time now, struct souk_recorder **recorder_out, struct souk_error *err)
{
    struct souk_recorder *recorder = calloc(1, sizeof *recorder);
    int rc;

    if (recorder == NULL)
        return souk_fail(err, SOUK_ENOMEM, "event store %s: no memory", wiring->self.text);
    recorder->wiring = wiring;
    recorder->seals_end = &recorder->seals;
    recorder->txn = txn;
    recorder->now = now;
    souk_outbox_init(&recorder->outbox);
    souk_pack_init(&recorder->witness, 256);
    if ((rc = take_wiring(recorder, err)) != 0 || (rc = load(recorder)) != 0)
        goto fail;
    /* Whether an incarnation has heard of its origins is written nowhere, so each process of it asks them. */
    if (!witness_fits(recorder, witness) && !SOUK_PLANTED_BUG(STORE_WITNESS_NOT_ASKED)
        && (rc = new_incarnation(recorder)) != 0)
        goto fail;
    recorder->witness_changed = recorder->dirty = recorder->heads_due = true;
    recorder->txn = NULL;
    *recorder_out = recorder;
    return 0;

fail:
    if (err != NULL && err->code == 0)
        (void)souk_fail(err, (enum souk_error_code)-rc, "event store %s: its store cannot be read: %s",
            wiring->self.text, souk_error_name(rc));
    souk_recorder_close(&recorder);
    return rc;
}

void
souk_recorder_close(struct souk_recorder **recorder_p)
{
    struct souk_recorder *recorder = *recorder_p;

    if (recorder == NULL)
        return;
    for (struct seal_request *at = recorder->seals, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    souk_feeds_done(&recorder->feeds);
    souk_outbox_done(&recorder->outbox);
    souk_pack_done(&recorder->witness);
    free(recorder->kept);
    free(recorder->origins);
    free(recorder);
    *recorder_p = NULL;
}

static int
take_wiring(struct souk_recorder *recorder, struct souk_error *err)
{
    const struct souk_wiring *wiring = recorder->wiring;
    int rc;

    if (wiring->random.fill == NULL)
        return souk_fail(err, SOUK_EINVAL, "event store %s: no source of randomness", wiring->self.text);
    if ((rc = souk_feeds_open(wiring, &recorder->feeds)) != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "event store %s: its streams cannot be wired",
            wiring->self.text);
    recorder->kept = calloc(wiring->stream_count + 1, sizeof recorder->kept[0]);
    recorder->origins = calloc(recorder->feeds.count + 1, sizeof recorder->origins[0]);
    if (recorder->kept == NULL || recorder->origins == NULL)
        return souk_fail(err, SOUK_ENOMEM, "event store %s: no memory", wiring->self.text);
    for (size_t i = 0; i < wiring->stream_count; i++) {
        recorder->kept[recorder->kept_count].name = wiring->streams[i].name;
        recorder->kept[recorder->kept_count++].feed = souk_feeds_stream(&recorder->feeds, wiring->streams[i].name.text);
    }
    for (uint32_t i = 0; i < recorder->feeds.count; i++) {
        recorder->feeds.feeds[i]->whole_commits = true;
        recorder->origins[recorder->origin_count++].feed = recorder->feeds.feeds[i];
    }
    for (size_t i = 0; i < wiring->stream_count; i++)
        for (uint32_t k = 0; k < recorder->origin_count; k++)
            recorder->origins[k].accepts_hole |= wiring->streams[i].accepts_hole
                && recorder->kept[i].feed->feed == recorder->origins[k].feed;
    return 0;
}

static int
load(struct souk_recorder *recorder)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if ((rc = load_number(recorder, "commit", &recorder->commit)) != 0
        || (rc = load_number(recorder, "position", &recorder->log_position)) != 0
        || (rc = load_number(recorder, "aside", &recorder->set_aside)) != 0)
        return rc;
    if ((rc = souk_txn_table(recorder->txn, TABLE_META, &table)) == 0)
        rc = souk_txn_get(recorder->txn, table, souk_slice_of("incarnation"), &value);
    if (rc == 0 && value.size_bytes == sizeof recorder->incarnation)
        memcpy(recorder->incarnation, value.base, sizeof recorder->incarnation);
    else if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if ((rc = load_kept(recorder, &recorder->kept[i])) != 0)
            return rc;
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        if ((rc = load_seal(recorder, &recorder->origins[i])) != 0)
            return rc;
    return 0;
}

static int
load_kept(struct souk_recorder *recorder, struct kept *kept)
{
    const struct souk_slice name = souk_name_slice(&kept->name);
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if ((rc = souk_log_open(recorder->txn, &kept->name, &kept->log)) != 0
        || (rc = souk_log_head(recorder->txn, &kept->log, &kept->head, &kept->commit)) != 0
        || (rc = souk_log_time(recorder->txn, &kept->log, &kept->time_ms)) != 0
        || (rc = load_base(recorder, kept)) != 0)
        return rc;
    kept->ordered = kept->base;                 /* what was given up holds up nothing */
    kept->held_by = NULL;
    kept->backed_up = 0;
    kept->probing = false;
    if ((rc = souk_txn_table(recorder->txn, TABLE_ORDERED, &table)) == 0
        && (rc = souk_txn_get(recorder->txn, table, name, &value)) == 0)
        rc = souk_point_decode(value, &kept->ordered);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = souk_txn_table(recorder->txn, TABLE_BACKED_UP, &table)) == 0
        && (rc = souk_txn_get(recorder->txn, table, name, &value)) == 0 && value.size_bytes == 8)
        kept->backed_up = souk_get_u64(value.base);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    souk_feed_set_cursor(kept->feed, &kept->head);
    return 0;
}

static int
load_base(struct souk_recorder *recorder, struct kept *kept)
{
    struct souk_position base;
    int rc;

    if ((rc = souk_log_base(recorder->txn, &kept->log, &base)) != 0)
        return rc;
    kept->base = souk_point_of(&base);
    return souk_log_hole(recorder->txn, &kept->log, &kept->hole_ms);
}

static int
load_seal(struct souk_recorder *recorder, struct origin *origin)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    origin->sealed = 0;
    memset(origin->instance, 0, sizeof origin->instance);
    if ((rc = souk_txn_table(recorder->txn, TABLE_SEALS, &table)) == 0
        && (rc = souk_txn_get(recorder->txn, table, souk_name_slice(&origin->feed->origin), &value)) == 0) {
        if (value.size_bytes != 12)
            return -SOUK_EDAMAGED;
        origin->sealed = souk_get_u32(value.base);
        memcpy(origin->instance, (const uint8_t *)value.base + 4, 8);
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
load_number(struct souk_recorder *recorder, const char *name, uint64_t *number_out)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    *number_out = 0;
    if ((rc = souk_txn_table(recorder->txn, TABLE_META, &table)) == 0)
        rc = souk_txn_get(recorder->txn, table, souk_slice_of(name), &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    *number_out = souk_get_u64(value.base);
    return 0;
}

static int
save_number(struct souk_recorder *recorder, const char *name, uint64_t number)
{
    struct souk_table table;
    uint8_t value[8];
    int rc;

    souk_put_u64(value, number);
    if ((rc = souk_txn_table(recorder->txn, TABLE_META, &table)) != 0)
        return rc;
    return souk_txn_put(recorder->txn, table, souk_slice_of(name), (struct souk_slice){ value, sizeof value });
}

static bool
witness_fits(struct souk_recorder *recorder, struct souk_slice witness)
{
    uint8_t incarnation[8];
    struct souk_unpack in;
    uint64_t commit;

    if (witness.size_bytes == 0)
        return false;
    souk_unpack_init(&in, witness);
    souk_unpack_array_exact(&in, WITNESS_FIELDS);
    commit = souk_unpack_uint(&in, UINT64_MAX);
    souk_unpack_bin_exact(&in, incarnation, sizeof incarnation);
    return souk_unpack_end(&in) == 0 && memcmp(incarnation, recorder->incarnation, sizeof incarnation) == 0
        && (recorder->commit == commit || recorder->commit == commit + 1);
}

static int
new_incarnation(struct souk_recorder *recorder)
{
    struct souk_table table;
    int rc;

    recorder->wiring->random.fill(recorder->wiring->random.arg, recorder->incarnation,
        sizeof recorder->incarnation);
    recorder->commit++;
    if ((rc = souk_txn_table(recorder->txn, TABLE_META, &table)) != 0
        || (rc = souk_txn_put(recorder->txn, table, souk_slice_of("incarnation"),
            (struct souk_slice){ recorder->incarnation, sizeof recorder->incarnation })) != 0)
        return rc;
    return save_number(recorder, "commit", recorder->commit);
}

static struct origin *
origin_of(struct souk_recorder *recorder, const char *service)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        if (strcmp(recorder->origins[i].feed->origin.text, service) == 0)
            return &recorder->origins[i];
    return NULL;
}

static struct kept *
kept_of(struct souk_recorder *recorder, const char *stream)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (strcmp(recorder->kept[i].name.text, stream) == 0)
            return &recorder->kept[i];
    return NULL;
}

/* Every stream of a feed is kept. */
static struct kept *
kept_in(struct souk_recorder *recorder, const struct souk_feed_stream *stream)
{
    struct kept *kept = kept_of(recorder, stream->name.text);

    assert(kept != NULL);
    return kept;
}

/* The highest epoch counter that was sealed or recorded for the service. */
static uint32_t
highest(struct souk_recorder *recorder, const struct origin *origin)
{
    uint32_t counter = origin->sealed;

    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (recorder->kept[i].feed->feed == origin->feed && recorder->kept[i].head.epoch.counter > counter)
            counter = recorder->kept[i].head.epoch.counter;
    return counter;
}

static bool
is_probing(struct souk_recorder *recorder, const struct souk_feed *feed)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (recorder->kept[i].feed->feed == feed && recorder->kept[i].probing)
            return true;
    return false;
}

/* ---- hearing -------------------------------------------------------- */

void
souk_recorder_hear_request(struct souk_recorder *recorder, struct souk_slice route, struct souk_slice identity,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct seal_request *request;

    recorder->dirty = true;
    if (souk_wire_kind(frames[0]) != SOUK_WIRE_SEAL || route.size_bytes > SOUK_ROUTE_BYTES_MAX
        || (request = calloc(1, sizeof *request)) == NULL) {
        recorder->status.malformed++;
        if (route.size_bytes <= SOUK_ROUTE_BYTES_MAX)
            souk_refusal_put(&recorder->outbox, SOUK_DOOR_COMMANDS, route, frames[0]);
        return;
    }
    if (souk_wire_seal_get(frames[0], &request->seal) != 0
        || (identity.size_bytes != 0 && !souk_slice_equal(identity, souk_name_slice(&request->seal.service)))
        || origin_of(recorder, request->seal.service.text) == NULL) {
        recorder->status.malformed++;
        free(request);
        return;
    }
    memcpy(request->route, route.base, route.size_bytes);
    request->route_bytes = route.size_bytes;
    if (recorder->seal_count == SEALS_WAITING_MAX) {
        free(request);                          /* it is asked again */
        return;
    }
    recorder->seal_count++;
    *recorder->seals_end = request;
    recorder->seals_end = &request->next;
}

void
souk_recorder_hear_answer(struct souk_recorder *recorder, const struct souk_name *from,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct souk_wire_pulled pulled;
    struct souk_wire_busy busy;
    struct origin *origin = NULL;
    uint32_t counter = 0;
    bool by_origin, take;

    recorder->dirty = true;
    if (souk_wire_kind(frames[0]) == SOUK_WIRE_BUSY && souk_wire_busy_get(frames[0], &busy) == 0) {
        souk_feeds_hear_busy(&recorder->feeds, from, &busy, now);
        return;
    }
    if (souk_wire_kind(frames[0]) != SOUK_WIRE_PULLED || souk_wire_pulled_get(frames[0], &pulled) != 0) {
        recorder->status.malformed++;
        return;
    }
    for (uint32_t i = 0; i < pulled.count; i++) {
        const struct kept *kept = kept_of(recorder, pulled.answers[i].stream.text);

        if (kept != NULL)
            origin = origin_of(recorder, kept->feed->feed->origin.text);
        if (pulled.answers[i].head.epoch.counter > counter)
            counter = pulled.answers[i].head.epoch.counter;
    }
    if (origin == NULL)
        return;
    by_origin = strcmp(from->text, origin->feed->origin.text) == 0;
    take = (counter >= origin->sealed || SOUK_PLANTED_BUG(PULL_PAST_SEAL))
        && (by_origin || !is_probing(recorder, origin->feed) || SOUK_PLANTED_BUG(VOID_BY_ANYBODY));
    if (by_origin && counter < origin->sealed)
        origin->fence_due = true;
    (void)souk_feeds_hear_pulled(&recorder->feeds, from, &pulled, frames + 1, frame_count - 1, take, now);
}

void
souk_recorder_hear_published(struct souk_recorder *recorder, const struct souk_name *from,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct origin *origin = origin_of(recorder, from->text);
    struct souk_batch_header header;
    struct souk_wire_heads heads;

    recorder->dirty = true;
    if (frame_count != 2) {
        recorder->status.malformed++;
        return;
    }
    if (souk_slice_equal(frames[0], souk_wire_topic_heads())) {
        bool level = true;

        if (souk_wire_heads_get(frames[1], &heads) != 0 || strcmp(heads.sender.text, from->text) != 0) {
            recorder->status.malformed++;
            return;
        }
        souk_feeds_hear_heads(&recorder->feeds, &heads, now);
        if (origin == NULL || strcmp(heads.sender.text, heads.service.text) != 0)
            return;
        for (uint32_t i = 0; i < heads.count; i++) {
            const struct kept *kept = kept_of(recorder, heads.heads[i].stream.text);

            if (kept == NULL)
                continue;
            level &= souk_position_equal(&heads.heads[i].position, &kept->head);
            if (heads.heads[i].position.epoch.counter < origin->sealed)
                origin->fence_due = true;
        }
        if (level)
            origin->ack_due = true;             /* the first one may have been lost */
        return;
    }
    if (origin == NULL)
        return;
    if (souk_batch_peek(frames[1], &header) != 0) {
        recorder->status.malformed++;
        return;
    }
    if (header.epoch.counter < origin->sealed && !SOUK_PLANTED_BUG(PUB_PAST_SEAL)) {
        origin->fence_due = true;
        return;
    }
    if (!origin->feed->met && !SOUK_PLANTED_BUG(PUB_BEFORE_HEAD)) {
        souk_feed_want(origin->feed);
        return;
    }
    souk_feeds_hear_batch(&recorder->feeds, from, frames[1], now);
}

void
souk_recorder_hear_subscriber(struct souk_recorder *recorder)
{
    recorder->heads_due = recorder->dirty = true;
}

/* ---- rounds of work ------------------------------------------------- */

bool
souk_recorder_wants_work(const struct souk_recorder *recorder, struct souk_time now)
{
    return recorder->dirty || recorder->again || recorder->witness_changed
        || now.steady_ms >= souk_recorder_due_ms(recorder);
}

uint64_t
souk_recorder_due_ms(const struct souk_recorder *recorder)
{
    uint64_t due_ms = souk_feeds_due_ms(&recorder->feeds);

    if (recorder->head_due_ms < due_ms)
        due_ms = recorder->head_due_ms;
    if (recorder->full_until_ms > recorder->now.steady_ms && recorder->full_until_ms > due_ms)
        due_ms = recorder->full_until_ms;
    return due_ms;
}

int
souk_recorder_work(struct souk_recorder *recorder, struct souk_txn *txn, struct souk_time now, bool *changed_out)
{
    int rc = 0;

    recorder->txn = txn;
    recorder->now = now;
    recorder->dirty = recorder->again = recorder->changed = false;
    *changed_out = false;
    if (now.steady_ms >= recorder->full_until_ms) {
        if ((rc = go_back(recorder)) != 0 || (rc = accept_holes(recorder)) != 0 || (rc = record(recorder)) != 0
            || (rc = grant_seals(recorder)) != 0 || (rc = order(recorder)) != 0 || (rc = save_backed_up(recorder)) != 0)
            goto done;
    }
    if (recorder->changed) {
        recorder->commit++;
        recorder->witness_changed = true;
        if ((rc = save_number(recorder, "commit", recorder->commit)) != 0
            || (rc = save_number(recorder, "position", recorder->log_position)) != 0)
            goto done;
    }
    if ((rc = acknowledge(recorder)) != 0 || (rc = fence(recorder)) != 0 || (rc = publish_heads(recorder)) != 0
        || (rc = souk_feeds_elapse(&recorder->feeds, &recorder->outbox, now)) != 0)
        goto done;
    if (recorder->witness_changed) {
        souk_pack_reset(&recorder->witness);
        souk_pack_array(&recorder->witness, WITNESS_FIELDS);
        souk_pack_uint(&recorder->witness, recorder->commit);
        souk_pack_bin(&recorder->witness, (struct souk_slice){ recorder->incarnation,
            sizeof recorder->incarnation });
        rc = recorder->witness.rc;
    }
done:
    recorder->txn = NULL;
    if (rc == 0)
        *changed_out = recorder->changed;
    return rc;
}

struct souk_slice
souk_recorder_witness(const struct souk_recorder *recorder)
{
    return recorder->witness_changed ? souk_pack_slice(&recorder->witness) : (struct souk_slice){ NULL, 0 };
}

void
souk_recorder_committed(struct souk_recorder *recorder, struct souk_time now)
{
    struct seal_request *request;

    recorder->witness_changed = recorder->backed_up_changed = false;
    while ((request = recorder->seals) != NULL && now.steady_ms >= recorder->full_until_ms) {
        if ((recorder->seals = request->next) == NULL)
            recorder->seals_end = &recorder->seals;
        recorder->seal_count--;
        free(request);
    }
    souk_feeds_committed(&recorder->feeds);
    souk_outbox_release(&recorder->outbox);
}

int
souk_recorder_aborted(struct souk_recorder *recorder, int rc, struct souk_txn *txn, struct souk_time now)
{
    souk_outbox_drop(&recorder->outbox);
    souk_feeds_aborted(&recorder->feeds);
    recorder->full_until_ms = now.steady_ms + FULL_PAUSE_MS;
    recorder->txn = txn;
    rc = load(recorder);
    recorder->txn = NULL;
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct origin *origin = &recorder->origins[i];

        origin->ack_due = true;
        for (const struct seal_request *request = recorder->seals; request != NULL; request = request->next)
            if (strcmp(request->seal.service.text, origin->feed->origin.text) == 0)
                origin->feed->met = false;      /* the seal was not granted after all */
    }
    return rc;
}

void
souk_recorder_full(struct souk_recorder *recorder, struct souk_time now)
{
    recorder->full_until_ms = now.steady_ms + FULL_PAUSE_MS;
}

struct souk_outbox *
souk_recorder_outbox(struct souk_recorder *recorder)
{
    return &recorder->outbox;
}

/* ---- seals ---------------------------------------------------------- */

static int
grant_seals(struct souk_recorder *recorder)
{
    int rc;

    for (const struct seal_request *request = recorder->seals; request != NULL; request = request->next)
        if ((rc = grant_seal(recorder, request)) != 0)
            return rc;
    return 0;
}

static int
grant_seal(struct souk_recorder *recorder, const struct seal_request *request)
{
    const struct souk_wire_seal *seal = &request->seal;
    struct origin *origin = origin_of(recorder, seal->service.text);
    struct souk_wire_sealed sealed = { .request = seal->request, .store = recorder->wiring->self,
        .service = seal->service };
    struct souk_table table;
    struct souk_slice frame;
    struct souk_pack pack;
    uint8_t value[12];
    bool again = false;
    int rc;

    assert(origin != NULL);                     /* looked for when it was heard */
    sealed.counter = highest(recorder, origin);
    sealed.granted = seal->counter > sealed.counter || (seal->counter == sealed.counter
        && seal->counter == origin->sealed && memcmp(seal->instance, origin->instance, sizeof origin->instance) == 0);
    if (SOUK_PLANTED_BUG(SEAL_ALWAYS_GRANTED))
        sealed.granted = true;
    if (sealed.granted) {
        again = origin->sealed == seal->counter;
        sealed.counter = seal->counter;
        origin->sealed = seal->counter;
        memcpy(origin->instance, seal->instance, sizeof origin->instance);
        souk_put_u32(value, seal->counter);
        memcpy(value + 4, seal->instance, 8);
        if (!again && !SOUK_PLANTED_BUG(SEAL_NOT_DURABLE)) {
            if ((rc = souk_txn_table(recorder->txn, TABLE_SEALS, &table)) != 0
                || (rc = souk_txn_put(recorder->txn, table, souk_name_slice(&seal->service),
                    (struct souk_slice){ value, sizeof value })) != 0)
                return rc;
            recorder->changed = true;
        }
        for (uint32_t i = 0; i < origin->feed->stream_count && !again; i++)
            if (origin->feed->streams[i].untaken == origin->feed->streams[i].first)
                souk_feed_drop(&origin->feed->streams[i]);
        origin->feed->met |= !again;
        recorder->status.seals += !again;
    }
    memcpy(sealed.incarnation, recorder->incarnation, sizeof sealed.incarnation);
    for (uint32_t i = 0; i < origin->feed->stream_count; i++) {
        sealed.positions[i].stream = origin->feed->streams[i].name;
        sealed.positions[i].position = kept_in(recorder, &origin->feed->streams[i])->head;
    }
    sealed.count = origin->feed->stream_count;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_sealed_put(&pack, &sealed);
    frame = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&recorder->outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ request->route, request->route_bytes }, &frame, 1);
    souk_pack_done(&pack);
    return rc;
}

/* ---- recording ------------------------------------------------------ */

static int
record(struct souk_recorder *recorder)
{
    struct souk_feed_batch *batches[SOUK_COMMIT_BATCHES_MAX];
    uint32_t recorded = 0, count;
    int rc;

    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct origin *origin = &recorder->origins[i];

        while (recorded < ROUND_BATCHES_MAX && (count = souk_feed_commit(origin->feed, batches)) != 0) {
            if (!rises(recorder, batches, count)) {
                if (!souk_feed_refuse(&recorder->feeds, origin->feed, recorder->now))
                    recorder->again = true;
                break;
            }
            for (uint32_t k = 0; k < count; k++)
                if ((rc = record_batch(recorder, batches[k])) != 0)
                    return rc;
            recorded += count;
            origin->ack_due = true;
            origin->accepts_hole = false;
        }
    }
    if (recorded >= ROUND_BATCHES_MAX)
        recorder->again = true;
    return 0;
}

/*
 * Is it a later commit than what is recorded of its streams? Whole commits are given back in the order of their numbers:
 * one below its predecessor would never be whole again, and its service could not take its past back.
 */
static bool
rises(struct souk_recorder *recorder, struct souk_feed_batch *const *batches, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct kept *kept = kept_of(recorder, batches[i]->header.stream.text);

        assert(kept != NULL);
        if (!kept->probing && batches[i]->header.commit <= kept->commit)
            return false;
    }
    return true;
}

static int
record_batch(struct souk_recorder *recorder, struct souk_feed_batch *batch)
{
    const struct souk_batch_header *header = &batch->header;
    struct kept *kept = kept_of(recorder, header->stream.text);
    int rc;

    assert(kept != NULL);
    if (kept->probing) {
        bool same;

        if ((rc = is_kept(recorder, kept, header, &same)) != 0)
            return rc;
        if (same) {
            kept->agreed = souk_batch_end(header);
            kept->probing = !souk_position_equal(&kept->agreed, &kept->head);
            souk_feed_take(kept->feed);
            return 0;
        }
        if ((rc = set_aside(recorder, kept)) != 0)
            return rc;
    }
    if (!souk_batch_extends(header, &kept->head) && !SOUK_PLANTED_BUG(EPOCH_IGNORED))
        return -SOUK_EDAMAGED;
    if ((rc = souk_log_append(recorder->txn, &kept->log, header,
        (struct souk_slice){ batch->bytes, batch->size_bytes })) != 0)
        return rc;
    kept->head = souk_batch_end(header);
    kept->time_ms = header->time_ms;
    kept->commit = header->commit;
    souk_feed_take(kept->feed);
    recorder->changed = true;
    recorder->status.batches_recorded++;
    recorder->status.events_recorded += header->count;
    return 0;
}

/* ---- a hole that the operator accepts -------------------------------- */

/* What an origin has trimmed, and no event store gives either: ask where the rest begins, and begin there. */
static int
accept_holes(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct origin *origin = &recorder->origins[i];
        bool missing = false, told = true, above = false;
        int rc;

        if (!origin->accepts_hole)
            continue;
        for (uint32_t k = 0; k < origin->feed->stream_count; k++) {
            const struct souk_feed_stream *stream = &origin->feed->streams[k];

            missing |= stream->trimmed >= HOLE_TRIES;
            told &= stream->begins_told;
            above |= stream->begins.number > stream->cursor.number;
        }
        if (missing && !told) {
            souk_feed_ask_beginning(origin->feed);
        } else if (missing) {
            origin->accepts_hole = above;       /* else a batch is damaged there: it has a hole, not a beginning */
            if (above && (rc = accept_hole(recorder, origin)) != 0)
                return rc;
        }
    }
    return 0;
}

/*
 * All streams of the service begin anew at the border of a commit: of a commit they hold everything or nothing. What
 * lies before the hole is set aside, since a log has one beginning.
 */
static int
accept_hole(struct souk_recorder *recorder, struct origin *origin)
{
    int rc;

    for (uint32_t i = 0; i < origin->feed->stream_count; i++) {
        const struct souk_position begins = origin->feed->streams[i].begins;
        struct kept *kept = kept_in(recorder, &origin->feed->streams[i]);
        uint64_t rows;

        if ((rc = souk_log_set_aside(recorder->txn, &kept->log, (struct souk_point){ .number = 0 }, &rows)) != 0
            || (!souk_position_is_zero(&begins)
                && (rc = souk_log_begin(recorder->txn, &kept->log, &begins, recorder->now.wall_ms)) != 0)
            || (rc = load_kept(recorder, kept)) != 0)
            return rc;
        kept->backed_up = 0;
        recorder->set_aside += rows;
    }
    recorder->backed_up_changed = recorder->changed = recorder->again = true;
    if ((rc = save_number(recorder, "aside", recorder->set_aside)) != 0 || (rc = forget_order(recorder)) != 0)
        return rc;
    return new_incarnation(recorder);
}

/* ---- a history that is void ----------------------------------------- */

/* The origin does not know where this store stands: take its streams once more, from where both may be the same. */
static int
go_back(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct souk_feed *feed = recorder->origins[i].feed;
        uint64_t commit = UINT64_MAX;
        int rc;

        for (uint32_t k = 0; k < feed->stream_count; k++) {
            struct kept *kept = kept_in(recorder, &feed->streams[k]);
            struct souk_feed_void *told = &kept->feed->void_;
            uint64_t first;

            if (!told->told)
                continue;
            told->told = false;
            if (!SOUK_PLANTED_BUG(VOID_BY_ANYBODY))
                souk_feed_prefer(feed, &feed->origin);
            souk_feed_want(feed);
            if (!told->by_origin && !SOUK_PLANTED_BUG(VOID_BY_ANYBODY))
                continue;
            if ((rc = find_void(recorder, kept, &first)) != 0)
                return rc;
            if (first < commit)
                commit = first;
        }
        if (commit == UINT64_MAX)
            continue;
        for (uint32_t k = 0; k < feed->stream_count; k++)       /* whole commits are recorded: the others, too */
            if ((rc = stand_before(recorder, kept_in(recorder, &feed->streams[k]), commit)) != 0)
                return rc;
    }
    return 0;
}

/* The first commit that the origin has not got: of what follows the last point that both may have. */
static int
find_void(struct souk_recorder *recorder, const struct kept *kept, uint64_t *commit_out)
{
    const struct souk_point cursor = souk_point_of(&kept->feed->cursor), common = kept->feed->void_.common;
    struct souk_batch_header header;
    struct souk_slice batch;
    int rc = common.number < cursor.number ? souk_log_after(recorder->txn, &kept->log, common, &batch)
        : souk_log_at(recorder->txn, &kept->log, cursor, &batch);

    *commit_out = 0;
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (souk_batch_peek(batch, &header) != 0)
        return -SOUK_EDAMAGED;
    *commit_out = header.commit;
    return 0;
}

/* Go on behind the last batch of an earlier commit. */
static int
stand_before(struct souk_recorder *recorder, struct kept *kept, uint64_t commit)
{
    struct souk_position back = kept->probing ? kept->agreed : kept->head;
    struct souk_batch_header header;
    struct souk_slice batch;
    int rc = souk_log_at(recorder->txn, &kept->log, souk_point_of(&back), &batch);

    if (commit <= 1)
        rc = -SOUK_ENOTFOUND;
    while (rc == 0) {
        if (souk_batch_peek(batch, &header) != 0)
            return -SOUK_EDAMAGED;
        back = souk_batch_end(&header);
        if (header.commit < commit)
            break;
        rc = souk_log_before(recorder->txn, &kept->log, souk_point_of(&back), &batch);
    }
    if (rc == -SOUK_ENOTFOUND)
        memset(&back, 0, sizeof back);
    else if (rc != 0)
        return rc;
    kept->agreed = back;
    kept->probing = !souk_position_equal(&back, &kept->head);
    souk_feed_set_cursor(kept->feed, &back);
    return 0;
}

static int
is_kept(struct souk_recorder *recorder, const struct kept *kept, const struct souk_batch_header *header,
    bool *kept_out)
{
    const struct souk_position end = souk_batch_end(header);
    struct souk_batch_header held;
    struct souk_slice batch;
    int rc = souk_log_at(recorder->txn, &kept->log, souk_point_of(&end), &batch);

    *kept_out = false;
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (souk_batch_peek(batch, &held) != 0)
        return -SOUK_EDAMAGED;
    *kept_out = memcmp(held.hash.bytes, header->hash.bytes, sizeof held.hash.bytes) == 0;
    return 0;
}

/* What the origin sends differs from here on. */
static int
set_aside(struct souk_recorder *recorder, struct kept *kept)
{
    const struct souk_position common = kept->agreed;
    uint64_t rows;
    int rc;

    kept->probing = false;
    if (souk_position_equal(&common, &kept->head))
        return 0;
    if ((rc = souk_log_set_aside(recorder->txn, &kept->log, souk_point_of(&common), &rows)) != 0
        || (rc = load_base(recorder, kept)) != 0)
        return rc;
    kept->head = common;
    if ((rc = souk_log_head(recorder->txn, &kept->log, &(struct souk_position){ .number = 0 }, &kept->commit)) != 0)
        return rc;
    if (kept->backed_up > common.number) {      /* the rest of it is of the other history */
        kept->backed_up = common.number;
        recorder->backed_up_changed = true;
    }
    recorder->set_aside += rows;
    recorder->status.set_aside = recorder->set_aside;
    recorder->changed = true;
    if ((rc = save_number(recorder, "aside", recorder->set_aside)) != 0 || (rc = forget_order(recorder)) != 0)
        return rc;
    return new_incarnation(recorder);
}

/* Log positions belong to one incarnation: all of them are given anew. */
static int
forget_order(struct souk_recorder *recorder)
{
    int rc;

    if (((rc = souk_txn_drop(recorder->txn, TABLE_ORDERED)) != 0 && rc != -SOUK_ENOTFOUND)
        || ((rc = souk_txn_drop(recorder->txn, SOUK_POSITIONS_TABLE)) != 0 && rc != -SOUK_ENOTFOUND))
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        recorder->kept[i].ordered = recorder->kept[i].base;
        recorder->kept[i].held_by = NULL;
    }
    recorder->log_position = 0;
    return 0;
}

/* ---- log positions -------------------------------------------------- */

static int
order(struct souk_recorder *recorder)
{
    bool moved = true, stuck = false;
    uint32_t left = ROUND_BATCHES_MAX;
    int rc;

    while (left != 0 && (moved || !stuck)) {
        stuck = !moved;
        moved = false;
        for (uint32_t i = 0; i < recorder->kept_count; i++) {
            bool next = true;

            while (next && left != 0 && !(stuck && moved)) {
                if ((rc = order_next(recorder, &recorder->kept[i], stuck, &next)) != 0)
                    return rc;
                moved |= next;
                left -= next;
            }
        }
    }
    if (left == 0)
        recorder->again = true;
    return 0;
}

static int
order_next(struct souk_recorder *recorder, struct kept *kept, bool stuck, bool *moved_out)
{
    const struct souk_point head = souk_point_of(&kept->head);
    uint8_t place[SOUK_POSITIONS_PLACE_BYTES], position[8];
    struct souk_table positions, ordered;
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_point point;
    struct souk_slice batch;
    bool ready;
    int rc;

    *moved_out = false;
    if (souk_point_equal(head, kept->ordered))
        return 0;
    if (kept->held_by != NULL && !stuck && !souk_point_satisfied(kept->lacks.point, kept->held_by->ordered)) {
        souk_feeds_wait_for(&recorder->feeds, &kept->lacks, recorder->now);
        return 0;
    }
    kept->held_by = NULL;
    rc = souk_log_after(recorder->txn, &kept->log, kept->ordered, &batch);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (souk_batch_peek(batch, &header) != 0)
        return -SOUK_EDAMAGED;
    if ((rc = is_ordered(recorder, kept, &header, stuck, &ready)) != 0)
        return rc;
    if (!ready && !SOUK_PLANTED_BUG(POSITION_BEFORE_CAUSES))
        return 0;
    end = souk_batch_end(&header);
    point = souk_point_of(&end);
    souk_positions_place_encode(&kept->name, point, place);
    souk_put_u64(position, ++recorder->log_position);
    if ((rc = souk_txn_table(recorder->txn, SOUK_POSITIONS_TABLE, &positions)) != 0
        || (rc = souk_txn_append(recorder->txn, positions, (struct souk_slice){ position, sizeof position },
            (struct souk_slice){ place, sizeof place })) != 0
        || (rc = souk_txn_table(recorder->txn, TABLE_ORDERED, &ordered)) != 0
        || (rc = souk_txn_put(recorder->txn, ordered, souk_name_slice(&kept->name),
            (struct souk_slice){ place + NAME_BYTES, SOUK_POINT_BYTES })) != 0)
        return rc;
    kept->ordered = point;
    recorder->changed = *moved_out = true;
    return 0;
}

/*
 * Has every cause a log position? When nothing moves any more, a void one needs
 * none: recorded is an epoch above it that does not have it, and that epoch may
 * wait in turn for what stands on the void cause.
 */
static int
is_ordered(struct souk_recorder *recorder, struct kept *waits, const struct souk_batch_header *header, bool stuck,
    bool *ordered_out)
{
    struct souk_causes causes;
    struct souk_cause cause;
    int rc;

    *ordered_out = true;
    souk_causes_init(&causes, header);
    while (*ordered_out && souk_causes_next(&causes, &cause)) {
        const struct kept *kept = kept_of(recorder, cause.stream.text);
        bool in = true;

        if (kept == NULL || souk_point_satisfied(cause.point, kept->ordered))
            continue;
        if (stuck && kept->head.epoch.counter > cause.point.epoch.counter
            && (rc = souk_lineage_has(recorder->txn, &kept->name, 0, cause.point, souk_point_of(&kept->head), &in)) != 0)
            return rc;
        if (!in)
            continue;
        souk_feeds_wait_for(&recorder->feeds, &cause, recorder->now);
        *ordered_out = false;
        if (!stuck) {                           /* else the first of them may be one that needs none */
            waits->held_by = kept;
            waits->lacks = cause;
        }
    }
    return causes.in.rc == 0 ? 0 : -SOUK_EDAMAGED;
}

int
souk_recorder_scan(struct souk_txn *txn, uint64_t from,
    int (*each)(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg),
    void *arg)
{
    struct souk_batch_header header;
    struct souk_slice batch, key, place;
    struct souk_table table;
    struct souk_scan *scan;
    uint8_t first[8];
    int rc;

    souk_put_u64(first, from);
    if ((rc = souk_txn_table(txn, SOUK_POSITIONS_TABLE, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ first, sizeof first }, &scan)) != 0)
        return rc;
    for (uint64_t position = from; (rc = souk_scan_next(scan, &key, &place)) == 0; position++) {
        if (key.size_bytes != sizeof first || souk_get_u64(key.base) != position)
            break;                              /* none has this position */
        if ((rc = souk_positions_batch_at(txn, place, &header, &batch)) != 0
            || (rc = each(position, &header, batch, arg)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- telling -------------------------------------------------------- */

static int
acknowledge(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct origin *origin = &recorder->origins[i];
        struct souk_wire_ack ack = { .store = recorder->wiring->self };
        struct souk_pack pack;
        int rc;

        if (!origin->ack_due)
            continue;
        memcpy(ack.incarnation, recorder->incarnation, sizeof ack.incarnation);
        ack.commit = recorder->commit;
        for (uint32_t k = 0; k < origin->feed->stream_count; k++) {
            const struct kept *kept = kept_in(recorder, &origin->feed->streams[k]);

            if (kept->commit == 0 || kept->probing)
                continue;
            ack.acks[ack.count].stream = kept->name;
            ack.acks[ack.count].position = kept->head;
            ack.acks[ack.count++].backed_up = kept->backed_up;
        }
        if (ack.count == 0) {
            origin->ack_due = false;
            continue;
        }
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_ack_put(&pack, &ack);
        rc = send_frame(recorder, &origin->feed->origin, &pack);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
        origin->ack_due = false;
    }
    return 0;
}

static int
fence(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct origin *origin = &recorder->origins[i];
        const struct souk_wire_fenced fenced = { .store = recorder->wiring->self, .service = origin->feed->origin,
            .counter = origin->sealed };
        struct souk_pack pack;
        int rc;

        if (!origin->fence_due || recorder->now.steady_ms < origin->fence_not_before_ms)
            continue;
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_fenced_put(&pack, &fenced);
        rc = send_frame(recorder, &origin->feed->origin, &pack);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
        origin->fence_due = false;
        origin->fence_not_before_ms = recorder->now.steady_ms + recorder->wiring->limits.head_ms / FENCES_PER_HEAD;
        recorder->status.fences++;
    }
    return 0;
}

static int
publish_heads(struct souk_recorder *recorder)
{
    if (!recorder->heads_due && recorder->now.steady_ms < recorder->head_due_ms)
        return 0;
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        const struct souk_feed *feed = recorder->origins[i].feed;
        struct souk_wire_heads heads = { .service = feed->origin, .sender = recorder->wiring->self,
            .time_ms = recorder->now.wall_ms };
        struct souk_slice frames[2];
        struct souk_pack pack;
        int rc;

        memcpy(heads.incarnation, recorder->incarnation, sizeof heads.incarnation);
        memcpy(heads.fingerprint, recorder->wiring->fingerprint, sizeof heads.fingerprint);
        for (uint32_t k = 0; k < feed->stream_count; k++) {
            const struct kept *kept = kept_in(recorder, &feed->streams[k]);

            if (souk_position_is_zero(&kept->head))
                continue;
            heads.heads[heads.count].stream = kept->name;
            heads.heads[heads.count++].position = kept->head;
        }
        if (heads.count == 0)
            continue;
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_heads_put(&pack, &heads);
        frames[0] = souk_wire_topic_heads();
        frames[1] = souk_pack_slice(&pack);
        rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&recorder->outbox, SOUK_OUT_PUBLISH, SOUK_DOOR_COMMANDS, NULL,
            (struct souk_slice){ NULL, 0 }, frames, 2);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
    }
    recorder->heads_due = false;
    recorder->head_due_ms = recorder->now.steady_ms + recorder->wiring->limits.head_ms;
    return 0;
}

static int
send_frame(struct souk_recorder *recorder, const struct souk_name *to, const struct souk_pack *pack)
{
    const struct souk_slice frame = souk_pack_slice(pack);

    if (pack->rc != 0)
        return pack->rc;
    return souk_outbox_put(&recorder->outbox, SOUK_OUT_SEND, SOUK_DOOR_COMMANDS, to, (struct souk_slice){ NULL, 0 },
        &frame, 1);
}

/* ---- backups -------------------------------------------------------- */

int
souk_recorder_backed_up(struct souk_recorder *recorder, const struct souk_backed_up *points, size_t count)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        recorder->kept[i].backed_up = 0;
        for (size_t k = 0; k < count; k++)
            if (strcmp(points[k].stream.text, recorder->kept[i].name.text) == 0)
                recorder->kept[i].backed_up = points[k].number;
    }
    recorder->backed_up_changed = recorder->dirty = true;
    return 0;
}

static int
save_backed_up(struct souk_recorder *recorder)
{
    struct souk_table table;
    uint8_t value[8];
    int rc;

    if (!recorder->backed_up_changed)
        return 0;
    if ((rc = souk_txn_table(recorder->txn, TABLE_BACKED_UP, &table)) != 0)
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        souk_put_u64(value, recorder->kept[i].backed_up);
        rc = souk_txn_put(recorder->txn, table, souk_name_slice(&recorder->kept[i].name),
            (struct souk_slice){ value, sizeof value });
        if (rc != 0)
            return rc;
    }
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        recorder->origins[i].ack_due = true;
    recorder->changed = true;
    return 0;
}

/* ---- how it stands -------------------------------------------------- */

void
souk_recorder_status(const struct souk_recorder *recorder, struct souk_recorder_status *status_out)
{
    *status_out = recorder->status;
    memcpy(status_out->incarnation, recorder->incarnation, sizeof status_out->incarnation);
    status_out->commit = recorder->commit;
    status_out->log_position = recorder->log_position;
    status_out->set_aside = recorder->set_aside;
    status_out->duplicates = recorder->feeds.duplicates;
    status_out->gaps = recorder->feeds.gaps;
    status_out->pulls = recorder->feeds.pulls;
    status_out->pulls_busy = recorder->feeds.busy;
    status_out->malformed += recorder->feeds.malformed;
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        const struct souk_point head = souk_point_of(&recorder->kept[i].head);
        const char *origin = recorder->kept[i].feed->feed->origin.text;
        char text[2 * sizeof status_out->waiting_for];

        status_out->unordered += !souk_point_equal(head, recorder->kept[i].ordered);
        if (recorder->kept[i].feed->trimmed == 0)
            continue;
        (void)snprintf(text, sizeof text, "%s does not hold what follows %s %" PRIu32 ".%" PRIu64 " any more, and nothing"
            " behind it is recorded: another event store has to have it, else restore a backup of this one, or give it"
            " up for good with --accept-hole=%s", origin, recorder->kept[i].name.text, head.epoch.counter, head.number,
            origin);
        (void)snprintf(status_out->waiting_for, sizeof status_out->waiting_for, "%.*s",
            (int)sizeof status_out->waiting_for - 1, text);
    }
}

int
souk_recorder_cursor(const struct souk_recorder *recorder, const char *stream, struct souk_position *out)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (strcmp(recorder->kept[i].name.text, stream) == 0) {
            *out = recorder->kept[i].head;
            return 0;
        }
    return -SOUK_ENOTFOUND;
}

bool
souk_recorder_stream(const struct souk_recorder *recorder, uint32_t index, struct souk_stream_status *out)
{
    const struct kept *kept = index < recorder->kept_count ? &recorder->kept[index] : NULL;

    memset(out, 0, sizeof *out);
    if (kept == NULL)
        return false;
    out->name = kept->name;
    out->origin = kept->feed->feed->origin;
    out->cursor = kept->head;
    out->time_ms = kept->time_ms;
    out->behind_since_ms = souk_feed_behind_since_ms(kept->feed);
    out->heard = kept->feed->heard;
    out->queued_bytes = kept->feed->queued_bytes;
    out->begins = kept->base.number + 1;
    out->hole_ms = kept->base.number == 0 ? 0 : kept->hole_ms;
    return true;
}
