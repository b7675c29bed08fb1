/*
 * souk_topology - the file that says what a system consists of: hosts,
 * services, event stores, streams, who follows whom, who may call whom, where
 * they listen, and every limit.
 *
 * souk.topology(5) has the format. A file is taken whole or not at all: what
 * cannot be meant is refused with file and line, as much of it in one run as
 * can be seen. Everything here lives as long as the topology; nothing in here
 * opens a socket, reads a clock or looks at another file.
 */
#ifndef SOUK_TOPOLOGY_H
#define SOUK_TOPOLOGY_H

#include <souk.h>
#include "souk_position.h"
#include "souk_report.h"
#include "souk_wiring.h"

#define SOUK_TOPOLOGY_ERRORS_MAX 64             /* that are kept of one file */
#define SOUK_TOPOLOGY_HOSTS_MAX 64
#define SOUK_TOPOLOGY_CLIENTS_MAX 256
#define SOUK_TOPOLOGY_MESSAGES_MAX 16           /* message descriptions of a system */
#define SOUK_TOPOLOGY_SKIPS_MAX 1024            /* of a service */
#define SOUK_TOPOLOGY_COMMANDS_MAX 64           /* named below one `call` */
#define SOUK_TOPOLOGY_HOSTNAMES_MAX 32          /* that a bridge answers to */
#define SOUK_TOPOLOGY_PROXIES_MAX 8             /* that a bridge believes */
#define SOUK_TOPOLOGY_PATH_BYTES_MAX 1023
#define SOUK_TOPOLOGY_KEY_BYTES 40              /* a CURVE public key, Z85 */

/* What the shell around the state machines keeps to; `limits` in the file, beside struct souk_limits. */
struct souk_shell_limits {
    uint64_t store_bytes_max;           /* of a data file: the LMDB map;                      default 16 GiB */
    uint32_t readers_max;               /* read transactions at once;                         16 */
    uint32_t drain_ms;                  /* what TERM leaves for finishing;                    10000 */
    uint32_t connections_max;           /* accepted at one endpoint;                          1024 */
    uint64_t memory_bytes_max;          /* of the process, without the store's pages;         2 GiB */
};

/* From where on `souk status` and the metrics call something a problem. */
struct souk_thresholds {
    uint64_t behind_events;             /* a follower is so far behind a head;                10000 */
    uint32_t parked_events;             /* at least so many;                                  1 */
    uint32_t store_percent;             /* of store_bytes_max in use;                         80 */
    uint32_t clock_ms;                  /* two hosts' clocks differ by;                       1000 */
};

struct souk_topology_host {
    struct souk_name name;
    const char *address;                /* what other hosts call it by: a name or an address */
};

struct souk_topology_node;

struct souk_topology_stream {
    struct souk_name name;
    bool is_private;
    const struct souk_topology_node *writer;
};

/* Whom a service or client may send commands to. */
struct souk_topology_call {
    const struct souk_topology_node *callee;
    const char *const *commands;        /* these only */
    size_t command_count;               /* 0: every command of the callee */
};

/* A line of a service's `settings`; what it may say is the service's to know, see souk_setting.h. */
struct souk_topology_set {
    const char *name;
    uint64_t value;
    unsigned line;                      /* of the file */
};

enum souk_node_kind { SOUK_NODE_SERVICE, SOUK_NODE_EVENT_STORE };

/* A service or an event store: one process. Endpoints are as zmq_bind(3) and zmq_connect(3) take them. */
struct souk_topology_node {
    enum souk_node_kind kind;
    struct souk_name name;
    unsigned line;                                      /* of the file */
    const char *about;                                  /* NULL: nothing to say */
    const struct souk_topology_host *host;
    const char *program;                                /* without a slash: to be found in PATH; else absolute */
    const char *data;                                   /* its directory, absolute */
    const char *witness;                                /* path of its witness file, absolute */
    const char *commands, *queries, *publish;           /* ROUTER, ROUTER, XPUB */
    const char *key;                                    /* public, Z85; NULL: none */
    const char *old_key;                                /* one that is still it, too; NULL: none */
    const struct souk_topology_stream *const *streams;  /* that it writes, by name */
    size_t stream_count;
    const struct souk_topology_stream *const *follows;  /* by name; of an event store all streams of the system */
    size_t follow_count;
    const struct souk_topology_call *calls;             /* by the callee's name */
    size_t call_count;
    const struct souk_topology_set *sets;               /* of services, as written */
    size_t set_count;
    bool lost;                                          /* of event stores */
    enum souk_level log_level;
    struct souk_shell_limits shell_limits;
    struct souk_thresholds thresholds;
    struct souk_wiring wiring;                          /* see souk_topology_wiring() */
};

/* Somebody who is no node: a bridge, a person's `souk` command, a tool. */
struct souk_topology_client {
    struct souk_name name;
    unsigned line;                                      /* of the file */
    const char *about;                                  /* NULL: nothing to say */
    const struct souk_topology_host *host;              /* where its program runs */
    const char *program;                                /* that `souk up` runs, as of a node; NULL: none */
    const char *listen;                                 /* of a bridge: ADDRESS:PORT; NULL: it is none */
    const char *routes;                                 /* of a bridge: path of its routes file, absolute */
    const char *const *hostnames;                       /* of a bridge: that it answers to, beside local ones */
    size_t hostname_count;
    const char *const *proxies;                         /* of a bridge: addresses that say whom they speak for */
    size_t proxy_count;
    const char *key;                                    /* public, Z85; NULL: none */
    const char *old_key;                                /* one that is still it, too; NULL: none */
    const struct souk_topology_call *calls;
    size_t call_count;
    const struct souk_topology_node *const *queries;    /* whom it may ask */
    size_t query_count;
    const struct souk_topology_stream *const *follows;  /* what it may subscribe to and replay */
    size_t follow_count;
    bool is_operator;                                   /* may do what operators do, for nobody in particular */
    const char *const *operator_roles;                  /* for a person who has one of these; none with `is_operator` */
    size_t operator_role_count;
};

struct souk_topology_parts;

struct souk_topology {
    const char *path;                                   /* of the file, absolute */
    struct souk_name name;                              /* of the system */
    const char *about;
    const char *const *messages;                        /* paths of message descriptions, absolute */
    size_t message_count;
    const char *keys;                                   /* the directory of secret keys, absolute */
    bool has_keys;                                      /* somebody has one: then every node has */
    const struct souk_topology_host *hosts;             /* all lists: by name */
    size_t host_count;
    const struct souk_topology_node *nodes;             /* services and event stores */
    size_t node_count;
    const struct souk_topology_stream *streams;
    size_t stream_count;
    const struct souk_topology_client *clients;
    size_t client_count;
    const struct souk_topology_node *pass_issuer;       /* the service that signs passes; NULL: none does */
    struct souk_pass_keys pass_keys;                    /* as written; none: the services of the one host share a key */
    const char *run_dir;                                /* of sockets, absolute */
    bool is_sandboxed;                                  /* daemons give up what they do not need */
    uint8_t fingerprint[8];
    struct souk_topology_parts *parts;
};

/* What is wrong with a file, in the order of its lines. */
struct souk_topology_errors {
    size_t count;                                       /* kept below */
    size_t left_out;                                    /* more than that */
    int code;                                           /* of the first one that was met, positive; 0: none */
    struct souk_topology_error {
        unsigned line;                                  /* 0: of the file as a whole */
        char text[SOUK_ERROR_TEXT_BYTES_MAX];           /* "file:line: sentence" */
    } errors[SOUK_TOPOLOGY_ERRORS_MAX];
};

/*
 * Read the topology at `path`. Release with souk_topology_close(). Paths in it
 * that do not begin with a slash are taken from the file's directory.
 * 0, -SOUK_ENOTFOUND, -SOUK_EIO, -SOUK_ETOOBIG, -SOUK_EINVAL or -SOUK_ENOMEM;
 * on failure `errors` has at least one sentence. It may be large for a small stack: 33 KiB.
 */
SOUK_MUST_CHECK int souk_topology_read(const char *path, struct souk_topology **topology_out,
    struct souk_topology_errors *errors);
void souk_topology_close(struct souk_topology **topology_p);

/*
 * Put the data of every node below `dir` (made absolute) instead of where the
 * file says: DIR/NODE/data, and what depends on it, the paths of witnesses. Not part
 * of the fingerprint. 0, -SOUK_ETOOBIG (the path gets too long), -SOUK_EIO or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_topology_move_data(struct souk_topology *topology, const char *dir, struct souk_error *err);

/* NULL when there is none of that name. */
const struct souk_topology_node *souk_topology_node(const struct souk_topology *topology, const char *name);
const struct souk_topology_stream *souk_topology_stream(const struct souk_topology *topology, const char *name);
const struct souk_topology_host *souk_topology_host(const struct souk_topology *topology, const char *name);
const struct souk_topology_client *souk_topology_client(const struct souk_topology *topology, const char *name);

/*
 * What the core of `node` takes: its name, streams, event stores, skips,
 * durability, limits (filled) and the fingerprint. `say_new`, `accept_loss` and
 * `random` are for the caller to set. The arrays are borrowed. 0 or -SOUK_ENOTFOUND.
 */
SOUK_MUST_CHECK int souk_topology_wiring(const struct souk_topology *topology, const char *node,
    struct souk_wiring *wiring_out);

/*
 * The first 8 bytes of BLAKE2b-256 over the canonical form: what the file means, whatever the order of
 * its entries, its comments, its white space, and defaults that are spelled
 * out. Paths count as they are written.
 */
void souk_topology_fingerprint(const struct souk_topology *topology, uint8_t fingerprint_out[8]);

/* One difference of two topologies. Texts live until `say` returns. */
struct souk_topology_change {
    const char *where;                  /* "service orders", "event_store es1", "system shop" */
    const char *key;                    /* "stream", "limits hold_ms" */
    const char *before, *after;         /* what it says; NULL: not there */
    bool live;                          /* a running node takes it over when it is told to (HUP) */
};

/*
 * Call `say` for each difference between `before` and `after`, sorted; with
 * `node`, only for those that concern that node of `before`: its own lines,
 * what is said of whom it follows, calls or is followed or called by, event
 * stores, and of the whole system. NULL: all. Gives their number, or -SOUK_ENOMEM.
 */
int souk_topology_compare(const struct souk_topology *before, const struct souk_topology *after, const char *node,
    void (*say)(void *arg, const struct souk_topology_change *change), void *arg);
/*
 * Say in `errors`, emptied before, who needs a key and has none: every node, as soon as
 * anybody has one, and whoever listens where not only this host can knock. 0 or -SOUK_EINVAL.
 */
SOUK_MUST_CHECK int souk_topology_keyed(struct souk_topology *topology, struct souk_topology_errors *errors);
/* Is that endpoint reached from its own host only? */
bool souk_topology_is_local(const char *endpoint);

/* A sentence for the log: "restart needed: streams of orders changed". 0, or -SOUK_EINVAL when nothing asks for one. */
int souk_topology_restart_sentence(const struct souk_topology *before, const struct souk_topology *after,
    const char *node, char *text_out, size_t text_bytes);

#endif
