#include "souk_histogram.h"

#define STEP_BITS 6                     /* SOUK_HISTOGRAM_STEPS is 1 << this */

static unsigned bucket_of(uint64_t value);
static uint64_t bucket_last(unsigned bucket);

void
souk_histogram_add(struct souk_histogram *histogram, uint64_t value)
{
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    histogram->sum += (double)value;
    histogram->buckets[bucket_of(value)]++;
}

uint64_t
souk_histogram_at(const struct souk_histogram *histogram, unsigned per_mille)
{
    const uint64_t wanted = (histogram->count * per_mille + 999) / 1000;
    uint64_t seen = 0;
    uint64_t last;

    for (unsigned bucket = 0; bucket < SOUK_HISTOGRAM_BUCKETS && histogram->count > 0; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen == 0 || seen < wanted)
            continue;
        last = bucket_last(bucket);
        return last < histogram->max ? last : histogram->max;
    }
    return 0;
}

unsigned
souk_histogram_lines(const struct souk_histogram *histogram,
    struct souk_histogram_line lines_out[SOUK_HISTOGRAM_LINES_MAX])
{
    unsigned count = 0;
    uint64_t from = 0;

    while (histogram->count > 0 && from <= histogram->max) {
        const uint64_t next = from == 0 ? 1 : from > UINT64_MAX / 2 ? UINT64_MAX : 2 * from;

        if (next > histogram->min || next == UINT64_MAX) {
            lines_out[count] = (struct souk_histogram_line){ .from = from };
            for (unsigned bucket = bucket_of(from); bucket < SOUK_HISTOGRAM_BUCKETS
                && bucket_last(bucket) - from <= next - 1 - from + (next == UINT64_MAX); bucket++)
                lines_out[count].count += histogram->buckets[bucket];
            count++;
        }
        if (next == UINT64_MAX)
            break;
        from = next;
    }
    return count;
}

/* Values below SOUK_HISTOGRAM_STEPS are buckets; from there on the highest bits of a value and their place say which. */
static unsigned
bucket_of(uint64_t value)
{
    unsigned shift;

    if (value < SOUK_HISTOGRAM_STEPS)
        return (unsigned)value;
    shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
    return (shift + 1) * SOUK_HISTOGRAM_STEPS + (unsigned)(value >> shift) - SOUK_HISTOGRAM_STEPS;
}

/* The highest value in it. */
static uint64_t
bucket_last(unsigned bucket)
{
    const unsigned shift = bucket / SOUK_HISTOGRAM_STEPS;
    const uint64_t step = bucket % SOUK_HISTOGRAM_STEPS + SOUK_HISTOGRAM_STEPS;

    if (shift == 0)
        return bucket;
    /* Of the last bucket this wraps to the greatest value there is. */
    return ((step + 1) << (shift - 1)) - 1;
}
