/*
 * souk_cli_system - the system that a subcommand speaks to: its topology, the
 * descriptions of its messages, and a client of it.
 */
#ifndef SOUK_CLI_SYSTEM_H
#define SOUK_CLI_SYSTEM_H

#include "souk_catalogue.h"
#include "souk_cli.h"
#include "souk_client.h"

struct souk_cli_system {
    struct souk_topology *topology;
    struct souk_catalogue catalogue;
    struct souk_key *key;               /* of the caller; NULL: the system has none */
    struct souk_client *client;
};

/*
 * Read the topology that the options name and its descriptions, and open a
 * client under the name `caller`, which is borrowed until the close; where there are keys, under that of the
 * client of the topology whose key it has, or with the key of the service or event store that `caller` names. 0, or an
 * exit status; what is wrong has been said. Close it in either case.
 */
int souk_cli_system_open(struct souk_cli_system *system, const struct souk_cli *cli, const char *caller);
/* What was not opened is fine. */
void souk_cli_system_close(struct souk_cli_system *system);

#endif
