#include "souk_backup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "souk_directory.h"
#include "souk_positions.h"
#include "souk_verify.h"

#define PART ".part"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define PATH_BYTES_MAX 4096
#define STEP_BYTES (4 * 1024 * 1024)    /* verified before it asks whether to go on */

static int make_names(const struct souk_backup_config *config, char path[PATH_BYTES_MAX], char part[PATH_BYTES_MAX],
    struct souk_error *err);
static int verify_copy(const struct souk_backup_config *config, const char *part, struct souk_backup_report *report,
    struct souk_error *err);
static int verify_logs(const struct souk_backup_config *config, struct souk_txn *txn,
    struct souk_backup_report *report, struct souk_error *err);
static int verify_positions(const struct souk_backup_config *config, struct souk_txn *txn,
    struct souk_backup_report *report, struct souk_error *err);
static int goes_on(const struct souk_backup_config *config, struct souk_error *err);
static int put_in_place(const struct souk_backup_config *config, const char *part, const char *path,
    struct souk_error *err);
static int fail_system(struct souk_error *err, const char *path, const char *what);

int
souk_backup(const struct souk_backup_config *config, struct souk_backup_report *report_out, struct souk_error *err)
{
    char path[PATH_BYTES_MAX], part[PATH_BYTES_MAX];
    struct souk_backup_report report;
    int rc;

    memset(&report, 0, sizeof report);
    if ((rc = make_names(config, path, part, err)) != 0)
        return rc;
    (void)souk_directory_remove(part);
    if ((rc = souk_store_copy(config->store, part, err)) != 0)
        return rc;
    if ((rc = verify_copy(config, part, &report, err)) != 0 || (rc = put_in_place(config, part, path, err)) != 0) {
        (void)souk_directory_remove(part);
        return rc;
    }
    *report_out = report;
    return 0;
}

static int
make_names(const struct souk_backup_config *config, char path[PATH_BYTES_MAX], char part[PATH_BYTES_MAX],
    struct souk_error *err)
{
    if (config->name[0] == '\0' || config->name[0] == '.' || config->name[strspn(config->name, NAME_LETTERS)] != '\0')
        return souk_fail(err, SOUK_EINVAL, "backup: `%s` cannot be its name; letters, digits, `-`, `_` and,"
            " not in front, `.` can", config->name);
    if ((size_t)snprintf(path, PATH_BYTES_MAX, "%s/%s", config->directory, config->name) >= PATH_BYTES_MAX
        || (size_t)snprintf(part, PATH_BYTES_MAX, "%s/%s" PART, config->directory, config->name) >= PATH_BYTES_MAX)
        return souk_fail(err, SOUK_EINVAL, "backup %s: its path is too long", config->name);
    if (mkdir(config->directory, 0700) != 0 && errno != EEXIST)
        return fail_system(err, config->directory, "it cannot be made");
    if (access(path, F_OK) == 0)
        return souk_fail(err, SOUK_EINVAL, "backup %s: it is there already", path);
    return 0;
}

/* ---- verifying ------------------------------------------------------ */

/* What is on the disk now is read, not what was copied from. */
static int
verify_copy(const struct souk_backup_config *config, const char *part, struct souk_backup_report *report,
    struct souk_error *err)
{
    const struct souk_store_config copy = { .path = part, .bytes_max = config->bytes_max };
    struct souk_store *store = NULL;
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_store_open(&copy, &store, err)) != 0)
        return rc;
    if ((rc = souk_txn_begin(store, SOUK_TXN_READ, &txn)) != 0)
        rc = souk_fail(err, (enum souk_error_code)-rc, "backup %s: it cannot be read: %s", part, souk_error_name(rc));
    else if ((rc = verify_logs(config, txn, report, err)) == 0)
        rc = verify_positions(config, txn, report, err);
    souk_txn_abort(&txn);
    souk_store_close(&store);
    return rc;
}

static int
verify_logs(const struct souk_backup_config *config, struct souk_txn *txn, struct souk_backup_report *report,
    struct souk_error *err)
{
    struct souk_verify verify = { .stream.text = "" };
    int rc = souk_verify_next_stream(txn, &verify);

    while (rc == 0 && verify.stream.text[0] != '\0') {
        bool more = true;

        while (more && verify.fault[0] == '\0') {
            if ((rc = goes_on(config, err)) != 0)
                return rc;
            if ((rc = souk_verify_stream(txn, &verify, verify.bytes + STEP_BYTES, &more)) != 0)
                break;
        }
        if (rc != 0)
            break;
        if (verify.fault[0] != '\0')
            return souk_fail(err, SOUK_EDAMAGED, "event store: stream %s behind %" PRIu32 ".%" PRIu64 ": %s;"
                " restore an earlier backup, or fill the event store again from the origins", verify.stream.text,
                verify.position.epoch.counter, verify.position.number, verify.fault);
        if (report->stream_count < SOUK_STREAMS_MAX) {
            report->streams[report->stream_count].stream = verify.stream;
            report->streams[report->stream_count++].number = verify.position.number;
        }
        rc = souk_verify_next_stream(txn, &verify);
    }
    report->batches = verify.batches;
    report->events = verify.events;
    report->bytes = verify.bytes;
    return rc == 0 ? 0 : souk_fail(err, (enum souk_error_code)-rc, "backup %s: its logs cannot be read: %s",
        config->name, souk_error_name(rc));
}

/* Each position up to the last one names a batch. */
static int
verify_positions(const struct souk_backup_config *config, struct souk_txn *txn, struct souk_backup_report *report,
    struct souk_error *err)
{
    struct souk_positions positions;
    uint64_t bytes = 0;
    int rc = souk_positions_read(txn, &positions);

    for (uint64_t position = 1; rc == 0 && position <= positions.last; position++) {
        struct souk_batch_header header;
        struct souk_slice batch;

        if ((rc = souk_positions_batch(txn, position, &header, &batch)) == -SOUK_ENOTFOUND || rc == -SOUK_EDAMAGED)
            return souk_fail(err, SOUK_EDAMAGED, "event store: no batch is at log position %" PRIu64, position);
        if (rc == 0 && (bytes += batch.size_bytes) >= STEP_BYTES) {
            bytes = 0;
            if ((rc = goes_on(config, err)) != 0)
                return rc;
        }
    }
    if (rc != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "backup %s: its log positions cannot be read: %s",
            config->name, souk_error_name(rc));
    memcpy(report->incarnation, positions.incarnation, sizeof report->incarnation);
    report->log_position = positions.last;
    return 0;
}

static int
goes_on(const struct souk_backup_config *config, struct souk_error *err)
{
    if (config->goes_on == NULL || config->goes_on(config->goes_on_arg))
        return 0;
    return souk_fail(err, SOUK_EBUSY, "backup %s: it was told to stop", config->name);
}

/* ---- files ---------------------------------------------------------- */

/* Without what opening it has left: a lock belongs to a process. */
static int
put_in_place(const struct souk_backup_config *config, const char *part, const char *path, struct souk_error *err)
{
    static const char *const left[] = { "lock", "lock.mdb" };
    char file[PATH_BYTES_MAX + 16];

    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", part, left[i]);
        if (unlink(file) != 0 && errno != ENOENT)
            return fail_system(err, file, "it cannot be removed");
    }
    if (souk_directory_sync(part) != 0)
        return fail_system(err, part, "it cannot be synced");
    if (rename(part, path) != 0)
        return errno == EEXIST || errno == ENOTEMPTY
            ? souk_fail(err, SOUK_EINVAL, "backup %s: it is there already", path)
            : fail_system(err, path, "the finished copy cannot get its name");
    if (souk_directory_sync(config->directory) != 0)
        return fail_system(err, config->directory, "it cannot be synced");
    return 0;
}

static int
fail_system(struct souk_error *err, const char *path, const char *what)
{
    const int code = errno == ENOSPC || errno == EDQUOT ? SOUK_EFULL : errno == ENOMEM ? SOUK_ENOMEM : SOUK_EIO;

    return souk_fail(err, (enum souk_error_code)code, "backup %s: %s: %s", path, what, strerror(errno));
}
