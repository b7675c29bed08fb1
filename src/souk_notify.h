/*
 * souk_notify - tell a service manager how the process stands.
 *
 * The sd_notify(3) protocol: one datagram to the socket that $NOTIFY_SOCKET
 * names (a path, or an abstract name after '@'). Without one nothing happens.
 */
#ifndef SOUK_NOTIFY_H
#define SOUK_NOTIFY_H

#include <souk.h>

/* `state`: lines of NAME=VALUE, "READY=1\nSTATUS=live". 0 (also when nobody asked), -SOUK_EINVAL, -SOUK_EIO. */
int souk_notify(const char *state);
/* How long the service manager waits for a "WATCHDOG=1" before it takes the process for hung; 0: it does not. */
uint64_t souk_notify_watchdog_ms(void);

#endif
