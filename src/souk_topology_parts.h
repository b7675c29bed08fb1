/*
 * souk_topology_parts - a topology while it is read.
 *
 * souk_topology.c opens, looks up and hands out; souk_topology_read.c turns
 * entries into values, souk_topology_value.c single values, souk_topology_check.c
 * sees what shows only when everything is there, souk_topology_canonical.c says
 * it again in one form. Nothing stops at the first thing that is wrong: it is
 * noted, and reading goes on. All texts lie in the arena or in the file's tree.
 */
#ifndef SOUK_TOPOLOGY_PARTS_H
#define SOUK_TOPOLOGY_PARTS_H

#include "souk_directory.h"
#include "souk_topology.h"
#include "souk_zpl.h"

/* One line of the canonical form. */
struct souk_topology_line {
    const char *where;                          /* "service orders" */
    const char *key;                            /* "stream", "limits hold_ms" */
    const char *value;
    bool is_many;                               /* the key may come again with another value */
    bool is_live;                               /* taken over without a restart */
    bool is_own;                                /* of a node: nobody else has to know */
    const struct souk_topology_node *node;      /* whom it is about; NULL: the system, a host, a client */
};

struct souk_topology_parts {
    struct souk_zpl *zpl;
    struct souk_arena arena;
    const char *data, *run, *witness, *keys;    /* as written; NULL: left out */
    const char *data_dir, *run_dir, *witness_dir;   /* absolute */
    struct souk_topology_line *lines;           /* sorted */
    size_t line_count;
};

/* What stands beside a node until the file is read. */
struct souk_topology_source {
    const struct souk_zpl_node *zpl;            /* its entry */
    uint64_t port;                              /* 0: none is given */
};

struct souk_topology_reading {
    struct souk_topology *topology;
    struct souk_topology_parts *parts;
    struct souk_topology_errors *errors;
    struct souk_topology_host *hosts;           /* what the topology points to, while it is filled */
    struct souk_topology_node *nodes;
    struct souk_topology_stream *streams;
    struct souk_topology_client *clients;
    struct souk_topology_source *sources;       /* beside nodes */
    const struct souk_zpl_node **host_sources;  /* beside hosts */
    const struct souk_zpl_node **stream_sources;    /* beside streams */
    const struct souk_zpl_node **client_sources;    /* beside clients */
    const struct souk_zpl_node *system;
    struct souk_topology_node defaults;         /* what the system says of every node */
    char dir[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1]; /* of the file */
    bool is_short_of_memory;
};

/* Note what is wrong with `node`. */
void souk_topology_wrong(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char *format, ...) SOUK_PRINTF(3, 4);
/* Zeroed bytes of the arena; without memory that is noted, and NULL. */
void *souk_topology_alloc(struct souk_topology_reading *reading, size_t size_bytes);
/* A text in the arena; NULL only without memory. */
const char *souk_topology_text(struct souk_topology_reading *reading, const char *format, ...) SOUK_PRINTF(2, 3);

/* ---- souk_topology_find.c ------------------------------------------- */

/* Entries of one kind, sorted by value. */
struct souk_topology_found {
    const struct souk_zpl_node **nodes;
    size_t count;
};

/* The children of either name, at most `count_max` of them; more are noted. */
struct souk_topology_found souk_topology_find(struct souk_topology_reading *reading,
    const struct souk_zpl_node *above, const char *name, const char *other_name, size_t count_max);
/* For qsort(3) over pointers to nodes: by value, then by line. */
int souk_topology_by_value(const void *a, const void *b);
/* Note what the rules do not allow below `node`, and what they miss. */
void souk_topology_rules(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const struct souk_zpl_rule *rules);
/* Does `node` say what `before`, the one in front of it by value, has said? It is noted. */
bool souk_topology_is_doubled(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const struct souk_zpl_node *before);
/* The child of that name when it has a value; else NULL. */
const struct souk_zpl_node *souk_topology_valued(const struct souk_zpl_node *node, const char *name);

/* ---- souk_topology_read.c ------------------------------------------- */

void souk_topology_entries(struct souk_topology_reading *reading);
/* The host that `above` names, or the only one; NULL when none is meant, which is noted. */
const struct souk_topology_host *souk_topology_host_of(struct souk_topology_reading *reading,
    const struct souk_zpl_node *above);

/* ---- souk_topology_relation.c --------------------------------------- */

/* `follow` lines of a service or, `follower` NULL, of a client. */
void souk_topology_follows(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    const struct souk_topology_node *follower, const struct souk_topology_stream *const **follows_out,
    size_t *count_out);
/* `call` entries of a service or, `caller` NULL, of a client. */
void souk_topology_calls(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    const struct souk_topology_node *caller, const struct souk_topology_call **calls_out, size_t *count_out);
/* `skip` lines of a service, whose followed streams are known. */
void souk_topology_skips(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_node *node);
void souk_topology_clients(struct souk_topology_reading *reading);
/* Who signs passes, and with which keys. */
void souk_topology_passes(struct souk_topology_reading *reading);

/* Does `asker` follow a stream of `asked`, or call it? */
bool souk_topology_asks(const struct souk_topology_node *asker, const struct souk_topology_node *asked);

/* ---- souk_topology_value.c ------------------------------------------ */

/* Each leaves *_out alone, and notes it, when the value cannot be meant. */
void souk_topology_name(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *what,
    struct souk_name *name_out);
void souk_topology_yes(struct souk_topology_reading *reading, const struct souk_zpl_node *node, bool *yes_out);
void souk_topology_path(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **path_out);
void souk_topology_program(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **program_out);
void souk_topology_endpoint(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **endpoint_out);
void souk_topology_address(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **address_out);
/* ADDRESS:PORT, the address in numbers; port 0: any that is free. */
void souk_topology_listen(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **listen_out);
void souk_topology_key(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char **key_out);
/* `key` and `old_key` below `node`. */
void souk_topology_keys(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char **key_out,
    const char **old_key_out);
void souk_topology_skip(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    struct souk_wired_skip *skip_out);
/* `settings` of a service. */
void souk_topology_sets(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_node *node);
/* durability, recorded_by, trim_after, log_level, limits, thresholds below `node`, into `into`. */
void souk_topology_common(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    struct souk_topology_node *into);
/* Every limit and threshold at its default. */
void souk_topology_defaults(struct souk_topology_node *node);

/* One number of `limits` or `thresholds`; the table ends with one whose name is NULL. */
struct souk_topology_number {
    const char *name;
    size_t offset;                              /* in struct souk_topology_node */
    size_t bytes;                               /* 4 or 8 */
    uint64_t value_default, value_min, value_max;
    bool is_live;
};

extern const struct souk_topology_number souk_topology_limits[];
extern const struct souk_topology_number souk_topology_thresholds[];
uint64_t souk_topology_number_of(const struct souk_topology_node *node, const struct souk_topology_number *number);

/* ---- souk_topology_check.c ------------------------------------------ */

void souk_topology_check(struct souk_topology_reading *reading);

/* ---- souk_topology_canonical.c -------------------------------------- */

/* Fill the lines and the fingerprint of a topology that is good. */
void souk_topology_canonical(struct souk_topology_reading *reading);

#endif
