#include "souk_settled.h"
#include "souk_wire.h"

#include <string.h>

#define TABLE "souk.settled"                    /* sequence -> row */
#define FIELDS 13
#define ROW_BYTES_MAX 1024

static int forget_oldest(struct souk_txn *txn, struct souk_table table);
static int read_row(struct souk_slice key, struct souk_slice value, struct souk_settled *settled_out);

struct souk_settled
souk_settled_of(const struct souk_parked *parked, enum souk_settled_how how)
{
    return (struct souk_settled){ .sequence = parked->sequence, .how = how, .kind = parked->kind,
        .stream = parked->stream, .point = { parked->epoch, parked->event.number }, .type = parked->event.type,
        .key = parked->event.key, .since_ms = parked->since_ms };
}

int
souk_settled_put(struct souk_txn *txn, const struct souk_settled *settled)
{
    struct souk_table table;
    struct souk_pack pack;
    uint8_t sequence[8];
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc;
    souk_put_u64(sequence, settled->sequence);
    souk_pack_init(&pack, ROW_BYTES_MAX);
    souk_pack_array(&pack, FIELDS);
    souk_pack_uint(&pack, settled->how);
    souk_pack_uint(&pack, settled->kind);
    souk_pack_str(&pack, souk_name_slice(&settled->stream));
    souk_wire_point_put(&pack, &settled->point);                    /* 3 */
    souk_pack_str(&pack, settled->type);
    souk_pack_bin(&pack, settled->key);
    souk_pack_uint(&pack, settled->since_ms);
    souk_pack_uint(&pack, settled->at_ms);
    souk_pack_bin(&pack, (struct souk_slice){ settled->command_id.bytes, sizeof settled->command_id.bytes });
    souk_pack_bin(&pack, settled->who);
    souk_pack_bin(&pack, settled->why);
    rc = pack.rc != 0 ? pack.rc : souk_txn_put(txn, table, (struct souk_slice){ sequence, sizeof sequence },
        souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc != 0 ? rc : forget_oldest(txn, table);
}

int
souk_settled_get(struct souk_txn *txn, uint64_t sequence, struct souk_settled *settled_out)
{
    struct souk_table table;
    struct souk_slice value;
    uint8_t at[8];
    int rc;

    souk_put_u64(at, sequence);
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0
        || (rc = souk_txn_get(txn, table, (struct souk_slice){ at, sizeof at }, &value)) != 0)
        return rc;
    return read_row((struct souk_slice){ at, sizeof at }, value, settled_out);
}

int
souk_settled_before(struct souk_txn *txn, uint64_t sequence, struct souk_settled *settled_out)
{
    struct souk_slice key, value;
    struct souk_table table;
    uint8_t at[8];
    int rc;

    souk_put_u64(at, sequence);
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0
        || (rc = souk_txn_seek_below(txn, table, (struct souk_slice){ at, sequence == 0 ? 0 : sizeof at }, &key,
            &value)) != 0)
        return rc;
    return read_row(key, value, settled_out);
}

int
souk_settled_last(struct souk_txn *txn, uint64_t *sequence_out)
{
    struct souk_settled last;
    int rc = souk_settled_before(txn, 0, &last);

    *sequence_out = rc == 0 ? last.sequence : 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
forget_oldest(struct souk_txn *txn, struct souk_table table)
{
    struct souk_slice key, value;
    struct souk_scan *scan;
    uint64_t count;
    int rc;

    if ((rc = souk_txn_count(txn, table, &count)) != 0 || count <= SOUK_SETTLED_MAX
        || (rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    if ((rc = souk_scan_next(scan, &key, &value)) == 0)
        rc = souk_scan_delete(scan);
    souk_scan_close(&scan);
    return rc;
}

static int
read_row(struct souk_slice key, struct souk_slice value, struct souk_settled *settled_out)
{
    struct souk_unpack in;

    if (key.size_bytes != 8)
        return -SOUK_EDAMAGED;
    memset(settled_out, 0, sizeof *settled_out);
    settled_out->sequence = souk_get_u64(key.base);
    souk_unpack_init(&in, value);
    souk_unpack_array_exact(&in, FIELDS);
    settled_out->how = (enum souk_settled_how)souk_unpack_uint(&in, SOUK_SETTLED_DISCARDED);
    settled_out->kind = (enum souk_parked_kind)souk_unpack_uint(&in, SOUK_PARKED_REACTION);
    souk_name_unpack(&in, &settled_out->stream);
    souk_wire_point_get(&in, &settled_out->point);
    settled_out->type = souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX);
    settled_out->key = souk_unpack_bin(&in, SOUK_KEY_BYTES_MAX);
    settled_out->since_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    settled_out->at_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    souk_unpack_bin_exact(&in, settled_out->command_id.bytes, sizeof settled_out->command_id.bytes);
    settled_out->who = souk_unpack_bin(&in, SOUK_SETTLED_WHO_BYTES_MAX);
    settled_out->why = souk_unpack_bin(&in, SOUK_PARKED_TEXT_BYTES_MAX);
    return souk_unpack_end(&in) == 0 ? 0 : -SOUK_EDAMAGED;
}
