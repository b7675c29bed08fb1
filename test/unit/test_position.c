/*
 * Places in histories: what is before what, and how rows hold them; places in
 * the log of an event store as text.
 */
#include "souk_log_position.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct souk_epoch first = { 1, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const struct souk_epoch twin = { 1, { 1, 2, 3, 4, 5, 6, 7, 9 } };    /* of a copied store */
static const struct souk_epoch second = { 2, { 9 } };

static struct souk_point
at(struct souk_epoch epoch, uint64_t number)
{
    return (struct souk_point){ epoch, number };
}

static void
an_epoch_is_its_counter_and_its_bits(void **state)
{
    assert_true(souk_epoch_equal(first, first));
    assert_false(souk_epoch_equal(first, twin));
    assert_false(souk_epoch_equal(first, (struct souk_epoch){ 2, { 1, 2, 3, 4, 5, 6, 7, 8 } }));
}

static void
positions_differ_in_epoch_number_or_hash(void **state)
{
    const struct souk_position here = { first, 7, { { 1 } } };
    struct souk_position there = here;

    assert_true(souk_position_equal(&here, &there));
    there.epoch = twin;
    assert_false(souk_position_equal(&here, &there));
    there = here;
    there.number++;
    assert_false(souk_position_equal(&here, &there));
    assert_true(souk_point_equal(souk_point_of(&here), at(first, 7)));
    assert_false(souk_point_equal(souk_point_of(&there), at(first, 7)));
    there = here;
    there.hash.bytes[SOUK_HASH_BYTES - 1] ^= 1;
    assert_false(souk_position_equal(&here, &there));
    assert_true(souk_point_equal(souk_point_of(&here), souk_point_of(&there)));
}

static void
only_counter_0_is_before_everything(void **state)
{
    const struct souk_position zero = { .number = 0 }, none_yet = { .epoch = first };

    assert_true(souk_position_is_zero(&zero));
    assert_false(souk_position_is_zero(&none_yet));
}

static void
a_cause_is_satisfied_at_its_number_and_in_any_later_epoch(void **state)
{
    assert_false(souk_point_satisfied(at(first, 5), at(first, 4)));
    assert_true(souk_point_satisfied(at(first, 5), at(first, 5)));
    assert_true(souk_point_satisfied(at(first, 5), at(first, 6)));
    assert_true(souk_point_satisfied(at(first, 5), at(second, 1)));         /* whatever became of it is known by then */
    assert_false(souk_point_satisfied(at(second, 1), at(first, 100)));
    assert_false(souk_point_satisfied(at(first, 5), at(twin, 100)));
    assert_false(souk_point_satisfied(at(first, 1), at((struct souk_epoch){ 0, { 0 } }, 0)));
}

static void
points_of_twins_say_nothing_of_each_other(void **state)
{
    assert_true(souk_point_above(at(first, 6), at(first, 5)));
    assert_false(souk_point_above(at(first, 5), at(first, 5)));
    assert_false(souk_point_above(at(first, 5), at(first, 6)));
    assert_true(souk_point_above(at(second, 1), at(first, 100)));
    assert_false(souk_point_above(at(first, 100), at(second, 1)));
    assert_false(souk_point_above(at(first, 6), at(twin, 5)));
    assert_false(souk_point_above(at(twin, 5), at(first, 6)));
}

static void
a_point_is_covered_by_whoever_has_it_in_its_past(void **state)
{
    assert_true(souk_point_covered(at(first, 5), at(first, 5)));
    assert_true(souk_point_covered(at(first, 4), at(first, 5)));
    assert_false(souk_point_covered(at(first, 6), at(first, 5)));
    assert_true(souk_point_covered(at(first, 100), at(second, 1)));
    assert_false(souk_point_covered(at(second, 1), at(first, 100)));
    assert_false(souk_point_covered(at(twin, 1), at(first, 100)));
}

static void
numbers_in_rows_sort_like_numbers(void **state)
{
    static const uint64_t rising[] = { 0, 1, 255, 256, 65535, 65536, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
        UINT64_MAX - 1, UINT64_MAX };
    uint8_t before[8], bytes[8];

    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        souk_put_u64(bytes, rising[i]);
        assert_true(souk_get_u64(bytes) == rising[i]);
        assert_true(i == 0 || memcmp(before, bytes, sizeof bytes) < 0);
        memcpy(before, bytes, sizeof bytes);
    }
    for (size_t i = 0; i < sizeof rising / sizeof rising[0] && rising[i] <= UINT32_MAX; i++) {
        souk_put_u32(bytes, (uint32_t)rising[i]);
        assert_int_equal(souk_get_u32(bytes), rising[i]);
        assert_true(i == 0 || memcmp(before, bytes, 4) < 0);
        memcpy(before, bytes, 4);
    }
}

static void
a_row_holds_a_position_in_52_bytes(void **state)
{
    static const uint8_t expected[SOUK_POINT_BYTES] = { 1, 2, 3, 4, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };
    const struct souk_position position = { { 0x01020304, { 9 } }, 7, { { 5, 6 } } };
    const struct souk_point point = souk_point_of(&position);
    uint8_t bytes[SOUK_POSITION_BYTES];
    struct souk_position back;
    struct souk_point point_back;

    souk_point_encode(&point, bytes);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(souk_point_decode((struct souk_slice){ bytes, SOUK_POINT_BYTES }, &point_back), 0);
    assert_true(souk_point_equal(point, point_back));
    souk_position_encode(&position, bytes);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_memory_equal(bytes + SOUK_POINT_BYTES, position.hash.bytes, SOUK_HASH_BYTES);
    assert_int_equal(souk_position_decode((struct souk_slice){ bytes, sizeof bytes }, &back), 0);
    assert_true(souk_position_equal(&position, &back));
}

static void
a_row_of_another_size_is_damaged(void **state)
{
    uint8_t bytes[SOUK_POSITION_BYTES + 1] = { 0 };
    struct souk_position position;
    struct souk_point point;

    for (size_t size = 0; size <= sizeof bytes; size++) {
        assert_int_equal(souk_position_decode((struct souk_slice){ bytes, size }, &position),
            size == SOUK_POSITION_BYTES ? 0 : -SOUK_EDAMAGED);
        assert_int_equal(souk_point_decode((struct souk_slice){ bytes, size }, &point),
            size == SOUK_POINT_BYTES ? 0 : -SOUK_EDAMAGED);
    }
}

/* As keys have them: 32 bytes, and nothing behind the name. */
static void
a_name_in_a_key_has_an_end_and_zeros_behind_it(void **state)
{
    static const char *const bad[] = { "\0\0", "Orders\0", "or ders\0", "orders\0x" };
    char bytes[SOUK_NAME_BYTES_MAX + 1];
    struct souk_name name;

    for (size_t length = 1; length <= sizeof bytes; length++) {
        memset(bytes, 0, sizeof bytes);
        memset(bytes, 'o', length);
        assert_int_equal(souk_name_decode(bytes, &name), length < sizeof bytes ? 0 : -SOUK_EDAMAGED);
        if (length < sizeof bytes)
            assert_memory_equal(name.text, bytes, sizeof bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, bad[i], strlen(bad[i]) + 2);
        assert_int_equal(souk_name_decode(bytes, &name), -SOUK_EDAMAGED);
    }
}

static void
a_name_has_1_to_31_letters_digits_hyphens_and_dots(void **state)
{
    static const char *const good[] = { "a", "z", "orders", "orders.private", "log-a", "a1", "a.-.", "z0123456789",
        "abcdefghijklmnopqrstuvwxyzabcde" };
    static const char *const bad[] = { "", "1a", "-a", ".a", "A", "aB", "a b", "a_b", "a/b", "\xc3\xa9", "a\x7f", "a\n",
        "abcdefghijklmnopqrstuvwxyzabcdef" };
    struct souk_name name;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        memset(&name, 'x', sizeof name);
        assert_true(souk_name_valid(souk_slice_of(good[i])));
        assert_int_equal(souk_name_set(&name, souk_slice_of(good[i])), 0);
        assert_string_equal(name.text, good[i]);
        for (size_t k = strlen(good[i]); k < sizeof name.text; k++)
            assert_int_equal(name.text[k], 0);
        assert_true(souk_slice_equal(souk_name_slice(&name), souk_slice_of(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&name, 'x', sizeof name);
        assert_false(souk_name_valid(souk_slice_of(bad[i])));
        assert_int_equal(souk_name_set(&name, souk_slice_of(bad[i])), -SOUK_EINVAL);
        assert_int_equal(name.text[0], 'x');
    }
    assert_false(souk_name_valid((struct souk_slice){ "a\0b", 3 }));
}

static void
a_log_position_is_written_and_read_again(void **state)
{
    static const uint8_t incarnation[SOUK_INCARNATION_BYTES] = { 0x3f, 0x2a, 0x91, 0xc0, 0x00, 0x11, 0x22, 0xff };
    static const char *const names[] = { "a", "es1", "es.1", "es-1.beef", "abcdefghijklmnopqrstuvwxyzabcde" };
    static const uint64_t numbers[] = { 1, 9, 123456, UINT64_MAX };
    char text[SOUK_LOG_POSITION_BYTES + 1];
    struct souk_log_position position;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            souk_log_position_format(souk_slice_of(names[i]), incarnation, numbers[k], text);
            assert_int_equal(souk_log_position_parse(text, &position), 0);
            assert_string_equal(position.store.text, names[i]);
            assert_string_equal(position.digits, "3f2a91c0");
            assert_int_equal(position.number, numbers[k]);
            assert_true(souk_log_position_is_of(&position, incarnation));
        }
    }
    assert_string_equal(text, "abcdefghijklmnopqrstuvwxyzabcde.3f2a91c0:18446744073709551615");
    assert_int_equal(strlen(text), SOUK_LOG_POSITION_BYTES);
}

static void
a_log_position_has_1_to_16_digits_of_its_incarnation(void **state)
{
    static const uint8_t incarnation[SOUK_INCARNATION_BYTES] = { 0x3f, 0x2a, 0x91, 0xc0, 0x00, 0x11, 0x22, 0xff };
    static const struct {
        const char *text;
        bool is_of;
    } good[] = {
        { "es1.3:1", true }, { "es1.3f2a91c0:1", true }, { "es1.3f2a91c0001122ff:1", true },
        { "es1.4:1", false }, { "es1.3f2a91c1:1", false }, { "es1.3f2a91c0001122fe:1", false },
    };
    static const char *const bad[] = { "", ":", ".:", "es1", "es1:1", "es1.:1", "es1.3f2a91c0001122ff0:1", "es1.3F:1",
        "es1.g:1", "es1. 3:1", ".3:1", "1es.3:1", "ES.3:1", "es1.3", "es1.3:", "es1.3:0", "es1.3:01", "es1.3:-1",
        "es1.3:+1", "es1.3: 1", "es1.3:1 ", "es1.3:1x", "es1.3:18446744073709551616", "es1.3:1:1",
        "abcdefghijklmnopqrstuvwxyzabcdef.3:1" };
    struct souk_log_position position;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(souk_log_position_parse(good[i].text, &position), 0);
        assert_true(souk_log_position_is_of(&position, incarnation) == good[i].is_of);
    }
    position.number = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(souk_log_position_parse(bad[i], &position), -SOUK_EINVAL);
    assert_int_equal(position.number, 77);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_its_counter_and_its_bits),
        cmocka_unit_test(positions_differ_in_epoch_number_or_hash),
        cmocka_unit_test(only_counter_0_is_before_everything),
        cmocka_unit_test(a_cause_is_satisfied_at_its_number_and_in_any_later_epoch),
        cmocka_unit_test(points_of_twins_say_nothing_of_each_other),
        cmocka_unit_test(a_point_is_covered_by_whoever_has_it_in_its_past),
        cmocka_unit_test(numbers_in_rows_sort_like_numbers),
        cmocka_unit_test(a_row_holds_a_position_in_52_bytes),
        cmocka_unit_test(a_row_of_another_size_is_damaged),
        cmocka_unit_test(a_name_in_a_key_has_an_end_and_zeros_behind_it),
        cmocka_unit_test(a_name_has_1_to_31_letters_digits_hyphens_and_dots),
        cmocka_unit_test(a_log_position_is_written_and_read_again),
        cmocka_unit_test(a_log_position_has_1_to_16_digits_of_its_incarnation),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
