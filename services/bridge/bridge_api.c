#include "bridge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <souk-json.h>

#include "souk_batch.h"

#define RETRY_MS 1000                   /* when nobody says when */
#define ALLOW_BYTES 64
#define LOCATION_BYTES 2048
#define QUALITY_TEXT "q=0"

static bool take_file(struct bridge_exchange *exchange);
static bool take_missing(struct bridge_exchange *exchange);
static bool check_origin(struct bridge_exchange *exchange);
static bool check_rate(struct bridge_exchange *exchange);
static bool check_accept(struct bridge_exchange *exchange);
static bool check_body(struct bridge_exchange *exchange);
static bool check_cursors(struct bridge_exchange *exchange);
static bool is_json(const char *type);
static bool accepts(const char *accept, const char *const ranges[3]);
static bool is_shallow(struct souk_slice json);
static bool take_tag(struct bridge_exchange *exchange, struct souk_slice *tag_out);
static bool take_key(struct bridge_exchange *exchange, struct souk_id *id_out);
static void ask(struct bridge_exchange *exchange, const struct souk_id *id, const struct souk_pass *pass,
    struct souk_slice pass_bytes);
static struct bridge_ask *find_ask(struct bridge *bridge, const struct souk_id *id);
static void unlink_ask(struct bridge *bridge, struct bridge_ask *asked);

/* ---- before there is a body ----------------------------------------- */

bool
bridge_api_begin(struct bridge_exchange *exchange, const char *method)
{
    struct bridge *bridge = exchange->bridge;
    char allow[ALLOW_BYTES] = "";
    unsigned known = 0;
    int rc;

    if (exchange->is_head)
        method = souk_route_method_name(SOUK_ROUTE_GET);
    while (known < SOUK_ROUTE_METHODS && strcmp(method, souk_route_method_name(known)) != 0)
        known++;
    rc = souk_routes_match(bridge->routes, known, exchange->path, &exchange->match);
    if (rc == -SOUK_ENOTFOUND && known == SOUK_ROUTE_GET && !exchange->has_body
        && (bridge_watch_take(exchange) || take_file(exchange) || take_missing(exchange)))
        return false;
    if (rc == -SOUK_ENOTFOUND) {
        bridge_answer_problem(exchange, &bridge_not_found, 0, NULL, "no route has this path");
        return false;
    }
    if (rc != 0) {
        for (known = 0; known < SOUK_ROUTE_METHODS; known++) {
            if ((exchange->match.methods & 1u << known) != 0)
                (void)snprintf(allow + strlen(allow), sizeof allow - strlen(allow), "%s%s%s",
                    allow[0] == '\0' ? "" : ", ", souk_route_method_name(known),
                    known == SOUK_ROUTE_GET ? ", HEAD" : "");
        }
        bridge_answer_problem(exchange, &bridge_bad_method, 0, NULL, "this path goes with %s", allow);
        bridge_answer_header(exchange, MHD_HTTP_HEADER_ALLOW, allow);
        return false;
    }
    return bridge_session_begin(exchange) && check_origin(exchange) && check_rate(exchange)
        && bridge_session_needed(exchange) && check_accept(exchange) && check_body(exchange)
        && check_cursors(exchange);
}

/* What no route has may be a file. */
static bool
take_file(struct bridge_exchange *exchange)
{
    const struct bridge *bridge = exchange->bridge;

    exchange->response = bridge_files_find(bridge->files, bridge->routes, exchange->path,
        bridge_http_field(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING),
        bridge_http_field(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH), &exchange->status);
    exchange->is_shared = exchange->response != NULL;
    return exchange->is_shared;
}

/* People are shown a page of what is not there; programs, and who asks the API, are told of a problem. */
static bool
take_missing(struct bridge_exchange *exchange)
{
    static const char *const html[] = { "text/html", "text/html", "text/html" };
    static const struct souk_slice api = { "/api", 4 };
    const struct souk_slice path = exchange->path;
    const char *accept = bridge_http_field(exchange, MHD_HTTP_HEADER_ACCEPT);
    const bool is_api = path.size_bytes >= api.size_bytes && memcmp(path.base, api.base, api.size_bytes) == 0
        && (path.size_bytes == api.size_bytes || ((const char *)path.base)[api.size_bytes] == '/');

    if (is_api || accept == NULL || !accepts(accept, html))
        return false;
    exchange->response = bridge_files_missing(exchange->bridge->files,
        bridge_http_field(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING));
    exchange->status = MHD_HTTP_NOT_FOUND;
    exchange->is_shared = exchange->response != NULL;
    return exchange->is_shared;
}

/*
 * A page of another site may make a browser send a command, with the person's cookies and all. Browsers say where
 * it comes from; who brings a session has to.
 */
static bool
check_origin(struct bridge_exchange *exchange)
{
    const char *site = bridge_http_field(exchange, "Sec-Fetch-Site");
    const char *origin = bridge_http_field(exchange, MHD_HTTP_HEADER_ORIGIN);
    const char *host = bridge_http_field(exchange, MHD_HTTP_HEADER_HOST);
    const char *name = origin == NULL ? NULL : strstr(origin, "://");
    const bool is_same_site = site != NULL && strcmp(site, "same-origin") == 0;
    const bool is_same_origin = name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;

    if (!bridge_is_command(exchange) && (exchange->match.route->event_count == 0 || site == NULL
            || strcmp(site, "cross-site") != 0))
        return true;
    if (bridge_is_command(exchange) && (site == NULL || is_same_site || strcmp(site, "none") == 0) && (origin == NULL || is_same_origin)
        && (exchange->session == BRIDGE_NOBODY || is_same_site || is_same_origin))
        return true;
    bridge_answer_problem(exchange, &bridge_cross_site, 0, NULL, "what changes something, or lasts, is taken from pages"
        " of this origin only; with a session's cookie Origin or Sec-Fetch-Site has to say so");
    return false;
}

static bool
check_rate(struct bridge_exchange *exchange)
{
    const struct souk_route *route = exchange->match.route;
    struct sockaddr_storage caller;
    uint64_t after_ms;

    if (route->rate == 0)
        return true;
    bridge_caller(exchange, &caller);
    after_ms = bridge_rate_count(exchange->bridge->rates, (const struct sockaddr *)&caller, route, bridge_now_us());
    if (after_ms == 0)
        return true;
    bridge_answer_problem(exchange, &bridge_too_many, 0, NULL, "%ju requests within %ju seconds are taken of one"
        " address", (uintmax_t)route->rate, (uintmax_t)route->rate_seconds);
    bridge_answer_retry(exchange, after_ms);
    return false;
}

static bool
check_accept(struct bridge_exchange *exchange)
{
    static const char *const json[] = { "*/*", "application/*", BRIDGE_JSON };
    static const char *const events[] = { "*/*", "text/*", "text/event-stream" };
    const char *accept = bridge_http_field(exchange, MHD_HTTP_HEADER_ACCEPT);

    if (accept == NULL || accepts(accept, exchange->match.route->event_count > 0 ? events : json))
        return true;
    bridge_answer_problem(exchange, &bridge_not_acceptable, 0, NULL, "%s is what there is",
        exchange->match.route->event_count > 0 ? events[2] : json[2]);
    return false;
}

/* Is there one of the ranges, and not ruled out by q=0? */
static bool
accepts(const char *accept, const char *const ranges[3])
{
    size_t bytes;
    size_t i;

    for (; *accept != '\0'; accept += bytes + (accept[bytes] == ',')) {
        accept += strspn(accept, " \t");
        bytes = strcspn(accept, ",");
        for (i = 0; i < 3; i++) {
            const size_t range_bytes = strlen(ranges[i]);
            const char *quality = accept + range_bytes;

            if (strncasecmp(accept, ranges[i], range_bytes) != 0 || strchr(" \t,;", *quality) == NULL)
                continue;
            quality += strspn(quality, " \t;");
            if (strncasecmp(quality, QUALITY_TEXT, strlen(QUALITY_TEXT)) != 0
                || strspn(quality + strlen(QUALITY_TEXT), ".0") < strcspn(quality + strlen(QUALITY_TEXT), " \t,;"))
                return true;
        }
    }
    return false;
}

/* Not more than is taken, and JSON: anything else a form of another site could send without asking. */
static bool
check_body(struct bridge_exchange *exchange)
{
    const char *coding = bridge_http_field(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    const char *type = bridge_http_field(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    const size_t announced = exchange->body_bytes_max;

    exchange->body_bytes_max = exchange->match.route->body_bytes_max;
    if (!exchange->has_body && (!bridge_is_command(exchange) || type == NULL))
        return true;
    if (!bridge_is_command(exchange))
        bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "a GET has no body here");
    else if (announced > exchange->body_bytes_max)
        bridge_answer_problem(exchange, &bridge_body_too_large, 0, NULL, "a body has at most %zu bytes here",
            exchange->body_bytes_max);
    else if (type == NULL || !is_json(type) || (coding != NULL && strcasecmp(coding, "identity") != 0))
        bridge_answer_problem(exchange, &bridge_media_type, 0, NULL, "a body of type " BRIDGE_JSON ", as it is, is what"
            " is taken");
    else
        return true;
    return false;
}

/* application/json, and in front of a parameter nothing but charset=utf-8. */
static bool
is_json(const char *type)
{
    const size_t bytes = strlen(BRIDGE_JSON);
    const char *rest = type + bytes;

    if (strncasecmp(type, BRIDGE_JSON, bytes) != 0)
        return false;
    rest += strspn(rest, " \t");
    if (*rest == ';')
        rest += 1 + strspn(rest + 1, " \t");
    else if (*rest != '\0')
        return false;
    return *rest == '\0' || strcasecmp(rest, "charset=utf-8") == 0 || strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

static bool
check_cursors(struct bridge_exchange *exchange)
{
    const char *text = bridge_http_field(exchange, "Souk-Cursors");
    int rc;

    if (text == NULL || text[0] == '\0' || (rc = souk_seen_parse(souk_slice_of(text), &exchange->seen)) == 0)
        return true;
    bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "Souk-Cursors has at most %d cursors as an answer had"
        " them, with commas between%s", SOUK_WIRE_SEEN_MAX, rc == -SOUK_ETOOBIG ? "; there are more" : "");
    return false;
}

/* ---- all of it is there --------------------------------------------- */

void
bridge_api_go(struct bridge_exchange *exchange)
{
    struct bridge *bridge = exchange->bridge;
    struct souk_error err = { 0 };
    struct souk_route_said said = { .parameters = exchange->parameters };
    char address[SOUK_ROUTES_ADDRESS_BYTES];
    uint8_t hash[SOUK_ROUTES_SECRET_BYTES];
    const struct souk_pass *pass;
    struct souk_slice pass_bytes;
    struct souk_id id;
    int rc = 0;

    if (bridge->is_stopping) {
        bridge_answer_problem(exchange, &bridge_stopping, 0, NULL, "it will be there again soon");
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    if (!take_tag(exchange, &said.if_match) || !bridge_session_settle(exchange, &pass, &pass_bytes))
        return;
    if (exchange->match.route->event_count > 0) {
        bridge_events_open(exchange, pass);
        return;
    }
    said.secret_hash = bridge_session_hash(exchange, hash);
    bridge_caller_text(exchange, address);
    said.address = souk_slice_of(address);
    if (exchange->body_bytes > 0 && !is_shallow((struct souk_slice){ exchange->body, exchange->body_bytes }))
        rc = souk_fail(&err, SOUK_EINVAL, "it is nested deeper than %d", BRIDGE_JSON_DEPTH_MAX);
    else if (exchange->body_bytes > 0)
        rc = souk_json_parse((struct souk_slice){ exchange->body, exchange->body_bytes }, &said.body, &err);
    souk_pack_reset(&bridge->pack);
    if (rc == 0)
        rc = souk_route_pack(&exchange->match, &said, &bridge->pack, &err);
    json_decref(said.body);
    if (rc == -SOUK_ENOMEM)
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
    else if (rc != 0)
        bridge_answer_problem(exchange, &bridge_invalid, 0, NULL, "%s", err.text);
    else if (take_key(exchange, &id))
        ask(exchange, &id, pass, pass_bytes);
}

/* Brackets outside of strings. A parser that meets a thousand of them has to remember them all. */
static bool
is_shallow(struct souk_slice json)
{
    const char *text = json.base;
    bool is_string = false;
    unsigned depth = 0;
    size_t i;

    for (i = 0; i < json.size_bytes; i++) {
        if (is_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            is_string = !is_string;
        else if (!is_string && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!is_string && (text[i] == '}' || text[i] == ']'))
            depth -= depth > 0;
        if (depth > BRIDGE_JSON_DEPTH_MAX)
            return false;
    }
    return true;
}

/* If-Match, where the route has a field for it: one strong entity tag, without its quotes. */
static bool
take_tag(struct bridge_exchange *exchange, struct souk_slice *tag_out)
{
    const struct souk_field *field = exchange->match.route->if_match;
    const char *text = bridge_http_field(exchange, MHD_HTTP_HEADER_IF_MATCH);
    const size_t bytes = text == NULL ? 0 : strlen(text);

    if (text == NULL && (field == NULL || field->is_optional || field->default_packed.base != NULL))
        return true;
    if (text == NULL) {
        bridge_answer_problem(exchange, &bridge_tag_missing, 0, NULL, "what is to be changed is named by its ETag, in"
            " If-Match, so that nobody's change is lost");
        return false;
    }
    if (bytes < 3 || text[0] != '"' || strchr(text + 1, '"') != text + bytes - 1) {
        bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "If-Match is one ETag here, as an answer had it");
        return false;
    }
    *tag_out = (struct souk_slice){ text + 1, bytes - 2 };
    return true;
}

/*
 * The id of a command is its Idempotency-Key: a UUID as it is, of anything else its hash. What begins a session has
 * another secret each time, so it is another command.
 */
static bool
take_key(struct bridge_exchange *exchange, struct souk_id *id_out)
{
    const bool takes_one = bridge_is_command(exchange)
        && exchange->match.route->session != SOUK_ROUTE_SESSION_BEGIN;
    const char *key = takes_one ? bridge_http_field(exchange, "Idempotency-Key") : NULL;
    struct souk_slice text = souk_slice_of(key);

    if (key == NULL && exchange->match.route->needs_key) {
        bridge_answer_problem(exchange, &bridge_key_missing, 0, NULL, "this route takes a request with an"
            " Idempotency-Key only, such as a new UUID, which stays the same when the request is repeated");
        return false;
    }
    if (key == NULL) {
        *id_out = souk_client_new_id();
        return true;
    }
    if (text.size_bytes > 1 && key[0] == '"' && key[text.size_bytes - 1] == '"')
        text = (struct souk_slice){ key + 1, text.size_bytes - 2 };
    if (text.size_bytes == 0 || text.size_bytes > BRIDGE_KEY_BYTES_MAX) {
        bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "an Idempotency-Key has 1 to %d bytes",
            BRIDGE_KEY_BYTES_MAX);
        return false;
    }
    if (souk_id_parse(text, id_out) != 0)
        souk_digest(id_out->bytes, sizeof id_out->bytes, &text, 1);
    return true;
}

/* The message lies in the pack. */
static void
ask(struct bridge_exchange *exchange, const struct souk_id *id, const struct souk_pass *pass,
    struct souk_slice pass_bytes)
{
    struct bridge *bridge = exchange->bridge;
    char location[LOCATION_BYTES];
    const struct souk_route *route = exchange->match.route;
    struct souk_client_request request = { .node = route->node, .is_query = !bridge_is_command(exchange), .id = *id,
        .name = souk_slice_of(route->type->name), .version = route->type->version,
        .payload = souk_pack_slice(&bridge->pack), .pass = pass_bytes, .deadline_ms = (uint32_t)route->deadline_ms,
        .is_recorded = route->is_recorded, .takes_busy = true, .has_correlation = true,
        .correlation = exchange->correlation, .seen_count = exchange->seen.count };
    struct bridge_ask *asked = find_ask(bridge, id);
    struct souk_error err = { 0 };
    uint8_t hash[sizeof asked->hash];

    exchange->node = route->node;
    if (exchange->location == NULL
        && souk_route_location(route, request.payload, location, sizeof location) > 0)
        exchange->location = strdup(location);
    souk_command_hash(hash, request.name, pass == NULL ? NULL : &pass->person, request.payload);
    if (asked != NULL && memcmp(asked->hash, hash, sizeof hash) == 0) {
        bridge_ask_wait(exchange, asked);
        return;
    }
    if (asked != NULL) {
        bridge_answer_problem(exchange, &bridge_key_reused, 0, NULL, "another request with this Idempotency-Key is"
            " under way");
        return;
    }
    if (bridge->waiting_count >= bridge->routes->limits.waiting_max) {
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%zu requests wait for services; try again later",
            bridge->waiting_count);
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    if (bridge_operator_is_meant(route)) {
        bridge_operator_go(exchange, id, request.payload, pass_bytes);
        return;
    }
    memcpy(request.seen, exchange->seen.cursors, exchange->seen.count * sizeof request.seen[0]);
    if (bridge_ask_send(bridge, &request, &asked, &err) != 0) {
        souk_report(bridge->report, SOUK_LEVEL_WARN, "not_sent", "%s", err.text);
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%s cannot be asked now; try again later",
            route->node->name.text);
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    memcpy(asked->hash, hash, sizeof hash);
    bridge_ask_wait(exchange, asked);
}

int
bridge_ask_send(struct bridge *bridge, struct souk_client_request *request, struct bridge_ask **ask_out,
    struct souk_error *err)
{
    struct bridge_ask *asked = calloc(1, sizeof *asked);
    int rc;

    if (asked == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for a request");
    asked->id = request->id;
    request->arg = asked;
    if ((rc = souk_client_send(bridge->client, request, err)) != 0) {
        free(asked);
        return rc;
    }
    asked->next = bridge->asks;
    if (asked->next != NULL)
        asked->next->previous = asked;
    bridge->asks = asked;
    *ask_out = asked;
    return 0;
}

static struct bridge_ask *
find_ask(struct bridge *bridge, const struct souk_id *id)
{
    struct bridge_ask *asked = bridge->asks;

    while (asked != NULL && memcmp(asked->id.bytes, id->bytes, sizeof id->bytes) != 0)
        asked = asked->next;
    return asked;
}

void
bridge_ask_wait(struct bridge_exchange *exchange, struct bridge_ask *asked)
{
    exchange->stage = BRIDGE_WAITING;
    exchange->ask = asked;
    exchange->next_waiting = asked->exchanges;
    asked->exchanges = exchange;
    exchange->bridge->waiting_count++;
}

struct bridge_exchange *
bridge_ask_take(struct bridge *bridge, struct bridge_ask *asked)
{
    struct bridge_exchange *exchange = asked->exchanges;

    if (exchange == NULL)
        return NULL;
    asked->exchanges = exchange->next_waiting;
    exchange->ask = NULL;
    bridge->waiting_count--;
    return exchange;
}

static void
unlink_ask(struct bridge *bridge, struct bridge_ask *asked)
{
    if (asked->next != NULL)
        asked->next->previous = asked->previous;
    if (asked->previous != NULL)
        asked->previous->next = asked->next;
    else
        bridge->asks = asked->next;
}

/* ---- answers -------------------------------------------------------- */

/* It is under way no more, so that whoever goes again asks anew. */
void
bridge_api_hear(struct bridge *bridge, const struct souk_client_answer *answer)
{
    struct bridge_ask *asked = answer->arg;
    struct bridge_exchange *exchange;

    unlink_ask(bridge, asked);
    if (asked->hear != NULL)
        asked->hear(bridge, asked, answer);
    else if (asked->exchanges != NULL)
        bridge_watch_service(bridge, asked->exchanges->match.route->node, !answer->is_late);
    while ((exchange = bridge_ask_take(bridge, asked)) != NULL) {
        if (bridge_is_pass_refused(answer) && bridge_session_renew(exchange)) {
            bridge_http_again(exchange);
            continue;
        }
        if (answer->is_late)
            bridge_reply_late(exchange, answer);
        else
            bridge_reply(exchange, answer);
        bridge_http_resume(exchange);
    }
    free(asked);
}

void
bridge_api_stop(struct bridge *bridge)
{
    struct bridge_exchange *exchange;
    struct bridge_ask *asked;

    for (asked = bridge->asks; asked != NULL; asked = asked->next) {
        while ((exchange = bridge_ask_take(bridge, asked)) != NULL) {
            bridge_answer_problem(exchange, &bridge_stopping, 0, NULL, bridge_is_command(exchange)
                ? "what became of it is not known; the same request with the same Idempotency-Key tells"
                : "it will be there again soon");
            bridge_answer_retry(exchange, RETRY_MS);
            bridge_http_resume(exchange);
        }
    }
    bridge_operator_stop(bridge);
    bridge_events_forget(bridge, NULL);
}

void
bridge_api_done(struct bridge *bridge)
{
    struct bridge_ask *asked;

    while ((asked = bridge->asks) != NULL) {
        unlink_ask(bridge, asked);
        free(asked);
    }
}
