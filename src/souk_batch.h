/*
 * souk_batch - all events that one commit adds to one stream, as one piece of
 * bytes: what the origin stores, sends, what is recorded and replayed.
 *
 * Encoded once by a builder, then only walked where it lies. doc/protocol.md,
 * sections 3 to 5.
 */
#ifndef SOUK_BATCH_H
#define SOUK_BATCH_H

#include <souk-message.h>
#include "souk_position.h"

#define SOUK_BATCH_VERSION 1
#define SOUK_BATCH_BLAKE2B 1                    /* BLAKE2b-256, RFC 7693 */
#define SOUK_BATCH_HEADER_FIELDS 15
#define SOUK_BATCH_HASH_OFFSET 5                /* 9f 01 01 c4 20, then the hash */
#define SOUK_BATCH_HASH_END (SOUK_BATCH_HASH_OFFSET + SOUK_HASH_BYTES)
#define SOUK_BATCH_BYTES_MAX (256 * 1024)
#define SOUK_BATCH_EVENTS_MAX 4096
#define SOUK_BATCH_NAMES_MAX 255
#define SOUK_BATCH_NAME_BYTES_MAX 64            /* in the table of names */
#define SOUK_COMMIT_BATCHES_MAX 256
#define SOUK_COMMIT_BYTES_MAX (16 * 1024 * 1024)
#define SOUK_COMMAND_HASH_BYTES 8

/* What the header says. Slices lie in the batch. */
struct souk_batch_header {
    struct souk_hash hash, previous;
    struct souk_name stream;
    struct souk_epoch epoch;
    uint64_t first;
    uint32_t count;                             /* 0: an epoch record */
    uint64_t time_ms;
    uint64_t commit;
    uint32_t place, places;
    uint32_t cause_count, name_count;
    struct souk_slice causes;                   /* packed; walk with souk_causes_next() */
    struct souk_slice names;                    /* packed, without the array's head */
    struct souk_slice body;                     /* events, or the record */
};

/* The batch was copied from `from` to `to`: the header, which points into it, goes along. */
void souk_batch_move(struct souk_batch_header *header, const uint8_t *from, const uint8_t *to);

/* The position after the batch. */
struct souk_position souk_batch_end(const struct souk_batch_header *header);

/*
 * The header of bytes that were checked when they came in, as those of an own
 * log: nothing is read beyond their end and every count is within its limit;
 * the form of causes, names and events is only asked for when they are walked.
 * 0, -SOUK_EMALFORMED (of another version too) or -SOUK_ETOOBIG.
 */
SOUK_MUST_CHECK int souk_batch_peek(struct souk_slice batch, struct souk_batch_header *header_out);
/* The same, and the hash over everything: they still are what was checked, or -SOUK_EDAMAGED. */
SOUK_MUST_CHECK int souk_batch_read(struct souk_slice batch, struct souk_batch_header *header_out);
/*
 * Of bytes from outside: the form of the whole header, the hash over everything,
 * and every event or the record walked to the last byte. 0, -SOUK_EMALFORMED,
 * -SOUK_ETOOBIG, -SOUK_EUNSUPPORTED (version or algorithm), -SOUK_EDAMAGED (the hash is another).
 */
SOUK_MUST_CHECK int souk_batch_check(struct souk_slice batch, struct souk_batch_header *header_out);

/* Are its numbers possible together? A part of every reading. */
bool souk_batch_header_fits(const struct souk_batch_header *header);

/* Does the batch follow on `cursor`? doc/protocol.md 3.4. */
bool souk_batch_extends(const struct souk_batch_header *header, const struct souk_position *cursor);

struct souk_causes {
    struct souk_unpack in;
    uint32_t left;
};
void souk_causes_init(struct souk_causes *causes, const struct souk_batch_header *header);
/* False at the end, and with `in.rc` not 0 where they are malformed: never in a batch whose hash was computed. */
bool souk_causes_next(struct souk_causes *causes, struct souk_cause *cause_out);

enum souk_cause_kind {
    SOUK_BY_COMMAND = 0,
    SOUK_BY_EVENT = 1,
    SOUK_BY_TIMER = 2,
    SOUK_BY_OUTCOME = 3,
    SOUK_BY_LOSS = 4,
};

/* What one event was decided on. */
struct souk_because {
    enum souk_cause_kind kind;
    /* SOUK_BY_COMMAND */
    struct souk_slice caller;
    struct souk_id id;
    uint8_t command_hash[SOUK_COMMAND_HASH_BYTES];
    /* the others */
    struct souk_name stream;
    struct souk_point point;
    uint32_t index;
};

/* One event, lying in the batch. */
struct souk_event {
    uint64_t number;
    struct souk_slice type, key, payload;
    struct souk_because because;
    struct souk_id correlation;
    uint32_t depth;
    uint64_t time_ms;
    uint16_t version;
};

struct souk_events {
    struct souk_unpack in;
    uint64_t number;
    uint32_t left;
    uint64_t time_ms;
    uint32_t name_count;
    struct souk_slice names[SOUK_BATCH_NAMES_MAX];
};
/* 0 or -SOUK_EMALFORMED. */
SOUK_MUST_CHECK int souk_events_init(struct souk_events *events, const struct souk_batch_header *header);
/* 0; -SOUK_ENOTFOUND at the end, every byte used up; -SOUK_EMALFORMED or -SOUK_ETOOBIG. */
SOUK_MUST_CHECK int souk_events_next(struct souk_events *events, struct souk_event *event_out);

/* An epoch record's body. */
struct souk_record {
    struct souk_name service;
    uint32_t reason;
    uint32_t parent_count;
    struct souk_record_parent {
        struct souk_name stream;
        struct souk_position position;
    } parents[SOUK_OWN_STREAMS_MAX];
};
enum souk_record_reason { SOUK_RECORD_FIRST, SOUK_RECORD_RESTART, SOUK_RECORD_RECOVERED, SOUK_RECORD_FORK };
SOUK_MUST_CHECK int souk_record_read(const struct souk_batch_header *header, struct souk_record *record_out);

/* ---- building ------------------------------------------------------- */

/* What is known before the events. `previous` and `first` follow from the position before. */
struct souk_batch_place {
    struct souk_name stream;
    struct souk_epoch epoch;
    struct souk_position after;
    uint64_t time_ms;
    uint64_t commit;
    uint32_t place, places;
    const struct souk_cause *causes;            /* sorted by stream name */
    uint32_t cause_count;
};

/* The events of one batch as they are decided. */
struct souk_batch_builder {
    struct souk_pack body;
    uint32_t count;
    uint64_t time_ms;                           /* of the first event; deltas count from it */
    uint32_t name_count;
    uint32_t names_bytes;
    struct souk_slice names[SOUK_BATCH_NAMES_MAX];  /* copies in `memory` */
    struct souk_arena memory;
};
void souk_batch_builder_init(struct souk_batch_builder *builder);
void souk_batch_builder_reset(struct souk_batch_builder *builder);
void souk_batch_builder_done(struct souk_batch_builder *builder);
/*
 * Add one event. 0; -SOUK_ETOOBIG: it does not fit any more, nothing was added,
 * it goes into a new batch (into an empty one every legal event fits); -SOUK_EINVAL; -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_batch_builder_add(struct souk_batch_builder *builder, const struct souk_event *event);
/* Bytes of the events so far. */
size_t souk_batch_builder_bytes(const struct souk_batch_builder *builder);

/*
 * Write header, events and hash as one batch to `pack`. *end_out: the position
 * after it. 0, -SOUK_ETOOBIG or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_batch_finish(const struct souk_batch_builder *builder, const struct souk_batch_place *place,
    struct souk_pack *pack, struct souk_position *end_out);
SOUK_MUST_CHECK int souk_record_finish(const struct souk_record *record, const struct souk_batch_place *place,
    struct souk_pack *pack, struct souk_position *end_out);

/* BLAKE2b-256's first `size_bytes` (≤ 32) over the pieces, one after the other. */
void souk_digest(void *digest_out, size_t size_bytes, const struct souk_slice *pieces, size_t piece_count);
/* doc/protocol.md 3.2: what tells one command from another under the same id. */
/* `person` of the pass that it came with, NULL without one. */
void souk_command_hash(uint8_t hash_out[SOUK_COMMAND_HASH_BYTES], struct souk_slice name,
    const struct souk_id *person, struct souk_slice payload);
/* doc/protocol.md 11: the id of the request that an own event asks for. */
struct souk_id souk_request_id(const struct souk_name *stream, struct souk_point point, uint32_t index);

#endif
