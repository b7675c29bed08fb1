/*
 * souk_report - lines for the operator, one event each, with stable keys:
 *
 *     2026-11-22T10:00:00.123Z warn service=inventory event=full error=full text="map is full"
 *
 * Time is UTC with milliseconds, then the level, then `service` and `event`,
 * then whatever the event has. A value is quoted when it has anything but
 * letters, digits and -._:/+@, in it; quotes, backslashes, control characters
 * and bytes that are no UTF-8 are escaped (\" \\ \n \xNN). Each line is one
 * write(2) of at most SOUK_REPORT_LINE_BYTES_MAX bytes, so lines of several
 * threads, and of several processes on one pipe, never mix; threads write one
 * after the other, so that none takes the room that another one has seen. No colour. A pipe
 * that nobody reads takes no line and holds nobody up: the next line that it
 * takes says how many were lost, as `lines_lost`.
 */
#ifndef SOUK_REPORT_H
#define SOUK_REPORT_H

#include <pthread.h>
#include <stdatomic.h>

#include <souk.h>

#define SOUK_REPORT_LINE_BYTES_MAX 4096         /* PIPE_BUF; a longer line ends in " cut=true" */

enum souk_level { SOUK_LEVEL_ERROR, SOUK_LEVEL_WARN, SOUK_LEVEL_INFO, SOUK_LEVEL_DEBUG };

/* "error" and so on. Never NULL. */
const char *souk_level_name(enum souk_level level);
/* 0 or -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_level_parse(const char *name, enum souk_level *level_out);

struct souk_report {
    int fd;                                     /* borrowed */
    char service[SOUK_NAME_BYTES_MAX + 1];
    _Atomic int level;                          /* what is finer is left out; any thread may set it */
    _Atomic uint64_t lines_lost;                /* since the last line that was taken */
    pthread_mutex_t mutex;                      /* of who writes */
};

void souk_report_init(struct souk_report *report, int fd, const char *service, enum souk_level level);
/* Nobody writes any more. */
void souk_report_done(struct souk_report *report);
void souk_report_set_level(struct souk_report *report, enum souk_level level);

/*
 * What the same thing may say in a second when it happens again and again. All
 * zero to begin with; of one thread.
 */
#define SOUK_REPORT_SAME_MAX 5

struct souk_throttle {
    uint64_t since_ms;                          /* steady: when the second began */
    uint32_t said;                              /* in it */
    uint64_t left_out;                          /* since the last line that was said */
};

/* May it be said now? If not it is counted. */
bool souk_throttle_may(struct souk_throttle *throttle, uint64_t steady_ms);
/* Were lines left out, and is the second over? That is to be said though nothing happens any more. */
bool souk_throttle_owes(const struct souk_throttle *throttle, uint64_t steady_ms);

/* A line being written. It does nothing when its level is left out. */
struct souk_line {
    struct souk_report *report;                 /* NULL: left out */
    size_t size_bytes;
    bool cut;
    char bytes[SOUK_REPORT_LINE_BYTES_MAX];
};

/* `event` and the keys that follow are words of a-z and _, the same ones in every release. */
void souk_line_begin(struct souk_line *line, struct souk_report *report, enum souk_level level, const char *event);
void souk_line_text(struct souk_line *line, const char *key, const char *text);
void souk_line_slice(struct souk_line *line, const char *key, struct souk_slice text);
void souk_line_uint(struct souk_line *line, const char *key, uint64_t value);
/* How many like it were left out before it, as `left_out`; nothing for none. */
void souk_line_left_out(struct souk_line *line, struct souk_throttle *throttle);
void souk_line_format(struct souk_line *line, const char *key, const char *format, ...) SOUK_PRINTF(3, 4);
/* Write it. What cannot be written is lost. */
void souk_line_end(struct souk_line *line);

/* A line that is an event and a sentence: `text`. */
void souk_report(struct souk_report *report, enum souk_level level, const char *event, const char *format, ...)
    SOUK_PRINTF(4, 5);

#endif
