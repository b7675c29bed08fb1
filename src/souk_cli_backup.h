/*
 * souk_cli_backup - what souk backup, restore and verify share.
 */
#ifndef SOUK_CLI_BACKUP_H
#define SOUK_CLI_BACKUP_H

#include "souk_backup.h"
#include "souk_cli_heads.h"

#define SOUK_CLI_BACKUPS "backups"              /* in a node's data directory */
#define SOUK_CLI_STORE "store"
#define SOUK_CLI_PATH_BYTES 4352

/* The service or event store of that name; NULL: there is none (said). */
const struct souk_topology_node *souk_cli_any_node(const struct souk_cli *cli, const struct souk_topology *topology,
    const char *name);

#endif
