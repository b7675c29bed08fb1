/*
 * souk_cli_child - one daemon that `souk up` runs: its process, what it writes,
 * and what it says of itself by the sd_notify(3) protocol.
 *
 * Each has a notification socket of its own, so nobody else can speak for it.
 */
#ifndef SOUK_CLI_CHILD_H
#define SOUK_CLI_CHILD_H

#include <sys/types.h>

#include "souk_topology.h"

#define SOUK_CLI_CHILD_LINE_BYTES_MAX 8192      /* a longer line comes in pieces */
#define SOUK_CLI_CHILD_STATUS_BYTES_MAX 511
#define SOUK_CLI_CHILD_ARGUMENTS_MAX 12

enum souk_cli_child_state {
    SOUK_CLI_CHILD_DOWN,                        /* not running; started again at `start_ms`, unless that is 0 */
    SOUK_CLI_CHILD_STARTING,
    SOUK_CLI_CHILD_READY,                       /* has said READY=1 */
    SOUK_CLI_CHILD_STOPPING,                    /* was told to stop */
};

struct souk_cli_child {
    const struct souk_topology_node *node;      /* NULL: a client that has a program */
    const char *name;                           /* borrowed from the topology */
    char *program;                              /* owned: where it was found */
    char *socket_path;                          /* owned */
    enum souk_cli_child_state state;
    pid_t pid;                                  /* 0: not running */
    int output_fd, notify_fd;                   /* -1: closed */
    uint64_t start_ms;                          /* when to start it (again); 0: not */
    uint64_t started_ms, kill_ms;               /* kill_ms: when patience ends; 0: it is endless */
    uint64_t backoff_ms;                        /* before the next start, should it end now */
    bool is_ended;                              /* killed on purpose: the next end is no habit of its */
    bool is_live;                               /* its status begins with "live" */
    char status[SOUK_CLI_CHILD_STATUS_BYTES_MAX + 1];
    size_t line_bytes;
    char line[SOUK_CLI_CHILD_LINE_BYTES_MAX];
};

/* Where `program` is, to be freed. 0, -SOUK_ENOTFOUND or -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_cli_program(const char *program, const char *programs_dir, char **program_out);
/*
 * Find `program`, which is that of `node` (NULL: of a client), and bind a
 * notification socket for it in `dir`. A program without a slash is looked up in
 * `programs_dir` (NULL: nowhere), beside the running program, then in PATH.
 * Release with souk_cli_child_done(). 0,
 * -SOUK_ENOTFOUND (no such program), -SOUK_EIO or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_cli_child_init(struct souk_cli_child *child, const struct souk_topology_node *node,
    const char *name, const char *program, const char *dir, const char *programs_dir, struct souk_error *err);
/* The process is gone. */
void souk_cli_child_done(struct souk_cli_child *child);

/* Start it; it ends with this process. `arguments` end with NULL and leave out the program. 0 or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_cli_child_start(struct souk_cli_child *child, const char *const *arguments, uint64_t now_ms,
    struct souk_error *err);
/* Read what it says of itself. True when its state or status is another one. */
bool souk_cli_child_hear(struct souk_cli_child *child);
/*
 * Read what it has written and call `say` for each line, without its line feed.
 * False when there will be no more.
 */
bool souk_cli_child_read(struct souk_cli_child *child, void (*say)(void *arg, struct souk_cli_child *child,
    const char *line), void *arg);
/* It has ended with `wait_status`, as waitpid(2) gives it: close what was open. */
void souk_cli_child_ended(struct souk_cli_child *child);

#endif
