#include "sim_loss.h"

#include <string.h>

#include "sim_net.h"
#include "sim_node.h"
#include "souk_log.h"

static bool may_lose_disk(const struct sim_world *world, const struct sim_node *node);
static void lost_disk(struct sim_world *world, struct sim_node *node);
static bool has_declared(const struct sim_world *world);

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

bool
sim_loss_wipe(struct sim_world *world, struct sim_node *node, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);

    if (instance == NULL || !may_lose_disk(world, node) || (node->programs == NULL && node->told_of_backup))
        return false;
    if (instance->process != NULL)
        sim_process_crash(world, instance->process, down_ms);
    check_wiped(world->checker, sim_now_ms(world), instance->disk.id);
    sim_disk_remove(&instance->disk);
    sim_instance_new_disk(world, instance);
    sim_mark(world, SIM_STATE_WIPED);
    lost_disk(world, node);
    sim_instance_up_later(world, node, instance, down_ms);
    return true;
}

bool
sim_loss_copy(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_copy *copy;
    uint32_t stream;

    if (instance == NULL || !sim_disk_has_store(&instance->disk))
        return false;
    if (node->programs == NULL && (instance->process == NULL || instance->process->recorder == NULL))
        return false;
    if (node->copy_count == SIM_COPIES_MAX)
        sim_loss_drop_copy(world, node);
    copy = &node->copies[node->copy_count];
    if (sim_copy_take(copy, world->root, ++world->ids, &instance->disk) != 0) {
        sim_fail(world, "simulator: %s cannot be copied", node->name.text);
        return false;
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
        sim_loss_tell_backed_up(world, instance->process);
    return true;
}

void
sim_loss_drop_copy(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node);

    check_copy_dropped(world->checker, sim_now_ms(world), node->copies[0].id);
    sim_copy_remove(&node->copies[0]);
    node->copy_count--;
    memmove(&node->copies[0], &node->copies[1], node->copy_count * sizeof node->copies[0]);
    memmove(&node->held[0], &node->held[1], node->copy_count * sizeof node->held[0]);
    if (node->programs == NULL && instance != NULL && instance->process != NULL)
        sim_loss_tell_backed_up(world, instance->process);
}

bool
sim_loss_restore(struct sim_world *world, struct sim_node *node, uint64_t back, bool in_place, uint64_t down_ms)
{
    struct sim_instance *instance = sim_node_main(node);
    struct sim_copy *copy;

    if (instance == NULL || node->copy_count == 0 || !may_lose_disk(world, node))
        return false;
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
        return false;
    }
    instance->disk.tainted = copy->tainted;
    instance->disk.version = copy->version;
    sim_trace(world, "%s: disk %u is copy %u again", node->name.text, instance->disk.id, copy->id);
    check_restored(world->checker, sim_now_ms(world), instance->disk.id, copy->id);
    sim_mark(world, node->programs == NULL ? SIM_STATE_STORE_RESTORED : SIM_STATE_RESTORED);
    lost_disk(world, node);
    sim_instance_up_later(world, node, instance, down_ms);
    return true;
}

bool
sim_loss_any(struct sim_world *world, struct sim_node *node, uint64_t back, uint64_t down_ms)
{
    return node->copy_count == 0 ? sim_loss_wipe(world, node, down_ms)
        : sim_loss_restore(world, node, back, false, down_ms);
}

bool
sim_loss_clone(struct sim_world *world, struct sim_node *node)
{
    struct sim_instance *instance = sim_node_main(node), *twin;
    struct sim_copy copy;

    if (instance == NULL || !sim_disk_has_store(&instance->disk) || sim_loss_instances(node) > 1
        || has_declared(world))
        return false;
    if (sim_copy_take(&copy, world->root, ++world->ids, &instance->disk) != 0
        || (twin = sim_instance_new(world, node)) == NULL || sim_copy_put(&copy, &twin->disk) != 0) {
        sim_fail(world, "simulator: %s cannot be cloned", node->name.text);
        return false;
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
    return true;
}

/*
 * What every backup that may still be restored holds of the history that the
 * event store has now. A backup that left it in an epoch that both have counts up to there; where it was on a branch
 * of its own it is not known from its heads alone how far both are the same.
 */
void
sim_loss_tell_backed_up(struct sim_world *world, struct sim_process *process)
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

/* ---- how it stands -------------------------------------------------- */

uint32_t
sim_loss_instances(const struct sim_node *node)
{
    uint32_t count = 0, i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++)
        count += node->instances[i].exists;
    return count;
}

bool
sim_loss_has_clones(const struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < world->node_count; i++)
        if (sim_loss_instances(&world->nodes[i]) > 1)
            return true;
    return false;
}

static bool
has_declared(const struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < world->node_count; i++)
        if (world->declared_lost[i] > 0)
            return true;
    return false;
}
