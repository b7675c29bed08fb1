#include "souk_pass_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "souk_directory.h"
#include "souk_key.h"

#define PATH_BYTES (SOUK_TOPOLOGY_PATH_BYTES_MAX + SOUK_NAME_BYTES_MAX + 16)

static int share(const struct souk_topology *topology, struct souk_pass_key *key_out, struct souk_error *err);
static void path_of(const struct souk_topology *topology, const char *dir, char path_out[PATH_BYTES]);
static int make_key(const char *dir, const char *path, struct souk_error *err);
static int read_key(const char *path, uint8_t secret_out[SOUK_PASS_SECRET_BYTES],
    uint8_t public_out[SOUK_PASS_KEY_BYTES], struct souk_error *err);

int
souk_pass_key_load(const struct souk_topology *topology, const struct souk_topology_node *node,
    struct souk_pass_key *key_out, struct souk_error *err)
{
    uint8_t public[SOUK_PASS_KEY_BYTES];
    char path[PATH_BYTES];
    int rc;

    memset(key_out, 0, sizeof *key_out);
    if (topology->pass_issuer == NULL || node->kind != SOUK_NODE_SERVICE)
        return 0;
    key_out->has_secret = topology->pass_issuer == node;
    if (topology->pass_keys.count == 0) {
        rc = share(topology, key_out, err);
        if (!key_out->has_secret)
            sodium_memzero(key_out->secret, sizeof key_out->secret);
        return rc;
    }
    key_out->keys = topology->pass_keys;
    if (!key_out->has_secret)
        return 0;
    path_of(topology, topology->keys, path);
    if ((rc = read_key(path, key_out->secret, public, err)) != 0)
        return rc;
    for (uint32_t i = 0; i < key_out->keys.count; i++)
        if (memcmp(key_out->keys.keys[i], public, sizeof public) == 0)
            return 0;
    return souk_fail(err, SOUK_EINVAL, "%s: its public half is no `pass_key` of %s, so nobody would take what it signs;"
        " `souk keys pass` says it", path, topology->path);
}

int
souk_pass_key_make(const struct souk_topology *topology, const char *dir,
    char public_out[SOUK_TOPOLOGY_KEY_BYTES + 1], struct souk_error *err)
{
    uint8_t secret[SOUK_PASS_SECRET_BYTES], public[SOUK_PASS_KEY_BYTES];
    char path[PATH_BYTES];
    int rc;

    path_of(topology, dir, path);
    if ((rc = make_key(dir, path, err)) == 0 && (rc = read_key(path, secret, public, err)) == 0)
        (void)zmq_z85_encode(public_out, public, sizeof public);
    sodium_memzero(secret, sizeof secret);
    return rc;
}

/* The first one's is everybody's. */
static int
share(const struct souk_topology *topology, struct souk_pass_key *key_out, struct souk_error *err)
{
    char path[PATH_BYTES];
    int rc;

    path_of(topology, topology->run_dir, path);
    if ((rc = make_key(topology->run_dir, path, err)) == 0)
        rc = read_key(path, key_out->secret, key_out->keys.keys[0], err);
    key_out->keys.count = rc == 0;
    return rc;
}

static void
path_of(const struct souk_topology *topology, const char *dir, char path_out[PATH_BYTES])
{
    (void)snprintf(path_out, PATH_BYTES, "%s/%s.pass.key", dir, topology->pass_issuer->name.text);
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
    if ((rc = souk_directory_make(dir, strlen(dir), err)) != 0)
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
