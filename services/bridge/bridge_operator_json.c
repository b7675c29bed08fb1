/*
 * How a system stands, as JSON: what its topology says, and what its nodes say of themselves.
 */
#include "bridge.h"

#include <string.h>
#include <time.h>

#include "souk_control.h"

static json_t *node_json(const struct bridge *bridge, const struct bridge_look *look);
static void add_said(const struct bridge *bridge, const struct bridge_look *look, json_t *json);
static json_t *streams_json(const struct bridge *bridge, const struct bridge_look *look);
static json_t *client_json(const struct bridge *bridge, const struct souk_topology_client *client);
static json_t *calls_json(const struct souk_topology_call *calls, size_t call_count,
    const struct souk_topology_node *const *queries, size_t query_count);
static json_t *names_json(const struct souk_topology_stream *const *streams, size_t count);
static const json_t *said_by(const struct bridge *bridge, const char *name);

uint64_t
bridge_wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

json_t *
bridge_operator_system_json(const struct bridge *bridge)
{
    const struct souk_topology *topology = bridge->topology;
    json_t *clients = json_array();
    json_t *nodes = json_array();
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        (void)souk_look_judge(topology, &bridge->operator->looks[i].looked);
        (void)json_array_append_new(nodes, node_json(bridge, &bridge->operator->looks[i]));
    }
    for (i = 0; i < topology->client_count; i++)
        (void)json_array_append_new(clients, client_json(bridge, &topology->clients[i]));
    return json_pack("{ss sI sb so so}", "system", topology->name.text, "now_ms", (json_int_t)bridge_wall_ms(),
        "can_end", souk_control_is_there(topology), "nodes", nodes, "clients", clients);
}

static json_t *
node_json(const struct bridge *bridge, const struct bridge_look *look)
{
    const struct souk_topology_node *node = look->looked.node;
    const json_t *said = look->looked.said;
    json_t *json;

    json = json_pack("{ss sb ss so so so ss sO sI so}", "name", node->name.text, "is_event_store",
        node->kind == SOUK_NODE_EVENT_STORE, "host", node->host->name.text, "calls", calls_json(node->calls,
        node->call_count, NULL, 0), "follows", names_json(node->follows, node->follow_count), "writes",
        names_json(node->streams, node->stream_count), "state", said != NULL ? souk_look_text_of(said, "state")
        : node->lost ? "lost" : "unreachable", "problems", look->looked.problems, "since_ms",
        (json_int_t)look->silent_ms, "streams", streams_json(bridge, look));
    if (json != NULL && node->about != NULL)
        (void)json_object_set_new(json, "about", json_string(node->about));
    if (json != NULL)
        add_said(bridge, look, json);
    return json;
}

static void
add_said(const struct bridge *bridge, const struct bridge_look *look, json_t *json)
{
    static const char *const names[] = { "epoch", "commit", "started_ms", "now_ms", "memory_bytes", "store_bytes_used",
        "store_bytes_max", "parked", "version" };
    json_t *said = look->looked.said;
    json_t *counters = json_array();
    const char *name;
    json_t *value;

    for (size_t i = 0; said != NULL && i < sizeof names / sizeof names[0]; i++) {
        if ((value = json_object_get(said, names[i])) != NULL)
            (void)json_object_set(json, names[i], value);
    }
    json_object_foreach(json_object_get(said, "counters"), name, value)
        (void)json_array_append_new(counters, json_pack("{ss sO}", "name", name, "value", value));
    (void)json_object_set_new(json, "counters", counters);
}

static json_t *
streams_json(const struct bridge *bridge, const struct bridge_look *look)
{
    const json_t *said = look->looked.said;
    const json_t *streams = json_object_get(said, "streams");
    json_t *list = json_array();
    json_t *json, *waits;

    for (size_t i = 0; i < json_array_size(streams); i++) {
        const json_t *stream = json_array_get(streams, i);
        const char *origin = souk_look_text_of(stream, "origin");
        const struct souk_look_lag lag = souk_look_lag_in(said, strcmp(origin, look->looked.node->name.text) == 0 ? NULL
            : said_by(bridge, origin), souk_look_text_of(stream, "name"));

        json = json_pack("{ss ss sI sI sI sI sI sI}", "name", souk_look_text_of(stream, "name"), "origin", origin,
            "epoch", (json_int_t)souk_look_uint_of(stream, "epoch"), "number",
            (json_int_t)souk_look_uint_of(stream, "number"), "time_ms",
            (json_int_t)souk_look_uint_of(stream, "time_ms"), "behind_events", (json_int_t)lag.events, "behind_ms",
            (json_int_t)lag.ms, "queued_bytes", (json_int_t)souk_look_uint_of(stream, "queued_bytes"));
        if (json != NULL && (waits = json_object_get(stream, "waits_for")) != NULL)
            (void)json_object_set(json, "waits_for", waits);
        (void)json_array_append_new(list, json);
    }
    return list;
}

static json_t *
client_json(const struct bridge *bridge, const struct souk_topology_client *client)
{
    json_t *json = json_pack("{ss sb so so}", "name", client->name.text, "is_self", client == bridge->self, "calls",
        calls_json(client->calls, client->call_count, client->queries, client->query_count), "follows",
        names_json(client->follows, client->follow_count));

    if (json != NULL && client->about != NULL)
        (void)json_object_set_new(json, "about", json_string(client->about));
    return json;
}

static json_t *
calls_json(const struct souk_topology_call *calls, size_t call_count,
    const struct souk_topology_node *const *queries, size_t query_count)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < call_count; i++)
        (void)json_array_append_new(list, json_pack("{ss sb}", "callee", calls[i].callee->name.text, "is_query", 0));
    for (i = 0; i < query_count; i++)
        (void)json_array_append_new(list, json_pack("{ss sb}", "callee", queries[i]->name.text, "is_query", 1));
    return list;
}

static json_t *
names_json(const struct souk_topology_stream *const *streams, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(streams[i]->name.text));
    return list;
}

static const json_t *
said_by(const struct bridge *bridge, const char *name)
{
    const struct souk_topology_node *node = souk_topology_node(bridge->topology, name);

    return node == NULL ? NULL : bridge->operator->looks[node - bridge->topology->nodes].looked.said;
}
