/*
 * check_decode - a second reading of doc/protocol.md, for the checker alone.
 *
 * Strict: each function returns NULL, or the name of the first rule that the
 * bytes break. The names are those under "breaks" in test/vectors/invalid.
 * Everything read points into the bytes that were given.
 */
#ifndef SIM_CHECK_DECODE_H
#define SIM_CHECK_DECODE_H

#include <string.h>

#include "check_arena.h"
#include "trace.h"

#define CHECK_EVENTS_MAX 4096           /* of a batch */
#define CHECK_BATCH_BYTES_MAX 262144
#define CHECK_PLACES_MAX 256
#define CHECK_COMMIT_BYTES_MAX (16 * 1024 * 1024) /* of payloads */
#define CHECK_CAUSES_MAX 256
#define CHECK_NAMES_MAX 255
#define CHECK_NAME_BYTES_MAX 64         /* of types and callers */
#define CHECK_STREAM_BYTES_MAX 31       /* of streams and services */
#define CHECK_KEY_BYTES_MAX 64
#define CHECK_DEPTH_MAX 64
#define CHECK_TIME_MS_MAX 9007199254740991
#define CHECK_VERSION_MAX 65535
#define CHECK_PASS_BYTES_MAX 512
#define CHECK_PAYLOAD_BYTES_MAX 65536
#define CHECK_SERVICE_STREAMS_MAX 16
#define CHECK_FRAME_BYTES_MAX 262144    /* of the first frame */
#define CHECK_FRAMES_MAX (1 + 4096)
#define CHECK_CREDIT_MAX 16777216
#define CHECK_SEEN_MAX 32
#define CHECK_WAITS_MAX 16
#define CHECK_RETRY_MS_MAX 60000        /* of busy */
#define CHECK_ID_BYTES 16
#define CHECK_COMMAND_HASH_BYTES 8

enum check_cause_kind {
    CHECK_CAUSE_COMMAND,
    CHECK_CAUSE_EVENT,
    CHECK_CAUSE_TIMER,
    CHECK_CAUSE_ANSWER,
    CHECK_CAUSE_LOSS
};

/* A cause, a position or a cursor as it was written: `hash` is NULL where the form has none. */
struct check_place {
    struct check_bytes stream;
    uint32_t epoch_counter;
    const uint8_t *epoch_bits;          /* 8 */
    uint64_t number;
    const uint8_t *hash;                /* 32 */
};

struct check_form_event {
    uint32_t type;                      /* index in names */
    struct check_bytes key;
    enum check_cause_kind kind;
    uint32_t cause_name;                /* index in names: the caller, or the stream */
    const uint8_t *command_id;          /* 16; of a command */
    const uint8_t *command_hash;        /* 8 */
    uint32_t epoch_counter;             /* of all others */
    const uint8_t *epoch_bits;
    uint64_t number;
    uint32_t index;
    const uint8_t *correlation;         /* 16, or NULL */
    uint32_t depth;
    uint64_t delta_ms;
    uint32_t version;
    struct check_bytes payload;
};

/* A batch. */
struct check_form {
    struct check_bytes bytes;
    const uint8_t *hash, *previous;     /* 32 */
    struct check_bytes stream;
    uint32_t epoch_counter;
    const uint8_t *epoch_bits;
    uint64_t first;
    uint32_t count;
    uint64_t time_ms, commit;
    uint32_t place, places;
    struct check_place *causes;
    uint32_t cause_count;
    struct check_bytes *names;
    uint32_t name_count;
    struct check_form_event *events;    /* `count` */
    struct check_bytes service;         /* of an epoch record, like what follows */
    uint32_t reason;
    struct check_place *parents;
    uint32_t parent_count;
};

enum check_kind {
    CHECK_HEADS = 1,
    CHECK_PULL,
    CHECK_PULLED,
    CHECK_ACKNOWLEDGED,
    CHECK_SEAL,
    CHECK_SEALED,
    CHECK_FENCED,
    CHECK_REQUEST,
    CHECK_REPLY,
    CHECK_NO_ROOM                       /* busy */
};

enum check_verdict { CHECK_NEXT, CHECK_TRIMMED, CHECK_VOID, CHECK_UNKNOWN, CHECK_BEGINS };

enum check_status {
    CHECK_OK,
    CHECK_REFUSED,
    CHECK_PENDING,
    CHECK_BUSY,
    CHECK_KEY_REUSED,
    CHECK_LOST,
    CHECK_STATUS_LAST = 12              /* forbidden; doc/protocol.md has those between */
};

enum check_durability { CHECK_NOT_DURABLE, CHECK_LOCAL, CHECK_RECORDED };

/* One element of heads, cursors, acks, answers or positions. */
struct check_entry {
    struct check_place at;
    uint64_t backed_up;                 /* of an acknowledgement */
    enum check_verdict verdict;         /* of an answer, like what follows */
    struct check_place head, common;
};

struct check_body {
    struct check_bytes name;
    uint32_t version;
    struct check_bytes stream;
    uint64_t number;
    struct check_bytes key, payload;
};

/* The first frame of a message. What its kind does not have is zero. */
struct check_message {
    enum check_kind kind;
    struct check_bytes service, sender; /* sender: of heads; the asker, the holder, the event store */
    const uint8_t *incarnation, *fingerprint, *instance; /* 8 */
    uint64_t time_ms, request, commit, credit_bytes;
    bool more, granted;
    uint32_t counter;
    struct check_entry *entries;        /* heads, cursors, answers, acks, positions */
    uint32_t entry_count;
    struct check_place *waits;          /* `seen` of a request */
    uint32_t wait_count;
    const uint8_t *id, *correlation;    /* 16; of requests and replies, like what follows */
    bool is_query, wants_recorded;
    struct check_bytes name, caller, pass, payload;
    uint32_t version;
    uint64_t deadline_ms, retry_after_ms;
    uint32_t status, durability;
    struct check_bytes code, text;
    struct check_body *body;
    uint32_t body_count;
};

const char *check_decode_batch(struct check_arena *arena, struct check_bytes bytes, struct check_form *form_out);

/* `frames` are all frames of the message; those behind the first are not looked into. */
const char *check_decode_message(struct check_arena *arena, const struct check_bytes *frames, size_t frame_count,
    struct check_message *message_out);

/* One array of at most `most` unsigned integers and nothing behind it: how many, or -1. */
int check_decode_numbers(struct check_bytes bytes, uint64_t *numbers_out, int most);

/* BLAKE2b with a digest of `out_bytes`, over two pieces. */
void check_hash(uint8_t *out, size_t out_bytes, struct check_bytes first, struct check_bytes second);

/* Most differ in size, or in the first byte. */
static inline bool
check_bytes_equal(struct check_bytes a, struct check_bytes b)
{
    return a.size_bytes == b.size_bytes && (a.size_bytes == 0
        || (*(const uint8_t *)a.base == *(const uint8_t *)b.base && memcmp(a.base, b.base, a.size_bytes) == 0));
}

int check_bytes_compare(struct check_bytes a, struct check_bytes b);

#endif
