#define _GNU_SOURCE                     /* MAP_FIXED_NOREPLACE */
#include "souk_sandbox.h"

#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "souk_sandbox_parts.h"

#ifdef HAVE_SECCOMP
#include "sandbox_filter.h"

static bool is_inside(void);
static int limit_calls(enum souk_sandbox_kind kind);
#endif
static void say(struct souk_report *report, enum souk_level level, bool is_limited, const char *text);

void
souk_sandbox_enter(struct souk_report *report, bool is_wanted, enum souk_sandbox_kind kind)
{
    if (!is_wanted) {
        say(report, SOUK_LEVEL_INFO, false, "the topology says `sandbox = no'");
        return;
    }
#ifdef SANDBOX_OFF
    say(report, SOUK_LEVEL_INFO, false, "built with " SANDBOX_OFF ", which need what a sandbox denies");
#elif !defined HAVE_SECCOMP
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    say(report, SOUK_LEVEL_WARN, false, "no new privileges; built without libseccomp, so all calls are there");
#else
    char text[128];

    if (is_inside() || limit_calls(kind) == 0) {
        say(report, SOUK_LEVEL_INFO, true, kind == SOUK_SANDBOX_CLOSED ? "no new privileges, processes, programs"
            : "no new privileges, processes; no programs but one that it is rebuilt with");
        return;
    }
    (void)snprintf(text, sizeof text, "the kernel takes no filter of calls: %s", strerror(errno));
    say(report, SOUK_LEVEL_WARN, false, text);
#endif
}

static void
say(struct souk_report *report, enum souk_level level, bool is_limited, const char *text)
{
    struct souk_line line;

    souk_line_begin(&line, report, level, "sandbox");
    souk_line_text(&line, "calls", is_limited ? "limited" : "all");
    souk_line_text(&line, "text", text);
    souk_line_end(&line);
}

int
souk_sandbox_exec(const char *program, char *const arguments[])
{
    char *path;
    int error = ENAMETOOLONG;

    if (strlen(program) < SANDBOX_EXEC_PATH_BYTES) {
        path = mmap((void *)SANDBOX_EXEC_PATH_AT, SANDBOX_EXEC_PATH_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (path == MAP_FAILED)
            return -1;
        memcpy(path, program, strlen(program) + 1);
        (void)execv(path, arguments);
        error = errno;
        (void)munmap(path, SANDBOX_EXEC_PATH_BYTES);
    }
    errno = error;
    return -1;
}

#ifdef HAVE_SECCOMP
/* After an exec, say: a filter of souk's is there, and another one would only cost time. */
static bool
is_inside(void)
{
    return prctl(SANDBOX_PROBE, 0, 0, 0, 0) != 0 && errno == SANDBOX_PROBE_ANSWER;
}

/* 0, or not, with errno. A thread that is somewhere already, with a filter of its own, say, is ESRCH. */
static int
limit_calls(enum souk_sandbox_kind kind)
{
    const struct sock_fprog program = {
        .len = kind == SOUK_SANDBOX_CLOSED ? sizeof closed / sizeof closed[0] : sizeof replaceable / sizeof replaceable[0],
        .filter = (struct sock_filter *)(uintptr_t)(kind == SOUK_SANDBOX_CLOSED ? closed : replaceable),
    };
    long rc = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

    if (rc == 0 && (rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program)) > 0)
        errno = ESRCH;                          /* the number of a thread that cannot follow */
    return rc == 0 ? 0 : -1;
}
#endif
