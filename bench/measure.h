/*
 * measure - what the measuring programs share: a clock, medians, sample
 * events, and a directory for a store that is gone afterwards.
 *
 * Nothing in here returns an error: a measurement that fails ends the program
 * with a sentence.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "souk_batch.h"
#include "souk_store.h"

#define MEASURE_ROUNDS_MAX 31
#define MEASURE_PAYLOAD_BYTES_MAX 1024

uint64_t measure_now_ns(void);
/* Of this thread's work only: what waits for nothing is measured with it, whoever else is busy. */
uint64_t measure_cpu_ns(void);

/* The figures of some rounds. */
struct measure_rounds {
    uint32_t count;
    double values[MEASURE_ROUNDS_MAX];
};
void measure_add(struct measure_rounds *rounds, double value);
double measure_median(const struct measure_rounds *rounds);

/* End the program unless `rc` is 0. */
void measure_check(int rc, const char *what);
/* The next argument of an option, or the end of the program. */
const char *measure_argument(char **argv, int *at);
/* The same, a number between 1 and `value_max`. */
uint32_t measure_number(char **argv, int *at, uint32_t value_max);

/* A store in a new directory below `parent`. */
struct measure_store {
    char path[4096];
    struct souk_store *store;
};
void measure_store_open(struct measure_store *measured, const char *parent, bool simulated);
/* Close it and remove its directory. */
void measure_store_done(struct measure_store *measured);
uint64_t measure_store_bytes(struct measure_store *measured);

/* How many us a write of 4 KiB at the end of a file in `parent` and an fdatasync(2) take: the median of 200. */
double measure_sync_us(const char *parent);

/* The place of the first batch of a stream. */
void measure_place(struct souk_batch_place *place_out);
/* The event with that number: caused by a command of its own, its payload of `payload_bytes` that do not repeat. */
void measure_event(uint64_t number, size_t payload_bytes, struct souk_event *event_out, uint8_t key[16]);

#endif
