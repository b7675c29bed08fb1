#define _GNU_SOURCE                     /* mkostemp */
#include "souk_cli_doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "souk_run.h"
#include "souk_store.h"
#include "souk_version.h"

#define LOCKED_BYTES_MIN (64 * 1024)    /* secret keys are a few pages */
#define DISK_FREE_BYTES_MIN (32 * 1024 * 1024)  /* with less, daemons refuse commands */
#define DISK_FREE_BYTES_FEW (1024 * 1024 * 1024)
#define DISK_FREE_PERCENT_FEW 5
#define SYNCS 16
#define SYNC_BYTES 4096
#define SYNC_US_SLOW 10000
#define DISKS_MAX 64

static void look_at_limits(struct doctor *doctor);
static void look_at_descriptors(struct doctor *doctor, const struct souk_looked *looked);
static void look_at_own_clock(struct doctor *doctor);
static void look_at_data(struct doctor *doctor, const struct souk_topology_node *node);
static void look_at_witness(struct doctor *doctor, const struct souk_topology_node *node);
static void look_at_disk(struct doctor *doctor, const char *dir);
static bool nearest(const char *path, char dir_out[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1]);
static uint64_t sync_us(const char *dir);
static int compare_us(const void *a, const void *b);

void
doctor_look_at_host(struct doctor *doctor)
{
    char libraries[SOUK_STATUS_TEXT_BYTES_MAX + 1];

    souk_version_libraries(libraries, sizeof libraries);
    doctor_find(doctor, DOCTOR_OK, "version", NULL, NULL, "souk %s with %s", souk_version(), libraries);
    look_at_limits(doctor);
    look_at_own_clock(doctor);
    for (size_t i = 0; i < doctor->node_count; i++)
        if (doctor_is_here(doctor, doctor->nodes[i].node))
            look_at_descriptors(doctor, &doctor->nodes[i]);
}

/* ---- limits --------------------------------------------------------- */

/* Those of this session; a unit's are its own. */
static void
look_at_limits(struct doctor *doctor)
{
    const bool has_secrets = doctor->topology->has_keys || doctor->topology->pass_issuer != NULL;
    struct rlimit limit;
    bool is_fine = true;

    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        is_fine = false;
        doctor_find(doctor, DOCTOR_ERROR, "limits", NULL, "ulimit -v unlimited, or LimitAS=infinity in the units",
            "the address space of a process is limited to %" PRIu64 " bytes, and a store is mapped as a whole",
            (uint64_t)limit.rlim_cur);
    }
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        is_fine = false;
        doctor_find(doctor, DOCTOR_ERROR, "limits", NULL, "ulimit -f unlimited, or LimitFSIZE=infinity in the units",
            "a file may have %" PRIu64 " bytes; a store that grows beyond kills its process",
            (uint64_t)limit.rlim_cur);
    }
    if (has_secrets && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < LOCKED_BYTES_MIN) {
        is_fine = false;
        doctor_find(doctor, DOCTOR_WARNING, "limits", NULL, "ulimit -l 64, or LimitMEMLOCK=64K in the units",
            "a process may lock %" PRIu64 " bytes of memory: secret keys may be swapped to disk",
            (uint64_t)limit.rlim_cur);
    }
    if (is_fine)
        doctor_find(doctor, DOCTOR_OK, "limits", NULL, NULL, "address space and files are not limited%s",
            has_secrets ? ", and keys can be locked in memory" : "");
}

/* Of the process when it runs; else of what is started from here, which raises its limit as far as it may. */
static void
look_at_descriptors(struct doctor *doctor, const struct souk_looked *looked)
{
    const uint64_t wanted = souk_run_descriptors(doctor->topology, looked->node);
    uint64_t max = souk_look_uint_of(looked->said, "descriptors_max");
    struct rlimit limit;

    if (max == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0)
        max = limit.rlim_max;
    if (max < wanted)
        doctor_find(doctor, DOCTOR_WARNING, "limits", looked->node->name.text,
            "raise it (ulimit -H -n, LimitNOFILE= in its unit) or lower connections_max in the topology",
            "it may have %" PRIu64 " descriptors, and %" PRIu32 " connections at each endpoint want %" PRIu64, max,
            looked->node->shell_limits.connections_max, wanted);
    else
        doctor_find(doctor, DOCTOR_OK, "limits", looked->node->name.text, NULL,
            "%" PRIu64 " descriptors for %" PRIu32 " connections at each endpoint", max,
            looked->node->shell_limits.connections_max);
}

/* ---- the clock ------------------------------------------------------ */

static void
look_at_own_clock(struct doctor *doctor)
{
    struct timex asked = { .modes = 0 };
    const int state = adjtimex(&asked);

    if (state >= 0 && state != TIME_ERROR && (asked.status & STA_UNSYNC) == 0)
        doctor_find(doctor, DOCTOR_OK, "clock", NULL, NULL, "this host's clock is synchronised, to %ld ms",
            asked.maxerror / 1000);
    else if (doctor->topology->host_count > 1)
        doctor_find(doctor, DOCTOR_WARNING, "clock", NULL,
            "let a time service (chrony, systemd-timesyncd) keep the clocks of all hosts",
            "this host's clock is not synchronised, and the system has %zu hosts", doctor->topology->host_count);
    else
        doctor_find(doctor, DOCTOR_OK, "clock", NULL, NULL,
            "this host's clock is not synchronised, which is no harm as long as it is the only host");
}

/* ---- directories ---------------------------------------------------- */

void
doctor_look_at_directories(struct doctor *doctor)
{
    char dirs[DISKS_MAX][SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    dev_t disks[DISKS_MAX];
    size_t disk_count = 0;
    struct stat file;
    size_t k;

    for (size_t i = 0; i < doctor->node_count; i++) {
        const struct souk_topology_node *node = doctor->nodes[i].node;

        if (!doctor_is_here(doctor, node))
            continue;
        look_at_data(doctor, node);
        look_at_witness(doctor, node);
        if (disk_count == DISKS_MAX || !nearest(node->data, dirs[disk_count]) || stat(dirs[disk_count], &file) != 0)
            continue;
        for (k = 0; k < disk_count && disks[k] != file.st_dev; k++)
            continue;
        if (k == disk_count)
            disks[disk_count++] = file.st_dev;
    }
    for (k = 0; k < disk_count; k++)
        look_at_disk(doctor, dirs[k]);
}

static void
look_at_data(struct doctor *doctor, const struct souk_topology_node *node)
{
    char dir[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    const char *name = node->name.text;
    struct stat file;

    if (!nearest(node->data, dir) || stat(dir, &file) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "data", name, "correct `data' in the topology", "%s: %s", node->data,
            strerror(errno));
    else if (access(dir, W_OK | X_OK) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "data", name, "run souk and the daemon as the user that owns it, or chown it",
            "%s cannot be written by this user (%ju): %s", dir, (uintmax_t)geteuid(), strerror(errno));
    else if (strcmp(dir, node->data) != 0)
        doctor_find(doctor, DOCTOR_OK, "data", name, NULL, "%s is not there yet, and can be made", node->data);
    else if (file.st_uid != geteuid())
        doctor_find(doctor, DOCTOR_WARNING, "data", name, "chown it to the user that the daemon runs as",
            "%s belongs to user %ju, and this is user %ju", dir, (uintmax_t)file.st_uid, (uintmax_t)geteuid());
    else if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0 && node->kind == SOUK_NODE_EVENT_STORE)
        doctor_find(doctor, DOCTOR_WARNING, "data", name, "chmod 700 it", "%s, with every private stream in it, is open"
            " to other users (%03o)", dir, (unsigned)(file.st_mode & 0777));
    else if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        doctor_find(doctor, DOCTOR_WARNING, "data", name, "chmod 700 it", "%s is open to other users (%03o)", dir,
            (unsigned)(file.st_mode & 0777));
    else
        doctor_find(doctor, DOCTOR_OK, "data", name, NULL, "%s", dir);
}

static void
look_at_witness(struct doctor *doctor, const struct souk_topology_node *node)
{
    static const char todo[] = "name a path below /run or /dev/shm with `witness' in the topology";
    char dir[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1];
    const char *name = node->name.text;
    struct statfs disk;

    if (!nearest(node->witness, dir) || statfs(dir, &disk) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "witness", name, todo, "%s: %s", node->witness, strerror(errno));
    else if ((uint32_t)disk.f_type != TMPFS_MAGIC && (uint32_t)disk.f_type != RAMFS_MAGIC)
        doctor_find(doctor, DOCTOR_ERROR, "witness", name, todo,
            "%s is not in memory-backed storage: it would survive a restart of the host and prove nothing",
            node->witness);
    else if (access(dir, W_OK | X_OK) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "witness", name, todo, "%s cannot be written by this user (%ju)",
            node->witness, (uintmax_t)geteuid());
    else
        doctor_find(doctor, DOCTOR_OK, "witness", name, NULL, "%s", node->witness);
}

/* `path`, or what there is of the way to it. */
static bool
nearest(const char *path, char dir_out[SOUK_TOPOLOGY_PATH_BYTES_MAX + 1])
{
    struct stat file;
    char *slash;

    (void)snprintf(dir_out, SOUK_TOPOLOGY_PATH_BYTES_MAX + 1, "%s", path);
    while (stat(dir_out, &file) != 0 || !S_ISDIR(file.st_mode)) {
        slash = strrchr(dir_out, '/');
        if (slash == NULL || (slash == dir_out && dir_out[1] == '\0'))
            return false;
        slash[slash == dir_out] = '\0';
    }
    return true;
}

/* ---- disks ---------------------------------------------------------- */

static void
look_at_disk(struct doctor *doctor, const char *dir)
{
    char free_text[SOUK_CLI_SHORT_BYTES];
    struct statvfs room;
    struct statfs disk;
    uint64_t free_bytes;
    uint64_t percent;
    uint64_t us;

    if (statvfs(dir, &room) != 0 || statfs(dir, &disk) != 0) {
        doctor_find(doctor, DOCTOR_ERROR, "disk", NULL, "see what the kernel says of it (dmesg)", "%s: %s", dir,
            strerror(errno));
        return;
    }
    free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    percent = room.f_blocks == 0 ? 100 : (uint64_t)room.f_bavail * 100 / room.f_blocks;
    souk_cli_bytes(free_bytes, free_text);
    if ((room.f_flag & ST_RDONLY) != 0)
        doctor_find(doctor, DOCTOR_ERROR, "disk", NULL,
            "mount it for writing; if the kernel has changed that, see dmesg", "%s is read-only", dir);
    else if (!souk_store_fits_disk((uint32_t)disk.f_type))
        doctor_find(doctor, DOCTOR_ERROR, "disk", NULL, "use a local disk",
            "%s is on a network or user-space file system (type %#lx), where a memory map is not to be trusted", dir,
            (unsigned long)disk.f_type);
    else if (free_bytes < 2 * DISK_FREE_BYTES_MIN)
        doctor_find(doctor, DOCTOR_ERROR, "disk", NULL, "make room: with less than 32 MiB commands are refused",
            "%s has %s left", dir, free_text);
    else if (free_bytes < DISK_FREE_BYTES_FEW || percent < DISK_FREE_PERCENT_FEW)
        doctor_find(doctor, DOCTOR_WARNING, "disk", NULL, "make room, or move `data' to a larger disk",
            "%s has %s left, %" PRIu64 " %%", dir, free_text, percent);
    else if ((uint32_t)disk.f_type == TMPFS_MAGIC || (uint32_t)disk.f_type == RAMFS_MAGIC)
        doctor_find(doctor, DOCTOR_WARNING, "disk", NULL, "put `data' on a disk, unless this is a trial",
            "%s is in memory: what is kept there is gone when the host restarts", dir);
    else
        doctor_find(doctor, DOCTOR_OK, "disk", NULL, NULL, "%s has %s left, %" PRIu64 " %%", dir, free_text, percent);
    if ((room.f_flag & ST_RDONLY) != 0 || free_bytes < DISK_FREE_BYTES_MIN)
        return;
    if ((us = sync_us(dir)) == 0)
        doctor_find(doctor, DOCTOR_WARNING, "disk", NULL, "run souk doctor as the user that the daemons run as",
            "how fast %s syncs cannot be measured: %s", dir, strerror(errno));
    else if (us >= SYNC_US_SLOW)
        doctor_find(doctor, DOCTOR_WARNING, "disk", NULL,
            "use a disk with a power-protected cache; many commands at once share a commit",
            "%s syncs in %" PRIu64 ".%" PRIu64 " ms, and a commit waits for two: about %" PRIu64 " commits a second",
            dir, us / 1000, us / 100 % 10, 500000 / us);
    else
        doctor_find(doctor, DOCTOR_OK, "disk", NULL, NULL, "%s syncs in %" PRIu64 ".%02" PRIu64 " ms", dir, us / 1000,
            us / 10 % 100);
}

/* The median time that a small write and its fdatasync() take; 0: errno says why not. */
static uint64_t
sync_us(const char *dir)
{
    static const char page[SYNC_BYTES];
    char path[SOUK_TOPOLOGY_PATH_BYTES_MAX + 32];
    struct timespec begun, ended;
    uint64_t took_us[SYNCS];
    int fd;

    (void)snprintf(path, sizeof path, "%s/.souk-doctor-XXXXXX", dir);
    if ((fd = mkostemp(path, O_CLOEXEC)) < 0)
        return 0;
    (void)unlink(path);
    for (int i = 0; i < SYNCS; i++) {
        (void)clock_gettime(CLOCK_MONOTONIC, &begun);
        if (pwrite(fd, page, sizeof page, (off_t)i * SYNC_BYTES) != (ssize_t)sizeof page || fdatasync(fd) != 0) {
            (void)close(fd);
            return 0;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &ended);
        took_us[i] = (uint64_t)(ended.tv_sec - begun.tv_sec) * 1000000
            + (uint64_t)(ended.tv_nsec - begun.tv_nsec) / 1000 + 1;
    }
    (void)close(fd);
    qsort(took_us, SYNCS, sizeof took_us[0], compare_us);
    return took_us[SYNCS / 2];
}

static int
compare_us(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}
