/*
 * souk_cli_look - what nodes say to souk.status, as JSON objects with the names
 * that `souk status --json` has.
 */
#ifndef SOUK_CLI_LOOK_H
#define SOUK_CLI_LOOK_H

#include "souk_cli.h"
#include "souk_client.h"

#define SOUK_CLI_NODES_MAX (SOUK_SERVICES_MAX + SOUK_STORES_MAX)
#define SOUK_CLI_LOOK_MS 3000

/* What one node says, or that it says nothing. */
struct souk_cli_looked {
    const struct souk_topology_node *node;
    json_t *said;                       /* NULL: nothing */
    bool is_forbidden;                  /* it says that who asks has no right to know */
    json_t *problems;                   /* sentences, of souk_cli_look_judge() */
    uint64_t took_us, wall_ms;          /* its answer; and when it came */
};

/*
 * Choose the nodes with these names, all without names. 0, or an exit status; what is wrong has been said.
 * `looked` has room for SOUK_CLI_NODES_MAX.
 */
int souk_cli_look_choose(const struct souk_cli *cli, const struct souk_topology *topology, const char *const *names,
    size_t name_count, struct souk_cli_looked *looked, size_t *count_out);
/* Ask all of them at once, and wait for their answers. 0, or an exit status. */
int souk_cli_look(const struct souk_cli *cli, struct souk_client *client, struct souk_cli_looked *looked, size_t count,
    uint32_t deadline_ms);
/* Find out what is amiss with it, by the thresholds of its topology: `problems`. Gives how many there are. */
size_t souk_cli_look_judge(const struct souk_topology *topology, struct souk_cli_looked *looked);
void souk_cli_look_done(struct souk_cli_looked *looked, size_t count);

/* Ask one of them; the answer comes with `arg`. 0, or what the client fails with. */
SOUK_MUST_CHECK int souk_cli_look_ask(struct souk_client *client, const struct souk_topology_node *node,
    uint32_t deadline_ms, void *arg, struct souk_error *err);
/* What that answer says; NULL: nothing. */
json_t *souk_cli_look_answer(const struct souk_client_answer *answer);

/* Members of such an object; 0 or "" when there is none. */
uint64_t souk_cli_uint_of(const json_t *said, const char *key);
const char *souk_cli_text_of(const json_t *said, const char *key);
/* Of all its streams. */
uint64_t souk_cli_lag_of(const json_t *said);
/* What it says of one stream; NULL: nothing. */
const json_t *souk_cli_stream_of(const json_t *said, const char *name);

/*
 * How far `follower` is behind in a stream: events, and the age of the first
 * one that is missing. Who hears nothing of a stream does not know that it is
 * behind; its writer (NULL: it says nothing) does. What is missing then
 * happened at the latest when the writer wrote last.
 */
struct souk_cli_lag {
    uint64_t events, ms;
};
struct souk_cli_lag souk_cli_lag_in(const json_t *follower, const json_t *writer, const char *stream);

#endif
