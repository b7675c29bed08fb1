/*
 * Passes: what is good, what is not and why, each limit and one past it, and
 * the vectors, which other code has signed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include <souk-message.h>

#include "souk_pass.h"
#include "souk_wire.h"
#include "vectors.h"

#define GOOD_MIN 8                      /* fewer found: the folder isn't the one we mean */
#define NOT_GOOD_MIN 27
#define NOW UINT64_C(1763845200000)
#define MINUTE_MS 60000

struct bench {
    struct souk_pass_keys keys;
    uint8_t secrets[2][SOUK_PASS_SECRET_BYTES];
    struct souk_arena arena;
    struct souk_pass pass;
};

static int
make_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    uint8_t seed[32];

    if (bench == NULL || sodium_init() < 0)
        return -1;
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 32; i++)
            seed[i] = (uint8_t)(i + k);
        (void)crypto_sign_seed_keypair(bench->keys.keys[k], bench->secrets[k], seed);
    }
    bench->keys.count = 1;
    souk_arena_init(&bench->arena, 0);
    bench->pass = (struct souk_pass){ .person = { { 1, 2, 3 } }, .issued_ms = NOW, .expires_ms = NOW + 10 * MINUTE_MS,
        .role_count = 2, .roles = { "customer", "staff" } };
    *state = bench;
    return 0;
}

static int
end_bench(void **state)
{
    struct bench *bench = *state;

    souk_arena_done(&bench->arena);
    free(bench);
    return 0;
}

static struct souk_slice
sign(struct bench *bench, int with)
{
    struct souk_slice bytes = { NULL, 0 };

    assert_int_equal(souk_pass_sign(&bench->pass, bench->secrets[with], &bytes, &bench->arena), 0);
    return bytes;
}

static const char *
check(struct bench *bench, struct souk_slice bytes, uint64_t now_ms)
{
    struct souk_pass pass;

    return souk_pass_check(bytes, &bench->keys, now_ms, &pass);
}

/* What souk_pass_sign() would not write, signed nevertheless. */
static struct souk_slice
sign_body(struct bench *bench, const struct souk_pack *body)
{
    static const char context[] = "souk pass 1";
    uint8_t signature[crypto_sign_BYTES];
    struct souk_slice bytes;
    struct souk_pack whole;
    uint8_t said[sizeof context + 4096];

    assert_int_equal(body->rc, 0);
    memcpy(said, context, sizeof context);
    memcpy(said + sizeof context, souk_pack_slice(body).base, souk_pack_slice(body).size_bytes);
    (void)crypto_sign_detached(signature, NULL, said, sizeof context + souk_pack_slice(body).size_bytes,
        bench->secrets[0]);
    souk_pack_init(&whole, 4096);
    souk_pack_array(&whole, 2);
    souk_pack_bin(&whole, souk_pack_slice(body));
    souk_pack_bin(&whole, (struct souk_slice){ signature, sizeof signature });
    bytes = souk_arena_copy(&bench->arena, souk_pack_slice(&whole));
    souk_pack_done(&whole);
    return bytes;
}

static void
body_of(const struct bench *bench, struct souk_pack *body, uint64_t version, const char *role, uint32_t role_count)
{
    souk_pack_init(body, 4096);
    souk_pack_array(body, 5);
    souk_pack_uint(body, version);
    souk_pack_id(body, bench->pass.person);
    souk_pack_array(body, role_count);
    for (uint32_t i = 0; i < role_count; i++)
        souk_pack_str(body, souk_slice_of(role));
    souk_pack_uint(body, bench->pass.issued_ms);
    souk_pack_uint(body, bench->pass.expires_ms);
}

static void
a_pass_says_what_was_signed(void **state)
{
    struct bench *bench = *state;
    struct souk_pass pass;

    assert_null(souk_pass_check(sign(bench, 0), &bench->keys, NOW, &pass));
    assert_memory_equal(pass.person.bytes, bench->pass.person.bytes, sizeof pass.person.bytes);
    assert_true(pass.issued_ms == NOW && pass.expires_ms == NOW + 10 * MINUTE_MS);
    assert_true(souk_pass_has_role(&pass, "customer"));
    assert_true(souk_pass_has_role(&pass, "staff"));
    assert_false(souk_pass_has_role(&pass, "admin"));
    assert_false(souk_pass_has_role(&pass, "custom"));
    assert_false(souk_pass_has_role(NULL, "customer"));
}

static void
a_pass_ends_at_its_time(void **state)
{
    struct bench *bench = *state;
    const struct souk_slice bytes = sign(bench, 0);

    assert_null(check(bench, bytes, NOW + 10 * MINUTE_MS - 1));
    assert_string_equal(check(bench, bytes, NOW + 10 * MINUTE_MS), "the pass has expired");
    assert_null(check(bench, bytes, NOW - SOUK_PASS_AHEAD_MS));
    assert_string_equal(check(bench, bytes, NOW - SOUK_PASS_AHEAD_MS - 1),
        "the pass is from the future: the clocks differ");
}

static void
nobody_signs_for_longer_than_an_hour(void **state)
{
    struct bench *bench = *state;
    struct souk_slice bytes;
    struct souk_pack body;

    bench->pass.expires_ms = NOW + SOUK_PASS_LIFE_MS_MAX;
    assert_null(check(bench, sign(bench, 0), NOW));
    bench->pass.expires_ms++;
    assert_int_equal(souk_pass_sign(&bench->pass, bench->secrets[0], &bytes, &bench->arena), -SOUK_EINVAL);
    body_of(bench, &body, 1, "staff", 1);
    assert_string_equal(check(bench, sign_body(bench, &body), NOW), "the pass is for longer than a pass may be");
    souk_pack_done(&body);
    bench->pass.expires_ms = NOW;
    assert_int_equal(souk_pass_sign(&bench->pass, bench->secrets[0], &bytes, &bench->arena), -SOUK_EINVAL);
    body_of(bench, &body, 1, "staff", 1);
    assert_string_equal(check(bench, sign_body(bench, &body), NOW - 1), "the pass is for longer than a pass may be");
    souk_pack_done(&body);
}

static void
eight_roles_are_as_many_as_there_may_be(void **state)
{
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz-0123";
    struct bench *bench = *state;
    struct souk_slice bytes;
    struct souk_pack body;

    assert_int_equal(strlen(longest), SOUK_NAME_BYTES_MAX);
    bench->pass.role_count = SOUK_PASS_ROLES_MAX;
    for (int i = 0; i < SOUK_PASS_ROLES_MAX; i++)
        memcpy(bench->pass.roles[i], longest, sizeof longest);
    bytes = sign(bench, 0);
    assert_in_range(bytes.size_bytes, 1, SOUK_PASS_BYTES_MAX);
    assert_null(check(bench, bytes, NOW));
    bench->pass.role_count++;
    assert_int_equal(souk_pass_sign(&bench->pass, bench->secrets[0], &bytes, &bench->arena), -SOUK_EINVAL);
    body_of(bench, &body, 1, "staff", SOUK_PASS_ROLES_MAX + 1);
    assert_string_equal(check(bench, sign_body(bench, &body), NOW), "this is not a pass");
    souk_pack_done(&body);
    body_of(bench, &body, 1, "abcdefghijklmnopqrstuvwxyz-01234", 1);
    assert_string_equal(check(bench, sign_body(bench, &body), NOW), "this is not a pass");
    souk_pack_done(&body);
    body_of(bench, &body, 1, "Staff", 1);
    assert_string_equal(check(bench, sign_body(bench, &body), NOW), "this is not a pass");
    souk_pack_done(&body);
    bench->pass.role_count = 1;
    memcpy(bench->pass.roles[0], "Staff", 6);
    assert_int_equal(souk_pass_sign(&bench->pass, bench->secrets[0], &bytes, &bench->arena), -SOUK_EINVAL);
}

static void
each_bit_counts(void **state)
{
    struct bench *bench = *state;
    const struct souk_slice bytes = sign(bench, 0);
    uint8_t changed[SOUK_PASS_BYTES_MAX + 1];

    memcpy(changed, bytes.base, bytes.size_bytes);
    for (size_t bit = 0; bit < 8 * bytes.size_bytes; bit++) {
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_non_null(check(bench, (struct souk_slice){ changed, bytes.size_bytes }, NOW));
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < bytes.size_bytes; cut++)
        assert_non_null(check(bench, (struct souk_slice){ changed, cut }, NOW));
    changed[bytes.size_bytes] = 0;
    assert_non_null(check(bench, (struct souk_slice){ changed, bytes.size_bytes + 1 }, NOW));
    assert_null(check(bench, (struct souk_slice){ changed, bytes.size_bytes }, NOW));
}

static void
another_version_is_no_pass(void **state)
{
    struct bench *bench = *state;
    struct souk_pack body;

    body_of(bench, &body, 2, "staff", 1);
    assert_non_null(check(bench, sign_body(bench, &body), NOW));
    souk_pack_done(&body);
    body_of(bench, &body, 1, "staff", 1);
    assert_null(check(bench, sign_body(bench, &body), NOW));
    souk_pack_done(&body);
}

/* While keys are changed, the old one and the new one are good. */
static void
keys_are_changed_without_a_gap(void **state)
{
    struct bench *bench = *state;
    const struct souk_slice older = sign(bench, 0), newer = sign(bench, 1);
    struct souk_pass_cache cache = { .kept = NULL };
    struct souk_pass pass;

    assert_null(check(bench, older, NOW));
    assert_string_equal(check(bench, newer, NOW), "the pass is not signed by the service that issues passes");
    bench->keys.count = 2;
    assert_null(souk_pass_check_cached(&cache, older, &bench->keys, NOW, &pass));
    assert_null(souk_pass_check_cached(&cache, newer, &bench->keys, NOW, &pass));
    memcpy(bench->keys.keys[0], bench->keys.keys[1], SOUK_PASS_KEY_BYTES);
    memset(bench->keys.keys[1], 0, SOUK_PASS_KEY_BYTES);
    bench->keys.count = 1;
    assert_non_null(souk_pass_check_cached(&cache, older, &bench->keys, NOW, &pass));
    assert_null(souk_pass_check_cached(&cache, newer, &bench->keys, NOW, &pass));
    bench->keys.count = 0;
    assert_string_equal(check(bench, newer, NOW), "no service of this system issues passes");
    souk_pass_cache_done(&cache);
}

/* What is remembered is what was signed, and its time passes all the same. */
static void
a_pass_that_is_remembered_expires(void **state)
{
    struct bench *bench = *state;
    const struct souk_slice bytes = sign(bench, 0);
    struct souk_pass_cache cache = { .kept = NULL };
    struct souk_pass pass;

    for (int i = 0; i < 3; i++) {
        memset(&pass, 0xff, sizeof pass);
        assert_null(souk_pass_check_cached(&cache, bytes, &bench->keys, NOW, &pass));
        assert_memory_equal(&pass, &bench->pass, sizeof pass);
    }
    assert_string_equal(souk_pass_check_cached(&cache, bytes, &bench->keys, NOW + 10 * MINUTE_MS, &pass),
        "the pass has expired");
    assert_non_null(souk_pass_check_cached(&cache, souk_slice_of("x"), &bench->keys, NOW, &pass));
    souk_pass_cache_done(&cache);
    souk_pass_cache_done(&cache);
}

/* ---- the vectors, of test/vectors/make.py ---------------------------- */

static void
read_hex(const char *hex, uint8_t *bytes_out, size_t size_bytes)
{
    size_t read_bytes;

    assert_non_null(hex);
    assert_int_equal(sodium_hex2bin(bytes_out, size_bytes, hex, strlen(hex), NULL, &read_bytes, NULL), 0);
    assert_int_equal(read_bytes, size_bytes);
}

/* What stands beside a vector. Release with json_decref(). */
static json_t *
twin_of(const char *folder, const char *name, struct souk_pass_keys *keys_out, uint64_t *now_ms_out)
{
    const char *source = getenv("srcdir");
    json_t *twin, *keys;
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/test/vectors/%s%.*s.json", source == NULL ? "." : source, folder,
        (int)strlen(name) - 4, name);
    assert_non_null(twin = json_load_file(path, JSON_REJECT_DUPLICATES, NULL));
    keys = json_object_get(twin, "keys");
    assert_in_range(json_array_size(keys), 0, SOUK_PASS_KEYS_MAX);
    *keys_out = (struct souk_pass_keys){ .count = (uint32_t)json_array_size(keys) };
    for (uint32_t i = 0; i < keys_out->count; i++)
        read_hex(json_string_value(json_array_get(keys, i)), keys_out->keys[i], SOUK_PASS_KEY_BYTES);
    assert_true(json_is_integer(json_object_get(twin, "now")));
    *now_ms_out = (uint64_t)json_integer_value(json_object_get(twin, "now"));
    return twin;
}

static void
assert_says(const struct souk_pass *pass, json_t *said)
{
    json_t *roles = json_object_get(said, "roles");
    uint8_t person[sizeof pass->person.bytes];

    read_hex(json_string_value(json_object_get(said, "person")), person, sizeof person);
    assert_memory_equal(pass->person.bytes, person, sizeof person);
    assert_int_equal(pass->role_count, json_array_size(roles));
    for (uint32_t i = 0; i < pass->role_count; i++)
        assert_string_equal(pass->roles[i], json_string_value(json_array_get(roles, i)));
    assert_true(pass->issued_ms == (uint64_t)json_integer_value(json_object_get(said, "issued")));
    assert_true(pass->expires_ms == (uint64_t)json_integer_value(json_object_get(said, "expires")));
}

static void
look_at_good(const char *name, struct souk_slice bytes)
{
    struct souk_pass_cache cache = { .kept = NULL };
    struct souk_pass_keys keys;
    struct souk_pass pass;
    uint64_t now_ms;
    json_t *twin = twin_of("", name, &keys, &now_ms);
    uint8_t *changed = (uint8_t *)(uintptr_t)bytes.base;

    assert_string_equal(json_string_value(json_object_get(twin, "verdict")), "good");
    assert_null(souk_pass_check(bytes, &keys, now_ms, &pass));
    assert_says(&pass, json_object_get(twin, "pass"));
    for (int i = 0; i < 2; i++) {
        memset(&pass, 0xff, sizeof pass);
        assert_null(souk_pass_check_cached(&cache, bytes, &keys, now_ms, &pass));
        assert_says(&pass, json_object_get(twin, "pass"));
    }
    for (size_t bit = 0; bit < 8 * bytes.size_bytes; bit++) {
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (souk_pass_check(bytes, &keys, now_ms, &pass) == NULL
            || souk_pass_check_cached(&cache, bytes, &keys, now_ms, &pass) == NULL)
            fail_msg("%s with bit %zu flipped is taken", name, bit);
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    souk_pass_cache_done(&cache);
    json_decref(twin);
}

static void
look_at_not_good(const char *name, struct souk_slice bytes)
{
    static const struct {
        const char *breaks, *why;
    } sentences[] = {
        { "keys", "no service of this system issues passes" },
        { "size", "the pass is too long" },
        { "version", "this is not a pass, or one of another version" },
        { "signature", "the pass is not signed by the service that issues passes" },
        { "life", "the pass is for longer than a pass may be" },
        { "expired", "the pass has expired" },
        { "ahead", "the pass is from the future: the clocks differ" },
        { NULL, "this is not a pass" },         /* all others are of its form; more may be said */
    };
    struct souk_pass_cache cache = { .kept = NULL };
    struct souk_pass_keys keys;
    struct souk_pass pass;
    uint64_t now_ms;
    json_t *twin = twin_of("invalid/", name, &keys, &now_ms);
    const char *breaks = json_string_value(json_object_get(twin, "breaks")), *why;
    size_t i = 0;

    while (sentences[i].breaks != NULL && strcmp(sentences[i].breaks, breaks) != 0)
        i++;
    if ((why = souk_pass_check(bytes, &keys, now_ms, &pass)) == NULL || (sentences[i].breaks != NULL
            ? strcmp(why, sentences[i].why) : strncmp(why, sentences[i].why, strlen(sentences[i].why))) != 0)
        fail_msg("%s: %s, and not: %s", name, why == NULL ? "it is good" : why, sentences[i].why);
    for (int again = 0; again < 2; again++)
        assert_string_equal(souk_pass_check_cached(&cache, bytes, &keys, now_ms, &pass), why);
    souk_pass_cache_done(&cache);
    json_decref(twin);
}

/* Of any bit that is not what it was, it is not good any more. */
static void
good_vectors_say_what_their_twins_say(void **state)
{
    assert_true(vectors_each("", "pass-", look_at_good) >= GOOD_MIN);
}

static void
vectors_that_are_not_good_are_refused_for_what_they_break(void **state)
{
    assert_true(vectors_each("invalid/", "pass-", look_at_not_good) >= NOT_GOOD_MIN);
}

/* Who signs writes the same bytes as make.py, with the seed 00 01 ... 1f. */
static void
sign_again(const char *name, struct souk_slice bytes)
{
    struct souk_pass_keys keys;
    struct souk_pass pass;
    struct souk_arena arena;
    struct souk_slice again;
    uint8_t seed[32], secret[SOUK_PASS_SECRET_BYTES], public[SOUK_PASS_KEY_BYTES];
    const bool is_second = strcmp(name, "pass-good-under-the-second-key.bin") == 0;
    uint64_t now_ms;

    json_decref(twin_of("", name, &keys, &now_ms));
    for (int i = 0; i < 32; i++)
        seed[i] = (uint8_t)(i + is_second);
    (void)crypto_sign_seed_keypair(public, secret, seed);
    assert_memory_equal(public, keys.keys[is_second], sizeof public);
    souk_arena_init(&arena, 0);
    assert_null(souk_pass_read(bytes, &pass));
    assert_int_equal(souk_pass_sign(&pass, secret, &again, &arena), 0);
    assert_true(souk_slice_equal(again, bytes));
    souk_arena_done(&arena);
}

static void
what_is_signed_is_the_vector(void **state)
{
    assert_true(vectors_each("", "pass-", sign_again) >= GOOD_MIN);
}

/* The one that a request carries. */
static void
look_at_request(const char *name, struct souk_slice bytes)
{
    struct souk_wire_request request;
    struct souk_pass_keys keys;
    struct souk_pass pass;
    uint64_t now_ms;

    if (strcmp(name, "message-request-command.bin") != 0)
        return;
    json_decref(twin_of("", "pass-good.bin", &keys, &now_ms));
    assert_int_equal(souk_wire_request_get(bytes, &request), 0);
    assert_null(souk_pass_check(request.pass, &keys, now_ms, &pass));
    assert_true(souk_pass_has_role(&pass, "customer") && souk_pass_has_role(&pass, "staff"));
}

static void
the_pass_of_a_request_is_good(void **state)
{
    assert_int_equal(vectors_each("", "message-request-command", look_at_request), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pass_says_what_was_signed, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(a_pass_ends_at_its_time, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(nobody_signs_for_longer_than_an_hour, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(eight_roles_are_as_many_as_there_may_be, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(each_bit_counts, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(another_version_is_no_pass, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(keys_are_changed_without_a_gap, make_bench, end_bench),
        cmocka_unit_test_setup_teardown(a_pass_that_is_remembered_expires, make_bench, end_bench),
        cmocka_unit_test(good_vectors_say_what_their_twins_say),
        cmocka_unit_test(vectors_that_are_not_good_are_refused_for_what_they_break),
        cmocka_unit_test(what_is_signed_is_the_vector),
        cmocka_unit_test(the_pass_of_a_request_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
