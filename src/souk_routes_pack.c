#include "souk_routes_parts.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <souk-json.h>

#define SHOWN_BYTES_MAX 60              /* of a name that may be anything */
#define DEFAULT_REFUSED 409
#define DEFAULT_QUERY_REFUSED 404

/* A request while it becomes a message. */
struct packing {
    const struct souk_message_type *type;
    json_t *message;                    /* an object of its own */
    struct souk_error *err;
};

static int put_path(struct packing *packing, const struct souk_route_match *match);
static int put_parameters(struct packing *packing, struct souk_slice parameters);
static int put_parameter(struct packing *packing, struct souk_slice parameter);
static int put_empty_lists(struct packing *packing);
static int put_if_match(struct packing *packing, const struct souk_field *field, struct souk_slice value);
static int put_own(struct packing *packing, const struct souk_field *field, struct souk_slice value);
static int put_value(struct packing *packing, json_t *into, const struct souk_message_type *type,
    const struct souk_field *field, struct souk_slice value, bool is_parameter);
static int put_part(struct packing *packing, const struct souk_field *field, struct souk_slice rest,
    struct souk_slice value);
static json_t *value_of(const struct souk_field *field, struct souk_slice value);
static json_t *integer_of(struct souk_slice value);
static json_t *part_of(json_t *into, const struct souk_field *field);
static int fail_unknown(struct packing *packing, struct souk_slice name);
static int hex_digit(char letter);
static size_t escape(struct souk_slice value, char *text_out, size_t text_bytes);
static struct souk_slice text_of(const struct souk_field *field, json_t *value, char digits_out[24]);

const struct souk_field *
souk_route_field(const struct souk_message_type *type, struct souk_slice name)
{
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        if (souk_slice_equal(souk_slice_of(type->fields[i].name), name))
            return &type->fields[i];
    }
    return NULL;
}

bool
souk_route_is_plain(const struct souk_field *field)
{
    return field->type != SOUK_FIELD_RECORD && field->type != SOUK_FIELD_MONEY;
}

bool
souk_route_is_parameter(const struct souk_field *field)
{
    return souk_route_is_plain(field) || !field->is_list;
}

int
souk_route_pack(const struct souk_route_match *match, const struct souk_route_said *said, struct souk_pack *pack,
    struct souk_error *err)
{
    struct packing packing = { .type = match->route->type, .err = err };
    int rc;

    if (said->body != NULL && !json_is_object(said->body))
        return souk_fail(err, SOUK_EINVAL, "an object is meant as the body");
    packing.message = said->body == NULL ? json_object() : json_copy(said->body);
    if (packing.message == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for a message");
    if (said->parameters.size_bytes > 0 && packing.type->kind != SOUK_QUERY)
        rc = souk_fail(err, SOUK_EINVAL, "a command takes no parameters behind `?`");
    else
        rc = put_path(&packing, match);
    if (rc == 0)
        rc = put_parameters(&packing, said->parameters);
    if (rc == 0 && said->if_match.base != NULL)
        rc = put_if_match(&packing, match->route->if_match, said->if_match);
    if (rc == 0)
        rc = put_own(&packing, match->route->secret_hash, said->secret_hash);
    if (rc == 0)
        rc = put_own(&packing, match->route->address, said->address);
    if (rc == 0 && packing.type->kind == SOUK_QUERY)
        rc = put_empty_lists(&packing);
    if (rc == 0)
        rc = souk_json_to_packed(packing.type, packing.message, pack, err);
    json_decref(packing.message);
    return rc;
}

bool
souk_route_is_filled(const struct souk_route *route, const struct souk_field *field)
{
    size_t i;

    for (i = 0; i < route->path.segment_count; i++) {
        if (route->path.segments[i].field == field)
            return true;
    }
    return field == route->if_match || field == route->secret_hash || field == route->address;
}

unsigned
souk_route_refusal_status(const struct souk_route *route, struct souk_slice code)
{
    size_t i;

    for (i = 0; i < route->refusal_count; i++) {
        if (souk_slice_equal(souk_slice_of(route->refusals[i].code), code))
            return route->refusals[i].status;
    }
    return route->type->kind == SOUK_QUERY ? DEFAULT_QUERY_REFUSED : DEFAULT_REFUSED;
}

/* ---- from the path -------------------------------------------------- */

static int
put_path(struct packing *packing, const struct souk_route_match *match)
{
    const struct souk_route_path *path = &match->route->path;
    const struct souk_field *field;
    size_t i;
    int rc;

    for (i = 0; i < path->segment_count; i++) {
        if ((field = path->segments[i].field) == NULL)
            continue;
        if (json_object_get(packing->message, field->name) != NULL)
            return souk_fail(packing->err, SOUK_EINVAL, "%s.%s: stands in the path; leave it out of the body",
                packing->type->name, field->name);
        if ((rc = put_value(packing, packing->message, packing->type, field, match->values[i], false)) != 0)
            return rc;
    }
    return 0;
}

/* ---- from the parameters -------------------------------------------- */

static int
put_parameters(struct packing *packing, struct souk_slice parameters)
{
    const char *at = parameters.base;
    const char *const end = parameters.size_bytes == 0 ? at : at + parameters.size_bytes;
    const char *stop;
    size_t count = 0;
    int rc;

    for (; at < end; at = stop + 1) {
        if ((stop = memchr(at, '&', (size_t)(end - at))) == NULL)
            stop = end;
        if (++count > SOUK_ROUTE_PARAMETERS_MAX)
            return souk_fail(packing->err, SOUK_EINVAL, "more than %d parameters", SOUK_ROUTE_PARAMETERS_MAX);
        if ((rc = put_parameter(packing, (struct souk_slice){ at, (size_t)(stop - at) })) != 0)
            return rc;
        if (stop == end)
            break;
    }
    return 0;
}

/* NAME=VALUE, where NAME is a field, or FIELD.FIELD of a record. */
static int
put_parameter(struct packing *packing, struct souk_slice parameter)
{
    const char *begin = parameter.base;
    const char *equals = parameter.size_bytes == 0 ? NULL : memchr(begin, '=', parameter.size_bytes);
    struct souk_slice name = { begin, equals == NULL ? parameter.size_bytes : (size_t)(equals - begin) };
    struct souk_slice value = { equals == NULL ? begin : equals + 1, 0 };
    const struct souk_field *field;
    struct souk_slice rest;
    const char *dot;

    if (equals == NULL)
        return souk_fail(packing->err, SOUK_EINVAL, "a parameter without `=`: NAME=VALUE is meant");
    value.size_bytes = parameter.size_bytes - name.size_bytes - 1;
    if ((field = souk_route_field(packing->type, name)) != NULL) {
        if (!souk_route_is_plain(field))
            return souk_fail(packing->err, SOUK_EINVAL, "%s.%s: has parts; give them as %s.%s=...",
                packing->type->name, field->name, field->name,
                field->type == SOUK_FIELD_MONEY ? "minor" : "PART");
        return put_value(packing, packing->message, packing->type, field, value, true);
    }
    if ((dot = name.size_bytes == 0 ? NULL : memchr(begin, '.', name.size_bytes)) == NULL)
        return fail_unknown(packing, name);
    rest = (struct souk_slice){ dot + 1, name.size_bytes - (size_t)(dot + 1 - begin) };
    field = souk_route_field(packing->type, (struct souk_slice){ begin, (size_t)(dot - begin) });
    if (field == NULL || souk_route_is_plain(field) || field->is_list)
        return fail_unknown(packing, name);
    return put_part(packing, field, rest, value);
}

/* `rest` is what stands behind the dot. Records in records are not reached: a GET has no use for them. */
static int
put_part(struct packing *packing, const struct souk_field *field, struct souk_slice rest, struct souk_slice value)
{
    static const struct souk_field minor = { .name = "minor", .type = SOUK_FIELD_I64 };
    static const struct souk_field currency = { .name = "currency", .type = SOUK_FIELD_TEXT };
    const struct souk_field *part = NULL;
    json_t *into;

    if (field->type == SOUK_FIELD_RECORD)
        part = souk_route_field(field->record, rest);
    else if (souk_slice_equal(rest, souk_slice_of("minor")))
        part = &minor;
    else if (souk_slice_equal(rest, souk_slice_of("currency")))
        part = &currency;
    if (part == NULL || !souk_route_is_plain(part))
        return fail_unknown(packing, rest);
    if ((into = part_of(packing->message, field)) == NULL)
        return souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    return put_value(packing, into, field->type == SOUK_FIELD_RECORD ? field->record : packing->type, part, value,
        true);
}

static json_t *
part_of(json_t *into, const struct souk_field *field)
{
    json_t *part = json_object_get(into, field->name);

    if (part == NULL && (part = json_object()) != NULL && json_object_set_new(into, field->name, part) != 0)
        part = NULL;
    return part;
}

/* A list of which no parameter says anything is empty: there is no other way to say that. */
static int
put_empty_lists(struct packing *packing)
{
    const struct souk_field *field;
    size_t i;

    for (i = 0; i < packing->type->field_count; i++) {
        field = &packing->type->fields[i];
        if (field->is_list && json_object_get(packing->message, field->name) == NULL
            && json_object_set_new(packing->message, field->name, json_array()) != 0)
            return souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    }
    return 0;
}

/* As it is: an entity tag is not percent-encoded. */
static int
put_if_match(struct packing *packing, const struct souk_field *field, struct souk_slice value)
{
    json_t *json;

    if (field == NULL)
        return souk_fail(packing->err, SOUK_EINVAL, "%s: takes no If-Match", packing->type->name);
    if (json_object_get(packing->message, field->name) != NULL)
        return souk_fail(packing->err, SOUK_EINVAL, "%s.%s: is what If-Match says; leave it out of the body",
            packing->type->name, field->name);
    if (!souk_slice_is_utf8(value))
        return souk_fail(packing->err, SOUK_EINVAL, "%s.%s: is no UTF-8", packing->type->name, field->name);
    if ((json = value_of(field, value)) == NULL || json_object_set_new(packing->message, field->name, json) != 0)
        return souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    return 0;
}

/* What nobody but the bridge says. */
static int
put_own(struct packing *packing, const struct souk_field *field, struct souk_slice value)
{
    char text[sodium_base64_ENCODED_LEN(SOUK_ROUTES_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    json_t *json;

    if (field == NULL)
        return 0;
    if (json_object_get(packing->message, field->name) != NULL)
        return souk_fail(packing->err, SOUK_EINVAL, "%s.%s: is not for a caller to say; leave it out of the body",
            packing->type->name, field->name);
    if (value.base == NULL)
        return 0;
    if (field->type == SOUK_FIELD_BYTES) {
        assert(value.size_bytes == SOUK_ROUTES_SECRET_BYTES);
        (void)sodium_bin2base64(text, sizeof text, value.base, value.size_bytes,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        value = souk_slice_of(text);
    }
    json = json_stringn(value.base, value.size_bytes);
    if (json == NULL || json_object_set_new(packing->message, field->name, json) != 0)
        return souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    return 0;
}

/* ---- values --------------------------------------------------------- */

static int
put_value(struct packing *packing, json_t *into, const struct souk_message_type *type,
    const struct souk_field *field, struct souk_slice value, bool is_parameter)
{
    char *text = malloc(value.size_bytes + 1);
    struct souk_slice plain = { text, 0 };
    json_t *json = NULL;
    json_t *list;
    int rc = 0;

    if (text == NULL)
        return souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    if (souk_route_unescape(value, is_parameter, text, &plain.size_bytes) != 0 || !souk_slice_is_utf8(plain))
        rc = souk_fail(packing->err, SOUK_EINVAL, "%s.%s: is no percent-encoded UTF-8", type->name, field->name);
    else if ((json = value_of(field, plain)) == NULL)
        rc = souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    if (rc == 0 && field->is_list) {
        if ((list = json_object_get(into, field->name)) == NULL && (list = json_array()) != NULL
            && json_object_set_new(into, field->name, list) != 0)
            list = NULL;
        if (list == NULL || json_array_append_new(list, json) != 0)
            rc = souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    } else if (rc == 0 && json_object_get(into, field->name) != NULL) {
        json_decref(json);
        rc = souk_fail(packing->err, SOUK_EINVAL, "%s.%s: is given twice", type->name, field->name);
    } else if (rc == 0 && json_object_set_new(into, field->name, json) != 0) {
        rc = souk_fail(packing->err, SOUK_ENOMEM, "no memory for a message");
    }
    free(text);
    return rc;
}

/* The JSON that a body would have for it; what cannot be meant stays a text, and is refused as such. */
static json_t *
value_of(const struct souk_field *field, struct souk_slice value)
{
    json_t *json = NULL;

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        json = integer_of(value);
        break;
    case SOUK_FIELD_BOOL:
        if (souk_slice_equal(value, souk_slice_of("true")))
            json = json_true();
        else if (souk_slice_equal(value, souk_slice_of("false")))
            json = json_false();
        break;
    default:
        break;
    }
    return json != NULL ? json : json_stringn(value.base, value.size_bytes);
}

/* Digits as a JSON number, where JSON has one of that size. NULL: no digits, or too many. */
static json_t *
integer_of(struct souk_slice value)
{
    const char *text = value.base;
    const bool is_negative = value.size_bytes > 0 && text[0] == '-';
    int64_t number = 0;
    size_t i;

    if (value.size_bytes <= is_negative || (text[is_negative] == '0' && value.size_bytes > 1))
        return NULL;
    for (i = is_negative; i < value.size_bytes; i++) {
        if (text[i] < '0' || text[i] > '9' || number > SOUK_JSON_INTEGER_MAX / 10)
            return NULL;
        number = 10 * number + (text[i] - '0');
    }
    if (number > SOUK_JSON_INTEGER_MAX)
        return NULL;
    return json_integer(is_negative ? -number : number);
}

static int
fail_unknown(struct packing *packing, struct souk_slice name)
{
    char shown[SHOWN_BYTES_MAX + 1];
    const char *nearest = NULL;
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < name.size_bytes && bytes < SHOWN_BYTES_MAX; i++) {
        const char letter = ((const char *)name.base)[i];

        shown[bytes++] = letter > ' ' && letter < 0x7f ? letter : '?';
    }
    shown[bytes] = '\0';
    for (i = 0; i < packing->type->field_count; i++)
        souk_zpl_nearer(shown, packing->type->fields[i].name, &nearest);
    return souk_fail(packing->err, SOUK_EINVAL, "%s: has no parameter \"%s\"%s%s%s", packing->type->name, shown,
        nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

/* ---- percent-encoding ----------------------------------------------- */

int
souk_route_unescape(struct souk_slice text, bool is_parameter, char *text_out, size_t *bytes_out)
{
    const char *at = text.base;
    const char *const end = text.size_bytes == 0 ? at : at + text.size_bytes;
    size_t bytes = 0;
    int high;
    int low;

    for (; at < end; at++) {
        if (*at != '%') {
            text_out[bytes++] = is_parameter && *at == '+' ? ' ' : *at;
            continue;
        }
        if (end - at < 3 || (high = hex_digit(at[1])) < 0 || (low = hex_digit(at[2])) < 0 || high + low == 0)
            return -SOUK_EINVAL;
        text_out[bytes++] = (char)(high << 4 | low);
        at += 2;
    }
    *bytes_out = bytes;
    return 0;
}

static int
hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F')
        return letter - 'A' + 10;
    return -1;
}

/* ---- where a new thing is ------------------------------------------- */

size_t
souk_route_location(const struct souk_route *route, struct souk_slice packed, char *text_out, size_t text_bytes)
{
    const struct souk_route_segment *segment;
    char digits[24];
    json_t *message = NULL;
    size_t bytes = 0;
    size_t more = 1;
    size_t i;

    if (route->location.text == NULL || souk_json_from_packed(route->type, packed, &message, NULL) != 0)
        return 0;
    for (i = 0; i < route->location.segment_count && more > 0; i++) {
        segment = &route->location.segments[i];
        if (bytes + 2 > text_bytes)
            more = 0;
        else
            text_out[bytes++] = '/';
        if (more > 0 && segment->text.size_bytes > 0) {
            more = escape(segment->field == NULL ? segment->text : text_of(segment->field,
                json_object_get(message, segment->field->name), digits), text_out + bytes, text_bytes - bytes);
            bytes += more;
        }
    }
    json_decref(message);
    if (more == 0)
        return 0;
    text_out[bytes] = '\0';
    return bytes;
}

struct souk_slice
souk_route_etag(const struct souk_route *route, json_t *answer, char text_out[24])
{
    return text_of(route->etag, json_object_get(answer, route->etag->name), text_out);
}

/* A plain value as a path has it; empty when it is absent. */
static struct souk_slice
text_of(const struct souk_field *field, json_t *value, char digits_out[24])
{
    if (json_is_string(value))
        return (struct souk_slice){ json_string_value(value), json_string_length(value) };
    if (json_is_integer(value)) {
        (void)snprintf(digits_out, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return souk_slice_of(digits_out);
    }
    assert(value == NULL || field->type == SOUK_FIELD_BOOL);
    return souk_slice_of(value == NULL ? "" : json_is_true(value) ? "true" : "false");
}

/* Gives its bytes; 0: there are none, or they do not fit with a NUL behind them. */
static size_t
escape(struct souk_slice value, char *text_out, size_t text_bytes)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const unsigned char *from = value.base;
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < value.size_bytes; i++) {
        if (bytes + 4 > text_bytes)
            return 0;
        if (from[i] != '\0' && strchr(plain, from[i]) != NULL)
            text_out[bytes++] = (char)from[i];
        else
            bytes += (size_t)snprintf(text_out + bytes, 4, "%%%02X", (unsigned)from[i]);
    }
    return bytes;
}
