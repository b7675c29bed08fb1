#include "souk_cli_verify_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_log.h"
#include "souk_verify.h"

#define STEP_BYTES (4 * 1024 * 1024)
#define STORE_BYTES_MAX (UINT64_C(64) * 1024 * 1024 * 1024)     /* bound of the map: address space only */

struct opened {
    char path[SOUK_CLI_PATH_BYTES];
    bool had_lock, had_readers;                 /* what was there before it was opened stays */
    struct souk_store *store;
    struct souk_txn *txn;
};

static int open_one(struct verify *verify, const char *directory, struct opened *opened);
static void close_one(struct opened *opened);
static bool has(const struct opened *opened, const char *file);
static void forget(const struct opened *opened, const char *file, bool had);
static int walk(struct verify *verify, const struct opened *opened);
static int hold_against(struct verify *verify, const struct opened *a, const struct opened *b);
static int compare_stream(struct verify *verify, const struct opened *a, const struct opened *b,
    const struct souk_name *stream);

int
verify_offline(struct verify *verify)
{
    const struct verify_options *options = verify->options;
    struct opened *opened = souk_cli_need(calloc(options->directory_count, sizeof *opened));
    int status = EX_OK;

    for (size_t i = 0; i < options->directory_count && status == EX_OK; i++)
        if ((status = open_one(verify, options->directories[i], &opened[i])) == EX_OK)
            status = walk(verify, &opened[i]);
    for (size_t i = 1; i < options->directory_count && status == EX_OK; i++)
        for (size_t k = 0; k < i && status == EX_OK; k++)
            status = hold_against(verify, &opened[k], &opened[i]);
    for (size_t i = 0; i < options->directory_count; i++)
        close_one(&opened[i]);
    free(opened);
    return status;
}

/* A store, a backup, or the data directory of a node. */
static int
open_one(struct verify *verify, const char *directory, struct opened *opened)
{
    struct souk_store_config config = { .path = opened->path, .bytes_max = STORE_BYTES_MAX };
    struct souk_error err = { 0 };
    int rc;

    (void)snprintf(opened->path, sizeof opened->path, "%s/" SOUK_CLI_STORE, directory);
    if (!has(opened, "data.mdb"))
        (void)snprintf(opened->path, sizeof opened->path, "%s", directory);
    if (!has(opened, "data.mdb")) {
        souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s holds no store and no backup", directory);
        return EX_NOINPUT;
    }
    opened->had_lock = has(opened, "lock");
    opened->had_readers = has(opened, "lock.mdb");
    if ((rc = souk_store_open(&config, &opened->store, &err)) != 0) {
        souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s%s", err.text, rc == -SOUK_EBUSY
            ? "; without --offline the running system is asked" : "");
        return rc == -SOUK_EBUSY ? EX_UNAVAILABLE : souk_cli_exit_status(rc, EX_DATAERR);
    }
    if ((rc = souk_txn_begin(opened->store, SOUK_TXN_READ, &opened->txn)) == 0)
        return EX_OK;
    souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s cannot be read: %s", opened->path, souk_error_name(rc));
    return souk_cli_exit_status(rc, EX_DATAERR);
}

static void
close_one(struct opened *opened)
{
    const bool was_open = opened->store != NULL;

    souk_txn_abort(&opened->txn);
    souk_store_close(&opened->store);
    if (was_open) {
        forget(opened, "lock", opened->had_lock);
        forget(opened, "lock.mdb", opened->had_readers);
    }
}

static bool
has(const struct opened *opened, const char *file)
{
    char path[SOUK_CLI_PATH_BYTES + 16];

    (void)snprintf(path, sizeof path, "%s/%s", opened->path, file);
    return access(path, F_OK) == 0;
}

static void
forget(const struct opened *opened, const char *file, bool had)
{
    char path[SOUK_CLI_PATH_BYTES + 16];

    (void)snprintf(path, sizeof path, "%s/%s", opened->path, file);
    if (!had)
        (void)unlink(path);
}

/* Each log by itself. */
static int
walk(struct verify *verify, const struct opened *opened)
{
    struct souk_verify at = { .stream.text = "" };
    int rc = souk_verify_next_stream(opened->txn, &at);

    while (rc == 0 && at.stream.text[0] != '\0') {
        struct verify_counts counts = { .batches = at.batches, .events = at.events };
        bool more = verify_wants(verify, at.stream.text);
        const bool wanted = more;
        struct souk_log log;

        if ((rc = souk_log_open(opened->txn, &at.stream, &log)) == 0)
            rc = souk_log_base(opened->txn, &log, &counts.begin);
        while (rc == 0 && more && at.fault[0] == '\0') {
            verify_progress(verify, at.stream.text, opened->path);
            rc = souk_verify_stream(opened->txn, &at, at.bytes + STEP_BYTES, &more);
        }
        if (rc != 0)
            break;
        counts.batches = at.batches - counts.batches;
        counts.events = at.events - counts.events;
        counts.end = at.position;
        verify->batches += counts.batches;
        verify->events += counts.events;
        if (wanted)
            verify_holder(verify_stream(verify, at.stream.text), opened->path, &counts, at.fault[0] == '\0' ? ""
                : "damaged");
        if (at.fault[0] != '\0') {
            verify_differ(verify, at.stream.text, &at.position, at.position.number + 1, opened->path, NULL, NULL, NULL,
                at.fault);
            at.fault[0] = '\0';
        }
        rc = souk_verify_next_stream(opened->txn, &at);
    }
    if (rc == 0)
        return EX_OK;
    souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s cannot be read: %s", opened->path, souk_error_name(rc));
    return souk_cli_exit_status(rc, EX_DATAERR);
}

static int
hold_against(struct verify *verify, const struct opened *a, const struct opened *b)
{
    struct souk_verify at = { .stream.text = "" };
    int rc = souk_verify_next_stream(a->txn, &at);

    while (rc == 0 && at.stream.text[0] != '\0') {
        if (verify_wants(verify, at.stream.text) && (rc = compare_stream(verify, a, b, &at.stream)) != 0)
            break;
        rc = souk_verify_next_stream(a->txn, &at);
    }
    if (rc == 0)
        return EX_OK;
    souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s and %s cannot be compared: %s", a->path, b->path,
        souk_error_name(rc));
    return souk_cli_exit_status(rc, EX_DATAERR);
}

/* Both were walked; so the first batch of the one that the other has not, where it has others, is the first difference. */
static int
compare_stream(struct verify *verify, const struct opened *a, const struct opened *b, const struct souk_name *stream)
{
    struct souk_position base, at, head;
    struct souk_batch_header mine, theirs;
    struct souk_log log, other;
    struct souk_slice batch, found;
    int rc;

    if ((rc = souk_log_open(a->txn, stream, &log)) != 0 || (rc = souk_log_open(b->txn, stream, &other)) != 0
        || (rc = souk_log_base(a->txn, &log, &at)) != 0 || (rc = souk_log_base(b->txn, &other, &base)) != 0
        || (rc = souk_log_head(b->txn, &other, &head, NULL)) != 0)
        return rc;
    while ((rc = souk_log_after(a->txn, &log, souk_point_of(&at), &batch)) == 0) {
        struct souk_position end;

        if (souk_batch_peek(batch, &mine) != 0)
            return 0;                           /* said by walk() */
        verify_progress(verify, stream->text, b->path);
        end = souk_batch_end(&mine);
        if (end.number > head.number && end.epoch.counter >= head.epoch.counter)
            return 0;                           /* the other one is behind */
        if (end.number > base.number || (end.number == base.number && end.epoch.counter > base.epoch.counter)) {
            rc = souk_log_after(b->txn, &other, souk_point_of(&at), &found);
            if (rc != 0 && rc != -SOUK_ENOTFOUND)
                return rc;
            if (rc != 0 || souk_batch_peek(found, &theirs) != 0)
                return 0;
            if (memcmp(mine.hash.bytes, theirs.hash.bytes, SOUK_HASH_BYTES) != 0
                && at.number >= base.number) {
                verify_differ(verify, stream->text, &at, mine.first, a->path, &mine.hash, b->path, &theirs.hash,
                    "two histories");
                return 0;
            }
        }
        at = end;
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}
