#include "souk_routes_parts.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "ops.h"

#define STATUS_MIN 400
#define STATUS_MAX 499
#define PATH_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

#define NUMBER(member) offsetof(struct souk_routes_limits, member)
const struct souk_routes_number souk_routes_numbers[] = {
    { "target_bytes_max", NUMBER(target_bytes_max), 2048, 64, 8192 },
    { "header_bytes_max", NUMBER(header_bytes_max), 16384, 512, 16384 },
    { "header_fields_max", NUMBER(header_fields_max), 100, 8, 200 },
    { "body_bytes_max", NUMBER(body_bytes_max), 65536, 1, SOUK_JSON_TEXT_BYTES_MAX },
    { "header_ms", NUMBER(header_ms), 5000, 10, 600000 },
    { "request_ms", NUMBER(request_ms), 15000, 10, 600000 },
    { "answer_ms", NUMBER(answer_ms), 30000, 10, 600000 },
    { "idle_ms", NUMBER(idle_ms), 15000, 10, 600000 },
    { "connections_max", NUMBER(connections_max), 400, 1, 10000 },
    { "connections_per_address", NUMBER(connections_per_address), 20, 1, 10000 },
    { "waiting_max", NUMBER(waiting_max), 256, 1, 1000 },
    { "passes_max", NUMBER(passes_max), 4096, 1, 65536 },
    { "event_streams_max", NUMBER(event_streams_max), 256, 1, 10000 },
    { "events_kept_max", NUMBER(events_kept_max), 10000, 1, 1000000 },
    { "events_kept_bytes", NUMBER(events_kept_bytes), 16 * 1024 * 1024, 1024, 1024 * 1024 * 1024 },
    { "events_kept_ms", NUMBER(events_kept_ms), 600000, 1, 24 * 3600 * 1000 },
    { "heartbeat_ms", NUMBER(heartbeat_ms), 15000, 10, 600000 },
    { .name = NULL },
};

static const struct souk_zpl_rule root_rules[] = {
    { "routes", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ONCE },
    { "route", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_SOME },
    { "page", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule page_rules[] = {
    { "file", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule head_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "files", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "unchanging", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "session", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { "refusals", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { "limits", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { .name = NULL },
};
static const struct souk_zpl_rule route_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "query", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "command", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "events", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "location", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "deadline_ms", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "body_bytes_max", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "key", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "durability", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "cache", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "etag", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "if_match", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "rate", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "role", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "session", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "address", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "outcomes", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { "refusals", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { .name = NULL },
};

static void read_head(struct souk_routes_reading *reading, const struct souk_zpl_node *node);
static int read_pages(struct souk_routes_reading *reading, const struct souk_zpl_node *root);
static void read_limits(struct souk_routes_reading *reading, const struct souk_zpl_node *section);
static void read_refusals(struct souk_routes_reading *reading, const struct souk_zpl_node *section,
    const struct souk_message_type *type, struct souk_route_refusal *refusals, const struct souk_zpl_node **nodes,
    size_t *count_p);
static void read_route(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static void check_operators(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_route *route);
static const char *read_method(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static void read_message(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static void read_events(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static const struct souk_message_type *find_message(struct souk_routes_reading *reading,
    const struct souk_zpl_node *node, enum souk_message_kind kind);
static const struct souk_topology_node *find_node(const struct souk_topology *topology, const char *message);
static bool may_send(const struct souk_topology_client *client, const struct souk_message_type *type,
    const struct souk_topology_node *node);
static void read_path(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const char *text,
    const struct souk_message_type *type, struct souk_route_path *path_out);
static void read_segment(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_slice text, struct souk_route_path *path);
static void check_carried(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_route *route);
static void check_alone(struct souk_routes_reading *reading, const struct souk_zpl_node *node, size_t index);
static void add_common_refusals(const struct souk_routes_reading *reading, struct souk_route *route);
static void check_common_refusals(struct souk_routes_reading *reading);

int
souk_routes_read(struct souk_routes_reading *reading)
{
    struct souk_routes *routes = reading->routes;
    const struct souk_zpl_node *root = souk_zpl_root(routes->parts->zpl);
    const struct souk_zpl_node *head = souk_zpl_child(root, "routes");
    const struct souk_zpl_node *node;
    size_t count = 0;

    souk_zpl_check_all(routes->parts->zpl, root, root_rules, souk_routes_note, reading);
    for (node = souk_zpl_child(root, "route"); node != NULL; node = souk_zpl_again(node)) {
        if (++count == SOUK_ROUTES_MAX + 1)
            souk_routes_wrong(reading, node, "more than %d routes", SOUK_ROUTES_MAX);
    }
    count = count > SOUK_ROUTES_MAX ? SOUK_ROUTES_MAX : count;
    if ((reading->list = souk_arena_alloc(&routes->parts->arena, (count + 1) * sizeof *reading->list)) == NULL)
        return -SOUK_ENOMEM;
    routes->routes = reading->list;
    read_head(reading, head != NULL && head->has_value ? head : NULL);
    for (node = souk_zpl_child(root, "route"); node != NULL && routes->count < count; node = souk_zpl_again(node)) {
        if (!node->has_value)
            continue;
        read_route(reading, node, &reading->list[routes->count]);
        add_common_refusals(reading, &reading->list[routes->count]);
        check_alone(reading, node, routes->count++);
    }
    check_common_refusals(reading);
    return read_pages(reading, root);
}

void
souk_routes_wrong(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    struct souk_error err;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)souk_zpl_fail(reading->routes->parts->zpl, node, &err, "%s", sentence);
    souk_routes_note(reading, node, &err);
}

void
souk_routes_note(void *arg, const struct souk_zpl_node *at, const struct souk_error *err)
{
    struct souk_routes_reading *reading = arg;

    reading->wrong++;
    reading->say(reading->arg, at->line, err->text);
}

/* ---- the file as a whole -------------------------------------------- */

static void
read_head(struct souk_routes_reading *reading, const struct souk_zpl_node *node)
{
    const struct souk_routes_number *number;
    const struct souk_zpl_node *child;

    for (number = souk_routes_numbers; number->name != NULL; number++)
        memcpy((char *)&reading->routes->limits + number->offset, &number->value_default,
            sizeof number->value_default);
    if (node == NULL)
        return;
    reading->routes->name = node->value;
    souk_zpl_check_all(reading->routes->parts->zpl, node, head_rules, souk_routes_note, reading);
    if ((child = souk_routes_valued(node, "about")) != NULL)
        reading->routes->about = child->value;
    if ((child = souk_routes_valued(node, "files")) != NULL)
        reading->routes->files = child->value;
    if ((child = souk_routes_valued(node, "unchanging")) != NULL) {
        reading->routes->unchanging = child->value;
        if (child->value[0] != '/' || reading->routes->files == NULL)
            souk_routes_wrong(reading, child, "`unchanging` is how paths of `files` begin, like /static/");
    }
    if ((child = souk_zpl_child(node, "limits")) != NULL && !child->has_value)
        read_limits(reading, child);
    if ((child = souk_zpl_child(node, "session")) != NULL && !child->has_value)
        souk_routes_read_session(reading, child);
    if ((child = souk_zpl_child(node, "refusals")) != NULL && !child->has_value)
        read_refusals(reading, child, NULL, reading->refusals, reading->refusal_nodes, &reading->refusal_count);
}

/* Paths that one file is for. Whether it is there shows when files are read. */
static int
read_pages(struct souk_routes_reading *reading, const struct souk_zpl_node *root)
{
    struct souk_routes *routes = reading->routes;
    const struct souk_zpl_node *node;
    const struct souk_zpl_node *file;
    struct souk_route_page *pages;

    pages = souk_arena_alloc(&routes->parts->arena, SOUK_ROUTES_PAGES_MAX * sizeof *pages);
    if ((routes->pages = pages) == NULL)
        return -SOUK_ENOMEM;
    for (node = souk_zpl_child(root, "page"); node != NULL; node = souk_zpl_again(node)) {
        if (routes->page_count == SOUK_ROUTES_PAGES_MAX) {
            souk_routes_wrong(reading, node, "more than %d pages", SOUK_ROUTES_PAGES_MAX);
            break;
        }
        if (!node->has_value)
            continue;
        souk_zpl_check_all(routes->parts->zpl, node, page_rules, souk_routes_note, reading);
        pages[routes->page_count].line = node->line;
        read_path(reading, node, node->value, NULL, &pages[routes->page_count].path);
        if ((file = souk_routes_valued(node, "file")) != NULL && file->value[0] != '/')
            souk_routes_wrong(reading, file, "`file`: the path that a request would name it by is meant, such as"
                " /post.html, not `%s`", file->value);
        if (routes->files == NULL)
            souk_routes_wrong(reading, node, "a page needs `files` below `routes`");
        pages[routes->page_count++].file = file == NULL ? "" : file->value;
    }
    return 0;
}

static void
read_limits(struct souk_routes_reading *reading, const struct souk_zpl_node *section)
{
    struct souk_zpl_rule rules[sizeof souk_routes_numbers / sizeof souk_routes_numbers[0]] = { { .name = NULL } };
    const struct souk_zpl_node *child;
    struct souk_error err;
    uint64_t value;
    size_t i;

    for (i = 0; souk_routes_numbers[i].name != NULL; i++)
        rules[i] = (struct souk_zpl_rule){ souk_routes_numbers[i].name, SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE };
    souk_zpl_check_all(reading->routes->parts->zpl, section, rules, souk_routes_note, reading);
    for (i = 0; souk_routes_numbers[i].name != NULL; i++) {
        if ((child = souk_routes_valued(section, souk_routes_numbers[i].name)) == NULL)
            continue;
        if (souk_zpl_number(reading->routes->parts->zpl, child, souk_routes_numbers[i].value_min,
                souk_routes_numbers[i].value_max, &value, &err) != 0)
            souk_routes_note(reading, child, &err);
        else
            memcpy((char *)&reading->routes->limits + souk_routes_numbers[i].offset, &value, sizeof value);
    }
}

/* Lines of CODE = STATUS. Of a route they are held against what its message refuses. */
static void
read_refusals(struct souk_routes_reading *reading, const struct souk_zpl_node *section,
    const struct souk_message_type *type, struct souk_route_refusal *refusals, const struct souk_zpl_node **nodes,
    size_t *count_p)
{
    const struct souk_zpl_node *node;
    const struct souk_zpl_node *earlier;
    const char *nearest;
    struct souk_error err;
    uint64_t status;
    size_t i;

    for (node = section->child; node != NULL; node = node->next) {
        earlier = souk_zpl_child(section, node->name);
        nearest = NULL;
        for (i = 0; type != NULL && i < type->refuse_count; i++)
            souk_zpl_nearer(node->name, type->refuses[i], &nearest);
        if (!node->has_value || node->child != NULL)
            souk_routes_wrong(reading, node, "`%s` needs a status and nothing below: %s = %d", node->name, node->name,
                STATUS_MIN + 9);
        else if (earlier != node)
            souk_routes_wrong(reading, node, "`%s` is given twice, first in line %u", node->name, earlier->line);
        else if (type != NULL && !souk_routes_refuses(type, node->name))
            souk_routes_wrong(reading, node, "`%s` does not refuse with `%s`%s%s%s", type->name, node->name,
                nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "`?");
        else if (souk_zpl_number(reading->routes->parts->zpl, node, STATUS_MIN, STATUS_MAX, &status, &err) != 0)
            souk_routes_note(reading, node, &err);
        else if (*count_p == SOUK_ROUTE_REFUSALS_MAX)
            souk_routes_wrong(reading, node, "more than %d refusals", SOUK_ROUTE_REFUSALS_MAX);
        else {
            if (nodes != NULL)
                nodes[*count_p] = node;
            refusals[(*count_p)++] = (struct souk_route_refusal){ node->name, (unsigned)status };
        }
    }
}

/* What the file says of all, where the route says nothing. */
static void
add_common_refusals(const struct souk_routes_reading *reading, struct souk_route *route)
{
    size_t i;
    size_t k;

    for (i = 0; i < reading->refusal_count && route->type != NULL; i++) {
        for (k = 0; k < route->refusal_count && strcmp(route->refusals[k].code, reading->refusals[i].code) != 0; k++)
            continue;
        if (k == route->refusal_count && k < SOUK_ROUTE_REFUSALS_MAX && souk_routes_refuses(route->type, reading->refusals[i].code))
            route->refusals[route->refusal_count++] = reading->refusals[i];
    }
}

static void
check_common_refusals(struct souk_routes_reading *reading)
{
    const struct souk_message_type *type;
    const char *nearest;
    bool is_known;
    size_t i;
    size_t k;
    size_t j;

    for (i = 0; i < reading->refusal_count; i++) {
        is_known = false;
        nearest = NULL;
        for (k = 0; k < reading->routes->count; k++) {
            if ((type = reading->list[k].type) == NULL)
                continue;
            is_known |= souk_routes_refuses(type, reading->refusals[i].code);
            for (j = 0; j < type->refuse_count; j++)
                souk_zpl_nearer(reading->refusals[i].code, type->refuses[j], &nearest);
        }
        if (!is_known)
            souk_routes_wrong(reading, reading->refusal_nodes[i], "no route's message refuses with `%s`%s%s%s",
                reading->refusals[i].code, nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "`?");
    }
}

/* ---- a route -------------------------------------------------------- */

static void
read_route(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const struct souk_zpl_node *child;
    const char *path;

    route->line = node->line;
    souk_zpl_check_all(reading->routes->parts->zpl, node, route_rules, souk_routes_note, reading);
    path = read_method(reading, node, route);
    read_message(reading, node, route);
    if (path != NULL)
        read_path(reading, node, path, route->type, &route->path);
    if ((child = souk_routes_valued(node, "location")) != NULL)
        read_path(reading, child, child->value, route->type, &route->location);
    if ((child = souk_routes_valued(node, "about")) != NULL)
        route->about = child->value;
    souk_routes_read_choices(reading, node, route);
    if ((child = souk_zpl_child(node, "refusals")) != NULL && !child->has_value && route->type != NULL)
        read_refusals(reading, child, route->type, route->refusals, NULL, &route->refusal_count);
    if (route->type != NULL && souk_messages_find(&ops_messages, souk_slice_of(route->type->name)) == route->type)
        check_operators(reading, node, route);
    if (route->type != NULL && path != NULL)
        check_carried(reading, node, route);
}

/* Who gets to it, and will not every node turn him away then? */
static void
check_operators(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const struct souk_route *route)
{
    const struct souk_topology_client *client = reading->client;
    size_t i;
    size_t k;

    if (route->role_count == 0 && (reading->routes->session.person.type != NULL || client->operator_role_count > 0))
        souk_routes_wrong(reading, node, "`route = %s` is for operators, and nobody says who they are: a `role` is"
            " missing", node->value);
    for (i = 0; i < route->role_count && client->operator_role_count > 0; i++) {
        for (k = 0; k < client->operator_role_count && strcmp(route->roles[i], client->operator_roles[k]) != 0; k++)
            continue;
        if (k == client->operator_role_count)
            souk_routes_wrong(reading, node, "`route = %s`: nodes take this from nobody for having role `%s`: the topology"
                " has no `operator_role = %s` below `client = %s`", node->value, route->roles[i], route->roles[i],
                client->name.text);
    }
}

/* "GET /api/posts": gives the path, or NULL. */
static const char *
read_method(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const char *space = strchr(node->value, ' ');
    const size_t bytes = space == NULL ? 0 : (size_t)(space - node->value);
    unsigned method;

    for (method = 0; method < SOUK_ROUTE_METHODS; method++) {
        if (bytes == strlen(souk_route_method_name(method))
            && memcmp(node->value, souk_route_method_name(method), bytes) == 0)
            break;
    }
    if (method == SOUK_ROUTE_METHODS) {
        souk_routes_wrong(reading, node, "`route`: METHOD /PATH is meant, with one of GET, POST, PUT, PATCH, DELETE,"
            " not `%s`", node->value);
        return NULL;
    }
    route->method = method;
    return space + 1;
}

static void
read_message(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const struct souk_zpl_node *query = souk_routes_valued(node, "query");
    const struct souk_zpl_node *command = souk_routes_valued(node, "command");
    const struct souk_zpl_node *said = query != NULL ? query : command;

    if (souk_zpl_child(node, "events") != NULL && said == NULL) {
        read_events(reading, node, route);
        return;
    }
    if ((query == NULL) == (command == NULL) || souk_zpl_child(node, "events") != NULL) {
        souk_routes_wrong(reading, node, "`route = %s`: either a `query` or a `command` or `events` are meant",
            node->value);
        return;
    }
    if (query != NULL && route->method != SOUK_ROUTE_GET)
        souk_routes_wrong(reading, query, "a query changes nothing: it is asked with GET, not %s",
            souk_route_method_name(route->method));
    if (command != NULL && route->method == SOUK_ROUTE_GET)
        souk_routes_wrong(reading, command, "a command changes something: it is sent with POST, PUT, PATCH or DELETE,"
            " not GET");
    route->type = souk_routes_message(reading, said, query != NULL ? SOUK_QUERY : SOUK_COMMAND, &route->node);
}

/* Streams that the bridge follows. */
static void
read_events(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    static const char *const of_messages[] = { "cache", "etag", "deadline_ms", "refusals" };
    const struct souk_topology_client *client = reading->client;
    const struct souk_zpl_node *child;
    size_t i;

    if (route->method != SOUK_ROUTE_GET)
        souk_routes_wrong(reading, node, "events are asked for with GET, not %s", souk_route_method_name(route->method));
    for (i = 0; i < sizeof of_messages / sizeof of_messages[0]; i++) {
        if ((child = souk_zpl_child(node, of_messages[i])) != NULL)
            souk_routes_wrong(reading, child, "`%s` is said of messages, and these are events", child->name);
    }
    for (child = souk_zpl_child(node, "events"); child != NULL; child = souk_zpl_again(child)) {
        if (!child->has_value)
            continue;
        for (i = 0; i < client->follow_count && strcmp(client->follows[i]->name.text, child->value) != 0; i++)
            continue;
        if (i == client->follow_count)
            souk_routes_wrong(reading, child, "`client = %s` does not follow `%s`: the topology has no `follow = %s` below"
                " it", client->name.text, child->value, child->value);
        else if (route->event_count == SOUK_ROUTE_STREAMS_MAX)
            souk_routes_wrong(reading, child, "more than %d streams", SOUK_ROUTE_STREAMS_MAX);
        else
            route->events[route->event_count++] = client->follows[i];
    }
}

const struct souk_message_type *
souk_routes_message(struct souk_routes_reading *reading, const struct souk_zpl_node *said, enum souk_message_kind kind,
    const struct souk_topology_node **node_out)
{
    const struct souk_message_type *type = find_message(reading, said, kind);

    if (type == NULL)
        return NULL;
    if (souk_messages_find(&ops_messages, souk_slice_of(said->value)) == type) {
        if (!reading->client->is_operator && reading->client->operator_role_count == 0)
            souk_routes_wrong(reading, said, "`%s` is for operators: the topology has no `operator_role` below"
                " `client = %s`", said->value, reading->client->name.text);
        return type;
    }
    if ((*node_out = find_node(reading->topology, said->value)) == NULL)
        souk_routes_wrong(reading, said, "no service answers `%s`: its name would begin with the service's",
            said->value);
    else if (!may_send(reading->client, type, *node_out))
        souk_routes_wrong(reading, said, "`client = %s` may not send `%s`: the topology has no `%s = %s` below it that"
            " says so", reading->client->name.text, said->value, kind == SOUK_QUERY ? "query" : "call",
            (*node_out)->name.text);
    return type;
}

static const struct souk_message_type *
find_message(struct souk_routes_reading *reading, const struct souk_zpl_node *node, enum souk_message_kind kind)
{
    const struct souk_catalogue *catalogue = reading->catalogue;
    const struct souk_message_type *type = NULL;
    const struct souk_messages *messages;
    const char *nearest = NULL;
    size_t i;
    size_t k;

    type = souk_messages_find(&ops_messages, souk_slice_of(node->value));
    for (i = 0; i < catalogue->count; i++) {
        messages = souk_description_messages(catalogue->descriptions[i]);
        if (type == NULL)
            type = souk_messages_find(messages, souk_slice_of(node->value));
        for (k = 0; k < messages->type_count; k++) {
            if (messages->types[k]->kind == kind)
                souk_zpl_nearer(node->value, messages->types[k]->name, &nearest);
        }
    }
    if (type != NULL && type->kind == kind)
        return type;
    if (type != NULL)
        souk_routes_wrong(reading, node, "`%s` is described as a %s", node->value, souk_message_kind_name(type->kind));
    else
        souk_routes_wrong(reading, node, "no %s `%s` is described%s%s%s", souk_message_kind_name(kind), node->value,
            nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}

/* The service whose name, and a dot, the message's begins with. */
static const struct souk_topology_node *
find_node(const struct souk_topology *topology, const char *message)
{
    const struct souk_topology_node *found = NULL;
    const char *name;
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        name = topology->nodes[i].name.text;
        if (topology->nodes[i].kind == SOUK_NODE_SERVICE && strncmp(message, name, strlen(name)) == 0
            && message[strlen(name)] == '.' && (found == NULL || strlen(name) > strlen(found->name.text)))
            found = &topology->nodes[i];
    }
    return found;
}

static bool
may_send(const struct souk_topology_client *client, const struct souk_message_type *type,
    const struct souk_topology_node *node)
{
    const struct souk_topology_call *call;
    size_t i;
    size_t k;

    for (i = 0; type->kind == SOUK_QUERY && i < client->query_count; i++) {
        if (client->queries[i] == node)
            return true;
    }
    for (i = 0; type->kind == SOUK_COMMAND && i < client->call_count; i++) {
        call = &client->calls[i];
        if (call->callee != node)
            continue;
        if (call->command_count == 0)
            return true;
        for (k = 0; k < call->command_count; k++) {
            if (strcmp(call->commands[k], type->name) == 0)
                return true;
        }
    }
    return false;
}

/* ---- paths ---------------------------------------------------------- */

static void
read_path(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const char *text,
    const struct souk_message_type *type, struct souk_route_path *path_out)
{
    const char *at = text;
    size_t bytes;

    path_out->text = text;
    if (text[0] != '/' || strlen(text) > SOUK_ROUTE_PATH_BYTES_MAX) {
        souk_routes_wrong(reading, node, "a path begins with a slash and has at most %d bytes, unlike `%s`",
            SOUK_ROUTE_PATH_BYTES_MAX, text);
        return;
    }
    if (text[1] == '\0') {
        path_out->segments[path_out->segment_count++] = (struct souk_route_segment){ .text = { text + 1, 0 } };
        return;
    }
    while (*at != '\0') {
        bytes = strcspn(++at, "/");
        if (path_out->segment_count == SOUK_ROUTE_SEGMENTS_MAX) {
            souk_routes_wrong(reading, node, "more than %d pieces between slashes", SOUK_ROUTE_SEGMENTS_MAX);
            return;
        }
        read_segment(reading, node, type, (struct souk_slice){ at, bytes }, path_out);
        at += bytes;
    }
}

static void
read_segment(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_slice text, struct souk_route_path *path)
{
    static const struct souk_field anything = { .name = "anything" };
    struct souk_route_segment *segment = &path->segments[path->segment_count++];
    const char *begin = text.base;
    const bool is_value = text.size_bytes > 2 && begin[0] == '{' && begin[text.size_bytes - 1] == '}';
    char name[SOUK_ROUTE_PATH_BYTES_MAX + 1];
    const char *nearest = NULL;
    size_t i;

    *segment = (struct souk_route_segment){ .text = text };
    if (!is_value) {
        if (text.size_bytes == 0 || strspn(begin, PATH_LETTERS) < text.size_bytes || begin[0] == '.')
            souk_routes_wrong(reading, node, "`%.*s` in a path: letters, digits, - . _ ~, not beginning with a dot, or"
                " {FIELD} is meant", (int)text.size_bytes, begin);
        return;
    }
    if (type == NULL) {
        segment->field = &anything;
        return;
    }
    segment->text = (struct souk_slice){ begin + 1, text.size_bytes - 2 };
    (void)snprintf(name, sizeof name, "%.*s", (int)segment->text.size_bytes, begin + 1);
    for (i = 0; i < type->field_count; i++)
        souk_zpl_nearer(name, type->fields[i].name, &nearest);
    if ((segment->field = souk_route_field(type, segment->text)) == NULL)
        souk_routes_wrong(reading, node, "`%s` has no field `%s`%s%s%s", type->name, name,
            nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    else if (segment->field->is_list || !souk_route_is_plain(segment->field))
        souk_routes_wrong(reading, node, "`%s` of `%s` is more than one text: a path cannot hold it", name, type->name);
    for (i = 0; i + 1 < path->segment_count; i++) {
        if (segment->field != NULL && path->segments[i].field == segment->field)
            souk_routes_wrong(reading, node, "`{%s}` is in the path twice", name);
    }
}

/* ---- what cannot be meant ------------------------------------------- */

/* A query has no body: every field that has to be there must fit into the path or a parameter. */
static void
check_carried(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const struct souk_route *route)
{
    const struct souk_field *field;
    bool is_in_path;
    size_t i;
    size_t k;

    for (i = 0; i < route->type->field_count && route->method == SOUK_ROUTE_GET; i++) {
        field = &route->type->fields[i];
        is_in_path = false;
        for (k = 0; k < route->path.segment_count; k++)
            is_in_path |= route->path.segments[k].field == field;
        if (!is_in_path && !souk_route_is_parameter(field) && !field->is_optional
            && field->default_packed.base == NULL)
            souk_routes_wrong(reading, node, "a GET cannot carry `%s` of `%s`: it is a list of records or of money",
                field->name, route->type->name);
    }
}

/* No other route has its method and, whatever its values are called, its path. */
static void
check_alone(struct souk_routes_reading *reading, const struct souk_zpl_node *node, size_t index)
{
    const struct souk_route *route = &reading->list[index];
    const struct souk_route_segment *own;
    const struct souk_route_segment *others;
    size_t i;
    size_t k;

    for (i = 0; i < index; i++) {
        if (reading->list[i].method != route->method
            || reading->list[i].path.segment_count != route->path.segment_count || route->path.segment_count == 0)
            continue;
        own = route->path.segments;
        others = reading->list[i].path.segments;
        for (k = 0; k < route->path.segment_count; k++) {
            if ((own[k].field == NULL) != (others[k].field == NULL)
                || (own[k].field == NULL && !souk_slice_equal(own[k].text, others[k].text)))
                break;
        }
        if (k == route->path.segment_count)
            souk_routes_wrong(reading, node, "`%s` is a route already, in line %u", node->value,
                reading->list[i].line);
    }
}

/* ---- helpers -------------------------------------------------------- */

bool
souk_routes_refuses(const struct souk_message_type *type, const char *code)
{
    size_t i;

    for (i = 0; i < type->refuse_count && strcmp(type->refuses[i], code) != 0; i++)
        continue;
    return i < type->refuse_count;
}

const struct souk_zpl_node *
souk_routes_valued(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child = souk_zpl_child(node, name);

    return child == NULL || !child->has_value ? NULL : child;
}
