#include "souk_messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

static int find_type(const struct souk_messages *messages, const char *name, const struct souk_message_type **type_out,
    struct souk_error *err);
static int read_all(FILE *in, size_t bytes_max, struct souk_slice *text_out, struct souk_error *err);
static int convert_to_msgpack(const struct souk_message_type *type, struct souk_slice text, FILE *out,
    struct souk_error *err);
static int convert_from_msgpack(const struct souk_message_type *type, struct souk_slice packed, FILE *out,
    struct souk_error *err);

int
souk_messages_convert(const struct souk_messages *messages, const char *name, bool to_msgpack, FILE *in, FILE *out,
    struct souk_error *err)
{
    const struct souk_message_type *type = NULL;
    struct souk_slice text = { NULL, 0 };
    int rc;

    if ((rc = find_type(messages, name, &type, err)) != 0)
        return rc;
    if ((rc = read_all(in, to_msgpack ? SOUK_JSON_TEXT_BYTES_MAX : SOUK_PAYLOAD_BYTES_MAX, &text, err)) != 0)
        return rc;
    rc = to_msgpack ? convert_to_msgpack(type, text, out, err) : convert_from_msgpack(type, text, out, err);
    free((void *)(uintptr_t)text.base);
    return rc;
}

static int
convert_to_msgpack(const struct souk_message_type *type, struct souk_slice text, FILE *out, struct souk_error *err)
{
    struct souk_pack pack;
    json_t *json = NULL;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = souk_json_parse(text, &json, err)) != 0)
        goto done;
    if ((rc = souk_json_to_packed(type, json, &pack, err)) != 0)
        goto done;
    (void)fwrite(pack.base, 1, pack.size_bytes, out);

done:
    json_decref(json);
    souk_pack_done(&pack);
    return rc;
}

static int
convert_from_msgpack(const struct souk_message_type *type, struct souk_slice packed, FILE *out, struct souk_error *err)
{
    json_t *json = NULL;
    int rc;

    if ((rc = souk_json_from_packed(type, packed, &json, err)) != 0)
        return rc;
    if (json_dumpf(json, out, JSON_INDENT(4)) != 0)
        rc = souk_fail(err, SOUK_EIO, "the JSON cannot be written");
    (void)fputc('\n', out);
    json_decref(json);
    return rc;
}

/* NAME or NAME@VERSION */
static int
find_type(const struct souk_messages *messages, const char *name, const struct souk_message_type **type_out,
    struct souk_error *err)
{
    const char *at = strchr(name, '@');
    const struct souk_message_type *type;
    unsigned long version;
    char *end;

    type = souk_messages_find(messages, (struct souk_slice){ name, at == NULL ? strlen(name) : (size_t)(at - name) });
    if (type == NULL)
        return souk_fail(err, SOUK_ENOTFOUND, "%s: the description has no such message", name);
    if (at != NULL) {
        version = strtoul(at + 1, &end, 10);
        if (end == at + 1 || *end != '\0' || version > UINT16_MAX
            || (type = souk_message_version(type, (uint16_t)version)) == NULL)
            return souk_fail(err, SOUK_ENOTFOUND, "%s: the description has no such version", name);
    }
    *type_out = type;
    return 0;
}

/* Release text_out->base with free(). */
static int
read_all(FILE *in, size_t bytes_max, struct souk_slice *text_out, struct souk_error *err)
{
    char *text;

    if ((text = malloc(bytes_max + 1)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory to read %zu bytes", bytes_max);
    *text_out = (struct souk_slice){ text, fread(text, 1, bytes_max + 1, in) };
    if (ferror(in)) {
        free(text);
        return souk_fail(err, SOUK_EIO, "the input cannot be read: %s", strerror(errno));
    }
    if (text_out->size_bytes > bytes_max) {
        free(text);
        return souk_fail(err, SOUK_ETOOBIG, "more than %zu bytes of input", bytes_max);
    }
    return 0;
}
