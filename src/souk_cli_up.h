/*
 * souk_cli_up - what `souk up` writes: the lines of all daemons, each with the
 * name of its daemon in front, and its own.
 *
 * A line that souk_report wrote is shown shorter: the time without its date,
 * the level, the event, and what belongs to it. With --json it becomes an
 * object with those keys.
 */
#ifndef SOUK_CLI_UP_H
#define SOUK_CLI_UP_H

#include "souk_cli.h"
#include "souk_report.h"

struct souk_cli_up_log {
    const struct souk_cli *cli;
    int width;                          /* of the longest name */
};

void souk_cli_up_log_init(struct souk_cli_up_log *log, const struct souk_cli *cli,
    const struct souk_topology *topology);
/* A line that the daemon `name`, the `index`th of all, has written. */
void souk_cli_up_log_line(const struct souk_cli_up_log *log, const char *name, size_t index, const char *line);
/* One of souk's own. */
void souk_cli_up_log_say(const struct souk_cli_up_log *log, enum souk_level level, const char *format, ...)
    SOUK_PRINTF(3, 4);

#endif
