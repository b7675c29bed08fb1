#include "souk_finder_parts.h"

#include <stdlib.h>
#include <string.h>

#define FILL_PAUSE_MS 100               /* while nobody asks, what comes in is taken over so often at most */
#define BATCHES_ROOM 64                 /* at first */

/* A batch on its way into the rows. */
struct filling {
    struct souk_finder *finder;
    uint64_t position;
    bool has_before;
    struct souk_event before;           /* in this batch: what it has in common with the next one has its row already */
};

/* Where the state of a stream, which each of its batches changes, is kept between two of them. */
struct streams {
    struct souk_txn *txn;
    struct souk_table table, rows;
    struct souk_name name;              /* "": none is */
    struct finder_stream stream;
};

static int read_step(struct souk_finder *finder, bool *more_out);
static int begin_again(struct souk_finder *finder, const struct souk_positions *positions);
static int read_batches(struct souk_finder *finder, struct souk_txn *log, uint64_t last);
static int read_batch(struct filling *filling, const struct souk_batch_header *header);
static int note_batch(struct filling *filling, const struct souk_batch_header *header);
static int read_event(struct filling *filling, const struct souk_event *event);
static int add_row(struct filling *filling, const struct finder_term *term);
static bool same_cause(const struct souk_because *a, const struct souk_because *b);
static int put_step(struct souk_finder *finder);
static int put_batches(struct souk_finder *finder, struct streams *streams);
static int open_stream(struct streams *streams, const struct souk_name *name);
static int close_stream(struct streams *streams);

/*
 * First the log is read, then, when its read transaction has ended, the rows
 * are put: pages that the recorder frees meanwhile are not used again as long
 * as somebody may look at them, and putting waits for a disk.
 */
int
finder_fill(struct souk_finder *finder, struct souk_time now)
{
    const struct souk_finder_status before = finder->status;
    bool more = false;
    int rc = read_step(finder, &more);

    if (rc == 0 && more)
        rc = put_step(finder);
    finder_rows_reset(&finder->rows);
    finder->batches.count = 0;
    if (rc != 0) {
        finder->status = before;
        return rc;
    }
    if (finder->status.behind != 0)
        finder->fill_due_ms = now.steady_ms;
    else if (more)
        finder->fill_due_ms = now.steady_ms + FILL_PAUSE_MS;
    else
        finder->fill_due_ms = UINT64_MAX;
    return 0;
}

/* ---- reading the log ------------------------------------------------ */

static int
read_step(struct souk_finder *finder, bool *more_out)
{
    struct souk_positions positions;
    struct souk_txn *log = NULL;
    int rc;

    if ((rc = souk_txn_begin(finder->log, SOUK_TXN_READ, &log)) != 0)
        return rc;
    rc = souk_positions_read(log, &positions);
    if (rc == 0 && !finder->has_begun) {
        finder->recorded_after = positions.last;
        finder->has_begun = true;
    }
    if (rc == 0 && (memcmp(positions.incarnation, finder->status.incarnation, sizeof positions.incarnation) != 0
        || positions.last < finder->status.log_position)) {
        finder->recorded_after = positions.last;
        rc = begin_again(finder, &positions);
    }
    *more_out = finder->status.log_position < positions.last;
    if (rc == 0 && *more_out)
        rc = read_batches(finder, log, positions.last);
    souk_txn_abort(&log);
    finder->status.behind = positions.last - finder->status.log_position;
    return rc;
}

/* Nothing of what is there is worth anything any more. */
static int
begin_again(struct souk_finder *finder, const struct souk_positions *positions)
{
    static const char *const tables[] = { FINDER_TABLE, FINDER_STREAMS };
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_txn_begin(finder->index, SOUK_TXN_WRITE, &txn)) != 0)
        return rc;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && rc == 0; i++)
        if ((rc = souk_txn_drop(txn, tables[i])) == -SOUK_ENOTFOUND)
            rc = 0;
    memcpy(finder->status.incarnation, positions->incarnation, sizeof finder->status.incarnation);
    finder->status.log_position = finder->status.batches = finder->status.events = finder->status.damaged = 0;
    finder->status.fillings++;
    if (rc == 0)
        rc = finder_save(finder, txn);
    if (rc == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    return rc;
}

/*
 * A batch that is not what it was is counted and left out. What this process
 * has recorded itself was hashed as it came, a moment ago, and is hashed again
 * for every answer: here it is not.
 */
static int
read_batches(struct souk_finder *finder, struct souk_txn *log, uint64_t last)
{
    struct filling filling = { .finder = finder, .position = finder->status.log_position };
    const uint64_t events_max = finder->status.events + SOUK_FINDER_STEP_EVENTS_MAX;
    uint64_t bytes = 0;
    struct souk_batch_header header;
    struct souk_slice batch;
    int rc;

    for (uint32_t i = 0; i < SOUK_FINDER_STEP_BATCHES_MAX && filling.position < last
        && finder->status.events < events_max && bytes < SOUK_FINDER_STEP_BYTES_MAX; i++) {
        filling.position++;
        rc = filling.position > finder->recorded_after
            ? souk_positions_peek(log, filling.position, &header, &batch)
            : souk_positions_batch(log, filling.position, &header, &batch);
        if (rc == 0) {
            bytes += batch.size_bytes;
            rc = read_batch(&filling, &header);
        }
        if (rc == -SOUK_EDAMAGED || rc == -SOUK_ENOTFOUND)
            finder->status.damaged++;
        else if (rc != 0)
            return rc;
    }
    finder->status.log_position = filling.position;
    return 0;
}

static int
read_batch(struct filling *filling, const struct souk_batch_header *header)
{
    struct souk_events events;
    struct souk_event event;
    int rc;

    filling->has_before = false;
    if ((rc = note_batch(filling, header)) != 0)
        return rc;
    filling->finder->status.batches++;
    filling->finder->status.events += header->count;
    if (header->count == 0)
        return 0;
    if ((rc = souk_events_init(&events, header)) != 0)
        return -SOUK_EDAMAGED;
    while ((rc = souk_events_next(&events, &event)) == 0)
        if ((rc = read_event(filling, &event)) != 0)
            return rc;
    return rc == -SOUK_ENOTFOUND ? 0 : -SOUK_EDAMAGED;
}

static int
note_batch(struct filling *filling, const struct souk_batch_header *header)
{
    struct finder_batches *batches = &filling->finder->batches;
    const struct souk_position end = souk_batch_end(header);

    if (batches->count == batches->room) {
        const size_t room = batches->room == 0 ? BATCHES_ROOM : 2 * batches->room;
        struct finder_noted *grown = realloc(batches->batches, room * sizeof *grown);

        if (grown == NULL)
            return -SOUK_ENOMEM;
        batches->batches = grown;
        batches->room = room;
    }
    batches->batches[batches->count++] = (struct finder_noted){ .stream = header->stream,
        .point = souk_point_of(&end), .events = header->count, .time_ms = header->time_ms,
        .log_position = filling->position };
    return 0;
}

static int
read_event(struct filling *filling, const struct souk_event *event)
{
    const struct souk_event *before = filling->has_before ? &filling->before : NULL;
    const struct souk_because *because = &event->because;
    struct finder_term term;
    int rc = 0;

    if (before == NULL || !souk_slice_equal(event->key, before->key)) {
        term = finder_term(FINDER_KEY, event->key);
        rc = add_row(filling, &term);
    }
    if (rc == 0 && (before == NULL || !souk_slice_equal(event->type, before->type))) {
        term = finder_term(FINDER_TYPE, event->type);
        rc = add_row(filling, &term);
    }
    if (rc == 0 && (before == NULL || memcmp(event->correlation.bytes, before->correlation.bytes,
        sizeof event->correlation.bytes) != 0)) {
        term = finder_term_id(FINDER_CORRELATION, &event->correlation);
        rc = add_row(filling, &term);
    }
    if (rc == 0 && (before == NULL || !same_cause(because, &before->because))) {
        term = because->kind == SOUK_BY_COMMAND ? finder_term_id(FINDER_CAUSE, &because->id)
            : finder_term_cause(&because->stream, because->point);
        rc = add_row(filling, &term);
    }
    filling->before = *event;
    filling->has_before = true;
    return rc;
}

static int
add_row(struct filling *filling, const struct finder_term *term)
{
    return finder_rows_add(&filling->finder->rows, term, filling->position);
}

/* As far as rows tell causes apart. */
static bool
same_cause(const struct souk_because *a, const struct souk_because *b)
{
    if ((a->kind == SOUK_BY_COMMAND) != (b->kind == SOUK_BY_COMMAND))
        return false;
    if (a->kind == SOUK_BY_COMMAND)
        return memcmp(a->id.bytes, b->id.bytes, sizeof a->id.bytes) == 0;
    return strcmp(a->stream.text, b->stream.text) == 0 && a->point.number == b->point.number
        && souk_epoch_equal(a->point.epoch, b->point.epoch);
}

/* ---- putting rows --------------------------------------------------- */

/* Rows, numbers and the cursor in one transaction. */
static int
put_step(struct souk_finder *finder)
{
    struct streams streams = { .txn = NULL };
    int rc;

    if ((rc = souk_txn_begin(finder->index, SOUK_TXN_WRITE, &streams.txn)) != 0)
        return rc;
    if ((rc = souk_txn_table(streams.txn, FINDER_TABLE, &streams.rows)) == 0
        && (rc = souk_txn_table(streams.txn, FINDER_STREAMS, &streams.table)) == 0
        && (rc = put_batches(finder, &streams)) == 0
        && (rc = finder_rows_put(&finder->rows, streams.txn, streams.rows)) == 0
        && (rc = finder_save(finder, streams.txn)) == 0)
        rc = souk_txn_commit(&streams.txn);
    souk_txn_abort(&streams.txn);
    return rc;
}

static int
put_batches(struct souk_finder *finder, struct streams *streams)
{
    struct finder_term term = { .kind = FINDER_ALL };
    int rc;

    for (size_t i = 0; i < finder->batches.count; i++) {
        const struct finder_noted *noted = &finder->batches.batches[i];
        struct finder_stream *stream = &streams->stream;
        uint8_t row[FINDER_ROW_BYTES], value[FINDER_BATCH_ROW_BYTES];

        if (strcmp(noted->stream.text, streams->name.text) != 0) {
            if ((rc = close_stream(streams)) != 0 || (rc = open_stream(streams, &noted->stream)) != 0)
                return rc;
            term = finder_term(FINDER_STREAM, souk_name_slice(&noted->stream));
        }
        stream->point = noted->point;
        stream->batches++;
        stream->events += noted->events;
        if (stream->time_ms < noted->time_ms)
            stream->time_ms = noted->time_ms;
        finder_row(&term, noted->log_position, row);
        finder_batch_row_encode(&(struct finder_batch_row){ .time_ms = stream->time_ms,
            .number = noted->point.number }, value);
        if ((rc = souk_txn_put(streams->txn, streams->rows, (struct souk_slice){ row, sizeof row },
            (struct souk_slice){ value, sizeof value })) != 0)
            return rc;
    }
    return close_stream(streams);
}

static int
open_stream(struct streams *streams, const struct souk_name *name)
{
    struct souk_slice held;
    int rc = souk_txn_get(streams->txn, streams->table, souk_name_slice(name), &held);

    streams->stream = (struct finder_stream){ .batches = 0 };
    if (rc == 0)
        rc = finder_stream_decode(held, &streams->stream);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc == -SOUK_EDAMAGED ? -SOUK_EIO : rc;   /* the finder's own rows, not the batch */
    streams->name = *name;
    return 0;
}

static int
close_stream(struct streams *streams)
{
    uint8_t state[FINDER_STREAM_BYTES];

    if (streams->name.text[0] == '\0')
        return 0;
    finder_stream_encode(&streams->stream, state);
    return souk_txn_put(streams->txn, streams->table, souk_name_slice(&streams->name),
        (struct souk_slice){ state, sizeof state });
}
