#define _GNU_SOURCE              /* fallocate */
#include "souk_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "souk_store_parts.h"

#define TABLE_KEY "table."              /* in the catalog: + name -> slot, 2 bytes big-endian */
#define TABLE_KEY_BYTES (sizeof TABLE_KEY - 1)

/* What a commit may have tried to write at once, for all that anybody knows afterwards. */
#define COMMIT_ROOM_BYTES (64 * 1024 * 1024)

struct souk_scan {
    struct souk_txn *txn;
    MDB_cursor *cursor;
    int first_rc;               /* of positioning; 1 once that row has been handed out */
};

static int begin_read(struct souk_store *store, struct souk_txn **txn_out);
static int begin_write(struct souk_store *store, struct souk_txn **txn_out);
static void end_read(struct souk_txn *txn);
static void end_write(struct souk_txn *txn, bool committed);
static bool env_lives(struct souk_store *store);
static bool disk_is_full(struct souk_store *store);
static int usable(const struct souk_txn *txn);
static int writable(struct souk_txn *txn);
static int check_key(struct souk_slice key);
static int table_key(const char *name, char *key_out, struct souk_slice *slice_out);
static int find_slot(struct souk_txn *txn, struct souk_slice key, unsigned *slot_out);
static int free_slot(struct souk_txn *txn, unsigned *slot_out);
static int open_slot(struct souk_txn *txn, unsigned slot);
static MDB_cursor *cursor_of(struct souk_txn *txn, struct souk_table table);
static int put(struct souk_txn *txn, struct souk_table table, struct souk_slice key, MDB_val *value, unsigned flags);
static int seek(struct souk_txn *txn, struct souk_table table, struct souk_slice key, MDB_cursor_op absent,
    struct souk_slice *key_out, struct souk_slice *value_out);
static int settle(struct souk_txn *txn, const char *what, int rc);
static struct souk_slice lend(struct souk_txn *txn, MDB_val val);
static void call_in_loans(struct souk_txn *txn);

/* ---- transactions --------------------------------------------------- */

int
souk_txn_begin(struct souk_store *store, enum souk_txn_kind kind, struct souk_txn **txn_out)
{
    if (store->dead)
        return -SOUK_EIO;
    return kind == SOUK_TXN_READ ? begin_read(store, txn_out) : begin_write(store, txn_out);
}

int
souk_txn_commit(struct souk_txn **txn_p)
{
    struct souk_txn *txn = *txn_p;
    struct souk_store *store = txn->store;
    bool makes_tables = txn->slots_opened > 0;
    int rc;

    if (txn->kind == SOUK_TXN_READ || (rc = writable(txn)) != 0) {
        rc = txn->kind == SOUK_TXN_READ ? 0 : rc;
        souk_txn_abort(txn_p);
        return rc;
    }
    assert(txn->scans_open == 0);
    *txn_p = NULL;
    call_in_loans(txn);
    if (txn->catalog_written)
        store->catalog_changed = mdb_txn_id(txn->mdb);

    /*
     * LMDB shows a commit to new readers before it shows them the handles that
     * the commit made. Holding them back for this one keeps the two together.
     */
    if (makes_tables)
        pthread_mutex_lock(&store->lock);
    rc = mdb_txn_commit(txn->mdb);
    end_write(txn, rc == 0);
    if (makes_tables)
        pthread_mutex_unlock(&store->lock);
    if (rc == 0)
        return 0;
    /* LMDB says EIO, not ENOSPC, when the disk had room for a part of what it wrote. */
    if (rc == EIO && disk_is_full(store))
        rc = ENOSPC;
    if (rc != EIO && !env_lives(store))
        rc = EIO;
    return souk_store_fault(store, "commit", rc);
}

void
souk_txn_abort(struct souk_txn **txn_p)
{
    struct souk_txn *txn = *txn_p;
    struct souk_store *store;
    bool made_tables;

    *txn_p = NULL;
    if (txn == NULL)
        return;
    assert(txn->scans_open == 0);
    call_in_loans(txn);
    if (txn->kind == SOUK_TXN_READ) {
        end_read(txn);
        return;
    }
    store = txn->store;
    made_tables = txn->slots_opened > 0;
    if (made_tables)
        pthread_mutex_lock(&store->lock);
    mdb_txn_abort(txn->mdb);
    end_write(txn, false);
    if (made_tables)
        pthread_mutex_unlock(&store->lock);
}

int
souk_txn_table(struct souk_txn *txn, const char *name, struct souk_table *table_out)
{
    char key_bytes[TABLE_KEY_BYTES + SOUK_STORE_NAME_BYTES_MAX];
    struct souk_slice key;
    uint8_t value[2];
    unsigned slot;
    MDB_dbi dbi;
    int rc;

    if ((rc = usable(txn)) != 0)
        return rc;
    if ((dbi = souk_handles_find(&txn->handles, name)) != 0) {
        *table_out = (struct souk_table){ dbi };
        return 0;
    }
    if ((rc = table_key(name, key_bytes, &key)) != 0)
        return rc;
    if ((rc = find_slot(txn, key, &slot)) == -SOUK_ENOTFOUND && txn->kind == SOUK_TXN_WRITE) {
        txn->catalog_written = true;
        if ((rc = free_slot(txn, &slot)) != 0)
            return rc;
        if (txn->store->dbi_of_slot[slot] == 0 && (rc = open_slot(txn, slot)) != 0)
            return rc;
        value[0] = (uint8_t)(slot >> 8);
        value[1] = (uint8_t)slot;
        rc = souk_txn_put(txn, (struct souk_table){ txn->store->catalog }, key,
            (struct souk_slice){ value, sizeof value });
    }
    if (rc != 0)
        return rc;
    *table_out = (struct souk_table){ txn->store->dbi_of_slot[slot] };
    souk_handles_note(&txn->handles, name, table_out->dbi);
    return 0;
}

/* The slot is emptied and stays, for readers that are still in it and for the next table. */
int
souk_txn_drop(struct souk_txn *txn, const char *name)
{
    char key_bytes[TABLE_KEY_BYTES + SOUK_STORE_NAME_BYTES_MAX];
    struct souk_slice key;
    unsigned slot;
    int rc;

    assert(txn->kind == SOUK_TXN_WRITE);

    if ((rc = writable(txn)) != 0 || (rc = table_key(name, key_bytes, &key)) != 0)
        return rc;
    if ((rc = find_slot(txn, key, &slot)) != 0)
        return rc;
    txn->catalog_written = true;
    souk_handles_forget(&txn->handles);
    call_in_loans(txn);
    if ((rc = mdb_drop(txn->mdb, txn->store->dbi_of_slot[slot], 0)) != 0)
        return settle(txn, "dropping a table", rc);
    return souk_txn_delete(txn, (struct souk_table){ txn->store->catalog }, key);
}

int
souk_txn_each_table(struct souk_txn *txn, int (*each)(struct souk_txn *txn, const char *name, void *arg), void *arg)
{
    struct souk_table catalog = { txn->store->catalog };
    char after[TABLE_KEY_BYTES + SOUK_STORE_NAME_BYTES_MAX + 1] = TABLE_KEY;
    char *name = after + TABLE_KEY_BYTES;
    struct souk_slice key = { after, TABLE_KEY_BYTES }, value;
    int rc;

    /* `each` may write, so every step looks for its place again: the last key and a NUL. */
    while ((rc = souk_txn_seek(txn, catalog, key, &key, &value)) == 0) {
        if (key.size_bytes <= TABLE_KEY_BYTES || key.size_bytes >= sizeof after
            || memcmp(key.base, TABLE_KEY, TABLE_KEY_BYTES) != 0)
            break;
        memcpy(name, (const char *)key.base + TABLE_KEY_BYTES, key.size_bytes - TABLE_KEY_BYTES);
        after[key.size_bytes] = '\0';
        if ((rc = each(txn, name, arg)) != 0)
            return rc;
        key = (struct souk_slice){ after, TABLE_KEY_BYTES + strlen(name) + 1 };
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- rows ----------------------------------------------------------- */

int
souk_txn_get(struct souk_txn *txn, struct souk_table table, struct souk_slice key, struct souk_slice *value_out)
{
    MDB_val wanted = souk_store_val(key), value;
    MDB_cursor *cursor;
    int rc;

    if ((rc = usable(txn)) != 0 || (rc = check_key(key)) != 0)
        return rc;
    if ((cursor = cursor_of(txn, table)) != NULL)
        rc = mdb_cursor_get(cursor, &wanted, &value, MDB_SET_KEY);
    else
        rc = mdb_get(txn->mdb, table.dbi, &wanted, &value);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? -SOUK_ENOTFOUND : settle(txn, "get", rc);
    *value_out = lend(txn, value);
    return 0;
}

int
souk_txn_seek(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice *key_out, struct souk_slice *value_out)
{
    return seek(txn, table, key, MDB_FIRST, key_out, value_out);
}

int
souk_txn_seek_below(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    struct souk_slice *key_out, struct souk_slice *value_out)
{
    return seek(txn, table, key, MDB_LAST, key_out, value_out);
}

int
souk_txn_put(struct souk_txn *txn, struct souk_table table, struct souk_slice key, struct souk_slice value)
{
    MDB_val stored = souk_store_val(value);

    return put(txn, table, key, &stored, 0);
}

int
souk_txn_append(struct souk_txn *txn, struct souk_table table, struct souk_slice key, struct souk_slice value)
{
    MDB_val stored = souk_store_val(value);

    return put(txn, table, key, &stored, MDB_APPEND);
}

int
souk_txn_delete(struct souk_txn *txn, struct souk_table table, struct souk_slice key)
{
    MDB_val wanted = souk_store_val(key);
    int rc;

    assert(txn->kind == SOUK_TXN_WRITE);

    if ((rc = writable(txn)) != 0 || (rc = check_key(key)) != 0)
        return rc;
    rc = mdb_del(txn->mdb, table.dbi, &wanted, NULL);
    call_in_loans(txn);         /* afterwards: the key may be one of them */
    if (rc != 0)
        return rc == MDB_NOTFOUND ? -SOUK_ENOTFOUND : settle(txn, "delete", rc);
    return 0;
}

int
souk_txn_count(struct souk_txn *txn, struct souk_table table, uint64_t *rows_out)
{
    struct souk_slice key, value;
    MDB_stat stat;
    int rc;

    /* mdb_stat() says nothing when the table is not in this snapshot; looking for a row does. */
    if ((rc = seek(txn, table, (struct souk_slice){ NULL, 0 }, MDB_FIRST, &key, &value)) == -SOUK_ENOTFOUND) {
        *rows_out = 0;
        return 0;
    }
    if (rc != 0)
        return rc;
    if ((rc = mdb_stat(txn->mdb, table.dbi, &stat)) != 0)
        return settle(txn, "count", rc);
    *rows_out = stat.ms_entries;
    return 0;
}

int
souk_scan_open(struct souk_txn *txn, struct souk_table table, struct souk_slice from, struct souk_scan **scan_out)
{
    MDB_val key = souk_store_val(from), value;
    struct souk_scan *scan;
    int rc;

    if ((rc = usable(txn)) != 0 || (from.size_bytes > 0 && (rc = check_key(from)) != 0))
        return rc;
    if ((scan = calloc(1, sizeof *scan)) == NULL)
        return -SOUK_ENOMEM;
    scan->txn = txn;
    if ((rc = mdb_cursor_open(txn->mdb, table.dbi, &scan->cursor)) == 0)
        rc = mdb_cursor_get(scan->cursor, &key, &value, from.size_bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
    if (rc != 0 && (rc = settle(txn, "scan", rc)) != -SOUK_ENOTFOUND) {
        if (scan->cursor != NULL)
            mdb_cursor_close(scan->cursor);
        free(scan);
        return rc;
    }
    scan->first_rc = rc;
    txn->scans_open++;
    *scan_out = scan;
    return 0;
}

int
souk_scan_next(struct souk_scan *scan, struct souk_slice *key_out, struct souk_slice *value_out)
{
    MDB_cursor_op step = scan->first_rc == 0 ? MDB_GET_CURRENT : MDB_NEXT;
    MDB_val key, value;
    int rc;

    if (scan->first_rc < 0)
        return scan->first_rc;
    if ((rc = usable(scan->txn)) != 0)
        return rc;
    scan->first_rc = 1;
    if ((rc = mdb_cursor_get(scan->cursor, &key, &value, step)) != 0)
        return rc == MDB_NOTFOUND ? -SOUK_ENOTFOUND : settle(scan->txn, "scan", rc);
    *key_out = lend(scan->txn, key);
    *value_out = lend(scan->txn, value);
    return 0;
}

int
souk_scan_delete(struct souk_scan *scan)
{
    int rc;

    assert(scan->txn->kind == SOUK_TXN_WRITE);
    assert(scan->first_rc == 1);        /* there is a present row */

    if ((rc = writable(scan->txn)) != 0)
        return rc;
    call_in_loans(scan->txn);
    rc = mdb_cursor_del(scan->cursor, 0);
    return rc == 0 ? 0 : settle(scan->txn, "delete", rc);
}

void
souk_scan_close(struct souk_scan **scan_p)
{
    struct souk_scan *scan = *scan_p;

    *scan_p = NULL;
    if (scan == NULL)
        return;
    if (scan->cursor != NULL)
        mdb_cursor_close(scan->cursor);
    scan->txn->scans_open--;
    free(scan);
}

/* ---- beginning and ending ------------------------------------------- */

static int
begin_read(struct souk_store *store, struct souk_txn **txn_out)
{
    struct souk_txn *txn;
    int rc;

    pthread_mutex_lock(&store->lock);
    if (store->reads_open == store->readers_max) {
        pthread_mutex_unlock(&store->lock);
        return -SOUK_EBUSY;
    }
    if ((txn = store->idle) != NULL) {
        store->idle = txn->next_idle;
        rc = mdb_txn_renew(txn->mdb);
    } else if ((txn = calloc(1, sizeof *txn)) != NULL) {
        txn->store = store;
        txn->kind = SOUK_TXN_READ;
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
    } else {
        rc = ENOMEM;
    }
    if (rc == 0)
        store->reads_open++;
    pthread_mutex_unlock(&store->lock);
    if (rc != 0) {
        if (txn != NULL)
            mdb_txn_abort(txn->mdb);
        free(txn);
        return souk_store_fault(store, "begin", rc);
    }
    /* A commit that changes the catalog says so before it can be seen. */
    if (store->catalog_changed > txn->snapshot)
        souk_handles_forget(&txn->handles);
    txn->snapshot = mdb_txn_id(txn->mdb);
    *txn_out = txn;
    return 0;
}

static int
begin_write(struct souk_store *store, struct souk_txn **txn_out)
{
    struct souk_txn *txn = store->writer;
    bool was_writing = atomic_exchange(&store->writing, true);
    int rc;

    assert(!was_writing);       /* one writer: a second one here would wait for itself */

    if (txn == NULL) {
        if ((txn = calloc(1, sizeof *txn)) == NULL) {
            store->writing = false;
            return -SOUK_ENOMEM;
        }
        txn->store = store;
        txn->kind = SOUK_TXN_WRITE;
        store->writer = txn;
    }
    if ((rc = mdb_txn_begin(store->env, NULL, 0, &txn->mdb)) != 0) {
        store->writing = false;
        return souk_store_fault(store, "begin", rc);
    }
    txn->broken = 0;
    *txn_out = txn;
    return 0;
}

static void
end_read(struct souk_txn *txn)
{
    struct souk_store *store = txn->store;

    mdb_txn_reset(txn->mdb);
    txn->broken = 0;
    pthread_mutex_lock(&store->lock);
    txn->next_idle = store->idle;
    store->idle = txn;
    store->reads_open--;
    pthread_mutex_unlock(&store->lock);
}

/* LMDB has closed the handles that an aborted transaction opened: forget them too. */
static void
end_write(struct souk_txn *txn, bool committed)
{
    struct souk_store *store = txn->store;
    unsigned slot;

    for (slot = 0; slot < SOUK_STORE_TABLES_MAX && txn->slots_opened > 0; slot++)
        if ((txn->slots[slot / 64] & UINT64_C(1) << slot % 64) != 0) {
            if (!committed)
                store->dbi_of_slot[slot] = 0;
            txn->slots_opened--;
        }
    memset(txn->slots, 0, sizeof txn->slots);
    memset(txn->cursors, 0, txn->used_end * sizeof txn->cursors[0]);
    memset(txn->used, 0, txn->used_end);
    txn->used_end = 0;
    if (txn->catalog_written && !committed)
        souk_handles_forget(&txn->handles);
    txn->catalog_written = false;
    txn->mdb = NULL;
    store->writing = false;
}

/* After a failed write of a meta page LMDB answers every transaction with MDB_PANIC. */
static bool
env_lives(struct souk_store *store)
{
    MDB_txn *txn;
    int rc;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        mdb_txn_abort(txn);
    return rc == 0 || rc == MDB_READERS_FULL || rc == ENOMEM;
}

/*
 * Asked only after a failed write: is there no room for another one? A real
 * I/O error on a nearly full disk passes for "full" here. That is safe: the
 * pages of the failed transaction belong to nobody, and those before it were
 * flushed with success.
 */
static bool
disk_is_full(struct souk_store *store)
{
    struct stat file;
    bool full;
    int fd;

    if ((fd = openat(store->dir_fd, SOUK_STORE_DATA_FILE, O_WRONLY | O_CLOEXEC)) < 0)
        return false;
    /* The file is longer for a moment; nobody looks beyond the last page. */
    full = fstat(fd, &file) == 0 && fallocate(fd, 0, file.st_size, COMMIT_ROOM_BYTES) != 0
        && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
    if (ftruncate(fd, file.st_size) != 0)
        full = false;
    (void)close(fd);
    return full;
}

/* ---- tables --------------------------------------------------------- */

static int
table_key(const char *name, char *key_out, struct souk_slice *slice_out)
{
    size_t name_bytes = strlen(name);

    if (name_bytes == 0)
        return -SOUK_EINVAL;
    if (name_bytes > SOUK_STORE_NAME_BYTES_MAX)
        return -SOUK_ETOOBIG;
    memcpy(key_out, TABLE_KEY, TABLE_KEY_BYTES);
    memcpy(key_out + TABLE_KEY_BYTES, name, name_bytes);
    *slice_out = (struct souk_slice){ key_out, TABLE_KEY_BYTES + name_bytes };
    return 0;
}

static int
find_slot(struct souk_txn *txn, struct souk_slice key, unsigned *slot_out)
{
    struct souk_slice value;
    const uint8_t *bytes;
    unsigned slot;
    int rc;

    if ((rc = souk_txn_get(txn, (struct souk_table){ txn->store->catalog }, key, &value)) != 0)
        return rc;
    bytes = value.base;
    slot = value.size_bytes == 2 ? (unsigned)bytes[0] << 8 | bytes[1] : SOUK_STORE_TABLES_MAX;
    if (slot >= SOUK_STORE_TABLES_MAX || txn->store->dbi_of_slot[slot] == 0)
        return settle(txn, "finding a table", MDB_CORRUPTED);
    *slot_out = slot;
    return 0;
}

/* The lowest slot that no table of this transaction's view has. */
static int
free_slot(struct souk_txn *txn, unsigned *slot_out)
{
    uint64_t taken[SOUK_STORE_TABLES_MAX / 64] = { 0 };
    struct souk_slice key, value;
    struct souk_scan *scan;
    unsigned slot;
    int rc;

    if ((rc = souk_scan_open(txn, (struct souk_table){ txn->store->catalog }, souk_slice_of(TABLE_KEY), &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if (key.size_bytes <= TABLE_KEY_BYTES || memcmp(key.base, TABLE_KEY, TABLE_KEY_BYTES) != 0
            || value.size_bytes != 2)
            break;
        slot = (unsigned)((const uint8_t *)value.base)[0] << 8 | ((const uint8_t *)value.base)[1];
        if (slot < SOUK_STORE_TABLES_MAX)
            taken[slot / 64] |= UINT64_C(1) << slot % 64;
    }
    souk_scan_close(&scan);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    for (slot = 0; slot < txn->store->tables_max; slot++)
        if ((taken[slot / 64] & UINT64_C(1) << slot % 64) == 0) {
            *slot_out = slot;
            return 0;
        }
    return -SOUK_ETOOBIG;
}

static int
open_slot(struct souk_txn *txn, unsigned slot)
{
    char name[SOUK_STORE_SLOT_NAME_BYTES];
    MDB_dbi dbi;
    int rc;

    (void)snprintf(name, sizeof name, "t%u", slot);
    call_in_loans(txn);
    if ((rc = mdb_dbi_open(txn->mdb, name, MDB_CREATE, &dbi)) != 0)
        return settle(txn, "making a table", rc);
    txn->store->dbi_of_slot[slot] = dbi;
    txn->slots[slot / 64] |= UINT64_C(1) << slot % 64;
    txn->slots_opened++;
    return 0;
}

/* ---- rows ----------------------------------------------------------- */

static int
put(struct souk_txn *txn, struct souk_table table, struct souk_slice key, MDB_val *value, unsigned flags)
{
    MDB_val wanted = souk_store_val(key);
    MDB_cursor *cursor;
    int rc;

    assert(txn->kind == SOUK_TXN_WRITE);

    if ((rc = writable(txn)) != 0 || (rc = check_key(key)) != 0)
        return rc;
    if ((cursor = cursor_of(txn, table)) != NULL)
        rc = mdb_cursor_put(cursor, &wanted, value, flags);
    else
        rc = mdb_put(txn->mdb, table.dbi, &wanted, value, flags);
    call_in_loans(txn);         /* afterwards: key and value may be among them */
    if (rc != 0)
        return rc == MDB_KEYEXIST ? -SOUK_EINVAL : settle(txn, "put", rc);
    return 0;
}

/*
 * The writer keeps a place in each table that it uses twice: a row that is read
 * and then written, or that lies beside the one before, is not looked for from
 * the root again. LMDB closes these cursors with their transaction. NULL: a
 * reader, the first use (most rounds only look), or there is no memory; then
 * LMDB takes one of its own.
 */
static MDB_cursor *
cursor_of(struct souk_txn *txn, struct souk_table table)
{
    if (txn->kind == SOUK_TXN_READ || table.dbi >= sizeof txn->cursors / sizeof txn->cursors[0])
        return NULL;
    if (!txn->used[table.dbi]) {
        txn->used[table.dbi] = true;
        if (txn->used_end <= table.dbi)
            txn->used_end = table.dbi + 1;
        return NULL;
    }
    if (txn->cursors[table.dbi] == NULL
        && mdb_cursor_open(txn->mdb, table.dbi, &txn->cursors[table.dbi]) != 0)
        txn->cursors[table.dbi] = NULL;
    return txn->cursors[table.dbi];
}

/* `absent` says where an empty key goes: MDB_FIRST, or MDB_LAST and then rows below `key` are meant. */
static int
seek(struct souk_txn *txn, struct souk_table table, struct souk_slice key, MDB_cursor_op absent,
    struct souk_slice *key_out, struct souk_slice *value_out)
{
    MDB_val found = souk_store_val(key), value;
    MDB_cursor *cursor;
    int rc;

    if ((rc = usable(txn)) != 0 || (key.size_bytes > 0 && (rc = check_key(key)) != 0))
        return rc;
    if ((rc = mdb_cursor_open(txn->mdb, table.dbi, &cursor)) != 0)
        return settle(txn, "seek", rc);
    if (key.size_bytes == 0)
        rc = mdb_cursor_get(cursor, &found, &value, absent);
    else if ((rc = mdb_cursor_get(cursor, &found, &value, MDB_SET_RANGE)) == 0 && absent == MDB_LAST)
        rc = mdb_cursor_get(cursor, &found, &value, MDB_PREV);
    else if (rc == MDB_NOTFOUND && absent == MDB_LAST)
        rc = mdb_cursor_get(cursor, &found, &value, MDB_LAST);
    mdb_cursor_close(cursor);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? -SOUK_ENOTFOUND : settle(txn, "seek", rc);
    *key_out = lend(txn, found);
    *value_out = lend(txn, value);
    return 0;
}

static int
usable(const struct souk_txn *txn)
{
    return txn->broken != 0 ? txn->broken : txn->store->dead ? -SOUK_EIO : 0;
}

/* Like usable(), asking a test too. */
static int
writable(struct souk_txn *txn)
{
    struct souk_store *store = txn->store;

    if (usable(txn) == 0 && store->fault != NULL)
        txn->broken = store->fault(store->fault_arg);
    return usable(txn);
}

static int
check_key(struct souk_slice key)
{
    return key.size_bytes == 0 ? -SOUK_EINVAL : key.size_bytes > SOUK_STORE_KEY_BYTES_MAX ? -SOUK_ETOOBIG : 0;
}

/* ---- trouble -------------------------------------------------------- */

/* What LMDB said to a call within `txn`, as an error of souk's. A fault leaves only abort. */
static int
settle(struct souk_txn *txn, const char *what, int rc)
{
    if (rc == MDB_NOTFOUND)
        return -SOUK_ENOTFOUND;
    if (rc == MDB_BAD_VALSIZE)
        return -SOUK_ETOOBIG;
    /* A reader that is older than the table, with a handle from elsewhere. */
    if (rc == EINVAL && txn->kind == SOUK_TXN_READ)
        return -SOUK_ENOTFOUND;
    return txn->broken = souk_store_fault(txn->store, what, rc);
}

/* ---- loans ---------------------------------------------------------- */

/*
 * Bytes that a caller borrows point into the map, where no sanitizer sees that
 * they are used for too long. In a build with one they are copies, freed when
 * the loan ends.
 */
#ifdef __SANITIZE_ADDRESS__
struct loan {
    struct loan *next;
    uint8_t bytes[];
};

static struct souk_slice
lend(struct souk_txn *txn, MDB_val val)
{
    struct loan *loan = malloc(sizeof *loan + val.mv_size);

    assert(loan != NULL);
    if (val.mv_size > 0)
        memcpy(loan->bytes, val.mv_data, val.mv_size);
    loan->next = txn->loans;
    txn->loans = loan;
    return (struct souk_slice){ loan->bytes, val.mv_size };
}

static void
call_in_loans(struct souk_txn *txn)
{
    struct loan *loan;

    while ((loan = txn->loans) != NULL) {
        txn->loans = loan->next;
        free(loan);
    }
}
#else
static struct souk_slice
lend(struct souk_txn *txn, MDB_val val)
{
    return (struct souk_slice){ val.mv_data, val.mv_size };
}

static void
call_in_loans(struct souk_txn *txn)
{
}
#endif
