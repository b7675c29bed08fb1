#include "souk_cli_restore_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_directory.h"
#include "souk_zpl.h"

#define RESTORING ".restoring"
#define DATA_FILE "data.mdb"
#define COPY_BYTES (1024 * 1024)
#define RUNNING_MS 700                  /* for an answer of a node that ought to be stopped */

struct options {
    struct souk_cli cli;                /* first */
    const char *node, *backup, *data;
    bool even_so, only_says;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int run(const struct options *options, struct restore *restore);
static int find_backup(const struct options *options, struct restore *restore);
static int is_stopped(struct restore *restore);
static int copy_and_verify(struct restore *restore, const char *copy);
static bool holds_same(const struct souk_manifest *found, const struct souk_manifest *said);
static int copy_file(struct restore *restore, const char *from, const char *to);
static int decide(const struct options *options, const struct restore *restore);
static int fail(const struct restore *restore, const char *path, const char *what);
static void tell(const struct options *options, const struct restore *restore, const char *aside);

int
souk_cli_restore(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "data", 'd', "DIR", 0, "The node keeps its data in DIR/NODE/data instead of where the topology says", 0 },
        { "dry-run", 'n', NULL, 0, "Verify the backup and say what would happen; change nothing", 0 },
        { "even-so", 'e', NULL, 0, "Do it though the store that is there is not older, or a hole would remain", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "NODE BACKUP", .doc = "Put a backup in place of the store of a stopped service or event store.\v"
        "BACKUP is the name of one that lies in the node's `backups', or a directory." };
    struct options options = { .node = NULL };
    struct restore *restore = souk_cli_need(calloc(1, sizeof *restore));
    int status;

    souk_cli_begin(&options.cli, argv);
    restore->cli = &options.cli;
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) == 0
        && (status = souk_cli_system_open(&restore->system, &options.cli, options.node)) == 0
        && (status = souk_cli_move_data(&options.cli, restore->system.topology, options.data)) == 0) {
        restore->next = souk_cli_need(json_array());
        status = run(&options, restore);
        json_decref(restore->next);
    }
    souk_cli_system_close(&restore->system);
    free(restore);
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
    case 'd':
        options->data = arg;
        return 0;
    case 'n':
        options->only_says = true;
        return 0;
    case 'e':
        options->even_so = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->backup != NULL)
            argp_error(state, "%s: one argument too many", arg);
        if (options->node == NULL)
            options->node = arg;
        else
            options->backup = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->backup == NULL)
            argp_error(state, "which backup of which node? `souk backup --list' shows them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
run(const struct options *options, struct restore *restore)
{
    char copy[SOUK_CLI_PATH_BYTES + sizeof RESTORING], aside[SOUK_CLI_PATH_BYTES] = "";
    struct souk_error err = { 0 };
    struct stat there;
    int rc, status;

    if ((restore->node = souk_cli_any_node(&options->cli, restore->system.topology, options->node)) == NULL)
        return EX_DATAERR;
    (void)snprintf(restore->store, sizeof restore->store, "%s/" SOUK_CLI_STORE, restore->node->data);
    (void)snprintf(copy, sizeof copy, "%s" RESTORING, restore->store);
    if ((status = find_backup(options, restore)) != 0 || (status = is_stopped(restore)) != 0
        || (status = copy_and_verify(restore, copy)) != 0
        || (stat(restore->store, &there) == 0 && (status = restore_compare(restore, copy)) != 0)
        || (status = restore_foresee(restore)) != 0 || (status = decide(options, restore)) != 0) {
        (void)souk_directory_remove(copy);
        return status;
    }
    if (options->only_says) {
        (void)souk_directory_remove(copy);
    } else if ((rc = souk_backup_put(copy, restore->store, restore->node->witness, aside, &err)) != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CANTCREAT);
    }
    tell(options, restore, aside);
    return EX_OK;
}

static int
find_backup(const struct options *options, struct restore *restore)
{
    struct souk_error err = { 0 };
    int rc;

    if (strchr(options->backup, '/') != NULL)
        (void)snprintf(restore->backup, sizeof restore->backup, "%s", options->backup);
    else
        (void)snprintf(restore->backup, sizeof restore->backup, "%s/" SOUK_CLI_BACKUPS "/%s", restore->node->data,
            options->backup);
    if ((rc = souk_manifest_read(restore->backup, &restore->manifest, &err)) != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s is no backup: %s; `souk backup --list %s' shows those that there"
            " are", restore->backup, err.text, restore->node->name.text);
        return rc == -SOUK_ENOTFOUND ? EX_NOINPUT : EX_DATAERR;
    }
    if (strcmp(restore->manifest.node.text, restore->node->name.text) != 0
        || restore->manifest.is_store != (restore->node->kind == SOUK_NODE_EVENT_STORE)) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s is a backup of the %s %s, not of %s", restore->backup,
            restore->manifest.is_store ? "event store" : "service", restore->manifest.node.text,
            restore->node->name.text);
        return EX_DATAERR;
    }
    return 0;
}

/* A process whose store was removed has no lock that could be seen. */
static int
is_stopped(struct restore *restore)
{
    struct souk_cli_heads *heads = souk_cli_need(malloc(sizeof *heads));
    int status = souk_cli_heads_ask(restore->cli, restore->system.client, restore->node, RUNNING_MS, heads);

    if (status == 0 && heads->answered) {
        souk_cli_say(restore->cli, SOUK_CLI_RED, "%s is running and answers: stop it first", restore->node->name.text);
        status = EX_UNAVAILABLE;
    }
    free(heads);
    return status;
}

/* What will be opened is what is read; the manifest says what has to come out. */
static int
copy_and_verify(struct restore *restore, const char *copy)
{
    struct souk_backup_config config = { .node = restore->node->name,
        .is_store = restore->node->kind == SOUK_NODE_EVENT_STORE,
        .bytes_max = restore->node->shell_limits.store_bytes_max, .directory = copy };
    struct souk_backup_report *report;
    char from[SOUK_CLI_PATH_BYTES + 16], to[SOUK_CLI_PATH_BYTES + 32];
    struct souk_error err = { 0 };
    int rc, status;

    (void)snprintf(from, sizeof from, "%s/" DATA_FILE, restore->backup);
    (void)snprintf(to, sizeof to, "%s/" DATA_FILE, copy);
    (void)souk_directory_remove(copy);
    if ((rc = souk_directory_make(copy, strlen(copy), &err)) != 0) {
        souk_cli_say(restore->cli, SOUK_CLI_RED, "%s", err.text);
        return EX_CANTCREAT;
    }
    if ((status = copy_file(restore, from, to)) != 0)
        return status;
    report = souk_cli_need(calloc(1, sizeof *report));
    if ((rc = souk_backup_verify(&config, report, &err)) != 0) {
        souk_cli_say(restore->cli, SOUK_CLI_RED, "%s cannot be restored: %s", restore->backup, err.text);
        status = rc == -SOUK_EDAMAGED ? EX_DATAERR : souk_cli_exit_status(rc, EX_DATAERR);
    } else if (!holds_same(&report->manifest, &restore->manifest)) {
        souk_cli_say(restore->cli, SOUK_CLI_RED, "%s cannot be restored: its logs do not end where its manifest says;"
            " take another backup", restore->backup);
        status = EX_DATAERR;
    }
    free(report);
    return status;
}

static bool
holds_same(const struct souk_manifest *found, const struct souk_manifest *said)
{
    for (uint32_t i = 0; i < said->stream_count; i++) {
        const struct souk_position *head = souk_manifest_head(found, said->streams[i].name.text);

        if (head == NULL || !souk_position_equal(head, &said->streams[i].head))
            return false;
    }
    return found->stream_count == said->stream_count;
}

static int
copy_file(struct restore *restore, const char *from, const char *to)
{
    struct souk_cli_progress progress = { 0 };
    uint8_t *buffer = souk_cli_need(malloc(COPY_BYTES));
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, status = 0;
    uint64_t copied = 0;
    ssize_t n = -1;

    if (in < 0)
        status = fail(restore, from, "it cannot be read; a copy that was moved elsewhere is named by its directory");
    else if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
        status = fail(restore, to, "it cannot be made");
    while (status == 0 && (n = read(in, buffer, COPY_BYTES)) > 0) {
        for (ssize_t at = 0, done; status == 0 && at < n; at += done)
            if ((done = write(out, buffer + at, (size_t)(n - at))) < 0)
                status = fail(restore, to, "it cannot be written");
        copied += (uint64_t)n;
        souk_cli_progress(restore->cli, &progress, "copied %" PRIu64 " MiB", copied >> 20);
    }
    if (status == 0 && n < 0)
        status = fail(restore, from, "it cannot be read");
    if (status == 0 && fsync(out) != 0)
        status = fail(restore, to, "it cannot be synced");
    souk_cli_progress_end(&progress);
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    free(buffer);
    return status;
}

static int
decide(const struct options *options, const struct restore *restore)
{
    const char *why = restore->there == RESTORE_SAME ? "holds the same as the backup"
        : restore->there == RESTORE_NEWER ? "is newer than the backup"
        : restore->there == RESTORE_DIFFERS ? "has another history than the backup" : NULL;

    if (options->even_so || options->only_says)
        return 0;
    if (why != NULL) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "the store of %s %s%s%s; --even-so moves it aside and puts the backup"
            " in its place", restore->node->name.text, why, restore->there_text[0] == '\0' ? "" : ": ",
            restore->there_text);
        return EX_DATAERR;
    }
    if (restore->has_hole) {
        for (size_t i = 0; i < json_array_size(restore->next); i++) {
            const char *sentence = json_string_value(json_array_get(restore->next, i));

            if (strncmp(sentence, "HOLE", 4) == 0)
                souk_cli_say(&options->cli, SOUK_CLI_RED, "%s; --even-so restores it all the same", sentence);
        }
        return EX_DATAERR;
    }
    return 0;
}

static int
fail(const struct restore *restore, const char *path, const char *what)
{
    souk_cli_say(restore->cli, SOUK_CLI_RED, "%s: %s: %s", path, what, strerror(errno));
    return errno == ENOENT ? EX_NOINPUT : errno == EACCES || errno == EPERM ? EX_NOPERM
        : errno == ENOSPC ? EX_CANTCREAT : EX_IOERR;
}

static void
tell(const struct options *options, const struct restore *restore, const char *aside)
{
    char place[SOUK_CLI_PLACE_BYTES];

    if (options->cli.is_json) {
        json_t *streams = souk_cli_need(json_object());

        for (uint32_t i = 0; i < restore->manifest.stream_count; i++)
            (void)json_object_set_new(streams, restore->manifest.streams[i].name.text,
                json_integer((json_int_t)restore->manifest.streams[i].head.number));
        souk_cli_json(json_pack("{ss sb ss ss so sb sO}", "node", restore->node->name.text, "restored",
            !options->only_says, "backup", restore->backup, "aside", aside, "streams", streams, "hole",
            restore->has_hole, "next", restore->next));
        return;
    }
    (void)printf("%s: %s%s\n", restore->node->name.text, options->only_says ? "whole, and could be restored: "
        : "restored from ", restore->backup);
    for (uint32_t i = 0; i < restore->manifest.stream_count; i++)
        (void)printf("  up to %s\n", souk_cli_place(restore->manifest.streams[i].name.text,
            &restore->manifest.streams[i].head, place));
    if (restore->there_text[0] != '\0')
        (void)printf("the store that was there: %s\n", restore->there_text);
    if (aside[0] != '\0')
        (void)printf("the store that was there is now %s\n", aside);
    (void)printf("When %s is started:\n", restore->node->name.text);
    for (size_t i = 0; i < json_array_size(restore->next); i++)
        (void)printf("  %s\n", json_string_value(json_array_get(restore->next, i)));
}

const struct souk_topology_node *
souk_cli_any_node(const struct souk_cli *cli, const struct souk_topology *topology, const char *name)
{
    const struct souk_topology_node *node = souk_topology_node(topology, name);
    const char *nearest = NULL;

    if (node != NULL)
        return node;
    for (size_t i = 0; i < topology->node_count; i++)
        souk_zpl_nearer(name, topology->nodes[i].name.text, &nearest);
    souk_cli_say(cli, SOUK_CLI_RED, "%s has no service or event store `%s`%s%s%s", topology->name.text, name,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}
