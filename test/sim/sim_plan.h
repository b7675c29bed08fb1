/*
 * sim_plan - a schedule as data: the topology's knobs, and a list of commands
 * and faults with their times, all made from one seed.
 *
 * Items have numbers that stay, so that a failing schedule can be run again
 * without some of them: that is how it shrinks.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_ITEMS_MAX 512
#define SIM_STORES_MAX 2
#define SIM_CLIENTS 6
#define SIM_ARGUMENTS_MAX 5
#define SIM_STREAM_NONE UINT32_MAX
#define SIM_COMMANDS_MIN 170            /* of some 200; the others are bytes that are none */
#define SIM_DECIDED_OF 20               /* one of so many at least is done, or refused by the service; on average 19 */
#define SIM_FAULTS_MIN 20
#define SIM_ABSENCE_MS (2 * 24 * 3600 * 1000ULL)    /* least that an event store is away for in SIM_ABSENT */

/* What a schedule is mostly about. */
enum sim_profile {
    SIM_CALM,                   /* little happens: what happens must be swift */
    SIM_LOSSY,
    SIM_PARTED,
    SIM_CRASHING,
    SIM_DISKS,                  /* services wiped, restored, cloned */
    SIM_RECORDERS,              /* the same for event stores, with trimming */
    SIM_ABSENT,                 /* an event store is away for two virtual days or more */
    SIM_BESIDE,                 /* rebuilds, take-overs, services that come late */
    SIM_FAILING,                /* handlers fail, disks fill up */
    SIM_CLOCKS,                 /* clocks jump, hosts restart */
    SIM_MIXED,
    SIM_PROFILES
};

enum sim_item_kind {
    SIM_COMMAND,
    SIM_NOISE,                  /* every link: x, y, z per mille lost, doubled, late */
    SIM_PART,                   /* nothing goes from a to b */
    SIM_PART_BOTH,
    SIM_FLAP,                   /* the same, on and off */
    SIM_ISOLATE,                /* a hears nobody and nobody hears a */
    SIM_MUTE,                   /* what a publishes is lost */
    SIM_CRASH,                  /* at point x, after y more passes of it */
    SIM_STOP,                   /* in good order: the witness goes too */
    SIM_PAUSE,                  /* stopped in its tracks, goes on later */
    SIM_HOST,                   /* the host restarts */
    SIM_CLOCK,                  /* the wall clock jumps; y: and comes back */
    SIM_WIPE,
    SIM_COPY,                   /* a copy is put by */
    SIM_RESTORE,                /* the newest copy but x comes back; y: over the same directory */
    SIM_CLONE,                  /* a copy is started as a second instance */
    SIM_BACKUP,                 /* of an event store, which is told of it */
    SIM_DROP,                   /* its oldest backup may not be restored any more */
    SIM_FULL,                   /* no room left in the map */
    SIM_FULL_COMMIT,            /* x commits find the disk full */
    SIM_AWAY,                   /* an event store is stopped for long */
    SIM_DECLARE,                /* the same, and the operator declares it lost; x: b loses its disk meanwhile; y: before
                                   that the other event store does not hear b, and after it this one does not */
    SIM_BOTH,                   /* event store a and service b lose their disks at once; x, y: to what; z: so much later */
    SIM_ROLLBACK,               /* what a's disk holds now comes back over it a moment later */
    SIM_AMBUSH,                 /* b starts without a witness (x: how); a fails (y: how) z us after its seal */
    SIM_TROUBLE,                /* a's handlers fail on key x */
    SIM_REBUILD,                /* beside, then take over; x: with the other program */
    SIM_KINDS
};

/* Where a process can die. */
enum sim_point {
    SIM_BETWEEN,                /* rounds */
    SIM_OPENING,                /* opened, not committed */
    SIM_OPENED,                 /* committed, no witness yet */
    SIM_WORKING,                /* the transaction is aborted */
    SIM_COMMITTED,              /* on disk, the witness does not say so */
    SIM_WITNESSED,              /* nothing of it is sent */
    SIM_SENDING,                /* some of it is sent */
    SIM_POINTS
};

enum sim_message {
    SIM_PLACE,
    SIM_CANCEL,
    SIM_RECEIVE,
    SIM_SUBMIT,
    SIM_EDIT,
    SIM_CHARGE,
    SIM_REUSE,                  /* an id that was used before, with something else */
    SIM_UNHEARD,                /* a command nobody knows */
    SIM_MISSHAPEN,              /* a command whose payload is not what it should be */
    SIM_GARBAGE,                /* not a request at all */
    SIM_MESSAGES
};

struct sim_item {
    uint32_t number;            /* from 1 */
    enum sim_item_kind kind;
    uint64_t at_ms;
    uint64_t span_ms;           /* how long it lasts */
    uint32_t a, b;              /* nodes */
    uint64_t x, y, z;
    /* of a command */
    enum sim_message message;
    uint32_t client;
    uint64_t arguments[SIM_ARGUMENTS_MAX];
    uint8_t id[16];
    bool recorded;              /* asks for it */
    bool hurried;               /* first asks with a deadline that hardly anybody can keep */
    bool follows_up;            /* reads its write afterwards */
    bool carries_seen;          /* names what this client has seen before */
};

struct sim_plan {
    uint64_t seed;
    enum sim_profile profile;
    uint32_t store_count;
    uint32_t scale;             /* how much longer than usual everything waits */
    uint32_t expiry_scale;      /* orders expire after so many times APP_EXPIRY_MS: 1 or `scale` */
    uint64_t end_ms;            /* faults are over */
    uint64_t bound_ms;          /* and so long after it, all must be quiet */
    uint32_t head_ms;           /* heads are repeated so often, before the scale */
    bool trims_recorded;        /* trim_after recorded, else backed_up */
    bool recorded;              /* the services' own wish */
    uint32_t recorded_by;
    bool says_new;              /* first start without waiting for event stores */
    uint32_t loss, doubles, late;   /* per mille, when nothing else is going on */
    uint32_t latency_us, work_us;   /* most */
    uint32_t batch_cut_bytes, feed_bytes_max, pull_credit_bytes, waiting_max, pulls_max, handler_tries_max;
    uint64_t retention_ms, ids_window_ms;
    bool trims;                 /* so short that logs are trimmed; clients then give up within the window of ids */
    uint64_t starts_ms[8];      /* of each node */
    uint32_t late_stream;       /* query follows it only from `joins_ms` on; SIM_STREAM_NONE: there is none */
    uint64_t joins_ms;
    struct sim_item items[SIM_ITEMS_MAX];
    uint32_t item_count, command_count;
    uint32_t fault_count;       /* of those that sim_kind_harms() */
};

/* `profile` SIM_PROFILES: the seed says which. */
void sim_plan_make(struct sim_plan *plan, uint64_t seed, enum sim_profile profile);
const char *sim_profile_name(enum sim_profile profile);
/* SIM_PROFILES when there is no such. */
enum sim_profile sim_profile_of(const char *name);
/* One line, without the end of it. */
void sim_item_print(FILE *out, const struct sim_item *item);
const char *sim_kind_name(enum sim_item_kind kind);
/* Is it a fault? Not one are commands, and what the operator does without harm: copies, backups, rebuilds. */
bool sim_kind_harms(enum sim_item_kind kind);
const char *sim_point_name(enum sim_point point);

#endif
