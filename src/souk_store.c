#define _GNU_SOURCE              /* asprintf */
#include "souk_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "souk_store_file.h"
#include "souk_store_parts.h"

#define BYTES_DEFAULT (UINT64_C(1) << 30)
#define BOUND_STEP_BYTES SOUK_STORE_BYTES_MIN   /* a multiple of every page size */
#define READERS_DEFAULT 16
#define READERS_OWN 2                   /* souk_store_room() and souk_store_copy() */
#define READERS_FILE_HEAD_BYTES 4096    /* more than LMDB's head of it */
#define READERS_FILE_SLOT_BYTES 64

#define READERS_FILE "lock.mdb"         /* LMDB's name */
#define NEW_FILE "data.new"             /* a data file in the making */
#define LOCK_FILE "lock"

#define CATALOG "souk"                  /* the table about the store itself */
#define FORMAT_KEY "format"
#define FORMAT "1"

/* Network and user-space file systems whose magic <linux/magic.h> does not have. */
#define MAGIC_CIFS 0xFF534D42u
#define MAGIC_LUSTRE 0x0BD00BD0u
#define MAGIC_GFS2 0x01161970u

/* Where an assertion of LMDB goes while a store is being opened, and what is open then. */
struct rescue {
    jmp_buf jump;
    char text[128];
    MDB_txn *txn;
    MDB_cursor *cursor;
};

static int open_directory(struct souk_store *store, bool simulated, struct souk_error *err);
static int check_file_system(const struct souk_store *store, bool simulated, struct souk_error *err);
static int lock_directory(const struct souk_store *store, struct souk_error *err);
static int make_data_file(const struct souk_store *store, bool simulated, struct souk_error *err);
static int write_format(MDB_env *env);
static int check_data_file(const struct souk_store *store, struct souk_error *err);
static int reserve_readers_file(const struct souk_store *store, struct souk_error *err);
static int open_env(struct souk_store *store, const struct souk_store_config *config, uint64_t bytes_max,
    struct souk_error *err);
static int load_tables(struct souk_store *store, struct souk_error *err);
static int find_tables(struct souk_store *store, struct rescue *scene, struct souk_error *err);
static int open_slots(struct souk_store *store, MDB_txn *txn, MDB_cursor *cursor);
static void rescued(MDB_env *env, const char *text);
static int sync_directories(int dir_fd);
static int pages_free(MDB_txn *txn, uint64_t *pages_out);
static int copy_into(struct souk_store *store, const char *path, int dir_fd, struct souk_error *err);
static int code_of(int rc);
static int fail_open(struct souk_error *err, const struct souk_store *store, const char *what, int rc);

/* ---- the store ------------------------------------------------------ */

int
souk_store_open(const struct souk_store_config *config, struct souk_store **store_out, struct souk_error *err)
{
    struct souk_store *store;
    uint64_t bytes_max = config->bytes_max == 0 ? BYTES_DEFAULT : config->bytes_max;
    int rc;

    assert(config->path != NULL);

    if (config->path[0] == '\0' || bytes_max < SOUK_STORE_BYTES_MIN || config->readers_max > SOUK_STORE_READERS_MAX
        || config->tables_max > SOUK_STORE_TABLES_MAX)
        return souk_fail(err, SOUK_EINVAL,
            "store %s: it needs a path, at least %d bytes, at most %d readers and at most %d tables", config->path,
            SOUK_STORE_BYTES_MIN, SOUK_STORE_READERS_MAX, SOUK_STORE_TABLES_MAX);
    if ((store = calloc(1, sizeof *store)) == NULL || (store->path = strdup(config->path)) == NULL) {
        free(store);
        return souk_fail(err, SOUK_ENOMEM, "store %s: no memory for its handle", config->path);
    }
    store->dir_fd = -1;
    store->readers_max = config->readers_max == 0 ? READERS_DEFAULT : config->readers_max;
    store->tables_max = config->tables_max == 0 ? SOUK_STORE_TABLES_MAX : config->tables_max;
    store->fault = config->fault;
    store->fault_arg = config->fault_arg;
    pthread_mutex_init(&store->lock, NULL);

    if ((rc = open_directory(store, config->simulated, err)) != 0)
        goto fail;
    if ((rc = lock_directory(store, err)) != 0)
        goto fail;
    if (faccessat(store->dir_fd, SOUK_STORE_DATA_FILE, F_OK, 0) != 0
        && (rc = make_data_file(store, config->simulated, err)) != 0)
        goto fail;
    if ((rc = check_data_file(store, err)) != 0)
        goto fail;
    if ((rc = reserve_readers_file(store, err)) != 0)
        goto fail;
    if ((rc = open_env(store, config, bytes_max, err)) != 0)
        goto fail;
    /* At each start, not only the first: whoever made the entries may have died before they were synced. */
    if (!config->simulated && (rc = sync_directories(store->dir_fd)) != 0) {
        rc = fail_open(err, store, "its directory cannot be synced", rc);
        goto fail;
    }
    if ((rc = load_tables(store, err)) != 0)
        goto fail;
    *store_out = store;
    return 0;

fail:
    souk_store_close(&store);
    return rc;
}

void
souk_store_close(struct souk_store **store_p)
{
    struct souk_store *store = *store_p;
    struct souk_txn *txn;

    *store_p = NULL;
    if (store == NULL)
        return;
    assert(store->reads_open == 0);
    assert(!store->writing);
    while ((txn = store->idle) != NULL) {
        store->idle = txn->next_idle;
        mdb_txn_abort(txn->mdb);
        free(txn);
    }
    free(store->writer);
    mdb_env_close(store->env);
    if (store->dir_fd >= 0)
        (void)close(store->dir_fd);     /* the lock goes with it, last of all */
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

int
souk_store_grow(struct souk_store *store, uint64_t bytes_max, struct souk_error *err)
{
    MDB_envinfo info;
    void *trial;
    int rc;

    if (store->dead)
        return souk_fail(err, SOUK_EIO, "%s", store->failure);
    bytes_max -= bytes_max % BOUND_STEP_BYTES;
    pthread_mutex_lock(&store->lock);
    if (store->reads_open > 0 || store->writing) {
        rc = souk_fail(err, SOUK_EBUSY, "store %s: a transaction is open, growing has to wait", store->path);
        goto done;
    }
    (void)mdb_env_info(store->env, &info);
    if (bytes_max < info.me_mapsize) {
        rc = souk_fail(err, SOUK_EINVAL, "store %s: its bound is %zu bytes already", store->path, info.me_mapsize);
        goto done;
    }
    /* LMDB unmaps the old before it maps the new, and is lost when the new does not fit. */
    trial = mmap(NULL, bytes_max, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (trial == MAP_FAILED) {
        rc = souk_fail(err, SOUK_ENOMEM, "store %s: no address space for %llu bytes", store->path,
            (unsigned long long)bytes_max);
        goto done;
    }
    (void)munmap(trial, bytes_max);
    if ((rc = mdb_env_set_mapsize(store->env, bytes_max)) != 0) {
        pthread_mutex_unlock(&store->lock);
        (void)souk_store_fault(store, "growing", EIO);
        return souk_fail(err, SOUK_EIO, "%s", store->failure);
    }

done:
    pthread_mutex_unlock(&store->lock);
    return rc;
}

int
souk_store_room(struct souk_store *store, struct souk_store_room *room_out)
{
    struct statvfs disk;
    MDB_txn *txn = NULL;
    MDB_envinfo info;
    MDB_stat pages;
    uint64_t free_pages = 0;
    int rc;

    if (store->dead)
        return -SOUK_EIO;
    /* Slots of outside readers that died: each would keep freed pages from being used again. */
    (void)mdb_reader_check(store->env, NULL);
    if ((rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn)) == 0) {
        rc = pages_free(txn, &free_pages);
        mdb_txn_abort(txn);
    }
    if (rc != 0)
        return souk_store_fault(store, "counting pages", rc);
    if (fstatvfs(store->dir_fd, &disk) != 0)
        return souk_store_fault(store, "asking the disk for room", errno);
    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &pages);
    *room_out = (struct souk_store_room){
        .bytes_max = info.me_mapsize,
        .bytes_used = (info.me_last_pgno + 1 - free_pages) * pages.ms_psize,
        .disk_bytes_free = (uint64_t)disk.f_bavail * disk.f_frsize,
    };
    return 0;
}

enum souk_store_place
souk_store_place(const struct souk_store *store)
{
    char path[PATH_MAX];
    struct stat open_file, file;
    mdb_filehandle_t fd;

    if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &open_file) != 0
        || (size_t)snprintf(path, sizeof path, "%s/" SOUK_STORE_DATA_FILE, store->path) >= sizeof path)
        return SOUK_STORE_THERE;
    if (stat(path, &file) != 0)
        return errno == ENOENT || errno == ENOTDIR ? SOUK_STORE_GONE : SOUK_STORE_THERE;
    return file.st_dev == open_file.st_dev && file.st_ino == open_file.st_ino ? SOUK_STORE_THERE
        : SOUK_STORE_REPLACED;
}

const char *
souk_store_failure(const struct souk_store *store)
{
    return store->dead ? store->failure : NULL;
}

int
souk_store_copy(struct souk_store *store, const char *path, struct souk_error *err)
{
    int dir_fd, rc;

    if (store->dead)
        return souk_fail(err, SOUK_EIO, "%s", store->failure);
    if (mkdir(path, 0700) != 0)
        return souk_fail(err, errno == EEXIST ? SOUK_EINVAL : (enum souk_error_code)-code_of(errno),
            "copy %s: %s", path, strerror(errno));
    if ((dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        rc = souk_fail(err, (enum souk_error_code)-code_of(errno), "copy %s: %s", path, strerror(errno));
        (void)rmdir(path);
        return rc;
    }
    if ((rc = copy_into(store, path, dir_fd, err)) != 0) {
        (void)unlinkat(dir_fd, NEW_FILE, 0);
        (void)unlinkat(dir_fd, SOUK_STORE_DATA_FILE, 0);
        (void)rmdir(path);
    }
    (void)close(dir_fd);
    return rc;
}

/* ---- opening -------------------------------------------------------- */

static int
open_directory(struct souk_store *store, bool simulated, struct souk_error *err)
{
    if (mkdir(store->path, 0700) != 0 && errno != EEXIST)
        return fail_open(err, store, "its directory cannot be made", errno);
    if ((store->dir_fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return fail_open(err, store, "its directory cannot be opened", errno);
    return check_file_system(store, simulated, err);
}

static int
check_file_system(const struct souk_store *store, bool simulated, struct souk_error *err)
{
    struct statfs disk;

    if (fstatfs(store->dir_fd, &disk) != 0)
        return fail_open(err, store, "its file system does not answer", errno);
    if (simulated && (uint32_t)disk.f_type != TMPFS_MAGIC)
        return souk_fail(err, SOUK_EINVAL, "store %s: a simulated store has to be on tmpfs", store->path);
    if (souk_store_fits_disk((uint32_t)disk.f_type))
        return 0;
    return souk_fail(err, SOUK_EUNSUPPORTED,
        "store %s: on a network or user-space file system (type %#lx), where a memory map is not to be trusted; "
        "use a local disk", store->path, (unsigned long)disk.f_type);
}

bool
souk_store_fits_disk(uint32_t type)
{
    switch (type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case MAGIC_CIFS:
    case MAGIC_LUSTRE:
    case MAGIC_GFS2:
    case AFS_FS_MAGIC:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case NCP_SUPER_MAGIC:
    case OCFS2_SUPER_MAGIC:
    case V9FS_MAGIC:
    case FUSE_SUPER_MAGIC:      /* behind it is anything, a network too */
        return false;
    default:
        return true;
    }
}

/*
 * The lock is on the directory itself, where nobody can remove it by tidying
 * up; the file `lock` only tells who has it. flock(2) belongs to the open file,
 * so it also refuses a second opening in this process.
 */
static int
lock_directory(const struct souk_store *store, struct souk_error *err)
{
    char pid[32] = "";
    ssize_t n = 0;
    int fd;

    if (flock(store->dir_fd, LOCK_EX | LOCK_NB) == 0) {
        if ((fd = openat(store->dir_fd, LOCK_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
            return fail_open(err, store, "its lock file cannot be written", errno);
        n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        n = write(fd, pid, (size_t)n);  /* without room for it the lock holds all the same */
        (void)close(fd);
        return 0;
    }
    if (errno != EWOULDBLOCK)
        return fail_open(err, store, "its directory cannot be locked", errno);
    if ((fd = openat(store->dir_fd, LOCK_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) >= 0) {
        n = read(fd, pid, sizeof pid - 1);
        (void)close(fd);
    }
    pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    if (strtol(pid, NULL, 10) == (long)getpid())
        return souk_fail(err, SOUK_EBUSY, "store %s: this process (pid %s) has it open already", store->path, pid);
    return souk_fail(err, SOUK_EBUSY, "store %s: held by process %s; stop that one first", store->path,
        pid[0] == '\0' ? "(not named yet)" : pid);
}

/*
 * A data file under its right name is always a whole one: it is made under
 * another name, filled, synced, and only then renamed. So a crash while a store
 * is made leaves either no store or a complete empty one.
 */
static int
make_data_file(const struct souk_store *store, bool simulated, struct souk_error *err)
{
    MDB_env *env = NULL;
    char *path = NULL;
    int rc;

    if (unlinkat(store->dir_fd, NEW_FILE, 0) != 0 && errno != ENOENT)
        return fail_open(err, store, "what was left of making it cannot be removed", errno);
    if (asprintf(&path, "%s/%s", store->path, NEW_FILE) < 0)
        return fail_open(err, store, "making it", ENOMEM);
    if ((rc = mdb_env_create(&env)) != 0)
        goto done;
    if ((rc = mdb_env_set_mapsize(env, SOUK_STORE_BYTES_MIN)) != 0)
        goto done;
    if ((rc = mdb_env_set_maxdbs(env, 1)) != 0)
        goto done;
    /* MDB_NOLOCK: nobody can see this file, the directory is locked. */
    if ((rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | (simulated ? MDB_NOSYNC : 0), 0600)) != 0)
        goto done;
    if ((rc = write_format(env)) != 0)
        goto done;
    if (!simulated && (rc = mdb_env_sync(env, 1)) != 0)
        goto done;
    mdb_env_close(env);
    env = NULL;
    if (renameat(store->dir_fd, NEW_FILE, store->dir_fd, SOUK_STORE_DATA_FILE) != 0)
        rc = errno;

done:
    mdb_env_close(env);
    free(path);
    return rc == 0 ? 0 : fail_open(err, store, "making it", rc);
}

static int
write_format(MDB_env *env)
{
    MDB_val key = souk_store_val(souk_slice_of(FORMAT_KEY)), value = souk_store_val(souk_slice_of(FORMAT));
    MDB_txn *txn;
    MDB_dbi catalog;
    int rc;

    if ((rc = mdb_txn_begin(env, NULL, 0, &txn)) != 0)
        return rc;
    if ((rc = mdb_dbi_open(txn, CATALOG, MDB_CREATE, &catalog)) != 0
        || (rc = mdb_put(txn, catalog, &key, &value, 0)) != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static int
check_data_file(const struct souk_store *store, struct souk_error *err)
{
    char path[PATH_MAX];
    int fd, rc;

    (void)snprintf(path, sizeof path, "%s/%s", store->path, SOUK_STORE_DATA_FILE);
    if ((fd = openat(store->dir_fd, SOUK_STORE_DATA_FILE, O_RDONLY | O_CLOEXEC)) < 0)
        return fail_open(err, store, "its data file cannot be opened", errno);
    rc = souk_store_file_check(fd, path, err);
    (void)close(fd);
    return rc;
}

/*
 * LMDB makes its table of readers a sparse file and writes it through a map:
 * on a full disk that is SIGBUS. With the blocks there beforehand it can't be.
 */
static int
reserve_readers_file(const struct souk_store *store, struct souk_error *err)
{
    off_t size_bytes = READERS_FILE_HEAD_BYTES
        + READERS_FILE_SLOT_BYTES * (off_t)(store->readers_max + READERS_OWN);
    int fd, rc;

    if ((fd = openat(store->dir_fd, READERS_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        return fail_open(err, store, "its table of readers cannot be opened", errno);
    rc = posix_fallocate(fd, 0, size_bytes);
    (void)close(fd);
    return rc == 0 ? 0 : fail_open(err, store, "its table of readers", rc);
}

static int
open_env(struct souk_store *store, const struct souk_store_config *config, uint64_t bytes_max, struct souk_error *err)
{
    const unsigned wanted = MDB_NOTLS | (config->simulated ? MDB_NOSYNC | MDB_NOMETASYNC : 0)
        | (config->simulated && config->written_by_map ? MDB_WRITEMAP : 0);
    const unsigned unsafe = MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP | MDB_MAPASYNC | MDB_NOLOCK | MDB_FIXEDMAP;
    unsigned flags;
    int fd, rc;

    if ((rc = mdb_env_create(&store->env)) != 0)
        goto fail;
    if ((rc = mdb_env_set_mapsize(store->env, bytes_max - bytes_max % BOUND_STEP_BYTES)) != 0)
        goto fail;
    if ((rc = mdb_env_set_maxreaders(store->env, store->readers_max + READERS_OWN)) != 0)
        goto fail;
    if ((rc = mdb_env_set_maxdbs(store->env, store->tables_max + 1)) != 0)
        goto fail;
    if ((rc = mdb_env_open(store->env, store->path, wanted, 0600)) != 0)
        goto fail;
    if ((rc = mdb_env_get_flags(store->env, &flags)) != 0)
        goto fail;
    assert((flags & unsafe) == (wanted & unsafe));
    if ((rc = mdb_env_get_fd(store->env, &fd)) != 0)
        goto fail;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        rc = errno;
        goto fail;
    }
    if ((rc = mdb_reader_check(store->env, NULL)) != 0)
        goto fail;
    return 0;

fail:
    return fail_open(err, store, "LMDB cannot open it", rc);
}

/*
 * Open every LMDB table there is, so that no read transaction ever has to, and
 * check the format. A damaged file may fail an assertion of LMDB's on the way,
 * which would abort the process: it is left by a jump instead. Reading holds no
 * lock and changes nothing, so what is open can be closed after it.
 */
static int
load_tables(struct souk_store *store, struct souk_error *err)
{
    struct rescue scene = { .txn = NULL };
    int rc;

    (void)mdb_env_set_userctx(store->env, &scene);
    (void)mdb_env_set_assert(store->env, rescued);
    if (setjmp(scene.jump) == 0)
        rc = find_tables(store, &scene, err);
    else
        rc = souk_fail(err, SOUK_EDAMAGED, "store %s: damaged (%s); restore a backup or rebuild", store->path, scene.text);
    if (scene.cursor != NULL)
        mdb_cursor_close(scene.cursor);
    mdb_txn_abort(scene.txn);
    (void)mdb_env_set_assert(store->env, NULL);
    (void)mdb_env_set_userctx(store->env, NULL);
    return rc;
}

static int
find_tables(struct souk_store *store, struct rescue *scene, struct souk_error *err)
{
    MDB_val key = souk_store_val(souk_slice_of(FORMAT_KEY)), format;
    MDB_txn *txn;
    MDB_dbi names;
    int rc;

    if ((rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &scene->txn)) != 0)
        goto fail;
    if ((rc = mdb_dbi_open(scene->txn, NULL, 0, &names)) != 0)
        goto fail;
    if ((rc = mdb_dbi_open(scene->txn, CATALOG, 0, &store->catalog)) == 0)
        rc = mdb_get(scene->txn, store->catalog, &key, &format);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
        return souk_fail(err, SOUK_EUNSUPPORTED, "store %s: holds an LMDB file that is not a souk store", store->path);
    if (rc != 0)
        goto fail;
    if (format.mv_size != sizeof FORMAT - 1 || memcmp(format.mv_data, FORMAT, format.mv_size) != 0)
        return souk_fail(err, SOUK_EUNSUPPORTED, "store %s: its format is %.*s, this program reads " FORMAT, store->path,
            format.mv_size > 16 ? 16 : (int)format.mv_size, (const char *)format.mv_data);
    if ((rc = mdb_cursor_open(scene->txn, names, &scene->cursor)) != 0)
        goto fail;
    if ((rc = open_slots(store, scene->txn, scene->cursor)) != 0)
        goto fail;
    mdb_cursor_close(scene->cursor);
    scene->cursor = NULL;
    txn = scene->txn;
    scene->txn = NULL;
    rc = mdb_txn_commit(txn);   /* a read transaction: it keeps the handles */
    if (rc != 0)
        goto fail;
    return 0;

fail:
    return fail_open(err, store, "its tables cannot be read", rc);
}

static int
open_slots(struct souk_store *store, MDB_txn *txn, MDB_cursor *cursor)
{
    char name[SOUK_STORE_SLOT_NAME_BYTES], *end;
    MDB_val key, value;
    unsigned long slot;
    MDB_dbi dbi;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (key.mv_size >= sizeof name || *(const char *)key.mv_data != 't')
            continue;
        memcpy(name, key.mv_data, key.mv_size);
        name[key.mv_size] = '\0';
        slot = strtoul(name + 1, &end, 10);
        if (*end != '\0' || slot >= SOUK_STORE_TABLES_MAX)
            continue;
        if ((rc = mdb_dbi_open(txn, name, 0, &dbi)) != 0)
            return rc;
        store->dbi_of_slot[slot] = dbi;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
rescued(MDB_env *env, const char *text)
{
    struct rescue *rescue = mdb_env_get_userctx(env);

    (void)snprintf(rescue->text, sizeof rescue->text, "%s", text);
    longjmp(rescue->jump, 1);
}

/* The directory's entries, then the entry of the directory itself. errno or 0. */
static int
sync_directories(int dir_fd)
{
    int parent_fd, rc = 0;

    if (fsync(dir_fd) != 0)
        return errno;
    if ((parent_fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return errno;
    if (fsync(parent_fd) != 0)
        rc = errno;
    (void)close(parent_fd);
    return rc;
}

/* ---- room and copies ------------------------------------------------ */

/* Sum up LMDB's own table 0: per transaction a count and the pages that it freed. */
static int
pages_free(MDB_txn *txn, uint64_t *pages_out)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t count;
    int rc;

    if ((rc = mdb_cursor_open(txn, 0, &cursor)) != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        memcpy(&count, value.mv_data, sizeof count);
        *pages_out += count;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
copy_into(struct souk_store *store, const char *path, int dir_fd, struct souk_error *err)
{
    int fd, rc;

    if ((fd = openat(dir_fd, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0) {
        rc = errno;
        goto fail;
    }
    rc = mdb_env_copyfd2(store->env, fd, 0);
    if (rc == 0 && fsync(fd) != 0)      /* LMDB leaves that to us */
        rc = errno;
    if (close(fd) != 0 && rc == 0)
        rc = errno;
    if (rc == 0 && renameat(dir_fd, NEW_FILE, dir_fd, SOUK_STORE_DATA_FILE) != 0)
        rc = errno;
    if (rc == 0)
        rc = sync_directories(dir_fd);
    if (rc == 0)
        return 0;

fail:
    rc = code_of(rc) == -SOUK_EFULL ? souk_fail(err, SOUK_EFULL, "copy %s: no room", path)
        : souk_fail(err, SOUK_EIO, "copy %s: %s", path, mdb_strerror(rc));
    return rc;
}

/* ---- trouble -------------------------------------------------------- */

int
souk_store_fault(struct souk_store *store, const char *what, int rc)
{
    int code = code_of(rc);

    if (code == 0 || code == -SOUK_EFULL || code == -SOUK_ENOMEM || code == -SOUK_EBUSY)
        return code;
    pthread_mutex_lock(&store->lock);
    if (!store->dead) {
        (void)snprintf(store->failure, sizeof store->failure,
            "store %s: %s failed: %s; what was committed before stands, start again to go on from it", store->path, what,
            mdb_strerror(rc));
        store->dead = true;
    }
    pthread_mutex_unlock(&store->lock);
    return -SOUK_EIO;
}

/* errno or an MDB_* code as an error of souk's. */
static int
code_of(int rc)
{
    switch (rc) {
    case 0:
        return 0;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:                 /* RLIMIT_FSIZE */
        return -SOUK_EFULL;
    case ENOMEM:
        return -SOUK_ENOMEM;
    case MDB_READERS_FULL:
        return -SOUK_EBUSY;
    default:
        return -SOUK_EIO;
    }
}

static int
fail_open(struct souk_error *err, const struct souk_store *store, const char *what, int rc)
{
    int code = code_of(rc);

    if (rc == MDB_INVALID || rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
        code = -SOUK_EDAMAGED;
    if (rc == MDB_VERSION_MISMATCH || rc == MDB_INCOMPATIBLE)
        code = -SOUK_EUNSUPPORTED;
    return souk_fail(err, (enum souk_error_code)-code, "store %s: %s: %s", store->path, what, mdb_strerror(rc));
}

