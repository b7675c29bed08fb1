#include "souk_recorder_parts.h"

#include "souk_refusal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WITNESS_FIELDS 2
#define SEALS_WAITING_MAX 256           /* while there is no room on the disk; more are asked again */
#define FULL_PAUSE_MS 1000

static int take_wiring(struct souk_recorder *recorder, struct souk_error *err);
static int load(struct souk_recorder *recorder);
static int load_backed_up(struct souk_recorder *recorder, struct recorder_kept *kept);
static int load_seal(struct souk_recorder *recorder, struct recorder_origin *origin);
static int load_number(struct souk_recorder *recorder, const char *name, uint64_t *number_out);
static bool witness_fits(struct souk_recorder *recorder, struct souk_slice witness);
static bool is_probing(struct souk_recorder *recorder, const struct souk_feed *feed);
static bool has_origins_history(struct souk_recorder *recorder, const struct souk_wire_pulled *pulled);

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
        && (rc = recorder_new_incarnation(recorder)) != 0)
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
    for (struct recorder_request *at = recorder->seals, *next; at != NULL; at = next) {
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
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_META, &table)) == 0)
        rc = souk_txn_get(recorder->txn, table, souk_slice_of("incarnation"), &value);
    if (rc == 0 && value.size_bytes != sizeof recorder->incarnation)
        return -SOUK_EDAMAGED;
    if (rc == 0)
        memcpy(recorder->incarnation, value.base, sizeof recorder->incarnation);
    else if (rc != -SOUK_ENOTFOUND)
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if ((rc = recorder_load_kept(recorder, &recorder->kept[i])) != 0)
            return rc;
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        if ((rc = load_seal(recorder, &recorder->origins[i])) != 0)
            return rc;
    return 0;
}

int
recorder_load_kept(struct souk_recorder *recorder, struct recorder_kept *kept)
{
    const struct souk_slice name = souk_name_slice(&kept->name);
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if ((rc = souk_log_open(recorder->txn, &kept->name, &kept->log)) != 0
        || (rc = souk_log_head(recorder->txn, &kept->log, &kept->head, &kept->commit)) != 0
        || (rc = souk_log_time(recorder->txn, &kept->log, &kept->time_ms)) != 0
        || (rc = recorder_load_base(recorder, kept)) != 0)
        return rc;
    kept->ordered = kept->base;                 /* what was given up holds up nothing */
    kept->held_by = NULL;
    kept->probing = false;
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_ORDERED, &table)) == 0
        && (rc = souk_txn_get(recorder->txn, table, name, &value)) == 0)
        rc = souk_point_decode(value, &kept->ordered);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = load_backed_up(recorder, kept)) != 0)
        return rc;
    souk_feed_set_cursor(kept->feed, &kept->head);
    return 0;
}

/* What is not written yet stays as it was told: nobody tells it again because a commit was refused. */
static int
load_backed_up(struct souk_recorder *recorder, struct recorder_kept *kept)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if (recorder->backed_up_changed)
        return 0;
    kept->backed_up = 0;
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_BACKED_UP, &table)) != 0
        || (rc = souk_txn_get(recorder->txn, table, souk_name_slice(&kept->name), &value)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    kept->backed_up = souk_get_u64(value.base);
    return 0;
}

int
recorder_load_base(struct souk_recorder *recorder, struct recorder_kept *kept)
{
    struct souk_position base;
    int rc;

    if ((rc = souk_log_base(recorder->txn, &kept->log, &base)) != 0)
        return rc;
    kept->base = souk_point_of(&base);
    return souk_log_hole(recorder->txn, &kept->log, &kept->hole_ms);
}

static int
load_seal(struct souk_recorder *recorder, struct recorder_origin *origin)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    origin->sealed = 0;
    memset(origin->instance, 0, sizeof origin->instance);
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_SEALS, &table)) == 0
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
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_META, &table)) == 0)
        rc = souk_txn_get(recorder->txn, table, souk_slice_of(name), &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    *number_out = souk_get_u64(value.base);
    return 0;
}

int
recorder_save_number(struct souk_recorder *recorder, const char *name, uint64_t number)
{
    struct souk_table table;
    uint8_t value[8];
    int rc;

    souk_put_u64(value, number);
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_META, &table)) != 0)
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

int
recorder_new_incarnation(struct souk_recorder *recorder)
{
    struct souk_table table;
    int rc;

    recorder->wiring->random.fill(recorder->wiring->random.arg, recorder->incarnation,
        sizeof recorder->incarnation);
    recorder->commit++;
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_META, &table)) != 0
        || (rc = souk_txn_put(recorder->txn, table, souk_slice_of("incarnation"),
            (struct souk_slice){ recorder->incarnation, sizeof recorder->incarnation })) != 0)
        return rc;
    return recorder_save_number(recorder, "commit", recorder->commit);
}

struct recorder_origin *
recorder_origin(struct souk_recorder *recorder, const char *service)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        if (souk_text_equal(recorder->origins[i].feed->origin.text, service))
            return &recorder->origins[i];
    return NULL;
}

struct recorder_kept *
recorder_kept(struct souk_recorder *recorder, const char *stream)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (souk_text_equal(recorder->kept[i].name.text, stream))
            return &recorder->kept[i];
    return NULL;
}

/* Every stream of a feed is kept. */
struct recorder_kept *
recorder_kept_in(struct souk_recorder *recorder, const struct souk_feed_stream *stream)
{
    struct recorder_kept *kept = recorder_kept(recorder, stream->name.text);

    assert(kept != NULL);
    return kept;
}

static bool
is_probing(struct souk_recorder *recorder, const struct souk_feed *feed)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (recorder->kept[i].feed->feed == feed && recorder->kept[i].probing)
            return true;
    return false;
}

/*
 * Whose heads are those that the origin named last has the history that ends in them, by its chain, and what the origin
 * has trimmed of it: such a holder may say where what is recorded here has left it.
 */
static bool
has_origins_history(struct souk_recorder *recorder, const struct souk_wire_pulled *pulled)
{
    for (uint32_t i = 0; i < pulled->count; i++) {
        const struct recorder_kept *kept = recorder_kept(recorder, pulled->answers[i].stream.text);

        if (kept == NULL || !souk_position_equal(&pulled->answers[i].head, &kept->feed->origin_head))
            return false;
    }
    return true;
}

/* ---- hearing -------------------------------------------------------- */

void
souk_recorder_hear_request(struct souk_recorder *recorder, struct souk_slice route, struct souk_slice identity,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct recorder_request *request;

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
        || recorder_origin(recorder, request->seal.service.text) == NULL) {
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
    struct recorder_origin *origin = NULL;
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
        const struct recorder_kept *kept = recorder_kept(recorder, pulled.answers[i].stream.text);

        if (kept != NULL)
            origin = recorder_origin(recorder, kept->feed->feed->origin.text);
        if (pulled.answers[i].head.epoch.counter > counter)
            counter = pulled.answers[i].head.epoch.counter;
    }
    if (origin == NULL)
        return;
    by_origin = souk_text_equal(from->text, origin->feed->origin.text);
    take = (counter >= origin->sealed || SOUK_PLANTED_BUG(PULL_PAST_SEAL))
        && (by_origin || !is_probing(recorder, origin->feed) || has_origins_history(recorder, &pulled)
            || SOUK_PLANTED_BUG(VOID_BY_ANYBODY));
    if (by_origin && counter < origin->sealed)
        origin->fence_due = true;
    /* The holder works while this is recorded; without memory for that, it is asked in the round. */
    if (souk_feeds_hear_pulled(&recorder->feeds, from, &pulled, frames + 1, frame_count - 1, take, now)
        && souk_feeds_elapse(&recorder->feeds, &recorder->outbox, now) != 0)
        return;
}

void
souk_recorder_hear_published(struct souk_recorder *recorder, const struct souk_name *from,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct recorder_origin *origin = recorder_origin(recorder, from->text);
    struct souk_batch_header header;
    struct souk_wire_heads heads;

    recorder->dirty = true;
    if (frame_count != 2) {
        recorder->status.malformed++;
        return;
    }
    if (souk_slice_equal(frames[0], souk_wire_topic_heads())) {
        bool level = true;

        if (souk_wire_heads_get(frames[1], &heads) != 0 || !souk_text_equal(heads.sender.text, from->text)) {
            recorder->status.malformed++;
            return;
        }
        souk_feeds_hear_heads(&recorder->feeds, &heads, now);
        if (origin == NULL || !souk_text_equal(heads.sender.text, heads.service.text))
            return;
        for (uint32_t i = 0; i < heads.count; i++) {
            const struct recorder_kept *kept = recorder_kept(recorder, heads.heads[i].stream.text);

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
        souk_feeds_hear_batch(&recorder->feeds, from, frames[1], now);      /* which says why not */
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
    recorder->dirty = recorder->again = recorder->changed = recorder->backed_up_saved = false;
    *changed_out = false;
    if (now.steady_ms >= recorder->full_until_ms) {
        if ((rc = recorder_go_back(recorder)) != 0 || (rc = recorder_accept_holes(recorder)) != 0
            || (rc = recorder_record(recorder)) != 0 || (rc = recorder_grant_seals(recorder)) != 0
            || (rc = recorder_order(recorder)) != 0 || (rc = recorder_save_backed_up(recorder)) != 0)
            goto done;
    }
    if (recorder->changed) {
        recorder->commit++;
        recorder->witness_changed = true;
        if ((rc = recorder_save_number(recorder, "commit", recorder->commit)) != 0
            || (rc = recorder_save_number(recorder, "position", recorder->log_position)) != 0)
            goto done;
    }
    if ((rc = recorder_acknowledge(recorder)) != 0 || (rc = recorder_fence(recorder)) != 0
        || (rc = recorder_publish_heads(recorder)) != 0
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
    struct recorder_request *request;

    recorder->witness_changed = false;
    if (recorder->backed_up_saved)
        recorder->backed_up_changed = false;
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
    recorder->heads_due = recorder->dirty = true;       /* they may have been to leave with what is dropped */
    recorder->txn = txn;
    rc = load(recorder);
    recorder->txn = NULL;
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct recorder_origin *origin = &recorder->origins[i];

        origin->ack_due = true;
        for (const struct recorder_request *request = recorder->seals; request != NULL; request = request->next)
            if (souk_text_equal(request->seal.service.text, origin->feed->origin.text))
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
    if (status_out->waiting_for[0] == '\0')
        (void)souk_feeds_are_newer(&recorder->feeds, status_out->waiting_for, sizeof status_out->waiting_for);
}

int
souk_recorder_cursor(const struct souk_recorder *recorder, const char *stream, struct souk_position *out)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (souk_text_equal(recorder->kept[i].name.text, stream)) {
            *out = recorder->kept[i].head;
            return 0;
        }
    return -SOUK_ENOTFOUND;
}

bool
souk_recorder_stream(const struct souk_recorder *recorder, uint32_t index, struct souk_stream_status *out)
{
    const struct recorder_kept *kept = index < recorder->kept_count ? &recorder->kept[index] : NULL;

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
