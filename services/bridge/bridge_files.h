/*
 * bridge_files - files that are served as they are: a table that is made at the
 * start and never changes. No request names a file of the system: it names a
 * row of the table, byte by byte.
 *
 * Each row has its answers ready, plain and compressed, with all their headers;
 * so serving one is looking it up.
 */
#ifndef BRIDGE_FILES_H
#define BRIDGE_FILES_H

#include <microhttpd.h>

#include <souk.h>
#include "souk_routes.h"

#define BRIDGE_FILES_MAX 4096
#define BRIDGE_FILE_BYTES_MAX (8 * 1024 * 1024)
#define BRIDGE_FILES_BYTES_MAX (64 * 1024 * 1024)       /* of all, before they are compressed */
#define BRIDGE_FILES_DEPTH_MAX 16                       /* directories in directories */

struct bridge_files;

/*
 * An empty table. Files whose paths begin with `unchanging`, which stays where it is, may be kept for ever; NULL: none.
 * Release with bridge_files_close(). NULL without memory.
 */
struct bridge_files *bridge_files_new(const char *unchanging);
void bridge_files_close(struct bridge_files **files_p);

/*
 * Add a file under the path that requests name it by; `type` NULL: by the end of the path. /a.html is /a, too, and
 * /a/index.html is /a and /a/. 0; -SOUK_EBUSY: the path is there; -SOUK_ETOOBIG; -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int bridge_files_add(struct bridge_files *files, const char *path, const char *type,
    struct souk_slice bytes, struct souk_error *err);
/*
 * Add all regular files below `dir` whose names do not begin with a dot; links are left out. 0; -SOUK_ENOTFOUND: there
 * is no such directory; -SOUK_ETOOBIG; -SOUK_EIO; -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int bridge_files_read(struct bridge_files *files, const char *dir, struct souk_error *err);
/* Is there one of that path already, before or after all have been added? */
bool bridge_files_has(const struct bridge_files *files, const char *path);
/* All have been added. 0; -SOUK_EINVAL: a page of `routes` names none of them. */
SOUK_MUST_CHECK int bridge_files_end(struct bridge_files *files, const struct souk_routes *routes,
    struct souk_error *err);

/*
 * The answer for a path, or NULL. It is the table's and is not destroyed;
 * *status_out goes with it. The other two are fields of the request, NULL: not there.
 */
struct MHD_Response *bridge_files_find(const struct bridge_files *files, const struct souk_routes *routes,
    struct souk_slice path, const char *accept_encoding, const char *if_none_match, unsigned *status_out);
/* The page /404.html, for people who ask for what is not there; NULL: there is none. It is the table's. */
struct MHD_Response *bridge_files_missing(const struct bridge_files *files, const char *accept_encoding);

#endif
