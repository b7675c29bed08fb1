/*
 * souk_cli_look - asking nodes how they stand, and waiting for what they say.
 */
#ifndef SOUK_CLI_LOOK_H
#define SOUK_CLI_LOOK_H

#include "souk_cli.h"
#include "souk_client.h"
#include "souk_look.h"

#define SOUK_CLI_NODES_MAX (SOUK_SERVICES_MAX + SOUK_STORES_MAX)
#define SOUK_CLI_LOOK_MS 3000

/*
 * Choose the nodes with these names, all without names. 0, or an exit status; what is wrong has been said.
 * `looked` has room for SOUK_CLI_NODES_MAX.
 */
int souk_cli_look_choose(const struct souk_cli *cli, const struct souk_topology *topology, const char *const *names,
    size_t name_count, struct souk_looked *looked, size_t *count_out);
/* Ask all of them at once, and wait for their answers. 0, or an exit status. */
int souk_cli_look(const struct souk_cli *cli, struct souk_client *client, struct souk_looked *looked, size_t count,
    uint32_t deadline_ms);
void souk_cli_look_done(struct souk_looked *looked, size_t count);

#endif
