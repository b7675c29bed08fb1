/*
 * souk_feed - getting the batches of other nodes' streams, in order, without a hole.
 *
 * One feed for each origin that the node follows. A feed takes whatever is
 * heard on PUB as a hint, keeps what continues its cursor in a bounded queue,
 * notices what is missing and pulls it: from the origin, else from an event
 * store, round and round. It decides nothing about causes and keeps nothing on
 * disk; its owner takes batches from the front of the queues inside a
 * transaction and says afterwards whether that stood. doc/protocol.md 8 and 12.
 */
#ifndef SOUK_FEED_H
#define SOUK_FEED_H

#include "souk_batch.h"
#include "souk_outbox.h"
#include "souk_wire.h"
#include "souk_wiring.h"

/* A batch that continues its stream, waiting to be taken. */
struct souk_feed_batch {
    struct souk_feed_batch *next;
    struct souk_batch_header header;            /* its slices lie in `bytes` */
    uint64_t held_since_ms;                     /* owner's: when it first had to wait for a cause; 0: not yet */
    size_t size_bytes;
    uint8_t bytes[];
};

/* A holder said that the stream's cursor is in no history that is alive. */
struct souk_feed_void {
    bool told;
    bool by_origin;
    struct souk_position head;                  /* the holder's */
    struct souk_point common;
};

struct souk_feed_stream {
    struct souk_name name;
    struct souk_feed *feed;
    struct souk_position cursor;                /* the owner's, as committed */
    struct souk_position tail;                  /* after the last batch in the queue */
    struct souk_feed_batch *first, *last;
    struct souk_feed_batch *untaken;            /* the owner has taken those before it in this transaction */
    size_t queued_bytes;
    bool complete;                              /* the commit at its front was all there when last looked at */
    struct souk_point heard;                    /* the furthest that anyone has named; a hint */
    uint64_t time_ms;                           /* of the batch that was taken last; 0: none was */
    uint64_t behind_since_ms;                   /* wall: as of then it is up to date; 0: it is */
    struct souk_point reported;                 /* the furthest that a holder said it has */
    uint64_t reported_ms;
    struct souk_position origin_head;           /* that its origin named last, in an answer to this process */
    struct souk_feed_void void_;
    bool differs;                               /* a holder as far in this epoch does not know the cursor */
    uint32_t trimmed;                           /* so often the origin has said that it does not hold what follows the
                                                   cursor any more; of an own stream, event stores */
    bool begins_told;                           /* it has said where what it holds begins */
    struct souk_position begins;
};

struct souk_feed {
    struct souk_name origin;
    bool active;
    bool whole_commits;                         /* taken with souk_feed_commit() */
    bool newer;                                 /* what came last is of a version that this program does not read */
    bool met;                                   /* the origin has answered a pull since this node's start */
    struct souk_epoch origin_epoch;             /* of the head in that answer */
    uint32_t stream_count;
    struct souk_feed_stream streams[SOUK_OWN_STREAMS_MAX];
    /* whom to ask: the origin first, unless it is the node itself; then the event stores */
    uint32_t source_count, source;
    struct souk_name sources[1 + SOUK_STORES_MAX];
    uint32_t tries;                             /* holders asked in vain, one after the other */
    bool wants;                                 /* there is a reason to pull */
    bool asks_beginning;                        /* in place of what follows the cursors */
    uint64_t not_before_ms;
    uint64_t idle_due_ms;
    uint64_t waits_due_ms;                      /* waits are a reason no sooner */
    uint64_t request;                           /* of the pull under way; 0: none */
    uint64_t deadline_ms;
    bool asked_for_wait;                        /* the pull under way, or the latest one, named waits */
    uint32_t wait_count;
    struct souk_cause waits[SOUK_WIRE_WAITS_MAX];
};

struct souk_feeds {
    const struct souk_wiring *wiring;           /* borrowed */
    uint32_t count;
    struct souk_feed *feeds[SOUK_SERVICES_MAX];
    uint64_t request_next;
    uint64_t duplicates, foreign, gaps, pulls, busy, malformed, dropped_full;
};

/* Feeds for every stream of `wiring`; all of them asleep but those of other origins. 0, -SOUK_ENOMEM, -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_feeds_open(const struct souk_wiring *wiring, struct souk_feeds *feeds_out);
void souk_feeds_done(struct souk_feeds *feeds);

struct souk_feed *souk_feeds_find(struct souk_feeds *feeds, const char *origin);
struct souk_feed_stream *souk_feeds_stream(const struct souk_feeds *feeds, const char *stream);

/* Begin to ask for what the node's own streams lack. `origin_too`: a process beside asks the running one. */
void souk_feed_wake(struct souk_feed *feed, bool origin_too);
void souk_feed_sleep(struct souk_feed *feed);
/* Ask `holder` next. */
void souk_feed_prefer(struct souk_feed *feed, const struct souk_name *holder);
/* The owner stands at `cursor`. What is queued is dropped unless it continues there. */
void souk_feed_set_cursor(struct souk_feed_stream *stream, const struct souk_position *cursor);
/* Forget what is queued; it will be pulled again. */
void souk_feed_drop(struct souk_feed_stream *stream);
/* The same of what the owner has not taken in this transaction. */
void souk_feed_drop_untaken(struct souk_feed_stream *stream);
/* Somebody has `stream` up to `point`: a holder that has less is not the last one to ask. */
void souk_feed_expect(struct souk_feed_stream *stream, struct souk_point point);
/* Ask the origin where what it holds of all these streams begins, until it has said so or a cursor has moved. */
void souk_feed_ask_beginning(struct souk_feed *feed);
/* There is something to get. */
void souk_feed_want(struct souk_feed *feed);
/* Somebody waits for news of it: pull, but not more often than for a missing cause. */
void souk_feed_nudge(struct souk_feed *feed, struct souk_time now);
/* `cause`, in a stream of one of the feeds, is missing: pull its stream and name it. */
void souk_feeds_wait_for(struct souk_feeds *feeds, const struct souk_cause *cause, struct souk_time now);
/* When did a holder last say that it has `cause`? 0: never, or no feed has its stream. */
uint64_t souk_feeds_seen_ms(const struct souk_feeds *feeds, const struct souk_cause *cause);

/* What `from` published: its own streams, nobody else's. The batch is checked whole, its hash too, and dropped and counted else. */
void souk_feeds_hear_batch(struct souk_feeds *feeds, const struct souk_name *from, struct souk_slice bytes,
    struct souk_time now);
void souk_feeds_hear_heads(struct souk_feeds *feeds, const struct souk_wire_heads *heads, struct souk_time now);
/* True when it is the answer to the pull under way; its batches are then heard. `record` false: only look at the verdicts. */
bool souk_feeds_hear_pulled(struct souk_feeds *feeds, const struct souk_name *from,
    const struct souk_wire_pulled *pulled, const struct souk_slice *batches, size_t batch_count, bool take,
    struct souk_time now);

/* A holder has no room for the pull under way: another one is asked, or the same one when it said that that makes sense. */
void souk_feeds_hear_busy(struct souk_feeds *feeds, const struct souk_name *from, const struct souk_wire_busy *busy,
    struct souk_time now);

/* Take the first untaken batch of the stream: it has been applied in the open transaction. */
void souk_feed_take(struct souk_feed_stream *stream);
/* The first untaken batches that are all of one commit, as pointers; 0 when no commit is complete at the front. */
uint32_t souk_feed_commit(struct souk_feed *feed, struct souk_feed_batch *batches_out[SOUK_COMMIT_BATCHES_MAX]);
/* The transaction stood: forget what was taken. It did not: nothing was taken. */
void souk_feeds_committed(struct souk_feeds *feeds);
/*
 * What is at the front cannot be right: the queues are emptied, it is counted as malformed and another holder asked.
 * False: something of it is taken in this transaction; to be said again after that.
 */
bool souk_feed_refuse(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_time now);
void souk_feeds_aborted(struct souk_feeds *feeds);
/*
 * Of the first event that is missing, as far as that is known: when it was made, or when it was heard of, or
 * when the one before it was made. 0: nothing is missing.
 */
uint64_t souk_feed_behind_since_ms(const struct souk_feed_stream *stream);
/* Is a pull under way, and less than `bytes` of batches queued? */
bool souk_feeds_gathers(const struct souk_feeds *feeds, size_t bytes);
/* Is anything queued that was not taken? */
bool souk_feeds_has_batches(const struct souk_feeds *feeds);

/*
 * Put the pulls that are due into `outbox`, where they may go at once: what they ask for follows what is queued,
 * whether the transaction that applies it stands or not. 0 or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_feeds_elapse(struct souk_feeds *feeds, struct souk_outbox *outbox, struct souk_time now);
/*
 * Does an origin write batches of a version that this program does not read? Nothing of it is skipped, and it is asked
 * for again every pull_idle_ms. True: `text_out` says whose, and what to do.
 */
bool souk_feeds_are_newer(const struct souk_feeds *feeds, char *text_out, size_t room_bytes);
/* When souk_feeds_elapse() has something to do, on the steady clock. */
uint64_t souk_feeds_due_ms(const struct souk_feeds *feeds);
/*
 * Events that are known to exist and not here: of own streams not applied, of others not even queued (those may wait
 * for the service to be live, as many as there is room for).
 */
uint64_t souk_feeds_behind(const struct souk_feeds *feeds);

#endif
