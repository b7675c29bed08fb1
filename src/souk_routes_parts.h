/*
 * souk_routes_parts - a routes file while it is read: souk_routes_read.c turns
 * entries into routes, souk_routes.c opens, matches and closes, and
 * souk_routes_pack.c makes messages of requests.
 */
#ifndef SOUK_ROUTES_PARTS_H
#define SOUK_ROUTES_PARTS_H

#include "souk_routes.h"
#include "souk_zpl.h"

struct souk_routes_parts {
    struct souk_zpl *zpl;
    struct souk_arena arena;
};

struct souk_routes_reading {
    struct souk_routes *routes;
    struct souk_route *list;                    /* what `routes` points to, while it is filled */
    const struct souk_topology *topology;
    const struct souk_topology_client *client;
    const struct souk_catalogue *catalogue;
    void (*say)(void *arg, unsigned line, const char *sentence);
    void *arg;
    size_t refusal_count;                       /* of the file as a whole */
    struct souk_route_refusal refusals[SOUK_ROUTE_REFUSALS_MAX];
    const struct souk_zpl_node *refusal_nodes[SOUK_ROUTE_REFUSALS_MAX];
    size_t wrong;
};

/* Fill the routes from the tree in their parts. 0 or -SOUK_ENOMEM; what is wrong is said and counted. */
SOUK_MUST_CHECK int souk_routes_read(struct souk_routes_reading *reading);
/* Say what is wrong with `node`. */
void souk_routes_wrong(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const char *format, ...)
    SOUK_PRINTF(3, 4);

/* The field of that name; NULL when there is none. */
const struct souk_field *souk_route_field(const struct souk_message_type *type, struct souk_slice name);
/* Can one text be a value of the field? Of lists: of each of its values. */
bool souk_route_is_plain(const struct souk_field *field);
/* Can parameters carry it: plain, a list of that, a record or money? */
bool souk_route_is_parameter(const struct souk_field *field);

#endif
