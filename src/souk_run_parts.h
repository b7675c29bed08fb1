/*
 * souk_run_parts - what the files of the runtime share.
 *
 * souk_run.c            opening, threads, signals, ending
 * souk_run_writer.c     the writer's event loop
 * souk_run_reader.c     the reader's
 * souk_run_finder.c     of an event store: the finder's thread
 * souk_run_digest.c     of a service: digests of its tables, in a thread of their own
 * souk_run_backup.c     backups, in a thread of their own
 * souk_run_prepare.c    threads that prepare commands
 * souk_run_guard.c      a thread that bounds connections and memory
 * souk_run_beside.c     a process that fills a store beside the running one's
 * souk_run_hand.c       the running one hands over to it
 * souk_run_place.c      a store that is set aside, or that somebody has removed
 * souk_run_access.c     keys, the gate, and what a message may ask for
 */
#ifndef SOUK_RUN_PARTS_H
#define SOUK_RUN_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "souk_clock.h"
#include "souk_engine.h"
#include "souk_links.h"
#include "souk_reader.h"
#include "souk_run.h"
#include "souk_socket_gate.h"
#include "souk_wire.h"
#include "souk_witness.h"

#define RUN_ENDPOINTS 3                 /* commands, queries, publish */

/* What the two threads share. */
struct run_shared {
    /* the writer says */
    _Atomic uint64_t commit_witnessed;
    atomic_bool answers_pulls;
    atomic_bool stops;
    /* the reader says */
    atomic_bool waits;                          /* wake it after a commit */
    _Atomic uint32_t foreign;                   /* an epoch counter that the writer ought to know; 0: none */
    _Atomic uint64_t reader_turn_ms;            /* steady: when its loop went round last */
    _Atomic int reader_status;                  /* not 0: it has ended, with this exit status */
    _Atomic uint64_t queries, pulls, pulls_refused, replies_dropped, malformed;
    _Atomic uint64_t forbidden;                 /* commands, queries and pulls without a right */
    int wake_fd;                                /* eventfd; the reader sleeps on it */
    /* both, under the mutex */
    pthread_mutex_t mutex;
    struct souk_node_status status;
    struct souk_limits limits;
    struct souk_pass_keys pass_keys;
    struct souk_access *access;                 /* NULL: there are no keys */
};

/* How far it is with handing over to a process beside. */
enum run_hand {
    RUN_HAND_NOT,
    RUN_HAND_DRAINS,                            /* finishes what is under way */
    RUN_HAND_WAITS,                             /* has said its last word; the other one takes that over */
    RUN_HAND_DONE,                              /* it ends, and the new program goes on in its place */
};

struct run {
    const struct souk_run_config *config;
    struct souk_report *report;
    struct souk_wiring wiring;                  /* the writer's; lists are borrowed */
    char store_path[4096];
    int signal_fd;
    int endpoint_fds[RUN_ENDPOINTS];            /* locks; -1: none */
    void *context;
    struct souk_store *store;
    struct souk_witness *witness;
    struct souk_engine engine;
    struct run_pool *pool;                      /* of a service that prepares commands; else NULL */
    struct run_shared shared;
    struct souk_key *key;                       /* NULL: there are no keys; then no gate, either */
    struct souk_socket_gate *gate;
    struct run_guard *guard;
    struct run_digest *digest;                  /* of a service; else NULL */
    struct run_finder *finder;                  /* of an event store; else NULL */
    struct run_backup *backup;
    uint64_t started_ms;                        /* wall */

    /* the writer's */
    void *commands, *publish;
    struct souk_access *access;                 /* as the shared one */
    struct souk_pass_cache passes;              /* that came to the commands door with what a role is needed for */
    struct souk_links links;
    struct souk_socket_message message;
    uint64_t rounds, commits, aborts, replies_dropped, malformed, published;
    enum souk_core_state state_told;
    uint64_t parked_told;
    uint64_t hole_told_ms;                      /* the latest hole that was told of; 0: none in this process */
    char waiting_told[SOUK_STATUS_TEXT_BYTES_MAX + 1];
    char restart_needed[SOUK_STATUS_TEXT_BYTES_MAX + 1];
    struct souk_clock_watch clock;
    uint64_t watchdog_ms, watchdog_due_ms;      /* of the service manager; 0: none */
    bool status_stale, nearly_full_told, disk_low, refusing_told;
    bool subscribed;                            /* somebody has, and waits for heads */
    uint64_t status_due_ms, room_due_ms, refuse_due_ms, subscribed_due_ms, trim_due_ms;     /* steady */
    struct souk_throttle handler_lines, parked_lines;
    struct souk_store_room room;
    uint64_t memory_bytes;
    uint64_t memory_kept_bytes;                 /* of it when malloc last gave back what lay unused */
    uint64_t mapped_kept_bytes;                 /* of files when the store last let go of its pages */
    bool stopping;
    uint64_t stop_due_ms;                       /* steady */
    int exit_status;
    bool begins_again;                          /* with an empty store, unless it has rescued what it had */
    bool sets_aside, has_rescued;
    enum run_hand hand;
    bool has_handed;                            /* of one beside: it has asked for the last word */
    uint64_t hand_due_ms;                       /* steady */
    struct souk_slice handed;                   /* the last word; in the arena */
    struct souk_arena handed_arena;
    enum souk_store_place place;                /* what lies where its store has to */
    uint64_t place_due_ms, rescue_due_ms;       /* steady */
    bool ended;
};

/* Now, on both clocks. The steady one counts the time that the host was suspended. */
struct souk_time run_time(void);
void run_random(void *arg, void *bytes_out, size_t size_bytes);
/* Milliseconds from now to `due_ms`, for souk_socket_wait(): 0 to `max_ms`. */
long run_timeout_ms(uint64_t due_ms, uint64_t now_ms, long max_ms);
/* The exit status for an error of the library. */
int run_exit_status(int rc);
/* End with `exit_status`, unless it ends already. */
void run_end(struct run *run, int exit_status);

/* ---- souk_run_writer.c ---------------------------------------------- */

/* Bind and connect. 0 or what souk_fail() returns. */
int run_writer_open(struct run *run, struct souk_error *err);
void run_writer_close(struct run *run);
/* Write the witness of what souk_engine_open() has done; then everything else may begin. 0 or -SOUK_EIO. */
int run_witness(struct run *run);
void run_status_update(struct run *run, struct souk_time now);
/* Until run->ended. */
void run_writer(struct run *run);

/* ---- souk_run_finder.c ---------------------------------------------- */

/* Open the finder of an event store and start its thread, which ends when shared.stops. */
int run_finder_open(struct run *run, struct run_finder **finder_out, struct souk_error *err);
/* Waits for its thread. */
void run_finder_close(struct run_finder **finder_p);
/* By the reader: true when it was a query for the finder, which has it now. */
bool run_finder_hear(struct run_finder *finder, const struct souk_socket_message *message);
/* By the reader: its next answer, the caller's, or NULL. shared.wake_fd is written when there are any. */
struct souk_out *run_finder_take(struct run_finder *finder);
/* By the writer: it has committed. */
void run_finder_signal(struct run_finder *finder);
/* By the writer, for all of the process: pages that were only looked at. */
void run_finder_let_go(struct run_finder *finder);
void run_finder_count(struct run_finder *finder, struct souk_node_status *status);

/* ---- souk_run_digest.c ---------------------------------------------- */

/* Start the thread that makes digests of a service's tables, one after the other. 0 or what souk_fail() returns. */
int run_digest_open(struct run *run, struct run_digest **digest_out, struct souk_error *err);
/* Waits for its thread, which leaves what it is at. */
void run_digest_close(struct run_digest **digest_p);
/* Payload: an array of one text, the stream; an empty one asks for the index tables. False: it is not that. */
bool run_digest_read(struct souk_slice payload, struct souk_name *stream_out);
/* By the reader: `request` came with `message`. False: too many wait. */
bool run_digest_hear(struct run_digest *digest, const struct souk_socket_message *message,
    const struct souk_wire_request *request);
/* By the reader: its next answer, the caller's, or NULL. shared.wake_fd is written when there are any. */
struct souk_out *run_digest_take(struct run_digest *digest);

/*
 * By any thread but the writer's: begin a read transaction that sees nothing newer than the witness names, as every
 * answer has to, or a power cut could take back what it says. Waits for the writer. 0; -SOUK_EBUSY: it stops; or of
 * the store. Abort *txn_out in any case.
 */
int run_begin_witnessed(struct run *run, struct souk_txn **txn_out);

/* ---- souk_run_prepare.c --------------------------------------------- */

/* Start threads that run `prepare` for the open core. 0 or what souk_fail() returns. */
int run_pool_open(struct run *run, struct run_pool **pool_out, struct souk_error *err);
/* Waits for the handlers that are running. Before the store and the core are closed. */
void run_pool_close(struct run_pool **pool_p);
/* By the writer: readable when run_pool_take() has something. */
int run_pool_fd(const struct run_pool *pool);
/* By the writer, after a commit: give the threads what wants to be prepared. */
void run_pool_give(struct run_pool *pool);
/* By the writer: tell the core what was prepared. */
void run_pool_take(struct run_pool *pool);

/* Block signals, and hear those that are meant for the writer. 0 or what souk_fail() returns. */
int run_take_signals(struct run *run, struct souk_error *err);
/* Of a service that seals what it knows of persons; close run->wiring.keyring. */
int run_keyring_open(struct run *run, struct souk_error *err);

/* ---- souk_run_beside.c ---------------------------------------------- */

/* As souk_run(). */
int run_beside(const struct souk_run_config *config);

/* ---- souk_run_hand.c ------------------------------------------------ */

/* All by the writer. Now and then: does a process beside want to take over? */
void run_hand_look(struct run *run, struct souk_time now);
/* Each round while run->hand is RUN_HAND_DRAINS or RUN_HAND_WAITS. */
void run_hand_work(struct run *run, struct souk_time now);
/* True when it has handed over: the message was answered `busy`, or is said again by whoever sent it. */
bool run_hand_hear(struct run *run, const struct souk_socket_message *message);
void run_hand_finish(const struct run *run);

/* ---- souk_run_place.c ----------------------------------------------- */

/* By the writer, now and then: is the store still where it was? */
void run_place_look(struct run *run, struct souk_time now);
/* By the writer while run->place is not SOUK_STORE_THERE: end without losing anything, as soon as that can be. */
void run_place_leave(struct run *run, struct souk_time now);
/* After close, when run->begins_again: put what was rescued in place. 0, or -1 (reported). */
int run_place_return(const struct run *run);
/* After close: move the store aside. 0, or -1 (reported). */
int run_set_aside(const struct run *run);

/* ---- souk_run_backup.c ---------------------------------------------- */

/* All by the writer. */
int run_backup_open(struct run *run, struct run_backup **backup_out, struct souk_error *err);
/* Waits for one that is under way, which gives up as soon as it can. */
void run_backup_close(struct run_backup **backup_p);
/* To be waited for: readable when run_backup_take() has something to do. */
int run_backup_fd(const struct run_backup *backup);
/* True when the message was a command to make one: it is under way or was turned down. */
bool run_backup_hear(struct run_backup *backup, const struct souk_socket_message *message);
/* One has ended: report it and answer whoever asked for it. */
void run_backup_take(struct run_backup *backup);
/* Now and then: tell an event store's recorder what all backups hold. 0 or of the store. */
int run_backup_look(struct run_backup *backup, struct souk_time now);

/* ---- souk_run_guard.c ----------------------------------------------- */

/*
 * Start a thread that cuts connections: the newest when one of the doors has
 * more than connections_max, and those that send most when memory runs out.
 * `queries` is the reader's door. 0 or what souk_fail() returns.
 */
int run_guard_open(struct run *run, void *queries, struct run_guard **guard_out, struct souk_error *err);
/* Waits for its thread. Before the doors are closed, and after the reader's thread has ended. */
void run_guard_close(struct run_guard **guard_p);
/* By the writer: cut all connections to the publishing socket, soon; who may come back does so. */
void run_guard_cut_publish(struct run_guard *guard);
/* By the writer: is that still to be done? Then somebody may listen who has no right to. */
bool run_guard_is_cutting(const struct run_guard *guard);
/*
 * By the writer: one more time somebody has subscribed, or taken that back, over this descriptor. Who does so more often
 * than any follower could is cut, and at once who says it as no follower does, in several frames, each of which libzmq
 * takes for a subscription: to forget a million topics takes it half a second, of the writer's.
 */
void run_guard_subscribed(struct run_guard *guard, int fd, bool is_plain);
/* By the writer. */
void run_guard_count(const struct run_guard *guard, struct souk_node_status *status);

/* ---- souk_run_access.c ---------------------------------------------- */

/* Where there are keys: open the own one, and the gate, which is tried. Before anything is bound. 0 or what souk_fail() returns. */
int run_access_open(struct run *run, struct souk_error *err);
/* After everything that was bound is closed. */
void run_access_close(struct run *run);
/* What the own doors are opened with. */
struct souk_socket_keys run_door_keys(const struct run *run);
/* By the writer: `topology` says from now on who is who and who may do what. 0 or what souk_fail() returns. */
int run_access_change(struct run *run, const struct souk_topology *topology, struct souk_error *err);

/* By what a thread lets messages through at its door. */
struct run_rules {
    const struct souk_access *access;           /* NULL: there are no keys */
    const struct souk_pass_keys *pass_keys;     /* who may sign what says that somebody has a role */
    struct souk_pass_cache *passes;             /* the thread's own */
};
/*
 * May the message that came to `door` be taken? *identity_out: who it is from,
 * empty where there are no keys; good as long as `rules->access`. What a pull may not have is taken
 * out of it: then frame 0 lies in `pack`. Who asked in vain is answered through `socket`.
 */
bool run_access_admits(struct run *run, const struct run_rules *rules, enum souk_door door, void *socket,
    struct souk_socket_message *message, struct souk_pack *pack, struct souk_slice *identity_out);
/* What run_access_may() is asked by: the rights of now. */
struct run_judge {
    struct run *run;
    struct run_rules rules;                     /* of the thread that asks */
    enum souk_door door;
};
/*
 * May `frame`, which came to that door with `key`, still be taken, all of it? For souk_core_recheck() and such; `arg` is
 * a struct run_judge.
 */
bool run_access_may(void *arg, const char *key, struct souk_slice frame);
/*
 * By any thread, of what it holds: *access_p becomes the shared one. True: it is another one now, and what has been heard
 * by the old one is to be judged again.
 */
bool run_access_renew(struct run *run, struct souk_access **access_p);
/* By the writer: may what has this topic be published, to all that are let in there? */
bool run_access_publishes(struct run *run, struct souk_slice topic);

/* ---- souk_run_reader.c ---------------------------------------------- */

struct run_reader;

/* Open the reader and bind its door, in the calling thread; it may then be handed to its own. */
int run_reader_open(struct run *run, struct run_reader **reader_out, struct souk_error *err);
void *run_reader_door(const struct run_reader *reader);
void run_reader_close(struct run_reader **reader_p);
/* The body of its thread; `arg` is the reader. Ends when shared.stops, or with shared.reader_status. */
void *run_reader(void *arg);

#endif
