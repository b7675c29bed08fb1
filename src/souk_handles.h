/*
 * souk_handles - the LMDB handles of tables that were looked for before, by
 * name. A transaction keeps them for the next one, for the catalog seldom
 * changes: whoever owns them forgets all of them when it has.
 */
#ifndef SOUK_HANDLES_H
#define SOUK_HANDLES_H

#include <lmdb.h>

#define SOUK_HANDLES 128                        /* a power of 2; two names of one place take it from each other */
#define SOUK_HANDLES_NAME_BYTES_MAX 59          /* of names that are kept */

struct souk_handles {
    struct souk_handle {
        MDB_dbi dbi;                            /* 0: nothing here */
        char name[SOUK_HANDLES_NAME_BYTES_MAX + 1];
    } places[SOUK_HANDLES];
};

/* 0: not here. No table of a store has that handle. */
MDB_dbi souk_handles_find(const struct souk_handles *handles, const char *name);
/* A name that is too long is not kept. */
void souk_handles_note(struct souk_handles *handles, const char *name, MDB_dbi dbi);
void souk_handles_forget(struct souk_handles *handles);

#endif
