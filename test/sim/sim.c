/*
 * souk-sim - run schedules: whole topologies in one process on a virtual
 * clock, each made from one seed, with everything going wrong that can.
 *
 * A schedule that fails is printed as one line that runs it again, then made
 * as short as it will go. Several workers run side by side, each in a process
 * and a directory of its own, so one that dies by an assert is a failure too.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../scratch.h"
#include "sim_world.h"
#include "souk_plant.h"

#define JOBS_MAX 64
#define TEXT_BYTES_MAX 1024
#define SCHEDULE_S_MAX 60               /* one that takes longer hangs */
#define SHRINK_S_MAX 120
#define POLL_US 100000

struct options {
    uint64_t first, last;
    uint32_t jobs;
    double seconds;                     /* 0: until the seeds are used up */
    enum sim_profile profile;
    bool trace, states, shrink, no_shrink, keep, go_on, list;
    uint32_t states_least;
    bool without[SIM_ITEMS_MAX + 1];
    bool any_without;
};

/* What workers and parent share. */
struct board {
    atomic_ullong next_seed;
    atomic_ullong schedules, failures;
    atomic_ullong states[SIM_STATE_COUNT];      /* schedules that reached it */
    atomic_bool stop;
    struct slot {
        uint64_t seed;
        uint64_t began_s;
        bool failed;
        char text[TEXT_BYTES_MAX];
    } slots[JOBS_MAX];
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static void parse_without(struct options *options, char *list, struct argp_state *state);
static int run_all(const struct options *options, struct board *board);
static pid_t fork_worker(const struct options *options, struct board *board, uint32_t index);
static void work(const struct options *options, struct board *board, uint32_t index);
static bool reap(const struct options *options, struct board *board, pid_t *workers);
static void report(const struct options *options, struct board *board, struct slot *slot, int status);
static int run_one(const struct options *options, uint64_t seed, const bool *without, FILE *trace, char *text_out,
    struct board *board);
static bool fails(const struct options *options, struct slot *slot, uint64_t seed, const bool *without);
static void shrink(const struct options *options, struct slot *slot, uint64_t seed);
static bool is_same_kind(const char *a, const char *b);
static void print_without(FILE *out, const bool *without, uint32_t count);
static uint32_t print_states(const struct board *board);
static void print_progress(const struct board *board, double seconds, bool last);
static double now_s(void);

enum {
    KEY_SEEDS = 256, KEY_SEED, KEY_SECONDS, KEY_PROFILE, KEY_TRACE, KEY_STATES, KEY_SHRINK, KEY_NO_SHRINK, KEY_KEEP,
    KEY_WITHOUT, KEY_BUG, KEY_BUGS, KEY_GO_ON, KEY_LIST
};

static const struct argp_option option_list[] = {
    { "seeds", KEY_SEEDS, "FROM-TO", 0, "Run these schedules", 0 },
    { "seed", KEY_SEED, "NUMBER", 0, "Run this schedule", 0 },
    { "jobs", 'j', "NUMBER", 0, "Run so many side by side (default 1)", 0 },
    { "seconds", KEY_SECONDS, "NUMBER", 0, "Stop after this time", 0 },
    { "profile", KEY_PROFILE, "NAME", 0, "Only schedules of this kind", 0 },
    { "without", KEY_WITHOUT, "LIST", 0, "Leave out these commands and faults, as in 5,7-20", 0 },
    { "list", KEY_LIST, NULL, 0, "Print the commands and faults of the first schedule and end", 0 },
    { "trace", KEY_TRACE, NULL, 0, "Print what happens", 0 },
    { "states", KEY_STATES, "LEAST", OPTION_ARG_OPTIONAL, "Print how many schedules reached each rare state, and fail"
        " if fewer states than LEAST were", 0 },
    { "shrink", KEY_SHRINK, NULL, 0, "Make a failing schedule short (with --seed; otherwise it is done anyway)", 0 },
    { "no-shrink", KEY_NO_SHRINK, NULL, 0, "Only say which schedule failed", 0 },
    { "keep", KEY_KEEP, NULL, 0, "Leave the stores of a failing schedule where they are", 0 },
    { "go-on", KEY_GO_ON, NULL, 0, "Do not stop at a failure", 0 },
    { "bug", KEY_BUG, "NAME", 0, "Let a planted bug loose", 0 },
    { "bugs", KEY_BUGS, NULL, 0, "Print the names of all planted bugs and end", 0 },
    { 0 },
};

int
main(int argc, char **argv)
{
    static struct options options = { .first = 1, .last = 100, .jobs = 1, .profile = SIM_PROFILES };
    static const struct argp argp = { option_list, parse_option, NULL,
        "Run simulated schedules until one fails.", NULL, NULL, NULL };
    struct board *board;
    struct sim_plan *plan;
    uint32_t i;
    int rc;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.list) {
        if ((plan = malloc(sizeof *plan)) == NULL)
            return EXIT_FAILURE;
        sim_plan_make(plan, options.first, options.profile);
        printf("seed %" PRIu64 ", %s, %u event stores\n", plan->seed, sim_profile_name(plan->profile),
            plan->store_count);
        for (i = 0; i < plan->item_count; i++) {
            sim_item_print(stdout, &plan->items[i]);
            putchar('\n');
        }
        free(plan);
        return EXIT_SUCCESS;
    }
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        perror("souk-sim: mmap");
        return EXIT_FAILURE;
    }
    atomic_store(&board->next_seed, options.first);
    scratch_sweep();
    rc = run_all(&options, board);
    if (options.states && print_states(board) < options.states_least) {
        fprintf(stderr, "fewer rare states were reached than %u\n", options.states_least);
        rc = EXIT_FAILURE;
    }
    return rc;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    char *end = arg;

    switch (key) {
    case KEY_SEEDS:
    case KEY_SEED:
        options->first = options->last = strtoull(arg, &end, 10);
        if (key == KEY_SEEDS && *end == '-')
            options->last = strtoull(end + 1, &end, 10);
        if (key == KEY_SEEDS)
            options->shrink = true;
        break;
    case 'j':
        options->jobs = (uint32_t)strtoul(arg, &end, 10);
        if (options->jobs == 0 || options->jobs > JOBS_MAX)
            argp_error(state, "1 to %d jobs", JOBS_MAX);
        break;
    case KEY_SECONDS:
        options->seconds = strtod(arg, &end);
        if (options->last == 100)
            options->last = UINT64_MAX;
        break;
    case KEY_PROFILE:
        if ((options->profile = sim_profile_of(arg)) == SIM_PROFILES)
            argp_error(state, "no profile %s", arg);
        return 0;
    case KEY_WITHOUT:
        parse_without(options, arg, state);
        return 0;
    case KEY_TRACE:
        options->trace = true;
        return 0;
    case KEY_STATES:
        options->states = true;
        options->states_least = arg == NULL ? 0 : (uint32_t)strtoul(arg, &end, 10);
        if (arg != NULL && (*end != '\0' || options->states_least > SIM_STATE_COUNT))
            argp_error(state, "--states=%s: a number up to %d is meant", arg, SIM_STATE_COUNT);
        return 0;
    case KEY_SHRINK:
        options->shrink = true;
        return 0;
    case KEY_NO_SHRINK:
        options->no_shrink = true;
        return 0;
    case KEY_KEEP:
        options->keep = true;
        return 0;
    case KEY_GO_ON:
        options->go_on = true;
        return 0;
    case KEY_LIST:
        options->list = true;
        return 0;
#ifdef SOUK_PLANTED
    case KEY_BUG:
        if (souk_plant(arg) != 0)
            argp_error(state, "no bug %s", arg);
        return 0;
    case KEY_BUGS:
        for (size_t i = 0; souk_plant_names()[i] != NULL; i++)
            printf("%s\n", souk_plant_names()[i]);
        exit(EXIT_SUCCESS);
#else
    case KEY_BUG:
    case KEY_BUGS:
        argp_error(state, "no bugs were planted: configure with --enable-planted-bugs");
        return 0;
#endif
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (arg == NULL || end == arg || *end != '\0')
        argp_error(state, "not a number: %s", arg);
    return 0;
}

static void
parse_without(struct options *options, char *list, struct argp_state *state)
{
    char *at = list, *end;
    uint64_t from, to;

    while (*at != '\0') {
        from = to = strtoull(at, &end, 10);
        if (*end == '-')
            to = strtoull(end + 1, &end, 10);
        if (end == at || from == 0 || to > SIM_ITEMS_MAX || (*end != ',' && *end != '\0'))
            argp_error(state, "not a list of numbers: %s", list);
        for (; from <= to; from++)
            options->without[from] = true;
        at = *end == ',' ? end + 1 : end;
    }
    options->any_without = true;
}

/* ---- many ----------------------------------------------------------- */

static int
run_all(const struct options *options, struct board *board)
{
    bool shows = isatty(STDERR_FILENO) && !options->trace;
    pid_t workers[JOBS_MAX] = { 0 };
    double began_s = now_s();
    uint32_t i;

    for (i = 0; i < options->jobs; i++)
        workers[i] = fork_worker(options, board, i);
    while (reap(options, board, workers)) {
        usleep(POLL_US);
        if (options->seconds > 0 && now_s() - began_s > options->seconds)
            atomic_store(&board->stop, true);
        if (shows)
            print_progress(board, now_s() - began_s, false);
    }
    if (!options->trace)
        print_progress(board, now_s() - began_s, true);
    return atomic_load(&board->failures) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static pid_t
fork_worker(const struct options *options, struct board *board, uint32_t index)
{
    pid_t pid;

    fflush(NULL);
    if ((pid = fork()) < 0) {
        perror("souk-sim: fork");
        exit(EXIT_FAILURE);
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);         /* nobody would see what it finds */
        work(options, board, index);
        fflush(NULL);
        exit(board->slots[index].failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    return pid;
}

static void
work(const struct options *options, struct board *board, uint32_t index)
{
    struct slot *slot = &board->slots[index];

    while (!atomic_load(&board->stop)) {
        slot->text[0] = '\0';
        slot->failed = false;
        slot->seed = atomic_fetch_add(&board->next_seed, 1);
        if (slot->seed > options->last)
            return;
        alarm(SCHEDULE_S_MAX);
        if (run_one(options, slot->seed, options->any_without ? options->without : NULL,
                options->trace ? stdout : NULL, slot->text, board) != 0) {
            slot->failed = true;
            return;
        }
        atomic_fetch_add(&board->schedules, 1);
    }
}

/* Gather workers that have ended. False when none is left. */
static bool
reap(const struct options *options, struct board *board, pid_t *workers)
{
    bool any = false;
    int status;
    uint32_t i;

    for (i = 0; i < options->jobs; i++) {
        if (workers[i] == 0)
            continue;
        any = true;
        if (waitpid(workers[i], &status, WNOHANG) != workers[i])
            continue;
        workers[i] = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
            continue;
        atomic_fetch_add(&board->failures, 1);
        if (!options->go_on)
            atomic_store(&board->stop, true);
        report(options, board, &board->slots[i], status);
        if (options->go_on && !atomic_load(&board->stop))
            workers[i] = fork_worker(options, board, i);
    }
    return any;
}

static void
report(const struct options *options, struct board *board, struct slot *slot, int status)
{
    uint64_t seed = slot->seed;
    char list[64] = "";

    if (WIFSIGNALED(status)) {
        snprintf(slot->text, sizeof slot->text, "died: %s", strsignal(WTERMSIG(status)));
        scratch_sweep();
    }
    if (options->profile != SIM_PROFILES)
        snprintf(list, sizeof list, " --profile %s", sim_profile_name(options->profile));
    printf("FAILED souk-sim --seed %" PRIu64 "%s", seed, list);
    if (options->any_without)
        print_without(stdout, options->without, SIM_ITEMS_MAX);
    printf(": %s\n", slot->text);
    fflush(stdout);
    if (options->shrink && !options->no_shrink && !options->trace && atomic_load(&board->failures) == 1)
        shrink(options, slot, seed);
}

/* ---- one ------------------------------------------------------------ */

/* 0, or -1 with the sentence in `text_out`, TEXT_BYTES_MAX bytes. */
static int
run_one(const struct options *options, uint64_t seed, const bool *without, FILE *trace, char *text_out,
    struct board *board)
{
    static struct sim_plan plan;
    static struct sim_world world;
    struct scratch scratch;
    int rc, i;

    if (scratch_make(&scratch, "sim") != 0) {
        fprintf(stderr, "souk-sim: no directory in memory: %s\n", strerror(errno));
        exit(EXIT_FAILURE);
    }
    sim_plan_make(&plan, seed, options->profile);
    rc = sim_world_run(&world, &plan, without, scratch.path, trace);
    if (rc != 0)
        snprintf(text_out, TEXT_BYTES_MAX, "%s", world.failure);
    if (board != NULL)
        for (i = 0; i < SIM_STATE_COUNT; i++)
            if (world.states[i] != 0)
                atomic_fetch_add(&board->states[i], 1);
    if (rc != 0 && options->keep && scratch_keep(&scratch) == 0) {
        fprintf(stderr, "stores are in %s\n", scratch.path);
    } else {
        sim_world_done(&world);
        scratch_remove(&scratch);
    }
    return rc;
}

/* Does this schedule fail? In a process of its own, for it may die. */
static bool
fails(const struct options *options, struct slot *slot, uint64_t seed, const bool *without)
{
    int status;
    pid_t pid;

    fflush(NULL);
    if ((pid = fork()) < 0)
        return false;
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)!freopen("/dev/null", "w", stderr);
        alarm(SCHEDULE_S_MAX);
        _exit(run_one(options, seed, without, NULL, slot->text, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (waitpid(pid, &status, 0) != pid)
        return false;
    if (WIFSIGNALED(status)) {
        snprintf(slot->text, sizeof slot->text, "died: %s", strsignal(WTERMSIG(status)));
        scratch_sweep();
    }
    return !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
}

/* Leave out halves, quarters and so on, as long as it still fails in the same way. */
static void
shrink(const struct options *options, struct slot *slot, uint64_t seed)
{
    static struct sim_plan plan;
    bool without[SIM_ITEMS_MAX + 1], trial[SIM_ITEMS_MAX + 1];
    double began_s = now_s();
    char text[TEXT_BYTES_MAX];
    uint32_t step, from, i, left = 0;
    bool shorter;

    memcpy(text, slot->text, sizeof text);
    sim_plan_make(&plan, seed, options->profile);
    memcpy(without, options->without, sizeof without);
    if (!fails(options, slot, seed, without)) {
        printf("it does not fail again\n");
        return;
    }
    for (step = plan.item_count / 2; step > 0 && now_s() - began_s < SHRINK_S_MAX; step = shorter ? step : step / 2) {
        shorter = false;
        for (from = 1; from <= plan.item_count && now_s() - began_s < SHRINK_S_MAX; from += step) {
            bool any = false;

            memcpy(trial, without, sizeof trial);
            for (i = from; i < from + step && i <= plan.item_count; i++) {
                any = any || !trial[i];
                trial[i] = true;
            }
            if (any && fails(options, slot, seed, trial) && is_same_kind(slot->text, text)) {
                memcpy(without, trial, sizeof without);
                memcpy(text, slot->text, sizeof text);
                shorter = step == 1;
            }
        }
    }
    for (i = 1; i <= plan.item_count; i++)
        left += !without[i];
    printf("  short: souk-sim --seed %" PRIu64, seed);
    if (options->profile != SIM_PROFILES)
        printf(" --profile %s", sim_profile_name(options->profile));
    print_without(stdout, without, plan.item_count);
    printf("\n  %u of %u items: %s\n", left, plan.item_count, text);
    for (i = 0; i < plan.item_count; i++)
        if (!without[plan.items[i].number]) {
            printf("  ");
            sim_item_print(stdout, &plan.items[i]);
            putchar('\n');
        }
    fflush(stdout);
}

/* Sentences begin with what went wrong and a colon, those of the checker with the time before it. */
static bool
is_same_kind(const char *a, const char *b)
{
    const char *kinds[2] = { a, b };
    size_t sizes[2], i;

    for (i = 0; i < 2; i++) {
        if (kinds[i][0] >= '0' && kinds[i][0] <= '9' && strchr(kinds[i], ':') != NULL)
            kinds[i] = strchr(kinds[i], ':') + 2;
        sizes[i] = strcspn(kinds[i], ":");
    }
    return sizes[0] == sizes[1] && memcmp(kinds[0], kinds[1], sizes[0]) == 0;
}

/* ---- printing ------------------------------------------------------- */

static void
print_without(FILE *out, const bool *without, uint32_t count)
{
    const char *between = " --without ";
    uint32_t from, to;

    for (from = 1; from <= count; from = to + 1) {
        to = from;
        if (!without[from])
            continue;
        while (to < count && without[to + 1])
            to++;
        if (to == from)
            fprintf(out, "%s%u", between, from);
        else
            fprintf(out, "%s%u-%u", between, from, to);
        between = ",";
    }
}

static uint32_t
print_states(const struct board *board)
{
    uint32_t reached = 0;
    int i;

    for (i = 0; i < SIM_STATE_COUNT; i++) {
        unsigned long long count = atomic_load(&board->states[i]);

        printf("%10llu  %s\n", count, sim_state_text((enum sim_state)i));
        reached += count != 0;
    }
    printf("%u of %d states reached\n", reached, SIM_STATE_COUNT);
    return reached;
}

static void
print_progress(const struct board *board, double seconds, bool last)
{
    unsigned long long schedules = atomic_load(&board->schedules);

    fprintf(stderr, "\r%llu schedules, %llu failed, %.1f a second%s", schedules,
        (unsigned long long)atomic_load(&board->failures), seconds > 0 ? (double)schedules / seconds : 0,
        last ? "\n" : " ");
}

/* ---- file-local ----------------------------------------------------- */

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
