#include "souk_control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "souk_directory.h"

#define WORDS_BYTES (SOUK_NAME_BYTES_MAX + 16)

static int address_of(const struct souk_topology *topology, struct sockaddr_un *address_out);
static int connect_to(const struct souk_topology *topology);

int
souk_control_open(const struct souk_topology *topology, int *fd_out, struct souk_error *err)
{
    struct sockaddr_un address;
    mode_t mask;
    int fd, rc;

    if (address_of(topology, &address) != 0)
        return souk_fail(err, SOUK_ETOOBIG, "run directory %s: its path is too long for a socket in it",
            topology->run_dir);
    if ((fd = connect_to(topology)) >= 0) {
        (void)close(fd);
        return souk_fail(err, SOUK_EBUSY, "%s: another souk up has it; stop that one first", address.sun_path);
    }
    if ((rc = souk_directory_make(topology->run_dir, strlen(topology->run_dir), err)) != 0)
        return rc;
    (void)unlink(address.sun_path);             /* of one that was killed */
    if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
        return souk_fail(err, SOUK_EIO, "%s: %s", address.sun_path, strerror(errno));
    mask = umask(077);
    rc = bind(fd, (const struct sockaddr *)&address, (socklen_t)sizeof address);
    (void)umask(mask);
    if (rc != 0) {
        (void)close(fd);
        return souk_fail(err, SOUK_EIO, "%s: %s", address.sun_path, strerror(errno));
    }
    *fd_out = fd;
    return 0;
}

bool
souk_control_take(int fd, struct souk_name *name_out, uint32_t *down_seconds_out)
{
    char words[WORDS_BYTES + 1], name[SOUK_NAME_BYTES_MAX + 1];
    unsigned seconds;
    ssize_t bytes;
    int end;

    while ((bytes = recv(fd, words, WORDS_BYTES, MSG_DONTWAIT)) >= 0) {
        words[bytes] = '\0';
        end = -1;
        if (sscanf(words, "end %31[a-z0-9.-] %2u%n", name, &seconds, &end) == 2 && words[end] == '\0'
            && seconds <= SOUK_CONTROL_DOWN_SECONDS_MAX && souk_name_set(name_out, souk_slice_of(name)) == 0) {
            *down_seconds_out = seconds;
            return true;
        }
    }
    return false;
}

void
souk_control_close(const struct souk_topology *topology, int *fd_p)
{
    struct sockaddr_un address;

    if (*fd_p < 0)
        return;
    if (address_of(topology, &address) == 0)
        (void)unlink(address.sun_path);
    (void)close(*fd_p);
    *fd_p = -1;
}

bool
souk_control_is_there(const struct souk_topology *topology)
{
    const int fd = connect_to(topology);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

int
souk_control_end(const struct souk_topology *topology, const char *name, uint32_t down_seconds)
{
    char words[WORDS_BYTES];
    const int bytes = snprintf(words, sizeof words, "end %s %u", name, (unsigned)down_seconds);
    int fd, rc = 0;

    if (bytes < 0 || (size_t)bytes >= sizeof words || down_seconds > SOUK_CONTROL_DOWN_SECONDS_MAX)
        return -SOUK_EINVAL;
    if ((fd = connect_to(topology)) < 0)
        return -SOUK_ENOTFOUND;
    if (send(fd, words, (size_t)bytes, MSG_DONTWAIT | MSG_NOSIGNAL) != bytes)
        rc = -SOUK_ENOTFOUND;
    (void)close(fd);
    return rc;
}

static int
address_of(const struct souk_topology *topology, struct sockaddr_un *address_out)
{
    int bytes;

    *address_out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    bytes = snprintf(address_out->sun_path, sizeof address_out->sun_path, "%s/control", topology->run_dir);
    return bytes < 0 || (size_t)bytes >= sizeof address_out->sun_path ? -SOUK_ETOOBIG : 0;
}

static int
connect_to(const struct souk_topology *topology)
{
    struct sockaddr_un address;
    int fd;

    if (address_of(topology, &address) != 0 || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, (socklen_t)sizeof address) == 0)
        return fd;
    (void)close(fd);
    return -1;
}
