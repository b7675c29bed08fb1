#include "souk_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "souk_socket.h"
#include "souk_socket_wait.h"

#define CONNECT_RETRY_MS 10             /* while nobody takes what is to be sent */
#define BUCKETS 256                     /* of requests by their ids; a power of two */

enum link_kind { LINK_COMMANDS, LINK_QUERIES, LINK_FOLLOW, LINK_KINDS };

/* A request that is under way. */
struct waiting {
    struct waiting *next;               /* in its bucket */
    struct souk_client_request request; /* name and payload lie behind this */
    uint64_t begun_us, deadline_us, send_us;    /* steady; send_us: when it goes (again) */
    uint64_t retry_us;                  /* the pause after the next sending */
    unsigned sent;
};

struct souk_client {
    const struct souk_topology *topology;
    const char *caller;
    const struct souk_key *key;         /* NULL: none */
    void *context;
    void **sockets[LINK_KINDS];         /* by node, in the order of the topology; NULL: not open */
    struct souk_socket_message message;
    struct souk_pack pack;
    size_t waiting_count;
    struct waiting *buckets[BUCKETS];
    uint64_t next_due_us;               /* nothing is due before */
    uint64_t pull_request;
    void *pull_socket;
    bool is_pull_sent;
    int watched_fd;                     /* -1: none */
    bool is_watched_ready;
    size_t item_count;
    struct souk_socket_waited items[LINK_KINDS * (SOUK_SERVICES_MAX + SOUK_STORES_MAX)];
    enum link_kind item_kinds[LINK_KINDS * (SOUK_SERVICES_MAX + SOUK_STORES_MAX)];
};

static int open_link(struct souk_client *client, enum link_kind kind, const struct souk_topology_node *node,
    void **socket_out, struct souk_error *err);
static void send_due(struct souk_client *client, uint64_t now_us);
static void use(struct souk_client *client, const void *socket);
static void send_one(struct souk_client *client, struct waiting *waiting, uint64_t now_us);
static void pack_request(struct souk_client *client, const struct waiting *waiting, uint64_t now_us);
static bool take_late(struct souk_client *client, uint64_t now_us, struct souk_client_answer *answer_out);
static int wait_for(struct souk_client *client, uint64_t until_us, int *item_out);
static bool take_reply(struct souk_client *client, struct souk_client_answer *answer_out);
static uint64_t end_us(const struct waiting *waiting);
static struct waiting **find(struct souk_client *client, const struct souk_id *id);
static char *keep(struct souk_slice *slice, char *room);
static void forget(struct souk_client *client, struct waiting **link);
static int pack_pull(struct souk_client *client, struct souk_wire_pull *pull, struct souk_error *err);
static bool send_pull(struct souk_client *client, void *socket);
static bool take_pulled(struct souk_client *client, struct souk_client_pulled *pulled_out);
static bool read_pulled(struct souk_client *client, struct souk_client_pulled *pulled_out);
static int receive(struct souk_client *client, uint32_t timeout_ms, struct souk_client_news *news_out,
    struct souk_client_answer *answer_out);
static bool take_news(struct souk_client *client, int item, struct souk_client_news *news_out);
static uint64_t steady_us(void);

int
souk_client_open(const struct souk_topology *topology, const char *caller, struct souk_client **client_out,
    struct souk_error *err)
{
    struct souk_client *client;
    enum link_kind kind;
    bool is_good;

    if ((client = calloc(1, sizeof *client)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for a client");
    client->topology = topology;
    client->caller = caller;
    client->watched_fd = -1;
    souk_pack_init(&client->pack, SOUK_WIRE_BYTES_MAX);
    client->context = souk_socket_context();
    is_good = client->context != NULL && souk_socket_message_init(&client->message) == 0;
    for (kind = 0; kind < LINK_KINDS; kind++)
        is_good &= (client->sockets[kind] = calloc(topology->node_count, sizeof(void *))) != NULL;
    if (!is_good) {
        souk_client_close(&client);
        return souk_fail(err, SOUK_ENOMEM, "no memory for a client, or no descriptors");
    }
    *client_out = client;
    return 0;
}

void
souk_client_close(struct souk_client **client_p)
{
    struct souk_client *client = *client_p;
    enum link_kind kind;
    size_t i;

    if (client == NULL)
        return;
    for (kind = 0; kind < LINK_KINDS; kind++) {
        for (i = 0; client->sockets[kind] != NULL && i < client->topology->node_count; i++)
            souk_socket_close(&client->sockets[kind][i]);
        free(client->sockets[kind]);
    }
    for (i = 0; i < BUCKETS; i++) {
        while (client->buckets[i] != NULL)
            forget(client, &client->buckets[i]);
    }
    souk_socket_message_done(&client->message);
    souk_socket_context_done(&client->context);
    souk_pack_done(&client->pack);
    free(client);
    *client_p = NULL;
}

void
souk_client_set_key(struct souk_client *client, const struct souk_key *key)
{
    client->key = key;
}

struct souk_id
souk_client_new_id(void)
{
    struct timespec now;
    struct souk_id id;
    uint64_t ms;
    size_t i;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    randombytes_buf(id.bytes, sizeof id.bytes);
    for (i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

/* ---- commands and queries ------------------------------------------- */

/* Copied to `room`, from then on there; the end of it. */
static char *
keep(struct souk_slice *slice, char *room)
{
    if (slice->size_bytes > 0)
        memcpy(room, slice->base, slice->size_bytes);
    slice->base = room;
    return room + slice->size_bytes;
}

int
souk_client_send(struct souk_client *client, const struct souk_client_request *request, struct souk_error *err)
{
    const uint64_t now_us = steady_us();
    const uint64_t deadline_ms = request->deadline_ms == 0 ? SOUK_CLIENT_DEADLINE_MS : request->deadline_ms;
    struct waiting *waiting;
    struct waiting **link;
    void *socket;
    char *copy;
    int rc;

    assert(request->seen_count <= SOUK_WIRE_SEEN_MAX);
    if (client->waiting_count == SOUK_CLIENT_WAITING_MAX)
        return souk_fail(err, SOUK_EBUSY, "%d requests are under way", SOUK_CLIENT_WAITING_MAX);
    if (deadline_ms > SOUK_CLIENT_DEADLINE_MS_MAX)
        return souk_fail(err, SOUK_EINVAL, "a deadline of %ju ms, at most %d", (uintmax_t)deadline_ms,
            SOUK_CLIENT_DEADLINE_MS_MAX);
    if (request->pass.size_bytes > SOUK_PASS_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "a pass of %zu bytes, at most %d", request->pass.size_bytes,
            SOUK_PASS_BYTES_MAX);
    if (request->payload.size_bytes > SOUK_PAYLOAD_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "a message of %zu bytes, at most %d", request->payload.size_bytes,
            SOUK_PAYLOAD_BYTES_MAX);
    link = find(client, &request->id);
    if (*link != NULL)
        return souk_fail(err, SOUK_EINVAL, "a request with this id is under way");
    rc = open_link(client, request->is_query ? LINK_QUERIES : LINK_COMMANDS, request->node, &socket, err);
    if (rc != 0)
        return rc;
    if ((waiting = malloc(sizeof *waiting + request->name.size_bytes + request->payload.size_bytes
        + request->pass.size_bytes)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for a request");
    *waiting = (struct waiting){ .request = *request, .begun_us = now_us, .send_us = now_us,
        .deadline_us = now_us + deadline_ms * 1000, .retry_us = SOUK_CLIENT_RETRY_MS * 1000 };
    copy = (char *)(waiting + 1);
    copy = keep(&waiting->request.name, copy);
    copy = keep(&waiting->request.payload, copy);
    (void)keep(&waiting->request.pass, copy);
    pack_request(client, waiting, now_us);
    if (client->pack.rc != 0) {
        free(waiting);
        return souk_fail(err, (enum souk_error_code)-client->pack.rc, "the request cannot be encoded: %s",
            souk_error_name(client->pack.rc));
    }
    *link = waiting;
    client->waiting_count++;
    send_one(client, waiting, now_us);
    if (waiting->send_us < client->next_due_us)
        client->next_due_us = waiting->send_us;
    return 0;
}

size_t
souk_client_waiting(const struct souk_client *client)
{
    return client->waiting_count;
}

int
souk_client_receive(struct souk_client *client, uint32_t timeout_ms, struct souk_client_answer *answer_out)
{
    return receive(client, timeout_ms, NULL, answer_out);
}

int
souk_client_next(struct souk_client *client, uint32_t timeout_ms, struct souk_client_news *news_out)
{
    return receive(client, timeout_ms, news_out, &news_out->answer);
}

/* `news_out` NULL: only answers to requests are wanted. */
static int
receive(struct souk_client *client, uint32_t timeout_ms, struct souk_client_news *news_out,
    struct souk_client_answer *answer_out)
{
    const uint64_t until_us = steady_us() + timeout_ms * 1000ULL;
    uint64_t now_us;
    int item;
    int rc;

    for (;;) {
        if ((rc = wait_for(client, until_us, &item)) == 0) {
            if (news_out != NULL ? take_news(client, item, news_out)
                : client->item_kinds[item] != LINK_FOLLOW && take_reply(client, answer_out))
                return 0;
        } else if (rc != -SOUK_ENOTFOUND) {
            return rc;
        }
        now_us = steady_us();
        if (take_late(client, now_us, answer_out)) {
            if (news_out != NULL)
                news_out->kind = SOUK_CLIENT_ANSWER;
            return 0;
        }
        if (rc == -SOUK_ENOTFOUND && (now_us >= until_us || client->is_watched_ready))
            return -SOUK_ENOTFOUND;
    }
}

static bool
take_news(struct souk_client *client, int item, struct souk_client_news *news_out)
{
    if (client->item_kinds[item] == LINK_FOLLOW) {
        news_out->kind = SOUK_CLIENT_HEARD;
        news_out->heard[0] = client->message.frames[0];
        news_out->heard[1] = client->message.frames[1];
        return client->message.frame_count == 2;
    }
    news_out->kind = SOUK_CLIENT_PULLED;
    if (read_pulled(client, &news_out->pulled))
        return true;
    news_out->kind = SOUK_CLIENT_ANSWER;
    return take_reply(client, &news_out->answer);
}

int
souk_client_pull_send(struct souk_client *client, const struct souk_topology_node *holder, struct souk_wire_pull *pull,
    struct souk_error *err)
{
    void *socket;
    int rc;

    if ((rc = open_link(client, LINK_QUERIES, holder, &socket, err)) != 0
        || (rc = pack_pull(client, pull, err)) != 0)
        return rc;
    return send_pull(client, socket) ? 0 : souk_fail(err, SOUK_EBUSY, "%s takes nothing now", holder->name.text);
}

void
souk_client_watch(struct souk_client *client, int fd)
{
    client->watched_fd = fd;
}

int
souk_client_ask(struct souk_client *client, const struct souk_client_request *request,
    struct souk_client_answer *answer_out, struct souk_error *err)
{
    int rc;

    assert(client->waiting_count == 0);
    if ((rc = souk_client_send(client, request, err)) != 0)
        return rc;
    while ((rc = souk_client_receive(client, SOUK_CLIENT_RETRY_MS, answer_out)) == -SOUK_ENOTFOUND)
        continue;
    return rc == 0 ? 0 : souk_fail(err, (enum souk_error_code)-rc, "receiving failed");
}

/* ---- streams -------------------------------------------------------- */

int
souk_client_pull(struct souk_client *client, const struct souk_topology_node *holder, struct souk_wire_pull *pull,
    uint32_t timeout_ms, struct souk_client_pulled *pulled_out, struct souk_error *err)
{
    int rc = souk_client_pull_begin(client, holder, pull, err);

    return rc != 0 ? rc : souk_client_pull_end(client, timeout_ms, pulled_out, err);
}

int
souk_client_pull_begin(struct souk_client *client, const struct souk_topology_node *holder,
    struct souk_wire_pull *pull, struct souk_error *err)
{
    int rc;

    assert(client->waiting_count == 0);
    if ((rc = open_link(client, LINK_QUERIES, holder, &client->pull_socket, err)) != 0)
        return rc;
    if ((rc = pack_pull(client, pull, err)) != 0)
        return rc;
    client->is_pull_sent = send_pull(client, client->pull_socket);
    return 0;
}

int
souk_client_pull_end(struct souk_client *client, uint32_t timeout_ms, struct souk_client_pulled *pulled_out,
    struct souk_error *err)
{
    uint64_t now_us = steady_us();
    const uint64_t until_us = now_us + timeout_ms * 1000ULL;
    uint64_t retry_us = now_us + CONNECT_RETRY_MS * 1000;
    bool has_missed_news = false;
    struct souk_wire_busy busy;
    int item;
    int rc;

    for (;;) {
        rc = wait_for(client, client->is_pull_sent || retry_us > until_us ? until_us : retry_us, &item);
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return souk_fail(err, SOUK_EIO, "receiving failed");
        has_missed_news |= rc == 0 && client->item_kinds[item] == LINK_FOLLOW;
        if (rc == 0 && client->items[item].socket == client->pull_socket && take_pulled(client, pulled_out)) {
            pulled_out->has_missed_news = has_missed_news;
            return 0;
        }
        now_us = steady_us();
        if (rc == 0 && client->is_pull_sent && client->items[item].socket == client->pull_socket
            && souk_wire_busy_get(client->message.frames[0], &busy) == 0 && busy.request == client->pull_request) {
            client->is_pull_sent = false;       /* in a while it may have room */
            retry_us = now_us + busy.retry_after_ms * 1000ULL;
            if (retry_us >= until_us)
                return -SOUK_ENOTFOUND;
        }
        if (now_us >= until_us)
            return -SOUK_ENOTFOUND;
        if (client->is_pull_sent || now_us < retry_us)
            continue;
        client->is_pull_sent = send_pull(client, client->pull_socket);
        retry_us = now_us + CONNECT_RETRY_MS * 1000;
    }
}

int
souk_client_subscribe(struct souk_client *client, const struct souk_topology_node *node, struct souk_slice topic,
    struct souk_error *err)
{
    void *socket;
    int rc;

    if ((rc = open_link(client, LINK_FOLLOW, node, &socket, err)) != 0)
        return rc;
    use(client, socket);
    rc = souk_socket_subscribe(socket, topic);
    return rc == 0 ? 0 : souk_fail(err, SOUK_EIO, "%s: it cannot be subscribed to", node->name.text);
}

int
souk_client_hear(struct souk_client *client, uint32_t timeout_ms, struct souk_slice frames_out[2])
{
    const uint64_t until_us = steady_us() + timeout_ms * 1000ULL;
    int item;
    int rc;

    while ((rc = wait_for(client, until_us, &item)) == 0) {
        if (client->item_kinds[item] != LINK_FOLLOW || client->message.frame_count != 2)
            continue;
        frames_out[0] = client->message.frames[0];
        frames_out[1] = client->message.frames[1];
        return 0;
    }
    return rc;
}

/* ---- sockets -------------------------------------------------------- */

static int
open_link(struct souk_client *client, enum link_kind kind, const struct souk_topology_node *node, void **socket_out,
    struct souk_error *err)
{
    void **socket = &client->sockets[kind][node - client->topology->nodes];
    const struct souk_socket_keys keys = { .own = client->key, .door = node->key };
    const char *endpoint = kind == LINK_COMMANDS ? node->commands : kind == LINK_QUERIES ? node->queries
        : node->publish;
    int rc;

    assert(node >= client->topology->nodes && node < client->topology->nodes + client->topology->node_count);
    if (*socket == NULL) {
        rc = souk_socket_open(client->context, kind == LINK_FOLLOW ? SOUK_SOCKET_FOLLOW : SOUK_SOCKET_LINK, endpoint,
            &keys, socket, err);
        if (rc != 0)
            return rc;
        client->items[client->item_count] = (struct souk_socket_waited){ .socket = *socket };
        client->item_kinds[client->item_count++] = kind;
    }
    *socket_out = *socket;
    return 0;
}

/*
 * Receive the next message into client->message; *item_out says from which
 * socket. What is due is sent meanwhile. 0; -SOUK_ENOTFOUND: nothing by
 * `until_us`, what is watched can be read, or some request's deadline is over; -SOUK_EIO.
 */
static int
wait_for(struct souk_client *client, uint64_t until_us, int *item_out)
{
    struct souk_socket_waited watched = { .fd = client->watched_fd };
    struct souk_socket_waited *items[LINK_KINDS * (SOUK_SERVICES_MAX + SOUK_STORES_MAX) + 1] = { &watched };
    long timeout_ms;
    uint64_t due_us;
    uint64_t now_us;
    size_t i;
    int rc;

    client->is_watched_ready = false;
    for (;;) {
        for (i = 0; i < client->item_count; i++) {
            if (!client->items[i].has_input)
                continue;
            rc = souk_socket_receive(client->items[i].socket, client->item_kinds[i] == LINK_FOLLOW
                ? SOUK_SOCKET_FOLLOW : SOUK_SOCKET_LINK, &client->message);
            if (rc == 0) {
                *item_out = (int)i;
                return 0;
            }
            if (rc == -SOUK_EIO)
                return rc;
            client->items[i].has_input = false;
        }
        now_us = steady_us();
        if (now_us >= client->next_due_us)
            send_due(client, now_us);
        for (i = 0; i < BUCKETS && client->waiting_count > 0; i++) {
            for (struct waiting *waiting = client->buckets[i]; waiting != NULL; waiting = waiting->next) {
                if (end_us(waiting) <= now_us)
                    return -SOUK_ENOTFOUND;
                if (end_us(waiting) < client->next_due_us)
                    client->next_due_us = end_us(waiting);
            }
        }
        if (now_us >= until_us || client->is_watched_ready)
            return -SOUK_ENOTFOUND;
        due_us = client->next_due_us < until_us ? client->next_due_us : until_us;
        timeout_ms = due_us <= now_us ? 0 : (long)((due_us - now_us) / 1000 + 1);
        for (i = 0; i < client->item_count; i++)
            items[1 + i] = &client->items[i];
        if ((rc = souk_socket_wait(items, 1 + client->item_count, timeout_ms)) != 0)
            return rc;
        client->is_watched_ready = watched.has_input;
    }
}

/* ---- requests under way --------------------------------------------- */

static void
send_due(struct souk_client *client, uint64_t now_us)
{
    struct waiting *waiting;
    size_t i;

    client->next_due_us = UINT64_MAX;
    for (i = 0; i < BUCKETS && client->waiting_count > 0; i++) {
        for (waiting = client->buckets[i]; waiting != NULL; waiting = waiting->next) {
            if (waiting->send_us <= now_us && waiting->deadline_us > now_us) {
                pack_request(client, waiting, now_us);
                send_one(client, waiting, now_us);
            }
            if (waiting->send_us < client->next_due_us)
                client->next_due_us = waiting->send_us;
        }
    }
}

/* souk_socket_wait.h */
static void
use(struct souk_client *client, const void *socket)
{
    for (size_t i = 0; i < client->item_count; i++)
        if (client->items[i].socket == socket)
            client->items[i].is_idle = false;
}

/* What lies in the pack. While nobody takes it, it is tried again soon; once it has gone, after longer and longer. */
static void
send_one(struct souk_client *client, struct waiting *waiting, uint64_t now_us)
{
    struct souk_slice frame = souk_pack_slice(&client->pack);
    struct souk_out out = { .kind = SOUK_OUT_SEND, .frame_count = 1, .frames = &frame };
    void *socket = client->sockets[waiting->request.is_query ? LINK_QUERIES : LINK_COMMANDS]
        [waiting->request.node - client->topology->nodes];

    use(client, socket);
    if (souk_socket_send(socket, &out) != 0) {
        waiting->send_us = now_us + CONNECT_RETRY_MS * 1000;
        return;
    }
    waiting->sent++;
    waiting->send_us = now_us + waiting->retry_us;
    waiting->retry_us = 2 * waiting->retry_us > SOUK_CLIENT_RETRY_MS_MAX * 1000ULL ? SOUK_CLIENT_RETRY_MS_MAX * 1000ULL
        : 2 * waiting->retry_us;
}

/* With what is left of the deadline: it is no part of a command's hash. */
static void
pack_request(struct souk_client *client, const struct waiting *waiting, uint64_t now_us)
{
    const struct souk_client_request *request = &waiting->request;
    const uint64_t left_us = waiting->deadline_us > now_us ? waiting->deadline_us - now_us : 0;
    struct souk_wire_request wire = { .id = request->id, .query = request->is_query, .name = request->name,
        .version = request->version, .deadline_ms = left_us / 1000 + 1, .has_correlation = request->has_correlation,
        .correlation = request->correlation, .caller = souk_slice_of(client->caller),
        .recorded = request->is_recorded, .seen_count = request->seen_count, .pass = request->pass,
        .payload = request->payload };

    memcpy(wire.seen, request->seen, request->seen_count * sizeof wire.seen[0]);
    souk_pack_reset(&client->pack);
    souk_wire_request_put(&client->pack, &wire);
}

/* A request whose deadline is over, if there is one. */
static bool
take_late(struct souk_client *client, uint64_t now_us, struct souk_client_answer *answer_out)
{
    struct waiting **link;
    size_t i;

    for (i = 0; i < BUCKETS && client->waiting_count > 0; i++) {
        for (link = &client->buckets[i]; *link != NULL; link = &(*link)->next) {
            if (end_us(*link) > now_us)
                continue;
            *answer_out = (struct souk_client_answer){ .id = (*link)->request.id, .arg = (*link)->request.arg,
                .is_late = true, .sent = (*link)->sent, .took_us = now_us - (*link)->begun_us };
            forget(client, link);
            return true;
        }
    }
    return false;
}

/* Is the message the answer to a request that is under way? Not when it is `busy` and there is time to ask again. */
static bool
take_reply(struct souk_client *client, struct souk_client_answer *answer_out)
{
    const uint64_t now_us = steady_us();
    struct waiting *waiting;
    struct waiting **link;
    uint64_t again_us;

    if (client->message.frame_count != 1 || souk_wire_kind(client->message.frames[0]) != SOUK_WIRE_REPLY
        || souk_wire_reply_get(client->message.frames[0], &answer_out->reply) != 0)
        return false;
    link = find(client, &answer_out->reply.id);
    if ((waiting = *link) == NULL)
        return false;
    again_us = now_us + (answer_out->reply.retry_after_ms > 0 ? answer_out->reply.retry_after_ms * 1000
        : SOUK_CLIENT_RETRY_MS * 1000ULL);
    if (answer_out->reply.status == SOUK_STATUS_BUSY && !waiting->request.takes_busy && again_us < waiting->deadline_us) {
        waiting->send_us = again_us;
        if (again_us < client->next_due_us)
            client->next_due_us = again_us;
        return false;
    }
    answer_out->id = waiting->request.id;
    answer_out->arg = waiting->request.arg;
    answer_out->is_late = false;
    answer_out->sent = waiting->sent;
    answer_out->took_us = now_us - waiting->begun_us;
    forget(client, link);
    return true;
}

/* When nothing is expected any more: an answer that a node gives at the deadline has to come here, too. */
static uint64_t
end_us(const struct waiting *waiting)
{
    return waiting->deadline_us + (waiting->sent > 0 ? SOUK_CLIENT_GRACE_MS * 1000 : 0);
}

/* Where the request with that id hangs, or would hang. */
static struct waiting **
find(struct souk_client *client, const struct souk_id *id)
{
    struct waiting **link = &client->buckets[id->bytes[15] % BUCKETS];

    while (*link != NULL && memcmp((*link)->request.id.bytes, id->bytes, sizeof id->bytes) != 0)
        link = &(*link)->next;
    return link;
}

static void
forget(struct souk_client *client, struct waiting **link)
{
    struct waiting *waiting = *link;

    *link = waiting->next;
    client->waiting_count--;
    free(waiting);
}

/* ---- pulls ---------------------------------------------------------- */

static int
pack_pull(struct souk_client *client, struct souk_wire_pull *pull, struct souk_error *err)
{
    pull->request = ++client->pull_request;
    if (souk_name_set(&pull->asker, souk_slice_of(client->caller)) != 0)
        return souk_fail(err, SOUK_EINVAL, "`%s` is no name of a caller", client->caller);
    souk_pack_reset(&client->pack);
    souk_wire_pull_put(&client->pack, pull);
    return client->pack.rc == 0 ? 0 : souk_fail(err, (enum souk_error_code)-client->pack.rc, "the pull cannot be encoded");
}

/* What lies in the pack. False while nobody takes it. */
static bool
send_pull(struct souk_client *client, void *socket)
{
    struct souk_slice frame = souk_pack_slice(&client->pack);
    struct souk_out out = { .kind = SOUK_OUT_SEND, .frame_count = 1, .frames = &frame };

    use(client, socket);
    return souk_socket_send(socket, &out) == 0;
}

static bool
take_pulled(struct souk_client *client, struct souk_client_pulled *pulled_out)
{
    return read_pulled(client, pulled_out) && pulled_out->answer.request == client->pull_request;
}

static bool
read_pulled(struct souk_client *client, struct souk_client_pulled *pulled_out)
{
    if (souk_wire_kind(client->message.frames[0]) != SOUK_WIRE_PULLED
        || souk_wire_pulled_get(client->message.frames[0], &pulled_out->answer) != 0)
        return false;
    pulled_out->batches = client->message.frames + 1;
    pulled_out->batch_count = client->message.frame_count - 1;
    return true;
}

static uint64_t
steady_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
