#include "souk_core_parts.h"

#include <assert.h>
#include <string.h>

#include "souk_seal.h"

static int seal(struct souk_core *core, const struct souk_message_type *event, struct souk_slice *payload);

void
core_decision_init(struct souk_core *core, struct souk_decision *decision, const struct souk_because *because,
    const struct souk_id *correlation, uint32_t depth)
{
    memset(decision, 0, sizeof *decision);
    decision->core = core;
    decision->now_ms = core->wall_ms;
    decision->because = *because;
    decision->correlation = *correlation;
    decision->depth = depth;
    decision->end = &decision->first;
}

int
souk_emit(struct souk_decision *decision, const struct souk_message_type *event, const void *message)
{
    struct souk_core *core = decision->core;
    struct core_emitted *emitted;
    struct core_own *own;
    struct souk_pack *key = &core->key_scratch;
    int rc;

    assert(event->kind == SOUK_EVENT);
    if (decision->count == SOUK_DECISION_EVENTS_MAX)
        return -SOUK_ETOOBIG;
    if (event->stream == NULL || (own = core_own(core, event->stream)) == NULL)
        return -SOUK_EINVAL;                    /* not a stream of this service */
    if ((emitted = souk_arena_alloc(&core->arena, sizeof *emitted)) == NULL)
        return -SOUK_ENOMEM;
    souk_pack_reset(&core->scratch);
    if ((rc = event->encode(message, &core->scratch)) != 0 || (rc = core->scratch.rc) != 0)
        return rc;
    emitted->payload = souk_arena_copy(&core->arena, souk_pack_slice(&core->scratch));
    if (event->subject != NULL && emitted->payload.base != NULL && (rc = seal(core, event, &emitted->payload)) != 0)
        return rc;
    souk_pack_reset(key);
    if ((rc = event->key(message, key)) != 0 || (rc = key->rc) != 0)
        return rc;
    if (key->size_bytes == 0 || key->size_bytes > SOUK_KEY_BYTES_MAX)
        return -SOUK_EINVAL;
    emitted->key = souk_arena_copy(&core->arena, souk_pack_slice(key));
    if (emitted->payload.base == NULL || emitted->key.base == NULL)
        return -SOUK_ENOMEM;
    decision->bytes += emitted->payload.size_bytes;
    if (decision->bytes > SOUK_DECISION_BYTES_MAX && decision->count > 0)
        return -SOUK_ETOOBIG;
    emitted->type = event;
    emitted->own = (uint32_t)(own - core->own);
    *decision->end = emitted;
    decision->end = &emitted->next;
    decision->count++;
    return 0;
}

static int
seal(struct souk_core *core, const struct souk_message_type *event, struct souk_slice *payload)
{
    const struct souk_wiring *wiring = core->wiring;
    int rc;

    souk_pack_reset(&core->scratch);
    if ((rc = souk_seal(wiring->keyring, &wiring->random, event, *payload, &core->scratch)) != 0)
        return rc;
    if (core->scratch.size_bytes > SOUK_PAYLOAD_BYTES_MAX)
        return -SOUK_ETOOBIG;
    *payload = souk_arena_copy(&core->arena, souk_pack_slice(&core->scratch));
    return 0;
}

int
souk_refuse(struct souk_decision *decision, const char *code)
{
    decision->refused = true;
    decision->refusal = code;
    return SOUK_REFUSED;
}

int
souk_accept(struct souk_decision *decision)
{
    decision->refused = false;
    return 0;
}

uint64_t
souk_decision_now_ms(const struct souk_decision *decision)
{
    return decision->now_ms;
}

struct souk_id
souk_decision_new_id(struct souk_decision *decision)
{
    const struct souk_random *random = &decision->core->wiring->random;
    struct souk_id id;

    random->fill(random->arg, id.bytes, sizeof id.bytes);
    for (int i = 0; i < 6; i++)                 /* RFC 9562, 5.7: 48 bits of ms, version 7, variant 2 */
        id.bytes[i] = (uint8_t)(decision->now_ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

struct souk_slice
souk_decision_caller(const struct souk_decision *decision)
{
    return decision->caller;
}

const struct souk_pass *
souk_decision_pass(const struct souk_decision *decision)
{
    return decision->pass;
}

struct souk_slice
souk_decision_prepared(const struct souk_decision *decision)
{
    return decision->prepared;
}

int
souk_prepared_set(struct souk_prepared *prepared, struct souk_slice bytes)
{
    if (bytes.size_bytes > SOUK_PAYLOAD_BYTES_MAX)
        return -SOUK_ETOOBIG;
    prepared->bytes = souk_arena_copy(prepared->arena, bytes);
    return prepared->bytes.base == NULL ? -SOUK_ENOMEM : 0;
}

int
core_said(const struct souk_decision *decision, int rc)
{
    if (rc == SOUK_REFUSED && decision->refused)
        return 0;
    return rc > 0 ? -SOUK_EHANDLER : rc;
}

int
core_settle(struct souk_core *core, struct souk_decision *decision)
{
    uint32_t switches = 1;
    int rc;

    souk_trail_begin(&core->trail);
    if (decision->refused || decision->count == 0)
        return 0;
    if (decision->depth > SOUK_DEPTH_MAX)
        return -SOUK_EHANDLER;
    for (const struct core_emitted *emitted = decision->first; emitted->next != NULL; emitted = emitted->next)
        switches += emitted->own != emitted->next->own;
    switches += (uint32_t)(decision->bytes / core->wiring->limits.batch_cut_bytes) + 1;
    if (core->draft_count + switches > SOUK_COMMIT_BATCHES_MAX
        || core->draft_bytes + decision->bytes > SOUK_COMMIT_BYTES_MAX) {
        core->commit_full = core->draft_count != 0;
        return core->commit_full ? -SOUK_EBUSY : -SOUK_EHANDLER;
    }
    for (const struct core_emitted *emitted = decision->first; emitted != NULL; emitted = emitted->next) {
        struct souk_event event = {
            .number = core_next_number(core, emitted->own),
            .type = souk_slice_of(emitted->type->name),
            .key = emitted->key,
            .payload = emitted->payload,
            .because = decision->because,
            .correlation = decision->correlation,
            .depth = decision->depth,
            .time_ms = decision->now_ms,
            .version = emitted->type->version,
        };

        if ((rc = core_draft(core, emitted->own, &event)) != 0
            || (rc = core_apply_own(core, emitted->own, core->epoch, &event)) != 0)
            return rc;
    }
    core->status.events_decided += decision->count;
    return souk_trail_end(core->txn, &core->trail);
}
