/*
 * NATS core and JetStream through libnats, its own client in C. JetStream: a
 * stream in files, of which nats-server 2.9 syncs nothing before it answers;
 * events are published asynchronously with `window` of them unanswered, and
 * replayed by an ordered consumer. Live: a second process publishes.
 */
#include "peer.h"

#include <nats/nats.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STREAM "LOG"
#define SUBJECT "log"
#define LIVE "live"
#define WAIT_MS 60000

static void
need(natsStatus status)
{
    if (status != NATS_OK)
        peer_fail("nats", natsStatus_GetText(status));
}

static jsCtx *
jetstream(const struct peer *peer, natsConnection *conn)
{
    const char *subjects[] = { SUBJECT };
    jsStreamConfig config;
    jsStreamInfo *info = NULL;
    jsOptions options;
    jsErrCode code;
    jsCtx *js;

    need(jsOptions_Init(&options));
    options.PublishAsync.MaxPending = (int)peer->window;
    options.PublishAsync.StallWait = WAIT_MS;
    need(natsConnection_JetStream(&js, conn, &options));
    if (js_GetStreamInfo(&info, js, STREAM, NULL, &code) != NATS_OK) {
        need(jsStreamConfig_Init(&config));
        config.Name = STREAM;
        config.Subjects = subjects;
        config.SubjectsLen = 1;
        config.Storage = js_FileStorage;
        need(js_AddStream(&info, js, &config, NULL, &code));
    }
    jsStreamInfo_Destroy(info);
    return js;
}

static void
append(struct peer *peer, jsCtx *js)
{
    jsPubOptions options;

    peer_begin(peer);
    for (uint64_t i = 0; i < peer->events; i++)
        need(js_PublishAsync(js, SUBJECT, peer->payload, (int)peer->bytes, NULL));
    need(jsPubOptions_Init(&options));
    options.MaxWait = WAIT_MS;
    need(js_PublishAsyncComplete(js, &options));
    peer_end(peer, peer->events);
}

static void
request(struct peer *peer, jsCtx *js)
{
    jsErrCode code;
    jsPubAck *ack;

    peer_begin(peer);
    for (uint64_t i = 0; i < peer->events; i++) {
        const uint64_t began_us = peer_us();

        need(js_Publish(&ack, js, SUBJECT, peer->payload, (int)peer->bytes, NULL, &code));
        jsPubAck_Destroy(ack);
        souk_histogram_add(&peer->us, peer_us() - began_us);
    }
    peer_end(peer, peer->events);
}

struct hearing {
    struct peer *peer;
    _Atomic uint64_t done;
};

static void
hear(natsConnection *conn, natsSubscription *subscription, natsMsg *message, void *arg)
{
    struct hearing *hearing = arg;
    uint64_t sent_us;

    if (natsMsg_GetDataLength(message) != (int)hearing->peer->bytes)
        peer_fail("nats", "an event is not what was written");
    if (hearing->peer->rate != 0) {
        memcpy(&sent_us, natsMsg_GetData(message), sizeof sent_us);
        souk_histogram_add(&hearing->peer->us, peer_us() - sent_us);
    }
    natsMsg_Destroy(message);
    atomic_fetch_add_explicit(&hearing->done, 1, memory_order_release);
}

static void
wait_for(struct hearing *hearing)
{
    uint64_t last = 0, same = 0, now;

    while ((now = atomic_load(&hearing->done)) < hearing->peer->events) {
        same = now == last ? same + 1 : 0;
        last = now;
        if (same > 50000)
            peer_fail("nats", "events are missing");
        nats_Sleep(1);
    }
}

static void
replay(struct peer *peer, jsCtx *js)
{
    struct hearing hearing = { .peer = peer };
    natsSubscription *subscription;
    jsSubOptions options;
    jsErrCode code;

    need(jsSubOptions_Init(&options));
    options.Ordered = true;
    peer_begin(peer);
    need(js_Subscribe(&subscription, js, SUBJECT, hear, &hearing, NULL, &options, &code));
    wait_for(&hearing);
    peer_end(peer, peer->events);
    natsSubscription_Destroy(subscription);
}

static natsConnection *
open_nats(const struct peer *peer)
{
    natsConnection *conn;

    need(natsConnection_ConnectTo(&conn, peer->address));
    return conn;
}

/* The publisher is a program of its own: libnats has threads. */
static void
publish(struct peer *peer, natsConnection *conn)
{
    const uint64_t began_us = peer_us();

    for (uint64_t i = 0; i < peer->events; i++) {
        const uint64_t sent_us = peer->rate == 0 ? 0 : peer_pace(peer, began_us, i);

        memcpy(peer->payload, &sent_us, sizeof sent_us);
        need(natsConnection_Publish(conn, LIVE, peer->payload, (int)peer->bytes));
        if (peer->rate != 0)
            need(natsConnection_Flush(conn));
    }
    need(natsConnection_FlushTimeout(conn, WAIT_MS));
}

static void
live(struct peer *peer, natsConnection *conn, char **argv)
{
    struct hearing hearing = { .peer = peer };
    natsSubscription *subscription;
    char program[4096];
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);
    pid_t child;

    if (bytes < 0)
        peer_fail("nats", "which program is this?");
    program[bytes] = '\0';
    need(natsConnection_Subscribe(&subscription, conn, LIVE, hear, &hearing));
    need(natsSubscription_SetPendingLimits(subscription, -1, -1));
    need(natsConnection_Flush(conn));
    peer_begin(peer);
    if ((child = vfork()) == 0) {
        argv[1] = (char *)"publish";
        (void)execv(program, argv);
        _exit(127);
    }
    wait_for(&hearing);
    peer_end(peer, peer->events);
    (void)waitpid(child, NULL, 0);
    natsSubscription_Destroy(subscription);
}

int
main(int argc, char **argv)
{
    static struct peer peer;
    natsConnection *conn;

    peer_init(&peer, argc, argv);
    conn = open_nats(&peer);
    if (strcmp(peer.work, "append") == 0)
        append(&peer, jetstream(&peer, conn));
    else if (strcmp(peer.work, "replay") == 0)
        replay(&peer, jetstream(&peer, conn));
    else if (strcmp(peer.work, "request") == 0)
        request(&peer, jetstream(&peer, conn));
    else if (strcmp(peer.work, "live") == 0)
        live(&peer, conn, argv);
    else if (strcmp(peer.work, "publish") == 0)
        return publish(&peer, conn), 0;
    else
        peer_fail(peer.work, "no such work");
    peer_say(&peer);
    return 0;
}
