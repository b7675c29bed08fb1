#include "souk_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "souk_store_parts.h"

#define MAP_LINE_BYTES_MAX 8192

/* LMDB tells nobody where its map lies; the kernel does. */
void
souk_store_let_go(struct souk_store *store)
{
    char line[MAP_LINE_BYTES_MAX], shared;
    unsigned long long inode;
    struct stat data;
    uintptr_t from, to;
    FILE *maps;
    int fd;

    if (store->dead || mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &data) != 0
        || (maps = fopen("/proc/self/maps", "re")) == NULL)
        return;
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*3c%c %*s %*s %llu", &from, &to, &shared, &inode) == 4
            && shared == 's' && inode == data.st_ino)
            (void)madvise((void *)from, to - from, MADV_DONTNEED);      /* shared: nothing is lost but the way there */
    (void)fclose(maps);
}
