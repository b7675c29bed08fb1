/*
 * souk_directory - directories that hold a store or its copy: made, synced,
 * moved aside, removed. For whoever puts stores in place.
 */
#ifndef SOUK_DIRECTORY_H
#define SOUK_DIRECTORY_H

#include <souk.h>

#define SOUK_DIRECTORY_PATH_BYTES_MAX 4096
#define SOUK_DIRECTORY_DATA "/data"             /* a node's data, in a directory of its own, where it may make them anew */

/* Make `path` (its first `path_bytes`) with those above it, 0700; what is there is fine. 0, -SOUK_ETOOBIG, -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_directory_make(const char *path, size_t path_bytes, struct souk_error *err);
/* Sync the entries of a directory. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_sync(const char *path);
/* Sync the directory in which `path` lies. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_sync_parent(const char *path);
/* Remove a directory and the files in it, no directories in it; an absent one is fine. 0 or -1 with errno. */
int souk_directory_remove(const char *path);
/* The first free of path.aside-1, path.aside-2 and so on. `aside_out` has SOUK_DIRECTORY_PATH_BYTES_MAX. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_aside(const char *path, char *aside_out);
/* Rename `path` to that name, on disk on return. 0 or -1 with errno. */
SOUK_MUST_CHECK int souk_directory_set_aside(const char *path, char *aside_out);
/*
 * Put the directory `with` in the place of `path`; what was there, if anything
 * was, is `old` then, which is free. All three lie in one directory. `with` is
 * synced before, all names are on disk on return. At each moment `path` is what
 * it was or what `with` was, after a power cut, too, unless the file system
 * cannot exchange two names: there `path` is absent between two renames. 0 or
 * -1 with errno.
 */
SOUK_MUST_CHECK int souk_directory_replace(const char *path, const char *with, const char *old);

#endif
