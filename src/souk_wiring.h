/*
 * souk_wiring - what the topology says to one node: who it is, what it writes,
 * what it follows, which event stores there are, and every limit.
 *
 * The shell fills it (from a topology file, or a simulator by hand); the state
 * machines borrow it for life.
 */
#ifndef SOUK_WIRING_H
#define SOUK_WIRING_H

#include <souk.h>
#include "souk_pass.h"
#include "souk_position.h"

#define SOUK_STORES_MAX 8               /* event stores of a system */
#define SOUK_SERVICES_MAX 64            /* services of a system */

/* Two clocks: what events say, and what waiting is measured with. Both in ms. */
struct souk_time {
    uint64_t wall_ms;                   /* since 1970; may jump */
    uint64_t steady_ms;                 /* never goes back while the process lives */
};

/* A node's source of randomness; a simulator gives a seeded one. */
struct souk_random {
    void (*fill)(void *arg, void *bytes_out, size_t size_bytes);
    void *arg;
};

struct souk_wired_stream {
    struct souk_name name;
    struct souk_name origin;            /* the service that writes it */
    bool is_private;
    bool accepts_hole;                  /* of an event store: --accept-hole names its origin */
};

struct souk_wired_store {
    struct souk_name name;
    bool lost;                          /* the operator says that it will not come back */
};

enum souk_trim_after { SOUK_TRIM_NEVER, SOUK_TRIM_RECORDED, SOUK_TRIM_BACKED_UP };

/* One event of a followed stream that is not to be applied: a `skip` line. */
struct souk_wired_skip {
    struct souk_name stream;
    struct souk_point point;
};

struct souk_limits {
    uint32_t head_ms;                   /* heads are repeated so often;                     default 1000 */
    uint32_t pull_timeout_ms;           /* a holder that has not answered is passed over;    2000 */
    uint32_t pull_idle_ms;              /* a stream that was silent so long is asked for;    5000 */
    uint32_t pull_credit_bytes;         /* of one pull;                                      1 MiB */
    uint32_t feed_bytes_max;            /* batches of one stream waiting in memory;          4 MiB */
    uint32_t hold_ms;                   /* bound on waiting for a cause nobody has;          30000 */
    uint32_t seal_retry_ms;             /* 1000 */
    uint32_t request_retry_ms;          /* an outgoing request is sent again;                2000 */
    uint32_t handler_tries_max;         /* then a failing followed event is parked;          3 */
    uint32_t waiting_max;               /* commands, or queries, that wait at once; half of them for what their callers
                                           have seen elsewhere, so that the others find room;  1024 */
    uint32_t pulls_max;                 /* that wait at once to be answered; one more is answered `busy`;  1024 */
    uint32_t commit_events_max;         /* own events of one commit, soft;                   4096 */
    uint32_t batch_cut_bytes;           /* 60 KiB */
    uint64_t ids_window_ms;             /* event time for which command ids are kept;        a week */
    uint64_t losses_window_ms;          /* event time for which a loss finds what stood on it;  30 days */
    uint64_t retention_ms;              /* the log is never trimmed within it;               a day */
    uint32_t trim_rows_max;             /* batches trimmed in one commit;                    64 */
    uint32_t round_bytes_max;           /* scratch memory of one round of work; not in a topology;  64 MiB */
};

/* Beside the service's own list of settings; none: each has its default. */
struct souk_set_values {
    uint32_t count;
    uint64_t values[SOUK_SETTINGS_MAX];
};

struct souk_wiring {
    struct souk_name self;              /* the service, or the event store */
    struct souk_wired_stream *streams;  /* of an event store: all; of a service: its own and the followed ones */
    size_t stream_count;
    struct souk_wired_store *stores;
    size_t store_count;
    struct souk_wired_skip *skips;
    size_t skip_count;
    bool recorded;                      /* commands ask for durability `recorded` unless they say so themselves */
    uint32_t recorded_by;               /* event stores that have to acknowledge; 0 means 1 */
    enum souk_trim_after trim_after;
    uint32_t trim_recorded_by;          /* for SOUK_TRIM_RECORDED; 0 means 1 */
    bool say_new;                       /* --new: a first start, though no event store answers */
    bool accept_loss;                   /* --accept-loss: open though not every event store answers */
    uint8_t fingerprint[8];
    struct souk_limits limits;
    struct souk_set_values settings;    /* of a service */
    struct souk_pass_keys pass_keys;    /* who may sign passes */
    const uint8_t *pass_secret;         /* SOUK_PASS_SECRET_BYTES, of the service that issues them; NULL: another one */
    struct souk_keyring *keyring;       /* of a service: where the keys of persons are; NULL: it seals nothing */
    struct souk_random random;
};

/* The defaults above for every limit that is 0. */
void souk_limits_fill(struct souk_limits *limits);
/* How many requests may wait at once for what their callers have seen: half of waiting_max, at least 1. */
uint32_t souk_limits_unreached_max(const struct souk_limits *limits);

#endif
