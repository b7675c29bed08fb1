#include "souk_core_parts.h"

#include <stdlib.h>
#include <string.h>

static struct core_command *earlier(struct souk_core *core, const struct core_command *command);

void
souk_core_prepare_outside(struct souk_core *core)
{
    core->prepares_outside = true;
}

bool
souk_core_next_preparation(struct souk_core *core, struct souk_preparation *out)
{
    for (struct core_command *command = core->commands; command != NULL; command = command->next) {
        if (command->preparing != CORE_WANTS_PREPARING)
            continue;
        command->preparing = CORE_PREPARING;
        command->ticket = ++core->tickets;
        *out = (struct souk_preparation){ .ticket = command->ticket, .name = command->request.name,
            .version = command->request.version, .payload = command->request.payload };
        return true;
    }
    return false;
}

void
souk_core_hear_prepared(struct souk_core *core, uint64_t ticket, int rc, struct souk_slice bytes)
{
    void *copy;

    for (struct core_command *command = core->commands; command != NULL; command = command->next) {
        if (command->preparing != CORE_PREPARING || command->ticket != ticket)
            continue;
        command->preparing = CORE_PREPARED;
        if (rc == 0 && bytes.size_bytes != 0) {
            if ((copy = malloc(bytes.size_bytes)) != NULL) {
                memcpy(copy, bytes.base, bytes.size_bytes);
                command->prepared = (struct souk_slice){ copy, bytes.size_bytes };
            } else {
                rc = -SOUK_ENOMEM;
            }
        }
        command->failed = rc != 0;
        core->dirty = true;
        return;
    }
}

bool
core_waits_for_preparing(struct souk_core *core, struct core_command *command)
{
    if (!core->prepares_outside || command->preparing == CORE_PREPARED
        || core_handler(core, SOUK_HANDLER_PREPARE, command->request.name) == NULL)
        return false;
    if (command->preparing == CORE_UNPREPARED && earlier(core, command) == NULL)
        command->preparing = CORE_WANTS_PREPARING;
    return true;
}

/* The same command, sent before and not answered yet: its answer will be this one's. */
static struct core_command *
earlier(struct souk_core *core, const struct core_command *command)
{
    for (struct core_command *at = core->commands; at != command; at = at->next)
        if (at->preparing != CORE_UNPREPARED && !at->done
            && memcmp(at->request.id.bytes, command->request.id.bytes, sizeof at->request.id.bytes) == 0
            && at->caller_bytes == command->caller_bytes && memcmp(at->caller, command->caller, at->caller_bytes) == 0)
            return at;
    return NULL;
}

void
core_preparing_aborted(struct souk_core *core)
{
    for (struct core_command *command = core->commands; command != NULL; command = command->next)
        if (command->preparing == CORE_WANTS_PREPARING)
            command->preparing = CORE_UNPREPARED;
}
