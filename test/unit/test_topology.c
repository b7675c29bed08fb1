/*
 * What a topology says to each of its nodes, and what counts as a difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "souk_directory.h"
#include "souk_setting.h"
#include "topology_text.h"

/* ---- what is read --------------------------------------------------- */

static void
nodes_have_their_wiring(void **state)
{
    struct souk_topology *topology = topology_read_good(TOP "    about = A shop.\n    durability = recorded\n"
        "    recorded_by = 2\n    limits\n        hold_ms = 77\n        head_ms = 200\n"
        "event_store = es2\n    lost = no\nevent_store = es1\n"
        "service = query\n    program = ./query\n    follow = reviews\n    follow = orders\n"
        "    skip = orders 2.00c0ffee00c0ffee 17\n    limits\n        hold_ms = 88\n"
        ORDERS "    stream = orders.private\n        private = yes\n    trim_after = recorded_by 2\n"
        "    call = reviews\n"
        "        command = reviews.ask\n    durability = local\n"
        "service = reviews\n    program = /usr/bin/reviews\n    stream = reviews\n");
    const struct souk_topology_node *node = souk_topology_node(topology, "orders");
    struct souk_wiring wiring;

    assert_string_equal(topology->name.text, "shop");
    assert_string_equal(topology->about, "A shop.");
    assert_int_equal(topology->node_count, 5);
    assert_int_equal(topology->stream_count, 3);
    assert_null(souk_topology_node(topology, "es3"));

    assert_string_equal(node->program, "shop-orders");
    assert_int_equal(node->call_count, 1);
    assert_ptr_equal(node->calls[0].callee, souk_topology_node(topology, "reviews"));
    assert_int_equal(node->calls[0].command_count, 1);
    assert_string_equal(node->calls[0].commands[0], "reviews.ask");
    assert_int_equal(souk_topology_wiring(topology, "orders", &wiring), 0);
    assert_string_equal(wiring.self.text, "orders");
    assert_int_equal(wiring.stream_count, 2);
    assert_string_equal(wiring.streams[0].name.text, "orders");
    assert_false(wiring.streams[0].is_private);
    assert_string_equal(wiring.streams[1].name.text, "orders.private");
    assert_string_equal(wiring.streams[1].origin.text, "orders");
    assert_true(wiring.streams[1].is_private);
    assert_int_equal(wiring.store_count, 2);
    assert_string_equal(wiring.stores[0].name.text, "es1");
    assert_string_equal(wiring.stores[1].name.text, "es2");
    assert_false(wiring.recorded);
    assert_int_equal(wiring.recorded_by, 2);
    assert_int_equal(wiring.trim_after, SOUK_TRIM_RECORDED);
    assert_int_equal(wiring.trim_recorded_by, 2);
    assert_int_equal(wiring.limits.hold_ms, 77);
    assert_int_equal(wiring.limits.head_ms, 200);
    assert_int_equal(wiring.limits.pull_timeout_ms, 2000);
    assert_int_equal(wiring.limits.ids_window_ms, 7ULL * 24 * 3600 * 1000);

    assert_int_equal(souk_topology_wiring(topology, "query", &wiring), 0);
    assert_int_equal(wiring.stream_count, 2);
    assert_string_equal(wiring.streams[0].name.text, "orders");
    assert_string_equal(wiring.streams[1].name.text, "reviews");
    assert_string_equal(wiring.streams[1].origin.text, "reviews");
    assert_int_equal(wiring.limits.hold_ms, 88);
    assert_int_equal(wiring.limits.head_ms, 200);
    assert_true(wiring.recorded);
    assert_int_equal(wiring.trim_after, SOUK_TRIM_BACKED_UP);
    assert_int_equal(wiring.skip_count, 1);
    assert_string_equal(wiring.skips[0].stream.text, "orders");
    assert_int_equal(wiring.skips[0].point.epoch.counter, 2);
    assert_memory_equal(wiring.skips[0].point.epoch.bits, "\x00\xc0\xff\xee\x00\xc0\xff\xee", 8);
    assert_int_equal(wiring.skips[0].point.number, 17);
    assert_string_equal(souk_topology_node(topology, "reviews")->program, "/usr/bin/reviews");

    assert_int_equal(souk_topology_wiring(topology, "es2", &wiring), 0);
    assert_int_equal(wiring.stream_count, 3);
    assert_int_equal(souk_topology_node(topology, "es2")->follow_count, 3);
    assert_string_equal(souk_topology_node(topology, "es2")->program, "souk-eventstore");
    assert_int_equal(souk_topology_wiring(topology, "es3", &wiring), -SOUK_ENOTFOUND);
    souk_topology_close(&topology);
    assert_null(topology);
}

/* What a topology says of a setting, held against what the program has compiled in. */
static void
settings_are_the_services_own(void **state)
{
    static const struct souk_setting pay = { "orders.pay_ms", 10, 90, 50, "the time to pay" };
    static const struct souk_setting hold = { "orders.hold_ms", 0, UINT64_MAX, 60, "the time to hold" };
    static const struct souk_setting *const list[] = { &pay, &hold, NULL };
    static const struct souk_service orders = { .name = "orders", .settings = list };
    static const struct souk_service query = { .name = "query", .settings = NULL };
    static const struct {
        const char *lines, *said;
        uint64_t pay_ms, hold_ms;
    } cases[] = {
        { "", NULL, 50, 60 },
        { "    settings\n", NULL, 50, 60 },
        { "    settings\n        hold_ms = 0\n        pay_ms = 10\n", NULL, 10, 0 },
        { "    settings\n        pay_ms = 90\n        hold_ms = 18446744073709551615\n", NULL, 90, UINT64_MAX },
        { "    settings\n        pay_ms = 9\n",
            "7: `pay_ms`: a number from 10 to 90 is meant, not 9 (the time to pay)", 0, 0 },
        { "    settings\n        pay_ms = 91\n",
            "7: `pay_ms`: a number from 10 to 90 is meant, not 91 (the time to pay)", 0, 0 },
        { "    settings\n        pay_m = 10\n",
            "7: service `orders` has no setting `pay_m`; did you mean `pay_ms`?", 0, 0 },
        { "    settings\n        colour = 10\n", "7: service `orders` has no setting `colour`", 0, 0 },
    };
    struct souk_set_values values;
    struct souk_topology *topology;
    struct souk_error err;
    char text[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, TOP STORE ORDERS "%s", cases[i].lines);
        topology = topology_read_good(text);
        err = (struct souk_error){ 0 };
        assert_int_equal(souk_setting_values(topology, souk_topology_node(topology, "orders"), &orders, &values, &err),
            cases[i].said == NULL ? 0 : -SOUK_EINVAL);
        if (cases[i].said == NULL) {
            assert_int_equal(values.count, 2);
            assert_int_equal(values.values[0], cases[i].pay_ms);
            assert_int_equal(values.values[1], cases[i].hold_ms);
        } else {
            assert_string_equal(strstr(err.text, "shop.zpl:") + strlen("shop.zpl:"), cases[i].said);
        }
        souk_topology_close(&topology);
    }
    topology = topology_read_good(SMALL "    settings\n        pay_ms = 10\n");
    assert_int_equal(souk_setting_values(topology, souk_topology_node(topology, "query"), &query, &values, &err),
        -SOUK_EINVAL);
    assert_non_null(strstr(err.text, "shop.zpl:10: `pay_ms`: service `query` has no settings"));
    souk_topology_close(&topology);
}

static void
endpoints_are_derived_or_given(void **state)
{
    struct souk_topology_errors errors;
    struct souk_topology *topology;
    const struct souk_topology_node *node;
    char expected[128];
    char dir[TOPOLOGY_DIR_BYTES];

    topology = topology_read_text(TOP STORE ORDERS "    publish = tcp://shop.example:7\n    queries = ipc://q\n"
        "host = here\n    address = 10.0.0.7\nservice = query\n    program = ./query\n    port = 7100\n    data = q\n"
        "    queries = tcp://[::1]:70\n", &errors, dir);
    assert_non_null(topology);
    node = souk_topology_node(topology, "orders");
    (void)snprintf(expected, sizeof expected, "ipc://%s/shop.run/orders.commands", dir);
    assert_string_equal(node->commands, expected);
    (void)snprintf(expected, sizeof expected, "ipc://%s/q", dir);
    assert_string_equal(node->queries, expected);
    assert_string_equal(node->publish, "tcp://shop.example:7");
    (void)snprintf(expected, sizeof expected, "%s/shop.data/orders" SOUK_DIRECTORY_DATA, dir);
    assert_string_equal(node->data, expected);
    assert_memory_equal(node->witness, "/dev/shm/souk-shop-orders-", 26);
    node = souk_topology_node(topology, "query");
    assert_string_equal(node->commands, "tcp://10.0.0.7:7100");
    assert_string_equal(node->queries, "tcp://[::1]:70");
    assert_string_equal(node->publish, "tcp://10.0.0.7:7102");
    (void)snprintf(expected, sizeof expected, "%s/q", dir);
    assert_string_equal(node->data, expected);
    (void)snprintf(expected, sizeof expected, "%s/./query", dir);
    assert_string_equal(node->program, expected);
    souk_topology_close(&topology);
}

static void
data_can_be_put_elsewhere(void **state)
{
    struct souk_topology *topology = topology_read_good(SMALL);
    const struct souk_topology_node *node = souk_topology_node(topology, "orders");
    char long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX + 2];
    char witness[128];
    uint8_t before[8];
    uint8_t after[8];
    struct souk_error err;

    souk_topology_fingerprint(topology, before);
    (void)snprintf(witness, sizeof witness, "%s", node->witness);
    assert_int_equal(souk_topology_move_data(topology, "/var/lib/elsewhere", &err), 0);
    assert_string_equal(node->data, "/var/lib/elsewhere/orders/data");
    assert_string_not_equal(node->witness, witness);
    souk_topology_fingerprint(topology, after);
    assert_memory_equal(before, after, sizeof before);

    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - sizeof SOUK_DIRECTORY_DATA] = '\0';
    assert_int_equal(souk_topology_move_data(topology, long_path, &err), 0);
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - sizeof SOUK_DIRECTORY_DATA] = 'x';
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - sizeof SOUK_DIRECTORY_DATA + 1] = '\0';
    assert_int_equal(souk_topology_move_data(topology, long_path, &err), -SOUK_ETOOBIG);
    souk_topology_close(&topology);
}

/* ---- what is the same and what is not ------------------------------- */

static void
expect_same(const char *a, const char *b, bool same)
{
    struct souk_topology *first = topology_read_good(a);
    struct souk_topology *second = topology_read_good(b);
    struct souk_wiring wiring;
    uint8_t fingerprints[2][8];

    souk_topology_fingerprint(first, fingerprints[0]);
    souk_topology_fingerprint(second, fingerprints[1]);
    assert_int_equal(memcmp(fingerprints[0], fingerprints[1], 8) == 0, same);
    assert_int_equal(souk_topology_compare(first, second, NULL, NULL, NULL) == 0, same);
    assert_int_equal(souk_topology_wiring(first, "orders", &wiring), 0);
    assert_memory_equal(wiring.fingerprint, fingerprints[0], 8);
    souk_topology_close(&first);
    souk_topology_close(&second);
}

static void
the_fingerprint_is_of_what_is_meant(void **state)
{
    expect_same(SMALL, "#   A shop.\n\n" TOP QUERY "\n" "service = orders\n    stream   =   orders    # its own\n"
        "    program = 'shop-orders'\n" STORE, true);
    expect_same(SMALL, SMALL "    durability = local\n    limits\n        hold_ms = 30000\n    log_level = info\n",
        true);
    expect_same(SMALL, SMALL "    port = 7100\n", false);
    expect_same(SMALL, "system = shop2\n" STORE ORDERS QUERY, false);
    expect_same(SMALL, SMALL "    limits\n        hold_ms = 30001\n", false);
    expect_same(SMALL, SMALL "client = web\n", false);
    expect_same(SMALL, SMALL "client = web\n    query = query\n", false);
    expect_same(TOP STORE ORDERS, TOP STORE ORDERS "        private = yes\n", false);
}

static void
write_change(void *arg, const struct souk_topology_change *change)
{
    char *text = arg;

    (void)sprintf(text + strlen(text), "%s, %s: %s -> %s%s\n", change->where, change->key,
        change->before == NULL ? "nothing" : change->before, change->after == NULL ? "nothing" : change->after,
        change->live ? " (live)" : "");
}

static void
expect_changes(const char *before, const char *after, const char *node, const char *changes, const char *restart)
{
    struct souk_topology *first = topology_read_good(before);
    struct souk_topology *second = topology_read_good(after);
    char said[4096] = "";
    char sentence[256];
    int rc;

    assert_true(souk_topology_compare(first, second, node, write_change, said) >= 0);
    assert_string_equal(said, changes);
    if (node != NULL) {
        rc = souk_topology_restart_sentence(first, second, node, sentence, sizeof sentence);
        assert_int_equal(rc, restart[0] == '\0' ? -SOUK_EINVAL : 0);
        assert_string_equal(sentence, restart);
    }
    souk_topology_close(&first);
    souk_topology_close(&second);
}

static void
differences_say_who_has_to_start_again(void **state)
{
    const char *after = TOP STORE "service = orders\n    program = shop-orders-2\n    stream = orders\n"
        "    stream = orders.internal\n" QUERY "    log_level = debug\n    limits\n        hold_ms = 5\n"
        "client = web\n    call = orders\n";
    const char *all = "client web, call: nothing -> orders (live)\n"
        "client web, operator: nothing -> no (live)\n"
        "service orders, program: shop-orders -> shop-orders-2\n"
        "service orders, stream: nothing -> orders.internal\n"
        "service query, limits hold_ms: 30000 -> 5 (live)\n"
        "service query, log_level: info -> debug (live)\n";

    expect_changes(SMALL, SMALL, "orders", "", "");
    expect_changes("system = shop\n    pass_issuer = orders\n" STORE ORDERS QUERY "client = web\n    operator = yes\n",
        "system = shop\n    pass_issuer = orders\n" STORE ORDERS QUERY "client = web\n    operator_role = staff\n"
        "    operator_role = admin\n", NULL, "client web, operator: yes -> no (live)\n"
        "client web, operator_role: nothing -> admin (live)\n"
        "client web, operator_role: nothing -> staff (live)\n", "");
    expect_changes(SMALL, after, NULL, all, "");
    expect_changes(SMALL, after, "orders",
        "client web, call: nothing -> orders (live)\n"
        "client web, operator: nothing -> no (live)\n"
        "service orders, program: shop-orders -> shop-orders-2\n"
        "service orders, stream: nothing -> orders.internal\n",
        "restart needed: program of orders changed, streams of orders changed");
    expect_changes(SMALL, after, "query",
        "client web, call: nothing -> orders (live)\n"
        "client web, operator: nothing -> no (live)\n"
        "service orders, stream: nothing -> orders.internal\n"
        "service query, limits hold_ms: 30000 -> 5 (live)\n"
        "service query, log_level: info -> debug (live)\n",
        "restart needed: streams of orders changed");
    expect_changes(SMALL, SMALL "service = other\n    program = x\n    stream = other\n", "query", "", "");
    expect_changes(SMALL, SMALL "service = other\n    program = x\n    stream = other\n", "es1",
        "service other, host: nothing -> local\nservice other, stream: nothing -> other\n",
        "restart needed: host of other changed, streams of other changed");
    expect_changes(SMALL, SMALL "service = other\n    program = x\n    follow = orders\n", "es1", "", "");
    expect_changes(SMALL, SMALL "    skip = orders 1.00c0ffee00c0ffee 3\n", "query",
        "service query, skip: nothing -> orders 1.00c0ffee00c0ffee 3 (live)\n", "");
    expect_changes(SMALL "    settings\n        pay_ms = 3\n", SMALL "    settings\n        pay_ms = 4\n", "query",
        "service query, settings pay_ms: 3 -> 4 (live)\n", "");
    expect_changes(SMALL, TOP "event_store = es1\n    lost = yes\nevent_store = es2\n" ORDERS QUERY, "orders",
        "event_store es1, lost: no -> yes\nevent_store es2, host: nothing -> local\n"
        "event_store es2, lost: nothing -> no\n",
        "restart needed: lost of es1 changed, host of es2 changed, lost of es2 changed");
}

static void
the_blog_is_a_good_one(void **state)
{
    static struct souk_topology_errors errors;
    struct souk_topology *topology = NULL;
    const char *srcdir = getenv("srcdir");
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/topology/blog.zpl", srcdir == NULL ? "../.." : srcdir);
    if (souk_topology_read(path, &topology, &errors) != 0)
        print_error("%s\n", errors.errors[0].text);
    assert_non_null(topology);
    assert_int_equal(souk_topology_node(topology, "query")->follow_count, 2);
    souk_topology_close(&topology);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_have_their_wiring),
        cmocka_unit_test(settings_are_the_services_own),
        cmocka_unit_test(endpoints_are_derived_or_given),
        cmocka_unit_test(data_can_be_put_elsewhere),
        cmocka_unit_test(the_fingerprint_is_of_what_is_meant),
        cmocka_unit_test(differences_say_who_has_to_start_again),
        cmocka_unit_test(the_blog_is_a_good_one),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
