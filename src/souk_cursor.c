#include "souk_cursor.h"

#include <string.h>

#define TABLE "souk.cursors"
#define OWES_LOSSES 1
#define OWES_REACTIONS 2
#define ROW_BYTES (2 * SOUK_POSITION_BYTES + 4 + 4 + 2 * SOUK_POINT_BYTES + 1)

int
souk_cursor_get(struct souk_txn *txn, const struct souk_name *stream, struct souk_cursor *cursor_out)
{
    struct souk_table table;
    struct souk_slice value;
    const uint8_t *at;
    int rc;

    memset(cursor_out, 0, sizeof *cursor_out);
    if ((rc = souk_txn_table(txn, TABLE, &table)) == 0)
        rc = souk_txn_get(txn, table, souk_name_slice(stream), &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != ROW_BYTES)
        return -SOUK_EDAMAGED;
    at = value.base;
    if ((rc = souk_position_decode((struct souk_slice){ at, SOUK_POSITION_BYTES }, &cursor_out->position)) != 0)
        return rc;
    at += SOUK_POSITION_BYTES;
    if ((rc = souk_position_decode((struct souk_slice){ at, SOUK_POSITION_BYTES }, &cursor_out->beside)) != 0)
        return rc;
    at += SOUK_POSITION_BYTES;
    cursor_out->generation = souk_get_u32(at);
    cursor_out->generation_beside = souk_get_u32(at + 4);
    at += 8;
    if ((rc = souk_point_decode((struct souk_slice){ at, SOUK_POINT_BYTES }, &cursor_out->reacted)) != 0)
        return rc;
    at += SOUK_POINT_BYTES;
    if ((at[SOUK_POINT_BYTES] & ~(OWES_LOSSES | OWES_REACTIONS)) != 0)
        return -SOUK_EDAMAGED;
    cursor_out->owes_losses = (at[SOUK_POINT_BYTES] & OWES_LOSSES) != 0;
    cursor_out->owes_reactions = (at[SOUK_POINT_BYTES] & OWES_REACTIONS) != 0;
    return souk_point_decode((struct souk_slice){ at, SOUK_POINT_BYTES }, &cursor_out->joining);
}

int
souk_cursor_put(struct souk_txn *txn, const struct souk_name *stream, const struct souk_cursor *cursor)
{
    uint8_t row[ROW_BYTES], *at = row;
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc;
    souk_position_encode(&cursor->position, row);
    souk_position_encode(&cursor->beside, row + SOUK_POSITION_BYTES);
    at += 2 * SOUK_POSITION_BYTES;
    souk_put_u32(at, cursor->generation);
    souk_put_u32(at + 4, cursor->generation_beside);
    at += 8;
    souk_point_encode(&cursor->reacted, at);
    souk_point_encode(&cursor->joining, at + SOUK_POINT_BYTES);
    at[2 * SOUK_POINT_BYTES] = (uint8_t)((cursor->owes_losses ? OWES_LOSSES : 0)
        | (cursor->owes_reactions ? OWES_REACTIONS : 0));
    return souk_txn_put(txn, table, souk_name_slice(stream), (struct souk_slice){ row, sizeof row });
}
