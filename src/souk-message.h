/*
 * souk-message - msgpack in the one form that souk accepts, and what the
 * message compiler knows of each message.
 *
 * The form is canonical: every value has one encoding (the shortest), strings
 * are UTF-8, there are no floats, no maps, no extensions, and nesting ends at
 * SOUK_PACK_DEPTH_MAX. So equal values have equal bytes and equal hashes. The
 * reader walks over bytes where they lie and makes no tree of them; a count is
 * never believed beyond the bytes that are left.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef SOUK_MESSAGE_H
#define SOUK_MESSAGE_H

#include <souk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_PACK_DEPTH_MAX 8

/* ---- writing -------------------------------------------------------- */

/*
 * Where packed bytes go: a buffer of its own that grows up to `bytes_max`.
 * The first failure sticks in `rc`; later calls do nothing, so one check at
 * the end is enough.
 */
struct souk_pack {
    uint8_t *base;              /* owned; NULL before the first byte */
    size_t size_bytes;          /* written */
    size_t room_bytes;          /* allocated */
    size_t bytes_max;
    int rc;                     /* 0, -SOUK_ENOMEM, -SOUK_ETOOBIG or -SOUK_EINVAL */
};

SOUK_PUBLIC void souk_pack_init(struct souk_pack *pack, size_t bytes_max);
/* Forget what was written and the failure; keep the buffer. */
SOUK_PUBLIC void souk_pack_reset(struct souk_pack *pack);
SOUK_PUBLIC void souk_pack_done(struct souk_pack *pack);
/* What was written; borrowed until the next call on `pack`. */
SOUK_PUBLIC struct souk_slice souk_pack_slice(const struct souk_pack *pack);

SOUK_PUBLIC void souk_pack_uint(struct souk_pack *pack, uint64_t value);
SOUK_PUBLIC void souk_pack_int(struct souk_pack *pack, int64_t value);
SOUK_PUBLIC void souk_pack_bool(struct souk_pack *pack, bool value);
SOUK_PUBLIC void souk_pack_nil(struct souk_pack *pack);
/* Text that is not UTF-8 fails with -SOUK_EINVAL. */
SOUK_PUBLIC void souk_pack_str(struct souk_pack *pack, struct souk_slice text);
SOUK_PUBLIC void souk_pack_bin(struct souk_pack *pack, struct souk_slice bytes);
SOUK_PUBLIC void souk_pack_array(struct souk_pack *pack, uint32_t count);
/* Bytes that are packed already, as they are. */
SOUK_PUBLIC void souk_pack_raw(struct souk_pack *pack, struct souk_slice packed);

/* ---- reading -------------------------------------------------------- */

/*
 * A cursor over packed bytes, which it borrows. The first failure sticks in
 * `rc` (-SOUK_EMALFORMED, or -SOUK_ETOOBIG for a value beyond the limit that
 * the caller named); from then on every call gives 0, false or an empty slice.
 * A caller reads everything, then checks once with souk_unpack_end().
 */
struct souk_unpack {
    const uint8_t *at;
    const uint8_t *end;
    int rc;
    uint32_t depth;                                     /* arrays that are open */
    uint32_t left[SOUK_PACK_DEPTH_MAX];                 /* values still to come in each of them */
};

SOUK_PUBLIC void souk_unpack_init(struct souk_unpack *in, struct souk_slice packed);
SOUK_PUBLIC uint64_t souk_unpack_uint(struct souk_unpack *in, uint64_t value_max);
SOUK_PUBLIC int64_t souk_unpack_int(struct souk_unpack *in, int64_t value_min, int64_t value_max);
SOUK_PUBLIC bool souk_unpack_bool(struct souk_unpack *in);
/* True, and steps over it, when the next value is nil; else nothing happens. */
SOUK_PUBLIC bool souk_unpack_nil(struct souk_unpack *in);
/* The slices lie in the input and live as long as it. */
SOUK_PUBLIC struct souk_slice souk_unpack_str(struct souk_unpack *in, size_t bytes_max);
SOUK_PUBLIC struct souk_slice souk_unpack_bin(struct souk_unpack *in, size_t bytes_max);
/* Exactly `size_bytes` of bin are copied to `bytes_out`. */
SOUK_PUBLIC void souk_unpack_bin_exact(struct souk_unpack *in, void *bytes_out, size_t size_bytes);
/*
 * Open an array; its values follow. The count is at most `count_max` and at
 * most the bytes that are left. An array closes by itself after its last
 * value; reading past it is malformed.
 */
SOUK_PUBLIC uint32_t souk_unpack_array(struct souk_unpack *in, uint32_t count_max);
/* Open an array of exactly `count` values. */
SOUK_PUBLIC void souk_unpack_array_exact(struct souk_unpack *in, uint32_t count);
/* Values that are still to come in the innermost open array; 0 outside of one. */
SOUK_PUBLIC uint32_t souk_unpack_left(const struct souk_unpack *in);
/* Step over one value, arrays with all that is in them, checking its form. Gives its bytes. */
SOUK_PUBLIC struct souk_slice souk_unpack_skip(struct souk_unpack *in);
/* 0 when nothing failed, every array is closed and no byte is left; else negative. */
SOUK_PUBLIC int souk_unpack_end(const struct souk_unpack *in);

/* @MESSAGE-TYPES@ */

#ifdef __cplusplus
}
#endif

#endif
