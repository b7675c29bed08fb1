#include "same.h"

#include <string.h>

static const char *same_events(const struct souk_batch_header *header, const struct check_form *form);
static const char *same_event(const struct souk_event *event, const struct check_form *form, uint32_t at);
static const char *same_because(const struct souk_because *because, const struct check_form *form,
    const struct check_form_event *event);
static const char *same_record(const struct souk_batch_header *header, const struct check_form *form);
static const char *same_body(const struct souk_wire_reply *reply, const struct check_message *message);
static bool is_name(const struct souk_name *name, struct check_bytes text);
static bool is_bytes(struct souk_slice slice, struct check_bytes bytes);
static bool is_point(struct souk_point point, const struct check_place *place);
static bool is_position(const struct souk_position *position, const struct check_place *place);
static bool are_places(const struct souk_wire_place *places, uint32_t count, const struct check_message *message);
static bool are_causes(const struct souk_cause *causes, uint32_t count, const struct check_place *places,
    uint32_t place_count);

/* ---- batches -------------------------------------------------------- */

const char *
same_batch(const struct souk_batch_header *header, const struct check_form *form)
{
    const struct souk_epoch *epoch = &header->epoch;
    struct souk_causes causes;
    struct souk_cause cause;
    uint32_t i;

    if (memcmp(header->hash.bytes, form->hash, SOUK_HASH_BYTES) != 0)
        return "hash";
    if (memcmp(header->previous.bytes, form->previous, SOUK_HASH_BYTES) != 0)
        return "previous";
    if (!is_name(&header->stream, form->stream))
        return "stream";
    if (epoch->counter != form->epoch_counter || memcmp(epoch->bits, form->epoch_bits, sizeof epoch->bits) != 0)
        return "epoch";
    if (header->first != form->first || header->count != form->count)
        return "first or count";
    if (header->time_ms != form->time_ms)
        return "time";
    if (header->commit != form->commit || header->place != form->place || header->places != form->places)
        return "commit";
    if (header->cause_count != form->cause_count || header->name_count != form->name_count)
        return "number of causes or names";
    souk_causes_init(&causes, header);
    for (i = 0; souk_causes_next(&causes, &cause); i++)
        if (!is_name(&cause.stream, form->causes[i].stream) || !is_point(cause.point, &form->causes[i]))
            return "causes";
    if (i != form->cause_count)
        return "number of causes";
    return header->count == 0 ? same_record(header, form) : same_events(header, form);
}

static const char *
same_events(const struct souk_batch_header *header, const struct check_form *form)
{
    struct souk_events events;
    struct souk_event event;
    const char *differs;
    uint32_t at = 0;
    int rc;

    if (souk_events_init(&events, header) != 0)
        return "names";
    for (uint32_t i = 0; i < form->name_count; i++)
        if (!is_bytes(events.names[i], form->names[i]))
            return "names";
    while ((rc = souk_events_next(&events, &event)) == 0)
        if ((differs = same_event(&event, form, at++)) != NULL)
            return differs;
    return rc == -SOUK_ENOTFOUND && at == form->count ? NULL : "number of events";
}

static const char *
same_event(const struct souk_event *event, const struct check_form *form, uint32_t at)
{
    const struct check_form_event *other = &form->events[at];
    const uint8_t *correlation = other->correlation != NULL ? other->correlation : other->command_id;

    if (event->number != form->first + at)
        return "number of an event";
    if (!is_bytes(event->type, form->names[other->type]))
        return "type of an event";
    if (!is_bytes(event->key, other->key))
        return "key of an event";
    if (memcmp(event->correlation.bytes, correlation, sizeof event->correlation.bytes) != 0)
        return "correlation of an event";
    if (event->depth != other->depth || event->version != other->version)
        return "depth or version of an event";
    if (event->time_ms != form->time_ms + other->delta_ms)
        return "time of an event";
    if (!is_bytes(event->payload, other->payload))
        return "payload of an event";
    return same_because(&event->because, form, other);
}

static const char *
same_because(const struct souk_because *because, const struct check_form *form, const struct check_form_event *event)
{
    const struct check_place place = { .epoch_counter = event->epoch_counter, .epoch_bits = event->epoch_bits,
        .number = event->number };

    if ((int)because->kind != (int)event->kind)
        return "kind of a cause";
    if (because->kind != SOUK_BY_COMMAND)
        return is_name(&because->stream, form->names[event->cause_name]) && is_point(because->point, &place)
            && because->index == event->index ? NULL : "cause of an event";
    if (!is_bytes(because->caller, form->names[event->cause_name])
        || memcmp(because->id.bytes, event->command_id, sizeof because->id.bytes) != 0
        || memcmp(because->command_hash, event->command_hash, sizeof because->command_hash) != 0)
        return "command of an event";
    return NULL;
}

static const char *
same_record(const struct souk_batch_header *header, const struct check_form *form)
{
    struct souk_record record;

    if (souk_record_read(header, &record) != 0)
        return "record";
    if (!is_name(&record.service, form->service) || record.reason != form->reason)
        return "service or reason of a record";
    if (record.parent_count != form->parent_count)
        return "number of parents";
    for (uint32_t i = 0; i < record.parent_count; i++)
        if (!is_name(&record.parents[i].stream, form->parents[i].stream)
            || !is_position(&record.parents[i].position, &form->parents[i]))
            return "parents";
    return NULL;
}

/* ---- messages ------------------------------------------------------- */

const char *
same_heads(const struct souk_wire_heads *heads, const struct check_message *message)
{
    if (!is_name(&heads->service, message->service) || !is_name(&heads->sender, message->sender))
        return "service or sender";
    if (memcmp(heads->incarnation, message->incarnation, sizeof heads->incarnation) != 0
        || memcmp(heads->fingerprint, message->fingerprint, sizeof heads->fingerprint) != 0)
        return "incarnation or fingerprint";
    if (heads->time_ms != message->time_ms)
        return "time";
    return are_places(heads->heads, heads->count, message) ? NULL : "heads";
}

const char *
same_pull(const struct souk_wire_pull *pull, const struct check_message *message)
{
    if (pull->request != message->request || pull->credit_bytes != message->credit_bytes)
        return "request or credit";
    if (!is_name(&pull->asker, message->sender))
        return "asker";
    if (!are_places(pull->cursors, pull->cursor_count, message))
        return "cursors";
    return are_causes(pull->waits, pull->wait_count, message->waits, message->wait_count) ? NULL : "waits";
}

const char *
same_pulled(const struct souk_wire_pulled *pulled, const struct check_message *message)
{
    if (pulled->request != message->request || pulled->more != message->more)
        return "request or more";
    if (!is_name(&pulled->holder, message->sender)
        || memcmp(pulled->incarnation, message->incarnation, sizeof pulled->incarnation) != 0)
        return "holder or incarnation";
    if (pulled->count != message->entry_count)
        return "number of answers";
    for (uint32_t i = 0; i < pulled->count; i++) {
        const struct souk_wire_answer *answer = &pulled->answers[i];
        const struct check_entry *entry = &message->entries[i];

        if (!is_name(&answer->stream, entry->at.stream) || !is_position(&answer->asked, &entry->at))
            return "what was asked";
        if ((int)answer->verdict != (int)entry->verdict)
            return "verdict";
        if (!is_position(&answer->head, &entry->head) || !is_point(answer->common, &entry->common))
            return "head or common";
    }
    return NULL;
}

const char *
same_ack(const struct souk_wire_ack *ack, const struct check_message *message)
{
    if (!is_name(&ack->store, message->sender)
        || memcmp(ack->incarnation, message->incarnation, sizeof ack->incarnation) != 0)
        return "store or incarnation";
    if (ack->commit != message->commit || ack->count != message->entry_count)
        return "commit or number of acks";
    for (uint32_t i = 0; i < ack->count; i++)
        if (!is_name(&ack->acks[i].stream, message->entries[i].at.stream)
            || !is_position(&ack->acks[i].position, &message->entries[i].at)
            || ack->acks[i].backed_up != message->entries[i].backed_up)
            return "acks";
    return NULL;
}

const char *
same_seal(const struct souk_wire_seal *seal, const struct check_message *message)
{
    if (seal->request != message->request || !is_name(&seal->service, message->service))
        return "request or service";
    if (seal->counter != message->counter || memcmp(seal->instance, message->instance, sizeof seal->instance) != 0)
        return "counter or instance";
    return NULL;
}

const char *
same_sealed(const struct souk_wire_sealed *sealed, const struct check_message *message)
{
    if (sealed->request != message->request || !is_name(&sealed->service, message->service))
        return "request or service";
    if (!is_name(&sealed->store, message->sender)
        || memcmp(sealed->incarnation, message->incarnation, sizeof sealed->incarnation) != 0)
        return "store or incarnation";
    if (sealed->granted != message->granted || sealed->counter != message->counter)
        return "granted or counter";
    return are_places(sealed->positions, sealed->count, message) ? NULL : "positions";
}

const char *
same_fenced(const struct souk_wire_fenced *fenced, const struct check_message *message)
{
    if (!is_name(&fenced->store, message->sender) || !is_name(&fenced->service, message->service))
        return "store or service";
    return fenced->counter == message->counter ? NULL : "counter";
}

const char *
same_busy(const struct souk_wire_busy *busy, const struct check_message *message)
{
    if (busy->request != message->request || !is_name(&busy->holder, message->sender))
        return "request or holder";
    return busy->retry_after_ms == message->retry_after_ms ? NULL : "retry after";
}

const char *
same_request(const struct souk_wire_request *request, const struct check_message *message)
{
    const uint8_t *correlation = message->correlation != NULL ? message->correlation : message->id;

    if (memcmp(request->id.bytes, message->id, sizeof request->id.bytes) != 0)
        return "id";
    if (request->has_correlation != (message->correlation != NULL)
        || memcmp(request->correlation.bytes, correlation, sizeof request->correlation.bytes) != 0)
        return "correlation";
    if (request->query != message->is_query || request->recorded != message->wants_recorded)
        return "query or recorded";
    if (!is_bytes(request->name, message->name) || request->version != message->version)
        return "name or version";
    if (request->deadline_ms != message->deadline_ms || !is_bytes(request->caller, message->caller))
        return "deadline or caller";
    if (!are_causes(request->seen, request->seen_count, message->waits, message->wait_count))
        return "seen";
    if (!is_bytes(request->pass, message->pass))
        return "pass";
    return is_bytes(request->payload, message->payload) ? NULL : "payload";
}

const char *
same_reply(const struct souk_wire_reply *reply, const struct check_message *message)
{
    if (memcmp(reply->id.bytes, message->id, sizeof reply->id.bytes) != 0)
        return "id";
    if (reply->status != message->status || reply->durability != message->durability)
        return "status or durability";
    if (!is_bytes(reply->code, message->code) || !is_bytes(reply->text, message->text))
        return "code or text";
    if (reply->retry_after_ms != message->retry_after_ms)
        return "retry after";
    if (!are_causes(reply->cursors, reply->cursor_count, message->waits, message->wait_count))
        return "cursors";
    return same_body(reply, message);
}

static const char *
same_body(const struct souk_wire_reply *reply, const struct check_message *message)
{
    struct souk_wire_entry entry;
    struct souk_unpack in;
    uint32_t at = 0;
    int rc;

    if (reply->body_count != message->body_count)
        return "number of entries";
    souk_unpack_init(&in, reply->body);
    while ((rc = souk_wire_body_next(&in, &entry)) == 0) {
        const struct check_body *other = &message->body[at++];

        if (!is_bytes(entry.name, other->name) || entry.version != other->version
            || !is_bytes(entry.stream, other->stream) || entry.number != other->number
            || !is_bytes(entry.key, other->key) || !is_bytes(entry.payload, other->payload))
            return "body";
    }
    return rc == -SOUK_ENOTFOUND && at == reply->body_count ? NULL : "entries of the body";
}

/* ---- values --------------------------------------------------------- */

static bool
is_name(const struct souk_name *name, struct check_bytes text)
{
    return is_bytes(souk_name_slice(name), text);
}

static bool
is_bytes(struct souk_slice slice, struct check_bytes bytes)
{
    return souk_slice_equal(slice, (struct souk_slice){ bytes.base, bytes.size_bytes });
}

static bool
is_point(struct souk_point point, const struct check_place *place)
{
    return point.epoch.counter == place->epoch_counter && point.number == place->number
        && memcmp(point.epoch.bits, place->epoch_bits, sizeof point.epoch.bits) == 0;
}

static bool
is_position(const struct souk_position *position, const struct check_place *place)
{
    return is_point(souk_point_of(position), place)
        && memcmp(position->hash.bytes, place->hash, SOUK_HASH_BYTES) == 0;
}

static bool
are_places(const struct souk_wire_place *places, uint32_t count, const struct check_message *message)
{
    if (count != message->entry_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_name(&places[i].stream, message->entries[i].at.stream)
            || !is_position(&places[i].position, &message->entries[i].at))
            return false;
    return true;
}

static bool
are_causes(const struct souk_cause *causes, uint32_t count, const struct check_place *places, uint32_t place_count)
{
    if (count != place_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_name(&causes[i].stream, places[i].stream) || !is_point(causes[i].point, &places[i]))
            return false;
    return true;
}
