#include "bridge.h"

#include "config.h"

#include <argp.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_notify.h"
#include "souk_sandbox.h"
#include "souk_socket.h"
#include "souk_version.h"

#define TOPOLOGY_VARIABLE "SOUK_TOPOLOGY"
#define IDLE_MS 1000                    /* a turn of the loop takes so long at most */
#define TURN_NEWS_MAX 256               /* of services, before browsers have their turn */
#define DRAIN_MS 5000                   /* what a stop leaves for answers that are on their way */

enum { OPTION_KEYS = 256 };

struct options {
    const char *topology, *keys, *name;
    bool has_level;
    enum souk_level level;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static void print_version(FILE *stream, struct argp_state *state);
static int read_topology(struct bridge *bridge, const struct options *options, struct souk_topology **topology_out);
static int find_self(struct bridge *bridge, const struct options *options);
static void say_wrong(void *arg, unsigned line, const char *sentence);
static int open_bridge(struct bridge *bridge, struct souk_error *err);
static int read_files(struct bridge *bridge, struct souk_error *err);
static int watch_signals(struct bridge *bridge, struct souk_error *err);
static int say_listening(struct bridge *bridge, uint16_t port);
static void run(struct bridge *bridge);
static void hear_news(struct bridge *bridge, const struct souk_client_news *news);
static uint32_t run_events(struct bridge *bridge);
static bool hear_signals(struct bridge *bridge);
static int exit_status(int rc);

int
main(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "topology", 't', "FILE", 0, "The system that the bridge belongs to; default: $" TOPOLOGY_VARIABLE, 0 },
        { "keys", OPTION_KEYS, "DIR", 0, "Where the secret keys lie, instead of where the topology says", 0 },
        { "log-level", 'l', "LEVEL", 0, "error, warn, info or debug; default: info", 0 },
        { 0 },
    };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .args_doc = "[NAME]",
        .doc = "\nServe HTTP in front of a souk topology, as its client NAME, or the only one that has routes." };
    struct souk_catalogue catalogue = { .count = 0 };
    struct souk_topology *topology = NULL;
    struct souk_routes *routes = NULL;
    struct souk_report report;
    struct bridge bridge = { .report = &report, .loop_fd = -1, .signal_fd = -1, .reap_us = UINT64_MAX };
    struct options options = { .topology = getenv(TOPOLOGY_VARIABLE) };
    struct souk_error err = { 0 };
    int status;
    int rc;

    (void)umask(077);
    souk_socket_allow_descriptors();
    argp_program_version_hook = print_version;
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EX_USAGE;
    souk_report_init(&report, STDERR_FILENO, options.name == NULL ? "souk-bridge" : options.name,
        options.has_level ? options.level : SOUK_LEVEL_INFO);
    if ((rc = souk_version_start(&report, &err)) != 0) {
        souk_report(&report, SOUK_LEVEL_ERROR, "not_started", "%s", err.text);
        status = exit_status(rc);
        goto done;
    }
    if ((status = read_topology(&bridge, &options, &topology)) != 0)
        goto done;
    if ((rc = souk_catalogue_init(&catalogue, topology, &err)) != 0) {
        souk_report(&report, SOUK_LEVEL_ERROR, "messages", "%s", err.text);
        status = exit_status(rc);
        goto done;
    }
    bridge.catalogue = &catalogue;
    if ((rc = souk_routes_open(topology, bridge.self, &catalogue, &routes, say_wrong, &bridge)) != 0) {
        status = exit_status(rc);
        goto done;
    }
    bridge.routes = routes;
    souk_pack_init(&bridge.pack, SOUK_PAYLOAD_BYTES_MAX);
    souk_sandbox_enter(&(struct souk_sandbox){ .topology = topology, .name = bridge.self->name.text, .keys = bridge.keys },
        &report);
    if ((rc = open_bridge(&bridge, &err)) != 0) {
        souk_report(&report, SOUK_LEVEL_ERROR, "not_started", "%s", err.text);
        status = exit_status(rc);
    } else {
        run(&bridge);
        souk_report(&report, SOUK_LEVEL_INFO, "stopped", "nobody waits for an answer");
    }

done:
    bridge_http_stop(&bridge);
    souk_client_close(&bridge.client);
    bridge_api_done(&bridge);
    bridge_sessions_close(&bridge.sessions);
    bridge_follow_close(&bridge.follow);
    bridge_events_close(&bridge);
    bridge_operator_close(&bridge);
    free(bridge.rates);
    bridge_files_close(&bridge.files);
    bridge_watch_close(&bridge.watch);
    souk_key_close(&bridge.key);
    if (bridge.loop_fd >= 0)
        (void)close(bridge.loop_fd);
    if (bridge.signal_fd >= 0)
        (void)close(bridge.signal_fd);
    souk_pack_done(&bridge.pack);
    souk_routes_close(&routes);
    souk_catalogue_done(&catalogue);
    souk_topology_close(&topology);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 't':
        options->topology = arg;
        return 0;
    case OPTION_KEYS:
        options->keys = arg;
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
    (void)fprintf(stream, "%s (souk) %s, libmicrohttpd %s\n", state->name, PACKAGE_VERSION, MHD_get_version());
}

/* ---- starting ------------------------------------------------------- */

/* 0, or an exit status; what is wrong is said. */
static int
read_topology(struct bridge *bridge, const struct options *options, struct souk_topology **topology_out)
{
    struct souk_topology_errors *errors = calloc(1, sizeof *errors);
    size_t i;
    int rc;

    if (errors == NULL)
        return EX_OSERR;
    rc = souk_topology_read(options->topology, topology_out, errors);
    if (rc == 0 && (rc = souk_topology_keyed(*topology_out, errors)) != 0)
        souk_topology_close(topology_out);
    for (i = 0; rc != 0 && i < errors->count; i++)
        souk_report(bridge->report, SOUK_LEVEL_ERROR, "topology", "%s", errors->errors[i].text);
    free(errors);
    if (rc != 0)
        return exit_status(rc);
    bridge->topology = *topology_out;
    bridge->keys = options->keys != NULL ? options->keys : bridge->topology->keys;
    return find_self(bridge, options);
}

static int
find_self(struct bridge *bridge, const struct options *options)
{
    const struct souk_topology_client *client;
    size_t fitting = 0;
    size_t i;

    for (i = 0; i < bridge->topology->client_count; i++) {
        client = &bridge->topology->clients[i];
        if (client->routes == NULL || (options->name != NULL && strcmp(client->name.text, options->name) != 0))
            continue;
        bridge->self = client;
        fitting++;
    }
    if (fitting == 1) {
        souk_report_init(bridge->report, STDERR_FILENO, bridge->self->name.text,
            options->has_level ? options->level : SOUK_LEVEL_INFO);
        return 0;
    }
    if (options->name != NULL)
        souk_report(bridge->report, SOUK_LEVEL_ERROR, "topology", "%s has no client `%s` with routes",
            options->topology, options->name);
    else
        souk_report(bridge->report, SOUK_LEVEL_ERROR, "topology", "%s has %zu clients with routes: say which one, as an"
            " argument", options->topology, fitting);
    return EX_CONFIG;
}

static void
say_wrong(void *arg, unsigned line, const char *sentence)
{
    struct bridge *bridge = arg;

    souk_report(bridge->report, SOUK_LEVEL_ERROR, "routes", "%s", sentence);
}

static int
open_bridge(struct bridge *bridge, struct souk_error *err)
{
    uint16_t port = 0;
    int listen_fd;
    int rc;

    if ((bridge->loop_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        return souk_fail(err, SOUK_EIO, "no descriptor to wait with: %s", strerror(errno));
    if (bridge->topology->has_keys && bridge->self->key == NULL)
        return souk_fail(err, SOUK_EINVAL, "`client = %s` has no `key`, in a system that has keys; souk keys make %s"
            " makes one", bridge->self->name.text, bridge->self->name.text);
    if ((rc = watch_signals(bridge, err)) != 0 || (bridge->topology->has_keys
            && (rc = souk_key_open(bridge->keys, bridge->self->name.text, bridge->self->key, &bridge->key, err)) != 0)
        || (rc = souk_client_open(bridge->topology, bridge->self->name.text, &bridge->client, err)) != 0)
        return rc;
    souk_client_set_key(bridge->client, bridge->key);
    if ((bridge->rates = bridge_rates_new()) == NULL || (bridge->files = bridge_files_new(bridge->routes->unchanging)) == NULL
        || (bridge->watch = bridge_watch_new(bridge)) == NULL
        || (bridge->sessions = bridge_sessions_new()) == NULL
        || (bridge->events = bridge_events_new(bridge)) == NULL
        || (bridge->operator = bridge_operator_new(bridge)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for rates and files");
    if ((rc = read_files(bridge, err)) != 0 || (rc = bridge_follow_start(bridge, err)) != 0)
        return rc;
    if ((rc = souk_socket_listen(bridge->self->listen, &listen_fd, &port, err)) != 0
        || (rc = bridge_http_start(bridge, listen_fd, err)) != 0)
        return rc;
    souk_client_watch(bridge->client, bridge->loop_fd);
    (void)malloc_trim(0);                       /* what reading descriptions and writing the API's pages has left unused */
    return say_listening(bridge, port);
}

/* What the routes name as files; a path without a slash in front begins where the routes lie. */
static int
read_files(struct bridge *bridge, struct souk_error *err)
{
    const char *slash = strrchr(bridge->self->routes, '/');
    char path[2 * SOUK_TOPOLOGY_PATH_BYTES_MAX];
    int rc;

    if (bridge->routes->files != NULL) {
        (void)snprintf(path, sizeof path, "%.*s%s", bridge->routes->files[0] == '/' ? 0
            : (int)(slash + 1 - bridge->self->routes), bridge->self->routes, bridge->routes->files);
        if ((rc = bridge_files_read(bridge->files, path, err)) != 0)
            return rc;
    }
    if ((rc = bridge_openapi_add(bridge, err)) != 0)
        return rc;
    return bridge_files_end(bridge->files, bridge->routes, err);
}

/* Blocked before libzmq starts its threads, so that none of them takes one. */
static int
watch_signals(struct bridge *bridge, struct souk_error *err)
{
    struct epoll_event event = { .events = EPOLLIN };
    sigset_t signals;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0
        || (bridge->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)) < 0
        || epoll_ctl(bridge->loop_fd, EPOLL_CTL_ADD, bridge->signal_fd, &event) != 0)
        return souk_fail(err, SOUK_EIO, "no signals: %s", strerror(errno));
    return 0;
}

static int
say_listening(struct bridge *bridge, uint16_t port)
{
    const char *listen = bridge->self->listen;
    const int bytes = (int)(strrchr(listen, ':') - listen);
    char state[SOUK_ERROR_TEXT_BYTES_MAX];
    struct souk_line line;

    souk_line_begin(&line, bridge->report, SOUK_LEVEL_INFO, "listening");
    souk_line_format(&line, "address", "%.*s:%u", bytes, listen, (unsigned)port);
    souk_line_uint(&line, "routes", bridge->routes->count);
    souk_line_end(&line);
    (void)snprintf(state, sizeof state, "READY=1\nSTATUS=live, http://%.*s:%u/", bytes, listen, (unsigned)port);
    (void)souk_notify(state);
    return 0;
}

/* ---- the loop ------------------------------------------------------- */

/* Services' answers first, as many as are there; then HTTP, which they have work for. */
static void
run(struct bridge *bridge)
{
    const uint64_t watchdog_ms = souk_notify_watchdog_ms();
    uint64_t end_us = UINT64_MAX;
    uint64_t told_us = 0;
    struct souk_client_news news;
    uint32_t timeout_ms = 0;
    size_t i;
    int rc = 0;

    for (;;) {
        for (i = 0; i < TURN_NEWS_MAX && (rc = souk_client_next(bridge->client, timeout_ms, &news)) == 0; i++) {
            hear_news(bridge, &news);
            timeout_ms = 0;
        }
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            souk_report(bridge->report, SOUK_LEVEL_WARN, "failed", "receiving from services failed");
        if (hear_signals(bridge) && !bridge->is_stopping) {
            souk_report(bridge->report, SOUK_LEVEL_INFO, "stopping", "no new connections");
            (void)souk_notify("STOPPING=1");
            bridge->is_stopping = true;
            bridge_http_quiesce(bridge);
            bridge_api_stop(bridge);
            end_us = bridge_now_us() + DRAIN_MS * 1000;
        }
        timeout_ms = run_events(bridge);
        timeout_ms = bridge_http_run(bridge, timeout_ms);
        if (rc == 0)
            timeout_ms = 0;                     /* there is more from services */
        if (bridge->is_stopping && (bridge->exchange_count == 0 || bridge_now_us() >= end_us))
            return;
        if (watchdog_ms > 0 && bridge_now_us() - told_us >= watchdog_ms * 1000 / 2) {
            told_us = bridge_now_us();
            (void)souk_notify("WATCHDOG=1");
        }
    }
}

static void
hear_news(struct bridge *bridge, const struct souk_client_news *news)
{
    switch (news->kind) {
    case SOUK_CLIENT_ANSWER:
        bridge_api_hear(bridge, &news->answer);
        break;
    case SOUK_CLIENT_HEARD:
        bridge_follow_heard(bridge, news->heard);
        break;
    case SOUK_CLIENT_PULLED:
        bridge_follow_pulled(bridge, &news->pulled);
        break;
    }
}

/* Gives the time to wait at most, in ms. */
static uint32_t
run_events(struct bridge *bridge)
{
    const uint64_t now_us = bridge_now_us();
    const uint64_t follow_us = bridge_follow_run(bridge, now_us);
    const uint64_t browsers_us = bridge_events_run(bridge, now_us);
    const uint64_t next_us = follow_us < browsers_us ? follow_us : browsers_us;

    if (next_us <= now_us)
        return 0;
    return next_us - now_us >= IDLE_MS * 1000 ? IDLE_MS : (uint32_t)((next_us - now_us) / 1000 + 1);
}

/* HUP goes to all daemons of a system; whom it does not concern must not end of it. */
static bool
hear_signals(struct bridge *bridge)
{
    struct signalfd_siginfo signal;
    bool stops = false;

    while (read(bridge->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP)
            souk_report(bridge->report, SOUK_LEVEL_INFO, "unchanged",
                "topology, messages and routes are read at the start: to take over other ones, restart it");
        else
            stops = true;
    }
    return stops;
}

static int
exit_status(int rc)
{
    switch (-rc) {
    case SOUK_ENOTFOUND:
        return EX_NOINPUT;
    case SOUK_EIO:
        return EX_IOERR;
    case SOUK_ENOMEM:
    case SOUK_EFULL:
        return EX_OSERR;
    case SOUK_EBUSY:
        return EX_TEMPFAIL;
    default:
        return EX_CONFIG;
    }
}
