#include <souk-json.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "souk_zpl.h"

#define PATH_TEXT_BYTES_MAX 200
#define EXPECTED_TEXT_BYTES_MAX 200
#define KEY_TEXT_BYTES_MAX 60           /* of an unknown name, which may be anything */

/* Where the walk stands: message.field[3].field */
struct place {
    const struct place *up;
    const char *name;                   /* NULL: the value of a list at `index` */
    size_t index;
    bool is_personal;                   /* as all that is below it */
};

static const char *say_syntax(enum json_error_code code);
static int pack_message(const struct souk_message_type *type, json_t *json, const struct place *place,
    struct souk_pack *pack, struct souk_error *err);
static int pack_field(const struct souk_field *field, json_t *json, const struct place *place,
    struct souk_pack *pack, struct souk_error *err);
static int pack_value(const struct souk_field *field, json_t *json, const struct place *place,
    struct souk_pack *pack, struct souk_error *err);
static bool integer_of(json_t *json, bool *is_negative_out, uint64_t *magnitude_out);
static bool pack_integer(const struct souk_field *field, json_t *json, struct souk_pack *pack);
static bool pack_bytes(const struct souk_field *field, json_t *json, struct souk_pack *pack);
static bool pack_money(json_t *json, struct souk_pack *pack);
static bool pack_enum(const struct souk_field *field, json_t *json, struct souk_pack *pack);
static int fail_unknown_key(const struct souk_message_type *type, json_t *json, const struct place *place,
    struct souk_error *err);
static int unpack_message(const struct souk_message_type *type, struct souk_unpack *in, const struct place *place,
    json_t **json_out, struct souk_error *err);
static int unpack_field(const struct souk_field *field, struct souk_unpack *in, const struct place *place,
    json_t **json_out, struct souk_error *err);
static int unpack_value(const struct souk_field *field, struct souk_unpack *in, const struct place *place,
    json_t **json_out, struct souk_error *err);
static json_t *json_of_unsigned(uint64_t value);
static json_t *json_of_signed(int64_t value);
static json_t *json_of_bytes(struct souk_slice bytes);
static json_t *json_of_id(struct souk_id id);
static json_t *json_of_money(struct souk_money money);
static uint32_t field_count_min(const struct souk_message_type *type);
static int fail_value(const struct souk_field *field, bool is_list, json_t *json, const struct place *place,
    enum souk_error_code code, struct souk_error *err);
static int fail_at(const struct place *place, enum souk_error_code code, struct souk_error *err, const char *format,
    ...) SOUK_PRINTF(4, 5);
static void say_expected(const struct souk_field *field, bool is_list, char *text_out);
static size_t say_place(const struct place *place, char *text_out);

int
souk_json_parse(struct souk_slice text, json_t **json_out, struct souk_error *err)
{
    json_error_t error;
    json_t *json;

    if (text.size_bytes > SOUK_JSON_TEXT_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "JSON of %zu bytes, at most %d", text.size_bytes, SOUK_JSON_TEXT_BYTES_MAX);
    json = json_loadb(text.base == NULL ? "" : text.base, text.size_bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
        &error);
    if (json == NULL && json_error_code(&error) == json_error_out_of_memory)
        return souk_fail(err, SOUK_ENOMEM, "no memory for JSON of %zu bytes", text.size_bytes);
    if (json == NULL)
        return souk_fail(err, SOUK_EMALFORMED, "line %d, column %d of the JSON: %s", error.line, error.column,
            say_syntax(json_error_code(&error)));
    *json_out = json;
    return 0;
}

/* jansson's own sentences quote the input, which may be anything and anybody's. */
static const char *
say_syntax(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return "a name comes twice in one object";
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something stands behind its end";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_stack_overflow:
        return "it is nested too deep";
    default:
        return "it goes wrong here";
    }
}

int
souk_json_to_packed(const struct souk_message_type *type, json_t *json, struct souk_pack *pack,
    struct souk_error *err)
{
    const struct place place = { .name = type->name };
    int rc;

    if ((rc = pack_message(type, json, &place, pack, err)) != 0)
        return rc;
    if (pack->rc != 0)
        return souk_fail(err, (enum souk_error_code)-pack->rc, "%s: does not fit into %zu bytes", type->name,
            pack->bytes_max);
    return 0;
}

int
souk_json_from_packed(const struct souk_message_type *type, struct souk_slice packed, json_t **json_out,
    struct souk_error *err)
{
    const struct place place = { .name = type->name };
    struct souk_unpack in;
    json_t *json = NULL;
    int rc;

    souk_unpack_init(&in, packed);
    if ((rc = unpack_message(type, &in, &place, &json, err)) != 0)
        return rc;
    if ((rc = souk_unpack_end(&in)) != 0) {
        json_decref(json);
        return fail_at(&place, (enum souk_error_code)-rc, err, "%td bytes behind the message", in.end - in.at);
    }
    *json_out = json;
    return 0;
}

/* ---- JSON to msgpack ------------------------------------------------ */

static int
pack_message(const struct souk_message_type *type, json_t *json, const struct place *place,
    struct souk_pack *pack, struct souk_error *err)
{
    const struct souk_field *field;
    struct place field_place = { .up = place };
    json_t *value;
    size_t known = 0;
    size_t i;
    int rc;

    if (!json_is_object(json))
        return fail_at(place, SOUK_EINVAL, err, "an object is meant");
    souk_pack_array(pack, (uint32_t)type->field_count);
    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        field_place.name = field->name;
        field_place.is_personal = place->is_personal || field->is_personal;
        if ((value = json_object_get(json, field->name)) != NULL) {
            known++;
            if ((rc = pack_field(field, value, &field_place, pack, err)) != 0)
                return rc;
        } else if (field->is_optional) {
            souk_pack_nil(pack);
        } else if (field->default_packed.base != NULL) {
            souk_pack_raw(pack, field->default_packed);
        } else {
            return fail_at(&field_place, SOUK_EINVAL, err, "is missing");
        }
    }
    return json_object_size(json) == known ? 0 : fail_unknown_key(type, json, place, err);
}

static int
pack_field(const struct souk_field *field, json_t *json, const struct place *place, struct souk_pack *pack,
    struct souk_error *err)
{
    struct place value_place = { .up = place, .is_personal = place->is_personal };
    size_t count;
    int rc;

    if (json_is_null(json))
        return fail_at(place, SOUK_EINVAL, err, "null; leave out what is absent");
    if (!field->is_list)
        return pack_value(field, json, place, pack, err);
    count = json_array_size(json);
    if (!json_is_array(json) || count > field->count_max)
        return fail_value(field, true, json, place, SOUK_EINVAL, err);
    souk_pack_array(pack, (uint32_t)count);
    for (; value_place.index < count; value_place.index++) {
        if ((rc = pack_value(field, json_array_get(json, value_place.index), &value_place, pack, err)) != 0)
            return rc;
    }
    return 0;
}

static int
pack_value(const struct souk_field *field, json_t *json, const struct place *place, struct souk_pack *pack,
    struct souk_error *err)
{
    struct souk_slice text = { json_string_value(json), json_string_length(json) };
    struct souk_id id;
    bool is_meant = false;

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        is_meant = pack_integer(field, json, pack);
        break;
    case SOUK_FIELD_BOOL:
        is_meant = json_is_boolean(json);
        souk_pack_bool(pack, json_is_true(json));
        break;
    case SOUK_FIELD_TEXT:
        if ((is_meant = json_is_string(json) && text.size_bytes <= field->bytes_max))
            souk_pack_str(pack, text);
        break;
    case SOUK_FIELD_BYTES:
        is_meant = json_is_string(json) && pack_bytes(field, json, pack);
        break;
    case SOUK_FIELD_ID:
        if ((is_meant = json_is_string(json) && souk_id_parse(text, &id) == 0))
            souk_pack_id(pack, id);
        break;
    case SOUK_FIELD_MONEY:
        is_meant = pack_money(json, pack);
        break;
    case SOUK_FIELD_ENUM:
        is_meant = json_is_string(json) && pack_enum(field, json, pack);
        break;
    case SOUK_FIELD_RECORD:
        return pack_message(field->record, json, place, pack, err);
    }
    return is_meant ? 0 : fail_value(field, false, json, place, SOUK_EINVAL, err);
}

/* A number within what every reader holds exactly, or the digits of one beyond. */
static bool
integer_of(json_t *json, bool *is_negative_out, uint64_t *magnitude_out)
{
    const char *digits;
    json_int_t value;
    uint64_t magnitude;

    if (json_is_integer(json)) {
        value = json_integer_value(json);
        *is_negative_out = value < 0;
        *magnitude_out = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        return *magnitude_out <= SOUK_JSON_INTEGER_MAX;
    }
    if (!json_is_string(json))
        return false;
    digits = json_string_value(json);
    *is_negative_out = *digits == '-';
    digits += *is_negative_out;
    if (*digits < '1' || *digits > '9' || strspn(digits, "0123456789") + *is_negative_out != json_string_length(json))
        return false;
    errno = 0;
    magnitude = strtoull(digits, NULL, 10);
    *magnitude_out = magnitude;
    return errno == 0 && magnitude > SOUK_JSON_INTEGER_MAX;
}

static bool
pack_integer(const struct souk_field *field, json_t *json, struct souk_pack *pack)
{
    uint64_t magnitude;
    bool is_negative;
    int64_t value;

    if (!integer_of(json, &is_negative, &magnitude))
        return false;
    if (field->type != SOUK_FIELD_I64) {
        if (is_negative || magnitude < (uint64_t)field->value_min || magnitude > field->value_max)
            return false;
        souk_pack_uint(pack, magnitude);
        return true;
    }
    if (magnitude > (uint64_t)INT64_MAX + is_negative)
        return false;
    value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (value < field->value_min || value > (int64_t)field->value_max)
        return false;
    souk_pack_int(pack, value);
    return true;
}

static bool
pack_bytes(const struct souk_field *field, json_t *json, struct souk_pack *pack)
{
    const size_t size_bytes = json_string_length(json);
    struct souk_slice bytes = { NULL, 0 };
    const char *end = NULL;
    unsigned char *room;
    bool is_meant;

    if (size_bytes > sodium_base64_ENCODED_LEN((size_t)field->bytes_max, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return false;
    if ((room = malloc(size_bytes + 1)) == NULL) {
        souk_pack_fail(pack, SOUK_ENOMEM);
        return true;
    }
    is_meant = sodium_base642bin(room, size_bytes, json_string_value(json), size_bytes, NULL, &bytes.size_bytes, &end,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0
        && end == json_string_value(json) + size_bytes && bytes.size_bytes <= field->bytes_max;
    bytes.base = room;
    if (is_meant)
        souk_pack_bin(pack, bytes);
    free(room);
    return is_meant;
}

static bool
pack_money(json_t *json, struct souk_pack *pack)
{
    const struct souk_field minor = { .type = SOUK_FIELD_I64, .value_min = INT64_MIN, .value_max = INT64_MAX };
    json_t *currency = json_object_get(json, "currency");

    if (json_object_size(json) != 2 || !json_is_string(currency) || json_string_length(currency) != 3
        || strspn(json_string_value(currency), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return false;
    souk_pack_array(pack, 2);
    if (!pack_integer(&minor, json_object_get(json, "minor"), pack))
        return false;
    souk_pack_str(pack, souk_slice_of(json_string_value(currency)));
    return true;
}

static bool
pack_enum(const struct souk_field *field, json_t *json, struct souk_pack *pack)
{
    uint16_t number;

    if (souk_enum_number(field->values, (struct souk_slice){ json_string_value(json), json_string_length(json) },
        &number) != 0)
        return false;
    souk_pack_uint(pack, number);
    return true;
}

/* The name comes from outside: it is shown escaped and cut short. */
static int
fail_unknown_key(const struct souk_message_type *type, json_t *json, const struct place *place,
    struct souk_error *err)
{
    const char *nearest = NULL;
    const char *unknown = NULL;
    const char *key;
    char *shown;
    json_t *name;
    size_t i;
    void *at;

    for (at = json_object_iter(json); at != NULL && unknown == NULL;
        at = json_object_iter_next(json, at)) {
        key = json_object_iter_key(at);
        for (i = 0; i < type->field_count && strcmp(type->fields[i].name, key) != 0; i++)
            continue;
        if (i == type->field_count)
            unknown = key;
    }
    assert(unknown != NULL);
    for (i = 0; i < type->field_count; i++)
        souk_zpl_nearer(unknown, type->fields[i].name, &nearest);
    name = json_string(unknown);
    shown = json_dumps(name, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    (void)fail_at(place, SOUK_EINVAL, err, "has no field %.*s%s%s%s", KEY_TEXT_BYTES_MAX, shown == NULL ? "" : shown,
        nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    free(shown);
    json_decref(name);
    return -SOUK_EINVAL;
}

/* ---- msgpack to JSON ------------------------------------------------ */

static int
unpack_message(const struct souk_message_type *type, struct souk_unpack *in, const struct place *place,
    json_t **json_out, struct souk_error *err)
{
    const uint32_t count = souk_unpack_fields(in, field_count_min(type));
    struct place field_place = { .up = place };
    struct souk_unpack defaults;
    const struct souk_field *field;
    json_t *json;
    json_t *value = NULL;
    size_t i;
    int rc;

    if (in->rc != 0)
        return fail_at(place, (enum souk_error_code)-in->rc, err, "an array of %u to %d values is meant",
            field_count_min(type), SOUK_FIELDS_MAX);
    if ((json = json_object()) == NULL)
        return fail_at(place, SOUK_ENOMEM, err, "no memory");
    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        field_place.name = field->name;
        field_place.is_personal = place->is_personal || field->is_personal;
        if (field->is_optional && (i >= count || (field->is_personal ? souk_unpack_absent(in) : souk_unpack_nil(in))))
            continue;
        souk_unpack_init(&defaults, field->default_packed);
        if ((rc = unpack_field(field, i < count ? in : &defaults, &field_place, &value, err)) != 0)
            goto fail;
        if (json_object_set_new(json, field->name, value) != 0) {
            rc = fail_at(&field_place, SOUK_ENOMEM, err, "no memory");
            goto fail;
        }
    }
    souk_unpack_newer_fields(in, count, (uint32_t)type->field_count);
    if (in->rc != 0) {
        rc = fail_at(place, (enum souk_error_code)-in->rc, err, "a value behind the last known field is malformed");
        goto fail;
    }
    *json_out = json;
    return 0;

fail:
    json_decref(json);
    return rc;
}

static int
unpack_field(const struct souk_field *field, struct souk_unpack *in, const struct place *place, json_t **json_out,
    struct souk_error *err)
{
    struct place value_place = { .up = place, .is_personal = place->is_personal };
    uint32_t count;
    json_t *values;
    json_t *value = NULL;
    int rc;

    if (!field->is_list)
        return unpack_value(field, in, place, json_out, err);
    count = souk_unpack_array(in, field->count_max);
    if (in->rc != 0)
        return fail_value(field, true, NULL, place, (enum souk_error_code)-in->rc, err);
    if ((values = json_array()) == NULL)
        return fail_at(place, SOUK_ENOMEM, err, "no memory");
    for (; value_place.index < count; value_place.index++) {
        if ((rc = unpack_value(field, in, &value_place, &value, err)) != 0)
            goto fail;
        if (json_array_append_new(values, value) != 0) {
            rc = fail_at(&value_place, SOUK_ENOMEM, err, "no memory");
            goto fail;
        }
    }
    *json_out = values;
    return 0;

fail:
    json_decref(values);
    return rc;
}

static int
unpack_value(const struct souk_field *field, struct souk_unpack *in, const struct place *place, json_t **json_out,
    struct souk_error *err)
{
    struct souk_slice text;
    json_t *json = NULL;

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_TIME:
        json = json_of_unsigned(souk_unpack_uint_in(in, (uint64_t)field->value_min, field->value_max));
        break;
    case SOUK_FIELD_I64:
        json = json_of_signed(souk_unpack_int(in, field->value_min, (int64_t)field->value_max));
        break;
    case SOUK_FIELD_BOOL:
        json = json_boolean(souk_unpack_bool(in));
        break;
    case SOUK_FIELD_TEXT:
        text = souk_unpack_str(in, field->bytes_max);
        json = json_stringn(text.base == NULL ? "" : text.base, text.size_bytes);
        break;
    case SOUK_FIELD_BYTES:
        json = json_of_bytes(souk_unpack_bin(in, field->bytes_max));
        break;
    case SOUK_FIELD_ID:
        json = json_of_id(souk_unpack_id(in));
        break;
    case SOUK_FIELD_MONEY:
        json = json_of_money(souk_unpack_money(in));
        break;
    case SOUK_FIELD_ENUM:
        json = json_string(souk_enum_name(field->values, souk_unpack_enum(in, field->values)));
        break;
    case SOUK_FIELD_RECORD:
        return unpack_message(field->record, in, place, json_out, err);
    }
    if (in->rc != 0) {
        json_decref(json);
        return fail_value(field, false, NULL, place, (enum souk_error_code)-in->rc, err);
    }
    if (json == NULL)
        return fail_at(place, SOUK_ENOMEM, err, "no memory");
    *json_out = json;
    return 0;
}

static json_t *
json_of_unsigned(uint64_t value)
{
    if (value <= SOUK_JSON_INTEGER_MAX)
        return json_integer((json_int_t)value);
    return json_sprintf("%" PRIu64, value);
}

static json_t *
json_of_signed(int64_t value)
{
    if (value >= -SOUK_JSON_INTEGER_MAX && value <= SOUK_JSON_INTEGER_MAX)
        return json_integer(value);
    return json_sprintf("%" PRId64, value);
}

static json_t *
json_of_bytes(struct souk_slice bytes)
{
    const size_t room_bytes = sodium_base64_encoded_len(bytes.size_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    json_t *json;
    char *text;

    if ((text = malloc(room_bytes)) == NULL)
        return NULL;
    (void)sodium_bin2base64(text, room_bytes, bytes.base, bytes.size_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    json = json_string(text);
    free(text);
    return json;
}

static json_t *
json_of_id(struct souk_id id)
{
    char text[SOUK_ID_TEXT_BYTES];

    souk_id_format(id, text);
    return json_string(text);
}

static json_t *
json_of_money(struct souk_money money)
{
    return json_pack("{s:o, s:s}", "minor", json_of_signed(money.minor), "currency", money.currency);
}

/* ---- what both need ------------------------------------------------- */

/* Up to the last field that cannot be left out. */
static uint32_t
field_count_min(const struct souk_message_type *type)
{
    size_t count = type->field_count;

    while (count > 0 && (type->fields[count - 1].is_optional || type->fields[count - 1].default_packed.base != NULL))
        count--;
    return (uint32_t)count;
}

/* What is shown of the wrong value is never more than a number, and nothing of a person. */
static int
fail_value(const struct souk_field *field, bool is_list, json_t *json, const struct place *place,
    enum souk_error_code code, struct souk_error *err)
{
    static const char *const type_names[] = {
        [JSON_OBJECT] = "an object",
        [JSON_ARRAY] = "this array",
        [JSON_STRING] = "this string",
        [JSON_INTEGER] = "this number",
        [JSON_REAL] = "a number with a point or exponent",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null",
    };
    char expected[EXPECTED_TEXT_BYTES_MAX];

    say_expected(field, is_list, expected);
    if (json == NULL || json_is_object(json))
        return fail_at(place, code, err, "%s is meant", expected);
    if (json_is_integer(json) && !place->is_personal)
        return fail_at(place, code, err, "%s is meant, not %" JSON_INTEGER_FORMAT, expected, json_integer_value(json));
    return fail_at(place, code, err, "%s is meant, not %s", expected, type_names[json_typeof(json)]);
}

static int
fail_at(const struct place *place, enum souk_error_code code, struct souk_error *err, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    char path[PATH_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)say_place(place, path);
    return souk_fail(err, code, "%s: %s", path, sentence);
}

static void
say_expected(const struct souk_field *field, bool is_list, char *text_out)
{
    const size_t room = EXPECTED_TEXT_BYTES_MAX;
    size_t used;
    size_t i;

    if (is_list) {
        (void)snprintf(text_out, room, "an array of at most %u values", field->count_max);
        return;
    }
    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
        (void)snprintf(text_out, room, "a whole number from %" PRId64 " to %" PRIu64, field->value_min,
            field->value_max);
        break;
    case SOUK_FIELD_I64:
        (void)snprintf(text_out, room, "a whole number from %" PRId64 " to %" PRId64, field->value_min,
            (int64_t)field->value_max);
        break;
    case SOUK_FIELD_BOOL:
        (void)snprintf(text_out, room, "true or false");
        break;
    case SOUK_FIELD_TEXT:
        (void)snprintf(text_out, room, "a text of at most %u bytes", field->bytes_max);
        break;
    case SOUK_FIELD_BYTES:
        (void)snprintf(text_out, room, "base64url of at most %u bytes", field->bytes_max);
        break;
    case SOUK_FIELD_ID:
        (void)snprintf(text_out, room, "an id (UUID)");
        break;
    case SOUK_FIELD_TIME:
        (void)snprintf(text_out, room, "a time in ms since 1970, up to %" PRIu64 ",", field->value_max);
        break;
    case SOUK_FIELD_MONEY:
        (void)snprintf(text_out, room, "{\"minor\": a whole number, \"currency\": three capital letters}");
        break;
    case SOUK_FIELD_RECORD:
        (void)snprintf(text_out, room, "a %s", field->record->name);
        break;
    case SOUK_FIELD_ENUM:
        used = (size_t)snprintf(text_out, room, "one of");
        for (i = 0; i < field->values->value_count && used < room; i++)
            used += (size_t)snprintf(text_out + used, room - used, "%s %s", i == 0 ? "" : ",",
                field->values->values[i].name);
        break;
    }
}

static size_t
say_place(const struct place *place, char *text_out)
{
    const size_t room = PATH_TEXT_BYTES_MAX;
    size_t used = place->up == NULL ? 0 : say_place(place->up, text_out);

    if (used >= room)
        return used;
    if (place->name == NULL)
        used += (size_t)snprintf(text_out + used, room - used, "[%zu]", place->index);
    else
        used += (size_t)snprintf(text_out + used, room - used, "%s%s", place->up == NULL ? "" : ".", place->name);
    return used;
}
