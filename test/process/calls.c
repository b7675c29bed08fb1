/*
 * Preloaded into a daemon: one call fails, the one of kind CALLS_KIND that
 * comes as number CALLS_FAIL since the start, in whichever thread.
 *
 *     memory     malloc and its like: there is none
 *     files      opening, mapping, reading, writing, cutting, renaming
 *     sockets    sockets and what libzmq wakes its threads by
 *
 * How many there were is counted in the file CALLS_COUNT, eight bytes, so that a
 * test knows how far it has to go. A process that dies of it says in which
 * library, that of C and those that only pass on what was called apart.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FRAMES_MAX 64

extern void *__libc_malloc(size_t);             /* dlsym(3) itself asks for memory */
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* The process has one count, so this is where global state is right. */
static struct {
    const char *kind;
    uint64_t fail_at;
    _Atomic uint64_t *count;
} calls;

/* The library that an instruction lies in; NULL: one that only passes on what it was called with. */
static const char *
library_of(const void *instruction)
{
    static const char *const others[] = { "libc.so", "libstdc++.so", "libgcc_s.so", "calls.so" };
    Dl_info info;

    if (dladdr(instruction, &info) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strstr(info.dli_fname, others[i]) != NULL)
            return NULL;
    return info.dli_fname;
}

/* Say who it was, and die. The stack is looked at last: it may be what is broken. */
static void
say_where(int number, siginfo_t *info, void *context)
{
    const char *name = NULL;
    void *frames[FRAMES_MAX];

    (void)info;
#ifdef __x86_64__
    name = library_of((const void *)(uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]);
#endif
    for (int i = 0, count = name != NULL ? 0 : backtrace(frames, FRAMES_MAX); name == NULL && i < count; i++)
        name = library_of(frames[i]);
    (void)dprintf(STDERR_FILENO, "calls: it died in %s\n", name == NULL ? "nowhere" : name);
    (void)raise(number);
}

static __attribute__((constructor)) void
start(void)
{
    const struct sigaction action = { .sa_sigaction = say_where,
        .sa_flags = (int)SA_RESETHAND | SA_NODEFER | SA_SIGINFO };
    void *frame;

    const char *kind = getenv("CALLS_KIND"), *path = getenv("CALLS_COUNT"), *fail = getenv("CALLS_FAIL");
    int fd = path == NULL ? -1 : REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (kind == NULL || fd < 0 || REAL(ftruncate)(fd, sizeof *calls.count) != 0)
        _exit(99);
    calls.count = REAL(mmap)(NULL, sizeof *calls.count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (calls.count == MAP_FAILED)
        _exit(99);
    (void)backtrace(&frame, 1);                 /* it loads a library */
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
    (void)sigaction(SIGABRT, &action, NULL);
    calls.fail_at = fail == NULL ? 0 : strtoull(fail, NULL, 10);
    calls.kind = kind;
}

/* libzmq's threads block all signals, and would die without a word. */
PUBLIC int
pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t some;

    if (set == NULL || how == SIG_UNBLOCK)
        return REAL(pthread_sigmask)(how, set, old);
    some = *set;
    (void)sigdelset(&some, SIGSEGV);
    (void)sigdelset(&some, SIGBUS);
    return REAL(pthread_sigmask)(how, &some, old);
}

/* Is this the call that has to fail? */
static bool
fails(const char *kind, int error)
{
    if (calls.kind == NULL || strcmp(kind, calls.kind) != 0 || atomic_fetch_add(calls.count, 1) + 1 != calls.fail_at)
        return false;
    errno = error;
    return true;
}

/* ---- memory --------------------------------------------------------- */

PUBLIC void *
malloc(size_t size)
{
    return fails("memory", ENOMEM) ? NULL : __libc_malloc(size);
}

PUBLIC void *
calloc(size_t count, size_t size)
{
    return fails("memory", ENOMEM) ? NULL : __libc_calloc(count, size);
}

PUBLIC void *
realloc(void *old, size_t size)
{
    return fails("memory", ENOMEM) ? NULL : __libc_realloc(old, size);
}

PUBLIC void *
aligned_alloc(size_t alignment, size_t size)
{
    return fails("memory", ENOMEM) ? NULL : __libc_memalign(alignment, size);
}

PUBLIC int
posix_memalign(void **out, size_t alignment, size_t size)
{
    void *got = aligned_alloc(alignment, size);

    if (got == NULL)
        return ENOMEM;
    *out = got;
    return 0;
}

/* ---- files ---------------------------------------------------------- */

static mode_t
mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

PUBLIC int
open(const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return fails("files", EMFILE) ? -1 : REAL(open)(path, flags, mode);
}

PUBLIC int
openat(int dir, const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return fails("files", EMFILE) ? -1 : REAL(openat)(dir, path, flags, mode);
}

PUBLIC FILE *
fopen(const char *path, const char *mode)
{
    return fails("files", EMFILE) ? NULL : REAL(fopen)(path, mode);
}

PUBLIC void *
mmap(void *address, size_t size, int protection, int flags, int fd, off_t at)
{
    return fd >= 0 && fails("files", ENOMEM) ? MAP_FAILED : REAL(mmap)(address, size, protection, flags, fd, at);
}

PUBLIC ssize_t
pread(int fd, void *bytes, size_t size, off_t at)
{
    return fails("files", EIO) ? -1 : REAL(pread)(fd, bytes, size, at);
}

PUBLIC ssize_t
pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return fails("files", EIO) ? -1 : REAL(pwrite)(fd, bytes, size, at);
}

PUBLIC int
ftruncate(int fd, off_t size)
{
    return fails("files", ENOSPC) ? -1 : REAL(ftruncate)(fd, size);
}

PUBLIC int
rename(const char *from, const char *to)
{
    return fails("files", EIO) ? -1 : REAL(rename)(from, to);
}

PUBLIC int
unlink(const char *path)
{
    return fails("files", EIO) ? -1 : REAL(unlink)(path);
}

PUBLIC int
mkdir(const char *path, mode_t mode)
{
    return fails("files", ENOSPC) ? -1 : REAL(mkdir)(path, mode);
}

PUBLIC int
fsync(int fd)
{
    return fails("files", EIO) ? -1 : REAL(fsync)(fd);
}

PUBLIC int
fdatasync(int fd)
{
    return fails("files", EIO) ? -1 : REAL(fdatasync)(fd);
}

/* What is called by these names is the same function where a file's size has 64 bits anyway. */
PUBLIC int open64(const char *path, int flags, ...) __attribute__((alias("open")));
PUBLIC int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));
PUBLIC FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));
PUBLIC void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t at)
    __attribute__((alias("mmap")));
PUBLIC ssize_t pread64(int fd, void *bytes, size_t size, off_t at) __attribute__((alias("pread")));
PUBLIC ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) __attribute__((alias("pwrite")));
PUBLIC int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

/* ---- sockets -------------------------------------------------------- */

PUBLIC int
socket(int domain, int type, int protocol)
{
    return fails("sockets", EMFILE) ? -1 : REAL(socket)(domain, type, protocol);
}

PUBLIC int
bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return fails("sockets", EADDRINUSE) ? -1 : REAL(bind)(fd, address, size);
}

PUBLIC int
listen(int fd, int waiting)
{
    return fails("sockets", EADDRINUSE) ? -1 : REAL(listen)(fd, waiting);
}

PUBLIC int
accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    return fails("sockets", EMFILE) ? -1 : REAL(accept4)(fd, address, size, flags);
}

PUBLIC int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return fails("sockets", ECONNREFUSED) ? -1 : REAL(connect)(fd, address, size);
}

PUBLIC ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    return fails("sockets", ECONNRESET) ? -1 : REAL(send)(fd, bytes, size, flags);
}

PUBLIC ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
    return fails("sockets", ECONNRESET) ? -1 : REAL(recv)(fd, bytes, size, flags);
}

PUBLIC int
eventfd(unsigned count, int flags)
{
    return fails("sockets", EMFILE) ? -1 : REAL(eventfd)(count, flags);
}

PUBLIC int
epoll_create1(int flags)
{
    return fails("sockets", EMFILE) ? -1 : REAL(epoll_create1)(flags);
}

PUBLIC int
epoll_ctl(int fd, int what, int of_fd, struct epoll_event *event)
{
    return fails("sockets", ENOMEM) ? -1 : REAL(epoll_ctl)(fd, what, of_fd, event);
}
