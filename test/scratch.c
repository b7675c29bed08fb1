#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "scratch.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY "/dev/shm"
#define PREFIX "souk-scratch-"
#define KEPT_PREFIX "souk-kept-"
#define TRIES_MAX 100                   /* each is lost to another sweep only */
#define OPEN_MAX 16                     /* directories that the walk has open at once */

static bool is_left_behind(int fd);
static void remove_tree(const char *path);
static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at);

void
scratch_sweep(void)
{
    char path[sizeof MEMORY + 1 + NAME_MAX];
    const struct dirent *entry;
    DIR *memory;
    int fd;

    if ((memory = opendir(MEMORY)) == NULL)
        return;
    while ((entry = readdir(memory)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        (void)snprintf(path, sizeof path, MEMORY "/%s", entry->d_name);
        if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
            continue;
        if (is_left_behind(fd))
            remove_tree(path);
        (void)close(fd);
    }
    (void)closedir(memory);
}

int
scratch_make(struct scratch *scratch, const char *name)
{
    struct stat locked, named;
    int size, tries;

    assert(strlen(name) <= SCRATCH_NAME_BYTES_MAX);

    for (tries = 0; tries < TRIES_MAX; tries++) {
        size = snprintf(scratch->path, sizeof scratch->path, MEMORY "/" PREFIX "%s-XXXXXX", name);
        assert(size > 0 && (size_t)size < sizeof scratch->path);
        if (mkdtemp(scratch->path) == NULL)
            return -1;
        /* Not closed on exec: a program that outlives its parent is still at work in there. */
        scratch->lock_fd = open(scratch->path, O_RDONLY | O_DIRECTORY);
        if (scratch->lock_fd < 0 && errno != ENOENT)
            break;
        if (scratch->lock_fd < 0)
            continue;
        /* A sweep may have come first; then this waits for its end, and the directory is gone. */
        if (flock(scratch->lock_fd, LOCK_EX) == 0 && fstat(scratch->lock_fd, &locked) == 0
            && stat(scratch->path, &named) == 0 && named.st_dev == locked.st_dev && named.st_ino == locked.st_ino)
            return 0;
        (void)close(scratch->lock_fd);
    }
    scratch->path[0] = '\0';
    return -1;
}

void
scratch_remove(struct scratch *scratch)
{
    if (scratch->path[0] == '\0')
        return;
    remove_tree(scratch->path);
    (void)close(scratch->lock_fd);
    scratch->path[0] = '\0';
}

int
scratch_keep(struct scratch *scratch)
{
    char kept[SCRATCH_PATH_BYTES_MAX];

    (void)snprintf(kept, sizeof kept, MEMORY "/" KEPT_PREFIX "%s", scratch->path + strlen(MEMORY "/" PREFIX));
    if (rename(scratch->path, kept) != 0)
        return -1;
    (void)close(scratch->lock_fd);
    (void)strcpy(scratch->path, kept);
    return 0;
}

/* Of this user, and nobody holds it. If so, it is locked until `fd` is closed. */
static bool
is_left_behind(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void
remove_tree(const char *path)
{
    (void)nftw(path, remove_entry, OPEN_MAX, FTW_DEPTH | FTW_PHYS);
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}
