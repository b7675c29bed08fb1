/*
 * souk-eventstore - an event store: souk-eventstore(8).
 *
 * The runtime does all of it: the recorder takes the place of a service's
 * core, and the finder has a thread of its own.
 */
#include <souk_daemon.h>

int
main(int argc, char **argv)
{
    return souk_daemon_main(NULL, argc, argv);
}
