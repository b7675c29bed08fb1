#include "souk_directory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int
souk_directory_make(const char *path, size_t path_bytes, struct souk_error *err)
{
    char made[SOUK_DIRECTORY_BYTES_MAX + 1];

    if (path_bytes >= sizeof made)
        return souk_fail(err, SOUK_ETOOBIG, "directory %s: its name is too long", path);
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
