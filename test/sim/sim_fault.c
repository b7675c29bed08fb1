#include "sim_fault.h"

#include <string.h>

#include "sim_net.h"
#include "sim_node.h"
#include "souk_log.h"

#define TRAP_MS 400                     /* then a process dies though it never came to its trap */
#define REBUILD_LOOK_MS 100
#define REBUILD_MS_MAX 20000            /* then the operator gives up */
#define FENCED_MS 1500                  /* until the operator starts the last instance again */
#define DAY_MS (24 * 3600 * 1000LL)

static void cut(struct sim_world *world, uint32_t from, uint32_t to);
static void mend(struct sim_world *world, uint32_t from, uint32_t to);
static void isolate(struct sim_world *world, uint32_t node, bool is_cut);
static void crash(struct sim_world *world, struct sim_node *node, const struct sim_item *item);
static void restart_host(struct sim_world *world, struct sim_node *node, uint64_t down_ms);
static void hold(struct sim_world *world, struct sim_node *node, bool cleanly);
static void let_go(struct sim_world *world, struct sim_node *node);
static void found_again(struct sim_world *world, struct sim_node *store);
static void wipe(struct sim_world *world, struct sim_node *node, uint64_t down_ms);
static void take_copy(struct sim_world *world, struct sim_node *node);
static void drop_copy(struct sim_world *world, struct sim_node *node);
static void restore(struct sim_world *world, struct sim_node *node, uint64_t back, bool in_place, uint64_t down_ms);
static void lose_service(struct sim_world *world, const struct sim_item *item);
static void lose_store(struct sim_world *world, const struct sim_item *item);
static void clone(struct sim_world *world, struct sim_node *node);
static void fill_up(struct sim_world *world, struct sim_node *node);
static void make_room(struct sim_world *world, struct sim_node *node);
static void trouble_over(struct sim_world *world, struct sim_node *node, uint64_t key);
static void rebuild(struct sim_world *world, struct sim_node *node, bool other_program);
static void end_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside,
    struct sim_instance *old);
static void give_up_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside);
static bool may_lose_disk(const struct sim_world *world, const struct sim_node *node);
static void lost_disk(struct sim_world *world, struct sim_node *node);
static void tell_backed_up(struct sim_world *world, struct sim_process *process);
static void drop_idle_clones(struct sim_world *world);
static struct sim_instance *beside_of(struct sim_node *node);
static uint32_t instances_of(const struct sim_node *node);
static bool has_clones(const struct sim_world *world);
static bool has_declared_lost(const struct sim_world *world);
static int64_t jump_ms(const struct sim_item *item);

/* ---- faults --------------------------------------------------------- */

void
sim_fault_begin(struct sim_world *world, const struct sim_item *item)
{
    struct sim_node *node = &world->nodes[item->a];
    struct sim_instance *instance = sim_node_main(node);
    uint32_t index = (uint32_t)(item - world->plan->items);
    uint64_t over_ms = item->span_ms;

    switch (item->kind) {
    case SIM_COMMAND:
    case SIM_KINDS:
        return;
    case SIM_NOISE:
        world->net.loss += (uint32_t)item->x;
        world->net.doubles += (uint32_t)item->y;
        world->net.late += (uint32_t)item->z;
        break;
    case SIM_PART:
        cut(world, item->a, item->b);
        break;
    case SIM_PART_BOTH:
        cut(world, item->a, item->b);
        cut(world, item->b, item->a);
        break;
    case SIM_FLAP:
        sim_fault_flap(world, item, index, false);
        return;
    case SIM_ISOLATE:
        isolate(world, item->a, true);
        break;
    case SIM_MUTE:
        world->net.muted[item->a]++;
        break;
    case SIM_CLOCK:
        node->clock_ms += jump_ms(item);
        sim_mark(world, jump_ms(item) < 0 ? SIM_STATE_CLOCK_BACK : SIM_STATE_CLOCK_AHEAD);
        break;
    case SIM_TROUBLE:
        if (node->programs != NULL)
            app_disturb(node->programs[0].name, item->x);
        break;
    case SIM_CRASH:
        crash(world, node, item);
        over_ms = TRAP_MS * (uint64_t)world->plan->scale;
        break;
    case SIM_HOST:
        restart_host(world, node, item->span_ms);
        return;
    case SIM_STOP:
        hold(world, node, true);
        break;
    case SIM_AWAY:
        sim_mark(world, SIM_STATE_STORE_AWAY);
        hold(world, node, item->x % 2 == 0);
        break;
    case SIM_DECLARE:
        if (has_clones(world))
            return;                     /* it is by the event store that one of the two is stopped */
        sim_mark(world, SIM_STATE_DECLARED_LOST);
        hold(world, node, false);
        world->declared_lost[item->a]++;
        if (item->x == 1)
            wipe(world, &world->nodes[item->b], 100);
        else if (item->x == 2)
            restart_host(world, &world->nodes[item->b], 100);
        break;
    case SIM_BOTH:
        if (item->y == 3)
            clone(world, &world->nodes[item->b]);
        else
            lose_service(world, item);
        over_ms = item->z;
        break;
    case SIM_PAUSE:
        if (instance == NULL || instance->process == NULL)
            return;
        instance->process->paused_until_us = world->now_us + item->span_ms * 1000;
        sim_mark(world, SIM_STATE_PAUSED);
        return;
    case SIM_WIPE:
        wipe(world, node, item->span_ms);
        return;
    case SIM_COPY:
    case SIM_BACKUP:
        take_copy(world, node);
        return;
    case SIM_DROP:
        if (node->copy_count > 1)
            drop_copy(world, node);
        return;
    case SIM_RESTORE:
        restore(world, node, item->x, item->y != 0, item->span_ms);
        return;
    case SIM_CLONE:
        clone(world, node);
        return;
    case SIM_FULL:
        fill_up(world, node);
        break;
    case SIM_FULL_COMMIT:
        if (instance != NULL)
            instance->full_commits = (uint32_t)item->x;
        break;
    case SIM_REBUILD:
        rebuild(world, node, item->x != 0);
        return;
    }
    sim_put(world, over_ms * 1000, SIM_EVENT_ITEM_OVER, index, 0, NULL);
}

void
sim_fault_end(struct sim_world *world, const struct sim_item *item)
{
    struct sim_node *node = &world->nodes[item->a];
    struct sim_instance *instance = sim_node_main(node);

    switch (item->kind) {
    case SIM_NOISE:
        world->net.loss -= (uint32_t)item->x;
        world->net.doubles -= (uint32_t)item->y;
        world->net.late -= (uint32_t)item->z;
        return;
    case SIM_PART:
        mend(world, item->a, item->b);
        return;
    case SIM_PART_BOTH:
        mend(world, item->a, item->b);
        mend(world, item->b, item->a);
        return;
    case SIM_ISOLATE:
        isolate(world, item->a, false);
        return;
    case SIM_MUTE:
        world->net.muted[item->a]--;
        return;
    case SIM_CLOCK:
        node->clock_ms -= jump_ms(item);
        return;
    case SIM_TROUBLE:
        trouble_over(world, node, item->x);
        return;
    case SIM_CRASH:
        if (instance != NULL && instance->process != NULL && instance->process->trapped)
            sim_process_crash(world, instance->process, instance->process->down_ms);
        return;
    case SIM_DECLARE:
        found_again(world, node);
        return;
    case SIM_BOTH:
        lose_store(world, item);
        return;
    case SIM_STOP:
    case SIM_AWAY:
        let_go(world, node);
        return;
    case SIM_FULL:
        make_room(world, node);
        return;
    case SIM_FULL_COMMIT:
        if (instance != NULL)
            instance->full_commits = 0;
        return;
    default:
        return;
    }
}

void
sim_fault_flap(struct sim_world *world, const struct sim_item *item, uint32_t index, bool is_cut)
{
    bool over = sim_now_ms(world) >= item->at_ms + item->span_ms;

    if (is_cut) {
        mend(world, item->a, item->b);
        mend(world, item->b, item->a);
    } else if (!over) {
        cut(world, item->a, item->b);
        cut(world, item->b, item->a);
    }
    if (is_cut || !over)
        sim_put(world, item->x * 1000 * world->plan->scale, SIM_EVENT_FLAP, index, !is_cut, NULL);
}

void
sim_fault_heal(struct sim_world *world)
{
    uint32_t node, i;

    world->faults_over = true;
    world->net.loss = world->net.doubles = world->net.late = 0;
    app_repair_all();
    drop_idle_clones(world);
    for (node = 0; node < world->node_count; node++) {
        world->nodes[node].clock_ms = 0;
        for (i = 0; i < SIM_INSTANCES_MAX; i++) {
            struct sim_instance *instance = &world->nodes[node].instances[i];

            if (!instance->exists)
                continue;
            instance->full_commits = 0;
            instance->start_trapped = false;
            if (instance->process != NULL)
                instance->process->trapped = false;
            sim_instance_up(world, &world->nodes[node], instance);
        }
    }
}

/* ---- the operator --------------------------------------------------- */

void
sim_operator_started(struct sim_world *world, struct sim_process *process)
{
    if (process->recorder != NULL && process->node->copy_count > 0)
        tell_backed_up(world, process);
}

bool
sim_operator_look(struct sim_world *world, struct sim_process *process)
{
    struct sim_node *node = process->node;
    struct sim_instance *instance = process->instance;
    struct souk_core_status status;
    uint32_t i;

    if (process->core == NULL)
        return true;
    switch (souk_core_state(process->core)) {
    case SOUK_CORE_SEALING:
    case SOUK_CORE_FETCHING:
    case SOUK_CORE_LIVE:
    case SOUK_CORE_BESIDE:
    case SOUK_CORE_DRAINED:
        return true;
    case SOUK_CORE_FENCED:
        sim_mark(world, SIM_STATE_FENCED);
        sim_trace(world, "%s/%u is fenced", node->name.text, process->id);
        sim_process_stop(world, process, true);     /* its next start is a new one */
        instance->fenced = true;
        for (i = 0; i < SIM_INSTANCES_MAX; i++)
            if (&node->instances[i] != instance && node->instances[i].exists && !node->instances[i].beside) {
                sim_instance_drop(world, instance);
                return false;
            }
        instance->fenced = false;
        sim_instance_up_later(world, node, instance, FENCED_MS * (uint64_t)world->plan->scale);
        return false;
    case SOUK_CORE_SET_ASIDE:
        sim_mark(world, SIM_STATE_SET_ASIDE);
        sim_trace(world, "%s/%u sets disk %u aside", node->name.text, process->id, instance->disk.id);
        sim_process_stop(world, process, false);
        sim_disk_remove(&instance->disk);
        sim_instance_new_disk(world, instance);
        sim_instance_up_later(world, node, instance, 200);
        return false;
    case SOUK_CORE_BROKEN:
        souk_core_status(process->core, &status);
        sim_fail(world, "broken: %s/%u: %s", node->name.text, process->id, status.waiting_for);
        return true;
    }
    return true;
}

void
sim_operator_died(struct sim_world *world, struct sim_node *node, struct sim_instance *instance)
{
    /* A rebuild that dies is not started again: what it had is thrown away. */
    if (instance->beside) {
        instance->holds++;
        sim_put(world, 1000, SIM_EVENT_REBUILD, node->index, 0, NULL);
    }
}

void
sim_operator_rebuild(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *beside = beside_of(node), *old = sim_node_main(node);
    struct souk_slice last_word, witness;

    if (beside == NULL)
        return;
    if (beside->took_over) {
        end_rebuild(world, node, beside, old);
        return;
    }
    if (beside->process == NULL || old == NULL
        || sim_now_ms(world) > node->rebuild_since_ms + REBUILD_MS_MAX * (uint64_t)world->plan->scale) {
        give_up_rebuild(world, node, beside);
        return;
    }
    if (!beside->taking_over && old->process != NULL && souk_core_behind(beside->process->core) == 0
        && sim_process_state(old->process) == SOUK_CORE_LIVE) {
        if (souk_core_drain(old->process->core)) {
            last_word = souk_core_hand_over(old->process->core);
            witness = souk_core_witness(old->process->core);
            sim_disk_set_witness(&old->disk, witness.base, witness.size_bytes);
            if (souk_core_take_over(beside->process->core, last_word) != 0)
                sim_fail(world, "take-over: %s does not take what the old process hands over", node->name.text);
            sim_trace(world, "%s/%u hands over to %u", node->name.text, old->process->id, beside->process->id);
            beside->taking_over = true;
            old->holds++;
            sim_disk_forget_witness(&old->disk);    /* should it be needed again, it starts anew */
            sim_process_wake(world, beside->process);
        }
        sim_process_wake(world, old->process);
    }
    sim_put(world, REBUILD_LOOK_MS * 1000 * (uint64_t)world->plan->scale, SIM_EVENT_REBUILD, node->index, 0, NULL);
}

/*
 * A service without streams of its own has nothing that two instances could
 * tangle, so nobody fences one of them: the operator stops the clone himself.
 */
static void
drop_idle_clones(struct sim_world *world)
{
    struct sim_node *node = &world->nodes[APP_QUERY];
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        if (node->instances[i].exists && !node->instances[i].beside && &node->instances[i] != sim_node_main(node)) {
            if (node->instances[i].process != NULL)
                sim_process_stop(world, node->instances[i].process, true);
            sim_instance_drop(world, &node->instances[i]);
        }
}

/* ---- links ---------------------------------------------------------- */

static void
cut(struct sim_world *world, uint32_t from, uint32_t to)
{
    world->net.cut[from][to]++;
}

static void
mend(struct sim_world *world, uint32_t from, uint32_t to)
{
    if (--world->net.cut[from][to] == 0)
        sim_net_mended(world, from, to);
}

static void
isolate(struct sim_world *world, uint32_t node, bool is_cut)
{
    uint32_t other;

    for (other = 0; other <= SIM_NODES_MAX; other++) {
        if (other == node || (other >= world->node_count && other != SIM_OUTSIDE))
            continue;
        if (is_cut) {
            cut(world, node, other);
            cut(world, other, node);
        } else {
            mend(world, node, other);
            mend(world, other, node);
        }
    }
}

/* ---- processes ------------------------------------------------------ */

static void
crash(struct sim_world *world, struct sim_node *node, const struct sim_item *item)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_instance *beside = beside_of(node);

    if (beside != NULL && item->y == 3)
        instance = beside;
    if (instance == NULL || instance->process == NULL)
        return;
    if (item->x == SIM_OPENING || item->x == SIM_OPENED) {
        instance->start_trapped = true;
        instance->start_trap = (enum sim_point)item->x;
        sim_process_crash(world, instance->process, item->span_ms);
        return;
    }
    sim_process_trap(instance->process, (enum sim_point)item->x, item->y, item->span_ms);
    sim_process_wake(world, instance->process);
}

static void
restart_host(struct sim_world *world, struct sim_node *node, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL)
        return;
    sim_mark(world, SIM_STATE_HOST_RESTARTED);
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, down_ms);
    sim_disk_forget_witness(&instance->disk);
    check_host_restarted(world->checker, sim_now_ms(world), instance->disk.id);
}

static void
hold(struct sim_world *world, struct sim_node *node, bool cleanly)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        node->instances[i].holds++;
        if (node->instances[i].process == NULL)
            continue;
        if (cleanly)
            sim_process_stop(world, node->instances[i].process, true);
        else
            sim_process_crash(world, node->instances[i].process, 0);
    }
}

static void
let_go(struct sim_world *world, struct sim_node *node)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        if (node->instances[i].holds > 0)
            node->instances[i].holds--;
        sim_instance_up(world, node, &node->instances[i]);
    }
}

/* An event store that was declared lost is there after all: whoever was told so is started again and told otherwise. */
static void
found_again(struct sim_world *world, struct sim_node *store)
{
    struct sim_process *process, *next;
    uint32_t i;

    let_go(world, store);
    if (--world->declared_lost[store->index] > 0)
        return;
    for (process = world->processes; process != NULL; process = next) {
        next = process->next;
        for (i = 0; i < process->wiring.store_count; i++)
            if (process->stores[i].lost && strcmp(process->stores[i].name.text, store->name.text) == 0)
                break;
        if (i < process->wiring.store_count)
            sim_process_crash(world, process, 200);
    }
}

/* ---- disks ---------------------------------------------------------- */

/* Nothing that the operator was promised covers a disk that is lost while old and new process change places. */
static bool
may_lose_disk(const struct sim_world *world, const struct sim_node *node)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        if (node->instances[i].taking_over && node->instances[i].beside)
            return false;
    if (node->programs != NULL)
        return true;
    /* An origin that trims what event stores have recorded relies on them: only one of two may go. */
    return !world->plan->trims_recorded
        || (world->plan->store_count == 2 && node->index == SIM_SERVICES + world->plan->seed % 2);
}

static void
lost_disk(struct sim_world *world, struct sim_node *node)
{
    uint64_t now_ms = sim_now_ms(world);
    uint32_t other;

    node->disk_lost_ms = now_ms;
    for (other = 0; other < world->node_count; other++)
        if ((world->nodes[other].programs == NULL) != (node->programs == NULL)
            && world->nodes[other].disk_lost_ms != SIM_NEVER
            && now_ms - world->nodes[other].disk_lost_ms < 1000 * (uint64_t)world->plan->scale)
            sim_mark(world, SIM_STATE_BOTH_RESTORED);
}

static void
wipe(struct sim_world *world, struct sim_node *node, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL || !may_lose_disk(world, node) || (node->programs == NULL && node->told_of_backup))
        return;
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, down_ms);
    check_wiped(world->checker, sim_now_ms(world), instance->disk.id);
    sim_disk_remove(&instance->disk);
    sim_instance_new_disk(world, instance);
    sim_mark(world, SIM_STATE_WIPED);
    lost_disk(world, node);
    sim_instance_up_later(world, node, instance, down_ms);
}

static void
take_copy(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_copy *copy;
    uint32_t stream;

    if (instance == NULL || !sim_disk_has_store(&instance->disk))
        return;
    if (node->programs == NULL && (instance->process == NULL || instance->process->recorder == NULL))
        return;
    if (node->copy_count == SIM_COPIES_MAX)
        drop_copy(world, node);
    copy = &node->copies[node->copy_count];
    if (sim_copy_take(copy, world->root, ++world->ids, &instance->disk) != 0) {
        sim_fail(world, "simulator: %s cannot be copied", node->name.text);
        return;
    }
    sim_trace(world, "%s: copy %u of disk %u", node->name.text, copy->id, instance->disk.id);
    check_copied(world->checker, sim_now_ms(world), instance->disk.id, copy->id);
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        node->held[node->copy_count][stream] = (struct souk_position){ 0 };
        if (node->programs == NULL)
            (void)sim_process_cursor(instance->process, stream, &node->held[node->copy_count][stream]);
    }
    node->copy_count++;
    if (node->programs == NULL)
        tell_backed_up(world, instance->process);
}

static void
drop_copy(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);

    check_copy_dropped(world->checker, sim_now_ms(world), node->copies[0].id);
    sim_copy_remove(&node->copies[0]);
    node->copy_count--;
    memmove(&node->copies[0], &node->copies[1], node->copy_count * sizeof node->copies[0]);
    memmove(&node->held[0], &node->held[1], node->copy_count * sizeof node->held[0]);
    if (node->programs == NULL && instance != NULL && instance->process != NULL)
        tell_backed_up(world, instance->process);
}

static void
restore(struct sim_world *world, struct sim_node *node, uint64_t back, bool in_place, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_copy *copy;

    if (instance == NULL || node->copy_count == 0 || !may_lose_disk(world, node))
        return;
    if (back >= node->copy_count)
        back = node->copy_count - 1;
    copy = &node->copies[node->copy_count - 1 - back];
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, down_ms);
    if (!in_place) {
        check_wiped(world->checker, sim_now_ms(world), instance->disk.id);
        sim_disk_remove(&instance->disk);
        sim_instance_new_disk(world, instance);
    } else if (instance->disk.witness_bytes > 0) {
        sim_mark(world, SIM_STATE_WITNESS_OF_ANOTHER);
    }
    if (sim_copy_put(copy, &instance->disk) != 0) {
        sim_fail(world, "simulator: %s cannot be restored", node->name.text);
        return;
    }
    instance->disk.tainted = copy->tainted;
    instance->disk.version = copy->version;
    sim_trace(world, "%s: disk %u is copy %u again", node->name.text, instance->disk.id, copy->id);
    check_restored(world->checker, sim_now_ms(world), instance->disk.id, copy->id);
    sim_mark(world, node->programs == NULL ? SIM_STATE_STORE_RESTORED : SIM_STATE_RESTORED);
    lost_disk(world, node);
    sim_instance_up_later(world, node, instance, down_ms);
}

/* The two halves of SIM_BOTH; the event store goes back as far as it may. */
static void
lose_service(struct sim_world *world, const struct sim_item *item)
{
    struct sim_node *service = &world->nodes[item->b];

    if (item->y == 0 || service->copy_count == 0)
        wipe(world, service, item->span_ms);
    else
        restore(world, service, item->y == 1 ? 0 : SIM_COPIES_MAX, false, item->span_ms);
}

static void
lose_store(struct sim_world *world, const struct sim_item *item)
{
    struct sim_node *store = &world->nodes[item->a];

    if (store->copy_count == 0)
        wipe(world, store, item->span_ms);
    else
        restore(world, store, item->x == 0 ? 0 : SIM_COPIES_MAX, false, item->span_ms);
}

static void
clone(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node), *twin;
    struct sim_copy copy;

    if (instance == NULL || !sim_disk_has_store(&instance->disk) || instances_of(node) > 1
        || has_declared_lost(world))
        return;
    if (sim_copy_take(&copy, world->root, ++world->ids, &instance->disk) != 0
        || (twin = sim_instance_new(world, node)) == NULL || sim_copy_put(&copy, &twin->disk) != 0) {
        sim_fail(world, "simulator: %s cannot be cloned", node->name.text);
        return;
    }
    check_copied(world->checker, sim_now_ms(world), instance->disk.id, copy.id);
    check_restored(world->checker, sim_now_ms(world), twin->disk.id, copy.id);
    check_copy_dropped(world->checker, sim_now_ms(world), copy.id);
    sim_copy_remove(&copy);
    twin->disk.tainted = instance->disk.tainted;
    twin->disk.version = instance->disk.version;
    sim_trace(world, "%s: disk %u is a clone of disk %u", node->name.text, twin->disk.id, instance->disk.id);
    sim_mark(world, SIM_STATE_TWO_INSTANCES);
    sim_instance_up(world, node, twin);
    sim_net_shuffle(world, node->index);
}

static void
fill_up(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL || !sim_disk_has_store(&instance->disk))
        return;
    instance->tight = true;
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, 10);
}

static void
make_room(struct sim_world *world, struct sim_node *node)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        if (!node->instances[i].tight)
            continue;
        node->instances[i].tight = false;
        if (node->instances[i].process != NULL)
            sim_process_grow(world, node->instances[i].process);
    }
}

static void
trouble_over(struct sim_world *world, struct sim_node *node, uint64_t key)
{
    struct sim_instance *instance = sim_node_main(node);
    struct app_key text;

    if (node->programs == NULL)
        return;
    app_repair(node->programs[0].name, key);
    if (instance == NULL || instance->process == NULL || instance->process->core == NULL
        || instance->process->core_status.parked == 0)
        return;
    sim_mark(world, SIM_STATE_UNPARKED);
    (void)!souk_core_retry_parked(instance->process->core, app_key(&text, key));
    sim_process_wake(world, instance->process);
}

/* ---- rebuild and backups -------------------------------------------- */

static void
rebuild(struct sim_world *world, struct sim_node *node, bool other_program)
{
    struct sim_instance *old = sim_node_main(node), *beside;

    if (old == NULL || old->process == NULL || instances_of(node) > 1)
        return;
    if ((beside = sim_instance_new(world, node)) == NULL)
        return;
    beside->beside = true;
    beside->disk.version = other_program ? 1 - old->disk.version : old->disk.version;
    node->rebuild_since_ms = sim_now_ms(world);
    sim_put(world, REBUILD_LOOK_MS * 1000 * (uint64_t)world->plan->scale, SIM_EVENT_REBUILD, node->index, 0, NULL);
    sim_instance_up(world, node, beside);
}

static void
end_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside, struct sim_instance *old)
{
    sim_mark(world, SIM_STATE_TAKEN_OVER);
    if (old->disk.version != beside->disk.version)
        sim_mark(world, SIM_STATE_TAKEN_OVER_NEW_TABLES);
    sim_trace(world, "%s: disk %u has taken over", node->name.text, beside->disk.id);
    beside->beside = beside->taking_over = beside->took_over = false;
    beside->holds = 0;
    if (old->process != NULL)
        sim_process_stop(world, old->process, true);
    sim_instance_drop(world, old);
    sim_net_shuffle(world, node->index);
    sim_instance_up_later(world, node, beside, 100);
}

/* The new one never said anything; the old one, if it has drained, is started again. */
static void
give_up_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside)
{
    struct sim_instance *old = sim_node_main(node);
    bool handed_over = beside->taking_over;

    sim_mark(world, SIM_STATE_TAKE_OVER_DIED);
    if (beside->process != NULL)
        sim_process_stop(world, beside->process, false);
    sim_instance_drop(world, beside);
    if (old == NULL)
        return;
    if (handed_over) {
        sim_mark(world, SIM_STATE_TAKE_OVER_OLD_WENT_ON);
        old->holds--;
    }
    if (old->process != NULL)
        sim_process_crash(world, old->process, 100);
    else
        sim_instance_up_later(world, node, old, 100);
}

/*
 * What every backup that may still be restored holds of the history that the
 * event store has now. A backup that left it in an epoch that both have counts up to there; where it was on a branch
 * of its own it is not known from its heads alone how far both are the same.
 */
static void
tell_backed_up(struct sim_world *world, struct sim_process *process)
{
    struct sim_node *node = process->node;
    struct souk_backed_up points[SIM_STREAMS];
    struct souk_position head;
    enum souk_verdict verdict;
    struct souk_point common;
    struct souk_txn *txn = NULL;
    struct souk_log log;
    uint32_t stream, i;
    uint64_t held;

    if (souk_txn_begin(process->store, SOUK_TXN_READ, &txn) != 0)
        return;
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        (void)!souk_name_set(&points[stream].stream, souk_slice_of(sim_streams[stream].name));
        points[stream].number = node->copy_count == 0 ? 0 : UINT64_MAX;
        for (i = 0; i < node->copy_count; i++) {
            held = 0;
            if (souk_log_open(txn, &points[stream].stream, &log) == 0
                && souk_log_judge(txn, &log, &node->held[i][stream], &verdict, &head, &common) == 0)
                held = verdict == SOUK_NEXT || verdict == SOUK_TRIMMED ? node->held[i][stream].number
                    : verdict == SOUK_VOID && souk_epoch_equal(common.epoch, node->held[i][stream].epoch)
                    ? common.number : 0;
            if (held < points[stream].number)
                points[stream].number = held;
        }
    }
    souk_txn_abort(&txn);
    node->told_of_backup = true;
    if (souk_recorder_backed_up(process->recorder, points, SIM_STREAMS) != 0)
        sim_fail(world, "backup: %s is not told of its backups", node->name.text);
    sim_process_wake(world, process);
}

/* ---- file-local ----------------------------------------------------- */

static struct sim_instance *
beside_of(struct sim_node *node)
{
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        if (node->instances[i].exists && node->instances[i].beside)
            return &node->instances[i];
    return NULL;
}

static uint32_t
instances_of(const struct sim_node *node)
{
    uint32_t count = 0, i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        count += node->instances[i].exists;
    return count;
}

static bool
has_clones(const struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < world->node_count; i++)
        if (instances_of(&world->nodes[i]) > 1)
            return true;
    return false;
}

static bool
has_declared_lost(const struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < world->node_count; i++)
        if (world->declared_lost[i] > 0)
            return true;
    return false;
}

static int64_t
jump_ms(const struct sim_item *item)
{
    static const int64_t jumps_ms[] = { -30 * 1000, 30 * 1000, -DAY_MS, DAY_MS };

    return jumps_ms[item->x % 4];
}
