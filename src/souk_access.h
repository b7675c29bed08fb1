/*
 * souk_access - who is who by key, and who may do what at one node.
 *
 * Made from a topology and from nothing else, and never changed: when the topology
 * changes, another one takes its place, and whoever has looked something up in
 * the old one has let go of it by the next message. What follows from which line
 * is in souk.topology(5). Threads may share one.
 */
#ifndef SOUK_ACCESS_H
#define SOUK_ACCESS_H

#include <souk.h>
#include "souk_topology.h"

struct souk_access;
struct souk_access_peer;

/*
 * The rights at `node`, of `topology`; nothing of both is kept. Begins with one holder. 0 or
 * -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_access_make(const struct souk_topology *topology, const struct souk_topology_node *node,
    struct souk_access **access_out);
/* Another holder; each releases it once. */
struct souk_access *souk_access_hold(struct souk_access *access);
/* NULL inside is fine. */
void souk_access_release(struct souk_access **access_p);

/* The public key that a node's doors show; NULL: there is no such node. */
const char *souk_access_door_key(const struct souk_access *access, const char *name);

/* Whose key that is, if he has any business at this node; else NULL. */
const struct souk_access_peer *souk_access_peer(const struct souk_access *access, const char *key);
const struct souk_name *souk_access_name(const struct souk_access_peer *peer);
/* A service or an event store, no client. */
bool souk_access_is_node(const struct souk_access_peer *peer);

/* May it send that? `WITH_ROLE`: only with the pass of somebody for whom souk_access_has_role() is true. */
enum souk_access_right { SOUK_ACCESS_FORBIDDEN, SOUK_ACCESS_WITH_ROLE, SOUK_ACCESS_ALLOWED };
enum souk_access_right souk_access_command(const struct souk_access_peer *peer, struct souk_slice command);
enum souk_access_right souk_access_query(const struct souk_access_peer *peer, struct souk_slice query);
/* Has the person one of the `operator_role`s of this client? Whether the pass is good is not asked here. */
bool souk_access_has_role(const struct souk_access_peer *peer, const struct souk_pass *pass);
/* Replay it, and hear of it. */
bool souk_access_may_follow(const struct souk_access_peer *peer, const char *stream);
/* Be let in where the node publishes, and hear all that it does: who may follow any stream there. */
bool souk_access_may_subscribe(const struct souk_access_peer *peer);
/*
 * Does the node publish what has this topic? Heads always; of its streams those that are not private and that
 * everybody may follow who may subscribe. Of the others heads tell, and who may follow them pulls.
 */
bool souk_access_publishes(const struct souk_access *access, struct souk_slice topic);

/* Has somebody who may have subscribed no right to that any more, or is a stream not published any more, of which something may be on its way? */
bool souk_access_is_narrower(const struct souk_access *after, const struct souk_access *before);

#endif
