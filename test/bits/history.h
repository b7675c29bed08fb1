/*
 * history - what a small real run has written: every batch, what a follower's
 * tables are after each of them, and the data files it left behind.
 *
 * A few hundred events of three services over two epochs, recorded by an event
 * store. What comes out of a damaged store is held against it.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "nodes.h"

struct original {
    struct souk_name stream;
    struct souk_position end;
    uint64_t first;
    uint32_t count;                             /* 0: an epoch record */
    uint64_t time_ms;
    struct souk_slice bytes;                    /* owned */
    struct souk_hash digest;                    /* of the tables of `query` that the stream fills, after it */
};

struct history_file {
    uint8_t *bytes;
    size_t size_bytes;
};

struct history {
    uint32_t count;
    struct original *originals;                 /* each stream's in order */
    uint64_t events;
    uint64_t end_ms;                            /* of the nodes' clock */
    struct history_file data[NODES], witnesses[NODES];  /* of orders and archive */
};

/* Run below the directory `root`, which is empty again afterwards. 0 or -1, having said why. */
int history_make(struct history *history, const char *root);
void history_done(struct history *history);

/* The one that is these very bytes, or NULL. */
const struct original *history_batch(const struct history *history, struct souk_slice bytes);
/* The one of the stream that ends there, or NULL. */
const struct original *history_end(const struct history *history, const char *stream,
    const struct souk_position *position);
/* The last number of the stream. */
uint64_t history_last(const struct history *history, const char *stream);
/* Is this event `number` of the stream? */
bool history_is_event(const struct history *history, struct souk_slice stream, uint64_t number, struct souk_slice type,
    struct souk_slice key, struct souk_slice payload);

/* The commands that orders were placed with, under the ids that they had, once more on their way to `orders`. */
void history_ask_again(struct nodes *nodes);

#endif
