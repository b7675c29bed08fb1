#include "souk_stage_parts.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "souk_pass.h"
#include "souk_wiring.h"

#define STAGE_PASS_MS 600000            /* as services issue them */

/* A stage's passes are good on stages, and worth nothing elsewhere. */
static const uint8_t seed[crypto_sign_SEEDBYTES] = "a stage's passes are worth nothi";

void
stage_wire_passes(struct souk_stage *stage, struct souk_wiring *wiring)
{
    (void)crypto_sign_seed_keypair(wiring->pass_keys.keys[0], stage->pass_secret, seed);
    wiring->pass_keys.count = 1;
    wiring->pass_secret = stage->pass_secret;
}

void
souk_stage_sign_in(struct souk_stage *stage, uint64_t person, const char *roles)
{
    struct souk_id id = { { 0 } };

    souk_put_u64(id.bytes + 8, person);
    souk_stage_sign_in_as(stage, id, roles);
}

void
souk_stage_sign_in_as(struct souk_stage *stage, struct souk_id person, const char *roles)
{
    struct souk_pass pass = { .person = person };
    const char *at = roles;

    while (*(at += strspn(at, " ")) != '\0') {
        const struct souk_slice role = { at, strcspn(at, " ") };

        if (pass.role_count == SOUK_PASS_ROLES_MAX || !souk_name_valid(role)) {
            stage_fail(stage, "roles are at most %d names: %s", SOUK_PASS_ROLES_MAX, roles);
            stage_finish(stage, "sign in", roles);
            return;
        }
        memcpy(pass.roles[pass.role_count++], role.base, role.size_bytes);
        at += role.size_bytes;
    }
    stage->pass = pass;
    stage->has_pass = true;
}

void
souk_stage_sign_out(struct souk_stage *stage)
{
    stage->has_pass = false;
}

struct souk_slice
stage_pass(struct souk_stage *stage, struct souk_arena *arena)
{
    struct souk_slice bytes = { NULL, 0 };

    if (!stage->has_pass)
        return bytes;
    stage->pass.issued_ms = stage_time(stage).wall_ms;
    stage->pass.expires_ms = stage->pass.issued_ms + STAGE_PASS_MS;
    if (souk_pass_sign(&stage->pass, stage->pass_secret, &bytes, arena) != 0)
        stage_fail(stage, "its pass cannot be signed");
    return bytes;
}
