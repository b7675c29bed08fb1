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
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ground_bridge.h"

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
static struct ground_bridge ground;
static char answer[ANSWER_BYTES_MAX];

static void
clear_ground(void)
{
    ground_bridge_close(&ground);
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

    while (*bytes < sizeof answer
        && (got = recv(fd, answer + *bytes, sizeof answer - *bytes, MSG_DONTWAIT)) > 0)
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
    ground_bridge_forget(&ground);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct bridge *bridge = &ground.bridge;
    size_t answer_bytes = 0;
    int fds[2];

    if (bridge->http == NULL) {
        ground_bridge_open(&ground, routes_text, "bridge");
        (void)atexit(clear_ground);
    }
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
    assert(answer_bytes == 0 || (answer_bytes > 12 && memcmp(answer, "HTTP/1.", 7) == 0));
    (void)close(fds[0]);
    for (int i = 0; bridge->peers != NULL && i < END_TURNS; i++) {
        bridge_api_stop(bridge);
        turn(bridge);
    }
    assert(bridge->peers == NULL && bridge->exchange_count == 0 && bridge->waiting_count == 0);
    forget_asks(bridge);
    return 0;
}
