#include "souk_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define US_PER_MS 1000

static bool read_number(const char *text, uint64_t *number_out);

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

uint64_t
souk_notify_watchdog_ms(void)
{
    uint64_t us, pid;

    if (!read_number(getenv("WATCHDOG_USEC"), &us))
        return 0;
    if (getenv("WATCHDOG_PID") != NULL
        && (!read_number(getenv("WATCHDOG_PID"), &pid) || pid != (uint64_t)getpid()))
        return 0;                               /* it is meant for another process */
    return us / US_PER_MS;
}

static bool
read_number(const char *text, uint64_t *number_out)
{
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number_out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}
