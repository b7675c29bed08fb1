/*
 * souk-messages - make C from a description of messages, check it, print it,
 * and convert messages by it. See souk-messages(1).
 */
#include "souk_messages.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "souk_evolution.h"

#define PATH_BYTES_MAX 4096

enum option_key {
    OPTION_AGAINST = 0x100,
    OPTION_FORMAT,
    OPTION_TO_MSGPACK,
    OPTION_FROM_MSGPACK,
};

struct options {
    const char *command;
    const char *file;
    const char *message;
    const char *directory;
    const char *against;
    const char *format;
    bool to_msgpack;
    bool from_msgpack;
};

static const struct argp_option argp_options[] = {
    { .name = "output", .key = 'o', .arg = "DIR", .doc = "c: write the files to DIR" },
    { .name = "against", .key = OPTION_AGAINST, .arg = "OLD",
      .doc = "check: refuse what breaks the readers and the history of the description OLD" },
    { .name = "format", .key = OPTION_FORMAT, .arg = "FORMAT", .doc = "reference: text (default), markdown or man" },
    { .name = "to-msgpack", .key = OPTION_TO_MSGPACK, .doc = "json: read JSON, write msgpack" },
    { .name = "from-msgpack", .key = OPTION_FROM_MSGPACK, .doc = "json: read msgpack, write JSON" },
    { .name = NULL },
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static bool options_fit(const struct options *options);
static int run(const struct options *options, const struct souk_messages *messages, struct souk_error *err);
static int run_c(const struct options *options, const struct souk_messages *messages, struct souk_error *err);
static int write_file(const char *directory, const char *name, const char *suffix,
    void (*write)(const struct souk_messages *messages, const char *source, FILE *out),
    const struct souk_messages *messages, const char *source, struct souk_error *err);
static int run_check(const struct options *options, const struct souk_messages *messages, struct souk_error *err);
static void say_break(void *arg, const char *sentence);
static int run_reference(const struct options *options, const struct souk_messages *messages, struct souk_error *err);
static int run_json(const struct options *options, const struct souk_messages *messages, struct souk_error *err);
static int exit_status(int rc, const struct options *options);

int
main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse_option,
        .args_doc = "c FILE -o DIR\ncheck FILE [--against OLD]\nreference FILE [--format FORMAT]\n"
            "json FILE MESSAGE --to-msgpack|--from-msgpack",
        .doc = "Compile, check, print and use the description of messages FILE.\v"
            "The description is explained in souk.messages(5).",
    };
    struct options options = { .format = "text" };
    struct souk_description *description = NULL;
    struct souk_error err = { 0 };
    int rc;

    argp_program_version = "souk-messages " PACKAGE_VERSION;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EX_USAGE;
    rc = souk_description_open(options.file, &description, &err);
    if (rc == 0)
        rc = run(&options, souk_description_messages(description), &err);
    souk_description_close(&description);
    if (rc != 0)
        (void)fprintf(stderr, "souk-messages: %s\n", err.text);
    return exit_status(rc, &options);
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'o':
        options->directory = arg;
        return 0;
    case OPTION_AGAINST:
        options->against = arg;
        return 0;
    case OPTION_FORMAT:
        options->format = arg;
        return 0;
    case OPTION_TO_MSGPACK:
        options->to_msgpack = true;
        return 0;
    case OPTION_FROM_MSGPACK:
        options->from_msgpack = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            options->command = arg;
        else if (state->arg_num == 1)
            options->file = arg;
        else if (state->arg_num == 2 && strcmp(options->command, "json") == 0)
            options->message = arg;
        else
            argp_error(state, "`%s` is one argument too many", arg);
        return 0;
    case ARGP_KEY_END:
        if (options->file == NULL)
            argp_error(state, "a command and a FILE are meant");
        else if (!options_fit(options))
            argp_error(state, "`%s` is no command, or its options are others", options->command);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool
options_fit(const struct options *options)
{
    if (strcmp(options->command, "c") == 0)
        return options->directory != NULL;
    if (strcmp(options->command, "json") == 0)
        return options->message != NULL && options->to_msgpack != options->from_msgpack;
    if (strcmp(options->command, "reference") == 0)
        return strcmp(options->format, "text") == 0 || strcmp(options->format, "markdown") == 0
            || strcmp(options->format, "man") == 0;
    return strcmp(options->command, "check") == 0;
}

static int
run(const struct options *options, const struct souk_messages *messages, struct souk_error *err)
{
    if (strcmp(options->command, "c") == 0)
        return run_c(options, messages, err);
    if (strcmp(options->command, "check") == 0)
        return run_check(options, messages, err);
    if (strcmp(options->command, "reference") == 0)
        return run_reference(options, messages, err);
    return run_json(options, messages, err);
}

/* ---- c -------------------------------------------------------------- */

static int
run_c(const struct options *options, const struct souk_messages *messages, struct souk_error *err)
{
    const char *slash = strrchr(options->file, '/');
    const char *source = slash == NULL ? options->file : slash + 1;
    int rc;

    if ((rc = write_file(options->directory, messages->application, ".h", souk_messages_write_header, messages, source,
        err)) != 0)
        return rc;
    return write_file(options->directory, messages->application, ".c", souk_messages_write_source, messages, source,
        err);
}

/* Under another name first: a reader, or a build that was broken off, never meets half a file. */
static int
write_file(const char *directory, const char *name, const char *suffix,
    void (*write)(const struct souk_messages *messages, const char *source, FILE *out),
    const struct souk_messages *messages, const char *source, struct souk_error *err)
{
    char path[PATH_BYTES_MAX];
    char new_path[PATH_BYTES_MAX];
    bool is_written;
    FILE *out;

    if ((size_t)snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix) >= sizeof path
        || (size_t)snprintf(new_path, sizeof new_path, "%s/.%s%s.new", directory, name, suffix) >= sizeof new_path)
        return souk_fail(err, SOUK_EIO, "%s: the path is too long", directory);
    if ((out = fopen(new_path, "we")) == NULL)
        return souk_fail(err, SOUK_EIO, "%s: %s", new_path, strerror(errno));
    write(messages, source, out);
    is_written = !ferror(out);
    is_written = fclose(out) == 0 && is_written;
    if (is_written && rename(new_path, path) == 0)
        return 0;
    (void)souk_fail(err, SOUK_EIO, "%s: %s", path, strerror(errno));
    (void)unlink(new_path);
    return -SOUK_EIO;
}

/* ---- the others ----------------------------------------------------- */

static int
run_check(const struct options *options, const struct souk_messages *messages, struct souk_error *err)
{
    struct souk_description *against = NULL;
    size_t breaks;
    int rc;

    if (options->against == NULL)
        return 0;
    if ((rc = souk_description_open(options->against, &against, err)) != 0)
        return rc;
    breaks = souk_evolution_breaks(souk_description_messages(against), messages, say_break,
        (void *)(uintptr_t)options->file);
    souk_description_close(&against);
    if (breaks == 0)
        return 0;
    return souk_fail(err, SOUK_EINVAL, "%s: %zu break%s with %s", options->file, breaks, breaks == 1 ? "" : "s",
        options->against);
}

static void
say_break(void *arg, const char *sentence)
{
    (void)fprintf(stderr, "%s: %s\n", (const char *)arg, sentence);
}

static int
run_reference(const struct options *options, const struct souk_messages *messages, struct souk_error *err)
{
    enum souk_reference_format format = SOUK_REFERENCE_TEXT;

    if (strcmp(options->format, "markdown") == 0)
        format = SOUK_REFERENCE_MARKDOWN;
    else if (strcmp(options->format, "man") == 0)
        format = SOUK_REFERENCE_MAN;
    souk_messages_write_reference(messages, format, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        return souk_fail(err, SOUK_EIO, "the reference cannot be written: %s", strerror(errno));
    return 0;
}

static int
run_json(const struct options *options, const struct souk_messages *messages, struct souk_error *err)
{
    int rc;

    if ((rc = souk_messages_convert(messages, options->message, options->to_msgpack, stdin, stdout, err)) != 0)
        return rc;
    if (fflush(stdout) != 0 || ferror(stdout))
        return souk_fail(err, SOUK_EIO, "the message cannot be written: %s", strerror(errno));
    return 0;
}

static int
exit_status(int rc, const struct options *options)
{
    switch (-rc) {
    case 0:
        return EX_OK;
    case SOUK_ENOTFOUND:
        return EX_NOINPUT;
    case SOUK_EIO:
        return strcmp(options->command, "c") == 0 ? EX_CANTCREAT : EX_IOERR;
    case SOUK_ENOMEM:
        return EX_OSERR;
    default:
        return EX_DATAERR;
    }
}
