#include "souk_prepare.h"

#include <souk-message.h>

#include "souk_space.h"

#include <stdlib.h>

#define ARENA_BYTES_MAX (16 * 1024 * 1024)

struct souk_preparer {
    const struct souk_service *service;
    struct souk_space space;
    struct souk_arena arena;
};

static const struct souk_handler *find(const struct souk_service *service, struct souk_slice name);

bool
souk_prepares(const struct souk_service *service)
{
    for (const struct souk_handler *at = service->handlers; at->kind != 0; at++)
        if (at->kind == SOUK_HANDLER_PREPARE)
            return true;
    return false;
}

int
souk_preparer_open(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_preparer **preparer_out, struct souk_error *err)
{
    struct souk_preparer *preparer = calloc(1, sizeof *preparer);
    int rc;

    if (preparer == NULL)
        return souk_fail(err, SOUK_ENOMEM, "service %s: no memory to prepare commands", service->name);
    preparer->service = service;
    souk_arena_init(&preparer->arena, ARENA_BYTES_MAX);
    if ((rc = souk_space_init(&preparer->space, service, err)) != 0) {
        souk_preparer_close(&preparer);
        return rc;
    }
    preparer->space.wiring = wiring;
    *preparer_out = preparer;
    return 0;
}

void
souk_preparer_close(struct souk_preparer **preparer_p)
{
    struct souk_preparer *preparer = *preparer_p;

    if (preparer == NULL)
        return;
    souk_arena_done(&preparer->arena);
    free(preparer);
    *preparer_p = NULL;
}

int
souk_preparer_run(struct souk_preparer *preparer, struct souk_txn *txn, const struct souk_preparation *preparation,
    struct souk_slice *bytes_out)
{
    const struct souk_handler *handler = find(preparer->service, preparation->name);
    const struct souk_view view = { .space = &preparer->space, .txn = txn, .arena = &preparer->arena };
    struct souk_prepared prepared = { .arena = &preparer->arena };
    void *message;
    int rc;

    *bytes_out = (struct souk_slice){ NULL, 0 };
    souk_arena_reset(&preparer->arena);
    if (handler == NULL)
        return -SOUK_EINVAL;
    if ((rc = souk_space_load(&preparer->space, txn)) != 0)
        return rc;
    if ((message = souk_arena_alloc(&preparer->arena, handler->type->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    rc = souk_message_decode(handler->type, preparation->version, preparation->payload, &preparer->arena, message);
    if (rc != 0)
        return rc == -SOUK_ENOMEM ? rc : 0;
    if ((rc = handler->type->call_prepare(handler->handler, &view, message, &prepared)) == 0)
        *bytes_out = prepared.bytes;
    return rc;
}

static const struct souk_handler *
find(const struct souk_service *service, struct souk_slice name)
{
    for (const struct souk_handler *at = service->handlers; at->kind != 0; at++)
        if (at->kind == SOUK_HANDLER_PREPARE && souk_slice_equal(souk_slice_of(at->type->name), name))
            return at;
    return NULL;
}
