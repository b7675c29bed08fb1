/*
 * powercut - does a store survive a power cut with all that it acknowledged?
 *
 * A workload runs over the real store code with a shim that writes down every
 * write and flush. From that journal, images of what a disk may hold at any
 * moment are made, and each is opened with the real store code and compared
 * with what the workload had been told and had told. LMDB may die of a bad
 * image, so images are opened in a child process; the one it dies of counts as
 * a failure and the next child goes on behind it.
 */
#define _GNU_SOURCE

#include <souk_backup.h>
#include <souk_beside.h>
#include <souk_store.h>

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../scratch.h"
#include "contents.h"
#include "disk.h"
#include "history.h"
#include "journal.h"

#define COMMITS "100"                   /* of one workload */
#define COMMITS_MAX 100
#define IMAGES_PER_WORKLOAD 2000
#define CALLS_COMMITS "30"              /* of one whose calls fail */
#define LANES_MAX 64
#define LINES_MAX 10                    /* of failures, then they are only counted */
#define IMAGE_SECONDS_MAX 60            /* a batch of images that takes longer hangs */
#define WINDOW_END 16                   /* the last records of a window, in which half of its cuts are */
#define NO_IMAGE UINT64_MAX
#define GAVE_UP 2                       /* exit code: it is not the store's fault */
#define STOPPED 3                       /* the workload's exit code for a store that failed */

enum verdict {
    SURVIVED,
    UNREADABLE,
    LOST,
    INVENTED,
    MIXED,
    STUCK,
    COPY_LOST,
    WORD_LOST,
    BACKUP_LOST,
    ASIDE_LOST,
    KILLED,
    VERDICTS,
};

static const char *const verdict_names[] = {
    [SURVIVED] = "survived",
    [UNREADABLE] = "unreadable",
    [LOST] = "acknowledged commit lost",
    [INVENTED] = "commit that was never begun",
    [MIXED] = "content of no commit",
    [STUCK] = "does not go on",
    [COPY_LOST] = "acknowledged copy lost or damaged",
    [WORD_LOST] = "word beside a store torn, or acknowledged and lost",
    [BACKUP_LOST] = "backup has its name and is not whole, or acknowledged and lost",
    [ASIDE_LOST] = "store that was replaced is lost",
    [KILLED] = "kills its reader",
};

struct options {
    uint64_t images, seed, only;
    unsigned jobs;
    const char *lose;
    bool calls;
};

/* What all processes of one run count together, in shared memory. */
struct tally {
    atomic_ullong images, verdicts[VERDICTS];
    atomic_ullong in_making;            /* cut before the store was first open */
    atomic_ullong stood, fell;          /* a commit under way that was there afterwards, or was not */
    atomic_ullong copies, backups, replaced;
    atomic_ullong stopped;              /* workloads that a failing call ended */
    atomic_ullong lines;
    atomic_ullong at[LANES_MAX];        /* where in its batch a lane's child is */
};

/* Which image: everything about it follows from seed and index. */
struct image {
    uint64_t index;
    size_t cut;                         /* records that were complete */
    struct disk_choice choice;
};

/* What the workload had said before the power failed. */
struct promise {
    bool opened, copying, copied, backing_up, backed_up, restoring, restored;
    uint64_t acknowledged, begun, copy, saying, said, backup;
    uint64_t replaced;                  /* the commit of the store that the backup replaces; later ones are of the new store */
};

/* Records from the one after which something was begun to the one after which it was done. */
struct window {
    size_t from, to;
};

struct lane {
    const struct options *options;
    struct tally *tally;
    unsigned number;
    struct scratch home;
    char root[80], journal_path[80], image_path[80];
    int image_fd;
    /* of the present workload */
    uint64_t seed;
    uint8_t *journal;
    size_t journal_bytes;
    const struct journal_record **records;
    size_t record_count;
    uint64_t digests[COMMITS_MAX + 1];
    struct window making, copying, backing_up, restoring;
    struct image *images;
    size_t image_count;
};

static error_t parse(int key, char *arg, struct argp_state *state);
static int run_lanes(const struct options *options, struct tally *tally);
static void show_progress(const struct options *options, const struct tally *tally, const struct timespec *since,
    bool *shown);
static int report(const struct options *options, const struct tally *tally, const struct timespec *since);
static unsigned lanes_of(const struct options *options);
static uint64_t images_per_workload(const struct options *options);
static void make_home(struct lane *lane);
static void leave_home(struct lane *lane);
static void run_lane(struct lane *lane);
static void run_round(struct lane *lane, uint64_t seed, uint64_t first, uint64_t count);
static int run_workload(struct lane *lane, uint64_t seed, const char *commits, uint64_t fail_at);
static void read_journal(struct lane *lane);
static void drop_journal(struct lane *lane);
static void plan(struct lane *lane, uint64_t first, uint64_t count);
static size_t plan_cut(const struct lane *lane, uint64_t seed);
static int by_cut(const void *a, const void *b);
static void check_images(struct lane *lane, size_t from);
static void note_window(struct lane *lane, enum mark_kind kind);
static size_t in_window(const struct window *window, uint64_t dice);
static bool is_due(const struct window *window, const struct image *image);
static void keep(struct promise *promise, const struct journal_record *record);
static enum verdict check_image(struct lane *lane, const struct image *image, const struct promise *promise,
    struct souk_error *err);
static enum verdict check_store(struct lane *lane, const struct promise *promise, struct souk_error *err);
static enum verdict check_going_on(struct lane *lane, struct souk_store *store, struct souk_error *err);
static enum verdict judge(const struct promise *promise, uint64_t commit, struct souk_error *err);
static enum verdict check_copy(struct lane *lane, const struct promise *promise, struct souk_error *err);
static enum verdict check_word(const struct promise *promise, const char *root, struct souk_error *err);
static enum verdict check_backup(struct lane *lane, const struct promise *promise, const char *root,
    struct souk_error *err);
static enum verdict check_aside(struct lane *lane, const struct promise *promise, struct souk_error *err);
static bool exists(const char *root, const char *name);
static int open_store(const char *path, struct souk_store **store_out, struct souk_error *err);
static void failed(struct lane *lane, const struct image *image, enum verdict verdict, const char *text);
static void run_failing_calls(struct lane *lane);
static void check_after_failed_call(struct lane *lane, uint64_t call);
static double seconds_since(const struct timespec *since);
static void give_up(const char *what) __attribute__((noreturn));

const char *argp_program_version = "powercut (souk)";

static const struct argp_option option_list[] = {
    { "images", 'n', "N", 0, "Check N images (default 2000)", 0 },
    { "seed", 's', "S", 0, "Begin with workload S (default 1); each has up to 2000 images", 0 },
    { "only", 'o', "I", 0, "Check image I of workload S alone, say what it is and leave it there", 0 },
    { "jobs", 'j', "J", 0, "Check in J processes at once (default 1)", 0 },
    { "lose-flushes", 'l', "WHAT", 0,
        "Forget flushes of data, meta or directory: then the test has to find failures, and fails if it finds none", 0 },
    { "failing-calls", 'f', NULL, 0, "Let the n-th write or flush fail instead, for all n", 0 },
    { 0 }
};

int
main(int argc, char **argv)
{
    struct options options = { .images = IMAGES_PER_WORKLOAD, .seed = 1, .only = NO_IMAGE, .jobs = 1 };
    struct argp argp = { option_list, parse, NULL, "Check that a store survives power cuts.", NULL, NULL, NULL };
    struct timespec since;
    struct tally *tally;

    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return 64;
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED)
        give_up("no memory");
    scratch_sweep();
    (void)clock_gettime(CLOCK_MONOTONIC, &since);
    if (run_lanes(&options, tally) != 0)
        return GAVE_UP;
    return report(&options, tally, &since);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'n':
        options->images = strtoull(arg, NULL, 10);
        if (options->images == 0)
            argp_error(state, "--images %s: a number from 1 is meant", arg);
        return 0;
    case 's':
        options->seed = strtoull(arg, NULL, 10);
        return 0;
    case 'o':
        options->only = strtoull(arg, NULL, 10);
        if (options->only >= IMAGES_PER_WORKLOAD)
            argp_error(state, "a workload has images 0 to %d", IMAGES_PER_WORKLOAD - 1);
        return 0;
    case 'j':
        options->jobs = (unsigned)strtoul(arg, NULL, 10);
        if (options->jobs == 0 || options->jobs > LANES_MAX)
            argp_error(state, "1 to %d jobs", LANES_MAX);
        return 0;
    case 'l':
        if (strcmp(arg, "data") != 0 && strcmp(arg, "meta") != 0 && strcmp(arg, "directory") != 0)
            argp_error(state, "flushes of data, meta or directory can be lost");
        options->lose = arg;
        return 0;
    case 'f':
        options->calls = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the run as a whole --------------------------------------------- */

static int
run_lanes(const struct options *options, struct tally *tally)
{
    struct lane lanes[LANES_MAX] = { 0 };
    unsigned count = lanes_of(options), n;
    struct timespec since;
    struct pollfd over;
    pid_t pids[LANES_MAX];
    int alive[2], status, rc = 0;
    bool shown = false;

    (void)clock_gettime(CLOCK_MONOTONIC, &since);
    if (pipe2(alive, O_CLOEXEC) != 0)
        give_up("no pipe");
    for (n = 0; n < count; n++) {
        lanes[n] = (struct lane){ .options = options, .tally = tally, .number = n };
        make_home(&lanes[n]);
        if ((pids[n] = fork()) < 0)
            give_up("no process");
        if (pids[n] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);     /* nobody would see what it finds */
            (void)close(alive[0]);
            run_lane(&lanes[n]);
            _exit(0);
        }
    }
    (void)close(alive[1]);

    /* The pipe closes with the last lane; until then look in now and again. */
    over = (struct pollfd){ .fd = alive[0], .events = POLLIN };
    while (poll(&over, 1, 500) <= 0)
        show_progress(options, tally, &since, &shown);
    (void)close(alive[0]);
    if (shown)
        (void)fprintf(stderr, "\r\033[K");
    for (n = 0; n < count; n++) {
        if (waitpid(pids[n], &status, 0) != pids[n] || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            rc = -1;
        leave_home(&lanes[n]);
    }
    return rc;
}

static void
show_progress(const struct options *options, const struct tally *tally, const struct timespec *since, bool *shown)
{
    double seconds = seconds_since(since);

    if (seconds < 2 || !isatty(STDERR_FILENO))
        return;
    *shown = true;
    if (options->calls)
        (void)fprintf(stderr, "\r\033[K%llu failing calls, %llu survived", tally->images, tally->verdicts[SURVIVED]);
    else
        (void)fprintf(stderr, "\r\033[K%llu of %llu images, %llu survived, %.0f/s", tally->images,
            (unsigned long long)options->images, tally->verdicts[SURVIVED], (double)tally->images / seconds);
}

static int
report(const struct options *options, const struct tally *tally, const struct timespec *since)
{
    uint64_t failures = tally->images - tally->verdicts[SURVIVED];
    double seconds = seconds_since(since);
    unsigned n;

    (void)printf("%llu %s in %.1f s (%.0f/s): %llu survived", tally->images,
        options->calls ? "failing calls" : "images", seconds, (double)tally->images / seconds, tally->verdicts[SURVIVED]);
    for (n = SURVIVED + 1; n < VERDICTS; n++)
        if (tally->verdicts[n] > 0)
            (void)printf(", %llu %s", tally->verdicts[n], verdict_names[n]);
    (void)printf("\n");
    if (!options->calls)
        (void)printf("%llu cut while the store was made; of commits under way %llu stood and %llu did not; "
            "%llu copies, %llu backups, %llu stores that a backup has replaced looked at\n", tally->in_making, tally->stood,
            tally->fell, tally->copies, tally->backups, tally->replaced);
    else
        (void)printf("%llu ended the service, the others met what it can do without\n", tally->stopped);
    if (options->lose != NULL) {
        (void)printf("%s flushes were lost, which has to show: %s\n", options->lose,
            failures > 0 ? "it does" : "IT DOES NOT");
        return failures > 0 ? 0 : 1;
    }
    (void)printf("powercut: %llu passed, %llu failed\n", tally->verdicts[SURVIVED], (unsigned long long)failures);
    return failures == 0 ? 0 : 1;
}

/* ---- a lane: workloads and their images ----------------------------- */

/* No more than there are images. */
static unsigned
lanes_of(const struct options *options)
{
    if (options->only != NO_IMAGE || options->calls)
        return 1;
    return options->images < options->jobs ? (unsigned)options->images : options->jobs;
}

/* Few images are shared out, so that no lane is idle. */
static uint64_t
images_per_workload(const struct options *options)
{
    uint64_t share = (options->images + options->jobs - 1) / options->jobs;

    return share < IMAGES_PER_WORKLOAD ? share : IMAGES_PER_WORKLOAD;
}

static void
make_home(struct lane *lane)
{
    if (scratch_make(&lane->home, "powercut") != 0)
        give_up("/dev/shm");
    (void)snprintf(lane->root, sizeof lane->root, "%s/root", lane->home.path);
    (void)snprintf(lane->journal_path, sizeof lane->journal_path, "%s/journal", lane->home.path);
    (void)snprintf(lane->image_path, sizeof lane->image_path, "%s/image", lane->home.path);
    if (mkdir(lane->root, 0700) != 0 || mkdir(lane->image_path, 0700) != 0)
        give_up(lane->home.path);
    if ((lane->image_fd = open(lane->image_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        give_up(lane->image_path);
}

static void
leave_home(struct lane *lane)
{
    (void)close(lane->image_fd);
    if (lane->options->only == NO_IMAGE) {
        scratch_remove(&lane->home);
        return;
    }
    if (scratch_keep(&lane->home) != 0)
        give_up(lane->home.path);
    (void)printf("workload, journal and image are in %s: remove it when you have seen it\n", lane->home.path);
}

/* An image of an empty disk leaves an empty directory. */
static void
clear(const char *path)
{
    struct disk_choice none = { .writes = DISK_NONE, .names = DISK_NONE };
    struct disk *disk = disk_new();
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (disk == NULL || fd < 0 || disk_image(disk, &none, fd) != 0)
        give_up(path);
    (void)close(fd);
    disk_done(&disk);
}

static void
run_lane(struct lane *lane)
{
    const struct options *options = lane->options;
    uint64_t images_max = images_per_workload(options), round, done, count;
    unsigned lanes = lanes_of(options);

    if (options->calls) {
        run_failing_calls(lane);
        return;
    }
    if (options->only != NO_IMAGE) {
        run_round(lane, options->seed, options->only, 1);
        return;
    }
    for (round = 0, done = 0; done < options->images; round++, done += count) {
        count = options->images - done < images_max ? options->images - done : images_max;
        if (round % lanes == lane->number)
            run_round(lane, options->seed + round, 0, count);
    }
}

static void
run_round(struct lane *lane, uint64_t seed, uint64_t first, uint64_t count)
{
    size_t from = 0;
    int status;
    pid_t pid;

    lane->seed = seed;
    if (run_workload(lane, seed, COMMITS, 0) != 0)
        give_up("the workload failed");
    read_journal(lane);
    plan(lane, first, count);
    while (from < lane->image_count) {
        (void)fflush(NULL);
        if ((pid = fork()) < 0)
            give_up("no process");
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            /* Where failures are wanted, LMDB and sanitizers need not tell of each. */
            if (lane->options->lose != NULL && freopen("/dev/null", "w", stderr) == NULL)
                give_up("/dev/null");
            check_images(lane, from);
            (void)fflush(stdout);
            _exit(0);
        }
        if (waitpid(pid, &status, 0) != pid)
            give_up("no status");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        if (WIFEXITED(status) && WEXITSTATUS(status) == GAVE_UP)
            give_up("an image could not be made");
        from = lane->tally->at[lane->number];
        failed(lane, &lane->images[from], KILLED,
            WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "a sanitizer ended it");
        lane->tally->images++;
        from++;
    }
    drop_journal(lane);
}

/* The workload's exit code. What it says goes nowhere when a call of it is to fail. */
static int
run_workload(struct lane *lane, uint64_t seed, const char *commits, uint64_t fail_at)
{
    char self[PATH_MAX], program[PATH_MAX + 16], shim[PATH_MAX + 32], seed_text[24], fail_text[24];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    int status;
    pid_t pid;

    if (n < 0)
        give_up("/proc/self/exe");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    (void)snprintf(program, sizeof program, "%s/workload", self);
    (void)snprintf(shim, sizeof shim, "%s/.libs/shim.so", self);
    (void)snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
    (void)snprintf(fail_text, sizeof fail_text, "%llu", (unsigned long long)fail_at);

    clear(lane->root);
    (void)fflush(NULL);
    if ((pid = fork()) < 0)
        give_up("no process");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setenv(JOURNAL_ROOT_VARIABLE, lane->root, 1);
        (void)setenv(JOURNAL_FILE_VARIABLE, lane->journal_path, 1);
        (void)setenv(JOURNAL_FAIL_VARIABLE, fail_text, 1);
        if (lane->options->lose != NULL)
            (void)setenv(JOURNAL_LOSE_VARIABLE, lane->options->lose, 1);
        (void)setenv("LD_PRELOAD", shim, 1);
        (void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
        if (fail_at != 0 && freopen("/dev/null", "w", stderr) == NULL)
            _exit(127);
        (void)execl(program, program, lane->root, seed_text, commits, (char *)NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid)
        give_up("no status");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
read_journal(struct lane *lane)
{
    const struct journal_record *record;
    const struct journal_mark *mark;
    struct stat file;
    size_t at, room = 0;
    int fd;

    if ((fd = open(lane->journal_path, O_RDONLY | O_CLOEXEC)) < 0 || fstat(fd, &file) != 0 || file.st_size == 0)
        give_up("no journal: is the shim there?");
    lane->journal_bytes = (size_t)file.st_size;
    lane->journal = mmap(NULL, lane->journal_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (lane->journal == MAP_FAILED)
        give_up(lane->journal_path);
    (void)close(fd);

    lane->records = NULL;
    lane->record_count = 0;
    lane->making = (struct window){ 0, SIZE_MAX };
    lane->copying = lane->backing_up = lane->restoring = (struct window){ SIZE_MAX, SIZE_MAX };
    for (at = 0; at < lane->journal_bytes; at += sizeof *record + JOURNAL_PADDED(record->size_bytes)) {
        record = (const struct journal_record *)(const void *)(lane->journal + at);
        if (lane->record_count == room) {
            room = room * 2 + 1024;
            if ((lane->records = realloc(lane->records, room * sizeof record)) == NULL)
                give_up("no memory");
        }
        lane->records[lane->record_count++] = record;
        if (record->kind != JOURNAL_MARK)
            continue;
        mark = (const struct journal_mark *)(record + 1);
        assert(mark->number <= COMMITS_MAX);
        if (mark->kind == MARK_OPENED || mark->kind == MARK_COMMITTED)
            lane->digests[mark->number] = mark->digest;
        note_window(lane, (enum mark_kind)mark->kind);
    }
}

static void
note_window(struct lane *lane, enum mark_kind kind)
{
    switch (kind) {
    case MARK_OPENED:
        lane->making.to = lane->record_count;
        break;
    case MARK_COPYING:
        lane->copying.from = lane->record_count;
        break;
    case MARK_COPIED:
    case MARK_SAID:
        lane->copying.to = lane->record_count;
        break;
    case MARK_BACKING_UP:
        lane->backing_up.from = lane->record_count;
        break;
    case MARK_BACKED_UP:
        lane->backing_up.to = lane->record_count;
        break;
    case MARK_RESTORING:
        lane->restoring.from = lane->record_count;
        break;
    case MARK_RESTORED:
        lane->restoring.to = lane->record_count;
        break;
    case MARK_STARTED:
    case MARK_COMMITTED:
    case MARK_SAYING:
        break;
    }
}

static void
drop_journal(struct lane *lane)
{
    (void)munmap(lane->journal, lane->journal_bytes);
    free(lane->records);
    free(lane->images);
    lane->images = NULL;
}

/* ---- which images --------------------------------------------------- */

static void
plan(struct lane *lane, uint64_t first, uint64_t count)
{
    struct image *image;
    uint64_t seed;
    size_t n;

    if (lane->making.to == SIZE_MAX || lane->copying.to == SIZE_MAX || lane->backing_up.to == SIZE_MAX
        || lane->restoring.to == SIZE_MAX)
        give_up("the workload has not done what it should");
    lane->image_count = (size_t)count;
    if ((lane->images = calloc(lane->image_count, sizeof *lane->images)) == NULL)
        give_up("no memory");
    for (n = 0; n < lane->image_count; n++) {
        image = &lane->images[n];
        image->index = first + n;
        seed = disk_random(lane->seed * IMAGES_PER_WORKLOAD, image->index);
        image->cut = plan_cut(lane, seed);
        image->choice = (struct disk_choice){
            .writes = (enum disk_mode)(disk_random(seed, 1) % DISK_MODES),
            .names = (enum disk_mode)(disk_random(seed, 2) % DISK_MODES),
            .seed = disk_random(seed, 3),
        };
    }
    qsort(lane->images, lane->image_count, sizeof *lane->images, by_cut);
}

/*
 * An eighth of the cuts each while the store is made, while it is copied and words put beside the copy, while it is backed
 * up, and while the backup is put in its place: half of them among the last records of that, where names are given.
 */
static size_t
plan_cut(const struct lane *lane, uint64_t seed)
{
    const uint64_t dice = disk_random(seed, 5);

    switch (disk_random(seed, 4) % 8) {
    case 0:
        return in_window(&lane->making, dice);
    case 1:
        return in_window(&lane->copying, dice);
    case 2:
        return in_window(&lane->backing_up, dice);
    case 3:
        return in_window(&lane->restoring, dice);
    default:
        return dice % (lane->record_count + 1);
    }
}

static size_t
in_window(const struct window *window, uint64_t dice)
{
    const size_t size = window->to - window->from + 1, end = size < WINDOW_END ? size : WINDOW_END;

    return disk_random(dice, 0) % 2 == 0 ? window->from + dice % size : window->to + 1 - end + dice % end;
}

static int
by_cut(const void *a, const void *b)
{
    const struct image *one = a, *two = b;

    return (one->cut > two->cut) - (one->cut < two->cut);
}

/* ---- looking at images ---------------------------------------------- */

static void
check_images(struct lane *lane, size_t from)
{
    struct promise promise = { 0 };
    struct disk *disk = disk_new();
    const struct image *image;
    struct souk_error err;
    enum verdict verdict;
    size_t at = 0, n;

    if (disk == NULL)
        give_up("no memory");
    for (n = from; n < lane->image_count; n++) {
        image = &lane->images[n];
        for (; at < image->cut; at++) {
            disk_apply(disk, lane->records[at]);
            keep(&promise, lane->records[at]);
        }
        if (at < lane->record_count)
            disk_begin(disk, lane->records[at]);
        lane->tally->at[lane->number] = n;
        if (disk_image(disk, &image->choice, lane->image_fd) != 0)
            give_up("an image cannot be made");
        (void)alarm(IMAGE_SECONDS_MAX);
        err.text[0] = '\0';
        verdict = check_image(lane, image, &promise, &err);
        (void)alarm(0);
        if (verdict == SURVIVED)
            lane->tally->verdicts[SURVIVED]++;
        else
            failed(lane, image, verdict, err.text);
        lane->tally->images++;
        if (!promise.opened)
            lane->tally->in_making++;
    }
    disk_done(&disk);
}

static void
keep(struct promise *promise, const struct journal_record *record)
{
    const struct journal_mark *mark = (const struct journal_mark *)(record + 1);

    if (record->kind != JOURNAL_MARK)
        return;
    switch (mark->kind) {
    case MARK_OPENED:
        promise->opened = true;
        break;
    case MARK_STARTED:
        promise->begun = mark->number;
        break;
    case MARK_COMMITTED:
        promise->acknowledged = mark->number;
        break;
    case MARK_COPYING:
        promise->copying = true;
        promise->copy = mark->number;
        break;
    case MARK_COPIED:
        promise->copied = true;
        break;
    case MARK_SAYING:
        promise->saying = mark->number;
        break;
    case MARK_SAID:
        promise->said = mark->number;
        break;
    case MARK_BACKING_UP:
        promise->backing_up = true;
        promise->backup = mark->number;
        break;
    case MARK_BACKED_UP:
        promise->backed_up = true;
        break;
    case MARK_RESTORING:
        promise->restoring = true;
        promise->replaced = mark->number;
        break;
    case MARK_RESTORED:
        promise->restored = true;
        promise->acknowledged = promise->begun = promise->backup;
        break;
    }
}

static enum verdict
check_image(struct lane *lane, const struct image *image, const struct promise *promise, struct souk_error *err)
{
    enum verdict verdict;

    if (promise->opened && !exists(lane->image_path, JOURNAL_STORE)) {
        (void)souk_fail(err, SOUK_ENOTFOUND, "its directory is gone");
        return LOST;
    }
    if ((verdict = check_store(lane, promise, err)) != SURVIVED)
        return verdict;
    /* While it is made each time, afterwards now and then. */
    if (promise->copying && is_due(&lane->copying, image))
        verdict = check_copy(lane, promise, err);
    if (verdict == SURVIVED && promise->saying != 0 && is_due(&lane->copying, image))
        verdict = check_word(promise, lane->image_path, err);
    if (verdict == SURVIVED && promise->backing_up && is_due(&lane->backing_up, image))
        verdict = check_backup(lane, promise, lane->image_path, err);
    if (verdict == SURVIVED && promise->restored && is_due(&lane->restoring, image))
        verdict = check_aside(lane, promise, err);
    return verdict;
}

/* A little longer than it takes: what was acknowledged is looked at, too. */
static bool
is_due(const struct window *window, const struct image *image)
{
    return image->cut <= window->to + WINDOW_END || image->choice.seed % 8 == 0;
}

static enum verdict
check_store(struct lane *lane, const struct promise *promise, struct souk_error *err)
{
    struct souk_store *store = NULL;
    struct contents contents;
    enum verdict verdict;
    char path[96];
    int rc;

    (void)snprintf(path, sizeof path, "%s/" JOURNAL_STORE, lane->image_path);
    if (open_store(path, &store, err) != 0)
        return UNREADABLE;
    if ((rc = contents_read(store, &contents)) != 0) {
        (void)souk_fail(err, (enum souk_error_code)-rc, "reading it: %s", souk_error_name(rc));
        verdict = UNREADABLE;
    } else if ((verdict = judge(promise, contents.commit, err)) != SURVIVED) {
        /* Said. */
    } else if (contents.digest != lane->digests[contents.commit]
        || (rc = history_check(store, contents.commit)) != 0) {
        (void)souk_fail(err, SOUK_EDAMAGED, "it says commit %llu and has something else (%s)",
            (unsigned long long)contents.commit, rc == 0 ? "digest" : souk_error_name(rc));
        verdict = MIXED;
    } else {
        if (promise->begun > promise->acknowledged)
            contents.commit == promise->begun ? lane->tally->stood++ : lane->tally->fell++;
        verdict = check_going_on(lane, store, err);
        store = NULL;
    }
    souk_store_close(&store);
    return verdict;
}

/* What was acknowledged, or what was under way; while a backup is put in its place, the one or the other store. */
static enum verdict
judge(const struct promise *promise, uint64_t commit, struct souk_error *err)
{
    if (promise->restoring && !promise->restored && (commit == promise->backup || commit == promise->replaced))
        return SURVIVED;
    if (promise->restored && commit > promise->backup && commit <= promise->replaced) {
        (void)souk_fail(err, SOUK_EDAMAGED, "it has commit %llu of the store that a backup had replaced",
            (unsigned long long)commit);
        return LOST;
    }
    if (commit < promise->acknowledged) {
        (void)souk_fail(err, SOUK_ENOTFOUND, "it has commit %llu, acknowledged was %llu", (unsigned long long)commit,
            (unsigned long long)promise->acknowledged);
        return LOST;
    }
    if (commit > promise->begun) {
        (void)souk_fail(err, SOUK_EDAMAGED, "it has commit %llu, begun was %llu", (unsigned long long)commit,
            (unsigned long long)promise->begun);
        return INVENTED;
    }
    return SURVIVED;
}

/* A commit more, closing, opening again: a store that can only be read has not survived. Takes `store`. */
static enum verdict
check_going_on(struct lane *lane, struct souk_store *store, struct souk_error *err)
{
    struct contents before, after;
    struct souk_table table;
    struct souk_txn *txn = NULL;
    char path[96];
    int rc;

    if ((rc = souk_txn_begin(store, SOUK_TXN_WRITE, &txn)) != 0)
        goto stuck;
    if ((rc = souk_txn_table(txn, "after", &table)) != 0)
        goto stuck;
    if ((rc = souk_txn_put(txn, table, souk_slice_of("the"), souk_slice_of("flood"))) != 0)
        goto stuck;
    if ((rc = souk_txn_commit(&txn)) != 0)
        goto stuck;
    if ((rc = contents_read(store, &before)) != 0)
        goto stuck;
    souk_store_close(&store);
    (void)snprintf(path, sizeof path, "%s/" JOURNAL_STORE, lane->image_path);
    if (open_store(path, &store, err) != 0)
        return STUCK;
    if ((rc = contents_read(store, &after)) != 0)
        goto stuck;
    if (after.digest != before.digest)
        rc = -SOUK_EDAMAGED;

stuck:
    souk_txn_abort(&txn);
    souk_store_close(&store);
    if (rc == 0)
        return SURVIVED;
    (void)souk_fail(err, (enum souk_error_code)-rc, "one commit more: %s", souk_error_name(rc));
    return STUCK;
}

/* Once acknowledged it is complete; before, it is absent, empty or complete. */
static enum verdict
check_copy(struct lane *lane, const struct promise *promise, struct souk_error *err)
{
    struct souk_store *store;
    struct contents contents;
    char path[96];
    bool good;
    int rc;

    (void)snprintf(path, sizeof path, "%s/" JOURNAL_COPY, lane->image_path);
    if (!promise->copied && access(path, F_OK) != 0)
        return SURVIVED;
    lane->tally->copies++;
    if (open_store(path, &store, err) != 0)
        return COPY_LOST;
    rc = contents_read(store, &contents);
    souk_store_close(&store);
    good = rc == 0 && contents.digest == lane->digests[contents.commit]
        && (contents.commit == promise->copy || (contents.commit == 0 && !promise->copied));
    if (good)
        return SURVIVED;
    (void)souk_fail(err, SOUK_EDAMAGED, "the copy has commit %llu of %llu", (unsigned long long)contents.commit,
        (unsigned long long)promise->copy);
    return COPY_LOST;
}

/* The last one that was acknowledged, or the one that was under way: as a whole. */
static enum verdict
check_word(const struct promise *promise, const char *root, struct souk_error *err)
{
    struct souk_slice word = { NULL, 0 };
    struct souk_arena arena;
    enum verdict verdict = SURVIVED;
    uint8_t first = 0;
    char path[160];
    int rc;

    (void)snprintf(path, sizeof path, "%s/" JOURNAL_COPY, root);
    souk_arena_init(&arena, 0);
    rc = souk_beside_get(path, JOURNAL_WORD, &arena, &word);
    if (rc == 0 && word.size_bytes != 0)
        first = *(const uint8_t *)word.base;
    for (size_t i = 1; i < word.size_bytes; i++)
        if (((const uint8_t *)word.base)[i] != first)
            first = 0;
    if (rc != 0 ? rc != -SOUK_ENOTFOUND || promise->said != 0
        : word.size_bytes != JOURNAL_WORD_BYTES || (first != promise->said && first != promise->saying) || first == 0) {
        (void)souk_fail(err, SOUK_EDAMAGED, "it is %s, %zu bytes of %u; said was %llu", souk_error_name(rc),
            word.size_bytes, first, (unsigned long long)promise->said);
        verdict = WORD_LOST;
    }
    souk_arena_done(&arena);
    return verdict;
}

/* Once it has its name it is whole, whether it was acknowledged or not; until then it has none, in `backups`. */
static enum verdict
check_backup(struct lane *lane, const struct promise *promise, const char *root, struct souk_error *err)
{
    static const char name[] = JOURNAL_BACKUPS "/" JOURNAL_BACKUP;
    static struct souk_backup_report report;
    static struct souk_manifest manifest;
    char path[160];
    const struct souk_backup_config config = { .directory = path, .bytes_max = 64 << 20 };
    struct souk_store *store = NULL;
    struct contents contents;
    int rc;

    if (!exists(root, name))
        return promise->backed_up ? BACKUP_LOST : SURVIVED;
    lane->tally->backups++;
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    if (souk_manifest_read(path, &manifest, err) != 0 || souk_backup_verify(&config, &report, err) != 0
        || open_store(path, &store, err) != 0)
        return BACKUP_LOST;
    rc = contents_read(store, &contents);
    souk_store_close(&store);
    if (rc == 0 && contents.commit == promise->backup && contents.digest == lane->digests[contents.commit]
        && manifest.stream_count == 1 && report.manifest.stream_count == 1
        && souk_position_equal(&manifest.streams[0].head, &report.manifest.streams[0].head)
        && manifest.log_position == report.manifest.log_position && manifest.log_position > 0)
        return SURVIVED;
    (void)souk_fail(err, SOUK_EDAMAGED, "the backup of commit %llu has something else",
        (unsigned long long)promise->backup);
    return BACKUP_LOST;
}

/* The store that a backup has replaced keeps a name, and all that it had. */
static enum verdict
check_aside(struct lane *lane, const struct promise *promise, struct souk_error *err)
{
    struct souk_store *store;
    struct contents contents = { 0 };
    char path[160];

    lane->tally->replaced++;
    (void)snprintf(path, sizeof path, "%s/" JOURNAL_ASIDE, lane->image_path);
    if (!exists(lane->image_path, JOURNAL_ASIDE) || open_store(path, &store, err) != 0)
        return ASIDE_LOST;
    if (contents_read(store, &contents) != 0)
        contents.digest = 0;
    souk_store_close(&store);
    return contents.commit == promise->replaced && contents.digest == lane->digests[contents.commit] ? SURVIVED
        : ASIDE_LOST;
}

static bool
exists(const char *root, const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return access(path, F_OK) == 0;
}

static int
open_store(const char *path, struct souk_store **store_out, struct souk_error *err)
{
    struct souk_store_config config = { .path = path, .bytes_max = 64 << 20, .readers_max = 4, .simulated = true };

    return souk_store_open(&config, store_out, err);
}

static void
failed(struct lane *lane, const struct image *image, enum verdict verdict, const char *text)
{
    const char *lose = lane->options->lose;

    lane->tally->verdicts[verdict]++;
    if (lane->tally->lines++ >= (lose == NULL ? LINES_MAX : 1))
        return;
    (void)printf("%s: %s; cut after record %zu of %zu; again with: powercut --seed %llu --only %llu%s%s\n",
        verdict_names[verdict], text, image->cut, lane->record_count, (unsigned long long)lane->seed,
        (unsigned long long)image->index, lose == NULL ? "" : " --lose-flushes ", lose == NULL ? "" : lose);
    (void)fflush(stdout);               /* the next image may be this process's last */
}

/* ---- calls that fail ------------------------------------------------ */

/* Let each write and flush of a workload fail in turn; what it had acknowledged when it stopped has to be there. */
static void
run_failing_calls(struct lane *lane)
{
    uint64_t calls, call;
    int rc;

    if (run_workload(lane, lane->options->seed, CALLS_COMMITS, 0) != 0)
        give_up("the workload failed");
    lane->seed = lane->options->seed;
    read_journal(lane);
    calls = lane->record_count;         /* more than there are calls that can fail */
    drop_journal(lane);
    for (call = 1; call <= calls; call++) {
        rc = run_workload(lane, lane->seed, CALLS_COMMITS, call);
        if (rc != 0 && rc != STOPPED) {
            (void)printf("call %llu failed and the workload ended with %d\n", (unsigned long long)call, rc);
            lane->tally->verdicts[KILLED]++;
        } else {
            if (rc == STOPPED)
                lane->tally->stopped++;
            check_after_failed_call(lane, call);
        }
        lane->tally->images++;
    }
}

static void
check_after_failed_call(struct lane *lane, uint64_t call)
{
    uint64_t digests[COMMITS_MAX + 1];
    struct promise promise = { 0 };
    struct souk_error err = { 0 };
    struct contents contents = { 0 };
    struct souk_store *store = NULL;
    enum verdict verdict = SURVIVED;
    char path[96];
    size_t n;

    memcpy(digests, lane->digests, sizeof digests);     /* of the run in which nothing failed */
    read_journal(lane);
    for (n = 0; n < lane->record_count; n++)
        keep(&promise, lane->records[n]);
    (void)snprintf(path, sizeof path, "%s/" JOURNAL_STORE, lane->root);
    if (open_store(path, &store, &err) != 0 || contents_read(store, &contents) != 0)
        verdict = UNREADABLE;
    else if ((verdict = judge(&promise, contents.commit, &err)) == SURVIVED
        && contents.digest != digests[contents.commit])
        verdict = MIXED;
    souk_store_close(&store);
    memcpy(lane->digests, digests, sizeof digests);
    if (verdict == SURVIVED && promise.saying != 0)
        verdict = check_word(&promise, lane->root, &err);
    if (verdict == SURVIVED && promise.backing_up && !promise.backed_up
        && (exists(lane->root, JOURNAL_BACKUPS "/" JOURNAL_BACKUP)
        || exists(lane->root, JOURNAL_BACKUPS "/" JOURNAL_BACKUP ".part"))) {
        (void)souk_fail(&err, SOUK_EDAMAGED, "the backup failed, and something is left of it");
        verdict = BACKUP_LOST;
    }
    if (verdict == SURVIVED && promise.backed_up)
        verdict = check_backup(lane, &promise, lane->root, &err);
    drop_journal(lane);
    lane->tally->verdicts[verdict]++;
    if (verdict != SURVIVED)
        (void)printf("%s after call %llu failed: commit %llu, acknowledged %llu, begun %llu %s\n", verdict_names[verdict],
            (unsigned long long)call, (unsigned long long)contents.commit, (unsigned long long)promise.acknowledged,
            (unsigned long long)promise.begun, err.text);
    (void)fflush(stdout);
}

static double
seconds_since(const struct timespec *since)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9 + 1e-9;
}

static void
give_up(const char *what)
{
    (void)fprintf(stderr, "powercut: %s: %s\n", what, strerror(errno));
    _exit(GAVE_UP);
}
