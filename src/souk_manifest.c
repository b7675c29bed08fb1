#include "souk_manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "souk_zpl.h"

#define PATH_BYTES_MAX 4352
#define HEX_BYTES (2 * SOUK_HASH_BYTES + 1)

static int read_stream(const struct souk_zpl *zpl, const struct souk_zpl_node *node,
    struct souk_manifest_stream *stream, struct souk_error *err);
static int read_hex(const struct souk_zpl *zpl, const struct souk_zpl_node *node, uint8_t *bytes_out,
    size_t size_bytes, struct souk_error *err);
static const char *hex(const uint8_t *bytes, size_t size_bytes, char text_out[HEX_BYTES]);

int
souk_manifest_write(const char *directory, const struct souk_manifest *manifest, struct souk_error *err)
{
    char path[PATH_BYTES_MAX], text[HEX_BYTES];
    FILE *file;
    bool good;

    (void)snprintf(path, sizeof path, "%s/" SOUK_MANIFEST_FILE, directory);
    if ((file = fopen(path, "we")) == NULL)
        return souk_fail(err, errno == ENOSPC ? SOUK_EFULL : SOUK_EIO, "%s: %s", path, strerror(errno));
    (void)fprintf(file, "#   What this backup holds. While this file lies here, origins keep what is behind it.\n"
        "backup\n    node = %s\n    event_store = %s\n    made_ms = %" PRIu64 "\n    log_position = %" PRIu64
        "\n    batches = %" PRIu64 "\n    events = %" PRIu64 "\n    bytes = %" PRIu64 "\n", manifest->node.text,
        manifest->is_store ? "yes" : "no", manifest->made_ms, manifest->log_position, manifest->batches,
        manifest->events, manifest->bytes);
    for (uint32_t i = 0; i < manifest->stream_count; i++) {
        const struct souk_manifest_stream *stream = &manifest->streams[i];

        (void)fprintf(file, "stream = %s\n    epoch = %" PRIu32 "\n", stream->name.text, stream->head.epoch.counter);
        (void)fprintf(file, "    bits = %s\n    number = %" PRIu64 "\n", hex(stream->head.epoch.bits,
            sizeof stream->head.epoch.bits, text), stream->head.number);
        (void)fprintf(file, "    hash = %s\n", hex(stream->head.hash.bytes, SOUK_HASH_BYTES, text));
    }
    good = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !good)
        return souk_fail(err, errno == ENOSPC ? SOUK_EFULL : SOUK_EIO, "%s: %s", path, strerror(errno));
    return 0;
}

int
souk_manifest_read(const char *directory, struct souk_manifest *manifest_out, struct souk_error *err)
{
    static const struct souk_zpl_rule top[] = { { "backup", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
        { "stream", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY }, { .name = NULL } };
    static const struct souk_zpl_rule about[] = { { "node", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
        { "event_store", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { "made_ms", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
        { "log_position", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { "batches", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
        { "events", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { "bytes", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { .name = NULL } };
    const struct souk_zpl_node *node;
    struct souk_zpl *zpl = NULL;
    char path[PATH_BYTES_MAX];
    int rc;

    memset(manifest_out, 0, sizeof *manifest_out);
    (void)snprintf(path, sizeof path, "%s/" SOUK_MANIFEST_FILE, directory);
    if ((rc = souk_zpl_open(path, &zpl, err)) != 0)
        return rc;
    if ((rc = souk_zpl_check(zpl, souk_zpl_root(zpl), top, err)) != 0)
        goto done;
    node = souk_zpl_child(souk_zpl_root(zpl), "backup");
    if ((rc = souk_zpl_check(zpl, node, about, err)) != 0)
        goto done;
    if ((rc = souk_name_set(&manifest_out->node, souk_slice_of(souk_zpl_child(node, "node")->value))) != 0) {
        rc = souk_zpl_fail(zpl, souk_zpl_child(node, "node"), err, "no name of a node");
        goto done;
    }
    manifest_out->is_store = strcmp(souk_zpl_child(node, "event_store")->value, "yes") == 0;
    if (!manifest_out->is_store && strcmp(souk_zpl_child(node, "event_store")->value, "no") != 0) {
        rc = souk_zpl_fail(zpl, souk_zpl_child(node, "event_store"), err, "it is yes or no");
        goto done;
    }
    {
        uint64_t *const numbers[] = { &manifest_out->made_ms, &manifest_out->log_position, &manifest_out->batches,
            &manifest_out->events, &manifest_out->bytes };

        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            if ((rc = souk_zpl_number(zpl, souk_zpl_child(node, about[i + 2].name), 0, UINT64_MAX, numbers[i], err))
                != 0)
                goto done;
    }
    for (node = souk_zpl_child(souk_zpl_root(zpl), "stream"); node != NULL; node = souk_zpl_again(node)) {
        if (manifest_out->stream_count == SOUK_STREAMS_MAX) {
            rc = souk_zpl_fail(zpl, node, err, "more than %d streams", SOUK_STREAMS_MAX);
            goto done;
        }
        if (souk_manifest_head(manifest_out, node->value) != NULL) {
            rc = souk_zpl_fail(zpl, node, err, "the stream is there twice");
            goto done;
        }
        if ((rc = read_stream(zpl, node, &manifest_out->streams[manifest_out->stream_count++], err)) != 0)
            goto done;
    }
done:
    souk_zpl_close(&zpl);
    return rc;
}

static int
read_stream(const struct souk_zpl *zpl, const struct souk_zpl_node *node, struct souk_manifest_stream *stream,
    struct souk_error *err)
{
    static const struct souk_zpl_rule rules[] = { { "epoch", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
        { "bits", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { "number", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
        { "hash", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE }, { .name = NULL } };
    uint64_t counter;
    int rc;

    if ((rc = souk_zpl_check(zpl, node, rules, err)) != 0)
        return rc;
    if (souk_name_set(&stream->name, souk_slice_of(node->value)) != 0)
        return souk_zpl_fail(zpl, node, err, "no name of a stream");
    if ((rc = souk_zpl_number(zpl, souk_zpl_child(node, "epoch"), 0, UINT32_MAX, &counter, err)) != 0
        || (rc = souk_zpl_number(zpl, souk_zpl_child(node, "number"), 0, UINT64_MAX, &stream->head.number, err)) != 0
        || (rc = read_hex(zpl, souk_zpl_child(node, "bits"), stream->head.epoch.bits, sizeof stream->head.epoch.bits,
            err)) != 0)
        return rc;
    stream->head.epoch.counter = (uint32_t)counter;
    return read_hex(zpl, souk_zpl_child(node, "hash"), stream->head.hash.bytes, SOUK_HASH_BYTES, err);
}

static int
read_hex(const struct souk_zpl *zpl, const struct souk_zpl_node *node, uint8_t *bytes_out, size_t size_bytes,
    struct souk_error *err)
{
    size_t bytes = 0;

    if (strlen(node->value) != 2 * size_bytes
        || sodium_hex2bin(bytes_out, size_bytes, node->value, 2 * size_bytes, NULL, &bytes, NULL) != 0
        || bytes != size_bytes)
        return souk_zpl_fail(zpl, node, err, "%zu bytes in hexadecimal are meant", size_bytes);
    return 0;
}

static const char *
hex(const uint8_t *bytes, size_t size_bytes, char text_out[HEX_BYTES])
{
    return sodium_bin2hex(text_out, HEX_BYTES, bytes, size_bytes);
}

const struct souk_position *
souk_manifest_head(const struct souk_manifest *manifest, const char *stream)
{
    for (uint32_t i = 0; i < manifest->stream_count; i++)
        if (strcmp(manifest->streams[i].name.text, stream) == 0)
            return &manifest->streams[i].head;
    return NULL;
}
