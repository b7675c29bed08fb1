#include "souk_core_parts.h"
#include "souk_refusal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_META "souk.meta"
#define META_VERSION 1
#define WITNESS_BYTES_MAX (64 * 1024)
#define WITNESS_LATE_COMMITS 8                  /* of the planted bug */

static int take_wiring(struct souk_core *core, struct souk_error *err);
static int load(struct souk_core *core, struct souk_error *err);
static int load_meta(struct souk_core *core, struct souk_error *err);
static int load_own(struct souk_core *core, struct core_own *own);
static int load_follow(struct souk_core *core, struct core_follow *follow);
static int save_meta(struct souk_core *core);
static int rounds(struct souk_core *core);
static bool is_from(struct souk_slice identity, const struct souk_name *name);
static bool has_ended(const struct souk_core *core);
static bool ask_on(struct souk_core *core, struct souk_time now);
static void blame(struct souk_core *core);
static void begin_round(struct souk_core *core, struct souk_txn *txn, struct souk_time now);

/* ---- life ----------------------------------------------------------- */

int
souk_core_open(const struct souk_service *service, const struct souk_wiring *wiring, enum souk_core_start start,
    struct souk_txn *txn, struct souk_slice witness, struct souk_time now, struct souk_core **core_out,
    struct souk_error *err)
{
    struct souk_core *core;
    bool fits = false, one_epoch = true;
    int rc;

    if ((core = calloc(1, sizeof *core)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "service %s: no memory", service->name);
    core->service = service;
    core->wiring = wiring;
    core->commands_end = &core->commands;
    core->acks_end = &core->acks;
    core->outcomes_end = &core->outcomes;
    core->now = now;
    core->txn = txn;
    core->timer_due_ms = UINT64_MAX;
    if (wiring->random.fill != NULL) {
        wiring->random.fill(wiring->random.arg, &core->seal_request, sizeof core->seal_request);
        core->seal_request >>= 2;               /* far from what an earlier process used, and from the end */
    }
    souk_arena_init(&core->arena, wiring->limits.round_bytes_max);
    souk_pack_init(&core->scratch, SOUK_WIRE_BYTES_MAX + 64 * 1024);
    souk_pack_init(&core->key_scratch, KEY_SCRATCH_BYTES_MAX);
    souk_pack_init(&core->body_scratch, SOUK_WIRE_BYTES_MAX);
    souk_pack_init(&core->reply_scratch, SOUK_WIRE_BYTES_MAX + 64 * 1024);
    souk_pack_init(&core->witness, WITNESS_BYTES_MAX);
    souk_pack_init(&core->handover, WITNESS_BYTES_MAX);
    souk_outbox_init(&core->outbox);
    for (const struct souk_handler *handler = service->handlers; handler->kind != 0; handler++)
        core->can_react |= handler->kind == SOUK_HANDLER_REACT || handler->kind == SOUK_HANDLER_REACT_REWOUND;

    if ((rc = take_wiring(core, err)) != 0 || (rc = souk_space_init(&core->space, service, err)) != 0)
        goto fail;
    core->space.wiring = wiring;
    if ((rc = load(core, err)) != 0 || (rc = core_forget_again(core)) != 0)
        goto fail;
    for (uint32_t i = 0; i < core->own_count; i++)
        one_epoch &= core->own[i].head.epoch.counter != 0
            && souk_epoch_equal(core->own[i].head.epoch, core->own[0].head.epoch);
    if (core->own_count == 0) {
        core->state = start == SOUK_CORE_START_BESIDE ? SOUK_CORE_BESIDE : SOUK_CORE_LIVE;
    } else if (start == SOUK_CORE_START_BESIDE) {
        core->state = SOUK_CORE_BESIDE;
        for (uint32_t i = 0; i < core->own_count; i++)
            core->own[i].target = (struct souk_position){ .epoch.counter = UINT32_MAX };
        souk_feed_wake(core->own_feed, true);
    } else {
        if (one_epoch && (rc = core_witness_fits(core, witness, &fits)) != 0)
            goto fail;
        if (SOUK_PLANTED_BUG(WITNESS_NOT_ASKED) && one_epoch)
            fits = true;
        if (fits) {
            core->state = SOUK_CORE_LIVE;
            core->heads_due = true;
        } else {
            core_begin_sealing(core, core->commit == 0 ? SOUK_RECORD_RECOVERED : SOUK_RECORD_RESTART);
        }
    }
    core->witness_changed = core->own_count != 0;
    core->dirty = true;
    core->txn = NULL;
    *core_out = core;
    return 0;

fail:
    if (err != NULL && err->code == 0)
        (void)souk_fail(err, (enum souk_error_code)-rc, "service %s: its store cannot be read: %s", service->name,
            souk_error_name(rc));
    core->txn = NULL;
    souk_core_close(&core);
    return rc;
}

void
souk_core_close(struct souk_core **core_p)
{
    struct souk_core *core = *core_p;

    if (core == NULL)
        return;
    core_commands_done(core);
    for (struct core_ack *at = core->acks, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    for (uint32_t i = 0; i < core->follow_count; i++)
        free(core->follows[i].poison);
    for (uint32_t i = 0; i < core->drafts_made; i++) {
        souk_batch_builder_done(&core->drafts[i]->builder);
        free(core->drafts[i]);
    }
    free(core->retries);
    free(core->forgotten);
    free(core->follows);
    souk_feeds_done(&core->feeds);
    souk_vector_done(&core->vector);
    souk_outbox_done(&core->outbox);
    souk_arena_done(&core->arena);
    souk_pack_done(&core->scratch);
    souk_pack_done(&core->key_scratch);
    souk_pack_done(&core->body_scratch);
    souk_pack_done(&core->reply_scratch);
    souk_pack_done(&core->witness);
    souk_pass_cache_done(&core->passes);
    souk_pack_done(&core->handover);
    free(core);
    *core_p = NULL;
}

static int
take_wiring(struct souk_core *core, struct souk_error *err)
{
    const struct souk_wiring *wiring = core->wiring;
    struct souk_name own[SOUK_OWN_STREAMS_MAX];
    int rc;

    if (wiring->random.fill == NULL)
        return souk_fail(err, SOUK_EINVAL, "service %s: no source of randomness", wiring->self.text);
    if ((core->follows = calloc(wiring->stream_count + 1, sizeof core->follows[0])) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "service %s: no memory", wiring->self.text);
    if ((rc = souk_feeds_open(wiring, &core->feeds)) != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "service %s: its streams cannot be wired", wiring->self.text);
    for (size_t i = 0; i < wiring->stream_count; i++) {
        const struct souk_wired_stream *stream = &wiring->streams[i];

        if (souk_text_equal(stream->origin.text, wiring->self.text)) {
            own[core->own_count] = stream->name;
            core->own[core->own_count].name = stream->name;
            core->own[core->own_count++].is_private = stream->is_private;
        } else {
            core->follows[core->follow_count].name = stream->name;
            core->follows[core->follow_count++].feed = souk_feeds_stream(&core->feeds, stream->name.text);
        }
    }
    core->own_feed = souk_feeds_find(&core->feeds, wiring->self.text);
    if (core->own_feed != NULL)
        core->own_feed->whole_commits = true;
    for (size_t i = 0; i < wiring->store_count; i++) {
        core->stores[core->store_count].name = wiring->stores[i].name;
        core->stores[core->store_count++].lost = wiring->stores[i].lost;
    }
    if (souk_vector_init(&core->vector, own, core->own_count) != 0)
        return souk_fail(err, SOUK_ENOMEM, "service %s: no memory", wiring->self.text);
    return 0;
}

/* ---- what the store says -------------------------------------------- */

static int
load(struct souk_core *core, struct souk_error *err)
{
    int rc;

    core->commit = 0;
    memset(&core->epoch, 0, sizeof core->epoch);
    if ((rc = load_meta(core, err)) != 0)
        return rc;
    for (uint32_t i = 0; i < core->own_count; i++)
        if ((rc = load_own(core, &core->own[i])) != 0)
            return rc;
    if ((rc = souk_space_load(&core->space, core->txn)) != 0
        || (rc = souk_vector_load(&core->vector, core->txn)) != 0)
        return rc;
    for (uint32_t i = 0; i < core->follow_count; i++)
        if ((rc = load_follow(core, &core->follows[i])) != 0)
            return rc;
    if ((rc = souk_parked_count(core->txn, &core->parked_count)) != 0
        || (rc = souk_timers_next_ms(core->txn, &core->timer_due_ms)) != 0)
        return rc;
    core->timer_due_known = false;
    return core_asked_load(core);
}

/* Name and version of the service, and the latest time that it has put into an event. */
static int
load_meta(struct souk_core *core, struct souk_error *err)
{
    struct souk_table table;
    struct souk_slice value, name;
    struct souk_unpack in;
    uint64_t version;
    int rc;

    if ((rc = souk_txn_table(core->txn, TABLE_META, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = souk_txn_get(core->txn, table, souk_slice_of("service"), &value);
    if (rc == -SOUK_ENOTFOUND)
        return 0;
    if (rc != 0)
        return rc;
    souk_unpack_init(&in, value);
    souk_unpack_array_exact(&in, 4);
    (void)souk_unpack_uint(&in, META_VERSION);
    name = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
    version = souk_unpack_uint(&in, UINT32_MAX);
    core->wall_ms = souk_unpack_uint(&in, UINT64_MAX);
    if (souk_unpack_end(&in) != 0)
        return souk_fail(err, SOUK_EDAMAGED, "service %s: the store's own record cannot be read",
            core->wiring->self.text);
    if (!souk_slice_equal(name, souk_name_slice(&core->wiring->self)))
        return souk_fail(err, SOUK_EINVAL, "service %s: this is the store of %.*s: give each service a directory of"
            " its own", core->wiring->self.text, (int)name.size_bytes, (const char *)name.base);
    if (version != core->service->version)
        return souk_fail(err, SOUK_EUNSUPPORTED, "service %s: its tables are of version %u, the program is of version"
            " %u: fill them anew (souk rebuild %s)", core->wiring->self.text, (unsigned)version,
            (unsigned)core->service->version, core->wiring->self.text);
    return 0;
}

static int
save_meta(struct souk_core *core)
{
    struct souk_table table;
    struct souk_pack pack;
    uint8_t commit[8];
    int rc;

    if ((rc = souk_txn_table(core->txn, TABLE_META, &table)) != 0)
        return rc;
    souk_pack_init(&pack, 256);
    souk_pack_array(&pack, 4);
    souk_pack_uint(&pack, META_VERSION);
    souk_pack_str(&pack, souk_name_slice(&core->wiring->self));
    souk_pack_uint(&pack, core->service->version);
    souk_pack_uint(&pack, core->wall_ms);
    rc = pack.rc != 0 ? pack.rc : souk_txn_put(core->txn, table, souk_slice_of("service"), souk_pack_slice(&pack));
    souk_pack_done(&pack);
    if (rc != 0)
        return rc;
    souk_put_u64(commit, core->commit);
    return souk_txn_put(core->txn, table, souk_slice_of("commit"), (struct souk_slice){ commit, sizeof commit });
}

static int
load_own(struct souk_core *core, struct core_own *own)
{
    uint64_t commit;
    int rc;

    if ((rc = souk_log_open(core->txn, &own->name, &own->log)) != 0
        || (rc = souk_log_head(core->txn, &own->log, &own->head, &commit)) != 0
        || (rc = souk_log_time(core->txn, &own->log, &own->time_ms)) != 0)
        return rc;
    own->drafted = 0;
    if (commit > core->commit)
        core->commit = commit;
    if (own->head.epoch.counter > core->epoch.counter)
        core->epoch = own->head.epoch;
    souk_feed_set_cursor(souk_feeds_stream(&core->feeds, own->name.text), &own->head);
    return 0;
}

static int
load_follow(struct souk_core *core, struct core_follow *follow)
{
    const struct souk_point known = souk_vector_known(&core->vector, &follow->name);
    const struct souk_cursor *cursor = &follow->cursor;
    int rc;

    if ((rc = souk_cursor_get(core->txn, &follow->name, &follow->cursor)) != 0)
        return rc;
    follow->changed = false;
    if (souk_position_is_zero(&cursor->position) && known.epoch.counter != 0
        && !SOUK_PLANTED_BUG(JOINS_WITHOUT_VECTOR))
        follow->cursor.joining = known;         /* added when others had told of it already */
    souk_feed_set_cursor(follow->feed, cursor->generation_beside != 0 ? &cursor->beside : &cursor->position);
    return 0;
}

/* ---- hearing -------------------------------------------------------- */

void
souk_core_hear_request(struct souk_core *core, struct souk_slice route, struct souk_slice identity, const char *key,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    struct souk_wire_fenced fenced;
    struct souk_wire_ack ack;

    core->dirty = true;
    switch (souk_wire_kind(frames[0])) {
    case SOUK_WIRE_REQUEST:
        core_hear_command(core, route, identity, key, frames[0], now);
        return;
    case SOUK_WIRE_ACK:
        if (souk_wire_ack_get(frames[0], &ack) == 0 && is_from(identity, &ack.store)) {
            core_hear_ack(core, &ack);
            return;
        }
        break;
    case SOUK_WIRE_FENCED:
        if (souk_wire_fenced_get(frames[0], &fenced) == 0 && is_from(identity, &fenced.store)) {
            core_hear_fenced(core, &fenced);
            return;
        }
        break;
    default:
        break;
    }
    core->status.malformed++;
    if (route.size_bytes <= SOUK_ROUTE_BYTES_MAX)
        souk_refusal_put(&core->outbox, SOUK_DOOR_COMMANDS, route, frames[0]);
}

void
souk_core_hear_answer(struct souk_core *core, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    struct souk_wire_pulled pulled;
    struct souk_wire_sealed sealed;
    struct souk_wire_busy busy;
    const bool was_dirty = core->dirty;

    core->dirty = true;
    switch (souk_wire_kind(frames[0])) {
    case SOUK_WIRE_PULLED:
        if (souk_wire_pulled_get(frames[0], &pulled) == 0) {
            for (uint32_t i = 0; core->state == SOUK_CORE_FETCHING && i < core->store_count; i++)
                if (core->stores[i].granted && souk_text_equal(core->stores[i].name.text, pulled.holder.text)
                    && memcmp(core->stores[i].sealed_incarnation, pulled.incarnation, sizeof pulled.incarnation) != 0
                    && !SOUK_PLANTED_BUG(OLD_SEAL_COUNTS)) {
                    core_begin_sealing(core, core->reason);     /* it has forgotten its seal */
                    return;
                }
            if (souk_feeds_hear_pulled(&core->feeds, from, &pulled, frames + 1, frame_count - 1, true, now)
                && ask_on(core, now) && pulled.more)
                core->dirty = was_dirty;
            return;
        }
        break;
    case SOUK_WIRE_BUSY:
        if (souk_wire_busy_get(frames[0], &busy) == 0) {
            souk_feeds_hear_busy(&core->feeds, from, &busy, now);
            return;
        }
        break;
    case SOUK_WIRE_SEALED:
        if (souk_wire_sealed_get(frames[0], &sealed) == 0 && souk_text_equal(sealed.store.text, from->text)) {
            core_hear_sealed(core, &sealed);
            return;
        }
        break;
    case SOUK_WIRE_REPLY:
        core_hear_reply(core, from, frames[0]);
        return;
    default:
        break;
    }
    core->status.malformed++;
}

/*
 * The next pull leaves before what has come is applied and committed, so that the holder works meanwhile. True: so
 * little is there that the round waits for the answer, as each of them has its price in synced writes.
 */
static bool
ask_on(struct souk_core *core, struct souk_time now)
{
    if (souk_feeds_elapse(&core->feeds, &core->outbox, now) != 0    /* then it goes with the round */
        || !souk_feeds_gathers(&core->feeds, CORE_GATHER_BYTES))
        return false;
    if (core->gather_due_ms == UINT64_MAX)
        core->gather_due_ms = now.steady_ms + CORE_GATHER_MS;
    return true;
}

void
souk_core_hear_published(struct souk_core *core, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    struct souk_wire_heads heads;

    core->dirty = true;
    if (frame_count != 2) {
        core->status.malformed++;
    } else if (souk_slice_equal(frames[0], souk_wire_topic_heads())) {
        if (souk_wire_heads_get(frames[1], &heads) == 0 && souk_text_equal(heads.sender.text, from->text))
            souk_feeds_hear_heads(&core->feeds, &heads, now);
        else
            core->status.malformed++;
    } else if (core->own_feed == NULL || !souk_text_equal(from->text, core->wiring->self.text)
        || core->state == SOUK_CORE_BESIDE) {
        souk_feeds_hear_batch(&core->feeds, from, frames[1], now);
    }
}

/* Did who is called that send it? Without keys everybody is taken at his word. */
static bool
is_from(struct souk_slice identity, const struct souk_name *name)
{
    return identity.size_bytes == 0 || souk_slice_equal(identity, souk_name_slice(name));
}

void
souk_core_hear_subscriber(struct souk_core *core)
{
    core->heads_due = core->dirty = true;
}

/* ---- rounds of work ------------------------------------------------- */

bool
souk_core_wants_work(const struct souk_core *core, struct souk_time now)
{
    if (has_ended(core))
        return core->witness_changed && core->state == SOUK_CORE_FENCED;
    return core->dirty || (core->again && core->gather_due_ms == UINT64_MAX) || core->witness_changed
        || now.steady_ms >= souk_core_due_ms(core)
        || (core->state == SOUK_CORE_LIVE && now.wall_ms >= core->timer_due_ms && !core->draining
            && now.steady_ms >= core->full_until_ms);
}

static bool
has_ended(const struct souk_core *core)
{
    return core->state == SOUK_CORE_DRAINED || core->state == SOUK_CORE_FENCED || core->state == SOUK_CORE_SET_ASIDE
        || core->state == SOUK_CORE_BROKEN;
}

uint64_t
souk_core_due_ms(const struct souk_core *core)
{
    uint64_t due_ms = souk_feeds_due_ms(&core->feeds);
    uint64_t at_ms = core_commands_due_ms(core);

    if (has_ended(core))
        return UINT64_MAX;
    if (at_ms < due_ms)
        due_ms = at_ms;
    if (core->state == SOUK_CORE_LIVE && core->own_count != 0) {
        if (core->head_due_ms < due_ms)
            due_ms = core->head_due_ms;
        if (core->wiring->trim_after != SOUK_TRIM_NEVER && core->trim_due_ms < due_ms)
            due_ms = core->trim_due_ms;
        if (core->timer_due_ms != UINT64_MAX && !core->draining) {
            at_ms = core->timer_due_ms <= core->now.wall_ms ? core->now.steady_ms
                : core->now.steady_ms + (core->timer_due_ms - core->now.wall_ms);
            if (at_ms < due_ms)
                due_ms = at_ms;
        }
    }
    if ((core->state == SOUK_CORE_SEALING || ((core->state == SOUK_CORE_LIVE || core->state == SOUK_CORE_FETCHING)
        && core->own_count != 0
        && core->store_count != 0)) && core->seal_due_ms < due_ms)
        due_ms = core->seal_due_ms;
    if (core->hold_due_ms < due_ms)
        due_ms = core->hold_due_ms;
    if (core->gather_due_ms < due_ms)
        due_ms = core->gather_due_ms;
    if (core->full_until_ms > core->now.steady_ms && core->full_until_ms > due_ms)
        due_ms = core->full_until_ms;
    return due_ms;
}

int
souk_core_work(struct souk_core *core, struct souk_txn *txn, struct souk_time now, bool *changed_out)
{
    int rc;

    *changed_out = false;
    begin_round(core, txn, now);
    if ((rc = core->forget_rc) == 0)
        rc = rounds(core);
    if (rc == 0 && core->changed && (rc = core_finish(core)) == 0)
        rc = save_meta(core);
    if (rc == 0)
        rc = core_work_heads(core);
    if (rc == 0)
        rc = souk_feeds_elapse(&core->feeds, &core->outbox, now);
    if (rc == 0 && core->witness_changed)
        rc = core_make_witness(core, &core->witness);
    core->txn = NULL;
    if (rc == 0)
        *changed_out = core->changed;
    else if (rc != -SOUK_EFULL && rc != -SOUK_ENOMEM && rc != -SOUK_EIO && rc != -SOUK_EDAMAGED)
        rc = -SOUK_EHANDLER;
    return rc;
}

static void
begin_round(struct souk_core *core, struct souk_txn *txn, struct souk_time now)
{
    core->txn = txn;
    core->now = now;
    core->state_before = core->state;
    core->taking_over_before = core->taking_over;
    if (now.wall_ms > core->wall_ms)
        core->wall_ms = now.wall_ms;
    core->dirty = core->again = core->changed = core->commit_full = false;
    core->inputs = core->round_events = 0;
    core->failed_kind = CORE_INPUT_NONE;
    core->hold_due_ms = core->gather_due_ms = UINT64_MAX;
    souk_pack_reset(&core->witness);
    souk_arena_reset(&core->arena);
    core_drafts_reset(core);
}

static int
rounds(struct souk_core *core)
{
    bool full = core->now.steady_ms < core->full_until_ms;
    enum souk_core_state state = core->state;
    uint32_t inputs;
    int rc;

    if ((rc = core_work_acks(core)) != 0 || (rc = core_work_waiters(core)) != 0)
        return rc;
    if (full)
        return core_work_commands(core);        /* they are refused, but for those that were decided before */
    do {
        inputs = core->inputs;
        if ((rc = core_work_origin(core)) != 0)
            return rc;
        if (core->state != state) {
            core->again = true;                 /* a new epoch is a commit of its own */
            return 0;
        }
        if (core->state == SOUK_CORE_LIVE && !core->draining && (rc = core_work_retries(core)) != 0)
            return rc;
        if ((rc = core_work_followed(core)) != 0 && rc != -SOUK_EBUSY)
            return rc;
        /*
         * A store that is being filled, which nobody hears of: own and followed batches wait for each other, a few at
         * a time, and are taken together. Elsewhere what a round decides stands on what the last commit says.
         */
    } while ((core->state == SOUK_CORE_BESIDE || core->state == SOUK_CORE_FETCHING) && core->inputs != inputs
        && !core_round_over(core));
    if (core->state == SOUK_CORE_LIVE && !core->draining && ((rc = core_work_timers(core)) != 0
        || (rc = core_work_outcomes(core)) != 0))
        return rc;
    if ((rc = core_work_commands(core)) != 0)
        return rc;
    if (core->state == SOUK_CORE_LIVE && !core->draining && (rc = core_work_asked(core)) != 0)
        return rc;
    if (core->state == SOUK_CORE_LIVE && (rc = core_next_timer(core)) != 0)
        return rc;
    if (core_round_over(core) || (core->changed && core->state != SOUK_CORE_LIVE))
        core->again = true;                     /* what own batches waited for may have come */
    return core_work_trim(core);
}

struct souk_slice
souk_core_witness(const struct souk_core *core)
{
    if (SOUK_PLANTED_BUG(WITNESS_LATE) && core->state == SOUK_CORE_LIVE && core->commit % WITNESS_LATE_COMMITS != 0)
        return (struct souk_slice){ NULL, 0 };
    return core->witness_changed ? souk_pack_slice(&core->witness) : (struct souk_slice){ NULL, 0 };
}

void
souk_core_committed(struct souk_core *core, struct souk_time now)
{
    core->witness_changed = false;
    souk_feeds_committed(&core->feeds);
    core_commands_settle(core, true);
    for (uint32_t i = 0; i < core->follow_count; i++)
        core->follows[i].poison_count = 0;
    core_retries_committed(core);
    core_forget(core);
    if (core->single_left != 0) {
        core->single_left--;
        core->again = true;
    }
    core_drafts_reset(core);
    souk_outbox_release(&core->outbox);
}

int
souk_core_aborted(struct souk_core *core, int rc, struct souk_txn *txn, struct souk_time now)
{
    core->now = now;
    souk_outbox_drop(&core->outbox);
    souk_feeds_aborted(&core->feeds);
    core_commands_settle(core, false);
    core_drafts_reset(core);
    core->retries_done = 0;
    core->retry_noted = false;
    core->forgotten_count = 0;
    core->state = core->state_before;
    core->taking_over = core->taking_over_before;
    core->rechoose = true;
    core->heads_due = true;                     /* they may have been to leave with what is dropped */
    if (rc == -SOUK_EHANDLER)
        blame(core);
    else
        core->full_until_ms = now.steady_ms + CORE_FULL_PAUSE_MS;
    core->again = true;
    core->txn = txn;
    rc = load(core, NULL);
    core->txn = NULL;
    return rc;
}

void
souk_core_full(struct souk_core *core, struct souk_time now)
{
    core->full_until_ms = now.steady_ms + CORE_FULL_PAUSE_MS;
}

/* Whose fault was it? With one input in the round that is clear; else each is run alone. */
static void
blame(struct souk_core *core)
{
    if (core->inputs > 1) {
        core->single_left = core->inputs;
        return;
    }
    switch (core->failed_kind) {
    case CORE_INPUT_COMMAND:
        core->failed_command->failed = true;
        break;
    case CORE_INPUT_EVENT: {
        struct core_follow *follow = core->failed_follow;
        struct core_poison *poison = NULL;

        for (uint32_t i = 0; i < follow->poison_count; i++)
            if (follow->poison[i].point.number == core->failed_point.number
                && souk_epoch_equal(follow->poison[i].point.epoch, core->failed_point.epoch))
                poison = &follow->poison[i];
        if (poison == NULL) {
            poison = realloc(follow->poison, (follow->poison_count + 1) * sizeof *poison);
            if (poison == NULL)
                break;
            follow->poison = poison;
            poison = &follow->poison[follow->poison_count++];
            memset(poison, 0, sizeof *poison);
            poison->point = core->failed_point;
        }
        poison->tries++;
        (void)snprintf(poison->text, sizeof poison->text, "%s", souk_core_fault(core));
        break;
    }
    case CORE_INPUT_TIMER:
        if (core->unanswered == NULL)
            core->unanswered = calloc(CORE_UNANSWERED_MAX, sizeof core->unanswered[0]);
        if (core->unanswered != NULL && core->unanswered_count < CORE_UNANSWERED_MAX)
            core->unanswered[core->unanswered_count++] = core->failed_timer;
        break;
    case CORE_INPUT_OUTCOME:
        core_asked_again(core, &core->failed_outcome->because);
        core->failed_outcome->done = true;
        core_commands_settle(core, true);
        break;
    case CORE_INPUT_RETRY:
        core_retry_failed(core);
        break;
    case CORE_INPUT_OWN:
        core->state = SOUK_CORE_BROKEN;
        strcpy(core->status.waiting_for, "an own event cannot be applied: the program does not fit its history");
        break;
    case CORE_INPUT_LOSS:
    case CORE_INPUT_NONE:
        break;
    }
}

struct souk_outbox *
souk_core_outbox(struct souk_core *core)
{
    return &core->outbox;
}

/* ---- rebuild beside, take over -------------------------------------- */

bool
souk_core_drain(struct souk_core *core)
{
    bool owes = false;

    for (uint32_t i = 0; i < core->follow_count; i++)
        owes |= core->follows[i].cursor.owes_reactions || core->follows[i].cursor.owes_losses;
    core->draining = core->dirty = true;
    return core->command_count == 0 && core->waiter_count == 0 && !owes;
}

bool
souk_core_is_recorded(const struct souk_core *core)
{
    for (uint32_t i = 0; i < core->own_count; i++)
        if (!souk_position_is_zero(&core->own[i].head)
            && core_recorded_by(core, i, souk_point_of(&core->own[i].head)) == 0)
            return false;
    return true;
}

void
souk_core_hurry(struct souk_core *core)
{
    for (struct core_waiter *waiter = core->waiters; waiter != NULL; waiter = waiter->next)
        waiter->deadline_ms = 0;
    core->dirty = true;
}

struct souk_slice
souk_core_hand_over(struct souk_core *core)
{
    if (core_make_witness(core, &core->handover) != 0)
        return (struct souk_slice){ NULL, 0 };
    core->state = SOUK_CORE_DRAINED;
    core->witness_changed = true;               /* this store goes on no more: its witness fits nothing from now on */
    if (core_make_witness(core, &core->witness) != 0)
        return (struct souk_slice){ NULL, 0 };
    return souk_pack_slice(&core->handover);
}

void
souk_core_take_back(struct souk_core *core)
{
    if (core->state == SOUK_CORE_DRAINED)
        core->state = SOUK_CORE_LIVE;
    core->draining = false;
    core->timer_due_known = false;
    core->witness_changed = core->dirty = true;
}

uint64_t
souk_core_behind(const struct souk_core *core)
{
    return souk_feeds_behind(&core->feeds);
}

int
souk_core_take_over(struct souk_core *core, struct souk_slice handed_over)
{
    struct souk_position positions[SOUK_OWN_STREAMS_MAX];
    struct core_own *own[SOUK_OWN_STREAMS_MAX];
    uint8_t instance[sizeof core->instance];
    struct souk_unpack in;
    uint32_t count;

    if (core->state != SOUK_CORE_BESIDE)
        return -SOUK_EINVAL;
    souk_unpack_init(&in, handed_over);
    souk_unpack_array_exact(&in, 3);
    (void)souk_unpack_uint(&in, UINT64_MAX);
    souk_unpack_bin_exact(&in, instance, sizeof instance);
    count = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX);
    for (uint32_t i = 0; i < count && in.rc == 0; i++) {
        struct souk_name name;

        souk_unpack_array_exact(&in, 5);
        souk_name_unpack(&in, &name);
        souk_wire_position_get(&in, &positions[i]);
        own[i] = core_own(core, name.text);
        for (uint32_t k = 0; k < i; k++)
            if (own[i] != NULL && own[k] == own[i])
                return -SOUK_EMALFORMED;        /* a stream ends in one place */
    }
    if (souk_unpack_end(&in) != 0)
        return -SOUK_EMALFORMED;
    /* As a whole or not at all. */
    memcpy(core->instance, instance, sizeof instance);
    for (uint32_t i = 0; i < count; i++)
        if (own[i] != NULL)
            own[i]->target = positions[i];
    core->taking_over = core->dirty = true;
    if (core->own_feed != NULL)
        souk_feed_want(core->own_feed);
    return 0;
}

/* ---- status --------------------------------------------------------- */

const char *
souk_core_fault(const struct souk_core *core)
{
    return core->fault_text[0] != '\0' ? core->fault_text : "its handler failed";
}

void
souk_core_status(const struct souk_core *core, struct souk_core_status *status_out)
{
    *status_out = core->status;
    status_out->state = core->state;
    status_out->epoch = core->epoch;
    status_out->commit = core->commit;
    status_out->commands_waiting = core->command_count;
    status_out->requests_waiting = core->asked_count;
    status_out->batches_duplicate = core->feeds.duplicates;
    status_out->batches_foreign = core->feeds.foreign;
    status_out->gaps = core->feeds.gaps;
    status_out->pulls = core->feeds.pulls;
    status_out->pulls_busy = core->feeds.busy;
    status_out->malformed += core->feeds.malformed;
    status_out->parked = core->parked_count;
    if (status_out->waiting_for[0] == '\0')
        (void)souk_feeds_are_newer(&core->feeds, status_out->waiting_for, sizeof status_out->waiting_for);
}

enum souk_core_state
souk_core_state(const struct souk_core *core)
{
    return core->state;
}

int
souk_core_cursor(const struct souk_core *core, const char *stream, struct souk_position *out)
{
    for (uint32_t i = 0; i < core->own_count; i++)
        if (souk_text_equal(core->own[i].name.text, stream)) {
            *out = core->own[i].head;
            return 0;
        }
    for (uint32_t i = 0; i < core->follow_count; i++)
        if (souk_text_equal(core->follows[i].name.text, stream)) {
            *out = core->follows[i].cursor.position;
            return 0;
        }
    return -SOUK_ENOTFOUND;
}

bool
souk_core_stream(const struct souk_core *core, uint32_t index, struct souk_stream_status *out)
{
    const struct souk_feed_stream *feed;

    memset(out, 0, sizeof *out);
    if (index < core->own_count) {
        const struct core_own *own = &core->own[index];

        feed = souk_feeds_stream(&core->feeds, own->name.text);
        out->name = own->name;
        out->cursor = own->head;
        out->time_ms = own->time_ms;
    } else if (index - core->own_count < core->follow_count) {
        const struct core_follow *follow = &core->follows[index - core->own_count];

        feed = follow->feed;
        out->name = follow->name;
        out->cursor = follow->cursor.position;
        out->time_ms = feed->time_ms;
        out->behind_since_ms = souk_feed_behind_since_ms(feed);
        if (feed->first != NULL && feed->first->held_since_ms != 0) {
            out->waits_for = follow->held_for;
            out->waits_since_ms = core->now.wall_ms - (core->now.steady_ms - feed->first->held_since_ms);
        }
    } else {
        return false;
    }
    out->origin = feed->feed->origin;
    out->heard = feed->heard;
    if (souk_point_above(souk_point_of(&feed->tail), out->heard))
        out->heard = souk_point_of(&feed->tail);    /* what lies in the queue is heard of, whatever heads say */
    out->queued_bytes = feed->queued_bytes;
    return true;
}
