/*
 * What a route says of its answers and its callers, beside the message that it
 * means.
 */
#include "souk_routes_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS_DEFAULT 5000

static void read_cache(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static void read_rate(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route);
static void read_roles(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);

/* ---- what else a route says ----------------------------------------- */

void
souk_routes_read_choices(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    static const char *const of_commands[] = { "location", "key", "durability", "body_bytes_max", "if_match",
        "address", "outcomes" };
    static const char *const of_queries[] = { "cache", "etag" };
    const struct souk_zpl *zpl = reading->routes->parts->zpl;
    const struct souk_zpl_node *child;
    struct souk_error err;
    size_t i;

    route->deadline_ms = DEADLINE_MS_DEFAULT;
    route->body_bytes_max = reading->routes->limits.body_bytes_max;
    for (i = 0; i < sizeof of_commands / sizeof of_commands[0] && route->method == SOUK_ROUTE_GET; i++) {
        if ((child = souk_zpl_child(node, of_commands[i])) != NULL)
            souk_routes_wrong(reading, child, "`%s` is said of commands, and this is a query", child->name);
    }
    for (i = 0; i < sizeof of_queries / sizeof of_queries[0] && route->method != SOUK_ROUTE_GET; i++) {
        if ((child = souk_zpl_child(node, of_queries[i])) != NULL)
            souk_routes_wrong(reading, child, "`%s` is said of queries, and this is a command", child->name);
    }
    if ((child = souk_routes_valued(node, "cache")) != NULL)
        read_cache(reading, child, route);
    if ((child = souk_routes_valued(node, "etag")) != NULL && route->type != NULL && route->type->reply != NULL) {
        route->etag = souk_routes_read_field(reading, child, route->type->reply);
        if (route->cache == SOUK_ROUTE_CACHE_NONE)
            souk_routes_wrong(reading, child, "`etag` is for answers that are kept: say `cache`");
    }
    if ((child = souk_routes_valued(node, "if_match")) != NULL && route->type != NULL)
        route->if_match = souk_routes_read_field(reading, child, route->type);
    if ((child = souk_routes_valued(node, "rate")) != NULL)
        read_rate(reading, child, route);
    read_roles(reading, node, route);
    souk_routes_read_who(reading, node, route);
    if ((child = souk_routes_valued(node, "deadline_ms")) != NULL
        && souk_zpl_number(zpl, child, 1, SOUK_ROUTE_DEADLINE_MS_MAX, &route->deadline_ms, &err) != 0)
        souk_routes_note(reading, child, &err);
    if ((child = souk_routes_valued(node, "body_bytes_max")) != NULL
        && souk_zpl_number(zpl, child, 1, reading->routes->limits.body_bytes_max, &route->body_bytes_max, &err) != 0)
        souk_routes_note(reading, child, &err);
    if ((child = souk_routes_valued(node, "key")) != NULL) {
        route->needs_key = strcmp(child->value, "required") == 0;
        if (!route->needs_key && strcmp(child->value, "optional") != 0)
            souk_routes_wrong(reading, child, "`key`: required or optional is meant, not `%s`", child->value);
    }
    if ((child = souk_routes_valued(node, "durability")) != NULL) {
        route->is_recorded = strcmp(child->value, "recorded") == 0;
        if (!route->is_recorded && strcmp(child->value, "local") != 0)
            souk_routes_wrong(reading, child, "`durability`: local or recorded is meant, not `%s`", child->value);
    }
}

/* no-store, revalidate, private SECONDS, public SECONDS */
static void
read_cache(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    static const char *const words[] = { "no-store", "revalidate", "private", "public" };
    const size_t bytes = strcspn(node->value, " ");
    const char *rest = node->value + bytes + strspn(node->value + bytes, " ");
    unsigned word = 0;
    char *end;

    while (word < 4 && (strlen(words[word]) != bytes || memcmp(words[word], node->value, bytes) != 0))
        word++;
    route->cache_seconds = *rest >= '1' && *rest <= '9' ? strtoull(rest, &end, 10) : 0;
    if (word == 4 || (word < SOUK_ROUTE_CACHE_PRIVATE && *rest != '\0')
        || (word >= SOUK_ROUTE_CACHE_PRIVATE && (route->cache_seconds == 0 || *end != '\0'
        || route->cache_seconds > SOUK_ROUTE_CACHE_SECONDS_MAX)))
        souk_routes_wrong(reading, node, "`cache`: no-store, revalidate, private SECONDS or public SECONDS is meant,"
            " with 1 to %d seconds, not `%s`", SOUK_ROUTE_CACHE_SECONDS_MAX, node->value);
    else
        route->cache = word;
}

/* REQUESTS per SECONDS */
static void
read_rate(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    unsigned long long requests = 0;
    unsigned long long seconds = 0;
    int bytes = -1;

    if (node->value[0] < '1' || node->value[0] > '9'
        || sscanf(node->value, "%llu per %llu%n", &requests, &seconds, &bytes) != 2 || node->value[bytes] != '\0'
        || requests > SOUK_ROUTE_RATE_MAX || seconds == 0 || seconds > SOUK_ROUTE_RATE_SECONDS_MAX)
        souk_routes_wrong(reading, node, "`rate`: REQUESTS per SECONDS is meant, such as 10 per 60, with at most %d"
            " requests and %d seconds, not `%s`", SOUK_ROUTE_RATE_MAX, SOUK_ROUTE_RATE_SECONDS_MAX, node->value);
    route->rate = requests;
    route->rate_seconds = seconds;
}

static void
read_roles(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const struct souk_zpl_node *child;
    size_t i;

    for (child = souk_zpl_child(node, "role"); child != NULL; child = souk_zpl_again(child)) {
        for (i = 0; i < route->role_count && strcmp(route->roles[i], child->value) != 0; i++)
            continue;
        if (!child->has_value)
            continue;
        if (!souk_name_valid(souk_slice_of(child->value)))
            souk_routes_wrong(reading, child, "`%s` is no name for a role: 1 to %d of a-z 0-9 - . beginning with a"
                " letter", child->value, SOUK_NAME_BYTES_MAX);
        else if (i < route->role_count)
            souk_routes_wrong(reading, child, "`role = %s` is there already", child->value);
        else if (route->role_count == SOUK_ROUTE_ROLES_MAX)
            souk_routes_wrong(reading, child, "more than %d roles", SOUK_ROUTE_ROLES_MAX);
        else
            route->roles[route->role_count++] = child->value;
    }
}

/* A field that is one text, which an entity tag can hold. */
const struct souk_field *
souk_routes_read_field(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_message_type *type)
{
    const struct souk_field *field = souk_route_field(type, souk_slice_of(node->value));
    const char *nearest = NULL;
    size_t i;

    for (i = 0; i < type->field_count; i++)
        souk_zpl_nearer(node->value, type->fields[i].name, &nearest);
    if (field == NULL)
        souk_routes_wrong(reading, node, "`%s` has no field `%s`%s%s%s", type->name, node->value,
            nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    else if (field->is_list || field->type > SOUK_FIELD_TIME || field->type == SOUK_FIELD_TEXT)
        souk_routes_wrong(reading, node, "`%s` of `%s` is not what an entity tag can hold: a number, an id, a time",
            field->name, type->name);
    else
        return field;
    return NULL;
}
