/*
 * souk-stage - for authors of services: handlers tested as stories.
 *
 * On a stage stand the real state machines of one or several services, each
 * over a store of its own in memory, joined without sockets, threads and
 * sleeps. Time passes only when the test says so, ids are drawn from a seed, so
 * the same story gives the same trace. A test sends commands, lets time pass,
 * has services crash or streams lose their ends, and says what the whole trace
 * has to be:
 *
 *     souk_stage_send(stage, "inventory.receive sku=tea units=3");
 *     souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
 *     souk_stage_elapse(stage, 900000);
 *     souk_stage_expect(stage,
 *         "[   0] inventory 1 received sku=tea units=3\n"
 *         "[   0] reply accepted inventory=1\n"
 *         "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
 *         "[   0] reply accepted inventory=2\n"
 *         "[900000] inventory 3 released order=7 sku=tea units=2\n");
 *
 * souk-stage(3) says how messages are written in a line and what a trace shows.
 *
 * When something is not as the test wants it, config->fail is called with a
 * report, once for each call that goes wrong. It may leave with longjmp(3), as
 * cmocka's fail() does, or return, and then that call has done nothing more.
 * A stage belongs to one thread. Without memory it ends the process.
 */
#ifndef SOUK_STAGE_H
#define SOUK_STAGE_H

#include <souk-message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_STAGE_SERVICES_MAX 32
#define SOUK_STAGE_EVENT_STORE "eventstore"     /* the name of the one on the stage */

struct souk_stage;

/* A service, and its wiring where it is not what its name and handlers say. */
struct souk_stage_service {
    const struct souk_service *service;         /* borrowed until souk_stage_close() */
    /* Both end with NULL. */
    const char *const *writes;                  /* streams; NULL: those whose events are named after it */
    const char *const *follows;                 /* streams; NULL: those that its handlers and tables name */
    bool absent;                                /* it does not run before souk_stage_start() */
};

struct souk_stage_config {
    const struct souk_stage_service *services;  /* up to SOUK_STAGE_SERVICES_MAX, then one of NULL */
    const struct souk_messages *messages;       /* as generated, borrowed until close; NULL: read `description` */
    const char *description;                    /* path of a souk.messages(5) */
    bool event_store;                           /* one that records every stream on the stage stands there too */
    uint64_t start_ms;                          /* what the services take for the time of [0], ms since 1970 */
    uint64_t seed;                              /* of all ids */
    bool quiet;                                 /* the trace has only what does not go well: for a history of years */
    void (*fail)(const char *report, void *fail_arg);   /* NULL: print it to the standard error and abort(3) */
    void *fail_arg;
};

/*
 * Set up a stage: the services have started and found each other, the trace is
 * empty, the time is 0. Release with souk_stage_close(). `config` is not kept.
 * 0, -SOUK_EINVAL (the services do not fit the description or each other),
 * -SOUK_EIO (no directory for the stores can be made under /dev/shm or
 * $TMPDIR), or what the description, a store or a service fails with; `err`
 * holds a sentence.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_stage_open(const struct souk_stage_config *config,
    struct souk_stage **stage_out, struct souk_error *err);
/* Release *stage_p with its stores and set it to NULL. NULL inside is fine. */
SOUK_PUBLIC void souk_stage_close(struct souk_stage **stage_p);

/* ---- what happens --------------------------------------------------- */

/* Each of these comes back when nothing is left to do without time passing. */

/* Send a command to the service that its name begins with, under a new id. */
SOUK_PUBLIC void souk_stage_send(struct souk_stage *stage, const char *message);
/* The same from `caller` (1 to 64 bytes) under id `id`: send it again to see that it has one effect. */
SOUK_PUBLIC void souk_stage_send_as(struct souk_stage *stage, const char *caller, uint64_t id, const char *message);
/* The same with the fields of command `name` as an object of JSON, souk.messages(5). */
SOUK_PUBLIC void souk_stage_send_json(struct souk_stage *stage, const char *name, const char *json);
/*
 * From now on commands and queries come in the name of person `person` (an id, as messages have it) with
 * `roles`, at most SOUK_PASS_ROLES_MAX names with spaces between: "customer staff".
 */
SOUK_PUBLIC void souk_stage_sign_in(struct souk_stage *stage, uint64_t person, const char *roles);
/* The same with a whole id. */
SOUK_PUBLIC void souk_stage_sign_in_as(struct souk_stage *stage, struct souk_id person, const char *roles);
/* From now on they come in nobody's name, as in the beginning. */
SOUK_PUBLIC void souk_stage_sign_out(struct souk_stage *stage);
/* Ask a query. */
SOUK_PUBLIC void souk_stage_ask(struct souk_stage *stage, const char *message);
/* An event happens in a stream that a service on the stage follows and none writes: the stage plays its writer. */
SOUK_PUBLIC void souk_stage_publish(struct souk_stage *stage, const char *message);
/*
 * From now on requests for `command` to a service that is not on the stage are
 * answered with `answer`: "accepted", "refused CODE", "silence" (as when
 * nothing was said), or another status of the protocol, such as "busy". What
 * was met with silence is asked again every 2,000 ms.
 */
SOUK_PUBLIC void souk_stage_answer_requests(struct souk_stage *stage, const char *command, const char *answer);
/* Let `elapsed_ms` pass, until SOUK_TIME_MS_MAX at most; what is due on the way happens at its time. */
SOUK_PUBLIC void souk_stage_elapse(struct souk_stage *stage, uint64_t elapsed_ms);

/* ---- what is to be seen --------------------------------------------- */

/* The trace since the last souk_stage_expect() or souk_stage_differs() has to be `trace`; else both are reported. */
SOUK_PUBLIC void souk_stage_expect(struct souk_stage *stage, const char *trace);
/* The same without failing: NULL, or the comparison, borrowed until the next call on `stage`. */
SOUK_PUBLIC const char *souk_stage_differs(struct souk_stage *stage, const char *trace);
/* Everything since souk_stage_open(). Borrowed until the next call on `stage`. */
SOUK_PUBLIC const char *souk_stage_trace(const struct souk_stage *stage);
/*
 * `service` (NULL: each on the stage) has to have the tables that it would get
 * from the log alone: they are filled anew beside it, then both are compared at
 * equal cursors, row by row. Changes nothing. Not to be asked of a service that
 * has parked events: these are what the log does not say.
 */
SOUK_PUBLIC void souk_stage_expect_same_tables(struct souk_stage *stage, const char *service);

/* ---- what goes wrong ------------------------------------------------ */

enum souk_stage_moment {
    SOUK_STAGE_NOW,                 /* between two rounds of work */
    SOUK_STAGE_BEFORE_COMMIT,       /* in its next commit, before: nothing of it stands */
    SOUK_STAGE_BEFORE_SEND,         /* in its next commit, after: all of it stands, nothing of it was sent */
};

/* Have `service` (or the event store) die at `moment`; it is started again at once on what it had. */
SOUK_PUBLIC void souk_stage_crash(struct souk_stage *stage, const char *service, enum souk_stage_moment moment);
/*
 * Have `service` (or the event store) stop, as it does when it is told to.
 * What is sent to it meets silence, until souk_stage_start().
 */
SOUK_PUBLIC void souk_stage_stop(struct souk_stage *stage, const char *service);
/* Start what was stopped, or absent from the beginning: a new service, on an empty store. */
SOUK_PUBLIC void souk_stage_start(struct souk_stage *stage, const char *service);
/* It loses its store, and starts on an empty one. The event store, if there is one, gives its past back. */
SOUK_PUBLIC void souk_stage_wipe(struct souk_stage *stage, const char *service);
/*
 * Fill a store for it from the log alone and take over with that. Unless
 * events are parked, both have to have the same tables.
 */
SOUK_PUBLIC void souk_stage_rebuild(struct souk_stage *stage, const char *service);
/*
 * Have an event store record all that the services on the stage have written,
 * and leave the new directory `path` as the data of a system, souk-up(1), whose
 * event store is called `name`: that one's store, and the services' keys of
 * persons. At its first start the services take the past back that they had here.
 * Not with an event store on the stage.
 */
SOUK_PUBLIC void souk_stage_record(struct souk_stage *stage, const char *name, const char *path);
/*
 * The writer of `stream` loses the last `events` of it, which followers may
 * have reacted to, and goes on in a new epoch. A writer on the stage loses the
 * commits that hold them, whole, and everything behind; not with an event
 * store on the stage, which would give all of it back.
 */
SOUK_PUBLIC void souk_stage_lose(struct souk_stage *stage, const char *stream, uint64_t events);
/* Run the parked events of `service` again. */
SOUK_PUBLIC void souk_stage_retry_parked(struct souk_stage *stage, const char *service);
/*
 * The `nth` (from 1) write to the store of `service` from now fails as on a
 * full disk, once; commits and the runtime's own writes count. 0: none.
 */
SOUK_PUBLIC void souk_stage_fail_write(struct souk_stage *stage, const char *service, uint32_t nth);
/* The `nth` (from 1) allocation from the arena that its decide, react and apply functions see fails, once. 0: none. */
SOUK_PUBLIC void souk_stage_fail_allocation(struct souk_stage *stage, const char *service, uint32_t nth);
/* Has what was asked for with one of the last two happened? False too when nothing was. */
SOUK_PUBLIC bool souk_stage_fault_struck(const struct souk_stage *stage);

#ifdef __cplusplus
}
#endif

#endif
