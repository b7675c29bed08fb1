/*
 * souk_version - which souk this is, and what it runs with.
 */
#ifndef SOUK_VERSION_H
#define SOUK_VERSION_H

#include <stddef.h>

const char *souk_version(void);
/* "lmdb 0.9.24, libzmq 4.3.4, libsodium 1.0.18, jansson 2.14": as loaded, not as compiled with. */
void souk_version_libraries(char *text_out, size_t text_bytes);

#endif
