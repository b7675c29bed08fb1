#include <souk.h>

#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_BYTES (64 * 1024)
#define ARENA_ALIGN_BYTES 16

struct souk_arena_block {
    struct souk_arena_block *next;
    size_t room_bytes;
    size_t used_bytes;
    size_t padding;             /* keeps data[] aligned */
    uint8_t data[];
};

struct souk_slice
souk_slice_of(const char *text)
{
    return (struct souk_slice){ text, text == NULL ? 0 : strlen(text) };
}

bool
souk_slice_equal(struct souk_slice a, struct souk_slice b)
{
    return a.size_bytes == b.size_bytes && (a.size_bytes == 0 || memcmp(a.base, b.base, a.size_bytes) == 0);
}

int
souk_slice_compare(struct souk_slice a, struct souk_slice b)
{
    size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = common == 0 ? 0 : memcmp(a.base, b.base, common);

    if (order != 0)
        return order;
    return (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

bool
souk_id_equal(struct souk_id a, struct souk_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

struct souk_slice
souk_slice_of_id(const struct souk_id *id)
{
    return (struct souk_slice){ id->bytes, sizeof id->bytes };
}

int
souk_id_of(struct souk_slice bytes, struct souk_id *id_out)
{
    if (bytes.size_bytes != sizeof id_out->bytes)
        return -SOUK_EINVAL;
    memcpy(id_out->bytes, bytes.base, sizeof id_out->bytes);
    return 0;
}

void
souk_arena_init(struct souk_arena *arena, size_t bytes_max)
{
    *arena = (struct souk_arena){ .bytes_max = bytes_max };
}

void *
souk_arena_alloc(struct souk_arena *arena, size_t size_bytes)
{
    struct souk_arena_block *block = arena->head;
    size_t room;
    void *memory;

    if (size_bytes > SIZE_MAX - ARENA_BLOCK_BYTES || (arena->fails_in != 0 && --arena->fails_in == 0))
        return NULL;
    size_bytes = (size_bytes + ARENA_ALIGN_BYTES - 1) & ~(size_t)(ARENA_ALIGN_BYTES - 1);
    if (arena->bytes_max != 0
        && (size_bytes > arena->bytes_max || arena->used_bytes > arena->bytes_max - size_bytes))
        return NULL;
    if (block == NULL || block->room_bytes - block->used_bytes < size_bytes) {
        room = size_bytes > ARENA_BLOCK_BYTES ? size_bytes : ARENA_BLOCK_BYTES;
        if ((block = malloc(sizeof *block + room)) == NULL)
            return NULL;
        block->room_bytes = room;
        block->used_bytes = 0;
        block->next = arena->head;
        arena->head = block;
    }
    memory = block->data + block->used_bytes;
    block->used_bytes += size_bytes;
    arena->used_bytes += size_bytes;
    memset(memory, 0, size_bytes);
    return memory;
}

struct souk_slice
souk_arena_copy(struct souk_arena *arena, struct souk_slice slice)
{
    void *memory = souk_arena_alloc(arena, slice.size_bytes == 0 ? 1 : slice.size_bytes);

    if (memory != NULL && slice.size_bytes != 0)
        memcpy(memory, slice.base, slice.size_bytes);
    return (struct souk_slice){ memory, slice.size_bytes };
}

void
souk_arena_reset(struct souk_arena *arena)
{
    struct souk_arena_block *block;

    while (arena->head != NULL && arena->head->next != NULL) {
        block = arena->head;
        arena->head = block->next;
        free(block);
    }
    if (arena->head != NULL)
        arena->head->used_bytes = 0;
    arena->used_bytes = 0;
}

void
souk_arena_done(struct souk_arena *arena)
{
    struct souk_arena_block *block;

    while ((block = arena->head) != NULL) {
        arena->head = block->next;
        free(block);
    }
    arena->used_bytes = 0;
}
