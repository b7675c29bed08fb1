/*
 * disk - what a disk may hold at the moment when the power fails.
 *
 * The journal is played into it record by record. Bytes and directory entries
 * that were flushed are safe. Of all others each 512-byte sector, and each
 * change of a directory, has reached the disk or not, in any combination: no
 * file system keeps an order among them that a store could rely on. A sector is
 * never mixed: it holds what the page cache held after one of the writes to it.
 * A rename, or an exchange of two names, happens as a whole or not at all.
 */
#ifndef POWERCUT_DISK_H
#define POWERCUT_DISK_H

#include <stddef.h>

#include "journal.h"

#define DISK_SECTOR_BYTES 512
#define DISK_NAME_BYTES 32
#define DISK_NAMES_MAX 64
#define DISK_DEPTH_MAX 4
#define DISK_FILES_MAX 256

/* Which of the pending writes made it; the same for the pending changes of directories. */
enum disk_mode {
    DISK_NONE,
    DISK_ALL,
    DISK_SOME_WRITES,
    DISK_SOME_SECTORS,
    DISK_FIRST_ONES,            /* in order, the last one torn */
    DISK_ALL_BUT_ONE,
    DISK_ONLY_ONE,
    DISK_MODES,
};

struct disk_choice {
    enum disk_mode writes, names;
    uint64_t seed;
};

struct disk;

/* The memory that the records lie in is borrowed until disk_done(). NULL without memory. */
struct disk *disk_new(void);
void disk_done(struct disk **disk_p);
/* The call of `record` has returned. */
void disk_apply(struct disk *disk, const struct journal_record *record);
/* The call of `record` was under way when the power failed; at most one, taken back by disk_image(). */
void disk_begin(struct disk *disk, const struct journal_record *record);
/* How many writes and changes of directories are pending. */
size_t disk_pending(const struct disk *disk);
/* Write one possible image into the directory `dir_fd`, which it empties before. 0 or -1 with errno. */
int disk_image(struct disk *disk, const struct disk_choice *choice, int dir_fd);

/* A number that follows from `seed` and `n`: splitmix64. */
uint64_t disk_random(uint64_t seed, uint64_t n);

#endif
