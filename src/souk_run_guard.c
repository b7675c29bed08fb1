#include "souk_run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TCP "tcp://"
#define IPC "ipc://"
#define DOORS 3
#define PUBLISH 1                       /* of the doors: 0 is commands, 2 queries */
#define LOOK_MS 250
#define LOOK_SOON_MS 20                 /* while a quarter of memory_bytes_max is in use */
#define CUT_APART_MS 200                /* the I/O thread needs a moment to free what a connection held */
#define TELL_APART_MS 10000
#define SUBSCRIPTIONS_MAX (2 * SOUK_STREAMS_MAX)        /* of one connection, within SUBSCRIPTIONS_MS: one socket may follow all there is */
#define SUBSCRIPTIONS_MS 1000
#define EVENTS_MAX 4096                 /* of one door before the others, and the memory, are looked at */

#define DESCRIPTORS_LOOKED_AT 65536     /* a process that may have more is not looked through beyond */

/* Descriptors that the process needs beside those of accepted connections. */
#define DESCRIPTORS_OWN 64
#define DESCRIPTORS_PER_NODE 6          /* a subscription and two links, each with an eventfd */
#define CONNECTIONS_MIN 8
#define ACCEPTED_TIMES 3                /* connections may have a third of what is left: more are accepted before they are cut */

/* An accepted one, by its descriptor. */
struct connection {
    bool is_open, is_cut;
    uint8_t door;
    uint64_t bytes_before;              /* of tcp: what it had sent when memory was low */
    uint64_t bytes_queued;              /* of ipc, which counts nothing: what lay in the kernel at each look since */
};

/* By the descriptor, too, but the writer's: how often somebody has subscribed of late. */
struct subscriber {
    uint64_t until_ms;                  /* steady: then it is somebody else, or as good as new */
    uint32_t count;
};

struct run_guard {
    struct run *run;
    pthread_t thread;
    bool has_thread;
    int wake_fd, memory_fd;
    atomic_bool stops;
    atomic_uint cuts_asked, cuts_done;  /* of all connections to the publishing socket */
    uint32_t connections_max;           /* of one door */
    uint64_t memory_bytes_max;
    void *doors[DOORS];                 /* borrowed */
    void *watches[DOORS];
    const char *endpoints[DOORS];       /* where they listen */
    uint32_t open_counts[DOORS];        /* without those that are cut */
    struct connection *connections;
    size_t connection_count;            /* room, not how many are open */
    uint64_t look_due_ms, cut_due_ms, tell_due_ms;
    uint64_t refused_told, failed_told, insatiable_told;
    struct subscriber *subscribers;
    size_t subscriber_count;            /* room */
    _Atomic uint64_t open, refused, cut, failed, insatiable;    /* those, and what memory had no room for, are cut */
};

static void bound_memory(const struct run_guard *guard);
static uint64_t own_descriptors(const struct souk_topology *topology);
static void bound_connections(struct run_guard *guard);
static void *watch(void *arg);
static void hear(struct run_guard *guard, uint8_t door);
static void note(struct run_guard *guard, uint8_t door, int fd);
static void forget(struct run_guard *guard, uint8_t door, int fd);
static void cut(struct run_guard *guard, int fd);
static void tell(struct run_guard *guard, uint64_t now_ms);
static bool look(struct run_guard *guard, uint64_t now_ms);
static uint32_t find_unheard(struct run_guard *guard, int end);
static void *grow(void *table, size_t *count, size_t bytes, int fd);
static bool is_tcp(const char *endpoint);
static int door_of(struct run_guard *guard, int fd);
static bool is_at(struct run_guard *guard, int fd, int door);
static int descriptors(void);
static uint64_t sent(int fd);
static uint32_t cut_heaviest(struct run_guard *guard);
static void cut_publish(struct run_guard *guard);
static uint64_t memory_bytes(const struct run_guard *guard, uint64_t *space_out);

int
run_guard_open(struct run *run, void *queries, struct run_guard **guard_out, struct souk_error *err)
{
    struct run_guard *guard = calloc(1, sizeof *guard);
    int rc = 0;

    if (guard == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to watch its connections", run->wiring.self.text);
    guard->run = run;
    guard->doors[0] = run->commands;
    guard->doors[PUBLISH] = run->publish;
    guard->doors[2] = queries;
    guard->endpoints[0] = run->config->node->commands;
    guard->endpoints[PUBLISH] = run->config->node->publish;
    guard->endpoints[2] = run->config->node->queries;
    guard->connections_max = run->config->node->shell_limits.connections_max;
    guard->memory_bytes_max = run->config->node->shell_limits.memory_bytes_max;
    guard->memory_fd = -1;
    if ((guard->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0
        || (guard->memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) < 0)
        rc = souk_fail(err, SOUK_EIO, "%s: its connections cannot be watched: %s", run->wiring.self.text,
            strerror(errno));
    for (int i = 0; i < DOORS && rc == 0; i++)
        rc = souk_socket_watch(run->context, guard->doors[i], &guard->watches[i], err);
    if (rc == 0) {
        const uint64_t made_for = souk_run_descriptors(run->config->topology, run->config->node);
        const int end = descriptors();

        /* Who came when doors were open and not watched yet. */
        (void)find_unheard(guard, made_for < (uint64_t)end ? (int)made_for : end);
        bound_memory(guard);
        bound_connections(guard);
        if ((rc = pthread_create(&guard->thread, NULL, watch, guard)) != 0)
            rc = souk_fail(err, SOUK_ENOMEM, "%s: no thread to watch its connections: %s", run->wiring.self.text,
                strerror(rc));
        guard->has_thread = rc == 0;
    }
    if (rc != 0) {
        run_guard_close(&guard);
        return rc;
    }
    *guard_out = guard;
    return 0;
}

void
run_guard_close(struct run_guard **guard_p)
{
    struct run_guard *guard = *guard_p;
    const uint64_t one = 1;

    if (guard == NULL)
        return;
    if (guard->has_thread) {
        atomic_store(&guard->stops, true);
        (void)!write(guard->wake_fd, &one, sizeof one);
        (void)pthread_join(guard->thread, NULL);
    }
    for (int i = 0; i < DOORS; i++)
        souk_socket_unwatch(guard->doors[i], &guard->watches[i]);
    if (guard->wake_fd >= 0)
        (void)close(guard->wake_fd);
    if (guard->memory_fd >= 0)
        (void)close(guard->memory_fd);
    free(guard->connections);
    free(guard->subscribers);
    free(guard);
    *guard_p = NULL;
}

void
run_guard_cut_publish(struct run_guard *guard)
{
    const uint64_t one = 1;

    atomic_fetch_add(&guard->cuts_asked, 1);
    (void)!write(guard->wake_fd, &one, sizeof one);
}

bool
run_guard_is_cutting(const struct run_guard *guard)
{
    return atomic_load(&guard->cuts_asked) != atomic_load(&guard->cuts_done);
}

void
run_guard_subscribed(struct run_guard *guard, int fd, bool is_plain)
{
    const uint64_t now_ms = run_time().steady_ms;
    struct subscriber *subscriber;

    if (fd < 0)
        return;
    if ((size_t)fd >= guard->subscriber_count) {
        if ((subscriber = grow(guard->subscribers, &guard->subscriber_count, sizeof *subscriber, fd)) == NULL)
            return;
        guard->subscribers = subscriber;
    }
    subscriber = &guard->subscribers[fd];
    if (now_ms >= subscriber->until_ms)
        *subscriber = (struct subscriber){ .until_ms = now_ms + SUBSCRIPTIONS_MS };
    if (++subscriber->count < SUBSCRIPTIONS_MAX && is_plain)
        return;
    *subscriber = (struct subscriber){ 0 };     /* what was still to be read may count for who has it next: a few times at most */
    if (is_at(guard, fd, PUBLISH) && shutdown(fd, SHUT_RDWR) == 0) {    /* is it somebody else by now, he comes again */
        atomic_fetch_add(&guard->cut, 1);
        atomic_fetch_add(&guard->insatiable, 1);
    }
}

void
run_guard_count(const struct run_guard *guard, struct souk_node_status *status)
{
    souk_node_status_count(status, "connections", atomic_load(&guard->open));
    souk_node_status_count(status, "connections_refused", atomic_load(&guard->refused));
    souk_node_status_count(status, "connections_cut", atomic_load(&guard->cut));
    souk_node_status_count(status, "accepts_failed", atomic_load(&guard->failed));
}

/* ---- bounds --------------------------------------------------------- */

/*
 * The last resort, at each look. Then ZeroMQ ends the process; what is mapped
 * from the store does not count. The kernel limits address space, of which
 * there is more than memory: stacks, and what malloc has given back page by
 * page and keeps the place of, which a flood that was cut leaves behind. So
 * what is there now is allowed, and as much more as memory may grow.
 */
static void
bound_memory(const struct run_guard *guard)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)    /* their shadow would count */
    struct rlimit data;
    uint64_t space, bytes = memory_bytes(guard, &space);

    if (space == 0 || getrlimit(RLIMIT_DATA, &data) != 0)
        return;
    if (bytes < guard->memory_bytes_max)
        space += guard->memory_bytes_max - bytes;
    data.rlim_cur = data.rlim_max < space ? data.rlim_max : space;
    (void)setrlimit(RLIMIT_DATA, &data);
#else
    (void)guard;
#endif
}

static uint64_t
own_descriptors(const struct souk_topology *topology)
{
    return DESCRIPTORS_OWN + DESCRIPTORS_PER_NODE * topology->node_count;
}

uint64_t
souk_run_descriptors(const struct souk_topology *topology, const struct souk_topology_node *node)
{
    return own_descriptors(topology) + ACCEPTED_TIMES * DOORS * (uint64_t)node->shell_limits.connections_max;
}

/*
 * ZeroMQ ends the process when it gets no descriptor for a connection over
 * ipc, and goes round for ever over tcp. It accepts some hundred in the time
 * that this thread may have to wait for a processor.
 */
static void
bound_connections(struct run_guard *guard)
{
    const uint64_t own = own_descriptors(guard->run->config->topology);
    struct rlimit files;
    struct souk_line line;
    uint64_t room;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    room = files.rlim_cur < own ? 0 : (files.rlim_cur - own) / ACCEPTED_TIMES / DOORS;
    room = room < CONNECTIONS_MIN ? CONNECTIONS_MIN : room;
    if (room >= guard->connections_max)
        return;
    souk_line_begin(&line, guard->run->report, SOUK_LEVEL_WARN, "few_descriptors");
    souk_line_uint(&line, "descriptors", files.rlim_cur);
    souk_line_uint(&line, "connections_max", room);
    souk_line_format(&line, "text", "the limit of descriptors (ulimit -H -n) leaves less than the %" PRIu32
        " connections of each endpoint that the topology allows", guard->connections_max);
    souk_line_end(&line);
    guard->connections_max = (uint32_t)room;
}

/* ---- the thread ----------------------------------------------------- */

static void *
watch(void *arg)
{
    struct run_guard *guard = arg;
    struct souk_socket_waited waited[DOORS + 1], *items[DOORS + 1];

    for (;;) {
        uint64_t now_ms = run_time().steady_ms, wakes;

        for (int i = 0; i <= DOORS; i++) {
            waited[i] = i < DOORS ? (struct souk_socket_waited){ .socket = guard->watches[i], .fd = -1 }
                : (struct souk_socket_waited){ .fd = guard->wake_fd };
            items[i] = &waited[i];
        }
        if (souk_socket_wait(items, DOORS + 1, run_timeout_ms(guard->look_due_ms, now_ms, LOOK_MS)) != 0)
            return NULL;                        /* the context has ended */
        if (atomic_load(&guard->stops))
            return NULL;
        if (waited[DOORS].has_input)
            (void)!read(guard->wake_fd, &wakes, sizeof wakes);
        for (uint8_t i = 0; i < DOORS; i++)
            if (waited[i].has_input)
                hear(guard, i);
        if (run_guard_is_cutting(guard))
            cut_publish(guard);
        now_ms = run_time().steady_ms;
        if (now_ms >= guard->look_due_ms)
            guard->look_due_ms = now_ms + (look(guard, now_ms) ? LOOK_SOON_MS : LOOK_MS);
        if (now_ms >= guard->tell_due_ms)
            tell(guard, now_ms);
    }
}

static void
hear(struct run_guard *guard, uint8_t door)
{
    struct souk_socket_change change;

    for (int i = 0; i < EVENTS_MAX && souk_socket_watched(guard->watches[door], &change) == 0; i++)
        switch (change.kind) {
        case SOUK_SOCKET_ACCEPTED:
            note(guard, door, change.fd);
            break;
        case SOUK_SOCKET_ENDED:
            forget(guard, door, change.fd);
            break;
        case SOUK_SOCKET_NOT_ACCEPTED:
            atomic_fetch_add(&guard->failed, 1);
            break;
        case SOUK_SOCKET_OTHER:
            break;
        }
}

/* Whoever has a connection keeps it: the one that is too many is the newest. */
static void
note(struct run_guard *guard, uint8_t door, int fd)
{
    if (fd < 0)
        return;
    if ((size_t)fd >= guard->connection_count) {
        struct connection *more = grow(guard->connections, &guard->connection_count, sizeof *more, fd);

        if (more == NULL) {
            (void)shutdown(fd, SHUT_RDWR);
            return;
        }
        guard->connections = more;
    }
    if (guard->connections[fd].is_open)         /* another door's: its end is still to be heard */
        forget(guard, guard->connections[fd].door, fd);
    guard->connections[fd] = (struct connection){ .is_open = true, .door = door };
    guard->open_counts[door]++;
    atomic_fetch_add(&guard->open, 1);
    if (guard->open_counts[door] > guard->connections_max) {
        cut(guard, fd);
        atomic_fetch_add(&guard->refused, 1);
    }
}

/* `table`, which has room for `*count` of so many bytes, with room for `fd`; what is new is zero. NULL: no memory. */
static void *
grow(void *table, size_t *count, size_t bytes, int fd)
{
    const size_t more = (size_t)fd + 1 > 2 * *count ? (size_t)fd + 1 : 2 * *count;

    if ((table = realloc(table, more * bytes)) == NULL)
        return NULL;
    memset((uint8_t *)table + *count * bytes, 0, (more - *count) * bytes);
    *count = more;
    return table;
}

static void
forget(struct run_guard *guard, uint8_t door, int fd)
{
    struct connection *connection;

    if (fd < 0 || (size_t)fd >= guard->connection_count)
        return;
    connection = &guard->connections[fd];
    if (!connection->is_open || connection->door != door)
        return;
    if (!connection->is_cut) {
        guard->open_counts[door]--;
        atomic_fetch_sub(&guard->open, 1);
    }
    connection->is_open = false;
}

/* ZeroMQ takes it for the peer's end. Should the descriptor be somebody else's by now, that one connects again. */
static void
cut(struct run_guard *guard, int fd)
{
    struct connection *connection = &guard->connections[fd];

    connection->is_cut = true;
    guard->open_counts[connection->door]--;
    atomic_fetch_sub(&guard->open, 1);
    (void)shutdown(fd, SHUT_RDWR);
}

/* Whoever is there, heard of or not: who was let in by now has his descriptor. */
static void
cut_publish(struct run_guard *guard)
{
    const unsigned asked = atomic_load(&guard->cuts_asked);
    const int end = descriptors();

    for (int fd = 0; fd < end; fd++) {
        const bool is_known = (size_t)fd < guard->connection_count && guard->connections[fd].is_open;

        if (!is_at(guard, fd, PUBLISH))
            continue;
        if (is_known && !guard->connections[fd].is_cut)
            cut(guard, fd);
        else
            (void)shutdown(fd, SHUT_RDWR);
        atomic_fetch_add(&guard->cut, 1);
    }
    atomic_store(&guard->cuts_done, asked);
}

/* All that the process has are below. */
static int
descriptors(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < DESCRIPTORS_LOOKED_AT)
        return (int)files.rlim_cur;
    return DESCRIPTORS_LOOKED_AT;
}

static void
tell(struct run_guard *guard, uint64_t now_ms)
{
    const uint64_t refused = atomic_load(&guard->refused), failed = atomic_load(&guard->failed);
    const uint64_t insatiable = atomic_load(&guard->insatiable);
    struct souk_line line;

    if (insatiable != guard->insatiable_told) {
        souk_line_begin(&line, guard->run->report, SOUK_LEVEL_WARN, "subscriptions");
        souk_line_uint(&line, "cut", insatiable - guard->insatiable_told);
        souk_line_text(&line, "text", "connections that subscribe again and again were cut");
        souk_line_end(&line);
        guard->insatiable_told = insatiable;
        guard->tell_due_ms = now_ms + TELL_APART_MS;
    }
    if (refused == guard->refused_told && failed == guard->failed_told)
        return;
    souk_line_begin(&line, guard->run->report, SOUK_LEVEL_WARN, "connections");
    souk_line_uint(&line, "refused", refused - guard->refused_told);
    souk_line_uint(&line, "failed", failed - guard->failed_told);
    souk_line_uint(&line, "connections_max", guard->connections_max);
    souk_line_text(&line, "text", "more connections than an endpoint may have: the newest were cut");
    souk_line_end(&line);
    guard->refused_told = refused;
    guard->failed_told = failed;
    guard->tell_due_ms = now_ms + TELL_APART_MS;
}

/* ---- memory --------------------------------------------------------- */

/*
 * ZeroMQ keeps a message until its last frame has come, however many there
 * are, and tells nobody: what shows it is the memory of the process. True: to
 * be looked at again soon.
 */
static bool
look(struct run_guard *guard, uint64_t now_ms)
{
    uint64_t space, bytes = memory_bytes(guard, &space);
    const bool is_low = bytes < guard->memory_bytes_max / 4;
    struct souk_line line;
    uint32_t count, unheard;

    bound_memory(guard);
    for (size_t fd = 0; fd < guard->connection_count; fd++) {
        struct connection *connection = &guard->connections[fd];
        int queued = 0;

        if (!connection->is_open || connection->is_cut)
            continue;
        if (is_low) {
            connection->bytes_before = sent((int)fd);
            connection->bytes_queued = 0;
        } else if (!is_tcp(guard->endpoints[connection->door]) && ioctl((int)fd, FIONREAD, &queued) == 0) {
            connection->bytes_queued += (uint64_t)queued;
        }
    }
    if (bytes < guard->memory_bytes_max / 2 || now_ms < guard->cut_due_ms)
        return !is_low;
    (void)malloc_trim(0);                       /* what is free but lies between counts too */
    if ((bytes = memory_bytes(guard, &space)) < guard->memory_bytes_max / 2)
        return true;
    guard->cut_due_ms = now_ms + CUT_APART_MS;
    unheard = find_unheard(guard, (int)guard->connection_count);
    if ((count = cut_heaviest(guard)) == 0)
        return true;
    atomic_fetch_add(&guard->cut, count);
    souk_line_begin(&line, guard->run->report, SOUK_LEVEL_WARN, "memory");
    souk_line_uint(&line, "bytes", bytes);
    souk_line_uint(&line, "memory_bytes_max", guard->memory_bytes_max);
    souk_line_uint(&line, "cut", count);
    souk_line_uint(&line, "unheard", unheard);
    souk_line_text(&line, "text", "half of the memory that it may have is in use: the connections that sent most of late"
        " were cut");
    souk_line_end(&line);
    return true;
}

/*
 * Each door tells of its connections in an order of its own. When descriptors are used again in no time, another door's
 * news of the one before may be heard last: then a connection is there, and sends, that nobody here knows of.
 */
static uint32_t
find_unheard(struct run_guard *guard, int end)
{
    uint32_t count = 0;

    for (int fd = 0; fd < end; fd++) {
        const struct connection *connection = (size_t)fd < guard->connection_count ? &guard->connections[fd] : NULL;
        int door;

        if (connection != NULL && connection->is_open
            && (connection->is_cut || is_at(guard, fd, connection->door)))
            continue;
        if (connection != NULL && connection->is_open)
            forget(guard, connection->door, fd);
        if ((door = door_of(guard, fd)) >= 0) {
            note(guard, (uint8_t)door, fd);
            count++;
        }
    }
    return count;
}

/* That the connection came to; -1 when it is none, or an own one to somebody else. */
static int
door_of(struct run_guard *guard, int fd)
{
    for (int door = 0; door < DOORS; door++)
        if (is_at(guard, fd, door))
            return door;
    return -1;
}

/* Could the connection have come to that door? Of doors with one port and several addresses to any of them. */
static bool
is_at(struct run_guard *guard, int fd, int door)
{
    const char *endpoint = guard->endpoints[door];
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } own, peer;
    socklen_t own_bytes = sizeof own, peer_bytes = sizeof peer;

    memset(&own, 0, sizeof own);
    if (getpeername(fd, &peer.any, &peer_bytes) != 0 || getsockname(fd, &own.any, &own_bytes) != 0)
        return false;
    return own.any.sa_family == AF_UNIX
        ? strncmp(endpoint, IPC, strlen(IPC)) == 0 && strcmp(endpoint + strlen(IPC), own.local.sun_path) == 0
        : is_tcp(endpoint) && strtoul(strrchr(endpoint, ':') + 1, NULL, 10)
            == ntohs(own.any.sa_family == AF_INET ? own.ip4.sin_port : own.ip6.sin6_port);
}

/* Then the kernel counts what comes. */
static bool
is_tcp(const char *endpoint)
{
    return strncmp(endpoint, TCP, strlen(TCP)) == 0;
}

/* Those that sent at least half as much as the one that sent most, since memory was low; all, when nobody knows. */
static uint32_t
cut_heaviest(struct run_guard *guard)
{
    uint64_t most = 0;
    uint32_t count = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t fd = 0; fd < guard->connection_count; fd++) {
            struct connection *connection = &guard->connections[fd];
            uint64_t bytes;

            if (!connection->is_open || connection->is_cut)
                continue;
            bytes = sent((int)fd);
            bytes = (bytes > connection->bytes_before ? bytes - connection->bytes_before : 0)
                + connection->bytes_queued;
            if (pass == 0) {
                most = bytes > most ? bytes : most;
            } else if (bytes >= most / 2) {
                cut(guard, (int)fd);
                count++;
            }
        }
    return count;
}

/* What came over a tcp connection; 0 when it is none. */
static uint64_t
sent(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

/* What is resident and no part of a file, and the address space of that kind; 0 when it cannot be known. */
static uint64_t
memory_bytes(const struct run_guard *guard, uint64_t *space_out)
{
    unsigned long long resident, shared, space;
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    char text[128];
    ssize_t n = pread(guard->memory_fd, text, sizeof text - 1, 0);

    *space_out = 0;
    if (n <= 0)
        return 0;
    text[n] = '\0';
    if (sscanf(text, "%*u %llu %llu %*u %*u %llu", &resident, &shared, &space) != 3 || resident < shared)
        return 0;
    *space_out = space * page_bytes;
    return (resident - shared) * page_bytes;
}
