#include "souk_pass_key.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "souk_directory.h"

static bool is_among(const uint8_t public[SOUK_PASS_KEY_BYTES], const struct souk_pass_keys *keys);
static int fits(const char *dir, struct souk_error *err);
static int share(const struct souk_topology *topology, const char *dir, struct souk_pass_key *key, bool is_issuer,
    struct souk_error *err);
static void secret_path(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char path_out[SOUK_PASS_KEY_PATH_BYTES]);
static int take(const char *path, struct souk_pass_key *key, uint8_t public_out[SOUK_PASS_KEY_BYTES],
    struct souk_error *err);
static int make_key(const char *dir, const char *path, struct souk_error *err);
static int read_key(const char *path, uint8_t secret_out[SOUK_PASS_SECRET_BYTES],
    uint8_t public_out[SOUK_PASS_KEY_BYTES], struct souk_error *err);
static int write_public(const char *dir, const char *path, const uint8_t public[SOUK_PASS_KEY_BYTES],
    struct souk_error *err);
static int read_public(const char *path, uint8_t public_out[SOUK_PASS_KEY_BYTES], struct souk_error *err);

int
souk_pass_key_load(const struct souk_topology *topology, const struct souk_topology_node *node, const char *dir,
    struct souk_pass_key *key_out, struct souk_error *err)
{
    const bool is_issuer = topology->pass_issuer == node;
    uint8_t public[SOUK_PASS_KEY_BYTES];
    char path[SOUK_PASS_KEY_PATH_BYTES];
    int rc;

    memset(key_out, 0, sizeof *key_out);
    if (topology->pass_issuer == NULL)
        return 0;
    if ((rc = fits(dir, err)) != 0)
        return rc;
    if (topology->pass_keys.count == 0)
        return share(topology, dir, key_out, is_issuer, err);
    key_out->keys = topology->pass_keys;
    if (!is_issuer)
        return 0;
    souk_pass_key_path(topology, dir, true, path);
    if ((rc = take(path, key_out, public, err)) != 0 || is_among(public, &key_out->keys))
        return rc;
    return souk_fail(err, SOUK_EINVAL, "%s: its public half is no `pass_key` of %s, so nobody would take what it signs;"
        " `souk keys pass` says it", path, topology->path);
}

void
souk_pass_key_done(struct souk_pass_key *key)
{
    sodium_free(key->secret);
    memset(key, 0, sizeof *key);
}

bool
souk_pass_key_is_among(const struct souk_pass_key *key, const struct souk_pass_keys *keys)
{
    uint8_t public[SOUK_PASS_KEY_BYTES];

    if (key->secret == NULL)
        return true;
    (void)crypto_sign_ed25519_sk_to_pk(public, key->secret);
    return is_among(public, keys);
}

static bool
is_among(const uint8_t public[SOUK_PASS_KEY_BYTES], const struct souk_pass_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++)
        if (memcmp(keys->keys[i], public, SOUK_PASS_KEY_BYTES) == 0)
            return true;
    return false;
}

int
souk_pass_key_make(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err)
{
    char path[SOUK_PASS_KEY_PATH_BYTES];
    int rc;

    if ((rc = fits(dir, err)) != 0)
        return rc;
    secret_path(topology, dir, which, path);
    return (rc = make_key(dir, path, err)) != 0 ? rc : souk_pass_key_public(topology, dir, which, public_out, err);
}

int
souk_pass_key_public(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err)
{
    struct souk_pass_key key = { 0 };
    uint8_t public[SOUK_PASS_KEY_BYTES];
    char path[SOUK_PASS_KEY_PATH_BYTES];
    int rc;

    if ((rc = fits(dir, err)) != 0)
        return rc;
    secret_path(topology, dir, which, path);
    if ((rc = take(path, &key, public, err)) == 0)
        (void)zmq_z85_encode(public_out, public, sizeof public);
    souk_pass_key_done(&key);
    return rc;
}

/* Killed between the two, it is as it was: whoever starts without `pass_key` shares the old one again. */
int
souk_pass_key_turn(const struct souk_topology *topology, const char *dir, struct souk_error *err)
{
    char path[SOUK_PASS_KEY_PATH_BYTES];
    char name[SOUK_NAME_BYTES_MAX + sizeof ".pass"];
    int rc;

    assert(topology->pass_keys.count > 0);
    if ((rc = fits(dir, err)) != 0)
        return rc;
    souk_pass_key_path(topology, dir, false, path);
    if (unlink(path) != 0 && errno != ENOENT)
        return souk_fail(err, SOUK_EIO, "%s: it cannot be taken away: %s", path, strerror(errno));
    (void)snprintf(name, sizeof name, "%s.pass", topology->pass_issuer->name.text);
    return souk_key_turn(dir, name, err);
}

void
souk_pass_key_path(const struct souk_topology *topology, const char *dir, bool is_secret,
    char path_out[SOUK_PASS_KEY_PATH_BYTES])
{
    (void)snprintf(path_out, SOUK_PASS_KEY_PATH_BYTES, "%s/%s.pass.%s", dir, topology->pass_issuer->name.text,
        is_secret ? "key" : "public");
}

static void
secret_path(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char path_out[SOUK_PASS_KEY_PATH_BYTES])
{
    (void)snprintf(path_out, SOUK_PASS_KEY_PATH_BYTES, "%s/%s.pass%s.key", dir, topology->pass_issuer->name.text,
        which == SOUK_KEY_NEXT ? ".next" : "");
}

static int
fits(const char *dir, struct souk_error *err)
{
    return strlen(dir) <= SOUK_TOPOLOGY_PATH_BYTES_MAX ? 0
        : souk_fail(err, SOUK_EINVAL, "directory %s: its name is too long", dir);
}

/* The first one's is everybody's. Whoever was killed between its halves leaves the public one to the next. */
static int
share(const struct souk_topology *topology, const char *dir, struct souk_pass_key *key, bool is_issuer,
    struct souk_error *err)
{
    struct souk_pass_key made = { 0 };
    uint8_t public[SOUK_PASS_KEY_BYTES];
    char path[SOUK_PASS_KEY_PATH_BYTES], public_path[SOUK_PASS_KEY_PATH_BYTES];
    const bool is_shared = (souk_pass_key_path(topology, dir, false, public_path), access(public_path, F_OK) == 0);
    int rc = 0;

    souk_pass_key_path(topology, dir, true, path);
    if (is_issuer || !is_shared) {
        if ((rc = make_key(dir, path, err)) == 0 && (rc = take(path, &made, public, err)) == 0 && !is_shared)
            rc = write_public(dir, public_path, public, err);
    }
    if (rc == 0)
        rc = read_public(public_path, key->keys.keys[0], err);
    if (rc == 0 && made.secret != NULL && memcmp(key->keys.keys[0], public, sizeof public) != 0)
        rc = souk_fail(err, SOUK_EINVAL, "%s: it is not the public half of %s: take it away, and start all services again",
            public_path, path);
    key->keys.count = rc == 0;
    if (is_issuer) {
        key->secret = made.secret;
        made.secret = NULL;
    }
    souk_pass_key_done(&made);
    return rc;
}

/* ---- the secret half ------------------------------------------------ */

/* Into locked memory of a process that nobody looks into any more. */
static int
take(const char *path, struct souk_pass_key *key, uint8_t public_out[SOUK_PASS_KEY_BYTES], struct souk_error *err)
{
    int rc;

    if ((rc = souk_key_shut_memory(err)) != 0)
        return rc;
    if (sodium_init() < 0 || (key->secret = sodium_malloc(SOUK_PASS_SECRET_BYTES)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for a key", path);
    return read_key(path, key->secret, public_out, err);
}

/* Unless there is one. */
static int
make_key(const char *dir, const char *path, struct souk_error *err)
{
    char text[SOUK_KEY_TEXT_BYTES];
    uint8_t seed[crypto_sign_SEEDBYTES];
    int rc;

    if (access(path, F_OK) == 0)
        return 0;
    if (sodium_init() < 0)
        return souk_fail(err, SOUK_ENOMEM, "%s: a key cannot be drawn", path);
    if ((rc = souk_key_shut_memory(err)) != 0 || (rc = souk_directory_make(dir, strlen(dir), err)) != 0)
        return rc;
    randombytes_buf(seed, sizeof seed);
    (void)zmq_z85_encode(text, seed, sizeof seed);
    rc = souk_key_write_secret(dir, path, text, err);
    sodium_memzero(text, sizeof text);
    sodium_memzero(seed, sizeof seed);
    return rc == -SOUK_EBUSY ? 0 : rc;          /* somebody was faster */
}

static int
read_key(const char *path, uint8_t secret_out[SOUK_PASS_SECRET_BYTES], uint8_t public_out[SOUK_PASS_KEY_BYTES],
    struct souk_error *err)
{
    char text[SOUK_KEY_TEXT_BYTES];
    uint8_t seed[crypto_sign_SEEDBYTES];
    int rc = souk_key_read_secret(path, text, err);

    if (rc == -SOUK_ENOTFOUND)
        return souk_fail(err, SOUK_ENOTFOUND, "%s: there is no key to sign passes with: `souk keys pass` makes one on the"
            " host where it is needed", path);
    if (rc == 0 && zmq_z85_decode(seed, text) == NULL)
        rc = souk_fail(err, SOUK_EINVAL, "%s: it holds no key: take it away, and `souk keys pass` makes another one",
            path);
    if (rc == 0)
        (void)crypto_sign_seed_keypair(public_out, secret_out, seed);
    sodium_memzero(text, sizeof text);
    sodium_memzero(seed, sizeof seed);
    return rc;
}

/* ---- the public half ------------------------------------------------ */

/* As a secret one: what others may write is no proof. */
static int
write_public(const char *dir, const char *path, const uint8_t public[SOUK_PASS_KEY_BYTES], struct souk_error *err)
{
    char text[SOUK_KEY_TEXT_BYTES];
    int rc;

    (void)zmq_z85_encode(text, public, SOUK_PASS_KEY_BYTES);
    rc = souk_key_write_secret(dir, path, text, err);
    return rc == -SOUK_EBUSY ? 0 : rc;
}

static int
read_public(const char *path, uint8_t public_out[SOUK_PASS_KEY_BYTES], struct souk_error *err)
{
    char text[SOUK_KEY_TEXT_BYTES];
    int rc = souk_key_read_secret(path, text, err);

    if (rc == -SOUK_EINVAL || (rc == 0 && zmq_z85_decode(public_out, text) == NULL))
        rc = souk_fail(err, SOUK_EINVAL, "%s: it holds no key, or others may read or write it: take it away, and start all"
            " services again", path);
    return rc;
}
