/*
 * What is in a store, in a few words: both the workload, which knows what it
 * committed, and the test, which finds a store after a power cut, ask here.
 */
#ifndef POWERCUT_CONTENTS_H
#define POWERCUT_CONTENTS_H

#include <souk_store.h>

#define CONTENTS_TABLE "about"          /* table and key of the number of the last commit, 8 bytes */
#define CONTENTS_KEY "commit"

struct contents {
    uint64_t digest;                    /* of every table's name and every row */
    uint64_t commit;                    /* 0: none */
};

/* Read all of `store`. Every value is touched. 0 or what the store said. */
SOUK_MUST_CHECK int contents_read(struct souk_store *store, struct contents *contents_out);

#endif
