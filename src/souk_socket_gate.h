/*
 * souk_socket_gate - who is let in at the sockets that have keys.
 *
 * ZeroMQ asks this thread about every peer that has shown a key (ZAP, RFC 27),
 * once for each connection; what a message may ask for is looked up again for
 * each message. Who is let in where the node publishes may hear all of that. The
 * gate has to be there before the first socket is bound. It fails closed:
 * sockets ask under a domain that they insist on, so nobody comes in when it is
 * gone, and the process is to end then.
 */
#ifndef SOUK_SOCKET_GATE_H
#define SOUK_SOCKET_GATE_H

#include <souk.h>
#include "souk_access.h"

struct souk_socket_gate;

/* Open the gate of the process's context; nobody is let in yet. Close it before the context is done. 0, -SOUK_ENOMEM, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_socket_gate_open(void *context, struct souk_socket_gate **gate_out, struct souk_error *err);
/* NULL inside is fine. */
void souk_socket_gate_close(struct souk_socket_gate **gate_p);

/* From now on whoever is a peer in `access`, which it holds, is let in, and where the node publishes who may subscribe; nobody else. */
void souk_socket_gate_set(struct souk_socket_gate *gate, struct souk_access *access);
/* Its thread has ended, though it was not told to. */
bool souk_socket_gate_is_gone(const struct souk_socket_gate *gate);
/* Peers that were turned away so far. */
uint64_t souk_socket_gate_refused(const struct souk_socket_gate *gate);

/*
 * Try it, on a socket of the test's own: who shows no key, and who shows one
 * that no topology has, must not get in; the same key let in must. 0, or -SOUK_EIO: it
 * does not keep people out as it should, and nothing may be bound.
 */
SOUK_MUST_CHECK int souk_socket_gate_test(struct souk_socket_gate *gate, struct souk_error *err);

#endif
