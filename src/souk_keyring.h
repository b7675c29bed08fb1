/*
 * souk_keyring - the keys under which a service seals what it knows of persons,
 * one for each person, in a file beside its store: in no stream, no table and no
 * backup of the store. Destroying a key makes what it sealed unreadable, in every
 * copy there is.
 *
 * The file is a row of slots of SOUK_KEYRING_SLOT_BYTES: a person, the key (zeros
 * once it is destroyed) and a check of both. Slots are appended and zeroed in
 * place, one write each, synced before the call returns; keys are read from the
 * file each time and kept nowhere. Copying the file while it is used is a backup.
 *
 * One process writes; others (one that fills a store beside, a backup) may read.
 * Safe to call from several threads.
 */
#ifndef SOUK_KEYRING_H
#define SOUK_KEYRING_H

#include <souk.h>

#define SOUK_KEYRING_SUFFIX ".keys"             /* behind the name of a service's data directory: its file outlives it */
#define SOUK_KEYRING_KEY_BYTES 32
#define SOUK_KEYRING_SLOT_BYTES 64
#define SOUK_KEYRING_PERSONS_MAX 1048576        /* forgotten ones too; one more is -SOUK_EFULL */

struct souk_keyring;

/*
 * Open the file at `path`, or make it (0600). What a power cut left of a slot at
 * its end is written over. 0, -SOUK_EDAMAGED (a slot is not as it was written, or
 * it is no keyring: put its backup back), -SOUK_EIO, -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_keyring_open(const char *path, struct souk_keyring **keyring_out, struct souk_error *err);
void souk_keyring_close(struct souk_keyring **keyring_p);

enum souk_keyring_state { SOUK_KEYRING_NONE, SOUK_KEYRING_KEY, SOUK_KEYRING_FORGOTTEN };

/* The person's key, if there is one. 0, -SOUK_EIO, -SOUK_EDAMAGED or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_keyring_find(struct souk_keyring *keyring, const struct souk_id *person,
    enum souk_keyring_state *state_out, uint8_t key_out[SOUK_KEYRING_KEY_BYTES]);
/* Give a person who has none a key, on disk on return. 0, -SOUK_EFULL, -SOUK_EIO or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_keyring_add(struct souk_keyring *keyring, const struct souk_id *person,
    const uint8_t key[SOUK_KEYRING_KEY_BYTES]);
/* Destroy the person's key, on disk on return; the person never gets another one. Again is fine. Like add. */
SOUK_MUST_CHECK int souk_keyring_forget(struct souk_keyring *keyring, const struct souk_id *person);

/* How many have a key, and how many are forgotten. */
void souk_keyring_count(struct souk_keyring *keyring, uint64_t *keys_out, uint64_t *forgotten_out);

#endif
