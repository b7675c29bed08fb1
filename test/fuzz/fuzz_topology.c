/*
 * The reader of topologies: whatever the file says, it is a topology that every
 * node of it can be wired by, or at least one sentence that begins with the
 * name of the file.
 */
#define _GNU_SOURCE                     /* memfd_create */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "souk_topology.h"

#define PATH_BYTES 64

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
    char path[PATH_BYTES];
    size_t i;
    int fd, rc;

    if ((fd = memfd_create("topology", MFD_CLOEXEC)) < 0)
        return 0;
    if (write(fd, bytes, size_bytes) == (ssize_t)size_bytes) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if ((rc = souk_topology_read(path, &topology, &errors)) == 0)
            look_through(topology);
        else
            assert(errors.code == -rc && errors.count > 0 && topology == NULL);
        for (i = 0; rc != 0 && i < errors.count; i++)
            assert(strncmp(errors.errors[i].text, path, strlen(path)) == 0);
    }
    souk_topology_close(&topology);
    (void)close(fd);
    return 0;
}
