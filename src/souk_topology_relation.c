#include "souk_topology_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

static const struct souk_zpl_rule call_rules[] = {
    { "command", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule client_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "host", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "program", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "listen", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "routes", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "hostname", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "proxy", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "key", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "old_key", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "call", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "query", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "follow", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "operator", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "operator_role", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { .name = NULL },
};

static void read_commands(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_call *call);
static void read_client(struct souk_topology_reading *reading, size_t index);
static void read_operator(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client);
static void read_program(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client);
static void read_proxies(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client);
static void read_hostnames(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client);
static const struct souk_topology_node *find_service(struct souk_topology_reading *reading,
    const struct souk_zpl_node *node);

/* Of a service or, `follower` NULL, of a client. */
void
souk_topology_follows(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    const struct souk_topology_node *follower, const struct souk_topology_stream *const **follows_out,
    size_t *count_out)
{
    struct souk_topology_found found = souk_topology_find(reading, above, "follow", "", SOUK_STREAMS_MAX);
    const struct souk_topology_stream **follows = souk_topology_alloc(reading, found.count * sizeof *follows);
    const struct souk_topology_stream *stream;
    const struct souk_zpl_node *node;
    const char *nearest;
    size_t i;
    size_t k;

    for (i = 0; follows != NULL && i < found.count; i++) {
        node = found.nodes[i];
        if (!node->has_value || (i > 0 && souk_topology_is_doubled(reading, node, found.nodes[i - 1])))
            continue;
        if ((stream = souk_topology_stream(reading->topology, node->value)) == NULL) {
            nearest = NULL;
            for (k = 0; k < reading->topology->stream_count; k++)
                souk_zpl_nearer(node->value, reading->streams[k].name.text, &nearest);
            souk_topology_wrong(reading, node, "no service writes a stream `%s`%s%s%s", node->value,
                nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
        } else if (stream->writer == follower) {
            souk_topology_wrong(reading, node, "service `%s` writes stream `%s` itself, and sees it anyway",
                follower->name.text, node->value);
        } else if (stream->is_private) {
            souk_topology_wrong(reading, node, "stream `%s` is private: nobody follows it but event stores",
                node->value);
        } else {
            follows[(*count_out)++] = stream;
        }
    }
    *follows_out = follows;
}

/* Of a service or, `caller` NULL, of a client. */
void
souk_topology_calls(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    const struct souk_topology_node *caller, const struct souk_topology_call **calls_out, size_t *count_out)
{
    struct souk_topology_found found = souk_topology_find(reading, above, "call", "", SOUK_SERVICES_MAX);
    struct souk_topology_call *calls = souk_topology_alloc(reading, found.count * sizeof *calls);
    const struct souk_topology_node *callee;
    size_t i;

    for (i = 0; calls != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value)
            continue;
        souk_topology_rules(reading, found.nodes[i], call_rules);
        if (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1]))
            continue;
        if ((callee = find_service(reading, found.nodes[i])) == NULL)
            continue;
        if (callee == caller) {
            souk_topology_wrong(reading, found.nodes[i], "service `%s` would wait for itself", callee->name.text);
            continue;
        }
        calls[*count_out].callee = callee;
        read_commands(reading, found.nodes[i], &calls[(*count_out)++]);
    }
    *calls_out = calls;
}

void
souk_topology_skips(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_node *node)
{
    struct souk_topology_found found = souk_topology_find(reading, above, "skip", "", SOUK_TOPOLOGY_SKIPS_MAX);
    struct souk_wired_skip *skips = souk_topology_alloc(reading, found.count * sizeof *skips);
    size_t i;
    size_t k;

    node->wiring.skips = skips;
    for (i = 0; skips != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value
            || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        souk_topology_skip(reading, found.nodes[i], &skips[i]);
        for (k = 0; k < node->follow_count; k++) {
            if (strcmp(node->follows[k]->name.text, skips[i].stream.text) == 0)
                break;
        }
        if (skips[i].point.number != 0 && k == node->follow_count)
            souk_topology_wrong(reading, found.nodes[i], "service `%s` does not follow stream `%s`: there is nothing to"
                " skip", node->name.text, skips[i].stream.text);
    }
    node->wiring.skip_count = found.count;
}

void
souk_topology_clients(struct souk_topology_reading *reading)
{
    const struct souk_zpl_node *root = souk_zpl_root(reading->parts->zpl);
    struct souk_topology_found found = souk_topology_find(reading, root, "client", "", SOUK_TOPOLOGY_CLIENTS_MAX);
    size_t i;

    reading->clients = souk_topology_alloc(reading, found.count * sizeof *reading->clients);
    if (reading->is_short_of_memory)
        return;
    reading->client_sources = found.nodes;
    for (i = 0; i < found.count && !reading->is_short_of_memory; i++) {
        souk_topology_name(reading, found.nodes[i], "a client", &reading->clients[i].name);
        if (i > 0)
            (void)souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1]);
        read_client(reading, i);
    }
    reading->topology->clients = reading->clients;
    reading->topology->client_count = found.count;
}

bool
souk_topology_asks(const struct souk_topology_node *asker, const struct souk_topology_node *asked)
{
    size_t i;

    for (i = 0; i < asker->follow_count; i++) {
        if (asker->follows[i]->writer == asked)
            return true;
    }
    for (i = 0; i < asker->call_count; i++) {
        if (asker->calls[i].callee == asked)
            return true;
    }
    return false;
}

static void
read_commands(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_call *call)
{
    struct souk_topology_found found = souk_topology_find(reading, above, "command", "", SOUK_TOPOLOGY_COMMANDS_MAX);
    const char **commands = souk_topology_alloc(reading, found.count * sizeof *commands);
    const char *callee = call->callee->name.text;
    const struct souk_zpl_node *node;
    size_t i;

    for (i = 0; commands != NULL && i < found.count; i++) {
        node = found.nodes[i];
        if (!node->has_value || (i > 0 && souk_topology_is_doubled(reading, node, found.nodes[i - 1])))
            continue;
        if (strncmp(node->value, callee, strlen(callee)) != 0 || node->value[strlen(callee)] != '.')
            souk_topology_wrong(reading, node, "`%s` is no command of `%s`: its name would begin with `%s.`",
                node->value, callee, callee);
        else
            commands[call->command_count++] = node->value;
    }
    call->commands = commands;
}

static void
read_client(struct souk_topology_reading *reading, size_t index)
{
    const struct souk_zpl_node *zpl = reading->client_sources[index];
    struct souk_topology_client *client = &reading->clients[index];
    struct souk_topology_found found = souk_topology_find(reading, zpl, "query", "", SOUK_SERVICES_MAX);
    const struct souk_topology_node **queries = souk_topology_alloc(reading, found.count * sizeof *queries);
    const struct souk_zpl_node *child;
    size_t i;

    souk_topology_rules(reading, zpl, client_rules);
    client->line = zpl->line;
    if ((child = souk_topology_valued(zpl, "about")) != NULL)
        client->about = child->value;
    read_program(reading, zpl, client);
    souk_topology_keys(reading, zpl, &client->key, &client->old_key);
    read_operator(reading, zpl, client);
    souk_topology_calls(reading, zpl, NULL, &client->calls, &client->call_count);
    souk_topology_follows(reading, zpl, NULL, &client->follows, &client->follow_count);
    for (i = 0; queries != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value
            || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        queries[client->query_count] = find_service(reading, found.nodes[i]);
        client->query_count += queries[client->query_count] != NULL;
    }
    client->queries = queries;
}

/* Whatever is asked, or only what comes with the pass of somebody with a role. */
static void
read_operator(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client)
{
    struct souk_topology_found found = souk_topology_find(reading, zpl, "operator_role", "", SOUK_PASS_ROLES_MAX);
    const char **roles = souk_topology_alloc(reading, found.count * sizeof *roles);
    const struct souk_zpl_node *child;
    struct souk_name role;
    size_t i;

    if ((child = souk_topology_valued(zpl, "operator")) != NULL)
        souk_topology_yes(reading, child, &client->is_operator);
    for (i = 0; roles != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value
            || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        souk_topology_name(reading, found.nodes[i], "a role", &role);
        roles[client->operator_role_count++] = found.nodes[i]->value;
    }
    client->operator_roles = roles;
    if (found.count > 0 && client->is_operator)
        souk_topology_wrong(reading, found.nodes[0], "`operator_role`: `client = %s` has `operator = yes`, and needs"
            " nobody's role; one of the two is too much", zpl->value);
    if (found.count > 0 && souk_topology_valued(reading->system, "pass_issuer") == NULL)
        souk_topology_wrong(reading, found.nodes[0], "`operator_role`: roles come with passes, and nobody signs any:"
            " `pass_issuer` is missing below `system`");
}

void
souk_topology_passes(struct souk_topology_reading *reading)
{
    struct souk_topology *topology = reading->topology;
    struct souk_topology_found found = souk_topology_find(reading, reading->system, "pass_key", "", SOUK_PASS_KEYS_MAX);
    const struct souk_zpl_node *child = souk_topology_valued(reading->system, "pass_issuer");
    const char *key;
    size_t i;

    if (child != NULL)
        topology->pass_issuer = find_service(reading, child);
    else if (found.count > 0)
        souk_topology_wrong(reading, found.nodes[0], "`pass_key`: whose key is it? `pass_issuer` is missing");
    for (i = 0; i < found.count; i++) {
        key = NULL;
        if (!found.nodes[i]->has_value || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        souk_topology_key(reading, found.nodes[i], &key);
        if (key != NULL)
            (void)zmq_z85_decode(topology->pass_keys.keys[topology->pass_keys.count++], key);
    }
}

/* A client that `souk up` runs, and what only a bridge has. */
static void
read_program(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client)
{
    const struct souk_zpl_node *child;

    if ((child = souk_topology_valued(zpl, "program")) != NULL) {
        souk_topology_program(reading, child, &client->program);
        client->host = souk_topology_host_of(reading, zpl);
    } else if ((child = souk_topology_valued(zpl, "host")) != NULL) {
        souk_topology_wrong(reading, child, "`host` says where a program runs, and `client = %s` has no `program`",
            zpl->value);
    }
    if ((child = souk_topology_valued(zpl, "listen")) != NULL)
        souk_topology_listen(reading, child, &client->listen);
    if ((child = souk_topology_valued(zpl, "routes")) != NULL)
        souk_topology_path(reading, child, &client->routes);
    if ((child = souk_topology_valued(zpl, "hostname")) == NULL)
        child = souk_topology_valued(zpl, "proxy");
    if (souk_topology_valued(zpl, "listen") == NULL && (client->routes != NULL || child != NULL))
        souk_topology_wrong(reading, zpl, "`listen` is missing below `client = %s`: a bridge has it, and `routes`",
            zpl->value);
    if (souk_topology_valued(zpl, "routes") == NULL && client->listen != NULL)
        souk_topology_wrong(reading, zpl, "`routes` is missing below `client = %s`: a bridge has it, and `listen`",
            zpl->value);
    read_hostnames(reading, zpl, client);
    read_proxies(reading, zpl, client);
}

static void
read_proxies(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client)
{
    struct souk_topology_found found = souk_topology_find(reading, zpl, "proxy", "", SOUK_TOPOLOGY_PROXIES_MAX);
    const char **proxies = souk_topology_alloc(reading, found.count * sizeof *proxies);
    struct in6_addr address;

    for (size_t i = 0; proxies != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value
            || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        if (inet_pton(AF_INET, found.nodes[i]->value, &address) != 1
            && inet_pton(AF_INET6, found.nodes[i]->value, &address) != 1)
            souk_topology_wrong(reading, found.nodes[i], "`proxy`: the address that a proxy's connections come from is"
                " meant, in numbers, such as 127.0.0.1, not `%s`", found.nodes[i]->value);
        else
            proxies[client->proxy_count++] = found.nodes[i]->value;
    }
    client->proxies = proxies;
}

static void
read_hostnames(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl,
    struct souk_topology_client *client)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    struct souk_topology_found found = souk_topology_find(reading, zpl, "hostname", "", SOUK_TOPOLOGY_HOSTNAMES_MAX);
    const char **hostnames = souk_topology_alloc(reading, found.count * sizeof *hostnames);
    size_t i;

    for (i = 0; hostnames != NULL && i < found.count; i++) {
        if (!found.nodes[i]->has_value
            || (i > 0 && souk_topology_is_doubled(reading, found.nodes[i], found.nodes[i - 1])))
            continue;
        if (found.nodes[i]->value[0] == '\0' || strspn(found.nodes[i]->value, letters) != strlen(found.nodes[i]->value))
            souk_topology_wrong(reading, found.nodes[i], "`hostname`: a name such as shop.example is meant, in small"
                " letters and without a port, not `%s`", found.nodes[i]->value);
        else
            hostnames[client->hostname_count++] = found.nodes[i]->value;
    }
    client->hostnames = hostnames;
}

static const struct souk_topology_node *
find_service(struct souk_topology_reading *reading, const struct souk_zpl_node *node)
{
    const struct souk_topology_node *found = souk_topology_node(reading->topology, node->value);
    const char *nearest = NULL;
    size_t i;

    if (found != NULL && found->kind == SOUK_NODE_SERVICE)
        return found;
    if (found != NULL) {
        souk_topology_wrong(reading, node, "`%s` is an event store; it takes no commands or queries of the domain",
            node->value);
        return NULL;
    }
    for (i = 0; i < reading->topology->node_count; i++) {
        if (reading->nodes[i].kind == SOUK_NODE_SERVICE)
            souk_zpl_nearer(node->value, reading->nodes[i].name.text, &nearest);
    }
    souk_topology_wrong(reading, node, "no service `%s` is declared%s%s%s", node->value,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}
