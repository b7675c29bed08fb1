/*
 * How browsers are known again: where passes come from, and what a route says
 * of the session of whoever asks. Which services and which messages do that is
 * the file's to say.
 */
#include "souk_routes_parts.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <souk-json.h>

#define PASS_FIELD "pass"

static const struct souk_zpl_rule session_rules[] = {
    { "pass", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "guest", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "seconds", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "renewed_by", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { .name = NULL },
};

static void read_issue(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_routes_issue *issue);
static void read_renewal(struct souk_routes_reading *reading, const struct souk_zpl_node *node);
static const struct souk_field *read_word(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static const struct souk_field *find_bytes(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    const struct souk_message_type *type, const char *name);
static void read_address(struct souk_routes_reading *reading, const struct souk_zpl_node *node,
    struct souk_route *route);
static void read_outcomes(struct souk_routes_reading *reading, const struct souk_zpl_node *section,
    struct souk_route *route);

/* ---- of the file ---------------------------------------------------- */

void
souk_routes_read_session(struct souk_routes_reading *reading, const struct souk_zpl_node *section)
{
    struct souk_routes *routes = reading->routes;
    const struct souk_zpl_node *child;
    struct souk_error err;

    souk_zpl_check_all(routes->parts->zpl, section, session_rules, souk_routes_note, reading);
    routes->session.seconds = SOUK_ROUTES_SESSION_SECONDS;
    if (!souk_name_valid(souk_slice_of(routes->name)))
        souk_routes_wrong(reading, section, "`routes = %s`: a cookie is called after it: 1 to %d of a-z 0-9 - ."
            " beginning with a letter are meant", routes->name, SOUK_NAME_BYTES_MAX);
    if ((child = souk_routes_valued(section, "pass")) != NULL)
        read_issue(reading, child, &routes->session.person);
    if ((child = souk_routes_valued(section, "guest")) != NULL)
        read_issue(reading, child, &routes->session.guest);
    for (child = souk_zpl_child(section, "renewed_by"); child != NULL; child = souk_zpl_again(child)) {
        if (child->has_value)
            read_renewal(reading, child);
    }
    if ((child = souk_routes_valued(section, "seconds")) != NULL
        && souk_zpl_number(routes->parts->zpl, child, 60, SOUK_ROUTES_SESSION_SECONDS_MAX, &routes->session.seconds,
            &err) != 0)
        souk_routes_note(reading, child, &err);
}

/* An event whose key is the person, in a stream that the bridge follows. */
static void
read_renewal(struct souk_routes_reading *reading, const struct souk_zpl_node *node)
{
    const struct souk_message_type *type = souk_catalogue_find(reading->catalogue, souk_slice_of(node->value));
    struct souk_routes_session *session = &reading->routes->session;
    const struct souk_topology_client *client = reading->client;
    size_t i = 0;

    while (type != NULL && type->kind == SOUK_EVENT && i < client->follow_count
        && strcmp(client->follows[i]->name.text, type->stream) != 0)
        i++;
    if (type == NULL || type->kind != SOUK_EVENT)
        souk_routes_wrong(reading, node, "no event `%s` is described", node->value);
    else if (type->key_field_count != 1 || type->fields[type->key_fields[0]].type != SOUK_FIELD_ID)
        souk_routes_wrong(reading, node, "the key of `%s` is no person's id", node->value);
    else if (i == client->follow_count)
        souk_routes_wrong(reading, node, "`client = %s` does not follow `%s`, in which `%s` is: the topology has no"
            " `follow = %s` below it", client->name.text, type->stream, node->value, type->stream);
    else if (session->renewal_count == SOUK_ROUTES_RENEWALS_MAX)
        souk_routes_wrong(reading, node, "more than %d lines `renewed_by`", SOUK_ROUTES_RENEWALS_MAX);
    else
        session->renewals[session->renewal_count++] = type;
}

/* One field that has to be there, the secret; and a pass in the reply. */
static void
read_issue(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_routes_issue *issue)
{
    const struct souk_message_type *type = souk_routes_message(reading, node, SOUK_QUERY, &issue->node);
    size_t needed = 0;
    size_t i;

    if (type == NULL || issue->node == NULL)
        return;
    for (i = 0; i < type->field_count; i++) {
        if (!type->fields[i].is_optional && type->fields[i].default_packed.base == NULL) {
            issue->secret = &type->fields[i];
            needed++;
        }
    }
    issue->pass = souk_route_field(type->reply, souk_slice_of(PASS_FIELD));
    if (needed != 1 || issue->secret->is_list || issue->secret->type != SOUK_FIELD_BYTES
        || issue->secret->bytes_max < SOUK_ROUTES_SECRET_BYTES)
        souk_routes_wrong(reading, node, "`%s` is not asked with the secret of a session alone, a field of %d bytes",
            type->name, SOUK_ROUTES_SECRET_BYTES);
    else if (issue->pass == NULL || issue->pass->is_list || issue->pass->is_optional
        || issue->pass->type != SOUK_FIELD_BYTES)
        souk_routes_wrong(reading, node, "the reply of `%s` has no field `%s` of bytes", type->name, PASS_FIELD);
    else
        issue->type = type;
}

int
souk_routes_ask_pass(const struct souk_routes_issue *issue, const uint8_t secret[SOUK_ROUTES_SECRET_BYTES],
    struct souk_pack *pack, struct souk_error *err)
{
    char text[sodium_base64_ENCODED_LEN(SOUK_ROUTES_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    json_t *json;
    int rc;

    (void)sodium_bin2base64(text, sizeof text, secret, SOUK_ROUTES_SECRET_BYTES,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    json = json_pack("{ss}", issue->secret->name, text);
    rc = json == NULL ? souk_fail(err, SOUK_ENOMEM, "no memory for a message")
        : souk_json_to_packed(issue->type, json, pack, err);
    json_decref(json);
    sodium_memzero(text, sizeof text);
    return rc;
}

int
souk_routes_find_pass(const struct souk_routes_issue *issue, struct souk_slice reply,
    uint8_t pass_out[SOUK_PASS_BYTES_MAX], size_t *bytes_out)
{
    json_t *json = NULL;
    json_t *text;
    int rc;

    if ((rc = souk_json_from_packed(issue->type->reply, reply, &json, NULL)) != 0)
        return rc == -SOUK_ENOMEM ? rc : -SOUK_EINVAL;
    text = json_object_get(json, issue->pass->name);
    if (text == NULL || sodium_base642bin(pass_out, SOUK_PASS_BYTES_MAX, json_string_value(text),
            json_string_length(text), NULL, bytes_out, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        rc = -SOUK_EINVAL;
    json_decref(json);
    return rc;
}

/* ---- of a route ----------------------------------------------------- */

void
souk_routes_read_who(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const struct souk_routes_session *session = &reading->routes->session;
    const struct souk_zpl_node *child;

    if ((child = souk_routes_valued(node, "session")) != NULL)
        route->secret_hash = read_word(reading, child, route);
    if ((child = souk_routes_valued(node, "address")) != NULL && route->type != NULL)
        read_address(reading, child, route);
    if ((child = souk_zpl_child(node, "outcomes")) != NULL && !child->has_value && route->type != NULL)
        read_outcomes(reading, child, route);
    if (souk_route_asks_who(route) && session->person.type == NULL)
        souk_routes_wrong(reading, node, "`route = %s` is for somebody, and `routes` has no `session` that says how a"
            " browser is known", node->value);
    if (route->session == SOUK_ROUTE_SESSION_GUEST && session->guest.type == NULL)
        souk_routes_wrong(reading, node, "`session = guest` needs `guest` in the `session` of `routes`");
    if (route->session == SOUK_ROUTE_SESSION_MAYBE && route->role_count > 0)
        souk_routes_wrong(reading, node, "`session = maybe` is for everybody, and a `role` is not");
    if (souk_route_asks_who(route) && route->cache == SOUK_ROUTE_CACHE_PUBLIC)
        souk_routes_wrong(reading, node, "what is answered to somebody must not be kept for others: `cache = private`"
            " is meant");
}

/* maybe, guest, begin FIELD, end FIELD. Gives the field. */
static const struct souk_field *
read_word(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    static const char *const words[] = {
        [SOUK_ROUTE_SESSION_MAYBE] = "maybe",
        [SOUK_ROUTE_SESSION_GUEST] = "guest",
        [SOUK_ROUTE_SESSION_BEGIN] = "begin",
        [SOUK_ROUTE_SESSION_END] = "end",
    };
    const size_t bytes = strcspn(node->value, " ");
    const char *field = node->value + bytes + strspn(node->value + bytes, " ");
    unsigned word = SOUK_ROUTE_SESSION_MAYBE;

    while (word <= SOUK_ROUTE_SESSION_END && (strlen(words[word]) != bytes
            || memcmp(words[word], node->value, bytes) != 0))
        word++;
    if (word > SOUK_ROUTE_SESSION_END || (word >= SOUK_ROUTE_SESSION_BEGIN) != (*field != '\0')) {
        souk_routes_wrong(reading, node, "`session`: maybe, guest, begin FIELD or end FIELD is meant, not `%s`",
            node->value);
        return NULL;
    }
    route->session = word;
    if (word != SOUK_ROUTE_SESSION_MAYBE && route->method == SOUK_ROUTE_GET)
        souk_routes_wrong(reading, node, "a query neither begins nor ends a session: `session = maybe` is meant");
    else if (word >= SOUK_ROUTE_SESSION_BEGIN && route->type != NULL)
        return find_bytes(reading, node, route->type, field);
    return NULL;
}

static const struct souk_field *
find_bytes(struct souk_routes_reading *reading, const struct souk_zpl_node *node, const struct souk_message_type *type,
    const char *name)
{
    const struct souk_field *field = souk_route_field(type, souk_slice_of(name));

    if (field == NULL || field->is_list || field->type != SOUK_FIELD_BYTES
        || field->bytes_max < SOUK_ROUTES_SECRET_BYTES) {
        souk_routes_wrong(reading, node, "`%s` has no field `%s` of %d bytes, for the hash of a session's secret",
            type->name, name, SOUK_ROUTES_SECRET_BYTES);
        return NULL;
    }
    return field;
}

static void
read_address(struct souk_routes_reading *reading, const struct souk_zpl_node *node, struct souk_route *route)
{
    const struct souk_field *field = souk_route_field(route->type, souk_slice_of(node->value));

    if (field == NULL || field->is_list || field->type != SOUK_FIELD_TEXT
        || field->bytes_max < SOUK_ROUTES_ADDRESS_BYTES)
        souk_routes_wrong(reading, node, "`%s` has no field `%s` of at least %d bytes of text, for an address",
            route->type->name, node->value, SOUK_ROUTES_ADDRESS_BYTES);
    else
        route->address = field;
}

/* Lines of EVENT = CODE. */
static void
read_outcomes(struct souk_routes_reading *reading, const struct souk_zpl_node *section, struct souk_route *route)
{
    const struct souk_message_type *event;
    const struct souk_zpl_node *node;

    for (node = section->child; node != NULL; node = node->next) {
        event = souk_catalogue_find(reading->catalogue, souk_slice_of(node->name));
        if (!node->has_value || node->child != NULL)
            souk_routes_wrong(reading, node, "`%s` needs the refusal that it means, and nothing below", node->name);
        else if (event == NULL || event->kind != SOUK_EVENT)
            souk_routes_wrong(reading, node, "no event `%s` is described", node->name);
        else if (souk_zpl_child(section, node->name) != node)
            souk_routes_wrong(reading, node, "`%s` is given twice, first in line %u", node->name,
                souk_zpl_child(section, node->name)->line);
        else if (!souk_routes_refuses(route->type, node->value))
            souk_routes_wrong(reading, node, "`%s` does not refuse with `%s`", route->type->name, node->value);
        else if (route->outcome_count == SOUK_ROUTE_OUTCOMES_MAX)
            souk_routes_wrong(reading, node, "more than %d outcomes", SOUK_ROUTE_OUTCOMES_MAX);
        else
            route->outcomes[route->outcome_count++] = (struct souk_route_outcome){ node->name, node->value };
    }
}

bool
souk_route_asks_who(const struct souk_route *route)
{
    return route->role_count > 0 || route->session != SOUK_ROUTE_SESSION_NONE;
}

const char *
souk_route_outcome(const struct souk_route *route, struct souk_slice event)
{
    size_t i;

    for (i = 0; i < route->outcome_count; i++) {
        if (souk_slice_equal(souk_slice_of(route->outcomes[i].event), event))
            return route->outcomes[i].code;
    }
    return NULL;
}
