/*
 * souk_pass_key - the keys with which passes are signed and checked, where they
 * lie.
 *
 * The secret one lies among the secret keys of the issuer's host, in
 * KEYS/ISSUER.pass.key: the seed of an Ed25519 key (RFC 8032) in Z85, 40
 * characters and a line feed, and nobody's but its owner's. While it is exchanged
 * for another one, that lies in KEYS/ISSUER.pass.next.key. In memory it lies in
 * one piece that is locked, left out of core dumps and wiped at the end; the
 * process that has it leaves no core dump, and no other process of its user may
 * look into it. A sandbox lets nobody read the file but the issuer.
 *
 * With `pass_key` lines the topology says which public keys are good. Without
 * any, which only systems of one host may be, services and event stores share a
 * key: the first one that starts makes it, and its public half,
 * KEYS/ISSUER.pass.public, is what the others read. Event stores check passes of
 * clients with `operator_role`.
 */
#ifndef SOUK_PASS_KEY_H
#define SOUK_PASS_KEY_H

#include <souk.h>
#include "souk_key.h"
#include "souk_pass.h"
#include "souk_topology.h"

struct souk_pass_key {
    struct souk_pass_keys keys;
    uint8_t *secret;                        /* SOUK_PASS_SECRET_BYTES, of the service that issues passes; NULL: another one */
};

/*
 * The keys that `node` needs, of those in `dir`, where the secret keys of this host lie; all zero when nobody issues
 * passes. Before the sandbox, or once more in it. Release with souk_pass_key_done(), also after a failure. 0;
 * -SOUK_ENOTFOUND or -SOUK_EINVAL: the issuer's file is not there, is readable for others, holds no key, or its public
 * half is not one of the topology's, or not the one that was shared, or the name of `dir` is too long; -SOUK_ENOMEM, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_pass_key_load(const struct souk_topology *topology, const struct souk_topology_node *node,
    const char *dir, struct souk_pass_key *key_out, struct souk_error *err);
/* Wipes it. All zero is fine. */
void souk_pass_key_done(struct souk_pass_key *key);

/* Whether one of `keys` is the public half of what this node signs with. True of one that signs nothing. */
bool souk_pass_key_is_among(const struct souk_pass_key *key, const struct souk_pass_keys *keys);

/* Make the issuer's key in `dir`, unless there is one, and say its public half in Z85. As above. */
SOUK_MUST_CHECK int souk_pass_key_make(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err);
/* The public half of what lies there, in Z85. As above. */
SOUK_MUST_CHECK int souk_pass_key_public(const struct souk_topology *topology, const char *dir, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err);

/*
 * The next key becomes the one that the issuer signs with when it is started again, and the one before is gone, with the
 * public half that services shared: `topology` has to have the new one. 0, -SOUK_ENOTFOUND (there is no next one),
 * -SOUK_EINVAL or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_pass_key_turn(const struct souk_topology *topology, const char *dir, struct souk_error *err);

/* Whom a sandbox lets read which file: the path of a half in `dir`, which one of the above has taken. */
#define SOUK_PASS_KEY_PATH_BYTES (SOUK_TOPOLOGY_PATH_BYTES_MAX + SOUK_NAME_BYTES_MAX + 16)
void souk_pass_key_path(const struct souk_topology *topology, const char *dir, bool is_secret,
    char path_out[SOUK_PASS_KEY_PATH_BYTES]);

#endif
