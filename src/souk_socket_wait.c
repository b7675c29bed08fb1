#include "souk_socket_wait.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <zmq.h>

static int ask(struct souk_socket_waited *item, bool *is_ready);
static int descriptor(const struct souk_socket_waited *item);

int
souk_socket_wait(struct souk_socket_waited *const *items, size_t count, long timeout_ms)
{
    struct pollfd polled[SOUK_SOCKET_WAITED_MAX];
    bool is_ready = false;
    int found, rc;

    assert(count <= SOUK_SOCKET_WAITED_MAX);
    for (size_t i = 0; i < count; i++) {
        struct souk_socket_waited *item = items[i];

        item->has_input = false;
        if (item->socket != NULL && !item->is_idle && (rc = ask(item, &is_ready)) != 0)
            return rc;
        polled[i] = (struct pollfd){ .fd = descriptor(item), .events = POLLIN };
    }
    if (timeout_ms > INT_MAX)
        timeout_ms = INT_MAX;
    if ((found = poll(polled, count, is_ready ? 0 : (int)timeout_ms)) < 0)
        return errno == EINTR ? 0 : -SOUK_EIO;
    for (size_t i = 0; i < count && found > 0; i++) {
        if (polled[i].revents == 0)
            continue;
        found--;
        if (items[i]->socket == NULL)
            items[i]->has_input = true;
        else if (!items[i]->has_input && (rc = ask(items[i], &is_ready)) != 0)
            return rc;
    }
    return 0;
}

/* It takes in what ZeroMQ's threads have said, all of it: the next word makes the descriptor readable again. */
static int
ask(struct souk_socket_waited *item, bool *is_ready)
{
    size_t size_bytes = sizeof(int);
    int events = 0;

    while (zmq_getsockopt(item->socket, ZMQ_EVENTS, &events, &size_bytes) != 0)
        if (errno != EINTR)
            return -SOUK_EIO;
    item->has_input = (events & ZMQ_POLLIN) != 0;
    item->is_idle = !item->has_input;
    *is_ready |= item->has_input || (item->wants_room && (events & ZMQ_POLLOUT) != 0);
    return 0;
}

static int
descriptor(const struct souk_socket_waited *item)
{
    size_t size_bytes = sizeof(int);
    int fd = item->fd;

    if (item->socket != NULL && zmq_getsockopt(item->socket, ZMQ_FD, &fd, &size_bytes) != 0)
        return -1;
    return fd;
}
