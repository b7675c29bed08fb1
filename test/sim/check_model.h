/*
 * check_model - what the checker knows of a schedule: the topology, every
 * batch that was ever committed as a tree for each stream, and every disk as
 * the tips that it has reached in these trees.
 *
 * A position is the batch that it stands behind; the zero position is NULL.
 * A history is all that leads to a tip. Whatever a function finds wrong it
 * says with model_fail(), which keeps the first sentence and returns -1.
 */
#ifndef SIM_CHECK_MODEL_H
#define SIM_CHECK_MODEL_H

#include "check_decode.h"

#define MODEL_STREAMS_MAX 256
#define MODEL_NODES_MAX 64
#define MODEL_FIELDS_MAX 4              /* of a payload of the simulated application */

/* How far something is known in a stream. Epoch 0, number 0: nothing. */
struct model_known {
    uint32_t epoch;                     /* index in checker->epochs */
    uint64_t number;
};

struct model_epoch {
    uint32_t counter;
    uint8_t bits[CHECK_EPOCH_BITS_BYTES];
};

struct model_stream {
    struct check_bytes name;
    uint32_t index;
    struct model_node *owner;
    bool is_private;
    struct model_batch *roots;          /* behind the zero position, by next_sibling */
    struct model_batch *records;        /* all epoch records, newest first, by next_record */
    struct model_batch *final;          /* set by the finish, like the next */
    bool has_final;
    uint64_t excused_below;             /* what nobody holds any more, and the facts say why */
};

struct model_node {
    struct check_bytes name;
    uint32_t index;
    bool is_event_store;
    const char *application;            /* of a service, like all that follows */
    struct model_stream **streams;      /* own, by name */
    size_t stream_count;
    bool *follows;                      /* by stream; an event store follows all, and nobody itself */
    bool *joined;                       /* by stream: it follows it since some moment in the middle */
    enum check_trim trim;
    unsigned recorded_by, trim_by;
    uint64_t heads_ms;                  /* it tells its heads that often; 0: not known */
    const uint8_t *fingerprint;         /* of its topology, 8 bytes; NULL: not known */
    bool *declared_lost;                /* by node: event stores that it may go on without */
    struct model_process *end;          /* the one that the end is told of */
};

/* One commit of a service. */
struct model_commit {
    struct model_batch **batches;
    size_t batch_count;
    uint64_t fact;                      /* when it was made, by count of facts */
    struct model_process *writer;
};

/* An event: its batch and place there, and lists of what shares its cause, its command, its key. */
struct model_event {
    struct model_batch *batch;
    struct check_form_event *form;
    uint64_t number;
    struct model_event *next_of_cause, *next_of_key;
    unsigned type;                      /* of check_state, like the next; 0: none that it knows */
    uint64_t fields[MODEL_FIELDS_MAX];
};

struct model_batch {
    struct check_form form;
    struct model_stream *stream;
    uint32_t epoch;
    uint64_t last;
    struct model_batch *parent, *jump;  /* jump: an ancestor far away, for is_in() */
    uint32_t ordinal;                   /* 1 for the first of its history */
    struct model_batch *children, *next_sibling, *next_record;
    struct model_known *known;          /* by stream: its causes and those of all before it */
    struct model_event *events;
    struct model_commit *commit;
    uint64_t pulled_fact;               /* of the answer that it was last seen in */
    bool is_seen;                       /* left its node, or stands on a disk that didn't write it */
    bool is_final;
    bool is_held;                       /* at the end, by an event store or its origin */
    uint64_t pulled_by;                 /* by these nodes: a bit for the index of each, like the next two */
    uint64_t void_to, void_by_origin_to;/* they were told that it is void, by anybody; by its origin */
};

/* What a disk holds; a copy of a disk is a copy of this. */
struct model_contents {
    struct model_batch **tips;          /* by stream */
    struct model_batch **logged;        /* by stream: the last one with a log position */
    struct model_known *learnt;         /* by stream: all that its writer may say that it knows */
    uint64_t *first_held;               /* by stream: its log begins there */
    uint64_t log_position;              /* the last one given */
    uint32_t *seals;                    /* by service: the highest counter granted */
};

enum model_why { MODEL_COMMITTED, MODEL_WIPED, MODEL_RESTORED, MODEL_SET_ASIDE };

/* One move of a tip of a disk. */
struct model_move {
    uint64_t fact;
    struct model_batch *to;
    enum model_why why;
    struct model_move *older;
};

/* A disk was wiped or restored. */
struct model_loss {
    uint64_t fact;
    struct model_loss *older;
};

struct model_disk {
    uint32_t number;
    struct model_node *node;            /* NULL until something runs on it */
    struct model_contents holds;
    struct model_move **moves;          /* by stream, newest first */
    struct model_loss *losses;          /* newest first */
    bool has_given_up;                  /* a wait was over its bound: what stood behind it is there */
    struct model_disk *next;            /* of the same node */
};

struct model_copy {
    uint32_t number;
    struct model_node *node;
    struct model_contents holds;
    bool is_dropped;
    struct model_copy *next;
};

struct model_process {
    uint32_t number;
    struct model_node *node;
    struct model_disk *disk;
    bool is_running, takes_commands;
    uint64_t started_fact;
    uint64_t heads_at_ms;               /* it told its heads last, or started */
    bool owes_heads;                    /* they were due when it committed last */
    uint32_t written_counter, fenced_counter; /* epochs: of its latest batch; in which it was told to stop. 0: none */
    bool *met;                          /* of an event store, by service: has heard it, or sealed it */
    bool *told_void;                    /* the same: told by it that something of its is void */
    struct incarnation *incarnation;    /* of check_incarnations, like the next */
    struct counted *counted;
    uint64_t logged_before;             /* log position before its latest commit */
    uint64_t round_fact;                /* when it was last seen to have worked off what it had heard */
    uint64_t seal_first, seal_last;     /* seal requests of the present instance */
    uint8_t seal_instance[CHECK_EPOCH_BITS_BYTES];
    struct model_batch **end_cursors, **end_logs; /* by stream, as the end tells */
    bool *has_end_cursor;
    uint64_t end_log_position;
    uint64_t end_logged_count;
    struct model_event **parked;
    size_t parked_count, parked_room;
    struct state_row *rows;             /* of check_state */
    struct state_open *open;            /* timers and requests */
    struct model_process *next;
};

/* What every backup of an event store that still counted held at some time. */
struct model_mark {
    struct model_node *node;
    struct model_batch **tips;          /* by stream */
    struct model_mark *older;
};

/* An event store has granted a service a seal. */
struct model_grant {
    const struct model_node *store, *service;
    uint32_t counter;
    uint64_t fact;
    struct model_grant *older;
};

struct checker {
    struct check_arena arena, scratch;  /* scratch: for one fact */
    const char *violation;
    uint64_t now_ms, fact;
    struct model_node nodes[MODEL_NODES_MAX];
    size_t node_count;
    struct model_stream streams[MODEL_STREAMS_MAX];
    size_t stream_count;
    struct model_epoch *epochs;         /* [0] is that of the zero position */
    size_t epoch_count, epoch_room;
    struct check_map batches;           /* by hash */
    struct check_map events;            /* by stream, epoch and number: the first such event */
    struct check_map by_cause;          /* of check_history */
    struct check_map by_key;            /* of check_state */
    struct check_map requests;          /* of check_state: by id, the events that ask for them */
    struct check_map commands;          /* of check_commands */
    struct check_map views;
    struct check_map positions;         /* of check_incarnations: by incarnation and log position, the batch */
    struct command *all_commands;       /* of check_commands */
    struct state_missing *missing;      /* of check_state */
    struct model_disk **disks;          /* by number */
    struct model_process **processes;
    struct model_copy **copies;
    size_t disk_room, process_room, copy_room;
    struct model_disk *all_disks;
    struct model_copy *all_copies;
    struct model_process *all_processes;
    struct model_mark *marks;
    struct model_grant *grants;
    struct incarnation *incarnations;   /* of check_incarnations */
};

/* Keep the sentence unless there is one already. Returns -1. */
int model_fail(struct checker *checker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text for such a sentence: "orders 2.17". */
const char *model_batch_name(struct checker *checker, const struct model_batch *batch);
const char *model_event_name(struct checker *checker, const struct model_event *event);
const char *model_place_name(struct checker *checker, const struct check_place *place);
const char *model_process_name(struct checker *checker, const struct model_process *process);

struct model_node *model_find_node(struct checker *checker, struct check_bytes name);
struct model_stream *model_find_stream(struct checker *checker, struct check_bytes name);
struct check_bytes model_text(const char *text);

/* What is known by that number; new disks and processes are made. NULL if there is none. */
struct model_disk *model_disk(struct checker *checker, uint32_t number);
struct model_process *model_process(struct checker *checker, uint32_t number);
struct model_process *model_add_process(struct checker *checker, uint32_t number);
struct model_copy *model_copy(struct checker *checker, uint32_t number);
struct model_copy *model_add_copy(struct checker *checker, uint32_t number);

uint32_t model_epoch(struct checker *checker, uint32_t counter, const uint8_t *bits);
uint32_t model_counter(const struct checker *checker, uint32_t epoch);

/* The batch behind which a position stands. 0, or -1 if nobody has committed one; the zero position gives NULL. */
int model_find_place(struct checker *checker, const struct check_place *place, struct model_batch **batch_out);
int model_find_position(struct checker *checker, const struct check_position *position,
    struct model_batch **batch_out);
struct model_event *model_find_event(struct checker *checker, const struct model_stream *stream, uint32_t epoch,
    uint64_t number);

/* Is `batch` in the history that leads to `tip`? The zero position is in every one. */
bool model_is_in(const struct model_batch *batch, const struct model_batch *tip);
struct model_batch *model_common(struct model_batch *a, struct model_batch *b);
/* The first batch of `tip`'s history that reaches the number in the epoch; NULL: its lineage doesn't have it. */
const struct model_batch *model_find_in(const struct checker *checker, const struct model_batch *tip, uint32_t epoch,
    uint64_t number);
/* To be called once a new batch has its parent. */
void model_link(struct model_batch *batch);

/* Does knowing `a` include `b`? Of epochs of one counter and different bits nobody can say: `unrelated` is returned. */
bool model_covers(const struct checker *checker, struct model_known a, struct model_known b, bool unrelated);
void model_learn(const struct checker *checker, struct model_known *known, struct model_known more);
struct model_known model_known_of(const struct model_batch *tip);

void model_contents_init(struct checker *checker, struct model_contents *contents);
void model_contents_copy(struct checker *checker, struct model_contents *to, const struct model_contents *from);
void model_move(struct checker *checker, struct model_disk *disk, const struct model_stream *stream,
    struct model_batch *to, enum model_why why);
/* Did `disk` hold the batch when fact `fact` came? */
bool model_held_at(const struct model_disk *disk, const struct model_batch *batch, uint64_t fact);
/* How many event stores have ever held the batch? */
unsigned model_recorded_by(const struct checker *checker, const struct model_batch *batch);

#endif
