#define _GNU_SOURCE              /* unshare, nftw */

#include <souk_store.h>
#include <souk_store_file.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SKIPPED 77              /* exit code of a child that was not permitted to try */

/* A directory of the test's own, and a store path in it. */
struct place {
    char home[64];
    char path[96];
    char other[96];
};

static void
write_file(const char *directory, const char *name, const void *bytes, size_t size_bytes)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_non_null(file = fopen(path, "w"));
    assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *
read_file(const char *directory, const char *name, size_t *size_bytes_out)
{
    char path[256];
    struct stat file;
    uint8_t *bytes;
    int fd;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_true((fd = open(path, O_RDONLY)) >= 0);
    assert_int_equal(fstat(fd, &file), 0);
    assert_non_null(bytes = malloc((size_t)file.st_size + 1));
    assert_int_equal(read(fd, bytes, (size_t)file.st_size), file.st_size);
    close(fd);
    *size_bytes_out = (size_t)file.st_size;
    return bytes;
}

static bool
exists(const char *directory, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

static struct souk_store *
open_with(const char *path, uint64_t bytes_max, uint32_t readers_max)
{
    struct souk_store_config config = { .path = path, .bytes_max = bytes_max, .readers_max = readers_max };
    struct souk_store *store;
    struct souk_error err = { 0 };

    if (souk_store_open(&config, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static struct souk_store *
open_at(const char *path)
{
    return open_with(path, 64 << 20, 0);
}

/* Try to open, expect `code`, and a sentence with `words` in it. */
static void
refused(const char *path, int code, const char *words)
{
    struct souk_store_config config = { .path = path };
    struct souk_store *store = NULL;
    struct souk_error err = { 0 };

    assert_int_equal(souk_store_open(&config, &store, &err), -code);
    assert_null(store);
    assert_int_equal(err.code, code);
    if (strstr(err.text, words) == NULL)
        fail_msg("no \"%s\" in: %s", words, err.text);
}

static struct souk_txn *
begin(struct souk_store *store, enum souk_txn_kind kind)
{
    struct souk_txn *txn;

    assert_int_equal(souk_txn_begin(store, kind, &txn), 0);
    return txn;
}

static void
commit(struct souk_txn **txn_p)
{
    assert_int_equal(souk_txn_commit(txn_p), 0);
    assert_null(*txn_p);
}

static struct souk_table
table_of(struct souk_txn *txn, const char *name)
{
    struct souk_table table;

    assert_int_equal(souk_txn_table(txn, name, &table), 0);
    return table;
}

static int
put_text(struct souk_txn *txn, struct souk_table table, const char *key, const char *value)
{
    return souk_txn_put(txn, table, souk_slice_of(key), souk_slice_of(value));
}

static void
expect_row(struct souk_txn *txn, struct souk_table table, const char *key, const char *value)
{
    struct souk_slice found;

    assert_int_equal(souk_txn_get(txn, table, souk_slice_of(key), &found), 0);
    assert_int_equal(found.size_bytes, strlen(value));
    assert_memory_equal(found.base, value, strlen(value));
}

static void
expect_no_row(struct souk_txn *txn, struct souk_table table, const char *key)
{
    struct souk_slice found;

    assert_int_equal(souk_txn_get(txn, table, souk_slice_of(key), &found), -SOUK_ENOTFOUND);
}

/* One row, committed on its own. */
static void
store_text(struct souk_store *store, const char *name, const char *key, const char *value)
{
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);

    assert_int_equal(put_text(txn, table_of(txn, name), key, value), 0);
    commit(&txn);
}

/* All keys of a table, each followed by a space. */
static void
expect_keys(struct souk_txn *txn, struct souk_table table, const char *expected)
{
    struct souk_slice key, value;
    struct souk_scan *scan;
    char keys[4096];
    size_t used = 0;
    int rc;

    assert_int_equal(souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan), 0);
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        assert_true(used + key.size_bytes + 2 < sizeof keys);
        memcpy(keys + used, key.base, key.size_bytes);
        used += key.size_bytes;
        keys[used++] = ' ';
    }
    assert_int_equal(rc, -SOUK_ENOTFOUND);
    souk_scan_close(&scan);
    keys[used] = '\0';
    assert_string_equal(keys, expected);
}

static struct souk_slice
number_key(uint32_t number, uint8_t *room)
{
    room[0] = (uint8_t)(number >> 24);
    room[1] = (uint8_t)(number >> 16);
    room[2] = (uint8_t)(number >> 8);
    room[3] = (uint8_t)number;
    return (struct souk_slice){ room, 4 };
}

static uint64_t
count_rows(struct souk_store *store, const char *name)
{
    struct souk_txn *txn = begin(store, SOUK_TXN_READ);
    uint64_t rows;

    assert_int_equal(souk_txn_count(txn, table_of(txn, name), &rows), 0);
    souk_txn_abort(&txn);
    return rows;
}

/* Put rows of `size_bytes` under rising numbers until it fails; give what it failed with. */
static int
fill(struct souk_txn *txn, struct souk_table table, size_t size_bytes, uint32_t rows_max, uint32_t *rows_out)
{
    uint8_t room[4], *value = calloc(1, size_bytes);
    int rc = 0;

    for (*rows_out = 0; *rows_out < rows_max; ++*rows_out)
        if ((rc = souk_txn_put(txn, table, number_key(*rows_out, room), (struct souk_slice){ value, size_bytes })) != 0)
            break;
    free(value);
    return rc;
}

static int
remove_one(const char *path, const struct stat *file, int type, struct FTW *where)
{
    return remove(path);
}

static void
remove_all(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int
set_up_in(void **state, const char *base)
{
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->home, sizeof place->home, "%s/souk-store-XXXXXX", base);
    if (mkdtemp(place->home) == NULL)
        return -1;
    snprintf(place->path, sizeof place->path, "%s/store", place->home);
    snprintf(place->other, sizeof place->other, "%s/other", place->home);
    *state = place;
    return 0;
}

static int
set_up(void **state)
{
    return set_up_in(state, getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
}

static int
tear_down(void **state)
{
    struct place *place = *state;

    remove_all(place->home);
    free(place);
    return 0;
}

/* Run `story` in a process of its own, so that it may mount, limit or die; its exit code, or SKIPPED. */
static void
in_child(void (*story)(const struct place *place), const struct place *place)
{
    int status;
    pid_t pid;

    fflush(NULL);
    assert_true((pid = fork()) >= 0);
    if (pid == 0) {
        story(place);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        skip();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child ended with %s %d", WIFSIGNALED(status) ? "signal" : "exit code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* In a child no cmocka assertion is caught: say where and leave. */
#define HOLDS(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition), _exit(1)))

/* ---- opening and the lock ------------------------------------------- */

static void
what_is_committed_is_there_after_opening_again(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn;
    struct stat directory;

    assert_int_equal(stat(place->path, &directory), 0);
    assert_int_equal(directory.st_mode & 0777, 0700);
    assert_false(exists(place->path, "data.new"));

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(put_text(txn, table_of(txn, "articles"), "tea", "3"), 0);
    commit(&txn);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(put_text(txn, table_of(txn, "articles"), "cup", "9"), 0);
    souk_txn_abort(&txn);
    assert_null(txn);
    souk_store_close(&store);
    assert_null(store);

    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "articles"), "tea", "3");
    expect_no_row(txn, table_of(txn, "articles"), "cup");
    souk_txn_abort(&txn);
    assert_null(souk_store_failure(store));
    souk_store_close(&store);
    souk_store_close(&store);
}

static void
another_process_has_to_wait_for_the_lock(void **state)
{
    struct place *place = *state;
    struct souk_store *store;
    char words[64], byte = 0;
    int ready[2], status;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    fflush(NULL);
    assert_true((pid = fork()) >= 0);
    if (pid == 0) {
        store = open_at(place->path);
        HOLDS(write(ready[1], &byte, 1) == 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(words, sizeof words, "held by process %ld;", (long)pid);
    refused(place->path, SOUK_EBUSY, words);

    /* A stopped process holds on; a dead one doesn't. */
    assert_int_equal(kill(pid, SIGSTOP), 0);
    refused(place->path, SOUK_EBUSY, words);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    store = open_at(place->path);
    souk_store_close(&store);
    close(ready[0]);
    close(ready[1]);
}

static void
this_process_has_to_wait_for_its_own_lock_by_whatever_name(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    char lock[128];

    refused(place->path, SOUK_EBUSY, "this process");
    assert_int_equal(symlink(place->path, place->other), 0);
    refused(place->other, SOUK_EBUSY, "this process");
    snprintf(lock, sizeof lock, "%s/lock", place->path);
    assert_int_equal(unlink(lock), 0);
    refused(place->path, SOUK_EBUSY, "not named yet");
    store_text(store, "t", "still", "mine");
    souk_store_close(&store);
    store = open_at(place->other);
    souk_store_close(&store);
}

static void
limits_of_the_configuration(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->path, .bytes_max = SOUK_STORE_BYTES_MIN - 1 };
    struct souk_store_room room;
    struct souk_store *store;
    struct souk_table table;
    struct souk_error err;
    struct souk_txn *txn;

    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EINVAL);
    config.bytes_max = SOUK_STORE_BYTES_MIN;
    config.readers_max = SOUK_STORE_READERS_MAX + 1;
    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EINVAL);
    config.readers_max = SOUK_STORE_READERS_MAX;
    config.tables_max = SOUK_STORE_TABLES_MAX + 1;
    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EINVAL);
    assert_false(exists(place->home, "store"));
    config.tables_max = 2;
    assert_int_equal(souk_store_open(&config, &store, &err), 0);
    assert_int_equal(souk_store_room(store, &room), 0);
    assert_int_equal(room.bytes_max, SOUK_STORE_BYTES_MIN);
    assert_in_range(room.bytes_used, 2 * 4096, SOUK_STORE_BYTES_MIN);
    assert_true(room.disk_bytes_free > 0);
    store_text(store, "t", "the smallest", "takes a row");
    store_text(store, "u", "of two tables", "this is one");
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_table(txn, "v", &table), -SOUK_ETOOBIG);
    souk_txn_abort(&txn);
    souk_store_close(&store);

    config.tables_max = 0;
    config.bytes_max = 3 * SOUK_STORE_BYTES_MIN - 1;
    assert_int_equal(souk_store_open(&config, &store, &err), 0);
    assert_int_equal(souk_store_room(store, &room), 0);
    assert_int_equal(room.bytes_max, 2 * SOUK_STORE_BYTES_MIN);
    store_text(store, "v", "with more of them", "a third fits");
    souk_store_close(&store);

    config.path = "";
    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EINVAL);
    config.path = "/dev/null/store";
    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EIO);
}

static void
a_simulated_store_is_refused_on_a_disk(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->path, .simulated = true };
    struct souk_store *store;
    struct souk_error err;
    struct statfs disk;

    assert_int_equal(statfs(place->home, &disk), 0);
    if (disk.f_type == 0x01021994)
        skip();
    assert_int_equal(souk_store_open(&config, &store, &err), -SOUK_EINVAL);
}

static void
a_simulated_store_works_like_another(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->path, .simulated = true };
    struct souk_store *store;
    struct souk_error err;
    struct souk_txn *txn;
    int n;

    for (n = 0; n < 4; n++) {
        config.written_by_map = n % 2 == 1;
        assert_int_equal(souk_store_open(&config, &store, &err), 0);
        refused(place->path, SOUK_EBUSY, "this process");
        store_text(store, "t", "key", "value");
        souk_store_close(&store);
    }
    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "t"), "key", "value");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
no_descriptor_of_a_store_survives_exec(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    char link[64], target[256];
    int fd, seen = 0;
    ssize_t n;

    for (fd = 0; fd < 256; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if ((n = readlink(link, target, sizeof target - 1)) < 0)
            continue;
        target[n] = '\0';
        if (strncmp(target, place->path, strlen(place->path)) != 0)
            continue;
        seen++;
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    assert_int_equal(seen, 4);          /* directory, data twice, table of readers */
    souk_store_close(&store);
}

static void
what_a_crash_left_of_making_a_store_is_cleared_away(void **state)
{
    struct place *place = *state;
    struct souk_store *store;

    assert_int_equal(mkdir(place->path, 0700), 0);
    write_file(place->path, "data.new", "half a pa", 9);
    store = open_at(place->path);
    assert_false(exists(place->path, "data.new"));
    souk_store_close(&store);
}

/* ---- files that are not what they should be ------------------------- */

static void
put_raw(const char *path, const char *table, const char *key, const char *value)
{
    MDB_val k = { strlen(key), strdup(key) }, v = { strlen(value), strdup(value) };
    MDB_txn *txn;
    MDB_env *env;
    MDB_dbi dbi;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, table == NULL ? 0 : MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    free(k.mv_data);
    free(v.mv_data);
}

static void
another_format_or_another_program_is_refused(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);

    souk_store_close(&store);
    put_raw(place->path, "souk", "format", "2");
    refused(place->path, SOUK_EUNSUPPORTED, "its format is 2, this program reads 1");
    put_raw(place->path, "souk", "format", "a long one that is cut");
    refused(place->path, SOUK_EUNSUPPORTED, "its format is a long one that , this");

    assert_int_equal(mkdir(place->other, 0700), 0);
    put_raw(place->other, "theirs", "key", "value");
    refused(place->other, SOUK_EUNSUPPORTED, "not a souk store");
    put_raw(place->other, NULL, "souk", "a plain row");
    refused(place->other, SOUK_EUNSUPPORTED, "not a souk store");
}

/* A store of some hundred pages, with freed pages in the middle and at the end. */
static void
make_worn_store(const char *path)
{
    struct souk_store *store = open_at(path);
    struct souk_table table, passing;
    struct souk_txn *txn;
    uint8_t room[4];
    uint32_t rows, n;

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(fill(txn, table_of(txn, "rows"), 500, 800, &rows), 0);
    commit(&txn);
    txn = begin(store, SOUK_TXN_WRITE);
    table = table_of(txn, "rows");
    for (n = 0; n < 800; n += 2)
        assert_int_equal(souk_txn_delete(txn, table, number_key(n, room)), 0);
    commit(&txn);
    for (n = 0; n < 8; n++)
        store_text(store, "small", "key", "the pages of these commits are free later");
    /* Pages taken at the end and given back in one transaction: LMDB counts them, and never writes them. */
    txn = begin(store, SOUK_TXN_WRITE);
    passing = table_of(txn, "passing");
    assert_int_equal(fill(txn, passing, 20000, 30, &rows), 0);
    for (n = 0; n < rows; n++)
        assert_int_equal(souk_txn_delete(txn, passing, number_key(n, room)), 0);
    commit(&txn);
    souk_store_close(&store);
}

static void
expect_worn_rows(struct souk_store *store)
{
    struct souk_txn *txn = begin(store, SOUK_TXN_READ);
    struct souk_table table = table_of(txn, "rows");
    struct souk_slice value;
    uint8_t room[4];
    uint32_t n;

    for (n = 0; n < 800; n++)
        assert_int_equal(souk_txn_get(txn, table, number_key(n, room), &value), n % 2 == 0 ? -SOUK_ENOTFOUND : 0);
    souk_txn_abort(&txn);
}

/*
 * Cut the file at each page and a little beside it. Either the store says so
 * before LMDB can stumble, or what is missing was free and all rows are there.
 */
static void
a_truncated_file_is_refused_or_complete(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->other, .bytes_max = 64 << 20 };
    struct souk_store *store;
    struct souk_error err;
    uint8_t *whole;
    size_t whole_bytes, size_bytes, refusals = 0, completes = 0;
    int rc, off;

    make_worn_store(place->path);
    whole = read_file(place->path, "data.mdb", &whole_bytes);
    assert_true(whole_bytes > 100 * 4096);
    assert_int_equal(mkdir(place->other, 0700), 0);
    for (size_bytes = 0; size_bytes <= whole_bytes; size_bytes += 4096)
        for (off = -1; off <= 1; off++) {
            if ((size_bytes == 0 && off < 0) || size_bytes + (size_t)off > whole_bytes)
                continue;
            write_file(place->other, "data.mdb", whole, size_bytes + (size_t)off);
            if ((rc = souk_store_open(&config, &store, &err)) == -SOUK_EDAMAGED) {
                refusals++;
                continue;
            }
            assert_int_equal(rc, 0);
            completes++;
            expect_worn_rows(store);
            souk_store_close(&store);
        }
    free(whole);
    print_message("# %zu refused, %zu complete\n", refusals, completes);
    assert_true(refusals > 3 * 100);
    assert_true(completes > 1);         /* the whole file, and those that lack free pages only */
}

static void
damaged_meta_pages_are_refused(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    uint8_t *bytes, *copy;
    size_t size_bytes, at;

    souk_store_close(&store);
    bytes = read_file(place->path, "data.mdb", &size_bytes);
    assert_non_null(copy = malloc(size_bytes));
    for (at = 0; at < 2 * 4096; at += 4096) {
        memcpy(copy, bytes, size_bytes);
        memset(copy + at, 0, 512);
        write_file(place->path, "data.mdb", copy, size_bytes);
        refused(place->path, SOUK_EDAMAGED, "data.mdb: no LMDB meta page");
        memcpy(copy, bytes, size_bytes);
        copy[at + 16 + 4]++;            /* LMDB's format version */
        write_file(place->path, "data.mdb", copy, size_bytes);
        refused(place->path, SOUK_EUNSUPPORTED, "another format version");
        memcpy(copy, bytes, size_bytes);
        copy[at + 16 + 24]++;           /* page size */
        write_file(place->path, "data.mdb", copy, size_bytes);
        refused(place->path, SOUK_EDAMAGED, "meta page");
        memcpy(copy, bytes, size_bytes);
        copy[at + 16 + 136 - 8 + 6] = 1;        /* the newest transaction, with far more pages than it has map */
        copy[at + 16 + 136 - 16 + 6] = 1;
        write_file(place->path, "data.mdb", copy, size_bytes);
        refused(place->path, SOUK_EDAMAGED, "newest meta page");
    }
    memset(copy, 'x', size_bytes);
    write_file(place->path, "data.mdb", copy, size_bytes);
    refused(place->path, SOUK_EDAMAGED, "no LMDB meta page");
    write_file(place->path, "data.mdb", "", 0);
    refused(place->path, SOUK_EDAMAGED, "data.mdb");
    write_file(place->path, "data.mdb", bytes, size_bytes);
    store = open_at(place->path);
    souk_store_close(&store);
    free(bytes);
    free(copy);
}

/* Seeded damage to pages of a file that is cut as well: any answer is fine, but it has to be one. */
static void
a_damaged_and_cut_file_gets_an_answer(void **state)
{
    struct place *place = *state;
    uint8_t *whole, *copy;
    size_t whole_bytes, at, answers[16] = { 0 };
    struct souk_error err;
    unsigned random = 1;
    char path[128];
    int fd, n, flips, rc;

    make_worn_store(place->path);
    whole = read_file(place->path, "data.mdb", &whole_bytes);
    assert_non_null(copy = malloc(whole_bytes));
    snprintf(path, sizeof path, "%s/damaged", place->home);
    for (n = 0; n < 3000; n++) {
        memcpy(copy, whole, whole_bytes);
        for (flips = rand_r(&random) % 8; flips >= 0; flips--) {
            /* Mostly heads of pages and where nodes lie, and not the meta pages' magic. */
            at = (size_t)rand_r(&random) % (whole_bytes / 4096) * 4096 + (size_t)rand_r(&random) % 64;
            if (at >= 4096 + 24 || (at >= 24 && at < 4096))
                copy[at] = (uint8_t)rand_r(&random);
        }
        write_file(place->home, "damaged", copy, whole_bytes - (size_t)rand_r(&random) % 20 * 4096);
        assert_true((fd = open(path, O_RDONLY)) >= 0);
        rc = souk_store_file_check(fd, path, &err);
        close(fd);
        assert_in_range(-rc, 0, 15);
        answers[-rc]++;
    }
    assert_int_equal(answers[0] + answers[SOUK_EDAMAGED] + answers[SOUK_EUNSUPPORTED], 3000);
    assert_true(answers[0] > 0);
    assert_true(answers[SOUK_EDAMAGED] > 0);
    free(whole);
    free(copy);
}

/* Zero each page behind the meta pages: LMDB may assert, but opening must not abort. */
static void
a_zeroed_page_does_not_kill_the_opener(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->other, .bytes_max = 64 << 20 };
    uint8_t *bytes, *copy;
    struct souk_store *store = open_at(place->path);
    struct souk_error err;
    size_t size_bytes, page, damaged = 0;
    char name[24];
    int rc, n;

    /* Enough tables that the tree of their names has a branch page. */
    for (n = 0; n < 100; n++) {
        snprintf(name, sizeof name, "table %d", n);
        store_text(store, name, "key", "value");
    }
    souk_store_close(&store);
    bytes = read_file(place->path, "data.mdb", &size_bytes);
    assert_non_null(copy = malloc(size_bytes));
    assert_int_equal(mkdir(place->other, 0700), 0);
    for (page = 2; page < size_bytes / 4096; page++) {
        memcpy(copy, bytes, size_bytes);
        memset(copy + page * 4096, 0, 4096);
        write_file(place->other, "data.mdb", copy, size_bytes);
        if ((rc = souk_store_open(&config, &store, &err)) == 0)
            souk_store_close(&store);
        else {
            assert_int_equal(rc, -SOUK_EDAMAGED);
            damaged++;
        }
    }
    assert_true(damaged >= 3);
    free(bytes);
    free(copy);
}

/* ---- rows ----------------------------------------------------------- */

/* All subsets of six keys, all probes: get, both seeks and a scan agree with a sorted list. */
static void
seeks_and_scans_agree_with_a_sorted_list(void **state)
{
    static const char *const keys[] = { "b", "ba", "bb", "d", "da", "f" };
    static const char *const probes[] = { "", "a", "b", "b!", "ba", "bab", "bb", "c", "d", "da", "db", "e", "f", "g" };
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_slice probe, key, value;
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    size_t set, k, p;
    int at_or_above, below, exact, rc;

    for (set = 0; set < 1u << 6; set++) {
        table = table_of(txn, "t");
        for (k = 0; k < 6; k++)
            if ((set & 1u << k) != 0)
                assert_int_equal(put_text(txn, table, keys[k], keys[k] + 1), 0);
        for (p = 0; p < sizeof probes / sizeof probes[0]; p++) {
            probe = souk_slice_of(probes[p]);
            at_or_above = below = exact = -1;
            for (k = 6; k-- > 0;)
                if ((set & 1u << k) != 0 && strcmp(keys[k], probes[p]) >= 0)
                    at_or_above = (int)k;
            for (k = 0; k < 6; k++)
                if ((set & 1u << k) != 0 && (strcmp(keys[k], probes[p]) < 0 || probes[p][0] == '\0'))
                    below = (int)k;
            for (k = 0; k < 6; k++)
                if ((set & 1u << k) != 0 && strcmp(keys[k], probes[p]) == 0)
                    exact = (int)k;
            if (probes[p][0] != '\0')
                assert_int_equal(souk_txn_get(txn, table, probe, &value), exact < 0 ? -SOUK_ENOTFOUND : 0);
            rc = souk_txn_seek(txn, table, probe, &key, &value);
            assert_int_equal(rc, at_or_above < 0 ? -SOUK_ENOTFOUND : 0);
            if (rc == 0) {
                assert_true(souk_slice_equal(key, souk_slice_of(keys[at_or_above])));
                assert_true(souk_slice_equal(value, souk_slice_of(keys[at_or_above] + 1)));
            }
            rc = souk_txn_seek_below(txn, table, probe, &key, &value);
            assert_int_equal(rc, below < 0 ? -SOUK_ENOTFOUND : 0);
            if (rc == 0)
                assert_true(souk_slice_equal(key, souk_slice_of(keys[below])));
            assert_int_equal(souk_scan_open(txn, table, probe, &scan), 0);
            for (k = at_or_above < 0 ? 6 : (size_t)at_or_above; k < 6; k++)
                if ((set & 1u << k) != 0) {
                    assert_int_equal(souk_scan_next(scan, &key, &value), 0);
                    assert_true(souk_slice_equal(key, souk_slice_of(keys[k])));
                }
            assert_int_equal(souk_scan_next(scan, &key, &value), -SOUK_ENOTFOUND);
            assert_int_equal(souk_scan_next(scan, &key, &value), -SOUK_ENOTFOUND);
            souk_scan_close(&scan);
            assert_null(scan);
        }
        assert_int_equal(souk_txn_drop(txn, "t"), 0);
    }
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
keys_have_1_to_511_bytes(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    struct souk_table table = table_of(txn, "t");
    struct souk_slice key, value, one = souk_slice_of("1");
    struct souk_slice wrong[] = { { "", 0 }, { NULL, SOUK_STORE_KEY_BYTES_MAX + 1 } };
    char bytes[SOUK_STORE_KEY_BYTES_MAX + 1];
    struct souk_scan *scan;
    size_t n;
    int code;

    memset(bytes, 'k', sizeof bytes);
    wrong[1].base = bytes;
    for (n = 0; n < 2; n++) {
        code = n == 0 ? -SOUK_EINVAL : -SOUK_ETOOBIG;
        assert_int_equal(souk_txn_put(txn, table, wrong[n], one), code);
        assert_int_equal(souk_txn_append(txn, table, wrong[n], one), code);
        assert_int_equal(souk_txn_get(txn, table, wrong[n], &value), code);
        assert_int_equal(souk_txn_delete(txn, table, wrong[n]), code);
    }
    assert_int_equal(souk_txn_seek(txn, table, wrong[1], &key, &value), -SOUK_ETOOBIG);
    assert_int_equal(souk_txn_seek_below(txn, table, wrong[1], &key, &value), -SOUK_ETOOBIG);
    assert_int_equal(souk_scan_open(txn, table, wrong[1], &scan), -SOUK_ETOOBIG);
    for (n = 1; n <= SOUK_STORE_KEY_BYTES_MAX; n++)
        assert_int_equal(souk_txn_append(txn, table, (struct souk_slice){ bytes, n }, one), 0);
    for (n = 1; n <= SOUK_STORE_KEY_BYTES_MAX; n++)
        assert_int_equal(souk_txn_get(txn, table, (struct souk_slice){ bytes, n }, &value), 0);
    commit(&txn);
    assert_int_equal(count_rows(store, "t"), SOUK_STORE_KEY_BYTES_MAX);
    souk_store_close(&store);
}

static void
append_takes_rising_keys_only(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    struct souk_table table = table_of(txn, "t");
    struct souk_slice value = souk_slice_of("v");

    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("b"), value), 0);
    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("b"), value), -SOUK_EINVAL);
    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("a"), value), -SOUK_EINVAL);
    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("c"), souk_slice_of("sea")), 0);
    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("d"), souk_slice_of("")), 0);
    assert_int_equal(put_text(txn, table, "a", "before"), 0);
    assert_int_equal(put_text(txn, table, "b", "over"), 0);
    commit(&txn);

    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table, "a b c d ");
    expect_row(txn, table, "b", "over");
    expect_row(txn, table, "c", "sea");
    expect_row(txn, table, "d", "");
    commit(&txn);               /* ends a read transaction as abort does */
    souk_store_close(&store);
}

static void
values_from_nothing_to_megabytes(void **state)
{
    static const size_t sizes[] = { 0, 1, 2000, 2048, 4080, 4096, 65536, 3 << 20 };
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    struct souk_table table = table_of(txn, "t");
    struct souk_slice value;
    uint8_t *bytes = malloc(3 << 20), room[4];
    uint32_t n;

    memset(bytes, 0xA5, 3 << 20);
    for (n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
        assert_int_equal(souk_txn_put(txn, table, number_key(n, room), (struct souk_slice){ bytes, sizes[n] }), 0);
    commit(&txn);
    txn = begin(store, SOUK_TXN_READ);
    for (n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        assert_int_equal(souk_txn_get(txn, table, number_key(n, room), &value), 0);
        assert_true(souk_slice_equal(value, (struct souk_slice){ bytes, sizes[n] }));
    }
    souk_txn_abort(&txn);
    free(bytes);
    souk_store_close(&store);
}

/* Delete every k-th of many rows while walking: over page borders, the first, the last, all of them. */
static void
a_scan_may_delete_where_it_stands(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_txn *txn;
    uint8_t room[4];
    uint32_t rows, every, n;
    uint64_t left;

    for (every = 1; every < 9; every++) {
        txn = begin(store, SOUK_TXN_WRITE);
        table = table_of(txn, "t");
        assert_int_equal(fill(txn, table, 100, 1000, &rows), 0);
        assert_int_equal(souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan), 0);
        for (n = 0; n < 1000; n++) {
            assert_int_equal(souk_scan_next(scan, &key, &value), 0);
            assert_true(souk_slice_equal(key, number_key(n, room)));
            if (n % every == 0)
                assert_int_equal(souk_scan_delete(scan), 0);
        }
        assert_int_equal(souk_scan_next(scan, &key, &value), -SOUK_ENOTFOUND);
        souk_scan_close(&scan);
        assert_int_equal(souk_txn_count(txn, table, &left), 0);
        assert_int_equal(left, 1000 - (1000 + every - 1) / every);
        for (n = 0; n < 1000; n++)
            assert_int_equal(souk_txn_get(txn, table, number_key(n, room), &value),
                n % every == 0 ? -SOUK_ENOTFOUND : 0);
        assert_int_equal(souk_txn_drop(txn, "t"), 0);
        commit(&txn);
    }
    souk_store_close(&store);
}

/* ---- tables --------------------------------------------------------- */

static void
a_table_made_in_an_aborted_transaction_is_forgotten(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_table table;
    struct souk_txn *txn;
    uint64_t rows;

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(put_text(txn, table_of(txn, "lost"), "a", "1"), 0);
    assert_int_equal(put_text(txn, table_of(txn, "lost too"), "b", "2"), 0);
    souk_txn_abort(&txn);

    txn = begin(store, SOUK_TXN_READ);
    assert_int_equal(souk_txn_table(txn, "lost", &table), -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);

    txn = begin(store, SOUK_TXN_WRITE);
    table = table_of(txn, "kept");
    assert_int_equal(souk_txn_count(txn, table, &rows), 0);
    assert_int_equal(rows, 0);
    assert_int_equal(put_text(txn, table, "c", "3"), 0);
    commit(&txn);

    txn = begin(store, SOUK_TXN_WRITE);
    expect_keys(txn, table_of(txn, "kept"), "c ");
    expect_keys(txn, table_of(txn, "lost"), "");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
a_reader_older_than_a_table_finds_it_empty(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *old = begin(store, SOUK_TXN_READ), *txn;
    struct souk_slice key, value, any = { NULL, 0 };
    struct souk_table table, found;
    struct souk_scan *scan;
    uint64_t rows = 7;

    txn = begin(store, SOUK_TXN_WRITE);
    table = table_of(txn, "t");
    assert_int_equal(put_text(txn, table, "a", "1"), 0);
    commit(&txn);

    assert_int_equal(souk_txn_table(old, "t", &found), -SOUK_ENOTFOUND);
    expect_no_row(old, table, "a");
    assert_int_equal(souk_txn_seek(old, table, any, &key, &value), -SOUK_ENOTFOUND);
    assert_int_equal(souk_txn_seek_below(old, table, any, &key, &value), -SOUK_ENOTFOUND);
    assert_int_equal(souk_txn_count(old, table, &rows), 0);
    assert_int_equal(rows, 0);
    assert_int_equal(souk_scan_open(old, table, any, &scan), 0);
    assert_int_equal(souk_scan_next(scan, &key, &value), -SOUK_ENOTFOUND);
    souk_scan_close(&scan);
    souk_txn_abort(&old);

    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table, "a", "1");
    souk_txn_abort(&txn);
    assert_null(souk_store_failure(store));
    souk_store_close(&store);
}

/* A rebuilt table replaces another while queries still read the old one. */
static void
a_reader_keeps_a_table_that_is_dropped_under_it(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_table old_table, new_table, again;
    struct souk_txn *old, *txn;

    store_text(store, "old", "a", "1");
    old = begin(store, SOUK_TXN_READ);
    old_table = table_of(old, "old");

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_drop(txn, "old"), 0);
    assert_int_equal(souk_txn_drop(txn, "old"), -SOUK_ENOTFOUND);
    new_table = table_of(txn, "new");
    expect_keys(txn, new_table, "");
    assert_int_equal(put_text(txn, new_table, "b", "2"), 0);
    expect_row(old, old_table, "a", "1");
    commit(&txn);

    expect_keys(old, table_of(old, "old"), "a ");
    assert_int_equal(souk_txn_table(old, "new", &again), -SOUK_ENOTFOUND);
    souk_txn_abort(&old);
    txn = begin(store, SOUK_TXN_READ);
    assert_int_equal(souk_txn_table(txn, "old", &again), -SOUK_ENOTFOUND);
    expect_keys(txn, table_of(txn, "new"), "b ");
    souk_txn_abort(&txn);

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_drop(txn, "new"), 0);
    souk_txn_abort(&txn);
    souk_store_close(&store);
    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, "new"), "b ");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

/* A transaction knows tables by name from the one before: what became of them since, and what did not, is seen. */
static void
a_name_means_what_the_catalog_says(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_table table;
    struct souk_txn *txn;

    store_text(store, "a", "key", "of a");
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "a"), "key", "of a");
    souk_txn_abort(&txn);

    /* Neither a drop nor a new table that was aborted. */
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_drop(txn, "a"), 0);
    assert_int_equal(put_text(txn, table_of(txn, "b"), "key", "of b"), 0);
    souk_txn_abort(&txn);
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "a"), "key", "of a");
    assert_int_equal(souk_txn_table(txn, "b", &table), -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);

    /* They change places: b gets the one that a had. */
    txn = begin(store, SOUK_TXN_WRITE);
    expect_row(txn, table_of(txn, "a"), "key", "of a");
    assert_int_equal(souk_txn_drop(txn, "a"), 0);
    assert_int_equal(put_text(txn, table_of(txn, "b"), "key", "of b"), 0);
    assert_int_equal(put_text(txn, table_of(txn, "a"), "key", "of another"), 0);
    expect_row(txn, table_of(txn, "b"), "key", "of b");
    commit(&txn);
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "a"), "key", "of another");
    expect_row(txn, table_of(txn, "b"), "key", "of b");
    souk_txn_abort(&txn);

    txn = begin(store, SOUK_TXN_WRITE);
    expect_row(txn, table_of(txn, "a"), "key", "of another");
    assert_int_equal(souk_txn_drop(txn, "b"), 0);
    commit(&txn);
    txn = begin(store, SOUK_TXN_READ);
    assert_int_equal(souk_txn_table(txn, "b", &table), -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
names_of_tables_have_1_to_127_bytes(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    char name[SOUK_STORE_NAME_BYTES_MAX + 2];
    struct souk_table table;

    assert_int_equal(souk_txn_table(txn, "", &table), -SOUK_EINVAL);
    memset(name, 'n', sizeof name);
    name[SOUK_STORE_NAME_BYTES_MAX + 1] = '\0';
    assert_int_equal(souk_txn_table(txn, name, &table), -SOUK_ETOOBIG);
    assert_int_equal(souk_txn_drop(txn, name), -SOUK_ETOOBIG);
    name[SOUK_STORE_NAME_BYTES_MAX] = '\0';
    assert_int_equal(put_text(txn, table_of(txn, name), "k", "v"), 0);
    name[SOUK_STORE_NAME_BYTES_MAX - 1] = '\0';
    assert_int_equal(put_text(txn, table_of(txn, name), "l", "w"), 0);
    commit(&txn);
    souk_store_close(&store);

    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, name), "l ");
    name[SOUK_STORE_NAME_BYTES_MAX - 1] = 'n';
    expect_keys(txn, table_of(txn, name), "k ");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

struct listing {
    char names[256];
    const char *stop_at, *drop;
};

static int
list_name(struct souk_txn *txn, const char *name, void *arg)
{
    struct listing *listing = arg;

    if (listing->stop_at != NULL && strcmp(name, listing->stop_at) == 0)
        return 42;
    strcat(strcat(listing->names, name), ",");
    if (listing->drop != NULL && strcmp(name, listing->drop) == 0)
        return souk_txn_drop(txn, name);
    return 0;
}

static void
tables_are_listed_in_order(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    struct listing all = { 0 }, some = { .stop_at = "orders.2" }, drop = { .drop = "orders" }, left = { 0 };

    assert_int_equal(souk_txn_each_table(txn, list_name, &all), 0);
    assert_string_equal(all.names, "");
    table_of(txn, "stock");
    table_of(txn, "orders.2");
    table_of(txn, "orders");
    table_of(txn, "format");
    assert_int_equal(souk_txn_each_table(txn, list_name, &all), 0);
    assert_string_equal(all.names, "format,orders,orders.2,stock,");
    commit(&txn);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_each_table(txn, list_name, &some), 42);
    assert_string_equal(some.names, "format,orders,");
    assert_int_equal(souk_txn_each_table(txn, list_name, &drop), 0);
    assert_string_equal(drop.names, "format,orders,orders.2,stock,");
    commit(&txn);
    txn = begin(store, SOUK_TXN_READ);
    assert_int_equal(souk_txn_each_table(txn, list_name, &left), 0);
    assert_string_equal(left.names, "format,orders.2,stock,");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
there_are_512_tables_and_no_more(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn;
    struct souk_table table;
    char name[16];
    int round, n;

    for (round = 0; round < 2; round++) {
        txn = begin(store, SOUK_TXN_WRITE);
        for (n = 0; n < SOUK_STORE_TABLES_MAX; n++) {
            snprintf(name, sizeof name, "t%d", n);
            assert_int_equal(put_text(txn, table_of(txn, name), name, "v"), 0);
        }
        assert_int_equal(souk_txn_table(txn, "one too many", &table), -SOUK_ETOOBIG);
        if (round == 0)
            souk_txn_abort(&txn);
        else
            commit(&txn);
    }
    souk_store_close(&store);

    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_table(txn, "one too many", &table), -SOUK_ETOOBIG);
    expect_keys(txn, table_of(txn, "t511"), "t511 ");
    assert_int_equal(souk_txn_drop(txn, "t300"), 0);
    expect_keys(txn, table_of(txn, "one too many"), "");
    expect_keys(txn, table_of(txn, "t299"), "t299 ");
    commit(&txn);
    souk_store_close(&store);
}

struct race {
    struct souk_store *store;
    atomic_bool over;
    atomic_uint rounds;
};

static int
look_into(struct souk_txn *txn, const char *name, void *arg)
{
    struct souk_slice value;
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, name, &table)) != 0)
        return rc;
    return souk_txn_get(txn, table, souk_slice_of("key"), &value);
}

static void *
read_all_tables(void *arg)
{
    struct race *race = arg;
    struct souk_txn *txn;
    intptr_t rc = 0;

    while (rc == 0 && !race->over) {
        if ((rc = souk_txn_begin(race->store, SOUK_TXN_READ, &txn)) != 0)
            break;
        rc = souk_txn_each_table(txn, look_into, NULL);
        souk_txn_abort(&txn);
        race->rounds++;
    }
    return (void *)rc;
}

/* Whatever a snapshot lists, it can read: readers race with a writer that makes tables. */
static void
tables_appear_to_readers_with_their_rows(void **state)
{
    struct place *place = *state;
    struct souk_store_config config = { .path = place->path, .simulated = true };
    struct souk_error err;
    struct race race = { 0 };
    pthread_t readers[2];
    struct souk_txn *txn;
    char name[16];
    void *rc;
    int n;

    assert_int_equal(souk_store_open(&config, &race.store, &err), 0);
    for (n = 0; n < 2; n++)
        assert_int_equal(pthread_create(&readers[n], NULL, read_all_tables, &race), 0);
    for (n = 0; n < SOUK_STORE_TABLES_MAX; n++) {
        snprintf(name, sizeof name, "t%d", n);
        txn = begin(race.store, SOUK_TXN_WRITE);
        assert_int_equal(put_text(txn, table_of(txn, name), "key", name), 0);
        if (n % 7 == 3)
            souk_txn_abort(&txn);
        else
            commit(&txn);
        while (race.rounds < (unsigned)n)
            sched_yield();
    }
    race.over = true;
    for (n = 0; n < 2; n++) {
        assert_int_equal(pthread_join(readers[n], &rc), 0);
        assert_null(rc);
    }
    souk_store_close(&race.store);
}

/* ---- readers -------------------------------------------------------- */

static void
readers_have_a_limit_and_their_own_snapshots(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_with(place->path, 0, 3);
    struct souk_store_room room;
    struct souk_txn *readers[3], *txn;
    struct souk_error err;
    char value[2] = "0";
    int round, n;

    for (round = 0; round < 3; round++) {
        for (n = 0; n < 3; n++) {
            value[0] = (char)('0' + n);
            store_text(store, "t", "k", value);
            readers[n] = begin(store, SOUK_TXN_READ);
        }
        assert_int_equal(souk_txn_begin(store, SOUK_TXN_READ, &txn), -SOUK_EBUSY);
        assert_int_equal(souk_store_room(store, &room), 0);
        if (round == 0)
            assert_int_equal(souk_store_copy(store, place->other, &err), 0);
        for (n = 0; n < 3; n++) {
            value[0] = (char)('0' + n);
            expect_row(readers[n], table_of(readers[n], "t"), "k", value);
        }
        souk_txn_abort(&readers[1]);
        readers[1] = begin(store, SOUK_TXN_READ);
        expect_row(readers[1], table_of(readers[1], "t"), "k", "2");
        for (n = 0; n < 3; n++)
            souk_txn_abort(&readers[n]);
    }
    assert_null(souk_store_failure(store));
    souk_store_close(&store);
}

/* ---- no room -------------------------------------------------------- */

static void
a_full_map_refuses_and_the_store_goes_on(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_with(place->path, 1 << 20, 0);
    struct souk_slice key, value;
    struct souk_store_room room;
    struct souk_table table, other;
    struct souk_error err;
    struct souk_scan *scan;
    struct souk_txn *txn;
    uint8_t number[4];
    uint32_t rows, n;
    uint64_t count;

    txn = begin(store, SOUK_TXN_WRITE);
    table = table_of(txn, "t");
    assert_int_equal(fill(txn, table, 1000, 400, &rows), 0);
    commit(&txn);

    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(fill(txn, table_of(txn, "more"), 1000, UINT32_MAX, &rows), -SOUK_EFULL);
    assert_int_equal(put_text(txn, table, "k", "v"), -SOUK_EFULL);
    assert_int_equal(souk_txn_append(txn, table, souk_slice_of("k"), souk_slice_of("v")), -SOUK_EFULL);
    assert_int_equal(souk_txn_get(txn, table, number_key(0, number), &value), -SOUK_EFULL);
    assert_int_equal(souk_txn_seek(txn, table, number_key(0, number), &key, &value), -SOUK_EFULL);
    assert_int_equal(souk_txn_delete(txn, table, number_key(0, number)), -SOUK_EFULL);
    assert_int_equal(souk_txn_count(txn, table, &count), -SOUK_EFULL);
    assert_int_equal(souk_txn_table(txn, "t", &other), -SOUK_EFULL);
    assert_int_equal(souk_txn_drop(txn, "t"), -SOUK_EFULL);
    assert_int_equal(souk_scan_open(txn, table, number_key(0, number), &scan), -SOUK_EFULL);
    assert_int_equal(souk_txn_commit(&txn), -SOUK_EFULL);
    assert_null(txn);
    assert_null(souk_store_failure(store));

    /* What was there is there, what was not is not, and there is room for less. */
    assert_int_equal(count_rows(store, "t"), 400);
    txn = begin(store, SOUK_TXN_WRITE);
    expect_no_row(txn, table_of(txn, "more"), "k");
    for (n = 0; n < 200; n++)
        assert_int_equal(souk_txn_delete(txn, table, number_key(n, number)), 0);
    commit(&txn);
    assert_int_equal(count_rows(store, "t"), 200);

    assert_int_equal(souk_store_grow(store, 4 << 20, &err), 0);
    assert_int_equal(souk_store_room(store, &room), 0);
    assert_int_equal(room.bytes_max, 4 << 20);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(fill(txn, table_of(txn, "more"), 1000, 2000, &rows), 0);
    commit(&txn);
    souk_store_close(&store);

    /* The bound that it was made with is below what it holds by now. */
    store = open_with(place->path, 1 << 20, 0);
    assert_int_equal(count_rows(store, "more"), 2000);
    assert_int_equal(souk_store_room(store, &room), 0);
    assert_true(room.bytes_max > 1 << 20);
    assert_true(room.bytes_used <= room.bytes_max);
    souk_store_close(&store);
}

/*
 * Commit one row more each time in a small map, until past the limit: a
 * transaction stands as a whole or not at all, wherever the room ends in it.
 */
static void
at_the_edge_of_the_map_a_commit_stands_or_not(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_with(place->path, 256 * 1024, 0);
    int rc_put, rc_commit, full_at_put = 0, full_at_commit = 0;
    uint32_t wanted, rows;
    struct souk_txn *txn;

    for (wanted = 100; wanted < 260; wanted++) {
        txn = begin(store, SOUK_TXN_WRITE);
        table_of(txn, "t");
        assert_int_equal(souk_txn_drop(txn, "t"), 0);
        commit(&txn);
        txn = begin(store, SOUK_TXN_WRITE);
        rc_put = fill(txn, table_of(txn, "t"), 900, wanted, &rows);
        rc_commit = souk_txn_commit(&txn);
        if (rc_commit == 0) {
            assert_int_equal(rc_put, 0);
            assert_int_equal(count_rows(store, "t"), wanted);
            continue;
        }
        assert_int_equal(rc_commit, -SOUK_EFULL);
        full_at_put += rc_put != 0;
        full_at_commit += rc_put == 0;
        assert_null(souk_store_failure(store));
        txn = begin(store, SOUK_TXN_READ);
        assert_int_equal(souk_txn_table(txn, "t", &(struct souk_table){ 0 }), -SOUK_ENOTFOUND);
        souk_txn_abort(&txn);
    }
    print_message("# full at put %d, at commit %d\n", full_at_put, full_at_commit);
    assert_true(full_at_put > 0);
    souk_store_close(&store);
}

static void
growing_waits_for_transactions_and_never_shrinks(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_with(place->path, 1 << 20, 0);
    struct souk_error err;
    struct souk_txn *txn;

    store_text(store, "t", "k", "v");
    txn = begin(store, SOUK_TXN_READ);
    assert_int_equal(souk_store_grow(store, 2 << 20, &err), -SOUK_EBUSY);
    souk_txn_abort(&txn);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_store_grow(store, 2 << 20, &err), -SOUK_EBUSY);
    souk_txn_abort(&txn);
    assert_int_equal(souk_store_grow(store, (1 << 20) - 1, &err), -SOUK_EINVAL);
    assert_int_equal(souk_store_grow(store, 1 << 20, &err), 0);
    assert_int_equal(souk_store_grow(store, 2 << 20, &err), 0);
    assert_int_equal(souk_store_grow(store, 1 << 20, &err), -SOUK_EINVAL);
    assert_int_equal(souk_store_grow(store, UINT64_C(1) << 60, &err), -SOUK_ENOMEM);
    txn = begin(store, SOUK_TXN_READ);
    expect_row(txn, table_of(txn, "t"), "k", "v");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

/* Of files and of tmpfs, kB. */
static unsigned long
mapped_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    unsigned long sum = 0, kib;
    char line[256];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "RssFile: %lu kB", &kib) == 1 || sscanf(line, "RssShmem: %lu kB", &kib) == 1)
            sum += kib;
    fclose(file);
    return sum;
}

/* Before a transaction, within one and after: what is read is there, and pages that were looked at are the kernel's again. */
static void
pages_are_let_go_and_read_again(void **state)
{
    enum { ROWS = 256, ROW_BYTES = 32 * 1024 };
    static char value[ROW_BYTES + 1];
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn = begin(store, SOUK_TXN_WRITE);
    unsigned long before;
    char key[8];

    memset(value, 'v', ROW_BYTES);
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(key, sizeof key, "%03u", i);
        assert_int_equal(put_text(txn, table_of(txn, "t"), key, value), 0);
    }
    commit(&txn);
    for (unsigned round = 0; round < 2; round++) {
        souk_store_let_go(store);
        before = mapped_kib();
        txn = begin(store, SOUK_TXN_READ);
        for (unsigned i = 0; i < ROWS; i++) {
            snprintf(key, sizeof key, "%03u", i);
            expect_row(txn, table_of(txn, "t"), key, value);
        }
        assert_true(mapped_kib() > before + ROWS * ROW_BYTES / 1024 / 2);
        souk_store_let_go(store);
        assert_true(mapped_kib() < before + ROWS * ROW_BYTES / 1024 / 4);
        expect_row(txn, table_of(txn, "t"), "007", value);
        souk_txn_abort(&txn);
        txn = begin(store, SOUK_TXN_WRITE);
        assert_int_equal(put_text(txn, table_of(txn, "t"), "008", "x"), 0);
        souk_store_let_go(store);
        expect_row(txn, table_of(txn, "t"), "008", "x");
        souk_txn_abort(&txn);
    }
    souk_store_close(&store);
}

static void
room_counts_freed_pages_as_free(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_store_room empty, filled, emptied;
    struct souk_txn *txn;
    uint32_t rows;

    assert_int_equal(souk_store_room(store, &empty), 0);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(fill(txn, table_of(txn, "t"), 1000, 1000, &rows), 0);
    commit(&txn);
    assert_int_equal(souk_store_room(store, &filled), 0);
    assert_in_range(filled.bytes_used - empty.bytes_used, 1000 * 1000, 1500 * 1000);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(souk_txn_drop(txn, "t"), 0);
    commit(&txn);
    assert_int_equal(souk_store_room(store, &emptied), 0);
    assert_in_range(emptied.bytes_used, empty.bytes_used, empty.bytes_used + 20 * 4096);
    souk_store_close(&store);
}

/* Fill a disk, stumble, read, make room, go on: what the shop does at 3 a.m. */
static void
live_through_a_full_disk(const char *path, void (*make_room)(const char *path))
{
    struct souk_store_config config = { .path = path, .bytes_max = 64 << 20 };
    struct souk_store *store = NULL;
    uint32_t committed = 0, rows;
    struct souk_table table;
    struct souk_error err;
    struct souk_txn *txn;
    uint8_t number[4], value[30000] = { 0 };
    struct souk_slice found;
    int rc, tries, n;

    HOLDS(souk_store_open(&config, &store, &err) == 0);
    for (;; committed++) {
        HOLDS(souk_txn_begin(store, SOUK_TXN_WRITE, &txn) == 0);
        HOLDS(souk_txn_table(txn, "t", &table) == 0);
        HOLDS(souk_txn_put(txn, table, number_key(committed, number), (struct souk_slice){ value, sizeof value }) == 0);
        if ((rc = souk_txn_commit(&txn)) != 0)
            break;
        HOLDS(committed < 10000);
    }
    HOLDS(rc == -SOUK_EFULL);
    for (tries = 0; tries < 20; tries++) {
        HOLDS(souk_store_failure(store) == NULL);
        HOLDS(souk_txn_begin(store, SOUK_TXN_WRITE, &txn) == 0);
        HOLDS(fill(txn, table, 3000 * (size_t)(tries + 1), 300, &rows) == 0);
        HOLDS(souk_txn_commit(&txn) == -SOUK_EFULL);
    }
    HOLDS(souk_txn_begin(store, SOUK_TXN_READ, &txn) == 0);
    for (n = 0; n < (int)committed; n++)
        HOLDS(souk_txn_get(txn, table, number_key((uint32_t)n, number), &found) == 0 && found.size_bytes == sizeof value);
    HOLDS(souk_txn_get(txn, table, number_key(committed, number), &found) == -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);

    make_room(path);
    HOLDS(souk_txn_begin(store, SOUK_TXN_WRITE, &txn) == 0);
    HOLDS(souk_txn_put(txn, table, number_key(committed, number), (struct souk_slice){ value, sizeof value }) == 0);
    HOLDS(souk_txn_commit(&txn) == 0);
    souk_store_close(&store);
    HOLDS(souk_store_open(&config, &store, &err) == 0);
    HOLDS(count_rows(store, "t") == committed + 1);
    souk_store_close(&store);
}

/* A file system of `size` in a mount namespace of this process, or leave. */
static void
mount_small_disk(const char *path, const char *size)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mkdir(path, 0700) != 0 || mount("souk-test", path, "tmpfs", 0, size) != 0)
        _exit(SKIPPED);
}

static void
remove_ballast(const char *path)
{
    char ballast[256];

    snprintf(ballast, sizeof ballast, "%s/../ballast", path);
    HOLDS(unlink(ballast) == 0);
}

static void
small_disk_story(const struct place *place)
{
    char path[128];
    int fd;

    mount_small_disk(place->other, "size=8m");
    snprintf(path, sizeof path, "%s/ballast", place->other);
    HOLDS((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0);
    HOLDS(posix_fallocate(fd, 0, 2 << 20) == 0);
    close(fd);
    snprintf(path, sizeof path, "%s/store", place->other);
    live_through_a_full_disk(path, remove_ballast);
}

static void
a_full_disk_refuses_and_the_store_goes_on(void **state)
{
    in_child(small_disk_story, *state);
}

static void
lift_file_size_limit(const char *path)
{
    struct rlimit limit;

    HOLDS(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    HOLDS(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* Here the kernel writes what still fits, and LMDB reports EIO for the short write. */
static void
file_size_story(const struct place *place)
{
    struct rlimit limit;

    HOLDS(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    HOLDS(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = (3 << 20) + 12345;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(SKIPPED);
    live_through_a_full_disk(place->path, lift_file_size_limit);
}

static void
a_short_write_for_want_of_room_is_no_io_error(void **state)
{
    in_child(file_size_story, *state);
}

/* With no block left: opening says so, and does not die of SIGBUS in LMDB's map of readers. */
static void
opening_on_full_disk_story(const struct place *place)
{
    struct souk_store_config config = { 0 };
    struct souk_store *store;
    struct souk_error err;
    char path[128], ballast[128], readers[160];
    int fd;

    mount_small_disk(place->other, "size=1m");
    snprintf(path, sizeof path, "%s/store", place->other);
    snprintf(ballast, sizeof ballast, "%s/ballast", place->other);
    snprintf(readers, sizeof readers, "%s/lock.mdb", path);
    config.path = path;
    config.bytes_max = 64 << 20;
    HOLDS(souk_store_open(&config, &store, &err) == 0);
    store_text(store, "t", "k", "v");
    souk_store_close(&store);

    HOLDS(unlink(readers) == 0);
    HOLDS((fd = open(ballast, O_WRONLY | O_CREAT, 0600)) >= 0);
    while (write(fd, path, sizeof path) > 0)
        continue;
    HOLDS(errno == ENOSPC);
    close(fd);
    HOLDS(souk_store_open(&config, &store, &err) == -SOUK_EFULL);
    snprintf(path, sizeof path, "%s/new", place->other);
    HOLDS(souk_store_open(&config, &store, &err) == -SOUK_EFULL);
    HOLDS(unlink(ballast) == 0);
    HOLDS(souk_store_open(&config, &store, &err) == 0);
    souk_store_close(&store);
    snprintf(path, sizeof path, "%s/store", place->other);
    HOLDS(souk_store_open(&config, &store, &err) == 0);
    HOLDS(count_rows(store, "t") == 1);
    souk_store_close(&store);
}

static void
opening_on_a_full_disk_is_refused(void **state)
{
    in_child(opening_on_full_disk_story, *state);
}

/* ---- the disk fails ------------------------------------------------- */

/* LMDB's descriptor of the data file at `path`; the one that syncs each write is that of the meta pages. */
static int
find_descriptor(const char *path, bool of_meta)
{
    char link[64], target[256], data[256];
    ssize_t n;
    int fd;

    snprintf(data, sizeof data, "%s/data.mdb", path);
    for (fd = 0; fd < 256; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if ((n = readlink(link, target, sizeof target - 1)) < 0)
            continue;
        target[n] = '\0';
        if (strcmp(target, data) == 0 && ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) == of_meta)
            return fd;
    }
    fail_msg("no such descriptor of %s", data);
    return -1;
}

/* Put `device` in the place of a descriptor, so that writes to it fail; the old one is returned. */
static int
break_descriptor(int fd, const char *device, int flags)
{
    int old, broken;

    assert_true((old = dup(fd)) >= 0);
    assert_true((broken = open(device, flags)) >= 0);
    assert_int_equal(dup2(broken, fd), fd);
    close(broken);
    return old;
}

static void
expect_dead(struct souk_store *store)
{
    struct souk_store_room room;
    struct souk_error err;
    struct souk_txn *txn;

    assert_non_null(souk_store_failure(store));
    assert_non_null(strstr(souk_store_failure(store), "commit failed"));
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_READ, &txn), -SOUK_EIO);
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_WRITE, &txn), -SOUK_EIO);
    assert_int_equal(souk_store_room(store, &room), -SOUK_EIO);
    assert_int_equal(souk_store_grow(store, 1 << 30, &err), -SOUK_EIO);
    assert_int_equal(souk_store_copy(store, "/nowhere", &err), -SOUK_EIO);
}

static void
a_failed_write_of_data_kills_the_store(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn, *reader;
    struct souk_slice value;
    struct souk_table table;

    store_text(store, "t", "before", "v");
    reader = begin(store, SOUK_TXN_READ);
    table = table_of(reader, "t");
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(put_text(txn, table, "during", "v"), 0);
    close(break_descriptor(find_descriptor(place->path, false), "/dev/null", O_RDONLY));
    assert_int_equal(souk_txn_commit(&txn), -SOUK_EIO);
    assert_null(txn);
    expect_dead(store);
    assert_int_equal(souk_txn_get(reader, table, souk_slice_of("before"), &value), -SOUK_EIO);
    souk_txn_abort(&reader);
    souk_store_close(&store);

    store = open_at(place->path);
    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, "t"), "before ");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

/* ENOSPC for a meta page is not "full": LMDB is beyond use, and nobody knows what stands. */
static void
a_failed_write_of_a_meta_page_kills_the_store(void **state)
{
    static const struct {
        const char *device;
        int flags;
    } ways[] = { { "/dev/null", O_RDONLY }, { "/dev/full", O_WRONLY } };
    struct place *place = *state;
    struct souk_store *store;
    struct souk_txn *txn;
    size_t n;

    for (n = 0; n < 2; n++) {
        store = open_at(place->path);
        store_text(store, "t", "before", "v");
        txn = begin(store, SOUK_TXN_WRITE);
        assert_int_equal(put_text(txn, table_of(txn, "t"), "during", "v"), 0);
        close(break_descriptor(find_descriptor(place->path, true), ways[n].device, ways[n].flags));
        assert_int_equal(souk_txn_commit(&txn), -SOUK_EIO);
        expect_dead(store);
        souk_store_close(&store);
        store = open_at(place->path);
        txn = begin(store, SOUK_TXN_READ);
        expect_row(txn, table_of(txn, "t"), "before", "v");
        souk_txn_abort(&txn);
        souk_store_close(&store);
    }
}

static void
no_room_for_data_leaves_the_store_alive(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path);
    struct souk_txn *txn;
    int fd, old;

    store_text(store, "t", "before", "v");
    fd = find_descriptor(place->path, false);
    old = break_descriptor(fd, "/dev/full", O_RDWR);
    txn = begin(store, SOUK_TXN_WRITE);
    assert_int_equal(put_text(txn, table_of(txn, "t"), "during", "v"), 0);
    assert_int_equal(put_text(txn, table_of(txn, "made during"), "k", "v"), 0);
    assert_int_equal(souk_txn_commit(&txn), -SOUK_EFULL);
    assert_null(souk_store_failure(store));
    assert_int_equal(dup2(old, fd), fd);
    close(old);
    store_text(store, "made after", "k", "w");
    store_text(store, "t", "past", "v");
    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, "t"), "before past ");
    expect_row(txn, table_of(txn, "made after"), "k", "w");
    assert_int_equal(souk_txn_table(txn, "made during", &(struct souk_table){ 0 }), -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

/* ---- copies --------------------------------------------------------- */

static void
a_copy_is_a_store_of_its_own(void **state)
{
    struct place *place = *state;
    struct souk_store *store = open_at(place->path), *copy;
    struct souk_error err;
    struct souk_txn *txn;

    store_text(store, "t", "in both", "v");
    assert_int_equal(souk_store_copy(store, place->other, &err), 0);
    assert_false(exists(place->other, "data.new"));
    store_text(store, "t", "later", "v");
    assert_int_equal(souk_store_copy(store, place->other, &err), -SOUK_EINVAL);
    assert_non_null(strstr(err.text, place->other));
    assert_int_equal(souk_store_copy(store, "/dev/null/copy", &err), -SOUK_EIO);

    copy = open_at(place->other);
    txn = begin(copy, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, "t"), "in both ");
    souk_txn_abort(&txn);
    store_text(copy, "t", "only here", "v");
    txn = begin(store, SOUK_TXN_READ);
    expect_keys(txn, table_of(txn, "t"), "in both later ");
    souk_txn_abort(&txn);
    souk_store_close(&copy);
    souk_store_close(&store);
}

static void
copy_to_small_disk_story(const struct place *place)
{
    struct souk_store *store = open_at(place->path);
    struct souk_error err;
    struct souk_txn *txn;
    char path[128];
    uint32_t rows;

    mount_small_disk(place->other, "size=1m");
    HOLDS(souk_txn_begin(store, SOUK_TXN_WRITE, &txn) == 0);
    HOLDS(fill(txn, table_of(txn, "t"), 1000, 2000, &rows) == 0);
    HOLDS(souk_txn_commit(&txn) == 0);
    snprintf(path, sizeof path, "%s/copy", place->other);
    HOLDS(souk_store_copy(store, path, &err) == -SOUK_EFULL);
    HOLDS(access(path, F_OK) != 0);
    HOLDS(souk_store_failure(store) == NULL);
    HOLDS(count_rows(store, "t") == 2000);
    souk_store_close(&store);
}

static void
a_copy_without_room_leaves_nothing_behind(void **state)
{
    in_child(copy_to_small_disk_story, *state);
}

static int
set_up_on_tmpfs(void **state)
{
    return set_up_in(state, "/dev/shm");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_committed_is_there_after_opening_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process_has_to_wait_for_the_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(this_process_has_to_wait_for_its_own_lock_by_whatever_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_of_the_configuration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_simulated_store_is_refused_on_a_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_simulated_store_works_like_another, set_up_on_tmpfs, tear_down),
        cmocka_unit_test_setup_teardown(no_descriptor_of_a_store_survives_exec, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_crash_left_of_making_a_store_is_cleared_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_format_or_another_program_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_truncated_file_is_refused_or_complete, set_up_on_tmpfs, tear_down),
        cmocka_unit_test_setup_teardown(damaged_meta_pages_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_and_cut_file_gets_an_answer, set_up_on_tmpfs, tear_down),
        cmocka_unit_test_setup_teardown(a_zeroed_page_does_not_kill_the_opener, set_up_on_tmpfs, tear_down),
        cmocka_unit_test_setup_teardown(seeks_and_scans_agree_with_a_sorted_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_have_1_to_511_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(append_takes_rising_keys_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_from_nothing_to_megabytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scan_may_delete_where_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_made_in_an_aborted_transaction_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_older_than_a_table_finds_it_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_keeps_a_table_that_is_dropped_under_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_means_what_the_catalog_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_tables_have_1_to_127_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_are_listed_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_are_512_tables_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_appear_to_readers_with_their_rows, set_up_on_tmpfs, tear_down),
        cmocka_unit_test_setup_teardown(readers_have_a_limit_and_their_own_snapshots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_map_refuses_and_the_store_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(at_the_edge_of_the_map_a_commit_stands_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(growing_waits_for_transactions_and_never_shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_are_let_go_and_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_counts_freed_pages_as_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_refuses_and_the_store_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_short_write_for_want_of_room_is_no_io_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opening_on_a_full_disk_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_of_data_kills_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_of_a_meta_page_kills_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_room_for_data_leaves_the_store_alive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_a_store_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_without_room_leaves_nothing_behind, set_up, tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
