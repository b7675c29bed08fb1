/*
 * The reader of ZPL and, behind it, of message descriptions: whatever the file
 * says, it is a description or a sentence with file and line. What is one can
 * be looked through and found again, and bytes can be read by it.
 *
 * A line `===` parts an older description from a newer one: what lies between
 * the two is told in sentences, and nothing lies between one and itself.
 */
#define _GNU_SOURCE                     /* memfd_create, memmem */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <souk-json.h>

#include "souk_evolution.h"
#include "souk_zpl.h"

#define PATH_BYTES 64
#define BETWEEN "\n===\n"

/* Every text below `node` is there and ends. */
static size_t
walk(const struct souk_zpl_node *node, unsigned depth)
{
    size_t nodes = 0;

    assert(depth <= SOUK_ZPL_DEPTH_MAX);
    for (node = node->child; node != NULL; node = node->next) {
        assert(node->name[0] != '\0');
        assert(node->has_value || node->value[0] == '\0');
        assert(strlen(node->value) <= SOUK_ZPL_LINE_BYTES_MAX);
        nodes += 1 + walk(node, depth + 1);
    }
    return nodes;
}

static void
read_by(const struct souk_message_type *type)
{
    static const struct souk_slice inputs[] = { { "\x90", 1 }, { "\x91\x01", 2 }, { "\x92\xa1x\x01", 4 } };
    struct souk_error err;
    struct souk_pack pack;
    json_t *json;

    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (souk_json_from_packed(type, inputs[i], &json, &err) != 0)
            continue;
        souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
        assert(souk_json_to_packed(type, json, &pack, &err) == 0);
        souk_pack_done(&pack);
        json_decref(json);
    }
}

static void
look_through(const struct souk_messages *messages)
{
    for (size_t i = 0; i < messages->stream_count; i++)
        assert(souk_messages_stream(messages, souk_slice_of(messages->streams[i].name)) == &messages->streams[i]);
    for (size_t i = 0; i < messages->type_count; i++) {
        const struct souk_message_type *type = messages->types[i];

        assert(type->field_count <= SOUK_FIELDS_MAX);
        if (type->kind != SOUK_RECORD && type->kind != SOUK_ROW)
            assert(souk_messages_find(messages, souk_slice_of(type->name)) == type);
        for (; type != NULL; type = type->older) {
            assert(souk_message_version(messages->types[i], type->version) == type);
            read_by(type);
        }
    }
}

static void
count_sentence(void *arg, const char *sentence)
{
    assert(sentence[0] != '\0');
    (*(size_t *)arg)++;
}

static size_t
breaks(const struct souk_description *before, const struct souk_description *after)
{
    size_t said = 0, count;

    count = souk_evolution_breaks(souk_description_messages(before), souk_description_messages(after), count_sentence,
        &said);
    assert(count == said);
    return count;
}

/* NULL: it is none. */
static struct souk_description *
describe(struct souk_slice text)
{
    struct souk_description *description = NULL;
    struct souk_error err = { 0 };
    char path[PATH_BYTES];
    int fd, rc;

    if ((fd = memfd_create("description", MFD_CLOEXEC)) < 0)
        return NULL;
    if (write(fd, text.base, text.size_bytes) == (ssize_t)text.size_bytes) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if ((rc = souk_description_open(path, &description, &err)) == 0)
            look_through(souk_description_messages(description));
        else
            assert(err.code == -rc && err.text[0] != '\0');
    }
    (void)close(fd);
    assert(description == NULL || breaks(description, description) == 0);
    return description;
}

static void
compare(struct souk_slice before_text, struct souk_slice after_text)
{
    struct souk_description *before = describe(before_text), *after = describe(after_text);

    if (before != NULL && after != NULL) {
        (void)breaks(before, after);
        (void)breaks(after, before);
    }
    souk_description_close(&before);
    souk_description_close(&after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct souk_slice text = { bytes, size_bytes };
    const uint8_t *line = size_bytes == 0 ? NULL : memmem(bytes, size_bytes, BETWEEN, strlen(BETWEEN));
    struct souk_description *description;
    struct souk_error err = { 0 };
    struct souk_zpl *zpl = NULL;
    int rc;

    if (line != NULL) {
        line++;                                 /* the older one has its last line feed */
        compare((struct souk_slice){ bytes, (size_t)(line - bytes) }, (struct souk_slice){ line + strlen(BETWEEN) - 1,
            size_bytes - (size_t)(line - bytes) - (strlen(BETWEEN) - 1) });
        return 0;
    }
    if ((rc = souk_zpl_parse("input", text, &zpl, &err)) != 0) {
        assert(err.code == -rc && strncmp(err.text, "input:", 6) == 0);
        return 0;
    }
    (void)walk(souk_zpl_root(zpl), 1);
    souk_zpl_close(&zpl);
    description = describe(text);
    souk_description_close(&description);
    return 0;
}
