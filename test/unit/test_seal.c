#define _GNU_SOURCE              /* memmem */
/* Keys of persons, and what they seal; that a field is sealed as test/vectors says, which shares no code with it. */
#include "souk_batch.h"
#include "souk_keyring.h"
#include "souk_seal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include <cmocka.h>
#include <souk-json.h>

#define SLOT SOUK_KEYRING_SLOT_BYTES

struct place {
    char home[64], path[96];
    struct souk_keyring *keyring;
    struct souk_arena arena;
};

static const struct souk_id ALICE = { { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16 } };
static const struct souk_id BOB = { { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 17 } };

static void
fill(void *arg, void *bytes_out, size_t size_bytes)
{
    (void)arg;
    randombytes_buf(bytes_out, size_bytes);
}

static struct souk_description *description;
static const struct souk_message_type *type;    /* accounts.moved */

static const struct souk_random RANDOM = { fill, NULL };

static struct souk_keyring *
open_keyring(const char *path)
{
    struct souk_keyring *keyring = NULL;
    struct souk_error err = { 0 };

    if (souk_keyring_open(path, &keyring, &err) != 0)
        fail_msg("%s", err.text);
    return keyring;
}

static void
reopen(struct place *place)
{
    souk_keyring_close(&place->keyring);
    place->keyring = open_keyring(place->path);
}

static int
set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->home, "/dev/shm/souk-seal-XXXXXX");
    if (sodium_init() < 0 || mkdtemp(place->home) == NULL)
        return -1;
    snprintf(place->path, sizeof place->path, "%s/persons" SOUK_KEYRING_SUFFIX, place->home);
    place->keyring = open_keyring(place->path);
    souk_arena_init(&place->arena, 0);
    *state = place;
    return 0;
}

static int
tear_down(void **state)
{
    struct place *place = *state;

    souk_keyring_close(&place->keyring);
    (void)unlink(place->path);
    (void)rmdir(place->home);
    souk_arena_done(&place->arena);
    free(place);
    return 0;
}

static void
expect_key(struct souk_keyring *keyring, const struct souk_id *person, const uint8_t *key)
{
    uint8_t found[SOUK_KEYRING_KEY_BYTES];
    enum souk_keyring_state state;

    assert_int_equal(souk_keyring_find(keyring, person, &state, found), 0);
    assert_int_equal(state, SOUK_KEYRING_KEY);
    assert_memory_equal(found, key, sizeof found);
}

static void
expect_state(struct souk_keyring *keyring, const struct souk_id *person, enum souk_keyring_state wanted)
{
    uint8_t found[SOUK_KEYRING_KEY_BYTES];
    enum souk_keyring_state state;

    assert_int_equal(souk_keyring_find(keyring, person, &state, found), 0);
    assert_int_equal(state, wanted);
}

static off_t
size_of(const char *path)
{
    struct stat stat_buffer;

    assert_int_equal(stat(path, &stat_buffer), 0);
    return stat_buffer.st_size;
}

static void
change_byte(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

/* ---- the keyring ---------------------------------------------------- */

static void
a_key_is_there_until_it_is_destroyed(void **state)
{
    struct place *place = *state;
    uint8_t alice[SOUK_KEYRING_KEY_BYTES], bob[SOUK_KEYRING_KEY_BYTES], bytes[4 * SLOT];
    uint64_t keys, forgotten;
    struct stat stat_buffer;
    int fd;

    memset(alice, 0xa1, sizeof alice);
    memset(bob, 0xb0, sizeof bob);
    assert_int_equal(stat(place->path, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 0777, 0600);
    expect_state(place->keyring, &ALICE, SOUK_KEYRING_NONE);
    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, alice), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &BOB, bob), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, bob), 0);         /* has one, and keeps it */
    reopen(place);
    expect_key(place->keyring, &ALICE, alice);
    expect_key(place->keyring, &BOB, bob);

    assert_int_equal(souk_keyring_forget(place->keyring, &ALICE), 0);
    assert_int_equal(souk_keyring_forget(place->keyring, &ALICE), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, alice), 0);       /* never again */
    expect_state(place->keyring, &ALICE, SOUK_KEYRING_FORGOTTEN);
    reopen(place);
    expect_state(place->keyring, &ALICE, SOUK_KEYRING_FORGOTTEN);
    expect_key(place->keyring, &BOB, bob);
    souk_keyring_count(place->keyring, &keys, &forgotten);
    assert_int_equal(keys, 1);
    assert_int_equal(forgotten, 1);

    fd = open(place->path, O_RDONLY);
    assert_int_equal(read(fd, bytes, sizeof bytes), 3 * SLOT);
    (void)close(fd);
    assert_null(memmem(bytes, 3 * SLOT, alice, sizeof alice));
    assert_non_null(memmem(bytes, 3 * SLOT, bob, sizeof bob));
}

static void
who_never_had_a_key_can_be_forgotten(void **state)
{
    struct place *place = *state;
    uint8_t key[SOUK_KEYRING_KEY_BYTES] = { 1 };

    assert_int_equal(souk_keyring_forget(place->keyring, &ALICE), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, key), 0);
    reopen(place);
    expect_state(place->keyring, &ALICE, SOUK_KEYRING_FORGOTTEN);
}

/* As a process that fills a store beside sees what the old one writes. */
static void
another_process_sees_what_is_written(void **state)
{
    struct place *place = *state;
    struct souk_keyring *other = open_keyring(place->path);
    uint8_t key[SOUK_KEYRING_KEY_BYTES] = { 7 };

    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, key), 0);
    expect_key(other, &ALICE, key);
    assert_int_equal(souk_keyring_forget(place->keyring, &ALICE), 0);
    expect_state(other, &ALICE, SOUK_KEYRING_FORGOTTEN);
    souk_keyring_close(&other);
}

static void
a_torn_slot_at_the_end_was_never_written(void **state)
{
    struct place *place = *state;
    uint8_t alice[SOUK_KEYRING_KEY_BYTES] = { 1 }, bob[SOUK_KEYRING_KEY_BYTES] = { 2 };

    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, alice), 0);
    for (off_t cut = 2 * SLOT; cut < 3 * SLOT; cut++) {
        assert_int_equal(souk_keyring_add(place->keyring, &BOB, bob), 0);
        if (cut % 2 == 0)
            assert_int_equal(truncate(place->path, cut), 0);
        else
            change_byte(place->path, cut);
        reopen(place);
        expect_key(place->keyring, &ALICE, alice);
        expect_state(place->keyring, &BOB, SOUK_KEYRING_NONE);
    }
    assert_int_equal(souk_keyring_add(place->keyring, &BOB, bob), 0);
    assert_int_equal(size_of(place->path), 3 * SLOT);
    reopen(place);
    expect_key(place->keyring, &BOB, bob);
}

static void
damage_is_told(void **state)
{
    struct place *place = *state;
    struct souk_keyring *keyring = NULL;
    struct souk_error err = { 0 };
    uint8_t key[SOUK_KEYRING_KEY_BYTES] = { 1 };

    assert_int_equal(souk_keyring_add(place->keyring, &ALICE, key), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &BOB, key), 0);
    for (off_t at = 0; at < 2 * SLOT; at++) {
        change_byte(place->path, at);
        assert_int_equal(souk_keyring_open(place->path, &keyring, &err), -SOUK_EDAMAGED);
        assert_null(keyring);
        assert_non_null(strstr(err.text, place->path));
        assert_non_null(strstr(err.text, "put its backup back") == NULL ? strstr(err.text, "put their backup back")
            : err.text);
        change_byte(place->path, at);
    }
    reopen(place);
    change_byte(place->path, SLOT + 20);        /* while it is open */
    {
        enum souk_keyring_state found;

        assert_int_equal(souk_keyring_find(place->keyring, &ALICE, &found, key), -SOUK_EDAMAGED);
    }
}

static void
so_many_persons_and_not_one_more(void **state)
{
    struct place *place = *state;
    const size_t slots = SOUK_KEYRING_PERSONS_MAX - 1;
    uint8_t key[SOUK_KEYRING_KEY_BYTES] = { 1 }, *bytes = malloc(slots * SLOT);
    struct souk_id person = { { 0 } };
    int fd = open(place->path, O_WRONLY);

    for (size_t i = 0; i < slots; i++) {
        uint8_t *slot = bytes + i * SLOT;
        const uint32_t number = (uint32_t)i;

        memset(slot, 0, SLOT);
        memcpy(slot + 12, &number, sizeof number);
        slot[16] = 1;
        (void)crypto_generichash(slot + 48, 16, slot, 48, NULL, 0);
    }
    assert_int_equal(pwrite(fd, bytes, slots * SLOT, SLOT), (ssize_t)(slots * SLOT));
    (void)close(fd);
    free(bytes);
    reopen(place);
    person.bytes[0] = 1;
    assert_int_equal(souk_keyring_add(place->keyring, &person, key), 0);
    person.bytes[0] = 2;
    assert_int_equal(souk_keyring_add(place->keyring, &person, key), -SOUK_EFULL);
    assert_int_equal(souk_keyring_forget(place->keyring, &person), -SOUK_EFULL);
    person.bytes[0] = 1;
    assert_int_equal(souk_keyring_forget(place->keyring, &person), 0);
}

/* ---- sealing -------------------------------------------------------- */

static struct souk_slice
moved(struct place *place, const struct souk_id *person, const char *street)
{
    char id[SOUK_ID_TEXT_BYTES];
    struct souk_error err = { 0 };
    struct souk_slice copy;
    struct souk_pack pack;
    json_t *json;

    souk_id_format(*person, id);
    json = json_pack("{s:s, s:[], s:s*}", "person_id", id, "shipped_before", "street", street);
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if (souk_json_to_packed(type, json, &pack, &err) != 0)
        fail_msg("%s", err.text);
    json_decref(json);
    copy = souk_arena_copy(&place->arena, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return copy;
}

static struct souk_slice
sealed(struct place *place, struct souk_slice packed)
{
    struct souk_pack pack;
    struct souk_slice copy;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert_int_equal(souk_seal(place->keyring, &RANDOM, type, packed, &pack), 0);
    copy = souk_arena_copy(&place->arena, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    return copy;
}

static struct souk_slice
unsealed(struct place *place, struct souk_slice packed)
{
    struct souk_slice opened;

    assert_int_equal(souk_unseal(place->keyring, type, packed, &place->arena, &opened), 0);
    return opened;
}

/* To whoever has no key. */
static void
expect_absent(struct souk_slice packed)
{
    struct souk_error err = { 0 };
    json_t *json = NULL;

    if (souk_json_from_packed(type, packed, &json, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(json_object_size(json), 2);
    assert_null(json_object_get(json, "street"));
    json_decref(json);
}

static void
what_is_sealed_is_read_with_the_key_only(void **state)
{
    struct place *place = *state;
    const struct souk_slice packed = moved(place, &ALICE, "Rue de la Kasbah 7"), hidden = sealed(place, packed);

    assert_null(memmem(hidden.base, hidden.size_bytes, "Kasbah", 6));
    expect_absent(hidden);
    assert_true(souk_slice_equal(unsealed(place, hidden), packed));
    reopen(place);
    assert_true(souk_slice_equal(unsealed(place, hidden), packed));
    assert_true(souk_slice_equal(sealed(place, packed), hidden));       /* so that tables can be compared */
    assert_false(souk_slice_equal(sealed(place, moved(place, &ALICE, "Rue de la Kasbah 8")), hidden));

    assert_int_equal(souk_keyring_forget(place->keyring, &ALICE), 0);
    assert_true(souk_slice_equal(unsealed(place, hidden), moved(place, &ALICE, NULL)));
    assert_true(souk_slice_equal(sealed(place, packed), moved(place, &ALICE, NULL)));   /* nothing new is kept */
}

static void
values_of_every_length_come_back(void **state)
{
    struct place *place = *state;
    char street[101];

    for (size_t length = 0; length <= 100; length++) {
        struct souk_slice packed;

        memset(street, 'x', length);
        street[length] = '\0';
        packed = moved(place, &ALICE, street);
        assert_true(souk_slice_equal(unsealed(place, sealed(place, packed)), packed));
    }
    expect_absent(sealed(place, moved(place, &ALICE, NULL)));
}

static void
nothing_opens_what_it_did_not_seal(void **state)
{
    struct place *place = *state;
    const struct souk_slice hidden = sealed(place, moved(place, &ALICE, "Rue de la Kasbah 7"));
    struct souk_slice other = souk_arena_copy(&place->arena, hidden);
    uint8_t *bytes = (uint8_t *)(uintptr_t)other.base;

    (void)sealed(place, moved(place, &BOB, "x"));               /* he has a key, too */
    memcpy(bytes + 3, BOB.bytes, sizeof BOB.bytes);             /* moved into an event of his */
    expect_absent(unsealed(place, other));
    for (size_t at = 3 + 16 + 3; at < hidden.size_bytes - 1; at++) {
        memcpy(bytes, hidden.base, hidden.size_bytes);
        bytes[at] ^= 0x10;
        expect_absent(unsealed(place, other));
    }
    assert_int_equal(unlink(place->path), 0);                   /* the keys are lost */
    reopen(place);
    expect_absent(unsealed(place, hidden));
}

static void
without_a_keyring_nothing_is_sealed_nor_opened(void **state)
{
    struct place *place = *state;
    const struct souk_slice packed = moved(place, &ALICE, "x"), hidden = sealed(place, packed);
    struct souk_slice opened;
    struct souk_pack pack;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert_int_equal(souk_seal(NULL, &RANDOM, type, packed, &pack), -SOUK_EUNSUPPORTED);
    souk_pack_done(&pack);
    assert_int_equal(souk_unseal(NULL, type, hidden, &place->arena, &opened), 0);
    expect_absent(opened);
}

/* ---- the vector ----------------------------------------------------- */

static struct souk_slice
from_hex(struct place *place, const json_t *text)
{
    const char *hex = json_string_value(text);
    uint8_t *bytes;
    size_t size_bytes;

    assert_non_null(hex);
    assert_non_null(bytes = souk_arena_alloc(&place->arena, strlen(hex) / 2 + 1));
    assert_int_equal(sodium_hex2bin(bytes, strlen(hex) / 2, hex, strlen(hex), NULL, &size_bytes, NULL), 0);
    assert_int_equal(2 * size_bytes, strlen(hex));
    return (struct souk_slice){ bytes, size_bytes };
}

static void
fields_are_sealed_as_the_vector_has_them(void **state)
{
    struct place *place = *state;
    const char *srcdir = getenv("srcdir");
    const json_t *twin;
    struct souk_batch_header header;
    struct souk_slice key, person_bytes, opened;
    struct souk_events events;
    struct souk_event event;
    struct souk_id person;
    char path[4096];
    size_t count = 0;
    json_t *json;

    snprintf(path, sizeof path, "%s/test/vectors/batch-sealed-fields.json", srcdir == NULL ? "." : srcdir);
    assert_non_null(json = json_load_file(path, 0, NULL));
    assert_non_null(twin = json_object_get(json, "sealed"));
    assert_string_equal(json_string_value(json_object_get(twin, "type")), type->name);
    key = from_hex(place, json_object_get(twin, "key"));
    person_bytes = from_hex(place, json_object_get(twin, "person"));
    assert_int_equal(key.size_bytes, SOUK_KEYRING_KEY_BYTES);
    assert_int_equal(person_bytes.size_bytes, sizeof person.bytes);
    memcpy(person.bytes, person_bytes.base, sizeof person.bytes);
    assert_int_equal(souk_batch_read(from_hex(place, json_object_get(json, "hex")), &header), 0);
    assert_int_equal(souk_events_init(&events, &header), 0);
    assert_int_equal(souk_keyring_add(place->keyring, &person, key.base), 0);
    while (souk_events_next(&events, &event) == 0) {
        const struct souk_slice open = from_hex(place, json_array_get(json_object_get(twin, "opened"), count));
        const struct souk_slice closed = from_hex(place, json_array_get(json_object_get(twin, "closed"), count));

        assert_true(souk_slice_equal(sealed(place, open), event.payload));
        assert_true(souk_slice_equal(unsealed(place, event.payload), open));
        assert_int_equal(souk_unseal(NULL, type, event.payload, &place->arena, &opened), 0);
        assert_true(souk_slice_equal(opened, closed));
        count++;
    }
    assert_int_equal(count, 2);
    json_decref(json);
}

static int
read_description(void **state)
{
    const char *srcdir = getenv("srcdir");
    struct souk_error err = { 0 };
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/test/unit/shop.messages.zpl", srcdir == NULL ? "." : srcdir);
    if (souk_description_open(path, &description, &err) != 0)
        fail_msg("%s", err.text);
    type = souk_messages_find(souk_description_messages(description), souk_slice_of("accounts.moved"));
    return type == NULL || type->subject == NULL;
}

static int
close_description(void **state)
{
    (void)state;
    souk_description_close(&description);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_there_until_it_is_destroyed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_never_had_a_key_can_be_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process_sees_what_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_slot_at_the_end_was_never_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(so_many_persons_and_not_one_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_sealed_is_read_with_the_key_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_every_length_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_opens_what_it_did_not_seal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_keyring_nothing_is_sealed_nor_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_are_sealed_as_the_vector_has_them, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, read_description, close_description);
}
