/*
 * souk_cli_doctor - what `souk doctor` finds: each finding has a level, what was
 * looked at, a sentence, and what to do.
 *
 * souk_cli_doctor.c        options, findings, what nodes say
 * souk_cli_doctor_host.c   this host: limits, clock, directories and disks
 * souk_cli_doctor_door.c   endpoints, and who holds them
 */
#ifndef SOUK_CLI_DOCTOR_H
#define SOUK_CLI_DOCTOR_H

#include "souk_cli_look.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor {
    const struct souk_cli *cli;
    struct souk_topology *topology;
    struct souk_key *key;                       /* of who asks; NULL: the system has none */
    struct souk_client *client;
    const struct souk_topology_host *host;      /* this one */
    const char *programs;
    struct souk_looked nodes[SOUK_CLI_NODES_MAX];
    size_t node_count;
    bool is_running;                            /* any of them */
    json_t *findings;
    size_t counts[DOCTOR_ERROR + 1];
};

/* `node` NULL: of the whole host or system. `todo` NULL: nothing; only what is fine needs none. */
void doctor_find(struct doctor *doctor, enum doctor_level level, const char *check, const char *node,
    const char *todo, const char *format, ...) SOUK_PRINTF(6, 7);
/* Is it run on this host? */
bool doctor_is_here(const struct doctor *doctor, const struct souk_topology_node *node);
/* "4711 (blog-posts)". */
void doctor_process(uint64_t pid, char *text_out, size_t text_bytes);

void doctor_look_at_host(struct doctor *doctor);
void doctor_look_at_directories(struct doctor *doctor);
void doctor_look_at_doors(struct doctor *doctor);

#endif
