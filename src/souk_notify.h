/*
 * souk_notify - tell a service manager how the process stands.
 *
 * The sd_notify(3) protocol: one datagram to the socket that $NOTIFY_SOCKET
 * names (a path, or an abstract name after '@'). Without one nothing happens.
 */
#ifndef SOUK_NOTIFY_H
#define SOUK_NOTIFY_H

#include <souk.h>

/* `state` is lines of NAME=VALUE, such as "READY=1\nSTATUS=live". 0 (also when nobody asked), -SOUK_EINVAL, -SOUK_EIO. */
int souk_notify(const char *state);

#endif
