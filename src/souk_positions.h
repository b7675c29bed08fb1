/*
 * souk_positions - the log of an event store as its recorder has ordered it:
 * which batch has which log position. Read by the recorder's own code and by
 * the finder; positions belong to one incarnation. doc/protocol.md 14.2.
 */
#ifndef SOUK_POSITIONS_H
#define SOUK_POSITIONS_H

#include "souk_batch.h"
#include "souk_store.h"

#define SOUK_POSITIONS_TABLE "souk.positions"   /* log position, 8 bytes big-endian -> place */
#define SOUK_POSITIONS_PLACE_BYTES (SOUK_NAME_BYTES_MAX + 1 + SOUK_POINT_BYTES)

struct souk_positions {
    uint8_t incarnation[8];
    uint64_t last;                              /* log position; 0: no batch has one */
};

/* How far the log has come. All zero before an event store has begun. 0 or of the store. */
SOUK_MUST_CHECK int souk_positions_read(struct souk_txn *txn, struct souk_positions *positions_out);

/* A batch's place as the table holds it. */
void souk_positions_place_encode(const struct souk_name *stream, struct souk_point point,
    uint8_t place_out[SOUK_POSITIONS_PLACE_BYTES]);
/* 0 or -SOUK_EDAMAGED. */
SOUK_MUST_CHECK int souk_positions_place_decode(struct souk_slice place, struct souk_name *stream_out,
    struct souk_point *point_out);

/*
 * The batch of `position`, its hash computed, borrowed like every value of
 * `txn`. 0; -SOUK_ENOTFOUND: no batch has that position; -SOUK_EDAMAGED: the
 * batch is gone or not what it was.
 */
SOUK_MUST_CHECK int souk_positions_batch(struct souk_txn *txn, uint64_t position, struct souk_batch_header *header_out,
    struct souk_slice *batch_out);
/* The same without the hash: of a batch that this process has just checked. */
SOUK_MUST_CHECK int souk_positions_peek(struct souk_txn *txn, uint64_t position, struct souk_batch_header *header_out,
    struct souk_slice *batch_out);
/* `souk_positions_batch` of a place that was read from the table. */
SOUK_MUST_CHECK int souk_positions_batch_at(struct souk_txn *txn, struct souk_slice place,
    struct souk_batch_header *header_out, struct souk_slice *batch_out);

#endif
