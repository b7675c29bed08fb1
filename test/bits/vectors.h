/*
 * vectors - every bit of every test vector flipped.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>

struct vectors_count {
    uint64_t vectors, bits;
    uint64_t refused;
    uint64_t others;                            /* messages that have become another message: no hash protects them */
    uint64_t wrong;
};

/*
 * The vectors in `folder`. A batch with any bit flipped is refused; a message
 * is refused, or is read as another one whose encoding is these very bytes.
 * 0, or -1, which is said on stderr: one cannot be read or is not taken as it is, or there are too few.
 */
int vectors_flip(const char *folder, struct vectors_count *count);

#endif
