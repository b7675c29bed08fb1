#include "souk_messages.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define LINE_WIDTH 100
#define LINE_BYTES_MAX 4096
#define SECTION_TITLE_WIDTH 60

static void make_c(char *text, bool upper);

struct souk_c_name
souk_c_type(const struct souk_message_type *type)
{
    struct souk_c_name name;

    if (type->upcast_name == NULL)
        (void)snprintf(name.text, sizeof name.text, "%s", type->name);
    else
        (void)snprintf(name.text, sizeof name.text, "%s_v%u", type->name, type->version);
    make_c(name.text, false);
    return name;
}

struct souk_c_name
souk_c_constant(const char *name, const char *more)
{
    struct souk_c_name constant;

    (void)snprintf(constant.text, sizeof constant.text, "%s%s%s", name, more == NULL ? "" : "_",
        more == NULL ? "" : more);
    make_c(constant.text, true);
    return constant;
}

struct souk_c_name
souk_c_setting(const struct souk_setting *setting)
{
    struct souk_c_name constant;

    (void)snprintf(constant.text, sizeof constant.text, "%s_setting", setting->name);
    make_c(constant.text, false);
    return constant;
}

struct souk_c_name
souk_c_field_type(const struct souk_field *field)
{
    static const char *const types[] = {
        [SOUK_FIELD_U8] = "uint8_t",
        [SOUK_FIELD_U16] = "uint16_t",
        [SOUK_FIELD_U32] = "uint32_t",
        [SOUK_FIELD_U64] = "uint64_t",
        [SOUK_FIELD_I64] = "int64_t",
        [SOUK_FIELD_BOOL] = "bool",
        [SOUK_FIELD_TEXT] = "struct souk_slice",
        [SOUK_FIELD_BYTES] = "struct souk_slice",
        [SOUK_FIELD_ID] = "struct souk_id",
        [SOUK_FIELD_TIME] = "uint64_t",
        [SOUK_FIELD_MONEY] = "struct souk_money",
    };
    struct souk_c_name name;

    if (field->type == SOUK_FIELD_ENUM)
        (void)snprintf(name.text, sizeof name.text, "enum %s", field->values->name);
    else if (field->type == SOUK_FIELD_RECORD)
        (void)snprintf(name.text, sizeof name.text, "struct %.*s", SOUK_NAME_BYTES_MAX,
            souk_c_type(field->record).text);
    else
        (void)snprintf(name.text, sizeof name.text, "%s", types[field->type]);
    return name;
}

const char *
souk_c_variable(const struct souk_message_type *type)
{
    return souk_message_kind_name(type->kind);
}

struct souk_c_name
souk_c_parameter(const struct souk_field *field)
{
    static const char *const taken[] = { "view", "tables", "key", "prefix", "from", "row", "row_out", "rows",
        "rows_out" };
    struct souk_c_name name;
    bool is_taken = false;
    size_t i;

    for (i = 0; i < sizeof taken / sizeof taken[0]; i++)
        is_taken = is_taken || strcmp(taken[i], field->name) == 0;
    (void)snprintf(name.text, sizeof name.text, "%s%s", field->name, is_taken ? "_part" : "");
    return name;
}

void
souk_c_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\' || *text == '?')        /* ?? may begin a trigraph */
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void
souk_c_line(FILE *out, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    const char *at = line;
    size_t indent_bytes;
    size_t part_bytes;
    size_t column = 0;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    indent_bytes = strspn(line, " ") + 4;
    while (*at != '\0') {
        part_bytes = strcspn(at, ",");
        part_bytes += at[part_bytes] == ',';
        if (column > indent_bytes && column + part_bytes > LINE_WIDTH) {
            (void)fprintf(out, "\n%*s", (int)indent_bytes, "");
            column = indent_bytes;
            part_bytes -= *at == ' ';
            at += *at == ' ';
        }
        (void)fprintf(out, "%.*s", (int)part_bytes, at);
        column += part_bytes;
        at += part_bytes;
    }
    (void)fputc('\n', out);
}

void
souk_c_section(FILE *out, const char *title)
{
    size_t column;

    (void)fprintf(out, "/* ---- %s ", title);
    for (column = strlen(title); column < SECTION_TITLE_WIDTH; column++)
        (void)fputc('-', out);
    (void)fprintf(out, " */\n\n");
}

uint32_t
souk_c_field_count_min(const struct souk_message_type *type)
{
    size_t count = type->field_count;

    while (count > 0 && (type->fields[count - 1].is_optional || type->fields[count - 1].default_packed.base != NULL))
        count--;
    return (uint32_t)count;
}

void
souk_text_wrap(FILE *out, const char *prefix, size_t width, size_t column, const char *text)
{
    size_t word_bytes;
    bool is_first = true;

    while (*text != '\0') {
        word_bytes = strcspn(text, " ");
        if (!is_first && column + 1 + word_bytes > width) {
            (void)fprintf(out, "\n%s", prefix);
            column = strlen(prefix);
        } else if (!is_first) {
            (void)fputc(' ', out);
            column++;
        }
        (void)fprintf(out, "%.*s", (int)word_bytes, text);
        column += word_bytes;
        text += word_bytes;
        text += strspn(text, " ");
        is_first = false;
    }
    (void)fputc('\n', out);
}

static void
make_c(char *text, bool upper)
{
    for (; *text != '\0'; text++) {
        if (*text == '.' || *text == '-')
            *text = '_';
        else if (upper)
            *text = (char)toupper((unsigned char)*text);
    }
}
