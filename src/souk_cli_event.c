#define _GNU_SOURCE                     /* timegm, strptime */
#include "souk_cli_event.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include <souk-json.h>

#include "souk_wire.h"

#define EPOCH_BYTES 32                  /* "4294967295.00c0ffee00c0ffee" and a NUL */
#define ID_BYTES 128                    /* "comments/2.00c0ffee00c0ffee/17" and a NUL */

static json_t *because_json(const struct souk_because *because);
static void format_epoch(const struct souk_epoch *epoch, char text_out[EPOCH_BYTES]);
static int parse_bits(const char *text, struct souk_epoch *epoch_out);
static bool is_printable(struct souk_slice text);

json_t *
souk_cli_event_json(const struct souk_catalogue *catalogue, const struct souk_cli_event *event)
{
    const struct souk_event *said = &event->event;
    char correlation[SOUK_ID_TEXT_BYTES];
    char time[SOUK_CLI_TIME_BYTES];
    char key[SOUK_CLI_KEY_BYTES];
    char epoch[EPOCH_BYTES];
    char id[ID_BYTES];

    format_epoch(&event->epoch, epoch);
    (void)snprintf(id, sizeof id, "%s/%s/%" PRIu64, event->stream.text, epoch, said->number);
    souk_cli_key(catalogue, said->type, said->key, key);
    souk_cli_time(said->time_ms, time);
    souk_id_format(said->correlation, correlation);
    return json_pack("{ss ss ss ss% ss ss ss ss sI si si ss so so}", "specversion", "1.0", "id", id, "source",
        event->stream.text, "type", said->type.base, said->type.size_bytes, "subject", key, "time", time, "stream",
        event->stream.text, "epoch", epoch, "number", (json_int_t)said->number, "version", (int)said->version,
        "depth", (int)said->depth, "correlationid", correlation, "cause", because_json(&said->because), "data",
        souk_cli_message_json(catalogue, said->type, said->version, said->payload));
}

void
souk_cli_event_line(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_cli_event *event)
{
    json_t *data = souk_cli_need(souk_cli_message_json(catalogue, event->event.type, event->event.version,
        event->event.payload));
    const struct souk_cli_place place = { event->stream, event->epoch.counter, event->event.number };

    souk_cli_line_of(cli, catalogue, &place, event->event.time_ms, event->event.type, event->event.key, data);
    json_decref(data);
}

void
souk_cli_line_of(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_cli_place *place, uint64_t time_ms, struct souk_slice type, struct souk_slice key,
    const json_t *data)
{
    const char *plain = souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN);
    char time[SOUK_CLI_TIME_BYTES];
    char key_text[SOUK_CLI_KEY_BYTES];

    souk_cli_time(time_ms, time);
    souk_cli_key(catalogue, type, key, key_text);
    (void)printf("%s%s%s %s/%" PRIu32 "/%" PRIu64, souk_cli_color(cli->out_has_color, SOUK_CLI_DIM), time, plain,
        place->stream.text, place->counter, place->number);
    (void)printf(" %s%.*s%s %s%s%s ", souk_cli_color(cli->out_has_color, SOUK_CLI_CYAN), (int)type.size_bytes,
        (const char *)type.base, plain, souk_cli_color(cli->out_has_color, SOUK_CLI_YELLOW), key_text, plain);
    if (data == NULL)
        (void)printf("(not shown)");
    else
        (void)json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)putchar('\n');
}

json_t *
souk_cli_message_json(const struct souk_catalogue *catalogue, struct souk_slice name, uint16_t version,
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
souk_cli_key(const struct souk_catalogue *catalogue, struct souk_slice type, struct souk_slice key,
    char text_out[SOUK_CLI_KEY_BYTES])
{
    const struct souk_message_type *described = souk_catalogue_find(catalogue, type);
    struct souk_id id;

    if (described != NULL && described->key_field_count == 1 && key.size_bytes == sizeof id.bytes
        && described->fields[described->key_fields[0]].type == SOUK_FIELD_ID) {
        memcpy(id.bytes, key.base, sizeof id.bytes);
        souk_id_format(id, text_out);
    } else if (is_printable(key)) {
        (void)snprintf(text_out, SOUK_CLI_KEY_BYTES, "%.*s", (int)key.size_bytes, (const char *)key.base);
    } else {
        (void)sodium_bin2hex(text_out, SOUK_CLI_KEY_BYTES, key.base, key.size_bytes);
    }
}

void
souk_cli_time(uint64_t time_ms, char text_out[SOUK_CLI_TIME_BYTES])
{
    const time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    size_t bytes;

    bytes = strftime(text_out, SOUK_CLI_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
    if (bytes == 0 || bytes + 6 > SOUK_CLI_TIME_BYTES)
        (void)snprintf(text_out, SOUK_CLI_TIME_BYTES, "%" PRIu64, time_ms);
    else
        (void)snprintf(text_out + bytes, SOUK_CLI_TIME_BYTES - bytes, ".%03uZ", (unsigned)(time_ms % 1000));
}

int
souk_cli_time_parse(const char *text, uint64_t now_ms, uint64_t *time_ms_out)
{
    static const struct {
        char unit;
        uint64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    struct tm parts = { .tm_mday = 1 };
    unsigned milliseconds = 0;
    const char *rest;
    uint64_t value;
    char *end;
    int bytes = 0;
    size_t i;

    if (!isdigit((unsigned char)text[0]))
        return -SOUK_EINVAL;
    value = strtoull(text, &end, 10);
    if (*end == '\0' && value <= SOUK_TIME_MS_MAX) {
        *time_ms_out = value;
        return 0;
    }
    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (*end != units[i].unit || end[1] != '\0')
            continue;
        if (value > now_ms / units[i].ms)
            return -SOUK_EINVAL;
        *time_ms_out = now_ms - value * units[i].ms;
        return 0;
    }
    if ((rest = strptime(text, "%Y-%m-%d", &parts)) == NULL)
        return -SOUK_EINVAL;
    if (*rest == 'T' || *rest == ' ') {
        if ((rest = strptime(rest + 1, "%H:%M:%S", &parts)) == NULL)
            return -SOUK_EINVAL;
        if (sscanf(rest, ".%3u%n", &milliseconds, &bytes) == 1 && bytes == 4)
            rest += bytes;
    }
    if (*rest == 'Z')
        rest++;
    if (*rest != '\0' || timegm(&parts) < 0)
        return -SOUK_EINVAL;
    *time_ms_out = (uint64_t)timegm(&parts) * 1000 + milliseconds;
    return 0;
}

void
souk_cli_cursor(const struct souk_cause *cursor, char text_out[SOUK_CLI_CURSOR_BYTES])
{
    char epoch[EPOCH_BYTES];

    format_epoch(&cursor->point.epoch, epoch);
    (void)snprintf(text_out, SOUK_CLI_CURSOR_BYTES, "%s=%s:%" PRIu64, cursor->stream.text, epoch,
        cursor->point.number);
}

int
souk_cli_cursors_parse(const char *text, struct souk_cause *cursors, uint32_t *count_p)
{
    char stream[SOUK_NAME_BYTES_MAX + 1];
    char bits[17];
    struct souk_cause cursor;
    int end;

    for (;; text++) {
        end = -1;
        cursor = (struct souk_cause){ .point.number = 0 };
        if (sscanf(text, "%31[a-z0-9.-]=%10" SCNu32 ".%16[0-9a-f]:%20" SCNu64 "%n", stream,
                &cursor.point.epoch.counter, bits, &cursor.point.number, &end) != 4 || end < 0
            || (text[end] != '\0' && text[end] != ',') || parse_bits(bits, &cursor.point.epoch) != 0
            || souk_name_set(&cursor.stream, souk_slice_of(stream)) != 0)
            return -SOUK_EINVAL;
        if (*count_p == SOUK_WIRE_SEEN_MAX)
            return -SOUK_ETOOBIG;
        cursors[(*count_p)++] = cursor;
        text += end;
        if (*text == '\0')
            return 0;
    }
}

int
souk_cli_place_parse(const char *text, struct souk_cli_place *place_out)
{
    struct souk_cli_place place = { .counter = 0 };
    const size_t bytes = strcspn(text, "/");
    struct souk_epoch epoch;
    bool is_place;
    char bits[17];
    int end = -1;

    if (souk_name_set(&place.stream, (struct souk_slice){ text, bytes }) != 0)
        return -SOUK_EINVAL;
    text += bytes;
    is_place = sscanf(text, "/%20" SCNu64 "%n", &place.number, &end) == 1 && text[end] == '\0';
    if (!is_place)
        is_place = sscanf(text, "/%10" SCNu32 "/%20" SCNu64 "%n", &place.counter, &place.number, &end) == 2
            && text[end] == '\0' && place.counter > 0;
    if (!is_place)
        is_place = sscanf(text, "/%10" SCNu32 ".%16[0-9a-f]/%20" SCNu64 "%n", &place.counter, bits, &place.number,
            &end) == 3 && text[end] == '\0' && place.counter > 0 && parse_bits(bits, &epoch) == 0;
    if (!is_place || place.number == 0)
        return -SOUK_EINVAL;
    *place_out = place;
    return 0;
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

static int
parse_bits(const char *text, struct souk_epoch *epoch_out)
{
    size_t bytes;

    if (sodium_hex2bin(epoch_out->bits, sizeof epoch_out->bits, text, strlen(text), NULL, &bytes, NULL) != 0
        || bytes != sizeof epoch_out->bits)
        return -SOUK_EINVAL;
    return 0;
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
