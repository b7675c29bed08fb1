/*
 * trace - what the simulator tells the checker.
 *
 * The checker believes nothing but these facts and the bytes in them. It
 * decodes by doc/protocol.md, shares no code with the library and keeps a
 * model of every disk: what was committed there, copied, lost. From the model
 * follow the excuses, so the simulator never has to say that a loss is fine.
 *
 * Facts are told in the order in which they happen, at the step where they
 * happen: a commit once the store's transaction is on disk (also when the
 * process crashes before its next step, so before anything is sent), a frame
 * when it is handed to the network (also when the network then loses it).
 * Everything passed in is copied. Numbers of processes, disks and copies are
 * the simulator's own, and never used twice. A name is that of the topology.
 *
 * The first violation is kept and every later fact is ignored.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK_HASH_BYTES 32
#define CHECK_EPOCH_BITS_BYTES 8
#define CHECK_FINGERPRINT_BYTES 8

struct checker;

struct check_bytes {
    const void *base;
    size_t size_bytes;
};

/* The zero position is all zero. */
struct check_position {
    const char *stream;
    uint32_t epoch_counter;
    uint8_t epoch_bits[CHECK_EPOCH_BITS_BYTES];
    uint64_t number;
    uint8_t hash[CHECK_HASH_BYTES];
};

/* An event, named without its hash. */
struct check_event {
    const char *stream;
    uint32_t epoch_counter;
    uint8_t epoch_bits[CHECK_EPOCH_BITS_BYTES];
    uint64_t number;
};

struct checker *checker_open(void);
void checker_close(struct checker **checker_p);

/* The sentence of the first violation so far, or NULL. It lives as long as the checker. */
const char *checker_violation(const struct checker *checker);

/* ---- the topology: told first ------------------------------------------- */

enum check_trim {
    CHECK_TRIM_RECORDED,    /* acknowledged by `trim_by` event stores */
    CHECK_TRIM_BACKED_UP    /* in every backup, still allowed to be restored, of every event store */
};

struct check_stream {
    const char *name;
    bool is_private;
};

struct check_service {
    const char *name;
    const char *application;            /* whose rules its events follow: see app_*.c */
    const struct check_stream *streams;
    size_t stream_count;
    const char *const *follows;         /* names of streams */
    size_t follow_count;
    enum check_trim trim;
    unsigned recorded_by;               /* event stores that make `recorded` of a command */
    unsigned trim_by;                   /* and of a batch that may be trimmed; 0: as many */
    uint64_t hold_bound_ms;
    uint64_t heads_ms;                  /* virtual time between its heads; 0: it is not asked for any */
    const uint8_t *fingerprint;         /* of the topology, CHECK_FINGERPRINT_BYTES; NULL: heads may have any */
};

void check_service(struct checker *checker, const struct check_service *service);
void check_event_store(struct checker *checker, const char *name);

/* From now on the service follows this stream, too: its topology has changed. */
void check_follows(struct checker *checker, uint64_t now_ms, const char *service, const char *stream);

/* ---- processes and disks ------------------------------------------------ */

/*
 * `process` is one run of `node` (a service or an event store) on `disk`. A
 * disk that was not named before is empty. Two processes of one node may run
 * at once: an old one and its clone, or a rebuild beside.
 */
void check_started(struct checker *checker, uint64_t now_ms, const char *node, uint32_t process, uint32_t disk);
void check_stopped(struct checker *checker, uint64_t now_ms, uint32_t process);
void check_crashed(struct checker *checker, uint64_t now_ms, uint32_t process);

/*
 * `process` dies between its latest commit and the first word of it, to anybody or to its witness. A copy of its disk
 * that was taken just before is then as good as the disk: what the commit gave log positions to, it gave in vain.
 */
void check_unsaid(struct checker *checker, uint64_t now_ms, uint32_t process);

/* The memory-backed storage of the host that holds `disk` is gone, its witnesses with it. */
void check_host_restarted(struct checker *checker, uint64_t now_ms, uint32_t disk);

/*
 * A copy of a disk as it stands, taken at this point; a backup of an event
 * store is one too, and counts until it is dropped. A clone is a copy that is
 * restored onto another disk.
 */
void check_copied(struct checker *checker, uint64_t now_ms, uint32_t disk, uint32_t copy);
void check_copy_dropped(struct checker *checker, uint64_t now_ms, uint32_t copy);
void check_restored(struct checker *checker, uint64_t now_ms, uint32_t disk, uint32_t copy);
void check_wiped(struct checker *checker, uint64_t now_ms, uint32_t disk);

/* The service itself puts its store aside and begins an empty one, as its start may have to. No excuse for anything. */
void check_set_aside(struct checker *checker, uint64_t now_ms, uint32_t disk);

/* The operator tells `service` to go on without the event store `store` (or, `store` NULL, without any). */
void check_declared_lost(struct checker *checker, uint64_t now_ms, const char *service, const char *store);

/* ---- commits ------------------------------------------------------------ */

/* A batch of an event store that got a log position. */
struct check_logged {
    uint64_t log_position;
    uint8_t hash[CHECK_HASH_BYTES];     /* of the batch */
};

struct check_commit {
    const struct check_bytes *written;  /* own new batches, in the order of their places */
    size_t written_count;
    const struct check_position *cursors; /* after the commit: followed and own streams, or what is recorded; */
    size_t cursor_count;                /* a stream that is left out has not moved */
    const struct check_logged *logged;  /* event stores: in the order of their log positions; a list that begins */
    size_t logged_count;                /* no higher than the last one ended tells the whole log again */
    unsigned bound_count;               /* batches that this commit applied at the bound of their wait */
    const uint8_t *incarnation;         /* event stores: 8 bytes, of which this commit is; services: NULL */
};

void check_committed(struct checker *checker, uint64_t now_ms, uint32_t process, const struct check_commit *commit);

/* From now on the origin's log of `stream` begins at number `first_held`. Told in or after the commit that trims. */
void check_trimmed(struct checker *checker, uint64_t now_ms, uint32_t process, const char *stream,
    uint64_t first_held);

/*
 * The digest of a view (the tables fed by one stream, or an index table) at
 * the cursors that it is a function of. Views of one node and name must agree
 * wherever their cursors do. Not told while the view has parked, discarded
 * or late-retried events behind it.
 */
void check_view(struct checker *checker, uint64_t now_ms, uint32_t process, const char *view,
    const struct check_position *cursors, size_t cursor_count, const uint8_t digest[CHECK_HASH_BYTES]);

/* ---- frames ------------------------------------------------------------- */

/*
 * A message left `process`, all its frames without REQ's empty delimiters.
 * `to` is the node or the client that it is for; NULL on PUB.
 */
void check_sent(struct checker *checker, uint64_t now_ms, uint32_t process, const char *to,
    const struct check_bytes *frames, size_t frame_count);

/*
 * A message reached `process`, as it was sent. Acknowledgements, answers to
 * seals, fences and commands have to be told; anything else may be, and is ignored.
 */
void check_heard(struct checker *checker, uint64_t now_ms, uint32_t process, const struct check_bytes *frames,
    size_t frame_count);

/* A client outside the topology sent a request (kind 8) to `service`. Malformed on purpose: then it is not told. */
void check_asked(struct checker *checker, uint64_t now_ms, const char *service, struct check_bytes frame);

/* ---- the end: everything is up and quiet, or its time is over ------------ */

/* One for each node, in any order; what follows about a node refers to this process. */
void check_end_service(struct checker *checker, uint32_t process, bool takes_commands);
void check_end_event_store(struct checker *checker, uint32_t process);

void check_end_cursor(struct checker *checker, uint32_t process, const struct check_position *cursor);

/* A batch in the log of an event store, or in a service's own log; each stream in order. */
void check_end_batch(struct checker *checker, uint32_t process, struct check_bytes batch);

/* Event stores: in the order of their log positions. */
void check_end_logged(struct checker *checker, uint32_t process, const struct check_logged *logged);

/* A row of a table or an index table of a service. */
void check_end_row(struct checker *checker, uint32_t process, const char *table, struct check_bytes key,
    struct check_bytes value);

/* A timer that is set, or a request that still waits for its answer; `event` set or made it, as its `index`-th. */
void check_end_timer(struct checker *checker, uint32_t process, const struct check_event *event, uint32_t index,
    uint64_t due_ms);
void check_end_request(struct checker *checker, uint32_t process, const struct check_event *event, uint32_t index);

/* An event that is parked, or was discarded, or was retried out of its turn. */
void check_end_parked(struct checker *checker, uint32_t process, const struct check_event *event);

/* Returns 0, or -1 when something was violated; *text_out is then the sentence, and lives as long as the checker. */
int checker_finish(struct checker *checker, uint64_t now_ms, const char **text_out);

#endif
