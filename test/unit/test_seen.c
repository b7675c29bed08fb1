/*
 * What somebody has seen, as text and added up.
 */
#include "souk_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POSTS "posts=2.00c0ffee00c0ffee:17"

static int
parse(const char *text, struct souk_seen *seen)
{
    seen->count = 0;
    return souk_seen_parse(souk_slice_of(text), seen);
}

/* `count` cursors of streams s0, s1 and so on. */
static void
many(unsigned count, char *text_out)
{
    unsigned i;

    text_out[0] = '\0';
    for (i = 0; i < count; i++)
        (void)sprintf(text_out + strlen(text_out), "%ss%u=1.0000000000000000:%u", i == 0 ? "" : ",", i, i);
}

static void
what_is_written_is_read(void **state)
{
    const char *text = POSTS
        ",comments.internal=4294967295.ffffffffffffffff:18446744073709551615,a=0.0000000000000000:0";
    char again[SOUK_SEEN_TEXT_BYTES];
    struct souk_seen seen;

    assert_int_equal(parse(text, &seen), 0);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.cursors[0].stream.text, "posts");
    assert_int_equal(seen.cursors[0].point.epoch.counter, 2);
    assert_int_equal(seen.cursors[0].point.epoch.bits[1], 0xc0);
    assert_int_equal(seen.cursors[0].point.number, 17);
    assert_int_equal(souk_seen_format(&seen, again), strlen(text));
    assert_string_equal(again, text);
}

static void
what_is_no_cursor_is_refused(void **state)
{
    const char *const wrong[] = { "", ",", POSTS ",", "," POSTS, "posts", "posts=", "posts=2",
        "posts=2.00c0ffee00c0ffee",
        "posts=2.00c0ffee00c0ffee:", "posts=2.00c0ffee00c0ffe:17", "posts=2.00c0ffee00c0ffee0:17",
        "posts=2.00c0ffee00c0ffeg:17", "posts=2.00c0ffee00C0ffee:17", "posts=-2.00c0ffee00c0ffee:17", "posts=+2.00c0ffee00c0ffee:17",
        "posts= 2.00c0ffee00c0ffee:17", "posts=02.00c0ffee00c0ffee:17", "posts=4294967296.00c0ffee00c0ffee:17",
        "posts=2.00c0ffee00c0ffee:18446744073709551616", "posts=2.00c0ffee00c0ffee:17 ", " " POSTS,
        "Posts=2.00c0ffee00c0ffee:17", "=2.00c0ffee00c0ffee:17", "posts=2:00c0ffee00c0ffee:17",
        "posts=2.00c0ffee00c0ffee.17", POSTS ";" POSTS, POSTS "," POSTS };
    struct souk_seen seen;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (parse(wrong[i], &seen) != -SOUK_EINVAL)
            fail_msg("`%s` was taken", wrong[i]);
    }
}

static void
there_are_thirty_two_at_most(void **state)
{
    char text[SOUK_SEEN_TEXT_BYTES + SOUK_SEEN_CURSOR_BYTES];
    struct souk_seen seen;

    many(SOUK_WIRE_SEEN_MAX, text);
    assert_int_equal(parse(text, &seen), 0);
    assert_int_equal(seen.count, SOUK_WIRE_SEEN_MAX);
    many(SOUK_WIRE_SEEN_MAX + 1, text);
    assert_int_equal(parse(text, &seen), -SOUK_ETOOBIG);
}

static void
the_longest_fit_into_the_text(void **state)
{
    char text[SOUK_SEEN_TEXT_BYTES];
    struct souk_seen seen = { .count = SOUK_WIRE_SEEN_MAX };
    uint32_t i;

    memset(seen.cursors, 0xff, sizeof seen.cursors);
    for (i = 0; i < SOUK_WIRE_SEEN_MAX; i++) {
        memset(seen.cursors[i].stream.text, 'a', SOUK_NAME_BYTES_MAX);
        seen.cursors[i].stream.text[SOUK_NAME_BYTES_MAX] = '\0';
    }
    assert_true(souk_seen_format(&seen, text) < sizeof text);
}

static void
the_further_one_of_a_stream_stays(void **state)
{
    struct souk_seen seen, more;

    assert_int_equal(parse("a=1.0000000000000000:5,b=1.0000000000000000:5,c=2.0000000000000000:5", &seen), 0);
    assert_int_equal(parse("a=1.0000000000000000:6,b=1.0000000000000000:4,c=1.0000000000000000:9,"
        "d=1.0000000000000000:1",
        &more), 0);
    souk_seen_add(&seen, more.cursors, more.count);
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.cursors[0].point.number, 6);
    assert_int_equal(seen.cursors[1].point.number, 5);
    assert_int_equal(seen.cursors[2].point.epoch.counter, 2);
    assert_string_equal(seen.cursors[3].stream.text, "d");
}

static void
what_has_no_room_is_left_out(void **state)
{
    char text[SOUK_SEEN_TEXT_BYTES];
    struct souk_seen seen, more;

    many(SOUK_WIRE_SEEN_MAX, text);
    assert_int_equal(parse(text, &seen), 0);
    assert_int_equal(parse("new=1.0000000000000000:1,s0=1.0000000000000000:99", &more), 0);
    souk_seen_add(&seen, more.cursors, more.count);
    assert_int_equal(seen.count, SOUK_WIRE_SEEN_MAX);
    assert_int_equal(seen.cursors[0].point.number, 99);
    assert_string_equal(seen.cursors[SOUK_WIRE_SEEN_MAX - 1].stream.text, "s31");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_no_cursor_is_refused),
        cmocka_unit_test(there_are_thirty_two_at_most),
        cmocka_unit_test(the_longest_fit_into_the_text),
        cmocka_unit_test(the_further_one_of_a_stream_stays),
        cmocka_unit_test(what_has_no_room_is_left_out),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
