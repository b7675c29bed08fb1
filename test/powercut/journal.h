/*
 * What the preloaded shim writes down of a workload, in order, and what the
 * power-cut test reads: one record per change of a file or a directory, per
 * flush, and per thing that the workload told the world.
 */
#ifndef POWERCUT_JOURNAL_H
#define POWERCUT_JOURNAL_H

#include <stdint.h>

#define JOURNAL_ROOT_VARIABLE "POWERCUT_ROOT"   /* directory: what lies below is recorded */
#define JOURNAL_FILE_VARIABLE "POWERCUT_JOURNAL"
#define JOURNAL_LOSE_VARIABLE "POWERCUT_LOSE"   /* flushes to be forgotten: data, meta or directory */
#define JOURNAL_FAIL_VARIABLE "POWERCUT_FAIL"   /* N: the n-th write or flush fails with EIO */

enum journal_kind {
    JOURNAL_CREATE,             /* file; path */
    JOURNAL_MKDIR,              /* path */
    JOURNAL_WRITE,              /* file, at; bytes */
    JOURNAL_WRITE_SYNCED,       /* the same through O_DSYNC: on disk once the next record is written */
    JOURNAL_SIZE,               /* file, at: the new size */
    JOURNAL_FLUSH,              /* file: all of it so far is on disk */
    JOURNAL_RENAME,             /* file, at: 1 when the two names were exchanged; old path, new path */
    JOURNAL_UNLINK,             /* path; of a directory too */
    JOURNAL_SYNC_DIRECTORY,     /* path: its entries so far are on disk */
    JOURNAL_MARK,               /* struct journal_mark */
};

struct journal_record {
    uint32_t kind;
    uint32_t file;              /* number of the file, whatever its names */
    uint64_t at;
    uint64_t size_bytes;        /* of what follows: bytes, or NUL-terminated paths below the root */
};

/* The next record begins at a multiple of eight bytes. */
#define JOURNAL_PADDED(size_bytes) (((size_bytes) + 7) & ~(uint64_t)7)

enum mark_kind {
    MARK_OPENED,                /* the store is open for the first time; digest of it */
    MARK_STARTED,               /* commit `number` is about to be asked for */
    MARK_COMMITTED,             /* it was acknowledged; digest of the store after it */
    MARK_COPYING,               /* a copy is begun; it may have what commit `number` left */
    MARK_COPIED,                /* it was acknowledged */
    MARK_SAYING,                /* word `number` is about to be put beside the copy: JOURNAL_WORD_BYTES of that value */
    MARK_SAID,                  /* it was acknowledged */
    MARK_BACKING_UP,            /* a backup is begun, of what commit `number` left */
    MARK_BACKED_UP,             /* it was acknowledged */
    MARK_RESTORING,             /* that backup is put in the place of the store, which holds commit `number` */
    MARK_RESTORED,              /* it was acknowledged */
};

struct journal_mark {
    uint64_t kind;
    uint64_t number;
    uint64_t digest;
};

/* Below the root. */
#define JOURNAL_DATA "data.mdb"                 /* in each directory of a store */
#define JOURNAL_STORE "store"
#define JOURNAL_COPY "copy"
#define JOURNAL_WORD "ready"                    /* in there */
#define JOURNAL_WORD_BYTES 1500                 /* more than a sector */
#define JOURNAL_BACKUPS "backups"
#define JOURNAL_BACKUP "monday"                 /* in there */
#define JOURNAL_RESTORING "store.restoring"
#define JOURNAL_ASIDE "store.aside-1"           /* where a restored store's predecessor is */

/* In the shim; absent in a process that runs without it. */
void powercut_mark(const struct journal_mark *mark) __attribute__((weak));

#endif
