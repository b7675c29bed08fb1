/*
 * souk_socket_parts - what the files that open sockets share.
 */
#ifndef SOUK_SOCKET_PARTS_H
#define SOUK_SOCKET_PARTS_H

/* What the gate is told of who knocks: at the door of a ROUTER, or of the XPUB. */
#define SOUK_SOCKET_ZAP_ASK "souk"
#define SOUK_SOCKET_ZAP_PUBLISH "souk.publish"

/* As zmq_setsockopt(3). */
int souk_socket_set_int(void *socket, int option, int value);
/* Before it is bound: it shows the key that goes with `secret`, and the gate is asked about every peer, under `domain`. */
int souk_socket_set_server(void *socket, const char *secret, const char *domain);
/* Before it is connected: it shows its key, and takes nobody but who has the one that goes with `server_public`. */
int souk_socket_set_client(void *socket, const char *secret, const char *public_text, const char *server_public);

#endif
