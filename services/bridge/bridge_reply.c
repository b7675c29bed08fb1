/*
 * What a service has answered, as HTTP says it.
 */
#include "bridge.h"

#include <souk-json.h>

#include "ops.h"
#include "souk_batch.h"
#include "souk_shown.h"

#define RETRY_MS 1000                   /* when nobody says when */
#define FULL_RETRY_MS 30000             /* room comes when an operator makes it */

static void answer_good(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static json_t *query_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static json_t *events_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static const char *find_outcome(const struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void answer_refused(struct bridge_exchange *exchange, const struct souk_wire_reply *reply,
    struct souk_slice code);
static void answer_pending(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void add_cursors(struct bridge_exchange *exchange, const struct souk_wire_reply *reply);
static void add_key(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static json_t *key_json(const struct bridge_exchange *exchange, const struct souk_client_answer *answer);

bool
bridge_is_command(const struct bridge_exchange *exchange)
{
    return exchange->match.route->type != NULL && exchange->match.route->type->kind == SOUK_COMMAND;
}

bool
bridge_is_pass_refused(const struct souk_client_answer *answer)
{
    return !answer->is_late && answer->reply.status == SOUK_STATUS_REFUSED
        && souk_slice_equal(answer->reply.code, souk_slice_of(SOUK_WIRE_CODE_PASS));
}

void
bridge_reply_late(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const char *name = exchange->node->name.text;
    json_t *key = key_json(exchange, answer);

    if (answer->sent == 0)
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s is not there, and has not heard of it", name);
    else if (bridge_is_command(exchange))
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s has not answered, and what became of it is not"
            " known; the same request with this Idempotency-Key tells", name);
    else
        bridge_answer_problem(exchange, &bridge_unanswered, 0, key, "%s has not answered", name);
    add_key(exchange, answer);
    bridge_answer_retry(exchange, RETRY_MS);
}

void
bridge_reply(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const struct souk_wire_reply *reply = &answer->reply;
    const char *name = exchange->node->name.text;
    const int text_bytes = (int)reply->text.size_bytes;
    const char *text = reply->text.base == NULL ? "" : reply->text.base;
    const char *outcome;

    switch (reply->status) {
    case SOUK_STATUS_OK:
        if ((outcome = find_outcome(exchange, reply)) != NULL)
            answer_refused(exchange, reply, souk_slice_of(outcome));
        else
            answer_good(exchange, answer);
        break;
    case SOUK_STATUS_REFUSED:
        answer_refused(exchange, reply, reply->code);
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

    if (bridge_is_command(exchange)) {
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
            " described", exchange->node->name.text, route->type->name);
        bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s answers with something else than is described",
            exchange->node->name.text);
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

/* What the command caused, as far as who sent it may see it. NULL without memory. */
static json_t *
events_json(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    const struct souk_catalogue *catalogue = exchange->bridge->catalogue;
    const struct souk_pass *pass = bridge_session_pass(exchange);
    const struct souk_message_type *type;
    json_t *events = json_array();
    char key[SOUK_SHOWN_KEY_BYTES];
    struct souk_wire_entry entry;
    struct souk_unpack in;
    json_t *data;

    souk_unpack_init(&in, reply->body);
    while (souk_wire_body_next(&in, &entry) == 0) {
        if ((type = souk_catalogue_find(catalogue, entry.name)) == NULL || type->viewer_count == 0)
            continue;
        data = souk_shown_message_json(catalogue, entry.name, entry.version, entry.payload);
        souk_shown_key(catalogue, entry.name, entry.key, key);
        if (bridge_may_see(type, data, pass))
            (void)json_array_append_new(events, json_pack("{ss% ss% sI ss sO}", "type", entry.name.base,
                entry.name.size_bytes, "stream", entry.stream.base, entry.stream.size_bytes, "number",
                (json_int_t)entry.number, "subject", key, "data", data));
        json_decref(data);
    }
    return events;
}

/* Among what a command has caused there may be an event that means no. NULL: there is none. */
static const char *
find_outcome(const struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    const char *code = NULL;
    struct souk_wire_entry entry;
    struct souk_unpack in;

    souk_unpack_init(&in, reply->body);
    while (code == NULL && bridge_is_command(exchange) && souk_wire_body_next(&in, &entry) == 0)
        code = souk_route_outcome(exchange->match.route, entry.name);
    return code;
}

static void
answer_refused(struct bridge_exchange *exchange, const struct souk_wire_reply *reply, struct souk_slice code)
{
    const char *about = bridge_refusal_about(exchange->bridge, code);
    const struct souk_slice text = reply->text.size_bytes > 0 ? reply->text : souk_slice_of(about == NULL ? "" : about);
    const unsigned status = souk_route_refusal_status(exchange->match.route, code);

    if (souk_slice_equal(code, souk_slice_of(SOUK_WIRE_CODE_PASS))) {
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "mismatch", "%s takes no pass of %s: %.*s",
            exchange->node->name.text, exchange->bridge->routes->session.person.node->name.text,
            (int)text.size_bytes, (const char *)text.base);
        bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s does not know who asks",
            exchange->node->name.text);
        return;
    }
    bridge_answer_problem(exchange, &bridge_refused, status, json_pack("{ss%}", "code", code.base == NULL ? ""
        : code.base, code.size_bytes), "%.*s", (int)text.size_bytes, (const char *)text.base);
    if (status == MHD_HTTP_UNAUTHORIZED)
        bridge_answer_header(exchange, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Souk");
    add_cursors(exchange, reply);
}

const char *
bridge_refusal_about(const struct bridge *bridge, struct souk_slice code)
{
    const struct souk_messages *messages;
    size_t i;
    size_t k;

    for (i = 0; i <= bridge->catalogue->count; i++) {
        messages = i == bridge->catalogue->count ? &ops_messages
            : souk_description_messages(bridge->catalogue->descriptions[i]);
        for (k = 0; k < messages->refusal_count; k++) {
            if (souk_slice_equal(souk_slice_of(messages->refusals[k].code), code)
                && messages->refusals[k].about != NULL)
                return messages->refusals[k].about;
        }
    }
    return NULL;
}

/* A read that has not caught up is no failure: there is an answer, later. A command was not decided. */
static void
answer_pending(struct bridge_exchange *exchange, const struct souk_wire_reply *reply)
{
    char correlation[SOUK_ID_TEXT_BYTES];
    char text[SOUK_SEEN_TEXT_BYTES];

    if (bridge_is_command(exchange)) {
        bridge_answer_problem(exchange, &bridge_pending, 0, NULL, "%s has not reached what was seen, and has not"
            " decided"
            " it; the same request with the same Idempotency-Key may be sent again",
            exchange->node->name.text);
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

    if (!bridge_is_command(exchange))
        seen = exchange->seen;
    souk_seen_add(&seen, reply->cursors, reply->cursor_count);
    if (bridge_is_command(exchange))
        souk_seen_add(&seen, exchange->seen.cursors, exchange->seen.count);
    if (souk_seen_format(&seen, text) > 0)
        bridge_answer_header(exchange, "Souk-Cursors", text);
}

static void
add_key(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    char id[SOUK_ID_TEXT_BYTES];

    if (!bridge_is_command(exchange))
        return;
    souk_id_format(answer->id, id);
    bridge_answer_header(exchange, "Idempotency-Key", id);
}

/* For a problem: what a repetition needs. */
static json_t *
key_json(const struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    char id[SOUK_ID_TEXT_BYTES];

    if (!bridge_is_command(exchange))
        return NULL;
    souk_id_format(answer->id, id);
    return json_pack("{ss}", "id", id);
}
