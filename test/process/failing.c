/*
 * Preloaded into a daemon: what its machine does to it, by switches that a test
 * turns while it runs. A switch is a file in the directory FAILING.
 *
 *     low        nothing is free on any disk
 *     receive    nothing can be received from the socket whose endpoint ends in what the file holds
 *     gate       what judges keys lets everybody in, or nobody, or is not there and nothing asks
 *                for it: "open", "shut", "absent"; for "absent" from the start
 *     old        libzmq is the version that the file holds
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zmq.h>

#define PUBLIC __attribute__((visibility("default")))
#define TEXT_BYTES 64
#define GATE "inproc://zeromq.zap.01"
#define VERDICT_BYTES 3
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93       /* a draft in 4.3.4, and there */
#endif

/* What the switch holds; NULL when it is off. */
static const char *
turned_on(const char *name, char text[TEXT_BYTES])
{
    const char *home = getenv("FAILING");
    char path[PATH_MAX];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", home == NULL ? "/nowhere" : home, name);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return NULL;
    n = read(fd, text, TEXT_BYTES - 1);
    (void)close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

/* Is this the socket whose endpoint ends so? */
static int
is_at(void *socket, const char *end)
{
    char endpoint[PATH_MAX];
    size_t size = sizeof endpoint;

    return zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 && strlen(endpoint) >= strlen(end)
        && strcmp(endpoint + strlen(endpoint) - strlen(end), end) == 0;
}

PUBLIC int
fstatvfs(int fd, struct statvfs *disk)
{
    int (*real)(int, struct statvfs *) = (int (*)(int, struct statvfs *))dlsym(RTLD_NEXT, "fstatvfs");
    char text[TEXT_BYTES];
    int rc = real(fd, disk);

    if (rc == 0 && turned_on("low", text) != NULL)
        disk->f_bfree = disk->f_bavail = 0;
    return rc;
}

PUBLIC int
zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    int (*real)(zmq_msg_t *, void *, int) = (int (*)(zmq_msg_t *, void *, int))dlsym(RTLD_NEXT, "zmq_msg_recv");
    char text[TEXT_BYTES];

    if (turned_on("receive", text) != NULL && is_at(socket, text)) {
        errno = EIO;
        return -1;
    }
    return real(message, socket, flags);
}

/* ---- the gate ------------------------------------------------------- */

PUBLIC int
zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
    int (*real)(void *, const void *, size_t, int)
        = (int (*)(void *, const void *, size_t, int))dlsym(RTLD_NEXT, "zmq_send");
    char text[TEXT_BYTES];

    if (size == VERDICT_BYTES && (memcmp(bytes, "200", size) == 0 || memcmp(bytes, "300", size) == 0)
        && turned_on("gate", text) != NULL && is_at(socket, GATE))
        bytes = strcmp(text, "open") == 0 ? "200" : "300";
    return real(socket, bytes, size, flags);
}

PUBLIC int
zmq_bind(void *socket, const char *endpoint)
{
    int (*real)(void *, const char *) = (int (*)(void *, const char *))dlsym(RTLD_NEXT, "zmq_bind");
    char text[TEXT_BYTES];

    if (strcmp(endpoint, GATE) == 0 && turned_on("gate", text) != NULL && strcmp(text, "absent") == 0)
        return 0;
    return real(socket, endpoint);
}

PUBLIC int
zmq_setsockopt(void *socket, int option, const void *value, size_t size)
{
    int (*real)(void *, int, const void *, size_t)
        = (int (*)(void *, int, const void *, size_t))dlsym(RTLD_NEXT, "zmq_setsockopt");
    char text[TEXT_BYTES];

    if ((option == ZMQ_ZAP_ENFORCE_DOMAIN || option == ZMQ_ZAP_DOMAIN) && turned_on("gate", text) != NULL
        && strcmp(text, "absent") == 0)
        return 0;
    return real(socket, option, value, size);
}

/* ---- versions ------------------------------------------------------- */

PUBLIC void
zmq_version(int *major, int *minor, int *patch)
{
    void (*real)(int *, int *, int *) = (void (*)(int *, int *, int *))dlsym(RTLD_NEXT, "zmq_version");
    char text[TEXT_BYTES];

    real(major, minor, patch);
    if (turned_on("old", text) != NULL)
        (void)sscanf(text, "%d.%d.%d", major, minor, patch);
}
