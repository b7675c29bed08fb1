#define _GNU_SOURCE                     /* gmtime_r */
#include "souk_shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include <souk-json.h>

#define EPOCH_BYTES 32                  /* "4294967295.00c0ffee00c0ffee" and a NUL */
#define ID_BYTES 128                    /* "comments/2.00c0ffee00c0ffee/17" and a NUL */

static json_t *because_json(const struct souk_because *because);
static void format_epoch(const struct souk_epoch *epoch, char text_out[EPOCH_BYTES]);
static bool is_printable(struct souk_slice text);

json_t *
souk_shown_event_json(const struct souk_catalogue *catalogue, const struct souk_shown_event *event)
{
    const struct souk_event *said = &event->event;
    char correlation[SOUK_ID_TEXT_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char epoch[EPOCH_BYTES];
    char id[ID_BYTES];

    format_epoch(&event->epoch, epoch);
    (void)snprintf(id, sizeof id, "%s/%s/%" PRIu64, event->stream.text, epoch, said->number);
    souk_shown_key(catalogue, said->type, said->key, key);
    souk_shown_time(said->time_ms, time);
    souk_id_format(said->correlation, correlation);
    return json_pack("{ss ss ss ss% ss ss ss ss sI si si ss so so}", "specversion", "1.0", "id", id, "source",
        event->stream.text, "type", said->type.base, said->type.size_bytes, "subject", key, "time", time, "stream",
        event->stream.text, "epoch", epoch, "number", (json_int_t)said->number, "version", (int)said->version,
        "depth", (int)said->depth, "correlationid", correlation, "cause", because_json(&said->because), "data",
        souk_shown_message_json(catalogue, said->type, said->version, said->payload));
}

json_t *
souk_shown_message_json(const struct souk_catalogue *catalogue, struct souk_slice name, uint16_t version,
    struct souk_slice packed)
{
    const struct souk_message_type *type = souk_catalogue_find(catalogue, name);
    struct souk_error err;
    json_t *json = NULL;
    char *digits;

    if (type != NULL && (type = souk_message_version(type, version)) != NULL
        && souk_json_from_packed(type, packed, &json, &err) == 0)
        return json;
    if ((digits = malloc(2 * packed.size_bytes + 1)) == NULL)
        return NULL;
    (void)sodium_bin2hex(digits, 2 * packed.size_bytes + 1, packed.base, packed.size_bytes);
    json = json_string(digits);
    free(digits);
    return json;
}

void
souk_shown_key(const struct souk_catalogue *catalogue, struct souk_slice type, struct souk_slice key,
    char text_out[SOUK_SHOWN_KEY_BYTES])
{
    const struct souk_message_type *described = souk_catalogue_find(catalogue, type);
    struct souk_id id;

    if (described != NULL && described->key_field_count == 1 && key.size_bytes == sizeof id.bytes
        && described->fields[described->key_fields[0]].type == SOUK_FIELD_ID) {
        memcpy(id.bytes, key.base, sizeof id.bytes);
        souk_id_format(id, text_out);
    } else if (is_printable(key)) {
        (void)snprintf(text_out, SOUK_SHOWN_KEY_BYTES, "%.*s", (int)key.size_bytes, (const char *)key.base);
    } else {
        (void)sodium_bin2hex(text_out, SOUK_SHOWN_KEY_BYTES, key.base, key.size_bytes);
    }
}

void
souk_shown_time(uint64_t time_ms, char text_out[SOUK_SHOWN_TIME_BYTES])
{
    const time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    size_t bytes;

    bytes = strftime(text_out, SOUK_SHOWN_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
    if (bytes == 0 || bytes + 6 > SOUK_SHOWN_TIME_BYTES)
        (void)snprintf(text_out, SOUK_SHOWN_TIME_BYTES, "%" PRIu64, time_ms);
    else
        (void)snprintf(text_out + bytes, SOUK_SHOWN_TIME_BYTES - bytes, ".%03uZ", (unsigned)(time_ms % 1000));
}

static json_t *
because_json(const struct souk_because *because)
{
    static const char *const kinds[] = {
        [SOUK_BY_COMMAND] = "command",
        [SOUK_BY_EVENT] = "event",
        [SOUK_BY_TIMER] = "timer",
        [SOUK_BY_OUTCOME] = "answer",
        [SOUK_BY_LOSS] = "loss",
    };
    char epoch[EPOCH_BYTES];
    char id[SOUK_ID_TEXT_BYTES];

    if (because->kind == SOUK_BY_COMMAND) {
        souk_id_format(because->id, id);
        return json_pack("{ss ss% ss}", "kind", kinds[because->kind], "caller", because->caller.base,
            because->caller.size_bytes, "command_id", id);
    }
    format_epoch(&because->point.epoch, epoch);
    return json_pack("{ss ss ss sI si}", "kind", kinds[because->kind], "stream", because->stream.text, "epoch", epoch,
        "number", (json_int_t)because->point.number, "index", (int)because->index);
}

static void
format_epoch(const struct souk_epoch *epoch, char text_out[EPOCH_BYTES])
{
    const int bytes = snprintf(text_out, EPOCH_BYTES, "%" PRIu32 ".", epoch->counter);

    (void)sodium_bin2hex(text_out + bytes, EPOCH_BYTES - (size_t)bytes, epoch->bits, sizeof epoch->bits);
}

static bool
is_printable(struct souk_slice text)
{
    const unsigned char *bytes = text.base;
    size_t i;

    for (i = 0; i < text.size_bytes; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
    }
    return souk_slice_is_utf8(text);
}
