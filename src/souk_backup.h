/*
 * souk_backup - a copy of an event store, made while it records.
 *
 * DIRECTORY/NAME appears once it is whole, verified from the first batch to the
 * last, and on disk; until then it lies in DIRECTORY/NAME.part, which a crash
 * may leave and the next backup of that name replaces. It is a store like any
 * other: an event store started on a copy of it draws a new incarnation, and
 * catches up.
 *
 * For a thread of its own: it takes as long as copying and reading the store,
 * and holds a read transaction of the store while it copies.
 */
#ifndef SOUK_BACKUP_H
#define SOUK_BACKUP_H

#include <souk.h>
#include "souk_recorder.h"
#include "souk_store.h"

struct souk_backup_config {
    struct souk_store *store;                   /* borrowed */
    uint64_t bytes_max;                         /* the store's bound, souk_store_config */
    const char *directory;                      /* that backups lie in; made (0700) when absent */
    const char *name;                           /* of A-Z a-z 0-9 - _ . and not beginning with a dot */
    bool (*goes_on)(void *goes_on_arg);         /* asked now and then while it verifies; NULL: always */
    void *goes_on_arg;
};

/* What the backup holds. */
struct souk_backup_report {
    uint8_t incarnation[8];
    uint64_t log_position;                      /* the last one */
    uint64_t batches, events, bytes;            /* of all logs */
    uint32_t stream_count;
    struct souk_backed_up streams[SOUK_STREAMS_MAX];    /* their last numbers, by name: for souk_recorder_backed_up() */
};

/*
 * Make a backup. 0; -SOUK_EINVAL (the name cannot be one, or is there already);
 * -SOUK_EDAMAGED (the store is: `err` names stream and place); -SOUK_EBUSY
 * (told to stop); -SOUK_EFULL; -SOUK_EIO; -SOUK_ENOMEM. Not 0: nothing is left.
 */
SOUK_MUST_CHECK int souk_backup(const struct souk_backup_config *config, struct souk_backup_report *report_out,
    struct souk_error *err);

#endif
