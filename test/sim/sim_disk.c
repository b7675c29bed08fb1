#ifdef HAVE_CONFIG_H
#include <config.h>             /* copy_file_range() is a GNU extension */
#endif

#include "sim_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_FILE "data.mdb"

static int copy_file(const char *from, const char *to);

void
sim_disk_init(struct sim_disk *disk, const char *root, uint32_t id)
{
    *disk = (struct sim_disk){ .id = id };
    snprintf(disk->path, sizeof disk->path, "%s/d%u", root, id);
}

void
sim_disk_remove(struct sim_disk *disk)
{
    sim_remove_tree(disk->path);
    sim_disk_forget_witness(disk);
    free(disk->witness);
    disk->witness = NULL;
    disk->witness_room_bytes = 0;
}

void
sim_disk_set_witness(struct sim_disk *disk, const void *bytes, size_t size_bytes)
{
    if (size_bytes > disk->witness_room_bytes) {
        free(disk->witness);
        if ((disk->witness = malloc(size_bytes)) == NULL) {
            fprintf(stderr, "souk-sim: no memory for a witness\n");
            abort();
        }
        disk->witness_room_bytes = size_bytes;
    }
    memcpy(disk->witness, bytes, size_bytes);
    disk->witness_bytes = size_bytes;
}

void
sim_disk_forget_witness(struct sim_disk *disk)
{
    disk->witness_bytes = 0;
}

bool
sim_disk_has_store(const struct sim_disk *disk)
{
    char path[SIM_PATH_BYTES_MAX + 16];

    snprintf(path, sizeof path, "%s/" DATA_FILE, disk->path);
    return access(path, F_OK) == 0;
}

int
sim_copy_take(struct sim_copy *copy, const char *root, uint32_t id, const struct sim_disk *disk)
{
    char from[SIM_PATH_BYTES_MAX + 16];

    *copy = (struct sim_copy){ .id = id, .tainted = disk->tainted, .version = disk->version };
    snprintf(copy->path, sizeof copy->path, "%s/c%u", root, id);
    snprintf(from, sizeof from, "%s/" DATA_FILE, disk->path);
    return copy_file(from, copy->path);
}

int
sim_copy_put(const struct sim_copy *copy, const struct sim_disk *disk)
{
    char to[SIM_PATH_BYTES_MAX + 16];

    sim_remove_tree(disk->path);
    if (mkdir(disk->path, 0700) != 0)
        return -1;
    snprintf(to, sizeof to, "%s/" DATA_FILE, disk->path);
    return copy_file(copy->path, to);
}

void
sim_copy_remove(struct sim_copy *copy)
{
    (void)unlink(copy->path);
}

void
sim_remove_tree(const char *path)
{
    char inner[2 * SIM_PATH_BYTES_MAX + 256];
    struct dirent *entry;
    DIR *dir;

    if ((dir = opendir(path)) == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            sim_remove_tree(inner);
    }
    closedir(dir);
    (void)rmdir(path);
}

/* ---- file-local ----------------------------------------------------- */

static int
copy_file(const char *from, const char *to)
{
    struct stat status;
    int in, out = -1, rc = -1;
    off_t at, end;
    ssize_t n;

    if ((in = open(from, O_RDONLY | O_CLOEXEC)) < 0)
        return -1;
    if (fstat(in, &status) != 0)
        goto done;
    if ((out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        goto done;
    /* A store is a file of the size of its map: nearly all of it is a hole. */
    for (at = 0; (at = lseek(in, at, SEEK_DATA)) >= 0; at = end) {
        if ((end = lseek(in, at, SEEK_HOLE)) < 0)
            goto done;
        if (lseek(in, at, SEEK_SET) != at || lseek(out, at, SEEK_SET) != at)
            goto done;
        for (; at < end; at += n)
            if ((n = copy_file_range(in, NULL, out, NULL, (size_t)(end - at), 0)) <= 0)
                goto done;
    }
    rc = errno == ENXIO && ftruncate(out, status.st_size) == 0 ? 0 : -1;

done:
    if (out >= 0)
        (void)close(out);
    (void)close(in);
    return rc;
}
