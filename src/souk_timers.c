#include "souk_timers.h"
#include "souk_space.h"

#include <assert.h>
#include <string.h>

#define TABLE_NAMES "souk.timers"               /* kind 0x00 key -> due, setter */
#define TABLE_DUE "souk.timers.due"             /* due, setter -> kind 0x00 key, correlation, depth */
#define TABLE_SETTERS "souk.timers.set"         /* setter -> due */
#define STREAM_BYTES (SOUK_NAME_BYTES_MAX + 1)
#define SETTER_BYTES (STREAM_BYTES + SOUK_POINT_BYTES + 4)
#define DUE_KEY_BYTES (8 + SETTER_BYTES)
#define NAME_BYTES_MAX (SOUK_TIMER_KIND_BYTES_MAX + 1 + SOUK_KEY_BYTES_MAX)

static int open_tables(struct souk_txn *txn, struct souk_table *names, struct souk_table *due,
    struct souk_table *setters);
static int name_of(const char *kind, struct souk_slice key, uint8_t name_out[NAME_BYTES_MAX], size_t *size_out);
static void setter_of(const struct souk_because *because, uint8_t setter_out[SETTER_BYTES]);
static int clear(struct souk_txn *txn, struct souk_slice name);

int
souk_timer_set(struct souk_tables *tables, const char *kind, struct souk_slice key, uint64_t due_ms)
{
    struct souk_txn *txn = tables->view.txn;
    const struct souk_event *event = tables->event;
    struct souk_because because = { .kind = SOUK_BY_TIMER, .stream = tables->stream, .index = tables->timers_set,
        .point = { tables->epoch, event->number } };
    uint8_t name[NAME_BYTES_MAX], due_key[DUE_KEY_BYTES], value[NAME_BYTES_MAX + 16 + 4];
    struct souk_table names, due, setters;
    size_t name_bytes;
    int rc;

    assert(tables->own);                        /* timers belong to own facts */
    if ((rc = name_of(kind, key, name, &name_bytes)) != 0
        || ((rc = clear(txn, (struct souk_slice){ name, name_bytes })) != 0 && rc != -SOUK_ENOTFOUND)
        || (rc = open_tables(txn, &names, &due, &setters)) != 0)
        return rc;
    tables->timers_set++;
    souk_put_u64(due_key, due_ms);
    setter_of(&because, due_key + 8);
    memcpy(value, event->correlation.bytes, 16);
    souk_put_u32(value + 16, event->depth);
    memcpy(value + 20, name, name_bytes);
    if ((rc = souk_txn_put(txn, names, (struct souk_slice){ name, name_bytes },
            (struct souk_slice){ due_key, sizeof due_key })) != 0
        || (rc = souk_txn_put(txn, due, (struct souk_slice){ due_key, sizeof due_key },
            (struct souk_slice){ value, 20 + name_bytes })) != 0)
        return rc;
    return souk_txn_put(txn, setters, (struct souk_slice){ due_key + 8, SETTER_BYTES },
        (struct souk_slice){ due_key, 8 });
}

int
souk_timer_clear(struct souk_tables *tables, const char *kind, struct souk_slice key)
{
    uint8_t name[NAME_BYTES_MAX];
    size_t name_bytes;
    int rc;

    assert(tables->own);
    if ((rc = name_of(kind, key, name, &name_bytes)) != 0)
        return rc;
    rc = clear(tables->view.txn, (struct souk_slice){ name, name_bytes });
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
clear(struct souk_txn *txn, struct souk_slice name)
{
    struct souk_table names, due, setters;
    uint8_t due_key[DUE_KEY_BYTES];
    struct souk_slice value;
    int rc;

    if ((rc = open_tables(txn, &names, &due, &setters)) != 0 || (rc = souk_txn_get(txn, names, name, &value)) != 0)
        return rc;
    if (value.size_bytes != sizeof due_key)
        return -SOUK_EDAMAGED;
    memcpy(due_key, value.base, sizeof due_key);
    if ((rc = souk_txn_delete(txn, names, name)) != 0
        || (rc = souk_txn_delete(txn, due, (struct souk_slice){ due_key, sizeof due_key })) != 0)
        return rc;
    return souk_txn_delete(txn, setters, (struct souk_slice){ due_key + 8, SETTER_BYTES });
}

int
souk_timers_answered(struct souk_txn *txn, const struct souk_because *because)
{
    uint8_t due_key[DUE_KEY_BYTES], name[NAME_BYTES_MAX];
    struct souk_table names, due, setters;
    struct souk_slice value;
    int rc;

    if (because->kind != SOUK_BY_TIMER)
        return 0;
    if ((rc = open_tables(txn, &names, &due, &setters)) != 0)
        return rc;
    setter_of(because, due_key + 8);
    rc = souk_txn_get(txn, setters, (struct souk_slice){ due_key + 8, SETTER_BYTES }, &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;  /* moved or cleared, or answered by an event before this one */
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    memcpy(due_key, value.base, 8);
    if ((rc = souk_txn_get(txn, due, (struct souk_slice){ due_key, sizeof due_key }, &value)) != 0)
        return rc == -SOUK_ENOTFOUND ? -SOUK_EDAMAGED : rc;
    if (value.size_bytes < 20 || value.size_bytes > 20 + NAME_BYTES_MAX)
        return -SOUK_EDAMAGED;
    memcpy(name, (const uint8_t *)value.base + 20, value.size_bytes - 20);
    return clear(txn, (struct souk_slice){ name, value.size_bytes - 20 });
}

int
souk_timers_due(struct souk_txn *txn, uint64_t now_ms, const struct souk_timer_row *after, struct souk_arena *arena,
    struct souk_timer_row *row_out)
{
    uint8_t from[DUE_KEY_BYTES + 1] = { 0 };
    struct souk_slice key, value;
    const uint8_t *at, *end;
    struct souk_table due;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_DUE, &due)) != 0)
        return rc;
    if (after != NULL) {
        souk_put_u64(from, after->due_ms);
        setter_of(&after->because, from + 8);
    }
    rc = souk_txn_seek(txn, due, (struct souk_slice){ from, after != NULL ? sizeof from : 1 }, &key, &value);
    if (rc != 0)
        return rc;
    at = key.base;
    if (key.size_bytes != DUE_KEY_BYTES || value.size_bytes < 20)
        return -SOUK_EDAMAGED;
    if ((row_out->due_ms = souk_get_u64(at)) > now_ms)
        return -SOUK_ENOTFOUND;
    memset(&row_out->because, 0, sizeof row_out->because);
    row_out->because.kind = SOUK_BY_TIMER;
    if ((rc = souk_name_decode(at + 8, &row_out->because.stream)) != 0
        || (rc = souk_point_decode((struct souk_slice){ at + 8 + STREAM_BYTES, SOUK_POINT_BYTES },
            &row_out->because.point)) != 0)
        return rc;
    row_out->because.index = souk_get_u32(at + 8 + STREAM_BYTES + SOUK_POINT_BYTES);

    at = value.base;
    end = at + value.size_bytes;
    memcpy(row_out->correlation.bytes, at, 16);
    row_out->depth = souk_get_u32(at + 16);
    at += 20;
    for (size_t i = 0; i < sizeof row_out->kind && at + i < end; i++)
        if ((row_out->kind[i] = (char)at[i]) == '\0') {
            if (i == 0 || (size_t)(end - at) - i - 1 > SOUK_KEY_BYTES_MAX)
                return -SOUK_EDAMAGED;
            row_out->key = souk_arena_copy(arena, (struct souk_slice){ at + i + 1, (size_t)(end - at) - i - 1 });
            return row_out->key.base == NULL ? -SOUK_ENOMEM : 0;
        }
    return -SOUK_EDAMAGED;
}

int
souk_timers_next_ms(struct souk_txn *txn, uint64_t *due_ms_out)
{
    struct souk_slice key, value;
    struct souk_table due;
    int rc;

    *due_ms_out = UINT64_MAX;
    if ((rc = souk_txn_table(txn, TABLE_DUE, &due)) == 0)
        rc = souk_txn_seek(txn, due, (struct souk_slice){ "\0", 1 }, &key, &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (key.size_bytes != DUE_KEY_BYTES)
        return -SOUK_EDAMAGED;
    *due_ms_out = souk_get_u64(key.base);
    return 0;
}

static int
open_tables(struct souk_txn *txn, struct souk_table *names, struct souk_table *due, struct souk_table *setters)
{
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_NAMES, names)) != 0 || (rc = souk_txn_table(txn, TABLE_DUE, due)) != 0)
        return rc;
    return souk_txn_table(txn, TABLE_SETTERS, setters);
}

static int
name_of(const char *kind, struct souk_slice key, uint8_t name_out[NAME_BYTES_MAX], size_t *size_out)
{
    size_t kind_bytes = strlen(kind) + 1;

    if (kind_bytes == 1 || kind_bytes > SOUK_TIMER_KIND_BYTES_MAX + 1 || key.size_bytes > SOUK_KEY_BYTES_MAX)
        return -SOUK_EINVAL;
    memcpy(name_out, kind, kind_bytes);
    if (key.size_bytes != 0)
        memcpy(name_out + kind_bytes, key.base, key.size_bytes);
    *size_out = kind_bytes + key.size_bytes;
    return 0;
}

static void
setter_of(const struct souk_because *because, uint8_t setter_out[SETTER_BYTES])
{
    memcpy(setter_out, because->stream.text, STREAM_BYTES);
    souk_point_encode(&because->point, setter_out + STREAM_BYTES);
    souk_put_u32(setter_out + STREAM_BYTES + SOUK_POINT_BYTES, because->index);
}
