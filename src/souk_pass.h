/*
 * souk_pass - who a caller speaks for, as a service that signs people in says.
 *
 * A pass is [body: bin, signature: bin 64]; the body [1, person: bin 16, roles:
 * array of str, issued: uint, expires: uint], times in ms since 1970. The
 * signature is Ed25519 (RFC 8032) over "souk pass 1", a zero byte, and the body
 * as it stands. Whoever holds a pass is taken for the person until it expires.
 */
#ifndef SOUK_PASS_H
#define SOUK_PASS_H

#include <souk.h>

#define SOUK_PASS_KEY_BYTES 32              /* a public Ed25519 key */
#define SOUK_PASS_SECRET_BYTES 64           /* a secret one, as libsodium keeps it: seed and public key */
#define SOUK_PASS_KEYS_MAX 2                /* public keys at once, so that they can be changed */
#define SOUK_PASS_AHEAD_MS 60000            /* so far in the future may it be issued: clocks differ */

/* Who may sign. */
struct souk_pass_keys {
    uint32_t count;                         /* 0: no pass is good */
    uint8_t keys[SOUK_PASS_KEYS_MAX][SOUK_PASS_KEY_BYTES];
};

/*
 * Append `pass`, signed with `secret`, to `out`. 0; -SOUK_EINVAL: no time, more
 * than SOUK_PASS_LIFE_MS_MAX of it, roles that are no names or too many;
 * -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_pass_sign(const struct souk_pass *pass, const uint8_t secret[SOUK_PASS_SECRET_BYTES],
    struct souk_slice *bytes_out, struct souk_arena *arena);

/*
 * Is this a pass, signed with one of `keys`, and good at `now_ms`? NULL, or why not, a sentence without a full stop;
 * `pass_out` is set only when it is good. Takes what comes from outside.
 */
const char *souk_pass_check(struct souk_slice bytes, const struct souk_pass_keys *keys, uint64_t now_ms,
    struct souk_pass *pass_out);

/* What a pass says, for who has it from the one that signs them and only hands it on. NULL, or why it is none. */
const char *souk_pass_read(struct souk_slice bytes, struct souk_pass *pass_out);

/*
 * souk_pass_check() for a door where the same passes come again and again: checking a
 * signature takes about 60 us, so the last SOUK_PASS_KEPT_MAX good ones are
 * remembered. All zero at first; one thread.
 */
#define SOUK_PASS_KEPT_MAX 256
struct souk_pass_cache {
    struct souk_pass_kept {
        uint8_t hash[32];                   /* BLAKE2b-256 of the bytes */
        struct souk_pass pass;
        bool is_used;
    } *kept;                                /* NULL before the first; given back by souk_pass_cache_done() */
    struct souk_pass_keys keys;             /* under which they were good; bytes beyond `count` are 0 */
};
const char *souk_pass_check_cached(struct souk_pass_cache *cache, struct souk_slice bytes,
    const struct souk_pass_keys *keys, uint64_t now_ms, struct souk_pass *pass_out);
void souk_pass_cache_done(struct souk_pass_cache *cache);

#endif
