/*
 * finder_bench - a finder over a log that was written by hand, and what it
 * answers.
 */
#ifndef FINDER_BENCH_H
#define FINDER_BENCH_H

#include "recorded.h"
#include "souk_finder.h"
#include "souk_wire.h"

#include "eventstore.h"

#define TIME_MS 1700000000000

struct bench {
    struct recorded recorded;
    struct souk_finder *finder;
    struct souk_time now;
    struct souk_arena arena;                    /* of what was answered */
    struct souk_slice frame;                    /* the last answer */
    struct souk_wire_reply reply;
    struct souk_out *out;
};

/* Streams orders, stock and orders.private: three epoch records at the log positions 1 to 3. */
int finder_bench_open(void **state);
int finder_bench_close(void **state);
/* Open the finder on what is there. */
void finder_bench_start(struct bench *bench);
/* Have it work until it has taken over everything. */
void finder_bench_fill(struct bench *bench);
/* Send a query; `seen` may be NULL. */
void finder_bench_hear(struct bench *bench, const struct souk_message_type *type, const void *query,
    const struct souk_cause *seen);
/* The next answer that is there, in bench->reply; false when there is none. */
bool finder_bench_take_answer(struct bench *bench);
/* Send a query, have it work, take the answer. */
void finder_bench_ask(struct bench *bench, const struct souk_message_type *type, const void *query);
/* Decode the answer to `query` into *reply_out. */
void finder_bench_answered(struct bench *bench, const struct souk_message_type *query, void *reply_out);
void finder_bench_refused(const struct bench *bench, const char *code);

#endif
