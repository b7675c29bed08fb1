#include "souk_trail.h"
#include "souk_wire.h"

#include <string.h>

#define TABLE_IDS "souk.ids"
#define TABLE_CAUSED "souk.caused"
#define TABLE_AGES "souk.ages"
#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)
#define CAUSED_BYTES (NAME_BYTES + SOUK_POINT_BYTES + NAME_BYTES + SOUK_POINT_BYTES)
#define CAUSED_ROW_BYTES_MAX 512
#define ID_KEY_BYTES_MAX (16 + SOUK_WIRE_CALLER_BYTES_MAX)

enum { AGE_ID = 'i', AGE_CAUSED = 'c' };

static size_t id_key(uint8_t key[ID_KEY_BYTES_MAX], struct souk_slice caller, const struct souk_id *id);
static bool goes_on(const struct souk_trail_run *run, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event);
static int note_command(struct souk_txn *txn, const struct souk_trail_run *run,
    struct souk_trail_command *command_out);
static int note_cause(struct souk_txn *txn, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event);
static int note_age(struct souk_txn *txn, uint64_t time_ms, char what, struct souk_slice key);
static int put_caused(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    const struct souk_event *event);
static int read_caused(struct souk_slice key, struct souk_slice value, struct souk_trail_caused *caused_out);
static int age(struct souk_txn *txn, char what, const char *name, uint64_t before_ms, uint32_t rows_max,
    uint32_t *rows_out);
static int read_command(struct souk_slice value, struct souk_trail_command *command_out);

void
souk_trail_begin(struct souk_trail_run *run)
{
    run->is_open = false;
    run->command.span_count = 0;
}

int
souk_trail_note(struct souk_txn *txn, struct souk_trail_run *run, const struct souk_name *stream,
    struct souk_epoch epoch, const struct souk_event *event)
{
    int rc;

    if (run->is_open && goes_on(run, stream, epoch, event)) {
        run->last = event->number;
        return 0;
    }
    if ((rc = souk_trail_end(txn, run)) != 0)
        return rc;
    switch (event->because.kind) {
    case SOUK_BY_COMMAND:
        run->is_open = true;
        run->first = *event;
        run->stream = *stream;
        run->epoch = epoch;
        run->last = event->number;
        return 0;
    case SOUK_BY_EVENT:
        return note_cause(txn, stream, epoch, event);
    case SOUK_BY_LOSS:
        return souk_trail_told(txn, &event->because.stream, event->because.point);
    case SOUK_BY_TIMER:
    case SOUK_BY_OUTCOME:
        break;
    }
    return 0;
}

int
souk_trail_end(struct souk_txn *txn, struct souk_trail_run *run)
{
    if (!run->is_open)
        return 0;
    run->is_open = false;
    return note_command(txn, run, &run->command);
}

/* The next event of the same command in the same stream. */
static bool
goes_on(const struct souk_trail_run *run, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event)
{
    const struct souk_because *before = &run->first.because, *now = &event->because;

    return now->kind == SOUK_BY_COMMAND && event->number == run->last + 1 && event->time_ms == run->first.time_ms
        && memcmp(now->id.bytes, before->id.bytes, sizeof now->id.bytes) == 0
        && memcmp(now->command_hash, before->command_hash, sizeof now->command_hash) == 0
        && souk_slice_equal(now->caller, before->caller) && souk_epoch_equal(epoch, run->epoch)
        && strcmp(stream->text, run->stream.text) == 0;
}

/* What other streams, or earlier events, have of the command stays beside. */
static int
note_command(struct souk_txn *txn, const struct souk_trail_run *run, struct souk_trail_command *command_out)
{
    const struct souk_because *because = &run->first.because;
    struct souk_trail_span *span = NULL;
    uint8_t key[ID_KEY_BYTES_MAX];
    struct souk_slice row, old;
    struct souk_table table;
    struct souk_pack pack;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_IDS, &table)) != 0)
        return rc;
    command_out->span_count = 0;
    row = (struct souk_slice){ key, id_key(key, because->caller, &because->id) };
    rc = souk_txn_get(txn, table, row, &old);
    if (rc == 0)
        rc = read_command(old, command_out);
    else if (rc == -SOUK_ENOTFOUND)
        rc = note_age(txn, run->first.time_ms, AGE_ID, row);
    if (rc != 0)
        return rc;
    memcpy(command_out->hash, because->command_hash, sizeof command_out->hash);
    for (uint32_t i = 0; i < command_out->span_count; i++)
        if (strcmp(command_out->spans[i].stream.text, run->stream.text) == 0)
            span = &command_out->spans[i];
    if (span == NULL) {
        if (command_out->span_count == SOUK_TRAIL_SPANS_MAX)
            return -SOUK_EDAMAGED;
        span = &command_out->spans[command_out->span_count++];
        *span = (struct souk_trail_span){ .stream = run->stream, .epoch = run->epoch, .first = run->first.number };
    }
    span->last = run->last;

    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_pack_bin(&pack, (struct souk_slice){ command_out->hash, sizeof command_out->hash });
    souk_pack_array(&pack, command_out->span_count);
    for (uint32_t i = 0; i < command_out->span_count; i++) {
        const struct souk_point first = { command_out->spans[i].epoch, command_out->spans[i].first };

        souk_pack_array(&pack, 5);
        souk_pack_str(&pack, souk_name_slice(&command_out->spans[i].stream));
        souk_wire_point_put(&pack, &first);
        souk_pack_uint(&pack, command_out->spans[i].last - command_out->spans[i].first);
    }
    rc = pack.rc != 0 ? pack.rc : souk_txn_put(txn, table, row, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

static int
read_command(struct souk_slice value, struct souk_trail_command *command_out)
{
    struct souk_unpack in;

    souk_unpack_init(&in, value);
    souk_unpack_bin_exact(&in, command_out->hash, sizeof command_out->hash);
    command_out->span_count = souk_unpack_array(&in, SOUK_TRAIL_SPANS_MAX);
    for (uint32_t i = 0; i < command_out->span_count && in.rc == 0; i++) {
        struct souk_trail_span *span = &command_out->spans[i];
        struct souk_point first;

        souk_unpack_array_exact(&in, 5);
        souk_name_unpack(&in, &span->stream);
        souk_wire_point_get(&in, &first);
        span->epoch = first.epoch;
        span->first = first.number;
        span->last = first.number + souk_unpack_uint(&in, UINT32_MAX);
        if (span->last < span->first)
            return -SOUK_EDAMAGED;
        for (uint32_t k = 0; k < i && in.rc == 0; k++)
            if (strcmp(command_out->spans[k].stream.text, span->stream.text) == 0)
                return -SOUK_EDAMAGED;          /* one stream has one span */
    }
    return souk_unpack_end(&in) == 0 ? 0 : -SOUK_EDAMAGED;
}

int
souk_trail_command(struct souk_txn *txn, struct souk_slice caller, const struct souk_id *id,
    struct souk_trail_command *command_out)
{
    uint8_t key[ID_KEY_BYTES_MAX];
    struct souk_table table;
    struct souk_slice value;
    int rc;

    if (caller.size_bytes > SOUK_WIRE_CALLER_BYTES_MAX)
        return -SOUK_EINVAL;
    if ((rc = souk_txn_table(txn, TABLE_IDS, &table)) != 0)
        return rc;
    rc = souk_txn_get(txn, table, (struct souk_slice){ key, id_key(key, caller, id) }, &value);
    return rc != 0 ? rc : read_command(value, command_out);
}

/* The id first: UUIDv7 ids of many callers then fill the table in the order of time. */
static size_t
id_key(uint8_t key[ID_KEY_BYTES_MAX], struct souk_slice caller, const struct souk_id *id)
{
    memcpy(key, id->bytes, sizeof id->bytes);
    memcpy(key + sizeof id->bytes, caller.base, caller.size_bytes);
    return sizeof id->bytes + caller.size_bytes;
}

/* The whole fact is the key: cause's stream, number, epoch; own stream and point. */
static int
note_cause(struct souk_txn *txn, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event)
{
    const struct souk_point own = { epoch, event->number };
    uint8_t key[CAUSED_BYTES];
    struct souk_table table;
    int rc;

    memcpy(key, event->because.stream.text, NAME_BYTES);
    souk_point_encode(&event->because.point, key + NAME_BYTES);
    memcpy(key + NAME_BYTES + SOUK_POINT_BYTES, stream->text, NAME_BYTES);
    souk_point_encode(&own, key + 2 * NAME_BYTES + SOUK_POINT_BYTES);
    if ((rc = souk_txn_table(txn, TABLE_CAUSED, &table)) != 0
        || (rc = put_caused(txn, table, (struct souk_slice){ key, sizeof key }, event)) != 0)
        return rc;
    return note_age(txn, event->time_ms, AGE_CAUSED, (struct souk_slice){ key, sizeof key });
}

static int
put_caused(struct souk_txn *txn, struct souk_table table, struct souk_slice key, const struct souk_event *event)
{
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, CAUSED_ROW_BYTES_MAX);
    souk_pack_array(&pack, 5);
    souk_pack_str(&pack, event->type);
    souk_pack_bin(&pack, event->key);
    souk_pack_bin(&pack, (struct souk_slice){ event->correlation.bytes, sizeof event->correlation.bytes });
    souk_pack_uint(&pack, event->depth);
    souk_pack_uint(&pack, event->version);
    rc = pack.rc != 0 ? pack.rc : souk_txn_put(txn, table, key, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

static int
read_caused(struct souk_slice key, struct souk_slice value, struct souk_trail_caused *caused_out)
{
    const uint8_t *at = key.base;
    struct souk_unpack in;

    if (key.size_bytes != CAUSED_BYTES
        || souk_point_decode((struct souk_slice){ at + NAME_BYTES, SOUK_POINT_BYTES }, &caused_out->cause) != 0
        || souk_point_decode((struct souk_slice){ at + 2 * NAME_BYTES + SOUK_POINT_BYTES, SOUK_POINT_BYTES },
            &caused_out->point) != 0
        || souk_name_decode(at + NAME_BYTES + SOUK_POINT_BYTES, &caused_out->own) != 0)
        return -SOUK_EDAMAGED;
    souk_unpack_init(&in, value);
    souk_unpack_array_exact(&in, 5);
    caused_out->type = souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX);
    caused_out->key = souk_unpack_bin(&in, SOUK_KEY_BYTES_MAX);
    souk_unpack_bin_exact(&in, caused_out->correlation.bytes, sizeof caused_out->correlation.bytes);
    caused_out->depth = (uint32_t)souk_unpack_uint(&in, SOUK_DEPTH_MAX);
    caused_out->version = (uint16_t)souk_unpack_uint(&in, UINT16_MAX);
    return souk_unpack_end(&in) == 0 ? 0 : -SOUK_EDAMAGED;
}

int
souk_trail_each(struct souk_txn *txn, const struct souk_name *stream,
    int (*each)(const struct souk_trail_caused *caused, void *arg), void *arg)
{
    struct souk_trail_caused caused;
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_CAUSED, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ stream->text, NAME_BYTES }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if (key.size_bytes < NAME_BYTES || memcmp(key.base, stream->text, NAME_BYTES) != 0)
            break;
        if ((rc = read_caused(key, value, &caused)) != 0 || (rc = each(&caused, arg)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_trail_stands(struct souk_txn *txn, const struct souk_name *stream, struct souk_point cause, bool *stands_out)
{
    uint8_t from[NAME_BYTES + SOUK_POINT_BYTES];
    struct souk_slice key, value;
    struct souk_table table;
    int rc;

    *stands_out = false;
    memcpy(from, stream->text, NAME_BYTES);
    souk_point_encode(&cause, from + NAME_BYTES);
    if ((rc = souk_txn_table(txn, TABLE_CAUSED, &table)) == 0)
        rc = souk_txn_seek(txn, table, (struct souk_slice){ from, sizeof from }, &key, &value);
    if (rc == 0)
        *stands_out = key.size_bytes == CAUSED_BYTES && memcmp(key.base, from, sizeof from) == 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_trail_told(struct souk_txn *txn, const struct souk_name *stream, struct souk_point cause)
{
    uint8_t from[NAME_BYTES + SOUK_POINT_BYTES];
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    int rc;

    memcpy(from, stream->text, NAME_BYTES);
    souk_point_encode(&cause, from + NAME_BYTES);
    if ((rc = souk_txn_table(txn, TABLE_CAUSED, &table)) != 0
        || (rc = souk_scan_open(txn, table, (struct souk_slice){ from, sizeof from }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if (key.size_bytes != CAUSED_BYTES || memcmp(key.base, from, sizeof from) != 0)
            break;
        if ((rc = souk_scan_delete(scan)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- forgetting ----------------------------------------------------- */

static int
note_age(struct souk_txn *txn, uint64_t time_ms, char what, struct souk_slice key)
{
    uint8_t row[8 + 1 + CAUSED_BYTES];
    struct souk_table table;
    int rc;

    _Static_assert(CAUSED_BYTES >= ID_KEY_BYTES_MAX, "an age holds either key");
    row[0] = (uint8_t)what;
    souk_put_u64(row + 1, time_ms);
    memcpy(row + 9, key.base, key.size_bytes);
    if ((rc = souk_txn_table(txn, TABLE_AGES, &table)) != 0)
        return rc;
    return souk_txn_put(txn, table, (struct souk_slice){ row, 9 + key.size_bytes }, (struct souk_slice){ "", 0 });
}

int
souk_trail_age(struct souk_txn *txn, uint64_t ids_before_ms, uint64_t caused_before_ms, uint32_t rows_max,
    uint32_t *ids_out)
{
    uint32_t caused;
    int rc = age(txn, AGE_ID, TABLE_IDS, ids_before_ms, rows_max, ids_out);

    return rc != 0 ? rc : age(txn, AGE_CAUSED, TABLE_CAUSED, caused_before_ms, rows_max, &caused);
}

static int
age(struct souk_txn *txn, char what, const char *name, uint64_t before_ms, uint32_t rows_max, uint32_t *rows_out)
{
    const uint8_t from[] = { (uint8_t)what };
    struct souk_table ages, table;
    struct souk_slice key, value;
    struct souk_scan *scan;
    int rc;

    *rows_out = 0;
    if ((rc = souk_txn_table(txn, TABLE_AGES, &ages)) != 0 || (rc = souk_txn_table(txn, name, &table)) != 0
        || (rc = souk_scan_open(txn, ages, (struct souk_slice){ from, sizeof from }, &scan)) != 0)
        return rc;
    while (*rows_out < rows_max && (rc = souk_scan_next(scan, &key, &value)) == 0) {
        const uint8_t *at = key.base;

        if (key.size_bytes < 10) {
            rc = -SOUK_EDAMAGED;
            break;
        }
        if (at[0] != (uint8_t)what || souk_get_u64(at + 1) >= before_ms)
            break;
        rc = souk_txn_delete(txn, table, (struct souk_slice){ at + 9, key.size_bytes - 9 });
        if ((rc != 0 && rc != -SOUK_ENOTFOUND) || (rc = souk_scan_delete(scan)) != 0)
            break;
        (*rows_out)++;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}
