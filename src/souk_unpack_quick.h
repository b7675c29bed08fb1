/*
 * souk_unpack_quick - the values that most batches and messages are made of,
 * read where they are wanted, without a call: short ones, in order.
 *
 * What is longer, or wrong, goes to the functions of <souk-message.h>. These
 * here say and leave behind the same.
 */
#ifndef SOUK_UNPACK_QUICK_H
#define SOUK_UNPACK_QUICK_H

#include <assert.h>
#include <string.h>

#include <souk-message.h>

/* Arrays that waited for the value just read alone. */
void souk_unpack_close(struct souk_unpack *in);

static inline void
souk_quick_done(struct souk_unpack *in)
{
    if (in->depth == 0)
        return;
    assert(in->left[in->depth - 1] > 0);
    if (--in->left[in->depth - 1] == 0)
        souk_unpack_close(in);
}

static inline uint64_t
souk_quick_uint(struct souk_unpack *in, uint64_t value_max)
{
    uint8_t value;

    if (in->rc != 0 || in->at == in->end || *in->at >= 0x80 || *in->at > value_max)
        return souk_unpack_uint(in, value_max);
    value = *in->at++;
    souk_quick_done(in);
    return value;
}

static inline void
souk_quick_bin_exact(struct souk_unpack *in, void *bytes_out, size_t size_bytes)
{
    if (in->rc != 0 || (size_t)(in->end - in->at) < 2 + size_bytes || in->at[0] != 0xc4 || in->at[1] != size_bytes) {
        souk_unpack_bin_exact(in, bytes_out, size_bytes);
        return;
    }
    memcpy(bytes_out, in->at + 2, size_bytes);
    in->at += 2 + size_bytes;
    souk_quick_done(in);
}

static inline void
souk_quick_array_exact(struct souk_unpack *in, uint32_t count)
{
    if (count - 1 > 14 || in->rc != 0 || in->at == in->end || *in->at != (0x90 | count)
        || in->depth == SOUK_PACK_DEPTH_MAX || count > (size_t)(in->end - in->at) - 1) {
        souk_unpack_array_exact(in, count);
        return;
    }
    in->at++;
    if (in->depth > 0)
        in->left[in->depth - 1]--;
    in->left[in->depth++] = count;
}

#endif
