#include "bridge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <souk-json.h>

#include "souk_batch.h"
#include "souk_shown.h"

#define RETRY_MS 1000                   /* when nobody says when */
#define FULL_RETRY_MS 30000             /* room comes when an operator makes it */
#define ALLOW_BYTES 64
#define LOCATION_BYTES 2048
#define QUALITY_TEXT "q=0"

static bool take_file(struct bridge_exchange *exchange);
static bool check_origin(struct bridge_exchange *exchange);
static bool check_role(struct bridge_exchange *exchange);
static bool check_rate(struct bridge_exchange *exchange);
static bool check_accept(struct bridge_exchange *exchange);
static bool check_body(struct bridge_exchange *exchange);
static bool check_cursors(struct bridge_exchange *exchange);
static bool is_json(const char *type);
static bool accepts_json(const char *accept);
static bool is_shallow(struct souk_slice json);
static bool take_tag(struct bridge_exchange *exchange, struct souk_slice *tag_out);
static bool take_key(struct bridge_exchange *exchange, struct souk_id *id_out);
static void ask(struct bridge_exchange *exchange, const struct souk_id *id);
static struct bridge_ask *find_ask(struct bridge *bridge, const struct souk_id *id);
static void wait_for(struct bridge_exchange *exchange, struct bridge_ask *ask);
static void forget(struct bridge *bridge, struct bridge_ask *ask);
static void answer_late(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static void answer_reply(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static void answer_good(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static json_t *query_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static json_t *events_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void answer_refused(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void answer_pending(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static const char *refusal_about(const struct bridge *bridge, struct souk_slice code);
static void add_cursors(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void add_key(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static json_t *key_json(const struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static bool is_command(const struct bridge_exchange *exchange);

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
        && (bridge_watch_take(exchange) || take_file(exchange)))
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
    return check_origin(exchange) && check_rate(exchange) && check_role(exchange) && check_accept(exchange)
        && check_body(exchange) && check_cursors(exchange);
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

/* A page of another site may make a browser send a command, with the person's cookies and all. */
static bool
check_origin(struct bridge_exchange *exchange)
{
    const char *site = bridge_http_field(exchange, "Sec-Fetch-Site");
    const char *origin = bridge_http_field(exchange, MHD_HTTP_HEADER_ORIGIN);
    const char *host = bridge_http_field(exchange, MHD_HTTP_HEADER_HOST);
    const char *name = origin == NULL ? NULL : strstr(origin, "://");

    if (!is_command(exchange))
        return true;
    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        origin = "null";
    else if (origin == NULL || (name != NULL && host != NULL && strcasecmp(name + 3, host) == 0))
        return true;
    bridge_answer_problem(exchange, &bridge_cross_site, 0, NULL, "what changes something is taken from pages of this"
        " origin only");
    return false;
}

static bool
check_rate(struct bridge_exchange *exchange)
{
    const struct souk_route *route = exchange->match.route;
    const union MHD_ConnectionInfo *info;
    uint64_t after_ms;

    if (route->rate == 0)
        return true;
    info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    after_ms = bridge_rate_count(exchange->bridge->rates, info == NULL ? NULL : info->client_addr, route,
        bridge_now_us());
    if (after_ms == 0)
        return true;
    bridge_answer_problem(exchange, &bridge_too_many, 0, NULL, "%ju requests within %ju seconds are taken of one"
        " address", (uintmax_t)route->rate, (uintmax_t)route->rate_seconds);
    bridge_answer_retry(exchange, after_ms);
    return false;
}

/* Nobody can sign in yet, so nobody has a role. */
static bool
check_role(struct bridge_exchange *exchange)
{
    if (exchange->match.route->role_count == 0)
        return true;
    bridge_answer_problem(exchange, &bridge_sign_in, 0, NULL, "this is for people with a role, %s",
        exchange->match.route->roles[0]);
    bridge_answer_header(exchange, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Souk");
    return false;
}

static bool
check_accept(struct bridge_exchange *exchange)
{
    const char *accept = bridge_http_field(exchange, MHD_HTTP_HEADER_ACCEPT);

    if (accept == NULL || accepts_json(accept))
        return true;
    bridge_answer_problem(exchange, &bridge_not_acceptable, 0, NULL, BRIDGE_JSON " is what there is");
    return false;
}

/* Is there a range that has JSON, and that is not ruled out by q=0? */
static bool
accepts_json(const char *accept)
{
    static const char *const ranges[] = { "*/*", "application/*", BRIDGE_JSON };
    size_t bytes;
    size_t i;

    for (; *accept != '\0'; accept += bytes + (accept[bytes] == ',')) {
        accept += strspn(accept, " \t");
        bytes = strcspn(accept, ",");
        for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
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
    if (!exchange->has_body)
        return true;
    if (!is_command(exchange))
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
    struct souk_slice tag = { NULL, 0 };
    struct souk_id id;
    json_t *body = NULL;
    int rc = 0;

    if (bridge->is_stopping) {
        bridge_answer_problem(exchange, &bridge_stopping, 0, NULL, "it will be there again soon");
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    if (!take_tag(exchange, &tag))
        return;
    if (exchange->body_bytes > 0 && !is_shallow((struct souk_slice){ exchange->body, exchange->body_bytes }))
        rc = souk_fail(&err, SOUK_EINVAL, "it is nested deeper than %d", BRIDGE_JSON_DEPTH_MAX);
    else if (exchange->body_bytes > 0)
        rc = souk_json_parse((struct souk_slice){ exchange->body, exchange->body_bytes }, &body, &err);
    souk_pack_reset(&bridge->pack);
    if (rc == 0)
        rc = souk_route_pack(&exchange->match, exchange->parameters, body, tag, &bridge->pack, &err);
    json_decref(body);
    if (rc == -SOUK_ENOMEM)
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
    else if (rc != 0)
        bridge_answer_problem(exchange, &bridge_invalid, 0, NULL, "%s", err.text);
    else if (take_key(exchange, &id))
        ask(exchange, &id);
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

/* The id of a command is its Idempotency-Key: a UUID as it is, of anything else its hash. */
static bool
take_key(struct bridge_exchange *exchange, struct souk_id *id_out)
{
    const char *key = is_command(exchange) ? bridge_http_field(exchange, "Idempotency-Key") : NULL;
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
ask(struct bridge_exchange *exchange, const struct souk_id *id)
{
    struct bridge *bridge = exchange->bridge;
    char location[LOCATION_BYTES];
    const struct souk_route *route = exchange->match.route;
    struct souk_client_request request = { .node = route->node, .is_query = !is_command(exchange), .id = *id,
        .name = souk_slice_of(route->type->name), .version = route->type->version,
        .payload = souk_pack_slice(&bridge->pack), .deadline_ms = (uint32_t)route->deadline_ms,
        .is_recorded = route->is_recorded, .takes_busy = true, .has_correlation = true,
        .correlation = exchange->correlation, .seen_count = exchange->seen.count };
    struct bridge_ask *asked = find_ask(bridge, id);
    struct souk_error err = { 0 };
    uint8_t hash[sizeof asked->hash];

    if (souk_route_location(route, request.payload, location, sizeof location) > 0)
        exchange->location = strdup(location);
    souk_command_hash(hash, request.name, NULL, request.payload);
    if (asked != NULL && memcmp(asked->hash, hash, sizeof hash) == 0) {
        wait_for(exchange, asked);
        return;
    }
    if (asked != NULL) {
        bridge_answer_problem(exchange, &bridge_key_reused, 0, NULL,
            "another request with this Idempotency-Key is under"
            " way");
        return;
    }
    if (bridge->waiting_count >= bridge->routes->limits.waiting_max) {
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%zu requests wait for services; try again later",
            bridge->waiting_count);
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    if ((asked = calloc(1, sizeof *asked)) == NULL) {
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
        return;
    }
    asked->id = *id;
    memcpy(asked->hash, hash, sizeof hash);
    memcpy(request.seen, exchange->seen.cursors, exchange->seen.count * sizeof request.seen[0]);
    request.arg = asked;
    if (souk_client_send(bridge->client, &request, &err) != 0) {
        free(asked);
        souk_report(bridge->report, SOUK_LEVEL_WARN, "not_sent", "%s", err.text);
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%s cannot be asked now; try again later",
            route->node->name.text);
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    asked->next = bridge->asks;
    if (asked->next != NULL)
        asked->next->previous = asked;
    bridge->asks = asked;
    wait_for(exchange, asked);
}

static struct bridge_ask *
find_ask(struct bridge *bridge, const struct souk_id *id)
{
    struct bridge_ask *asked = bridge->asks;

    while (asked != NULL && memcmp(asked->id.bytes, id->bytes, sizeof id->bytes) != 0)
        asked = asked->next;
    return asked;
}

static void
wait_for(struct bridge_exchange *exchange, struct bridge_ask *asked)
{
    exchange->stage = BRIDGE_WAITING;
    exchange->ask = asked;
    exchange->next_waiting = asked->exchanges;
    asked->exchanges = exchange;
    exchange->bridge->waiting_count++;
}

static void
forget(struct bridge *bridge, struct bridge_ask *asked)
{
    if (asked->next != NULL)
        asked->next->previous = asked->previous;
    if (asked->previous != NULL)
        asked->previous->next = asked->next;
    else
        bridge->asks = asked->next;
    free(asked);
}

/* ---- answers -------------------------------------------------------- */

void
bridge_api_hear(struct bridge *bridge, const struct souk_client_answer *answer)
{
    struct bridge_ask *asked = answer->arg;
    struct bridge_exchange *exchange;

    if (asked->exchanges != NULL)
        bridge_watch_service(bridge, asked->exchanges->match.route->node, !answer->is_late);
    while ((exchange = asked->exchanges) != NULL) {
        asked->exchanges = exchange->next_waiting;
        exchange->ask = NULL;
        bridge->waiting_count--;
        if (answer->is_late)
            answer_late(exchange, answer);
        else
            answer_reply(exchange, answer);
        bridge_http_resume(exchange);
    }
    forget(bridge, asked);
}

void
bridge_api_stop(struct bridge *bridge)
{
    struct bridge_exchange *exchange;
    struct bridge_ask *asked;

    for (asked = bridge->asks; asked != NULL; asked = asked->next) {
        while ((exchange = asked->exchanges) != NULL) {
            asked->exchanges = exchange->next_waiting;
            exchange->ask = NULL;
            bridge->waiting_count--;
            bridge_answer_problem(exchange, &bridge_stopping, 0, NULL, is_command(exchange) ? "what became of it is not"
                " known; the same request with the same Idempotency-Key tells" : "it will be there again soon");
            bridge_answer_retry(exchange, RETRY_MS);
            bridge_http_resume(exchange);
        }
    }
}

void
bridge_api_done(struct bridge *bridge)
{
    while (bridge->asks != NULL)
        forget(bridge, bridge->asks);
}

static void
answer_late(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const char *name = exchange->match.route->node->name.text;
    json_t *key = key_json(exchange, answer);

    if (answer->sent == 0)
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s is not there, and has not heard of it", name);
    else if (is_command(exchange))
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s has not answered, and what became of it is not"
            " known; the same request with this Idempotency-Key tells", name);
    else
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s has not answered", name);
    add_key(exchange, answer);
    bridge_answer_retry(exchange, RETRY_MS);
}

static void
answer_reply(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const struct souk_wire_reply *reply = &answer->reply;
    const char *name = exchange->match.route->node->name.text;
    const int text_bytes = (int)reply->text.size_bytes;
    const char *text = reply->text.base == NULL ? "" : reply->text.base;

    switch (reply->status) {
    case SOUK_STATUS_OK:
        answer_good(exchange, answer);
        break;
    case SOUK_STATUS_REFUSED:
        answer_refused(exchange, reply);
        break;
    case SOUK_STATUS_PENDING:
        answer_pending(exchange, reply);
        break;
    case SOUK_STATUS_BUSY:
    case SOUK_STATUS_EXPIRED:
        bridge_answer_problem(exchange, &bridge_busy, 0, key_json(exchange, answer),
            "%s has too much to do; nothing was"
            " done", name);
        bridge_answer_retry(exchange, reply->retry_after_ms == 0 ? RETRY_MS : reply->retry_after_ms);
        break;
    case SOUK_STATUS_FULL:
        bridge_answer_problem(exchange, &bridge_full, 0, key_json(exchange, answer), "%s has no room; nothing was done",
            name);
        bridge_answer_retry(exchange, reply->retry_after_ms == 0 ? FULL_RETRY_MS : reply->retry_after_ms);
        break;
    case SOUK_STATUS_KEY_REUSED:
        bridge_answer_problem(exchange, &bridge_key_reused, 0, NULL, "another request was sent with this"
            " Idempotency-Key; a new request has a new one");
        break;
    case SOUK_STATUS_LOST:
        bridge_answer_problem(exchange, &bridge_lost, 0, NULL, "something in Souk-Cursors is not in the history any"
            " more: ask again without it, and look what is there");
        break;
    case SOUK_STATUS_INVALID:
        bridge_answer_problem(exchange, &bridge_invalid, 0, NULL, "%.*s", text_bytes, text);
        break;
    case SOUK_STATUS_UNKNOWN:
    case SOUK_STATUS_UNSUPPORTED:
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "mismatch", "%s does not know %s: %.*s", name,
            exchange->match.route->type->name, text_bytes, text);
        bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s does not know %s in version %u", name,
            exchange->match.route->type->name, (unsigned)exchange->match.route->type->version);
        break;
    case SOUK_STATUS_FORBIDDEN:
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "mismatch", "%s does not let %s send %s: its topology is"
            " another one", name, exchange->bridge->self->name.text, exchange->match.route->type->name);
        bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s does not take %s from this bridge", name,
            exchange->match.route->type->name);
        break;
    case SOUK_STATUS_INTERNAL:
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "internal", "%s: %s: %.*s", name,
            exchange->match.route->type->name, text_bytes, text);
        bridge_answer_problem(exchange, &bridge_internal, 0, key_json(exchange, answer), "%s could not do it; nothing"
            " was done", name);
        break;
    }
    add_key(exchange, answer);
}

static void
answer_good(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const struct souk_wire_reply *reply = &answer->reply;
    const struct souk_route *route = exchange->match.route;
    struct souk_slice tag = { NULL, 0 };
    char id[SOUK_ID_TEXT_BYTES];
    char digits[24];
    json_t *json;

    if (is_command(exchange)) {
        souk_id_format(answer->id, id);
        json = json_pack("{ss ss so}", "id", id, "durability",
            reply->durability == SOUK_DURABILITY_RECORDED ? "recorded" : "local", "events",
            events_json(exchange, reply));
        bridge_answer_json(exchange, route->location.text == NULL ? MHD_HTTP_OK : MHD_HTTP_CREATED, BRIDGE_JSON, json);
        if (exchange->location != NULL)
            bridge_answer_header(exchange, MHD_HTTP_HEADER_LOCATION, exchange->location);
    } else if ((json = query_json(exchange, reply)) != NULL && route->cache != SOUK_ROUTE_CACHE_NONE) {
        if (route->etag != NULL)
            tag = souk_route_etag(route, json, digits);
        bridge_answer_kept(exchange, route, json, tag);
    } else if (json != NULL) {
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json);
    } else {
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "mismatch", "%s answers %s with something else than is"
            " described", route->node->name.text, route->type->name);
        bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s answers with something else than is described",
            route->node->name.text);
    }
    add_cursors(exchange, reply);
}

/* NULL when it is no answer of the query, or without memory. */
static json_t *
query_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    const struct souk_message_type *type = exchange->match.route->type->reply;
    struct souk_wire_entry entry;
    struct souk_unpack in;
    json_t *json = NULL;

    souk_unpack_init(&in, reply->body);
    if (souk_wire_body_next(&in, &entry) != 0 || (type = souk_message_version(type, entry.version)) == NULL
        || souk_json_from_packed(type, entry.payload, &json, NULL) != 0)
        return NULL;
    return json;
}

/* What the command caused, of streams that everybody may see. NULL without memory. */
static json_t *
events_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    const struct souk_catalogue *catalogue = exchange->bridge->catalogue;
    const struct souk_message_stream *stream;
    json_t *events = json_array();
    char key[SOUK_SHOWN_KEY_BYTES];
    struct souk_wire_entry entry;
    struct souk_unpack in;

    souk_unpack_init(&in, reply->body);
    while (souk_wire_body_next(&in, &entry) == 0) {
        stream = souk_catalogue_stream(catalogue, entry.stream);
        if (stream == NULL || stream->audience != SOUK_AUDIENCE_PUBLIC)
            continue;
        souk_shown_key(catalogue, entry.name, entry.key, key);
        (void)json_array_append_new(events, json_pack("{ss% ss% sI ss so}", "type", entry.name.base,
            entry.name.size_bytes, "stream", entry.stream.base, entry.stream.size_bytes, "number",
            (json_int_t)entry.number, "subject", key, "data",
            souk_shown_message_json(catalogue, entry.name, entry.version, entry.payload)));
    }
    return events;
}

static void
answer_refused(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    const char *about = refusal_about(exchange->bridge, reply->code);
    json_t *extra = json_pack("{ss%}", "code", reply->code.base == NULL ? "" : reply->code.base,
        reply->code.size_bytes);

    if (reply->text.size_bytes > 0)
        bridge_answer_problem(exchange, &bridge_refused, souk_route_refusal_status(exchange->match.route, reply->code),
            extra, "%.*s", (int)reply->text.size_bytes, (const char *)reply->text.base);
    else
        bridge_answer_problem(exchange, &bridge_refused, souk_route_refusal_status(exchange->match.route, reply->code),
            extra, "%s", about);
    add_cursors(exchange, reply);
}

/* What a refusal means, as the descriptions have it; "" when they do not. */
static const char *
refusal_about(const struct bridge *bridge, struct souk_slice code)
{
    const struct souk_messages *messages;
    size_t i;
    size_t k;

    for (i = 0; i < bridge->catalogue->count; i++) {
        messages = souk_description_messages(bridge->catalogue->descriptions[i]);
        for (k = 0; k < messages->refusal_count; k++) {
            if (souk_slice_equal(souk_slice_of(messages->refusals[k].code), code))
                return messages->refusals[k].about == NULL ? "" : messages->refusals[k].about;
        }
    }
    return "";
}

/* A read that has not caught up is no failure: there is an answer, later. A command was not decided. */
static void
answer_pending(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    char correlation[SOUK_ID_TEXT_BYTES];
    char text[SOUK_SEEN_TEXT_BYTES];

    if (is_command(exchange)) {
        bridge_answer_problem(exchange, &bridge_pending, 0, NULL, "%s has not reached what was seen, and has not"
            " decided"
            " it; the same request with the same Idempotency-Key may be sent again",
            exchange->match.route->node->name.text);
    } else {
        (void)souk_seen_format(&exchange->seen, text);
        souk_id_format(exchange->correlation, correlation);
        bridge_answer_json(exchange, MHD_HTTP_ACCEPTED, BRIDGE_JSON, json_pack("{sb ss ss}", "pending", 1,
            "waiting_for",
            text, "correlation", correlation));
        bridge_answer_header(exchange, "Souk-Cursors", text);
    }
    bridge_answer_retry(exchange, reply->retry_after_ms == 0 ? RETRY_MS : reply->retry_after_ms);
}

/* ---- headers -------------------------------------------------------- */

/*
 * What the caller sends with his next request. At most 32 cursors: what was
 * written goes before what he brought, and that before what he has only read.
 */
static void
add_cursors(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    struct souk_seen seen = { .count = 0 };
    char text[SOUK_SEEN_TEXT_BYTES];

    if (!is_command(exchange))
        seen = exchange->seen;
    souk_seen_add(&seen, reply->cursors, reply->cursor_count);
    if (is_command(exchange))
        souk_seen_add(&seen, exchange->seen.cursors, exchange->seen.count);
    if (souk_seen_format(&seen, text) > 0)
        bridge_answer_header(exchange, "Souk-Cursors", text);
}

static void
add_key(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    char id[SOUK_ID_TEXT_BYTES];

    if (!is_command(exchange))
        return;
    souk_id_format(answer->id, id);
    bridge_answer_header(exchange, "Idempotency-Key", id);
}

/* For a problem: what a repetition needs. */
static json_t *
key_json(const struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    char id[SOUK_ID_TEXT_BYTES];

    if (!is_command(exchange))
        return NULL;
    souk_id_format(answer->id, id);
    return json_pack("{ss}", "id", id);
}

static bool
is_command(const struct bridge_exchange *exchange)
{
    return exchange->match.route->type->kind == SOUK_COMMAND;
}
