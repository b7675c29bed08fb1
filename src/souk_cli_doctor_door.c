#include "souk_cli_doctor.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define IPC "ipc://"
#define TCP "tcp://"
#define HOLDER_BYTES 128
#define PATH_BYTES 320
#define LINK_BYTES 64
#define LISTENING 0x0a                  /* in /proc/net/tcp */

/* What was found at an endpoint. */
struct door {
    enum { DOOR_FREE, DOOR_HELD, DOOR_WRONG } state;
    uint64_t pid;                       /* of who holds it; 0: it cannot be told */
    char why[SOUK_ERROR_TEXT_BYTES_MAX];        /* of DOOR_WRONG */
};

/* libc has it with _GNU_SOURCE only, and then with other things. */
struct peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

static void look_at_door(struct doctor *doctor, const struct souk_looked *looked, const char *endpoint);
static void try_ipc(const char *path, struct door *door);
static void try_tcp(const char *address, struct door *door);
static void try_bind(const struct addrinfo *where, struct door *door);
static uint64_t find_listener(unsigned port);
static uint64_t listener_inode(const char *table, unsigned port);
static uint64_t find_socket(uint64_t inode);
static bool has_socket(const char *pid, const char *wanted);

void
doctor_look_at_doors(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->node_count; i++) {
        const struct souk_looked *looked = &doctor->nodes[i];

        if (!doctor_is_here(doctor, looked->node))
            continue;
        look_at_door(doctor, looked, looked->node->commands);
        look_at_door(doctor, looked, looked->node->queries);
        look_at_door(doctor, looked, looked->node->publish);
    }
}

static void
look_at_door(struct doctor *doctor, const struct souk_looked *looked, const char *endpoint)
{
    const uint64_t own_pid = souk_look_uint_of(looked->said, "pid");
    const char *name = looked->node->name.text;
    struct door door = { .state = DOOR_FREE };
    char holder[HOLDER_BYTES] = "a process that this user may not look at";

    if (strncmp(endpoint, IPC, strlen(IPC)) == 0)
        try_ipc(endpoint + strlen(IPC), &door);
    else if (strncmp(endpoint, TCP, strlen(TCP)) == 0)
        try_tcp(endpoint + strlen(TCP), &door);
    if (door.pid != 0)
        doctor_process(door.pid, holder, sizeof holder);
    if (door.state == DOOR_WRONG)
        doctor_find(doctor, DOCTOR_ERROR, "endpoint", name, "correct it in the topology", "%s: %s", endpoint, door.why);
    else if (door.state == DOOR_FREE && looked->said == NULL)
        doctor_find(doctor, DOCTOR_OK, "endpoint", name, NULL, "%s is free", endpoint);
    else if (door.state == DOOR_FREE)
        doctor_find(doctor, DOCTOR_ERROR, "endpoint", name,
            "restart it; and see who removes files below `run', or changes addresses",
            "%s answers, and its endpoint %s is not there", name, endpoint);
    else if (looked->said == NULL)
        doctor_find(doctor, DOCTOR_ERROR, "endpoint", name,
            "stop that process if it is an old one of this service, else give the service another endpoint",
            "%s is held by %s, and %s does not answer", endpoint, holder, name);
    else if (door.pid != 0 && own_pid != 0 && door.pid != own_pid)
        doctor_find(doctor, DOCTOR_ERROR, "endpoint", name, "stop the one that is too many",
            "%s is held by %s, and the daemon that answers is process %" PRIu64, endpoint, holder, own_pid);
    else
        doctor_find(doctor, DOCTOR_OK, "endpoint", name, NULL, "%s is held by %s", endpoint, holder);
}

/* ---- ipc ------------------------------------------------------------ */

static void
try_ipc(const char *path, struct door *door)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct peer peer;
    socklen_t bytes = sizeof peer;
    int fd;

    if (strlen(path) >= sizeof address.sun_path) {
        door->state = DOOR_WRONG;
        (void)snprintf(door->why, sizeof door->why,
            "a path of %zu bytes is too long for a socket, which has at most %zu", strlen(path), sizeof address.sun_path - 1);
        return;
    }
    memcpy(address.sun_path, path, strlen(path));
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        door->state = DOOR_HELD;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0)
            door->pid = (uint64_t)peer.pid;
    } else if (errno == EACCES) {
        door->state = DOOR_WRONG;
        (void)snprintf(door->why, sizeof door->why, "this user (%ju) may not connect to it", (uintmax_t)geteuid());
    }
    (void)close(fd);
}

/* ---- tcp ------------------------------------------------------------ */

/* HOST:PORT, *:PORT or [ADDRESS]:PORT, as the topology has checked. */
static void
try_tcp(const char *address, struct door *door)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    const char *colon = strrchr(address, ':');
    struct addrinfo *found = NULL;
    char host[PATH_BYTES];
    int rc;

    if (colon == NULL)
        return;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    if (host[0] == '[') {
        memmove(host, host + 1, strlen(host));
        host[strcspn(host, "]")] = '\0';
    }
    rc = getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, colon + 1, &hints, &found);
    if (rc != 0) {
        door->state = DOOR_WRONG;
        (void)snprintf(door->why, sizeof door->why, "%s: %s", host, gai_strerror(rc));
        return;
    }
    try_bind(found, door);
    freeaddrinfo(found);
    if (door->state == DOOR_HELD)
        door->pid = find_listener((unsigned)strtoul(colon + 1, NULL, 10));
}

static void
try_bind(const struct addrinfo *where, struct door *door)
{
    const int one = 1;
    int fd = socket(where->ai_family, where->ai_socktype | SOCK_CLOEXEC, where->ai_protocol);

    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);       /* what has just been closed is free */
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0) {
        door->state = errno == EADDRINUSE ? DOOR_HELD : DOOR_WRONG;
        (void)snprintf(door->why, sizeof door->why, "%s", errno == EADDRNOTAVAIL
            ? "no interface of this host has that address" : strerror(errno));
    } else if (listen(fd, 1) != 0 && errno == EADDRINUSE) {
        door->state = DOOR_HELD;
    }
    (void)close(fd);
}

/* Who listens on that port. 0: nobody, or somebody whom this user may not look at. */
static uint64_t
find_listener(unsigned port)
{
    uint64_t inode = listener_inode("/proc/net/tcp", port);

    if (inode == 0)
        inode = listener_inode("/proc/net/tcp6", port);
    return inode == 0 ? 0 : find_socket(inode);
}

static uint64_t
listener_inode(const char *table, unsigned port)
{
    FILE *file = fopen(table, "re");
    uint64_t inode = 0;
    char line[PATH_BYTES];

    if (file == NULL)
        return 0;
    while (inode == 0 && fgets(line, sizeof line, file) != NULL) {
        unsigned local_port, state;
        uint64_t found;

        /* sl, local and remote address, state, queues, timer, retransmits, uid, timeout, inode */
        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %" SCNu64, &local_port,
            &state, &found) == 3 && local_port == port && state == LISTENING)
            inode = found;
    }
    (void)fclose(file);
    return inode;
}

static uint64_t
find_socket(uint64_t inode)
{
    DIR *processes = opendir("/proc");
    const struct dirent *process;
    char wanted[LINK_BYTES];
    uint64_t pid = 0;

    (void)snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    while (processes != NULL && pid == 0 && (process = readdir(processes)) != NULL)
        if (isdigit((unsigned char)process->d_name[0]) && has_socket(process->d_name, wanted))
            pid = strtoull(process->d_name, NULL, 10);
    if (processes != NULL)
        (void)closedir(processes);
    return pid;
}

static bool
has_socket(const char *pid, const char *wanted)
{
    const struct dirent *file;
    char path[PATH_BYTES];
    char link[LINK_BYTES];
    bool has = false;
    ssize_t bytes;
    DIR *files;

    (void)snprintf(path, sizeof path, "/proc/%s/fd", pid);
    if ((files = opendir(path)) == NULL)
        return false;
    while (!has && (file = readdir(files)) != NULL) {
        if ((bytes = readlinkat(dirfd(files), file->d_name, link, sizeof link - 1)) > 0) {
            link[bytes] = '\0';
            has = strcmp(link, wanted) == 0;
        }
    }
    (void)closedir(files);
    return has;
}
