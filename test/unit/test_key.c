/*
 * Key pairs and their files: what is made, what is refused, how one is
 * exchanged for another, and that a process that has one shows it to nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "../scratch.h"
#include "souk_key.h"

#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"   /* what zmq_curve(7) prints */
#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

struct room {
    struct scratch scratch;
    char dir[SCRATCH_PATH_BYTES_MAX + 8];
    struct souk_error err;
};

static int
open_room(void **state)
{
    struct room *room = calloc(1, sizeof *room);

    assert_non_null(room);
    scratch_sweep();
    assert_int_equal(scratch_make(&room->scratch, "key"), 0);
    (void)snprintf(room->dir, sizeof room->dir, "%s/keys", room->scratch.path);
    *state = room;
    return 0;
}

static int
close_room(void **state)
{
    struct room *room = *state;

    scratch_remove(&room->scratch);
    free(room);
    return 0;
}

static char *
path_of(const struct room *room, const char *file)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", room->dir, file);
    return path;
}

/* A file with that text and mode, whatever was there. */
static void
put(const struct room *room, const char *file, const char *text, mode_t mode)
{
    FILE *out;

    (void)mkdir(room->dir, 0700);
    (void)unlink(path_of(room, file));
    out = fopen(path_of(room, file), "we");
    assert_non_null(out);
    assert_int_equal(fputs(text, out) >= 0, 1);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path_of(room, file), mode), 0);
}

static void
a_pair_is_made_once_and_for_its_owner_only(void **state)
{
    struct room *room = *state;
    char made[SOUK_KEY_TEXT_BYTES], again[SOUK_KEY_TEXT_BYTES] = "untouched";
    struct souk_key *key = NULL;
    struct stat found;
    char derived[SOUK_KEY_TEXT_BYTES];

    assert_int_equal(souk_key_make(room->dir, "orders", SOUK_KEY_CURRENT, made, &room->err), 0);
    assert_int_equal(strlen(made), SOUK_KEY_TEXT_BYTES - 1);
    assert_int_equal(stat(room->dir, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    assert_int_equal(stat(path_of(room, "orders.key"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(found.st_nlink, 1);
    assert_int_equal(souk_key_make(room->dir, "orders", SOUK_KEY_CURRENT, again, &room->err), -SOUK_EBUSY);
    assert_string_equal(again, "untouched");
    assert_int_equal(souk_key_open(room->dir, "orders", made, &key, &room->err), 0);
    assert_string_equal(key->public_text, made);
    assert_int_equal(zmq_curve_public(derived, key->secret_text), 0);
    assert_string_equal(derived, made);
    souk_key_close(&key);
    assert_null(key);
    souk_key_close(&key);
    assert_int_equal(souk_key_make(room->dir, "stock", SOUK_KEY_CURRENT, again, &room->err), 0);
    assert_string_not_equal(made, again);
}

static void
what_is_no_key_of_its_own_is_refused(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        int rc;
        const char *words;
    } table[] = {
        { SECRET "\n", 0600, 0, NULL },
        { SECRET "\n", 0400, 0, NULL },
        { SECRET "\n", 0640, -SOUK_EINVAL, "others may read or write it (mode 640" },
        { SECRET "\n", 0604, -SOUK_EINVAL, "others may read or write it (mode 604" },
        { SECRET "\n", 0620, -SOUK_EINVAL, "others may read or write it (mode 620" },
        { SECRET, 0600, -SOUK_EINVAL, "it holds no key" },
        { SECRET "\n\n", 0600, -SOUK_EINVAL, "it holds no key" },
        { SECRET " ", 0600, -SOUK_EINVAL, "it holds no key" },
        { "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh\n", 0600, -SOUK_EINVAL, "it holds no key" },
        { "", 0600, -SOUK_EINVAL, "it holds no key" },
    };
    struct room *room = *state;
    struct souk_key *key;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        put(room, "orders.key", table[i].text, table[i].mode);
        key = NULL;
        assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), table[i].rc);
        assert_true((table[i].rc == 0) == (key != NULL));
        if (table[i].words != NULL && strstr(room->err.text, table[i].words) == NULL)
            fail_msg("%s", room->err.text);
        souk_key_close(&key);
    }
    /* A NUL ends what is decoded, so the rest of the key would be whatever lay in memory. */
    for (size_t at = 0; at < SOUK_KEY_TEXT_BYTES - 1; at += 5) {
        FILE *file;

        put(room, "orders.key", SECRET "\n", 0600);
        assert_non_null(file = fopen(path_of(room, "orders.key"), "r+"));
        assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
        assert_int_equal(fputc('\0', file), '\0');
        assert_int_equal(fclose(file), 0);
        assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), -SOUK_EINVAL);
        assert_non_null(strstr(room->err.text, "it holds no key"));
    }
    /* What is said holds nothing of what the file holds. */
    assert_null(strstr(room->err.text, "JTKV"));
    assert_int_equal(unlink(path_of(room, "orders.key")), 0);
    assert_int_equal(symlink("/dev/null", path_of(room, "orders.key")), 0);
    assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), -SOUK_EIO);
    assert_int_equal(unlink(path_of(room, "orders.key")), 0);
    assert_int_equal(mkdir(path_of(room, "orders.key"), 0700), 0);
    assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), -SOUK_EINVAL);
    assert_int_equal(souk_key_open(room->dir, "stock", PUBLIC, &key, &room->err), -SOUK_ENOTFOUND);
    assert_non_null(strstr(room->err.text, "souk keys make stock"));
}

static void
the_pair_that_the_topology_means_is_taken(void **state)
{
    struct room *room = *state;
    char first[SOUK_KEY_TEXT_BYTES], next[SOUK_KEY_TEXT_BYTES], seen[SOUK_KEY_TEXT_BYTES];
    struct souk_key *key = NULL;

    assert_int_equal(souk_key_make(room->dir, "orders", SOUK_KEY_CURRENT, first, &room->err), 0);
    assert_int_equal(souk_key_turn(room->dir, "orders", &room->err), -SOUK_ENOTFOUND);
    assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), -SOUK_ENOTFOUND);
    assert_non_null(strstr(room->err.text, "souk keys list"));
    assert_int_equal(souk_key_make(room->dir, "orders", SOUK_KEY_NEXT, next, &room->err), 0);
    assert_int_equal(souk_key_open(room->dir, "orders", first, &key, &room->err), 0);
    souk_key_close(&key);
    assert_int_equal(souk_key_open(room->dir, "orders", next, &key, &room->err), 0);
    assert_string_equal(key->public_text, next);
    souk_key_close(&key);
    assert_int_equal(souk_key_open(room->dir, "orders", PUBLIC, &key, &room->err), -SOUK_ENOTFOUND);
    assert_int_equal(souk_key_turn(room->dir, "orders", &room->err), 0);
    assert_int_equal(souk_key_public(room->dir, "orders", SOUK_KEY_CURRENT, seen, &room->err), 0);
    assert_string_equal(seen, next);
    assert_int_equal(souk_key_public(room->dir, "orders", SOUK_KEY_NEXT, seen, &room->err), -SOUK_ENOTFOUND);
    assert_int_equal(souk_key_open(room->dir, "orders", first, &key, &room->err), -SOUK_ENOTFOUND);
}

static void
who_holds_a_key_leaves_no_core(void **state)
{
    struct room *room = *state;
    char made[SOUK_KEY_TEXT_BYTES];
    struct rlimit core = { 1, 1 };
    struct souk_key *key = NULL;

    assert_int_equal(souk_key_make(room->dir, "orders", SOUK_KEY_CURRENT, made, &room->err), 0);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    assert_int_equal(souk_key_open(room->dir, "orders", made, &key, &room->err), 0);
#if !defined(__SANITIZE_ADDRESS__)
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
#endif
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(core.rlim_max, 0);
    souk_key_close(&key);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);    /* for a sanitizer, which looks at the end */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_is_made_once_and_for_its_owner_only, open_room, close_room),
        cmocka_unit_test_setup_teardown(what_is_no_key_of_its_own_is_refused, open_room, close_room),
        cmocka_unit_test_setup_teardown(the_pair_that_the_topology_means_is_taken, open_room, close_room),
        cmocka_unit_test_setup_teardown(who_holds_a_key_leaves_no_core, open_room, close_room),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
