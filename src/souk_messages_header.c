#include "souk_messages.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define COMMENT_WIDTH 80
#define COMMENT_BYTES_MAX 4096
#define LINE_BYTES_MAX 512
#define MEMBER_COMMENT_COLUMN 44
#define CONSTANT_COMMENT_COLUMN 60

static const struct {
    enum souk_message_kind kind;
    const char *title;
} sections[] = {
    { SOUK_RECORD, "records" },
    { SOUK_COMMAND, "commands" },
    { SOUK_EVENT, "events" },
    { SOUK_QUERY, "queries and replies" },
    { SOUK_ROW, "rows" },
};

static void write_preamble(const struct souk_messages *messages, const char *source, FILE *out);
static void write_constants(const struct souk_messages *messages, FILE *out);
static void write_settings(const struct souk_messages *messages, FILE *out);
static void write_enums(const struct souk_messages *messages, FILE *out);
static void write_types(const struct souk_messages *messages, enum souk_message_kind kind, const char *title,
    FILE *out);
static void write_type(const struct souk_message_type *type, FILE *out);
static void write_older(const struct souk_message_type *older, const struct souk_message_type *newer, FILE *out);
static void write_type_comment(const struct souk_message_type *type, FILE *out);
static size_t write_names(const char *begin, const char *const *names, size_t count, char *text, size_t room);
static void write_struct(const struct souk_message_type *type, FILE *out);
static void write_member(const struct souk_field *field, FILE *out);
static void say_limits(const struct souk_field *field, char *text, size_t room);
static void write_section(FILE *out, const char *title);
static void write_comment(const char *text, const char *more, FILE *out);
static void write_line_comment(size_t column, size_t from_column, const char *text, const char *more, FILE *out);

void
souk_messages_write_header(const struct souk_messages *messages, const char *source, FILE *out)
{
    const struct souk_c_name guard = souk_c_constant(messages->application, "H");
    size_t i;

    write_preamble(messages, source, out);
    (void)fprintf(out, "#ifndef %s\n#define %s\n\n", guard.text, guard.text);
    (void)fprintf(out, "#include <souk.h>\n#include <souk-message.h>\n\n");
    (void)fprintf(out, "/* Everything that is described here, for tools that look messages up by name. */\n"
        "extern const struct souk_messages %s_messages;\n", messages->application);
    write_constants(messages, out);
    write_settings(messages, out);
    write_enums(messages, out);
    for (i = 0; i < sizeof sections / sizeof sections[0]; i++)
        write_types(messages, sections[i].kind, sections[i].title, out);
    (void)fprintf(out, "\n#endif\n");
}

static void
write_preamble(const struct souk_messages *messages, const char *source, FILE *out)
{
    (void)fprintf(out, "/*\n * %s - ", messages->application);
    souk_text_wrap(out, " * ", COMMENT_WIDTH, 6 + strlen(messages->application), messages->about);
    (void)fprintf(out,
        " *\n"
        " * Made by souk-messages(1) from %s: change that, not this.\n"
        " *\n"
        " * Of each message NAME there are `struct NAME`; NAME_type, which handler tables\n"
        " * and souk.h want; NAME_encode(), which appends it to a pack; and NAME_decode(),\n"
        " * whose texts and bytes lie in the input and whose lists lie in the arena.\n"
        " * encode returns 0, -SOUK_ETOOBIG (beyond a limit below), -SOUK_EINVAL (not\n"
        " * UTF-8, no currency, no value of an enum) or -SOUK_ENOMEM; decode 0,\n"
        " * -SOUK_EMALFORMED, -SOUK_ETOOBIG or -SOUK_ENOMEM.\n"
        " */\n", source);
}

static void
write_constants(const struct souk_messages *messages, FILE *out)
{
    char text[LINE_BYTES_MAX];
    size_t i;

    if (messages->stream_count > 0)
        write_section(out, "streams");
    for (i = 0; i < messages->stream_count; i++) {
        (void)snprintf(text, sizeof text, "#define STREAM_%s \"%s\"",
            souk_c_constant(messages->streams[i].name, NULL).text, messages->streams[i].name);
        (void)fprintf(out, "%s", text);
        write_line_comment(strlen(text), CONSTANT_COMMENT_COLUMN, messages->streams[i].about, NULL, out);
    }
    if (messages->refusal_count > 0)
        write_section(out, "refusals");
    for (i = 0; i < messages->refusal_count; i++) {
        (void)snprintf(text, sizeof text, "#define %s \"%s\"", souk_c_constant(messages->refusals[i].code, NULL).text,
            messages->refusals[i].code);
        (void)fprintf(out, "%s", text);
        write_line_comment(strlen(text), CONSTANT_COMMENT_COLUMN, messages->refusals[i].about, NULL, out);
    }
}

static void
write_settings(const struct souk_messages *messages, FILE *out)
{
    const struct souk_setting *setting;
    char text[LINE_BYTES_MAX];
    size_t i;

    if (messages->settings != NULL)
        write_section(out, "settings");
    for (i = 0; messages->settings != NULL && messages->settings[i] != NULL; i++) {
        setting = messages->settings[i];
        (void)snprintf(text, sizeof text, "%" PRIu64 " to %" PRIu64 "; %" PRIu64 " where the topology says nothing.",
            setting->value_min, setting->value_max, setting->value_default);
        write_comment(setting->about, text, out);
        (void)fprintf(out, "extern const struct souk_setting %s;\n", souk_c_setting(setting).text);
    }
}

static void
write_enums(const struct souk_messages *messages, FILE *out)
{
    const struct souk_enum *values;
    char text[LINE_BYTES_MAX];
    size_t i;
    size_t j;

    if (messages->enum_count > 0)
        write_section(out, "enums");
    for (i = 0; i < messages->enum_count; i++) {
        values = messages->enums[i];
        if (i > 0)
            (void)fputc('\n', out);
        write_comment(values->about, "", out);
        (void)fprintf(out, "enum %s {\n", values->name);
        for (j = 0; j < values->value_count; j++) {
            (void)snprintf(text, sizeof text, "    %s = %u,",
                souk_c_constant(values->name, values->values[j].name).text, values->values[j].number);
            (void)fprintf(out, "%s", text);
            write_line_comment(strlen(text), MEMBER_COMMENT_COLUMN, values->values[j].about, NULL, out);
        }
        (void)fprintf(out, "};\n\nextern const struct souk_enum %s_enum;\n", values->name);
    }
}

static void
write_types(const struct souk_messages *messages, enum souk_message_kind kind, const char *title, FILE *out)
{
    const struct souk_message_type *type;
    const struct souk_message_type *newer;
    bool is_first = true;
    size_t i;

    for (i = 0; i < messages->type_count; i++) {
        type = messages->types[i];
        if (type->kind != kind)
            continue;
        if (is_first)
            write_section(out, title);
        else
            (void)fputc('\n', out);
        is_first = false;
        write_type(type, out);
        if (type->reply != NULL) {
            (void)fputc('\n', out);
            write_type(type->reply, out);
        }
        for (newer = type; newer->older != NULL; newer = newer->older)
            write_older(newer->older, newer, out);
    }
}

static void
write_type(const struct souk_message_type *type, FILE *out)
{
    write_type_comment(type, out);
    write_struct(type, out);
    if (type->kind == SOUK_RECORD)
        return;
    if (type->kind == SOUK_ROW)
        (void)fprintf(out, "\n#define %s \"%s\"", souk_c_constant(type->name, "table").text, type->table);
    (void)fprintf(out, "\nextern const struct souk_message_type %s_type;\n", souk_c_type(type).text);
    souk_messages_write_prototypes(type, out);
}

static void
write_older(const struct souk_message_type *older, const struct souk_message_type *newer, FILE *out)
{
    (void)fprintf(out, "\n/* Version %u of %s, as it was. */\n", older->version, older->name);
    write_struct(older, out);
    (void)fprintf(out, "\nextern const struct souk_message_type %s_type;\n", souk_c_type(older).text);
    souk_messages_write_prototypes(older, out);
    (void)fprintf(out,
        "/* Supplied by the application: make version %u of version %u. 0 or a negative SOUK_E*. */\n"
        "int %s(const struct %s *older, struct souk_arena *arena,\n    struct %s *newer_out);\n", newer->version,
        older->version, older->upcast_name, souk_c_type(older).text, souk_c_type(newer).text);
}

/* What it is; then, of messages and rows, where it belongs. */
static void
write_type_comment(const struct souk_message_type *type, FILE *out)
{
    const char *names[SOUK_ROW_KEY_FIELDS_MAX];
    char text[COMMENT_BYTES_MAX] = "";
    size_t used = 0;
    size_t i;

    if (type->kind == SOUK_REPLY) {
        write_comment("What answers it.", "", out);
        return;
    }
    for (i = 0; i < type->key_field_count; i++)
        names[i] = type->fields[type->key_fields[i]].name;
    if (type->kind == SOUK_EVENT) {
        used += (size_t)snprintf(text, sizeof text, "In stream %s, its key is %s", type->stream, names[0]);
        for (i = 0; i < type->after_count && used < sizeof text; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s %s%s",
                i == 0 ? "; after" : i + 1 == type->after_count ? " or" : ",",
                type->after[i].kind == SOUK_CAUSE_TIMER ? "timer " :
                type->after[i].kind == SOUK_CAUSE_REWOUND ? "a rewound " : "",
                type->after[i].name);
    } else if (type->kind == SOUK_ROW) {
        used += (size_t)snprintf(text, sizeof text, "In table %s, %s%s", type->table,
            type->stream == NULL ? "an index" : "filled by stream ", type->stream == NULL ? "" : type->stream);
        used += write_names("; its key is ", names, type->key_field_count, text + used, sizeof text - used);
    } else if (type->refuse_count > 0) {
        for (i = 0; i < type->refuse_count && used < sizeof text; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "Refused with " :
                i + 1 == type->refuse_count ? " or " : ", ", souk_c_constant(type->refuses[i], NULL).text);
    }
    if (text[0] != '\0' && used + 1 < sizeof text)
        (void)snprintf(text + used, sizeof text - used, ".");
    write_comment(type->about, text, out);
}

static void
write_section(FILE *out, const char *title)
{
    (void)fputc('\n', out);
    souk_c_section(out, title);
}

/* In one line when it fits and there is no more to say. */
static void
write_comment(const char *text, const char *more, FILE *out)
{
    if (more[0] == '\0' && strlen(text) <= COMMENT_WIDTH - 6) {
        (void)fprintf(out, "/* %s */\n", text);
        return;
    }
    (void)fprintf(out, "/*\n * ");
    souk_text_wrap(out, " * ", COMMENT_WIDTH, 3, text);
    if (more[0] != '\0') {
        (void)fprintf(out, " *\n * ");
        souk_text_wrap(out, " * ", COMMENT_WIDTH, 3, more);
    }
    (void)fprintf(out, " */\n");
}

static size_t
write_names(const char *begin, const char *const *names, size_t count, char *text, size_t room)
{
    size_t used = 0;
    size_t i;

    for (i = 0; i < count && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s",
            i == 0 ? begin : i + 1 == count ? " and " : ", ", names[i]);
    return used < room ? used : room - 1;
}

static void
write_struct(const struct souk_message_type *type, FILE *out)
{
    size_t i;

    (void)fprintf(out, "struct %s {\n", souk_c_type(type).text);
    for (i = 0; i < type->field_count; i++)
        write_member(&type->fields[i], out);
    if (type->field_count == 0)
        (void)fprintf(out, "    bool nothing;                           /* C wants one member */\n");
    (void)fprintf(out, "};\n");
}

static void
write_member(const struct souk_field *field, FILE *out)
{
    char limits[SOUK_C_NAME_BYTES] = "";
    char text[LINE_BYTES_MAX];

    say_limits(field, limits, sizeof limits);
    if (field->is_optional)
        (void)fprintf(out, "    bool has_%s;\n", field->name);
    if (field->is_list)
        (void)fprintf(out, "    uint32_t %s_count;\n", field->name);
    (void)snprintf(text, sizeof text, "    %s%s %s%s;", field->is_list ? "const " : "", souk_c_field_type(field).text,
        field->is_list ? "*" : "", field->name);
    (void)fprintf(out, "%s", text);
    if (limits[0] != '\0')
        write_line_comment(strlen(text), MEMBER_COMMENT_COLUMN, limits, field->about, out);
    else
        write_line_comment(strlen(text), MEMBER_COMMENT_COLUMN, field->about, NULL, out);
}

static void
say_limits(const struct souk_field *field, char *text, size_t room)
{
    static const uint64_t widest[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX };
    size_t used = 0;

    if (field->is_personal)
        used += (size_t)snprintf(text, room, "personal; ");
    if (field->is_list)
        used += (size_t)snprintf(text + used, room - used, "at most %u; ", field->count_max);
    if (field->type == SOUK_FIELD_TEXT || field->type == SOUK_FIELD_BYTES)
        used += (size_t)snprintf(text + used, room - used, "at most %u bytes%s; ", field->bytes_max,
            field->is_list ? " each" : "");
    else if (field->type == SOUK_FIELD_TIME)
        used += (size_t)snprintf(text + used, room - used, "ms since 1970; ");
    else if (field->type == SOUK_FIELD_I64
        && (field->value_min != INT64_MIN || field->value_max != (uint64_t)INT64_MAX))
        used += (size_t)snprintf(text + used, room - used, "%" PRId64 " to %" PRId64 "; ", field->value_min,
            (int64_t)field->value_max);
    else if (field->type <= SOUK_FIELD_U64 && (field->value_min != 0 || field->value_max != widest[field->type]))
        used += (size_t)snprintf(text + used, room - used, "%" PRId64 " to %" PRIu64 "; ", field->value_min,
            field->value_max);
    assert(used < room);
    if (used >= 2)
        text[used - 2] = '\0';
}

/* Behind a line of `column` bytes; nothing when there is nothing to say. */
static void
write_line_comment(size_t column, size_t from_column, const char *text, const char *more, FILE *out)
{
    if (text == NULL) {
        (void)fputc('\n', out);
        return;
    }
    (void)fprintf(out, "%*s/* %s%s%s */\n", column < from_column ? (int)(from_column - column) : 1,
        "", text, more == NULL ? "" : "; ", more == NULL ? "" : more);
}
