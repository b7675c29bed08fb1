/*
 * souk_outbox - messages that a state machine wants to be sent.
 *
 * What is put in during a transaction is held until the shell says that the
 * commit is on disk and the witness names it, and is dropped with an aborted one.
 * Questions that say nothing of the store need not wait for that.
 */
#ifndef SOUK_OUTBOX_H
#define SOUK_OUTBOX_H

#include <stdatomic.h>

#include <souk.h>
#include "souk_position.h"

#define SOUK_FRAMES_MAX (1 + 4096)      /* of one message */
#define SOUK_ROUTE_BYTES_MAX 64         /* a return address: the shell's business */

/* Which socket of a peer. */
enum souk_door { SOUK_DOOR_COMMANDS, SOUK_DOOR_QUERIES };

enum souk_out_kind {
    SOUK_OUT_PUBLISH,       /* frame 0 is the topic */
    SOUK_OUT_SEND,          /* to the door `door` of the service or event store `to` */
    SOUK_OUT_REPLY,         /* to whoever sent the message that came with `route` */
};

/*
 * One message. Owned by the outbox; `frames` lie in the same allocation, which a
 * socket may share until it has written them.
 */
struct souk_out {
    atomic_uint sharers;                        /* 0: it lies on somebody's stack, and is not shared */
    enum souk_out_kind kind;
    enum souk_door door;
    struct souk_name to;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    size_t frame_count;
    struct souk_slice *frames;
    struct souk_out *next;
};

struct souk_outbox {
    struct souk_out *ready_head, *ready_tail;
    struct souk_out *held_head, *held_tail;
    uint64_t bytes_put;                         /* of all frames since it was made */
};

void souk_outbox_init(struct souk_outbox *outbox);
void souk_outbox_done(struct souk_outbox *outbox);

/*
 * Copy `frames` into a new message that waits for souk_outbox_release().
 * `to` for SOUK_OUT_SEND, `route` for SOUK_OUT_REPLY, else NULL / empty. 0 or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_outbox_put(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door,
    const struct souk_name *to, struct souk_slice route, const struct souk_slice *frames, size_t frame_count);
/* The same for what may go at once, whatever becomes of the transaction. */
SOUK_MUST_CHECK int souk_outbox_put_now(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door,
    const struct souk_name *to, struct souk_slice route, const struct souk_slice *frames, size_t frame_count);
/* What is held may go. */
void souk_outbox_release(struct souk_outbox *outbox);
/* What is held is forgotten. */
void souk_outbox_drop(struct souk_outbox *outbox);
/* The oldest message that may go, or NULL; it is the caller's, who frees it with souk_out_free(). */
struct souk_out *souk_outbox_take(struct souk_outbox *outbox);
/* The last one who has it frees it. */
void souk_out_free(struct souk_out **out_p);
/* One more has it, and ends that with souk_out_free(), in whatever thread. False: it cannot be shared. */
bool souk_out_share(struct souk_out *out);

#endif
