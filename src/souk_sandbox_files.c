#define _GNU_SOURCE                     /* O_PATH */
#include "souk_sandbox.h"

#include "config.h"

#include "souk_sandbox_parts.h"

#ifdef HAVE_LANDLOCK
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "souk_keyring.h"
#include "souk_pass_key.h"

#define IPC "ipc://"

/* What Debian 12's header does not know yet; versions of the kernel's Landlock that do. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define TRUNCATE_SINCE 3
#define REFER_SINCE 2
#define SCOPE_SIGNAL (UINT64_C(1) << 1)
#define SCOPE_SINCE 6
#define WRITING (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE \
    | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG \
    | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK \
    | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

struct attributes {
    uint64_t files, network, scopes;
};

/* While rules are made. */
struct places {
    int rules;
    uint64_t writing;
    char home[PATH_MAX];                        /* where its data directory lies; empty: it has none */
    char file[PATH_MAX];                        /* where the topology does; empty: it is not read again */
    char hidden[SOUK_SERVICES_MAX + SOUK_STORES_MAX + 1][PATH_MAX];
    size_t count;
};

static void find_hidden(struct places *places, const struct souk_sandbox *sandbox);
static void hide(struct places *places, const char *path);
static void allow_writing(const struct places *places, const struct souk_sandbox *sandbox);
static void allow_reading(const struct places *places, const char *directory);
static void allow_keys(const struct places *places, const struct souk_sandbox *sandbox);
static void allow(const struct places *places, const char *path, uint64_t access);
static bool is_hidden(const struct places *places, const char *path);
static bool is_above_hidden(const struct places *places, const char *path);
static bool is_below(const char *path, const char *directory);
static void directory_of(const char *path, char directory_out[PATH_MAX]);
static void resolve(const char *path, char resolved_out[PATH_MAX]);

int
sandbox_limit_files(const struct souk_sandbox *sandbox, size_t *hidden_out)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct attributes attributes = { .scopes = version >= SCOPE_SINCE ? SCOPE_SIGNAL : 0 };
    struct places *places;
    long rc = -1;

    if (version < 1 || (places = calloc(1, sizeof *places)) == NULL)
        return -1;
    places->writing = WRITING | (version >= REFER_SINCE ? LANDLOCK_ACCESS_FS_REFER : 0)
        | (version >= TRUNCATE_SINCE ? ACCESS_TRUNCATE : 0);
    find_hidden(places, sandbox);
    attributes.files = places->writing | (sandbox->is_replaceable ? 0 : LANDLOCK_ACCESS_FS_EXECUTE)
        | (places->count == 0 ? 0 : READING);
    if ((places->rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)) >= 0) {
        allow_writing(places, sandbox);
        if (places->count != 0) {
            allow_reading(places, "");
            allow_keys(places, sandbox);
        }
        rc = syscall(SYS_landlock_restrict_self, places->rules, 0);
        (void)close(places->rules);
    }
    *hidden_out = rc == 0 ? places->count : 0;
    free(places);
    return (int)rc;
}

/*
 * Others' data, and keys. Rules are of what is there, and below: where the topology lies above them, an editor may put a new
 * one there, and where they lie in the own home, so may its own data when somebody has removed it.
 */
static void
find_hidden(struct places *places, const struct souk_sandbox *sandbox)
{
    const struct souk_topology *topology = sandbox->topology;
    char directory[PATH_MAX];

    if (sandbox->node != NULL) {
        directory_of(sandbox->node->data, directory);
        resolve(directory, places->home);
    }
    if (sandbox->reads_topology) {
        directory_of(topology->path, directory);
        resolve(directory, places->file);
    }
    hide(places, sandbox->keys);
    for (size_t i = 0; i < topology->node_count; i++)
        if (&topology->nodes[i] != sandbox->node)
            hide(places, topology->nodes[i].data);
}

static void
hide(struct places *places, const char *path)
{
    char *resolved = places->hidden[places->count];

    resolve(path, resolved);
    if (resolved[0] != '\0' && !is_below(places->home, resolved) && !is_below(places->file, resolved)
        && (places->home[0] == '\0' || !is_below(resolved, places->home))
        && (places->file[0] == '\0' || !is_below(resolved, places->file)))
        places->count++;
}

static void
allow_writing(const struct places *places, const struct souk_sandbox *sandbox)
{
    const struct souk_topology_node *node = sandbox->node;
    const char *endpoints[] = { node == NULL ? "" : node->commands, node == NULL ? "" : node->queries,
        node == NULL ? "" : node->publish };
    char directory[PATH_MAX];

    if (node == NULL)
        return;
    allow(places, places->home, places->writing);
    directory_of(node->witness, directory);
    allow(places, directory, places->writing);
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
        if (strncmp(endpoints[i], IPC, strlen(IPC)) == 0) {
            directory_of(endpoints[i] + strlen(IPC), directory);
            allow(places, directory, places->writing);
        }
}

/* Everything below but what is hidden. What is made later in a directory above something hidden cannot be read. */
static void
allow_reading(const struct places *places, const char *directory)
{
    DIR *entries = opendir(directory[0] == '\0' ? "/" : directory);
    const struct dirent *entry;
    char path[PATH_MAX];

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
            || (size_t)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= sizeof path
            || is_hidden(places, path))
            continue;
        if (is_above_hidden(places, path))
            allow_reading(places, path);
        else
            allow(places, path, READING);
    }
    if (entries != NULL)
        (void)closedir(entries);
}

/* What it opens again when another program has taken its place. */
static void
allow_keys(const struct places *places, const struct souk_sandbox *sandbox)
{
    const struct souk_topology *topology = sandbox->topology;
    char own[PATH_MAX], path[SOUK_PASS_KEY_PATH_BYTES];

    (void)snprintf(own, sizeof own, "%s/%s.key", sandbox->keys, sandbox->name);
    allow(places, own, LANDLOCK_ACCESS_FS_READ_FILE);
    (void)snprintf(own, sizeof own, "%s/%s.next.key", sandbox->keys, sandbox->name);    /* it may be its own already */
    allow(places, own, LANDLOCK_ACCESS_FS_READ_FILE);
    if (topology->pass_issuer == NULL || sandbox->node == NULL)
        return;
    souk_pass_key_path(topology, sandbox->keys, false, path);
    allow(places, path, LANDLOCK_ACCESS_FS_READ_FILE);
    souk_pass_key_path(topology, sandbox->keys, true, path);
    if (sandbox->node == topology->pass_issuer)
        allow(places, path, LANDLOCK_ACCESS_FS_READ_FILE);
}

/* What is not there, or a link, is not allowed by itself; who needs it will say so. */
static void
allow(const struct places *places, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access,
        .parent_fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) };
    struct stat file;

    if (rule.parent_fd < 0)
        return;
    if (fstat(rule.parent_fd, &file) == 0 && !S_ISDIR(file.st_mode))
        rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE;
    if (rule.allowed_access != 0)
        (void)syscall(SYS_landlock_add_rule, places->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    (void)close(rule.parent_fd);
}

/* With the keys of persons beside it. */
static bool
is_hidden(const struct places *places, const char *path)
{
    for (size_t i = 0; i < places->count; i++) {
        const size_t bytes = strlen(places->hidden[i]);

        if (strncmp(path, places->hidden[i], bytes) == 0
            && (path[bytes] == '\0' || strcmp(path + bytes, SOUK_KEYRING_SUFFIX) == 0))
            return true;
    }
    return false;
}

static bool
is_above_hidden(const struct places *places, const char *path)
{
    for (size_t i = 0; i < places->count; i++)
        if (is_below(places->hidden[i], path))
            return true;
    return false;
}

/* Or the same. */
static bool
is_below(const char *path, const char *directory)
{
    const size_t bytes = strlen(directory);

    return strncmp(path, directory, bytes) == 0 && (path[bytes] == '\0' || path[bytes] == '/');
}

/* Of what lies in the root it is the path itself. */
static void
directory_of(const char *path, char directory_out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(directory_out, PATH_MAX, "%.*s", slash == NULL ? 1 : slash == path ? PATH_MAX - 1 : (int)(slash - path),
        slash == NULL ? "." : path);
}

/* Without links in what there is of it. Empty: that is the root. */
static void
resolve(const char *path, char resolved_out[PATH_MAX])
{
    char there[PATH_MAX], real[PATH_MAX];
    char *slash;

    (void)snprintf(there, sizeof there, "%s", path);
    while (realpath(there, real) == NULL) {
        if ((slash = strrchr(there, '/')) == NULL || slash == there) {
            (void)snprintf(resolved_out, PATH_MAX, "%s", path);
            return;
        }
        *slash = '\0';
    }
    if ((size_t)snprintf(resolved_out, PATH_MAX, "%s%s", strcmp(real, "/") == 0 ? "" : real, path + strlen(there)) >= PATH_MAX)
        resolved_out[0] = '\0';
}
#else
int
sandbox_limit_files(const struct souk_sandbox *sandbox, size_t *hidden_out)
{
    *hidden_out = 0;
    return -1;
}
#endif
