/*
 * souk_sandbox - what a daemon gives up once it has started: calls of the
 * kernel that neither it nor a library of its ever makes, and new privileges.
 * Whoever takes over a running daemon with what it hears has less in his hands.
 *
 * Nothing of it can be taken back, and what is exec'ed has it, too. It is no
 * reason not to start: what the kernel or the build does not offer is said in
 * the log, and left out.
 */
#ifndef SOUK_SANDBOX_H
#define SOUK_SANDBOX_H

#include <souk.h>
#include "souk_report.h"

enum souk_sandbox_kind {
    SOUK_SANDBOX_CLOSED,                        /* it never becomes another program */
    SOUK_SANDBOX_REPLACEABLE,                   /* souk_sandbox_exec() does, when it hands over to a new one */
};

/*
 * Give up what is not needed, for all threads of the process, and say so in one line, event=sandbox. `is_wanted` false:
 * give up nothing, and say that. Twice is as once, also when an exec lies between.
 */
void souk_sandbox_enter(struct souk_report *report, bool is_wanted, enum souk_sandbox_kind kind);

/* execv(), also in a sandbox that is replaceable. Returns -1 with errno when it failed. */
int souk_sandbox_exec(const char *program, char *const arguments[]);

#endif
