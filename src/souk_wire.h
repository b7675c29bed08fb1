/*
 * souk_wire - the messages between nodes, as values and as bytes.
 *
 * doc/protocol.md, sections 7 to 11. Each message is the first frame; batches
 * follow in frames of their own. Every `get` takes hostile bytes: it gives 0 or
 * -SOUK_EMALFORMED, -SOUK_ETOOBIG, -SOUK_EUNSUPPORTED and has written nothing
 * that may be used. Slices in a result lie in the frame.
 */
#ifndef SOUK_WIRE_H
#define SOUK_WIRE_H

#include <souk-message.h>
#include "souk_batch.h"
#include "souk_position.h"

#define SOUK_WIRE_VERSION 1
#define SOUK_WIRE_BYTES_MAX (256 * 1024)        /* of a first frame */
#define SOUK_WIRE_SEEN_MAX 32
#define SOUK_WIRE_WAITS_MAX 16
#define SOUK_WIRE_CREDIT_MAX (16 * 1024 * 1024)
#define SOUK_WIRE_TEXT_BYTES_MAX 512
#define SOUK_WIRE_DEADLINE_MS_MAX (60 * 1000)   /* a longer one is cut to it by who answers */
#define SOUK_WIRE_BODY_MAX SOUK_DECISION_EVENTS_MAX
#define SOUK_WIRE_CALLER_BYTES_MAX SOUK_BATCH_NAME_BYTES_MAX

enum souk_wire_kind {
    SOUK_WIRE_HEADS = 1,
    SOUK_WIRE_PULL,
    SOUK_WIRE_PULLED,
    SOUK_WIRE_ACK,
    SOUK_WIRE_SEAL,
    SOUK_WIRE_SEALED,
    SOUK_WIRE_FENCED,
    SOUK_WIRE_REQUEST,
    SOUK_WIRE_REPLY,
    SOUK_WIRE_BUSY,
    SOUK_WIRE_LAST = SOUK_WIRE_BUSY,
};

/* The kind of a message of this version; 0 when it is neither. */
enum souk_wire_kind souk_wire_kind(struct souk_slice frame);

struct souk_wire_place {
    struct souk_name stream;
    struct souk_position position;
};

struct souk_wire_heads {
    struct souk_name service, sender;
    uint8_t incarnation[8], fingerprint[8];
    uint64_t time_ms;
    uint32_t count;
    struct souk_wire_place heads[SOUK_OWN_STREAMS_MAX];
};

struct souk_wire_pull {
    uint64_t request;
    struct souk_name asker;
    uint32_t credit_bytes;
    uint32_t cursor_count, wait_count;
    struct souk_wire_place cursors[SOUK_OWN_STREAMS_MAX];
    struct souk_cause waits[SOUK_WIRE_WAITS_MAX];
};

enum souk_verdict { SOUK_NEXT, SOUK_TRIMMED, SOUK_VOID, SOUK_UNKNOWN, SOUK_BEGINS };

/* In place of a cursor: where does what the origin holds begin? No position: an epoch's bits are never zero. */
#define SOUK_WIRE_BEGINNING ((struct souk_position){ .epoch = { .counter = 1 } })

struct souk_wire_answer {
    struct souk_name stream;
    struct souk_position asked;
    enum souk_verdict verdict;
    struct souk_position head;
    struct souk_point common;
};

struct souk_wire_pulled {
    uint64_t request;
    struct souk_name holder;
    uint8_t incarnation[8];
    bool more;
    uint32_t count;
    struct souk_wire_answer answers[SOUK_OWN_STREAMS_MAX];
};

/* Instead of an answer to a pull: too many wait. */
struct souk_wire_busy {
    uint64_t request;
    struct souk_name holder;
    uint32_t retry_after_ms;                    /* at most SOUK_WIRE_DEADLINE_MS_MAX */
};

struct souk_wire_ack {
    struct souk_name store;
    uint8_t incarnation[8];
    uint64_t commit;                            /* of the event store; a lower one is older news */
    uint32_t count;
    struct souk_wire_acked {
        struct souk_name stream;
        struct souk_position position;
        uint64_t backed_up;
    } acks[SOUK_OWN_STREAMS_MAX];
};

struct souk_wire_seal {
    uint64_t request;
    struct souk_name service;
    uint32_t counter;
    uint8_t instance[8];
};

struct souk_wire_sealed {
    uint64_t request;
    struct souk_name store;
    uint8_t incarnation[8];
    struct souk_name service;
    bool granted;
    uint32_t counter;
    uint32_t count;
    struct souk_wire_place positions[SOUK_OWN_STREAMS_MAX];
};

struct souk_wire_fenced {
    struct souk_name store, service;
    uint32_t counter;
};

struct souk_wire_request {
    struct souk_id id;
    bool query;
    struct souk_slice name;
    uint16_t version;
    uint64_t deadline_ms;                       /* from now; 0: souk_wire_deadline_ms() says */
    bool has_correlation;
    struct souk_id correlation;
    struct souk_slice caller;
    bool recorded;
    uint32_t seen_count;
    struct souk_cause seen[SOUK_WIRE_SEEN_MAX];
    struct souk_slice pass;                     /* souk_pass.h; empty: none */
    struct souk_slice payload;
};

enum souk_status {
    SOUK_STATUS_OK,
    SOUK_STATUS_REFUSED,
    SOUK_STATUS_PENDING,
    SOUK_STATUS_BUSY,
    SOUK_STATUS_KEY_REUSED,
    SOUK_STATUS_LOST,
    SOUK_STATUS_INVALID,
    SOUK_STATUS_UNKNOWN,
    SOUK_STATUS_INTERNAL,
    SOUK_STATUS_FULL,
    SOUK_STATUS_EXPIRED,
    SOUK_STATUS_UNSUPPORTED,
    SOUK_STATUS_FORBIDDEN,
    SOUK_STATUS_LAST = SOUK_STATUS_FORBIDDEN,
};

/* "ok", "refused" and so on, as doc/protocol.md has them. Never NULL. */
const char *souk_wire_status_name(enum souk_status status);

enum souk_durability { SOUK_DURABILITY_NONE, SOUK_DURABILITY_LOCAL, SOUK_DURABILITY_RECORDED };

struct souk_wire_reply {
    struct souk_id id;
    enum souk_status status;
    enum souk_durability durability;
    struct souk_slice code, text;
    uint64_t retry_after_ms;
    uint32_t cursor_count;
    struct souk_cause cursors[SOUK_STREAMS_MAX];
    uint32_t body_count;
    struct souk_slice body;                     /* packed entries; walk with souk_wire_body_next() */
};

struct souk_wire_entry {
    struct souk_slice name;
    uint16_t version;
    struct souk_slice stream;                   /* empty for a query's answer */
    uint64_t number;
    struct souk_slice key, payload;
};

SOUK_MUST_CHECK int souk_wire_heads_get(struct souk_slice frame, struct souk_wire_heads *out);
SOUK_MUST_CHECK int souk_wire_pull_get(struct souk_slice frame, struct souk_wire_pull *out);
SOUK_MUST_CHECK int souk_wire_pulled_get(struct souk_slice frame, struct souk_wire_pulled *out);
SOUK_MUST_CHECK int souk_wire_busy_get(struct souk_slice frame, struct souk_wire_busy *out);
SOUK_MUST_CHECK int souk_wire_ack_get(struct souk_slice frame, struct souk_wire_ack *out);
SOUK_MUST_CHECK int souk_wire_seal_get(struct souk_slice frame, struct souk_wire_seal *out);
SOUK_MUST_CHECK int souk_wire_sealed_get(struct souk_slice frame, struct souk_wire_sealed *out);
SOUK_MUST_CHECK int souk_wire_fenced_get(struct souk_slice frame, struct souk_wire_fenced *out);
SOUK_MUST_CHECK int souk_wire_request_get(struct souk_slice frame, struct souk_wire_request *out);
/* How long the asker waits, of SOUK_WIRE_DEADLINE_MS_MAX at most; 10,000 when it does not say. */
uint64_t souk_wire_deadline_ms(const struct souk_wire_request *request);
SOUK_MUST_CHECK int souk_wire_reply_get(struct souk_slice frame, struct souk_wire_reply *out);
/* Entries of a reply's body, `in` begun with souk_unpack_init(&in, reply.body). 0, -SOUK_ENOTFOUND at the end, -SOUK_EMALFORMED. */
SOUK_MUST_CHECK int souk_wire_body_next(struct souk_unpack *in, struct souk_wire_entry *entry_out);

/* The id of a request as it is used: 16 bytes as they are, of any other id the beginning of its hash. */
void souk_wire_id_set(struct souk_id *id_out, struct souk_slice id);

/* Written to `pack`, whose `rc` says whether it went well. */
void souk_wire_heads_put(struct souk_pack *pack, const struct souk_wire_heads *heads);
void souk_wire_pull_put(struct souk_pack *pack, const struct souk_wire_pull *pull);
void souk_wire_pulled_put(struct souk_pack *pack, const struct souk_wire_pulled *pulled);
void souk_wire_busy_put(struct souk_pack *pack, const struct souk_wire_busy *busy);
void souk_wire_ack_put(struct souk_pack *pack, const struct souk_wire_ack *ack);
void souk_wire_seal_put(struct souk_pack *pack, const struct souk_wire_seal *seal);
void souk_wire_sealed_put(struct souk_pack *pack, const struct souk_wire_sealed *sealed);
void souk_wire_fenced_put(struct souk_pack *pack, const struct souk_wire_fenced *fenced);
void souk_wire_request_put(struct souk_pack *pack, const struct souk_wire_request *request);
/* A reply with nothing in it: its many places for cursors are left as they are. */
void souk_wire_reply_init(struct souk_wire_reply *reply, const struct souk_id *id, enum souk_status status);
void souk_wire_reply_put(struct souk_pack *pack, const struct souk_wire_reply *reply);
/* One entry, appended to the bytes that become a reply's body. */
void souk_wire_entry_put(struct souk_pack *pack, const struct souk_wire_entry *entry);

/* The code of a refusal that is the runtime's: the pass is no good, and the text says why. */
#define SOUK_WIRE_CODE_PASS "souk.pass"

#define SOUK_WIRE_TOPIC_BYTES_MAX (SOUK_NAME_BYTES_MAX + 1)
/* The topic of a stream's batches: the name and one zero byte, which a souk_name has behind it. */
struct souk_slice souk_wire_topic(const struct souk_name *stream);
/* The topic of heads. */
struct souk_slice souk_wire_topic_heads(void);

/* Shared by stored records too: (epoch counter, bits, number, hash), (epoch counter, bits, number). */
void souk_wire_position_put(struct souk_pack *pack, const struct souk_position *position);
void souk_wire_position_get(struct souk_unpack *in, struct souk_position *position_out);
void souk_wire_point_put(struct souk_pack *pack, const struct souk_point *point);
void souk_wire_point_get(struct souk_unpack *in, struct souk_point *point_out);

#endif
