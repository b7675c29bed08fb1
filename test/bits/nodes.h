/*
 * nodes - services of the simulated application and an event store, all in one
 * process on a memory file system, and the messages between them.
 *
 * The shell of each is the shortest that souk_core.h allows. Nothing arrives by
 * itself: what a node sends is a letter in a queue, and whoever uses this takes
 * letters out, does with them what he likes, and hands them over or not. Time
 * passes when he says so. The same calls give the same bytes.
 */
#ifndef NODES_H
#define NODES_H

#include "souk_core.h"
#include "souk_reader.h"
#include "souk_recorder.h"

#define NODES_PATH_BYTES_MAX 96
#define NODES_STREAMS 4
#define NODES_OUTSIDE UINT32_MAX        /* where clients are */

enum { NODE_ORDERS, NODE_STOCK, NODE_PAYMENTS, NODE_QUERY, NODE_ARCHIVE, NODES };

/* Their streams in the order of their names: orders, orders.private, payments, stock. */
extern const char *const nodes_streams[NODES_STREAMS];
/* Who writes it. */
uint32_t nodes_origin(const char *stream);

struct node {
    struct souk_name name;
    const struct souk_service *service;         /* NULL: the event store */
    char path[NODES_PATH_BYTES_MAX];            /* of its store */
    struct souk_wiring wiring;
    struct souk_wired_stream streams[NODES_STREAMS];
    struct souk_wired_store stores[1];
    struct souk_store *store;                   /* NULL: it is down */
    struct souk_core *core;                     /* or */
    struct souk_recorder *recorder;
    struct souk_reader *reader;
    uint8_t *witness;                           /* kept while it is down */
    size_t witness_bytes;
    uint64_t commit_witnessed;
    uint32_t full_commits;                      /* so many commits find no room */
};

enum letter_kind {
    LETTER_PUBLISHED,
    LETTER_TO_COMMANDS,
    LETTER_TO_QUERIES,
    LETTER_ANSWER,                              /* to a node, or to a client outside */
};

/* Its frames lie in one allocation behind it and may be written to. */
struct letter {
    struct letter *next;
    enum letter_kind kind;
    uint32_t from, to;
    bool looked_at;                             /* the user's */
    size_t frame_count;
    struct souk_slice *frames;
};

struct nodes {
    char root[NODES_PATH_BYTES_MAX - 16];
    struct node nodes[NODES];
    struct letter *first, *last;
    uint32_t letter_count;
    uint64_t now_ms;
    uint64_t random;
};

/* Everybody down, with empty stores below the directory `root`. 0 or -1. */
int nodes_init(struct nodes *nodes, const char *root);
/* Everybody goes down; the queue and the stores are thrown away. */
void nodes_done(struct nodes *nodes);

/* From its next start on `query` follows this stream alone; NULL: all that it follows by itself. */
void nodes_follow(struct nodes *nodes, const char *stream);

/* Open store and machines of node `at` as after a crash: with the witness that it had. 0, or what refuses. */
int node_start(struct nodes *nodes, uint32_t at, struct souk_error *err);
/* It ends as in a crash. */
void node_stop(struct nodes *nodes, uint32_t at);
/* Its store and its witness are gone. It is down. */
void node_wipe(struct nodes *nodes, uint32_t at);
/* The data file of its store. */
void node_data_path(const struct nodes *nodes, uint32_t at, char path_out[NODES_PATH_BYTES_MAX + 16]);

/*
 * One round of its writer and one of its reader, if they want it; what they
 * send is in the queue afterwards. A store that is full and a handler that
 * fails are no faults: the machine has been told, and goes on. 0 or the first
 * fault, which a machine of its own store should never have.
 */
int node_work(struct nodes *nodes, uint32_t at);
bool node_wants_work(const struct nodes *nodes, uint32_t at);
struct souk_time nodes_time(const struct nodes *nodes);

/* A client's message to a door of node `to`. */
void nodes_ask(struct nodes *nodes, uint32_t to, enum souk_door door, struct souk_slice frame);
/* A command as client `caller` sends it. */
void nodes_command(struct nodes *nodes, uint32_t to, const struct souk_id *id, const struct souk_message_type *type,
    const void *message);

/* Copy `frames` into a new letter; it is not in the queue. */
struct letter *letter_new(enum letter_kind kind, uint32_t from, uint32_t to, const struct souk_slice *frames,
    size_t frame_count);
void letter_free(struct letter **letter_p);
/* Put it behind the others. */
void nodes_post(struct nodes *nodes, struct letter *letter);
/* Take out the one with `at` others before it, or NULL. */
struct letter *nodes_take(struct nodes *nodes, uint32_t at);
/* Hand it over; to nobody if its addressee is down or outside. It stays the caller's. */
void nodes_hear(struct nodes *nodes, const struct letter *letter);

/*
 * Let everybody work and get their letters, and time pass where nobody has
 * anything to do, for `span_ms`. What is sent to clients is thrown away. 0, the
 * first fault of a node, or -SOUK_EBUSY: after so many rounds it is not over yet.
 */
int nodes_settle(struct nodes *nodes, uint64_t span_ms, uint32_t rounds);

#endif
