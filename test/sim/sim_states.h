/*
 * sim_states - the rare states that schedules are there to reach, counted so
 * that one sees that they were.
 *
 * Most are read off the messages that nodes send (sim_states_message()), some
 * off the batches that they write, the rest is marked where the simulator
 * does it.
 */
#ifndef SIM_STATES_H
#define SIM_STATES_H

#include <souk.h>
#include "souk_outbox.h"

struct sim_world;
struct sim_process;

#define SIM_STATES(STATE) \
    /* pulls */ \
    STATE(ORIGIN_TRIMMED, "trimmed, said by an origin") \
    STATE(STORE_TRIMMED, "trimmed, said by an event store") \
    STATE(ORIGIN_VOID, "void, said by an origin") \
    STATE(STORE_VOID, "void, said by an event store") \
    STATE(STORE_TOLD_VOID, "an event store is told void by the origin") \
    STATE(ORIGIN_UNKNOWN, "unknown, said by an origin") \
    STATE(STORE_UNKNOWN, "unknown, said by an event store") \
    STATE(PULL_MORE, "an answer says that there is more") \
    STATE(PULL_FROM_STORE, "a follower fed by an event store") \
    STATE(PULL_STORE_STORE, "an event store fed by the other one") \
    STATE(PULL_OWN, "a service takes its own events back from an event store") \
    STATE(PULL_OLD_PROCESS, "a rebuild fed by the process that it replaces") \
    STATE(PULL_WAITS, "a pull names what its asker waits for") \
    STATE(PULL_BUSY, "a pull that is answered busy") \
    STATE(PULL_PRIVATE, "a commit with a private batch recorded by pull") \
    /* following */ \
    STATE(TAIL_REPAIRED, "the last batch lost on PUB, and repaired") \
    STATE(GAP, "a gap") \
    STATE(DUPLICATE, "a batch that was there already") \
    STATE(FOREIGN_BATCH, "a batch of another history") \
    STATE(HOLD, "a batch held for its cause") \
    STATE(HOLD_OVER_BOUND, "a hold over its bound") \
    STATE(VOIDED, "a stream filled anew after void") \
    STATE(VOIDED_AND_CRASHED, "a crash while a stream is filled anew") \
    STATE(VOID_CAUSE, "a batch whose cause a new epoch has voided") \
    STATE(REWOUND, "own events offered to a rewound reaction") \
    STATE(COMPENSATED, "a compensation decided") \
    /* epochs */ \
    STATE(EPOCH_FIRST, "an epoch: first start") \
    STATE(EPOCH_RESTART, "an epoch: restart") \
    STATE(EPOCH_RECOVERED, "an epoch: recovered") \
    STATE(EPOCH_FORK, "an epoch: fork") \
    STATE(EPOCH_LOST_TAIL, "an epoch that leaves events behind") \
    STATE(EPOCH_THIRD, "a third epoch or higher") \
    STATE(WENT_ON_BY_WITNESS, "went on at once, by the witness") \
    STATE(WENT_ON_ONE_AFTER, "went on at once, one commit after the witness") \
    STATE(WITNESS_OF_ANOTHER, "an old copy that meets the witness of what it was") \
    STATE(SEAL_GRANTED, "a seal granted") \
    STATE(SEAL_GRANTED_AGAIN, "a seal granted again to the same instance") \
    STATE(SEAL_REFUSED, "a seal refused") \
    STATE(SEAL_RETRIED, "a seal asked for above the refusal") \
    STATE(SEALING_LONG, "a service that waits for a seal for more than 5 s") \
    STATE(CRASH_SEALING, "a crash while sealing") \
    STATE(CRASH_FETCHING, "a crash while fetching") \
    STATE(FORK_WHILE_RUNNING, "a live service opens another epoch") \
    STATE(SET_ASIDE, "a store set aside: the event store knows better") \
    STATE(FENCED, "an old instance is fenced") \
    STATE(TWO_INSTANCES, "two instances of a service alive") \
    STATE(TWO_LIVE, "two instances of a service take commands") \
    /* event stores */ \
    STATE(INCARNATION, "an event store draws another incarnation") \
    STATE(STORE_SET_ASIDE, "an event store sets batches aside") \
    STATE(STORE_RESTORED, "an event store restored from a backup") \
    STATE(HOLE_RESTORED, "an event store restored for what its origin has trimmed") \
    STATE(STORE_UNORDERED, "recorded batches that wait for a log position") \
    STATE(STORE_AWAY, "an event store away for long") \
    STATE(STORE_AWAY_DAYS, "an event store away for two virtual days or more") \
    STATE(DECLARED_LOST, "an event store declared lost, and it comes back") \
    STATE(AMBUSHED, "an event store that fails as soon as it has granted a seal") \
    STATE(BOTH_RESTORED, "a service and an event store lose their disks within a second") \
    STATE(TRIMMED, "an origin trims its log") \
    STATE(ACK_BACKED_UP, "an acknowledgement that names a backup") \
    STATE(ACK_BACKED_UP_DOWN, "a backup mark that goes down") \
    /* requests */ \
    STATE(REPLY_LOCAL, "ok, local") \
    STATE(REPLY_RECORDED, "ok, recorded") \
    STATE(REPLY_RECORDED_AT_DEADLINE, "asked for recorded, got local at the deadline") \
    STATE(REPLY_REFUSED, "refused") \
    STATE(REPLY_PENDING, "pending") \
    STATE(REPLY_BUSY, "busy") \
    STATE(REPLY_KEY_REUSED, "key_reused") \
    STATE(REPLY_LOST, "a lost token answered") \
    STATE(REPLY_INVALID, "invalid") \
    STATE(REPLY_UNKNOWN, "unknown") \
    STATE(REPLY_INTERNAL, "internal") \
    STATE(REPLY_FULL, "full") \
    STATE(REPLY_EXPIRED, "expired") \
    STATE(REPLY_AGAIN, "a repeated id gets its answer again") \
    STATE(READ_OWN_WRITE, "a client reads its own write elsewhere") \
    STATE(OUTCOME_ACCEPTED, "an outgoing request accepted") \
    STATE(OUTCOME_REFUSED, "an outgoing request refused") \
    STATE(REQUEST_AGAIN, "an outgoing request sent again") \
    STATE(TIMER, "a timer that fired") \
    STATE(REFUND, "an answer that came too late, and was made good") \
    STATE(PRIVATE_ALTERNATES, "a commit that writes two streams by turns") \
    STATE(BATCH_CUT, "a commit with two batches of one stream in a row") \
    /* trouble */ \
    STATE(PARKED, "an event parked") \
    STATE(UNPARKED, "a parked event retried") \
    STATE(FULL, "no room: a transaction aborted") \
    STATE(FULL_AT_COMMIT, "no room at the commit") \
    STATE(FULL_AT_START, "no room to start") \
    STATE(HANDLER_FAILED, "a handler failed") \
    STATE(READER_BEFORE_WITNESS, "a reader sees a commit before the witness") \
    STATE(CRASH_OPENING, "a crash while opening") \
    STATE(CRASH_WORKING, "a crash in the middle of work") \
    STATE(CRASH_COMMITTED, "a crash between commit and witness") \
    STATE(CRASH_WITNESSED, "a crash between witness and sending") \
    STATE(CRASH_SENDING, "a crash between two messages") \
    STATE(HOST_RESTARTED, "a host restart") \
    STATE(CLOCK_BACK, "a clock set back") \
    STATE(CLOCK_AHEAD, "a clock set ahead") \
    STATE(PAUSED, "a process stopped in its tracks") \
    STATE(WIPED, "a service wiped") \
    STATE(RESTORED, "a service restored from an old copy") \
    STATE(LATE, "a service added late") \
    STATE(JOINED, "a service that follows one stream more") \
    STATE(TAKEN_OVER, "a take-over") \
    STATE(TAKEN_OVER_NEW_TABLES, "a take-over by a program with other tables") \
    STATE(TAKE_OVER_DIED, "a rebuild that died half-way") \
    STATE(TAKE_OVER_OLD_WENT_ON, "an old process that goes on after a rebuild died") \
    STATE(MALFORMED, "a malformed message dropped")

enum sim_state {
#define SIM_STATE_MEMBER(name, text) SIM_STATE_##name,
    SIM_STATES(SIM_STATE_MEMBER)
#undef SIM_STATE_MEMBER
    SIM_STATE_COUNT
};

const char *sim_state_text(enum sim_state state);
void sim_mark(struct sim_world *world, enum sim_state state);

/* What a message that leaves `process` shows. */
void sim_states_message(struct sim_world *world, struct sim_process *process, const struct souk_out *out);
/* What the status counters of `process` show since the last look. */
void sim_states_status(struct sim_world *world, struct sim_process *process);
/* What dies with `process`. Its store is still open. */
void sim_states_death(struct sim_world *world, struct sim_process *process);
/* A cursor of `process` has moved. */
void sim_states_moved(struct sim_world *world, struct sim_process *process, uint32_t stream);
/* What a batch that `process` has written shows. */
void sim_states_batch(struct sim_world *world, struct sim_process *process, struct souk_slice batch);

#endif
