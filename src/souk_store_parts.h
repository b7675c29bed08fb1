/*
 * What souk_store.c and souk_txn.c share. Nobody else includes this.
 *
 * A named table lives in a numbered LMDB table, its slot, and the catalog says
 * in which one. LMDB handles are opened at start or by the writer, and never
 * closed: closing one under a running reader is what LMDB can't do.
 */
#ifndef SOUK_STORE_PARTS_H
#define SOUK_STORE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "souk_handles.h"
#include "souk_store.h"

#define SOUK_STORE_DATA_FILE "data.mdb" /* LMDB's name */

/* LMDB has two tables of its own, and the catalog is one more; then come the slots. */
#define SOUK_STORE_DBI_FIRST 3

struct souk_store {
    MDB_env *env;
    char *path;
    int dir_fd;                 /* holds the lock */
    uint32_t readers_max;
    uint32_t tables_max;
    int (*fault)(void *fault_arg);      /* of a test, or NULL */
    void *fault_arg;
    MDB_dbi catalog;
    _Atomic MDB_dbi dbi_of_slot[SOUK_STORE_TABLES_MAX];     /* 0: not open */

    pthread_mutex_t lock;       /* guards what follows, and beginning a read against a commit that adds tables */
    struct souk_txn *idle;      /* read transactions, reset, to be renewed */
    uint32_t reads_open;
    atomic_bool writing;
    _Atomic size_t catalog_changed;     /* the last transaction that may have committed a change of the catalog */
    struct souk_txn *writer;    /* kept for the next write transaction */
    atomic_bool dead;
    char failure[SOUK_ERROR_TEXT_BYTES_MAX];
};

struct souk_txn {
    struct souk_store *store;
    MDB_txn *mdb;
    enum souk_txn_kind kind;
    int broken;                 /* the fault after which only abort is left */
    uint32_t scans_open;
    uint32_t slots_opened;      /* handles that fall with this transaction */
    uint64_t slots[SOUK_STORE_TABLES_MAX / 64];
    bool catalog_written;       /* a table was made or dropped */
    size_t snapshot;            /* of a read transaction, the last one also while it is idle: LMDB's number */
    struct souk_handles handles;    /* of tables in that snapshot; the writer's: of the present */
    MDB_cursor *cursors[SOUK_STORE_TABLES_MAX + SOUK_STORE_DBI_FIRST];  /* of a writer, by handle; NULL: not open */
    bool used[SOUK_STORE_TABLES_MAX + SOUK_STORE_DBI_FIRST];    /* once at least, by the writer */
    unsigned used_end;          /* no handle from here on was used */
    struct souk_txn *next_idle;
    struct loan *loans;         /* in builds with a sanitizer */
};

/* Room for an LMDB table's name: "t0" to "t511". */
#define SOUK_STORE_SLOT_NAME_BYTES 8

/*
 * What `what` got from LMDB or errno, as an error of souk's. No room, no memory
 * and no reader slot leave the store alive; all else kills it. 0 stays 0.
 */
int souk_store_fault(struct souk_store *store, const char *what, int rc);

/* LMDB takes keys and values as writable, and doesn't write to them. */
static inline MDB_val
souk_store_val(struct souk_slice slice)
{
    return (MDB_val){ slice.size_bytes, (void *)(uintptr_t)slice.base };
}

#endif
