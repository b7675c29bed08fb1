/*
 * Messages as JSON, with types that were read at run time: what goes both
 * ways, and what is said of JSON that cannot be meant.
 */
#include <souk-json.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "0190a0b0-c0d0-7000-8000-0123456789ab"

struct bench {
    struct souk_description *description;
    struct souk_pack pack;
    struct souk_error err;
};

static int
open_bench(void **state)
{
    const char *srcdir = getenv("srcdir") == NULL ? "." : getenv("srcdir");
    struct bench *bench = calloc(1, sizeof *bench);
    char path[4096];

    assert_non_null(bench);
    (void)snprintf(path, sizeof path, "%s/test/unit/shop.messages.zpl", srcdir);
    assert_int_equal(souk_description_open(path, &bench->description, &bench->err), 0);
    souk_pack_init(&bench->pack, SOUK_PAYLOAD_BYTES_MAX);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    struct bench *bench = *state;

    souk_description_close(&bench->description);
    souk_pack_done(&bench->pack);
    free(bench);
    return 0;
}

static const struct souk_message_type *
type_of(const struct bench *bench, const char *name)
{
    const struct souk_message_type *type;

    type = souk_messages_find(souk_description_messages(bench->description), souk_slice_of(name));
    assert_non_null(type);
    return type;
}

/* From JSON to msgpack; what was said about it is in bench->err. */
static int
pack_text(struct bench *bench, const char *name, const char *text)
{
    json_t *json = NULL;
    int rc;

    souk_pack_reset(&bench->pack);
    bench->err = (struct souk_error){ 0 };
    if ((rc = souk_json_parse(souk_slice_of(text), &json, &bench->err)) == 0)
        rc = souk_json_to_packed(type_of(bench, name), json, &bench->pack, &bench->err);
    json_decref(json);
    return rc;
}

static void
expect_refused(struct bench *bench, const char *name, const char *text, const char *sentence)
{
    assert_int_not_equal(pack_text(bench, name, text), 0);
    assert_string_equal(bench->err.text, sentence);
}

/* From msgpack to JSON in one line. Release with free(). */
static char *
unpack_text(struct bench *bench, const char *name, struct souk_slice packed)
{
    json_t *json = NULL;
    char *text;

    bench->err = (struct souk_error){ 0 };
    if (souk_json_from_packed(type_of(bench, name), packed, &json, &bench->err) != 0)
        return NULL;
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

static void
expect_both_ways(struct bench *bench, const char *name, const char *text)
{
    char *seen;

    assert_int_equal(pack_text(bench, name, text), 0);
    seen = unpack_text(bench, name, souk_pack_slice(&bench->pack));
    assert_non_null(seen);
    assert_string_equal(seen, text);
    free(seen);
}

static void
messages_go_both_ways(void **state)
{
    struct bench *bench = *state;

    expect_both_ways(bench, "inventory.count", "{}");
    expect_both_ways(bench, "inventory.receive", "{\"sku\":\"tea\",\"units\":3}");
    expect_both_ways(bench, "inventory.receive", "{\"sku\":\"\xf0\x9f\x8d\xb5 \\\"\\\\\\u0001\",\"units\":1000000}");
    expect_both_ways(bench, "inventory.receive", "{\"sku\":\"a\\u0000b\",\"units\":1}");
    expect_both_ways(bench, "inventory.counted", "{\"shelf\":-50,\"units\":9007199254740991}");
    expect_both_ways(bench, "inventory.counted", "{\"shelf\":50,\"units\":\"9007199254740992\"}");
    expect_both_ways(bench, "inventory.counted", "{\"shelf\":0,\"units\":\"18446744073709551615\"}");
    expect_both_ways(bench, "inventory.shelves_reply", "{\"shelves\":[\"-9223372036854775808\",-9007199254740991,0,"
        "9007199254740991,\"9223372036854775807\"]}");
    expect_both_ways(bench, "accounts.moved", "{\"person_id\":\"" ID "\",\"shipped_before\":[\"" ID "\",\"" ID "\"]}");
    expect_both_ways(bench, "orders.place", "{\"order_id\":\"" ID "\",\"lines\":[{\"sku\":\"tea\",\"units\":1,"
        "\"price\":{\"minor\":-5,\"currency\":\"EUR\"},\"engraving\":\"\",\"gift\":true}],\"note\":\"\","
        "\"wanted_ms\":9007199254740991}");
    expect_both_ways(bench, "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":2,\"key\":\"_-8\",\"state\":\"new\","
        "\"photos\":[\"\",\"AA\",\"AAAA\"]}");
}

static void
what_has_a_default_may_be_left_out(void **state)
{
    struct bench *bench = *state;
    char *seen;

    assert_int_equal(pack_text(bench, "orders.placed", "{\"order_id\":\"0190A0B0-C0D0-7000-8000-0123456789AB\","
        "\"lines\":[],\"total\":{\"currency\":\"EUR\",\"minor\":1}}"), 0);
    seen = unpack_text(bench, "orders.placed", souk_pack_slice(&bench->pack));
    assert_non_null(seen);
    assert_string_equal(seen, "{\"order_id\":\"" ID "\",\"lines\":[],\"total\":{\"minor\":1,\"currency\":\"EUR\"},"
        "\"state\":\"placed\",\"tags\":[],\"points\":-5,\"rank\":7,\"year\":2026,\"coupon_ids\":[],\"history\":[],"
        "\"discount\":{\"minor\":-150,\"currency\":\"EUR\"},\"greeting\":\"hello, you\"}");
    free(seen);
}

/* What an older writer left out is shown as it is read. */
static void
a_short_array_is_shown_with_its_defaults(void **state)
{
    struct bench *bench = *state;
    char *seen;

    souk_pack_array(&bench->pack, 5);
    souk_pack_bin(&bench->pack, (struct souk_slice){ "\x01\x90\xa0\xb0\xc0\xd0\x70\0\x80\0\x01\x23\x45\x67\x89\xab", 16 });
    souk_pack_array(&bench->pack, 0);
    souk_pack_str(&bench->pack, souk_slice_of("x"));
    souk_pack_nil(&bench->pack);
    souk_pack_str(&bench->pack, souk_slice_of("from a newer writer"));
    seen = unpack_text(bench, "orders.place", souk_pack_slice(&bench->pack));
    assert_string_equal(seen, "{\"order_id\":\"" ID "\",\"lines\":[],\"note\":\"x\"}");
    free(seen);
}

static void
syntax_that_is_wrong_is_pointed_at(void **state)
{
    struct bench *bench = *state;

    expect_refused(bench, "inventory.count", "", "line 1, column 0 of the JSON: it ends too early");
    expect_refused(bench, "inventory.count", "{", "line 1, column 1 of the JSON: it ends too early");
    expect_refused(bench, "inventory.count", "{}{}", "line 1, column 3 of the JSON: something stands behind its end");
    expect_refused(bench, "inventory.count", "\"x\"", "line 1, column 3 of the JSON: it goes wrong here");
    expect_refused(bench, "inventory.count", "{'a':1}", "line 1, column 2 of the JSON: it goes wrong here");
    expect_refused(bench, "inventory.receive", "{\"sku\":\"\xff\"}", "line 1, column 8 of the JSON: it is not UTF-8");
    expect_refused(bench, "inventory.receive", "{\"sku\":\"a\",\"sku\":\"b\",\"units\":1}",
        "line 1, column 16 of the JSON: a name comes twice in one object");
    expect_refused(bench, "inventory.receive", "{\"sku\":\"a\",\"units\":99999999999999999999}",
        "line 1, column 39 of the JSON: a number is too large");
}

static void
values_that_cannot_be_meant_are_named(void **state)
{
    struct bench *bench = *state;
    static const struct { const char *name; const char *text; const char *sentence; } refused[] = {
        { "inventory.count", "[]", "inventory.count: an object is meant" },
        { "inventory.count", "{\"x\":1}", "inventory.count: has no field \"x\"" },
        { "inventory.receive", "{\"units\":1}", "inventory.receive.sku: is missing" },
        { "inventory.receive", "{\"sku\":null,\"units\":1}", "inventory.receive.sku: null; leave out what is absent" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":1,\"unit\":1}",
          "inventory.receive: has no field \"unit\"; did you mean \"units\"?" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":1,\"\\u0007\xc3\xa9\":1}",
          "inventory.receive: has no field \"\\u0007\\u00E9\"" },
        { "inventory.receive", "{\"sku\":7,\"units\":1}",
          "inventory.receive.sku: a text of at most 40 bytes is meant, not 7" },
        { "inventory.receive", "{\"sku\":\"12345678901234567890123456789012345678901\",\"units\":1}",
          "inventory.receive.sku: a text of at most 40 bytes is meant, not this string" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":0}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not 0" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":1000001}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not 1000001" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":-1}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not -1" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":1.0}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not a number with a point or exponent" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":1e0}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not a number with a point or exponent" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":\"1\"}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not this string" },
        { "inventory.receive", "{\"sku\":\"a\",\"units\":true}",
          "inventory.receive.units: a whole number from 1 to 1000000 is meant, not true" },
        { "inventory.counted", "{\"shelf\":-51,\"units\":1}",
          "inventory.counted.shelf: a whole number from -50 to 50 is meant, not -51" },
        { "inventory.counted", "{\"shelf\":1,\"units\":9007199254740992}",
          "inventory.counted.units: a whole number from 0 to 18446744073709551615 is meant, not 9007199254740992" },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"9007199254740991\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"09007199254740992\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"+9007199254740992\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"9007199254740992 \"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"9007199254740992\\u0000\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"18446744073709551616\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"-9007199254740992\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"\"}", NULL },
        { "inventory.counted", "{\"shelf\":1,\"units\":\"-\"}", NULL },
        { "inventory.shelves_reply", "{\"shelves\":[\"-9223372036854775809\"]}", NULL },
        { "inventory.shelves_reply", "{\"shelves\":[\"9223372036854775808\"]}", NULL },
        { "inventory.shelves_reply", "{\"shelves\":[1,2,null]}",
          "inventory.shelves_reply.shelves[2]: a whole number from -9223372036854775808 to 9223372036854775807 is meant,"
          " not null" },
        { "inventory.shelves_reply", "{\"shelves\":{}}",
          "inventory.shelves_reply.shelves: an array of at most 100 values is meant" },
        { "accounts.moved", "{\"person_id\":\"" ID "\",\"shipped_before\":[\"" ID "\",\"" ID "\",\"" ID "\"]}",
          "accounts.moved.shipped_before: an array of at most 2 values is meant, not this array" },
        { "accounts.move", "{\"person_id\":\"" ID "\",\"street\":12345}",
          "accounts.move.street: a text of at most 100 bytes is meant, not this number" },
        { "accounts.move", "{\"person_id\":\"0190a0b0c0d07000800000123456789ab\",\"street\":\"x\"}",
          "accounts.move.person_id: an id (UUID) is meant, not this string" },
        { "accounts.move", "{\"person_id\":\"0190a0b0-c0d0-7000-8000-0123456789ag\",\"street\":\"x\"}", NULL },
        { "accounts.move", "{\"person_id\":\"0190a0b0-c0d0-7000-80000-123456789ab\",\"street\":\"x\"}", NULL },
        { "accounts.move", "{\"person_id\":\"{190a0b0-c0d0-7000-8000-0123456789a}\",\"street\":\"x\"}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":65536,\"key\":\"\",\"state\":\"new\",\"photos\":[]}",
          "shelf_slot.level: a whole number from 0 to 65535 is meant, not 65536" },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"AA==\",\"state\":\"new\",\"photos\":[]}",
          "shelf_slot.key: base64url of at most 16 bytes is meant, not this string" },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"AB\",\"state\":\"new\",\"photos\":[]}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"A\",\"state\":\"new\",\"photos\":[]}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"+/8\",\"state\":\"new\",\"photos\":[]}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"A A\",\"state\":\"new\",\"photos\":[]}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"AAAAAAAAAAAAAAAAAAAAAAA\",\"state\":\"new\","
          "\"photos\":[]}", NULL },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"\",\"state\":\"lost\",\"photos\":[]}",
          "shelf_slot.state: one of new, placed, paid, cancelled is meant, not this string" },
        { "shelf_slot", "{\"shelf\":1,\"label\":\"a\",\"level\":1,\"key\":\"\",\"state\":1,\"photos\":[]}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1.5,\"currency\":\"EUR\"}}",
          "order_line.price: {\"minor\": a whole number, \"currency\": three capital letters} is meant" },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,\"currency\":\"eur\"}}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,\"currency\":\"EURO\"}}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1}}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,\"currency\":\"EUR\",\"x\":1}}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":5}", NULL },
        { "order_line", "{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,\"currency\":\"EUR\"},\"gift\":0}",
          "order_line.gift: true or false is meant, not 0" },
        { "orders.place", "{\"order_id\":\"" ID "\",\"lines\":[{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,"
          "\"currency\":\"EUR\"}},7]}", "orders.place.lines[1]: an object is meant" },
        { "orders.place", "{\"order_id\":\"" ID "\",\"lines\":[{\"sku\":\"a\",\"units\":1,\"price\":{\"minor\":1,"
          "\"currency\":\"EUR\"},\"colour\":1}]}", "orders.place.lines[0]: has no field \"colour\"" },
        { "orders.place", "{\"order_id\":\"" ID "\",\"lines\":[],\"wanted_ms\":-1}",
          "orders.place.wanted_ms: a time in ms since 1970, up to 9007199254740991, is meant, not -1" },
    };
    size_t i;

    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (refused[i].sentence != NULL)
            expect_refused(bench, refused[i].name, refused[i].text, refused[i].sentence);
        else
            assert_int_equal(pack_text(bench, refused[i].name, refused[i].text), -SOUK_EINVAL);
    }
}

static void
deep_and_large_json_is_refused_at_its_limit(void **state)
{
    struct bench *bench = *state;
    char *text = malloc(SOUK_JSON_TEXT_BYTES_MAX + 2);

    assert_non_null(text);
    memset(text, '[', SOUK_JSON_TEXT_BYTES_MAX + 1);
    text[SOUK_JSON_TEXT_BYTES_MAX + 1] = '\0';
    expect_refused(bench, "inventory.count", text, "JSON of 262145 bytes, at most 262144");
    text[SOUK_JSON_TEXT_BYTES_MAX] = '\0';
    assert_int_equal(pack_text(bench, "inventory.count", text), -SOUK_EMALFORMED);
    assert_non_null(strstr(bench->err.text, "it is nested too deep"));
    memset(text, ' ', SOUK_JSON_TEXT_BYTES_MAX);
    memcpy(text, "{}", 2);
    assert_int_equal(pack_text(bench, "inventory.count", text), 0);
    free(text);
}

static void
a_message_without_room_is_too_big(void **state)
{
    struct bench *bench = *state;

    souk_pack_done(&bench->pack);
    souk_pack_init(&bench->pack, 5);
    assert_int_equal(pack_text(bench, "inventory.receive", "{\"sku\":\"tea\",\"units\":3}"), -SOUK_ETOOBIG);
    assert_string_equal(bench->err.text, "inventory.receive: does not fit into 5 bytes");
}

static void
bytes_that_are_no_message_are_named(void **state)
{
    struct bench *bench = *state;
    static const struct { const char *name; const char *bytes; size_t size_bytes; const char *sentence; } refused[] = {
        { "inventory.receive", "", 0, "inventory.receive: an array of 2 to 64 values is meant" },
        { "inventory.receive", "\x80", 1, "inventory.receive: an array of 2 to 64 values is meant" },
        { "inventory.receive", "\x91\xa1x", 3, "inventory.receive: an array of 2 to 64 values is meant" },
        { "inventory.receive", "\x92\x01\x01", 3, "inventory.receive.sku: a text of at most 40 bytes is meant" },
        { "inventory.receive", "\x92\xa1\xff\x01", 4, "inventory.receive.sku: a text of at most 40 bytes is meant" },
        { "inventory.receive", "\x92\xa1x\x00", 4,
          "inventory.receive.units: a whole number from 1 to 1000000 is meant" },
        { "inventory.receive", "\x92\xa1x\xcc\x01", 5,
          "inventory.receive.units: a whole number from 1 to 1000000 is meant" },
        { "inventory.receive", "\x92\xa1x\x01\x01", 5, "inventory.receive: 1 bytes behind the message" },
        { "inventory.receive", "\x93\xa1x\x01\xc1", 5,
          "inventory.receive: a value behind the last known field is malformed" },
        { "inventory.shelves_reply", "\x91\x93\x01\x02\xc0", 5,
          "inventory.shelves_reply.shelves[2]: a whole number from -9223372036854775808 to 9223372036854775807 is meant" },
        { "order_line", "\x93\xa1x\x01\x92\x01\xa3" "eur", 10,
          "order_line.price: {\"minor\": a whole number, \"currency\": three capital letters} is meant" },
    };
    size_t i;

    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_null(unpack_text(bench, refused[i].name,
            (struct souk_slice){ refused[i].bytes, refused[i].size_bytes }));
        assert_string_equal(bench->err.text, refused[i].sentence);
    }
}

static void
ids_are_read_in_either_case_and_written_in_lower(void **state)
{
    struct souk_id id;
    char text[SOUK_ID_TEXT_BYTES];

    assert_int_equal(souk_id_parse(souk_slice_of("0190A0B0-c0d0-7000-8000-0123456789AB"), &id), 0);
    souk_id_format(id, text);
    assert_string_equal(text, ID);
    assert_int_equal(souk_id_parse(souk_slice_of(""), &id), -SOUK_EINVAL);
    assert_int_equal(souk_id_parse(souk_slice_of(ID "0"), &id), -SOUK_EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_go_both_ways, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_has_a_default_may_be_left_out, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_short_array_is_shown_with_its_defaults, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(syntax_that_is_wrong_is_pointed_at, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(values_that_cannot_be_meant_are_named, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(deep_and_large_json_is_refused_at_its_limit, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_message_without_room_is_too_big, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_message_are_named, open_bench, close_bench),
        cmocka_unit_test(ids_are_read_in_either_case_and_written_in_lower),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
