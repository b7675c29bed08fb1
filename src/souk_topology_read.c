#include "souk_topology_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65533                          /* of the first of three */
#define IPC_PATH_BYTES_MAX 107
#define EVENT_STORE_PROGRAM "souk-eventstore"
#define WITNESS_DIR "/dev/shm"

static const struct souk_zpl_rule root_rules[] = {
    { "system", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ONCE },
    { "host", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "event_store", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_SOME },
    { "service", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_SOME },
    { "client", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
#define COMMON_RULES \
    { "log_level", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "limits", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE }, \
    { "thresholds", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE }
#define DURABILITY_RULES \
    { "durability", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "recorded_by", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "trim_after", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }
#define NODE_RULES \
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "host", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "data", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "key", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "old_key", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "port", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "commands", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "queries", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }, \
    { "publish", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE }
static const struct souk_zpl_rule system_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "messages", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "data", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "run", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "witness", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "keys", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "pass_issuer", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "pass_key", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "sandbox", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    DURABILITY_RULES,
    COMMON_RULES,
    { .name = NULL },
};
static const struct souk_zpl_rule host_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "address", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { .name = NULL },
};
static const struct souk_zpl_rule event_store_rules[] = {
    NODE_RULES,
    { "program", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "lost", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    COMMON_RULES,
    { .name = NULL },
};
static const struct souk_zpl_rule service_rules[] = {
    NODE_RULES,
    { "program", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "stream", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "follow", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "call", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "skip", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "settings", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    DURABILITY_RULES,
    COMMON_RULES,
    { .name = NULL },
};
static const struct souk_zpl_rule stream_rules[] = {
    { "private", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { .name = NULL },
};
static void read_system(struct souk_topology_reading *reading);
static void read_messages(struct souk_topology_reading *reading);
static void read_hosts(struct souk_topology_reading *reading);
static void declare_nodes(struct souk_topology_reading *reading);
static void declare_streams(struct souk_topology_reading *reading);
static void read_node(struct souk_topology_reading *reading, size_t index);
static void read_endpoints(struct souk_topology_reading *reading, size_t index);
static const char *derive(struct souk_topology_reading *reading, size_t index, const char *door, unsigned place);
static void read_own_streams(struct souk_topology_reading *reading, struct souk_topology_node *node);
static void follow_everything(struct souk_topology_reading *reading, struct souk_topology_node *node);
static void fill_wiring(struct souk_topology_reading *reading, struct souk_topology_node *node);
static bool is(const struct souk_zpl_node *node, const char *name);
static const char *value_below(const struct souk_zpl_node *node, const char *name);

void
souk_topology_entries(struct souk_topology_reading *reading)
{
    const struct souk_zpl_node *root = souk_zpl_root(reading->parts->zpl);
    size_t i;

    souk_topology_rules(reading, root, root_rules);
    if ((reading->system = souk_zpl_child(root, "system")) == NULL)
        reading->system = root;
    read_system(reading);
    read_hosts(reading);
    declare_nodes(reading);
    if (reading->is_short_of_memory)
        return;
    declare_streams(reading);
    for (i = 0; i < reading->topology->node_count && !reading->is_short_of_memory; i++)
        read_node(reading, i);
    if (!reading->is_short_of_memory)
        souk_topology_clients(reading);
    if (!reading->is_short_of_memory)
        souk_topology_passes(reading);
    for (i = 0; i < reading->topology->node_count && !reading->is_short_of_memory; i++)
        fill_wiring(reading, &reading->nodes[i]);
}

/* ---- the system and its hosts --------------------------------------- */

static void
read_system(struct souk_topology_reading *reading)
{
    struct souk_topology_parts *parts = reading->parts;
    const struct souk_zpl_node *node = reading->system;
    const struct souk_zpl_node *child;

    souk_topology_defaults(&reading->defaults);
    if (node->has_value) {
        souk_topology_name(reading, node, "a system", &reading->topology->name);
        souk_topology_rules(reading, node, system_rules);
        souk_topology_common(reading, node, &reading->defaults);
    }
    reading->topology->about = value_below(node, "about");
    parts->data = value_below(node, "data");
    parts->run = value_below(node, "run");
    parts->witness = value_below(node, "witness");
    parts->keys = value_below(node, "keys");
    parts->data_dir = souk_topology_text(reading, "%s/%s.data", reading->dir, reading->topology->name.text);
    parts->run_dir = souk_topology_text(reading, "%s/%s.run", reading->dir, reading->topology->name.text);
    parts->witness_dir = WITNESS_DIR;
    reading->topology->keys = souk_topology_text(reading, "%s/%s.keys", reading->dir, reading->topology->name.text);
    if ((child = souk_topology_valued(node, "data")) != NULL)
        souk_topology_path(reading, child, &parts->data_dir);
    if ((child = souk_topology_valued(node, "run")) != NULL)
        souk_topology_path(reading, child, &parts->run_dir);
    reading->topology->run_dir = parts->run_dir;
    if ((child = souk_topology_valued(node, "witness")) != NULL)
        souk_topology_path(reading, child, &parts->witness_dir);
    if ((child = souk_topology_valued(node, "keys")) != NULL)
        souk_topology_path(reading, child, &reading->topology->keys);
    reading->topology->is_sandboxed = true;
    if ((child = souk_topology_valued(node, "sandbox")) != NULL)
        souk_topology_yes(reading, child, &reading->topology->is_sandboxed);
    read_messages(reading);
}

static void
read_messages(struct souk_topology_reading *reading)
{
    struct souk_topology_found found = souk_topology_find(reading, reading->system, "messages", "",
        SOUK_TOPOLOGY_MESSAGES_MAX);
    const char **messages = souk_topology_alloc(reading, found.count * sizeof *messages);
    size_t i;

    for (i = 0; messages != NULL && i < found.count; i++) {
        if (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1]))
            continue;
        souk_topology_path(reading, found.nodes[i], &messages[i]);
    }
    reading->topology->messages = messages;
    reading->topology->message_count = messages == NULL ? 0 : found.count;
}

static void
read_hosts(struct souk_topology_reading *reading)
{
    static const struct souk_name here = { "local" };
    const struct souk_zpl_node *root = souk_zpl_root(reading->parts->zpl);
    struct souk_topology_found found = souk_topology_find(reading, root, "host", "", SOUK_TOPOLOGY_HOSTS_MAX);
    const struct souk_zpl_node *address;
    struct souk_topology_host *host;
    size_t i;

    reading->hosts = souk_topology_alloc(reading, (found.count + 1) * sizeof *reading->hosts);
    if (reading->is_short_of_memory)
        return;
    reading->host_sources = found.nodes;
    reading->topology->hosts = reading->hosts;
    reading->topology->host_count = found.count == 0 ? 1 : found.count;
    reading->hosts[0] = (struct souk_topology_host){ .name = here, .address = "127.0.0.1" };
    for (i = 0; i < found.count; i++) {
        host = &reading->hosts[i];
        *host = (struct souk_topology_host){ .address = "127.0.0.1" };
        souk_topology_name(reading, found.nodes[i], "a host", &host->name);
        if (i > 0)
            (void)souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1]);
        souk_topology_rules(reading, found.nodes[i], host_rules);
        if ((address = souk_topology_valued(found.nodes[i], "address")) != NULL)
            souk_topology_address(reading, address, &host->address);
        else if (found.count > 1)
            souk_topology_wrong(reading, found.nodes[i], "`address` is missing below `host = %s`: other hosts have to"
                " find it", found.nodes[i]->value);
    }
}

/* ---- services and event stores -------------------------------------- */

/* Names first, so that everybody can be found whatever the order of the file. */
static void
declare_nodes(struct souk_topology_reading *reading)
{
    const struct souk_zpl_node *root = souk_zpl_root(reading->parts->zpl);
    struct souk_topology_found found = souk_topology_find(reading, root, "service", "event_store",
        SOUK_SERVICES_MAX + SOUK_STORES_MAX);
    struct souk_topology_node *node;
    size_t stores = 0;
    size_t i;

    reading->nodes = souk_topology_alloc(reading, found.count * sizeof *reading->nodes);
    reading->sources = souk_topology_alloc(reading, found.count * sizeof *reading->sources);
    if (reading->is_short_of_memory)
        return;
    for (i = 0; i < found.count; i++) {
        node = &reading->nodes[i];
        *node = reading->defaults;
        node->kind = is(found.nodes[i], "service") ? SOUK_NODE_SERVICE : SOUK_NODE_EVENT_STORE;
        node->line = found.nodes[i]->line;
        reading->sources[i].zpl = found.nodes[i];
        souk_topology_name(reading, found.nodes[i],
            node->kind == SOUK_NODE_SERVICE ? "a service" : "an event store", &node->name);
        if (i > 0)
            (void)souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1]);
        if (node->kind == SOUK_NODE_EVENT_STORE && ++stores > SOUK_STORES_MAX)
            souk_topology_wrong(reading, found.nodes[i], "more than %d times `event_store`", SOUK_STORES_MAX);
        if (i + 1 - stores > SOUK_SERVICES_MAX)
            souk_topology_wrong(reading, found.nodes[i], "more than %d times `service`", SOUK_SERVICES_MAX);
    }
    reading->topology->nodes = reading->nodes;
    reading->topology->node_count = found.count;
}

static void
declare_streams(struct souk_topology_reading *reading)
{
    const struct souk_zpl_node *stream;
    const struct souk_zpl_node **sources;
    struct souk_topology_node *node;
    size_t count = 0;
    size_t at;
    size_t i;

    for (i = 0; i < reading->topology->node_count; i++) {
        for (stream = reading->sources[i].zpl->child; stream != NULL; stream = stream->next)
            count += is(stream, "stream");
    }
    reading->streams = souk_topology_alloc(reading, count * sizeof *reading->streams);
    sources = reading->stream_sources = souk_topology_alloc(reading, count * sizeof *sources);
    if (reading->is_short_of_memory)
        return;
    count = 0;
    for (i = 0; i < reading->topology->node_count; i++) {
        node = &reading->nodes[i];
        for (stream = reading->sources[i].zpl->child; stream != NULL && node->kind == SOUK_NODE_SERVICE;
            stream = stream->next) {
            if (!is(stream, "stream") || !stream->has_value)
                continue;
            if (count == SOUK_STREAMS_MAX) {
                souk_topology_wrong(reading, stream, "more than %d streams in one system", SOUK_STREAMS_MAX);
                break;
            }
            for (at = count++; at > 0 && souk_topology_by_value(&sources[at - 1], &stream) > 0; at--) {
                sources[at] = sources[at - 1];
                reading->streams[at] = reading->streams[at - 1];
            }
            sources[at] = stream;
            reading->streams[at] = (struct souk_topology_stream){ .writer = node };
        }
    }
    for (i = 0; i < count; i++) {
        souk_topology_name(reading, sources[i], "a stream", &reading->streams[i].name);
        souk_topology_rules(reading, sources[i], stream_rules);
        if ((stream = souk_topology_valued(sources[i], "private")) != NULL)
            souk_topology_yes(reading, stream, &reading->streams[i].is_private);
        if (i > 0 && strcmp(sources[i]->value, sources[i - 1]->value) == 0)
            souk_topology_wrong(reading, sources[i], "stream `%s` has a writer already: `%s`, in line %u; a stream has"
                " one", sources[i]->value, reading->streams[i - 1].writer->name.text, sources[i - 1]->line);
    }
    reading->topology->streams = reading->streams;
    reading->topology->stream_count = count;
}

static void
read_node(struct souk_topology_reading *reading, size_t index)
{
    struct souk_topology_node *node = &reading->nodes[index];
    const struct souk_zpl_node *zpl = reading->sources[index].zpl;
    const struct souk_topology_host *host;
    const struct souk_zpl_node *child;

    souk_topology_rules(reading, zpl, node->kind == SOUK_NODE_SERVICE ? service_rules : event_store_rules);
    node->about = value_below(zpl, "about");
    host = souk_topology_host_of(reading, zpl);
    node->host = host == NULL ? &reading->hosts[0] : host;
    node->program = EVENT_STORE_PROGRAM;
    if ((child = souk_topology_valued(zpl, "program")) != NULL)
        souk_topology_program(reading, child, &node->program);
    node->data = souk_topology_text(reading, "%s/%s" SOUK_DIRECTORY_DATA, reading->parts->data_dir, node->name.text);
    if ((child = souk_topology_valued(zpl, "data")) != NULL)
        souk_topology_path(reading, child, &node->data);
    souk_topology_keys(reading, zpl, &node->key, &node->old_key);
    if ((child = souk_topology_valued(zpl, "lost")) != NULL)
        souk_topology_yes(reading, child, &node->lost);
    souk_topology_common(reading, zpl, node);
    read_endpoints(reading, index);
    if (reading->is_short_of_memory)
        return;
    if (node->kind == SOUK_NODE_EVENT_STORE) {
        follow_everything(reading, node);
        return;
    }
    read_own_streams(reading, node);
    souk_topology_follows(reading, zpl, node, &node->follows, &node->follow_count);
    souk_topology_calls(reading, zpl, node, &node->calls, &node->call_count);
    souk_topology_skips(reading, zpl, node);
    souk_topology_sets(reading, zpl, node);
}

const struct souk_topology_host *
souk_topology_host_of(struct souk_topology_reading *reading, const struct souk_zpl_node *above)
{
    const struct souk_zpl_node *child = souk_topology_valued(above, "host");
    const struct souk_topology_host *host;
    const char *nearest = NULL;
    size_t i;

    if (child == NULL && reading->topology->host_count == 1)
        return &reading->hosts[0];
    if (child == NULL) {
        souk_topology_wrong(reading, above, "`host` is missing below `%s = %s`: there are %zu", above->name,
            above->value, reading->topology->host_count);
        return NULL;
    }
    if ((host = souk_topology_host(reading->topology, child->value)) != NULL)
        return host;
    for (i = 0; i < reading->topology->host_count; i++)
        souk_zpl_nearer(child->value, reading->hosts[i].name.text, &nearest);
    souk_topology_wrong(reading, child, "no host `%s` is declared%s%s%s", child->value,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}

static void
read_endpoints(struct souk_topology_reading *reading, size_t index)
{
    static const char *const doors[] = { "commands", "queries", "publish" };
    struct souk_topology_node *node = &reading->nodes[index];
    const struct souk_zpl_node *zpl = reading->sources[index].zpl;
    const char **const endpoints[] = { &node->commands, &node->queries, &node->publish };
    const struct souk_zpl_node *child;
    struct souk_error err;
    unsigned i;

    if ((child = souk_topology_valued(zpl, "port")) != NULL
        && souk_zpl_number(reading->parts->zpl, child, 1, PORT_MAX, &reading->sources[index].port, &err) != 0)
        souk_topology_wrong(reading, child, "`port`: a number from 1 to %d is meant, the first of three ports, not"
            " `%s`", PORT_MAX, child->value);
    for (i = 0; i < sizeof doors / sizeof doors[0]; i++) {
        if ((child = souk_topology_valued(zpl, doors[i])) != NULL)
            souk_topology_endpoint(reading, child, endpoints[i]);
        else
            *endpoints[i] = derive(reading, index, doors[i], i);
    }
}

/* What follows from `port` and the host's address, else a socket in the directory of the run. */
static const char *
derive(struct souk_topology_reading *reading, size_t index, const char *door, unsigned place)
{
    const struct souk_topology_node *node = &reading->nodes[index];
    const char *endpoint;
    size_t bytes;

    if (reading->sources[index].port != 0)
        return souk_topology_text(reading, "tcp://%s:%u", node->host->address,
            (unsigned)reading->sources[index].port + place);
    endpoint = souk_topology_text(reading, "ipc://%s/%s.%s", reading->parts->run_dir, node->name.text, door);
    bytes = endpoint == NULL ? 0 : strlen(endpoint) - strlen("ipc://");
    if (bytes > IPC_PATH_BYTES_MAX)
        souk_topology_wrong(reading, reading->sources[index].zpl, "the path of a socket, %s, would have %zu bytes; the"
            " system takes %d: set a shorter `run` below `system`", endpoint + strlen("ipc://"), bytes,
            IPC_PATH_BYTES_MAX);
    return endpoint;
}

static void
read_own_streams(struct souk_topology_reading *reading, struct souk_topology_node *node)
{
    const struct souk_topology_stream **streams;
    size_t i;

    for (i = 0; i < reading->topology->stream_count; i++)
        node->stream_count += reading->streams[i].writer == node;
    if (node->stream_count > SOUK_OWN_STREAMS_MAX)
        souk_topology_wrong(reading, reading->sources[node - reading->nodes].zpl, "service `%s` writes %zu streams, at"
            " most %d", node->name.text, node->stream_count, SOUK_OWN_STREAMS_MAX);
    if ((streams = souk_topology_alloc(reading, node->stream_count * sizeof *streams)) == NULL)
        return;
    node->stream_count = 0;
    for (i = 0; i < reading->topology->stream_count; i++) {
        if (reading->streams[i].writer == node)
            streams[node->stream_count++] = &reading->streams[i];
    }
    node->streams = streams;
}

static void
follow_everything(struct souk_topology_reading *reading, struct souk_topology_node *node)
{
    const struct souk_topology_stream **follows;
    size_t i;

    follows = souk_topology_alloc(reading, reading->topology->stream_count * sizeof *follows);
    for (i = 0; follows != NULL && i < reading->topology->stream_count; i++)
        follows[i] = &reading->streams[i];
    node->follows = follows;
    node->follow_count = reading->topology->stream_count;
}

/* ---- wiring --------------------------------------------------------- */

static void
fill_wiring(struct souk_topology_reading *reading, struct souk_topology_node *node)
{
    struct souk_wiring *wiring = &node->wiring;
    const struct souk_topology_node *other;
    const struct souk_topology_stream *stream;
    size_t followed = 0;
    size_t i;

    wiring->self = node->name;
    wiring->streams = souk_topology_alloc(reading, reading->topology->stream_count * sizeof *wiring->streams);
    wiring->stores = souk_topology_alloc(reading, reading->topology->node_count * sizeof *wiring->stores);
    if (reading->is_short_of_memory)
        return;
    for (i = 0; i < reading->topology->stream_count; i++) {
        stream = &reading->streams[i];
        if (stream->writer != node && (followed == node->follow_count || node->follows[followed] != stream))
            continue;
        followed += stream->writer != node;
        wiring->streams[wiring->stream_count++] = (struct souk_wired_stream){ .name = stream->name,
            .origin = stream->writer->name, .is_private = stream->is_private };
    }
    for (i = 0; i < reading->topology->node_count; i++) {
        other = &reading->nodes[i];
        if (other->kind == SOUK_NODE_EVENT_STORE)
            wiring->stores[wiring->store_count++] = (struct souk_wired_store){ .name = other->name,
                .lost = other->lost };
    }
}

/* ---- small things --------------------------------------------------- */

static bool
is(const struct souk_zpl_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

static const char *
value_below(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child = souk_zpl_child(node, name);

    return child == NULL || !child->has_value ? NULL : child->value;
}
