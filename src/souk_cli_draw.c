#include "souk_cli_draw.h"

#include <string.h>

#include <sodium.h>

static void draw_service(struct libscols_table *table, const struct souk_topology *topology,
    const struct souk_topology_node *node);
static void draw_clients(struct libscols_table *table, const struct souk_topology *topology);
static json_t *node_json(const struct souk_topology *topology, const struct souk_topology_node *node);
static json_t *stream_json(const struct souk_topology *topology, const struct souk_topology_stream *stream);
static json_t *calls_json(const struct souk_topology_call *calls, size_t count);
static json_t *client_json(const struct souk_topology_client *client);
static bool follows(const struct souk_topology_node *node, const struct souk_topology_stream *stream);

void
souk_cli_draw(const struct souk_cli *cli, const struct souk_topology *topology)
{
    static const struct souk_cli_heading headings[] = {
        { "NAME", SOUK_CLI_TREE },
        { "WHAT", SOUK_CLI_TEXT },
        { "AT", SOUK_CLI_TEXT },
        { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(cli, headings, true);
    const struct souk_topology_node *node;
    struct libscols_line *line;
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        if (node->kind == SOUK_NODE_SERVICE)
            draw_service(table, topology, node);
    }
    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        if (node->kind == SOUK_NODE_SERVICE)
            continue;
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", node->name.text);
        souk_cli_cell(line, 1, "event store%s", node->lost ? ", lost" : ", records every stream");
        souk_cli_cell(line, 2, "%s", node->host->name.text);
        souk_cli_cell_color(line, 0, SOUK_CLI_BOLD);
    }
    draw_clients(table, topology);
    souk_cli_table_end(table);
    (void)putchar('\n');
}

void
souk_cli_draw_dot(const struct souk_topology *topology, FILE *out)
{
    const struct souk_topology_node *node;
    size_t i;
    size_t k;

    (void)fprintf(out, "digraph \"%s\" {\n    rankdir = LR;\n    node [shape = box, style = rounded];\n",
        topology->name.text);
    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        (void)fprintf(out, "    \"%s\"%s;\n", node->name.text,
            node->kind == SOUK_NODE_EVENT_STORE ? " [shape = cylinder, style = solid]" : "");
    }
    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        for (k = 0; k < node->follow_count && node->kind == SOUK_NODE_SERVICE; k++)
            (void)fprintf(out, "    \"%s\" -> \"%s\" [label = \"%s\"];\n", node->follows[k]->writer->name.text,
                node->name.text, node->follows[k]->name.text);
        for (k = 0; k < node->call_count; k++)
            (void)fprintf(out, "    \"%s\" -> \"%s\" [style = dashed];\n", node->name.text,
                node->calls[k].callee->name.text);
    }
    (void)fprintf(out, "}\n");
}

json_t *
souk_cli_draw_json(const struct souk_topology *topology)
{
    json_t *services = json_array();
    json_t *stores = json_array();
    json_t *hosts = json_array();
    json_t *clients = json_array();
    char fingerprint[2 * sizeof topology->fingerprint + 1];
    size_t i;

    for (i = 0; i < topology->node_count; i++)
        (void)json_array_append_new(topology->nodes[i].kind == SOUK_NODE_SERVICE ? services : stores,
            node_json(topology, &topology->nodes[i]));
    for (i = 0; i < topology->host_count; i++)
        (void)json_array_append_new(hosts, json_pack("{ss ss}", "name", topology->hosts[i].name.text, "address",
            topology->hosts[i].address));
    for (i = 0; i < topology->client_count; i++)
        (void)json_array_append_new(clients, client_json(&topology->clients[i]));
    (void)sodium_bin2hex(fingerprint, sizeof fingerprint, topology->fingerprint, sizeof topology->fingerprint);
    return json_pack("{ss ss? ss so so so so}", "system", topology->name.text, "about", topology->about, "fingerprint",
        fingerprint, "hosts", hosts, "services", services, "event_stores", stores, "clients", clients);
}

static void
draw_service(struct libscols_table *table, const struct souk_topology *topology, const struct souk_topology_node *node)
{
    struct libscols_line *line = souk_cli_line(table, NULL);
    struct libscols_line *stream_line;
    struct libscols_line *below;
    size_t i;
    size_t k;

    souk_cli_cell(line, 0, "%s", node->name.text);
    souk_cli_cell_color(line, 0, SOUK_CLI_BOLD);
    souk_cli_cell(line, 1, "%s", node->about == NULL ? "service" : node->about);
    souk_cli_cell(line, 2, "%s", node->host->name.text);
    for (i = 0; i < node->stream_count; i++) {
        stream_line = souk_cli_line(table, line);
        souk_cli_cell(stream_line, 0, "%s", node->streams[i]->name.text);
        souk_cli_cell_color(stream_line, 0, SOUK_CLI_CYAN);
        souk_cli_cell(stream_line, 1, "stream%s", node->streams[i]->is_private ? ", private" : "");
        for (k = 0; k < topology->node_count; k++) {
            if (topology->nodes[k].kind != SOUK_NODE_SERVICE || !follows(&topology->nodes[k], node->streams[i]))
                continue;
            below = souk_cli_line(table, stream_line);
            souk_cli_cell(below, 0, "%s", topology->nodes[k].name.text);
            souk_cli_cell(below, 1, "follows");
        }
    }
    for (i = 0; i < node->call_count; i++) {
        stream_line = souk_cli_line(table, line);
        souk_cli_cell(stream_line, 0, "%s", node->calls[i].callee->name.text);
        souk_cli_cell(stream_line, 1, "is called");
        for (k = 0; k < node->calls[i].command_count; k++) {
            below = souk_cli_line(table, stream_line);
            souk_cli_cell(below, 0, "%s", node->calls[i].commands[k]);
            souk_cli_cell(below, 1, "command");
        }
    }
}

static void
draw_clients(struct libscols_table *table, const struct souk_topology *topology)
{
    struct libscols_line *line;
    size_t i;

    for (i = 0; i < topology->client_count; i++) {
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", topology->clients[i].name.text);
        souk_cli_cell(line, 1, "client%s", topology->clients[i].is_operator ? ", operator"
            : topology->clients[i].operator_role_count > 0 ? ", operator for who has a role" : "");
    }
}

static json_t *
node_json(const struct souk_topology *topology, const struct souk_topology_node *node)
{
    json_t *streams = json_array();
    json_t *followed = json_array();
    json_t *json;
    size_t i;

    json = json_pack("{ss ss? ss ss ss ss ss ss ss?}", "name", node->name.text, "about", node->about, "host",
        node->host->name.text, "program", node->program, "data", node->data, "commands", node->commands, "queries",
        node->queries, "publish", node->publish, "key", node->key);
    if (node->kind == SOUK_NODE_EVENT_STORE) {
        json_decref(streams);
        json_decref(followed);
        if (json != NULL)
            (void)json_object_set_new(json, "lost", json_boolean(node->lost));
        return json;
    }
    for (i = 0; i < node->stream_count; i++)
        (void)json_array_append_new(streams, stream_json(topology, node->streams[i]));
    for (i = 0; i < node->follow_count; i++)
        (void)json_array_append_new(followed, json_string(node->follows[i]->name.text));
    if (json == NULL || json_object_set_new(json, "streams", streams) != 0
        || json_object_set_new(json, "follows", followed) != 0
        || json_object_set_new(json, "calls", calls_json(node->calls, node->call_count)) != 0)
        return NULL;
    return json;
}

static json_t *
stream_json(const struct souk_topology *topology, const struct souk_topology_stream *stream)
{
    json_t *followers = json_array();
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].kind == SOUK_NODE_SERVICE && follows(&topology->nodes[i], stream))
            (void)json_array_append_new(followers, json_string(topology->nodes[i].name.text));
    }
    return json_pack("{ss sb so}", "name", stream->name.text, "private", stream->is_private, "followers", followers);
}

static json_t *
calls_json(const struct souk_topology_call *calls, size_t count)
{
    json_t *json = json_array();
    json_t *commands;
    size_t i;
    size_t k;

    for (i = 0; i < count; i++) {
        commands = json_array();
        for (k = 0; k < calls[i].command_count; k++)
            (void)json_array_append_new(commands, json_string(calls[i].commands[k]));
        (void)json_array_append_new(json, json_pack("{ss so}", "service", calls[i].callee->name.text, "commands",
            commands));
    }
    return json;
}

static json_t *
client_json(const struct souk_topology_client *client)
{
    json_t *queries = json_array();
    json_t *followed = json_array();
    json_t *roles = json_array();
    size_t i;

    for (i = 0; i < client->operator_role_count; i++)
        (void)json_array_append_new(roles, json_string(client->operator_roles[i]));
    for (i = 0; i < client->query_count; i++)
        (void)json_array_append_new(queries, json_string(client->queries[i]->name.text));
    for (i = 0; i < client->follow_count; i++)
        (void)json_array_append_new(followed, json_string(client->follows[i]->name.text));
    return json_pack("{ss ss? sb so so so so}", "name", client->name.text, "key", client->key, "operator",
        client->is_operator, "operator_roles", roles, "calls", calls_json(client->calls, client->call_count), "queries", queries, "follows",
        followed);
}

static bool
follows(const struct souk_topology_node *node, const struct souk_topology_stream *stream)
{
    size_t i;

    for (i = 0; i < node->follow_count; i++) {
        if (node->follows[i] == stream)
            return true;
    }
    return false;
}
