#include "souk_core_parts.h"

#include <string.h>

struct losses {
    struct souk_core *core;
    struct core_follow *follow;
    struct souk_point head;
    struct souk_parked *found;
    uint32_t count, room;
    int rc;
};

static int pay_reactions(struct souk_core *core, struct core_follow *follow);
static int pay_reaction(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event);
static int collect_loss(const struct souk_trail_caused *caused, void *arg);
static int find_payload(struct souk_core *core, struct souk_parked *loss);
static bool same_loss(const struct souk_parked *a, const struct souk_parked *b);
static struct souk_event_ref ref_of(const struct souk_name *stream, struct souk_point point);

/* ---- reactions that are owed ---------------------------------------- */

/* Keep the batch unless it is certain that it was reacted to before. */
int
core_owe_reaction(struct souk_core *core, struct core_follow *follow, const struct souk_feed_batch *batch)
{
    const struct souk_position end = souk_batch_end(&batch->header);
    bool known;
    int rc;

    if ((rc = souk_owed_named(core->txn, &follow->name, souk_point_of(&end), &known)) != 0 || known)
        return rc;
    if (follow->cursor.generation_beside != 0 && !SOUK_PLANTED_BUG(REFILL_REACTS)) {
        rc = souk_lineage_has(core->txn, &follow->name, follow->cursor.generation, souk_point_of(&end),
            souk_point_of(&follow->cursor.position), &known);
        if (rc != 0 || known)
            return rc;
    }
    follow->cursor.owes_reactions = follow->changed = true;
    return souk_owed_put(core->txn, &follow->name, 0, (struct souk_slice){ batch->bytes, batch->size_bytes });
}

int
core_pay_owed(struct souk_core *core, struct core_follow *follow)
{
    int rc;

    while (core->state == SOUK_CORE_LIVE && follow->cursor.owes_reactions && follow->cursor.generation_beside == 0
        && !core_round_over(core)) {
        core_begin_input(core, CORE_INPUT_EVENT);
        core->failed_follow = follow;
        if ((rc = pay_reactions(core, follow)) != 0)
            return rc == -SOUK_EBUSY ? -SOUK_EHANDLER : rc;
        core->failed_kind = CORE_INPUT_NONE;
    }
    return 0;
}

/* React to what is owed, but for what own batches turn out to have known. One batch, one input. */
static int
pay_reactions(struct souk_core *core, struct core_follow *follow)
{
    const struct souk_point head = souk_point_of(&follow->cursor.position);
    struct souk_batch_header header;
    struct souk_point frontier;
    struct souk_events events;
    struct souk_event event;
    struct souk_position end;
    struct souk_slice batch;
    uint64_t key, from;
    bool in;
    int rc;

    rc = souk_owed_first(core->txn, &follow->name, &key, &from, &batch);
    if (rc == -SOUK_ENOTFOUND) {
        follow->cursor.owes_reactions = false;
        follow->changed = core->changed = true;
        return 0;
    }
    if (rc != 0)
        return rc;
    if ((batch = souk_arena_copy(&core->arena, batch)).base == NULL)
        return -SOUK_ENOMEM;
    if (souk_batch_read(batch, &header) != 0)
        return -SOUK_EDAMAGED;
    end = souk_batch_end(&header);
    core->changed = true;
    core->round_events += header.count;
    if ((rc = souk_owed_frontier(core->txn, &follow->name, follow->cursor.generation, head, &frontier)) != 0
        || (rc = souk_lineage_has(core->txn, &follow->name, follow->cursor.generation, souk_point_of(&end), head,
            &in)) != 0)
        return rc;
    if (in && !souk_point_covered(souk_point_of(&end), frontier)) {
        if (souk_events_init(&events, &header) != 0)
            return -SOUK_EDAMAGED;
        while ((rc = souk_events_next(&events, &event)) == 0) {
            if (event.number < from)
                continue;
            rc = pay_reaction(core, follow, header.epoch, &event);
            if (rc == -SOUK_EBUSY && core->commit_full)
                return souk_owed_shorten(core->txn, &follow->name, key, event.number, batch);
            if (rc != 0)
                return rc;
        }
        if (rc != -SOUK_ENOTFOUND)
            return -SOUK_EDAMAGED;
    }
    rc = souk_owed_remove(core->txn, &follow->name, key);
    return rc != 0 || !in ? rc : souk_vector_learn(&core->vector, &follow->name, souk_point_of(&end));
}

static int
pay_reaction(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event)
{
    const struct souk_point point = { epoch, event->number };
    const struct core_poison *poison = core_poison_of(follow, point);
    struct souk_parked parked = { .kind = SOUK_PARKED_REACTION, .stream = follow->name, .epoch = epoch,
        .event = *event, .reacts = true, .since_ms = core->wall_ms };
    bool waits = false, stands;
    int rc;

    if (core_skipped(core, &follow->name, point))
        return 0;
    /* Where the branch of an own batch's causes is gone, its events still say what they are reactions to. */
    if ((rc = souk_trail_stands(core->txn, &follow->name, point, &stands)) != 0)
        return rc;
    if (stands && !SOUK_PLANTED_BUG(REFILL_REACTS) && !SOUK_PLANTED_BUG(REACT_AFTER_REBUILD))
        return 0;
    if (core->parked_count != 0 && (rc = souk_parked_has(core->txn, event->key, &waits)) != 0)
        return rc;
    if (waits)
        parked.text = souk_slice_of(CORE_PARKED_BEHIND);
    else if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max) {
        parked.text = souk_slice_of(poison->text);
        parked.tries = poison->tries;
    }
    if (parked.text.base == NULL) {
        core->failed_point = point;
        return core_react(core, &follow->name, epoch, event);
    }
    if ((rc = souk_parked_add(core->txn, &parked)) == 0)
        core->parked_count++;
    return rc;
}

/* ---- what stood on it ----------------------------------------------- */

static int
collect_loss(const struct souk_trail_caused *caused, void *arg)
{
    struct losses *losses = arg;
    struct souk_arena *arena = &losses->core->arena;
    struct souk_parked *loss;
    bool in;
    int rc;

    if (caused->cause.epoch.counter > losses->head.epoch.counter)
        return 0;                               /* not reached yet, in a store that is being filled again */
    rc = souk_lineage_has(losses->core->txn, &losses->follow->name, losses->follow->cursor.generation, caused->cause,
        losses->head, &in);
    if (rc != 0 || in)
        return rc;
    if (losses->count == losses->room) {
        uint32_t room = losses->room == 0 ? 16 : losses->room * 2;
        struct souk_parked *found = souk_arena_alloc(&losses->core->arena, room * sizeof *found);

        if (found == NULL)
            return -SOUK_ENOMEM;
        if (losses->count != 0)
            memcpy(found, losses->found, losses->count * sizeof *found);
        losses->found = found;
        losses->room = room;
    }
    loss = &losses->found[losses->count++];
    memset(loss, 0, sizeof *loss);
    loss->kind = SOUK_PARKED_LOSS;
    loss->stream = losses->follow->name;
    loss->epoch = caused->cause.epoch;
    loss->event.number = caused->cause.number;
    loss->event.type = souk_arena_copy(arena, caused->type);
    loss->event.key = souk_arena_copy(arena, caused->key);
    loss->event.correlation = caused->correlation;
    loss->event.depth = caused->depth;
    loss->event.version = caused->version;
    loss->since_ms = losses->core->wall_ms;
    loss->caused_stream = caused->own;
    loss->caused = caused->point;
    return loss->event.type.base == NULL || loss->event.key.base == NULL ? -SOUK_ENOMEM : 0;
}

/* The own event's payload, from the own log; it stays empty when that part is trimmed. */
static int
find_payload(struct souk_core *core, struct souk_parked *loss)
{
    struct core_own *own = core_own(core, loss->caused_stream.text);
    struct souk_batch_header header;
    struct souk_events events;
    struct souk_event event;
    struct souk_slice batch;
    int rc = -SOUK_ENOTFOUND;

    if (own != NULL)
        rc = souk_log_holding(core->txn, &own->log, loss->caused.number, &batch);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (souk_batch_read(batch, &header) != 0 || souk_events_init(&events, &header) != 0)
        return 0;                               /* damaged is as good as trimmed */
    while ((rc = souk_events_next(&events, &event)) == 0)
        if (event.number == loss->caused.number && souk_epoch_equal(header.epoch, loss->caused.epoch)) {
            loss->event.payload = souk_arena_copy(&core->arena, event.payload);
            return loss->event.payload.base == NULL ? -SOUK_ENOMEM : 0;
        }
    return rc == -SOUK_ENOTFOUND ? 0 : -SOUK_EDAMAGED;
}

static bool
same_loss(const struct souk_parked *a, const struct souk_parked *b)
{
    return a->event.number == b->event.number && souk_epoch_equal(a->epoch, b->epoch);
}

/* Tell the service of own events that stand on what records of `follow` have voided. */
int
core_pay_losses(struct souk_core *core, struct core_follow *follow)
{
    struct losses losses = { .core = core, .follow = follow,
        .head = souk_point_of(&follow->cursor.position) };
    int rc;

    if (!follow->cursor.owes_losses)
        return 0;
    if ((rc = souk_trail_each(core->txn, &follow->name, collect_loss, &losses)) != 0)
        return rc;
    follow->cursor.owes_losses = false;
    follow->changed = core->changed = true;
    for (uint32_t i = 0; i < losses.count; i++) {
        struct souk_parked *loss = &losses.found[i];
        const struct souk_point lost = { loss->epoch, loss->event.number };
        const struct core_poison *poison = core_poison_of(follow, lost);

        if (core->draft_count > SOUK_COMMIT_BATCHES_MAX / 2 && (i == 0 || !same_loss(loss, &losses.found[i - 1]))) {
            follow->cursor.owes_losses = core->commit_full = true;      /* the rest in the next commit */
            return 0;
        }
        if ((rc = find_payload(core, loss)) != 0 || (rc = souk_trail_told(core->txn, &follow->name, lost)) != 0)
            return rc;
        core->failed_point = lost;
        core->status.rewound++;
        if (core_handler(core, SOUK_HANDLER_REACT_REWOUND, souk_name_slice(&follow->name)) == NULL)
            loss->text = souk_slice_of("no reaction to the loss of its cause");
        else if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max) {
            loss->text = souk_slice_of(poison->text);
            loss->tries = poison->tries;
        } else if ((rc = core_run_loss(core, loss)) != 0)
            return rc;
        if (loss->text.base != NULL) {
            if ((rc = souk_parked_add(core->txn, loss)) != 0)
                return rc;
            core->parked_count++;
        }
    }
    return 0;
}

int
core_run_loss(struct souk_core *core, const struct souk_parked *loss)
{
    const struct souk_handler *handler = core_handler(core, SOUK_HANDLER_REACT_REWOUND,
        souk_name_slice(&loss->stream));
    const struct souk_point lost = { loss->epoch, loss->event.number };
    const struct souk_because because = { .kind = SOUK_BY_LOSS, .stream = loss->stream, .point = lost };
    const struct souk_rewound rewound = { .stream = loss->stream.text, .lost = ref_of(&loss->stream, lost),
        .caused = ref_of(&loss->caused_stream, loss->caused), .key = loss->event.key, .type = loss->event.type,
        .payload = loss->event.payload };
    const struct souk_view view = core_view(core);
    struct souk_decision decision;
    int rc;

    if (handler == NULL)
        return -SOUK_EHANDLER;
    core->fault_text[0] = '\0';
    core_decision_init(core, &decision, &because, &loss->event.correlation, loss->event.depth);  /* the lost one's + 1 */
    rc = core_said(&decision, ((int (*)(const struct souk_view *, const struct souk_rewound *,
        struct souk_decision *))handler->handler)(&view, &rewound, &decision));
    return rc != 0 ? core_fault(core, "react", rc) : core_settle(core, &decision);
}

static struct souk_event_ref
ref_of(const struct souk_name *stream, struct souk_point point)
{
    struct souk_event_ref ref = { .epoch_counter = point.epoch.counter, .number = point.number };

    memcpy(ref.stream, stream->text, sizeof ref.stream);
    memcpy(ref.epoch_bits, point.epoch.bits, sizeof ref.epoch_bits);
    return ref;
}
