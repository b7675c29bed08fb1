#include "souk_cli.h"

#include <inttypes.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_AFTER_MS 2000
#define PROGRESS_EVERY_MS 200
#define CELL_BYTES_MAX 4096

enum { OPTION_AS = 0x1000, OPTION_KEYS };      /* apart from those of the subcommands */

static int read_topology(const struct souk_cli *cli, const char *path, bool needs_keys,
    struct souk_topology **topology_out);
static error_t parse_common(int key, char *arg, struct argp_state *state);

static const struct argp_option common_options[] = {
    { "topology", 't', "FILE", 0, "The system that is meant; default: $" SOUK_CLI_TOPOLOGY_VARIABLE ", or "
        SOUK_CLI_TOPOLOGY_DEFAULT " where one is", 90 },
    { "as", OPTION_AS, "CLIENT", 0, "Who asks, by the name of a client of the topology; default: $"
        SOUK_CLI_CLIENT_VARIABLE ", or the only one whose key is here", 90 },
    { "keys", OPTION_KEYS, "DIR", 0, "Where the secret keys lie; default: where the topology says", 90 },
    { "json", 'j', NULL, 0, "Write JSON", 91 },
    { 0 },
};
const struct argp souk_cli_argp = { .options = common_options, .parser = parse_common };
const struct argp souk_cli_json_argp = { .options = common_options + 3, .parser = parse_common };

void
souk_cli_begin(struct souk_cli *cli, char **argv)
{
    const char *no_color = getenv("NO_COLOR");
    const bool is_colored = no_color == NULL || no_color[0] == '\0';
    const char *path = getenv(SOUK_CLI_TOPOLOGY_VARIABLE);
    const char *as = getenv(SOUK_CLI_CLIENT_VARIABLE);

    *cli = (struct souk_cli){ .name = argv[0], .as = as != NULL && as[0] != '\0' ? as : NULL };
    if (path != NULL && path[0] != '\0')
        cli->topology_path = path;
    else if (access(SOUK_CLI_TOPOLOGY_DEFAULT, F_OK) == 0)
        cli->topology_path = SOUK_CLI_TOPOLOGY_DEFAULT;
    cli->out_has_color = is_colored && isatty(STDOUT_FILENO) != 0;
    cli->err_has_color = is_colored && isatty(STDERR_FILENO) != 0;
    cli->out_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int
souk_cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = EX_USAGE;
    return argp_parse(argp, argc, argv, 0, NULL, input) == 0 ? 0 : EX_USAGE;
}

const char *
souk_cli_color(bool is_wanted, enum souk_cli_color color)
{
    static const char *const escapes[] = {
        [SOUK_CLI_PLAIN] = "\033[0m",
        [SOUK_CLI_RED] = "\033[31m",
        [SOUK_CLI_GREEN] = "\033[32m",
        [SOUK_CLI_YELLOW] = "\033[33m",
        [SOUK_CLI_BLUE] = "\033[34m",
        [SOUK_CLI_MAGENTA] = "\033[35m",
        [SOUK_CLI_CYAN] = "\033[36m",
        [SOUK_CLI_DIM] = "\033[2m",
        [SOUK_CLI_BOLD] = "\033[1m",
    };

    return is_wanted ? escapes[color] : "";
}

void
souk_cli_say(const struct souk_cli *cli, enum souk_cli_color color, const char *format, ...)
{
    va_list args;

    (void)fflush(stdout);
    (void)fprintf(stderr, "%s%s: ", souk_cli_color(cli->err_has_color && color != SOUK_CLI_PLAIN, color), cli->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "%s\n", souk_cli_color(cli->err_has_color && color != SOUK_CLI_PLAIN, SOUK_CLI_PLAIN));
}

int
souk_cli_exit_status(int rc, int of_data)
{
    switch (-rc) {
    case 0:
        return EX_OK;
    case SOUK_ENOTFOUND:
        return EX_NOINPUT;
    case SOUK_EIO:
        return EX_IOERR;
    case SOUK_ENOMEM:
        return EX_OSERR;
    case SOUK_EBUSY:
        return EX_TEMPFAIL;
    default:
        return of_data;
    }
}

void
souk_cli_json(json_t *value)
{
    (void)souk_cli_need(value);
    if (json_dumpf(value, stdout, JSON_COMPACT) != 0)
        souk_cli_need(NULL);
    (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(value);
}

void *
souk_cli_need(void *value)
{
    if (value == NULL) {
        (void)fputs("souk: no memory\n", stderr);
        exit(EX_OSERR);
    }
    return value;
}

void
souk_cli_progress(const struct souk_cli *cli, struct souk_cli_progress *progress, const char *format, ...)
{
    const uint64_t now_ms = souk_cli_steady_ms();
    va_list args;

    if (progress->begun_ms == 0)
        progress->begun_ms = now_ms;
    if (isatty(STDERR_FILENO) == 0 || now_ms - progress->begun_ms < PROGRESS_AFTER_MS
        || now_ms - progress->shown_ms < PROGRESS_EVERY_MS)
        return;
    progress->shown_ms = now_ms;
    progress->is_shown = true;
    (void)fprintf(stderr, "\r%s", souk_cli_color(cli->err_has_color, SOUK_CLI_DIM));
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "%s\033[K", souk_cli_color(cli->err_has_color, SOUK_CLI_PLAIN));
}

void
souk_cli_progress_end(struct souk_cli_progress *progress)
{
    if (progress->is_shown)
        (void)fputs("\r\033[K", stderr);
    progress->is_shown = false;
}

uint64_t
souk_cli_steady_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
souk_cli_bytes(uint64_t bytes, char text_out[SOUK_CLI_SHORT_BYTES])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    uint64_t tenths = bytes * 10;
    size_t unit = 0;

    for (; tenths >= 10240 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        tenths /= 1024;
    if (unit == 0)
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 " B", bytes);
    else
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

void
souk_cli_duration(uint64_t ms, char text_out[SOUK_CLI_SHORT_BYTES])
{
    const uint64_t seconds = ms / 1000;

    if (ms > 0 && ms < 1000)
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 "ms", ms);
    else if (seconds < 60)
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 "s", seconds);
    else if (seconds < 3600)
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
    else if (seconds < 24 * 3600)
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
    else
        (void)snprintf(text_out, SOUK_CLI_SHORT_BYTES, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
}

uint64_t
souk_cli_wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t
souk_cli_number(struct argp_state *state, const char *option, const char *arg, uint64_t min, uint64_t max)
{
    unsigned long long value;
    char *end;

    errno = 0;
    value = strtoull(arg, &end, 10);
    if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && errno == 0 && value >= min && value <= max)
        return value;
    if (max == UINT64_MAX)
        argp_error(state, "%s: a number from %" PRIu64 " on is meant, not %s", option, min, arg);
    else
        argp_error(state, "%s: a number from %" PRIu64 " to %" PRIu64 " is meant, not %s", option, min, max, arg);
    return min;
}

/* ---- tables --------------------------------------------------------- */

struct libscols_table *
souk_cli_table(const struct souk_cli *cli, const struct souk_cli_heading *headings, bool has_heading)
{
    struct libscols_table *table = souk_cli_need(scols_new_table());
    int flags;

    (void)scols_table_enable_colors(table, cli->out_has_color);
    (void)scols_table_enable_noheadings(table, !has_heading);
    (void)scols_table_enable_ascii(table, !cli->out_is_utf8);
    if (isatty(STDOUT_FILENO) == 0)
        (void)scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    for (; headings->name != NULL; headings++) {
        flags = headings->column == SOUK_CLI_NUMBER ? SCOLS_FL_RIGHT
            : headings->column == SOUK_CLI_TREE ? SCOLS_FL_TREE : 0;
        (void)souk_cli_need(scols_table_new_column(table, headings->name, 0, flags));
    }
    return table;
}

struct libscols_line *
souk_cli_line(struct libscols_table *table, struct libscols_line *parent)
{
    return souk_cli_need(scols_table_new_line(table, parent));
}

void
souk_cli_cell(struct libscols_line *line, size_t column, const char *format, ...)
{
    char text[CELL_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (scols_line_set_data(line, column, text) != 0)
        souk_cli_need(NULL);
}

void
souk_cli_cell_color(struct libscols_line *line, size_t column, enum souk_cli_color color)
{
    static const char *const names[] = {
        [SOUK_CLI_PLAIN] = NULL,
        [SOUK_CLI_RED] = "red",
        [SOUK_CLI_GREEN] = "green",
        [SOUK_CLI_YELLOW] = "brown",
        [SOUK_CLI_BLUE] = "blue",
        [SOUK_CLI_MAGENTA] = "magenta",
        [SOUK_CLI_CYAN] = "cyan",
        [SOUK_CLI_DIM] = "darkgray",
        [SOUK_CLI_BOLD] = "bold",
    };

    (void)scols_cell_set_color(scols_line_get_cell(line, column), names[color]);
}

void
souk_cli_table_end(struct libscols_table *table)
{
    if (!scols_table_is_empty(table))
        (void)scols_print_table(table);
    (void)fflush(stdout);
    scols_unref_table(table);
}

/* ---- topologies ----------------------------------------------------- */

int
souk_cli_topology(const struct souk_cli *cli, const char *path, struct souk_topology **topology_out)
{
    return read_topology(cli, path, true, topology_out);
}

int
souk_cli_topology_unkeyed(const struct souk_cli *cli, struct souk_topology **topology_out)
{
    return read_topology(cli, NULL, false, topology_out);
}

static int
read_topology(const struct souk_cli *cli, const char *path, bool needs_keys, struct souk_topology **topology_out)
{
    struct souk_topology_errors *errors;
    size_t i;
    int rc;

    if (path == NULL && (path = cli->topology_path) == NULL) {
        souk_cli_say(cli, SOUK_CLI_RED, "which topology? Name a file, set %s, or go where a %s is",
            SOUK_CLI_TOPOLOGY_VARIABLE, SOUK_CLI_TOPOLOGY_DEFAULT);
        return EX_USAGE;
    }
    errors = souk_cli_need(calloc(1, sizeof *errors));
    if ((rc = souk_topology_read(path, topology_out, errors)) == 0 && needs_keys
        && (rc = souk_topology_keyed(*topology_out, errors)) != 0)
        souk_topology_close(topology_out);
    if (rc != 0) {
        for (i = 0; i < errors->count; i++)
            (void)fprintf(stderr, "%s%s%s\n", souk_cli_color(cli->err_has_color, SOUK_CLI_RED),
                errors->errors[i].text, souk_cli_color(cli->err_has_color, SOUK_CLI_PLAIN));
        if (errors->left_out > 0)
            (void)fprintf(stderr, "and %zu more\n", errors->left_out);
    }
    free(errors);
    return souk_cli_exit_status(rc, EX_CONFIG);
}

int
souk_cli_identity(const struct souk_cli *cli, const struct souk_topology *topology, const char **name_out,
    struct souk_key **key_out)
{
    const char *dir = cli->keys != NULL ? cli->keys : topology->keys;
    const struct souk_topology_client *found = NULL;
    struct souk_error err = { 0 };
    size_t fitting = 0;
    int rc;

    if (!topology->has_keys)
        return 0;
    for (size_t i = 0; i < topology->client_count; i++) {
        const struct souk_topology_client *client = &topology->clients[i];
        char public_text[SOUK_KEY_TEXT_BYTES];

        if (client->key == NULL || (cli->as != NULL ? strcmp(client->name.text, cli->as) != 0
            : souk_key_public(dir, client->name.text, SOUK_KEY_CURRENT, public_text, NULL) != 0))
            continue;
        found = client;
        fitting++;
    }
    if (fitting != 1) {
        if (cli->as != NULL)
            souk_cli_say(cli, SOUK_CLI_RED, "%s has no client `%s` with a key", topology->path, cli->as);
        else
            souk_cli_say(cli, SOUK_CLI_RED, "who asks? This system has keys, and %s has %s of its clients: say --as"
                " CLIENT, or set %s", dir, fitting == 0 ? "none" : "more than one", SOUK_CLI_CLIENT_VARIABLE);
        return EX_NOPERM;
    }
    if ((rc = souk_key_open(dir, found->name.text, found->key, key_out, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
        return EX_NOPERM;
    }
    *name_out = found->name.text;
    return 0;
}

int
souk_cli_move_data(const struct souk_cli *cli, struct souk_topology *topology, const char *dir)
{
    struct souk_error err = { 0 };
    int rc;

    if (dir == NULL || (rc = souk_topology_move_data(topology, dir, &err)) == 0)
        return 0;
    souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
    return souk_cli_exit_status(rc, EX_DATAERR);
}

int
souk_cli_host(const struct souk_cli *cli, const struct souk_topology *topology, const char *name,
    const struct souk_topology_host **host_out)
{
    const struct souk_topology_host *host;
    char own[256] = "";
    char *dot;

    if (name != NULL) {
        host = souk_topology_host(topology, name);
    } else if (topology->host_count == 1) {
        host = &topology->hosts[0];
    } else {
        (void)gethostname(own, sizeof own - 1);
        if ((dot = strchr(own, '.')) != NULL)
            *dot = '\0';
        host = souk_topology_host(topology, own);
    }
    if (host != NULL) {
        *host_out = host;
        return 0;
    }
    if (name != NULL)
        souk_cli_say(cli, SOUK_CLI_RED, "%s has no host `%s`", topology->path, name);
    else
        souk_cli_say(cli, SOUK_CLI_RED, "%s has %zu hosts, and none has this machine's name; --host NAME says which"
            " one this is", topology->path, topology->host_count);
    return EX_CONFIG;
}

static error_t
parse_common(int key, char *arg, struct argp_state *state)
{
    struct souk_cli *cli = state->input;

    switch (key) {
    case 't':
        cli->topology_path = arg;
        return 0;
    case OPTION_AS:
        cli->as = arg;
        return 0;
    case OPTION_KEYS:
        cli->keys = arg;
        return 0;
    case 'j':
        cli->is_json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
