#include "souk_report.h"

#include "souk-message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 1024             /* of one value that is formatted */
#define CUT " cut=true"
#define THROTTLE_MS 1000

static const char *const level_names[] = { "error", "warn", "info", "debug" };

static void write_line(struct souk_line *line);
static void put_time(struct souk_line *line);
static void put_key(struct souk_line *line, const char *key);
static void put_value(struct souk_line *line, struct souk_slice text);
static void put_escaped(struct souk_line *line, struct souk_slice text);
static void put(struct souk_line *line, const char *bytes, size_t size_bytes);
static bool is_plain(struct souk_slice text);
static size_t sequence_bytes(struct souk_slice text, size_t at);

/* ---- levels --------------------------------------------------------- */

const char *
souk_level_name(enum souk_level level)
{
    return (size_t)level < sizeof level_names / sizeof level_names[0] ? level_names[level] : "error";
}

int
souk_level_parse(const char *name, enum souk_level *level_out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(level_names[i], name) == 0) {
            *level_out = (enum souk_level)i;
            return 0;
        }
    return -SOUK_ENOTFOUND;
}

void
souk_report_init(struct souk_report *report, int fd, const char *service, enum souk_level level)
{
    report->fd = fd;
    (void)snprintf(report->service, sizeof report->service, "%s", service);
    atomic_init(&report->level, (int)level);
    atomic_init(&report->lines_lost, 0);
    (void)pthread_mutex_init(&report->mutex, NULL);
}

void
souk_report_done(struct souk_report *report)
{
    (void)pthread_mutex_destroy(&report->mutex);
}

void
souk_report_set_level(struct souk_report *report, enum souk_level level)
{
    atomic_store(&report->level, (int)level);
}

/* ---- lines ---------------------------------------------------------- */

void
souk_line_begin(struct souk_line *line, struct souk_report *report, enum souk_level level, const char *event)
{
    line->report = (int)level > atomic_load(&report->level) ? NULL : report;
    line->size_bytes = 0;
    line->cut = false;
    if (line->report == NULL)
        return;
    put_time(line);
    put(line, souk_level_name(level), strlen(souk_level_name(level)));
    souk_line_text(line, "service", report->service);
    souk_line_text(line, "event", event);
}

void
souk_line_text(struct souk_line *line, const char *key, const char *text)
{
    souk_line_slice(line, key, souk_slice_of(text));
}

void
souk_line_slice(struct souk_line *line, const char *key, struct souk_slice text)
{
    size_t before = line->size_bytes;

    if (line->report == NULL || line->cut)
        return;
    put_key(line, key);
    put_value(line, text);
    if (line->cut)
        line->size_bytes = before;              /* half a value says something else */
}

void
souk_line_uint(struct souk_line *line, const char *key, uint64_t value)
{
    souk_line_format(line, key, "%llu", (unsigned long long)value);
}

void
souk_line_format(struct souk_line *line, const char *key, const char *format, ...)
{
    char text[TEXT_BYTES_MAX];
    va_list args;

    if (line->report == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    souk_line_text(line, key, text);
}

void
souk_line_end(struct souk_line *line)
{
    struct pollfd out = { .events = POLLOUT };
    struct souk_report *report = line->report;

    if (report == NULL)
        return;
    out.fd = report->fd;
    (void)pthread_mutex_lock(&report->mutex);
    if (poll(&out, 1, 0) == 1)                  /* when it can take anything it takes PIPE_BUF at once */
        write_line(line);
    else
        atomic_fetch_add(&report->lines_lost, 1);
    (void)pthread_mutex_unlock(&report->mutex);
}

static void
write_line(struct souk_line *line)
{
    uint64_t lost;

    if ((lost = atomic_exchange(&line->report->lines_lost, 0)) != 0)
        souk_line_uint(line, "lines_lost", lost);
    if (line->cut) {
        memcpy(line->bytes + line->size_bytes, CUT, strlen(CUT));
        line->size_bytes += strlen(CUT);
    }
    line->bytes[line->size_bytes++] = '\n';
    while (write(line->report->fd, line->bytes, line->size_bytes) < 0 && errno == EINTR)
        continue;
    line->report = NULL;
}

void
souk_line_left_out(struct souk_line *line, struct souk_throttle *throttle)
{
    if (throttle->left_out != 0)
        souk_line_uint(line, "left_out", throttle->left_out);
    throttle->left_out = 0;
}

bool
souk_throttle_may(struct souk_throttle *throttle, uint64_t steady_ms)
{
    if (throttle->said != 0 && steady_ms - throttle->since_ms < THROTTLE_MS) {
        if (throttle->said == SOUK_REPORT_SAME_MAX) {
            throttle->left_out++;
            return false;
        }
        throttle->said++;
        return true;
    }
    throttle->since_ms = steady_ms;
    throttle->said = 1;
    return true;
}

bool
souk_throttle_owes(const struct souk_throttle *throttle, uint64_t steady_ms)
{
    return throttle->left_out != 0 && steady_ms - throttle->since_ms >= THROTTLE_MS;
}

void
souk_report(struct souk_report *report, enum souk_level level, const char *event, const char *format, ...)
{
    char text[TEXT_BYTES_MAX];
    struct souk_line line;
    va_list args;

    souk_line_begin(&line, report, level, event);
    if (line.report == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    souk_line_text(&line, "text", text);
    souk_line_end(&line);
}

/* ---- bytes ---------------------------------------------------------- */

static void
put_time(struct souk_line *line)
{
    struct timespec now;
    struct tm parts;
    char text[48];
    size_t size_bytes;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &parts);
    size_bytes = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    size_bytes += (size_t)snprintf(text + size_bytes, sizeof text - size_bytes, ".%03ldZ ", now.tv_nsec / 1000000);
    put(line, text, size_bytes);
}

static void
put_key(struct souk_line *line, const char *key)
{
    put(line, " ", 1);
    put(line, key, strlen(key));
    put(line, "=", 1);
}

static void
put_value(struct souk_line *line, struct souk_slice text)
{
    if (is_plain(text)) {
        put(line, text.base, text.size_bytes);
        return;
    }
    put(line, "\"", 1);
    put_escaped(line, text);
    put(line, "\"", 1);
}

static void
put_escaped(struct souk_line *line, struct souk_slice text)
{
    const unsigned char *bytes = text.base;
    char escaped[8];

    for (size_t at = 0, size_bytes; at < text.size_bytes; at += size_bytes) {
        size_bytes = sequence_bytes(text, at);
        if (bytes[at] == '"' || bytes[at] == '\\') {
            put(line, "\\", 1);
            put(line, (const char *)bytes + at, 1);
        } else if (bytes[at] == '\n') {
            put(line, "\\n", 2);
        } else if (size_bytes == 0 || bytes[at] < 0x20 || bytes[at] == 0x7f) {
            (void)snprintf(escaped, sizeof escaped, "\\x%02x", bytes[at]);
            put(line, escaped, 4);
            size_bytes = 1;
        } else {
            put(line, (const char *)bytes + at, size_bytes);
        }
    }
}

/* A line that is too long is cut at its last whole value, with room left to say so. */
static void
put(struct souk_line *line, const char *bytes, size_t size_bytes)
{
    if (line->cut || size_bytes > sizeof line->bytes - line->size_bytes - strlen(CUT) - 1) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->size_bytes, bytes, size_bytes);
    line->size_bytes += size_bytes;
}

static bool
is_plain(struct souk_slice text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/+@,";
    const char *bytes = text.base;

    for (size_t i = 0; i < text.size_bytes; i++)
        if (bytes[i] == '\0' || strchr(plain, bytes[i]) == NULL)
            return false;
    return text.size_bytes != 0;
}

/* Bytes of the UTF-8 character at `at`; 0 when there is none, or it is a C1 control character. */
static size_t
sequence_bytes(struct souk_slice text, size_t at)
{
    const unsigned char *bytes = text.base;
    size_t size_bytes = bytes[at] < 0x80 ? 1 : bytes[at] < 0xe0 ? 2 : bytes[at] < 0xf0 ? 3 : 4;

    if (size_bytes > text.size_bytes - at || (bytes[at] == 0xc2 && bytes[at + 1] < 0xa0))
        return 0;
    return souk_slice_is_utf8((struct souk_slice){ bytes + at, size_bytes }) ? size_bytes : 0;
}
