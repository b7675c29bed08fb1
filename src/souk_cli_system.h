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
 * Open a client of `topology` under the name `caller`; both are borrowed until it is closed. Where there are keys it has
 * that of the service or event store that `caller` names, or else name and key of the client of the topology that the
 * options mean. 0, or an exit status; what is wrong has been said. In either case close the client, then the key, which
 * is NULL in a system without.
 */
int souk_cli_client(const struct souk_cli *cli, const struct souk_topology *topology, const char *caller,
    struct souk_key **key_out, struct souk_client **client_out);

/*
 * Read the topology that the options name and its descriptions, and open a souk_cli_client() of it. 0, or an exit
 * status; what is wrong has been said. Close it in either case.
 */
int souk_cli_system_open(struct souk_cli_system *system, const struct souk_cli *cli, const char *caller);
/* What was not opened is fine. */
void souk_cli_system_close(struct souk_cli_system *system);

#endif
