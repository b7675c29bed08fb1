#define _GNU_SOURCE             /* renameat2 */
#include "souk_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE_TRIES_MAX 100

int
souk_directory_make(const char *path, size_t path_bytes, struct souk_error *err)
{
    char made[SOUK_DIRECTORY_PATH_BYTES_MAX];

    if (path_bytes >= sizeof made)
        return souk_fail(err, SOUK_ETOOBIG, "directory %.64s...: its name is too long", path);
    memcpy(made, path, path_bytes);
    made[path_bytes] = '\0';
    for (char *at = made + 1;; at++) {
        char end = *at;

        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        if (mkdir(made, 0700) != 0 && errno != EEXIST)
            return souk_fail(err, SOUK_EINVAL, "directory %s: it cannot be made: %s", made, strerror(errno));
        if (end == '\0')
            return 0;
        *at = end;
    }
}

int
souk_directory_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return -1;
    rc = fsync(fd);
    (void)close(fd);
    return rc;
}

int
souk_directory_sync_parent(const char *path)
{
    char parent[SOUK_DIRECTORY_PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);

    if ((size_t)snprintf(parent, sizeof parent, "%.*s", length, slash == NULL ? "." : path) >= sizeof parent) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return souk_directory_sync(parent);
}

int
souk_directory_remove(const char *path)
{
    const struct dirent *entry;
    DIR *directory = opendir(path);
    int rc = 0;

    if (directory == NULL)
        return errno == ENOENT ? 0 : -1;
    while ((entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc |= unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
    return rc != 0 ? -1 : rmdir(path);
}

int
souk_directory_aside(const char *path, char *aside_out)
{
    for (int i = 1; i <= ASIDE_TRIES_MAX; i++) {
        if ((size_t)snprintf(aside_out, SOUK_DIRECTORY_PATH_BYTES_MAX, "%s.aside-%d", path, i)
            >= SOUK_DIRECTORY_PATH_BYTES_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (access(aside_out, F_OK) != 0)
            return 0;
    }
    errno = EEXIST;
    return -1;
}

int
souk_directory_set_aside(const char *path, char *aside_out)
{
    return souk_directory_aside(path, aside_out) != 0 || rename(path, aside_out) != 0 ? -1
        : souk_directory_sync_parent(path);
}

/* `with` is `old` first, so that nothing but an exchange is left to be done, and neither of the two is ever without a name. */
int
souk_directory_replace(const char *path, const char *with, const char *old)
{
    if (souk_directory_sync(with) != 0)
        return -1;
    if (access(path, F_OK) != 0)
        return rename(with, path) != 0 ? -1 : souk_directory_sync_parent(path);
    if (rename(with, old) != 0)
        return -1;
    if (renameat2(AT_FDCWD, old, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return souk_directory_sync_parent(path);
    if (errno != EINVAL && errno != ENOSYS) {
        const int why = errno;

        (void)rename(old, with);
        errno = why;
        return -1;
    }
    return rename(old, with) != 0 || rename(path, old) != 0 || rename(with, path) != 0 ? -1
        : souk_directory_sync_parent(path);
}
