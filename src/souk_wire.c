#include "souk_wire.h"

#include <string.h>

#include "souk_unpack_quick.h"

#define TOPIC_HEADS "\x01"
#define ENTRY_FIELDS 6
#define DEADLINE_DEFAULT_MS 10000

static void begin_put(struct souk_pack *pack, uint32_t fields, enum souk_wire_kind kind);
static int begin_get(struct souk_unpack *in, struct souk_slice frame, uint32_t fields, enum souk_wire_kind kind);
static int end_get(const struct souk_unpack *in);
static void name_put(struct souk_pack *pack, const struct souk_name *name);
static void bits_put(struct souk_pack *pack, const uint8_t bits[8]);
static void place_put(struct souk_pack *pack, const struct souk_wire_place *place);
static void cause_put(struct souk_pack *pack, const struct souk_cause *cause);
static uint32_t places_get(struct souk_unpack *in, struct souk_wire_place *places, uint32_t count_max);
static uint32_t causes_get(struct souk_unpack *in, struct souk_cause *causes, uint32_t count_max);
static bool has_stream_twice(const struct souk_wire_pull *pull);

enum souk_wire_kind
souk_wire_kind(struct souk_slice frame)
{
    struct souk_unpack in;
    uint64_t version, kind;

    souk_unpack_init(&in, frame);
    (void)souk_unpack_array(&in, 64);
    version = souk_quick_uint(&in, UINT64_MAX);
    kind = souk_quick_uint(&in, SOUK_WIRE_LAST);
    return in.rc == 0 && version == SOUK_WIRE_VERSION ? (enum souk_wire_kind)kind : (enum souk_wire_kind)0;
}

/* ---- heads ---------------------------------------------------------- */

void
souk_wire_heads_put(struct souk_pack *pack, const struct souk_wire_heads *heads)
{
    begin_put(pack, 8, SOUK_WIRE_HEADS);
    name_put(pack, &heads->service);
    name_put(pack, &heads->sender);
    bits_put(pack, heads->incarnation);
    bits_put(pack, heads->fingerprint);
    souk_pack_uint(pack, heads->time_ms);
    souk_pack_array(pack, heads->count);
    for (uint32_t i = 0; i < heads->count; i++)
        place_put(pack, &heads->heads[i]);
}

int
souk_wire_heads_get(struct souk_slice frame, struct souk_wire_heads *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 8, SOUK_WIRE_HEADS)) != 0)
        return rc;
    souk_name_unpack(&in, &out->service);
    souk_name_unpack(&in, &out->sender);
    souk_quick_bin_exact(&in, out->incarnation, sizeof out->incarnation);
    souk_quick_bin_exact(&in, out->fingerprint, sizeof out->fingerprint);
    out->time_ms = souk_quick_uint(&in, SOUK_TIME_MS_MAX);
    out->count = places_get(&in, out->heads, SOUK_OWN_STREAMS_MAX);
    return end_get(&in);
}

/* ---- pull ----------------------------------------------------------- */

void
souk_wire_pull_put(struct souk_pack *pack, const struct souk_wire_pull *pull)
{
    begin_put(pack, 7, SOUK_WIRE_PULL);
    souk_pack_uint(pack, pull->request);
    name_put(pack, &pull->asker);
    souk_pack_uint(pack, pull->credit_bytes);
    souk_pack_array(pack, pull->cursor_count);
    for (uint32_t i = 0; i < pull->cursor_count; i++)
        place_put(pack, &pull->cursors[i]);
    souk_pack_array(pack, pull->wait_count);
    for (uint32_t i = 0; i < pull->wait_count; i++)
        cause_put(pack, &pull->waits[i]);
}

int
souk_wire_pull_get(struct souk_slice frame, struct souk_wire_pull *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 7, SOUK_WIRE_PULL)) != 0)
        return rc;
    out->request = souk_quick_uint(&in, UINT64_MAX);
    souk_name_unpack(&in, &out->asker);
    out->credit_bytes = (uint32_t)souk_quick_uint(&in, SOUK_WIRE_CREDIT_MAX);
    out->cursor_count = places_get(&in, out->cursors, SOUK_OWN_STREAMS_MAX);
    out->wait_count = causes_get(&in, out->waits, SOUK_WIRE_WAITS_MAX);
    if (in.rc == 0 && (out->credit_bytes == 0 || out->cursor_count == 0 || has_stream_twice(out)))
        return -SOUK_EMALFORMED;
    return end_get(&in);
}

void
souk_wire_pulled_put(struct souk_pack *pack, const struct souk_wire_pulled *pulled)
{
    begin_put(pack, 7, SOUK_WIRE_PULLED);
    souk_pack_uint(pack, pulled->request);
    name_put(pack, &pulled->holder);
    bits_put(pack, pulled->incarnation);
    souk_pack_bool(pack, pulled->more);
    souk_pack_array(pack, pulled->count);
    for (uint32_t i = 0; i < pulled->count; i++) {
        const struct souk_wire_answer *answer = &pulled->answers[i];

        souk_pack_array(pack, 13);
        name_put(pack, &answer->stream);
        souk_wire_position_put(pack, &answer->asked);
        souk_pack_uint(pack, answer->verdict);
        souk_wire_position_put(pack, &answer->head);
        souk_wire_point_put(pack, &answer->common);
    }
}

int
souk_wire_pulled_get(struct souk_slice frame, struct souk_wire_pulled *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 7, SOUK_WIRE_PULLED)) != 0)
        return rc;
    out->request = souk_quick_uint(&in, UINT64_MAX);
    souk_name_unpack(&in, &out->holder);
    souk_quick_bin_exact(&in, out->incarnation, sizeof out->incarnation);
    out->more = souk_unpack_bool(&in);
    out->count = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX);
    for (uint32_t i = 0; i < out->count && in.rc == 0; i++) {
        struct souk_wire_answer *answer = &out->answers[i];

        souk_quick_array_exact(&in, 13);
        souk_name_unpack(&in, &answer->stream);
        souk_wire_position_get(&in, &answer->asked);
        answer->verdict = (enum souk_verdict)souk_quick_uint(&in, SOUK_BEGINS);
        souk_wire_position_get(&in, &answer->head);
        souk_wire_point_get(&in, &answer->common);
        if (answer->verdict != SOUK_VOID && answer->common.epoch.counter != 0)
            souk_unpack_fail(&in, SOUK_EMALFORMED);
    }
    return end_get(&in);
}

static bool
has_stream_twice(const struct souk_wire_pull *pull)
{
    for (uint32_t i = 0; i < pull->cursor_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(pull->cursors[i].stream.text, pull->cursors[k].stream.text) == 0)
                return true;
    return false;
}

void
souk_wire_busy_put(struct souk_pack *pack, const struct souk_wire_busy *busy)
{
    begin_put(pack, 5, SOUK_WIRE_BUSY);
    souk_pack_uint(pack, busy->request);
    name_put(pack, &busy->holder);
    souk_pack_uint(pack, busy->retry_after_ms);
}

int
souk_wire_busy_get(struct souk_slice frame, struct souk_wire_busy *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 5, SOUK_WIRE_BUSY)) != 0)
        return rc;
    out->request = souk_quick_uint(&in, UINT64_MAX);
    souk_name_unpack(&in, &out->holder);
    out->retry_after_ms = (uint32_t)souk_quick_uint(&in, SOUK_WIRE_DEADLINE_MS_MAX);
    return end_get(&in);
}

/* ---- acknowledgement, seal, fence ----------------------------------- */

void
souk_wire_ack_put(struct souk_pack *pack, const struct souk_wire_ack *ack)
{
    begin_put(pack, 6, SOUK_WIRE_ACK);
    name_put(pack, &ack->store);
    bits_put(pack, ack->incarnation);
    souk_pack_uint(pack, ack->commit);
    souk_pack_array(pack, ack->count);
    for (uint32_t i = 0; i < ack->count; i++) {
        souk_pack_array(pack, 6);
        name_put(pack, &ack->acks[i].stream);
        souk_wire_position_put(pack, &ack->acks[i].position);
        souk_pack_uint(pack, ack->acks[i].backed_up);
    }
}

int
souk_wire_ack_get(struct souk_slice frame, struct souk_wire_ack *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 6, SOUK_WIRE_ACK)) != 0)
        return rc;
    souk_name_unpack(&in, &out->store);
    souk_quick_bin_exact(&in, out->incarnation, sizeof out->incarnation);
    out->commit = souk_quick_uint(&in, UINT64_MAX);
    out->count = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX);
    for (uint32_t i = 0; i < out->count && in.rc == 0; i++) {
        souk_quick_array_exact(&in, 6);
        souk_name_unpack(&in, &out->acks[i].stream);
        souk_wire_position_get(&in, &out->acks[i].position);
        out->acks[i].backed_up = souk_quick_uint(&in, UINT64_MAX);
    }
    return end_get(&in);
}

void
souk_wire_seal_put(struct souk_pack *pack, const struct souk_wire_seal *seal)
{
    begin_put(pack, 6, SOUK_WIRE_SEAL);
    souk_pack_uint(pack, seal->request);
    name_put(pack, &seal->service);
    souk_pack_uint(pack, seal->counter);
    bits_put(pack, seal->instance);
}

int
souk_wire_seal_get(struct souk_slice frame, struct souk_wire_seal *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 6, SOUK_WIRE_SEAL)) != 0)
        return rc;
    out->request = souk_quick_uint(&in, UINT64_MAX);
    souk_name_unpack(&in, &out->service);
    out->counter = (uint32_t)souk_quick_uint(&in, UINT32_MAX);
    souk_quick_bin_exact(&in, out->instance, sizeof out->instance);
    if (in.rc == 0 && out->counter == 0)
        return -SOUK_EMALFORMED;
    return end_get(&in);
}

void
souk_wire_sealed_put(struct souk_pack *pack, const struct souk_wire_sealed *sealed)
{
    begin_put(pack, 9, SOUK_WIRE_SEALED);
    souk_pack_uint(pack, sealed->request);
    name_put(pack, &sealed->store);
    bits_put(pack, sealed->incarnation);
    name_put(pack, &sealed->service);
    souk_pack_bool(pack, sealed->granted);
    souk_pack_uint(pack, sealed->counter);
    souk_pack_array(pack, sealed->count);
    for (uint32_t i = 0; i < sealed->count; i++)
        place_put(pack, &sealed->positions[i]);
}

int
souk_wire_sealed_get(struct souk_slice frame, struct souk_wire_sealed *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 9, SOUK_WIRE_SEALED)) != 0)
        return rc;
    out->request = souk_quick_uint(&in, UINT64_MAX);
    souk_name_unpack(&in, &out->store);
    souk_quick_bin_exact(&in, out->incarnation, sizeof out->incarnation);
    souk_name_unpack(&in, &out->service);
    out->granted = souk_unpack_bool(&in);
    out->counter = (uint32_t)souk_quick_uint(&in, UINT32_MAX);
    out->count = places_get(&in, out->positions, SOUK_OWN_STREAMS_MAX);
    if (in.rc == 0 && out->counter == 0)
        return -SOUK_EMALFORMED;
    return end_get(&in);
}

void
souk_wire_fenced_put(struct souk_pack *pack, const struct souk_wire_fenced *fenced)
{
    begin_put(pack, 5, SOUK_WIRE_FENCED);
    name_put(pack, &fenced->store);
    name_put(pack, &fenced->service);
    souk_pack_uint(pack, fenced->counter);
}

int
souk_wire_fenced_get(struct souk_slice frame, struct souk_wire_fenced *out)
{
    struct souk_unpack in;
    int rc;

    if ((rc = begin_get(&in, frame, 5, SOUK_WIRE_FENCED)) != 0)
        return rc;
    souk_name_unpack(&in, &out->store);
    souk_name_unpack(&in, &out->service);
    out->counter = (uint32_t)souk_quick_uint(&in, UINT32_MAX);
    if (in.rc == 0 && out->counter == 0)
        return -SOUK_EMALFORMED;
    return end_get(&in);
}

/* ---- requests and replies ------------------------------------------- */

void
souk_wire_request_put(struct souk_pack *pack, const struct souk_wire_request *request)
{
    begin_put(pack, 13, SOUK_WIRE_REQUEST);
    souk_pack_bin(pack, (struct souk_slice){ request->id.bytes, sizeof request->id.bytes });
    souk_pack_bool(pack, request->query);
    souk_pack_str(pack, request->name);
    souk_pack_uint(pack, request->version);
    souk_pack_uint(pack, request->deadline_ms);
    if (request->has_correlation)
        souk_pack_bin(pack, (struct souk_slice){ request->correlation.bytes, sizeof request->correlation.bytes });
    else
        souk_pack_nil(pack);
    souk_pack_str(pack, request->caller);
    souk_pack_bool(pack, request->recorded);
    souk_pack_array(pack, request->seen_count);
    for (uint32_t i = 0; i < request->seen_count; i++)
        cause_put(pack, &request->seen[i]);
    souk_pack_bin(pack, request->pass);
    souk_pack_bin(pack, request->payload);
}

void
souk_wire_id_set(struct souk_id *id_out, struct souk_slice id)
{
    if (id.size_bytes == sizeof id_out->bytes)
        memcpy(id_out->bytes, id.base, sizeof id_out->bytes);
    else
        souk_digest(id_out->bytes, sizeof id_out->bytes, &id, 1);
}

int
souk_wire_request_get(struct souk_slice frame, struct souk_wire_request *out)
{
    struct souk_unpack in;
    struct souk_slice id;
    int rc;

    if ((rc = begin_get(&in, frame, 13, SOUK_WIRE_REQUEST)) != 0)
        return rc;
    id = souk_unpack_bin(&in, SOUK_WIRE_TEXT_BYTES_MAX);
    souk_wire_id_set(&out->id, id);
    out->query = souk_unpack_bool(&in);
    out->name = souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX);
    out->version = (uint16_t)souk_quick_uint(&in, UINT16_MAX);
    out->deadline_ms = souk_quick_uint(&in, INT32_MAX);
    memset(out->correlation.bytes, 0, sizeof out->correlation.bytes);
    if (!(out->has_correlation = !souk_unpack_nil(&in)))
        out->correlation = out->id;
    else
        souk_quick_bin_exact(&in, out->correlation.bytes, sizeof out->correlation.bytes);
    out->caller = souk_unpack_str(&in, SOUK_WIRE_CALLER_BYTES_MAX);
    out->recorded = souk_unpack_bool(&in);
    out->seen_count = causes_get(&in, out->seen, SOUK_WIRE_SEEN_MAX);
    out->pass = souk_unpack_bin(&in, SOUK_PASS_BYTES_MAX);
    out->payload = souk_unpack_bin(&in, SOUK_PAYLOAD_BYTES_MAX);
    if (in.rc == 0 && (out->name.size_bytes == 0 || out->version == 0 || id.size_bytes == 0
        || out->caller.size_bytes == 0))
        return -SOUK_EMALFORMED;
    return end_get(&in);
}

uint64_t
souk_wire_deadline_ms(const struct souk_wire_request *request)
{
    if (request->deadline_ms == 0)
        return DEADLINE_DEFAULT_MS;
    return request->deadline_ms < SOUK_WIRE_DEADLINE_MS_MAX ? request->deadline_ms : SOUK_WIRE_DEADLINE_MS_MAX;
}

const char *
souk_wire_status_name(enum souk_status status)
{
    static const char *const names[] = {
        [SOUK_STATUS_OK] = "ok",
        [SOUK_STATUS_REFUSED] = "refused",
        [SOUK_STATUS_PENDING] = "pending",
        [SOUK_STATUS_BUSY] = "busy",
        [SOUK_STATUS_KEY_REUSED] = "key_reused",
        [SOUK_STATUS_LOST] = "lost",
        [SOUK_STATUS_INVALID] = "invalid",
        [SOUK_STATUS_UNKNOWN] = "unknown",
        [SOUK_STATUS_INTERNAL] = "internal",
        [SOUK_STATUS_FULL] = "full",
        [SOUK_STATUS_EXPIRED] = "expired",
        [SOUK_STATUS_UNSUPPORTED] = "unsupported",
        [SOUK_STATUS_FORBIDDEN] = "forbidden",
    };

    return names[status];
}

void
souk_wire_reply_init(struct souk_wire_reply *reply, const struct souk_id *id, enum souk_status status)
{
    reply->id = *id;
    reply->status = status;
    reply->durability = SOUK_DURABILITY_NONE;
    reply->code = reply->text = reply->body = (struct souk_slice){ NULL, 0 };
    reply->retry_after_ms = 0;
    reply->cursor_count = reply->body_count = 0;
}

void
souk_wire_reply_put(struct souk_pack *pack, const struct souk_wire_reply *reply)
{
    begin_put(pack, 10, SOUK_WIRE_REPLY);
    souk_pack_bin(pack, (struct souk_slice){ reply->id.bytes, sizeof reply->id.bytes });
    souk_pack_uint(pack, reply->status);
    souk_pack_uint(pack, reply->durability);
    souk_pack_str(pack, reply->code);
    souk_pack_str(pack, reply->text);
    souk_pack_uint(pack, reply->retry_after_ms);
    souk_pack_array(pack, reply->cursor_count);
    for (uint32_t i = 0; i < reply->cursor_count; i++)
        cause_put(pack, &reply->cursors[i]);
    souk_pack_array(pack, reply->body_count);
    souk_pack_raw(pack, reply->body);
}

int
souk_wire_reply_get(struct souk_slice frame, struct souk_wire_reply *out)
{
    struct souk_unpack in;
    const uint8_t *start;
    int rc;

    if ((rc = begin_get(&in, frame, 10, SOUK_WIRE_REPLY)) != 0)
        return rc;
    souk_quick_bin_exact(&in, out->id.bytes, sizeof out->id.bytes);
    out->status = (enum souk_status)souk_quick_uint(&in, SOUK_STATUS_LAST);
    out->durability = (enum souk_durability)souk_quick_uint(&in, SOUK_DURABILITY_RECORDED);
    out->code = souk_unpack_str(&in, SOUK_WIRE_TEXT_BYTES_MAX);
    out->text = souk_unpack_str(&in, SOUK_WIRE_TEXT_BYTES_MAX);
    out->retry_after_ms = souk_quick_uint(&in, INT32_MAX);
    out->cursor_count = causes_get(&in, out->cursors, SOUK_STREAMS_MAX);
    out->body_count = souk_unpack_array(&in, SOUK_WIRE_BODY_MAX);
    start = in.at;
    for (uint32_t i = 0; i < out->body_count && in.rc == 0; i++)
        (void)souk_unpack_skip(&in);
    out->body = (struct souk_slice){ start, in.rc == 0 ? (size_t)(in.at - start) : 0 };
    return end_get(&in);
}

void
souk_wire_entry_put(struct souk_pack *pack, const struct souk_wire_entry *entry)
{
    souk_pack_array(pack, ENTRY_FIELDS);
    souk_pack_str(pack, entry->name);
    souk_pack_uint(pack, entry->version);
    souk_pack_str(pack, entry->stream);
    souk_pack_uint(pack, entry->number);
    souk_pack_bin(pack, entry->key);
    souk_pack_bin(pack, entry->payload);
}

int
souk_wire_body_next(struct souk_unpack *in, struct souk_wire_entry *entry_out)
{
    if (in->rc == 0 && in->at == in->end)
        return -SOUK_ENOTFOUND;
    souk_quick_array_exact(in, ENTRY_FIELDS);
    entry_out->name = souk_unpack_str(in, SOUK_BATCH_NAME_BYTES_MAX);
    entry_out->version = (uint16_t)souk_quick_uint(in, UINT16_MAX);
    entry_out->stream = souk_unpack_str(in, SOUK_NAME_BYTES_MAX);
    entry_out->number = souk_quick_uint(in, UINT64_MAX);
    entry_out->key = souk_unpack_bin(in, SOUK_KEY_BYTES_MAX);
    entry_out->payload = souk_unpack_bin(in, SOUK_PAYLOAD_BYTES_MAX);
    if (entry_out->name.size_bytes == 0 || entry_out->version == 0)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    return in->rc;
}

/* ---- topics --------------------------------------------------------- */

struct souk_slice
souk_wire_topic(const struct souk_name *stream)
{
    return (struct souk_slice){ stream->text, strlen(stream->text) + 1 };
}

struct souk_slice
souk_wire_topic_heads(void)
{
    return souk_slice_of(TOPIC_HEADS);
}

/* ---- parts ---------------------------------------------------------- */

static void
begin_put(struct souk_pack *pack, uint32_t fields, enum souk_wire_kind kind)
{
    souk_pack_array(pack, fields);
    souk_pack_uint(pack, SOUK_WIRE_VERSION);
    souk_pack_uint(pack, kind);
}

static int
begin_get(struct souk_unpack *in, struct souk_slice frame, uint32_t fields, enum souk_wire_kind kind)
{
    if (frame.size_bytes > SOUK_WIRE_BYTES_MAX)
        return -SOUK_ETOOBIG;
    souk_unpack_init(in, frame);
    souk_quick_array_exact(in, fields);
    if (souk_quick_uint(in, UINT64_MAX) != SOUK_WIRE_VERSION && in->rc == 0)
        return -SOUK_EUNSUPPORTED;
    if (souk_quick_uint(in, UINT64_MAX) != kind && in->rc == 0)
        return -SOUK_EMALFORMED;
    return in->rc;
}

static int
end_get(const struct souk_unpack *in)
{
    return in->rc != 0 ? in->rc : souk_unpack_end(in);
}

static void
name_put(struct souk_pack *pack, const struct souk_name *name)
{
    souk_pack_str(pack, souk_name_slice(name));
}

static void
bits_put(struct souk_pack *pack, const uint8_t bits[8])
{
    souk_pack_bin(pack, (struct souk_slice){ bits, 8 });
}

void
souk_wire_point_put(struct souk_pack *pack, const struct souk_point *point)
{
    souk_pack_uint(pack, point->epoch.counter);
    bits_put(pack, point->epoch.bits);
    souk_pack_uint(pack, point->number);
}

void
souk_wire_point_get(struct souk_unpack *in, struct souk_point *point_out)
{
    const struct souk_point zero = { .number = 0 };

    point_out->epoch.counter = (uint32_t)souk_quick_uint(in, UINT32_MAX);
    souk_quick_bin_exact(in, point_out->epoch.bits, sizeof point_out->epoch.bits);
    point_out->number = souk_quick_uint(in, UINT64_MAX);
    if (point_out->epoch.counter == 0 && !souk_point_equal(*point_out, zero))
        souk_unpack_fail(in, SOUK_EMALFORMED);
}

void
souk_wire_position_put(struct souk_pack *pack, const struct souk_position *position)
{
    const struct souk_point point = souk_point_of(position);

    souk_wire_point_put(pack, &point);
    souk_pack_bin(pack, (struct souk_slice){ position->hash.bytes, SOUK_HASH_BYTES });
}

void
souk_wire_position_get(struct souk_unpack *in, struct souk_position *position_out)
{
    const struct souk_position zero = { .number = 0 };
    struct souk_point point;

    souk_wire_point_get(in, &point);
    position_out->epoch = point.epoch;
    position_out->number = point.number;
    souk_quick_bin_exact(in, position_out->hash.bytes, SOUK_HASH_BYTES);
    if (souk_position_is_zero(position_out) && !souk_position_equal(position_out, &zero))
        souk_unpack_fail(in, SOUK_EMALFORMED);
}

static void
place_put(struct souk_pack *pack, const struct souk_wire_place *place)
{
    souk_pack_array(pack, 5);
    name_put(pack, &place->stream);
    souk_wire_position_put(pack, &place->position);
}

static uint32_t
places_get(struct souk_unpack *in, struct souk_wire_place *places, uint32_t count_max)
{
    uint32_t count = souk_unpack_array(in, count_max);

    for (uint32_t i = 0; i < count && in->rc == 0; i++) {
        souk_quick_array_exact(in, 5);
        souk_name_unpack(in, &places[i].stream);
        souk_wire_position_get(in, &places[i].position);
    }
    return count;
}

static void
cause_put(struct souk_pack *pack, const struct souk_cause *cause)
{
    souk_pack_array(pack, 4);
    name_put(pack, &cause->stream);
    souk_wire_point_put(pack, &cause->point);
}

static uint32_t
causes_get(struct souk_unpack *in, struct souk_cause *causes, uint32_t count_max)
{
    uint32_t count = souk_unpack_array(in, count_max);

    for (uint32_t i = 0; i < count && in->rc == 0; i++) {
        souk_quick_array_exact(in, 4);
        souk_name_unpack(in, &causes[i].stream);
        souk_wire_point_get(in, &causes[i].point);
    }
    return count;
}
