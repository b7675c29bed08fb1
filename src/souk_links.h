/*
 * souk_links - a writer's sockets to other nodes: subscriptions to those whose
 * streams or heads it follows, and links to their commands and queries doors.
 *
 * A link is opened with the first message for it. What it does not take at
 * once (the peer is being connected to, or takes nothing more) waits for a
 * moment in a short queue and is dropped then: the state machines repeat
 * whatever still matters, with what they know by then.
 */
#ifndef SOUK_LINKS_H
#define SOUK_LINKS_H

#include "souk_access.h"
#include "souk_outbox.h"
#include "souk_socket.h"
#include "souk_socket_wait.h"
#include "souk_topology.h"

#define SOUK_LINKS_MAX (3 * (SOUK_SERVICES_MAX + SOUK_STORES_MAX))
#define SOUK_LINK_PENDING_MAX 1024              /* messages of one link */
#define SOUK_LINK_PENDING_BYTES_MAX (4 * 1024 * 1024)   /* and their bytes */
#define SOUK_LINK_PENDING_MS 1000

struct souk_link {
    struct souk_name peer;
    enum souk_socket_kind kind;                 /* SOUK_SOCKET_FOLLOW or SOUK_SOCKET_LINK */
    enum souk_door door;                        /* of a SOUK_SOCKET_LINK */
    char door_key[SOUK_KEY_TEXT_BYTES];         /* that the peer has to show; "": there are no keys */
    void *socket;
    struct souk_socket_waited waited;           /* for the socket */
    struct souk_out *first, **end;              /* pending, oldest first */
    uint32_t pending_count;
    size_t pending_bytes;
    uint64_t pending_since_ms;                  /* steady: when the first of them was to go */
};

struct souk_links {
    void *context;                              /* borrowed, as the next */
    const struct souk_topology *topology;
    const struct souk_wiring *wiring;
    const struct souk_key *own;                 /* NULL: there are no keys */
    const struct souk_access *access;           /* whose doors have which; NULL as well */
    uint32_t count;
    struct souk_link links[SOUK_LINKS_MAX];
    uint64_t dropped;                           /* messages that went nowhere */
};

/*
 * Subscribe to origins of followed streams and to event stores. `own` and `access` are NULL where there are no keys;
 * everything is borrowed. 0, -SOUK_EINVAL (endpoint), -SOUK_ENOMEM, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_links_open(struct souk_links *links, void *context, const struct souk_topology *topology,
    const struct souk_wiring *wiring, const struct souk_key *own, const struct souk_access *access,
    struct souk_error *err);
/* A process that fills a store beside follows the running one, too. As above. */
SOUK_MUST_CHECK int souk_links_follow_self(struct souk_links *links, struct souk_error *err);
void souk_links_close(struct souk_links *links);
/*
 * Use `access` from now on: who has another key is connected to anew, and who has none any more is left, with what was pending
 * for it, until it has one again. As souk_links_open(). Whoever waits for links with souk_links_wait() goes by their number:
 * one that has moved up is found there, and nothing has come behind the last.
 */
SOUK_MUST_CHECK int souk_links_rekey(struct souk_links *links, const struct souk_access *access,
    struct souk_error *err);

/* Send `*out_p`, which is taken. A peer that is not in the topology, or whose socket cannot be opened, is counted. */
void souk_links_send(struct souk_links *links, struct souk_out **out_p, uint64_t steady_ms);
/* Try again what is pending, and drop what has waited too long. */
void souk_links_flush(struct souk_links *links, uint64_t steady_ms);
/* When souk_links_flush() has something to drop; UINT64_MAX: nothing is pending. */
uint64_t souk_links_due_ms(const struct souk_links *links);

/* One item for each link, in their order; returns how many. `waited.is_idle` is false for whoever receives. */
uint32_t souk_links_wait(struct souk_links *links, struct souk_socket_waited *items_out[SOUK_LINKS_MAX]);

#endif
