/*
 * souk_sandbox_parts - what its files, and the filter and who loads it, agree on.
 *
 * souk_sandbox.c         what a daemon does once it has started
 * souk_sandbox_files.c   what it may write, and what it may not read
 * souk_sandbox_filter.c  run while souk is built: writes the filter, and knows what is denied and why
 */
#ifndef SOUK_SANDBOX_PARTS_H
#define SOUK_SANDBOX_PARTS_H

#include <errno.h>
#include <stddef.h>

struct souk_sandbox;

/* A prctl() that is none: the filter answers it, the kernel does not know it. */
#define SANDBOX_PROBE 0x736f756b
#define SANDBOX_PROBE_ANSWER EALREADY

/*
 * The one exec of a service. A filter sees numbers and no texts, so the program's path has to lie here, in a page that no
 * other code names. The same in every program and release, for a filter stays when a new program goes on.
 */
#define SANDBOX_EXEC_PATH_AT 0x500000000
#define SANDBOX_EXEC_PATH_BYTES 4096

/* By Landlock. *hidden_out: how many places cannot be read. 0, or -1: the kernel has none, or it is turned off. */
int sandbox_limit_files(const struct souk_sandbox *sandbox, size_t *hidden_out);

#endif
