/*
 * What a description may not say, and what a later one may not change. Each
 * case is a few lines of ZPL and the sentence that is said about them.
 */
#include <souk-message.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "souk_evolution.h"
#include "souk_zpl.h"

#define FILE_NAME "shop.zpl"

#define TOP "application = shop\n    about = A shop.\n"
#define STREAM "stream = orders\n    about = Orders.\n    audience = public\n"
#define COMMAND "command = orders.place\n    about = Order.\n    fields\n        order_id = id\n        sku = text 40\n"
#define EVENT_HEAD "event = orders.placed\n    about = Ordered.\n    stream = orders\n    key = order_id\n" \
    "    after = orders.place\n"
#define EVENT EVENT_HEAD "    fields\n        order_id = id\n        units = u32 1..9\n"
#define FIELDS(lines) TOP "command = orders.place\n    about = Order.\n    fields\n" lines

/* The description in `text`, or NULL and what was said in `err`. */
static struct souk_description *
describe(const char *text, struct souk_error *err)
{
    char path[] = "/tmp/souk-test-XXXXXX";
    struct souk_description *description = NULL;
    char *at;
    int file = mkstemp(path);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    (void)close(file);
    *err = (struct souk_error){ 0 };
    if (souk_description_open(path, &description, err) != 0)
        assert_null(description);
    (void)unlink(path);
    /* The name of the file is another one each time. */
    if ((at = strstr(err->text, path)) != NULL) {
        memmove(at + strlen(FILE_NAME), at + strlen(path), strlen(at + strlen(path)) + 1);
        memcpy(at, FILE_NAME, strlen(FILE_NAME));
    }
    return description;
}

static void
expect_refused(const char *text, const char *sentence)
{
    struct souk_description *description;
    struct souk_error err;

    description = describe(text, &err);
    if (description != NULL)
        print_error("taken, though: %s\n", sentence);
    assert_null(description);
    assert_int_equal(err.code, SOUK_EINVAL);
    assert_string_equal(err.text, sentence);
}

static void
expect_taken(const char *text)
{
    struct souk_description *description;
    struct souk_error err;

    description = describe(text, &err);
    assert_string_equal(err.text, "");
    assert_non_null(description);
    souk_description_close(&description);
    assert_null(description);
}

/* ---- ZPL ------------------------------------------------------------ */

static void
lines_that_are_not_zpl_are_pointed_at(void **state)
{
    expect_refused("application = shop\n\tabout = A shop.\n",
        "shop.zpl:2: a tab; what is further in begins with 4 spaces for each level");
    expect_refused("application = shop\n  about = A shop.\n", "shop.zpl:2: 2 spaces in front; 4 for each level");
    expect_refused("application = shop\n        about = A shop.\n",
        "shop.zpl:2: too far in: nothing stands above it that it could belong to");
    expect_refused("    application = shop\n",
        "shop.zpl:1: too far in: nothing stands above it that it could belong to");
    expect_refused("application =\n", "shop.zpl:1: a value is missing behind `=`; an empty one is \"\"");
    expect_refused("application = # shop\n", "shop.zpl:1: a value is missing behind `=`; an empty one is \"\"");
    expect_refused("application = \"shop\n", "shop.zpl:1: the closing \" is missing");
    expect_refused("application = 'shop' x\n", "shop.zpl:1: `x` behind a quoted value");
    expect_refused("application shop\n", "shop.zpl:1: `=` is meant behind the name, not `shop`");
    expect_refused("= shop\n", "shop.zpl:1: a name is meant, not `= shop`");
    expect_refused("/application = shop\n", "shop.zpl:1: a name cannot begin or end with a slash");
    expect_refused("application = a#b\n", "shop.zpl:1: # would begin a comment here: quote the value");
    expect_refused("application = shop\r\n", "shop.zpl:1: byte 0d is no text");
    expect_refused("#\n\n\xff\n", "shop.zpl: is not UTF-8");
    expect_refused("\xc3\xa9 = x\n", "shop.zpl:1: a name is meant, not `\xc3\xa9 = x`");
    expect_refused("a\n    a\n        a\n            a\n                a\n                    a\n"
        "                        a\n                            a\n                                a\n",
        "shop.zpl:9: more than 8 levels");
    expect_refused("", "shop.zpl: `application` is missing");
    expect_refused("# nothing\n   \n", "shop.zpl: `application` is missing");
    expect_taken("application = 'shop'   # a comment\n    about = \"A # shop\"\n\n#x\n");
}

static void
a_line_ends_at_its_limit(void **state)
{
    char text[2 * SOUK_ZPL_LINE_BYTES_MAX];
    struct souk_zpl *zpl = NULL;
    struct souk_error err = { 0 };
    size_t size_bytes;

    for (size_bytes = SOUK_ZPL_LINE_BYTES_MAX; size_bytes <= SOUK_ZPL_LINE_BYTES_MAX + 30; size_bytes++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "a = ", 4);
        if (size_bytes == SOUK_ZPL_LINE_BYTES_MAX) {
            assert_int_equal(souk_zpl_parse("f", (struct souk_slice){ text, size_bytes }, &zpl, &err), 0);
            assert_int_equal(strlen(souk_zpl_root(zpl)->child->value), size_bytes - 4);
            souk_zpl_close(&zpl);
            continue;
        }
        assert_int_equal(souk_zpl_parse("f", (struct souk_slice){ text, size_bytes }, &zpl, &err), -SOUK_EINVAL);
        text[size_bytes - 1] = '\n';
        assert_int_equal(souk_zpl_parse("f", (struct souk_slice){ text, size_bytes }, &zpl, &err),
            size_bytes == SOUK_ZPL_LINE_BYTES_MAX + 1 ? 0 : -SOUK_EINVAL);
        souk_zpl_close(&zpl);
    }
}

static void
a_file_ends_at_its_limit(void **state)
{
    char *text = malloc(SOUK_ZPL_FILE_BYTES_MAX + 1);
    struct souk_zpl *zpl = NULL;
    struct souk_error err = { 0 };

    assert_non_null(text);
    memset(text, '\n', SOUK_ZPL_FILE_BYTES_MAX + 1);
    assert_int_equal(souk_zpl_parse("f", (struct souk_slice){ text, SOUK_ZPL_FILE_BYTES_MAX }, &zpl, &err), 0);
    souk_zpl_close(&zpl);
    assert_int_equal(souk_zpl_parse("f", (struct souk_slice){ text, SOUK_ZPL_FILE_BYTES_MAX + 1 }, &zpl, &err),
        -SOUK_ETOOBIG);
    free(text);
    assert_int_equal(souk_zpl_open("/nonexistent/x", &zpl, &err), -SOUK_ENOTFOUND);
    assert_string_equal(err.text, "/nonexistent/x: No such file or directory");
}

/* Any bytes are either refused or a tree that zconfig and the look at the lines agree on. */
static void
random_zpl_is_refused_or_read(void **state)
{
    static const char letters[] = "ab=#\"' \n    \n    \n/.-\t";
    uint64_t seed = 7;
    struct souk_zpl *zpl = NULL;
    struct souk_error err;
    char text[96];
    unsigned taken = 0;
    unsigned round;
    size_t i;

    for (round = 0; round < 50000; round++) {
        for (i = 0; i < sizeof text; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[i] = letters[(seed >> 33) % (sizeof letters - 1)];
        }
        if (souk_zpl_parse("f", (struct souk_slice){ text, (seed >> 20) % sizeof text }, &zpl, &err) == 0)
            taken++;
        souk_zpl_close(&zpl);
    }
    assert_in_range(taken, 1000, 49000);
}

static void
words_resemble_each_other_up_to_a_few_letters(void **state)
{
    const char *nearest = NULL;

    assert_int_equal(souk_zpl_distance("", ""), 0);
    assert_int_equal(souk_zpl_distance("", "abc"), 3);
    assert_int_equal(souk_zpl_distance("stream", "steram"), 1);
    assert_int_equal(souk_zpl_distance("kitten", "sitting"), 3);
    souk_zpl_nearer("key", "row", &nearest);
    assert_null(nearest);
    souk_zpl_nearer("abuot", "abott", &nearest);
    souk_zpl_nearer("abuot", "about", &nearest);
    souk_zpl_nearer("abuot", "abut", &nearest);
    assert_string_equal(nearest, "about");
}

/* ---- entries -------------------------------------------------------- */

static void
entries_that_cannot_be_meant_are_named(void **state)
{
    expect_refused("stream = x\n" TOP, "shop.zpl:1: `application` comes first");
    expect_refused(TOP "aplication = x\n", "shop.zpl:3: `aplication` is not known here; did you mean `application`?");
    expect_refused(TOP "wholly_unknown = x\n", "shop.zpl:3: `wholly_unknown` is not known here");
    expect_refused(TOP TOP, "shop.zpl:3: `application` is given twice, first in line 1");
    expect_refused("application = shop\n", "shop.zpl:1: `about` is missing below `application = shop`");
    expect_refused("application = Shop\n    about = x\n",
        "shop.zpl:1: `Shop` is no name for an application: it becomes part of names in C");
    expect_refused("application = shop\n    about\n", "shop.zpl:2: `about` needs a value: about = ...");
    expect_refused("application = shop\n    about = a\n        b = c\n", "shop.zpl:3: nothing can stand below `about`");
    expect_refused(TOP "refusals = x\n", "shop.zpl:3: `refusals` has no value; what it holds stands below it");
    expect_refused("application = shop\n    about = a /* b\n",
        "shop.zpl:2: what begins or ends a comment of C cannot be part of a value");
    expect_refused(TOP STREAM "stream = orders\n    about = x\n    audience = public\n",
        "shop.zpl:6: stream `orders` is there already");
    expect_refused(TOP "stream = orders\n    about = x\n    audience = everybody\n",
        "shop.zpl:5: audience `everybody`: public, internal or private is meant");
    expect_refused(TOP "stream = Orders\n    about = x\n    audience = public\n",
        "shop.zpl:3: `Orders` is no name for a stream");
    expect_refused(TOP "enum = state\n    about = x\n    values\n", "shop.zpl:5: enum `state` has no values");
    expect_refused(TOP "enum = state\n    about = x\n    values\n        a = 1\n        b = 1\n",
        "shop.zpl:7: number 1 is `a` already");
    expect_refused(TOP "enum = state\n    about = x\n    values\n        a = 1\n        a = 2\n",
        "shop.zpl:7: value `a` is there already");
    expect_refused(TOP "enum = state\n    about = x\n    values\n        a = 65536\n",
        "shop.zpl:6: `a`: a number from 0 to 65535 is meant, not `65536`");
    expect_refused(TOP "refusals\n    sold_out = x\n",
        "shop.zpl:4: `sold_out` is no code: service.reason is meant");
    expect_refused(TOP "refusals\n    a.b = x\nrefusals\n    a.b = x\n",
        "shop.zpl:6: refusal `a.b` is there already, in line 4");
    expect_refused(TOP "settings\n    pay_ms = 1..2 default 1, x\n",
        "shop.zpl:4: `pay_ms` is no name for a setting: service.name_unit is meant");
    expect_refused(TOP "settings\n    a.b.c = 1..2 default 1, x\n",
        "shop.zpl:4: `a.b.c` is no name for a setting: service.name_unit is meant");
    expect_refused(TOP "settings\n    a.b = 1..2, x\n",
        "shop.zpl:4: a.b = MIN..MAX default VALUE, ABOUT is meant, and nothing stands below it");
    expect_refused(TOP "settings\n    a.b = -1..2 default 1, x\n",
        "shop.zpl:4: a.b = MIN..MAX default VALUE, ABOUT is meant, and nothing stands below it");
    expect_refused(TOP "settings\n    a.b = 1..18446744073709551616 default 1, x\n",
        "shop.zpl:4: a.b = MIN..MAX default VALUE, ABOUT is meant, and nothing stands below it");
    expect_refused(TOP "settings\n    a.b = 2..4 default 1, x\n",
        "shop.zpl:4: a.b: its default is not within its own bounds");
    expect_refused(TOP "settings\n    a.b = 2..4 default 5, x\n",
        "shop.zpl:4: a.b: its default is not within its own bounds");
    expect_refused(TOP "settings\n    a.b = 1..2 default 1, x\nsettings\n    a.b = 1..2 default 1, x\n",
        "shop.zpl:6: setting `a.b` is there already, in line 4");
    expect_refused(TOP COMMAND "settings\n    orders.place = 1..2 default 1, x\n",
        "shop.zpl:3: this is named orders_place in C, as what stands in line 9");
    expect_refused(TOP COMMAND COMMAND, "shop.zpl:8: `orders.place` is there already, in line 3");
    expect_refused(TOP "command = place\n    about = x\n",
        "shop.zpl:3: `place` is no name for a command: lower-case words joined by dots is meant");
    expect_refused(TOP "command = orders.place\n    about = x\n    refuses = a.b\n",
        "shop.zpl:5: no refusal `a.b` is described");
    expect_refused(TOP "query = orders.a_name_that_is_too_lon\n    about = x\n    reply\n",
        "shop.zpl:3: `orders.a_name_that_is_too_lon` is too long for a query: its reply is named"
        " orders.a_name_that_is_too_lon_reply, of at most 31 bytes");
    expect_taken(TOP "query = orders.a_name_that_is_to\n    about = x\n    reply\n");
}

static void
events_that_cannot_be_meant_are_named(void **state)
{
    expect_taken(TOP STREAM COMMAND EVENT);
    expect_refused(TOP COMMAND EVENT, "shop.zpl:10: no stream `orders` is described");
    expect_refused(TOP STREAM EVENT,
        "shop.zpl:10: no command or event `orders.place` is described; did you mean `orders.placed`?");
    expect_refused(TOP STREAM COMMAND "event = orders.placed\n    about = x\n    stream = orders\n    key = order_id\n"
        "    fields\n        order_id = id\n", "shop.zpl:11: `after` is missing below `event = orders.placed`");
    expect_refused(TOP STREAM COMMAND "event = orders.placed\n    about = x\n    stream = orders\n    key = order\n"
        "    after = orders.place\n    fields\n        order_id = id\n",
        "shop.zpl:14: `orders.placed` has no field `order`");
    expect_refused(TOP STREAM COMMAND "event = orders.placed\n    about = x\n    stream = orders\n    key = sku\n"
        "    after = orders.place\n    fields\n        sku = text 65\n",
        "shop.zpl:14: `sku` can take 65 bytes, as a key at most 64");
    expect_refused(TOP STREAM COMMAND "event = orders.placed\n    about = x\n    stream = orders\n    key = at\n"
        "    after = orders.place\n    fields\n        at = time\n",
        "shop.zpl:14: `at`: the key of an event is a text, an id or an integer");
    expect_refused(TOP STREAM COMMAND "event = orders.placed\n    about = x\n    stream = orders\n    key = sku\n"
        "    after = orders.place\n    fields\n        sku = text 9 optional\n",
        "shop.zpl:14: `sku` cannot be a key: it is optional");
    expect_refused(TOP STREAM COMMAND EVENT_HEAD "    after = rewound stock\n    fields\n        order_id = id\n",
        "shop.zpl:16: no stream `stock` is described");
    expect_refused(TOP STREAM COMMAND EVENT_HEAD "    after = timer\n    fields\n        order_id = id\n",
        "shop.zpl:16: no command or event `timer` is described");
    expect_taken(TOP STREAM COMMAND EVENT_HEAD "    after = rewound orders\n    after = timer hold\n"
        "    fields\n        order_id = id\n");
}

static void
circles_of_events_need_a_guard(void **state)
{
#define IN_A_CIRCLE(name, cause, guard) "event = orders." name "\n    about = x\n    stream = orders\n    key = id\n" \
    "    after = orders." cause "\n" guard "    fields\n        id = id\n"

    expect_refused(TOP STREAM IN_A_CIRCLE("a", "a", ""),
        "shop.zpl:6: events follow from each other in a circle without a guard: orders.a -> orders.a");
    expect_refused(TOP STREAM IN_A_CIRCLE("a", "c", "") IN_A_CIRCLE("b", "a", "") IN_A_CIRCLE("c", "b", ""),
        "shop.zpl:13: events follow from each other in a circle without a guard: orders.a -> orders.b -> orders.c"
        " -> orders.a");
    expect_taken(TOP STREAM IN_A_CIRCLE("a", "c", "") IN_A_CIRCLE("b", "a", "        guard = once an order\n")
        IN_A_CIRCLE("c", "b", ""));
#undef IN_A_CIRCLE
}

/* Events say who may see them in a browser; without a word, the stream does. */
static void
events_have_viewers(void **state)
{
#define VIEWED(audience, lines) TOP COMMAND "stream = p\n    about = x\n    audience = " audience "\n" \
    "event = people.moved\n    about = x\n    stream = p\n    key = person_id\n    after = orders.place\n" lines \
    "    fields\n        person_id = id\n        text = text 9\n"
#define MEANT ": public, `person FIELD` with a field of type id, or `role NAME` is meant"
    struct souk_description *description;
    const struct souk_message_type *type;
    struct souk_error err;

    description = describe(VIEWED("internal", "    audience = person person_id\n    audience = role staff\n"), &err);
    type = souk_messages_find(souk_description_messages(description), souk_slice_of("people.moved"));
    assert_int_equal(type->viewer_count, 2);
    assert_string_equal(type->viewers[0].person->name, "person_id");
    assert_string_equal(type->viewers[1].role, "staff");
    souk_description_close(&description);
    description = describe(VIEWED("public", ""), &err);
    type = souk_messages_find(souk_description_messages(description), souk_slice_of("people.moved"));
    assert_int_equal(type->viewer_count, 1);
    assert_null(type->viewers[0].person);
    assert_null(type->viewers[0].role);
    souk_description_close(&description);
    description = describe(VIEWED("internal", ""), &err);
    type = souk_messages_find(souk_description_messages(description), souk_slice_of("people.moved"));
    assert_int_equal(type->viewer_count, 0);
    souk_description_close(&description);
    expect_taken(VIEWED("internal", "    audience = public\n"));
    expect_refused(VIEWED("private", "    audience = role staff\n"),
        "shop.zpl:16: stream `p` is private: nobody else sees its events");
    expect_refused(VIEWED("internal", "    audience = person text\n"), "shop.zpl:16: audience `person text`" MEANT);
    expect_refused(VIEWED("internal", "    audience = person x\n"), "shop.zpl:16: audience `person x`" MEANT);
    expect_refused(VIEWED("internal", "    audience = role Staff\n"), "shop.zpl:16: audience `role Staff`" MEANT);
    expect_refused(VIEWED("internal", "    audience = staff\n"), "shop.zpl:16: audience `staff`" MEANT);
#undef VIEWED
#undef MEANT
}

static void
personal_fields_stay_private_and_may_be_forgotten(void **state)
{
#define PERSONAL(audience, subject, street) TOP COMMAND "stream = p\n    about = x\n    audience = " audience "\n" \
    "event = people.moved\n    about = x\n    stream = p\n    key = person_id\n" subject "    after = orders.place\n" \
    "    fields\n        person_id = id\n        street = " street "\n"

    expect_taken(PERSONAL("private", "    subject = person_id\n", "text 9 optional personal"));
    expect_refused(PERSONAL("internal", "    subject = person_id\n", "text 9 optional personal"),
        "shop.zpl:11: the field `street` is personal, and stream `p` is not private");
    expect_refused(PERSONAL("private", "    subject = person_id\n", "text 9 personal"),
        "shop.zpl:11: the field `street` is personal, so it has to be optional: a person can be forgotten");
    expect_refused(PERSONAL("private", "", "text 9 optional personal"),
        "shop.zpl:11: `people.moved` has the personal field `street` and no `subject`");
    expect_refused(PERSONAL("private", "    subject = street\n", "text 9 optional personal"),
        "shop.zpl:15: subject `street`: a field of type id is meant, neither optional nor personal nor a list");
    expect_refused(PERSONAL("private", "    subject = person_id\n", "text 9"),
        "shop.zpl:15: `people.moved` has a subject and no personal field");
    expect_taken(PERSONAL("internal", "    forgets = person_id\n", "text 9"));
    expect_refused(PERSONAL("internal", "    forgets = street\n", "text 9"),
        "shop.zpl:15: forgets `street`: a field of type id is meant, neither optional nor personal nor a list");
#undef PERSONAL
}

static void
older_versions_go_down_one_by_one(void **state)
{
#define VERSIONED(version, older) TOP "command = orders.place\n    about = x\n    version = " version "\n" older
#define OLDER(number) "    older = " number "\n        upcast = up" number "\n"

    expect_taken(VERSIONED("3", OLDER("2") OLDER("1")));
    expect_taken(VERSIONED("3", OLDER("2")));
    expect_taken(VERSIONED("3", ""));
    expect_refused(VERSIONED("3", OLDER("1") OLDER("2")), "shop.zpl:6: version 2 of `orders.place` is meant: below"
        " version 3, older ones stand from the newest down");
    expect_refused(VERSIONED("3", OLDER("3")), "shop.zpl:6: version 2 of `orders.place` is meant: below version 3,"
        " older ones stand from the newest down");
    expect_refused(VERSIONED("0", ""), "shop.zpl:5: `version`: a number from 1 to 65535 is meant, not `0`");
    expect_refused(VERSIONED("65536", ""), "shop.zpl:5: `version`: a number from 1 to 65535 is meant, not `65536`");
    expect_refused(VERSIONED("1x", ""), "shop.zpl:5: `version`: a number from 1 to 65535 is meant, not `1x`");
    expect_refused(VERSIONED("2", "    older = 1\n        upcast = not a name\n"),
        "shop.zpl:7: `not a name` is no name for a function");
    expect_refused(VERSIONED("2", "    older = 1\n"), "shop.zpl:6: `upcast` is missing below `older = 1`");
#undef VERSIONED
#undef OLDER
}

/* ---- fields --------------------------------------------------------- */

static void
fields_that_cannot_be_meant_are_named(void **state)
{
    expect_refused(FIELDS("        a = text\n"),
        "shop.zpl:6: `a`: text MAX is meant, MAX from 1 to 65536, not ``");
    expect_refused(FIELDS("        a = text 0\n"),
        "shop.zpl:6: `a`: text MAX is meant, MAX from 1 to 65536, not `0`");
    expect_refused(FIELDS("        a = bytes 65537\n"),
        "shop.zpl:6: `a`: bytes MAX is meant, MAX from 1 to 65536, not `65537`");
    expect_refused(FIELDS("        a = list 4097 of u8\n"),
        "shop.zpl:6: `a`: list MAX is meant, MAX from 1 to 4096, not `4097`");
    expect_refused(FIELDS("        a = list 5 u8\n"), "shop.zpl:6: `a`: list 5 of TYPE is meant");
    expect_refused(FIELDS("        a = list 5 of list 5 of u8\n"),
        "shop.zpl:6: `a`: no type `list` is known above this line");
    expect_refused(FIELDS("        a = list 5 of u8 optional\n"),
        "shop.zpl:6: `a`: a list is never optional, it may be empty");
    expect_refused(FIELDS("        a = boool\n"),
        "shop.zpl:6: `a`: no type `boool` is known above this line; did you mean `bool`?");
    expect_refused(FIELDS("        a = something\n"), "shop.zpl:6: `a`: no type `something` is known above this line");
    expect_refused(FIELDS("        a = u8 the number\n"),
        "shop.zpl:6: `a`: `the` is not known behind a type; words for the reader come after a comma");
    expect_refused(FIELDS("        a = u8 optional optional\n"),
        "shop.zpl:6: `a`: `optional` is not known behind a type; words for the reader come after a comma");
    expect_refused(FIELDS("        a = u8 1..256\n"), "shop.zpl:6: `a`: MIN..MAX within the type is meant, not `1..256`");
    expect_refused(FIELDS("        a = u8 -1..5\n"), "shop.zpl:6: `a`: MIN..MAX within the type is meant, not `-1..5`");
    expect_refused(FIELDS("        a = u8 6..5\n"), "shop.zpl:6: `a`: MIN..MAX within the type is meant, not `6..5`");
    expect_refused(FIELDS("        a = u8 ..5\n"), "shop.zpl:6: `a`: MIN..MAX within the type is meant, not `..5`");
    expect_refused(FIELDS("        a = i64 -9223372036854775809..5\n"),
        "shop.zpl:6: `a`: MIN..MAX within the type is meant, not `-9223372036854775809..5`");
    expect_refused(FIELDS("        a\n"), "shop.zpl:6: a field is a = TYPE, nothing stands below it");
    expect_refused(FIELDS("        int = u8\n"),
        "shop.zpl:6: `int` is no name for a field: a lower-case word is meant, none of C's own");
    expect_refused(FIELDS("        a = u8\n        a = u8\n"),
        "shop.zpl:7: `orders.place` has a field `a` already, or one that needs this name in C");
    expect_refused(FIELDS("        a = u8 optional\n        has_a = bool\n"),
        "shop.zpl:7: `orders.place` has a field `has_a` already, or one that needs this name in C");
    expect_refused(FIELDS("        a_count = u8\n        a = list 3 of u8\n"),
        "shop.zpl:7: `orders.place` has a field `a` already, or one that needs this name in C");
    expect_refused(FIELDS("        a = text 65533\n"), "shop.zpl:5: `orders.place` can take 65537 bytes, at most 65536:"
        " lower the limits of its texts, bytes and lists");
    expect_taken(FIELDS("        a = text 65532\n"));
    expect_taken(FIELDS("        a = i64 -5..-3, below zero\n        b = u64 0..18446744073709551615\n"));
}

static void
defaults_are_of_their_type_and_within_its_limits(void **state)
{
    expect_refused(FIELDS("        a = u8 default 256\n"),
        "shop.zpl:6: `a`: `256` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = u8 3..9 default 2\n"),
        "shop.zpl:6: `a`: `2` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = bool default 1\n"),
        "shop.zpl:6: `a`: `1` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = text 3 default \"four\"\n"),
        "shop.zpl:6: `a`: `four` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = text 3 default abc\n"),
        "shop.zpl:6: `a`: `abc` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = bytes 3 default \"x\"\n"),
        "shop.zpl:6: `a`: `x` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = money default 5\n"),
        "shop.zpl:6: `a`: `` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = money default 5 eur\n"),
        "shop.zpl:6: `a`: `eur` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = list 3 of u8 default 0\n"),
        "shop.zpl:6: `a`: `0` is no default for its type or beyond its limits");
    expect_refused(FIELDS("        a = id default 0\n"), "shop.zpl:6: `a`: an id has no default; it can be optional");
    expect_refused(FIELDS("        a = u8 optional default 0\n"),
        "shop.zpl:6: `a` is optional and has a default: either");
    expect_taken(FIELDS("        a = bytes 3 default \"\"\n        b = text 3 default \"a,b\", with a comma\n"
        "        c = time default 0\n        d = list 2 of id default empty\n        e = i64 default -1\n"));
}

static void
what_is_used_stands_above(void **state)
{
    expect_refused(TOP "command = a.b\n    about = x\n    fields\n        line = line\n"
        "record = line\n    about = x\n    fields\n        n = u8\n",
        "shop.zpl:6: `line`: no type `line` is known above this line; did you mean `time`?");
    expect_refused(TOP "record = line\n    about = x\n    fields\n        line = line optional\n",
        "shop.zpl:6: `line`: no type `line` is known above this line; did you mean `time`?");
}

static void
settings_end_at_their_limit(void **state)
{
    struct souk_description *description;
    struct souk_error err;
    char text[4096] = TOP "settings\n    b.a = 1..1 default 1, x\n";
    size_t used = strlen(text);

    for (int i = 0; i < SOUK_SETTINGS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "    a.s%d = 0..1 default 1, x\n", i);
    description = describe(text, &err);
    assert_non_null(description);
    souk_description_close(&description);
    (void)snprintf(text + used, sizeof text - used, "    a.more = 0..1 default 1, x\n");
    expect_refused(text, "shop.zpl:21: service `a` has 16 settings already, and that is all");
}

static void
nesting_ends_at_its_limit(void **state)
{
#define NEST(name, inner) "record = " name "\n    about = x\n    fields\n        a = " inner "\n"
    static const char deepest[] = TOP NEST("r1", "u8") NEST("r2", "r1") NEST("r3", "r2") NEST("r4", "r3")
        NEST("r5", "r4") NEST("r6", "r5") "command = a.b\n    about = x\n    fields\n        a = list 2 of r6\n";
    static const char deeper[] = TOP NEST("r1", "money") NEST("r2", "r1") NEST("r3", "r2") NEST("r4", "r3")
        NEST("r5", "r4") NEST("r6", "r5") "command = a.b\n    about = x\n    fields\n        a = list 2 of r6\n";

    expect_taken(deepest);
    expect_refused(deeper, "shop.zpl:29: `a.b` nests 9 arrays, at most 8");
#undef NEST
}

static void
names_that_are_one_in_c_are_refused(void **state)
{
    expect_refused(TOP "command = a.b_c\n    about = x\ncommand = a_b.c\n    about = x\n",
        "shop.zpl:5: this is named a_b_c in C, as what stands in line 3");
    expect_refused(TOP "enum = state\n    about = x\n    values\n        a_b = 1\nrefusals\n    state.a.b = x\n",
        "shop.zpl:8: this is named STATE_A_B in C, as what stands in line 6");
    expect_refused(TOP "enum = line\n    about = x\n    values\n        a = 1\n"
        "record = line\n    about = x\n    fields\n        n = u8\n",
        "shop.zpl:7: this is named line in C, as what stands in line 3");
    expect_refused(TOP "stream = a-b\n    about = x\n    audience = public\n"
        "stream = a.b\n    about = x\n    audience = public\n",
        "shop.zpl:6: this is named STREAM_A_B in C, as what stands in line 3");
    expect_refused(TOP "command = a.b\n    about = x\n    version = 2\n    older = 1\n        upcast = u\n"
        "command = a.c\n    about = x\n    version = 2\n    older = 1\n        upcast = u\n",
        "shop.zpl:8: this is named u in C, as what stands in line 3");
    expect_refused(TOP "command = a.b\n    about = x\n    version = 2\n    older = 1\n        upcast = u\n"
        "command = a.b_v1\n    about = x\n", "shop.zpl:8: this is named a_b_v1 in C, as what stands in line 3");
}

static void
keys_of_rows_that_cannot_be_meant_are_named(void **state)
{
#define ROW(keys, fields) TOP STREAM "row = hold\n    about = x\n    table = holds\n    stream = orders\n" keys \
    "    fields\n" fields

    expect_taken(ROW("    key = a\n    key = b\n", "        a = text 255\n        b = bytes 255\n"));
    expect_refused(ROW("    key = a\n    key = b\n", "        a = text 255\n        b = bytes 256\n"),
        "shop.zpl:6: the key of `hold` can take 512 bytes, at most 511");
    expect_refused(ROW("    key = b\n    key = a\n", "        a = text 9\n        b = bytes 9\n"),
        "shop.zpl:10: `b`: bytes can only come last in a key");
    expect_refused(ROW("    key = a\n    key = a\n", "        a = text 9\n"), "shop.zpl:11: `a` is in the key already");
    expect_refused(ROW("    key = a\n", "        a = money\n"), "shop.zpl:10: `a` cannot be a key: it has parts");
    expect_refused(ROW("    key = a\n", "        a = list 3 of u8\n"), "shop.zpl:10: `a` cannot be a key: it is a list");
    expect_refused(ROW("    key = a\n", "        a = u8 personal\n"), "shop.zpl:10: `a` cannot be a key: it is personal");
    expect_refused(ROW("    key = from\n", "        from = u8\n"),
        "shop.zpl:10: `from` cannot be a key: names of functions in C end so");
    expect_taken(TOP "row = hold\n    about = x\n    table = holds\n    stream = others\n    key = a\n    fields\n"
        "        a = u8\n");                    /* that another file describes */
    expect_refused(ROW("", "        a = u8\n"), "shop.zpl:6: `key` is missing below `row = hold`");
    expect_refused(ROW("    key = a\n    key = b\n    key = c\n    key = d\n    key = e\n", "        a = u8\n"),
        "shop.zpl:10: more than 4 fields in the key of `hold`");
#undef ROW
}

/* ---- evolution ------------------------------------------------------ */

struct said {
    char text[2048];
    size_t used;
};

static void
note(void *arg, const char *sentence)
{
    struct said *said = arg;

    said->used += (size_t)snprintf(said->text + said->used, sizeof said->text - said->used, "%s\n", sentence);
}

/* What breaks between two descriptions; one sentence a line. */
static void
expect_breaks(const char *before_text, const char *after_text, const char *sentences)
{
    struct souk_description *before;
    struct souk_description *after;
    struct said said = { "", 0 };
    struct souk_error err;
    size_t count;
    size_t lines = 0;

    before = describe(before_text, &err);
    assert_string_equal(err.text, "");
    after = describe(after_text, &err);
    assert_string_equal(err.text, "");
    count = souk_evolution_breaks(souk_description_messages(before), souk_description_messages(after), note, &said);
    assert_string_equal(said.text, sentences);
    for (size_t i = 0; i < said.used; i++)
        lines += said.text[i] == '\n';
    assert_int_equal(count, lines);
    souk_description_close(&before);
    souk_description_close(&after);
}

#define EVOLVED(fields) TOP STREAM COMMAND EVENT_HEAD "    fields\n        order_id = id\n" fields
#define EVOLVED_2(fields, older) TOP STREAM COMMAND EVENT_HEAD "    version = 2\n    fields\n        order_id = id\n" \
    fields older

static void
what_older_readers_and_the_history_bear_is_accepted(void **state)
{
    const char *before = EVOLVED("        units = u32 1..9\n        note = text 10\n        tags = list 2 of u8\n");

    expect_breaks(before, before, "");
    expect_breaks(before, EVOLVED("        units = u32 0..10, more\n        note = text 11\n        tags = list 3 of u8\n"
        "        a = u8 optional\n        b = text 5 default \"\"\n"), "");
    expect_breaks(before, EVOLVED_2("        units = u64\n",
        "    older = 1\n        upcast = up\n        fields\n            order_id = id\n            units = u32 1..9\n"
        "            note = text 10\n            tags = list 2 of u8\n"), "");
    expect_breaks(TOP STREAM, TOP STREAM COMMAND, "");
}

static void
what_breaks_them_is_refused(void **state)
{
    const char *before = EVOLVED("        units = u32 1..9\n        note = text 10 default \"\"\n");

    expect_breaks(before, EVOLVED("        units = u32 1..9\n"), "orders.placed: field note is gone\n");
    expect_breaks(before, EVOLVED("        note = text 10\n        units = u32 1..9\n"),
        "orders.placed: field note stands where units was; fields are neither renamed nor moved\n");
    expect_breaks(before, EVOLVED("        units = u64 1..9\n        note = text 10 default \"\"\n"),
        "orders.placed version 1: field units has another type\n");
    expect_breaks(before, EVOLVED("        units = u32 1..8\n        note = text 9 default \"\"\n"),
        "orders.placed version 1: field units has narrower limits than what was written with\n"
        "orders.placed version 1: field note has narrower limits than what was written with\n");
    expect_breaks(before, EVOLVED("        units = u32 2..9\n        note = text 10 default \"x\"\n"),
        "orders.placed version 1: field units has narrower limits than what was written with\n"
        "orders.placed version 1: field note has another default, which is what older messages would be read as\n");
    expect_breaks(before, EVOLVED("        units = u32 1..9 optional\n        note = text 10\n"),
        "orders.placed version 1: field units has become optional\n"
        "orders.placed version 1: field note has another default, which is what older messages would be read as\n");
    expect_breaks(before, EVOLVED("        units = list 3 of u32 1..9\n        note = text 10 default \"\"\n"),
        "orders.placed version 1: field units has become a list\n");
    expect_breaks(before, EVOLVED("        units = u32 1..9\n        note = text 10 default \"\"\n        x = u8\n"),
        "orders.placed: the new field x is neither optional nor has a default\n");
    expect_breaks(before, EVOLVED_2("        x = u8\n", ""),
        "orders.placed: version 1 is not read any more: keep it as `older`\n");
    expect_breaks(before, EVOLVED_2("        x = u8\n",
        "    older = 1\n        upcast = up\n        fields\n            order_id = id\n            units = u16 1..9\n"
        "            note = text 10 default \"\"\n"), "orders.placed version 1: field units has another type\n");
    expect_breaks(EVOLVED_2("        x = u8\n", ""), before,
        "orders.placed: version 2 was there already, and 1 is the newest now\n");
    expect_breaks(before, TOP STREAM COMMAND, "event orders.placed is gone; the history still has it\n");
    expect_breaks(TOP STREAM COMMAND, TOP STREAM, "command orders.place is gone; callers still know it\n");
    expect_breaks(TOP STREAM, TOP, "stream orders is gone; its history is not\n");
    expect_breaks(TOP STREAM, TOP "stream = orders\n    about = Orders.\n    audience = private\n",
        "stream orders: its audience changes for what it holds already\n");
    expect_breaks(TOP, "application = bazaar\n    about = x\n", "application bazaar is another one than shop\n");
    expect_breaks(TOP COMMAND, TOP "query = orders.place\n    about = x\n    reply\n",
        "orders.place was a command and is a query\n");
}

static void
an_event_keeps_its_stream_and_key(void **state)
{
#define PLACED(stream, key) TOP STREAM "stream = other\n    about = x\n    audience = public\n" COMMAND \
    "event = orders.placed\n    about = x\n    stream = " stream "\n    key = " key "\n    after = orders.place\n" \
    "    fields\n        a = id\n        b = id\n"

    expect_breaks(PLACED("orders", "a"), PLACED("other", "b"),
        "event orders.placed was in stream orders and is in other\norders.placed: its key is another one\n");
#undef PLACED
}

static void
enums_only_grow(void **state)
{
#define STATE(values) TOP "enum = state\n    about = x\n    values\n" values

    expect_breaks(STATE("        a = 1\n        b = 2\n"), STATE("        a = 1, about\n        b = 2\n        c = 3\n"), "");
    expect_breaks(STATE("        a = 1\n        b = 2\n"), STATE("        a = 1\n"), "enum state: value b (2) is gone\n");
    expect_breaks(STATE("        a = 1\n        b = 2\n"), STATE("        a = 2\n        b = 1\n"),
        "enum state: number 1 was a and is b\nenum state: number 2 was b and is a\n");
#undef STATE
}

static void
rows_and_replies_may_start_anew_with_a_version(void **state)
{
#define ROW(version, fields) TOP STREAM "row = hold\n    about = x\n    table = holds\n    stream = orders\n    key = a\n" \
    version "    fields\n" fields
#define QUERY(version, fields) TOP "query = a.b\n    about = x\n    reply\n" version "        fields\n" fields

    expect_breaks(ROW("", "        a = id\n"), ROW("    version = 2\n", "        a = u8\n"), "");
    expect_breaks(ROW("", "        a = id\n"), ROW("", "        a = u8\n"),
        "hold version 1: field a has another type\n");
    expect_breaks(QUERY("", "            a = id\n"), QUERY("        version = 2\n", "            a = u8\n"), "");
    expect_breaks(QUERY("", "            a = id\n"), QUERY("", "            a = u8\n"),
        "a.b_reply version 1: field a has another type\n");
#undef ROW
#undef QUERY
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_are_not_zpl_are_pointed_at),
        cmocka_unit_test(a_line_ends_at_its_limit),
        cmocka_unit_test(a_file_ends_at_its_limit),
        cmocka_unit_test(random_zpl_is_refused_or_read),
        cmocka_unit_test(words_resemble_each_other_up_to_a_few_letters),
        cmocka_unit_test(entries_that_cannot_be_meant_are_named),
        cmocka_unit_test(events_that_cannot_be_meant_are_named),
        cmocka_unit_test(circles_of_events_need_a_guard),
        cmocka_unit_test(events_have_viewers),
        cmocka_unit_test(personal_fields_stay_private_and_may_be_forgotten),
        cmocka_unit_test(older_versions_go_down_one_by_one),
        cmocka_unit_test(fields_that_cannot_be_meant_are_named),
        cmocka_unit_test(defaults_are_of_their_type_and_within_its_limits),
        cmocka_unit_test(what_is_used_stands_above),
        cmocka_unit_test(settings_end_at_their_limit),
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(names_that_are_one_in_c_are_refused),
        cmocka_unit_test(keys_of_rows_that_cannot_be_meant_are_named),
        cmocka_unit_test(what_older_readers_and_the_history_bear_is_accepted),
        cmocka_unit_test(what_breaks_them_is_refused),
        cmocka_unit_test(an_event_keeps_its_stream_and_key),
        cmocka_unit_test(enums_only_grow),
        cmocka_unit_test(rows_and_replies_may_start_anew_with_a_version),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
