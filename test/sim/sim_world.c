#include "sim_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim_client.h"
#include "sim_fault.h"
#include "sim_loss.h"
#include "sim_net.h"
#include "sim_node.h"
#include "sim_tell.h"

#define LOOK_MS 500
#define STILL_MS 1500                   /* nothing has moved for so long, beyond the longest timer */
#define EVENTS_MAX 400000              /* of a schedule: beyond it something goes round in circles */

/* Whose stream it is, and who follows it: one bit a service. */
const struct sim_stream sim_streams[SIM_STREAMS] = {
    { "orders", APP_ORDERS, false },
    { "orders.private", APP_ORDERS, true },
    { "stock", APP_STOCK, false },
    { "payments", APP_PAYMENTS, false },
    { "reviews", APP_REVIEWS, false },
    { "reviews.internal", APP_REVIEWS, false },
    { "moderation", APP_MODERATION, false },
};
static const uint32_t followers[SIM_STREAMS] = {
    1U << APP_STOCK | 1U << APP_PAYMENTS | 1U << APP_QUERY,
    0,
    1U << APP_ORDERS | 1U << APP_QUERY,
    1U << APP_ORDERS | 1U << APP_QUERY,
    1U << APP_QUERY,
    1U << APP_MODERATION,
    1U << APP_REVIEWS | 1U << APP_QUERY,
};

static const char *const node_names[SIM_NODES_MAX] = {
    "orders", "stock", "payments", "reviews", "moderation", "query", "log-a", "log-b",
};

static void begin(struct sim_world *world);
static void dispatch(struct sim_world *world, const struct sim_event *event);
static void join(struct sim_world *world);
static void look(struct sim_world *world);
static bool is_quiet(struct sim_world *world, char *why_out, size_t size_bytes);
static bool is_well(const struct sim_process *process, char *why_out, size_t size_bytes);
static bool is_caught_up(struct sim_world *world, const struct sim_process *process, char *why_out,
    size_t size_bytes);
static void retry_parked(struct sim_world *world);
static void mend_holes(struct sim_world *world);
static uint32_t reaches_further(const struct sim_node *node, const struct sim_process *process);
static void finish(struct sim_world *world);
static void count_faults(struct sim_world *world);

/* ---- names ---------------------------------------------------------- */

const char *
sim_node_name(uint32_t node)
{
    return node < SIM_NODES_MAX ? node_names[node] : "nobody";
}

bool
sim_may_follow(uint32_t node, uint32_t stream)
{
    return node >= SIM_SERVICES || (followers[stream] & 1U << node) != 0;
}

bool
sim_follows(const struct sim_world *world, uint32_t node, uint32_t stream)
{
    return sim_may_follow(node, stream)
        && (node != APP_QUERY || stream != world->plan->late_stream || world->has_joined);
}

uint32_t
sim_stream_of(struct souk_slice name)
{
    uint32_t stream;

    for (stream = 0; stream < SIM_STREAMS; stream++)
        if (strlen(sim_streams[stream].name) == name.size_bytes
            && memcmp(sim_streams[stream].name, name.base, name.size_bytes) == 0)
            break;
    return stream;
}

/* ---- running -------------------------------------------------------- */

int
sim_world_run(struct sim_world *world, const struct sim_plan *plan, const bool *without, const char *root, FILE *trace)
{
    const char *violation;
    struct sim_event event;
    uint64_t events = 0;

    memset(world, 0, sizeof *world);
    world->plan = plan;
    world->without = without;
    world->root = root;
    world->trace = trace;
    begin(world);
    while (world->failure[0] == '\0' && !world->quiet && sim_queue_take(&world->queue, &event)) {
        world->now_us = event.at_us;
        dispatch(world, &event);
        if ((violation = checker_violation(world->checker)) != NULL)
            sim_fail(world, "%s", violation);
        if (++events == EVENTS_MAX)
            sim_fail(world, "endless: %d events", EVENTS_MAX);
    }
    if (world->failure[0] == '\0')
        finish(world);
    return world->failure[0] == '\0' ? 0 : -1;
}

void
sim_world_done(struct sim_world *world)
{
    struct sim_event event;
    uint32_t node, i;

    while (world->processes != NULL)
        sim_process_stop(world, world->processes, false);
    while (sim_queue_take(&world->queue, &event))
        if (event.kind == SIM_EVENT_LETTER)
            sim_letter_drop(event.what);
    sim_queue_done(&world->queue);
    for (node = 0; node < world->node_count; node++) {
        for (i = 0; i < SIM_INSTANCES_MAX; i++)
            if (world->nodes[node].instances[i].exists)
                sim_disk_remove(&world->nodes[node].instances[i].disk);
        for (i = 0; i < world->nodes[node].copy_count; i++)
            sim_copy_remove(&world->nodes[node].copies[i]);
    }
    sim_clients_done(world);
    checker_close(&world->checker);
}

uint64_t
sim_now_ms(const struct sim_world *world)
{
    return world->now_us / 1000;
}

void
sim_fail(struct sim_world *world, const char *format, ...)
{
    va_list args;

    if (world->failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(world->failure, sizeof world->failure, format, args);
    va_end(args);
    sim_trace(world, "FAILED: %s", world->failure);
}

void
sim_trace(struct sim_world *world, const char *format, ...)
{
    va_list args;

    if (world->trace == NULL)
        return;
    fprintf(world->trace, "%6" PRIu64 ".%03" PRIu64 " ", world->now_us / 1000000, world->now_us / 1000 % 1000);
    va_start(args, format);
    vfprintf(world->trace, format, args);
    va_end(args);
    fputc('\n', world->trace);
}

void
sim_put(struct sim_world *world, uint64_t delay_us, enum sim_event_kind kind, uint32_t a, uint32_t b, void *what)
{
    if (delay_us >= SIM_NEVER - world->now_us)
        return;
    sim_queue_put(&world->queue, (struct sim_event){
        .at_us = world->now_us + delay_us,
        .kind = kind,
        .a = a,
        .b = b,
        .what = what,
    });
}

/* ---- file-local ----------------------------------------------------- */

static void
begin(struct sim_world *world)
{
    static const struct souk_service *const programs[SIM_SERVICES] = {
        app_orders, app_stock, app_payments, app_reviews, app_moderation, app_query,
    };
    const struct sim_plan *plan = world->plan;
    struct sim_node *node;
    uint32_t i;

    app_repair_all();
    app_stretch(plan->expiry_scale);
    if ((world->checker = checker_open()) == NULL)
        abort();
    sim_queue_init(&world->queue);
    world->random = sim_random_part(plan->seed, "world", 0);
    world->node_count = SIM_SERVICES + plan->store_count;
    sim_net_init(world);
    sim_clients_init(world);
    for (i = 0; i < world->node_count; i++) {
        node = &world->nodes[i];
        node->index = i;
        (void)!souk_name_set(&node->name, souk_slice_of(node_names[i]));
        node->programs = i < SIM_SERVICES ? programs[i] : NULL;
        node->disk_lost_ms = node->left_ms = SIM_NEVER;
        sim_put(world, plan->starts_ms[i] * 1000, SIM_EVENT_FIRST, i, 0, NULL);
    }
    sim_tell_topology(world);
    for (i = 0; i < plan->item_count; i++)
        if (world->without == NULL || !world->without[plan->items[i].number])
            sim_put(world, plan->items[i].at_ms * 1000, SIM_EVENT_ITEM, i, 0, NULL);
    if (plan->late_stream != SIM_STREAM_NONE)
        sim_put(world, plan->joins_ms * 1000, SIM_EVENT_JOIN, 0, 0, NULL);
    sim_put(world, (plan->end_ms + 1) * 1000, SIM_EVENT_LOOK, 0, 0, NULL);
}

static void
dispatch(struct sim_world *world, const struct sim_event *event)
{
    const struct sim_item *item = &world->plan->items[event->a % SIM_ITEMS_MAX];
    struct sim_process *process;
    struct sim_node *node;

    switch ((enum sim_event_kind)event->kind) {
    case SIM_EVENT_ITEM:
        if (world->trace != NULL && item->kind != SIM_COMMAND) {
            fprintf(world->trace, "       --- ");
            sim_item_print(world->trace, item);
            fputc('\n', world->trace);
        }
        if (item->kind == SIM_COMMAND)
            sim_client_command(world, item);
        else
            sim_fault_begin(world, item);
        return;
    case SIM_EVENT_ITEM_OVER:
        sim_fault_end(world, item, event->b);
        return;
    case SIM_EVENT_STEP:
        if ((process = sim_process_find(world, event->a)) != NULL && process->step_at_us == world->now_us)
            sim_process_step(world, process);
        return;
    case SIM_EVENT_READ:
        if ((process = sim_process_find(world, event->a)) != NULL && process->read_at_us == world->now_us)
            (void)sim_process_read(world, process);
        return;
    case SIM_EVENT_CONNECT:
        sim_net_connect(world, event->a, event->b);
        return;
    case SIM_EVENT_LETTER:
        sim_net_letter(world, event->a, event->what);
        return;
    case SIM_EVENT_FIRST:
        node = &world->nodes[event->a];
        if (sim_now_ms(world) > 1000 * (uint64_t)world->plan->scale)
            sim_mark(world, SIM_STATE_LATE);
        sim_instance_up(world, node, sim_instance_new(world, node));
        return;
    case SIM_EVENT_UP:
        node = &world->nodes[event->a];
        sim_instance_up(world, node, &node->instances[event->b]);
        return;
    case SIM_EVENT_FLAP:
        sim_fault_flap(world, item, event->a, event->b != 0);
        return;
    case SIM_EVENT_REBUILD:
        sim_operator_rebuild(world, &world->nodes[event->a]);
        return;
    case SIM_EVENT_OP:
        if (world->ops[event->a].tries == event->b)
            sim_client_ask(world, event->a);
        return;
    case SIM_EVENT_JOIN:
        join(world);
        return;
    case SIM_EVENT_LOOK:
        look(world);
        return;
    }
}

/* The topology has changed: query is started again, and follows one stream more. Perhaps it dies amid that. */
static void
join(struct sim_world *world)
{
    struct sim_node *node = &world->nodes[APP_QUERY];
    uint32_t i;

    sim_mark(world, SIM_STATE_JOINED);
    sim_trace(world, "query follows %s", sim_streams[world->plan->late_stream].name);
    world->has_joined = true;
    check_follows(world->checker, sim_now_ms(world), node->name.text, sim_streams[world->plan->late_stream].name);
    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        node->instances[i].start_trapped = sim_random_chance(&world->random, 400);
        node->instances[i].start_trap = SIM_COMMITTED;
        if (node->instances[i].process != NULL)
            sim_process_crash(world, node->instances[i].process, 100);
    }
}

/* Faults are over: is everything quiet yet? */
static void
look(struct sim_world *world)
{
    char why[512] = "";

    if (!world->faults_over) {
        sim_trace(world, "faults are over");
        sim_fault_heal(world);
    }
    retry_parked(world);
    mend_holes(world);
    if (is_quiet(world, why, sizeof why)) {
        world->quiet = true;
        return;
    }
    if (sim_now_ms(world) > world->plan->end_ms + world->plan->bound_ms) {
        finish(world);                  /* the checker says by itself what is not there yet */
        sim_fail(world, "quiet: not so %" PRIu64 " ms after the last fault: %s", world->plan->bound_ms, why);
        return;
    }
    sim_put(world, LOOK_MS * 1000 * (uint64_t)world->plan->scale, SIM_EVENT_LOOK, 0, 0, NULL);
}

static bool
is_quiet(struct sim_world *world, char *why_out, size_t size_bytes)
{
    struct sim_process *process;
    struct sim_node *node;
    uint32_t i, j, running;

    for (i = 0; i < world->node_count; i++) {
        node = &world->nodes[i];
        running = 0;
        for (j = 0; j < SIM_INSTANCES_MAX; j++) {
            if (!node->instances[j].exists)
                continue;
            running++;
            if ((process = node->instances[j].process) == NULL) {
                snprintf(why_out, size_bytes, "%s does not run", node->name.text);
                return false;
            }
            if (!is_well(process, why_out, size_bytes))
                return false;
        }
        if (running != 1) {
            snprintf(why_out, size_bytes, "%s has %u instances", node->name.text, running);
            return false;
        }
    }
    for (process = world->processes; process != NULL; process = process->next)
        if (!is_caught_up(world, process, why_out, size_bytes))
            return false;
    if (sim_clients_waiting(world) > 0) {
        snprintf(why_out, size_bytes, "%u requests have no answer", sim_clients_waiting(world));
        return false;
    }
    snprintf(why_out, size_bytes, "something still moves");
    return sim_now_ms(world) > world->last_change_ms + app_expiry_ms() + STILL_MS * (uint64_t)world->plan->scale;
}

static bool
is_well(const struct sim_process *process, char *why_out, size_t size_bytes)
{
    const char *name = process->node->name.text;
    struct souk_recorder_status recorder;
    struct souk_core_status core;

    if (process->core == NULL) {
        souk_recorder_status(process->recorder, &recorder);
        if (recorder.unordered > 0)
            snprintf(why_out, size_bytes, "%s has %" PRIu64 " batches without a log position", name,
                recorder.unordered);
        return recorder.unordered == 0;
    }
    souk_core_status(process->core, &core);
    if (core.state != SOUK_CORE_LIVE)
        snprintf(why_out, size_bytes, "%s is in state %d: %s", name, core.state, core.waiting_for);
    else if (core.parked > 0)
        snprintf(why_out, size_bytes, "%s has %" PRIu64 " parked", name, core.parked);
    else if (core.requests_waiting > 0)
        snprintf(why_out, size_bytes, "%s waits for %" PRIu64 " answers", name, core.requests_waiting);
    return core.state == SOUK_CORE_LIVE && core.parked == 0 && core.requests_waiting == 0;
}

static bool
is_caught_up(struct sim_world *world, const struct sim_process *process, char *why_out, size_t size_bytes)
{
    const char *name = process->node->name.text;
    struct souk_position head, cursor;
    struct souk_core_status core = { 0 };
    const struct sim_instance *origin;
    uint32_t stream;

    if (process->core != NULL)
        souk_core_status(process->core, &core);
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        if (!sim_follows(world, process->node->index, stream))
            continue;
        origin = sim_node_main(&world->nodes[sim_streams[stream].origin]);
        if (origin == NULL || origin->process == NULL || !sim_process_cursor(origin->process, stream, &head))
            head = (struct souk_position){ 0 };
        if (!sim_process_cursor(process, stream, &cursor))
            cursor = (struct souk_position){ 0 };
        if (!souk_position_equal(&head, &cursor)) {
            snprintf(why_out, size_bytes, "%s is at %u.%" PRIu64 " of %s, whose head is %u.%" PRIu64 ": %s", name,
                cursor.epoch.counter, cursor.number, sim_streams[stream].name, head.epoch.counter, head.number,
                core.waiting_for);
            return false;
        }
    }
    return true;
}

/* Handlers work again: the operator tries everything that they failed on. */
static void
retry_parked(struct sim_world *world)
{
    struct sim_process *process;
    struct app_key text;
    uint32_t i;

    for (process = world->processes; process != NULL; process = process->next) {
        if (process->core == NULL || process->core_status.parked == 0)
            continue;
        for (i = 0; i < world->plan->item_count; i++)
            if (world->plan->items[i].kind == SIM_TROUBLE && world->plan->items[i].a == process->node->index)
                (void)!souk_core_retry_parked(process->core, app_key(&text, world->plan->items[i].x));
        sim_mark(world, SIM_STATE_UNPARKED);
        sim_process_wake(world, process);
    }
}

/*
 * Between two origins, one of which began from nothing, a restored event store may set aside what the other one has
 * trimmed, since backups hold it. It records nothing then and says which backup it needs; the operator takes his time.
 */
static void
mend_holes(struct sim_world *world)
{
    const uint64_t now_ms = sim_now_ms(world), wait_ms = world->plan->bound_ms / 4;
    struct souk_recorder_status status;
    uint32_t i, back;

    if (now_ms < world->plan->end_ms + wait_ms || now_ms < world->holes_looked_ms + wait_ms)
        return;
    world->holes_looked_ms = now_ms;
    for (i = 0; i < world->node_count; i++) {
        struct sim_node *node = &world->nodes[i];
        const struct sim_instance *instance = sim_node_main(node);

        if (node->programs != NULL || node->copy_count == 0 || instance == NULL || instance->process == NULL)
            continue;
        souk_recorder_status(instance->process->recorder, &status);
        if (status.waiting_for[0] == '\0' || (back = reaches_further(node, instance->process)) == node->copy_count)
            continue;
        sim_mark(world, SIM_STATE_HOLE_RESTORED);
        sim_loss_restore(world, node, back, false, 100);
    }
}

/* How many copies back is one that holds more of a stream than the event store itself? */
static uint32_t
reaches_further(const struct sim_node *node, const struct sim_process *process)
{
    struct souk_position cursor;
    uint32_t back, stream;

    for (back = 0; back < node->copy_count; back++)
        for (stream = 0; stream < SIM_STREAMS; stream++)
            if (sim_process_cursor(process, stream, &cursor)
                && node->held[node->copy_count - 1 - back][stream].number > cursor.number)
                return back;
    return back;
}

/* Everything is up and quiet: let the checker see all of it. */
static void
finish(struct sim_world *world)
{
    struct sim_process *process;
    const char *text = NULL;

    for (process = world->processes; process != NULL; process = process->next)
        sim_tell_views(world, process);
    for (process = world->processes; process != NULL; process = process->next)
        sim_tell_end(world, process);
    if (checker_finish(world->checker, sim_now_ms(world), &text) != 0)
        sim_fail(world, "%s", text);
    if (world->without == NULL)
        count_faults(world);
}

/* A whole schedule is as hard as it is said to be. */
static void
count_faults(struct sim_world *world)
{
    uint32_t struck = 0, asked = 0, decided = 0, i;

    for (i = 0; i < world->plan->item_count; i++)
        struck += world->struck[i];
    for (i = 0; i < world->op_count; i++) {
        asked += !world->ops[i].query;
        decided += !world->ops[i].query && world->ops[i].decided;
    }
    /* Where ids are forgotten after a time, clients give up, all of them when no event store is there to begin with. */
    if (asked < SIM_COMMANDS_MIN || (!world->plan->trims && decided * SIM_DECIDED_OF < asked))
        sim_fail(world, "simulator: %u commands, %u of them done or refused", asked, decided);
    if (struck < SIM_FAULTS_MIN)
        sim_fail(world, "simulator: %u faults, not %d", struck, SIM_FAULTS_MIN);
    if (world->plan->profile == SIM_ABSENT && world->states[SIM_STATE_STORE_AWAY_DAYS] == 0)
        sim_fail(world, "simulator: no event store was away for days");
}
