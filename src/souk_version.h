/*
 * souk_version - which souk this is, and what it runs with.
 */
#ifndef SOUK_VERSION_H
#define SOUK_VERSION_H

#include <stddef.h>

#include "souk_report.h"

const char *souk_version(void);
/* "lmdb 0.9.24, libzmq 4.3.4, czmq 4.2.1, libsodium 1.0.18, jansson 2.14": as loaded, not as compiled with. */
void souk_version_libraries(char *text_out, size_t text_bytes);
/*
 * At the start of a daemon: say in one line, event=started, which souk it is and what it runs with. 0, or
 * -SOUK_EUNSUPPORTED: libzmq is older than the one that configure asks for.
 */
SOUK_MUST_CHECK int souk_version_start(struct souk_report *report, struct souk_error *err);

#endif
