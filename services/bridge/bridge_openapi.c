#define _GNU_SOURCE                     /* open_memstream */
/*
 * What the API is: OpenAPI 3.1 for programs, and from it a page for people.
 * Both follow from the routes and the descriptions of messages alone, and are
 * files like others.
 */
#include "bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "ops.h"

#define OPENAPI_PATH "/api/openapi.json"
#define NAME_BYTES 160
#define STATUS_BYTES 8

static json_t *make_openapi(const struct bridge *bridge);
static void add_operation(const struct bridge *bridge, json_t *paths, const struct souk_route *route);
static json_t *events_json(const struct souk_route *route);
static json_t *security_json(const struct souk_route *route);
static json_t *parameters_json(const struct souk_route *route);
static void add_parameter(json_t *list, const char *in, const char *name, bool is_needed, const char *about,
    json_t *schema);
static json_t *body_json(const struct souk_route *route);
static json_t *responses_json(const struct bridge *bridge, const struct souk_route *route);
static json_t *refusals_of(const struct bridge *bridge, const struct souk_route *route, unsigned status);
static json_t *command_answer_json(void);
static json_t *problem_json(void);
static json_t *type_schema(const struct souk_message_type *type, const struct souk_route *left_out);
static void add_unpacked(const struct souk_message_type *type, json_t *properties, json_t *required);
static json_t *field_schema(const struct souk_field *field);
static json_t *value_schema(const struct souk_field *field);
static json_t *integer_schema(const struct souk_field *field);
static json_t *enum_schema(const struct souk_enum *values);
static bool is_in_path(const struct souk_route *route, const struct souk_field *field);
static bool is_needed(const struct souk_field *field);

int
bridge_openapi_add(struct bridge *bridge, struct souk_error *err)
{
    json_t *openapi = make_openapi(bridge);
    char *text;
    int rc;

    if (openapi == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory to say what the API is");
    text = json_dumps(openapi, JSON_COMPACT);
    rc = bridge_text_add(bridge, OPENAPI_PATH, BRIDGE_JSON, text, text == NULL ? 0 : strlen(text), err);
    if (rc == 0)
        rc = bridge_reference_add(bridge, openapi, err);
    json_decref(openapi);
    return rc;
}

/* `text` is taken. */
int
bridge_text_add(struct bridge *bridge, const char *path, const char *type, char *text, size_t bytes, struct souk_error *err)
{
    int rc = 0;

    if (text == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to serve it", path);
    if (!bridge_files_has(bridge->files, path))
        rc = bridge_files_add(bridge->files, path, type, (struct souk_slice){ text, bytes }, err);
    free(text);
    return rc;
}

/* ---- OpenAPI -------------------------------------------------------- */

static json_t *
make_openapi(const struct bridge *bridge)
{
    const struct souk_messages *messages;
    json_t *schemas = json_object();
    json_t *paths = json_object();
    char cookie[NAME_BYTES];
    json_t *openapi;
    size_t i;
    size_t k;

    for (i = 0; i < bridge->routes->count; i++)
        add_operation(bridge, paths, &bridge->routes->routes[i]);
    for (i = 0; i <= bridge->catalogue->count; i++) {
        messages = i == bridge->catalogue->count ? &ops_messages
            : souk_description_messages(bridge->catalogue->descriptions[i]);
        for (k = 0; k < messages->type_count; k++) {
            if (messages->types[k]->kind == SOUK_RECORD)
                (void)json_object_set_new(schemas, messages->types[k]->name, type_schema(messages->types[k], NULL));
        }
    }
    (void)json_object_set_new(schemas, "problem", problem_json());
    (void)json_object_set_new(schemas, "command_answer", command_answer_json());
    openapi = json_pack("{ss s{ss ss ss?} so s{so}}", "openapi", "3.1.0", "info", "title", bridge->routes->name,
        "version", "1", "description", bridge->routes->about, "paths", paths, "components", "schemas", schemas);
    if (bridge->routes->session.person.type != NULL) {
        (void)snprintf(cookie, sizeof cookie, "%s-session", bridge->routes->name);
        (void)json_object_set_new(json_object_get(openapi, "components"), "securitySchemes", json_pack(
            "{s{ss ss ss ss}}", "session", "type", "apiKey", "in", "cookie", "name", cookie, "description",
            "Given at sign-in, or to a guest; with __Host- in front where TLS is."));
    }
    return openapi;
}

/* What there is to be told, and how a stream of it goes on. */
static json_t *
events_json(const struct souk_route *route)
{
    char id[NAME_BYTES] = "events";
    json_t *operation;
    size_t i;

    for (i = 0; i < route->event_count && strlen(id) + SOUK_NAME_BYTES_MAX + 2 < sizeof id; i++)
        (void)snprintf(id + strlen(id), sizeof id - strlen(id), ".%s", route->events[i]->name.text);
    operation = json_pack("{ss ss s[{ss ss sb s{ss} ss}{ss ss sb s{ss} ss}] s{s{ss s{s{s{ss}}}} s{ss s{s{s{ss}}}}}}",
        "operationId", id, "summary", route->about != NULL ? route->about : "Events as they happen, as server-sent"
        " events.", "parameters", "name", "Last-Event-ID", "in", "header", "required", 0, "schema", "type", "string",
        "description", "The id of the event before, which a browser says by itself.", "name", "after", "in", "query",
        "required", 0, "schema", "type", "string", "description", "The same, or the Souk-Cursors of an answer.",
        "responses", "200", "description", "Messages with a JSON object each: type, stream, number, subject, time_ms,"
        " data; and the events `begin` and `reset`.", "content", "text/event-stream", "schema", "type", "string",
        "default", "description", "A problem.", "content", BRIDGE_PROBLEM, "schema", "$ref",
        "#/components/schemas/problem");
    if (route->role_count > 0)
        (void)json_object_set_new(operation, "security", security_json(route));
    return operation;
}

/* One of the roles is enough. */
static json_t *
security_json(const struct souk_route *route)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < route->role_count; i++)
        (void)json_array_append_new(list, json_pack("{s[s]}", "session", route->roles[i]));
    return list;
}

static void
add_operation(const struct bridge *bridge, json_t *paths, const struct souk_route *route)
{
    static const char *const methods[] = { "get", "post", "put", "patch", "delete" };
    json_t *path = json_object_get(paths, route->path.text);
    const struct souk_route *other = bridge->routes->routes;
    char id[SOUK_NAME_BYTES_MAX + SOUK_ROUTE_PATH_BYTES_MAX + 2];
    json_t *operation;

    if (path == NULL && (path = json_object()) != NULL)
        (void)json_object_set_new(paths, route->path.text, path);
    if (route->type == NULL) {
        (void)json_object_set_new(path, methods[route->method], events_json(route));
        return;
    }
    (void)snprintf(id, sizeof id, "%s", route->type->name);
    while (other < route && other->type != route->type)
        other++;
    if (other < route)                          /* another route means the same message: ids are there once */
        (void)snprintf(id, sizeof id, "%s %s", route->type->name, route->path.text);
    operation = json_pack("{ss ss? so so}", "operationId", id, "summary", route->about != NULL
        ? route->about : route->type->about, "parameters", parameters_json(route), "responses",
        responses_json(bridge, route));
    if (route->type->kind == SOUK_COMMAND)
        (void)json_object_set_new(operation, "requestBody", body_json(route));
    if (route->role_count > 0)
        (void)json_object_set_new(operation, "security", security_json(route));
    (void)json_object_set_new(path, methods[route->method], operation);
}

static json_t *
parameters_json(const struct souk_route *route)
{
    const struct souk_message_type *type = route->type;
    const struct souk_field *field;
    json_t *list = json_array();
    char name[NAME_BYTES];
    size_t i;
    size_t k;

    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        if (is_in_path(route, field)) {
            add_parameter(list, "path", field->name, true, field->about, value_schema(field));
        } else if (type->kind == SOUK_QUERY && field->type == SOUK_FIELD_RECORD && !field->is_list) {
            for (k = 0; k < field->record->field_count; k++) {
                (void)snprintf(name, sizeof name, "%s.%s", field->name, field->record->fields[k].name);
                add_parameter(list, "query", name, is_needed(field) && is_needed(&field->record->fields[k]),
                    field->about, field_schema(&field->record->fields[k]));
            }
        } else if (type->kind == SOUK_QUERY && field->type == SOUK_FIELD_MONEY && !field->is_list) {
            (void)snprintf(name, sizeof name, "%s.minor", field->name);
            add_parameter(list, "query", name, is_needed(field), field->about, json_pack("{ss}", "type", "integer"));
            (void)snprintf(name, sizeof name, "%s.currency", field->name);
            add_parameter(list, "query", name, is_needed(field), field->about, json_pack("{ss}", "type", "string"));
        } else if (type->kind == SOUK_QUERY && field->type != SOUK_FIELD_RECORD && field->type != SOUK_FIELD_MONEY) {
            add_parameter(list, "query", field->name, is_needed(field) && !field->is_list, field->about,
                field_schema(field));
        }
    }
    if (type->kind == SOUK_COMMAND)
        add_parameter(list, "header", "Idempotency-Key", route->needs_key, "The command's id: the same request with the"
            " same key has one effect and one answer.", json_pack("{ss si}", "type", "string", "maxLength",
            BRIDGE_KEY_BYTES_MAX));
    if (route->if_match != NULL)
        add_parameter(list, "header", "If-Match", is_needed(route->if_match), "The ETag of what is to be changed.",
            json_pack("{ss}", "type", "string"));
    add_parameter(list, "header", "Souk-Cursors", false, "What was seen or written before: the field of this name of"
        " the answer before.", json_pack("{ss}", "type", "string"));
    return list;
}

static void
add_parameter(json_t *list, const char *in, const char *name, bool is_required, const char *about, json_t *schema)
{
    json_t *parameter = json_pack("{ss ss sb so}", "name", name, "in", in, "required", is_required, "schema", schema);

    if (about != NULL)
        (void)json_object_set_new(parameter, "description", json_string(about));
    (void)json_array_append_new(list, parameter);
}

static json_t *
body_json(const struct souk_route *route)
{
    json_t *schema = type_schema(route->type, route);

    (void)json_object_set_new(schema, "additionalProperties", json_false());
    return json_pack("{sb s{s{so}}}", "required", json_object_get(schema, "required") != NULL, "content", BRIDGE_JSON,
        "schema", schema);
}

static json_t *
responses_json(const struct bridge *bridge, const struct souk_route *route)
{
    json_t *responses = json_object();
    char name[STATUS_BYTES];
    json_t *codes;
    unsigned status;

    if (route->type->kind == SOUK_QUERY) {
        (void)json_object_set_new(responses, "200", json_pack("{ss s{s{so}}}", "description", "The answer.", "content",
            BRIDGE_JSON, "schema", type_schema(route->type->reply, NULL)));
        (void)json_object_set_new(responses, "202", json_pack("{ss s{s{s{ss s{s{sb} s{ss} s{ss}} s[sss]}}}}",
            "description", "What was seen has not arrived yet.", "content", BRIDGE_JSON, "schema", "type", "object",
            "properties", "pending", "const", 1, "waiting_for", "type", "string", "correlation", "type", "string",
            "required", "pending", "waiting_for", "correlation"));
        if (route->cache != SOUK_ROUTE_CACHE_NONE)
            (void)json_object_set_new(responses, "304", json_pack("{ss}", "description", "Nothing has changed."));
    } else {
        (void)json_object_set_new(responses, route->location.text == NULL ? "200" : "201", json_pack("{ss s{s{s{ss}}}}",
            "description", "It is done.", "content", BRIDGE_JSON, "schema", "$ref",
            "#/components/schemas/command_answer"));
    }
    for (status = 400; status < 500; status++) {
        codes = refusals_of(bridge, route, status);
        (void)snprintf(name, sizeof name, "%u", status);
        if (json_string_length(codes) > 0)
            (void)json_object_set_new(responses, name, json_pack("{sO s{s{s{ss}}}}", "description", codes, "content",
                BRIDGE_PROBLEM, "schema", "$ref", "#/components/schemas/problem"));
        json_decref(codes);
    }
    (void)json_object_set_new(responses, "default", json_pack("{ss s{s{s{ss}}}}", "description", "A problem.",
        "content", BRIDGE_PROBLEM, "schema", "$ref", "#/components/schemas/problem"));
    return responses;
}

/* "CODE: what it means. ..." of those that are answered with that status; an empty text when there are none. */
static json_t *
refusals_of(const struct bridge *bridge, const struct souk_route *route, unsigned status)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    json_t *json;
    size_t i;

    if (out == NULL)
        return json_string("");
    for (i = 0; i < route->type->refuse_count; i++) {
        const struct souk_slice code = souk_slice_of(route->type->refuses[i]);
        const char *about = bridge_refusal_about(bridge, code);

        if (souk_route_refusal_status(route, code) == status)
            (void)fprintf(out, "%s%s: %s.", ftell(out) == 0 ? "" : " ", route->type->refuses[i],
                about == NULL ? "it is refused" : about);
    }
    json = fclose(out) == 0 ? json_string(text) : NULL;
    free(text);
    return json == NULL ? json_string("") : json;
}

static json_t *
command_answer_json(void)
{
    return json_pack("{ss s{s{ss ss} s{s[ss]} s{ss s{ss s{s{ss} s{ss} s{ss} s{ss} s{ss}} s[sssss]}}} s[sss]}",
        "type", "object", "properties", "id", "type", "string", "format", "uuid", "durability", "enum", "local",
        "recorded", "events", "type", "array", "items", "type", "object", "properties", "type", "type", "string",
        "stream", "type", "string", "number", "type", "integer", "subject", "type", "string", "data", "type", "object",
        "required", "type", "stream", "number", "subject", "data", "required", "id", "durability", "events");
}

static json_t *
problem_json(void)
{
    return json_pack("{ss s{s{ss} s{ss} s{ss si si} s{ss} s{ss ss} s{ss}} s[sssss]}", "type", "object", "properties",
        "type", "type", "string", "title", "type", "string", "status", "type", "integer", "minimum", 400, "maximum",
        599, "detail", "type", "string", "correlation", "type", "string", "format", "uuid", "code", "type", "string",
        "required", "type", "title", "status", "detail", "correlation");
}

/* ---- schemas of messages -------------------------------------------- */

/* An object; without what `left_out` has in its path or If-Match (NULL: with everything). */
static json_t *
type_schema(const struct souk_message_type *type, const struct souk_route *left_out)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    const struct souk_field *field;
    json_t *schema;
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        if (left_out != NULL && souk_route_is_filled(left_out, field))
            continue;
        (void)json_object_set_new(properties, field->name, field_schema(field));
        if (left_out == NULL ? !field->is_optional : is_needed(field))
            (void)json_array_append_new(required, json_string(field->name));
    }
    add_unpacked(type, properties, required);
    schema = json_pack("{ss so}", "type", "object", "properties", properties);
    if (type->about != NULL && left_out == NULL)
        (void)json_object_set_new(schema, "description", json_string(type->about));
    if (json_array_size(required) > 0)
        (void)json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}

/* What answers to operators have besides: they are never packed, and no packed message could hold it. */
static void
add_unpacked(const struct souk_message_type *type, json_t *properties, json_t *required)
{
    static const struct {
        const struct souk_message_type *query;
        const char *name, *record;
    } lists[] = {
        { &ops_system_type, "nodes", "ops_node" },
        { &ops_system_type, "clients", "ops_client" },
        { &ops_log_type, "events", "ops_told" },
        { &ops_why_type, "causes", "ops_told" },
        { &ops_why_type, "effects", "ops_told" },
        { &ops_parked_type, "events", "ops_parked_event" },
    };
    char reference[NAME_BYTES];

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].query->reply != type)
            continue;
        (void)snprintf(reference, sizeof reference, "#/components/schemas/%s", lists[i].record);
        (void)json_object_set_new(properties, lists[i].name, json_pack("{ss s{ss}}", "type", "array", "items", "$ref",
            reference));
        (void)json_array_append_new(required, json_string(lists[i].name));
    }
    if (type->kind == SOUK_RECORD && strcmp(type->name, "ops_told") == 0) {
        (void)json_object_set_new(properties, "private", json_pack("{ss}", "type", "boolean"));
        (void)json_object_set_new(properties, "data", json_pack("{s[ss] ss}", "type", "object", "string",
            "description", "What it says, where that was asked for; in hexadecimal digits when it is not described."));
        (void)json_array_append_new(required, json_string("private"));
    }
}

static json_t *
field_schema(const struct souk_field *field)
{
    json_t *schema = value_schema(field);

    if (field->is_list)
        schema = json_pack("{ss so si}", "type", "array", "items", schema, "maxItems", (int)field->count_max);
    if (field->about != NULL && json_object_get(schema, "$ref") == NULL)
        (void)json_object_set_new(schema, "description", json_string(field->about));
    return schema;
}

static json_t *
value_schema(const struct souk_field *field)
{
    char reference[NAME_BYTES];

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        return integer_schema(field);
    case SOUK_FIELD_BOOL:
        return json_pack("{ss}", "type", "boolean");
    case SOUK_FIELD_TEXT:
        return json_pack("{ss si}", "type", "string", "maxLength", (int)field->bytes_max);
    case SOUK_FIELD_BYTES:
        return json_pack("{ss ss}", "type", "string", "contentEncoding", "base64url");
    case SOUK_FIELD_ID:
        return json_pack("{ss ss}", "type", "string", "format", "uuid");
    case SOUK_FIELD_MONEY:
        return json_pack("{ss s{s{s[ss]} s{ss ss}} s[ss]}", "type", "object", "properties", "minor", "type", "integer",
            "string", "currency", "type", "string", "pattern", "^[A-Z]{3}$", "required", "minor", "currency");
    case SOUK_FIELD_ENUM:
        return enum_schema(field->values);
    case SOUK_FIELD_RECORD:
        (void)snprintf(reference, sizeof reference, "#/components/schemas/%s", field->record->name);
        return json_pack("{ss}", "$ref", reference);
    }
    return json_object();
}

/* What JSON cannot hold exactly everywhere is a string of digits. */
static json_t *
integer_schema(const struct souk_field *field)
{
    const bool is_signed = field->type == SOUK_FIELD_I64;
    const int64_t below = field->type == SOUK_FIELD_TIME ? 0 : field->value_min;
    const uint64_t above = field->type == SOUK_FIELD_TIME ? SOUK_TIME_MS_MAX : field->value_max;

    if (is_signed || above > SOUK_JSON_INTEGER_MAX)
        return json_pack("{s[ss] ss}", "type", "integer", "string", "pattern", "^-?[1-9][0-9]*$");
    return json_pack("{ss sI sI}", "type", "integer", "minimum", (json_int_t)below, "maximum", (json_int_t)above);
}

static json_t *
enum_schema(const struct souk_enum *values)
{
    json_t *names = json_array();
    size_t i;

    for (i = 0; i < values->value_count; i++)
        (void)json_array_append_new(names, json_string(values->values[i].name));
    return json_pack("{so}", "enum", names);
}

static bool
is_in_path(const struct souk_route *route, const struct souk_field *field)
{
    size_t i;

    for (i = 0; i < route->path.segment_count; i++) {
        if (route->path.segments[i].field == field)
            return true;
    }
    return false;
}

static bool
is_needed(const struct souk_field *field)
{
    return !field->is_optional && field->default_packed.base == NULL;
}
