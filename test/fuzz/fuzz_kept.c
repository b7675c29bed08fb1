/*
 * What processes keep for themselves beside their tables, or leave to the next
 * one: keyrings and what is sealed with them, what witnesses say, and the last
 * word of a process that hands over. What is taken is written as it came; what
 * is not changes nothing.
 *
 * Input: one byte says which it is. A keyring is a file as it is, or slots
 * without their checks, which are made here. A witness and a last word are whole,
 * or the true one of a service that has lived a while, with changes: where (1
 * byte) and by which bits (1), again and again. Sealed values can be made by
 * nobody without the key, so a message is sealed here, and changed afterwards.
 */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "../bits/nodes.h"
#include "../scratch.h"
#include "../sim/app_messages.h"
#include "souk_core_parts.h"
#include "souk_keyring.h"
#include "souk_recorder_parts.h"
#include "souk_seal.h"

#define SLOT SOUK_KEYRING_SLOT_BYTES
#define CHECK_BYTES 16
#define SAID_BYTES (SLOT - CHECK_BYTES)         /* of a slot: the person and the key */
#define SLOTS_MAX 64
#define WORD_BYTES_MAX 4096
#define SETTLE_MS 2000
#define SETTLE_ROUNDS 100000

enum { KEYRING, SLOTS, SEALED, SEALED_CHANGED, WITNESS, WITNESS_CHANGED, STORE_WITNESS, STORE_WITNESS_CHANGED, WORD,
    WORD_CHANGED, KINDS };

static const struct souk_id alice = { { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16 } };
static const struct souk_id bob = { { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 17 } };

static const struct souk_field fields[] = {
    { .name = "person_id" }, { .name = "street", .is_personal = true }, { .name = "floor" },
    { .name = "phones", .is_personal = true },
};
static const struct souk_message_type moved = { .name = "accounts.moved", .version = 1, .fields = fields,
    .field_count = sizeof fields / sizeof fields[0], .subject = &fields[0] };

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    char ring_path[SCRATCH_PATH_BYTES_MAX + 16], again_path[SCRATCH_PATH_BYTES_MAX + 16];
    struct souk_keyring *keyring;               /* has a key of alice's, and none of bob's any more */
    struct nodes nodes;
    uint8_t word[WORD_BYTES_MAX];               /* of the service, as it handed over */
    size_t word_bytes;
    struct souk_pack pack;
} ground;

static bool read_witness(struct souk_slice witness);
static bool read_store_witness(struct souk_slice witness);

/* ---- the ground ----------------------------------------------------- */

static void
clear_ground(void)
{
    souk_keyring_close(&ground.keyring);
    souk_pack_done(&ground.pack);
    nodes_done(&ground.nodes);
    scratch_remove(&ground.scratch);
}

/* A service that has decided something, and the event store that has recorded it. */
static void
make_nodes(void)
{
    static const uint32_t alive[] = { NODE_ORDERS, NODE_STOCK, NODE_ARCHIVE };
    struct souk_error err = { 0 };
    struct souk_slice word;

    assert(nodes_init(&ground.nodes, ground.scratch.path) == 0);
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        assert(node_start(&ground.nodes, alive[i], &err) == 0);
    assert(nodes_settle(&ground.nodes, SETTLE_MS, SETTLE_ROUNDS) == 0);
    nodes_command(&ground.nodes, NODE_ORDERS, &(struct souk_id){ { 1, 1 } }, &order_place_type,
        &(struct order_place){ .order = 1, .sku = 1, .units = 1, .price = 5, .lines = 1 });
    assert(nodes_settle(&ground.nodes, SETTLE_MS, SETTLE_ROUNDS) == 0);
    assert(souk_core_state(ground.nodes.nodes[NODE_ORDERS].core) == SOUK_CORE_LIVE);
    word = souk_core_hand_over(ground.nodes.nodes[NODE_ORDERS].core);
    assert(word.size_bytes > 0 && word.size_bytes <= sizeof ground.word);
    memcpy(ground.word, word.base, word.size_bytes);
    ground.word_bytes = word.size_bytes;
    /* The true ones fit: what is changed here is nearly right. */
    assert(read_witness((struct souk_slice){ ground.nodes.nodes[NODE_ORDERS].witness,
        ground.nodes.nodes[NODE_ORDERS].witness_bytes }));
    assert(read_store_witness((struct souk_slice){ ground.nodes.nodes[NODE_ARCHIVE].witness,
        ground.nodes.nodes[NODE_ARCHIVE].witness_bytes }));
}

static void
make_ground(void)
{
    static const uint8_t key[SOUK_KEYRING_KEY_BYTES] = { 7 };
    struct souk_error err = { 0 };
    char path[SCRATCH_PATH_BYTES_MAX + 16];

    if (ground.scratch.path[0] != '\0')
        return;
    scratch_sweep();
    if (sodium_init() < 0 || scratch_make(&ground.scratch, "fuzz-kept") != 0) {
        perror("no directory in memory");
        abort();
    }
    (void)atexit(clear_ground);
    (void)snprintf(ground.ring_path, sizeof ground.ring_path, "%s/ring", ground.scratch.path);
    (void)snprintf(ground.again_path, sizeof ground.again_path, "%s/again", ground.scratch.path);
    (void)snprintf(path, sizeof path, "%s/persons", ground.scratch.path);
    assert(souk_keyring_open(path, &ground.keyring, &err) == 0);
    assert(souk_keyring_add(ground.keyring, &alice, key) == 0);
    assert(souk_keyring_forget(ground.keyring, &bob) == 0);
    souk_pack_init(&ground.pack, SOUK_PAYLOAD_BYTES_MAX);
    make_nodes();
}

/* What was true, with changes. Gives the bytes in `out`. */
static struct souk_slice
change(struct souk_slice truth, struct souk_slice changes, uint8_t out[WORD_BYTES_MAX])
{
    const uint8_t *at = changes.base;
    size_t size_bytes = truth.size_bytes;

    assert(size_bytes <= WORD_BYTES_MAX);
    memcpy(out, truth.base, size_bytes);
    for (size_t i = 0; i + 1 < changes.size_bytes; i += 2)
        if (at[i] < size_bytes)
            out[at[i]] ^= at[i + 1];
        else if (at[i] == UINT8_MAX && size_bytes > 0)
            size_bytes--;
    return (struct souk_slice){ out, size_bytes };
}

/* ---- keyrings ------------------------------------------------------- */

static void
put_file(const char *path, struct souk_slice bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert(fd >= 0);
    assert(write(fd, bytes.base, bytes.size_bytes) == (ssize_t)bytes.size_bytes);
    (void)close(fd);
}

static size_t
get_file(const char *path, uint8_t *bytes_out, size_t bytes_max)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes;

    assert(fd >= 0 && (bytes = read(fd, bytes_out, bytes_max)) >= 0);
    (void)close(fd);
    return (size_t)bytes;
}

/* Who was in it, in the same order, into a new one: it is the same file, up to what was no whole slot. */
static void
fill_again(struct souk_keyring *keyring, const uint8_t *file)
{
    uint8_t key[SOUK_KEYRING_KEY_BYTES], again[(SLOTS_MAX + 1) * SLOT];
    uint64_t keys, forgotten, keys_again, forgotten_again;
    struct souk_keyring *other;
    struct souk_error err = { 0 };
    size_t slots;

    (void)unlink(ground.again_path);
    assert(souk_keyring_open(ground.again_path, &other, &err) == 0);
    souk_keyring_count(keyring, &keys, &forgotten);
    slots = 1 + (size_t)(keys + forgotten);
    assert(slots <= SLOTS_MAX + 1);
    for (size_t i = 1; i < slots; i++) {
        enum souk_keyring_state state;
        struct souk_id person;

        memcpy(person.bytes, file + i * SLOT, sizeof person.bytes);
        assert(souk_keyring_find(keyring, &person, &state, key) == 0 && state != SOUK_KEYRING_NONE);
        assert(state == SOUK_KEYRING_KEY ? souk_keyring_add(other, &person, key) == 0
            : souk_keyring_forget(other, &person) == 0);
    }
    souk_keyring_count(other, &keys_again, &forgotten_again);
    assert(keys == keys_again && forgotten == forgotten_again);
    assert(get_file(ground.again_path, again, sizeof again) == slots * SLOT);
    assert(memcmp(again, file, slots * SLOT) == 0);
    souk_keyring_close(&other);
}

static void
open_ring(struct souk_slice bytes)
{
    struct souk_keyring *keyring;
    struct souk_error err = { 0 };
    uint8_t file[(SLOTS_MAX + 1) * SLOT];
    enum souk_keyring_state state;
    uint8_t key[SOUK_KEYRING_KEY_BYTES];
    int rc;

    if (bytes.size_bytes > sizeof file)
        bytes.size_bytes = sizeof file;
    put_file(ground.ring_path, bytes);
    rc = souk_keyring_open(ground.ring_path, &keyring, &err);
    assert(rc == 0 || rc == -SOUK_EDAMAGED);
    assert((rc == 0) == (err.text[0] == '\0'));
    if (rc != 0)
        return;
    (void)get_file(ground.ring_path, file, sizeof file);
    fill_again(keyring, file);
    /* What was torn at its end is written over. */
    assert((rc = souk_keyring_find(keyring, &alice, &state, key)) == 0);
    if (state == SOUK_KEYRING_NONE) {
        memset(key, 1, sizeof key);
        assert(souk_keyring_add(keyring, &alice, key) == 0);
        assert(souk_keyring_find(keyring, &alice, &state, key) == 0 && state == SOUK_KEYRING_KEY && key[0] == 1);
    }
    assert(souk_keyring_forget(keyring, &alice) == 0);
    assert(souk_keyring_find(keyring, &alice, &state, key) == 0 && state == SOUK_KEYRING_FORGOTTEN);
    souk_keyring_close(&keyring);
}

/* Slots with good checks behind a good head; what is left over is torn. */
static void
open_slots(struct souk_slice said)
{
    uint8_t file[(SLOTS_MAX + 1) * SLOT];
    const uint8_t *at = said.base;
    size_t bytes = SLOT;

    (void)unlink(ground.again_path);
    {
        struct souk_keyring *empty;
        struct souk_error err = { 0 };

        assert(souk_keyring_open(ground.again_path, &empty, &err) == 0);
        souk_keyring_close(&empty);
        assert(get_file(ground.again_path, file, sizeof file) == SLOT);
    }
    for (; said.size_bytes >= SAID_BYTES && bytes + 2 * SLOT <= sizeof file; bytes += SLOT) {
        memcpy(file + bytes, at, SAID_BYTES);
        (void)crypto_generichash(file + bytes + SAID_BYTES, CHECK_BYTES, at, SAID_BYTES, NULL, 0);
        at += SAID_BYTES;
        said.size_bytes -= SAID_BYTES;
    }
    if (said.size_bytes < SAID_BYTES && said.size_bytes > 0) {
        memcpy(file + bytes, at, said.size_bytes);
        bytes += said.size_bytes;
    }
    open_ring((struct souk_slice){ file, bytes });
}

/* ---- sealed --------------------------------------------------------- */

static void
fill_random(void *arg, void *bytes_out, size_t size_bytes)
{
    memset(bytes_out, 0x5a, size_bytes);
}

/* With the key, and without any; nothing is longer than what was sealed. */
static int
unseal(struct souk_slice packed, struct souk_arena *arena, struct souk_slice *opened_out)
{
    struct souk_slice closed;
    const int rc = souk_unseal(ground.keyring, &moved, packed, arena, opened_out);

    assert(rc == 0 || rc == -SOUK_EMALFORMED || rc == -SOUK_ETOOBIG);
    assert(rc != 0 || opened_out->size_bytes <= packed.size_bytes);
    if (rc == 0)
        assert(souk_unseal(NULL, &moved, packed, arena, &closed) == 0 && closed.size_bytes <= packed.size_bytes);
    return rc;
}

static bool
is_known(const struct souk_id *person)
{
    return memcmp(person, &alice, sizeof alice) == 0 || memcmp(person, &bob, sizeof bob) == 0;
}

/* Seal it, open it, seal it again; and open what is nearly that. */
static void
seal(struct souk_slice packed, struct souk_slice changes)
{
    static const struct souk_random random = { fill_random, NULL };
    uint8_t changed[WORD_BYTES_MAX];
    struct souk_slice sealed, opened;
    struct souk_arena arena;
    struct souk_id person;
    int rc;

    souk_arena_init(&arena, 0);
    if (souk_seal_person(&moved, &fields[0], packed, &person) != 0 || !is_known(&person)
        || unseal(packed, &arena, &opened) != 0)
        goto done;
    souk_pack_reset(&ground.pack);
    rc = souk_seal(ground.keyring, &random, &moved, opened, &ground.pack);
    assert(rc == 0 || rc == -SOUK_EMALFORMED || rc == -SOUK_ETOOBIG);
    if (rc != 0)
        goto done;
    sealed = souk_arena_copy(&arena, souk_pack_slice(&ground.pack));
    assert(unseal(sealed, &arena, &opened) == 0);
    souk_pack_reset(&ground.pack);
    assert(souk_seal(ground.keyring, &random, &moved, opened, &ground.pack) == 0);
    assert(souk_slice_equal(souk_pack_slice(&ground.pack), sealed));
    if (sealed.size_bytes <= sizeof changed)
        (void)unseal(change(sealed, changes, changed), &arena, &opened);
done:
    souk_arena_done(&arena);
}

/* ---- witnesses, last words ------------------------------------------ */

static struct souk_txn *
begin(uint32_t node)
{
    struct souk_txn *txn;

    assert(souk_txn_begin(ground.nodes.nodes[node].store, SOUK_TXN_WRITE, &txn) == 0);
    return txn;
}

/* The commit number that such bytes begin with. */
static uint64_t
commit_of(struct souk_slice word)
{
    struct souk_unpack in;

    souk_unpack_init(&in, word);
    (void)souk_unpack_array(&in, SOUK_FIELDS_MAX);
    return souk_unpack_uint(&in, UINT64_MAX);
}

/* A service whose witness fits goes on at once. Of this very commit it would be told the same again. Did it fit? */
static bool
read_witness(struct souk_slice witness)
{
    struct node *node = &ground.nodes.nodes[NODE_ORDERS];
    struct souk_txn *txn = begin(NODE_ORDERS);
    struct souk_error err = { 0 };
    struct souk_core *core;
    bool changed, fits;

    assert(souk_core_open(node->service, &node->wiring, SOUK_CORE_START, txn, witness, nodes_time(&ground.nodes), &core,
        &err) == 0);
    if ((fits = souk_core_state(core) == SOUK_CORE_LIVE)) {
        const uint64_t commit = commit_of(witness);

        assert(commit == core->commit || commit + 1 == core->commit);
        if (commit == core->commit) {
            assert(core_make_witness(core, &ground.pack) == 0);
            assert(souk_slice_equal(souk_pack_slice(&ground.pack), witness));
        }
    } else {
        assert(souk_core_state(core) == SOUK_CORE_SEALING);
    }
    assert(souk_core_work(core, txn, nodes_time(&ground.nodes), &changed) == 0);
    souk_core_close(&core);
    souk_txn_abort(&txn);
    return fits;
}

/* An event store whose witness fits stays what it was, and otherwise is another one. Did it fit? */
static bool
read_store_witness(struct souk_slice witness)
{
    struct node *node = &ground.nodes.nodes[NODE_ARCHIVE];
    struct souk_txn *txn = begin(NODE_ARCHIVE);
    struct souk_recorder *recorder;
    struct souk_error err = { 0 };
    bool changed, fits;

    assert(souk_recorder_open(&node->wiring, txn, witness, nodes_time(&ground.nodes), &recorder, &err) == 0);
    fits = memcmp(recorder->incarnation, node->recorder->incarnation, sizeof recorder->incarnation) == 0;
    if (fits) {
        const uint64_t commit = commit_of(witness);
        const uint64_t before = recorder->commit;

        assert(commit == before || commit + 1 == before);
        assert(souk_recorder_work(recorder, txn, nodes_time(&ground.nodes), &changed) == 0);
        if (commit == recorder->commit)
            assert(souk_slice_equal(souk_recorder_witness(recorder), witness));
    } else {
        assert(souk_recorder_work(recorder, txn, nodes_time(&ground.nodes), &changed) == 0);
    }
    souk_recorder_close(&recorder);
    souk_txn_abort(&txn);
    return fits;
}

/* Does the word name each own stream, in the order in which they are said? Then all of it is taken. */
static bool
names_own(const struct souk_core *core, struct souk_slice word)
{
    struct souk_unpack in;
    struct souk_position position;
    struct souk_name name;
    bool same;

    souk_unpack_init(&in, word);
    souk_unpack_array_exact(&in, 3);
    (void)souk_unpack_uint(&in, UINT64_MAX);
    (void)souk_unpack_bin(&in, SIZE_MAX);
    same = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX) == core->own_count;
    for (uint32_t i = 0; i < core->own_count && same; i++) {
        souk_unpack_array_exact(&in, 5);
        souk_name_unpack(&in, &name);
        souk_wire_position_get(&in, &position);
        same = in.rc == 0 && strcmp(name.text, core->own[i].name.text) == 0;
    }
    return same;
}

static void
take_over(struct souk_slice word)
{
    const struct souk_slice truth = { ground.word, ground.word_bytes };
    struct node *node = &ground.nodes.nodes[NODE_ORDERS];
    struct souk_position targets[SOUK_OWN_STREAMS_MAX];
    struct souk_txn *txn = begin(NODE_ORDERS);
    struct souk_error err = { 0 };
    uint8_t instance[8];
    struct souk_core *core;
    bool changed;
    int rc;

    assert(souk_core_open(node->service, &node->wiring, SOUK_CORE_START_BESIDE, txn, (struct souk_slice){ NULL, 0 },
        nodes_time(&ground.nodes), &core, &err) == 0);
    memcpy(instance, core->instance, sizeof instance);
    for (uint32_t i = 0; i < core->own_count; i++)
        targets[i] = core->own[i].target;
    rc = souk_core_take_over(core, word);
    assert(rc == 0 || rc == -SOUK_EMALFORMED);
    if (rc != 0) {
        assert(memcmp(instance, core->instance, sizeof instance) == 0);
        for (uint32_t i = 0; i < core->own_count; i++)
            assert(souk_position_equal(&targets[i], &core->own[i].target));
        assert(souk_core_take_over(core, truth) == 0);
    } else if (names_own(core, word)) {
        const enum souk_core_state state = core->state;
        const uint64_t commit = core->commit;

        for (uint32_t i = 0; i < core->own_count; i++) {
            targets[i] = core->own[i].head;
            core->own[i].head = core->own[i].target;
        }
        core->state = SOUK_CORE_LIVE;
        core->commit = commit_of(word);
        assert(core_make_witness(core, &ground.pack) == 0);
        assert(souk_slice_equal(souk_pack_slice(&ground.pack), word));
        core->state = state;
        core->commit = commit;
        for (uint32_t i = 0; i < core->own_count; i++)
            core->own[i].head = targets[i];
    }
    assert(souk_core_work(core, txn, nodes_time(&ground.nodes), &changed) == 0);
    souk_core_close(&core);
    souk_txn_abort(&txn);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct node *orders = &ground.nodes.nodes[NODE_ORDERS], *archive = &ground.nodes.nodes[NODE_ARCHIVE];
    uint8_t changed[WORD_BYTES_MAX];
    struct souk_slice rest;

    make_ground();
    if (size_bytes < 2)
        return 0;
    rest = (struct souk_slice){ bytes + 1, size_bytes - 1 };
    switch (bytes[0] % KINDS) {
    case KEYRING:
        open_ring(rest);
        break;
    case SLOTS:
        open_slots(rest);
        break;
    case SEALED:
        seal(rest, (struct souk_slice){ NULL, 0 });
        break;
    case SEALED_CHANGED: {
        const size_t changes = bytes[1] < rest.size_bytes - 1 ? bytes[1] : rest.size_bytes - 1;

        seal((struct souk_slice){ bytes + 2 + changes, rest.size_bytes - 1 - changes },
            (struct souk_slice){ bytes + 2, changes });
        break;
    }
    case WITNESS:
        (void)read_witness(rest);
        break;
    case WITNESS_CHANGED:
        (void)read_witness(change((struct souk_slice){ orders->witness, orders->witness_bytes }, rest, changed));
        break;
    case STORE_WITNESS:
        (void)read_store_witness(rest);
        break;
    case STORE_WITNESS_CHANGED:
        (void)read_store_witness(change((struct souk_slice){ archive->witness, archive->witness_bytes }, rest, changed));
        break;
    case WORD:
        take_over(rest);
        break;
    default:
        take_over(change((struct souk_slice){ ground.word, ground.word_bytes }, rest, changed));
        break;
    }
    return 0;
}
