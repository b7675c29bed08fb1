/*
 * The histogram of souk bench: what is counted where, and what is said of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "souk_histogram.h"

static struct souk_histogram *
empty(void)
{
    struct souk_histogram *histogram = calloc(1, sizeof *histogram);

    assert_non_null(histogram);
    return histogram;
}

static void
nothing_was_counted(void **state)
{
    struct souk_histogram_line lines[SOUK_HISTOGRAM_LINES_MAX];
    struct souk_histogram *histogram = empty();

    assert_int_equal(souk_histogram_at(histogram, 500), 0);
    assert_int_equal(souk_histogram_lines(histogram, lines), 0);
    free(histogram);
}

/* Below 64 a percentile is the value itself. */
static void
small_values_are_exact(void **state)
{
    struct souk_histogram *histogram = empty();

    for (uint64_t value = 0; value < SOUK_HISTOGRAM_STEPS; value++)
        for (int i = 0; i < 1000; i++)
            souk_histogram_add(histogram, value);
    assert_int_equal(histogram->count, 64000);
    for (unsigned i = 1; i <= 1000; i++)
        assert_int_equal(souk_histogram_at(histogram, i), (i * 64 + 999) / 1000 - 1);
    free(histogram);
}

/* A single value of any size is said at most a 64th too high, and never too low. */
static void
every_size_is_right_to_a_64th(void **state)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t power = UINT64_C(1) << bit;
        const uint64_t values[] = { power - 1, power, power + power / 3, power + (power - 1) };

        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            struct souk_histogram *histogram = empty();
            uint64_t said;

            souk_histogram_add(histogram, values[i]);
            souk_histogram_add(histogram, UINT64_MAX);  /* else the most would be said */
            said = souk_histogram_at(histogram, 500);
            assert_true(said >= values[i]);
            assert_true(said - values[i] <= values[i] / SOUK_HISTOGRAM_STEPS);
            free(histogram);
        }
    }
}

static void
percentiles_of_a_thousand(void **state)
{
    struct souk_histogram *histogram = empty();

    for (uint64_t value = 1000; value > 0; value--)
        souk_histogram_add(histogram, value);
    assert_int_equal(histogram->min, 1);
    assert_int_equal(histogram->max, 1000);
    assert_in_range(souk_histogram_at(histogram, 500), 500, 507);
    assert_in_range(souk_histogram_at(histogram, 990), 990, 1000);
    assert_int_equal(souk_histogram_at(histogram, 1000), 1000);
    free(histogram);
}

/* Each value stands in one line; lines begin and end where values are. */
static void
lines_have_every_value_once(void **state)
{
    const uint64_t values[] = { 0, 1, 2, 3, 64, 127, 128, 1000, UINT64_MAX / 2, UINT64_MAX / 2 + 1, UINT64_MAX };
    struct souk_histogram_line lines[SOUK_HISTOGRAM_LINES_MAX];
    struct souk_histogram *histogram = empty();
    uint64_t sum = 0;
    unsigned count;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        souk_histogram_add(histogram, values[i]);
    count = souk_histogram_lines(histogram, lines);
    assert_int_equal(count, SOUK_HISTOGRAM_LINES_MAX);
    for (unsigned i = 0; i < count; i++) {
        uint64_t expected = 0;

        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            expected += values[k] >= lines[i].from && (i + 1 == count || values[k] < lines[i + 1].from);
        assert_int_equal(lines[i].count, expected);
        sum += lines[i].count;
    }
    assert_int_equal(sum, histogram->count);
    free(histogram);

    histogram = empty();
    souk_histogram_add(histogram, 100);
    souk_histogram_add(histogram, 300);
    assert_int_equal(souk_histogram_lines(histogram, lines), 3);
    assert_int_equal(lines[0].from, 64);
    assert_int_equal(lines[0].count, 1);
    assert_int_equal(lines[1].count, 0);
    assert_int_equal(lines[2].from, 256);
    assert_int_equal(lines[2].count, 1);
    free(histogram);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_was_counted),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(every_size_is_right_to_a_64th),
        cmocka_unit_test(percentiles_of_a_thousand),
        cmocka_unit_test(lines_have_every_value_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
