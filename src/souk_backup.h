/*
 * souk_backup - a copy of a service's or an event store's store, made while it
 * is written.
 *
 * DIRECTORY/NAME appears once it is whole, verified from the first batch to the
 * last, and on disk; until then it lies in DIRECTORY/NAME.part, which a crash
 * may leave and the next backup of that name replaces. It is a store like any
 * other, with a manifest beside its data file (souk_manifest.h): an event store
 * started on a copy of it draws a new incarnation, and catches up; a service
 * asks for a seal, takes back what it lacks, and opens an epoch.
 *
 * For a thread of its own: it takes as long as copying and reading the store,
 * and holds a read transaction of the store while it copies.
 */
#ifndef SOUK_BACKUP_H
#define SOUK_BACKUP_H

#include <souk.h>
#include "souk_manifest.h"
#include "souk_recorder.h"
#include "souk_store.h"

struct souk_backup_config {
    struct souk_store *store;                   /* borrowed */
    struct souk_name node;                      /* whose it is */
    bool is_store;                              /* an event store's */
    uint64_t now_ms;                            /* wall */
    uint64_t bytes_max;                         /* the store's bound, souk_store_config */
    const char *directory;                      /* that backups lie in; made (0700) when absent */
    const char *name;                           /* of A-Z a-z 0-9 - _ . and not beginning with a dot */
    bool (*goes_on)(void *goes_on_arg);         /* asked now and then while it verifies; NULL: always */
    void *goes_on_arg;
};

struct souk_backup_report {
    uint8_t incarnation[8];                     /* of an event store */
    struct souk_manifest manifest;
};

/*
 * Make a backup. 0; -SOUK_EINVAL (the name cannot be one, or is there already);
 * -SOUK_EDAMAGED (the store is: `err` names stream and place); -SOUK_EBUSY
 * (told to stop); -SOUK_EFULL; -SOUK_EIO; -SOUK_ENOMEM. Not 0: nothing is left.
 */
SOUK_MUST_CHECK int souk_backup(const struct souk_backup_config *config, struct souk_backup_report *report_out,
    struct souk_error *err);

/*
 * Put `copy`, a directory with a backup's data file that was verified, in the
 * place of the store at `store`, beside it and open in no process. The witness
 * at `witness` goes: it proves nothing of this one. What was there gets a name
 * of its own, in `aside_out` (SOUK_DIRECTORY_PATH_BYTES_MAX; empty: there was
 * none). A power cut leaves the old store or all of the new one in place, as
 * souk_directory_replace() says. 0, -SOUK_EFULL, -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_backup_put(const char *copy, const char *store, const char *witness, char *aside_out,
    struct souk_error *err);

/*
 * Open the store at `config->directory` (nothing else of it may have it open,
 * only bytes_max, goes_on, node and is_store are looked at besides) and read
 * all of it: chains of logs, log positions, tables. What it holds is in
 * `report_out`. Errors as above.
 */
SOUK_MUST_CHECK int souk_backup_verify(const struct souk_backup_config *config, struct souk_backup_report *report_out,
    struct souk_error *err);

/*
 * What every backup in `directory` holds of each stream, as far as it is part
 * of the history that `txn` shows: the least numbers, for
 * souk_recorder_backed_up(). No backup, or one without a manifest that can be
 * read: nothing. *backups_out: how many there are. 0 or of the store.
 */
SOUK_MUST_CHECK int souk_backup_marks(const char *directory, struct souk_txn *txn,
    struct souk_backed_up marks_out[SOUK_STREAMS_MAX], uint32_t *count_out, uint32_t *backups_out);

#endif
