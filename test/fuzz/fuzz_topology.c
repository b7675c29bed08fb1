/*
 * The reader of topologies: whatever the file says, it is a topology that every
 * node of it can be wired by, or at least one sentence that begins with the
 * name of the file.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../scratch.h"
#include "souk_topology.h"

/* It asks where the file lies, so the input has to lie somewhere. */
static struct scratch ground;
static char path[SCRATCH_PATH_BYTES_MAX + 16];

static void
clean_up(void)
{
    scratch_remove(&ground);
}

static void
make_ground(void)
{
    if (ground.path[0] != '\0')
        return;
    scratch_sweep();
    if (scratch_make(&ground, "fuzz-topology") != 0) {
        perror("fuzz_topology");
        abort();
    }
    (void)atexit(clean_up);
    (void)snprintf(path, sizeof path, "%s/fuzz.zpl", ground.path);
}

static void
look_through(const struct souk_topology *topology)
{
    const struct souk_topology_node *node;
    struct souk_wiring wiring;
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        assert(souk_topology_node(topology, node->name.text) == node);
        assert(souk_topology_wiring(topology, node->name.text, &wiring) == 0);
        assert(strcmp(wiring.self.text, node->name.text) == 0);
        assert(memcmp(wiring.fingerprint, topology->fingerprint, sizeof wiring.fingerprint) == 0);
        assert(wiring.stream_count == (node->kind == SOUK_NODE_SERVICE ? node->stream_count : 0) + node->follow_count);
        assert(wiring.store_count >= 1 && wiring.store_count <= SOUK_STORES_MAX);
        assert(wiring.recorded_by <= wiring.store_count && wiring.limits.head_ms > 0);
        assert(node->program[0] != '\0' && node->data[0] == '/' && node->witness[0] == '/');
        assert(strstr(node->commands, "://") != NULL && strcmp(node->commands, node->queries) != 0);
    }
    for (i = 0; i < topology->stream_count; i++)
        assert(souk_topology_stream(topology, topology->streams[i].name.text) == &topology->streams[i]);
    assert(souk_topology_compare(topology, topology, NULL, NULL, NULL) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static struct souk_topology_errors errors;
    struct souk_topology *topology = NULL;
    FILE *file;
    size_t i;
    int rc;

    make_ground();
    file = fopen(path, "we");
    assert(file != NULL && fwrite(bytes, 1, size_bytes, file) == size_bytes && fclose(file) == 0);
    if ((rc = souk_topology_read(path, &topology, &errors)) == 0)
        look_through(topology);
    else
        assert(errors.code == -rc && rc != -SOUK_EIO && errors.count > 0 && topology == NULL);
    for (i = 0; rc != 0 && i < errors.count; i++)
        assert(strncmp(errors.errors[i].text, path, strlen(path)) == 0);
    souk_topology_close(&topology);
    return 0;
}
