/*
 * souk_cli_bench_parts - what the files of `souk bench` share.
 *
 * souk_cli_bench.c          options, and what is shown
 * souk_cli_bench_system.c   a system of real daemons in a scratch directory
 * souk_cli_bench_work.c     the work that is measured
 */
#ifndef SOUK_CLI_BENCH_PARTS_H
#define SOUK_CLI_BENCH_PARTS_H

#include "souk_cli.h"
#include "souk_cli_child.h"
#include "souk_client.h"
#include "souk_histogram.h"

#define BENCH_BYTES_MIN 16
#define BENCH_BYTES_MAX 1024
#define BENCH_NODES_MAX 3
#define BENCH_DOORS 3                           /* of a node */
#define BENCH_STREAM "load"
#define BENCH_CALLER "bench"

enum bench_work { BENCH_APPEND, BENCH_REPLAY, BENCH_LIVE, BENCH_REQUEST, BENCH_REBUILD };
enum bench_node { BENCH_STORE, BENCH_WRITER, BENCH_FOLLOWER };      /* the order in which they are started */

/* One measurement. */
struct bench_plan {
    enum bench_work work;
    uint32_t bytes;                             /* of an event's payload */
    uint32_t batch;                             /* events a command */
    uint64_t events;
    uint32_t in_flight;                         /* commands under way at once */
    uint32_t rate;                              /* commands a second; 0: as many as it takes */
    uint64_t rows;                              /* of the table that is written */
    bool is_recorded;                           /* commands are answered when the event store has them, too */
    bool has_keys;                              /* every connection speaks CURVE */
    bool is_on_tcp;                             /* on the loopback address, at ports that were free; else on ipc */
    const char *dir;                            /* where the scratch directory is made */
};

/* What one node cost. */
struct bench_cost {
    struct souk_name name;
    double cpu_s;                               /* while it was measured */
    uint64_t rest_bytes;                        /* of memory before (PSS) */
    uint64_t store_bytes;                       /* in use afterwards */
};

struct bench_result {
    uint64_t events, commands;                  /* that were done */
    uint64_t written;                           /* events that the stores hold, those before it was measured included */
    double seconds;
    struct souk_histogram us;                   /* of what is waited for */
    const char *waited_for;                     /* a constant: what that is */
    const char *durability;                     /* a constant: a sentence */
    double sync_us;                             /* a write of 4 KiB and fdatasync(2), before */
    double client_cpu_s;                        /* this process */
    size_t cost_count;
    struct bench_cost costs[BENCH_NODES_MAX];
};

struct bench_system {
    const struct souk_cli *cli;
    char dir[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1]; /* of data; "": not made */
    char run_dir[sizeof "/tmp/souk-bench-XXXXXX"];  /* of sockets, whose paths are short; "": not made */
    struct souk_topology *topology;
    struct souk_key *key;                       /* the client's; NULL: a system without keys */
    struct souk_client *client;
    size_t child_count;
    struct souk_cli_child children[BENCH_NODES_MAX];
    int signal_fd;                              /* -1: closed */
    size_t port_count;
    int port_fds[BENCH_NODES_MAX * BENCH_DOORS];    /* of ports that are kept until all are chosen */
    uint64_t looked_ms;                         /* when the daemons were looked at */
    int status;                                 /* not 0: it has failed, with this exit status, and that has been said */
};

/* ---- souk_cli_bench_system.c ---------------------------------------- */

/* Make a scratch directory and a topology in it, and start its daemons. 0, or an exit status; end it in either case. */
int souk_cli_bench_begin(struct bench_system *system, const struct souk_cli *cli, const struct bench_plan *plan);
/* Stop what runs and remove the scratch directory. */
void souk_cli_bench_end(struct bench_system *system);
/* One more client, for another thread; close it with souk_client_close(). 0, or an exit status. */
int souk_cli_bench_client(const struct bench_system *system, struct souk_client **client_out);
const struct souk_topology_node *souk_cli_bench_node(const struct bench_system *system, enum bench_node node);
/* Between requests: say what daemons have written. False when one has ended, or it was told to stop. */
bool souk_cli_bench_look(struct bench_system *system);
/* Start a node and wait until it is live. 0, or an exit status. */
int souk_cli_bench_start(struct bench_system *system, enum bench_node node);
/* Stop a node and forget all that it has stored, as if its disk were gone; the client is another one. 0, or an exit status. */
int souk_cli_bench_wipe(struct bench_system *system, enum bench_node node);
/* Processor time so far of each node, and of this process. */
void souk_cli_bench_cpu(const struct bench_system *system, double cpu_s_out[BENCH_NODES_MAX], double *own_out);
/* Memory of a node: PSS, or what is resident where the kernel tells no more of a process with a key. */
uint64_t souk_cli_bench_memory(const struct bench_system *system, enum bench_node node);
/* Blocks that a node's store has on the disk. */
uint64_t souk_cli_bench_stored(const struct bench_system *system, enum bench_node node);
/* How many us a write of 4 KiB and an fdatasync(2) take in the scratch directory: the median of some. */
double souk_cli_bench_sync_us(const struct bench_system *system);

/* ---- souk_cli_bench_work.c ------------------------------------------ */

/* Do the work and say how it went. 0, or an exit status. */
int souk_cli_bench_run(struct bench_system *system, const struct bench_plan *plan, struct bench_result *result_out);
const char *souk_cli_bench_work_name(enum bench_work work);

#endif
