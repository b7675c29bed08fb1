#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 32                    /* of an id in hexadecimal; a colon follows, and the place */
#define TIME_DIGITS 16

struct souk_slice
query_write_from(struct souk_id id, struct souk_slice place, char out[QUERY_FROM_BYTES])
{
    for (size_t i = 0; i < sizeof id.bytes; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", id.bytes[i]);
    out[ID_DIGITS] = ':';
    memcpy(out + ID_DIGITS + 1, place.base, place.size_bytes);
    return (struct souk_slice){ out, ID_DIGITS + 1 + place.size_bytes };
}

/* It comes from a browser: a place that no key can have is none. */
void
query_read_from(struct souk_slice from, struct souk_id *id_out, struct souk_slice *place_out)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = from.base;
    struct souk_id id = { { 0 } };

    if (from.size_bytes <= ID_DIGITS || from.size_bytes > ID_DIGITS + 1 + QUERY_PLACE_BYTES_MAX
        || at[ID_DIGITS] != ':' || memchr(at, '\0', from.size_bytes) != NULL)
        return;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        const char *digit = memchr(digits, at[i], 16);

        if (digit == NULL)
            return;
        id.bytes[i / 2] = (uint8_t)(i % 2 == 0 ? (digit - digits) << 4 : id.bytes[i / 2] | (digit - digits));
    }
    *id_out = id;
    *place_out = (struct souk_slice){ at + ID_DIGITS + 1, from.size_bytes - ID_DIGITS - 1 };
}

struct souk_slice
query_write_time_from(struct souk_id id, uint64_t time_ms, char out[QUERY_FROM_BYTES])
{
    char place[QUERY_PLACE_BYTES_MAX];

    (void)snprintf(place, sizeof place, "%0*" PRIu64, TIME_DIGITS, time_ms);
    return query_write_from(id, souk_slice_of(place), out);
}

void
query_read_time_from(bool has_from, struct souk_slice from, uint64_t *time_ms_out, struct souk_id *id_out)
{
    struct souk_slice place = souk_slice_of("");
    struct souk_id id;
    uint64_t time_ms = 0;

    *time_ms_out = 0;
    *id_out = (struct souk_id){ { 0 } };
    if (has_from)
        query_read_from(from, &id, &place);
    if (place.size_bytes != TIME_DIGITS)
        return;
    for (size_t i = 0; i < TIME_DIGITS; i++) {
        const char digit = ((const char *)place.base)[i];

        if (digit < '0' || digit > '9')
            return;
        time_ms = time_ms * 10 + (uint64_t)(digit - '0');
    }
    *time_ms_out = time_ms;
    *id_out = id;
}
