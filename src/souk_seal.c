#include "souk_seal.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "souk_keyring.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define LABEL_BYTES (SOUK_NAME_BYTES_MAX + 1 + 1)

_Static_assert(SOUK_PACK_SEALED_BYTES_MIN == NONCE_BYTES + TAG_BYTES + 1, "a value has a byte at least");
_Static_assert(SOUK_KEYRING_KEY_BYTES == crypto_kdf_KEYBYTES, "a person's key is a key to make keys of");

/* Made of the person's key: what encrypts, and what the nonces are hashed with. */
struct keys {
    uint8_t box[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t nonce[crypto_generichash_KEYBYTES];
};

static int find_keys(struct souk_keyring *keyring, const struct souk_random *random, const struct souk_id *person,
    struct keys *keys_out, bool *found_out);
static int seal_value(const struct keys *keys, const struct souk_message_type *type, size_t field,
    struct souk_slice value, struct souk_pack *out);
static void unseal_value(const struct keys *keys, const struct souk_message_type *type, size_t field,
    struct souk_slice sealed, struct souk_pack *out);
static size_t label_of(const struct souk_message_type *type, size_t field, uint8_t label_out[LABEL_BYTES]);
static bool is_sealed(struct souk_slice value);

bool
souk_seals(const struct souk_wiring *wiring)
{
    for (size_t i = 0; i < wiring->stream_count; i++)
        if (wiring->streams[i].is_private && strcmp(wiring->streams[i].origin.text, wiring->self.text) == 0)
            return true;
    return false;
}

int
souk_seal(struct souk_keyring *keyring, const struct souk_random *random, const struct souk_message_type *type,
    struct souk_slice packed, struct souk_pack *out)
{
    struct souk_unpack in;
    struct souk_id person;
    struct keys keys;
    bool sought = false, found = false;
    uint32_t count;
    int rc;

    assert(type->subject != NULL);
    if ((rc = souk_seal_person(type, type->subject, packed, &person)) != 0)
        return rc;
    souk_unpack_init(&in, packed);
    count = souk_unpack_array(&in, SOUK_FIELDS_MAX);
    souk_pack_array(out, count);
    for (uint32_t i = 0; i < count && in.rc == 0 && rc == 0; i++) {
        const struct souk_slice value = souk_unpack_skip(&in);
        const bool is_personal = i < type->field_count && type->fields[i].is_personal && in.rc == 0
            && *(const uint8_t *)value.base != 0xc0;    /* nil */

        if (is_personal && !sought) {
            sought = true;
            rc = find_keys(keyring, random, &person, &keys, &found);
        }
        if (!is_personal)
            souk_pack_raw(out, value);
        else if (rc == 0 && found)
            rc = seal_value(&keys, type, i, value, out);
        else
            souk_pack_nil(out);
    }
    sodium_memzero(&keys, sizeof keys);
    if (rc == 0 && (rc = souk_unpack_end(&in)) == 0)
        rc = out->rc;
    return rc;
}

int
souk_unseal(struct souk_keyring *keyring, const struct souk_message_type *type, struct souk_slice packed,
    struct souk_arena *arena, struct souk_slice *unsealed_out)
{
    struct souk_unpack in;
    struct souk_pack out;
    struct souk_id person;
    struct keys keys;
    bool sought = false, found = false;
    uint32_t count;
    void *room;
    int rc = 0;

    *unsealed_out = packed;
    if (type->subject == NULL)
        return 0;
    if ((room = souk_arena_alloc(arena, packed.size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    souk_pack_init_over(&out, room, packed.size_bytes);     /* values are shorter than what was sealed of them */
    souk_unpack_init(&in, packed);
    count = souk_unpack_array(&in, SOUK_FIELDS_MAX);
    souk_pack_array(&out, count);
    for (uint32_t i = 0; i < count && in.rc == 0 && rc == 0; i++) {
        const struct souk_slice value = souk_unpack_skip(&in);

        if (in.rc != 0 || i >= type->field_count || !type->fields[i].is_personal || !is_sealed(value)) {
            souk_pack_raw(&out, value);
            continue;
        }
        if (!sought) {
            sought = true;
            if ((rc = souk_seal_person(type, type->subject, packed, &person)) == 0)
                rc = find_keys(keyring, NULL, &person, &keys, &found);
        }
        if (rc == 0 && found)
            unseal_value(&keys, type, i, value, &out);
        else
            souk_pack_nil(&out);
    }
    sodium_memzero(&keys, sizeof keys);
    if (rc == 0 && (rc = souk_unpack_end(&in)) == 0 && (rc = out.rc) == 0 && sought)
        *unsealed_out = souk_pack_slice(&out);
    return rc;
}

int
souk_seal_person(const struct souk_message_type *type, const struct souk_field *field, struct souk_slice packed,
    struct souk_id *person_out)
{
    struct souk_unpack in;
    const uint32_t place = (uint32_t)(field - type->fields);

    souk_unpack_init(&in, packed);
    if (souk_unpack_array(&in, SOUK_FIELDS_MAX) <= place)
        souk_unpack_fail(&in, SOUK_EMALFORMED);
    for (uint32_t i = 0; i < place; i++)
        (void)souk_unpack_skip(&in);
    *person_out = souk_unpack_id(&in);
    return in.rc;
}

/* With `random` a person who has no key gets one. */
static int
find_keys(struct souk_keyring *keyring, const struct souk_random *random, const struct souk_id *person,
    struct keys *keys_out, bool *found_out)
{
    enum souk_keyring_state state;
    uint8_t key[SOUK_KEYRING_KEY_BYTES];
    int rc;

    *found_out = false;
    if (keyring == NULL)
        return random == NULL ? 0 : -SOUK_EUNSUPPORTED;
    if ((rc = souk_keyring_find(keyring, person, &state, key)) != 0)
        return rc;
    if (state == SOUK_KEYRING_NONE && random != NULL) {
        random->fill(random->arg, key, sizeof key);
        if ((rc = souk_keyring_add(keyring, person, key)) != 0)
            return rc;
        state = SOUK_KEYRING_KEY;
    }
    if (state == SOUK_KEYRING_KEY) {
        (void)crypto_kdf_derive_from_key(keys_out->box, sizeof keys_out->box, 1, "soukseal", key);
        (void)crypto_kdf_derive_from_key(keys_out->nonce, sizeof keys_out->nonce, 2, "soukseal", key);
        *found_out = true;
    }
    sodium_memzero(key, sizeof key);
    return 0;
}

static int
seal_value(const struct keys *keys, const struct souk_message_type *type, size_t field, struct souk_slice value,
    struct souk_pack *out)
{
    uint8_t label[LABEL_BYTES], small[256], *sealed = small;
    const size_t label_bytes = label_of(type, field, label), sealed_bytes = NONCE_BYTES + value.size_bytes + TAG_BYTES;
    crypto_generichash_state state;

    if (sealed_bytes > sizeof small && (sealed = malloc(sealed_bytes)) == NULL)
        return -SOUK_ENOMEM;
    (void)crypto_generichash_init(&state, keys->nonce, sizeof keys->nonce, NONCE_BYTES);
    (void)crypto_generichash_update(&state, label, label_bytes);
    (void)crypto_generichash_update(&state, value.base, value.size_bytes);
    (void)crypto_generichash_final(&state, sealed, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_BYTES, NULL, value.base, value.size_bytes, label,
        label_bytes, NULL, sealed, keys->box);
    souk_pack_sealed(out, (struct souk_slice){ sealed, sealed_bytes });
    if (sealed != small)
        free(sealed);
    return 0;
}

/* What does not open was sealed under a key that is lost, or moved here from elsewhere: nobody can read it. */
static void
unseal_value(const struct keys *keys, const struct souk_message_type *type, size_t field, struct souk_slice value,
    struct souk_pack *out)
{
    uint8_t label[LABEL_BYTES];
    const size_t label_bytes = label_of(type, field, label);
    struct souk_slice sealed;
    struct souk_unpack in;
    const uint8_t *bytes;
    uint8_t *opened;

    souk_unpack_init(&in, value);
    sealed = souk_unpack_sealed(&in, SIZE_MAX);
    bytes = sealed.base;
    /* In the place of the value itself, behind what was written: the room is as large as all that was sealed. */
    opened = out->base + out->size_bytes;
    if (in.rc != 0 || sealed.size_bytes - NONCE_BYTES - TAG_BYTES > out->room_bytes - out->size_bytes
        || crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, bytes + NONCE_BYTES,
            sealed.size_bytes - NONCE_BYTES, label, label_bytes, bytes, keys->box) != 0) {
        souk_pack_nil(out);
        return;
    }
    out->size_bytes += sealed.size_bytes - NONCE_BYTES - TAG_BYTES;
}

/* Which field of which message: what was sealed for one opens for no other. */
static size_t
label_of(const struct souk_message_type *type, size_t field, uint8_t label_out[LABEL_BYTES])
{
    const size_t name_bytes = strlen(type->name);

    assert(name_bytes <= SOUK_NAME_BYTES_MAX);
    memcpy(label_out, type->name, name_bytes);
    label_out[name_bytes] = 0;
    label_out[name_bytes + 1] = (uint8_t)field;
    return name_bytes + 2;
}

static bool
is_sealed(struct souk_slice value)
{
    struct souk_unpack in;

    souk_unpack_init(&in, value);
    return !souk_unpack_nil(&in) && souk_unpack_absent(&in);
}
