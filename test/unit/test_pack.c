/*
 * The one form of msgpack that souk writes and reads. What is written is read
 * back by msgpack-c's own unpacker as well, which shares no code with our
 * reader; what only the reader must refuse is spelled out byte by byte.
 */
#include <souk-message.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#define BYTES(...) ((struct souk_slice){ (const uint8_t[]){ __VA_ARGS__ }, sizeof (const uint8_t[]){ __VA_ARGS__ } })

/* Each edge where the encoding of an integer changes, and its neighbours. */
static const uint64_t unsigned_edges[] = {
    0, 1, 0x7e, 0x7f, 0x80, 0xfe, 0xff, 0x100, 0xfffe, 0xffff, 0x10000, 0xfffffffe, 0xffffffff, 0x100000000,
    INT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX,
};
static const int64_t negative_edges[] = {
    -1, -31, -32, -33, -127, -128, -129, -32767, -32768, -32769, -2147483647, INT32_MIN, (int64_t)INT32_MIN - 1,
    INT64_MIN + 1, INT64_MIN,
};
static const size_t length_edges[] = { 0, 1, 15, 16, 31, 32, 254, 255, 256, 65534, 65535, 65536, 65537 };

/* What msgpack-c finds; it must take every byte. */
static msgpack_object
read_by_msgpack(struct souk_slice packed, msgpack_unpacked *holder)
{
    size_t offset = 0;

    msgpack_unpacked_init(holder);
    assert_int_equal(msgpack_unpack_next(holder, packed.base, packed.size_bytes, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, packed.size_bytes);
    return holder->data;
}

static size_t
unsigned_size(uint64_t value)
{
    return value < 0x80 ? 1 : value <= UINT8_MAX ? 2 : value <= UINT16_MAX ? 3 : value <= UINT32_MAX ? 5 : 9;
}

static size_t
negative_size(int64_t value)
{
    return value >= -32 ? 1 : value >= INT8_MIN ? 2 : value >= INT16_MIN ? 3 : value >= INT32_MIN ? 5 : 9;
}

static void
unsigned_numbers_go_both_ways_in_their_shortest_form(void **state)
{
    struct souk_pack pack;
    struct souk_unpack in;
    msgpack_unpacked holder;
    msgpack_object seen;
    size_t i;

    souk_pack_init(&pack, 64);
    for (i = 0; i < sizeof unsigned_edges / sizeof unsigned_edges[0]; i++) {
        souk_pack_reset(&pack);
        souk_pack_uint(&pack, unsigned_edges[i]);
        assert_int_equal(pack.rc, 0);
        assert_int_equal(pack.size_bytes, unsigned_size(unsigned_edges[i]));
        seen = read_by_msgpack(souk_pack_slice(&pack), &holder);
        assert_int_equal(seen.type, MSGPACK_OBJECT_POSITIVE_INTEGER);
        assert_true(seen.via.u64 == unsigned_edges[i]);
        msgpack_unpacked_destroy(&holder);

        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_unpack_uint(&in, unsigned_edges[i]) == unsigned_edges[i]);
        assert_int_equal(souk_unpack_end(&in), 0);
        if (unsigned_edges[i] > 0) {
            souk_unpack_init(&in, souk_pack_slice(&pack));
            assert_true(souk_unpack_uint(&in, unsigned_edges[i] - 1) == 0);
            assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
        }
    }
    souk_pack_done(&pack);
}

static void
signed_numbers_go_both_ways_in_their_shortest_form(void **state)
{
    struct souk_pack pack;
    struct souk_unpack in;
    msgpack_unpacked holder;
    msgpack_object seen;
    size_t i;

    souk_pack_init(&pack, 64);
    for (i = 0; i < sizeof negative_edges / sizeof negative_edges[0]; i++) {
        souk_pack_reset(&pack);
        souk_pack_int(&pack, negative_edges[i]);
        assert_int_equal(pack.rc, 0);
        assert_int_equal(pack.size_bytes, negative_size(negative_edges[i]));
        seen = read_by_msgpack(souk_pack_slice(&pack), &holder);
        assert_int_equal(seen.type, MSGPACK_OBJECT_NEGATIVE_INTEGER);
        assert_true(seen.via.i64 == negative_edges[i]);
        msgpack_unpacked_destroy(&holder);

        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_unpack_int(&in, negative_edges[i], -1) == negative_edges[i]);
        assert_int_equal(souk_unpack_end(&in), 0);
        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_unpack_int(&in, negative_edges[i] + 1, 0) == 0);
        assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_unpack_uint(&in, UINT64_MAX) == 0);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
    }
    for (i = 0; i < sizeof unsigned_edges / sizeof unsigned_edges[0]; i++) {
        if (unsigned_edges[i] > INT64_MAX) {
            souk_pack_reset(&pack);
            souk_pack_uint(&pack, unsigned_edges[i]);
            souk_unpack_init(&in, souk_pack_slice(&pack));
            assert_true(souk_unpack_int(&in, INT64_MIN, INT64_MAX) == 0);
            assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
            continue;
        }
        souk_pack_reset(&pack);
        souk_pack_int(&pack, (int64_t)unsigned_edges[i]);
        assert_int_equal(pack.size_bytes, unsigned_size(unsigned_edges[i]));
        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_unpack_int(&in, INT64_MIN, INT64_MAX) == (int64_t)unsigned_edges[i]);
        assert_int_equal(souk_unpack_end(&in), 0);
    }
    souk_pack_done(&pack);
}

static void
text_and_bytes_of_every_length_form_go_both_ways(void **state)
{
    char *letters = malloc(70000);
    struct souk_slice text;
    struct souk_slice seen;
    struct souk_pack pack;
    struct souk_unpack in;
    msgpack_unpacked holder;
    msgpack_object object;
    size_t header_bytes;
    size_t size_bytes;
    size_t i;

    assert_non_null(letters);
    memset(letters, 'x', 70000);
    souk_pack_init(&pack, 1 << 20);
    for (i = 0; i < sizeof length_edges / sizeof length_edges[0]; i++) {
        size_bytes = length_edges[i];
        text = (struct souk_slice){ letters, size_bytes };

        souk_pack_reset(&pack);
        souk_pack_str(&pack, text);
        header_bytes = size_bytes < 32 ? 1 : size_bytes <= UINT8_MAX ? 2 : size_bytes <= UINT16_MAX ? 3 : 5;
        assert_int_equal(pack.size_bytes, header_bytes + size_bytes);
        object = read_by_msgpack(souk_pack_slice(&pack), &holder);
        assert_int_equal(object.type, MSGPACK_OBJECT_STR);
        assert_int_equal(object.via.str.size, size_bytes);
        msgpack_unpacked_destroy(&holder);
        souk_unpack_init(&in, souk_pack_slice(&pack));
        seen = souk_unpack_str(&in, size_bytes);
        assert_true(souk_slice_equal(seen, text));
        assert_int_equal(souk_unpack_end(&in), 0);
        if (size_bytes > 0) {
            souk_unpack_init(&in, souk_pack_slice(&pack));
            seen = souk_unpack_str(&in, size_bytes - 1);
            assert_int_equal(seen.size_bytes, 0);
            assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
        }

        souk_pack_reset(&pack);
        souk_pack_bin(&pack, text);
        header_bytes = size_bytes <= UINT8_MAX ? 2 : size_bytes <= UINT16_MAX ? 3 : 5;
        assert_int_equal(pack.size_bytes, header_bytes + size_bytes);
        object = read_by_msgpack(souk_pack_slice(&pack), &holder);
        assert_int_equal(object.type, MSGPACK_OBJECT_BIN);
        assert_int_equal(object.via.bin.size, size_bytes);
        msgpack_unpacked_destroy(&holder);
        souk_unpack_init(&in, souk_pack_slice(&pack));
        seen = souk_unpack_bin(&in, size_bytes);
        assert_true(souk_slice_equal(seen, text));
        assert_int_equal(souk_unpack_end(&in), 0);
        if (size_bytes > 0) {
            souk_unpack_init(&in, souk_pack_slice(&pack));
            seen = souk_unpack_bin(&in, size_bytes - 1);
            assert_int_equal(seen.size_bytes, 0);
            assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
        }
    }
    souk_pack_done(&pack);
    free(letters);
}

static void
arrays_of_every_count_form_go_both_ways(void **state)
{
    struct souk_pack pack;
    struct souk_unpack in;
    msgpack_unpacked holder;
    msgpack_object object;
    uint32_t count;
    uint32_t j;
    size_t i;

    souk_pack_init(&pack, 1 << 20);
    for (i = 0; i < sizeof length_edges / sizeof length_edges[0]; i++) {
        count = (uint32_t)length_edges[i];
        souk_pack_reset(&pack);
        souk_pack_array(&pack, count);
        assert_int_equal(pack.size_bytes, count < 16 ? 1 : count <= UINT16_MAX ? 3 : 5);
        for (j = 0; j < count; j++)
            souk_pack_nil(&pack);
        object = read_by_msgpack(souk_pack_slice(&pack), &holder);
        assert_int_equal(object.type, MSGPACK_OBJECT_ARRAY);
        assert_int_equal(object.via.array.size, count);
        msgpack_unpacked_destroy(&holder);

        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_int_equal(souk_unpack_array(&in, count), count);
        for (j = count; j > 0; j--) {
            assert_int_equal(souk_unpack_left(&in), j);
            assert_true(souk_unpack_nil(&in));
        }
        assert_int_equal(souk_unpack_left(&in), 0);
        assert_int_equal(souk_unpack_end(&in), 0);
        if (count > 0) {
            souk_unpack_init(&in, souk_pack_slice(&pack));
            assert_int_equal(souk_unpack_array(&in, count - 1), 0);
            assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
        }
        souk_unpack_init(&in, souk_pack_slice(&pack));
        souk_unpack_array_exact(&in, count + 1);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
    }
    souk_pack_done(&pack);
}

static void
an_array_closes_after_its_last_value(void **state)
{
    struct souk_slice packed = BYTES(0x93, 0x01, 0x92, 0xc3, 0x91, 0x90, 0x02);
    struct souk_unpack in;

    souk_unpack_init(&in, packed);
    souk_unpack_array_exact(&in, 3);
    assert_true(souk_unpack_uint(&in, 9) == 1);
    souk_unpack_array_exact(&in, 2);
    assert_true(souk_unpack_bool(&in));
    souk_unpack_array_exact(&in, 1);
    assert_int_equal(souk_unpack_left(&in), 1);
    souk_unpack_array_exact(&in, 0);
    assert_int_equal(souk_unpack_left(&in), 1);     /* three levels closed at once */
    assert_int_equal(in.depth, 1);
    assert_true(souk_unpack_uint(&in, 9) == 2);
    assert_int_equal(souk_unpack_end(&in), 0);
    assert_true(souk_unpack_uint(&in, 9) == 0);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
}

static void
what_is_left_over_or_left_out_is_malformed(void **state)
{
    struct souk_unpack in;

    souk_unpack_init(&in, BYTES(0x01, 0x02));
    assert_true(souk_unpack_uint(&in, 9) == 1);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);

    souk_unpack_init(&in, BYTES(0x92, 0x01, 0x02));
    souk_unpack_array_exact(&in, 2);
    assert_true(souk_unpack_uint(&in, 9) == 1);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);

    souk_unpack_init(&in, (struct souk_slice){ NULL, 0 });
    assert_int_equal(souk_unpack_end(&in), 0);
    assert_true(souk_unpack_uint(&in, 9) == 0);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
}

static void
the_first_failure_sticks(void **state)
{
    uint8_t id[16];
    struct souk_unpack in;
    struct souk_pack pack;

    souk_unpack_init(&in, BYTES(0x95, 0x7f, 0xc3, 0xa1, 'x', 0xc4, 0x00, 0xc0));
    souk_unpack_array_exact(&in, 5);
    assert_true(souk_unpack_uint(&in, 1) == 0);
    assert_int_equal(in.rc, -SOUK_ETOOBIG);
    assert_false(souk_unpack_bool(&in));
    assert_int_equal(souk_unpack_str(&in, 9).size_bytes, 0);
    assert_int_equal(souk_unpack_bin(&in, 9).size_bytes, 0);
    assert_false(souk_unpack_nil(&in));
    assert_true(souk_unpack_int(&in, -9, 9) == 0);
    assert_int_equal(souk_unpack_array(&in, 9), 0);
    assert_null(souk_unpack_skip(&in).base);
    assert_int_equal(souk_unpack_left(&in), 0);
    memset(id, 0xff, sizeof id);
    souk_unpack_bin_exact(&in, id, sizeof id);
    assert_int_equal(id[0] | id[15], 0);
    assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);

    souk_pack_init(&pack, 4);
    souk_pack_str(&pack, souk_slice_of("\xff"));
    souk_pack_str(&pack, souk_slice_of("far beyond the limit"));
    souk_pack_uint(&pack, 1);
    assert_int_equal(pack.rc, -SOUK_EINVAL);
    assert_int_equal(pack.size_bytes, 0);
    souk_pack_reset(&pack);
    souk_pack_uint(&pack, 1);
    assert_int_equal(pack.rc, 0);
    assert_int_equal(pack.size_bytes, 1);
    souk_pack_done(&pack);
}

static void
a_buffer_grows_to_its_limit_and_not_past_it(void **state)
{
    static const size_t limits[] = { 1, 2, 255, 256, 257, 511, 512, 513, 4096, 100000 };
    struct souk_pack pack;
    size_t written;
    size_t i;

    for (i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        souk_pack_init(&pack, limits[i]);
        for (written = 0; written < limits[i]; written++)
            souk_pack_uint(&pack, written & 0x7f);
        assert_int_equal(pack.rc, 0);
        assert_int_equal(pack.size_bytes, limits[i]);
        assert_in_range(pack.room_bytes, limits[i], limits[i]);
        souk_pack_uint(&pack, 0);
        assert_int_equal(pack.rc, -SOUK_ETOOBIG);
        assert_int_equal(pack.size_bytes, limits[i]);
        for (written = 0; written < limits[i]; written++)
            assert_int_equal(pack.base[written], written & 0x7f);
        souk_pack_done(&pack);
    }
    souk_pack_init(&pack, 0);
    souk_pack_raw(&pack, (struct souk_slice){ NULL, 0 });
    assert_int_equal(pack.rc, 0);
    souk_pack_nil(&pack);
    assert_int_equal(pack.rc, -SOUK_ETOOBIG);
    souk_pack_done(&pack);
}

static void
what_has_a_shorter_form_is_malformed(void **state)
{
    static const struct { const char *bytes; size_t size_bytes; } longer[] = {
        { "\xcc\x7f", 2 }, { "\xcd\x00\xff", 3 }, { "\xce\x00\x00\xff\xff", 5 },
        { "\xcf\x00\x00\x00\x00\xff\xff\xff\xff", 9 },
        { "\xd0\x00", 2 }, { "\xd0\x7f", 2 }, { "\xd0\xe0", 2 }, { "\xd1\xff\x80", 3 }, { "\xd1\x01\x00", 3 },
        { "\xd2\xff\xff\x80\x00", 5 }, { "\xd2\x7f\xff\xff\xff", 5 },
        { "\xd3\xff\xff\xff\xff\x80\x00\x00\x00", 9 }, { "\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
        { "\xd9\x00", 2 }, { "\xd9\x01x", 3 }, { "\xda\x00\x01x", 4 }, { "\xdb\x00\x00\x00\x01x", 6 },
        { "\xc5\x00\x01x", 4 }, { "\xc6\x00\x00\x00\x01x", 6 },
        { "\xdc\x00\x01\xc0", 4 }, { "\xdd\x00\x00\x00\x01\xc0", 6 }, { "\xdc\x00\x00", 3 },
    };
    struct souk_unpack in;
    struct souk_slice packed;
    size_t i;

    for (i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        packed = (struct souk_slice){ longer[i].bytes, longer[i].size_bytes };
        souk_unpack_init(&in, packed);
        assert_null(souk_unpack_skip(&in).base);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
        souk_unpack_init(&in, packed);
        (void)souk_unpack_uint(&in, UINT64_MAX);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
        souk_unpack_init(&in, packed);
        (void)souk_unpack_int(&in, INT64_MIN, INT64_MAX);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
        souk_unpack_init(&in, packed);
        (void)souk_unpack_str(&in, SIZE_MAX);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
        souk_unpack_init(&in, packed);
        (void)souk_unpack_bin(&in, SIZE_MAX);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
        souk_unpack_init(&in, packed);
        (void)souk_unpack_array(&in, UINT32_MAX);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
    }
}

/* Floats, maps, extensions and the byte that msgpack never uses. */
static void
types_that_souk_does_not_know_are_malformed(void **state)
{
    uint8_t packed[32] = { 0 };
    struct souk_unpack in;
    unsigned first;

    for (first = 0x80; first <= 0xff; first++) {
        if (!((first >= 0x80 && first <= 0x8f) || first == 0xc1 || (first >= 0xc7 && first <= 0xcb)
            || (first >= 0xd4 && first <= 0xd8) || first == 0xde || first == 0xdf))
            continue;
        packed[0] = (uint8_t)first;
        souk_unpack_init(&in, (struct souk_slice){ packed, sizeof packed });
        assert_null(souk_unpack_skip(&in).base);
        assert_int_equal(in.rc, -SOUK_EMALFORMED);
    }
}

static void
only_the_asked_type_is_read(void **state)
{
    static const struct { struct souk_slice packed; unsigned type; } values[] = {
        { { "\x01", 1 }, 0 }, { { "\xff", 1 }, 1 }, { { "\xc3", 1 }, 2 }, { { "\xa1x", 2 }, 3 },
        { { "\xc4\x01x", 3 }, 4 }, { { "\x91\x01", 2 }, 5 }, { { "\xc0", 1 }, 6 },
    };
    uint8_t byte;
    struct souk_unpack in;
    unsigned asked;
    size_t i;

    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (asked = 0; asked < 6; asked++) {
            souk_unpack_init(&in, values[i].packed);
            switch (asked) {
            case 0: (void)souk_unpack_uint(&in, UINT64_MAX); break;
            case 1: (void)souk_unpack_int(&in, INT64_MIN, INT64_MAX); break;
            case 2: (void)souk_unpack_bool(&in); break;
            case 3: (void)souk_unpack_str(&in, SIZE_MAX); break;
            case 4: souk_unpack_bin_exact(&in, &byte, sizeof byte); break;
            default: (void)souk_unpack_array(&in, UINT32_MAX); break;
            }
            if (asked == values[i].type || (asked == 1 && values[i].type == 0))
                assert_int_equal(in.rc, 0);
            else
                assert_int_equal(in.rc, -SOUK_EMALFORMED);
        }
        souk_unpack_init(&in, values[i].packed);
        assert_int_equal(souk_unpack_nil(&in), values[i].type == 6);
        assert_int_equal(in.rc, 0);
    }
}

static void
a_count_is_not_believed_beyond_the_bytes_left(void **state)
{
    static const struct { const char *bytes; size_t size_bytes; } lies[] = {
        { "\xdd\xff\xff\xff\xff", 5 }, { "\xdc\xff\xff\xc0\xc0", 5 }, { "\x92\xc0", 2 }, { "\x91", 1 },
        { "\xdb\xff\xff\xff\xff", 5 }, { "\xc6\xff\xff\xff\xff", 5 }, { "\xda\x01\x00x", 4 }, { "\xd9\x20x", 3 },
        { "\xa2x", 2 }, { "\xc4\x02x", 3 }, { "\xc4", 1 }, { "\xc5\x01", 2 }, { "\xdc\x00", 2 }, { "\xdd\x00\x00", 3 },
        { "\xcc", 1 }, { "\xcd\x01", 2 }, { "\xce\x01\x02\x03", 4 }, { "\xcf\x01\x02\x03\x04\x05\x06\x07", 8 },
        { "\xd0", 1 }, { "\xd1\x80", 2 }, { "\xd2\x80\x00\x00", 4 }, { "\xd3\x80\x00\x00\x00\x00\x00\x00", 8 },
    };
    struct souk_unpack in;
    uint8_t *exact;
    size_t i;

    for (i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        /* On the heap, so that a sanitizer sees a read of one byte too many. */
        exact = malloc(lies[i].size_bytes);
        assert_non_null(exact);
        memcpy(exact, lies[i].bytes, lies[i].size_bytes);
        souk_unpack_init(&in, (struct souk_slice){ exact, lies[i].size_bytes });
        assert_null(souk_unpack_skip(&in).base);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
        souk_unpack_init(&in, (struct souk_slice){ exact, lies[i].size_bytes });
        (void)souk_unpack_array(&in, UINT32_MAX);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
        free(exact);
    }
}

static void
nesting_ends_at_its_limit(void **state)
{
    uint8_t packed[SOUK_PACK_DEPTH_MAX + 1];
    struct souk_unpack in;
    unsigned depth;

    memset(packed, 0x91, sizeof packed);
    packed[SOUK_PACK_DEPTH_MAX] = 0x01;
    souk_unpack_init(&in, (struct souk_slice){ packed, SOUK_PACK_DEPTH_MAX + 1 });
    for (depth = 0; depth < SOUK_PACK_DEPTH_MAX; depth++)
        souk_unpack_array_exact(&in, 1);
    assert_true(souk_unpack_uint(&in, 1) == 1);
    assert_int_equal(souk_unpack_end(&in), 0);
    souk_unpack_init(&in, (struct souk_slice){ packed, SOUK_PACK_DEPTH_MAX + 1 });
    assert_int_equal(souk_unpack_skip(&in).size_bytes, SOUK_PACK_DEPTH_MAX + 1);
    assert_int_equal(souk_unpack_end(&in), 0);

    packed[SOUK_PACK_DEPTH_MAX] = 0x90;
    souk_unpack_init(&in, (struct souk_slice){ packed, SOUK_PACK_DEPTH_MAX + 1 });
    for (depth = 0; depth <= SOUK_PACK_DEPTH_MAX; depth++)
        (void)souk_unpack_array(&in, 1);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
    souk_unpack_init(&in, (struct souk_slice){ packed, SOUK_PACK_DEPTH_MAX + 1 });
    assert_null(souk_unpack_skip(&in).base);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);

    /* What is stepped over counts from where the reader stands. */
    souk_unpack_init(&in, (struct souk_slice){ packed, SOUK_PACK_DEPTH_MAX + 1 });
    souk_unpack_array_exact(&in, 1);
    assert_null(souk_unpack_skip(&in).base);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
}

static void
text_is_utf8_when_written_and_when_read(void **state)
{
    static const char *const good[] = {
        "", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8d\xb5", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "eight by eight, then \xc3\xa9 and on",
    };
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf0\x9f\x8d", "\xff", "\xfe", "eight by eight, then \xc3", "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x9f\x28\xb5",
    };
    struct souk_pack pack;
    struct souk_unpack in;
    uint8_t packed[64];
    size_t size_bytes;
    size_t i;

    souk_pack_init(&pack, 64);
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        souk_pack_reset(&pack);
        souk_pack_str(&pack, souk_slice_of(good[i]));
        assert_int_equal(pack.rc, 0);
        souk_unpack_init(&in, souk_pack_slice(&pack));
        assert_true(souk_slice_equal(souk_unpack_str(&in, 64), souk_slice_of(good[i])));
        assert_int_equal(souk_unpack_end(&in), 0);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        souk_pack_reset(&pack);
        souk_pack_str(&pack, souk_slice_of(bad[i]));
        assert_int_equal(pack.rc, -SOUK_EINVAL);
        assert_int_equal(pack.size_bytes, 0);
        size_bytes = strlen(bad[i]);
        packed[0] = (uint8_t)(0xa0 | size_bytes);
        memcpy(packed + 1, bad[i], size_bytes);
        souk_unpack_init(&in, (struct souk_slice){ packed, size_bytes + 1 });
        assert_null(souk_unpack_str(&in, 64).base);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
        souk_unpack_init(&in, (struct souk_slice){ packed, size_bytes + 1 });
        assert_null(souk_unpack_skip(&in).base);
        assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
    }
    souk_pack_done(&pack);
}

static void
stepping_over_gives_the_bytes_of_a_value(void **state)
{
    struct souk_slice packed = BYTES(0x92, 0x93, 0xa1, 'x', 0x91, 0xcd, 0x01, 0x00, 0xc0, 0xc2);
    struct souk_slice value;
    struct souk_unpack in;

    souk_unpack_init(&in, packed);
    souk_unpack_array_exact(&in, 2);
    value = souk_unpack_skip(&in);
    assert_int_equal(value.size_bytes, 8);
    assert_ptr_equal(value.base, (const uint8_t *)packed.base + 1);
    assert_int_equal(souk_unpack_left(&in), 1);
    assert_false(souk_unpack_bool(&in));
    assert_int_equal(souk_unpack_end(&in), 0);
}

static void
exact_bytes_are_exact(void **state)
{
    struct souk_unpack in;
    uint8_t two[2] = { 9, 9 };

    souk_unpack_init(&in, BYTES(0xc4, 0x02, 0x01, 0x02));
    souk_unpack_bin_exact(&in, two, sizeof two);
    assert_int_equal(souk_unpack_end(&in), 0);
    assert_int_equal(two[0] * 16 + two[1], 0x12);
    souk_unpack_init(&in, BYTES(0xc4, 0x01, 0x01));
    souk_unpack_bin_exact(&in, two, sizeof two);
    assert_int_equal(souk_unpack_end(&in), -SOUK_EMALFORMED);
    assert_int_equal(two[0] | two[1], 0);
    souk_unpack_init(&in, BYTES(0xc4, 0x03, 0x01, 0x02, 0x03));
    souk_unpack_bin_exact(&in, two, sizeof two);
    assert_int_equal(souk_unpack_end(&in), -SOUK_ETOOBIG);
}

/* Read one value of any type as a reader that knows nothing would, and write it again. */
static void
copy_value(struct souk_unpack *in, struct souk_pack *pack)
{
    const uint8_t first = in->at == in->end ? 0 : *in->at;
    uint32_t count;
    uint32_t i;

    if (first == 0xc0) {
        (void)souk_unpack_nil(in);
        souk_pack_nil(pack);
    } else if (first == 0xc2 || first == 0xc3) {
        souk_pack_bool(pack, souk_unpack_bool(in));
    } else if (first < 0x80 || (first >= 0xcc && first <= 0xcf)) {
        souk_pack_uint(pack, souk_unpack_uint(in, UINT64_MAX));
    } else if (first >= 0xe0 || (first >= 0xd0 && first <= 0xd3)) {
        souk_pack_int(pack, souk_unpack_int(in, INT64_MIN, INT64_MAX));
    } else if (first >= 0xc4 && first <= 0xc6) {
        souk_pack_bin(pack, souk_unpack_bin(in, SIZE_MAX));
    } else if ((first & 0xe0) == 0xa0 || (first >= 0xd9 && first <= 0xdb)) {
        souk_pack_str(pack, souk_unpack_str(in, SIZE_MAX));
    } else {
        count = souk_unpack_array(in, UINT32_MAX);
        souk_pack_array(pack, count);
        for (i = 0; i < count && in->rc == 0; i++)
            copy_value(in, pack);
    }
}

/*
 * Random bytes, biased towards what looks like msgpack: whatever the reader
 * takes is written back to the same bytes, stepping over agrees with reading,
 * and msgpack-c takes it too.
 */
static void
random_bytes_are_refused_or_canonical(void **state)
{
    static const uint8_t likely[] = { 0x90, 0x91, 0x92, 0x9f, 0xa1, 0xc0, 0xc2, 0xc4, 0xcc, 0xcd, 0xd0, 0xd9, 0xdc, 0xe0 };
    uint64_t seed = 20260101;
    struct souk_unpack in;
    struct souk_unpack skipper;
    struct souk_pack pack;
    struct souk_slice packed;
    msgpack_unpacked holder;
    uint8_t bytes[24];
    unsigned round;
    unsigned taken = 0;
    size_t i;

    souk_pack_init(&pack, 4096);
    for (round = 0; round < 200000; round++) {
        for (i = 0; i < sizeof bytes; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(seed >> 56);
            if ((seed >> 40) % 3 == 0)
                bytes[i] = likely[(seed >> 32) % sizeof likely];
            else if ((seed >> 40) % 3 == 1)
                bytes[i] &= 0x1f;
        }
        packed = (struct souk_slice){ bytes, 1 + (seed >> 20) % sizeof bytes };
        souk_unpack_init(&skipper, packed);
        (void)souk_unpack_skip(&skipper);
        souk_unpack_init(&in, packed);
        souk_pack_reset(&pack);
        copy_value(&in, &pack);
        assert_int_equal(in.rc == 0, skipper.rc == 0);
        if (in.rc != 0)
            continue;
        taken++;
        assert_ptr_equal(in.at, skipper.at);
        packed.size_bytes = (size_t)(in.at - bytes);
        assert_true(souk_slice_equal(souk_pack_slice(&pack), packed));
        (void)read_by_msgpack(packed, &holder);
        msgpack_unpacked_destroy(&holder);
    }
    assert_in_range(taken, 10000, 190000);
    souk_pack_done(&pack);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_numbers_go_both_ways_in_their_shortest_form),
        cmocka_unit_test(signed_numbers_go_both_ways_in_their_shortest_form),
        cmocka_unit_test(text_and_bytes_of_every_length_form_go_both_ways),
        cmocka_unit_test(arrays_of_every_count_form_go_both_ways),
        cmocka_unit_test(an_array_closes_after_its_last_value),
        cmocka_unit_test(what_is_left_over_or_left_out_is_malformed),
        cmocka_unit_test(the_first_failure_sticks),
        cmocka_unit_test(a_buffer_grows_to_its_limit_and_not_past_it),
        cmocka_unit_test(what_has_a_shorter_form_is_malformed),
        cmocka_unit_test(types_that_souk_does_not_know_are_malformed),
        cmocka_unit_test(only_the_asked_type_is_read),
        cmocka_unit_test(a_count_is_not_believed_beyond_the_bytes_left),
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(text_is_utf8_when_written_and_when_read),
        cmocka_unit_test(stepping_over_gives_the_bytes_of_a_value),
        cmocka_unit_test(exact_bytes_are_exact),
        cmocka_unit_test(random_bytes_are_refused_or_canonical),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
