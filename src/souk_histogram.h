/*
 * souk_histogram - how often which value came: percentiles of millions of
 * values in 30 KB.
 *
 * A value is counted in a bucket that is at most a 64th of it wide, whatever
 * its size; so a percentile is right to 1.6 per cent. What is smaller than 64
 * is counted exactly.
 */
#ifndef SOUK_HISTOGRAM_H
#define SOUK_HISTOGRAM_H

#include <stdint.h>

#define SOUK_HISTOGRAM_STEPS 64                 /* buckets from a power of two to the next one */
#define SOUK_HISTOGRAM_BUCKETS (SOUK_HISTOGRAM_STEPS * (64 - 6 + 1))
#define SOUK_HISTOGRAM_LINES_MAX 65

struct souk_histogram {
    uint64_t count, min, max;
    double sum;
    uint64_t buckets[SOUK_HISTOGRAM_BUCKETS];
};

/* A line of its picture: values from `from` up to, and not with, twice `from` (the first: 0). */
struct souk_histogram_line {
    uint64_t from, count;
};

/* Zeroed is empty. */
void souk_histogram_add(struct souk_histogram *histogram, uint64_t value);
/* The value that `per_mille` thousandths of all do not exceed, at most 1.6 % too high. 0 of an empty one. */
uint64_t souk_histogram_at(const struct souk_histogram *histogram, unsigned per_mille);
/* The powers of two between the lowest and the highest value. Gives their number. */
unsigned souk_histogram_lines(const struct souk_histogram *histogram,
    struct souk_histogram_line lines_out[SOUK_HISTOGRAM_LINES_MAX]);

#endif
