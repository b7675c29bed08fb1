#include "souk_notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
souk_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t path_bytes, size_bytes = strlen(state);
    ssize_t sent;
    int fd;

    if (path == NULL || path[0] == '\0')
        return 0;
    path_bytes = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || path_bytes >= sizeof address.sun_path)
        return -SOUK_EINVAL;
    memcpy(address.sun_path, path, path_bytes);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return -SOUK_EIO;
    sent = sendto(fd, state, size_bytes, MSG_NOSIGNAL, (const struct sockaddr *)&address,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_bytes));
    (void)close(fd);
    return sent == (ssize_t)size_bytes ? 0 : -SOUK_EIO;
}
