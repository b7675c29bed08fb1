/*
 * souk_status - how a daemon stands: what it answers to the query `souk.status`,
 * described in src/daemon.messages.zpl.
 *
 * The writer fills one in between rounds of work, the reader answers with it.
 */
#ifndef SOUK_STATUS_H
#define SOUK_STATUS_H

#include <souk-message.h>
#include "souk_position.h"

#define SOUK_STATUS_QUERY "souk.status"
#define SOUK_STATUS_COUNTERS_MAX 40
#define SOUK_STATUS_TEXT_BYTES_MAX 255

/* One own, followed or recorded stream. */
struct souk_stream_status {
    struct souk_name name, origin;
    struct souk_position cursor;
    struct souk_point heard;                    /* the furthest that anyone has named; zero: nothing heard yet */
    uint64_t queued_bytes;                      /* of batches that wait to be applied or recorded */
    uint64_t time_ms;                           /* when the batch that the cursor ends was made; 0: not known */
    uint64_t behind_since_ms;                   /* when the first one that is missing was, about; 0: none is missing */
    struct souk_cause waits_for;                /* what the next batch waits for; epoch counter 0: nothing */
    uint64_t waits_since_ms;
    uint64_t begins;                            /* of an event store: the first number that it may hold */
    uint64_t hole_ms;                           /* when what is before that was given up; 0: it was not */
};

struct souk_counter {
    const char *name;                           /* a constant */
    uint64_t value;
};

struct souk_node_status {
    struct souk_name name;
    bool is_store;
    const char *state;                          /* a constant, of souk_core_state_name() */
    struct souk_epoch epoch;                    /* of a service; zero of an event store */
    uint8_t incarnation[8];                     /* of an event store; zero of a service */
    uint64_t commit;
    uint8_t fingerprint[8];                     /* of the topology */
    uint64_t started_ms, now_ms;                /* wall */
    uint64_t memory_bytes;                      /* resident, mapped files not counted */
    uint64_t store_bytes_used, store_bytes_max;
    uint64_t parked;
    char waiting_for[SOUK_STATUS_TEXT_BYTES_MAX + 1];   /* a sentence, or empty */
    char restart_needed[SOUK_STATUS_TEXT_BYTES_MAX + 1];    /* what the topology says otherwise, or empty */
    uint32_t stream_count;
    struct souk_stream_status streams[SOUK_STREAMS_MAX];
    char version[SOUK_NAME_BYTES_MAX + 1];      /* of souk */
    char libraries[SOUK_STATUS_TEXT_BYTES_MAX + 1];     /* and what it runs with, "lmdb 0.9.24, libzmq 4.3.4" */
    uint64_t pid;
    uint64_t descriptors_max;                   /* that the process may have */
    uint32_t counter_count;
    struct souk_counter counters[SOUK_STATUS_COUNTERS_MAX];
};

/* More than SOUK_STATUS_COUNTERS_MAX is a bug. */
void souk_node_status_count(struct souk_node_status *status, const char *name, uint64_t value);
/* Events of `stream` that are known to be there and are not in this store; 0 across epochs, which are not counted. */
uint64_t souk_stream_status_lag(const struct souk_stream_status *stream);
/* The reply's payload. */
void souk_node_status_put(struct souk_pack *pack, const struct souk_node_status *status);

#endif
