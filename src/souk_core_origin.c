#include "souk_core_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEAL_TRIES_BEFORE_LOSS 3        /* unanswered, before --new or --accept-loss count */
#define SEAL_CHECK_HEADS 5              /* a live origin asks for its seal again each so many heads */
#define FOREIGN_COUNTERS_MAX 65536      /* so far above the own one is an epoch counter believed */

static void say(struct souk_core *core, const char *text);
static bool has_rival(const struct souk_core *core, const struct souk_wire_sealed *sealed);
static void meet(struct souk_core *core, struct core_store *store, const uint8_t incarnation[8]);
static void fenced(struct souk_core *core);
static int check_seals(struct souk_core *core);
static int send_seals(struct souk_core *core, uint32_t counter);
static bool all_granted(const struct souk_core *core);
static void choose(struct souk_core *core);
static bool is_longer(const struct core_store *store, const struct core_store *than);
static int judge_own(struct souk_core *core, const struct core_own *own, const struct souk_position *theirs,
    enum souk_verdict *verdict_out);
static bool all_fetched(const struct souk_core *core);
static int fetch(struct souk_core *core);
static void say_lacking(struct souk_core *core);
static void reach_out(struct souk_core *core, const struct souk_batch_header *header);
static int extend_reacted(struct souk_core *core, const struct souk_batch_header *header);
static void losses_told(struct souk_core *core, const struct souk_batch_header *header);
static int owe_loss(struct souk_core *core, const struct souk_because *because, uint64_t commit);
static int take_own(struct souk_core *core, struct souk_feed_batch *batch);
static int open_epoch(struct souk_core *core);

struct core_own *
core_own(struct souk_core *core, const char *stream)
{
    for (uint32_t i = 0; i < core->own_count; i++)
        if (souk_text_equal(core->own[i].name.text, stream))
            return &core->own[i];
    return NULL;
}

/* ---- finding out what the past is ----------------------------------- */

struct core_store *
core_store(struct souk_core *core, const struct souk_name *name)
{
    for (uint32_t i = 0; i < core->store_count; i++)
        if (souk_text_equal(core->stores[i].name.text, name->text))
            return &core->stores[i];
    return NULL;
}

static void
say(struct souk_core *core, const char *text)
{
    memset(core->status.waiting_for, 0, sizeof core->status.waiting_for);
    strncpy(core->status.waiting_for, text, sizeof core->status.waiting_for - 1);
}

void
core_begin_sealing(struct souk_core *core, enum souk_record_reason reason)
{
    core->state = SOUK_CORE_SEALING;
    core->reason = reason;
    if (core->seen_counter < core->epoch.counter)
        core->seen_counter = core->epoch.counter;
    core->seal_counter = core->seen_counter + 1;
    core->seal_round = core->seal_request + 1;
    core->seal_due_ms = 0;
    core->seal_tries = 0;
    core->rechoose = true;
    for (uint32_t i = 0; i < core->store_count; i++)
        core->stores[i].granted = false;
    for (uint32_t i = 0; i < core->own_count; i++)
        memset(&core->own[i].target, 0, sizeof core->own[i].target);
    core->wiring->random.fill(core->wiring->random.arg, core->instance, sizeof core->instance);
    core->witness_changed = true;               /* a crash from here on proves nothing */
    if (core->own_feed != NULL)
        souk_feed_sleep(core->own_feed);
    say(core, "asking the event stores to seal this service's streams");
}

/*
 * Does this answer tell of another epoch with the counter of the present one? An event store that was restored has
 * forgotten who holds the seal, and may have given the same counter to another instance: it records that one's epoch,
 * or has only sealed it so far, which it says by refusing what it has recorded nothing of.
 */
static bool
has_rival(const struct souk_core *core, const struct souk_wire_sealed *sealed)
{
    bool own = false;

    for (uint32_t i = 0; i < sealed->count; i++) {
        const struct souk_epoch *theirs = &sealed->positions[i].position.epoch;

        if (theirs->counter != core->epoch.counter)
            continue;
        if (!souk_epoch_equal(*theirs, core->epoch))
            return true;
        own = true;
    }
    return !sealed->granted && sealed->counter == core->epoch.counter && !own;
}

void
core_hear_sealed(struct souk_core *core, const struct souk_wire_sealed *sealed)
{
    struct core_store *store = core_store(core, &sealed->store);

    if (store == NULL || store->lost || !souk_text_equal(sealed->service.text, core->wiring->self.text))
        return;
    if (sealed->counter > core->seen_counter && !sealed->granted)
        core->seen_counter = sealed->counter;
    if (core->state == SOUK_CORE_LIVE && !sealed->granted && sealed->counter > core->epoch.counter)
        fenced(core);
    if (sealed->request < core->seal_round || sealed->request > core->seal_request
        || sealed->request <= store->seal_answered)
        return;
    store->seal_answered = sealed->request;
    meet(core, store, sealed->incarnation);
    if (core->state == SOUK_CORE_FETCHING && !SOUK_PLANTED_BUG(OLD_SEAL_COUNTS) && (!sealed->granted || (store->granted
        && memcmp(store->sealed_incarnation, sealed->incarnation, sizeof sealed->incarnation) != 0))) {
        core_begin_sealing(core, core->reason);
        return;
    }
    if (core->state == SOUK_CORE_LIVE && has_rival(core, sealed))
        souk_core_hear_foreign(core, core->epoch.counter, core->now);
    if (core->state != SOUK_CORE_SEALING)
        return;
    if (!sealed->granted) {
        if (sealed->counter >= core->seal_counter)
            core_begin_sealing(core, core->reason);
        return;
    }
    store->granted = true;
    memcpy(store->sealed_incarnation, sealed->incarnation, sizeof store->sealed_incarnation);
    store->position_count = sealed->count;
    memcpy(store->positions, sealed->positions, sizeof store->positions);
    core->rechoose = true;
}

void
core_hear_fenced(struct souk_core *core, const struct souk_wire_fenced *notice)
{
    if (!souk_text_equal(notice->service.text, core->wiring->self.text) || core->own_count == 0)
        return;
    if (notice->counter > core->seen_counter)
        core->seen_counter = notice->counter;
    if (core->state == SOUK_CORE_LIVE && notice->counter > core->epoch.counter)
        fenced(core);
}

/*
 * Somebody names a place in this history that is not in it, which may well be so, and costs an epoch. Epochs end after
 * 2^32, and one word may take it FOREIGN_COUNTERS_MAX further: whoever lies all day gets one each minute.
 */
void
souk_core_hear_foreign(struct souk_core *core, uint32_t epoch_counter, struct souk_time now)
{
    if (core->own_count == 0 || core->state == SOUK_CORE_BESIDE || SOUK_PLANTED_BUG(FOREIGN_IGNORED))
        return;
    if (epoch_counter > core->epoch.counter && epoch_counter - core->epoch.counter > FOREIGN_COUNTERS_MAX)
        return;                                 /* nobody has opened so many; counters are not to be used up by a lie */
    if (epoch_counter > core->seen_counter)
        core->seen_counter = epoch_counter;
    if (core->state != SOUK_CORE_LIVE || epoch_counter < core->epoch.counter || now.steady_ms < core->foreign_due_ms)
        return;                                 /* what is so is said again */
    if (core->foreign_apart_ms == 0 || now.steady_ms - core->foreign_due_ms > SOUK_CORE_FOREIGN_APART_MS_MAX)
        core->foreign_apart_ms = SOUK_CORE_FOREIGN_APART_MS;
    core->foreign_due_ms = now.steady_ms + core->foreign_apart_ms;
    core->foreign_apart_ms = 2 * core->foreign_apart_ms < SOUK_CORE_FOREIGN_APART_MS_MAX ? 2 * core->foreign_apart_ms
        : SOUK_CORE_FOREIGN_APART_MS_MAX;
    core_begin_sealing(core, SOUK_RECORD_FORK);
    core->dirty = true;
}

/* This is the incarnation whose acknowledgements count from now on. */
static void
meet(struct souk_core *core, struct core_store *store, const uint8_t incarnation[8])
{
    if (store->known && memcmp(store->incarnation, incarnation, sizeof store->incarnation) == 0)
        return;
    memcpy(store->incarnation, incarnation, sizeof store->incarnation);
    store->known = true;
    store->ack_commit = 0;
    if (SOUK_PLANTED_BUG(INCARNATION_IGNORED))
        return;
    memset(store->recorded, 0, sizeof store->recorded);
    memset(store->backed_up, 0, sizeof store->backed_up);
}

static void
fenced(struct souk_core *core)
{
    if (SOUK_PLANTED_BUG(FENCE_IGNORED))
        return;
    core->state = SOUK_CORE_FENCED;
    core->witness_changed = true;               /* a crash from here on proves nothing */
    say(core, "an event store has sealed this service's streams for another instance of it");
}

int
core_work_origin(struct souk_core *core)
{
    int rc;

    if (core->state == SOUK_CORE_SEALING) {
        if (core->rechoose) {
            core->rechoose = false;
            choose(core);
        }
        if (core->state == SOUK_CORE_SEALING && core->now.steady_ms >= core->seal_due_ms) {
            core->seal_due_ms = core->now.steady_ms + core->wiring->limits.seal_retry_ms;
            core->seal_tries++;
            core->rechoose = true;
            if ((rc = send_seals(core, core->seal_counter)) != 0)
                return rc;
        }
    }
    if ((core->state == SOUK_CORE_LIVE || core->state == SOUK_CORE_FETCHING) && (rc = check_seals(core)) != 0)
        return rc;
    if (core->state == SOUK_CORE_FETCHING || core->state == SOUK_CORE_BESIDE)
        return fetch(core);
    return 0;
}

/*
 * An instance that nobody listens to any more learns so by asking for the seal that it has; one that takes back its
 * past learns that an event store has been restored, and that what it said is not so any more.
 */
static int
check_seals(struct souk_core *core)
{
    if (core->own_count == 0 || core->now.steady_ms < core->seal_due_ms)
        return 0;
    core->seal_due_ms = core->now.steady_ms + (uint64_t)SEAL_CHECK_HEADS * core->wiring->limits.head_ms;
    return send_seals(core, core->state == SOUK_CORE_LIVE ? core->epoch.counter : core->seal_counter);
}

static int
send_seals(struct souk_core *core, uint32_t counter)
{
    struct souk_wire_seal seal = { .request = ++core->seal_request, .service = core->wiring->self, .counter = counter };
    struct souk_slice frame;
    struct souk_pack pack;
    int rc = 0;

    core->seal_sent_ms = core->now.steady_ms;
    memcpy(seal.instance, core->instance, sizeof seal.instance);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_seal_put(&pack, &seal);
    frame = souk_pack_slice(&pack);
    for (uint32_t i = 0; i < core->store_count && rc == 0; i++)
        if (!core->stores[i].lost)
            rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&core->outbox, SOUK_OUT_SEND, SOUK_DOOR_COMMANDS,
                &core->stores[i].name, (struct souk_slice){ NULL, 0 }, &frame, 1);
    souk_pack_done(&pack);
    return rc;
}

static bool
all_granted(const struct souk_core *core)
{
    bool any = false, all = true;

    for (uint32_t i = 0; i < core->store_count; i++) {
        if (core->stores[i].lost)
            continue;
        any |= core->stores[i].granted;
        /* In answer to one and the same request: what was granted long ago may have been restored away since. */
        all &= core->stores[i].granted
            && (core->stores[i].seal_answered == core->seal_request || SOUK_PLANTED_BUG(OLD_SEAL_COUNTS));
    }
    if (all && !any && core->store_count != 0 && core->commit == 0)
        all = false;                            /* all are declared lost, and the own store is empty: nobody knows */
    if (all || (any && SOUK_PLANTED_BUG(ONE_SEAL_IS_ENOUGH)))
        return true;
    if (core->seal_tries <= SEAL_TRIES_BEFORE_LOSS)
        return false;
    if (SOUK_PLANTED_BUG(ALONE_AT_START) && !any)
        return true;
    return core->wiring->accept_loss || (core->wiring->say_new && core->commit == 0);
}

/* Every event store that counts has granted: what is the longest history? */
static void
choose(struct souk_core *core)
{
    const struct core_store *best = NULL;

    if (!all_granted(core) && !SOUK_PLANTED_BUG(NO_SEAL)) {
        if (core->seal_tries > 1)
            say(core, "not every event store answers; commands are refused until they do"
                " (--accept-loss goes on without them, and what only they hold is lost)");
        return;
    }
    for (uint32_t i = 0; i < core->own_count; i++)
        memset(&core->own[i].target, 0, sizeof core->own[i].target);
    for (uint32_t k = 0; k < core->store_count; k++) {
        const struct core_store *store = &core->stores[k];
        bool lacks = false;

        for (uint32_t n = 0; store->granted && n < store->position_count; n++) {
            const struct core_own *own = core_own(core, store->positions[n].stream.text);
            const struct souk_position *theirs = &store->positions[n].position;
            enum souk_verdict verdict;

            if (own == NULL || souk_position_is_zero(theirs))
                continue;
            if (theirs->epoch.counter > core->seen_counter)
                core->seen_counter = theirs->epoch.counter;
            if (judge_own(core, own, theirs, &verdict) != 0) {
                core->rechoose = true;
                return;
            }
            if (verdict != SOUK_UNKNOWN)
                continue;                       /* in the own history, or in one that the own has left behind */
            if (theirs->epoch.counter == own->head.epoch.counter && theirs->number <= own->head.number
                && !SOUK_PLANTED_BUG(OWN_TAIL_KEPT)) {
                core->state = SOUK_CORE_SET_ASIDE;
                say(core, "this store differs from what an event store has recorded");
                return;
            }
            lacks = true;
        }
        if (lacks && (best == NULL || (is_longer(store, best) && !SOUK_PLANTED_BUG(FIRST_CHOSEN))))
            best = store;
    }
    for (uint32_t n = 0; best != NULL && n < best->position_count; n++) {
        struct core_own *own = core_own(core, best->positions[n].stream.text);

        if (own != NULL && !souk_position_is_zero(&best->positions[n].position))
            own->target = best->positions[n].position;
    }
    if (core->seen_counter >= core->seal_counter) {
        core_begin_sealing(core, core->reason);
        return;
    }
    core->state = SOUK_CORE_FETCHING;
    if (!all_fetched(core)) {
        core->reason = SOUK_RECORD_RECOVERED;
        for (uint32_t i = 0; i < core->own_count; i++) {
            struct souk_feed_stream *stream = souk_feeds_stream(&core->feeds, core->own[i].name.text);

            souk_feed_set_cursor(stream, &core->own[i].head);
            souk_feed_expect(stream, souk_point_of(&core->own[i].target));
        }
        souk_feed_wake(core->own_feed, false);
        souk_feed_prefer(core->own_feed, &best->name);
        say(core, "taking back what the event stores hold of this service's streams");
    }
}

/*
 * Event stores hold whole commits, so of one history the longer one holds all of the other. Where two histories have
 * one epoch counter, which two instances that did not know of each other have opened, one of them is as good as the other.
 */
static bool
is_longer(const struct core_store *store, const struct core_store *than)
{
    const struct core_store *both[] = { store, than };
    uint64_t events[2] = { 0, 0 };
    uint32_t counters[2] = { 0, 0 };

    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t n = 0; n < both[i]->position_count; n++) {
            if (both[i]->positions[n].position.epoch.counter > counters[i])
                counters[i] = both[i]->positions[n].position.epoch.counter;
            events[i] += both[i]->positions[n].position.number;
        }
    return counters[0] != counters[1] ? counters[0] > counters[1] : events[0] > events[1];
}

static int
judge_own(struct souk_core *core, const struct core_own *own, const struct souk_position *theirs,
    enum souk_verdict *verdict_out)
{
    struct souk_position head;
    struct souk_point common;

    return souk_log_judge(core->txn, &own->log, theirs, verdict_out, &head, &common);
}

static bool
all_fetched(const struct souk_core *core)
{
    for (uint32_t i = 0; i < core->own_count; i++)
        if (!souk_point_satisfied(souk_point_of(&core->own[i].target), souk_point_of(&core->own[i].head)))
            return false;
    return true;
}

/* ---- taking back ---------------------------------------------------- */

static int
fetch(struct souk_core *core)
{
    struct souk_feed_batch *batches[SOUK_COMMIT_BATCHES_MAX];
    uint32_t count;
    int rc;

    for (uint32_t i = 0; core->own_feed != NULL && i < core->own_feed->stream_count; i++) {
        struct souk_feed_stream *stream = &core->own_feed->streams[i];

        if (stream->void_.told) {               /* the own store has what the chosen history has not */
            stream->void_.told = false;
            if (SOUK_PLANTED_BUG(OWN_TAIL_KEPT)) {
                for (uint32_t own = 0; own < core->own_count; own++)
                    core->own[own].target = core->own[own].head;
                continue;
            }
            core->state = SOUK_CORE_SET_ASIDE;
            say(core, "this store differs from what an event store has recorded");
            return 0;
        }
        if (stream->differs) {
            stream->differs = false;
            if (core->state == SOUK_CORE_FETCHING) {
                core->state = SOUK_CORE_SET_ASIDE;
                say(core, "this store differs from what an event store has recorded");
                return 0;
            }
        }
    }
    while (core->own_feed != NULL && !core_round_over(core)
        && (count = souk_feed_commit(core->own_feed, batches)) != 0) {
        bool held = false;

        for (uint32_t i = 0; i < count; i++) {
            reach_out(core, &batches[i]->header);
            held |= core_held(core, &batches[i]->header, &batches[i]->held_since_ms, true);
        }
        if (held)
            break;
        for (uint32_t i = 0; i < count; i++) {
            core_begin_input(core, CORE_INPUT_OWN);
            if ((rc = take_own(core, batches[i])) != 0)
                return rc;
            core->failed_kind = CORE_INPUT_NONE;
            core->round_events += batches[i]->header.count;
        }
    }
    if (core->state == SOUK_CORE_BESIDE) {
        if (core->taking_over && (all_fetched(core) || SOUK_PLANTED_BUG(TAKES_OVER_EARLY))) {
            core->state = SOUK_CORE_LIVE;
            core->taking_over = false;
            if (core->own_feed != NULL)
                souk_feed_sleep(core->own_feed);
            core->changed = core->witness_changed = core->heads_due = true;
            say(core, "");
        }
        return 0;
    }
    if (core->changed)                          /* what was taken back is one commit, the record the next */
        return 0;
    for (uint32_t i = 0; i < core->own_count; i++)
        if (core->own[i].target.epoch.counter == core->own[i].head.epoch.counter
            && core->own[i].target.epoch.counter != 0
            && !souk_epoch_equal(core->own[i].target.epoch, core->own[i].head.epoch)) {
            core->state = SOUK_CORE_SET_ASIDE;  /* two event stores hold rival histories, and this is the other one */
            say(core, "this store differs from what an event store has recorded");
            return 0;
        }
    if (!all_fetched(core)) {
        say_lacking(core);
        return 0;
    }
    if (core->epoch.counter >= core->seal_counter) {
        core_begin_sealing(core, core->reason); /* what came back goes on beyond the seal */
        return 0;
    }
    return open_epoch(core);
}

/* Event stores that have accepted a hole know that there was a past, and do not have it. */
static void
say_lacking(struct souk_core *core)
{
    for (uint32_t i = 0; i < core->own_count; i++) {
        const struct core_own *own = &core->own[i];
        const struct souk_feed_stream *stream = souk_feeds_stream(&core->feeds, own->name.text);

        if (stream == NULL || stream->trimmed == 0)
            continue;
        (void)snprintf(core->status.waiting_for, sizeof core->status.waiting_for, "no event store that answers holds"
            " what follows %s %" PRIu32 ".%" PRIu64 " of this service's past: restore a backup of it that reaches"
            " further, or one of an event store", own->name.text, own->head.epoch.counter, own->head.number);
        return;
    }
    say(core, "taking back what the event stores hold of this service's streams");
}

/* What an own batch waits for may be applied, whether it was reacted to or not. */
static void
reach_out(struct souk_core *core, const struct souk_batch_header *header)
{
    struct souk_causes causes;
    struct souk_cause cause;

    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        struct core_follow *follow = core_follow(core, cause.stream.text);

        if (follow != NULL && !souk_point_covered(cause.point, follow->reach))
            follow->reach = cause.point;
    }
}

/*
 * What an own batch names as causes was reacted to when it was written. Not so a record: it is written before what the
 * service has found on its way is paid.
 */
static int
extend_reacted(struct souk_core *core, const struct souk_batch_header *header)
{
    struct souk_causes causes;
    struct souk_cause cause;
    int rc;

    if (header->count == 0 || SOUK_PLANTED_BUG(REACT_AFTER_REBUILD))
        return 0;
    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        struct core_follow *follow = core_follow(core, cause.stream.text);

        if (follow == NULL)
            continue;
        if ((rc = souk_owed_name(core->txn, &follow->name, cause.point)) != 0)
            return rc;
        if (souk_point_covered(cause.point, follow->cursor.reacted))
            continue;
        follow->cursor.reacted = cause.point;
        follow->changed = core->changed = true;
    }
    return 0;
}

/*
 * What a record has voided is told at once, in as many commits as it takes, before anything else is written. So whoever
 * has written a commit that knows of the record had told all of it, unless the commit tells some: more may have been to
 * come.
 */
static void
losses_told(struct souk_core *core, const struct souk_batch_header *header)
{
    for (uint32_t i = 0; header->count != 0 && i < core->follow_count; i++) {
        struct core_follow *follow = &core->follows[i];

        if (!follow->cursor.owes_losses || follow->cursor.generation_beside != 0
            || follow->telling_commit == header->commit
            || follow->cursor.reacted.epoch.counter < follow->cursor.position.epoch.counter)
            continue;
        follow->cursor.owes_losses = false;
        follow->changed = core->changed = true;
    }
}

/*
 * An own event that comes back stands on what a record has voided which this service has passed, and paid for, before:
 * another instance, which was not as far, has written it. Or it was written to tell of a loss, and of more with it.
 */
static int
owe_loss(struct souk_core *core, const struct souk_because *because, uint64_t commit)
{
    struct core_follow *follow = because->kind == SOUK_BY_EVENT || because->kind == SOUK_BY_LOSS
        ? core_follow(core, because->stream.text) : NULL;
    const struct souk_point head = follow == NULL ? (struct souk_point){ .number = 0 }
        : souk_point_of(&follow->cursor.position);
    bool in;
    int rc;

    if (follow != NULL && because->kind == SOUK_BY_LOSS) {
        follow->telling_commit = commit;
        if (!follow->cursor.owes_losses)
            follow->cursor.owes_losses = follow->changed = core->changed = true;
        return 0;
    }
    if (follow == NULL || follow->cursor.owes_losses || because->point.epoch.counter >= head.epoch.counter)
        return 0;
    if ((rc = souk_lineage_has(core->txn, &follow->name, follow->cursor.generation, because->point, head, &in)) != 0)
        return rc;
    if (!in)
        follow->cursor.owes_losses = follow->changed = core->changed = true;
    return 0;
}

static int
take_own(struct souk_core *core, struct souk_feed_batch *batch)
{
    const struct souk_batch_header *header = &batch->header;
    struct core_own *own = core_own(core, header->stream.text);
    struct souk_events events;
    struct souk_event event;
    int rc;

    if (own == NULL || (!souk_batch_extends(header, &own->head) && !SOUK_PLANTED_BUG(EPOCH_IGNORED)))
        return -SOUK_EDAMAGED;
    if ((rc = extend_reacted(core, header)) != 0)
        return rc;
    losses_told(core, header);
    if ((rc = souk_log_append(core->txn, &own->log, header, (struct souk_slice){ batch->bytes, batch->size_bytes }))
        != 0)
        return rc;
    own->head = souk_batch_end(header);
    own->time_ms = header->time_ms;
    core->epoch = header->epoch;
    if (header->commit > core->commit)
        core->commit = header->commit;
    if (header->time_ms > core->wall_ms)
        core->wall_ms = header->time_ms;
    core->changed = core->witness_changed = true;
    if ((rc = souk_vector_said(&core->vector, (uint32_t)(own - core->own), header)) != 0
        || (rc = souk_vector_stand(&core->vector, &own->name, souk_point_of(&own->head))) != 0
        || (rc = core_learn_causes(core, header)) != 0)
        return rc;
    if (header->count != 0) {
        if (souk_events_init(&events, header) != 0)
            return -SOUK_EDAMAGED;
        souk_trail_begin(&core->trail);
        while ((rc = souk_events_next(&events, &event)) == 0) {
            if (event.time_ms > core->wall_ms)
                core->wall_ms = event.time_ms;
            if ((rc = core_apply_own(core, (uint32_t)(own - core->own), header->epoch, &event)) != 0
                || (rc = owe_loss(core, &event.because, header->commit)) != 0)
                return rc;
        }
        if (rc != -SOUK_ENOTFOUND)
            return -SOUK_EDAMAGED;
        if ((rc = souk_trail_end(core->txn, &core->trail)) != 0)
            return rc;
    }
    souk_feed_take(souk_feeds_stream(&core->feeds, header->stream.text));
    return 0;
}

/* ---- a new epoch ---------------------------------------------------- */

static int
open_epoch(struct souk_core *core)
{
    struct souk_record record = { .service = core->wiring->self, .parent_count = core->own_count };
    uint32_t order[SOUK_OWN_STREAMS_MAX];
    int rc;

    assert(core->draft_count == 0);             /* in a commit of its own */
    record.reason = core->commit == 0 ? SOUK_RECORD_FIRST : core->reason;
    core->commit++;
    core->epoch.counter = core->seal_counter;
    core->wiring->random.fill(core->wiring->random.arg, core->epoch.bits, sizeof core->epoch.bits);
    if (SOUK_PLANTED_BUG(EPOCH_WITHOUT_BITS))
        memset(core->epoch.bits, 0, sizeof core->epoch.bits);
    for (uint32_t i = 0; i < core->own_count; i++) {
        uint32_t at = i;

        while (at > 0 && strcmp(core->own[order[at - 1]].name.text, core->own[i].name.text) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    for (uint32_t i = 0; SOUK_PLANTED_BUG(OWN_LOG_FORGOTTEN) && core->reason == SOUK_RECORD_RECOVERED
         && i < core->own_count; i++) {
        uint32_t rows;

        rc = souk_log_trim(core->txn, &core->own[i].log, core->own[i].head.number, UINT64_MAX, UINT32_MAX, &rows);
        if (rc != 0)
            return rc;
        core->status.trimmed += rows;
    }
    for (uint32_t i = 0; i < core->own_count; i++) {
        record.parents[i].stream = core->own[order[i]].name;
        record.parents[i].position = core->own[order[i]].head;
    }
    for (uint32_t i = 0; i < core->own_count; i++) {
        struct core_own *own = &core->own[order[i]];
        struct souk_cause causes[SOUK_STREAMS_MAX];
        const struct souk_batch_place place = { .stream = own->name, .epoch = core->epoch, .after = own->head,
            .time_ms = core->wall_ms, .commit = core->commit, .place = i, .places = core->own_count,
            .causes = causes, .cause_count = souk_vector_say(&core->vector, order[i], true, causes) };
        struct souk_batch_header header;
        struct souk_position end;
        struct souk_slice batch;

        souk_pack_reset(&core->scratch);
        if ((rc = souk_record_finish(&record, &place, &core->scratch, &end)) != 0)
            return rc;
        batch = souk_pack_slice(&core->scratch);
        if (souk_batch_peek(batch, &header) != 0)
            return -SOUK_EDAMAGED;
        if (SOUK_PLANTED_BUG(EPOCH_BY_STREAM) && own->head.number == 0 && i != 0)
            continue;
        if ((rc = souk_log_append(core->txn, &own->log, &header, batch)) != 0
            || (rc = core_publish(core, own, batch)) != 0)
            return rc;
        own->head = end;
        own->time_ms = header.time_ms;
    }
    for (uint32_t i = 0; i < core->own_count; i++)
        if ((rc = souk_vector_stand(&core->vector, &core->own[i].name, souk_point_of(&core->own[i].head))) != 0)
            return rc;
    core->state = SOUK_CORE_LIVE;
    core->status.epochs_opened++;
    core->changed = core->witness_changed = core->heads_due = core->again = true;
    souk_feed_sleep(core->own_feed);
    say(core, "");
    return core_asked_load(core);
}
