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

/* By length and both ends, where names of tables differ. */
static uint32_t
place_of(const char *name)
{
    const size_t size_bytes = strlen(name);
    uint64_t first = 0, last = 0;

    if (size_bytes >= sizeof first) {
        memcpy(&first, name, sizeof first);
        memcpy(&last, name + size_bytes - sizeof last, sizeof last);
    } else {
        for (size_t i = 0; i < size_bytes; i++)
            first = first << 8 | (uint8_t)name[i];
    }
    first = (first ^ size_bytes) * UINT64_C(0x9e3779b97f4a7c15) ^ last;
    first = (first ^ first >> 32) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(first >> 40) % SOUK_HANDLES;
}
