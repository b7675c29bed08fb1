#include "souk_cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "souk_cli_init.h"

#define SYSTEM_DEFAULT "guestbook"

struct options {
    struct souk_cli cli;                /* first */
    const char *dir;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int make_dir(const struct souk_cli *cli, const char *dir);
static int write_file(const struct options *options, const struct souk_cli_template *template, const char *system);
static void name_of(const char *dir, struct souk_name *name_out);
static void say_next(const struct options *options, const char *system);

int
souk_cli_init(int argc, char **argv)
{
    static const struct argp_child children[] = { { &souk_cli_json_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .parser = parse_option, .children = children, .args_doc = "DIR",
        .doc = "Make a small application in DIR that can be built and run: a topology, a description of its messages,"
        " one service, a Makefile." };
    const struct souk_cli_template *template;
    struct options options = { .dir = NULL };
    struct souk_name system;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    name_of(options.dir, &system);
    if ((status = make_dir(&options.cli, options.dir)) != 0)
        return status;
    for (template = souk_cli_templates; template->name != NULL && status == 0; template++)
        status = write_file(&options, template, system.text);
    if (status == 0)
        say_next(&options, system.text);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case ARGP_KEY_ARG:
        if (options->dir != NULL)
            argp_error(state, "%s: one directory at a time", arg);
        options->dir = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->dir == NULL)
            argp_error(state, "in which directory?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The last part of the path, as far as it is a name. */
static void
name_of(const char *dir, struct souk_name *name_out)
{
    const char *end = dir + strlen(dir);
    const char *base;

    while (end > dir && end[-1] == '/')
        end--;
    for (base = end; base > dir && base[-1] != '/'; base--)
        continue;
    if (souk_name_set(name_out, (struct souk_slice){ base, (size_t)(end - base) }) != 0)
        *name_out = (struct souk_name){ SYSTEM_DEFAULT };
}

static int
make_dir(const struct souk_cli *cli, const char *dir)
{
    if (mkdir(dir, 0777) == 0 || errno == EEXIST)
        return 0;
    souk_cli_say(cli, SOUK_CLI_RED, "%s: %s", dir, strerror(errno));
    return EX_CANTCREAT;
}

/* What is there already is left alone, and that is an error: nobody's work is written over. */
static int
write_file(const struct options *options, const struct souk_cli_template *template, const char *system)
{
    const char *at = template->text;
    const char *mark;
    char *path;
    FILE *file;
    int code;

    path = souk_cli_need(malloc(strlen(options->dir) + 1 + strlen(template->name) + 1));
    (void)sprintf(path, "%s/%s", options->dir, template->name);
    if ((file = fopen(path, "wxe")) != NULL) {
        for (; (mark = strstr(at, SOUK_CLI_TEMPLATE_SYSTEM)) != NULL; at = mark + strlen(SOUK_CLI_TEMPLATE_SYSTEM))
            (void)fprintf(file, "%.*s%s", (int)(mark - at), at, system);
        (void)fputs(at, file);
    }
    code = file == NULL ? errno : 0;
    if (file != NULL && (ferror(file) | fclose(file)) != 0)
        code = errno == 0 ? EIO : errno;
    if (code == EEXIST)
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s is there already; choose a directory of its own", path);
    else if (code != 0)
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s: %s", path, strerror(code));
    free(path);
    return code == 0 ? 0 : EX_CANTCREAT;
}

static void
say_next(const struct options *options, const char *system)
{
    const struct souk_cli_template *template;
    json_t *files;

    if (options->cli.is_json) {
        files = souk_cli_need(json_array());
        for (template = souk_cli_templates; template->name != NULL; template++)
            (void)json_array_append_new(files, json_string(template->name));
        souk_cli_json(json_pack("{ss ss so}", "system", system, "directory", options->dir, "files", files));
        return;
    }
    (void)printf("%s is ready. Now:\n\n    cd %s\n    make\n    souk up &\n"
        "    souk call guestbook guestbook.sign '{\"name\": \"Ada\", \"text\": \"I was here.\"}'\n"
        "    souk call guestbook guestbook.entries '{}'\n", system, options->dir);
}
