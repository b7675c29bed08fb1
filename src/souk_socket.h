/*
 * souk_socket - the one place that opens ZeroMQ's sockets and sets their options.
 *
 * What each option is for stands beside it in the source. Nothing blocks:
 * sending to a peer that takes nothing any more, or is not there, fails at
 * once, and the state machines above ask again. A socket belongs to the thread
 * that opened it.
 *
 * With keys a socket speaks CURVE and takes nobody whom the gate
 * (souk_socket_gate.h) does not let in; without, it is bound only where none but
 * this host, or this user, can knock.
 */
#ifndef SOUK_SOCKET_H
#define SOUK_SOCKET_H

#include <souk.h>
#include "souk_key.h"
#include "souk_outbox.h"

/* Frames that a server takes: a request has one, and nobody but a holder sends batches. */
#define SOUK_SOCKET_EMPTY_FRAMES_MAX 4          /* in front, as REQ and chains of them put there */
#define SOUK_SOCKET_TOPICS_MAX SOUK_OWN_STREAMS_MAX

enum souk_socket_kind {
    SOUK_SOCKET_COMMANDS,       /* ROUTER, bound: commands, acknowledgements, seals */
    SOUK_SOCKET_QUERIES,        /* ROUTER, bound: queries, pulls */
    SOUK_SOCKET_PUBLISH,        /* XPUB, bound */
    SOUK_SOCKET_FOLLOW,         /* SUB, connected to one node's publish endpoint */
    SOUK_SOCKET_LINK,           /* DEALER, connected to one node's commands or queries door */
};

/* Let the process have as many descriptors as it may: a peer's connection takes one. */
void souk_socket_allow_descriptors(void);
/* The process's only context. NULL without memory or descriptors. */
void *souk_socket_context(void);
/* Wait until what is still to be sent is sent, at most as long as the sockets linger. NULL inside is fine. */
void souk_socket_context_done(void **context_p);

/* By what the two ends know each other. */
struct souk_socket_keys {
    const struct souk_key *own;                 /* NULL: there are no keys */
    const char *door;                           /* to be connected to: the public key that it has to show, Z85 */
};

/*
 * Open a socket and bind or connect it to `endpoint`, in which an IPv6 address
 * stands in brackets and a name means an IPv4 address. Close it with
 * souk_socket_close(). 0; -SOUK_EBUSY (the address is taken, or not there, or not yet);
 * -SOUK_EINVAL (none of tcp:// and ipc://, or strangers could knock there and there are
 * no keys); -SOUK_ENOMEM; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_socket_open(void *context, enum souk_socket_kind kind, const char *endpoint,
    const struct souk_socket_keys *keys, void **socket_out, struct souk_error *err);
/* NULL inside is fine. */
void souk_socket_close(void **socket_p);
/* Of a SOUK_SOCKET_FOLLOW. 0 or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_socket_subscribe(void *socket, struct souk_slice topic);

/*
 * What becomes of the connections of a bound socket. Watching begins and ends
 * in the thread that has the socket, or while nobody uses it; a watch belongs
 * to whoever polls it, like a socket.
 */
enum souk_socket_change_kind {
    SOUK_SOCKET_ACCEPTED,
    SOUK_SOCKET_ENDED,          /* its descriptor may be another one's soon */
    SOUK_SOCKET_NOT_ACCEPTED,   /* no descriptor, mostly */
    SOUK_SOCKET_OTHER,
};

struct souk_socket_change {
    enum souk_socket_change_kind kind;
    int fd;                                     /* of the first two */
};

/* 0 or -SOUK_ENOMEM, with a sentence. */
SOUK_MUST_CHECK int souk_socket_watch(void *context, void *socket, void **watch_out, struct souk_error *err);
/* NULL inside *watch_p is fine. */
void souk_socket_unwatch(void *socket, void **watch_p);
/* The next thing that has happened. 0, -SOUK_ENOTFOUND (nothing has) or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_socket_watched(void *watch, struct souk_socket_change *change_out);

/*
 * A listening socket for HTTP at ADDRESS:PORT, the address in numbers, port 0: any that is free; *port_out is the one
 * that it has. The caller closes it. 0; -SOUK_EBUSY (the address is taken, or not there, or not yet); -SOUK_EINVAL (it is none);
 * -SOUK_EFULL (no descriptors); -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_socket_listen(const char *address, int *fd_out, uint16_t *port_out, struct souk_error *err);

/* What was received last. Good until the next receive into it. */
struct souk_socket_message {
    uint8_t route[SOUK_ROUTE_BYTES_MAX];        /* of a ROUTER: what souk_socket_reply() sends back to */
    size_t route_bytes;
    char key[SOUK_KEY_TEXT_BYTES];              /* public, of who sent it; "": it showed none */
    int fd;                                     /* that it came over, of a SOUK_SOCKET_PUBLISH; -1: not known. May be closed, and another's, by now */
    size_t frame_count;
    struct souk_slice frames[SOUK_FRAMES_MAX];
    struct souk_socket_frames *held;            /* what the slices lie in */
};

SOUK_MUST_CHECK int souk_socket_message_init(struct souk_socket_message *message);
void souk_socket_message_done(struct souk_socket_message *message);

/*
 * Receive what is there. 0; -SOUK_ENOTFOUND: nothing; -SOUK_EMALFORMED: what
 * came is no message (no frame, more than SOUK_FRAMES_MAX or, at a door, than
 * one behind the empty ones, a route longer than SOUK_ROUTE_BYTES_MAX) and was
 * dropped, all but its `fd`; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_socket_receive(void *socket, enum souk_socket_kind kind,
    struct souk_socket_message *message);

/*
 * Send without waiting. 0; -SOUK_EBUSY: the peer takes nothing more now, or a
 * SOUK_SOCKET_LINK's is not there; -SOUK_ENOTFOUND: who is to get the reply is
 * gone; -SOUK_ENOMEM; -SOUK_EIO. `out` stays the caller's; long frames of an
 * outbox's message are not copied but shared.
 */
SOUK_MUST_CHECK int souk_socket_send(void *socket, struct souk_out *out);

#endif
