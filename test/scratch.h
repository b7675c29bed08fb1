/*
 * scratch - directories in memory for what a test need not keep.
 *
 * A test that is killed leaves its directory behind. Whoever makes one holds a
 * lock on it, and so does every process that it forks or executes; when the
 * last of them is gone, so is the lock, and the next test removes what is left.
 * A lock, for the number of a process is used again, and means nothing to a
 * neighbour in another container that has the same memory.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#define SCRATCH_PATH_BYTES_MAX 64
#define SCRATCH_NAME_BYTES_MAX 24

struct scratch {
    char path[SCRATCH_PATH_BYTES_MAX];
    int lock_fd;
};

/* Remove what dead processes of this user have left. A test calls it first. */
void scratch_sweep(void);

/*
 * Make an empty directory with `name`, at most SCRATCH_NAME_BYTES_MAX bytes, in
 * its own. A store has to lie below, for it locks its directory itself. 0, or
 * -1 and errno says why.
 */
int scratch_make(struct scratch *scratch, const char *name);

/* Remove it with all that is in it. */
void scratch_remove(struct scratch *scratch);

/* Leave it to a person who wants to look inside: under a new `path`, which nobody sweeps. 0 or -1. */
int scratch_keep(struct scratch *scratch);

#endif
