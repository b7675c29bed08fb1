#include "souk_recorder_parts.h"

#include <assert.h>
#include <string.h>

#define HOLE_TRIES 3                    /* so often the origin has said `trimmed`, and others were asked in between */

static bool rises(struct souk_recorder *recorder, struct souk_feed_batch *const *batches, uint32_t count);
static int record_batch(struct souk_recorder *recorder, struct souk_feed_batch *batch);
static int accept_hole(struct souk_recorder *recorder, struct recorder_origin *origin);
static int find_void(struct souk_recorder *recorder, const struct recorder_kept *kept, uint64_t *commit_out);
static int stand_before(struct souk_recorder *recorder, struct recorder_kept *kept, uint64_t commit);
static int set_aside(struct souk_recorder *recorder, struct recorder_kept *kept);
static int is_kept(struct souk_recorder *recorder, const struct recorder_kept *kept,
    const struct souk_batch_header *header, bool *kept_out);

/* ---- recording ------------------------------------------------------ */

int
recorder_record(struct souk_recorder *recorder)
{
    struct souk_feed_batch *batches[SOUK_COMMIT_BATCHES_MAX];
    uint32_t recorded = 0, count;
    int rc;

    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct recorder_origin *origin = &recorder->origins[i];

        while (recorded < RECORDER_ROUND_BATCHES_MAX && (count = souk_feed_commit(origin->feed, batches)) != 0) {
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
    if (recorded >= RECORDER_ROUND_BATCHES_MAX)
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
        const struct recorder_kept *kept = recorder_kept(recorder, batches[i]->header.stream.text);

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
    struct recorder_kept *kept = recorder_kept(recorder, header->stream.text);
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
int
recorder_accept_holes(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct recorder_origin *origin = &recorder->origins[i];
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
accept_hole(struct souk_recorder *recorder, struct recorder_origin *origin)
{
    int rc;

    for (uint32_t i = 0; i < origin->feed->stream_count; i++) {
        const struct souk_position begins = origin->feed->streams[i].begins;
        struct recorder_kept *kept = recorder_kept_in(recorder, &origin->feed->streams[i]);
        uint64_t rows;

        if ((rc = souk_log_set_aside(recorder->txn, &kept->log, (struct souk_point){ .number = 0 }, &rows)) != 0
            || (!souk_position_is_zero(&begins)
                && (rc = souk_log_begin(recorder->txn, &kept->log, &begins, recorder->now.wall_ms)) != 0)
            || (rc = recorder_load_kept(recorder, kept)) != 0)
            return rc;
        kept->backed_up = 0;
        recorder->set_aside += rows;
    }
    recorder->backed_up_changed = recorder->changed = recorder->again = true;
    if ((rc = recorder_save_number(recorder, "aside", recorder->set_aside)) != 0
        || (rc = recorder_forget_order(recorder)) != 0)
        return rc;
    return recorder_new_incarnation(recorder);
}

/* ---- a history that is void ----------------------------------------- */

/* The origin does not know where this store stands: take its streams once more, from where both may be the same. */
int
recorder_go_back(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct souk_feed *feed = recorder->origins[i].feed;
        uint64_t commit = UINT64_MAX;
        int rc;

        for (uint32_t k = 0; k < feed->stream_count; k++) {
            struct recorder_kept *kept = recorder_kept_in(recorder, &feed->streams[k]);
            struct souk_feed_void *told = &kept->feed->void_;
            uint64_t first;

            if (!told->told)
                continue;
            told->told = false;
            if (!SOUK_PLANTED_BUG(VOID_BY_ANYBODY))
                souk_feed_prefer(feed, &feed->origin);
            souk_feed_want(feed);
            if ((!told->by_origin && !SOUK_PLANTED_BUG(VOID_BY_ANYBODY)) || SOUK_PLANTED_BUG(RECORDED_IS_KEPT))
                continue;
            if ((rc = find_void(recorder, kept, &first)) != 0)
                return rc;
            if (first < commit)
                commit = first;
        }
        if (commit == UINT64_MAX)
            continue;
        for (uint32_t k = 0; k < feed->stream_count; k++)       /* whole commits are recorded: the others, too */
            if ((rc = stand_before(recorder, recorder_kept_in(recorder, &feed->streams[k]), commit)) != 0)
                return rc;
    }
    return 0;
}

/* The first commit that the origin has not got: of what follows the last point that both may have. */
static int
find_void(struct souk_recorder *recorder, const struct recorder_kept *kept, uint64_t *commit_out)
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
stand_before(struct souk_recorder *recorder, struct recorder_kept *kept, uint64_t commit)
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
is_kept(struct souk_recorder *recorder, const struct recorder_kept *kept,
    const struct souk_batch_header *header, bool *kept_out)
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
set_aside(struct souk_recorder *recorder, struct recorder_kept *kept)
{
    const struct souk_position common = kept->agreed;
    uint64_t rows;
    int rc;

    kept->probing = false;
    if (souk_position_equal(&common, &kept->head))
        return 0;
    if ((rc = souk_log_set_aside(recorder->txn, &kept->log, souk_point_of(&common), &rows)) != 0
        || (rc = recorder_load_base(recorder, kept)) != 0)
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
    if ((rc = recorder_save_number(recorder, "aside", recorder->set_aside)) != 0
        || (rc = recorder_forget_order(recorder)) != 0)
        return rc;
    return recorder_new_incarnation(recorder);
}
