/*
 * souk_finder - finding events in an event store: by stream, key, type,
 * correlation and time, what led to one and what it led to, where all streams
 * stood at a time, whether every batch is what it was.
 *
 * It stands beside the recorder, never in its way: it reads the event store's
 * log by log position in read transactions, and fills a store of its own with
 * an index and its cursor, in one transaction. What it has is worth nothing
 * without the log and can be thrown away. When the event store shows another
 * incarnation (it was restored, replaced, has set something aside), log
 * positions mean something else, and the finder begins again from the first.
 *
 * It answers the queries of src/eventstore.messages.zpl. Each looks at a
 * bounded number of events; a longer search is told where to go on. One thread.
 */
#ifndef SOUK_FINDER_H
#define SOUK_FINDER_H

#include <souk.h>
#include "souk_outbox.h"
#include "souk_store.h"
#include "souk_wiring.h"

#define SOUK_FINDER_STEP_BATCHES_MAX 4096       /* that one step of filling takes over */
#define SOUK_FINDER_STEP_EVENTS_MAX 32768       /* and the batch that passes it */
#define SOUK_FINDER_STEP_BYTES_MAX (16 * 1024 * 1024)   /* and the batch that passes it */
#define SOUK_FINDER_LOOKED_MAX 16384            /* events, rows and KiB of batches that one answer looks at, together */
#define SOUK_FINDER_WAITING_MAX 256             /* queries at once; beyond it callers are told `busy` */
#define SOUK_FINDER_VERIFY_BYTES_MAX (8 * 1024 * 1024)  /* that one answer verifies, and the batch that passes it */
#define SOUK_FINDER_REQUESTS_MAX 16             /* of one event, whose effects in other services are found */
#define SOUK_FINDER_LEVELS_MAX 64               /* of effects of effects */

struct souk_finder;

struct souk_finder_config {
    const struct souk_wiring *wiring;           /* the event store's; borrowed for life */
    struct souk_store *log;                     /* the event store's; borrowed for life */
    const char *path;                           /* of the finder's own store */
    uint64_t bytes_max;                         /* of it; 0: 1 GiB */
    bool simulated;                             /* souk_store_config */
};

/* Release with souk_finder_close(). 0, or what souk_store_open() fails with, with its sentence. */
SOUK_MUST_CHECK int souk_finder_open(const struct souk_finder_config *config, struct souk_finder **finder_out,
    struct souk_error *err);
void souk_finder_close(struct souk_finder **finder_p);

/* Is this first frame a query for the finder? */
bool souk_finder_takes(struct souk_slice frame);
/*
 * Such a query, from the `queries` door. `key` is what the peer has shown, a text
 * of less than SOUK_KEY_TEXT_BYTES, empty when there are no keys. Bytes are copied.
 */
void souk_finder_hear(struct souk_finder *finder, struct souk_slice route, const char *key, struct souk_slice frame,
    struct souk_time now);
/* As souk_reader_recheck(). */
void souk_finder_recheck(struct souk_finder *finder,
    bool (*may)(void *may_arg, const char *key, struct souk_slice frame), void *may_arg);
/* The event store has committed. */
void souk_finder_signal(struct souk_finder *finder);

bool souk_finder_wants_work(const struct souk_finder *finder, struct souk_time now);
/* When it wants some though nobody comes; steady. */
uint64_t souk_finder_due_ms(const struct souk_finder *finder);
/*
 * One step of filling, then answers to what waits. 0; -SOUK_EFULL: its own
 * store has no room: it answers from what it has and tries again a second
 * later; -SOUK_ENOMEM, -SOUK_EDAMAGED, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_finder_work(struct souk_finder *finder, struct souk_time now);
struct souk_outbox *souk_finder_outbox(struct souk_finder *finder);
/* As souk_store_let_go() of its own store. Any thread may call it at any time. */
void souk_finder_let_go(struct souk_finder *finder);

struct souk_finder_status {
    uint8_t incarnation[8];                     /* of the event store, as it was last seen */
    uint64_t log_position;                      /* of the last batch that can be found */
    uint64_t behind;                            /* batches */
    uint64_t batches, events;                   /* that can be found */
    uint64_t damaged;                           /* batches that were not what they were */
    uint64_t fillings;                          /* times it has begun from the first batch */
    uint64_t answers, refused_busy;             /* since open */
};
void souk_finder_status(const struct souk_finder *finder, struct souk_finder_status *status_out);

#endif
