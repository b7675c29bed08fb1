#include "souk_told.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "souk_log_position.h"

static json_t *cause_json(const struct event_cause *cause);

json_t *
souk_told_found_json(const struct souk_catalogue *catalogue, const struct souk_name *store, struct souk_slice incarnation,
    const struct found_event *found)
{
    char position[SOUK_LOG_POSITION_BYTES + 1];
    char correlation[SOUK_ID_TEXT_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char id[SOUK_SEEN_CURSOR_BYTES];

    souk_told_place(found->stream, found->epoch, found->number, id);
    souk_shown_key(catalogue, found->type, found->key, key);
    souk_shown_time(found->time_ms, time);
    souk_id_format(found->correlation_id, correlation);
    if (incarnation.size_bytes == SOUK_INCARNATION_BYTES)
        souk_log_position_format(souk_name_slice(store), incarnation.base, found->log_position, position);
    return json_pack("{ss ss ss% ss% ss ss ss% si sI si si ss so sb so}", "specversion", "1.0", "id", id, "source",
        found->stream.base, found->stream.size_bytes, "type", found->type.base, found->type.size_bytes, "subject", key,
        "time", time, "stream", found->stream.base, found->stream.size_bytes, "epoch", (int)found->epoch, "number",
        (json_int_t)found->number, "version", (int)found->version, "depth", (int)found->depth, "correlationid",
        correlation, "log_position", found->log_position == 0 || incarnation.size_bytes != SOUK_INCARNATION_BYTES
            ? json_null() : json_string(position), "private", found->is_private, "cause",
        cause_json(&found->cause));
}

json_t *
souk_told_event_json(const struct souk_catalogue *catalogue, const struct souk_name *store,
    const struct eventstore_event_reply *reply)
{
    json_t *json = souk_told_found_json(catalogue, store, reply->incarnation, &reply->event);

    if (json != NULL && reply->has_payload)
        (void)json_object_set_new(json, "data", souk_shown_message_json(catalogue, reply->event.type,
            reply->event.version, reply->payload));
    return json;
}

json_t *
souk_told_why_json(const struct souk_catalogue *catalogue, const struct souk_name *store,
    const struct eventstore_why_reply *reply)
{
    json_t *causes = json_array();
    json_t *effects = json_array();
    json_t *effect;

    for (uint32_t i = 0; i < reply->causes_count; i++)
        (void)json_array_append_new(causes, souk_told_found_json(catalogue, store, reply->incarnation,
            &reply->causes[i]));
    for (uint32_t i = 0; i < reply->effects_count; i++) {
        effect = souk_told_found_json(catalogue, store, reply->incarnation, &reply->effects[i].event);
        (void)json_object_set_new(effect, "level", json_integer(reply->effects[i].level));
        (void)json_array_append_new(effects, effect);
    }
    return json_pack("{so so so sb}", "causes", causes, "event", souk_told_found_json(catalogue, store,
        reply->incarnation, &reply->event), "effects", effects, "more", reply->more);
}

json_t *
souk_told_parked_json(const struct souk_catalogue *catalogue, const struct souk_name *service,
    const struct parked_event *event)
{
    char correlation[SOUK_ID_TEXT_BYTES];
    char since[SOUK_SHOWN_TIME_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];

    souk_told_place(event->stream, event->epoch, event->number, place);
    souk_shown_key(catalogue, event->type, event->key, key);
    souk_shown_time(event->time_ms, time);
    souk_shown_time(event->since_ms, since);
    souk_id_format(event->correlation_id, correlation);
    return json_pack("{ss ss sI ss ss% si sI ss% ss si ss ss sI ss% sI sI ss si}", "service", service->text, "id",
        place, "sequence", (json_int_t)event->sequence, "kind", souk_enum_name(&parked_kind_enum, event->kind),
        "stream", event->stream.base, event->stream.size_bytes, "epoch", (int)event->epoch, "number",
        (json_int_t)event->number, "type", event->type.base, event->type.size_bytes, "subject", key, "version",
        (int)event->version, "time", time, "since", since, "tries", (json_int_t)event->tries, "why", event->why.base,
        event->why.size_bytes, "behind", event->behind == event->sequence ? 0 : (json_int_t)event->behind, "waiting",
        (json_int_t)event->waiting, "correlationid", correlation, "depth", (int)event->depth);
}

void
souk_told_place(struct souk_slice stream, uint32_t epoch, uint64_t number, char text_out[SOUK_SEEN_CURSOR_BYTES])
{
    (void)snprintf(text_out, SOUK_SEEN_CURSOR_BYTES, "%.*s/%" PRIu32 "/%" PRIu64, (int)stream.size_bytes,
        (const char *)stream.base, epoch, number);
}

void
souk_told_cause(const struct found_event *found, char text_out[SOUK_SEEN_CURSOR_BYTES])
{
    static const char *const kinds[] = {
        [CAUSE_KIND_EVENT] = "",
        [CAUSE_KIND_TIMER] = "timer of ",
        [CAUSE_KIND_ANSWER] = "answer to ",
        [CAUSE_KIND_LOSS] = "loss of ",
    };
    const struct event_cause *cause = &found->cause;

    if (cause->kind == CAUSE_KIND_COMMAND)
        (void)snprintf(text_out, SOUK_SEEN_CURSOR_BYTES, "command of %.*s", (int)cause->caller.size_bytes,
            (const char *)cause->caller.base);
    else
        (void)snprintf(text_out, SOUK_SEEN_CURSOR_BYTES, "%s%.*s/%" PRIu32 "/%" PRIu64, kinds[cause->kind],
            (int)cause->stream.size_bytes, (const char *)cause->stream.base, cause->epoch, cause->number);
}

struct souk_slice
souk_told_key_parse(const char *text, struct souk_id *id)
{
    if (souk_id_parse(souk_slice_of(text), id) == 0)
        return (struct souk_slice){ id->bytes, sizeof id->bytes };
    return souk_slice_of(text);
}

static json_t *
cause_json(const struct event_cause *cause)
{
    char id[SOUK_ID_TEXT_BYTES];

    if (cause->kind == CAUSE_KIND_COMMAND) {
        souk_id_format(cause->command_id, id);
        return json_pack("{ss ss% ss}", "kind", "command", "caller", cause->caller.base == NULL ? ""
            : (const char *)cause->caller.base, cause->caller.size_bytes, "command_id", id);
    }
    return json_pack("{ss ss% si sI si}", "kind", souk_enum_name(&cause_kind_enum, cause->kind), "stream",
        cause->stream.base, cause->stream.size_bytes, "epoch", (int)cause->epoch, "number", (json_int_t)cause->number,
        "index", (int)cause->index);
}
