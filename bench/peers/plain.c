/*
 * The plain loop: what anybody would write with libzmq and LMDB in an
 * afternoon, and the limit of what these two allow. ROUTER; one transaction
 * over what has arrived; one answer a client after the commit, which says how
 * many events are on disk. Nothing is hashed, checked or described.
 *
 * `server` is the server; `raw` is libzmq alone, PUB to SUB over tcp.
 */
#include "peer.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#define HEAR_MAX 4096                   /* messages a commit */
#define MAP_BYTES (16ULL << 30)
#define REPLY_BYTES (64 * 1024)
#define CREDIT 16                       /* replies of a replay under way */

static void
need(int good, const char *what)
{
    if (!good)
        peer_fail(what, zmq_strerror(errno));
}

static void *
open_socket(void *context, int type, const char *address, int binds)
{
    void *socket = zmq_socket(context, type);
    const int none = 0;

    need(socket != NULL, "socket");
    need(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none) == 0
        && zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none) == 0
        && zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == 0, "options");
    if (type == ZMQ_SUB)
        need(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    need((binds ? zmq_bind(socket, address) : zmq_connect(socket, address)) == 0, address);
    return socket;
}

/* ---- the server ----------------------------------------------------- */

static uint64_t
be64(uint64_t value)
{
    return __builtin_bswap64(value);
}

/* Send what comes behind `number`, at most a reply's bytes; an empty reply at the end. Gives the last number. */
static uint64_t
answer(void *socket, MDB_env *env, MDB_dbi dbi, zmq_msg_t *peer_name, uint64_t number)
{
    uint64_t wire = be64(number + 1);
    MDB_val key = { sizeof wire, &wire }, value;
    MDB_cursor *cursor;
    zmq_msg_t reply;
    MDB_txn *txn;
    size_t bytes = 0;
    int rc;

    need(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 && mdb_cursor_open(txn, dbi, &cursor) == 0, "reading");
    need(zmq_msg_init_size(&reply, REPLY_BYTES) == 0, "memory");
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        rc == 0 && bytes + 2 + value.mv_size <= REPLY_BYTES; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        const uint16_t length = (uint16_t)value.mv_size;
        uint8_t *at = (uint8_t *)zmq_msg_data(&reply) + bytes;

        memcpy(at, &length, 2);
        memcpy(at + 2, value.mv_data, value.mv_size);
        bytes += 2 + value.mv_size;
        number++;
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    need(zmq_send(socket, zmq_msg_data(peer_name), zmq_msg_size(peer_name), ZMQ_SNDMORE) >= 0
        && zmq_send(socket, zmq_msg_data(&reply), bytes, 0) >= 0, "sending");
    (void)zmq_msg_close(&reply);
    return number;
}

static void
serve(const char *address, const char *dir)
{
    void *socket = open_socket(zmq_ctx_new(), ZMQ_ROUTER, address, 1);
    zmq_msg_t name, body;
    uint64_t last = 0, replayed = 0;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn;

    need(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, MAP_BYTES) == 0
        && mdb_env_open(env, dir, 0, 0600) == 0, "store");
    need(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &dbi) == 0
        && mdb_txn_commit(txn) == 0, "table");
    (void)zmq_msg_init(&name);
    (void)zmq_msg_init(&body);
    for (;;) {
        zmq_pollitem_t item = { .socket = socket, .events = ZMQ_POLLIN };
        uint64_t events = 0;
        char to[256];
        size_t to_bytes = 0;

        (void)zmq_poll(&item, 1, -1);
        need(mdb_txn_begin(env, NULL, 0, &txn) == 0, "begin");
        for (int i = 0; i < HEAR_MAX && zmq_msg_recv(&name, socket, ZMQ_DONTWAIT) >= 0; i++) {
            const uint8_t *at, *end;
            uint16_t length;

            need(zmq_msg_recv(&body, socket, 0) >= 0, "receiving");
            if (zmq_msg_size(&body) == 1) {     /* some replies of a replay: from the beginning, or the next */
                replayed = *(const char *)zmq_msg_data(&body) == 'b' ? 0 : replayed;
                for (int reply = 0; reply < CREDIT; reply++)
                    replayed = answer(socket, env, dbi, &name, replayed);
                continue;
            }
            at = zmq_msg_data(&body);
            for (end = at + zmq_msg_size(&body); at < end; at += 2 + length) {
                uint64_t wire = be64(++last);
                MDB_val key = { sizeof wire, &wire }, value;

                memcpy(&length, at, 2);
                value = (MDB_val){ length, (void *)(uintptr_t)(at + 2) };
                need(mdb_put(txn, dbi, &key, &value, MDB_APPEND) == 0, "put");
                events++;
            }
            to_bytes = zmq_msg_size(&name);
            memcpy(to, zmq_msg_data(&name), to_bytes);
        }
        if (events == 0) {
            mdb_txn_abort(txn);
            continue;
        }
        need(mdb_txn_commit(txn) == 0, "commit");
        need(zmq_send(socket, to, to_bytes, ZMQ_SNDMORE) >= 0 && zmq_send(socket, &events, sizeof events, 0) >= 0, "answer");
    }
}

/* ---- its client ----------------------------------------------------- */

static void
append(struct peer *peer, void *socket)
{
    uint8_t *message = malloc((size_t)peer->batch * (2 + PEER_BYTES_MAX));
    const uint16_t length = (uint16_t)peer->bytes;
    uint64_t sent = 0, done = 0, began_us = 0;
    const size_t bytes = (size_t)peer->batch * (2 + peer->bytes);

    need(message != NULL, "memory");
    for (uint32_t i = 0; i < peer->batch; i++) {
        memcpy(message + (size_t)i * (2 + peer->bytes), &length, 2);
        memcpy(message + (size_t)i * (2 + peer->bytes) + 2, peer->payload, peer->bytes);
    }
    peer_begin(peer);
    while (done < peer->events) {
        uint64_t events;

        for (; sent < peer->events && sent - done + peer->batch <= peer->window; sent += peer->batch) {
            began_us = peer_us();
            need(zmq_send(socket, message, bytes, 0) >= 0, "sending");
        }
        need(zmq_recv(socket, &events, sizeof events, 0) == sizeof events, "receiving");
        done += events;
        if (peer->window == peer->batch)
            souk_histogram_add(&peer->us, peer_us() - began_us);
    }
    peer_end(peer, done);
    free(message);
}

static void
replay(struct peer *peer, void *socket)
{
    uint64_t replies = 0, done = 0;
    zmq_msg_t reply;

    (void)zmq_msg_init(&reply);
    peer_begin(peer);
    need(zmq_send(socket, "b", 1, 0) >= 0, "asking");
    do {
        const uint8_t *at, *end;
        uint16_t length;

        need(zmq_msg_recv(&reply, socket, 0) >= 0, "receiving");
        if (replies++ % CREDIT == 0)
            need(zmq_send(socket, "n", 1, 0) >= 0, "asking");
        at = zmq_msg_data(&reply);
        for (end = at + zmq_msg_size(&reply); at < end; at += 2 + length) {
            memcpy(&length, at, 2);
            if (length != peer->bytes)
                peer_fail("plain", "an event is not what was written");
            done++;
        }
    } while (zmq_msg_size(&reply) != 0);
    peer_end(peer, done);
    if (done < peer->events)
        peer_fail("plain", "events are missing");
}

/* ---- libzmq alone --------------------------------------------------- */

static void
raw(struct peer *peer)
{
    uint64_t sent_us;
    void *socket;
    pid_t child;
    char hello;

    if ((child = fork()) == 0) {
        void *context = zmq_ctx_new();
        void *publisher = open_socket(context, ZMQ_XPUB, peer->address, 1);
        const uint64_t began_us = (zmq_recv(publisher, &hello, 1, 0), peer_us());  /* somebody has subscribed */

        for (uint64_t i = 0; i < peer->events; i++) {
            sent_us = peer->rate == 0 ? 0 : peer_pace(peer, began_us, i);
            memcpy(peer->payload, &sent_us, sizeof sent_us);
            need(zmq_send(publisher, peer->payload, peer->bytes, 0) >= 0, "publishing");
        }
        (void)zmq_recv(publisher, &hello, 1, 0);    /* and has gone */
        _exit(0);
    }
    socket = open_socket(zmq_ctx_new(), ZMQ_SUB, peer->address, 0);
    for (uint64_t i = 0; i < peer->events; i++) {
        need(zmq_recv(socket, peer->payload, sizeof peer->payload, 0) == (int)peer->bytes, "receiving");
        if (i == 0)
            peer_begin(peer);
        if (peer->rate == 0)
            continue;
        memcpy(&sent_us, peer->payload, sizeof sent_us);
        souk_histogram_add(&peer->us, peer_us() - sent_us);
    }
    peer_end(peer, peer->events);
    (void)zmq_close(socket);
    (void)waitpid(child, NULL, 0);
}

int
main(int argc, char **argv)
{
    static struct peer peer;

    if (argc == 4 && strcmp(argv[1], "server") == 0)
        serve(argv[2], argv[3]);
    peer_init(&peer, argc, argv);
    if (strcmp(peer.work, "raw") == 0)
        raw(&peer);
    else if (strcmp(peer.work, "append") == 0)
        append(&peer, open_socket(zmq_ctx_new(), ZMQ_DEALER, peer.address, 0));
    else if (strcmp(peer.work, "replay") == 0)
        replay(&peer, open_socket(zmq_ctx_new(), ZMQ_DEALER, peer.address, 0));
    else
        peer_fail(peer.work, "no such work");
    peer_say(&peer);
    return 0;
}
