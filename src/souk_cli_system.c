#include "souk_cli_system.h"

#include <sysexits.h>

int
souk_cli_system_open(struct souk_cli_system *system, const struct souk_cli *cli, const char *caller)
{
    const struct souk_topology_node *node;
    struct souk_error err = { 0 };
    int status;
    int rc;

    *system = (struct souk_cli_system){ .topology = NULL };
    if ((status = souk_cli_topology(cli, NULL, &system->topology)) != 0)
        return status;
    node = souk_topology_node(system->topology, caller);
    if (node != NULL && node->key != NULL) {
        if ((rc = souk_key_open(cli->keys != NULL ? cli->keys : system->topology->keys, caller, node->key, &system->key,
            &err)) != 0) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
            return EX_NOPERM;
        }
    } else if ((status = souk_cli_identity(cli, system->topology, &caller, &system->key)) != 0) {
        return status;
    }
    if ((rc = souk_catalogue_init(&system->catalogue, system->topology, &err)) != 0
        || (rc = souk_client_open(system->topology, caller, &system->client, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    souk_client_set_key(system->client, system->key);
    return 0;
}

void
souk_cli_system_close(struct souk_cli_system *system)
{
    souk_client_close(&system->client);
    souk_key_close(&system->key);
    souk_catalogue_done(&system->catalogue);
    souk_topology_close(&system->topology);
}
