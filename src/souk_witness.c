#define _GNU_SOURCE              /* statx */
#include "souk_witness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DATA_FILE "data.mdb"
#define MAGIC "soukwit1"
#define HASH_BYTES 32

/* What the file begins with; the record follows. It never leaves this host: its byte order is the host's. */
struct head {
    uint8_t hash[HASH_BYTES];   /* BLAKE2b of all that follows, the record too */
    char magic[8];
    struct file_name {
        uint64_t device, inode;
        uint64_t born_ns;       /* inode numbers are used again; 0 where the file system keeps none */
    } store, data;              /* the data directory, the data file in it */
    uint64_t record_bytes;
};

struct souk_witness {
    int fd;
    char *path;
    struct head own;            /* magic and identity, filled in once */
    uint8_t *buffer;            /* head and record, as they are in the file */
};

static int identify(const char *store_path, struct head *head_out, struct souk_error *err);
static int name_file(int dir_fd, const char *name, struct file_name *name_out);
static int open_file(struct souk_witness *witness, struct souk_error *err);
static int open_parent(const char *path, const char **name_out);
static void hash_of(const uint8_t *buffer, size_t record_bytes, uint8_t *hash_out);

int
souk_witness_open(const char *path, const char *store_path, struct souk_witness **witness_out, struct souk_error *err)
{
    struct souk_witness *witness;
    int rc;

    if ((witness = calloc(1, sizeof *witness)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "witness %s: no memory for its handle", path);
    witness->fd = -1;
    witness->path = strdup(path);
    witness->buffer = malloc(sizeof witness->own + SOUK_WITNESS_BYTES_MAX);
    if (witness->path == NULL || witness->buffer == NULL) {
        rc = souk_fail(err, SOUK_ENOMEM, "witness %s: no memory for its handle", path);
        goto fail;
    }
    if ((rc = identify(store_path, &witness->own, err)) != 0)
        goto fail;
    if ((rc = open_file(witness, err)) != 0)
        goto fail;
    *witness_out = witness;
    return 0;

fail:
    souk_witness_close(&witness);
    return rc;
}

int
souk_witness_read(struct souk_witness *witness, struct souk_arena *arena, struct souk_slice *record_out)
{
    const struct head *own = &witness->own;
    uint8_t hash[HASH_BYTES];
    struct souk_slice record;
    struct head head;
    ssize_t n;

    do
        n = pread(witness->fd, witness->buffer, sizeof head + SOUK_WITNESS_BYTES_MAX, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -SOUK_EIO;
    if ((size_t)n < sizeof head)
        return -SOUK_ENOTFOUND;
    memcpy(&head, witness->buffer, sizeof head);
    if (memcmp(head.magic, own->magic, sizeof head.magic) != 0 || head.record_bytes > (size_t)n - sizeof head)
        return -SOUK_ENOTFOUND;
    hash_of(witness->buffer, head.record_bytes, hash);
    if (memcmp(head.hash, hash, sizeof hash) != 0)
        return -SOUK_ENOTFOUND;
    if (memcmp(&head.store, &own->store, sizeof head.store) != 0
        || memcmp(&head.data, &own->data, sizeof head.data) != 0)
        return -SOUK_ENOTFOUND;
    record = souk_arena_copy(arena, (struct souk_slice){ witness->buffer + sizeof head, head.record_bytes });
    if (record.base == NULL)
        return -SOUK_ENOMEM;
    *record_out = record;
    return 0;
}

int
souk_witness_write(struct souk_witness *witness, struct souk_slice record)
{
    struct head head = witness->own;
    size_t size_bytes = sizeof head + record.size_bytes;
    ssize_t n;

    if (record.size_bytes > SOUK_WITNESS_BYTES_MAX)
        return -SOUK_ETOOBIG;
    head.record_bytes = record.size_bytes;
    memcpy(witness->buffer, &head, sizeof head);
    if (record.size_bytes > 0)
        memcpy(witness->buffer + sizeof head, record.base, record.size_bytes);
    hash_of(witness->buffer, record.size_bytes, witness->buffer);
    do
        n = pwrite(witness->fd, witness->buffer, size_bytes, 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size_bytes ? 0 : -SOUK_EIO;
}

int
souk_witness_remove(struct souk_witness **witness_p)
{
    int rc = unlink((*witness_p)->path);

    souk_witness_close(witness_p);
    return rc == 0 ? 0 : -SOUK_EIO;
}

void
souk_witness_close(struct souk_witness **witness_p)
{
    struct souk_witness *witness = *witness_p;

    *witness_p = NULL;
    if (witness == NULL)
        return;
    if (witness->fd >= 0)
        (void)close(witness->fd);
    free(witness->buffer);
    free(witness->path);
    free(witness);
}

static int
identify(const char *store_path, struct head *head_out, struct souk_error *err)
{
    struct head head = { .magic = MAGIC };
    int dir_fd, rc = 0;

    if ((dir_fd = open(store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO, "witness of store %s: %s", store_path,
            strerror(errno));
    if (name_file(dir_fd, "", &head.store) != 0 || name_file(dir_fd, DATA_FILE, &head.data) != 0)
        rc = souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO,
            "witness of store %s: %s: %s; open the store first", store_path, DATA_FILE, strerror(errno));
    (void)close(dir_fd);
    if (rc == 0)
        *head_out = head;
    return rc;
}

static int
name_file(int dir_fd, const char *name, struct file_name *name_out)
{
    struct statx file;

    if (statx(dir_fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &file) != 0)
        return -1;
    *name_out = (struct file_name){
        .device = (uint64_t)file.stx_dev_major << 32 | file.stx_dev_minor,
        .inode = file.stx_ino,
    };
    if ((file.stx_mask & STATX_BTIME) != 0)
        name_out->born_ns = (uint64_t)file.stx_btime.tv_sec * 1000000000u + file.stx_btime.tv_nsec;
    return 0;
}

/*
 * The directory is asked first, so that a refusal leaves no file behind. All
 * its room is taken beforehand, so that no later write finds the memory of the
 * host used up.
 */
static int
open_file(struct souk_witness *witness, struct souk_error *err)
{
    struct statfs system;
    const char *name;
    int dir_fd, rc = 0;

    if ((dir_fd = open_parent(witness->path, &name)) < 0 || fstatfs(dir_fd, &system) != 0)
        rc = souk_fail(err, SOUK_EIO, "witness %s: %s", witness->path, strerror(errno));
    else if ((uint32_t)system.f_type != TMPFS_MAGIC && (uint32_t)system.f_type != RAMFS_MAGIC)
        rc = souk_fail(err, SOUK_EUNSUPPORTED,
            "witness %s: not in memory-backed storage (tmpfs); on a disk it would survive a host restart and prove nothing",
            witness->path);
    else if ((witness->fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        rc = souk_fail(err, errno == ENOSPC ? SOUK_EFULL : SOUK_EIO, "witness %s: %s", witness->path, strerror(errno));
    if (dir_fd >= 0)
        (void)close(dir_fd);
    if (rc != 0)
        return rc;
    rc = posix_fallocate(witness->fd, 0, (off_t)(sizeof witness->own + SOUK_WITNESS_BYTES_MAX));
    if (rc != 0 && rc != EOPNOTSUPP)    /* ramfs */
        return souk_fail(err, rc == ENOSPC ? SOUK_EFULL : SOUK_EIO, "witness %s: %s", witness->path, strerror(rc));
    return 0;
}

static int
open_parent(const char *path, const char **name_out)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int fd;

    *name_out = slash == NULL ? path : slash + 1;
    if (slash == NULL)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if ((parent = strndup(path, (size_t)(slash - path) + 1)) == NULL)
        return -1;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    return fd;
}

static void
hash_of(const uint8_t *buffer, size_t record_bytes, uint8_t *hash_out)
{
    (void)crypto_generichash(hash_out, HASH_BYTES, buffer + HASH_BYTES, sizeof(struct head) - HASH_BYTES + record_bytes,
        NULL, 0);
}
