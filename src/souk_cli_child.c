#define _GNU_SOURCE                     /* asprintf, pipe2, strchrnul */
#include "souk_cli_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOTICE_BYTES_MAX 4096
#define EXEC_FAILED 127

static bool is_program(const char *path);
static char *program_in(const char *dir, size_t dir_bytes, const char *name);
static int bind_socket(struct souk_cli_child *child, const char *dir, struct souk_error *err);
static void run_program(const struct souk_cli_child *child, const char *const *arguments, int output_fd)
    __attribute__((noreturn));
static void take_notice(struct souk_cli_child *child, char *notice);
static size_t say_lines(struct souk_cli_child *child, void (*say)(void *arg, struct souk_cli_child *child,
    const char *line), void *arg);
static void close_fd(int *fd);

int
souk_cli_child_init(struct souk_cli_child *child, const struct souk_topology_node *node, const char *name,
    const char *program, const char *dir, const char *programs_dir, struct souk_error *err)
{
    int rc;

    *child = (struct souk_cli_child){ .node = node, .name = name, .output_fd = -1, .notify_fd = -1 };
    rc = souk_cli_program(program, programs_dir, &child->program);
    if (rc == -SOUK_ENOMEM)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory", name);
    if (rc != 0)
        return souk_fail(err, SOUK_ENOTFOUND, "%s: there is no program `%s`%s", name, program,
            strchr(program, '/') == NULL ? " beside souk or in PATH; --programs DIR says where else" : "");
    return bind_socket(child, dir, err);
}

void
souk_cli_child_done(struct souk_cli_child *child)
{
    assert(child->pid == 0);
    close_fd(&child->output_fd);
    close_fd(&child->notify_fd);
    if (child->socket_path != NULL)
        (void)unlink(child->socket_path);
    free(child->socket_path);
    free(child->program);
    child->socket_path = child->program = NULL;
}

int
souk_cli_child_start(struct souk_cli_child *child, const char *const *arguments, uint64_t now_ms,
    struct souk_error *err)
{
    int ends[2];
    pid_t pid;

    assert(child->pid == 0);
    close_fd(&child->output_fd);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return souk_fail(err, SOUK_EIO, "%s: no pipe for its output: %s", child->name, strerror(errno));
    if ((pid = fork()) == 0)
        run_program(child, arguments, ends[1]);
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return souk_fail(err, SOUK_EIO, "%s: no process: %s", child->name, strerror(errno));
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child->output_fd = ends[0];
    child->pid = pid;
    child->state = SOUK_CLI_CHILD_STARTING;
    child->started_ms = now_ms;
    child->start_ms = child->kill_ms = 0;
    child->line_bytes = 0;
    child->is_live = false;
    child->status[0] = '\0';
    return 0;
}

bool
souk_cli_child_hear(struct souk_cli_child *child)
{
    const enum souk_cli_child_state state = child->state;
    char status[sizeof child->status];
    char notice[NOTICE_BYTES_MAX + 1];
    ssize_t bytes;

    memcpy(status, child->status, sizeof status);
    while ((bytes = recv(child->notify_fd, notice, NOTICE_BYTES_MAX, MSG_DONTWAIT)) >= 0) {
        notice[bytes] = '\0';
        take_notice(child, notice);
    }
    return child->state != state || strcmp(child->status, status) != 0;
}

bool
souk_cli_child_read(struct souk_cli_child *child, void (*say)(void *arg, struct souk_cli_child *child,
    const char *line), void *arg)
{
    ssize_t bytes;

    while (child->output_fd >= 0) {
        bytes = read(child->output_fd, child->line + child->line_bytes,
            sizeof child->line - 1 - child->line_bytes);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0 && errno == EAGAIN)
            return true;
        if (bytes <= 0)
            break;
        child->line_bytes += (size_t)bytes;
        child->line_bytes = say_lines(child, say, arg);
    }
    if (child->line_bytes > 0) {
        child->line[child->line_bytes] = '\0';
        say(arg, child, child->line);
        child->line_bytes = 0;
    }
    close_fd(&child->output_fd);
    return false;
}

void
souk_cli_child_ended(struct souk_cli_child *child)
{
    child->pid = 0;
    child->state = SOUK_CLI_CHILD_DOWN;
    child->kill_ms = 0;
    child->is_live = false;
    child->status[0] = '\0';
}

/* ---- programs ------------------------------------------------------- */

int
souk_cli_program(const char *program, const char *programs_dir, char **program_out)
{
    const char *path = getenv("PATH");
    char own[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    const char *end;
    char *slash;
    ssize_t bytes;

    if (strchr(program, '/') != NULL) {
        if (!is_program(program))
            return -SOUK_ENOTFOUND;
        return (*program_out = strdup(program)) == NULL ? -SOUK_ENOMEM : 0;
    }
    if (programs_dir != NULL
        && (*program_out = program_in(programs_dir, strlen(programs_dir), program)) != NULL)
        return 0;
    if ((bytes = readlink("/proc/self/exe", own, sizeof own - 1)) > 0) {
        own[bytes] = '\0';
        slash = strrchr(own, '/');
        if ((*program_out = program_in(own, (size_t)(slash - own), program)) != NULL)
            return 0;
        /* A program that is not installed yet lies in .libs. */
        if (slash - own > 6 && strncmp(slash - 6, "/.libs", 6) == 0
            && (*program_out = program_in(own, (size_t)(slash - 6 - own), program)) != NULL)
            return 0;
    }
    for (; path != NULL && path[0] != '\0'; path = *end == ':' ? end + 1 : end) {
        end = strchrnul(path, ':');
        if ((*program_out = program_in(path, (size_t)(end - path), program)) != NULL)
            return 0;
    }
    return -SOUK_ENOTFOUND;
}

/* Its path when it is there. */
static char *
program_in(const char *dir, size_t dir_bytes, const char *name)
{
    char *path;

    if (asprintf(&path, "%.*s/%s", (int)dir_bytes, dir, name) < 0)
        return NULL;
    if (dir_bytes > 0 && is_program(path))
        return path;
    free(path);
    return NULL;
}

static bool
is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* In the new process. */
static void
run_program(const struct souk_cli_child *child, const char *const *arguments, int output_fd)
{
    char *argv[SOUK_CLI_CHILD_ARGUMENTS_MAX + 2] = { child->program };
    const int input_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;
    size_t i;

    for (i = 0; arguments[i] != NULL; i++) {
        assert(i < SOUK_CLI_CHILD_ARGUMENTS_MAX);
        argv[1 + i] = (char *)(uintptr_t)arguments[i];
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)setpgid(0, 0);                        /* the terminal's Ctrl-C is for souk alone */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (setenv("NOTIFY_SOCKET", child->socket_path, 1) != 0 || input_fd < 0 || dup2(input_fd, STDIN_FILENO) < 0
        || dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0)
        _exit(EXEC_FAILED);
    (void)execv(child->program, argv);
    (void)dprintf(STDERR_FILENO, "%s: %s\n", child->program, strerror(errno));
    _exit(EXEC_FAILED);
}

/* ---- notices -------------------------------------------------------- */

static int
bind_socket(struct souk_cli_child *child, const char *dir, struct souk_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (asprintf(&child->socket_path, "%s/%s", dir, child->name) < 0) {
        child->socket_path = NULL;
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory", child->name);
    }
    assert(strlen(child->socket_path) < sizeof address.sun_path);
    strcpy(address.sun_path, child->socket_path);
    child->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (child->notify_fd < 0
        || bind(child->notify_fd, (const struct sockaddr *)&address, (socklen_t)sizeof address) != 0)
        return souk_fail(err, SOUK_EIO, "%s: its notification socket %s: %s", child->name,
            child->socket_path, strerror(errno));
    return 0;
}

static void
take_notice(struct souk_cli_child *child, char *notice)
{
    char *rest = NULL;
    char *line;

    for (line = strtok_r(notice, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strcmp(line, "READY=1") == 0 && child->state == SOUK_CLI_CHILD_STARTING)
            child->state = SOUK_CLI_CHILD_READY;
        else if (strncmp(line, "STATUS=", 7) == 0)
            (void)snprintf(child->status, sizeof child->status, "%.*s", (int)sizeof child->status - 1, line + 7);
    }
    child->is_live = strncmp(child->status, "live", 4) == 0;
}

/* ---- output --------------------------------------------------------- */

/* Whole lines, and what fills the buffer. Gives the bytes that are left. */
static size_t
say_lines(struct souk_cli_child *child, void (*say)(void *arg, struct souk_cli_child *child, const char *line),
    void *arg)
{
    char *at = child->line;
    char *const end = child->line + child->line_bytes;
    char *feed;

    while ((feed = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        *feed = '\0';
        say(arg, child, at);
        at = feed + 1;
    }
    if (at == child->line && child->line_bytes == sizeof child->line - 1) {
        *end = '\0';
        say(arg, child, at);
        return 0;
    }
    memmove(child->line, at, (size_t)(end - at));
    return (size_t)(end - at);
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}
