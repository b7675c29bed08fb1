/*
 * bits - is any single wrong bit ever taken for the truth?
 *
 * Every bit of every test vector, and of the data files of a service and of an
 * event store after a small real run, is flipped, and everything that can come
 * out of it is held against what was once written. LMDB has no checksums and
 * may die of what it reads, so stores are tried in a child process; the bit
 * that it dies of is noted and the next child goes on behind it.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../scratch.h"
#include "damaged.h"
#include "vectors.h"

#define STRIDE_DEFAULT 4099                     /* bits from one that is flipped to the next; prime, to meet every field */
#define TRY_SECONDS_MAX 20                      /* who takes longer goes round in circles */
#define LINES_MAX 10                            /* of failures, then they are only counted */
#define NOTE_BYTES 400

/* How a child ended before its time. */
enum end { KILLED, LMDB_ASSERTED, WE_ASSERTED, HUNG, ENDS };

struct options {
    uint64_t stride, machines, only;
    bool loud;
    const char *vectors;
};

/* What parent and children count together, in shared memory. */
struct tally {
    atomic_ullong at;                           /* the bit that is flipped now */
    atomic_ullong flips, verdicts[VERDICTS], ends[ENDS];
    atomic_ullong by_hash_alone, faults, restless;
    atomic_ullong lines;
};

/* One store. */
struct trial {
    const struct options *options;
    const struct history *history;
    struct tally *tally;
    const char *name;
    const char *root;
    uint32_t at;
    uint64_t bits;
    int errors;                                 /* what children say of themselves */
};

static error_t parse(int key, char *arg, struct argp_state *state);
static uint64_t flip_vectors(const struct options *options, uint64_t *passed);
static uint64_t flip_store(const struct options *options, const struct history *history, uint32_t at,
    const char *name, const char *root, uint64_t *passed);
static void run_children(struct trial *trial);
static void run_child(struct trial *trial, uint64_t from) __attribute__((noreturn));
static enum end why_ended(struct trial *trial, int status);
static void show_progress(const struct trial *trial);
static uint64_t report(const struct trial *trial, uint64_t *passed);
static void give_up(const char *what) __attribute__((noreturn));

const char *argp_program_version = "bits (souk)";

int
main(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "stride", 'n', "BITS", 0, "Flip every BITS-th bit of the stores (default 4099; 1: each)", 0 },
        { "machines", 'm', "TIMES", 0, "Where a store is read as it was, start its machine only every so many times "
            "(default 1: each time)", 0 },
        { "only", 'o', "BIT", 0, "Flip this bit alone, in each of the stores", 0 },
        { "loud", 'l', NULL, 0, "Say which machines do not come to rest, too", 0 },
        { "vectors", 'v', "FOLDER", 0, "The test vectors (default: test/vectors of the source)", 0 },
        { 0 },
    };
    const struct argp argp = { argp_options, parse, NULL, "Flip bits and see whether anybody believes them.", NULL,
        NULL, NULL };
    struct options options = { .stride = STRIDE_DEFAULT, .machines = 1, .only = UINT64_MAX };
    struct scratch scratch;
    struct history history;
    uint64_t passed = 0, failed;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    setlinebuf(stdout);                         /* a child may end at any moment */
    failed = flip_vectors(&options, &passed);
    scratch_sweep();
    if (scratch_make(&scratch, "bits") != 0)
        give_up("/dev/shm");
    if (history_make(&history, scratch.path) != 0) {
        scratch_remove(&scratch);
        return 1;
    }
    printf("a run of %ju events in %u batches, to be damaged\n", (uintmax_t)history.events, history.count);
    failed += flip_store(&options, &history, NODE_ORDERS, "service", scratch.path, &passed);
    failed += flip_store(&options, &history, NODE_ARCHIVE, "event store", scratch.path, &passed);
    history_done(&history);
    scratch_remove(&scratch);
    printf("%ju passed, %ju failed\n", (uintmax_t)passed, (uintmax_t)failed);
    return failed == 0 ? 0 : 1;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'n':
        options->stride = strtoull(arg, NULL, 10);
        if (options->stride == 0)
            argp_error(state, "--stride %s: a number from 1 is meant", arg);
        return 0;
    case 'm':
        options->machines = strtoull(arg, NULL, 10);
        if (options->machines == 0)
            argp_error(state, "--machines %s: a number from 1 is meant", arg);
        return 0;
    case 'l':
        options->loud = true;
        return 0;
    case 'o':
        options->only = strtoull(arg, NULL, 10);
        return 0;
    case 'v':
        options->vectors = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static uint64_t
flip_vectors(const struct options *options, uint64_t *passed)
{
    const char *source = getenv("srcdir");
    struct vectors_count count = { 0 };
    char folder[512];

    (void)snprintf(folder, sizeof folder, "%s/test/vectors", source == NULL ? "." : source);
    if (vectors_flip(options->vectors != NULL ? options->vectors : folder, &count) != 0)
        give_up("test vectors: too few, or not what they are");
    printf("%ju bits of %ju vectors: %ju refused, %ju another message, %ju wrong\n", (uintmax_t)count.bits,
        (uintmax_t)count.vectors, (uintmax_t)count.refused, (uintmax_t)count.others, (uintmax_t)count.wrong);
    *passed += count.bits - count.wrong;
    return count.wrong;
}

/* ---- stores --------------------------------------------------------- */

static uint64_t
flip_store(const struct options *options, const struct history *history, uint32_t at, const char *name,
    const char *root, uint64_t *passed)
{
    struct trial trial = { .options = options, .history = history, .name = name, .root = root, .at = at,
        .bits = history->data[at].size_bytes * 8 };
    struct damaged_seen seen = { 0 };
    char why[DAMAGED_WHY_BYTES];
    uint64_t failed;

    /* With no bit flipped everything comes out: else the test shows nothing. */
    if (damaged_try(history, root, at, UINT64_MAX, true, &seen, why) != SERVED_WHOLE || seen.faults != 0
        || seen.restless != 0) {
        printf("%s: undamaged, and yet: %s\n", name, why);
        return 1;
    }
    trial.tally = mmap(NULL, sizeof *trial.tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    trial.errors = memfd_create("errors", MFD_CLOEXEC);
    if (trial.tally == MAP_FAILED || trial.errors < 0)
        give_up("no memory to count in");
    run_children(&trial);
    failed = report(&trial, passed);
    (void)close(trial.errors);
    (void)munmap(trial.tally, sizeof *trial.tally);
    return failed;
}

static void
run_children(struct trial *trial)
{
    struct tally *tally = trial->tally;
    uint64_t next = trial->options->only != UINT64_MAX ? trial->options->only : 0;
    int status;
    pid_t pid;

    while (next < trial->bits) {
        (void)fflush(stdout);
        if (ftruncate(trial->errors, 0) != 0 || (pid = fork()) < 0)
            give_up("no child");
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);     /* nobody would see what it finds */
            run_child(trial, next);
        }
        while (waitpid(pid, &status, 0) < 0)
            if (errno != EINTR)
                give_up("a child is lost");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return;
        damaged_clear(trial->root);
        tally->ends[why_ended(trial, status)]++;
        tally->flips++;
        next = trial->options->only != UINT64_MAX ? trial->bits : tally->at + trial->options->stride;
    }
}

static void
run_child(struct trial *trial, uint64_t from)
{
    struct tally *tally = trial->tally;
    const uint64_t stride = trial->options->stride;

    (void)dup2(trial->errors, STDERR_FILENO);
    for (uint64_t bit = from; bit < trial->bits; bit += stride) {
        struct damaged_seen seen = { 0 };
        char why[DAMAGED_WHY_BYTES];
        enum verdict verdict;

        tally->at = bit;
        (void)alarm(TRY_SECONDS_MAX);
        verdict = damaged_try(trial->history, trial->root, trial->at, bit,
            tally->flips % trial->options->machines == 0, &seen, why);
        tally->verdicts[verdict]++;
        tally->flips++;
        tally->by_hash_alone += seen.by_hash_alone;
        tally->faults += seen.faults;
        tally->restless += seen.restless;
        if (seen.restless != 0 && trial->options->loud)
            printf("%s, bit %ju: does not come to rest\n", trial->name, (uintmax_t)bit);
        if (trial->options->only != UINT64_MAX)
            printf("%s, bit %ju: verdict %d: %s\n", trial->name, (uintmax_t)bit, (int)verdict, why);
        else if (verdict == WRONG && tally->lines++ < LINES_MAX)
            printf("%s, bit %ju: %s\n", trial->name, (uintmax_t)bit, why);
        show_progress(trial);
        if (trial->options->only != UINT64_MAX)
            break;
    }
    (void)fflush(stdout);
    _exit(0);
}

static enum end
why_ended(struct trial *trial, int status)
{
    struct tally *tally = trial->tally;
    char note[NOTE_BYTES] = "", *line;
    ssize_t n;

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        printf("%s, bit %ju: takes longer than %d s\n", trial->name, (uintmax_t)tally->at, TRY_SECONDS_MAX);
        return HUNG;
    }
    if ((n = pread(trial->errors, note, sizeof note - 1, 0)) > 0)
        note[n] = '\0';
    if (strstr(note, "mdb.c:") != NULL)
        return LMDB_ASSERTED;
    if (strstr(note, "Assertion") == NULL && strstr(note, "runtime error") == NULL)
        return KILLED;                          /* it read where a page of LMDB's pointed to */
    if ((line = strchr(note, '\n')) != NULL)
        *line = '\0';
    if (tally->lines++ < LINES_MAX)
        printf("%s, bit %ju: %s\n", trial->name, (uintmax_t)tally->at, note);
    return WE_ASSERTED;
}

static void
show_progress(const struct trial *trial)
{
    const unsigned long long every = trial->bits / trial->options->stride / 200 + 1;

    if (trial->tally->flips % every != 0 || isatty(STDERR_FILENO) == 0)
        return;
    fprintf(stderr, "\r%s: %3llu %%", trial->name, trial->tally->at * 100 / trial->bits);
}

static uint64_t
report(const struct trial *trial, uint64_t *passed)
{
    struct tally *tally = trial->tally;
    const uint64_t wrong = tally->verdicts[WRONG] + tally->ends[WE_ASSERTED] + tally->ends[HUNG];

    if (isatty(STDERR_FILENO) != 0)
        fprintf(stderr, "\r%30s\r", "");
    printf("%s, %ju bytes, %ju bits flipped: %ju whole, %ju less, %ju refused, %ju decided again, "
        "%ju killed, %ju stopped by LMDB, %ju hung, %ju by our own assertions, %ju wrong\n", trial->name,
        (uintmax_t)(trial->bits / 8), (uintmax_t)tally->flips, (uintmax_t)tally->verdicts[SERVED_WHOLE],
        (uintmax_t)tally->verdicts[SERVED_LESS], (uintmax_t)tally->verdicts[REFUSED],
        (uintmax_t)tally->verdicts[DECIDED_AGAIN], (uintmax_t)tally->ends[KILLED],
        (uintmax_t)tally->ends[LMDB_ASSERTED], (uintmax_t)tally->ends[HUNG], (uintmax_t)tally->ends[WE_ASSERTED],
        (uintmax_t)tally->verdicts[WRONG]);
    printf("  %ju times the hash alone told that a batch is not what it was; %ju machines stopped with an error, "
        "%ju did not come to rest\n", (uintmax_t)tally->by_hash_alone, (uintmax_t)tally->faults,
        (uintmax_t)tally->restless);
    *passed += tally->flips - wrong;
    return wrong;
}

static void
give_up(const char *what)
{
    fprintf(stderr, "bits: %s: %s\n", what, strerror(errno));
    exit(1);
}
