/*
 * peer - what the clients of souk's peers share: a clock, payloads, times in a
 * histogram, and the one line of JSON that each measurement writes.
 *
 * Nothing in here returns an error: a measurement that fails ends the program
 * with a sentence.
 */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>

#include "../../src/souk_histogram.h"

#define PEER_BYTES_MAX 1024

struct peer {
    const char *work, *address;
    uint64_t events;
    uint32_t bytes;                             /* of an event */
    uint32_t batch;                             /* events a message, or a commit */
    uint32_t window;                            /* events under way */
    uint32_t rate;                              /* a second; 0: as many as it takes */
    uint8_t payload[PEER_BYTES_MAX];
    struct souk_histogram us;
    double began_s, seconds;
    uint64_t done;
};

/* PROGRAM WORK ADDRESS EVENTS BYTES BATCH WINDOW RATE */
void peer_init(struct peer *peer, int argc, char **argv);
uint64_t peer_us(void);
void peer_begin(struct peer *peer);
void peer_end(struct peer *peer, uint64_t done);
/* Sleep until the `i`-th of a rate is due; gives when that was, or is now unless it is late by more than one. */
uint64_t peer_pace(const struct peer *peer, uint64_t began_us, uint64_t i);
void peer_say(const struct peer *peer);
void peer_fail(const char *what, const char *why) __attribute__((noreturn));

#endif
