/*
 * bridge - HTTP in front of a system: what its parts share, souk-bridge(8).
 *
 *   bridge.c         starts, waits, stops; one loop for HTTP and for the services
 *   bridge_http.c    libmicrohttpd's side: connections, their deadlines, exchanges
 *   bridge_guard.c   what is wrong with a request before anybody looks at what it means
 *   bridge_api.c     exchanges that are commands and queries
 *   bridge_reply.c   what services have answered to them
 *   bridge_session.c who a browser is
 *   bridge_follow.c  streams that the bridge follows
 *   bridge_events.c  browsers that are told events
 *   bridge_answer.c  answers: JSON, problems, the headers that all have
 *   bridge_caller.c  where a request comes from, behind proxies too
 *   bridge_rate.c    how often an address may ask
 *   bridge_files.c   files that are served as they are
 *   bridge_openapi.c what the API is, for programs
 *   bridge_reference.c  and for people
 *   bridge_operator.c what operators ask; bridge_operator_json.c how a system stands
 *   bridge_place.c   where a search in a log goes on
 *   bridge_watch.c   how the bridge is, for who watches over it
 *
 * One thread, no store. Whatever is kept of a request hangs off its exchange,
 * and is gone with it.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <jansson.h>
#include <microhttpd.h>

#include "bridge_files.h"
#include "souk_batch.h"
#include "souk_catalogue.h"
#include "souk_client.h"
#include "souk_log_position.h"
#include "souk_look.h"
#include "souk_report.h"
#include "souk_routes.h"
#include "souk_seen.h"

#define BRIDGE_JSON "application/json"
#define BRIDGE_PROBLEM "application/problem+json"
#define BRIDGE_KEY_BYTES_MAX 255                /* of an Idempotency-Key */
#define BRIDGE_JSON_DEPTH_MAX 8
#define BRIDGE_CACHING_BYTES 48

/* What an exchange has come to. */
enum bridge_stage {
    BRIDGE_NEW,                                 /* its header is there */
    BRIDGE_BODY,                                /* its body comes */
    BRIDGE_WAITING,                             /* for a service; the connection is suspended */
    BRIDGE_ANSWERED,                            /* `response` is on its way, or about to be */
};

/* What its cookie says that a request comes from. */
enum bridge_session { BRIDGE_NOBODY, BRIDGE_GUEST, BRIDGE_PERSON };

struct bridge;

/* One connection. */
struct bridge_peer {
    struct bridge_peer *next, *previous;
    int fd;
    uint64_t deadline_us;                       /* steady; then it is cut off; 0: not */
};

/* One request and its answer. */
struct bridge_exchange {
    struct bridge *bridge;
    struct MHD_Connection *connection;
    struct bridge_peer *peer;
    enum bridge_stage stage;
    char *target;                               /* as it came; cut at limits.target_bytes_max */
    const char *target_at;                      /* where libmicrohttpd has it */
    size_t target_bytes;                        /* in whole */
    uint64_t begun_us;                          /* steady: when its header was there */
    struct souk_slice path, parameters;         /* in `target` */
    bool is_head, has_body;
    struct souk_route_match match;
    size_t body_bytes, body_bytes_max;
    char *body;
    bool is_too_big;                            /* more came than the body may have */
    struct souk_id correlation;
    struct souk_seen seen;
    enum bridge_session session;
    bool is_new_guest;                          /* its secret was drawn here */
    bool is_asked_anew;                         /* its pass was old, and has been asked for again */
    bool had_session;                           /* whose it is could not be found out */
    bool has_new_secret;
    uint8_t secret[SOUK_ROUTES_SECRET_BYTES];   /* of its session, if it has one */
    uint8_t new_secret[SOUK_ROUTES_SECRET_BYTES];   /* of the session that begins */
    char *location;                             /* of what a command makes; NULL: none */
    unsigned status;                            /* with `response` */
    struct MHD_Response *response;
    bool is_shared;                             /* the response is the table's of files */
    const char *caching;                        /* Cache-Control; NULL: no-store */
    char caching_room[BRIDGE_CACHING_BYTES];
    struct bridge_browser *browser;             /* that is told events; NULL: it is none */
    struct bridge_operation *operation;         /* of what an operator asks; NULL: it is something else */
    const struct souk_topology_node *node;      /* who is asked */
    struct bridge_ask *ask;                     /* while it waits */
    struct bridge_exchange *next_waiting;       /* of the same ask */
};

/* One request to a service; a command's exchanges with one key share it. */
struct bridge_ask {
    struct bridge_ask *next, *previous;
    struct souk_id id;
    uint8_t hash[8];                            /* of what is asked, and for whom */
    /* Who takes the answer; NULL: the exchanges that wait for it. */
    void (*hear)(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer);
    struct bridge_pass *pass;                   /* that is asked for */
    struct bridge_look *look;                   /* at the node that is asked how it stands */
    struct bridge_exchange *exchanges;
};

struct bridge {
    struct souk_report *report;
    const struct souk_topology *topology;
    const struct souk_topology_client *self;
    const char *keys;                           /* directory of secret keys */
    struct souk_key *key;                       /* NULL: the system has none */
    const struct souk_catalogue *catalogue;
    const struct souk_routes *routes;
    struct souk_client *client;
    struct souk_pack pack;                      /* of the message in hand */
    struct MHD_Daemon *http;
    int loop_fd, signal_fd;                     /* epoll over libmicrohttpd's and the signals' */
    struct bridge_peer *peers;
    uint64_t reap_us;                           /* when a deadline is looked at next */
    struct bridge_rates *rates;
    struct bridge_files *files;
    struct bridge_watch *watch;
    struct bridge_sessions *sessions;
    struct bridge_follow *follow;
    struct bridge_events *events;
    struct bridge_operator *operator;
    struct bridge_ask *asks;
    size_t exchange_count, waiting_count;       /* under way; waiting for services */
    bool is_stopping;
};

/* Steady. */
uint64_t bridge_now_us(void);

/* ---- bridge_http.c -------------------------------------------------- */

/* Serve on `listen_fd`, which is taken. 0 or -SOUK_EIO. */
SOUK_MUST_CHECK int bridge_http_start(struct bridge *bridge, int listen_fd, struct souk_error *err);
/* No more connections. */
void bridge_http_quiesce(struct bridge *bridge);
void bridge_http_stop(struct bridge *bridge);
/* Do what is there to do. Gives the time to wait at most, in ms. */
uint32_t bridge_http_run(struct bridge *bridge, uint32_t timeout_ms);
/* The answer of an exchange that waits is there. */
void bridge_http_resume(struct bridge_exchange *exchange);
/* What it waited for before it could ask is there: make an answer, or wait for one. */
void bridge_http_again(struct bridge_exchange *exchange);
/* The answer has to go on within that time; 0: there is none just now. */
void bridge_http_deadline(struct bridge_exchange *exchange, uint64_t after_ms);
/* A field of the request's header; NULL when it is not there. */
const char *bridge_http_field(const struct bridge_exchange *exchange, const char *name);

/* ---- bridge_guard.c ------------------------------------------------- */

/*
 * True: the request may be looked at. False: an answer has been made, and when
 * *close_out nothing may be read behind it on that connection.
 */
bool bridge_guard(struct bridge_exchange *exchange, const char *method, const char *version, bool *close_out);
/* Is the field Host a `hostname` of the topology, which is reached through TLS? */
bool bridge_is_hostname(const struct bridge *bridge, const char *host);

/* ---- bridge_api.c --------------------------------------------------- */

/* Find the route, and what is wrong before a body was read. False: an answer has been made. */
bool bridge_api_begin(struct bridge_exchange *exchange, const char *method);
/* All of it is there: make an answer, or wait for one. */
void bridge_api_go(struct bridge_exchange *exchange);
/* A service has answered, or has not. */
void bridge_api_hear(struct bridge *bridge, const struct souk_client_answer *answer);
/* Whoever waits is told that the bridge stops. */
void bridge_api_stop(struct bridge *bridge);
/* No service will be heard any more: forget what they were asked. */
void bridge_api_done(struct bridge *bridge);
/* Ask a service; `arg` is filled in. As souk_client_send(). */
SOUK_MUST_CHECK int bridge_ask_send(struct bridge *bridge, struct souk_client_request *request,
    struct bridge_ask **ask_out, struct souk_error *err);
/* Wait for the answer to `ask`; and who does so, one after the other, NULL at the end. */
void bridge_ask_wait(struct bridge_exchange *exchange, struct bridge_ask *ask);
struct bridge_exchange *bridge_ask_take(struct bridge *bridge, struct bridge_ask *ask);

/* ---- bridge_reply.c ------------------------------------------------- */

/* What a refusal means, as the descriptions have it; NULL when they do not. */
const char *bridge_refusal_about(const struct bridge *bridge, struct souk_slice code);
bool bridge_is_command(const struct bridge_exchange *exchange);
/* Is it the pass that came along that the service does not take? */
bool bridge_is_pass_refused(const struct souk_client_answer *answer);
/* Make the answer of what a service has answered; of a deadline that is over. */
void bridge_reply(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
void bridge_reply_late(struct bridge_exchange *exchange, const struct souk_client_answer *answer);

/* ---- bridge_operator.c ---------------------------------------------- */

/* What is known of a node. */
struct bridge_look {
    struct souk_looked looked;
    bool is_asked, is_awaited;                  /* a question is under way; somebody waits for its answer */
    uint64_t silent_ms;                         /* wall: since when it says nothing; 0: it does */
};

struct bridge_operator {
    struct bridge_look *looks;                  /* as the nodes of the topology */
    size_t awaited;
    struct bridge_exchange *waiting;            /* for those */
    bool is_pass_refused;                       /* by one of them: who waits is to bring another one */
};

/* NULL without memory. */
struct bridge_operator *bridge_operator_new(const struct bridge *bridge);
void bridge_operator_close(struct bridge *bridge);
/* Is it the bridge itself that answers this route, for operators? */
bool bridge_operator_is_meant(const struct souk_route *route);
/* Make an answer, or wait for one. `pass` goes along with what nodes are asked for it. */
void bridge_operator_go(struct bridge_exchange *exchange, const struct souk_id *id, struct souk_slice payload,
    struct souk_slice pass);
/* Its exchange ends. */
void bridge_operator_leave(struct bridge_exchange *exchange);
void bridge_operator_stop(struct bridge *bridge);
/* How all of it stands, by what is known. NULL without memory. */
json_t *bridge_operator_system_json(const struct bridge *bridge);
uint64_t bridge_wall_ms(void);

/* ---- bridge_place.c ------------------------------------------------- */

#define BRIDGE_PLACE_BYTES (SOUK_NAME_BYTES_MAX + 1 + 2 * SOUK_INCARNATION_BYTES + 1 + 20 + 1 + 10 + 1)

/* Of a log, which only the event store has that began the search. */
struct bridge_place {
    struct souk_name store;
    uint8_t incarnation[SOUK_INCARNATION_BYTES];
    uint64_t log_position;
    uint32_t index;
};

/* STORE:INCARNATION:POSITION:INDEX, as browsers keep it. The slice is of `out`. */
struct souk_slice bridge_place_write(const struct bridge_place *place, char out[BRIDGE_PLACE_BYTES]);
/* False: that was not written so. */
bool bridge_place_read(struct souk_slice text, struct bridge_place *place_out);

/* ---- bridge_session.c ----------------------------------------------- */

/* NULL without memory. */
struct bridge_sessions *bridge_sessions_new(void);
void bridge_sessions_close(struct bridge_sessions **sessions_p);
/* Read the cookie. False: an answer has been made. */
bool bridge_session_begin(struct bridge_exchange *exchange);
/* Is there a session, where the route needs one? False: an answer has been made. */
bool bridge_session_needed(struct bridge_exchange *exchange);
/*
 * Whom the request speaks for, and the pass that says so: NULL and nothing for nobody. False: an
 * answer has been made, or it waits for a pass, after which bridge_http_again() is called.
 */
bool bridge_session_settle(struct bridge_exchange *exchange, const struct souk_pass **pass_out,
    struct souk_slice *bytes_out);
/* The hash of the secret that a session begins or ends with; base NULL: none does. */
struct souk_slice bridge_session_hash(const struct bridge_exchange *exchange,
    uint8_t hash_out[SOUK_ROUTES_SECRET_BYTES]);
/* A service did not take its pass. True: it may go again, with another one. */
bool bridge_session_renew(struct bridge_exchange *exchange);
/* What somebody may do has changed: passes of theirs are asked for again. */
void bridge_session_forget(struct bridge *bridge, struct souk_id person);
/* Where the request comes from; "" when nobody knows. */
/* A service has answered, or has not, who somebody is. */
void bridge_session_hear(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer);
/* The answer is made: say in it which session the browser has from now on. */
void bridge_session_tell(struct bridge_exchange *exchange);

/* Whom the exchange speaks for, if anybody; good until another pass is asked for. */
const struct souk_pass *bridge_session_pass(const struct bridge_exchange *exchange);
/* How long it is good from now on. */
uint64_t bridge_session_left_ms(const struct souk_pass *pass);

/* ---- bridge_follow.c ------------------------------------------------ */

/* Begin to follow what the routes want to know. 0, -SOUK_ENOMEM, -SOUK_EINVAL or -SOUK_EIO. */
SOUK_MUST_CHECK int bridge_follow_start(struct bridge *bridge, struct souk_error *err);
void bridge_follow_close(struct bridge_follow **follow_p);
/* Ask for what is missing. Gives the time, steady, at which there may be more to do. */
uint64_t bridge_follow_run(struct bridge *bridge, uint64_t now_us);
/* Something was published, or has come to a pull. */
void bridge_follow_heard(struct bridge *bridge, const struct souk_slice frames[2]);
void bridge_follow_pulled(struct bridge *bridge, const struct souk_client_pulled *pulled);
/* Streams have numbers from 0 to SOUK_ROUTE_STREAMS_MAX - 1. */
size_t bridge_follow_index(const struct bridge *bridge, const struct souk_topology_stream *stream);
const struct souk_name *bridge_follow_name(const struct bridge *bridge, size_t index);
/* Is all of it there? */
bool bridge_follow_is_known(const struct bridge *bridge, size_t index);
/* How far it has come; and whether a place is in the history that is known here. */
struct souk_point bridge_follow_point(const struct bridge *bridge, size_t index);
bool bridge_follow_had(const struct bridge *bridge, size_t index, struct souk_point point);

/* ---- bridge_events.c ------------------------------------------------ */

/* NULL without memory. */
struct bridge_events *bridge_events_new(const struct bridge *bridge);
void bridge_events_close(struct bridge *bridge);
/* A browser that wants to be told events; an answer is made. `pass` NULL: it is nobody's. */
void bridge_events_open(struct bridge_exchange *exchange, const struct souk_pass *pass);
/* Its exchange ends. */
void bridge_events_leave(struct bridge_exchange *exchange);
/* A stream begins there; an event of it; what was told of it is void. */
void bridge_events_begin(struct bridge *bridge, size_t stream, struct souk_point point);
void bridge_events_take(struct bridge *bridge, size_t stream, struct souk_epoch epoch, const struct souk_event *event);
void bridge_events_reset(struct bridge *bridge, size_t stream);
/* Heartbeats, and ends of streams. Gives the time, steady, of the next one. */
uint64_t bridge_events_run(struct bridge *bridge, uint64_t now_us);
/* What that person, NULL: anybody, may see is asked for again. */
void bridge_events_forget(struct bridge *bridge, const struct souk_id *person);
/* May somebody, NULL: nobody in particular, see an event that says `data`? */
bool bridge_may_see(const struct souk_message_type *type, const json_t *data, const struct souk_pass *pass);
/* Browsers, events that are kept, events that were sent, and browsers that had to begin anew. */
void bridge_events_counts(const struct bridge *bridge, uint64_t counts_out[4]);

/* ---- bridge_rate.c -------------------------------------------------- */

/*
 * Where a request comes from: the other end of the connection; or, when that is a `proxy` of the topology, the last
 * address in X-Forwarded-For that is none of them. What is in front of that anybody may have written. A proxy that
 * says nothing, or no address, speaks for itself.
 */
void bridge_caller(const struct bridge_exchange *exchange, struct sockaddr_storage *address_out);
/* As text; empty when it has none. */
void bridge_caller_text(const struct bridge_exchange *exchange, char text_out[SOUK_ROUTES_ADDRESS_BYTES]);

#define BRIDGE_RATES_MAX 8192                   /* addresses and routes that are remembered */

/* NULL without memory. Release with free(3). */
struct bridge_rates *bridge_rates_new(void);
/* Count a request. 0: it may go on; else the ms after which it may. */
uint64_t bridge_rate_count(struct bridge_rates *rates, const struct sockaddr *address, const struct souk_route *route,
    uint64_t now_us);

/* ---- bridge_watch.c ------------------------------------------------- */

/* NULL without memory. */
struct bridge_watch *bridge_watch_new(const struct bridge *bridge);
void bridge_watch_close(struct bridge_watch **watch_p);
/* An answer is on its way. */
void bridge_watch_count(struct bridge_exchange *exchange);
/* A service has answered, or has not in time. */
void bridge_watch_service(struct bridge *bridge, const struct souk_topology_node *node, bool is_answered);
/* True: the path is /healthz, /readyz or /metrics, from this host, and an answer has been made. */
bool bridge_watch_take(struct bridge_exchange *exchange);

/* ---- bridge_openapi.c ----------------------------------------------- */

/*
 * Add /api/openapi.json, /api, which is /api/reference, too, and, unless there is one, a front page to the files.
 * 0, -SOUK_ENOMEM or -SOUK_ETOOBIG.
 */
SOUK_MUST_CHECK int bridge_openapi_add(struct bridge *bridge, struct souk_error *err);
/* Add a text, which is taken, to the files. NULL: there was no memory. As bridge_openapi_add(). */
SOUK_MUST_CHECK int bridge_text_add(struct bridge *bridge, const char *path, const char *type, char *text, size_t bytes,
    struct souk_error *err);

/* ---- bridge_reference.c --------------------------------------------- */

/* The pages of it that are for people, from the document. As bridge_openapi_add(). */
SOUK_MUST_CHECK int bridge_reference_add(struct bridge *bridge, json_t *openapi, struct souk_error *err);

/* ---- bridge_answer.c ------------------------------------------------ */

/* Kinds of problems: the last part of their `type`, and the status. */
struct bridge_problem {
    const char *name;
    unsigned status;
    const char *title;
};

extern const struct bridge_problem bridge_sign_in, bridge_role_missing, bridge_too_many, bridge_tag_missing, bridge_bad_request,
    bridge_bad_host, bridge_target_too_long,
    bridge_header_too_large, bridge_version, bridge_expectation, bridge_not_found, bridge_bad_method,
    bridge_cross_site, bridge_not_acceptable, bridge_media_type, bridge_body_too_large, bridge_invalid,
    bridge_key_missing, bridge_key_reused, bridge_refused, bridge_lost, bridge_pending, bridge_busy,
    bridge_unanswered, bridge_full, bridge_internal, bridge_mismatch, bridge_stopping;

/* Answer with JSON, which is released. NULL, and no memory: a bare 500. */
void bridge_answer_json(struct bridge_exchange *exchange, unsigned status, const char *type, json_t *json);
/* Answer with text, which is taken. NULL: there was no memory. */
void bridge_answer_text(struct bridge_exchange *exchange, unsigned status, const char *type, char *text,
    size_t bytes);
/*
 * The same of an answer that may be kept, as the route says. It has an entity
 * tag, made of `tag` or, base NULL, of all of it; and nothing else when the
 * caller has it already.
 */
void bridge_answer_kept(struct bridge_exchange *exchange, const struct souk_route *route, json_t *json,
    struct souk_slice tag);
/*
 * Answer with a problem, RFC 9457. `status` 0: the problem's own. `extra`, an
 * object of further members, is released; NULL: none.
 */
void bridge_answer_problem(struct bridge_exchange *exchange, const struct bridge_problem *problem, unsigned status,
    json_t *extra, const char *format, ...) SOUK_PRINTF(5, 6);
/* The same of one that goes on and on; the response is taken. */
void bridge_answer_stream(struct bridge_exchange *exchange, struct MHD_Response *response, const char *type);
/* Add a header to the answer. */
void bridge_answer_header(struct bridge_exchange *exchange, const char *name, const char *value);
/* Retry-After, in whole seconds, at least one. */
void bridge_answer_retry(struct bridge_exchange *exchange, uint64_t after_ms);

#endif
