#include "souk_core_parts.h"

#include <stdlib.h>
#include <string.h>

#define WITNESS_FIELDS 3

static int finish_draft(struct souk_core *core, uint32_t at);

/* ---- drafts and commits --------------------------------------------- */

uint64_t
core_next_number(const struct souk_core *core, uint32_t own)
{
    return core->own[own].head.number + core->own[own].drafted + 1;
}

int
core_draft(struct souk_core *core, uint32_t own, const struct souk_event *event)
{
    struct core_draft *draft = core->draft_count == 0 ? NULL : core->drafts[core->draft_count - 1];
    int rc = -SOUK_ETOOBIG;

    if (draft != NULL && draft->own == own
        && souk_batch_builder_bytes(&draft->builder) < core->wiring->limits.batch_cut_bytes)
        rc = souk_batch_builder_add(&draft->builder, event);
    if (rc == -SOUK_ETOOBIG) {
        if (core->draft_count == SOUK_COMMIT_BATCHES_MAX)
            return -SOUK_EHANDLER;
        if (core->draft_count == core->drafts_made) {
            if ((draft = malloc(sizeof *draft)) == NULL)
                return -SOUK_ENOMEM;
            souk_batch_builder_init(&draft->builder);
            core->drafts[core->drafts_made++] = draft;
        }
        draft = core->drafts[core->draft_count++];
        draft->own = own;
        souk_batch_builder_reset(&draft->builder);
        rc = souk_batch_builder_add(&draft->builder, event);
    }
    if (rc != 0)
        return rc == -SOUK_ENOMEM ? rc : -SOUK_EHANDLER;
    core->own[own].drafted++;
    core->draft_events++;
    core->draft_bytes += event->payload.size_bytes + 128;
    core->changed = true;
    return 0;
}

void
core_drafts_reset(struct souk_core *core)
{
    for (uint32_t i = 0; i < core->own_count; i++)
        core->own[i].drafted = 0;
    core->draft_count = 0;
    core->draft_events = core->draft_bytes = 0;
}

int
core_finish(struct souk_core *core)
{
    int rc;

    for (uint32_t i = 0; i < core->follow_count; i++) {
        struct core_follow *follow = &core->follows[i];

        if (!follow->changed || (SOUK_PLANTED_BUG(CURSOR_APART) && core->draft_count != 0))
            continue;
        if ((rc = souk_cursor_put(core->txn, &follow->name, &follow->cursor)) != 0)
            return rc;
        follow->changed = false;
    }
    if (core->draft_count != 0)
        core->commit++;
    for (uint32_t i = 0; i < core->draft_count; i++)
        if ((rc = finish_draft(core, i)) != 0)
            return rc;
    return souk_vector_save(&core->vector, core->txn);
}

static int
finish_draft(struct souk_core *core, uint32_t at)
{
    struct souk_cause causes[SOUK_STREAMS_MAX];
    struct core_draft *draft = core->drafts[at];
    struct core_own *own = &core->own[draft->own];
    struct souk_batch_place place = { .stream = own->name, .epoch = core->epoch, .after = own->head,
        .time_ms = core->wall_ms, .commit = core->commit, .place = at, .places = core->draft_count,
        .causes = causes };
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_slice batch;
    int rc;

    place.cause_count = souk_vector_say(&core->vector, draft->own, false, causes);
    souk_pack_reset(&core->scratch);
    if ((rc = souk_batch_finish(&draft->builder, &place, &core->scratch, &end)) != 0)
        return rc == -SOUK_ENOMEM ? rc : -SOUK_EHANDLER;
    batch = souk_pack_slice(&core->scratch);
    if (souk_batch_peek(batch, &header) != 0)
        return -SOUK_EDAMAGED;
    if ((rc = souk_log_append(core->txn, &own->log, &header, batch)) != 0)
        return rc;
    own->head = end;
    own->time_ms = header.time_ms;
    core->witness_changed = true;
    if ((rc = souk_vector_stand(&core->vector, &own->name, souk_point_of(&end))) != 0)
        return rc;
    return core_publish(core, own, batch);
}

int
core_publish(struct souk_core *core, const struct core_own *own, struct souk_slice batch)
{
    const struct souk_slice frames[] = { souk_wire_topic(&own->name), batch };

    if (own->is_private && !SOUK_PLANTED_BUG(PRIVATE_PUBLISHED)) {
        core->heads_due = true;                 /* whoever may have it pulls it */
        return 0;
    }
    return souk_outbox_put(&core->outbox, SOUK_OUT_PUBLISH, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ NULL, 0 }, frames, 2);
}

int
core_work_heads(struct souk_core *core)
{
    struct souk_wire_heads heads = { .service = core->wiring->self, .sender = core->wiring->self,
        .time_ms = core->now.wall_ms };
    struct souk_slice frames[2];
    struct souk_pack pack;
    int rc;

    if (core->state != SOUK_CORE_LIVE || core->own_count == 0
        || (!core->heads_due && core->now.steady_ms < core->head_due_ms))
        return 0;
    if (!SOUK_PLANTED_BUG(FINGERPRINT_LEFT_OUT))
        memcpy(heads.fingerprint, core->wiring->fingerprint, sizeof heads.fingerprint);
    for (uint32_t i = 0; i < core->own_count; i++) {
        heads.heads[i].stream = core->own[i].name;
        heads.heads[i].position = core->own[i].head;
    }
    heads.count = core->own_count;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_heads_put(&pack, &heads);
    frames[0] = souk_wire_topic_heads();
    frames[1] = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&core->outbox, SOUK_OUT_PUBLISH, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ NULL, 0 }, frames, 2);
    souk_pack_done(&pack);
    if (rc != 0)
        return rc;
    core->heads_due = false;
    core->head_due_ms = SOUK_PLANTED_BUG(HEADS_NOT_REPEATED) ? UINT64_MAX
        : core->now.steady_ms + core->wiring->limits.head_ms;
    return 0;
}

/* ---- the witness ---------------------------------------------------- */

int
core_make_witness(struct souk_core *core, struct souk_pack *pack)
{
    souk_pack_reset(pack);
    if (core->state != SOUK_CORE_LIVE) {
        souk_pack_nil(pack);                    /* fits nothing */
        return pack->rc;
    }
    souk_pack_array(pack, WITNESS_FIELDS);
    souk_pack_uint(pack, core->commit);
    souk_pack_bin(pack, (struct souk_slice){ core->instance, sizeof core->instance });
    souk_pack_array(pack, core->own_count);
    for (uint32_t i = 0; i < core->own_count; i++) {
        souk_pack_array(pack, 5);
        souk_pack_str(pack, souk_name_slice(&core->own[i].name));
        souk_wire_position_put(pack, &core->own[i].head);
    }
    return pack->rc;
}

int
core_witness_fits(struct souk_core *core, struct souk_slice witness, bool *fits_out)
{
    struct souk_unpack in;
    uint64_t commit;
    uint32_t count, said = 0;                   /* own streams, as bits */
    uint8_t instance[8];

    _Static_assert(SOUK_OWN_STREAMS_MAX <= 32, "each own stream has a bit");
    *fits_out = false;
    if (witness.size_bytes == 0)
        return 0;
    souk_unpack_init(&in, witness);
    souk_unpack_array_exact(&in, WITNESS_FIELDS);
    commit = souk_unpack_uint(&in, UINT64_MAX);
    souk_unpack_bin_exact(&in, instance, sizeof instance);
    count = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX);
    if (in.rc != 0 || count != core->own_count || core->commit < commit || core->commit > commit + 1)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        struct souk_position position, base;
        struct souk_batch_header header;
        const struct core_own *own;
        struct souk_slice batch;
        struct souk_name name;
        int rc;

        souk_unpack_array_exact(&in, 5);
        souk_name_unpack(&in, &name);
        souk_wire_position_get(&in, &position);
        if (in.rc != 0 || (own = core_own(core, name.text)) == NULL)
            return 0;
        if ((said & 1U << (own - core->own)) != 0)
            return 0;                           /* twice, so of another one it says nothing */
        said |= 1U << (own - core->own);
        rc = souk_log_at(core->txn, &own->log, souk_point_of(&position), &batch);
        if (rc == -SOUK_ENOTFOUND) {
            if ((rc = souk_log_base(core->txn, &own->log, &base)) != 0)
                return rc;
            if (!souk_position_equal(&base, &position))
                return 0;
        } else if (rc != 0) {
            return rc;
        } else if (souk_batch_peek(batch, &header) != 0) {
            return -SOUK_EDAMAGED;
        } else if (memcmp(header.hash.bytes, position.hash.bytes, SOUK_HASH_BYTES) != 0
            || !souk_epoch_equal(header.epoch, position.epoch)) {
            return 0;
        }
        /* Something behind it that the witness never knew, or a clone of this store has opened an epoch there. */
        if (!souk_position_equal(&own->head, &position)
            && (core->commit == commit || !souk_epoch_equal(own->head.epoch, position.epoch)))
            return 0;
    }
    if (souk_unpack_end(&in) != 0)
        return 0;
    memcpy(core->instance, instance, sizeof instance);
    *fits_out = true;
    return 0;
}
