#include "bridge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#define MEMORY_BYTES (32 * 1024)        /* of a connection, for its header and what is read */
#define REAP_US 20000                   /* deadlines are looked at so often at most */
#define IDLE_SECONDS 600                /* of libmicrohttpd itself; ours are shorter, but for streams */
#define DISCARD_BYTES_MAX (1024 * 1024) /* of a body that is too large, before the connection is cut off */
#define LOG_BYTES_MAX 256
#define TRACE_DIGITS 32
#define TRACE_BYTES 55                  /* of a traceparent */

static void log_message(void *cls, const char *format, va_list args) SOUK_PRINTF(2, 0);
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text);
static void watch_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code);
static void *begin_exchange(void *cls, const char *target, struct MHD_Connection *connection);
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *upload, size_t *upload_bytes, void **context);
static enum MHD_Result begin(struct bridge_exchange *exchange, const char *method, const char *version);
static void take_trace(struct bridge_exchange *exchange);
static enum MHD_Result take_body(struct bridge_exchange *exchange, const char *upload, size_t *upload_bytes);
static enum MHD_Result go(struct bridge_exchange *exchange);
static enum MHD_Result queue(struct bridge_exchange *exchange);
static void end_exchange(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code);
static void set_deadline(struct bridge *bridge, struct bridge_peer *peer, uint64_t after_ms);
static void reap(struct bridge *bridge, uint64_t now_us);

uint64_t
bridge_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int
bridge_http_start(struct bridge *bridge, int listen_fd, struct souk_error *err)
{
    const struct souk_routes_limits *limits = &bridge->routes->limits;
    const union MHD_DaemonInfo *info;
    struct epoll_event event = { .events = EPOLLIN };
    /* As an array: a variadic argument of another width would spoil all that follow it. */
    struct MHD_OptionItem options[] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_message, bridge },
        { MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)limits->connections_max, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)limits->connections_per_address, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)watch_connection, bridge },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin_exchange, bridge },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)end_exchange, bridge },
        { MHD_OPTION_END, 0, NULL },
    };

    bridge->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, handle, bridge, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (bridge->http == NULL) {
        (void)close(listen_fd);
        return souk_fail(err, SOUK_EIO, "libmicrohttpd %s does not start", MHD_get_version());
    }
    info = MHD_get_daemon_info(bridge->http, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || epoll_ctl(bridge->loop_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) != 0)
        return souk_fail(err, SOUK_EIO, "libmicrohttpd's descriptor cannot be watched: %s", strerror(errno));
    return 0;
}

void
bridge_http_quiesce(struct bridge *bridge)
{
    const int fd = MHD_quiesce_daemon(bridge->http);

    if (fd >= 0)
        (void)close(fd);
}

void
bridge_http_stop(struct bridge *bridge)
{
    if (bridge->http != NULL)
        MHD_stop_daemon(bridge->http);
    bridge->http = NULL;
}

uint32_t
bridge_http_run(struct bridge *bridge, uint32_t timeout_ms)
{
    const uint64_t now_us = bridge_now_us();
    MHD_UNSIGNED_LONG_LONG next_ms;

    if (now_us >= bridge->reap_us)
        reap(bridge, now_us);
    (void)MHD_run(bridge->http);
    if (MHD_get_timeout(bridge->http, &next_ms) == MHD_YES && next_ms < timeout_ms)
        timeout_ms = (uint32_t)next_ms;
    if (bridge->reap_us <= now_us + timeout_ms * 1000ULL)
        timeout_ms = bridge->reap_us <= now_us ? 0 : (uint32_t)((bridge->reap_us - now_us) / 1000 + 1);
    return timeout_ms;
}

void
bridge_http_resume(struct bridge_exchange *exchange)
{
    exchange->stage = BRIDGE_ANSWERED;
    MHD_resume_connection(exchange->connection);
}

void
bridge_http_again(struct bridge_exchange *exchange)
{
    exchange->stage = BRIDGE_BODY;
    bridge_api_go(exchange);
    if (exchange->stage != BRIDGE_WAITING)
        bridge_http_resume(exchange);
}

void
bridge_http_deadline(struct bridge_exchange *exchange, uint64_t after_ms)
{
    set_deadline(exchange->bridge, exchange->peer, after_ms);
}

const char *
bridge_http_field(const struct bridge_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

/* ---- libmicrohttpd's callbacks -------------------------------------- */

static void
log_message(void *cls, const char *format, va_list args)
{
    struct bridge *bridge = cls;
    char text[LOG_BYTES_MAX];

    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    souk_report(bridge->report, SOUK_LEVEL_DEBUG, "http", "%s", text);
}

/* Whoever looks at a path undoes its encoding once, when he knows what the piece is. */
static size_t
leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

static void
watch_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    struct bridge *bridge = cls;
    struct bridge_peer *peer = *socket_context;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info == NULL || (peer = calloc(1, sizeof *peer)) == NULL)
            return;
        peer->fd = info->connect_fd;
        peer->next = bridge->peers;
        if (peer->next != NULL)
            peer->next->previous = peer;
        bridge->peers = peer;
        *socket_context = peer;
        set_deadline(bridge, peer, bridge->routes->limits.header_ms);
    } else if (peer != NULL) {
        if (peer->next != NULL)
            peer->next->previous = peer->previous;
        if (peer->previous != NULL)
            peer->previous->next = peer->next;
        else
            bridge->peers = peer->next;
        free(peer);
        *socket_context = NULL;
    }
}

/* The request line is there. NULL without memory: then it gets no answer. */
static void *
begin_exchange(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct bridge *bridge = cls;
    struct bridge_exchange *exchange = calloc(1, sizeof *exchange);
    const union MHD_ConnectionInfo *info;
    const char *mark;
    size_t bytes;

    if (exchange == NULL)
        return NULL;
    exchange->bridge = bridge;
    exchange->connection = connection;
    exchange->target_at = target;
    exchange->target_bytes = strlen(target);
    bytes = exchange->target_bytes < bridge->routes->limits.target_bytes_max ? exchange->target_bytes
        : bridge->routes->limits.target_bytes_max;
    if ((exchange->target = malloc(bytes + 1)) == NULL) {
        free(exchange);
        return NULL;
    }
    memcpy(exchange->target, target, bytes);
    exchange->target[bytes] = '\0';
    mark = strchr(exchange->target, '?');
    exchange->path = (struct souk_slice){ exchange->target, mark == NULL ? bytes : (size_t)(mark - exchange->target) };
    if (mark != NULL)
        exchange->parameters = souk_slice_of(mark + 1);
    exchange->correlation = souk_client_new_id();
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->peer = info == NULL ? NULL : info->socket_context;
    bridge->exchange_count++;
    return exchange;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
    const char *upload, size_t *upload_bytes, void **context)
{
    struct bridge_exchange *exchange = *context;

    if (exchange == NULL)
        return MHD_NO;
    switch (exchange->stage) {
    case BRIDGE_NEW:
        return begin(exchange, method, version);
    case BRIDGE_BODY:
        return *upload_bytes > 0 ? take_body(exchange, upload, upload_bytes) : go(exchange);
    case BRIDGE_WAITING:
        return MHD_YES;
    case BRIDGE_ANSWERED:
        return queue(exchange);
    }
    return MHD_NO;
}

/* ---- an exchange ---------------------------------------------------- */

/*
 * The header is there. An answer at this point ends the connection, which is
 * right when what follows is a body that nobody wants; else it waits for the second call.
 */
static enum MHD_Result
begin(struct bridge_exchange *exchange, const char *method, const char *version)
{
    bool closes;

    set_deadline(exchange->bridge, exchange->peer, exchange->bridge->routes->limits.request_ms);
    exchange->stage = BRIDGE_BODY;
    exchange->begun_us = bridge_now_us();
    exchange->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    take_trace(exchange);
    if (!bridge_guard(exchange, method, version, &closes)) {
        if (closes) {
            bridge_answer_header(exchange, MHD_HTTP_HEADER_CONNECTION, "close");
            return queue(exchange);
        }
        return MHD_YES;
    }
    if (!bridge_api_begin(exchange, method) && exchange->has_body)
        return queue(exchange);
    return MHD_YES;
}

/* A caller that traces names the trace, 16 bytes: then that is the correlation. https://www.w3.org/TR/trace-context/ */
static void
take_trace(struct bridge_exchange *exchange)
{
    const char *trace = bridge_http_field(exchange, "traceparent");
    struct souk_id id;
    size_t bytes;

    if (trace != NULL && strlen(trace) >= TRACE_BYTES && memcmp(trace, "00-", 3) == 0 && trace[3 + TRACE_DIGITS] == '-'
        && sodium_hex2bin(id.bytes, sizeof id.bytes, trace + 3, TRACE_DIGITS, NULL, &bytes, NULL) == 0
        && bytes == sizeof id.bytes && sodium_is_zero(id.bytes, sizeof id.bytes) == 0)
        exchange->correlation = id;
}

static enum MHD_Result
take_body(struct bridge_exchange *exchange, const char *upload, size_t *upload_bytes)
{
    const size_t bytes = *upload_bytes;
    char *body;

    *upload_bytes = 0;
    if (exchange->response != NULL)
        return MHD_YES;
    if (exchange->is_too_big || bytes > exchange->body_bytes_max - exchange->body_bytes) {
        exchange->is_too_big = true;
        exchange->body_bytes += bytes;
        return exchange->body_bytes > DISCARD_BYTES_MAX ? MHD_NO : MHD_YES;
    }
    if ((body = realloc(exchange->body, exchange->body_bytes + bytes)) == NULL)
        return MHD_NO;
    memcpy(body + exchange->body_bytes, upload, bytes);
    exchange->body = body;
    exchange->body_bytes += bytes;
    return MHD_YES;
}

static enum MHD_Result
go(struct bridge_exchange *exchange)
{
    if (exchange->response == NULL && exchange->is_too_big)
        bridge_answer_problem(exchange, &bridge_body_too_large, 0, NULL, "a body has at most %zu bytes here",
            exchange->body_bytes_max);
    else if (exchange->response == NULL)
        bridge_api_go(exchange);
    if (exchange->stage != BRIDGE_WAITING)
        return queue(exchange);
    if (!souk_route_asks_who(exchange->match.route)) {
        free(exchange->body);                   /* with a pass it may have to be said again */
        exchange->body = NULL;
    }
    set_deadline(exchange->bridge, exchange->peer, 0);
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

/* Whatever the answer is, it is made. */
static enum MHD_Result
queue(struct bridge_exchange *exchange)
{
    enum MHD_Result queued;

    exchange->stage = BRIDGE_ANSWERED;
    if (exchange->response == NULL)
        return MHD_NO;
    bridge_session_tell(exchange);
    bridge_watch_count(exchange);
    set_deadline(exchange->bridge, exchange->peer, exchange->bridge->routes->limits.answer_ms);
    queued = MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    if (!exchange->is_shared)
        MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return queued;
}

static void
end_exchange(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    struct bridge *bridge = cls;
    struct bridge_exchange *exchange = *context;

    if (exchange == NULL)
        return;
    *context = NULL;
    bridge_events_leave(exchange);
    bridge_operator_leave(exchange);
    if (exchange->stage != BRIDGE_NEW)
        set_deadline(bridge, exchange->peer, bridge->routes->limits.idle_ms);
    if (exchange->response != NULL && !exchange->is_shared)
        MHD_destroy_response(exchange->response);
    sodium_memzero(exchange->secret, sizeof exchange->secret);
    sodium_memzero(exchange->new_secret, sizeof exchange->new_secret);
    free(exchange->location);
    free(exchange->body);
    free(exchange->target);
    free(exchange);
    bridge->exchange_count--;
}

/* ---- deadlines ------------------------------------------------------ */

/* 0: none. */
static void
set_deadline(struct bridge *bridge, struct bridge_peer *peer, uint64_t after_ms)
{
    const uint64_t now_us = bridge_now_us();

    if (peer == NULL)
        return;
    peer->deadline_us = after_ms == 0 ? 0 : now_us + after_ms * 1000;
    if (after_ms != 0 && peer->deadline_us < bridge->reap_us)
        bridge->reap_us = peer->deadline_us;
}

/* libmicrohttpd counts how long nothing came; who sends a byte now and then would stay for ever. */
static void
reap(struct bridge *bridge, uint64_t now_us)
{
    struct bridge_peer *peer;

    bridge->reap_us = UINT64_MAX;
    for (peer = bridge->peers; peer != NULL; peer = peer->next) {
        if (peer->deadline_us == 0)
            continue;
        if (peer->deadline_us <= now_us) {
            peer->deadline_us = 0;
            (void)shutdown(peer->fd, SHUT_RDWR);
        } else if (peer->deadline_us < bridge->reap_us) {
            bridge->reap_us = peer->deadline_us;
        }
    }
    if (bridge->reap_us < now_us + REAP_US)
        bridge->reap_us = now_us + REAP_US;
}
