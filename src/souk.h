/*
 * souk - event-driven services without a broker.
 *
 * What the author of a service includes. A service is a table of small
 * functions over typed messages: decide a command, react to an event of
 * another stream, apply an own or followed event to tables, answer a query.
 * They see no socket, no clock and no random source but what is handed in.
 *
 * Every function that can fail returns 0 or a negative SOUK_E*. A refusal (an
 * answer of the domain) is not an error.
 */
#ifndef SOUK_H
#define SOUK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_PUBLIC __attribute__((visibility("default")))
#define SOUK_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define SOUK_MUST_CHECK __attribute__((warn_unused_result))

/* ---- errors --------------------------------------------------------- */

enum souk_error_code {
    SOUK_ENOMEM = 1,    /* no memory */
    SOUK_EFULL,         /* map or disk full: abort, refuse, go on answering */
    SOUK_EIO,           /* the disk or LMDB failed: stop, reopen, go on from what is there */
    SOUK_ENOTFOUND,     /* no such key, stream, batch */
    SOUK_ETOOBIG,       /* beyond a named limit */
    SOUK_EMALFORMED,    /* bytes that are not what the protocol says */
    SOUK_EBUSY,         /* somebody else holds it; ask again later */
    SOUK_EINVAL,        /* a caller's value that cannot be meant */
    SOUK_EFORK,         /* a position that is not in this history */
    SOUK_EUNSUPPORTED,  /* a format, file system or flag that souk does not take */
    SOUK_EDAMAGED,      /* stored bytes whose hash or shape is wrong */
    SOUK_EHANDLER,      /* a handler of the service failed */
};

#define SOUK_ERROR_TEXT_BYTES_MAX 512

/* A sentence for the operator: what failed, why, what to do next. */
struct souk_error {
    int code;                                   /* positive SOUK_E*, 0 when unset */
    char text[SOUK_ERROR_TEXT_BYTES_MAX];
};

/*
 * Write a sentence into `err` (NULL is fine) and return -code, so that a
 * failing function can end with `return souk_fail(...)`.
 */
SOUK_PUBLIC int souk_fail(struct souk_error *err, enum souk_error_code code, const char *format, ...)
    SOUK_PRINTF(3, 4);

/* The name of a code, positive or negative: "full", "io"; "ok" for 0. Never NULL. */
SOUK_PUBLIC const char *souk_error_name(int code);

/* ---- bytes ---------------------------------------------------------- */

/* Borrowed bytes. The owner and the life of them are said where one is handed out. */
struct souk_slice {
    const void *base;
    size_t size_bytes;
};

/* A slice over a string constant or a NUL-terminated string, without the NUL. NULL gives an empty one. */
SOUK_PUBLIC struct souk_slice souk_slice_of(const char *text);
SOUK_PUBLIC bool souk_slice_equal(struct souk_slice a, struct souk_slice b);
/* Like memcmp(3), a shorter one first where one begins the other: LMDB's order of keys. */
SOUK_PUBLIC int souk_slice_compare(struct souk_slice a, struct souk_slice b);

/* 128 bits: a UUIDv7 (RFC 9562) in big-endian order, or any other name of 16 bytes. */
struct souk_id {
    uint8_t bytes[16];
};

/*
 * Memory that is given back all at once. What is allocated from it lives until
 * souk_arena_reset() or souk_arena_done(). Not thread-safe.
 */
struct souk_arena_block;
struct souk_arena {
    struct souk_arena_block *head;
    size_t used_bytes;
    size_t bytes_max;           /* beyond it souk_arena_alloc() gives NULL; 0: no bound */
};

SOUK_PUBLIC void souk_arena_init(struct souk_arena *arena, size_t bytes_max);
/* Zeroed bytes, aligned for any object; NULL without memory or beyond the bound. */
SOUK_PUBLIC void *souk_arena_alloc(struct souk_arena *arena, size_t size_bytes);
/* A copy of `slice` in the arena; base is NULL only without memory. */
SOUK_PUBLIC struct souk_slice souk_arena_copy(struct souk_arena *arena, struct souk_slice slice);
/* Empty the arena; the first block is kept for the next round. */
SOUK_PUBLIC void souk_arena_reset(struct souk_arena *arena);
SOUK_PUBLIC void souk_arena_done(struct souk_arena *arena);

/* @SERVICE-API@ */

#ifdef __cplusplus
}
#endif

#endif
