/*
 * souk - event-driven services without a broker.
 *
 * What the author of a service includes. A service is a table of small
 * functions over typed messages: decide a command, react to an event of
 * another stream, apply an own or followed event to tables, answer a query.
 * They see no socket, no clock and no random source but what is handed in.
 *
 * Every function that can fail returns 0 or a negative SOUK_E*. A refusal (an
 * answer of the domain) is not an error: it is SOUK_REFUSED, which is positive.
 */
#ifndef SOUK_H
#define SOUK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_PUBLIC __attribute__((visibility("default")))
#define SOUK_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define SOUK_MUST_CHECK __attribute__((warn_unused_result))

/* ---- errors --------------------------------------------------------- */

enum souk_error_code {
    SOUK_ENOMEM = 1,    /* no memory */
    SOUK_EFULL,         /* map or disk full: abort, refuse, go on answering */
    SOUK_EIO,           /* the disk or LMDB failed: stop, reopen, go on from what is there */
    SOUK_ENOTFOUND,     /* no such key, stream, batch */
    SOUK_ETOOBIG,       /* beyond a named limit */
    SOUK_EMALFORMED,    /* bytes that are not what the protocol says */
    SOUK_EBUSY,         /* somebody else holds it; ask again later */
    SOUK_EINVAL,        /* a caller's value that cannot be meant */
    SOUK_EFORK,         /* a position that is not in this history */
    SOUK_EUNSUPPORTED,  /* a format, file system or flag that souk does not take */
    SOUK_EDAMAGED,      /* stored bytes whose hash or shape is wrong */
    SOUK_EHANDLER,      /* a handler of the service failed */
};

#define SOUK_ERROR_TEXT_BYTES_MAX 512

/* A sentence for the operator: what failed, why, what to do next. */
struct souk_error {
    int code;                                   /* positive SOUK_E*, 0 when unset */
    char text[SOUK_ERROR_TEXT_BYTES_MAX];
};

/*
 * Write a sentence into `err` (NULL is fine) and return -code, so that a
 * failing function can end with `return souk_fail(...)`.
 */
SOUK_PUBLIC int souk_fail(struct souk_error *err, enum souk_error_code code, const char *format, ...)
    SOUK_PRINTF(3, 4);

/* The name of a code, positive or negative: "full", "io"; "ok" for 0. Never NULL. */
SOUK_PUBLIC const char *souk_error_name(int code);

/* ---- bytes ---------------------------------------------------------- */

/* Borrowed bytes. The owner and the life of them are said where one is handed out. */
struct souk_slice {
    const void *base;
    size_t size_bytes;
};

/* A slice over a string constant or a NUL-terminated string, without the NUL. NULL gives an empty one. */
SOUK_PUBLIC struct souk_slice souk_slice_of(const char *text);
SOUK_PUBLIC bool souk_slice_equal(struct souk_slice a, struct souk_slice b);
/* Like memcmp(3), a shorter one first where one begins the other: LMDB's order of keys. */
SOUK_PUBLIC int souk_slice_compare(struct souk_slice a, struct souk_slice b);

/* 128 bits: a UUIDv7 (RFC 9562) in big-endian order, or any other name of 16 bytes. */
struct souk_id {
    uint8_t bytes[16];
};

SOUK_PUBLIC bool souk_id_equal(struct souk_id a, struct souk_id b);
/* The bytes of `id`, borrowed: what timers and index tables are keyed by. */
SOUK_PUBLIC struct souk_slice souk_slice_of_id(const struct souk_id *id);
/* The way back. 0, or -SOUK_EINVAL: other than 16 bytes. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_id_of(struct souk_slice bytes, struct souk_id *id_out);

/*
 * Memory that is given back all at once. What is allocated from it lives until
 * souk_arena_reset() or souk_arena_done(). Not thread-safe.
 */
struct souk_arena_block;
struct souk_arena {
    struct souk_arena_block *head;
    size_t used_bytes;
    size_t bytes_max;           /* beyond it souk_arena_alloc() gives NULL; 0: no bound */
    uint32_t fails_in;          /* of a test: the how-manieth souk_arena_alloc() from now gives NULL; 0: none */
};

SOUK_PUBLIC void souk_arena_init(struct souk_arena *arena, size_t bytes_max);
/* Zeroed bytes, aligned for any object; NULL without memory or beyond the bound. */
SOUK_PUBLIC void *souk_arena_alloc(struct souk_arena *arena, size_t size_bytes);
/* A copy of `slice` in the arena; base is NULL only without memory. */
SOUK_PUBLIC struct souk_slice souk_arena_copy(struct souk_arena *arena, struct souk_slice slice);
/* Empty the arena; the first block is kept for the next round. */
SOUK_PUBLIC void souk_arena_reset(struct souk_arena *arena);
SOUK_PUBLIC void souk_arena_done(struct souk_arena *arena);

/* ---- a service ------------------------------------------------------ */

#define SOUK_NAME_BYTES_MAX 31          /* of a service, a stream, a table, a message */
#define SOUK_KEY_BYTES_MAX 64           /* of an event: whom or what it is about */
#define SOUK_PAYLOAD_BYTES_MAX 65536    /* of one packed message */
#define SOUK_DECISION_EVENTS_MAX 1024   /* that one decide or react may emit */
#define SOUK_DECISION_BYTES_MAX (128 * 1024)    /* of their payloads, together */
#define SOUK_DEPTH_MAX 64               /* of a chain of events that cause each other */

struct souk_message_type;               /* <souk-message.h>; made by souk-messages(1) */
struct souk_view;                       /* all tables of the service, read only */
struct souk_tables;                     /* the tables of one stream, writable */
struct souk_decision;                   /* what a decide or react function says */
struct souk_answer;                     /* what an answer function says */
struct souk_index_rows;                 /* what an index function says */
struct souk_prepared;                   /* what a prepare function hands to decide */

/* One event of one history: what causes are named by. */
struct souk_event_ref {
    char stream[SOUK_NAME_BYTES_MAX + 1];
    uint32_t epoch_counter;
    uint8_t epoch_bits[8];
    uint64_t number;                    /* from 1 */
};

/* A timer that has come due; it is over with the first event that the reaction emits. */
struct souk_timer {
    const char *kind;                   /* as given to souk_timer_set() */
    struct souk_slice key;
    uint64_t due_ms;
};

/* What became of a request that an own event asked for with souk_request(). */
struct souk_outcome {
    const char *service;                /* whom it went to */
    struct souk_slice command;          /* name of the command */
    struct souk_slice key;              /* of the own event that asked */
    bool accepted;
    struct souk_slice refusal;          /* the callee's code when not accepted */
    struct souk_event_ref asked_by;     /* the own event */
};

/*
 * An own event stands on an event of `stream` that is not in the history any
 * more: the writer lost it and opened a new epoch. The own event stays (it is
 * an acknowledged fact); the service compensates where its domain asks for it.
 */
struct souk_rewound {
    const char *stream;
    struct souk_event_ref lost;         /* the event that is void */
    struct souk_event_ref caused;       /* the own event that it caused */
    struct souk_slice key;              /* of the own event */
    struct souk_slice type;             /* of the own event */
    struct souk_slice payload;          /* of the own event, packed; empty when its log has been trimmed so far */
};

/*
 * What souk_refuse() and souk_answer_refuse() return, and a handler after them:
 * it was turned down. So a check that several handlers share can refuse, and
 * they go on with `if ((rc = check(...)) != 0) return rc;`.
 */
#define SOUK_REFUSED 1

/*
 * Handlers return 0, SOUK_REFUSED (where they can refuse), or a negative
 * SOUK_E*, which is a fault: the input is run again alone, and if it fails
 * again a command is answered `internal`, a followed event is parked, an own
 * event stops the service.
 */
struct souk_handler {
    enum souk_handler_kind {
        SOUK_HANDLER_PREPARE = 1,
        SOUK_HANDLER_DECIDE,
        SOUK_HANDLER_APPLY,
        SOUK_HANDLER_REACT,
        SOUK_HANDLER_REACT_TIMER,
        SOUK_HANDLER_REACT_OUTCOME,
        SOUK_HANDLER_REACT_REWOUND,
        SOUK_HANDLER_ANSWER,
    } kind;
    const struct souk_message_type *type;       /* of message handlers */
    const char *name;                           /* kind of timer, command of an outcome, stream of a rewind */
    void (*handler)(void);
};

/* The macros check the handler's signature against the message. */
#define SOUK_HANDLER_(handler_kind, message_type, handler_name, fn, ...) \
    { .kind = (handler_kind), .type = (message_type), .name = (handler_name), \
      .handler = (void (*)(void))(1 ? (fn) : (int (*)(__VA_ARGS__))0) }

/* int fn(const struct souk_view *, const struct COMMAND *, struct souk_prepared *): slow pure work, outside of the transaction */
#define SOUK_PREPARE(command, fn) SOUK_HANDLER_(SOUK_HANDLER_PREPARE, &command##_type, 0, fn, \
    const struct souk_view *, const struct command *, struct souk_prepared *)
/* int fn(const struct souk_view *, const struct COMMAND *, struct souk_decision *) */
#define SOUK_DECIDE(command, fn) SOUK_HANDLER_(SOUK_HANDLER_DECIDE, &command##_type, 0, fn, \
    const struct souk_view *, const struct command *, struct souk_decision *)
/* int fn(struct souk_tables *, const struct EVENT *) */
#define SOUK_APPLY(event, fn) SOUK_HANDLER_(SOUK_HANDLER_APPLY, &event##_type, 0, fn, \
    struct souk_tables *, const struct event *)
/* int fn(const struct souk_view *, const struct EVENT *, struct souk_decision *), the event being of another stream */
#define SOUK_REACT(event, fn) SOUK_HANDLER_(SOUK_HANDLER_REACT, &event##_type, 0, fn, \
    const struct souk_view *, const struct event *, struct souk_decision *)
/* int fn(const struct souk_view *, const struct souk_timer *, struct souk_decision *) */
#define SOUK_REACT_TIMER(timer_kind, fn) SOUK_HANDLER_(SOUK_HANDLER_REACT_TIMER, 0, timer_kind, fn, \
    const struct souk_view *, const struct souk_timer *, struct souk_decision *)
/* int fn(const struct souk_view *, const struct souk_outcome *, struct souk_decision *) */
#define SOUK_REACT_OUTCOME(command_name, fn) SOUK_HANDLER_(SOUK_HANDLER_REACT_OUTCOME, 0, command_name, fn, \
    const struct souk_view *, const struct souk_outcome *, struct souk_decision *)
/* int fn(const struct souk_view *, const struct souk_rewound *, struct souk_decision *) */
#define SOUK_REACT_REWOUND(stream_name, fn) SOUK_HANDLER_(SOUK_HANDLER_REACT_REWOUND, 0, stream_name, fn, \
    const struct souk_view *, const struct souk_rewound *, struct souk_decision *)
/* int fn(const struct souk_view *, const struct QUERY *, struct souk_answer *) */
#define SOUK_ANSWER(query, fn) SOUK_HANDLER_(SOUK_HANDLER_ANSWER, &query##_type, 0, fn, \
    const struct souk_view *, const struct query *, struct souk_answer *)

/* A table, fed by the events of one stream and by nothing else. */
struct souk_table_def {
    const char *name;
    const char *stream;
};

/*
 * A table that joins streams. `rows` is called for an entity that some apply
 * has touched with souk_touch(), and says all rows that the entity now has; it
 * reads the view and nothing else, so rows are always what the tables say.
 */
struct souk_index_def {
    const char *name;
    int (*rows)(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows);
};

#define SOUK_SETTINGS_MAX 16            /* of a service */

/* A number that a topology may set for a service; souk-messages(1) makes it as NAME_setting. */
struct souk_setting {
    const char *name;                           /* "orders.pay_ms": whose, what, its unit */
    uint64_t value_min, value_max, value_default;
    const char *about;
};

/* Ends each of the lists: an entry whose first member is 0, and NULL. */
struct souk_service {
    const char *name;
    uint32_t version;                           /* of its tables: raise it when `apply` would fill them otherwise */
    const struct souk_handler *handlers;
    const struct souk_table_def *tables;        /* NULL: none */
    const struct souk_index_def *indexes;       /* NULL: none */
    const struct souk_setting *const *settings; /* NULL: none */
};

/* ---- reading -------------------------------------------------------- */

/* The row, borrowed until the handler returns. 0, -SOUK_ENOTFOUND or another fault, to be returned as it is. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_view_get(const struct souk_view *view, const char *table, struct souk_slice key,
    struct souk_slice *value_out);

/*
 * Walk the rows whose keys begin with `prefix`, in key order. souk_rows_next()
 * ends with -SOUK_ENOTFOUND. Close before the handler returns; NULL inside is fine.
 */
struct souk_rows;
SOUK_PUBLIC SOUK_MUST_CHECK int souk_rows_open(const struct souk_view *view, const char *table,
    struct souk_slice prefix, struct souk_rows **rows_out);
/* The same, beginning with the first key that is not below `from` (which begins with `prefix`): for paging. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_rows_open_from(const struct souk_view *view, const char *table,
    struct souk_slice prefix, struct souk_slice from, struct souk_rows **rows_out);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_rows_next(struct souk_rows *rows, struct souk_slice *key_out,
    struct souk_slice *value_out);
SOUK_PUBLIC void souk_rows_close(struct souk_rows **rows_p);

/* Memory that is given back when the handler's input is done with. NULL when there is none. */
SOUK_PUBLIC struct souk_arena *souk_view_arena(const struct souk_view *view);

/*
 * Say why a handler fails, for the operator: it is shown with the event that is
 * parked for it (`souk parked`) and in the log. Gives -code, to be returned.
 */
#define SOUK_FAULT_TEXT_BYTES_MAX 199           /* the rest is cut off */
SOUK_PUBLIC int souk_fault(const struct souk_view *view, enum souk_error_code code, const char *format, ...)
    SOUK_PRINTF(3, 4);

/* ---- people --------------------------------------------------------- */

#define SOUK_PASS_BYTES_MAX 512         /* of a pass as it travels */
#define SOUK_PASS_ROLES_MAX 8
#define SOUK_PASS_LIFE_MS_MAX 3600000   /* none is good for longer */

/* A person who has signed in, and what the person may do. */
struct souk_pass {
    struct souk_id person;
    uint64_t issued_ms, expires_ms;     /* since 1970 */
    uint32_t role_count;
    char roles[SOUK_PASS_ROLES_MAX][SOUK_NAME_BYTES_MAX + 1];   /* 1 to 31 of a-z 0-9 - . each, beginning with a letter */
};

/* `pass` may be NULL, which has no role. */
SOUK_PUBLIC bool souk_pass_has_role(const struct souk_pass *pass, const char *role);

/* ---- deciding and reacting ------------------------------------------ */

/* Say that an event happened. 0, -SOUK_ETOOBIG (limits above), -SOUK_EINVAL (does not encode), -SOUK_ENOMEM. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_emit(struct souk_decision *decision, const struct souk_message_type *event,
    const void *message);
/* Turn a command down with a code of the domain, a constant; nothing happens, whatever was emitted. Gives SOUK_REFUSED. */
SOUK_PUBLIC int souk_refuse(struct souk_decision *decision, const char *code);
/* Nothing left to do: it is as the caller wants it. Always 0. */
SOUK_PUBLIC int souk_accept(struct souk_decision *decision);
/* The time of the input, ms since 1970: one value for the whole decision. */
SOUK_PUBLIC uint64_t souk_decision_now_ms(const struct souk_decision *decision);
/*
 * What the topology says of a setting in the service's list, or its default. It is another one tomorrow: what
 * `apply` needs of it has to stand in an event.
 */
SOUK_PUBLIC uint64_t souk_decision_setting(const struct souk_decision *decision, const struct souk_setting *setting);
/* A new UUIDv7, drawn by the runtime; it becomes a fact by ending in an event. */
SOUK_PUBLIC struct souk_id souk_decision_new_id(struct souk_decision *decision);
/* Who sent the command, as the runtime knows it. Empty for reactions. */
SOUK_PUBLIC struct souk_slice souk_decision_caller(const struct souk_decision *decision);
/*
 * Whom the caller speaks for: a pass that the service which issues passes has
 * signed (souk.topology(5), pass_issuer), checked by the runtime. NULL: nobody,
 * as in reactions. Borrowed until the handler returns.
 */
SOUK_PUBLIC const struct souk_pass *souk_decision_pass(const struct souk_decision *decision);
/* What `prepare` handed over; empty without one. */
SOUK_PUBLIC struct souk_slice souk_decision_prepared(const struct souk_decision *decision);
/* Hand bytes from `prepare` to `decide`; they are copied. 0, -SOUK_ETOOBIG or -SOUK_ENOMEM. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_prepared_set(struct souk_prepared *prepared, struct souk_slice bytes);

/* ---- applying ------------------------------------------------------- */

SOUK_PUBLIC const struct souk_view *souk_tables_view(const struct souk_tables *tables);
/* Only tables fed by the event's stream; another one is a bug and ends the process. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_tables_put(struct souk_tables *tables, const char *table, struct souk_slice key,
    struct souk_slice value);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_tables_delete(struct souk_tables *tables, const char *table,
    struct souk_slice key);
/* The rows of `entity` in the index table have to be made anew. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_touch(struct souk_tables *tables, const char *index, struct souk_slice entity);
/* When it happened, ms since 1970, as its writer said. */
SOUK_PUBLIC uint64_t souk_tables_time_ms(const struct souk_tables *tables);
/* Which event is being applied. */
SOUK_PUBLIC struct souk_event_ref souk_tables_event(const struct souk_tables *tables);

/* Own events only: a bug elsewhere. (kind, key) names the timer; setting it again moves it. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_timer_set(struct souk_tables *tables, const char *kind, struct souk_slice key,
    uint64_t due_ms);
/* Fine when there is none. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_timer_clear(struct souk_tables *tables, const char *kind, struct souk_slice key);
/*
 * Own events only: send `command` to `service` once this event is on disk, and
 * again until an answer comes; its id is made from this event, so it has one
 * effect. The answer comes to SOUK_REACT_OUTCOME, and the request is over with
 * the first event that this reaction emits.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_request(struct souk_tables *tables, const char *service,
    const struct souk_message_type *command, const void *message);

/* ---- answering and indexing ----------------------------------------- */

SOUK_PUBLIC SOUK_MUST_CHECK int souk_answer_with(struct souk_answer *answer, const struct souk_message_type *reply,
    const void *message);
/* Like souk_decision_pass(). */
SOUK_PUBLIC const struct souk_pass *souk_answer_pass(const struct souk_answer *answer);
/* When it is asked, ms since 1970. */
SOUK_PUBLIC uint64_t souk_answer_now_ms(const struct souk_answer *answer);
/*
 * Sign a pass, good from now until `expires_ms`; `issued_ms` is filled in. The
 * bytes are borrowed until the handler returns. 0; -SOUK_EINVAL: this service does not issue
 * passes, or the pass breaks a limit; -SOUK_ENOMEM.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_answer_sign_pass(struct souk_answer *answer, const struct souk_pass *pass,
    struct souk_slice *bytes_out);
/* Like souk_refuse(). */
SOUK_PUBLIC int souk_answer_refuse(struct souk_answer *answer, const char *code);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_index_row(struct souk_index_rows *rows, struct souk_slice key,
    struct souk_slice value);

/* ---- running -------------------------------------------------------- */

/*
 * The whole `main` of a service's daemon, souk-service(8): read the command
 * line and the topology, open the store, listen, run until a signal or a
 * failure ends it. Returns the exit status, of sysexits(3).
 */
SOUK_PUBLIC int souk_service_main(const struct souk_service *service, int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
