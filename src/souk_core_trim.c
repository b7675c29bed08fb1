#include "souk_core_parts.h"

#include <stdlib.h>
#include <string.h>

#define TRIM_AGAIN_MS 10                /* while there is more to trim than one round may: under load it has to keep up */

static int count_ack(struct souk_core *core, const struct souk_wire_ack *ack);

/* ---- acknowledgements and trimming ---------------------------------- */

void
core_hear_ack(struct souk_core *core, const struct souk_wire_ack *ack)
{
    struct core_ack *heard;

    const struct core_store *store = core_store(core, &ack->store);

    if (store == NULL || store->lost || (heard = malloc(sizeof *heard)) == NULL)
        return;                                 /* it is repeated */
    heard->next = NULL;
    heard->ack = *ack;
    *core->acks_end = heard;
    core->acks_end = &heard->next;
}

int
core_work_acks(struct souk_core *core)
{
    struct core_ack *heard;
    int rc;

    while ((heard = core->acks) != NULL) {
        if ((rc = count_ack(core, &heard->ack)) != 0)
            return rc;
        if ((core->acks = heard->next) == NULL)
            core->acks_end = &core->acks;
        free(heard);
    }
    return 0;
}

static int
count_ack(struct souk_core *core, const struct souk_wire_ack *ack)
{
    struct core_store *store = core_store(core, &ack->store);

    if (store == NULL)
        return 0;
    if (!store->known || memcmp(store->incarnation, ack->incarnation, sizeof store->incarnation) != 0) {
        if (!SOUK_PLANTED_BUG(INCARNATION_IGNORED)) {
            if (core->seal_due_ms > core->seal_sent_ms + core->wiring->limits.seal_retry_ms)
                core->seal_due_ms = core->seal_sent_ms + core->wiring->limits.seal_retry_ms;    /* which one is alive? */
            return 0;
        }
    } else if (ack->commit < store->ack_commit) {
        return 0;
    }
    store->ack_commit = ack->commit;
    store->heard_ms = core->now.steady_ms;
    for (uint32_t i = 0; i < ack->count; i++) {
        const struct souk_wire_acked *acked = &ack->acks[i];
        struct core_own *own = core_own(core, acked->stream.text);
        const struct souk_point point = souk_point_of(&acked->position);
        struct souk_batch_header header;
        struct souk_slice batch;
        uint32_t at;
        int rc;

        if (own == NULL)
            continue;
        at = (uint32_t)(own - core->own);
        store->backed_up[at] = 0;               /* it counts events of this history, or says nothing of it */
        rc = souk_log_at(core->txn, &own->log, point, &batch);
        if (rc == -SOUK_ENOTFOUND && !SOUK_PLANTED_BUG(ACK_BY_NUMBER))
            continue;
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        if (rc == 0 && souk_batch_peek(batch, &header) != 0)
            return -SOUK_EDAMAGED;
        if (rc == 0 && memcmp(header.hash.bytes, acked->position.hash.bytes, SOUK_HASH_BYTES) != 0
            && !SOUK_PLANTED_BUG(ACK_BY_NUMBER))
            continue;                           /* of another history */
        store->backed_up[at] = acked->backed_up;
        if (SOUK_PLANTED_BUG(ACK_BY_NUMBER)) {
            const struct souk_point by_number = { core->epoch, point.number };

            if (souk_point_above(by_number, store->recorded[at]))
                store->recorded[at] = by_number;
        } else if (souk_point_above(point, store->recorded[at])) {
            store->recorded[at] = point;
        }
    }
    return 0;
}

uint32_t
core_recorded_by(const struct souk_core *core, uint32_t own, struct souk_point point)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < core->store_count; i++)
        count += core->stores[i].known && souk_point_satisfied(point, core->stores[i].recorded[own]);
    return count;
}

int
core_work_trim(struct souk_core *core)
{
    const struct souk_limits *limits = &core->wiring->limits;
    const uint64_t keep_ms = limits->retention_ms > limits->ids_window_ms ? limits->retention_ms
        : limits->ids_window_ms;
    const uint32_t by = core->wiring->trim_recorded_by == 0 ? 1 : core->wiring->trim_recorded_by;
    uint32_t aged;
    int rc;

    if (core->state != SOUK_CORE_LIVE || core->now.steady_ms < core->trim_due_ms)
        return 0;
    core->trim_due_ms = core->now.steady_ms + limits->head_ms;
    if ((rc = souk_trail_age(core->txn, core->wall_ms < limits->ids_window_ms ? 0
        : core->wall_ms - limits->ids_window_ms, core->wall_ms < limits->losses_window_ms ? 0
        : core->wall_ms - limits->losses_window_ms, limits->trim_rows_max, &aged)) != 0)
        return rc;
    core->changed |= aged != 0;
    if (aged == limits->trim_rows_max) {
        core->trim_due_ms = core->now.steady_ms + TRIM_AGAIN_MS;
        return 0;                               /* ids that are too old go first: an id that is known has its events */
    }
    if (core->wiring->trim_after == SOUK_TRIM_NEVER || core->wall_ms < keep_ms)
        return 0;
    for (uint32_t own = 0; own < core->own_count; own++) {
        uint64_t marks[SOUK_STORES_MAX], mark = UINT64_MAX;
        uint32_t rows, count = 0;

        for (uint32_t i = 0; i < core->store_count; i++) {
            const struct core_store *store = &core->stores[i];
            uint64_t recorded = store->known && souk_epoch_equal(store->recorded[own].epoch, core->epoch)
                ? store->recorded[own].number : 0;
            uint64_t backed_up = store->known ? store->backed_up[own] : 0;
            uint32_t at = count++;

            /* One that is declared lost counts until it leaves the topology. */
            if (SOUK_PLANTED_BUG(BACKED_UP_BY_ONE) && mark != UINT64_MAX ? backed_up > mark : backed_up < mark)
                mark = backed_up;
            while (at > 0 && marks[at - 1] < recorded) {
                marks[at] = marks[at - 1];
                at--;
            }
            marks[at] = recorded;
        }
        if (core->wiring->trim_after == SOUK_TRIM_RECORDED)
            mark = count < by ? 0 : marks[by - 1];
        if (mark == UINT64_MAX || SOUK_PLANTED_BUG(TRIM_TOO_EARLY))
            mark = SOUK_PLANTED_BUG(TRIM_TOO_EARLY) ? core->own[own].head.number : 0;
        if (SOUK_PLANTED_BUG(TRIM_AT_RECORDED) && count != 0)
            mark = marks[0];
        if (mark == 0)
            continue;
        rc = souk_log_trim(core->txn, &core->own[own].log, mark, core->wall_ms - keep_ms, limits->trim_rows_max,
            &rows);
        if (rc != 0)
            return rc;
        if (rows != 0)
            core->changed = true;
        if (rows == limits->trim_rows_max)
            core->trim_due_ms = core->now.steady_ms + TRIM_AGAIN_MS;
        core->status.trimmed += rows;
    }
    return 0;
}
