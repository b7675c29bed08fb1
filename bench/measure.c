#include "measure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STORE_BYTES_MAX (UINT64_C(4) << 30)
#define TIME_MS UINT64_C(1700000000000)
#define SYNCS 200

static int compare(const void *a, const void *b);

uint64_t
measure_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
measure_cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
measure_add(struct measure_rounds *rounds, double value)
{
    if (rounds->count < MEASURE_ROUNDS_MAX)
        rounds->values[rounds->count++] = value;
}

double
measure_median(const struct measure_rounds *rounds)
{
    struct measure_rounds sorted = *rounds;

    if (sorted.count == 0)
        return 0;
    qsort(sorted.values, sorted.count, sizeof sorted.values[0], compare);
    return sorted.values[sorted.count / 2];
}

static int
compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

void
measure_check(int rc, const char *what)
{
    if (rc == 0)
        return;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s\n", what, souk_error_name(rc));
    exit(1);
}

const char *
measure_argument(char **argv, int *at)
{
    if (argv[*at + 1] == NULL) {
        (void)fprintf(stderr, "%s: an argument is missing\n", argv[*at]);
        exit(2);
    }
    return argv[++*at];
}

uint32_t
measure_number(char **argv, int *at, uint32_t value_max)
{
    const char *option = argv[*at];
    char *end;
    unsigned long value = strtoul(measure_argument(argv, at), &end, 10);

    if (*end != '\0' || value < 1 || value > value_max) {
        (void)fprintf(stderr, "%s: a number from 1 to %u is wanted\n", option, (unsigned)value_max);
        exit(2);
    }
    return (uint32_t)value;
}

/* ---- stores --------------------------------------------------------- */

void
measure_store_open(struct measure_store *measured, const char *parent, bool simulated)
{
    struct souk_store_config config = { .bytes_max = STORE_BYTES_MAX, .simulated = simulated };
    struct souk_error err = { 0 };
    int rc;

    (void)snprintf(measured->path, sizeof measured->path, "%s/bench.XXXXXX", parent);
    if (mkdtemp(measured->path) == NULL) {
        (void)fprintf(stderr, "%s: %s\n", measured->path, strerror(errno));
        exit(1);
    }
    config.path = measured->path;
    rc = souk_store_open(&config, &measured->store, &err);
    measure_check(rc, rc == 0 ? "" : err.text);
}

void
measure_store_done(struct measure_store *measured)
{
    struct dirent *entry;
    DIR *dir;

    souk_store_close(&measured->store);
    if ((dir = opendir(measured->path)) == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(measured->path);
}

uint64_t
measure_store_bytes(struct measure_store *measured)
{
    struct souk_store_room room;

    measure_check(souk_store_room(measured->store, &room), "room");
    return room.bytes_used;
}

double
measure_sync_us(const char *parent)
{
    static const uint8_t page[4096] = { 1 };
    double us[SYNCS];
    char path[4096];
    uint64_t began_ns;
    int fd;

    (void)snprintf(path, sizeof path, "%s/bench.XXXXXX", parent);
    if ((fd = mkstemp(path)) < 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    (void)unlink(path);
    for (int i = 0; i < SYNCS; i++) {
        began_ns = measure_now_ns();
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0)
            measure_check(-SOUK_EIO, path);
        us[i] = (double)(measure_now_ns() - began_ns) / 1e3;
    }
    (void)close(fd);
    qsort(us, SYNCS, sizeof us[0], compare);
    return us[SYNCS / 2];
}

/* ---- events --------------------------------------------------------- */

void
measure_place(struct souk_batch_place *place_out)
{
    const struct souk_epoch epoch = { 1, "measure" };

    memset(place_out, 0, sizeof *place_out);
    measure_check(souk_name_set(&place_out->stream, souk_slice_of("orders")), "name");
    place_out->epoch = epoch;
    place_out->after.epoch = epoch;
    place_out->time_ms = TIME_MS;
    place_out->commit = 1;
    place_out->places = 1;
}

void
measure_event(uint64_t number, size_t payload_bytes, struct souk_event *event_out, uint8_t key[16])
{
    static uint8_t noise[64 * 1024 + MEASURE_PAYLOAD_BYTES_MAX];
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);

    if (noise[0] == 0)
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)(i * i * 31 + (i >> 3) + 7);
    souk_put_u64(key, number);
    souk_put_u64(key + 8, mixed);
    memset(event_out, 0, sizeof *event_out);
    event_out->type = souk_slice_of("orders.placed");
    event_out->key = (struct souk_slice){ key, 16 };
    event_out->payload = (struct souk_slice){ noise + mixed % (64 * 1024), payload_bytes };
    event_out->because.kind = SOUK_BY_COMMAND;
    event_out->because.caller = souk_slice_of("shop");
    memcpy(event_out->because.id.bytes, key, 16);
    event_out->correlation = event_out->because.id;
    event_out->time_ms = TIME_MS + number / 1000;
    event_out->version = 1;
}
