/*
 * Waiting for sockets without asking each of them: what has come is seen, in
 * whatever state ZeroMQ's descriptor is, and nothing is waited for that is there.
 */
#include "souk_socket_wait.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#define LONG_MS 20000

/* Two sockets in one process; what one sends the other has at once, or when it looks. */
struct pair {
    void *context, *far;
    struct souk_socket_waited near, *items[2];
    struct souk_socket_waited wake;
    int pipe[2];
};

static int
open_pair(void **state)
{
    static struct pair pair;

    memset(&pair, 0, sizeof pair);
    if ((pair.context = zmq_ctx_new()) == NULL || (pair.far = zmq_socket(pair.context, ZMQ_PAIR)) == NULL
        || (pair.near.socket = zmq_socket(pair.context, ZMQ_PAIR)) == NULL
        || zmq_bind(pair.far, "inproc://pair") != 0 || zmq_connect(pair.near.socket, "inproc://pair") != 0
        || pipe(pair.pipe) != 0)
        return -1;
    pair.wake.fd = pair.pipe[0];
    pair.items[0] = &pair.near;
    pair.items[1] = &pair.wake;
    *state = &pair;
    return 0;
}

static int
close_pair(void **state)
{
    struct pair *pair = *state;

    (void)close(pair->pipe[0]);
    (void)close(pair->pipe[1]);
    (void)zmq_close(pair->far);
    (void)zmq_close(pair->near.socket);
    return zmq_ctx_term(pair->context);
}

static void
say(void *socket)
{
    assert_int_equal(zmq_send(socket, "a", 1, ZMQ_DONTWAIT), 1);
}

static void
hear(void *socket)
{
    char byte;

    assert_int_equal(zmq_recv(socket, &byte, 1, ZMQ_DONTWAIT), 1);
}

static void
what_comes_to_an_idle_socket_is_seen(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(souk_socket_wait(pair->items, 2, 0), 0);
    assert_true(pair->near.is_idle);
    assert_false(pair->near.has_input);
    for (int i = 0; i < 100; i++) {
        say(pair->far);
        assert_int_equal(souk_socket_wait(pair->items, 2, LONG_MS), 0);
        assert_true(pair->near.has_input);
        assert_false(pair->near.is_idle);
        hear(pair->near.socket);
        assert_int_equal(souk_socket_wait(pair->items, 2, 0), 0);
        assert_true(pair->near.is_idle);
    }
}

/* One of three is received, the descriptor says nothing of the others. */
static void
what_was_left_is_seen_again(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(souk_socket_wait(pair->items, 2, 0), 0);
    for (int i = 0; i < 3; i++)
        say(pair->far);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(souk_socket_wait(pair->items, 2, LONG_MS), 0);
        assert_true(pair->near.has_input);
        hear(pair->near.socket);
    }
    assert_int_equal(souk_socket_wait(pair->items, 2, 0), 0);
    assert_false(pair->near.has_input);
}

/* Whatever a socket is used for takes in what has been said, and with it what made the descriptor readable. */
static void
what_came_while_it_was_used_is_seen(void **state)
{
    struct pair *pair = *state;
    size_t size_bytes = sizeof(int);
    int events;

    assert_int_equal(souk_socket_wait(pair->items, 2, 0), 0);
    say(pair->far);
    assert_int_equal(zmq_getsockopt(pair->near.socket, ZMQ_EVENTS, &events, &size_bytes), 0);
    pair->near.is_idle = false;
    assert_int_equal(souk_socket_wait(pair->items, 2, LONG_MS), 0);
    assert_true(pair->near.has_input);
}

static void
descriptors_and_room_are_waited_for(void **state)
{
    struct pair *pair = *state;
    struct souk_socket_waited none = { .fd = -1 };
    struct souk_socket_waited *items[] = { &pair->near, &pair->wake, &none };

    assert_int_equal(write(pair->pipe[1], "a", 1), 1);
    assert_int_equal(souk_socket_wait(items, 3, LONG_MS), 0);
    assert_true(pair->wake.has_input);
    assert_false(pair->near.has_input);
    assert_false(none.has_input);
    assert_int_equal(read(pair->pipe[0], &(char){ 0 }, 1), 1);
    pair->near.wants_room = true;
    pair->near.is_idle = false;
    assert_int_equal(souk_socket_wait(items, 3, LONG_MS), 0);
    assert_false(pair->wake.has_input);
    assert_false(pair->near.has_input);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_to_an_idle_socket_is_seen, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(what_was_left_is_seen_again, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(what_came_while_it_was_used_is_seen, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(descriptors_and_room_are_waited_for, open_pair, close_pair),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
