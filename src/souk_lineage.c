#include "souk_lineage.h"

#include <string.h>

#define TABLE "souk.lineage"
#define PREFIX_BYTES (SOUK_NAME_BYTES_MAX + 1 + 4)      /* stream, zero-filled; generation */
#define KEY_BYTES (PREFIX_BYTES + 4)                    /* epoch counter */
#define VALUE_BYTES (8 + 8)                             /* epoch bits; base number */

struct row {
    struct souk_epoch epoch;
    uint64_t base_number;
};

static void make_key(uint8_t key[KEY_BYTES], const struct souk_name *stream, uint32_t generation, uint32_t counter);
static int seek(struct souk_txn *txn, struct souk_table table, const uint8_t from[KEY_BYTES], struct row *row_out);
static int seek_at_most(struct souk_txn *txn, struct souk_table table, const uint8_t key[KEY_BYTES],
    struct row *row_out);
static int read_row(const uint8_t prefix[KEY_BYTES], struct souk_slice key, struct souk_slice value,
    struct row *row_out);
static int last_of(struct souk_txn *txn, struct souk_table table, const struct souk_name *stream,
    uint32_t generation, const struct row *row, struct souk_point head, uint64_t *number_out);

int
souk_lineage_put(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation, struct souk_epoch epoch,
    uint64_t base_number)
{
    uint8_t key[KEY_BYTES], value[VALUE_BYTES];
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc;
    make_key(key, stream, generation, epoch.counter);
    memcpy(value, epoch.bits, 8);
    souk_put_u64(value + 8, base_number);
    return souk_txn_put(txn, table, (struct souk_slice){ key, sizeof key }, (struct souk_slice){ value, sizeof value });
}

int
souk_lineage_has(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation, struct souk_point point,
    struct souk_point head, bool *in_out)
{
    uint8_t key[KEY_BYTES];
    struct souk_table table;
    struct row row;
    uint64_t last;
    int rc;

    *in_out = point.epoch.counter == 0;
    if (*in_out)
        return 0;
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    make_key(key, stream, generation, point.epoch.counter);
    if ((rc = seek(txn, table, key, &row)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (!souk_epoch_equal(row.epoch, point.epoch))
        return 0;
    if ((rc = last_of(txn, table, stream, generation, &row, head, &last)) != 0)
        return rc;
    *in_out = point.number <= last;
    return 0;
}

int
souk_lineage_last(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation, uint32_t counter,
    struct souk_point head, struct souk_point *point_out)
{
    uint8_t key[KEY_BYTES];
    struct souk_table table;
    struct row row;
    int rc;

    memset(point_out, 0, sizeof *point_out);
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    make_key(key, stream, generation, counter);
    if ((rc = seek_at_most(txn, table, key, &row)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    point_out->epoch = row.epoch;
    return last_of(txn, table, stream, generation, &row, head, &point_out->number);
}

int
souk_lineage_cut(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation, uint32_t counter)
{
    uint8_t from[KEY_BYTES];
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_slice key, value;
    struct row row;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc;
    make_key(from, stream, generation, counter + 1);
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ from, sizeof from }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if ((rc = read_row(from, key, value, &row)) != 0 || (rc = souk_scan_delete(scan)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* The epoch ends where the next one's record stands; the newest one ends at the head. */
static int
last_of(struct souk_txn *txn, struct souk_table table, const struct souk_name *stream, uint32_t generation,
    const struct row *row, struct souk_point head, uint64_t *number_out)
{
    uint8_t key[KEY_BYTES];
    struct row next;
    int rc;

    if (row->epoch.counter >= head.epoch.counter) {
        *number_out = head.number;
        return 0;
    }
    make_key(key, stream, generation, row->epoch.counter + 1);
    rc = seek(txn, table, key, &next);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? -SOUK_EDAMAGED : rc;
    *number_out = next.base_number;
    return 0;
}

static void
make_key(uint8_t key[KEY_BYTES], const struct souk_name *stream, uint32_t generation, uint32_t counter)
{
    memcpy(key, stream->text, SOUK_NAME_BYTES_MAX + 1);
    souk_put_u32(key + SOUK_NAME_BYTES_MAX + 1, generation);
    souk_put_u32(key + PREFIX_BYTES, counter);
}

static int
seek(struct souk_txn *txn, struct souk_table table, const uint8_t from[KEY_BYTES], struct row *row_out)
{
    struct souk_slice key, value;
    int rc;

    rc = souk_txn_seek(txn, table, (struct souk_slice){ from, KEY_BYTES }, &key, &value);
    return rc != 0 ? rc : read_row(from, key, value, row_out);
}

static int
seek_at_most(struct souk_txn *txn, struct souk_table table, const uint8_t at[KEY_BYTES], struct row *row_out)
{
    struct souk_slice key, value;
    int rc;

    rc = souk_txn_get(txn, table, (struct souk_slice){ at, KEY_BYTES }, &value);
    if (rc == 0)
        return read_row(at, (struct souk_slice){ at, KEY_BYTES }, value, row_out);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    rc = souk_txn_seek_below(txn, table, (struct souk_slice){ at, KEY_BYTES }, &key, &value);
    return rc != 0 ? rc : read_row(at, key, value, row_out);
}

/* -SOUK_ENOTFOUND when the row is of another stream or generation. */
static int
read_row(const uint8_t prefix[KEY_BYTES], struct souk_slice key, struct souk_slice value, struct row *row_out)
{
    const uint8_t *at = key.base;
    const uint8_t *bytes = value.base;

    if (key.size_bytes != KEY_BYTES || value.size_bytes != VALUE_BYTES)
        return -SOUK_EDAMAGED;
    if (memcmp(at, prefix, PREFIX_BYTES) != 0)
        return -SOUK_ENOTFOUND;
    row_out->epoch.counter = souk_get_u32(at + PREFIX_BYTES);
    memcpy(row_out->epoch.bits, bytes, 8);
    row_out->base_number = souk_get_u64(bytes + 8);
    return 0;
}
