/*
 * souk_stage_parts - what the files of the stage share.
 *
 * souk_stage.c          open and close, what tests ask for
 * souk_stage_wire.c     services and their wiring
 * souk_stage_fault.c    what tests let go wrong: crashes, lost disks, lost events, failing calls
 * souk_stage_node.c     the shell around the state machines, and what they send each other
 * souk_stage_origin.c   writers that the stage plays
 * souk_stage_copy.c     tables filled once more: rebuilding, comparing, losing
 * souk_stage_trace.c    what is to be seen, and the comparison
 * souk_stage_text.c     messages as a line of text
 *
 * A call that goes wrong says so with stage_fail() and unwinds; the public
 * function reports it at its end, when nothing is held any more.
 */
#ifndef SOUK_STAGE_PARTS_H
#define SOUK_STAGE_PARTS_H

#include <jansson.h>

#include <souk-stage.h>

#include "souk_core.h"
#include "souk_outbox.h"
#include "souk_reader.h"
#include "souk_recorder.h"
#include "souk_wire.h"
#include "souk_wiring.h"

#define STAGE_NODES_MAX 128             /* services, played writers, the event store, a copy */
#define STAGE_CALLER "stage"            /* of commands and events that name no other */
#define STAGE_PATH_BYTES_MAX 256

/* Text that grows; NUL-terminated from the first byte on, `base` is NULL before. */
struct stage_text {
    char *base;
    size_t size_bytes, room_bytes;
};

enum stage_kind { STAGE_SERVICE, STAGE_PLAYED, STAGE_STORE };

/* What lives and dies together. */
struct stage_process {
    uint32_t disk;                              /* names its directory */
    struct souk_store *store;
    struct souk_core *core;                     /* of a service */
    struct souk_recorder *recorder;             /* of the event store */
    struct souk_reader *reader;
    struct souk_pack witness;                   /* outlives the rest */
    uint64_t commit_witnessed;
};

struct stage_node {
    struct souk_stage *stage;
    uint32_t index;
    enum stage_kind kind;
    struct souk_name name;
    const struct souk_service *service;         /* of a played writer one without handlers; of the event store NULL */
    struct souk_wiring *wiring;                 /* a copy has its original's; with its keyring */
    uint32_t own_count;                         /* the first so many of wiring->streams */
    bool is_stopped;                            /* by the test, or absent from the beginning */
    struct stage_process process;
    struct stage_node *copy_of;                 /* or NULL; what a copy sends goes nowhere but for pulls */
    uint64_t commit_max;                        /* a copy is given no own commit above it */

    bool dies;                                  /* at `moment` */
    enum souk_stage_moment moment;
    uint32_t write_fails_in;

    struct souk_point told[SOUK_OWN_STREAMS_MAX];   /* what of its streams is in the trace */
    uint64_t parked_told;                       /* sequence */
    enum souk_core_state state_told;

    struct souk_epoch epoch;                    /* of a played writer */
    uint64_t commit;
};

/* An id that was drawn on the stage, without time and version. */
struct stage_drawn {
    uint8_t tail[10];
    struct souk_id id;                          /* as it first came into the trace */
    uint32_t number;                            /* there, from 1; 0: not yet */
};

/* How requests for `command` to others are answered. */
struct stage_answer {
    char command[SOUK_NAME_BYTES_MAX + 1];
    bool is_silent;
    enum souk_status status;
    char code[SOUK_BATCH_NAME_BYTES_MAX + 1];
};

/* A request that is in the trace. */
struct stage_request {
    struct souk_id id;
    struct souk_name asker;
    char command[SOUK_BATCH_NAME_BYTES_MAX + 1];
    bool is_over;
};

struct souk_stage {
    void (*fail)(const char *report, void *fail_arg);
    void *fail_arg;
    struct souk_description *description;       /* owned; NULL when the messages were given */
    const struct souk_messages *messages;
    char directory[STAGE_PATH_BYTES_MAX];       /* "" before it is made */
    bool in_memory;                             /* the directory is */
    uint32_t disks;                             /* made so far */
    uint64_t start_ms, now_ms, steady_ms;       /* now_ms from the start; steady_ms more has passed before it */
    bool is_quiet;
    uint64_t random;
    uint64_t ids;                               /* given to commands and events of the stage */
    struct stage_node *nodes[STAGE_NODES_MAX];
    uint32_t node_count;

    struct stage_drawn *drawn;
    uint32_t drawn_count, drawn_room, drawn_shown;
    struct stage_answer *answers;
    uint32_t answer_count;
    struct stage_request *requests;
    uint32_t request_count, request_room;

    struct souk_pass pass;                      /* whom commands and queries speak for */
    bool has_pass;
    uint8_t pass_secret[SOUK_PASS_SECRET_BYTES];

    struct stage_text trace;
    size_t expected_bytes;                      /* of the trace: what tests have seen */
    struct stage_text comparison;
    struct stage_text report;
    bool has_failed;                            /* this call */
    bool fault_struck;
};

/* ---- souk_stage_pass.c ---------------------------------------------- */

/* Every service on a stage may sign passes, and takes what the stage signs. */
void stage_wire_passes(struct souk_stage *stage, struct souk_wiring *wiring);
/* The pass of the next command or query, empty when nobody is signed in. */
struct souk_slice stage_pass(struct souk_stage *stage, struct souk_arena *arena);

/* ---- souk_stage.c --------------------------------------------------- */

/* At the end of a call of the author's: report what went wrong. */
void stage_finish(struct souk_stage *stage, const char *what, const char *about);

/* Without memory the process ends. Zeroed. */
void *stage_alloc(size_t count, size_t size_bytes);
/* Room for one more at `count`: the array, moved or not. */
void *stage_grow(void *base, uint32_t count, uint32_t *room_p, size_t size_bytes);
/* This call goes wrong. Only the first sentence of a call counts. */
void stage_fail(struct souk_stage *stage, const char *format, ...) SOUK_PRINTF(2, 3);
struct souk_time stage_time(const struct souk_stage *stage);
void stage_random_fill(void *node, void *bytes_out, size_t size_bytes);
/* An id of the stage itself, for a command or event of no other. */
struct souk_id stage_new_id(struct souk_stage *stage);
/* Service, played writer or event store; no copies. NULL when it is not here. */
struct stage_node *stage_find(const struct souk_stage *stage, struct souk_slice name);
/* The part of a message's name before the first dot. */
struct souk_slice stage_prefix(const char *name);
/* This call goes wrong by `err`, which has text. */
void stage_fail_with(struct souk_stage *stage, const struct souk_error *err);
/* A node by its name, running or not, or NULL with a failed call. */
struct stage_node *stage_find_node(struct souk_stage *stage, const char *name, bool or_event_store);
/* One that runs. */
struct stage_node *stage_find_service(struct souk_stage *stage, const char *name, bool or_event_store);
/* The writer of a stream, whom the stage plays. */
struct stage_node *stage_find_writer(const struct souk_stage *stage, const char *stream);
void stage_pass_time(struct souk_stage *stage, uint64_t end_ms);

/* ---- souk_stage_wire.c ---------------------------------------------- */

int stage_add_service(struct souk_stage *stage, const struct souk_stage_config *config,
    const struct souk_stage_service *wanted, struct souk_error *err);
int stage_wire_followed(struct stage_node *node, const struct souk_stage_config *config,
    const struct souk_stage_service *wanted, struct souk_error *err);
/* Writers of streams that are followed and that nobody on the stage writes. */
int stage_play_writers(struct souk_stage *stage, struct souk_error *err);
int stage_add_event_store(struct souk_stage *stage, struct souk_error *err);
/* What all nodes have alike; after everybody is there. */
int stage_wire_node(struct stage_node *node, bool event_store, struct souk_error *err);

/* ---- souk_stage_node.c ---------------------------------------------- */

/* Put a node on the stage; NULL when there are too many. */
struct stage_node *stage_node_add(struct souk_stage *stage, enum stage_kind kind, struct souk_slice name);
void stage_node_remove(struct stage_node **node_p);
/* It goes with the node; a new disk keeps it. */
int stage_keyring_open(struct stage_node *node, struct souk_error *err);
/* Copy its keys of persons into `directory`, under the name that they have beside a daemon's data. */
SOUK_MUST_CHECK int stage_keyring_copy(const struct stage_node *node, const char *directory, struct souk_error *err);
void stage_disk_new(struct stage_node *node);
void stage_disk_remove(struct souk_stage *stage, uint32_t disk);
/* Open everything of the node on its disk. 0, or what failed. */
SOUK_MUST_CHECK int stage_process_open(struct stage_node *node, enum souk_core_start start, struct souk_error *err);
void stage_process_close(struct stage_node *node);
/* Open it again, on the witness that it has. */
void stage_process_start(struct stage_node *node);
void stage_process_die(struct stage_node *node);
/* souk_stage_fail_allocation() */
void stage_fail_allocation(struct stage_node *node, uint32_t nth);
/* Work until nobody has anything to do at this time. */
void stage_settle(struct souk_stage *stage);
/* When somebody has, on the steady clock. */
uint64_t stage_due_ms(const struct souk_stage *stage);
/* Does everybody stand where the writers of what they follow stand? */
bool stage_is_level(const struct souk_stage *stage);
/* Calm: what services repeat in case something was lost comes seldom, so that months may pass. */
void stage_set_pace(struct souk_stage *stage, bool calm);
void stage_publish_frames(struct stage_node *from, const struct souk_slice *frames, size_t frame_count);
/* Where the node stands in `stream`: in its own one the end. */
SOUK_MUST_CHECK int stage_cursor(const struct stage_node *node, const char *stream, struct souk_position *out);
/* Answer a request to somebody who is not on the stage, as the test has said. */
void stage_answer_request(struct stage_node *asker, const struct souk_name *to, struct souk_slice frame);

/* ---- souk_stage_origin.c -------------------------------------------- */

SOUK_MUST_CHECK int stage_origin_open(struct stage_node *node, struct souk_error *err);
void stage_origin_publish(struct stage_node *node, const struct souk_message_type *type, json_t *json);
void stage_origin_lose(struct stage_node *node, const struct souk_name *stream, uint64_t events);
/* Say where its streams stand. */
void stage_origin_heads(struct stage_node *node);

/* ---- souk_stage_copy.c ---------------------------------------------- */

void stage_rebuild(struct stage_node *node);
void stage_expect_same(struct stage_node *node);
void stage_lose(struct stage_node *node, const struct souk_name *stream, uint64_t events);

/* ---- souk_stage_trace.c --------------------------------------------- */

void stage_note(struct souk_stage *stage, const char *format, ...) SOUK_PRINTF(2, 3);
/* Everything of the node's store that is not in the trace yet. */
void stage_note_store(struct stage_node *node);
/* The same, without a trace of it. */
void stage_skip_store(struct stage_node *node);
void stage_note_state(struct stage_node *node);
void stage_note_request(struct stage_node *asker, const struct souk_name *to, struct souk_slice frame);
/* The answer that the asker was given to a request in the trace. */
void stage_note_outcome(struct stage_node *asker, const struct souk_name *from, struct souk_slice frame);
/* To a command or query of the test. */
void stage_note_reply(struct souk_stage *stage, const struct stage_node *from, bool is_query, struct souk_slice frame);
/* 0, or -SOUK_EINVAL: no status is named so. */
int stage_status_number(struct souk_slice name, enum souk_status *status_out);
/* Compare what is new in the trace with `trace`, which is then seen. NULL: the same. */
const char *stage_compare(struct souk_stage *stage, const char *trace);

/* ---- souk_stage_text.c ---------------------------------------------- */

void stage_say(struct stage_text *text, const char *format, ...) SOUK_PRINTF(2, 3);
void stage_say_bytes(struct stage_text *text, const char *bytes, size_t size_bytes);
void stage_text_done(struct stage_text *text);
/* " field=value" for each field; what does not decode is shown as such. */
void stage_say_message(struct souk_stage *stage, struct stage_text *text, const struct souk_message_type *type,
    struct souk_slice payload);
/* The newest type of a name, then the one of the version that was written; NULL when the description lacks it. */
const struct souk_message_type *stage_type(const struct souk_stage *stage, struct souk_slice name, uint16_t version);
/*
 * Read "NAME field=value ..." of a message of `kind`. Release *json_out with
 * json_decref(). 0, or -SOUK_EINVAL with a sentence.
 */
SOUK_MUST_CHECK int stage_read_message(struct souk_stage *stage, enum souk_message_kind kind, const char *message,
    const struct souk_message_type **type_out, json_t **json_out, struct souk_error *err);
/* The type `name` of `kind`. 0, or -SOUK_EINVAL with a sentence that names a likely one. */
SOUK_MUST_CHECK int stage_find_type(const struct souk_stage *stage, enum souk_message_kind kind, struct souk_slice name,
    const struct souk_message_type **type_out, struct souk_error *err);

#endif
