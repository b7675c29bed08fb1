#include "souk_position.h"

#include <endian.h>
#include <string.h>

#include "souk_unpack_quick.h"

/* May it be in a name, anywhere but first? */
static const bool in_names[256] = {
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true,
    ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,
    ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true,
    ['y'] = true, ['z'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['-'] = true, ['.'] = true,
};

static void copy_short(char *to, const char *from, size_t size_bytes);

bool
souk_position_equal(const struct souk_position *a, const struct souk_position *b)
{
    return souk_epoch_equal(a->epoch, b->epoch) && a->number == b->number
        && memcmp(a->hash.bytes, b->hash.bytes, SOUK_HASH_BYTES) == 0;
}

bool
souk_name_valid(struct souk_slice text)
{
    const uint8_t *at = text.base;
    bool valid = true;

    if (text.size_bytes == 0 || text.size_bytes > SOUK_NAME_BYTES_MAX || at[0] < 'a' || at[0] > 'z')
        return false;
    for (size_t i = 1; i < text.size_bytes; i++)
        valid &= in_names[at[i]];
    return valid;
}

int
souk_name_set(struct souk_name *name_out, struct souk_slice text)
{
    if (!souk_name_valid(text))
        return -SOUK_EINVAL;
    memset(name_out, 0, sizeof *name_out);
    copy_short(name_out->text, text.base, text.size_bytes);
    return 0;
}

int
souk_name_decode(const void *bytes, struct souk_name *name_out)
{
    const size_t size_bytes = strnlen(bytes, sizeof name_out->text);

    if (size_bytes == sizeof name_out->text || souk_name_set(name_out, (struct souk_slice){ bytes, size_bytes }) != 0
        || memcmp(name_out->text, bytes, sizeof name_out->text) != 0)
        return -SOUK_EDAMAGED;
    return 0;
}

/* Most names have 4 to 16 bytes: a copy of the first half and one of the last. */
static inline void
copy_short(char *to, const char *from, size_t size_bytes)
{
    if (size_bytes > 16 || size_bytes < 4) {
        memcpy(to, from, size_bytes);
    } else if (size_bytes >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size_bytes - 8, from + size_bytes - 8, 8);
    } else {
        memcpy(to, from, 4);
        memcpy(to + size_bytes - 4, from + size_bytes - 4, 4);
    }
}

void
souk_name_unpack(struct souk_unpack *in, struct souk_name *name_out)
{
    struct souk_slice text = { NULL, 0 };

    /* A short one of the right letters is read where it is; whatever else there is can be wrong in many ways. */
    if (in->rc == 0 && in->at != in->end && (*in->at & 0xe0) == 0xa0)
        text = (struct souk_slice){ in->at + 1, *in->at & 0x1f };
    if (text.size_bytes > 0 && text.size_bytes < (size_t)(in->end - in->at) && souk_name_set(name_out, text) == 0) {
        in->at += 1 + text.size_bytes;
        souk_quick_done(in);
        return;
    }
    text = souk_unpack_str(in, SOUK_NAME_BYTES_MAX);
    if (in->rc != 0 || souk_name_set(name_out, text) != 0) {
        memset(name_out, 0, sizeof *name_out);
        souk_unpack_fail(in, SOUK_EMALFORMED);
    }
}

struct souk_slice
souk_name_slice(const struct souk_name *name)
{
    return souk_slice_of(name->text);
}

void
souk_point_encode(const struct souk_point *point, uint8_t bytes_out[SOUK_POINT_BYTES])
{
    souk_put_u32(bytes_out, point->epoch.counter);
    memcpy(bytes_out + 4, point->epoch.bits, 8);
    souk_put_u64(bytes_out + 12, point->number);
}

void
souk_position_encode(const struct souk_position *position, uint8_t bytes_out[SOUK_POSITION_BYTES])
{
    const struct souk_point point = souk_point_of(position);

    souk_point_encode(&point, bytes_out);
    memcpy(bytes_out + SOUK_POINT_BYTES, position->hash.bytes, SOUK_HASH_BYTES);
}

int
souk_point_decode(struct souk_slice bytes, struct souk_point *point_out)
{
    const uint8_t *at = bytes.base;

    if (bytes.size_bytes != SOUK_POINT_BYTES)
        return -SOUK_EDAMAGED;
    point_out->epoch.counter = souk_get_u32(at);
    memcpy(point_out->epoch.bits, at + 4, 8);
    point_out->number = souk_get_u64(at + 12);
    return 0;
}

int
souk_position_decode(struct souk_slice bytes, struct souk_position *position_out)
{
    const uint8_t *at = bytes.base;
    struct souk_point point;

    if (bytes.size_bytes != SOUK_POSITION_BYTES
        || souk_point_decode((struct souk_slice){ at, SOUK_POINT_BYTES }, &point) != 0)
        return -SOUK_EDAMAGED;
    position_out->epoch = point.epoch;
    position_out->number = point.number;
    memcpy(position_out->hash.bytes, at + SOUK_POINT_BYTES, SOUK_HASH_BYTES);
    return 0;
}

void
souk_put_u32(uint8_t *bytes_out, uint32_t value)
{
    value = htobe32(value);
    memcpy(bytes_out, &value, sizeof value);
}

void
souk_put_u64(uint8_t *bytes_out, uint64_t value)
{
    value = htobe64(value);
    memcpy(bytes_out, &value, sizeof value);
}

uint32_t
souk_get_u32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return be32toh(value);
}

uint64_t
souk_get_u64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return be64toh(value);
}
