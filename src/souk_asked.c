#include "souk_asked.h"
#include "souk_space.h"
#include "souk_wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "souk.asked"
#define STREAM_BYTES (SOUK_NAME_BYTES_MAX + 1)
#define KEY_BYTES (STREAM_BYTES + SOUK_POINT_BYTES + 4)
#define ROW_BYTES_MAX (SOUK_PAYLOAD_BYTES_MAX + 1024)
#define FIELDS 7

static void key_of(const struct souk_because *because, uint8_t key_out[KEY_BYTES]);
static int read_row(struct souk_slice key, struct souk_slice value, struct souk_asked *asked_out);

int
souk_request(struct souk_tables *tables, const char *service, const struct souk_message_type *command,
    const void *message)
{
    const struct souk_event *event = tables->event;
    const struct souk_because because = { .kind = SOUK_BY_OUTCOME, .stream = tables->stream,
        .index = tables->requests_made, .point = { tables->epoch, event->number } };
    struct souk_pack payload, row;
    struct souk_table table;
    uint8_t key[KEY_BYTES];
    int rc;

    assert(tables->own);                        /* requests belong to own facts */
    if (!souk_name_valid(souk_slice_of(service)))
        return -SOUK_EINVAL;
    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&row, ROW_BYTES_MAX);
    if ((rc = command->encode(message, &payload)) != 0 || (rc = payload.rc) != 0)
        goto done;
    souk_pack_array(&row, FIELDS);
    souk_pack_str(&row, souk_slice_of(service));
    souk_pack_str(&row, souk_slice_of(command->name));
    souk_pack_uint(&row, command->version);
    souk_pack_bin(&row, souk_pack_slice(&payload));
    souk_pack_bin(&row, event->key);
    souk_pack_bin(&row, (struct souk_slice){ event->correlation.bytes, sizeof event->correlation.bytes });
    souk_pack_uint(&row, event->depth);
    key_of(&because, key);
    if ((rc = row.rc) != 0 || (rc = souk_txn_table(tables->view.txn, TABLE, &table)) != 0)
        goto done;
    rc = souk_txn_put(tables->view.txn, table, (struct souk_slice){ key, sizeof key }, souk_pack_slice(&row));
    if (rc == 0)
        tables->requests_made++;
done:
    souk_pack_done(&payload);
    souk_pack_done(&row);
    return rc;
}

int
souk_asked_answered(struct souk_txn *txn, const struct souk_because *because)
{
    struct souk_table table;
    uint8_t key[KEY_BYTES];
    int rc;

    if (because->kind != SOUK_BY_OUTCOME)
        return 0;
    key_of(because, key);
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc;
    rc = souk_txn_delete(txn, table, (struct souk_slice){ key, sizeof key });
    return rc == -SOUK_ENOTFOUND ? 0 : rc;      /* an event before this one followed from it too */
}

int
souk_asked_get(struct souk_txn *txn, const struct souk_because *because, struct souk_asked *asked_out)
{
    struct souk_table table;
    struct souk_slice value;
    uint8_t key[KEY_BYTES];
    int rc;

    key_of(because, key);
    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0
        || (rc = souk_txn_get(txn, table, (struct souk_slice){ key, sizeof key }, &value)) != 0)
        return rc;
    return read_row((struct souk_slice){ key, sizeof key }, value, asked_out);
}

int
souk_asked_each(struct souk_txn *txn, int (*each)(const struct souk_asked *asked, void *arg), void *arg)
{
    struct souk_slice key, value;
    struct souk_asked asked;
    struct souk_table table;
    struct souk_scan *scan;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0)
        if ((rc = read_row(key, value, &asked)) != 0 || (rc = each(&asked, arg)) != 0)
            break;
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static void
key_of(const struct souk_because *because, uint8_t key_out[KEY_BYTES])
{
    memcpy(key_out, because->stream.text, STREAM_BYTES);
    souk_point_encode(&because->point, key_out + STREAM_BYTES);
    souk_put_u32(key_out + STREAM_BYTES + SOUK_POINT_BYTES, because->index);
}

static int
read_row(struct souk_slice key, struct souk_slice value, struct souk_asked *asked_out)
{
    const uint8_t *at = key.base;
    struct souk_unpack in;

    memset(asked_out, 0, sizeof *asked_out);
    if (key.size_bytes != KEY_BYTES)
        return -SOUK_EDAMAGED;
    asked_out->because.kind = SOUK_BY_OUTCOME;
    if (souk_name_decode(at, &asked_out->because.stream) != 0
        || souk_point_decode((struct souk_slice){ at + STREAM_BYTES, SOUK_POINT_BYTES },
            &asked_out->because.point) != 0)
        return -SOUK_EDAMAGED;
    asked_out->because.index = souk_get_u32(at + STREAM_BYTES + SOUK_POINT_BYTES);
    souk_unpack_init(&in, value);
    souk_unpack_array_exact(&in, FIELDS);
    souk_name_unpack(&in, &asked_out->service);
    asked_out->command = souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX);
    asked_out->version = (uint16_t)souk_unpack_uint(&in, UINT16_MAX);
    asked_out->payload = souk_unpack_bin(&in, SOUK_PAYLOAD_BYTES_MAX);
    asked_out->key = souk_unpack_bin(&in, SOUK_KEY_BYTES_MAX);
    souk_unpack_bin_exact(&in, asked_out->correlation.bytes, sizeof asked_out->correlation.bytes);
    asked_out->depth = (uint32_t)souk_unpack_uint(&in, SOUK_DEPTH_MAX);
    if (souk_unpack_end(&in) != 0 || memchr(asked_out->command.base, '\0', asked_out->command.size_bytes) != NULL)
        return -SOUK_EDAMAGED;
    return 0;
}
