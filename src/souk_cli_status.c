#include "souk_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "souk_cli_look.h"
#include "souk_cli_system.h"

#define EXIT_PROBLEM 1

struct options {
    struct souk_cli cli;                /* first */
    const char *names[SOUK_CLI_NODES_MAX];
    size_t name_count;
    uint32_t deadline_ms;
    bool shows_streams;
};

struct looking {
    const struct options *options;
    struct souk_topology *topology;
    struct souk_client *client;
    struct souk_looked nodes[SOUK_CLI_NODES_MAX];
    size_t node_count, problem_count;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static void show_json(const struct looking *looking);
static void show_nodes(const struct looking *looking);
static void show_streams(const struct looking *looking);

int
souk_cli_status(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "streams", 's', NULL, 0, "Show how far each node is in each stream", 0 },
        { "deadline", 'd', "MS", 0, "Wait so long for answers; default: 3000", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[NODE...]", .doc = "Ask services and event stores how they stand." };
    struct options options = { .deadline_ms = SOUK_CLI_LOOK_MS };
    struct looking looking = { .options = &options };
    struct souk_key *key = NULL;
    int status;
    size_t i;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if ((status = souk_cli_topology(&options.cli, NULL, &looking.topology)) != 0)
        return status;
    if ((status = souk_cli_look_choose(&options.cli, looking.topology, options.names, options.name_count, looking.nodes,
        &looking.node_count)) == 0
        && (status = souk_cli_client(&options.cli, looking.topology, "souk", &key, &looking.client)) == 0
        && (status = souk_cli_look(&options.cli, looking.client, looking.nodes, looking.node_count,
            options.deadline_ms)) == 0) {
        for (i = 0; i < looking.node_count; i++)
            looking.problem_count += souk_look_judge(looking.topology, &looking.nodes[i]);
        if (options.cli.is_json)
            show_json(&looking);
        else
            show_nodes(&looking);
        if (options.shows_streams && !options.cli.is_json)
            show_streams(&looking);
        status = looking.problem_count == 0 ? EX_OK : EXIT_PROBLEM;
    }
    souk_cli_look_done(looking.nodes, looking.node_count);
    souk_client_close(&looking.client);
    souk_key_close(&key);
    souk_topology_close(&looking.topology);
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
    case 's':
        options->shows_streams = true;
        return 0;
    case 'd':
        options->deadline_ms = (uint32_t)souk_cli_number(state, "--deadline", arg, 1, SOUK_CLIENT_DEADLINE_MS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == SOUK_CLI_NODES_MAX)
            argp_error(state, "%s: that many nodes there are not", arg);
        options->names[options->name_count++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- showing -------------------------------------------------------- */

static void
show_json(const struct looking *looking)
{
    json_t *nodes = souk_cli_need(json_array());
    json_t *node;
    size_t i;

    for (i = 0; i < looking->node_count; i++) {
        node = looking->nodes[i].said != NULL ? json_incref(looking->nodes[i].said)
            : json_pack("{ss sb ss}", "name", looking->nodes[i].node->name.text, "is_event_store",
                looking->nodes[i].node->kind == SOUK_NODE_EVENT_STORE, "state", "unreachable");
        (void)souk_cli_need(node);
        (void)json_object_set(node, "problems", looking->nodes[i].problems);
        (void)json_array_append_new(nodes, node);
    }
    souk_cli_json(json_pack("{ss sb so}", "system", looking->topology->name.text, "good",
        looking->problem_count == 0, "nodes", nodes));
}

static void
show_nodes(const struct looking *looking)
{
    static const struct souk_cli_heading headings[] = {
        { "NAME", SOUK_CLI_TEXT }, { "STATE", SOUK_CLI_TEXT }, { "EPOCH", SOUK_CLI_NUMBER },
        { "COMMIT", SOUK_CLI_NUMBER }, { "BEHIND", SOUK_CLI_NUMBER }, { "PARKED", SOUK_CLI_NUMBER },
        { "STORE", SOUK_CLI_NUMBER }, { "MEMORY", SOUK_CLI_NUMBER }, { "UP", SOUK_CLI_NUMBER }, { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(&looking->options->cli, headings, true);
    const struct souk_cli *cli = &looking->options->cli;
    struct libscols_line *line;
    const json_t *said;
    char text[SOUK_CLI_SHORT_BYTES];
    size_t i;
    size_t k;

    for (i = 0; i < looking->node_count; i++) {
        said = looking->nodes[i].said;
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", looking->nodes[i].node->name.text);
        souk_cli_cell(line, 1, "%s", said != NULL ? souk_look_text_of(said, "state") : looking->nodes[i].node->lost ? "lost"
            : "unreachable");
        souk_cli_cell_color(line, 1, json_array_size(looking->nodes[i].problems) == 0 ? SOUK_CLI_GREEN : SOUK_CLI_RED);
        if (said == NULL)
            continue;
        if (!json_is_true(json_object_get(said, "is_event_store")))
            souk_cli_cell(line, 2, "%" PRIu64, souk_look_uint_of(said, "epoch"));
        souk_cli_cell(line, 3, "%" PRIu64, souk_look_uint_of(said, "commit"));
        souk_cli_cell(line, 4, "%" PRIu64, souk_look_lag_of(said));
        souk_cli_cell(line, 5, "%" PRIu64, souk_look_uint_of(said, "parked"));
        souk_cli_bytes(souk_look_uint_of(said, "store_bytes_used"), text);
        souk_cli_cell(line, 6, "%s", text);
        souk_cli_bytes(souk_look_uint_of(said, "memory_bytes"), text);
        souk_cli_cell(line, 7, "%s", text);
        souk_cli_duration(souk_look_uint_of(said, "now_ms") - souk_look_uint_of(said, "started_ms"), text);
        souk_cli_cell(line, 8, "%s", text);
    }
    souk_cli_table_end(table);
    for (i = 0; i < looking->node_count; i++) {
        for (k = 0; k < json_array_size(looking->nodes[i].problems); k++)
            (void)printf("%s%s: %s%s\n", souk_cli_color(cli->out_has_color, SOUK_CLI_RED),
                looking->nodes[i].node->name.text, json_string_value(json_array_get(looking->nodes[i].problems, k)),
                souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN));
    }
}

static void
show_streams(const struct looking *looking)
{
    static const struct souk_cli_heading headings[] = {
        { "NAME", SOUK_CLI_TREE }, { "EPOCH", SOUK_CLI_NUMBER }, { "NUMBER", SOUK_CLI_NUMBER },
        { "BEHIND", SOUK_CLI_NUMBER }, { "QUEUED", SOUK_CLI_NUMBER }, { "HASH", SOUK_CLI_TEXT }, { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(&looking->options->cli, headings, true);
    struct libscols_line *line;
    struct libscols_line *below;
    const json_t *streams;
    const json_t *stream;
    char text[SOUK_CLI_SHORT_BYTES];
    size_t i;
    size_t k;

    for (i = 0; i < looking->node_count; i++) {
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", looking->nodes[i].node->name.text);
        streams = json_object_get(looking->nodes[i].said, "streams");
        for (k = 0; k < json_array_size(streams); k++) {
            stream = json_array_get(streams, k);
            below = souk_cli_line(table, line);
            souk_cli_cell(below, 0, "%s", souk_look_text_of(stream, "name"));
            souk_cli_cell(below, 1, "%" PRIu64, souk_look_uint_of(stream, "epoch"));
            souk_cli_cell(below, 2, "%" PRIu64, souk_look_uint_of(stream, "number"));
            souk_cli_cell(below, 3, "%" PRIu64, souk_look_uint_of(stream, "lag"));
            souk_cli_bytes(souk_look_uint_of(stream, "queued_bytes"), text);
            souk_cli_cell(below, 4, "%s", text);
            souk_cli_cell(below, 5, "%.16s", souk_look_text_of(stream, "hash"));
        }
    }
    (void)putchar('\n');
    souk_cli_table_end(table);
}
