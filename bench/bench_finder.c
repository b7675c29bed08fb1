/*
 * bench_finder - what finding costs: filling the finder's store from a log, the
 * bytes that it takes an event, and what one answer takes.
 *
 * The log is in memory, written as a recorder would; two events share a key and
 * a correlation, `--batch` events a batch. The finder's store lies on the disk
 * of `--dir` and is synced.
 *
 * usage: bench_finder [--dir DIR] [--memory-dir DIR] [--events N] [--batch N] [--rounds N] [--once]
 *
 * `--once` fills once, asks nothing and says how many events: for instructions.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"
#include "souk_finder.h"
#include "souk_log.h"
#include "souk_positions.h"
#include "souk_wire.h"

#include "eventstore.h"

#define EVENTS_MAX 10000000
#define KEY_BYTES_MAX 32
#define TIME_MS UINT64_C(1700000000000)
#define QUERIES 2000
#define NS_PER_S 1e9
#define NS_PER_US 1e3

struct bench {
    uint32_t events, batch_events;
    struct measure_store log;
    struct souk_wiring wiring;
    struct souk_wired_stream stream;
    struct souk_finder *finder;
    char path[4096];
};

/* The n-th query of a kind. */
struct kind {
    const char *name;
    const struct souk_message_type *type;
    void (*make)(const struct bench *bench, uint32_t n, char key[KEY_BYTES_MAX], void *query_out);
};

static void write_log(struct bench *bench);
static void write_batch(struct bench *bench, struct souk_txn *txn, uint32_t first, struct souk_position *after);
static void put_number(struct souk_txn *txn, const char *name, const void *value);
static double fill(struct bench *bench, const char *dir);
static void stretch_fill(struct bench *bench);
static double index_bytes(const struct bench *bench);
static void forget_index(const struct bench *bench);
static double ask(struct bench *bench, const struct kind *kind);
static void make_key(uint32_t event, char key[KEY_BYTES_MAX]);

static void
find_key(const struct bench *bench, uint32_t n, char key[KEY_BYTES_MAX], void *query_out)
{
    make_key(n * 7919 % bench->events, key);
    *(struct eventstore_find *)query_out = (struct eventstore_find){ .has_key = true, .key = souk_slice_of(key),
        .limit = 50 };
}

static void
find_time(const struct bench *bench, uint32_t n, char key[KEY_BYTES_MAX], void *query_out)
{
    *(struct eventstore_find *)query_out = (struct eventstore_find){ .has_from_ms = true,
        .from_ms = TIME_MS + n * 31 % (bench->events / bench->batch_events), .limit = 50 };
}

static void
ask_why(const struct bench *bench, uint32_t n, char key[KEY_BYTES_MAX], void *query_out)
{
    *(struct eventstore_why *)query_out = (struct eventstore_why){ .stream = souk_slice_of("orders"),
        .number = 1 + n * 7919 % bench->events };
}

int
main(int argc, char **argv)
{
    static const struct kind kinds[] = {
        { "two events of a key", &eventstore_find_type, find_key },
        { "50 events from a time on", &eventstore_find_type, find_time },
        { "why, of one without effects", &eventstore_why_type, ask_why },
    };
    struct bench bench = { .events = 200000, .batch_events = 50 };
    const char *dir = ".", *memory_dir = "/dev/shm";
    struct measure_rounds rates = { 0 };
    uint32_t rounds = 3;
    bool once = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--memory-dir") == 0)
            memory_dir = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--events") == 0)
            bench.events = measure_number(argv, &i, EVENTS_MAX);
        else if (strcmp(argv[i], "--batch") == 0)
            bench.batch_events = measure_number(argv, &i, 1000);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = measure_number(argv, &i, MEASURE_ROUNDS_MAX);
        else if (strcmp(argv[i], "--once") == 0)
            once = true;
        else
            return fputs("usage: bench_finder [--dir DIR] [--memory-dir DIR] [--events N] [--batch N] [--rounds N]"
                " [--once]\n", stderr), 2;
    }
    if (bench.events < bench.batch_events)
        bench.events = bench.batch_events;
    measure_store_open(&bench.log, memory_dir, true);
    write_log(&bench);
    for (uint32_t r = 0; r < (once ? 1 : rounds); r++) {
        souk_finder_close(&bench.finder);
        if (r != 0)
            forget_index(&bench);
        measure_add(&rates, fill(&bench, dir));
    }
    if (once) {
        printf("events %u\n", (unsigned)bench.events);
        goto done;
    }
    printf("%u events, %u a batch; a write and fdatasync here: %.0f us\n", (unsigned)bench.events,
        (unsigned)bench.batch_events, measure_sync_us(dir));
    printf("%-32s %12.0f events/s\n", "filling", measure_median(&rates));
    printf("%-32s %12.1f bytes an event\n", "the index", index_bytes(&bench) / bench.events);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        printf("%-32s %12.1f us\n", kinds[i].name, ask(&bench, &kinds[i]));

done:
    souk_finder_close(&bench.finder);
    forget_index(&bench);
    measure_store_done(&bench.log);
    return 0;
}

/* ---- the log -------------------------------------------------------- */

static void
write_log(struct bench *bench)
{
    const uint8_t incarnation[8] = { 1 };
    struct souk_position after = { .number = 0 };
    struct souk_txn *txn;
    uint8_t last[8];

    measure_check(souk_name_set(&bench->wiring.self, souk_slice_of("es1")), "a name");
    measure_check(souk_name_set(&bench->stream.name, souk_slice_of("orders")), "a name");
    bench->stream.origin = bench->stream.name;
    bench->wiring.streams = &bench->stream;
    bench->wiring.stream_count = 1;
    measure_check(souk_txn_begin(bench->log.store, SOUK_TXN_WRITE, &txn), "a transaction");
    for (uint32_t first = 0; first < bench->events; first += bench->batch_events)
        write_batch(bench, txn, first, &after);
    souk_put_u64(last, bench->events / bench->batch_events + (bench->events % bench->batch_events != 0));
    put_number(txn, "position", last);
    put_number(txn, "incarnation", incarnation);
    measure_check(souk_txn_commit(&txn), "a commit");
}

static void
write_batch(struct bench *bench, struct souk_txn *txn, uint32_t first, struct souk_position *after)
{
    const uint64_t commit = first / bench->batch_events + 1;
    struct souk_batch_place place = { .stream = bench->stream.name, .epoch.counter = 1, .after = *after,
        .time_ms = TIME_MS + commit, .commit = commit, .places = 1 };
    uint8_t position[8], at[SOUK_POSITIONS_PLACE_BYTES];
    struct souk_batch_builder builder;
    struct souk_batch_header header;
    struct souk_table positions;
    struct souk_pack pack;
    struct souk_log log;

    souk_batch_builder_init(&builder);
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    for (uint32_t i = first; i < first + bench->batch_events && i < bench->events; i++) {
        char key[KEY_BYTES_MAX];
        struct souk_event event = { .type = souk_slice_of(i % 2 == 0 ? "orders.placed" : "orders.paid"),
            .payload = souk_slice_of("\x90"), .version = 1, .time_ms = place.time_ms };

        make_key(i, key);
        event.key = souk_slice_of(key);
        event.because.caller = souk_slice_of("page");
        souk_put_u64(event.because.id.bytes, i);
        souk_put_u64(event.correlation.bytes, i / 2);
        measure_check(souk_batch_builder_add(&builder, &event), "an event");
    }
    measure_check(souk_batch_finish(&builder, &place, &pack, after), "a batch");
    measure_check(souk_batch_read(souk_pack_slice(&pack), &header), "a batch");
    measure_check(souk_log_open(txn, &bench->stream.name, &log), "the log");
    measure_check(souk_log_append(txn, &log, &header, souk_pack_slice(&pack)), "the log");
    souk_put_u64(position, commit);
    souk_positions_place_encode(&bench->stream.name, souk_point_of(after), at);
    measure_check(souk_txn_table(txn, SOUK_POSITIONS_TABLE, &positions), "a table");
    measure_check(souk_txn_append(txn, positions, (struct souk_slice){ position, sizeof position },
        (struct souk_slice){ at, sizeof at }), "a position");
    souk_pack_done(&pack);
    souk_batch_builder_done(&builder);
}

static void
put_number(struct souk_txn *txn, const char *name, const void *value)
{
    struct souk_table table;

    measure_check(souk_txn_table(txn, "souk.meta", &table), "a table");
    measure_check(souk_txn_put(txn, table, souk_slice_of(name), (struct souk_slice){ value, 8 }), "a number");
}

static void
make_key(uint32_t event, char key[KEY_BYTES_MAX])
{
    (void)snprintf(key, KEY_BYTES_MAX, "order-%u", (unsigned)event / 2);
}

/* ---- the finder ----------------------------------------------------- */

/* From an empty store: events a second. */
static double
fill(struct bench *bench, const char *dir)
{
    const struct souk_finder_config config = { .wiring = &bench->wiring, .log = bench->log.store,
        .path = bench->path };
    struct souk_finder_status status;
    struct souk_error err;
    uint64_t begun_ns;

    (void)snprintf(bench->path, sizeof bench->path, "%s/bench-finder.%ld", dir, (long)getpid());
    measure_check(souk_finder_open(&config, &bench->finder, &err), "the finder");
    begun_ns = measure_now_ns();
    stretch_fill(bench);
    souk_finder_status(bench->finder, &status);
    return (double)status.events * NS_PER_S / (double)(measure_now_ns() - begun_ns);
}

/* What instructions.sh counts. */
static __attribute__((noinline)) void
stretch_fill(struct bench *bench)
{
    const struct souk_time now = { TIME_MS, 1000 };
    struct souk_finder_status status;

    do {
        souk_finder_signal(bench->finder);
        measure_check(souk_finder_work(bench->finder, now), "filling");
        souk_finder_status(bench->finder, &status);
    } while (status.behind != 0);
}

static double
index_bytes(const struct bench *bench)
{
    char path[sizeof bench->path + 16];
    struct stat file;

    (void)snprintf(path, sizeof path, "%s/data.mdb", bench->path);
    return stat(path, &file) == 0 ? (double)file.st_size : 0;
}

static void
forget_index(const struct bench *bench)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
    char path[sizeof bench->path + 16];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bench->path, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(bench->path);
}

/* us an answer, from the bytes of the query to those of the reply. */
static double
ask(struct bench *bench, const struct kind *kind)
{
    const struct souk_time now = { TIME_MS, 1000 };
    uint64_t spent_ns = 0;

    for (uint32_t n = 0; n < QUERIES; n++) {
        struct souk_wire_request request = { .query = true, .name = souk_slice_of(kind->type->name), .version = 1,
            .caller = souk_slice_of("bench") };
        union {
            struct eventstore_find find;
            struct eventstore_why why;
        } query;
        struct souk_pack payload, frame;
        char key[KEY_BYTES_MAX];
        struct souk_out *out;
        uint64_t begun_ns;

        souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
        souk_pack_init(&frame, SOUK_WIRE_BYTES_MAX);
        kind->make(bench, n, key, &query);
        measure_check(kind->type->encode(&query, &payload), "a query");
        request.payload = souk_pack_slice(&payload);
        souk_wire_request_put(&frame, &request);
        begun_ns = measure_now_ns();
        souk_finder_hear(bench->finder, souk_slice_of("route"), "", souk_pack_slice(&frame), now);
        measure_check(souk_finder_work(bench->finder, now), "an answer");
        spent_ns += measure_now_ns() - begun_ns;
        if ((out = souk_outbox_take(souk_finder_outbox(bench->finder))) == NULL)
            measure_check(-SOUK_ENOTFOUND, "an answer");
        souk_out_free(&out);
        souk_pack_done(&payload);
        souk_pack_done(&frame);
    }
    return (double)spent_ns / NS_PER_US / QUERIES;
}
