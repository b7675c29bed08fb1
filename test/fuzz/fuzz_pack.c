/*
 * The msgpack reader: what it steps over is canonical, so writing it again
 * gives the same bytes; and each function that reads one kind of value agrees
 * with the one that writes it.
 */
#include "fuzz.h"

#include <souk-message.h>

#include <assert.h>
#include <string.h>

#define NIL 0xc0
#define BOOL_FALSE 0xc2
#define BOOL_TRUE 0xc3

/* Read one value, whatever it is, and write it again. It was stepped over before. */
static void
copy_value(struct souk_unpack *in, struct souk_pack *pack)
{
    const uint8_t first = *in->at;
    uint32_t count, i;

    if (first == NIL) {
        assert(souk_unpack_nil(in));
        souk_pack_nil(pack);
    } else if (first == BOOL_FALSE || first == BOOL_TRUE) {
        souk_pack_bool(pack, souk_unpack_bool(in));
    } else if (first < 0x80 || (first >= 0xcc && first <= 0xcf)) {
        souk_pack_uint(pack, souk_unpack_uint(in, UINT64_MAX));
    } else if (first >= 0xe0 || (first >= 0xd0 && first <= 0xd3)) {
        souk_pack_int(pack, souk_unpack_int(in, INT64_MIN, INT64_MAX));
    } else if (first >= 0xc4 && first <= 0xc6) {
        souk_pack_bin(pack, souk_unpack_bin(in, SIZE_MAX));
    } else if ((first & 0xe0) == 0xa0 || (first >= 0xd9 && first <= 0xdb)) {
        souk_pack_str(pack, souk_unpack_str(in, SIZE_MAX));
    } else if (first >= 0xc7 && first <= 0xc9) {
        souk_pack_sealed(pack, souk_unpack_sealed(in, SIZE_MAX));
    } else {
        count = souk_unpack_array(in, UINT32_MAX);
        souk_pack_array(pack, count);
        for (i = 0; i < count; i++)
            copy_value(in, pack);
    }
}

static void
step_over(struct souk_slice packed, struct souk_pack *pack)
{
    struct souk_slice value;
    struct souk_unpack in;

    souk_unpack_init(&in, packed);
    value = souk_unpack_skip(&in);
    if (in.rc != 0) {
        assert(value.size_bytes == 0);
        assert(souk_unpack_uint(&in, UINT64_MAX) == 0);         /* the first failure sticks */
        assert(souk_unpack_skip(&in).size_bytes == 0);
        assert(souk_unpack_end(&in) == in.rc);
        return;
    }
    assert(value.base == packed.base);
    assert(value.size_bytes > 0 && value.size_bytes <= packed.size_bytes);
    assert((souk_unpack_end(&in) == 0) == (value.size_bytes == packed.size_bytes));

    souk_unpack_init(&in, value);
    copy_value(&in, pack);
    assert(souk_unpack_end(&in) == 0);
    assert(pack->rc == 0);
    assert(souk_slice_equal(souk_pack_slice(pack), value));
}

/* The bytes that a reader went over are those that the writer of what it gave makes. */
static void
compare(const struct souk_unpack *in, struct souk_slice packed, struct souk_pack *pack)
{
    if (in->rc == 0) {
        assert(pack->rc == 0);
        assert(pack->size_bytes == (size_t)(in->at - (const uint8_t *)packed.base));
        assert(memcmp(pack->base, packed.base, pack->size_bytes) == 0);
    }
    souk_pack_reset(pack);
}

static void
read_each_kind(struct souk_slice packed, struct souk_pack *pack)
{
    struct souk_unpack in;
    uint8_t bits[8];

    souk_unpack_init(&in, packed);
    souk_pack_uint(pack, souk_unpack_uint(&in, UINT64_MAX));
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_pack_int(pack, souk_unpack_int(&in, INT64_MIN, INT64_MAX));
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_pack_bool(pack, souk_unpack_bool(&in));
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_pack_str(pack, souk_unpack_str(&in, SIZE_MAX));
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_pack_bin(pack, souk_unpack_bin(&in, SIZE_MAX));
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_unpack_bin_exact(&in, bits, sizeof bits);
    souk_pack_bin(pack, (struct souk_slice){ bits, sizeof bits });
    compare(&in, packed, pack);
    souk_unpack_init(&in, packed);
    souk_pack_array(pack, souk_unpack_array(&in, UINT32_MAX));
    compare(&in, packed, pack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct souk_slice packed = { bytes, size_bytes };
    struct souk_pack pack;

    souk_pack_init(&pack, size_bytes + 16);
    step_over(packed, &pack);
    souk_pack_reset(&pack);
    read_each_kind(packed, &pack);
    souk_pack_done(&pack);
    return 0;
}
