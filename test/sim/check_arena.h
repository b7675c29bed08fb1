/*
 * check_arena - memory of one schedule's check: taken piece by piece, given
 * back at once. It can't fail: a test without memory stops.
 */
#ifndef SIM_CHECK_ARENA_H
#define SIM_CHECK_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct check_chunk;

struct check_arena {
    struct check_chunk *newest;
    size_t used_bytes;                  /* of the newest chunk */
};

void check_arena_init(struct check_arena *arena);
void check_arena_done(struct check_arena *arena);
/* Everything taken is free again; the memory is kept for the next. */
void check_arena_reset(struct check_arena *arena);

/* `size_bytes` zero bytes, aligned for anything. */
void *check_arena_take(struct check_arena *arena, size_t size_bytes);
void *check_arena_copy(struct check_arena *arena, const void *base, size_t size_bytes);

/*
 * Room for one more behind `count` elements of `size_bytes` each; the array
 * may move. `room` is the caller's, and begins at 0 with a NULL array.
 */
void *check_arena_grow(struct check_arena *arena, void *array, size_t count, size_t *room, size_t size_bytes);

/* A map from 32 bytes that are a hash, or were made one, to a pointer. Nothing is ever removed. */
struct check_map_entry {
    uint8_t key[32];
    void *value;
};

struct check_map {
    struct check_map_entry *entries;    /* open addressing; a NULL value is a free place */
    size_t count, room;                 /* room: a power of two, or 0 */
};

/* What is there, or NULL. */
void *check_map_find(const struct check_map *map, const uint8_t key[32]);
/* `key` must not be there yet. */
void check_map_add(struct check_arena *arena, struct check_map *map, const uint8_t key[32], void *value);
/* `key` must be there. */
void check_map_replace(struct check_map *map, const uint8_t key[32], void *value);
/* The key of anything that is not a hash yet. */
void check_map_key(uint8_t key_out[32], const void *base, size_t size_bytes);

#endif
