#define _GNU_SOURCE

#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS_FILE "lock.mdb"         /* LMDB writes it through a map: after a crash it holds anything */
#define WHOLE UINT64_MAX                /* as a sector: of a change that can't be torn */

struct change {
    const struct journal_record *record;
    bool safe;
};

struct changes {
    struct change *list;
    size_t count, room;
};

struct file {
    uint8_t *bytes;             /* what is safe */
    size_t size_bytes, room;
    struct changes pending;
};

struct name {
    char path[DISK_PATH_BYTES];
    uint32_t file;
    bool directory;
};

struct names {
    struct name list[DISK_NAMES_MAX];
    size_t count;
};

struct disk {
    struct file files[DISK_FILES_MAX];
    struct names names;         /* what is safe */
    struct changes pending;     /* of directories */
    struct changes *begun;      /* where the last one is still under way */
    uint8_t *bytes;             /* of the file being made */
    int32_t *last;              /* per sector of it: the last write that made it */
    size_t room;
};

static void *grow(void *memory, size_t *room, size_t wanted, size_t item_bytes);
static void add_change(struct changes *changes, const struct journal_record *record, bool safe);
static struct changes *changes_of(struct disk *disk, const struct journal_record *record);
static void make_safe(struct file *file);
static void sync_directory(struct disk *disk, const char *path);
static const char *path_of(const struct journal_record *record);
static const char *target_of(const struct journal_record *record);
static bool in_directory(const char *path, const char *directory);
static void set_name(struct names *names, const char *path, uint32_t file, bool directory);
static void remove_name(struct names *names, const char *path);
static void change_names(struct names *names, const struct journal_record *record);
static bool chosen(enum disk_mode mode, uint64_t seed, size_t n, size_t count, uint64_t sector);
static size_t compose(struct disk *disk, const struct file *file, const struct disk_choice *choice, uint64_t seed);
static bool has_parent(const struct names *names, const char *path);
static int empty(int dir_fd, int depth);
static int write_out(int dir_fd, const char *path, const uint8_t *bytes, size_t size_bytes);

struct disk *
disk_new(void)
{
    return calloc(1, sizeof(struct disk));
}

void
disk_done(struct disk **disk_p)
{
    struct disk *disk = *disk_p;
    size_t n;

    *disk_p = NULL;
    if (disk == NULL)
        return;
    for (n = 0; n < DISK_FILES_MAX; n++) {
        free(disk->files[n].bytes);
        free(disk->files[n].pending.list);
    }
    free(disk->pending.list);
    free(disk->bytes);
    free(disk->last);
    free(disk);
}

void
disk_apply(struct disk *disk, const struct journal_record *record)
{
    assert(record->file < DISK_FILES_MAX);

    switch (record->kind) {
    case JOURNAL_FLUSH:
        make_safe(&disk->files[record->file]);
        break;
    case JOURNAL_SYNC_DIRECTORY:
        sync_directory(disk, path_of(record));
        break;
    case JOURNAL_MARK:
        break;
    default:
        add_change(changes_of(disk, record), record, record->kind == JOURNAL_WRITE_SYNCED);
    }
}

void
disk_begin(struct disk *disk, const struct journal_record *record)
{
    assert(disk->begun == NULL);

    if (record->kind == JOURNAL_FLUSH || record->kind == JOURNAL_SYNC_DIRECTORY || record->kind == JOURNAL_MARK)
        return;
    disk->begun = changes_of(disk, record);
    add_change(disk->begun, record, false);
}

size_t
disk_pending(const struct disk *disk)
{
    size_t count = disk->pending.count, n;

    for (n = 0; n < DISK_FILES_MAX; n++)
        count += disk->files[n].pending.count;
    return count;
}

int
disk_image(struct disk *disk, const struct disk_choice *choice, int dir_fd)
{
    struct names names = disk->names;
    struct name *name;
    size_t size_bytes, n;
    int rc;

    if ((rc = empty(dir_fd, 0)) != 0)
        goto done;
    for (n = 0; n < disk->pending.count; n++)
        if (chosen(choice->names, choice->seed ^ 0xD1, n, disk->pending.count, WHOLE))
            change_names(&names, disk->pending.list[n].record);
    for (n = 0; n < names.count && rc == 0; n++)
        if (names.list[n].directory && has_parent(&names, names.list[n].path))
            rc = mkdirat(dir_fd, names.list[n].path, 0700);
    for (n = 0; n < names.count && rc == 0; n++) {
        name = &names.list[n];
        if (name->directory || !has_parent(&names, name->path))
            continue;
        size_bytes = compose(disk, &disk->files[name->file], choice, choice->seed + name->file);
        if (strstr(name->path, READERS_FILE) != NULL && choice->seed % 3 != 0)
            memset(disk->bytes, (int)(choice->seed >> 8 & 0xFF), size_bytes);
        rc = write_out(dir_fd, name->path, disk->bytes, size_bytes);
    }

done:
    if (disk->begun != NULL)
        disk->begun->count--;
    disk->begun = NULL;
    return rc;
}

uint64_t
disk_random(uint64_t seed, uint64_t n)
{
    uint64_t value = seed + (n + 1) * 0x9E3779B97F4A7C15u;

    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

/* ---- what is pending ------------------------------------------------ */

static void *
grow(void *memory, size_t *room, size_t wanted, size_t item_bytes)
{
    if (wanted <= *room)
        return memory;
    *room = wanted * 2;
    memory = realloc(memory, *room * item_bytes);
    assert(memory != NULL);
    return memory;
}

static void
add_change(struct changes *changes, const struct journal_record *record, bool safe)
{
    changes->list = grow(changes->list, &changes->room, changes->count + 1, sizeof *changes->list);
    changes->list[changes->count++] = (struct change){ record, safe };
}

static struct changes *
changes_of(struct disk *disk, const struct journal_record *record)
{
    switch (record->kind) {
    case JOURNAL_WRITE:
    case JOURNAL_WRITE_SYNCED:
    case JOURNAL_SIZE:
        return &disk->files[record->file].pending;
    default:
        return &disk->pending;
    }
}

static void
make_safe(struct file *file)
{
    const struct journal_record *record;
    size_t n, old_room;

    for (n = 0; n < file->pending.count; n++) {
        record = file->pending.list[n].record;
        old_room = file->room;
        if (record->kind == JOURNAL_SIZE) {
            file->bytes = grow(file->bytes, &file->room, record->at, 1);
            memset(file->bytes + old_room, 0, file->room - old_room);
            if (record->at < file->size_bytes)
                memset(file->bytes + record->at, 0, file->size_bytes - record->at);
            file->size_bytes = record->at;
            continue;
        }
        file->bytes = grow(file->bytes, &file->room, record->at + record->size_bytes, 1);
        memset(file->bytes + old_room, 0, file->room - old_room);
        memcpy(file->bytes + record->at, record + 1, record->size_bytes);
        if (record->at + record->size_bytes > file->size_bytes)
            file->size_bytes = record->at + record->size_bytes;
    }
    file->pending.count = 0;
}

static void
sync_directory(struct disk *disk, const char *path)
{
    struct changes *pending = &disk->pending;
    size_t n, kept = 0;

    for (n = 0; n < pending->count; n++)
        if (in_directory(path_of(pending->list[n].record), path))
            change_names(&disk->names, pending->list[n].record);
        else
            pending->list[kept++] = pending->list[n];
    pending->count = kept;
}

/* ---- names ---------------------------------------------------------- */

static const char *
path_of(const struct journal_record *record)
{
    return (const char *)(record + 1);
}

static const char *
target_of(const struct journal_record *record)
{
    return path_of(record) + strlen(path_of(record)) + 1;
}

static bool
in_directory(const char *path, const char *directory)
{
    const char *slash = strrchr(path, '/');
    size_t parent_bytes = slash == NULL ? 0 : (size_t)(slash - path);

    return strlen(directory) == parent_bytes && memcmp(path, directory, parent_bytes) == 0;
}

static void
set_name(struct names *names, const char *path, uint32_t file, bool directory)
{
    remove_name(names, path);
    assert(names->count < DISK_NAMES_MAX);
    assert(strlen(path) < DISK_PATH_BYTES);
    names->list[names->count] = (struct name){ .file = file, .directory = directory };
    strcpy(names->list[names->count++].path, path);
}

static void
remove_name(struct names *names, const char *path)
{
    size_t n;

    for (n = 0; n < names->count; n++)
        if (strcmp(names->list[n].path, path) == 0) {
            memmove(&names->list[n], &names->list[n + 1], (names->count - n - 1) * sizeof names->list[0]);
            names->count--;
            return;
        }
}

static void
change_names(struct names *names, const struct journal_record *record)
{
    switch (record->kind) {
    case JOURNAL_CREATE:
        set_name(names, path_of(record), record->file, false);
        break;
    case JOURNAL_MKDIR:
        set_name(names, path_of(record), 0, true);
        break;
    case JOURNAL_RENAME:
        remove_name(names, path_of(record));
        set_name(names, target_of(record), record->file, false);
        break;
    case JOURNAL_UNLINK:
        remove_name(names, path_of(record));
        break;
    default:
        assert(!"a change of a directory");
    }
}

/* ---- one image ------------------------------------------------------ */

/* Did the n-th of `count` pending changes reach the disk, in this sector of it? */
static bool
chosen(enum disk_mode mode, uint64_t seed, size_t n, size_t count, uint64_t sector)
{
    uint64_t one = disk_random(seed, 0) % count, share = disk_random(seed, 1) % 8;

    switch (mode) {
    case DISK_NONE:
        return false;
    case DISK_ALL:
        return true;
    case DISK_SOME_WRITES:
        return disk_random(seed, n) >> 3 & 1;
    case DISK_SOME_SECTORS:
        return disk_random(seed + n, sector) % 8 <= share;
    case DISK_FIRST_ONES:
        return n < one || (n == one && (sector == WHOLE || sector % 8 < share));
    case DISK_ALL_BUT_ONE:
        return n != one || (sector != WHOLE && sector % 8 < share);
    case DISK_ONLY_ONE:
        return n == one;
    default:
        assert(!"a mode");
        return false;
    }
}

/* Put one possible content of `file` into disk->bytes; its size. */
static size_t
compose(struct disk *disk, const struct file *file, const struct disk_choice *choice, uint64_t seed)
{
    const struct changes *pending = &file->pending;
    const struct journal_record *record;
    uint64_t sector, begin, end;
    size_t n, full = file->size_bytes, size_bytes = file->size_bytes, room;

    for (n = 0; n < pending->count; n++) {
        record = pending->list[n].record;
        if (record->at + record->size_bytes > full)
            full = record->at + record->size_bytes;
    }
    room = disk->room;
    disk->bytes = grow(disk->bytes, &room, full + 1, 1);
    disk->last = grow(disk->last, &disk->room, full + 1, sizeof *disk->last);
    if (file->size_bytes > 0)
        memcpy(disk->bytes, file->bytes, file->size_bytes);
    memset(disk->bytes + file->size_bytes, 0, full - file->size_bytes);
    memset(disk->last, 0xFF, (full / DISK_SECTOR_BYTES + 1) * sizeof *disk->last);

    for (n = 0; n < pending->count; n++) {
        record = pending->list[n].record;
        if (record->kind == JOURNAL_SIZE)
            continue;
        for (sector = record->at / DISK_SECTOR_BYTES; sector * DISK_SECTOR_BYTES < record->at + record->size_bytes; sector++)
            if (pending->list[n].safe || chosen(choice->writes, seed, n, pending->count, sector))
                disk->last[sector] = (int32_t)n;
    }
    for (n = 0; n < pending->count; n++) {
        record = pending->list[n].record;
        if (record->kind == JOURNAL_SIZE) {
            if (!chosen(choice->writes, seed, n, pending->count, WHOLE))
                continue;
            if (record->at < size_bytes)
                memset(disk->bytes + record->at, 0, size_bytes - record->at);
            size_bytes = record->at;
            continue;
        }
        for (sector = record->at / DISK_SECTOR_BYTES; sector * DISK_SECTOR_BYTES < record->at + record->size_bytes; sector++) {
            if (disk->last[sector] < (int32_t)n)
                continue;
            begin = sector * DISK_SECTOR_BYTES > record->at ? sector * DISK_SECTOR_BYTES : record->at;
            end = (sector + 1) * DISK_SECTOR_BYTES;
            if (end > record->at + record->size_bytes)
                end = record->at + record->size_bytes;
            memcpy(disk->bytes + begin, (const uint8_t *)(record + 1) + (begin - record->at), end - begin);
            if (end > size_bytes)
                size_bytes = end;
        }
    }
    /* A file may have got its size and not its bytes. */
    if (choice->writes != DISK_NONE && disk_random(seed, 7) % 4 == 0 && full > size_bytes)
        size_bytes = full;
    return size_bytes;
}

static bool
has_parent(const struct names *names, const char *path)
{
    size_t n;

    if (in_directory(path, ""))
        return true;
    for (n = 0; n < names->count; n++)
        if (names->list[n].directory && in_directory(path, names->list[n].path))
            return has_parent(names, names->list[n].path);
    return false;
}

/* Remove what earlier images and their inspection left: files, and directories of files. */
static int
empty(int dir_fd, int depth)
{
    static const char *const files[] = { "data.mdb", "data.new", "lock.mdb", "lock" };
    static const char *const directories[] = { "store", "copy" };
    size_t n;
    int fd;

    if (depth == 1) {
        for (n = 0; n < sizeof files / sizeof files[0]; n++)
            if (unlinkat(dir_fd, files[n], 0) != 0 && errno != ENOENT)
                return -1;
        return 0;
    }
    for (n = 0; n < sizeof directories / sizeof directories[0]; n++) {
        if ((fd = openat(dir_fd, directories[n], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
            continue;
        if (empty(fd, depth + 1) != 0) {
            (void)close(fd);
            return -1;
        }
        (void)close(fd);
        if (unlinkat(dir_fd, directories[n], AT_REMOVEDIR) != 0)
            return -1;
    }
    return 0;
}

static int
write_out(int dir_fd, const char *path, const uint8_t *bytes, size_t size_bytes)
{
    ssize_t n;
    int fd;

    if ((fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        return -1;
    n = size_bytes == 0 ? 0 : write(fd, bytes, size_bytes);
    if (close(fd) != 0 || n != (ssize_t)size_bytes)
        return -1;
    return 0;
}
