/*
 * souk_daemon - the command line of services and event stores, souk-service(8).
 */
#ifndef SOUK_DAEMON_H
#define SOUK_DAEMON_H

#include <souk.h>

/*
 * Read the command line and the topology, and run. `service` NULL: an event
 * store, whose name is an argument. Returns the exit status.
 */
SOUK_PUBLIC int souk_daemon_main(const struct souk_service *service, int argc, char **argv);

#endif
