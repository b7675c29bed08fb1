/*
 * souk_recorder - the writer of an event store: it follows every stream, writes
 * whole commits down as they come, acknowledges them, gives them positions, and
 * seals. Used like souk_core; rules in doc/protocol.md 10 and 14.
 */
#ifndef SOUK_RECORDER_H
#define SOUK_RECORDER_H

#include <souk.h>
#include "souk_batch.h"
#include "souk_outbox.h"
#include "souk_status.h"
#include "souk_store.h"
#include "souk_wiring.h"

struct souk_recorder;

/* Without a matching witness it draws a new incarnation. Otherwise as souk_core_open(). */
SOUK_MUST_CHECK int souk_recorder_open(const struct souk_wiring *wiring, struct souk_txn *txn,
    struct souk_slice witness, struct souk_time now, struct souk_recorder **recorder_out, struct souk_error *err);
void souk_recorder_close(struct souk_recorder **recorder_p);

void souk_recorder_hear_request(struct souk_recorder *recorder, struct souk_slice route, struct souk_slice identity,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now);
void souk_recorder_hear_answer(struct souk_recorder *recorder, const struct souk_name *from,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now);
void souk_recorder_hear_published(struct souk_recorder *recorder, const struct souk_name *from,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now);
void souk_recorder_hear_subscriber(struct souk_recorder *recorder);

bool souk_recorder_wants_work(const struct souk_recorder *recorder, struct souk_time now);
uint64_t souk_recorder_due_ms(const struct souk_recorder *recorder);
SOUK_MUST_CHECK int souk_recorder_work(struct souk_recorder *recorder, struct souk_txn *txn, struct souk_time now,
    bool *changed_out);
struct souk_slice souk_recorder_witness(const struct souk_recorder *recorder);
void souk_recorder_committed(struct souk_recorder *recorder, struct souk_time now);
SOUK_MUST_CHECK int souk_recorder_aborted(struct souk_recorder *recorder, int rc, struct souk_txn *txn,
    struct souk_time now);
void souk_recorder_full(struct souk_recorder *recorder, struct souk_time now);
struct souk_outbox *souk_recorder_outbox(struct souk_recorder *recorder);

/*
 * What the backups that may still be restored hold: the least number per
 * stream goes into acknowledgements from now on (protocol 9). The operator's
 * tool calls it after a backup was verified or one was given up. `points` is
 * copied; a stream that is not named counts as 0. Durable with the next commit.
 */
struct souk_backed_up {
    struct souk_name stream;
    uint64_t number;
};
SOUK_MUST_CHECK int souk_recorder_backed_up(struct souk_recorder *recorder, const struct souk_backed_up *points,
    size_t count);

struct souk_recorder_status {
    uint8_t incarnation[8];
    uint64_t commit;                        /* number of the last one; what souk_reader_work() is told once it is witnessed */
    uint64_t batches_recorded, events_recorded;     /* since open */
    uint64_t log_position;                  /* of the last batch that has one; 0: none */
    uint64_t unordered;                     /* batches recorded, without a position yet */
    uint64_t set_aside;                     /* batches, ever */
    uint64_t fences, seals, duplicates, gaps, pulls, pulls_busy, malformed;
    char waiting_for[256];                  /* a sentence for the operator, empty when nothing is amiss */
};
void souk_recorder_status(const struct souk_recorder *recorder, struct souk_recorder_status *status_out);
SOUK_MUST_CHECK int souk_recorder_cursor(const struct souk_recorder *recorder, const char *stream,
    struct souk_position *out);
/* How the `index`-th stream stands. False: there are no more. */
bool souk_recorder_stream(const struct souk_recorder *recorder, uint32_t index, struct souk_stream_status *out);

/*
 * The batches that have a log position, from `from` (≥ 1) on: call `each` until
 * it returns non-zero, which is then returned. -SOUK_EDAMAGED when a batch is not what it was.
 */
SOUK_MUST_CHECK int souk_recorder_scan(struct souk_txn *txn, uint64_t from,
    int (*each)(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg),
    void *arg);

#endif
