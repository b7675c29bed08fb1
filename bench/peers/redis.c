/*
 * Redis Streams and pub/sub through hiredis. An event is XADD of one field;
 * `window` of them are pipelined. A replay is XRANGE by thousands. Live: a
 * second process subscribes.
 */
#include "peer.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STREAM "log"
#define CHANNEL "live"
#define RANGE "1000"

static redisContext *
open_redis(const struct peer *peer)
{
    redisContext *redis = redisConnectUnix(peer->address);

    if (redis == NULL || redis->err != 0)
        peer_fail("redis", redis == NULL ? "no memory" : redis->errstr);
    return redis;
}

static void
take_reply(redisContext *redis)
{
    redisReply *reply;

    if (redisGetReply(redis, (void **)&reply) != REDIS_OK || reply->type == REDIS_REPLY_ERROR)
        peer_fail("redis", redis->errstr);
    freeReplyObject(reply);
}

static void
append(struct peer *peer, redisContext *redis)
{
    uint64_t sent = 0, done = 0;

    while (done < peer->events) {
        for (; sent < peer->events && sent - done < peer->window; sent++)
            if (redisAppendCommand(redis, "XADD " STREAM " * p %b", peer->payload, (size_t)peer->bytes) != REDIS_OK)
                peer_fail("redis", redis->errstr);
        take_reply(redis);
        done++;
        /* Half a window at a time, so that what is written goes in large pieces. */
        while (done < sent && sent - done > peer->window / 2) {
            take_reply(redis);
            done++;
        }
    }
    peer_end(peer, done);
}

static void
request(struct peer *peer, redisContext *redis)
{
    for (uint64_t i = 0; i < peer->events; i++) {
        const uint64_t began_us = peer_us();

        if (redisAppendCommand(redis, "XADD " STREAM " * p %b", peer->payload, (size_t)peer->bytes) != REDIS_OK)
            peer_fail("redis", redis->errstr);
        take_reply(redis);
        souk_histogram_add(&peer->us, peer_us() - began_us);
    }
    peer_end(peer, peer->events);
}

static void
replay(struct peer *peer, redisContext *redis)
{
    char from[64] = "-";
    uint64_t done = 0;
    redisReply *reply;

    for (;;) {
        if ((reply = redisCommand(redis, "XRANGE " STREAM " %s + COUNT " RANGE, from)) == NULL
            || reply->type != REDIS_REPLY_ARRAY)
            peer_fail("redis", redis->errstr);
        for (size_t i = 0; i < reply->elements; i++) {
            const redisReply *fields = reply->element[i]->element[1];

            if (fields->elements != 2 || fields->element[1]->len != peer->bytes)
                peer_fail("redis", "an event is not what was written");
            done++;
        }
        if (reply->elements == 0)
            break;
        from[0] = '(';
        (void)strncpy(from + 1, reply->element[reply->elements - 1]->element[0]->str, sizeof from - 2);
        freeReplyObject(reply);
    }
    freeReplyObject(reply);
    peer_end(peer, done);
    if (done < peer->events)
        peer_fail("redis", "events are missing");
}

/* The subscriber; the publisher is a child of it. */
static void
live(struct peer *peer, redisContext *redis)
{
    redisReply *reply;
    uint64_t sent_us;
    pid_t child;

    if (redisAppendCommand(redis, "SUBSCRIBE " CHANNEL) != REDIS_OK)
        peer_fail("redis", redis->errstr);
    take_reply(redis);
    peer_begin(peer);
    if ((child = fork()) == 0) {
        redisContext *publisher = open_redis(peer);
        const uint64_t began_us = peer_us();
        uint64_t waiting = 0;

        for (uint64_t i = 0; i < peer->events; i++) {
            sent_us = peer->rate == 0 ? peer_us() : peer_pace(peer, began_us, i);
            memcpy(peer->payload, &sent_us, sizeof sent_us);
            if (redisAppendCommand(publisher, "PUBLISH " CHANNEL " %b", peer->payload, (size_t)peer->bytes) != REDIS_OK)
                peer_fail("redis", publisher->errstr);
            waiting++;
            while (waiting >= (peer->rate == 0 ? peer->window : 1)) {
                take_reply(publisher);
                waiting--;
                while (peer->rate == 0 && waiting > peer->window / 2) {
                    take_reply(publisher);
                    waiting--;
                }
            }
        }
        for (; waiting > 0; waiting--)
            take_reply(publisher);
        _exit(0);
    }
    for (uint64_t i = 0; i < peer->events; i++) {
        if (redisGetReply(redis, (void **)&reply) != REDIS_OK)
            peer_fail("redis", redis->errstr);
        memcpy(&sent_us, reply->element[2]->str, sizeof sent_us);
        if (peer->rate != 0)
            souk_histogram_add(&peer->us, peer_us() - sent_us);
        freeReplyObject(reply);
    }
    peer_end(peer, peer->events);
    (void)waitpid(child, NULL, 0);
}

int
main(int argc, char **argv)
{
    static struct peer peer;
    redisContext *redis;

    peer_init(&peer, argc, argv);
    redis = open_redis(&peer);
    peer_begin(&peer);
    if (strcmp(peer.work, "append") == 0)
        append(&peer, redis);
    else if (strcmp(peer.work, "replay") == 0)
        replay(&peer, redis);
    else if (strcmp(peer.work, "request") == 0)
        request(&peer, redis);
    else if (strcmp(peer.work, "live") == 0)
        live(&peer, redis);
    else
        peer_fail(peer.work, "no such work");
    peer_say(&peer);
    redisFree(redis);
    return 0;
}
