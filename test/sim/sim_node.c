#include "sim_node.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_fault.h"
#include "sim_net.h"
#include "sim_tell.h"
#include "souk_plant.h"

#define STORE_BYTES_MAX (64 * 1024 * 1024)
#define STORE_TIGHT_BYTES (64 * 1024)   /* less than any store has: what there is, and no more */
#define READERS_MAX 4
#define TABLES_MAX 128                  /* a hundred bytes for each are wiped whenever a store is opened */
#define WAKE_US 150                     /* least time between a message and the work on it */
#define IDLE_ROUNDS_MAX 5000            /* one after the other: it goes round in circles */
#define VIEWS_EVERY 40                  /* commits between two looks at the digests */
#define DAY_MS (24 * 3600 * 1000ULL)

static int open_process(struct sim_world *world, struct sim_process *process);
static int open_machine(struct sim_process *process, struct souk_txn *txn, struct souk_error *err);
static void wire(struct sim_world *world, struct sim_process *process);
static void tell_declared(struct sim_world *world, const struct sim_process *process);
static void fill_random(void *arg, void *bytes_out, size_t size_bytes);
static void end_process(struct sim_world *world, struct sim_process *process);
static bool dies_at(struct sim_process *process, enum sim_point point);
static bool die_at(struct sim_world *world, struct sim_process *process, enum sim_point point);
static bool run_round(struct sim_world *world, struct sim_process *process);
static int work(struct sim_process *process, struct souk_txn *txn, bool *changed_out);
static int aborted(struct sim_world *world, struct sim_process *process, int rc);
static void committed(struct sim_world *world, struct sim_process *process);
static void write_witness(struct sim_process *process);
static bool send_all(struct sim_world *world, struct sim_process *process, struct souk_outbox *outbox);
static bool wants_work(const struct sim_process *process, struct souk_time now);
static void send_one(struct sim_world *world, struct sim_process *process, struct souk_out *out);
static struct souk_outbox *outbox_of(const struct sim_process *process);
static void sleep_until_due(struct sim_world *world, struct sim_process *process);
static void wake_step(struct sim_world *world, struct sim_process *process, uint64_t at_us);
static void wake_read(struct sim_world *world, struct sim_process *process, uint64_t at_us);
static uint64_t due_us(const struct sim_world *world, const struct sim_process *process, uint64_t due_ms);
static void note_start(struct sim_world *world, struct sim_process *process, bool had_store);

/* ---- instances ------------------------------------------------------ */

void
sim_instance_up(struct sim_world *world, struct sim_node *node, struct sim_instance *instance)
{
    struct sim_process *process;
    bool had_store;

    if (!instance->exists || instance->process != NULL || instance->holds != 0 || instance->fenced)
        return;
    if ((process = calloc(1, sizeof *process)) == NULL)
        abort();
    process->id = ++world->ids;
    process->node = node;
    process->instance = instance;
    process->world = world;
    process->service = node->programs == NULL ? NULL : &node->programs[instance->disk.version];
    process->random = sim_random_part(world->plan->seed, node->name.text, process->id);
    process->steady_base_us = sim_random_below(&process->random, 1000) * 1000 * 1000;
    process->step_at_us = process->read_at_us = SIM_NEVER;
    process->started_ms = sim_now_ms(world);
    if (process->service == NULL && node->left_ms != SIM_NEVER
        && process->started_ms >= node->left_ms + SIM_ABSENCE_MS)
        sim_mark(world, SIM_STATE_STORE_AWAY_DAYS);
    if (instance->start_trapped) {
        sim_process_trap(process, instance->start_trap, 0, 300);
        instance->start_trapped = false;
    }
    wire(world, process);
    process->next = world->processes;
    world->processes = process;
    instance->process = process;
    had_store = sim_disk_has_store(&instance->disk);
    sim_trace(world, "%s/%u starts on disk %u%s", node->name.text, process->id, instance->disk.id,
        instance->beside ? ", beside" : "");
    check_started(world->checker, sim_now_ms(world), node->name.text, process->id, instance->disk.id);
    tell_declared(world, process);
    if (open_process(world, process) != 0)
        return;
    note_start(world, process, had_store);
    node->started_once = true;
    sim_net_join(world, process);
    sim_process_wake(world, process);
    sim_operator_started(world, process);
    (void)sim_operator_look(world, process);
}

void
sim_instance_up_later(struct sim_world *world, struct sim_node *node, struct sim_instance *instance, uint64_t delay_ms)
{
    sim_put(world, delay_ms * 1000, SIM_EVENT_UP, node->index, sim_instance_index(node, instance), NULL);
}

struct sim_instance *
sim_instance_new(struct sim_world *world, struct sim_node *node)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        if (!node->instances[i].exists) {
            node->instances[i] = (struct sim_instance){ .exists = true };
            sim_instance_new_disk(world, &node->instances[i]);
            return &node->instances[i];
        }
    return NULL;
}

void
sim_instance_new_disk(struct sim_world *world, struct sim_instance *instance)
{
    uint32_t version = instance->disk.version;

    sim_disk_init(&instance->disk, world->root, ++world->ids);
    instance->disk.version = version;
}

void
sim_instance_drop(struct sim_world *world, struct sim_instance *instance)
{
    check_wiped(world->checker, sim_now_ms(world), instance->disk.id);
    sim_disk_remove(&instance->disk);
    *instance = (struct sim_instance){ 0 };
}

struct sim_instance *
sim_node_main(struct sim_node *node)
{
    struct sim_instance *any = NULL;
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        if (!node->instances[i].exists || node->instances[i].beside)
            continue;
        if (node->instances[i].process != NULL)
            return &node->instances[i];
        if (any == NULL || any->fenced)
            any = &node->instances[i];
    }
    return any;
}

uint32_t
sim_instance_index(const struct sim_node *node, const struct sim_instance *instance)
{
    return (uint32_t)(instance - node->instances);
}

/* ---- processes ------------------------------------------------------ */

struct sim_process *
sim_process_find(struct sim_world *world, uint32_t id)
{
    struct sim_process *process;

    for (process = world->processes; process != NULL && process->id != id; process = process->next)
        continue;
    return process;
}

void
sim_process_crash(struct sim_world *world, struct sim_process *process, uint64_t down_ms)
{
    struct sim_instance *instance = process->instance;
    struct sim_node *node = process->node;

    sim_trace(world, "%s/%u dies", node->name.text, process->id);
    check_crashed(world->checker, sim_now_ms(world), process->id);
    sim_states_death(world, process);
    end_process(world, process);
    sim_instance_up_later(world, node, instance, down_ms);
    sim_operator_died(world, node, instance);
}

void
sim_process_stop(struct sim_world *world, struct sim_process *process, bool removes_witness)
{
    sim_trace(world, "%s/%u stops", process->node->name.text, process->id);
    check_stopped(world->checker, sim_now_ms(world), process->id);
    if (removes_witness)
        sim_disk_forget_witness(&process->instance->disk);
    end_process(world, process);
}

void
sim_process_grow(struct sim_world *world, struct sim_process *process)
{
    struct souk_error err = { 0 };

    if (souk_store_grow(process->store, STORE_BYTES_MAX, &err) != 0)
        sim_fail(world, "simulator: %s/%u cannot grow: %s", process->node->name.text, process->id, err.text);
    sim_process_wake(world, process);
}

void
sim_process_trap(struct sim_process *process, enum sim_point point, uint64_t passes, uint64_t down_ms)
{
    process->trapped = true;
    process->trap = point;
    process->trap_passes = passes;
    process->down_ms = down_ms;
}

void
sim_process_hear(struct sim_world *world, struct sim_process *process, struct sim_letter *letter)
{
    struct souk_slice route = { letter->route, letter->route_bytes };
    const struct souk_name *from = letter->from_node == SIM_OUTSIDE ? NULL : &world->nodes[letter->from_node].name;
    struct souk_slice identity = souk_slice_of(from != NULL ? from->text : sim_net_addressee(world, route));
    struct souk_time now;

    if (process->paused_until_us > world->now_us) {
        letter->references++;
        sim_put(world, process->paused_until_us - world->now_us, SIM_EVENT_LETTER, process->id, 0, letter);
        return;
    }
    now = sim_process_time(world, process);
    sim_tell_heard(world, process, letter);
    switch (letter->kind) {
    case SIM_PUBLISHED:
        if (process->core != NULL)
            souk_core_hear_published(process->core, from, letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_published(process->recorder, from, letter->frames, letter->frame_count, now);
        break;
    case SIM_TO_COMMANDS:
        if (process->core != NULL)
            souk_core_hear_request(process->core, route, identity, "", letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_request(process->recorder, route, identity, letter->frames, letter->frame_count, now);
        break;
    case SIM_ANSWERED:
        if (process->core != NULL)
            souk_core_hear_answer(process->core, from, letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_answer(process->recorder, from, letter->frames, letter->frame_count, now);
        break;
    case SIM_TO_QUERIES:
        souk_reader_hear(process->reader, route, "", letter->frames, letter->frame_count, now);
        wake_read(world, process, world->now_us + WAKE_US + sim_random_below(&process->random, world->plan->work_us));
        return;
    case SIM_TO_CLIENT:
        return;
    }
    sim_process_wake(world, process);
}

void
sim_process_subscriber(struct sim_world *world, struct sim_process *process)
{
    if (process->core != NULL)
        souk_core_hear_subscriber(process->core);
    else
        souk_recorder_hear_subscriber(process->recorder);
    sim_process_wake(world, process);
}

void
sim_process_wake(struct sim_world *world, struct sim_process *process)
{
    wake_step(world, process, world->now_us + WAKE_US + sim_random_below(&process->random, world->plan->work_us));
}

void
sim_process_step(struct sim_world *world, struct sim_process *process)
{
    process->step_at_us = SIM_NEVER;
    if (process->paused_until_us > world->now_us) {
        wake_step(world, process, process->paused_until_us);
        return;
    }
    if (die_at(world, process, SIM_BETWEEN) || !send_all(world, process, outbox_of(process)))
        return;
    if (wants_work(process, sim_process_time(world, process)) && !run_round(world, process))
        return;
    sim_states_status(world, process);
    if (sim_operator_look(world, process))
        sleep_until_due(world, process);
}

bool
sim_process_read(struct sim_world *world, struct sim_process *process)
{
    enum souk_core_state state = sim_process_state(process);
    struct souk_time now = sim_process_time(world, process);
    struct souk_txn *txn = NULL;
    uint32_t foreign;
    int rc;

    process->read_at_us = SIM_NEVER;
    if (process->paused_until_us > world->now_us) {
        wake_read(world, process, process->paused_until_us);
        return true;
    }
    if (souk_reader_wants_work(process->reader, now)) {
        if ((rc = souk_txn_begin(process->store, SOUK_TXN_READ, &txn)) == 0)
            rc = souk_reader_work(process->reader, txn, process->commit_witnessed,
                process->core == NULL || state == SOUK_CORE_LIVE || state == SOUK_CORE_DRAINED, now);
        souk_txn_abort(&txn);
        if (rc == -SOUK_EBUSY) {
            sim_mark(world, SIM_STATE_READER_BEFORE_WITNESS);
            return true;                /* until the writer's signal */
        }
        if (rc != 0) {
            sim_fail(world, "reader: %s/%u: %s", process->node->name.text, process->id, souk_error_name(rc));
            return true;
        }
        foreign = souk_reader_foreign(process->reader);
        if (foreign != 0 && process->core != NULL) {
            souk_core_hear_foreign(process->core, foreign, now);
            sim_process_wake(world, process);
        }
        if (!send_all(world, process, souk_reader_outbox(process->reader)))
            return false;
    }
    if (souk_reader_wants_work(process->reader, now))
        wake_read(world, process, world->now_us + WAKE_US);
    else
        wake_read(world, process, due_us(world, process, souk_reader_due_ms(process->reader)));
    return true;
}

struct souk_time
sim_process_time(const struct sim_world *world, const struct sim_process *process)
{
    return (struct souk_time){
        .wall_ms = SIM_WALL_MS + sim_now_ms(world) + (uint64_t)process->node->clock_ms,
        .steady_ms = (world->now_us + process->steady_base_us) / 1000,
    };
}

enum souk_core_state
sim_process_state(const struct sim_process *process)
{
    return process->core == NULL ? SOUK_CORE_LIVE : souk_core_state(process->core);
}

bool
sim_process_cursor(const struct sim_process *process, uint32_t stream, struct souk_position *position_out)
{
    if (process->core != NULL)
        return souk_core_cursor(process->core, sim_streams[stream].name, position_out) == 0;
    return process->recorder != NULL
        && souk_recorder_cursor(process->recorder, sim_streams[stream].name, position_out) == 0;
}

/* ---- opening and ending --------------------------------------------- */

/* 0, or -1: the process is not there any more. */
static int
open_process(struct sim_world *world, struct sim_process *process)
{
    struct souk_store_config config = {
        .path = process->instance->disk.path,
        .bytes_max = process->instance->tight ? STORE_TIGHT_BYTES : STORE_BYTES_MAX,
        .readers_max = READERS_MAX,
        .tables_max = TABLES_MAX,
        .simulated = true,
        .written_by_map = true,
    };
    struct souk_error err = { 0 };
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_store_open(&config, &process->store, &err)) != 0)
        goto fail;
    if ((rc = souk_txn_begin(process->store, SOUK_TXN_WRITE, &txn)) != 0)
        goto fail;
    if ((rc = open_machine(process, txn, &err)) != 0)
        goto fail;
    if (dies_at(process, SIM_OPENING)) {
        souk_txn_abort(&txn);
        (void)die_at(world, process, SIM_OPENING);
        return -1;
    }
    if ((rc = souk_txn_commit(&txn)) != 0)
        goto fail;
    sim_tell_opened(world, process);
    if (die_at(world, process, SIM_OPENED))
        return -1;
    write_witness(process);
    if ((rc = souk_reader_open(process->service, &process->wiring, &process->reader, &err)) != 0)
        goto fail;
    return 0;

fail:
    souk_txn_abort(&txn);
    if (rc == -SOUK_EFULL) {
        sim_mark(world, SIM_STATE_FULL_AT_START);
        sim_process_crash(world, process, 500 * (uint64_t)world->plan->scale);
        return -1;
    }
    sim_fail(world, "open: %s/%u: %s: %s", process->node->name.text, process->id, souk_error_name(rc), err.text);
    end_process(world, process);
    return -1;
}

static int
open_machine(struct sim_process *process, struct souk_txn *txn, struct souk_error *err)
{
    const struct sim_disk *disk = &process->instance->disk;
    struct souk_slice witness = { disk->witness, disk->witness_bytes };
    struct souk_time now = sim_process_time(process->world, process);

    if (process->service == NULL)
        return souk_recorder_open(&process->wiring, txn, witness, now, &process->recorder, err);
    return souk_core_open(process->service, &process->wiring,
        process->instance->beside && !process->instance->took_over ? SOUK_CORE_START_BESIDE : SOUK_CORE_START, txn,
        witness, now, &process->core, err);
}

static void
wire(struct sim_world *world, struct sim_process *process)
{
    const struct sim_plan *plan = world->plan;
    struct souk_wiring *wiring = &process->wiring;
    uint32_t self = process->node->index, i;
    struct souk_limits *limits = &wiring->limits;
    uint32_t scale = plan->scale;

    wiring->self = process->node->name;
    wiring->streams = process->streams;
    for (i = 0; i < SIM_STREAMS; i++)
        if (sim_streams[i].origin == self || sim_follows(world, self, i)) {
            struct souk_wired_stream *stream = &process->streams[wiring->stream_count++];

            (void)!souk_name_set(&stream->name, souk_slice_of(sim_streams[i].name));
            stream->origin = world->nodes[sim_streams[i].origin].name;
            stream->is_private = sim_streams[i].is_private;
        }
    wiring->stores = process->stores;
    for (i = 0; i < plan->store_count; i++)
        process->stores[wiring->store_count++] = (struct souk_wired_store){
            .name = world->nodes[SIM_SERVICES + i].name,
            .lost = world->declared_lost[SIM_SERVICES + i] > 0,
        };
    wiring->recorded = plan->recorded;
    wiring->recorded_by = plan->recorded_by;
    wiring->trim_after = plan->trims_recorded ? SOUK_TRIM_RECORDED : SOUK_TRIM_BACKED_UP;
    wiring->trim_recorded_by = plan->store_count;
    wiring->say_new = plan->says_new && !process->node->started_once;
    memcpy(wiring->fingerprint, SIM_FINGERPRINT, sizeof wiring->fingerprint);
    limits->head_ms = plan->head_ms * scale;
    limits->pull_timeout_ms = 300 * scale;
    limits->pull_idle_ms = 2500 * scale;
    limits->pull_credit_bytes = plan->pull_credit_bytes;
    limits->feed_bytes_max = plan->feed_bytes_max;
    limits->hold_ms = 5000 * scale;
    limits->seal_retry_ms = 400 * scale;
    limits->request_retry_ms = 700 * scale;
    limits->handler_tries_max = plan->handler_tries_max;
    limits->waiting_max = plan->waiting_max;
    limits->pulls_max = plan->pulls_max;
    limits->batch_cut_bytes = plan->batch_cut_bytes;
    limits->retention_ms = plan->retention_ms * scale;
    /* payments is asked by another service, which asks for as long as it has no answer. */
    limits->ids_window_ms = (self == APP_PAYMENTS ? 7 * DAY_MS : plan->ids_window_ms) * scale;
    limits->losses_window_ms = 30 * DAY_MS * scale;
    souk_limits_fill(limits);
    wiring->random = (struct souk_random){ fill_random, &process->random };
}

/* What the operator has told the service that it may go on without. */
static void
tell_declared(struct sim_world *world, const struct sim_process *process)
{
    uint32_t i;

    if (process->service == NULL)
        return;
    if (process->wiring.say_new)
        check_declared_lost(world->checker, sim_now_ms(world), process->node->name.text, NULL);
    for (i = 0; i < process->wiring.store_count; i++)
        if (process->stores[i].lost)
            check_declared_lost(world->checker, sim_now_ms(world), process->node->name.text,
                process->stores[i].name.text);
}

static void
fill_random(void *arg, void *bytes_out, size_t size_bytes)
{
    sim_random_fill(arg, bytes_out, size_bytes);
}

static void
end_process(struct sim_world *world, struct sim_process *process)
{
    struct sim_process **at;

    for (at = &world->processes; *at != process; at = &(*at)->next)
        continue;
    *at = process->next;
    process->instance->process = NULL;
    process->node->left_ms = sim_now_ms(world);
    souk_reader_close(&process->reader);
    souk_core_close(&process->core);
    souk_recorder_close(&process->recorder);
    souk_store_close(&process->store);
    sim_net_leave(world, process);
    free(process);
}

/* Is this the pass of the point at which the process is to die? */
static bool
dies_at(struct sim_process *process, enum sim_point point)
{
    if (!process->trapped || process->trap != point)
        return false;
    if (process->trap_passes == 0)
        return true;
    process->trap_passes--;
    return false;
}

/* Die, if this is the pass. Outside of any transaction. */
static bool
die_at(struct sim_world *world, struct sim_process *process, enum sim_point point)
{
    static const enum sim_state marks[SIM_POINTS] = {
        [SIM_OPENING] = SIM_STATE_CRASH_OPENING,
        [SIM_OPENED] = SIM_STATE_CRASH_OPENING,
        [SIM_WORKING] = SIM_STATE_CRASH_WORKING,
        [SIM_COMMITTED] = SIM_STATE_CRASH_COMMITTED,
        [SIM_WITNESSED] = SIM_STATE_CRASH_WITNESSED,
        [SIM_SENDING] = SIM_STATE_CRASH_SENDING,
    };

    if (!dies_at(process, point))
        return false;
    if (point != SIM_BETWEEN)
        sim_mark(world, marks[point]);
    process->instance->died_committed = point == SIM_COMMITTED && process->core != NULL;
    sim_trace(world, "trap: %s", sim_point_name(point));
    if (point == SIM_COMMITTED)
        check_unsaid(world->checker, sim_now_ms(world), process->id);
    sim_process_crash(world, process, process->down_ms);
    return true;
}

/* ---- rounds --------------------------------------------------------- */

/* One round as souk_core.h has it. False: the process is not there any more. */
static bool
run_round(struct sim_world *world, struct sim_process *process)
{
    struct souk_txn *txn = NULL;
    struct souk_out *out;
    bool changed = false;
    int rc;

    if ((rc = souk_txn_begin(process->store, SOUK_TXN_WRITE, &txn)) != 0) {
        sim_fail(world, "work: %s/%u cannot begin: %s", process->node->name.text, process->id, souk_error_name(rc));
        return true;
    }
    rc = work(process, txn, &changed);
    /* A process may send at any moment what it may send. Here is where that would show if it might too early. */
    while (SOUK_PLANTED_BUG(PUBLISHED_BEFORE_COMMIT) && rc == 0 && (out = souk_outbox_take(outbox_of(process))) != NULL)
        send_one(world, process, out);
    if (dies_at(process, SIM_WORKING)) {
        souk_txn_abort(&txn);
        return !die_at(world, process, SIM_WORKING);
    }
    if (rc == 0 && changed && process->instance->full_commits > 0) {
        process->instance->full_commits--;
        sim_mark(world, SIM_STATE_FULL_AT_COMMIT);
        rc = -SOUK_EFULL;
    }
    if (rc == 0 && changed) {
        rc = souk_txn_commit(&txn);
        if (rc == 0) {
            sim_tell_commit(world, process);
            process->instance->took_over |= process->instance->taking_over
                && sim_process_state(process) == SOUK_CORE_LIVE;
            if (die_at(world, process, SIM_COMMITTED))
                return false;
            if (sim_random_chance(&process->random, 50) && !sim_process_read(world, process))
                return false;
            write_witness(process);
            if (die_at(world, process, SIM_WITNESSED))
                return false;
            if (++process->commits % VIEWS_EVERY == 0)
                sim_tell_views(world, process);
        }
    } else if (rc == 0) {
        write_witness(process);                 /* who seals or is fenced says so there, with nothing to commit */
    }
    souk_txn_abort(&txn);
    if (rc != 0)
        return aborted(world, process, rc) == 0;
    committed(world, process);
    process->idle_rounds = changed ? 0 : process->idle_rounds + 1;
    if (process->idle_rounds == IDLE_ROUNDS_MAX)
        sim_fail(world, "idle: %s/%u works %u rounds and changes nothing", process->node->name.text, process->id,
            IDLE_ROUNDS_MAX);
    if (changed) {
        souk_reader_signal(process->reader);
        wake_read(world, process, world->now_us + WAKE_US);
    }
    return send_all(world, process, outbox_of(process));
}

static struct souk_outbox *
outbox_of(const struct sim_process *process)
{
    return process->core != NULL ? souk_core_outbox(process->core) : souk_recorder_outbox(process->recorder);
}

static int
work(struct sim_process *process, struct souk_txn *txn, bool *changed_out)
{
    struct souk_time now = sim_process_time(process->world, process);

    if (process->core != NULL)
        return souk_core_work(process->core, txn, now, changed_out);
    return souk_recorder_work(process->recorder, txn, now, changed_out);
}

static int
aborted(struct sim_world *world, struct sim_process *process, int rc)
{
    struct souk_time now = sim_process_time(world, process);
    struct souk_txn *txn = NULL;
    int again;

    sim_trace(world, "%s/%u aborts: %s", process->node->name.text, process->id, souk_error_name(rc));
    if (rc == -SOUK_EFULL)
        sim_mark(world, SIM_STATE_FULL);
    else if (rc == -SOUK_EHANDLER)
        sim_mark(world, SIM_STATE_HANDLER_FAILED);
    else
        sim_fail(world, "work: %s/%u fails: %s", process->node->name.text, process->id, souk_error_name(rc));
    if ((again = souk_txn_begin(process->store, SOUK_TXN_WRITE, &txn)) == 0) {
        if (process->core != NULL)
            again = souk_core_aborted(process->core, rc, txn, now);
        else
            again = souk_recorder_aborted(process->recorder, rc, txn, now);
    }
    souk_txn_abort(&txn);
    if (again != 0)
        sim_fail(world, "work: %s/%u after %s: %s", process->node->name.text, process->id, souk_error_name(rc),
            souk_error_name(again));
    return 0;
}

static void
committed(struct sim_world *world, struct sim_process *process)
{
    struct souk_time now = sim_process_time(world, process);

    if (process->core != NULL)
        souk_core_committed(process->core, now);
    else
        souk_recorder_committed(process->recorder, now);
}

static void
write_witness(struct sim_process *process)
{
    struct souk_slice witness = process->core != NULL ? souk_core_witness(process->core)
                                                      : souk_recorder_witness(process->recorder);
    struct souk_core_status core;
    struct souk_recorder_status recorder;

    if (witness.size_bytes > 0)
        sim_disk_set_witness(&process->instance->disk, witness.base, witness.size_bytes);
    if (process->core != NULL) {
        souk_core_status(process->core, &core);
        process->commit_witnessed = core.commit;
    } else {
        souk_recorder_status(process->recorder, &recorder);
        process->commit_witnessed = recorder.commit;
    }
}

/* False: the process died between two messages. */
static bool
send_all(struct sim_world *world, struct sim_process *process, struct souk_outbox *outbox)
{
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL) {
        if (dies_at(process, SIM_SENDING)) {
            souk_out_free(&out);
            return !die_at(world, process, SIM_SENDING);
        }
        send_one(world, process, out);
    }
    return true;
}

/* Takes `out`. */
static void
send_one(struct sim_world *world, struct sim_process *process, struct souk_out *out)
{
    sim_tell_sent(world, process, out);
    sim_states_message(world, process, out);
    sim_net_send(world, process, out);
    souk_out_free(&out);
}

/* ---- when ----------------------------------------------------------- */

static bool
wants_work(const struct sim_process *process, struct souk_time now)
{
    if (process->core != NULL)
        return souk_core_wants_work(process->core, now);
    return souk_recorder_wants_work(process->recorder, now);
}

static void
sleep_until_due(struct sim_world *world, struct sim_process *process)
{
    uint64_t due_ms = process->core != NULL ? souk_core_due_ms(process->core)
                                            : souk_recorder_due_ms(process->recorder);

    if (wants_work(process, sim_process_time(world, process))) {
        sim_process_wake(world, process);
        return;
    }
    wake_step(world, process, due_us(world, process, due_ms));
}

static void
wake_step(struct sim_world *world, struct sim_process *process, uint64_t at_us)
{
    if (at_us >= process->step_at_us)
        return;
    process->step_at_us = at_us;
    sim_put(world, at_us - world->now_us, SIM_EVENT_STEP, process->id, 0, NULL);
}

static void
wake_read(struct sim_world *world, struct sim_process *process, uint64_t at_us)
{
    if (at_us >= process->read_at_us)
        return;
    process->read_at_us = at_us;
    sim_put(world, at_us - world->now_us, SIM_EVENT_READ, process->id, 0, NULL);
}

/* A time of the process's steady clock on the virtual one, and not before the next millisecond. */
static uint64_t
due_us(const struct sim_world *world, const struct sim_process *process, uint64_t due_ms)
{
    uint64_t soonest_us = world->now_us + 1000;

    if (due_ms >= UINT64_MAX / 1000)
        return SIM_NEVER;
    if (due_ms * 1000 < process->steady_base_us + soonest_us)
        return soonest_us;
    return due_ms * 1000 - process->steady_base_us;
}

static void
note_start(struct sim_world *world, struct sim_process *process, bool had_store)
{
    struct sim_instance *instance = process->instance;

    if (process->core == NULL) {
        souk_recorder_status(process->recorder, &process->recorder_status);
        if (had_store
            && memcmp(instance->incarnation, process->recorder_status.incarnation, sizeof instance->incarnation) != 0)
            sim_mark(world, SIM_STATE_INCARNATION);
        return;
    }
    souk_core_status(process->core, &process->core_status);
    if (had_store && instance->disk.witness_bytes > 0 && process->core_status.state == SOUK_CORE_LIVE)
        sim_mark(world, instance->died_committed ? SIM_STATE_WENT_ON_ONE_AFTER : SIM_STATE_WENT_ON_BY_WITNESS);
    instance->died_committed = false;
}
