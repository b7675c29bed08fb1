/*
 * souk_store - one LMDB environment, owned by one process.
 *
 * A store locks its directory before it opens anything, runs LMDB with its
 * default, safe flags, keeps the directory entries synced, and knows three
 * kinds of trouble: no such key (-SOUK_ENOTFOUND), no room (-SOUK_EFULL: the
 * transaction must be aborted, everything before it stands, reading goes on)
 * and all else (-SOUK_EIO: the store is dead, every later call says so, the
 * process has to stop and reopen). Nothing in here knows a stream or a clock.
 *
 * Facts about LMDB 0.9.24 that shaped this are in doc/decisions/store.md.
 */
#ifndef SOUK_STORE_H
#define SOUK_STORE_H

#include <lmdb.h>

#include <souk.h>

#define SOUK_STORE_KEY_BYTES_MAX 511            /* LMDB's own */
#define SOUK_STORE_NAME_BYTES_MAX 127           /* of a table */
#define SOUK_STORE_TABLES_MAX 512
#define SOUK_STORE_READERS_MAX 1024
#define SOUK_STORE_BYTES_MIN (64 * 1024)        /* bounds are rounded down to multiples of it */

struct souk_store;

struct souk_store_config {
    const char *path;               /* a directory; made (0700) when absent */
    uint64_t bytes_max;             /* of the data file: the LMDB map; 0: 1 GiB */
    uint32_t readers_max;           /* read transactions at once; 0: 16 */
    uint32_t tables_max;            /* at once; LMDB takes some 150 bytes for each; 0: SOUK_STORE_TABLES_MAX, the most */
    /*
     * Leave out every sync. Only for simulations: refused with -SOUK_EINVAL
     * unless the directory is on tmpfs.
     */
    bool simulated;
    /*
     * Of a simulated store: write into the map instead of by system calls. The
     * data file has the size of its bound at once, nearly all of it a hole, and
     * tmpfs without room for it kills the process.
     */
    bool written_by_map;
    /*
     * Only for tests; NULL: none. Asked before each write within a transaction
     * and before each commit. Not 0: that is how it ends, -SOUK_EFULL or -SOUK_ENOMEM.
     */
    int (*fault)(void *fault_arg);
    void *fault_arg;
};

/*
 * Lock `config->path` and open the environment in it, creating both if absent.
 * A crash while it is created leaves either no store or a complete empty one.
 * Release with souk_store_close(). Returns 0; -SOUK_EBUSY (another process, or
 * this one, has it: the sentence names the holder's pid); -SOUK_EUNSUPPORTED
 * (network file system, other format version, LMDB file of somebody else);
 * -SOUK_EDAMAGED (cut short, or LMDB cannot read it); -SOUK_EFULL;
 * -SOUK_ENOMEM; -SOUK_EINVAL (a value of `config` out of its limits); -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_store_open(const struct souk_store_config *config, struct souk_store **store_out,
    struct souk_error *err);

/* Close and unlock. No transaction may be open. *store_p becomes NULL; NULL inside is fine. */
void souk_store_close(struct souk_store **store_p);

/*
 * Raise the bound of the data file. No transaction of this process may be open
 * (-SOUK_EBUSY). A lower bound than the present one is -SOUK_EINVAL. -SOUK_ENOMEM:
 * no address space for it, the store goes on as it was. -SOUK_EIO: the store is dead.
 */
SOUK_MUST_CHECK int souk_store_grow(struct souk_store *store, uint64_t bytes_max, struct souk_error *err);

/*
 * Pages of the data file that this process has looked at are no part of it any
 * more: they stay in the kernel's cache for as long as it likes, and whoever reads
 * them again gets them from there. Any thread may call it at any time.
 */
void souk_store_let_go(struct souk_store *store);

struct souk_store_room {
    uint64_t bytes_max;             /* bound of the data file */
    uint64_t bytes_used;            /* pages in use, the freed ones not counted */
    uint64_t disk_bytes_free;       /* for this user on that file system */
};

/*
 * How full the store is. The writer calls it, outside of a transaction; it costs
 * about as much as one read. 0, -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_store_room(struct souk_store *store, struct souk_store_room *room_out);

enum souk_store_place {
    SOUK_STORE_THERE,
    SOUK_STORE_GONE,                /* its data file has been removed: what is written is lost with the process */
    SOUK_STORE_REPLACED,            /* another data file lies where it was */
};

/* Is what this process has open still what lies at its path? Any thread; costs two calls of the system. */
enum souk_store_place souk_store_place(const struct souk_store *store);

/* The sentence of the error that killed the store, or NULL while it lives. Borrowed. */
const char *souk_store_failure(const struct souk_store *store);

/*
 * Copy the store while it runs to the new directory `path`, then sync file and
 * directories. Holds a read transaction for as long as it takes; not to be
 * called by a thread that has a write transaction open. A crash on the way
 * leaves a directory that souk_store_open() takes for an empty store. Whether
 * the copy is good is for the caller to verify by opening it.
 * Returns 0, -SOUK_EINVAL (`path` exists), -SOUK_EFULL, -SOUK_EIO (the copy failed; the store lives).
 */
SOUK_MUST_CHECK int souk_store_copy(struct souk_store *store, const char *path, struct souk_error *err);

/* May a store be on a file system of this type, as statfs(2) calls it? */
bool souk_store_fits_disk(uint32_t type);

/* ---- transactions --------------------------------------------------- */

struct souk_txn;

enum souk_txn_kind { SOUK_TXN_READ, SOUK_TXN_WRITE };

/*
 * Begin a transaction. One write transaction at a time, by one thread; read
 * transactions by any, each used by one thread and short. Ends with
 * souk_txn_commit() or souk_txn_abort(). 0, -SOUK_EBUSY (no reader slot),
 * -SOUK_ENOMEM, -SOUK_EFULL, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_txn_begin(struct souk_store *store, enum souk_txn_kind kind, struct souk_txn **txn_out);

/*
 * Make a write transaction durable: on return of 0 it is on disk. *txn_p
 * becomes NULL in any case. -SOUK_EFULL: nothing of it stands, the store lives.
 * -SOUK_EIO: nobody knows whether it stands; the store is dead.
 */
SOUK_MUST_CHECK int souk_txn_commit(struct souk_txn **txn_p);

/* Undo a write transaction, end a read transaction. *txn_p becomes NULL; NULL inside is fine. */
void souk_txn_abort(struct souk_txn **txn_p);

/*
 * Names a table of the store; small, copied freely, good for every transaction
 * after the one that opened it, until the table is dropped. To a read
 * transaction that began before the table was made it is empty.
 */
struct souk_table {
    MDB_dbi dbi;
};

/*
 * Find the table `name`. Within a write transaction an absent one is made; it
 * then exists once the transaction has committed, and the handle is forgotten
 * when it aborts. A handle is found once and kept. 0, -SOUK_ENOTFOUND (read
 * transaction, no such table), -SOUK_EINVAL (empty name), -SOUK_ETOOBIG
 * (SOUK_STORE_NAME_BYTES_MAX, SOUK_STORE_TABLES_MAX), -SOUK_EFULL, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_txn_table(struct souk_txn *txn, const char *name, struct souk_table *table_out);

/*
 * Remove a table with all that is in it. Write transaction. Read transactions
 * that began before its commit still see it. 0, -SOUK_ENOTFOUND, -SOUK_EFULL, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_txn_drop(struct souk_txn *txn, const char *name);

/* Call `each` with every table's name, in order, until it returns non-zero, which is then returned. It may write. */
SOUK_MUST_CHECK int souk_txn_each_table(struct souk_txn *txn,
    int (*each)(struct souk_txn *txn, const char *name, void *arg), void *arg);

/*
 * Values that come out are borrowed: they live until the transaction ends or
 * writes, whichever is first. Keys have 1 to SOUK_STORE_KEY_BYTES_MAX bytes;
 * -SOUK_EINVAL below and -SOUK_ETOOBIG above. After -SOUK_EFULL, -SOUK_ENOMEM
 * or -SOUK_EIO the transaction can only be aborted: every call on it, commit
 * too, says the same again.
 */
SOUK_MUST_CHECK int souk_txn_get(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice *value_out);
/* The first row whose key is not below `key`; with an empty `key` the first of all. -SOUK_ENOTFOUND when there is none. */
SOUK_MUST_CHECK int souk_txn_seek(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice *key_out, struct souk_slice *value_out);
/* The last row whose key is below `key`; with an empty `key` the last of all. */
SOUK_MUST_CHECK int souk_txn_seek_below(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice *key_out, struct souk_slice *value_out);

SOUK_MUST_CHECK int souk_txn_put(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice value);
/* A put whose key is above every other in the table: MDB_APPEND. -SOUK_EINVAL when it is not. */
SOUK_MUST_CHECK int souk_txn_append(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice value);
/* 0 or -SOUK_ENOTFOUND, -SOUK_EFULL, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_txn_delete(struct souk_txn *txn, struct souk_table table, struct souk_slice key);

/* Rows in the table. */
SOUK_MUST_CHECK int souk_txn_count(struct souk_txn *txn, struct souk_table table, uint64_t *rows_out);

/*
 * Walk a table in key order:
 *
 *     souk_scan_open(txn, table, from, &scan);          first key not below `from`; empty: the first of all
 *     while ((rc = souk_scan_next(scan, &key, &value)) == 0)
 *         ...
 *     souk_scan_close(&scan);
 *
 * souk_scan_next() ends with -SOUK_ENOTFOUND. Close it before its transaction
 * ends. Writing to the same table while scanning is not allowed, but for
 * souk_scan_delete() of the present row.
 */
struct souk_scan;
SOUK_MUST_CHECK int souk_scan_open(struct souk_txn *txn, struct souk_table table, struct souk_slice from,
    struct souk_scan **scan_out);
SOUK_MUST_CHECK int souk_scan_next(struct souk_scan *scan, struct souk_slice *key_out, struct souk_slice *value_out);
SOUK_MUST_CHECK int souk_scan_delete(struct souk_scan *scan);
void souk_scan_close(struct souk_scan **scan_p);

#endif
