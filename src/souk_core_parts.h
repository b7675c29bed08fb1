/*
 * souk_core_parts - what the files of the core share: the service's state in
 * memory, which is what its store says plus what is under way.
 *
 * souk_core.c           life, hearing, rounds of work
 * souk_core_decide.c    what handlers decide: emitted, refused, made events
 * souk_core_apply.c     an event is applied
 * souk_core_follow.c    followed events: held for their causes, applied, reacted to, parked
 * souk_core_owed.c      reactions that are owed: to what was taken in again, to what was lost
 * souk_core_refill.c    a followed stream that is void is taken in beside
 * souk_core_parked.c    parked events once more, and what the operator says about them
 * souk_core_prepare.c   commands that are prepared outside of the transaction
 * souk_core_commands.c  commands and their replies
 * souk_core_timers.c    timers that are due
 * souk_core_asked.c     requests to others, and what is decided on the answers
 * souk_core_forget.c    persons whom own events have forgotten
 * souk_core_commit.c    drafts become batches; heads; the witness
 * souk_core_origin.c    the past that is sought at a start, and a new epoch
 * souk_core_trim.c      acknowledgements, and what may be trimmed by them
 */
#ifndef SOUK_CORE_PARTS_H
#define SOUK_CORE_PARTS_H

#include "souk_asked.h"
#include "souk_batch.h"
#include "souk_core.h"
#include "souk_cursor.h"
#include "souk_feed.h"
#include "souk_key.h"
#include "souk_log.h"
#include "souk_owed.h"
#include "souk_parked.h"
#include "souk_plant.h"
#include "souk_prepare.h"
#include "souk_settled.h"
#include "souk_space.h"
#include "souk_timers.h"
#include "souk_trail.h"
#include "souk_vector.h"
#include "souk_wire.h"

#define CORE_ROUND_EVENTS_MAX 4096              /* followed events of one round */
#define KEY_SCRATCH_BYTES_MAX 4096
#define CORE_COMMIT_BYTES_SOFT (512 * 1024)     /* no new input into a commit that has as much */
#define CORE_GATHER_BYTES (1024 * 1024)         /* of answers that come one after the other, for one round */
#define CORE_GATHER_MS 10                       /* and so long at most */
#define CORE_FULL_PAUSE_MS 1000                 /* after map or disk was full */
#define CORE_PARKED_BEHIND "waits behind a parked event of its key"
#define CORE_UNANSWERED_MAX 4096                /* timers that nobody reacted to */

struct core_own {
    struct souk_name name;
    bool is_private;
    struct souk_log log;
    struct souk_position head;                  /* the drafts of this round not counted */
    uint64_t time_ms;                           /* of the batch that it ends */
    uint64_t drafted;                           /* events of this round's drafts */
    /* while its past is sought */
    struct souk_position target;                /* the longest history that an event store holds */
};

struct core_poison {
    struct souk_point point;
    uint32_t tries;
    char text[SOUK_FAULT_TEXT_BYTES_MAX + 1];
};

struct core_follow {
    struct souk_name name;
    struct souk_feed_stream *feed;
    struct souk_cursor cursor;
    struct souk_cause held_for;                 /* what the batch at the front waits for, if it does */
    struct souk_point reach;                    /* an own batch that waits names it: so far it may be applied */
    bool changed;                               /* the row has to be written */
    uint64_t telling_commit;                    /* own, taken back: the latest that tells of a loss here */
    struct souk_point given_up;                 /* of its events: waited for until the bound; 0 when it has moved since */
    uint32_t poison_count;
    struct core_poison *poison;                 /* events of the batch at the front that failed */
};

/* One event store, as this service knows it. */
struct core_store {
    struct souk_name name;
    bool lost;
    bool known;                                 /* its incarnation is, from its answer to the latest seal request */
    uint8_t incarnation[8];
    uint64_t ack_commit;                        /* of its latest acknowledgement */
    uint64_t heard_ms;                          /* of its last acknowledgement */
    struct souk_point recorded[SOUK_OWN_STREAMS_MAX];
    uint64_t backed_up[SOUK_OWN_STREAMS_MAX];
    uint64_t seal_answered;                     /* the latest seal request that it has answered */
    bool granted;
    uint8_t sealed_incarnation[8];
    uint32_t position_count;                    /* what it said that it holds when it granted */
    struct souk_wire_place positions[SOUK_OWN_STREAMS_MAX];
};

struct core_draft {
    uint32_t own;
    struct souk_batch_builder builder;
};

struct core_command {
    struct core_command *next;
    struct souk_slice frame;                    /* owned */
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    char caller[SOUK_WIRE_CALLER_BYTES_MAX];
    size_t caller_bytes;
    char key[SOUK_KEY_TEXT_BYTES];              /* that whoever sent it has shown; "": none */
    bool has_pass;
    struct souk_pass pass;
    uint64_t deadline_ms;                       /* steady */
    bool done;                                  /* in this round */
    bool forbidden;                             /* since it came its key has lost the right to it */
    bool retrying;                              /* an operator's: its event's key has been run again since */
    bool failed;                                /* alone: its answer is `internal` */
    enum { CORE_UNPREPARED, CORE_WANTS_PREPARING, CORE_PREPARING, CORE_PREPARED } preparing;
    uint64_t ticket;                            /* of its preparation */
    struct souk_slice prepared;                 /* owned */
    struct souk_wire_request request;           /* its slices lie in `frame`; last, since all of it is read from there */
};

/* An acknowledgement that came in, to be held against the log. */
struct core_ack {
    struct core_ack *next;
    struct souk_wire_ack ack;
};

struct core_outcome {
    struct core_outcome *next;
    struct souk_because because;
    bool accepted;
    char code[SOUK_BATCH_NAME_BYTES_MAX + 1];
    bool done;
    uint64_t held_since_ms;                     /* 0: not held so far */
    uint32_t cause_count;
    struct souk_cause causes[];                 /* what the answer has led to, in followed streams */
};

/* A reply that waits for event stores. */
struct core_waiter {
    struct core_waiter *next;
    bool committed;                             /* else it goes with an aborted round */
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    struct souk_id id;
    uint64_t deadline_ms;
    uint32_t cursor_count;
    struct souk_cause cursors[SOUK_OWN_STREAMS_MAX];
    uint32_t body_count;
    struct souk_pack body;
};

/* A key whose parked events are to be run again, and who wants it. */
struct core_retry {
    uint8_t key[SOUK_KEY_BYTES_MAX];
    size_t key_bytes;
    struct souk_id command_id;
    char who[SOUK_SETTLED_WHO_BYTES_MAX + 1];   /* empty: the runtime itself */
};

struct core_asked {
    struct souk_because because;
    struct souk_id id;
    struct souk_name service;
    uint64_t next_ms;
    bool sent;                                  /* in this round */
    bool answered;
};

enum core_input { CORE_INPUT_NONE, CORE_INPUT_COMMAND, CORE_INPUT_EVENT, CORE_INPUT_LOSS, CORE_INPUT_TIMER,
    CORE_INPUT_OUTCOME, CORE_INPUT_RETRY, CORE_INPUT_OWN };

struct souk_core {
    const struct souk_service *service;
    const struct souk_wiring *wiring;
    enum souk_core_state state;
    bool can_react;                             /* has a handler that reacts to events */
    bool prepares_outside;
    uint64_t tickets;                           /* of preparations, given so far */

    /* what the store says */
    struct souk_space space;
    uint32_t own_count;
    struct core_own own[SOUK_OWN_STREAMS_MAX];
    uint32_t follow_count;
    struct core_follow *follows;
    struct souk_vector vector;
    struct souk_epoch epoch;
    uint64_t commit;
    uint64_t wall_ms;                           /* the time of events never goes back */
    uint64_t parked_count;
    uint64_t timer_due_ms;                      /* wall */
    bool timer_due_known;                       /* no timer was set, cleared or given up on since it was looked up */

    /* getting and giving */
    struct souk_feeds feeds;
    struct souk_feed *own_feed;
    struct souk_outbox outbox;
    uint32_t store_count;
    struct core_store stores[SOUK_STORES_MAX];
    struct core_command *commands, **commands_end;
    uint32_t command_count, unreached_count;    /* of these: wait for what they have seen, counted in each round */
    struct core_ack *acks, **acks_end;
    struct core_outcome *outcomes, **outcomes_end;
    struct core_waiter *waiters;
    uint32_t waiter_count;
    struct core_asked *asked;
    uint32_t asked_count, asked_room;
    struct souk_timer_row *unanswered;          /* keys not kept: only due and setter are compared */
    uint32_t unanswered_count;
    struct core_retry *retries;
    uint32_t retry_count, retries_done;
    uint64_t retry_failed;                      /* sequence of a parked event that failed again; 0: none */
    bool retry_noted;                           /* in this round */
    char retry_text[SOUK_FAULT_TEXT_BYTES_MAX + 1]; /* why, to be put into its row */

    /* this round */
    struct souk_arena arena;
    struct souk_pack scratch, key_scratch;      /* of one event; of a batch */
    struct souk_pack body_scratch, reply_scratch;   /* of one reply */
    struct souk_trail_run trail;                /* of the own events that are being applied */
    struct souk_txn *txn;
    struct souk_time now;
    struct core_draft *drafts[SOUK_COMMIT_BATCHES_MAX];
    uint32_t draft_count, drafts_made;
    uint64_t draft_events, draft_bytes;
    uint32_t round_events;
    bool changed;
    bool commit_full;                           /* an input had no room in it any more */
    bool again;                                 /* there is work for another round at once */
    bool heads_due;                             /* at once */
    uint32_t inputs;                            /* that handlers ran for in this round */
    uint32_t single_left;                       /* rounds in which one input runs alone */
    enum core_input failed_kind;
    struct core_follow *failed_follow;
    struct souk_point failed_point;
    struct core_command *failed_command;
    struct core_outcome *failed_outcome;
    struct souk_timer_row failed_timer;
    uint64_t failed_parked;                     /* sequence */
    struct souk_cause held_for;                 /* the first cause that core_held() has missed */
    uint32_t failed_retry;                      /* of which of the retries */
    char fault_text[SOUK_FAULT_TEXT_BYTES_MAX + 1]; /* why the latest handler failed; empty: it did not say */

    uint32_t forgotten_count, forgotten_room;   /* persons whose keys go with this commit */
    struct souk_id *forgotten;
    int forget_rc;                              /* a key could not be destroyed */

    /* starting and recovering */
    uint32_t seal_counter;                      /* asked for */
    uint64_t seal_request;                      /* number of the latest seal requests */
    uint64_t seal_round;                        /* number of the first ones for this seal */
    uint32_t seen_counter;                      /* the highest epoch counter heard of */
    uint64_t foreign_due_ms, foreign_apart_ms;  /* steady; until what others say of this history counts again */
    uint8_t instance[8];
    uint64_t seal_due_ms, seal_sent_ms;
    uint32_t seal_tries;
    bool seals_heard;
    enum souk_record_reason reason;
    bool rechoose;                              /* grants have come in: look whether all are there */
    bool taking_over;
    enum souk_core_state state_before;          /* this round: an aborted one goes back there */
    bool taking_over_before;
    bool draining;

    /* doing things in time, steady */
    uint64_t moved_ms;                          /* when a followed batch was applied last */
    uint64_t head_due_ms, full_until_ms, trim_due_ms, hold_due_ms;
    uint64_t gather_due_ms;                     /* what was pulled waits so long for more of it; UINT64_MAX: it does not */
    bool dirty;                                 /* something has come since the last round */
    struct souk_pass_cache passes;
    struct souk_pack witness;
    bool witness_changed;
    struct souk_pack handover;
    struct souk_core_status status;
};

/* A decision being made. */
struct core_emitted {
    struct core_emitted *next;
    const struct souk_message_type *type;
    uint32_t own;
    struct souk_slice key, payload;
};

struct souk_decision {
    struct souk_core *core;
    uint64_t now_ms;
    struct souk_because because;
    struct souk_id correlation;
    uint32_t depth;
    struct souk_slice caller, prepared;
    const struct souk_pass *pass;               /* NULL: none */
    bool refused;
    const char *refusal;
    struct core_emitted *first, **end;
    uint32_t count;
    size_t bytes;
};

/* ---- souk_core_decide.c --------------------------------------------- */

void core_decision_init(struct souk_core *core, struct souk_decision *decision, const struct souk_because *because,
    const struct souk_id *correlation, uint32_t depth);
/* What a handler has returned, as souk.h has it: 0, also when it has refused, or a fault. */
int core_said(const struct souk_decision *decision, int rc);
/*
 * Draft and apply what was emitted; core->trail.command says where the events of a command are. -SOUK_EBUSY: this
 * commit has no room for it, run the input again in the next.
 */
int core_settle(struct souk_core *core, struct souk_decision *decision);

/* ---- souk_core_apply.c ---------------------------------------------- */

/* Apply an event to its tables, or to those that are filled beside. */
int core_apply(struct souk_core *core, const struct souk_name *stream, bool own, bool beside, struct souk_epoch epoch,
    const struct souk_event *event);
/* The message that it carries, of the arena. */
int core_decode(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event,
    void **message_out);
/* Apply an own event: what the runtime keeps of it (in core->trail, which has to be begun and ended), then the handler. */
int core_apply_own(struct souk_core *core, uint32_t own, struct souk_epoch epoch, const struct souk_event *event);
const struct souk_handler *core_handler(const struct souk_core *core, enum souk_handler_kind kind,
    struct souk_slice name);
struct souk_view core_view(struct souk_core *core);
/* A handler has failed: unless it has said why itself, `what` and `rc` are why. Gives `rc`. */
int core_fault(struct souk_core *core, const char *what, int rc);

/* ---- souk_core_follow.c --------------------------------------------- */

/* Followed batches that may be applied. */
int core_work_followed(struct souk_core *core);
/* Run a parked event, or the loss of one, once more. */
int core_run_parked(struct souk_core *core, const struct souk_parked *parked);
/* Decide on a followed event. */
int core_react(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event);
/* It has failed `tries` times: it waits, and later ones of its key behind it. */
int core_park(struct souk_core *core, const struct souk_name *stream, struct souk_epoch epoch,
    const struct souk_event *event, bool reacts, const char *text, uint32_t tries);
/* Does the topology discard it? */
bool core_skipped(const struct souk_core *core, const struct souk_name *stream, struct souk_point point);
/* What it failed with when it ran alone. NULL: it did not. */
struct core_poison *core_poison_of(struct core_follow *follow, struct souk_point point);
/* Keep what a record says of its stream's lineage. */
int core_learn_causes(struct souk_core *core, const struct souk_batch_header *header);
int core_take_record(struct souk_core *core, struct core_follow *follow, const struct souk_batch_header *header,
    uint32_t generation);
/* Is it the record behind which what was filled beside takes the place of what was there? */
bool core_is_swap(const struct core_follow *follow, const struct souk_batch_header *header);
/* Whether `header` has to wait, for a cause that is then named and pulled. `own`: of a stream of its own. */
bool core_held(struct souk_core *core, const struct souk_batch_header *header, uint64_t *held_since_ms, bool own);
struct core_follow *core_follow(struct souk_core *core, const char *stream);
/* Is the round's commit as large as it may get, or was the one input of a single round run? */
bool core_round_over(const struct souk_core *core);
/* An input is about to run its handlers. */
void core_begin_input(struct souk_core *core, enum core_input kind);

/* ---- souk_core_owed.c ----------------------------------------------- */

/* A batch is applied whose events are reacted to later. */
int core_owe_reaction(struct souk_core *core, struct core_follow *follow, const struct souk_feed_batch *batch);
/* React to what is owed of this stream, as far as this round has room. */
int core_pay_owed(struct souk_core *core, struct core_follow *follow);
/* Offer each own event that stands on what this stream has voided, once. */
int core_pay_losses(struct souk_core *core, struct core_follow *follow);
int core_run_loss(struct souk_core *core, const struct souk_parked *loss);

/* ---- souk_core_refill.c --------------------------------------------- */

/* The cursor is void: take the stream from its beginning, beside what is there. */
int core_begin_refill(struct souk_core *core, struct core_follow *follow);
int core_take_beside(struct souk_core *core, struct core_follow *follow, struct souk_feed_batch *batch);
/* What was filled beside takes the place of what was there, behind `end`. */
int core_swap(struct souk_core *core, struct core_follow *follow, const struct souk_position *end);
/* The record that ends it does not come by itself when nothing is behind it. */
void core_ask_for_swap(struct souk_core *core, const struct core_follow *follow);

/* ---- souk_core_forget.c --------------------------------------------- */

/* Own event `event` of `type` is being applied: whom it forgets has no key from this commit on. */
int core_note_forgotten(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event);
/* After a commit: destroy those keys. What fails ends the next round. */
void core_forget(struct souk_core *core);
/* At the start: destroy the keys that a crash has spared, or an old copy of the keyring has brought back. */
int core_forget_again(struct souk_core *core);

/* ---- souk_core_commands.c ------------------------------------------- */

void core_hear_command(struct souk_core *core, struct souk_slice route, struct souk_slice identity, const char *key,
    struct souk_slice frame, struct souk_time now);
int core_work_commands(struct souk_core *core);
/* Replies that waited for event stores, or have waited long enough. */
int core_work_waiters(struct souk_core *core);
void core_commands_settle(struct souk_core *core, bool committed);
void core_commands_done(struct souk_core *core);
uint64_t core_commands_due_ms(const struct souk_core *core);

/* An answer without a body. */
int core_answer(struct souk_core *core, const struct core_command *command, enum souk_status status, const char *code,
    const char *text);

/* ---- souk_core_timers.c --------------------------------------------- */

int core_work_timers(struct souk_core *core);
/* When the next timer is due: at the end of a round, commands and outcomes set some too. */
int core_next_timer(struct souk_core *core);

/* ---- souk_core_asked.c ---------------------------------------------- */

void core_hear_reply(struct souk_core *core, const struct souk_name *from, struct souk_slice frame);
/* React to the answers that have come. */
int core_work_outcomes(struct souk_core *core);
/* Send requests that are due. */
int core_work_asked(struct souk_core *core);
int core_asked_load(struct souk_core *core);
int core_asked_add(struct souk_core *core, const struct souk_because *because);
void core_asked_remove(struct souk_core *core, const struct souk_because *because);
/* The reaction to its answer failed: ask once more, in time. */
void core_asked_again(struct souk_core *core, const struct souk_because *because);
/* Was it the same event that asked, or set the timer? */
bool core_same_asker(const struct souk_because *a, const struct souk_because *b);

/* ---- souk_core_parked.c --------------------------------------------- */

/* Run what is to be run again. */
int core_work_retries(struct souk_core *core);
/* The round is over. */
void core_retries_committed(struct souk_core *core);
/* The parked event that was run in this round, alone, has failed: it stays. */
void core_retry_failed(struct souk_core *core);
/* Is it one of the operator's commands about parked events? */
bool core_is_parking(struct souk_slice name);
int core_run_parking(struct souk_core *core, struct core_command *command);

/* ---- souk_core_prepare.c -------------------------------------------- */

/* Must `command` wait for its preparation, or for that of the same command that came before? */
bool core_waits_for_preparing(struct souk_core *core, struct core_command *command);
/* The round was aborted: what it wanted prepared may stand on what is not there. */
void core_preparing_aborted(struct souk_core *core);

/* ---- souk_core_commit.c --------------------------------------------- */

/* Number that the next event of own stream `own` gets. */
uint64_t core_next_number(const struct souk_core *core, uint32_t own);
int core_draft(struct souk_core *core, uint32_t own, const struct souk_event *event);
/* Make batches of the drafts, append, publish; write cursors and vector. */
int core_finish(struct souk_core *core);
void core_drafts_reset(struct souk_core *core);
/* A batch goes out with this commit, unless its stream is private. */
int core_publish(struct souk_core *core, const struct core_own *own, struct souk_slice batch);
int core_work_heads(struct souk_core *core);
int core_make_witness(struct souk_core *core, struct souk_pack *pack);
/* Does `witness` prove that the store is the newest? */
int core_witness_fits(struct souk_core *core, struct souk_slice witness, bool *fits_out);

/* ---- souk_core_origin.c --------------------------------------------- */

struct core_own *core_own(struct souk_core *core, const char *stream);
/* NULL: it is not one of the topology's. */
struct core_store *core_store(struct souk_core *core, const struct souk_name *name);
void core_begin_sealing(struct souk_core *core, enum souk_record_reason reason);
void core_hear_sealed(struct souk_core *core, const struct souk_wire_sealed *sealed);
void core_hear_fenced(struct souk_core *core, const struct souk_wire_fenced *fenced);
/* Sealing, fetching, opening; own batches of a process beside. */
int core_work_origin(struct souk_core *core);

/* ---- souk_core_trim.c ----------------------------------------------- */

void core_hear_ack(struct souk_core *core, const struct souk_wire_ack *ack);
int core_work_acks(struct souk_core *core);
int core_work_trim(struct souk_core *core);
/* By how many event stores is the point of that own stream recorded? */
uint32_t core_recorded_by(const struct souk_core *core, uint32_t own, struct souk_point point);

#endif
