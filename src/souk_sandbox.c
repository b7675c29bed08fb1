#define _GNU_SOURCE                     /* MAP_FIXED_NOREPLACE */
#include "souk_sandbox.h"

#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "souk_sandbox_parts.h"

#ifdef HAVE_SECCOMP
#include "sandbox_filter.h"
#endif

#ifndef SANDBOX_OFF
static int limit_calls(const struct souk_sandbox *sandbox);
static bool is_inside(void);
#endif

void
souk_sandbox_enter(const struct souk_sandbox *sandbox, struct souk_report *report)
{
    const char *why = "no new privileges";
    int files = -1, calls = -1;
    size_t hidden = 0;
    struct souk_line line;

    if (!sandbox->topology->is_sandboxed) {
        why = "the topology says `sandbox = no'";
#ifdef SANDBOX_OFF
    } else {
        why = "built with " SANDBOX_OFF ", which need what a sandbox denies";
#else
    } else if (is_inside()) {
        files = calls = 0;
        why = "as the program before";
    } else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        why = strerror(errno);
    } else {
        if ((files = sandbox_limit_files(sandbox, &hidden)) != 0)
            why = "this kernel has no Landlock, or it is turned off";
        if ((calls = limit_calls(sandbox)) != 0)
            why = errno == ENOSYS ? "built without libseccomp" : "the kernel takes no filter of calls";
#endif
    }
    souk_line_begin(&line, report, sandbox->topology->is_sandboxed && (files != 0 || calls != 0) ? SOUK_LEVEL_WARN : SOUK_LEVEL_INFO,
        "sandbox");
    souk_line_text(&line, "calls", calls == 0 ? "limited" : "all");
    souk_line_text(&line, "files", files == 0 ? "limited" : "all");
    souk_line_uint(&line, "hidden", hidden);
    souk_line_text(&line, "text", why);
    souk_line_end(&line);
}

int
souk_sandbox_exec(const char *program, char *const arguments[])
{
    const size_t size_bytes = strlen(program) + 1;
    const char *path = program;
    void *place;
    int error = ENAMETOOLONG;

    if (size_bytes <= SANDBOX_EXEC_PATH_BYTES) {
        place = mmap((void *)SANDBOX_EXEC_PATH_AT, SANDBOX_EXEC_PATH_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (place != MAP_FAILED)                /* else it is tried as it is, which only a sandbox forbids */
            path = memcpy(place, program, size_bytes);
        (void)execv(path, arguments);
        error = errno;
        if (place != MAP_FAILED)
            (void)munmap(place, SANDBOX_EXEC_PATH_BYTES);
    }
    errno = error;
    return -1;
}

#ifndef SANDBOX_OFF
/* After an exec, say: a filter of souk's is there, and what is given up once more would only cost time. */
static bool
is_inside(void)
{
    return prctl(SANDBOX_PROBE, 0, 0, 0, 0) != 0 && errno == SANDBOX_PROBE_ANSWER;
}

/* ---- calls ---------------------------------------------------------- */

#ifdef HAVE_SECCOMP
static int
limit_calls(const struct souk_sandbox *sandbox)
{
    const struct sock_filter *filter = sandbox->is_replaceable ? replaceable : closed;
    const size_t lines = sandbox->is_replaceable ? sizeof replaceable / sizeof replaceable[0]
        : sizeof closed / sizeof closed[0];
    const struct sock_fprog program = { .len = (unsigned short)lines, .filter = (struct sock_filter *)(uintptr_t)filter };

    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
#else
static int
limit_calls(const struct souk_sandbox *sandbox)
{
    errno = ENOSYS;
    return -1;
}
#endif
#endif
