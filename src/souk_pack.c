#include <souk-message.h>

#include <stdlib.h>
#include <string.h>

#include <msgpack/pack_define.h>
#include <msgpack/timestamp.h>

#define PACK_ROOM_BYTES_MIN 256         /* the first buffer */

static int append(struct souk_pack *pack, const void *bytes, size_t size_bytes);
static int grow(struct souk_pack *pack, size_t more_bytes);

/*
 * msgpack-c's own templates, which choose the shortest form of each value,
 * instantiated over append(): a sink known at compile time costs no indirect
 * call for each value.
 */
#define msgpack_pack_inline_func(name) static inline int write ## name
#define msgpack_pack_inline_func_cint(name) static inline int write ## name
#define msgpack_pack_user struct souk_pack *
#define msgpack_pack_append_buffer(pack, bytes, size_bytes) return append(pack, bytes, size_bytes)
#include <msgpack/pack_template.h>

void
souk_pack_init(struct souk_pack *pack, size_t bytes_max)
{
    *pack = (struct souk_pack){ .bytes_max = bytes_max };
}

void
souk_pack_reset(struct souk_pack *pack)
{
    pack->size_bytes = 0;
    pack->rc = 0;
}

void
souk_pack_done(struct souk_pack *pack)
{
    free(pack->base);
    *pack = (struct souk_pack){ .bytes_max = pack->bytes_max };
}

void
souk_pack_init_over(struct souk_pack *pack, void *base, size_t size_bytes)
{
    *pack = (struct souk_pack){ .base = base, .room_bytes = size_bytes, .bytes_max = size_bytes };
}

void
souk_pack_fail(struct souk_pack *pack, enum souk_error_code code)
{
    if (pack->rc == 0)
        pack->rc = -(int)code;
}

struct souk_slice
souk_pack_slice(const struct souk_pack *pack)
{
    return (struct souk_slice){ pack->base, pack->size_bytes };
}

void
souk_pack_uint(struct souk_pack *pack, uint64_t value)
{
    (void)write_uint64(pack, value);
}

void
souk_pack_int(struct souk_pack *pack, int64_t value)
{
    (void)write_int64(pack, value);
}

void
souk_pack_bool(struct souk_pack *pack, bool value)
{
    if (value)
        (void)write_true(pack);
    else
        (void)write_false(pack);
}

void
souk_pack_nil(struct souk_pack *pack)
{
    (void)write_nil(pack);
}

void
souk_pack_str(struct souk_pack *pack, struct souk_slice text)
{
    if (pack->rc != 0)
        return;
    if (text.size_bytes > UINT32_MAX) {
        pack->rc = -SOUK_ETOOBIG;
        return;
    }
    if (!souk_slice_is_utf8(text)) {
        pack->rc = -SOUK_EINVAL;
        return;
    }
    if (write_str(pack, text.size_bytes) == 0)
        (void)append(pack, text.base, text.size_bytes);
}

void
souk_pack_bin(struct souk_pack *pack, struct souk_slice bytes)
{
    if (pack->rc != 0)
        return;
    if (bytes.size_bytes > UINT32_MAX) {
        pack->rc = -SOUK_ETOOBIG;
        return;
    }
    if (write_bin(pack, bytes.size_bytes) == 0)
        (void)append(pack, bytes.base, bytes.size_bytes);
}

void
souk_pack_sealed(struct souk_pack *pack, struct souk_slice sealed)
{
    if (pack->rc != 0)
        return;
    if (sealed.size_bytes < SOUK_PACK_SEALED_BYTES_MIN || sealed.size_bytes > UINT32_MAX) {
        pack->rc = sealed.size_bytes > UINT32_MAX ? -SOUK_ETOOBIG : -SOUK_EINVAL;
        return;
    }
    if (write_ext(pack, sealed.size_bytes, SOUK_PACK_SEALED) == 0)
        (void)append(pack, sealed.base, sealed.size_bytes);
}

void
souk_pack_array(struct souk_pack *pack, uint32_t count)
{
    (void)write_array(pack, count);
}

void
souk_pack_raw(struct souk_pack *pack, struct souk_slice packed)
{
    (void)append(pack, packed.base, packed.size_bytes);
}

/* Where the templates write to: -1 makes them stop, the reason is in `rc`. */
static inline int
append(struct souk_pack *pack, const void *bytes, size_t size_bytes)
{
    if (pack->rc != 0)
        return -1;
    if (size_bytes > pack->room_bytes - pack->size_bytes && grow(pack, size_bytes) != 0)
        return -1;
    if (size_bytes != 0)
        memcpy(pack->base + pack->size_bytes, bytes, size_bytes);
    pack->size_bytes += size_bytes;
    return 0;
}

/* Twice the room each time; never beyond bytes_max, so that the room is the bound. */
static __attribute__((noinline, cold)) int
grow(struct souk_pack *pack, size_t more_bytes)
{
    size_t room_bytes = pack->room_bytes == 0 ? PACK_ROOM_BYTES_MIN : pack->room_bytes;
    uint8_t *base;

    if (more_bytes > pack->bytes_max - pack->size_bytes) {
        pack->rc = -SOUK_ETOOBIG;
        return -1;
    }
    while (room_bytes < pack->bytes_max && room_bytes - pack->size_bytes < more_bytes)
        room_bytes = room_bytes > pack->bytes_max / 2 ? pack->bytes_max : room_bytes * 2;
    if (room_bytes > pack->bytes_max)
        room_bytes = pack->bytes_max;
    if ((base = realloc(pack->base, room_bytes)) == NULL) {
        pack->rc = -SOUK_ENOMEM;
        return -1;
    }
    pack->base = base;
    pack->room_bytes = room_bytes;
    return 0;
}
