/*
 * souk_witness - a small file in memory-backed storage of the host that names
 * the last commit which may have left this process.
 *
 * It is rewritten after each commit and before anything of that commit is
 * sent, so a process that finds it again after a crash knows that its store is
 * the newest. A host restart takes it away, and a copied or restored store
 * does not match it. A write is one pwrite(2) of one record with a hash, so
 * a torn one reads as absent. Restoring an old copy into the same file keeps
 * its identity: what the record names has to be compared with the store.
 */
#ifndef SOUK_WITNESS_H
#define SOUK_WITNESS_H

#include <souk.h>

#define SOUK_WITNESS_BYTES_MAX (64 * 1024)

struct souk_witness;

/*
 * Open the witness at `path`, making an empty one if absent. Refused with
 * -SOUK_EUNSUPPORTED unless the file system is memory-backed (tmpfs, ramfs).
 * `store_path` ties it to one data directory: the record carries device,
 * inode and birth of the directory and of the data file in it, and reads as absent for
 * others. The store has been opened before, or this is -SOUK_ENOTFOUND. One
 * process at a time: the store's lock sees to that. Also -SOUK_ENOMEM,
 * -SOUK_EFULL (the memory file system has no room) and -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_witness_open(const char *path, const char *store_path, struct souk_witness **witness_out,
    struct souk_error *err);
/*
 * What was written last, copied into `arena`; -SOUK_ENOTFOUND when there is
 * none, or it is torn or another store's; -SOUK_ENOMEM, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_witness_read(struct souk_witness *witness, struct souk_arena *arena,
    struct souk_slice *record_out);
/* Replace the record. 0, -SOUK_ETOOBIG or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_witness_write(struct souk_witness *witness, struct souk_slice record);
/* A clean stop: remove the file, then close. */
SOUK_MUST_CHECK int souk_witness_remove(struct souk_witness **witness_p);
/* Close and leave the file. NULL inside is fine. */
void souk_witness_close(struct souk_witness **witness_p);

#endif
