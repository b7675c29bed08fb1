#include "souk_core_parts.h"
#include "souk_refusal.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_RETRY_MS 500
#define STORE_SILENT_HEADS 3            /* an event store that missed so many heads does not count as answering */

enum seen { SEEN_REACHED, SEEN_WAITS, SEEN_LOST };

static const char *check_pass(struct souk_core *core, struct core_command *command, struct souk_time now);
static void hash_command(const struct core_command *command, uint8_t hash_out[SOUK_COMMAND_HASH_BYTES]);
static void free_command(struct core_command *command);
static int run_command(struct souk_core *core, struct core_command *command);
static int decide(struct souk_core *core, struct core_command *command);
static int answer_decided(struct souk_core *core, struct core_command *command, const struct souk_decision *decision);
static int answer_again(struct souk_core *core, struct core_command *command, const struct souk_trail_command *trail);
static int answer_events(struct souk_core *core, struct core_command *command, const struct souk_trail_command *trail);
static int put_span(struct souk_core *core, const struct core_command *command, const struct souk_trail_span *span,
    struct souk_pack *body, uint32_t *count);
static int reply_ok(struct souk_core *core, struct core_command *command, const struct souk_cause *cursors,
    uint32_t cursor_count, const struct souk_pack *body, uint32_t body_count);
static int reply_status(struct souk_core *core, const struct core_command *command, enum souk_status status,
    const char *code, const char *text, uint64_t retry_after_ms);
static int send_reply(struct souk_core *core, struct souk_slice route, const struct souk_wire_reply *reply);
static bool wants_recorded(const struct souk_core *core, const struct core_command *command);
static uint32_t answering_stores(const struct souk_core *core);
static bool is_recorded(const struct souk_core *core, const struct souk_cause *cursors, uint32_t count);
static void free_waiter(struct core_waiter *waiter);
static enum seen see(struct souk_core *core, struct core_command *command, int *rc);

/* ---- coming in ------------------------------------------------------ */

void
core_hear_command(struct souk_core *core, struct souk_slice route, struct souk_slice identity, const char *key,
    struct souk_slice frame, struct souk_time now)
{
    struct core_command *command = malloc(sizeof *command);
    struct souk_slice caller;
    const char *why_not;
    void *copy = malloc(frame.size_bytes == 0 ? 1 : frame.size_bytes);

    assert(strlen(key) < sizeof command->key);
    if (command == NULL || copy == NULL || route.size_bytes > SOUK_ROUTE_BYTES_MAX
        || identity.size_bytes > SOUK_WIRE_CALLER_BYTES_MAX) {
        free(copy);
        free(command);
        return;                                 /* the caller asks again */
    }
    memset(command, 0, offsetof(struct core_command, request));
    memcpy(copy, frame.base, frame.size_bytes);
    command->frame = (struct souk_slice){ copy, frame.size_bytes };
    memcpy(command->route, route.base, route.size_bytes);
    command->route_bytes = route.size_bytes;
    if (souk_wire_request_get(command->frame, &command->request) != 0 || command->request.query) {
        core->status.malformed++;
        souk_refusal_put(&core->outbox, SOUK_DOOR_COMMANDS, route, frame);
        free_command(command);
        return;
    }
    caller = identity.size_bytes != 0 ? identity : command->request.caller;
    memcpy(command->caller, caller.base, caller.size_bytes);
    command->caller_bytes = caller.size_bytes;
    memcpy(command->key, key, strlen(key));
    command->deadline_ms = now.steady_ms + souk_wire_deadline_ms(&command->request);
    if (core->command_count >= core->wiring->limits.waiting_max) {
        (void)reply_status(core, command, SOUK_STATUS_BUSY, "busy", "too many commands are waiting", BUSY_RETRY_MS);
        free_command(command);
        return;
    }
    if ((why_not = check_pass(core, command, now)) != NULL) {
        (void)reply_status(core, command, SOUK_STATUS_REFUSED, SOUK_WIRE_CODE_PASS, why_not, 0);
        free_command(command);
        return;
    }
    *core->commands_end = command;
    core->commands_end = &command->next;
    core->command_count++;
}

void
souk_core_recheck(struct souk_core *core, bool (*may)(void *may_arg, const char *key, struct souk_slice frame),
    void *may_arg)
{
    for (struct core_command *command = core->commands; command != NULL; command = command->next) {
        command->forbidden = !command->retrying && !may(may_arg, command->key, command->frame);
        core->dirty |= command->forbidden;
    }
}

/* NULL, also when it has none; or why it is not taken. */
static const char *
check_pass(struct souk_core *core, struct core_command *command, struct souk_time now)
{
    const char *why_not;

    if (command->request.pass.size_bytes == 0)
        return NULL;
    why_not = souk_pass_check_cached(&core->passes, command->request.pass, &core->wiring->pass_keys, now.wall_ms,
        &command->pass);
    command->has_pass |= why_not == NULL;
    return why_not;
}

/* Of what was commanded, and in whose name. */
static void
hash_command(const struct core_command *command, uint8_t hash_out[SOUK_COMMAND_HASH_BYTES])
{
    souk_command_hash(hash_out, command->request.name, command->has_pass ? &command->pass.person : NULL,
        command->request.payload);
}

static void
free_command(struct core_command *command)
{
    free((void *)(uintptr_t)command->frame.base);
    free((void *)(uintptr_t)command->prepared.base);
    free(command);
}

/* ---- running -------------------------------------------------------- */

int
core_work_commands(struct souk_core *core)
{
    int rc;

    core->unreached_count = 0;
    for (struct core_command *command = core->commands; command != NULL; command = command->next) {
        if (command->done)
            continue;
        if (core_round_over(core))
            return 0;
        if ((rc = run_command(core, command)) != 0)
            return rc == -SOUK_EBUSY ? 0 : rc;
    }
    return 0;
}

static int
run_command(struct souk_core *core, struct core_command *command)
{
    const struct souk_wire_request *request = &command->request;
    struct souk_trail_command trail;
    uint8_t hash[SOUK_COMMAND_HASH_BYTES];
    const char *why_not;
    enum seen seen;
    int rc = 0;

    if (command->forbidden) {
        command->done = true;
        souk_refusal_forbid(&core->outbox, SOUK_DOOR_COMMANDS,
            (struct souk_slice){ command->route, command->route_bytes }, command->frame,
            SOUK_REFUSAL_NO_RIGHT);
        return 0;
    }
    if (core->draining || core->state != SOUK_CORE_LIVE) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_BUSY, "recovering",
            core->draining ? "the service stops, or is being handed over" : "the service is finding out what its past is",
            BUSY_RETRY_MS);
    }
    if (core->now.steady_ms >= command->deadline_ms) {
        command->done = true;
        seen = see(core, command, &rc);
        if (rc != 0)
            return rc;
        if (seen == SEEN_WAITS)
            return reply_status(core, command, SOUK_STATUS_PENDING, "pending",
                "this service has not caught up with what was seen", BUSY_RETRY_MS);
        return reply_status(core, command, SOUK_STATUS_EXPIRED, "expired",
            "its deadline passed before it was looked at", 0);
    }
    if (command->failed) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_INTERNAL, "internal", "the command's handler failed", 0);
    }
    if (core_is_parking(request->name)) {
        if (!command->retrying && (why_not = check_pass(core, command, core->now)) != NULL) {
            command->done = true;
            return reply_status(core, command, SOUK_STATUS_REFUSED, SOUK_WIRE_CODE_PASS, why_not, 0);
        }
        return core_run_parking(core, command);
    }
    if (core_handler(core, SOUK_HANDLER_DECIDE, request->name) == NULL) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_UNKNOWN, "unknown", "this service has no such command", 0);
    }

    rc = souk_trail_command(core->txn, (struct souk_slice){ command->caller, command->caller_bytes }, &request->id,
        &trail);
    if (SOUK_PLANTED_BUG(IDS_IGNORED))
        rc = -SOUK_ENOTFOUND;
    if (rc == 0) {
        for (uint32_t i = 0; i < trail.span_count; i++) {
            const struct core_own *own = core_own(core, trail.spans[i].stream.text);

            if (own != NULL && trail.spans[i].last > own->head.number) {
                core->again = true;             /* decided in this very round: answered from the log in the next */
                return 0;
            }
        }
        command->done = true;
        hash_command(command, hash);
        if (memcmp(hash, trail.hash, sizeof hash) != 0 && !SOUK_PLANTED_BUG(REUSED_KEY_ANSWERED))
            return reply_status(core, command, SOUK_STATUS_KEY_REUSED, "key_reused",
                "this id came before with another command", 0);
        return answer_again(core, command, &trail);
    }
    if (rc != -SOUK_ENOTFOUND)
        return rc;

    seen = see(core, command, &rc);
    if (rc != 0)
        return rc;
    if (seen == SEEN_WAITS) {
        if (core->unreached_count++ < souk_limits_unreached_max(&core->wiring->limits))
            return 0;
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_PENDING, "busy", "too many wait for what they have seen",
            BUSY_RETRY_MS);
    }
    if (core->now.steady_ms < core->full_until_ms) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_FULL, "full", "no room on the service's disk or in its store",
            CORE_FULL_PAUSE_MS);
    }
    if (seen == SEEN_LOST) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_LOST, "lost", "what was seen is not in the history any more",
            0);
    }
    if (wants_recorded(core, command)
        && answering_stores(core) < (core->wiring->recorded_by == 0 ? 1 : core->wiring->recorded_by)) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_BUSY, "unrecordable", "too few event stores answer",
            BUSY_RETRY_MS);
    }
    if ((why_not = check_pass(core, command, core->now)) != NULL) {     /* it was good when it came */
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_REFUSED, SOUK_WIRE_CODE_PASS, why_not, 0);
    }
    if (core_waits_for_preparing(core, command))
        return 0;
    core_begin_input(core, CORE_INPUT_COMMAND);
    core->failed_command = command;
    rc = decide(core, command);
    if (rc == 0)
        core->failed_kind = CORE_INPUT_NONE;
    return rc;
}

static int
decide(struct souk_core *core, struct core_command *command)
{
    const struct souk_wire_request *request = &command->request;
    const struct souk_handler *handler = core_handler(core, SOUK_HANDLER_DECIDE, request->name);
    const struct souk_handler *prepare = core_handler(core, SOUK_HANDLER_PREPARE, request->name);
    const struct souk_view view = core_view(core);
    struct souk_because because = { .kind = SOUK_BY_COMMAND,
        .caller = { command->caller, command->caller_bytes }, .id = request->id };
    struct souk_prepared prepared = { .arena = &core->arena };
    struct souk_decision decision;
    void *message;
    int rc;

    hash_command(command, because.command_hash);
    if ((message = souk_arena_alloc(&core->arena, handler->type->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    rc = souk_message_decode(handler->type, request->version, request->payload, &core->arena, message);
    if (rc == -SOUK_ENOMEM)
        return rc;
    if (rc != 0) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_INVALID, souk_error_name(rc),
            "the command's payload is not what its description says", 0);
    }
    core_decision_init(core, &decision, &because, &request->correlation, 0);
    decision.caller = because.caller;
    decision.pass = command->has_pass ? &command->pass : NULL;
    if (core->prepares_outside) {
        decision.prepared = command->prepared;
    } else if (prepare != NULL) {
        if ((rc = handler->type->call_prepare(prepare->handler, &view, message, &prepared)) != 0)
            return rc;
        decision.prepared = prepared.bytes;
    }
    rc = core_said(&decision, handler->type->call_decide(handler->handler, &view, message, NULL, &decision));
    if (rc != 0)
        return rc;
    if (decision.refused) {
        command->done = true;
        return reply_status(core, command, SOUK_STATUS_REFUSED, decision.refusal, "", 0);
    }
    if ((rc = core_settle(core, &decision)) != 0)
        return rc;
    command->done = true;
    if (decision.count == 0) {
        const struct souk_trail_command nothing = { .span_count = 0 };

        return answer_again(core, command, &nothing);
    }
    return answer_decided(core, command, &decision);
}

/* ---- answering ------------------------------------------------------ */

/* What was decided just now. */
static int
answer_decided(struct souk_core *core, struct core_command *command, const struct souk_decision *decision)
{
    const struct souk_trail_command *trail = &core->trail.command;
    struct souk_cause cursors[SOUK_OWN_STREAMS_MAX];
    uint64_t next[SOUK_OWN_STREAMS_MAX] = { 0 };    /* by own stream */
    struct souk_pack *body = &core->body_scratch;

    for (uint32_t i = 0; i < trail->span_count; i++) {
        const struct core_own *own = core_own(core, trail->spans[i].stream.text);

        if (own != NULL)
            next[own - core->own] = trail->spans[i].first;
        cursors[i].stream = trail->spans[i].stream;
        cursors[i].point = (struct souk_point){ trail->spans[i].epoch, trail->spans[i].last };
    }
    souk_pack_reset(body);
    for (const struct core_emitted *emitted = decision->first; emitted != NULL; emitted = emitted->next) {
        const struct souk_wire_entry entry = { .name = souk_slice_of(emitted->type->name),
            .version = emitted->type->version, .stream = souk_name_slice(&core->own[emitted->own].name),
            .number = next[emitted->own]++, .key = emitted->key, .payload = emitted->payload };

        souk_wire_entry_put(body, &entry);
    }
    return body->rc != 0 ? body->rc : reply_ok(core, command, cursors, trail->span_count, body, decision->count);
}

/* What was decided before; with no span: nothing was, and nothing is to be done. */
static int
answer_again(struct souk_core *core, struct core_command *command, const struct souk_trail_command *trail)
{
    struct souk_cause cursors[SOUK_OWN_STREAMS_MAX];
    struct souk_pack nothing;
    int rc;

    if (trail->span_count != 0)
        return answer_events(core, command, trail);
    for (uint32_t i = 0; i < core->own_count; i++) {
        cursors[i].stream = core->own[i].name;
        cursors[i].point = (struct souk_point){ core->epoch, core_next_number(core, i) - 1 };
    }
    souk_pack_init(&nothing, 1);
    rc = reply_ok(core, command, cursors, core->own_count, &nothing, 0);
    souk_pack_done(&nothing);
    return rc;
}

static int
answer_events(struct souk_core *core, struct core_command *command, const struct souk_trail_command *trail)
{
    struct souk_cause cursors[SOUK_TRAIL_SPANS_MAX];
    struct souk_pack body;
    uint32_t count = 0;
    int rc = 0;

    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    for (uint32_t i = 0; i < trail->span_count && rc == 0; i++) {
        cursors[i].stream = trail->spans[i].stream;
        cursors[i].point = (struct souk_point){ trail->spans[i].epoch, trail->spans[i].last };
        rc = put_span(core, command, &trail->spans[i], &body, &count);
    }
    if (rc == 0 && (rc = body.rc) == 0)
        rc = reply_ok(core, command, cursors, trail->span_count, &body, count);
    souk_pack_done(&body);
    return rc;
}

/* The events of one span, from the log. */
static int
put_span(struct souk_core *core, const struct core_command *command, const struct souk_trail_span *span,
    struct souk_pack *body, uint32_t *count)
{
    const struct core_own *own = core_own(core, span->stream.text);
    struct souk_batch_header header;
    struct souk_events events;
    struct souk_event event;
    struct souk_slice batch;
    uint64_t number = span->first;
    int rc;

    if (own == NULL)
        return 0;
    while (number <= span->last) {
        rc = souk_log_holding(core->txn, &own->log, number, &batch);
        if (rc == -SOUK_ENOTFOUND)
            return 0;                           /* trimmed: the numbers say enough */
        if (rc != 0)
            return rc;
        if (souk_batch_read(batch, &header) != 0 || souk_events_init(&events, &header) != 0)
            return 0;                           /* damaged: never shown; the numbers say enough */
        while ((rc = souk_events_next(&events, &event)) == 0) {
            struct souk_wire_entry entry = { .name = event.type, .version = event.version,
                .stream = souk_name_slice(&span->stream), .number = event.number, .key = event.key,
                .payload = event.payload };

            if (event.number < number || event.number > span->last)
                continue;
            souk_wire_entry_put(body, &entry);
            (*count)++;
        }
        if (rc != -SOUK_ENOTFOUND)
            return -SOUK_EDAMAGED;
        number = header.first + header.count;
    }
    return 0;
}

static int
reply_ok(struct souk_core *core, struct core_command *command, const struct souk_cause *cursors,
    uint32_t cursor_count, const struct souk_pack *body, uint32_t body_count)
{
    struct souk_wire_reply reply;
    struct core_waiter *waiter;

    souk_wire_reply_init(&reply, &command->request.id, SOUK_STATUS_OK);
    reply.durability = SOUK_DURABILITY_LOCAL;
    reply.cursor_count = cursor_count;
    memcpy(reply.cursors, cursors, cursor_count * sizeof cursors[0]);
    reply.body = souk_pack_slice(body);
    reply.body_count = body_count;
    if (is_recorded(core, cursors, cursor_count))
        reply.durability = SOUK_DURABILITY_RECORDED;
    if (!wants_recorded(core, command) || reply.durability == SOUK_DURABILITY_RECORDED
        || core->waiter_count >= core->wiring->limits.waiting_max)
        return send_reply(core, (struct souk_slice){ command->route, command->route_bytes }, &reply);

    if ((waiter = calloc(1, sizeof *waiter)) == NULL)
        return -SOUK_ENOMEM;
    souk_pack_init(&waiter->body, SOUK_WIRE_BYTES_MAX);
    souk_pack_raw(&waiter->body, reply.body);
    if (waiter->body.rc != 0) {
        free_waiter(waiter);
        return -SOUK_ENOMEM;
    }
    memcpy(waiter->route, command->route, command->route_bytes);
    waiter->route_bytes = command->route_bytes;
    waiter->id = reply.id;
    waiter->deadline_ms = command->deadline_ms;
    waiter->cursor_count = cursor_count;
    memcpy(waiter->cursors, cursors, cursor_count * sizeof cursors[0]);
    waiter->body_count = body_count;
    waiter->next = core->waiters;
    core->waiters = waiter;
    core->waiter_count++;
    return 0;
}

int
core_answer(struct souk_core *core, const struct core_command *command, enum souk_status status, const char *code,
    const char *text)
{
    return reply_status(core, command, status, code, text, 0);
}

static int
reply_status(struct souk_core *core, const struct core_command *command, enum souk_status status,
    const char *code, const char *text, uint64_t retry_after_ms)
{
    struct souk_wire_reply reply;

    souk_wire_reply_init(&reply, &command->request.id, status);
    reply.durability = status == SOUK_STATUS_OK ? SOUK_DURABILITY_LOCAL : 0;
    reply.code = souk_slice_of(code);
    reply.text = souk_slice_of(text);
    reply.retry_after_ms = retry_after_ms;
    return send_reply(core, (struct souk_slice){ command->route, command->route_bytes }, &reply);
}

static int
send_reply(struct souk_core *core, struct souk_slice route, const struct souk_wire_reply *reply)
{
    struct souk_pack *pack = &core->reply_scratch;
    struct souk_slice frame;

    souk_pack_reset(pack);
    souk_wire_reply_put(pack, reply);
    frame = souk_pack_slice(pack);
    return pack->rc != 0 ? pack->rc : souk_outbox_put(&core->outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL, route,
        &frame, 1);
}

/* ---- durability ----------------------------------------------------- */

static bool
wants_recorded(const struct souk_core *core, const struct core_command *command)
{
    return command->request.recorded || core->wiring->recorded;
}

static uint32_t
answering_stores(const struct souk_core *core)
{
    const uint64_t silent_ms = (uint64_t)STORE_SILENT_HEADS * core->wiring->limits.head_ms;
    uint32_t count = 0;

    for (uint32_t i = 0; i < core->store_count; i++)
        count += core->stores[i].known && core->now.steady_ms - core->stores[i].heard_ms < silent_ms;
    return count;
}

static bool
is_recorded(const struct souk_core *core, const struct souk_cause *cursors, uint32_t count)
{
    const uint32_t enough = core->wiring->recorded_by == 0 || SOUK_PLANTED_BUG(RECORDED_BY_ONE) ? 1
        : core->wiring->recorded_by;

    if (core->store_count == 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t own = 0; own < core->own_count; own++)
            if (souk_text_equal(core->own[own].name.text, cursors[i].stream.text)
                && core_recorded_by(core, own, cursors[i].point) < enough)
                return false;
    return true;
}

int
core_work_waiters(struct souk_core *core)
{
    struct core_waiter **at = &core->waiters;

    while (*at != NULL) {
        struct core_waiter *waiter = *at;
        bool recorded = is_recorded(core, waiter->cursors, waiter->cursor_count);
        struct souk_wire_reply reply;
        int rc;

        if (!waiter->committed || (!recorded && core->now.steady_ms < waiter->deadline_ms)) {
            at = &waiter->next;
            continue;
        }
        souk_wire_reply_init(&reply, &waiter->id, SOUK_STATUS_OK);
        reply.durability = recorded ? SOUK_DURABILITY_RECORDED : SOUK_DURABILITY_LOCAL;
        reply.cursor_count = waiter->cursor_count;
        memcpy(reply.cursors, waiter->cursors, waiter->cursor_count * sizeof reply.cursors[0]);
        reply.body = souk_pack_slice(&waiter->body);
        reply.body_count = waiter->body_count;
        rc = send_reply(core, (struct souk_slice){ waiter->route, waiter->route_bytes }, &reply);
        if (rc != 0)
            return rc;
        *at = waiter->next;
        core->waiter_count--;
        free_waiter(waiter);
    }
    return 0;
}

static void
free_waiter(struct core_waiter *waiter)
{
    souk_pack_done(&waiter->body);
    free(waiter);
}

/* ---- what the caller has seen --------------------------------------- */

static enum seen
see(struct souk_core *core, struct core_command *command, int *rc)
{
    const struct souk_wire_request *request = &command->request;
    enum seen all = SEEN_REACHED;

    *rc = 0;
    for (uint32_t i = 0; i < request->seen_count; i++) {
        const struct souk_cause *seen = &request->seen[i];
        const struct core_own *own = core_own(core, seen->stream.text);
        const struct core_follow *follow = core_follow(core, seen->stream.text);
        struct souk_point cursor;
        bool in;

        if (own == NULL && follow == NULL)
            continue;
        cursor = souk_point_of(own != NULL ? &own->head : &follow->cursor.position);
        if (cursor.epoch.counter > seen->point.epoch.counter) {
            *rc = souk_lineage_has(core->txn, &seen->stream, own != NULL ? 0 : follow->cursor.generation,
                seen->point, cursor, &in);
            if (*rc != 0)
                return SEEN_WAITS;
            if (!in)
                return SEEN_LOST;
        } else if (!souk_point_satisfied(seen->point, cursor)) {
            all = SEEN_WAITS;
            if (follow != NULL)
                souk_feed_nudge(follow->feed->feed, core->now);
        }
    }
    return all;
}

/* ---- the round is over ---------------------------------------------- */

void
core_commands_settle(struct souk_core *core, bool committed)
{
    struct core_command **command = &core->commands;
    struct core_outcome **outcome = &core->outcomes;
    struct core_waiter **waiter = &core->waiters;

    if (!committed)
        core_preparing_aborted(core);
    while (*command != NULL) {
        struct core_command *at = *command;

        if (!committed)
            at->done = false;
        if (at->done) {
            *command = at->next;
            free_command(at);
            core->command_count--;
            core->status.commands++;
        } else {
            command = &at->next;
        }
    }
    core->commands_end = command;
    while (*outcome != NULL) {
        struct core_outcome *at = *outcome;

        if (!committed)
            at->done = false;
        if (at->done) {
            *outcome = at->next;
            free(at);
        } else {
            outcome = &at->next;
        }
    }
    core->outcomes_end = outcome;
    for (uint32_t i = 0; i < core->asked_count; i++) {
        if (core->asked[i].sent && !committed)
            core->asked[i].next_ms = 0;         /* it did not leave */
        core->asked[i].sent = false;
    }
    while (*waiter != NULL) {
        struct core_waiter *at = *waiter;

        if (!committed && !at->committed) {
            *waiter = at->next;
            core->waiter_count--;
            free_waiter(at);
        } else {
            at->committed = true;
            waiter = &at->next;
        }
    }
}

void
core_commands_done(struct souk_core *core)
{
    for (struct core_command *at = core->commands, *next; at != NULL; at = next) {
        next = at->next;
        free_command(at);
    }
    for (struct core_outcome *at = core->outcomes, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    for (struct core_waiter *at = core->waiters, *next; at != NULL; at = next) {
        next = at->next;
        free_waiter(at);
    }
    free(core->asked);
    free(core->unanswered);
}

uint64_t
core_commands_due_ms(const struct souk_core *core)
{
    uint64_t due_ms = UINT64_MAX;

    for (const struct core_command *command = core->commands; command != NULL; command = command->next)
        if (command->deadline_ms < due_ms)
            due_ms = command->deadline_ms;
    for (const struct core_waiter *waiter = core->waiters; waiter != NULL; waiter = waiter->next)
        if (waiter->deadline_ms < due_ms)
            due_ms = waiter->deadline_ms;
    if (core->state == SOUK_CORE_LIVE && !core->draining)
        for (uint32_t i = 0; i < core->asked_count; i++)
            if (!core->asked[i].answered && core->asked[i].next_ms < due_ms)
                due_ms = core->asked[i].next_ms;
    return due_ms;
}
