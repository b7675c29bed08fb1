#include "souk_parked.h"
#include "souk_settled.h"
#include "souk_wire.h"

#include <string.h>

#define TABLE "souk.parked"                     /* sequence -> row */
#define TABLE_KEYS "souk.parked.keys"           /* key size, key, sequence -> nothing */
#define FIELDS 20
#define ROW_BYTES_MAX (SOUK_PAYLOAD_BYTES_MAX + 2048)
#define KEY_ROW_BYTES_MAX (1 + SOUK_KEY_BYTES_MAX + 8)

/* Where a scan stands. */
struct scanned {
    struct souk_table rows, keys;
    struct souk_scan *scan;
    struct souk_parked *parked;
};

/* What a stream is by now. */
struct history {
    const struct souk_name *stream;
    uint32_t generation;
    struct souk_point head;
};

static int scan_stream(struct souk_txn *txn, const struct souk_name *stream, enum souk_parked_kind kind,
    int (*each)(struct souk_txn *txn, const struct scanned *at, void *arg), void *arg);
static int keep_reaction(struct souk_txn *txn, const struct scanned *at, void *arg);
static int drop_void(struct souk_txn *txn, const struct scanned *at, void *arg);
static int open_tables(struct souk_txn *txn, struct souk_table *rows, struct souk_table *keys);
static int put_row(struct souk_txn *txn, struct souk_table rows, const struct souk_parked *parked);
static int delete_row(struct souk_txn *txn, struct souk_table keys, struct souk_scan *scan,
    const struct souk_parked *parked);
static size_t key_row(uint8_t row[KEY_ROW_BYTES_MAX], struct souk_slice key, uint64_t sequence);
static int first_sequence(struct souk_txn *txn, struct souk_table keys, struct souk_slice key,
    uint64_t *sequence_out);
static void pack_row(struct souk_pack *pack, const struct souk_parked *parked);
static int read_row(struct souk_slice key, struct souk_slice value, struct souk_parked *parked_out);

int
souk_parked_add(struct souk_txn *txn, const struct souk_parked *parked)
{
    struct souk_parked numbered = *parked;
    uint8_t key[KEY_ROW_BYTES_MAX];
    struct souk_slice last, value;
    struct souk_table rows, keys;
    uint64_t next;
    int rc;

    if ((rc = open_tables(txn, &rows, &keys)) != 0 || (rc = souk_settled_last(txn, &next)) != 0)
        return rc;
    rc = souk_txn_seek_below(txn, rows, (struct souk_slice){ NULL, 0 }, &last, &value);
    if (rc == 0 && souk_get_u64(last.base) > next)
        next = souk_get_u64(last.base);
    else if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    next++;
    numbered.sequence = next;
    if ((rc = put_row(txn, rows, &numbered)) != 0)
        return rc;
    return souk_txn_put(txn, keys, (struct souk_slice){ key, key_row(key, parked->event.key, next) },
        (struct souk_slice){ "", 0 });
}

int
souk_parked_has(struct souk_txn *txn, struct souk_slice key, bool *has_out)
{
    struct souk_table rows, keys;
    uint64_t sequence;
    int rc;

    *has_out = false;
    if ((rc = open_tables(txn, &rows, &keys)) == 0)
        rc = first_sequence(txn, keys, key, &sequence);
    *has_out = rc == 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_parked_first(struct souk_txn *txn, struct souk_slice key, struct souk_parked *parked_out)
{
    struct souk_table rows, keys;
    struct souk_slice value;
    uint64_t sequence;
    uint8_t at[8];
    int rc;

    if ((rc = open_tables(txn, &rows, &keys)) != 0 || (rc = first_sequence(txn, keys, key, &sequence)) != 0)
        return rc;
    souk_put_u64(at, sequence);
    rc = souk_txn_get(txn, rows, (struct souk_slice){ at, 8 }, &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? -SOUK_EDAMAGED : rc;
    return read_row((struct souk_slice){ at, 8 }, value, parked_out);
}

int
souk_parked_get(struct souk_txn *txn, uint64_t sequence, struct souk_parked *parked_out)
{
    struct souk_table rows;
    struct souk_slice value;
    uint8_t at[8];
    int rc;

    souk_put_u64(at, sequence);
    if ((rc = souk_txn_table(txn, TABLE, &rows)) != 0
        || (rc = souk_txn_get(txn, rows, (struct souk_slice){ at, 8 }, &value)) != 0)
        return rc;
    return read_row((struct souk_slice){ at, 8 }, value, parked_out);
}

int
souk_parked_after(struct souk_txn *txn, uint64_t sequence, struct souk_parked *parked_out)
{
    struct souk_slice key, value;
    struct souk_table rows;
    uint8_t from[8];
    int rc;

    if (sequence == UINT64_MAX)
        return -SOUK_ENOTFOUND;
    souk_put_u64(from, sequence + 1);
    if ((rc = souk_txn_table(txn, TABLE, &rows)) != 0
        || (rc = souk_txn_seek(txn, rows, (struct souk_slice){ from, 8 }, &key, &value)) != 0)
        return rc;
    return read_row(key, value, parked_out);
}

int
souk_parked_queue(struct souk_txn *txn, struct souk_slice key, uint32_t count_max, uint64_t *first_out,
    uint32_t *count_out)
{
    uint8_t from[KEY_ROW_BYTES_MAX];
    const size_t size = key_row(from, key, 0);
    struct souk_slice found, value;
    struct souk_table keys;
    struct souk_scan *scan;
    int rc;

    *first_out = 0;
    *count_out = 0;
    if ((rc = souk_txn_table(txn, TABLE_KEYS, &keys)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, keys, (struct souk_slice){ from, size }, &scan)) != 0)
        return rc;
    while (*count_out < count_max && (rc = souk_scan_next(scan, &found, &value)) == 0
        && found.size_bytes == size && memcmp(found.base, from, size - 8) == 0)
        if ((*count_out)++ == 0)
            *first_out = souk_get_u64((const uint8_t *)found.base + size - 8);
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_parked_note(struct souk_txn *txn, const struct souk_parked *parked)
{
    struct souk_table rows;
    int rc = souk_txn_table(txn, TABLE, &rows);

    return rc != 0 ? rc : put_row(txn, rows, parked);
}

int
souk_parked_remove(struct souk_txn *txn, const struct souk_parked *parked)
{
    uint8_t sequence[8], key[KEY_ROW_BYTES_MAX];
    struct souk_table rows, keys;
    size_t key_bytes = key_row(key, parked->event.key, parked->sequence);
    int rc;

    souk_put_u64(sequence, parked->sequence);
    if ((rc = open_tables(txn, &rows, &keys)) != 0
        || (rc = souk_txn_delete(txn, rows, (struct souk_slice){ sequence, 8 })) != 0)
        return rc;
    return souk_txn_delete(txn, keys, (struct souk_slice){ key, key_bytes });
}

int
souk_parked_refill(struct souk_txn *txn, const struct souk_name *stream)
{
    return scan_stream(txn, stream, SOUK_PARKED_EVENT, keep_reaction, NULL);
}

/* What waited to be handled is handled anew by who fills the tables; the reaction is still to be made. */
static int
keep_reaction(struct souk_txn *txn, const struct scanned *at, void *arg)
{
    (void)arg;
    if (!at->parked->reacts)
        return delete_row(txn, at->keys, at->scan, at->parked);
    at->parked->kind = SOUK_PARKED_REACTION;
    return put_row(txn, at->rows, at->parked);
}

int
souk_parked_refilled(struct souk_txn *txn, const struct souk_name *stream, uint32_t generation,
    struct souk_point head)
{
    struct history history = { stream, generation, head };

    return scan_stream(txn, stream, SOUK_PARKED_REACTION, drop_void, &history);
}

static int
drop_void(struct souk_txn *txn, const struct scanned *at, void *arg)
{
    const struct history *history = arg;
    bool in;
    int rc = souk_lineage_has(txn, history->stream, history->generation,
        (struct souk_point){ at->parked->epoch, at->parked->event.number }, history->head, &in);

    return rc == 0 && !in ? delete_row(txn, at->keys, at->scan, at->parked) : rc;
}

/* Call `each` for what is parked of a stream in that way; it may change the row or delete it. */
static int
scan_stream(struct souk_txn *txn, const struct souk_name *stream, enum souk_parked_kind kind,
    int (*each)(struct souk_txn *txn, const struct scanned *at, void *arg), void *arg)
{
    struct souk_slice key, value;
    struct souk_table rows, keys;
    struct souk_parked parked;
    struct souk_scan *scan;
    int rc;

    if ((rc = open_tables(txn, &rows, &keys)) != 0
        || (rc = souk_scan_open(txn, rows, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if ((rc = read_row(key, value, &parked)) != 0)
            break;
        if (parked.kind != kind || strcmp(parked.stream.text, stream->text) != 0)
            continue;
        if ((rc = each(txn, &(struct scanned){ rows, keys, scan, &parked }, arg)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_parked_count(struct souk_txn *txn, uint64_t *count_out)
{
    struct souk_table rows;
    int rc;

    *count_out = 0;
    if ((rc = souk_txn_table(txn, TABLE, &rows)) == 0)
        rc = souk_txn_count(txn, rows, count_out);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_parked_each(struct souk_txn *txn, int (*each)(const struct souk_parked *parked, void *arg), void *arg)
{
    struct souk_slice key, value;
    struct souk_parked parked;
    struct souk_table rows;
    struct souk_scan *scan;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE, &rows)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, rows, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0)
        if ((rc = read_row(key, value, &parked)) != 0 || (rc = each(&parked, arg)) != 0)
            break;
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
open_tables(struct souk_txn *txn, struct souk_table *rows, struct souk_table *keys)
{
    int rc = souk_txn_table(txn, TABLE, rows);

    return rc != 0 ? rc : souk_txn_table(txn, TABLE_KEYS, keys);
}

static int
put_row(struct souk_txn *txn, struct souk_table rows, const struct souk_parked *parked)
{
    struct souk_pack pack;
    uint8_t sequence[8];
    int rc;

    souk_put_u64(sequence, parked->sequence);
    souk_pack_init(&pack, ROW_BYTES_MAX);
    pack_row(&pack, parked);
    rc = pack.rc != 0 ? pack.rc : souk_txn_put(txn, rows, (struct souk_slice){ sequence, sizeof sequence },
        souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

/* The row that `scan` stands at. */
static int
delete_row(struct souk_txn *txn, struct souk_table keys, struct souk_scan *scan, const struct souk_parked *parked)
{
    uint8_t key[KEY_ROW_BYTES_MAX];
    int rc = souk_txn_delete(txn, keys, (struct souk_slice){ key, key_row(key, parked->event.key, parked->sequence) });

    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : souk_scan_delete(scan);
}

static size_t
key_row(uint8_t row[KEY_ROW_BYTES_MAX], struct souk_slice key, uint64_t sequence)
{
    row[0] = (uint8_t)key.size_bytes;
    memcpy(row + 1, key.base, key.size_bytes);
    souk_put_u64(row + 1 + key.size_bytes, sequence);
    return 1 + key.size_bytes + 8;
}

static int
first_sequence(struct souk_txn *txn, struct souk_table keys, struct souk_slice key, uint64_t *sequence_out)
{
    uint8_t from[KEY_ROW_BYTES_MAX];
    struct souk_slice found, value;
    size_t size = key_row(from, key, 0);
    const uint8_t *at;
    int rc;

    if ((rc = souk_txn_seek(txn, keys, (struct souk_slice){ from, size }, &found, &value)) != 0)
        return rc;
    at = found.base;
    if (found.size_bytes != size || memcmp(at, from, size - 8) != 0)
        return -SOUK_ENOTFOUND;
    *sequence_out = souk_get_u64(at + size - 8);
    return 0;
}

static void
pack_row(struct souk_pack *pack, const struct souk_parked *parked)
{
    const struct souk_event *event = &parked->event;
    const struct souk_point point = { parked->epoch, event->number };
    struct souk_slice text = parked->text;

    if (text.size_bytes > SOUK_PARKED_TEXT_BYTES_MAX)
        text.size_bytes = SOUK_PARKED_TEXT_BYTES_MAX;
    souk_pack_array(pack, FIELDS);
    souk_pack_uint(pack, parked->kind);
    souk_pack_str(pack, souk_name_slice(&parked->stream));
    souk_wire_point_put(pack, &point);                              /* 3 */
    souk_pack_str(pack, event->type);
    souk_pack_uint(pack, event->version);
    souk_pack_bin(pack, event->key);
    souk_pack_bin(pack, event->payload);
    souk_pack_bin(pack, (struct souk_slice){ event->correlation.bytes, sizeof event->correlation.bytes });
    souk_pack_uint(pack, event->depth);
    souk_pack_uint(pack, event->time_ms);
    souk_pack_str(pack, souk_name_slice(&parked->caused_stream));
    souk_wire_point_put(pack, &parked->caused);                     /* 3 */
    souk_pack_bool(pack, parked->reacts);
    souk_pack_bin(pack, text);
    souk_pack_uint(pack, parked->since_ms);
    souk_pack_uint(pack, parked->tries);
}

static int
read_row(struct souk_slice key, struct souk_slice value, struct souk_parked *parked_out)
{
    struct souk_event *event = &parked_out->event;
    struct souk_slice name;
    struct souk_point point;
    struct souk_unpack in;

    if (key.size_bytes != 8)
        return -SOUK_EDAMAGED;
    memset(parked_out, 0, sizeof *parked_out);
    parked_out->sequence = souk_get_u64(key.base);
    souk_unpack_init(&in, value);
    souk_unpack_array_exact(&in, FIELDS);
    parked_out->kind = (enum souk_parked_kind)souk_unpack_uint(&in, SOUK_PARKED_REACTION);
    souk_name_unpack(&in, &parked_out->stream);
    souk_wire_point_get(&in, &point);
    parked_out->epoch = point.epoch;
    event->number = point.number;
    event->type = souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX);
    event->version = (uint16_t)souk_unpack_uint(&in, UINT16_MAX);
    event->key = souk_unpack_bin(&in, SOUK_KEY_BYTES_MAX);
    event->payload = souk_unpack_bin(&in, SOUK_PAYLOAD_BYTES_MAX);
    souk_unpack_bin_exact(&in, event->correlation.bytes, sizeof event->correlation.bytes);
    event->depth = (uint32_t)souk_unpack_uint(&in, UINT32_MAX);
    event->time_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    name = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
    if (name.size_bytes != 0 && souk_name_set(&parked_out->caused_stream, name) != 0)
        return -SOUK_EDAMAGED;
    souk_wire_point_get(&in, &parked_out->caused);
    parked_out->reacts = souk_unpack_bool(&in);
    parked_out->text = souk_unpack_bin(&in, SOUK_PARKED_TEXT_BYTES_MAX);
    parked_out->since_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    parked_out->tries = (uint32_t)souk_unpack_uint(&in, UINT32_MAX);
    return souk_unpack_end(&in) == 0 ? 0 : -SOUK_EDAMAGED;
}
