#include "souk_messages.h"

#include <inttypes.h>
#include <string.h>

static void write_untyped(const struct souk_message_type *type, FILE *out);
static void write_handler_call(const struct souk_message_type *type, const char *verb, const char *first,
    const char *last, FILE *out);
static void write_event_key(const struct souk_message_type *type, FILE *out);
static void write_row_key(const struct souk_message_type *type, FILE *out);
static void write_upcast(const struct souk_message_type *older, const struct souk_message_type *newer, FILE *out);
static void write_fields(const struct souk_message_type *type, FILE *out);
static void write_field(const struct souk_field *field, FILE *out);
static void write_causes(const struct souk_message_type *type, FILE *out);
static void write_type(const struct souk_message_type *type, FILE *out);
static void write_type_functions(const struct souk_message_type *type, FILE *out);
static void write_type_relations(const struct souk_message_type *type, FILE *out);
static void write_settings(const struct souk_messages *messages, FILE *out);
static void write_string_member(const char *member, const char *text, FILE *out);

void
souk_messages_write_type(const struct souk_message_type *type, FILE *out)
{
    const struct souk_message_type *newer;

    if (type->kind != SOUK_RECORD)
        write_untyped(type, out);
    write_fields(type, out);
    write_causes(type, out);
    write_type(type, out);
    for (newer = type; newer->older != NULL; newer = newer->older) {
        write_untyped(newer->older, out);
        write_upcast(newer->older, newer, out);
        write_fields(newer->older, out);
        write_type(newer->older, out);
    }
}

void
souk_messages_write_enum(const struct souk_enum *values, FILE *out)
{
    size_t i;

    (void)fprintf(out, "static const struct souk_enum_value %s_values[] = {\n", values->name);
    for (i = 0; i < values->value_count; i++) {
        (void)fprintf(out, "    { \"%s\", %s, ", values->values[i].name,
            souk_c_constant(values->name, values->values[i].name).text);
        if (values->values[i].about == NULL)
            (void)fprintf(out, "NULL");
        else
            souk_c_string(out, values->values[i].about);
        (void)fprintf(out, " },\n");
    }
    (void)fprintf(out, "};\n\nconst struct souk_enum %s_enum = {\n", values->name);
    write_string_member("name", values->name, out);
    write_string_member("about", values->about, out);
    (void)fprintf(out, "    .values = %s_values,\n    .value_count = %zu,\n};\n\n", values->name,
        values->value_count);
}

void
souk_messages_write_catalogue(const struct souk_messages *messages, FILE *out)
{
    static const char *const audiences[] = {
        [SOUK_AUDIENCE_PUBLIC] = "SOUK_AUDIENCE_PUBLIC",
        [SOUK_AUDIENCE_INTERNAL] = "SOUK_AUDIENCE_INTERNAL",
        [SOUK_AUDIENCE_PRIVATE] = "SOUK_AUDIENCE_PRIVATE",
    };
    size_t i;

    if (messages->stream_count > 0)
        (void)fprintf(out, "static const struct souk_message_stream streams[] = {\n");
    for (i = 0; i < messages->stream_count; i++) {
        (void)fprintf(out, "    { STREAM_%s, %s, ", souk_c_constant(messages->streams[i].name, NULL).text,
            audiences[messages->streams[i].audience]);
        souk_c_string(out, messages->streams[i].about);
        (void)fprintf(out, " },\n");
    }
    if (messages->stream_count > 0)
        (void)fprintf(out, "};\n\n");
    if (messages->enum_count > 0)
        (void)fprintf(out, "static const struct souk_enum *const enums[] = {\n");
    for (i = 0; i < messages->enum_count; i++)
        (void)fprintf(out, "    &%s_enum,\n", messages->enums[i]->name);
    if (messages->enum_count > 0)
        (void)fprintf(out, "};\n\n");
    if (messages->refusal_count > 0)
        (void)fprintf(out, "static const struct souk_refusal refusals[] = {\n");
    for (i = 0; i < messages->refusal_count; i++) {
        (void)fprintf(out, "    { %s, ", souk_c_constant(messages->refusals[i].code, NULL).text);
        souk_c_string(out, messages->refusals[i].about);
        (void)fprintf(out, " },\n");
    }
    if (messages->refusal_count > 0)
        (void)fprintf(out, "};\n\n");
    write_settings(messages, out);
    if (messages->type_count > 0)
        (void)fprintf(out, "static const struct souk_message_type *const types[] = {\n");
    for (i = 0; i < messages->type_count; i++)
        (void)fprintf(out, "    &%s_type,\n", souk_c_type(messages->types[i]).text);
    if (messages->type_count > 0)
        (void)fprintf(out, "};\n\n");
    (void)fprintf(out, "const struct souk_messages %s_messages = {\n", messages->application);
    write_string_member("application", messages->application, out);
    write_string_member("about", messages->about, out);
    if (messages->stream_count > 0)
        (void)fprintf(out, "    .streams = streams,\n    .stream_count = %zu,\n", messages->stream_count);
    if (messages->enum_count > 0)
        (void)fprintf(out, "    .enums = enums,\n    .enum_count = %zu,\n", messages->enum_count);
    if (messages->refusal_count > 0)
        (void)fprintf(out, "    .refusals = refusals,\n    .refusal_count = %zu,\n", messages->refusal_count);
    if (messages->settings != NULL)
        (void)fprintf(out, "    .settings = settings,\n");
    if (messages->type_count > 0)
        (void)fprintf(out, "    .types = types,\n    .type_count = %zu,\n", messages->type_count);
    (void)fprintf(out, "};\n");
}

static void
write_settings(const struct souk_messages *messages, FILE *out)
{
    const struct souk_setting *const *settings = messages->settings;
    size_t i;

    if (settings == NULL)
        return;
    for (i = 0; settings[i] != NULL; i++) {
        (void)fprintf(out, "const struct souk_setting %s = {\n", souk_c_setting(settings[i]).text);
        write_string_member("name", settings[i]->name, out);
        (void)fprintf(out, "    .value_min = %" PRIu64 "u,\n    .value_max = %" PRIu64 "u,\n    .value_default = %" PRIu64
            "u,\n", settings[i]->value_min, settings[i]->value_max, settings[i]->value_default);
        write_string_member("about", settings[i]->about, out);
        (void)fprintf(out, "};\n\n");
    }
    (void)fprintf(out, "static const struct souk_setting *const settings[] = {\n");
    for (i = 0; settings[i] != NULL; i++)
        (void)fprintf(out, "    &%s,\n", souk_c_setting(settings[i]).text);
    (void)fprintf(out, "    NULL,\n};\n\n");
}

/* ---- functions without types ---------------------------------------- */

static void
write_untyped(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);

    (void)fprintf(out,
        "static int\n"
        "encode_%s(const void *message, struct souk_pack *pack)\n"
        "{\n"
        "    return %s_encode(message, pack);\n"
        "}\n\n"
        "static int\n"
        "decode_%s(struct souk_slice packed, struct souk_arena *arena, void *message_out)\n"
        "{\n"
        "    return %s_decode(packed, arena, message_out);\n"
        "}\n\n", name.text, name.text, name.text, name.text);
    if (type->key_field_count > 0 && type->kind == SOUK_EVENT)
        write_event_key(type, out);
    if (type->key_field_count > 0 && type->kind == SOUK_ROW)
        write_row_key(type, out);
    if (type->upcast_name != NULL)
        return;
    if (type->kind == SOUK_COMMAND) {
        write_handler_call(type, "prepare", "const struct souk_view *view", "struct souk_prepared *prepared", out);
        write_handler_call(type, "decide", "const struct souk_view *view", "struct souk_decision *decision", out);
    } else if (type->kind == SOUK_EVENT) {
        write_handler_call(type, "react", "const struct souk_view *view", "struct souk_decision *decision", out);
        write_handler_call(type, "apply", "struct souk_tables *tables", NULL, out);
    } else if (type->kind == SOUK_QUERY) {
        write_handler_call(type, "answer", "const struct souk_view *view", "struct souk_answer *answer", out);
    }
}

/* `first` and `last` are parameters; the last word of each, without stars, is its name. */
static void
write_handler_call(const struct souk_message_type *type, const char *verb, const char *first, const char *last,
    FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    const char *first_name = strrchr(first, '*') + 1;
    const char *last_name = last == NULL ? "" : strrchr(last, '*') + 1;
    const int first_bytes = (int)(first_name - first);
    const int last_bytes = last == NULL ? 0 : (int)(last_name - last);
    const bool is_decide = strcmp(verb, "decide") == 0;

    (void)fprintf(out, "static int\n");
    souk_c_line(out, "call_%s_%s(void (*handler)(void), %s, const void *message%s%s%s)", verb, name.text, first,
        is_decide ? ", const void *prepared" : "", last == NULL ? "" : ", ", last == NULL ? "" : last);
    (void)fprintf(out, "{\n");
    souk_c_line(out, "    int (*typed)(%.*s, const struct %s *%s%.*s) =", first_bytes, first, name.text,
        last == NULL ? "" : ", ", last_bytes, last == NULL ? "" : last);
    souk_c_line(out, "        (int (*)(%.*s, const struct %s *%s%.*s))handler;", first_bytes, first, name.text,
        last == NULL ? "" : ", ", last_bytes, last == NULL ? "" : last);
    (void)fprintf(out, "\n    return typed(%s, message%s%s);\n}\n\n", first_name, last == NULL ? "" : ", ", last_name);
}

static void
write_event_key(const struct souk_message_type *type, FILE *out)
{
    const struct souk_field *field = &type->fields[type->key_fields[0]];
    const struct souk_c_name name = souk_c_type(type);
    const char *form = field->type == SOUK_FIELD_TEXT ? "text" : field->type == SOUK_FIELD_ID ? "id" :
        field->type == SOUK_FIELD_I64 ? "int" : "uint";

    (void)fprintf(out,
        "static int\n"
        "key_of_%s(const void *message, struct souk_pack *raw_key_out)\n"
        "{\n"
        "    const struct %s *event = message;\n"
        "\n"
        "    return souk_event_key_%s(raw_key_out, event->%s);\n"
        "}\n\n", name.text, name.text, form, field->name);
}

static void
write_row_key(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    size_t i;

    (void)fprintf(out,
        "static int\n"
        "key_of_%s(const void *message, struct souk_pack *raw_key_out)\n"
        "{\n"
        "    const struct %s *row = message;\n"
        "    struct souk_row_key key;\n"
        "\n"
        "    make_%s_key(&key", name.text, name.text, name.text);
    for (i = 0; i < type->key_field_count; i++)
        (void)fprintf(out, ", row->%s", type->fields[type->key_fields[i]].name);
    (void)fprintf(out, ");\n    return souk_row_key_append(&key, raw_key_out);\n}\n\n");
}

static void
write_upcast(const struct souk_message_type *older, const struct souk_message_type *newer, FILE *out)
{
    (void)fprintf(out,
        "static int\n"
        "upcast_from_%s(const void *message, struct souk_arena *arena, void *newer_out)\n"
        "{\n"
        "    return %s(message, arena, newer_out);\n"
        "}\n\n", souk_c_type(older).text, older->upcast_name);
}

/* ---- tables --------------------------------------------------------- */

static void
write_fields(const struct souk_message_type *type, FILE *out)
{
    size_t i;

    if (type->field_count == 0)
        return;
    (void)fprintf(out, "static const struct souk_field %s_fields[] = {\n", souk_c_type(type).text);
    for (i = 0; i < type->field_count; i++)
        write_field(&type->fields[i], out);
    (void)fprintf(out, "};\n\n");
}

static void
write_field(const struct souk_field *field, FILE *out)
{
    static const char *const types[] = {
        [SOUK_FIELD_U8] = "U8",
        [SOUK_FIELD_U16] = "U16",
        [SOUK_FIELD_U32] = "U32",
        [SOUK_FIELD_U64] = "U64",
        [SOUK_FIELD_I64] = "I64",
        [SOUK_FIELD_BOOL] = "BOOL",
        [SOUK_FIELD_TEXT] = "TEXT",
        [SOUK_FIELD_BYTES] = "BYTES",
        [SOUK_FIELD_ID] = "ID",
        [SOUK_FIELD_TIME] = "TIME",
        [SOUK_FIELD_MONEY] = "MONEY",
        [SOUK_FIELD_ENUM] = "ENUM",
        [SOUK_FIELD_RECORD] = "RECORD",
    };
    const uint8_t *packed = field->default_packed.base;
    size_t i;

    (void)fprintf(out, "    { .name = \"%s\", .type = SOUK_FIELD_%s", field->name, types[field->type]);
    if (field->is_list)
        (void)fprintf(out, ", .is_list = true, .count_max = %u", field->count_max);
    if (field->is_optional)
        (void)fprintf(out, ", .is_optional = true");
    if (field->is_personal)
        (void)fprintf(out, ", .is_personal = true");
    if (field->bytes_max != 0)
        (void)fprintf(out, ", .bytes_max = %u", field->bytes_max);
    if (field->value_min == INT64_MIN)
        (void)fprintf(out, ", .value_min = INT64_MIN");
    else if (field->value_min != 0)
        (void)fprintf(out, ", .value_min = %" PRId64, field->value_min);
    if (field->type == SOUK_FIELD_I64 && field->value_max == (uint64_t)INT64_MAX)
        (void)fprintf(out, ", .value_max = INT64_MAX");
    else if (field->type == SOUK_FIELD_I64 && (int64_t)field->value_max < 0)
        (void)fprintf(out, ", .value_max = (uint64_t)%" PRId64, (int64_t)field->value_max);
    else if (field->value_max != 0)
        (void)fprintf(out, ", .value_max = %" PRIu64 "u", field->value_max);
    if (field->values != NULL)
        (void)fprintf(out, ", .values = &%s_enum", field->values->name);
    if (field->record != NULL)
        (void)fprintf(out, ", .record = &%s_type", souk_c_type(field->record).text);
    if (packed != NULL) {
        (void)fprintf(out, ",\n      .default_packed = { (const uint8_t[]){ ");
        for (i = 0; i < field->default_packed.size_bytes; i++)
            (void)fprintf(out, "%s0x%02x", i == 0 ? "" : ", ", packed[i]);
        (void)fprintf(out, " }, %zu }", field->default_packed.size_bytes);
    }
    if (field->about != NULL) {
        (void)fprintf(out, ",\n      .about = ");
        souk_c_string(out, field->about);
    }
    (void)fprintf(out, " },\n");
}

static void
write_causes(const struct souk_message_type *type, FILE *out)
{
    static const char *const kinds[] = {
        [SOUK_CAUSE_COMMAND] = "COMMAND",
        [SOUK_CAUSE_EVENT] = "EVENT",
        [SOUK_CAUSE_TIMER] = "TIMER",
        [SOUK_CAUSE_REWOUND] = "REWOUND",
    };
    const struct souk_c_name name = souk_c_type(type);
    size_t i;

    if (type->key_field_count > 0) {
        (void)fprintf(out, "static const uint8_t %s_key_fields[] = {", name.text);
        for (i = 0; i < type->key_field_count; i++)
            (void)fprintf(out, "%s %u", i == 0 ? "" : ",", type->key_fields[i]);
        (void)fprintf(out, " };\n\n");
    }
    if (type->refuse_count > 0) {
        (void)fprintf(out, "static const char *const %s_refuses[] = {\n", name.text);
        for (i = 0; i < type->refuse_count; i++)
            (void)fprintf(out, "    %s,\n", souk_c_constant(type->refuses[i], NULL).text);
        (void)fprintf(out, "};\n\n");
    }
    if (type->after_count == 0)
        return;
    (void)fprintf(out, "static const struct souk_message_cause %s_after[] = {\n", name.text);
    for (i = 0; i < type->after_count; i++) {
        (void)fprintf(out, "    { SOUK_CAUSE_%s, \"%s\", ", kinds[type->after[i].kind], type->after[i].name);
        if (type->after[i].guard == NULL)
            (void)fprintf(out, "NULL");
        else
            souk_c_string(out, type->after[i].guard);
        (void)fprintf(out, " },\n");
    }
    (void)fprintf(out, "};\n\n");
}

static void
write_type(const struct souk_message_type *type, FILE *out)
{
    static const char *const kinds[] = {
        [SOUK_COMMAND] = "SOUK_COMMAND",
        [SOUK_EVENT] = "SOUK_EVENT",
        [SOUK_QUERY] = "SOUK_QUERY",
        [SOUK_REPLY] = "SOUK_REPLY",
        [SOUK_ROW] = "SOUK_ROW",
        [SOUK_RECORD] = "SOUK_RECORD",
    };
    const struct souk_c_name name = souk_c_type(type);

    (void)fprintf(out, "%sconst struct souk_message_type %s_type = {\n", type->kind == SOUK_RECORD ? "static " : "",
        name.text);
    write_string_member("name", type->name, out);
    (void)fprintf(out,
        "    .version = %u,\n"
        "    .kind = %s,\n"
        "    .struct_size_bytes = sizeof(struct %s),\n"
        "    .packed_bytes_max = %zu,\n", type->version, kinds[type->kind], name.text, type->packed_bytes_max);
    write_string_member("stream", type->stream, out);
    if (type->field_count > 0)
        (void)fprintf(out, "    .fields = %s_fields,\n    .field_count = %zu,\n", name.text, type->field_count);
    write_type_functions(type, out);
    write_string_member("about", type->about, out);
    write_type_relations(type, out);
    (void)fprintf(out, "};\n\n");
}

static void
write_type_functions(const struct souk_message_type *type, FILE *out)
{
    static const char *const verbs[][3] = {
        [SOUK_COMMAND] = { "prepare", "decide" },
        [SOUK_EVENT] = { "react", "apply" },
        [SOUK_QUERY] = { "answer" },
        [SOUK_RECORD] = { NULL },
    };
    const struct souk_c_name name = souk_c_type(type);
    size_t i;

    if (type->kind == SOUK_RECORD)
        return;
    (void)fprintf(out, "    .encode = encode_%s,\n    .decode = decode_%s,\n", name.text, name.text);
    if (type->key_field_count > 0)
        (void)fprintf(out, "    .key = key_of_%s,\n", name.text);
    for (i = 0; type->upcast_name == NULL && verbs[type->kind][i] != NULL; i++)
        (void)fprintf(out, "    .call_%s = call_%s_%s,\n", verbs[type->kind][i], verbs[type->kind][i], name.text);
}

static void
write_type_relations(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);

    if (type->key_field_count > 0)
        (void)fprintf(out, "    .key_fields = %s_key_fields,\n    .key_field_count = %zu,\n", name.text,
            type->key_field_count);
    if (type->subject != NULL)
        (void)fprintf(out, "    .subject = &%s_fields[%td],\n", name.text, type->subject - type->fields);
    if (type->forgets != NULL)
        (void)fprintf(out, "    .forgets = &%s_fields[%td],\n", name.text, type->forgets - type->fields);
    write_string_member("table", type->table, out);
    if (type->reply != NULL)
        (void)fprintf(out, "    .reply = &%s_type,\n", souk_c_type(type->reply).text);
    if (type->refuse_count > 0)
        (void)fprintf(out, "    .refuses = %s_refuses,\n    .refuse_count = %zu,\n", name.text, type->refuse_count);
    if (type->after_count > 0)
        (void)fprintf(out, "    .after = %s_after,\n    .after_count = %zu,\n", name.text, type->after_count);
    if (type->older != NULL)
        (void)fprintf(out, "    .older = &%s_type,\n", souk_c_type(type->older).text);
    if (type->upcast_name != NULL) {
        write_string_member("upcast_name", type->upcast_name, out);
        (void)fprintf(out, "    .upcast = upcast_from_%s,\n", name.text);
    }
}

static void
write_string_member(const char *member, const char *text, FILE *out)
{
    if (text == NULL)
        return;
    (void)fprintf(out, "    .%s = ", member);
    souk_c_string(out, text);
    (void)fprintf(out, ",\n");
}
