/*
 * The bridge's door: what is written to one connection, as it comes. The real
 * bridge hears it by libmicrohttpd, with everything that it reads from a header,
 * cookies, keys, tags, cursors, where an event stream goes on, whom a proxy
 * speaks for, and bodies; its system's services are away, so nobody answers
 * what it asks them.
 *
 * Whatever comes, what goes back is HTTP, every exchange ends, and nothing of
 * it stays. What is in a header has no writer here but browsers; cursors and
 * passes, which have one, are fuzz_texts's.
 */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/routes_text.h"
#include "bridge.h"
#include "souk_socket.h"

#define TURNS 3                                 /* of the loop, until what was written is read */
#define END_TURNS 64                            /* until nothing of it is left */
#define ASKS_MAX 2048                           /* that nobody answers; then the bridge forgets them */
#define REQUEST_BYTES_MAX 4096
#define ANSWER_BYTES_MAX (512 * 1024)

static const char routes_text[] =
    "routes = book\n    session\n        pass = book.pass\n        guest = book.pass\n"
    "route = GET /api/pages/{page_id}\n    query = book.page\n    session = maybe\n"
    "route = POST /api/pages\n    command = book.write\n    key = required\n"
    "route = PUT /api/pages/{page_id}\n    command = book.write\n    if_match = number\n"
    "route = GET /api/look\n    query = book.look\n    role = guest\n"
    "route = POST /api/sign\n    command = book.sign\n    session = begin hash\n    address = from\n"
    "route = DELETE /api/sign\n    command = book.sign\n    session = end hash\n"
    "route = GET /api/events\n    events = book\n    session = maybe\n";

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct routes_system rooms;
    struct souk_routes *routes;
    struct souk_report report;
    struct bridge bridge;
    int null_fd;
    char answer[ANSWER_BYTES_MAX];
} ground;

/* ---- the bridge ----------------------------------------------------- */

static void
hear(void *arg, unsigned line, const char *sentence)
{
    fprintf(stderr, "%s\n", sentence);
}

/* What knows services: they are forgotten now and then, for they never answer. */
static void
open_services(struct bridge *bridge)
{
    struct souk_error err = { 0 };

    assert(souk_client_open(bridge->topology, bridge->self->name.text, &bridge->client, &err) == 0);
    bridge->sessions = bridge_sessions_new();
    bridge->events = bridge_events_new(bridge);
    bridge->operator = bridge_operator_new(bridge);
    assert(bridge->sessions != NULL && bridge->events != NULL && bridge->operator != NULL);
    assert(bridge_follow_start(bridge, &err) == 0);
}

static void
close_services(struct bridge *bridge)
{
    souk_client_close(&bridge->client);
    bridge_api_done(bridge);
    bridge_sessions_close(&bridge->sessions);
    bridge_follow_close(&bridge->follow);
    bridge_events_close(bridge);
    bridge_operator_close(bridge);
}

static void
clear_ground(void)
{
    struct bridge *bridge = &ground.bridge;

    bridge_http_stop(bridge);
    close_services(bridge);
    free(bridge->rates);
    bridge_files_close(&bridge->files);
    bridge_watch_close(&bridge->watch);
    souk_pack_done(&bridge->pack);
    (void)close(bridge->loop_fd);
    souk_routes_close(&ground.routes);
    routes_system_close(&ground.rooms);
    (void)close(ground.null_fd);
}

static void
make_ground(void)
{
    struct bridge *bridge = &ground.bridge;
    struct souk_error err = { 0 };
    uint16_t port;
    int fd;

    if (bridge->http != NULL)
        return;
    assert(routes_system_open(&ground.rooms));
    assert(souk_routes_parse("fuzz.zpl", souk_slice_of(routes_text), ground.rooms.topology, ground.rooms.bridge,
        &ground.rooms.catalogue, &ground.routes, hear, NULL) == 0);
    ground.null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert(ground.null_fd >= 0);
    souk_report_init(&ground.report, ground.null_fd, "bridge", SOUK_LEVEL_ERROR);
    *bridge = (struct bridge){ .report = &ground.report, .signal_fd = -1, .reap_us = UINT64_MAX,
        .topology = ground.rooms.topology, .self = ground.rooms.bridge, .catalogue = &ground.rooms.catalogue,
        .routes = ground.routes, .loop_fd = epoll_create1(EPOLL_CLOEXEC) };
    souk_pack_init(&bridge->pack, SOUK_PAYLOAD_BYTES_MAX);
    bridge->rates = bridge_rates_new();
    bridge->files = bridge_files_new(ground.routes->unchanging);
    bridge->watch = bridge_watch_new(bridge);
    assert(bridge->loop_fd >= 0 && bridge->rates != NULL && bridge->files != NULL && bridge->watch != NULL);
    assert(bridge_openapi_add(bridge, &err) == 0 && bridge_files_end(bridge->files, ground.routes, &err) == 0);
    open_services(bridge);
    assert(souk_socket_listen(bridge->self->listen, &fd, &port, &err) == 0);
    assert(bridge_http_start(bridge, fd, &err) == 0);
    (void)atexit(clear_ground);
}

/* ---- one connection ------------------------------------------------- */

static void
turn(struct bridge *bridge)
{
    (void)bridge_follow_run(bridge, bridge_now_us());
    (void)bridge_events_run(bridge, bridge_now_us());
    (void)bridge_http_run(bridge, 0);
}

/* What has come back so far. */
static void
take_answer(int fd, size_t *bytes)
{
    ssize_t got;

    while (*bytes < sizeof ground.answer
        && (got = recv(fd, ground.answer + *bytes, sizeof ground.answer - *bytes, MSG_DONTWAIT)) > 0)
        *bytes += (size_t)got;
}

static void
forget_asks(struct bridge *bridge)
{
    size_t count = 0;

    for (const struct bridge_ask *ask = bridge->asks; ask != NULL; ask = ask->next)
        count++;
    if (count < ASKS_MAX)
        return;
    close_services(bridge);
    open_services(bridge);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct bridge *bridge = &ground.bridge;
    size_t answer_bytes = 0;
    int fds[2];

    make_ground();
    if (size_bytes > REQUEST_BYTES_MAX)
        size_bytes = REQUEST_BYTES_MAX;
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    if (MHD_add_connection(bridge->http, fds[1], (const struct sockaddr *)&address, sizeof address) != MHD_YES)
        abort();
    assert(size_bytes == 0 || send(fds[0], bytes, size_bytes, MSG_NOSIGNAL) == (ssize_t)size_bytes);
    for (int i = 0; i < TURNS; i++) {
        turn(bridge);
        take_answer(fds[0], &answer_bytes);
    }
    bridge_api_stop(bridge);                    /* whoever waits for a service is told that there will be no answer */
    turn(bridge);
    take_answer(fds[0], &answer_bytes);
    (void)shutdown(fds[0], SHUT_WR);
    turn(bridge);
    take_answer(fds[0], &answer_bytes);
    assert(answer_bytes == 0 || (answer_bytes > 12 && memcmp(ground.answer, "HTTP/1.", 7) == 0));
    (void)close(fds[0]);
    for (int i = 0; bridge->peers != NULL && i < END_TURNS; i++) {
        bridge_api_stop(bridge);
        turn(bridge);
    }
    assert(bridge->peers == NULL && bridge->exchange_count == 0 && bridge->waiting_count == 0);
    forget_asks(bridge);
    return 0;
}
