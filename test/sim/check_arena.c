#include "check_arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (256 * 1024)        /* little enough that malloc() keeps what is freed for the next schedule */
#define ALIGN_BYTES 16
#define MAP_ROOM_MIN 256

struct check_chunk {
    struct check_chunk *older;
    size_t size_bytes;
    _Alignas(ALIGN_BYTES) uint8_t bytes[];
};

static void *take(struct check_arena *arena, size_t size_bytes);
static size_t map_place(const struct check_map_entry *entries, size_t room, const uint8_t key[32]);

void
check_arena_init(struct check_arena *arena)
{
    memset(arena, 0, sizeof *arena);
}

void
check_arena_done(struct check_arena *arena)
{
    struct check_chunk *chunk;

    while ((chunk = arena->newest) != NULL) {
        arena->newest = chunk->older;
        free(chunk);
    }
    arena->used_bytes = 0;
}

void
check_arena_reset(struct check_arena *arena)
{
    struct check_chunk *older;

    arena->used_bytes = 0;
    while (arena->newest != NULL && (older = arena->newest->older) != NULL) {
        arena->newest->older = older->older;
        free(older);
    }
}

void *
check_arena_take(struct check_arena *arena, size_t size_bytes)
{
    return memset(take(arena, size_bytes), 0, size_bytes);
}

/* Not yet wiped. */
static void *
take(struct check_arena *arena, size_t size_bytes)
{
    struct check_chunk *chunk = arena->newest;
    size_t wanted_bytes = (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    size_t chunk_bytes;
    void *taken;

    if (chunk == NULL || chunk->size_bytes - arena->used_bytes < wanted_bytes) {
        chunk_bytes = wanted_bytes > CHUNK_BYTES ? wanted_bytes : CHUNK_BYTES;
        chunk = malloc(sizeof *chunk + chunk_bytes);
        assert(chunk != NULL);
        chunk->older = arena->newest;
        chunk->size_bytes = chunk_bytes;
        arena->newest = chunk;
        arena->used_bytes = 0;
    }
    taken = chunk->bytes + arena->used_bytes;
    arena->used_bytes += wanted_bytes;
    return taken;
}

void *
check_arena_copy(struct check_arena *arena, const void *base, size_t size_bytes)
{
    void *copy = take(arena, size_bytes);

    if (size_bytes > 0)
        memcpy(copy, base, size_bytes);
    return copy;
}

void *
check_arena_grow(struct check_arena *arena, void *array, size_t count, size_t *room, size_t size_bytes)
{
    void *larger;

    if (count < *room)
        return array;
    *room = *room == 0 ? 8 : *room * 2;
    larger = check_arena_take(arena, *room * size_bytes);
    if (count > 0)
        memcpy(larger, array, count * size_bytes);
    return larger;
}

void *
check_map_find(const struct check_map *map, const uint8_t key[32])
{
    if (map->room == 0)
        return NULL;
    return map->entries[map_place(map->entries, map->room, key)].value;
}

void
check_map_add(struct check_arena *arena, struct check_map *map, const uint8_t key[32], void *value)
{
    struct check_map_entry *entries, *entry;
    size_t room, i;

    assert(value != NULL);
    if (map->count * 2 >= map->room) {
        room = map->room == 0 ? MAP_ROOM_MIN : map->room * 2;
        entries = check_arena_take(arena, room * sizeof *entries);
        for (i = 0; i < map->room; i++)
            if (map->entries[i].value != NULL)
                entries[map_place(entries, room, map->entries[i].key)] = map->entries[i];
        map->entries = entries;
        map->room = room;
    }
    entry = &map->entries[map_place(map->entries, map->room, key)];
    assert(entry->value == NULL);
    memcpy(entry->key, key, sizeof entry->key);
    entry->value = value;
    map->count++;
}

void
check_map_replace(struct check_map *map, const uint8_t key[32], void *value)
{
    struct check_map_entry *entry = &map->entries[map_place(map->entries, map->room, key)];

    assert(entry->value != NULL && value != NULL);
    entry->value = value;
}

/* Four lanes of FNV-1a over 8 bytes at a time: quick, and good enough for what no enemy chooses. */
void
check_map_key(uint8_t key_out[32], const void *base, size_t size_bytes)
{
    const uint8_t *bytes = base;
    uint64_t lanes[4] = { 0xcbf29ce484222325, 0x84222325cbf29ce4, 0x9ce484222325cbf2, 0x2325cbf29ce48422 };
    uint64_t word;
    size_t i, step;

    for (i = 0; i < size_bytes; i += step) {
        word = 0;
        step = size_bytes - i < sizeof word ? size_bytes - i : sizeof word;
        memcpy(&word, bytes + i, step);
        lanes[(i / sizeof word) % 4] = (lanes[(i / sizeof word) % 4] ^ word) * 0x100000001b3;
        lanes[(i / sizeof word) % 4] ^= lanes[(i / sizeof word) % 4] >> 29;
    }
    lanes[0] = (lanes[0] ^ size_bytes ^ lanes[1] ^ lanes[2] * 31 ^ lanes[3] * 961) * 0x9e3779b97f4a7c15;
    lanes[0] ^= lanes[0] >> 32;
    memcpy(key_out, lanes, sizeof lanes);
}

/* Where the key is, or where it belongs. */
static size_t
map_place(const struct check_map_entry *entries, size_t room, const uint8_t key[32])
{
    uint64_t start;
    size_t place;

    memcpy(&start, key, sizeof start);
    for (place = start & (room - 1); entries[place].value != NULL; place = (place + 1) & (room - 1))
        if (memcmp(entries[place].key, key, 32) == 0)
            break;
    return place;
}
