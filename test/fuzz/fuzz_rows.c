/*
 * Stored rows: LMDB has no checksums, so a row may say anything. Whoever reads
 * one says that it is damaged, or takes it for what it says; the machines that
 * live on them open or say why not, and run.
 *
 * Input: rows, each the number of its table (1 byte), the size of its key (1),
 * the size of its value (2, high one first), key, value. They are put into an
 * open transaction of one store that is used again and again, and taken back.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../scratch.h"
#include "../sim/app_messages.h"
#include "souk_asked.h"
#include "souk_core.h"
#include "souk_cursor.h"
#include "souk_log.h"
#include "souk_owed.h"
#include "souk_parked.h"
#include "souk_reader.h"
#include "souk_recorder.h"
#include "souk_settled.h"
#include "souk_timers.h"
#include "souk_trail.h"
#include "souk_vector.h"

#define ROWS_MAX 16
#define WALL_MS 1800000000000
#define STORE_BYTES_MAX (64 * 1024 * 1024)

static const char *const tables[] = {
    "souk.cursors", "souk.lineage", "souk.base", "souk.ids", "souk.caused", "souk.ages", "souk.parked",
    "souk.parked.keys", "souk.asked", "souk.timers", "souk.timers.due", "souk.timers.set", "souk.known", "souk.said",
    "souk.meta", "souk.named", "souk.owed", "souk.seals", "souk.ordered", "souk.positions", "souk.backed-up",
    "log.orders", "log.orders.private", "log.stock", "t.0.orders", "t.0.addresses",
    "souk.settled",
};
#define TABLES (sizeof tables / sizeof tables[0])

static const struct souk_time now = { .wall_ms = WALL_MS, .steady_ms = 100000 };

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    char path[SCRATCH_PATH_BYTES_MAX + 16];
    struct souk_store *store;
    struct souk_wiring service, recorder;
    struct souk_wired_stream streams[4];
    struct souk_wired_store stores[1];
} ground;

/* ---- the store ------------------------------------------------------ */

static void
fill_random(void *arg, void *bytes_out, size_t size_bytes)
{
    memset(bytes_out, 0x5a, size_bytes);
}

static void
wire(struct souk_wiring *wiring, const char *self)
{
    (void)!souk_name_set(&wiring->self, souk_slice_of(self));
    wiring->streams = ground.streams;
    wiring->stream_count = sizeof ground.streams / sizeof ground.streams[0];
    wiring->stores = ground.stores;
    wiring->store_count = 1;
    wiring->trim_after = SOUK_TRIM_RECORDED;
    wiring->random.fill = fill_random;
    souk_limits_fill(&wiring->limits);
}

static void
set_stream(size_t at, const char *name, const char *origin, bool is_private)
{
    (void)!souk_name_set(&ground.streams[at].name, souk_slice_of(name));
    (void)!souk_name_set(&ground.streams[at].origin, souk_slice_of(origin));
    ground.streams[at].is_private = is_private;
}

static void
clear_ground(void)
{
    souk_store_close(&ground.store);
    scratch_remove(&ground.scratch);
}

static void
make_ground(void)
{
    struct souk_store_config config = { .path = ground.path, .bytes_max = STORE_BYTES_MAX, .simulated = true };
    struct souk_error err = { 0 };

    if (ground.store != NULL)
        return;
    scratch_sweep();
    if (scratch_make(&ground.scratch, "fuzz-rows") != 0) {
        perror("no directory in memory");
        abort();
    }
    (void)snprintf(ground.path, sizeof ground.path, "%s/store", ground.scratch.path);
    if (souk_store_open(&config, &ground.store, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    (void)atexit(clear_ground);
    set_stream(0, "orders", "orders", false);
    set_stream(1, "orders.private", "orders", true);
    set_stream(2, "payments", "payments", false);
    set_stream(3, "stock", "stock", false);
    (void)!souk_name_set(&ground.stores[0].name, souk_slice_of("archive"));
    wire(&ground.service, "orders");
    wire(&ground.recorder, "archive");
}

/* The rows that fit; a key that LMDB does not take is left out. */
static void
put_rows(struct souk_txn *txn, const uint8_t *at, size_t left)
{
    for (int i = 0; i < ROWS_MAX && left >= 4; i++) {
        const size_t key_bytes = at[1], value_bytes = (size_t)at[2] << 8 | at[3];
        const char *name = tables[at[0] % TABLES];
        struct souk_table table;

        at += 4;
        left -= 4;
        if (key_bytes + value_bytes > left)
            return;
        assert(souk_txn_table(txn, name, &table) == 0);
        if (key_bytes != 0)
            assert(souk_txn_put(txn, table, (struct souk_slice){ at, key_bytes },
                (struct souk_slice){ at + key_bytes, value_bytes }) == 0);
        at += key_bytes + value_bytes;
        left -= key_bytes + value_bytes;
    }
}

/* ---- who reads them ------------------------------------------------- */

static void
expect(int rc)
{
    assert(rc == 0 || rc == -SOUK_ENOTFOUND || rc == -SOUK_EDAMAGED);
}

/* A cursor that was read is still the same when it was written. */
static void
read_cursor(struct souk_txn *txn, const struct souk_name *stream)
{
    struct souk_cursor cursor, again;
    int rc;

    expect(rc = souk_cursor_get(txn, stream, &cursor));
    if (rc != 0)
        return;
    assert(souk_cursor_put(txn, stream, &cursor) == 0);
    assert(souk_cursor_get(txn, stream, &again) == 0);
    assert(memcmp(&cursor, &again, sizeof cursor) == 0);
}

static void
read_log(struct souk_txn *txn, const struct souk_name *stream)
{
    struct souk_position head, base, asked = { .epoch.counter = 1, .number = 1 };
    struct souk_point common;
    enum souk_verdict verdict;
    struct souk_slice batch;
    struct souk_log log;
    bool in;
    int rc;

    assert(souk_log_open(txn, stream, &log) == 0);
    expect(souk_log_base(txn, &log, &base));
    expect(souk_log_after(txn, &log, (struct souk_point){ .number = 0 }, &batch));
    expect(souk_log_before(txn, &log, (struct souk_point){ .number = UINT64_MAX }, &batch));
    expect(souk_log_at(txn, &log, souk_point_of(&asked), &batch));
    expect(souk_log_holding(txn, &log, 1, &batch));
    expect(souk_log_judge(txn, &log, &asked, &verdict, &head, &common));
    expect(rc = souk_log_head(txn, &log, &head, NULL));
    if (rc == 0)
        expect(souk_log_judge(txn, &log, &head, &verdict, &head, &common));
    for (uint32_t counter = 0; counter < 4; counter++) {
        expect(souk_lineage_has(txn, stream, 0, (struct souk_point){ { counter, { 0 } }, 1 }, souk_point_of(&head),
            &in));
        expect(souk_lineage_last(txn, stream, 0, counter, souk_point_of(&head), &common));
    }
}

static int
see_caused(const struct souk_trail_caused *caused, void *arg)
{
    assert(caused->key.size_bytes <= SOUK_KEY_BYTES_MAX);
    return 0;
}

static int
see_parked(const struct souk_parked *parked, void *arg)
{
    assert(parked->event.key.size_bytes <= SOUK_KEY_BYTES_MAX);
    assert(parked->event.payload.size_bytes <= SOUK_PAYLOAD_BYTES_MAX);
    return 0;
}

/* Every one that is walked over is found by what it says of itself. */
static int
see_asked(const struct souk_asked *asked, void *arg)
{
    struct souk_asked again;

    if (memchr(asked->because.stream.text, '\0', sizeof asked->because.stream.text) == NULL)
        return 0;
    assert(souk_asked_get(arg, &asked->because, &again) == 0);
    assert(souk_slice_equal(asked->payload, again.payload));
    return 0;
}

static void
read_rows(struct souk_txn *txn)
{
    const struct souk_slice some = { "1", 1 };
    const struct souk_id id = { "0123456789abcdef" };
    struct souk_trail_command command;
    struct souk_timer_row timer;
    struct souk_vector vector;
    struct souk_settled settled;
    struct souk_parked parked;
    struct souk_point frontier;
    struct souk_arena arena;
    struct souk_slice batch;
    uint64_t number, first;
    uint32_t count;
    bool has;

    for (size_t i = 0; i < ground.service.stream_count; i++) {
        read_cursor(txn, &ground.streams[i].name);
        read_log(txn, &ground.streams[i].name);
        expect(souk_trail_each(txn, &ground.streams[i].name, see_caused, NULL));
        expect(souk_owed_first(txn, &ground.streams[i].name, &number, &first, &batch));
        expect(souk_owed_named(txn, &ground.streams[i].name, (struct souk_point){ { 1, { 0 } }, 1 }, &has));
        expect(souk_owed_frontier(txn, &ground.streams[i].name, 0, (struct souk_point){ { 2, { 0 } }, 9 }, &frontier));
    }
    expect(souk_trail_command(txn, some, &id, &command));
    expect(souk_parked_has(txn, some, &has));
    expect(souk_parked_first(txn, some, &parked));
    expect(souk_parked_each(txn, see_parked, NULL));
    expect(souk_parked_queue(txn, some, 3, &number, &count));
    for (number = 0; souk_parked_after(txn, number, &parked) == 0; number = parked.sequence)
        assert(parked.sequence > number);
    expect(souk_settled_before(txn, 0, &settled));
    expect(souk_settled_get(txn, 1, &settled));
    expect(souk_asked_each(txn, see_asked, txn));
    expect(souk_timers_next_ms(txn, &number));
    souk_arena_init(&arena, 0);
    expect(souk_timers_due(txn, WALL_MS, NULL, &arena, &timer));
    souk_arena_done(&arena);
    assert(souk_vector_init(&vector, &ground.streams[0].name, 1) == 0);
    expect(souk_vector_load(&vector, txn));
    souk_vector_done(&vector);
}

/* ---- who lives on them ---------------------------------------------- */

static void
ask_reader(struct souk_txn *txn, const struct souk_service *service, const struct souk_wiring *wiring)
{
    struct souk_wire_pull pull = { .request = 1, .asker = ground.stores[0].name, .credit_bytes = 100000,
        .cursor_count = 2 };
    struct souk_reader *reader;
    struct souk_error err;
    struct souk_slice frame;
    struct souk_pack pack;
    struct souk_out *out;
    int rc;

    pull.cursors[0].stream = ground.streams[0].name;
    pull.cursors[1].stream = ground.streams[1].name;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_pull_put(&pack, &pull);
    frame = souk_pack_slice(&pack);
    assert(souk_reader_open(service, wiring, &reader, &err) == 0);
    /* Who asks again from the same place has got something whose hash is wrong, and does not get it again. */
    for (int times = 0; times < 2; times++) {
        souk_reader_hear(reader, (struct souk_slice){ "r", 1 }, souk_slice_of("archive"), &frame, 1, now);
        rc = souk_reader_work(reader, txn, UINT64_MAX, true, now);
        assert(rc == 0 || rc == -SOUK_EDAMAGED);
        while ((out = souk_outbox_take(souk_reader_outbox(reader))) != NULL) {
            struct souk_batch_header header;

            for (size_t i = 1; i < out->frame_count; i++)
                assert((times == 0 ? souk_batch_peek(out->frames[i], &header)
                    : souk_batch_read(out->frames[i], &header)) == 0);
            souk_out_free(&out);
        }
    }
    souk_reader_close(&reader);
    souk_pack_done(&pack);
}

static void
live_as_service(struct souk_txn *txn)
{
    struct souk_core *core;
    struct souk_error err = { 0 };
    bool changed;
    int rc;

    rc = souk_core_open(&app_orders[0], &ground.service, SOUK_CORE_START, txn, (struct souk_slice){ NULL, 0 }, now,
        &core, &err);
    if (rc != 0) {
        assert(rc == -SOUK_EDAMAGED || rc == -SOUK_EUNSUPPORTED || rc == -SOUK_EINVAL);
        assert(err.text[0] != '\0');
        return;
    }
    rc = souk_core_work(core, txn, now, &changed);
    assert(rc == 0 || rc == -SOUK_EDAMAGED || rc == -SOUK_EHANDLER);
    souk_core_close(&core);
}

static void
live_as_recorder(struct souk_txn *txn)
{
    struct souk_recorder *recorder;
    struct souk_error err = { 0 };
    bool changed;
    int rc;

    rc = souk_recorder_open(&ground.recorder, txn, (struct souk_slice){ NULL, 0 }, now, &recorder, &err);
    if (rc != 0) {
        assert(rc == -SOUK_EDAMAGED);
        assert(err.text[0] != '\0');
        return;
    }
    rc = souk_recorder_work(recorder, txn, now, &changed);
    assert(rc == 0 || rc == -SOUK_EDAMAGED || rc == -SOUK_EINVAL);  /* invalid: a row has the place of the next one */
    souk_recorder_close(&recorder);
}

static void
try_each(const uint8_t *bytes, size_t size_bytes, void (*live)(struct souk_txn *txn))
{
    struct souk_txn *txn;

    assert(souk_txn_begin(ground.store, SOUK_TXN_WRITE, &txn) == 0);
    put_rows(txn, bytes, size_bytes);
    live(txn);
    souk_txn_abort(&txn);
}

static void
serve_both(struct souk_txn *txn)
{
    ask_reader(txn, &app_orders[0], &ground.service);
    ask_reader(txn, NULL, &ground.recorder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    make_ground();
    try_each(bytes, size_bytes, read_rows);
    try_each(bytes, size_bytes, serve_both);
    try_each(bytes, size_bytes, live_as_service);
    try_each(bytes, size_bytes, live_as_recorder);
    return 0;
}
