#include "souk_core_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "souk_seal.h"

static struct souk_event_ref ref_of(const struct souk_name *stream, struct souk_point point);
static int apply(struct souk_core *core, const struct souk_name *stream, bool own, bool beside,
    struct souk_epoch epoch, const struct souk_event *event);
static int seal(struct souk_core *core, const struct souk_message_type *event, struct souk_slice *payload);
static int decode(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event,
    void **message_out);
static int take_batch(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch);
static int take_beside(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch);
static int take_record(struct souk_core *core, struct core_follow *follow, const struct souk_batch_header *header,
    uint32_t generation);
static int swap(struct souk_core *core, struct core_follow *follow, const struct souk_position *end);
static void ask_for_swap(struct souk_core *core, const struct core_follow *follow);
static int take_event(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts);
static int run_event(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts);
static int react(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event);
static int park(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts, const char *text, uint32_t tries);
static int pay_losses(struct souk_core *core, struct core_follow *follow);
static int run_loss(struct souk_core *core, const struct souk_parked *loss);
static int owe_reaction(struct souk_core *core, struct core_follow *follow, const struct souk_feed_batch *batch);
static int pay_owed(struct souk_core *core, struct core_follow *follow);
static int pay_reactions(struct souk_core *core, struct core_follow *follow);
static int pay_reaction(struct souk_core *core, struct core_follow *follow, struct souk_epoch epoch,
    const struct souk_event *event);
static bool is_within(struct souk_point point, struct souk_point by);
static bool is_swap(const struct core_follow *follow, const struct souk_batch_header *header);
static int begin_refill(struct souk_core *core, struct core_follow *follow);
static bool skipped(const struct souk_core *core, const struct souk_name *stream, struct souk_point point);
static struct core_poison *poison_of(struct core_follow *follow, struct souk_point point);
static bool is_missing(struct souk_core *core, const struct souk_cause *cause, bool own);
static bool is_given_up(struct souk_core *core, const struct souk_cause *cause);
static void give_up(struct souk_core *core, const struct souk_batch_header *header, bool own);

/* ---- deciding ------------------------------------------------------- */

void
core_decision_init(struct souk_core *core, struct souk_decision *decision, const struct souk_because *because,
    const struct souk_id *correlation, uint32_t depth)
{
    memset(decision, 0, sizeof *decision);
    decision->core = core;
    decision->now_ms = core->wall_ms;
    decision->because = *because;
    decision->correlation = *correlation;
    decision->depth = depth;
    decision->end = &decision->first;
}

int
souk_emit(struct souk_decision *decision, const struct souk_message_type *event, const void *message)
{
    struct souk_core *core = decision->core;
    struct core_emitted *emitted;
    struct core_own *own;
    struct souk_pack *key = &core->key_scratch;
    int rc;

    assert(event->kind == SOUK_EVENT);
    if (decision->count == SOUK_DECISION_EVENTS_MAX)
        return -SOUK_ETOOBIG;
    if (event->stream == NULL || (own = core_own(core, event->stream)) == NULL)
        return -SOUK_EINVAL;                    /* not a stream of this service */
    if ((emitted = souk_arena_alloc(&core->arena, sizeof *emitted)) == NULL)
        return -SOUK_ENOMEM;
    souk_pack_reset(&core->scratch);
    if ((rc = event->encode(message, &core->scratch)) != 0 || (rc = core->scratch.rc) != 0)
        return rc;
    emitted->payload = souk_arena_copy(&core->arena, souk_pack_slice(&core->scratch));
    if (event->subject != NULL && emitted->payload.base != NULL && (rc = seal(core, event, &emitted->payload)) != 0)
        return rc;
    souk_pack_reset(key);
    if ((rc = event->key(message, key)) != 0 || (rc = key->rc) != 0)
        return rc;
    if (key->size_bytes == 0 || key->size_bytes > SOUK_KEY_BYTES_MAX)
        return -SOUK_EINVAL;
    emitted->key = souk_arena_copy(&core->arena, souk_pack_slice(key));
    if (emitted->payload.base == NULL || emitted->key.base == NULL)
        return -SOUK_ENOMEM;
    decision->bytes += emitted->payload.size_bytes;
    if (decision->bytes > SOUK_DECISION_BYTES_MAX && decision->count > 0)
        return -SOUK_ETOOBIG;
    emitted->type = event;
    emitted->own = (uint32_t)(own - core->own);
    *decision->end = emitted;
    decision->end = &emitted->next;
    decision->count++;
    return 0;
}

static int
seal(struct souk_core *core, const struct souk_message_type *event, struct souk_slice *payload)
{
    const struct souk_wiring *wiring = core->wiring;
    int rc;

    souk_pack_reset(&core->scratch);
    if ((rc = souk_seal(wiring->keyring, &wiring->random, event, *payload, &core->scratch)) != 0)
        return rc;
    if (core->scratch.size_bytes > SOUK_PAYLOAD_BYTES_MAX)
        return -SOUK_ETOOBIG;
    *payload = souk_arena_copy(&core->arena, souk_pack_slice(&core->scratch));
    return 0;
}

int
souk_refuse(struct souk_decision *decision, const char *code)
{
    decision->refused = true;
    decision->refusal = code;
    return SOUK_REFUSED;
}

int
souk_accept(struct souk_decision *decision)
{
    decision->refused = false;
    return 0;
}

uint64_t
souk_decision_now_ms(const struct souk_decision *decision)
{
    return decision->now_ms;
}

struct souk_id
souk_decision_new_id(struct souk_decision *decision)
{
    const struct souk_random *random = &decision->core->wiring->random;
    struct souk_id id;

    random->fill(random->arg, id.bytes, sizeof id.bytes);
    for (int i = 0; i < 6; i++)                 /* RFC 9562, 5.7: 48 bits of ms, version 7, variant 2 */
        id.bytes[i] = (uint8_t)(decision->now_ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

struct souk_slice
souk_decision_caller(const struct souk_decision *decision)
{
    return decision->caller;
}

const struct souk_pass *
souk_decision_pass(const struct souk_decision *decision)
{
    return decision->pass;
}

struct souk_slice
souk_decision_prepared(const struct souk_decision *decision)
{
    return decision->prepared;
}

int
souk_prepared_set(struct souk_prepared *prepared, struct souk_slice bytes)
{
    if (bytes.size_bytes > SOUK_PAYLOAD_BYTES_MAX)
        return -SOUK_ETOOBIG;
    prepared->bytes = souk_arena_copy(prepared->arena, bytes);
    return prepared->bytes.base == NULL ? -SOUK_ENOMEM : 0;
}

int
core_said(const struct souk_decision *decision, int rc)
{
    if (rc == SOUK_REFUSED && decision->refused)
        return 0;
    return rc > 0 ? -SOUK_EHANDLER : rc;
}

int
core_settle(struct souk_core *core, struct souk_decision *decision)
{
    uint32_t switches = 1;
    int rc;

    souk_trail_begin(&core->trail);
    if (decision->refused || decision->count == 0)
        return 0;
    if (decision->depth > SOUK_DEPTH_MAX)
        return -SOUK_EHANDLER;
    for (const struct core_emitted *emitted = decision->first; emitted->next != NULL; emitted = emitted->next)
        switches += emitted->own != emitted->next->own;
    switches += (uint32_t)(decision->bytes / core->wiring->limits.batch_cut_bytes) + 1;
    if (core->draft_count + switches > SOUK_COMMIT_BATCHES_MAX
        || core->draft_bytes + decision->bytes > SOUK_COMMIT_BYTES_MAX) {
        core->commit_full = core->draft_count != 0;
        return core->commit_full ? -SOUK_EBUSY : -SOUK_EHANDLER;
    }
    for (const struct core_emitted *emitted = decision->first; emitted != NULL; emitted = emitted->next) {
        struct souk_event event = {
            .number = core_next_number(core, emitted->own),
            .type = souk_slice_of(emitted->type->name),
            .key = emitted->key,
            .payload = emitted->payload,
            .because = decision->because,
            .correlation = decision->correlation,
            .depth = decision->depth,
            .time_ms = decision->now_ms,
            .version = emitted->type->version,
        };

        if ((rc = core_draft(core, emitted->own, &event)) != 0
            || (rc = core_apply_own(core, emitted->own, core->epoch, &event)) != 0)
            return rc;
    }
    core->status.events_decided += decision->count;
    return souk_trail_end(core->txn, &core->trail);
}

/* ---- applying ------------------------------------------------------- */

const struct souk_handler *
core_handler(const struct souk_core *core, enum souk_handler_kind kind, struct souk_slice name)
{
    for (const struct souk_handler *handler = core->service->handlers; handler->kind != 0; handler++) {
        const char *own = handler->type != NULL ? handler->type->name : handler->name;

        if (handler->kind == kind && strlen(own) == name.size_bytes && memcmp(own, name.base, name.size_bytes) == 0)
            return handler;
    }
    return NULL;
}

struct souk_view
core_view(struct souk_core *core)
{
    return (struct souk_view){ .space = &core->space, .txn = core->txn, .arena = &core->arena, .copies = true,
        .fault_text = core->fault_text };
}

int
core_fault(struct souk_core *core, const char *what, int rc)
{
    if (core->fault_text[0] == '\0')
        (void)snprintf(core->fault_text, sizeof core->fault_text, "%s failed: %s", what, souk_error_name(rc));
    return rc;
}

int
core_apply_own(struct souk_core *core, uint32_t own, struct souk_epoch epoch, const struct souk_event *event)
{
    const struct souk_name *stream = &core->own[own].name;
    int rc;

    if (!SOUK_PLANTED_BUG(IDS_NOT_REBUILT) || core->state == SOUK_CORE_LIVE)
        if ((rc = souk_trail_note(core->txn, &core->trail, stream, epoch, event)) != 0)
            return rc;
    if ((rc = souk_timers_answered(core->txn, &event->because)) != 0
        || (rc = souk_asked_answered(core->txn, &event->because)) != 0)
        return rc;
    if (event->because.kind == SOUK_BY_OUTCOME)
        core_asked_remove(core, &event->because);
    return apply(core, stream, true, false, epoch, event);
}

static int
apply(struct souk_core *core, const struct souk_name *stream, bool own, bool beside, struct souk_epoch epoch,
    const struct souk_event *event)
{
    const struct souk_handler *handler = core_handler(core, SOUK_HANDLER_APPLY, event->type);
    struct souk_tables tables = { .view = core_view(core), .stream = *stream, .own = own, .event = event,
        .epoch = epoch };
    void *message;
    int rc;

    core->changed = true;
    core->timer_due_known = false;              /* what is applied may set or answer some */
    if (handler == NULL)
        return 0;
    if (beside && !SOUK_PLANTED_BUG(FILLED_IN_PLACE))
        tables.view.beside = stream->text;
    if (own && (rc = core_note_forgotten(core, handler->type, event)) != 0)
        return rc;
    core->fault_text[0] = '\0';
    if ((rc = decode(core, handler->type, event, &message)) != 0)
        return core_fault(core, "reading it", rc);
    if ((rc = handler->type->call_apply(handler->handler, &tables, message)) != 0)
        return core_fault(core, "apply", rc);
    core->status.events_applied++;
    for (struct souk_touched *touched = tables.touched; touched != NULL; touched = touched->next) {
        rc = beside ? souk_index_note(core->txn, touched->index, touched->entity)
            : souk_index_refresh(&core->space, core->txn, &core->arena, touched->index, touched->entity);
        if (rc != 0)
            return rc;
    }
    for (uint32_t i = 0; i < tables.requests_made; i++) {
        const struct souk_because because = { .kind = SOUK_BY_OUTCOME, .stream = *stream,
            .point = { epoch, event->number }, .index = i };

        if ((rc = core_asked_add(core, &because)) != 0)
            return rc;
    }
    return 0;
}

static int
decode(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event,
    void **message_out)
{
    const struct souk_message_type *version = souk_message_version(type, event->version);
    struct souk_slice payload = event->payload;
    int rc;

    if ((*message_out = souk_arena_alloc(&core->arena, type->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    if (version != NULL && version->subject != NULL
        && (rc = souk_unseal(core->wiring->keyring, version, payload, &core->arena, &payload)) != 0)
        return rc == -SOUK_EMALFORMED ? -SOUK_EHANDLER : rc;
    rc = souk_message_decode(type, event->version, payload, &core->arena, *message_out);
    return rc == 0 || rc == -SOUK_ENOMEM ? rc : -SOUK_EHANDLER;
}

/* ---- following ------------------------------------------------------ */

struct core_follow *
core_follow(struct souk_core *core, const char *stream)
{
    for (uint32_t i = 0; i < core->follow_count; i++)
        if (strcmp(core->follows[i].name.text, stream) == 0)
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
        || core->round_events >= CORE_ROUND_EVENTS_MAX || core->arena.used_bytes >= CORE_ARENA_BYTES_MAX / 2;
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
            if ((rc = begin_refill(core, follow)) != 0)
                return rc;
        }
        /* While filled anew the cursor's history is known to be void: what it had lost the new one may have. */
        if (core->state == SOUK_CORE_LIVE && follow->cursor.owes_losses && follow->cursor.generation_beside == 0) {
            core_begin_input(core, CORE_INPUT_EVENT);
            core->failed_follow = follow;
            if ((rc = pay_losses(core, follow)) != 0)
                return rc == -SOUK_EBUSY ? -SOUK_EHANDLER : rc;
            core->failed_kind = CORE_INPUT_NONE;
        }
        if ((rc = pay_owed(core, follow)) != 0)
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

                if (follow->cursor.generation_beside == 0 || is_swap(follow, &batch->header)) {
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
                if ((rc = pay_owed(core, follow)) != 0)
                    return rc;
            }
        }
    }
    for (uint32_t i = 0; i < core->follow_count; i++)
        ask_for_swap(core, &core->follows[i]);
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
static bool
is_swap(const struct core_follow *follow, const struct souk_batch_header *header)
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
            souk_core_hear_foreign(core, cause.point.epoch.counter);
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

        if (follow->cursor.joining.epoch.counter == 0 || strcmp(follow->name.text, header->stream.text) == 0
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

static bool
is_missing(struct souk_core *core, const struct souk_cause *cause, bool own)
{
    const struct core_own *mine = core_own(core, cause->stream.text);
    const struct core_follow *follow = core_follow(core, cause->stream.text);
    struct souk_point cursor;

    if (mine != NULL && own)
        return false;                           /* own streams come back in the order of their commits */
    if (mine == NULL && follow == NULL)
        return false;
    cursor = mine != NULL ? souk_point_of(&mine->head) : souk_point_of(&follow->cursor.position);
    if (SOUK_PLANTED_BUG(CAUSE_WITHOUT_EPOCH))
        return cursor.number < cause->point.number;
    return !souk_point_satisfied(cause->point, cursor);
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

        if (follow->cursor.joining.epoch.counter == 0 || strcmp(follow->name.text, header->stream.text) == 0)
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

    if (follow->cursor.generation_beside != 0 && (header->count != 0 || !is_swap(follow, header)))
        return take_beside(core, follow, batch);

    reacts = core->can_react && !souk_point_covered(souk_point_of(&end), follow->cursor.reacted);
    if (core->can_react && header->count != 0 && (!reacts || core->state != SOUK_CORE_LIVE)) {
        if ((rc = owe_reaction(core, follow, batch)) != 0)
            return rc;
        reacts = false;
    }
    if (SOUK_PLANTED_BUG(REACT_TO_ALL))
        reacts = core->can_react;
    if (header->count == 0) {
        if ((rc = take_record(core, follow, header, follow->cursor.generation_beside != 0
                ? follow->cursor.generation_beside : follow->cursor.generation)) != 0
            || (follow->cursor.generation_beside != 0 && (rc = swap(core, follow, &end)) != 0))
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
        || (rc = souk_vector_learn_causes(&core->vector, header)) != 0)
        return rc;
    if (header->count == 0 && reacts && !SOUK_PLANTED_BUG(LOSS_NOT_TOLD))
        follow->cursor.owes_losses = true;
    return core->state == SOUK_CORE_LIVE ? pay_losses(core, follow) : 0;
}

static int
take_record(struct souk_core *core, struct core_follow *follow, const struct souk_batch_header *header,
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
    const struct core_poison *poison = poison_of(follow, point);
    bool waits = false;
    int rc;

    if (skipped(core, &follow->name, point))
        return 0;
    if (core->parked_count != 0 && (rc = souk_parked_has(core->txn, event->key, &waits)) != 0)
        return rc;
    if (waits)
        return park(core, &follow->name, epoch, event, reacts, CORE_PARKED_BEHIND, 0);
    if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max)
        return park(core, &follow->name, epoch, event, reacts, poison->text, poison->tries);
    core->failed_point = point;
    return run_event(core, &follow->name, epoch, event, reacts);
}

static int
run_event(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts)
{
    int rc = apply(core, stream, false, false, epoch, event);

    return rc != 0 || !reacts ? rc : react(core, stream, epoch, event);
}

static int
react(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch, const struct souk_event *event)
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
    if ((rc = decode(core, handler->type, event, &message)) != 0)
        return core_fault(core, "reading it", rc);
    if ((rc = souk_vector_learn(&core->vector, stream, because.point)) != 0)   /* of two rival branches this one */
        return rc;
    core_decision_init(core, &decision, &because, &event->correlation, event->depth + 1);
    rc = core_said(&decision, handler->type->call_react(handler->handler, &view, message, &decision));
    return rc != 0 ? core_fault(core, "react", rc) : core_settle(core, &decision);
}

static int
park(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch, const struct souk_event *event,
    bool reacts, const char *text, uint32_t tries)
{
    const struct souk_parked parked = { .kind = SOUK_PARKED_EVENT, .stream = *stream, .epoch = epoch,
        .event = *event, .reacts = reacts, .text = souk_slice_of(text), .since_ms = core->wall_ms, .tries = tries };
    int rc = souk_parked_add(core->txn, &parked);

    core->changed = true;
    if (rc == 0)
        core->parked_count++;
    return rc;
}

static bool
skipped(const struct souk_core *core, const struct souk_name *stream, struct souk_point point)
{
    for (size_t i = 0; i < core->wiring->skip_count; i++)
        if (strcmp(core->wiring->skips[i].stream.text, stream->text) == 0
            && core->wiring->skips[i].point.number == point.number
            && souk_epoch_equal(core->wiring->skips[i].point.epoch, point.epoch))
            return true;
    return false;
}

static struct core_poison *
poison_of(struct core_follow *follow, struct souk_point point)
{
    for (uint32_t i = 0; i < follow->poison_count; i++)
        if (follow->poison[i].point.number == point.number
            && souk_epoch_equal(follow->poison[i].point.epoch, point.epoch))
            return &follow->poison[i];
    return NULL;
}

/* ---- reactions that are owed ---------------------------------------- */

/* Keep the batch unless it is certain that it was reacted to before. */
static int
owe_reaction(struct souk_core *core, struct core_follow *follow, const struct souk_feed_batch *batch)
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

static int
pay_owed(struct souk_core *core, struct core_follow *follow)
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
    const struct core_poison *poison = poison_of(follow, point);
    struct souk_parked parked = { .kind = SOUK_PARKED_REACTION, .stream = follow->name, .epoch = epoch,
        .event = *event, .reacts = true, .since_ms = core->wall_ms };
    bool waits = false, stands;
    int rc;

    if (skipped(core, &follow->name, point))
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
        return react(core, &follow->name, epoch, event);
    }
    if ((rc = souk_parked_add(core->txn, &parked)) == 0)
        core->parked_count++;
    return rc;
}

/* ---- a cursor that is void ------------------------------------------ */

/* Readers keep what they have; the stream is taken from its beginning once more, into tables beside. */
static int
begin_refill(struct souk_core *core, struct core_follow *follow)
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

static int
take_beside(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch)
{
    const struct souk_batch_header *header = &batch->header;
    const struct core_poison *poison;
    struct souk_events events;
    struct souk_position end;
    struct souk_event event;
    int rc;

    if (header->count == 0) {
        rc = take_record(core, follow, header, follow->cursor.generation_beside);
    } else if ((rc = souk_events_init(&events, header)) == 0) {
        while ((rc = souk_events_next(&events, &event)) == 0) {
            core->failed_point = (struct souk_point){ header->epoch, event.number };
            if (skipped(core, &follow->name, core->failed_point))
                continue;
            poison = poison_of(follow, core->failed_point);
            if (poison != NULL && poison->tries >= core->wiring->limits.handler_tries_max)
                rc = park(core, &follow->name, header->epoch, &event, false, poison->text, poison->tries);
            else
                rc = apply(core, &follow->name, false, true, header->epoch, &event);
            if (rc != 0)
                return rc;
        }
        if (rc == -SOUK_ENOTFOUND)
            rc = core->can_react ? owe_reaction(core, follow, batch) : 0;
    }
    if (rc != 0)
        return rc;
    end = souk_batch_end(header);
    follow->changed = true;
    if (!is_swap(follow, header)) {
        follow->cursor.beside = end;
        return 0;
    }
    if ((rc = swap(core, follow, &end)) != 0)
        return rc;
    follow->cursor.position = end;
    if ((rc = souk_vector_learn(&core->vector, &follow->name, souk_point_of(&end))) != 0
        || (rc = souk_vector_learn_causes(&core->vector, header)) != 0)
        return rc;
    return core->state == SOUK_CORE_LIVE ? pay_losses(core, follow) : 0;
}

/* The old cursor is above what the new history has reached: its origin has to know, and to open an epoch above it. */
static void
ask_for_swap(struct souk_core *core, const struct core_follow *follow)
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
static int
swap(struct souk_core *core, struct core_follow *follow, const struct souk_position *end)
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

/* ---- what stood on it ----------------------------------------------- */

struct losses {
    struct souk_core *core;
    struct core_follow *follow;
    struct souk_point head;
    struct souk_parked *found;
    uint32_t count, room;
    int rc;
};

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
static int
pay_losses(struct souk_core *core, struct core_follow *follow)
{
    struct losses losses = { .core = core, .follow = follow,
        .head = souk_point_of(&follow->cursor.position) };
    int rc;

    if (!follow->cursor.owes_losses)
        return 0;
    if (follow->cursor.reacted.epoch.counter >= losses.head.epoch.counter) {
        follow->cursor.owes_losses = false;     /* own events name the record: they knew of it */
        follow->changed = core->changed = true;
        return 0;
    }
    if ((rc = souk_trail_each(core->txn, &follow->name, collect_loss, &losses)) != 0)
        return rc;
    follow->cursor.owes_losses = false;
    follow->changed = core->changed = true;
    for (uint32_t i = 0; i < losses.count; i++) {
        struct souk_parked *loss = &losses.found[i];
        const struct souk_point lost = { loss->epoch, loss->event.number };
        const struct core_poison *poison = poison_of(follow, lost);

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
        } else if ((rc = run_loss(core, loss)) != 0)
            return rc;
        if (loss->text.base != NULL) {
            if ((rc = souk_parked_add(core->txn, loss)) != 0)
                return rc;
            core->parked_count++;
        }
    }
    return 0;
}

static int
run_loss(struct souk_core *core, const struct souk_parked *loss)
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

/* ---- parked events, once more --------------------------------------- */

int
core_run_parked(struct souk_core *core, const struct souk_parked *parked)
{
    const struct souk_point point = { parked->epoch, parked->event.number };
    bool stands;                                /* another instance has reacted: own batches that came back say so */
    int rc;

    if (parked->kind == SOUK_PARKED_LOSS)
        return run_loss(core, parked);
    if ((rc = souk_trail_stands(core->txn, &parked->stream, point, &stands)) != 0)
        return rc;
    if (parked->kind == SOUK_PARKED_EVENT)
        return run_event(core, &parked->stream, parked->epoch, &parked->event, parked->reacts && !stands);
    return stands ? 0 : react(core, &parked->stream, parked->epoch, &parked->event);
}
