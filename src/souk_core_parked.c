#include "souk_core_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parking.h"

#define CALLER_UNNAMED "souk"            /* what the command calls itself */

static int note_failed(struct souk_core *core);
static int run_key(struct souk_core *core, const struct core_retry *retry);
static int run_one(struct souk_core *core, const struct core_retry *retry, struct souk_parked *parked);
static int retry_one(struct souk_core *core, struct core_command *command, const struct souk_parked_retry *order);
static int discard_one(struct souk_core *core, struct core_command *command, const struct souk_parked_discard *order);
static struct souk_slice who_of(const struct core_command *command, struct souk_slice said,
    char text[SOUK_SETTLED_WHO_BYTES_MAX + 1]);
static int find(struct souk_core *core, struct core_command *command, uint64_t sequence, struct souk_slice stream,
    uint64_t number, struct souk_parked *parked_out);
static int want(struct souk_core *core, struct souk_slice key, const struct souk_id *command_id,
    struct souk_slice who);
static bool is_wanted(const struct souk_core *core, struct souk_slice key);

/* ---- running them again --------------------------------------------- */

int
souk_core_retry_parked(struct souk_core *core, struct souk_slice key)
{
    const struct souk_id nobody = { { 0 } };

    return want(core, key, &nobody, (struct souk_slice){ NULL, 0 });
}

static int
want(struct souk_core *core, struct souk_slice key, const struct souk_id *command_id, struct souk_slice who)
{
    struct core_retry *retries, *retry;

    if (key.size_bytes > SOUK_KEY_BYTES_MAX || who.size_bytes > SOUK_SETTLED_WHO_BYTES_MAX)
        return -SOUK_ETOOBIG;
    if ((retries = realloc(core->retries, (core->retry_count + 1) * sizeof *retries)) == NULL)
        return -SOUK_ENOMEM;
    core->retries = retries;
    retry = &retries[core->retry_count++];
    memset(retry, 0, sizeof *retry);
    if (key.size_bytes != 0)
        memcpy(retry->key, key.base, key.size_bytes);
    retry->key_bytes = key.size_bytes;
    retry->command_id = *command_id;
    if (who.size_bytes != 0)
        memcpy(retry->who, who.base, who.size_bytes);
    core->dirty = core->again = true;
    return 0;
}

static bool
is_wanted(const struct souk_core *core, struct souk_slice key)
{
    for (uint32_t i = 0; i < core->retry_count; i++)
        if (souk_slice_equal((struct souk_slice){ core->retries[i].key, core->retries[i].key_bytes }, key))
            return true;
    return false;
}

int
core_work_retries(struct souk_core *core)
{
    int rc;

    /* In a round without retries: one that fails, too, would take the note with it. */
    if (core->retry_failed != 0) {
        core->again = true;
        return note_failed(core);
    }
    while (core->retries_done < core->retry_count && !core_round_over(core)) {
        rc = run_key(core, &core->retries[core->retries_done]);
        if (rc != -SOUK_ENOTFOUND)
            return rc;
        core->retries_done++;
    }
    return 0;
}

/* 0: this round has no room for more. -SOUK_ENOTFOUND: nothing of this key is left. */
static int
run_key(struct souk_core *core, const struct core_retry *retry)
{
    const struct souk_slice key = { retry->key, retry->key_bytes };
    struct souk_parked parked;
    int rc;

    while ((rc = souk_parked_first(core->txn, key, &parked)) == 0) {
        if (core_round_over(core) || core->draft_count != 0) {      /* an empty commit has room for any reaction */
            core->again = true;
            return 0;
        }
        parked.event.payload = souk_arena_copy(&core->arena, parked.event.payload);
        parked.event.type = souk_arena_copy(&core->arena, parked.event.type);
        parked.event.key = key;
        if (parked.event.payload.base == NULL || parked.event.type.base == NULL)
            return -SOUK_ENOMEM;
        if ((rc = run_one(core, retry, &parked)) != 0)
            return rc;
    }
    return rc;
}

static int
run_one(struct souk_core *core, const struct core_retry *retry, struct souk_parked *parked)
{
    struct souk_settled settled = souk_settled_of(parked, SOUK_SETTLED_RETRIED);
    int rc;

    if ((rc = souk_parked_remove(core->txn, parked)) != 0)
        return rc;
    core->parked_count--;
    core->changed = true;
    core_begin_input(core, CORE_INPUT_RETRY);
    core->failed_parked = parked->sequence;
    core->failed_retry = core->retries_done;
    if ((rc = core_run_parked(core, parked)) != 0)
        return rc;
    core->failed_kind = CORE_INPUT_NONE;
    if (parked->tries == 0 && parked->kind != SOUK_PARKED_LOSS)
        return 0;                               /* it only waited: nothing was wrong with it */
    settled.at_ms = core->wall_ms;
    settled.command_id = retry->command_id;
    settled.who = souk_slice_of(retry->who);
    return souk_settled_put(core->txn, &settled);
}

void
core_retries_committed(struct souk_core *core)
{
    if (core->retries_done != 0)
        memmove(core->retries, core->retries + core->retries_done,
            (core->retry_count - core->retries_done) * sizeof core->retries[0]);
    core->retry_count -= core->retries_done;
    core->retries_done = 0;
    if (core->retry_noted)
        core->retry_failed = 0;
    core->retry_noted = false;
}

/* It stays parked, and so does what waits behind it. */
void
core_retry_failed(struct souk_core *core)
{
    if (core->failed_retry >= core->retry_count)
        return;
    memmove(core->retries + core->failed_retry, core->retries + core->failed_retry + 1,
        (core->retry_count - core->failed_retry - 1) * sizeof core->retries[0]);
    core->retry_count--;
    core->retry_failed = core->failed_parked;
    (void)snprintf(core->retry_text, sizeof core->retry_text, "%s", souk_core_fault(core));
}

static int
note_failed(struct souk_core *core)
{
    struct souk_parked parked;
    int rc = souk_parked_get(core->txn, core->retry_failed, &parked);

    core->changed = core->retry_noted = true;
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;  /* its stream is being filled anew */
    parked.event.payload = souk_arena_copy(&core->arena, parked.event.payload);
    parked.event.type = souk_arena_copy(&core->arena, parked.event.type);
    parked.event.key = souk_arena_copy(&core->arena, parked.event.key);
    if (parked.event.payload.base == NULL || parked.event.type.base == NULL || parked.event.key.base == NULL)
        return -SOUK_ENOMEM;
    parked.text = souk_slice_of(core->retry_text);
    parked.tries++;
    return souk_parked_note(core->txn, &parked);
}

/* ---- the operator's commands ---------------------------------------- */

bool
core_is_parking(struct souk_slice name)
{
    return souk_slice_equal(name, souk_slice_of(souk_parked_retry_type.name))
        || souk_slice_equal(name, souk_slice_of(souk_parked_discard_type.name));
}

/* They decide nothing and emit nothing; what they have done, rows of souk.settled say when one is sent again. */
int
core_run_parking(struct souk_core *core, struct core_command *command)
{
    const struct souk_wire_request *request = &command->request;
    const bool retries = souk_slice_equal(request->name, souk_slice_of(souk_parked_retry_type.name));
    union {
        struct souk_parked_retry retry;
        struct souk_parked_discard discard;
    } order;
    int rc;

    if (core->now.steady_ms < core->full_until_ms) {
        command->done = true;
        return core_answer(core, command, SOUK_STATUS_FULL, "full", "no room on the service's disk or in its store");
    }
    rc = souk_message_decode(retries ? &souk_parked_retry_type : &souk_parked_discard_type, request->version,
        request->payload, &core->arena, &order);
    if (rc == -SOUK_ENOMEM)
        return rc;
    if (rc != 0) {
        command->done = true;
        return core_answer(core, command, SOUK_STATUS_INVALID, souk_error_name(rc),
            "the command's payload is not what its description says");
    }
    return retries ? retry_one(core, command, &order.retry) : discard_one(core, command, &order.discard);
}

static int
retry_one(struct souk_core *core, struct core_command *command, const struct souk_parked_retry *order)
{
    char text[SOUK_FAULT_TEXT_BYTES_MAX + 1];
    char who[SOUK_SETTLED_WHO_BYTES_MAX + 1];
    struct souk_parked parked;
    int rc;

    if ((rc = find(core, command, order->sequence, order->stream, order->number, &parked)) != 0 || command->done)
        return rc;
    if (is_wanted(core, parked.event.key)) {
        command->retrying = true;
        return 0;                               /* it is answered when they have been run */
    }
    if (!command->retrying) {
        command->retrying = true;
        return want(core, parked.event.key, &command->request.id, who_of(command, order->who, who));
    }
    command->done = true;
    if ((rc = souk_parked_first(core->txn, parked.event.key, &parked)) != 0)
        return rc;
    (void)snprintf(text, sizeof text, "%.*s", (int)parked.text.size_bytes, (const char *)parked.text.base);
    return core_answer(core, command, SOUK_STATUS_REFUSED, SOUK_STILL_PARKED, text);
}

static int
discard_one(struct souk_core *core, struct core_command *command, const struct souk_parked_discard *order)
{
    char who[SOUK_SETTLED_WHO_BYTES_MAX + 1];
    struct souk_settled settled;
    struct souk_parked parked;
    struct souk_slice key;
    uint64_t first;
    uint32_t count;
    int rc;

    if ((rc = find(core, command, order->sequence, order->stream, order->number, &parked)) != 0 || command->done)
        return rc;
    command->done = true;
    if ((key = souk_arena_copy(&core->arena, parked.event.key)).base == NULL)
        return -SOUK_ENOMEM;
    parked.event.key = key;
    parked.event.type = souk_arena_copy(&core->arena, parked.event.type);
    if (parked.event.type.base == NULL)
        return -SOUK_ENOMEM;
    if ((rc = souk_parked_queue(core->txn, key, 2, &first, &count)) != 0)
        return rc;
    settled = souk_settled_of(&parked, SOUK_SETTLED_DISCARDED);
    settled.at_ms = core->wall_ms;
    settled.command_id = command->request.id;
    settled.who = who_of(command, order->who, who);
    settled.why = order->why;
    core->changed = true;
    if ((rc = souk_parked_remove(core->txn, &parked)) != 0 || (rc = souk_settled_put(core->txn, &settled)) != 0)
        return rc;
    core->parked_count--;
    if (first == parked.sequence && count > 1 && !is_wanted(core, key)
        && (rc = want(core, key, &command->request.id, settled.who)) != 0)
        return rc;
    return core_answer(core, command, SOUK_STATUS_OK, "", "");
}

/*
 * Who gave an order: the person of the pass that came with it; else as the connection
 * proves it where there are keys, and as the order says itself; of the souk command
 * nothing more is known without keys.
 */
static struct souk_slice
who_of(const struct core_command *command, struct souk_slice said, char text[SOUK_SETTLED_WHO_BYTES_MAX + 1])
{
    const struct souk_slice caller = { command->caller, command->caller_bytes };
    char person[SOUK_ID_TEXT_BYTES];

    if (command->has_pass) {
        souk_id_format(command->pass.person, person);
        (void)snprintf(text, SOUK_SETTLED_WHO_BYTES_MAX + 1, "%s@%.*s", person, (int)caller.size_bytes,
            (const char *)caller.base);
        return souk_slice_of(text);
    }
    if (souk_slice_equal(caller, souk_slice_of(CALLER_UNNAMED)))
        return said;
    (void)snprintf(text, SOUK_SETTLED_WHO_BYTES_MAX + 1, "%.*s: %.*s", (int)caller.size_bytes,
        (const char *)caller.base, (int)said.size_bytes, said.base == NULL ? "" : (const char *)said.base);
    return souk_slice_of(text);
}

/* The event that is meant. When it is not parked the command is answered, and done. */
static int
find(struct souk_core *core, struct core_command *command, uint64_t sequence, struct souk_slice stream, uint64_t number,
    struct souk_parked *parked_out)
{
    struct souk_settled settled;
    int rc = souk_parked_get(core->txn, sequence, parked_out);
    bool was_this;

    if (rc == 0 && parked_out->event.number == number && souk_slice_equal(souk_name_slice(&parked_out->stream), stream))
        return 0;
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    rc = souk_settled_get(core->txn, sequence, &settled);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    was_this = command->retrying || (rc == 0
        && memcmp(settled.command_id.bytes, command->request.id.bytes, sizeof settled.command_id.bytes) == 0);
    command->done = true;
    return was_this ? core_answer(core, command, SOUK_STATUS_OK, "", "")
        : core_answer(core, command, SOUK_STATUS_REFUSED, SOUK_NOT_PARKED, "no such event is parked, or not any more");
}
