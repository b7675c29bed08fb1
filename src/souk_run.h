/*
 * souk_run - one service or event store as a process: two doors, two threads,
 * sockets, clocks and signals around the state machines.
 *
 * The writer (the thread that calls souk_run()) owns the commands door, the
 * publishing socket, the subscriptions, the links to other nodes, and alone
 * begins write transactions. It hears everything that is there, does one round
 * of work, commits, writes the witness, sends, and sleeps until something
 * comes or is due; so commits group themselves under load. The reader owns the
 * queries door and read transactions. They share the store, a few numbers
 * and an eventfd with which the writer says that there is more to see. An
 * event store's finder has a third thread behind the reader's door.
 *
 * SIGTERM and SIGINT drain and stop, SIGHUP reads the topology again.
 */
#ifndef SOUK_RUN_H
#define SOUK_RUN_H

#include <souk.h>
#include "souk_report.h"
#include "souk_status.h"
#include "souk_topology.h"
#include "souk_wiring.h"

/* What may change while a daemon runs. */
struct souk_run_changes {
    struct souk_limits limits;
    struct souk_set_values settings;
    struct souk_pass_keys pass_keys;
    const struct souk_wired_skip *skips;        /* good until the next but one reload */
    size_t skip_count;
    enum souk_level level;
    const struct souk_topology *topology;       /* good until the reload returns to the runtime; its keys and rights count */
    char restart_needed[SOUK_STATUS_TEXT_BYTES_MAX + 1];    /* what else differs now; empty: nothing */
};

struct souk_run_config {
    const struct souk_service *service;         /* NULL: an event store */
    const struct souk_wiring *wiring;           /* its `random` is not looked at */
    const struct souk_topology *topology;
    const struct souk_topology_node *node;      /* of it: which one this is */
    const char *keys;                           /* the directory of secret keys, where there are keys */
    bool is_beside;                             /* fill a store beside the running process's, and hand it over */
    struct souk_report *report;
    /* SIGHUP. 0, or what souk_fail() returns: then nothing changes. NULL: SIGHUP does nothing. */
    int (*reload)(void *reload_arg, struct souk_run_changes *changes_out, struct souk_error *err);
    void *reload_arg;
};

/*
 * Run until a signal or an error ends it, and return the exit status:
 * EX_OK; EX_CONFIG (topology or directories do not fit); EX_UNAVAILABLE
 * (somebody has the directory or an endpoint); EX_NOPERM (another instance has
 * the service's streams: not to be started again by itself); EX_SOFTWARE (an
 * own event cannot be applied); EX_IOERR (store or witness failed); EX_OSERR;
 * beside also EX_TEMPFAIL (the running process goes on).
 * Errors have been reported. Signals are blocked for the whole process and stay so.
 */
int souk_run(const struct souk_run_config *config);

/* How many descriptors a process needs for as many connections as `node` of `topology` allows. */
uint64_t souk_run_descriptors(const struct souk_topology *topology, const struct souk_topology_node *node);

#endif
