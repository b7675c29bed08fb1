/*
 * souk_cli_node - asking one node of a system one thing, by a described message.
 */
#ifndef SOUK_CLI_NODE_H
#define SOUK_CLI_NODE_H

#include <souk-message.h>

#include "souk_cli_system.h"

#define SOUK_CLI_NODE_QUERY_MS 3000             /* for an answer to a query */
#define SOUK_CLI_NODE_COMMAND_MS 30000          /* to a command */
#define SOUK_CLI_NODE_TEXT_BYTES 256

/* Why a node has refused. */
struct souk_cli_refusal {
    char code[SOUK_CLI_NODE_TEXT_BYTES], text[SOUK_CLI_NODE_TEXT_BYTES];
};

/*
 * Send `message` of `type`, a command or query, and wait. A query's answer is
 * decoded into `reply_out`; what it points to lies in `arena`. 0; 1: refused;
 * else an exit status, and what is wrong has been said.
 */
int souk_cli_node_ask(const struct souk_cli *cli, struct souk_client *client, const struct souk_topology_node *node,
    const struct souk_message_type *type, const void *message, struct souk_arena *arena, void *reply_out,
    struct souk_cli_refusal *refusal_out);

/* The service with that name. NULL: there is none, and a nearer name has been said. */
const struct souk_topology_node *souk_cli_service(const struct souk_cli *cli, const struct souk_topology *topology,
    const char *name);

#endif
