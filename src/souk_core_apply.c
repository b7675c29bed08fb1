#include "souk_core_parts.h"

#include <stdio.h>
#include <string.h>

#include "souk_seal.h"

const struct souk_handler *
core_handler(const struct souk_core *core, enum souk_handler_kind kind, struct souk_slice name)
{
    const char first = name.size_bytes == 0 ? '\0' : *(const char *)name.base;

    for (const struct souk_handler *handler = core->service->handlers; handler->kind != 0; handler++) {
        const char *own = handler->type != NULL ? handler->type->name : handler->name;

        if (handler->kind == kind && own[0] == first && strlen(own) == name.size_bytes
            && memcmp(own, name.base, name.size_bytes) == 0)
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
    return core_apply(core, stream, true, false, epoch, event);
}

int
core_apply(struct souk_core *core, const struct souk_name *stream, bool own, bool beside, struct souk_epoch epoch,
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
    if ((rc = core_decode(core, handler->type, event, &message)) != 0)
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

int
core_decode(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event,
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
