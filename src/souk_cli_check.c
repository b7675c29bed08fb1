#include "souk_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium.h>

#include "souk_cli_draw.h"
#include "souk_fit.h"
#include "souk_routes.h"

enum { OPTION_AGAINST = 256, OPTION_DOT };

struct options {
    struct souk_cli cli;                /* first */
    const char *path, *against;
    bool is_dot;
};

/* What is found, said line by line or gathered for JSON. */
struct findings {
    const struct options *options;
    json_t *errors, *notes, *breaks, *changes;      /* NULL without --json */
    const struct souk_topology *before, *after;     /* while they are compared */
    char whole[64];                                 /* the node that is new or gone as a whole, and has been said */
    size_t wrong;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int read_system(struct findings *findings, const char *path, struct souk_topology **topology_out,
    struct souk_catalogue *catalogue_out);
static void check_routes(struct findings *findings, const struct souk_topology *topology,
    const struct souk_catalogue *catalogue);
static void say_error(struct findings *findings, const char *sentence);
static void say_wrong(struct findings *findings, json_t *list, const char *what, const char *sentence);
static void say_route(void *arg, unsigned line, const char *sentence);
static void say_fit(void *arg, enum souk_fit_grade grade, unsigned where, const char *sentence);
static void compare(struct findings *findings, const struct souk_topology *topology,
    const struct souk_catalogue *catalogue);
static void say_break(void *arg, const char *sentence);
static void say_change(void *arg, const struct souk_topology_change *change);
static bool say_whole(struct findings *findings, const struct souk_topology_change *change);
static void say_restarts(struct findings *findings, const struct souk_topology *before,
    const struct souk_topology *after);
static void say_restart(struct findings *findings, const char *node, const char *what, const char *why);
static void say_summary(const struct options *options, const struct souk_topology *topology,
    const struct souk_catalogue *catalogue);
static void write_json(struct findings *findings, const struct souk_topology *topology);

int
souk_cli_check(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "against", OPTION_AGAINST, "OLD", 0, "Say what would break, and who has to start again, after the topology"
            " OLD", 0 },
        { "dot", OPTION_DOT, NULL, 0, "Write the drawing for dot(1)", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[FILE]", .doc = "Prove that a topology and the descriptions of its messages fit together, and"
        " draw it." };
    struct options options = { .path = NULL };
    struct findings findings = { .options = &options };
    struct souk_catalogue catalogue = { .count = 0 };
    struct souk_topology *topology = NULL;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if (options.path == NULL && (options.path = options.cli.topology_path) == NULL) {
        souk_cli_say(&options.cli, SOUK_CLI_RED, "which topology? Name a file");
        return EX_USAGE;
    }
    if (options.cli.is_json) {
        findings.errors = souk_cli_need(json_array());
        findings.notes = souk_cli_need(json_array());
        findings.breaks = souk_cli_need(json_array());
        findings.changes = souk_cli_need(json_array());
    }
    if ((status = read_system(&findings, options.path, &topology, &catalogue)) == EX_OK) {
        (void)souk_fit_check(topology, &catalogue, say_fit, &findings);
        check_routes(&findings, topology, &catalogue);
        if (options.is_dot)
            souk_cli_draw_dot(topology, stdout);
        else if (!options.cli.is_json && options.against == NULL)
            souk_cli_draw(&options.cli, topology);
        if (options.against != NULL)
            compare(&findings, topology, &catalogue);
        status = findings.wrong > 0 ? EX_CONFIG : EX_OK;
        if (status == EX_OK && !options.cli.is_json && !options.is_dot)
            say_summary(&options, topology, &catalogue);
    }
    if (options.cli.is_json)
        write_json(&findings, topology);
    souk_catalogue_done(&catalogue);
    souk_topology_close(&topology);
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
    case OPTION_AGAINST:
        options->against = arg;
        return 0;
    case OPTION_DOT:
        options->is_dot = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->path != NULL)
            argp_error(state, "%s: one file at a time", arg);
        options->path = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A topology with its descriptions; what is wrong with either has been said. 0, or an exit status. */
static int
read_system(struct findings *findings, const char *path, struct souk_topology **topology_out,
    struct souk_catalogue *catalogue_out)
{
    struct souk_topology_errors *errors = souk_cli_need(calloc(1, sizeof *errors));
    struct souk_error err = { 0 };
    size_t i;
    int rc;

    if ((rc = souk_topology_read(path, topology_out, errors)) == 0
        && (rc = souk_topology_keyed(*topology_out, errors)) != 0)
        souk_topology_close(topology_out);
    for (i = 0; rc != 0 && i < errors->count; i++)
        say_error(findings, errors->errors[i].text);
    if (rc != 0 && errors->left_out > 0)
        souk_cli_say(&findings->options->cli, SOUK_CLI_PLAIN, "and %zu more", errors->left_out);
    free(errors);
    if (rc == 0 && (rc = souk_catalogue_init(catalogue_out, *topology_out, &err)) != 0)
        say_error(findings, err.text);
    return souk_cli_exit_status(rc, EX_CONFIG);
}

/* What every bridge of the topology takes is described, and it may send it. */
static void
check_routes(struct findings *findings, const struct souk_topology *topology, const struct souk_catalogue *catalogue)
{
    struct souk_routes *routes;
    size_t i;

    for (i = 0; i < topology->client_count; i++) {
        routes = NULL;
        if (topology->clients[i].routes != NULL
            && souk_routes_open(topology, &topology->clients[i], catalogue, &routes, say_route, findings) == 0)
            souk_routes_close(&routes);
    }
}

/* ---- what is said --------------------------------------------------- */

static void
say_route(void *arg, unsigned line, const char *sentence)
{
    say_error(arg, sentence);
}

static void
say_error(struct findings *findings, const char *sentence)
{
    say_wrong(findings, findings->errors, "", sentence);
}

static void
say_wrong(struct findings *findings, json_t *list, const char *what, const char *sentence)
{
    const struct souk_cli *cli = &findings->options->cli;

    findings->wrong++;
    if (list != NULL)
        (void)json_array_append_new(list, json_string(sentence));
    else
        (void)fprintf(stderr, "%s%s%s%s\n", souk_cli_color(cli->err_has_color, SOUK_CLI_RED), what, sentence,
            souk_cli_color(cli->err_has_color, SOUK_CLI_PLAIN));
}

static void
say_fit(void *arg, enum souk_fit_grade grade, unsigned where, const char *sentence)
{
    struct findings *findings = arg;
    const struct souk_cli *cli = &findings->options->cli;
    char text[SOUK_ERROR_TEXT_BYTES_MAX + SOUK_TOPOLOGY_PATH_BYTES_MAX];

    if (where == 0)
        (void)snprintf(text, sizeof text, "%s: %s", findings->options->path, sentence);
    else
        (void)snprintf(text, sizeof text, "%s:%u: %s", findings->options->path, where, sentence);
    if (grade == SOUK_FIT_WRONG)
        say_error(findings, text);
    else if (findings->notes != NULL)
        (void)json_array_append_new(findings->notes, json_string(text));
    else
        (void)fprintf(stderr, "%snote: %s%s\n", souk_cli_color(cli->err_has_color, SOUK_CLI_YELLOW), text,
            souk_cli_color(cli->err_has_color, SOUK_CLI_PLAIN));
}

/* "blog: 4 services, 1 event store, 4 streams, 41 messages; fits together (0123456789abcdef)" */
static void
say_summary(const struct options *options, const struct souk_topology *topology,
    const struct souk_catalogue *catalogue)
{
    const struct souk_cli *cli = &options->cli;
    const struct souk_messages *messages;
    char fingerprint[2 * sizeof topology->fingerprint + 1];
    size_t stores = 0;
    size_t types = 0;
    size_t i;
    size_t k;

    for (i = 0; i < topology->node_count; i++)
        stores += topology->nodes[i].kind == SOUK_NODE_EVENT_STORE;
    for (i = 0; i < catalogue->count; i++) {
        messages = souk_description_messages(catalogue->descriptions[i]);
        for (k = 0; k < messages->type_count; k++)
            types += messages->types[k]->kind != SOUK_RECORD && messages->types[k]->kind != SOUK_ROW;
    }
    (void)sodium_bin2hex(fingerprint, sizeof fingerprint, topology->fingerprint, sizeof topology->fingerprint);
    (void)printf("%s%s fits together:%s %zu service%s, %zu event store%s, %zu stream%s, %zu message%s, %zu host%s;"
        " fingerprint %s\n", souk_cli_color(cli->out_has_color, SOUK_CLI_GREEN), topology->name.text,
        souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN), topology->node_count - stores,
        topology->node_count - stores == 1 ? "" : "s", stores, stores == 1 ? "" : "s", topology->stream_count,
        topology->stream_count == 1 ? "" : "s", types, types == 1 ? "" : "s", topology->host_count,
        topology->host_count == 1 ? "" : "s", fingerprint);
}

/* ---- --against ------------------------------------------------------ */

static void
compare(struct findings *findings, const struct souk_topology *topology, const struct souk_catalogue *catalogue)
{
    struct souk_catalogue old_catalogue = { .count = 0 };
    struct souk_topology *old = NULL;

    if (read_system(findings, findings->options->against, &old, &old_catalogue) == EX_OK) {
        (void)souk_fit_breaks(old, &old_catalogue, topology, catalogue, say_break, findings);
        findings->before = old;
        findings->after = topology;
        (void)souk_topology_compare(old, topology, NULL, say_change, findings);
        say_restarts(findings, old, topology);
    }
    souk_catalogue_done(&old_catalogue);
    souk_topology_close(&old);
}

static void
say_break(void *arg, const char *sentence)
{
    struct findings *findings = arg;

    say_wrong(findings, findings->breaks, "breaks: ", sentence);
}

static void
say_change(void *arg, const struct souk_topology_change *change)
{
    struct findings *findings = arg;

    if (findings->changes != NULL)
        (void)json_array_append_new(findings->changes, json_pack("{ss ss ss? ss? sb}", "where", change->where, "key",
            change->key, "before", change->before, "after", change->after, "live", change->live));
    else if (say_whole(findings, change))
        return;
    else if (change->before == NULL)
        (void)printf("%s: %s %s is new\n", change->where, change->key, change->after);
    else if (change->after == NULL)
        (void)printf("%s: %s %s is gone\n", change->where, change->key, change->before);
    else
        (void)printf("%s: %s was %s, is %s\n", change->where, change->key, change->before, change->after);
}

/* What is there as a whole, or not at all, is said in one line. */
static bool
say_whole(struct findings *findings, const struct souk_topology_change *change)
{
    const char *name = strchr(change->where, ' ') + 1;
    const bool was_there = souk_topology_node(findings->before, name) != NULL;
    const bool is_there = souk_topology_node(findings->after, name) != NULL;

    if (was_there == is_there)
        return false;
    if (strcmp(findings->whole, change->where) != 0)
        (void)printf("%s is %s\n", change->where, is_there ? "new" : "gone");
    (void)snprintf(findings->whole, sizeof findings->whole, "%s", change->where);
    return true;
}

static void
say_restarts(struct findings *findings, const struct souk_topology *before, const struct souk_topology *after)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    const char *name;
    size_t i;

    for (i = 0; i < before->node_count; i++) {
        name = before->nodes[i].name.text;
        if (souk_topology_node(after, name) == NULL)
            say_restart(findings, name, "stop", NULL);
        else if (souk_topology_restart_sentence(before, after, name, sentence, sizeof sentence) == 0)
            say_restart(findings, name, "restart", strchr(sentence, ':') + 2);
    }
    for (i = 0; i < after->node_count; i++) {
        if (souk_topology_node(before, after->nodes[i].name.text) == NULL)
            say_restart(findings, after->nodes[i].name.text, "start", NULL);
    }
}

static void
say_restart(struct findings *findings, const char *node, const char *what, const char *why)
{
    if (findings->changes != NULL)
        (void)json_array_append_new(findings->changes, json_pack("{ss ss ss?}", "node", node, "to_do", what, "why",
            why));
    else
        (void)printf("%s %s%s%s\n", what, node, why == NULL ? "" : ": ", why == NULL ? "" : why);
}

/* ---- JSON ----------------------------------------------------------- */

static void
write_json(struct findings *findings, const struct souk_topology *topology)
{
    json_t *answer = souk_cli_need(json_object());

    (void)json_object_set_new(answer, "good", json_boolean(findings->wrong == 0));
    if (topology != NULL)
        (void)json_object_set_new(answer, "topology", souk_cli_need(souk_cli_draw_json(topology)));
    (void)json_object_set_new(answer, "errors", findings->errors);
    (void)json_object_set_new(answer, "notes", findings->notes);
    if (findings->options->against != NULL) {
        (void)json_object_set_new(answer, "breaks", findings->breaks);
        (void)json_object_set_new(answer, "changes", findings->changes);
    } else {
        json_decref(findings->breaks);
        json_decref(findings->changes);
    }
    souk_cli_json(answer);
}
