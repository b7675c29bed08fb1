/*
 * souk_cli_rebuild_parts - what the files of `souk rebuild` share.
 *
 * souk_cli_rebuild.c           options, and a service that runs: a process beside it fills a store and takes over
 * souk_cli_rebuild_stopped.c   one that does not run: its program fills an empty store, and is stopped again
 */
#ifndef SOUK_CLI_REBUILD_PARTS_H
#define SOUK_CLI_REBUILD_PARTS_H

#include "souk_cli_child.h"
#include "souk_cli_heads.h"

#define REBUILD_ARGUMENTS_OWN 7                 /* beside those that the user gives */
#define REBUILD_LAST_BYTES 1024
#define REBUILD_ASK_MS 2000
#define REBUILD_POLL_MS 200

struct rebuild_options {
    struct souk_cli cli;                        /* first */
    const char *service, *program, *data, *programs;
    bool even_so;
    const char *arguments[SOUK_CLI_CHILD_ARGUMENTS_MAX - REBUILD_ARGUMENTS_OWN];
    size_t argument_count;
};

struct rebuild {
    const struct rebuild_options *options;
    struct souk_cli_system system;
    const struct souk_topology_node *node;
    struct souk_cli_child child;
    struct souk_cli_progress progress;
    struct souk_cli_heads before;               /* of a service that runs */
    uint64_t begun_ms, applied, behind;
    char last[REBUILD_LAST_BYTES];              /* what it said last that was no progress */
};

/* Start the new program, beside the running process or as itself. 0, or an exit status (said). */
int rebuild_start(struct rebuild *rebuild, const char *dir, bool is_beside);
/* For souk_cli_child_read(). */
void rebuild_hear_line(void *arg, struct souk_cli_child *child, const char *line);
/* The program has closed its output: wait until it has ended, and give what waitpid(2) does. */
int rebuild_reap(struct rebuild *rebuild);

/* Fill an empty store of a service that does not answer; `dir` is for a notification socket. 0, or an exit status (said). */
int rebuild_stopped(struct rebuild *rebuild, const char *dir);

#endif
