/*
 * souk_socket_parts - what the files that open sockets share.
 */
#ifndef SOUK_SOCKET_PARTS_H
#define SOUK_SOCKET_PARTS_H

#define SOUK_SOCKET_ZAP_DOMAIN "souk"

/* As zmq_setsockopt(3). */
int souk_socket_set_int(void *socket, int option, int value);
/* Before it is bound: it shows the key that goes with `secret`, and the gate is asked about every peer. */
int souk_socket_set_server(void *socket, const char *secret);
/* Before it is connected: it shows its key, and takes nobody but who has the one that goes with `server_public`. */
int souk_socket_set_client(void *socket, const char *secret, const char *public_text, const char *server_public);

#endif
