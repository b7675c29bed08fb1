#include "sim_fault.h"

#include <string.h>

#include "sim_loss.h"
#include "sim_net.h"
#include "sim_node.h"

#define TRAP_MS 400                     /* then a process dies though it never came to its trap */
#define REBUILD_LOOK_MS 100
#define REBUILD_MS_MAX 20000            /* then the operator gives up */
#define FENCED_MS 1500                  /* until the operator starts the last instance again */
#define DAY_MS (24 * 3600 * 1000LL)
#define INSTEAD_MS 200                  /* least time that a node is isolated for, where a fault finds nothing to harm */
#define INSTEAD_LATER 15                /* stage: nobody ran, look again */
#define INSTEAD 16                      /* stages from here on: that is over, for this node */

static bool begin(struct sim_world *world, const struct sim_item *item, uint32_t index);
static bool end(struct sim_world *world, const struct sim_item *item, uint32_t index, uint32_t stage);
static void isolate_instead(struct sim_world *world, const struct sim_item *item, uint32_t index);
static bool crash(struct sim_world *world, struct sim_node *node, const struct sim_item *item);
static bool restart_host(struct sim_world *world, struct sim_node *node, uint64_t down_ms);
static bool hold(struct sim_world *world, struct sim_node *node, bool cleanly);
static void let_go(struct sim_world *world, struct sim_node *node);
static void found_again(struct sim_world *world, struct sim_node *store);
static bool fill_up(struct sim_world *world, struct sim_node *node);
static void make_room(struct sim_world *world, struct sim_node *node);
static void trouble_over(struct sim_world *world, struct sim_node *node, uint64_t key);
static void rebuild(struct sim_world *world, struct sim_node *node, bool other_program);
static void end_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside,
    struct sim_instance *old);
static void give_up_rebuild(struct sim_world *world, struct sim_node *node, struct sim_instance *beside);
static void drop_idle_clones(struct sim_world *world);
static struct sim_instance *beside_of(struct sim_node *node);
static void go_on_declared(struct sim_world *world, const struct sim_item *item, uint32_t index, uint32_t stage);
static bool lie_in_wait(struct sim_world *world, const struct sim_item *item, uint32_t index);
static void strike(struct sim_world *world, const struct sim_item *item);
static int64_t jump_ms(const struct sim_world *world, const struct sim_item *item);

/* ---- faults --------------------------------------------------------- */

void
sim_fault_begin(struct sim_world *world, const struct sim_item *item)
{
    uint32_t index = (uint32_t)(item - world->plan->items);

    world->struck[index] = begin(world, item, index) && sim_kind_harms(item->kind);
    if (!world->struck[index] && sim_kind_harms(item->kind) && item->kind != SIM_BOTH && item->kind != SIM_ROLLBACK)
        isolate_instead(world, item, index);
}

void
sim_fault_end(struct sim_world *world, const struct sim_item *item, uint32_t stage)
{
    uint32_t index = (uint32_t)(item - world->plan->items);

    if (stage >= INSTEAD) {
        sim_net_isolate(world, stage - INSTEAD, false);
        return;
    }
    if (stage == INSTEAD_LATER)
        isolate_instead(world, item, index);
    else if (end(world, item, index, stage))
        world->struck[index] = true;
    else if (!world->struck[index] && (item->kind == SIM_BOTH || item->kind == SIM_ROLLBACK))
        isolate_instead(world, item, index);
}

void
sim_fault_flap(struct sim_world *world, const struct sim_item *item, uint32_t index, bool is_cut)
{
    bool over = sim_now_ms(world) >= item->at_ms + item->span_ms;

    if (is_cut) {
        sim_net_mend(world, item->a, item->b);
        sim_net_mend(world, item->b, item->a);
    } else if (!over) {
        sim_net_cut(world, item->a, item->b);
        sim_net_cut(world, item->b, item->a);
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

/* True: it harms somebody now. Otherwise it does so at its end, or finds nothing to harm. */
static bool
begin(struct sim_world *world, const struct sim_item *item, uint32_t index)
{
    struct sim_node *node = &world->nodes[item->a];
    struct sim_instance *instance = sim_node_main(node);
    uint64_t over_ms = item->span_ms;
    bool harms = item->span_ms > 0;

    switch (item->kind) {
    case SIM_COMMAND:
    case SIM_KINDS:
        return false;
    case SIM_NOISE:
        world->net.loss += (uint32_t)item->x;
        world->net.doubles += (uint32_t)item->y;
        world->net.late += (uint32_t)item->z;
        break;
    case SIM_PART:
        sim_net_cut(world, item->a, item->b);
        break;
    case SIM_PART_BOTH:
        sim_net_cut(world, item->a, item->b);
        sim_net_cut(world, item->b, item->a);
        break;
    case SIM_FLAP:
        sim_fault_flap(world, item, index, false);
        return harms;
    case SIM_ISOLATE:
        sim_net_isolate(world, item->a, true);
        break;
    case SIM_MUTE:
        world->net.muted[item->a]++;
        break;
    case SIM_CLOCK:
        node->clock_ms += jump_ms(world, item);
        sim_mark(world, jump_ms(world, item) < 0 ? SIM_STATE_CLOCK_BACK : SIM_STATE_CLOCK_AHEAD);
        break;
    case SIM_TROUBLE:
        if (node->programs != NULL)
            app_disturb(node->programs[0].name, item->x);
        break;
    case SIM_CRASH:
        harms = crash(world, node, item);
        over_ms = TRAP_MS * (uint64_t)world->plan->scale;
        break;
    case SIM_HOST:
        return restart_host(world, node, item->span_ms);
    case SIM_STOP:
        harms = hold(world, node, true);
        break;
    case SIM_AWAY:
        sim_mark(world, SIM_STATE_STORE_AWAY);
        hold(world, node, item->x % 2 == 0);
        break;
    case SIM_DECLARE:
        if (sim_loss_has_clones(world))
            return false;               /* it is by the event store that one of the two is stopped */
        go_on_declared(world, item, index, 0);
        return true;
    case SIM_ROLLBACK:
        sim_loss_copy(world, node);
        harms = false;
        break;
    case SIM_AMBUSH:
        return lie_in_wait(world, item, index);
    case SIM_BOTH:
        if (item->y == 3)
            harms = sim_loss_clone(world, &world->nodes[item->b]);
        else if (item->y == 0)
            harms = sim_loss_wipe(world, &world->nodes[item->b], item->span_ms);
        else
            harms = sim_loss_any(world, &world->nodes[item->b], item->y == 1 ? 0 : SIM_LOSS_OLDEST, item->span_ms);
        over_ms = item->z;
        break;
    case SIM_PAUSE:
        if (instance == NULL || instance->process == NULL)
            return false;
        instance->process->paused_until_us = world->now_us + item->span_ms * 1000;
        sim_mark(world, SIM_STATE_PAUSED);
        return harms;
    case SIM_WIPE:
        return sim_loss_wipe(world, node, item->span_ms);
    case SIM_COPY:
    case SIM_BACKUP:
        return sim_loss_copy(world, node);
    case SIM_DROP:
        if (node->copy_count > 0)
            sim_loss_drop_copy(world, node);
        return false;
    case SIM_RESTORE:
        return sim_loss_restore(world, node, item->x, item->y != 0, item->span_ms);
    case SIM_CLONE:
        return sim_loss_clone(world, node);
    case SIM_FULL:
        harms = fill_up(world, node);
        break;
    case SIM_FULL_COMMIT:
        if (instance != NULL)
            instance->full_commits = (uint32_t)item->x;
        harms = harms && instance != NULL && instance->process != NULL;
        break;
    case SIM_REBUILD:
        rebuild(world, node, item->x != 0);
        return false;
    }
    sim_put(world, over_ms * 1000, SIM_EVENT_ITEM_OVER, index, 0, NULL);
    return harms;
}

/* True: its end does harm, too. */
static bool
end(struct sim_world *world, const struct sim_item *item, uint32_t index, uint32_t stage)
{
    struct sim_node *node = &world->nodes[item->a];
    struct sim_instance *instance = sim_node_main(node);

    switch (item->kind) {
    case SIM_NOISE:
        world->net.loss -= (uint32_t)item->x;
        world->net.doubles -= (uint32_t)item->y;
        world->net.late -= (uint32_t)item->z;
        return false;
    case SIM_PART:
        sim_net_mend(world, item->a, item->b);
        return false;
    case SIM_PART_BOTH:
        sim_net_mend(world, item->a, item->b);
        sim_net_mend(world, item->b, item->a);
        return false;
    case SIM_ISOLATE:
        sim_net_isolate(world, item->a, false);
        return false;
    case SIM_MUTE:
        world->net.muted[item->a]--;
        return false;
    case SIM_CLOCK:
        node->clock_ms -= jump_ms(world, item);
        return false;
    case SIM_TROUBLE:
        trouble_over(world, node, item->x);
        return false;
    case SIM_CRASH:
        if (instance != NULL && instance->process != NULL && instance->process->trapped)
            sim_process_crash(world, instance->process, instance->process->down_ms);
        return false;
    case SIM_DECLARE:
        go_on_declared(world, item, index, stage);
        return false;
    case SIM_ROLLBACK:
        return sim_loss_restore(world, node, 0, true, 10);
    case SIM_AMBUSH:
        strike(world, item);
        return false;
    case SIM_BOTH:
        return sim_loss_any(world, node, item->x == 0 ? 0 : SIM_LOSS_OLDEST, item->span_ms);
    case SIM_STOP:
    case SIM_AWAY:
        let_go(world, node);
        return false;
    case SIM_FULL:
        make_room(world, node);
        return false;
    case SIM_FULL_COMMIT:
        if (instance != NULL)
            instance->full_commits = 0;
        return false;
    default:
        return false;
    }
}

/* No process, no copy, no second instance to be had: a node that runs hears nobody then, and nobody hears it. */
static void
isolate_instead(struct sim_world *world, const struct sim_item *item, uint32_t index)
{
    const uint64_t least_ms = INSTEAD_MS * (uint64_t)world->plan->scale;
    uint32_t node, i;

    for (i = 0; i < world->node_count; i++) {
        const struct sim_instance *instance;

        node = (item->a + i) % world->node_count;
        if ((instance = sim_node_main(&world->nodes[node])) == NULL || instance->process == NULL)
            continue;
        sim_trace(world, "%s is isolated instead", world->nodes[node].name.text);
        sim_net_isolate(world, node, true);
        world->struck[index] = true;
        sim_put(world, (item->span_ms > least_ms ? item->span_ms : least_ms) * 1000, SIM_EVENT_ITEM_OVER, index,
            INSTEAD + node, NULL);
        return;
    }
    sim_put(world, least_ms * 1000, SIM_EVENT_ITEM_OVER, index, INSTEAD_LATER, NULL);
}

/* ---- the operator --------------------------------------------------- */

void
sim_operator_started(struct sim_world *world, struct sim_process *process)
{
    if (process->recorder != NULL && process->node->told_of_backup)
        sim_loss_tell_backed_up(world, process);
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
        if (instance->beside) {
            if (instance->took_over)
                end_rebuild(world, node, instance, sim_node_main(node));
            else
                give_up_rebuild(world, node, instance);
            return false;
        }
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

/* ---- processes ------------------------------------------------------ */

static bool
crash(struct sim_world *world, struct sim_node *node, const struct sim_item *item)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_instance *beside = beside_of(node);

    if (beside != NULL && item->y == 3)
        instance = beside;
    if (instance == NULL || instance->process == NULL)
        return false;
    if (item->x == SIM_OPENING || item->x == SIM_OPENED) {
        instance->start_trapped = true;
        instance->start_trap = (enum sim_point)item->x;
        sim_process_crash(world, instance->process, item->span_ms);
        return true;
    }
    sim_process_trap(instance->process, (enum sim_point)item->x, item->y, item->span_ms);
    sim_process_wake(world, instance->process);
    return true;
}

static bool
restart_host(struct sim_world *world, struct sim_node *node, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL)
        return false;
    sim_mark(world, SIM_STATE_HOST_RESTARTED);
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, down_ms);
    sim_disk_forget_witness(&instance->disk);
    check_host_restarted(world->checker, sim_now_ms(world), instance->disk.id);
    return true;
}

static bool
hold(struct sim_world *world, struct sim_node *node, bool cleanly)
{
    bool any = false;
    uint32_t i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        node->instances[i].holds++;
        if (node->instances[i].process == NULL)
            continue;
        any = true;
        if (cleanly)
            sim_process_stop(world, node->instances[i].process, true);
        else
            sim_process_crash(world, node->instances[i].process, 0);
    }
    return any;
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

/* ---- in steps ------------------------------------------------------- */

/*
 * An event store is declared lost, and found again. Where another one is there, a
 * part of what it alone has heard from the service may be void when it comes back, and
 * only the other event store there to tell it so.
 */
static void
go_on_declared(struct sim_world *world, const struct sim_item *item, uint32_t index, uint32_t stage)
{
    const bool alone = item->y != 0 && world->plan->store_count == 2;
    const uint32_t other = 2 * SIM_SERVICES + 1 - item->a;
    const uint64_t step_ms = alone ? item->span_ms / 4 : 0;
    uint64_t next_ms = step_ms;

    switch (stage) {
    case 0:
        if (alone)
            sim_net_cut(world, item->b, other);
        break;
    case 1:
        if (alone)
            sim_net_mend(world, item->b, other);
        if (sim_loss_has_clones(world))
            return;
        sim_mark(world, SIM_STATE_DECLARED_LOST);
        hold(world, &world->nodes[item->a], false);
        world->declared_lost[item->a]++;
        if (item->x == 1)
            sim_loss_wipe(world, &world->nodes[item->b], 100);
        else if (item->x == 2)
            restart_host(world, &world->nodes[item->b], 100);
        next_ms = item->span_ms - 2 * step_ms;
        break;
    case 2:
        if (alone) {
            sim_net_cut(world, item->a, item->b);
            sim_net_cut(world, item->b, item->a);
        }
        found_again(world, &world->nodes[item->a]);
        break;
    default:
        if (alone) {
            sim_net_mend(world, item->a, item->b);
            sim_net_mend(world, item->b, item->a);
        }
        return;
    }
    sim_put(world, next_ms * 1000, SIM_EVENT_ITEM_OVER, index, stage + 1, NULL);
}

/* Service b starts in a way that asks for a seal; the event store is watched. */
static bool
lie_in_wait(struct sim_world *world, const struct sim_item *item, uint32_t index)
{
    struct sim_node *service = &world->nodes[item->b];

    world->ambushes[item->a - SIM_SERVICES][item->b] = index + 1;
    switch (item->x) {
    case 0:
        return restart_host(world, service, item->span_ms % 300);
    case 1:
        return sim_loss_clone(world, service);
    case 2:
        return sim_loss_wipe(world, service, item->span_ms % 300);
    default:
        return sim_loss_any(world, service, 0, item->span_ms % 300);
    }
}

void
sim_fault_granted(struct sim_world *world, uint32_t store, uint32_t service)
{
    uint32_t *ambush = &world->ambushes[store - SIM_SERVICES][service];

    if (*ambush == 0 || world->faults_over)
        return;
    sim_put(world, world->plan->items[*ambush - 1].z * world->plan->scale, SIM_EVENT_ITEM_OVER, *ambush - 1, 1, NULL);
    *ambush = 0;
}

static void
strike(struct sim_world *world, const struct sim_item *item)
{
    struct sim_node *store = &world->nodes[item->a];
    struct sim_instance *instance = sim_node_main(store);

    if (world->faults_over || instance == NULL)
        return;
    sim_mark(world, SIM_STATE_AMBUSHED);
    switch (item->y) {
    case 0:
        if (instance->process != NULL)
            sim_process_crash(world, instance->process, item->span_ms % 200);
        return;
    case 1:
        restart_host(world, store, item->span_ms % 200);
        return;
    default:
        sim_loss_any(world, store, item->y == 2 ? 0 : SIM_LOSS_OLDEST, item->span_ms % 200);
        return;
    }
}

/* ---- trouble -------------------------------------------------------- */

static bool
fill_up(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL || !sim_disk_has_store(&instance->disk))
        return false;
    instance->tight = true;
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, 10);
    return true;
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

/* ---- rebuild ------------------------------------------------------------ */

static void
rebuild(struct sim_world *world, struct sim_node *node, bool other_program)
{
    struct sim_instance *old = sim_node_main(node), *beside;

    if (old == NULL || old->process == NULL || sim_loss_instances(node) > 1)
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

static int64_t
jump_ms(const struct sim_world *world, const struct sim_item *item)
{
    const int64_t little_ms = 30 * 1000 * (int64_t)world->plan->scale;
    const int64_t jumps_ms[] = { -little_ms, little_ms, -DAY_MS, DAY_MS };

    return jumps_ms[item->x % 4];
}
