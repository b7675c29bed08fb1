#include "fake_runtime.h"

#include "souk_seal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct souk_rows {
    const struct souk_view *view;
    const char *table;
    struct fake_row prefix;
    size_t at;
};

static struct souk_slice key_of(const struct fake_row *row);
static int compare(const struct fake_row *row, const char *table, struct souk_slice key);
static size_t find(const struct souk_view *view, const char *table, struct souk_slice key);
static void fill(struct fake_row *row, const char *table, struct souk_slice key, struct souk_slice value);

void
fake_view_init(struct souk_view *view)
{
    memset(view, 0, sizeof *view);
    souk_arena_init(&view->arena, 0);
}

void
fake_view_done(struct souk_view *view)
{
    souk_arena_done(&view->arena);
}

struct souk_arena *
souk_view_arena(const struct souk_view *view)
{
    return (struct souk_arena *)(uintptr_t)&view->arena;
}

int
souk_view_get(const struct souk_view *view, const char *table, struct souk_slice key, struct souk_slice *value_out)
{
    size_t at = find(view, table, key);

    if (at == view->row_count || compare(&view->rows[at], table, key) != 0)
        return -SOUK_ENOTFOUND;
    *value_out = (struct souk_slice){ view->rows[at].value, view->rows[at].value_bytes };
    return 0;
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
    struct souk_rows *rows = calloc(1, sizeof *rows);

    if (rows == NULL)
        return -SOUK_ENOMEM;
    rows->view = view;
    rows->table = table;
    fill(&rows->prefix, table, prefix, (struct souk_slice){ NULL, 0 });
    rows->at = find(view, table, from);
    *rows_out = rows;
    return 0;
}

int
souk_rows_next(struct souk_rows *rows, struct souk_slice *key_out, struct souk_slice *value_out)
{
    const struct fake_row *row = &rows->view->rows[rows->at];

    if (rows->at == rows->view->row_count || strcmp(row->table, rows->table) != 0
        || row->key_bytes < rows->prefix.key_bytes || memcmp(row->key, rows->prefix.key, rows->prefix.key_bytes) != 0)
        return -SOUK_ENOTFOUND;
    rows->at++;
    *key_out = key_of(row);
    *value_out = (struct souk_slice){ row->value, row->value_bytes };
    return 0;
}

void
souk_rows_close(struct souk_rows **rows_p)
{
    free(*rows_p);
    *rows_p = NULL;
}

const struct souk_view *
souk_tables_view(const struct souk_tables *tables)
{
    return tables->view;
}

int
souk_tables_put(struct souk_tables *tables, const char *table, struct souk_slice key, struct souk_slice value)
{
    struct souk_view *view = tables->view;
    size_t at = find(view, table, key);

    assert(key.size_bytes > 0);
    if (at == view->row_count || compare(&view->rows[at], table, key) != 0) {
        assert(view->row_count < FAKE_ROWS_MAX);
        memmove(&view->rows[at + 1], &view->rows[at], (view->row_count - at) * sizeof view->rows[0]);
        view->row_count++;
    }
    fill(&view->rows[at], table, key, value);
    return 0;
}

int
souk_tables_delete(struct souk_tables *tables, const char *table, struct souk_slice key)
{
    struct souk_view *view = tables->view;
    size_t at = find(view, table, key);

    if (at == view->row_count || compare(&view->rows[at], table, key) != 0)
        return -SOUK_ENOTFOUND;
    view->row_count--;
    memmove(&view->rows[at], &view->rows[at + 1], (view->row_count - at) * sizeof view->rows[0]);
    return 0;
}

int
souk_index_row(struct souk_index_rows *rows, struct souk_slice key, struct souk_slice value)
{
    fill(&rows->row, "", key, value);
    return 0;
}

int
souk_emit(struct souk_decision *decision, const struct souk_message_type *event, const void *message)
{
    *decision = (struct souk_decision){ event, message };
    return 0;
}

int
souk_request(struct souk_tables *tables, const char *service, const struct souk_message_type *command,
    const void *message)
{
    tables->requested_service = service;
    tables->requested = command;
    tables->requested_message = message;
    return 0;
}

int
souk_answer_with(struct souk_answer *answer, const struct souk_message_type *reply, const void *message)
{
    *answer = (struct souk_answer){ reply, message };
    return 0;
}

static struct souk_slice
key_of(const struct fake_row *row)
{
    return (struct souk_slice){ row->key, row->key_bytes };
}

static int
compare(const struct fake_row *row, const char *table, struct souk_slice key)
{
    int order = strcmp(row->table, table);

    return order != 0 ? order : souk_slice_compare(key_of(row), key);
}

/* The first row that is not below. */
static size_t
find(const struct souk_view *view, const char *table, struct souk_slice key)
{
    size_t at = 0;

    while (at < view->row_count && compare(&view->rows[at], table, key) < 0)
        at++;
    return at;
}

static void
fill(struct fake_row *row, const char *table, struct souk_slice key, struct souk_slice value)
{
    assert(key.size_bytes <= sizeof row->key && value.size_bytes <= sizeof row->value);
    row->table = table;
    row->key_bytes = key.size_bytes;
    row->value_bytes = value.size_bytes;
    if (key.size_bytes > 0)
        memcpy(row->key, key.base, key.size_bytes);
    if (value.size_bytes > 0)
        memcpy(row->value, value.base, value.size_bytes);
}

/* Nothing is sealed here. */
const struct souk_wiring *
souk_view_wiring(const struct souk_view *view)
{
    (void)view;
    return NULL;
}

const struct souk_wiring *
souk_index_wiring(const struct souk_index_rows *rows)
{
    (void)rows;
    return NULL;
}
