/*
 * souk_sandbox_parts - what the filter of calls and who loads it agree on.
 *
 * souk_sandbox.c         what a daemon does once it has started
 * souk_sandbox_filter.c  run while souk is built: writes the filter, and knows what is denied and why
 */
#ifndef SOUK_SANDBOX_PARTS_H
#define SOUK_SANDBOX_PARTS_H

#include <errno.h>

/* A prctl() that is none: the filter answers it, the kernel does not know it. */
#define SANDBOX_PROBE 0x736f756b
#define SANDBOX_PROBE_ANSWER EALREADY

/*
 * The one exec of a service. A filter sees numbers and no texts, so the program's path has to lie here, in a page that no
 * other code names. The same in every program and release, for a filter stays when a new program goes on.
 */
#define SANDBOX_EXEC_PATH_AT 0x500000000
#define SANDBOX_EXEC_PATH_BYTES 4096

#endif
