/*
 * souk_cli - what the subcommands of souk(1) share: options, colours, tables,
 * and how they speak of errors.
 *
 * Each subcommand is one file souk_cli_NAME.c with one function that takes its
 * own arguments (argv[0] is "souk NAME") and gives the exit status, one of
 * <sysexits.h>. Answers go to the standard output, everything else to the
 * standard error. Without memory the process ends with EX_OSERR.
 */
#ifndef SOUK_CLI_H
#define SOUK_CLI_H

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include <souk.h>
#include "souk_key.h"
#include "souk_topology.h"

#define SOUK_CLI_TOPOLOGY_VARIABLE "SOUK_TOPOLOGY"
#define SOUK_CLI_CLIENT_VARIABLE "SOUK_CLIENT"
#define SOUK_CLI_TOPOLOGY_DEFAULT "topology.zpl"

struct souk_cli {
    const char *name;                   /* "souk check" */
    const char *topology_path;          /* --topology, $SOUK_TOPOLOGY, or topology.zpl; NULL: nothing of that */
    bool is_json;                       /* --json */
    const char *as;                     /* --as, or $SOUK_CLIENT: which client of the topology this is; NULL: not said */
    const char *keys;                   /* --keys; NULL: what the topology says */
    bool out_has_color, err_has_color;  /* a terminal, and NO_COLOR is not set */
    bool out_is_utf8;                   /* else lines are drawn in ASCII */
};

int souk_cli_backup(int argc, char **argv);
int souk_cli_bench(int argc, char **argv);
int souk_cli_call(int argc, char **argv);
int souk_cli_check(int argc, char **argv);
int souk_cli_consumers(int argc, char **argv);
int souk_cli_doctor(int argc, char **argv);
int souk_cli_init(int argc, char **argv);
int souk_cli_keys(int argc, char **argv);
int souk_cli_log(int argc, char **argv);
int souk_cli_parked(int argc, char **argv);
int souk_cli_rebuild(int argc, char **argv);
int souk_cli_restore(int argc, char **argv);
int souk_cli_status(int argc, char **argv);
int souk_cli_tail(int argc, char **argv);
int souk_cli_top(int argc, char **argv);
int souk_cli_up(int argc, char **argv);
int souk_cli_verify(int argc, char **argv);
int souk_cli_why(int argc, char **argv);

/* ---- options -------------------------------------------------------- */

/*
 * --topology and --json, as a child of a subcommand's own parser: its input is
 * a struct souk_cli that souk_cli_begin() has filled. The second one has --json only.
 */
extern const struct argp souk_cli_argp;
extern const struct argp souk_cli_json_argp;

void souk_cli_begin(struct souk_cli *cli, char **argv);
/*
 * argp_parse(3) with exit status EX_USAGE. `input` is the subcommand's options,
 * whose first member is a struct souk_cli. 0, or an exit status (not EX_OK).
 */
int souk_cli_parse(const struct argp *argp, int argc, char **argv, void *input);
/* The value of an option that takes a number from `min` to `max`; anything else is an argp_error(3). */
uint64_t souk_cli_number(struct argp_state *state, const char *option, const char *arg, uint64_t min, uint64_t max);

/* ---- what is said --------------------------------------------------- */

enum souk_cli_color {
    SOUK_CLI_PLAIN,
    SOUK_CLI_RED,
    SOUK_CLI_GREEN,
    SOUK_CLI_YELLOW,
    SOUK_CLI_BLUE,
    SOUK_CLI_MAGENTA,
    SOUK_CLI_CYAN,
    SOUK_CLI_DIM,
    SOUK_CLI_BOLD,
};

/* The escape sequence, or "" when no colour is wanted. */
const char *souk_cli_color(bool is_wanted, enum souk_cli_color color);
/* "souk check: SENTENCE" on the standard error. */
void souk_cli_say(const struct souk_cli *cli, enum souk_cli_color color, const char *format, ...) SOUK_PRINTF(3, 4);
/* The exit status for a negative SOUK_E*; `of_data` stands for what the user has given (EX_CONFIG, EX_DATAERR). */
int souk_cli_exit_status(int rc, int of_data);
/* Write a JSON value and a line feed to the standard output, and release it. NULL: there was no memory. */
void souk_cli_json(json_t *value);
/* `value`, unless it is NULL: then the process ends. */
void *souk_cli_need(void *value);

/*
 * A line on the standard error that is written over, for what takes longer than
 * two seconds. Nothing without a terminal.
 */
struct souk_cli_progress {
    uint64_t begun_ms, shown_ms;
    bool is_shown;
};

void souk_cli_progress(const struct souk_cli *cli, struct souk_cli_progress *progress, const char *format, ...)
    SOUK_PRINTF(3, 4);
/* Take the line away. */
void souk_cli_progress_end(struct souk_cli_progress *progress);
/* Of a clock that never goes back. */
uint64_t souk_cli_steady_ms(void);
/* What this machine takes for the time, ms since 1970. */
uint64_t souk_cli_wall_ms(void);

#define SOUK_CLI_SHORT_BYTES 48         /* "1023.9 MiB", and whatever a number may be */
/* "12 B", "3.4 MiB". */
void souk_cli_bytes(uint64_t bytes, char text_out[SOUK_CLI_SHORT_BYTES]);
/* "120ms", "12s", "3m04s", "5h06m", "7d08h". */
void souk_cli_duration(uint64_t ms, char text_out[SOUK_CLI_SHORT_BYTES]);

/* ---- tables --------------------------------------------------------- */

struct libscols_table;
struct libscols_line;

enum souk_cli_column { SOUK_CLI_TEXT, SOUK_CLI_NUMBER, SOUK_CLI_TREE };

/* Columns are given as "name" and kind; the list ends with a name that is NULL. Release with souk_cli_table_end(). */
struct souk_cli_heading {
    const char *name;
    enum souk_cli_column column;
};

struct libscols_table *souk_cli_table(const struct souk_cli *cli, const struct souk_cli_heading *headings,
    bool has_heading);
/* A line, below `parent` in a tree (NULL: at the top). */
struct libscols_line *souk_cli_line(struct libscols_table *table, struct libscols_line *parent);
void souk_cli_cell(struct libscols_line *line, size_t column, const char *format, ...) SOUK_PRINTF(3, 4);
void souk_cli_cell_color(struct libscols_line *line, size_t column, enum souk_cli_color color);
/* Print the table and release it. */
void souk_cli_table_end(struct libscols_table *table);

/* ---- topologies ----------------------------------------------------- */

/* Read the topology that the options name, or `path`. What is wrong is said. 0, or an exit status. */
int souk_cli_topology(const struct souk_cli *cli, const char *path, struct souk_topology **topology_out);
/* As that, and that nobody has a key yet who needs one is no error. */
int souk_cli_topology_unkeyed(const struct souk_cli *cli, struct souk_topology **topology_out);
/* Each node's data is in DIR/NODE/data instead of where the topology says; NULL: it is not. 0, or an exit status. */
int souk_cli_move_data(const struct souk_cli *cli, struct souk_topology *topology, const char *dir);
/*
 * Who the caller is in a system that has keys: the client that the options name, or the only one whose secret key
 * lies here. *name_out and *key_out are left alone in a system without. Release the key with souk_key_close().
 * 0, or an exit status.
 */
int souk_cli_identity(const struct souk_cli *cli, const struct souk_topology *topology, const char **name_out,
    struct souk_key **key_out);
/* The host `name` of it; NULL: the only one, or the one with this machine's name. 0, or an exit status. */
int souk_cli_host(const struct souk_cli *cli, const struct souk_topology *topology, const char *name,
    const struct souk_topology_host **host_out);

#endif
