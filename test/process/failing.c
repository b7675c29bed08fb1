/*
 * Preloaded into a daemon: what its machine does to it, by switches that a test
 * turns while it runs. A switch is a file in the directory FAILING.
 *
 *     low        nothing is free on any disk
 *     receive    nothing can be received from the socket whose endpoint ends in what the file holds
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
    char text[TEXT_BYTES], endpoint[PATH_MAX];
    size_t size = sizeof endpoint;

    if (turned_on("receive", text) != NULL && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0
        && strlen(endpoint) >= strlen(text) && strcmp(endpoint + strlen(endpoint) - strlen(text), text) == 0) {
        errno = EIO;
        return -1;
    }
    return real(message, socket, flags);
}
