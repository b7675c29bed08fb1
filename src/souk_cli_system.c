#include "souk_cli_system.h"

#include <sysexits.h>

int
souk_cli_client(const struct souk_cli *cli, const struct souk_topology *topology, const char *caller,
    struct souk_key **key_out, struct souk_client **client_out)
{
    const struct souk_topology_node *node = souk_topology_node(topology, caller);
    struct souk_error err = { 0 };
    int status;
    int rc;

    if (node != NULL && node->key != NULL) {
        if (souk_key_open(cli->keys != NULL ? cli->keys : topology->keys, caller, node->key, key_out, &err) != 0) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
            return EX_NOPERM;
        }
    } else if ((status = souk_cli_identity(cli, topology, &caller, key_out)) != 0) {
        return status;
    }
    if ((rc = souk_client_open(topology, caller, client_out, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    souk_client_set_key(*client_out, *key_out);
    return 0;
}

int
souk_cli_system_open(struct souk_cli_system *system, const struct souk_cli *cli, const char *caller)
{
    struct souk_error err = { 0 };
    int status;
    int rc;

    *system = (struct souk_cli_system){ .topology = NULL };
    if ((status = souk_cli_topology(cli, NULL, &system->topology)) != 0)
        return status;
    if ((rc = souk_catalogue_init(&system->catalogue, system->topology, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    return souk_cli_client(cli, system->topology, caller, &system->key, &system->client);
}

void
souk_cli_system_close(struct souk_cli_system *system)
{
    souk_client_close(&system->client);
    souk_key_close(&system->key);
    souk_catalogue_done(&system->catalogue);
    souk_topology_close(&system->topology);
}
