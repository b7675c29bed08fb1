#include "souk_cli_rebuild_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_cli_node.h"

#define THERE_MS 1000                   /* for the running process to answer; its lock tells it from none */
#define BACK_MS 30000                   /* for the new program to be live */

enum { OPTION_EVEN_SO = 256 };

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int run(struct rebuild *rebuild);
static int is_live(struct rebuild *rebuild);
static int fill(struct rebuild *rebuild, const char *dir);
static void show_progress(struct rebuild *rebuild);
static int wait_until_back(struct rebuild *rebuild);
static void tell(const struct rebuild *rebuild, const struct souk_cli_heads *after);

int
souk_cli_rebuild(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "program", 'p', "NEW", 0, "Go on with this program; default: the topology's", 0 },
        { "programs", 'P', "DIR", 0, "Look for the topology's program there first", 0 },
        { "data", 'd', "DIR", 0, "Its data is in DIR/SERVICE instead of where the topology says", 0 },
        { "even-so", OPTION_EVEN_SO, NULL, 0, "Of one that does not run: do it though its store alone has events,"
            " which are lost", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "SERVICE [ARGUMENT...]", .doc = "Fill a new store of a service beside the one in use, and exchange"
        " them while commands keep arriving; or fill it from the event stores when the service does not run.\vARGUMENTs are for the program, in front of its options." };
    struct rebuild_options options = { .argument_count = 0 };
    struct rebuild *rebuild = souk_cli_need(calloc(1, sizeof *rebuild));
    int status;

    souk_cli_begin(&options.cli, argv);
    rebuild->options = &options;
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) == 0
        && (status = souk_cli_system_open(&rebuild->system, &options.cli, "souk")) == 0)
        status = run(rebuild);
    souk_cli_progress_end(&rebuild->progress);
    souk_cli_system_close(&rebuild->system);
    free(rebuild);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct rebuild_options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case 'p':
        options->program = arg;
        return 0;
    case 'P':
        options->programs = arg;
        return 0;
    case 'd':
        options->data = arg;
        return 0;
    case OPTION_EVEN_SO:
        options->even_so = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->service == NULL)
            options->service = arg;
        else if (options->argument_count < sizeof options->arguments / sizeof options->arguments[0])
            options->arguments[options->argument_count++] = arg;
        else
            argp_error(state, "%s: that many arguments are too many", arg);
        return 0;
    case ARGP_KEY_END:
        if (options->service == NULL)
            argp_error(state, "which service?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
run(struct rebuild *rebuild)
{
    const struct rebuild_options *options = rebuild->options;
    char dir[] = "/tmp/souk-rebuild-XXXXXX";
    int status;

    if ((rebuild->node = souk_cli_service(&options->cli, rebuild->system.topology, options->service)) == NULL)
        return EX_DATAERR;
    if ((status = souk_cli_move_data(&options->cli, rebuild->system.topology, options->data)) != 0
        || (status = souk_cli_heads_ask(&options->cli, rebuild->system.client, rebuild->node, THERE_MS,
            &rebuild->before)) != EX_OK || (rebuild->before.answered && (status = is_live(rebuild)) != EX_OK))
        return status;
    if (mkdtemp(dir) == NULL) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s cannot be made: %s", dir, strerror(errno));
        return EX_CANTCREAT;
    }
    rebuild->begun_ms = souk_cli_steady_ms();
    if (rebuild->before.answered && (status = fill(rebuild, dir)) == EX_OK)
        status = wait_until_back(rebuild);
    else if (!rebuild->before.answered)
        status = rebuild_stopped(rebuild, dir);
    (void)rmdir(dir);
    return status;
}

static int
is_live(struct rebuild *rebuild)
{
    if (strcmp(rebuild->before.state, "live") == 0)
        return EX_OK;
    souk_cli_say(&rebuild->options->cli, SOUK_CLI_RED, "%s is %s, not live: it has to find its past first",
        rebuild->node->name.text, rebuild->before.state);
    return EX_TEMPFAIL;
}

int
rebuild_start(struct rebuild *rebuild, const char *dir, bool is_beside)
{
    const struct rebuild_options *options = rebuild->options;
    const char *arguments[SOUK_CLI_CHILD_ARGUMENTS_MAX];
    struct souk_error err = { 0 };
    size_t count = 0;
    int rc;

    for (size_t i = 0; i < options->argument_count; i++)
        arguments[count++] = options->arguments[i];
    if (is_beside)
        arguments[count++] = "--rebuild";
    arguments[count++] = "--topology";
    arguments[count++] = rebuild->system.topology->path;
    if (options->data != NULL) {
        arguments[count++] = "--data";
        arguments[count++] = options->data;
    }
    arguments[count++] = rebuild->node->name.text; /* it may have another one in its program */
    arguments[count] = NULL;
    if ((rc = souk_cli_child_init(&rebuild->child, rebuild->node, rebuild->node->name.text,
        options->program != NULL ? options->program : rebuild->node->program, dir, options->programs, &err)) != 0
        || (rc = souk_cli_child_start(&rebuild->child, arguments, souk_cli_steady_ms(), &err)) != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s", err.text);
        souk_cli_child_done(&rebuild->child);
        return rc == -SOUK_ENOTFOUND ? EX_NOINPUT : EX_OSERR;
    }
    return EX_OK;
}

int
rebuild_reap(struct rebuild *rebuild)
{
    const pid_t pid = rebuild->child.pid;
    int wait_status = 0;

    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        continue;
    souk_cli_child_ended(&rebuild->child);
    souk_cli_child_done(&rebuild->child);
    souk_cli_progress_end(&rebuild->progress);
    return wait_status;
}

static int
fill(struct rebuild *rebuild, const char *dir)
{
    const struct rebuild_options *options = rebuild->options;
    int wait_status, status;
    bool more = true;

    if ((status = rebuild_start(rebuild, dir, true)) != EX_OK)
        return status;
    while (more) {
        struct pollfd item = { .fd = rebuild->child.output_fd, .events = POLLIN };

        if (poll(&item, 1, REBUILD_POLL_MS) > 0)
            more = souk_cli_child_read(&rebuild->child, rebuild_hear_line, rebuild);
        show_progress(rebuild);
    }
    wait_status = rebuild_reap(rebuild);
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EX_OK)
        return EX_OK;
    souk_cli_say(&options->cli, SOUK_CLI_RED, "%s was not rebuilt, and goes on as it was: %s", rebuild->node->name.text,
        rebuild->last[0] == '\0' ? "the new program said nothing" : rebuild->last);
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EX_SOFTWARE;
}

void
rebuild_hear_line(void *arg, struct souk_cli_child *child, const char *line)
{
    struct rebuild *rebuild = arg;
    const char *event = strstr(line, "event=rebuilding "), *text = strstr(line, "event=");

    if (event != NULL && sscanf(event, "event=rebuilding applied=%" SCNu64 " behind=%" SCNu64, &rebuild->applied,
        &rebuild->behind) == 2)
        return;
    (void)snprintf(rebuild->last, sizeof rebuild->last, "%s", text == NULL ? line : text);
}

static void
show_progress(struct rebuild *rebuild)
{
    const uint64_t took_ms = souk_cli_steady_ms() - rebuild->begun_ms;
    const uint64_t rate = took_ms == 0 ? 0 : rebuild->applied * 1000 / took_ms;

    if (rate == 0)
        souk_cli_progress(&rebuild->options->cli, &rebuild->progress, "%s: the new program begins",
            rebuild->node->name.text);
    else
        souk_cli_progress(&rebuild->options->cli, &rebuild->progress, "%s: %" PRIu64 " events applied, %" PRIu64
            " a second, %" PRIu64 " behind, about %" PRIu64 " s left", rebuild->node->name.text, rebuild->applied, rate,
            rebuild->behind, rebuild->behind / rate);
}

static int
wait_until_back(struct rebuild *rebuild)
{
    struct souk_cli_heads *after = souk_cli_need(malloc(sizeof *after));
    const uint64_t until_ms = souk_cli_steady_ms() + BACK_MS;
    int status = EX_OK;

    while (status == EX_OK && souk_cli_steady_ms() < until_ms) {
        status = souk_cli_heads_ask(&rebuild->options->cli, rebuild->system.client, rebuild->node, REBUILD_ASK_MS, after);
        if (status == EX_OK && after->answered && after->started_ms != rebuild->before.started_ms
            && strcmp(after->state, "live") == 0) {
            tell(rebuild, after);
            free(after);
            return EX_OK;
        }
        souk_cli_progress(&rebuild->options->cli, &rebuild->progress, "%s: waiting for the new program",
            rebuild->node->name.text);
        (void)poll(NULL, 0, REBUILD_POLL_MS / 4);
    }
    souk_cli_progress_end(&rebuild->progress);
    if (status == EX_OK) {
        souk_cli_say(&rebuild->options->cli, SOUK_CLI_RED, "%s was handed over, and does not answer as live: its log says"
            " why", rebuild->node->name.text);
        status = EX_UNAVAILABLE;
    }
    free(after);
    return status;
}

static void
tell(const struct rebuild *rebuild, const struct souk_cli_heads *after)
{
    const uint64_t took_ms = souk_cli_steady_ms() - rebuild->begun_ms;

    if (rebuild->options->cli.is_json)
        souk_cli_json(json_pack("{ss sI sI sI sb}", "service", rebuild->node->name.text, "events",
            (json_int_t)rebuild->applied, "took_ms", (json_int_t)took_ms, "epoch", (json_int_t)after->epoch_counter,
            "same_epoch", after->epoch_counter == rebuild->before.epoch_counter));
    else
        (void)printf("%s: rebuilt, %" PRIu64 " events in %" PRIu64 ".%" PRIu64 " s; it goes on in epoch %" PRIu32
            ", and what it had is %s/store.before\n", rebuild->node->name.text, rebuild->applied, took_ms / 1000,
            took_ms / 100 % 10, after->epoch_counter, rebuild->node->data);
}
