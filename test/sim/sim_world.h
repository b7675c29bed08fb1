/*
 * sim_world - one schedule as it runs: nodes, clients, the network between
 * them, the virtual clock, and what the checker is told.
 *
 * A node is a name of the topology. An instance of it is a disk somewhere and,
 * while it runs, a process on it. Mostly there is one; a clone or a rebuild
 * beside is another. Everything is reached from here and nothing is global.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <souk.h>
#include "souk_core.h"
#include "souk_reader.h"
#include "souk_recorder.h"
#include "souk_wiring.h"
#include "app_messages.h"
#include "sim_disk.h"
#include "sim_plan.h"
#include "sim_queue.h"
#include "sim_random.h"
#include "sim_states.h"
#include "trace.h"

#define SIM_SERVICES APP_SERVICES
#define SIM_NODES_MAX (SIM_SERVICES + SIM_STORES_MAX)
#define SIM_OUTSIDE SIM_NODES_MAX       /* where the clients are, for the network */
#define SIM_STREAMS 7
#define SIM_INSTANCES_MAX 3             /* the one, a clone, a rebuild */
#define SIM_COPIES_MAX 6                /* of a node */
#define SIM_PARKED_MAX 256              /* events of a node that were ever parked, that are remembered */
#define SIM_EPOCHS_MAX 64               /* of a service, that are remembered for the table of states */
#define SIM_NEVER UINT64_MAX
#define SIM_WALL_MS 1800000000000ULL    /* when schedules begin */

/* What can come up in the queue; `a` and `b` are said here. */
enum sim_event_kind {
    SIM_EVENT_ITEM,             /* a: index in the plan */
    SIM_EVENT_ITEM_OVER,        /* a: index in the plan, b: stage of an item in steps */
    SIM_EVENT_STEP,             /* a: process */
    SIM_EVENT_READ,             /* a: process */
    SIM_EVENT_CONNECT,          /* a: process, b: node that it subscribes to */
    SIM_EVENT_LETTER,           /* a: process or client's op; what: a letter */
    SIM_EVENT_FIRST,            /* a: node: its first start */
    SIM_EVENT_UP,               /* a: node, b: instance: start it if nothing is against it */
    SIM_EVENT_FLAP,             /* a: index in the plan, b: 1 when the link is cut */
    SIM_EVENT_REBUILD,          /* a: node: look how the rebuild is doing */
    SIM_EVENT_OP,               /* a: op of a client: ask (again) */
    SIM_EVENT_JOIN,             /* query follows one stream more */
    SIM_EVENT_LOOK,             /* is everything quiet? */
};

struct sim_world;
struct sim_process;

/* ---- instances ------------------------------------------------------ */

struct sim_instance {
    bool exists;
    struct sim_disk disk;
    struct sim_process *process;        /* NULL: does not run */
    uint32_t holds;                     /* reasons not to run */
    bool fenced;
    bool beside;                        /* a rebuild that is not the one yet */
    bool tight;                         /* its disk has no room */
    uint32_t full_commits;              /* so many commits find no room */
    bool taking_over;                   /* it was handed the old process's last word */
    bool took_over;                     /* and has written since: there is no way back to the old one */
    bool start_trapped;                 /* its next process dies at `start_trap` */
    enum sim_point start_trap;
    bool died_committed;                /* before the witness could say so */
    uint8_t incarnation[8];             /* that its event store had last */
};

struct sim_node {
    uint32_t index;
    struct souk_name name;
    const struct souk_service *programs;    /* [2]; NULL: an event store */
    struct sim_instance instances[SIM_INSTANCES_MAX];
    bool started_once;
    int64_t clock_ms;                   /* what its wall clock is wrong by */
    struct sim_copy copies[SIM_COPIES_MAX];     /* oldest first */
    struct souk_position held[SIM_COPIES_MAX][SIM_STREAMS];     /* by each copy, of an event store */
    uint32_t copy_count;
    bool told_of_backup;                /* since when a wipe is a loss that nobody promises to survive */
    uint64_t disk_lost_ms;              /* when last; SIM_NEVER: not yet */
    uint64_t left_ms;                   /* when a process of it ended last; SIM_NEVER: none has */
    uint64_t rebuild_since_ms;
    struct souk_cause parked[SIM_PARKED_MAX];   /* ever, on any of its disks: tables are not what the log says */
    uint32_t parked_count;
};

/* One run of an instance. */
struct sim_process {
    uint32_t id;                        /* never used twice in a schedule */
    struct sim_node *node;
    struct sim_instance *instance;
    struct sim_world *world;
    const struct souk_service *service;
    struct souk_wiring wiring;
    struct souk_wired_stream streams[SIM_STREAMS];
    struct souk_wired_store stores[SIM_STORES_MAX];
    struct sim_random random;
    struct souk_store *store;
    struct souk_core *core;             /* or */
    struct souk_recorder *recorder;
    struct souk_reader *reader;
    uint64_t commit_witnessed;
    uint64_t steady_base_us;
    uint64_t step_at_us, read_at_us;    /* when it is waked; SIM_NEVER: it is not */
    uint64_t paused_until_us;
    bool trapped;                       /* it dies at `trap` */
    enum sim_point trap;
    uint64_t trap_passes;
    uint64_t down_ms;                   /* after it died */
    uint32_t publisher[SIM_NODES_MAX];  /* process that it is subscribed to, by node; 0: none */
    uint32_t peer[SIM_NODES_MAX];       /* process that its requests go to, by node; 0: none */
    struct souk_position told[SIM_STREAMS];     /* cursors, as the checker knows them */
    struct souk_position trimmed_to[SIM_STREAMS];
    uint64_t log_position;
    uint32_t commits;                   /* to spread digests */
    uint32_t idle_rounds;               /* since one changed something */
    uint64_t started_ms;
    uint64_t batch_commit;              /* of the last batch that was looked at, and its stream */
    uint32_t batch_stream;
    struct souk_core_status core_status;            /* as it was seen last */
    struct souk_recorder_status recorder_status;
    struct sim_process *next;
};

/* ---- the network ---------------------------------------------------- */

/* One message on its way to one or more. */
struct sim_letter {
    uint32_t references;
    enum { SIM_PUBLISHED, SIM_TO_COMMANDS, SIM_TO_QUERIES, SIM_ANSWERED, SIM_TO_CLIENT } kind;
    uint32_t from_node;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    size_t frame_count;
    struct souk_slice *frames;
};

struct sim_net {
    uint32_t cut[SIM_NODES_MAX + 1][SIM_NODES_MAX + 1];     /* reasons why nothing goes from, to */
    uint32_t muted[SIM_NODES_MAX];
    uint32_t loss, doubles, late;                           /* per mille */
    struct sim_random random[SIM_NODES_MAX + 1][SIM_NODES_MAX + 1];
    uint64_t last_us[SIM_NODES_MAX + 1][SIM_NODES_MAX + 1]; /* what is not late keeps its order */
    /* The last batch of a stream on its way to a node was lost: the number, and 0 once that is made good. */
    uint64_t lost_tail[SIM_NODES_MAX][SIM_STREAMS];
};

/* ---- clients -------------------------------------------------------- */

/* One thing that a client wants, asked for until it has an answer. */
struct sim_op {
    bool open;
    const struct sim_item *item;        /* of a command */
    uint32_t client, node;
    struct souk_id id;
    bool query;
    bool recorded;
    char name[SOUK_NAME_BYTES_MAX + 1];
    struct souk_pack payload;
    uint32_t tries;
    uint64_t first_ms;                  /* asked */
    uint32_t seen_count;
    struct souk_cause seen[8];
    uint64_t deadline_ms;
    bool must_find;                     /* a row that the client knows to be there */
    bool answered_once;
    bool decided;                       /* done, or refused by what the service knows */
};

struct sim_client {
    struct souk_cause seen[SIM_STREAMS];
    uint32_t seen_count;
    struct souk_id last_id;
    bool has_last;
    uint32_t last_node;
    uint64_t last_ms;
    struct sim_random random;
};

/* ---- everything ----------------------------------------------------- */

struct sim_epochs {
    uint32_t count;
    uint64_t last_number;               /* that was ever written in the last one */
    struct {
        struct souk_epoch epoch;
        uint64_t base_number;
        uint64_t cause_max;             /* highest number of it that some batch names as its cause */
    } epochs[SIM_EPOCHS_MAX];
};

/* What the table of states has to remember of messages. */
struct sim_memory {
    uint32_t granted[SIM_STORES_MAX][SIM_SERVICES];
    uint32_t refused[SIM_SERVICES];
    uint64_t backed_up[SIM_STORES_MAX][SIM_STREAMS];
    struct souk_id requests[64];
    uint32_t request_count;
};

struct sim_world {
    const struct sim_plan *plan;
    const bool *without;                /* by item number; NULL: nothing is left out */
    const char *root;                   /* directory on tmpfs */
    FILE *trace;                        /* NULL: none */
    struct sim_queue queue;
    uint64_t now_us;
    uint64_t last_change_ms;            /* something was decided or applied */
    uint64_t holes_looked_ms;           /* the operator has looked whether an event store lacks what is trimmed */
    struct sim_random random;
    struct sim_net net;
    struct sim_node nodes[SIM_NODES_MAX];
    uint32_t node_count;
    struct sim_process *processes;      /* that run */
    uint32_t ids;                       /* of processes, disks, copies */
    struct sim_client clients[SIM_CLIENTS];
    struct sim_op *ops;
    uint32_t op_count, op_room;
    struct sim_epochs epochs[SIM_STREAMS];
    struct sim_memory memory;
    struct checker *checker;
    uint64_t states[SIM_STATE_COUNT];
    bool struck[SIM_ITEMS_MAX];         /* faults that have harmed somebody, by index in the plan */
    bool faults_over, quiet;
    bool has_joined;                    /* query follows the stream that was added late */
    uint32_t ambushes[SIM_STORES_MAX][SIM_SERVICES];    /* that wait for a seal: index in the plan + 1; 0: none */
    uint32_t declared_lost[SIM_NODES_MAX];      /* reasons why services are told to go on without this event store */
    char failure[1024];                 /* empty: none so far */
};

struct sim_stream {
    const char *name;
    uint32_t origin;                    /* node */
    bool is_private;
};
extern const struct sim_stream sim_streams[SIM_STREAMS];

const char *sim_node_name(uint32_t node);
/* Does service `node` follow stream `stream`, once all are added? Event stores follow all. */
bool sim_may_follow(uint32_t node, uint32_t stream);
/* And now? */
bool sim_follows(const struct sim_world *world, uint32_t node, uint32_t stream);
/* SIM_STREAMS when there is no such stream. */
uint32_t sim_stream_of(struct souk_slice name);

/* Run one schedule to its end. 0, or -1 with the sentence in `world->failure`. */
int sim_world_run(struct sim_world *world, const struct sim_plan *plan, const bool *without, const char *root,
    FILE *trace);
void sim_world_done(struct sim_world *world);

uint64_t sim_now_ms(const struct sim_world *world);
/* The first failure is kept; the schedule ends with it. */
void sim_fail(struct sim_world *world, const char *format, ...) SOUK_PRINTF(2, 3);
void sim_trace(struct sim_world *world, const char *format, ...) SOUK_PRINTF(2, 3);
void sim_put(struct sim_world *world, uint64_t delay_us, enum sim_event_kind kind, uint32_t a, uint32_t b, void *what);

#endif
