#include <souk-message.h>

#include <assert.h>
#include <string.h>

#include "souk_seal.h"

#define ROW_SEALED_BYTES_MAX (512 * 1024)  /* what a table takes is less */
#define ROW_STACK_BYTES 2048            /* rows that can't become larger are packed without an allocation */

static uint8_t *take_room(struct souk_row_key *key, size_t size_bytes);
static int pack_row(const struct souk_message_type *type, const struct souk_wiring *wiring, const void *row,
    struct souk_pack *pack, void *stack);
static int seal_row(const struct souk_message_type *type, const struct souk_wiring *wiring, struct souk_pack *pack,
    void *stack);
static int decode_row(const struct souk_message_type *type, const struct souk_view *view, struct souk_slice value,
    void *row_out);
static int check_key(const struct souk_row_key *key);
static struct souk_slice key_slice(const struct souk_row_key *key);

/* ---- keys ----------------------------------------------------------- */

void
souk_row_key_init(struct souk_row_key *key)
{
    key->rc = 0;
    key->size_bytes = 0;
}

void
souk_row_key_uint(struct souk_row_key *key, uint64_t value, size_t width_bytes)
{
    uint8_t *at = take_room(key, width_bytes);
    size_t i;

    assert(width_bytes <= sizeof value);
    if (at == NULL)
        return;
    for (i = width_bytes; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void
souk_row_key_int(struct souk_row_key *key, int64_t value)
{
    souk_row_key_uint(key, (uint64_t)value ^ (uint64_t)1 << 63, sizeof value);
}

void
souk_row_key_id(struct souk_row_key *key, struct souk_id id)
{
    uint8_t *at = take_room(key, sizeof id.bytes);

    if (at != NULL)
        memcpy(at, id.bytes, sizeof id.bytes);
}

void
souk_row_key_text(struct souk_row_key *key, struct souk_slice text)
{
    uint8_t *at;

    souk_row_key_text_last(key, text);
    if ((at = take_room(key, 1)) != NULL)
        *at = 0;
}

void
souk_row_key_text_last(struct souk_row_key *key, struct souk_slice text)
{
    if (text.size_bytes != 0 && memchr(text.base, 0, text.size_bytes) != NULL && key->rc == 0)
        key->rc = -SOUK_EINVAL;
    souk_row_key_bytes_last(key, text);
}

void
souk_row_key_bytes_last(struct souk_row_key *key, struct souk_slice bytes)
{
    uint8_t *at = take_room(key, bytes.size_bytes);

    if (at != NULL && bytes.size_bytes != 0)
        memcpy(at, bytes.base, bytes.size_bytes);
}

int
souk_row_key_append(const struct souk_row_key *key, struct souk_pack *raw_key)
{
    int rc = check_key(key);

    if (rc != 0)
        souk_pack_fail(raw_key, (enum souk_error_code)-rc);
    souk_pack_raw(raw_key, key_slice(key));
    return raw_key->rc;
}

static uint8_t *
take_room(struct souk_row_key *key, size_t size_bytes)
{
    uint8_t *at = key->bytes + key->size_bytes;

    if (key->rc != 0)
        return NULL;
    if (size_bytes > sizeof key->bytes - key->size_bytes) {
        key->rc = -SOUK_ETOOBIG;
        return NULL;
    }
    key->size_bytes += size_bytes;
    return at;
}

/* ---- rows ----------------------------------------------------------- */

int
souk_row_get(const struct souk_view *view, const struct souk_message_type *type, const struct souk_row_key *key,
    void *row_out)
{
    struct souk_slice value;
    int rc;

    if ((rc = check_key(key)) != 0)
        return rc;
    if ((rc = souk_view_get(view, type->table, key_slice(key), &value)) != 0)
        return rc;
    return decode_row(type, view, value, row_out);
}

int
souk_row_put(struct souk_tables *tables, const struct souk_message_type *type, const struct souk_row_key *key,
    const void *row)
{
    uint8_t stack[ROW_STACK_BYTES];
    struct souk_pack pack;
    int rc;

    if ((rc = check_key(key)) != 0)
        return rc;
    if ((rc = pack_row(type, souk_view_wiring(souk_tables_view(tables)), row, &pack, stack)) == 0)
        rc = souk_tables_put(tables, type->table, key_slice(key), souk_pack_slice(&pack));
    if (pack.base != stack)
        souk_pack_done(&pack);
    return rc;
}

int
souk_row_delete(struct souk_tables *tables, const struct souk_message_type *type, const struct souk_row_key *key)
{
    int rc;

    if ((rc = check_key(key)) != 0)
        return rc;
    return souk_tables_delete(tables, type->table, key_slice(key));
}

int
souk_row_scan(const struct souk_view *view, const struct souk_message_type *type, const struct souk_row_key *prefix,
    const struct souk_row_key *from, struct souk_rows **rows_out)
{
    if (prefix->rc != 0)
        return prefix->rc;
    if (from == NULL)
        return souk_rows_open(view, type->table, key_slice(prefix), rows_out);
    if (from->rc != 0)
        return from->rc;
    return souk_rows_open_from(view, type->table, key_slice(prefix), key_slice(from), rows_out);
}

int
souk_row_next(const struct souk_view *view, const struct souk_message_type *type, struct souk_rows *rows,
    void *row_out)
{
    struct souk_slice key;
    struct souk_slice value;
    int rc;

    if ((rc = souk_rows_next(rows, &key, &value)) != 0)
        return rc;
    return decode_row(type, view, value, row_out);
}

int
souk_index_put(struct souk_index_rows *rows, const struct souk_message_type *type, const struct souk_row_key *key,
    const void *row)
{
    uint8_t stack[ROW_STACK_BYTES];
    struct souk_pack pack;
    int rc;

    if ((rc = check_key(key)) != 0)
        return rc;
    if ((rc = pack_row(type, souk_index_wiring(rows), row, &pack, stack)) == 0)
        rc = souk_index_row(rows, key_slice(key), souk_pack_slice(&pack));
    if (pack.base != stack)
        souk_pack_done(&pack);
    return rc;
}

static int
pack_row(const struct souk_message_type *type, const struct souk_wiring *wiring, const void *row,
    struct souk_pack *pack, void *stack)
{
    int rc;

    if (type->packed_bytes_max <= ROW_STACK_BYTES)
        souk_pack_init_over(pack, stack, ROW_STACK_BYTES);
    else
        souk_pack_init(pack, type->packed_bytes_max);
    if ((rc = type->encode(row, pack)) != 0 || type->subject == NULL)
        return rc;
    return seal_row(type, wiring, pack, stack);
}

/* `pack` becomes another one. */
static int
seal_row(const struct souk_message_type *type, const struct souk_wiring *wiring, struct souk_pack *pack, void *stack)
{
    struct souk_pack sealed;
    int rc;

    souk_pack_init(&sealed, ROW_SEALED_BYTES_MAX);
    rc = wiring == NULL ? -SOUK_EUNSUPPORTED
        : souk_seal(wiring->keyring, &wiring->random, type, souk_pack_slice(pack), &sealed);
    if (pack->base != stack)
        souk_pack_done(pack);
    *pack = sealed;
    return rc;
}

/* A stored row that does not decode was written by nobody who knows its description. */
static int
decode_row(const struct souk_message_type *type, const struct souk_view *view, struct souk_slice value, void *row_out)
{
    const struct souk_wiring *wiring = souk_view_wiring(view);
    int rc = 0;

    if (type->subject != NULL)
        rc = souk_unseal(wiring == NULL ? NULL : wiring->keyring, type, value, souk_view_arena(view), &value);
    if (rc == 0)
        rc = type->decode(value, souk_view_arena(view), row_out);
    return rc == -SOUK_EMALFORMED || rc == -SOUK_ETOOBIG ? -SOUK_EDAMAGED : rc;
}

static int
check_key(const struct souk_row_key *key)
{
    if (key->rc != 0)
        return key->rc;
    return key->size_bytes == 0 ? -SOUK_EINVAL : 0;
}

static struct souk_slice
key_slice(const struct souk_row_key *key)
{
    return (struct souk_slice){ key->bytes, key->size_bytes };
}
