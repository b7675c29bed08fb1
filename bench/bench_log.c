/*
 * bench_log - a stream's log on a real disk beside the plain LMDB loop.
 *
 * The plain loop is what anybody would write with the library alone: a row an
 * event, its number as key, the payload as value, no envelope, no hash, the
 * same commits. Rounds of both alternate: on disk, synced, by the clock on the
 * wall; and on tmpfs, not synced, by processor time, which a busy disk does not
 * blur, and from which the bytes an event come: they need many commits.
 *
 * usage: bench_log [--dir DIR] [--memory-dir DIR] [--rounds N] [--payload BYTES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "souk_log.h"

#define CUT_BYTES (60 * 1024)
#define SCAN_EVENTS 200000
#define TRIM_ROWS 64                            /* batches in one commit */
#define DISK_NS_MIN 150000000                   /* a round of appending to a disk takes at least so long */
#define MEMORY_EVENTS_MIN 65536                 /* one in memory has so many events, or so many commits */
#define MEMORY_COMMITS_MAX 4096

static const uint32_t commits[] = { 1, 8, 64, 4096 };
#define COMMITS (sizeof commits / sizeof commits[0])

struct figures {
    double rate;
    double disk_bytes;                          /* an event */
};

/* Where a round goes. */
struct where {
    const char *dir;
    bool simulated;                             /* then processor time counts */
    uint64_t events_min;
    uint64_t ns_min;
};

static uint64_t now_ns(const struct where *where);
static struct figures append_log(const struct where *where, uint32_t payload_bytes, uint32_t commit_events,
    struct measure_store *kept);
static struct figures append_plain(const struct where *where, uint32_t payload_bytes, uint32_t commit_events,
    struct measure_store *kept);
static void measure_scans(const char *dir, uint32_t payload_bytes, uint32_t rounds);

int
main(int argc, char **argv)
{
    struct measure_rounds rates[4];
    const char *dir = ".", *memory_dir = "/dev/shm";
    uint32_t rounds = 5, payload_bytes = 256;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--memory-dir") == 0)
            memory_dir = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = measure_number(argv, &i, MEASURE_ROUNDS_MAX);
        else if (strcmp(argv[i], "--payload") == 0)
            payload_bytes = measure_number(argv, &i, MEASURE_PAYLOAD_BYTES_MAX);
        else
            return fputs("usage: bench_log [--dir DIR] [--memory-dir DIR] [--rounds N] [--payload BYTES]\n", stderr), 2;
    }
    printf("payload %u bytes; a write and fdatasync here: %.0f us\n\n", (unsigned)payload_bytes, measure_sync_us(dir));
    printf("%-16s %24s %7s %24s %7s %21s\n", "", "synced, ev/s", "", "memory, ev/cpu s", "", "bytes an event");
    printf("%-16s %12s %11s %7s %12s %11s %7s %11s %9s\n", "events a commit", "log", "plain", "ratio", "log", "plain",
        "ratio", "log", "plain");
    for (size_t c = 0; c < COMMITS; c++) {
        const struct where disk = { .dir = dir, .ns_min = DISK_NS_MIN };
        const struct where memory = { .dir = memory_dir, .simulated = true,
            .events_min = (uint64_t)commits[c] * MEMORY_COMMITS_MAX < MEMORY_EVENTS_MIN
                ? (uint64_t)commits[c] * MEMORY_COMMITS_MAX : MEMORY_EVENTS_MIN };
        struct figures log = { 0 }, plain = { 0 };

        memset(rates, 0, sizeof rates);
        for (uint32_t r = 0; r < rounds; r++) {
            measure_add(&rates[0], append_log(&disk, payload_bytes, commits[c], NULL).rate);
            measure_add(&rates[1], append_plain(&disk, payload_bytes, commits[c], NULL).rate);
            log = append_log(&memory, payload_bytes, commits[c], NULL);
            plain = append_plain(&memory, payload_bytes, commits[c], NULL);
            measure_add(&rates[2], log.rate);
            measure_add(&rates[3], plain.rate);
        }
        printf("%-16u", (unsigned)commits[c]);
        for (int i = 0; i < 4; i += 2)
            printf(" %12.0f %11.0f %7.2f", measure_median(&rates[i]), measure_median(&rates[i + 1]),
                measure_median(&rates[i]) / measure_median(&rates[i + 1]));
        printf(" %11.1f %9.1f\n", log.disk_bytes, plain.disk_bytes);
        (void)fflush(stdout);
    }
    measure_scans(dir, payload_bytes, rounds);
    return 0;
}

/* ---- appending ------------------------------------------------------ */

static uint64_t
now_ns(const struct where *where)
{
    return where->simulated ? measure_cpu_ns() : measure_now_ns();
}

/* Until both the events and the time are enough; the store is left in `kept` unless that is NULL. */
static struct figures
append_log(const struct where *where, uint32_t payload_bytes, uint32_t commit_events,
    struct measure_store *kept)
{
    struct measure_store own, *measured = kept != NULL ? kept : &own;
    struct souk_batch_builder builder;
    struct souk_batch_place place;
    struct souk_batch_header header;
    struct souk_event event;
    struct souk_pack pack;
    struct souk_txn *txn;
    struct souk_log log;
    uint64_t number = 0, began_ns, took_ns, empty_bytes;
    struct figures figures;
    uint8_t key[16];

    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    souk_batch_builder_init(&builder);
    measure_place(&place);
    measure_store_open(measured, where->dir, where->simulated);
    measure_check(souk_txn_begin(measured->store, SOUK_TXN_WRITE, &txn), "begin");
    measure_check(souk_log_open(txn, &place.stream, &log), "log");
    measure_check(souk_txn_commit(&txn), "commit");
    empty_bytes = measure_store_bytes(measured);

    began_ns = now_ns(where);
    do {
        uint64_t end = number + commit_events;

        measure_check(souk_txn_begin(measured->store, SOUK_TXN_WRITE, &txn), "begin");
        while (number < end) {
            souk_batch_builder_reset(&builder);
            while (number < end && souk_batch_builder_bytes(&builder) < CUT_BYTES) {
                measure_event(++number, payload_bytes, &event, key);
                measure_check(souk_batch_builder_add(&builder, &event), "add");
            }
            souk_pack_reset(&pack);
            measure_check(souk_batch_finish(&builder, &place, &pack, &place.after), "finish");
            measure_check(souk_batch_peek(souk_pack_slice(&pack), &header), "peek");
            measure_check(souk_log_append(txn, &log, &header, souk_pack_slice(&pack)), "append");
        }
        place.commit++;
        measure_check(souk_txn_commit(&txn), "commit");
        took_ns = now_ns(where) - began_ns;
    } while (number < where->events_min || took_ns < where->ns_min);

    figures.rate = (double)number / (double)took_ns * 1e9;
    figures.disk_bytes = (double)(measure_store_bytes(measured) - empty_bytes) / (double)number;
    souk_batch_builder_done(&builder);
    souk_pack_done(&pack);
    if (kept == NULL)
        measure_store_done(measured);
    return figures;
}

static struct figures
append_plain(const struct where *where, uint32_t payload_bytes, uint32_t commit_events,
    struct measure_store *kept)
{
    struct measure_store own, *measured = kept != NULL ? kept : &own;
    struct souk_event event;
    struct souk_table table;
    struct souk_txn *txn;
    uint64_t number = 0, began_ns, took_ns, empty_bytes;
    struct figures figures;
    uint8_t key[16], row[8];

    measure_store_open(measured, where->dir, where->simulated);
    measure_check(souk_txn_begin(measured->store, SOUK_TXN_WRITE, &txn), "begin");
    measure_check(souk_txn_table(txn, "events", &table), "table");
    measure_check(souk_txn_commit(&txn), "commit");
    empty_bytes = measure_store_bytes(measured);

    began_ns = now_ns(where);
    do {
        measure_check(souk_txn_begin(measured->store, SOUK_TXN_WRITE, &txn), "begin");
        for (uint32_t i = 0; i < commit_events; i++) {
            measure_event(++number, payload_bytes, &event, key);
            souk_put_u64(row, number);
            measure_check(souk_txn_append(txn, table, (struct souk_slice){ row, sizeof row }, event.payload), "append");
        }
        measure_check(souk_txn_commit(&txn), "commit");
        took_ns = now_ns(where) - began_ns;
    } while (number < where->events_min || took_ns < where->ns_min);

    figures.rate = (double)number / (double)took_ns * 1e9;
    figures.disk_bytes = (double)(measure_store_bytes(measured) - empty_bytes) / (double)number;
    if (kept == NULL)
        measure_store_done(measured);
    return figures;
}

/* ---- reading and trimming ------------------------------------------- */

enum scan { SCAN_PLAIN, SCAN_WALK, SCAN_CHECK, SCAN_HASH, SCANS };
static const char *const scan_names[SCANS] = {
    "plain rows, a word of each", "every event walked, no hash", "hash and every event walked",
    "hash, events not walked",
};

/* Events a second. */
static double
scan(struct souk_store *store, enum scan what)
{
    struct souk_batch_header header;
    struct souk_events events;
    struct souk_event event;
    struct souk_batch_place place;
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_txn *txn;
    struct souk_scan *rows;
    struct souk_log log;
    uint64_t count = 0, sum = 0, word, began_ns, took_ns;
    int rc;

    measure_place(&place);
    measure_check(souk_txn_begin(store, SOUK_TXN_READ, &txn), "begin");
    if (what == SCAN_PLAIN) {
        measure_check(souk_txn_table(txn, "events", &table), "table");
    } else {
        measure_check(souk_log_open(txn, &place.stream, &log), "log");
        table = log.table;
    }
    began_ns = measure_cpu_ns();
    measure_check(souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &rows), "scan");
    while ((rc = souk_scan_next(rows, &key, &value)) == 0) {
        if (what == SCAN_PLAIN) {
            memcpy(&word, value.base, sizeof word);
            sum += word;
            count++;
            continue;
        }
        measure_check(what == SCAN_WALK ? souk_batch_peek(value, &header) : what == SCAN_CHECK
            ? souk_batch_check(value, &header) : souk_batch_read(value, &header), "batch");
        count += header.count;
        if (what != SCAN_WALK)
            continue;
        measure_check(souk_events_init(&events, &header), "events");
        while ((rc = souk_events_next(&events, &event)) == 0)
            sum += event.payload.size_bytes;
        if (rc != -SOUK_ENOTFOUND)
            measure_check(rc, "event");
    }
    souk_scan_close(&rows);
    took_ns = measure_cpu_ns() - began_ns;
    souk_txn_abort(&txn);
    if (rc != -SOUK_ENOTFOUND)
        measure_check(rc, "scan");
    if (sum == 1)                               /* never: what was read must have been read */
        puts("");
    return (double)count / (double)took_ns * 1e9;
}

static void
trim(struct measure_store *measured)
{
    struct souk_batch_place place;
    struct souk_txn *txn;
    struct souk_log log;
    uint64_t began_ns, rows = 0, before, after;
    uint32_t commits_made = 0, trimmed;
    double took_s;

    measure_place(&place);
    before = measure_store_bytes(measured);
    began_ns = measure_now_ns();
    do {
        measure_check(souk_txn_begin(measured->store, SOUK_TXN_WRITE, &txn), "begin");
        measure_check(souk_log_open(txn, &place.stream, &log), "log");
        measure_check(souk_log_trim(txn, &log, UINT64_MAX, UINT64_MAX, TRIM_ROWS, &trimmed), "trim");
        measure_check(souk_txn_commit(&txn), "commit");
        rows += trimmed;
        commits_made++;
    } while (trimmed != 0);
    took_s = (double)(measure_now_ns() - began_ns) / 1e9;
    after = measure_store_bytes(measured);
    printf("trim, %d batches a commit: %.0f batches in %.1f ms, %.0f us a commit; %.1f of %.1f MB are free for reuse\n",
        TRIM_ROWS, (double)rows, took_s * 1e3, took_s / commits_made * 1e6, (double)(before - after) / 1e6,
        (double)before / 1e6);
}

static void
measure_scans(const char *dir, uint32_t payload_bytes, uint32_t rounds)
{
    const struct where where = { .dir = dir, .events_min = SCAN_EVENTS };
    struct measure_rounds rates[SCANS] = { 0 };
    struct measure_store log, plain;

    (void)append_log(&where, payload_bytes, 4096, &log);
    (void)append_plain(&where, payload_bytes, 4096, &plain);
    for (uint32_t r = 0; r < 2 * rounds + 1 && r < MEASURE_ROUNDS_MAX; r++)
        for (int what = 0; what < SCANS; what++)
            measure_add(&rates[what], scan(what == SCAN_PLAIN ? plain.store : log.store, (enum scan)what));
    printf("\nscan, at least %d events in the page cache, million events a second of processor time\n", SCAN_EVENTS);
    for (int what = 0; what < SCANS; what++)
        printf("%-30s %8.2f\n", scan_names[what], measure_median(&rates[what]) / 1e6);
    printf("\n");
    trim(&log);
    measure_store_done(&log);
    measure_store_done(&plain);
}
