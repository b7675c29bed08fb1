/*
 * souk_client - asking the nodes of a system from outside of it: commands and
 * queries with many under way at once, pulls, and what nodes publish.
 *
 * A request is sent again under the same id until an answer comes or its
 * deadline is over: while nobody is connected, when the answer is late, when
 * the node says `busy` and that there is time. So a command has one effect
 * however often it travelled, and when there is no answer at the deadline its
 * outcome is unknown: asking again with the same id tells.
 *
 * One thread. Sockets are opened with the first message for a node.
 */
#ifndef SOUK_CLIENT_H
#define SOUK_CLIENT_H

#include <souk.h>
#include "souk_key.h"
#include "souk_topology.h"
#include "souk_wire.h"

#define SOUK_CLIENT_WAITING_MAX 1024            /* requests under way at once */
#define SOUK_CLIENT_DEADLINE_MS 10000           /* when a request names none */
#define SOUK_CLIENT_DEADLINE_MS_MAX (24 * 3600 * 1000)
#define SOUK_CLIENT_GRACE_MS 1000               /* for what a node answers at the deadline: `pending`, or `local` */
#define SOUK_CLIENT_RETRY_MS 1000               /* before the first repetition; doubled each time */
#define SOUK_CLIENT_RETRY_MS_MAX 8000

struct souk_client;

/*
 * `topology` and `caller`, the name under which ids are used, are borrowed for
 * life. Release with souk_client_close(). 0, -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_client_open(const struct souk_topology *topology, const char *caller,
    struct souk_client **client_out, struct souk_error *err);
void souk_client_close(struct souk_client **client_p);
/*
 * The caller's key, for a system that has keys; borrowed for life. Before anything else is asked of
 * the client, whose caller is then the name that the topology has for the key.
 */
void souk_client_set_key(struct souk_client *client, const struct souk_key *key);

/* A new UUIDv7. */
struct souk_id souk_client_new_id(void);

/* ---- commands and queries ------------------------------------------- */

struct souk_client_request {
    const struct souk_topology_node *node;
    bool is_query;
    struct souk_id id;                          /* of a command: its idempotency key */
    struct souk_slice name;
    uint16_t version;
    struct souk_slice payload;                  /* packed */
    struct souk_slice pass;                     /* whom it speaks for; empty: nobody */
    uint32_t deadline_ms;                       /* from now; 0: SOUK_CLIENT_DEADLINE_MS */
    bool is_recorded;                           /* a command asks for durability `recorded` */
    bool takes_busy;                            /* `busy` is an answer, too: it is not sent again */
    bool has_correlation;
    struct souk_id correlation;
    uint32_t seen_count;
    struct souk_cause seen[SOUK_WIRE_SEEN_MAX];
    void *arg;                                  /* comes back with the answer */
};

struct souk_client_answer {
    struct souk_id id;
    void *arg;
    bool is_late;                               /* none came by the deadline: `reply` says nothing */
    unsigned sent;                              /* times it was sent; 0: nobody was there */
    uint64_t took_us;
    struct souk_wire_reply reply;               /* its slices are good until the next call */
};

struct souk_client_pulled {
    struct souk_wire_pulled answer;
    bool has_missed_news;                       /* of souk_client_pull(): something was published meanwhile, and dropped */
    size_t batch_count;
    const struct souk_slice *batches;           /* good until the next call */
};

/*
 * Begin a request; name, payload and pass are copied. 0; -SOUK_EBUSY: as many as may be are under
 * way, receive first; -SOUK_EINVAL (an id that is under way, or an endpoint); -SOUK_ETOOBIG; -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_client_send(struct souk_client *client, const struct souk_client_request *request,
    struct souk_error *err);
/* Requests that are under way. */
size_t souk_client_waiting(const struct souk_client *client);
/* The next answer, or deadline that is over. 0; -SOUK_ENOTFOUND: nothing within `timeout_ms`; -SOUK_EIO. */
SOUK_MUST_CHECK int souk_client_receive(struct souk_client *client, uint32_t timeout_ms,
    struct souk_client_answer *answer_out);
/* Both, of one request; nothing else may be under way. */
SOUK_MUST_CHECK int souk_client_ask(struct souk_client *client, const struct souk_client_request *request,
    struct souk_client_answer *answer_out, struct souk_error *err);

/* ---- all of it at once ---------------------------------------------- */

enum souk_client_kind { SOUK_CLIENT_ANSWER, SOUK_CLIENT_HEARD, SOUK_CLIENT_PULLED };

/* What has come; its slices are good until the next call. */
struct souk_client_news {
    enum souk_client_kind kind;
    struct souk_client_answer answer;
    struct souk_slice heard[2];                 /* topic and message, of a subscription */
    struct souk_client_pulled pulled;           /* whose pull it answers, `request` says */
};

/*
 * For a loop that asks, hears and pulls: the next of whatever comes. What has not been answered to a
 * pull, `busy` included, shows by its silence. As souk_client_receive().
 */
SOUK_MUST_CHECK int souk_client_next(struct souk_client *client, uint32_t timeout_ms, struct souk_client_news *news_out);
/*
 * Send a pull whose answer comes as news; any number may be under way. `request` and `asker` are filled in. 0,
 * -SOUK_EBUSY (nobody takes it now), -SOUK_EINVAL (an endpoint, or the caller is no name), -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_client_pull_send(struct souk_client *client, const struct souk_topology_node *holder,
    struct souk_wire_pull *pull, struct souk_error *err);

/*
 * A loop of the caller's that has a descriptor of its own to wait for: from now on souk_client_receive() also
 * comes back, with -SOUK_ENOTFOUND, as soon as `fd` can be read. -1: none any more.
 */
void souk_client_watch(struct souk_client *client, int fd);

/* ---- streams -------------------------------------------------------- */

/*
 * Ask `holder`, an origin or an event store, for what follows on `pull`'s
 * cursors; `request` and `asker` are filled in, and no request may be under way.
 * 0; -SOUK_ENOTFOUND: no answer within `timeout_ms`, or it is too busy to give one;
 * -SOUK_EINVAL (an endpoint, or the caller is no name), -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_client_pull(struct souk_client *client, const struct souk_topology_node *holder,
    struct souk_wire_pull *pull, uint32_t timeout_ms, struct souk_client_pulled *pulled_out, struct souk_error *err);
/*
 * The same in two steps: what was pulled before stays good until the second
 * one, so the holder is at work on the next answer while this one is read.
 */
SOUK_MUST_CHECK int souk_client_pull_begin(struct souk_client *client, const struct souk_topology_node *holder,
    struct souk_wire_pull *pull, struct souk_error *err);
SOUK_MUST_CHECK int souk_client_pull_end(struct souk_client *client, uint32_t timeout_ms,
    struct souk_client_pulled *pulled_out, struct souk_error *err);

/* Hear what `node` publishes under `topic`. 0, -SOUK_EINVAL (an endpoint), -SOUK_ENOMEM or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_client_subscribe(struct souk_client *client, const struct souk_topology_node *node,
    struct souk_slice topic, struct souk_error *err);
/*
 * The next one: frame 0 is the topic. Good until the next call. 0;
 * -SOUK_ENOTFOUND: nothing within `timeout_ms`; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_client_hear(struct souk_client *client, uint32_t timeout_ms,
    struct souk_slice frames_out[2]);

#endif
