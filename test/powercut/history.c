#include "history.h"

#include <string.h>

#include <souk_log.h>
#include <souk_positions.h>

#define STREAM "orders"
#define TABLE_META "souk.meta"

static int append(struct souk_txn *txn, const struct souk_log *log, struct souk_slice batch);
static int give_position(struct souk_txn *txn, const struct souk_batch_header *header);
static int append_record(struct souk_txn *txn, const struct souk_log *log, struct souk_batch_place *place);
static int append_events(struct souk_txn *txn, const struct souk_log *log, struct souk_batch_place *place,
    unsigned events);
static int walk(struct souk_txn *txn, uint64_t commit);

int
history_append(struct souk_txn *txn, uint64_t commit, unsigned events, bool new_epoch)
{
    struct souk_batch_place place = { .time_ms = 1700000000000 + commit, .commit = commit, .places = 1 };
    struct souk_position head;
    struct souk_log log;
    int rc;

    if ((rc = souk_name_set(&place.stream, souk_slice_of(STREAM))) != 0)
        return rc;
    if ((rc = souk_log_open(txn, &place.stream, &log)) != 0)
        return rc;
    if ((rc = souk_log_head(txn, &log, &head, NULL)) != 0)
        return rc;
    place.after = head;
    place.epoch = head.epoch;
    if (new_epoch || head.epoch.counter == 0) {
        place.epoch.counter++;
        memset(place.epoch.bits, (int)place.epoch.counter, sizeof place.epoch.bits);
        if ((rc = append_record(txn, &log, &place)) != 0)
            return rc;
    }
    return append_events(txn, &log, &place, events);
}

int
history_check(struct souk_store *store, uint64_t commit)
{
    struct souk_txn *txn;
    int rc;

    if ((rc = souk_txn_begin(store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    rc = walk(txn, commit);
    souk_txn_abort(&txn);
    return rc;
}

static int
append_record(struct souk_txn *txn, const struct souk_log *log, struct souk_batch_place *place)
{
    struct souk_record record = { .reason = SOUK_RECORD_RESTART, .parent_count = 1 };
    struct souk_pack pack;
    int rc;

    if ((rc = souk_name_set(&record.service, souk_slice_of("orders"))) != 0)
        return rc;
    record.parents[0] = (struct souk_record_parent){ .stream = place->stream, .position = place->after };
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    if ((rc = souk_record_finish(&record, place, &pack, &place->after)) == 0)
        rc = append(txn, log, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return rc;
}

static int
append_events(struct souk_txn *txn, const struct souk_log *log, struct souk_batch_place *place, unsigned events)
{
    struct souk_batch_builder builder;
    struct souk_event event = {
        .type = souk_slice_of("orders.placed"),
        .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of("bridge") },
        .depth = 1,
        .time_ms = place->time_ms,
        .version = 1,
    };
    struct souk_position end;
    struct souk_pack pack;
    uint8_t payload[600];
    unsigned n;
    int rc = 0;

    souk_batch_builder_init(&builder);
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    for (n = 0; n < events && rc == 0; n++) {
        memset(payload, (int)(place->commit + n), sizeof payload);
        memcpy(event.because.id.bytes, &place->commit, sizeof place->commit);
        event.because.id.bytes[15] = (uint8_t)n;
        event.correlation = event.because.id;
        event.key = (struct souk_slice){ event.because.id.bytes, sizeof event.because.id.bytes };
        event.payload = (struct souk_slice){ payload, (place->commit * 37 + n * 101) % sizeof payload + 1 };
        rc = souk_batch_builder_add(&builder, &event);
    }
    if (rc == 0)
        rc = souk_batch_finish(&builder, place, &pack, &end);
    if (rc == 0)
        rc = append(txn, log, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    souk_batch_builder_done(&builder);
    return rc;
}

static int
append(struct souk_txn *txn, const struct souk_log *log, struct souk_slice batch)
{
    struct souk_batch_header header;
    int rc;

    if ((rc = souk_batch_check(batch, &header)) != 0 || (rc = souk_log_append(txn, log, &header, batch)) != 0)
        return rc;
    return give_position(txn, &header);
}

/* The next log position, as an event store gives them (doc/protocol.md 14.2). */
static int
give_position(struct souk_txn *txn, const struct souk_batch_header *header)
{
    const struct souk_position end = souk_batch_end(header);
    uint8_t position[8], place[SOUK_POSITIONS_PLACE_BYTES], incarnation[8] = "history";
    struct souk_table table, meta;
    struct souk_positions so_far;
    struct souk_name stream;
    int rc;

    if ((rc = souk_name_set(&stream, souk_slice_of(STREAM))) != 0
        || (rc = souk_positions_read(txn, &so_far)) != 0
        || (rc = souk_txn_table(txn, SOUK_POSITIONS_TABLE, &table)) != 0
        || (rc = souk_txn_table(txn, TABLE_META, &meta)) != 0)
        return rc;
    souk_positions_place_encode(&stream, souk_point_of(&end), place);
    souk_put_u64(position, so_far.last + 1);
    if ((rc = souk_txn_put(txn, table, (struct souk_slice){ position, sizeof position },
            (struct souk_slice){ place, sizeof place })) != 0
        || (rc = souk_txn_put(txn, meta, souk_slice_of("incarnation"),
            (struct souk_slice){ incarnation, sizeof incarnation })) != 0)
        return rc;
    return souk_txn_put(txn, meta, souk_slice_of("position"), (struct souk_slice){ position, sizeof position });
}

static int
walk(struct souk_txn *txn, uint64_t commit)
{
    struct souk_position cursor = { .number = 0 }, head;
    struct souk_batch_header header;
    struct souk_slice batch;
    struct souk_name stream;
    struct souk_log log;
    uint64_t last_commit;
    int rc;

    if ((rc = souk_name_set(&stream, souk_slice_of(STREAM))) != 0)
        return rc;
    if ((rc = souk_log_open(txn, &stream, &log)) != 0)
        return rc;
    while ((rc = souk_log_after(txn, &log, souk_point_of(&cursor), &batch)) == 0) {
        if ((rc = souk_batch_check(batch, &header)) != 0)
            return rc;
        if (!souk_batch_extends(&header, &cursor))
            return -SOUK_EFORK;
        cursor = souk_batch_end(&header);
    }
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = souk_log_head(txn, &log, &head, &last_commit)) != 0)
        return rc;
    return souk_position_equal(&head, &cursor) && last_commit == commit ? 0 : -SOUK_EDAMAGED;
}
