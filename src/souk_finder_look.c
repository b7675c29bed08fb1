#include "souk_finder_parts.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define ID_TIME_BYTES 6                 /* of a UUIDv7 */
#define BYTES_A_LOOK 1024               /* of a batch, whose hash is computed, count like an event */

static_assert(FINDER_DIGEST_BYTES == crypto_shorthash_BYTES, "a digest is what the hash gives");

/* No secret: whoever makes many keys of one digest makes searches for them longer, and each is bounded. */
static const uint8_t HASH_KEY[crypto_shorthash_KEYBYTES] = "souk-finder.rows";

static void make_stream_term(const struct souk_name *stream, struct finder_term *term_out);
static bool is_row_of(const struct finder_term *term, struct souk_slice row);
static int read_batch_row(struct souk_slice key, struct souk_slice value, struct finder_batch_row *row_out);
static int stream_seek(struct finder_look *look, const struct souk_name *stream, uint64_t from, bool below,
    struct finder_batch_row *row_out);
static uint64_t position_of(struct finder_look *look, const struct souk_name *stream, uint64_t number);

/* ---- rows ----------------------------------------------------------- */

struct finder_term
finder_term(enum finder_kind kind, struct souk_slice what)
{
    struct finder_term term = { .kind = kind };

    (void)crypto_shorthash(term.digest, what.base, what.size_bytes, HASH_KEY);
    return term;
}

struct finder_term
finder_term_cause(const struct souk_name *stream, struct souk_point point)
{
    struct finder_term term = { .kind = FINDER_CAUSE };
    uint8_t bytes[sizeof stream->text + SOUK_POINT_BYTES];

    memcpy(bytes, stream->text, sizeof stream->text);
    souk_point_encode(&point, bytes + sizeof stream->text);
    (void)crypto_shorthash(term.digest, bytes, sizeof bytes, HASH_KEY);
    return term;
}

/*
 * No hash: ids begin with the time at which they were drawn, so the rows of
 * those that come together lie together, in few pages of a large table. The
 * time, then two bytes made of the rest.
 */
struct finder_term
finder_term_id(enum finder_kind kind, const struct souk_id *id)
{
    struct finder_term term = { .kind = kind };
    uint64_t rest = souk_get_u64(id->bytes + 8) ^ (uint64_t)id->bytes[6] << 56 ^ (uint64_t)id->bytes[7] << 48;

    rest = (rest ^ rest >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(term.digest, id->bytes, ID_TIME_BYTES);
    term.digest[ID_TIME_BYTES] = (uint8_t)(rest >> 56);
    term.digest[ID_TIME_BYTES + 1] = (uint8_t)(rest >> 48);
    return term;
}

void
finder_row(const struct finder_term *term, uint64_t position, uint8_t row_out[FINDER_ROW_BYTES])
{
    row_out[0] = (uint8_t)term->kind;
    memcpy(row_out + 1, term->digest, sizeof term->digest);
    souk_put_u64(row_out + 1 + sizeof term->digest, position);
}

void
finder_batch_row_encode(const struct finder_batch_row *row, uint8_t bytes_out[FINDER_BATCH_ROW_BYTES])
{
    souk_put_u64(bytes_out, row->time_ms);
    souk_put_u64(bytes_out + 8, row->number);
}

void
finder_stream_encode(const struct finder_stream *stream, uint8_t bytes_out[FINDER_STREAM_BYTES])
{
    souk_point_encode(&stream->point, bytes_out);
    souk_put_u64(bytes_out + SOUK_POINT_BYTES, stream->batches);
    souk_put_u64(bytes_out + SOUK_POINT_BYTES + 8, stream->events);
    souk_put_u64(bytes_out + SOUK_POINT_BYTES + 16, stream->time_ms);
}

int
finder_stream_decode(struct souk_slice bytes, struct finder_stream *stream_out)
{
    const uint8_t *base = bytes.base;

    if (bytes.size_bytes != FINDER_STREAM_BYTES)
        return -SOUK_EDAMAGED;
    stream_out->batches = souk_get_u64(base + SOUK_POINT_BYTES);
    stream_out->events = souk_get_u64(base + SOUK_POINT_BYTES + 8);
    stream_out->time_ms = souk_get_u64(base + SOUK_POINT_BYTES + 16);
    return souk_point_decode((struct souk_slice){ base, SOUK_POINT_BYTES }, &stream_out->point);
}

/* ---- snapshots ------------------------------------------------------ */

int
finder_look_begin(struct souk_finder *finder, struct finder_look *look_out)
{
    int rc;

    memset(look_out, 0, sizeof *look_out);
    look_out->finder = finder;
    look_out->arena = &finder->arena;
    look_out->last = finder->status.log_position;
    look_out->left = SOUK_FINDER_LOOKED_MAX;
    if ((rc = souk_txn_begin(finder->log, SOUK_TXN_READ, &look_out->log)) != 0
        || (rc = souk_txn_begin(finder->index, SOUK_TXN_READ, &look_out->index)) != 0)
        goto fail;
    rc = souk_txn_table(look_out->index, FINDER_TABLE, &look_out->table);
    look_out->has_table = rc == 0;
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        goto fail;
    rc = souk_txn_table(look_out->index, FINDER_STREAMS, &look_out->streams);
    look_out->has_streams = rc == 0;
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        goto fail;
    return 0;

fail:
    finder_look_end(look_out);
    return rc;
}

void
finder_look_end(struct finder_look *look)
{
    souk_txn_abort(&look->index);
    souk_txn_abort(&look->log);
}

/* ---- rows that are there -------------------------------------------- */

static bool
is_row_of(const struct finder_term *term, struct souk_slice row)
{
    const uint8_t *bytes = row.base;

    return row.size_bytes == FINDER_ROW_BYTES && bytes[0] == (uint8_t)term->kind
        && memcmp(bytes + 1, term->digest, sizeof term->digest) == 0;
}

int
finder_next(struct finder_look *look, const struct finder_term *term, uint64_t from, bool backwards,
    uint64_t *position_out)
{
    struct souk_slice key, value;
    uint8_t row[FINDER_ROW_BYTES];
    int rc;

    if (backwards && from > look->last)
        from = look->last;
    if (from == 0 && !backwards)
        from = 1;
    if (from == 0 || from > look->last || (term->kind != FINDER_ALL && !look->has_table))
        return -SOUK_ENOTFOUND;
    if (term->kind == FINDER_ALL) {
        *position_out = from;
        return 0;
    }
    finder_row(term, backwards ? from + 1 : from, row);
    if (backwards)
        rc = souk_txn_seek_below(look->index, look->table, (struct souk_slice){ row, sizeof row }, &key, &value);
    else
        rc = souk_txn_seek(look->index, look->table, (struct souk_slice){ row, sizeof row }, &key, &value);
    if (rc != 0)
        return rc;
    if (!is_row_of(term, key))
        return -SOUK_ENOTFOUND;
    *position_out = souk_get_u64((const uint8_t *)key.base + FINDER_ROW_BYTES - 8);
    return 0;
}

static void
make_stream_term(const struct souk_name *stream, struct finder_term *term_out)
{
    *term_out = finder_term(FINDER_STREAM, souk_name_slice(stream));
}

static int
read_batch_row(struct souk_slice key, struct souk_slice value, struct finder_batch_row *row_out)
{
    const uint8_t *bytes = value.base;

    if (value.size_bytes != FINDER_BATCH_ROW_BYTES)
        return -SOUK_EIO;
    row_out->log_position = souk_get_u64((const uint8_t *)key.base + FINDER_ROW_BYTES - 8);
    row_out->time_ms = souk_get_u64(bytes);
    row_out->number = souk_get_u64(bytes + 8);
    return 0;
}

static int
stream_seek(struct finder_look *look, const struct souk_name *stream, uint64_t from, bool below,
    struct finder_batch_row *row_out)
{
    struct finder_term term;
    struct souk_slice key, value;
    uint8_t row[FINDER_ROW_BYTES];
    int rc;

    if (!look->has_table)
        return -SOUK_ENOTFOUND;
    make_stream_term(stream, &term);
    finder_row(&term, from, row);
    if (below)
        rc = souk_txn_seek_below(look->index, look->table, (struct souk_slice){ row, sizeof row }, &key, &value);
    else
        rc = souk_txn_seek(look->index, look->table, (struct souk_slice){ row, sizeof row }, &key, &value);
    if (rc != 0)
        return rc;
    if (!is_row_of(&term, key))
        return -SOUK_ENOTFOUND;
    if ((rc = read_batch_row(key, value, row_out)) == 0 && row_out->log_position > look->last)
        return -SOUK_EIO;                       /* rows and how far they go are of one transaction */
    return rc;
}

int
finder_stream_next(struct finder_look *look, const struct souk_name *stream, uint64_t from,
    struct finder_batch_row *row_out)
{
    return stream_seek(look, stream, from, false, row_out);
}

int
finder_stream_below(struct finder_look *look, const struct souk_name *stream, uint64_t from,
    struct finder_batch_row *row_out)
{
    return stream_seek(look, stream, from, true, row_out);
}

/* Within a stream times do not go back, so the place is found by halving. */
int
finder_time_position(struct finder_look *look, const struct souk_name *stream, uint64_t time_ms,
    uint64_t *position_out)
{
    uint64_t low = 1, high = look->last + 1;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        struct finder_batch_row row;
        int rc = finder_stream_next(look, stream, middle, &row);

        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        if (rc == 0 && row.time_ms < time_ms)
            low = row.log_position + 1;
        else
            high = middle;
    }
    *position_out = low;
    return 0;
}

/* ---- streams -------------------------------------------------------- */

int
finder_stream_get(struct finder_look *look, const struct souk_name *stream, struct finder_stream *stream_out)
{
    struct souk_slice value;
    int rc;

    if (!look->has_streams)
        return -SOUK_ENOTFOUND;
    if ((rc = souk_txn_get(look->index, look->streams, souk_name_slice(stream), &value)) != 0)
        return rc;
    return finder_stream_decode(value, stream_out) == 0 ? 0 : -SOUK_EIO;
}

int
finder_streams_each(struct finder_look *look,
    int (*each)(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg),
    void *arg)
{
    struct souk_scan *scan = NULL;
    struct souk_slice key, value;
    int rc;

    if (!look->has_streams)
        return 0;
    if ((rc = souk_scan_open(look->index, look->streams, souk_slice_of(""), &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        struct finder_stream stream;
        struct souk_name name;

        if (souk_name_set(&name, key) != 0 || finder_stream_decode(value, &stream) != 0) {
            rc = -SOUK_EIO;
            break;
        }
        if ((rc = each(look, &name, &stream, arg)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

bool
finder_is_wired(const struct souk_finder *finder, const struct souk_name *stream)
{
    for (size_t i = 0; i < finder->wiring->stream_count; i++)
        if (strcmp(finder->wiring->streams[i].name.text, stream->text) == 0)
            return true;
    return false;
}

/* What the topology does not name any more is not shown: nobody knows what it was. */
bool
finder_is_private(const struct souk_finder *finder, const struct souk_name *stream)
{
    for (size_t i = 0; i < finder->wiring->stream_count; i++)
        if (strcmp(finder->wiring->streams[i].name.text, stream->text) == 0)
            return finder->wiring->streams[i].is_private;
    return true;
}

/* ---- batches and events --------------------------------------------- */

int
finder_batch_open(struct finder_look *look, uint64_t position, struct finder_batch *batch_out)
{
    struct souk_slice batch;
    int rc = souk_positions_batch(look->log, position, &batch_out->found.header, &batch);
    uint32_t cost = 1;

    if (rc == 0)
        cost += (uint32_t)(batch.size_bytes / BYTES_A_LOOK);
    look->left -= cost < look->left ? cost : look->left;
    if (rc == -SOUK_EDAMAGED)
        return -SOUK_ENOTFOUND;
    if (rc != 0)
        return rc;
    batch_out->found.log_position = position;
    batch_out->next = 0;
    if (batch_out->found.header.count == 0 || souk_events_init(&batch_out->events, &batch_out->found.header) != 0)
        return -SOUK_ENOTFOUND;
    return 0;
}

int
finder_batch_next(struct finder_look *look, struct finder_batch *batch)
{
    if (souk_events_next(&batch->events, &batch->found.event) != 0)
        return -SOUK_ENOTFOUND;
    batch->found.index = batch->next++;
    if (look->left != 0)
        look->left--;
    return 0;
}

int
finder_event(struct finder_look *look, const struct souk_name *stream, uint64_t number,
    struct finder_found *found_out)
{
    struct souk_events events;
    struct souk_slice batch;
    struct souk_log log;
    int rc;

    if ((rc = souk_log_open(look->log, stream, &log)) != 0
        || (rc = souk_log_holding(look->log, &log, number, &batch)) != 0)
        return rc;
    if (souk_batch_read(batch, &found_out->header) != 0 || souk_events_init(&events, &found_out->header) != 0)
        return -SOUK_EDAMAGED;
    found_out->index = 0;
    while ((rc = souk_events_next(&events, &found_out->event)) == 0 && found_out->event.number != number)
        found_out->index++;
    if (rc != 0)
        return -SOUK_EDAMAGED;
    found_out->log_position = position_of(look, stream, number);
    return 0;
}

/* Within a stream numbers do not go back either. 0: it cannot be found yet. */
static uint64_t
position_of(struct finder_look *look, const struct souk_name *stream, uint64_t number)
{
    uint64_t low = 1, high = look->last + 1;
    struct finder_batch_row row;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;

        if (finder_stream_next(look, stream, middle, &row) == 0 && row.number < number)
            low = row.log_position + 1;
        else
            high = middle;
    }
    return finder_stream_next(look, stream, low, &row) == 0 && row.number >= number ? row.log_position : 0;
}

struct found_event
finder_describe(const struct finder_look *look, const struct finder_found *found)
{
    const struct souk_event *event = &found->event;
    const struct souk_because *because = &event->because;
    struct found_event said = {
        .log_position = found->log_position,
        .epoch = found->header.epoch.counter,
        .number = event->number,
        .type = event->type,
        .key = event->key,
        .version = event->version,
        .time_ms = event->time_ms,
        .correlation_id = event->correlation,
        .depth = (uint8_t)event->depth,
        .is_private = finder_is_private(look->finder, &found->header.stream),
        .payload_bytes = (uint32_t)event->payload.size_bytes,
        .cause.kind = (enum cause_kind)because->kind,
    };

    said.stream = souk_arena_copy(look->arena, souk_name_slice(&found->header.stream));
    if (because->kind == SOUK_BY_COMMAND) {
        said.cause.caller = because->caller;
        said.cause.has_command_id = true;
        said.cause.command_id = because->id;
    } else {
        said.cause.stream = souk_arena_copy(look->arena, souk_name_slice(&because->stream));
        said.cause.epoch = because->point.epoch.counter;
        said.cause.number = because->point.number;
        said.cause.index = because->index;
    }
    return said;
}
