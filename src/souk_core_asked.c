#include "souk_core_parts.h"

#include <stdlib.h>
#include <string.h>

static int load_asked(const struct souk_asked *asked, void *arg);
static bool is_held(struct souk_core *core, struct core_outcome *outcome);

static int
load_asked(const struct souk_asked *asked, void *arg)
{
    return core_asked_add(arg, &asked->because);
}

int
core_asked_load(struct souk_core *core)
{
    struct core_asked *before = core->asked;
    const uint32_t before_count = core->asked_count;
    int rc;

    core->asked = NULL;
    core->asked_count = core->asked_room = 0;
    rc = souk_asked_each(core->txn, load_asked, core);
    for (uint32_t i = 0; i < core->asked_count; i++)    /* what only memory knows: when it was sent, what came back */
        for (uint32_t k = 0; k < before_count; k++) {
            const struct core_asked *known = &before[(i + k) % before_count];

            if (core_same_asker(&known->because, &core->asked[i].because)) {
                core->asked[i] = *known;
                break;
            }
        }
    free(before);
    return rc;
}

int
core_asked_add(struct souk_core *core, const struct souk_because *because)
{
    struct core_asked *asked;

    if (core->asked_count == core->asked_room) {
        uint32_t room = core->asked_room == 0 ? 16 : core->asked_room * 2;

        if ((asked = realloc(core->asked, room * sizeof *asked)) == NULL)
            return -SOUK_ENOMEM;
        core->asked = asked;
        core->asked_room = room;
    }
    asked = &core->asked[core->asked_count++];
    memset(asked, 0, sizeof *asked);
    asked->because = *because;
    asked->id = souk_request_id(&because->stream, because->point, because->index);
    return 0;
}

bool
core_same_asker(const struct souk_because *a, const struct souk_because *b)
{
    return a->index == b->index && a->point.number == b->point.number && strcmp(a->stream.text, b->stream.text) == 0
        && souk_epoch_equal(a->point.epoch, b->point.epoch);
}

void
core_asked_remove(struct souk_core *core, const struct souk_because *because)
{
    for (uint32_t i = 0; i < core->asked_count; i++)
        if (core_same_asker(&core->asked[i].because, because)) {
            core->asked[i] = core->asked[--core->asked_count];
            return;
        }
}

void
core_asked_again(struct souk_core *core, const struct souk_because *because)
{
    for (uint32_t i = 0; i < core->asked_count; i++)
        if (core_same_asker(&core->asked[i].because, because)) {
            core->asked[i].answered = false;
            core->asked[i].next_ms = core->now.steady_ms + core->wiring->limits.request_retry_ms;
            return;
        }
}

int
core_work_asked(struct souk_core *core)
{
    for (uint32_t i = 0; i < core->asked_count; i++) {
        struct core_asked *asked = &core->asked[i];
        struct souk_wire_request request = { .query = false };
        struct souk_asked row;
        struct souk_slice frame;
        struct souk_pack pack;
        int rc;

        if (asked->answered || core->now.steady_ms < asked->next_ms)
            continue;
        if ((rc = souk_asked_get(core->txn, &asked->because, &row)) != 0)
            return rc == -SOUK_ENOTFOUND ? -SOUK_EDAMAGED : rc;
        request.id = asked->id;
        request.name = row.command;
        request.version = row.version;
        request.deadline_ms = core->wiring->limits.request_retry_ms;
        request.has_correlation = true;
        request.correlation = row.correlation;
        request.caller = souk_name_slice(&core->wiring->self);
        request.payload = row.payload;
        if (SOUK_PLANTED_BUG(REQUEST_ID_DRAWN))
            core->wiring->random.fill(core->wiring->random.arg, request.id.bytes, sizeof request.id.bytes);
        asked->id = request.id;
        asked->service = row.service;
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_request_put(&pack, &request);
        frame = souk_pack_slice(&pack);
        rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&core->outbox, SOUK_OUT_SEND, SOUK_DOOR_COMMANDS, &row.service,
            (struct souk_slice){ NULL, 0 }, &frame, 1);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
        asked->next_ms = core->now.steady_ms + core->wiring->limits.request_retry_ms;
        asked->sent = true;
    }
    return 0;
}

void
core_hear_reply(struct souk_core *core, const struct souk_name *from, struct souk_slice frame)
{
    struct souk_wire_reply reply;
    struct core_outcome *outcome;
    const char *code = NULL;

    if (souk_wire_reply_get(frame, &reply) != 0) {
        core->status.malformed++;
        return;
    }
    switch (reply.status) {
    case SOUK_STATUS_OK:
    case SOUK_STATUS_REFUSED:
        break;
    case SOUK_STATUS_KEY_REUSED:
        code = "key_reused";
        break;
    case SOUK_STATUS_INVALID:
        code = "invalid";
        break;
    case SOUK_STATUS_UNKNOWN:
        code = "unknown";
        break;
    case SOUK_STATUS_UNSUPPORTED:
        code = "unsupported";
        break;
    case SOUK_STATUS_PENDING:
    case SOUK_STATUS_BUSY:
    case SOUK_STATUS_LOST:
    case SOUK_STATUS_INTERNAL:
    case SOUK_STATUS_FULL:
    case SOUK_STATUS_EXPIRED:
    case SOUK_STATUS_FORBIDDEN:                 /* a topology is on its way, perhaps */
        return;                                 /* it is asked again in time */
    }
    for (uint32_t i = 0; i < core->asked_count; i++) {
        struct core_asked *asked = &core->asked[i];

        if (asked->answered || memcmp(asked->id.bytes, reply.id.bytes, sizeof reply.id.bytes) != 0
            || strcmp(asked->service.text, from->text) != 0)
            continue;
        if ((outcome = calloc(1, sizeof *outcome + reply.cursor_count * sizeof outcome->causes[0])) == NULL)
            return;
        asked->answered = true;
        for (uint32_t n = 0; n < reply.cursor_count; n++) {
            const struct core_follow *follow = core_follow(core, reply.cursors[n].stream.text);

            if (follow != NULL && strcmp(follow->feed->feed->origin.text, from->text) == 0)
                outcome->causes[outcome->cause_count++] = reply.cursors[n];
        }
        outcome->because = asked->because;
        outcome->accepted = reply.status == SOUK_STATUS_OK;
        if (code != NULL)
            strcpy(outcome->code, code);
        else if (reply.code.size_bytes < sizeof outcome->code)
            memcpy(outcome->code, reply.code.base, reply.code.size_bytes);
        *core->outcomes_end = outcome;
        core->outcomes_end = &outcome->next;
        return;
    }
}

/*
 * What is decided on an answer is an effect of it. So its events are followed first: they are then among the causes of
 * whatever is decided, and whoever reads of it has read of them. The bound is that of a batch's causes, as they may be lost.
 */
static bool
is_held(struct souk_core *core, struct core_outcome *outcome)
{
    bool held = false;
    uint64_t until_ms;

    for (uint32_t i = 0; i < outcome->cause_count; i++) {
        const struct core_follow *follow = core_follow(core, outcome->causes[i].stream.text);

        if (souk_point_satisfied(outcome->causes[i].point, souk_point_of(&follow->cursor.position)))
            continue;
        souk_feeds_wait_for(&core->feeds, &outcome->causes[i], core->now);
        held = true;
    }
    if (!held)
        return false;
    if (outcome->held_since_ms == 0)
        outcome->held_since_ms = core->now.steady_ms == 0 ? 1 : core->now.steady_ms;
    until_ms = outcome->held_since_ms + core->wiring->limits.hold_ms;
    if (core->now.steady_ms >= until_ms)
        return false;
    if (until_ms < core->hold_due_ms)
        core->hold_due_ms = until_ms;
    return true;
}

int
core_work_outcomes(struct souk_core *core)
{
    for (struct core_outcome *outcome = core->outcomes; outcome != NULL; outcome = outcome->next) {
        const struct souk_view view = core_view(core);
        const struct souk_handler *handler;
        struct souk_outcome told = { .accepted = outcome->accepted, .refusal = souk_slice_of(outcome->code) };
        struct souk_decision decision;
        struct souk_asked row;
        int rc;

        if (outcome->done || is_held(core, outcome))
            continue;
        if (core_round_over(core))
            return 0;
        rc = souk_asked_get(core->txn, &outcome->because, &row);
        if (rc == -SOUK_ENOTFOUND) {
            outcome->done = true;
            continue;
        }
        if (rc != 0)
            return rc;
        told.service = row.service.text;
        told.command = souk_arena_copy(&core->arena, row.command);
        told.key = souk_arena_copy(&core->arena, row.key);
        if (told.command.base == NULL || told.key.base == NULL)
            return -SOUK_ENOMEM;
        memcpy(told.asked_by.stream, row.because.stream.text, sizeof told.asked_by.stream);
        told.asked_by.epoch_counter = row.because.point.epoch.counter;
        memcpy(told.asked_by.epoch_bits, row.because.point.epoch.bits, sizeof told.asked_by.epoch_bits);
        told.asked_by.number = row.because.point.number;
        if ((handler = core_handler(core, SOUK_HANDLER_REACT_OUTCOME, told.command)) != NULL) {
            core_begin_input(core, CORE_INPUT_OUTCOME);
            core->failed_outcome = outcome;
            core_decision_init(core, &decision, &row.because, &row.correlation, row.depth + 1);
            rc = core_said(&decision, ((int (*)(const struct souk_view *, const struct souk_outcome *,
                struct souk_decision *))handler->handler)(&view, &told, &decision));
            if (rc == 0)
                rc = core_settle(core, &decision);
            if (rc != 0)
                return rc == -SOUK_EBUSY ? 0 : rc;
            core->failed_kind = CORE_INPUT_NONE;
        }
        outcome->done = true;
    }
    return 0;
}
