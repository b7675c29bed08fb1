/*
 * souk-eventstore - an event store: souk-eventstore(8).
 *
 * The runtime does all of it: the recorder takes the place of a service's
 * core. A finder (search by key, type, correlation) will be a third thread
 * with an environment of its own, opened in souk_run.c beside the reader.
 */
#include <souk_daemon.h>

int
main(int argc, char **argv)
{
    return souk_daemon_main(NULL, argc, argv);
}
