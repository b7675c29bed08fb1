/*
 * souk_cli_heads - where a node stands in its streams, by what it answers to souk.status.
 */
#ifndef SOUK_CLI_HEADS_H
#define SOUK_CLI_HEADS_H

#include "souk_cli_system.h"

struct souk_cli_head {
    struct souk_name stream, origin;
    struct souk_position position;
};

struct souk_cli_heads {
    bool answered;                              /* else nothing below is set */
    char state[SOUK_NAME_BYTES_MAX + 1];
    uint32_t epoch_counter;
    uint64_t commit, started_ms;
    uint32_t count;
    struct souk_cli_head heads[SOUK_STREAMS_MAX];
};

/* Ask; a node that says nothing within `deadline_ms` is no error. 0, or an exit status (said). */
int souk_cli_heads_ask(const struct souk_cli *cli, struct souk_client *client, const struct souk_topology_node *node,
    uint32_t deadline_ms, struct souk_cli_heads *heads_out);
/* NULL: it neither has nor follows that stream. */
const struct souk_position *souk_cli_heads_of(const struct souk_cli_heads *heads, const char *stream);

/* "posts/2/118": a place as souk-tail(1) and souk-log(1) name it. */
#define SOUK_CLI_PLACE_BYTES (SOUK_NAME_BYTES_MAX + 36)
const char *souk_cli_place(const char *stream, const struct souk_position *position,
    char text_out[SOUK_CLI_PLACE_BYTES]);

#endif
