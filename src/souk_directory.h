/*
 * souk_directory - directories that daemons need.
 */
#ifndef SOUK_DIRECTORY_H
#define SOUK_DIRECTORY_H

#include <souk.h>

#define SOUK_DIRECTORY_BYTES_MAX 4095

/*
 * Make the directory that the first `path_bytes` of `path` name, and those above it, unless they are
 * there; nobody but the owner gets into new ones. 0, -SOUK_ETOOBIG or -SOUK_EINVAL (it cannot be made).
 */
SOUK_MUST_CHECK int souk_directory_make(const char *path, size_t path_bytes, struct souk_error *err);

#endif
