/*
 * souk_space - the tables of a service: those that events fill, and the index
 * tables that join them. What handlers read and write through <souk.h>.
 */
#ifndef SOUK_SPACE_H
#define SOUK_SPACE_H

#include "souk_batch.h"
#include "souk_cursor.h"
#include "souk_store.h"
#include "souk_wiring.h"

#define SOUK_TABLES_MAX 64                      /* of a service, index tables too */
#define SOUK_ROW_BYTES_MAX (256 * 1024)
#define SOUK_INDEX_ROWS_MAX 4096                /* of one entity */

struct souk_space_table {
    const char *name;
    const char *stream;                         /* NULL: an index table */
    const struct souk_index_def *index;         /* of an index table */
    bool exists, exists_beside;
    struct souk_table table;
    struct souk_table beside;
    struct souk_table entities;                 /* of an index table: entity -> keys of its rows */
};

struct souk_space {
    const struct souk_service *service;
    const struct souk_wiring *wiring;           /* for what is sealed; NULL: nothing can be */
    uint32_t count;
    struct souk_space_table tables[SOUK_TABLES_MAX];
};

/* An entity of an index table whose rows have to be made anew. */
struct souk_touched {
    struct souk_touched *next;
    struct souk_space_table *index;
    struct souk_slice entity;
};

struct souk_view {
    struct souk_space *space;
    struct souk_txn *txn;
    struct souk_arena *arena;
    bool copies;                                /* a write transaction: what is read must outlive the next write */
    const char *beside;                         /* the stream whose tables are being filled beside, or NULL */
    char *fault_text;                           /* room for what souk_fault() says, or NULL: nobody asks */
};

struct souk_tables {
    struct souk_view view;
    struct souk_name stream;
    bool own;
    const struct souk_event *event;
    struct souk_epoch epoch;
    uint32_t timers_set, requests_made;
    struct souk_touched *touched;
};

/* Look at service->tables and ->indexes: names valid, once each. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_space_init(struct souk_space *space, const struct souk_service *service,
    struct souk_error *err);
/* Find the tables in the store; a write transaction makes absent ones. */
SOUK_MUST_CHECK int souk_space_load(struct souk_space *space, struct souk_txn *txn);
/* Make empty tables beside for what `stream` fills, throwing away what lay there. */
SOUK_MUST_CHECK int souk_space_begin_beside(struct souk_space *space, struct souk_txn *txn, const char *stream,
    uint32_t generation);
/* The tables beside become the tables, the old ones go, and every index row is made anew. */
SOUK_MUST_CHECK int souk_space_swap(struct souk_space *space, struct souk_txn *txn, const char *stream,
    uint32_t generation_old);

/* Note that the entity exists, so that a swap makes its rows. */
SOUK_MUST_CHECK int souk_index_note(struct souk_txn *txn, const struct souk_space_table *index,
    struct souk_slice entity);
/* Replace the rows of one entity by what the index function says. */
SOUK_MUST_CHECK int souk_index_refresh(struct souk_space *space, struct souk_txn *txn, struct souk_arena *arena,
    struct souk_space_table *index, struct souk_slice entity);

#endif
