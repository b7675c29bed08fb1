#include "souk_log_position.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

void
souk_log_position_format(struct souk_slice store, const uint8_t incarnation[SOUK_INCARNATION_BYTES], uint64_t number,
    char text_out[SOUK_LOG_POSITION_BYTES + 1])
{
    char digits[SOUK_LOG_POSITION_DIGITS_MAX + 1];

    assert(souk_name_valid(store));
    (void)sodium_bin2hex(digits, sizeof digits, incarnation, SOUK_INCARNATION_BYTES);
    (void)snprintf(text_out, SOUK_LOG_POSITION_BYTES + 1, "%.*s.%.*s:%" PRIu64, (int)store.size_bytes,
        (const char *)store.base, SOUK_LOG_POSITION_DIGITS, digits, number);
}

/* A name may have dots in it, so the last one is what the incarnation stands behind. */
int
souk_log_position_parse(const char *text, struct souk_log_position *position_out)
{
    const char *const colon = strrchr(text, ':');
    struct souk_log_position position = { .number = 0 };
    const char *dot = colon;
    size_t digits;
    char *end;

    while (dot != NULL && dot > text && *dot != '.')
        dot--;
    if (dot == NULL || *dot != '.')
        return -SOUK_EINVAL;
    digits = (size_t)(colon - dot) - 1;
    if (digits == 0 || digits > SOUK_LOG_POSITION_DIGITS_MAX || strspn(dot + 1, "0123456789abcdef") != digits)
        return -SOUK_EINVAL;
    memcpy(position.digits, dot + 1, digits);
    if (colon[1] < '1' || colon[1] > '9')
        return -SOUK_EINVAL;
    errno = 0;
    position.number = strtoull(colon + 1, &end, 10);
    if (*end != '\0' || errno != 0)
        return -SOUK_EINVAL;
    if (souk_name_set(&position.store, (struct souk_slice){ text, (size_t)(dot - text) }) != 0)
        return -SOUK_EINVAL;
    *position_out = position;
    return 0;
}

bool
souk_log_position_is_of(const struct souk_log_position *position, const uint8_t incarnation[SOUK_INCARNATION_BYTES])
{
    char digits[SOUK_LOG_POSITION_DIGITS_MAX + 1];

    (void)sodium_bin2hex(digits, sizeof digits, incarnation, SOUK_INCARNATION_BYTES);
    return strncmp(position->digits, digits, strlen(position->digits)) == 0;
}
