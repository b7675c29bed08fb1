/*
 * souk_control - the small door of `souk up --control`: a socket in the run
 * directory of its system, by which another process of the same user has it end
 * one of the processes that it runs. `souk up` is their parent, so it can mean no other.
 *
 * For demonstrations: a node that is ended is killed as a crash would, and started again.
 */
#ifndef SOUK_CONTROL_H
#define SOUK_CONTROL_H

#include "souk_topology.h"

#define SOUK_CONTROL_DOWN_SECONDS_MAX 60        /* before it is started again */

/* ---- of souk up ----------------------------------------------------- */

/* 0, -SOUK_ETOOBIG (the path is too long), -SOUK_EBUSY (somebody has it) or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_control_open(const struct souk_topology *topology, int *fd_out, struct souk_error *err);
/* What is asked next: the name of a node, and how long it stays away. False: nothing. */
bool souk_control_take(int fd, struct souk_name *name_out, uint32_t *down_seconds_out);
void souk_control_close(const struct souk_topology *topology, int *fd_p);

/* ---- of who asks ---------------------------------------------------- */

/* Does somebody listen there? */
bool souk_control_is_there(const struct souk_topology *topology);
/* Ask for the end of a node. 0, -SOUK_ENOTFOUND (nobody listens) or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_control_end(const struct souk_topology *topology, const char *name, uint32_t down_seconds);

#endif
