/*
 * A client and a node that is a bare ROUTER here: what goes again and when, what
 * ends without an answer, and how much may be under way.
 */
#include "souk_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "souk_socket.h"

#define LOOKS_MAX 2000                  /* of a few ms each, for something that has to happen */

struct stage {
    char dir[32];
    struct souk_topology *topology;
    struct souk_client *client;
    const struct souk_topology_node *node;
    void *context;
    void *door;                         /* the node's */
    struct souk_socket_message message; /* what it has heard last */
};

static int
set_up(void **state)
{
    static const char text[] = "system = shop\nevent_store = es1\nservice = orders\n    program = x\n";
    static struct souk_topology_errors errors;
    struct stage *stage = calloc(1, sizeof *stage);
    char path[64];
    FILE *file;

    assert_non_null(stage);
    strcpy(stage->dir, "/tmp/souk-test-XXXXXX");
    assert_non_null(mkdtemp(stage->dir));
    (void)snprintf(path, sizeof path, "%s/shop.zpl", stage->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    /* Sockets beside the file: nobody has made a directory for them. */
    assert_true(fprintf(file, "%s    commands = ipc://c\n    queries = ipc://q\n", text) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(souk_topology_read(path, &stage->topology, &errors), 0);
    (void)unlink(path);
    stage->node = souk_topology_node(stage->topology, "orders");
    assert_int_equal(souk_client_open(stage->topology, "test", &stage->client, NULL), 0);
    assert_int_equal(souk_socket_message_init(&stage->message), 0);
    stage->context = souk_socket_context();
    assert_non_null(stage->context);
    *state = stage;
    return 0;
}

static int
tear_down(void **state)
{
    struct stage *stage = *state;
    char path[64];

    souk_client_close(&stage->client);
    assert_null(stage->client);
    souk_socket_message_done(&stage->message);
    souk_socket_close(&stage->door);
    souk_socket_context_done(&stage->context);
    souk_topology_close(&stage->topology);
    (void)snprintf(path, sizeof path, "%s/c", stage->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/q", stage->dir);
    (void)unlink(path);
    assert_int_equal(rmdir(stage->dir), 0);
    free(stage);
    return 0;
}

static void
open_door(struct stage *stage)
{
    assert_int_equal(souk_socket_open(stage->context, SOUK_SOCKET_COMMANDS, stage->node->commands,
        &(struct souk_socket_keys){ NULL, NULL }, &stage->door, NULL),
        0);
}

static struct souk_client_request
request_to(const struct stage *stage, uint8_t id, uint32_t deadline_ms)
{
    return (struct souk_client_request){ .node = stage->node, .id.bytes[0] = id, .id.bytes[15] = id,
        .name = souk_slice_of("orders.place"), .version = 1, .payload = { "\x90", 1 }, .deadline_ms = deadline_ms };
}

/* Let the client work until its node has heard a request. */
static void
hear(struct stage *stage, struct souk_wire_request *request_out)
{
    struct souk_client_answer answer;
    int looks;

    for (looks = 0; looks < LOOKS_MAX; looks++) {
        if (souk_socket_receive(stage->door, SOUK_SOCKET_COMMANDS, &stage->message) == 0) {
            assert_int_equal(stage->message.frame_count, 1);
            assert_int_equal(souk_wire_request_get(stage->message.frames[0], request_out), 0);
            return;
        }
        assert_int_equal(souk_client_receive(stage->client, 5, &answer), -SOUK_ENOTFOUND);
    }
    fail_msg("no request came");
}

/* The node answers what it has heard last. */
static void
answer(struct stage *stage, const struct souk_id *id, enum souk_status status, uint64_t retry_after_ms)
{
    struct souk_wire_reply reply = { .id = *id, .status = status, .retry_after_ms = retry_after_ms };
    struct souk_out out = { .kind = SOUK_OUT_REPLY, .frame_count = 1, .route_bytes = stage->message.route_bytes };
    struct souk_slice frame;
    struct souk_pack pack;

    memcpy(out.route, stage->message.route, stage->message.route_bytes);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_reply_put(&pack, &reply);
    assert_int_equal(pack.rc, 0);
    frame = souk_pack_slice(&pack);
    out.frames = &frame;
    assert_int_equal(souk_socket_send(stage->door, &out), 0);
    souk_pack_done(&pack);
}

static void
receive(struct stage *stage, struct souk_client_answer *answer_out)
{
    int looks;

    for (looks = 0; looks < LOOKS_MAX; looks++) {
        if (souk_client_receive(stage->client, 5, answer_out) == 0)
            return;
    }
    fail_msg("no answer came");
}

static void
a_request_waits_for_a_node_that_is_started_later(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request = request_to(stage, 7, 20000);
    struct souk_client_answer got;
    struct souk_wire_request heard;

    request.arg = stage;
    request.seen_count = 1;
    assert_int_equal(souk_name_set(&request.seen[0].stream, souk_slice_of("orders")), 0);
    request.seen[0].point = (struct souk_point){ .epoch.counter = 3, .number = 4 };
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    assert_int_equal(souk_client_receive(stage->client, 20, &got), -SOUK_ENOTFOUND);
    open_door(stage);
    hear(stage, &heard);
    assert_memory_equal(heard.id.bytes, request.id.bytes, 16);
    assert_true(heard.deadline_ms > 0 && heard.deadline_ms < 20000);
    assert_memory_equal(heard.caller.base, "test", 4);
    assert_int_equal(heard.seen_count, 1);
    assert_int_equal(heard.seen[0].point.number, 4);
    answer(stage, &heard.id, SOUK_STATUS_OK, 0);
    receive(stage, &got);
    assert_ptr_equal(got.arg, stage);
    assert_false(got.is_late);
    assert_int_equal(got.reply.status, SOUK_STATUS_OK);
    assert_int_equal(souk_client_waiting(stage->client), 0);
}

static void
busy_is_asked_again_while_there_is_time(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request = request_to(stage, 1, 20000);
    struct souk_client_answer got;
    struct souk_wire_request heard;

    open_door(stage);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    hear(stage, &heard);
    answer(stage, &heard.id, SOUK_STATUS_BUSY, 1);
    hear(stage, &heard);
    assert_memory_equal(heard.id.bytes, request.id.bytes, 16);
    answer(stage, &heard.id, SOUK_STATUS_BUSY, 30000);          /* after its deadline: that is the answer */
    receive(stage, &got);
    assert_int_equal(got.reply.status, SOUK_STATUS_BUSY);
    assert_int_equal(got.sent, 2);
}

static void
an_answer_that_does_not_come_is_waited_for_with_the_same_id(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request = request_to(stage, 1, 20000);
    struct souk_client_answer got;
    struct souk_wire_request heard;

    open_door(stage);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    hear(stage, &heard);
    hear(stage, &heard);                                        /* the first one was lost, for all it knows */
    assert_memory_equal(heard.id.bytes, request.id.bytes, 16);
    answer(stage, &heard.id, SOUK_STATUS_REFUSED, 0);
    answer(stage, &heard.id, SOUK_STATUS_OK, 0);                /* a second answer is nobody's */
    receive(stage, &got);
    assert_int_equal(got.reply.status, SOUK_STATUS_REFUSED);
    assert_int_equal(souk_client_receive(stage->client, 20, &got), -SOUK_ENOTFOUND);
}

static void
nobody_there_and_no_answer_are_told_apart(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request = request_to(stage, 1, 30);
    struct souk_client_answer got;
    struct souk_wire_request heard;

    assert_int_equal(souk_client_ask(stage->client, &request, &got, NULL), 0);
    assert_true(got.is_late);
    assert_int_equal(got.sent, 0);
    open_door(stage);
    request = request_to(stage, 2, 500);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    hear(stage, &heard);
    receive(stage, &got);
    assert_true(got.is_late);
    assert_true(got.sent > 0);
    assert_true(got.took_us >= (500 + SOUK_CLIENT_GRACE_MS) * 1000);
}

static void
what_is_under_way_is_bounded(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request;
    struct souk_client_answer got;
    struct souk_error err;
    unsigned i;

    for (i = 0; i <= SOUK_CLIENT_WAITING_MAX; i++) {
        request = request_to(stage, (uint8_t)i, 30);
        request.id.bytes[1] = (uint8_t)(i >> 8);
        assert_int_equal(souk_client_send(stage->client, &request, &err),
            i < SOUK_CLIENT_WAITING_MAX ? 0 : -SOUK_EBUSY);
    }
    assert_string_equal(err.text, "1024 requests are under way");
    for (i = 0; i < SOUK_CLIENT_WAITING_MAX; i++) {
        receive(stage, &got);
        assert_true(got.is_late);
    }
    assert_int_equal(souk_client_waiting(stage->client), 0);
}

static void
what_cannot_be_meant_is_refused(void **state)
{
    struct stage *stage = *state;
    struct souk_client_request request = request_to(stage, 1, SOUK_CLIENT_DEADLINE_MS_MAX);
    char *payload = calloc(1, SOUK_PAYLOAD_BYTES_MAX + 1);

    assert_non_null(payload);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), -SOUK_EINVAL);    /* the id is under way */
    request = request_to(stage, 2, SOUK_CLIENT_DEADLINE_MS_MAX + 1);
    assert_int_equal(souk_client_send(stage->client, &request, NULL), -SOUK_EINVAL);
    request = request_to(stage, 2, 1000);
    request.payload = (struct souk_slice){ payload, SOUK_PAYLOAD_BYTES_MAX };
    assert_int_equal(souk_client_send(stage->client, &request, NULL), 0);
    request = request_to(stage, 3, 1000);
    request.payload = (struct souk_slice){ payload, SOUK_PAYLOAD_BYTES_MAX + 1 };
    assert_int_equal(souk_client_send(stage->client, &request, NULL), -SOUK_ETOOBIG);
    free(payload);
}

static void
ids_are_of_the_time(void **state)
{
    const struct souk_id first = souk_client_new_id();
    const struct souk_id second = souk_client_new_id();

    assert_true(memcmp(first.bytes, second.bytes, 6) <= 0);
    assert_memory_not_equal(first.bytes, second.bytes, sizeof first.bytes);
    assert_int_equal(first.bytes[6] >> 4, 7);
    assert_int_equal(first.bytes[8] >> 6, 2);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_waits_for_a_node_that_is_started_later),
        TEST(busy_is_asked_again_while_there_is_time),
        TEST(an_answer_that_does_not_come_is_waited_for_with_the_same_id),
        TEST(nobody_there_and_no_answer_are_told_apart),
        TEST(what_is_under_way_is_bounded),
        TEST(what_cannot_be_meant_is_refused),
        cmocka_unit_test(ids_are_of_the_time),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
