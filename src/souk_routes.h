/*
 * souk_routes - the file that says which method and path of HTTP means which
 * command or query, souk.routes(5).
 *
 * It is read against a topology and the descriptions of its messages: what
 * nobody takes, what the bridge may not call and what a request could not
 * carry is refused with file and line, as much of it in one run as can be
 * seen. Nothing in here knows a socket or HTTP's own syntax.
 */
#ifndef SOUK_ROUTES_H
#define SOUK_ROUTES_H

#include <jansson.h>

#include <souk-message.h>
#include "souk_catalogue.h"
#include "souk_topology.h"

#define SOUK_ROUTES_MAX 256
#define SOUK_ROUTE_PATH_BYTES_MAX 255           /* as the file has it */
#define SOUK_ROUTE_SEGMENTS_MAX 16
#define SOUK_ROUTE_REFUSALS_MAX 64              /* statuses of refusals, of one route or of all */
#define SOUK_ROUTE_DEADLINE_MS_MAX 60000
#define SOUK_ROUTE_PARAMETERS_MAX 128           /* of one request behind its `?` */
#define SOUK_ROUTE_ROLES_MAX 8
#define SOUK_ROUTE_OUTCOMES_MAX 8
#define SOUK_ROUTE_STREAMS_MAX 32               /* as many cursors as a request carries */
#define SOUK_ROUTES_RENEWALS_MAX 8
#define SOUK_ROUTES_SESSION_SECONDS (30 * 24 * 3600)
#define SOUK_ROUTES_SESSION_SECONDS_MAX (400 * 24 * 3600)   /* browsers keep nothing for longer */
#define SOUK_ROUTES_SECRET_BYTES 32             /* of a session, and of its hash, BLAKE2b-256 */
#define SOUK_ROUTES_ADDRESS_BYTES 46            /* of where a request comes from, as text */
#define SOUK_ROUTES_PAGES_MAX 64                /* paths that one exported file is for */
#define SOUK_ROUTE_CACHE_SECONDS_MAX (365 * 24 * 3600)
#define SOUK_ROUTE_RATE_MAX 1000000             /* requests of one address */
#define SOUK_ROUTE_RATE_SECONDS_MAX (24 * 3600)

enum souk_route_method {
    SOUK_ROUTE_GET,                             /* HEAD, too */
    SOUK_ROUTE_POST,
    SOUK_ROUTE_PUT,
    SOUK_ROUTE_PATCH,
    SOUK_ROUTE_DELETE,
    SOUK_ROUTE_METHODS,
};

/* "GET" and so on. */
const char *souk_route_method_name(enum souk_route_method method);

/* One piece of a path between slashes: a literal, or a value for a field. */
struct souk_route_segment {
    struct souk_slice text;                     /* of a literal; else the name */
    const struct souk_field *field;             /* NULL: a literal */
};

struct souk_route_path {
    const char *text;                           /* "/api/posts/{post_id}" */
    size_t segment_count;
    struct souk_route_segment segments[SOUK_ROUTE_SEGMENTS_MAX];
};

struct souk_route_refusal {
    const char *code;
    unsigned status;
};

/* Who may keep an answer. */
enum souk_route_cache {
    SOUK_ROUTE_CACHE_NONE,                      /* nobody */
    SOUK_ROUTE_CACHE_REVALIDATE,                /* anybody, who asks each time whether it still is what it was */
    SOUK_ROUTE_CACHE_PRIVATE,                   /* who asked, for so long */
    SOUK_ROUTE_CACHE_PUBLIC,                    /* anybody, for so long */
};

/* Whom a request speaks for. */
enum souk_route_session {
    SOUK_ROUTE_SESSION_NONE,                    /* for nobody; with roles for who has a session, who has to have one */
    SOUK_ROUTE_SESSION_MAYBE,                   /* for who has a session, if anybody */
    SOUK_ROUTE_SESSION_GUEST,                   /* who has none gets a guest's */
    SOUK_ROUTE_SESSION_BEGIN,                   /* a new one begins when it is accepted */
    SOUK_ROUTE_SESSION_END,                     /* it ends when it is accepted */
};

/* An event that means no: a command that caused it is answered as if it had been refused. */
struct souk_route_outcome {
    const char *event, *code;
};

struct souk_route {
    unsigned line;                              /* of the file */
    const char *about;                          /* NULL: what the message is about */
    enum souk_route_method method;
    struct souk_route_path path;
    const struct souk_message_type *type;       /* a command or a query, in its newest version; NULL: it gives events */
    const struct souk_topology_node *node;      /* who answers it */
    size_t event_count;
    const struct souk_topology_stream *events[SOUK_ROUTE_STREAMS_MAX];  /* whose events it gives */
    struct souk_route_path location;            /* of what a command has made; text NULL: it makes nothing */
    uint64_t deadline_ms, body_bytes_max;
    bool needs_key;                             /* a request without Idempotency-Key is refused */
    bool is_recorded;                           /* it asks for durability `recorded` */
    enum souk_route_cache cache;                /* of a query */
    uint64_t cache_seconds;
    const struct souk_field *etag;              /* of the reply: what its ETag is made of; NULL: of all of it */
    const struct souk_field *if_match;          /* of a command: what If-Match is put into; NULL: it has none */
    uint64_t rate, rate_seconds;                /* requests of one address within that time; 0: as many as come */
    size_t role_count;                          /* 0: everybody may */
    const char *roles[SOUK_ROUTE_ROLES_MAX];    /* one of them is needed */
    enum souk_route_session session;
    const struct souk_field *secret_hash;       /* of a command that begins or ends one: whose; NULL: none */
    const struct souk_field *address;           /* of a command: where it comes from; NULL: nobody asks */
    size_t outcome_count;
    struct souk_route_outcome outcomes[SOUK_ROUTE_OUTCOMES_MAX];
    size_t refusal_count;
    struct souk_route_refusal refusals[SOUK_ROUTE_REFUSALS_MAX];
};

/* Where passes come from: a query with a session's secret, whose reply has the pass. */
struct souk_routes_issue {
    const struct souk_message_type *type;       /* NULL: there is none */
    const struct souk_topology_node *node;
    const struct souk_field *secret, *pass;
};

/* How browsers are known again; `session` in the file. */
struct souk_routes_session {
    struct souk_routes_issue person, guest;
    size_t renewal_count;
    const struct souk_message_type *renewals[SOUK_ROUTES_RENEWALS_MAX]; /* events after which a person's passes are old */
    uint64_t seconds;                           /* that a browser keeps it */
};

/* A file that is served for every path of that kind: its script looks at the path. */
struct souk_route_page {
    unsigned line;                              /* of the file */
    struct souk_route_path path;
    const char *file;                           /* as a request would name it */
};

/* What the bridge keeps to; `limits` in the file. The numbers behind are the defaults. */
struct souk_routes_limits {
    uint64_t target_bytes_max;                  /* of a request's target: path and parameters;  2048 */
    uint64_t header_bytes_max;                  /* names and values of its fields;              16384 */
    uint64_t header_fields_max;                 /*                                              100 */
    uint64_t body_bytes_max;                    /* unless a route says less;                    65536 */
    uint64_t header_ms;                         /* from the connection to the end of a header;  5000 */
    uint64_t request_ms;                        /* from there to the end of its body;           15000 */
    uint64_t answer_ms;                         /* to take an answer;                           30000 */
    uint64_t idle_ms;                           /* to the end of the next header;               15000 */
    uint64_t connections_max;                   /*                                              400 */
    uint64_t connections_per_address;           /*                                              20 */
    uint64_t waiting_max;                       /* requests that wait for services;             256 */
    uint64_t passes_max;                        /* that are kept;                               4096 */
    uint64_t event_streams_max;                 /* browsers that are told events;               256 */
    uint64_t events_kept_max;                   /* for who was away;                            10000 */
    uint64_t events_kept_bytes;                 /* of those;                                    16 MiB */
    uint64_t events_kept_ms;                    /* at a start, back so far;                     600000 */
    uint64_t heartbeat_ms;                      /* to who is told nothing else;                 15000 */
};

/* One of them, by name; the table ends with one whose name is NULL. */
struct souk_routes_number {
    const char *name;
    size_t offset;                              /* in struct souk_routes_limits */
    uint64_t value_default, value_min, value_max;
};
extern const struct souk_routes_number souk_routes_numbers[];

struct souk_routes_parts;

struct souk_routes {
    const char *name;                           /* of the application */
    const char *about;                          /* NULL: nothing to say */
    struct souk_routes_limits limits;
    struct souk_routes_session session;
    size_t count;
    const struct souk_route *routes;
    const char *files;                          /* directory of files, as written; NULL: none */
    const char *unchanging;                     /* files whose paths begin so never change; NULL: none are known */
    size_t page_count;
    const struct souk_route_page *pages;
    struct souk_routes_parts *parts;
};

/*
 * Read the routes file of `client`, a bridge of `topology`; all that is handed
 * in is borrowed for life. `say` is called with each thing that is wrong: the
 * line (0: none) and a sentence with file and line in front. Release with
 * souk_routes_close(). 0; -SOUK_EINVAL, -SOUK_ENOTFOUND, -SOUK_EIO, -SOUK_ETOOBIG or -SOUK_ENOMEM:
 * at least one sentence was said.
 */
SOUK_MUST_CHECK int souk_routes_open(const struct souk_topology *topology, const struct souk_topology_client *client,
    const struct souk_catalogue *catalogue, struct souk_routes **routes_out,
    void (*say)(void *arg, unsigned line, const char *sentence), void *arg);
/* The same of a text; `name` stands for the path in sentences. */
SOUK_MUST_CHECK int souk_routes_parse(const char *name, struct souk_slice text, const struct souk_topology *topology,
    const struct souk_topology_client *client, const struct souk_catalogue *catalogue,
    struct souk_routes **routes_out, void (*say)(void *arg, unsigned line, const char *sentence), void *arg);
void souk_routes_close(struct souk_routes **routes_p);

/* ---- requests ------------------------------------------------------- */

/* Which route a path means, and the values in it, as they lie in the path. */
struct souk_route_match {
    const struct souk_route *route;
    struct souk_slice values[SOUK_ROUTE_SEGMENTS_MAX];  /* by segment */
    unsigned methods;                           /* 1 << method: what the path can be asked with */
};

/*
 * `path` as the request has it, percent-encoded, without parameters. A literal
 * goes before a value. 0; -SOUK_ENOTFOUND: no route has the path; -SOUK_EINVAL: none with this method.
 */
SOUK_MUST_CHECK int souk_routes_match(const struct souk_routes *routes, enum souk_route_method method,
    struct souk_slice path, struct souk_route_match *match_out);

/* The file that stands for a path; NULL: none does. */
const char *souk_routes_page(const struct souk_routes *routes, struct souk_slice path);

/* What a request says, and what the bridge says of it. Base NULL: nothing. */
struct souk_route_said {
    struct souk_slice parameters;               /* what stands behind `?`; of queries only */
    json_t *body;                               /* an object; NULL: none */
    struct souk_slice if_match;
    struct souk_slice secret_hash;              /* SOUK_ROUTES_SECRET_BYTES */
    struct souk_slice address;
};

/*
 * Pack the message that is meant: values of the path, parameters, the body and
 * the fields that the route has for what the bridge says, each field once.
 * 0, -SOUK_EINVAL (`err` says what cannot be meant), -SOUK_ETOOBIG or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_route_pack(const struct souk_route_match *match, const struct souk_route_said *said,
    struct souk_pack *pack, struct souk_error *err);
/* Is the field one that no body has, since the path, If-Match or the bridge says it? */
bool souk_route_is_filled(const struct souk_route *route, const struct souk_field *field);
/* Does a request to it speak for somebody? */
bool souk_route_asks_who(const struct souk_route *route);
/* The refusal that an event means; NULL: it means none. */
const char *souk_route_outcome(const struct souk_route *route, struct souk_slice event);
/* Pack the query for a pass, and find the pass in its reply, for the caller to free. 0, -SOUK_EINVAL or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_routes_ask_pass(const struct souk_routes_issue *issue,
    const uint8_t secret[SOUK_ROUTES_SECRET_BYTES], struct souk_pack *pack, struct souk_error *err);
SOUK_MUST_CHECK int souk_routes_find_pass(const struct souk_routes_issue *issue, struct souk_slice reply,
    uint8_t pass_out[SOUK_PASS_BYTES_MAX], size_t *bytes_out);
/* What an ETag is made of: the route's field of an answer; empty when it is absent. It is written to `text_out`. */
struct souk_slice souk_route_etag(const struct souk_route *route, json_t *answer, char text_out[24]);
/* The status for a refusal's code: what the route or the file says of it, else 409, and of a query 404. */
unsigned souk_route_refusal_status(const struct souk_route *route, struct souk_slice code);
/*
 * The path of what a command has made, with the fields of its message, percent-encoded.
 * Gives its bytes; 0: it makes nothing, or nothing that fits into `text_bytes` with a NUL.
 */
size_t souk_route_location(const struct souk_route *route, struct souk_slice packed, char *text_out,
    size_t text_bytes);

/*
 * Undo percent-encoding, and in a parameter `+` for a space, into `text_out`, which has room for all of it.
 * 0 or -SOUK_EINVAL (no such thing, or a NUL).
 */
SOUK_MUST_CHECK int souk_route_unescape(struct souk_slice text, bool is_parameter, char *text_out,
    size_t *bytes_out);

#endif
