/*
 * souk_cli_restore_parts - what the files of souk restore share.
 *
 * souk_cli_restore.c        the command; the store is put in place
 * souk_cli_restore_next.c   what is there, and what will happen
 */
#ifndef SOUK_CLI_RESTORE_PARTS_H
#define SOUK_CLI_RESTORE_PARTS_H

#include "souk_cli_backup.h"

/* The store that lies there, beside the backup. */
enum restore_there {
    RESTORE_NOTHING,
    RESTORE_OLDER,                      /* the backup holds all of it */
    RESTORE_SAME,
    RESTORE_NEWER,                      /* it holds all of the backup, and more */
    RESTORE_DIFFERS,                    /* neither holds the other */
    RESTORE_DAMAGED,
};

struct restore {
    const struct souk_cli *cli;
    struct souk_cli_system system;
    const struct souk_topology_node *node;
    char backup[SOUK_CLI_PATH_BYTES];
    char store[SOUK_CLI_PATH_BYTES];    /* that the node opens */
    struct souk_manifest manifest;      /* of the backup */
    enum restore_there there;
    char there_text[256];
    bool is_running;                    /* the node answers, or has the store */
    bool has_hole;                      /* an event store would lack what nobody has any more */
    json_t *next;                       /* sentences */
};

/* Compare the store that is there with the opened copy of the backup. 0, or an exit status (said). */
int restore_compare(struct restore *restore, const char *copy);
/* Ask those that are up, and put into restore->next what the restored node will do. 0, or an exit status (said). */
int restore_foresee(struct restore *restore);

#endif
