#include "souk_handles.h"

#include <stdint.h>
#include <string.h>

static uint32_t place_of(const char *name);

MDB_dbi
souk_handles_find(const struct souk_handles *handles, const char *name)
{
    const struct souk_handle *handle = &handles->places[place_of(name)];

    return handle->dbi != 0 && strcmp(handle->name, name) == 0 ? handle->dbi : 0;
}

void
souk_handles_note(struct souk_handles *handles, const char *name, MDB_dbi dbi)
{
    struct souk_handle *handle = &handles->places[place_of(name)];
    size_t size_bytes = strlen(name) + 1;

    if (size_bytes > sizeof handle->name)
        return;
    memcpy(handle->name, name, size_bytes);
    handle->dbi = dbi;
}

void
souk_handles_forget(struct souk_handles *handles)
{
    memset(handles, 0, sizeof *handles);
}

/* FNV-1a. */
static uint32_t
place_of(const char *name)
{
    uint32_t hash = 2166136261;

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619;
    return (hash ^ hash >> 16) % SOUK_HANDLES;
}
