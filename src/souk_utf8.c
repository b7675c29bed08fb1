#include <souk-message.h>

#include <string.h>

static size_t utf8_character(const uint8_t *at, size_t left_bytes);

static bool is_short_ascii(const uint8_t *bytes, size_t size_bytes);

/* Eight bytes at a time while they are ASCII, which most text is. The last eight may begin amid others. */
bool
souk_slice_is_utf8(struct souk_slice text)
{
    const uint8_t *bytes = text.base;
    uint64_t eight;
    size_t character_bytes;
    size_t at = 0;

    if (text.size_bytes < sizeof eight && is_short_ascii(bytes, text.size_bytes))
        return true;
    while (at < text.size_bytes) {
        if (text.size_bytes - at >= sizeof eight) {
            memcpy(&eight, bytes + at, sizeof eight);
            if ((eight & 0x8080808080808080) == 0) {
                at += sizeof eight;
                continue;
            }
        } else if (at >= sizeof eight) {
            memcpy(&eight, bytes + text.size_bytes - sizeof eight, sizeof eight);
            if ((eight & 0x8080808080808080) == 0)
                return true;
        }
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        if ((character_bytes = utf8_character(bytes + at, text.size_bytes - at)) == 0)
            return false;
        at += character_bytes;
    }
    return true;
}

/* Less than eight bytes. */
static inline bool
is_short_ascii(const uint8_t *bytes, size_t size_bytes)
{
    uint32_t first, last;

    if (size_bytes < sizeof first)
        return size_bytes == 0 || (bytes[0] | bytes[size_bytes / 2] | bytes[size_bytes - 1]) < 0x80;
    memcpy(&first, bytes, sizeof first);
    memcpy(&last, bytes + size_bytes - sizeof last, sizeof last);
    return ((first | last) & 0x80808080) == 0;
}

/* The length of the character at `at`, 0 when it is none. */
static size_t
utf8_character(const uint8_t *at, size_t left_bytes)
{
    uint8_t second_min = 0x80;
    uint8_t second_max = 0xbf;
    size_t size_bytes;
    size_t i;

    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        size_bytes = 2;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        size_bytes = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        size_bytes = 4;
    else
        return 0;
    if (left_bytes < size_bytes)
        return 0;
    if (at[0] == 0xe0)
        second_min = 0xa0;
    else if (at[0] == 0xed)
        second_max = 0x9f;
    else if (at[0] == 0xf0)
        second_min = 0x90;
    else if (at[0] == 0xf4)
        second_max = 0x8f;
    if (at[1] < second_min || at[1] > second_max)
        return 0;
    for (i = 2; i < size_bytes; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return size_bytes;
}
