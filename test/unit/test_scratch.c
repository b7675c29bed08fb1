/*
 * Directories that tests leave behind: those of the dead are removed, those of
 * the living and those that somebody wants to look at are not.
 */
#include "../scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SWEEPERS 3

/* Put a file and a directory in it, so that it is not empty. */
static void
fill(const struct scratch *scratch)
{
    char path[SCRATCH_PATH_BYTES_MAX + 16];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/store", scratch->path);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/store/data", scratch->path);
    assert_non_null(file = fopen(path, "we"));
    assert_int_equal(fclose(file), 0);
}

static bool
is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A child makes one, fills it and ends without a word; `path_out` is where. `heir` ends when the writing end closes. */
static void
leave_one(char path_out[SCRATCH_PATH_BYTES_MAX], bool with_heir, int *heir_out)
{
    struct scratch scratch;
    int told[2], heir[2], status;
    char byte;
    pid_t pid;

    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(heir), 0);
    assert_true((pid = fork()) >= 0);
    if (pid == 0) {
        if (scratch_make(&scratch, "test") != 0)
            _exit(1);
        fill(&scratch);
        if (write(told[1], scratch.path, sizeof scratch.path) != (ssize_t)sizeof scratch.path)
            _exit(1);
        if (with_heir && fork() == 0) {
            (void)close(heir[1]);
            (void)!read(heir[0], &byte, 1);
        }
        _exit(0);
    }
    assert_int_equal(read(told[0], path_out, SCRATCH_PATH_BYTES_MAX), SCRATCH_PATH_BYTES_MAX);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(told[0]);
    (void)close(told[1]);
    (void)close(heir[0]);
    *heir_out = heir[1];
}

static void
what_is_removed_is_gone_with_all_that_is_in_it(void **state)
{
    char path[SCRATCH_PATH_BYTES_MAX];
    struct scratch scratch;

    (void)state;
    assert_int_equal(scratch_make(&scratch, "test"), 0);
    fill(&scratch);
    (void)strcpy(path, scratch.path);
    scratch_remove(&scratch);
    assert_false(is_there(path));
    scratch_remove(&scratch);           /* nothing is left to remove */
}

static void
what_a_dead_process_left_is_swept(void **state)
{
    char path[SCRATCH_PATH_BYTES_MAX];
    int heir;

    (void)state;
    leave_one(path, false, &heir);
    scratch_sweep();
    assert_false(is_there(path));
    (void)close(heir);
}

static void
what_a_living_process_has_is_not(void **state)
{
    struct scratch scratch;
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(scratch_make(&scratch, "test"), 0);
    fill(&scratch);
    scratch_sweep();
    assert_true(is_there(scratch.path));
    assert_true((pid = fork()) >= 0);
    if (pid == 0) {
        (void)close(scratch.lock_fd);   /* it is a stranger */
        scratch_sweep();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(is_there(scratch.path));
    scratch_remove(&scratch);
}

/* Whoever was forked may still be at work in there when the maker has died. */
static void
what_a_child_of_a_dead_process_has_is_not(void **state)
{
    char path[SCRATCH_PATH_BYTES_MAX];
    int heir;

    (void)state;
    leave_one(path, true, &heir);
    scratch_sweep();
    assert_true(is_there(path));
    (void)close(heir);
    while (is_there(path))              /* it ends in its own time */
        scratch_sweep();
}

static void
what_is_kept_is_not(void **state)
{
    char path[SCRATCH_PATH_BYTES_MAX], command[SCRATCH_PATH_BYTES_MAX + 16];
    struct scratch scratch;

    (void)state;
    assert_int_equal(scratch_make(&scratch, "test"), 0);
    fill(&scratch);
    (void)strcpy(path, scratch.path);
    assert_int_equal(scratch_keep(&scratch), 0);
    assert_false(is_there(path));
    scratch_sweep();
    assert_true(is_there(scratch.path));
    (void)snprintf(command, sizeof command, "rm -r %s", scratch.path);
    assert_int_equal(system(command), 0);
}

/* Until it is killed, or this test fails and ends. */
static void __attribute__((noreturn))
sweep_for_ever(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        scratch_sweep();
}

/* Sweepers look between any two steps of the maker: nobody loses what he has just made. */
static void
a_sweep_takes_nothing_from_its_maker(void **state)
{
    struct scratch scratch;
    pid_t pids[SWEEPERS];
    int i;

    (void)state;
    for (i = 0; i < SWEEPERS; i++) {
        assert_true((pids[i] = fork()) >= 0);
        if (pids[i] == 0)
            sweep_for_ever();
    }
    for (i = 0; i < 3000; i++) {
        assert_int_equal(scratch_make(&scratch, "test"), 0);
        assert_true(is_there(scratch.path));
        scratch_remove(&scratch);
    }
    for (i = 0; i < SWEEPERS; i++) {
        assert_int_equal(kill(pids[i], SIGKILL), 0);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_removed_is_gone_with_all_that_is_in_it),
        cmocka_unit_test(what_a_dead_process_left_is_swept),
        cmocka_unit_test(what_a_living_process_has_is_not),
        cmocka_unit_test(what_a_child_of_a_dead_process_has_is_not),
        cmocka_unit_test(what_is_kept_is_not),
        cmocka_unit_test(a_sweep_takes_nothing_from_its_maker),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
