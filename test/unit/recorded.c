#include "recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "souk_log.h"
#include "souk_positions.h"

#define CALLER "page"

static size_t index_of(const struct recorded *recorded, const char *stream);
static void append(struct recorded *recorded, size_t at, struct souk_slice batch);
static void put(struct souk_txn *txn, const char *table, struct souk_slice key, struct souk_slice value);
static void put_state(struct recorded *recorded, struct souk_txn *txn);

void
recorded_open(struct recorded *recorded)
{
    struct souk_store_config config = { .simulated = true };
    struct souk_error err;

    memset(recorded, 0, sizeof *recorded);
    strcpy(recorded->path, "/dev/shm/souk-test-finder-XXXXXX");
    assert_non_null(mkdtemp(recorded->path));
    config.path = recorded_path(recorded, "log");
    assert_int_equal(souk_store_open(&config, &recorded->store, &err), 0);
    assert_int_equal(souk_name_set(&recorded->wiring.self, souk_slice_of("es1")), 0);
    recorded->wiring.streams = recorded->streams;
    souk_limits_fill(&recorded->wiring.limits);
    souk_batch_builder_init(&recorded->builder);
    recorded->incarnation[0] = 1;
}

void
recorded_close(struct recorded *recorded)
{
    static const char *const files[] = { "log/data.mdb", "log/lock.mdb", "log/lock", "log", "index/data.mdb",
        "index/lock.mdb", "index/lock", "index" };

    souk_store_close(&recorded->store);
    souk_batch_builder_done(&recorded->builder);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)remove(recorded_path(recorded, files[i]));
    assert_int_equal(rmdir(recorded->path), 0);
}

const char *
recorded_path(struct recorded *recorded, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", recorded->path, name);
    return path;
}

void
recorded_stream(struct recorded *recorded, const char *stream, const char *origin, bool is_private)
{
    struct souk_wired_stream *wired = &recorded->streams[recorded->wiring.stream_count++];

    assert_true(recorded->wiring.stream_count <= RECORDED_STREAMS_MAX);
    assert_int_equal(souk_name_set(&wired->name, souk_slice_of(stream)), 0);
    assert_int_equal(souk_name_set(&wired->origin, souk_slice_of(origin)), 0);
    wired->is_private = is_private;
    recorded_epoch(recorded, stream, 1);
}

void
recorded_epoch(struct recorded *recorded, const char *stream, uint32_t counter)
{
    const size_t at = index_of(recorded, stream);
    const struct souk_position before = recorded->heads[at];
    const struct souk_batch_place place = { .stream = recorded->streams[at].name,
        .epoch = { .counter = counter, .bits = { (uint8_t)counter } }, .after = before, .time_ms = 1,
        .commit = ++recorded->commits[at], .places = 1 };
    struct souk_record record = { .service = recorded->streams[at].origin, .parent_count = 1 };
    struct souk_pack pack;

    record.parents[0].stream = recorded->streams[at].name;
    record.parents[0].position = before;
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    assert_int_equal(souk_record_finish(&record, &place, &pack, &recorded->heads[at]), 0);
    append(recorded, at, souk_pack_slice(&pack));
    souk_pack_done(&pack);
}

void
recorded_event(struct recorded *recorded, const struct souk_event *event)
{
    assert_int_equal(souk_batch_builder_add(&recorded->builder, event), 0);
}

void
recorded_command(struct recorded *recorded, const char *type, const char *key, uint64_t command,
    uint64_t correlation)
{
    recorded_event(recorded, &(struct souk_event){ .type = souk_slice_of(type), .key = souk_slice_of(key),
        .payload = souk_slice_of("\x90"), .version = 1, .correlation = recorded_id(correlation),
        .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of(CALLER), .id = recorded_id(command) } });
}

void
recorded_batch(struct recorded *recorded, const char *stream, uint64_t time_ms)
{
    const size_t at = index_of(recorded, stream);
    const struct souk_batch_place place = { .stream = recorded->streams[at].name, .epoch = recorded->heads[at].epoch,
        .after = recorded->heads[at], .time_ms = time_ms, .commit = ++recorded->commits[at], .places = 1 };
    struct souk_pack pack;

    recorded->builder.time_ms = time_ms;        /* what was added has a time of 0, so no delta */
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    assert_int_equal(souk_batch_finish(&recorded->builder, &place, &pack, &recorded->heads[at]), 0);
    append(recorded, at, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    souk_batch_builder_reset(&recorded->builder);
}

void
recorded_many(struct recorded *recorded, const char *stream, const char *type, const char *key, uint32_t count,
    uint64_t time_ms)
{
    for (uint32_t i = 0; i < count; i++)
        recorded_event(recorded, &(struct souk_event){ .type = souk_slice_of(type), .key = souk_slice_of(key),
            .payload = souk_slice_of("\x90"), .version = 1, .correlation = recorded_id(1),
            .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of(CALLER), .id = recorded_id(1) } });
    recorded_batch(recorded, stream, time_ms);
}

/* Batch, position and state in one transaction, as the recorder does it. */
static void
append(struct recorded *recorded, size_t at, struct souk_slice batch)
{
    uint8_t place[SOUK_POSITIONS_PLACE_BYTES], position[8];
    struct souk_batch_header header;
    struct souk_txn *txn;
    struct souk_log log;

    assert_int_equal(souk_batch_check(batch, &header), 0);
    assert_int_equal(souk_txn_begin(recorded->store, SOUK_TXN_WRITE, &txn), 0);
    assert_int_equal(souk_log_open(txn, &recorded->streams[at].name, &log), 0);
    assert_int_equal(souk_log_append(txn, &log, &header, batch), 0);
    souk_put_u64(position, ++recorded->last);
    souk_positions_place_encode(&recorded->streams[at].name, souk_point_of(&recorded->heads[at]), place);
    put(txn, SOUK_POSITIONS_TABLE, (struct souk_slice){ position, sizeof position },
        (struct souk_slice){ place, sizeof place });
    put_state(recorded, txn);
    assert_int_equal(souk_txn_commit(&txn), 0);
}

static void
put(struct souk_txn *txn, const char *name, struct souk_slice key, struct souk_slice value)
{
    struct souk_table table;

    assert_int_equal(souk_txn_table(txn, name, &table), 0);
    assert_int_equal(souk_txn_put(txn, table, key, value), 0);
}

static void
put_state(struct recorded *recorded, struct souk_txn *txn)
{
    uint8_t last[8];

    souk_put_u64(last, recorded->last);
    put(txn, "souk.meta", souk_slice_of("position"), (struct souk_slice){ last, sizeof last });
    put(txn, "souk.meta", souk_slice_of("incarnation"), (struct souk_slice){ recorded->incarnation,
        sizeof recorded->incarnation });
}

void
recorded_incarnation(struct recorded *recorded, uint8_t number)
{
    struct souk_txn *txn;

    recorded->incarnation[0] = number;
    assert_int_equal(souk_txn_begin(recorded->store, SOUK_TXN_WRITE, &txn), 0);
    put_state(recorded, txn);
    assert_int_equal(souk_txn_commit(&txn), 0);
}

void
recorded_damage(struct recorded *recorded, uint64_t position)
{
    struct souk_slice place, batch;
    struct souk_batch_header header;
    struct souk_table table;
    struct souk_name stream;
    struct souk_point point;
    struct souk_txn *txn;
    struct souk_log log;
    uint8_t bytes[8], row[12], *copy;

    souk_put_u64(bytes, position);
    assert_int_equal(souk_txn_begin(recorded->store, SOUK_TXN_WRITE, &txn), 0);
    assert_int_equal(souk_positions_batch(txn, position, &header, &batch), 0);
    assert_int_equal(souk_txn_table(txn, SOUK_POSITIONS_TABLE, &table), 0);
    assert_int_equal(souk_txn_get(txn, table, (struct souk_slice){ bytes, sizeof bytes }, &place), 0);
    assert_int_equal(souk_positions_place_decode(place, &stream, &point), 0);
    assert_int_equal(souk_log_open(txn, &stream, &log), 0);
    copy = malloc(batch.size_bytes);
    assert_non_null(copy);
    memcpy(copy, batch.base, batch.size_bytes);
    copy[batch.size_bytes - 1] ^= 1;
    souk_put_u64(row, point.number);            /* souk_log.h */
    souk_put_u32(row + 8, point.epoch.counter);
    assert_int_equal(souk_txn_put(txn, log.table, (struct souk_slice){ row, sizeof row },
        (struct souk_slice){ copy, batch.size_bytes }), 0);
    free(copy);
    assert_int_equal(souk_txn_commit(&txn), 0);
}

struct souk_point
recorded_point(const struct recorded *recorded, const char *stream, uint64_t number)
{
    const size_t at = index_of(recorded, stream);

    return (struct souk_point){ recorded->heads[at].epoch, number };
}

struct souk_id
recorded_id(uint64_t number)
{
    struct souk_id id = { { 0 } };

    souk_put_u64(id.bytes + 8, number);
    return id;
}

static size_t
index_of(const struct recorded *recorded, const char *stream)
{
    for (size_t i = 0; i < recorded->wiring.stream_count; i++)
        if (strcmp(recorded->streams[i].name.text, stream) == 0)
            return i;
    fail_msg("no stream %s", stream);
    return 0;
}
