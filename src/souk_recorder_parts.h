/*
 * souk_recorder_parts - what the files of the recorder share: the event
 * store's state in memory, which is what its store says plus what is under way.
 *
 * souk_recorder.c         life, hearing, rounds of work
 * souk_recorder_record.c  recording, going back where a history is void, accepting a hole
 * souk_recorder_order.c   log positions
 * souk_recorder_tell.c    what origins and followers are told: seals, acknowledgements, fences, heads
 */
#ifndef SOUK_RECORDER_PARTS_H
#define SOUK_RECORDER_PARTS_H

#include "souk_feed.h"
#include "souk_log.h"
#include "souk_plant.h"
#include "souk_recorder.h"
#include "souk_wire.h"

#define RECORDER_TABLE_META "souk.meta"             /* commit, incarnation, position, aside */
#define RECORDER_TABLE_SEALS "souk.seals"           /* service -> epoch counter, instance */
#define RECORDER_TABLE_ORDERED "souk.ordered"       /* stream -> point up to which its batches have a log position */
#define RECORDER_TABLE_BACKED_UP "souk.backed-up"   /* stream -> number */
#define RECORDER_ROUND_BATCHES_MAX 1024

struct recorder_kept {
    struct souk_name name;
    struct souk_feed_stream *feed;
    struct souk_log log;
    struct souk_position head;
    uint64_t time_ms, commit;                   /* of the batch that it ends; 0: none was recorded */
    struct souk_point base;                     /* behind it the log begins */
    uint64_t hole_ms;                           /* when what is before was given up; 0: nothing is */
    struct souk_point ordered;
    uint64_t backed_up;
    bool probing;                               /* its history is void: looking for where it left the origin's */
    struct souk_position agreed;                /* while probing: so far the two are the same */
    const struct recorder_kept *held_by;        /* the next batch has no log position: this stream is not as far as */
    struct souk_cause lacks;                    /* ... this cause. NULL: not known */
};

struct recorder_origin {
    struct souk_feed *feed;
    uint32_t sealed;
    uint8_t instance[8];
    bool accepts_hole;                          /* as long as this process has recorded nothing of it */
    bool ack_due;
    bool fence_due;
    uint64_t fence_not_before_ms;
};

struct recorder_request {                       /* for a seal */
    struct recorder_request *next;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    struct souk_wire_seal seal;
};

struct souk_recorder {
    const struct souk_wiring *wiring;
    struct souk_feeds feeds;
    struct souk_outbox outbox;
    uint32_t kept_count;
    struct recorder_kept *kept;
    uint32_t origin_count;
    struct recorder_origin *origins;
    struct recorder_request *seals, **seals_end;
    uint32_t seal_count;
    uint64_t commit;
    uint8_t incarnation[8];
    uint64_t log_position;
    uint64_t set_aside;
    struct souk_txn *txn;
    struct souk_time now;
    bool changed, dirty, again, heads_due, witness_changed;
    bool backed_up_changed, backed_up_saved;    /* told and not written; written in this round */
    uint64_t head_due_ms, full_until_ms;
    struct souk_pack witness;
    struct souk_recorder_status status;
};

/* What it keeps of a stream, NULL: it does not follow it. Of a stream of one of its feeds it always keeps something. */
struct recorder_kept *recorder_kept(struct souk_recorder *recorder, const char *stream);
struct recorder_kept *recorder_kept_in(struct souk_recorder *recorder, const struct souk_feed_stream *stream);

/* The service of that name as an origin. NULL: it writes nothing that is recorded here. */
struct recorder_origin *recorder_origin(struct souk_recorder *recorder, const char *service);

/* Read again from the store where a stream stands; only where its log begins. */
int recorder_load_kept(struct souk_recorder *recorder, struct recorder_kept *kept);
int recorder_load_base(struct souk_recorder *recorder, struct recorder_kept *kept);

/* Write a number of RECORDER_TABLE_META. */
int recorder_save_number(struct souk_recorder *recorder, const char *name, uint64_t number);

/* From this commit on it is another event store: what it says is not comparable with what it said. */
int recorder_new_incarnation(struct souk_recorder *recorder);

/* ---- parts of a round of work --------------------------------------- */

int recorder_go_back(struct souk_recorder *recorder);
int recorder_accept_holes(struct souk_recorder *recorder);
int recorder_record(struct souk_recorder *recorder);
int recorder_grant_seals(struct souk_recorder *recorder);
int recorder_order(struct souk_recorder *recorder);
int recorder_forget_order(struct souk_recorder *recorder);
int recorder_save_backed_up(struct souk_recorder *recorder);
int recorder_acknowledge(struct souk_recorder *recorder);
int recorder_fence(struct souk_recorder *recorder);
int recorder_publish_heads(struct souk_recorder *recorder);

#endif
