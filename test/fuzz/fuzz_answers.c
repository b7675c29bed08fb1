/*
 * What services and event stores answer, as it reaches those who ask: a bridge
 * that a browser has asked for something, and the command. The first byte of an
 * input says who asks what; the rest is what comes back, a script of far_end.h.
 * Clients, the bridge and subcommands are what they are anywhere; only their
 * sockets are not.
 *
 * Whatever comes: the bridge answers its browser, with JSON where it says so,
 * and never with the bare error of a process that has no memory; every exchange
 * ends. A subcommand ends with a status of sysexits.h or one of its own.
 */
#include "fuzz.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "far_end.h"
#include "ground_bridge.h"
#include "souk_cli.h"
#include "souk_cli_heads.h"

#define TURNS_MAX 64
#define LAST_TURNS 4                    /* when the script is over */
#define NEWS_PER_TURN 16
#define TURN_US 150000                  /* of the clock of what is followed: a pull is repeated after 100 ms */
#define END_TURNS 64
#define ANSWER_BYTES (1024 * 1024)
#define WORDS_MAX 8
#define HEADS_MS 1000

#define PAGE "/api/pages/01935d2c-0000-7000-8000-000000000001"
#define HEAD " HTTP/1.1\r\nHost: localhost\r\n"
#define PERSON "Cookie: book-session=pAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
#define GUEST "Cookie: book-session=gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
#define JSON "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"

static const char routes_of_anybody[] =
    "routes = book\n    session\n        pass = book.pass\n        guest = book.pass\n"
    "route = GET /api/pages/{page_id}\n    query = book.page\n    session = maybe\n    etag = revision\n    cache = revalidate\n"
    "route = POST /api/pages\n    command = book.write\n    location = /api/pages/{page_id}\n    session = maybe\n"
    "    outcomes\n        book.signed = book.full\n"
    "route = GET /api/look\n    query = book.look\n    role = staff\n"
    "route = POST /api/sign\n    command = book.sign\n    session = begin hash\n    address = from\n"
    "route = DELETE /api/sign\n    command = book.sign\n    session = end hash\n"
    "route = GET /api/events\n    events = book\n    session = maybe\n";

static const char routes_of_operators[] =
    "routes = office\n"
    "route = GET /api/system\n    query = ops.system\n"
    "route = GET /api/log\n    query = ops.log\n"
    "route = GET /api/log/{stream}/{number}\n    query = ops.event\n"
    "route = GET /api/log/{stream}/{number}/why\n    query = ops.why\n"
    "route = GET /api/parked/{service}\n    query = ops.parked\n"
    "route = POST /api/parked/{service}/{sequence}/retry\n    command = ops.retry\n"
    "route = POST /api/parked/{service}/{sequence}/discard\n    command = ops.discard\n";

/* What a browser asks of which bridge. */
static const struct asking {
    enum { BOOK, OFFICE, BRIDGES } bridge;
    const char *request;
} askings[] = {
    { BOOK, "GET " PAGE HEAD "\r\n" },
    { BOOK, "GET " PAGE HEAD PERSON "If-None-Match: \"7\"\r\n\r\n" },
    { BOOK, "GET /api/look" HEAD PERSON "\r\n" },
    { BOOK, "POST /api/pages" HEAD JSON "Content-Length: 84\r\n\r\n"
        "{\"page_id\":\"01935d2c-0000-7000-8000-000000000001\",\"number\":1,\"text\":\"a\",\"lines\":[]} " },
    { BOOK, "POST /api/sign" HEAD JSON PERSON "Content-Length: 2\r\n\r\n{}" },
    { BOOK, "DELETE /api/sign" HEAD "Sec-Fetch-Site: same-origin\r\n" GUEST "\r\n" },
    { BOOK, "GET /api/events" HEAD PERSON "\r\n" },
    { BOOK, "GET /api/events" HEAD "Last-Event-ID: book=1.00c0ffee00c0ffee:1\r\n\r\n" },
    { OFFICE, "GET /api/system" HEAD "\r\n" },
    { OFFICE, "GET /api/log?with_data=true" HEAD "\r\n" },
    { OFFICE, "GET /api/log?next=es1:0badc0de0badc0de:7:1&limit=2" HEAD "\r\n" },
    { OFFICE, "GET /api/log/book/1" HEAD "\r\n" },
    { OFFICE, "GET /api/log/book/1/why" HEAD "\r\n" },
    { OFFICE, "GET /api/parked/book" HEAD "\r\n" },
    { OFFICE, "POST /api/parked/book/1/retry" HEAD JSON "Content-Length: 31\r\n\r\n{\"stream\":\"book\",\"number\":1   }" },
    { OFFICE, "POST /api/parked/book/1/discard" HEAD JSON "Content-Length: 43\r\n\r\n"
        "{\"stream\":\"book\",\"number\":1,\"why\":\"broken\"}" },
};
#define ASKINGS (sizeof askings / sizeof askings[0])

/* What is typed. */
static const struct typed {
    int (*run)(int argc, char **argv);
    const char *words[WORDS_MAX];
} typed[] = {
    { souk_cli_call, { "souk call", "book", "book.page", "{\"page_id\":\"01935d2c-0000-7000-8000-000000000001\"}" } },
    { souk_cli_call, { "souk call", "-j", "book", "book.burn", "{\"page_id\":\"01935d2c-0000-7000-8000-000000000001\"}" } },
    { souk_cli_status, { "souk status", "-s" } },
    { souk_cli_status, { "souk status", "-j" } },
    { souk_cli_parked, { "souk parked" } },
    { souk_cli_parked, { "souk parked", "list", "--settled", "-j" } },
    { souk_cli_parked, { "souk parked", "show", "book/1" } },
    { souk_cli_parked, { "souk parked", "retry", "--all" } },
    { souk_cli_parked, { "souk parked", "discard", "--why=so", "--yes", "book/1" } },
    { souk_cli_consumers, { "souk consumers" } },
    { souk_cli_log, { "souk log", "-d" } },
    { souk_cli_log, { "souk log", "-j", "--oldest", "--from=es1.0badc0de0badc0de:7" } },
    { souk_cli_log, { "souk log", "show", "book/1" } },
    { souk_cli_why, { "souk why", "book/1" } },
    { souk_cli_why, { "souk why", "-j", "book/1" } },
};
#define TYPED (sizeof typed / sizeof typed[0])
#define ALL (ASKINGS + TYPED + 1)       /* and where a node stands in its streams */

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct ground_bridge bridges[BRIDGES];
    char topology_path[ROUTES_PATH_BYTES];
    FILE *nowhere;
    char answer[ANSWER_BYTES];
} ground;

static void make_ground(void);
static void clear_ground(void);
static void ask_bridge(const struct asking *asking);
static size_t take_answer(int fd, size_t bytes);
static bool hear_turn(struct bridge *bridge, uint64_t now_us);
static void check_answer(const char *answer, size_t bytes);
static void type(const struct typed *said);
static void ask_heads(void);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    size_t who;

    make_ground();
    if (size_bytes == 0)
        return 0;
    who = bytes[0] % ALL;
    far_end_begin((struct souk_slice){ bytes + 1, size_bytes - 1 });
    if (who < ASKINGS) {
        ask_bridge(&askings[who]);
    } else {
        /* What it says is for people. */
        FILE *kept = stderr;

        stderr = ground.nowhere;
        if (who < ASKINGS + TYPED)
            type(&typed[who - ASKINGS]);
        else
            ask_heads();
        stderr = kept;
    }
    far_end_begin((struct souk_slice){ "", 0 });        /* so that nothing is left of it, and nothing looks like a leak */
    return 0;
}

/* ---- the ground ----------------------------------------------------- */

static void
make_ground(void)
{
    if (ground.nowhere != NULL)
        return;
    assert(freopen("/dev/null", "we", stdout) != NULL);
    assert((ground.nowhere = fopen("/dev/null", "we")) != NULL);
    assert(routes_system_write(ground.topology_path));
    assert(setenv(SOUK_CLI_TOPOLOGY_VARIABLE, ground.topology_path, 1) == 0);
    ground_bridge_open(&ground.bridges[BOOK], routes_of_anybody, "bridge");
    ground_bridge_open(&ground.bridges[OFFICE], routes_of_operators, "office");
    for (size_t i = 0; i < BRIDGES; i++)
        ground_bridge_rest(&ground.bridges[i]);
    (void)atexit(clear_ground);
}

static void
clear_ground(void)
{
    for (size_t i = 0; i < BRIDGES; i++)
        ground_bridge_close(&ground.bridges[i]);
    routes_system_unlink(ground.topology_path);
    far_end_begin((struct souk_slice){ "", 0 });
    (void)fclose(ground.nowhere);
}

/* ---- a bridge ------------------------------------------------------- */

static void
ask_bridge(const struct asking *asking)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const size_t request_bytes = strlen(asking->request);
    struct bridge *bridge = &ground.bridges[asking->bridge].bridge;
    uint64_t now_us = bridge_now_us();
    size_t answer_bytes = 0;
    unsigned left = LAST_TURNS;
    int fds[2];

    ground_bridge_forget(&ground.bridges[asking->bridge]);
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    if (MHD_add_connection(bridge->http, fds[1], (const struct sockaddr *)&address, sizeof address) != MHD_YES)
        abort();
    assert(send(fds[0], asking->request, request_bytes, MSG_NOSIGNAL) == (ssize_t)request_bytes);
    for (int i = 0; i < TURNS_MAX && left > 0; i++) {
        now_us += TURN_US;
        left -= far_end_is_over();
        if (!hear_turn(bridge, now_us) && i > LAST_TURNS)
            far_end_skip();
        answer_bytes = take_answer(fds[0], answer_bytes);
    }
    bridge_api_stop(bridge);
    (void)hear_turn(bridge, now_us);
    (void)shutdown(fds[0], SHUT_WR);
    (void)hear_turn(bridge, now_us);
    answer_bytes = take_answer(fds[0], answer_bytes);
    check_answer(ground.answer, answer_bytes);
    (void)close(fds[0]);
    for (int i = 0; bridge->peers != NULL && i < END_TURNS; i++) {
        bridge_api_stop(bridge);
        (void)hear_turn(bridge, now_us);
    }
    assert(bridge->peers == NULL && bridge->exchange_count == 0 && bridge->waiting_count == 0);
    ground_bridge_rest(&ground.bridges[asking->bridge]);
}

/* As the bridge's loop does. False: there was nothing to be heard. */
static bool
hear_turn(struct bridge *bridge, uint64_t now_us)
{
    struct souk_client_news news;
    unsigned heard = 0;

    while (heard < NEWS_PER_TURN && far_end_is_ready() && souk_client_next(bridge->client, 1, &news) == 0) {
        heard++;
        if (news.kind == SOUK_CLIENT_ANSWER)
            bridge_api_hear(bridge, &news.answer);
        else if (news.kind == SOUK_CLIENT_HEARD)
            bridge_follow_heard(bridge, news.heard);
        else
            bridge_follow_pulled(bridge, &news.pulled);
    }
    (void)bridge_follow_run(bridge, now_us);
    (void)bridge_events_run(bridge, bridge_now_us());
    (void)bridge_http_run(bridge, 0);
    return heard > 0;
}

static size_t
take_answer(int fd, size_t bytes)
{
    ssize_t got;

    while (bytes < sizeof ground.answer - 1
        && (got = recv(fd, ground.answer + bytes, sizeof ground.answer - 1 - bytes, MSG_DONTWAIT)) > 0)
        bytes += (size_t)got;
    ground.answer[bytes] = '\0';
    return bytes;
}

static void
check_answer(const char *answer, size_t bytes)
{
    const char *body = strstr(answer, "\r\n\r\n");
    json_t *json;

    assert(bytes > 12 && memcmp(answer, "HTTP/1.1 ", 9) == 0 && body != NULL);
    assert(strncmp(answer + 9, "500", 3) != 0 || body[4] != '\0');
    if (strstr(answer, "json\r\n") == NULL || strstr(answer, "json\r\n") > body || strncmp(answer + 9, "304", 3) == 0)
        return;
    json = json_loadb(body + 4, bytes - (size_t)(body + 4 - answer), JSON_ALLOW_NUL, NULL);
    assert(json != NULL);
    json_decref(json);
}

/* ---- the command ---------------------------------------------------- */

static void
type(const struct typed *said)
{
    char words[WORDS_MAX][128], *argv[WORDS_MAX + 1] = { NULL };
    int argc = 0, status;

    for (; argc < WORDS_MAX && said->words[argc] != NULL; argc++) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", said->words[argc]);
        argv[argc] = words[argc];
    }
    status = said->run(argc, argv);
    assert(status == 0 || status == 1 || (status >= EX__BASE && status <= EX__MAX));
    assert(status != EX_USAGE && status != EX_CONFIG);
}

static void
ask_heads(void)
{
    char name[] = "souk", *argv[] = { name, NULL };
    struct souk_cli_system system;
    struct souk_cli_heads heads;
    struct souk_cli cli;

    souk_cli_begin(&cli, argv);
    assert(souk_cli_system_open(&system, &cli, name) == 0);
    for (size_t i = 0; i < system.topology->node_count; i++) {
        if (souk_cli_heads_ask(&cli, system.client, &system.topology->nodes[i], HEADS_MS, &heads) != 0 || !heads.answered)
            continue;
        assert(heads.count <= SOUK_STREAMS_MAX);
        for (uint32_t k = 0; k < heads.count; k++)
            assert(souk_name_valid(souk_name_slice(&heads.heads[k].stream))
                && souk_cli_heads_of(&heads, heads.heads[k].stream.text) != NULL);
    }
    souk_cli_system_close(&system);
}
