/*
 * souk-sandbox-filter - write the filters of souk_sandbox.c as a C header. Run while souk is built: a daemon needs
 * neither libseccomp nor its memory, and libseccomp 2.5 does not survive that there is none.
 */
#define _GNU_SOURCE                     /* CLONE_* */
#include "souk_sandbox_parts.h"

#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BY_TREE 2                       /* how libseccomp lays out a filter: few comparisons for any call */
#define SOCKET_TYPE_MASK 0xf            /* what is above are flags */

/* Calls that fail with EPERM whatever they are given. A name that libseccomp does not know is of no kernel that it serves. */
static const struct group {
    const char *why;
    const char *calls[24];
} groups[] = {
    { "looking into other processes, and into the kernel",
        { "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd", "kcmp",
        "perf_event_open", "bpf", "userfaultfd", "lookup_dcookie", "fanotify_init", "open_by_handle_at", "syslog" } },
    { "another view of files, processes and networks",
        { "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",
        "fspick", "mount_setattr", "unshare", "setns", "quotactl", "quotactl_fd" } },
    { "the machine: its modules, devices, swap, name and clock",
        { "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
        "iopl", "ioperm", "modify_ldt", "acct", "vhangup", "sethostname", "setdomainname", "settimeofday", "stime",
        "clock_settime", "clock_settime64", "adjtimex", "clock_adjtime", "clock_adjtime64" } },
    { "the kernel's keys",
        { "add_key", "request_key", "keyctl" } },
    { "being somebody else, and giving files away",
        { "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
        "capset", "chown", "fchown", "lchown", "fchownat", "mknod", "mknodat" } },
    { "other processes: there are threads only",
        { "fork", "vfork", "execveat" } },
    { "memory that holds code and has no file, or is somebody else's",
        { "memfd_create", "memfd_secret", "shmget", "shmat", "personality" } },
    { "a second way to all other calls, past this list",
        { "io_uring_setup", "io_uring_enter", "io_uring_register" } },
};

static const unsigned long namespaces[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
    CLONE_NEWPID, CLONE_NEWNET };

static int write_filter(const char *name, bool is_closed);
static int deny(scmp_filter_ctx filter, bool is_closed);
static int deny_groups(scmp_filter_ctx filter);
static int deny_processes(scmp_filter_ctx filter, bool is_closed);
static int deny_code(scmp_filter_ctx filter);
static int deny_sockets(scmp_filter_ctx filter);

int
main(void)
{
    int rc;

    (void)printf("/* Made by souk-sandbox-filter: struct sock_filter, for this kind of processor. */\n");
    if ((rc = write_filter("closed", true)) == 0)
        rc = write_filter("replaceable", false);
    if (rc != 0)
        (void)fprintf(stderr, "souk-sandbox-filter: libseccomp makes no filter: %s; configure --with-seccomp=no builds"
            " without\n", strerror(-rc));
    return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
write_filter(const char *name, bool is_closed)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    struct sock_filter line;
    FILE *file = tmpfile();
    int rc = -ENOMEM;

    if (filter != NULL && file != NULL && (rc = deny(filter, is_closed)) == 0
        && (rc = seccomp_export_bpf(filter, fileno(file))) == 0) {
        rewind(file);
        (void)printf("static const struct sock_filter %s[] = {\n", name);
        while (fread(&line, sizeof line, 1, file) == 1)
            (void)printf("    { %#x, %u, %u, %#x },\n", line.code, line.jt, line.jf, line.k);
        (void)printf("};\n");
    }
    seccomp_release(filter);
    if (file != NULL)
        (void)fclose(file);
    return rc;
}

static int
deny(scmp_filter_ctx filter, bool is_closed)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BY_TREE);

    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(SANDBOX_PROBE_ANSWER), SCMP_SYS(prctl), 1,
            SCMP_A0(SCMP_CMP_EQ, SANDBOX_PROBE));
    if (rc == 0)
        rc = deny_groups(filter);
    if (rc == 0)
        rc = deny_processes(filter, is_closed);
    if (rc == 0)
        rc = deny_code(filter);
    return rc == 0 ? deny_sockets(filter) : rc;
}

static int
deny_groups(scmp_filter_ctx filter)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        for (const char *const *call = groups[i].calls; *call != NULL && rc == 0; call++) {
            int number = seccomp_syscall_resolve_name(*call);

            if (number != __NR_SCMP_ERROR)
                rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
        }
    return rc;
}

/* Threads are made by clone(); with clone3(), whose flags no filter sees, glibc does without when there is none. */
static int
deny_processes(scmp_filter_ctx filter, bool is_closed)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0] && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
    if (rc == 0 && !is_closed)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 1, SCMP_A0(SCMP_CMP_NE, SANDBOX_EXEC_PATH_AT));
    else if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);
    return rc;
}

/* What was written is not run; code comes from files. And a terminal is not typed into. */
static int
deny_code(scmp_filter_ctx filter)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC));

    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pkey_mprotect), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
            SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI));
    return rc;
}

/* Streams and datagrams of three families. libzmq asks for interfaces and aborts at any other answer than that there are none. */
static int
deny_sockets(scmp_filter_ctx filter)
{
    static const int types[] = { SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET };
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));

    for (int family = 0; family < AF_NETLINK && rc == 0; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
    for (size_t i = 0; i < sizeof types / sizeof types[0] && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_LT, AF_NETLINK),
            SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK, types[i]));
    return rc;
}
