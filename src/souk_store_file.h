/*
 * souk_store_file - an LMDB data file, looked at without LMDB.
 *
 * LMDB 0.9 maps the file and trusts it: a truncated one ends in SIGBUS, a
 * zeroed page in abort(3). So the two meta pages and the length are read and
 * judged before LMDB sees the file. Nothing in here writes.
 */
#ifndef SOUK_STORE_FILE_H
#define SOUK_STORE_FILE_H

#include <souk.h>

/*
 * Judge the open data file `fd`, called `path` in sentences. Returns 0,
 * -SOUK_EDAMAGED, -SOUK_EUNSUPPORTED (LMDB of another format), -SOUK_ENOMEM or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_store_file_check(int fd, const char *path, struct souk_error *err);

#endif
