#include "souk_positions.h"

#include <string.h>

#include "souk_log.h"

#define TABLE_META "souk.meta"
#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)

static int place_of(struct souk_txn *txn, uint64_t position, struct souk_slice *place_out);
static int bytes_at(struct souk_txn *txn, struct souk_slice place, struct souk_slice *batch_out);

int
souk_positions_read(struct souk_txn *txn, struct souk_positions *positions_out)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    memset(positions_out, 0, sizeof *positions_out);
    if ((rc = souk_txn_table(txn, TABLE_META, &table)) != 0
        || (rc = souk_txn_get(txn, table, souk_slice_of("incarnation"), &value)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != sizeof positions_out->incarnation)
        return -SOUK_EDAMAGED;
    memcpy(positions_out->incarnation, value.base, sizeof positions_out->incarnation);
    if ((rc = souk_txn_get(txn, table, souk_slice_of("position"), &value)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    positions_out->last = souk_get_u64(value.base);
    return 0;
}

void
souk_positions_place_encode(const struct souk_name *stream, struct souk_point point,
    uint8_t place_out[SOUK_POSITIONS_PLACE_BYTES])
{
    memcpy(place_out, stream->text, NAME_BYTES);
    souk_point_encode(&point, place_out + NAME_BYTES);
}

int
souk_positions_place_decode(struct souk_slice place, struct souk_name *stream_out, struct souk_point *point_out)
{
    if (place.size_bytes != SOUK_POSITIONS_PLACE_BYTES)
        return -SOUK_EDAMAGED;
    if (souk_name_decode(place.base, stream_out) != 0)
        return -SOUK_EDAMAGED;
    return souk_point_decode((struct souk_slice){ (const uint8_t *)place.base + NAME_BYTES, SOUK_POINT_BYTES },
        point_out);
}

int
souk_positions_batch(struct souk_txn *txn, uint64_t position, struct souk_batch_header *header_out,
    struct souk_slice *batch_out)
{
    struct souk_slice place;
    int rc = place_of(txn, position, &place);

    return rc != 0 ? rc : souk_positions_batch_at(txn, place, header_out, batch_out);
}

int
souk_positions_peek(struct souk_txn *txn, uint64_t position, struct souk_batch_header *header_out,
    struct souk_slice *batch_out)
{
    struct souk_slice place;
    int rc;

    if ((rc = place_of(txn, position, &place)) != 0 || (rc = bytes_at(txn, place, batch_out)) != 0)
        return rc;
    return souk_batch_peek(*batch_out, header_out) == 0 ? 0 : -SOUK_EDAMAGED;
}

int
souk_positions_batch_at(struct souk_txn *txn, struct souk_slice place, struct souk_batch_header *header_out,
    struct souk_slice *batch_out)
{
    int rc = bytes_at(txn, place, batch_out);

    if (rc != 0)
        return rc;
    return souk_batch_read(*batch_out, header_out) == 0 ? 0 : -SOUK_EDAMAGED;
}

static int
place_of(struct souk_txn *txn, uint64_t position, struct souk_slice *place_out)
{
    struct souk_table table;
    uint8_t key[8];
    int rc;

    souk_put_u64(key, position);
    if ((rc = souk_txn_table(txn, SOUK_POSITIONS_TABLE, &table)) != 0)
        return rc;
    return souk_txn_get(txn, table, (struct souk_slice){ key, sizeof key }, place_out);
}

static int
bytes_at(struct souk_txn *txn, struct souk_slice place, struct souk_slice *batch_out)
{
    struct souk_name stream;
    struct souk_point point;
    struct souk_log log;
    int rc;

    if ((rc = souk_positions_place_decode(place, &stream, &point)) != 0
        || (rc = souk_log_open(txn, &stream, &log)) != 0)
        return rc;
    rc = souk_log_at(txn, &log, point, batch_out);
    return rc == -SOUK_ENOTFOUND ? -SOUK_EDAMAGED : rc;
}
