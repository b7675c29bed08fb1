/*
 * souk - the command: one subcommand each in souk_cli_NAME.c.
 */
#include "souk_cli.h"

#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "souk_zpl.h"

#define NAME_BYTES_MAX 64

struct subcommand {
    const char *name;
    const char *about;
    int (*run)(int argc, char **argv);
};

static const struct subcommand subcommands[] = {
    { "init", "Make a small application that runs", souk_cli_init },
    { "check", "Prove that a topology fits together, and draw it", souk_cli_check },
    { "keys", "Make, list and exchange keys", souk_cli_keys },
    { "up", "Run the services and event stores of a topology", souk_cli_up },
    { "status", "Ask services and event stores how they stand", souk_cli_status },
    { "tail", "Show events as they happen", souk_cli_tail },
    { "log", "List and show what event stores have recorded", souk_cli_log },
    { "why", "Show what led to an event, and what it led to", souk_cli_why },
    { "top", "Watch services and event stores", souk_cli_top },
    { "consumers", "Show who is behind in which stream, and waits for what", souk_cli_consumers },
    { "parked", "See to events that a service could not handle", souk_cli_parked },
    { "doctor", "Look for what is wrong, or will be", souk_cli_doctor },
    { "call", "Send a command or a query to a service", souk_cli_call },
    { "bench", "Measure how fast it is on this machine", souk_cli_bench },
    { "backup", "Copy stores while they are in use, and verify the copies", souk_cli_backup },
    { "rebuild", "Fill a new store beside the one in use, and exchange them", souk_cli_rebuild },
    { "verify", "Hold the chains of origins and event stores against each other", souk_cli_verify },
    { "restore", "Put a backup in place of a store", souk_cli_restore },
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

/* What the command line says before the subcommand. */
struct arguments {
    int at;                             /* of the subcommand in argv; 0: none */
};

static error_t parse(int key, char *arg, struct argp_state *state);
static char *help(int key, const char *text, void *input);
static int run(int argc, char **argv);

int
main(int argc, char **argv)
{
    static const struct argp argp = { .parser = parse, .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Run and look after event-driven services.\v", .help_filter = help };
    struct arguments arguments = { 0 };
    int status;

    (void)setlocale(LC_ALL, "");
    argp_program_version = "souk " PACKAGE_VERSION;
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments) != 0)
        return EX_USAGE;
    status = run(argc - arguments.at, argv + arguments.at);
    if (fflush(stdout) != 0 && status == EX_OK) {
        perror("souk: standard output");
        status = EX_IOERR;
    }
    return status;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        arguments->at = state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_state_help(state, stderr, ARGP_HELP_STD_USAGE | ARGP_HELP_DOC);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The list of subcommands stands behind the options. */
static char *
help(int key, const char *text, void *input)
{
    static const char head[] = "Commands:\n";
    size_t bytes = sizeof head;
    char *list;
    size_t i;

    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    for (i = 0; i < SUBCOMMAND_COUNT; i++)
        bytes += NAME_BYTES_MAX + strlen(subcommands[i].about);
    list = souk_cli_need(malloc(bytes));
    bytes = (size_t)sprintf(list, "%s", head);
    for (i = 0; i < SUBCOMMAND_COUNT; i++)
        bytes += (size_t)sprintf(list + bytes, "  %-10s %s\n", subcommands[i].name, subcommands[i].about);
    (void)sprintf(list + bytes, "\n`souk COMMAND --help' and souk-COMMAND(1) say more.");
    return list;
}

static int
run(int argc, char **argv)
{
    const char *nearest = NULL;
    char name[NAME_BYTES_MAX];
    char *own_name = name;
    size_t i;

    for (i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(argv[0], subcommands[i].name) == 0) {
            (void)snprintf(name, sizeof name, "souk %s", argv[0]);
            argv[0] = own_name;
            return subcommands[i].run(argc, argv);
        }
        souk_zpl_nearer(argv[0], subcommands[i].name, &nearest);
    }
    (void)fprintf(stderr, "souk: no command `%s`%s%s%s; `souk --help' has them all\n", argv[0],
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return EX_USAGE;
}
