#include "souk_messages.h"

static void write_codecs(const struct souk_messages *messages, FILE *out);
static bool is_sent(const struct souk_messages *messages, const struct souk_message_type *record);
static void write_helpers(const struct souk_messages *messages, FILE *out);
static void write_tables(const struct souk_messages *messages, FILE *out);

void
souk_messages_write_source(const struct souk_messages *messages, const char *source, FILE *out)
{
    size_t i;

    (void)fprintf(out, "/* Made by souk-messages(1) from %s: change that, not this. */\n", source);
    (void)fprintf(out, "#include \"%s.h\"\n\n", messages->application);
    if (messages->enum_count > 0)
        souk_c_section(out, "enums");
    for (i = 0; i < messages->enum_count; i++)
        souk_messages_write_enum(messages->enums[i], out);
    souk_c_section(out, "messages to bytes and back");
    write_codecs(messages, out);
    souk_c_section(out, "what a service calls");
    write_helpers(messages, out);
    souk_c_section(out, "what the runtime looks up");
    write_tables(messages, out);
    souk_messages_write_catalogue(messages, out);
}

static void
write_codecs(const struct souk_messages *messages, FILE *out)
{
    const struct souk_message_type *type;
    size_t i;

    for (i = 0; i < messages->type_count; i++) {
        type = messages->types[i];
        if (type->kind == SOUK_RECORD && !is_sent(messages, type))
            continue;
        for (; type != NULL; type = type->older)
            souk_messages_write_codec(type, out);
    }
}

/* Does a message hold the record, by itself or within another one? Functions that nobody calls are warned of. */
static bool
is_sent(const struct souk_messages *messages, const struct souk_message_type *record)
{
    const struct souk_message_type *type;
    size_t i;
    size_t j;

    for (i = 0; i < messages->type_count; i++) {
        for (type = messages->types[i]; type != NULL; type = type->older) {
            for (j = 0; j < type->field_count; j++) {
                if (type->fields[j].record == record && (type->kind != SOUK_RECORD || is_sent(messages, type)))
                    return true;
            }
        }
    }
    return false;
}

static void
write_helpers(const struct souk_messages *messages, FILE *out)
{
    size_t i;

    for (i = 0; i < messages->type_count; i++)
        souk_messages_write_helpers(messages->types[i], out);
}

static void
write_tables(const struct souk_messages *messages, FILE *out)
{
    size_t i;

    for (i = 0; i < messages->type_count; i++)
        souk_messages_write_type(messages->types[i], out);
}
