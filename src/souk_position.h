/*
 * souk_position - epochs, positions in a history, causes, and their order.
 *
 * doc/protocol.md, sections 1 and 5. Plain values; nothing in here allocates or fails.
 */
#ifndef SOUK_POSITION_H
#define SOUK_POSITION_H

#include <string.h>

#include <souk.h>

#define SOUK_HASH_BYTES 32
#define SOUK_STREAMS_MAX 256            /* of a system */
#define SOUK_OWN_STREAMS_MAX 16         /* of a service */

/* Which store wrote a stretch of history. Counter 0 is before every epoch. */
struct souk_epoch {
    uint32_t counter;
    uint8_t bits[8];
};

struct souk_hash {
    uint8_t bytes[SOUK_HASH_BYTES];
};

/* A place in one history of one stream. All zero: before everything. */
struct souk_position {
    struct souk_epoch epoch;
    uint64_t number;
    struct souk_hash hash;
};

/* A place without its hash, as causes and the seen lists of requests name it. */
struct souk_point {
    struct souk_epoch epoch;
    uint64_t number;
};

/* A stream name of at most SOUK_NAME_BYTES_MAX bytes, NUL-terminated, zero-filled: compare with memcmp or strcmp. */
struct souk_name {
    char text[SOUK_NAME_BYTES_MAX + 1];
};

struct souk_unpack;                     /* <souk-message.h> */

struct souk_cause {
    struct souk_name stream;
    struct souk_point point;
};

bool souk_position_equal(const struct souk_position *a, const struct souk_position *b);

/* Most texts that are compared differ in their first byte. */
static inline bool
souk_text_equal(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}

/* Here and not in the source file: all that is heard, held and told is compared, and calls would cost more than they do. */
static inline bool
souk_epoch_equal(struct souk_epoch a, struct souk_epoch b)
{
    return a.counter == b.counter && memcmp(a.bits, b.bits, sizeof a.bits) == 0;
}

static inline bool
souk_point_equal(struct souk_point a, struct souk_point b)
{
    return souk_epoch_equal(a.epoch, b.epoch) && a.number == b.number;
}

static inline bool
souk_position_is_zero(const struct souk_position *position)
{
    return position->epoch.counter == 0;
}

static inline struct souk_point
souk_point_of(const struct souk_position *position)
{
    return (struct souk_point){ position->epoch, position->number };
}

/* Has a cursor at `cursor` passed `cause`: a higher epoch counter, or the same epoch id and a number not below. */
static inline bool
souk_point_satisfied(struct souk_point cause, struct souk_point cursor)
{
    if (cursor.epoch.counter > cause.epoch.counter)
        return true;
    return souk_epoch_equal(cursor.epoch, cause.epoch) && cursor.number >= cause.number;
}

/*
 * Does `a` say more than `b`: a higher counter, or the same epoch id and a
 * higher number. Points of one counter with different bits say nothing of each other: false both ways.
 */
static inline bool
souk_point_above(struct souk_point a, struct souk_point b)
{
    if (a.epoch.counter != b.epoch.counter)
        return a.epoch.counter > b.epoch.counter;
    return souk_epoch_equal(a.epoch, b.epoch) && a.number > b.number;
}

/* Has whoever stood at `by` had `point` in its past: a lower counter, or the same epoch id and a number not above. */
static inline bool
souk_point_covered(struct souk_point point, struct souk_point by)
{
    if (point.epoch.counter != by.epoch.counter)
        return point.epoch.counter < by.epoch.counter;
    return souk_epoch_equal(point.epoch, by.epoch) && point.number <= by.number;
}

#define SOUK_POINT_BYTES (4 + 8 + 8)
#define SOUK_POSITION_BYTES (SOUK_POINT_BYTES + SOUK_HASH_BYTES)
/* As rows hold them: counter, bits, number, hash; numbers big-endian. */
void souk_point_encode(const struct souk_point *point, uint8_t bytes_out[SOUK_POINT_BYTES]);
void souk_position_encode(const struct souk_position *position, uint8_t bytes_out[SOUK_POSITION_BYTES]);
/* 0 or -SOUK_EDAMAGED: the row has another size. */
SOUK_MUST_CHECK int souk_point_decode(struct souk_slice bytes, struct souk_point *point_out);
SOUK_MUST_CHECK int souk_position_decode(struct souk_slice bytes, struct souk_position *position_out);

/* Big-endian integers in keys and rows, so that bytes sort like numbers. */
void souk_put_u32(uint8_t *bytes_out, uint32_t value);
void souk_put_u64(uint8_t *bytes_out, uint64_t value);
uint32_t souk_get_u32(const uint8_t *bytes);
uint64_t souk_get_u64(const uint8_t *bytes);

/* 1 to 31 bytes of a-z 0-9 - . beginning with a letter. */
bool souk_name_valid(struct souk_slice text);
/* From valid text; -SOUK_EINVAL otherwise. */
SOUK_MUST_CHECK int souk_name_set(struct souk_name *name_out, struct souk_slice text);
/*
 * The way back from `text` of a name as it lies in keys: SOUK_NAME_BYTES_MAX + 1 bytes, zeros behind the name. 0 or
 * -SOUK_EDAMAGED: what names a stream and has no end would be read beyond it.
 */
SOUK_MUST_CHECK int souk_name_decode(const void *bytes, struct souk_name *name_out);
struct souk_slice souk_name_slice(const struct souk_name *name);
/* Read one. `in` fails when there is none, and the name is all zero then. */
void souk_name_unpack(struct souk_unpack *in, struct souk_name *name_out);

#endif
