#define _GNU_SOURCE                     /* mkostemp */
#include "souk_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define FILE_BYTES SOUK_KEY_TEXT_BYTES  /* the key and a line feed, in the place of the NUL */

static int path_of(const char *dir, const char *name, enum souk_key_which which, char path_out[PATH_MAX],
    struct souk_error *err);
static int open_pair(const char *dir, const char *name, enum souk_key_which which, struct souk_key **key_out,
    struct souk_error *err);
static int sync_dir(const char *dir);

int
souk_key_make(const char *dir, const char *name, enum souk_key_which which, char public_out[SOUK_KEY_TEXT_BYTES],
    struct souk_error *err)
{
    char path[PATH_MAX];
    char public_text[SOUK_KEY_TEXT_BYTES];
    char *secret_text = NULL;
    int rc;

    if ((rc = path_of(dir, name, which, path, err)) != 0 || (rc = souk_key_shut_memory(err)) != 0)
        return rc;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return souk_fail(err, SOUK_EINVAL, "directory %s: it cannot be made: %s", dir, strerror(errno));
    if (sodium_init() < 0 || (secret_text = sodium_malloc(SOUK_KEY_TEXT_BYTES)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for a key", path);
    if (zmq_curve_keypair(public_text, secret_text) != 0)
        rc = souk_fail(err, SOUK_EIO, "%s: a pair cannot be drawn: %s", path, zmq_strerror(errno));
    else if ((rc = souk_key_write_secret(dir, path, secret_text, err)) == 0)
        memcpy(public_out, public_text, sizeof public_text);
    sodium_free(secret_text);
    return rc;
}

int
souk_key_public(const char *dir, const char *name, enum souk_key_which which, char public_out[SOUK_KEY_TEXT_BYTES],
    struct souk_error *err)
{
    struct souk_key *key = NULL;
    int rc;

    if ((rc = open_pair(dir, name, which, &key, err)) == 0)
        memcpy(public_out, key->public_text, sizeof key->public_text);
    souk_key_close(&key);
    return rc;
}

int
souk_key_open(const char *dir, const char *name, const char *public_text, struct souk_key **key_out,
    struct souk_error *err)
{
    struct souk_key *key = NULL;
    char path[PATH_MAX];
    int rc, next;

    if ((rc = path_of(dir, name, SOUK_KEY_CURRENT, path, err)) != 0)
        return rc;
    rc = open_pair(dir, name, SOUK_KEY_CURRENT, &key, err);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (rc == -SOUK_ENOTFOUND || strcmp(key->public_text, public_text) != 0) {
        souk_key_close(&key);
        next = open_pair(dir, name, SOUK_KEY_NEXT, &key, err);
        if (next != 0 && next != -SOUK_ENOTFOUND)
            return next;
        if (next == -SOUK_ENOTFOUND && rc == -SOUK_ENOTFOUND)
            return souk_fail(err, SOUK_ENOTFOUND, "%s: there is no such file: the secret key of `%s` is made on the host"
                " where it is needed, with `souk keys make %s`", path, name, name);
        if (next == -SOUK_ENOTFOUND || strcmp(key->public_text, public_text) != 0) {
            souk_key_close(&key);
            return souk_fail(err, SOUK_ENOTFOUND, "%s: its public half is not the `key` that the topology has for"
                " `%s`: `souk keys list` shows both", path, name);
        }
    }
    *key_out = key;
    return 0;
}

void
souk_key_close(struct souk_key **key_p)
{
    if (*key_p != NULL) {
        sodium_free((void *)(uintptr_t)(*key_p)->secret_text);
        free(*key_p);
    }
    *key_p = NULL;
}

int
souk_key_turn(const char *dir, const char *name, struct souk_error *err)
{
    char current[PATH_MAX], next[PATH_MAX];
    int rc;

    if ((rc = path_of(dir, name, SOUK_KEY_CURRENT, current, err)) != 0
        || (rc = path_of(dir, name, SOUK_KEY_NEXT, next, err)) != 0)
        return rc;
    if (rename(next, current) != 0)
        return souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO, "%s: it cannot become %s: %s", next, current,
            strerror(errno));
    return sync_dir(dir) == 0 ? 0 : souk_fail(err, SOUK_EIO, "directory %s: it cannot be synced: %s", dir,
        strerror(errno));
}

/* ---- files ---------------------------------------------------------- */

static int
path_of(const char *dir, const char *name, enum souk_key_which which, char path_out[PATH_MAX], struct souk_error *err)
{
    if ((size_t)snprintf(path_out, PATH_MAX, "%s/%s%s.key", dir, name, which == SOUK_KEY_NEXT ? ".next" : "")
        >= PATH_MAX)
        return souk_fail(err, SOUK_EINVAL, "directory %s: its name is too long", dir);
    return 0;
}

int
souk_key_write_secret(const char *dir, const char *path, const char *secret_text, struct souk_error *err)
{
    char made[PATH_MAX];
    int fd, rc = 0, code;

    if ((size_t)snprintf(made, sizeof made, "%s.XXXXXX", path) >= sizeof made)
        return souk_fail(err, SOUK_EINVAL, "directory %s: its name is too long", dir);
    if ((fd = mkostemp(made, O_CLOEXEC)) < 0)
        return souk_fail(err, SOUK_EIO, "%s: it cannot be written: %s", path, strerror(errno));
    if (fchmod(fd, 0600) != 0 || write(fd, secret_text, FILE_BYTES - 1) != FILE_BYTES - 1 || write(fd, "\n", 1) != 1
        || fsync(fd) != 0 || link(made, path) != 0) {
        code = errno;
        rc = souk_fail(err, code == EEXIST ? SOUK_EBUSY : SOUK_EIO, "%s: %s", path, code == EEXIST
            ? "it is there already, and left alone" : strerror(code));
    }
    (void)unlink(made);
    (void)close(fd);
    if (rc == 0 && sync_dir(dir) != 0)
        rc = souk_fail(err, SOUK_EIO, "directory %s: it cannot be synced: %s", dir, strerror(errno));
    return rc;
}

static int
sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* ---- reading -------------------------------------------------------- */

static int
open_pair(const char *dir, const char *name, enum souk_key_which which, struct souk_key **key_out,
    struct souk_error *err)
{
    struct souk_key *key;
    char path[PATH_MAX];
    char *secret_text;
    int rc;

    if ((rc = path_of(dir, name, which, path, err)) != 0 || (rc = souk_key_shut_memory(err)) != 0)
        return rc;
    if (sodium_init() < 0 || (key = calloc(1, sizeof *key)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for a key", path);
    if ((key->secret_text = secret_text = sodium_malloc(SOUK_KEY_TEXT_BYTES)) == NULL)
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no memory for a key", path);
    else if ((rc = souk_key_read_secret(path, secret_text, err)) == 0 && zmq_curve_public(key->public_text, secret_text) != 0)
        rc = souk_fail(err, SOUK_EINVAL, "%s: it holds no key: 40 characters of Z85 and a line feed are meant", path);
    if (rc != 0)
        souk_key_close(&key);
    else
        *key_out = key;
    return rc;
}

int
souk_key_read_secret(const char *path, char *secret_text, struct souk_error *err)
{
    struct stat found;
    int fd, rc = 0;

    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
        return souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        rc = souk_fail(err, SOUK_EINVAL, "%s: it is no file", path);
    else if ((found.st_uid != geteuid() && found.st_uid != 0) || (found.st_mode & 077) != 0)
        rc = souk_fail(err, SOUK_EINVAL, "%s: others may read or write it (mode %03o, user %ju): make a new pair, and"
            " leave it to its owner alone", path, (unsigned)found.st_mode & 0777, (uintmax_t)found.st_uid);
    else if (found.st_size != FILE_BYTES || read(fd, secret_text, FILE_BYTES) != FILE_BYTES
        || secret_text[FILE_BYTES - 1] != '\n' || memchr(secret_text, '\0', FILE_BYTES) != NULL)
        rc = souk_fail(err, SOUK_EINVAL, "%s: it holds no key: 40 characters of Z85 and a line feed are meant", path);
    if (rc == 0)
        secret_text[FILE_BYTES - 1] = '\0';
    (void)close(fd);
    return rc;
}

/* ZeroMQ keeps a copy where nobody can lock it. */
int
souk_key_shut_memory(struct souk_error *err)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return souk_fail(err, SOUK_EIO, "core dumps cannot be forbidden: %s", strerror(errno));
#if !defined(__SANITIZE_ADDRESS__)      /* which looks for leaks from another process, and may not without being root */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return souk_fail(err, SOUK_EIO, "other processes cannot be kept from looking into this one: %s", strerror(errno));
#endif
    return 0;
}
