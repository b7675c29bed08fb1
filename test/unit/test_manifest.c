/*
 * What lies beside stores: manifests of backups, the words of a process beside,
 * and the names of what is moved aside.
 */
#include "souk_beside.h"
#include "souk_directory.h"
#include "souk_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ASIDE_MAX 100
#define MANIFEST_BYTES_MAX (256 * (SOUK_STREAMS_MAX + 2))

static char place[64];

static int
open_place(void **state)
{
    (void)strcpy(place, "/dev/shm/souk-test-manifest-XXXXXX");
    return mkdtemp(place) == NULL;
}

static int
close_place(void **state)
{
    return souk_directory_remove(place);
}

static void
write_text(const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/" SOUK_MANIFEST_FILE, place);
    assert_non_null(file = fopen(path, "w"));
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
a_manifest_says_what_was_written(void **state)
{
    struct souk_manifest *written = calloc(1, sizeof *written), *read = calloc(1, sizeof *read);
    struct souk_error err = { 0 };
    char name[SOUK_NAME_BYTES_MAX + 1];

    assert_non_null(written);
    assert_non_null(read);
    assert_int_equal(souk_name_set(&written->node, souk_slice_of("es1")), 0);
    written->is_store = true;
    written->made_ms = 1700000000000;
    written->log_position = UINT64_MAX;
    written->events = 7;
    for (written->stream_count = 0; written->stream_count < SOUK_STREAMS_MAX; written->stream_count++) {
        struct souk_manifest_stream *stream = &written->streams[written->stream_count];

        (void)snprintf(name, sizeof name, "s%u", (unsigned)written->stream_count);
        assert_int_equal(souk_name_set(&stream->name, souk_slice_of(name)), 0);
        stream->head.epoch.counter = UINT32_MAX;
        stream->head.number = written->stream_count;
        memset(stream->head.hash.bytes, (int)written->stream_count, SOUK_HASH_BYTES);
    }
    assert_int_equal(souk_manifest_write(place, written, &err), 0);
    assert_int_equal(souk_manifest_read(place, read, &err), 0);
    assert_string_equal(read->node.text, "es1");
    assert_true(read->is_store);
    assert_int_equal(read->log_position, UINT64_MAX);
    assert_int_equal(read->stream_count, SOUK_STREAMS_MAX);
    for (uint32_t i = 0; i < SOUK_STREAMS_MAX; i++)
        assert_true(souk_position_equal(&written->streams[i].head,
            souk_manifest_head(read, written->streams[i].name.text)));
    assert_null(souk_manifest_head(read, "nobody"));
    free(written);
    free(read);
}

static void
what_is_no_manifest_is_refused(void **state)
{
#define ABOUT "backup\n    node = es1\n    event_store = yes\n    made_ms = 1\n    log_position = 1\n    batches = 1\n" \
    "    events = 1\n    bytes = 1\n"
#define HASH "    hash = 0000000000000000000000000000000000000000000000000000000000000000\n"
#define STREAM "stream = a\n    epoch = 1\n    bits = 0000000000000000\n    number = 1\n"
    static const char *const texts[] = {
        "", "backup\n", ABOUT "more = 1\n", ABOUT STREAM, ABOUT STREAM "    hash = 00\n",
        ABOUT STREAM "    hash = zz00000000000000000000000000000000000000000000000000000000000000\n",
        "stream = a\n",
        /* Not whether it is an event store, and one stream with two heads. */
        "backup\n    node = es1\n    event_store = perhaps\n    made_ms = 1\n    log_position = 1\n    batches = 1\n"
        "    events = 1\n    bytes = 1\n",
        ABOUT STREAM HASH STREAM HASH,
    };
    struct souk_manifest *manifest = calloc(1, sizeof *manifest);
    struct souk_error err;
    static char text[MANIFEST_BYTES_MAX];
    size_t bytes;

    assert_non_null(manifest);
    assert_int_equal(souk_manifest_read(place, manifest, &err), -SOUK_ENOTFOUND);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(texts[i]);
        assert_int_equal(souk_manifest_read(place, manifest, &err), -SOUK_EINVAL);
    }
    for (unsigned streams = SOUK_STREAMS_MAX; streams <= SOUK_STREAMS_MAX + 1; streams++) {
        bytes = (size_t)sprintf(text, "%s", ABOUT);
        for (unsigned i = 0; i < streams; i++)
            bytes += (size_t)sprintf(text + bytes, "stream = s%u\n    epoch = 1\n    bits = 0000000000000000\n"
                "    number = 1\n    hash = %064d\n", i, 0);
        write_text(text);
        assert_int_equal(souk_manifest_read(place, manifest, &err), streams == SOUK_STREAMS_MAX ? 0 : -SOUK_EINVAL);
    }
    free(manifest);
}

static void
words_beside_have_a_bound(void **state)
{
    static uint8_t bytes[SOUK_BESIDE_BYTES_MAX + 1];
    struct souk_arena arena;
    struct souk_slice got;

    souk_arena_init(&arena, 0);
    assert_int_equal(souk_beside_get(place, SOUK_BESIDE_CLOSE, &arena, &got), -SOUK_ENOTFOUND);
    assert_int_equal(souk_beside_put(place, SOUK_BESIDE_CLOSE, (struct souk_slice){ bytes, SOUK_BESIDE_BYTES_MAX }), 0);
    assert_int_equal(souk_beside_get(place, SOUK_BESIDE_CLOSE, &arena, &got), 0);
    assert_int_equal(got.size_bytes, SOUK_BESIDE_BYTES_MAX);
    assert_int_equal(souk_beside_put(place, SOUK_BESIDE_CLOSE, (struct souk_slice){ bytes, sizeof bytes }), 0);
    assert_int_equal(souk_beside_get(place, SOUK_BESIDE_CLOSE, &arena, &got), -SOUK_ETOOBIG);
    assert_true(souk_beside_has(place, SOUK_BESIDE_CLOSE));
    souk_beside_remove(place, SOUK_BESIDE_CLOSE);
    assert_false(souk_beside_has(place, SOUK_BESIDE_CLOSE));
    assert_false(souk_beside_is_held(place));
    souk_arena_done(&arena);
}

static void
names_for_what_is_set_aside_end(void **state)
{
    char path[128], aside[SOUK_DIRECTORY_PATH_BYTES_MAX];

    (void)snprintf(path, sizeof path, "%s.store", place);
    for (int i = 1; i <= ASIDE_MAX + 1; i++) {
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(souk_directory_set_aside(path, aside), i <= ASIDE_MAX ? 0 : -1);
    }
    assert_int_equal(souk_directory_remove(path), 0);
    for (int i = 1; i <= ASIDE_MAX; i++) {
        (void)snprintf(aside, sizeof aside, "%s.aside-%d", path, i);
        assert_int_equal(souk_directory_remove(aside), 0);
    }
}

static void
a_directory_takes_the_place_of_another(void **state)
{
    char path[128], with[144], old[144];

    (void)snprintf(path, sizeof path, "%s.store", place);
    (void)snprintf(with, sizeof with, "%s.with", path);
    (void)snprintf(old, sizeof old, "%s.old", path);
    assert_int_equal(souk_directory_replace(path, with, old), -1);
    assert_int_equal(mkdir(with, 0700), 0);
    assert_int_equal(souk_beside_put(with, "first", (struct souk_slice){ NULL, 0 }), 0);
    assert_int_equal(souk_directory_replace(path, with, old), 0);        /* nothing was there */
    assert_true(souk_beside_has(path, "first"));
    assert_int_not_equal(access(old, F_OK), 0);

    assert_int_equal(souk_directory_replace(path, with, old), -1);       /* nothing to put there */
    assert_true(souk_beside_has(path, "first"));
    assert_int_equal(mkdir(with, 0700), 0);
    assert_int_equal(souk_beside_put(with, "second", (struct souk_slice){ NULL, 0 }), 0);
    assert_int_equal(souk_directory_replace(path, with, old), 0);
    assert_true(souk_beside_has(path, "second"));
    assert_true(souk_beside_has(old, "first"));
    assert_int_not_equal(access(with, F_OK), 0);
    assert_int_equal(souk_directory_remove(path), 0);
    assert_int_equal(souk_directory_remove(old), 0);
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)
    const struct CMUnitTest tests[] = {
        ON(a_manifest_says_what_was_written),
        ON(what_is_no_manifest_is_refused),
        ON(words_beside_have_a_bound),
        ON(names_for_what_is_set_aside_end),
        ON(a_directory_takes_the_place_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
