#include "souk_version.h"

#include "config.h"

#include <czmq.h>
#include <jansson.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <zmq.h>

#define TEXT_BYTES 256

const char *
souk_version(void)
{
    return PACKAGE_VERSION;
}

void
souk_version_libraries(char *text_out, size_t text_bytes)
{
    int lmdb[3], zmq[3], czmq[3];

    (void)mdb_version(&lmdb[0], &lmdb[1], &lmdb[2]);
    zmq_version(&zmq[0], &zmq[1], &zmq[2]);
    zsys_version(&czmq[0], &czmq[1], &czmq[2]);
    (void)snprintf(text_out, text_bytes, "lmdb %d.%d.%d, libzmq %d.%d.%d, czmq %d.%d.%d, libsodium %s, jansson %s",
        lmdb[0], lmdb[1], lmdb[2], zmq[0], zmq[1], zmq[2], czmq[0], czmq[1], czmq[2], sodium_version_string(),
        jansson_version_str());
}

int
souk_version_start(struct souk_report *report, struct souk_error *err)
{
    char libraries[TEXT_BYTES];
    struct souk_line line;
    int zmq[3];

    souk_version_libraries(libraries, sizeof libraries);
    souk_line_begin(&line, report, SOUK_LEVEL_INFO, "started");
    souk_line_text(&line, "version", souk_version());
    souk_line_text(&line, "libraries", libraries);
    souk_line_end(&line);
    zmq_version(&zmq[0], &zmq[1], &zmq[2]);
    if (ZMQ_MAKE_VERSION(zmq[0], zmq[1], zmq[2]) < LIBZMQ_VERSION_MIN)
        return souk_fail(err, SOUK_EUNSUPPORTED, "this is libzmq %d.%d.%d, and it needs " LIBZMQ_VERSION_MIN_TEXT
            " or a later one", zmq[0], zmq[1], zmq[2]);
    return 0;
}
