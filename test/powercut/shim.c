/*
 * Preloaded into a workload: lets every call through and writes down what it
 * changed below the root directory. Calls come from one thread at a time in
 * practice; a lock keeps the order of the journal that of the calls anyway.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "journal.h"

#define DESCRIPTORS_MAX 1024
#define FILES_MAX 256
#define PATH_BYTES 4096
#define JOURNAL_FD 1000
#define PUBLIC __attribute__((visibility("default")))

/* The process has one journal, so this is where global state is right. */
static struct {
    bool ready;
    char root[PATH_BYTES];
    size_t root_bytes;
    const char *lose;
    long fail_at, calls;
    struct {
        dev_t device;
        ino_t inode;
    } files[FILES_MAX];
    unsigned file_count;
    struct {
        unsigned file;          /* + 1; 0: not ours */
        bool synced;            /* O_DSYNC or O_SYNC */
        bool directory;
        uint64_t told;          /* of a stream: so many of its bytes were written down */
    } descriptors[DESCRIPTORS_MAX];
} shim;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static __attribute__((constructor)) void
start(void)
{
    const char *root = getenv(JOURNAL_ROOT_VARIABLE), *path = getenv(JOURNAL_FILE_VARIABLE);
    const char *fail = getenv(JOURNAL_FAIL_VARIABLE);
    int fd;

    if (root == NULL || path == NULL || realpath(root, shim.root) == NULL)
        return;
    shim.root_bytes = strlen(shim.root);
    shim.lose = getenv(JOURNAL_LOSE_VARIABLE);
    shim.fail_at = fail == NULL ? 0 : atol(fail);
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd < 0 || dup3(fd, JOURNAL_FD, O_CLOEXEC) < 0)
        _exit(99);
    (void)syscall(SYS_close, fd);
    shim.ready = true;
}

static void
record(enum journal_kind kind, unsigned file, uint64_t at, const void *bytes, size_t size_bytes)
{
    struct journal_record head = { (uint32_t)kind, file, at, size_bytes };
    char padding[8] = { 0 };
    struct iovec parts[3] = {
        { &head, sizeof head },
        { (void *)(uintptr_t)bytes, size_bytes },
        { padding, JOURNAL_PADDED(size_bytes) - size_bytes },
    };

    if (syscall(SYS_writev, JOURNAL_FD, parts, 3) != (ssize_t)(sizeof head + JOURNAL_PADDED(size_bytes)))
        _exit(98);
}

PUBLIC void
powercut_mark(const struct journal_mark *mark)
{
    pthread_mutex_lock(&lock);
    if (shim.ready)
        record(JOURNAL_MARK, 0, 0, mark, sizeof *mark);
    pthread_mutex_unlock(&lock);
}

static bool
loses(const char *what)
{
    return shim.lose != NULL && strcmp(shim.lose, what) == 0;
}

/* Is this the call that has to fail? */
static bool
fails(void)
{
    if (!shim.ready || shim.fail_at == 0 || ++shim.calls != shim.fail_at)
        return false;
    errno = EIO;
    return true;
}

/* ---- names ---------------------------------------------------------- */

/* The part of an absolute path below the root; "" is the root itself, NULL is elsewhere. */
static const char *
below_root(const char *path)
{
    if (strncmp(path, shim.root, shim.root_bytes) != 0)
        return NULL;
    path += shim.root_bytes;
    return *path == '/' ? path + 1 : *path == '\0' ? path : NULL;
}

static bool
path_of(int fd, char *path_out)
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if ((n = readlink(link, path_out, PATH_BYTES - 1)) < 0)
        return false;
    path_out[n] = '\0';
    return true;
}

/* An absolute path for a name as the *at() calls take it. */
static bool
resolve(int dir_fd, const char *name, char *path_out)
{
    char directory[PATH_BYTES];

    if (name[0] == '/')
        return snprintf(path_out, PATH_BYTES, "%s", name) < PATH_BYTES;
    if (dir_fd == AT_FDCWD ? getcwd(directory, sizeof directory) == NULL : !path_of(dir_fd, directory))
        return false;
    return snprintf(path_out, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES;
}

static unsigned
number_of(const struct stat *file, bool created)
{
    unsigned n;

    for (n = 0; n < shim.file_count; n++)
        if (shim.files[n].device == file->st_dev && shim.files[n].inode == file->st_ino) {
            if (!created)
                return n;
            shim.files[n].inode = 0;    /* an inode number that is used again */
        }
    if (shim.file_count == FILES_MAX)
        _exit(97);
    shim.files[n].device = file->st_dev;
    shim.files[n].inode = file->st_ino;
    return shim.file_count++;
}

static void
opened(int fd, int flags, bool created)
{
    char path[PATH_BYTES];
    const char *below;
    struct stat file;
    unsigned number;

    if (!shim.ready || fd < 0 || fd >= DESCRIPTORS_MAX)
        return;
    shim.descriptors[fd].file = 0;
    if (!path_of(fd, path) || (below = below_root(path)) == NULL || fstat(fd, &file) != 0)
        return;
    number = number_of(&file, created);
    shim.descriptors[fd].file = number + 1;
    shim.descriptors[fd].synced = (flags & O_DSYNC) != 0;
    shim.descriptors[fd].directory = S_ISDIR(file.st_mode);
    shim.descriptors[fd].told = 0;
    if (created)
        record(JOURNAL_CREATE, number, 0, below, strlen(below) + 1);
    else if ((flags & O_TRUNC) != 0)
        record(JOURNAL_SIZE, number, 0, NULL, 0);
}

static bool
ours(int fd)
{
    return shim.ready && fd >= 0 && fd < DESCRIPTORS_MAX && shim.descriptors[fd].file != 0;
}

/* ---- opening -------------------------------------------------------- */

static int
do_open(int dir_fd, const char *path, int flags, mode_t mode)
{
    struct stat before;
    bool created;
    int fd;

    pthread_mutex_lock(&lock);
    created = (flags & O_CREAT) != 0 && fstatat(dir_fd, path, &before, 0) != 0;
    if ((fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode)) >= 0)
        opened(fd, flags, created);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN_MODE(flags) \
    mode_t mode = 0; \
    va_list args; \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
        va_start(args, flags); \
        mode = va_arg(args, mode_t); \
        va_end(args); \
    }

PUBLIC int open(const char *path, int flags, ...) { OPEN_MODE(flags) return do_open(AT_FDCWD, path, flags, mode); }
PUBLIC int open64(const char *path, int flags, ...) { OPEN_MODE(flags) return do_open(AT_FDCWD, path, flags, mode); }
PUBLIC int openat(int fd, const char *path, int flags, ...) { OPEN_MODE(flags) return do_open(fd, path, flags, mode); }
PUBLIC int openat64(int fd, const char *path, int flags, ...) { OPEN_MODE(flags) return do_open(fd, path, flags, mode); }
PUBLIC int __open_2(const char *path, int flags);
PUBLIC int __open64_2(const char *path, int flags);
PUBLIC int __openat_2(int fd, const char *path, int flags);
PUBLIC int __openat64_2(int fd, const char *path, int flags);
PUBLIC int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
PUBLIC int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
PUBLIC int __openat_2(int fd, const char *path, int flags) { return do_open(fd, path, flags, 0); }
PUBLIC int __openat64_2(int fd, const char *path, int flags) { return do_open(fd, path, flags, 0); }
PUBLIC int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

PUBLIC int
close(int fd)
{
    int rc;

    pthread_mutex_lock(&lock);
    if (ours(fd))
        shim.descriptors[fd].file = 0;
    rc = fd == JOURNAL_FD ? 0 : (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- bytes ---------------------------------------------------------- */

/* After a write that let `done` of the bytes through. */
static void
wrote(int fd, uint64_t at, const struct iovec *parts, int count, ssize_t done)
{
    enum journal_kind kind = shim.descriptors[fd].synced && !loses("meta") ? JOURNAL_WRITE_SYNCED : JOURNAL_WRITE;
    size_t left = done > 0 ? (size_t)done : 0, n;
    char *bytes, *end;
    int i;

    if (left == 0)
        return;
    if ((end = bytes = malloc(left)) == NULL)
        _exit(96);
    for (i = 0; i < count && left > 0; i++, left -= n) {
        n = parts[i].iov_len < left ? parts[i].iov_len : left;
        memcpy(end, parts[i].iov_base, n);
        end += n;
    }
    record(kind, shim.descriptors[fd].file - 1, at, bytes, (size_t)done);
    free(bytes);
}

/* `at` is -1 for a call that writes where the descriptor stands. */
static ssize_t
do_write(int fd, const struct iovec *parts, int count, off_t at)
{
    uint64_t where;
    ssize_t done;

    pthread_mutex_lock(&lock);
    if (!ours(fd)) {
        done = at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0);
    } else if (fails()) {
        done = -1;
    } else {
        where = at < 0 ? (uint64_t)lseek(fd, 0, SEEK_CUR) : (uint64_t)at;
        done = at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0);
        wrote(fd, where, parts, count, done);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t
do_write_one(int fd, const void *bytes, size_t size_bytes, off_t at)
{
    struct iovec part = { (void *)(uintptr_t)bytes, size_bytes };

    return do_write(fd, &part, 1, at);
}

PUBLIC ssize_t write(int fd, const void *bytes, size_t size) { return do_write_one(fd, bytes, size, -1); }
PUBLIC ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return do_write_one(fd, bytes, size, at); }
PUBLIC ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) { return do_write_one(fd, bytes, size, at); }
PUBLIC ssize_t writev(int fd, const struct iovec *parts, int count) { return do_write(fd, parts, count, -1); }
PUBLIC ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return do_write(fd, parts, count, at); }
PUBLIC ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return do_write(fd, parts, count, at); }

static int
do_resize(int fd, off_t size_bytes)
{
    int rc;

    pthread_mutex_lock(&lock);
    if (ours(fd) && fails())
        rc = -1;
    else if ((rc = (int)syscall(SYS_ftruncate, fd, size_bytes)) == 0 && ours(fd))
        record(JOURNAL_SIZE, shim.descriptors[fd].file - 1, (uint64_t)size_bytes, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int ftruncate(int fd, off_t size_bytes) { return do_resize(fd, size_bytes); }
PUBLIC int ftruncate64(int fd, off_t size_bytes) { return do_resize(fd, size_bytes); }

static int
do_allocate(int fd, int mode, off_t at, off_t size_bytes)
{
    struct stat file;
    int rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_fallocate, fd, mode, at, size_bytes);
    if (rc == 0 && ours(fd) && mode == 0 && fstat(fd, &file) == 0)
        record(JOURNAL_SIZE, shim.descriptors[fd].file - 1, (uint64_t)file.st_size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int fallocate(int fd, int mode, off_t at, off_t size_bytes) { return do_allocate(fd, mode, at, size_bytes); }
PUBLIC int fallocate64(int fd, int mode, off_t at, off_t size_bytes) { return do_allocate(fd, mode, at, size_bytes); }
PUBLIC int posix_fallocate(int fd, off_t at, off_t size) { return do_allocate(fd, 0, at, size) == 0 ? 0 : errno; }
PUBLIC int posix_fallocate64(int fd, off_t at, off_t size) { return do_allocate(fd, 0, at, size) == 0 ? 0 : errno; }

/* ---- streams -------------------------------------------------------- */

/* The C library writes them past our calls: what has got into the file is read from there. They only grow. */
static void
catch_up(int fd)
{
    char path[64], bytes[4096];
    ssize_t n;
    int in;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if ((in = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC)) < 0)
        _exit(94);
    while ((n = syscall(SYS_pread64, in, bytes, sizeof bytes, (off_t)shim.descriptors[fd].told)) > 0) {
        record(JOURNAL_WRITE, shim.descriptors[fd].file - 1, shim.descriptors[fd].told, bytes, (size_t)n);
        shim.descriptors[fd].told += (uint64_t)n;
    }
    (void)syscall(SYS_close, in);
}

static FILE *
do_fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
    const bool is_new = mode[0] == 'w';
    struct stat before;
    bool created;
    FILE *file;

    pthread_mutex_lock(&lock);
    created = is_new && stat(path, &before) != 0;
    if ((file = real(path, mode)) != NULL && is_new)
        opened(fileno(file), O_TRUNC, created);
    pthread_mutex_unlock(&lock);
    return file;
}

PUBLIC FILE *fopen(const char *path, const char *mode) { return do_fopen(path, mode); }
PUBLIC FILE *fopen64(const char *path, const char *mode) { return do_fopen(path, mode); }

PUBLIC int
fflush(FILE *file)
{
    int (*real)(FILE *) = dlsym(RTLD_NEXT, "fflush"), rc;

    pthread_mutex_lock(&lock);
    if (file == NULL || !ours(fileno(file))) {
        rc = real(file);
    } else if (fails()) {
        rc = EOF;
    } else {
        rc = real(file);
        catch_up(fileno(file));
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int
fclose(FILE *file)
{
    int (*real)(FILE *) = dlsym(RTLD_NEXT, "fclose"), (*flush)(FILE *) = dlsym(RTLD_NEXT, "fflush"), rc;

    pthread_mutex_lock(&lock);
    if (ours(fileno(file))) {
        (void)flush(file);
        catch_up(fileno(file));
        shim.descriptors[fileno(file)].file = 0;
    }
    rc = real(file);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- flushes -------------------------------------------------------- */

static int
do_flush(int fd, long call)
{
    char path[PATH_BYTES];
    const char *below;
    int rc;

    pthread_mutex_lock(&lock);
    if (ours(fd) && fails()) {
        rc = -1;
    } else if ((rc = (int)syscall(call, fd)) == 0 && ours(fd)) {
        if (!shim.descriptors[fd].directory) {
            if (!loses("data"))
                record(JOURNAL_FLUSH, shim.descriptors[fd].file - 1, 0, NULL, 0);
        } else if (!loses("directory") && path_of(fd, path) && (below = below_root(path)) != NULL) {
            record(JOURNAL_SYNC_DIRECTORY, 0, 0, below, strlen(below) + 1);
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int fsync(int fd) { return do_flush(fd, SYS_fsync); }
PUBLIC int fdatasync(int fd) { return do_flush(fd, SYS_fdatasync); }

/* The files are never written through a map but for LMDB's table of readers, which nobody reads after a crash. */
PUBLIC int
msync(void *base, size_t size_bytes, int flags)
{
    return (int)syscall(SYS_msync, base, size_bytes, flags);
}

/* ---- directories ---------------------------------------------------- */

static int
do_mkdir(int dir_fd, const char *name, mode_t mode)
{
    char path[PATH_BYTES];
    const char *below;
    int rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_mkdirat, dir_fd, name, mode);
    if (rc == 0 && shim.ready && resolve(dir_fd, name, path) && (below = below_root(path)) != NULL)
        record(JOURNAL_MKDIR, 0, 0, below, strlen(below) + 1);
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int mkdir(const char *path, mode_t mode) { return do_mkdir(AT_FDCWD, path, mode); }
PUBLIC int mkdirat(int fd, const char *path, mode_t mode) { return do_mkdir(fd, path, mode); }

static int
do_unlink(int dir_fd, const char *name, int flags)
{
    char path[PATH_BYTES];
    const char *below;
    int rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_unlinkat, dir_fd, name, flags);
    if (rc == 0 && shim.ready && resolve(dir_fd, name, path) && (below = below_root(path)) != NULL)
        record(JOURNAL_UNLINK, 0, 0, below, strlen(below) + 1);
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int unlink(const char *path) { return do_unlink(AT_FDCWD, path, 0); }
PUBLIC int unlinkat(int fd, const char *path, int flags) { return do_unlink(fd, path, flags); }
PUBLIC int rmdir(const char *path) { return do_unlink(AT_FDCWD, path, AT_REMOVEDIR); }

static int
do_rename(int old_fd, const char *old_name, int new_fd, const char *new_name, unsigned flags)
{
    char old_path[PATH_BYTES], new_path[PATH_BYTES], both[2 * PATH_BYTES];
    const char *old_below, *new_below;
    struct stat file;
    int rc, n;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_renameat2, old_fd, old_name, new_fd, new_name, flags);
    if (rc == 0 && shim.ready && resolve(old_fd, old_name, old_path) && resolve(new_fd, new_name, new_path)
        && (old_below = below_root(old_path)) != NULL && (new_below = below_root(new_path)) != NULL
        && stat(new_path, &file) == 0) {
        n = snprintf(both, sizeof both, "%s%c%s", old_below, '\0', new_below);
        record(JOURNAL_RENAME, number_of(&file, false), (flags & RENAME_EXCHANGE) != 0, both, (size_t)n + 1);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

PUBLIC int rename(const char *old, const char *new) { return do_rename(AT_FDCWD, old, AT_FDCWD, new, 0); }
PUBLIC int renameat(int ofd, const char *old, int nfd, const char *new) { return do_rename(ofd, old, nfd, new, 0); }
PUBLIC int
renameat2(int ofd, const char *old, int nfd, const char *new, unsigned flags)
{
    return do_rename(ofd, old, nfd, new, flags);
}

/* Nobody here makes hard links to data; if that changes, the model of the disk has to learn them. */
PUBLIC int
linkat(int ofd, const char *old, int nfd, const char *new, int flags)
{
    char path[PATH_BYTES];

    if (shim.ready && resolve(nfd, new, path) && below_root(path) != NULL)
        _exit(95);
    return (int)syscall(SYS_linkat, ofd, old, nfd, new, flags);
}

PUBLIC int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }
