/*
 * recorded - an event store's log, written by hand: whatever streams, batches,
 * causes and times a test wants, in the order of log positions.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include "souk_batch.h"
#include "souk_store.h"
#include "souk_wiring.h"

#define RECORDED_STREAMS_MAX 8

struct recorded {
    char path[64];                              /* of the directory that both stores lie in */
    struct souk_store *store;
    struct souk_wiring wiring;                  /* its streams: those that were added */
    struct souk_wired_stream streams[RECORDED_STREAMS_MAX];
    struct souk_position heads[RECORDED_STREAMS_MAX];
    uint64_t commits[RECORDED_STREAMS_MAX];
    uint64_t last;                              /* log position */
    uint8_t incarnation[8];
    struct souk_batch_builder builder;
};

void recorded_open(struct recorded *recorded);
void recorded_close(struct recorded *recorded);
/* "/dev/shm/.../NAME"; good until the next call. */
const char *recorded_path(struct recorded *recorded, const char *name);

void recorded_stream(struct recorded *recorded, const char *stream, const char *origin, bool is_private);
/* The stream enters a new epoch. */
void recorded_epoch(struct recorded *recorded, const char *stream, uint32_t counter);
/* Events for the next recorded_batch(), which has their time. */
void recorded_event(struct recorded *recorded, const struct souk_event *event);
/* One with a command as its cause: id and correlation are numbers. */
void recorded_command(struct recorded *recorded, const char *type, const char *key, uint64_t command,
    uint64_t correlation);
/* What has been added since, as one batch in its own commit. */
void recorded_batch(struct recorded *recorded, const char *stream, uint64_t time_ms);
/* `count` events of one type and key, as one batch. */
void recorded_many(struct recorded *recorded, const char *stream, const char *type, const char *key, uint32_t count,
    uint64_t time_ms);
/* All positions mean something else now: the same batches in another incarnation. */
void recorded_incarnation(struct recorded *recorded, uint8_t number);
/* Turn one bit of the batch at a log position. */
void recorded_damage(struct recorded *recorded, uint64_t position);
struct souk_point recorded_point(const struct recorded *recorded, const char *stream, uint64_t number);
struct souk_id recorded_id(uint64_t number);

#endif
