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

struct souk_sandbox {
    bool is_wanted;                             /* false: give up nothing, and say that */
    bool is_replaceable;                        /* souk_sandbox_exec() makes it another program; else nothing does */
    const char *const *beside;                  /* it writes, makes and removes files in the directories of these, and below */
    size_t beside_count;
};

/*
 * Give up what is not needed and say so in one line, event=sandbox. Before the process has threads. Twice is as once, also
 * when an exec lies between. The directories are there.
 */
void souk_sandbox_enter(const struct souk_sandbox *sandbox, struct souk_report *report);

/* execv(), also in a sandbox that is replaceable. Returns -1 with errno when it failed. */
int souk_sandbox_exec(const char *program, char *const arguments[]);

#endif
