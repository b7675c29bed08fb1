/*
 * What a topology says to each of its nodes, what it may not say, and what
 * counts as a difference. Each bad one is a few lines of ZPL and the sentences
 * that are said about them.
 */
#include "souk_topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "souk_zpl.h"

#define FILE_NAME "shop.zpl"
#define TEXT_BYTES_MAX (64 * 1024)

#define TOP "system = shop\n"
#define STORE "event_store = es1\n"
#define ORDERS "service = orders\n    program = shop-orders\n    stream = orders\n"
#define QUERY "service = query\n    program = shop-query\n    follow = orders\n"
#define SMALL TOP STORE ORDERS QUERY
#define KEY "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf8\""

static struct souk_topology *
read_text(const char *text, struct souk_topology_errors *errors, char dir_out[32])
{
    struct souk_topology *topology = NULL;
    char path[64];
    FILE *file;

    strcpy(dir_out, "/tmp/souk-test-XXXXXX");
    assert_non_null(mkdtemp(dir_out));
    (void)snprintf(path, sizeof path, "%s/" FILE_NAME, dir_out);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    if (souk_topology_read(path, &topology, errors) != 0)
        assert_null(topology);
    (void)unlink(path);
    (void)rmdir(dir_out);
    return topology;
}

static struct souk_topology *
read_good(const char *text)
{
    struct souk_topology_errors errors;
    struct souk_topology *topology;
    char dir[32];

    topology = read_text(text, &errors, dir);
    if (topology == NULL)
        print_error("%s\n", errors.errors[0].text);
    assert_non_null(topology);
    return topology;
}

/* All that is said of `text`, a line each; the directory of the file, another one each time, is left out. */
static void
expect_refused(const char *text, const char *sentences)
{
    static struct souk_topology_errors errors;
    char said[TEXT_BYTES_MAX] = "";
    struct souk_topology *topology;
    char dir[32];
    char *at;
    size_t i;

    topology = read_text(text, &errors, dir);
    if (topology != NULL)
        print_error("taken, though: %s\n", sentences);
    assert_null(topology);
    strcat(dir, "/");
    for (i = 0; i < errors.count; i++) {
        strcat(said, errors.errors[i].text);
        strcat(said, "\n");
    }
    while ((at = strstr(said, dir)) != NULL)
        memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
    assert_string_equal(said, sentences);
    assert_int_equal(errors.code, SOUK_EINVAL);
}

/* ---- what is read --------------------------------------------------- */

static void
nodes_have_their_wiring(void **state)
{
    struct souk_topology *topology = read_good(TOP "    about = A shop.\n    durability = recorded\n"
        "    recorded_by = 2\n    limits\n        hold_ms = 77\n        head_ms = 200\n"
        "event_store = es2\n    lost = no\nevent_store = es1\n"
        "service = query\n    program = ./query\n    follow = reviews\n    follow = orders\n"
        "    skip = orders 2.00c0ffee00c0ffee 17\n    limits\n        hold_ms = 88\n"
        ORDERS "    stream = orders.private\n        private = yes\n    trim_after = recorded_by 2\n    call = reviews\n"
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

static void
endpoints_are_derived_or_given(void **state)
{
    struct souk_topology_errors errors;
    struct souk_topology *topology;
    const struct souk_topology_node *node;
    char expected[128];
    char dir[32];

    topology = read_text(TOP STORE ORDERS "    publish = tcp://shop.example:7\n    queries = ipc://q\n"
        "host = here\n    address = 10.0.0.7\nservice = query\n    program = ./query\n    port = 7100\n    data = q\n"
        "    queries = tcp://[::1]:70\n", &errors, dir);
    assert_non_null(topology);
    node = souk_topology_node(topology, "orders");
    (void)snprintf(expected, sizeof expected, "ipc://%s/shop.run/orders.commands", dir);
    assert_string_equal(node->commands, expected);
    (void)snprintf(expected, sizeof expected, "ipc://%s/q", dir);
    assert_string_equal(node->queries, expected);
    assert_string_equal(node->publish, "tcp://shop.example:7");
    (void)snprintf(expected, sizeof expected, "%s/shop.data/orders", dir);
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
    struct souk_topology *topology = read_good(SMALL);
    const struct souk_topology_node *node = souk_topology_node(topology, "orders");
    char long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX + 2];
    char witness[128];
    uint8_t before[8];
    uint8_t after[8];
    struct souk_error err;

    souk_topology_fingerprint(topology, before);
    (void)snprintf(witness, sizeof witness, "%s", node->witness);
    assert_int_equal(souk_topology_move_data(topology, "/var/lib/elsewhere", &err), 0);
    assert_string_equal(node->data, "/var/lib/elsewhere/orders");
    assert_string_not_equal(node->witness, witness);
    souk_topology_fingerprint(topology, after);
    assert_memory_equal(before, after, sizeof before);

    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - 1] = '\0';
    assert_int_equal(souk_topology_move_data(topology, long_path, &err), 0);
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - 1] = 'x';
    long_path[SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX] = '\0';
    assert_int_equal(souk_topology_move_data(topology, long_path, &err), -SOUK_ETOOBIG);
    souk_topology_close(&topology);
}

/* ---- what is refused ------------------------------------------------ */

static void
everything_that_is_wrong_is_said_at_once(void **state)
{
    expect_refused("sytem = shop\n" STORE ORDERS "    folow = orders\n    limits\n        hold_mz = 3\n"
        "service = query\n    follow = order\n",
        "shop.zpl: `system` is missing\n"
        "shop.zpl:1: `sytem` is not known here; did you mean `system`?\n"
        "shop.zpl:6: `folow` is not known here; did you mean `follow`?\n"
        "shop.zpl:8: `hold_mz` is not known here; did you mean `hold_ms`?\n"
        "shop.zpl:9: `program` is missing below `service = query`\n"
        "shop.zpl:10: no service writes a stream `order`; did you mean `orders`?\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_have_their_wiring),
        cmocka_unit_test(endpoints_are_derived_or_given),
        cmocka_unit_test(data_can_be_put_elsewhere),
        cmocka_unit_test(everything_that_is_wrong_is_said_at_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
