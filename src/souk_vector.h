/*
 * souk_vector - what a service knows of every stream of the system, and what
 * it has said of that in each of its own streams.
 *
 * The causes of a batch are what is known and was not said in that stream yet.
 * Known: own heads, what was applied, and what the causes of that named. Both
 * are rows of the store, written in the transaction that changes them, and
 * read again after one that was aborted. doc/protocol.md 5.
 */
#ifndef SOUK_VECTOR_H
#define SOUK_VECTOR_H

#include "souk_batch.h"
#include "souk_store.h"

struct souk_vector_entry {
    struct souk_name stream;
    struct souk_point known;
    bool known_changed;
    bool said_changed[SOUK_OWN_STREAMS_MAX];
    struct souk_point said[SOUK_OWN_STREAMS_MAX];   /* in each own stream */
};

struct souk_vector {
    uint32_t own_count;
    struct souk_name own[SOUK_OWN_STREAMS_MAX];
    uint32_t count;
    struct souk_vector_entry *entries;              /* sorted by stream name; room for SOUK_STREAMS_MAX */
};

/* 0 or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_vector_init(struct souk_vector *vector, const struct souk_name *own, uint32_t own_count);
void souk_vector_done(struct souk_vector *vector);
/* Replace everything by what the store says. */
SOUK_MUST_CHECK int souk_vector_load(struct souk_vector *vector, struct souk_txn *txn);
/* Write what has changed. */
SOUK_MUST_CHECK int souk_vector_save(struct souk_vector *vector, struct souk_txn *txn);

/* `stream` has been seen up to `point`. 0 or -SOUK_ETOOBIG (streams of the system). */
SOUK_MUST_CHECK int souk_vector_learn(struct souk_vector *vector, const struct souk_name *stream,
    struct souk_point point);
/* The head of an own stream, on whatever branch it was before. 0 or -SOUK_ETOOBIG. */
SOUK_MUST_CHECK int souk_vector_stand(struct souk_vector *vector, const struct souk_name *own, struct souk_point head);
/* An own batch is taken back: its causes have been said in its stream. `own`: its index. */
SOUK_MUST_CHECK int souk_vector_said(struct souk_vector *vector, uint32_t own, const struct souk_batch_header *header);

/*
 * The causes for the next batch of own stream `own`, sorted; from here on they
 * are said. `full`: everything known, for an epoch record.
 */
uint32_t souk_vector_say(struct souk_vector *vector, uint32_t own, bool full,
    struct souk_cause causes_out[SOUK_STREAMS_MAX]);
/* What is known of `stream`; zero when nothing is. */
struct souk_point souk_vector_known(const struct souk_vector *vector, const struct souk_name *stream);

#endif
