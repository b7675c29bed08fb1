#include "app_messages.h"

#include <stdlib.h>
#include <string.h>

#define TROUBLES_MAX 16

struct trouble {
    const char *service;
    uint64_t key;
};

static struct trouble troubles[TROUBLES_MAX];
static size_t trouble_count;
static uint32_t stretch = 1;

static size_t put_number(char *text_out, uint64_t number);
static void pack_row(struct souk_pack *pack, const uint64_t *fields, uint32_t count);

/* ---- handlers that fail --------------------------------------------- */

void
app_disturb(const char *service, uint64_t key)
{
    if (trouble_count < TROUBLES_MAX)
        troubles[trouble_count++] = (struct trouble){ service, key };
}

void
app_repair(const char *service, uint64_t key)
{
    size_t i, kept = 0;

    for (i = 0; i < trouble_count; i++)
        if (troubles[i].key != key || strcmp(troubles[i].service, service) != 0)
            troubles[kept++] = troubles[i];
    trouble_count = kept;
}

void
app_repair_all(void)
{
    trouble_count = 0;
}

int
app_trouble(const char *service, uint64_t key)
{
    size_t i;

    for (i = 0; i < trouble_count; i++)
        if (troubles[i].key == key && strcmp(troubles[i].service, service) == 0)
            return -SOUK_EHANDLER;
    return 0;
}

/* ---- what orders wait for ------------------------------------------- */

void
app_stretch(uint32_t times)
{
    stretch = times;
}

uint64_t
app_expiry_ms(void)
{
    return APP_EXPIRY_MS * (uint64_t)stretch;
}

/* ---- keys ----------------------------------------------------------- */

struct souk_slice
app_key(struct app_key *key, uint64_t id)
{
    return (struct souk_slice){ key->text, put_number(key->text, id) };
}

struct souk_slice
app_key_pair(struct app_key *key, uint64_t id, uint64_t second)
{
    size_t size_bytes = put_number(key->text, id);

    key->text[size_bytes++] = '/';
    return (struct souk_slice){ key->text, size_bytes + put_number(key->text + size_bytes, second) };
}

uint64_t
app_key_id(struct souk_slice key)
{
    const char *text = key.base;
    uint64_t id = 0;
    size_t i;

    for (i = 0; i < key.size_bytes && text[i] >= '0' && text[i] <= '9'; i++)
        id = id * 10 + (uint64_t)(text[i] - '0');
    return id;
}

uint64_t
app_key_second(struct souk_slice key)
{
    const char *stroke = memchr(key.base, '/', key.size_bytes);

    if (stroke == NULL)
        return 0;
    stroke++;
    return app_key_id((struct souk_slice){ stroke,
        key.size_bytes - (size_t)(stroke - (const char *)key.base) });
}

/* ---- rows ----------------------------------------------------------- */

int
app_row_get(const struct souk_view *view, const char *table, struct souk_slice key, struct app_row *row_out)
{
    struct souk_slice packed;
    int rc;

    memset(row_out, 0, sizeof *row_out);
    if ((rc = souk_view_get(view, table, key, &packed)) != 0)
        return rc;
    return app_row_unpack(packed, row_out);
}

int
app_row_unpack(struct souk_slice packed, struct app_row *row_out)
{
    struct souk_unpack in;
    uint32_t i;

    memset(row_out, 0, sizeof *row_out);
    souk_unpack_init(&in, packed);
    row_out->count = souk_unpack_array(&in, APP_ROW_FIELDS_MAX);
    for (i = 0; i < row_out->count; i++)
        row_out->fields[i] = souk_unpack_uint(&in, UINT64_MAX);
    return souk_unpack_end(&in) == 0 ? 0 : -SOUK_EDAMAGED;
}

int
app_row_begin(struct souk_tables *tables, const char *table, struct souk_slice key, uint32_t count,
    struct app_row *row_out)
{
    int rc = app_row_get(souk_tables_view(tables), table, key, row_out);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (rc == 0 && row_out->count != count)
        return -SOUK_EDAMAGED;
    row_out->count = count;
    row_out->fields[count - 1]++;
    return 0;
}

int
app_row_put(struct souk_tables *tables, const char *table, struct souk_slice key, const struct app_row *row)
{
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    pack_row(&pack, row->fields, row->count);
    rc = pack.rc != 0 ? pack.rc : souk_tables_put(tables, table, key, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

int
app_row_set(struct souk_tables *tables, const char *table, uint64_t id, uint32_t count, uint32_t field, uint64_t value)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, id);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, table, key, count, &row)) != 0)
        return rc;
    row.fields[field] = value;
    return app_row_put(tables, table, key, &row);
}

int
app_row_add(struct souk_tables *tables, const char *table, uint64_t id, uint32_t count, uint32_t field, uint64_t value)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, id);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, table, key, count, &row)) != 0)
        return rc;
    row.fields[field] += value;
    return app_row_put(tables, table, key, &row);
}

int
app_index_row(struct souk_index_rows *rows, struct souk_slice key, const uint64_t *fields, uint32_t count)
{
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    pack_row(&pack, fields, count);
    rc = pack.rc != 0 ? pack.rc : souk_index_row(rows, key, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

/* ---- queries -------------------------------------------------------- */

int
app_answer_get(const struct souk_view *view, const char *const *tables, size_t table_count,
    const struct rows_get *query, struct souk_answer *answer)
{
    struct rows_got reply = { 0 };
    struct app_key text;
    struct app_row row;
    int rc;

    if (query->table >= table_count)
        return souk_answer_refuse(answer, "no_such_table");
    rc = app_row_get(view, tables[query->table], app_key(&text, query->key), &row);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    reply.found = rc == 0;
    reply.count = row.count;
    memcpy(reply.fields, row.fields, sizeof reply.fields);
    return souk_answer_with(answer, &rows_got_type, &reply);
}

int
app_answer_dump(const struct souk_view *view, const char *const *tables, size_t table_count,
    const struct rows_dump *query, struct souk_answer *answer)
{
    struct souk_slice none = { NULL, 0 };
    struct souk_rows *rows = NULL;
    struct rows_dumped *reply;
    uint64_t skip = query->skip;
    int rc;

    if (query->table >= table_count)
        return souk_answer_refuse(answer, "no_such_table");
    if ((reply = souk_arena_alloc(souk_view_arena(view), sizeof *reply)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = souk_rows_open(view, tables[query->table], none, &rows)) != 0)
        return rc;
    while (reply->count < APP_DUMP_ROWS_MAX
        && (rc = souk_rows_next(rows, &reply->rows[reply->count].key, &reply->rows[reply->count].row)) == 0) {
        if (skip > 0)
            skip--;
        else
            reply->count++;
    }
    if (rc == 0 || rc == -SOUK_ENOTFOUND)
        rc = souk_answer_with(answer, &rows_dumped_type, reply);
    souk_rows_close(&rows);
    return rc;
}

/* ---- file-local ----------------------------------------------------- */

/* Decimal digits and a zero byte behind them; how many. printf() would be a tenth of what a handler does. */
static size_t
put_number(char *text_out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits, size_bytes;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    size_bytes = sizeof digits - at;
    memcpy(text_out, digits + at, size_bytes);
    text_out[size_bytes] = '\0';
    return size_bytes;
}

static void
pack_row(struct souk_pack *pack, const uint64_t *fields, uint32_t count)
{
    uint32_t i;

    souk_pack_array(pack, count);
    for (i = 0; i < count; i++)
        souk_pack_uint(pack, fields[i]);
}
