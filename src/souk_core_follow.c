#include "souk_core_parts.h"

#include <string.h>

static bool is_within(struct souk_point point, struct souk_point by);
static bool names_rival(struct souk_core *core, const struct souk_batch_header *header);
static bool is_missing(struct souk_core *core, const struct souk_cause *cause, bool own);
static struct souk_point cursor_of(struct souk_core *core, const char *stream);
static bool is_given_up(struct souk_core *core, const struct souk_cause *cause);
static void give_up(struct souk_core *core, const struct souk_batch_header *header, bool own);
static int take_batch(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch);
static int take_event(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts);
static int run_event(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts);

/* ---- following ------------------------------------------------------ */

struct core_follow *
core_follow(struct souk_core *core, const char *stream)
{
    for (uint32_t i = 0; i < core->follow_count; i++)
        if (souk_text_equal(core->follows[i].name.text, stream))
            return &core->follows[i];
    return NULL;
}

bool
core_round_over(const struct souk_core *core)
{
    if (core->single_left != 0)
        return core->inputs != 0;
    return core->commit_full || core->draft_bytes >= CORE_COMMIT_BYTES_SOFT
        || core->draft_events >= core->wiring->limits.commit_events_max
        || core->round_events >= CORE_ROUND_EVENTS_MAX
        || core->arena.used_bytes >= core->wiring->limits.round_bytes_max / 2;
}

void
core_begin_input(struct souk_core *core, enum core_input kind)
{
    core->inputs++;
    core->failed_kind = kind;
}

int
core_work_followed(struct souk_core *core)
{
    bool moved = true;
    int rc;

    for (uint32_t i = 0; i < core->follow_count; i++) {
        struct core_follow *follow = &core->follows[i];

        if (follow->feed->void_.told) {
            follow->feed->void_.told = false;
            if ((rc = core_begin_refill(core, follow)) != 0)
                return rc;
        }
        /* While filled anew the cursor's history is known to be void: what it had lost the new one may have. */
        if (core->state == SOUK_CORE_LIVE && follow->cursor.owes_losses && follow->cursor.generation_beside == 0) {
            core_begin_input(core, CORE_INPUT_EVENT);
            core->failed_follow = follow;
            if ((rc = core_pay_losses(core, follow)) != 0)
                return rc == -SOUK_EBUSY ? -SOUK_EHANDLER : rc;
            core->failed_kind = CORE_INPUT_NONE;
        }
        if ((rc = core_pay_owed(core, follow)) != 0)
            return rc;
    }
    while (moved) {                             /* a batch may be what another stream's batch waits for */
        moved = false;
        for (uint32_t i = 0; i < core->follow_count; i++) {
            struct core_follow *follow = &core->follows[i];

            while (follow->feed->untaken != NULL && !core_round_over(core)
                && !(core->state == SOUK_CORE_LIVE && follow->cursor.owes_reactions
                    && follow->cursor.generation_beside == 0)) {
                struct souk_feed_batch *batch = follow->feed->untaken;
                const struct souk_position end = souk_batch_end(&batch->header);
                const struct souk_point first = { batch->header.epoch, batch->header.first };

                if (follow->cursor.generation_beside == 0 || core_is_swap(follow, &batch->header)
                    || names_rival(core, &batch->header)) {
                    if (core_held(core, &batch->header, &batch->held_since_ms, false)) {
                        follow->held_for = core->held_for;
                        break;
                    }
                }
                if (core->state != SOUK_CORE_LIVE && core->can_react && batch->header.count != 0
                    && !is_within(souk_point_of(&end), follow->cursor.reacted)
                    && !is_within(first, follow->reach))
                    break;                      /* it may ask for a reaction: not before the service is live, unless an
                                                   own batch names some of it: that commit had room for no more */
                core_begin_input(core, CORE_INPUT_EVENT);
                core->failed_follow = follow;
                memset(&follow->given_up, 0, sizeof follow->given_up);
                if ((rc = take_batch(core, follow, batch)) != 0)
                    return rc == -SOUK_EBUSY ? -SOUK_EHANDLER : rc;     /* half of it has been applied */
                core->failed_kind = CORE_INPUT_NONE;
                souk_feed_take(follow->feed);
                core->moved_ms = core->now.steady_ms;
                core->round_events += batch->header.count;
                core->changed = moved = true;
                /* In the commit of a swap: its own batches say that what is before the swap was reacted to. */
                if ((rc = core_pay_owed(core, follow)) != 0)
                    return rc;
            }
        }
    }
    for (uint32_t i = 0; i < core->follow_count; i++)
        core_ask_for_swap(core, &core->follows[i]);
    return 0;
}

/* Covered, or of another epoch of the same counter: whether that was reacted to is decided later. */
static bool
is_within(struct souk_point point, struct souk_point by)
{
    return souk_point_covered(point, by)
        || (point.epoch.counter == by.epoch.counter && !souk_epoch_equal(point.epoch, by.epoch));
}

/*
 * Filled beside so far; from this batch on the new tables are the tables: a record above the void cursor's epoch, or
 * the very batch of the cursor, which was not void for good.
 */
bool
core_is_swap(const struct core_follow *follow, const struct souk_batch_header *header)
{
    const struct souk_position end = souk_batch_end(header), *old = &follow->cursor.position;

    if (follow->cursor.generation_beside == 0)
        return false;
    return (header->count == 0 && header->epoch.counter > old->epoch.counter)
        || (souk_epoch_equal(header->epoch, old->epoch) && end.number >= old->number);
}

bool
core_held(struct souk_core *core, const struct souk_batch_header *header, uint64_t *held_since_ms, bool own)
{
    uint64_t since_ms = *held_since_ms, seen_ms, until_ms;
    struct souk_causes causes;
    struct souk_cause cause;
    bool held = false, lacks = false;

    if (SOUK_PLANTED_BUG(CAUSES_IGNORED))
        return false;
    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        if (!is_missing(core, &cause, own))
            continue;
        if (is_given_up(core, &cause)) {
            lacks = true;
            continue;
        }
        if (core_own(core, cause.stream.text) != NULL)
            souk_core_hear_foreign(core, cause.point.epoch.counter, core->now);
        else
            souk_feeds_wait_for(&core->feeds, &cause, core->now);
        if (!held)
            core->held_for = cause;
        held = true;
        /*
         * A holder has it: to be behind is not to be without. But where causes are void, streams may wait for
         * each other for ever; so this counts only while something moves.
         */
        seen_ms = souk_feeds_seen_ms(&core->feeds, &cause);
        if (seen_ms > core->moved_ms)
            seen_ms = core->moved_ms;
        if (seen_ms > since_ms)
            since_ms = seen_ms;
    }
    for (uint32_t i = 0; i < core->follow_count && !own; i++) {
        const struct core_follow *follow = &core->follows[i];

        if (follow->cursor.joining.epoch.counter == 0 || souk_text_equal(follow->name.text, header->stream.text)
            || souk_point_satisfied(follow->cursor.joining, souk_point_of(&follow->cursor.position)))
            continue;
        if (!held)
            core->held_for = (struct souk_cause){ follow->name, follow->cursor.joining };
        held = true;
    }
    if (held) {
        if (*held_since_ms == 0) {
            *held_since_ms = core->now.steady_ms == 0 ? 1 : core->now.steady_ms;
            core->status.holds++;
            if (since_ms < *held_since_ms)
                since_ms = *held_since_ms;
        }
        until_ms = since_ms + core->wiring->limits.hold_ms;
        if (core->now.steady_ms < until_ms) {
            if (until_ms < core->hold_due_ms)
                core->hold_due_ms = until_ms;
            return true;
        }
        give_up(core, header, own);
    }
    core->status.holds_over_bound += held || lacks;
    return false;
}

/*
 * Is one of its causes in an epoch that has the counter of the one there, but is another? What is filled beside waits
 * for its causes as a whole, at the swap, whose record names all of them; but of two such epochs it names one.
 */
static bool
names_rival(struct souk_core *core, const struct souk_batch_header *header)
{
    struct souk_causes causes;
    struct souk_cause cause;

    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        const struct souk_epoch there = cursor_of(core, cause.stream.text).epoch;

        if (there.counter == cause.point.epoch.counter && !souk_epoch_equal(there, cause.point.epoch))
            return true;
    }
    return false;
}

static bool
is_missing(struct souk_core *core, const struct souk_cause *cause, bool own)
{
    const bool mine = core_own(core, cause->stream.text) != NULL;
    struct souk_point cursor;

    if (mine && own)
        return false;                           /* own streams come back in the order of their commits */
    if (!mine && core_follow(core, cause->stream.text) == NULL)
        return false;
    cursor = cursor_of(core, cause->stream.text);
    if (SOUK_PLANTED_BUG(CAUSE_WITHOUT_EPOCH))
        return cursor.number < cause->point.number;
    return !souk_point_satisfied(cause->point, cursor);
}

/* How far the service is in an own or a followed stream; nowhere in any other. */
static struct souk_point
cursor_of(struct souk_core *core, const char *stream)
{
    const struct core_own *own = core_own(core, stream);
    const struct core_follow *follow = own == NULL ? core_follow(core, stream) : NULL;

    if (own != NULL)
        return souk_point_of(&own->head);
    return follow != NULL ? souk_point_of(&follow->cursor.position) : (struct souk_point){ .number = 0 };
}

/* Was it, or one before it, waited for in vain since its stream last moved? Then nobody waits for it once more. */
static bool
is_given_up(struct souk_core *core, const struct souk_cause *cause)
{
    const struct core_follow *follow = core_follow(core, cause->stream.text);

    return follow != NULL && follow->given_up.epoch.counter != 0
        && souk_epoch_equal(follow->given_up.epoch, cause->point.epoch)
        && follow->given_up.number <= cause->point.number;
}

static void
give_up(struct souk_core *core, const struct souk_batch_header *header, bool own)
{
    struct souk_causes causes;
    struct souk_cause cause;

    for (uint32_t i = 0; i < core->follow_count && !own; i++) {
        struct core_follow *follow = &core->follows[i];

        if (follow->cursor.joining.epoch.counter == 0 || souk_text_equal(follow->name.text, header->stream.text))
            continue;
        memset(&follow->cursor.joining, 0, sizeof follow->cursor.joining);
        follow->changed = true;
    }
    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        struct core_follow *follow = core_follow(core, cause.stream.text);

        if (follow != NULL && is_missing(core, &cause, own) && !is_given_up(core, &cause))
            follow->given_up = cause.point;
    }
}

static int
take_batch(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch)
{
    const struct souk_batch_header *header = &batch->header;
    const struct souk_position end = souk_batch_end(header);
    struct souk_point known = souk_point_of(&end);
    struct souk_events events;
    struct souk_event event;
    bool reacts;
    int rc;

    if (follow->cursor.generation_beside != 0 && (header->count != 0 || !core_is_swap(follow, header)))
        return core_take_beside(core, follow, batch);

    reacts = core->can_react && !souk_point_covered(souk_point_of(&end), follow->cursor.reacted);
    if (core->can_react && header->count != 0 && (!reacts || core->state != SOUK_CORE_LIVE)) {
        if ((rc = core_owe_reaction(core, follow, batch)) != 0)
            return rc;
        reacts = false;
    }
    if (SOUK_PLANTED_BUG(REACT_TO_ALL))
        reacts = core->can_react;
    if (header->count == 0) {
        if ((rc = core_take_record(core, follow, header, follow->cursor.generation_beside != 0
                ? follow->cursor.generation_beside : follow->cursor.generation)) != 0
            || (follow->cursor.generation_beside != 0 && (rc = core_swap(core, follow, &end)) != 0))
            return rc;
    } else {
        if ((rc = souk_events_init(&events, header)) != 0)
            return -SOUK_EDAMAGED;
        while ((rc = souk_events_next(&events, &event)) == 0) {
            rc = take_event(core, follow, header->epoch, &event, reacts);
            if (rc == -SOUK_EBUSY && core->commit_full && reacts) {
                /* Applied is the batch as a whole; reactions that this commit has no room for are owed. */
                rc = souk_owed_put(core->txn, &follow->name, event.number,
                    (struct souk_slice){ batch->bytes, batch->size_bytes });
                follow->cursor.owes_reactions = true;
                known.number = event.number - 1;        /* so far own batches may say that it was reacted to */
                reacts = false;
            }
            if (rc != 0)
                return rc;
        }
        if (rc != -SOUK_ENOTFOUND)
            return -SOUK_EDAMAGED;
    }
    follow->cursor.position = end;
    follow->changed = true;
    if ((rc = souk_vector_learn(&core->vector, &follow->name, known)) != 0
        || (rc = core_learn_causes(core, header)) != 0)
        return rc;
    if (header->count == 0 && reacts && !SOUK_PLANTED_BUG(LOSS_NOT_TOLD))
        follow->cursor.owes_losses = true;
    return core->state == SOUK_CORE_LIVE ? core_pay_losses(core, follow) : 0;
}

/*
 * What a batch that is applied names as causes is known from here on. Of a stream that the service follows itself its own
 * cursor says which of two rival branches there is: it waited for the cause if that is not void.
 */
int
core_learn_causes(struct souk_core *core, const struct souk_batch_header *header)
{
    struct souk_causes causes;
    struct souk_cause cause;
    int rc = 0;

    if (SOUK_PLANTED_BUG(CAUSES_NOT_CLOSED))
        return 0;
    souk_causes_init(&causes, header);
    while (rc == 0 && souk_causes_next(&causes, &cause)) {
        const struct core_follow *follow = core_follow(core, cause.stream.text);

        if (core_own(core, cause.stream.text) != NULL)
            continue;                           /* of those it knows itself how far they are, and on which branch */
        if (follow != NULL && follow->cursor.position.epoch.counter == cause.point.epoch.counter
            && !souk_epoch_equal(follow->cursor.position.epoch, cause.point.epoch))
            continue;
        rc = souk_vector_learn(&core->vector, &cause.stream, cause.point);
    }
    return rc;
}

int
core_take_record(struct souk_core *core, struct core_follow *follow, const struct souk_batch_header *header,
    uint32_t generation)
{
    struct souk_record record;

    if (souk_record_read(header, &record) != 0)
        return -SOUK_EDAMAGED;
    return souk_lineage_put(core->txn, &follow->name, generation, header->epoch, header->first - 1);
}

static int
take_event(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts)
{
    const struct souk_point point = { epoch, event->number };
    const struct core_poison *poison = core_poison_of(follow, point);
    bool waits = false;
    int rc;

    if (core_skipped(core, &follow->name, point))
        return 0;
    if (core->parked_count != 0 && (rc = souk_parked_has(core->txn, event->key, &waits)) != 0)
        return rc;
    if (waits)
        return core_park(core, &follow->name, epoch, event, reacts, CORE_PARKED_BEHIND, 0);
    if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max)
        return core_park(core, &follow->name, epoch, event, reacts, poison->text, poison->tries);
    core->failed_point = point;
    return run_event(core, &follow->name, epoch, event, reacts);
}

static int
run_event(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts)
{
    int rc = core_apply(core, stream, false, false, epoch, event);

    return rc != 0 || !reacts ? rc : core_react(core, stream, epoch, event);
}

int
core_react(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event)
{
    const struct souk_handler *handler = core_handler(core, SOUK_HANDLER_REACT, event->type);
    const struct souk_because because = { .kind = SOUK_BY_EVENT, .stream = *stream,
        .point = { epoch, event->number } };
    const struct souk_view view = core_view(core);
    struct souk_decision decision;
    void *message;
    int rc;

    if (handler == NULL || core->own_count == 0)
        return 0;
    core->fault_text[0] = '\0';
    if ((rc = core_decode(core, handler->type, event, &message)) != 0)
        return core_fault(core, "reading it", rc);
    if ((rc = souk_vector_learn(&core->vector, stream, because.point)) != 0)   /* of two rival branches this one */
        return rc;
    core_decision_init(core, &decision, &because, &event->correlation, event->depth + 1);
    rc = core_said(&decision, handler->type->call_react(handler->handler, &view, message, &decision));
    return rc != 0 ? core_fault(core, "react", rc) : core_settle(core, &decision);
}

int
core_park(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts, const char *text, uint32_t tries)
{
    const struct souk_parked parked = { .kind = SOUK_PARKED_EVENT, .stream = *stream, .epoch = epoch,
        .event = *event, .reacts = reacts, .text = souk_slice_of(text), .since_ms = core->wall_ms, .tries = tries };
    int rc = souk_parked_add(core->txn, &parked);

    core->changed = true;
    if (rc == 0)
        core->parked_count++;
    return rc;
}

bool
core_skipped(const struct souk_core *core, const struct souk_name *stream, struct souk_point point)
{
    for (size_t i = 0; i < core->wiring->skip_count; i++)
        if (souk_text_equal(core->wiring->skips[i].stream.text, stream->text)
            && core->wiring->skips[i].point.number == point.number
            && souk_epoch_equal(core->wiring->skips[i].point.epoch, point.epoch))
            return true;
    return false;
}

struct core_poison *
core_poison_of(struct core_follow *follow, struct souk_point point)
{
    for (uint32_t i = 0; i < follow->poison_count; i++)
        if (follow->poison[i].point.number == point.number
            && souk_epoch_equal(follow->poison[i].point.epoch, point.epoch))
            return &follow->poison[i];
    return NULL;
}

/* ---- parked events, once more --------------------------------------- */

int
core_run_parked(struct souk_core *core, const struct souk_parked *parked)
{
    const struct souk_point point = { parked->epoch, parked->event.number };
    bool stands;                                /* another instance has reacted: own batches that came back say so */
    int rc;

    if (parked->kind == SOUK_PARKED_LOSS)
        return core_run_loss(core, parked);
    if ((rc = souk_trail_stands(core->txn, &parked->stream, point, &stands)) != 0)
        return rc;
    if (parked->kind == SOUK_PARKED_EVENT)
        return run_event(core, &parked->stream, parked->epoch, &parked->event, parked->reacts && !stands);
    return stands ? 0 : core_react(core, &parked->stream, parked->epoch, &parked->event);
}
