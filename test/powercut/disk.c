#define _GNU_SOURCE

#include "disk.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS_FILE "lock.mdb"         /* LMDB writes it through a map: after a crash it holds anything */
#define WHOLE UINT64_MAX                /* as a sector: of a change that can't be torn */

#define ROOT 0                          /* number of the directory that holds all; the others count from 1 */

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

/* An entry of a directory. A directory that is renamed takes its entries along, for they know it by its number. */
struct name {
    uint32_t parent;
    uint32_t number;            /* of the file, or of the directory */
    bool directory;
    char text[DISK_NAME_BYTES];
};

struct names {
    struct name list[DISK_NAMES_MAX];
    size_t count;
};

/* A change of a directory: `name` gets there, or goes; of a rename, `source` goes, or is exchanged with it. */
struct step {
    uint32_t kind;              /* enum journal_kind */
    bool exchanges;
    struct name name, source;
};

struct steps {
    struct step *list;
    size_t count, room;
};

struct disk {
    struct file files[DISK_FILES_MAX];
    struct names names;         /* what is safe */
    struct names seen;          /* what processes see: paths of records mean these */
    uint32_t directories;
    struct steps pending;       /* of directories */
    size_t *begun;              /* where the last one is still under way: how many there are */
    uint8_t *bytes;             /* of the file being made */
    int32_t *last;              /* per sector of it: the last write that made it */
    size_t room;
};

static void *grow(void *memory, size_t *room, size_t wanted, size_t item_bytes);
static void add_change(struct changes *changes, const struct journal_record *record, bool safe);
static bool is_of_file(const struct journal_record *record);
static void make_safe(struct file *file);
static void add_step(struct disk *disk, const struct journal_record *record);
static void sync_directory(struct disk *disk, const char *path);
static void find(const struct names *names, const char *path, struct name *name_out);
static struct name *entry(struct names *names, const struct name *name);
static void set_name(struct names *names, const struct name *name);
static void remove_name(struct names *names, const struct name *name);
static void change_names(struct names *names, const struct step *step);
static bool chosen(enum disk_mode mode, uint64_t seed, size_t n, size_t count, uint64_t sector);
static size_t compose(struct disk *disk, const struct file *file, const struct disk_choice *choice, uint64_t seed);
static int empty(int dir_fd, int depth);
static int write_directory(struct disk *disk, const struct names *names, uint32_t number,
    const struct disk_choice *choice, int dir_fd, int depth);
static int write_file(int dir_fd, const char *name, const uint8_t *bytes, size_t size_bytes);

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
        sync_directory(disk, (const char *)(record + 1));
        break;
    case JOURNAL_MARK:
        break;
    default:
        if (is_of_file(record)) {
            add_change(&disk->files[record->file].pending, record, record->kind == JOURNAL_WRITE_SYNCED);
            break;
        }
        add_step(disk, record);
        if (record->kind == JOURNAL_MKDIR)
            disk->directories++;
        change_names(&disk->seen, &disk->pending.list[disk->pending.count - 1]);
    }
}

void
disk_begin(struct disk *disk, const struct journal_record *record)
{
    assert(disk->begun == NULL);

    if (record->kind == JOURNAL_FLUSH || record->kind == JOURNAL_SYNC_DIRECTORY || record->kind == JOURNAL_MARK)
        return;
    if (is_of_file(record))
        add_change(&disk->files[record->file].pending, record, false);
    else
        add_step(disk, record);
    disk->begun = is_of_file(record) ? &disk->files[record->file].pending.count : &disk->pending.count;
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
    size_t n;
    int rc;

    for (n = 0; n < disk->pending.count; n++)
        if (chosen(choice->names, choice->seed ^ 0xD1, n, disk->pending.count, WHOLE))
            change_names(&names, &disk->pending.list[n]);
    if ((rc = empty(dir_fd, 0)) == 0)
        rc = write_directory(disk, &names, ROOT, choice, dir_fd, 0);
    if (disk->begun != NULL)
        --*disk->begun;
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

static bool
is_of_file(const struct journal_record *record)
{
    return record->kind == JOURNAL_WRITE || record->kind == JOURNAL_WRITE_SYNCED || record->kind == JOURNAL_SIZE;
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
add_step(struct disk *disk, const struct journal_record *record)
{
    const char *path = (const char *)(record + 1);
    struct step step = { .kind = record->kind };

    find(&disk->seen, path, &step.name);
    switch (record->kind) {
    case JOURNAL_CREATE:
        step.name.number = record->file;
        break;
    case JOURNAL_MKDIR:
        step.name.number = disk->directories + 1;
        step.name.directory = true;
        break;
    case JOURNAL_RENAME:
        step.exchanges = record->at != 0;
        step.source = step.name;
        find(&disk->seen, path + strlen(path) + 1, &step.name);
        break;
    case JOURNAL_UNLINK:
        break;
    default:
        assert(!"a change of a directory");
    }
    disk->pending.list = grow(disk->pending.list, &disk->pending.room, disk->pending.count + 1, sizeof step);
    disk->pending.list[disk->pending.count++] = step;
}

static void
sync_directory(struct disk *disk, const char *path)
{
    struct steps *pending = &disk->pending;
    struct name directory = { .number = ROOT };
    size_t n, kept = 0;

    if (path[0] != '\0')
        find(&disk->seen, path, &directory);
    for (n = 0; n < pending->count; n++)
        if (pending->list[n].name.parent == directory.number
            || (pending->list[n].kind == JOURNAL_RENAME && pending->list[n].source.parent == directory.number))
            change_names(&disk->names, &pending->list[n]);
        else
            pending->list[kept++] = pending->list[n];
    pending->count = kept;
}

/* ---- names ---------------------------------------------------------- */

/* What `path` names there; where it names nothing yet, which entry it would be. Directories above it are there. */
static void
find(const struct names *names, const char *path, struct name *name_out)
{
    struct name name = { .number = ROOT };
    const struct name *there;

    for (const char *end;; path = end + 1) {
        end = strchrnul(path, '/');
        assert((size_t)(end - path) < sizeof name.text);
        name = (struct name){ .parent = name.number };
        memcpy(name.text, path, (size_t)(end - path));
        there = entry((struct names *)(uintptr_t)names, &name);
        if (there != NULL)
            name = *there;
        if (*end == '\0')
            break;
        assert(there != NULL);
        assert(there->directory);
    }
    *name_out = name;
}

static struct name *
entry(struct names *names, const struct name *name)
{
    for (size_t n = 0; n < names->count; n++)
        if (names->list[n].parent == name->parent && strcmp(names->list[n].text, name->text) == 0)
            return &names->list[n];
    return NULL;
}

static void
set_name(struct names *names, const struct name *name)
{
    remove_name(names, name);
    assert(names->count < DISK_NAMES_MAX);
    names->list[names->count++] = *name;
}

static void
remove_name(struct names *names, const struct name *name)
{
    struct name *there = entry(names, name);

    if (there != NULL)
        *there = names->list[--names->count];
}

static void
change_names(struct names *names, const struct step *step)
{
    struct name moved = step->source, back = step->name;

    switch (step->kind) {
    case JOURNAL_RENAME:
        moved.parent = step->name.parent;
        memcpy(moved.text, step->name.text, sizeof moved.text);
        back.parent = step->source.parent;
        memcpy(back.text, step->source.text, sizeof back.text);
        remove_name(names, &step->source);
        set_name(names, &moved);
        if (step->exchanges)
            set_name(names, &back);
        break;
    case JOURNAL_UNLINK:
        remove_name(names, &step->name);
        break;
    default:
        set_name(names, &step->name);
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

/* Remove what earlier images and their inspection left. */
static int
empty(int dir_fd, int depth)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *found;

    assert(depth < DISK_DEPTH_MAX);
    if (directory == NULL)
        return -1;
    while (rc == 0 && (found = readdir(directory)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
            continue;
        if (found->d_type != DT_DIR) {
            rc = unlinkat(dir_fd, found->d_name, 0);
            continue;
        }
        if ((fd = openat(dir_fd, found->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
            rc = -1;
            break;
        }
        if ((rc = empty(fd, depth + 1)) == 0)
            rc = unlinkat(dir_fd, found->d_name, AT_REMOVEDIR);
        (void)close(fd);
    }
    (void)closedir(directory);
    return rc;
}

/* What lies in a directory that did not get there is not there either. */
static int
write_directory(struct disk *disk, const struct names *names, uint32_t number, const struct disk_choice *choice,
    int dir_fd, int depth)
{
    size_t size_bytes;
    int fd, rc = 0;

    assert(depth < DISK_DEPTH_MAX);
    for (size_t n = 0; n < names->count && rc == 0; n++) {
        const struct name *name = &names->list[n];

        if (name->parent != number)
            continue;
        if (name->directory) {
            if (mkdirat(dir_fd, name->text, 0700) != 0
                || (fd = openat(dir_fd, name->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                return -1;
            rc = write_directory(disk, names, name->number, choice, fd, depth + 1);
            (void)close(fd);
            continue;
        }
        size_bytes = compose(disk, &disk->files[name->number], choice, choice->seed + name->number);
        if (strcmp(name->text, READERS_FILE) == 0 && choice->seed % 3 != 0)
            memset(disk->bytes, (int)(choice->seed >> 8 & 0xFF), size_bytes);
        rc = write_file(dir_fd, name->text, disk->bytes, size_bytes);
    }
    return rc;
}

static int
write_file(int dir_fd, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    ssize_t n;
    int fd;

    if ((fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        return -1;
    n = size_bytes == 0 ? 0 : write(fd, bytes, size_bytes);
    if (close(fd) != 0 || n != (ssize_t)size_bytes)
        return -1;
    return 0;
}
