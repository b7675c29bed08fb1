#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
peer_init(struct peer *peer, int argc, char **argv)
{
    memset(peer, 0, sizeof *peer);
    if (argc != 8) {
        (void)fprintf(stderr, "usage: %s WORK ADDRESS EVENTS BYTES BATCH WINDOW RATE\n", argv[0]);
        exit(2);
    }
    peer->work = argv[1];
    peer->address = argv[2];
    peer->events = strtoull(argv[3], NULL, 10);
    peer->bytes = (uint32_t)strtoul(argv[4], NULL, 10);
    peer->batch = (uint32_t)strtoul(argv[5], NULL, 10);
    peer->window = (uint32_t)strtoul(argv[6], NULL, 10);
    peer->rate = (uint32_t)strtoul(argv[7], NULL, 10);
    if (peer->bytes < 16 || peer->bytes > PEER_BYTES_MAX || peer->batch == 0 || peer->window == 0)
        peer_fail("arguments", "out of range");
    for (uint32_t i = 0; i < peer->bytes; i++)
        peer->payload[i] = (uint8_t)(i * i * 31 + (i >> 3) + 7);
}

uint64_t
peer_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void
peer_begin(struct peer *peer)
{
    peer->began_s = (double)peer_us() / 1e6;
}

void
peer_end(struct peer *peer, uint64_t done)
{
    peer->seconds = (double)peer_us() / 1e6 - peer->began_s;
    peer->done = done;
}

uint64_t
peer_pace(const struct peer *peer, uint64_t began_us, uint64_t i)
{
    const uint64_t interval_us = 1000000 / peer->rate;
    const uint64_t due_us = began_us + i * interval_us;
    const struct timespec due = { .tv_sec = (time_t)(due_us / 1000000), .tv_nsec = (long)(due_us % 1000000) * 1000 };
    uint64_t now_us;

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0)
        continue;
    now_us = peer_us();
    return now_us - due_us > interval_us ? due_us : now_us;
}

void
peer_say(const struct peer *peer)
{
    (void)printf("{\"events\":%llu,\"seconds\":%.6f,\"events_per_s\":%.1f,\"us\":{\"count\":%llu,\"p50\":%llu,"
        "\"p99\":%llu,\"max\":%llu}}\n", (unsigned long long)peer->done, peer->seconds,
        (double)peer->done / peer->seconds, (unsigned long long)peer->us.count,
        (unsigned long long)souk_histogram_at(&peer->us, 500), (unsigned long long)souk_histogram_at(&peer->us, 990),
        (unsigned long long)peer->us.max);
}

void
peer_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}
