#define _GNU_SOURCE                     /* F_SETPIPE_SZ */
#include <souk-json.h>
#include <souk_links.h>
#include <souk_notify.h>
#include <souk_reader.h>
#include <souk_report.h>
#include <souk_socket.h>
#include <souk_clock.h>
#include <souk_status.h>
#include <souk_wire.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#define WAIT_MS 10000
#define LONG_LINE_BYTES 3000            /* of a pipe's 4096: where one has gone there is no room for another */
#define WRITERS 4
#define TURNS 50
#define YIELDS 200
#define FRAMES_MANY 12                  /* more than a message has mostly */
#define TIME_BYTES (sizeof "2026-11-22T10:00:00.123Z" - 1)

/* ---- lines of the log ------------------------------------------------ */

struct lines {
    int fds[2];
    struct souk_report report;
    char text[2 * SOUK_REPORT_LINE_BYTES_MAX];
};

static int
open_lines(void **state)
{
    struct lines *lines = calloc(1, sizeof *lines);

    if (pipe(lines->fds) != 0 || fcntl(lines->fds[0], F_SETFL, O_NONBLOCK) != 0)
        return -1;
    souk_report_init(&lines->report, lines->fds[1], "inventory", SOUK_LEVEL_INFO);
    *state = lines;
    return 0;
}

static int
close_lines(void **state)
{
    struct lines *lines = *state;

    (void)close(lines->fds[0]);
    (void)close(lines->fds[1]);
    free(lines);
    return 0;
}

/* What was written since the last look. */
static const char *
written(struct lines *lines)
{
    ssize_t n = read(lines->fds[0], lines->text, sizeof lines->text - 1);

    lines->text[n < 0 ? 0 : n] = '\0';
    return lines->text;
}

static void
a_line_is_time_level_service_event_and_keys(void **state)
{
    struct lines *lines = *state;
    struct souk_line line;
    const char *text;

    souk_line_begin(&line, &lines->report, SOUK_LEVEL_WARN, "refused");
    souk_line_text(&line, "command", "inventory.reserve");
    souk_line_uint(&line, "order", 7);
    souk_line_text(&line, "text", "map is full");
    souk_line_end(&line);
    text = written(lines);
    assert_true(strlen(text) > TIME_BYTES);
    assert_int_equal(text[4], '-');
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[19], '.');
    assert_int_equal(text[TIME_BYTES - 1], 'Z');
    assert_string_equal(text + TIME_BYTES,
        " warn service=inventory event=refused command=inventory.reserve order=7 text=\"map is full\"\n");
}

static void
values_cannot_forge_lines_or_keys(void **state)
{
    static const struct {
        const char *value, *shown;
    } cases[] = {
        { "plain-1.2_a:b/c+d@e,f", "plain-1.2_a:b/c+d@e,f" },
        { "", "\"\"" },
        { "a b", "\"a b\"" },
        { "x=y", "\"x=y\"" },
        { "a\nerror service=other", "\"a\\nerror service=other\"" },
        { "say \"no\"", "\"say \\\"no\\\"\"" },
        { "back\\slash", "\"back\\\\slash\"" },
        { "\x1b[31mred", "\"\\x1b[31mred\"" },
        { "\x7f", "\"\\x7f\"" },
        { "caf\xc3\xa9", "\"caf\xc3\xa9\"" },
        { "\xc2\x85", "\"\\xc2\\x85\"" },       /* a control character of two bytes */
        { "\xff\xfe", "\"\\xff\\xfe\"" },
        { "cut \xe2\x82", "\"cut \\xe2\\x82\"" },
    };
    struct lines *lines = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct souk_line line;
        char expected[128];

        souk_line_begin(&line, &lines->report, SOUK_LEVEL_INFO, "e");
        souk_line_text(&line, "v", cases[i].value);
        souk_line_end(&line);
        (void)snprintf(expected, sizeof expected, " info service=inventory event=e v=%s\n", cases[i].shown);
        assert_string_equal(written(lines) + TIME_BYTES, expected);
    }
}

static void
a_line_has_a_limit_and_says_when_it_was_cut(void **state)
{
    static const char begun[] = " info service=inventory event=e v=";
    const size_t room = SOUK_REPORT_LINE_BYTES_MAX - TIME_BYTES - strlen(begun) - strlen(" cut=true") - 1;
    struct lines *lines = *state;
    char value[SOUK_REPORT_LINE_BYTES_MAX];
    const char *text;

    for (size_t more = 0; more <= 1; more++) {
        struct souk_line line;

        memset(value, 'x', sizeof value);
        souk_line_begin(&line, &lines->report, SOUK_LEVEL_INFO, "e");
        souk_line_slice(&line, "v", (struct souk_slice){ value, room + more });
        souk_line_uint(&line, "w", 1);
        souk_line_end(&line);
        text = written(lines);
        assert_true(strlen(text) <= SOUK_REPORT_LINE_BYTES_MAX);
        assert_non_null(strstr(text, " cut=true\n"));
        assert_null(strstr(text, " w="));
        assert_int_equal(strstr(text, " v=") != NULL, more == 0);
    }
}

static void
finer_lines_are_left_out(void **state)
{
    struct lines *lines = *state;
    enum souk_level level;

    souk_report(&lines->report, SOUK_LEVEL_DEBUG, "e", "nothing");
    assert_string_equal(written(lines), "");
    souk_report_set_level(&lines->report, SOUK_LEVEL_DEBUG);
    souk_report(&lines->report, SOUK_LEVEL_DEBUG, "e", "%s", "something");
    assert_string_equal(written(lines) + TIME_BYTES, " debug service=inventory event=e text=something\n");
    for (int i = SOUK_LEVEL_ERROR; i <= SOUK_LEVEL_DEBUG; i++) {
        assert_int_equal(souk_level_parse(souk_level_name((enum souk_level)i), &level), 0);
        assert_int_equal(level, i);
    }
    assert_int_equal(souk_level_parse("loud", &level), -SOUK_ENOTFOUND);
}

static void
a_log_that_nobody_reads_holds_nobody_up(void **state)
{
    struct lines *lines = *state;
    char filling[4096];
    ssize_t n;

    memset(filling, 'x', sizeof filling);
    assert_int_equal(fcntl(lines->fds[1], F_SETFL, O_NONBLOCK), 0);
    while (write(lines->fds[1], filling, sizeof filling) > 0)
        continue;
    assert_int_equal(fcntl(lines->fds[1], F_SETFL, 0), 0);
    souk_report(&lines->report, SOUK_LEVEL_INFO, "e", "lost");
    souk_report(&lines->report, SOUK_LEVEL_INFO, "e", "lost");
    while ((n = read(lines->fds[0], filling, sizeof filling)) > 0)
        assert_null(memchr(filling, '\n', (size_t)n));
    souk_report(&lines->report, SOUK_LEVEL_INFO, "e", "taken");
    assert_string_equal(written(lines) + TIME_BYTES, " info service=inventory event=e text=taken lines_lost=2\n");
    souk_report(&lines->report, SOUK_LEVEL_INFO, "e", "taken");
    assert_string_equal(written(lines) + TIME_BYTES, " info service=inventory event=e text=taken\n");
}

/* Between the look for room and the line the other threads have their turn: as a scheduler may have it. */
static atomic_bool lingers;

int
poll(struct pollfd *items, nfds_t count, int timeout_ms)
{
    struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
    int rc = ppoll(items, count, timeout_ms < 0 ? NULL : &timeout, NULL);

    for (int i = 0; i < YIELDS && atomic_load(&lingers); i++)
        (void)sched_yield();
    return rc;
}

struct writing {
    struct lines *lines;
    pthread_barrier_t *barrier;
};

static void *
write_long_lines(void *arg)
{
    struct writing *writing = arg;
    struct souk_line line;
    char value[LONG_LINE_BYTES];

    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int i = 0; i < TURNS; i++) {
        souk_line_begin(&line, &writing->lines->report, SOUK_LEVEL_INFO, "e");
        souk_line_text(&line, "v", value);
        (void)pthread_barrier_wait(writing->barrier);
        souk_line_end(&line);
        (void)pthread_barrier_wait(writing->barrier);
    }
    return NULL;
}

/* There is room for one line and each thread has one: the others must not wait for a reader who does not come. */
static void
threads_do_not_take_each_others_room(void **state)
{
    struct lines *lines = *state;
    pthread_barrier_t barrier;
    struct writing writing = { lines, &barrier };
    pthread_t threads[WRITERS];
    const char *text;

    assert_true(fcntl(lines->fds[1], F_SETPIPE_SZ, 4096) == 4096);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, WRITERS + 1), 0);
    (void)alarm(WAIT_MS / 1000);                /* it has ended before, or waits for ever */
    atomic_store(&lingers, true);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_long_lines, &writing), 0);
    for (int i = 0; i < TURNS; i++) {
        (void)pthread_barrier_wait(&barrier);
        (void)pthread_barrier_wait(&barrier);
        assert_int_equal(atomic_exchange(&lines->report.lines_lost, 0), WRITERS - 1);
        text = written(lines);
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)alarm(0);
    atomic_store(&lingers, false);
    (void)pthread_barrier_destroy(&barrier);
}

static void
what_happens_again_and_again_is_counted(void **state)
{
    struct lines *lines = *state;
    struct souk_throttle throttle = { 0 };
    struct souk_line line;

    for (int i = 0; i < SOUK_REPORT_SAME_MAX; i++)
        assert_true(souk_throttle_may(&throttle, 7));
    assert_false(souk_throttle_may(&throttle, 8));
    assert_false(souk_throttle_may(&throttle, 1006));
    assert_false(souk_throttle_owes(&throttle, 1006));
    assert_true(souk_throttle_owes(&throttle, 1007));
    assert_true(souk_throttle_may(&throttle, 1007));
    souk_line_begin(&line, &lines->report, SOUK_LEVEL_WARN, "e");
    souk_line_left_out(&line, &throttle);
    souk_line_end(&line);
    assert_string_equal(written(lines) + TIME_BYTES, " warn service=inventory event=e left_out=2\n");
    assert_false(souk_throttle_owes(&throttle, 9000));
    souk_line_begin(&line, &lines->report, SOUK_LEVEL_WARN, "e");
    souk_line_left_out(&line, &throttle);
    souk_line_end(&line);
    assert_string_equal(written(lines) + TIME_BYTES, " warn service=inventory event=e\n");
}

/* ---- the service manager --------------------------------------------- */

static void
the_service_manager_is_told(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[64], got[64];
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)snprintf(name, sizeof name, "@souk-test-notify-%ld", (long)getpid());
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(souk_notify("READY=1\nSTATUS=live"), 0);
    n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    got[n] = '\0';
    assert_string_equal(got, "READY=1\nSTATUS=live");
    assert_int_equal(setenv("NOTIFY_SOCKET", "not/absolute", 1), 0);
    assert_int_equal(souk_notify("READY=1"), -SOUK_EINVAL);
    assert_int_equal(setenv("NOTIFY_SOCKET", "@souk-test-nobody-listens", 1), 0);
    assert_int_equal(souk_notify("READY=1"), -SOUK_EIO);
    assert_int_equal(souk_notify_watchdog_ms(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "3000000", 1), 0);
    assert_int_equal(souk_notify_watchdog_ms(), 3000);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_int_equal(souk_notify_watchdog_ms(), 0);
    assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "soon", 1), 0);
    assert_int_equal(souk_notify_watchdog_ms(), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(souk_notify("READY=1"), 0);
    (void)close(fd);
}

/* ---- sockets ---------------------------------------------------------- */

static const struct souk_socket_keys no_keys;

struct doors {
    char home[64], endpoint[128];
    void *context, *door, *client;
    struct souk_socket_message message;
};

static int
open_doors(void **state)
{
    struct doors *doors = calloc(1, sizeof *doors);
    struct souk_error err;

    strcpy(doors->home, "/tmp/souk-runtime-XXXXXX");
    if (mkdtemp(doors->home) == NULL)
        return -1;
    (void)snprintf(doors->endpoint, sizeof doors->endpoint, "ipc://%s/door", doors->home);
    doors->context = souk_socket_context();
    *state = doors;
    return souk_socket_message_init(&doors->message) != 0
        || souk_socket_open(doors->context, SOUK_SOCKET_COMMANDS, doors->endpoint, &no_keys, &doors->door, &err) != 0;
}

static int
close_doors(void **state)
{
    struct doors *doors = *state;

    souk_socket_close(&doors->client);
    souk_socket_close(&doors->door);
    souk_socket_message_done(&doors->message);
    souk_socket_context_done(&doors->context);
    (void)unlink(doors->endpoint + strlen("ipc://"));
    (void)rmdir(doors->home);
    free(doors);
    return 0;
}

/* A client as somebody else would write it. */
static void
connect_client(struct doors *doors, size_t name_bytes)
{
    char name[256];
    int linger = 0;

    souk_socket_close(&doors->client);
    doors->client = zmq_socket(doors->context, ZMQ_DEALER);
    memset(name, 'n', sizeof name);
    assert_int_equal(zmq_setsockopt(doors->client, ZMQ_LINGER, &linger, sizeof linger), 0);
    if (name_bytes != 0)
        assert_int_equal(zmq_setsockopt(doors->client, ZMQ_ROUTING_ID, name, name_bytes), 0);
    assert_int_equal(zmq_connect(doors->client, doors->endpoint), 0);
}

static void
send_frames(struct doors *doors, size_t empties, size_t frames)
{
    for (size_t i = 0; i < empties + frames; i++)
        assert_true(zmq_send(doors->client, "x", i >= empties, i + 1 < empties + frames ? ZMQ_SNDMORE : 0) >= 0);
}

static int
receive(struct doors *doors)
{
    zmq_pollitem_t item = { .socket = doors->door, .events = ZMQ_POLLIN };

    assert_int_equal(zmq_poll(&item, 1, WAIT_MS), 1);
    return souk_socket_receive(doors->door, SOUK_SOCKET_COMMANDS, &doors->message);
}

static void
a_reply_goes_back_behind_as_many_empty_frames(void **state)
{
    struct doors *doors = *state;
    struct souk_outbox outbox;
    struct souk_out *out;

    souk_outbox_init(&outbox);
    connect_client(doors, 0);
    for (size_t empties = 0; empties <= SOUK_SOCKET_EMPTY_FRAMES_MAX; empties++) {
        const struct souk_slice answer = { "answer", 6 };
        char got[16];

        send_frames(doors, empties, 1);
        assert_int_equal(receive(doors), 0);
        assert_int_equal(doors->message.frame_count, 1);
        assert_int_equal(doors->message.frames[0].size_bytes, 1);
        assert_int_equal(souk_outbox_put(&outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL,
            (struct souk_slice){ doors->message.route, doors->message.route_bytes }, &answer, 1), 0);
        souk_outbox_release(&outbox);
        out = souk_outbox_take(&outbox);
        assert_int_equal(souk_socket_send(doors->door, out), 0);
        souk_out_free(&out);
        for (size_t i = 0; i < empties; i++)
            assert_int_equal(zmq_recv(doors->client, got, sizeof got, 0), 0);
        assert_int_equal(zmq_recv(doors->client, got, sizeof got, 0), 6);
    }
    send_frames(doors, SOUK_SOCKET_EMPTY_FRAMES_MAX + 1, 1);
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
    send_frames(doors, 1, 0);
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
    assert_int_equal(souk_socket_receive(doors->door, SOUK_SOCKET_COMMANDS, &doors->message), -SOUK_ENOTFOUND);
    souk_outbox_done(&outbox);
}

static void
routes_and_frames_have_a_limit(void **state)
{
    struct doors *doors = *state;

    connect_client(doors, SOUK_ROUTE_BYTES_MAX - 1);
    send_frames(doors, 0, 1);
    assert_int_equal(receive(doors), 0);
    assert_int_equal(doors->message.route_bytes, SOUK_ROUTE_BYTES_MAX);
    send_frames(doors, 0, 2);                       /* a request has one */
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
    send_frames(doors, SOUK_SOCKET_EMPTY_FRAMES_MAX, 2);
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
    send_frames(doors, 0, 2 * SOUK_FRAMES_MAX);
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
    send_frames(doors, 1, 1);                       /* and nothing of it is left */
    assert_int_equal(receive(doors), 0);
    assert_int_equal(doors->message.frame_count, 1);
    connect_client(doors, SOUK_ROUTE_BYTES_MAX);
    send_frames(doors, 0, 1);
    assert_int_equal(receive(doors), -SOUK_EMALFORMED);
}

static void
a_reply_to_somebody_who_left_is_lost_and_said_so(void **state)
{
    struct doors *doors = *state;
    const uint8_t route[] = { 0, 'n', 'o' };
    struct souk_slice frame = { "x", 1 };
    struct souk_out out = { .kind = SOUK_OUT_REPLY, .route_bytes = sizeof route, .frame_count = 1, .frames = &frame };

    memcpy(out.route, route, sizeof route);
    assert_int_equal(souk_socket_send(doors->door, &out), -SOUK_ENOTFOUND);
}

/* Its second frame is one that no memory can hold; what comes next must not be its end. */
static void
a_message_goes_whole_or_not_at_all(void **state)
{
    struct doors *doors = *state;
    char got[16];

    connect_client(doors, 0);
    for (size_t empties = 0; empties <= 1; empties++) {
        struct souk_slice frames[FRAMES_MANY] = { { "first", 5 } };
        struct souk_out out = { .kind = SOUK_OUT_REPLY, .frame_count = 2, .frames = frames };

        send_frames(doors, empties, 1);
        assert_int_equal(receive(doors), 0);
        memcpy(out.route, doors->message.route, doors->message.route_bytes);
        out.route_bytes = doors->message.route_bytes;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)    /* they end the process instead */
        frames[1] = (struct souk_slice){ "", SIZE_MAX / 4 };
        assert_int_equal(souk_socket_send(doors->door, &out), -SOUK_ENOMEM);
#endif
        for (out.frame_count = 1; out.frame_count <= FRAMES_MANY; out.frame_count++) {
            frames[out.frame_count - 1] = (struct souk_slice){ "next", 4 };
            assert_int_equal(souk_socket_send(doors->door, &out), 0);
            for (size_t i = 0; i < empties; i++)
                assert_int_equal(zmq_recv(doors->client, got, sizeof got, 0), 0);
            for (size_t i = 0; i < out.frame_count; i++) {
                int more = 0;
                size_t size = sizeof more;

                assert_int_equal(zmq_recv(doors->client, got, sizeof got, 0), 4);
                assert_memory_equal(got, "next", 4);
                assert_int_equal(zmq_getsockopt(doors->client, ZMQ_RCVMORE, &more, &size), 0);
                assert_int_equal(more, i + 1 < out.frame_count);
            }
        }
    }
}

/* A network may be up later than a daemon: it is to be tried again, unlike what can never be bound. */
static void
an_address_that_is_not_there_may_come(void **state)
{
    struct souk_error err;
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(souk_socket_listen("192.0.2.1:0", &fd, &port, &err), -SOUK_EBUSY);     /* RFC 5737: nobody's */
    assert_non_null(strstr(err.text, "or not yet"));
    assert_int_equal(souk_socket_listen("192.0.2:0", &fd, &port, &err), -SOUK_EINVAL);
}

static void
addresses_that_cannot_be_are_refused(void **state)
{
    static const char *const wrong[] = { "inproc://x", "udp://127.0.0.1:5555", "", "ws://127.0.0.1:1", "tcp://nowhere" };
    struct doors *doors = *state;
    char endpoint[128];
    size_t size = sizeof endpoint;
    struct souk_error err;
    void *first, *second = NULL;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(souk_socket_open(doors->context, SOUK_SOCKET_QUERIES, wrong[i], &no_keys, &second, &err), -SOUK_EINVAL);
        assert_non_null(strstr(err.text, "endpoint"));
    }
    assert_int_equal(souk_socket_open(doors->context, SOUK_SOCKET_QUERIES, "tcp://127.0.0.1:*", &no_keys, &first, &err), 0);
    assert_int_equal(zmq_getsockopt(first, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    assert_int_equal(souk_socket_open(doors->context, SOUK_SOCKET_QUERIES, endpoint, &no_keys, &second, &err), -SOUK_EBUSY);
    assert_non_null(strstr(err.text, "another process has it"));
    souk_socket_close(&first);
}

/* ---- links ------------------------------------------------------------ */

static const char two_nodes[] =
    "system = links\n"
    "event_store = log\n"
    "service = orders\n"
    "    program = orders\n"
    "    stream = orders\n"
    "service = stock\n"
    "    program = stock\n"
    "    follow = orders\n";

static struct souk_out *
message_to(const char *peer)
{
    const struct souk_slice frame = { "x", 1 };
    struct souk_outbox outbox;
    struct souk_name name;

    souk_outbox_init(&outbox);
    assert_int_equal(souk_name_set(&name, souk_slice_of(peer)), 0);
    assert_int_equal(souk_outbox_put(&outbox, SOUK_OUT_SEND, SOUK_DOOR_QUERIES, &name, (struct souk_slice){ NULL, 0 },
        &frame, 1), 0);
    souk_outbox_release(&outbox);
    return souk_outbox_take(&outbox);
}

static void
what_nobody_takes_waits_for_a_moment_and_is_dropped(void **state)
{
    struct doors *doors = *state;
    struct souk_topology_errors *errors = calloc(1, sizeof *errors);
    struct souk_links *links = calloc(1, sizeof *links);
    struct souk_topology *topology;
    struct souk_wiring wiring;
    struct souk_error err;
    struct souk_out *out;
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/system.zpl", doors->home);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(two_nodes, file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (souk_topology_read(path, &topology, errors) != 0)
        fail_msg("%s", errors->errors[0].text);
    assert_int_equal(souk_topology_wiring(topology, "stock", &wiring), 0);
    assert_int_equal(souk_links_open(links, doors->context, topology, &wiring, NULL, NULL, &err), 0);
    assert_int_equal(links->count, 2);              /* orders, and the event store for its heads */

    assert_true(souk_links_due_ms(links) == UINT64_MAX);
    for (int i = 0; i < SOUK_LINK_PENDING_MAX; i++) {
        out = message_to("orders");
        souk_links_send(links, &out, 5000);
        assert_null(out);
    }
    assert_int_equal(links->count, 3);
    assert_int_equal(links->dropped, 0);
    assert_int_equal(souk_links_due_ms(links), 5000 + SOUK_LINK_PENDING_MS);
    out = message_to("orders");
    souk_links_send(links, &out, 5000);
    assert_int_equal(links->dropped, 1);            /* the oldest */
    souk_links_flush(links, 5000 + SOUK_LINK_PENDING_MS - 1);
    assert_int_equal(links->dropped, 1);
    souk_links_flush(links, 5000 + SOUK_LINK_PENDING_MS);
    assert_int_equal(links->dropped, 1 + SOUK_LINK_PENDING_MAX);
    assert_true(souk_links_due_ms(links) == UINT64_MAX);
    out = message_to("nobody");
    souk_links_send(links, &out, 7000);
    assert_int_equal(links->dropped, 2 + SOUK_LINK_PENDING_MAX);
    assert_int_equal(links->count, 3);

    souk_links_close(links);
    souk_topology_close(&topology);
    (void)unlink(path);
    free(links);
    free(errors);
}

/* ---- pulls ------------------------------------------------------------- */

struct pulled {
    char home[64];
    struct souk_store *store;
    struct souk_wired_stream stream;
    struct souk_wiring wiring;
    struct souk_reader *reader;
    struct souk_pack frame;
};

static int
open_pulled(void **state)
{
    struct pulled *pulled = calloc(1, sizeof *pulled);
    const struct souk_store_config config = { .path = pulled->home, .simulated = true };
    struct souk_wire_pull pull = { .request = 1, .credit_bytes = 1024, .cursor_count = 1 };
    struct souk_error err;

    strcpy(pulled->home, "/dev/shm/souk-runtime-XXXXXX");
    if (mkdtemp(pulled->home) == NULL || souk_store_open(&config, &pulled->store, &err) != 0)
        return -1;
    strcpy(pulled->stream.name.text, "stock");
    strcpy(pulled->stream.origin.text, "stock");
    strcpy(pulled->wiring.self.text, "log");
    pulled->wiring.streams = &pulled->stream;
    pulled->wiring.stream_count = 1;
    souk_limits_fill(&pulled->wiring.limits);
    strcpy(pull.asker.text, "query");
    pull.cursors[0].stream = pulled->stream.name;
    souk_pack_init(&pulled->frame, SOUK_WIRE_BYTES_MAX);
    souk_wire_pull_put(&pulled->frame, &pull);
    *state = pulled;
    return souk_reader_open(NULL, &pulled->wiring, &pulled->reader, &err);
}

static int
close_pulled(void **state)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "lock" };
    struct pulled *pulled = *state;
    char path[128];

    souk_reader_close(&pulled->reader);
    souk_store_close(&pulled->store);
    souk_pack_done(&pulled->frame);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", pulled->home, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(pulled->home);
    free(pulled);
    return 0;
}

static void
hear_pulls(struct pulled *pulled, const char *peer, uint32_t count, uint64_t steady_ms)
{
    const struct souk_slice frame = souk_pack_slice(&pulled->frame);

    for (uint32_t i = 0; i < count; i++)
        souk_reader_hear(pulled->reader, souk_slice_of(peer), peer, &frame, 1,
            (struct souk_time){ .steady_ms = steady_ms });
}

/* How many were told that the holder is busy: `a`, and others. */
static void
take_busy(struct pulled *pulled, uint32_t *of_a, uint32_t *of_others)
{
    struct souk_wire_busy busy;
    struct souk_out *out;

    *of_a = *of_others = 0;
    while ((out = souk_outbox_take(souk_reader_outbox(pulled->reader))) != NULL) {
        assert_int_equal(souk_wire_busy_get(out->frames[0], &busy), 0);
        assert_int_equal(busy.request, 1);
        assert_string_equal(busy.holder.text, "log");
        assert_in_range(busy.retry_after_ms, SOUK_READER_BUSY_MS, SOUK_READER_BUSY_MS + SOUK_READER_BUSY_SPREAD_MS);
        *(out->route[0] == 'a' ? of_a : of_others) += 1;
        souk_out_free(&out);
    }
}

/* How many peers with this first letter were answered in one round: `a`, and others. */
static void
answer_pulls(struct pulled *pulled, bool answers_pulls, uint64_t steady_ms, uint32_t *of_a, uint32_t *of_others)
{
    struct souk_txn *txn = NULL;
    struct souk_out *out;

    *of_a = *of_others = 0;
    assert_int_equal(souk_txn_begin(pulled->store, SOUK_TXN_READ, &txn), 0);
    assert_int_equal(souk_reader_work(pulled->reader, txn, UINT64_MAX, answers_pulls,
        (struct souk_time){ .steady_ms = steady_ms }), 0);
    souk_txn_abort(&txn);
    while ((out = souk_outbox_take(souk_reader_outbox(pulled->reader))) != NULL) {
        *(out->route[0] == 'a' ? of_a : of_others) += 1;
        souk_out_free(&out);
    }
}

static void
pulls_take_turns_and_one_peer_has_so_many(void **state)
{
    struct pulled *pulled = *state;
    uint32_t of_a, of_others, answered = 0;

    hear_pulls(pulled, "a", SOUK_READER_PULLS_OF_PEER_MAX, 1000);
    hear_pulls(pulled, "b", 1, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a + of_others, 0);
    hear_pulls(pulled, "a", 1, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a, 1);
    assert_int_equal(of_others, 0);
    answer_pulls(pulled, true, 1000, &of_a, &of_others);
    assert_int_equal(of_a, 1);
    assert_int_equal(of_others, 1);
    for (answered = 1; souk_reader_wants_work(pulled->reader, (struct souk_time){ .steady_ms = 1000 }); answered++) {
        answer_pulls(pulled, true, 1000, &of_a, &of_others);
        assert_int_equal(of_a, 1);
        assert_int_equal(of_others, 0);
    }
    assert_int_equal(answered, SOUK_READER_PULLS_OF_PEER_MAX);
}

static bool
is_not_as(void *arg, const char *key, struct souk_slice frame)
{
    (void)arg;
    assert_int_equal(souk_wire_kind(frame), SOUK_WIRE_PULL);
    return strcmp(key, "a") != 0;
}

/* A key is taken out: its pulls are forgotten without a word, and make room; those of others stay. */
static void
pulls_end_with_the_right_to_them(void **state)
{
    struct pulled *pulled = *state;
    uint32_t of_a, of_others;

    hear_pulls(pulled, "b", 1, 1000);
    hear_pulls(pulled, "a", SOUK_READER_PULLS_OF_PEER_MAX, 1000);
    hear_pulls(pulled, "b", 1, 1000);
    souk_reader_recheck(pulled->reader, is_not_as, NULL);
    assert_null(souk_outbox_take(souk_reader_outbox(pulled->reader)));
    hear_pulls(pulled, "b", SOUK_READER_PULLS_OF_PEER_MAX - 2, 1000);
    hear_pulls(pulled, "a", SOUK_READER_PULLS_OF_PEER_MAX, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a + of_others, 0);
    souk_reader_recheck(pulled->reader, is_not_as, NULL);
    for (uint32_t i = 0; i < SOUK_READER_PULLS_OF_PEER_MAX; i++) {
        answer_pulls(pulled, true, 1000, &of_a, &of_others);
        assert_int_equal(of_a, 0);
        assert_int_equal(of_others, 1);
    }
    assert_false(souk_reader_wants_work(pulled->reader, (struct souk_time){ .steady_ms = 1000 }));
}

static void
so_many_pulls_wait(void **state)
{
    struct pulled *pulled = *state;
    uint32_t of_a, of_others, answered = 0;
    char peer[16];

    for (uint32_t i = 0; i < pulled->wiring.limits.pulls_max; i++) {
        (void)snprintf(peer, sizeof peer, "b%u", (unsigned)i);
        hear_pulls(pulled, peer, 1, 1000);
    }
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_others, 0);
    hear_pulls(pulled, "a", 1, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a, 1);
    assert_int_equal(of_others, 0);
    assert_int_equal(souk_reader_refused_busy(pulled->reader), 1);
    do {
        answer_pulls(pulled, true, 1000, &of_a, &of_others);
        answered += of_others;
        assert_int_equal(of_a, 0);
    } while (souk_reader_wants_work(pulled->reader, (struct souk_time){ .steady_ms = 1000 }));
    assert_int_equal(answered, pulled->wiring.limits.pulls_max);
}

/* `a` has all the room there is. Each newcomer gets a place of it, until all have as many as `a`. */
static void
who_has_the_most_pulls_makes_room(void **state)
{
    struct pulled *pulled = *state;
    uint32_t of_a, of_others, answered_a, answered_others;

    pulled->wiring.limits.pulls_max = 8;
    hear_pulls(pulled, "a", 9, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a, 1);
    hear_pulls(pulled, "b", 2, 1000);
    hear_pulls(pulled, "c", 2, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a, 4);                  /* 4, 2, 2 are there now */
    assert_int_equal(of_others, 0);
    hear_pulls(pulled, "a", 1, 1000);
    hear_pulls(pulled, "b", 2, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a, 2);                  /* its own, and one for the third of b: 3, 3, 2 */
    assert_int_equal(of_others, 1);             /* a fourth one of b */
    answer_pulls(pulled, true, 1000, &of_a, &of_others);
    assert_int_equal(of_a, 1);
    assert_int_equal(of_others, 2);             /* 2, 2, 1 are left */
    hear_pulls(pulled, "c", 4, 1000);
    take_busy(pulled, &of_a, &of_others);
    assert_int_equal(of_a + of_others, 1);      /* three fit; the fourth of c would be the fifth */
    answered_a = answered_others = 0;
    do {
        answer_pulls(pulled, true, 1000, &of_a, &of_others);
        answered_a += of_a;
        answered_others += of_others;
    } while (souk_reader_wants_work(pulled->reader, (struct souk_time){ .steady_ms = 1000 }));
    assert_int_equal(answered_a, 2);
    assert_int_equal(answered_others, 6);
}

/* One stream, two cursors: which one would count? */
static void
a_pull_that_names_a_stream_twice_is_dropped(void **state)
{
    struct pulled *pulled = *state;
    struct souk_wire_pull pull = { .request = 1, .credit_bytes = 1024, .cursor_count = 2 };
    uint32_t of_a, of_others;

    strcpy(pull.asker.text, "query");
    pull.cursors[0].stream = pull.cursors[1].stream = pulled->stream.name;
    souk_pack_reset(&pulled->frame);
    souk_wire_pull_put(&pulled->frame, &pull);
    hear_pulls(pulled, "a", 1, 1000);
    answer_pulls(pulled, true, 1000, &of_a, &of_others);
    assert_int_equal(of_a, 0);
    strcpy(pull.cursors[1].stream.text, "orders");
    souk_pack_reset(&pulled->frame);
    souk_wire_pull_put(&pulled->frame, &pull);
    hear_pulls(pulled, "a", 1, 1000);
    answer_pulls(pulled, true, 1000, &of_a, &of_others);
    assert_int_equal(of_a, 1);
}

/* A follower that starts with its origin asks before that is live; a refusal would cost it its time-out. */
static void
pulls_wait_for_a_writer_that_is_not_live_yet(void **state)
{
    struct pulled *pulled = *state;
    const uint64_t given_up_ms = 1000 + pulled->wiring.limits.pull_timeout_ms;
    uint32_t of_a, of_others;

    hear_pulls(pulled, "a", 1, 1000);
    answer_pulls(pulled, false, given_up_ms - 1, &of_a, &of_others);
    assert_int_equal(of_a, 0);
    assert_false(souk_reader_wants_work(pulled->reader, (struct souk_time){ .steady_ms = given_up_ms - 1 }));
    assert_int_equal(souk_reader_due_ms(pulled->reader), given_up_ms);
    souk_reader_signal(pulled->reader);
    answer_pulls(pulled, true, given_up_ms - 1, &of_a, &of_others);
    assert_int_equal(of_a, 1);

    hear_pulls(pulled, "a", 1, 1000);
    answer_pulls(pulled, false, given_up_ms, &of_a, &of_others);
    assert_true(souk_reader_due_ms(pulled->reader) == UINT64_MAX);
    answer_pulls(pulled, true, given_up_ms, &of_a, &of_others);
    assert_int_equal(of_a, 0);
}

#define TIME_MS_MAX ((UINT64_C(1) << 53) - 1)  /* that JSON can say */

/* ---- status ------------------------------------------------------------ */

/* The reply is packed by hand; the description says whether it is what it says. */
static void
status_is_what_its_description_says(void **state)
{
    const char *source = getenv("srcdir");
    struct souk_node_status *status = calloc(1, sizeof *status);
    struct souk_description *description;
    const struct souk_message_type *type;
    struct souk_error err;
    struct souk_pack pack;
    char path[512];
    json_t *json;

    (void)snprintf(path, sizeof path, "%s/src/daemon.messages.zpl", source == NULL ? "." : source);
    if (souk_description_open(path, &description, &err) != 0)
        fail_msg("%s", err.text);
    type = souk_messages_find(souk_description_messages(description), souk_slice_of(SOUK_STATUS_QUERY "_reply"));
    assert_non_null(type);
    strcpy(status->name.text, "stock");
    status->state = "live";
    status->epoch.counter = 3;
    status->commit = 17;
    status->now_ms = 1000;
    strcpy(status->waiting_for, "nothing");
    status->stream_count = SOUK_STREAMS_MAX;
    for (uint32_t i = 0; i < SOUK_STREAMS_MAX; i++) {
        struct souk_stream_status *stream = &status->streams[i];

        memset(stream->name.text, 'n', SOUK_NAME_BYTES_MAX);
        memset(stream->origin.text, 'o', SOUK_NAME_BYTES_MAX);
        stream->cursor.epoch.counter = stream->heard.epoch.counter = UINT32_MAX;
        stream->cursor.number = UINT64_MAX - 5;
        stream->heard.number = stream->queued_bytes = UINT64_MAX;
        stream->time_ms = stream->behind_since_ms = stream->waits_since_ms = TIME_MS_MAX;
        memset(stream->waits_for.stream.text, 'w', SOUK_NAME_BYTES_MAX);
        stream->waits_for.point.epoch.counter = UINT32_MAX;
        stream->waits_for.point.number = UINT64_MAX;
    }
    for (uint32_t i = 0; i < SOUK_STATUS_COUNTERS_MAX; i++)
        souk_node_status_count(status, "commands_waiting", UINT64_MAX);
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    souk_node_status_put(&pack, status);
    assert_int_equal(pack.rc, 0);
    if (souk_json_from_packed(type, souk_pack_slice(&pack), &json, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(json_string_value(json_object_get(json, "name")), "stock");
    assert_int_equal(json_integer_value(json_object_get(json, "commit")), 17);
    assert_int_equal(json_array_size(json_object_get(json, "streams")), SOUK_STREAMS_MAX);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(json, "streams"), 0), "lag")), 5);
    assert_int_equal(json_array_size(json_object_get(json, "counters")), SOUK_STATUS_COUNTERS_MAX);
    json_decref(json);
    souk_pack_done(&pack);
    souk_description_close(&description);
    free(status);
}

static void
lag_is_counted_within_an_epoch(void **state)
{
    struct souk_stream_status stream = { .cursor = { .epoch = { .counter = 2 }, .number = 10 } };

    assert_int_equal(souk_stream_status_lag(&stream), 0);           /* nothing heard */
    stream.heard = (struct souk_point){ { .counter = 2 }, 10 };
    assert_int_equal(souk_stream_status_lag(&stream), 0);
    stream.heard.number = 15;
    assert_int_equal(souk_stream_status_lag(&stream), 5);
    stream.heard.epoch.counter = 3;
    assert_int_equal(souk_stream_status_lag(&stream), 0);
    stream.cursor.epoch.counter = 0;
    stream.cursor.number = 0;
    assert_int_equal(souk_stream_status_lag(&stream), 15);          /* from the beginning */
}

static void
a_clock_that_is_set_is_noticed_one_that_is_slewed_is_not(void **state)
{
    struct souk_clock_watch watch = { .has_looked = false };
    struct souk_time now = { .wall_ms = 1700000000000, .steady_ms = 5000 };
    int64_t moved_ms;

    assert_false(souk_clock_look(&watch, now, &moved_ms));          /* the first look */
    now.wall_ms += 1000 + SOUK_CLOCK_STEP_MS - 1;
    now.steady_ms += 1000;
    assert_false(souk_clock_look(&watch, now, &moved_ms));
    now.wall_ms += 1000 + SOUK_CLOCK_STEP_MS;
    now.steady_ms += 1000;
    assert_true(souk_clock_look(&watch, now, &moved_ms));
    assert_int_equal(moved_ms, SOUK_CLOCK_STEP_MS);
    now.wall_ms -= 3600 * 1000;
    assert_true(souk_clock_look(&watch, now, &moved_ms));
    assert_int_equal(moved_ms, -3600 * 1000);
    assert_false(souk_clock_look(&watch, now, &moved_ms));          /* once for each time */
    now.steady_ms = now.wall_ms;
    assert_true(souk_clock_look(&watch, now, &moved_ms));
    assert_int_equal(watch.steps, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_time_level_service_event_and_keys, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(values_cannot_forge_lines_or_keys, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(a_line_has_a_limit_and_says_when_it_was_cut, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(finer_lines_are_left_out, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(a_log_that_nobody_reads_holds_nobody_up, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(threads_do_not_take_each_others_room, open_lines, close_lines),
        cmocka_unit_test_setup_teardown(what_happens_again_and_again_is_counted, open_lines, close_lines),
        cmocka_unit_test(the_service_manager_is_told),
        cmocka_unit_test_setup_teardown(a_reply_goes_back_behind_as_many_empty_frames, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(routes_and_frames_have_a_limit, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(a_reply_to_somebody_who_left_is_lost_and_said_so, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(a_message_goes_whole_or_not_at_all, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(addresses_that_cannot_be_are_refused, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(what_nobody_takes_waits_for_a_moment_and_is_dropped, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(pulls_take_turns_and_one_peer_has_so_many, open_pulled, close_pulled),
        cmocka_unit_test_setup_teardown(pulls_end_with_the_right_to_them, open_pulled, close_pulled),
        cmocka_unit_test_setup_teardown(so_many_pulls_wait, open_pulled, close_pulled),
        cmocka_unit_test_setup_teardown(who_has_the_most_pulls_makes_room, open_pulled, close_pulled),
        cmocka_unit_test_setup_teardown(a_pull_that_names_a_stream_twice_is_dropped, open_pulled, close_pulled),
        cmocka_unit_test_setup_teardown(pulls_wait_for_a_writer_that_is_not_live_yet, open_pulled, close_pulled),
        cmocka_unit_test(an_address_that_is_not_there_may_come),
        cmocka_unit_test(a_clock_that_is_set_is_noticed_one_that_is_slewed_is_not),
        cmocka_unit_test(status_is_what_its_description_says),
        cmocka_unit_test(lag_is_counted_within_an_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
