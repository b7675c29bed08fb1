/*
 * Preloaded into a daemon: when it says that it listens, it tries in its place what a daemon must not do, and writes a
 * line to the log for each: "tried WHAT ERROR", with 0 for what could be done. Nothing of it does harm.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define ABSENT "/nonexistent/program"
#define READY "event=ready "
#define LISTENING "event=listening "
#define GET_KEYRING_ID 0                /* of keyctl(), whose header is a package of its own */
#define PROCESS_KEYRING (-2)

static void
tell(const char *what, long rc)
{
    const int error = rc < 0 ? errno : 0;

    (void)dprintf(STDERR_FILENO, "tried %s %s\n", what, error == 0 ? "0" : strerrorname_np(error));
}

static void
tell_of(const char *what, const char *how, long rc)
{
    char both[64];

    (void)snprintf(both, sizeof both, "%s_%s", what, how);
    tell(both, rc);
}

static void
try_programs(void)
{
    char *const arguments[] = { (char *)ABSENT, NULL };
    pid_t child;

    tell("exec", execv(ABSENT, arguments));
    tell("execveat", syscall(SYS_execveat, -1, ABSENT, arguments, NULL, 0));
    if ((child = fork()) == 0)
        _exit(0);
    tell("fork", child);
    if (child > 0)
        (void)waitpid(child, NULL, 0);
    if ((child = vfork()) == 0)
        _exit(0);
    tell("vfork", child);
    if (child > 0)
        (void)waitpid(child, NULL, 0);
}

static void
try_others(void)
{
    tell("ptrace", ptrace(PTRACE_PEEKDATA, getppid(), NULL, NULL));
    tell("unshare", unshare(0));
    tell("setns", setns(-1, 0));
    tell("mount", syscall(SYS_mount, NULL, NULL, NULL, 0, NULL));
    tell("clock", adjtimex(&(struct timex){ .modes = 0 }));
    tell("keyctl", syscall(SYS_keyctl, GET_KEYRING_ID, PROCESS_KEYRING, 0));
    tell("chown", chown(ABSENT, 0, 0));
    tell("setuid", setreuid((uid_t)-1, (uid_t)-1));
}

static void
try_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    tell("writable_code", page == MAP_FAILED ? -1 : 0);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("written_code", mprotect(page, 4096, PROT_READ | PROT_EXEC));
    tell("memfd", memfd_create("trying", 0));
}

static void
try_sockets(void)
{
    tell("socket_unix", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("socket_inet", socket(AF_INET, SOCK_STREAM, 0));
    tell("socket_inet6", socket(AF_INET6, SOCK_DGRAM, 0));
    tell("socket_netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    tell("socket_alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
    tell("socket_vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    tell("socket_raw", socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

/* In the directory TRYING lie what is another daemon's, and what is anybody's; in TRYING_OWN what is its own. */
static void
try_file(const char *what, const char *place, const char *name)
{
    char path[PATH_MAX], other[PATH_MAX];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", place, name);
    (void)snprintf(other, sizeof other, "%s/%s.other", place, name);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
        (void)close(fd);
    tell_of(what, "read", fd);
    if ((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0)
        (void)close(fd);
    tell_of(what, "opened", fd);
    if ((fd = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) >= 0)
        (void)close(fd);
    tell_of(what, "made", fd);
    tell_of(what, "truncated", truncate(path, 0));
    tell_of(what, "renamed", rename(path, other));
    tell_of(what, "removed", unlink(other));
}

/* What the sandbox keeps from whoever does not sign, and lets all services know. */
static void
try_pass_key(const char *place, const char *which)
{
    char path[PATH_MAX];
    char what[16];
    int fd;

    (void)snprintf(path, sizeof path, "%s/keys/accounts.pass.%s", place, which);
    (void)snprintf(what, sizeof what, "pass_%s", which);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
        (void)close(fd);
    tell_of(what, "read", fd);
}

static void
try_files(void)
{
    const char *place = getenv("TRYING"), *own = getenv("TRYING_OWN");
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/data/other/data/store", place);
    try_file("store", path, "data.mdb");
    try_file("outside", place, "outside");
    (void)snprintf(path, sizeof path, "%s/keys", place);
    try_file("key", path, "other.key");
    try_pass_key(place, "key");
    try_pass_key(place, "public");
    if (own != NULL)
        try_file("own", own, "own");
    tell("signal", kill(getppid(), 0));
}

static void *
idle(void *arg)
{
    return arg;
}

static void
try_all(void)
{
    pthread_t thread;

    (void)dprintf(STDERR_FILENO, "tried privileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    try_programs();
    try_others();
    try_code();
    try_sockets();
    try_files();
    errno = pthread_create(&thread, NULL, idle, NULL);
    tell("thread", errno == 0 ? 0 : -1);
    if (errno == 0)
        (void)pthread_join(thread, NULL);
    (void)dprintf(STDERR_FILENO, "tried all\n");
}

PUBLIC ssize_t
write(int fd, const void *bytes, size_t size_bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    const ssize_t n = real(fd, bytes, size_bytes);

    if (fd == STDERR_FILENO && (memmem(bytes, size_bytes, READY, strlen(READY)) != NULL
        || memmem(bytes, size_bytes, LISTENING, strlen(LISTENING)) != NULL))
        (void)pthread_once(&once, try_all);
    return n;
}
