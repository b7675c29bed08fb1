#include "souk_holder.h"
#include "souk_plant.h"

#include <stdlib.h>
#include <string.h>

#define MARK_BEGIN UINT64_C(0xcbf29ce484222325)
#define MARK_STEP UINT64_C(0x100000001b3)

/* One stream of the pull, and its next batch. */
struct lane {
    struct souk_log log;
    struct souk_slice batch;
    struct souk_batch_header header;
    bool done;
    bool is_asked_again;                        /* what the asker has got was lost, or no good */
};

static bool may_have(const struct souk_holder *holder, const struct souk_wire_pull *pull,
    const struct souk_name *stream);
static bool is_event_store(const struct souk_holder *holder, const struct souk_name *name);
static int judge(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane,
    const struct souk_wire_place *asked, struct souk_wire_answer *answer);
static int find_beginnings(struct souk_holder *holder, struct souk_txn *txn, struct lane *lanes,
    const struct souk_name *asker, struct souk_wire_pulled *pulled);
static int first_step(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane, struct souk_slice route,
    struct souk_wire_answer *answer);
static bool is_asked_again(struct souk_holder *holder, struct souk_slice route, const struct souk_wire_answer *answer);
static uint64_t mark(uint64_t mark, const void *base, size_t bytes);
static int judge_waits(struct souk_holder *holder, struct souk_txn *txn, const struct souk_wire_pull *pull);
static int step(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane, struct souk_point from);
static struct lane *first_lane(struct lane *lanes, uint32_t count);
static bool before(const struct souk_batch_header *a, const struct souk_batch_header *b);

int
souk_holder_answer(struct souk_holder *holder, struct souk_txn *txn, const struct souk_wire_pull *pull,
    struct souk_slice route, struct souk_outbox *outbox)
{
    struct souk_wire_pulled pulled = { .request = pull->request, .holder = holder->wiring->self };
    struct souk_slice *frames = NULL;
    struct lane *lanes = NULL, *lane;
    size_t frame_count = 1, sent_bytes = 0;
    struct souk_pack pack;
    int rc = 0;

    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    lanes = calloc((size_t)pull->cursor_count + 1, sizeof *lanes);
    frames = malloc(SOUK_FRAMES_MAX * sizeof *frames);
    if (lanes == NULL || frames == NULL) {
        rc = -SOUK_ENOMEM;
        goto done;
    }
    memcpy(pulled.incarnation, holder->incarnation, sizeof pulled.incarnation);
    for (uint32_t i = 0; i < pull->cursor_count && rc == 0; i++) {
        lane = &lanes[pulled.count];
        if (!may_have(holder, pull, &pull->cursors[i].stream))
            continue;
        rc = judge(holder, txn, lane, &pull->cursors[i], &pulled.answers[pulled.count++]);
    }
    if (rc != 0 || (rc = judge_waits(holder, txn, pull)) != 0
        || (rc = find_beginnings(holder, txn, lanes, &pull->asker, &pulled)) != 0)
        goto done;
    /* Every table is open by now: from here on nothing ends the life of a borrowed batch. */
    for (uint32_t i = 0; i < pulled.count; i++)
        if (!lanes[i].done && (rc = first_step(holder, txn, &lanes[i], route, &pulled.answers[i])) != 0)
            goto done;

    /* Whole commits, in their order, each batch as it was stored. */
    while ((lane = first_lane(lanes, pulled.count)) != NULL) {
        const struct souk_batch_header at = lane->header;

        if (frame_count > 1 && (sent_bytes >= pull->credit_bytes
            || frame_count + SOUK_COMMIT_BATCHES_MAX > SOUK_FRAMES_MAX)) {
            pulled.more = true;
            break;
        }
        while (lane != NULL && lane->header.commit == at.commit && souk_epoch_equal(lane->header.epoch, at.epoch)
            && frame_count < SOUK_FRAMES_MAX) {
            const struct souk_position end = souk_batch_end(&lane->header);

            frames[frame_count++] = lane->batch;
            sent_bytes += lane->batch.size_bytes;
            if ((rc = step(holder, txn, lane, souk_point_of(&end))) != 0)
                goto done;
            lane = first_lane(lanes, pulled.count);
        }
    }
    souk_wire_pulled_put(&pack, &pulled);
    frames[0] = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(outbox, SOUK_OUT_REPLY, SOUK_DOOR_QUERIES, NULL, route, frames,
        frame_count);
done:
    souk_pack_done(&pack);
    free(frames);
    free(lanes);
    return rc;
}

/* A service answers for what it writes, an event store for everything; private streams to their owner and event stores. */
static bool
may_have(const struct souk_holder *holder, const struct souk_wire_pull *pull, const struct souk_name *stream)
{
    const struct souk_wiring *wiring = holder->wiring;

    for (size_t i = 0; i < wiring->stream_count; i++) {
        const struct souk_wired_stream *wired = &wiring->streams[i];

        if (!souk_text_equal(wired->name.text, stream->text))
            continue;
        if (!holder->is_store && !souk_text_equal(wired->origin.text, wiring->self.text))
            return false;
        if (!wired->is_private || souk_text_equal(pull->asker.text, wired->origin.text))
            return true;
        return is_event_store(holder, &pull->asker);
    }
    return false;
}

static bool
is_event_store(const struct souk_holder *holder, const struct souk_name *name)
{
    for (size_t i = 0; i < holder->wiring->store_count; i++)
        if (souk_text_equal(holder->wiring->stores[i].name.text, name->text))
            return true;
    return false;
}

static int
judge(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane, const struct souk_wire_place *asked,
    struct souk_wire_answer *answer)
{
    int rc;

    answer->stream = asked->stream;
    answer->asked = asked->position;
    lane->done = true;
    if ((rc = souk_log_open(txn, &asked->stream, &lane->log)) != 0
        || (rc = souk_log_judge(txn, &lane->log, &asked->position, &answer->verdict, &answer->head,
            &answer->common)) != 0)
        return rc;
    if (souk_position_equal(&asked->position, &SOUK_WIRE_BEGINNING)) {
        answer->verdict = SOUK_BEGINS;
        answer->common = (struct souk_point){ .number = 0 };
        return 0;
    }
    if (SOUK_PLANTED_BUG(MINE_BY_NUMBER) && asked->position.number <= answer->head.number)
        answer->verdict = SOUK_NEXT;
    if (answer->verdict == SOUK_UNKNOWN && !holder->is_store
        && asked->position.epoch.counter > holder->foreign)
        holder->foreign = asked->position.epoch.counter;
    if (SOUK_PLANTED_BUG(VOID_NOT_TOLD) && answer->verdict == SOUK_VOID) {
        answer->verdict = SOUK_UNKNOWN;
        answer->common = (struct souk_point){ .number = 0 };
    }
    if (answer->verdict != SOUK_NEXT)
        return 0;
    lane->done = false;
    return 0;
}

/*
 * The positions behind which an origin has all of its commits, whole, in every stream that was asked for: each may have
 * lost another part of the commit that was trimmed last. Nobody but an event store begins there, and an event store
 * knows no border.
 */
static int
find_beginnings(struct souk_holder *holder, struct souk_txn *txn, struct lane *lanes, const struct souk_name *asker,
    struct souk_wire_pulled *pulled)
{
    const bool may = !holder->is_store && is_event_store(holder, asker);
    uint64_t commit = 0;
    int rc;

    for (uint32_t i = 0; i < pulled->count; i++) {
        struct souk_wire_answer *answer = &pulled->answers[i];
        struct souk_batch_header header;
        struct souk_slice batch;

        if (answer->verdict != SOUK_BEGINS)
            continue;
        if (!may)
            answer->verdict = SOUK_UNKNOWN;
        else if ((rc = souk_log_base(txn, &lanes[i].log, &answer->head)) != 0)
            return rc;
        if (!may || souk_position_is_zero(&answer->head))
            continue;
        rc = souk_log_after(txn, &lanes[i].log, souk_point_of(&answer->head), &batch);
        if (rc == 0 && souk_batch_peek(batch, &header) != 0)
            rc = -SOUK_EDAMAGED;
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        if (rc == 0 && header.commit > commit)
            commit = header.commit;
    }
    for (uint32_t i = 0; i < pulled->count; i++) {
        struct souk_position *begin = &pulled->answers[i].head;
        struct souk_batch_header header;
        struct souk_slice batch;

        if (pulled->answers[i].verdict != SOUK_BEGINS)
            continue;
        while ((rc = souk_log_after(txn, &lanes[i].log, souk_point_of(begin), &batch)) == 0) {
            if (souk_batch_peek(batch, &header) != 0)
                return -SOUK_EDAMAGED;
            if (header.commit >= commit)
                break;
            *begin = souk_batch_end(&header);
        }
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
    }
    return 0;
}

static int
first_step(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane, struct souk_slice route,
    struct souk_wire_answer *answer)
{
    int rc;

    lane->is_asked_again = is_asked_again(holder, route, answer);
    rc = step(holder, txn, lane, souk_point_of(&answer->asked));
    if (rc == 0 && lane->done && !souk_position_equal(&answer->asked, &answer->head))
        answer->verdict = SOUK_TRIMMED;         /* what comes next is damaged here: somebody else has it */
    return rc;
}

/* By that peer, from that place, and not long ago. Two pulls of one mark cost a look too many, or too few for once. */
static bool
is_asked_again(struct souk_holder *holder, struct souk_slice route, const struct souk_wire_answer *answer)
{
    const struct souk_position *asked = &answer->asked;
    uint64_t *place, said = MARK_BEGIN;
    bool again;

    said = mark(said, route.base, route.size_bytes);
    said = mark(said, answer->stream.text, strlen(answer->stream.text));
    said = mark(said, &asked->epoch.counter, sizeof asked->epoch.counter);
    said = mark(said, &asked->number, sizeof asked->number);
    said = mark(said, asked->hash.bytes, sizeof asked->hash.bytes);
    place = &holder->asked[said % SOUK_HOLDER_ASKED_MAX];
    again = *place == said;
    *place = said;
    return again;
}

/* FNV-1a. */
static uint64_t
mark(uint64_t mark, const void *base, size_t bytes)
{
    const uint8_t *at = base;

    for (size_t i = 0; i < bytes; i++)
        mark = (mark ^ at[i]) * MARK_STEP;
    return mark;
}

static int
judge_waits(struct souk_holder *holder, struct souk_txn *txn, const struct souk_wire_pull *pull)
{
    for (uint32_t i = 0; i < pull->wait_count && !holder->is_store; i++) {
        const struct souk_cause *wait = &pull->waits[i];
        struct souk_position head;
        struct souk_log log;
        bool in;
        int rc;

        if (!may_have(holder, pull, &wait->stream))
            continue;
        if ((rc = souk_log_open(txn, &wait->stream, &log)) != 0
            || (rc = souk_log_head(txn, &log, &head, NULL)) != 0
            || (rc = souk_lineage_has(txn, &wait->stream, 0, wait->point, souk_point_of(&head), &in)) != 0)
            return rc;
        if (!in && wait->point.epoch.counter >= head.epoch.counter
            && wait->point.epoch.counter > holder->foreign && !SOUK_PLANTED_BUG(WAITS_IGNORED))
            holder->foreign = wait->point.epoch.counter;
    }
    return 0;
}

static int
step(struct souk_holder *holder, struct souk_txn *txn, struct lane *lane, struct souk_point from)
{
    int rc = souk_log_after(txn, &lane->log, from, &lane->batch);

    if (rc == 0 && (lane->is_asked_again ? souk_batch_read(lane->batch, &lane->header)
        : souk_batch_peek(lane->batch, &lane->header)) != 0) {
        holder->damaged++;
        rc = -SOUK_ENOTFOUND;
    }
    lane->done = rc != 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static struct lane *
first_lane(struct lane *lanes, uint32_t count)
{
    struct lane *first = NULL;

    for (uint32_t i = 0; i < count; i++)
        if (!lanes[i].done && (first == NULL || before(&lanes[i].header, &first->header)))
            first = &lanes[i];
    return first;
}

static bool
before(const struct souk_batch_header *a, const struct souk_batch_header *b)
{
    if (a->epoch.counter != b->epoch.counter)
        return a->epoch.counter < b->epoch.counter;
    if (a->commit != b->commit)
        return a->commit < b->commit;
    return a->place < b->place;
}
