#include "souk_daemon.h"

#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_pass_key.h"
#include "souk_run.h"
#include "souk_setting.h"
#include "souk_socket.h"
#include "souk_topology.h"

#define TOPOLOGY_VARIABLE "SOUK_TOPOLOGY"
#define DOC_BYTES_MAX 256
#define SERVICE_DOC "\nRun the service %s of a souk topology, or the service NAME, when it has another name there."
#define STORE_DOC "\nRun an event store of a souk topology: NAME, or the only one that it has."

enum { OPTION_NEW = 256, OPTION_ACCEPT_LOSS, OPTION_REBUILD, OPTION_KEYS, OPTION_ACCEPT_HOLE };

struct options {
    const struct souk_service *service;
    const char *topology, *data, *keys, *name;
    bool has_level, is_new, accepts_loss, is_beside;
    const char *holes[SOUK_SERVICES_MAX];       /* services whose holes an event store accepts */
    size_t hole_count;
    enum souk_level level;
};

/* One process's daemon. */
struct daemon {
    struct options options;
    struct souk_report report;
    struct souk_topology *topology;             /* what it was started with */
    struct souk_topology *latest, *older;       /* what the last two reloads read; NULL: nothing */
    const struct souk_topology_node *node;
    struct souk_topology_errors errors;
    struct souk_pass_key pass_key;              /* that it was started with */
};

static int without_memory(const char *program);
static error_t parse_option(int key, char *arg, struct argp_state *state);
static int start(struct daemon *daemon);
static int accept_holes(struct daemon *daemon, struct souk_wiring *wiring);
static int read_topology(struct daemon *daemon, struct souk_topology **topology_out);
static int find_node(struct daemon *daemon);
static int reload(void *arg, struct souk_run_changes *changes_out, struct souk_error *err);
static void need_restart(const struct daemon *daemon, const struct souk_topology *latest,
    struct souk_run_changes *changes);
static enum souk_level level_of(const struct daemon *daemon, const struct souk_topology_node *node);
static void print_version(FILE *stream, struct argp_state *state);

int
souk_service_main(const struct souk_service *service, int argc, char **argv)
{
    return souk_daemon_main(service, argc, argv);
}

int
souk_daemon_main(const struct souk_service *service, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "topology", 't', "FILE", 0, "Who listens where and follows whom; default: $" TOPOLOGY_VARIABLE, 0 },
        { "data", 'd', "DIR", 0, "Keep the data in DIR/NAME/data instead of where the topology says", 0 },
        { "keys", OPTION_KEYS, "DIR", 0, "Where the secret keys lie, instead of where the topology says", 0 },
        { "rebuild", OPTION_REBUILD, NULL, 0, "Fill a new store beside that of the running process, hand it over, and end;"
            " souk-rebuild(1) starts it so", 0 },
        { "new", OPTION_NEW, NULL, 0, "This is a first start: begin though no event store answers", 0 },
        { "accept-loss", OPTION_ACCEPT_LOSS, NULL, 0, "Begin though not every event store answers;"
            " what only the silent ones have is lost", 0 },
        { "accept-hole", OPTION_ACCEPT_HOLE, "SERVICE", 0, "Of an event store: record this service's streams though it has"
            " trimmed what is missing here; that is lost for good", 0 },
        { "log-level", 'l', "LEVEL", 0, "error, warn, info or debug, instead of what the topology says", 0 },
        { 0 },
    };
    char doc[DOC_BYTES_MAX];
    struct argp argp = { .options = options, .parser = parse_option, .args_doc = "[NAME]", .doc = doc };
    struct daemon *daemon;
    int status;
    int rc;

    (void)umask(077);
    souk_socket_allow_descriptors();
    if ((daemon = calloc(1, sizeof *daemon)) == NULL)
        return without_memory(argv[0]);
    (void)snprintf(doc, sizeof doc, service == NULL ? STORE_DOC : SERVICE_DOC, service == NULL ? "" : service->name);
    daemon->options.service = service;
    daemon->options.topology = getenv(TOPOLOGY_VARIABLE);
    argp_program_version_hook = print_version;
    argp_err_exit_status = EX_USAGE;
    if ((rc = argp_parse(&argp, argc, argv, 0, NULL, &daemon->options)) != 0) {
        free(daemon);
        return rc == ENOMEM ? without_memory(argv[0]) : EX_USAGE;
    }
    souk_report_init(&daemon->report, STDERR_FILENO, daemon->options.name != NULL ? daemon->options.name
        : service != NULL ? service->name : "souk-eventstore", SOUK_LEVEL_INFO);
    status = start(daemon);
    souk_pass_key_done(&daemon->pass_key);
    souk_report_done(&daemon->report);
    souk_topology_close(&daemon->latest);
    souk_topology_close(&daemon->older);
    souk_topology_close(&daemon->topology);
    free(daemon);
    return status;
}

/* Nothing can be reported yet. */
static int
without_memory(const char *program)
{
    (void)fprintf(stderr, "%s: no memory to start with\n", program);
    return EX_OSERR;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 't':
        options->topology = arg;
        return 0;
    case 'd':
        options->data = arg;
        return 0;
    case OPTION_KEYS:
        options->keys = arg;
        return 0;
    case OPTION_NEW:
        options->is_new = true;
        return 0;
    case OPTION_REBUILD:
        if (options->service == NULL)
            argp_error(state, "--rebuild: an event store has nothing that could be rebuilt");
        options->is_beside = true;
        return 0;
    case OPTION_ACCEPT_LOSS:
        options->accepts_loss = true;
        return 0;
    case OPTION_ACCEPT_HOLE:
        if (options->service != NULL)
            argp_error(state, "--accept-hole: it is for event stores, which record");
        if (options->hole_count == SOUK_SERVICES_MAX)
            argp_error(state, "--accept-hole=%s: more often than there can be services", arg);
        options->holes[options->hole_count++] = arg;
        return 0;
    case 'l':
        if (souk_level_parse(arg, &options->level) != 0)
            argp_error(state, "--log-level=%s: it is one of error, warn, info, debug", arg);
        options->has_level = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->name != NULL)
            argp_error(state, "%s: one argument too many", arg);
        options->name = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->topology == NULL || options->topology[0] == '\0')
            argp_error(state, "no topology: give --topology FILE, or set " TOPOLOGY_VARIABLE);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
print_version(FILE *stream, struct argp_state *state)
{
    (void)fprintf(stream, "%s (souk) %s\n", state->name, PACKAGE_VERSION);
}

/* ---- starting ------------------------------------------------------- */

static int
start(struct daemon *daemon)
{
    struct souk_run_config config = { .service = daemon->options.service, .report = &daemon->report,
        .reload = reload, .reload_arg = daemon };
    struct souk_error err = { 0 };
    struct souk_wiring wiring;
    int rc;

    if ((rc = read_topology(daemon, &daemon->topology)) != 0) {
        for (size_t i = 0; i < daemon->errors.count; i++)
            souk_report(&daemon->report, SOUK_LEVEL_ERROR, "topology", "%s", daemon->errors.errors[i].text);
        return rc == -SOUK_ENOTFOUND ? EX_NOINPUT : rc == -SOUK_EIO ? EX_IOERR : rc == -SOUK_ENOMEM ? EX_OSERR
            : EX_CONFIG;
    }
    if ((rc = find_node(daemon)) != 0)
        return rc;
    souk_report_done(&daemon->report);
    souk_report_init(&daemon->report, STDERR_FILENO, daemon->node->name.text, level_of(daemon, daemon->node));
    if ((rc = souk_topology_wiring(daemon->topology, daemon->node->name.text, &wiring)) != 0)
        return EX_CONFIG;
    if (daemon->options.service != NULL && souk_setting_values(daemon->topology, daemon->node,
            daemon->options.service, &wiring.settings, &err) != 0) {
        souk_report(&daemon->report, SOUK_LEVEL_ERROR, "topology", "%s", err.text);
        return EX_CONFIG;
    }
    wiring.say_new = daemon->options.is_new;
    wiring.accept_loss = daemon->options.accepts_loss;
    if ((rc = accept_holes(daemon, &wiring)) != 0)
        return rc;
    config.keys = daemon->options.keys != NULL ? daemon->options.keys : daemon->topology->keys;
    if ((rc = souk_pass_key_load(daemon->topology, daemon->node, config.keys, &daemon->pass_key, &err)) != 0) {
        souk_report(&daemon->report, SOUK_LEVEL_ERROR, "pass_key", "%s", err.text);
        return rc == -SOUK_EIO ? EX_IOERR : EX_CONFIG;
    }
    wiring.pass_keys = daemon->pass_key.keys;
    wiring.pass_secret = daemon->pass_key.secret;
    config.topology = daemon->topology;
    config.node = daemon->node;
    config.is_beside = daemon->options.is_beside;
    config.wiring = &wiring;
    return souk_run(&config);
}

static int
accept_holes(struct daemon *daemon, struct souk_wiring *wiring)
{
    for (size_t i = 0; i < daemon->options.hole_count; i++) {
        bool found = false;

        for (size_t k = 0; k < wiring->stream_count; k++)
            if (strcmp(wiring->streams[k].origin.text, daemon->options.holes[i]) == 0)
                wiring->streams[k].accepts_hole = found = true;
        if (!found) {
            souk_report(&daemon->report, SOUK_LEVEL_ERROR, "options", "--accept-hole=%s: by %s, no service of that name"
                " writes a stream", daemon->options.holes[i], daemon->options.topology);
            return EX_USAGE;
        }
    }
    return 0;
}

/* What is wrong is in daemon->errors. */
static int
read_topology(struct daemon *daemon, struct souk_topology **topology_out)
{
    struct souk_error err = { 0 };
    int rc;

    if ((rc = souk_topology_read(daemon->options.topology, topology_out, &daemon->errors)) != 0)
        return rc;
    if ((rc = souk_topology_keyed(*topology_out, &daemon->errors)) != 0) {
        souk_topology_close(topology_out);
        return rc;
    }
    if (daemon->options.data != NULL
        && (rc = souk_topology_move_data(*topology_out, daemon->options.data, &err)) != 0) {
        daemon->errors.count = 1;
        (void)snprintf(daemon->errors.errors[0].text, sizeof daemon->errors.errors[0].text, "%s", err.text);
        souk_topology_close(topology_out);
    }
    return rc;
}

/* The node that was named; else the service of this program's name, or the only event store. Not 0: the exit status. */
static int
find_node(struct daemon *daemon)
{
    const char *name = daemon->options.name == NULL && daemon->options.service != NULL ? daemon->options.service->name
        : daemon->options.name;
    const enum souk_node_kind kind = daemon->options.service != NULL ? SOUK_NODE_SERVICE : SOUK_NODE_EVENT_STORE;
    const struct souk_topology *topology = daemon->topology;
    size_t fitting = 0;

    for (size_t i = 0; i < topology->node_count; i++)
        if (topology->nodes[i].kind == kind && (name == NULL || strcmp(topology->nodes[i].name.text, name) == 0)) {
            daemon->node = &topology->nodes[i];
            fitting++;
        }
    if (fitting == 1)
        return 0;
    if (name != NULL)
        souk_report(&daemon->report, SOUK_LEVEL_ERROR, "topology", "%s has no %s `%s`", daemon->options.topology,
            kind == SOUK_NODE_SERVICE ? "service" : "event_store", name);
    else
        souk_report(&daemon->report, SOUK_LEVEL_ERROR, "topology", "%s has %zu event stores: say which one, as an"
            " argument", daemon->options.topology, fitting);
    return EX_CONFIG;
}

/* ---- SIGHUP --------------------------------------------------------- */

static int
reload(void *arg, struct souk_run_changes *changes_out, struct souk_error *err)
{
    struct daemon *daemon = arg;
    const struct souk_topology_node *node;
    struct souk_topology *latest = NULL;
    struct souk_wiring wiring;
    int rc;

    if ((rc = read_topology(daemon, &latest)) != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "%s", daemon->errors.errors[0].text);
    if ((node = souk_topology_node(latest, daemon->node->name.text)) == NULL
        || souk_topology_wiring(latest, daemon->node->name.text, &wiring) != 0) {
        souk_topology_close(&latest);
        return souk_fail(err, SOUK_EINVAL, "%s has no `%s` any more", daemon->options.topology,
            daemon->node->name.text);
    }
    memset(changes_out, 0, sizeof *changes_out);
    if (daemon->options.service != NULL && (rc = souk_setting_values(latest, node, daemon->options.service,
            &changes_out->settings, err)) != 0) {
        souk_topology_close(&latest);
        return rc;
    }
    changes_out->topology = latest;
    changes_out->limits = wiring.limits;
    if (latest->pass_keys.count != 0)
        daemon->pass_key.keys = latest->pass_keys;      /* those in force stay where no line is left: the first ones may be stolen */
    changes_out->pass_keys = daemon->pass_key.keys;
    changes_out->skips = wiring.skips;
    changes_out->skip_count = wiring.skip_count;
    changes_out->level = level_of(daemon, node);
    need_restart(daemon, latest, changes_out);
    /* The runtime uses lists of the one before until this returns. */
    souk_topology_close(&daemon->older);
    daemon->older = daemon->latest;
    daemon->latest = latest;
    return 0;
}

/* Another key to sign with lies where the sandbox of this process does not let it look. */
static void
need_restart(const struct daemon *daemon, const struct souk_topology *latest, struct souk_run_changes *changes)
{
    char *text = changes->restart_needed;
    size_t bytes;

    if (souk_topology_restart_sentence(daemon->topology, latest, daemon->node->name.text, text,
            sizeof changes->restart_needed) != 0)
        text[0] = '\0';
    bytes = strlen(text);
    if (!souk_pass_key_is_among(&daemon->pass_key, &changes->pass_keys))
        (void)snprintf(text + bytes, sizeof changes->restart_needed - bytes, "%swhat it signs passes with is no `pass_key`"
            " any more", bytes == 0 ? "restart needed: " : ", ");
}

static enum souk_level
level_of(const struct daemon *daemon, const struct souk_topology_node *node)
{
    return daemon->options.has_level ? daemon->options.level : node->log_level;
}
