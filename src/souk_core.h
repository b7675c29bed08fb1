/*
 * souk_core - the writer of one service: everything but sockets, disk and clock.
 *
 * Frames and time go in, frames come out, and a write transaction is handed in
 * for each round of work. The shell does this, for ever:
 *
 *     souk_core_hear_...(core, ...)                whatever has come
 *     while ((out = souk_outbox_take(souk_core_outbox(core)))) send it: pulls wait for no commit
 *     souk_txn_begin(write)
 *     rc = souk_core_work(core, txn, now, &changed)
 *     rc == 0 and changed: rc = souk_txn_commit    else souk_txn_abort
 *     if rc != 0: souk_core_aborted(core, rc, a fresh transaction), and again
 *     if souk_core_witness(core) is not empty: souk_witness_write()
 *     souk_core_committed(core)
 *     while ((out = souk_outbox_take(souk_core_outbox(core)))) send it
 *     sleep until souk_core_due_ms(core), or a frame
 *
 * The same goes for souk_core_open(): commit its transaction before the first
 * round. A core that dies anywhere in there and is opened again on the same
 * store and witness loses nothing that it acknowledged. Rules: doc/protocol.md
 * 12 and 13.
 */
#ifndef SOUK_CORE_H
#define SOUK_CORE_H

#include <souk.h>
#include "souk_outbox.h"
#include "souk_status.h"
#include "souk_store.h"
#include "souk_wiring.h"

struct souk_core;

enum souk_core_state {
    SOUK_CORE_SEALING,      /* asks the event stores for a seal; read only */
    SOUK_CORE_FETCHING,     /* takes back what it lacks of its own streams; read only */
    SOUK_CORE_LIVE,
    SOUK_CORE_BESIDE,       /* fills a store beside the one of a running process; says nothing */
    SOUK_CORE_DRAINED,      /* has handed over; says nothing more */
    SOUK_CORE_FENCED,       /* another instance was given its streams: stop, and do not start again by itself */
    SOUK_CORE_SET_ASIDE,    /* its store holds what the event stores do not: move it aside, open an empty one */
    SOUK_CORE_BROKEN,       /* an own event cannot be applied: stop */
};

enum souk_core_start {
    SOUK_CORE_START,        /* the one instance of its service */
    SOUK_CORE_START_BESIDE, /* souk_core_take_over() will make it the one */
};

/*
 * Open the service's state machine on `txn`, a write transaction that the
 * caller commits afterwards (then everything else may begin). `witness` is what
 * souk_witness_read() gave, empty when it gave nothing. `service` and `wiring` are borrowed for life.
 * 0, -SOUK_EUNSUPPORTED (tables of another version of the service: rebuild),
 * -SOUK_EDAMAGED (its own log does not fit its records), -SOUK_EINVAL (wiring), or of the store.
 */
SOUK_MUST_CHECK int souk_core_open(const struct souk_service *service, const struct souk_wiring *wiring,
    enum souk_core_start start, struct souk_txn *txn, struct souk_slice witness, struct souk_time now,
    struct souk_core **core_out, struct souk_error *err);
void souk_core_close(struct souk_core **core_p);

/* ---- what comes in -------------------------------------------------- */

/*
 * From the own `commands` door. `key` is what the peer has shown, a text of less
 * than SOUK_KEY_TEXT_BYTES, and `identity` his name by it; both are empty when
 * there are no keys. Bytes are copied.
 */
void souk_core_hear_request(struct souk_core *core, struct souk_slice route, struct souk_slice identity,
    const char *key, const struct souk_slice *frames, size_t frame_count, struct souk_time now);
/*
 * Who may ask for what has changed: `may` is asked of each command that waits,
 * by the key that it came with and its frame. One that is let in no more is
 * answered `forbidden` with the next work, and not decided. What has been
 * decided is answered.
 */
void souk_core_recheck(struct souk_core *core,
    bool (*may)(void *may_arg, const char *key, struct souk_slice frame), void *may_arg);
/* From a link to another node's door: answers to pulls, seals and requests. */
void souk_core_hear_answer(struct souk_core *core, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now);
/* From a subscription to `from`. */
void souk_core_hear_published(struct souk_core *core, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now);
/* Somebody has subscribed: heads go out with the next work. */
void souk_core_hear_subscriber(struct souk_core *core);
/*
 * The reader met a position or cause of an own stream with this epoch counter that it does not know (protocol 13.3).
 * Such words, and those that causes say, count so long apart, each time twice as long; the first one at once.
 */
#define SOUK_CORE_FOREIGN_APART_MS 1000
#define SOUK_CORE_FOREIGN_APART_MS_MAX 60000
void souk_core_hear_foreign(struct souk_core *core, uint32_t epoch_counter, struct souk_time now);

/* ---- rounds of work ------------------------------------------------- */

/* Is there something to do now? */
bool souk_core_wants_work(const struct souk_core *core, struct souk_time now);
/* When it wants work next if nothing comes, on the steady clock. */
uint64_t souk_core_due_ms(const struct souk_core *core);
/*
 * Do one bounded round. *changed_out: the transaction has to be committed.
 * 0, -SOUK_EFULL, -SOUK_ENOMEM, -SOUK_EIO, -SOUK_EHANDLER (run again: the core now goes input by input).
 * On any of them abort and call souk_core_aborted().
 */
SOUK_MUST_CHECK int souk_core_work(struct souk_core *core, struct souk_txn *txn, struct souk_time now,
    bool *changed_out);
/* What the witness must say before anything of this commit is sent; empty: leave it as it is. Borrowed until the next call. */
struct souk_slice souk_core_witness(const struct souk_core *core);
void souk_core_committed(struct souk_core *core, struct souk_time now);
/* `txn` is a fresh one in which the core reads its state again; the caller aborts it afterwards. */
SOUK_MUST_CHECK int souk_core_aborted(struct souk_core *core, int rc, struct souk_txn *txn, struct souk_time now);
/* Between rounds: there is no room on the disk. For a second, rounds write nothing and refuse commands as full. */
void souk_core_full(struct souk_core *core, struct souk_time now);
struct souk_outbox *souk_core_outbox(struct souk_core *core);

/* ---- preparing ------------------------------------------------------ */

/*
 * From now on `prepare` handlers are run by the shell, outside of the
 * transaction (souk_prepare.h), and a command that has one waits for that.
 * Without this they are run in the round, as in tests and simulations.
 */
void souk_core_prepare_outside(struct souk_core *core);

/* A command that wants to be prepared. Its slices are borrowed until the next call of anything here. */
struct souk_preparation {
    uint64_t ticket;
    struct souk_slice name;
    uint16_t version;
    struct souk_slice payload;
};
/*
 * Between rounds: the next one, the oldest first; false when there is none. A
 * command that came again is prepared once. What it was caused by is committed.
 */
bool souk_core_next_preparation(struct souk_core *core, struct souk_preparation *out);
/*
 * What became of it: `rc` and `bytes` are souk_prepare_run()'s; copied. Not 0:
 * the command is answered `internal`. One that is gone by then is forgotten.
 */
void souk_core_hear_prepared(struct souk_core *core, uint64_t ticket, int rc, struct souk_slice bytes);

/* ---- rebuild beside, take over -------------------------------------- */

/* Positions of all own streams and the commit number: what a draining process hands over. Packed; the witness's form. */
/* Take no more commands; true once nothing is under way. Then souk_core_hand_over(). */
bool souk_core_drain(struct souk_core *core);
/* Has some event store acknowledged every own stream up to its head? So when it writes none. */
bool souk_core_is_recorded(const struct souk_core *core);
/* Replies that wait for event stores go out with the next work, with the durability that they have. */
void souk_core_hurry(struct souk_core *core);
/*
 * The last word of the old process, which is SOUK_CORE_DRAINED from then on.
 * Write souk_core_witness() before handing it on: if this store were started
 * again it would give the same numbers once more. Borrowed until close.
 */
struct souk_slice souk_core_hand_over(struct souk_core *core);
/* It has handed over, or drains for that, and nobody has taken over: it goes on. */
void souk_core_take_back(struct souk_core *core);
/* How far the one beside is: events of own and followed streams that it has not got, as far as it knows; 0: close. */
uint64_t souk_core_behind(const struct souk_core *core);
/* The old process has handed over: go on until this, then be the one. Its state becomes SOUK_CORE_LIVE. */
SOUK_MUST_CHECK int souk_core_take_over(struct souk_core *core, struct souk_slice handed_over);

/* ---- parked events -------------------------------------------------- */

/*
 * Run the parked events of `key` again, in order, in the next work of a live
 * service. The commands souk.parked.retry and souk.parked.discard do so, too.
 */
SOUK_MUST_CHECK int souk_core_retry_parked(struct souk_core *core, struct souk_slice key);

/* After -SOUK_EHANDLER: why the handler failed, as it has said itself or as its fault is called. Never NULL. */
const char *souk_core_fault(const struct souk_core *core);

/* ---- how it stands -------------------------------------------------- */

struct souk_core_status {
    enum souk_core_state state;
    struct souk_epoch epoch;
    uint64_t commit;
    uint64_t commands_waiting;
    uint64_t commands;                          /* answered since open */
    uint64_t requests_waiting;                  /* its own, to other services, without an outcome */
    uint64_t events_decided, events_applied;    /* since open */
    uint64_t batches_duplicate, batches_foreign, gaps, pulls, pulls_busy, holds, holds_over_bound;
    uint64_t voids;                             /* streams refilled because their cursor was void */
    uint64_t rewound;                           /* own events offered to a rewound reaction */
    uint64_t parked;                            /* rows in the table */
    uint64_t trimmed;                           /* batches */
    uint64_t malformed;
    uint64_t epochs_opened;
    char waiting_for[256];                      /* a sentence for the operator, empty when nothing is amiss */
};
void souk_core_status(const struct souk_core *core, struct souk_core_status *status_out);
enum souk_core_state souk_core_state(const struct souk_core *core);

/* The cursor that readers see of an own or followed stream. -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_core_cursor(const struct souk_core *core, const char *stream, struct souk_position *out);
/* How the `index`-th stream stands, own ones first. False: there are no more. */
bool souk_core_stream(const struct souk_core *core, uint32_t index, struct souk_stream_status *out);

/*
 * BLAKE2b-256 over all tables fed by `stream`, in the order of their names and
 * keys; with NULL over the index tables. Equal at equal cursors, in every copy. Any transaction of the store.
 */
SOUK_MUST_CHECK int souk_tables_digest(struct souk_txn *txn, const struct souk_service *service, const char *stream,
    struct souk_hash *digest_out);
/* The same; -SOUK_EBUSY as soon as `goes_on`, asked every few thousand rows, says no. */
SOUK_MUST_CHECK int souk_tables_digest_while(struct souk_txn *txn, const struct souk_service *service,
    const char *stream, bool (*goes_on)(void *goes_on_arg), void *goes_on_arg, struct souk_hash *digest_out);

#endif
