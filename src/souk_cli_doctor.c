#include "souk_cli_doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium.h>

#include "souk_cli_child.h"
#include "souk_cli_system.h"
#include "souk_status.h"
#include "souk_version.h"

#define EXIT_ERROR 1
#define COMM_BYTES 64
#define FILTERED 2                      /* of Seccomp in /proc/PID/status */

enum { OPTION_ALL = 256, OPTION_HOST, OPTION_PROGRAMS };

struct options {
    struct souk_cli cli;                /* first */
    const char *host, *programs;
    bool shows_all;
    uint32_t deadline_ms;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int examine(struct doctor *doctor, const struct options *options);
static void look_at_node(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_sandbox(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_version(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_topology(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_clock(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_work(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_programs(struct doctor *doctor);
static void look_at_keys(struct doctor *doctor);
static void show(const struct doctor *doctor, bool shows_all);

static const char *const level_names[] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_WARNING] = "warning",
    [DOCTOR_ERROR] = "error",
};

int
souk_cli_doctor(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "all", OPTION_ALL, NULL, 0, "What is fine, too", 0 },
        { "deadline", 'd', "MS", 0, "Wait so long for answers; default: 3000", 0 },
        { "host", OPTION_HOST, "NAME", 0, "This is that host of the topology; default: the only one, or the one with"
            " this machine's name", 0 },
        { "programs", OPTION_PROGRAMS, "DIR", 0, "Look for programs there first", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "", .doc = "Look for what is wrong, or will be: on this host and in what runs." };
    struct options options = { .deadline_ms = SOUK_CLI_LOOK_MS };
    struct doctor *doctor;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    doctor = souk_cli_need(calloc(1, sizeof *doctor));
    doctor->cli = &options.cli;
    doctor->programs = options.programs;
    doctor->findings = souk_cli_need(json_array());
    if ((status = examine(doctor, &options)) == 0) {
        if (options.cli.is_json) {
            souk_cli_json(json_pack("{ss ss sb si si si sO}", "system", doctor->topology->name.text, "host",
                doctor->host->name.text, "good", doctor->counts[DOCTOR_ERROR] == 0, "ok",
                (int)doctor->counts[DOCTOR_OK], "warnings", (int)doctor->counts[DOCTOR_WARNING], "errors",
                (int)doctor->counts[DOCTOR_ERROR], "findings", doctor->findings));
        } else {
            show(doctor, options.shows_all);
        }
        status = doctor->counts[DOCTOR_ERROR] == 0 ? EX_OK : EXIT_ERROR;
    }
    souk_cli_look_done(doctor->nodes, doctor->node_count);
    json_decref(doctor->findings);
    souk_client_close(&doctor->client);
    souk_key_close(&doctor->key);
    souk_topology_close(&doctor->topology);
    free(doctor);
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
    case OPTION_ALL:
        options->shows_all = true;
        return 0;
    case OPTION_HOST:
        options->host = arg;
        return 0;
    case OPTION_PROGRAMS:
        options->programs = arg;
        return 0;
    case 'd':
        options->deadline_ms = (uint32_t)souk_cli_number(state, "--deadline", arg, 1, SOUK_CLIENT_DEADLINE_MS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: nothing more is meant", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
examine(struct doctor *doctor, const struct options *options)
{
    int status;

    if ((status = souk_cli_topology(doctor->cli, NULL, &doctor->topology)) != 0
        || (status = souk_cli_host(doctor->cli, doctor->topology, options->host, &doctor->host)) != 0
        || (status = souk_cli_look_choose(doctor->cli, doctor->topology, NULL, 0, doctor->nodes,
            &doctor->node_count)) != 0
        || (status = souk_cli_client(doctor->cli, doctor->topology, "souk", &doctor->key, &doctor->client)) != 0
        || (status = souk_cli_look(doctor->cli, doctor->client, doctor->nodes, doctor->node_count,
            options->deadline_ms)) != 0)
        return status;
    for (size_t i = 0; i < doctor->node_count; i++)
        doctor->is_running = doctor->is_running || doctor->nodes[i].said != NULL;
    if (!doctor->is_running)
        doctor_find(doctor, DOCTOR_OK, "system", NULL, NULL, "nothing of %s runs: what follows is about starting it",
            doctor->topology->name.text);
    doctor_look_at_host(doctor);
    look_at_programs(doctor);
    doctor_look_at_directories(doctor);
    look_at_keys(doctor);
    doctor_look_at_doors(doctor);
    for (size_t i = 0; i < doctor->node_count && doctor->is_running; i++)
        look_at_node(doctor, &doctor->nodes[i]);
    return 0;
}

/* Those of this host, as its daemons will read them. */
static void
look_at_keys(struct doctor *doctor)
{
    const char *dir = doctor->cli->keys != NULL ? doctor->cli->keys : doctor->topology->keys;

    for (size_t i = 0; i < doctor->topology->node_count; i++) {
        const struct souk_topology_node *node = &doctor->topology->nodes[i];
        struct souk_error err = { 0 };
        struct souk_key *key = NULL;

        if (node->key == NULL || !doctor_is_here(doctor, node))
            continue;
        if (souk_key_open(dir, node->name.text, node->key, &key, &err) == 0)
            doctor_find(doctor, DOCTOR_OK, "key", node->name.text, NULL, "the secret key in %s goes with the topology",
                dir);
        else
            doctor_find(doctor, DOCTOR_ERROR, "key", node->name.text, "see souk-keys(1)", "%s", err.text);
        souk_key_close(&key);
    }
}

/* ---- findings ------------------------------------------------------- */

void
doctor_find(struct doctor *doctor, enum doctor_level level, const char *check, const char *node, const char *todo,
    const char *format, ...)
{
    char sentence[2 * SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    doctor->counts[level]++;
    (void)json_array_append_new(doctor->findings, souk_cli_need(json_pack("{ss ss ss? ss ss?}", "level",
        level_names[level], "check", check, "node", node, "text", sentence, "todo", todo)));
}

bool
doctor_is_here(const struct doctor *doctor, const struct souk_topology_node *node)
{
    return node->host == doctor->host && !node->lost;
}

void
doctor_process(uint64_t pid, char *text_out, size_t text_bytes)
{
    char name[COMM_BYTES] = "";
    char path[COMM_BYTES];
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%" PRIu64 "/comm", pid);
    if ((file = fopen(path, "re")) != NULL) {
        if (fgets(name, sizeof name, file) != NULL)
            name[strcspn(name, "\n")] = '\0';
        (void)fclose(file);
    }
    (void)snprintf(text_out, text_bytes, "process %" PRIu64 "%s%s%s", pid, name[0] == '\0' ? "" : " (", name,
        name[0] == '\0' ? "" : ")");
}

/* ---- what nodes say ------------------------------------------------- */

static void
look_at_node(struct doctor *doctor, const struct souk_looked *looked)
{
    const char *name = looked->node->name.text;

    if (looked->said == NULL && looked->node->lost)
        return;
    if (looked->said == NULL) {
        doctor_find(doctor, DOCTOR_ERROR, "running", name, doctor_is_here(doctor, looked->node)
            ? "start it, and read its log" : "start it on its host, and see that the host can be reached",
            "it does not answer while others do");
        return;
    }
    look_at_version(doctor, looked);
    look_at_sandbox(doctor, looked);
    look_at_topology(doctor, looked);
    look_at_clock(doctor, looked);
    look_at_work(doctor, looked);
}

/* What the kernel says of its process, which a container may say of all that run in it. */
static void
look_at_sandbox(struct doctor *doctor, const struct souk_looked *looked)
{
    const char *name = looked->node->name.text;
    unsigned privileges = 0, filter = 0;
    char path[COMM_BYTES], line[COMM_BYTES];
    FILE *file;

    if (!doctor->topology->is_sandboxed) {
        doctor_find(doctor, DOCTOR_OK, "sandbox", name, NULL, "the topology wants none");
        return;
    }
    (void)snprintf(path, sizeof path, "/proc/%" PRIu64 "/status", souk_look_uint_of(looked->said, "pid"));
    if (!doctor_is_here(doctor, looked->node) || (file = fopen(path, "re")) == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "NoNewPrivs: %u", &privileges) == 0)
            (void)sscanf(line, "Seccomp: %u", &filter);
    (void)fclose(file);
    if (privileges != 0 && filter == FILTERED)
        doctor_find(doctor, DOCTOR_OK, "sandbox", name, NULL, "it has given up calls and privileges that it does not need");
    else
        doctor_find(doctor, DOCTOR_WARNING, "sandbox", name, "see event=sandbox in its log; configure says whether it is"
            " built with libseccomp", "it has given up %s", privileges == 0 ? "nothing" : "new privileges only");
}

static void
look_at_version(struct doctor *doctor, const struct souk_looked *looked)
{
    const char *version = souk_look_text_of(looked->said, "version");
    const char *libraries = souk_look_text_of(looked->said, "libraries");
    char own[SOUK_STATUS_TEXT_BYTES_MAX + 1];

    souk_version_libraries(own, sizeof own);
    if (strcmp(version, souk_version()) != 0)
        doctor_find(doctor, DOCTOR_WARNING, "version", looked->node->name.text,
            "restart it with the installed program; followers before those whom they follow",
            "it runs souk %s, and this is %s", version[0] == '\0' ? "of an unknown version" : version, souk_version());
    else if (strcmp(libraries, own) != 0)
        doctor_find(doctor, DOCTOR_WARNING, "version", looked->node->name.text,
            "restart it if its host's libraries have been upgraded, else bring the hosts to one state",
            "it runs with %s; here are %s", libraries, own);
    else
        doctor_find(doctor, DOCTOR_OK, "version", looked->node->name.text, NULL, "souk %s", version);
}

static void
look_at_topology(struct doctor *doctor, const struct souk_looked *looked)
{
    char fingerprint[2 * 8 + 1];

    (void)sodium_bin2hex(fingerprint, sizeof fingerprint, doctor->topology->fingerprint, 8);
    if (souk_look_text_of(looked->said, "restart_needed")[0] != '\0')
        doctor_find(doctor, DOCTOR_WARNING, "topology", looked->node->name.text, "restart it",
            "%s", souk_look_text_of(looked->said, "restart_needed"));
    else if (strcmp(souk_look_text_of(looked->said, "fingerprint"), fingerprint) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "topology", looked->node->name.text,
            "bring the file to all hosts; then HUP, and restart whoever says that it is needed",
            "it runs by another topology than %s, %s instead of %s", doctor->topology->path,
            souk_look_text_of(looked->said, "fingerprint"), fingerprint);
    else
        doctor_find(doctor, DOCTOR_OK, "topology", looked->node->name.text, NULL, "it runs by this file");
}

static void
look_at_clock(struct doctor *doctor, const struct souk_looked *looked)
{
    const int64_t half_ms = (int64_t)(looked->took_us / 2000);
    const int64_t apart_ms = (int64_t)souk_look_uint_of(looked->said, "now_ms") - ((int64_t)looked->wall_ms - half_ms);
    const uint64_t steps = souk_look_uint_of(json_object_get(looked->said, "counters"), "clock_steps");

    if ((apart_ms < 0 ? -apart_ms : apart_ms) > (int64_t)looked->node->thresholds.clock_ms + half_ms)
        doctor_find(doctor, DOCTOR_ERROR, "clock", looked->node->name.text,
            "let a time service (chrony, systemd-timesyncd) keep the clocks of all hosts",
            "its clock is %" PRId64 " ms from this machine's", apart_ms);
    else if (steps > 0)
        doctor_find(doctor, DOCTOR_WARNING, "clock", looked->node->name.text,
            "have the time service slew the clock once the host is up, and find out who else sets it",
            "its host's clock was set %" PRIu64 " times since it was started", steps);
    else
        doctor_find(doctor, DOCTOR_OK, "clock", looked->node->name.text, NULL,
            "within %" PRId64 " ms of this machine's", (apart_ms < 0 ? -apart_ms : apart_ms) + half_ms);
}

static void
look_at_work(struct doctor *doctor, const struct souk_looked *looked)
{
    const struct souk_thresholds *thresholds = &looked->node->thresholds;
    const uint64_t used = souk_look_uint_of(looked->said, "store_bytes_used");
    const uint64_t max = souk_look_uint_of(looked->said, "store_bytes_max");
    const char *name = looked->node->name.text;
    const char *waiting_for = souk_look_text_of(looked->said, "waiting_for");
    const size_t before = doctor->counts[DOCTOR_OK] + json_array_size(doctor->findings);

    if (waiting_for[0] != '\0')
        doctor_find(doctor, DOCTOR_WARNING, "running", name, "see whom it waits for: souk consumers, and its log", "%s",
            waiting_for);
    else if (strcmp(souk_look_text_of(looked->said, "state"), "live") != 0)
        doctor_find(doctor, DOCTOR_WARNING, "running", name, "look again in a minute; then read its log", "it is %s",
            souk_look_text_of(looked->said, "state"));
    if (souk_look_uint_of(looked->said, "parked") >= thresholds->parked_events)
        doctor_find(doctor, DOCTOR_WARNING, "running", name, "souk parked list",
            "%" PRIu64 " events wait for the operator", souk_look_uint_of(looked->said, "parked"));
    if (souk_look_lag_of(looked->said) >= thresholds->behind_events)
        doctor_find(doctor, DOCTOR_WARNING, "running", name,
            "souk consumers, and souk top to see whether it catches up",
            "it is %" PRIu64 " events behind", souk_look_lag_of(looked->said));
    if (max > 0 && used / 100 >= max / 10000 * thresholds->store_percent)
        doctor_find(doctor, DOCTOR_WARNING, "store", name,
            "raise store_bytes_max below `limits' in the topology and restart it, before commands are refused",
            "%" PRIu64 " %% of store_bytes_max are in use", used * 100 / max);
    if (doctor->counts[DOCTOR_OK] + json_array_size(doctor->findings) == before)
        doctor_find(doctor, DOCTOR_OK, "running", name, NULL, "%s, and nothing is amiss",
            souk_look_text_of(looked->said, "state"));
}

/* ---- programs ------------------------------------------------------- */

static void
look_at_programs(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->node_count; i++) {
        const struct souk_topology_node *node = doctor->nodes[i].node;
        char *program = NULL;
        int rc;

        if (!doctor_is_here(doctor, node))
            continue;
        rc = souk_cli_program(node->program, doctor->programs, &program);
        if (rc == -SOUK_ENOMEM)
            souk_cli_need(NULL);
        if (rc == 0)
            doctor_find(doctor, DOCTOR_OK, "program", node->name.text, NULL, "%s", program);
        else
            doctor_find(doctor, doctor->nodes[i].said == NULL ? DOCTOR_ERROR : DOCTOR_WARNING, "program",
                node->name.text, "install it, say where it is with --programs, or correct `program' in the topology",
                "there is no program `%s`%s", node->program, strchr(node->program, '/') == NULL
                    ? " beside souk or in PATH" : "");
        free(program);
    }
}

/* ---- showing -------------------------------------------------------- */

static void
show(const struct doctor *doctor, bool shows_all)
{
    static const enum souk_cli_color colors[] = {
        [DOCTOR_OK] = SOUK_CLI_GREEN,
        [DOCTOR_WARNING] = SOUK_CLI_YELLOW,
        [DOCTOR_ERROR] = SOUK_CLI_RED,
    };
    const bool is_colored = doctor->cli->out_has_color;
    size_t shown = 0;

    /* The worst first. */
    for (int level = DOCTOR_ERROR; level >= (shows_all ? DOCTOR_OK : DOCTOR_WARNING); level--) {
        for (size_t i = 0; i < json_array_size(doctor->findings); i++) {
            const json_t *finding = json_array_get(doctor->findings, i);
            const char *node = souk_look_text_of(finding, "node");
            const char *todo = souk_look_text_of(finding, "todo");

            if (strcmp(souk_look_text_of(finding, "level"), level_names[level]) != 0)
                continue;
            shown++;
            (void)printf("%s%-7s%s  %s%s%s: %s\n", souk_cli_color(is_colored, colors[level]), level_names[level],
                souk_cli_color(is_colored, SOUK_CLI_PLAIN), souk_look_text_of(finding, "check"),
                node[0] == '\0' ? "" : " of ", node, souk_look_text_of(finding, "text"));
            if (todo[0] != '\0')
                (void)printf("         %s-> %s%s\n", souk_cli_color(is_colored, SOUK_CLI_DIM), todo,
                    souk_cli_color(is_colored, SOUK_CLI_PLAIN));
        }
    }
    (void)printf("%s%zu ok, %zu warnings, %zu errors%s\n", shown > 0 ? "\n" : "", doctor->counts[DOCTOR_OK],
        doctor->counts[DOCTOR_WARNING], doctor->counts[DOCTOR_ERROR], shows_all ? "" : "; --all shows what is fine");
}
