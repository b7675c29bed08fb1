/*
 * Stored rows: LMDB has no checksums, so a row may say anything. Whoever reads
 * one says that it is damaged, or takes it for what it says: who writes that
 * down makes the same row, in every table that has a reader and a writer. The
 * machines that live on them open or say why not, and run.
 *
 * Not written again here: batches, which are fuzz_batch's; tables of services,
 * whose rows are messages as fuzz_json's; rows that are keys alone (ages, keys
 * of parked events) and what is set aside, which nobody reads back; and the
 * recorder's numbers, which are bytes of one size.
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
#include "souk_forgotten.h"
#include "souk_log.h"
#include "souk_owed.h"
#include "souk_parked.h"
#include "souk_positions.h"
#include "souk_reader.h"
#include "souk_recorder.h"
#include "souk_settled.h"
#include "souk_space.h"
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
    "souk.settled", "souk.holes", "souk.forgotten", "souk.aside",
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

/* Whoever goes on with it compares it as text. */
static void
expect_name(const struct souk_name *name)
{
    assert(memchr(name->text, '\0', sizeof name->text) != NULL);
    assert(souk_name_valid(souk_name_slice(name)));
}

static int
see_caused(const struct souk_trail_caused *caused, void *arg)
{
    expect_name(&caused->own);
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

    expect_name(&asked->because.stream);
    expect_name(&asked->service);
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

/* ---- who writes them ------------------------------------------------ */

#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)

/* A row of a table as it lies there, kept while it is written again. */
struct row {
    struct souk_slice key, value;
};

/* The rows of one table, at most as many as were put and those that writing again makes. */
struct rows {
    struct souk_arena arena;
    size_t count;
    struct row rows[4 * ROWS_MAX];
};

static struct souk_slice
keep(struct souk_arena *arena, struct souk_slice bytes)
{
    const struct souk_slice copy = souk_arena_copy(arena, bytes);

    assert(copy.base != NULL || bytes.size_bytes == 0);
    return copy;
}

static void
keep_rows(struct souk_txn *txn, const char *name, struct rows *rows)
{
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;

    souk_arena_init(&rows->arena, 0);
    rows->count = 0;
    assert(souk_txn_table(txn, name, &table) == 0);
    assert(souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan) == 0);
    while (souk_scan_next(scan, &key, &value) == 0) {
        assert(rows->count < sizeof rows->rows / sizeof rows->rows[0]);
        rows->rows[rows->count++] = (struct row){ keep(&rows->arena, key), keep(&rows->arena, value) };
    }
    souk_scan_close(&scan);
}

/* What was read of that row has been written: it is what it was. */
static void
expect_row(struct souk_txn *txn, const char *name, const struct row *row)
{
    struct souk_table table;
    struct souk_slice value;

    assert(souk_txn_table(txn, name, &table) == 0);
    assert(souk_txn_get(txn, table, row->key, &value) == 0);
    assert(souk_slice_equal(value, row->value));
}

static void
cursor_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_cursor cursor;
    struct souk_name stream;

    if (souk_name_set(&stream, row->key) != 0 || souk_cursor_get(txn, &stream, &cursor) != 0)
        return;
    assert(souk_cursor_put(txn, &stream, &cursor) == 0);
    expect_row(txn, name, row);
}

static void
lineage_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    const uint8_t *key = row->key.base, *value = row->value.base;
    struct souk_point head = { .number = UINT64_MAX }, last;
    struct souk_name stream;

    if (row->key.size_bytes != NAME_BYTES + 8 || row->value.size_bytes != 16 || souk_name_decode(key, &stream) != 0)
        return;
    head.epoch.counter = souk_get_u32(key + NAME_BYTES + 4);
    assert(souk_lineage_last(txn, &stream, souk_get_u32(key + NAME_BYTES), head.epoch.counter, head, &last) == 0);
    assert(last.epoch.counter == head.epoch.counter && last.number == UINT64_MAX);
    assert(souk_lineage_put(txn, &stream, souk_get_u32(key + NAME_BYTES), last.epoch, souk_get_u64(value + 8)) == 0);
    expect_row(txn, name, row);
}

/* Where a log begins, and when it was accepted that the rest is gone: both are written by who does that. */
static void
begin_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_position base;
    struct souk_name stream;
    struct souk_log log;
    uint64_t accepted_ms;

    if (souk_name_set(&stream, row->key) != 0)
        return;
    assert(souk_log_open(txn, &stream, &log) == 0);
    if (souk_log_base(txn, &log, &base) != 0 || souk_log_hole(txn, &log, &accepted_ms) != 0)
        return;
    assert(souk_log_begin(txn, &log, &base, accepted_ms) == 0);
    expect_row(txn, name, row);
}

/* The spans of a command, as they are noted after its last event. */
static void
command_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    const struct souk_slice id_and_caller = row->key;
    struct souk_trail_command command;
    struct souk_slice caller;
    struct souk_table table;
    struct souk_id id;

    if (id_and_caller.size_bytes < sizeof id.bytes)
        return;
    memcpy(id.bytes, id_and_caller.base, sizeof id.bytes);
    caller = (struct souk_slice){ (const uint8_t *)id_and_caller.base + sizeof id.bytes,
        id_and_caller.size_bytes - sizeof id.bytes };
    if (caller.size_bytes > SOUK_WIRE_CALLER_BYTES_MAX || souk_trail_command(txn, caller, &id, &command) != 0
        || command.span_count == 0)
        return;
    assert(souk_txn_table(txn, name, &table) == 0);
    assert(souk_txn_delete(txn, table, row->key) == 0);
    for (uint32_t i = 0; i < command.span_count; i++) {
        struct souk_trail_run run = { .is_open = true, .stream = command.spans[i].stream,
            .epoch = command.spans[i].epoch, .last = command.spans[i].last,
            .first = { .number = command.spans[i].first, .because = { .kind = SOUK_BY_COMMAND, .id = id,
                .caller = caller } } };

        memcpy(run.first.because.command_hash, command.hash, sizeof command.hash);
        assert(souk_trail_end(txn, &run) == 0);
    }
    expect_row(txn, name, row);
}

/* The events that stand on another stream's. */
struct standing {
    struct souk_arena *arena;
    size_t count;
    struct souk_trail_caused caused[4 * ROWS_MAX];
};

static int
keep_caused(const struct souk_trail_caused *caused, void *arg)
{
    struct standing *standing = arg;
    struct souk_trail_caused *kept = &standing->caused[standing->count++];

    *kept = *caused;
    kept->type = keep(standing->arena, caused->type);
    kept->key = keep(standing->arena, caused->key);
    return 0;
}

static void
caused_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct standing standing = { .arena = arena };
    struct souk_trail_run run;
    struct souk_name stream;
    bool stands = false;

    if (row->key.size_bytes < NAME_BYTES || souk_name_decode(row->key.base, &stream) != 0
        || souk_trail_each(txn, &stream, keep_caused, &standing) != 0)
        return;
    souk_trail_begin(&run);
    for (size_t i = 0; i < standing.count; i++) {
        const struct souk_trail_caused *caused = &standing.caused[i];
        const struct souk_event event = { .number = caused->point.number, .type = caused->type, .key = caused->key,
            .correlation = caused->correlation, .depth = caused->depth, .version = caused->version,
            .because = { .kind = SOUK_BY_EVENT, .stream = stream, .point = caused->cause } };

        assert(souk_trail_note(txn, &run, &caused->own, caused->point.epoch, &event) == 0);
        assert(souk_trail_stands(txn, &stream, caused->cause, &stands) == 0 && stands);
    }
    expect_row(txn, name, row);
}

static void
parked_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_parked parked;

    if (row->key.size_bytes != 8 || souk_parked_get(txn, souk_get_u64(row->key.base), &parked) != 0)
        return;
    parked.event.type = keep(arena, parked.event.type);
    parked.event.key = keep(arena, parked.event.key);
    parked.event.payload = keep(arena, parked.event.payload);
    parked.text = keep(arena, parked.text);
    assert(souk_parked_note(txn, &parked) == 0);
    expect_row(txn, name, row);
}

static void
settled_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_settled settled;

    if (row->key.size_bytes != 8 || souk_settled_get(txn, souk_get_u64(row->key.base), &settled) != 0)
        return;
    settled.type = keep(arena, settled.type);
    settled.key = keep(arena, settled.key);
    settled.who = keep(arena, settled.who);
    settled.why = keep(arena, settled.why);
    assert(souk_settled_put(txn, &settled) == 0);
    expect_row(txn, name, row);
}

/* A command whose payload is there already. */
static int
encode_as_it_is(const void *message, struct souk_pack *pack)
{
    souk_pack_raw(pack, *(const struct souk_slice *)message);
    return pack->rc;
}

static void
asked_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    const uint8_t *key = row->key.base;
    struct souk_because because = { .kind = SOUK_BY_OUTCOME };
    struct souk_message_type type = { .encode = encode_as_it_is };
    struct souk_asked asked;
    struct souk_slice payload;

    if (row->key.size_bytes != NAME_BYTES + SOUK_POINT_BYTES + 4 || souk_name_decode(key, &because.stream) != 0
        || souk_point_decode((struct souk_slice){ key + NAME_BYTES, SOUK_POINT_BYTES }, &because.point) != 0)
        return;
    because.index = souk_get_u32(key + NAME_BYTES + SOUK_POINT_BYTES);
    if (souk_asked_get(txn, &because, &asked) != 0)
        return;
    const struct souk_event event = { .number = asked.because.point.number, .key = keep(arena, asked.key),
        .correlation = asked.correlation, .depth = asked.depth };
    struct souk_tables facts = { .view.txn = txn, .own = true, .event = &event, .stream = asked.because.stream,
        .epoch = asked.because.point.epoch, .requests_made = asked.because.index };

    payload = keep(arena, asked.payload);
    type.name = keep(arena, (struct souk_slice){ "", 1 }).base;
    if (asked.command.size_bytes != 0) {
        char *text = souk_arena_alloc(arena, asked.command.size_bytes + 1);

        assert(text != NULL);
        memcpy(text, asked.command.base, asked.command.size_bytes);
        text[asked.command.size_bytes] = '\0';
        type.name = text;
    }
    type.version = asked.version;
    assert(souk_request(&facts, asked.service.text, &type, &payload) == 0);
    expect_row(txn, name, row);
}

/* Timers come in the order of their rows; a name that another timer has, too, ends that one, so each is looked at alone. */
static void
timer_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_timer_row timer;
    uint8_t key[8 + NAME_BYTES + SOUK_POINT_BYTES + 4];
    int rc = souk_timers_due(txn, UINT64_MAX, NULL, arena, &timer);

    while (rc == 0) {
        expect_name(&timer.because.stream);
        souk_put_u64(key, timer.due_ms);
        memcpy(key + 8, timer.because.stream.text, NAME_BYTES);
        souk_point_encode(&timer.because.point, key + 8 + NAME_BYTES);
        souk_put_u32(key + 8 + NAME_BYTES + SOUK_POINT_BYTES, timer.because.index);
        if (souk_slice_equal((struct souk_slice){ key, sizeof key }, row->key))
            break;
        rc = souk_timers_due(txn, UINT64_MAX, &timer, arena, &timer);
    }
    if (rc != 0)
        return;
    const struct souk_event event = { .number = timer.because.point.number, .correlation = timer.correlation,
        .depth = timer.depth };
    struct souk_tables facts = { .view.txn = txn, .own = true, .event = &event, .stream = timer.because.stream,
        .epoch = timer.because.point.epoch, .timers_set = timer.because.index };

    /* Damaged: the row by name that it takes the place of. */
    rc = souk_timer_set(&facts, timer.kind, timer.key, timer.due_ms);
    assert(rc == 0 || rc == -SOUK_EDAMAGED || rc == -SOUK_ENOTFOUND);
    if (rc == 0)
        expect_row(txn, name, row);
}

static void
named_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    const uint8_t *key = row->key.base;
    struct souk_point point = { .number = 0 };
    struct souk_table table;
    struct souk_name stream;
    bool named;

    if (row->key.size_bytes != NAME_BYTES + 12 || row->value.size_bytes != 8 || souk_name_decode(key, &stream) != 0)
        return;
    point.epoch.counter = souk_get_u32(key + NAME_BYTES);
    memcpy(point.epoch.bits, key + NAME_BYTES + 4, sizeof point.epoch.bits);
    point.number = souk_get_u64(row->value.base);
    assert(souk_owed_named(txn, &stream, point, &named) == 0 && named);
    point.number++;
    assert(souk_owed_named(txn, &stream, point, &named) == 0 && named == (point.number == 0));
    point.number--;
    assert(souk_txn_table(txn, name, &table) == 0 && souk_txn_delete(txn, table, row->key) == 0);
    assert(souk_owed_name(txn, &stream, point) == 0);
    expect_row(txn, name, row);
}

static void
owed_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_name stream;
    struct souk_slice batch;
    uint64_t key, from;

    if (row->key.size_bytes != NAME_BYTES + 8 || souk_name_decode(row->key.base, &stream) != 0
        || souk_owed_first(txn, &stream, &key, &from, &batch) != 0
        || key != souk_get_u64((const uint8_t *)row->key.base + NAME_BYTES))
        return;
    assert(souk_owed_shorten(txn, &stream, key, from, keep(arena, batch)) == 0);
    expect_row(txn, name, row);
}

/* All of it at once, in both tables. */
static void
vector_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct souk_vector vector;

    assert(souk_vector_init(&vector, &ground.streams[0].name, 1) == 0);
    if (souk_vector_load(&vector, txn) == 0) {
        for (uint32_t i = 0; i < vector.count; i++)
            vector.entries[i].known_changed = vector.entries[i].said_changed[0] = true;
        assert(souk_vector_save(&vector, txn) == 0);
        expect_row(txn, name, row);
    }
    souk_vector_done(&vector);
}

static void
place_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    uint8_t place[SOUK_POSITIONS_PLACE_BYTES];
    struct souk_name stream;
    struct souk_point point;

    if (souk_positions_place_decode(row->value, &stream, &point) != 0)
        return;
    expect_name(&stream);
    souk_positions_place_encode(&stream, point, place);
    assert(souk_slice_equal((struct souk_slice){ place, sizeof place }, row->value));
}

static void
point_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    uint8_t bytes[SOUK_POINT_BYTES];
    struct souk_point point;

    if (souk_point_decode(row->value, &point) != 0)
        return;
    souk_point_encode(&point, bytes);
    assert(souk_slice_equal((struct souk_slice){ bytes, sizeof bytes }, row->value));
}

struct persons {
    size_t count;
    struct souk_id ids[4 * ROWS_MAX];
};

static int
keep_person(void *arg, const struct souk_id *person)
{
    struct persons *persons = arg;

    persons->ids[persons->count++] = *person;
    return 0;
}

/* Nothing but keys: writing them makes no other ones. */
static void
forgotten_again(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena)
{
    struct persons persons = { .count = 0 };
    struct souk_table table;
    uint64_t before, after;

    if (souk_forgotten_each(txn, keep_person, &persons) != 0)
        return;
    assert(souk_txn_table(txn, name, &table) == 0 && souk_txn_count(txn, table, &before) == 0);
    for (size_t i = 0; i < persons.count; i++)
        assert(souk_forgotten_put(txn, &persons.ids[i]) == 0);
    assert(souk_txn_count(txn, table, &after) == 0 && before == after && after == persons.count);
}

static void
write_again(struct souk_txn *txn)
{
    static const struct {
        const char *name;
        void (*again)(struct souk_txn *txn, const char *name, const struct row *row, struct souk_arena *arena);
    } codecs[] = {
        { "souk.cursors", cursor_again }, { "souk.lineage", lineage_again }, { "souk.base", begin_again },
        { "souk.holes", begin_again }, { "souk.ids", command_again }, { "souk.caused", caused_again },
        { "souk.parked", parked_again }, { "souk.settled", settled_again }, { "souk.asked", asked_again },
        { "souk.timers.due", timer_again }, { "souk.named", named_again }, { "souk.owed", owed_again },
        { "souk.known", vector_again }, { "souk.said", vector_again }, { SOUK_POSITIONS_TABLE, place_again },
        { "souk.ordered", point_again }, { "souk.forgotten", forgotten_again },
    };
    static struct rows rows;
    struct souk_table table;
    struct souk_slice value;

    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        keep_rows(txn, codecs[i].name, &rows);
        assert(souk_txn_table(txn, codecs[i].name, &table) == 0);
        for (size_t k = 0; k < rows.count; k++)
            /* Unless it has been replaced by the writing of another one. */
            if (souk_txn_get(txn, table, rows.rows[k].key, &value) == 0
                && souk_slice_equal(value, rows.rows[k].value))
                codecs[i].again(txn, codecs[i].name, &rows.rows[k], &rows.arena);
        souk_arena_done(&rows.arena);
    }
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
        souk_reader_hear(reader, (struct souk_slice){ "r", 1 }, "", &frame, 1, now);
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

/* What has another size was never written by a recorder, so it did not open. */
static void
expect_sizes(struct souk_txn *txn)
{
    struct souk_table table;
    struct souk_slice value;

    if (souk_txn_table(txn, "souk.backed-up", &table) == 0)
        for (size_t i = 0; i < ground.recorder.stream_count; i++)
            if (souk_txn_get(txn, table, souk_name_slice(&ground.recorder.streams[i].name), &value) == 0)
                assert(value.size_bytes == 8);
    if (souk_txn_table(txn, "souk.meta", &table) == 0
        && souk_txn_get(txn, table, souk_slice_of("incarnation"), &value) == 0)
        assert(value.size_bytes == 8);
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
    expect_sizes(txn);
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
    try_each(bytes, size_bytes, write_again);
    try_each(bytes, size_bytes, serve_both);
    try_each(bytes, size_bytes, live_as_service);
    try_each(bytes, size_bytes, live_as_recorder);
    return 0;
}
