/*
 * souk_finder_parts - what the files of the finder share.
 *
 * souk_finder.c         life, queries that wait
 * souk_finder_fill.c    filling: from the log into the index
 * souk_finder_rows.c    rows of one step of filling, put in the order of their table
 * souk_finder_look.c    rows of the index, batches and events of the log
 * souk_finder_answer.c  find, event, place, verify, statistics
 * souk_finder_why.c     causes and effects
 */
#ifndef SOUK_FINDER_PARTS_H
#define SOUK_FINDER_PARTS_H

#include "souk_batch.h"
#include "souk_finder.h"
#include "souk_key.h"
#include "souk_log.h"
#include "souk_positions.h"
#include "souk_wire.h"

#include "eventstore.h"

/*
 * One table: (kind, digest of what is looked for, log position) -> nothing, but
 * for streams. Of an id the digest is its time and a little more, of anything
 * else SipHash-2-4, which is a tenth of a BLAKE2b for so few bytes. A batch has each row once, however many of its events it is for;
 * whoever finds it looks at the events, so digests need not be unique.
 */
#define FINDER_TABLE "found"
#define FINDER_STREAMS "streams"                /* name -> struct finder_stream */
#define FINDER_META "meta"
#define FINDER_DIGEST_BYTES 8
#define FINDER_ROW_BYTES (1 + FINDER_DIGEST_BYTES + 8)

enum finder_kind {
    FINDER_ALL = 0,                             /* no rows: every log position */
    FINDER_STREAM = 's',                        /* -> struct finder_batch_row */
    FINDER_KEY = 'k',
    FINDER_TYPE = 't',
    FINDER_CORRELATION = 'o',
    FINDER_CAUSE = 'c',                         /* an event, or the id of a command */
};

struct finder_term {
    enum finder_kind kind;
    uint8_t digest[FINDER_DIGEST_BYTES];
};

/* What the row of a batch in its stream says. */
struct finder_batch_row {
    uint64_t log_position;
    uint64_t time_ms;                           /* the latest up to here: it never goes back within a stream */
    uint64_t number;                            /* its last one */
};
#define FINDER_BATCH_ROW_BYTES 16

struct finder_stream {
    struct souk_point point;                    /* how far it can be found */
    uint64_t batches, events, time_ms;
};
#define FINDER_STREAM_BYTES (SOUK_POINT_BYTES + 3 * 8)

struct finder_row_bytes {
    uint8_t bytes[FINDER_ROW_BYTES];
};

/* Rows that one step of filling puts; zeroed is empty. */
struct finder_rows {
    size_t count, room;
    struct finder_row_bytes *rows, *spare;      /* owned */
};

/* A batch whose events have their rows in `finder_rows`: what its stream's rows will say of it. */
struct finder_noted {
    struct souk_name stream;
    struct souk_point point;                    /* its last event */
    uint32_t events;
    uint64_t time_ms, log_position;
};

/* Those of one step of filling; zeroed is empty. */
struct finder_batches {
    size_t count, room;
    struct finder_noted *batches;               /* owned */
};

/* A query that waits. */
struct finder_ask {
    struct finder_ask *next;
    struct souk_slice frame;                    /* owned */
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    char key[SOUK_KEY_TEXT_BYTES];              /* that whoever asks has shown; "": none */
    uint64_t deadline_ms;                       /* steady */
};

struct souk_finder {
    const struct souk_wiring *wiring;
    struct souk_store *log, *index;
    struct souk_outbox outbox;
    struct souk_arena arena;                    /* of one answer */
    struct finder_rows rows;                    /* of one step of filling */
    struct finder_batches batches;              /* the same */
    bool has_begun;
    uint64_t recorded_after;                    /* log position: later ones were recorded by this process */
    struct finder_ask *first, **end;
    uint32_t waiting;
    bool dirty;                                 /* somebody asks, or the event store has more */
    uint64_t full_until_ms, fill_due_ms;        /* steady; UINT64_MAX: nothing to do */
    struct souk_finder_status status;
};

/* One snapshot of both stores, and how much may still be looked at in it. */
struct finder_look {
    struct souk_finder *finder;
    struct souk_txn *log, *index;
    struct souk_table table, streams;
    bool has_table, has_streams;
    uint64_t last;                              /* log position of the last batch that can be found */
    uint32_t left;
    struct souk_arena *arena;
};

/* An event where it lies in the log. */
struct finder_found {
    uint64_t log_position;
    uint32_t index;                             /* within its batch */
    struct souk_batch_header header;
    struct souk_event event;
};

/* What an answer function says. */
struct finder_said {
    const char *refusal;                        /* NULL: none */
    struct souk_pack payload;
    const struct souk_message_type *reply;
};

/* ---- souk_finder.c -------------------------------------------------- */

/* Numbers and cursor, into `txn` of the index. 0 or of the store. */
SOUK_MUST_CHECK int finder_save(struct souk_finder *finder, struct souk_txn *txn);

/* ---- souk_finder_fill.c --------------------------------------------- */

/* One step; nothing of one that fails is kept. 0, -SOUK_ENOMEM or of either store. */
SOUK_MUST_CHECK int finder_fill(struct souk_finder *finder, struct souk_time now);

/* ---- souk_finder_rows.c --------------------------------------------- */

/* 0 or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int finder_rows_add(struct finder_rows *rows, const struct finder_term *term, uint64_t position);
/* Put all of them and forget them. 0 or of the store. */
SOUK_MUST_CHECK int finder_rows_put(struct finder_rows *rows, struct souk_txn *txn, struct souk_table table);
void finder_rows_reset(struct finder_rows *rows);
void finder_rows_done(struct finder_rows *rows);

/* ---- souk_finder_look.c --------------------------------------------- */

struct finder_term finder_term(enum finder_kind kind, struct souk_slice what);
struct finder_term finder_term_cause(const struct souk_name *stream, struct souk_point point);
struct finder_term finder_term_id(enum finder_kind kind, const struct souk_id *id);
void finder_row(const struct finder_term *term, uint64_t position, uint8_t row_out[FINDER_ROW_BYTES]);
void finder_batch_row_encode(const struct finder_batch_row *row, uint8_t bytes_out[FINDER_BATCH_ROW_BYTES]);
void finder_stream_encode(const struct finder_stream *stream, uint8_t bytes_out[FINDER_STREAM_BYTES]);
SOUK_MUST_CHECK int finder_stream_decode(struct souk_slice bytes, struct finder_stream *stream_out);

SOUK_MUST_CHECK int finder_look_begin(struct souk_finder *finder, struct finder_look *look_out);
void finder_look_end(struct finder_look *look);
/* The next log position of `term` that is not below `from`, or not above it. 0 or -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int finder_next(struct finder_look *look, const struct finder_term *term, uint64_t from,
    bool backwards, uint64_t *position_out);
/* The first batch of a stream at or above, the last one below `from`. 0 or -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int finder_stream_next(struct finder_look *look, const struct souk_name *stream, uint64_t from,
    struct finder_batch_row *row_out);
SOUK_MUST_CHECK int finder_stream_below(struct finder_look *look, const struct souk_name *stream, uint64_t from,
    struct finder_batch_row *row_out);
/* The least log position that nothing of the stream from before `time_ms` reaches. */
SOUK_MUST_CHECK int finder_time_position(struct finder_look *look, const struct souk_name *stream, uint64_t time_ms,
    uint64_t *position_out);
/* 0 or -SOUK_ENOTFOUND: nothing of it can be found. */
SOUK_MUST_CHECK int finder_stream_get(struct finder_look *look, const struct souk_name *stream,
    struct finder_stream *stream_out);
/* Every stream of which something can be found, by name, until `each` returns non-zero, which is then returned. */
SOUK_MUST_CHECK int finder_streams_each(struct finder_look *look,
    int (*each)(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg),
    void *arg);
/* Event `number` of the history of `stream`. 0; -SOUK_ENOTFOUND; -SOUK_EDAMAGED. */
SOUK_MUST_CHECK int finder_event(struct finder_look *look, const struct souk_name *stream, uint64_t number,
    struct finder_found *found_out);
/*
 * Walk the events of the batch at a log position, from event `from` on: 0,
 * -SOUK_ENOTFOUND at its end or when it is damaged. Counts what is looked at.
 */
struct finder_batch {
    struct finder_found found;
    struct souk_events events;
    uint32_t next;
};
SOUK_MUST_CHECK int finder_batch_open(struct finder_look *look, uint64_t position, struct finder_batch *batch_out);
SOUK_MUST_CHECK int finder_batch_next(struct finder_look *look, struct finder_batch *batch);
struct found_event finder_describe(const struct finder_look *look, const struct finder_found *found);
bool finder_is_private(const struct souk_finder *finder, const struct souk_name *stream);
bool finder_is_wired(const struct souk_finder *finder, const struct souk_name *stream);

/* ---- answers -------------------------------------------------------- */

/* 0 with something said, or a fault of the store. */
SOUK_MUST_CHECK int finder_answer_find(struct finder_look *look, const void *query, struct finder_said *said);
SOUK_MUST_CHECK int finder_answer_event(struct finder_look *look, const void *query, struct finder_said *said);
SOUK_MUST_CHECK int finder_answer_why(struct finder_look *look, const void *query, struct finder_said *said);
SOUK_MUST_CHECK int finder_answer_place(struct finder_look *look, const void *query, struct finder_said *said);
SOUK_MUST_CHECK int finder_answer_verify(struct finder_look *look, const void *query, struct finder_said *said);
SOUK_MUST_CHECK int finder_answer_statistics(struct finder_look *look, const void *query, struct finder_said *said);
/* Encode `message`. 0 or -SOUK_ENOMEM; anything else is a bug. */
SOUK_MUST_CHECK int finder_say(struct finder_said *said, const struct souk_message_type *reply, const void *message);
int finder_refuse(struct finder_said *said, const char *code);
/* What the log positions of an answer belong to. */
struct souk_slice finder_incarnation(const struct finder_look *look);
/* The one event that `stream` and `number` name, and `epoch` unless that is 0. 0, said a refusal, or a fault. */
SOUK_MUST_CHECK int finder_find_one(struct finder_look *look, struct souk_slice stream, uint64_t number,
    uint32_t epoch, struct finder_found *found_out, struct finder_said *said);

#endif
