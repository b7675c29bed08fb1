/*
 * souk_beside - what a process that fills a store beside, and the running one
 * whose store it will replace, say to each other: by files in the directory
 * DATA/store.beside, so that nobody has a say who may not write there.
 *
 *     close           the new one is close, and asks for the last word
 *     program         the program that is to be started on the new store
 *     handed-over     the old one's last word (souk_core_hand_over())
 *     ready           all of that is in the new store
 *
 * The old one decides: until it has renamed the directory, and begun the new
 * program in its own place, it may take everything back.
 */
#ifndef SOUK_BESIDE_H
#define SOUK_BESIDE_H

#include <souk.h>

#define SOUK_BESIDE_DIRECTORY "store.beside"
#define SOUK_BESIDE_BEFORE "store.before"       /* what the new store has replaced */
#define SOUK_BESIDE_CLOSE "close"
#define SOUK_BESIDE_PROGRAM "program"
#define SOUK_BESIDE_HANDED_OVER "handed-over"
#define SOUK_BESIDE_READY "ready"
#define SOUK_BESIDE_BYTES_MAX (64 * 1024)

/* Put a file with `bytes` into `directory`: it is there as a whole, on disk, or not. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_beside_put(const char *directory, const char *file, struct souk_slice bytes);
/* Read one; `arena` has the bytes. 0, -SOUK_ENOTFOUND, -SOUK_ETOOBIG, -SOUK_ENOMEM or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_beside_get(const char *directory, const char *file, struct souk_arena *arena,
    struct souk_slice *bytes_out);
bool souk_beside_has(const char *directory, const char *file);
void souk_beside_remove(const char *directory, const char *file);
/* Does a process have the store there open? */
bool souk_beside_is_held(const char *directory);

#endif
