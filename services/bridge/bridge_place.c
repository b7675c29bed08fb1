#include "bridge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

static bool take_number(const char **at, uint64_t max, uint64_t *number_out);

struct souk_slice
bridge_place_write(const struct bridge_place *place, char out[BRIDGE_PLACE_BYTES])
{
    char digits[2 * SOUK_INCARNATION_BYTES + 1];

    (void)sodium_bin2hex(digits, sizeof digits, place->incarnation, sizeof place->incarnation);
    (void)snprintf(out, BRIDGE_PLACE_BYTES, "%s:%s:%" PRIu64 ":%" PRIu32, place->store.text, digits,
        place->log_position, place->index);
    return souk_slice_of(out);
}

bool
bridge_place_read(struct souk_slice text, struct bridge_place *place_out)
{
    struct bridge_place place;
    char copy[BRIDGE_PLACE_BYTES];
    const char *at = copy;
    uint64_t index;
    size_t bytes;

    if (text.size_bytes >= sizeof copy || text.size_bytes == 0)
        return false;
    memcpy(copy, text.base, text.size_bytes);
    copy[text.size_bytes] = '\0';
    bytes = strcspn(at, ":");
    if (souk_name_set(&place.store, (struct souk_slice){ at, bytes }) != 0 || at[bytes] != ':')
        return false;
    at += bytes + 1;
    bytes = strspn(at, "0123456789abcdef");
    if (bytes != 2 * SOUK_INCARNATION_BYTES || at[bytes] != ':'
        || sodium_hex2bin(place.incarnation, sizeof place.incarnation, at, bytes, NULL, NULL, NULL) != 0)
        return false;
    at += bytes + 1;
    if (!take_number(&at, UINT64_MAX, &place.log_position) || *at++ != ':' || !take_number(&at, UINT32_MAX, &index)
        || at != copy + text.size_bytes)
        return false;
    place.index = (uint32_t)index;
    *place_out = place;
    return true;
}

/* As it is written, without a sign or zeros in front. */
static bool
take_number(const char **at, uint64_t max, uint64_t *number_out)
{
    const char *first = *at;
    uint64_t number = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        const uint64_t digit = (uint64_t)(**at - '0');

        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *number_out = number;
    return *at > first && (*first != '0' || *at - first == 1);
}
