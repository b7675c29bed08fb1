/*
 * souk_routes_parts - a routes file while it is read: souk_routes_read.c turns
 * entries into routes, with what souk_routes_choice.c and souk_routes_session.c
 * know of them, souk_routes.c opens, matches and closes, and souk_routes_pack.c
 * makes messages of requests.
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

void souk_routes_note(void *arg, const struct souk_zpl_node *at, const struct souk_error *err);
/* The child of that name; NULL when it is not there, or has no value. */
const struct souk_zpl_node *souk_routes_valued(const struct souk_zpl_node *node, const char *name);
/* The message that an entry names, and who answers it. NULL when it is not described; what is wrong is said. */
const struct souk_message_type *souk_routes_message(struct souk_routes_reading *reading,
    const struct souk_zpl_node *said, enum souk_message_kind kind, const struct souk_topology_node **node_out);
/* Does the message refuse with that code? */
bool souk_routes_refuses(const struct souk_message_type *type, const char *code);
/* Everything of a route beside its path and its message. */
void souk_routes_read_choices(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
/* A field that is one text, which an entity tag can hold. */
const struct souk_field *souk_routes_read_field(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_message_type *type);
/* The section `session` of the file, and what a route says of sessions. */
void souk_routes_read_session(struct souk_routes_reading *reading, const struct souk_zpl_node *section);
void souk_routes_read_who(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);

/* The field of that name; NULL when there is none. */
const struct souk_field *souk_route_field(const struct souk_message_type *type, struct souk_slice name);
/* Can one text be a value of the field? Of lists: of each of its values. */
bool souk_route_is_plain(const struct souk_field *field);
/* Can parameters carry it: plain, a list of that, a record or money? */
bool souk_route_is_parameter(const struct souk_field *field);

#endif
