#include "souk_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define BITS_DIGITS 16

static int parse_cursor(struct souk_slice text, struct souk_cause *cursor_out);
static bool take_number(const char **at_p, const char *end, uint64_t value_max, uint64_t *value_out);
static struct souk_cause *find(struct souk_seen *seen, const struct souk_name *stream);

int
souk_seen_parse(struct souk_slice text, struct souk_seen *seen)
{
    const char *at = text.base;
    const char *const end = text.size_bytes == 0 ? at : at + text.size_bytes;
    struct souk_cause cursor;
    const char *comma;

    for (;; at = comma + 1) {
        if (at == end || (comma = memchr(at, ',', (size_t)(end - at))) == NULL)
            comma = end;
        if (parse_cursor((struct souk_slice){ at, (size_t)(comma - at) }, &cursor) != 0
            || find(seen, &cursor.stream) != NULL)
            return -SOUK_EINVAL;
        if (seen->count == SOUK_WIRE_SEEN_MAX)
            return -SOUK_ETOOBIG;
        seen->cursors[seen->count++] = cursor;
        if (comma == end)
            return 0;
    }
}

size_t
souk_seen_format_cursor(const struct souk_cause *cursor, char text_out[SOUK_SEEN_CURSOR_BYTES])
{
    char bits[BITS_DIGITS + 1];

    (void)sodium_bin2hex(bits, sizeof bits, cursor->point.epoch.bits, sizeof cursor->point.epoch.bits);
    return (size_t)snprintf(text_out, SOUK_SEEN_CURSOR_BYTES, "%s=%" PRIu32 ".%s:%" PRIu64, cursor->stream.text,
        cursor->point.epoch.counter, bits, cursor->point.number);
}

size_t
souk_seen_format(const struct souk_seen *seen, char text_out[SOUK_SEEN_TEXT_BYTES])
{
    size_t bytes = 0;
    uint32_t i;

    text_out[0] = '\0';
    for (i = 0; i < seen->count; i++) {
        if (i > 0)
            text_out[bytes++] = ',';
        bytes += souk_seen_format_cursor(&seen->cursors[i], text_out + bytes);
    }
    return bytes;
}

void
souk_seen_add(struct souk_seen *seen, const struct souk_cause *cursors, size_t count)
{
    struct souk_cause *there;
    size_t i;

    for (i = 0; i < count; i++) {
        if ((there = find(seen, &cursors[i].stream)) == NULL) {
            if (seen->count < SOUK_WIRE_SEEN_MAX)
                seen->cursors[seen->count++] = cursors[i];
        } else if (souk_point_above(cursors[i].point, there->point)) {
            there->point = cursors[i].point;
        }
    }
}

/* STREAM=COUNTER.BITS:NUMBER */
static int
parse_cursor(struct souk_slice text, struct souk_cause *cursor_out)
{
    struct souk_cause cursor = { .point.number = 0 };
    const char *at = text.base;
    const char *const end = text.size_bytes == 0 ? at : at + text.size_bytes;
    const char *equals = text.size_bytes == 0 ? NULL : memchr(at, '=', text.size_bytes);
    uint64_t counter;
    size_t bytes;

    if (equals == NULL || souk_name_set(&cursor.stream, (struct souk_slice){ at, (size_t)(equals - at) }) != 0)
        return -SOUK_EINVAL;
    at = equals + 1;
    if (!take_number(&at, end, UINT32_MAX, &counter) || end - at < 1 + BITS_DIGITS + 1 || at[0] != '.'
        || at[1 + BITS_DIGITS] != ':')
        return -SOUK_EINVAL;
    cursor.point.epoch.counter = (uint32_t)counter;
    for (unsigned i = 1; i <= BITS_DIGITS; i++)
        if (at[i] >= 'A' && at[i] <= 'F')
            return -SOUK_EINVAL;                /* one cursor has one text */
    if (sodium_hex2bin(cursor.point.epoch.bits, sizeof cursor.point.epoch.bits, at + 1, BITS_DIGITS, NULL, &bytes,
            NULL) != 0 || bytes != sizeof cursor.point.epoch.bits)
        return -SOUK_EINVAL;
    at += 1 + BITS_DIGITS + 1;
    if (!take_number(&at, end, UINT64_MAX, &cursor.point.number) || at != end)
        return -SOUK_EINVAL;
    *cursor_out = cursor;
    return 0;
}

/* Decimal digits, at least one and no zero in front. */
static bool
take_number(const char **at_p, const char *end, uint64_t value_max, uint64_t *value_out)
{
    const char *at = *at_p;
    uint64_t value = 0;
    unsigned digit;

    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        digit = (unsigned)(*at - '0');
        if ((value == 0 && at > *at_p) || value > (value_max - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (at == *at_p)
        return false;
    *at_p = at;
    *value_out = value;
    return true;
}

static struct souk_cause *
find(struct souk_seen *seen, const struct souk_name *stream)
{
    uint32_t i;

    for (i = 0; i < seen->count; i++) {
        if (strcmp(seen->cursors[i].stream.text, stream->text) == 0)
            return &seen->cursors[i];
    }
    return NULL;
}
