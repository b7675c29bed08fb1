#include <souk_store.h>
#include <souk_witness.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

/* Two stores and a witness on tmpfs. */
struct place {
    char home[64];
    char store[96], other[96];
    char path[96];
    struct souk_arena arena;
};

static void
make_store(const char *path)
{
    struct souk_store_config config = { .path = path, .simulated = true };
    struct souk_store *store;
    struct souk_error err;

    if (souk_store_open(&config, &store, &err) != 0)
        fail_msg("%s", err.text);
    souk_store_close(&store);
}

static void
remove_store(const char *path)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "lock" };
    char file[160];
    size_t n;

    for (n = 0; n < sizeof names / sizeof names[0]; n++) {
        snprintf(file, sizeof file, "%s/%s", path, names[n]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

static int
set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->home, "/dev/shm/souk-witness-XXXXXX");
    if (mkdtemp(place->home) == NULL)
        return -1;
    snprintf(place->store, sizeof place->store, "%s/store", place->home);
    snprintf(place->other, sizeof place->other, "%s/other", place->home);
    snprintf(place->path, sizeof place->path, "%s/witness", place->home);
    make_store(place->store);
    make_store(place->other);
    souk_arena_init(&place->arena, 0);
    *state = place;
    return 0;
}

static int
tear_down(void **state)
{
    struct place *place = *state;

    souk_arena_done(&place->arena);
    remove_store(place->store);
    remove_store(place->other);
    (void)unlink(place->path);
    (void)rmdir(place->home);
    free(place);
    return 0;
}

static struct souk_witness *
open_witness(const struct place *place, const char *store)
{
    struct souk_witness *witness;
    struct souk_error err;

    if (souk_witness_open(place->path, store, &witness, &err) != 0)
        fail_msg("%s", err.text);
    return witness;
}

/* Open, read once, close: a process that starts. NULL: nothing must be found. */
static void
expect_record(struct place *place, const char *store, const char *expected)
{
    struct souk_witness *witness = open_witness(place, store);
    struct souk_slice record;

    if (expected == NULL)
        assert_int_equal(souk_witness_read(witness, &place->arena, &record), -SOUK_ENOTFOUND);
    else {
        assert_int_equal(souk_witness_read(witness, &place->arena, &record), 0);
        assert_true(souk_slice_equal(record, souk_slice_of(expected)));
    }
    souk_witness_close(&witness);
    assert_null(witness);
}

static void
write_record(struct place *place, const char *store, const char *text)
{
    struct souk_witness *witness = open_witness(place, store);

    assert_int_equal(souk_witness_write(witness, souk_slice_of(text)), 0);
    souk_witness_close(&witness);
}

static void
the_last_record_is_found_after_a_crash(void **state)
{
    struct place *place = *state;
    struct souk_witness *witness = open_witness(place, place->store);
    struct souk_slice record;

    assert_int_equal(souk_witness_read(witness, &place->arena, &record), -SOUK_ENOTFOUND);
    assert_int_equal(souk_witness_write(witness, souk_slice_of("orders 1.77, a longer one")), 0);
    assert_int_equal(souk_witness_write(witness, souk_slice_of("orders 1.78")), 0);
    assert_int_equal(souk_witness_read(witness, &place->arena, &record), 0);
    assert_true(souk_slice_equal(record, souk_slice_of("orders 1.78")));
    souk_witness_close(&witness);
    expect_record(place, place->store, "orders 1.78");
    write_record(place, place->store, "");
    expect_record(place, place->store, "");
}

static void
a_clean_stop_takes_it_away(void **state)
{
    struct place *place = *state;
    struct souk_witness *witness = open_witness(place, place->store);

    assert_int_equal(souk_witness_write(witness, souk_slice_of("orders 1.78")), 0);
    assert_int_equal(souk_witness_remove(&witness), 0);
    assert_null(witness);
    assert_int_not_equal(access(place->path, F_OK), 0);
    expect_record(place, place->store, NULL);
}

static void
another_store_does_not_see_it(void **state)
{
    struct place *place = *state;

    write_record(place, place->store, "orders 1.78");
    expect_record(place, place->other, NULL);
    expect_record(place, place->store, "orders 1.78");
}

/* The data file is exchanged for another one, as a restored backup is; or the store is wiped and made again. */
static void
a_restored_or_wiped_store_does_not_see_it(void **state)
{
    struct place *place = *state;
    char data[160], theirs[160];

    write_record(place, place->store, "orders 1.78");
    snprintf(data, sizeof data, "%s/data.mdb", place->store);
    snprintf(theirs, sizeof theirs, "%s/data.mdb", place->other);
    assert_int_equal(rename(theirs, data), 0);
    expect_record(place, place->store, NULL);

    write_record(place, place->store, "orders 1.79");
    remove_store(place->store);
    make_store(place->store);
    expect_record(place, place->store, NULL);
}

static void
a_moved_store_keeps_it(void **state)
{
    struct place *place = *state;

    write_record(place, place->store, "orders 1.78");
    remove_store(place->other);
    assert_int_equal(rename(place->store, place->other), 0);
    expect_record(place, place->other, "orders 1.78");
}

/* Any byte altered, any cut: it reads as absent, never as something else. */
static void
a_torn_record_reads_as_absent(void **state)
{
    struct place *place = *state;
    uint8_t whole[256], old[256], torn[256];
    ssize_t whole_bytes, n;
    int fd, bit;

    write_record(place, place->store, "orders 1.77 reviews 2.5");
    assert_true((fd = open(place->path, O_RDWR)) >= 0);
    assert_int_equal(pread(fd, old, sizeof old, 0), sizeof old);
    write_record(place, place->store, "orders 1.78 reviews 2.6");
    assert_int_equal(pread(fd, whole, sizeof whole, 0), sizeof whole);
    for (whole_bytes = sizeof whole; whole[whole_bytes - 1] == 0; whole_bytes--)
        continue;

    for (n = 0; n < whole_bytes; n++)
        for (bit = 0; bit < 8; bit++) {
            memcpy(torn, whole, sizeof torn);
            torn[n] ^= (uint8_t)(1u << bit);
            assert_int_equal(pwrite(fd, torn, sizeof torn, 0), sizeof torn);
            expect_record(place, place->store, NULL);
        }
    for (n = 33; n < whole_bytes; n++) {
        memcpy(torn, old, sizeof torn);
        memcpy(torn, whole, (size_t)n);
        assert_int_equal(pwrite(fd, torn, sizeof torn, 0), sizeof torn);
        expect_record(place, place->store, memcmp(torn, whole, sizeof torn) == 0 ? "orders 1.78 reviews 2.6" : NULL);
    }
    for (n = 0; n < whole_bytes; n++) {
        assert_int_equal(pwrite(fd, whole, sizeof whole, 0), sizeof whole);
        assert_int_equal(ftruncate(fd, n), 0);
        expect_record(place, place->store, NULL);
    }
    assert_int_equal(pwrite(fd, whole, sizeof whole, 0), sizeof whole);
    expect_record(place, place->store, "orders 1.78 reviews 2.6");
    close(fd);
}

static void
a_record_has_a_limit(void **state)
{
    struct place *place = *state;
    struct souk_witness *witness = open_witness(place, place->store);
    uint8_t *bytes = malloc(SOUK_WITNESS_BYTES_MAX + 1);
    struct souk_slice record;

    memset(bytes, 0x5A, SOUK_WITNESS_BYTES_MAX + 1);
    assert_int_equal(souk_witness_write(witness, (struct souk_slice){ bytes, SOUK_WITNESS_BYTES_MAX }), 0);
    assert_int_equal(souk_witness_write(witness, (struct souk_slice){ bytes, SOUK_WITNESS_BYTES_MAX + 1 }),
        -SOUK_ETOOBIG);
    assert_int_equal(souk_witness_read(witness, &place->arena, &record), 0);
    assert_true(souk_slice_equal(record, (struct souk_slice){ bytes, SOUK_WITNESS_BYTES_MAX }));
    souk_witness_close(&witness);
    free(bytes);
}

static void
no_memory_for_the_record_is_said(void **state)
{
    struct place *place = *state;
    struct souk_witness *witness = open_witness(place, place->store);
    struct souk_arena narrow;
    struct souk_slice record;

    assert_int_equal(souk_witness_write(witness, souk_slice_of("seventeen letters")), 0);
    souk_arena_init(&narrow, 16);
    assert_int_equal(souk_witness_read(witness, &narrow, &record), -SOUK_ENOMEM);
    souk_arena_done(&narrow);
    souk_witness_close(&witness);
}

static void
what_cannot_be_a_witness_is_refused(void **state)
{
    struct place *place = *state;
    struct souk_witness *witness;
    struct souk_error err;
    struct statfs disk;
    char path[160];

    assert_int_equal(souk_witness_open(place->path, "/dev/shm/no-such-store", &witness, &err), -SOUK_ENOTFOUND);
    snprintf(path, sizeof path, "%s/data.mdb", place->store);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(souk_witness_open(place->path, place->store, &witness, &err), -SOUK_ENOTFOUND);
    assert_non_null(strstr(err.text, "open the store first"));
    assert_int_equal(souk_witness_open("/dev/shm/no-such-directory/witness", place->other, &witness, &err), -SOUK_EIO);

    assert_int_equal(statfs(".", &disk), 0);
    if (disk.f_type == 0x01021994)
        skip();
    assert_int_equal(souk_witness_open("witness-on-disk", place->other, &witness, &err), -SOUK_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "not in memory-backed storage"));
    assert_int_not_equal(access("witness-on-disk", F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_record_is_found_after_a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clean_stop_takes_it_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_store_does_not_see_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restored_or_wiped_store_does_not_see_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_moved_store_keeps_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_record_reads_as_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_has_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory_for_the_record_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_a_witness_is_refused, set_up, tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
