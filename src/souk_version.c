#include "souk_version.h"

#include "config.h"

#include <jansson.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <zmq.h>

const char *
souk_version(void)
{
    return PACKAGE_VERSION;
}

void
souk_version_libraries(char *text_out, size_t text_bytes)
{
    int lmdb[3], zmq[3];

    (void)mdb_version(&lmdb[0], &lmdb[1], &lmdb[2]);
    zmq_version(&zmq[0], &zmq[1], &zmq[2]);
    (void)snprintf(text_out, text_bytes, "lmdb %d.%d.%d, libzmq %d.%d.%d, libsodium %s, jansson %s", lmdb[0], lmdb[1],
        lmdb[2], zmq[0], zmq[1], zmq[2], sodium_version_string(), jansson_version_str());
}
