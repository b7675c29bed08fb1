#define _GNU_SOURCE                     /* MAP_FIXED_NOREPLACE, O_PATH */
#include "souk_sandbox.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#ifdef HAVE_LANDLOCK
#include <linux/landlock.h>
#endif
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "souk_sandbox_parts.h"

#ifdef HAVE_SECCOMP
#include "sandbox_filter.h"
#endif

#define PATH_BYTES_MAX 4096

#ifdef HAVE_LANDLOCK
/* What Debian 12's header does not know yet; versions of the kernel's Landlock that do. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define TRUNCATE_SINCE 3
#define REFER_SINCE 2
#define SCOPE_SIGNAL (UINT64_C(1) << 1)
#define SCOPE_SINCE 6

struct ruleset {
    uint64_t files, network, scopes;
};
#endif

#ifndef SANDBOX_OFF
static int limit_files(const struct souk_sandbox *sandbox);
static int limit_calls(const struct souk_sandbox *sandbox);
static bool is_inside(void);
#endif

void
souk_sandbox_enter(const struct souk_sandbox *sandbox, struct souk_report *report)
{
    const char *why = "no new privileges";
    int files = -1, calls = -1;
    struct souk_line line;

    if (!sandbox->is_wanted) {
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
        if ((files = limit_files(sandbox)) != 0)
            why = "this kernel has no Landlock, or it is turned off";
        if ((calls = limit_calls(sandbox)) != 0)
            why = errno == ENOSYS ? "built without libseccomp" : "the kernel takes no filter of calls";
#endif
    }
    souk_line_begin(&line, report, sandbox->is_wanted && (files != 0 || calls != 0) ? SOUK_LEVEL_WARN : SOUK_LEVEL_INFO,
        "sandbox");
    souk_line_text(&line, "calls", calls == 0 ? "limited" : "all");
    souk_line_text(&line, "files", files == 0 ? "limited" : "all");
    souk_line_text(&line, "text", why);
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

#ifndef SANDBOX_OFF
/* After an exec, say: a filter of souk's is there, and what is given up once more would only cost time. */
static bool
is_inside(void)
{
    return prctl(SANDBOX_PROBE, 0, 0, 0, 0) != 0 && errno == SANDBOX_PROBE_ANSWER;
}

/* ---- files ---------------------------------------------------------- */

#ifdef HAVE_LANDLOCK
/* The directory that `path` lies in; itself, where that is the root of all. */
static int
open_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_BYTES_MAX];

    if (slash == NULL)
        return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if ((size_t)snprintf(directory, sizeof directory, "%.*s", slash == path ? (int)strlen(path) : (int)(slash - path), path)
        >= sizeof directory)
        return -1;
    return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What cannot be opened is not allowed; who needs it will say so. */
static int
limit_files(const struct souk_sandbox *sandbox)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE
        | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG
        | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK
        | LANDLOCK_ACCESS_FS_MAKE_SYM;
    struct ruleset ruleset = { 0 };
    long rules, rc;

    if (version < 1)
        return -1;
    if (version >= REFER_SINCE)
        writing |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= TRUNCATE_SINCE)
        writing |= ACCESS_TRUNCATE;
    if (version >= SCOPE_SINCE)
        ruleset.scopes = SCOPE_SIGNAL;
    ruleset.files = writing | (sandbox->is_replaceable ? 0 : LANDLOCK_ACCESS_FS_EXECUTE);
    if ((rules = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0)) < 0)
        return -1;
    for (size_t i = 0; i < sandbox->beside_count; i++) {
        struct landlock_path_beneath_attr rule = { .allowed_access = writing,
            .parent_fd = open_directory(sandbox->beside[i]) };

        if (rule.parent_fd < 0)
            continue;
        (void)syscall(SYS_landlock_add_rule, (int)rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        (void)close(rule.parent_fd);
    }
    rc = syscall(SYS_landlock_restrict_self, (int)rules, 0);
    (void)close((int)rules);
    return (int)rc;
}
#else
static int
limit_files(const struct souk_sandbox *sandbox)
{
    return -1;
}
#endif

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
