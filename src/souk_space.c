#include "souk_space.h"
#include "souk_core.h"
#include "souk_plant.h"
#include "souk_seal.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_NAME_BYTES (SOUK_NAME_BYTES_MAX + 16)
#define ENTITY_ARENA_BYTES_MAX (16 * 1024 * 1024)   /* what an index function may use for one entity */
#define DIGEST_STEP_ROWS 4096

struct souk_rows {
    struct souk_scan *scan;
    const struct souk_view *view;
    struct souk_slice prefix;
};

/* Whether a digest is still wanted. */
struct digesting {
    bool (*goes_on)(void *arg);
    void *arg;
};

struct souk_index_rows {
    const struct souk_space *space;
    struct souk_txn *txn;
    struct souk_space_table *index;
    struct souk_pack keys;                      /* of the rows, each a bin */
    uint32_t count;
};

static int add_table(struct souk_space *space, const char *name, const char *stream,
    const struct souk_index_def *index, struct souk_error *err);
static struct souk_space_table *find(const struct souk_space *space, const char *name);
static bool handle(const struct souk_view *view, const char *name, struct souk_table *table_out);
static struct souk_table writable(struct souk_tables *tables, const char *name);
static void table_name(char name_out[TABLE_NAME_BYTES], uint32_t generation, const char *table);
static void join(char name_out[TABLE_NAME_BYTES], const char *head, const char *table);
static int load_table(struct souk_space_table *table, struct souk_txn *txn);
static int drop_rows(struct souk_txn *txn, struct souk_space_table *index, struct souk_slice keys);
static int refresh_all(struct souk_space *space, struct souk_txn *txn, struct souk_space_table *index);
static int borrowed(const struct souk_view *view, struct souk_slice *slice);
static int digest_table(struct souk_txn *txn, const char *name, struct souk_table table,
    const struct digesting *digesting, crypto_generichash_state *state);

/* ---- the space ------------------------------------------------------ */

int
souk_space_init(struct souk_space *space, const struct souk_service *service, struct souk_error *err)
{
    int rc = 0;

    memset(space, 0, sizeof *space);
    space->service = service;
    for (const struct souk_table_def *def = service->tables; rc == 0 && def != NULL && def->name != NULL; def++)
        rc = add_table(space, def->name, def->stream, NULL, err);
    for (const struct souk_index_def *def = service->indexes; rc == 0 && def != NULL && def->name != NULL; def++)
        rc = add_table(space, def->name, NULL, def, err);
    return rc;
}

static int
add_table(struct souk_space *space, const char *name, const char *stream, const struct souk_index_def *index,
    struct souk_error *err)
{
    struct souk_space_table *table;

    if (strlen(name) > SOUK_NAME_BYTES_MAX || name[0] == '\0')
        return souk_fail(err, SOUK_EINVAL, "service %s: table \"%s\": a name has 1 to %d bytes",
            space->service->name, name, SOUK_NAME_BYTES_MAX);
    if (find(space, name) != NULL)
        return souk_fail(err, SOUK_EINVAL, "service %s: two tables are named %s", space->service->name, name);
    if (space->count == SOUK_TABLES_MAX)
        return souk_fail(err, SOUK_EINVAL, "service %s: more than %d tables", space->service->name, SOUK_TABLES_MAX);
    table = &space->tables[space->count++];
    table->name = name;
    table->stream = stream;
    table->index = index;
    return 0;
}

int
souk_space_load(struct souk_space *space, struct souk_txn *txn)
{
    int rc = 0;

    for (uint32_t i = 0; i < space->count && rc == 0; i++)
        rc = load_table(&space->tables[i], txn);
    return rc;
}

static int
load_table(struct souk_space_table *table, struct souk_txn *txn)
{
    char name[TABLE_NAME_BYTES];
    struct souk_cursor cursor;
    struct souk_name stream;
    int rc;

    table->exists = table->exists_beside = false;
    if (table->stream == NULL) {
        join(name, "xe.", table->name);
        if ((rc = souk_txn_table(txn, name, &table->entities)) != 0)
            return rc == -SOUK_ENOTFOUND ? 0 : rc;
        join(name, "x.", table->name);
        rc = souk_txn_table(txn, name, &table->table);
        table->exists = rc == 0;
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    }
    if ((rc = souk_name_set(&stream, souk_slice_of(table->stream))) != 0
        || (rc = souk_cursor_get(txn, &stream, &cursor)) != 0)
        return rc;
    table_name(name, cursor.generation, table->name);
    if ((rc = souk_txn_table(txn, name, &table->table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    table->exists = true;
    if (cursor.generation_beside == 0)
        return 0;
    table_name(name, cursor.generation_beside, table->name);
    rc = souk_txn_table(txn, name, &table->beside);
    table->exists_beside = rc == 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_space_begin_beside(struct souk_space *space, struct souk_txn *txn, const char *stream, uint32_t generation)
{
    char name[TABLE_NAME_BYTES];
    int rc;

    for (uint32_t i = 0; i < space->count; i++) {
        struct souk_space_table *table = &space->tables[i];

        if (table->stream == NULL || !souk_text_equal(table->stream, stream))
            continue;
        table_name(name, generation, table->name);
        if (((rc = souk_txn_drop(txn, name)) != 0 && rc != -SOUK_ENOTFOUND)
            || (rc = souk_txn_table(txn, name, &table->beside)) != 0)
            return rc;
        table->exists_beside = true;
    }
    return 0;
}

int
souk_space_swap(struct souk_space *space, struct souk_txn *txn, const char *stream, uint32_t generation_old)
{
    char name[TABLE_NAME_BYTES];
    int rc;

    for (uint32_t i = 0; i < space->count; i++) {
        struct souk_space_table *table = &space->tables[i];

        if (table->stream == NULL || !souk_text_equal(table->stream, stream))
            continue;
        assert(table->exists_beside);
        table->table = table->beside;
        table->exists_beside = false;
        table_name(name, generation_old, table->name);
        if ((rc = souk_txn_drop(txn, name)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
    }
    if (SOUK_PLANTED_BUG(INDEX_NOT_REMADE))
        return 0;
    for (uint32_t i = 0; i < space->count; i++)
        if (space->tables[i].index != NULL && (rc = refresh_all(space, txn, &space->tables[i])) != 0)
            return rc;
    return 0;
}

static struct souk_space_table *
find(const struct souk_space *space, const char *name)
{
    for (uint32_t i = 0; i < space->count; i++)
        if (souk_text_equal(space->tables[i].name, name))
            return (struct souk_space_table *)(uintptr_t)&space->tables[i];
    return NULL;
}

static void
table_name(char name_out[TABLE_NAME_BYTES], uint32_t generation, const char *table)
{
    char head[] = "t.4294967295.", *at = head + sizeof head - 2;

    do
        *--at = (char)('0' + generation % 10);
    while ((generation /= 10) != 0);
    *--at = '.';
    *--at = 't';
    join(name_out, at, table);
}

/* Each round of a service or a reader names all its tables: printf() is too slow for that. */
static void
join(char name_out[TABLE_NAME_BYTES], const char *head, const char *table)
{
    size_t head_bytes = strlen(head);

    memcpy(name_out, head, head_bytes);
    strcpy(name_out + head_bytes, table);       /* not too long: add_table() */
}

/* ---- reading -------------------------------------------------------- */

/* A table that the service did not declare is a bug of the service. */
static bool
handle(const struct souk_view *view, const char *name, struct souk_table *table_out)
{
    const struct souk_space_table *table = find(view->space, name);

    assert(table != NULL);
    if (view->beside != NULL && table->stream != NULL && souk_text_equal(view->beside, table->stream)) {
        *table_out = table->beside;
        return table->exists_beside;
    }
    *table_out = table->table;
    return table->exists;
}

int
souk_view_get(const struct souk_view *view, const char *table, struct souk_slice key, struct souk_slice *value_out)
{
    struct souk_table at;
    int rc;

    if (!handle(view, table, &at))
        return -SOUK_ENOTFOUND;
    if ((rc = souk_txn_get(view->txn, at, key, value_out)) != 0)
        return rc;
    return borrowed(view, value_out);
}

static int
borrowed(const struct souk_view *view, struct souk_slice *slice)
{
    if (!view->copies)
        return 0;
    *slice = souk_arena_copy(view->arena, *slice);
    return slice->base == NULL ? -SOUK_ENOMEM : 0;
}

int
souk_rows_open(const struct souk_view *view, const char *table, struct souk_slice prefix, struct souk_rows **rows_out)
{
    return souk_rows_open_from(view, table, prefix, prefix, rows_out);
}

int
souk_rows_open_from(const struct souk_view *view, const char *table, struct souk_slice prefix, struct souk_slice from,
    struct souk_rows **rows_out)
{
    struct souk_rows *rows;
    struct souk_table at;
    int rc;

    if ((rows = calloc(1, sizeof *rows)) == NULL)
        return -SOUK_ENOMEM;
    rows->view = view;
    rows->prefix = souk_arena_copy(view->arena, prefix);
    rc = rows->prefix.base == NULL ? -SOUK_ENOMEM : 0;
    if (rc == 0 && handle(view, table, &at))
        rc = souk_scan_open(view->txn, at, from, &rows->scan);
    if (rc != 0) {
        free(rows);
        return rc;
    }
    *rows_out = rows;
    return 0;
}

int
souk_rows_next(struct souk_rows *rows, struct souk_slice *key_out, struct souk_slice *value_out)
{
    int rc;

    if (rows->scan == NULL)
        return -SOUK_ENOTFOUND;
    if ((rc = souk_scan_next(rows->scan, key_out, value_out)) != 0)
        return rc;
    if (key_out->size_bytes < rows->prefix.size_bytes
        || (rows->prefix.size_bytes != 0
            && memcmp(key_out->base, rows->prefix.base, rows->prefix.size_bytes) != 0))
        return -SOUK_ENOTFOUND;
    if ((rc = borrowed(rows->view, key_out)) != 0)
        return rc;
    return borrowed(rows->view, value_out);
}

void
souk_rows_close(struct souk_rows **rows_p)
{
    if (*rows_p == NULL)
        return;
    souk_scan_close(&(*rows_p)->scan);
    free(*rows_p);
    *rows_p = NULL;
}

struct souk_arena *
souk_view_arena(const struct souk_view *view)
{
    return view->arena;
}

int
souk_fault(const struct souk_view *view, enum souk_error_code code, const char *format, ...)
{
    va_list args;

    if (view->fault_text != NULL) {
        va_start(args, format);
        (void)vsnprintf(view->fault_text, SOUK_FAULT_TEXT_BYTES_MAX + 1, format, args);
        va_end(args);
    }
    return -(int)code;
}

/* ---- writing -------------------------------------------------------- */

const struct souk_view *
souk_tables_view(const struct souk_tables *tables)
{
    return &tables->view;
}

static struct souk_table
writable(struct souk_tables *tables, const char *name)
{
    const struct souk_space_table *table = find(tables->view.space, name);
    struct souk_table at;

    assert(table != NULL);
    assert(table->stream != NULL);                                  /* index rows are the index function's */
    assert(souk_text_equal(table->stream, tables->stream.text));        /* each table is fed by one stream */
    if (!handle(&tables->view, name, &at))
        abort();                                                    /* a write transaction has made it */
    return at;
}

const struct souk_wiring *
souk_view_wiring(const struct souk_view *view)
{
    return view->space->wiring;
}

const struct souk_wiring *
souk_index_wiring(const struct souk_index_rows *rows)
{
    return rows->space->wiring;
}

int
souk_tables_put(struct souk_tables *tables, const char *table, struct souk_slice key, struct souk_slice value)
{
    if (value.size_bytes > SOUK_ROW_BYTES_MAX)
        return -SOUK_ETOOBIG;
    return souk_txn_put(tables->view.txn, writable(tables, table), key, value);
}

int
souk_tables_delete(struct souk_tables *tables, const char *table, struct souk_slice key)
{
    return souk_txn_delete(tables->view.txn, writable(tables, table), key);
}

uint64_t
souk_tables_time_ms(const struct souk_tables *tables)
{
    return tables->event->time_ms;
}

struct souk_event_ref
souk_tables_event(const struct souk_tables *tables)
{
    struct souk_event_ref ref = { .epoch_counter = tables->epoch.counter, .number = tables->event->number };

    memcpy(ref.stream, tables->stream.text, sizeof ref.stream);
    memcpy(ref.epoch_bits, tables->epoch.bits, sizeof ref.epoch_bits);
    return ref;
}

/* ---- index tables --------------------------------------------------- */

int
souk_touch(struct souk_tables *tables, const char *index, struct souk_slice entity)
{
    struct souk_space_table *table = find(tables->view.space, index);
    struct souk_touched *touched;

    assert(table != NULL);
    assert(table->index != NULL);
    if (entity.size_bytes == 0 || entity.size_bytes > SOUK_STORE_KEY_BYTES_MAX)
        return -SOUK_EINVAL;
    for (touched = tables->touched; touched != NULL; touched = touched->next)
        if (touched->index == table && souk_slice_equal(touched->entity, entity))
            return 0;
    if ((touched = souk_arena_alloc(tables->view.arena, sizeof *touched)) == NULL)
        return -SOUK_ENOMEM;
    touched->index = table;
    touched->entity = souk_arena_copy(tables->view.arena, entity);
    if (touched->entity.base == NULL)
        return -SOUK_ENOMEM;
    touched->next = tables->touched;
    tables->touched = touched;
    return 0;
}

int
souk_index_note(struct souk_txn *txn, const struct souk_space_table *index, struct souk_slice entity)
{
    struct souk_slice keys;
    int rc = souk_txn_get(txn, index->entities, entity, &keys);

    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_txn_put(txn, index->entities, entity, (struct souk_slice){ "", 0 });
}

int
souk_index_refresh(struct souk_space *space, struct souk_txn *txn, struct souk_arena *arena,
    struct souk_space_table *index, struct souk_slice entity)
{
    const struct souk_view view = { .space = space, .txn = txn, .arena = arena, .copies = true };
    struct souk_index_rows rows = { .space = space, .txn = txn, .index = index };
    struct souk_slice keys;
    int rc;

    rc = souk_txn_get(txn, index->entities, entity, &keys);
    if (rc == 0) {
        keys = souk_arena_copy(arena, keys);
        rc = keys.base == NULL ? -SOUK_ENOMEM : drop_rows(txn, index, keys);
    }
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    souk_pack_init(&rows.keys, SOUK_ROW_BYTES_MAX);
    rc = index->index->rows(&view, entity, &rows);
    if (rc == 0)
        rc = rows.keys.rc;
    if (rc == 0)
        rc = souk_txn_put(txn, index->entities, entity, souk_pack_slice(&rows.keys));
    souk_pack_done(&rows.keys);
    return rc;
}

int
souk_index_row(struct souk_index_rows *rows, struct souk_slice key, struct souk_slice value)
{
    if (++rows->count > SOUK_INDEX_ROWS_MAX || value.size_bytes > SOUK_ROW_BYTES_MAX)
        return -SOUK_ETOOBIG;
    souk_pack_bin(&rows->keys, key);
    if (rows->keys.rc != 0)
        return rows->keys.rc;
    return souk_txn_put(rows->txn, rows->index->table, key, value);
}

static int
drop_rows(struct souk_txn *txn, struct souk_space_table *index, struct souk_slice keys)
{
    struct souk_unpack in;
    int rc;

    souk_unpack_init(&in, keys);
    while (in.rc == 0 && in.at < in.end) {
        struct souk_slice key = souk_unpack_bin(&in, SOUK_STORE_KEY_BYTES_MAX);

        if (in.rc != 0)
            return -SOUK_EDAMAGED;
        if ((rc = souk_txn_delete(txn, index->table, key)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
    }
    return 0;
}

static int
refresh_all(struct souk_space *space, struct souk_txn *txn, struct souk_space_table *index)
{
    struct souk_slice entity, keys, from = { NULL, 0 };
    uint8_t after[SOUK_STORE_KEY_BYTES_MAX + 1];
    struct souk_arena arena;                    /* of one entity: there may be millions */
    int rc;

    souk_arena_init(&arena, ENTITY_ARENA_BYTES_MAX);

    /* One by one: refreshing writes to the table that is walked. */
    while ((rc = from.size_bytes == 0 ? souk_txn_seek(txn, index->entities, (struct souk_slice){ "\0", 1 }, &entity,
        &keys) : souk_txn_seek(txn, index->entities, from, &entity, &keys)) == 0) {
        size_t size = entity.size_bytes;

        memcpy(after, entity.base, size);
        rc = size == SOUK_STORE_KEY_BYTES_MAX ? -SOUK_ETOOBIG
            : souk_index_refresh(space, txn, &arena, index, (struct souk_slice){ after, size });
        if (rc != 0)
            break;
        souk_arena_reset(&arena);
        after[size] = 0;                        /* the least key above */
        from = (struct souk_slice){ after, size + 1 };
    }
    souk_arena_done(&arena);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- digest --------------------------------------------------------- */

int
souk_tables_digest(struct souk_txn *txn, const struct souk_service *service, const char *stream,
    struct souk_hash *digest_out)
{
    return souk_tables_digest_while(txn, service, stream, NULL, NULL, digest_out);
}

int
souk_tables_digest_while(struct souk_txn *txn, const struct souk_service *service, const char *stream,
    bool (*goes_on)(void *goes_on_arg), void *goes_on_arg, struct souk_hash *digest_out)
{
    const struct digesting digesting = { goes_on, goes_on_arg };
    crypto_generichash_state state;
    const struct souk_space_table *sorted[SOUK_TABLES_MAX];
    struct souk_space space;
    uint32_t count = 0;
    int rc;

    if ((rc = souk_space_init(&space, service, NULL)) != 0 || (rc = souk_space_load(&space, txn)) != 0)
        return rc;
    for (uint32_t i = 0; i < space.count; i++) {
        const struct souk_space_table *table = &space.tables[i];
        uint32_t at = count;

        if (!table->exists || (stream == NULL) != (table->stream == NULL)
            || (stream != NULL && !souk_text_equal(stream, table->stream)))
            continue;
        while (at > 0 && strcmp(sorted[at - 1]->name, table->name) > 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = table;
        count++;
    }
    (void)crypto_generichash_init(&state, NULL, 0, SOUK_HASH_BYTES);
    for (uint32_t i = 0; i < count; i++)
        if ((rc = digest_table(txn, sorted[i]->name, sorted[i]->table, &digesting, &state)) != 0)
            return rc;
    (void)crypto_generichash_final(&state, digest_out->bytes, SOUK_HASH_BYTES);
    return 0;
}

static int
digest_table(struct souk_txn *txn, const char *name, struct souk_table table, const struct digesting *digesting,
    crypto_generichash_state *state)
{
    struct souk_slice key, value;
    struct souk_scan *scan;
    uint64_t rows = 0;
    uint8_t sizes[16];
    int rc;

    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if (rows++ == 0)                        /* a table that is empty is as one that is not there */
            (void)crypto_generichash_update(state, (const uint8_t *)name, strlen(name) + 1);
        if (rows % DIGEST_STEP_ROWS == 0 && digesting->goes_on != NULL && !digesting->goes_on(digesting->arg)) {
            rc = -SOUK_EBUSY;
            break;
        }
        souk_put_u64(sizes, key.size_bytes);
        souk_put_u64(sizes + 8, value.size_bytes);
        (void)crypto_generichash_update(state, sizes, sizeof sizes);
        (void)crypto_generichash_update(state, key.base, key.size_bytes);
        if (value.size_bytes != 0)
            (void)crypto_generichash_update(state, value.base, value.size_bytes);
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}
