#include "souk_core_parts.h"

#include <string.h>

/* Readers keep what they have; the stream is taken from its beginning once more, into tables beside. */
int
core_begin_refill(struct souk_core *core, struct core_follow *follow)
{
    const struct souk_position zero = { .number = 0 };
    struct souk_cursor *cursor = &follow->cursor;
    int rc;

    core->status.voids++;
    /* Reactions that are owed stay so, if what they are reactions to is in the new history, too. */
    if ((rc = souk_parked_refill(core->txn, &follow->name)) != 0
        || (rc = souk_parked_count(core->txn, &core->parked_count)) != 0)
        return rc;
    if (cursor->generation_beside != 0
        && (rc = souk_lineage_cut(core->txn, &follow->name, cursor->generation_beside, 0)) != 0)
        return rc;
    cursor->generation_beside = (cursor->generation_beside != 0 ? cursor->generation_beside : cursor->generation) + 1;
    cursor->beside = zero;
    follow->changed = core->changed = true;
    souk_feed_set_cursor(follow->feed, &zero);
    return souk_space_begin_beside(&core->space, core->txn, follow->name.text, cursor->generation_beside);
}

int
core_take_beside(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch)
{
    const struct souk_batch_header *header = &batch->header;
    const struct core_poison *poison;
    struct souk_events events;
    struct souk_position end;
    struct souk_event event;
    int rc;

    if (header->count == 0) {
        rc = core_take_record(core, follow, header, follow->cursor.generation_beside);
    } else if ((rc = souk_events_init(&events, header)) == 0) {
        while ((rc = souk_events_next(&events, &event)) == 0) {
            core->failed_point = (struct souk_point){ header->epoch, event.number };
            if (core_skipped(core, &follow->name, core->failed_point))
                continue;
            poison = core_poison_of(follow, core->failed_point);
            if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max)
                rc = core_park(core, &follow->name, header->epoch, &event, false, poison->text, poison->tries);
            else
                rc = core_apply(core, &follow->name, false, true, header->epoch, &event);
            if (rc != 0)
                return rc;
        }
        if (rc == -SOUK_ENOTFOUND)
            rc = core->can_react ? core_owe_reaction(core, follow, batch) : 0;
    }
    if (rc != 0)
        return rc;
    end = souk_batch_end(header);
    follow->changed = true;
    if (!core_is_swap(follow, header)) {
        follow->cursor.beside = end;
        return 0;
    }
    if ((rc = core_swap(core, follow, &end)) != 0)
        return rc;
    follow->cursor.position = end;
    if ((rc = souk_vector_learn(&core->vector, &follow->name, souk_point_of(&end))) != 0
        || (rc = core_learn_causes(core, header)) != 0)
        return rc;
    return core->state == SOUK_CORE_LIVE ? core_pay_losses(core, follow) : 0;
}

/* The old cursor is above what the new history has reached: its origin has to know, and to open an epoch above it. */
void
core_ask_for_swap(struct souk_core *core, const struct core_follow *follow)
{
    const struct souk_cursor *cursor = &follow->cursor;
    struct souk_cause cause = { .stream = follow->name, .point = souk_point_of(&cursor->position) };

    if (cursor->generation_beside == 0 || souk_position_is_zero(&cursor->beside) || follow->feed->untaken != NULL
        || cursor->beside.epoch.counter > cursor->position.epoch.counter
        || souk_point_above(follow->feed->heard, souk_point_of(&cursor->beside)))
        return;
    souk_feeds_wait_for(&core->feeds, &cause, core->now);
    if (core->now.steady_ms + core->wiring->limits.head_ms < core->hold_due_ms)
        core->hold_due_ms = core->now.steady_ms + core->wiring->limits.head_ms;
}

/* From here on the new tables are the tables. */
int
core_swap(struct souk_core *core, struct core_follow *follow, const struct souk_position *end)
{
    const uint32_t old = follow->cursor.generation;
    int rc;

    if ((rc = souk_parked_refilled(core->txn, &follow->name, follow->cursor.generation_beside,
            souk_point_of(end))) != 0
        || (rc = souk_parked_count(core->txn, &core->parked_count)) != 0
        || (rc = souk_lineage_cut(core->txn, &follow->name, old, 0)) != 0)
        return rc;
    follow->cursor.generation = follow->cursor.generation_beside;
    follow->cursor.generation_beside = 0;
    memset(&follow->cursor.beside, 0, sizeof follow->cursor.beside);
    return souk_space_swap(&core->space, core->txn, follow->name.text, old);
}
