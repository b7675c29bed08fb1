#define _GNU_SOURCE                     /* timegm, strptime */
#include "souk_cli_event.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

static int parse_bits(const char *text, struct souk_epoch *epoch_out);

void
souk_cli_event_line(const struct souk_cli *cli, const struct souk_catalogue *catalogue,
    const struct souk_shown_event *event)
{
    json_t *data = souk_cli_need(souk_shown_message_json(catalogue, event->event.type, event->event.version,
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
    char time[SOUK_SHOWN_TIME_BYTES];
    char key_text[SOUK_SHOWN_KEY_BYTES];

    souk_shown_time(time_ms, time);
    souk_shown_key(catalogue, type, key, key_text);
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

static int
parse_bits(const char *text, struct souk_epoch *epoch_out)
{
    size_t bytes;

    if (sodium_hex2bin(epoch_out->bits, sizeof epoch_out->bits, text, strlen(text), NULL, &bytes, NULL) != 0
        || bytes != sizeof epoch_out->bits)
        return -SOUK_EINVAL;
    return 0;
}
