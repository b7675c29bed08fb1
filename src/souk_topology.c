#include "souk_topology.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "souk_topology_parts.h"

#define WITNESS_TAG_BYTES 6             /* of a hash of the data directory, in the name of a witness */

static int open_file(const char *path, struct souk_topology_reading *reading);
static int find_dir(const char *path, struct souk_topology_reading *reading);
static void fail_file(struct souk_topology_reading *reading, const struct souk_error *err);
static void sort_errors(struct souk_topology_errors *errors);
static const char *witness_path(struct souk_arena *arena, const struct souk_topology *topology, const char *node,
    const char *data);
static const char *text_in(struct souk_arena *arena, const char *format, va_list args) SOUK_PRINTF(2, 0);
static const char *join(struct souk_arena *arena, const char *format, ...) SOUK_PRINTF(2, 3);

int
souk_topology_read(const char *path, struct souk_topology **topology_out, struct souk_topology_errors *errors)
{
    struct souk_topology_reading reading = { .errors = errors };
    size_t i;
    int rc;

    errors->count = errors->left_out = 0;
    errors->code = 0;
    if ((rc = open_file(path, &reading)) != 0)
        goto done;
    souk_topology_entries(&reading);
    if (!reading.is_short_of_memory)
        souk_topology_check(&reading);
    for (i = 0; i < reading.topology->node_count && errors->code == 0; i++) {
        reading.nodes[i].witness = witness_path(&reading.parts->arena, reading.topology,
            reading.nodes[i].name.text, reading.nodes[i].data);
        reading.is_short_of_memory |= reading.nodes[i].witness == NULL;
    }
    if (errors->code == 0 && !reading.is_short_of_memory)
        souk_topology_canonical(&reading);
    if (reading.is_short_of_memory)
        fail_file(&reading, &(struct souk_error){ SOUK_ENOMEM, "no memory to read the topology" });
    rc = -errors->code;

done:
    if (rc != 0) {
        souk_topology_close(&reading.topology);
        sort_errors(errors);
        return rc;
    }
    *topology_out = reading.topology;
    return 0;
}

void
souk_topology_close(struct souk_topology **topology_p)
{
    struct souk_topology *topology = *topology_p;

    if (topology == NULL)
        return;
    if (topology->parts != NULL) {
        souk_zpl_close(&topology->parts->zpl);
        souk_arena_done(&topology->parts->arena);
        free(topology->parts);
    }
    free(topology);
    *topology_p = NULL;
}

int
souk_topology_move_data(struct souk_topology *topology, const char *dir, struct souk_error *err)
{
    struct souk_arena *arena = &topology->parts->arena;
    struct souk_topology_node *node;
    char cwd[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    const char *base = dir;
    const char *data;
    const char *witness;
    size_t i;

    if (dir[0] != '/') {
        if (getcwd(cwd, sizeof cwd) == NULL)
            return souk_fail(err, SOUK_EIO, "%s: the directory one is in: %s", dir, strerror(errno));
        if ((base = join(arena, "%s/%s", cwd, dir)) == NULL)
            return souk_fail(err, SOUK_ENOMEM, "%s: no memory", dir);
    }
    if (strlen(base) + 1 + SOUK_NAME_BYTES_MAX + strlen(SOUK_DIRECTORY_DATA) > SOUK_TOPOLOGY_PATH_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "%s: a path of %zu bytes, at most %d", base, strlen(base),
            SOUK_TOPOLOGY_PATH_BYTES_MAX - SOUK_NAME_BYTES_MAX - 1 - (int)strlen(SOUK_DIRECTORY_DATA));
    for (i = 0; i < topology->node_count; i++) {
        node = (struct souk_topology_node *)(uintptr_t)&topology->nodes[i];
        data = join(arena, "%s/%s" SOUK_DIRECTORY_DATA, base, node->name.text);
        witness = data == NULL ? NULL : witness_path(arena, topology, node->name.text, data);
        if (witness == NULL)
            return souk_fail(err, SOUK_ENOMEM, "%s: no memory", dir);
        node->data = data;
        node->witness = witness;
    }
    return 0;
}

const struct souk_topology_node *
souk_topology_node(const struct souk_topology *topology, const char *name)
{
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        if (strcmp(topology->nodes[i].name.text, name) == 0)
            return &topology->nodes[i];
    }
    return NULL;
}

const struct souk_topology_stream *
souk_topology_stream(const struct souk_topology *topology, const char *name)
{
    size_t i;

    for (i = 0; i < topology->stream_count; i++) {
        if (strcmp(topology->streams[i].name.text, name) == 0)
            return &topology->streams[i];
    }
    return NULL;
}

const struct souk_topology_host *
souk_topology_host(const struct souk_topology *topology, const char *name)
{
    size_t i;

    for (i = 0; i < topology->host_count; i++) {
        if (strcmp(topology->hosts[i].name.text, name) == 0)
            return &topology->hosts[i];
    }
    return NULL;
}

const struct souk_topology_client *
souk_topology_client(const struct souk_topology *topology, const char *name)
{
    size_t i;

    for (i = 0; i < topology->client_count; i++) {
        if (strcmp(topology->clients[i].name.text, name) == 0)
            return &topology->clients[i];
    }
    return NULL;
}

int
souk_topology_wiring(const struct souk_topology *topology, const char *node, struct souk_wiring *wiring_out)
{
    const struct souk_topology_node *found = souk_topology_node(topology, node);

    if (found == NULL)
        return -SOUK_ENOTFOUND;
    *wiring_out = found->wiring;
    memcpy(wiring_out->fingerprint, topology->fingerprint, sizeof wiring_out->fingerprint);
    return 0;
}

void
souk_topology_fingerprint(const struct souk_topology *topology, uint8_t fingerprint_out[8])
{
    memcpy(fingerprint_out, topology->fingerprint, sizeof topology->fingerprint);
}

void
souk_topology_wrong(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *format, ...)
{
    struct souk_topology_errors *errors = reading->errors;
    struct souk_topology_error *error;
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    struct souk_error err;
    va_list args;

    if (errors->code == 0)
        errors->code = SOUK_EINVAL;
    if (errors->count == SOUK_TOPOLOGY_ERRORS_MAX) {
        errors->left_out++;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)souk_zpl_fail(reading->parts->zpl, node, &err, "%s", sentence);
    error = &errors->errors[errors->count++];
    error->line = node->line;
    memcpy(error->text, err.text, sizeof error->text);
}

void *
souk_topology_alloc(struct souk_topology_reading *reading, size_t size_bytes)
{
    void *memory = souk_arena_alloc(&reading->parts->arena, size_bytes == 0 ? 1 : size_bytes);

    if (memory == NULL)
        reading->is_short_of_memory = true;
    return memory;
}

const char *
souk_topology_text(struct souk_topology_reading *reading, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = text_in(&reading->parts->arena, format, args);
    va_end(args);
    if (text == NULL)
        reading->is_short_of_memory = true;
    return text;
}

/* ---- reading -------------------------------------------------------- */

static int
open_file(const char *path, struct souk_topology_reading *reading)
{
    struct souk_topology *topology;
    struct souk_error err;
    int rc;

    if ((topology = calloc(1, sizeof *topology)) == NULL
        || (topology->parts = calloc(1, sizeof *topology->parts)) == NULL) {
        free(topology);
        rc = souk_fail(&err, SOUK_ENOMEM, "%s: no memory to read it", path);
        fail_file(reading, &err);
        return rc;
    }
    souk_arena_init(&topology->parts->arena, 0);
    reading->topology = topology;
    reading->parts = topology->parts;
    if ((rc = souk_zpl_open(path, &topology->parts->zpl, &err)) != 0) {
        fail_file(reading, &err);
        return rc;
    }
    return find_dir(path, reading);
}

/* The real place of the file: what is relative in it starts there, from wherever one looks. */
static int
find_dir(const char *path, struct souk_topology_reading *reading)
{
    struct souk_error err;
    char *real;
    char *slash;
    int rc = 0;

    if ((real = realpath(path, NULL)) == NULL) {
        rc = souk_fail(&err, SOUK_EIO, "%s: where it lies: %s", path, strerror(errno));
    } else if (strlen(real) > SOUK_TOPOLOGY_PATH_BYTES_MAX) {
        rc = souk_fail(&err, SOUK_ETOOBIG, "%s: a path of %zu bytes, at most %d", path, strlen(real),
            SOUK_TOPOLOGY_PATH_BYTES_MAX);
    } else if ((reading->topology->path = souk_topology_text(reading, "%s", real)) == NULL) {
        rc = souk_fail(&err, SOUK_ENOMEM, "%s: no memory to read it", path);
    } else {
        slash = strrchr(real, '/');
        assert(slash != NULL);
        *slash = '\0';
        memcpy(reading->dir, real, strlen(real) + 1);
    }
    free(real);
    if (rc != 0)
        fail_file(reading, &err);
    return rc;
}

static void
fail_file(struct souk_topology_reading *reading, const struct souk_error *err)
{
    struct souk_topology_errors *errors = reading->errors;

    errors->code = err->code;
    if (errors->count == SOUK_TOPOLOGY_ERRORS_MAX)
        errors->count--;
    errors->errors[errors->count].line = 0;
    memcpy(errors->errors[errors->count].text, err->text, sizeof err->text);
    errors->count++;
}

/* By line; those of one line as they were found. */
static void
sort_errors(struct souk_topology_errors *errors)
{
    struct souk_topology_error error;
    size_t i;
    size_t at;

    for (i = 1; i < errors->count; i++) {
        error = errors->errors[i];
        for (at = i; at > 0 && errors->errors[at - 1].line > error.line; at--)
            errors->errors[at] = errors->errors[at - 1];
        errors->errors[at] = error;
    }
}

/* ---- texts ---------------------------------------------------------- */

/* Copies of a topology whose data lie apart have witnesses apart, too. */
static const char *
witness_path(struct souk_arena *arena, const struct souk_topology *topology, const char *node, const char *data)
{
    uint8_t tag[crypto_generichash_BYTES];
    char text[2 * WITNESS_TAG_BYTES + 1];

    (void)crypto_generichash(tag, sizeof tag, (const uint8_t *)data, strlen(data), NULL, 0);
    (void)sodium_bin2hex(text, sizeof text, tag, WITNESS_TAG_BYTES);
    return join(arena, "%s/souk-%s-%s-%s", topology->parts->witness_dir, topology->name.text, node, text);
}

static const char *
text_in(struct souk_arena *arena, const char *format, va_list args)
{
    va_list again;
    char *text;
    int bytes;

    va_copy(again, args);
    bytes = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(bytes >= 0);
    if ((text = souk_arena_alloc(arena, (size_t)bytes + 1)) != NULL)
        (void)vsnprintf(text, (size_t)bytes + 1, format, args);
    return text;
}

static const char *
join(struct souk_arena *arena, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = text_in(arena, format, args);
    va_end(args);
    return text;
}
