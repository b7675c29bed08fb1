/*
 * Who a browser is: its cookie holds a secret that nobody keeps, the service
 * that knows its hash gives a pass for it, and the pass goes along with each
 * request. Passes are kept as long as they are good, so that service may be
 * away meanwhile. Which service that is, is said in the routes.
 */
#include "bridge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <sodium.h>

#include "souk_batch.h"

#define RENEW_MS 60000                  /* left to a pass: the next one is asked for meanwhile */
#define ANEW_MS 1000                    /* a pass younger than that is as good as a new one */
#define ASK_MS 3000                     /* for a pass, when the route leaves so much */
#define RETRY_MS 1000
#define BUCKETS 1024                    /* a power of two */
#define KIND_GUEST 'g'
#define KIND_PERSON 'p'
#define NAME_BYTES (sizeof "__Host--session" + SOUK_NAME_BYTES_MAX)
#define TEXT_BYTES sodium_base64_ENCODED_LEN(SOUK_ROUTES_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
#define COOKIE_BYTES (NAME_BYTES + TEXT_BYTES + 96)

/* One session's pass, or the wait for its first one. */
struct bridge_pass {
    struct bridge_pass *next;                   /* in its bucket */
    struct bridge_pass *newer, *older;
    uint8_t hash[SOUK_ROUTES_SECRET_BYTES];     /* of the kind and the secret */
    const struct souk_routes_issue *issue;
    struct bridge_ask *ask;                     /* under way; NULL: none is */
    bool is_handed_out;                         /* just now: it stays until that is over */
    bool is_dropped;                            /* what is under way will not be kept */
    struct souk_pass pass;                      /* what the bytes say */
    size_t size_bytes;                          /* 0: there is none yet, or none that is good */
    uint8_t bytes[SOUK_PASS_BYTES_MAX];
};

struct bridge_sessions {
    size_t count;
    struct bridge_pass *newest, *oldest;
    struct bridge_pass *buckets[BUCKETS];
};

static bool is_public(const struct bridge_exchange *exchange);
static void name_cookie(const struct bridge_exchange *exchange, char name_out[NAME_BYTES]);
static bool read_secret(struct bridge_exchange *exchange, struct souk_slice value);
static void draw_secrets(struct bridge_exchange *exchange);
static bool judge(struct bridge_exchange *exchange, struct bridge_pass *pass);
static bool ask_for(struct bridge_exchange *exchange, struct bridge_pass *pass);
static void wait_or_fail(struct bridge_exchange *exchange, struct bridge_pass *pass);
static bool take_pass(struct bridge_pass *pass, const struct souk_wire_reply *reply);
static void hand_out(struct bridge_exchange *exchange, const struct bridge_pass *pass, bool is_known, bool is_nobody);
static struct bridge_pass *find(struct bridge *bridge, const struct bridge_exchange *exchange);
static struct bridge_pass *keep(struct bridge *bridge, const struct bridge_exchange *exchange);
static void touch(struct bridge_sessions *sessions, struct bridge_pass *pass);
static void leave(struct bridge_sessions *sessions, struct bridge_pass *pass);
static void drop(struct bridge_sessions *sessions, struct bridge_pass *pass);
static void hash_secret(const struct bridge_exchange *exchange, uint8_t hash_out[SOUK_ROUTES_SECRET_BYTES]);
static uint64_t wall_ms(void);

struct bridge_sessions *
bridge_sessions_new(void)
{
    return calloc(1, sizeof(struct bridge_sessions));
}

void
bridge_sessions_close(struct bridge_sessions **sessions_p)
{
    struct bridge_sessions *sessions = *sessions_p;

    while (sessions != NULL && sessions->newest != NULL) {
        sessions->newest->ask = NULL;
        drop(sessions, sessions->newest);
    }
    free(sessions);
    *sessions_p = NULL;
}

/* ---- the cookie ----------------------------------------------------- */

bool
bridge_session_begin(struct bridge_exchange *exchange)
{
    const char *at = bridge_http_field(exchange, MHD_HTTP_HEADER_COOKIE);
    struct souk_slice value = { NULL, 0 };
    char name[NAME_BYTES];
    size_t name_bytes;
    size_t bytes;

    if (at == NULL || exchange->bridge->routes->session.person.type == NULL)
        return true;
    name_cookie(exchange, name);
    name_bytes = strlen(name);
    for (; *at != '\0'; at += bytes + (at[bytes] == ';')) {
        at += strspn(at, " \t");
        bytes = strcspn(at, ";");
        if (bytes <= name_bytes || memcmp(at, name, name_bytes) != 0 || at[name_bytes] != '=')
            continue;
        if (value.base != NULL) {
            bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "the cookie %s is there twice", name);
            return false;
        }
        value = (struct souk_slice){ at + name_bytes + 1, bytes - name_bytes - 1 };
    }
    if (value.base != NULL && !read_secret(exchange, value))
        exchange->session = BRIDGE_NOBODY;      /* it is no session's; who needs one is told so */
    return true;
}

/* Where TLS ends in a proxy, the name makes browsers see to it that nobody else on the way or beside can set it. */
static void
name_cookie(const struct bridge_exchange *exchange, char name_out[NAME_BYTES])
{
    (void)snprintf(name_out, NAME_BYTES, "%s%s-session", is_public(exchange) ? "__Host-" : "",
        exchange->bridge->routes->name);
}

static bool
is_public(const struct bridge_exchange *exchange)
{
    return bridge_is_hostname(exchange->bridge, bridge_http_field(exchange, MHD_HTTP_HEADER_HOST));
}

/* A letter for its kind, and the secret. */
static bool
read_secret(struct bridge_exchange *exchange, struct souk_slice value)
{
    const char *text = value.base;
    size_t bytes;

    if (value.size_bytes != TEXT_BYTES || (text[0] != KIND_GUEST && text[0] != KIND_PERSON)
        || sodium_base642bin(exchange->secret, sizeof exchange->secret, text + 1, value.size_bytes - 1, NULL, &bytes,
            NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || bytes != sizeof exchange->secret)
        return false;
    if (text[0] == KIND_GUEST && exchange->bridge->routes->session.guest.type == NULL)
        return false;
    exchange->session = text[0] == KIND_GUEST ? BRIDGE_GUEST : BRIDGE_PERSON;
    return true;
}

void
bridge_session_tell(struct bridge_exchange *exchange)
{
    const struct souk_route *route = exchange->match.route;
    const bool is_done = exchange->status == MHD_HTTP_OK || exchange->status == MHD_HTTP_CREATED;
    const bool begins = route != NULL && route->session == SOUK_ROUTE_SESSION_BEGIN;
    const bool ends = route != NULL && route->session == SOUK_ROUTE_SESSION_END;
    char text[TEXT_BYTES] = "";
    char cookie[COOKIE_BYTES];
    char name[NAME_BYTES];
    struct bridge_pass *pass;

    if (!is_done || (!begins && !ends && !exchange->is_new_guest))
        return;
    if ((begins || ends) && exchange->session != BRIDGE_NOBODY && (pass = find(exchange->bridge, exchange)) != NULL)
        bridge_session_forget(exchange->bridge, pass->pass.person);
    if (!ends)
        (void)sodium_bin2base64(text, sizeof text, begins ? exchange->new_secret : exchange->secret,
            SOUK_ROUTES_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    name_cookie(exchange, name);
    (void)snprintf(cookie, sizeof cookie, "%s=%.*s%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%ju%s", name, !ends,
        begins ? "p" : "g", text, ends ? 0 : (uintmax_t)exchange->bridge->routes->session.seconds,
        is_public(exchange) ? "; Secure" : "");
    bridge_answer_header(exchange, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    sodium_memzero(cookie, sizeof cookie);
    sodium_memzero(text, sizeof text);
}

/* ---- what goes along with a request --------------------------------- */

bool
bridge_session_settle(struct bridge_exchange *exchange, const struct souk_pass **pass_out,
    struct souk_slice *bytes_out)
{
    const struct souk_route *route = exchange->match.route;
    struct bridge_pass *pass;

    *pass_out = NULL;
    *bytes_out = (struct souk_slice){ NULL, 0 };
    if (!souk_route_asks_who(route))
        return true;
    draw_secrets(exchange);
    if (exchange->session == BRIDGE_NOBODY || route->session == SOUK_ROUTE_SESSION_END)
        return bridge_session_needed(exchange); /* whoever has a secret may end what it is of */
    if ((pass = find(exchange->bridge, exchange)) == NULL && (pass = keep(exchange->bridge, exchange)) == NULL) {
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
        return false;
    }
    if (pass->size_bytes == 0 || pass->pass.expires_ms <= wall_ms()) {
        wait_or_fail(exchange, pass);
        return false;
    }
    if (!judge(exchange, pass))
        return false;
    touch(exchange->bridge->sessions, pass);
    if (pass->pass.expires_ms - wall_ms() < RENEW_MS && pass->ask == NULL)
        (void)ask_for(exchange, pass);
    *pass_out = &pass->pass;
    *bytes_out = (struct souk_slice){ pass->bytes, pass->size_bytes };
    return true;
}

struct souk_slice
bridge_session_hash(const struct bridge_exchange *exchange, uint8_t hash_out[SOUK_ROUTES_SECRET_BYTES])
{
    const struct souk_slice secret = { exchange->has_new_secret ? exchange->new_secret : exchange->secret,
        SOUK_ROUTES_SECRET_BYTES };

    if (exchange->match.route->secret_hash == NULL)
        return (struct souk_slice){ NULL, 0 };
    souk_digest(hash_out, SOUK_ROUTES_SECRET_BYTES, &secret, 1);
    return (struct souk_slice){ hash_out, SOUK_ROUTES_SECRET_BYTES };
}

/* Once, however often the exchange comes by. */
static void
draw_secrets(struct bridge_exchange *exchange)
{
    const struct souk_route *route = exchange->match.route;

    if (route->session == SOUK_ROUTE_SESSION_BEGIN && !exchange->has_new_secret) {
        randombytes_buf(exchange->new_secret, sizeof exchange->new_secret);
        exchange->has_new_secret = true;
    }
    if (route->session == SOUK_ROUTE_SESSION_GUEST && exchange->session == BRIDGE_NOBODY) {
        randombytes_buf(exchange->secret, sizeof exchange->secret);
        exchange->session = BRIDGE_GUEST;
        exchange->is_new_guest = true;
    }
}

bool
bridge_session_needed(struct bridge_exchange *exchange)
{
    const struct souk_route *route = exchange->match.route;

    if (exchange->session != BRIDGE_NOBODY || route->session == SOUK_ROUTE_SESSION_GUEST
        || (route->role_count == 0 && route->session != SOUK_ROUTE_SESSION_END))
        return true;
    bridge_answer_problem(exchange, &bridge_sign_in, 0, NULL, "this is for people who have signed in%s%s",
        route->role_count == 0 ? "" : ", with a role such as ", route->role_count == 0 ? "" : route->roles[0]);
    bridge_answer_header(exchange, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Souk");
    return false;
}

/* Has the person a role that is needed? A pass may be older than what the person may do by now. */
static bool
judge(struct bridge_exchange *exchange, struct bridge_pass *pass)
{
    const struct souk_route *route = exchange->match.route;
    size_t i;

    for (i = 0; i < route->role_count; i++) {
        if (souk_pass_has_role(&pass->pass, route->roles[i]))
            return true;
    }
    if (route->role_count == 0)
        return true;
    if (!exchange->is_asked_anew && pass->pass.issued_ms + ANEW_MS < wall_ms()) {
        exchange->is_asked_anew = true;
        wait_or_fail(exchange, pass);
        return false;
    }
    bridge_answer_problem(exchange, &bridge_role_missing, 0, NULL, "this is for people with a role such as %s",
        route->roles[0]);
    return false;
}

bool
bridge_session_renew(struct bridge_exchange *exchange)
{
    struct bridge_pass *pass = exchange->session == BRIDGE_NOBODY ? NULL : find(exchange->bridge, exchange);

    if (exchange->is_asked_anew || exchange->session == BRIDGE_NOBODY)
        return false;
    exchange->is_asked_anew = true;
    if (pass != NULL)
        pass->size_bytes = 0;
    return true;
}

void
bridge_session_forget(struct bridge *bridge, struct souk_id person)
{
    struct bridge_pass *pass;
    struct bridge_pass *older;

    for (pass = bridge->sessions->newest; pass != NULL; pass = older) {
        older = pass->older;
        if (pass->size_bytes > 0 && memcmp(pass->pass.person.bytes, person.bytes, sizeof person.bytes) == 0)
            drop(bridge->sessions, pass);
    }
    bridge_events_forget(bridge, &person);
}

const struct souk_pass *
bridge_session_pass(const struct bridge_exchange *exchange)
{
    const struct bridge_pass *pass = exchange->session == BRIDGE_NOBODY || !souk_route_asks_who(exchange->match.route)
        ? NULL : find(exchange->bridge, exchange);

    return pass == NULL || pass->size_bytes == 0 ? NULL : &pass->pass;
}

uint64_t
bridge_session_left_ms(const struct souk_pass *pass)
{
    const uint64_t now_ms = wall_ms();

    return pass->expires_ms > now_ms ? pass->expires_ms - now_ms : 0;
}

/* ---- asking for a pass ---------------------------------------------- */

static void
wait_or_fail(struct bridge_exchange *exchange, struct bridge_pass *pass)
{
    struct bridge *bridge = exchange->bridge;

    if (bridge->waiting_count >= bridge->routes->limits.waiting_max || (pass->ask == NULL && !ask_for(exchange, pass))) {
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%s cannot be asked now who asks; try again later",
            pass->issue->node->name.text);
        bridge_answer_retry(exchange, RETRY_MS);
        if (pass->ask == NULL && pass->size_bytes == 0)
            drop(bridge->sessions, pass);
        return;
    }
    bridge_ask_wait(exchange, pass->ask);
}

/* The secret is at hand only while a request brings it. */
static bool
ask_for(struct bridge_exchange *exchange, struct bridge_pass *pass)
{
    const struct souk_route *route = exchange->match.route;
    struct bridge *bridge = exchange->bridge;
    struct souk_pack pack;
    struct souk_client_request request = { .node = pass->issue->node, .is_query = true, .id = souk_client_new_id(),
        .name = souk_slice_of(pass->issue->type->name), .version = pass->issue->type->version,
        .deadline_ms = route->deadline_ms < ASK_MS ? (uint32_t)route->deadline_ms : ASK_MS, .takes_busy = true, .has_correlation = true, .correlation = exchange->correlation };
    struct souk_error err = { 0 };
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = souk_routes_ask_pass(pass->issue, exchange->secret, &pack, &err)) == 0) {
        request.payload = souk_pack_slice(&pack);
        rc = bridge_ask_send(bridge, &request, &pass->ask, &err);
    }
    souk_pack_done(&pack);
    if (rc != 0) {
        souk_report(bridge->report, SOUK_LEVEL_WARN, "not_sent", "%s", err.text);
        return false;
    }
    pass->ask->hear = bridge_session_hear;
    pass->ask->pass = pass;
    return true;
}

void
bridge_session_hear(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer)
{
    struct bridge_pass *pass = asked->pass;
    struct bridge_exchange *exchange;
    const bool is_nobody = !answer->is_late && answer->reply.status == SOUK_STATUS_REFUSED;
    const bool is_known = !answer->is_late && answer->reply.status == SOUK_STATUS_OK && take_pass(pass, &answer->reply);

    bridge_watch_service(bridge, pass->issue->node, !answer->is_late);
    if (!answer->is_late && !is_nobody && !is_known)
        souk_report(bridge->report, SOUK_LEVEL_WARN, "no_pass", "%s gives no pass", pass->issue->node->name.text);
    pass->ask = NULL;
    pass->is_handed_out = true;
    while ((exchange = bridge_ask_take(bridge, asked)) != NULL)
        hand_out(exchange, pass, is_known, is_nobody);
    pass->is_handed_out = false;
    if (pass->ask == NULL && (is_nobody || pass->is_dropped || pass->size_bytes == 0))
        drop(bridge->sessions, pass);
}

/* Signed it is by the one who was asked, and who has it checked is whoever it is sent to. */
static bool
take_pass(struct bridge_pass *pass, const struct souk_wire_reply *reply)
{
    struct souk_wire_entry entry;
    struct souk_unpack in;

    pass->size_bytes = 0;
    souk_unpack_init(&in, reply->body);
    if (souk_wire_body_next(&in, &entry) != 0
        || souk_routes_find_pass(pass->issue, entry.payload, pass->bytes, &pass->size_bytes) != 0
        || souk_pass_read((struct souk_slice){ pass->bytes, pass->size_bytes }, &pass->pass) != NULL
        || pass->pass.expires_ms <= wall_ms())
        pass->size_bytes = 0;
    return pass->size_bytes > 0;
}

static void
hand_out(struct bridge_exchange *exchange, const struct bridge_pass *pass, bool is_known, bool is_nobody)
{
    const struct souk_route *route = exchange->match.route;

    if (is_nobody)
        exchange->is_new_guest = false;
    exchange->had_session = !is_known && !is_nobody;
    if (!is_known && (is_nobody || route->role_count == 0))
        exchange->session = BRIDGE_NOBODY;
    if (is_known || exchange->session == BRIDGE_NOBODY) {
        bridge_http_again(exchange);
        return;
    }
    bridge_answer_problem(exchange, &bridge_unanswered, 0, NULL, "%s has not said who asks; nothing was done",
        pass->issue->node->name.text);
    bridge_answer_retry(exchange, RETRY_MS);
    bridge_http_resume(exchange);
}

/* ---- passes that are kept ------------------------------------------- */

static struct bridge_pass *
find(struct bridge *bridge, const struct bridge_exchange *exchange)
{
    uint8_t hash[SOUK_ROUTES_SECRET_BYTES];
    struct bridge_pass *pass;

    hash_secret(exchange, hash);
    pass = bridge->sessions->buckets[(hash[0] | hash[1] << 8) % BUCKETS];
    while (pass != NULL && (pass->is_dropped || memcmp(pass->hash, hash, sizeof hash) != 0))
        pass = pass->next;
    return pass;
}

/* The one that was not used for longest makes room, unless somebody waits for it. */
static struct bridge_pass *
keep(struct bridge *bridge, const struct bridge_exchange *exchange)
{
    struct bridge_sessions *sessions = bridge->sessions;
    struct bridge_pass *pass = sessions->oldest;
    struct bridge_pass **bucket;

    while (pass != NULL && (pass->ask != NULL || pass->is_handed_out))
        pass = pass->newer;
    if (sessions->count >= bridge->routes->limits.passes_max && pass != NULL)
        drop(sessions, pass);
    if ((pass = calloc(1, sizeof *pass)) == NULL)
        return NULL;
    hash_secret(exchange, pass->hash);
    pass->issue = exchange->session == BRIDGE_GUEST ? &bridge->routes->session.guest : &bridge->routes->session.person;
    bucket = &sessions->buckets[(pass->hash[0] | pass->hash[1] << 8) % BUCKETS];
    pass->next = *bucket;
    *bucket = pass;
    pass->older = sessions->newest;
    if (pass->older != NULL)
        pass->older->newer = pass;
    else
        sessions->oldest = pass;
    sessions->newest = pass;
    sessions->count++;
    return pass;
}

static void
touch(struct bridge_sessions *sessions, struct bridge_pass *pass)
{
    if (sessions->newest == pass)
        return;
    leave(sessions, pass);
    pass->newer = NULL;
    pass->older = sessions->newest;
    pass->older->newer = pass;
    sessions->newest = pass;
}

/* The line from the newest to the oldest. */
static void
leave(struct bridge_sessions *sessions, struct bridge_pass *pass)
{
    if (pass->newer != NULL)
        pass->newer->older = pass->older;
    else
        sessions->newest = pass->older;
    if (pass->older != NULL)
        pass->older->newer = pass->newer;
    else
        sessions->oldest = pass->newer;
}

/* One that is asked for, or handed out, goes when that is over. */
static void
drop(struct bridge_sessions *sessions, struct bridge_pass *pass)
{
    struct bridge_pass **link = &sessions->buckets[(pass->hash[0] | pass->hash[1] << 8) % BUCKETS];

    if (pass->ask != NULL || pass->is_handed_out) {
        pass->is_dropped = true;
        return;
    }
    while (*link != pass)
        link = &(*link)->next;
    *link = pass->next;
    leave(sessions, pass);
    sessions->count--;
    sodium_memzero(pass, sizeof *pass);
    free(pass);
}

static void
hash_secret(const struct bridge_exchange *exchange, uint8_t hash_out[SOUK_ROUTES_SECRET_BYTES])
{
    const struct souk_slice pieces[] = { { exchange->session == BRIDGE_GUEST ? "g" : "p", 1 },
        { exchange->secret, sizeof exchange->secret } };

    souk_digest(hash_out, SOUK_ROUTES_SECRET_BYTES, pieces, 2);
}

static uint64_t
wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
