#include "souk_stage_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "souk_seal.h"
#include "souk_zpl.h"

#define WORD_ENDS " \t\n,[]{}'\""       /* what a value without quotes does not hold */
#define DIGITS "0123456789"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ID_SMALL_ZEROS 8                /* leading zero bytes of an id that is shown as a number */
#define SHOWN_BYTES_MAX 40              /* of what cannot be read */

/* Where reading stands. */
struct reading {
    struct souk_stage *stage;
    const char *begin, *at;
    struct souk_error *err;
};

static struct souk_slice short_name(const struct souk_message_type *type, const struct souk_field *field);
static bool is_short_for(struct souk_slice name, const char *other);
static const struct souk_wiring *writer_of(const struct souk_stage *stage, const char *stream);
static void say_fields(struct souk_stage *stage, struct stage_text *text, const struct souk_message_type *type,
    json_t *json, const char *before);
static void say_value(struct souk_stage *stage, struct stage_text *text, const struct souk_field *field,
    json_t *json);
static void say_quoted(struct stage_text *text, const char *bytes, size_t size_bytes);
static void say_id(struct souk_stage *stage, struct stage_text *text, const char *uuid);
static int read_fields(struct reading *in, const struct souk_message_type *type, char end, json_t **json_out);
static const struct souk_field *read_name(struct reading *in, const struct souk_message_type *type);
static json_t *read_list(struct reading *in, const struct souk_field *field);
static json_t *read_value(struct reading *in, const struct souk_field *field);
static json_t *read_integer(struct souk_slice word);
static json_t *read_id(struct reading *in, struct souk_slice word);
static json_t *read_money(struct souk_slice word);
static bool read_word(struct reading *in, struct stage_text *room, struct souk_slice *word_out);
static void skip_spaces(struct reading *in);
static int fail_at(const struct reading *in, const char *format, ...) SOUK_PRINTF(2, 3);

/* ---- text that grows ------------------------------------------------ */

void
stage_say_bytes(struct stage_text *text, const char *bytes, size_t size_bytes)
{
    size_t room_bytes = text->room_bytes == 0 ? 256 : text->room_bytes;

    while (room_bytes - text->size_bytes <= size_bytes)
        room_bytes *= 2;
    if (room_bytes != text->room_bytes) {
        if ((text->base = realloc(text->base, room_bytes)) == NULL)
            abort();
        text->room_bytes = room_bytes;
    }
    if (size_bytes != 0)
        memcpy(text->base + text->size_bytes, bytes, size_bytes);
    text->size_bytes += size_bytes;
    text->base[text->size_bytes] = '\0';
}

void
stage_say(struct stage_text *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert(size >= 0);
    stage_say_bytes(text, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

void
stage_text_done(struct stage_text *text)
{
    free(text->base);
    memset(text, 0, sizeof *text);
}

/* ---- finding types -------------------------------------------------- */

const struct souk_message_type *
stage_type(const struct souk_stage *stage, struct souk_slice name, uint16_t version)
{
    const struct souk_message_type *type = souk_messages_find(stage->messages, name);

    return type == NULL ? NULL : souk_message_version(type, version);
}

int
stage_find_type(const struct souk_stage *stage, enum souk_message_kind kind, struct souk_slice name,
    const struct souk_message_type **type_out, struct souk_error *err)
{
    const struct souk_message_type *type = souk_messages_find(stage->messages, name);
    char wanted[SOUK_ERROR_TEXT_BYTES_MAX / 4];
    const char *nearest = NULL;

    if (type != NULL && type->kind == kind) {
        *type_out = type;
        return 0;
    }
    if (type != NULL)
        return souk_fail(err, SOUK_EINVAL, "%s: it is no %s, it is described as a %s", type->name,
            souk_message_kind_name(kind), souk_message_kind_name(type->kind));
    (void)snprintf(wanted, sizeof wanted, "%.*s", (int)name.size_bytes, (const char *)name.base);
    for (size_t i = 0; i < stage->messages->type_count; i++)
        if (stage->messages->types[i]->kind == kind)
            souk_zpl_nearer(wanted, stage->messages->types[i]->name, &nearest);
    return souk_fail(err, SOUK_EINVAL, "%s: there is no such %s%s%s%s", wanted, souk_message_kind_name(kind),
        nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

/* ---- names of fields ------------------------------------------------ */

/* An id and a time show what they are: `_id` and `_ms` are left out, where no other field is named so then. */
static struct souk_slice
short_name(const struct souk_message_type *type, const struct souk_field *field)
{
    struct souk_slice name = souk_slice_of(field->name);
    size_t i;

    if (name.size_bytes <= 3 || (strcmp(field->name + name.size_bytes - 3, "_id") != 0
        && strcmp(field->name + name.size_bytes - 3, "_ms") != 0))
        return name;
    name.size_bytes -= 3;
    for (i = 0; i < type->field_count; i++)
        if (&type->fields[i] != field && is_short_for(name, type->fields[i].name))
            return souk_slice_of(field->name);
    return name;
}

/* Would somebody who reads `name` take it for the field `other`? */
static bool
is_short_for(struct souk_slice name, const char *other)
{
    return strncmp(other, name.base, name.size_bytes) == 0
        && (other[name.size_bytes] == '\0' || strcmp(other + name.size_bytes, "_id") == 0
            || strcmp(other + name.size_bytes, "_ms") == 0);
}

/* ---- writing -------------------------------------------------------- */

void
stage_say_message(struct souk_stage *stage, struct stage_text *text, const struct souk_message_type *type,
    struct souk_slice payload)
{
    const struct souk_wiring *wiring = type == NULL || type->subject == NULL ? NULL : writer_of(stage, type->stream);
    struct souk_error err = { 0 };
    struct souk_arena arena;
    json_t *json = NULL;

    souk_arena_init(&arena, 0);
    if (wiring != NULL && souk_unseal(wiring->keyring, type, payload, &arena, &payload) != 0)
        abort();                                /* this stage has sealed it */
    if (type == NULL) {
        stage_say(text, " (%zu bytes of a version that is not described)", payload.size_bytes);
    } else if (souk_json_from_packed(type, payload, &json, &err) != 0) {
        stage_say(text, " (%s)", err.text);
    } else {
        say_fields(stage, text, type, json, " ");
        json_decref(json);
    }
    souk_arena_done(&arena);
}

/* Who has the keys to what is sealed in `stream`. NULL: nobody on the stage. */
static const struct souk_wiring *
writer_of(const struct souk_stage *stage, const char *stream)
{
    for (uint32_t i = 0; i < stage->node_count; i++)
        for (uint32_t k = 0; stage->nodes[i] != NULL && k < stage->nodes[i]->own_count; k++)
            if (strcmp(stage->nodes[i]->wiring->streams[k].name.text, stream) == 0)
                return stage->nodes[i]->wiring;
    return NULL;
}

static void
say_fields(struct souk_stage *stage, struct stage_text *text, const struct souk_message_type *type, json_t *json,
    const char *before)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct souk_field *field = &type->fields[i];
        const struct souk_slice name = short_name(type, field);
        json_t *value = json_object_get(json, field->name);

        if (value == NULL)
            continue;
        stage_say(text, "%s%.*s=", before, (int)name.size_bytes, (const char *)name.base);
        before = " ";
        if (!field->is_list) {
            say_value(stage, text, field, value);
            continue;
        }
        stage_say(text, "[");
        for (size_t k = 0; k < json_array_size(value); k++) {
            stage_say(text, "%s", k == 0 ? "" : ",");
            say_value(stage, text, field, json_array_get(value, k));
        }
        stage_say(text, "]");
    }
}

static void
say_value(struct souk_stage *stage, struct stage_text *text, const struct souk_field *field, json_t *json)
{
    json_t *minor;

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        if (json_is_integer(json))
            stage_say(text, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        else
            stage_say(text, "%s", json_string_value(json));
        break;
    case SOUK_FIELD_BOOL:
        stage_say(text, "%s", json_is_true(json) ? "true" : "false");
        break;
    case SOUK_FIELD_TEXT:
    case SOUK_FIELD_BYTES:
    case SOUK_FIELD_ENUM:
        say_quoted(text, json_string_value(json), json_string_length(json));
        break;
    case SOUK_FIELD_ID:
        say_id(stage, text, json_string_value(json));
        break;
    case SOUK_FIELD_MONEY:
        minor = json_object_get(json, "minor");
        if (json_is_integer(minor))
            stage_say(text, "%" JSON_INTEGER_FORMAT, json_integer_value(minor));
        else
            stage_say(text, "%s", json_string_value(minor));
        stage_say(text, "%s", json_string_value(json_object_get(json, "currency")));
        break;
    case SOUK_FIELD_RECORD:
        stage_say(text, "{");
        say_fields(stage, text, field->record, json, "");
        stage_say(text, "}");
        break;
    }
}

/* In quotes only when it has to be. */
static void
say_quoted(struct stage_text *text, const char *bytes, size_t size_bytes)
{
    const char quote = memchr(bytes, '\'', size_bytes) == NULL ? '\'' : '"';
    bool plain = size_bytes != 0;

    for (size_t i = 0; i < size_bytes; i++)
        plain &= (unsigned char)bytes[i] > ' ' && bytes[i] != '\\' && bytes[i] != 0x7f
            && strchr(WORD_ENDS, bytes[i]) == NULL;
    if (plain) {
        stage_say_bytes(text, bytes, size_bytes);
        return;
    }
    stage_say_bytes(text, &quote, 1);
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] == '\n')
            stage_say(text, "\\n");
        else if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
            stage_say(text, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
        else if (bytes[i] == quote || bytes[i] == '\\')
            stage_say(text, "\\%c", bytes[i]);
        else
            stage_say_bytes(text, bytes + i, 1);
    }
    stage_say_bytes(text, &quote, 1);
}

/* As a number when it is a small one, as #n when it was drawn here. */
static void
say_id(struct souk_stage *stage, struct stage_text *text, const char *uuid)
{
    uint8_t tail[sizeof stage->drawn[0].tail];
    struct souk_id id;
    size_t zeros = 0;

    if (souk_id_parse(souk_slice_of(uuid), &id) != 0)
        abort();                                /* souk_json_from_packed() wrote it */
    while (zeros < ID_SMALL_ZEROS && id.bytes[zeros] == 0)
        zeros++;
    if (zeros == ID_SMALL_ZEROS) {
        stage_say(text, "%" PRIu64, souk_get_u64(id.bytes + ID_SMALL_ZEROS));
        return;
    }
    memcpy(tail, id.bytes + sizeof id.bytes - sizeof tail, sizeof tail);
    tail[0] &= 0x0f;
    tail[2] &= 0x3f;
    for (uint32_t i = 0; i < stage->drawn_count; i++) {
        struct stage_drawn *drawn = &stage->drawn[i];

        if (memcmp(drawn->tail, tail, sizeof tail) != 0)
            continue;
        if (drawn->number == 0) {
            drawn->id = id;
            drawn->number = ++stage->drawn_shown;
        }
        stage_say(text, "#%" PRIu32, drawn->number);
        return;
    }
    stage_say(text, "%s", uuid);
}

/* ---- reading -------------------------------------------------------- */

int
stage_read_message(struct souk_stage *stage, enum souk_message_kind kind, const char *message,
    const struct souk_message_type **type_out, json_t **json_out, struct souk_error *err)
{
    struct reading in = { .stage = stage, .begin = message, .at = message, .err = err };
    struct souk_slice name;
    int rc;

    skip_spaces(&in);
    name = (struct souk_slice){ in.at, strcspn(in.at, WORD_ENDS) };
    in.at += name.size_bytes;
    if ((rc = stage_find_type(stage, kind, name, type_out, err)) != 0)
        return rc;
    return read_fields(&in, *type_out, '\0', json_out);
}

/* "field=value ..." up to `end`, which is stepped over. */
static int
read_fields(struct reading *in, const struct souk_message_type *type, char end, json_t **json_out)
{
    const struct souk_field *field;
    json_t *json = json_object();
    json_t *value;

    if (json == NULL)
        abort();
    for (skip_spaces(in); *in->at != end; skip_spaces(in)) {
        if ((field = read_name(in, type)) == NULL)
            goto fail;
        if (json_object_get(json, field->name) != NULL) {
            (void)fail_at(in, "`%s` comes twice", field->name);
            goto fail;
        }
        if ((value = field->is_list ? read_list(in, field) : read_value(in, field)) == NULL)
            goto fail;
        if (json_object_set_new(json, field->name, value) != 0)
            abort();
    }
    if (end != '\0')
        in->at++;
    *json_out = json;
    return 0;

fail:
    json_decref(json);
    return -SOUK_EINVAL;
}

/* A field's name and the `=` behind it. */
static const struct souk_field *
read_name(struct reading *in, const struct souk_message_type *type)
{
    const struct souk_slice name = { in->at, strcspn(in->at, WORD_ENDS "=") };
    const struct souk_field *field = NULL;
    const char *nearest = NULL;
    char wanted[SOUK_NAME_BYTES_MAX + 1];

    if (name.size_bytes == 0 || in->at[name.size_bytes] != '=') {
        (void)fail_at(in, "field=value is meant");
        return NULL;
    }
    for (size_t i = 0; i < type->field_count; i++)
        if (souk_slice_equal(name, souk_slice_of(type->fields[i].name))
            || souk_slice_equal(name, short_name(type, &type->fields[i])))
            field = &type->fields[i];
    if (field == NULL) {
        (void)snprintf(wanted, sizeof wanted, "%.*s", (int)name.size_bytes, (const char *)name.base);
        for (size_t i = 0; i < type->field_count; i++)
            souk_zpl_nearer(wanted, type->fields[i].name, &nearest);
        (void)fail_at(in, "%s has no field `%s`%s%s%s", type->name, wanted, nearest == NULL ? "" : "; did you mean `",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
        return NULL;
    }
    in->at += name.size_bytes + 1;
    return field;
}

static json_t *
read_list(struct reading *in, const struct souk_field *field)
{
    json_t *list = json_array();
    json_t *value;

    if (list == NULL)
        abort();
    if (*in->at != '[') {
        (void)fail_at(in, "`%s` is a list: [value,value] is meant", field->name);
        goto fail;
    }
    in->at++;
    skip_spaces(in);
    if (*in->at == ']') {
        in->at++;
        return list;
    }
    for (;;) {
        if ((value = read_value(in, field)) == NULL)
            goto fail;
        if (json_array_append_new(list, value) != 0)
            abort();
        skip_spaces(in);
        if (*in->at == ']')
            break;
        if (*in->at != ',') {
            (void)fail_at(in, "a comma or the end of the list `%s` is meant", field->name);
            goto fail;
        }
        in->at++;
        skip_spaces(in);
    }
    in->at++;
    return list;

fail:
    json_decref(list);
    return NULL;
}

/* NULL: it failed and has said why. What the value may be is checked with the whole message. */
static json_t *
read_value(struct reading *in, const struct souk_field *field)
{
    struct stage_text room = { .base = NULL };
    json_t *json = NULL;
    struct souk_slice word;
    const char *begin = in->at;

    if (field->type == SOUK_FIELD_RECORD) {
        if (*in->at != '{') {
            (void)fail_at(in, "`%s` is a %s: {field=value} is meant", field->name, field->record->name);
            return NULL;
        }
        in->at++;
        return read_fields(in, field->record, '}', &json) == 0 ? json : NULL;
    }
    if (!read_word(in, &room, &word))
        goto done;
    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        json = read_integer(word);
        break;
    case SOUK_FIELD_BOOL:
        if (souk_slice_equal(word, souk_slice_of("true")) || souk_slice_equal(word, souk_slice_of("false")))
            json = json_boolean(word.size_bytes == strlen("true"));
        break;
    case SOUK_FIELD_ID:
        json = read_id(in, word);
        break;
    case SOUK_FIELD_MONEY:
        json = read_money(word);
        break;
    case SOUK_FIELD_TEXT:
    case SOUK_FIELD_BYTES:
    case SOUK_FIELD_ENUM:
    case SOUK_FIELD_RECORD:
        json = json_stringn(word.base == NULL ? "" : word.base, word.size_bytes);
        break;
    }
    if (json == NULL) {
        in->at = begin;
        (void)fail_at(in, "this cannot be `%s`", field->name);
    }

done:
    stage_text_done(&room);
    return json;
}

static json_t *
read_integer(struct souk_slice word)
{
    const char *digits = word.base;
    char text[24];

    if (word.size_bytes == 0 || word.size_bytes >= sizeof text)
        return NULL;
    memcpy(text, digits, word.size_bytes);
    text[word.size_bytes] = '\0';
    digits = text + (text[0] == '-');
    if (*digits == '\0' || strspn(digits, DIGITS) != strlen(digits))
        return NULL;
    if (strlen(digits) > 15)                    /* souk.messages(5): what many readers would round is a string */
        return strtoull(digits, NULL, 10) > SOUK_JSON_INTEGER_MAX ? json_string(text)
            : json_integer(strtoll(text, NULL, 10));
    return json_integer(strtoll(text, NULL, 10));
}

static json_t *
read_id(struct reading *in, struct souk_slice word)
{
    char text[SOUK_ID_TEXT_BYTES] = "";
    struct souk_id id = { { 0 } };
    uint64_t number;

    if (word.size_bytes == 0 || word.size_bytes >= sizeof text)
        return NULL;
    memcpy(text, word.base, word.size_bytes);
    number = strtoull(text + (text[0] == '#'), NULL, 10);
    if (text[0] == '#') {
        for (uint32_t i = 0; i < in->stage->drawn_count; i++)
            if (number != 0 && in->stage->drawn[i].number == number) {
                souk_id_format(in->stage->drawn[i].id, text);
                return json_string(text);
            }
        return NULL;
    }
    if (strspn(text, DIGITS) == word.size_bytes) {
        souk_put_u64(id.bytes + ID_SMALL_ZEROS, number);
        souk_id_format(id, text);
    }
    return json_string(text);
}

/* 1250EUR */
static json_t *
read_money(struct souk_slice word)
{
    const char *text = word.base;
    json_t *minor, *json;

    if (word.size_bytes < 4 || strspn(text + word.size_bytes - 3, CAPITALS) < 3)
        return NULL;
    if ((minor = read_integer((struct souk_slice){ text, word.size_bytes - 3 })) == NULL)
        return NULL;
    if ((json = json_pack("{s:o, s:s%}", "minor", minor, "currency", text + word.size_bytes - 3, (size_t)3)) == NULL)
        abort();
    return json;
}

/* A bare word, or one in quotes, which is put into `room`. */
static bool
read_word(struct reading *in, struct stage_text *room, struct souk_slice *word_out)
{
    static const char hex[] = "0123456789abcdef";
    const char quote = *in->at;

    if (quote != '\'' && quote != '"') {
        *word_out = (struct souk_slice){ in->at, strcspn(in->at, WORD_ENDS) };
        in->at += word_out->size_bytes;
        if (word_out->size_bytes == 0)
            (void)fail_at(in, "a value is meant; '' for an empty text");
        return word_out->size_bytes != 0;
    }
    for (in->at++; *in->at != quote; in->at++) {
        char letter = *in->at;

        if (letter == '\\') {
            letter = *++in->at;
            if (letter == 'n') {
                letter = '\n';
            } else if (letter == 'x' && in->at[1] != '\0' && in->at[2] != '\0' && strchr(hex, in->at[1]) != NULL
                && strchr(hex, in->at[2]) != NULL) {
                letter = (char)((strchr(hex, in->at[1]) - hex) << 4 | (strchr(hex, in->at[2]) - hex));
                in->at += 2;
            } else if (letter != '\\' && letter != '\'' && letter != '"') {
                (void)fail_at(in, "behind a backslash \\, ', \", n or x with two digits is meant");
                return false;
            }
        } else if (letter == '\0') {
            (void)fail_at(in, "the closing %c is missing", quote);
            return false;
        }
        stage_say_bytes(room, &letter, 1);
    }
    in->at++;
    *word_out = (struct souk_slice){ room->base, room->size_bytes };
    return true;
}

static void
skip_spaces(struct reading *in)
{
    in->at += strspn(in->at, " \t\n");
}

static int
fail_at(const struct reading *in, const char *format, ...)
{
    char text[SOUK_ERROR_TEXT_BYTES_MAX / 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return souk_fail(in->err, SOUK_EINVAL, "column %td, at \"%.*s\": %s", in->at - in->begin + 1, SHOWN_BYTES_MAX,
        in->at, text);
}
