/*
 * Backups: whole or not there at all, made while the event store records; what
 * is damaged is no backup; what a crash has left is in nobody's way.
 */
#include "souk_backup.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorded.h"
#include "souk_positions.h"
#include "souk_verify.h"

#define TIME_MS 1700000000000
#define BYTES_MAX (UINT64_C(256) * 1024 * 1024)
#define PATH_BYTES_MAX 256

struct bench {
    struct recorded recorded;
    char directory[PATH_BYTES_MAX];             /* of backups */
    struct souk_backup_config config;
};

/* One in a thread of its own. */
struct running {
    struct souk_backup_config config;
    struct souk_backup_report report;
    struct souk_error err;
    atomic_bool begun;
    int rc;
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    recorded_open(&bench->recorded);
    recorded_stream(&bench->recorded, "orders", "orders", false);
    recorded_stream(&bench->recorded, "stock", "stock", false);
    recorded_many(&bench->recorded, "orders", "a", "k", 3, TIME_MS);
    recorded_many(&bench->recorded, "stock", "a", "k", 2, TIME_MS);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    (void)snprintf(bench->directory, sizeof bench->directory, "%s", recorded_path(&bench->recorded, "backups"));
    bench->config = (struct souk_backup_config){ .store = bench->recorded.store, .bytes_max = BYTES_MAX,
        .directory = bench->directory, .name = "monday" };
    *state = bench;
    return 0;
}

static const char *
path_of(const struct bench *bench, const char *name)
{
    static char path[PATH_BYTES_MAX + 64];

    (void)snprintf(path, sizeof path, "%s/%s", bench->directory, name);
    return path;
}

static void
remove_backup(const struct bench *bench, const char *name)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock", "data.new", "manifest" };
    char file[PATH_BYTES_MAX + 128];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path_of(bench, name), files[i]);
        (void)unlink(file);
    }
    (void)rmdir(path_of(bench, name));
}

static int
close_bench(void **state)
{
    struct bench *bench = *state;

    remove_backup(bench, "monday");
    remove_backup(bench, "tuesday");
    (void)rmdir(bench->directory);
    recorded_close(&bench->recorded);
    free(bench);
    return 0;
}

/* Whatever is in the directory of backups. */
static unsigned
entries(const struct bench *bench)
{
    DIR *directory = opendir(bench->directory);
    const struct dirent *entry;
    unsigned count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(directory);
    return count;
}

static void
make(const struct bench *bench, struct souk_backup_report *report_out)
{
    struct souk_error err;

    if (souk_backup(&bench->config, report_out, &err) != 0)
        fail_msg("%s", err.text);
}

static void
fails(const struct bench *bench, int code, const char *words)
{
    struct souk_backup_report report;
    struct souk_error err;

    assert_int_equal(souk_backup(&bench->config, &report, &err), -code);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s", err.text);
}

/* Open it like any store: its logs are whole, and end where the report says. */
static void
is_whole(const struct bench *bench, const char *name, const struct souk_backup_report *report)
{
    const struct souk_store_config config = { .path = path_of(bench, name), .bytes_max = BYTES_MAX };
    struct souk_verify verify = { .stream.text = "" };
    struct souk_positions positions;
    struct souk_store *store;
    struct souk_txn *txn;
    struct souk_error err;
    uint32_t streams = 0;
    bool more;

    assert_int_equal(souk_store_open(&config, &store, &err), 0);
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_READ, &txn), 0);
    assert_int_equal(souk_positions_read(txn, &positions), 0);
    assert_int_equal(positions.last, report->manifest.log_position);
    assert_memory_equal(positions.incarnation, report->incarnation, sizeof positions.incarnation);
    assert_int_equal(souk_verify_next_stream(txn, &verify), 0);
    while (verify.stream.text[0] != '\0') {
        assert_int_equal(souk_verify_stream(txn, &verify, UINT64_MAX, &more), 0);
        assert_string_equal(verify.fault, "");
        assert_string_equal(verify.stream.text, report->manifest.streams[streams].name.text);
        assert_int_equal(verify.position.number, report->manifest.streams[streams++].head.number);
        assert_int_equal(souk_verify_next_stream(txn, &verify), 0);
    }
    assert_int_equal(streams, report->manifest.stream_count);
    assert_int_equal(verify.batches, report->manifest.batches);
    assert_int_equal(verify.events, report->manifest.events);
    assert_int_equal(verify.bytes, report->manifest.bytes);
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

/* ---- tests ---------------------------------------------------------- */

static void
a_backup_is_a_store(void **state)
{
    struct bench *bench = *state;
    struct souk_backup_report report;

    make(bench, &report);
    assert_int_equal(report.manifest.batches, 5);
    assert_int_equal(report.manifest.events, 6);
    assert_int_equal(report.manifest.log_position, 5);
    assert_int_equal(report.manifest.stream_count, 2);
    assert_string_equal(report.manifest.streams[0].name.text, "orders");
    assert_int_equal(report.manifest.streams[0].head.number, 4);
    assert_int_equal(report.manifest.streams[1].head.number, 2);
    assert_int_equal(entries(bench), 1);
    assert_int_not_equal(access(path_of(bench, "monday/lock"), F_OK), 0);
    is_whole(bench, "monday", &report);

    fails(bench, SOUK_EINVAL, "it is there already");
    recorded_many(&bench->recorded, "stock", "a", "k", 1, TIME_MS);
    bench->config.name = "tuesday";
    make(bench, &report);
    assert_int_equal(report.manifest.streams[1].head.number, 3);
    assert_int_equal(entries(bench), 2);
    is_whole(bench, "tuesday", &report);
}

static void
what_is_damaged_is_no_backup(void **state)
{
    struct bench *bench = *state;

    recorded_damage(&bench->recorded, 4);
    fails(bench, SOUK_EDAMAGED, "stream stock behind 1.0");
    assert_int_equal(entries(bench), 0);
}

static bool
not_any_more(void *arg)
{
    unsigned *left = arg;

    return (*left)-- != 0;
}

static void
it_can_be_told_to_stop(void **state)
{
    struct bench *bench = *state;

    for (unsigned asks = 0; asks < 2; asks++) {         /* once for each stream */
        unsigned left = asks;

        bench->config.goes_on = not_any_more;
        bench->config.goes_on_arg = &left;
        fails(bench, SOUK_EBUSY, "told to stop");
        assert_int_equal(entries(bench), 0);
    }
}

/* Half a copy, of an earlier process. */
static void
what_a_crash_has_left_is_replaced(void **state)
{
    struct bench *bench = *state;
    struct souk_backup_report report;
    FILE *file;

    assert_int_equal(mkdir(bench->directory, 0700), 0);
    assert_int_equal(mkdir(path_of(bench, "monday.part"), 0700), 0);
    assert_non_null(file = fopen(path_of(bench, "monday.part/data.new"), "w"));
    assert_true(fputs("half", file) >= 0);
    assert_int_equal(fclose(file), 0);
    make(bench, &report);
    assert_int_equal(entries(bench), 1);
    is_whole(bench, "monday", &report);
}

static void
names_and_places_that_cannot_be(void **state)
{
    struct bench *bench = *state;
    static const char *const names[] = { "", ".", "..", ".hidden", "a/b", "/tmp", "a b", "a\n", "\xc3\xa4" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bench->config.name = names[i];
        fails(bench, SOUK_EINVAL, "cannot be its name");
    }
    bench->config.name = "monday";
    bench->config.directory = "/dev/null/backups";
    fails(bench, SOUK_EIO, "it cannot be made");
}

static void *
make_beside(void *arg)
{
    struct running *running = arg;

    atomic_store(&running->begun, true);
    running->rc = souk_backup(&running->config, &running->report, &running->err);
    return NULL;
}

/* The writer goes on meanwhile; the backup is one moment of it. */
static void
it_is_made_while_the_event_store_records(void **state)
{
    struct bench *bench = *state;
    struct running running = { .config = bench->config, .rc = 1 };
    pthread_t thread;

    for (int i = 0; i < 200; i++)
        recorded_many(&bench->recorded, i % 2 == 0 ? "orders" : "stock", "a", "k", 1000, TIME_MS);
    assert_int_equal(pthread_create(&thread, NULL, make_beside, &running), 0);
    for (int i = 0; i < 200; i++)
        recorded_many(&bench->recorded, i % 2 == 0 ? "orders" : "stock", "a", "k", 10, TIME_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    if (running.rc != 0)
        fail_msg("%s", running.err.text);
    assert_true(running.report.manifest.log_position >= 205 && running.report.manifest.log_position <= 405);
    assert_int_equal(running.report.manifest.batches, running.report.manifest.log_position);
    is_whole(bench, "monday", &running.report);
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        ON(a_backup_is_a_store),
        ON(what_is_damaged_is_no_backup),
        ON(it_can_be_told_to_stop),
        ON(what_a_crash_has_left_is_replaced),
        ON(names_and_places_that_cannot_be),
        ON(it_is_made_while_the_event_store_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
