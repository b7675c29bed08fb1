#include "souk_cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_cli_child.h"
#include "souk_cli_up.h"
#include "souk_control.h"

#define CHILDREN_MAX (SOUK_SERVICES_MAX + SOUK_STORES_MAX + SOUK_TOPOLOGY_CLIENTS_MAX)
#define BACKOFF_MS 200
#define BACKOFF_MS_MAX 30000
#define CALM_MS 60000                   /* who has run for so long begins with a short pause again */
#define PATIENCE_MS 5000                /* beyond drain_ms, before a daemon is killed */
#define CLIENT_DRAIN_MS 10000           /* drain_ms of a program that is no node */
#define RANK_CLIENTS 0                  /* they stop first */
#define RANK_STORES UINT32_MAX          /* they stop last */

enum { OPTION_DATA = 256, OPTION_HOST, OPTION_PROGRAMS, OPTION_NEW, OPTION_ACCEPT_LOSS,
    OPTION_CONTROL };

struct options {
    struct souk_cli cli;                /* first */
    const char *path, *data, *host, *programs;
    bool is_new, accepts_loss, has_control;
};

struct up {
    const struct options *options;
    size_t topology_count;
    struct souk_topology *topologies[1 + CHILDREN_MAX]; /* the first, and each later one that had something new */
    struct souk_cli_up_log log;
    char dir[sizeof "/tmp/souk-up-XXXXXX"];
    int signal_fd, control_fd;
    size_t child_count;
    struct souk_cli_child *children;    /* event stores first */
    uint32_t *ranks;                    /* beside them: lower ones stop first */
    const char *arguments[SOUK_CLI_CHILD_ARGUMENTS_MAX + 1];    /* a node's name is put in front */
    uint64_t begun_ms;
    bool said_live;                     /* that everything is */
    bool is_stopping;
    bool is_hasty;                      /* a second Ctrl-C: all at once */
    int status;                         /* exit status */
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int prepare(struct up *up);
static int make_children(struct up *up, const struct souk_topology *topology);
static int make_child(struct up *up, const struct souk_topology_node *node, const char *name, const char *program);
static struct souk_cli_child *find_child(const struct up *up, const char *name);
static void rank_children(struct up *up, const struct souk_topology *topology);
static uint32_t rank_of(const struct souk_topology *topology, const struct souk_topology_node *node, uint32_t depth);
static void make_arguments(struct up *up);
static void client_arguments(const struct up *up, const char **arguments);
static int take_signals(struct up *up);
static void run(struct up *up);
static void start_due(struct up *up, uint64_t now_ms);
static int wait_ms(const struct up *up, uint64_t now_ms);
static void hear_control(struct up *up);
static void hear_signals(struct up *up, uint64_t now_ms);
static void read_again(struct up *up, uint64_t now_ms);
static void reap(struct up *up, uint64_t now_ms);
static void ended(struct up *up, struct souk_cli_child *child, int wait_status, uint64_t now_ms);
static void hear_child(struct up *up, struct souk_cli_child *child, uint64_t now_ms);
static void say_line(void *arg, struct souk_cli_child *child, const char *line);
static void stop_next(struct up *up, uint64_t now_ms);
static size_t count_running(const struct up *up);
static void finish(struct up *up);

int
souk_cli_up(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "data", OPTION_DATA, "DIR", 0, "Keep all data in DIR instead of where the topology says", 0 },
        { "host", OPTION_HOST, "NAME", 0, "Run what the topology puts on this host; default: the only one, or the one"
            " with this machine's name", 0 },
        { "programs", OPTION_PROGRAMS, "DIR", 0, "Look for programs there first", 0 },
        { "new", OPTION_NEW, NULL, 0, "Begin though no event store answers: only for the first start of a system", 0 },
        { "accept-loss", OPTION_ACCEPT_LOSS, NULL, 0, "Begin though not every event store answers; what only the silent"
            " ones have is lost", 0 },
        { "control", OPTION_CONTROL, NULL, 0, "Let the bridge end one of the processes when an operator asks for it: for"
            " demonstrations", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[FILE]", .doc = "Run the services and event stores of a topology, until Ctrl-C." };
    struct options options = { .path = NULL };
    struct up up = { .options = &options, .signal_fd = -1, .control_fd = -1 };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if ((up.status = souk_cli_topology(&options.cli, options.path, &up.topologies[0])) != 0)
        return up.status;
    up.topology_count = 1;
    if ((up.status = prepare(&up)) == 0)
        run(&up);
    finish(&up);
    return up.status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_DATA:
        options->data = arg;
        return 0;
    case OPTION_HOST:
        options->host = arg;
        return 0;
    case OPTION_PROGRAMS:
        options->programs = arg;
        return 0;
    case OPTION_NEW:
        options->is_new = true;
        return 0;
    case OPTION_ACCEPT_LOSS:
        options->accepts_loss = true;
        return 0;
    case OPTION_CONTROL:
        options->has_control = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->path != NULL)
            argp_error(state, "%s: one topology at a time", arg);
        options->path = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- beforehand ----------------------------------------------------- */

/* Everything that can be wrong is found before the first daemon runs. 0, or an exit status. */
static int
prepare(struct up *up)
{
    const struct souk_cli *cli = &up->options->cli;
    struct souk_error err = { 0 };
    int rc;

    if ((rc = souk_cli_move_data(cli, up->topologies[0], up->options->data)) != 0)
        return rc;
    strcpy(up->dir, "/tmp/souk-up-XXXXXX");
    if (mkdtemp(up->dir) == NULL) {
        up->dir[0] = '\0';
        souk_cli_say(cli, SOUK_CLI_RED, "no directory in /tmp: %s", strerror(errno));
        return EX_CANTCREAT;
    }
    up->children = souk_cli_need(calloc(CHILDREN_MAX, sizeof *up->children));
    up->ranks = souk_cli_need(calloc(CHILDREN_MAX, sizeof *up->ranks));
    if ((rc = make_children(up, up->topologies[0])) != 0)
        return rc;
    if (up->child_count == 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s puts nothing on this host", up->topologies[0]->path);
        return EX_CONFIG;
    }
    if (up->options->has_control && (rc = souk_control_open(up->topologies[0], &up->control_fd, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CANTCREAT);
    }
    make_arguments(up);
    souk_cli_up_log_init(&up->log, cli, up->topologies[0]);
    return take_signals(up);
}

/* Of what the topology puts on this host and does not run yet, event stores first. 0, or an exit status. */
static int
make_children(struct up *up, const struct souk_topology *topology)
{
    const enum souk_node_kind kinds[] = { SOUK_NODE_EVENT_STORE, SOUK_NODE_SERVICE };
    const struct souk_topology_client *client;
    const struct souk_topology_host *host;
    const struct souk_topology_node *node;
    int status = 0;
    size_t kind;
    size_t i;
    int rc;

    if ((rc = souk_cli_host(&up->options->cli, topology, up->options->host, &host)) != 0)
        return rc;
    for (kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        for (i = 0; i < topology->node_count; i++) {
            node = &topology->nodes[i];
            if (node->kind != kinds[kind] || node->host != host || node->lost)
                continue;
            status = (rc = make_child(up, node, node->name.text, node->program)) != 0 ? rc : status;
        }
    }
    for (i = 0; i < topology->client_count; i++) {
        client = &topology->clients[i];
        if (client->program == NULL || client->host != host)
            continue;
        status = (rc = make_child(up, NULL, client->name.text, client->program)) != 0 ? rc : status;
    }
    rank_children(up, topology);
    return status;
}

/* 0, or an exit status; what is wrong is said. */
static int
make_child(struct up *up, const struct souk_topology_node *node, const char *name, const char *program)
{
    struct souk_cli_child *child = &up->children[up->child_count];
    struct souk_error err = { 0 };
    int rc;

    if (find_child(up, name) != NULL)
        return 0;
    if (up->child_count == CHILDREN_MAX) {
        souk_cli_say(&up->options->cli, SOUK_CLI_RED, "%s: %d programs run already; stop and start the system", name,
            CHILDREN_MAX);
        return EX_UNAVAILABLE;
    }
    if ((rc = souk_cli_child_init(child, node, name, program, up->dir, up->options->programs, &err)) != 0) {
        souk_cli_child_done(child);
        souk_cli_say(&up->options->cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    child->backoff_ms = BACKOFF_MS;
    up->child_count++;
    return 0;
}

static struct souk_cli_child *
find_child(const struct up *up, const char *name)
{
    for (size_t i = 0; i < up->child_count; i++)
        if (strcmp(up->children[i].name, name) == 0)
            return &up->children[i];
    return NULL;
}

/* What is not in this topology keeps the rank that it had. */
static void
rank_children(struct up *up, const struct souk_topology *topology)
{
    const struct souk_topology_node *node;
    const struct souk_cli_child *child;
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        node = &topology->nodes[i];
        if ((child = find_child(up, node->name.text)) != NULL)
            up->ranks[child - up->children] = node->kind == SOUK_NODE_EVENT_STORE ? RANK_STORES
                : RANK_CLIENTS + 1 + rank_of(topology, node, 0);
    }
}

/* Who calls others stops before them: how many calls lie above it at most. A topology has no loop of them. */
static uint32_t
rank_of(const struct souk_topology *topology, const struct souk_topology_node *node, uint32_t depth)
{
    const struct souk_topology_node *caller;
    uint32_t rank = 0;
    uint32_t above;
    size_t i;
    size_t k;

    for (i = 0; i < topology->node_count && depth < SOUK_SERVICES_MAX; i++) {
        caller = &topology->nodes[i];
        for (k = 0; k < caller->call_count; k++) {
            if (caller->calls[k].callee == node && (above = rank_of(topology, caller, depth + 1) + 1) > rank)
                rank = above;
        }
    }
    return rank;
}

/* What every daemon takes, behind the name of an event store. */
static void
make_arguments(struct up *up)
{
    size_t count = 0;

    up->arguments[count++] = "--topology";
    up->arguments[count++] = up->topologies[0]->path;
    if (up->options->cli.keys != NULL) {
        up->arguments[count++] = "--keys";
        up->arguments[count++] = up->options->cli.keys;
    }
    if (up->options->data != NULL) {
        up->arguments[count++] = "--data";
        up->arguments[count++] = up->options->data;
    }
    if (up->options->is_new)
        up->arguments[count++] = "--new";
    if (up->options->accepts_loss)
        up->arguments[count++] = "--accept-loss";
    up->arguments[count] = NULL;
}

/* NAME --topology FILE [--keys DIR]: a client has no data. */
static void
client_arguments(const struct up *up, const char **arguments)
{
    size_t count = 3;

    if (up->options->cli.keys != NULL) {
        arguments[count++] = "--keys";
        arguments[count++] = up->options->cli.keys;
    }
    arguments[count] = NULL;
}

static int
take_signals(struct up *up)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigaddset(&signals, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0
        || (up->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)) < 0) {
        souk_cli_say(&up->options->cli, SOUK_CLI_RED, "no signals: %s", strerror(errno));
        return EX_OSERR;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* ---- while it runs -------------------------------------------------- */

static void
run(struct up *up)
{
    struct pollfd polls[2 + 2 * CHILDREN_MAX];
    uint64_t now_ms = souk_cli_steady_ms();
    size_t i;

    up->begun_ms = now_ms;
    for (i = 0; i < up->child_count; i++)
        up->children[i].start_ms = now_ms;
    for (;;) {
        start_due(up, now_ms);
        if (up->is_stopping)
            stop_next(up, now_ms);
        if (count_running(up) == 0 && wait_ms(up, now_ms) < 0)
            return;
        polls[0] = (struct pollfd){ .fd = up->signal_fd, .events = POLLIN };
        for (i = 0; i < up->child_count; i++) {
            polls[1 + 2 * i] = (struct pollfd){ .fd = up->children[i].output_fd, .events = POLLIN };
            polls[2 + 2 * i] = (struct pollfd){ .fd = up->children[i].notify_fd, .events = POLLIN };
        }
        polls[1 + 2 * i] = (struct pollfd){ .fd = up->control_fd, .events = POLLIN };
        (void)poll(polls, 2 + 2 * up->child_count, wait_ms(up, now_ms));
        now_ms = souk_cli_steady_ms();
        for (i = 0; i < up->child_count; i++) {
            if (polls[1 + 2 * i].revents != 0)
                (void)souk_cli_child_read(&up->children[i], say_line, up);
            if (polls[2 + 2 * i].revents != 0)
                hear_child(up, &up->children[i], now_ms);
        }
        hear_control(up);
        hear_signals(up, now_ms);
    }
}

static void
start_due(struct up *up, uint64_t now_ms)
{
    const char *arguments[SOUK_CLI_CHILD_ARGUMENTS_MAX + 2];
    struct souk_cli_child *child;
    struct souk_error err;
    size_t i;

    for (i = 0; i < up->child_count; i++) {
        child = &up->children[i];
        if (child->start_ms == 0 || child->start_ms > now_ms)
            continue;
        arguments[0] = child->name;
        memcpy(arguments + 1, up->arguments, sizeof up->arguments);
        if (child->node == NULL)
            client_arguments(up, arguments);
        if (souk_cli_child_start(child, arguments, now_ms, &err) != 0) {
            souk_cli_up_log_say(&up->log, SOUK_LEVEL_ERROR, "%s", err.text);
            child->start_ms = now_ms + BACKOFF_MS_MAX;
        }
    }
}

/* Until something is due; -1: nothing is. */
static int
wait_ms(const struct up *up, uint64_t now_ms)
{
    uint64_t due_ms = UINT64_MAX;
    size_t i;

    for (i = 0; i < up->child_count; i++) {
        if (up->children[i].start_ms != 0 && up->children[i].start_ms < due_ms)
            due_ms = up->children[i].start_ms;
        if (up->children[i].kill_ms != 0 && up->children[i].kill_ms < due_ms)
            due_ms = up->children[i].kill_ms;
    }
    if (due_ms == UINT64_MAX)
        return -1;
    return due_ms <= now_ms ? 0 : (int)(due_ms - now_ms);
}

/* Somebody wants to see what happens when one of them crashes. */
static void
hear_control(struct up *up)
{
    struct souk_cli_child *child;
    struct souk_name name;
    uint32_t down_seconds;

    while (up->control_fd >= 0 && souk_control_take(up->control_fd, &name, &down_seconds)) {
        child = find_child(up, name.text);
        if (child == NULL || child->node == NULL || child->pid == 0 || up->is_stopping)
            continue;
        souk_cli_up_log_say(&up->log, SOUK_LEVEL_WARN, "%s is killed, as was asked for", child->name);
        child->backoff_ms = down_seconds == 0 ? BACKOFF_MS : 1000 * down_seconds;
        child->is_ended = true;
        (void)kill(child->pid, SIGKILL);
    }
}

static void
hear_signals(struct up *up, uint64_t now_ms)
{
    struct signalfd_siginfo signal;
    size_t i;

    while (read(up->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP) {
            for (i = 0; i < up->child_count; i++) {
                if (up->children[i].pid != 0)
                    (void)kill(up->children[i].pid, SIGHUP);
            }
            if (!up->is_stopping)
                read_again(up, now_ms);
        } else if (signal.ssi_signo != SIGCHLD && !up->is_stopping) {
            souk_cli_up_log_say(&up->log, SOUK_LEVEL_INFO, "stopping: services first, then event stores; again: all at"
                " once");
            up->is_stopping = true;
            for (i = 0; i < up->child_count; i++)
                up->children[i].start_ms = 0;
        } else if (signal.ssi_signo != SIGCHLD) {
            up->is_hasty = true;
        }
    }
    reap(up, now_ms);
}

/* Start what is new in the topology. What is there no more runs on, as others may need it until they stop. */
static void
read_again(struct up *up, uint64_t now_ms)
{
    const struct souk_cli *cli = &up->options->cli;
    const size_t before = up->child_count;
    struct souk_topology *topology;

    if (souk_cli_topology(cli, up->topologies[0]->path, &topology) != 0)
        return;
    if (souk_cli_move_data(cli, topology, up->options->data) == 0)
        (void)make_children(up, topology);
    if (up->child_count == before) {
        souk_topology_close(&topology);
        return;
    }
    up->topologies[up->topology_count++] = topology;    /* what is new has its names from there */
    souk_cli_up_log_init(&up->log, cli, topology);
    up->said_live = false;
    for (size_t i = before; i < up->child_count; i++) {
        souk_cli_up_log_say(&up->log, SOUK_LEVEL_INFO, "%s is new; it is started", up->children[i].name);
        up->children[i].start_ms = now_ms;
    }
}

static void
reap(struct up *up, uint64_t now_ms)
{
    int wait_status;
    size_t i;

    for (i = 0; i < up->child_count; i++) {
        if (up->children[i].pid != 0 && waitpid(up->children[i].pid, &wait_status, WNOHANG) == up->children[i].pid)
            ended(up, &up->children[i], wait_status, now_ms);
    }
}

static void
ended(struct up *up, struct souk_cli_child *child, int wait_status, uint64_t now_ms)
{
    const bool was_told = child->state == SOUK_CLI_CHILD_STOPPING;
    const bool was_calm = now_ms - child->started_ms >= CALM_MS;
    const int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    const bool is_final = status == EX_CONFIG || status == EX_USAGE || status == EX_NOPERM || status == EX_NOINPUT;
    char how[64];

    (void)souk_cli_child_read(child, say_line, up);
    souk_cli_child_ended(child);
    if (status < 0)
        (void)snprintf(how, sizeof how, "by signal %d (%s)", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        (void)snprintf(how, sizeof how, "with status %d", status);
    if (was_told && status == EX_OK)
        return;
    up->said_live = false;
    if (up->is_stopping) {
        souk_cli_up_log_say(&up->log, SOUK_LEVEL_WARN, "%s ended %s", child->name, how);
        return;
    }
    if (is_final) {
        souk_cli_up_log_say(&up->log, SOUK_LEVEL_ERROR, "%s ended %s; it is not started again", child->name,
            how);
        up->status = status;
        return;
    }
    if (was_calm && !child->is_ended)
        child->backoff_ms = BACKOFF_MS;
    souk_cli_up_log_say(&up->log, SOUK_LEVEL_WARN, "%s ended %s; it is started again in %ju ms", child->name,
        how, (uintmax_t)child->backoff_ms);
    child->start_ms = now_ms + child->backoff_ms;
    child->backoff_ms = child->is_ended ? BACKOFF_MS
        : 2 * child->backoff_ms > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : 2 * child->backoff_ms;
    child->is_ended = false;
}

static void
hear_child(struct up *up, struct souk_cli_child *child, uint64_t now_ms)
{
    size_t live = 0;
    size_t i;

    if (!souk_cli_child_hear(child) || up->is_stopping)
        return;
    for (i = 0; i < up->child_count; i++)
        live += up->children[i].state == SOUK_CLI_CHILD_READY && up->children[i].is_live;
    if (live < up->child_count || up->said_live)
        return;
    up->said_live = true;
    souk_cli_up_log_say(&up->log, SOUK_LEVEL_INFO, "%s is up: %zu of %zu are live after %ju ms",
        up->topologies[0]->name.text, live, up->child_count, (uintmax_t)(now_ms - up->begun_ms));
}

static void
say_line(void *arg, struct souk_cli_child *child, const char *line)
{
    struct up *up = arg;

    souk_cli_up_log_line(&up->log, child->name, (size_t)(child - up->children), line);
}

/* ---- the end -------------------------------------------------------- */

/* Tell those of the lowest rank that still run; who does not stop in time is killed. */
static void
stop_next(struct up *up, uint64_t now_ms)
{
    struct souk_cli_child *child;
    uint32_t rank = RANK_STORES;
    size_t i;

    for (i = 0; i < up->child_count; i++) {
        if (up->children[i].pid != 0 && up->ranks[i] < rank)
            rank = up->ranks[i];
    }
    for (i = 0; i < up->child_count; i++) {
        child = &up->children[i];
        if (child->pid == 0 || (up->ranks[i] > rank && !up->is_hasty))
            continue;
        if (child->state != SOUK_CLI_CHILD_STOPPING) {
            child->state = SOUK_CLI_CHILD_STOPPING;
            child->kill_ms = now_ms + PATIENCE_MS + (child->node == NULL ? CLIENT_DRAIN_MS
                : child->node->shell_limits.drain_ms);
            (void)kill(child->pid, SIGTERM);
        } else if (child->kill_ms != 0 && now_ms >= child->kill_ms) {
            souk_cli_up_log_say(&up->log, SOUK_LEVEL_WARN, "%s does not stop; it is killed", child->name);
            child->kill_ms = 0;
            up->status = EX_SOFTWARE;
            (void)kill(child->pid, SIGKILL);
        }
    }
}

static size_t
count_running(const struct up *up)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < up->child_count; i++)
        count += up->children[i].pid != 0;
    return count;
}

static void
finish(struct up *up)
{
    size_t i;

    for (i = 0; i < up->child_count; i++)
        souk_cli_child_done(&up->children[i]);
    if (up->dir[0] != '\0')
        (void)rmdir(up->dir);
    if (up->signal_fd >= 0)
        (void)close(up->signal_fd);
    souk_control_close(up->topologies[0], &up->control_fd);
    free(up->children);
    free(up->ranks);
    for (i = 0; i < up->topology_count; i++)
        souk_topology_close(&up->topologies[i]);
}
