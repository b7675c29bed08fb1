/*
 * sim_heap - the memory of a simulator, which asks for it and gives it back
 * 25,000 times in a schedule, always in the same few sizes.
 *
 * These functions take the place of libc's in souk-sim, for LMDB too; not
 * under sanitizers, which have their own and find what is used for too long.
 * Here nothing is merged or given back to the kernel: a block that is free
 * waits in the list of its size for the next one who wants that.
 *
 * LMDB wants 2 MiB of zeroes with every store that it opens, and uses the
 * first of it. Three dozen times in a schedule that much would be wiped. So
 * these blocks are returned to the kernel, whose pages are zero, and only
 * those are made that are touched.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>             /* MAP_ANONYMOUS and MADV_DONTNEED are no POSIX */
#endif

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)              /* clang's way to say it */
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if !defined(SANITIZED) && defined(__GLIBC__)

#define EXPORTED __attribute__((visibility("default")))
#define SPAN_BYTES ((size_t)64 * 1024)
#define SPANS ((size_t)64 * 1024)       /* 4 GiB of addresses, not of memory */
#define HEAP_BYTES (SPANS * SPAN_BYTES)
#define STEP_BYTES ((size_t)16)
#define SMALL_BYTES_MAX ((size_t)1024)
#define SMALLS (SMALL_BYTES_MAX / STEP_BYTES + 1)
#define DOUBLED ((size_t)5)             /* 2 KiB to 32 KiB */
#define SPANNING ((size_t)128)
#define SIZES (SMALLS + DOUBLED + SPANNING)
#define ZEROES SIZES                    /* one size more */
#define BYTES_MAX (SPANNING * SPAN_BYTES)       /* what is larger is libc's */
#define ZEROES_BYTES ((size_t)2 * 1024 * 1024)
#define ZEROES_MAX (HEAP_BYTES / ZEROES_BYTES)

_Static_assert(ZEROES <= UINT8_MAX, "a size is a byte");

struct free_block {
    struct free_block *next;
};

void *__libc_malloc(size_t size_bytes);
void *__libc_realloc(void *base, size_t size_bytes);
void __libc_free(void *base);

static void *take(size_t size_bytes);
static bool is_here(const void *base);
static size_t size_of(size_t size_bytes);
static size_t bytes_of(size_t size);
static size_t span_of(const void *base);
static void *make(size_t size);
static void *make_spans(size_t count, size_t size);
static void *take_zeroes(void);

/* A worker is a process with one thread. */
static uint8_t *heap;                   /* NULL: not yet there */
static size_t spans_taken;
static uint8_t size_of_span[SPANS];     /* the size of the blocks in it, or of the block that it begins */
static struct free_block *free_blocks[SIZES];
static uint8_t *room[SMALLS + DOUBLED], *room_end[SMALLS + DOUBLED];    /* left of the last span of that size */
static void *zeroes[ZEROES_MAX];        /* blocks that are free */
static size_t zeroes_free;

EXPORTED void *
malloc(size_t size_bytes)
{
    return take(size_bytes);
}

EXPORTED void *
calloc(size_t count, size_t size_bytes)
{
    size_t all_bytes;
    void *block;

    if (__builtin_mul_overflow(count, size_bytes, &all_bytes))
        return NULL;
    if (all_bytes == ZEROES_BYTES)
        return take_zeroes();
    block = take(all_bytes);            /* malloc() and memset() would be compiled to calloc() */
    return block == NULL ? NULL : memset(block, 0, all_bytes);
}

EXPORTED void *
realloc(void *base, size_t size_bytes)
{
    size_t had_bytes;
    void *moved;

    if (base != NULL && !is_here(base))
        return __libc_realloc(base, size_bytes);
    had_bytes = base == NULL ? 0 : bytes_of(size_of_span[span_of(base)]);
    if (base != NULL && size_bytes <= had_bytes)
        return base;
    if ((moved = take(size_bytes)) == NULL)
        return NULL;
    if (base != NULL)
        memcpy(moved, base, had_bytes);
    free(base);
    return moved;
}

EXPORTED void
free(void *base)
{
    struct free_block *block = base;
    size_t size;

    if (!is_here(base)) {
        __libc_free(base);
        return;
    }
    size = size_of_span[span_of(base)];
    if (size == ZEROES) {
        (void)madvise(base, ZEROES_BYTES, MADV_DONTNEED);
        zeroes[zeroes_free++] = base;
        return;
    }
    block->next = free_blocks[size];
    free_blocks[size] = block;
}

static inline void *
take(size_t size_bytes)
{
    struct free_block *block;
    size_t size;

    if (size_bytes > BYTES_MAX)
        return __libc_malloc(size_bytes);
    size = size_of(size_bytes);
    if ((block = free_blocks[size]) == NULL)
        return make(size);
    free_blocks[size] = block->next;
    return block;
}

static inline bool
is_here(const void *base)
{
    return (uintptr_t)base - (uintptr_t)heap < HEAP_BYTES && heap != NULL;
}

static inline size_t
span_of(const void *base)
{
    return (size_t)((const uint8_t *)base - heap) / SPAN_BYTES;
}

/* In steps, then doubled, then in spans. */
static inline size_t
size_of(size_t size_bytes)
{
    if (size_bytes <= SMALL_BYTES_MAX)
        return (size_bytes + STEP_BYTES - 1) / STEP_BYTES;
    if (size_bytes <= SPAN_BYTES / 2)
        return SMALLS + 64 - 11 - (size_t)__builtin_clzl(size_bytes - 1);
    return SMALLS + DOUBLED + (size_bytes - 1) / SPAN_BYTES;
}

static size_t
bytes_of(size_t size)
{
    if (size < SMALLS)
        return size * STEP_BYTES;
    if (size < SMALLS + DOUBLED)
        return 2 * SMALL_BYTES_MAX << (size - SMALLS);
    return (size - SMALLS - DOUBLED + 1) * SPAN_BYTES;
}

static __attribute__((noinline)) void *
make(size_t size)
{
    size_t size_bytes = bytes_of(size == 0 ? 1 : size);
    void *block;

    if (size >= SMALLS + DOUBLED)
        return make_spans(size_bytes / SPAN_BYTES, size);
    if ((size_t)(room_end[size] - room[size]) < size_bytes) {
        if ((room[size] = make_spans(1, size)) == NULL) {
            room_end[size] = NULL;
            return NULL;
        }
        room_end[size] = room[size] + SPAN_BYTES;
    }
    block = room[size];
    room[size] += size_bytes;
    return block;
}

static void *
make_spans(size_t count, size_t size)
{
    void *made;

    if (heap == NULL) {
        made = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made == MAP_FAILED)
            return NULL;
        heap = made;
    }
    if (SPANS - spans_taken < count)
        return NULL;
    size_of_span[spans_taken] = (uint8_t)size;
    made = heap + spans_taken * SPAN_BYTES;
    spans_taken += count;
    return made;
}

static void *
take_zeroes(void)
{
    if (zeroes_free > 0)
        return zeroes[--zeroes_free];
    return make_spans(ZEROES_BYTES / SPAN_BYTES, ZEROES);
}

#endif
