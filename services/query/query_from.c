#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 32                    /* of an id in hexadecimal; a colon follows, and the place */
#define TIME_DIGITS 16

static bool take_number(const char **at, const char *end, char behind, uint64_t max, uint64_t *number_out);

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

struct souk_slice
query_write_deed_place(const struct query_deed_place *place, char out[QUERY_FROM_BYTES])
{
    (void)snprintf(out, QUERY_FROM_BYTES, "%" PRIu64 ".%u.%" PRIu64, place->before_ms, (unsigned)place->stream,
        place->before);
    return souk_slice_of(out);
}

void
query_read_deed_place(bool has_from, struct souk_slice from, struct query_deed_place *place_out)
{
    const char *at = from.base;
    uint64_t before_ms, stream, before;

    *place_out = (struct query_deed_place){ .before_ms = 0 };
    if (has_from && from.size_bytes > 0 && take_number(&at, at + from.size_bytes, '.', UINT64_MAX, &before_ms)
        && take_number(&at, (const char *)from.base + from.size_bytes, '.', UINT8_MAX, &stream)
        && take_number(&at, (const char *)from.base + from.size_bytes, '\0', UINT64_MAX, &before))
        *place_out = (struct query_deed_place){ before_ms, (uint8_t)stream, before };
}

/* As it is written, without a sign or zeros in front; then `behind`, or, '\0', the end. */
static bool
take_number(const char **at, const char *end, char behind, uint64_t max, uint64_t *number_out)
{
    const char *first = *at;
    uint64_t number = 0;

    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        const uint64_t digit = (uint64_t)(**at - '0');

        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (*at == first || (*first == '0' && *at - first > 1) || (behind == '\0' ? *at != end : *at == end || **at != behind))
        return false;
    *at += behind != '\0';
    *number_out = number;
    return true;
}
