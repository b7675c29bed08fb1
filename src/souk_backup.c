#include "souk_backup.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
static int verify_logs(const struct souk_backup_config *config, struct souk_txn *txn,
    struct souk_backup_report *report, struct souk_error *err);
static int verify_positions(const struct souk_backup_config *config, struct souk_txn *txn,
    struct souk_backup_report *report, struct souk_error *err);
static int read_tables(struct souk_txn *txn, const char *name, void *arg);
static int goes_on(const struct souk_backup_config *config, struct souk_error *err);
static int put_in_place(const struct souk_backup_config *config, const char *part, const char *path,
    struct souk_error *err);
static int remove_locks(const char *directory, struct souk_error *err);
static int lower_marks(struct souk_txn *txn, const struct souk_manifest *manifest, bool is_first,
    struct souk_backed_up marks[SOUK_STREAMS_MAX], uint32_t *count);
static int fail_system(struct souk_error *err, const char *path, const char *what);

int
souk_backup(const struct souk_backup_config *config, struct souk_backup_report *report_out, struct souk_error *err)
{
    char path[PATH_BYTES_MAX], part[PATH_BYTES_MAX];
    struct souk_backup_config copy = *config;
    struct souk_backup_report report;
    int rc;

    if ((rc = make_names(config, path, part, err)) != 0)
        return rc;
    (void)souk_directory_remove(part);
    if ((rc = souk_store_copy(config->store, part, err)) != 0)
        return rc;
    copy.directory = part;
    if ((rc = souk_backup_verify(&copy, &report, err)) != 0
        || (rc = souk_manifest_write(part, &report.manifest, err)) != 0
        || (rc = put_in_place(config, part, path, err)) != 0) {
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
    bool is_new;

    if (config->name[0] == '\0' || config->name[0] == '.' || config->name[strspn(config->name, NAME_LETTERS)] != '\0')
        return souk_fail(err, SOUK_EINVAL, "backup: `%s` cannot be its name; letters, digits, `-`, `_` and,"
            " not in front, `.` can", config->name);
    if ((size_t)snprintf(path, PATH_BYTES_MAX, "%s/%s", config->directory, config->name) >= PATH_BYTES_MAX
        || (size_t)snprintf(part, PATH_BYTES_MAX, "%s/%s" PART, config->directory, config->name) >= PATH_BYTES_MAX)
        return souk_fail(err, SOUK_EINVAL, "backup %s: its path is too long", config->name);
    is_new = mkdir(config->directory, 0700) == 0;
    if (!is_new && errno != EEXIST)
        return fail_system(err, config->directory, "it cannot be made");
    /* One that was there may have been made by who died before this; if not, what is above it may be closed to us. */
    if (souk_directory_sync_parent(config->directory) != 0 && is_new)
        return fail_system(err, config->directory, "its name cannot be synced");
    if (access(path, F_OK) == 0)
        return souk_fail(err, SOUK_EINVAL, "backup %s: it is there already", path);
    return 0;
}

/* ---- verifying ------------------------------------------------------ */

/* What is on the disk now is read, not what was copied from. */
int
souk_backup_verify(const struct souk_backup_config *config, struct souk_backup_report *report_out,
    struct souk_error *err)
{
    const struct souk_store_config copy = { .path = config->directory, .bytes_max = config->bytes_max };
    struct souk_store *store = NULL;
    struct souk_txn *txn = NULL;
    uint64_t bytes = 0;
    int rc;

    memset(report_out, 0, sizeof *report_out);
    report_out->manifest.node = config->node;
    report_out->manifest.is_store = config->is_store;
    report_out->manifest.made_ms = config->now_ms;
    if ((rc = souk_store_open(&copy, &store, err)) != 0)
        return rc;
    if ((rc = souk_txn_begin(store, SOUK_TXN_READ, &txn)) != 0)
        rc = souk_fail(err, (enum souk_error_code)-rc, "backup %s: it cannot be read: %s", config->directory,
            souk_error_name(rc));
    else if ((rc = verify_logs(config, txn, report_out, err)) == 0
        && (rc = verify_positions(config, txn, report_out, err)) == 0
        && (rc = souk_txn_each_table(txn, read_tables, &bytes)) != 0)
        rc = souk_fail(err, (enum souk_error_code)-rc, "backup %s: its tables cannot be read: %s", config->directory,
            souk_error_name(rc));
    souk_txn_abort(&txn);
    souk_store_close(&store);
    return rc;
}

/* They have no checksum; that every page of them is there and can be walked is what can be known. */
static int
read_tables(struct souk_txn *txn, const char *name, void *arg)
{
    uint64_t *bytes = arg;
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan = NULL;
    int rc;

    if ((rc = souk_txn_table(txn, name, &table)) != 0
        || (rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0)
        *bytes += key.size_bytes + value.size_bytes;
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
verify_logs(const struct souk_backup_config *config, struct souk_txn *txn, struct souk_backup_report *report,
    struct souk_error *err)
{
    struct souk_manifest *manifest = &report->manifest;
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
            return souk_fail(err, SOUK_EDAMAGED, "%s: stream %s behind %" PRIu32 ".%" PRIu64 ": %s;"
                " restore an earlier backup, or let it be filled again from %s", config->node.text,
                verify.stream.text, verify.position.epoch.counter, verify.position.number, verify.fault,
                config->is_store ? "the origins" : "the event stores");
        if (manifest->stream_count < SOUK_STREAMS_MAX) {
            manifest->streams[manifest->stream_count].name = verify.stream;
            manifest->streams[manifest->stream_count++].head = verify.position;
        }
        rc = souk_verify_next_stream(txn, &verify);
    }
    manifest->batches = verify.batches;
    manifest->events = verify.events;
    manifest->bytes = verify.bytes;
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
            return souk_fail(err, SOUK_EDAMAGED, "%s: no batch is at log position %" PRIu64,
                config->node.text, position);
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
    report->manifest.log_position = positions.last;
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

static int
put_in_place(const struct souk_backup_config *config, const char *part, const char *path, struct souk_error *err)
{
    int rc;

    if ((rc = remove_locks(part, err)) != 0)
        return rc;
    if (souk_directory_sync(part) != 0)
        return fail_system(err, part, "it cannot be synced");
    if (rename(part, path) != 0)
        return errno == EEXIST || errno == ENOTEMPTY
            ? souk_fail(err, SOUK_EINVAL, "backup %s: it is there already", path)
            : fail_system(err, path, "the finished copy cannot get its name");
    if (souk_directory_sync(config->directory) != 0) {
        rc = fail_system(err, config->directory, "it cannot be synced");
        (void)souk_directory_remove(path);
        return rc;
    }
    return 0;
}

int
souk_backup_put(const char *copy, const char *store, const char *witness, char *aside_out, struct souk_error *err)
{
    int rc;

    aside_out[0] = '\0';
    if ((rc = remove_locks(copy, err)) != 0)
        return rc;
    if (unlink(witness) != 0 && errno != ENOENT)
        return fail_system(err, witness, "the witness cannot be removed");
    if (access(store, F_OK) == 0 && souk_directory_aside(store, aside_out) != 0)
        return fail_system(err, store, "it cannot be moved aside");
    if (souk_directory_replace(store, copy, aside_out) != 0)
        return fail_system(err, store, "the backup cannot be put there");
    return 0;
}

/* What opening it has left: a lock belongs to a process. */
static int
remove_locks(const char *directory, struct souk_error *err)
{
    static const char *const left[] = { "lock", "lock.mdb" };
    char file[PATH_BYTES_MAX + 16];

    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", directory, left[i]);
        if (unlink(file) != 0 && errno != ENOENT)
            return fail_system(err, file, "it cannot be removed");
    }
    return 0;
}

static int
fail_system(struct souk_error *err, const char *path, const char *what)
{
    const int code = errno == ENOSPC || errno == EDQUOT ? SOUK_EFULL : errno == ENOMEM ? SOUK_ENOMEM : SOUK_EIO;

    return souk_fail(err, (enum souk_error_code)code, "backup %s: %s: %s", path, what, strerror(errno));
}

/* ---- what backups hold ---------------------------------------------- */

int
souk_backup_marks(const char *directory, struct souk_txn *txn, struct souk_backed_up marks_out[SOUK_STREAMS_MAX],
    uint32_t *count_out, uint32_t *backups_out)
{
    struct souk_manifest *manifest = malloc(sizeof *manifest);
    const struct dirent *entry;
    char path[PATH_BYTES_MAX];
    DIR *opened;
    int rc = 0;

    *count_out = *backups_out = 0;
    if (manifest == NULL)
        return -SOUK_ENOMEM;
    if ((opened = opendir(directory)) == NULL) {
        free(manifest);
        return errno == ENOENT ? 0 : -SOUK_EIO;
    }
    while (rc == 0 && (entry = readdir(opened)) != NULL) {
        const size_t length = strlen(entry->d_name);

        if (entry->d_name[0] == '.' || (length > strlen(PART) && strcmp(entry->d_name + length - strlen(PART), PART) == 0)
            || (size_t)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= sizeof path)
            continue;
        if (souk_manifest_read(path, manifest, NULL) != 0)
            manifest->stream_count = 0;         /* nobody knows what it holds */
        rc = lower_marks(txn, manifest, (*backups_out)++ == 0, marks_out, count_out);
    }
    (void)closedir(opened);
    free(manifest);
    return rc;
}

/* Of each stream that all before held, what this one holds, too. */
static int
lower_marks(struct souk_txn *txn, const struct souk_manifest *manifest, bool is_first,
    struct souk_backed_up marks[SOUK_STREAMS_MAX], uint32_t *count)
{
    if (is_first)
        for (*count = 0; *count < manifest->stream_count; ++*count)
            marks[*count] = (struct souk_backed_up){ manifest->streams[*count].name, UINT64_MAX };
    for (uint32_t i = 0; i < *count; i++) {
        const struct souk_position *head = souk_manifest_head(manifest, marks[i].stream.text);
        struct souk_batch_header header;
        struct souk_slice batch;
        struct souk_log log;
        uint64_t number = 0;
        int rc;

        if (head != NULL) {
            if ((rc = souk_log_open(txn, &marks[i].stream, &log)) != 0)
                return rc;
            rc = souk_log_at(txn, &log, souk_point_of(head), &batch);
            if (rc != 0 && rc != -SOUK_ENOTFOUND)
                return rc;
            /* What was set aside since is of no use to anybody. */
            if (rc == 0 && souk_batch_peek(batch, &header) == 0
                && memcmp(header.hash.bytes, head->hash.bytes, SOUK_HASH_BYTES) == 0)
                number = head->number;
        }
        if (number < marks[i].number)
            marks[i].number = number;
    }
    return 0;
}
