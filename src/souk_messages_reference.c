#include "souk_messages.h"

#include <inttypes.h>
#include <string.h>

#define LINE_WIDTH 80
#define TEXT_BYTES_MAX 2048

/* How one format says things. */
struct markup {
    void (*begin)(const struct souk_messages *messages, FILE *out);
    void (*section)(const char *title, FILE *out);
    void (*entry)(const char *name, const char *about, FILE *out);
    void (*say)(const char *label, const char *text, FILE *out);
    void (*rows_begin)(FILE *out);
    void (*row)(const char *name, const char *what, const char *about, FILE *out);
    void (*rows_end)(FILE *out);
};

static const struct markup *markup_of(enum souk_reference_format format);
static void write_streams(const struct souk_messages *messages, const struct markup *markup, FILE *out);
static void write_refusals(const struct souk_messages *messages, const struct markup *markup, FILE *out);
static void write_settings(const struct souk_messages *messages, const struct markup *markup, FILE *out);
static void write_enums(const struct souk_messages *messages, const struct markup *markup, FILE *out);
static void write_kind(const struct souk_messages *messages, enum souk_message_kind kind, const char *title,
    const struct markup *markup, FILE *out);
static void write_entry(const struct souk_message_type *type, const struct markup *markup, FILE *out);
static void write_fields(const struct souk_message_type *type, const struct markup *markup, FILE *out);
static void say_names(const char *label, const char *const *names, size_t count, const struct markup *markup,
    FILE *out);
static void say_causes(const struct souk_message_type *type, const struct markup *markup, FILE *out);
static void say_type(const struct souk_field *field, char *text, size_t room);
static void say_default(const struct souk_field *field, char *text, size_t room);

void
souk_messages_write_reference(const struct souk_messages *messages, enum souk_reference_format format, FILE *out)
{
    const struct markup *markup = markup_of(format);

    markup->begin(messages, out);
    write_kind(messages, SOUK_COMMAND, "Commands", markup, out);
    write_kind(messages, SOUK_EVENT, "Events", markup, out);
    write_kind(messages, SOUK_QUERY, "Queries", markup, out);
    write_kind(messages, SOUK_ROW, "Rows", markup, out);
    write_kind(messages, SOUK_RECORD, "Records", markup, out);
    write_enums(messages, markup, out);
    write_streams(messages, markup, out);
    write_refusals(messages, markup, out);
    write_settings(messages, markup, out);
}

/* ---- what is said --------------------------------------------------- */

static void
write_streams(const struct souk_messages *messages, const struct markup *markup, FILE *out)
{
    static const char *const audiences[] = {
        [SOUK_AUDIENCE_PUBLIC] = "public",
        [SOUK_AUDIENCE_INTERNAL] = "internal",
        [SOUK_AUDIENCE_PRIVATE] = "private",
    };
    size_t i;

    if (messages->stream_count == 0)
        return;
    markup->section("Streams", out);
    markup->rows_begin(out);
    for (i = 0; i < messages->stream_count; i++)
        markup->row(messages->streams[i].name, audiences[messages->streams[i].audience], messages->streams[i].about,
            out);
    markup->rows_end(out);
}

static void
write_refusals(const struct souk_messages *messages, const struct markup *markup, FILE *out)
{
    size_t i;

    if (messages->refusal_count == 0)
        return;
    markup->section("Refusals", out);
    markup->rows_begin(out);
    for (i = 0; i < messages->refusal_count; i++)
        markup->row(messages->refusals[i].code, "", messages->refusals[i].about, out);
    markup->rows_end(out);
}

static void
write_settings(const struct souk_messages *messages, const struct markup *markup, FILE *out)
{
    const struct souk_setting *const *setting = messages->settings;
    char bounds[TEXT_BYTES_MAX];

    if (setting == NULL)
        return;
    markup->section("Settings", out);
    markup->rows_begin(out);
    for (; *setting != NULL; setting++) {
        (void)snprintf(bounds, sizeof bounds, "%" PRIu64 "..%" PRIu64 ", default %" PRIu64, (*setting)->value_min,
            (*setting)->value_max, (*setting)->value_default);
        markup->row((*setting)->name, bounds, (*setting)->about, out);
    }
    markup->rows_end(out);
}

static void
write_enums(const struct souk_messages *messages, const struct markup *markup, FILE *out)
{
    const struct souk_enum *values;
    char number[TEXT_BYTES_MAX];
    size_t i;
    size_t j;

    if (messages->enum_count > 0)
        markup->section("Enums", out);
    for (i = 0; i < messages->enum_count; i++) {
        values = messages->enums[i];
        markup->entry(values->name, values->about, out);
        markup->rows_begin(out);
        for (j = 0; j < values->value_count; j++) {
            (void)snprintf(number, sizeof number, "%u", values->values[j].number);
            markup->row(values->values[j].name, number, values->values[j].about, out);
        }
        markup->rows_end(out);
    }
}

static void
write_kind(const struct souk_messages *messages, enum souk_message_kind kind, const char *title,
    const struct markup *markup, FILE *out)
{
    bool is_first = true;
    size_t i;

    for (i = 0; i < messages->type_count; i++) {
        if (messages->types[i]->kind != kind)
            continue;
        if (is_first)
            markup->section(title, out);
        is_first = false;
        write_entry(messages->types[i], markup, out);
    }
}

static void
write_entry(const struct souk_message_type *type, const struct markup *markup, FILE *out)
{
    const char *key[SOUK_ROW_KEY_FIELDS_MAX];
    char version[TEXT_BYTES_MAX];
    size_t i;

    markup->entry(type->name, type->about, out);
    for (i = 0; i < type->key_field_count; i++)
        key[i] = type->fields[type->key_fields[i]].name;
    if (type->table != NULL)
        markup->say("Table", type->table, out);
    if (type->stream != NULL)
        markup->say("Stream", type->stream, out);
    say_names("Key", key, type->key_field_count, markup, out);
    if (type->subject != NULL)
        markup->say("Subject", type->subject->name, out);
    if (type->forgets != NULL)
        markup->say("Forgets", type->forgets->name, out);
    say_causes(type, markup, out);
    say_names("Refused with", type->refuses, type->refuse_count, markup, out);
    if (type->version != 1) {
        (void)snprintf(version, sizeof version, "%u", type->version);
        markup->say("Version", version, out);
    }
    write_fields(type, markup, out);
    if (type->reply != NULL && type->reply->field_count > 0) {
        markup->say("Reply", type->reply->name, out);
        write_fields(type->reply, markup, out);
    }
}

static void
write_fields(const struct souk_message_type *type, const struct markup *markup, FILE *out)
{
    char text[TEXT_BYTES_MAX];
    size_t i;

    if (type->field_count == 0)
        return;
    markup->rows_begin(out);
    for (i = 0; i < type->field_count; i++) {
        say_type(&type->fields[i], text, sizeof text);
        markup->row(type->fields[i].name, text, type->fields[i].about, out);
    }
    markup->rows_end(out);
}

static void
say_names(const char *label, const char *const *names, size_t count, const struct markup *markup, FILE *out)
{
    char text[TEXT_BYTES_MAX] = "";
    size_t used = 0;
    size_t i;

    for (i = 0; i < count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (count > 0)
        markup->say(label, text, out);
}

static void
say_causes(const struct souk_message_type *type, const struct markup *markup, FILE *out)
{
    static const char *const kinds[] = {
        [SOUK_CAUSE_COMMAND] = "",
        [SOUK_CAUSE_EVENT] = "",
        [SOUK_CAUSE_TIMER] = "timer ",
        [SOUK_CAUSE_REWOUND] = "rewound ",
    };
    char text[TEXT_BYTES_MAX] = "";
    const struct souk_message_cause *cause;
    size_t used = 0;
    size_t i;

    for (i = 0; i < type->after_count && used < sizeof text; i++) {
        cause = &type->after[i];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s%s%s", i == 0 ? "" : ", ",
            kinds[cause->kind], cause->name, cause->guard == NULL ? "" : " (", cause->guard == NULL ? "" : cause->guard,
            cause->guard == NULL ? "" : ")");
    }
    if (type->after_count > 0)
        markup->say("After", text, out);
}

/* As it stands in the description. */
static void
say_type(const struct souk_field *field, char *text, size_t room)
{
    static const char *const names[] = {
        [SOUK_FIELD_U8] = "u8",
        [SOUK_FIELD_U16] = "u16",
        [SOUK_FIELD_U32] = "u32",
        [SOUK_FIELD_U64] = "u64",
        [SOUK_FIELD_I64] = "i64",
        [SOUK_FIELD_BOOL] = "bool",
        [SOUK_FIELD_TEXT] = "text",
        [SOUK_FIELD_BYTES] = "bytes",
        [SOUK_FIELD_ID] = "id",
        [SOUK_FIELD_TIME] = "time",
        [SOUK_FIELD_MONEY] = "money",
    };
    static const uint64_t widest[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX, INT64_MAX };
    char given[TEXT_BYTES_MAX] = "";
    const char *name;
    size_t used = 0;

    if (field->is_list)
        used += (size_t)snprintf(text, room, "list %u of ", field->count_max);
    name = field->type == SOUK_FIELD_ENUM ? field->values->name :
        field->type == SOUK_FIELD_RECORD ? field->record->name : names[field->type];
    used += (size_t)snprintf(text + used, room - used, "%s", name);
    if (field->type == SOUK_FIELD_TEXT || field->type == SOUK_FIELD_BYTES)
        used += (size_t)snprintf(text + used, room - used, " %u", field->bytes_max);
    else if (field->type <= SOUK_FIELD_I64
        && (field->value_max != widest[field->type]
            || field->value_min != (field->type == SOUK_FIELD_I64 ? INT64_MIN : 0)))
        used += (size_t)snprintf(text + used, room - used,
            field->type == SOUK_FIELD_I64 ? " %" PRId64 "..%" PRId64 : " %" PRId64 "..%" PRIu64, field->value_min,
            (int64_t)field->value_max);
    if (field->is_optional)
        used += (size_t)snprintf(text + used, room - used, " optional");
    if (field->is_personal)
        used += (size_t)snprintf(text + used, room - used, " personal");
    if (field->default_packed.base != NULL) {
        say_default(field, given, sizeof given);
        (void)snprintf(text + used, room - used, " default %s", given);
    }
}

static void
say_default(const struct souk_field *field, char *text, size_t room)
{
    struct souk_money money;
    struct souk_slice words;
    struct souk_unpack in;

    souk_unpack_init(&in, field->default_packed);
    if (field->is_list) {
        (void)snprintf(text, room, "empty");
        return;
    }
    switch (field->type) {
    case SOUK_FIELD_BOOL:
        (void)snprintf(text, room, "%s", souk_unpack_bool(&in) ? "true" : "false");
        break;
    case SOUK_FIELD_TEXT:
        words = souk_unpack_str(&in, field->bytes_max);
        (void)snprintf(text, room, "\"%.*s\"", (int)words.size_bytes,
            words.size_bytes == 0 ? "" : (const char *)words.base);
        break;
    case SOUK_FIELD_BYTES:
        (void)snprintf(text, room, "\"\"");
        break;
    case SOUK_FIELD_I64:
        (void)snprintf(text, room, "%" PRId64, souk_unpack_int(&in, INT64_MIN, INT64_MAX));
        break;
    case SOUK_FIELD_MONEY:
        money = souk_unpack_money(&in);
        (void)snprintf(text, room, "%" PRId64 " %s", money.minor, money.currency);
        break;
    case SOUK_FIELD_ENUM:
        (void)snprintf(text, room, "%s", souk_enum_name(field->values, souk_unpack_enum(&in, field->values)));
        break;
    default:
        (void)snprintf(text, room, "%" PRIu64, souk_unpack_uint(&in, UINT64_MAX));
        break;
    }
}

/* ---- text ----------------------------------------------------------- */

static void
text_begin(const struct souk_messages *messages, FILE *out)
{
    (void)fprintf(out, "%s\n\n", messages->application);
    souk_text_wrap(out, "", LINE_WIDTH, 0, messages->about);
}

static void
text_section(const char *title, FILE *out)
{
    (void)fprintf(out, "\n%s\n", title);
    for (; *title != '\0'; title++)
        (void)fputc('-', out);
    (void)fputc('\n', out);
}

static void
text_entry(const char *name, const char *about, FILE *out)
{
    (void)fprintf(out, "\n%s\n    ", name);
    souk_text_wrap(out, "    ", LINE_WIDTH, 4, about);
}

static void
text_say(const char *label, const char *text, FILE *out)
{
    (void)fprintf(out, "    %s: ", label);
    souk_text_wrap(out, "        ", LINE_WIDTH, strlen(label) + 6, text);
}

static void
text_rows(FILE *out)
{
    (void)fputc('\n', out);
}

static void
text_row(const char *name, const char *what, const char *about, FILE *out)
{
    (void)fprintf(out, "    %-20s %s%s%s\n", name, what, *what == '\0' || about == NULL ? "" : ", ",
        about == NULL ? "" : about);
}

static void
text_rows_end(FILE *out)
{
    (void)out;
}

/* ---- markdown ------------------------------------------------------- */

/* What markdown would take for its own gets a backslash. */
static void
markdown_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_{}[]<>#|", *text) != NULL)
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void
markdown_begin(const struct souk_messages *messages, FILE *out)
{
    (void)fprintf(out, "# Messages of %s\n\n", messages->application);
    markdown_text(messages->about, out);
    (void)fputc('\n', out);
}

static void
markdown_section(const char *title, FILE *out)
{
    (void)fprintf(out, "\n## %s\n", title);
}

static void
markdown_entry(const char *name, const char *about, FILE *out)
{
    (void)fprintf(out, "\n### `%s`\n\n", name);
    markdown_text(about, out);
    (void)fputc('\n', out);
}

static void
markdown_say(const char *label, const char *text, FILE *out)
{
    (void)fprintf(out, "\n%s: ", label);
    markdown_text(text, out);
    (void)fputc('\n', out);
}

static void
markdown_rows(FILE *out)
{
    (void)fprintf(out, "\n| name | what | about |\n|---|---|---|\n");
}

static void
markdown_row(const char *name, const char *what, const char *about, FILE *out)
{
    (void)fprintf(out, "| `%s` | ", name);
    markdown_text(what, out);
    (void)fprintf(out, " | ");
    markdown_text(about == NULL ? "" : about, out);
    (void)fprintf(out, " |\n");
}

/* ---- man ------------------------------------------------------------ */

/* Text in mdoc(7): no control line, no escape, a line for each sentence. */
static void
man_text(const char *text, FILE *out)
{
    bool is_line_start = true;

    for (; *text != '\0'; text++) {
        if (is_line_start && (*text == '.' || *text == '\''))
            (void)fprintf(out, "\\&");
        is_line_start = false;
        if (*text == '\\')
            (void)fprintf(out, "\\e");
        else
            (void)fputc(*text, out);
        if (strchr(".?!", *text) != NULL && text[1] == ' ') {
            (void)fputc('\n', out);
            is_line_start = true;
            text++;
        }
    }
    (void)fputc('\n', out);
}

static void
man_argument(const char *text, FILE *out)
{
    (void)fprintf(out, "\"\\&");
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            (void)fprintf(out, "\\e");
        else if (*text == '"')
            (void)fprintf(out, "\\(dq");
        else
            (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

/* Undated: the page says what the description says, and two runs give the same bytes. */
static void
man_begin(const struct souk_messages *messages, FILE *out)
{
    const struct souk_c_name title = souk_c_constant(messages->application, "messages");

    (void)fprintf(out, ".Dd\n.Dt %s 7\n.Os souk\n.Sh NAME\n.Nm %s_messages\n.Nd messages of %s\n.Sh DESCRIPTION\n",
        title.text, messages->application, messages->application);
    man_text(messages->about, out);
}

static void
man_section(const char *title, FILE *out)
{
    const char *letter;

    (void)fprintf(out, ".Sh ");
    for (letter = title; *letter != '\0'; letter++)
        (void)fputc(*letter >= 'a' && *letter <= 'z' ? *letter - 'a' + 'A' : *letter, out);
    (void)fputc('\n', out);
}

static void
man_entry(const char *name, const char *about, FILE *out)
{
    (void)fprintf(out, ".Ss ");
    man_argument(name, out);
    (void)fputc('\n', out);
    man_text(about, out);
}

static void
man_say(const char *label, const char *text, FILE *out)
{
    (void)fprintf(out, ".Pp\n%s:\n", label);
    man_text(text, out);
}

static void
man_rows(FILE *out)
{
    (void)fprintf(out, ".Pp\n.Bl -tag -width Ds -compact\n");
}

static void
man_row(const char *name, const char *what, const char *about, FILE *out)
{
    (void)fprintf(out, ".It Va ");
    man_argument(name, out);
    if (*what != '\0') {
        (void)fprintf(out, " No ");
        man_argument(what, out);
    }
    (void)fputc('\n', out);
    if (about != NULL)
        man_text(about, out);
}

static void
man_rows_end(FILE *out)
{
    (void)fprintf(out, ".El\n");
}

static const struct markup *
markup_of(enum souk_reference_format format)
{
    static const struct markup markups[] = {
        [SOUK_REFERENCE_TEXT] = { text_begin, text_section, text_entry, text_say, text_rows, text_row,
            text_rows_end },
        [SOUK_REFERENCE_MARKDOWN] = { markdown_begin, markdown_section, markdown_entry, markdown_say, markdown_rows,
            markdown_row, text_rows_end },
        [SOUK_REFERENCE_MAN] = { man_begin, man_section, man_entry, man_say, man_rows, man_row, man_rows_end },
    };

    return &markups[format];
}
