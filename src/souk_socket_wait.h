/*
 * souk_socket_wait - waiting for sockets and descriptors.
 *
 * zmq_poll(3) asks every socket twice for each sleep, and each question is a
 * system call. Here a socket is asked if it was used since it was last found
 * empty, or if its descriptor says that something has come: that changes with
 * each message that ZeroMQ's threads hand over to a socket which was asked and
 * had nothing, and only then; so whoever sends, receives or subscribes with a
 * socket has to say that it is not idle any more.
 */
#ifndef SOUK_SOCKET_WAIT_H
#define SOUK_SOCKET_WAIT_H

#include <souk.h>

#define SOUK_SOCKET_WAITED_MAX 256

struct souk_socket_waited {
    void *socket;               /* NULL: `fd` is waited for */
    int fd;                     /* below 0: nothing is */
    bool wants_room;            /* it is waited for room to send, too */
    bool is_idle;               /* was found without input, and not used since */
    bool has_input;             /* out: something can be received */
};

/*
 * Until one of them has input, or room if that is wanted, or `timeout_ms` (-1:
 * for ever) have passed, or a signal has come. 0 or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_socket_wait(struct souk_socket_waited *const *items, size_t count, long timeout_ms);

#endif
