/*
 * souk_pass_key - the keys with which passes are signed and checked, where they
 * lie.
 *
 * With `pass_key` lines the topology says which public keys are good, and the
 * secret one lies among the secret keys of the issuer's host, KEYS/ISSUER.pass.key.
 * Without any, all services of the one host share a key in the run directory,
 * beside their sockets: the first one that starts makes it. Who may read that
 * directory may speak for anybody there in any case.
 *
 * The file is the seed of an Ed25519 key (RFC 8032) in Z85, 40 characters and a
 * line feed, and nobody's but its owner's.
 */
#ifndef SOUK_PASS_KEY_H
#define SOUK_PASS_KEY_H

#include <souk.h>
#include "souk_pass.h"
#include "souk_topology.h"

struct souk_pass_key {
    struct souk_pass_keys keys;
    bool has_secret;                        /* of the service that issues passes */
    uint8_t secret[SOUK_PASS_SECRET_BYTES];
};

/*
 * The keys that `node` needs; all zero when nobody issues passes. 0;
 * -SOUK_ENOTFOUND or -SOUK_EINVAL: the issuer's file is not there, is readable
 * for others, holds no key, or its public half is not one of the topology's; -SOUK_ENOMEM, -SOUK_ETOOBIG, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_pass_key_load(const struct souk_topology *topology, const struct souk_topology_node *node,
    struct souk_pass_key *key_out, struct souk_error *err);

/* Make the issuer's key in `dir`, unless there is one, and say its public half in Z85. As above. */
SOUK_MUST_CHECK int souk_pass_key_make(const struct souk_topology *topology, const char *dir,
    char public_out[SOUK_TOPOLOGY_KEY_BYTES + 1], struct souk_error *err);

#endif
