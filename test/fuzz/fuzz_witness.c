/*
 * The witness: whatever is in its file, what is read is a record that was
 * written there, or nothing.
 *
 * Input: one byte of what happens to the file; two bytes of where; then the
 * records. The file lies in memory-backed storage and is used again and again.
 */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../scratch.h"
#include "souk_witness.h"

#define FIXED_BYTES 3
#define FILE_BYTES_MAX (SOUK_WITNESS_BYTES_MAX + 4096)

enum { REPLACED, TORN, CUT, PATCHED, HAPPENINGS };

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    char store[80], data[96], witness[80];
    uint8_t file[FILE_BYTES_MAX];
} ground;

static void
clear_ground(void)
{
    scratch_remove(&ground.scratch);
}

static void
make_ground(void)
{
    int fd;

    if (ground.scratch.path[0] != '\0')
        return;
    scratch_sweep();
    if (scratch_make(&ground.scratch, "fuzz-witness") != 0) {
        perror("no directory in memory");
        abort();
    }
    (void)snprintf(ground.store, sizeof ground.store, "%s/store", ground.scratch.path);
    (void)snprintf(ground.data, sizeof ground.data, "%s/data.mdb", ground.store);
    (void)snprintf(ground.witness, sizeof ground.witness, "%s/witness", ground.scratch.path);
    (void)mkdir(ground.store, 0700);
    fd = open(ground.data, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert(fd >= 0);
    (void)close(fd);
    (void)atexit(clear_ground);
}

/* The record in the file; base NULL: there is none. */
static struct souk_slice
read_witness(struct souk_witness *witness, struct souk_arena *arena)
{
    struct souk_slice record = { NULL, 0 };
    int rc = souk_witness_read(witness, arena, &record);

    assert(rc == 0 || rc == -SOUK_ENOTFOUND);
    assert(rc == 0 || record.base == NULL);
    return record;
}

static bool
is_one_of(struct souk_slice record, struct souk_slice old, struct souk_slice new)
{
    return record.base == NULL || souk_slice_equal(record, old) || souk_slice_equal(record, new);
}

static void
happen(struct souk_witness *witness, int fd, const uint8_t *fixed, struct souk_slice old, struct souk_slice new)
{
    const size_t where = (size_t)(fixed[1] << 8 | fixed[2]);
    uint8_t byte;
    ssize_t size;

    switch (fixed[0] % HAPPENINGS) {
    case REPLACED:                      /* by what was never written */
        assert(pwrite(fd, new.base, new.size_bytes, (off_t)(where % 256)) == (ssize_t)new.size_bytes);
        break;
    case TORN:                          /* the new one overwrote so many bytes of the old one */
        size = pread(fd, ground.file, sizeof ground.file, 0);
        assert(size > 0);
        assert(souk_witness_write(witness, new) == 0);
        if ((ssize_t)where < size)
            assert(pwrite(fd, ground.file + where, (size_t)size - where, (off_t)where) == size - (ssize_t)where);
        break;
    case CUT:
        assert(ftruncate(fd, (off_t)where) == 0);
        break;
    case PATCHED:                       /* one bit is another */
        if (pread(fd, &byte, 1, (off_t)(where / 8)) == 1) {
            byte ^= (uint8_t)(1U << where % 8);
            assert(pwrite(fd, &byte, 1, (off_t)(where / 8)) == 1);
        }
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct souk_witness *witness;
    struct souk_slice old, new;
    struct souk_error err;
    struct souk_arena arena;
    int fd;

    if (size_bytes < FIXED_BYTES || size_bytes > SOUK_WITNESS_BYTES_MAX)
        return 0;
    make_ground();
    old = (struct souk_slice){ bytes + FIXED_BYTES, (size_bytes - FIXED_BYTES) / 2 };
    new = (struct souk_slice){ bytes + FIXED_BYTES + old.size_bytes, size_bytes - FIXED_BYTES - old.size_bytes };
    souk_arena_init(&arena, 0);
    assert(souk_witness_open(ground.witness, ground.store, &witness, &err) == 0);
    assert(souk_witness_write(witness, old) == 0);
    assert(souk_slice_equal(read_witness(witness, &arena), old));
    fd = open(ground.witness, O_RDWR | O_CLOEXEC);
    assert(fd >= 0);
    happen(witness, fd, bytes, old, new);
    assert(is_one_of(read_witness(witness, &arena), old, new));
    souk_witness_close(&witness);

    /* Another process finds the same, and goes on. */
    assert(souk_witness_open(ground.witness, ground.store, &witness, &err) == 0);
    assert(is_one_of(read_witness(witness, &arena), old, new));
    assert(souk_witness_write(witness, new) == 0);
    assert(souk_slice_equal(read_witness(witness, &arena), new));
    souk_witness_close(&witness);
    (void)close(fd);
    souk_arena_done(&arena);
    return 0;
}
