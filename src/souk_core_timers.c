#include "souk_core_parts.h"

#include <stdlib.h>

static bool unanswered(const struct souk_core *core, const struct souk_timer_row *row);
static void give_up_on(struct souk_core *core, const struct souk_timer_row *row);

static bool
unanswered(const struct souk_core *core, const struct souk_timer_row *row)
{
    for (uint32_t i = 0; i < core->unanswered_count; i++)
        if (core->unanswered[i].due_ms == row->due_ms
            && core_same_asker(&core->unanswered[i].because, &row->because))
            return true;
    return false;
}

static void
give_up_on(struct souk_core *core, const struct souk_timer_row *row)
{
    if (core->unanswered == NULL)
        core->unanswered = calloc(CORE_UNANSWERED_MAX, sizeof core->unanswered[0]);
    if (core->unanswered != NULL && core->unanswered_count < CORE_UNANSWERED_MAX)
        core->unanswered[core->unanswered_count++] = *row;
    core->timer_due_known = false;
}

int
core_work_timers(struct souk_core *core)
{
    struct souk_timer_row row, after;
    const struct souk_timer_row *from = NULL;
    int rc = 0;

    if (core->timer_due_known && core->timer_due_ms > core->wall_ms)
        return 0;
    while (!core_round_over(core)
        && (rc = souk_timers_due(core->txn, core->wall_ms, from, &core->arena, &row)) != -SOUK_ENOTFOUND) {
        const struct souk_handler *handler;
        const struct souk_view view = core_view(core);
        const struct souk_timer timer = { .kind = row.kind, .key = row.key, .due_ms = row.due_ms };
        struct souk_decision decision;

        if (rc != 0)
            return rc;
        after = row;
        from = &after;
        if (unanswered(core, &row))
            continue;
        handler = core_handler(core, SOUK_HANDLER_REACT_TIMER, souk_slice_of(row.kind));
        core_decision_init(core, &decision, &row.because, &row.correlation, row.depth + 1);
        if (handler != NULL) {
            core_begin_input(core, CORE_INPUT_TIMER);
            core->failed_timer = row;
            rc = core_said(&decision, ((int (*)(const struct souk_view *, const struct souk_timer *,
                struct souk_decision *))handler->handler)(&view, &timer, &decision));
            if (rc == 0)
                rc = core_settle(core, &decision);
            if (rc != 0)
                return rc == -SOUK_EBUSY ? 0 : rc;
            core->failed_kind = CORE_INPUT_NONE;
        }
        if (decision.count == 0)
            give_up_on(core, &row);
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
core_next_timer(struct souk_core *core)
{
    struct souk_timer_row row, after;
    const struct souk_timer_row *from = NULL;
    int rc;

    if (core->timer_due_known && !core->draining)
        return 0;
    core->timer_due_ms = UINT64_MAX;
    if (core->draining)
        return 0;
    while ((rc = souk_timers_due(core->txn, UINT64_MAX, from, &core->arena, &row)) == 0 && unanswered(core, &row)) {
        after = row;
        from = &after;
    }
    if (rc == 0)
        core->timer_due_ms = row.due_ms;
    core->timer_due_known = rc == 0 || rc == -SOUK_ENOTFOUND;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}
