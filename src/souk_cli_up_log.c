#include "souk_cli_up.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OWN_NAME "souk"
#define DATE_BYTES 11                   /* "2026-11-22T" */
#define TIME_BYTES 25                   /* "2026-11-22T10:00:00.123Z" and a NUL */
#define VALUE_BYTES_MAX 4096

/* A line of souk_report's, in its parts; the texts lie in the line. */
struct parts {
    const char *time;
    enum souk_level level;
    const char *rest;                   /* from `event` on */
};

static void write_line(const struct souk_cli_up_log *log, const char *name, enum souk_cli_color color,
    const char *line);
static bool take_apart(const char *line, struct parts *parts_out);
static bool is_time(const char *text);
static void write_json(const char *name, const char *line);
static const char *next_pair(const char *at, char *key, char *value);
static const char *next_value(const char *at, char *value);
static enum souk_cli_color color_of(enum souk_level level);

void
souk_cli_up_log_init(struct souk_cli_up_log *log, const struct souk_cli *cli, const struct souk_topology *topology)
{
    size_t i;

    *log = (struct souk_cli_up_log){ .cli = cli, .width = (int)strlen(OWN_NAME) };
    for (i = 0; i < topology->node_count; i++) {
        if (strlen(topology->nodes[i].name.text) > (size_t)log->width)
            log->width = (int)strlen(topology->nodes[i].name.text);
    }
    for (i = 0; i < topology->client_count; i++) {
        if (topology->clients[i].program != NULL && strlen(topology->clients[i].name.text) > (size_t)log->width)
            log->width = (int)strlen(topology->clients[i].name.text);
    }
}

void
souk_cli_up_log_line(const struct souk_cli_up_log *log, const char *name, size_t index, const char *line)
{
    static const enum souk_cli_color colors[] = { SOUK_CLI_CYAN, SOUK_CLI_GREEN, SOUK_CLI_MAGENTA, SOUK_CLI_BLUE,
        SOUK_CLI_YELLOW };

    write_line(log, name, colors[index % (sizeof colors / sizeof colors[0])], line);
}

void
souk_cli_up_log_say(const struct souk_cli_up_log *log, enum souk_level level, const char *format, ...)
{
    char line[SOUK_ERROR_TEXT_BYTES_MAX + TIME_BYTES + 64];
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    const bool has_color = log->cli->out_has_color;
    struct timespec now;
    struct tm parts;
    va_list args;
    size_t bytes;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (!log->cli->is_json) {
        bytes = strftime(line, sizeof line, "%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
        (void)printf("%s%-*s%s | %s%.*s.%03ld%s %s%-5s %s%s\n", souk_cli_color(has_color, SOUK_CLI_BOLD), log->width,
            OWN_NAME, souk_cli_color(has_color, SOUK_CLI_PLAIN), souk_cli_color(has_color, SOUK_CLI_DIM), (int)bytes,
            line, now.tv_nsec / 1000000, souk_cli_color(has_color, SOUK_CLI_PLAIN),
            souk_cli_color(has_color, color_of(level)), souk_level_name(level), sentence,
            souk_cli_color(has_color, SOUK_CLI_PLAIN));
        (void)fflush(stdout);
        return;
    }
    bytes = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
    (void)snprintf(line + bytes, sizeof line - bytes, ".%03ldZ %s service=%s text=\"%s\"", now.tv_nsec / 1000000,
        souk_level_name(level), OWN_NAME, sentence);
    write_json(OWN_NAME, line);
}

static void
write_line(const struct souk_cli_up_log *log, const char *name, enum souk_cli_color color, const char *line)
{
    const bool has_color = log->cli->out_has_color;
    struct parts parts;

    if (log->cli->is_json) {
        write_json(name, line);
        return;
    }
    (void)printf("%s%-*s%s | ", souk_cli_color(has_color, color), log->width, name,
        souk_cli_color(has_color, SOUK_CLI_PLAIN));
    if (!take_apart(line, &parts)) {
        (void)printf("%s\n", line);
    } else {
        (void)printf("%s%.12s%s %s%-5s%s %s\n", souk_cli_color(has_color, SOUK_CLI_DIM), parts.time + DATE_BYTES,
            souk_cli_color(has_color, SOUK_CLI_PLAIN),
            souk_cli_color(has_color && parts.level != SOUK_LEVEL_INFO, color_of(parts.level)),
            souk_level_name(parts.level), souk_cli_color(has_color && parts.level != SOUK_LEVEL_INFO, SOUK_CLI_PLAIN),
            parts.rest);
    }
    (void)fflush(stdout);
}

/* TIME LEVEL service=NAME REST */
static bool
take_apart(const char *line, struct parts *parts_out)
{
    char level[8];
    const char *at;
    size_t bytes;

    if (strlen(line) < TIME_BYTES || !is_time(line) || line[TIME_BYTES - 1] != ' ')
        return false;
    at = line + TIME_BYTES;
    bytes = strcspn(at, " ");
    if (bytes >= sizeof level)
        return false;
    memcpy(level, at, bytes);
    level[bytes] = '\0';
    if (souk_level_parse(level, &parts_out->level) != 0 || strncmp(at + bytes, " service=", 9) != 0)
        return false;
    at += bytes + 9;
    at += strcspn(at, " ");
    parts_out->time = line;
    parts_out->rest = *at == ' ' ? at + 1 : at;
    return true;
}

static bool
is_time(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00.000Z";
    size_t i;

    for (i = 0; i < sizeof shape - 1; i++) {
        if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    }
    return true;
}

static enum souk_cli_color
color_of(enum souk_level level)
{
    switch (level) {
    case SOUK_LEVEL_ERROR:
        return SOUK_CLI_RED;
    case SOUK_LEVEL_WARN:
        return SOUK_CLI_YELLOW;
    case SOUK_LEVEL_INFO:
        return SOUK_CLI_PLAIN;
    case SOUK_LEVEL_DEBUG:
        break;
    }
    return SOUK_CLI_DIM;
}

/* ---- JSON ----------------------------------------------------------- */

static void
write_json(const char *name, const char *line)
{
    json_t *json = souk_cli_need(json_pack("{ss}", "node", name));
    char value[VALUE_BYTES_MAX];
    char key[VALUE_BYTES_MAX];
    struct parts parts;
    const char *at;

    if (!take_apart(line, &parts)) {
        (void)json_object_set_new(json, "line", json_string(line));
        souk_cli_json(json);
        return;
    }
    (void)json_object_set_new(json, "time", json_stringn(parts.time, TIME_BYTES - 1));
    (void)json_object_set_new(json, "level", json_string(souk_level_name(parts.level)));
    for (at = parts.rest; (at = next_pair(at, key, value)) != NULL;)
        (void)json_object_set_new(json, key, json_string(value));
    souk_cli_json(json);
}

/* key=value or key="value"; gives where the next one begins, NULL when there is none. */
static const char *
next_pair(const char *at, char *key, char *value)
{
    const size_t bytes = strcspn(at, "=");

    if (at[bytes] != '=' || bytes == 0 || bytes >= VALUE_BYTES_MAX)
        return NULL;
    memcpy(key, at, bytes);
    key[bytes] = '\0';
    return next_value(at + bytes + 1, value);
}

static const char *
next_value(const char *at, char *value)
{
    const bool is_quoted = *at == '"';
    unsigned byte;
    size_t bytes = 0;

    for (at += is_quoted; *at != '\0' && (is_quoted ? *at != '"' : *at != ' ') && bytes < VALUE_BYTES_MAX - 1; at++) {
        if (!is_quoted || *at != '\\' || at[1] == '\0') {
            value[bytes++] = *at;
        } else if (*++at == 'x' && sscanf(at + 1, "%2x", &byte) == 1 && at[2] != '\0') {
            value[bytes++] = byte < 0x80 ? (char)byte : '?';
            at += 2;
        } else {
            value[bytes++] = *at == 'n' ? '\n' : *at;
        }
    }
    value[bytes] = '\0';
    if (is_quoted && *at == '"')
        at++;
    return *at == ' ' ? at + 1 : at;
}
