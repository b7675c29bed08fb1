#include "souk_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "souk_socket_parts.h"
#include "souk_topology.h"

/*
 * Messages that may wait in one peer's queue. A batch is cut near 60 KiB, so a
 * follower that is stopped costs its publisher about 15 MiB here and as much
 * again in the kernel's socket. What does not fit is dropped, and pulled later.
 *
 * libzmq 4.3.4 ends its process (`!_io_error`) when a peer whose messages fill
 * a queue has sent a heartbeat and goes. So nothing stops at a full queue where
 * heartbeats come in: what doors hear is bounded by who looks after the memory,
 * what links hear by what was asked; and between publishers and followers,
 * where a queue has to be full at times, there are none, but TCP's own.
 */
#define NO_BOUND 0
#define PUBLISH_QUEUE 256
#define FOLLOW_QUEUE 256
#define LINK_QUEUE_OUT 1000
#define COMMANDS_QUEUE 1000             /* requests and replies are small */
#define QUERIES_QUEUE_OUT 64            /* answers to pulls are not */

/* Bytes of one frame. Never below 320: the limit holds for the frames of CURVE's handshake too. */
#define SUBSCRIPTION_BYTES_MAX 384
#define SUBSCRIPTIONS_BYTES_MAX (32 * 1024)     /* of one peer, in the kernel, over tcp: what is still heard of one that was cut */
#define REQUEST_BYTES_MAX (256 * 1024)
#define ANSWER_BYTES_MAX (1024 * 1024)

#define SHARED_BYTES_MIN 1024           /* of a frame that is shared: below it a copy costs less */

#define DOOR_FRAMES_MAX (1 + SOUK_SOCKET_EMPTY_FRAMES_MAX + 1)  /* the peer's name, empty ones, a request */

#define FEW_FRAMES 8                    /* of one message: no need for an allocation to hold them */

#define BACKLOG 256
#define NOT_THERE "no network of this host has that address, or not yet"
#define HANDSHAKE_MS 3000
#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 6000
#define KEEPALIVES 2                    /* of TCP, without an answer, as far apart as heartbeats */
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 2000           /* a peer that is back is heard soon */
#define LINGER_REPLIES_MS 1000
#define TCP6 "tcp://["
#define CONTEXT_SOCKETS_MAX 512

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93       /* a draft's name; the library has the option */
#endif

struct souk_socket_frames {
    size_t count;
    zmq_msg_t messages[SOUK_FRAMES_MAX];
};

static const struct {
    int type;
    bool binds;
    int queue_in, queue_out, frame_bytes_max, linger_ms;
    bool beats;
} kinds[] = {
    [SOUK_SOCKET_COMMANDS] = { ZMQ_ROUTER, true, NO_BOUND, COMMANDS_QUEUE, REQUEST_BYTES_MAX, LINGER_REPLIES_MS, true },
    [SOUK_SOCKET_QUERIES] = { ZMQ_ROUTER, true, NO_BOUND, QUERIES_QUEUE_OUT, REQUEST_BYTES_MAX, LINGER_REPLIES_MS, true },
    [SOUK_SOCKET_PUBLISH] = { ZMQ_XPUB, true, NO_BOUND, PUBLISH_QUEUE, SUBSCRIPTION_BYTES_MAX, 0, false },
    [SOUK_SOCKET_FOLLOW] = { ZMQ_SUB, false, FOLLOW_QUEUE, FOLLOW_QUEUE, ANSWER_BYTES_MAX, 0, false },
    [SOUK_SOCKET_LINK] = { ZMQ_DEALER, false, NO_BOUND, LINK_QUEUE_OUT, ANSWER_BYTES_MAX, 0, true },
};

static int set_options(void *socket, enum souk_socket_kind kind);
static int set_keys(void *socket, enum souk_socket_kind kind, const struct souk_socket_keys *keys);
static int check_private(const char *endpoint, struct souk_error *err);
static int take_message(void *socket, enum souk_socket_kind kind, struct souk_socket_message *message);
static int receive_frames(void *socket, enum souk_socket_kind kind, size_t frames_max,
    struct souk_socket_message *message);
static int make_shared(zmq_msg_t *frame_out, struct souk_out *out, struct souk_slice bytes);
static void end_sharing(void *data, void *hint);
static int make_frame(zmq_msg_t *frame_out, struct souk_slice bytes);
static int send_frames(void *socket, zmq_msg_t *frames, size_t count);
static int send_frame(void *socket, zmq_msg_t *frame, bool more);
static void note_key(zmq_msg_t *frame, struct souk_socket_message *message);
static void release(struct souk_socket_message *message);
static int parse_address(const char *text, struct sockaddr_storage *address_out, socklen_t *bytes_out);

void
souk_socket_allow_descriptors(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

void *
souk_socket_context(void)
{
    void *context = zmq_ctx_new();

    if (context == NULL)
        return NULL;
    /* A socket that nobody set a linger for must not keep the process from ending. */
    if (zmq_ctx_set(context, ZMQ_BLOCKY, 0) != 0 || zmq_ctx_set(context, ZMQ_MAX_SOCKETS, CONTEXT_SOCKETS_MAX) != 0)
        souk_socket_context_done(&context);
    return context;
}

void
souk_socket_context_done(void **context_p)
{
    void *context = *context_p;

    *context_p = NULL;
    while (context != NULL && zmq_ctx_term(context) != 0 && errno == EINTR)
        continue;
}

int
souk_socket_open(void *context, enum souk_socket_kind kind, const char *endpoint, const struct souk_socket_keys *keys,
    void **socket_out, struct souk_error *err)
{
    void *socket;
    int rc, code;

    if (strncmp(endpoint, "tcp://", strlen("tcp://")) != 0 && strncmp(endpoint, "ipc://", strlen("ipc://")) != 0)
        return souk_fail(err, SOUK_EINVAL, "endpoint %s: it begins with neither tcp:// nor ipc://", endpoint);
    if (kinds[kind].binds && keys->own == NULL && (rc = check_private(endpoint, err)) != 0)
        return rc;
    if ((socket = zmq_socket(context, kinds[kind].type)) == NULL)
        return souk_fail(err, errno == EMFILE || errno == ENFILE ? SOUK_EFULL : SOUK_ENOMEM,
            "endpoint %s: no socket: %s", endpoint, zmq_strerror(errno));
    /* Names are looked up as IPv4 ones: one with addresses of both kinds could be bound at one, and sought at the other. */
    if (set_options(socket, kind) != 0 || set_keys(socket, kind, keys) != 0
        || souk_socket_set_int(socket, ZMQ_IPV6, strncmp(endpoint, TCP6, strlen(TCP6)) == 0) != 0) {
        rc = souk_fail(err, SOUK_EIO, "endpoint %s: an option of its socket cannot be set: %s", endpoint,
            zmq_strerror(errno));
        souk_socket_close(&socket);
        return rc;
    }
    if ((kinds[kind].binds ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint)) != 0) {
        code = errno;
        rc = souk_fail(err, code == EADDRINUSE || code == EADDRNOTAVAIL ? SOUK_EBUSY
            : code == ENOMEM ? SOUK_ENOMEM : SOUK_EINVAL,
            "endpoint %s: %s: %s", endpoint, kinds[kind].binds ? "it cannot be bound" : "it cannot be connected to",
            code == EADDRINUSE ? "another process has it; is the service running already?"
            : code == EADDRNOTAVAIL ? NOT_THERE : zmq_strerror(code));
        souk_socket_close(&socket);
        return rc;
    }
    *socket_out = socket;
    return 0;
}

static int
set_options(void *socket, enum souk_socket_kind kind)
{
    const int64_t frame_bytes_max = kinds[kind].frame_bytes_max;

    if (souk_socket_set_int(socket, ZMQ_LINGER, kinds[kind].linger_ms) != 0
        || souk_socket_set_int(socket, ZMQ_RCVHWM, kinds[kind].queue_in) != 0
        || souk_socket_set_int(socket, ZMQ_SNDHWM, kinds[kind].queue_out) != 0
        || zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max) != 0
        || souk_socket_set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) != 0
        || souk_socket_set_int(socket, ZMQ_HEARTBEAT_IVL, kinds[kind].beats ? HEARTBEAT_MS : 0) != 0
        || souk_socket_set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) != 0
        || souk_socket_set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS) != 0
        || souk_socket_set_int(socket, ZMQ_TCP_KEEPALIVE, 1) != 0
        || souk_socket_set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, HEARTBEAT_MS / 1000) != 0
        || souk_socket_set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, HEARTBEAT_MS / 1000) != 0
        || souk_socket_set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVES) != 0
        || souk_socket_set_int(socket, ZMQ_TCP_MAXRT, HEARTBEAT_TIMEOUT_MS) != 0
        || souk_socket_set_int(socket, ZMQ_BACKLOG, BACKLOG) != 0
        || souk_socket_set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) != 0
        || souk_socket_set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) != 0)
        return -1;
    switch (kind) {
    case SOUK_SOCKET_COMMANDS:
    case SOUK_SOCKET_QUERIES:
        return souk_socket_set_int(socket, ZMQ_ROUTER_MANDATORY, 1);    /* else replies to nobody succeed */
    case SOUK_SOCKET_PUBLISH:
        return souk_socket_set_int(socket, ZMQ_RCVBUF, SUBSCRIPTIONS_BYTES_MAX) != 0 ? -1
            : souk_socket_set_int(socket, ZMQ_XPUB_VERBOSE, 1);         /* else only the first subscriber to a topic is heard of */
    case SOUK_SOCKET_LINK:
        return souk_socket_set_int(socket, ZMQ_IMMEDIATE, 1);           /* else messages pile up for a peer that is not there */
    case SOUK_SOCKET_FOLLOW:
        break;
    }
    return 0;
}

int
souk_socket_set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* ---- keys ----------------------------------------------------------- */

static int
set_keys(void *socket, enum souk_socket_kind kind, const struct souk_socket_keys *keys)
{
    if (keys->own == NULL)
        return 0;
    if (!kinds[kind].binds)
        return souk_socket_set_client(socket, keys->own->secret_text, keys->own->public_text, keys->door);
    return souk_socket_set_server(socket, keys->own->secret_text,
        kind == SOUK_SOCKET_PUBLISH ? SOUK_SOCKET_ZAP_PUBLISH : SOUK_SOCKET_ZAP_ASK);
}

int
souk_socket_set_server(void *socket, const char *secret, const char *domain)
{
    /* With the domain alone libzmq would let everybody in while nobody answers for the gate. */
    if (souk_socket_set_int(socket, ZMQ_CURVE_SERVER, 1) != 0
        || zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, SOUK_KEY_TEXT_BYTES) != 0
        || zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0)
        return -1;
    return souk_socket_set_int(socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
}

int
souk_socket_set_client(void *socket, const char *secret, const char *public_text, const char *server_public)
{
    if (server_public == NULL) {
        errno = EINVAL;                         /* nobody is talked to in clear by who has a key */
        return -1;
    }
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, SOUK_KEY_TEXT_BYTES) != 0
        || zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_text, SOUK_KEY_TEXT_BYTES) != 0)
        return -1;
    return zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, SOUK_KEY_TEXT_BYTES);
}

/* Sockets are made with an umask of 077, so nobody else can connect; but who may write into the directory can put another one there. */
static int
check_private(const char *endpoint, struct souk_error *err)
{
    char directory[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    const char *path = endpoint + strlen("ipc://");
    const char *slash = strrchr(path, '/');
    struct stat found;

    if (!souk_topology_is_local(endpoint))
        return souk_fail(err, SOUK_EINVAL, "endpoint %s: everybody who reaches it could knock there, and there are no"
            " keys: make some with `souk keys make` and put them into the topology", endpoint);
    if (strncmp(endpoint, "ipc://", strlen("ipc://")) != 0)
        return 0;
    if (path[0] == '@')
        return souk_fail(err, SOUK_EINVAL, "endpoint %s: everybody on this host could knock there, and there are no"
            " keys", endpoint);
    (void)snprintf(directory, sizeof directory, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path),
        slash == NULL ? "." : path);
    if (stat(directory, &found) != 0)
        return 0;                               /* binding says what is wrong */
    if ((found.st_uid == geteuid() || found.st_uid == 0)
        && ((found.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (found.st_mode & S_ISVTX) != 0))
        return 0;
    return souk_fail(err, SOUK_EINVAL, "endpoint %s: others may write into %s (mode %03o, user %ju), and there are no"
        " keys: take that right from them, or make keys with `souk keys make`", endpoint, directory,
        (unsigned)found.st_mode & 07777, (uintmax_t)found.st_uid);
}

void
souk_socket_close(void **socket_p)
{
    if (*socket_p != NULL)
        (void)zmq_close(*socket_p);
    *socket_p = NULL;
}

int
souk_socket_subscribe(void *socket, struct souk_slice topic)
{
    return zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic.base, topic.size_bytes) == 0 ? 0 : -SOUK_EIO;
}

/* ---- connections ---------------------------------------------------- */

/* The watch takes all there is: else the thread that does the I/O would wait for it. */
int
souk_socket_watch(void *context, void *socket, void **watch_out, struct souk_error *err)
{
    void *watch = zmq_socket(context, ZMQ_PAIR);
    char endpoint[sizeof "inproc://watch-" + 2 * sizeof (void *) + 2];

    (void)snprintf(endpoint, sizeof endpoint, "inproc://watch-%p", socket);
    if (watch == NULL || souk_socket_set_int(watch, ZMQ_LINGER, 0) != 0 || souk_socket_set_int(watch, ZMQ_RCVHWM, 0) != 0
        || zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED)
            != 0
        || zmq_connect(watch, endpoint) != 0) {
        int rc = souk_fail(err, SOUK_ENOMEM, "connections cannot be watched: %s", zmq_strerror(errno));

        souk_socket_unwatch(socket, &watch);
        return rc;
    }
    *watch_out = watch;
    return 0;
}

void
souk_socket_unwatch(void *socket, void **watch_p)
{
    if (*watch_p != NULL)
        (void)zmq_socket_monitor(socket, NULL, 0);      /* first: what it says to nobody it would wait with for ever */
    souk_socket_close(watch_p);
}

/* Two frames: what, 16 bits, and a value, 32 bits; then the endpoint. */
int
souk_socket_watched(void *watch, struct souk_socket_change *change_out)
{
    uint8_t said[sizeof (uint16_t) + sizeof (int32_t)];
    uint16_t kind;
    int32_t value;
    int n;

    while ((n = zmq_recv(watch, said, sizeof said, ZMQ_DONTWAIT)) < 0)
        if (errno != EINTR)
            return errno == EAGAIN ? -SOUK_ENOTFOUND : -SOUK_EIO;
    if (n != (int)sizeof said || zmq_recv(watch, NULL, 0, ZMQ_DONTWAIT) < 0)
        return -SOUK_EIO;
    memcpy(&kind, said, sizeof kind);
    memcpy(&value, said + sizeof kind, sizeof value);
    *change_out = (struct souk_socket_change){ .kind = kind == ZMQ_EVENT_ACCEPTED ? SOUK_SOCKET_ACCEPTED
        : kind == ZMQ_EVENT_DISCONNECTED ? SOUK_SOCKET_ENDED
        : kind == ZMQ_EVENT_ACCEPT_FAILED ? SOUK_SOCKET_NOT_ACCEPTED : SOUK_SOCKET_OTHER, .fd = value };
    return 0;
}

/* ---- receiving ------------------------------------------------------ */

/* Room for as many frames as may come is far more than most ever need: what is not used is not written to. */
int
souk_socket_message_init(struct souk_socket_message *message)
{
    message->route_bytes = message->frame_count = 0;
    message->key[0] = '\0';
    message->fd = -1;
    if ((message->held = malloc(sizeof *message->held)) == NULL)
        return -SOUK_ENOMEM;
    message->held->count = 0;
    return 0;
}

void
souk_socket_message_done(struct souk_socket_message *message)
{
    if (message->held == NULL)
        return;
    release(message);
    free(message->held);
    message->held = NULL;
}

static void
release(struct souk_socket_message *message)
{
    while (message->held->count > 0)
        (void)zmq_msg_close(&message->held->messages[--message->held->count]);
    message->route_bytes = message->frame_count = 0;
    message->key[0] = '\0';
    message->fd = -1;
}

int
souk_socket_receive(void *socket, enum souk_socket_kind kind, struct souk_socket_message *message)
{
    int rc, fd;

    release(message);
    if ((rc = take_message(socket, kind, message)) != 0) {
        fd = message->fd;
        release(message);                       /* what nobody asked for may be large */
        message->fd = fd;
    }
    return rc;
}

/* A ROUTER's message: the peer's routing id, the empty frames that it sent in front, then the one frame that it says. */
static int
take_message(void *socket, enum souk_socket_kind kind, struct souk_socket_message *message)
{
    const bool is_door = kinds[kind].type == ZMQ_ROUTER;
    struct souk_slice *frames = message->frames;
    size_t empties = 0, first = 0;
    int rc;

    if ((rc = receive_frames(socket, kind, is_door ? DOOR_FRAMES_MAX : SOUK_FRAMES_MAX, message)) != 0)
        return rc;
    if (is_door) {
        while (1 + empties < message->held->count && frames[1 + empties].size_bytes == 0)
            empties++;
        if (empties > SOUK_SOCKET_EMPTY_FRAMES_MAX || frames[0].size_bytes + 1 > SOUK_ROUTE_BYTES_MAX)
            return -SOUK_EMALFORMED;
        message->route[0] = (uint8_t)empties;
        memcpy(message->route + 1, frames[0].base, frames[0].size_bytes);
        message->route_bytes = 1 + frames[0].size_bytes;
        first = 1 + empties;
    }
    if (message->held->count <= first || (is_door && message->held->count != first + 1))
        return -SOUK_EMALFORMED;
    message->frame_count = message->held->count - first;
    memmove(frames, frames + first, message->frame_count * sizeof frames[0]);
    return 0;
}

static int
receive_frames(void *socket, enum souk_socket_kind kind, size_t frames_max, struct souk_socket_message *message)
{
    struct souk_socket_frames *held = message->held;
    bool more = true, dropped = false;

    while (more) {
        zmq_msg_t *frame = &held->messages[held->count];

        (void)zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            int code = errno;

            (void)zmq_msg_close(frame);
            if (code == EINTR)
                continue;
            return code == EAGAIN ? -SOUK_ENOTFOUND : -SOUK_EIO;
        }
        more = zmq_msg_more(frame) != 0;
        if (!more)
            note_key(frame, message);
        if (!more && kind == SOUK_SOCKET_PUBLISH)
            message->fd = zmq_msg_get(frame, ZMQ_SRCFD);
        message->frames[held->count] = (struct souk_slice){ zmq_msg_data(frame), zmq_msg_size(frame) };
        if (more && held->count == frames_max - 1) {
            (void)zmq_msg_close(frame);
            dropped = true;
        } else {
            held->count++;
        }
    }
    return dropped ? -SOUK_EMALFORMED : 0;
}

/* Of the last frame: the first one of a message that was polled for has lost it (mended after libzmq 4.3.4). */
static void
note_key(zmq_msg_t *frame, struct souk_socket_message *message)
{
    const char *key = zmq_msg_gets(frame, "User-Id");

    if (key != NULL && strlen(key) == SOUK_KEY_TEXT_BYTES - 1)
        strcpy(message->key, key);
}

/* ---- sending -------------------------------------------------------- */

/*
 * Everything that needs memory comes first: a message of which one frame has
 * gone and another one cannot be made would have the next message as its end.
 */
int
souk_socket_send(void *socket, struct souk_out *out)
{
    const bool is_reply = out->kind == SOUK_OUT_REPLY;
    const size_t first = is_reply ? 1 + (size_t)out->route[0] : 0, count = first + out->frame_count;
    zmq_msg_t few[FEW_FRAMES], *frames = few;
    size_t made = 0;
    int rc = 0;

    if (count > FEW_FRAMES && (frames = malloc(count * sizeof *frames)) == NULL)
        return -SOUK_ENOMEM;
    for (; made < count && rc == 0; made += rc == 0)
        rc = made >= first ? make_shared(&frames[made], out, out->frames[made - first])
            : made == 0 ? make_frame(&frames[made], (struct souk_slice){ out->route + 1, out->route_bytes - 1 })
            : make_frame(&frames[made], (struct souk_slice){ NULL, 0 });
    if (rc == 0)
        rc = send_frames(socket, frames, count);
    for (size_t i = 0; i < made; i++)
        (void)zmq_msg_close(&frames[i]);        /* of one that was sent nothing is left */
    if (frames != few)
        free(frames);
    return rc;
}

/* A batch is sent from where it lies: the message that it is a part of goes when ZeroMQ has written it. */
static int
make_shared(zmq_msg_t *frame_out, struct souk_out *out, struct souk_slice bytes)
{
    if (bytes.size_bytes < SHARED_BYTES_MIN || !souk_out_share(out))
        return make_frame(frame_out, bytes);
    if (zmq_msg_init_data(frame_out, (void *)(uintptr_t)bytes.base, bytes.size_bytes, end_sharing, out) == 0)
        return 0;
    souk_out_free(&out);
    return errno == ENOMEM ? -SOUK_ENOMEM : -SOUK_EIO;
}

/* In ZeroMQ's thread, mostly. */
static void
end_sharing(void *data, void *hint)
{
    struct souk_out *out = hint;

    souk_out_free(&out);
}

static int
make_frame(zmq_msg_t *frame_out, struct souk_slice bytes)
{
    if (zmq_msg_init_size(frame_out, bytes.size_bytes) != 0)
        return errno == ENOMEM ? -SOUK_ENOMEM : -SOUK_EIO;
    if (bytes.size_bytes != 0)
        memcpy(zmq_msg_data(frame_out), bytes.base, bytes.size_bytes);
    return 0;
}

/* Once the first one has gone the others have to go too: should the peer end meanwhile, ZeroMQ drops them up to the last. */
static int
send_frames(void *socket, zmq_msg_t *frames, size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count && (i == 0 || rc != -SOUK_EIO); i++) {
        int code = send_frame(socket, &frames[i], i + 1 < count);

        if (i == 0 && code != 0)
            return code;
        rc = code != 0 ? code : rc;
    }
    return rc;
}

static int
send_frame(void *socket, zmq_msg_t *frame, bool more)
{
    while (zmq_msg_send(frame, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN)
            return -SOUK_EBUSY;
        return errno == EHOSTUNREACH ? -SOUK_ENOTFOUND : -SOUK_EIO;
    }
    return 0;
}

/* ---- HTTP ----------------------------------------------------------- */

int
souk_socket_listen(const char *address, int *fd_out, uint16_t *port_out, struct souk_error *err)
{
    struct sockaddr_storage room = { .ss_family = AF_UNSPEC };
    socklen_t bytes = 0;
    const int yes = 1;
    int code;
    int fd;

    if (parse_address(address, &room, &bytes) != 0)
        return souk_fail(err, SOUK_EINVAL, "listen %s: ADDRESS:PORT is meant, with an address in numbers", address);
    if ((fd = socket(room.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
        return souk_fail(err, errno == EMFILE || errno == ENFILE ? SOUK_EFULL : SOUK_EIO, "listen %s: no socket: %s",
            address, strerror(errno));
    /* Connections of a bridge that has just ended must not keep the next one from its port. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
        || bind(fd, (const struct sockaddr *)&room, bytes) != 0 || listen(fd, BACKLOG) != 0
        || getsockname(fd, (struct sockaddr *)&room, &bytes) != 0) {
        code = errno;
        (void)close(fd);
        return souk_fail(err, code == EADDRINUSE || code == EADDRNOTAVAIL ? SOUK_EBUSY : code == EACCES ? SOUK_EINVAL
            : SOUK_EIO, "listen %s: %s", address, code == EADDRINUSE
            ? "another process has it; is the bridge running already?"
            : code == EADDRNOTAVAIL ? NOT_THERE : strerror(code));
    }
    *port_out = ntohs(room.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&room)->sin6_port
        : ((const struct sockaddr_in *)&room)->sin_port);
    *fd_out = fd;
    return 0;
}

static int
parse_address(const char *text, struct sockaddr_storage *address_out, socklen_t *bytes_out)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address_out;
    struct sockaddr_in *four = (struct sockaddr_in *)address_out;
    const char *colon = strrchr(text, ':');
    const bool is_six = text[0] == '[';
    char address[INET6_ADDRSTRLEN] = "";
    size_t bytes;

    if (colon == NULL || colon - text < 2 * is_six || (size_t)(colon - text) >= sizeof address)
        return -SOUK_EINVAL;
    bytes = (size_t)(colon - text) - 2 * is_six;
    memcpy(address, text + is_six, bytes);
    if (is_six) {
        six->sin6_port = htons((uint16_t)atoi(colon + 1));
        *bytes_out = sizeof *six;
    } else {
        four->sin_port = htons((uint16_t)atoi(colon + 1));
        *bytes_out = sizeof *four;
    }
    address_out->ss_family = is_six ? AF_INET6 : AF_INET;
    return inet_pton(address_out->ss_family, address, is_six ? (void *)&six->sin6_addr : (void *)&four->sin_addr) == 1
        ? 0 : -SOUK_EINVAL;
}
