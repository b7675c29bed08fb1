/*
 * sim_zeroes - LMDB asks for 2 MiB of zeroes with every store that it opens,
 * and uses the first of it. Three dozen times in a schedule malloc would wipe
 * that much of what other stores have given back: an eighth of its time.
 *
 * Blocks of that size come from here: what is given back is returned to the
 * kernel, whose pages are zero, and only those are made that are touched.
 * These functions take the place of libc's in souk-sim, for LMDB too; not
 * under sanitizers, which have their own.
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
#define BLOCK_BYTES ((size_t)2 * 1024 * 1024)
#define BLOCKS 64                       /* one more comes from libc */

void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *base, size_t size_bytes);
void __libc_free(void *base);

static bool is_block(const void *base);

/* A worker is a process with one thread. */
static uint8_t *blocks;
static bool is_taken[BLOCKS];

EXPORTED void *
calloc(size_t count, size_t size_bytes)
{
    void *room;
    size_t i;

    if (count == 0 || size_bytes != BLOCK_BYTES / count || BLOCK_BYTES % count != 0)
        return __libc_calloc(count, size_bytes);
    if (blocks == NULL) {
        room = mmap(NULL, BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
            0);
        if (room == MAP_FAILED)
            return __libc_calloc(count, size_bytes);
        blocks = room;
    }
    for (i = 0; i < BLOCKS; i++)
        if (!is_taken[i]) {
            is_taken[i] = true;
            return blocks + i * BLOCK_BYTES;
        }
    return __libc_calloc(count, size_bytes);
}

EXPORTED void *
realloc(void *base, size_t size_bytes)
{
    void *moved;

    if (!is_block(base))
        return __libc_realloc(base, size_bytes);
    if ((moved = malloc(size_bytes)) == NULL)
        return NULL;
    memcpy(moved, base, size_bytes < BLOCK_BYTES ? size_bytes : BLOCK_BYTES);
    free(base);
    return moved;
}

EXPORTED void
free(void *base)
{
    if (!is_block(base)) {
        __libc_free(base);
        return;
    }
    (void)madvise(base, BLOCK_BYTES, MADV_DONTNEED);
    is_taken[(size_t)((uint8_t *)base - blocks) / BLOCK_BYTES] = false;
}

static bool
is_block(const void *base)
{
    const uint8_t *at = base;

    return blocks != NULL && at >= blocks && at < blocks + BLOCKS * BLOCK_BYTES;
}

#endif
