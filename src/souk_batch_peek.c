#include "souk_batch.h"

#include <endian.h>
#include <string.h>

#define EPOCH_BITS 8
#define CAUSE_ROOM (2 + 31 + 3 + EPOCH_BITS)    /* of a short one, up to its number */

/* Over a header whose form was checked when it came in: never beyond the end, and few questions asked. */
struct walk {
    const uint8_t *at, *end;
    bool failed;
};

static void walk_header(struct walk *walk, struct souk_batch_header *header);
static inline void walk_cause(struct walk *walk);
static inline void walk_bin(struct walk *walk, void *bytes_out, size_t size_bytes);
static inline struct souk_slice walk_str(struct walk *walk);
static inline uint32_t walk_array(struct walk *walk);
static inline uint64_t walk_uint(struct walk *walk);

int
souk_batch_peek(struct souk_slice batch, struct souk_batch_header *header_out)
{
    struct walk walk = { .at = batch.base, .failed = batch.size_bytes < SOUK_BATCH_HASH_END };
    struct souk_batch_header header;

    if (batch.size_bytes > SOUK_BATCH_BYTES_MAX)
        return -SOUK_ETOOBIG;
    if (walk.failed)
        return -SOUK_EMALFORMED;
    walk.end = walk.at + batch.size_bytes;
    memset(&header, 0, sizeof header);
    walk_header(&walk, &header);
    if (walk.failed || !souk_batch_header_fits(&header))
        return -SOUK_EMALFORMED;
    *header_out = header;
    return 0;
}

bool
souk_batch_header_fits(const struct souk_batch_header *header)
{
    return header->first != 0 && header->commit != 0 && header->place < header->places && header->epoch.counter != 0
        && header->body.size_bytes != 0 && (header->count != 0 || header->name_count == 0);
}

static void
walk_header(struct walk *walk, struct souk_batch_header *header)
{
    static const uint8_t head[SOUK_BATCH_HASH_OFFSET - 2] = { 0x90 | SOUK_BATCH_HEADER_FIELDS,
        SOUK_BATCH_VERSION, SOUK_BATCH_BLAKE2B };
    uint64_t count, place, places, counter;
    const uint8_t *start;

    walk->failed |= memcmp(walk->at, head, sizeof head) != 0;
    walk->at += sizeof head;
    walk_bin(walk, header->hash.bytes, sizeof header->hash.bytes);
    walk_bin(walk, header->previous.bytes, sizeof header->previous.bytes);
    walk->failed |= souk_name_set(&header->stream, walk_str(walk)) != 0;
    counter = walk_uint(walk);
    walk_bin(walk, header->epoch.bits, sizeof header->epoch.bits);
    header->first = walk_uint(walk);
    count = walk_uint(walk);
    header->time_ms = walk_uint(walk);
    header->commit = walk_uint(walk);
    place = walk_uint(walk);
    places = walk_uint(walk);
    start = walk->at;
    header->cause_count = walk_array(walk);
    for (uint32_t i = 0; i < header->cause_count && !walk->failed; i++)
        walk_cause(walk);
    header->causes = (struct souk_slice){ start, (size_t)(walk->at - start) };
    header->name_count = walk_array(walk);
    start = walk->at;
    for (uint32_t i = 0; i < header->name_count && !walk->failed; i++)
        (void)walk_str(walk);
    header->names = (struct souk_slice){ start, (size_t)(walk->at - start) };
    header->body = (struct souk_slice){ walk->at, (size_t)(walk->end - walk->at) };
    walk->failed |= counter > UINT32_MAX || header->first > UINT64_MAX - SOUK_BATCH_EVENTS_MAX
        || count > SOUK_BATCH_EVENTS_MAX || header->time_ms > SOUK_TIME_MS_MAX || place >= SOUK_COMMIT_BATCHES_MAX
        || places > SOUK_COMMIT_BATCHES_MAX || header->cause_count > SOUK_STREAMS_MAX
        || header->name_count > SOUK_BATCH_NAMES_MAX;
    header->epoch.counter = (uint32_t)counter;
    header->count = (uint32_t)count;
    header->place = (uint32_t)place;
    header->places = (uint32_t)places;
}

/* A short name, an epoch below 128 and a number: one look at the end for all of it. */
static inline void
walk_cause(struct walk *walk)
{
    const uint8_t *at = walk->at;
    uint8_t bits[EPOCH_BITS];
    size_t name_bytes;

    if (walk->end - at >= CAUSE_ROOM && at[0] == 0x94 && (at[1] & 0xe0) == 0xa0 && (name_bytes = at[1] & 0x1f) != 0) {
        at += 2 + name_bytes;
        if (at[0] < 0x80 && at[1] == 0xc4 && at[2] == EPOCH_BITS) {
            walk->at = at + 3 + EPOCH_BITS;
            (void)walk_uint(walk);
            return;
        }
    }
    walk->failed |= walk_array(walk) != 4;
    (void)walk_str(walk);
    (void)walk_uint(walk);
    walk_bin(walk, bits, sizeof bits);
    (void)walk_uint(walk);
}

static inline void
walk_bin(struct walk *walk, void *bytes_out, size_t size_bytes)
{
    if ((size_t)(walk->end - walk->at) < 2 + size_bytes || walk->at[0] != 0xc4 || walk->at[1] != size_bytes) {
        memset(bytes_out, 0, size_bytes);
        walk->failed = true;
        return;
    }
    memcpy(bytes_out, walk->at + 2, size_bytes);
    walk->at += 2 + size_bytes;
}

static inline struct souk_slice
walk_str(struct walk *walk)
{
    const uint8_t *at = walk->at;
    size_t left_bytes = (size_t)(walk->end - at), head_bytes = 1, size_bytes = 0;

    if (left_bytes > 0 && (at[0] & 0xe0) == 0xa0) {
        size_bytes = at[0] & 0x1f;
    } else if (left_bytes > 1 && at[0] == 0xd9) {
        head_bytes = 2;
        size_bytes = at[1];
    }
    if (size_bytes == 0 || left_bytes < head_bytes + size_bytes) {
        walk->failed = true;
        return (struct souk_slice){ NULL, 0 };
    }
    walk->at += head_bytes + size_bytes;
    return (struct souk_slice){ at + head_bytes, size_bytes };
}

static inline uint32_t
walk_array(struct walk *walk)
{
    const uint8_t *at = walk->at;
    size_t left_bytes = (size_t)(walk->end - at);

    if (left_bytes > 0 && (at[0] & 0xf0) == 0x90) {
        walk->at++;
        return at[0] & 0x0f;
    }
    if (left_bytes > 2 && at[0] == 0xdc) {
        walk->at += 3;
        return (uint32_t)at[1] << 8 | at[2];
    }
    walk->failed = true;
    return 0;
}

static inline uint64_t
walk_uint(struct walk *walk)
{
    size_t left_bytes = (size_t)(walk->end - walk->at), width_bytes = 0;
    uint8_t first = left_bytes > 0 ? walk->at[0] : 0xc0;
    uint64_t value = 0;

    if (first < 0x80) {
        walk->at++;
        return first;
    }
    if (left_bytes > sizeof value && first == 0xcf) {
        memcpy(&value, walk->at + 1, sizeof value);
        walk->at += 1 + sizeof value;
        return be64toh(value);
    }
    if (first >= 0xcc && first <= 0xcf)
        width_bytes = (size_t)1 << (first - 0xcc);
    if (width_bytes == 0 || left_bytes < 1 + width_bytes) {
        walk->failed = true;
        return 0;
    }
    for (size_t i = 1; i <= width_bytes; i++)
        value = value << 8 | walk->at[i];
    walk->at += 1 + width_bytes;
    return value;
}
