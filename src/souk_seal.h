/*
 * souk_seal - personal fields as they are kept: encrypted under the key of the
 * person whom the event or row is about (souk_keyring.h), each by itself, where
 * it stands in the packed message.
 *
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), the type's name and the
 * field's place being authenticated with it. The nonce is a keyed BLAKE2b hash
 * of that and the value, so equal values of a person give equal bytes and tables
 * can be compared by digest; it is what makes sealing twice harmless (RFC 5297
 * has the idea). A sealed value is 40 bytes longer than the value, and 2 to 6
 * for its head.
 */
#ifndef SOUK_SEAL_H
#define SOUK_SEAL_H

#include <souk-message.h>

#include "souk_wiring.h"

struct souk_keyring;

/* Has the service anything to seal? Personal fields are in private streams, so if it writes one. */
bool souk_seals(const struct souk_wiring *wiring);

/*
 * Write `packed`, a message of `type` as it was encoded, to `out` with its
 * personal fields sealed. A person without a key gets one of `random`; the fields of one
 * who is forgotten become nil. 0, -SOUK_EUNSUPPORTED (no keyring), -SOUK_ETOOBIG,
 * -SOUK_ENOMEM, -SOUK_EMALFORMED, or of the keyring.
 */
SOUK_MUST_CHECK int souk_seal(struct souk_keyring *keyring, const struct souk_random *random,
    const struct souk_message_type *type, struct souk_slice packed, struct souk_pack *out);
/*
 * The way back: what no key opens becomes nil. *unsealed_out is `packed` itself
 * where nothing is sealed, else in `arena`. 0, -SOUK_ENOMEM, -SOUK_EMALFORMED, or of the keyring.
 */
SOUK_MUST_CHECK int souk_unseal(struct souk_keyring *keyring, const struct souk_message_type *type,
    struct souk_slice packed, struct souk_arena *arena, struct souk_slice *unsealed_out);

/* The person whom `field` of a packed message of `type` names. 0 or -SOUK_EMALFORMED. */
SOUK_MUST_CHECK int souk_seal_person(const struct souk_message_type *type, const struct souk_field *field,
    struct souk_slice packed, struct souk_id *person_out);

/* What the rows of that view, and of that index table, are sealed with; NULL: nothing can be. In souk_space.c. */
const struct souk_wiring *souk_view_wiring(const struct souk_view *view);
const struct souk_wiring *souk_index_wiring(const struct souk_index_rows *rows);

#endif
