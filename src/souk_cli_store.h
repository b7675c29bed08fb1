/*
 * souk_cli_store - asking an event store what it has recorded.
 *
 * Any event store will do: they record the same streams. They are asked one
 * after the other until one answers.
 */
#ifndef SOUK_CLI_STORE_H
#define SOUK_CLI_STORE_H

#include "souk_cli_event.h"
#include "souk_cli_system.h"
#include "souk_told.h"

#define SOUK_CLI_STORE_DEADLINE_MS 5000         /* of one question to one event store */

struct souk_cli_store {
    const struct souk_cli *cli;
    struct souk_cli_system system;
    const char *wanted;                         /* name of an event store; NULL: any */
    const struct souk_topology_node *node;      /* who has answered last, and is asked first */
    uint32_t seen_count;                        /* what the next question is to wait for */
    struct souk_cause seen[SOUK_WIRE_SEEN_MAX];
    struct souk_arena arena;                    /* what a reply's lists lie in, until the next question */
};

/* Read the topology and its descriptions and open a client. 0, or an exit status; what is wrong has been said. */
int souk_cli_store_open(struct souk_cli_store *store, const struct souk_cli *cli, const char *wanted);
void souk_cli_store_close(struct souk_cli_store *store);

/*
 * Ask `query`, a message of `type`, and decode the answer into `reply_out`, a
 * struct of the type's reply; its texts are good until the next question.
 * 0; 1: refused, with the code in `refusal_out` (NULL: it is said); else an
 * exit status, and what is wrong has been said.
 */
int souk_cli_store_ask(struct souk_cli_store *store, const struct souk_message_type *type, const void *query,
    void *reply_out, const char **refusal_out);

#endif
