/*
 * souk_sandbox - what a daemon gives up once it has started: files that it has
 * no business with (Landlock), calls of the kernel that neither it nor a
 * library of its ever makes (seccomp), and new privileges. Whoever takes over a
 * running daemon with what it hears has less in his hands.
 *
 * Nothing of it can be taken back, and what is exec'ed has it, too. It is no
 * reason not to start: what the kernel or the build does not offer is said in
 * the log, and left out.
 */
#ifndef SOUK_SANDBOX_H
#define SOUK_SANDBOX_H

#include <souk.h>
#include "souk_report.h"
#include "souk_topology.h"

struct souk_sandbox {
    const struct souk_topology *topology;       /* with `sandbox = no' it gives up nothing, and says that */
    const struct souk_topology_node *node;      /* it writes where its data, witness and sockets lie; NULL: nowhere */
    const char *name;                           /* of the node, or of the client that it is */
    const char *keys;                           /* the directory of secret keys, its own among them */
    bool is_replaceable;                        /* souk_sandbox_exec() makes it another program; else nothing does */
    bool reads_topology;                        /* again, whenever it is told to */
};

/*
 * Give up what is not needed and say so in one line, event=sandbox. Before the process has threads. Twice is as once, also
 * when an exec lies between. The directories of the node are there.
 */
void souk_sandbox_enter(const struct souk_sandbox *sandbox, struct souk_report *report);

/* execv(), also in a sandbox that is replaceable. Returns -1 with errno when it failed. */
int souk_sandbox_exec(const char *program, char *const arguments[]);

#endif
