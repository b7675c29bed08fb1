#include "souk_cli.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "recovery.h"
#include "souk_cli_backup.h"
#include "souk_cli_system.h"
#include "souk_keyring.h"

#define NODES_MAX (SOUK_SERVICES_MAX + SOUK_STORES_MAX)
#define DEADLINE_MS (12 * 3600 * 1000)  /* as long as copying and reading takes */
#define SILENT_MS 5000                  /* nobody has taken the command */
#define NAME_BYTES_MAX 65

struct options {
    struct souk_cli cli;                /* first */
    const char *names[NODES_MAX];
    size_t name_count;
    const char *backup, *data;
    bool lists;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int make_all(const struct options *options, struct souk_cli_system *system);
static int make_one(const struct options *options, struct souk_cli_system *system,
    const struct souk_topology_node *node, const char *name, json_t *made);
static int list_all(const struct options *options, const struct souk_topology *topology);
static void list_node(const struct souk_topology_node *node, struct libscols_table *table, json_t *list);
static void list_one(const struct souk_topology_node *node, const char *name, const char *path,
    struct libscols_table *table, json_t *list);

int
souk_cli_backup(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "name", 'n', "NAME", 0, "Call it so; default: the time, 20261123T031500Z", 0 },
        { "list", 'l', NULL, 0, "Show which backups lie on this host", 0 },
        { "data", 'd', "DIR", 0, "With --list: their data is in DIR/NODE/data instead of where the topology says", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "NODE...", .doc = "Have services and event stores copy their stores, while they run, and verify"
        " the copies." };
    struct options options = { .name_count = 0 };
    struct souk_cli_system system = { .topology = NULL };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if (options.lists) {
        if ((status = souk_cli_topology(&options.cli, NULL, &system.topology)) == 0
            && (status = souk_cli_move_data(&options.cli, system.topology, options.data)) == 0)
            status = list_all(&options, system.topology);
        souk_topology_close(&system.topology);
        return status;
    }
    if ((status = souk_cli_system_open(&system, &options.cli, "souk")) == 0)
        status = make_all(&options, &system);
    souk_cli_system_close(&system);
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
    case 'n':
        options->backup = arg;
        return 0;
    case 'l':
        options->lists = true;
        return 0;
    case 'd':
        options->data = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == NODES_MAX)
            argp_error(state, "%s: that many nodes there are not", arg);
        options->names[options->name_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->name_count == 0 && !options->lists)
            argp_error(state, "which services or event stores? `--list' shows the backups that there are");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- making --------------------------------------------------------- */

static int
make_all(const struct options *options, struct souk_cli_system *system)
{
    json_t *made = souk_cli_need(json_array());
    char name[NAME_BYTES_MAX];
    const time_t now = time(NULL);
    int status = EX_OK, one;

    if (options->backup == NULL)
        (void)strftime(name, sizeof name, "%Y%m%dT%H%M%SZ", gmtime(&now));
    for (size_t i = 0; i < options->name_count; i++) {
        const struct souk_topology_node *node = souk_cli_any_node(&options->cli, system->topology, options->names[i]);

        one = node == NULL ? EX_DATAERR
            : make_one(options, system, node, options->backup == NULL ? name : options->backup, made);
        status = status == EX_OK ? one : status;
    }
    if (options->cli.is_json)
        souk_cli_json(json_pack("{sb so}", "good", status == EX_OK, "backups", made));
    else
        json_decref(made);
    return status;
}

static int
make_one(const struct options *options, struct souk_cli_system *system, const struct souk_topology_node *node,
    const char *name, json_t *made)
{
    const struct souk_backup command = { .name = souk_slice_of(name) };
    struct souk_client_request request = { .node = node, .id = souk_client_new_id(),
        .name = souk_slice_of(souk_backup_type.name), .version = souk_backup_type.version,
        .deadline_ms = DEADLINE_MS };
    const uint64_t begun_ms = souk_cli_steady_ms();
    struct souk_cli_progress progress = { 0 };
    struct souk_client_answer answer;
    struct souk_error err = { 0 };
    char path[SOUK_CLI_PATH_BYTES], keys[SOUK_CLI_PATH_BYTES];
    struct souk_cli_heads *heads;
    struct souk_pack pack;
    int rc, status = EX_OK;
    bool has_keys;

    heads = souk_cli_need(malloc(sizeof *heads));
    status = souk_cli_heads_ask(&options->cli, system->client, node, SILENT_MS, heads);
    if (status == EX_OK && !heads->answered) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s does not answer: start it (a store that nobody runs can be copied as"
            " it lies there)", node->name.text);
        status = EX_UNAVAILABLE;
    }
    free(heads);
    if (status != EX_OK)
        return status;
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = souk_backup_type.encode(&command, &pack)) == 0) {
        request.payload = souk_pack_slice(&pack);
        rc = souk_client_send(system->client, &request, &err);
    } else {
        (void)souk_fail(&err, SOUK_EINVAL, "a name has at most 64 bytes");
    }
    souk_pack_done(&pack);
    if (rc != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s: %s", node->name.text, err.text);
        return souk_cli_exit_status(rc, EX_DATAERR);
    }
    while ((rc = souk_client_receive(system->client, SOUK_CLIENT_RETRY_MS / 5, &answer)) == -SOUK_ENOTFOUND)
        souk_cli_progress(&options->cli, &progress, "%s copies its store and verifies the copy, %" PRIu64 " s so far",
            node->name.text, (souk_cli_steady_ms() - begun_ms) / 1000);
    souk_cli_progress_end(&progress);
    if (rc != 0 || answer.is_late) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s has not answered; its log says what became of it",
            node->name.text);
        return EX_UNAVAILABLE;
    }
    if (answer.reply.status != SOUK_STATUS_OK) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s: %.*s", node->name.text, (int)answer.reply.text.size_bytes,
            answer.reply.text.base == NULL ? "" : (const char *)answer.reply.text.base);
        return answer.reply.status == SOUK_STATUS_REFUSED ? EX_DATAERR
            : answer.reply.status == SOUK_STATUS_FULL ? EX_CANTCREAT
            : answer.reply.status == SOUK_STATUS_BUSY ? EX_TEMPFAIL
            : answer.reply.status == SOUK_STATUS_UNKNOWN ? EX_PROTOCOL : EX_IOERR;
    }
    (void)snprintf(path, sizeof path, "%s/" SOUK_CLI_BACKUPS "/%s", node->data, name);
    has_keys = (size_t)snprintf(keys, sizeof keys, "%s" SOUK_KEYRING_SUFFIX, node->data) < sizeof keys
        && access(keys, F_OK) == 0;
    if (options->cli.is_json) {
        (void)json_array_append_new(made, json_pack("{ss ss ss sI ss?}", "node", node->name.text, "name", name, "path",
            path, "took_ms", (json_int_t)(souk_cli_steady_ms() - begun_ms), "keys_apart", has_keys ? keys : NULL));
        return EX_OK;
    }
    (void)printf("%s: backup %.*s; whole, verified and on disk in %s\n", node->name.text,
        (int)answer.reply.text.size_bytes, (const char *)answer.reply.text.base, path);
    if (has_keys)
        (void)printf("%s: the keys of what it knows of persons are in no backup: copy %s, too, to somewhere apart\n",
            node->name.text, keys);
    return EX_OK;
}

/* ---- listing -------------------------------------------------------- */

static int
list_all(const struct options *options, const struct souk_topology *topology)
{
    static const struct souk_cli_heading headings[] = {
        { "NODE", SOUK_CLI_TEXT }, { "BACKUP", SOUK_CLI_TEXT }, { "MADE", SOUK_CLI_TEXT },
        { "EVENTS", SOUK_CLI_NUMBER }, { "STREAMS", SOUK_CLI_NUMBER }, { "COPY", SOUK_CLI_TEXT }, { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(&options->cli, headings, true);
    json_t *list = souk_cli_need(json_array());
    int status = EX_OK;

    for (size_t i = 0; i < options->name_count; i++) {
        const struct souk_topology_node *node = souk_cli_any_node(&options->cli, topology, options->names[i]);

        if (node == NULL)
            status = EX_DATAERR;
        else
            list_node(node, table, list);
    }
    for (size_t i = 0; i < topology->node_count && options->name_count == 0; i++)
        list_node(&topology->nodes[i], table, list);
    if (options->cli.is_json) {
        scols_unref_table(table);
        souk_cli_json(json_pack("{so}", "backups", list));
        return status;
    }
    if (json_array_size(list) != 0)
        souk_cli_table_end(table);
    else
        scols_unref_table(table);
    json_decref(list);
    return status;
}

static void
list_node(const struct souk_topology_node *node, struct libscols_table *table, json_t *list)
{
    char directory[SOUK_CLI_PATH_BYTES], path[SOUK_CLI_PATH_BYTES];
    struct dirent **entries;
    int count;

    (void)snprintf(directory, sizeof directory, "%s/" SOUK_CLI_BACKUPS, node->data);
    if ((count = scandir(directory, &entries, NULL, alphasort)) < 0)
        return;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.'
            && (size_t)snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name) < sizeof path)
            list_one(node, entries[i]->d_name, path, table, list);
        free(entries[i]);
    }
    free(entries);
}

static void
list_one(const struct souk_topology_node *node, const char *name, const char *path, struct libscols_table *table,
    json_t *list)
{
    struct souk_manifest *manifest = souk_cli_need(malloc(sizeof *manifest));
    char made[32] = "", data[SOUK_CLI_PATH_BYTES + 16];
    const bool has_manifest = souk_manifest_read(path, manifest, NULL) == 0;
    struct libscols_line *line;
    const char *copy;
    json_t *one;
    FILE *file;
    time_t at;

    (void)snprintf(data, sizeof data, "%s/data.mdb", path);
    if ((file = fopen(data, "re")) != NULL)
        (void)fclose(file);
    copy = !has_manifest ? "not whole" : file != NULL ? "here" : "elsewhere";
    at = (time_t)(has_manifest ? manifest->made_ms / 1000 : 0);
    if (has_manifest)
        (void)strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", gmtime(&at));
    line = souk_cli_line(table, NULL);
    souk_cli_cell(line, 0, "%s", node->name.text);
    souk_cli_cell(line, 1, "%s", name);
    souk_cli_cell(line, 2, "%s", made);
    if (has_manifest) {
        souk_cli_cell(line, 3, "%" PRIu64, manifest->events);
        souk_cli_cell(line, 4, "%" PRIu32, manifest->stream_count);
    }
    souk_cli_cell(line, 5, "%s", copy);
    one = souk_cli_need(json_pack("{ss ss ss ss sI}", "node", node->name.text, "name", name, "path", path, "copy", copy,
        "made_ms", (json_int_t)(has_manifest ? manifest->made_ms : 0)));
    if (has_manifest) {
        json_t *streams = souk_cli_need(json_object());

        for (uint32_t i = 0; i < manifest->stream_count; i++)
            (void)json_object_set_new(streams, manifest->streams[i].name.text,
                json_integer((json_int_t)manifest->streams[i].head.number));
        (void)json_object_set_new(one, "streams", streams);
    }
    (void)json_array_append_new(list, one);
    free(manifest);
}
