#include "souk_finder_parts.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 1024
#define ROOM_IDLE 4096                  /* rows for which memory is kept */
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

static int make_room(struct finder_rows *rows);
static void sort_by(struct finder_rows *rows, size_t at);

int
finder_rows_add(struct finder_rows *rows, const struct finder_term *term, uint64_t position)
{
    int rc;

    if (rows->count == rows->room && (rc = make_room(rows)) != 0)
        return rc;
    finder_row(term, position, rows->rows[rows->count++].bytes);
    return 0;
}

static int
make_room(struct finder_rows *rows)
{
    const size_t room = rows->room == 0 ? ROOM_MIN : 2 * rows->room;
    struct finder_row_bytes *spare, *grown;

    if ((grown = realloc(rows->rows, room * sizeof *grown)) == NULL)
        return -SOUK_ENOMEM;
    rows->rows = grown;
    if ((spare = realloc(rows->spare, room * sizeof *spare)) == NULL)
        return -SOUK_ENOMEM;
    rows->spare = spare;
    rows->room = room;
    return 0;
}

/*
 * By kind and the first two bytes of the digest, those of one digest by log
 * position: near enough to the order of the table for each of its pages to be
 * looked for once.
 */
int
finder_rows_put(struct finder_rows *rows, struct souk_txn *txn, struct souk_table table)
{
    int rc = 0;

    sort_by(rows, 2);
    sort_by(rows, 1);
    sort_by(rows, 0);
    for (size_t i = 0; i < rows->count && rc == 0; i++)
        rc = souk_txn_put(txn, table, (struct souk_slice){ rows->rows[i].bytes, FINDER_ROW_BYTES },
            souk_slice_of(""));
    finder_rows_reset(rows);
    return rc;
}

void
finder_rows_reset(struct finder_rows *rows)
{
    rows->count = 0;
    if (rows->room > ROOM_IDLE)
        finder_rows_done(rows);
}

void
finder_rows_done(struct finder_rows *rows)
{
    free(rows->rows);
    free(rows->spare);
    *rows = (struct finder_rows){ .count = 0 };
}

/* By one of their bytes; those that have it in common stay in their order. */
static void
sort_by(struct finder_rows *rows, size_t at)
{
    struct finder_row_bytes *sorted = rows->spare;
    size_t places[DIGITS] = { 0 };
    size_t place = 0, count;

    for (size_t i = 0; i < rows->count; i++)
        places[rows->rows[i].bytes[at]]++;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        count = places[digit];
        places[digit] = place;
        place += count;
    }
    for (size_t i = 0; i < rows->count; i++)
        sorted[places[rows->rows[i].bytes[at]]++] = rows->rows[i];
    rows->spare = rows->rows;
    rows->rows = sorted;
}
