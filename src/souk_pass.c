#include "souk_pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <souk-message.h>

#include "souk_batch.h"
#include "souk_position.h"

#define VERSION 1
#define CONTEXT "souk pass 1"           /* and the NUL behind it */

static_assert(SOUK_PASS_KEY_BYTES == crypto_sign_PUBLICKEYBYTES && SOUK_PASS_SECRET_BYTES == crypto_sign_SECRETKEYBYTES,
    "keys are libsodium's");

static const char *read_pass(struct souk_slice bytes, struct souk_slice *body_out, struct souk_slice *signature_out,
    struct souk_pass *pass_out);
static bool is_signed(struct souk_slice body, struct souk_slice signature, const struct souk_pass_keys *keys);
static const char *judge_times(const struct souk_pass *pass, uint64_t now_ms);

/* What is signed. */
struct said {
    uint8_t bytes[sizeof CONTEXT + SOUK_PASS_BYTES_MAX];
    size_t size_bytes;
};

static void say(struct said *said, struct souk_slice body);

bool
souk_pass_has_role(const struct souk_pass *pass, const char *role)
{
    if (pass == NULL)
        return false;
    for (uint32_t i = 0; i < pass->role_count; i++)
        if (strcmp(pass->roles[i], role) == 0)
            return true;
    return false;
}

/* ---- signing -------------------------------------------------------- */

int
souk_pass_sign(const struct souk_pass *pass, const uint8_t secret[SOUK_PASS_SECRET_BYTES],
    struct souk_slice *bytes_out, struct souk_arena *arena)
{
    uint8_t signature[crypto_sign_BYTES];
    struct souk_pack body, whole;
    struct said said;
    int rc;

    if (pass->role_count > SOUK_PASS_ROLES_MAX || pass->expires_ms <= pass->issued_ms
        || pass->expires_ms - pass->issued_ms > SOUK_PASS_LIFE_MS_MAX)
        return -SOUK_EINVAL;
    for (uint32_t i = 0; i < pass->role_count; i++)
        if (!souk_name_valid(souk_slice_of(pass->roles[i])))
            return -SOUK_EINVAL;
    souk_pack_init(&body, SOUK_PASS_BYTES_MAX);
    souk_pack_init(&whole, SOUK_PASS_BYTES_MAX);
    souk_pack_array(&body, 5);
    souk_pack_uint(&body, VERSION);
    souk_pack_id(&body, pass->person);
    souk_pack_array(&body, pass->role_count);
    for (uint32_t i = 0; i < pass->role_count; i++)
        souk_pack_str(&body, souk_slice_of(pass->roles[i]));
    souk_pack_uint(&body, pass->issued_ms);
    souk_pack_uint(&body, pass->expires_ms);
    if ((rc = body.rc) == 0) {
        say(&said, souk_pack_slice(&body));
        (void)crypto_sign_detached(signature, NULL, said.bytes, said.size_bytes, secret);
        souk_pack_array(&whole, 2);
        souk_pack_bin(&whole, souk_pack_slice(&body));
        souk_pack_bin(&whole, (struct souk_slice){ signature, sizeof signature });
        rc = whole.rc;
    }
    if (rc == 0) {
        *bytes_out = souk_arena_copy(arena, souk_pack_slice(&whole));
        rc = bytes_out->base == NULL ? -SOUK_ENOMEM : 0;
    }
    souk_pack_done(&body);
    souk_pack_done(&whole);
    return rc;
}

static void
say(struct said *said, struct souk_slice body)
{
    assert(body.size_bytes <= SOUK_PASS_BYTES_MAX);
    memcpy(said->bytes, CONTEXT, sizeof CONTEXT);
    memcpy(said->bytes + sizeof CONTEXT, body.base, body.size_bytes);
    said->size_bytes = sizeof CONTEXT + body.size_bytes;
}

/* ---- checking ------------------------------------------------------- */

const char *
souk_pass_check(struct souk_slice bytes, const struct souk_pass_keys *keys, uint64_t now_ms,
    struct souk_pass *pass_out)
{
    struct souk_slice body, signature;
    struct souk_pass pass;
    const char *why;

    if (keys->count == 0)
        return "no service of this system issues passes";
    if ((why = read_pass(bytes, &body, &signature, &pass)) != NULL)
        return why;
    if (!is_signed(body, signature, keys))
        return "the pass is not signed by the service that issues passes";
    if ((why = judge_times(&pass, now_ms)) == NULL)
        *pass_out = pass;
    return why;
}

const char *
souk_pass_read(struct souk_slice bytes, struct souk_pass *pass_out)
{
    struct souk_slice body;
    struct souk_slice signature;

    return read_pass(bytes, &body, &signature, pass_out);
}

static const char *
read_pass(struct souk_slice bytes, struct souk_slice *body_out, struct souk_slice *signature_out,
    struct souk_pass *pass_out)
{
    struct souk_unpack in;

    *pass_out = (struct souk_pass){ .role_count = 0 };
    if (bytes.size_bytes > SOUK_PASS_BYTES_MAX)
        return "the pass is too long";
    souk_unpack_init(&in, bytes);
    souk_unpack_array_exact(&in, 2);
    *body_out = souk_unpack_bin(&in, SOUK_PASS_BYTES_MAX);
    *signature_out = souk_unpack_bin(&in, crypto_sign_BYTES);
    if (souk_unpack_end(&in) != 0 || signature_out->size_bytes != crypto_sign_BYTES)
        return "this is not a pass";
    souk_unpack_init(&in, *body_out);
    souk_unpack_array_exact(&in, 5);
    if (souk_unpack_uint(&in, VERSION) != VERSION)
        return "this is not a pass, or one of another version";
    souk_unpack_bin_exact(&in, pass_out->person.bytes, sizeof pass_out->person.bytes);
    pass_out->role_count = souk_unpack_array(&in, SOUK_PASS_ROLES_MAX);
    for (uint32_t i = 0; i < pass_out->role_count && in.rc == 0; i++) {
        const struct souk_slice role = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);

        if (!souk_name_valid(role))
            return "this is not a pass";
        memcpy(pass_out->roles[i], role.base, role.size_bytes);
    }
    pass_out->issued_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    pass_out->expires_ms = souk_unpack_uint(&in, SOUK_TIME_MS_MAX);
    return souk_unpack_end(&in) == 0 ? NULL : "this is not a pass";
}

static bool
is_signed(struct souk_slice body, struct souk_slice signature, const struct souk_pass_keys *keys)
{
    struct said said;

    say(&said, body);
    for (uint32_t i = 0; i < keys->count; i++)
        if (crypto_sign_verify_detached(signature.base, said.bytes, said.size_bytes, keys->keys[i]) == 0)
            return true;
    return false;
}

static const char *
judge_times(const struct souk_pass *pass, uint64_t now_ms)
{
    if (pass->expires_ms <= pass->issued_ms || pass->expires_ms - pass->issued_ms > SOUK_PASS_LIFE_MS_MAX)
        return "the pass is for longer than a pass may be";
    if (now_ms >= pass->expires_ms)
        return "the pass has expired";
    if (pass->issued_ms > now_ms && pass->issued_ms - now_ms > SOUK_PASS_AHEAD_MS)
        return "the pass is from the future: the clocks differ";
    return NULL;
}

const char *
souk_pass_check_cached(struct souk_pass_cache *cache, struct souk_slice bytes, const struct souk_pass_keys *keys,
    uint64_t now_ms, struct souk_pass *pass_out)
{
    struct souk_pass_kept *kept;
    uint8_t hash[sizeof kept->hash];
    const char *why;

    if (cache->kept == NULL && (cache->kept = calloc(SOUK_PASS_KEPT_MAX, sizeof *cache->kept)) == NULL)
        return souk_pass_check(bytes, keys, now_ms, pass_out);
    if (memcmp(&cache->keys, keys, sizeof *keys) != 0) {
        memset(cache->kept, 0, SOUK_PASS_KEPT_MAX * sizeof *cache->kept);
        cache->keys = *keys;
    }
    souk_digest(hash, sizeof hash, &bytes, 1);
    kept = &cache->kept[hash[0] % SOUK_PASS_KEPT_MAX];
    if (kept->is_used && memcmp(kept->hash, hash, sizeof hash) == 0) {
        if ((why = judge_times(&kept->pass, now_ms)) == NULL)
            *pass_out = kept->pass;
        return why;
    }
    if ((why = souk_pass_check(bytes, keys, now_ms, pass_out)) == NULL) {
        kept->is_used = true;
        kept->pass = *pass_out;
        memcpy(kept->hash, hash, sizeof hash);
    }
    return why;
}

void
souk_pass_cache_done(struct souk_pass_cache *cache)
{
    free(cache->kept);
    cache->kept = NULL;
}
