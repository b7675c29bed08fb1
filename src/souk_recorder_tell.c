#include "souk_recorder_parts.h"

#include <assert.h>
#include <string.h>

#define FENCES_PER_HEAD 2

static uint32_t highest(struct souk_recorder *recorder, const struct recorder_origin *origin);
static int grant_seal(struct souk_recorder *recorder, const struct recorder_request *request);
static int send_frame(struct souk_recorder *recorder, const struct souk_name *to, const struct souk_pack *pack);

/* ---- life ----------------------------------------------------------- */

/* The highest epoch counter that was sealed or recorded for the service. */
static uint32_t
highest(struct souk_recorder *recorder, const struct recorder_origin *origin)
{
    uint32_t counter = origin->sealed;

    for (uint32_t i = 0; i < recorder->kept_count; i++)
        if (recorder->kept[i].feed->feed == origin->feed && recorder->kept[i].head.epoch.counter > counter)
            counter = recorder->kept[i].head.epoch.counter;
    return counter;
}

/* ---- seals ---------------------------------------------------------- */

int
recorder_grant_seals(struct souk_recorder *recorder)
{
    int rc;

    for (const struct recorder_request *request = recorder->seals; request != NULL; request = request->next)
        if ((rc = grant_seal(recorder, request)) != 0)
            return rc;
    return 0;
}

static int
grant_seal(struct souk_recorder *recorder, const struct recorder_request *request)
{
    const struct souk_wire_seal *seal = &request->seal;
    struct recorder_origin *origin = recorder_origin(recorder, seal->service.text);
    struct souk_wire_sealed sealed = { .request = seal->request, .store = recorder->wiring->self,
        .service = seal->service };
    struct souk_table table;
    struct souk_slice frame;
    struct souk_pack pack;
    uint8_t value[12];
    bool again = false;
    int rc;

    assert(origin != NULL);                     /* looked for when it was heard */
    sealed.counter = highest(recorder, origin);
    sealed.granted = seal->counter > sealed.counter || (seal->counter == sealed.counter
        && seal->counter == origin->sealed && memcmp(seal->instance, origin->instance, sizeof origin->instance) == 0);
    if (SOUK_PLANTED_BUG(SEAL_ALWAYS_GRANTED))
        sealed.granted = true;
    if (sealed.granted) {
        again = origin->sealed == seal->counter;
        sealed.counter = seal->counter;
        origin->sealed = seal->counter;
        memcpy(origin->instance, seal->instance, sizeof origin->instance);
        souk_put_u32(value, seal->counter);
        memcpy(value + 4, seal->instance, 8);
        if (!again && !SOUK_PLANTED_BUG(SEAL_NOT_DURABLE)) {
            if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_SEALS, &table)) != 0
                || (rc = souk_txn_put(recorder->txn, table, souk_name_slice(&seal->service),
                    (struct souk_slice){ value, sizeof value })) != 0)
                return rc;
            recorder->changed = true;
        }
        for (uint32_t i = 0; i < origin->feed->stream_count && !again; i++)
            souk_feed_drop_untaken(&origin->feed->streams[i]);  /* of whoever has just been fenced */
        origin->feed->met |= !again;
        recorder->status.seals += !again;
    }
    memcpy(sealed.incarnation, recorder->incarnation, sizeof sealed.incarnation);
    for (uint32_t i = 0; i < origin->feed->stream_count; i++) {
        sealed.positions[i].stream = origin->feed->streams[i].name;
        sealed.positions[i].position = recorder_kept_in(recorder, &origin->feed->streams[i])->head;
    }
    sealed.count = origin->feed->stream_count;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_sealed_put(&pack, &sealed);
    frame = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&recorder->outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ request->route, request->route_bytes }, &frame, 1);
    souk_pack_done(&pack);
    return rc;
}

/* ---- telling -------------------------------------------------------- */

int
recorder_acknowledge(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct recorder_origin *origin = &recorder->origins[i];
        struct souk_wire_ack ack = { .store = recorder->wiring->self };
        struct souk_pack pack;
        int rc;

        if (!origin->ack_due)
            continue;
        memcpy(ack.incarnation, recorder->incarnation, sizeof ack.incarnation);
        ack.commit = recorder->commit;
        for (uint32_t k = 0; k < origin->feed->stream_count; k++) {
            const struct recorder_kept *kept = recorder_kept_in(recorder, &origin->feed->streams[k]);

            if (kept->commit == 0 || kept->probing)
                continue;
            ack.acks[ack.count].stream = kept->name;
            ack.acks[ack.count].position = kept->head;
            ack.acks[ack.count++].backed_up = kept->backed_up;
        }
        if (ack.count == 0) {
            origin->ack_due = false;
            continue;
        }
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_ack_put(&pack, &ack);
        rc = send_frame(recorder, &origin->feed->origin, &pack);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
        origin->ack_due = false;
    }
    return 0;
}

int
recorder_fence(struct souk_recorder *recorder)
{
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        struct recorder_origin *origin = &recorder->origins[i];
        const struct souk_wire_fenced fenced = { .store = recorder->wiring->self, .service = origin->feed->origin,
            .counter = origin->sealed };
        struct souk_pack pack;
        int rc;

        if (!origin->fence_due || recorder->now.steady_ms < origin->fence_not_before_ms)
            continue;
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_fenced_put(&pack, &fenced);
        rc = send_frame(recorder, &origin->feed->origin, &pack);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
        origin->fence_due = false;
        origin->fence_not_before_ms = recorder->now.steady_ms + recorder->wiring->limits.head_ms / FENCES_PER_HEAD;
        recorder->status.fences++;
    }
    return 0;
}

int
recorder_publish_heads(struct souk_recorder *recorder)
{
    if (!recorder->heads_due && recorder->now.steady_ms < recorder->head_due_ms)
        return 0;
    for (uint32_t i = 0; i < recorder->origin_count; i++) {
        const struct souk_feed *feed = recorder->origins[i].feed;
        struct souk_wire_heads heads = { .service = feed->origin, .sender = recorder->wiring->self,
            .time_ms = recorder->now.wall_ms };
        struct souk_slice frames[2];
        struct souk_pack pack;
        int rc;

        memcpy(heads.incarnation, recorder->incarnation, sizeof heads.incarnation);
        memcpy(heads.fingerprint, recorder->wiring->fingerprint, sizeof heads.fingerprint);
        for (uint32_t k = 0; k < feed->stream_count; k++) {
            const struct recorder_kept *kept = recorder_kept_in(recorder, &feed->streams[k]);

            if (souk_position_is_zero(&kept->head))
                continue;
            heads.heads[heads.count].stream = kept->name;
            heads.heads[heads.count++].position = kept->head;
        }
        if (heads.count == 0)
            continue;
        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_heads_put(&pack, &heads);
        frames[0] = souk_wire_topic_heads();
        frames[1] = souk_pack_slice(&pack);
        rc = pack.rc != 0 ? pack.rc : souk_outbox_put(&recorder->outbox, SOUK_OUT_PUBLISH, SOUK_DOOR_COMMANDS, NULL,
            (struct souk_slice){ NULL, 0 }, frames, 2);
        souk_pack_done(&pack);
        if (rc != 0)
            return rc;
    }
    recorder->heads_due = false;
    recorder->head_due_ms = recorder->now.steady_ms + recorder->wiring->limits.head_ms;
    return 0;
}

static int
send_frame(struct souk_recorder *recorder, const struct souk_name *to, const struct souk_pack *pack)
{
    const struct souk_slice frame = souk_pack_slice(pack);

    if (pack->rc != 0)
        return pack->rc;
    return souk_outbox_put(&recorder->outbox, SOUK_OUT_SEND, SOUK_DOOR_COMMANDS, to, (struct souk_slice){ NULL, 0 },
        &frame, 1);
}

/* ---- backups -------------------------------------------------------- */

int
souk_recorder_backed_up(struct souk_recorder *recorder, const struct souk_backed_up *points, size_t count)
{
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        struct recorder_kept *kept = &recorder->kept[i];
        const uint64_t before = kept->backed_up;

        kept->backed_up = 0;
        for (size_t k = 0; k < count; k++)
            if (strcmp(points[k].stream.text, kept->name.text) == 0)
                kept->backed_up = points[k].number;
        if (SOUK_PLANTED_BUG(NEWEST_BACKUP_COUNTS) && kept->backed_up != 0)
            kept->backed_up = kept->head.number;
        if (SOUK_PLANTED_BUG(MARK_ONLY_RISES) && kept->backed_up < before)
            kept->backed_up = before;
    }
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        recorder->origins[i].ack_due = true;    /* also while there is no room to write it: less is heard at once */
    recorder->backed_up_changed = recorder->dirty = true;
    return 0;
}

int
recorder_save_backed_up(struct souk_recorder *recorder)
{
    struct souk_table table;
    uint8_t value[8];
    int rc;

    if (!recorder->backed_up_changed)
        return 0;
    if ((rc = souk_txn_table(recorder->txn, RECORDER_TABLE_BACKED_UP, &table)) != 0)
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        souk_put_u64(value, recorder->kept[i].backed_up);
        rc = souk_txn_put(recorder->txn, table, souk_name_slice(&recorder->kept[i].name),
            (struct souk_slice){ value, sizeof value });
        if (rc != 0)
            return rc;
    }
    for (uint32_t i = 0; i < recorder->origin_count; i++)
        recorder->origins[i].ack_due = true;
    recorder->changed = recorder->backed_up_saved = true;
    return 0;
}
