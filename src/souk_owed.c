#include "souk_owed.h"

#include "souk_lineage.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_NAMED "souk.named"                /* stream, epoch counter, epoch bits -> number */
#define TABLE_OWED "souk.owed"                  /* stream, sequence -> batch */
#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)
#define NAMED_BYTES (NAME_BYTES + 4 + 8)
#define FROM_BYTES 8
#define OWED_BYTES (NAME_BYTES + 8)

static void named_key(uint8_t key[NAMED_BYTES], const struct souk_name *stream, struct souk_epoch epoch);
static void owed_key(uint8_t key[OWED_BYTES], const struct souk_name *stream, uint64_t sequence);

int
souk_owed_name(struct souk_txn *txn, const struct souk_name *stream, struct souk_point point)
{
    uint8_t key[NAMED_BYTES], value[8];
    struct souk_table table;
    bool named;
    int rc;

    if ((rc = souk_owed_named(txn, stream, point, &named)) != 0 || named)
        return rc;
    named_key(key, stream, point.epoch);
    souk_put_u64(value, point.number);
    if ((rc = souk_txn_table(txn, TABLE_NAMED, &table)) != 0)
        return rc;
    return souk_txn_put(txn, table, (struct souk_slice){ key, sizeof key }, (struct souk_slice){ value, sizeof value });
}

int
souk_owed_named(struct souk_txn *txn, const struct souk_name *stream, struct souk_point point, bool *named_out)
{
    uint8_t key[NAMED_BYTES];
    struct souk_table table;
    struct souk_slice value;
    int rc;

    *named_out = false;
    named_key(key, stream, point.epoch);
    if ((rc = souk_txn_table(txn, TABLE_NAMED, &table)) == 0)
        rc = souk_txn_get(txn, table, (struct souk_slice){ key, sizeof key }, &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    *named_out = souk_get_u64(value.base) >= point.number;
    return 0;
}

int
souk_owed_frontier(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation, struct souk_point head,
    struct souk_point *frontier_out)
{
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    int rc;

    memset(frontier_out, 0, sizeof *frontier_out);
    if ((rc = souk_txn_table(txn, TABLE_NAMED, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ stream->text, NAME_BYTES }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        const uint8_t *at = key.base;
        struct souk_point point, last;

        if (key.size_bytes != NAMED_BYTES || value.size_bytes != 8) {
            rc = -SOUK_EDAMAGED;
            break;
        }
        if (memcmp(at, stream->text, NAME_BYTES) != 0)
            break;
        point.epoch.counter = souk_get_u32(at + NAME_BYTES);
        memcpy(point.epoch.bits, at + NAME_BYTES + 4, 8);
        point.number = souk_get_u64(value.base);
        if (point.epoch.counter > head.epoch.counter)
            break;
        if ((rc = souk_lineage_last(txn, stream, generation, point.epoch.counter, head, &last)) != 0)
            break;
        if (!souk_epoch_equal(last.epoch, point.epoch))
            continue;                           /* an epoch that is void */
        if (last.number < point.number)
            point.number = last.number;         /* its tail is */
        *frontier_out = point;                  /* they come in the order of their epochs */
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_owed_put(struct souk_txn *txn, const struct souk_name *stream, uint64_t from, struct souk_slice batch)
{
    uint8_t key[OWED_BYTES];
    struct souk_slice last, value;
    struct souk_table table;
    uint64_t sequence = 1;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_OWED, &table)) != 0)
        return rc;
    owed_key(key, stream, UINT64_MAX);
    rc = souk_txn_seek_below(txn, table, (struct souk_slice){ key, sizeof key }, &last, &value);
    if (rc == 0 && last.size_bytes == OWED_BYTES && memcmp(last.base, stream->text, NAME_BYTES) == 0)
        sequence = souk_get_u64((const uint8_t *)last.base + NAME_BYTES) + 1;
    else if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_owed_shorten(txn, stream, sequence, from, batch);
}

/* A row is the number, 8 bytes big-endian, and the batch behind it. */
int
souk_owed_shorten(struct souk_txn *txn, const struct souk_name *stream, uint64_t key, uint64_t from,
    struct souk_slice batch)
{
    uint8_t owed[OWED_BYTES];
    struct souk_table table;
    uint8_t *row;
    int rc;

    if ((row = malloc(FROM_BYTES + batch.size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    souk_put_u64(row, from);
    memcpy(row + FROM_BYTES, batch.base, batch.size_bytes);
    owed_key(owed, stream, key);
    if ((rc = souk_txn_table(txn, TABLE_OWED, &table)) == 0)
        rc = souk_txn_put(txn, table, (struct souk_slice){ owed, sizeof owed },
            (struct souk_slice){ row, FROM_BYTES + batch.size_bytes });
    free(row);
    return rc;
}

int
souk_owed_first(struct souk_txn *txn, const struct souk_name *stream, uint64_t *key_out, uint64_t *from_out,
    struct souk_slice *batch_out)
{
    struct souk_slice key, row;
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_OWED, &table)) != 0
        || (rc = souk_txn_seek(txn, table, (struct souk_slice){ stream->text, NAME_BYTES }, &key, &row)) != 0)
        return rc;
    if (key.size_bytes != OWED_BYTES || row.size_bytes < FROM_BYTES)
        return -SOUK_EDAMAGED;
    if (memcmp(key.base, stream->text, NAME_BYTES) != 0)
        return -SOUK_ENOTFOUND;
    *key_out = souk_get_u64((const uint8_t *)key.base + NAME_BYTES);
    *from_out = souk_get_u64(row.base);
    *batch_out = (struct souk_slice){ (const uint8_t *)row.base + FROM_BYTES, row.size_bytes - FROM_BYTES };
    return 0;
}

int
souk_owed_remove(struct souk_txn *txn, const struct souk_name *stream, uint64_t sequence)
{
    uint8_t key[OWED_BYTES];
    struct souk_table table;
    int rc;

    owed_key(key, stream, sequence);
    if ((rc = souk_txn_table(txn, TABLE_OWED, &table)) != 0)
        return rc;
    return souk_txn_delete(txn, table, (struct souk_slice){ key, sizeof key });
}

static void
named_key(uint8_t key[NAMED_BYTES], const struct souk_name *stream, struct souk_epoch epoch)
{
    memcpy(key, stream->text, NAME_BYTES);
    souk_put_u32(key + NAME_BYTES, epoch.counter);
    memcpy(key + NAME_BYTES + 4, epoch.bits, 8);
}

static void
owed_key(uint8_t key[OWED_BYTES], const struct souk_name *stream, uint64_t sequence)
{
    memcpy(key, stream->text, NAME_BYTES);
    souk_put_u64(key + NAME_BYTES, sequence);
}
