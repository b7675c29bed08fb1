#include "souk_unpack_quick.h"

#include <endian.h>
#include <string.h>

#define BOOL_FALSE 0xc2
#define BOOL_TRUE 0xc3
#define NIL 0xc0
#define EXT8 0xc7
#define EXT16 0xc8
#define EXT32 0xc9

static bool take_byte(struct souk_unpack *in, uint8_t *byte_out);
static bool take_bytes(struct souk_unpack *in, size_t size_bytes, const uint8_t **bytes_out);
static uint64_t unpack_uint(struct souk_unpack *in, uint64_t value_max);
static struct souk_slice unpack_str(struct souk_unpack *in, size_t bytes_max);
static struct souk_slice unpack_bin(struct souk_unpack *in, size_t bytes_max);
static uint32_t unpack_array(struct souk_unpack *in, uint32_t count_max);
static bool is_bin(const struct souk_unpack *in);
static bool is_sealed(const struct souk_unpack *in);
static uint64_t take_unsigned(struct souk_unpack *in, uint8_t first);
static int64_t take_negative(struct souk_unpack *in, uint8_t first);
static uint32_t take_length(struct souk_unpack *in, unsigned width_bytes, uint32_t shortest_max);
static struct souk_slice take_sized(struct souk_unpack *in, size_t size_bytes, size_t bytes_max);
static uint32_t take_array(struct souk_unpack *in, uint8_t first);
static uint32_t take_str_length(struct souk_unpack *in, uint8_t first);
static uint32_t take_bin_length(struct souk_unpack *in, uint8_t first);
static struct souk_slice take_sealed(struct souk_unpack *in, uint8_t first, size_t bytes_max);

void
souk_unpack_init(struct souk_unpack *in, struct souk_slice packed)
{
    in->at = packed.base;
    in->end = packed.size_bytes == 0 ? in->at : in->at + packed.size_bytes;
    in->rc = 0;
    in->depth = 0;
}

__attribute__((noinline, cold)) void
souk_unpack_fail(struct souk_unpack *in, enum souk_error_code code)
{
    if (in->rc == 0)
        in->rc = -(int)code;
}

/*
 * Most numbers, strings, bytes and arrays are short and in order. Those are
 * read by the functions with an outer name; whatever else there is, and all
 * that can be wrong, goes to the one without.
 */
uint64_t
souk_unpack_uint(struct souk_unpack *in, uint64_t value_max)
{
    uint8_t value;

    if (in->rc != 0 || in->at == in->end || *in->at >= 0x80 || *in->at > value_max)
        return unpack_uint(in, value_max);
    value = *in->at++;
    souk_quick_done(in);
    return value;
}

static __attribute__((noinline)) uint64_t
unpack_uint(struct souk_unpack *in, uint64_t value_max)
{
    uint64_t value;
    uint8_t first;

    if (!take_byte(in, &first))
        return 0;
    value = first < 0x80 ? first : take_unsigned(in, first);
    if (value > value_max)
        souk_unpack_fail(in, SOUK_ETOOBIG);
    if (in->rc != 0)
        return 0;
    souk_quick_done(in);
    return value;
}

int64_t
souk_unpack_int(struct souk_unpack *in, int64_t value_min, int64_t value_max)
{
    uint64_t magnitude;
    int64_t value;
    uint8_t first;

    if (!take_byte(in, &first))
        return 0;
    if (first >= 0xe0) {
        value = (int8_t)first;
    } else if (first >= 0xd0 && first <= 0xd3) {
        value = take_negative(in, first);
    } else {
        magnitude = first < 0x80 ? first : take_unsigned(in, first);
        if (magnitude > INT64_MAX)
            souk_unpack_fail(in, SOUK_ETOOBIG);
        value = (int64_t)magnitude;
    }
    if (in->rc == 0 && (value < value_min || value > value_max))
        souk_unpack_fail(in, SOUK_ETOOBIG);
    if (in->rc != 0)
        return 0;
    souk_quick_done(in);
    return value;
}

bool
souk_unpack_bool(struct souk_unpack *in)
{
    uint8_t first;

    if (!take_byte(in, &first))
        return false;
    if (first != BOOL_FALSE && first != BOOL_TRUE) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return false;
    }
    souk_quick_done(in);
    return first == BOOL_TRUE;
}

bool
souk_unpack_nil(struct souk_unpack *in)
{
    if (in->rc != 0 || in->at == in->end || *in->at != NIL)
        return false;
    in->at++;
    souk_quick_done(in);
    return true;
}

bool
souk_unpack_absent(struct souk_unpack *in)
{
    if (souk_unpack_nil(in))
        return true;
    if (!is_sealed(in))
        return false;
    (void)souk_unpack_sealed(in, SIZE_MAX);
    return in->rc == 0;
}

struct souk_slice
souk_unpack_sealed(struct souk_unpack *in, size_t bytes_max)
{
    struct souk_slice sealed;
    uint8_t first;

    if (!take_byte(in, &first))
        return (struct souk_slice){ NULL, 0 };
    sealed = take_sealed(in, first, bytes_max);
    if (in->rc == 0)
        souk_quick_done(in);
    return sealed;
}

struct souk_slice
souk_unpack_str(struct souk_unpack *in, size_t bytes_max)
{
    struct souk_slice text;

    if (in->rc != 0 || in->at == in->end || (*in->at & 0xe0) != 0xa0)
        return unpack_str(in, bytes_max);
    text = (struct souk_slice){ in->at + 1, *in->at & 0x1f };
    if (text.size_bytes > (size_t)(in->end - in->at) - 1 || text.size_bytes > bytes_max || !souk_slice_is_utf8(text))
        return unpack_str(in, bytes_max);
    in->at += 1 + text.size_bytes;
    souk_quick_done(in);
    return text;
}

static __attribute__((noinline)) struct souk_slice
unpack_str(struct souk_unpack *in, size_t bytes_max)
{
    struct souk_slice text;
    uint8_t first;

    if (!take_byte(in, &first))
        return (struct souk_slice){ NULL, 0 };
    text = take_sized(in, take_str_length(in, first), bytes_max);
    if (in->rc == 0 && !souk_slice_is_utf8(text)) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return (struct souk_slice){ NULL, 0 };
    }
    if (in->rc == 0)
        souk_quick_done(in);
    return text;
}

struct souk_slice
souk_unpack_bin(struct souk_unpack *in, size_t bytes_max)
{
    struct souk_slice bytes;

    if (!is_bin(in) || in->at[1] > bytes_max)
        return unpack_bin(in, bytes_max);
    bytes = (struct souk_slice){ in->at + 2, in->at[1] };
    in->at += 2 + bytes.size_bytes;
    souk_quick_done(in);
    return bytes;
}

/* Is the next value one of at most 255 bytes, all of them there? */
static inline bool
is_bin(const struct souk_unpack *in)
{
    return in->rc == 0 && in->end - in->at >= 2 && in->at[0] == 0xc4 && in->end - in->at - 2 >= in->at[1];
}

static inline bool
is_sealed(const struct souk_unpack *in)
{
    return in->rc == 0 && in->at != in->end && *in->at >= EXT8 && *in->at <= EXT32;
}

static __attribute__((noinline)) struct souk_slice
unpack_bin(struct souk_unpack *in, size_t bytes_max)
{
    struct souk_slice bytes;
    uint8_t first;

    if (!take_byte(in, &first))
        return (struct souk_slice){ NULL, 0 };
    bytes = take_sized(in, take_bin_length(in, first), bytes_max);
    if (in->rc == 0)
        souk_quick_done(in);
    return bytes;
}

void
souk_unpack_bin_exact(struct souk_unpack *in, void *bytes_out, size_t size_bytes)
{
    struct souk_slice bytes;

    if (is_bin(in) && in->at[1] == size_bytes) {
        memcpy(bytes_out, in->at + 2, size_bytes);
        in->at += 2 + size_bytes;
        souk_quick_done(in);
        return;
    }
    bytes = unpack_bin(in, size_bytes);
    if (in->rc == 0 && bytes.size_bytes != size_bytes)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    if (in->rc != 0)
        memset(bytes_out, 0, size_bytes);
    else if (size_bytes != 0)
        memcpy(bytes_out, bytes.base, size_bytes);
}

uint32_t
souk_unpack_array(struct souk_unpack *in, uint32_t count_max)
{
    uint32_t count;

    if (in->rc != 0 || in->at == in->end || (*in->at & 0xf0) != 0x90 || in->depth == SOUK_PACK_DEPTH_MAX)
        return unpack_array(in, count_max);
    count = *in->at & 0x0f;
    if (count == 0 || count > count_max || count > (size_t)(in->end - in->at) - 1)
        return unpack_array(in, count_max);
    in->at++;
    if (in->depth > 0)
        in->left[in->depth - 1]--;
    in->left[in->depth++] = count;
    return count;
}

static __attribute__((noinline)) uint32_t
unpack_array(struct souk_unpack *in, uint32_t count_max)
{
    uint32_t count;
    uint8_t first;

    if (!take_byte(in, &first))
        return 0;
    count = take_array(in, first);
    if (in->rc == 0 && count > count_max)
        souk_unpack_fail(in, SOUK_ETOOBIG);
    if (in->rc == 0 && in->depth == SOUK_PACK_DEPTH_MAX)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    if (in->rc != 0)
        return 0;
    if (count == 0) {
        souk_quick_done(in);
        return 0;
    }
    /* It counts as one value of the array around it, which may stay open with nothing left. */
    if (in->depth > 0)
        in->left[in->depth - 1]--;
    in->left[in->depth++] = count;
    return count;
}

void
souk_unpack_array_exact(struct souk_unpack *in, uint32_t count)
{
    uint32_t found;

    found = souk_unpack_array(in, UINT32_MAX);
    if (in->rc == 0 && found != count)
        souk_unpack_fail(in, SOUK_EMALFORMED);
}

uint32_t
souk_unpack_left(const struct souk_unpack *in)
{
    return in->rc != 0 || in->depth == 0 ? 0 : in->left[in->depth - 1];
}

/*
 * Any value: its arrays are walked with a count of their own for each level,
 * so no array of the caller is opened or closed on the way.
 */
struct souk_slice
souk_unpack_skip(struct souk_unpack *in)
{
    const uint8_t *from = in->at;
    uint32_t left[SOUK_PACK_DEPTH_MAX + 1];
    uint32_t count;
    uint32_t level = 0;
    struct souk_slice text;
    uint8_t first;

    left[0] = 1;
    for (;;) {
        if (!take_byte(in, &first))
            break;
        left[level]--;
        if (first < 0x80 || first >= 0xe0 || first == NIL || first == BOOL_FALSE || first == BOOL_TRUE) {
            /* the byte is the value */
        } else if (first >= 0xcc && first <= 0xcf) {
            (void)take_unsigned(in, first);
        } else if (first >= 0xd0 && first <= 0xd3) {
            (void)take_negative(in, first);
        } else if (first >= 0xc4 && first <= 0xc6) {
            (void)take_sized(in, take_bin_length(in, first), SIZE_MAX);
        } else if (first >= EXT8 && first <= EXT32) {
            (void)take_sealed(in, first, SIZE_MAX);
        } else if ((first & 0xe0) == 0xa0 || (first >= 0xd9 && first <= 0xdb)) {
            text = take_sized(in, take_str_length(in, first), SIZE_MAX);
            if (in->rc == 0 && !souk_slice_is_utf8(text))
                souk_unpack_fail(in, SOUK_EMALFORMED);
        } else {
            count = take_array(in, first);
            if (in->rc == 0 && in->depth + level == SOUK_PACK_DEPTH_MAX)
                souk_unpack_fail(in, SOUK_EMALFORMED);
            if (in->rc == 0 && count > 0)
                left[++level] = count;
        }
        if (in->rc != 0)
            break;
        while (level > 0 && left[level] == 0)
            level--;
        if (level == 0) {
            souk_quick_done(in);
            return (struct souk_slice){ from, (size_t)(in->at - from) };
        }
    }
    return (struct souk_slice){ NULL, 0 };
}

int
souk_unpack_end(const struct souk_unpack *in)
{
    if (in->rc != 0)
        return in->rc;
    return in->depth == 0 && in->at == in->end ? 0 : -SOUK_EMALFORMED;
}

static inline bool
take_byte(struct souk_unpack *in, uint8_t *byte_out)
{
    if (in->rc != 0)
        return false;
    if (in->at == in->end) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return false;
    }
    *byte_out = *in->at++;
    return true;
}

static inline bool
take_bytes(struct souk_unpack *in, size_t size_bytes, const uint8_t **bytes_out)
{
    if (in->rc != 0)
        return false;
    if (size_bytes > (size_t)(in->end - in->at)) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return false;
    }
    *bytes_out = in->at;
    in->at += size_bytes;
    return true;
}

void
souk_unpack_close(struct souk_unpack *in)
{
    do
        in->depth--;
    while (in->depth > 0 && in->left[in->depth - 1] == 0);
}

/* What follows 0xcc to 0xcf; malformed when a shorter form would have held it. */
static uint64_t
take_unsigned(struct souk_unpack *in, uint8_t first)
{
    const uint8_t *at;
    uint16_t value16;
    uint32_t value32;
    uint64_t value;
    uint64_t shorter_max;

    switch (first) {
    case 0xcc:
        if (!take_bytes(in, 1, &at))
            return 0;
        value = at[0];
        shorter_max = 0x7f;
        break;
    case 0xcd:
        if (!take_bytes(in, 2, &at))
            return 0;
        memcpy(&value16, at, sizeof value16);
        value = be16toh(value16);
        shorter_max = UINT8_MAX;
        break;
    case 0xce:
        if (!take_bytes(in, 4, &at))
            return 0;
        memcpy(&value32, at, sizeof value32);
        value = be32toh(value32);
        shorter_max = UINT16_MAX;
        break;
    case 0xcf:
        if (!take_bytes(in, 8, &at))
            return 0;
        memcpy(&value, at, sizeof value);
        value = be64toh(value);
        shorter_max = UINT32_MAX;
        break;
    default:
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    if (value <= shorter_max) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    return value;
}

/* What follows 0xd0 to 0xd3: only numbers below zero, and none that a shorter form holds. */
static int64_t
take_negative(struct souk_unpack *in, uint8_t first)
{
    const uint8_t *at;
    uint16_t value16;
    uint32_t value32;
    uint64_t value64;
    int64_t value;
    int64_t shorter_min;

    switch (first) {
    case 0xd0:
        if (!take_bytes(in, 1, &at))
            return 0;
        value = (int8_t)at[0];
        shorter_min = -32;
        break;
    case 0xd1:
        if (!take_bytes(in, 2, &at))
            return 0;
        memcpy(&value16, at, sizeof value16);
        value = (int16_t)be16toh(value16);
        shorter_min = INT8_MIN;
        break;
    case 0xd2:
        if (!take_bytes(in, 4, &at))
            return 0;
        memcpy(&value32, at, sizeof value32);
        value = (int32_t)be32toh(value32);
        shorter_min = INT16_MIN;
        break;
    default:
        if (!take_bytes(in, 8, &at))
            return 0;
        memcpy(&value64, at, sizeof value64);
        value = (int64_t)be64toh(value64);
        shorter_min = INT32_MIN;
        break;
    }
    if (value >= shorter_min) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    return value;
}

/* A length of `width_bytes` that would not have fitted into less: above `shorter_max`. */
static uint32_t
take_length(struct souk_unpack *in, unsigned width_bytes, uint32_t shorter_max)
{
    const uint8_t *at;
    uint32_t length = 0;
    unsigned i;

    if (!take_bytes(in, width_bytes, &at))
        return 0;
    for (i = 0; i < width_bytes; i++)
        length = length << 8 | at[i];
    if (width_bytes > 1 && length <= shorter_max) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    return length;
}

static uint32_t
take_str_length(struct souk_unpack *in, uint8_t first)
{
    uint32_t length;

    if ((first & 0xe0) == 0xa0)
        return first & 0x1f;
    switch (first) {
    case 0xd9:
        length = take_length(in, 1, 0);
        if (length < 32)
            souk_unpack_fail(in, SOUK_EMALFORMED);
        return length;
    case 0xda:
        return take_length(in, 2, UINT8_MAX);
    case 0xdb:
        return take_length(in, 4, UINT16_MAX);
    default:
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
}

static uint32_t
take_bin_length(struct souk_unpack *in, uint8_t first)
{
    switch (first) {
    case 0xc4:
        return take_length(in, 1, 0);
    case 0xc5:
        return take_length(in, 2, UINT8_MAX);
    case 0xc6:
        return take_length(in, 4, UINT16_MAX);
    default:
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
}

/* What follows 0xc7 to 0xc9. */
static struct souk_slice
take_sealed(struct souk_unpack *in, uint8_t first, size_t bytes_max)
{
    const struct souk_slice none = { NULL, 0 };
    uint32_t size_bytes = 0;
    uint8_t type;

    if (first == EXT8)
        size_bytes = take_length(in, 1, 0);
    else if (first == EXT16)
        size_bytes = take_length(in, 2, UINT8_MAX);
    else if (first == EXT32)
        size_bytes = take_length(in, 4, UINT16_MAX);
    if (!take_byte(in, &type))
        return none;
    if (type != SOUK_PACK_SEALED || size_bytes < SOUK_PACK_SEALED_BYTES_MIN) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return none;
    }
    return take_sized(in, size_bytes, bytes_max);
}

/* A value takes one byte at least, so a count beyond the bytes left is a lie. */
static uint32_t
take_array(struct souk_unpack *in, uint8_t first)
{
    uint32_t count;

    if ((first & 0xf0) == 0x90) {
        count = first & 0x0f;
    } else if (first == 0xdc) {
        count = take_length(in, 2, 15);
    } else if (first == 0xdd) {
        count = take_length(in, 4, UINT16_MAX);
    } else {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    if (count > (size_t)(in->end - in->at)) {
        souk_unpack_fail(in, SOUK_EMALFORMED);
        return 0;
    }
    return count;
}

static inline struct souk_slice
take_sized(struct souk_unpack *in, size_t size_bytes, size_t bytes_max)
{
    const uint8_t *bytes;

    if (!take_bytes(in, size_bytes, &bytes))
        return (struct souk_slice){ NULL, 0 };
    if (size_bytes > bytes_max) {
        souk_unpack_fail(in, SOUK_ETOOBIG);
        return (struct souk_slice){ NULL, 0 };
    }
    return (struct souk_slice){ bytes, size_bytes };
}
