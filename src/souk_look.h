/*
 * souk_look - what nodes say to souk.status, as JSON objects with the names that
 * `souk status --json` has; what is amiss with them, and how far they are behind.
 */
#ifndef SOUK_LOOK_H
#define SOUK_LOOK_H

#include <jansson.h>

#include "souk_client.h"

/* What one node says, or that it says nothing. */
struct souk_looked {
    const struct souk_topology_node *node;
    json_t *said;                       /* NULL: nothing */
    bool is_forbidden;                  /* it says that who asks has no right to know */
    json_t *problems;                   /* sentences, of souk_look_judge() */
    uint64_t took_us, wall_ms;          /* its answer; and when it came */
};

/* Find out what is amiss with it, by the thresholds of its topology: `problems`. Gives how many there are. */
size_t souk_look_judge(const struct souk_topology *topology, struct souk_looked *looked);

/* Ask one of them; the answer comes with `arg`. 0, or what the client fails with. */
SOUK_MUST_CHECK int souk_look_ask(struct souk_client *client, const struct souk_topology_node *node,
    uint32_t deadline_ms, void *arg, struct souk_error *err);
/* What that answer says; NULL: nothing. */
json_t *souk_look_answer(const struct souk_client_answer *answer);

/* Members of such an object; 0 or "" when there is none. */
uint64_t souk_look_uint_of(const json_t *said, const char *key);
const char *souk_look_text_of(const json_t *said, const char *key);
/* Of all its streams. */
uint64_t souk_look_lag_of(const json_t *said);
/* What it says of one stream; NULL: nothing. */
const json_t *souk_look_stream_of(const json_t *said, const char *name);

/*
 * How far `follower` is behind in a stream: events, and the age of the first
 * one that is missing. Who hears nothing of a stream does not know that it is
 * behind; its writer (NULL: it says nothing) does. What is missing then
 * happened at the latest when the writer wrote last.
 */
struct souk_look_lag {
    uint64_t events, ms;
};
struct souk_look_lag souk_look_lag_in(const json_t *follower, const json_t *writer, const char *stream);

#endif
