#include "souk_topology_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LOOP_TEXT_BYTES_MAX 300
#define DOORS 3

/* How far the search for loops has come with a service. */
enum visit { UNSEEN, ON_THE_WAY, SEEN };

static void check_names(struct souk_topology_reading *reading);
static void check_keys(struct souk_topology_reading *reading);
static size_t check_key(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl, const char *which,
    const char *key, size_t before);
static const char *key_at(const struct souk_topology_reading *reading, size_t place, const char **name_out);
static void check_pass_key(struct souk_topology_reading *reading);
static void check_places(struct souk_topology_reading *reading);
static void check_endpoints(struct souk_topology_reading *reading, size_t later, size_t earlier);
static void check_recorded(struct souk_topology_reading *reading);
static void check_reach(struct souk_topology_reading *reading);
static bool needs(const struct souk_topology_node *asker, const struct souk_topology_node *asked);
static void check_loops(struct souk_topology_reading *reading);
static bool find_loop(struct souk_topology_reading *reading, enum visit *visits, size_t *way, size_t way_length);
static void doors_of(const struct souk_topology_node *node, const char *endpoints_out[DOORS]);
static const struct souk_zpl_node *place_of(const struct souk_zpl_node *zpl, const char *name);

void
souk_topology_check(struct souk_topology_reading *reading)
{
    check_names(reading);
    check_keys(reading);
    check_places(reading);
    check_recorded(reading);
    check_reach(reading);
    check_loops(reading);
}

/* Clients and nodes are callers alike. */
static void
check_names(struct souk_topology_reading *reading)
{
    const struct souk_topology_node *node;
    size_t i;

    for (i = 0; i < reading->topology->client_count; i++) {
        node = souk_topology_node(reading->topology, reading->clients[i].name.text);
        if (node != NULL && node->name.text[0] != '\0')
            souk_topology_wrong(reading, reading->client_sources[i], "`client = %s`: the name is taken by `%s` in"
                " line %u", node->name.text, node->kind == SOUK_NODE_SERVICE ? "service" : "event_store", node->line);
    }
}

/* A key says who somebody is, so it belongs to one. */
static void
check_keys(struct souk_topology_reading *reading)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < reading->topology->node_count; i++) {
        reading->topology->has_keys |= reading->nodes[i].key != NULL;
        count += check_key(reading, reading->sources[i].zpl, "key", reading->nodes[i].key, count);
        count += check_key(reading, reading->sources[i].zpl, "old_key", reading->nodes[i].old_key, count);
    }
    for (i = 0; i < reading->topology->client_count; i++) {
        count += check_key(reading, reading->client_sources[i], "key", reading->clients[i].key, count);
        count += check_key(reading, reading->client_sources[i], "old_key", reading->clients[i].old_key, count);
    }
}

/* Against the `before` ones in front of it. 1 when there is such a key. */
static size_t
check_key(struct souk_topology_reading *reading, const struct souk_zpl_node *zpl, const char *which, const char *key,
    size_t before)
{
    const char *name, *other;
    size_t count = 0;
    size_t i;

    if (key == NULL)
        return 0;
    for (i = 0; count < before; i++) {
        if ((other = key_at(reading, i, &name)) == NULL)
            continue;
        count++;
        if (strcmp(other, key) == 0) {
            souk_topology_wrong(reading, place_of(zpl, which), "`%s`: `%s` has this one; a key belongs to one", which,
                name);
            break;
        }
    }
    return 1;
}

/* The one at `place` of all that may be there: two of each node, then two of each client. */
static const char *
key_at(const struct souk_topology_reading *reading, size_t place, const char **name_out)
{
    const size_t owner = place / 2;
    const size_t client = owner - reading->topology->node_count;

    if (owner < reading->topology->node_count) {
        *name_out = reading->nodes[owner].name.text;
        return place % 2 == 0 ? reading->nodes[owner].key : reading->nodes[owner].old_key;
    }
    *name_out = reading->clients[client].name.text;
    return place % 2 == 0 ? reading->clients[client].key : reading->clients[client].old_key;
}

int
souk_topology_keyed(struct souk_topology *topology, struct souk_topology_errors *errors)
{
    struct souk_topology_reading reading = { .topology = topology, .parts = topology->parts, .errors = errors };
    const char *endpoints[DOORS];
    size_t door;

    errors->count = errors->left_out = 0;
    errors->code = 0;
    for (size_t i = 0; i < topology->node_count; i++) {
        const struct souk_topology_node *node = &topology->nodes[i];
        const struct souk_zpl_node at = { .line = node->line };

        if (node->key != NULL)
            continue;
        doors_of(node, endpoints);
        for (door = 0; door < DOORS && souk_topology_is_local(endpoints[door]); door++)
            continue;
        if (door < DOORS)
            souk_topology_wrong(&reading, &at, "`%s` listens at %s, where not only its own host can knock, and has no"
                " `key`: `souk keys make %s` makes one", node->name.text, endpoints[door], node->name.text);
        else if (topology->has_keys)
            souk_topology_wrong(&reading, &at, "`%s` has no `key`, and others have: `souk keys make %s` makes one",
                node->name.text, node->name.text);
    }
    check_pass_key(&reading);
    return -errors->code;
}

/* Services of one host share a key beside the others; of several each has to be told. */
static void
check_pass_key(struct souk_topology_reading *reading)
{
    const struct souk_topology *topology = reading->topology;

    if (topology->pass_issuer == NULL || topology->pass_keys.count != 0)
        return;
    for (size_t i = 0; i < topology->node_count; i++) {
        const struct souk_zpl_node at = { .line = topology->pass_issuer->line };

        if (topology->nodes[i].host == topology->nodes[0].host)
            continue;
        souk_topology_wrong(reading, &at, "`%s` signs passes, and there are two hosts: its public key has to stand below"
            " `system`, as `pass_key`; `souk keys pass` makes one", topology->pass_issuer->name.text);
        return;
    }
}

/* Of two that want the same place, the later one of the file is in the wrong. */
static void
check_places(struct souk_topology_reading *reading)
{
    const struct souk_topology_node *nodes = reading->nodes;
    size_t later;
    size_t i;
    size_t k;

    for (i = 0; i < reading->topology->node_count; i++) {
        check_endpoints(reading, i, i);
        for (k = 0; k < i; k++) {
            if (strcmp(nodes[i].name.text, nodes[k].name.text) == 0)
                continue;
            later = nodes[i].line > nodes[k].line ? i : k;
            check_endpoints(reading, later, i + k - later);
            if (nodes[i].host == nodes[k].host && nodes[i].data != NULL && nodes[k].data != NULL
                && strcmp(nodes[i].data, nodes[k].data) == 0)
                souk_topology_wrong(reading, place_of(reading->sources[later].zpl, "data"),
                    "`%s` keeps its data in %s too", nodes[i + k - later].name.text, nodes[i].data);
        }
    }
}

/* Those of `later` against those of `earlier`; of one node against its own in front. */
static void
check_endpoints(struct souk_topology_reading *reading, size_t later, size_t earlier)
{
    static const char *const doors[DOORS] = { "commands", "queries", "publish" };
    const char *endpoints[DOORS];
    const char *others[DOORS];
    size_t door;
    size_t other;

    doors_of(&reading->nodes[later], endpoints);
    doors_of(&reading->nodes[earlier], others);
    for (door = 0; door < DOORS; door++) {
        for (other = 0; other < (later == earlier ? door : DOORS); other++) {
            if (endpoints[door] == NULL || others[other] == NULL || strcmp(endpoints[door], others[other]) != 0)
                continue;
            souk_topology_wrong(reading, place_of(reading->sources[later].zpl, doors[door]), "`%s` of `%s` and `%s` of"
                " `%s` would both be %s", doors[door], reading->nodes[later].name.text, doors[other],
                reading->nodes[earlier].name.text, endpoints[door]);
        }
    }
}

/* What is asked of event stores can be had from as many as there are. */
static void
check_recorded(struct souk_topology_reading *reading)
{
    const struct souk_topology_node *node;
    const struct souk_zpl_node *zpl;
    size_t stores = 0;
    size_t i;

    for (i = 0; i < reading->topology->node_count; i++)
        stores += reading->nodes[i].kind == SOUK_NODE_EVENT_STORE && !reading->nodes[i].lost;
    if (stores == 0)
        souk_topology_wrong(reading, reading->system, "no event store is left that is not lost");
    for (i = 0; i < reading->topology->node_count && stores > 0; i++) {
        node = &reading->nodes[i];
        zpl = reading->sources[i].zpl;
        if (node->kind == SOUK_NODE_SERVICE && node->wiring.recorded_by > stores)
            souk_topology_wrong(reading, place_of(zpl, "recorded_by"), "service `%s` wants to be recorded by %u event"
                " stores; there are %zu", node->name.text, node->wiring.recorded_by, stores);
        if (node->kind == SOUK_NODE_SERVICE && node->wiring.trim_after == SOUK_TRIM_RECORDED
            && node->wiring.trim_recorded_by > stores)
            souk_topology_wrong(reading, place_of(zpl, "trim_after"), "service `%s` trims after %u event stores; there"
                " are %zu", node->name.text, node->wiring.trim_recorded_by, stores);
    }
}

/* Whoever has to connect from another host must be able to. */
static void
check_reach(struct souk_topology_reading *reading)
{
    const struct souk_topology_node *asker;
    const struct souk_topology_node *asked;
    const char *endpoints[DOORS];
    size_t door;
    size_t i;
    size_t k;

    for (i = 0; i < reading->topology->node_count; i++) {
        asked = &reading->nodes[i];
        doors_of(asked, endpoints);
        for (door = 0; door < DOORS; door++) {
            if (endpoints[door] != NULL && souk_topology_is_local(endpoints[door]))
                break;
        }
        for (k = 0; k < reading->topology->node_count && door < DOORS; k++) {
            asker = &reading->nodes[k];
            if (asker->host == asked->host || !needs(asker, asked))
                continue;
            souk_topology_wrong(reading, reading->sources[i].zpl, "`%s` listens at %s, where `%s` on host `%s` cannot"
                " reach it: give it a `port`, and its host an `address`", asked->name.text, endpoints[door],
                asker->name.text, asker->host->name.text);
            break;
        }
    }
}

static bool
needs(const struct souk_topology_node *asker, const struct souk_topology_node *asked)
{
    return asker->kind == SOUK_NODE_EVENT_STORE || asked->kind == SOUK_NODE_EVENT_STORE
        || souk_topology_asks(asker, asked);
}

/* Services that wait for each other's answers in a ring could wait for ever. */
static void
check_loops(struct souk_topology_reading *reading)
{
    enum visit visits[SOUK_SERVICES_MAX + SOUK_STORES_MAX] = { UNSEEN };
    size_t way[SOUK_SERVICES_MAX + SOUK_STORES_MAX];
    size_t i;

    for (i = 0; i < reading->topology->node_count; i++) {
        way[0] = i;
        if (visits[i] == UNSEEN && find_loop(reading, visits, way, 1))
            return;
    }
}

/* From the last service of `way` on. One loop is enough to say. */
static bool
find_loop(struct souk_topology_reading *reading, enum visit *visits, size_t *way, size_t way_length)
{
    const size_t at = way[way_length - 1];
    const struct souk_topology_node *node = &reading->nodes[at];
    char text[LOOP_TEXT_BYTES_MAX] = "";
    size_t bytes = 0;
    size_t callee;
    size_t i;
    size_t k;

    visits[at] = ON_THE_WAY;
    for (i = 0; i < node->call_count; i++) {
        callee = (size_t)(node->calls[i].callee - reading->nodes);
        way[way_length] = callee;
        if (visits[callee] == UNSEEN && find_loop(reading, visits, way, way_length + 1))
            return true;
        if (visits[callee] != ON_THE_WAY)
            continue;
        for (k = 0; k < way_length && way[k] != callee; k++)
            continue;
        for (; k <= way_length && bytes < sizeof text; k++)
            bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "%s`%s`", bytes == 0 ? "" : " calls ",
                reading->nodes[way[k]].name.text);
        souk_topology_wrong(reading, reading->sources[callee].zpl, "a loop of requests: %s; one of them has to learn"
            " it from an event", text);
        return true;
    }
    visits[at] = SEEN;
    return false;
}

static void
doors_of(const struct souk_topology_node *node, const char *endpoints_out[DOORS])
{
    endpoints_out[0] = node->commands;
    endpoints_out[1] = node->queries;
    endpoints_out[2] = node->publish;
}

/* The line that says `name`, or the entry when it is derived. */
static const struct souk_zpl_node *
place_of(const struct souk_zpl_node *zpl, const char *name)
{
    const struct souk_zpl_node *child = souk_zpl_child(zpl, name);

    return child == NULL ? zpl : child;
}
