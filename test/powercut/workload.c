/*
 * A service's store under work, for the power-cut test: it makes a store, puts,
 * deletes and drops, appends events to a log, aborts, grows, copies, closes and
 * opens again, puts words beside the copy, is backed up, put back to that backup and goes on from there, and
 * marks in the journal what it was told and what it tells the world. All of it
 * follows from the seed.
 *
 *     workload ROOT SEED COMMITS
 *
 * Exit status: 0, or 3 when the store failed and was left alone, as a service does.
 */
#include <souk_backup.h>
#include <souk_beside.h>
#include <souk_directory.h>
#include <souk_store.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contents.h"
#include "history.h"
#include "journal.h"

#define KEYS 500
#define VALUE_BYTES_MAX 24000
#define STOPPED 3

struct workload {
    struct souk_store_config config;
    struct souk_store *store;
    char root[4000], path[4096], copy_path[4096], backups_path[4096];
    uint64_t seed, commits, random;
    uint64_t bytes_max;
    struct souk_txn *reader;            /* held over some commits: it pins pages */
    uint64_t reader_until;
};

static void start(struct workload *work);
static void one_commit(struct workload *work, uint64_t number);
static int change(struct workload *work, struct souk_txn *txn, uint64_t number);
static int change_rows(struct workload *work, struct souk_txn *txn, const char *name, unsigned changes);
static void read_along(struct workload *work, uint64_t number);
static void copy(struct workload *work, uint64_t number);
static void say(struct workload *work, uint64_t number);
static void back_up(struct workload *work, uint64_t number);
static void restore(struct workload *work, uint64_t number);
static void copy_file(const char *from, const char *to);
static void mark(struct workload *work, enum mark_kind kind, uint64_t number);
static uint64_t next(struct workload *work);
static void expect(struct workload *work, int rc, const char *what);

int
main(int argc, char **argv)
{
    struct workload work = { .bytes_max = 256 * 1024 };
    uint64_t number;

    if (argc != 4)
        return 64;
    if ((size_t)snprintf(work.root, sizeof work.root, "%s", argv[1]) >= sizeof work.root)
        return 64;
    (void)snprintf(work.path, sizeof work.path, "%s/" JOURNAL_STORE, work.root);
    (void)snprintf(work.copy_path, sizeof work.copy_path, "%s/" JOURNAL_COPY, work.root);
    (void)snprintf(work.backups_path, sizeof work.backups_path, "%s/" JOURNAL_BACKUPS, work.root);
    work.seed = strtoull(argv[2], NULL, 10);
    work.commits = strtoull(argv[3], NULL, 10);

    start(&work);
    mark(&work, MARK_OPENED, 0);
    for (number = 1; number <= work.commits; number++) {
        one_commit(&work, number);
        read_along(&work, number);
        if (number == work.commits / 3)
            copy(&work, number);
        if (number == work.commits / 2) {
            souk_txn_abort(&work.reader);
            souk_store_close(&work.store);
            start(&work);
        }
        if (number == work.commits * 2 / 3)
            back_up(&work, number);
        if (number == work.commits * 5 / 6)
            restore(&work, number);
    }
    souk_txn_abort(&work.reader);
    souk_store_close(&work.store);
    return 0;
}

static void
start(struct workload *work)
{
    struct souk_store_config config = { .path = work->path, .bytes_max = work->bytes_max, .readers_max = 4 };
    struct souk_error err;

    if (souk_store_open(&config, &work->store, &err) != 0) {
        (void)fprintf(stderr, "workload: %s\n", err.text);
        _exit(STOPPED);
    }
}

/* A full map is grown and the commit begun again, as a service does it. */
static void
one_commit(struct workload *work, uint64_t number)
{
    struct souk_error err;
    struct souk_txn *txn;
    int rc;

    for (;;) {
        work->random = work->seed * 0x9E3779B97F4A7C15u + number;
        expect(work, souk_txn_begin(work->store, SOUK_TXN_WRITE, &txn), "begin");
        if (next(work) % 8 == 0) {      /* first something that is thought better of */
            rc = change_rows(work, txn, "rows", 20);
            if (rc != -SOUK_EFULL)
                expect(work, rc, "change");
            souk_txn_abort(&txn);
            expect(work, souk_txn_begin(work->store, SOUK_TXN_WRITE, &txn), "begin");
        }
        rc = change(work, txn, number);
        if (rc == 0) {
            mark(work, MARK_STARTED, number);
            rc = souk_txn_commit(&txn);
        } else {
            souk_txn_abort(&txn);
        }
        if (rc != -SOUK_EFULL)
            break;
        souk_txn_abort(&work->reader);
        work->bytes_max *= 2;
        expect(work, souk_store_grow(work->store, work->bytes_max, &err), "grow");
    }
    expect(work, rc, "commit");
    mark(work, MARK_COMMITTED, number);
}

static int
change(struct workload *work, struct souk_txn *txn, uint64_t number)
{
    struct souk_table about;
    char name[16];
    int rc;

    if ((rc = change_rows(work, txn, "rows", 1 + (unsigned)(next(work) % 30))) != 0)
        return rc;
    if (number % 5 == 0) {
        (void)snprintf(name, sizeof name, "passing %u", (unsigned)(next(work) % 3));
        if ((rc = souk_txn_drop(txn, name)) == -SOUK_ENOTFOUND)
            rc = change_rows(work, txn, name, 10);
        if (rc != 0)
            return rc;
    }
    if ((rc = history_append(txn, number, 1 + (unsigned)(next(work) % 20), number % 40 == 0)) != 0)
        return rc;
    if ((rc = souk_txn_table(txn, CONTENTS_TABLE, &about)) != 0)
        return rc;
    return souk_txn_put(txn, about, souk_slice_of(CONTENTS_KEY), (struct souk_slice){ &number, sizeof number });
}

static int
change_rows(struct workload *work, struct souk_txn *txn, const char *name, unsigned changes)
{
    uint64_t value[VALUE_BYTES_MAX / 8], dice;
    struct souk_slice key, bytes;
    struct souk_table table;
    char text[16];
    unsigned n;
    int rc;

    if ((rc = souk_txn_table(txn, name, &table)) != 0)
        return rc;
    while (changes-- > 0) {
        (void)snprintf(text, sizeof text, "row %u", (unsigned)(next(work) % KEYS));
        key = souk_slice_of(text);
        dice = next(work) % 32;
        if (dice < 8) {
            rc = souk_txn_delete(txn, table, key);
            if (rc != 0 && rc != -SOUK_ENOTFOUND)
                return rc;
            continue;
        }
        bytes = (struct souk_slice){ value, dice == 31 ? next(work) % VALUE_BYTES_MAX : next(work) % 600 };
        for (n = 0; n < bytes.size_bytes / 8 + 1 && n < VALUE_BYTES_MAX / 8; n++)
            value[n] = next(work);
        if ((rc = souk_txn_put(txn, table, key, bytes)) != 0)
            return rc;
    }
    return 0;
}

static void
read_along(struct workload *work, uint64_t number)
{
    if (work->reader != NULL && number >= work->reader_until)
        souk_txn_abort(&work->reader);
    if (work->reader == NULL && next(work) % 6 == 0) {
        expect(work, souk_txn_begin(work->store, SOUK_TXN_READ, &work->reader), "begin");
        work->reader_until = number + 1 + next(work) % 6;
    }
}

static void
copy(struct workload *work, uint64_t number)
{
    struct souk_error err = { 0 };

    mark(work, MARK_COPYING, number);
    if (souk_store_copy(work->store, work->copy_path, &err) != 0) {
        (void)fprintf(stderr, "workload: %s\n", err.text);
        _exit(STOPPED);
    }
    mark(work, MARK_COPIED, number);
    say(work, number);
    say(work, number + 1);
}

/* As who fills a store and who has one to hand over do it. */
static void
say(struct workload *work, uint64_t number)
{
    uint8_t word[JOURNAL_WORD_BYTES];

    memset(word, (int)number, sizeof word);
    mark(work, MARK_SAYING, number);
    if (souk_beside_put(work->copy_path, JOURNAL_WORD, (struct souk_slice){ word, sizeof word }) != 0) {
        perror("workload: a word");
        _exit(STOPPED);
    }
    mark(work, MARK_SAID, number);
}

static void
back_up(struct workload *work, uint64_t number)
{
    struct souk_backup_config config = { .store = work->store, .node.text = "orders", .is_store = true,
        .bytes_max = work->bytes_max, .directory = work->backups_path, .name = JOURNAL_BACKUP };
    struct souk_backup_report *report = calloc(1, sizeof *report);
    struct souk_error err = { 0 };

    mark(work, MARK_BACKING_UP, number);
    if (report == NULL || souk_backup(&config, report, &err) != 0) {
        (void)fprintf(stderr, "workload: %s\n", err.text);
        _exit(STOPPED);
    }
    free(report);
    mark(work, MARK_BACKED_UP, number);
}

/* As souk restore does it, with the store closed; what the backup lacks is void from then on. */
static void
restore(struct workload *work, uint64_t number)
{
    char backup[4200], copy[4200], witness[4200], aside[SOUK_DIRECTORY_PATH_BYTES_MAX];
    struct souk_error err = { 0 };

    souk_txn_abort(&work->reader);
    souk_store_close(&work->store);
    mark(work, MARK_RESTORING, number);
    (void)snprintf(copy, sizeof copy, "%s/" JOURNAL_RESTORING, work->root);
    (void)snprintf(witness, sizeof witness, "%s/witness", work->root);
    if (souk_directory_make(copy, strlen(copy), &err) == 0) {
        (void)snprintf(backup, sizeof backup, "%s/" JOURNAL_BACKUP "/" JOURNAL_DATA, work->backups_path);
        (void)snprintf(copy, sizeof copy, "%s/" JOURNAL_RESTORING "/" JOURNAL_DATA, work->root);
        copy_file(backup, copy);
        (void)snprintf(copy, sizeof copy, "%s/" JOURNAL_RESTORING, work->root);
        if (souk_backup_put(copy, work->path, witness, aside, &err) == 0) {
            mark(work, MARK_RESTORED, number);
            start(work);
            return;
        }
    }
    (void)fprintf(stderr, "workload: %s\n", err.text);
    _exit(STOPPED);
}

static void
copy_file(const char *from, const char *to)
{
    const int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    uint8_t bytes[16384];
    ssize_t n = -1;

    while (in >= 0 && out >= 0 && (n = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)n) != n)
            break;
    if (n != 0 || fsync(out) != 0) {
        perror("workload: copying the backup");
        _exit(STOPPED);
    }
    (void)close(in);
    (void)close(out);
}

static void
mark(struct workload *work, enum mark_kind kind, uint64_t number)
{
    struct journal_mark said = { .kind = kind, .number = number };
    struct contents contents;

    if (kind == MARK_OPENED || kind == MARK_COMMITTED) {
        expect(work, contents_read(work->store, &contents), "reading");
        said.digest = contents.digest;
    }
    if (powercut_mark != NULL)
        powercut_mark(&said);
}

/* splitmix64 */
static uint64_t
next(struct workload *work)
{
    uint64_t value = work->random += 0x9E3779B97F4A7C15u;

    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

static void
expect(struct workload *work, int rc, const char *what)
{
    const char *failure;

    if (rc == 0)
        return;
    failure = work->store == NULL ? NULL : souk_store_failure(work->store);
    (void)fprintf(stderr, "workload: %s: %s%s%s\n", what, souk_error_name(rc), failure == NULL ? "" : ": ",
        failure == NULL ? "" : failure);
    _exit(STOPPED);
}
