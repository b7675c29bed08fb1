/*
 * souk_directory - directories that hold a store or its copy: made, synced,
 * moved aside, removed. For whoever puts stores in place.
 */
#ifndef SOUK_DIRECTORY_H
#define SOUK_DIRECTORY_H

#include <souk.h>

#define SOUK_DIRECTORY_PATH_BYTES_MAX 4096

/* Make `path` (its first `path_bytes`) with those above it, 0700; what is there is fine. 0, -SOUK_ETOOBIG, -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_directory_make(const char *path, size_t path_bytes, struct souk_error *err);
/* Sync the entries of a directory. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_sync(const char *path);
/* Sync the directory in which `path` lies. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_sync_parent(const char *path);
/* Remove a directory and the files in it, no directories in it; an absent one is fine. 0 or -1 with errno. */
int souk_directory_remove(const char *path);
/*
 * Rename `path` to the first free of path.aside-1, path.aside-2 and so on, on
 * disk on return. `aside_out` has SOUK_DIRECTORY_PATH_BYTES_MAX. 0 or -1 with errno.
 */
SOUK_MUST_CHECK int souk_directory_set_aside(const char *path, char *aside_out);

#endif
