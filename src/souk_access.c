#include "souk_access.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "souk_status.h"
#include "souk_wire.h"

#define RUNTIME_PREFIX "souk."          /* names of the runtime's own commands and queries */
#define PLACE_QUERY "eventstore.place"
#define PARKED_PREFIX "souk.parked."    /* of these, what is for operators only: they show events and errors */

/* What one key may do here. A key and the old one of the same owner are two of these. */
struct souk_access_peer {
    char key[SOUK_TOPOLOGY_KEY_BYTES + 1];
    struct souk_name name;
    bool is_operator, is_node;
    char (*operator_roles)[SOUK_NAME_BYTES_MAX + 1];
    size_t operator_role_count;                 /* not 0: what operators do, for those who have one of these */
    bool at_store;                              /* the node is an event store */
    bool may_call, may_query;
    const char **commands;
    size_t command_count;                       /* 0: every command of the domain */
    struct souk_name *streams;
    size_t stream_count;
};

struct souk_access {
    atomic_uint holders;
    struct souk_arena arena;
    struct souk_access_peer *peers;             /* by key */
    size_t peer_count;
    struct door {
        struct souk_name name;
        char key[SOUK_TOPOLOGY_KEY_BYTES + 1];
    } *doors;
    size_t door_count;
    struct souk_name published[SOUK_OWN_STREAMS_MAX];
    size_t published_count;
};

static int add_node(struct souk_access *access, const struct souk_topology *topology,
    const struct souk_topology_node *node, const struct souk_topology_node *peer);
static int add_client(struct souk_access *access, const struct souk_topology *topology,
    const struct souk_topology_node *node, const struct souk_topology_client *client);
static int add_roles(struct souk_access *access, struct souk_access_peer *peer,
    const struct souk_topology_client *client);
static int add_calls(struct souk_access *access, struct souk_access_peer *peer, const struct souk_topology_node *node,
    const struct souk_topology_call *calls, size_t count);
static void add_stream(struct souk_access_peer *peer, const struct souk_topology_node *node,
    const struct souk_topology_stream *stream);
static bool is_for_all(const struct souk_access *access, const struct souk_topology_stream *stream);
static int add_keys(struct souk_access *access, struct souk_access_peer *peer, const char *key, const char *old_key);
static enum souk_access_right for_operators(const struct souk_access_peer *peer);
static bool begins_with(struct souk_slice name, const char *prefix);
static int by_key(const void *a, const void *b);

int
souk_access_make(const struct souk_topology *topology, const struct souk_topology_node *node,
    struct souk_access **access_out)
{
    struct souk_access *access = calloc(1, sizeof *access);
    int rc = access == NULL ? -SOUK_ENOMEM : 0;

    if (rc != 0)
        return rc;
    atomic_init(&access->holders, 1);
    souk_arena_init(&access->arena, 0);
    access->peers = souk_arena_alloc(&access->arena,
        2 * (topology->node_count + topology->client_count) * sizeof *access->peers);
    access->doors = souk_arena_alloc(&access->arena, topology->node_count * sizeof *access->doors);
    if (access->peers == NULL || access->doors == NULL)
        rc = -SOUK_ENOMEM;
    for (size_t i = 0; i < topology->node_count && rc == 0; i++) {
        if (topology->nodes[i].key == NULL)
            continue;
        access->doors[access->door_count].name = topology->nodes[i].name;
        strcpy(access->doors[access->door_count++].key, topology->nodes[i].key);
        rc = add_node(access, topology, node, &topology->nodes[i]);
    }
    for (size_t i = 0; i < topology->client_count && rc == 0; i++)
        rc = add_client(access, topology, node, &topology->clients[i]);
    if (rc != 0) {
        souk_access_release(&access);
        return rc;
    }
    qsort(access->peers, access->peer_count, sizeof *access->peers, by_key);
    for (size_t i = 0; i < node->stream_count; i++)
        if (is_for_all(access, node->streams[i]))
            access->published[access->published_count++] = node->streams[i]->name;
    *access_out = access;
    return 0;
}

struct souk_access *
souk_access_hold(struct souk_access *access)
{
    (void)atomic_fetch_add(&access->holders, 1);
    return access;
}

void
souk_access_release(struct souk_access **access_p)
{
    struct souk_access *access = *access_p;

    *access_p = NULL;
    if (access == NULL || atomic_fetch_sub(&access->holders, 1) != 1)
        return;
    souk_arena_done(&access->arena);
    free(access);
}

/* ---- what follows from the topology --------------------------------- */

static int
add_node(struct souk_access *access, const struct souk_topology *topology, const struct souk_topology_node *node,
    const struct souk_topology_node *other)
{
    struct souk_access_peer peer = { .name = other->name, .is_node = true,
        .at_store = node->kind == SOUK_NODE_EVENT_STORE };
    int rc;

    if ((peer.streams = souk_arena_alloc(&access->arena, (topology->stream_count + 1) * sizeof *peer.streams)) == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < other->follow_count; i++)
        add_stream(&peer, node, other->follows[i]);
    for (size_t i = 0; i < other->stream_count; i++)
        add_stream(&peer, node, other->streams[i]);     /* its own past */
    if ((rc = add_calls(access, &peer, node, other->calls, other->call_count)) != 0)
        return rc;
    /* Everybody asks event stores, and they everybody, even where no stream is to be had. */
    if (!peer.may_call && peer.stream_count == 0 && !peer.at_store && other->kind != SOUK_NODE_EVENT_STORE)
        return 0;
    return add_keys(access, &peer, other->key, other->old_key);
}

static int
add_client(struct souk_access *access, const struct souk_topology *topology, const struct souk_topology_node *node,
    const struct souk_topology_client *client)
{
    struct souk_access_peer peer = { .name = client->name, .is_operator = client->is_operator,
        .at_store = node->kind == SOUK_NODE_EVENT_STORE };
    int rc;

    if (client->key == NULL)
        return 0;
    if ((peer.streams = souk_arena_alloc(&access->arena, (topology->stream_count + 1) * sizeof *peer.streams)) == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; client->is_operator && i < topology->stream_count; i++) {
        if (!topology->streams[i].is_private)
            add_stream(&peer, node, &topology->streams[i]);
    }
    for (size_t i = 0; !client->is_operator && i < client->follow_count; i++)
        add_stream(&peer, node, client->follows[i]);
    for (size_t i = 0; i < client->query_count; i++)
        peer.may_query |= client->queries[i] == node;
    if ((rc = add_roles(access, &peer, client)) != 0
        || (rc = add_calls(access, &peer, node, client->calls, client->call_count)) != 0)
        return rc;
    if (!peer.may_call && !peer.may_query && peer.stream_count == 0 && !peer.is_operator
        && peer.operator_role_count == 0)
        return 0;
    return add_keys(access, &peer, client->key, client->old_key);
}

static int
add_roles(struct souk_access *access, struct souk_access_peer *peer, const struct souk_topology_client *client)
{
    if (client->operator_role_count == 0)
        return 0;
    peer->operator_roles = souk_arena_alloc(&access->arena, client->operator_role_count * sizeof *peer->operator_roles);
    if (peer->operator_roles == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < client->operator_role_count; i++)
        strcpy(peer->operator_roles[peer->operator_role_count++], client->operator_roles[i]);
    return 0;
}

/* What is said of `node`, if anything. */
static int
add_calls(struct souk_access *access, struct souk_access_peer *peer, const struct souk_topology_node *node,
    const struct souk_topology_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (calls[i].callee != node)
            continue;
        peer->may_call = true;
        peer->commands = souk_arena_alloc(&access->arena, (calls[i].command_count + 1) * sizeof *peer->commands);
        if (peer->commands == NULL)
            return -SOUK_ENOMEM;
        for (size_t k = 0; k < calls[i].command_count; k++) {
            const char *command = calls[i].commands[k];
            struct souk_slice copy = souk_arena_copy(&access->arena,
                (struct souk_slice){ command, strlen(command) + 1 });

            if (copy.base == NULL)
                return -SOUK_ENOMEM;
            peer->commands[peer->command_count++] = copy.base;
        }
    }
    return 0;
}

/* A service has its own streams, an event store has all. */
static void
add_stream(struct souk_access_peer *peer, const struct souk_topology_node *node,
    const struct souk_topology_stream *stream)
{
    if (node->kind == SOUK_NODE_EVENT_STORE || stream->writer == node)
        peer->streams[peer->stream_count++] = stream->name;
}

static bool
is_for_all(const struct souk_access *access, const struct souk_topology_stream *stream)
{
    for (size_t i = 0; i < access->peer_count; i++)
        if (souk_access_may_subscribe(&access->peers[i]) && !souk_access_may_follow(&access->peers[i], stream->name.text))
            return false;
    return !stream->is_private;
}

static int
add_keys(struct souk_access *access, struct souk_access_peer *peer, const char *key, const char *old_key)
{
    strcpy(peer->key, key);
    access->peers[access->peer_count++] = *peer;
    if (old_key != NULL) {
        strcpy(peer->key, old_key);
        access->peers[access->peer_count++] = *peer;
    }
    return 0;
}

/* ---- looking up ----------------------------------------------------- */

const char *
souk_access_door_key(const struct souk_access *access, const char *name)
{
    for (size_t i = 0; i < access->door_count; i++)
        if (strcmp(access->doors[i].name.text, name) == 0)
            return access->doors[i].key;
    return NULL;
}

const struct souk_access_peer *
souk_access_peer(const struct souk_access *access, const char *key)
{
    struct souk_access_peer wanted;

    if (strlen(key) != SOUK_TOPOLOGY_KEY_BYTES)
        return NULL;
    strcpy(wanted.key, key);
    return bsearch(&wanted, access->peers, access->peer_count, sizeof *access->peers, by_key);
}

static int
by_key(const void *a, const void *b)
{
    const struct souk_access_peer *first = a;
    const struct souk_access_peer *second = b;

    return strcmp(first->key, second->key);
}

const struct souk_name *
souk_access_name(const struct souk_access_peer *peer)
{
    return &peer->name;
}

bool
souk_access_is_node(const struct souk_access_peer *peer)
{
    return peer->is_node;
}

enum souk_access_right
souk_access_command(const struct souk_access_peer *peer, struct souk_slice command)
{
    if (peer->at_store || begins_with(command, RUNTIME_PREFIX))
        return for_operators(peer);             /* an event store has no commands but the operator's */
    if (!peer->may_call)
        return SOUK_ACCESS_FORBIDDEN;
    for (size_t i = 0; i < peer->command_count; i++)
        if (souk_slice_equal(command, souk_slice_of(peer->commands[i])))
            return SOUK_ACCESS_ALLOWED;
    return peer->command_count == 0 ? SOUK_ACCESS_ALLOWED : SOUK_ACCESS_FORBIDDEN;
}

enum souk_access_right
souk_access_query(const struct souk_access_peer *peer, struct souk_slice query)
{
    if (peer->is_node && souk_slice_equal(query, souk_slice_of(SOUK_STATUS_QUERY)))
        return SOUK_ACCESS_ALLOWED;             /* who is put back in place asks the others how far they are */
    if (begins_with(query, PARKED_PREFIX))
        return for_operators(peer);
    /* Who replays streams may ask where they were: cursors, and nothing of what they say. */
    if (peer->at_store && peer->stream_count > 0 && souk_slice_equal(query, souk_slice_of(PLACE_QUERY)))
        return SOUK_ACCESS_ALLOWED;
    if (peer->may_query)
        return SOUK_ACCESS_ALLOWED;
    return peer->at_store || begins_with(query, RUNTIME_PREFIX) ? for_operators(peer) : SOUK_ACCESS_FORBIDDEN;
}

static enum souk_access_right
for_operators(const struct souk_access_peer *peer)
{
    return peer->is_operator ? SOUK_ACCESS_ALLOWED : peer->operator_role_count > 0 ? SOUK_ACCESS_WITH_ROLE
        : SOUK_ACCESS_FORBIDDEN;
}

bool
souk_access_has_role(const struct souk_access_peer *peer, const struct souk_pass *pass)
{
    for (size_t i = 0; i < peer->operator_role_count; i++)
        if (souk_pass_has_role(pass, peer->operator_roles[i]))
            return true;
    return false;
}

bool
souk_access_may_follow(const struct souk_access_peer *peer, const char *stream)
{
    for (size_t i = 0; i < peer->stream_count; i++)
        if (strcmp(peer->streams[i].text, stream) == 0)
            return true;
    return false;
}

bool
souk_access_may_subscribe(const struct souk_access_peer *peer)
{
    return peer->stream_count != 0 || peer->is_operator || (peer->at_store && peer->is_node);
}

bool
souk_access_publishes(const struct souk_access *access, struct souk_slice topic)
{
    for (size_t i = 0; i < access->published_count; i++)
        if (souk_slice_equal(topic, souk_wire_topic(&access->published[i])))
            return true;
    return souk_slice_equal(topic, souk_wire_topic_heads());
}

static bool
begins_with(struct souk_slice name, const char *prefix)
{
    return name.size_bytes >= strlen(prefix) && memcmp(name.base, prefix, strlen(prefix)) == 0;
}

bool
souk_access_is_narrower(const struct souk_access *after, const struct souk_access *before)
{
    for (size_t i = 0; i < before->peer_count; i++) {
        const struct souk_access_peer *peer = &before->peers[i];
        const struct souk_access_peer *now = souk_access_peer(after, peer->key);

        if (souk_access_may_subscribe(peer)
            && (now == NULL || !souk_access_may_subscribe(now) || strcmp(now->name.text, peer->name.text) != 0))
            return true;
    }
    for (size_t i = 0; i < before->published_count; i++)
        if (!souk_access_publishes(after, souk_wire_topic(&before->published[i])))
            return true;
    return false;
}
