#include "souk_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "souk_directory.h"

#define PATH_BYTES_MAX (SOUK_DIRECTORY_PATH_BYTES_MAX + 32)

int
souk_beside_put(const char *directory, const char *file, struct souk_slice bytes)
{
    char path[PATH_BYTES_MAX], part[PATH_BYTES_MAX + 8];
    int fd, rc;

    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    (void)snprintf(part, sizeof part, "%s.part", path);
    if ((fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        return -1;
    rc = bytes.size_bytes == 0 || write(fd, bytes.base, bytes.size_bytes) == (ssize_t)bytes.size_bytes ? fsync(fd) : -1;
    (void)close(fd);
    return rc != 0 || rename(part, path) != 0 ? -1 : souk_directory_sync(directory);
}

int
souk_beside_get(const char *directory, const char *file, struct souk_arena *arena, struct souk_slice *bytes_out)
{
    char path[PATH_BYTES_MAX];
    uint8_t *bytes;
    ssize_t n;
    int fd, rc = 0;

    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
        return errno == ENOENT || errno == ENOTDIR ? -SOUK_ENOTFOUND : -SOUK_EIO;
    if ((bytes = malloc(SOUK_BESIDE_BYTES_MAX + 1)) == NULL) {
        (void)close(fd);
        return -SOUK_ENOMEM;
    }
    if ((n = read(fd, bytes, SOUK_BESIDE_BYTES_MAX + 1)) < 0)
        rc = -SOUK_EIO;
    else if (n > SOUK_BESIDE_BYTES_MAX)
        rc = -SOUK_ETOOBIG;
    else if ((*bytes_out = souk_arena_copy(arena, (struct souk_slice){ bytes, (size_t)n })).base == NULL && n != 0)
        rc = -SOUK_ENOMEM;
    free(bytes);
    (void)close(fd);
    return rc;
}

bool
souk_beside_has(const char *directory, const char *file)
{
    char path[PATH_BYTES_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    return access(path, F_OK) == 0;
}

void
souk_beside_remove(const char *directory, const char *file)
{
    char path[PATH_BYTES_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    (void)unlink(path);
}

bool
souk_beside_is_held(const char *directory)
{
    bool is_held;
    int fd;

    if ((fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return false;
    is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return is_held;
}
