#include <souk-message.h>

#include <assert.h>
#include <string.h>

/* Text of an id: a dash stands before these bytes. */
#define ID_DASHES (1u << 4 | 1u << 6 | 1u << 8 | 1u << 10)

static bool is_text(const char *text, struct souk_slice other);
static int hex_digit(char letter);

const struct souk_message_type *
souk_messages_find(const struct souk_messages *messages, struct souk_slice name)
{
    size_t i;

    for (i = 0; i < messages->type_count; i++) {
        if (is_text(messages->types[i]->name, name))
            return messages->types[i];
    }
    return NULL;
}

const struct souk_message_stream *
souk_messages_stream(const struct souk_messages *messages, struct souk_slice name)
{
    size_t i;

    for (i = 0; i < messages->stream_count; i++) {
        if (is_text(messages->streams[i].name, name))
            return &messages->streams[i];
    }
    return NULL;
}

const struct souk_message_type *
souk_message_version(const struct souk_message_type *type, uint16_t version)
{
    while (type != NULL && type->version != version)
        type = type->older;
    return type;
}

/* Down to the version that was written, then up again: each step has the struct of the one below it. */
int
souk_message_decode(const struct souk_message_type *type, uint16_t version, struct souk_slice packed,
    struct souk_arena *arena, void *message_out)
{
    void *older;
    int rc;

    if (type->version == version)
        return type->decode(packed, arena, message_out);
    if (type->older == NULL || version > type->version)
        return -SOUK_EUNSUPPORTED;
    assert(type->older->upcast != NULL);
    if ((older = souk_arena_alloc(arena, type->older->struct_size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = souk_message_decode(type->older, version, packed, arena, older)) != 0)
        return rc;
    return type->older->upcast(older, arena, message_out);
}

const char *
souk_message_kind_name(enum souk_message_kind kind)
{
    static const char *const names[] = {
        [SOUK_COMMAND] = "command",
        [SOUK_EVENT] = "event",
        [SOUK_QUERY] = "query",
        [SOUK_REPLY] = "reply",
        [SOUK_ROW] = "row",
        [SOUK_RECORD] = "record",
    };

    assert((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

const char *
souk_enum_name(const struct souk_enum *values, uint64_t number)
{
    size_t i;

    for (i = 0; i < values->value_count; i++) {
        if (values->values[i].number == number)
            return values->values[i].name;
    }
    return NULL;
}

int
souk_enum_number(const struct souk_enum *values, struct souk_slice name, uint16_t *number_out)
{
    size_t i;

    for (i = 0; i < values->value_count; i++) {
        if (is_text(values->values[i].name, name)) {
            *number_out = values->values[i].number;
            return 0;
        }
    }
    return -SOUK_ENOTFOUND;
}

void
souk_id_format(struct souk_id id, char text_out[SOUK_ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char *at = text_out;
    unsigned i;

    for (i = 0; i < sizeof id.bytes; i++) {
        if (ID_DASHES >> i & 1)
            *at++ = '-';
        *at++ = digits[id.bytes[i] >> 4];
        *at++ = digits[id.bytes[i] & 0x0f];
    }
    *at = '\0';
}

int
souk_id_parse(struct souk_slice text, struct souk_id *id_out)
{
    const char *at = text.base;
    struct souk_id id;
    unsigned i;
    int high;
    int low;

    if (text.size_bytes != SOUK_ID_TEXT_BYTES - 1)
        return -SOUK_EINVAL;
    for (i = 0; i < sizeof id.bytes; i++) {
        if ((ID_DASHES >> i & 1) && *at++ != '-')
            return -SOUK_EINVAL;
        high = hex_digit(*at++);
        low = hex_digit(*at++);
        if (high < 0 || low < 0)
            return -SOUK_EINVAL;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *id_out = id;
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

static bool
is_text(const char *text, struct souk_slice other)
{
    return strlen(text) == other.size_bytes && memcmp(text, other.base, other.size_bytes) == 0;
}
